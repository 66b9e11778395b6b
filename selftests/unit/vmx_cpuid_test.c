// SPDX-License-Identifier: GPL-2.0
/* CPUID and MSRs as a guest sees them. */
#include <stdlib.h>
#include "vmx/cpuid.h"
#include "vmx/gstate.h"
#include "vmx/msr.h"
#include "kselftest_harness.h"

/* A host with every bit set, which is more than any processor has. */
static void all_ones(void *arg, u32 leaf, u32 sub, u32 r[4])
{
	r[0] = r[1] = r[2] = r[3] = ~0U;
	if (leaf == 0)
		r[0] = 0x20;
	if (leaf == 4)
		r[0] = sub < 4 ? 0xfc000000 | (sub + 1) << 5 | 1 : 0;
	if (leaf == 0xd && sub >= 2) {
		r[0] = 64 * sub;		/* size */
		r[1] = 576 + 1024 * sub;	/* offset */
		r[2] = sub & 1 ? 2 : 0;
	}
	if (leaf == 0x80000008)
		r[0] = 46;
}

static void all_zero(void *arg, u32 leaf, u32 sub, u32 r[4])
{
	r[0] = r[1] = r[2] = r[3] = 0;
	if (leaf == 0)
		r[0] = 0xd;
	if (leaf == 0x80000008)
		r[0] = 36;
}

static struct hs_cpuid_in rich = {
	.host = all_ones, .cpus = 4, .tsc_khz = 2100000, .host_xcr0 = ~0ULL,
	.rdtscp = true, .invpcid = true, .xsaves = true, .spec_ctrl = true, .ibpb = true,
	.steal = true,
};

static struct hs_cpuid_dyn dyn = { .apic_id = 3, .xcr0 = 7 };

TEST(hidden_features_stay_hidden)
{
	struct hs_cpuid c;
	u32 r[4];

	ASSERT_EQ(0, hs_cpuid_build(&c, &rich));
	hs_cpuid_query(&c, &dyn, 1, 0, r);
	EXPECT_EQ(0, r[2] & (BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(15)));
	EXPECT_EQ(BIT(21) | BIT(24) | BIT(31), r[2] & (BIT(21) | BIT(24) | BIT(31)));
	EXPECT_EQ(0, r[3] & (BIT(21) | BIT(22) | BIT(29) | BIT(31)));
	EXPECT_EQ(3, r[1] >> 24);
	EXPECT_EQ(4, (r[1] >> 16) & 0xff);
	hs_cpuid_query(&c, &dyn, 7, 0, r);
	EXPECT_EQ(0, r[1] & (BIT(2) | BIT(4) | BIT(11) | BIT(12) | BIT(14) | BIT(15) | BIT(25)));
	EXPECT_TRUE(r[1] & BIT(1));	/* TSC_ADJUST */
	EXPECT_EQ(0, r[2] & (BIT(5) | BIT(7) | BIT(16) | BIT(23) | BIT(29)));
	EXPECT_EQ(0, r[3] & (BIT(5) | BIT(11) | BIT(15) | BIT(18) | BIT(20) | BIT(22) |
			     BIT(24) | BIT(25) | BIT(28) | BIT(30)));
	hs_cpuid_query(&c, &dyn, 0xa, 0, r);
	EXPECT_EQ(0, r[0] | r[1] | r[2] | r[3]);
	hs_cpuid_query(&c, &dyn, 0x14, 0, r);
	EXPECT_EQ(0, r[0] | r[1] | r[2] | r[3]);
	hs_cpuid_query(&c, &dyn, 0x80000001, 0, r);
	EXPECT_EQ(0, r[2] & BIT(2));	/* SVM */
}

