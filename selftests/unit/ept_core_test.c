// SPDX-License-Identifier: GPL-2.0
/* Guest memory: faults, the accessor, charges, generations. */
#include "ept_fix.h"

TEST_F(ept, create_checks_size)
{
	EXPECT_EQ(PTR_ERR(make_gmem(0, false)), -EINVAL);
	EXPECT_EQ(PTR_ERR(make_gmem(4095, false)), -EINVAL);
	EXPECT_EQ(PTR_ERR(make_gmem(MB + 1, false)), -EINVAL);
	EXPECT_EQ(PTR_ERR(make_gmem(1ULL << 40, false)), -E2BIG);
	EXPECT_EQ(PTR_ERR(make_gmem(-4096ULL, false)), -E2BIG);
	hs_user_fail(1);
	EXPECT_EQ(PTR_ERR(make_gmem(MB, false)), -ENOMEM);
}

TEST_F(ept, ram_has_a_hole)
{
	struct hs_gmem *g = make_gmem(5 * GB, false);

	EXPECT_TRUE(hs_gmem_is_ram(g, 0));
	EXPECT_TRUE(hs_gmem_is_ram(g, 3 * GB - 1));
	EXPECT_FALSE(hs_gmem_is_ram(g, 3 * GB));
	EXPECT_FALSE(hs_gmem_is_ram(g, 4 * GB - 1));
	EXPECT_TRUE(hs_gmem_is_ram(g, 4 * GB));
	EXPECT_TRUE(hs_gmem_is_ram(g, 6 * GB - 1));
	EXPECT_FALSE(hs_gmem_is_ram(g, 6 * GB));
	EXPECT_FALSE(hs_gmem_is_ram(g, ~0ULL));
	EXPECT_EQ(hs_gmem_fault(g, 3 * GB, HS_ACC_READ), -ENXIO);
	EXPECT_EQ(hs_gmem_fault(g, 6 * GB, HS_ACC_WRITE), -ENXIO);
	EXPECT_EQ(hs_gmem_ram_bytes(g), 5 * GB);
	hs_gmem_destroy(g);

	EXPECT_TRUE(hs_gmem_is_ram(self->g, 64 * MB - 1));
	EXPECT_FALSE(hs_gmem_is_ram(self->g, 64 * MB));
	EXPECT_FALSE(hs_gmem_is_ram(self->g, 4 * GB));
}

TEST_F(ept, first_touch)
{
	u64 val = 1, e;

	EXPECT_EQ(hs_gmem_charged(self->g), 0);
	ASSERT_EQ(vcpu_load(&self->v, 0x5008, &val), 0);
	EXPECT_EQ(val, 0);
	EXPECT_EQ(self->v.faults, 1);
	e = leaf_of(self->g, 0x5008);
	EXPECT_EQ(level_of(self->g, 0x5008), variant->huge ? 2 : 1);
	EXPECT_EQ(e & ~HS_EPTE_ADDR, hs_epte_leaf(0, true, variant->huge) | HS_EPTE_FRESH);
	EXPECT_EQ(hs_gmem_charged(self->g), variant->huge ? 2 * MB : PAGE);

	ASSERT_EQ(vcpu_store(&self->v, 0x5008, 77), 0);
	ASSERT_EQ(vcpu_load(&self->v, 0x5008, &val), 0);
	EXPECT_EQ(val, 77);
	EXPECT_EQ(self->v.faults, 1);
	/* The neighbour is another page. */
	ASSERT_EQ(vcpu_load(&self->v, 0x6008, &val), 0);
	EXPECT_EQ(val, 0);
	EXPECT_EQ(self->v.faults, variant->huge ? 1 : 2);
	/* A second fault for what is there changes nothing. */
	EXPECT_EQ(hs_gmem_fault(self->g, 0x5008, HS_ACC_WRITE), 0);
	EXPECT_EQ(leaf_of(self->g, 0x5008) & ~HS_EPTE_FRESH, e & ~HS_EPTE_FRESH);
}

