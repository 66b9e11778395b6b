// SPDX-License-Identifier: GPL-2.0
/* The console's ring: oldest bytes go, readers catch up. */
#include "dev/console_ring.h"
#include "kselftest_harness.h"

#define SIZE 16

FIXTURE(ring) {
	u8 buf[SIZE];
	struct hs_ring r;
};

FIXTURE_SETUP(ring)
{
	self->r = (struct hs_ring){ .buf = self->buf, .size = SIZE };
}

FIXTURE_TEARDOWN(ring)
{
}

static void put(struct hs_ring *r, const char *s)
{
	hs_ring_write(r, (const u8 *)s, strlen(s));
}

TEST_F(ring, empty)
{
	u64 pos = 0;
	u8 out[4];

	EXPECT_EQ(hs_ring_start(&self->r), 0);
	EXPECT_EQ(hs_ring_copy(&self->r, &pos, out, sizeof(out)), 0);
	pos = 99;	/* beyond the end: nothing, and no crash */
	EXPECT_EQ(hs_ring_copy(&self->r, &pos, out, sizeof(out)), 0);
	EXPECT_EQ(pos, 99);
}

TEST_F(ring, copy_in_parts)
{
	u64 pos = 0;
	u8 out[8] = "";

	put(&self->r, "hello");
	EXPECT_EQ(hs_ring_copy(&self->r, &pos, out, 3), 3);
	EXPECT_EQ(memcmp(out, "hel", 3), 0);
	EXPECT_EQ(pos, 0);
	pos += 3;
	EXPECT_EQ(hs_ring_copy(&self->r, &pos, out, 8), 2);
	EXPECT_EQ(memcmp(out, "lo", 2), 0);
}

TEST_F(ring, overwritten)
{
	u64 pos = 2;
	u8 out[SIZE + 4];

	put(&self->r, "0123456789abcdefghij");	/* 20 */
	EXPECT_EQ(hs_ring_start(&self->r), 4);
	EXPECT_EQ(hs_ring_copy(&self->r, &pos, out, sizeof(out)), SIZE);
	EXPECT_EQ(pos, 4);
	EXPECT_EQ(memcmp(out, "456789abcdefghij", SIZE), 0);
	pos = 18;	/* a copy that wraps: nothing of the old is left */
	EXPECT_EQ(hs_ring_copy(&self->r, &pos, out, sizeof(out)), 2);
	EXPECT_EQ(memcmp(out, "ij", 2), 0);
	pos = 14;
	EXPECT_EQ(hs_ring_copy(&self->r, &pos, out, 4), 4);
	EXPECT_EQ(memcmp(out, "efgh", 4), 0);
}

/* Against a plain array of everything ever written. */
TEST_F(ring, model)
{
	static u8 all[4096];
	u8 out[SIZE];
	u32 seed = 7, n = 0, i, add;
	u64 pos, want;
	size_t len, got;

	while (n < sizeof(all)) {
		seed = seed * 1664525 + 1013904223;
		if (seed >> 31) {
			/* More than fits, sometimes. */
			add = min_t(u32, (seed >> 24) % (SIZE + SIZE / 2), sizeof(all) - n);
			for (i = 0; i < add; i++)
				all[n + i] = (seed >> 8) + 31 * i;
			hs_ring_write(&self->r, all + n, add);
			n += add;
			continue;
		}
		pos = n ? (seed >> 8) % (n + 2) : 0;
		len = seed % (SIZE + 1);
		want = n > SIZE && pos < n - SIZE ? n - SIZE : pos;
		got = hs_ring_copy(&self->r, &pos, out, len);
		ASSERT_EQ(pos, want);
		ASSERT_EQ(got, want >= n ? 0 : min_t(u64, len, n - want));
		for (i = 0; i < got; i++)
			ASSERT_EQ(out[i], all[want + i]);
	}
}

TEST_HARNESS_MAIN
