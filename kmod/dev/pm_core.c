// SPDX-License-Identifier: GPL-2.0
/*
 * ACPI fixed hardware.  Registers are bytes from PM1a_EVT on: status 0-1,
 * enable 2-3, control 4-5; the timer is read as a whole.
 *
 * There is no legacy mode to leave, so SCI_EN is always set.
 */
#include "boot/layout.h"
#include "dev/pm_core.h"

#define NS_PER_SEC	1000000000u
#define STATUS_BITS	(HS_PM1_TMR | HS_PM1_GBL | HS_PM1_PWRBTN | HS_PM1_RTC | \
			 HS_PM1_WAK)
#define ENABLE_BITS	(HS_PM1_TMR | HS_PM1_GBL | HS_PM1_PWRBTN | HS_PM1_RTC)
#define CONTROL_BITS	(HS_PM1_BM_RLD | HS_PM1_SLP_TYP)

static u64 ticks(const struct hs_pm_core *p, u64 now)
{
	return mul_u64_u32_div(now - p->epoch, HS_PM_TIMER_HZ, NS_PER_SEC);
}

/* TMR_STS is set each time the top bit of the timer changes. */
static void settle(struct hs_pm_core *p, u64 now)
{
	u64 toggles = ticks(p, now) >> 31;

	if (toggles != p->toggles)
		p->sts |= HS_PM1_TMR;
	p->toggles = toggles;
}

/**
 * hs_pm_core_reset - power-on state; the timer starts from 0
 * @p: the registers
 * @now: the time
 */
void hs_pm_core_reset(struct hs_pm_core *p, u64 now)
{
	memset(p, 0, sizeof(*p));
	p->cnt = HS_PM1_SCI_EN;
	p->epoch = now;
}

/**
 * hs_pm_core_timer - the PM timer
 * @p: the registers
 * @now: the time
 *
 * Return: 32 bits that count HS_PM_TIMER_HZ.
 */
u32 hs_pm_core_timer(const struct hs_pm_core *p, u64 now)
{
	return ticks(p, now);
}

/**
 * hs_pm_core_read - the guest reads a byte
 * @p: the registers
 * @reg: offset from PM1a_EVT, 0-5
 * @now: the time
 *
 * Return: the byte; write-only bits read as 0.
 */
u8 hs_pm_core_read(struct hs_pm_core *p, unsigned int reg, u64 now)
{
	u16 val;

	settle(p, now);
	switch (reg / 2) {
	case 0:
		val = p->sts;
		break;
	case 1:
		val = p->en;
		break;
	case 2:
		val = p->cnt;
		break;
	default:
		return 0xff;
	}
	return reg & 1 ? val >> 8 : val;
}

/**
 * hs_pm_core_write - the guest writes a byte
 * @p: the registers
 * @reg: offset from PM1a_EVT, 0-5
 * @val: the byte; ones clear bits of the status
 * @now: the time
 *
 * Return: true when it asks for S5, soft off.  Other sleep states are not
 * there (the DSDT names none), and asking for one does nothing.
 */
bool hs_pm_core_write(struct hs_pm_core *p, unsigned int reg, u8 val, u64 now)
{
	unsigned int shift = reg & 1 ? 8 : 0;
	u16 mask = 0xff << shift, v = val << shift;

	settle(p, now);
	switch (reg / 2) {
	case 0:
		p->sts &= ~(v & STATUS_BITS);
		break;
	case 1:
		p->en = (p->en & ~mask) | (v & ENABLE_BITS);
		break;
	case 2:
		p->cnt = (p->cnt & ~mask) | (v & mask & CONTROL_BITS);
		p->cnt |= HS_PM1_SCI_EN;
		return (v & HS_PM1_SLP_EN) &&
		       (p->cnt & HS_PM1_SLP_TYP) == HS_SLP_TYP_S5 << 10;
	}
	return false;
}

/**
 * hs_pm_core_power_button - somebody presses it
 * @p: the registers
 */
void hs_pm_core_power_button(struct hs_pm_core *p)
{
	p->sts |= HS_PM1_PWRBTN;
}

/**
 * hs_pm_core_sci - level of the system control interrupt
 * @p: the registers
 * @now: the time
 *
 * Return: true while an enabled event is pending.
 */
bool hs_pm_core_sci(struct hs_pm_core *p, u64 now)
{
	settle(p, now);
	return p->sts & p->en & ENABLE_BITS;
}

/**
 * hs_pm_core_next - when the timer may raise the SCI
 * @p: the registers, brought up to date for @now
 * @now: the time
 *
 * Return: ns of the clock, or HS_PM_NEVER.
 */
u64 hs_pm_core_next(const struct hs_pm_core *p, u64 now)
{
	if (!(p->en & ~p->sts & HS_PM1_TMR))
		return HS_PM_NEVER;
	return p->epoch + 1 + mul_u64_u32_div((p->toggles + 1) << 31, NS_PER_SEC,
					      HS_PM_TIMER_HZ);
}
