// SPDX-License-Identifier: GPL-2.0
/* The MC146818 core: calendar, modes, setting the time, three interrupts. */
#include "boot/layout.h"
#include "dev/rtc_core.h"
#include "kselftest_harness.h"
#include <time.h>

#define SEC	1000000000ULL

FIXTURE(rtc) {
	struct hs_rtc_core c;
	u64 t;
};

FIXTURE_SETUP(rtc)
{
	/* 2024-02-28 23:59:58.25 UTC, a Wednesday */
	self->t = 1709164798 * SEC + SEC / 4;
	hs_rtc_core_init(&self->c, self->t);
}

FIXTURE_TEARDOWN(rtc)
{
}

#define GET(reg) (self->c.index = (reg), hs_rtc_core_read(&self->c, self->t))
#define SET(reg, v) (self->c.index = (reg), hs_rtc_core_write(&self->c, v, self->t))
#define LINE() hs_rtc_core_update(&self->c, self->t)
#define NEXT() hs_rtc_core_next(&self->c, self->t)

TEST_F(rtc, shows_host_time_in_bcd)
{
	EXPECT_EQ(GET(HS_RTC_SECONDS), 0x58);
	EXPECT_EQ(GET(HS_RTC_MINUTES), 0x59);
	EXPECT_EQ(GET(HS_RTC_HOURS), 0x23);
	EXPECT_EQ(GET(HS_RTC_WEEKDAY), 4);
	EXPECT_EQ(GET(HS_RTC_DAY), 0x28);
	EXPECT_EQ(GET(HS_RTC_MONTH), 0x02);
	EXPECT_EQ(GET(HS_RTC_YEAR), 0x24);
	EXPECT_EQ(GET(HS_RTC_CENTURY), 0x20);
	EXPECT_EQ(GET(HS_RTC_D), HS_RTC_D_VALID);
	EXPECT_EQ(GET(HS_RTC_A), 0x26);
	self->t += 2 * SEC;
	EXPECT_EQ(GET(HS_RTC_SECONDS), 0);
	EXPECT_EQ(GET(HS_RTC_DAY), 0x29);	/* a leap day */
	EXPECT_EQ(GET(HS_RTC_WEEKDAY), 5);
	self->t += 86400 * SEC;
	EXPECT_EQ(GET(HS_RTC_DAY), 0x01);
	EXPECT_EQ(GET(HS_RTC_MONTH), 0x03);
}

/* Every day from 1970 to 2200 against the C library. */
TEST_F(rtc, calendar)
{
	time_t s;
	struct tm tm;

	SET(HS_RTC_B, HS_RTC_B_24H | HS_RTC_B_BINARY);
	for (s = 43200; s < 7258118400LL; s += 86400) {
		self->t = s * SEC;
		gmtime_r(&s, &tm);
		ASSERT_EQ(GET(HS_RTC_DAY), tm.tm_mday);
		ASSERT_EQ(GET(HS_RTC_MONTH), tm.tm_mon + 1);
		ASSERT_EQ(GET(HS_RTC_YEAR), tm.tm_year % 100);
		ASSERT_EQ(GET(HS_RTC_CENTURY), (tm.tm_year + 1900) / 100);
		ASSERT_EQ(GET(HS_RTC_WEEKDAY), tm.tm_wday + 1);
		ASSERT_EQ(GET(HS_RTC_HOURS), 12);
	}
}

TEST_F(rtc, twelve_hours)
{
	static const u8 bcd[24] = {
		0x12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x10, 0x11,
		0x92, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
		0x90, 0x91,
	};
	unsigned int h;

	SET(HS_RTC_B, 0);
	self->t = 1709164800 * SEC;	/* midnight */
	for (h = 0; h < 24; h++) {
		EXPECT_EQ(GET(HS_RTC_HOURS), bcd[h]);
		self->t += 3600 * SEC;
	}
	for (h = 0; h < 24; h++) {
		SET(HS_RTC_HOURS, bcd[h]);
		SET(HS_RTC_B, HS_RTC_B_24H | HS_RTC_B_BINARY);
		EXPECT_EQ(GET(HS_RTC_HOURS), h);
		SET(HS_RTC_B, 0);
	}
}