/* What entry.S does not switch, and what the kernel has forgotten, is not offered. */
TEST(speculation_control_follows_the_kernel)
{
	struct hs_cpuid_in in = rich;
	struct hs_cpuid c;
	u32 r[4];

	ASSERT_EQ(0, hs_cpuid_build(&c, &in));
	hs_cpuid_query(&c, &dyn, 7, 0, r);
	EXPECT_EQ(BIT(26) | BIT(27) | BIT(31), r[3] & (BIT(26) | BIT(27) | BIT(31)));
	EXPECT_EQ(7, c.spec_ctrl_valid & 7);
	EXPECT_TRUE(c.pred_cmd);

	in.ibpb = false;
	ASSERT_EQ(0, hs_cpuid_build(&c, &in));
	hs_cpuid_query(&c, &dyn, 7, 0, r);
	EXPECT_EQ(BIT(27) | BIT(31), r[3] & (BIT(26) | BIT(27) | BIT(31)));
	EXPECT_FALSE(c.pred_cmd);

	in = rich;
	in.spec_ctrl = false;
	ASSERT_EQ(0, hs_cpuid_build(&c, &in));
	hs_cpuid_query(&c, &dyn, 7, 0, r);
	EXPECT_EQ(0, r[3] & (BIT(26) | BIT(27) | BIT(31)));
	EXPECT_EQ(0, c.spec_ctrl_valid);
	EXPECT_FALSE(c.pred_cmd);
	hs_cpuid_query(&c, &dyn, 7, 2, r);
	EXPECT_EQ(0, r[3]);
}

TEST(nothing_is_invented)
{
	struct hs_cpuid_in in = { .host = all_zero, .cpus = 1, .tsc_khz = 1000000 };
	struct hs_cpuid c;
	u32 r[4];

	ASSERT_EQ(0, hs_cpuid_build(&c, &in));
	EXPECT_EQ(0x16, c.max_basic);
	hs_cpuid_query(&c, &dyn, 1, 0, r);
	EXPECT_EQ(BIT(21) | BIT(24) | BIT(31), r[2]);
	EXPECT_EQ(0, r[3]);
	hs_cpuid_query(&c, &dyn, 7, 0, r);
	EXPECT_EQ(BIT(1), r[1]);
	EXPECT_EQ(0, c.spec_ctrl_valid);
	EXPECT_FALSE(c.pred_cmd);
	EXPECT_EQ(0, c.xcr0);
	EXPECT_FALSE(hs_xcr0_valid(&c, 1));
	EXPECT_EQ(0, c.cr4_valid & (HS_CR4_OSXSAVE | HS_CR4_SMEP | HS_CR4_PCIDE | HS_CR4_PKE));
}

TEST(bits_follow_the_cpu)
{
	struct hs_cpuid_dyn d = dyn;
	struct hs_cpuid c;
	u32 r[4];

	ASSERT_EQ(0, hs_cpuid_build(&c, &rich));
	hs_cpuid_query(&c, &d, 1, 0, r);
	EXPECT_FALSE(r[2] & BIT(27));
	hs_cpuid_query(&c, &d, 7, 0, r);
	EXPECT_FALSE(r[2] & BIT(4));
	d.cr4 = HS_CR4_OSXSAVE | HS_CR4_PKE;
	hs_cpuid_query(&c, &d, 1, 0, r);
	EXPECT_TRUE(r[2] & BIT(27));
	hs_cpuid_query(&c, &d, 7, 0, r);
	EXPECT_TRUE(r[2] & BIT(4));
	hs_cpuid_query(&c, &d, 7, 1, r);
	EXPECT_FALSE(r[2] & BIT(4));

	d.xcr0 = 3;
	hs_cpuid_query(&c, &d, 0xd, 0, r);
	EXPECT_EQ(576, r[1]);
	d.xcr0 = 7;
	hs_cpuid_query(&c, &d, 0xd, 0, r);
	EXPECT_EQ(576 + 2048 + 128, r[1]);
	EXPECT_EQ(c.xcr0, r[0]);
	d.xcr0 = 3 | HS_XF_PKRU | HS_XF_AVX;
	hs_cpuid_query(&c, &d, 0xd, 1, r);
	EXPECT_EQ(704 + 576, r[1]);	/* 576, AVX 128; PKRU aligned, 576 long */
}

