// SPDX-License-Identifier: GPL-2.0
/*
 * Slots: what the slot number in a non-present leaf stands for.
 *
 * A leaf has room for a small number, not for an address, and an address would
 * be what L1TF wants.  The table grows by pages and never shrinks before the VM
 * ends; free slots are chained through the values.
 */
#include "ept/core.h"

#define PER_LEAF	(HS_PAGE_SIZE / sizeof(u64))

int hs_slots_init(struct hs_gmem *g)
{
	struct hs_slots *s = &g->slots;

	spin_lock_init(&s->lock);
	s->max = hs_epte_slot_max(hs_host_cache_bits());
	return 0;
}

void hs_slots_exit(struct hs_gmem *g)
{
	struct hs_slots *s = &g->slots;
	unsigned int i;

	for (i = 0; i < s->leaves; i++) {
		hs_host_zfree(s->leaf[i]);
		atomic64_sub(HS_PAGE_SIZE, &g->overhead);
	}
	atomic64_sub(s->leaves_max * sizeof(*s->leaf), &g->overhead);
	hs_host_zfree(s->leaf);
	s->leaf = NULL;
	s->leaves = s->leaves_max = 0;
	s->free = 0;
}

static u64 *entry(struct hs_slots *s, u64 slot)
{
	return &s->leaf[slot / PER_LEAF][slot % PER_LEAF];
}

static int grow(struct hs_gmem *g)
{
	struct hs_slots *s = &g->slots;
	unsigned int max = READ_ONCE(s->leaves_max), i;
	u64 **more = NULL, **old = NULL, *leaf;

	leaf = hs_host_zalloc(g->owner, HS_PAGE_SIZE);
	if (!leaf)
		return -ENOMEM;
	if (READ_ONCE(s->leaves) == max) {
		max = max ? 2 * max : 8;
		more = hs_host_zalloc(g->owner, max * sizeof(*more));
		if (!more) {
			hs_host_zfree(leaf);
			return -ENOMEM;
		}
	}
	spin_lock(&s->lock);
	if (more && max > s->leaves_max) {
		if (s->leaves)
			memcpy(more, s->leaf, s->leaves * sizeof(*more));
		old = s->leaf;
		atomic64_add((max - s->leaves_max) * sizeof(*more), &g->overhead);
		s->leaf = more;
		s->leaves_max = max;
		more = NULL;
	}
	if (!s->free && s->leaves < s->leaves_max &&
	    (s->leaves + 1) * PER_LEAF - 1 <= s->max) {
		for (i = 0; i < PER_LEAF; i++)
			leaf[i] = i + 1 < PER_LEAF ? s->leaves * PER_LEAF + i + 2 : 0;
		s->free = s->leaves * PER_LEAF + 1;
		s->leaf[s->leaves++] = leaf;
		atomic64_add(HS_PAGE_SIZE, &g->overhead);
		leaf = NULL;
	}
	spin_unlock(&s->lock);
	hs_host_zfree(more);
	hs_host_zfree(old);
	hs_host_zfree(leaf);
	return 0;
}

/**
 * hs_slot_alloc() - a free slot of @g
 * @g: guest memory of the VM
 * @slot: where the number goes
 *
 * Process context, may sleep, no lock held.  0; -ENOMEM; -ENOSPC when the leaf
 * format has no number left.
 */
int hs_slot_alloc(struct hs_gmem *g, u64 *slot)
{
	struct hs_slots *s = &g->slots;
	bool full;
	int r;

	might_sleep();
	for (;;) {
		spin_lock(&s->lock);
		if (s->free) {
			*slot = s->free - 1;
			s->free = *entry(s, *slot);
			spin_unlock(&s->lock);
			return 0;
		}
		full = (s->leaves + 1) * PER_LEAF - 1 > s->max;
		spin_unlock(&s->lock);
		if (full)
			return -ENOSPC;
		r = grow(g);
		if (r)
			return r;
	}
}

/* May be called under a chunk lock, as the next two. */
void hs_slot_free(struct hs_gmem *g, u64 slot)
{
	struct hs_slots *s = &g->slots;

	spin_lock(&s->lock);
	*entry(s, slot) = s->free;
	s->free = slot + 1;
	spin_unlock(&s->lock);
}

void hs_slot_set(struct hs_gmem *g, u64 slot, u64 value)
{
	spin_lock(&g->slots.lock);
	*entry(&g->slots, slot) = value;
	spin_unlock(&g->slots.lock);
}

u64 hs_slot_get(struct hs_gmem *g, u64 slot)
{
	u64 value;

	spin_lock(&g->slots.lock);
	value = *entry(&g->slots, slot);
	spin_unlock(&g->slots.lock);
	return value;
}
