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
	STEP_LARGE,	/* or rather a 2 MiB frame */
	STEP_FRAME,	/* a frame for content from the store */
	STEP_FILLED,	/* a frame with content: zeroes, or what the caller has */
	STEP_FETCH,	/* the leaf is BUSY by hand.rec now */
	STEP_WAIT,	/* somebody else is moving this page */
	STEP_SYNC,	/* leaves of another size are not gone yet, see hand.sync */
	STEP_LOST,
};

/* What the fault holds meanwhile. */
struct hand {
	struct page *frame, *large, *table;
	bool filled;		/* frame, with content or with this: */
	u32 pattern, want;	/* pattern; the one that is due */
	bool no_large;		/* the host had none */
	bool complete;		/* the chunk has got its last page */
	u64 sync, synced;	/* generation to wait for; waited for */
	struct hs_inflight rec;
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

static u64 leaf_for(struct page *frame, u32 access, bool large)
{
	u64 leaf = hs_epte_leaf(hs_host_pa(frame), true, large) | HS_EPTE_FRESH;

	/*
	 * Guest page tables are never shared or write-protected (rule 8): their
	 * walks count as writes.
	 */
	return access & HS_ACC_WALK ? leaf | HS_EPTE_WALK : leaf;
}

/*
 * Whether the page that came just now was the last that its chunk was lacking.
 * The leaf was not present before, so this is true once for each
 * page that has to come, and not for each fault.
 */
static bool completes(const struct hs_cur *c)
{
	return c->g->touch_2m && c->pte && c->chunk->present == HS_CHUNK_PAGES;
}

/*
 * A discard took leaves out of the chunk, and what comes now may have another
 * size: whether a CPU may still hold translations of the old one (rule 3).
 */
static bool size_unsettled(struct hs_cur *c, struct hand *h)
{
	u64 gen = c->chunk->size_gen;

	if (gen > h->synced && !hs_inval_acked(c->g, gen)) {
		h->sync = gen;
		return true;
	}
	c->chunk->size_gen = 0;
	return false;
}

/* The page is a new one: nothing of it is anywhere. */
static enum step step_new(struct hs_cur *c, u32 access, bool whole, struct hand *h)
{
	h->want = whole ? 0 : hs_leaf_pattern(c->g, c->val);
	/* A frame that is ready spares a second look. */
	if (!h->frame && !whole && !h->want) {
		h->frame = hs_frame_get_zeroed(c->g);
		h->filled = h->frame;
		h->pattern = 0;
	}
	if (!h->frame || !h->filled || h->pattern != h->want)
		return STEP_FILLED;
	hs_leaf_install(c, leaf_for(h->frame, access, false));
	h->frame = NULL;
	return STEP_DONE;
}

/* The content is in the store: to be fetched, or to be forgotten. */
static enum step step_stored(struct hs_cur *c, u32 access, bool whole, struct hand *h)
{
	struct hs_store *store = &c->g->store;
	u64 was = c->val;

	if (whole) {
		if (step_new(c, access, true, h) != STEP_DONE)
			return STEP_FILLED;
		store->drop(store->arg, hs_epte_type(was), hs_epte_slot(was));
		return STEP_DONE;
	}
	if (!h->frame)
		return STEP_FRAME;
	h->rec.out = false;
	h->rec.frame = h->frame;
	hs_leaf_begin_out(c, &h->rec, 0);
	return STEP_FETCH;
}

static enum step step_empty(struct hs_cur *c, u32 access, bool whole, struct hand *h)
{
	if (c->g->touch_2m && !h->no_large && hs_chunk_is_ram(c->g, c->gfn) &&
	    !hs_leaf_pattern(c->g, c->val)) {
		if (!h->large)
			return STEP_LARGE;
		hs_leaf_install(c, leaf_for(h->large, access, true));
		h->large = NULL;
		return STEP_DONE;
	}
	if (!h->table)
		return STEP_TABLE;
	hs_ept_cut(c, h->table);
	h->table = NULL;
	return step_new(c, access, whole, h);
}

/* One look at a locked leaf: does what can be done now. */
static enum step step(struct hs_cur *c, u32 access, bool whole, struct hand *h)
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
	if (c->chunk->size_gen && size_unsettled(c, h))
		return STEP_SYNC;
	if (!c->pte)
		return step_empty(c, access, whole, h);
	switch (hs_epte_type(c->val)) {
	case HS_LEAF_NONE:
	case HS_LEAF_ZERO:
	case HS_LEAF_BALLOON:
	case HS_LEAF_REPORTED:
		return step_new(c, access, whole, h);
	case HS_LEAF_STAGED:
		/* Its content was stable before it was staged: no flush due. */
		frame = hs_staged_take(g, c->val);
		hs_leaf_install(c, leaf_for(frame, access, false));
		atomic64_inc(&g->cpu[hs_host_this_cpu()].refaults);
		return STEP_DONE;
	case HS_LEAF_COMPRESSED:
	case HS_LEAF_SWAPPED:
		return step_stored(c, access, whole, h);
	default:
		return STEP_LOST;
	}
}

