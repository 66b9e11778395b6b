/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything at once: guests on CPUs that keep translations, a device, a
 * reclaimer and one who splits and collapses, on the same few pages, with
 * allocations failing now and then.  What each of them wrote must be there
 * whenever it looks, and sums must come out even at the end.
 *
 * HS_EPT_OPS says how many operations; the default takes seconds.
 */
#include "ept_fix.h"
#include "ept_store.h"

#ifndef EPT_OPS_SHARE
#define EPT_OPS_SHARE	1
#endif

#define RAM		(8 * MB)
#define PAGES		(RAM / PAGE)
#define SCRATCH		RAM		/* a chunk that is given up whole, and touched */
#define CPUS		3
#define GUESTS		2
#define AGENTS		(GUESTS + 1)	/* who writes: guests, device */
#define DEVICE		GUESTS
#define WORDS		4		/* of each agent in each page */
#define BATCH		16
#define ROUNDS		4

struct agent {
	pthread_t id;
	unsigned int self, seed;
	u32 seq;
	u64 ops, intr;
	u32 want[PAGES][WORDS];	/* what it wrote last */
	u32 added[PAGES];
};

static struct {
	struct hs_gmem *g;
	struct ept_store store;
	struct agent agent[AGENTS];
	u32 device_page[PAGES];		/* content of pages only the device writes */
	struct vcpu cpu[CPUS];
	pthread_mutex_t cpu_lock[CPUS];
	u64 ops, moves, limit;
	u64 staged, stored, cancelled, given, chunks, splits, collapses, flushes, errors;
} w;

static u64 bug(const char *what, u64 gfn, u64 got, u64 want)
{
	fprintf(stderr, "%s: gfn %#llx: %#llx, expected %#llx\n", what,
		(unsigned long long)gfn, (unsigned long long)got, (unsigned long long)want);
	return __atomic_add_fetch(&w.errors, 1, __ATOMIC_SEQ_CST);
}

static bool going(void)
{
	return __atomic_load_n(&w.ops, __ATOMIC_RELAXED) < w.limit &&
	       __atomic_load_n(&w.errors, __ATOMIC_RELAXED) < 10;
}

/*
 * Before each access.  Those are cheap, and would be over before anybody took
 * a page away: whoever is ahead lets the others run.
 */
static bool more(void)
{
	u64 n = __atomic_add_fetch(&w.ops, 1, __ATOMIC_RELAXED);

	while (going() && n > 1000 + 8 * __atomic_load_n(&w.moves, __ATOMIC_RELAXED)) {
		sched_yield();
		n = __atomic_load_n(&w.ops, __ATOMIC_RELAXED);
	}
	return going();
}

/* Before each page taken away. */
static bool more_moves(void)
{
	__atomic_add_fetch(&w.moves, 1, __ATOMIC_RELAXED);
	return going();
}

static u64 rnd(unsigned int *seed, u64 n)
{
	return ((u64)rand_r(seed) << 16 ^ rand_r(seed)) % n;
}

/* Few pages are wanted by all, so that they meet. */
static u64 pick(unsigned int *seed)
{
	if (rnd(seed, 10))
		return rnd(seed, 4) * 512 + rnd(seed, 12);
	return rnd(seed, PAGES);
}

static bool device_only(u64 gfn)
{
	return gfn % 8 == 7;
}

static u64 word_gpa(u64 gfn, unsigned int agent, unsigned int k)
{
	return gfn * PAGE + 64 + (agent * WORDS + k) * 8;
}

static u64 value(u64 gfn, unsigned int agent, unsigned int k, u32 seq)
{
	return seq ? (gfn << 48 ^ (u64)agent << 44 ^ (u64)k << 40) | seq : 0;
}

static void check(struct agent *a, u64 gfn, unsigned int k, u64 got)
{
	u64 want = value(gfn, a->self, k, a->want[gfn][k]);

	if (got != want)
		bug("content", gfn, got, want);
}

static bool transient(struct agent *a, int r)
{
	if (r == -EINTR)
		a->intr++;
	return r == -ENOMEM || r == -EINTR;
}

