/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ACPI fixed hardware: PM1a event and control blocks, PM timer (ACPI 6.4,
 * section 4.8).  Pure: time is an argument, in ns of a clock that does not go
 * back; the caller locks.
 */
#ifndef HS_DEV_PM_CORE_H
#define HS_DEV_PM_CORE_H

#include "pure.h"

#define HS_PM_TIMER_HZ	3579545
#define HS_PM_NEVER	U64_MAX

/* Bits of PM1 status and enable. */
#define HS_PM1_TMR	0x0001
#define HS_PM1_GBL	0x0020
#define HS_PM1_PWRBTN	0x0100
#define HS_PM1_RTC	0x0400
#define HS_PM1_WAK	0x8000
/* PM1 control. */
#define HS_PM1_SCI_EN	0x0001
#define HS_PM1_BM_RLD	0x0002
#define HS_PM1_SLP_TYP	0x1c00
#define HS_PM1_SLP_EN	0x2000

/* @epoch: when the timer was 0; @toggles: of its top bit, seen so far */
struct hs_pm_core {
	u16 sts, en, cnt;
	u64 epoch, toggles;
};

void hs_pm_core_reset(struct hs_pm_core *p, u64 now);
u8 hs_pm_core_read(struct hs_pm_core *p, unsigned int reg, u64 now);
bool hs_pm_core_write(struct hs_pm_core *p, unsigned int reg, u8 val, u64 now);
void hs_pm_core_power_button(struct hs_pm_core *p);
bool hs_pm_core_sci(struct hs_pm_core *p, u64 now);
u64 hs_pm_core_next(const struct hs_pm_core *p, u64 now);
u32 hs_pm_core_timer(const struct hs_pm_core *p, u64 now);

#endif /* HS_DEV_PM_CORE_H */
