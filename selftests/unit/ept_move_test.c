// SPDX-License-Identifier: GPL-2.0
/* Pages on their way out and in, chunks between leaf sizes, and the checks. */
#include "ept_fix.h"
#include "ept_store.h"

static void *hold_guest(void *arg)
{
	struct vcpu *v = arg;

	/* Inside until somebody kicks. */
	while (!__atomic_load_n(&vcpu_kicked[v->cpu], __ATOMIC_SEQ_CST))
		sched_yield();
	vcpu_exit(v);
	return NULL;
}

TEST_F(ept, staged_page_comes_back)
{
	struct hs_gmem_stats st;
	u64 val, charged;

	ASSERT_EQ(vcpu_store(&self->v, 0x9010, 1234), 0);
	vcpu_exit(&self->v);
	charged = hs_gmem_charged(self->g);
	ASSERT_EQ(hs_stage_out(self->g, 0x9010), 0);
	EXPECT_TRUE(hs_epte_is(leaf_of(self->g, 0x9000), HS_LEAF_STAGED));
	EXPECT_EQ(hs_gmem_charged(self->g), charged);
	EXPECT_EQ(hs_stage_out(self->g, 0x9010), -ENOENT);
	ASSERT_EQ(vcpu_load(&self->v, 0x9010, &val), 0);
	EXPECT_EQ(val, 1234);
	hs_gmem_stats(self->g, &st);
	EXPECT_EQ(st.refaults, 1);
	EXPECT_EQ(st.faults, 2);
	EXPECT_EQ(st.splits, variant->huge);
	EXPECT_EQ(hs_gmem_charged(self->g), charged);

	EXPECT_EQ(hs_stage_out(self->g, 32 * MB), -ENOENT);
	EXPECT_EQ(hs_stage_out(self->g, 64 * MB), -ENXIO);
	EXPECT_EQ(hs_stage_out(self->g, ~0ULL), -ENXIO);
}

TEST_F(ept, staged_page_is_overwritten_or_accessed)
{
	u8 page[PAGE];
	u64 val = 7;

	memset(page, 3, sizeof(page));
	ASSERT_EQ(hs_gmem_write(self->g, 0x4000, &val, 8), 0);
	ASSERT_EQ(hs_stage_out(self->g, 0x4000), 0);
	ASSERT_EQ(hs_gmem_read_atomic(self->g, 0x4000, &val, 8), -EAGAIN);
	ASSERT_EQ(hs_gmem_read(self->g, 0x4000, &val, 8), 0);
	EXPECT_EQ(val, 7);
	ASSERT_EQ(hs_stage_out(self->g, 0x4000), 0);
	ASSERT_EQ(hs_gmem_overwrite(self->g, 0x4000, page), 0);
	ASSERT_EQ(hs_gmem_read(self->g, 0x4000, &val, 8), 0);
	EXPECT_EQ(val, 0x0303030303030303ULL);
}

/* A CPU that is in the guest keeps its translation; staging waits for it. */
TEST_F(ept, stage_waits_for_a_cpu_inside)
{
	pthread_t t;
	u64 val;

	ASSERT_EQ(vcpu_store(&self->v, 0xa000, 1), 0);
	EXPECT_TRUE(self->v.inside);
	pthread_create(&t, NULL, hold_guest, &self->v);
	ASSERT_EQ(hs_stage_out(self->g, 0xa000), 0);
	EXPECT_FALSE(self->v.inside);
	pthread_join(t, NULL);
	ASSERT_EQ(vcpu_load(&self->v, 0xa000, &val), 0);
	EXPECT_EQ(val, 1);
	EXPECT_GE(self->v.invepts, 2);
}

