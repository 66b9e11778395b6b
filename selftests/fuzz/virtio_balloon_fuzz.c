// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer for what a balloon's driver says.
 *
 * Input: a byte that says what the rest is: page numbers, segments of a report,
 * statistics, or writes to the configuration.  Ranges hold the very pages that were
 * named, and nothing is written beside what belongs to the driver.
 */
#include <stdlib.h>
#include <linux/virtio_balloon.h>
#include "dev/virtio_balloon_core.h"

#define CHECK(cond)	do { if (!(cond)) __builtin_trap(); } while (0)

static void pages(const u8 *data, unsigned int n)
{
	struct hs_gmem_range *r = malloc(n * sizeof(*r) ?: 1);
	unsigned int used = hs_balloon_ranges(data, n, r), i, k;
	u64 sum = 0;

	CHECK(used <= n);
	for (i = 0; i < used; i++)
		sum += r[i].pages;
	CHECK(sum == n);
	/* In the order they came: each range covers the next few numbers. */
	for (i = 0, k = 0; i < used; i++) {
		u64 end = r[i].gpa + r[i].pages * 4096, j;

		CHECK(r[i].pages && end > r[i].gpa && !(r[i].gpa & 4095));
		for (j = 0; j < r[i].pages; j++, k++) {
			u64 gpa = (u64)get_unaligned_le32(data + 4 * k) << 12;

			CHECK(gpa >= r[i].gpa && gpa < end);
		}
	}
	free(r);
}

static void report(const u8 *data, unsigned int n)
{
	struct hs_vseg *seg = malloc(n * sizeof(*seg) ?: 1);
	struct hs_gmem_range *r = malloc(n * sizeof(*r) ?: 1);
	unsigned int i, k, used;

	for (i = 0; i < n; i++) {
		seg[i].gpa = get_unaligned_le64(data + 12 * i);
		seg[i].len = get_unaligned_le32(data + 12 * i + 8);
	}
	used = hs_balloon_reported(seg, n, r);
	CHECK(used <= n);
	for (i = 0, k = 0; i < used; i++, k++) {
		/* Not a byte beside the segment that it comes from. */
		CHECK(r[i].pages && !(r[i].gpa & 4095));
		while (k < n && !(seg[k].gpa <= r[i].gpa &&
				  r[i].gpa - seg[k].gpa + (r[i].pages << 12) <= seg[k].len))
			k++;
		CHECK(k < n);
	}
	free(seg);
	free(r);
}

static void stats(const u8 *data, size_t len)
{
	struct {
		struct hs_balloon_stats s;
		u64 guard;
	} g = { .guard = 0x5a5a5a5a5a5a5a5a };
	unsigned int i;

	hs_balloon_stats_parse(&g.s, data, len);
	CHECK(g.guard == 0x5a5a5a5a5a5a5a5a && !(g.s.has >> HS_BALLOON_STATS));
	for (i = 0; i < HS_BALLOON_STATS; i++)
		CHECK(!g.s.val[i] || g.s.has & BIT(i));
}

static void config(const u8 *data, size_t len)
{
	u8 *c = calloc(1, HS_BALLOON_CONFIG_LEN);

	for (; len >= 9; data += 9, len -= 9)
		hs_balloon_config_write(c, get_unaligned_le32(data), 1 << data[4] % 3,
					get_unaligned_le32(data + 5));
	CHECK(!get_unaligned_le32(c));
	CHECK(!get_unaligned_le32(c + offsetof(struct virtio_balloon_config,
					       free_page_hint_cmd_id)));
	free(c);
}

/* Each queue that there is has one purpose, and each optional purpose a feature. */
static void queues(u64 features)
{
	enum hs_balloon_queue q;
	unsigned int i;

	for (i = 0; i < HS_BALLOON_QUEUES + 2; i++) {
		q = hs_balloon_queue_of(features, i);
		CHECK(q <= HS_BALLOON_NO_QUEUE);
		CHECK((i < 2) == (q == HS_BALLOON_INFLATE || q == HS_BALLOON_DEFLATE));
		if (q == HS_BALLOON_STATS_QUEUE)
			CHECK(features & BIT_ULL(VIRTIO_BALLOON_F_STATS_VQ));
		if (q == HS_BALLOON_REPORTING)
			CHECK(features & BIT_ULL(VIRTIO_BALLOON_F_REPORTING));
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	if (!len)
		return 0;
	queues(*data >> 2);
	len--;
	switch (*data++ & 3) {
	case 0:
		pages(data, len / 4);
		break;
	case 1:
		report(data, len / 12);
		break;
	case 2:
		stats(data, len);
		break;
	case 3:
		config(data, len);
		break;
	}
	return 0;
}
