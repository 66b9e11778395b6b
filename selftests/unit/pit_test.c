// SPDX-License-Identifier: GPL-2.0
/* The 8254 core: modes, latches, read-back, edges of counter 0, gate of 2. */
#include "dev/pit_core.h"
#include "kselftest_harness.h"

/* A moment at least @ticks after @t, and less than one tick more. */
#define TICKS(t, ticks)	((t) + ((u64)(ticks) * 1000000000 + HS_PIT_HZ - 1) / HS_PIT_HZ)

FIXTURE(pit) {
	struct hs_pit_core p;
	u64 t;
};

FIXTURE_SETUP(pit)
{
	hs_pit_core_reset(&self->p);
	self->t = 123456789;
}

FIXTURE_TEARDOWN(pit)
{
}

#define CTRL(v)		hs_pit_core_write(&self->p, 3, v, self->t)
#define W(ch, v)	hs_pit_core_write(&self->p, ch, v, self->t)
#define R(ch)		hs_pit_core_read(&self->p, ch, self->t)
#define PROGRAM(ch, mode, bcd, count) do {				\
	CTRL((ch) << 6 | 0x30 | (mode) << 1 | (bcd));			\
	W(ch, (count) & 0xff);						\
	W(ch, (count) >> 8);						\
} while (0)
#define COUNT(ch) ({ u16 _v = R(ch); _v | R(ch) << 8; })
#define STATUS(ch) ({ CTRL(0xe0 | 2 << (ch)); R(ch); })
#define OUT2() (!!(hs_pit_core_read61(&self->p, self->t) & 0x20))
#define EDGE() hs_pit_core_take_edge(&self->p, self->t)
#define NEXT() hs_pit_core_next_edge(&self->p)

TEST_F(pit, idle_after_reset)
{
	EXPECT_EQ(NEXT(), HS_PIT_NEVER);
	EXPECT_FALSE(EDGE());
	EXPECT_EQ(R(3), 0xff);
}

TEST_F(pit, mode0_counts_down_and_fires_once)
{
	u64 t0 = self->t;

	PROGRAM(0, 0, 0, 1000);
	EXPECT_EQ(STATUS(0), 0x30);		/* OUT low, loaded */
	EXPECT_EQ(COUNT(0), 1000);
	self->t = TICKS(t0, 400);
	EXPECT_EQ(COUNT(0), 600);
	EXPECT_EQ(NEXT(), TICKS(t0, 1000));
	self->t = TICKS(t0, 1000) - 1;
	EXPECT_FALSE(EDGE());
	EXPECT_EQ(STATUS(0) & 0x80, 0);
	self->t = TICKS(t0, 1000);
	EXPECT_TRUE(EDGE());
	EXPECT_FALSE(EDGE());
	EXPECT_EQ(STATUS(0) & 0x80, 0x80);
	EXPECT_EQ(NEXT(), HS_PIT_NEVER);
	/* It wraps and goes on counting, but OUT stays. */
	self->t = TICKS(t0, 1001);
	EXPECT_EQ(COUNT(0), 0xffff);
	self->t = TICKS(t0, 70000);
	EXPECT_FALSE(EDGE());
	/* A new count starts it again, without a control word. */
	W(0, 10);
	EXPECT_EQ(STATUS(0) & 0xc0, 0x40);	/* half a count: low, null */
	W(0, 0);
	EXPECT_EQ(NEXT(), TICKS(self->t, 10));
}

TEST_F(pit, mode2_is_periodic_without_drift)
{
	u64 t0 = self->t, at;
	unsigned int i, n = 0;

	PROGRAM(0, 2, 0, 4773);	/* 250 Hz */
	for (i = 1; i <= 10000; i++) {
		at = NEXT();
		ASSERT_EQ(at, TICKS(t0, 4773ULL * i));
		self->t = at - 1;
		ASSERT_FALSE(EDGE());
		self->t = at;
		ASSERT_TRUE(EDGE());
		n++;
	}
	EXPECT_EQ(n, 10000);
	/* Missed edges count as one. */
	self->t = TICKS(t0, 4773ULL * 20000 + 5);
	EXPECT_TRUE(EDGE());
	EXPECT_FALSE(EDGE());
	EXPECT_EQ(NEXT(), TICKS(t0, 4773ULL * 20001));
}

TEST_F(pit, mode2_out_and_count)
{
	u64 t0 = self->t;

	PROGRAM(2, 2, 0, 10);
	hs_pit_core_write61(&self->p, 1, self->t);
	EXPECT_EQ(COUNT(2), 10);
	EXPECT_TRUE(OUT2());
	self->t = TICKS(t0, 9);
	EXPECT_EQ(COUNT(2), 1);
	EXPECT_FALSE(OUT2());
	self->t = TICKS(t0, 10);
	EXPECT_EQ(COUNT(2), 10);
	EXPECT_TRUE(OUT2());
}