TEST_F(ept, touch_cancels_eviction)
{
	struct hs_inflight rec;
	u64 val, before;

	ASSERT_EQ(vcpu_store(&self->v, 0xb000, 11), 0);
	vcpu_exit(&self->v);
	hs_chunk_split(self->g, 0xb);
	before = leaf_of(self->g, 0xb000);
	ASSERT_EQ(hs_out_begin(self->g, 0xb, &rec), 0);
	EXPECT_TRUE(hs_epte_is(leaf_of(self->g, 0xb000), HS_LEAF_BUSY));
	EXPECT_EQ(hs_stage_out(self->g, 0xb000), -EBUSY);
	/* Peeking does not disturb it. */
	ASSERT_EQ(hs_gmem_peek(self->g, 0xb000, (u8[PAGE]){}), 0);
	EXPECT_FALSE(rec.cancelled);
	hs_out_sync(self->g);
	ASSERT_EQ(vcpu_store(&self->v, 0xb000, 12), 0);
	EXPECT_EQ(leaf_of(self->g, 0xb000), before);
	EXPECT_EQ(hs_out_finish(self->g, &rec, HS_LEAF_COMPRESSED, 0), -ECANCELED);
	ASSERT_EQ(vcpu_load(&self->v, 0xb000, &val), 0);
	EXPECT_EQ(val, 12);
	vcpu_exit(&self->v);

	ASSERT_EQ(hs_out_begin(self->g, 0xb, &rec), 0);
	ASSERT_EQ(hs_gmem_read(self->g, 0xb000, &val, 8), 0);
	EXPECT_TRUE(rec.cancelled);
	hs_out_abort(self->g, &rec);

	ASSERT_EQ(hs_out_begin(self->g, 0xb, &rec), 0);
	hs_out_abort(self->g, &rec);
	EXPECT_EQ(leaf_of(self->g, 0xb000), before);

	/* A discard in the middle of it wins as well. */
	ASSERT_EQ(hs_out_begin(self->g, 0xb, &rec), 0);
	hs_gmem_clear(self->g);
	EXPECT_EQ(hs_gmem_charged(self->g), PAGE);
	EXPECT_EQ(hs_out_finish(self->g, &rec, HS_LEAF_COMPRESSED, 0), -ECANCELED);
	EXPECT_EQ(hs_gmem_charged(self->g), 0);
}

TEST_F(ept, stored_page_comes_back)
{
	struct hs_gmem_stats st;
	struct ept_store s;
	u8 page[PAGE];
	u64 val, charged;

	ept_store_init(&s, self->g);
	ASSERT_EQ(hs_gmem_write(self->g, 0xc000, "abcdefgh", 8), 0);
	ASSERT_EQ(hs_chunk_split(self->g, 0xc), 0);
	charged = hs_gmem_charged(self->g);
	ASSERT_EQ(ept_store_out(&s, 0xc000), 0);
	EXPECT_TRUE(hs_epte_is(leaf_of(self->g, 0xc000), HS_LEAF_COMPRESSED));
	EXPECT_EQ(hs_epte_stamp(leaf_of(self->g, 0xc000)), 1);
	EXPECT_EQ(hs_gmem_charged(self->g), charged - PAGE);
	EXPECT_EQ(s.held, 1);
	ASSERT_EQ(hs_gmem_peek(self->g, 0xc000, page), 0);
	EXPECT_EQ(memcmp(page, "abcdefgh", 9), 0);
	EXPECT_TRUE(hs_epte_is(leaf_of(self->g, 0xc000), HS_LEAF_COMPRESSED));
	EXPECT_EQ(hs_gmem_charged(self->g), charged - PAGE);
	ASSERT_EQ(vcpu_load(&self->v, 0xc000, &val), 0);
	EXPECT_EQ(memcmp(&val, "abcdefgh", 8), 0);
	EXPECT_EQ(s.held, 0);
	EXPECT_EQ(s.fetches, 2);
	EXPECT_EQ(hs_gmem_charged(self->g), charged);
	vcpu_exit(&self->v);
	hs_gmem_stats(self->g, &st);
	EXPECT_EQ(st.refaults, 1);

	/* What is overwritten as a whole is not read back. */
	ASSERT_EQ(ept_store_out(&s, 0xc000), 0);
	memset(page, 9, sizeof(page));
	ASSERT_EQ(hs_gmem_overwrite(self->g, 0xc000, page), 0);
	EXPECT_EQ(s.fetches, 2);
	EXPECT_EQ(s.held, 0);
	ASSERT_EQ(vcpu_load(&self->v, 0xc000, &val), 0);
	EXPECT_EQ(val, 0x0909090909090909ULL);
	vcpu_exit(&self->v);

	/* An error is the toucher's; the content is tried again next time. */
	ASSERT_EQ(ept_store_out(&s, 0xc000), 0);
	s.error = -EIO;
	EXPECT_EQ(vcpu_load(&self->v, 0xc000, &val), -EIO);
	EXPECT_EQ(hs_gmem_peek(self->g, 0xc000, page), -EIO);
	EXPECT_EQ(hs_gmem_charged(self->g), charged - PAGE);
	s.error = 0;
	ASSERT_EQ(vcpu_load(&self->v, 0xc000, &val), 0);
	EXPECT_EQ(val, 0x0909090909090909ULL);
	vcpu_exit(&self->v);

	ASSERT_EQ(ept_store_out(&s, 0xc000), 0);
	hs_gmem_set_reservation(self->g, hs_gmem_charged(self->g));
	EXPECT_EQ(ept_store_out(&s, 0xd000), -EPERM);
	hs_gmem_clear(self->g);
	EXPECT_EQ(s.held, 0);
}

