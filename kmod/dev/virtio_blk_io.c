// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of a disk that need its storage, from the driver's buffer to the file
 * and back.
 *
 * Data moves in pieces: the guest's pages are pinned, handed to the file as
 * vectors, and let go.  Where they cannot be pinned, or direct I/O does not take
 * them as they lie, pages of our own stand in.  A piece is first tried from the
 * queue's own work, if the file can say that it would have to wait; what must
 * wait does so in a work item of the request, so that it keeps nobody up.
 * Direct I/O ends in its completion, and no thread waits for it.  What ended well
 * is answered by whoever runs the queue's kick, if it ended meanwhile, else by one
 * work item for all that ended together: the driver is told once.
 *
 * Memory: this is I/O like any process does it.  Through the page cache it may
 * have to wait for write-back, and allocations may reclaim; that cannot come
 * back here, because what the host reclaims guest memory with goes to its own
 * storage by bio or direct I/O and never through a guest's disk.  So there is
 * neither memalloc_noio_save() nor a rescuer.  Page cache and buffers are charged
 * to the VM's creator.
 */
#include <linux/cred.h>
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include "compat/blkio.h"
#include "dev/board.h"
#include "dev/debug.h"
#include "dev/virtio_blk.h"

#define PIECE_MAX	HS_BLK_SIZE_MAX
#define BOUNCE_MAX	(64U << 10)
#define BOUNCE_PAGES	1024		/* of a disk, at once */
#define INLINE_MAX	(1U << 20)	/* bytes moved from a queue's own work */
#define VECTORS_MAX	256
#define VECTORS_MIN	4

/**
 * struct blk_req - a request
 * @b: the disk
 * @vq: the queue it came from
 * @work: where it waits
 * @node: among those of the queue that have ended
 * @io: what it asks for; a ZEROES that the storage cannot make becomes a WRITE
 * @range: of DISCARD and ZEROES
 * @nr_ranges: how many
 * @iocb: of the piece that is out
 * @piece: its bytes, 0: none
 * @done: bytes of the data that are done
 * @result: what the completion said, when it comes later
 * @waiting: it will
 * @direct: goes past the page cache
 * @through: is on the storage when it is done
 * @zero: what is written are zeroes
 * @bounced: @bv are pages of ours
 * @nr_bv: vectors of the piece
 * @max_bv: how many there can be
 * @bv: they
 * @chain: its buffer, of which only the segments that it has exist
 */
struct blk_req {
	struct hs_blk *b;
	struct hs_vq *vq;
	struct work_struct work;
	struct llist_node node;
	struct kiocb iocb;
	struct hs_blk_io io;
	struct hs_blk_range *range;
	unsigned int nr_ranges;
	size_t piece;
	u64 done;
	ssize_t result;
	bool waiting, direct, through, zero, bounced;
	unsigned int nr_bv, max_bv;
	struct bio_vec *bv;
	struct hs_vchain chain;
};

static bool is_write(const struct blk_req *r)
{
	return r->io.op == HS_BLK_WRITE;
}

/* Offset of the piece in the segments of its direction. */
static u64 seg_off(const struct blk_req *r)
{
	return r->done + (is_write(r) ? HS_BLK_HDR_LEN : 0);
}

/* Pages of ours. */

static void bounce_free(struct blk_req *r)
{
	atomic_sub(r->nr_bv, &r->b->bounced);
	while (r->nr_bv)
		__free_page(r->bv[--r->nr_bv].bv_page);
}

static int bounce_alloc(struct blk_req *r, size_t len)
{
	struct page *page;

	for (r->nr_bv = 0; len; r->nr_bv++) {
		page = NULL;
		/* Who waits for room holds none, so there will be. */
		if (atomic_inc_return(&r->b->bounced) <= BOUNCE_PAGES)
			page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN);
		if (!page) {
			atomic_dec(&r->b->bounced);
			bounce_free(r);
			return -ENOMEM;
		}
		r->bv[r->nr_bv].bv_page = page;
		r->bv[r->nr_bv].bv_offset = 0;
		r->bv[r->nr_bv].bv_len = min_t(size_t, len, PAGE_SIZE);
		len -= r->bv[r->nr_bv].bv_len;
	}
	return 0;
}

