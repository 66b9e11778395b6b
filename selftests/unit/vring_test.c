// SPDX-License-Identifier: GPL-2.0
/* The split virtqueue: what a driver may do, and all that it may not. */
#include <pthread.h>
#include "vring_driver.h"
#include "kselftest_harness.h"

/* What happened in which order, when a test wants to know. */
static char trace[64];
static unsigned int trace_len;
static bool tracing;

static void trace_add(void *arg, char kind)
{
	if (tracing && trace_len < sizeof(trace) - 1)
		trace[trace_len++] = kind;
}

void vring_barrier(char kind)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	trace_add(NULL, kind);
}

FIXTURE(vring) {
	struct ram *ram;
	struct drv *d;
	struct hs_vchain *c;
};

FIXTURE_SETUP(vring)
{
	self->ram = aligned_alloc(4096, sizeof(*self->ram));
	self->d = malloc(sizeof(*self->d));
	self->c = malloc(sizeof(*self->c));
	ASSERT_TRUE(self->ram && self->d && self->c);
	srand(1);
	drv_init(self->d, self->ram, 8, true, true);
}

FIXTURE_TEARDOWN(vring)
{
	free(self->ram);
	free(self->d);
	free(self->c);
}

#define VR	(&self->d->dev)
#define DESC(i, ...) (self->d->desc[i] = (struct vring_desc) { __VA_ARGS__ })
#define POP()	hs_vring_pop(VR, self->c)
#define BROKEN(why) do {						\
	ASSERT_NE(VR->broken, NULL);					\
	EXPECT_STREQ(VR->broken, why);					\
} while (0)
/* Pops what the test put into descriptor 0; it is refused, and so is the rest. */
#define POP_BREAKS(why) do {						\
	offer(self->d, 0);						\
	EXPECT_EQ(POP(), -EPROTO);					\
	BROKEN(why);							\
	EXPECT_EQ(VR->next_avail, 0);					\
	check_dead(_metadata, self->d, self->c);			\
} while (0)

static void offer(struct drv *d, u16 head)
{
	avail_set(d, d->avail->idx, head);
	d->avail->idx++;
}

static void check_dead(struct __test_metadata *_metadata, struct drv *d, struct hs_vchain *c)
{
	unsigned int before = d->ram->accesses;
	const char *why = d->dev.broken;
	u16 head = 0;
	u32 len = 0;

	EXPECT_EQ(hs_vring_pop(&d->dev, c), -EPROTO);
	EXPECT_EQ(hs_vring_push(&d->dev, &head, &len, 1), -EPROTO);
	EXPECT_EQ(hs_vring_wants_signal(&d->dev), -EPROTO);
	EXPECT_EQ(hs_vring_listen(&d->dev), -EPROTO);
	EXPECT_EQ(hs_vring_deaf(&d->dev), -EPROTO);
	EXPECT_EQ(d->ram->accesses, before);
	EXPECT_EQ(d->dev.broken, why);
}

TEST_F(vring, start_checks_size_alignment_and_addresses)
{
	static const struct {
		u64 desc, avail, used;
		u16 size;
		int ret;
	} t[] = {
		{ 0x1000, 0x2000, 0x3000, 1, 0 },
		{ 0x1010, 0x2002, 0x3004, 256, 0 },
		{ 0, 0, 0, 256, 0 },
		{ 0x1000, 0x2000, 0x3000, 0, -EINVAL },
		{ 0x1000, 0x2000, 0x3000, 3, -EINVAL },
		{ 0x1000, 0x2000, 0x3000, 255, -EINVAL },
		{ 0x1000, 0x2000, 0x3000, 512, -EINVAL },
		{ 0x1000, 0x2000, 0x3000, 0x8000, -EINVAL },
		{ 0x1008, 0x2000, 0x3000, 8, -EINVAL },
		{ 0x1000, 0x2001, 0x3000, 8, -EINVAL },
		{ 0x1000, 0x2000, 0x3002, 8, -EINVAL },
		/* 16 * 8, 6 + 2 * 8 and 6 + 8 * 8 bytes below the end. */
		{ -129ULL & ~15ULL, 0x2000, 0x3000, 8, 0 },
		{ -112ULL, 0x2000, 0x3000, 8, -EINVAL },
		{ 0x1000, -24ULL, 0x3000, 8, 0 },
		{ 0x1000, -20ULL, 0x3000, 8, -EINVAL },
		{ 0x1000, 0x2000, -72ULL, 8, 0 },
		{ 0x1000, 0x2000, -68ULL, 8, -EINVAL },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct hs_vring vr = {
			.ops = &ram_ops,
			.mem = self->ram,
			.desc = t[i].desc,
			.avail = t[i].avail,
			.used = t[i].used,
			.size = t[i].size,
			.next_avail = 7,
			.broken = "before",
		};

		EXPECT_EQ(hs_vring_start(&vr), t[i].ret)
			TH_LOG("case %u", i);
		EXPECT_EQ(!vr.broken, !t[i].ret);
		if (vr.broken)
			EXPECT_STRNE(vr.broken, "before");
		EXPECT_EQ(vr.next_avail, 0);
		if (t[i].ret)
			EXPECT_EQ(hs_vring_pop(&vr, self->c), -EPROTO);
	}
}

