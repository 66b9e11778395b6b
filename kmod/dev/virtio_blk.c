// SPDX-License-Identifier: GPL-2.0
/*
 * The block device (virtio 1.2, 5.2): its queues, its life, its size.
 *
 * A queue's work takes requests, answers those that need no storage, and hands
 * the others to virtio_blk_io.c.  Requests of a disk that are out are bounded by
 * the size of its queues.
 *
 * Stopping a disk, and so a reset of it, a forced stop of the VM and the removal
 * of the disk, waits until the storage has given back what it was asked for:
 * until then it may write to the guest's pages.  Storage that hangs holds its VM
 * in that state, as it would hold a process, and nobody else.
 *
 * The size of the file is looked at whenever the driver notifies, flushes, or
 * somebody asks about the device; a change becomes known to the driver by a
 * configuration interrupt.  So a guest that leaves its disk alone learns of a new
 * size with `vctl show`.
 */
#include <linux/blkdev.h>
#include <linux/cred.h>
#include <linux/delay.h>
#include <linux/slab.h>
#include <linux/virtio_blk.h>
#include "dev/board.h"
#include "dev/virtio_blk.h"
#include "dev/virtio_dev_priv.h"

#define CLASS_STORAGE	0x018000	/* mass storage, of no other kind */
#define ID_BLOCK	2		/* 5.2.1 */

/* Requests taken in one go, before others get their turn. */
#define KICK_BUDGET	64
/* Of answers, before the driver is told of them while others are looked at. */
#define TELL_BYTES	(128U << 10)
/* Requests of a disk that wait for storage in threads, direct I/O aside. */
#define THREADS_MAX	32
#define RETRY_MS	10

#define WCE		offsetof(struct virtio_blk_config, wce)

#define LOST		"a page of a request is lost"

/* Whether a write must be on the storage when it is answered. */
bool hs_blk_is_through(struct hs_blk *b)
{
	return hs_blk_writethrough(b->v.features, READ_ONCE(b->cfg[WCE]));
}

/**
 * hs_blk_refresh() - look at the size of the file
 * @b: the disk
 *
 * Context: process, without the device's lock.
 */
void hs_blk_refresh(struct hs_blk *b)
{
	__le64 le;
	u64 n;

	if (hs_blk_file_sectors(&b->f) == READ_ONCE(b->sectors))
		return;
	mutex_lock(&b->size_lock);
	n = hs_blk_file_sectors(&b->f);
	WRITE_ONCE(b->sectors, n);
	le = cpu_to_le64(n);
	hs_vdev_config_set(&b->v, offsetof(struct virtio_blk_config, capacity), &le, sizeof(le));
	mutex_unlock(&b->size_lock);
}

/**
 * hs_blk_retry() - wait a moment if the host has no memory
 * @b: the disk
 * @vq: the queue it is for
 * @err: what was said
 *
 * Context: process.
 * Return: whether to try again: @err is -ENOMEM, and there is still somebody who
 * waits for it.
 */
bool hs_blk_retry(struct hs_blk *b, struct hs_vq *vq, long err)
{
	struct hs_blk_queue *q = &b->q[vq->index];

	if (err != -ENOMEM || !READ_ONCE(vq->live) || READ_ONCE(b->stopping))
		return false;
	/* Those that have ended hold memory, and whoever waits here may be their reaper. */
	if (!llist_empty(&q->done))
		queue_work(b->v.board->virtio_wq, &q->reap);
	msleep(RETRY_MS);
	return true;
}

static ssize_t fetch(struct hs_blk *b, struct hs_vq *vq, const struct hs_vchain *c, u64 off,
		     void *dst, size_t len)
{
	ssize_t n;

	do {
		n = hs_vq_copy_from(vq, c, off, dst, len);
	} while (hs_blk_retry(b, vq, n));
	if (n == -EIO)
		hs_vdev_break(&b->v, LOST);
	return n;
}

static ssize_t store(struct hs_blk *b, struct hs_vq *vq, const struct hs_vchain *c, u64 off,
		     const void *src, size_t len)
{
	ssize_t n;

	do {
		n = hs_vq_copy_to(vq, c, off, src, len);
	} while (hs_blk_retry(b, vq, n));
	if (n == -EIO)
		hs_vdev_break(&b->v, LOST);
	return n;
}

