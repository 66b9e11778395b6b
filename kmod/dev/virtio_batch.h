/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Notifications that wait a moment, so that more buffers come with them.
 *
 * Where the host's CPUs are all in use, whoever serves a queue takes the CPU of
 * the vCPU that notified.  A driver that has more to send then sends it one by
 * one, each with an exit and two context switches.  So, where it is seen to pay,
 * a notification only marks the queue: it is served when a vCPU halts, or after
 * HS_BATCH_NS.  The driver goes on meanwhile, and does not notify again, as the
 * queue has not asked it to.
 */
#ifndef HS_DEV_VIRTIO_BATCH_H
#define HS_DEV_VIRTIO_BATCH_H

#include "pure.h"

struct hs_board;

#define HS_BATCH_NS	20000

/* Of hs_batch_learn(). */
#define HS_BATCH_TRUST	8	/* the most credit */
#define HS_BATCH_LOSS	4	/* what a wait for nothing costs */
#define HS_BATCH_APART	64	/* notifications before the next trial */

/**
 * hs_batch_learn() - whether waiting pays
 * @credit: of the queue, 0 at first; its notifications wait while above 0
 * @waited: they had waited
 * @n: buffers that were there; 0 says nothing
 *
 * A queue of which more than one buffer is found without waiting is served by
 * another CPU: then waiting would cost time and save nothing.
 *
 * Context: any; callers exclude each other.
 */
static inline void hs_batch_learn(int *credit, bool waited, unsigned int n)
{
	int c = *credit;

	if (!n)
		return;
	if (waited && n > 1)
		c = min(c + 1, HS_BATCH_TRUST);
	else if (waited)
		c = c > HS_BATCH_LOSS ? c - HS_BATCH_LOSS : -HS_BATCH_APART;
	else if (n > 1)
		c = -HS_BATCH_APART;
	else if (c < 1)
		c++;
	WRITE_ONCE(*credit, c);
}

/* virtio_batch.c */
int hs_batch_init(struct hs_board *b);
void hs_batch_exit(struct hs_board *b);
void hs_batch_serve(struct hs_board *b);

#endif /* HS_DEV_VIRTIO_BATCH_H */