TEST_F(vring, pops_a_chain_as_it_is)
{
	EXPECT_EQ(POP(), 0);
	DESC(0, 0x111, 10, VRING_DESC_F_NEXT, 5);
	DESC(5, 0x222, 20, VRING_DESC_F_NEXT, 2);
	DESC(2, 0x333, 30, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 7);
	DESC(7, -0x1000ULL, 0xfff, VRING_DESC_F_WRITE, 0);
	offer(self->d, 0);
	ASSERT_EQ(POP(), 1);
	EXPECT_EQ(self->c->head, 0);
	EXPECT_EQ(self->c->nr_out, 2);
	EXPECT_EQ(self->c->nr_in, 2);
	EXPECT_EQ(self->c->out_len, 30);
	EXPECT_EQ(self->c->in_len, 30 + 0xfff);
	EXPECT_EQ(self->c->seg[1].gpa, 0x222);
	EXPECT_EQ(self->c->seg[1].len, 20);
	EXPECT_EQ(self->c->seg[3].gpa, -0x1000ULL);
	EXPECT_EQ(self->c->seg[3].len, 0xfff);
	EXPECT_EQ(POP(), 0);
	hs_vring_unpop(VR, 1);
	ASSERT_EQ(POP(), 1);
	EXPECT_EQ(self->c->nr_in, 2);
}

TEST_F(vring, refuses_bad_heads)
{
	avail_set(self->d, 0, 8);
	self->d->avail->idx = 1;
	EXPECT_EQ(POP(), -EPROTO);
	BROKEN("a descriptor's number is outside its table");
	check_dead(_metadata, self->d, self->c);
}

TEST_F(vring, refuses_a_next_outside)
{
	DESC(0, 0x1000, 1, VRING_DESC_F_NEXT, 8);
	POP_BREAKS("a descriptor's number is outside its table");
}

TEST_F(vring, refuses_loops)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		DESC(i, 0x1000, 1, VRING_DESC_F_NEXT, (i + 1) % 8);
	POP_BREAKS("a chain of descriptors is a loop");
	/* index, head, and each descriptor once */
	EXPECT_EQ(self->ram->accesses, 2 + 8);
}

TEST_F(vring, takes_a_chain_of_the_whole_queue)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		DESC(i, 0x1000, 1, i < 7 ? VRING_DESC_F_NEXT : 0, i + 1);
	offer(self->d, 0);
	ASSERT_EQ(POP(), 1);
	EXPECT_EQ(self->c->nr_out, 8);
}

TEST_F(vring, refuses_a_readable_segment_after_a_writable)
{
	DESC(0, 0x1000, 1, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 1);
	DESC(1, 0x1000, 1);
	POP_BREAKS("a readable segment after a writable one");
}

TEST_F(vring, refuses_empty_segments)
{
	DESC(0, 0x1000, 0);
	POP_BREAKS("a descriptor of length 0");
}

TEST_F(vring, refuses_segments_that_wrap)
{
	DESC(0, -1ULL, 2);
	POP_BREAKS("a segment wraps around the end of memory");
}

TEST_F(vring, takes_4_gib_and_not_a_byte_more)
{
	DESC(0, 0x1000, U32_MAX, VRING_DESC_F_NEXT, 1);
	DESC(1, 0x1000, 1, VRING_DESC_F_WRITE);
	offer(self->d, 0);
	ASSERT_EQ(POP(), 1);
	EXPECT_EQ(self->c->out_len + self->c->in_len, 1ULL << 32);
	hs_vring_unpop(VR, 1);
	DESC(1, 0x1000, 2, VRING_DESC_F_WRITE);
	EXPECT_EQ(POP(), -EPROTO);
	BROKEN("a chain is longer than 4 GiB");
}

