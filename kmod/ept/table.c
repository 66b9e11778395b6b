// SPDX-License-Identifier: GPL-2.0
/*
 * The four-level table of one VM, its locks, and the only writes to it.
 *
 * Tables above the leaves' are added by compare-and-exchange and stay until
 * hs_ept_destroy(), so they are walked without a lock.  A directory entry, the
 * leaf table under it and all its leaves belong to the chunk's lock; the CPUs
 * write A and D into present entries at any time, hence the atomic exchanges.
 */
#include "ept/core.h"

static u64 *table_of(u64 entry)
{
	return hs_host_va(hs_epte_pa(entry));
}

static unsigned int index_at(u64 gfn, unsigned int level)
{
	return gfn >> (9 * (level - 1)) & (HS_EPT_ENTRIES - 1);
}

/**
 * hs_ept_alloc_table() - empty EPT table
 * @g: guest memory of the VM
 *
 * Process context, may sleep.  NULL: no memory.
 */
struct page *hs_ept_alloc_table(struct hs_gmem *g)
{
	struct page *page = hs_host_alloc_table(g->owner);

	if (!page)
		return NULL;
	memset64(hs_host_va(hs_host_pa(page)), HS_EPTE_NONE, HS_EPT_ENTRIES);
	atomic_long_set(hs_host_word(page), 0);
	atomic64_add(HS_PAGE_SIZE, &g->overhead);
	hs_frame_count(1);
	return page;
}

/* @page was never reachable by a CPU, or its removal is acknowledged. */
void hs_ept_free_table(struct hs_gmem *g, struct page *page)
{
	hs_ept_dbg_reuse(g, page);
	atomic64_sub(HS_PAGE_SIZE, &g->overhead);
	hs_frame_count(-1);
	hs_host_free_table(page);
}

static struct page *alloc_dir(struct hs_gmem *g)
{
	struct page *page = hs_ept_alloc_table(g);
	struct hs_dir *dir;
	unsigned int i;

	if (!page)
		return NULL;
	dir = hs_host_zalloc(g->owner, sizeof(*dir));
	if (!dir) {
		hs_ept_free_table(g, page);
		return NULL;
	}
	atomic64_add(sizeof(*dir), &g->overhead);
	for (i = 0; i < HS_EPT_ENTRIES; i++) {
		spin_lock_init(&dir->chunk[i].lock);
		INIT_HLIST_HEAD(&dir->chunk[i].busy);
	}
	atomic_long_set(hs_host_word(page), (long)dir);
	return page;
}

static void free_dir(struct hs_gmem *g, struct page *page)
{
	hs_host_zfree((void *)atomic_long_read(hs_host_word(page)));
	atomic64_sub(sizeof(struct hs_dir), &g->overhead);
	hs_ept_free_table(g, page);
}

int hs_ept_create(struct hs_gmem *g)
{
	g->root = hs_ept_alloc_table(g);
	return g->root ? 0 : -ENOMEM;
}

static void free_level(struct hs_gmem *g, struct page *page, unsigned int level)
{
	u64 *table = hs_host_va(hs_host_pa(page));
	unsigned int i;

	for (i = 0; i < HS_EPT_ENTRIES && level > 1; i++)
		if (hs_epte_is_table(table[i]))
			free_level(g, hs_host_page(hs_epte_pa(table[i])), level - 1);
	if (level == 2)
		free_dir(g, page);
	else
		hs_ept_free_table(g, page);
}

/*
 * Frees all tables.  No frame is mapped any more, and no CPU will enter: what
 * its TLB may still hold is tagged with this root, and whoever gets the root's
 * page next starts with generation 0 on every CPU (rule 4).
 */
void hs_ept_destroy(struct hs_gmem *g)
{
	if (g->root)
		free_level(g, g->root, HS_EPT_LEVELS);
	g->root = NULL;
}

/* The page directory for @gfn, or 0 when there is none yet. */
static __always_inline u64 find_dir(struct hs_gmem *g, u64 gfn)
{
	u64 e = READ_ONCE(((u64 *)hs_host_va(hs_host_pa(g->root)))[index_at(gfn, 4)]);

	if (!hs_epte_present(e))
		return 0;
	e = READ_ONCE(table_of(e)[index_at(gfn, 3)]);
	return hs_epte_present(e) ? e : 0;
}

