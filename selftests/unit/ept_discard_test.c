// SPDX-License-Identifier: GPL-2.0
/* Pages that the guest gives up: what is gone when it returns, what a touch brings. */
#include "ept_fix.h"
#include "ept_store.h"

#define CHUNK		(2 * MB)
#define POISON		0xaaaaaaaaU
#define POISON64	0xaaaaaaaaaaaaaaaaULL

static int give(struct hs_gmem *g, u64 gpa, u64 pages, enum hs_discard how)
{
	struct hs_gmem_range r = { gpa, pages };

	return hs_gmem_discard(g, &r, 1, how);
}

static int take_back(struct hs_gmem *g, u64 gpa, u64 pages)
{
	struct hs_gmem_range r = { gpa, pages };

	return hs_gmem_undiscard(g, &r, 1);
}

static u64 ballooned(struct hs_gmem *g)
{
	struct hs_gmem_stats s;

	hs_gmem_stats(g, &s);
	return s.ballooned;
}

static u64 reported(struct hs_gmem *g)
{
	struct hs_gmem_stats s;

	hs_gmem_stats(g, &s);
	return s.reported;
}

/* Every page of @n holds its own number. */
static void fill(struct hs_gmem *g, u64 gpa, u64 n)
{
	u64 i, val;

	for (i = 0; i < n; i++) {
		val = gpa + i * PAGE;
		hs_gmem_write(g, val, &val, 8);
	}
}

static u64 look(struct hs_gmem *g, u64 gpa)
{
	u64 val = ~0ULL;

	hs_gmem_read(g, gpa, &val, 8);
	return val;
}

TEST_F(ept, discard_drops_content_and_frames)
{
	u64 charged;

	fill(self->g, 0x10000, 16);
	charged = hs_gmem_charged(self->g);
	ASSERT_EQ(give(self->g, 0x12000, 3, HS_DISCARD_BALLOON), 0);
	EXPECT_EQ(hs_gmem_charged(self->g), charged - 3 * PAGE);
	EXPECT_EQ(ballooned(self->g), 3 * PAGE);
	EXPECT_EQ(reported(self->g), 0);
	EXPECT_TRUE(hs_epte_is(leaf_of(self->g, 0x12000), HS_LEAF_BALLOON));
	EXPECT_TRUE(hs_epte_is(leaf_of(self->g, 0x14000), HS_LEAF_BALLOON));
	EXPECT_TRUE(hs_epte_present(leaf_of(self->g, 0x15000)));
	EXPECT_EQ(look(self->g, 0x11000), 0x11000);
	EXPECT_EQ(look(self->g, 0x15000), 0x15000);

	/* Once more is no more. */
	ASSERT_EQ(give(self->g, 0x12000, 3, HS_DISCARD_BALLOON), 0);
	EXPECT_EQ(ballooned(self->g), 3 * PAGE);
	EXPECT_EQ(hs_gmem_charged(self->g), charged - 3 * PAGE);
	/* The other kind replaces the mark. */
	ASSERT_EQ(give(self->g, 0x12000, 1, HS_DISCARD_REPORTED), 0);
	EXPECT_EQ(ballooned(self->g), 2 * PAGE);
	EXPECT_EQ(reported(self->g), PAGE);
}

TEST_F(ept, touch_is_a_deflate)
{
	u64 val = 77;

	fill(self->g, 0x10000, 4);
	ASSERT_EQ(give(self->g, 0x10000, 4, HS_DISCARD_BALLOON), 0);
	EXPECT_EQ(look(self->g, 0x10000), 0);
	ASSERT_EQ(vcpu_store(&self->v, 0x11000, val), 0);
	EXPECT_EQ(ballooned(self->g), 2 * PAGE);
	/* The message that comes later finds nothing to do. */
	ASSERT_EQ(take_back(self->g, 0x10000, 4), 0);
	EXPECT_EQ(ballooned(self->g), 0);
	EXPECT_EQ(look(self->g, 0x11000), 77);
	EXPECT_EQ(leaf_of(self->g, 0x12000), HS_EPTE_NONE);
	EXPECT_EQ(look(self->g, 0x12000), 0);
	/* Nor does one without an inflate before it. */
	fill(self->g, 0x20000, 2);
	ASSERT_EQ(take_back(self->g, 0x20000, 2), 0);
	EXPECT_EQ(look(self->g, 0x20000), 0x20000);
}

