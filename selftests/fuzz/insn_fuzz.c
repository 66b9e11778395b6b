// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer for the MMIO instruction decoder and executor.
 *
 * Input: mode, behaviour of memory, six segments, a seed for the registers,
 * then the instruction's bytes.  Checked beyond what the sanitizers see: every
 * shorter piece asks for more bytes, fields are in range, callbacks get sane
 * addresses and are called a bounded number of times, and what is left after
 * an exception is what was there before.
 */
#include <stdlib.h>

#include "vmx/insn.h"

#define HEADER		16
#define STATUS_FLAGS	(HS_FL_CF | HS_FL_PF | HS_FL_AF | \
			 HS_FL_ZF | HS_FL_SF | HS_FL_OF)
#define CR0_PE		BIT_ULL(0)
#define CR0_AM		BIT_ULL(18)
#define CR4_LA57	BIT_ULL(12)

/* Bits of the byte that says how memory behaves. */
#define BEHAVE_FAULT	0x01	/* some addresses fault */
#define BEHAVE_AGAIN	0x02	/* some callbacks want to be called later */
#define BEHAVE_NO_ATOM	0x04
#define BEHAVE_NO_IO	0x08
#define BEHAVE_RACE	0x10	/* atomic updates mostly lose */
#define BEHAVE_NO_CHECK	0x20
#define BEHAVE_SMALL	0x40	/* small register values */

#define CHECK(cond)	do { if (!(cond)) __builtin_trap(); } while (0)

struct state {
	u64 rng;
	u8 behave;
	unsigned int calls, writes;
	const struct hs_insn_mode *mode;
};

static u64 next(struct state *s)
{
	s->rng ^= s->rng << 13;
	s->rng ^= s->rng >> 7;
	s->rng ^= s->rng << 17;
	return s->rng;
}

static bool canonical(const struct hs_insn_mode *mode, u64 addr)
{
	u64 top = addr >> (mode->cr4 & CR4_LA57 ? 56 : 47);

	return top == 0 || top == (mode->cr4 & CR4_LA57 ? 0xff : 0x1ffff);
}

static int behave(struct hs_insn_ctx *ctx, u64 linear, unsigned int size)
{
	struct state *s = ctx->priv;

	s->calls++;
	CHECK(size >= 1 && size <= 16);
	if (s->mode->bits == 64) {
		CHECK(canonical(s->mode, linear));
		CHECK(canonical(s->mode, linear + size - 1));
		CHECK(linear + size - 1 >= linear);
	} else {
		CHECK(linear + size <= 1ULL << 32);
	}
	if ((s->behave & BEHAVE_AGAIN) && next(s) % 16 == 0)
		return -EAGAIN;
	if ((s->behave & BEHAVE_FAULT) && (linear >> 12) % 8 == 3) {
		ctx->fault = (struct hs_insn_fault){ HS_VEC_PF, true, 0, linear };
		return HS_INSN_FAULT;
	}
	return 0;
}

static int fuzz_read(struct hs_insn_ctx *ctx, u64 linear, void *buf,
		     unsigned int size, u32 flags)
{
	struct state *s = ctx->priv;
	unsigned int i;

	/* Few different bytes, so that compares and scans go both ways. */
	for (i = 0; i < size; i++)
		((u8 *)buf)[i] = next(s) % 4 ? 0 : next(s);
	return behave(ctx, linear, size);
}

static int fuzz_write(struct hs_insn_ctx *ctx, u64 linear, const void *buf,
		      unsigned int size, u32 flags)
{
	struct state *s = ctx->priv;
	volatile u8 __maybe_unused sink = 0;
	unsigned int i;

	for (i = 0; i < size; i++)
		sink ^= ((const u8 *)buf)[i];
	s->writes++;
	return behave(ctx, linear, size);
}

static int fuzz_cmpxchg(struct hs_insn_ctx *ctx, u64 linear, void *old,
			const void *new, unsigned int size)
{
	struct state *s = ctx->priv;
	int ret = fuzz_write(ctx, linear, new, size, 0);

	if (ret || !(s->behave & BEHAVE_RACE) || next(s) % 128 == 0)
		return ret;
	((u8 *)old)[next(s) % size] ^= 1;
	return HS_INSN_MISMATCH;
}

