/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all virtio devices share (virtio 1.2; over PCI: 4.1): status, features,
 * queues, interrupts, and how they reach guest memory.
 *
 * A device embeds struct hs_vdev, fills in what is marked so below, and calls
 * hs_vdev_add().  From then on its operations are called:
 *
 *	start	once the driver has said DRIVER_OK; features and queues stand
 *	kick	for a queue that the driver notified, and once for each queue
 *		after start; never for one queue twice at the same time.  It pops
 *		until there is nothing more, or calls hs_vq_queue() before it
 *		returns: else nobody calls it again
 *	stop	after start only; when it returns, nothing of the device works on
 *		guest memory, and no buffer popped before is pushed any more
 *
 * These run in process context (kick on a workqueue, with the memory group of
 * the VM's creator active), may sleep and allocate; start and stop never at the
 * same time.  A driver's reset (status 0) is carried out behind its back, as stop
 * may wait for a disk: status reads as not 0 until it is done (4.1.4.3.1).
 *
 * Locks: vdev->lock (mutex: status, features, the queue being set up) >
 * vq->lock (mutex: the ring) > what guest memory takes.  start, kick and stop
 * are called without them.
 */
#ifndef HS_DEV_VIRTIO_H
#define HS_DEV_VIRTIO_H

#include <linux/bvec.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include "dev/pci.h"
#include "dev/virtio_core.h"
#include "dev/vring.h"

struct hs_board;
struct hs_gmem;
struct hs_vdev;

/**
 * struct hs_vq - a virtqueue of a device
 * @d, @index: whose it is
 * @lock: the ring
 * @ring: valid while @live
 * @live: the driver enabled it and DRIVER_OK is set; cleared before stop, and
 *	when the device breaks
 * @fresh: nobody has looked into the ring since it was notified; with @lock
 * @work: calls the device's kick
 * @credit, @notified, @waited, @waiting, @waits: see virtio_batch.h; whether
 *	notifications wait, that there was one, that it did, that it waits now, where
 */
struct hs_vq {
	struct hs_vdev *d;
	unsigned int index;
	struct mutex lock;
	struct hs_vring ring;
	bool live, fresh;
	struct delayed_work work;
	int credit;
	bool notified, waited;
	int waiting;
	struct llist_node waits;
};

/**
 * struct hs_vdev_ops - a kind of device
 * @features_ok: whether this set can be worked with, beyond being a subset of
 *	what is offered; optional
 * @config_write: the driver wrote @size (1, 2, 4) bytes at @off of the
 *	configuration; within its length; optional; called with vdev->lock
 * @config_reset: the configuration is to be as at power-on, at each reset, also of
 *	a device that had not been started; optional; called with vdev->lock
 * @start, @kick, @stop: see above; start and stop are optional
 */
struct hs_vdev_ops {
	bool (*features_ok)(struct hs_vdev *d, u64 features);
	void (*config_write)(struct hs_vdev *d, u32 off, unsigned int size, u32 val);
	void (*config_reset)(struct hs_vdev *d);
	void (*start)(struct hs_vdev *d);
	void (*kick)(struct hs_vdev *d, unsigned int q);
	void (*stop)(struct hs_vdev *d);
};

/* Counters of a device since it was made; kicks and signals by virtio.c. */
struct hs_vdev_stats {
	atomic64_t requests;	/* buffers served */
	atomic64_t read_bytes;	/* from the host to the guest */
	atomic64_t write_bytes;	/* from the guest to the host */
	atomic64_t errors;	/* requests that failed */
	atomic64_t kicks;	/* notifications by the driver */
	atomic64_t signals;	/* interrupts sent to the driver */
};

/**
 * struct hs_vdev - a virtio device
 *
 * Filled in by the device before hs_vdev_add(), constant after it:
 * @ops: its kind
 * @id: virtio device id (5): 1 net, 2 block, 3 console, 4 entropy, 5 balloon
 * @class: PCI class, 24 bits
 * @offer: features, VERSION_1, INDIRECT_DESC and EVENT_IDX among them
 * @nr_queues: 1..HS_VIRTIO_QUEUES
 * @batch: bits of queues whose buffers may wait a moment for more of them
 * @queue_size: entries of each, what the driver may have at most
 * @config, @config_len: the configuration space, little-endian; the device
 *	changes it by hs_vdev_config_set()
 *
 * For the device to read:
 * @board, @features (negotiated; stand from start on), @vq, @stats
 */
struct hs_vdev {
	const struct hs_vdev_ops *ops;
	u16 id;
	u32 class;
	u64 offer;
	unsigned int nr_queues;
	u32 batch;
	u16 queue_size[HS_VIRTIO_QUEUES];
	u8 *config;
	u32 config_len;

	struct hs_board *board;
	u64 features;
	struct hs_vq *vq;		/* [nr_queues] */
	struct hs_vdev_stats stats;

	/* virtio.c's own */
	struct mutex lock;
	struct hs_virtio_core core;
	struct hs_pci_func *pci;
	struct work_struct life_work;
	unsigned int todo;		/* HS_VIRTIO_DO_* for life_work; under lock */
	bool started;			/* life_work's own */
	raw_spinlock_t isr_lock;
	u8 isr;
	const char *broken;
};

/*
 * Puts the device on the bus, or takes it off: no vCPU runs.  0, or what
 * hs_pci_add() said.  After hs_vdev_del() no operation runs or will.
 */
int hs_vdev_add(struct hs_board *b, struct hs_vdev *d, unsigned int slot);
void hs_vdev_del(struct hs_vdev *d);
/* Machine reset: waits until the device is as at power-on.  No vCPU runs. */
void hs_vdev_reset(struct hs_vdev *d);

static inline bool hs_vdev_has(const struct hs_vdev *d, unsigned int feature)
{
	return d->features & BIT_ULL(feature);
}

/*
 * Changes the configuration, with a new generation and, if a driver is at work,
 * a configuration interrupt.  Process context, without vdev->lock.
 */
void hs_vdev_config_set(struct hs_vdev *d, u32 off, const void *src, u32 len);

/*
 * The driver broke a rule that the ring does not know: DEVICE_NEEDS_RESET, and
 * no further kick.  @why is a literal.  Process context.
 */
void hs_vdev_break(struct hs_vdev *d, const char *why);

/*
 * The next buffer of a queue.  1: *@c is filled; 0: none, and the driver will
 * notify when there is; negative: the queue is of no use now (broken, which has
 * been told, or the VM ends).  Process context.
 */
int hs_vq_pop(struct hs_vq *vq, struct hs_vchain *c);
/* The last @n popped are as not popped. */
void hs_vq_unpop(struct hs_vq *vq, u16 n);
/* Gives buffers back, all at once, and signals the driver if it wants that. */
void hs_vq_push(struct hs_vq *vq, u16 head, u32 written);
void hs_vq_push_many(struct hs_vq *vq, const u16 *head, const u32 *written, u16 n);
/* The same in two steps: gives one back; signals for all since the last signal. */
void hs_vq_push_quiet(struct hs_vq *vq, u16 head, u32 written);
void hs_vq_tell(struct hs_vq *vq);
/* Calls kick for the queue soon.  Any context. */
void hs_vq_queue(struct hs_vq *vq);
void hs_vq_queue_later(struct hs_vq *vq, unsigned long delay);

/*
 * Bytes of a chain: from its out segments, to its in segments; @off counts from
 * the first of these.  Return bytes copied (less than @len where the chain ends)
 * or a negative errno.  Process context.
 */
ssize_t hs_vq_copy_from(struct hs_vq *vq, const struct hs_vchain *c, u64 off,
			void *dst, size_t len);
ssize_t hs_vq_copy_to(struct hs_vq *vq, const struct hs_vchain *c, u64 off,
		      const void *src, size_t len);

/*
 * Pins bytes [@off, @off + @len) of the out (@in false) or in segments of a
 * chain for I/O; at most @max vectors.  All or nothing: the number of vectors, or
 * -ENOBUFS (too many pages or pins: bounce), -EINVAL (the chain is shorter),
 * -EFAULT, -EINTR, -ENOMEM.  @in: the pages count as written.
 */
int hs_vq_pin(struct hs_vq *vq, const struct hs_vchain *c, bool in, u64 off, size_t len,
	      struct bio_vec *bv, unsigned int max);
void hs_vq_unpin(struct hs_vq *vq, bool in, struct bio_vec *bv, unsigned int n);

#endif /* HS_DEV_VIRTIO_H */
