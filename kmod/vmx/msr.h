/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Model-specific registers as a guest sees them: a table, one row per MSR or
 * range.  Pure.
 */
#ifndef HS_VMX_MSR_H
#define HS_VMX_MSR_H

#include "pure.h"

/* What a read or a write does. */
enum hs_msr_do {
	HS_MSR_GP,	/* #GP(0) */
	HS_MSR_PASS,	/* reaches the processor without exit */
	HS_MSR_CONST,	/* read: the reset value; write: ignored */
	HS_MSR_STORE,	/* a slot of struct hs_msrs; bits outside the mask: #GP */
	HS_MSR_CALL,	/* the vCPU's own code (msr_exit.c) */
};

/* Slots: where rows with HS_MSR_STORE keep their values. */
#define HS_MSR_SLOTS	80

/**
 * struct hs_msr_row - policy of a range of MSRs
 * @first, @last: the range
 * @rd, @wr: enum hs_msr_do
 * @slot: first slot of the range, for HS_MSR_STORE
 * @reset: value after power-on, and of HS_MSR_CONST
 * @mask: bits that a write may set
 * @cond: HS_MSRC_*: when the row exists, else #GP
 */
struct hs_msr_row {
	u32 first, last;
	u8 rd, wr;
	u8 slot;
	u16 cond;
	u64 reset;
	u64 mask;
};

/* Conditions of a row. */
#define HS_MSRC_SPEC_CTRL	0x0001
#define HS_MSRC_PRED_CMD	0x0002
#define HS_MSRC_ARCH_CAP	0x0004
#define HS_MSRC_TSC_AUX		0x0008
#define HS_MSRC_XSS		0x0010
#define HS_MSRC_TSC_ADJUST	0x0020
#define HS_MSRC_TSC_DEADLINE	0x0040
#define HS_MSRC_X2APIC		0x0080
#define HS_MSRC_MTRR		0x0100
#define HS_MSRC_MCA		0x0200
#define HS_MSRC_PAT		0x0400
#define HS_MSRC_PV_CLOCK	0x0800
#define HS_MSRC_PV_STEAL	0x1000
#define HS_MSRC_PV_EOI		0x2000

extern const struct hs_msr_row hs_msr_rows[];
extern const unsigned int hs_msr_rows_nr;

/**
 * struct hs_msr_odd - an MSR that the guest tried and that does not exist
 * @msr: number
 * @reads, @writes: how often; both 0: entry not used
 * @last: when, by the count of all such accesses
 */
struct hs_msr_odd {
	u32 msr;
	u64 reads, writes;
	u64 last;
};

/* Distinct MSRs that are kept: more than a kernel tries, and few to look through. */
#define HS_MSR_ODD		8

/**
 * struct hs_msrs - MSRs of one vCPU that are only stored
 * @slot: values
 * @have: conditions that hold for this VM, HS_MSRC_*
 * @unknown: accesses that no row knows, refused with #GP
 * @odd: the last distinct MSRs of them, in no order
 * @tsc_adjust: IA32_TSC_ADJUST
 */
struct hs_msrs {
	u64 slot[HS_MSR_SLOTS];
	u32 have;
	u64 unknown;
	struct hs_msr_odd odd[HS_MSR_ODD];
	u64 tsc_adjust;
};

#define HS_MSR_IS_CALL	1

void hs_msr_reset(struct hs_msrs *m, u32 have, u8 maxphyaddr);
/* Of those that were tried, the @i-th last; false when there are fewer. */
bool hs_msr_odd_get(const struct hs_msrs *m, unsigned int i, struct hs_msr_odd *odd);
int hs_msr_read(struct hs_msrs *m, u32 msr, u64 *val);
int hs_msr_write(struct hs_msrs *m, u32 msr, u64 val);
/* Clears the bits of rows with HS_MSR_PASS in a bitmap of all ones. */
void hs_msr_bitmap(u8 *bitmap, u32 have);
/* One MSR: @rd, @wr = exit on it. */
void hs_msr_bitmap_set(u8 *bitmap, u32 msr, bool rd, bool wr);

bool hs_canonical(u64 addr);

#endif /* HS_VMX_MSR_H */
