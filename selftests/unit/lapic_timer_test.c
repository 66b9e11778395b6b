// SPDX-License-Identifier: GPL-2.0
/* The count of the local APIC timer, SDM vol. 3, 11.5.4. */
#include "pure.h"
#include "dev/lapic_timer.h"
#include <stdlib.h>
#include "kselftest_harness.h"

#define TICK	40ULL		/* ns at 25 MHz */
#define T0	1000000000ULL
#define DIV_1	0xb
#define DIV_2	0x0
#define DIV_128	0xa

FIXTURE(timer) {
	struct hs_lapic_timer t;
};

FIXTURE_SETUP(timer)
{
	memset(self, 0, sizeof(*self));
	self->t.tsc_khz = 2000000;	/* 2 GHz: 2 ticks per ns */
	hs_lapic_timer_reset(&self->t);
}

FIXTURE_TEARDOWN(timer)
{
}

#define MODE(m, now)	hs_lapic_timer_set_mode(&self->t, HS_TIMER_##m, now)
#define INIT(v, now)	hs_lapic_timer_set_init(&self->t, v, now)
#define DCR(v, now)	hs_lapic_timer_set_dcr(&self->t, v, now)
#define DEADLINE(v)	hs_lapic_timer_set_deadline(&self->t, v)
#define COUNT(now)	hs_lapic_timer_count(&self->t, now)
#define EXPIRE(now, tsc) hs_lapic_timer_expire(&self->t, now, tsc)
#define WAKE(now, tsc)	hs_lapic_timer_wake(&self->t, now, tsc)

TEST_F(timer, power_on)
{
	EXPECT_EQ(0, COUNT(T0));
	EXPECT_FALSE(EXPIRE(T0, T0));
	EXPECT_EQ(HS_TIMER_NEVER, WAKE(T0, T0));
	EXPECT_EQ(2000000, self->t.tsc_khz);
}