/* How Linux sets the time: SET, divider reset, fields, and back. */
TEST_F(rtc, set_time)
{
	SET(HS_RTC_B, HS_RTC_B_SET | HS_RTC_B_24H);
	SET(HS_RTC_A, 0x76);
	SET(HS_RTC_YEAR, 0x99);
	SET(HS_RTC_CENTURY, 0x19);
	SET(HS_RTC_MONTH, 0x12);
	SET(HS_RTC_DAY, 0x31);
	SET(HS_RTC_HOURS, 0x23);
	SET(HS_RTC_MINUTES, 0x59);
	SET(HS_RTC_SECONDS, 0x59);
	self->t += 5 * SEC;		/* it stands */
	EXPECT_EQ(GET(HS_RTC_SECONDS), 0x59);
	SET(HS_RTC_B, HS_RTC_B_24H);
	EXPECT_EQ(GET(HS_RTC_SECONDS), 0x59);
	SET(HS_RTC_A, 0x26);
	/* A divider let go makes its first update half a second later. */
	self->t += SEC / 2 - 1;
	EXPECT_EQ(GET(HS_RTC_SECONDS), 0x59);
	EXPECT_EQ(GET(HS_RTC_A) & HS_RTC_A_UIP, HS_RTC_A_UIP);
	self->t += 1;
	EXPECT_EQ(GET(HS_RTC_SECONDS), 0);
	EXPECT_EQ(GET(HS_RTC_A) & HS_RTC_A_UIP, 0);
	EXPECT_EQ(GET(HS_RTC_DAY), 1);
	EXPECT_EQ(GET(HS_RTC_MONTH), 1);
	EXPECT_EQ(GET(HS_RTC_YEAR), 0);
	EXPECT_EQ(GET(HS_RTC_CENTURY), 0x20);
	EXPECT_EQ(GET(HS_RTC_WEEKDAY), 7);	/* a Saturday */
	/* A reset of the machine keeps it. */
	hs_rtc_core_reset(&self->c, self->t);
	self->t += 7 * SEC;
	EXPECT_EQ(GET(HS_RTC_SECONDS), 7);
	EXPECT_EQ(GET(HS_RTC_YEAR), 0);
}

TEST_F(rtc, divider_let_go_at_any_fraction)
{
	unsigned int i;

	for (i = 0; i < 20; i++) {
		self->t = 1709164798 * SEC + i * (SEC / 20);
		hs_rtc_core_init(&self->c, self->t);
		SET(HS_RTC_A, 0x76);
		SET(HS_RTC_SECONDS, 0x30);
		SET(HS_RTC_A, 0x26);
		EXPECT_EQ(GET(HS_RTC_SECONDS), 0x30);
		self->t += SEC / 2 - 1;
		EXPECT_EQ(GET(HS_RTC_SECONDS), 0x30);
		self->t += 1;
		EXPECT_EQ(GET(HS_RTC_SECONDS), 0x31);
		EXPECT_EQ(GET(HS_RTC_MINUTES), 0x59);
	}
}

TEST_F(rtc, set_keeps_the_fraction)
{
	SET(HS_RTC_B, HS_RTC_B_SET | HS_RTC_B_24H);
	SET(HS_RTC_SECONDS, 0x10);
	self->t += 10 * SEC + SEC / 2;	/* now .75 into a second */
	SET(HS_RTC_B, HS_RTC_B_24H);
	EXPECT_EQ(GET(HS_RTC_SECONDS), 0x10);
	self->t += SEC / 4;
	EXPECT_EQ(GET(HS_RTC_SECONDS), 0x11);
}

TEST_F(rtc, write_while_running)
{
	SET(HS_RTC_MINUTES, 0x10);
	EXPECT_EQ(GET(HS_RTC_MINUTES), 0x10);
	EXPECT_EQ(GET(HS_RTC_SECONDS), 0x58);
	self->t += SEC * 3 / 4 - 1;
	EXPECT_EQ(GET(HS_RTC_SECONDS), 0x58);
	self->t += 1;
	EXPECT_EQ(GET(HS_RTC_SECONDS), 0x59);
}

TEST_F(rtc, uip_before_each_second)
{
	self->t += SEC * 3 / 4 - 244001;
	EXPECT_EQ(GET(HS_RTC_A), 0x26);
	self->t += 1;
	EXPECT_EQ(GET(HS_RTC_A), 0xa6);
	EXPECT_EQ(GET(HS_RTC_SECONDS), 0x58);
	self->t += 243999;
	EXPECT_EQ(GET(HS_RTC_A), 0xa6);
	self->t += 1;
	EXPECT_EQ(GET(HS_RTC_A), 0x26);
	EXPECT_EQ(GET(HS_RTC_SECONDS), 0x59);
	SET(HS_RTC_A, 0xff);	/* UIP is not writable */
	EXPECT_EQ(GET(HS_RTC_A), 0x7f);
}