struct toucher {
	struct vcpu v;
	u64 val;
	int r;
};

static void *touch(void *arg)
{
	struct toucher *t = arg;

	t->r = vcpu_load(&t->v, 0xc000, &t->val);
	vcpu_exit(&t->v);
	return NULL;
}

static void await(bool *flag)
{
	while (!__atomic_load_n(flag, __ATOMIC_SEQ_CST))
		sched_yield();
}

TEST_F(ept, one_fetches_and_others_wait)
{
	struct toucher t[4] = {};
	struct ept_store s;
	pthread_t id[4];
	unsigned int i;

	ept_store_init(&s, self->g);
	ASSERT_EQ(vcpu_store(&self->v, 0xc000, 99), 0);
	vcpu_exit(&self->v);
	ASSERT_EQ(ept_store_out(&s, 0xc000), 0);
	s.gate = true;
	for (i = 0; i < 4; i++) {
		vcpu_init(&t[i].v, self->g, i + 1);
		pthread_create(&id[i], NULL, touch, &t[i]);
	}
	await(&s.waiting);
	usleep(20000);
	__atomic_store_n(&s.gate, false, __ATOMIC_SEQ_CST);
	for (i = 0; i < 4; i++) {
		pthread_join(id[i], NULL);
		EXPECT_EQ(t[i].r, 0);
		EXPECT_EQ(t[i].val, 99);
	}
	EXPECT_EQ(s.fetches, 1);
}

TEST_F(ept, kill_ends_every_wait)
{
	struct toucher t[3] = {};
	static struct ept_store s;
	pthread_t id[3];
	unsigned int i;

	ept_store_init(&s, self->g);
	ASSERT_EQ(vcpu_store(&self->v, 0xc000, 99), 0);
	vcpu_exit(&self->v);
	ASSERT_EQ(ept_store_out(&s, 0xc000), 0);
	s.gate = true;
	vcpu_init(&t[0].v, self->g, 1);
	pthread_create(&id[0], NULL, touch, &t[0]);
	await(&s.waiting);
	for (i = 1; i < 3; i++) {
		vcpu_init(&t[i].v, self->g, i + 1);
		pthread_create(&id[i], NULL, touch, &t[i]);
	}
	usleep(20000);
	hs_gmem_kill(self->g);
	for (i = 1; i < 3; i++) {
		pthread_join(id[i], NULL);
		EXPECT_EQ(t[i].r, -EINTR);
	}
	s.error = -EINTR;
	__atomic_store_n(&s.gate, false, __ATOMIC_SEQ_CST);
	pthread_join(id[0], NULL);
	EXPECT_EQ(t[0].r, -EINTR);
	EXPECT_EQ(s.held, 1);
}

/* Power is cut while a page is being fetched: nothing of it stays. */
TEST_F(ept, discard_under_a_fetch)
{
	struct toucher t = {};
	struct ept_store s;
	pthread_t id;

	ept_store_init(&s, self->g);
	ASSERT_EQ(vcpu_store(&self->v, 0xc000, 99), 0);
	vcpu_exit(&self->v);
	ASSERT_EQ(ept_store_out(&s, 0xc000), 0);
	s.gate = true;
	vcpu_init(&t.v, self->g, 1);
	pthread_create(&id, NULL, touch, &t);
	await(&s.waiting);
	hs_gmem_clear(self->g);
	EXPECT_EQ(s.held, 1);
	__atomic_store_n(&s.gate, false, __ATOMIC_SEQ_CST);
	pthread_join(id, NULL);
	EXPECT_EQ(t.r, 0);
	EXPECT_EQ(t.val, 0);
	EXPECT_EQ(s.held, 0);
}

static void fill(struct __test_metadata *_metadata, struct vcpu *v, u64 tag)
{
	u64 gpa;

	for (gpa = 0; gpa < 2 * MB; gpa += PAGE)
		ASSERT_EQ(vcpu_store(v, 4 * MB + gpa, gpa + tag), 0);
	vcpu_exit(v);
}

