// SPDX-License-Identifier: GPL-2.0
/*
 * The MSR table.
 *
 * An MSR that no row names does not exist: #GP(0), counted.  Rows that read as
 * a constant are those which a stock kernel reads without catching a fault, or
 * complains about when they fault.
 */
#include "vmx/msr.h"

/* Slots. */
enum {
	S_UCODE,
	S_MISC_ENABLE,
	S_MCG_STATUS,
	S_MCG_CTL,
	S_MC,			/* 4 for each of 10 banks */
	S_MTRR_DEF = S_MC + 40,
	S_MTRR_VAR,		/* base and mask of 8 ranges */
	S_MTRR_FIX = S_MTRR_VAR + 16,
	S_MISC_FEAT = S_MTRR_FIX + 11,
	S_NR
};

#define MC_BANKS	10
/* The hole below 4 GiB, uncached: physical base 3 GiB, 1 GiB long. */
#define HOLE_BASE	0xc0000000ULL
#define HOLE_SIZE	0x40000000ULL

#define ONE(n)		.first = (n), .last = (n)
#define RANGE(a, b)	.first = (a), .last = (b)
#define PASS		.rd = HS_MSR_PASS, .wr = HS_MSR_PASS
#define CALL		.rd = HS_MSR_CALL, .wr = HS_MSR_CALL
#define STORE(s, m)	.rd = HS_MSR_STORE, .wr = HS_MSR_STORE, .slot = (s), .mask = (m)
#define READ_ONLY	.rd = HS_MSR_CONST, .wr = HS_MSR_GP
#define IGNORED		.rd = HS_MSR_CONST, .wr = HS_MSR_CONST

const struct hs_msr_row hs_msr_rows[] = {
	{ ONE(0x10), .rd = HS_MSR_PASS, .wr = HS_MSR_CALL },	/* TSC */
	{ ONE(0x17), READ_ONLY },				/* PLATFORM_ID */
	{ ONE(0x1b), CALL },					/* APIC_BASE */
	{ ONE(0x2a), READ_ONLY },				/* EBL_CR_POWERON */
	/* FEATURE_CONTROL: locked, no VMX, no SGX. */
	{ ONE(0x3a), READ_ONLY, .reset = 1 },
	{ ONE(0x3b), CALL, .cond = HS_MSRC_TSC_ADJUST },	/* TSC_ADJUST */
	{ ONE(0x48), CALL, .cond = HS_MSRC_SPEC_CTRL },		/* SPEC_CTRL */
	{ ONE(0x49), .rd = HS_MSR_GP, .wr = HS_MSR_CALL,	/* PRED_CMD */
	  .cond = HS_MSRC_PRED_CMD },
	/* BIOS_UPDT_TRIG and BIOS_SIGN_ID: an update that changes nothing. */
	{ ONE(0x79), .rd = HS_MSR_GP, .wr = HS_MSR_CONST },
	{ ONE(0x8b), STORE(S_UCODE, ~0ULL), .reset = 1ULL << 32 },
	{ ONE(0xce), READ_ONLY },				/* PLATFORM_INFO */
	/* MTRRcap: 8 variable ranges, fixed ranges, write-combining. */
	{ ONE(0xfe), READ_ONLY, .reset = 0x508, .cond = HS_MSRC_MTRR },
	{ ONE(0x10a), .rd = HS_MSR_CALL, .wr = HS_MSR_GP,	/* ARCH_CAPABILITIES */
	  .cond = HS_MSRC_ARCH_CAP },
	{ ONE(0x140), STORE(S_MISC_FEAT, 0) },			/* MISC_FEATURES_ENABLES */
	{ RANGE(0x174, 0x176), PASS },				/* SYSENTER_* */
	/* MCG_CAP: 10 banks, MCG_CTL is there. */
	{ ONE(0x179), READ_ONLY, .reset = 0x100 | MC_BANKS, .cond = HS_MSRC_MCA },
	{ ONE(0x17a), STORE(S_MCG_STATUS, 7), .cond = HS_MSRC_MCA },
	{ ONE(0x17b), STORE(S_MCG_CTL, ~0ULL), .cond = HS_MSRC_MCA },
	/* MISC_ENABLE: fast strings; no BTS, no PEBS. */
	{ ONE(0x1a0), STORE(S_MISC_ENABLE, 0x0000000400c51889ULL), .reset = 0x1801 },
	{ ONE(0x1d9), CALL },					/* DEBUGCTL */
	{ RANGE(0x1db, 0x1de), READ_ONLY },			/* last branch, last event */
	{ RANGE(0x200, 0x20f), STORE(S_MTRR_VAR, ~0ULL), .cond = HS_MSRC_MTRR },
	{ ONE(0x250), STORE(S_MTRR_FIX, ~0ULL), .reset = 0x0606060606060606ULL,
	  .cond = HS_MSRC_MTRR },
	{ RANGE(0x258, 0x259), STORE(S_MTRR_FIX + 1, ~0ULL), .reset = 0x0606060606060606ULL,
	  .cond = HS_MSRC_MTRR },
	{ RANGE(0x268, 0x26f), STORE(S_MTRR_FIX + 3, ~0ULL), .reset = 0x0606060606060606ULL,
	  .cond = HS_MSRC_MTRR },
	{ ONE(0x277), PASS, .cond = HS_MSRC_PAT },		/* PAT */
	{ ONE(0x2ff), STORE(S_MTRR_DEF, 0xcff), .reset = 0x806, .cond = HS_MSRC_MTRR },
	{ RANGE(0x400, 0x400 + 4 * MC_BANKS - 1), STORE(S_MC, ~0ULL), .cond = HS_MSRC_MCA },
	{ ONE(0x6e0), CALL, .cond = HS_MSRC_TSC_DEADLINE },	/* TSC_DEADLINE */
	{ RANGE(0x800, 0x8ff), CALL, .cond = HS_MSRC_X2APIC },	/* x2APIC */
	{ ONE(0xda0), CALL, .cond = HS_MSRC_XSS },		/* XSS */
	/* The paravirtual ABI: MSR_KVM_*. */
	{ RANGE(0x4b564d00, 0x4b564d01), CALL, .cond = HS_MSRC_PV_CLOCK },
	{ ONE(0x4b564d03), CALL, .cond = HS_MSRC_PV_STEAL },
	{ ONE(0x4b564d04), CALL, .cond = HS_MSRC_PV_EOI },
	{ ONE(0xc0000080), CALL },				/* EFER */
	{ RANGE(0xc0000081, 0xc0000084), PASS },		/* STAR .. FMASK */
	{ RANGE(0xc0000100, 0xc0000102), PASS },		/* FS, GS, KERNEL_GS base */
	{ ONE(0xc0000103), PASS, .cond = HS_MSRC_TSC_AUX },	/* TSC_AUX */
};
const unsigned int hs_msr_rows_nr = ARRAY_SIZE(hs_msr_rows);