/* Nobody's content: whatever comes and goes, its leaves are of one size. */
static void scratch_op(struct agent *a, struct vcpu *v)
{
	u64 gpa = SCRATCH + rnd(&a->seed, 8) * 67 * PAGE, val;
	int r;

	r = rnd(&a->seed, 2) ? vcpu_store(v, gpa, gpa) : vcpu_load(v, gpa, &val);
	if (r && !transient(a, r))
		bug("scratch access", gpa / PAGE, r, 0);
}

static void scratch_give(unsigned int *seed)
{
	struct hs_gmem_range range = { SCRATCH, 512 };
	int r;

	if (!rnd(seed, 3))
		range = (struct hs_gmem_range){ SCRATCH + 100 * PAGE, 200 };
	if (!rnd(seed, 4))
		r = hs_gmem_undiscard(w.g, &range, 1);
	else
		r = hs_gmem_discard(w.g, &range, 1, rnd(seed, 2) ? HS_DISCARD_BALLOON :
				    HS_DISCARD_REPORTED);
	if (r && r != -ENOMEM && r != -EINTR)
		bug("scratch", SCRATCH / PAGE, r, 0);
	__atomic_add_fetch(&w.chunks, !r, __ATOMIC_RELAXED);
}

static void guest_op(struct agent *a, struct vcpu *v)
{
	u64 gfn = pick(&a->seed), val = 0;
	unsigned int k = rnd(&a->seed, WORDS);
	int r;

	if (!rnd(&a->seed, 6)) {
		scratch_op(a, v);
		return;
	}
	if (device_only(gfn))
		gfn--;
	switch (rnd(&a->seed, 6)) {
	case 0:
	case 1:
		r = vcpu_store(v, word_gpa(gfn, a->self, k), value(gfn, a->self, k, ++a->seq));
		if (!r)
			a->want[gfn][k] = a->seq;
		break;
	case 2:
		r = vcpu_add(v, gfn * PAGE, 1);
		a->added[gfn] += !r;
		break;
	case 3:
		r = vcpu_walk(v, word_gpa(gfn, a->self, k), &val);
		if (!r)
			check(a, gfn, k, val);
		break;
	default:
		r = vcpu_load(v, word_gpa(gfn, a->self, k), &val);
		if (!r)
			check(a, gfn, k, val);
		break;
	}
	if (r && !transient(a, r))
		bug("guest access", gfn, r, 0);
}

static void *guest(void *arg)
{
	struct agent *a = arg;
	unsigned int cpu, n;

	while (more()) {
		/* A slice on whichever CPU is free: translations stay there. */
		cpu = rnd(&a->seed, CPUS);
		if (pthread_mutex_trylock(&w.cpu_lock[cpu]))
			continue;
		hs_user_cpu = cpu;
		for (n = rnd(&a->seed, 60) + 1; n && going(); n--) {
			guest_op(a, &w.cpu[cpu]);
			__atomic_add_fetch(&w.ops, 1, __ATOMIC_RELAXED);
			if (!rnd(&a->seed, 8))
				sched_yield();	/* inside the guest */
		}
		vcpu_exit(&w.cpu[cpu]);
		pthread_mutex_unlock(&w.cpu_lock[cpu]);
	}
	return NULL;
}

static void fill_page(u64 *page, u64 gfn, u32 seq)
{
	unsigned int i;

	for (i = 0; i < PAGE / 8; i++)
		page[i] = seq ? value(gfn, 9, i & 7, seq) : 0;
}

static void check_page(const u64 *page, u64 gfn)
{
	u64 want[PAGE / 8];

	fill_page(want, gfn, w.device_page[gfn]);
	if (memcmp(page, want, PAGE))
		bug("device page", gfn, page[0], want[0]);
}

static int add_by_cmpxchg(u64 gfn)
{
	u64 old = 0;
	int r;

	do {
		r = hs_gmem_cmpxchg(w.g, gfn * PAGE, 8, &old, old + 1);
	} while (!r);
	return r < 0 ? r : 0;
}

/* I/O in flight: pinned now, written and unpinned some operations later. */
struct io {
	struct page *page;
	u64 gfn;
	unsigned int k;
};

