// SPDX-License-Identifier: GPL-2.0
/*
 * Virtio devices: their life between a driver's first touch and its reset.
 *
 * One work item per device starts and stops it, so that these never overlap and
 * a vCPU that writes the status register waits for nothing.  One work item per
 * queue calls the device; a notification does no more than queue it.
 */
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include "dev/board.h"
#include "dev/devices.h"
#include "dev/virtio_batch.h"
#include "dev/virtio_priv.h"
#include "ept/gmem.h"

static int ring_read(void *mem, u64 gpa, void *dst, size_t len)
{
	return hs_gmem_read(mem, gpa, dst, len);
}

static int ring_write(void *mem, u64 gpa, const void *src, size_t len)
{
	return hs_gmem_write(mem, gpa, src, len);
}

static const struct hs_vring_ops ring_ops = {
	.read = ring_read,
	.write = ring_write,
};

static void vq_set_live(struct hs_vq *vq, bool live)
{
	mutex_lock(&vq->lock);
	WRITE_ONCE(vq->live, live);
	mutex_unlock(&vq->lock);
}

static void vq_work(struct work_struct *work)
{
	struct hs_vq *vq = container_of(work, struct hs_vq, work.work);
	struct hs_vdev *d = vq->d;
	bool notified = xchg(&vq->notified, false), waited = xchg(&vq->waited, false);
	struct mem_cgroup *old;
	u16 first;

	if (!READ_ONCE(vq->live))
		return;
	old = set_active_memcg(d->board->memcg);
	hs_vq_deaf(vq);
	/* Only kick takes buffers, so this moves by what it takes. */
	first = vq->ring.next_avail;
	d->ops->kick(d, vq->index);
	/* A run that goes on with the last one's work says nothing of notifications. */
	if (notified || waited)
		hs_batch_learn(&vq->credit, waited, (u16)(vq->ring.next_avail - first));
	set_active_memcg(old);
}

/**
 * hs_vq_queue_later() - call a queue's kick in a while
 * @vq: the queue
 * @delay: in jiffies
 *
 * Context: any.
 */
void hs_vq_queue_later(struct hs_vq *vq, unsigned long delay)
{
	queue_delayed_work(vq->d->board->virtio_wq, &vq->work, delay);
}

/**
 * hs_vq_queue() - call a queue's kick soon
 * @vq: the queue
 *
 * Context: any.
 */
void hs_vq_queue(struct hs_vq *vq)
{
	hs_vq_queue_later(vq, 0);
}

/* Takes over what the driver has set up; with d->lock.  Not live yet. */
static bool vq_prepare(struct hs_vq *vq)
{
	const struct hs_virtio_queue *q = &vq->d->core.queue[vq->index];
	int err;

	if (!q->enabled)
		return true;
	mutex_lock(&vq->lock);
	vq->ring = (struct hs_vring){
		.ops = &ring_ops,
		.mem = vq->d->board->gmem,
		.desc = q->desc,
		.avail = q->avail,
		.used = q->used,
		.size = q->size,
		.indirect = hs_vdev_has(vq->d, HS_VIRTIO_F_INDIRECT_DESC),
		.event_idx = hs_vdev_has(vq->d, HS_VIRTIO_F_EVENT_IDX),
	};
	err = hs_vring_start(&vq->ring);
	mutex_unlock(&vq->lock);
	return !err;
}

static void vdev_start(struct hs_vdev *d)
{
	const char *why = NULL;
	unsigned int i;

	mutex_lock(&d->lock);
	d->features = d->core.driver_features;
	for (i = 0; i < d->nr_queues; i++)
		if (!vq_prepare(&d->vq[i]))
			why = d->vq[i].ring.broken;
	mutex_unlock(&d->lock);

	d->started = true;
	if (d->ops->start)
		d->ops->start(d);
	if (why) {
		hs_vdev_break(d, why);
		return;
	}
	/*
	 * Only now: a notification that came before must find no device half made.
	 * What it announced is looked at here.
	 */
	for (i = 0; i < d->nr_queues; i++) {
		if (!d->core.queue[i].enabled)
			continue;
		vq_set_live(&d->vq[i], true);
		hs_vq_queue(&d->vq[i]);
	}
}

static void vdev_stop(struct hs_vdev *d)
{
	unsigned int i;

	for (i = 0; i < d->nr_queues; i++)
		vq_set_live(&d->vq[i], false);
	hs_batch_flush(d->board);
	for (i = 0; i < d->nr_queues; i++)
		cancel_delayed_work_sync(&d->vq[i].work);
	if (d->started && d->ops->stop)
		d->ops->stop(d);
	/* What ran until now may have asked for a kick; no queue is live. */
	for (i = 0; i < d->nr_queues; i++)
		cancel_delayed_work_sync(&d->vq[i].work);
	d->started = false;

	mutex_lock(&d->lock);
	if (d->ops->config_reset)
		d->ops->config_reset(d);
	d->features = 0;
	WRITE_ONCE(d->broken, NULL);
	hs_virtio_core_reset(&d->core);
	hs_vdev_isr_clear(d);
	mutex_unlock(&d->lock);
}