/**
 * hs_ept_next_dir() - first page directory at or after @gfn
 * @g: guest memory of the VM
 * @gfn: guest frame number
 *
 * For whoever visits all that a VM has touched.  Returns the first gfn that
 * may have leaves, or U64_MAX.
 */
u64 hs_ept_next_dir(struct hs_gmem *g, u64 gfn)
{
	u64 *root = hs_host_va(hs_host_pa(g->root));
	const u64 step3 = 1ULL << 18, step4 = 1ULL << 27;

	while (gfn >> (HS_GPA_BITS - HS_PAGE_SHIFT) == 0) {
		if (!hs_epte_present(READ_ONCE(root[index_at(gfn, 4)]))) {
			gfn = ALIGN_DOWN(gfn, step4) + step4;
			continue;
		}
		if (find_dir(g, gfn))
			return gfn;
		gfn = ALIGN_DOWN(gfn, step3) + step3;
	}
	return U64_MAX;
}

static int add_table(struct hs_gmem *g, u64 *entry, unsigned int level)
{
	struct page *page = level == 2 ? alloc_dir(g) : hs_ept_alloc_table(g);
	u64 none = HS_EPTE_NONE;

	if (!page)
		return -ENOMEM;
	/* Full barrier: the table's content is out before its address. */
	if (cmpxchg(entry, none, hs_epte_table(hs_host_pa(page))) != none) {
		if (level == 2)
			free_dir(g, page);
		else
			hs_ept_free_table(g, page);
	}
	return 0;
}

/**
 * hs_ept_prepare() - make sure that @gfn has a page directory
 * @g: guest memory of the VM
 * @gfn: guest frame number
 *
 * Process context, may sleep, no lock held.  0 or -ENOMEM.
 */
int hs_ept_prepare(struct hs_gmem *g, u64 gfn)
{
	u64 *entry = (u64 *)hs_host_va(hs_host_pa(g->root)) + index_at(gfn, 4);
	int r;

	might_sleep();
	if (!hs_epte_present(READ_ONCE(*entry))) {
		r = add_table(g, entry, 3);
		if (r)
			return r;
	}
	entry = table_of(READ_ONCE(*entry)) + index_at(gfn, 3);
	return hs_epte_present(READ_ONCE(*entry)) ? 0 : add_table(g, entry, 2);
}

static __always_inline void look(struct hs_cur *c, u64 *dir_table)
{
	u64 pde;

	c->pde = dir_table + index_at(c->gfn, 2);
	pde = READ_ONCE(*c->pde);
	if (hs_epte_is_table(pde)) {
		c->pte = table_of(pde) + index_at(c->gfn, 1);
		c->val = READ_ONCE(*c->pte);
	} else {
		c->pte = NULL;
		c->val = pde;
	}
}

/* Inline, as are the next: each byte that a device moves comes through here. */
static __always_inline int lock_cur(struct hs_gmem *g, u64 gfn, struct hs_cur *c, bool try)
{
	u64 e = find_dir(g, gfn);
	struct hs_dir *dir;

	if (!e)
		return -ENOENT;
	dir = (struct hs_dir *)atomic_long_read(hs_host_word(hs_host_page(hs_epte_pa(e))));
	c->g = g;
	c->gfn = gfn;
	c->chunk = &dir->chunk[index_at(gfn, 2)];
	if (!try)
		spin_lock(&c->chunk->lock);
	else if (!spin_trylock(&c->chunk->lock))
		return -EAGAIN;
	/* For sparse, which cannot follow a lock taken on one of two results. */
	__release(&c->chunk->lock);
	look(c, table_of(e));
	return 0;
}

/**
 * hs_ept_lock() - find the leaf of @gfn and lock its chunk
 * @g: guest memory of the VM
 * @gfn: guest frame number
 * @c: cursor, filled on success
 *
 * 0: locked, *@c filled.  -ENOENT: not even a directory there, all NONE,
 * nothing locked.  Not from interrupts.
 */
int hs_ept_lock(struct hs_gmem *g, u64 gfn, struct hs_cur *c)
{
	return lock_cur(g, gfn, c, false);
}

/* The same from any context; -EAGAIN when somebody has the chunk. */
int hs_ept_trylock(struct hs_gmem *g, u64 gfn, struct hs_cur *c)
{
	return lock_cur(g, gfn, c, true);
}

void hs_ept_unlock(struct hs_cur *c)
{
	__acquire(&c->chunk->lock);
	spin_unlock(&c->chunk->lock);
}

