// SPDX-License-Identifier: GPL-2.0
/*
 * Virtio balloon (virtio 1.2, 5.5): memory that the guest gives and takes back,
 * free pages that it reports, and what it says of its memory.
 *
 * A buffer is given back only when all that it names is done: unmapped,
 * acknowledged and uncharged (architecture.rst, "Memory", 17).  The driver may then
 * use the pages at once, and nothing here looks at them again.  A page that it
 * touches without a word is its own again.
 *
 * A driver can make a buffer as long as it likes, so one is worked on over several
 * runs of its queue's work, each of a bounded length.
 *
 * Locks: hs_balloon.lock for target and statistics.  What else there is belongs to
 * the work of a queue.
 */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/pci_ids.h>
#include <linux/slab.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_ids.h>
#include "dev/balloon.h"
#include "dev/board.h"
#include "dev/virtio.h"
#include "dev/virtio_dev.h"
#include "dev/virtio_dev_priv.h"
#include "ept/gmem.h"

#define QUEUE_SIZE	128
/* Page numbers at a time, as many as Linux sends, and pieces in one run. */
#define PIECE		256
#define RUN_PIECES	16
#define STATS_BYTES	512
/* While the host has no memory. */
#define RETRY_MS	10
/* How old statistics may be before somebody who looks at them has newer ones made. */
#define STATS_NS	NSEC_PER_SEC

/* A buffer that is being worked on; of the work of its queue. */
struct job {
	struct hs_vchain chain;
	u64 off;
	bool held;
	u8 buf[PIECE * sizeof(__le32)];
	struct hs_gmem_range range[PIECE];
};

struct hs_balloon {
	struct hs_vdev d;
	u8 config[HS_BALLOON_CONFIG_LEN];
	struct job inflate, deflate;
	struct job report[HS_BALLOON_QUEUES];	/* by queue: two can report */

	struct hs_vchain stats_chain;
	bool stats_held;		/* the driver's buffer, until new ones are wanted */
	bool stats_wanted;

	struct mutex lock;
	struct hs_balloon_stats stats;
	u64 stats_ns;			/* when they came, ktime; 0: never */
	u64 target;			/* bytes */
};

static struct hs_balloon *to_balloon(struct hs_vdev *d)
{
	return container_of(d, struct hs_balloon, d);
}

static struct hs_gmem *gmem_of(struct hs_balloon *bl)
{
	return bl->d.board->gmem;
}

static void vq_later(struct hs_vq *vq)
{
	hs_vq_queue_later(vq, msecs_to_jiffies(RETRY_MS));
}

/* ---- inflate and deflate ------------------------------------------------------- */

/* What was said of memory cannot be done: tells the driver, or tries again. */
static void failed(struct hs_balloon *bl, struct hs_vq *vq, int err)
{
	if (err == -EFAULT)
		hs_vdev_break(&bl->d, "a page for the balloon that is not RAM");
	else if (err == -EIO)
		hs_vdev_break(&bl->d, "a page of a buffer of the balloon is lost");
	else if (err == -ENOMEM)
		vq_later(vq);
	/* -EINTR: the VM ends, the buffer with it. */
}

/* The next page numbers of the buffer: 1; 0: that was all of it; negative. */
static int do_piece(struct hs_balloon *bl, struct hs_vq *vq, struct job *j, bool inflate)
{
	atomic64_t *moved = inflate ? &bl->d.stats.write_bytes : &bl->d.stats.read_bytes;
	struct hs_gmem *g = gmem_of(bl);
	unsigned int n, pages;
	ssize_t len;
	int err;

	len = hs_vq_copy_from(vq, &j->chain, j->off, j->buf, sizeof(j->buf));
	if (len < 0)
		return len;
	pages = len / sizeof(__le32);
	if (!pages)
		return 0;
	n = hs_balloon_ranges(j->buf, pages, j->range);
	err = inflate ? hs_gmem_discard(g, j->range, n, HS_DISCARD_BALLOON) :
			hs_gmem_undiscard(g, j->range, n);
	if (err)
		return err;
	j->off += pages * sizeof(__le32);
	atomic64_add((u64)pages << VIRTIO_BALLOON_PFN_SHIFT, moved);
	return 1;
}