TEST_F(timer, divider)
{
	static const struct { u8 dcr, div; } d[] = {
		{ 0, 2 }, { 1, 4 }, { 2, 8 }, { 3, 16 },
		{ 8, 32 }, { 9, 64 }, { 10, 128 }, { 11, 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(d); i++) {
		DCR(d[i].dcr, T0);
		EXPECT_EQ(d[i].dcr, self->t.dcr);
		INIT(1000, T0);
		EXPECT_EQ(1000, COUNT(T0));
		EXPECT_EQ(1000, COUNT(T0 + TICK * d[i].div - 1));
		EXPECT_EQ(999, COUNT(T0 + TICK * d[i].div));
		EXPECT_EQ(T0 + 1000 * TICK * d[i].div, WAKE(T0, 0));
	}
	DCR(0xfffffff4, T0);
	EXPECT_EQ(0, self->t.dcr);
}

TEST_F(timer, one_shot)
{
	u64 end = T0 + 5000 * TICK;

	DCR(DIV_1, T0);
	INIT(5000, T0);
	EXPECT_FALSE(EXPIRE(end - 1, 0));
	EXPECT_EQ(1, COUNT(end - 1));
	EXPECT_EQ(0, COUNT(end));
	EXPECT_TRUE(EXPIRE(end, 0));
	EXPECT_FALSE(EXPIRE(end + 1, 0));
	EXPECT_EQ(0, COUNT(end + 12345));
	EXPECT_EQ(HS_TIMER_NEVER, WAKE(end, 0));
	EXPECT_EQ(5000, self->t.init);
	/* Written again it counts again. */
	INIT(1, end);
	EXPECT_EQ(end + TICK, WAKE(end, 0));
	INIT(0, end);
	EXPECT_EQ(HS_TIMER_NEVER, WAKE(end, 0));
	EXPECT_FALSE(EXPIRE(end + 1000000, 0));
}

TEST_F(timer, longest_count)
{
	u64 len = 0xffffffffULL * TICK * 128;

	DCR(DIV_128, T0);
	INIT(0xffffffff, T0);
	EXPECT_EQ(T0 + len, WAKE(T0, 0));
	EXPECT_EQ(0xffffffff, COUNT(T0));
	EXPECT_EQ(1, COUNT(T0 + len - 1));
	EXPECT_FALSE(EXPIRE(T0 + len - 1, 0));
	EXPECT_TRUE(EXPIRE(T0 + len, 0));
}

TEST_F(timer, periodic)
{
	u64 period = 25000 * TICK;	/* 1 ms */
	unsigned int i;

	DCR(DIV_1, T0);
	MODE(PERIODIC, T0);
	INIT(25000, T0);
	for (i = 1; i < 100; i++) {
		u64 due = T0 + i * period;

		EXPECT_EQ(due, WAKE(due - period, 0));
		EXPECT_FALSE(EXPIRE(due - 1, 0));
		EXPECT_EQ(1, COUNT(due - 1));
		EXPECT_EQ(25000, COUNT(due));
		EXPECT_TRUE(EXPIRE(due, 0));
		EXPECT_FALSE(EXPIRE(due, 0));
	}
	/* Late by many periods: one interrupt, and in phase again. */
	EXPECT_TRUE(EXPIRE(T0 + 1000 * period + 5, 0));
	EXPECT_EQ(T0 + 1001 * period, WAKE(T0 + 1000 * period + 5, 0));
	/* A little late: the next is not later for it. */
	EXPECT_TRUE(EXPIRE(T0 + 1001 * period + 5, 0));
	EXPECT_EQ(T0 + 1002 * period, WAKE(T0 + 1001 * period + 5, 0));
}

TEST_F(timer, fast_periodic_interrupts_no_faster_than_the_least)
{
	static const u32 counts[] = { 1, 2, 3, 7, 100, 2499, 2500, 2501, 4000 };
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		u64 now = T0, period = counts[i] * TICK, last = T0;

		DCR(DIV_1, now);
		MODE(PERIODIC, now);
		INIT(counts[i], now);
		for (n = 0; n < 50; n++) {
			now = WAKE(now, 0);
			ASSERT_NE(HS_TIMER_NEVER, now);
			ASSERT_GE(now - last, HS_TIMER_MIN_PERIOD);
			ASSERT_LT(now - last, HS_TIMER_MIN_PERIOD + period);
			ASSERT_EQ(0, (now - T0) % period);
			ASSERT_TRUE(EXPIRE(now, 0));
			last = now;
		}
		/* The count itself is not slowed down. */
		EXPECT_EQ(counts[i], COUNT(T0 + 1000 * period));
		EXPECT_EQ(counts[i] > 1 ? counts[i] - 1 : 1,
			  COUNT(T0 + 1000 * period + TICK));
	}
}

TEST_F(timer, divider_change_keeps_the_count)
{
	u64 now = T0 + 600 * TICK;

	DCR(DIV_1, T0);
	INIT(1000, T0);
	EXPECT_EQ(400, COUNT(now));
	DCR(DIV_128, now);
	EXPECT_EQ(400, COUNT(now));
	EXPECT_EQ(399, COUNT(now + 128 * TICK));
	EXPECT_EQ(now + 400 * 128 * TICK, WAKE(now, 0));

	MODE(PERIODIC, now);
	DCR(DIV_1, now);
	EXPECT_EQ(400, COUNT(now));
	EXPECT_EQ(1000, COUNT(now + 400 * TICK));
}

/* After a change of the divider the count may have begun before the clock did. */
TEST_F(timer, count_that_began_before_the_clock)
{
	const u32 half = 0x80000000;
	u64 now = 1000 + half * TICK, end;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		DCR(DIV_1, 1000);
		hs_lapic_timer_set_mode(&self->t, i ? HS_TIMER_PERIODIC :
					HS_TIMER_ONESHOT, 1000);
		INIT(0xffffffff, 1000);
		DCR(DIV_128, now);
		EXPECT_GT(self->t.start, now);	/* modulo 2^64 */
		EXPECT_EQ(0x7fffffff, COUNT(now));
		EXPECT_EQ(0x7ffffffe, COUNT(now + 128 * TICK));
		end = now + 0x7fffffffULL * 128 * TICK;
		EXPECT_EQ(end, WAKE(now, 0));
		EXPECT_FALSE(EXPIRE(end - 1, 0));
		EXPECT_EQ(1, COUNT(end - 1));
		EXPECT_TRUE(EXPIRE(end, 0));
		EXPECT_EQ(i ? 0xffffffff : 0, COUNT(end));
	}
}