TEST_F(ept, untouched_pages_get_no_mark)
{
	u64 overhead = hs_gmem_overhead(self->g);

	ASSERT_EQ(give(self->g, 0, 16384, HS_DISCARD_BALLOON), 0);
	EXPECT_EQ(ballooned(self->g), 0);
	EXPECT_EQ(hs_gmem_overhead(self->g), overhead);
	if (variant->huge)
		return;
	fill(self->g, 0x10000, 1);
	ASSERT_EQ(give(self->g, 0, 16384, HS_DISCARD_BALLOON), 0);
	EXPECT_EQ(ballooned(self->g), PAGE);
	EXPECT_EQ(hs_gmem_charged(self->g), 0);
}

TEST_F(ept, large_leaf_goes_whole_or_is_split)
{
	struct hs_gmem_stats st;
	u64 charged, overhead;

	fill(self->g, 0, 1024);
	charged = hs_gmem_charged(self->g);
	overhead = hs_gmem_overhead(self->g);
	ASSERT_EQ(charged, 2 * CHUNK);
	EXPECT_EQ(hs_gmem_large(self->g), variant->huge ? 2 * CHUNK : 0);
	ASSERT_EQ(give(self->g, 0, 512, HS_DISCARD_REPORTED), 0);
	EXPECT_EQ(hs_gmem_charged(self->g), CHUNK);
	EXPECT_EQ(reported(self->g), CHUNK);
	EXPECT_EQ(level_of(self->g, 0), 2);
	EXPECT_EQ(hs_gmem_overhead(self->g), overhead - (variant->huge ? 0 : PAGE));
	hs_gmem_stats(self->g, &st);
	EXPECT_EQ(st.splits, 0);
	/* From the middle of one to the middle of the next. */
	ASSERT_EQ(give(self->g, 511 * PAGE, 2, HS_DISCARD_BALLOON), 0);
	hs_gmem_stats(self->g, &st);
	EXPECT_EQ(st.splits, variant->huge);
	EXPECT_EQ(hs_gmem_charged(self->g), CHUNK - PAGE);
	EXPECT_EQ(st.ballooned, 2 * PAGE);
	EXPECT_EQ(st.reported, CHUNK - PAGE);
	EXPECT_TRUE(hs_epte_is(leaf_of(self->g, 510 * PAGE), HS_LEAF_REPORTED));
	EXPECT_TRUE(hs_epte_is(leaf_of(self->g, 511 * PAGE), HS_LEAF_BALLOON));
	EXPECT_TRUE(hs_epte_is(leaf_of(self->g, 512 * PAGE), HS_LEAF_BALLOON));
	EXPECT_EQ(look(self->g, 513 * PAGE), 513 * PAGE);
	EXPECT_EQ(look(self->g, 511 * PAGE), 0);
	EXPECT_EQ(ballooned(self->g), PAGE);
}

TEST_F(ept, whole_chunk_comes_back)
{
	fill(self->g, CHUNK, 512);
	ASSERT_EQ(give(self->g, CHUNK, 512, HS_DISCARD_BALLOON), 0);
	EXPECT_EQ(ballooned(self->g), CHUNK);
	EXPECT_EQ(hs_gmem_charged(self->g), 0);
	/* A part of it is taken back without being touched. */
	ASSERT_EQ(take_back(self->g, CHUNK, 12), 0);
	EXPECT_EQ(ballooned(self->g), CHUNK - 12 * PAGE);
	EXPECT_EQ(look(self->g, CHUNK + 20 * PAGE), 0);
	EXPECT_EQ(ballooned(self->g), CHUNK - 13 * PAGE);
	ASSERT_EQ(take_back(self->g, CHUNK, 512), 0);
	EXPECT_EQ(ballooned(self->g), 0);

	ASSERT_EQ(give(self->g, CHUNK, 512, HS_DISCARD_BALLOON), 0);
	fill(self->g, CHUNK, 512);
	EXPECT_EQ(ballooned(self->g), 0);
	EXPECT_EQ(look(self->g, CHUNK + 5 * PAGE), CHUNK + 5 * PAGE);
	EXPECT_EQ(hs_gmem_charged(self->g), CHUNK);
}