static void end_io(struct agent *a, struct io *io)
{
	u64 *p = (u64 *)((u8 *)hs_frame_va(io->page) +
			 (word_gpa(io->gfn, a->self, io->k) & (PAGE - 1)));

	__atomic_store_n(p, value(io->gfn, a->self, io->k, ++a->seq), __ATOMIC_RELAXED);
	a->want[io->gfn][io->k] = a->seq;
	hs_gmem_unpin(w.g, io->page, true);
	io->page = NULL;
}

static int through_pin(struct agent *a, struct io *io, u64 gfn, unsigned int k)
{
	int r;

	if (io->page) {
		end_io(a, io);
		return 0;
	}
	io->gfn = gfn;
	io->k = k;
	r = hs_gmem_pin(w.g, gfn * PAGE, true, &io->page);
	if (r)
		io->page = NULL;
	return r;
}

/* Gives up a page that only the device writes, as the guest's balloon would. */
static int give_up(struct agent *a, u64 gfn)
{
	struct hs_gmem_range range = { gfn * PAGE, 1 };
	int r;

	if (!rnd(&a->seed, 3))
		return hs_gmem_undiscard(w.g, &range, 1);
	r = hs_gmem_discard(w.g, &range, 1, rnd(&a->seed, 2) ? HS_DISCARD_BALLOON :
			    HS_DISCARD_REPORTED);
	/* What fails with one page has done nothing. */
	if (!r) {
		w.device_page[gfn] = 0;
		__atomic_add_fetch(&w.given, 1, __ATOMIC_RELAXED);
	}
	return r;
}

static int device_page_op(struct agent *a, u64 gfn)
{
	u64 page[PAGE / 8];
	int r;

	switch (rnd(&a->seed, 4)) {
	case 3:
		return give_up(a, gfn);
	case 0:
		fill_page(page, gfn, ++a->seq);
		r = hs_gmem_overwrite(w.g, gfn * PAGE, page);
		if (!r)
			w.device_page[gfn] = a->seq;
		return r;
	case 1:
		r = hs_gmem_peek(w.g, gfn * PAGE, page);
		break;
	default:
		r = hs_gmem_read(w.g, gfn * PAGE, page, PAGE);
		break;
	}
	if (!r)
		check_page(page, gfn);
	return r;
}

static void *device(void *arg)
{
	struct agent *a = arg;
	struct io io[4] = {};
	unsigned int i;

	hs_user_cpu = 4;
	while (more()) {
		u64 gfn = pick(&a->seed), val, gpa;
		unsigned int k = rnd(&a->seed, WORDS);
		int r;

		gpa = word_gpa(gfn, a->self, k);
		if (device_only(gfn)) {
			r = device_page_op(a, gfn);
		} else {
			switch (rnd(&a->seed, 6)) {
			case 0:
				val = value(gfn, a->self, k, ++a->seq);
				r = hs_gmem_write(w.g, gpa, &val, 8);
				if (!r)
					a->want[gfn][k] = a->seq;
				break;
			case 1:
				r = add_by_cmpxchg(gfn);
				a->added[gfn] += !r;
				break;
			case 2:
				r = through_pin(a, &io[rnd(&a->seed, 4)], gfn, k);
				break;
			case 3:
				r = hs_gmem_read_atomic(w.g, gpa, &val, 8);
				if (!r)
					check(a, gfn, k, val);
				if (r == -EAGAIN)
					r = 0;
				break;
			default:
				r = hs_gmem_read(w.g, gpa, &val, 8);
				if (!r)
					check(a, gfn, k, val);
				break;
			}
		}
		if (r && !transient(a, r))
			bug("device access", gfn, r, 0);
	}
	for (i = 0; i < 4; i++)
		if (io[i].page)
			end_io(a, &io[i]);
	return NULL;
}