/* Between them and the guest, @len bytes. */
static int bounce_copy(struct blk_req *r, size_t len)
{
	u64 off = seg_off(r);
	unsigned int i;
	ssize_t n;

	for (i = 0; len; i++) {
		size_t part = min_t(size_t, len, PAGE_SIZE);
		void *p = page_address(r->bv[i].bv_page);

		n = is_write(r) ? hs_vq_copy_from(r->vq, &r->chain, off, p, part) :
				  hs_vq_copy_to(r->vq, &r->chain, off, p, part);
		if (n < 0)
			return n;
		if (n < part)
			return -EIO;
		off += part;
		len -= part;
	}
	return 0;
}

static int bounce_begin(struct blk_req *r, size_t len)
{
	int err;

	len = min3(len, (size_t)BOUNCE_MAX, r->max_bv * PAGE_SIZE);
	err = bounce_alloc(r, len);
	if (err)
		return err;
	err = is_write(r) ? bounce_copy(r, len) : 0;
	if (err) {
		bounce_free(r);
		return err;
	}
	r->bounced = true;
	r->piece = len;
	return 0;
}

static void zero_begin(struct blk_req *r, size_t len)
{
	for (r->nr_bv = 0, r->piece = 0; r->nr_bv < r->max_bv && r->piece < len; r->nr_bv++) {
		r->bv[r->nr_bv].bv_page = ZERO_PAGE(0);
		r->bv[r->nr_bv].bv_offset = 0;
		r->bv[r->nr_bv].bv_len = min_t(size_t, len - r->piece, PAGE_SIZE);
		r->piece += r->bv[r->nr_bv].bv_len;
	}
}

/* Direct I/O takes vectors of whole blocks, at addresses that suit the device. */
static bool fits(const struct blk_req *r, unsigned int n)
{
	const struct hs_blk_file *f = &r->b->f;

	if (!r->direct)
		return true;
	while (n--)
		if (r->bv[n].bv_offset & f->mem_mask || r->bv[n].bv_len & (f->block - 1))
			return false;
	return true;
}

/*
 * Makes the next piece ready.  0, or what guest memory said: -EFAULT, -EINTR,
 * -EIO, -ENOMEM (which the host may get over).
 */
static int piece_begin(struct blk_req *r)
{
	size_t len = min_t(u64, r->io.len - r->done, PIECE_MAX);
	bool in = !is_write(r);
	int n;

	if (r->zero) {
		zero_begin(r, len);
		return 0;
	}
	n = hs_vq_pin(r->vq, &r->chain, in, seg_off(r), len, r->bv, r->max_bv);
	if (n >= 0 && fits(r, n)) {
		r->nr_bv = n;
		r->piece = len;
		return 0;
	}
	if (n >= 0)
		hs_vq_unpin(r->vq, in, r->bv, n);
	else if (n != -ENOBUFS)
		return n;
	return bounce_begin(r, len);
}

/*
 * Ends the piece, of which the file did @n bytes or said an error.  0 or a
 * negative errno; what is left is another piece.
 */
static int piece_end(struct blk_req *r, ssize_t n)
{
	int err = 0;

	if (n > 0 && r->bounced && !is_write(r)) {
		do {
			err = bounce_copy(r, n);
		} while (hs_blk_retry(r->b, r->vq, err));
	}
	if (r->bounced)
		bounce_free(r);
	else if (!r->zero)
		hs_vq_unpin(r->vq, !is_write(r), r->bv, r->nr_bv);
	r->bounced = false;
	r->piece = 0;
	r->nr_bv = 0;
	if (n < 0)
		return n;
	/* The file ends here, or takes no more. */
	if (!n)
		return -EIO;
	if (!err)
		r->done += n;
	return err;
}

/*
 * From the file, any context.  Once it is in the list, others may answer the
 * request; what then frees the disk waits for readers.
 */
static void piece_complete(struct kiocb *iocb, long result)
{
	struct blk_req *r = container_of(iocb, struct blk_req, iocb);
	struct hs_blk *b = r->b;
	struct hs_blk_queue *q = &b->q[r->vq->index];

	r->result = result;
	rcu_read_lock();
	llist_add(&r->node, &q->done);
	/* What ended below kick, which will look; not what interrupted it. */
	if (!in_task() || READ_ONCE(q->taker) != current)
		queue_work(b->v.board->virtio_wq, &q->reap);
	rcu_read_unlock();
}

static bool needs_freeze_protection(const struct blk_req *r)
{
	return is_write(r) && !r->b->f.bdev;
}