TEST(topology)
{
	struct hs_cpuid c;
	u32 r[4];

	ASSERT_EQ(0, hs_cpuid_build(&c, &rich));
	hs_cpuid_query(&c, &dyn, 0xb, 0, r);
	EXPECT_EQ(0, r[0]);
	EXPECT_EQ(1, r[1]);
	EXPECT_EQ(0x100, r[2]);
	EXPECT_EQ(3, r[3]);
	hs_cpuid_query(&c, &dyn, 0xb, 1, r);
	EXPECT_EQ(2, r[0]);
	EXPECT_EQ(4, r[1]);
	EXPECT_EQ(0x201, r[2]);
	hs_cpuid_query(&c, &dyn, 0xb, 77, r);
	EXPECT_EQ(0, r[0] | r[1]);
	EXPECT_EQ(77, r[2]);
	EXPECT_EQ(3, r[3]);
	hs_cpuid_query(&c, &dyn, 4, 0, r);
	EXPECT_EQ(0, (r[0] >> 14) & 0xfff);	/* level 1: not shared */
	EXPECT_EQ(3, r[0] >> 26);
	hs_cpuid_query(&c, &dyn, 4, 2, r);
	EXPECT_EQ(3, (r[0] >> 14) & 0xfff);	/* level 3: by all */
	hs_cpuid_query(&c, &dyn, 4, 9, r);
	EXPECT_EQ(0, r[0]);
}

/* 1 to 255 vCPUs, powers of two or not: all ids differ, and fit what the leaves say. */
TEST(topology_of_any_number)
{
	struct hs_cpuid_in in = rich;
	struct hs_cpuid_dyn d = dyn;
	struct hs_cpuid c;
	u32 r[4], shift;

	for (in.cpus = 1; in.cpus <= 255; in.cpus++) {
		ASSERT_EQ(0, hs_cpuid_build(&c, &in));
		d.apic_id = in.cpus - 1;
		hs_cpuid_query(&c, &d, 0xb, 1, r);
		shift = r[0];
		/* The smallest shift that leaves nothing of the highest id: one package. */
		EXPECT_EQ(0, d.apic_id >> shift);
		EXPECT_TRUE(!shift || d.apic_id >> (shift - 1));
		EXPECT_EQ(in.cpus, r[1]);
		hs_cpuid_query(&c, &d, 0xb, 0, r);
		EXPECT_EQ(0, r[0]);		/* each core has one thread */
		EXPECT_EQ(d.apic_id, r[3]);
		hs_cpuid_query(&c, &d, 0x1f, 1, r);
		EXPECT_EQ(shift, r[0]);
		hs_cpuid_query(&c, &d, 1, 0, r);
		EXPECT_EQ(in.cpus, r[1] >> 16 & 0xff);
		EXPECT_EQ(d.apic_id, r[1] >> 24);
		EXPECT_EQ(in.cpus > 1, r[3] >> 28 & 1);
		/* Caches of level 3 are the package's; the core field has 6 bits. */
		hs_cpuid_query(&c, &d, 4, 2, r);
		EXPECT_EQ((1U << shift) - 1, r[0] >> 14 & 0xfff);
		EXPECT_EQ(min((1U << shift) - 1, 63U), r[0] >> 26);
	}
}