static void move_pages(struct hs_balloon *bl, struct hs_vq *vq, struct job *j, bool inflate)
{
	unsigned int n;
	int r;

	for (n = 0; n < RUN_PIECES; n++) {
		if (!j->held) {
			if (hs_vq_pop(vq, &j->chain) <= 0)
				return;
			j->off = 0;
			j->held = true;
		}
		r = do_piece(bl, vq, j, inflate);
		if (r < 0) {
			failed(bl, vq, r);
			return;
		}
		if (r)
			continue;
		j->held = false;
		hs_vq_push(vq, j->chain.head, 0);
	}
	hs_vq_queue(vq);
}

/* ---- free page reporting ------------------------------------------------------- */

static int do_report(struct hs_balloon *bl, struct job *j)
{
	const struct hs_vseg *seg = j->chain.seg + j->chain.nr_out;
	unsigned int at, n, used;
	u64 pages = 0;
	int err;

	for (at = 0; at < j->chain.nr_in; at += n) {
		n = min_t(unsigned int, j->chain.nr_in - at, PIECE);
		used = hs_balloon_reported(seg + at, n, j->range);
		err = used ? hs_gmem_discard(gmem_of(bl), j->range, used,
					     HS_DISCARD_REPORTED) : 0;
		if (err)
			return err;
		while (used--)
			pages += j->range[used].pages;
	}
	atomic64_add(pages << VIRTIO_BALLOON_PFN_SHIFT, &bl->d.stats.write_bytes);
	return 0;
}

static void report_pages(struct hs_balloon *bl, struct hs_vq *vq)
{
	struct job *j = &bl->report[vq->index];
	unsigned int n;
	int err;

	for (n = 0; n < RUN_PIECES; n++) {
		if (!j->held && hs_vq_pop(vq, &j->chain) <= 0)
			return;
		j->held = true;
		err = do_report(bl, j);
		if (err) {
			failed(bl, vq, err);
			return;
		}
		j->held = false;
		hs_vq_push(vq, j->chain.head, 0);
	}
	hs_vq_queue(vq);
}

/* ---- statistics ------------------------------------------------------------------ */

/*
 * 5.5.6.3: the driver leaves a buffer with what it knows; given back, it is filled
 * anew and comes again.
 */
static void take_stats(struct hs_balloon *bl, struct hs_vq *vq)
{
	struct hs_vchain *c = &bl->stats_chain;
	u8 msg[STATS_BYTES];
	unsigned int n;
	ssize_t len;

	for (n = 0; n < RUN_PIECES; n++) {
		if (bl->stats_held) {
			if (!READ_ONCE(bl->stats_wanted))
				return;
			WRITE_ONCE(bl->stats_wanted, false);
			bl->stats_held = false;
			hs_vq_push(vq, c->head, 0);
		}
		if (hs_vq_pop(vq, c) <= 0)
			return;
		len = hs_vq_copy_from(vq, c, 0, msg, sizeof(msg));
		if (len == -ENOMEM) {
			hs_vq_unpop(vq, 1);
			vq_later(vq);
			return;
		}
		if (len < 0) {
			failed(bl, vq, len);
			return;
		}
		bl->stats_held = true;
		mutex_lock(&bl->lock);
		hs_balloon_stats_parse(&bl->stats, msg, len);
		bl->stats_ns = ktime_get_ns();
		mutex_unlock(&bl->lock);
	}
	hs_vq_queue(vq);
}

/* ---- the device -------------------------------------------------------------------- */

static void balloon_kick(struct hs_vdev *d, unsigned int q)
{
	struct hs_balloon *bl = to_balloon(d);

	switch (hs_balloon_queue_of(d->features, q)) {
	case HS_BALLOON_INFLATE:
		move_pages(bl, &d->vq[q], &bl->inflate, true);
		break;
	case HS_BALLOON_DEFLATE:
		move_pages(bl, &d->vq[q], &bl->deflate, false);
		break;
	case HS_BALLOON_STATS_QUEUE:
		take_stats(bl, &d->vq[q]);
		break;
	case HS_BALLOON_REPORTING:
		report_pages(bl, &d->vq[q]);
		break;
	case HS_BALLOON_NO_QUEUE:
		break;
	}
}

