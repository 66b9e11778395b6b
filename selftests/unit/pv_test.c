// SPDX-License-Identifier: GPL-2.0
/* The paravirtual clock's arithmetic, and which MSR values are good. */
#include <math.h>
#include <stdlib.h>
#include "vmx/pv.h"
#include "kselftest_harness.h"

#define SEC	1000000000ULL

TEST(layout_is_the_abi)
{
	EXPECT_EQ(0, offsetof(struct hs_pv_clock, version));
	EXPECT_EQ(8, offsetof(struct hs_pv_clock, tsc));
	EXPECT_EQ(16, offsetof(struct hs_pv_clock, ns));
	EXPECT_EQ(24, offsetof(struct hs_pv_clock, mul));
	EXPECT_EQ(28, offsetof(struct hs_pv_clock, shift));
	EXPECT_EQ(29, offsetof(struct hs_pv_clock, flags));
	EXPECT_EQ(4, offsetof(struct hs_pv_wall, sec));
	EXPECT_EQ(8, offsetof(struct hs_pv_wall, nsec));
}

/* Any frequency from 1 kHz to 4 THz: off by less than one in 2^31, and never fast. */
TEST(scale)
{
	static const u32 khz[] = { 1, 2, 3, 999, 1000, 32768, 200000, 499999, 500000, 500001,
				   999999, 1000000, 1000001, 1999999, 2000000, 2000001,
				   2100000, 3579545, 4200000, 7999999, 8000000, 123456789,
				   2147483647, 4294967295U };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(khz); i++) {
		struct hs_pv_scale s;
		/* An hour. */
		u64 ticks = (u64)khz[i] * 1000 * 3600, ns;

		hs_pv_scale_set(&s, khz[i]);
		EXPECT_TRUE(s.mul & BIT(31)) TH_LOG("%u kHz: mul %x", khz[i], s.mul);
		ns = hs_pv_scale_ns(&s, ticks);
		EXPECT_LE(ns, 3600 * SEC) TH_LOG("%u kHz", khz[i]);
		EXPECT_LE(3600 * SEC - ns, 3600 * SEC / (1ULL << 30) + 1)
			TH_LOG("%u kHz: %llu", khz[i], (unsigned long long)ns);
	}
}

TEST(scale_of_random_frequencies)
{
	unsigned int i;

	srand(1);
	for (i = 0; i < 100000; i++) {
		u32 khz = (u32)rand() >> rand() % 31;
		struct hs_pv_scale s;
		double want, got;

		if (!khz)
			continue;
		hs_pv_scale_set(&s, khz);
		want = 1e6 / khz;
		got = s.mul / 4294967296.0 * pow(2, s.shift);
		ASSERT_LE(fabs(got / want - 1), 1.0 / (1U << 30)) TH_LOG("%u kHz", khz);
	}
}

/* A clock never goes backwards, whatever is between two looks. */
TEST(clock_is_monotonic)
{
	struct hs_pv_scale s;
	u64 last = 0, t, ns;

	hs_pv_scale_set(&s, 2100000);
	for (t = 0; t < 100000; t++) {
		ns = hs_pv_scale_ns(&s, t);
		ASSERT_LE(last, ns);
		last = ns;
	}
	/* 50 years at 4 GHz do not overflow. */
	hs_pv_scale_set(&s, 4000000);
	t = 4000000000ULL * 86400 * 365 * 50;
	EXPECT_LE(86400ULL * 365 * 50 - 2, hs_pv_scale_ns(&s, t) / SEC);
}

TEST(wall_clock)
{
	struct hs_pv_wall w;

	hs_pv_wall_set(&w, 1700000000 * SEC + 5, 3 * SEC + 7);
	EXPECT_EQ(1699999996, w.sec);
	EXPECT_EQ(999999998, w.nsec);
	hs_pv_wall_set(&w, 10 * SEC, 10 * SEC);
	EXPECT_EQ(0, w.sec);
	EXPECT_EQ(0, w.nsec);
	/* A host whose clock was never set. */
	hs_pv_wall_set(&w, 5, 10 * SEC);
	EXPECT_EQ(0, w.sec);
	EXPECT_EQ(0, w.nsec);
	/* 2106 is over. */
	hs_pv_wall_set(&w, (1ULL << 32) * SEC, 0);
	EXPECT_EQ(0, w.sec);
}