static int fuzz_check(struct hs_insn_ctx *ctx, u64 linear, unsigned int size)
{
	return behave(ctx, linear, size);
}

static int fuzz_io(struct hs_insn_ctx *ctx, u16 port, void *buf,
		   unsigned int size, bool out)
{
	struct state *s = ctx->priv;

	s->calls++;
	CHECK(size == 1 || size == 2 || size == 4);
	if (!out)
		memset(buf, next(s), size);
	return 0;
}

static void set_mode(struct hs_insn_mode *mode, const u8 *data, struct state *s)
{
	static const u8 bits[4] = { 16, 32, 64, 64 };
	static const u32 limits[4] = { 0xffff, U32_MAX, 0x7fff, 0xfffff };
	unsigned int i;

	memset(mode, 0, sizeof(*mode));
	mode->bits = bits[data[0] & 3];
	mode->cpl = data[0] & 4 ? 3 : 0;
	mode->cr0 = (data[0] & 8 ? 0 : CR0_PE) | (data[0] & 16 ? CR0_AM : 0);
	if (mode->bits == 64)
		mode->cr0 |= CR0_PE;
	mode->vm86 = mode->bits == 16 && (data[0] & 32);
	mode->cr4 = data[0] & 64 ? CR4_LA57 : 0;
	for (i = 0; i < HS_SEG_NR; i++) {
		u8 d = data[2 + i];

		mode->seg[i].ar = (d & 15) | HS_AR_P | HS_AR_S |
				  (d & 16 ? HS_AR_DB : 0) |
				  (d & 32 ? HS_AR_UNUSABLE : 0);
		mode->seg[i].limit = limits[d >> 6];
		mode->seg[i].base = next(s);
		if (mode->bits != 64)
			mode->seg[i].base &= 0xffff0000;
		else
			mode->seg[i].base = (u64)((s64)(mode->seg[i].base << 16) >> 16);
		mode->seg[i].sel = next(s);
	}
}

static void set_regs(struct hs_insn_regs *regs, const struct hs_insn_mode *mode,
		     struct state *s)
{
	unsigned int i;

	for (i = 0; i < HS_GPR_NR; i++) {
		regs->gpr[i] = next(s);
		if (s->behave & BEHAVE_SMALL)
			regs->gpr[i] &= 0x7ff;
		if (mode->bits != 64)
			regs->gpr[i] = (u32)regs->gpr[i];
	}
	regs->rip = mode->bits == 64 ? (u64)((s64)(next(s) << 16) >> 16) : (u32)next(s);
	regs->rflags = (next(s) & (STATUS_FLAGS | HS_FL_DF | HS_FL_AC |
				   HS_FL_RF)) | 2;
}

static void check_fields(const struct hs_insn *insn)
{
	CHECK(insn->op < HS_OP_NR);
	CHECK(insn->size && insn->size <= 16 && !(insn->size & (insn->size - 1)));
	CHECK(insn->size < 16 || insn->op == HS_OP_CMPXCHG2);
	CHECK(insn->addr_size == 2 || insn->addr_size == 4 || insn->addr_size == 8);
	CHECK(insn->seg < HS_SEG_NR);
	CHECK(insn->reg < (insn->op == HS_OP_MOVSEG ? HS_SEG_NR : HS_GPR_NR));
	CHECK(!insn->reg_high || (insn->reg < 4 && insn->reg_size == 1));
	CHECK(insn->scale < 4 && insn->cond < 16);
	CHECK(insn->base < HS_GPR_NR || insn->base == HS_GPR_RIP ||
	      insn->base == HS_GPR_NONE);
	CHECK(insn->index < HS_GPR_NR || insn->index == HS_GPR_NONE);
}