TEST_F(vring, refuses_indirect_unless_negotiated)
{
	VR->indirect = false;
	DESC(0, GPA(TABLES_AT), 16, VRING_DESC_F_INDIRECT);
	POP_BREAKS("an indirect descriptor, which was not negotiated");
}

TEST_F(vring, refuses_nested_tables)
{
	struct vring_desc *t = ram_at(self->ram, TABLES_AT);

	t[0] = (struct vring_desc) { GPA(TABLES_AT), 16, VRING_DESC_F_INDIRECT };
	DESC(0, GPA(TABLES_AT), 16, VRING_DESC_F_INDIRECT);
	POP_BREAKS("an indirect descriptor in an indirect table");
}

TEST_F(vring, refuses_a_table_in_the_middle)
{
	DESC(0, GPA(TABLES_AT), 16, VRING_DESC_F_INDIRECT | VRING_DESC_F_NEXT, 1);
	DESC(1, 0x1000, 1);
	POP_BREAKS("an indirect descriptor goes on");
}

TEST_F(vring, refuses_tables_of_odd_lengths)
{
	static const u32 len[] = { 0, 1, 15, 17, 16 * 257, U32_MAX, U32_MAX & ~15 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(len); i++) {
		drv_init(self->d, self->ram, 8, true, true);
		DESC(0, GPA(TABLES_AT), len[i], VRING_DESC_F_INDIRECT);
		POP_BREAKS("an indirect table's length is impossible");
	}
}

TEST_F(vring, refuses_tables_that_wrap_or_are_no_ram)
{
	DESC(0, -16ULL, 32, VRING_DESC_F_INDIRECT);
	POP_BREAKS("an indirect table wraps around the end of memory");
	drv_init(self->d, self->ram, 8, true, true);
	DESC(0, 0x1000, 32, VRING_DESC_F_INDIRECT);
	POP_BREAKS("an indirect table is not in RAM");
	/* Its second entry is outside, and it needs that one. */
	drv_init(self->d, self->ram, 8, true, true);
	*(struct vring_desc *)ram_at(self->ram, MEM_LEN - 16) =
		(struct vring_desc) { 0x1000, 1, VRING_DESC_F_NEXT, 1 };
	DESC(0, GPA(MEM_LEN - 16), 32, VRING_DESC_F_INDIRECT);
	POP_BREAKS("an indirect table is not in RAM");
}

TEST_F(vring, refuses_loops_in_tables)
{
	struct vring_desc *t = ram_at(self->ram, TABLES_AT);

	t[0] = (struct vring_desc) { 0x1000, 1, VRING_DESC_F_NEXT, 1 };
	t[1] = (struct vring_desc) { 0x1000, 1, VRING_DESC_F_NEXT, 0 };
	DESC(0, GPA(TABLES_AT), 32, VRING_DESC_F_INDIRECT);
	POP_BREAKS("a chain of descriptors is a loop");
}

TEST_F(vring, a_table_ends_where_its_length_says)
{
	struct vring_desc *t = ram_at(self->ram, TABLES_AT);

	t[0] = (struct vring_desc) { 0x1000, 1, VRING_DESC_F_NEXT, 2 };
	t[2] = (struct vring_desc) { 0x1000, 1 };
	DESC(0, GPA(TABLES_AT), 32, VRING_DESC_F_INDIRECT);
	POP_BREAKS("a descriptor's number is outside its table");
}

/* 256 entries, more than the queue has; one more does not fit anywhere. */
TEST_F(vring, bounds_direct_and_indirect_together)
{
	struct vring_desc *t = ram_at(self->ram, TABLES_AT);
	unsigned int i;

	for (i = 0; i < HS_VRING_MAX; i++)
		t[i] = (struct vring_desc) {
			0x1000 + i, 1, i < HS_VRING_MAX - 1 ? VRING_DESC_F_NEXT : 0, i + 1
		};
	DESC(0, GPA(TABLES_AT), 16 * HS_VRING_MAX, VRING_DESC_F_INDIRECT);
	offer(self->d, 0);
	ASSERT_EQ(POP(), 1);
	EXPECT_EQ(self->c->nr_out, HS_VRING_MAX);
	EXPECT_EQ(self->c->seg[255].gpa, 0x1000 + 255);

	DESC(1, 0x1000, 1, VRING_DESC_F_NEXT, 0);
	offer(self->d, 1);
	EXPECT_EQ(POP(), -EPROTO);
	BROKEN("a chain has too many descriptors");
}