TEST_F(ept, reported_pages_come_back_poisoned)
{
	u64 page[PAGE / 8], whole[PAGE / 8];
	unsigned int i;

	hs_gmem_set_poison(self->g, POISON);
	fill(self->g, 0, 1024);
	ASSERT_EQ(give(self->g, 0, 512, HS_DISCARD_REPORTED), 0);
	ASSERT_EQ(give(self->g, CHUNK, 8, HS_DISCARD_REPORTED), 0);
	ASSERT_EQ(give(self->g, CHUNK + 8 * PAGE, 8, HS_DISCARD_BALLOON), 0);
	ASSERT_EQ(hs_gmem_peek(self->g, 0x3000, page), 0);
	for (i = 0; i < PAGE / 8; i++)
		EXPECT_EQ(page[i], POISON64);
	ASSERT_EQ(hs_gmem_read(self->g, 0x3000, page, PAGE), 0);
	for (i = 0; i < PAGE / 8; i++)
		EXPECT_EQ(page[i], POISON64);
	EXPECT_EQ(look(self->g, CHUNK), POISON64);
	EXPECT_EQ(look(self->g, CHUNK + 8 * PAGE), 0);
	EXPECT_EQ(look(self->g, 2 * CHUNK), 0);
	/* Not more of it than was touched, for a part would have to be filled. */
	EXPECT_EQ(reported(self->g), CHUNK + 6 * PAGE);

	memset(whole, 5, sizeof(whole));
	ASSERT_EQ(hs_gmem_overwrite(self->g, 0x4000, whole), 0);
	ASSERT_EQ(hs_gmem_read(self->g, 0x4000, page, PAGE), 0);
	EXPECT_EQ(memcmp(page, whole, PAGE), 0);
	hs_gmem_set_poison(self->g, 0);
	EXPECT_EQ(look(self->g, 0x5000), 0);
	/* A VM that starts anew has no poison in what nobody gave. */
	hs_gmem_set_poison(self->g, POISON);
	vcpu_exit(&self->v);
	hs_gmem_clear(self->g);
	EXPECT_EQ(reported(self->g), 0);
	EXPECT_EQ(look(self->g, 0x6000), 0);
}

TEST_F(ept, discard_passes_a_pin)
{
	struct page *p;

	fill(self->g, 0x8000, 2);
	ASSERT_EQ(hs_gmem_pin(self->g, 0x8000, true, &p), 0);
	ASSERT_EQ(give(self->g, 0x8000, 2, HS_DISCARD_BALLOON), 0);
	EXPECT_EQ(*(u64 *)hs_frame_va(p), 0x8000);
	EXPECT_EQ(look(self->g, 0x8000), 0);
	*(u64 *)hs_frame_va(p) = 5;
	EXPECT_EQ(look(self->g, 0x8000), 0);
	EXPECT_EQ(ballooned(self->g), PAGE);
	hs_gmem_unpin(self->g, p, true);
	ASSERT_EQ(give(self->g, 0, 512, HS_DISCARD_BALLOON), 0);
	EXPECT_EQ(hs_gmem_charged(self->g), 0);
}

