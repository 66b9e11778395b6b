// SPDX-License-Identifier: GPL-2.0
/*
 * Bringing pages in: the guest's EPT faults and the accessor's (rules 9 to 11).
 *
 * All of it runs in process context and may sleep.  Under the chunk lock a
 * fault only looks and exchanges; what it turns out to need (a frame, a table)
 * it fetches without the lock, and then looks again.
 */
#include "ept/core.h"

/* What a look at the leaf came to. */
enum step {
	STEP_DONE,
	STEP_TABLE,	/* the chunk needs a table for 4 KiB leaves */
	STEP_FRAME,
	STEP_WAIT,	/* somebody else is moving this page */
	STEP_LOST,
};

/* What the fault holds meanwhile. */
struct hand {
	struct page *frame, *table;
};

static wait_queue_head_t *queue_of(struct hs_gmem *g, u64 gfn)
{
	return &g->wait[(gfn / HS_CHUNK_PAGES) % HS_WAIT_QUEUES];
}

/* No longer BUSY, or nobody shall wait any more. */
static bool settled(struct hs_gmem *g, u64 gfn)
{
	struct hs_cur c;
	bool busy;

	if (READ_ONCE(g->dead))
		return true;
	if (hs_ept_lock(g, gfn, &c))
		return true;
	busy = hs_epte_is(c.val, HS_LEAF_BUSY);
	if (busy)
		c.chunk->waiters = 1;
	hs_ept_unlock(&c);
	return !busy;
}

/**
 * hs_fault_wait() - wait until the leaf of @gfn is not BUSY
 * @g: guest memory of the VM
 * @gfn: guest frame number
 *
 * Or until hs_gmem_kill(): the caller looks again in either case.  Records of
 * pages on their way live with those who move them, so waiters hang on queues
 * of the VM instead.  Process context, no lock held.
 */
void hs_fault_wait(struct hs_gmem *g, u64 gfn)
{
	wait_event_idle(*queue_of(g, gfn), settled(g, gfn));
}

/* A BUSY entry of this chunk is none any more.  Chunk lock held. */
void hs_fault_wake(struct hs_cur *c)
{
	if (!c->chunk->waiters)
		return;
	c->chunk->waiters = 0;
	wake_up_all(queue_of(c->g, c->gfn));
}

void hs_gmem_kill(struct hs_gmem *g)
{
	unsigned int i;

	WRITE_ONCE(g->dead, true);
	for (i = 0; i < HS_WAIT_QUEUES; i++)
		wake_up_all(&g->wait[i]);
}

void hs_gmem_revive(struct hs_gmem *g)
{
	WRITE_ONCE(g->dead, false);
}

/**
 * hs_fault_cancel() - take a page back that is on its way out
 * @c: locked, leaf BUSY in direction out; present again afterwards
 *
 * Whoever was evicting learns it from hs_out_finish(); it holds its own
 * reference on the frame.
 */
void hs_fault_cancel(struct hs_cur *c)
{
	struct hs_inflight *rec = hs_leaf_inflight(c);

	rec->cancelled = true;
	hs_leaf_restore(c, rec);
}

static enum step map(struct hs_cur *c, struct page *frame, u32 access)
{
	u64 leaf = hs_epte_leaf(hs_host_pa(frame), true, false) | HS_EPTE_FRESH;

	/*
	 * Guest page tables are never shared or write-protected (rule 8): their
	 * walks count as writes.
	 */
	if (access & HS_ACC_WALK)
		leaf |= HS_EPTE_WALK;
	hs_leaf_install(c, leaf);
	return STEP_DONE;
}

/* One look at a locked leaf: does what can be done now. */
static enum step step(struct hs_cur *c, u32 access, struct hand *h)
{
	struct hs_gmem *g = c->g;
	struct hs_inflight *rec;
	struct page *frame;

	if (hs_epte_is(c->val, HS_LEAF_BUSY)) {
		rec = c->pte ? hs_leaf_inflight(c) : NULL;
		if (!rec || !rec->out)
			return STEP_WAIT;
		hs_fault_cancel(c);
	}
	if (hs_epte_present(c->val)) {
		/* Another CPU was faster, or the page came back just now. */
		if (access & HS_ACC_WALK)
			hs_leaf_mark(c, HS_EPTE_WALK);
		return STEP_DONE;
	}
	if (!c->pte) {
		if (!h->table)
			return STEP_TABLE;
		hs_ept_add_leaves(c, h->table);
		h->table = NULL;
	}
	switch (hs_epte_type(c->val)) {
	case HS_LEAF_NONE:
	case HS_LEAF_ZERO:
	case HS_LEAF_BALLOON:
	case HS_LEAF_REPORTED:
		if (!h->frame)
			return STEP_FRAME;
		frame = h->frame;
		h->frame = NULL;
		return map(c, frame, access);
	case HS_LEAF_STAGED:
		/* Its content was stable before it was staged: no flush due. */
		frame = hs_staged_take(g, c->val);
		atomic64_inc(&g->cpu[hs_host_this_cpu()].refaults);
		return map(c, frame, access);
	default:
		return STEP_LOST;
	}
}

/**
 * hs_fault_in() - make a page present
 * @g: guest memory of the VM
 * @gfn: RAM
 * @access: HS_ACC_* of who wants it
 * @whole: NULL, or the page's whole new content: then a page that had no frame
 *	gets this instead of zeroes
 *
 * Process context, may sleep, no lock held.  0: was present when last looked
 * at; 1: has just been filled with @whole; -EINTR, -ENOMEM, -EIO.
 */
int hs_fault_in(struct hs_gmem *g, u64 gfn, u32 access, const void *whole)
{
	struct hand h = {};
	struct page *frame;
	struct hs_cur c;
	enum step s;
	int r = 0;

	might_sleep();
	for (;;) {
		if (READ_ONCE(g->dead)) {
			r = -EINTR;
			break;
		}
		if (hs_ept_lock(g, gfn, &c)) {
			r = hs_ept_prepare(g, gfn);
			if (r)
				break;
			continue;
		}
		frame = h.frame;
		s = step(&c, access, &h);
		hs_ept_unlock(&c);

		if (s == STEP_DONE) {
			r = whole && frame && !h.frame;
			break;
		}
		if (s == STEP_LOST) {
			r = -EIO;
			break;
		}
		if (s == STEP_WAIT) {
			hs_fault_wait(g, gfn);
		} else if (s == STEP_TABLE) {
			h.table = hs_ept_alloc_table(g);
			if (!h.table) {
				r = -ENOMEM;
				break;
			}
		} else {
			h.frame = hs_frame_get(g);
			if (!h.frame) {
				r = -ENOMEM;
				break;
			}
			if (whole)
				memcpy(hs_frame_va(h.frame), whole, HS_PAGE_SIZE);
			else
				clear_page(hs_frame_va(h.frame));
		}
	}
	if (h.frame)
		hs_frame_put(g, h.frame, HS_PUT_GIVE);
	if (h.table)
		hs_ept_free_table(g, h.table);
	return r;
}

/**
 * hs_gmem_fault() - serve an EPT violation, see gmem.h
 * @g: guest memory of the VM
 * @gpa: guest-physical address
 * @access: HS_ACC_* of the violation
 */
int hs_gmem_fault(struct hs_gmem *g, u64 gpa, u32 access)
{
	if (!hs_gmem_is_ram(g, gpa))
		return -ENXIO;
	atomic64_inc(&g->cpu[hs_host_this_cpu()].faults);
	return hs_fault_in(g, gpa >> HS_PAGE_SHIFT, access, NULL);
}