static_assert(S_NR <= HS_MSR_SLOTS, "more slots than struct hs_msrs has");

/* The rows are sorted, so a binary search finds the range. */
static const struct hs_msr_row *find(u32 msr, u32 have)
{
	unsigned int lo = 0, hi = ARRAY_SIZE(hs_msr_rows);

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;
		const struct hs_msr_row *r = &hs_msr_rows[mid];

		if (msr < r->first)
			hi = mid;
		else if (msr > r->last)
			lo = mid + 1;
		else
			return (r->cond & ~have) ? NULL : r;
	}
	return NULL;
}

/* Keeps the number of an MSR that does not exist, in place of the oldest. */
static void note_odd(struct hs_msrs *m, u32 msr, bool write)
{
	struct hs_msr_odd *o, *oldest = m->odd;

	m->unknown++;
	for (o = m->odd; o < m->odd + HS_MSR_ODD; o++) {
		if (o->last && o->msr == msr)
			break;
		if (o->last < oldest->last)
			oldest = o;
	}
	if (o == m->odd + HS_MSR_ODD) {
		o = oldest;
		memset(o, 0, sizeof(*o));
		o->msr = msr;
	}
	if (write)
		o->writes++;
	else
		o->reads++;
	o->last = m->unknown;
}

/* The row of an access; notes those that have none. */
static const struct hs_msr_row *row_of(struct hs_msrs *m, u32 msr, bool write)
{
	const struct hs_msr_row *r = find(msr, m->have);

	if (!r)
		note_odd(m, msr, write);
	return r;
}

/**
 * hs_msr_odd_get - an MSR that the guest tried and that does not exist
 * @m: MSRs of a vCPU that does not run
 * @i: 0 for the last one, 1 for the one before, and so on
 * @odd: filled in
 *
 * Return: false when there are fewer.
 */
bool hs_msr_odd_get(const struct hs_msrs *m, unsigned int i, struct hs_msr_odd *odd)
{
	u64 below = ~0ULL;

	/* The numbers of @last are all different. */
	do {
		const struct hs_msr_odd *best = NULL, *o;

		for (o = m->odd; o < m->odd + HS_MSR_ODD; o++)
			if (o->last && o->last < below && (!best || o->last > best->last))
				best = o;
		if (!best)
			return false;
		below = best->last;
		*odd = *best;
	} while (i--);
	return true;
}

static u64 *slot_of(struct hs_msrs *m, const struct hs_msr_row *r, u32 msr)
{
	return &m->slot[array_index_nospec(r->slot + (msr - r->first), HS_MSR_SLOTS)];
}

