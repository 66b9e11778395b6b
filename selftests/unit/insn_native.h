/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runs single instructions on this machine's processor, in 64-bit, 32-bit and
 * 16-bit code segments, and reports registers or the exception.
 *
 * The instruction runs in an arena below 4 GiB, where most pages are not
 * mapped.  Signals do all the work: a breakpoint's handler loads all registers
 * on its way out, and the handler of the breakpoint behind the instruction, or
 * of its exception, finds all registers in its frame.
 */
#ifndef INSN_NATIVE_H
#define INSN_NATIVE_H

#include "vmx/insn.h"

#define ARENA_BASE	0x20000000UL
#define ARENA_SIZE	0x400000UL
#define ARENA_CODE	(ARENA_BASE + 0x10000)
#define ARENA_CODE_SIZE	0x1000UL
#define ARENA_DATA	(ARENA_BASE + 0x100000)
#define ARENA_RW_SIZE	0x4000UL			/* then one page read-only */
#define ARENA_DATA_SIZE	(ARENA_RW_SIZE + 0x1000UL)	/* then nothing */

/* Data segments to choose from in 32 and 16-bit code. */
enum native_seg {
	NSEG_FLAT,		/* the kernel's own, 4 GiB */
	NSEG_WINDOW,		/* 64 KiB around the data, 16-bit stack */
	NSEG_SHORT,		/* ends inside the data */
	NSEG_DOWN16,		/* expand-down, top at 64 KiB */
	NSEG_DOWN32,		/* expand-down, top at 4 GiB */
	NSEG_WRAP,		/* base just under 4 GiB */
	NSEG_WRITABLE,		/* the ones above are fit for SS */
	NSEG_READONLY = NSEG_WRITABLE,
	NSEG_CODE,		/* readable code */
	NSEG_NULL,
	NSEG_NR
};

/* Offset that a window segment adds: its base is that much below the data. */
#define NSEG_WINDOW_PAD	0x4000UL

struct native_result {
	struct hs_insn_regs regs;
	bool fault;
	struct hs_insn_fault exception;
};

/*
 * Maps the arena and installs handlers.  Returns NULL, or why instructions
 * cannot be run here.
 */
const char *native_init(void);
/* The same for 32-bit (@bits 32) and 16-bit (@bits 16) code. */
const char *native_init_legacy(unsigned int bits);

/*
 * Fills mode->seg[] with a choice of segments: enum native_seg for ES, SS, DS,
 * FS, GS outside 64-bit mode, bases of FS and GS in it.  Code is readable
 * unless @seg[HS_SEG_CS] is NSEG_NULL, for 16-bit code.
 */
void native_set_legacy(struct hs_insn_mode *mode, unsigned int bits,
		       const u8 seg[HS_SEG_NR]);
void native_set_64(struct hs_insn_mode *mode, u64 fs, u64 gs);

/* RIP of an instruction that begins at @offset of the code page. */
u64 native_rip(const struct hs_insn_mode *mode, unsigned int offset);

void native_run(const struct hs_insn_mode *mode, const u8 *bytes, size_t len,
		unsigned int offset, const struct hs_insn_regs *regs,
		struct native_result *res);

#endif
