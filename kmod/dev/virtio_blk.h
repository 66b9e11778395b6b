/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between the parts of the block device: virtio_blk.c (device and queues),
 * virtio_blk_io.c (requests), virtio_blk_backing.c (the file behind it).
 */
#ifndef HS_DEV_VIRTIO_BLK_H
#define HS_DEV_VIRTIO_BLK_H

#include <linux/fs.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/wait.h>
#include "dev/virtio.h"
#include "dev/virtio_blk_core.h"
#include "dev/virtio_dev.h"

struct hs_backing;

#define HS_BLK_QUEUES	4

/**
 * struct hs_blk_file - the file behind a disk
 * @file: open for what is needed
 * @inode: whose size counts, of the block device where it is one
 * @bdev: it is a block device; else NULL
 * @direct: I/O goes past the page cache
 * @nowait: reads, and with @direct writes, may be tried without waiting
 * @mem_mask: with @direct, bits of a buffer's address that must be 0
 * @block: bytes of a logical block, and with @direct what I/O must be aligned to
 * @claim: keeps others from writing
 */
struct hs_blk_file {
	struct file *file;
	struct inode *inode;
	struct block_device *bdev;
	bool direct, nowait;
	u32 mem_mask, block;
	struct hs_backing *claim;
};

/**
 * struct hs_blk_queue - a queue of a disk
 * @inflight: requests taken and not given back
 * @full: it was left because of these; whoever ends one calls it again
 * @b: the disk
 * @index: which of its queues it is
 * @done: requests whose I/O has ended, to be answered
 * @reap: answers them, if @taker does not; on the board's queue of works, in which
 *	nothing waits for another request to end
 * @taker: who runs kick; what ends within it, it answers itself
 * @chain: the buffer being looked at; of kick
 */
struct hs_blk_queue {
	atomic_t inflight;
	bool full;
	struct hs_blk *b;
	unsigned int index;
	struct llist_head done;
	struct work_struct reap;
	struct task_struct *taker;
	struct hs_vchain chain;
};

/**
 * struct hs_blk - a disk
 * @v: the device; its configuration is @cfg
 * @id: serial number
 * @sectors: size the driver knows; changed under @size_lock
 * @wq: where requests wait for storage
 * @busy: requests that are out, of all queues
 * @idle: woken when there is none
 * @bounced: pages of ours that requests hold in place of the guest's
 * @stopping: requests end as soon as they can, and are not answered
 * @through: how often the driver turned the cache off
 * @synced: the last of these times after which all was written out
 */
struct hs_blk {
	struct hs_vdev v;
	u8 cfg[HS_BLK_CONFIG_LEN];
	u8 id[HS_DEV_ID_MAX + 1];
	bool ro;
	struct hs_blk_file f;
	struct mutex size_lock;
	u64 sectors;
	struct workqueue_struct *wq;
	atomic_t busy;
	wait_queue_head_t idle;
	bool stopping;
	atomic_t bounced;
	u32 through, synced;
	struct hs_blk_queue q[HS_BLK_QUEUES];
};

static inline struct hs_blk *hs_blk_of(struct hs_vdev *v)
{
	return container_of(v, struct hs_blk, v);
}

/* virtio_blk_backing.c */
int hs_blk_file_open(struct hs_blk_file *f, struct file *file, bool ro,
		     struct hs_blk_params *p, const char **why);
void hs_blk_file_close(struct hs_blk_file *f);
u64 hs_blk_file_sectors(const struct hs_blk_file *f);

/* virtio_blk.c */
bool hs_blk_is_through(struct hs_blk *b);
void hs_blk_refresh(struct hs_blk *b);
void hs_blk_answer(struct hs_blk *b, struct hs_vq *vq, const struct hs_vchain *c, u8 status);
bool hs_blk_retry(struct hs_blk *b, struct hs_vq *vq, long err);
void hs_blk_ended(struct hs_blk *b, struct hs_vq *vq);

/* virtio_blk_io.c */
int hs_blk_submit(struct hs_blk *b, struct hs_vq *vq, const struct hs_vchain *c,
		  const struct hs_blk_io *io, const struct hs_blk_range *r, unsigned int nr);
void hs_blk_reap(struct hs_blk_queue *q);
void hs_blk_reap_work(struct work_struct *work);

/* virtio_blk_range.c */
int hs_blk_discard(struct hs_blk *b, const struct hs_blk_range *r);
int hs_blk_zero(struct hs_blk *b, const struct hs_blk_range *r);

#endif /* HS_DEV_VIRTIO_BLK_H */
