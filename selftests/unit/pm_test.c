// SPDX-License-Identifier: GPL-2.0
/* ACPI fixed hardware: power button, SCI, S5, PM timer. */
#include "boot/layout.h"
#include "dev/pm_core.h"
#include "kselftest_harness.h"

#define SEC	1000000000ULL

FIXTURE(pm) {
	struct hs_pm_core p;
	u64 t;
};

FIXTURE_SETUP(pm)
{
	self->t = 77 * SEC;
	hs_pm_core_reset(&self->p, self->t);
}

FIXTURE_TEARDOWN(pm)
{
}

#define STS	0
#define EN	2
#define CNT	4
#define R8(reg) hs_pm_core_read(&self->p, reg, self->t)
#define R16(reg) ((u16)(R8(reg) | R8((reg) + 1) << 8))
#define W8(reg, v) hs_pm_core_write(&self->p, reg, v, self->t)
#define W16(reg, v) ({ bool _a = W8(reg, (v) & 0xff); _a | W8((reg) + 1, (v) >> 8); })
#define SCI() hs_pm_core_sci(&self->p, self->t)

TEST_F(pm, power_on)
{
	EXPECT_EQ(R16(STS), 0);
	EXPECT_EQ(R16(EN), 0);
	EXPECT_EQ(R16(CNT), HS_PM1_SCI_EN);
	EXPECT_EQ(R8(6), 0xff);
	EXPECT_FALSE(SCI());
	EXPECT_EQ(hs_pm_core_timer(&self->p, self->t), 0);
}

TEST_F(pm, power_button)
{
	/* Pressed before anybody listens: latched. */
	hs_pm_core_power_button(&self->p);
	EXPECT_FALSE(SCI());
	W16(EN, HS_PM1_PWRBTN);
	EXPECT_TRUE(SCI());
	EXPECT_EQ(R16(STS), HS_PM1_PWRBTN);
	/* Zeros clear nothing, nor do ones elsewhere. */
	W16(STS, 0xffff & ~HS_PM1_PWRBTN);
	EXPECT_TRUE(SCI());
	W16(STS, HS_PM1_PWRBTN);
	EXPECT_FALSE(SCI());
	EXPECT_EQ(R16(STS), 0);
	hs_pm_core_power_button(&self->p);
	EXPECT_TRUE(SCI());
	W16(EN, 0);
	EXPECT_FALSE(SCI());
}

TEST_F(pm, only_known_bits)
{
	W16(EN, 0xffff);
	EXPECT_EQ(R16(EN), HS_PM1_TMR | HS_PM1_GBL | HS_PM1_PWRBTN | HS_PM1_RTC);
	EXPECT_FALSE(W16(CNT, 0));
	EXPECT_EQ(R16(CNT), HS_PM1_SCI_EN);
	EXPECT_FALSE(W16(CNT, 0xffff & ~HS_PM1_SLP_EN));
	EXPECT_EQ(R16(CNT), HS_PM1_SCI_EN | HS_PM1_BM_RLD | HS_PM1_SLP_TYP);
}

TEST_F(pm, soft_off)
{
	unsigned int typ;

	for (typ = 0; typ < 8; typ++) {
		EXPECT_FALSE(W16(CNT, typ << 10));
		EXPECT_EQ(W16(CNT, typ << 10 | HS_PM1_SLP_EN),
			  typ == HS_SLP_TYP_S5);
		EXPECT_EQ(R16(CNT) & HS_PM1_SLP_EN, 0);
	}
	/* By bytes, too. */
	EXPECT_TRUE(W8(CNT + 1, (HS_SLP_TYP_S5 << 10 | HS_PM1_SLP_EN) >> 8));
}

TEST_F(pm, timer)
{
	u64 t0 = self->t;

	EXPECT_EQ(hs_pm_core_timer(&self->p, t0 + SEC), HS_PM_TIMER_HZ);
	EXPECT_EQ(hs_pm_core_timer(&self->p, t0 + 1000 * SEC),
		  1000ULL * HS_PM_TIMER_HZ);
	/* Wraps after 2^32 ticks: 1200 seconds less a bit. */
	EXPECT_EQ(hs_pm_core_timer(&self->p, t0 + 1200 * SEC),
		  (u32)(1200ULL * HS_PM_TIMER_HZ));
	EXPECT_LT(hs_pm_core_timer(&self->p, t0 + 1200 * SEC), HS_PM_TIMER_HZ);
}

TEST_F(pm, timer_status)
{
	u64 toggle = self->t + ((1ULL << 31) * SEC + HS_PM_TIMER_HZ - 1) / HS_PM_TIMER_HZ;

	EXPECT_EQ(hs_pm_core_next(&self->p, self->t), HS_PM_NEVER);
	W16(EN, HS_PM1_TMR);
	EXPECT_EQ(hs_pm_core_next(&self->p, self->t), toggle);
	self->t = toggle - 1;
	EXPECT_FALSE(SCI());
	self->t = toggle;
	EXPECT_TRUE(SCI());
	EXPECT_EQ(R16(STS), HS_PM1_TMR);
	EXPECT_EQ(hs_pm_core_next(&self->p, self->t), HS_PM_NEVER);
	W16(STS, HS_PM1_TMR);
	EXPECT_FALSE(SCI());
	EXPECT_GT(hs_pm_core_next(&self->p, self->t), toggle + 599 * SEC);
	EXPECT_LT(hs_pm_core_next(&self->p, self->t), toggle + 601 * SEC);
	hs_pm_core_reset(&self->p, self->t);
	EXPECT_EQ(hs_pm_core_next(&self->p, self->t), HS_PM_NEVER);
	EXPECT_EQ(hs_pm_core_timer(&self->p, self->t), 0);
}

TEST_HARNESS_MAIN