/*
 * Hands the piece to the file.  Bytes done, an error, or -EIOCBQUEUED: the
 * request is no longer the caller's.
 */
static ssize_t piece_submit(struct blk_req *r, bool nowait)
{
	struct file *file = r->b->f.file;
	struct iov_iter iter;
	ssize_t ret;

	init_sync_kiocb(&r->iocb, file);
	r->iocb.ki_pos = r->io.off + r->done;
	r->iocb.ki_complete = piece_complete;
	/* Whoever shares the open file may have changed its flags since. */
	r->iocb.ki_flags &= ~(IOCB_APPEND | IOCB_NOWAIT | IOCB_DIRECT);
	if (r->direct)
		r->iocb.ki_flags |= IOCB_DIRECT;
	if (nowait)
		r->iocb.ki_flags |= IOCB_NOWAIT;
	if (is_write(r) && r->through)
		r->iocb.ki_flags |= IOCB_DSYNC;
	iov_iter_bvec(&iter, is_write(r) ? ITER_SOURCE : ITER_DEST, r->bv, r->nr_bv, r->piece);

	if (needs_freeze_protection(r)) {
		if (!nowait)
			hs_kiocb_start_write(&r->iocb);
		else if (!hs_kiocb_try_start_write(&r->iocb))
			return -EAGAIN;
	}
	r->waiting = true;
	if (!is_write(r)) {
		ret = file->f_op->read_iter(&r->iocb, &iter);
	} else {
		ret = file->f_op->write_iter(&r->iocb, &iter);
		if (ret != -EIOCBQUEUED && needs_freeze_protection(r))
			hs_kiocb_end_write(&r->iocb);
	}
	if (ret != -EIOCBQUEUED)
		r->waiting = false;
	return ret;
}

static void req_free(struct blk_req *r)
{
	struct hs_blk *b = r->b;
	struct hs_vq *vq = r->vq;

	kfree(r->range);
	kfree(r);
	hs_blk_ended(b, vq);
}

/* What the file has been given is on the storage when this returns 0. */
static int sync_file(struct hs_blk *b)
{
	if (hs_dev_mutated(HS_DEV_MUT_SKIP_FLUSH))
		return 0;
	return vfs_fsync(b->f.file, 1);
}

/*
 * All that was asked for is in the file, unless @err.  Without a cache it must be
 * on the storage as well; IOCB_DSYNC saw to that for this request alone, not for
 * what went before the driver turned the cache off.
 */
static int settle(struct blk_req *r, int err)
{
	struct hs_blk *b = r->b;
	u32 through = READ_ONCE(b->through);

	if (err || r->io.op == HS_BLK_READ || r->io.op == HS_BLK_FLUSH || !hs_blk_is_through(b))
		return err;
	if (is_write(r) && r->through && READ_ONCE(b->synced) == through)
		return 0;
	err = sync_file(b);
	if (!err)
		WRITE_ONCE(b->synced, through);
	return err;
}

/* @tell: nobody else tells the driver of this answer. */
static void req_answer(struct blk_req *r, int err, bool tell)
{
	struct hs_blk *b = r->b;

	if (!err && r->io.op == HS_BLK_READ)
		atomic64_add(r->io.len, &b->v.stats.read_bytes);
	if (!err && is_write(r) && !r->zero)
		atomic64_add(r->io.len, &b->v.stats.write_bytes);
	hs_blk_answer(b, r->vq, &r->chain, hs_blk_status(err));
	if (tell)
		hs_vq_tell(r->vq);
	req_free(r);
}

static void req_finish(struct blk_req *r, int err, bool tell)
{
	req_answer(r, settle(r, err), tell);
}

/* It would have had to wait: to where it can. */
static bool would_wait(ssize_t ret)
{
	return ret == -EAGAIN || ret == -EOPNOTSUPP;
}

/*
 * Moves data until it is done, or until somebody else takes over: the completion
 * of a piece, or with @nowait, from kick, the request's work.
 */