/**
 * hs_ept_add_leaves() - give a chunk a table for 4 KiB leaves
 * @c: locked, directory entry not present
 * @table: from hs_ept_alloc_table(); belongs to the chunk afterwards
 * @used: how many of its leaves are not NONE
 * @present: how many are present
 *
 * Nothing was present, so nothing needs invalidation.
 */
void hs_ept_add_leaves(struct hs_cur *c, struct page *table, unsigned int used,
		       unsigned int present)
{
	lockdep_assert_held(&c->chunk->lock);
	xchg(c->pde, hs_epte_table(hs_host_pa(table)));
	c->chunk->used = used;
	c->chunk->present = present;
	c->pte = (u64 *)hs_host_va(hs_host_pa(table)) + index_at(c->gfn, 1);
	c->val = READ_ONCE(*c->pte);
}

/**
 * hs_ept_cut() - give a chunk 4 KiB leaves that say what its one leaf said
 * @c: locked, directory entry neither present nor BUSY
 * @table: empty; belongs to the chunk afterwards
 */
void hs_ept_cut(struct hs_cur *c, struct page *table)
{
	const u64 val = c->val;

	if (val != HS_EPTE_NONE)
		memset64(hs_frame_va(table), val, HS_EPT_ENTRIES);
	hs_ept_add_leaves(c, table, val == HS_EPTE_NONE ? 0 : HS_CHUNK_PAGES, 0);
}

/* For the check of rule 5: a table goes, and all that it maps. */
static void note_table_unmapped(struct hs_cur *c, struct page *table)
{
#ifdef HS_DEBUG
	u64 *leaf = hs_frame_va(table), e;
	unsigned int i;

	hs_ept_dbg_unmapped(c->g, table);
	for (i = 0; i < HS_EPT_ENTRIES; i++) {
		e = READ_ONCE(leaf[i]);
		if (hs_epte_present(e))
			hs_ept_dbg_unmapped(c->g, hs_host_page(hs_epte_pa(e)));
	}
#endif
}

/**
 * hs_ept_remove_leaves() - take the table of 4 KiB leaves out of a chunk
 * @c: locked, has such a table
 * @state: what the directory entry shall be instead, not present
 *
 * Returns the table, marked for the quarantine: CPUs may hold its address.
 */
struct page *hs_ept_remove_leaves(struct hs_cur *c, u64 state)
{
	struct page *table;

	lockdep_assert_held(&c->chunk->lock);
	table = hs_host_page(hs_epte_pa(xchg(c->pde, state)));
	atomic_long_set(hs_host_word(table), HS_WORD_TABLE);
	note_table_unmapped(c, table);
	c->chunk->used = 0;
	c->chunk->present = 0;
	c->pte = NULL;
	c->val = state;
	return table;
}

/* Moves to leaf @i of the chunk, which has 4 KiB leaves. */
void hs_cur_move(struct hs_cur *c, unsigned int i)
{
	c->pte += (long)i - (long)index_at(c->gfn, 1);
	c->gfn = ALIGN_DOWN(c->gfn, HS_CHUNK_PAGES) + i;
	c->val = READ_ONCE(*c->pte);
}

/* --- leaves: nothing below or elsewhere writes one but through here --- */

/* For the check of rule 5: what CPUs may still hold after this change. */
static void note_unmapped(struct hs_cur *c, u64 old, u64 new)
{
#ifdef HS_DEBUG
	unsigned int i, n = c->pte ? 1 : HS_CHUNK_PAGES;

	if (!hs_epte_present(old) || (hs_epte_present(new) && (new & HS_EPTE_W)))
		return;
	for (i = 0; i < n; i++)
		hs_ept_dbg_unmapped(c->g, hs_host_page(c->pte ? hs_epte_pa(old) :
						       hs_epte_pa(hs_epte_sub(old, i))));
#endif
}

/* Pages with a mark, see discard.c. */
static void count_mark(struct hs_cur *c, u64 val, int sign)
{
	const int n = c->pte ? sign : sign * (int)HS_CHUNK_PAGES;

	if (hs_epte_is(val, HS_LEAF_BALLOON)) {
		atomic64_add(n, &c->g->ballooned);
		c->chunk->ballooned |= n > 0;
	} else if (hs_epte_is(val, HS_LEAF_REPORTED)) {
		atomic64_add(n, &c->g->reported);
	}
}