TEST_F(pit, mode3_square_wave)
{
	u64 t0 = self->t;

	PROGRAM(2, 3, 0, 9);
	hs_pit_core_write61(&self->p, 1, self->t);
	EXPECT_EQ(COUNT(2), 8);
	self->t = TICKS(t0, 3);
	EXPECT_EQ(COUNT(2), 2);
	self->t = TICKS(t0, 4);
	EXPECT_TRUE(OUT2());		/* 5 ticks high, 4 low */
	self->t = TICKS(t0, 5);
	EXPECT_FALSE(OUT2());
	EXPECT_EQ(COUNT(2), 8);
	self->t = TICKS(t0, 8);
	EXPECT_FALSE(OUT2());
	self->t = TICKS(t0, 9);
	EXPECT_TRUE(OUT2());
}

/* A new count in a periodic mode waits for the end of the period. */
TEST_F(pit, reload_at_end_of_period)
{
	u64 t0 = self->t;

	PROGRAM(0, 2, 0, 1000);
	self->t = TICKS(t0, 300);
	W(0, 0xf4);
	W(0, 0x01);		/* 500 */
	EXPECT_EQ(STATUS(0) & 0x40, 0x40);
	EXPECT_EQ(COUNT(0), 700);
	EXPECT_EQ(NEXT(), TICKS(t0, 1000));
	self->t = TICKS(t0, 1000);
	EXPECT_TRUE(EDGE());
	EXPECT_EQ(STATUS(0) & 0x40, 0);
	EXPECT_EQ(COUNT(0), 500);
	EXPECT_EQ(NEXT(), TICKS(TICKS(t0, 1000), 500));
	/* An edge that nobody took before a write is not lost. */
	self->t = TICKS(t0, 1600);
	W(0, 100);
	EXPECT_LE(NEXT(), self->t);
	EXPECT_TRUE(EDGE());
}

TEST_F(pit, count_zero_is_the_longest)
{
	PROGRAM(0, 2, 0, 0);
	EXPECT_EQ(NEXT(), TICKS(self->t, 65536));
	EXPECT_EQ(COUNT(0), 0);
	PROGRAM(0, 2, 1, 0);
	EXPECT_EQ(NEXT(), TICKS(self->t, 10000));
	PROGRAM(0, 2, 0, 1);
	EXPECT_EQ(NEXT(), TICKS(self->t, 1));
	EXPECT_EQ(COUNT(0), 1);
	PROGRAM(0, 3, 0, 1);
	EXPECT_EQ(NEXT(), TICKS(self->t, 1));
}

TEST_F(pit, bcd)
{
	u64 t0 = self->t;

	PROGRAM(0, 0, 1, 0x1234);
	EXPECT_EQ(NEXT(), TICKS(t0, 1234));
	self->t = TICKS(t0, 235);
	EXPECT_EQ(COUNT(0), 0x0999);
	self->t = TICKS(t0, 1235);
	EXPECT_EQ(COUNT(0), 0x9999);
	/* Digits above 9 must not break it. */
	PROGRAM(0, 2, 1, 0xffff);
	EXPECT_NE(NEXT(), HS_PIT_NEVER);
	EXPECT_LE(NEXT(), TICKS(self->t, 10000));
}

TEST_F(pit, access_modes)
{
	u64 t0 = self->t;

	CTRL(0x10);		/* counter 0, low byte only, mode 0 */
	W(0, 200);
	EXPECT_EQ(NEXT(), TICKS(t0, 200));
	EXPECT_EQ(R(0), 200);
	EXPECT_EQ(R(0), 200);
	CTRL(0x20);		/* high byte only */
	W(0, 2);
	EXPECT_EQ(NEXT(), TICKS(t0, 512));
	EXPECT_EQ(R(0), 2);
}

TEST_F(pit, latch_holds_until_read)
{
	u64 t0 = self->t;

	PROGRAM(0, 0, 0, 1000);
	self->t = TICKS(t0, 100);
	CTRL(0x00);
	self->t = TICKS(t0, 200);
	CTRL(0x00);		/* a second latch changes nothing */
	EXPECT_EQ(COUNT(0), 900);
	EXPECT_EQ(COUNT(0), 800);
}