static void req_run(struct blk_req *r, bool nowait)
{
	ssize_t ret = 0;

	while (r->done < r->io.len) {
		/* A disk that stops answers no more; the buffer is not ours then. */
		if (READ_ONCE(r->b->stopping) || !READ_ONCE(r->vq->live)) {
			if (r->piece)
				piece_end(r, -EINTR);
			req_free(r);
			return;
		}
		/* Much of it, even if nothing waits, keeps other requests waiting. */
		if (nowait && r->done >= INLINE_MAX) {
			queue_work(r->b->wq, &r->work);
			return;
		}
		if (!r->piece) {
			ret = piece_begin(r);
			if (ret == -ENOMEM && nowait) {
				queue_work(r->b->wq, &r->work);
				return;
			}
			if (hs_blk_retry(r->b, r->vq, ret))
				continue;
			if (ret == -EINTR) {
				req_free(r);
				return;
			}
			if (ret)
				break;
		}
		ret = piece_submit(r, nowait);
		if (ret == -EIOCBQUEUED)
			return;
		if (nowait && would_wait(ret)) {
			queue_work(r->b->wq, &r->work);
			return;
		}
		ret = piece_end(r, ret);
		if (ret < 0)
			break;
	}
	req_finish(r, r->done < r->io.len ? ret : 0, !nowait);
}

/* A completion came: with -EAGAIN, for a piece that was not to wait. */
static bool req_completed(struct blk_req *r)
{
	int err;

	r->waiting = false;
	if (needs_freeze_protection(r))
		hs_kiocb_end_write(&r->iocb);
	if (r->iocb.ki_flags & IOCB_NOWAIT && would_wait(r->result))
		return true;
	err = piece_end(r, r->result);
	if (err) {
		req_finish(r, err, true);
		return false;
	}
	return true;
}

/* It is done but for its answer, and nothing that can wait is left to do. */
static bool is_over(const struct blk_req *r)
{
	return r->result == r->piece && r->done + r->piece == r->io.len && !r->bounced &&
	       (r->io.op == HS_BLK_READ || !hs_blk_is_through(r->b));
}

/**
 * hs_blk_reap() - answer requests of a queue whose I/O has ended
 * @q: the queue
 *
 * The caller tells the driver.  What is not over goes to its own work.
 *
 * Context: process; several at a time may do so.
 */
void hs_blk_reap(struct hs_blk_queue *q)
{
	struct llist_node *ended = llist_del_all(&q->done), *over = NULL;
	struct blk_req *r, *next;

	/* The newest comes first here, the oldest in the list of those that are over. */
	llist_for_each_entry_safe(r, next, ended, node) {
		if (!is_over(r)) {
			queue_work(q->b->v.board->virtio_wq, &r->work);
			continue;
		}
		r->waiting = false;
		if (needs_freeze_protection(r))
			hs_kiocb_end_write(&r->iocb);
		piece_end(r, r->result);
		r->node.next = over;
		over = &r->node;
	}
	/* None of them holds a page any more, should this have to wait for one. */
	llist_for_each_entry_safe(r, next, over, node)
		req_answer(r, 0, false);
}

/**
 * hs_blk_reap_work() - hs_blk_reap() as a work item
 * @work: of the queue
 */
void hs_blk_reap_work(struct work_struct *work)
{
	struct hs_blk_queue *q = container_of(work, struct hs_blk_queue, reap);
	struct hs_blk *b = q->b;
	struct mem_cgroup *old = set_active_memcg(b->v.board->memcg);

	hs_blk_reap(q);
	/* Who stops the disk waits for this work. */
	hs_vq_tell(&b->v.vq[q->index]);
	set_active_memcg(old);
}

static int ranges(struct blk_req *r)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < r->nr_ranges && !err; i++) {
		if (!r->range[i].len)
			continue;
		err = r->io.op == HS_BLK_DISCARD ? hs_blk_discard(r->b, &r->range[i]) :
						   hs_blk_zero(r->b, &r->range[i]);
	}
	return err;
}

/*
 * Past the page cache or through it.  Parts of a block go through it even so, and
 * from there to the storage at once.  A driver that heeds blk_size never asks for
 * any.
 */
static void req_set_way(struct blk_req *r)
{
	struct hs_blk *b = r->b;

	r->direct = b->f.direct && IS_ALIGNED(r->io.off | r->io.len, b->f.block);
	r->through = hs_blk_is_through(b) || b->f.direct != r->direct;
}