TEST(msr_values)
{
	EXPECT_TRUE(hs_pv_msr_ok(MSR_KVM_WALL_CLOCK_NEW, 0x1000));
	EXPECT_TRUE(hs_pv_msr_ok(MSR_KVM_WALL_CLOCK_NEW, 0xffc));
	EXPECT_FALSE(hs_pv_msr_ok(MSR_KVM_WALL_CLOCK_NEW, 0x1001));
	EXPECT_FALSE(hs_pv_msr_ok(MSR_KVM_WALL_CLOCK_NEW, 0x1002));
	EXPECT_TRUE(hs_pv_msr_ok(MSR_KVM_SYSTEM_TIME_NEW, 0));
	EXPECT_TRUE(hs_pv_msr_ok(MSR_KVM_SYSTEM_TIME_NEW, 0xffd));
	EXPECT_FALSE(hs_pv_msr_ok(MSR_KVM_SYSTEM_TIME_NEW, 0x1003));
	EXPECT_TRUE(hs_pv_msr_ok(MSR_KVM_STEAL_TIME, 0x1041));
	EXPECT_TRUE(hs_pv_msr_ok(MSR_KVM_STEAL_TIME, 0x1040));
	EXPECT_FALSE(hs_pv_msr_ok(MSR_KVM_STEAL_TIME, 0x1021));
	EXPECT_FALSE(hs_pv_msr_ok(MSR_KVM_STEAL_TIME, 0x1003));
	EXPECT_TRUE(hs_pv_msr_ok(MSR_KVM_PV_EOI_EN, 0xffd));
	EXPECT_FALSE(hs_pv_msr_ok(MSR_KVM_PV_EOI_EN, 0x1002));
	EXPECT_FALSE(hs_pv_msr_ok(MSR_KVM_PV_EOI_EN, 0x1003));
	EXPECT_FALSE(hs_pv_msr_ok(MSR_KVM_ASYNC_PF_EN, 0x1001));
	EXPECT_FALSE(hs_pv_msr_ok(0x10, 0));
	EXPECT_EQ(0, hs_pv_msr_len(0x10));
	EXPECT_EQ(0, hs_pv_msr_len(MSR_KVM_ASYNC_PF_EN));
}

TEST(msr_addresses)
{
	EXPECT_EQ(0x1040, hs_pv_msr_gpa(MSR_KVM_STEAL_TIME, 0x1041));
	EXPECT_EQ(0x1004, hs_pv_msr_gpa(MSR_KVM_SYSTEM_TIME_NEW, 0x1005));
	EXPECT_EQ(0x1004, hs_pv_msr_gpa(MSR_KVM_WALL_CLOCK_NEW, 0x1004));
	EXPECT_EQ(~3ULL, hs_pv_msr_gpa(MSR_KVM_PV_EOI_EN, ~2ULL));
	EXPECT_TRUE(hs_pv_msr_on(MSR_KVM_STEAL_TIME, 0x1041));
	EXPECT_FALSE(hs_pv_msr_on(MSR_KVM_STEAL_TIME, 0x1040));
	EXPECT_FALSE(hs_pv_msr_on(MSR_KVM_SYSTEM_TIME_NEW, 0));
	EXPECT_TRUE(hs_pv_msr_on(MSR_KVM_WALL_CLOCK_NEW, 0x1000));
	/* What is aligned as it has to be does not reach into the next page. */
	EXPECT_EQ(64, hs_pv_msr_len(MSR_KVM_STEAL_TIME));
	EXPECT_EQ(4, hs_pv_msr_len(MSR_KVM_PV_EOI_EN));
	EXPECT_EQ(32, hs_pv_msr_len(MSR_KVM_SYSTEM_TIME_NEW));
	EXPECT_EQ(12, hs_pv_msr_len(MSR_KVM_WALL_CLOCK_NEW));
}

TEST_HARNESS_MAIN