TEST_F(vring, refuses_an_index_too_far_ahead)
{
	u16 far;

	for (far = 9; far; far = far < 0xff00 ? far + 97 : far + 1) {
		drv_init(self->d, self->ram, 8, true, true);
		self->d->avail->idx = far;
		EXPECT_EQ(POP(), -EPROTO);
		BROKEN("the available index is too far ahead");
		drv_init(self->d, self->ram, 8, true, true);
		self->d->avail->idx = far;
		EXPECT_EQ(hs_vring_listen(VR), -EPROTO);
		check_dead(_metadata, self->d, self->c);
	}
}

/* A driver that makes the same buffer available again and again. */
TEST_F(vring, never_gives_out_more_than_the_queue_has)
{
	unsigned int i;

	DESC(0, 0x1000, 1);
	for (i = 0; i < 8; i++) {
		offer(self->d, 0);
		EXPECT_EQ(POP(), 1);
	}
	offer(self->d, 0);
	EXPECT_EQ(POP(), -EPROTO);
	BROKEN("the available index is too far ahead");
}

TEST_F(vring, takes_back_no_more_than_it_gave)
{
	u16 head[2] = { 0, 0 };
	u32 len[2] = { 0, 0 };

	EXPECT_EQ(hs_vring_push(VR, head, len, 0), 0);
	EXPECT_EQ(hs_vring_push(VR, head, len, 1), -EINVAL);
	DESC(0, 0x1000, 1);
	offer(self->d, 0);
	ASSERT_EQ(POP(), 1);
	EXPECT_EQ(hs_vring_push(VR, head, len, 2), -EINVAL);
	EXPECT_EQ(self->d->used->idx, 0);
	EXPECT_EQ(hs_vring_push(VR, head, len, 1), 0);
	EXPECT_EQ(self->d->used->idx, 1);
}

TEST_F(vring, parts_outside_ram_break_it)
{
	u64 *part[] = { &VR->desc, &VR->avail, &VR->used };
	static const char * const why[] = {
		"the descriptor table is not in RAM",
		"the available ring is not in RAM",
		"the used ring is not in RAM",
	};
	unsigned int i;
	u16 head = 0;
	u32 len = 0;
	int r;

	for (i = 0; i < 3; i++) {
		drv_init(self->d, self->ram, 8, true, true);
		*part[i] = GPA(MEM_LEN);
		DESC(0, 0x1000, 1);
		offer(self->d, 0);
		r = POP();
		if (r == 1)
			r = hs_vring_push(VR, &head, &len, 1);
		EXPECT_EQ(r, -EPROTO);
		BROKEN(why[i]);
		check_dead(_metadata, self->d, self->c);
	}
}

TEST_F(vring, flags_say_who_wants_to_hear)
{
	u16 head = 0;
	u32 len = 5;

	VR->event_idx = false;
	self->d->used->flags = 0xffff;
	EXPECT_EQ(hs_vring_listen(VR), 0);
	EXPECT_EQ(self->d->used->flags, 0);
	EXPECT_EQ(hs_vring_deaf(VR), 0);
	EXPECT_EQ(self->d->used->flags, VRING_USED_F_NO_NOTIFY);
	DESC(0, 0x1000, 1);
	offer(self->d, 0);
	EXPECT_EQ(hs_vring_listen(VR), 1);
	EXPECT_EQ(self->d->used->flags, 0);

	ASSERT_EQ(POP(), 1);
	EXPECT_EQ(hs_vring_wants_signal(VR), 0);	/* nothing to tell */
	ASSERT_EQ(hs_vring_push(VR, &head, &len, 1), 0);
	EXPECT_EQ(self->d->used->ring[0].len, 5);
	EXPECT_EQ(hs_vring_wants_signal(VR), 1);
	EXPECT_EQ(hs_vring_wants_signal(VR), 0);
	offer(self->d, 0);
	ASSERT_EQ(POP(), 1);
	ASSERT_EQ(hs_vring_push(VR, &head, &len, 1), 0);
	self->d->avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	EXPECT_EQ(hs_vring_wants_signal(VR), 0);
	/* The event index lies in memory that means nothing now. */
	EXPECT_EQ(*avail_event(self->d), 0);
}

