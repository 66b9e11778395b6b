// SPDX-License-Identifier: GPL-2.0
/* Queues that wait a moment to be served; see virtio_batch.h. */
#include <linux/slab.h>
#include "compat/hrtimer.h"
#include "dev/board.h"
#include "dev/virtio_batch.h"
#include "dev/virtio_priv.h"

/**
 * struct hs_batch - the queues of a board that wait
 * @queues: they, linked by hs_vq.waits
 * @timer: runs while there may be any
 */
struct hs_batch {
	struct llist_head queues;
	struct hrtimer timer;
};

static void serve(struct hs_batch *batch)
{
	struct hs_vq *vq, *next;

	llist_for_each_entry_safe(vq, next, llist_del_all(&batch->queues), waits) {
		WRITE_ONCE(vq->waited, true);
		/* From here on it may be in the list again. */
		smp_store_release(&vq->waiting, 0);
		hs_vq_queue(vq);
	}
}

static enum hrtimer_restart elapsed(struct hrtimer *timer)
{
	serve(container_of(timer, struct hs_batch, timer));
	return HRTIMER_NORESTART;
}

/**
 * hs_vq_notified() - the driver notified: serve the queue now or in a moment
 * @vq: the queue
 *
 * Context: any; interrupts may be off.
 */
void hs_vq_notified(struct hs_vq *vq)
{
	struct hs_batch *batch = vq->d->board->batch;
	unsigned long flags;

	/* Without high resolution a moment would be a tick. */
	if (!(vq->d->batch & BIT(vq->index)) || READ_ONCE(vq->credit) <= 0 ||
	    hrtimer_resolution > HS_BATCH_NS) {
		WRITE_ONCE(vq->notified, true);
		hs_vq_queue(vq);
		return;
	}
	/* Who finds it waiting relies on the timer. */
	local_irq_save(flags);
	if (!xchg(&vq->waiting, 1) && llist_add(&vq->waits, &batch->queues))
		hrtimer_start(&batch->timer, ktime_add_ns(ktime_get(), HS_BATCH_NS),
			      HRTIMER_MODE_ABS_HARD);
	local_irq_restore(flags);
}

/**
 * hs_batch_serve() - serve all queues that wait
 * @b: the board; one of its vCPUs has nothing to do
 *
 * Context: process.
 */
void hs_batch_serve(struct hs_board *b)
{
	if (llist_empty(&b->batch->queues))
		return;
	hrtimer_try_to_cancel(&b->batch->timer);
	serve(b->batch);
}

/**
 * hs_batch_flush() - serve all queues that wait, and see the timer's function end
 * @b: the board
 *
 * While vCPUs run, one that halts may still be at serving a queue, and one that
 * notifies lets it wait again; a queue that is not live by then does nothing.
 *
 * Context: process.
 */
void hs_batch_flush(struct hs_board *b)
{
	hrtimer_cancel(&b->batch->timer);
	serve(b->batch);
}

/**
 * hs_batch_init() - for the queues of a board
 * @b: the board
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int hs_batch_init(struct hs_board *b)
{
	b->batch = kzalloc(sizeof(*b->batch), GFP_KERNEL_ACCOUNT);
	if (!b->batch)
		return -ENOMEM;
	init_llist_head(&b->batch->queues);
	hs_hrtimer_setup(&b->batch->timer, elapsed);
	return 0;
}

/**
 * hs_batch_exit() - undo hs_batch_init()
 * @b: the board, without queues; no vCPU runs
 *
 * Context: process.
 */
void hs_batch_exit(struct hs_board *b)
{
	if (b->batch)
		hrtimer_cancel(&b->batch->timer);
	kfree(b->batch);
	b->batch = NULL;
}