TEST_F(ept, discard_of_what_is_on_its_way)
{
	struct hs_inflight rec;
	struct ept_store s;

	ept_store_init(&s, self->g);
	fill(self->g, 0xc000, 4);
	ASSERT_EQ(hs_chunk_split(self->g, 0xc), 0);
	ASSERT_EQ(ept_store_out(&s, 0xc000), 0);
	ASSERT_EQ(hs_stage_out(self->g, 0xd000), 0);
	ASSERT_EQ(hs_out_begin(self->g, 0xe, &rec), 0);
	EXPECT_EQ(s.held, 1);
	ASSERT_EQ(give(self->g, 0xc000, 4, HS_DISCARD_BALLOON), 0);
	EXPECT_EQ(s.held, 0);
	EXPECT_EQ(ballooned(self->g), 4 * PAGE);
	EXPECT_TRUE(hs_epte_is(leaf_of(self->g, 0xe000), HS_LEAF_BALLOON));
	EXPECT_EQ(hs_out_finish(self->g, &rec, HS_LEAF_COMPRESSED, 0), -ECANCELED);
	EXPECT_TRUE(hs_epte_is(leaf_of(self->g, 0xe000), HS_LEAF_BALLOON));
	EXPECT_EQ(look(self->g, 0xc000) | look(self->g, 0xd000) | look(self->g, 0xe000), 0);
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

/* Its content is being fetched for a fault: that then finds nothing to restore. */
TEST_F(ept, discard_under_a_fetch)
{
	static struct toucher t;
	struct ept_store s;
	pthread_t id;

	ept_store_init(&s, self->g);
	fill(self->g, 0xc000, 1);
	ASSERT_EQ(hs_chunk_split(self->g, 0xc), 0);
	ASSERT_EQ(ept_store_out(&s, 0xc000), 0);
	s.gate = true;
	vcpu_init(&t.v, self->g, 1);
	pthread_create(&id, NULL, touch, &t);
	while (!__atomic_load_n(&s.waiting, __ATOMIC_SEQ_CST))
		sched_yield();
	ASSERT_EQ(give(self->g, 0xc000, 1, HS_DISCARD_BALLOON), 0);
	EXPECT_TRUE(hs_epte_is(leaf_of(self->g, 0xc000), HS_LEAF_BALLOON));
	__atomic_store_n(&s.gate, false, __ATOMIC_SEQ_CST);
	pthread_join(id, NULL);
	EXPECT_EQ(t.r, 0);
	EXPECT_EQ(t.val, 0);
	EXPECT_EQ(s.held, 0);
}

static void *hold_guest(void *arg)
{
	struct vcpu *v = arg;

	while (!__atomic_load_n(&vcpu_kicked[v->cpu], __ATOMIC_SEQ_CST))
		sched_yield();
	vcpu_exit(v);
	return NULL;
}

TEST_F(ept, one_acknowledgement_for_many_ranges)
{
	struct hs_gmem_range r[5];
	struct hs_gmem_stats st;
	pthread_t t;
	unsigned int i;
	u64 gen;

	for (i = 0; i < 5; i++) {
		r[i] = (struct hs_gmem_range){ i * 4 * PAGE, 2 };
		fill(self->g, r[i].gpa, 2);
	}
	ASSERT_EQ(hs_chunk_split(self->g, 0), 0);
	ASSERT_EQ(vcpu_store(&self->v, 0, 1), 0);
	EXPECT_TRUE(self->v.inside);
	gen = atomic64_read(&self->g->gen);
	pthread_create(&t, NULL, hold_guest, &self->v);
	ASSERT_EQ(hs_gmem_discard(self->g, r, 5, HS_DISCARD_BALLOON), 0);
	/* The CPU that was inside has left: it waited for that, once. */
	EXPECT_FALSE(self->v.inside);
	pthread_join(t, NULL);
	EXPECT_EQ(atomic64_read(&self->g->gen), gen + 1);
	hs_gmem_stats(self->g, &st);
	EXPECT_EQ(st.acks, 1);
	EXPECT_EQ(st.ballooned, 10 * PAGE);
}

/* A CPU in the guest, and who touches the chunk before it has acknowledged. */
static struct {
	struct hs_gmem *g;
	struct vcpu *v;
	bool undo;
	unsigned int done, kicks, waited;
} between;

static void kick_now(void *arg, int cpu)
{
	between.kicks++;
	vcpu_exit(between.v);
}

static void touch_between(void)
{
	u64 val = 1;

	if (between.done++)
		return;
	hs_user_no_large(false);
	if (between.undo)
		take_back(between.g, 0, 5);
	hs_gmem_write(between.g, 3 * PAGE, &val, 8);
	between.waited = between.kicks;
	/* Its TLB holds page 2 as it was: this one comes as it is now. */
	vcpu_load(between.v, 4 * PAGE, &val);
}

/* Leaves of 2 MiB and of 4 KiB, to be given up whole; the CPU holds one page. */
static int discard_between(struct hs_gmem *g, struct vcpu *v, bool small, bool undo)
{
	u64 val;
	int r;

	between = (typeof(between)){ .g = g, .v = v, .undo = undo };
	hs_user_no_large(small);
	fill(g, 0, 512);
	if (level_of(g, 0) != (small ? 1 : 2))
		return -1;
	vcpu_exit(v);
	hs_inval_bump(g);
	r = vcpu_load(v, 2 * PAGE, &val);
	if (r || !v->inside)
		return -2;
	g->kick = kick_now;
	hs_user_resched = touch_between;
	r = give(g, 0, 512, HS_DISCARD_BALLOON);
	hs_user_resched = NULL;
	g->kick = vcpu_kick;
	vcpu_exit(v);
	return r;
}

TEST_F(ept, touch_before_the_acknowledgement)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (!variant->huge && !(i & 1))
			continue;
		ASSERT_EQ(discard_between(self->g, &self->v, i & 1, i & 2), 0);
		EXPECT_GT(between.done, 0);
		EXPECT_EQ(between.waited, 1);
		EXPECT_EQ(self->v.mixed, 0);
		/* In the second run of both a part was taken back, which cuts it. */
		EXPECT_EQ(level_of(self->g, 0), variant->huge && !(i & 2) ? 2 : 1);
		EXPECT_EQ(look(self->g, 3 * PAGE), 1);
		EXPECT_EQ(look(self->g, 2 * PAGE), 0);
		hs_gmem_clear(self->g);
	}
}