TEST_F(rtc, update_interrupt)
{
	GET(HS_RTC_C);
	EXPECT_EQ(NEXT(), HS_RTC_NEVER);
	SET(HS_RTC_B, HS_RTC_B_24H | HS_RTC_B_UIE);
	EXPECT_FALSE(LINE());
	EXPECT_EQ(NEXT(), SEC * 3 / 4);
	self->t += SEC * 3 / 4;
	EXPECT_TRUE(LINE());
	EXPECT_EQ(NEXT(), HS_RTC_NEVER);	/* until C is read */
	self->t += 3 * SEC;
	EXPECT_EQ(GET(HS_RTC_C) & 0xd0, HS_RTC_C_IRQF | HS_RTC_B_UIE | HS_RTC_B_PIE);
	EXPECT_FALSE(LINE());
	EXPECT_EQ(NEXT(), SEC);
	/* SET clears UIE. */
	SET(HS_RTC_B, HS_RTC_B_SET | HS_RTC_B_24H | HS_RTC_B_UIE);
	EXPECT_EQ(GET(HS_RTC_B), HS_RTC_B_SET | HS_RTC_B_24H);
	EXPECT_EQ(NEXT(), HS_RTC_NEVER);
}

TEST_F(rtc, periodic_interrupt)
{
	u64 start, n = 0;

	SET(HS_RTC_A, 0x26);		/* 1024 Hz */
	SET(HS_RTC_B, HS_RTC_B_24H | HS_RTC_B_PIE);
	GET(HS_RTC_C);
	start = self->t;
	while (self->t < start + SEC) {
		u64 next = NEXT();

		ASSERT_GT(next, 0);
		ASSERT_LE(next, SEC / 1024 + 1);
		self->t += next;
		ASSERT_TRUE(LINE());
		ASSERT_EQ(GET(HS_RTC_C) & (HS_RTC_C_IRQF | HS_RTC_B_PIE),
			  HS_RTC_C_IRQF | HS_RTC_B_PIE);
		ASSERT_FALSE(LINE());
		n++;
	}
	EXPECT_EQ(n, 1024);
	SET(HS_RTC_A, 0x20);
	EXPECT_EQ(NEXT(), HS_RTC_NEVER);
	SET(HS_RTC_A, 0x21);		/* 256 Hz with this crystal */
	EXPECT_GE(NEXT(), SEC / 256);
	EXPECT_LE(NEXT(), SEC / 256 + 1);
	SET(HS_RTC_A, 0x66);		/* divider held */
	EXPECT_EQ(NEXT(), HS_RTC_NEVER);
	self->t += SEC;
	EXPECT_FALSE(LINE());
}

TEST_F(rtc, alarm_once_a_day)
{
	GET(HS_RTC_C);
	SET(HS_RTC_HOURS_ALARM, 0x07);
	SET(HS_RTC_MINUTES_ALARM, 0x30);
	SET(HS_RTC_SECONDS_ALARM, 0x15);
	SET(HS_RTC_B, HS_RTC_B_24H | HS_RTC_B_AIE);
	EXPECT_EQ(NEXT(), SEC * 3 / 4 + (1 + 7 * 3600 + 30 * 60 + 15) * SEC);
	self->t += NEXT() - 1;
	EXPECT_FALSE(LINE());
	self->t += 1;
	EXPECT_TRUE(LINE());
	EXPECT_EQ(GET(HS_RTC_SECONDS), 0x15);
	EXPECT_EQ(GET(HS_RTC_C) & 0xa0, 0xa0);
	EXPECT_EQ(NEXT(), 86400 * SEC);
	/* Somebody looks only two days later: still one alarm. */
	self->t += 2 * 86400 * SEC + 5 * SEC;
	EXPECT_TRUE(LINE());
}

