// SPDX-License-Identifier: GPL-2.0
/* What a balloon's driver says: page numbers, reports, statistics, configuration. */
#include <linux/virtio_balloon.h>
#include "dev/virtio_balloon_core.h"
#include "kselftest_harness.h"

#define STATS		BIT_ULL(VIRTIO_BALLOON_F_STATS_VQ)
#define REPORTING	BIT_ULL(VIRTIO_BALLOON_F_REPORTING)
#define OTHERS		(BIT_ULL(VIRTIO_BALLOON_F_MUST_TELL_HOST) |	\
			 BIT_ULL(VIRTIO_BALLOON_F_PAGE_POISON) | BIT_ULL(32))

TEST(queues_are_numbered_one_after_the_other)
{
	const struct {
		u64 features;
		enum hs_balloon_queue queue[HS_BALLOON_QUEUES + 1];
	} t[] = {
		{ 0, { HS_BALLOON_INFLATE, HS_BALLOON_DEFLATE, HS_BALLOON_NO_QUEUE,
		       HS_BALLOON_NO_QUEUE, HS_BALLOON_NO_QUEUE, HS_BALLOON_NO_QUEUE } },
		{ STATS, { HS_BALLOON_INFLATE, HS_BALLOON_DEFLATE, HS_BALLOON_STATS_QUEUE,
			   HS_BALLOON_NO_QUEUE, HS_BALLOON_NO_QUEUE, HS_BALLOON_NO_QUEUE } },
		{ REPORTING, { HS_BALLOON_INFLATE, HS_BALLOON_DEFLATE, HS_BALLOON_REPORTING,
			       HS_BALLOON_NO_QUEUE, HS_BALLOON_REPORTING,
			       HS_BALLOON_NO_QUEUE } },
		{ STATS | REPORTING, { HS_BALLOON_INFLATE, HS_BALLOON_DEFLATE,
				       HS_BALLOON_STATS_QUEUE, HS_BALLOON_REPORTING,
				       HS_BALLOON_REPORTING, HS_BALLOON_NO_QUEUE } },
	};
	unsigned int i, q;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		for (q = 0; q <= HS_BALLOON_QUEUES; q++) {
			EXPECT_EQ(hs_balloon_queue_of(t[i].features, q), t[i].queue[q]);
			EXPECT_EQ(hs_balloon_queue_of(t[i].features | OTHERS, q),
				  t[i].queue[q]);
		}
}

static unsigned int ranges(const u32 *pfn, unsigned int n, struct hs_gmem_range *r)
{
	return hs_balloon_ranges((const u8 *)pfn, n, r);
}

TEST(neighbours_become_ranges)
{
	struct hs_gmem_range r[8];
	const u32 up[] = { 5, 6, 7, 100, 9, 8 }, down[] = { 3, 2, 1, 0, 0xffffffff, 0 };
	const u32 same[] = { 4, 4, 5, 5 };

	ASSERT_EQ(ranges(up, 6, r), 3);
	EXPECT_EQ(r[0].gpa, 0x5000);
	EXPECT_EQ(r[0].pages, 3);
	EXPECT_EQ(r[1].gpa, 0x64000);
	EXPECT_EQ(r[1].pages, 1);
	EXPECT_EQ(r[2].gpa, 0x8000);
	EXPECT_EQ(r[2].pages, 2);
	ASSERT_EQ(ranges(down, 6, r), 3);
	EXPECT_EQ(r[0].gpa, 0);
	EXPECT_EQ(r[0].pages, 4);
	EXPECT_EQ(r[1].gpa, 0xffffffffULL << 12);
	EXPECT_EQ(r[2].gpa, 0);
	ASSERT_EQ(ranges(same, 4, r), 3);
	EXPECT_EQ(r[1].gpa, 0x4000);
	EXPECT_EQ(r[1].pages, 2);
	EXPECT_EQ(ranges(up, 0, r), 0);
}

TEST(reports_count_whole_pages)
{
	const struct hs_vseg seg[] = {
		{ 0x200000, 0x200000 },
		{ 0x1800, 0x1fff },	/* one whole page */
		{ 0x3800, 0x17ff },	/* none, by one byte */
		{ 0x5000, 0xfff },
		{ 0x6001, 0xfff },
		{ ~0ULL, 0x2000 },	/* wraps */
		{ 0xfffffffffffff000ULL, 0xfffff000 },
		{ 0x7000, 0xffffffff },
	};
	struct hs_gmem_range r[ARRAY_SIZE(seg)];

	ASSERT_EQ(hs_balloon_reported(seg, ARRAY_SIZE(seg), r), 4);
	EXPECT_EQ(r[0].gpa, 0x200000);
	EXPECT_EQ(r[0].pages, 512);
	EXPECT_EQ(r[1].gpa, 0x2000);
	EXPECT_EQ(r[1].pages, 1);
	/* Not for this to judge. */
	EXPECT_EQ(r[2].gpa, 0xfffffffffffff000ULL);
	EXPECT_EQ(r[2].pages, 0xfffff);
	EXPECT_EQ(r[3].gpa, 0x7000);
	EXPECT_EQ(r[3].pages, 0xfffff);
}