TEST_F(ept, page_walks_are_marked)
{
	u64 val;

	ASSERT_EQ(vcpu_walk(&self->v, 0x7000, &val), 0);
	EXPECT_TRUE(leaf_of(self->g, 0x7000) & HS_EPTE_WALK);
	ASSERT_EQ(vcpu_load(&self->v, 4 * MB, &val), 0);
	EXPECT_FALSE(leaf_of(self->g, 4 * MB) & HS_EPTE_WALK);
	EXPECT_EQ(hs_gmem_fault(self->g, 4 * MB, HS_ACC_READ | HS_ACC_WRITE | HS_ACC_WALK), 0);
	EXPECT_TRUE(leaf_of(self->g, 4 * MB) & HS_EPTE_WALK);
}

/* Half a terabyte promised on a small host: only what is touched costs. */
TEST_F(ept, sparse_ram)
{
	struct hs_gmem *g = make_gmem(512 * GB, false);
	struct vcpu v;
	u64 gpa[] = { 0, 3 * GB - PAGE, 4 * GB, 512 * GB, 513 * GB - PAGE }, val;
	unsigned int i;

	vcpu_init(&v, g, 1);
	for (i = 0; i < ARRAY_SIZE(gpa); i++) {
		ASSERT_EQ(vcpu_store(&v, gpa[i], i + 1), 0);
		ASSERT_EQ(vcpu_load(&v, gpa[i], &val), 0);
		EXPECT_EQ(val, i + 1);
	}
	vcpu_exit(&v);
	EXPECT_EQ(hs_gmem_charged(g), ARRAY_SIZE(gpa) * PAGE);
	/* Five chunks with a table, four directories of 1 GiB, two above. */
	EXPECT_LE(hs_gmem_overhead(g), 5 * PAGE + 5 * (PAGE + sizeof(struct hs_dir)) + 8 * PAGE);
	hs_gmem_destroy(g);
}

TEST_F(ept, end_of_ram_inside_a_chunk)
{
	struct hs_gmem *g = make_gmem(3 * MB + PAGE, variant->huge);
	struct vcpu v;

	vcpu_init(&v, g, 1);
	ASSERT_EQ(vcpu_store(&v, 3 * MB, 1), 0);
	EXPECT_EQ(level_of(g, 3 * MB), 1);
	EXPECT_EQ(vcpu_store(&v, 3 * MB + PAGE, 1), -ENXIO);
	vcpu_exit(&v);
	EXPECT_EQ(hs_gmem_charged(g), PAGE);
	hs_gmem_destroy(g);
}

TEST_F(ept, every_allocation_may_fail)
{
	unsigned int failed = 0, i, n;
	u64 val;
	int r;

	for (n = 1; n < 6; n++) {
		for (i = 0; i < 200; i++) {
			u64 gpa = (i * 37 % 32) * 2 * MB + i * PAGE;

			hs_user_fail(n);
			r = vcpu_load(&self->v, gpa, &val);
			hs_user_fail(0);
			if (r) {
				ASSERT_EQ(r, -ENOMEM);
				failed++;
				continue;
			}
			ASSERT_EQ(val, 0);
		}
	}
	EXPECT_GT(failed, 50);
	hs_user_fail(1);
	EXPECT_NE(hs_stage_out(self->g, 0), 0);
}