TEST_F(vring, event_index_is_written_behind_the_ring)
{
	drv_jump(self->d, 0x1234);
	self->d->used->flags = 0;
	EXPECT_EQ(hs_vring_deaf(VR), 0);
	EXPECT_EQ(self->d->used->flags, 0);
	*avail_event(self->d) = 0;
	EXPECT_EQ(hs_vring_listen(VR), 0);
	EXPECT_EQ(*avail_event(self->d), 0x1234);
}

/* After 65536 buffers without a word, the last signal is not to be told from now. */
TEST_F(vring, long_silence_ends_with_a_signal)
{
	unsigned int i;
	u16 head = 0;
	u32 len = 0;

	DESC(0, 0x1000, 1);
	for (i = 0; i < 65536 + 3; i++) {
		offer(self->d, 0);
		ASSERT_EQ(POP(), 1);
		ASSERT_EQ(hs_vring_push(VR, &head, &len, 1), 0);
	}
	*used_event(self->d) = 0x8000;		/* 3 buffers would not step over it */
	EXPECT_EQ(hs_vring_wants_signal(VR), 1);
	EXPECT_EQ(hs_vring_wants_signal(VR), 0);
}

/* The index moves once, after all elements: a driver never sees half a push. */
struct watch {
	struct drv *d;
	u16 want;
	bool early;
};

static void watch_index(void *arg, char kind)
{
	struct watch *w = arg;

	if (w->d->used->idx != w->want)
		w->early = true;
}

TEST_F(vring, pushes_are_seen_all_at_once)
{
	struct watch w = { self->d, 0xfffe };
	u16 head[4] = { 0, 1, 2, 3 };
	u32 len[4] = { 10, 11, 12, 13 };
	unsigned int i;

	drv_jump(self->d, 0xfffe);
	for (i = 0; i < 4; i++) {
		DESC(i, 0x1000, 1);
		offer(self->d, i);
		ASSERT_EQ(POP(), 1);
	}
	self->ram->hook = watch_index;
	self->ram->hook_arg = &w;
	ASSERT_EQ(hs_vring_push(VR, head, len, 4), 0);
	EXPECT_FALSE(w.early);
	EXPECT_EQ(self->d->used->idx, 2);
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(self->d->used->ring[(6 + i) % 8].id, i);
		EXPECT_EQ(self->d->used->ring[(6 + i) % 8].len, 10 + i);
	}
}

/*
 * No emulator and hardly any machine shows a missing barrier, so look at the order
 * itself: the index before the ring and after it; a wish, a full barrier, the index.
 */
TEST_F(vring, barriers_are_where_they_must_be)
{
	u16 head[2] = { 0, 1 };
	u32 len[2] = { 0, 0 };
	unsigned int event;

#define TRACE(call, ret, want) do {					\
	trace_len = 0;							\
	tracing = true;							\
	EXPECT_EQ(call, ret);						\
	tracing = false;						\
	trace[trace_len] = 0;						\
	EXPECT_STREQ(trace, want);					\
} while (0)

	for (event = 0; event < 2; event++) {
		drv_init(self->d, self->ram, 8, true, event);
		self->ram->hook = trace_add;
		DESC(0, 0x1000, 1);
		DESC(1, 0x1000, 1);
		TRACE(hs_vring_listen(VR), 0, "WbR");
		offer(self->d, 0);
		offer(self->d, 1);
		TRACE(POP(), 1, "RrRR");
		/* The index, as it was seen, says that this one is there, too. */
		TRACE(POP(), 1, "rRR");
		TRACE(POP(), 0, "R");
		TRACE(hs_vring_push(VR, head, len, 2), 0, "WWwW");
		TRACE(hs_vring_wants_signal(VR), 1, "bR");
	}
}

static bool as_before(const struct hs_vring *a, const struct hs_vring *b)
{
	return a->next_avail == b->next_avail && a->next_used == b->next_used &&
	       a->signalled == b->signalled && a->signalled_ok == b->signalled_ok &&
	       a->broken == b->broken;
}