/**
 * hs_fault_fetch() - read content from the store for a leaf that is BUSY
 * @c: cursor; not locked now, locked on return
 * @rec: direction in, made the leaf BUSY
 * @page: where the content goes
 *
 * Process context, may sleep.  0, -EIO, -EINTR: @rec is still linked.
 * -ECANCELED: the page was discarded meanwhile, and with it @rec; the content
 * is the caller's to drop.
 */
int hs_fault_fetch(struct hs_cur *c, struct hs_inflight *rec, void *page)
{
	struct hs_gmem *g = c->g;
	int r = g->store.fetch(g->store.arg, hs_epte_type(rec->old),
			       hs_epte_slot(rec->old), page);

	hs_ept_lock(g, rec->gfn, c);
	return rec->cancelled ? -ECANCELED : r;
}

static int fetch(struct hs_cur *c, u32 access, struct hand *h)
{
	struct hs_store *store = &c->g->store;
	u64 was = h->rec.old;
	int r = hs_fault_fetch(c, &h->rec, hs_frame_va(h->frame));

	h->filled = false;
	if (r == -ECANCELED) {
		hs_ept_unlock(c);
		store->drop(store->arg, hs_epte_type(was), hs_epte_slot(was));
		return -EAGAIN;
	}
	if (r) {
		hs_leaf_restore(c, &h->rec);
		hs_ept_unlock(c);
		return r;
	}
	hs_leaf_finish_out(c, &h->rec, leaf_for(h->frame, access, false));
	h->frame = NULL;
	h->complete = completes(c);
	hs_ept_unlock(c);
	atomic64_inc(&c->g->cpu[hs_host_this_cpu()].refaults);
	store->drop(store->arg, hs_epte_type(was), hs_epte_slot(was));
	return 0;
}

static int get_frame(struct hs_gmem *g, const void *whole, bool fill, struct hand *h)
{
	bool zeroed = false;

	if (!h->frame)
		h->frame = hs_frame_get(g, &zeroed);
	if (!h->frame)
		return -ENOMEM;
	if (fill && whole)
		copy_page(hs_frame_va(h->frame), (void *)whole);
	else if (fill && h->want)
		hs_page_fill(hs_frame_va(h->frame), h->want);
	else if (fill && !zeroed)
		clear_page(hs_frame_va(h->frame));
	h->filled = fill;
	h->pattern = h->want;
	return 0;
}

static void get_large(struct hs_gmem *g, struct hand *h)
{
	unsigned int i;
	bool zeroed;

	h->large = hs_frame_get_2m(g, &zeroed);
	h->no_large = !h->large;
	for (i = 0; h->large && !zeroed && i < HS_CHUNK_PAGES; i++) {
		clear_page(hs_frame_va(h->large + i));
		cond_resched();
	}
}

static void drop_hand(struct hs_gmem *g, struct hand *h)
{
	unsigned int i;

	if (h->frame)
		hs_frame_put(g, h->frame, HS_PUT_GIVE);
	for (i = 0; h->large && i < HS_CHUNK_PAGES; i++)
		hs_frame_put(g, h->large + i, HS_PUT_GIVE);
	if (h->table)
		hs_ept_free_table(g, h->table);
}

/**
 * hs_fault_in() - make a page present
 * @g: guest memory of the VM
 * @gfn: RAM
 * @access: HS_ACC_* of who wants it
 * @whole: NULL, or the page's whole new content: then a page that
 *	had no frame gets this, and its old content is not read back
 *
 * With pages of 2 MiB wanted, the fault that completes a chunk collapses it: it
 * may sleep, nobody else is nearer to the chunk, and no page gets a frame that
 * had none (rule 11).  When that does not work 4 KiB leaves do as well.
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
	bool had;
	int r;

	might_sleep();
	do {
		if (READ_ONCE(g->dead)) {
			r = -EINTR;
			break;
		}
		if (hs_ept_lock(g, gfn, &c)) {
			r = hs_ept_prepare(g, gfn) ?: -EAGAIN;
			continue;
		}
		frame = h.frame;
		had = hs_epte_present(c.val);
		s = step(&c, access, whole, &h);
		h.complete = s == STEP_DONE && !had && completes(&c);
		hs_ept_unlock(&c);

		r = -EAGAIN;	/* look again */
		switch (s) {
		case STEP_DONE:
			r = whole && frame && !h.frame;
			break;
		case STEP_TABLE:
			h.table = hs_ept_alloc_table(g);
			if (!h.table)
				r = -ENOMEM;
			break;
		case STEP_LARGE:
			get_large(g, &h);
			break;
		case STEP_FRAME:
		case STEP_FILLED:
			r = get_frame(g, whole, s == STEP_FILLED, &h) ?: -EAGAIN;
			break;
		case STEP_FETCH:
			r = fetch(&c, access, &h);
			break;
		case STEP_WAIT:
			hs_fault_wait(g, gfn);
			break;
		case STEP_SYNC:
			hs_inval_wait(g, h.sync);
			h.synced = h.sync;
			break;
		case STEP_LOST:
			r = -EIO;
			break;
		}
	} while (r == -EAGAIN);
	drop_hand(g, &h);
	if (h.complete)
		hs_chunk_collapse(g, gfn);
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