TEST_F(rtc, alarm_wildcards)
{
	GET(HS_RTC_C);
	SET(HS_RTC_HOURS_ALARM, 0xc0);
	SET(HS_RTC_MINUTES_ALARM, 0xff);
	SET(HS_RTC_SECONDS_ALARM, 0x00);
	SET(HS_RTC_B, HS_RTC_B_24H | HS_RTC_B_AIE);
	EXPECT_EQ(NEXT(), SEC * 3 / 4 + SEC);
	SET(HS_RTC_SECONDS_ALARM, 0xc1);
	EXPECT_EQ(NEXT(), SEC * 3 / 4);
	SET(HS_RTC_SECONDS_ALARM, 0x77);	/* no such second */
	EXPECT_EQ(NEXT(), HS_RTC_NEVER);
	SET(HS_RTC_SECONDS_ALARM, 0xff);
	SET(HS_RTC_HOURS_ALARM, 0x99);		/* no such hour */
	EXPECT_EQ(NEXT(), HS_RTC_NEVER);
}

TEST_F(rtc, alarm_at_pm)
{
	GET(HS_RTC_C);
	SET(HS_RTC_B, 0);
	SET(HS_RTC_HOURS_ALARM, 0x81);	/* 1 pm */
	SET(HS_RTC_MINUTES_ALARM, 0x00);
	SET(HS_RTC_SECONDS_ALARM, 0x00);
	SET(HS_RTC_B, HS_RTC_B_AIE);
	EXPECT_EQ(NEXT(), SEC * 3 / 4 + (1 + 13 * 3600) * SEC);
}

TEST_F(rtc, host_clock_set_back)
{
	GET(HS_RTC_C);
	SET(HS_RTC_B, HS_RTC_B_24H | HS_RTC_B_UIE | HS_RTC_B_AIE);
	self->t -= 1000 * SEC;
	EXPECT_FALSE(LINE());
	EXPECT_EQ(GET(HS_RTC_MINUTES), 0x43);
	self->t += SEC;
	EXPECT_TRUE(LINE());
	EXPECT_EQ(GET(HS_RTC_C) & 0x30, HS_RTC_B_UIE);
}

TEST_F(rtc, ram_and_reset)
{
	SET(0x0f, 0x0a);
	SET(0x7f, 0x55);
	SET(HS_RTC_B, HS_RTC_B_24H | HS_RTC_B_PIE | HS_RTC_B_AIE | 8);
	self->t += SEC;
	EXPECT_TRUE(LINE());
	hs_rtc_core_reset(&self->c, self->t);
	EXPECT_FALSE(LINE());
	EXPECT_EQ(GET(HS_RTC_B), HS_RTC_B_24H);
	EXPECT_EQ(GET(0x0f), 0x0a);
	EXPECT_EQ(GET(0x7f), 0x55);
	SET(HS_RTC_C, 0xff);
	SET(HS_RTC_D, 0);
	EXPECT_EQ(GET(HS_RTC_C), 0);
	EXPECT_EQ(GET(HS_RTC_D), HS_RTC_D_VALID);
	EXPECT_EQ(GET(0x8f), 0x0a);	/* bit 7 is the NMI mask */
}

/* Years 0 and 9999, wrapped; fields that are no date. */
TEST_F(rtc, ends_of_the_calendar)
{
	SET(HS_RTC_B, HS_RTC_B_SET | HS_RTC_B_24H);
	SET(HS_RTC_CENTURY, 0x99);
	SET(HS_RTC_YEAR, 0x99);
	SET(HS_RTC_MONTH, 0x12);
	SET(HS_RTC_DAY, 0x31);
	SET(HS_RTC_HOURS, 0x23);
	SET(HS_RTC_MINUTES, 0x59);
	SET(HS_RTC_SECONDS, 0x59);
	SET(HS_RTC_B, HS_RTC_B_24H);
	EXPECT_EQ(GET(HS_RTC_CENTURY), 0x99);
	EXPECT_EQ(GET(HS_RTC_DAY), 0x31);
	self->t += SEC;
	EXPECT_EQ(GET(HS_RTC_CENTURY), 0);
	EXPECT_EQ(GET(HS_RTC_YEAR), 0);
	EXPECT_EQ(GET(HS_RTC_MONTH), 1);
	EXPECT_EQ(GET(HS_RTC_DAY), 1);
	EXPECT_EQ(GET(HS_RTC_WEEKDAY), 7);
	SET(HS_RTC_DAY, 0xff);
	SET(HS_RTC_MONTH, 0);
	SET(HS_RTC_HOURS, 0xee);
	EXPECT_LE(GET(HS_RTC_DAY), 0x31);
	EXPECT_GE(GET(HS_RTC_MONTH), 1);
	EXPECT_LE(GET(HS_RTC_HOURS), 0x23);
}

