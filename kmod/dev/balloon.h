/* SPDX-License-Identifier: GPL-2.0 */
/* The balloon of a board, for who decides how large it shall be. */
#ifndef HS_DEV_BALLOON_H
#define HS_DEV_BALLOON_H

#include "dev/virtio_balloon_core.h"

struct hs_board;

/**
 * struct hs_balloon_info - what a balloon holds
 * @target: bytes that the guest is asked to give
 * @actual: bytes that it says it has given
 * @ballooned: bytes of these that were dropped and have not been touched since;
 *	what the guest had never touched is not among them
 * @reported: the same of pages that it reported free
 * @stats: what it says of its memory
 * @stats_age_ns: how old that is; U64_MAX: it has said nothing
 */
struct hs_balloon_info {
	u64 target, actual, ballooned, reported;
	struct hs_balloon_stats stats;
	u64 stats_age_ns;
};

/* The caller's lock excludes adding and removing of devices; the VM may run. */
int hs_balloon_set_target(struct hs_board *b, u64 bytes);
bool hs_balloon_info(struct hs_board *b, struct hs_balloon_info *i);

#endif /* HS_DEV_BALLOON_H */