TEST(signature_and_leaves_that_do_not_exist)
{
	struct hs_cpuid_in in = rich;
	struct hs_cpuid c;
	u32 r[4], last[4];

	ASSERT_EQ(0, hs_cpuid_build(&c, &rich));
	hs_cpuid_query(&c, &dyn, 0x40000000, 0, r);
	EXPECT_EQ(0x40000001, r[0]);
	EXPECT_EQ(0, memcmp(&r[1], "KVMKVMKVM\0\0\0", 12));
	hs_cpuid_query(&c, &dyn, 0x40000001, 0, r);
	/* NOP_IO_DELAY, CLOCKSOURCE2, STEAL_TIME, PV_EOI, CLOCKSOURCE_STABLE_BIT. */
	EXPECT_EQ(BIT(1) | BIT(3) | BIT(5) | BIT(6) | BIT(24), r[0]);
	EXPECT_EQ(0, r[1] | r[2] | r[3]);
	in.steal = false;
	ASSERT_EQ(0, hs_cpuid_build(&c, &in));
	hs_cpuid_query(&c, &dyn, 0x40000001, 0, r);
	EXPECT_EQ(BIT(1) | BIT(3) | BIT(6) | BIT(24), r[0]);
	hs_cpuid_query(&c, &dyn, c.max_basic, 0, last);
	hs_cpuid_query(&c, &dyn, 0x7fffffff, 0, r);
	EXPECT_EQ(0, memcmp(r, last, sizeof(r)));
	hs_cpuid_query(&c, &dyn, 0x80000000, 0, r);
	EXPECT_EQ(0x80000008, r[0]);
	hs_cpuid_query(&c, &dyn, 0x80000009, 0, r);
	EXPECT_EQ(0, memcmp(r, last, sizeof(r)));
}

TEST(tsc_frequency)
{
	static const u32 khz[] = { 1000000, 1996250, 2100000, 2494140, 2904000, 3499999,
				   3500000, 200000, 199999, 5300001, 10000000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(khz); i++) {
		struct hs_cpuid_in in = rich;
		struct hs_cpuid c;
		u64 got, err;
		u32 r[4];

		in.tsc_khz = khz[i];
		ASSERT_EQ(0, hs_cpuid_build(&c, &in));
		hs_cpuid_query(&c, &dyn, 0x15, 0, r);
		EXPECT_EQ(25000000, r[2]);
		/* As Linux computes it: crystal in kHz times EBX in 32 bits. */
		EXPECT_LE((u64)25000 * r[1], U32_MAX);
		got = (u32)(25000 * r[1]) / r[0];
		err = got > khz[i] ? got - khz[i] : khz[i] - got;
		EXPECT_LE(err * 200000, (u64)khz[i] + 200000)
			TH_LOG("%u kHz became %llu", khz[i], (unsigned long long)got);
	}
}

TEST(xcr0)
{
	struct hs_cpuid c;

	ASSERT_EQ(0, hs_cpuid_build(&c, &rich));
	EXPECT_TRUE(hs_xcr0_valid(&c, 1));
	EXPECT_TRUE(hs_xcr0_valid(&c, 7));
	EXPECT_TRUE(hs_xcr0_valid(&c, 0xe7));
	EXPECT_TRUE(hs_xcr0_valid(&c, 0x2e7));
	EXPECT_FALSE(hs_xcr0_valid(&c, 0));
	EXPECT_FALSE(hs_xcr0_valid(&c, 2));
	EXPECT_FALSE(hs_xcr0_valid(&c, 5));		/* AVX without SSE */
	EXPECT_FALSE(hs_xcr0_valid(&c, 0x67));		/* part of AVX-512 */
	EXPECT_FALSE(hs_xcr0_valid(&c, 0xe3));		/* AVX-512 without AVX */
	EXPECT_FALSE(hs_xcr0_valid(&c, 0x1f));		/* MPX */
	EXPECT_FALSE(hs_xcr0_valid(&c, 7 | 3ULL << 17));	/* AMX */
	EXPECT_FALSE(hs_xcr0_valid(&c, 7 | 1ULL << 63));
}

TEST(any_input_is_answered)
{
	struct hs_cpuid c;
	unsigned int i;
	u32 r[4];

	ASSERT_EQ(0, hs_cpuid_build(&c, &rich));
	srand(1);
	for (i = 0; i < 100000; i++)
		hs_cpuid_query(&c, &dyn, i & 1 ? (u32)rand() * 2 + (rand() & 1) : rand() % 64,
			       rand(), r);
}

