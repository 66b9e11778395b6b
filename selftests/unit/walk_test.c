// SPDX-License-Identifier: GPL-2.0
/*
 * The guest page-table walk against expectations that come from how a mapping
 * was built, not from reading its bits back: random mappings in all paging
 * modes, and single rules by hand.
 */
#include <stdio.h>
#include <stdlib.h>

#include "vmx/walk.h"
#undef ARRAY_SIZE
#include "kselftest_harness.h"

#define P	BIT_ULL(0)
#define W	BIT_ULL(1)
#define U	BIT_ULL(2)
#define A	BIT_ULL(5)
#define D	BIT_ULL(6)
#define PS	BIT_ULL(7)
#define NX	BIT_ULL(63)

#define CR0_PE		BIT_ULL(0)
#define CR0_WP		BIT_ULL(16)
#define CR0_PG		BIT_ULL(31)
#define CR4_PSE		BIT_ULL(4)
#define CR4_PAE		BIT_ULL(5)
#define CR4_LA57	BIT_ULL(12)
#define CR4_PCIDE	BIT_ULL(17)
#define CR4_SMEP	BIT_ULL(20)
#define CR4_SMAP	BIT_ULL(21)
#define CR4_PKE		BIT_ULL(22)
#define EFER_LMA	BIT_ULL(10)
#define EFER_NXE	BIT_ULL(11)

#define MAX_ENTRIES	16

/* Guest memory holding nothing but the entries of one mapping. */
struct memory {
	u64 gpa[MAX_ENTRIES];
	u64 val[MAX_ENTRIES];
	unsigned int size[MAX_ENTRIES];
	unsigned int n;
	unsigned int reads, writes, stray;
	unsigned int mismatches;	/* that many updates find another value */
	int read_ret, write_ret;
};

static int mem_find(struct memory *m, u64 gpa, unsigned int size)
{
	unsigned int i;

	for (i = 0; i < m->n; i++)
		if (m->gpa[i] == gpa && m->size[i] == size)
			return i;
	m->stray++;
	return -1;
}

static int mem_read(void *priv, u64 gpa, unsigned int size, u64 *entry)
{
	struct memory *m = priv;
	int i = mem_find(m, gpa, size);

	m->reads++;
	if (m->read_ret || i < 0)
		return m->read_ret ?: -EFAULT;
	*entry = m->val[i];
	return 0;
}

static int mem_cmpxchg(void *priv, u64 gpa, unsigned int size, u64 old, u64 new)
{
	struct memory *m = priv;
	int i = mem_find(m, gpa, size);

	if (m->write_ret || i < 0)
		return m->write_ret ?: -EFAULT;
	if (m->mismatches) {
		m->mismatches--;
		m->val[i] ^= BIT_ULL(9);	/* software changed an ignored bit */
		return HS_WALK_MISMATCH;
	}
	if (m->val[i] != old)
		return HS_WALK_MISMATCH;
	m->val[i] = new;
	m->writes++;
	return 0;
}

static const struct hs_walk_ops mem_ops = {
	.read = mem_read,
	.cmpxchg = mem_cmpxchg,
};

static void mem_add(struct memory *m, u64 gpa, unsigned int size, u64 val)
{
	m->gpa[m->n] = gpa;
	m->size[m->n] = size;
	m->val[m->n++] = val;
}

/* --- random mappings --- */

static u64 rng = 88172645463325252ULL;

