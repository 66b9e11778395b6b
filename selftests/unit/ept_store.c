// SPDX-License-Identifier: GPL-2.0
#include "ept_store.h"
#include "ept/core.h"

static int fetch(void *arg, enum hs_leaf_type type, u64 slot, void *page)
{
	struct ept_store *s = arg;
	void *copy = (void *)(unsigned long)hs_slot_get(s->g, slot);

	might_sleep();
	__atomic_store_n(&s->waiting, true, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&s->gate, __ATOMIC_SEQ_CST))
		sched_yield();
	__atomic_store_n(&s->waiting, false, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&s->fetches, 1, __ATOMIC_RELAXED);
	if (s->error)
		return s->error;
	memcpy(page, copy, HS_PAGE_SIZE);
	return 0;
}

static void drop(void *arg, enum hs_leaf_type type, u64 slot)
{
	struct ept_store *s = arg;

	free((void *)(unsigned long)hs_slot_get(s->g, slot));
	hs_slot_free(s->g, slot);
	__atomic_sub_fetch(&s->held, 1, __ATOMIC_RELAXED);
}

void ept_store_init(struct ept_store *s, struct hs_gmem *g)
{
	struct hs_store ops = { .fetch = fetch, .drop = drop, .arg = s };

	memset(s, 0, sizeof(*s));
	s->g = g;
	hs_gmem_set_store(g, &ops);
}

int ept_store_out(struct ept_store *s, u64 gpa)
{
	struct hs_inflight rec;
	void *copy;
	u64 slot;
	int r;

	if (!hs_charge_take(s->g, 1))
		return -EPERM;
	r = hs_out_slot_alloc(s->g, &slot);
	if (r)
		goto uncharge;
	r = hs_out_begin(s->g, gpa >> HS_PAGE_SHIFT, &rec);
	if (r)
		goto slot;
	hs_out_sync(s->g);
	copy = malloc(HS_PAGE_SIZE);
	memcpy(copy, hs_frame_va(rec.frame), HS_PAGE_SIZE);
	hs_slot_set(s->g, slot, (u64)(unsigned long)copy);
	__atomic_add_fetch(&s->held, 1, __ATOMIC_RELAXED);
	r = hs_out_finish(s->g, &rec, HS_LEAF_COMPRESSED, slot);
	if (!r)
		return 0;
	__atomic_sub_fetch(&s->held, 1, __ATOMIC_RELAXED);
	free(copy);
slot:
	hs_out_slot_free(s->g, slot);
uncharge:
	hs_charge_add(s->g, 1);
	return r;
}