static bool exits(const u8 *map, u32 msr, bool write)
{
	map += (write ? 2048 : 0) + (msr >= 0xc0000000 ? 1024 : 0);
	msr &= 0x1fff;
	return map[msr / 8] & 1U << (msr % 8);
}

#define HAVE (HS_MSRC_SPEC_CTRL | HS_MSRC_PRED_CMD | HS_MSRC_ARCH_CAP |		\
	      HS_MSRC_TSC_AUX | HS_MSRC_XSS | HS_MSRC_TSC_ADJUST |		\
	      HS_MSRC_TSC_DEADLINE | HS_MSRC_X2APIC | HS_MSRC_MTRR |		\
	      HS_MSRC_MCA | HS_MSRC_PAT | HS_MSRC_PV_CLOCK |			\
	      HS_MSRC_PV_STEAL | HS_MSRC_PV_EOI)

TEST(msr_rows_are_sorted)
{
	unsigned int i;

	for (i = 0; i < hs_msr_rows_nr; i++) {
		EXPECT_LE(hs_msr_rows[i].first, hs_msr_rows[i].last);
		if (i) {
			EXPECT_LT(hs_msr_rows[i - 1].last, hs_msr_rows[i].first);
		}
	}
}

TEST(msr_slots_do_not_overlap)
{
	u8 used[HS_MSR_SLOTS] = { 0 };
	unsigned int i, n;

	for (i = 0; i < hs_msr_rows_nr; i++) {
		const struct hs_msr_row *r = &hs_msr_rows[i];

		if (r->rd != HS_MSR_STORE && r->wr != HS_MSR_STORE)
			continue;
		for (n = 0; n <= r->last - r->first; n++) {
			ASSERT_LT(r->slot + n, HS_MSR_SLOTS);
			EXPECT_EQ(0, used[r->slot + n]++);
		}
	}
}

TEST(msr_values)
{
	struct hs_msrs m;
	u64 val;

	hs_msr_reset(&m, HAVE, 46);
	EXPECT_EQ(0, hs_msr_read(&m, 0x3a, &val));
	EXPECT_EQ(1, val);			/* locked, no VMX */
	EXPECT_EQ(-EINVAL, hs_msr_write(&m, 0x3a, 5));
	EXPECT_EQ(0, hs_msr_read(&m, 0x1a0, &val));
	EXPECT_EQ(0x1801, val);
	EXPECT_EQ(0, hs_msr_write(&m, 0x1a0, 0x1801 | BIT_ULL(22)));
	EXPECT_EQ(-EINVAL, hs_msr_write(&m, 0x1a0, BIT_ULL(60)));
	EXPECT_EQ(0, hs_msr_read(&m, 0x1a0, &val));
	EXPECT_EQ(0x1801 | BIT_ULL(22), val);
	EXPECT_EQ(0, hs_msr_write(&m, 0x401, 0));	/* bank status */
	EXPECT_EQ(0, hs_msr_write(&m, 0x427, 7));
	EXPECT_EQ(0, hs_msr_read(&m, 0x427, &val));
	EXPECT_EQ(7, val);
	EXPECT_EQ(-EINVAL, hs_msr_read(&m, 0x428, &val));
	EXPECT_EQ(0, hs_msr_read(&m, 0x201, &val));
	EXPECT_EQ(0x3fffc0000800, val);		/* the hole: 46 bits */
	EXPECT_EQ(HS_MSR_IS_CALL, hs_msr_read(&m, 0x800, &val));
	EXPECT_EQ(HS_MSR_IS_CALL, hs_msr_write(&m, 0x8ff, 0));
	EXPECT_EQ(-EINVAL, hs_msr_read(&m, 0x480, &val));	/* VMX */
	EXPECT_EQ(-EINVAL, hs_msr_write(&m, 0x4b564d02, 1));	/* async page fault */
	EXPECT_EQ(3, m.unknown);
}