TEST_F(ept, accessor_reads_and_writes)
{
	u8 buf[3 * PAGE], back[3 * PAGE];
	u64 gpa = 2 * MB - PAGE - 100, val, old;
	unsigned int i;

	for (i = 0; i < sizeof(buf); i++)
		buf[i] = i * 7 + (i >> 8);
	/* Across pages and across chunks. */
	ASSERT_EQ(hs_gmem_write(self->g, gpa, buf, sizeof(buf)), 0);
	ASSERT_EQ(hs_gmem_read(self->g, gpa, back, sizeof(back)), 0);
	EXPECT_EQ(memcmp(buf, back, sizeof(buf)), 0);
	ASSERT_EQ(vcpu_load(&self->v, ALIGN(gpa, 8), &val), 0);
	EXPECT_EQ(memcmp(&val, buf + (ALIGN(gpa, 8) - gpa), 8), 0);

	EXPECT_EQ(hs_gmem_read(self->g, 64 * MB - 4, buf, 8), -EFAULT);
	EXPECT_EQ(hs_gmem_write(self->g, 64 * MB, buf, 1), -EFAULT);
	EXPECT_EQ(hs_gmem_read(self->g, ~0ULL, buf, 1), -EFAULT);
	EXPECT_EQ(hs_gmem_read(self->g, 64 * MB, buf, 0), 0);

	old = 5;
	ASSERT_EQ(hs_gmem_write(self->g, 0x10000, "\x11\x22\x33\x44\x55\x66\x77\x88", 8), 0);
	EXPECT_EQ(hs_gmem_cmpxchg(self->g, 0x10000, 8, &old, 9), 0);
	EXPECT_EQ(old, 0x8877665544332211ULL);
	EXPECT_EQ(hs_gmem_cmpxchg(self->g, 0x10000, 8, &old, 0x0102030405060708ULL), 1);
	old = 0xffffffffffff0506ULL;
	EXPECT_EQ(hs_gmem_cmpxchg(self->g, 0x10002, 2, &old, 0xaaaa), 1);
	old = 0x08;
	EXPECT_EQ(hs_gmem_cmpxchg(self->g, 0x10000, 1, &old, 0xbb), 1);
	old = 0x01020304;
	EXPECT_EQ(hs_gmem_cmpxchg(self->g, 0x10004, 4, &old, 0), 1);
	ASSERT_EQ(hs_gmem_read(self->g, 0x10000, &val, 8), 0);
	EXPECT_EQ(val, 0x00000000aaaa07bbULL);
	EXPECT_EQ(hs_gmem_cmpxchg(self->g, 0x10001, 2, &old, 0), -EFAULT);
	EXPECT_EQ(hs_gmem_cmpxchg(self->g, 0x10000, 3, &old, 0), -EFAULT);
	EXPECT_EQ(hs_gmem_cmpxchg(self->g, 0x10000, 16, &old, 0), -EFAULT);
	EXPECT_EQ(hs_gmem_cmpxchg(self->g, 64 * MB, 8, &old, 0), -EFAULT);
}

static u8 peek_page[PAGE];

/* Copies of memory that an access made, instead of one load or store. */
static unsigned int copies(struct hs_gmem *g, u64 gpa, size_t len, bool write, bool atomic)
{
	u8 buf[17] = { 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88 }, back[17];
	unsigned int n;
	int r;

	/* The other side is never aligned. */
	hs_user_copies = 0;
	if (atomic)
		r = write ? hs_gmem_write_atomic(g, gpa, buf + 1, len) :
			    hs_gmem_read_atomic(g, gpa, buf + 1, len);
	else
		r = write ? hs_gmem_write(g, gpa, buf + 1, len) :
			    hs_gmem_read(g, gpa, buf + 1, len);
	n = hs_user_copies;
	assert(!r && !hs_gmem_peek(g, gpa, peek_page));
	memcpy(back + 1, peek_page + (gpa & (PAGE - 1)), len);
	assert(!memcmp(buf + 1, back + 1, len));
	return n;
}

TEST_F(ept, accessor_moves_aligned_values_at_once)
{
	size_t len, off;
	int how;

	ASSERT_EQ(vcpu_store(&self->v, 0x5000, 0x0102030405060708), 0);
	ASSERT_EQ(vcpu_store(&self->v, 0x5008, 0x1112131415161718), 0);
	for (len = 1; len <= 8; len++)
		for (off = 0; off < 8; off++)
			for (how = 0; how < 4; how++) {
				bool once = (len == 2 || len == 4 || len == 8) && !(off % len);

				ASSERT_EQ(copies(self->g, 0x5000 + off, len, how & 1, how & 2), !once)
					TH_LOG("%zu bytes at %zu", len, off);
			}
}

static void clear_ad(struct hs_gmem *g, u64 gpa)
{
	hs_gmem_harvest(g, gpa >> 12, 1, HS_HARVEST_A | HS_HARVEST_D);
}

