// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers of virtio queues: taking them, giving them back, and their bytes.
 *
 * Memory that a chain names may be paged out; everything here faults it in and
 * can sleep.  Where the host has no memory just now, a buffer is neither lost
 * nor the driver's fault: it is tried again.
 */
#include <linux/delay.h>
#include "dev/board.h"
#include "dev/virtio_priv.h"
#include "ept/gmem.h"

/* Between two tries when the host has no memory. */
#define RETRY_MS	10

#define OUTSIDE_RAM	"a buffer that is not in RAM"
#define LOST		"a page of a queue or of a buffer is lost"

static bool usable(struct hs_vq *vq)
{
	/* Without bus mastering a function reads and writes nothing, PCI 6.2.2. */
	return vq->live && hs_pci_is_master(vq->d->pci);
}

/* An error of the ring, with vq->lock released. */
static int ring_failed(struct hs_vq *vq, int err, const char *broken)
{
	if (err == -EPROTO)
		hs_vdev_break(vq->d, broken);
	else if (err == -EIO)
		hs_vdev_break(vq->d, LOST);
	else if (err == -ENOMEM)
		hs_vq_queue_later(vq, msecs_to_jiffies(RETRY_MS));
	return err;
}

/* Notifications are of no use while the queue is being served. */
void hs_vq_deaf(struct hs_vq *vq)
{
	mutex_lock(&vq->lock);
	vq->fresh = true;
	if (usable(vq))
		hs_vring_deaf(&vq->ring);
	mutex_unlock(&vq->lock);
}

/**
 * hs_vq_pop() - the next buffer of a queue
 * @vq: the queue
 * @c: filled in
 *
 * Context: process; from kick alone, or otherwise one caller at a time.
 * Return: 1, *@c is filled; 0, there is none and the driver will notify; negative
 * when the queue is of no use: -ESHUTDOWN (not live), -EPROTO (broken, the driver
 * has been told), -EINTR (the VM ends), -EIO, or -ENOMEM: kick is called again in
 * a while.
 */
int hs_vq_pop(struct hs_vq *vq, struct hs_vchain *c)
{
	const char *broken;
	int r;

	might_sleep();
	mutex_lock(&vq->lock);
	do {
		r = -ESHUTDOWN;
		if (!usable(vq))
			break;
		/*
		 * What was there is taken: rather than look and, if there is no more,
		 * ask to be told and look again, ask at once.
		 */
		if (!vq->fresh && hs_vring_drained(&vq->ring))
			r = 0;
		else
			r = hs_vring_pop(&vq->ring, c);
		vq->fresh = false;
		if (r)
			break;
		r = hs_vring_listen(&vq->ring);
	} while (r > 0);
	broken = vq->ring.broken;
	mutex_unlock(&vq->lock);
	if (r > 0)
		atomic64_inc(&vq->d->stats.requests);
	return r < 0 ? ring_failed(vq, r, broken) : r;
}

/**
 * hs_vq_unpop() - the last buffers were not taken
 * @vq: the queue
 * @n: how many
 *
 * Context: process, by who popped.
 */
void hs_vq_unpop(struct hs_vq *vq, u16 n)
{
	mutex_lock(&vq->lock);
	if (vq->live) {
		hs_vring_unpop(&vq->ring, n);
		atomic64_sub(n, &vq->d->stats.requests);
	}
	mutex_unlock(&vq->lock);
}

/* Calls @step until it says anything but "no memory", or the queue is gone. */
static int persist(struct hs_vq *vq, int (*step)(struct hs_vq *vq, void *arg), void *arg)
{
	int r;

	for (;;) {
		mutex_lock(&vq->lock);
		/* What was taken is given back, bus master or not. */
		r = vq->live ? step(vq, arg) : -ESHUTDOWN;
		mutex_unlock(&vq->lock);
		if (r != -ENOMEM)
			return r;
		msleep(RETRY_MS);
	}
}

struct push {
	const u16 *head;
	const u32 *written;
	u16 n;
};

static int push_step(struct hs_vq *vq, void *arg)
{
	const struct push *p = arg;

	return hs_vring_push(&vq->ring, p->head, p->written, p->n);
}

static int signal_step(struct hs_vq *vq, void *arg)
{
	return hs_vring_wants_signal(&vq->ring);
}

static int give_back(struct hs_vq *vq, const u16 *head, const u32 *written, u16 n)
{
	struct push p = { head, written, n };
	int r = persist(vq, push_step, &p);

	might_sleep();
	if (r < 0)
		ring_failed(vq, r, READ_ONCE(vq->ring.broken));
	return r;
}

/**
 * hs_vq_push_quiet() - give a buffer back, of which the driver is told later
 * @vq: the queue
 * @head: what names it
 * @written: bytes written to it
 *
 * By hs_vq_tell(), once for all that end together.
 *
 * Context: process.
 */
void hs_vq_push_quiet(struct hs_vq *vq, u16 head, u32 written)
{
	give_back(vq, &head, &written, 1);
}

/**
 * hs_vq_tell() - tell the driver of buffers given back, if it wants to hear of them
 * @vq: the queue
 *
 * Context: process.
 */
void hs_vq_tell(struct hs_vq *vq)
{
	int r = persist(vq, signal_step, NULL);

	might_sleep();
	if (r > 0)
		hs_vdev_signal_queue(vq);
	else if (r < 0)
		ring_failed(vq, r, READ_ONCE(vq->ring.broken));
}

/**
 * hs_vq_push_many() - give buffers back, all of them at once
 * @vq: the queue
 * @head: what names them
 * @written: bytes written to each
 * @n: how many
 *
 * A queue that is no longer live takes nothing.
 *
 * Context: process.
 */