static void verify(struct __test_metadata *_metadata, struct vcpu *v, u64 tag)
{
	u64 gpa, val;

	for (gpa = 0; gpa < 2 * MB; gpa += PAGE) {
		ASSERT_EQ(vcpu_load(v, 4 * MB + gpa, &val), 0);
		ASSERT_EQ(val, gpa + tag);
	}
	vcpu_exit(v);
}

TEST_F(ept, split_and_collapse)
{
	const u64 gfn = 4 * MB / PAGE;
	struct hs_gmem_stats st;
	struct ept_store s;
	struct page *pin;
	u64 val, pa;

	fill(_metadata, &self->v, 1);
	EXPECT_EQ(hs_gmem_charged(self->g), 2 * MB);
	if (!variant->huge) {
		EXPECT_EQ(hs_chunk_collapse(self->g, gfn), -EOPNOTSUPP);
		EXPECT_EQ(hs_chunk_split(self->g, gfn), 0);
		return;
	}
	EXPECT_EQ(hs_chunk_split(self->g, gfn + 100), 0);
	EXPECT_EQ(level_of(self->g, 4 * MB), 1);
	EXPECT_EQ(hs_chunk_split(self->g, gfn + 100), 0);
	verify(_metadata, &self->v, 1);
	EXPECT_EQ(hs_gmem_charged(self->g), 2 * MB);

	/* The frames are still in a row. */
	pa = hs_epte_pa(leaf_of(self->g, 4 * MB));
	EXPECT_EQ(hs_chunk_collapse(self->g, gfn + 3), 0);
	EXPECT_EQ(level_of(self->g, 4 * MB), 2);
	EXPECT_EQ(leaf_of(self->g, 4 * MB) & HS_EPTE_ADDR_2M, pa);
	EXPECT_EQ(hs_chunk_collapse(self->g, gfn + 3), 0);
	verify(_metadata, &self->v, 1);

	/* Out and back: whoever completes the chunk makes one leaf of it. */
	ASSERT_EQ(hs_stage_out(self->g, 4 * MB + 5 * PAGE), 0);
	EXPECT_EQ(level_of(self->g, 4 * MB), 1);
	EXPECT_EQ(hs_gmem_large(self->g), 0);
	EXPECT_EQ(hs_chunk_collapse(self->g, gfn), -EAGAIN);
	ASSERT_EQ(vcpu_load(&self->v, 4 * MB + 5 * PAGE, &val), 0);
	vcpu_exit(&self->v);
	EXPECT_EQ(leaf_of(self->g, 4 * MB) & HS_EPTE_ADDR_2M, pa);
	EXPECT_EQ(hs_gmem_large(self->g), 2 * MB);

	/* One frame elsewhere, and one that a device has. */
	ept_store_init(&s, self->g);
	ASSERT_EQ(ept_store_out(&s, 4 * MB + 5 * PAGE), 0);
	EXPECT_EQ(hs_chunk_collapse(self->g, gfn), -EAGAIN);
	/* Somebody else gets the frame meanwhile. */
	ASSERT_EQ(hs_gmem_write(self->g, 40 * MB, &val, 8), 0);
	ASSERT_EQ(hs_gmem_pin(self->g, 4 * MB + 6 * PAGE, false, &pin), 0);
	ASSERT_EQ(vcpu_load(&self->v, 4 * MB + 5 * PAGE, &val), 0);
	vcpu_exit(&self->v);
	EXPECT_EQ(level_of(self->g, 4 * MB), 1);
	EXPECT_EQ(hs_chunk_collapse(self->g, gfn), -EBUSY);
	hs_gmem_unpin(self->g, pin, false);
	EXPECT_EQ(hs_chunk_collapse(self->g, gfn), 0);
	verify(_metadata, &self->v, 1);
	EXPECT_EQ(hs_gmem_charged(self->g), 4 * MB);

	EXPECT_EQ(hs_chunk_collapse(self->g, 60 * MB / PAGE), -EAGAIN);
	hs_gmem_stats(self->g, &st);
	EXPECT_EQ(st.splits, 3);
	EXPECT_EQ(st.collapses, 3);
	hs_user_fail(1);
	EXPECT_EQ(hs_chunk_split(self->g, gfn), -ENOMEM);
	hs_user_fail(0);
	hs_gmem_kill(self->g);
	EXPECT_EQ(hs_chunk_split(self->g, gfn), -EINTR);
	EXPECT_EQ(hs_chunk_collapse(self->g, gfn), -EINTR);
}