TEST_F(ept, accessor_marks_a_and_d)
{
	const u64 both = HS_EPTE_A | HS_EPTE_D, gpa = 0x20000;
	u8 page[PAGE] = {};
	struct page *pin;
	u64 old = 0;

	ASSERT_EQ(hs_gmem_write(self->g, gpa, "x", 1), 0);
	EXPECT_EQ(leaf_of(self->g, gpa) & both, both);
	clear_ad(self->g, gpa);
	EXPECT_EQ(leaf_of(self->g, gpa) & both, 0);
	ASSERT_EQ(hs_gmem_peek(self->g, gpa, page), 0);
	EXPECT_EQ(page[0], 'x');
	EXPECT_EQ(leaf_of(self->g, gpa) & both, 0);
	ASSERT_EQ(hs_gmem_read(self->g, gpa, page, 1), 0);
	EXPECT_EQ(leaf_of(self->g, gpa) & both, HS_EPTE_A);
	ASSERT_EQ(hs_gmem_write(self->g, gpa, page, 1), 0);
	EXPECT_EQ(leaf_of(self->g, gpa) & both, both);
	clear_ad(self->g, gpa);
	ASSERT_EQ(hs_gmem_overwrite(self->g, gpa, page), 0);
	EXPECT_EQ(leaf_of(self->g, gpa) & both, both);
	clear_ad(self->g, gpa);
	hs_gmem_cmpxchg(self->g, gpa, 8, &old, 1);
	EXPECT_EQ(leaf_of(self->g, gpa) & both, both);
	clear_ad(self->g, gpa);
	ASSERT_EQ(hs_gmem_read_atomic(self->g, gpa, page, 8), 0);
	EXPECT_EQ(leaf_of(self->g, gpa) & both, HS_EPTE_A);
	ASSERT_EQ(hs_gmem_write_atomic(self->g, gpa, page, 8), 0);
	EXPECT_EQ(leaf_of(self->g, gpa) & both, both);
	clear_ad(self->g, gpa);
	ASSERT_EQ(hs_gmem_pin(self->g, gpa, true, &pin), 0);
	EXPECT_EQ(leaf_of(self->g, gpa) & both, both);
	/* While the device may write, the page cannot become clean. */
	clear_ad(self->g, gpa);
	EXPECT_EQ(leaf_of(self->g, gpa) & both, both);
	hs_gmem_unpin(self->g, pin, true);
	clear_ad(self->g, gpa);
	EXPECT_EQ(leaf_of(self->g, gpa) & both, 0);
}

TEST_F(ept, accessor_from_atomic_context)
{
	struct hs_cur c;
	u64 val = 3;

	EXPECT_EQ(hs_gmem_read_atomic(self->g, 0x3000, &val, 8), -EAGAIN);
	EXPECT_EQ(hs_gmem_write_atomic(self->g, 0x3000, &val, 8), -EAGAIN);
	EXPECT_EQ(hs_gmem_charged(self->g), 0);
	ASSERT_EQ(vcpu_store(&self->v, 0x3000, 42), 0);
	EXPECT_EQ(hs_gmem_read_atomic(self->g, 0x3000, &val, 8), 0);
	EXPECT_EQ(val, 42);
	EXPECT_EQ(hs_gmem_read_atomic(self->g, 0x3ffc, &val, 8), -EFAULT);
	EXPECT_EQ(hs_gmem_read_atomic(self->g, 64 * MB, &val, 8), -EFAULT);
	/* Somebody below has the chunk: an interrupt must not wait for it. */
	ASSERT_EQ(hs_ept_lock(self->g, 3, &c), 0);
	EXPECT_EQ(hs_gmem_read_atomic(self->g, 0x3000, &val, 8), -EAGAIN);
	hs_ept_unlock(&c);
}

TEST_F(ept, overwrite_and_peek)
{
	u8 page[PAGE], back[PAGE];
	u64 charged;

	memset(page, 0x5a, sizeof(page));
	ASSERT_EQ(hs_gmem_peek(self->g, 9 * MB, back), 0);
	EXPECT_EQ(back[17], 0);
	EXPECT_EQ(hs_gmem_charged(self->g), 0);
	ASSERT_EQ(hs_gmem_overwrite(self->g, 9 * MB, page), 0);
	ASSERT_EQ(hs_gmem_peek(self->g, 9 * MB + 5, back), 0);
	EXPECT_EQ(memcmp(page, back, PAGE), 0);
	charged = hs_gmem_charged(self->g);
	EXPECT_EQ(charged, variant->huge ? 2 * MB : PAGE);
	ASSERT_EQ(hs_stage_out(self->g, 9 * MB), 0);
	ASSERT_EQ(hs_gmem_peek(self->g, 9 * MB, back), 0);
	EXPECT_EQ(memcmp(page, back, PAGE), 0);
	EXPECT_TRUE(hs_epte_is(leaf_of(self->g, 9 * MB), HS_LEAF_STAGED));
	EXPECT_EQ(hs_gmem_charged(self->g), charged);
	EXPECT_EQ(hs_gmem_overwrite(self->g, 9 * MB + 8, page), -EFAULT);
	EXPECT_EQ(hs_gmem_overwrite(self->g, 64 * MB, page), -EFAULT);
	EXPECT_EQ(hs_gmem_peek(self->g, 64 * MB, page), -EFAULT);
}