TEST_F(timer, one_shot_to_periodic_goes_on)
{
	u64 now = T0 + 3000 * TICK;

	DCR(DIV_1, T0);
	INIT(10000, T0);
	MODE(PERIODIC, now);
	EXPECT_EQ(7000, COUNT(now));
	EXPECT_EQ(T0 + 10000 * TICK, WAKE(now, 0));
	EXPECT_TRUE(EXPIRE(T0 + 10000 * TICK, 0));
	EXPECT_EQ(T0 + 20000 * TICK, WAKE(T0 + 10000 * TICK, 0));
	MODE(ONESHOT, T0 + 10000 * TICK);
	EXPECT_EQ(0, COUNT(T0 + 20000 * TICK));

	/* One that has stopped stays stopped. */
	INIT(10000, T0);
	EXPECT_TRUE(EXPIRE(T0 + 10000 * TICK, 0));
	MODE(PERIODIC, T0 + 10000 * TICK);
	EXPECT_EQ(HS_TIMER_NEVER, WAKE(T0 + 10000 * TICK, 0));
	EXPECT_EQ(0, COUNT(T0 + 10000 * TICK));
}

TEST_F(timer, deadline)
{
	DEADLINE(T0 + 100);		/* not in this mode */
	EXPECT_EQ(0, self->t.deadline);
	MODE(DEADLINE, T0);
	EXPECT_EQ(HS_TIMER_NEVER, WAKE(T0, T0));
	DEADLINE(T0 + 2000);
	EXPECT_FALSE(EXPIRE(T0, T0));
	EXPECT_EQ(T0 + 1001, WAKE(T0, T0));	/* 2000 ticks = 1000 ns */
	EXPECT_FALSE(EXPIRE(T0, T0 + 1999));
	EXPECT_EQ(T0 + 1, WAKE(T0, T0 + 1999));
	EXPECT_TRUE(EXPIRE(T0, T0 + 2000));
	EXPECT_EQ(0, self->t.deadline);
	EXPECT_FALSE(EXPIRE(T0, T0 + 2001));

	/* Passed when written. */
	DEADLINE(5);
	EXPECT_TRUE(EXPIRE(T0, T0));
	/* 0 disarms. */
	DEADLINE(T0 + 2000);
	DEADLINE(0);
	EXPECT_FALSE(EXPIRE(T0, U64_MAX));
	/* Initial count is ignored, current count reads 0. */
	INIT(1000, T0);
	EXPECT_EQ(0, self->t.init);
	EXPECT_EQ(0, COUNT(T0));
}

TEST_F(timer, far_deadlines_are_approached_in_steps)
{
	static const u64 khz[] = { 1, 1000, 999999, 2000000, U32_MAX };
	static const u64 ahead[] = { 1, 1000, 1ULL << 40, 1ULL << 63, U64_MAX - 1 };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(khz); i++) {
		self->t.tsc_khz = khz[i];
		for (j = 0; j < ARRAY_SIZE(ahead); j++) {
			u64 wake;
			unsigned __int128 ns;

			MODE(DEADLINE, T0);
			DEADLINE(1 + ahead[j]);
			wake = WAKE(T0, 1);
			ASSERT_GT(wake, T0);
			ASSERT_LE(wake, T0 + HS_TIMER_MAX_SLEEP);
			ns = (unsigned __int128)ahead[j] * 1000000 / khz[i] + 1;
			if (ns > HS_TIMER_MAX_SLEEP)
				ns = HS_TIMER_MAX_SLEEP;
			EXPECT_EQ((u64)ns, wake - T0);
		}
	}
}