/* The host has no 2 MiB in a row at first touch: 4 KiB do, and later it has. */
TEST_F(ept, completed_chunk_collapses)
{
	const u64 last = 6 * MB - PAGE;
	struct hs_gmem_stats st;
	bool later;
	u64 gpa;

	for (later = false;; later = true) {
		hs_user_no_large(true);
		for (gpa = 4 * MB; gpa < last; gpa += PAGE)
			ASSERT_EQ(vcpu_store(&self->v, gpa, gpa - 4 * MB + 1), 0);
		vcpu_exit(&self->v);
		EXPECT_EQ(level_of(self->g, 4 * MB), 1);
		/* No page has a frame that nobody touched. */
		EXPECT_EQ(hs_gmem_charged(self->g), 2 * MB - PAGE);
		hs_user_no_large(!later);
		ASSERT_EQ(vcpu_store(&self->v, last, last - 4 * MB + 1), 0);
		vcpu_exit(&self->v);
		EXPECT_EQ(level_of(self->g, 4 * MB), variant->huge && later ? 2 : 1);
		EXPECT_EQ(hs_gmem_large(self->g), variant->huge && later ? 2 * MB : 0);
		EXPECT_EQ(hs_gmem_charged(self->g), 2 * MB);
		verify(_metadata, &self->v, 1);
		if (later)
			break;
		hs_gmem_clear(self->g);
		EXPECT_EQ(hs_gmem_charged(self->g), 0);
	}
	hs_gmem_stats(self->g, &st);
	EXPECT_EQ(st.collapses, variant->huge);
	hs_gmem_clear(self->g);
	EXPECT_EQ(hs_gmem_large(self->g), 0);
}

TEST_F(ept, flags_survive_split_and_collapse)
{
	const u64 flags = HS_EPTE_A | HS_EPTE_D | HS_EPTE_WALK, gfn = 4 * MB / PAGE;

	if (!variant->huge)
		return;
	fill(_metadata, &self->v, 1);
	hs_gmem_harvest(self->g, gfn, 512, HS_HARVEST_A | HS_HARVEST_D);
	EXPECT_EQ(leaf_of(self->g, 4 * MB) & flags, 0);
	ASSERT_EQ(hs_chunk_split(self->g, gfn), 0);
	EXPECT_EQ(leaf_of(self->g, 4 * MB + 77 * PAGE) & flags, 0);
	hs_gmem_fault(self->g, 4 * MB + 9 * PAGE, HS_ACC_WRITE | HS_ACC_WALK);
	ASSERT_EQ(hs_gmem_write(self->g, 4 * MB + 77 * PAGE, "x", 1), 0);
	ASSERT_EQ(hs_chunk_collapse(self->g, gfn), 0);
	EXPECT_EQ(leaf_of(self->g, 4 * MB) & flags, flags);
	hs_gmem_harvest(self->g, gfn, 1, HS_HARVEST_A);
	EXPECT_EQ(leaf_of(self->g, 4 * MB) & flags, HS_EPTE_D | HS_EPTE_WALK);
	ASSERT_EQ(hs_chunk_split(self->g, gfn), 0);
	EXPECT_EQ(leaf_of(self->g, 4 * MB + 511 * PAGE) & flags, HS_EPTE_D | HS_EPTE_WALK);
}

struct seen {
	u64 pages, a, d, fresh, last;
};

static void note(void *arg, u64 gfn, unsigned int pages, u32 what)
{
	struct seen *s = arg;

	s->pages += pages;
	s->a += what & HS_HARVEST_A ? pages : 0;
	s->d += what & HS_HARVEST_D ? pages : 0;
	s->fresh += what & HS_HARVEST_FRESH ? pages : 0;
	s->last = gfn;
}

