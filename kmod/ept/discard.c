// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that the guest gives up: ballooned, or reported free (rules 16, 17).
 *
 * A discard drops content and frame, and leaves a mark in the leaf, which the
 * next touch replaces by a new page.  When it returns no CPU reaches the frames
 * any more, and whoever had a page on its way in or out has learned that there is
 * nothing to finish.  A pin is no obstacle: its device keeps the frame, which is no
 * longer guest memory.
 *
 * What was never touched gets no mark: it holds nothing, and reads the same.
 */
#include "ept/core.h"

/* Frames that wait for one acknowledgement, and those of a last chunk. */
#define BATCH_PAGES	4096

/**
 * hs_leaf_drop() - empty a leaf
 * @c: locked; not BUSY as a whole chunk
 * @state: what the leaf shall be instead
 * @pages: its frames are added, for hs_pages_drop()
 *
 * Who has the page on its way in or out learns that there is nothing to finish.
 * A leaf that is NONE stays so.
 *
 * Return: how many frames were added.
 */
unsigned int hs_leaf_drop(struct hs_cur *c, u64 state, struct list_head *pages)
{
	struct hs_store *store = &c->g->store;
	unsigned int i, n = c->pte ? 1 : HS_CHUNK_PAGES;
	struct hs_inflight *rec;
	u64 old;

	if (c->pte && hs_epte_is(c->val, HS_LEAF_BUSY)) {
		rec = hs_leaf_inflight(c);
		if (!rec->out) {
			/* Who fetches drops the content when it is done with it. */
			rec->cancelled = true;
			hs_leaf_finish_out(c, rec, state);
			return 0;
		}
		hs_fault_cancel(c);
	}
	if (c->val == HS_EPTE_NONE || c->val == state)
		return 0;
	old = hs_leaf_begin_out(c, NULL, state);
	if (hs_epte_present(old)) {
		for (i = 0; i < n; i++)
			list_add_tail(&hs_host_page(hs_epte_pa(c->pte ? old :
							       hs_epte_sub(old, i)))->lru, pages);
		return n;
	}
	switch (hs_epte_type(old)) {
	case HS_LEAF_STAGED:
		list_add_tail(&hs_staged_take(c->g, old)->lru, pages);
		return 1;
	case HS_LEAF_COMPRESSED:
	case HS_LEAF_SWAPPED:
		store->drop(store->arg, hs_epte_type(old), hs_epte_slot(old));
		break;
	default:
		break;
	}
	return 0;
}

/**
 * hs_pages_drop() - free what was taken out of leaves
 * @g: guest memory of the VM
 * @pages: frames by hs_leaf_drop() and tables; empty afterwards
 *
 * Waits until no CPU reaches them.  Process context, no lock held.
 */
void hs_pages_drop(struct hs_gmem *g, struct list_head *pages)
{
	u64 gen;

	might_sleep();
	if (list_empty(pages))
		return;
	gen = hs_inval_bump(g);
	hs_quar_add(g, pages, gen);
	hs_inval_wait(g, gen);
	hs_quar_drain(g);
}

/* Something to do with the pages of one chunk; the leaf is locked. */
struct walk {
	struct hs_gmem *g;
	void (*leaf)(struct hs_cur *c, struct walk *w);
	bool (*wants)(u64 val);		/* whether a whole chunk's leaf concerns it */
	u64 state;			/* what leaves become that were not NONE, or 0 */
	struct list_head pages;
	unsigned int held;		/* how many those are, of all ranges */
	struct page *table;		/* at hand, to cut a chunk's leaf */
};

/* A leaf of a whole chunk, of which only a part is meant: 0, -ENOMEM, -EINTR. */
static int cut_chunk(struct hs_cur *c, struct walk *w)
{
	if (hs_epte_present(c->val)) {
		hs_ept_unlock(c);
		return hs_chunk_split(w->g, c->gfn) ?: -EAGAIN;
	}
	if (!w->table) {
		hs_ept_unlock(c);
		w->table = hs_ept_alloc_table(w->g);
		return w->table ? -EAGAIN : -ENOMEM;
	}
	hs_ept_cut(c, w->table);
	w->table = NULL;
	return 0;
}