TEST_F(ept, pins_hold_frames)
{
	struct page *p, *q;
	u64 val;

	EXPECT_EQ(hs_gmem_pin(self->g, 64 * MB, true, &p), -EFAULT);
	ASSERT_EQ(hs_gmem_pin(self->g, 0x8000, true, &p), 0);
	ASSERT_EQ(hs_gmem_pin(self->g, 0x8010, false, &q), 0);
	EXPECT_EQ(p, q);
	hs_gmem_unpin(self->g, q, false);
	/* Content may not leave under a device, but a discard may pass it. */
	EXPECT_EQ(hs_stage_out(self->g, 0x8000), -EBUSY);
	ASSERT_EQ(vcpu_store(&self->v, 0x8000, 5), 0);
	vcpu_exit(&self->v);
	hs_gmem_clear(self->g);
	EXPECT_EQ(hs_gmem_charged(self->g), PAGE);
	EXPECT_EQ(*(u64 *)hs_frame_va(p), 5);
	ASSERT_EQ(vcpu_load(&self->v, 0x8000, &val), 0);
	EXPECT_EQ(val, 0);
	hs_gmem_unpin(self->g, p, true);
	vcpu_exit(&self->v);
	hs_gmem_clear(self->g);
	EXPECT_EQ(hs_gmem_charged(self->g), 0);
}

TEST_F(ept, pins_are_bounded)
{
	struct page *p;
	unsigned int n = 0;
	int r;

	for (;; n++) {
		r = hs_gmem_pin(self->g, (u64)(n % 4096) * PAGE, true, &p);
		if (r)
			break;
	}
	EXPECT_EQ(r, -ENOBUFS);
	EXPECT_EQ(n, 65536);
	while (n--)
		hs_gmem_unpin(self->g, hs_host_page(hs_epte_pa(variant->huge ?
			hs_epte_sub(leaf_of(self->g, (u64)(n % 4096) * PAGE), n % 512) :
			leaf_of(self->g, (u64)(n % 4096) * PAGE))), true);
}

TEST_F(ept, charges)
{
	hs_charge_add(self->g, 100);
	EXPECT_EQ(hs_gmem_charged(self->g), 100 * PAGE);
	EXPECT_EQ(hs_charge_take(self->g, 10), 10);
	hs_gmem_set_reservation(self->g, 80 * PAGE + 4095);
	EXPECT_EQ(hs_gmem_charged(self->g), 90 * PAGE);
	EXPECT_EQ(hs_charge_take(self->g, 100), 10);
	EXPECT_EQ(hs_charge_take(self->g, 1), 0);
	/* The guest itself may go below. */
	hs_charge_give(self->g, 30);
	EXPECT_EQ(hs_gmem_charged(self->g), 50 * PAGE);
	EXPECT_EQ(hs_charge_take(self->g, 1), 0);
	hs_gmem_set_reservation(self->g, 0);
	EXPECT_EQ(hs_charge_take(self->g, 1000), 50);
	EXPECT_EQ(hs_gmem_charged(self->g), 0);
	hs_gmem_set_reservation(self->g, ~0ULL);
	EXPECT_EQ(hs_gmem_charged(self->g), 0);
}

TEST_F(ept, kill_and_revive)
{
	u64 val;

	ASSERT_EQ(vcpu_load(&self->v, 0, &val), 0);
	hs_gmem_kill(self->g);
	EXPECT_EQ(vcpu_load(&self->v, 8 * MB, &val), -EINTR);
	EXPECT_EQ(hs_gmem_write(self->g, 8 * MB, &val, 8), -EINTR);
	EXPECT_EQ(hs_gmem_peek(self->g, 0, (u8[PAGE]){}), -EINTR);
	EXPECT_EQ(hs_stage_out(self->g, 0), -EINTR);
	hs_gmem_revive(self->g);
	EXPECT_EQ(vcpu_load(&self->v, 8 * MB, &val), 0);
}