TEST_F(ept, harvest_tells_everybody)
{
	struct seen one = {}, two = {};
	struct hs_consumer c = { .leaf = note, .arg = &one };
	u64 n = variant->huge ? 512 : 1, val;

	ASSERT_EQ(hs_gmem_add_consumer(self->g, &c), 0);
	c.arg = &two;
	ASSERT_EQ(hs_gmem_add_consumer(self->g, &c), 0);
	ASSERT_EQ(hs_gmem_add_consumer(self->g, &c), 0);
	ASSERT_EQ(hs_gmem_add_consumer(self->g, &c), 0);
	EXPECT_EQ(hs_gmem_add_consumer(self->g, &c), -ENOSPC);
	EXPECT_EQ(hs_gmem_harvest(self->g, 0, ~0ULL, HS_HARVEST_A), 0);
	ASSERT_EQ(vcpu_store(&self->v, 0, 1), 0);
	ASSERT_EQ(vcpu_load(&self->v, 50 * MB + PAGE, &val), 0);
	vcpu_exit(&self->v);
	EXPECT_EQ(hs_gmem_harvest(self->g, 0, 64 * MB / PAGE, HS_HARVEST_A | HS_HARVEST_D), 2 * n);
	EXPECT_EQ(one.pages, 2 * n);
	EXPECT_EQ(one.a, 2 * n);
	EXPECT_EQ(one.fresh, 2 * n);
	EXPECT_EQ(one.last, 50 * MB / PAGE + !variant->huge);
	EXPECT_EQ(two.pages, 3 * one.pages);
	memset(&one, 0, sizeof(one));

	/* Without a flush the CPU goes on with what it has, and says nothing. */
	ASSERT_EQ(vcpu_load(&self->v, 0, &val), 0);
	vcpu_exit(&self->v);
	hs_gmem_harvest(self->g, 0, 64 * MB / PAGE, HS_HARVEST_A);
	EXPECT_EQ(one.a, 0);
	hs_inval_bump(self->g);
	ASSERT_EQ(vcpu_load(&self->v, 0, &val), 0);
	vcpu_exit(&self->v);
	memset(&one, 0, sizeof(one));
	hs_gmem_harvest(self->g, 0, 64 * MB / PAGE, HS_HARVEST_A);
	EXPECT_EQ(one.a, n);
	EXPECT_EQ(one.d, 0);
	EXPECT_EQ(one.fresh, 0);
	EXPECT_EQ(hs_gmem_harvest(self->g, 1024, 24, 0), 0);
}

TEST_F(ept, slots)
{
	u64 slot[3000], i;

	for (i = 0; i < 3000; i++) {
		ASSERT_EQ(hs_slot_alloc(self->g, &slot[i]), 0);
		ASSERT_EQ(slot[i], i);
		hs_slot_set(self->g, slot[i], i * 3);
	}
	for (i = 0; i < 3000; i++)
		ASSERT_EQ(hs_slot_get(self->g, slot[i]), i * 3);
	for (i = 0; i < 3000; i += 2)
		hs_slot_free(self->g, slot[i]);
	for (i = 0; i < 1500; i++) {
		ASSERT_EQ(hs_slot_alloc(self->g, &slot[0]), 0);
		ASSERT_EQ(slot[0] % 2, 0);
	}
	/* No number is given out that the leaf could not hold safely. */
	self->g->slots.max = 4095;
	for (i = 3000; i < 4096; i++)
		ASSERT_EQ(hs_slot_alloc(self->g, &slot[0]), 0);
	EXPECT_LE(slot[0], 4095);
	EXPECT_EQ(hs_slot_alloc(self->g, &slot[0]), -ENOSPC);
}

/* Rule 5 is checked in software: each step left out must be noticed. */
static unsigned int mutant(struct hs_gmem *g, struct vcpu *v, enum hs_ept_mutation m)
{
	unsigned long before = hs_ept_dbg_reports();
	pthread_t t;
	u64 val;

	if (vcpu_store(v, 0xd000, 5))
		return 0;
	pthread_create(&t, NULL, hold_guest, v);
	hs_ept_mutate(m);
	if (hs_stage_out(g, 0xd000))
		return 0;
	/* Wherever it is left, the guest ends and starts again. */
	vcpu_kick(NULL, v->cpu);
	pthread_join(t, NULL);
	if (vcpu_load(v, 0xe000, &val))
		return 0;
	vcpu_exit(v);
	/* Noticed means over. */
	if (m != HS_EPT_MUT_NONE && hs_ept_mutated(m))
		return 0;
	return hs_ept_dbg_reports() - before;
}

TEST(mutants_are_noticed)
{
	static const enum hs_ept_mutation all[] = {
		HS_EPT_MUT_NONE, HS_EPT_MUT_SKIP_INVEPT, HS_EPT_MUT_SKIP_ACK, HS_EPT_MUT_SKIP_BUMP,
	};
	struct hs_gmem *g;
	struct vcpu v;
	unsigned int i;

	hs_user_host_init(ARENA);
	ASSERT_EQ(hs_gmem_module_init(), 0);
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		g = make_gmem(8 * MB, false);
		vcpu_init(&v, g, 0);
		EXPECT_EQ(mutant(g, &v, all[i]) != 0, all[i] != HS_EPT_MUT_NONE);
		hs_gmem_destroy(g);
	}
	hs_gmem_module_exit();
	hs_user_host_exit();
}

TEST_HARNESS_MAIN