/**
 * hs_blk_answer() - give a buffer back
 * @b: the disk
 * @vq: the queue
 * @c: the buffer
 * @status: VIRTIO_BLK_S_*
 *
 * The caller tells the driver, see hs_vq_tell().
 *
 * Context: process.
 */
void hs_blk_answer(struct hs_blk *b, struct hs_vq *vq, const struct hs_vchain *c, u8 status)
{
	if (status != VIRTIO_BLK_S_OK)
		atomic64_inc(&b->v.stats.errors);
	if (store(b, vq, c, c->in_len - 1, &status, 1) == 1)
		hs_vq_push_quiet(vq, c->head, min_t(u64, c->in_len, U32_MAX));
}

/**
 * hs_blk_ended() - a request is over
 * @b: the disk; may be gone when it returns, if this was the last
 * @vq: the queue it came from
 *
 * Context: process, in a work of the disk or of a queue of it.
 */
void hs_blk_ended(struct hs_blk *b, struct hs_vq *vq)
{
	struct hs_blk_queue *q = &b->q[vq->index];

	/* A full barrier, as the next; pairs with the one in has_room(). */
	atomic_dec_return(&q->inflight);
	if (xchg(&q->full, false))
		hs_vq_queue(vq);
	/* Who frees the disk waits for its works first: wake_up() is safe. */
	if (atomic_dec_and_test(&b->busy))
		wake_up(&b->idle);
}

static void began(struct hs_blk *b, struct hs_blk_queue *q)
{
	atomic_inc(&q->inflight);
	atomic_inc(&b->busy);
}

static bool has_room(struct hs_blk_queue *q)
{
	if (atomic_read(&q->inflight) < HS_BLK_QUEUE_SIZE)
		return true;
	WRITE_ONCE(q->full, true);
	/* Either the end of a request sees this, or we that it is over. */
	smp_mb();
	return atomic_read(&q->inflight) < HS_BLK_QUEUE_SIZE;
}

static void give_id(struct hs_blk *b, struct hs_vq *vq, const struct hs_vchain *c, size_t len)
{
	/* Of 20 bytes, and without a NUL if it is that long (5.2.6). */
	if (store(b, vq, c, 0, b->id, len) == len)
		hs_blk_answer(b, vq, c, VIRTIO_BLK_S_OK);
}

/* A request that needs the storage. */
static void take_io(struct hs_blk *b, struct hs_vq *vq, const struct hs_vchain *c,
		    const struct hs_blk_io *io, const struct hs_blk_range *r, unsigned int nr)
{
	struct hs_blk_queue *q = &b->q[vq->index];
	int err;

	began(b, q);
	do {
		err = hs_blk_submit(b, vq, c, io, r, nr);
	} while (hs_blk_retry(b, vq, err));
	if (err)
		hs_blk_ended(b, vq);
}

static void take_ranges(struct hs_blk *b, struct hs_vq *vq, const struct hs_vchain *c,
			const struct hs_blk_view *view, const struct hs_blk_io *io)
{
	u8 raw[HS_BLK_RANGES * HS_BLK_RANGE_LEN];
	struct hs_blk_range r[HS_BLK_RANGES];
	u8 status;

	if (fetch(b, vq, c, HS_BLK_HDR_LEN, raw, io->len) != io->len)
		return;
	status = hs_blk_ranges(view, io->op, raw, io->len, r);
	if (status)
		hs_blk_answer(b, vq, c, status);
	else
		take_io(b, vq, c, io, r, io->len / HS_BLK_RANGE_LEN);
}

