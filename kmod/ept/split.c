// SPDX-License-Identifier: GPL-2.0
/*
 * Between one 2 MiB leaf and 512 leaves of 4 KiB.
 *
 * A CPU must never find two translations of different size for one address
 * (SDM vol. 3, 29.4.3.4, and errata up to machine checks), so either way is
 * break before make: the directory entry becomes BUSY, everybody acknowledges,
 * then the new one is installed.  Whoever touches the chunk meanwhile waits.
 */
#include "ept/core.h"

/* Locked, and nobody else moves the chunk.  0, -ENOENT, -EINTR. */
static int lock_settled(struct hs_gmem *g, u64 gfn, struct hs_cur *c)
{
	for (;;) {
		if (READ_ONCE(g->dead))
			return -EINTR;
		if (hs_ept_lock(g, gfn, c))
			return -ENOENT;
		if (!c->chunk->moving)
			return 0;
		hs_ept_unlock(c);
		hs_fault_wait(g, gfn);
	}
}

static void relock_moving(struct hs_gmem *g, u64 gfn, struct hs_cur *c)
{
	/* There is a directory, and it stays: the chunk was found in it. */
	hs_ept_lock(g, gfn, c);
	c->chunk->moving = 0;
}

/**
 * hs_chunk_split() - turn a 2 MiB leaf into 4 KiB leaves of the same frames
 * @g: guest memory of the VM
 * @gfn: any page of the chunk
 *
 * Process context, may sleep, no lock held.  0: the chunk has no 2 MiB leaf
 * now (it may never have had one); -ENOMEM; -EINTR: killed.
 */
int hs_chunk_split(struct hs_gmem *g, u64 gfn)
{
	struct page *table = hs_ept_alloc_table(g);
	struct hs_cur c;
	unsigned int i;
	u64 old, *leaf;
	int r;

	if (!table)
		return -ENOMEM;
	r = lock_settled(g, gfn, &c);
	if (r || !hs_cur_large(&c)) {
		if (!r)
			hs_ept_unlock(&c);
		hs_ept_free_table(g, table);
		return r == -EINTR ? r : 0;
	}
	c.chunk->moving = 1;
	old = hs_leaf_begin_out(&c, NULL, hs_epte_state(HS_LEAF_BUSY, 0, 0));
	hs_ept_unlock(&c);

	hs_inval_wait(g, hs_inval_bump(g));
	leaf = hs_frame_va(table);
	for (i = 0; i < HS_CHUNK_PAGES; i++)
		WRITE_ONCE(leaf[i], hs_epte_sub(old, i));

	relock_moving(g, gfn, &c);
	hs_ept_add_leaves(&c, table, HS_CHUNK_PAGES, HS_CHUNK_PAGES);
	hs_fault_wake(&c);
	hs_ept_unlock(&c);
	atomic64_inc(&g->splits);
	return 0;
}

/* Whether all 512 leaves may move into one; *@in_place: their frames already
 * lie in a row.  Locked, with a table. */
static int collapsible(struct hs_cur *c, bool *in_place)
{
	struct page *frame, *first = NULL;
	unsigned int i;

	if (c->chunk->present != HS_CHUNK_PAGES)
		return -EAGAIN;
	*in_place = true;
	for (i = 0; i < HS_CHUNK_PAGES; i++) {
		hs_cur_move(c, i);
		if (!hs_epte_present(c->val) || !hs_epte_allows(c->val, HS_ACC_WRITE))
			return -EAGAIN;
		frame = hs_cur_frame(c);
		if (!i) {
			first = frame;
			*in_place = IS_ALIGNED(hs_host_pa(frame), 1ULL << HS_CHUNK_SHIFT);
		}
		if (hs_host_pa(frame) != hs_host_pa(first) + (u64)i * HS_PAGE_SIZE)
			*in_place = false;
		if (hs_frame_refs(frame) != 1)
			return -EBUSY;
	}
	return 0;
}

/* What all the old leaves say together, and their frames' content. */
static u64 gather(struct page *table, struct page *to)
{
	u64 *leaf = hs_frame_va(table), flags = 0;
	unsigned int i;

	for (i = 0; i < HS_CHUNK_PAGES; i++) {
		u64 e = READ_ONCE(leaf[i]);

		flags |= e & (HS_EPTE_A | HS_EPTE_D | HS_EPTE_WALK | HS_EPTE_FRESH);
		if (to)
			copy_page(hs_frame_va(to + i), hs_host_va(hs_epte_pa(e)));
	}
	return flags;
}

static void put_all(struct hs_gmem *g, struct page *frame, u64 *leaf)
{
	unsigned int i;

	for (i = 0; i < HS_CHUNK_PAGES; i++)
		hs_frame_put(g, leaf ? hs_host_page(hs_epte_pa(leaf[i])) : frame + i,
			     HS_PUT_GIVE);
}

/**
 * hs_chunk_collapse() - turn 512 leaves of 4 KiB into one of 2 MiB
 * @g: guest memory of the VM
 * @gfn: any page of the chunk
 *
 * In place when the frames lie in a row, else by copying to frames that do; the
 * VM is charged for both while it lasts.  Never gives a frame to a page that
 * has none (rule 11).  Process context, may sleep, no lock held.  0: the chunk
 * has a 2 MiB leaf now; -EAGAIN: not all pages are present and writable;
 * -EBUSY: one is pinned or moving; -ENOMEM: the host has no such frame at hand;
 * -EINTR: killed; -EOPNOTSUPP: no 2 MiB leaves here.
 */
int hs_chunk_collapse(struct hs_gmem *g, u64 gfn)
{
	struct page *to = NULL, *table;
	struct hs_cur c;
	u64 leaf, first;
	bool in_place, zeroed;
	int r;

	might_sleep();
	if (!g->huge_2m)
		return -EOPNOTSUPP;
	gfn = ALIGN_DOWN(gfn, HS_CHUNK_PAGES);
	for (;;) {
		r = lock_settled(g, gfn, &c);
		if (r)
			break;
		if (!c.pte) {
			r = hs_cur_large(&c) ? 0 : -EAGAIN;
			hs_ept_unlock(&c);
			break;
		}
		r = collapsible(&c, &in_place);
		if (!r && (in_place || to))
			goto move;
		hs_ept_unlock(&c);
		if (r)
			break;
		to = hs_frame_get_2m(g, &zeroed);
		if (!to) {
			r = -ENOMEM;
			break;
		}
	}
	if (to)
		put_all(g, to, NULL);
	return r == -ENOENT ? -EAGAIN : r;

move:
	if (in_place && to) {
		/* Somebody replaced frames while we got ours. */
		hs_ept_unlock(&c);
		put_all(g, to, NULL);
		return -EBUSY;
	}
	c.chunk->moving = 1;
	table = hs_ept_remove_leaves(&c, hs_epte_state(HS_LEAF_BUSY, 0, 0));
	hs_ept_unlock(&c);

	/* Only now do A and D, and the content, stand still (rule 6). */
	hs_inval_wait(g, hs_inval_bump(g));
	first = hs_epte_pa(READ_ONCE(*(u64 *)hs_frame_va(table)));
	leaf = gather(table, to);
	leaf |= hs_epte_leaf(to ? hs_host_pa(to) : first, true, true) & ~(HS_EPTE_A | HS_EPTE_D);

	relock_moving(g, gfn, &c);
	hs_leaf_install(&c, leaf);
	hs_fault_wake(&c);
	hs_ept_unlock(&c);

	if (to)
		put_all(g, NULL, hs_frame_va(table));
	hs_ept_free_table(g, table);
	atomic64_inc(&g->collapses);
	return 0;
}