static bool only_reads(const struct hs_insn *insn)
{
	switch (insn->op) {
	case HS_OP_CMP:
	case HS_OP_TEST:
	case HS_OP_BT:
	case HS_OP_MOVZX:
	case HS_OP_MOVSX:
	case HS_OP_CMOVCC:
	case HS_OP_CMPS:
	case HS_OP_LODS:
	case HS_OP_SCAS:
	case HS_OP_OUTS:
		return true;
	}
	return !insn->to_mem && insn->op <= HS_OP_MOV;
}

static void execute(const struct hs_insn *insn, const struct hs_insn_mode *mode,
		    struct state *s, u32 max_iters)
{
	struct hs_insn_ops ops = {
		.read = fuzz_read, .write = fuzz_write,
		.cmpxchg = s->behave & BEHAVE_NO_ATOM ? NULL : fuzz_cmpxchg,
		.check = s->behave & BEHAVE_NO_CHECK ? NULL : fuzz_check,
		.io = s->behave & BEHAVE_NO_IO ? NULL : fuzz_io,
	};
	struct hs_insn_regs regs, before;
	struct hs_insn_ctx ctx = {
		.regs = &regs, .mode = mode, .ops = &ops, .priv = s,
		.max_iters = max_iters,
	};
	u64 rip, may_change = STATUS_FLAGS;
	int ret;

	set_regs(&regs, mode, s);
	before = regs;
	ret = hs_insn_exec(insn, &ctx);

	/* 5: check, read or write in two parts; atomic ones try 64 times */
	CHECK(s->calls <= 5 * (max_iters + 2) + 64);
	CHECK(!only_reads(insn) || !s->writes);
	rip = before.rip;
	if (ret == HS_INSN_DONE) {
		rip += insn->len;
		may_change |= HS_FL_RF;
		CHECK(!(regs.rflags & HS_FL_RF));
	} else {
		CHECK(ret == HS_INSN_CONT || ret == HS_INSN_FAULT ||
		      ret == -EAGAIN || ret == -EOPNOTSUPP);
		CHECK(ret != HS_INSN_CONT || insn->rep);
		if (ret != HS_INSN_CONT && !insn->rep)
			CHECK(!memcmp(&regs, &before, sizeof(regs)));
	}
	CHECK(regs.rip == (mode->bits == 64 ? rip : (u32)rip));
	CHECK(!((regs.rflags ^ before.rflags) & ~may_change));
	if (ret == HS_INSN_FAULT)
		CHECK(ctx.fault.vector == HS_VEC_GP || ctx.fault.vector == HS_VEC_SS ||
		      ctx.fault.vector == HS_VEC_PF || ctx.fault.vector == HS_VEC_AC);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct hs_insn insn, again;
	struct hs_insn_mode mode;
	struct state s;
	const u8 *bytes;
	u64 linear;
	u8 *copy;
	int ret, i, span;

	if (size < HEADER)
		return 0;
	memset(&s, 0, sizeof(s));
	s.behave = data[1];
	memcpy(&s.rng, data + 8, 8);
	s.rng |= 1;
	set_mode(&mode, data, &s);
	s.mode = &mode;
	bytes = data + HEADER;
	size -= HEADER;

	span = hs_insn_fetch_span(&mode, next(&s), &linear);
	CHECK(span >= 0 && span <= HS_INSN_MAX_LEN);

	ret = hs_insn_decode(&insn, bytes, size, &mode);
	CHECK(ret > 0 || ret == -EAGAIN || ret == -E2BIG || ret == -EINVAL ||
	      ret == -EOPNOTSUPP);
	CHECK(ret <= HS_INSN_MAX_LEN && (ret < 0 || (size_t)ret <= size));
	CHECK(ret != -EAGAIN || size < HS_INSN_MAX_LEN);
	if (ret <= 0)
		return 0;
	check_fields(&insn);
	CHECK(insn.len == ret);

	/* In memory of its own, one byte short and less: must not look beyond. */
	for (i = 0; i <= ret; i++) {
		copy = malloc(i ?: 1);
		memcpy(copy, bytes, i);
		CHECK(hs_insn_decode(&again, copy, i, &mode) == (i < ret ? -EAGAIN : ret));
		free(copy);
	}
	execute(&insn, &mode, &s, 1 + (data[0] >> 7) * 30);
	return 0;
}
