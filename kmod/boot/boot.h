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
#include "boot_state.h"
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

int hs_boot_load(const struct hs_boot_in *in, const struct hs_boot_mem *mem,
		 struct hs_boot_state *out, struct hs_boot_error *err);

const char *hs_boot_kind_name(enum hs_boot_kind kind);

#endif /* HS_BOOT_BOOT_H */