/*
 * What the chunk gets next may be of another size than what was just taken out,
 * and the lock is dropped before that is acknowledged: whoever comes waits for it.
 */
static void note_size(struct hs_cur *c)
{
	c->chunk->size_gen = hs_inval_bump(c->g);
}

/*
 * Pages @gfn to @stop, all in one chunk.  0, -ENOMEM, -EINTR; -EAGAIN: look once
 * more.
 */
static int walk_chunk(struct walk *w, u64 gfn, u64 stop)
{
	const bool whole = stop - gfn == HS_CHUNK_PAGES, undo = !w->state;
	struct hs_cur c;
	bool large;
	int r;

	if (READ_ONCE(w->g->dead))
		return -EINTR;
	if (hs_ept_lock(w->g, gfn, &c))
		return 0;
	/* A guest may ask for this all the time: not for each leaf there is. */
	if (undo && !c.chunk->ballooned) {
		hs_ept_unlock(&c);
		return 0;
	}
	if (c.chunk->moving) {
		hs_ept_unlock(&c);
		hs_fault_wait(w->g, gfn);
		return -EAGAIN;
	}
	if (!c.pte && (whole || !w->wants(c.val) || c.val == w->state)) {
		large = hs_epte_present(c.val);
		if (w->wants(c.val))
			w->leaf(&c, w);
		if (large && !hs_epte_present(c.val))
			note_size(&c);
		goto done;
	}
	if (!c.pte) {
		r = cut_chunk(&c, w);
		if (r)
			return r;
	}
	for (; gfn < stop; gfn++) {
		hs_cur_move(&c, gfn & (HS_CHUNK_PAGES - 1));
		w->leaf(&c, w);
	}
	/* All say the same now: one leaf can say it for all, without a table. */
	if (whole && w->state && c.chunk->used == HS_CHUNK_PAGES) {
		list_add_tail(&hs_ept_remove_leaves(&c, w->state)->lru, &w->pages);
		w->held++;
		note_size(&c);
	}
done:
	if (whole && undo)
		c.chunk->ballooned = 0;
	hs_ept_unlock(&c);
	return 0;
}

static int walk_range(struct walk *w, u64 gfn, u64 end)
{
	u64 stop;
	int r = 0;

	for (; gfn < end && !r; gfn = stop) {
		/* Where there is no directory there is nothing. */
		gfn = hs_ept_next_dir(w->g, gfn);
		if (gfn >= end)
			break;
		if (!w->state && !atomic64_read(&w->g->ballooned))
			break;
		stop = min(end, ALIGN_DOWN(gfn, HS_CHUNK_PAGES) + HS_CHUNK_PAGES);
		do {
			r = walk_chunk(w, gfn, stop);
		} while (r == -EAGAIN);
		if (w->held >= BATCH_PAGES) {
			hs_pages_drop(w->g, &w->pages);
			w->held = 0;
		}
		cond_resched();
	}
	return r;
}

static int walk(struct walk *w, const struct hs_gmem_range *r, unsigned int n)
{
	unsigned int i;
	int err = 0;

	INIT_LIST_HEAD(&w->pages);
	for (i = 0; i < n; i++)
		if (!hs_gmem_is_ram_range(w->g, r[i].gpa, r[i].pages))
			return -EFAULT;
	for (i = 0; i < n && !err; i++)
		err = walk_range(w, r[i].gpa >> HS_PAGE_SHIFT,
				 (r[i].gpa >> HS_PAGE_SHIFT) + r[i].pages);
	hs_pages_drop(w->g, &w->pages);
	if (w->table)
		hs_ept_free_table(w->g, w->table);
	return err;
}