static void take(struct hs_blk *b, struct hs_vq *vq, const struct hs_vchain *c)
{
	const struct hs_blk_view view = {
		.sectors = READ_ONCE(b->sectors),
		.features = b->v.features,
		.ro = b->ro,
	};
	const char *why = hs_blk_chain(c->out_len, c->in_len);
	u8 hdr[HS_BLK_HDR_LEN], status;
	struct hs_blk_io io;

	if (why) {
		hs_vdev_break(&b->v, why);
		return;
	}
	if (fetch(b, vq, c, 0, hdr, sizeof(hdr)) != sizeof(hdr))
		return;
	status = hs_blk_parse(&view, hdr, c->out_len, c->in_len, &io);
	if (status) {
		hs_blk_answer(b, vq, c, status);
		return;
	}
	switch (io.op) {
	case HS_BLK_GET_ID:
		give_id(b, vq, c, io.len);
		return;
	case HS_BLK_DISCARD:
	case HS_BLK_ZEROES:
		take_ranges(b, vq, c, &view, &io);
		return;
	case HS_BLK_FLUSH:
		/* Nothing that was written here can be lost. */
		if (b->ro)
			break;
		take_io(b, vq, c, &io, NULL, 0);
		return;
	default:
		if (!io.len)
			break;
		take_io(b, vq, c, &io, NULL, 0);
		return;
	}
	hs_blk_answer(b, vq, c, VIRTIO_BLK_S_OK);
}

static void blk_kick(struct hs_vdev *v, unsigned int index)
{
	struct hs_blk *b = hs_blk_of(v);
	struct hs_blk_queue *q = &b->q[index];
	const struct cred *old = override_creds(b->f.file->f_cred);
	struct hs_vq *vq = &v->vq[index];
	unsigned int budget = KICK_BUDGET;
	unsigned long began_at = jiffies;
	struct blk_plug plug;
	u64 untold = 0;

	hs_blk_refresh(b);
	WRITE_ONCE(q->taker, current);
	blk_start_plug(&plug);
	while (has_room(q)) {
		if (!budget--) {
			hs_vq_queue(vq);
			break;
		}
		if (hs_vq_pop(vq, &q->chain) <= 0)
			break;
		take(b, vq, &q->chain);
		/* What took long has kept the driver waiting long enough. */
		untold += q->chain.in_len;
		if (untold >= TELL_BYTES || jiffies != began_at) {
			hs_blk_reap(q);
			hs_vq_tell(vq);
			untold = 0;
		}
	}
	blk_finish_plug(&plug);
	hs_blk_reap(q);
	WRITE_ONCE(q->taker, NULL);
	hs_vq_tell(vq);
	revert_creds(old);
}

/* With the device's lock, as is blk_config_write(). */
static bool blk_features_ok(struct hs_vdev *v, u64 features)
{
	struct hs_blk *b = hs_blk_of(v);

	/* Whoever cannot flush begins without a cache (5.2.5). */
	WRITE_ONCE(b->cfg[WCE], !b->ro && features & BIT_ULL(VIRTIO_BLK_F_FLUSH));
	return true;
}

static void blk_config_write(struct hs_vdev *v, u32 off, unsigned int size, u32 val)
{
	struct hs_blk *b = hs_blk_of(v);

	if (off != WCE || size != 1 ||
	    !(v->core.driver_features & BIT_ULL(VIRTIO_BLK_F_CONFIG_WCE)))
		return;
	if (b->cfg[WCE] && !(val & 1))
		WRITE_ONCE(b->through, b->through + 1);
	WRITE_ONCE(b->cfg[WCE], val & 1);
}

static void blk_start(struct hs_vdev *v)
{
	struct hs_blk *b = hs_blk_of(v);
	unsigned int i;

	WRITE_ONCE(b->stopping, false);
	for (i = 0; i < v->nr_queues; i++)
		WRITE_ONCE(b->q[i].full, false);
	hs_blk_refresh(b);
}

static void blk_stop(struct hs_vdev *v)
{
	struct hs_blk *b = hs_blk_of(v);
	unsigned int i;

	WRITE_ONCE(b->stopping, true);
	/* However long it takes, that is no reason to report a hung task. */
	wait_event_idle(b->idle, !atomic_read(&b->busy));
	/* A completion whose request was answered by others, and what it queued. */
	synchronize_rcu();
	for (i = 0; i < v->nr_queues; i++)
		cancel_work_sync(&b->q[i].reap);
}

static const struct hs_vdev_ops blk_ops = {
	.features_ok = blk_features_ok,
	.config_write = blk_config_write,
	.start = blk_start,
	.kick = blk_kick,
	.stop = blk_stop,
};