/* What takes no data, in the request's work.  True: data is to be moved. */
static bool req_begin(struct blk_req *r)
{
	int err;

	switch (r->io.op) {
	case HS_BLK_READ:
	case HS_BLK_WRITE:
		return true;
	case HS_BLK_FLUSH:
		err = sync_file(r->b);
		hs_blk_refresh(r->b);
		break;
	case HS_BLK_ZEROES:
		err = ranges(r);
		if (err != -EOPNOTSUPP)
			break;
		/* One range, see the core.  It is made by hand. */
		r->io = (struct hs_blk_io){ HS_BLK_WRITE, r->range->off, r->range->len };
		r->zero = true;
		req_set_way(r);
		return true;
	default:
		err = ranges(r);
		break;
	}
	req_finish(r, err, true);
	return false;
}

static void req_work(struct work_struct *work)
{
	struct blk_req *r = container_of(work, struct blk_req, work);
	struct hs_blk *b = r->b;
	struct mem_cgroup *old = set_active_memcg(b->v.board->memcg);
	/* Quotas and reserves are those of who opened the file, not root's. */
	const struct cred *cred = override_creds(b->f.file->f_cred);

	/*
	 * Completions do not wait for room here: those that hold it are among them.
	 * What is left to do is done where that may be.
	 */
	if (r->waiting) {
		if (req_completed(r))
			queue_work(b->wq, &r->work);
	} else if (req_begin(r)) {
		req_run(r, false);
	}
	revert_creds(cred);
	set_active_memcg(old);
}

/* Vectors that the buffer can need, and what zeroes go well with. */
static unsigned int count_vectors(const struct hs_vchain *c, const struct hs_blk_io *io)
{
	unsigned int i, end = c->nr_out + c->nr_in;
	u64 n = 0;

	if (io->op == HS_BLK_ZEROES)
		return BOUNCE_MAX / PAGE_SIZE;
	if (io->op != HS_BLK_READ && io->op != HS_BLK_WRITE)
		return 0;
	i = io->op == HS_BLK_READ ? c->nr_out : 0;
	if (io->op == HS_BLK_WRITE)
		end = c->nr_out;
	for (; i < end; i++)
		n += DIV_ROUND_UP(offset_in_page(c->seg[i].gpa) + (u64)c->seg[i].len, PAGE_SIZE);
	return clamp_t(u64, n, VECTORS_MIN, VECTORS_MAX);
}

static struct blk_req *req_new(struct hs_blk *b, struct hs_vq *vq, const struct hs_vchain *c,
			       const struct hs_blk_io *io)
{
	size_t chain = offsetof(struct hs_vchain, seg[c->nr_out + c->nr_in]);
	size_t head = ALIGN(offsetof(struct blk_req, chain) + chain, sizeof(u64));
	unsigned int max_bv = count_vectors(c, io);
	struct blk_req *r;

	r = kmalloc(head + max_bv * sizeof(*r->bv), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!r)
		return NULL;
	memset(r, 0, offsetof(struct blk_req, chain));
	memcpy((void *)r + offsetof(struct blk_req, chain), c, chain);
	r->bv = (void *)r + head;
	r->max_bv = max_bv;
	r->b = b;
	r->vq = vq;
	r->io = *io;
	INIT_WORK(&r->work, req_work);
	return r;
}

/**
 * hs_blk_submit() - carry out a request
 * @b: the disk
 * @vq: the queue its buffer is from
 * @c: the buffer; copied
 * @io: what it asks for, as the core says; of READ and WRITE, not empty
 * @range: with DISCARD and ZEROES, what; copied
 * @nr: how many
 *
 * The disk's file is read and written with the rights of who opened it.  The
 * caller has counted the request; hs_blk_ended() is called when it is over.
 *
 * Context: process, from kick.
 * Return: 0, or -ENOMEM and nothing has happened.
 */
int hs_blk_submit(struct hs_blk *b, struct hs_vq *vq, const struct hs_vchain *c,
		  const struct hs_blk_io *io, const struct hs_blk_range *range, unsigned int nr)
{
	struct blk_req *r = req_new(b, vq, c, io);
	bool try;

	if (!r)
		return -ENOMEM;
	if (nr) {
		r->range = kmemdup(range, nr * sizeof(*range), GFP_KERNEL_ACCOUNT);
		if (!r->range) {
			kfree(r);
			return -ENOMEM;
		}
		r->nr_ranges = nr;
	}
	req_set_way(r);
	try = b->f.nowait && (io->op == HS_BLK_READ ||
			      (io->op == HS_BLK_WRITE && r->direct && !r->through));
	if (try)
		req_run(r, true);
	else
		queue_work(b->wq, &r->work);
	return 0;
}