/**
 * hs_msr_reset - power-on values
 * @m: MSRs of a vCPU
 * @have: HS_MSRC_* that hold for the VM
 * @maxphyaddr: physical address bits, 36 to 52
 */
void hs_msr_reset(struct hs_msrs *m, u32 have, u8 maxphyaddr)
{
	const struct hs_msr_row *r;
	u32 n;

	memset(m, 0, sizeof(*m));
	m->have = have;
	for (r = hs_msr_rows; r < hs_msr_rows + ARRAY_SIZE(hs_msr_rows); r++)
		if (r->rd == HS_MSR_STORE)
			for (n = 0; n <= r->last - r->first; n++)
				m->slot[r->slot + n] = r->reset;
	/* What firmware would set up: everything write-back but the hole. */
	m->slot[S_MTRR_VAR] = HOLE_BASE;
	m->slot[S_MTRR_VAR + 1] =
		((BIT_ULL(maxphyaddr) - 1) & ~(HOLE_SIZE - 1)) | 0x800;
}

/**
 * hs_msr_read - RDMSR of what the table can answer
 * @m: MSRs of the vCPU
 * @msr: number
 * @val: value
 *
 * Return: 0; HS_MSR_IS_CALL when the vCPU's own code has it; -EINVAL for #GP.
 */
int hs_msr_read(struct hs_msrs *m, u32 msr, u64 *val)
{
	const struct hs_msr_row *r = row_of(m, msr, false);

	if (!r)
		return -EINVAL;
	switch (r->rd) {
	case HS_MSR_CONST:
		*val = r->reset;
		return 0;
	case HS_MSR_STORE:
		*val = *slot_of(m, r, msr);
		return 0;
	case HS_MSR_CALL:
	case HS_MSR_PASS:
		return HS_MSR_IS_CALL;
	default:
		return -EINVAL;
	}
}

/**
 * hs_msr_write - WRMSR of what the table can answer
 * @m: MSRs of the vCPU
 * @msr: number
 * @val: value
 *
 * Return: 0; HS_MSR_IS_CALL when the vCPU's own code has it; -EINVAL for #GP.
 */
int hs_msr_write(struct hs_msrs *m, u32 msr, u64 val)
{
	const struct hs_msr_row *r = row_of(m, msr, true);

	if (!r)
		return -EINVAL;
	switch (r->wr) {
	case HS_MSR_CONST:
		return 0;
	case HS_MSR_STORE:
		if (val & ~r->mask)
			return -EINVAL;
		*slot_of(m, r, msr) = val;
		return 0;
	case HS_MSR_CALL:
	case HS_MSR_PASS:
		return HS_MSR_IS_CALL;
	default:
		return -EINVAL;
	}
}

static void bitmap_bit(u8 *map, u32 bit, bool on)
{
	if (on)
		map[bit / 8] |= 1U << (bit % 8);
	else
		map[bit / 8] &= ~(1U << (bit % 8));
}

/**
 * hs_msr_bitmap_set - exit on an MSR or not (SDM vol. 3, 25.6.9)
 * @bitmap: 4 KiB: reads low, reads high, writes low, writes high
 * @msr: number; others than the two ranges always exit
 * @rd: exit on RDMSR
 * @wr: exit on WRMSR
 */
void hs_msr_bitmap_set(u8 *bitmap, u32 msr, bool rd, bool wr)
{
	u32 bit = msr & 0x1fff;

	if (msr <= 0x1fff) {
		bitmap_bit(bitmap, bit, rd);
		bitmap_bit(bitmap + 2048, bit, wr);
	} else if (msr >= 0xc0000000 && msr <= 0xc0001fff) {
		bitmap_bit(bitmap + 1024, bit, rd);
		bitmap_bit(bitmap + 3072, bit, wr);
	}
}

/**
 * hs_msr_bitmap - the bitmap that the table asks for
 * @bitmap: 4 KiB
 * @have: HS_MSRC_* that hold for the VM
 */
void hs_msr_bitmap(u8 *bitmap, u32 have)
{
	const struct hs_msr_row *r;
	u32 msr;

	memset(bitmap, 0xff, 4096);
	for (r = hs_msr_rows; r < hs_msr_rows + ARRAY_SIZE(hs_msr_rows); r++) {
		if (r->cond & ~have)
			continue;
		for (msr = r->first; msr <= r->last; msr++)
			hs_msr_bitmap_set(bitmap, msr, r->rd != HS_MSR_PASS,
					  r->wr != HS_MSR_PASS);
	}
}

/* 48-bit linear addresses: guests get no 5-level paging. */
bool hs_canonical(u64 addr)
{
	return (u64)((s64)(addr << 16) >> 16) == addr;
}