static void blk_free(struct hs_blk *b)
{
	if (b->wq)
		destroy_workqueue(b->wq);
	mutex_destroy(&b->size_lock);
	kvfree(b);
}

static void blk_destroy(struct hs_vdev *v)
{
	struct hs_blk *b = hs_blk_of(v);
	struct hs_blk_file f = b->f;

	blk_free(b);
	hs_blk_file_close(&f);
}

static void blk_info(struct hs_vdev *v, struct hs_dev_info *info)
{
	struct hs_blk *b = hs_blk_of(v);

	hs_blk_refresh(b);
	info->ro = b->ro;
	info->bytes = READ_ONCE(b->sectors) << HS_BLK_SECTOR_SHIFT;
}

static void fill_in(struct hs_blk *b, const struct hs_blk_params *p)
{
	unsigned int i;

	b->sectors = p->sectors;
	hs_blk_config(p, b->cfg);
	b->v.ops = &blk_ops;
	b->v.id = ID_BLOCK;
	b->v.class = CLASS_STORAGE;
	b->v.offer = hs_blk_features(p);
	b->v.nr_queues = p->queues;
	b->v.batch = GENMASK(p->queues - 1, 0);
	b->v.config = b->cfg;
	b->v.config_len = sizeof(b->cfg);
	for (i = 0; i < p->queues; i++) {
		b->v.queue_size[i] = HS_BLK_QUEUE_SIZE;
		init_llist_head(&b->q[i].done);
		INIT_WORK(&b->q[i].reap, hs_blk_reap_work);
		b->q[i].b = b;
		b->q[i].index = i;
	}
}

static struct hs_blk *blk_new(struct hs_board *board, const struct hs_disk_cfg *cfg)
{
	struct hs_blk *b = kvzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);

	BUILD_BUG_ON(HS_BLK_CONFIG_LEN != offsetof(struct virtio_blk_config,
						   max_secure_erase_sectors));
	BUILD_BUG_ON(HS_DEV_ID_MAX != VIRTIO_BLK_ID_BYTES);
	BUILD_BUG_ON(HS_BLK_QUEUES > HS_VIRTIO_QUEUES);
	if (!b)
		return NULL;
	mutex_init(&b->size_lock);
	init_waitqueue_head(&b->idle);
	b->ro = cfg->ro;
	strscpy((char *)b->id, cfg->id, sizeof(b->id));
	/*
	 * One of its own: storage that hangs keeps no other disk waiting.  Frozen
	 * while the system sleeps, or a saved system would find files changed
	 * behind its back when it wakes.
	 */
	b->wq = alloc_workqueue("hs_blk/%.16s", WQ_UNBOUND | WQ_FREEZABLE, THREADS_MAX,
				board->name);
	if (!b->wq) {
		blk_free(b);
		return NULL;
	}
	return b;
}

/**
 * hs_disk_add() - put a disk on a board
 * @board: the board; no vCPU runs
 * @cfg: the disk
 * @why: set to a sentence when there is one
 *
 * Context: process; see virtio_dev.h.
 * Return: 0; -EEXIST: the id is taken; -EBUSY: another disk writes to the file, or
 * this one would and another reads it, or the block device is in use; -EISDIR,
 * -ENOTBLK, -EBADF, -EPERM, -ETXTBSY, -EINVAL: the file will not do; -ENOSPC;
 * -ENOMEM.
 */
int hs_disk_add(struct hs_board *board, const struct hs_disk_cfg *cfg, const char **why)
{
	struct hs_blk_params p = {
		.queues = min_t(unsigned int, board->cpus, HS_BLK_QUEUES),
		.ro = cfg->ro,
	};
	struct hs_blk *b = blk_new(board, cfg);
	int err;

	if (!b)
		return -ENOMEM;
	err = hs_blk_file_open(&b->f, cfg->file, cfg->ro, &p, why);
	if (err) {
		blk_free(b);
		return err;
	}
	fill_in(b, &p);
	err = hs_vdevs_add(board, &b->v, HS_DEV_DISK, cfg->id, blk_destroy, blk_info);
	if (err)
		blk_destroy(&b->v);
	return err;
}