void hs_vq_push_many(struct hs_vq *vq, const u16 *head, const u32 *written, u16 n)
{
	if (give_back(vq, head, written, n) >= 0)
		hs_vq_tell(vq);
}

/**
 * hs_vq_push() - give a buffer back
 * @vq: the queue
 * @head: what names it
 * @written: bytes written to it
 *
 * Context: process.
 */
void hs_vq_push(struct hs_vq *vq, u16 head, u32 written)
{
	hs_vq_push_many(vq, &head, &written, 1);
}

/* Part of a segment list, from an offset on. */
struct cursor {
	const struct hs_vseg *seg, *end;
	u64 off;		/* in *seg */
};

static struct cursor cursor_at(const struct hs_vchain *c, bool in, u64 off)
{
	struct cursor cur = {
		.seg = c->seg + (in ? c->nr_out : 0),
		.end = c->seg + c->nr_out + (in ? c->nr_in : 0),
		.off = off,
	};

	while (cur.seg < cur.end && cur.off >= cur.seg->len) {
		cur.off -= cur.seg->len;
		cur.seg++;
	}
	return cur;
}

/* The next piece of at most @max bytes; 0 at the end. */
static size_t cursor_next(struct cursor *cur, size_t max, u64 *gpa)
{
	size_t n;

	if (cur->seg >= cur->end)
		return 0;
	n = min_t(u64, max, cur->seg->len - cur->off);
	*gpa = cur->seg->gpa + cur->off;
	cur->off += n;
	if (cur->off == cur->seg->len) {
		cur->seg++;
		cur->off = 0;
	}
	return n;
}

static int mem_failed(struct hs_vq *vq, int err)
{
	if (err == -EFAULT)
		hs_vdev_break(vq->d, OUTSIDE_RAM);
	else if (err == -EIO)
		hs_vdev_break(vq->d, LOST);
	return err;
}

/**
 * hs_vq_copy_from() - read bytes of a buffer
 * @vq: its queue
 * @c: the buffer
 * @off: from which byte of its out segments
 * @dst: where to
 * @len: how many at most
 *
 * Context: process.
 * Return: bytes copied, fewer where the segments end; -EFAULT (not RAM: the device
 * is broken then), -EINTR, -ENOMEM or -EIO.
 */
ssize_t hs_vq_copy_from(struct hs_vq *vq, const struct hs_vchain *c, u64 off,
			void *dst, size_t len)
{
	struct cursor cur = cursor_at(c, false, off);
	size_t done = 0, n;
	u64 gpa;
	int err;

	while (done < len && (n = cursor_next(&cur, len - done, &gpa))) {
		err = hs_gmem_read(vq->d->board->gmem, gpa, dst + done, n);
		if (err)
			return mem_failed(vq, err);
		done += n;
	}
	return done;
}

/**
 * hs_vq_copy_to() - write bytes of a buffer
 * @vq: its queue
 * @c: the buffer
 * @off: from which byte of its in segments
 * @src: where from
 * @len: how many at most
 *
 * Context and return: as for hs_vq_copy_from().
 */
ssize_t hs_vq_copy_to(struct hs_vq *vq, const struct hs_vchain *c, u64 off,
		      const void *src, size_t len)
{
	struct cursor cur = cursor_at(c, true, off);
	size_t done = 0, n;
	u64 gpa;
	int err;

	while (done < len && (n = cursor_next(&cur, len - done, &gpa))) {
		err = hs_gmem_write(vq->d->board->gmem, gpa, src + done, n);
		if (err)
			return mem_failed(vq, err);
		done += n;
	}
	return done;
}

/**
 * hs_vq_unpin() - undo hs_vq_pin()
 * @vq: the queue
 * @in: as it was
 * @bv: the vectors
 * @n: how many
 *
 * Context: process.
 */
void hs_vq_unpin(struct hs_vq *vq, bool in, struct bio_vec *bv, unsigned int n)
{
	while (n--)
		hs_gmem_unpin(vq->d->board->gmem, bv[n].bv_page, in);
}

/**
 * hs_vq_pin() - hold the pages of a buffer for I/O
 * @vq: its queue
 * @c: the buffer
 * @in: of the in segments, and they will be written; else of the out segments
 * @off: from which byte of these
 * @len: how many bytes
 * @bv: the vectors, one per piece of a page
 * @max: how many there may be
 *
 * All or nothing (architecture.rst, "Memory", 16).
 *
 * Context: process.
 * Return: the number of vectors; -ENOBUFS: more than @max, or the VM has too many
 * pins: bounce; -EINVAL: the buffer ends before; -EFAULT (the device is broken
 * then), -EINTR, -ENOMEM, -EIO.
 */
int hs_vq_pin(struct hs_vq *vq, const struct hs_vchain *c, bool in, u64 off, size_t len,
	      struct bio_vec *bv, unsigned int max)
{
	struct cursor cur = cursor_at(c, in, off);
	unsigned int n = 0;
	size_t size;
	u64 gpa;
	int err;

	while (len) {
		struct cursor ahead = cur;

		/* To the end of the page at most: look where that is first. */
		err = -EINVAL;
		if (!cursor_next(&ahead, 1, &gpa))
			goto unpin;
		size = cursor_next(&cur, min_t(size_t, len, PAGE_SIZE - offset_in_page(gpa)),
				   &gpa);
		err = -ENOBUFS;
		if (n == max)
			goto unpin;
		err = hs_gmem_pin(vq->d->board->gmem, gpa, in, &bv[n].bv_page);
		if (err)
			goto unpin;
		bv[n].bv_offset = offset_in_page(gpa);
		bv[n].bv_len = size;
		n++;
		len -= size;
	}
	return n;

unpin:
	hs_vq_unpin(vq, in, bv, n);
	return mem_failed(vq, err);
}