/* What does not exist is kept: the last ones, with counts, the last first. */
TEST(msrs_that_do_not_exist)
{
	struct hs_msr_odd o;
	struct hs_msrs m;
	unsigned int i;
	u64 val;

	hs_msr_reset(&m, HAVE, 46);
	EXPECT_FALSE(hs_msr_odd_get(&m, 0, &o));
	hs_msr_read(&m, 0x12345678, &val);
	hs_msr_read(&m, 0x12345678, &val);
	hs_msr_write(&m, 0, 1);
	hs_msr_write(&m, 0x12345678, 1);
	hs_msr_write(&m, 0x1a0, ~0ULL);		/* exists, and refuses */
	ASSERT_TRUE(hs_msr_odd_get(&m, 0, &o));
	EXPECT_EQ(0x12345678, o.msr);
	EXPECT_EQ(2, o.reads);
	EXPECT_EQ(1, o.writes);
	ASSERT_TRUE(hs_msr_odd_get(&m, 1, &o));
	EXPECT_EQ(0, o.msr);
	EXPECT_EQ(0, o.reads);
	EXPECT_EQ(1, o.writes);
	EXPECT_FALSE(hs_msr_odd_get(&m, 2, &o));
	EXPECT_FALSE(hs_msr_odd_get(&m, ~0U, &o));

	/* More than fit: the oldest goes, and its counts with it. */
	for (i = 0; i < HS_MSR_ODD + 3; i++)
		hs_msr_read(&m, 0x5000 + i, &val);
	for (i = 0; i < HS_MSR_ODD; i++) {
		ASSERT_TRUE(hs_msr_odd_get(&m, i, &o));
		EXPECT_EQ(0x5000 + HS_MSR_ODD + 2 - i, o.msr);
		EXPECT_EQ(1, o.reads);
	}
	EXPECT_FALSE(hs_msr_odd_get(&m, HS_MSR_ODD, &o));
	EXPECT_EQ(4 + HS_MSR_ODD + 3, m.unknown);
	/* One that was used again is not the oldest. */
	hs_msr_write(&m, 0x5003, 0);
	hs_msr_read(&m, 0x6000, &val);
	ASSERT_TRUE(hs_msr_odd_get(&m, 1, &o));
	EXPECT_EQ(0x5003, o.msr);
	EXPECT_EQ(1, o.writes);
	hs_msr_reset(&m, HAVE, 46);
	EXPECT_FALSE(hs_msr_odd_get(&m, 0, &o));
}

TEST(msr_conditions)
{
	struct hs_msrs m;
	u64 val;

	hs_msr_reset(&m, 0, 46);
	EXPECT_EQ(-EINVAL, hs_msr_read(&m, 0x48, &val));
	EXPECT_EQ(-EINVAL, hs_msr_write(&m, 0x49, 1));
	EXPECT_EQ(-EINVAL, hs_msr_read(&m, 0x10a, &val));
	EXPECT_EQ(-EINVAL, hs_msr_read(&m, 0xda0, &val));
	hs_msr_reset(&m, HAVE, 46);
	EXPECT_EQ(HS_MSR_IS_CALL, hs_msr_read(&m, 0x48, &val));
	EXPECT_EQ(-EINVAL, hs_msr_read(&m, 0x49, &val));
	EXPECT_EQ(HS_MSR_IS_CALL, hs_msr_write(&m, 0x49, 1));
}

