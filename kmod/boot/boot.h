/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loading a guest: from image files to memory contents and the first vCPU's
 * registers.
 *
 * The image comes from whoever may create VMs, so it is not trusted: every
 * length and offset is checked against the file and against guest memory, and
 * what is refused is refused with a sentence.  A file may change while it is
 * read; each header is therefore read once, and what was checked is what is
 * used.  Pure code: files and guest memory are reached by callbacks.
 */
#ifndef HS_BOOT_BOOT_H
#define HS_BOOT_BOOT_H

#include "pure.h"
#include "boot/layout.h"

#define HS_BOOT_SCRATCH		4096	/* bytes of hs_boot_mem.scratch */
#define HS_BOOT_CMDLINE_MAX	4095	/* bytes, without the final NUL */
#define HS_BOOT_NAME_MAX	255	/* bytes, without the final NUL */
#define HS_BOOT_CPUS_MAX	1024

/**
 * struct hs_boot_src - an image file
 * @read: copies @len bytes from offset @off to @dst; 0, or -errno, which
 *	hs_boot_load() hands on.  Never asked for bytes beyond @size.  Called
 *	from the context of hs_boot_load().
 * @arg: handed to @read
 * @size: of the file, in bytes
 */
struct hs_boot_src {
	int (*read)(void *arg, u64 off, void *dst, size_t len);
	void *arg;
	u64 size;
};

/**
 * struct hs_boot_mem - guest memory
 * @write: copies @len bytes from @src to guest-physical address @gpa; 0 or
 *	-errno.  Only asked for RAM as hs_layout_is_ram() says.  A bulk copy
 *	comes in pieces that do not cross a 4 KiB page, whole pages where it can.
 * @zero: makes @len bytes at @gpa read as zero; 0 or -errno.  Only asked for
 *	bytes that this load has not written before, so where guest memory is
 *	known to hold nothing yet this may do nothing.
 * @arg: handed to both
 * @scratch: HS_BOOT_SCRATCH bytes, aligned to 8, that hs_boot_load() may use
 *	while it runs
 */
struct hs_boot_mem {
	int (*write)(void *arg, u64 gpa, const void *src, size_t len);
	int (*zero)(void *arg, u64 gpa, u64 len);
	void *arg;
	void *scratch;
};

/**
 * struct hs_boot_in - what to load, into what machine
 * @kernel: the image: bzImage, PVH ELF or multiboot
 * @initrd: initial RAM disk, or the one multiboot module; NULL for none
 * @cmdline: kernel command line; NULL is the same as ""
 * @name: multiboot only: first word of the command line; NULL is the same as ""
 * @initrd_name: multiboot only: the module's string; NULL is the same as ""
 * @ram_bytes: RAM of the VM, see hs_layout_ram_ok()
 * @cpus: vCPUs, 1..HS_BOOT_CPUS_MAX; APIC id = vCPU number
 */
struct hs_boot_in {
	const struct hs_boot_src *kernel;
	const struct hs_boot_src *initrd;
	const char *cmdline;
	const char *name;
	const char *initrd_name;
	u64 ram_bytes;
	unsigned int cpus;
};

enum hs_boot_kind {
	HS_BOOT_BZIMAGE = 1,	/* Linux, 64-bit boot protocol */
	HS_BOOT_PVH,		/* ELF with a PVH entry note */
	HS_BOOT_MULTIBOOT,	/* multiboot 1 */
};

enum hs_boot_mode {
	HS_BOOT_PROT32 = 1,	/* protected mode, no paging */
	HS_BOOT_LONG64,		/* 64-bit mode, paging on */
};

/* What an error is about, so that it can be pinned to what the user gave. */
enum hs_boot_blame {
	HS_BOOT_BLAME_NONE,
	HS_BOOT_BLAME_KERNEL,
	HS_BOOT_BLAME_INITRD,
	HS_BOOT_BLAME_CMDLINE,
	HS_BOOT_BLAME_RAM,
	HS_BOOT_BLAME_CPUS,
};

/**
 * struct hs_boot_error - why a load failed
 * @why: one sentence in static storage, without capital, full stop or newline
 * @blame: which of the inputs it is about
 */
struct hs_boot_error {
	const char *why;
	enum hs_boot_blame blame;
};

/**
 * struct hs_boot_seg - a segment register, base 0 unless said otherwise
 * @sel: selector
 * @limit: in bytes, already scaled
 * @ar: access rights as in the VMCS (SDM vol. 3, table 25-2)
 */
struct hs_boot_seg {
	u16 sel;
	u32 limit;
	u32 ar;
};

/**
 * struct hs_boot_state - the first vCPU at its first instruction
 * @kind: what the image was
 * @mode: execution mode, to which the fields below fit
 * @rip: first instruction; @rsp: top of a small stack; @rflags: 2
 * @rax: multiboot magic, else 0; @rbx: multiboot information or start_info,
 *	else 0; @rsi: zero page, else 0.  All other registers are 0.
 * @cr0, @cr3, @cr4, @efer: as the guest sees them.  The VMX layer adds what
 *	VMX operation demands (CR0.NE, CR4.VMXE) behind the guest's back.
 * @gdt_base, @gdt_limit: the table that the selectors point into
 * @cs: code; @ds: for DS, ES, SS, FS and GS; @tr: a busy TSS at @tr_base
 *	The LDT is unusable, the IDT has limit 0: interrupts are off.
 * @kernel_start, @kernel_end: memory that the kernel takes until it manages
 *	memory by itself; end exclusive
 * @initrd_start, @initrd_bytes: where the initrd lies; 0 and 0 without one
 * @rsdp: ACPI root pointer
 */
struct hs_boot_state {
	enum hs_boot_kind kind;
	enum hs_boot_mode mode;
	u64 rip, rsp, rflags;
	u64 rax, rbx, rsi;
	u64 cr0, cr3, cr4, efer;
	u64 gdt_base;
	u16 gdt_limit;
	struct hs_boot_seg cs, ds, tr;
	u64 tr_base;
	u64 kernel_start, kernel_end;
	u64 initrd_start, initrd_bytes;
	u64 rsdp;
};

int hs_boot_load(const struct hs_boot_in *in, const struct hs_boot_mem *mem,
		 struct hs_boot_state *out, struct hs_boot_error *err);

const char *hs_boot_kind_name(enum hs_boot_kind kind);

#endif /* HS_BOOT_BOOT_H */