/* Any access may fail: then nothing has happened, and it can be tried again. */
TEST_F(vring, failed_accesses_take_nothing)
{
	static const int err[] = { -EINTR, -ENOMEM, -EIO };
	u16 head = 0;
	u32 len = 7;
	unsigned int k, i, step;
	int r = -1;

	for (i = 0; i < ARRAY_SIZE(err); i++) {
		for (step = 0; step < 4; step++) {
			r = -1;
			for (k = 1; r < 0; k++) {
				struct hs_vring old;

				drv_init(self->d, self->ram, 8, true, true);
				drv_jump(self->d, 0xffff);
				self->c->nr_out = 3;
				self->c->nr_in = 2;
				for (u16 s = 0; s < 5; s++)
					self->c->seg[s] = (struct hs_vseg) { 0x1000, 4 };
				drv_add(self->d, self->c, 3);
				if (step > 0)
					ASSERT_EQ(POP(), 1);
				head = self->c->head;
				if (step > 1)
					ASSERT_EQ(hs_vring_push(VR, &head, &len, 1), 0);
				old = *VR;
				self->ram->accesses = 0;
				self->ram->fail_at = k;
				self->ram->fail_with = err[i];
				r = step == 0 ? POP() :
				    step == 1 ? hs_vring_push(VR, &head, &len, 1) :
				    step == 2 ? hs_vring_wants_signal(VR) : hs_vring_listen(VR);
				if (r >= 0)
					break;
				EXPECT_EQ(r, err[i]);
				EXPECT_TRUE(as_before(&old, VR));
				if (step < 2)
					EXPECT_EQ(self->d->used->idx, 0xffff);
			}
			/* index, head, 2 direct, the table's, it as a whole; element, index;
			 * event; event, index. */
			EXPECT_EQ(k, step == 0 ? 7 : step == 2 ? 2 : 3)
				TH_LOG("step %u: %u accesses", step, k);
			EXPECT_EQ(r, step == 1 ? 0 : step == 3 ? 0 : 1);
		}
	}
}

static void random_chain(struct hs_vchain *c, unsigned int max)
{
	unsigned int n = 1 + rand() % max, i;

	memset(c, 0, sizeof(*c));
	c->nr_out = rand() % (n + 1);
	c->nr_in = n - c->nr_out;
	for (i = 0; i < n; i++) {
		c->seg[i].gpa = ((u64)rand() << 31 | rand()) << 1;
		c->seg[i].len = 1 + rand() % 100000;
		*(i < c->nr_out ? &c->out_len : &c->in_len) += c->seg[i].len;
	}
}

static void expect_same(struct __test_metadata *_metadata, const struct hs_vchain *a,
			const struct hs_vchain *b)
{
	unsigned int i;

	ASSERT_EQ(a->head, b->head);
	ASSERT_EQ(a->nr_out, b->nr_out);
	ASSERT_EQ(a->nr_in, b->nr_in);
	ASSERT_EQ(a->out_len, b->out_len);
	ASSERT_EQ(a->in_len, b->in_len);
	for (i = 0; i < a->nr_out + a->nr_in; i++) {
		ASSERT_EQ(a->seg[i].gpa, b->seg[i].gpa);
		ASSERT_EQ(a->seg[i].len, b->seg[i].len);
	}
}

struct model {
	struct drv *d;
	u16 order[HS_VRING_MAX];	/* heads made available, oldest first */
	unsigned int waiting;
	u16 out[HS_VRING_MAX];		/* heads in the device's hands, oldest first */
	u16 seq[HS_VRING_MAX];		/* the next_avail that each of them was */
	unsigned int nr_out;
	u32 len_of[HS_VRING_MAX];
	bool listening;			/* the device sleeps */
	u16 told;			/* used index when the driver was last told */
};

static void do_add(struct __test_metadata *_metadata, struct model *m)
{
	struct drv *d = m->d;
	struct hs_vchain c;
	unsigned int table = 0, n;

	if (!d->nr_free)
		return;
	random_chain(&c, min_t(unsigned int, d->dev.indirect ? TABLE_ENTRIES : d->nr_free,
			       TABLE_ENTRIES));
	n = c.nr_out + c.nr_in;
	if (d->dev.indirect)
		table = n + 1 > d->nr_free ? n : rand() % (n + 1);
	drv_add(d, &c, table);
	m->order[m->waiting++] = c.head;
	/* Who has said that it sleeps is woken by whatever comes. */
	if (rand() % 4) {
		bool kick = drv_must_kick(d);

		if (m->listening)
			ASSERT_TRUE(kick);
		if (kick)
			m->listening = false;
	}
}