static size_t stat_put(u8 *msg, size_t at, u16 tag, u64 val)
{
	put_unaligned_le16(tag, msg + at);
	put_unaligned_le64(val, msg + at + 2);
	return at + 10;
}

TEST(statistics)
{
	struct hs_balloon_stats s;
	u8 msg[100];
	size_t n = 0;

	n = stat_put(msg, n, VIRTIO_BALLOON_S_MEMFREE, 1000);
	n = stat_put(msg, n, VIRTIO_BALLOON_S_MEMTOT, 0x123456789abcdefULL);
	n = stat_put(msg, n, HS_BALLOON_STATS, 7);
	n = stat_put(msg, n, 0xffff, 8);
	n = stat_put(msg, n, VIRTIO_BALLOON_S_MEMFREE, 2000);
	n = stat_put(msg, n, HS_BALLOON_STATS - 1, 9);
	hs_balloon_stats_parse(&s, msg, n);
	EXPECT_EQ(s.has, BIT(VIRTIO_BALLOON_S_MEMFREE) | BIT(VIRTIO_BALLOON_S_MEMTOT) |
			 BIT(HS_BALLOON_STATS - 1));
	EXPECT_EQ(s.val[VIRTIO_BALLOON_S_MEMFREE], 2000);
	EXPECT_EQ(s.val[VIRTIO_BALLOON_S_MEMTOT], 0x123456789abcdefULL);
	EXPECT_EQ(s.val[HS_BALLOON_STATS - 1], 9);
	/* A part of an entry is none, and what was said before is gone. */
	hs_balloon_stats_parse(&s, msg, 19);
	EXPECT_EQ(s.has, BIT(VIRTIO_BALLOON_S_MEMFREE));
	EXPECT_EQ(s.val[VIRTIO_BALLOON_S_MEMFREE], 1000);
	EXPECT_EQ(s.val[VIRTIO_BALLOON_S_MEMTOT], 0);
	hs_balloon_stats_parse(&s, msg, 0);
	EXPECT_EQ(s.has, 0);
}

TEST(configuration)
{
	const size_t actual = offsetof(struct virtio_balloon_config, actual);
	const size_t poison = offsetof(struct virtio_balloon_config, poison_val);
	u8 c[HS_BALLOON_CONFIG_LEN] = { 1, 2, 3, 4 }, old[sizeof(c)];

	EXPECT_EQ(sizeof(struct virtio_balloon_config), HS_BALLOON_CONFIG_LEN);
	EXPECT_EQ(hs_balloon_config_write(c, actual, 4, 0x11223344), HS_BALLOON_ACTUAL);
	EXPECT_EQ(get_unaligned_le32(c + actual), 0x11223344);
	EXPECT_EQ(hs_balloon_config_write(c, actual + 2, 1, 0xff), HS_BALLOON_ACTUAL);
	EXPECT_EQ(get_unaligned_le32(c + actual), 0x11ff3344);
	EXPECT_EQ(hs_balloon_config_write(c, poison, 4, 0xaaaaaaaa), HS_BALLOON_POISON);
	EXPECT_EQ(get_unaligned_le32(c + poison), 0xaaaaaaaa);
	memcpy(old, c, sizeof(c));
	EXPECT_EQ(hs_balloon_config_write(c, 0, 4, 0x55555555), 0);
	EXPECT_EQ(hs_balloon_config_write(c, 8, 4, 0x55555555), 0);
	EXPECT_EQ(hs_balloon_config_write(c, sizeof(c), 4, 0x55555555), 0);
	EXPECT_EQ(hs_balloon_config_write(c, 0xffffffff, 4, 0x55555555), 0);
	EXPECT_EQ(memcmp(old, c, sizeof(c)), 0);
	/* Across a border: only what is the driver's. */
	EXPECT_EQ(hs_balloon_config_write(c, actual - 2, 4, 0x77778888), HS_BALLOON_ACTUAL);
	EXPECT_EQ(get_unaligned_le32(c), 0x04030201);
	EXPECT_EQ(get_unaligned_le32(c + actual), 0x11ff7777);
}

TEST_HARNESS_MAIN