/* Whatever a guest writes: no crash, and time goes on. */
TEST_F(rtc, random_accesses)
{
	u32 seed = 5, i;
	u64 next;

	for (i = 0; i < 1000000; i++) {
		seed = seed * 1664525 + 1013904223;
		self->c.index = seed >> 8 & 0x8f;
		switch (seed >> 30) {
		case 0:
			hs_rtc_core_write(&self->c, seed >> 16, self->t);
			break;
		case 1:
			hs_rtc_core_read(&self->c, self->t);
			break;
		case 2:
			self->t += 1ULL << (seed >> 16) % 48;
			break;
		default:
			if (self->t > 1000000 * SEC)
				self->t -= (seed >> 16 & 0xff) * SEC;
			LINE();
			next = NEXT();
			ASSERT_GT(next, 0);
			/* Reading C always ends in an edge: the line is low. */
			GET(HS_RTC_C);
			ASSERT_FALSE(LINE());
			ASSERT_TRUE(next == HS_RTC_NEVER || next <= 86400 * SEC);
		}
		if (self->t > 4102444800 * SEC)	/* 2100 */
			self->t = 0;
	}
}

/* ---- how long the host's interrupts stay off ------------------------------- */

/* The compiler has each function call this: a measure of work, not of time. */
static unsigned long calls;

__attribute__((no_instrument_function))
void __cyg_profile_func_enter(void *fn, void *from)
{
	calls++;
}

__attribute__((no_instrument_function))
void __cyg_profile_func_exit(void *fn, void *from)
{
}

static u8 coded(u32 v, bool binary)
{
	return binary ? v : v / 10 * 16 + v % 10;
}

static u8 coded_hour(u32 h, bool binary, bool h24)
{
	if (h24)
		return coded(h, binary);
	return coded(h % 12 ? h % 12 : 12, binary) | (h < 12 ? 0 : 0x80);
}

static bool asked(u8 field, u8 v)
{
	return field >= 0xc0 || field == v;
}

/* Seconds from @s of the day to the alarm, one by one; 0 for never. */
static u32 slow_alarm(u32 s, u8 h, u8 m, u8 sec, bool binary, bool h24)
{
	u32 i, t;

	for (i = 1; i <= 86400; i++) {
		t = (s + i) % 86400;
		if (asked(h, coded_hour(t / 3600, binary, h24)) &&
		    asked(m, coded(t / 60 % 60, binary)) &&
		    asked(sec, coded(t % 60, binary)))
			return i;
	}
	return 0;
}

TEST_F(rtc, alarm_is_found_soon_and_right)
{
	unsigned long worst = 0;
	u32 seed = 1, i, want, s;
	u64 next;

	for (i = 0; i < 3000; i++) {
		bool binary = i & 1, h24 = i & 2;
		u8 f[3];
		unsigned int n;

		s = (seed = seed * 1664525 + 1013904223) >> 8;
		self->t = 1709164800 * SEC + s % 86400 * SEC + SEC / 4;
		for (n = 0; n < 3; n++) {
			seed = seed * 1664525 + 1013904223;
			/* Each value, those that mean every, and at times none. */
			f[n] = seed >> 30 == 0 ? 0xc0 | seed >> 24 :
			       seed >> 28 == 4 ? seed >> 16 :
			       n == 0 ? coded_hour((seed >> 16) % 24, binary, h24) :
			       coded((seed >> 16) % 60, binary);
		}
		SET(HS_RTC_B, binary * HS_RTC_B_BINARY | h24 * HS_RTC_B_24H | HS_RTC_B_AIE);
		SET(HS_RTC_HOURS_ALARM, f[0]);
		SET(HS_RTC_MINUTES_ALARM, f[1]);
		SET(HS_RTC_SECONDS_ALARM, f[2]);
		LINE();
		GET(HS_RTC_C);
		calls = 0;
		next = NEXT();
		worst = max(worst, calls);
		want = slow_alarm(s % 86400, f[0], f[1], f[2], binary, h24);
		ASSERT_EQ(want ? want * SEC - SEC / 4 : HS_RTC_NEVER, next)
			TH_LOG("%02x:%02x:%02x from %u, binary %u, 24h %u", f[0], f[1],
			       f[2], s % 86400, binary, h24);
	}
	/* Two or three calls for each value of three fields. */
	EXPECT_GE(3 * (24 + 60 + 60) + 50, worst);
	EXPECT_LE(24 + 60 + 60, worst);
}

TEST_HARNESS_MAIN