static void do_pop(struct __test_metadata *_metadata, struct model *m)
{
	struct hs_vchain c;
	int r = hs_vring_pop(&m->d->dev, &c);

	ASSERT_EQ(r, m->waiting > 0);
	if (!r)
		return;
	expect_same(_metadata, &c, &m->d->sent[m->order[0]]);
	memmove(m->order, m->order + 1, sizeof(*m->order) * --m->waiting);
	m->seq[m->nr_out] = m->d->dev.next_avail - 1;
	m->out[m->nr_out++] = c.head;
}

static void do_unpop(struct model *m)
{
	u16 max = rand() % (m->nr_out + 1), n = 0;

	while (n < max && m->seq[m->nr_out - 1 - n] == (u16)(m->d->dev.next_avail - 1 - n))
		n++;
	hs_vring_unpop(&m->d->dev, n);
	memmove(m->order + n, m->order, sizeof(*m->order) * m->waiting);
	memcpy(m->order, m->out + m->nr_out - n, sizeof(*m->order) * n);
	m->waiting += n;
	m->nr_out -= n;
}

static void do_push(struct __test_metadata *_metadata, struct model *m)
{
	u16 n, i, j, left = 0, head[HS_VRING_MAX];
	u32 len[HS_VRING_MAX];

	for (i = n = 0; i < m->nr_out; i++) {
		if (rand() % 2) {
			head[n++] = m->out[i];
			continue;
		}
		m->out[left] = m->out[i];
		m->seq[left++] = m->seq[i];
	}
	m->nr_out = left;
	for (i = 0; i < n; i++) {	/* in any order */
		j = i + rand() % (n - i);
		swap(head[i], head[j]);
		m->len_of[head[i]] = len[i] = rand();
	}
	ASSERT_EQ(hs_vring_push(&m->d->dev, head, len, n), 0);
	if (rand() % 3) {
		u16 idx = m->d->used->idx;
		bool want = m->d->dev.event_idx ? steps_over(*used_event(m->d), m->told, idx) :
			    idx != m->told && !m->d->avail->flags;

		ASSERT_EQ(hs_vring_wants_signal(&m->d->dev), want);
		m->told = idx;
	}
}

static void do_get(struct __test_metadata *_metadata, struct model *m)
{
	struct hs_vchain c;
	u32 len;

	while (drv_get(m->d, &c, &len)) {
		ASSERT_EQ(len, m->len_of[c.head]);
		if (!(rand() % 4))
			break;
	}
	if (m->d->dev.event_idx)
		*used_event(m->d) = m->d->last_used + (rand() % 4 ? 0 : rand());
	else
		m->d->avail->flags = rand() % 2;
}

static void do_listen(struct __test_metadata *_metadata, struct model *m)
{
	int r;

	if (rand() % 2) {
		ASSERT_EQ(hs_vring_deaf(&m->d->dev), 0);
		m->listening = m->listening && m->d->dev.event_idx;
		return;
	}
	/* As a driver that has just looked: what it adds from now on counts. */
	drv_must_kick(m->d);
	r = hs_vring_listen(&m->d->dev);
	ASSERT_EQ(r, m->waiting > 0);
	m->listening = !r;
}

/*
 * Thousands of random steps of both sides, over the wrap of all indexes, against
 * a model that keeps lists.
 */
static void random_run(struct __test_metadata *_metadata, struct drv *d, struct ram *ram,
		       u16 size, bool indirect, bool event)
{
	struct model m = { .d = d };
	u16 from = 0xffff - rand() % 300;
	unsigned int i, moved;

	drv_init(d, ram, size, indirect, event);
	drv_jump(d, from);
	m.told = from;
	for (i = 0; i < 20000; i++) {
		switch (rand() % 8) {
		case 0:
		case 1:
			do_add(_metadata, &m);
			break;
		case 2:
		case 3:
			do_pop(_metadata, &m);
			break;
		case 4:
			if (rand() % 4 == 0 && !m.listening)
				do_unpop(&m);
			break;
		case 5:
			do_push(_metadata, &m);
			break;
		case 6:
			do_get(_metadata, &m);
			break;
		case 7:
			do_listen(_metadata, &m);
			break;
		}
		ASSERT_EQ(d->dev.broken, NULL)
			TH_LOG("step %u: %s", i, d->dev.broken);
	}
	moved = (u16)(d->last_used - from);
	ASSERT_GT(moved, 500);
}

TEST_F(vring, random_steps_match_a_model)
{
	unsigned int size, mode;

	for (size = 1; size <= HS_VRING_MAX; size *= 2)
		for (mode = 0; mode < 4; mode++) {
			srand(size * 4 + mode);
			random_run(_metadata, self->d, self->ram, size, mode & 1, mode & 2);
		}
}

