// SPDX-License-Identifier: GPL-2.0
/*
 * Reading and clearing the accessed and dirty flags: one place, for all who
 * want to know (rule 7).  If ageing cleared D by itself, migration would lose
 * a write.
 */
#include "ept/core.h"

int hs_gmem_add_consumer(struct hs_gmem *g, const struct hs_consumer *consumer)
{
	unsigned int i;

	for (i = 0; i < HS_CONSUMERS_MAX; i++) {
		if (g->consumer[i].leaf)
			continue;
		g->consumer[i] = *consumer;
		return 0;
	}
	return -ENOSPC;
}

static void harvest_leaf(struct hs_cur *c, u32 clear)
{
	u64 bits = HS_EPTE_FRESH, was;
	unsigned int i;
	u32 what = 0;

	if (clear & HS_HARVEST_A)
		bits |= HS_EPTE_A;
	if (clear & HS_HARVEST_D)
		bits |= HS_EPTE_D;
	/*
	 * The dirty flag of a pinned page stands for what its device may write
	 * until the pin ends, so it stays.
	 */
	if (c->pte && hs_frame_refs(hs_cur_frame(c)) != 1)
		bits &= ~(HS_EPTE_A | HS_EPTE_D);
	was = c->val | hs_leaf_unmark(c, bits);
	if (was & HS_EPTE_A)
		what |= HS_HARVEST_A;
	if (was & HS_EPTE_D)
		what |= HS_HARVEST_D;
	if (was & HS_EPTE_FRESH)
		what |= HS_HARVEST_FRESH;
	for (i = 0; i < HS_CONSUMERS_MAX && c->g->consumer[i].leaf; i++)
		c->g->consumer[i].leaf(c->g->consumer[i].arg, c->gfn,
				       c->pte ? 1 : HS_CHUNK_PAGES, what);
}

/* A 2 MiB leaf keeps its flags while any of its pages is pinned. */
static bool large_pinned(struct hs_cur *c)
{
	struct page *frame = hs_cur_frame(c);
	unsigned int i;

	for (i = 0; i < HS_CHUNK_PAGES; i++)
		if (hs_frame_refs(frame + i) != 1)
			return true;
	return false;
}

/**
 * hs_gmem_harvest() - report A and D of present pages to all consumers
 * @g: guest memory of the VM
 * @gfn: first page; in a 2 MiB leaf, the whole leaf counts
 * @pages: how many to look at
 * @clear: HS_HARVEST_A, HS_HARVEST_D: flags to clear as well
 *
 * Clears the mark of fresh pages.  Invalidates nothing: a CPU that still holds
 * a translation sets no flag again, so a flag found clear next time says
 * "not used" only if hs_inval_bump() came in between, and a clear D proves a
 * page clean only if that was acknowledged as well.  Without accessed and dirty
 * flags in the CPU, flags found clear say nothing.  Process context, no lock
 * held.  Returns the number of present pages seen.
 */
u64 hs_gmem_harvest(struct hs_gmem *g, u64 gfn, u64 pages, u32 clear)
{
	u64 end = gfn + pages, seen = 0, stop;
	struct hs_cur c;

	might_sleep();
	for (; gfn < end; gfn = stop) {
		gfn = hs_ept_next_dir(g, gfn);
		if (gfn >= end)
			break;
		stop = min(end, ALIGN_DOWN(gfn, HS_CHUNK_PAGES) + HS_CHUNK_PAGES);
		if (hs_ept_lock(g, gfn, &c))
			continue;
		if (hs_cur_large(&c)) {
			c.gfn = ALIGN_DOWN(c.gfn, HS_CHUNK_PAGES);
			harvest_leaf(&c, large_pinned(&c) ? 0 : clear);
			seen += HS_CHUNK_PAGES;
		}
		for (; c.pte && gfn < stop; gfn++) {
			hs_cur_move(&c, gfn & (HS_CHUNK_PAGES - 1));
			if (!hs_epte_present(c.val))
				continue;
			harvest_leaf(&c, clear);
			seen++;
		}
		hs_ept_unlock(&c);
		cond_resched();
	}
	return seen;
}