static u64 exchange(struct hs_cur *c, u64 new)
{
	u64 none = HS_EPTE_NONE, old;

	lockdep_assert_held(&c->chunk->lock);
	if (!c->pte) {
		old = xchg(c->pde, new);
		if (hs_epte_present(new) != hs_epte_present(old))
			atomic64_add(hs_epte_present(new) ? 1 : -1, &c->g->large);
	} else {
		old = xchg(c->pte, new);
		c->chunk->used += (new != none) - (old != none);
		c->chunk->present += !!hs_epte_present(new) - !!hs_epte_present(old);
	}
	c->val = new;
	count_mark(c, old, -1);
	count_mark(c, new, 1);
	note_unmapped(c, old, new);
	return old;
}

/**
 * hs_leaf_install() - map a frame where none was
 * @c: locked, leaf not present
 * @leaf: the new leaf, present
 *
 * Not-present entries are not cached by any CPU (SDM vol. 3, 29.4.2), so
 * nothing needs invalidation.
 */
void hs_leaf_install(struct hs_cur *c, u64 leaf)
{
	exchange(c, leaf);
}

/**
 * hs_leaf_begin_out() - unmap, or reserve a leaf that is to be filled
 * @c: locked
 * @rec: in-flight record to be linked, leaving BUSY, or NULL
 * @state: without @rec, the state to leave at once (a discard)
 *
 * Returns what the leaf held, with the A and D flags of the last instant, and
 * puts it into rec->old.  If it was present, its frame may be reused only after
 * hs_inval_bump() and its acknowledgement.
 */
u64 hs_leaf_begin_out(struct hs_cur *c, struct hs_inflight *rec, u64 state)
{
	if (!rec)
		return exchange(c, state);
	rec->gfn = c->gfn;
	rec->cancelled = false;
	rec->old = exchange(c, hs_epte_state(HS_LEAF_BUSY, 0, 0));
	hlist_add_head(&rec->node, &c->chunk->busy);
	return rec->old;
}

/**
 * hs_leaf_finish_out() - from BUSY to the state the page now has
 * @c: locked, leaf BUSY by @rec; unmapping acknowledged
 * @rec: unlinked; its frame is the caller's
 * @state: new leaf: a state, or for a page that came in, a present leaf
 */
void hs_leaf_finish_out(struct hs_cur *c, struct hs_inflight *rec, u64 state)
{
	hlist_del_init(&rec->node);
	exchange(c, state);
	hs_fault_wake(c);
}

/**
 * hs_leaf_restore() - from BUSY back to what was there
 * @c: locked, leaf BUSY by @rec
 * @rec: unlinked
 *
 * Without acknowledgement: translations that CPUs still hold are those that
 * come back, and what they know of A and D was in the leaf when they cached it.
 */
void hs_leaf_restore(struct hs_cur *c, struct hs_inflight *rec)
{
	hlist_del_init(&rec->node);
	exchange(c, rec->old);
	hs_fault_wake(c);
}

/* Sets A, D or marks of ours in a present leaf, beside the CPUs doing so. */
void hs_leaf_mark(struct hs_cur *c, u64 bits)
{
	u64 *p = c->pte ? c->pte : c->pde, old;

	lockdep_assert_held(&c->chunk->lock);
	while ((c->val & bits) != bits) {
		old = cmpxchg(p, c->val, c->val | bits);
		if (old == c->val)
			old |= bits;
		c->val = old;
	}
}

/*
 * Clears A, D or marks of ours in a present leaf and returns those that were
 * set.  A CPU may go on without setting a flag again until it is flushed.
 */
u64 hs_leaf_unmark(struct hs_cur *c, u64 bits)
{
	u64 *p = c->pte ? c->pte : c->pde, old;

	lockdep_assert_held(&c->chunk->lock);
	for (;;) {
		old = cmpxchg(p, c->val, c->val & ~bits);
		if (old == c->val)
			break;
		c->val = old;
	}
	c->val &= ~bits;
	return old & bits;
}

/* The record behind a BUSY 4 KiB leaf, or NULL. */
struct hs_inflight *hs_leaf_inflight(struct hs_cur *c)
{
	struct hs_inflight *rec;

	lockdep_assert_held(&c->chunk->lock);
	hlist_for_each_entry(rec, &c->chunk->busy, node)
		if (rec->gfn == c->gfn)
			return rec;
	return NULL;
}
