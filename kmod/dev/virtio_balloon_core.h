/* SPDX-License-Identifier: GPL-2.0 */
/* What a balloon's driver says, and in which queue (virtio 1.2, 5.5).  Pure. */
#ifndef HS_DEV_VIRTIO_BALLOON_CORE_H
#define HS_DEV_VIRTIO_BALLOON_CORE_H

#include "pure.h"
#include "dev/vring.h"
#include "ept/gmem.h"

#define HS_BALLOON_QUEUES	5
#define HS_BALLOON_CONFIG_LEN	16
#define HS_BALLOON_STATS	16	/* tags that are kept; Linux has fewer */

enum hs_balloon_queue {
	HS_BALLOON_INFLATE,
	HS_BALLOON_DEFLATE,
	HS_BALLOON_STATS_QUEUE,
	HS_BALLOON_REPORTING,
	HS_BALLOON_NO_QUEUE,
};

/**
 * struct hs_balloon_stats - what the guest says of its memory
 * @val: by tag, VIRTIO_BALLOON_S_*
 * @has: bit per tag: said in the last message
 */
struct hs_balloon_stats {
	u64 val[HS_BALLOON_STATS];
	u32 has;
};

/* What a write to the configuration changed; bits. */
#define HS_BALLOON_ACTUAL	BIT(0)
#define HS_BALLOON_POISON	BIT(1)

enum hs_balloon_queue hs_balloon_queue_of(u64 features, unsigned int index);
unsigned int hs_balloon_ranges(const u8 *pfn, unsigned int n, struct hs_gmem_range *r);
unsigned int hs_balloon_reported(const struct hs_vseg *seg, unsigned int n,
				 struct hs_gmem_range *r);
void hs_balloon_stats_parse(struct hs_balloon_stats *s, const u8 *msg, size_t len);
unsigned int hs_balloon_config_write(u8 *config, u32 off, unsigned int size, u32 val);

#endif /* HS_DEV_VIRTIO_BALLOON_CORE_H */