/* With d->lock, or before anything else can write. */
static void set_poison(struct hs_balloon *bl)
{
	u32 poison = 0;

	if (hs_vdev_has(&bl->d, VIRTIO_BALLOON_F_PAGE_POISON))
		poison = get_unaligned_le32(bl->config +
					    offsetof(struct virtio_balloon_config, poison_val));
	hs_gmem_set_poison(gmem_of(bl), poison);
}

static void balloon_config_write(struct hs_vdev *d, u32 off, unsigned int size, u32 val)
{
	struct hs_balloon *bl = to_balloon(d);

	/* Before DRIVER_OK nothing is negotiated for good: balloon_start() looks. */
	if (hs_balloon_config_write(bl->config, off, size, val) & HS_BALLOON_POISON &&
	    d->features)
		set_poison(bl);
}

/* What the driver wrote goes with it, even if it never got so far as to start. */
static void balloon_config_reset(struct hs_vdev *d)
{
	u8 *config = to_balloon(d)->config;

	memset(config + offsetof(struct virtio_balloon_config, actual), 0, sizeof(__le32));
	memset(config + offsetof(struct virtio_balloon_config, poison_val), 0, sizeof(__le32));
}

static void balloon_start(struct hs_vdev *d)
{
	mutex_lock(&d->lock);
	set_poison(to_balloon(d));
	mutex_unlock(&d->lock);
}

/*
 * No work of a queue runs any more.  Poison stays what it is: a kernel whose
 * driver has gone still expects it in the pages that were reported.
 */
static void balloon_stop(struct hs_vdev *d)
{
	struct hs_balloon *bl = to_balloon(d);
	unsigned int i;

	bl->inflate.held = false;
	bl->deflate.held = false;
	for (i = 0; i < HS_BALLOON_QUEUES; i++)
		bl->report[i].held = false;
	bl->stats_held = false;
	WRITE_ONCE(bl->stats_wanted, false);
	hs_gmem_undiscard_all(gmem_of(bl));
	mutex_lock(&bl->lock);
	memset(&bl->stats, 0, sizeof(bl->stats));
	bl->stats_ns = 0;
	mutex_unlock(&bl->lock);
}

static const struct hs_vdev_ops balloon_ops = {
	.config_write = balloon_config_write,
	.config_reset = balloon_config_reset,
	.start = balloon_start,
	.kick = balloon_kick,
	.stop = balloon_stop,
};

static void balloon_free(struct hs_balloon *bl)
{
	mutex_destroy(&bl->lock);
	kvfree(bl);
}

static void balloon_destroy(struct hs_vdev *d)
{
	balloon_free(to_balloon(d));
}

/**
 * hs_balloon_add() - a balloon comes
 * @b: the board; no vCPU runs
 *
 * Context: process; see hs_vdevs_add().
 * Return: 0, -ENOMEM, -ENOSPC or -EEXIST.
 */
int hs_balloon_add(struct hs_board *b)
{
	struct hs_balloon *bl = kvzalloc(sizeof(*bl), GFP_KERNEL_ACCOUNT);
	unsigned int i;
	int ret;

	might_sleep();
	if (!bl)
		return -ENOMEM;
	mutex_init(&bl->lock);
	bl->d.ops = &balloon_ops;
	bl->d.id = VIRTIO_ID_BALLOON;
	bl->d.class = PCI_CLASS_OTHERS << 16 | 0xff00;
	bl->d.offer = BIT_ULL(HS_VIRTIO_F_VERSION_1) | BIT_ULL(HS_VIRTIO_F_INDIRECT_DESC) |
		      BIT_ULL(HS_VIRTIO_F_EVENT_IDX) |
		      BIT_ULL(VIRTIO_BALLOON_F_MUST_TELL_HOST) |
		      BIT_ULL(VIRTIO_BALLOON_F_STATS_VQ) |
		      BIT_ULL(VIRTIO_BALLOON_F_DEFLATE_ON_OOM) |
		      BIT_ULL(VIRTIO_BALLOON_F_PAGE_POISON) |
		      BIT_ULL(VIRTIO_BALLOON_F_REPORTING);
	bl->d.nr_queues = HS_BALLOON_QUEUES;
	for (i = 0; i < HS_BALLOON_QUEUES; i++)
		bl->d.queue_size[i] = QUEUE_SIZE;
	bl->d.config = bl->config;
	bl->d.config_len = sizeof(bl->config);
	ret = hs_vdevs_add(b, &bl->d, HS_DEV_BALLOON, "balloon", balloon_destroy, NULL);
	if (ret)
		balloon_free(bl);
	return ret;
}

