/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The first vCPU at its first instruction: what kmod/boot hands to kmod/vmx,
 * which know nothing of each other.
 */
#ifndef HS_BOOT_STATE_H
#define HS_BOOT_STATE_H

#include "pure.h"

enum hs_boot_kind {
	HS_BOOT_BZIMAGE = 1,	/* Linux, 64-bit boot protocol */
	HS_BOOT_PVH,		/* ELF with a PVH entry note */
	HS_BOOT_MULTIBOOT,	/* multiboot 1 */
};

enum hs_boot_mode {
	HS_BOOT_PROT32 = 1,	/* protected mode, no paging */
	HS_BOOT_LONG64,		/* 64-bit mode, paging on */
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

#endif /* HS_BOOT_STATE_H */