static void discard_leaf(struct hs_cur *c, struct walk *w)
{
	w->held += hs_leaf_drop(c, w->state, &w->pages);
}

static bool is_something(u64 val)
{
	return val != HS_EPTE_NONE;
}

/**
 * hs_gmem_discard() - the guest gives pages up
 * @g: guest memory of the VM
 * @r: ranges, page-aligned, in any order, repeated or not
 * @n: how many
 * @how: ballooned, or reported free
 *
 * Complete when it returns: unmapped, acknowledged, uncharged.  Where a range is
 * part of a 2 MiB leaf, that is split.  Many ranges share one acknowledgement.
 *
 * Context: process, may sleep, no lock held.
 * Return: 0; -EFAULT: not all of it is RAM, and nothing was done; -ENOMEM or -EINTR
 * (killed): done in part, and may be done again.
 */
int hs_gmem_discard(struct hs_gmem *g, const struct hs_gmem_range *r, unsigned int n,
		    enum hs_discard how)
{
	struct walk w = {
		.g = g,
		.leaf = discard_leaf,
		.wants = is_something,
		.state = hs_epte_state(how == HS_DISCARD_BALLOON ? HS_LEAF_BALLOON :
				       HS_LEAF_REPORTED, 0, 0),
	};

	might_sleep();
	return walk(&w, r, n);
}

static bool is_ballooned(u64 val)
{
	return hs_epte_is(val, HS_LEAF_BALLOON);
}

static void undiscard_leaf(struct hs_cur *c, struct walk *w)
{
	if (is_ballooned(c->val))
		hs_leaf_begin_out(c, NULL, HS_EPTE_NONE);
}

/**
 * hs_gmem_undiscard() - ballooned pages are the guest's again
 * @g: guest memory of the VM
 * @r: ranges, as for hs_gmem_discard()
 * @n: how many
 *
 * Takes the marks away.  What the guest has touched since has none, and nothing
 * happens to it.
 *
 * Context: process, may sleep, no lock held.
 * Return: as for hs_gmem_discard().
 */
int hs_gmem_undiscard(struct hs_gmem *g, const struct hs_gmem_range *r, unsigned int n)
{
	struct walk w = { .g = g, .leaf = undiscard_leaf, .wants = is_ballooned };

	might_sleep();
	return walk(&w, r, n);
}

/**
 * hs_gmem_undiscard_all() - there is no balloon any more
 * @g: guest memory of the VM
 *
 * Context: process, may sleep, no lock held.
 */
void hs_gmem_undiscard_all(struct hs_gmem *g)
{
	struct walk w = { .g = g, .leaf = undiscard_leaf, .wants = is_ballooned };

	might_sleep();
	if (!atomic64_read(&g->ballooned))
		return;
	/* Whole chunks only: nothing is cut, so nothing can be lacking. */
	INIT_LIST_HEAD(&w.pages);
	walk_range(&w, 0, 1ULL << (HS_GPA_BITS - HS_PAGE_SHIFT));
}

/**
 * hs_gmem_set_poison() - what pages that were reported free come back with
 * @g: guest memory of the VM
 * @value: the four bytes that fill them, 0 at first
 *
 * Context: any.
 */
void hs_gmem_set_poison(struct hs_gmem *g, u32 value)
{
	WRITE_ONCE(g->poison, value);
}

/**
 * hs_leaf_pattern() - what a page that has no content is filled with
 * @g: guest memory of the VM
 * @val: its leaf, not present
 *
 * Return: four bytes.
 */
u32 hs_leaf_pattern(const struct hs_gmem *g, u64 val)
{
	return hs_epte_is(val, HS_LEAF_REPORTED) ? READ_ONCE(g->poison) : 0;
}

/* Fills a page with a pattern. */
void hs_page_fill(void *page, u32 pattern)
{
	memset64(page, (u64)pattern << 32 | pattern, HS_PAGE_SIZE / sizeof(u64));
}