/* A batch as the balancer takes it: many pages, one acknowledgement. */
static void batch_out(unsigned int *seed)
{
	struct hs_inflight rec[BATCH];
	u64 slot[BATCH];
	unsigned int n = 0, i, sync;
	u64 first = pick(seed);

	for (i = 0; i < BATCH; i++) {
		if (hs_out_slot_alloc(w.g, &slot[n]))
			continue;
		if (hs_out_begin(w.g, first + i, &rec[n]))
			hs_out_slot_free(w.g, slot[n]);
		else
			n++;
	}
	/* Now and then it changes its mind before the flush. */
	sync = rnd(seed, 8);
	if (sync)
		hs_out_sync(w.g);
	for (i = 0; i < n; i++) {
		if (sync && rnd(seed, 2)) {
			if (!hs_out_finish(w.g, &rec[i], HS_LEAF_STAGED, slot[i])) {
				__atomic_add_fetch(&w.staged, 1, __ATOMIC_RELAXED);
				continue;
			}
			__atomic_add_fetch(&w.cancelled, 1, __ATOMIC_RELAXED);
		} else {
			hs_out_abort(w.g, &rec[i]);
		}
		hs_out_slot_free(w.g, slot[i]);
	}
}

static void *reclaimer(void *arg)
{
	unsigned int seed = 7 + (unsigned int)(unsigned long)arg;
	int r;

	hs_user_cpu = 5;
	while (more_moves()) {
		switch (rnd(&seed, 8)) {
		case 0:
		case 1:
			r = hs_stage_out(w.g, pick(&seed) * PAGE);
			__atomic_add_fetch(&w.staged, !r, __ATOMIC_RELAXED);
			break;
		case 2:
		case 3:
		case 4:
			r = ept_store_out(&w.store, pick(&seed) * PAGE);
			__atomic_add_fetch(&w.stored, !r, __ATOMIC_RELAXED);
			__atomic_add_fetch(&w.cancelled, r == -ECANCELED, __ATOMIC_RELAXED);
			break;
		case 5:
			batch_out(&seed);
			break;
		case 6:
			hs_gmem_harvest(w.g, pick(&seed), 64, rnd(&seed, 4));
			break;
		default:
			hs_inval_bump(w.g);
			break;
		}
		sched_yield();
	}
	return NULL;
}

static void *mover(void *arg)
{
	unsigned int seed = 99;

	hs_user_cpu = 6;
	while (more_moves()) {
		u64 gfn = rnd(&seed, PAGES / 512) * 512, i;
		int r;

		scratch_give(&seed);
		if (rnd(&seed, 3)) {
			hs_chunk_split(w.g, gfn);
			continue;
		}
		for (i = 0; i < 512; i++)
			hs_gmem_fault(w.g, (gfn + i) * PAGE, HS_ACC_READ);
		r = hs_chunk_collapse(w.g, gfn);
		if (r && r != -EAGAIN && r != -EBUSY && r != -ENOMEM && r != -EINTR)
			bug("collapse", gfn, r, 0);
		usleep(rnd(&seed, 2000));
	}
	return NULL;
}

/* Everybody has stopped: all that was ever written must be there. */
static void verify_all(void)
{
	u64 page[PAGE / 8], gfn, sum, large = 0;
	unsigned int a, k;

	for (a = 0; a < CPUS; a++)
		if (w.cpu[a].mixed)
			bug("leaves of two sizes at a time", 0, w.cpu[a].mixed, 0);
	for (gfn = 0; gfn <= PAGES; gfn += 512)
		if (!chunk_counts(w.g, gfn * PAGE))
			bug("counts of a chunk", gfn, 0, 0);
	for (gfn = 0; gfn <= PAGES; gfn += 512)
		large += hs_epte_present(leaf_of(w.g, gfn * PAGE)) && level_of(w.g, gfn * PAGE) == 2;
	if (hs_gmem_large(w.g) != large * 2 * MB)
		bug("bytes in large leaves", 0, hs_gmem_large(w.g), large * 2 * MB);

	for (gfn = 0; gfn < PAGES; gfn++) {
		if (hs_gmem_peek(w.g, gfn * PAGE, page)) {
			bug("peek", gfn, 0, 0);
			continue;
		}
		if (device_only(gfn)) {
			check_page(page, gfn);
			continue;
		}
		for (a = 0, sum = 0; a < AGENTS; a++) {
			sum += w.agent[a].added[gfn];
			for (k = 0; k < WORDS; k++)
				check(&w.agent[a], gfn, k, page[8 + a * WORDS + k]);
		}
		if (page[0] != sum)
			bug("sum", gfn, page[0], sum);
	}
}

