/* SPDX-License-Identifier: GPL-2.0 */
/*
 * MC146818 real-time clock with 128 bytes of CMOS RAM.  Pure: @now is an
 * argument, in ns since 1970 (UTC) of the host's clock, which may be set back;
 * the caller locks.
 */
#ifndef HS_DEV_RTC_CORE_H
#define HS_DEV_RTC_CORE_H

#include "pure.h"

#define HS_RTC_NEVER	U64_MAX

#define HS_RTC_SECONDS		0x00
#define HS_RTC_SECONDS_ALARM	0x01
#define HS_RTC_MINUTES		0x02
#define HS_RTC_MINUTES_ALARM	0x03
#define HS_RTC_HOURS		0x04
#define HS_RTC_HOURS_ALARM	0x05
#define HS_RTC_WEEKDAY		0x06
#define HS_RTC_DAY		0x07
#define HS_RTC_MONTH		0x08
#define HS_RTC_YEAR		0x09
#define HS_RTC_A		0x0a
#define HS_RTC_B		0x0b
#define HS_RTC_C		0x0c
#define HS_RTC_D		0x0d
/* 0x32, the century, as the FADT says: boot/layout.h */

#define HS_RTC_A_UIP		0x80
#define HS_RTC_A_DIV		0x70
#define HS_RTC_A_DIV_RESET	0x60	/* both bits: the divider is held */
#define HS_RTC_A_RATE		0x0f
#define HS_RTC_B_SET		0x80
#define HS_RTC_B_PIE		0x40	/* also PF in C */
#define HS_RTC_B_AIE		0x20	/* also AF */
#define HS_RTC_B_UIE		0x10	/* also UF */
#define HS_RTC_B_BINARY		0x04
#define HS_RTC_B_24H		0x02
#define HS_RTC_C_IRQF		0x80
#define HS_RTC_D_VALID		0x80

/**
 * struct hs_rtc_core - clock and CMOS RAM
 * @index: last written to port 0x70
 * @ram: all registers; time and date only while the clock stands
 * @stopped: SET, or divider held
 * @off_s: guest's seconds (since year 0) less the host's (since 1970)
 * @off_ns: of the guest's second at the start of a host second
 * @last_s: second up to which UF and AF are settled
 * @last_p: period of the periodic interrupt up to which PF is settled
 */
struct hs_rtc_core {
	u8 index;
	u8 ram[128];
	bool stopped;
	s64 off_s;
	u32 off_ns;
	s64 last_s;
	u64 last_p;
};

void hs_rtc_core_init(struct hs_rtc_core *c, u64 now);
void hs_rtc_core_reset(struct hs_rtc_core *c, u64 now);
u8 hs_rtc_core_read(struct hs_rtc_core *c, u64 now);
void hs_rtc_core_write(struct hs_rtc_core *c, u8 val, u64 now);
bool hs_rtc_core_update(struct hs_rtc_core *c, u64 now);
u64 hs_rtc_core_next(const struct hs_rtc_core *c, u64 now);

#endif /* HS_DEV_RTC_CORE_H */
