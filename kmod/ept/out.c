// SPDX-License-Identifier: GPL-2.0
/* Taking pages out: begin, finish, abort; and staged frames.  See out.h. */
#include "ept/core.h"

/**
 * hs_out_begin() - unmap a page, content to be kept
 * @g: guest memory of the VM
 * @gfn: guest frame number
 * @rec: uninitialised; the caller's until hs_out_finish() or hs_out_abort()
 *
 * Process context, may sleep, no lock held.  0: begun; -ENXIO: not RAM;
 * -ENOENT: nothing mapped; -EBUSY: pinned or moving already; -EINTR: killed;
 * -ENOMEM: its 2 MiB leaf could not be split.
 */
int hs_out_begin(struct hs_gmem *g, u64 gfn, struct hs_inflight *rec)
{
	struct hs_cur c;
	int r = 0;

	might_sleep();
	if (!hs_gfn_is_ram(g, gfn))
		return -ENXIO;
	for (;;) {
		if (READ_ONCE(g->dead))
			return -EINTR;
		if (hs_ept_lock(g, gfn, &c))
			return -ENOENT;
		if (!hs_cur_large(&c))
			break;
		hs_ept_unlock(&c);
		r = hs_chunk_split(g, gfn);
		if (r)
			return r;
	}
	if (hs_epte_is(c.val, HS_LEAF_BUSY)) {
		r = -EBUSY;
	} else if (!hs_epte_present(c.val)) {
		r = -ENOENT;
	} else if (hs_frame_refs(hs_cur_frame(&c)) != 1) {
		/* A device is at it: its content would not stand still. */
		r = -EBUSY;
	} else {
		rec->out = true;
		rec->frame = hs_cur_frame(&c);
		hs_frame_ref(rec->frame);
		hs_leaf_begin_out(&c, rec, 0);
	}
	hs_ept_unlock(&c);
	return r;
}

/**
 * hs_out_sync() - wait until no CPU reaches what was begun before
 * @g: guest memory of the VM
 *
 * Process context, may sleep, no lock held.
 */
void hs_out_sync(struct hs_gmem *g)
{
	hs_inval_wait(g, hs_inval_bump(g));
}

static int find_rec(struct hs_gmem *g, struct hs_inflight *rec, struct hs_cur *c)
{
	/* The directory exists: the page was mapped. */
	hs_ept_lock(g, rec->gfn, c);
	if (!rec->cancelled)
		return 0;
	hs_ept_unlock(c);
	hs_frame_put(g, rec->frame, HS_PUT_GIVE);
	return -ECANCELED;
}

/* When it was taken, in evictions of this VM: 16 bits that wrap no sooner than
 * after as many as the VM has pages. */
static u16 stamp(struct hs_gmem *g)
{
	return atomic64_inc_return(&g->evict_clock) >> g->stamp_shift;
}

/**
 * hs_out_finish() - the page's content is in the store, or stays with its frame
 * @g: guest memory of the VM
 * @rec: from hs_out_begin()
 * @type: HS_LEAF_STAGED: the frame stays, held by @slot; HS_LEAF_ZERO,
 *	HS_LEAF_COMPRESSED, HS_LEAF_SWAPPED: the frame is freed, and
 *	hs_charge_take() has uncharged it
 * @slot: where the content is
 *
 * After hs_out_sync().  Process context.  0, or -ECANCELED: a fault took the
 * page back, @slot is not used.
 */
int hs_out_finish(struct hs_gmem *g, struct hs_inflight *rec,
		  enum hs_leaf_type type, u64 slot)
{
	struct hs_cur c;

	if (find_rec(g, rec, &c))
		return -ECANCELED;
	/* Its content was read since, or will be: nobody writes it any more. */
	hs_ept_dbg_reuse(g, rec->frame);
	if (type == HS_LEAF_STAGED)
		hs_slot_set(g, slot, (u64)(unsigned long)rec->frame);
	hs_leaf_finish_out(&c, rec, hs_epte_state(type, slot, stamp(g)));
	hs_ept_unlock(&c);
	/* Ours; and the leaf's, which the slot inherits if it keeps the frame. */
	hs_frame_put(g, rec->frame, HS_PUT_TAKEN);
	if (type != HS_LEAF_STAGED)
		hs_frame_put(g, rec->frame, HS_PUT_TAKEN);
	return 0;
}

/**
 * hs_out_abort() - leave the page where it was
 * @g: guest memory of the VM
 * @rec: from hs_out_begin()
 *
 * Instead of hs_out_finish(), with or without hs_out_sync().
 */
void hs_out_abort(struct hs_gmem *g, struct hs_inflight *rec)
{
	struct hs_cur c;

	if (find_rec(g, rec, &c))
		return;
	hs_leaf_restore(&c, rec);
	hs_ept_unlock(&c);
	hs_frame_put(g, rec->frame, HS_PUT_GIVE);
}

/* Frame behind STAGED @leaf.  Chunk lock held. */
struct page *hs_staged_frame(struct hs_gmem *g, u64 leaf)
{
	return (struct page *)(unsigned long)hs_slot_get(g, hs_epte_slot(leaf));
}

/* The same, and its slot is free: the frame is the caller's. */
struct page *hs_staged_take(struct hs_gmem *g, u64 leaf)
{
	struct page *frame = hs_staged_frame(g, leaf);

	hs_slot_free(g, hs_epte_slot(leaf));
	return frame;
}

int hs_out_slot_alloc(struct hs_gmem *g, u64 *slot)
{
	return hs_slot_alloc(g, slot);
}

void hs_out_slot_free(struct hs_gmem *g, u64 slot)
{
	hs_slot_free(g, slot);
}