static struct {
	struct hs_gmem *g;
	u64 most;
} waiting;

/* Frames that are in no leaf any more, and still the VM's. */
static void count_waiting(void)
{
	u64 n = hs_gmem_charged(waiting.g) - hs_gmem_large(waiting.g);

	if (n > waiting.most)
		waiting.most = n;
}

TEST_F(ept, few_frames_wait_however_many_ranges)
{
	struct hs_gmem_range r[20];
	struct hs_gmem_stats st;
	unsigned int i;
	u64 gen;

	if (!variant->huge)
		return;
	fill(self->g, 0, 20 * 512);
	for (i = 0; i < 20; i++)
		r[i] = (struct hs_gmem_range){ i * CHUNK, 512 };
	waiting = (typeof(waiting)){ .g = self->g };
	hs_user_resched = count_waiting;
	ASSERT_EQ(hs_gmem_discard(self->g, r, 20, HS_DISCARD_BALLOON), 0);
	hs_user_resched = NULL;
	EXPECT_GE(waiting.most, CHUNK);
	EXPECT_LE(waiting.most, 8 * CHUNK);
	EXPECT_EQ(hs_gmem_charged(self->g), 0);

	/* A few pages here and there need not wait more than once. */
	for (i = 0; i < 20; i++) {
		fill(self->g, r[i].gpa, 1);
		ASSERT_EQ(hs_chunk_split(self->g, r[i].gpa / PAGE), 0);
		r[i].pages = 1;
	}
	gen = atomic64_read(&self->g->gen);
	ASSERT_EQ(hs_gmem_discard(self->g, r, 20, HS_DISCARD_BALLOON), 0);
	EXPECT_EQ(atomic64_read(&self->g->gen), gen + 1);
	hs_gmem_stats(self->g, &st);
	EXPECT_EQ(st.ballooned, 20 * PAGE);
}