/*
 * Both sides as threads that sleep.  Each goes to sleep only after it has said so
 * and looked once more; a missing barrier on either side leaves both asleep with
 * work to do, which whoever goes to sleep second finds out.
 */
#define RACE_BUFFERS	10000

struct race {
	struct drv *d;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool kicked, signalled, dev_sleeps, drv_sleeps, lost, done;
	unsigned int sleeps;
};

static void wake(struct race *r, bool *what)
{
	pthread_mutex_lock(&r->lock);
	*what = true;
	pthread_cond_broadcast(&r->cond);
	pthread_mutex_unlock(&r->lock);
}

static bool sleep_until(struct race *r, bool *what, bool *self, bool *peer, bool *peer_what)
{
	bool go_on;

	pthread_mutex_lock(&r->lock);
	*self = true;
	if (!*what && *peer && !*peer_what)
		r->lost = true;
	if (r->lost)
		pthread_cond_broadcast(&r->cond);
	r->sleeps++;
	while (!*what && !r->done && !r->lost)
		pthread_cond_wait(&r->cond, &r->lock);
	*self = false;
	*what = false;
	go_on = !r->done && !r->lost;
	pthread_mutex_unlock(&r->lock);
	return go_on;
}

static void *race_device(void *arg)
{
	struct race *r = arg;
	struct hs_vchain *c = malloc(sizeof(*c));
	u32 len = 1;
	int ret;

	for (;;) {
		while ((ret = hs_vring_pop(&r->d->dev, c)) == 1) {
			if (hs_vring_push(&r->d->dev, &c->head, &len, 1))
				break;
			if (hs_vring_wants_signal(&r->d->dev))
				wake(r, &r->signalled);
		}
		if (ret < 0)
			break;
		ret = hs_vring_listen(&r->d->dev);
		if (ret < 0)
			break;
		if (!ret && !sleep_until(r, &r->kicked, &r->dev_sleeps, &r->drv_sleeps,
					 &r->signalled))
			break;
		hs_vring_deaf(&r->d->dev);
	}
	free(c);
	return NULL;
}

static void race_driver(struct race *r)
{
	struct drv *d = r->d;
	struct hs_vchain c;
	unsigned int sent = 0, got = 0;
	u32 len;

	while (got < RACE_BUFFERS) {
		if (sent < RACE_BUFFERS && d->nr_free) {
			c = (struct hs_vchain) { .nr_out = 1, .seg = { { 0x1000, 1 } } };
			drv_add(d, &c, 0);
			sent++;
			if (drv_must_kick(d))
				wake(r, &r->kicked);
		}
		while (drv_get(d, &c, &len))
			got++;
		if (got == RACE_BUFFERS || (sent < RACE_BUFFERS && d->nr_free))
			continue;
		if (d->dev.event_idx)
			WRITE_ONCE(*used_event(d), d->last_used);
		else
			WRITE_ONCE(d->avail->flags, 0);
		smp_mb();
		if (READ_ONCE(d->used->idx) == d->last_used &&
		    !sleep_until(r, &r->signalled, &r->drv_sleeps, &r->dev_sleeps, &r->kicked))
			break;
		if (!d->dev.event_idx)
			WRITE_ONCE(d->avail->flags, VRING_AVAIL_F_NO_INTERRUPT);
	}
	pthread_mutex_lock(&r->lock);
	r->done = true;
	pthread_cond_broadcast(&r->cond);
	pthread_mutex_unlock(&r->lock);
}

TEST_F(vring, no_wake_up_is_lost)
{
	unsigned int mode;

	for (mode = 0; mode < 4; mode++) {
		struct race r = {
			.d = self->d,
			.lock = PTHREAD_MUTEX_INITIALIZER,
			.cond = PTHREAD_COND_INITIALIZER,
		};
		pthread_t dev;

		drv_init(self->d, self->ram, mode & 2 ? 4 : 1, false, mode & 1);
		ASSERT_EQ(pthread_create(&dev, NULL, race_device, &r), 0);
		race_driver(&r);
		pthread_join(dev, NULL);
		EXPECT_FALSE(r.lost);
		EXPECT_EQ(VR->broken, NULL);
		EXPECT_EQ(self->d->last_used, (u16)RACE_BUFFERS);
		EXPECT_GT(r.sleeps, 1);
	}
}

TEST_HARNESS_MAIN