static void run_round(bool kill)
{
	pthread_t reclaim[2], move;
	unsigned int i;

	w.ops = w.moves = 0;
	for (i = 0; i < AGENTS; i++)
		pthread_create(&w.agent[i].id, NULL, i == DEVICE ? device : guest, &w.agent[i]);
	for (i = 0; i < 2; i++)
		pthread_create(&reclaim[i], NULL, reclaimer, (void *)(unsigned long)i);
	pthread_create(&move, NULL, mover, NULL);
	if (kill) {
		while (__atomic_load_n(&w.ops, __ATOMIC_RELAXED) < w.limit / 2)
			usleep(1000);
		hs_gmem_kill(w.g);
	}
	for (i = 0; i < AGENTS; i++)
		pthread_join(w.agent[i].id, NULL);
	for (i = 0; i < 2; i++)
		pthread_join(reclaim[i], NULL);
	pthread_join(move, NULL);
	hs_gmem_revive(w.g);
}

static void let_others(void)
{
	sched_yield();
}

FIXTURE(race) {
	struct hs_gmem_stats st;
};

FIXTURE_SETUP(race)
{
	unsigned int i;

	hs_user_host_init(8 * PAGES);
	hs_user_resched = let_others;
	ASSERT_EQ(hs_gmem_module_init(), 0);
	w.g = make_gmem(RAM + 2 * MB, true);
	ept_store_init(&w.store, w.g);
	for (i = 0; i < CPUS; i++) {
		vcpu_init(&w.cpu[i], w.g, i);
		pthread_mutex_init(&w.cpu_lock[i], NULL);
	}
	for (i = 0; i < AGENTS; i++) {
		w.agent[i].self = i;
		w.agent[i].seed = 1000 + i;
	}
	w.limit = getenv("HS_EPT_OPS") ? strtoull(getenv("HS_EPT_OPS"), NULL, 0) : 100000;
	w.limit /= ROUNDS * EPT_OPS_SHARE;
}

FIXTURE_TEARDOWN(race)
{
	hs_gmem_destroy(w.g);
	EXPECT_EQ(hs_gmem_frames(), 0);
	EXPECT_EQ(w.store.held, 0);
	EXPECT_EQ(hs_user_pages_used(), 0);
	hs_gmem_module_exit();
	EXPECT_EQ(hs_user_heap_used(), 0);
	EXPECT_EQ(hs_ept_dbg_reports(), 0);
	hs_user_host_exit();
}

TEST_F_TIMEOUT(race, content_survives, 7200)
{
	unsigned int i, round;

	for (round = 0; round < ROUNDS; round++) {
		hs_user_fail(round & 1 ? 40 : 0);
		hs_user_zeroes(round & 2);
		run_round(round == ROUNDS - 1);
		hs_user_fail(0);
		verify_all();
		ASSERT_EQ(w.errors, 0);
		if (round != 1)
			continue;
		/* Power off and on in the middle of it. */
		hs_gmem_clear(w.g);
		EXPECT_EQ(hs_gmem_charged(w.g), 0);
		EXPECT_EQ(w.store.held, 0);
		for (i = 0; i < AGENTS; i++) {
			memset(w.agent[i].want, 0, sizeof(w.agent[i].want));
			memset(w.agent[i].added, 0, sizeof(w.agent[i].added));
		}
		memset(w.device_page, 0, sizeof(w.device_page));
		verify_all();
	}
	hs_gmem_stats(w.g, &self->st);
	TH_LOG("faults %lu refaults %lu staged %lu stored %lu cancelled %lu given %lu chunks %lu splits %lu collapses %lu acks %lu",
	       self->st.faults, self->st.refaults, w.staged, w.stored, w.cancelled, w.given, w.chunks,
	       self->st.splits, self->st.collapses, self->st.acks);
	/* It did happen, all of it. */
	EXPECT_GT(self->st.refaults, 0);
	EXPECT_GT(self->st.splits, 0);
	EXPECT_GT(self->st.collapses, 0);
	EXPECT_GT(self->st.acks, 0);
	EXPECT_GT(w.staged, 0);
	EXPECT_GT(w.stored, 0);
	EXPECT_GT(w.given, 0);
	EXPECT_GT(w.chunks, 0);
}

TEST_HARNESS_MAIN