/* ---- the host's side ------------------------------------------------------------ */

/**
 * hs_balloon_set_target() - how much the guest is asked to give
 * @b: the board
 * @bytes: size of the balloon; rounded down to pages, and at most what is beyond the
 *	VM's reservation (architecture.rst, "Memory", 12)
 *
 * A driver is told at once, a later one finds it.  It stays until it is changed.
 *
 * Context: process; see virtio_dev.h.
 * Return: 0, or -ENOENT: the VM has no balloon.
 */
int hs_balloon_set_target(struct hs_board *b, u64 bytes)
{
	struct hs_vdev *d = hs_vdevs_find(b, HS_DEV_BALLOON);
	u64 ram = hs_gmem_ram_bytes(b->gmem), kept = hs_gmem_reservation(b->gmem);
	struct hs_balloon *bl;
	__le32 pages;

	might_sleep();
	if (!d)
		return -ENOENT;
	bl = to_balloon(d);
	bytes = min(bytes, ram > kept ? ram - kept : 0);
	bytes = ALIGN_DOWN(bytes, 1ULL << VIRTIO_BALLOON_PFN_SHIFT);
	mutex_lock(&bl->lock);
	bl->target = bytes;
	/* A VM has no more pages than 32 bits count, see hs_gmem_create(). */
	pages = cpu_to_le32(bytes >> VIRTIO_BALLOON_PFN_SHIFT);
	hs_vdev_config_set(d, offsetof(struct virtio_balloon_config, num_pages), &pages,
			   sizeof(pages));
	mutex_unlock(&bl->lock);
	return 0;
}

/**
 * hs_balloon_info() - what a balloon holds and what its guest says
 * @b: the board
 * @i: filled in
 *
 * Asks a driver for new statistics when these are not of the last second: they are
 * there for who looks again.
 *
 * Context: process; see virtio_dev.h.
 * Return: false when the VM has no balloon.
 */
bool hs_balloon_info(struct hs_board *b, struct hs_balloon_info *i)
{
	struct hs_vdev *d = hs_vdevs_find(b, HS_DEV_BALLOON);
	struct hs_gmem_stats g;
	struct hs_balloon *bl;
	unsigned int q;
	u64 now;

	might_sleep();
	if (!d)
		return false;
	bl = to_balloon(d);
	hs_gmem_stats(b->gmem, &g);
	mutex_lock(&d->lock);
	i->actual = get_unaligned_le32(bl->config +
				       offsetof(struct virtio_balloon_config, actual));
	i->actual <<= VIRTIO_BALLOON_PFN_SHIFT;
	mutex_unlock(&d->lock);
	i->ballooned = g.ballooned;
	i->reported = g.reported;
	now = ktime_get_ns();
	mutex_lock(&bl->lock);
	i->target = bl->target;
	i->stats = bl->stats;
	i->stats_age_ns = bl->stats_ns ? now - min(now, bl->stats_ns) : U64_MAX;
	mutex_unlock(&bl->lock);
	if (i->stats_age_ns < STATS_NS)
		return true;
	WRITE_ONCE(bl->stats_wanted, true);
	for (q = 0; q < d->nr_queues; q++)
		if (hs_balloon_queue_of(READ_ONCE(d->features), q) == HS_BALLOON_STATS_QUEUE)
			hs_vq_queue(&d->vq[q]);
	return true;
}