TEST_F(ept, nothing_is_done_outside_ram)
{
	struct hs_gmem_range r[2] = { { 0, 1 }, { 64 * MB - PAGE, 2 } };
	struct hs_gmem *big;

	fill(self->g, 0, 1);
	EXPECT_EQ(hs_gmem_discard(self->g, r, 2, HS_DISCARD_BALLOON), -EFAULT);
	EXPECT_EQ(look(self->g, 0), 0);
	EXPECT_EQ(ballooned(self->g), 0);
	EXPECT_EQ(give(self->g, 64 * MB, 1, HS_DISCARD_BALLOON), -EFAULT);
	EXPECT_EQ(give(self->g, 0, 0, HS_DISCARD_BALLOON), -EFAULT);
	EXPECT_EQ(give(self->g, 0x800, 1, HS_DISCARD_BALLOON), -EFAULT);
	EXPECT_EQ(give(self->g, 0, ~0ULL, HS_DISCARD_BALLOON), -EFAULT);
	EXPECT_EQ(give(self->g, 0, 1ULL << 52, HS_DISCARD_BALLOON), -EFAULT);
	EXPECT_EQ(give(self->g, ~0ULL << 12, 2, HS_DISCARD_BALLOON), -EFAULT);
	EXPECT_EQ(take_back(self->g, 64 * MB, 1), -EFAULT);

	big = make_gmem(6 * GB, false);
	EXPECT_EQ(give(big, 3 * GB - PAGE, 1, HS_DISCARD_BALLOON), 0);
	EXPECT_EQ(give(big, 4 * GB, 1, HS_DISCARD_BALLOON), 0);
	EXPECT_EQ(give(big, 3 * GB - PAGE, 2, HS_DISCARD_BALLOON), -EFAULT);
	EXPECT_EQ(give(big, 2 * GB, 3 * GB / PAGE, HS_DISCARD_BALLOON), -EFAULT);
	EXPECT_EQ(give(big, 7 * GB - PAGE, 2, HS_DISCARD_BALLOON), -EFAULT);
	hs_gmem_destroy(big);
}

TEST_F(ept, discard_ends_with_the_vm_or_without_memory)
{
	fill(self->g, 0, 512);
	hs_gmem_kill(self->g);
	EXPECT_EQ(give(self->g, 0, 1, HS_DISCARD_BALLOON), -EINTR);
	hs_gmem_revive(self->g);
	EXPECT_EQ(look(self->g, 0), 0);
	EXPECT_EQ(look(self->g, PAGE), PAGE);
	hs_user_fail(1);
	EXPECT_EQ(give(self->g, PAGE, 1, HS_DISCARD_BALLOON), variant->huge ? -ENOMEM : 0);
	hs_user_fail(0);
	EXPECT_EQ(give(self->g, PAGE, 1, HS_DISCARD_BALLOON), 0);
	EXPECT_EQ(ballooned(self->g), PAGE);
}

/* Marks are no pages: only the last page to come makes the chunk complete. */
TEST_F(ept, marks_do_not_complete_a_chunk)
{
	struct hs_cur c;
	unsigned int i;

	hs_user_no_large(true);
	fill(self->g, 0, 512);
	ASSERT_EQ(level_of(self->g, 0), 1);
	ASSERT_EQ(give(self->g, 0, 2, HS_DISCARD_BALLOON), 0);
	ASSERT_EQ(give(self->g, 2 * PAGE, 1, HS_DISCARD_REPORTED), 0);
	hs_user_no_large(false);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(level_of(self->g, 0), 1);
		ASSERT_EQ(hs_ept_lock(self->g, 0, &c), 0);
		EXPECT_EQ(c.chunk->used, 512);
		EXPECT_EQ(c.chunk->present, 509 + i);
		hs_ept_unlock(&c);
		EXPECT_EQ(look(self->g, i * PAGE), 0);
	}
	EXPECT_EQ(level_of(self->g, 0), variant->huge ? 2 : 1);
	EXPECT_EQ(look(self->g, 3 * PAGE), 3 * PAGE);
}