TEST_F(timer, entering_or_leaving_deadline_mode_disarms)
{
	DCR(DIV_1, T0);
	INIT(1000, T0);
	MODE(DEADLINE, T0);
	EXPECT_EQ(0, self->t.init);
	MODE(ONESHOT, T0);
	EXPECT_EQ(HS_TIMER_NEVER, WAKE(T0, T0));
	EXPECT_FALSE(EXPIRE(T0 + 1000000, 0));

	MODE(DEADLINE, T0);
	DEADLINE(T0 + 10);
	MODE(DEADLINE, T0);		/* no change: stays */
	EXPECT_EQ(T0 + 10, self->t.deadline);
	MODE(PERIODIC, T0);
	MODE(DEADLINE, T0);
	EXPECT_EQ(0, self->t.deadline);
	EXPECT_FALSE(EXPIRE(T0, T0 + 10));
}

TEST_F(timer, reserved_mode_counts_nothing)
{
	DCR(DIV_1, T0);
	MODE(RESERVED, T0);
	INIT(1000, T0);
	EXPECT_EQ(0, COUNT(T0));
	EXPECT_EQ(HS_TIMER_NEVER, WAKE(T0, 0));
	EXPECT_FALSE(EXPIRE(T0 + 1000000, 0));
}

/* Expired for now, the timer never wants to wake at or before now. */
TEST_F(timer, random_writes_never_wake_in_the_past)
{
	u64 now = T0, tsc = 12345;
	unsigned int i;

	srand(11);
	for (i = 0; i < 500000; i++) {
		unsigned int r = rand();
		u64 wake, step = (u64)rand() << (r >> 28 & 7) & 0xfffffffff;

		now += step;
		tsc += step * 2;
		EXPIRE(now, tsc);
		switch (r & 3) {
		case 0:
			hs_lapic_timer_set_mode(&self->t, r >> 8 & 3, now);
			break;
		case 1:
			INIT(rand() >> (r >> 8 & 31), now);
			break;
		case 2:
			DCR(r >> 8, now);
			break;
		case 3:
			DEADLINE(tsc + ((u64)rand() << (r >> 8 & 31)));
			break;
		}
		EXPIRE(now, tsc);
		wake = WAKE(now, tsc);
		ASSERT_GT(wake, now);
		ASSERT_LE(COUNT(now), self->t.init);
		if (wake != HS_TIMER_NEVER && self->t.mode != HS_TIMER_DEADLINE) {
			ASSERT_FALSE(EXPIRE(wake - 1, tsc));
			if (r & 0x80)
				continue;
			now = wake;
			ASSERT_TRUE(EXPIRE(now, tsc));
		}
	}
}

/* Leaving periodic mode after many periods: the count goes on from where it is. */
TEST_F(timer, one_shot_that_was_periodic)
{
	u64 now = T0 + 10500 * TICK;

	DCR(DIV_1, T0);
	MODE(PERIODIC, T0);
	INIT(1000, T0);
	while (EXPIRE(now, 0))
		;
	EXPECT_EQ(500, COUNT(now));
	MODE(ONESHOT, now);
	EXPECT_EQ(500, COUNT(now));
	EXPECT_FALSE(EXPIRE(now, 0));
	EXPECT_EQ(now + 500 * TICK, WAKE(now, 0));
	EXPECT_EQ(1, COUNT(now + 500 * TICK - 1));
	EXPECT_FALSE(EXPIRE(now + 500 * TICK - 1, 0));
	EXPECT_TRUE(EXPIRE(now + 500 * TICK, 0));
	EXPECT_EQ(HS_TIMER_NEVER, WAKE(now + 500 * TICK, 0));
	/* By way of the mode that does not exist. */
	MODE(PERIODIC, now);
	INIT(1000, now);
	MODE(RESERVED, now + 300 * TICK);
	MODE(ONESHOT, now + 7300 * TICK);
	EXPECT_FALSE(EXPIRE(now + 7300 * TICK, 0));
	EXPECT_EQ(700, COUNT(now + 7300 * TICK));
}

TEST_HARNESS_MAIN