/* An MSR whose feature is hidden is not there, and does not reach the processor. */
TEST(msrs_of_hidden_features)
{
	static const struct {
		u32 cond, msr;
	} rows[] = {
		{ HS_MSRC_TSC_ADJUST, 0x3b }, { HS_MSRC_TSC_DEADLINE, 0x6e0 },
		{ HS_MSRC_X2APIC, 0x802 }, { HS_MSRC_X2APIC, 0x8ff },
		{ HS_MSRC_MTRR, 0xfe }, { HS_MSRC_MTRR, 0x20f }, { HS_MSRC_MTRR, 0x250 },
		{ HS_MSRC_MTRR, 0x259 }, { HS_MSRC_MTRR, 0x26f }, { HS_MSRC_MTRR, 0x2ff },
		{ HS_MSRC_MCA, 0x179 }, { HS_MSRC_MCA, 0x17a }, { HS_MSRC_MCA, 0x17b },
		{ HS_MSRC_MCA, 0x427 }, { HS_MSRC_PAT, 0x277 },
		{ HS_MSRC_PV_CLOCK, 0x4b564d00 }, { HS_MSRC_PV_CLOCK, 0x4b564d01 },
		{ HS_MSRC_PV_STEAL, 0x4b564d03 }, { HS_MSRC_PV_EOI, 0x4b564d04 },
		{ HS_MSRC_TSC_AUX, 0xc0000103 },
	};
	static u8 map[4096];
	struct hs_msrs m;
	unsigned int i;
	u64 val;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		hs_msr_reset(&m, HAVE, 46);
		EXPECT_LE(0, hs_msr_read(&m, rows[i].msr, &val)) TH_LOG("%x", rows[i].msr);
		hs_msr_reset(&m, HAVE & ~rows[i].cond, 46);
		EXPECT_EQ(-EINVAL, hs_msr_read(&m, rows[i].msr, &val)) TH_LOG("%x", rows[i].msr);
		EXPECT_EQ(-EINVAL, hs_msr_write(&m, rows[i].msr, 0)) TH_LOG("%x", rows[i].msr);
		hs_msr_bitmap(map, HAVE & ~rows[i].cond);
		if (rows[i].msr >> 16 == 0x4b56)
			continue;	/* outside the bitmaps: always exits */
		EXPECT_EQ(true, exits(map, rows[i].msr, false) && exits(map, rows[i].msr, true));
	}
}

TEST(msr_bitmap)
{
	static const u32 pass[] = { 0x174, 0x175, 0x176, 0x277, 0xc0000081, 0xc0000082,
				    0xc0000083, 0xc0000084,
				    0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103 };
	static u8 map[4096], want[4096];
	unsigned int i;

	hs_msr_bitmap(map, HAVE);
	memset(want, 0xff, sizeof(want));
	for (i = 0; i < ARRAY_SIZE(pass); i++)
		hs_msr_bitmap_set(want, pass[i], false, false);
	hs_msr_bitmap_set(want, 0x10, false, true);
	/* These and no others reach the processor. */
	EXPECT_EQ(0, memcmp(map, want, sizeof(map)));
	EXPECT_FALSE(exits(map, 0x10, false));
	EXPECT_TRUE(exits(map, 0x10, true));
	EXPECT_TRUE(exits(map, 0x3b, false));
	EXPECT_TRUE(exits(map, 0xc0000080, true));
	hs_msr_bitmap(map, 0);
	EXPECT_TRUE(exits(map, 0xc0000103, false));
	/* Outside both ranges: nothing is touched. */
	memcpy(want, map, sizeof(map));
	hs_msr_bitmap_set(map, 0x2000, false, false);
	hs_msr_bitmap_set(map, 0x4b564d00, false, false);
	EXPECT_EQ(0, memcmp(map, want, sizeof(map)));
}

TEST(canonical)
{
	EXPECT_TRUE(hs_canonical(0));
	EXPECT_TRUE(hs_canonical(0x7fffffffffff));
	EXPECT_FALSE(hs_canonical(0x800000000000));
	EXPECT_TRUE(hs_canonical(0xffff800000000000));
	EXPECT_FALSE(hs_canonical(0xfffe800000000000));
}

TEST_HARNESS_MAIN