static u64 rnd(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

static bool chance(unsigned int percent)
{
	return rnd() % 100 < percent;
}

enum paging { PAGING_32, PAGING_PAE, PAGING_4, PAGING_5, PAGING_NR };

/* How one level was built. */
struct level {
	bool present, writable, user, no_exec, accessed, dirty, reserved;
};

struct mapping {
	enum paging paging;
	unsigned int levels;		/* entries in memory, leaf included */
	unsigned int leaf;		/* its height: 0 = 4 KiB */
	struct level level[5];		/* by height */
	bool pdpte_absent;
	u64 page, linear;
	u64 size;
	unsigned int key;
	struct hs_walk_ctx ctx;
	struct memory mem;
	u32 access;
};

static unsigned int page_shift(const struct mapping *m, unsigned int height)
{
	return m->paging == PAGING_32 ? 12 + 10 * height : 12 + 9 * height;
}

static u64 random_frame(const struct mapping *m, unsigned int shift)
{
	unsigned int bits = m->ctx.maxphyaddr;

	if (m->paging == PAGING_32)
		bits = 32;
	return (rnd() & ((1ULL << bits) - 1)) >> shift << shift;
}

static void pick_controls(struct mapping *m)
{
	struct hs_walk_ctx *ctx = &m->ctx;

	ctx->cr0 = CR0_PE | CR0_PG | (chance(70) ? CR0_WP : 0);
	ctx->cr4 = chance(50) ? CR4_SMEP : 0;
	ctx->cr4 |= chance(50) ? CR4_SMAP : 0;
	ctx->cr4 |= chance(50) ? CR4_PKE : 0;
	ctx->cr4 |= chance(70) ? CR4_PSE : 0;
	ctx->efer = chance(75) ? EFER_NXE : 0;
	ctx->rflags = chance(40) ? HS_FL_AC : 0;
	ctx->pkru = rnd();
	ctx->maxphyaddr = 36 + rnd() % 17;
	ctx->gbpages = chance(70);
	m->paging = rnd() % PAGING_NR;
	if (m->paging != PAGING_32)
		ctx->cr4 |= CR4_PAE;
	if (m->paging >= PAGING_4)
		ctx->efer |= EFER_LMA;
	if (m->paging == PAGING_5)
		ctx->cr4 |= CR4_LA57;
}

static void pick_shape(struct mapping *m)
{
	static const unsigned int levels[] = { 2, 2, 4, 5 };

	m->levels = levels[m->paging];
	m->leaf = 0;
	if (chance(35) && (m->paging != PAGING_32 || (m->ctx.cr4 & CR4_PSE)))
		m->leaf = 1;
	if (m->paging >= PAGING_4 && m->ctx.gbpages && chance(25))
		m->leaf = 2;
	m->size = 1ULL << page_shift(m, m->leaf);
	m->linear = rnd();
	if (m->paging < PAGING_4)
		m->linear = (u32)m->linear;
	else if (m->paging == PAGING_4)
		m->linear = (u64)((s64)(m->linear << 16) >> 16);
	else
		m->linear = (u64)((s64)(m->linear << 7) >> 7);
}

/* A bit that must be 0 in an entry at @height, or 0 if there is none. */
static u64 a_reserved_bit(const struct mapping *m, unsigned int height)
{
	bool big = height && height == m->leaf;
	u64 bits = 0;

	if (m->paging == PAGING_32) {
		unsigned int max = m->ctx.maxphyaddr < 40 ? m->ctx.maxphyaddr : 40;
		unsigned int i;

		/* Bits 20:13 are address bits 39:32, as far as there are any. */
		for (i = 13; big && i <= 21; i++)
			if (i == 21 || i - 13 + 32 >= max)
				bits |= 1ULL << i;
	} else {
		unsigned int i;

		for (i = m->ctx.maxphyaddr; i < 52; i++)
			bits |= 1ULL << i;
		for (i = 52; m->paging == PAGING_PAE && i < 63; i++)
			bits |= 1ULL << i;
		if (!(m->ctx.efer & EFER_NXE))
			bits |= NX;
		for (i = 13; big && i < page_shift(m, height); i++)
			bits |= 1ULL << i;
		if (height >= 3 || (height == 2 && !m->ctx.gbpages))
			bits |= PS;
	}
	if (!bits)
		return 0;
	for (;;) {
		u64 bit = 1ULL << (rnd() & 63);

		if (bits & bit)
			return bit;
	}
}

/* Bits that hardware ignores, at random. */
static u64 ignored_bits(const struct mapping *m)
{
	u64 bits = rnd() & (BIT_ULL(3) | BIT_ULL(4) | BIT_ULL(8) | GENMASK_ULL(11, 9));

	if (m->paging >= PAGING_4)
		bits |= rnd() & GENMASK_ULL(58, 52);
	return bits;
}

static u64 build_entry(struct mapping *m, unsigned int height, u64 frame)
{
	struct level *l = &m->level[height];
	u64 entry = frame | ignored_bits(m);
	u64 bad = 0;

	*l = (struct level){
		.present = chance(97), .writable = chance(75), .user = chance(75),
		.no_exec = chance(15) && (m->ctx.efer & EFER_NXE) &&
			   m->paging != PAGING_32,
		.accessed = chance(50), .dirty = chance(50),
	};
	if (chance(4))
		bad = a_reserved_bit(m, height);
	l->reserved = bad;
	if (m->paging == PAGING_32 && height && height == m->leaf)
		/* The upper part of the frame number goes to bits 20:13. */
		entry = (entry & ~GENMASK_ULL(39, 32)) |
			((frame >> 32) & 0xff) << 13;
	entry |= (l->present ? P : 0) | (l->writable ? W : 0) | (l->user ? U : 0) |
		 (l->no_exec ? NX : 0) | (l->accessed ? A : 0) | (l->dirty ? D : 0);
	if (height && height == m->leaf)
		entry |= PS;
	/* 32-bit paging without PSE ignores the bit. */
	if (m->paging == PAGING_32 && height && !(m->ctx.cr4 & CR4_PSE) && chance(50))
		entry |= PS;
	if (height == m->leaf && m->paging >= PAGING_4)
		entry |= (u64)m->key << 59;
	return entry | bad;
}

static void build(struct mapping *m)
{
	unsigned int entry_size, height, index_bits;
	u64 table, next;

	memset(m, 0, sizeof(*m));
	pick_controls(m);
	pick_shape(m);
	m->key = rnd() % 16;
	entry_size = m->paging == PAGING_32 ? 4 : 8;
	index_bits = m->paging == PAGING_32 ? 10 : 9;

	table = random_frame(m, 12);
	if (m->paging == PAGING_PAE) {
		m->pdpte_absent = chance(4);
		m->ctx.pdpte[m->linear >> 30] = table | (m->pdpte_absent ? 0 : P) |
						(rnd() & 0xe00);
		m->ctx.cr3 = rnd() & 0xffffffe0;
	} else {
		m->ctx.cr3 = table | (rnd() & 0xfff);	/* PCD, PWT or PCID */
	}

	for (height = m->levels - 1; ; height--) {
		u64 index = (m->linear >> page_shift(m, height)) &
			    ((1U << index_bits) - 1);
		unsigned int shift = height == m->leaf ? page_shift(m, height) : 12;

		next = random_frame(m, shift);
		/* PSE-36 */
		if (m->paging == PAGING_32 && height && height == m->leaf)
			next |= (rnd() & 0xff & ((1ULL << (min(m->ctx.maxphyaddr, 40) - 32)) - 1)) << 32;
		mem_add(&m->mem, table + index * entry_size, entry_size,
			build_entry(m, height, next));
		if (height == m->leaf)
			break;
		table = next;
	}
	m->page = next;
	m->ctx.ops = &mem_ops;
	m->ctx.priv = &m->mem;
	m->access = rnd() & HS_WALK_USER;
	switch (rnd() % 3) {
	case 0:
		m->access |= HS_WALK_WRITE;
		break;
	case 1:
		m->access |= HS_WALK_EXEC;
		break;
	}
	if (!(m->access & (HS_WALK_USER | HS_WALK_EXEC)) && chance(20))
		m->access |= HS_WALK_IMPLICIT;
}

/* Is the translation refused, and with which bits beside those of the access? */
static bool expect_fault(const struct mapping *m, u32 *error)
{
	bool user = true, writable = true, no_exec = false, key = false, ok;
	bool by_user = m->access & HS_WALK_USER, store = m->access & HS_WALK_WRITE;
	bool fetch = m->access & HS_WALK_EXEC;
	unsigned int height;
	u32 rights;

	*error = 0;
	if (m->pdpte_absent)
		return true;
	for (height = m->levels - 1; ; height--) {
		const struct level *l = &m->level[height];

		if (!l->present)
			return true;
		if (l->reserved) {
			*error = HS_PF_PRESENT | HS_PF_RSVD;
			return true;
		}
		user &= l->user;
		writable &= l->writable;
		no_exec |= l->no_exec;
		if (height == m->leaf)
			break;
	}

	/* SDM vol. 3, 4.6.1, line by line */
	if (by_user)
		ok = fetch ? user && !no_exec : store ? user && writable : user;
	else if (fetch)
		ok = !no_exec && !(user && (m->ctx.cr4 & CR4_SMEP));
	else
		ok = (!store || writable || !(m->ctx.cr0 & CR0_WP)) &&
		     !(user && (m->ctx.cr4 & CR4_SMAP) &&
		       (!(m->ctx.rflags & HS_FL_AC) || (m->access & HS_WALK_IMPLICIT)));

	/* 4.6.2 */
	rights = (m->ctx.pkru >> 2 * m->key) & 3;
	if (m->paging >= PAGING_4 && (m->ctx.cr4 & CR4_PKE) && user && !fetch)
		key = (rights & 1) ||
		      ((rights & 2) && store && (by_user || (m->ctx.cr0 & CR0_WP)));
	if (ok && !key)
		return false;
	*error = HS_PF_PRESENT | (key ? HS_PF_KEY : 0);
	return true;
}

static u32 access_bits(const struct mapping *m)
{
	bool nx = m->paging != PAGING_32 && (m->ctx.efer & EFER_NXE);
	u32 error = 0;

	if (m->access & HS_WALK_WRITE)
		error |= 2;
	if (m->access & HS_WALK_USER)
		error |= 4;
	if ((m->access & HS_WALK_EXEC) && (nx || (m->ctx.cr4 & CR4_SMEP)))
		error |= 16;
	return error;
}

static bool flags_marked(const struct mapping *m, const struct memory *before)
{
	unsigned int i;

	for (i = 0; i < m->mem.n; i++) {
		u64 want = before->val[i] | A;

		if (i == m->mem.n - 1 && (m->access & HS_WALK_WRITE))
			want |= D;
		if (m->mem.val[i] != want)
			return false;
	}
	return true;
}

static bool flags_untouched(const struct mapping *m, const struct memory *before)
{
	return !memcmp(m->mem.val, before->val, sizeof(before->val));
}

TEST(random_mappings)
{
	unsigned long rounds = 400000, i, faults = 0, good = 0, keys = 0, rsvd = 0;
	unsigned long per_paging[PAGING_NR][3] = { 0 };
	struct hs_insn_fault fault;
	struct memory before;
	struct mapping m;
	u64 gpa;

	for (i = 0; i < rounds; i++) {
		u32 error = 0;
		bool bad, held;
		int ret;

		build(&m);
		before = m.mem;
		bad = expect_fault(&m, &error);
		ret = hs_walk(&m.ctx, m.linear, m.access, &gpa, &fault);
		if (bad)
			held = ret == HS_WALK_FAULT && fault.vector == HS_VEC_PF &&
			       fault.has_error && fault.cr2 == m.linear &&
			       fault.error_code == (error | access_bits(&m)) &&
			       flags_untouched(&m, &before);
		else
			held = ret == HS_WALK_DONE &&
			       gpa == (m.page | (m.linear & (m.size - 1))) &&
			       flags_marked(&m, &before);
		ASSERT_TRUE(held && !m.mem.stray)
			TH_LOG("round %lu: paging %u leaf %u access %x ret %d expected %s %x got %x",
			       i, m.paging, m.leaf, m.access, ret, bad ? "fault" : "gpa",
			       error | access_bits(&m), fault.error_code);
		faults += bad;
		good += !bad;
		keys += bad && (error & HS_PF_KEY);
		rsvd += bad && (error & HS_PF_RSVD);
		per_paging[m.paging][m.leaf] += !bad;
	}
	TH_LOG("%lu mapped, %lu faults (%lu reserved bits, %lu keys)", good, faults, rsvd, keys);
	EXPECT_GT(good, rounds / 5);
	EXPECT_GT(faults, rounds / 5);
	EXPECT_GT(keys, 1000);
	EXPECT_GT(rsvd, 1000);
	for (i = 0; i < PAGING_NR; i++) {
		EXPECT_GT(per_paging[i][0], 1000);
		EXPECT_GT(per_paging[i][1], 1000);
	}
	EXPECT_GT(per_paging[PAGING_4][2], 1000);
	EXPECT_GT(per_paging[PAGING_5][2], 1000);
}

/* --- single rules --- */

FIXTURE(walk)
{
	struct memory mem;
	struct hs_walk_ctx ctx;
	struct hs_insn_fault fault;
	u64 gpa;
};

/* 4-level paging, linear 0x400123 -> 0x5123 through tables at 0x1000 to 0x4000 */
FIXTURE_SETUP(walk)
{
	memset(self, 0, sizeof(*self));
	self->ctx = (struct hs_walk_ctx){
		.cr0 = CR0_PE | CR0_PG | CR0_WP, .cr3 = 0x1000, .cr4 = CR4_PAE,
		.efer = EFER_LMA | EFER_NXE, .maxphyaddr = 40, .gbpages = true,
		.ops = &mem_ops, .priv = &self->mem,
	};
	mem_add(&self->mem, 0x1000, 8, 0x2000 | P | W | U);
	mem_add(&self->mem, 0x2000, 8, 0x3000 | P | W | U);
	mem_add(&self->mem, 0x3010, 8, 0x4000 | P | W | U);
	mem_add(&self->mem, 0x4000, 8, 0x5000 | P | W | U);
}

FIXTURE_TEARDOWN(walk)
{
}

#define WALK(addr, access)	hs_walk(&self->ctx, addr, access, &self->gpa, &self->fault)

TEST_F(walk, paging_off)
{
	self->ctx.cr0 = CR0_PE;
	EXPECT_EQ(HS_WALK_DONE, WALK(0xfee00020, HS_WALK_WRITE));
	EXPECT_EQ(0xfee00020, self->gpa);
	EXPECT_EQ(0, self->mem.reads);
}

TEST_F(walk, accessed_and_dirty)
{
	EXPECT_EQ(HS_WALK_DONE, WALK(0x400123, HS_WALK_READ | HS_WALK_PEEK));
	EXPECT_EQ(0x5123, self->gpa);
	EXPECT_EQ(0, self->mem.writes);
	EXPECT_EQ(HS_WALK_DONE, WALK(0x400123, HS_WALK_READ));
	EXPECT_EQ(4, self->mem.writes);
	EXPECT_EQ(0x2000 | P | W | U | A, self->mem.val[0]);
	EXPECT_EQ(0x5000 | P | W | U | A, self->mem.val[3]);
	EXPECT_EQ(HS_WALK_DONE, WALK(0x400123, HS_WALK_READ));
	EXPECT_EQ(4, self->mem.writes);
	EXPECT_EQ(HS_WALK_DONE, WALK(0x400123, HS_WALK_WRITE));
	EXPECT_EQ(5, self->mem.writes);
	EXPECT_EQ(0x5000 | P | W | U | A | D, self->mem.val[3]);
	EXPECT_EQ(0x2000 | P | W | U | A, self->mem.val[0]);
}

TEST_F(walk, entry_changes_meanwhile)
{
	self->mem.mismatches = 3;
	EXPECT_EQ(HS_WALK_DONE, WALK(0x400123, HS_WALK_WRITE));
	EXPECT_EQ(0x5123, self->gpa);
	EXPECT_EQ(0x2000 | P | W | U | A | BIT_ULL(9), self->mem.val[0]);
	EXPECT_EQ(0, self->mem.mismatches);

	/* An entry that never holds still. */
	self->mem.val[3] = 0x5000 | P | W | U;
	self->mem.mismatches = 1000000;
	EXPECT_EQ(-EAGAIN, WALK(0x400123, HS_WALK_WRITE));
	EXPECT_GT(self->mem.mismatches, 999000);
}

TEST_F(walk, callback_errors)
{
	self->mem.read_ret = -EAGAIN;
	EXPECT_EQ(-EAGAIN, WALK(0x400123, HS_WALK_READ));
	EXPECT_EQ(1, self->mem.reads);
	self->mem.read_ret = 0;
	self->mem.write_ret = -EFAULT;
	EXPECT_EQ(-EFAULT, WALK(0x400123, HS_WALK_READ));
	/* Tables where there is no memory. */
	self->ctx.cr3 = 0x77000;
	EXPECT_EQ(-EFAULT, WALK(0x400123, HS_WALK_READ));
}

TEST_F(walk, error_codes)
{
	EXPECT_EQ(HS_WALK_DONE, WALK(0x400000, HS_WALK_USER | HS_WALK_WRITE));
	self->mem.val[1] &= ~U;
	EXPECT_EQ(HS_WALK_FAULT, WALK(0x400000, HS_WALK_USER));
	EXPECT_EQ(5, self->fault.error_code);
	EXPECT_EQ(HS_WALK_DONE, WALK(0x400000, HS_WALK_WRITE));
	self->mem.val[2] &= ~W;
	EXPECT_EQ(HS_WALK_FAULT, WALK(0x400000, HS_WALK_WRITE));
	EXPECT_EQ(3, self->fault.error_code);
	self->ctx.cr0 &= ~CR0_WP;
	EXPECT_EQ(HS_WALK_DONE, WALK(0x400000, HS_WALK_WRITE));
	self->mem.val[0] |= NX;
	EXPECT_EQ(HS_WALK_FAULT, WALK(0x400000, HS_WALK_EXEC));
	EXPECT_EQ(0x11, self->fault.error_code);
	self->mem.val[3] &= ~P;
	EXPECT_EQ(HS_WALK_FAULT, WALK(0x400000, HS_WALK_EXEC));
	EXPECT_EQ(0x10, self->fault.error_code);
	/* Without NX and SMEP the fetch is not told from a read, and NX is reserved. */
	self->ctx.efer &= ~EFER_NXE;
	EXPECT_EQ(HS_WALK_FAULT, WALK(0x400000, HS_WALK_EXEC));
	EXPECT_EQ(0x9, self->fault.error_code);
	self->ctx.cr4 |= CR4_SMEP;
	EXPECT_EQ(HS_WALK_FAULT, WALK(0x400000, HS_WALK_EXEC));
	EXPECT_EQ(0x19, self->fault.error_code);
}

TEST_F(walk, smap)
{
	self->ctx.cr4 |= CR4_SMAP;
	EXPECT_EQ(HS_WALK_FAULT, WALK(0x400000, HS_WALK_READ));
	EXPECT_EQ(1, self->fault.error_code);
	self->ctx.rflags = HS_FL_AC;
	EXPECT_EQ(HS_WALK_DONE, WALK(0x400000, HS_WALK_READ));
	EXPECT_EQ(HS_WALK_FAULT, WALK(0x400000, HS_WALK_READ | HS_WALK_IMPLICIT));
	self->mem.val[3] &= ~U;
	EXPECT_EQ(HS_WALK_DONE, WALK(0x400000, HS_WALK_READ | HS_WALK_IMPLICIT));
}

TEST_F(walk, cr3_with_pcid)
{
	self->ctx.cr4 |= CR4_PCIDE;
	self->ctx.cr3 |= 0xabc;
	EXPECT_EQ(HS_WALK_DONE, WALK(0x400123, HS_WALK_READ));
	EXPECT_EQ(0x5123, self->gpa);
}

TEST_HARNESS_MAIN
