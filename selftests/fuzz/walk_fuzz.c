// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer for the guest page-table walk.
 *
 * Input: control registers and address, then 8-byte values that the page
 * tables hold, given out in the order in which they are read.
 */
#include "vmx/walk.h"

#define HEADER		24
#define MAX_READS	(5 * 16)
#define PTE_A		BIT_ULL(5)
#define PTE_D		BIT_ULL(6)
#define CR0_PG		BIT_ULL(31)
#define CR4_PAE		BIT_ULL(5)
#define EFER_LMA	BIT_ULL(10)
#define ACCESS_ALL	(HS_WALK_WRITE | HS_WALK_EXEC | HS_WALK_USER | \
			 HS_WALK_IMPLICIT | HS_WALK_PEEK)

#define CHECK(cond)	do { if (!(cond)) __builtin_trap(); } while (0)

struct state {
	const u8 *data;
	size_t left;
	const struct hs_walk_ctx *ctx;
	unsigned int reads, updates;
	u32 access;
	u8 behave;
};

static u64 take(struct state *s)
{
	u64 val = 0;
	size_t n = min(s->left, (size_t)8);

	memcpy(&val, s->data, n);
	s->data += n;
	s->left -= n;
	return val;
}

static void check_entry(const struct state *s, u64 gpa, unsigned int size)
{
	bool legacy = !(s->ctx->cr4 & CR4_PAE);

	CHECK(size == (legacy ? 4 : 8));
	CHECK(gpa % size == 0);
	CHECK(gpa < 1ULL << (legacy ? 32 : s->ctx->maxphyaddr));
}

static int fuzz_read(void *priv, u64 gpa, unsigned int size, u64 *entry)
{
	struct state *s = priv;

	check_entry(s, gpa, size);
	s->reads++;
	if (!s->left)
		return s->behave & 1 ? -EAGAIN : -EFAULT;
	*entry = take(s);
	if (size == 4)
		*entry = (u32)*entry;
	return 0;
}

static int fuzz_cmpxchg(void *priv, u64 gpa, unsigned int size, u64 old, u64 new)
{
	struct state *s = priv;

	check_entry(s, gpa, size);
	s->updates++;
	CHECK(!(s->access & HS_WALK_PEEK));
	CHECK(new != old && !((new ^ old) & ~(PTE_A | PTE_D)));
	CHECK((new & old) == old);
	CHECK((old & PTE_D) || !(new & PTE_D) || (s->access & HS_WALK_WRITE));
	if (s->behave & 2)
		return HS_WALK_MISMATCH;
	return s->behave & 4 ? -EFAULT : 0;
}

static const struct hs_walk_ops fuzz_ops = {
	.read = fuzz_read,
	.cmpxchg = fuzz_cmpxchg,
};

static void check_fault(const struct state *s, const struct hs_insn_fault *f,
			u64 linear)
{
	u32 e = f->error_code;

	CHECK(f->vector == HS_VEC_PF && f->has_error && f->cr2 == linear);
	CHECK(!(e & HS_PF_WRITE) == !(s->access & HS_WALK_WRITE));
	CHECK(!(e & HS_PF_USER) == !(s->access & HS_WALK_USER));
	CHECK(!(e & HS_PF_FETCH) || (s->access & HS_WALK_EXEC));
	CHECK(!(e & (HS_PF_RSVD | HS_PF_KEY)) || (e & HS_PF_PRESENT));
	CHECK((e & (HS_PF_RSVD | HS_PF_KEY)) != (HS_PF_RSVD | HS_PF_KEY));
	CHECK(!s->updates || (s->behave & 2));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct state s = { .data = data, .left = size };
	struct hs_walk_ctx ctx = { .ops = &fuzz_ops, .priv = &s };
	struct hs_insn_fault fault;
	u64 bits, linear, gpa = ~0ULL, limit;
	int i, ret;

	if (size < HEADER)
		return 0;
	bits = take(&s);
	linear = take(&s);
	ctx.cr3 = take(&s);
	ctx.cr0 = (u32)bits & ~1U;		/* bit 0: not used below */
	ctx.cr4 = (u32)(bits >> 16);
	ctx.efer = (bits >> 32) & 0xfff;
	ctx.rflags = ctx.cr4 & HS_FL_AC;
	ctx.pkru = ctx.cr3 * 0x9e3779b9U;
	ctx.gbpages = bits & 1;
	ctx.maxphyaddr = 32 + (bits >> 44) % 21;
	s.behave = bits >> 50;
	s.access = (bits >> 56) & ACCESS_ALL;
	if (s.access & HS_WALK_WRITE)
		s.access &= ~HS_WALK_EXEC;
	if (!(ctx.efer & EFER_LMA) || !(ctx.cr4 & CR4_PAE)) {
		ctx.efer &= ~EFER_LMA;
		linear = (u32)linear;
	}
	for (i = 0; i < 4; i++)
		ctx.pdpte[i] = ctx.cr3 ^ linear << i;
	s.ctx = &ctx;

	ret = hs_walk(&ctx, linear, s.access, &gpa, &fault);
	CHECK(s.reads <= MAX_READS);
	switch (ret) {
	case HS_WALK_DONE:
		limit = ctx.cr4 & CR4_PAE ? ctx.maxphyaddr : min(ctx.maxphyaddr, 40);
		if (!(ctx.cr0 & CR0_PG))
			limit = 32;
		CHECK(gpa < 1ULL << limit);
		CHECK(!((gpa ^ linear) & 0xfff));
		break;
	case HS_WALK_FAULT:
		check_fault(&s, &fault, linear);
		break;
	default:
		CHECK(ret == -EAGAIN || ret == -EFAULT);
	}
	return 0;
}
