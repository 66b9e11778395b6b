// SPDX-License-Identifier: GPL-2.0
/* What a balloon's driver says: see virtio_balloon_core.h. */
#include <linux/virtio_balloon.h>
#include "dev/virtio_balloon_core.h"

#define PAGE_BYTES	(1UL << VIRTIO_BALLOON_PFN_SHIFT)
/* struct virtio_balloon_stat: le16 tag, le64 value, no padding. */
#define STAT_LEN	10
/* Queues without a feature of their own. */
#define FIRST_OPTIONAL	2
/* Of the queues that 5.5.2 numbers, whatever was negotiated. */
#define FIXED_REPORTING	4

static bool has(u64 features, unsigned int bit)
{
	return features & BIT_ULL(bit);
}

/**
 * hs_balloon_queue_of() - what a queue is for
 * @features: negotiated
 * @index: of the queue
 *
 * Linux numbers the optional queues one after the other, as far as they were
 * negotiated; 5.5.2 gives each a number of its own.  The two differ for reporting
 * alone, as free page hints are not offered, and do not contradict each other.
 *
 * Return: the queue, or HS_BALLOON_NO_QUEUE.
 */
enum hs_balloon_queue hs_balloon_queue_of(u64 features, unsigned int index)
{
	unsigned int next = FIRST_OPTIONAL;

	if (index == 0)
		return HS_BALLOON_INFLATE;
	if (index == 1)
		return HS_BALLOON_DEFLATE;
	if (has(features, VIRTIO_BALLOON_F_STATS_VQ) && index == next++)
		return HS_BALLOON_STATS_QUEUE;
	if (has(features, VIRTIO_BALLOON_F_REPORTING) &&
	    (index == next || index == FIXED_REPORTING))
		return HS_BALLOON_REPORTING;
	return HS_BALLOON_NO_QUEUE;
}

/**
 * hs_balloon_ranges() - page numbers as ranges
 * @pfn: @n le32, in units of 4 KiB
 * @n: how many
 * @r: filled in, room for @n
 *
 * Neighbours that follow each other, up or down, become one range.  Whether
 * they are RAM is not judged here.
 *
 * Return: how many ranges.
 */
unsigned int hs_balloon_ranges(const u8 *pfn, unsigned int n, struct hs_gmem_range *r)
{
	unsigned int i, used = 0;

	for (i = 0; i < n; i++) {
		u64 gpa = (u64)get_unaligned_le32(pfn + 4 * i) << VIRTIO_BALLOON_PFN_SHIFT;
		struct hs_gmem_range *last = used ? &r[used - 1] : NULL;

		if (last && gpa == last->gpa + last->pages * PAGE_BYTES) {
			last->pages++;
		} else if (last && last->gpa && gpa == last->gpa - PAGE_BYTES) {
			last->gpa = gpa;
			last->pages++;
		} else {
			r[used++] = (struct hs_gmem_range){ gpa, 1 };
		}
	}
	return used;
}

/**
 * hs_balloon_reported() - segments of a report as ranges
 * @seg: they
 * @n: how many
 * @r: filled in, room for @n
 *
 * Only whole pages count; a segment that has none is left out.
 *
 * Return: how many ranges.
 */
unsigned int hs_balloon_reported(const struct hs_vseg *seg, unsigned int n,
				 struct hs_gmem_range *r)
{
	unsigned int i, used = 0;

	for (i = 0; i < n; i++) {
		u64 skip = -seg[i].gpa & (PAGE_BYTES - 1);

		if (skip >= seg[i].len || seg[i].gpa + skip < seg[i].gpa)
			continue;
		r[used].gpa = seg[i].gpa + skip;
		r[used].pages = (seg[i].len - skip) >> VIRTIO_BALLOON_PFN_SHIFT;
		if (r[used].pages)
			used++;
	}
	return used;
}

/**
 * hs_balloon_stats_parse() - a message of statistics
 * @s: filled in; what the message does not say is gone
 * @msg: its bytes
 * @len: how many
 *
 * Tags that are not known are passed over; of one that is said twice the last
 * value counts (5.5.6.3).
 */
void hs_balloon_stats_parse(struct hs_balloon_stats *s, const u8 *msg, size_t len)
{
	memset(s, 0, sizeof(*s));
	for (; len >= STAT_LEN; msg += STAT_LEN, len -= STAT_LEN) {
		unsigned int tag = get_unaligned_le16(msg);

		if (tag >= HS_BALLOON_STATS)
			continue;
		tag = array_index_nospec(tag, HS_BALLOON_STATS);
		s->val[tag] = get_unaligned_le64(msg + 2);
		s->has |= BIT(tag);
	}
}

static bool within(u32 at, size_t field)
{
	return at >= field && at < field + sizeof(__le32);
}

/**
 * hs_balloon_config_write() - the driver writes to the configuration
 * @config: HS_BALLOON_CONFIG_LEN bytes
 * @off: where
 * @size: 1, 2 or 4 bytes
 * @val: what
 *
 * It may write its number of pages and its poison value (5.5.4); of anything else
 * nothing is kept.
 *
 * Return: HS_BALLOON_* of what it touched.
 */
unsigned int hs_balloon_config_write(u8 *config, u32 off, unsigned int size, u32 val)
{
	unsigned int i, what = 0;

	for (i = 0; i < size; i++, val >>= 8) {
		/* In 64 bits: an offset near the end must not come round. */
		u64 at = (u64)off + i;

		if (at >= HS_BALLOON_CONFIG_LEN)
			break;
		if (within(at, offsetof(struct virtio_balloon_config, actual)))
			what |= HS_BALLOON_ACTUAL;
		else if (within(at, offsetof(struct virtio_balloon_config, poison_val)))
			what |= HS_BALLOON_POISON;
		else
			continue;
		config[array_index_nospec(at, HS_BALLOON_CONFIG_LEN)] = val;
	}
	return what;
}