TEST_F(ept, flush_is_asked_for_once_per_cpu)
{
	struct hs_gmem *g = self->g;

	EXPECT_TRUE(hs_gmem_enter(g, 1));
	hs_gmem_flushed(g, 1);
	hs_gmem_leave(g, 1);
	EXPECT_FALSE(hs_gmem_enter(g, 1));
	hs_gmem_leave(g, 1);
	EXPECT_TRUE(hs_gmem_enter(g, 2));
	/* Given up before the INVEPT: it is still owed. */
	hs_gmem_leave(g, 2);
	EXPECT_TRUE(hs_gmem_enter(g, 2));
	hs_gmem_flushed(g, 2);
	hs_gmem_leave(g, 2);
	hs_inval_bump(g);
	EXPECT_TRUE(hs_gmem_enter(g, 1));
	hs_gmem_flushed(g, 1);
	hs_gmem_leave(g, 1);
	EXPECT_FALSE(hs_gmem_enter(g, 1));
	hs_gmem_leave(g, 1);
}

TEST_F(ept, only_cpus_inside_are_waited_for)
{
	struct hs_gmem *g = self->g;
	u64 gen;

	hs_gmem_enter(g, 1);
	hs_gmem_flushed(g, 1);
	gen = hs_inval_bump(g);
	EXPECT_FALSE(hs_inval_acked(g, gen));
	EXPECT_TRUE(hs_inval_acked(g, gen - 1));
	hs_gmem_leave(g, 1);
	EXPECT_TRUE(hs_inval_acked(g, gen));
	/* Back inside, but with the new generation. */
	gen = hs_inval_bump(g);
	hs_gmem_enter(g, 1);
	EXPECT_TRUE(hs_inval_acked(g, gen));
	EXPECT_FALSE(hs_inval_acked(g, hs_inval_bump(g)));
	hs_gmem_leave(g, 1);
}

TEST_F(ept, quarantine_waits_for_acknowledgement)
{
	struct hs_gmem *g = self->g;
	bool zeroed;
	struct page *a = hs_frame_get(g, &zeroed);
	LIST_HEAD(pages);
	u64 gen;

	hs_gmem_enter(g, 1);
	list_add_tail(&a->lru, &pages);
	gen = hs_inval_bump(g);
	hs_quar_add(g, &pages, gen);
	EXPECT_TRUE(list_empty(&pages));
	hs_quar_drain(g);
	EXPECT_EQ(g->quar.count, 1);
	EXPECT_EQ(hs_gmem_charged(g), PAGE);
	hs_gmem_leave(g, 1);
	hs_quar_drain(g);
	EXPECT_EQ(g->quar.count, 0);
	EXPECT_EQ(hs_gmem_charged(g), 0);
}

TEST_F(ept, clear_gives_everything_back)
{
	u64 gpa, val;

	for (gpa = 0; gpa < 64 * MB; gpa += MB + PAGE)
		ASSERT_EQ(vcpu_store(&self->v, gpa, gpa), 0);
	vcpu_exit(&self->v);
	ASSERT_EQ(hs_stage_out(self->g, 0), 0);
	ASSERT_EQ(hs_stage_out(self->g, 2 * MB + 2 * PAGE), 0);
	vcpu_exit(&self->v);
	hs_gmem_clear(self->g);
	EXPECT_EQ(hs_gmem_charged(self->g), 0);
	EXPECT_EQ(self->g->quar.count, 0);
	for (gpa = 0; gpa < 64 * MB; gpa += MB + PAGE) {
		ASSERT_EQ(vcpu_load(&self->v, gpa, &val), 0);
		ASSERT_EQ(val, 0);
	}
}

/* A chunk full of pages, then none: tables of 4 KiB leaves go as well. */
TEST_F(ept, overhead_follows_use)
{
	u64 before = hs_gmem_overhead(self->g), one, gpa, val;

	ASSERT_EQ(vcpu_load(&self->v, 0, &val), 0);
	one = hs_gmem_overhead(self->g);
	for (gpa = 0; gpa < 2 * MB; gpa += PAGE)
		ASSERT_EQ(vcpu_load(&self->v, gpa, &val), 0);
	EXPECT_EQ(hs_gmem_overhead(self->g), one);
	EXPECT_EQ(hs_gmem_charged(self->g), 2 * MB);
	vcpu_exit(&self->v);
	hs_gmem_clear(self->g);
	EXPECT_EQ(hs_gmem_overhead(self->g), variant->huge ? one : one - PAGE);
	EXPECT_GT(one, before);
}

TEST_HARNESS_MAIN