static unsigned int rounds;

static void count_rounds(void)
{
	rounds++;
}

static bool marked(struct hs_gmem *g, u64 gpa)
{
	struct hs_cur c;
	bool yes;

	if (hs_ept_lock(g, gpa / PAGE, &c))
		return false;
	yes = c.chunk->ballooned;
	hs_ept_unlock(&c);
	return yes;
}

static void undiscard_counted(struct hs_gmem *g)
{
	rounds = 0;
	hs_user_resched = count_rounds;
	hs_gmem_undiscard_all(g);
	hs_user_resched = NULL;
}

/* A guest can reset its balloon all the time. */
TEST_F(ept, reset_looks_at_ballooned_chunks_only)
{
	fill(self->g, 0, 2048);
	ASSERT_EQ(give(self->g, 5 * PAGE, 2, HS_DISCARD_BALLOON), 0);
	ASSERT_EQ(give(self->g, CHUNK, 512, HS_DISCARD_BALLOON), 0);
	ASSERT_EQ(give(self->g, 2 * CHUNK, 512, HS_DISCARD_REPORTED), 0);
	EXPECT_TRUE(marked(self->g, 0));
	EXPECT_TRUE(marked(self->g, CHUNK));
	EXPECT_FALSE(marked(self->g, 2 * CHUNK));
	/* Of a part: the rest may still be ballooned. */
	ASSERT_EQ(take_back(self->g, 5 * PAGE, 1), 0);
	EXPECT_TRUE(marked(self->g, 0));
	EXPECT_EQ(ballooned(self->g), CHUNK + PAGE);
	/* The first touch of all: no mark is left, but nobody has looked. */
	fill(self->g, 0, 1024);
	EXPECT_EQ(ballooned(self->g), 0);
	EXPECT_TRUE(marked(self->g, 0));
	undiscard_counted(self->g);
	EXPECT_EQ(rounds, 0);

	ASSERT_EQ(give(self->g, CHUNK + PAGE, 1, HS_DISCARD_BALLOON), 0);
	undiscard_counted(self->g);
	EXPECT_EQ(ballooned(self->g), 0);
	/* Two chunks, and not what comes after the last mark. */
	EXPECT_EQ(rounds, 2);
	EXPECT_FALSE(marked(self->g, 0));
	EXPECT_FALSE(marked(self->g, CHUNK));
	EXPECT_EQ(leaf_of(self->g, CHUNK + PAGE), HS_EPTE_NONE);
}

TEST_F(ept, all_marks_of_the_balloon_go)
{
	fill(self->g, 0, 2048);
	ASSERT_EQ(give(self->g, 0, 700, HS_DISCARD_BALLOON), 0);
	ASSERT_EQ(give(self->g, 3 * CHUNK + 5 * PAGE, 9, HS_DISCARD_BALLOON), 0);
	ASSERT_EQ(give(self->g, 2 * CHUNK, 512, HS_DISCARD_REPORTED), 0);
	EXPECT_EQ(ballooned(self->g), 709 * PAGE);
	hs_gmem_undiscard_all(self->g);
	EXPECT_EQ(ballooned(self->g), 0);
	EXPECT_EQ(reported(self->g), CHUNK);
	EXPECT_EQ(leaf_of(self->g, 5 * PAGE), HS_EPTE_NONE);
	EXPECT_EQ(look(self->g, 700 * PAGE), 700 * PAGE);
	ASSERT_EQ(give(self->g, 3 * CHUNK, 9, HS_DISCARD_BALLOON), 0);
	hs_gmem_clear(self->g);
	EXPECT_EQ(ballooned(self->g), 0);
	EXPECT_EQ(reported(self->g), 0);
	EXPECT_EQ(hs_gmem_charged(self->g), 0);
}

TEST_HARNESS_MAIN