TEST_F(pit, read_back)
{
	u64 t0 = self->t;

	PROGRAM(0, 2, 0, 1000);
	PROGRAM(2, 0, 1, 0x500);
	self->t = TICKS(t0, 100);
	CTRL(0xca);		/* count and status of counters 0 and 2 */
	self->t = TICKS(t0, 300);
	EXPECT_EQ(R(0), 0xb4);	/* OUT high, low+high, mode 2 */
	EXPECT_EQ(COUNT(0), 900);
	EXPECT_EQ(COUNT(0), 700);
	EXPECT_EQ(R(2), 0x31);
	EXPECT_EQ(COUNT(2), 0x500);	/* gate low: not counting */
	/* Modes 6 and 7 are 2 and 3. */
	CTRL(0x3e);
	EXPECT_EQ(STATUS(0), 0xf6);	/* null count: none written yet */
}

/* How Linux calibrates by counter 2: mode 0, gate on, wait for OUT. */
TEST_F(pit, gate_of_counter_2)
{
	u64 t0;

	hs_pit_core_write61(&self->p, 0, self->t);
	PROGRAM(2, 0, 0, 59659);
	self->t = TICKS(self->t, 1000);
	EXPECT_EQ(COUNT(2), 59659);	/* gate low: stands */
	hs_pit_core_write61(&self->p, 1, self->t);
	EXPECT_EQ(hs_pit_core_read61(&self->p, self->t) & 0x2f, 0x01);
	t0 = self->t;
	self->t = TICKS(t0, 1000);
	EXPECT_EQ(COUNT(2), 58659);
	hs_pit_core_write61(&self->p, 0, self->t);
	self->t = TICKS(self->t, 5000);
	EXPECT_EQ(COUNT(2), 58659);
	hs_pit_core_write61(&self->p, 1, self->t);
	self->t = TICKS(self->t, 58658);
	EXPECT_FALSE(OUT2());
	self->t = TICKS(self->t, 2);
	EXPECT_TRUE(OUT2());
}

TEST_F(pit, one_shot_retriggers)
{
	u64 t0;

	PROGRAM(2, 1, 0, 100);
	EXPECT_TRUE(OUT2());
	EXPECT_EQ(STATUS(2) & 0x40, 0x40);
	hs_pit_core_write61(&self->p, 1, self->t);
	t0 = self->t;
	EXPECT_FALSE(OUT2());
	self->t = TICKS(t0, 60);
	hs_pit_core_write61(&self->p, 0, self->t);	/* falling: nothing */
	EXPECT_FALSE(OUT2());
	hs_pit_core_write61(&self->p, 1, self->t);	/* rising: again */
	self->t = TICKS(t0, 120);
	EXPECT_FALSE(OUT2());
	self->t = TICKS(t0, 161);
	EXPECT_TRUE(OUT2());
}

TEST_F(pit, strobes)
{
	u64 t0 = self->t;

	PROGRAM(0, 4, 0, 50);
	EXPECT_EQ(STATUS(0) & 0x80, 0x80);
	self->t = TICKS(t0, 50);
	EXPECT_EQ(STATUS(0) & 0x80, 0);	/* low for one tick */
	EXPECT_FALSE(EDGE());
	self->t = TICKS(t0, 51);
	EXPECT_TRUE(EDGE());
	EXPECT_EQ(NEXT(), HS_PIT_NEVER);
	/* Mode 5 waits for a trigger, which counter 0 never gets. */
	PROGRAM(0, 5, 0, 50);
	EXPECT_EQ(NEXT(), HS_PIT_NEVER);
}

TEST_F(pit, refresh_toggles)
{
	u8 a = hs_pit_core_read61(&self->p, self->t);
	u8 b = hs_pit_core_read61(&self->p, self->t + 15085);

	EXPECT_EQ((a ^ b) & 0x10, 0x10);
	hs_pit_core_write61(&self->p, 0xff, self->t);
	EXPECT_EQ(hs_pit_core_read61(&self->p, self->t) & 0xcf, 0x0f);
}

/* Whatever a guest writes and whenever it looks: no crash, no edge in the past
 * that stays there once it was taken. */
TEST_F(pit, random_accesses)
{
	u32 seed = 3, i;
	u64 next;

	for (i = 0; i < 2000000; i++) {
		seed = seed * 1664525 + 1013904223;
		switch (seed >> 29) {
		case 0: case 1:
			hs_pit_core_write(&self->p, seed >> 8 & 3, seed >> 16,
					  self->t);
			break;
		case 2: case 3:
			hs_pit_core_read(&self->p, seed >> 8 & 3, self->t);
			break;
		case 4:
			hs_pit_core_write61(&self->p, seed >> 8, self->t);
			break;
		case 5:
			hs_pit_core_read61(&self->p, self->t);
			break;
		case 6:
			self->t += seed >> 8 & 0xffff;
			break;
		default:
			if (!(seed >> 8 & 0xff))
				self->t += 1ULL << (seed >> 16) % 52;
			EDGE();
			next = NEXT();
			ASSERT_GT(next, self->t);
		}
	}
}

TEST_HARNESS_MAIN