static void life_work(struct work_struct *work)
{
	struct hs_vdev *d = container_of(work, struct hs_vdev, life_work);
	struct mem_cgroup *old;
	unsigned int todo;

	mutex_lock(&d->lock);
	todo = d->todo;
	d->todo = 0;
	mutex_unlock(&d->lock);

	old = set_active_memcg(d->board->memcg);
	/* A reset undoes a start that was asked for before it. */
	if (todo & HS_VIRTIO_DO_RESET)
		vdev_stop(d);
	else if (todo & HS_VIRTIO_DO_START)
		vdev_start(d);
	set_active_memcg(old);
}

/**
 * hs_vdev_do() - carry out what a write to the registers asks for
 * @d: the device
 * @todo: HS_VIRTIO_DO_*
 *
 * Context: process, with d->lock.
 */
void hs_vdev_do(struct hs_vdev *d, unsigned int todo)
{
	u64 features = d->core.driver_features;

	lockdep_assert_held(&d->lock);
	if (todo & HS_VIRTIO_DO_FEATURES)
		hs_virtio_core_features_done(&d->core, !d->ops->features_ok ||
						       d->ops->features_ok(d, features));
	todo &= HS_VIRTIO_DO_START | HS_VIRTIO_DO_RESET;
	/* Not frozen: who ends a VM waits for it, and may itself be to freeze. */
	if (todo) {
		d->todo |= todo;
		queue_work(system_unbound_wq, &d->life_work);
	}
}

/**
 * hs_vdev_reset() - as at power-on
 * @d: the device
 *
 * Waits for what it is at.
 *
 * Context: process; no vCPU runs.
 */
void hs_vdev_reset(struct hs_vdev *d)
{
	might_sleep();
	mutex_lock(&d->lock);
	d->core.resetting = true;
	hs_vdev_do(d, HS_VIRTIO_DO_RESET);
	mutex_unlock(&d->lock);
	flush_work(&d->life_work);
}

/**
 * hs_vdev_break() - the driver broke a rule: DEVICE_NEEDS_RESET
 * @d: the device
 * @why: what it did, a literal
 *
 * The first reason counts.  No kick comes any more; buffers that are out are not
 * given back.  The driver is told by a configuration interrupt (2.1.2).
 *
 * Context: process, without d->lock and without the lock of a queue.
 */
void hs_vdev_break(struct hs_vdev *d, const char *why)
{
	unsigned int i;

	for (i = 0; i < d->nr_queues; i++)
		vq_set_live(&d->vq[i], false);
	mutex_lock(&d->lock);
	if (!d->broken && !d->core.resetting) {
		WRITE_ONCE(d->broken, why);
		d->core.status |= HS_VIRTIO_S_NEEDS_RESET;
		if (d->core.status & HS_VIRTIO_S_DRIVER_OK)
			hs_vdev_signal_config(d);
	}
	mutex_unlock(&d->lock);
}

/**
 * hs_vdev_config_set() - change the configuration space
 * @d: the device
 * @off: where
 * @src: what to
 * @len: how many bytes; all within the configuration
 *
 * Context: process, without d->lock.
 */
void hs_vdev_config_set(struct hs_vdev *d, u32 off, const void *src, u32 len)
{
	if (WARN_ON_ONCE(off > d->config_len || len > d->config_len - off))
		return;
	mutex_lock(&d->lock);
	if (memcmp(d->config + off, src, len)) {
		memcpy(d->config + off, src, len);
		d->core.generation++;
		if (d->core.status & HS_VIRTIO_S_DRIVER_OK)
			hs_vdev_signal_config(d);
	}
	mutex_unlock(&d->lock);
}

static void vdev_free(struct hs_vdev *d)
{
	unsigned int i;

	for (i = 0; i < d->nr_queues; i++)
		mutex_destroy(&d->vq[i].lock);
	mutex_destroy(&d->lock);
	kfree(d->vq);
	d->vq = NULL;
}

/**
 * hs_vdev_add() - put a device on the bus
 * @b: the board; no vCPU runs
 * @d: the device, filled in as struct hs_vdev says
 * @slot: 1-31, or 0: the first that is free
 *
 * Context: process.
 * Return: 0, -ENOMEM, or what hs_pci_add() said.
 */
int hs_vdev_add(struct hs_board *b, struct hs_vdev *d, unsigned int slot)
{
	unsigned int i;
	int err;

	might_sleep();
	d->vq = kcalloc(d->nr_queues, sizeof(*d->vq), GFP_KERNEL_ACCOUNT);
	if (!d->vq)
		return -ENOMEM;
	d->board = b;
	mutex_init(&d->lock);
	raw_spin_lock_init(&d->isr_lock);
	INIT_WORK(&d->life_work, life_work);
	for (i = 0; i < d->nr_queues; i++) {
		d->vq[i].d = d;
		d->vq[i].index = i;
		mutex_init(&d->vq[i].lock);
		INIT_DELAYED_WORK(&d->vq[i].work, vq_work);
	}
	hs_virtio_core_init(&d->core, d->offer, d->nr_queues, d->queue_size,
			    d->nr_queues + 1);
	err = hs_vdev_pci_add(d, slot);
	if (err)
		vdev_free(d);
	return err;
}

/**
 * hs_vdev_del() - take a device off the bus
 * @d: the device; no vCPU runs
 *
 * Waits for what it is at; no operation of it runs after that.
 *
 * Context: process.
 */
void hs_vdev_del(struct hs_vdev *d)
{
	hs_vdev_reset(d);
	hs_pci_remove(d->pci);
	vdev_free(d);
}
