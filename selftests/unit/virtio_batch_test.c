// SPDX-License-Identifier: GPL-2.0
/* When notifications of a queue wait for more buffers. */
#include "dev/virtio_batch.h"
#include "kselftest_harness.h"

static int notified(int *credit, unsigned int now, unsigned int later)
{
	bool waits = *credit > 0;

	hs_batch_learn(credit, waits, waits ? later : now);
	return waits;
}

/* Of @n notifications, how many waited. */
static unsigned int of(int *credit, unsigned int n, unsigned int now, unsigned int later)
{
	unsigned int waits = 0;

	while (n--)
		waits += notified(credit, now, later);
	return waits;
}

TEST(one_by_one_is_tried_now_and_then)
{
	int credit = 0;

	/* A driver that waits for each answer never has more than one. */
	EXPECT_FALSE(notified(&credit, 1, 1));
	EXPECT_TRUE(notified(&credit, 1, 1));
	EXPECT_LE(of(&credit, 100 * HS_BATCH_APART, 1, 1), 100);
	EXPECT_GE(of(&credit, 100 * HS_BATCH_APART, 1, 1), 90);
}

TEST(a_stream_waits)
{
	int credit = 0;

	of(&credit, 2, 1, 16);
	EXPECT_EQ(of(&credit, 1000, 1, 16), 1000);
	EXPECT_LE(credit, HS_BATCH_TRUST);
	/* One wait for nothing is forgiven, a few are not. */
	EXPECT_TRUE(notified(&credit, 1, 1));
	EXPECT_TRUE(notified(&credit, 1, 16));
	EXPECT_LE(of(&credit, HS_BATCH_APART / 2, 1, 1), 3);
}

TEST(another_cpu_serves)
{
	int credit = 0;

	/* More than one without waiting: nothing is to be gained. */
	EXPECT_EQ(of(&credit, 1000, 3, 16), 0);
	credit = 0;
	EXPECT_EQ(of(&credit, 1, 1, 16), 0);
	EXPECT_EQ(of(&credit, 1, 1, 16), 1);
	/* What was trusted and is then served at once by others is not asked again. */
	hs_batch_learn(&credit, false, 2);
	EXPECT_LT(credit, 0);
}

TEST(nothing_says_nothing)
{
	int credit = 3;

	hs_batch_learn(&credit, true, 0);
	hs_batch_learn(&credit, false, 0);
	EXPECT_EQ(credit, 3);
}

TEST_HARNESS_MAIN
