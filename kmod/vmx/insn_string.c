// SPDX-License-Identifier: GPL-2.0
/*
 * String instructions, one iteration after the other.
 *
 * Pointers and count are written back after each complete iteration, so that
 * an exception or an interrupt between two of them finds what the processor
 * would show (SDM vol. 2, "REP").
 */
#include "vmx/insn.h"

static u64 pointer(const struct hs_insn *insn, const struct hs_insn_regs *regs,
		   u8 reg)
{
	return regs->gpr[reg] & hs_insn_mask(insn->addr_size);
}

static void advance(const struct hs_insn *insn, struct hs_insn_regs *regs,
		    u8 reg)
{
	u64 step = regs->rflags & HS_FL_DF ? -(u64)insn->size : insn->size;

	hs_insn_put_reg(regs, reg, insn->addr_size, regs->gpr[reg] + step);
}

static int read_source(const struct hs_insn *insn, struct hs_insn_ctx *ctx,
		       u64 *val)
{
	return hs_insn_mem_read(ctx, insn->seg,
				pointer(insn, ctx->regs, HS_GPR_RSI), val,
				insn->size, 0);
}

/* The destination is always in ES; no prefix changes that. */
static int read_dest(const struct hs_insn *insn, struct hs_insn_ctx *ctx,
		     u64 *val)
{
	return hs_insn_mem_read(ctx, HS_SEG_ES,
				pointer(insn, ctx->regs, HS_GPR_RDI), val,
				insn->size, 0);
}

static int write_dest(const struct hs_insn *insn, struct hs_insn_ctx *ctx,
		      u64 val)
{
	return hs_insn_mem_write(ctx, HS_SEG_ES,
				 pointer(insn, ctx->regs, HS_GPR_RDI), &val,
				 insn->size, 0);
}

static int step_movs(const struct hs_insn *insn, struct hs_insn_ctx *ctx)
{
	u64 val = 0;
	int ret;

	ret = read_source(insn, ctx, &val);
	if (!ret)
		ret = write_dest(insn, ctx, val);
	if (ret)
		return ret;
	advance(insn, ctx->regs, HS_GPR_RSI);
	advance(insn, ctx->regs, HS_GPR_RDI);
	return 0;
}

static int step_cmps(const struct hs_insn *insn, struct hs_insn_ctx *ctx)
{
	struct hs_insn_regs *regs = ctx->regs;
	u64 a = 0, b = 0;
	int ret;

	ret = read_source(insn, ctx, &a);
	if (!ret)
		ret = read_dest(insn, ctx, &b);
	if (ret)
		return ret;
	advance(insn, regs, HS_GPR_RSI);
	advance(insn, regs, HS_GPR_RDI);
	regs->rflags = hs_insn_flags_sub(a, b, 0, insn->size, regs->rflags);
	return 0;
}

static int step_scas(const struct hs_insn *insn, struct hs_insn_ctx *ctx)
{
	struct hs_insn_regs *regs = ctx->regs;
	u64 acc = regs->gpr[HS_GPR_RAX] & hs_insn_mask(insn->size);
	u64 val = 0;
	int ret;

	ret = read_dest(insn, ctx, &val);
	if (ret)
		return ret;
	advance(insn, regs, HS_GPR_RDI);
	regs->rflags = hs_insn_flags_sub(acc, val, 0, insn->size, regs->rflags);
	return 0;
}

static int step_stos(const struct hs_insn *insn, struct hs_insn_ctx *ctx)
{
	int ret;

	ret = write_dest(insn, ctx, ctx->regs->gpr[HS_GPR_RAX]);
	if (ret)
		return ret;
	advance(insn, ctx->regs, HS_GPR_RDI);
	return 0;
}

static int step_lods(const struct hs_insn *insn, struct hs_insn_ctx *ctx)
{
	u64 val = 0;
	int ret;

	ret = read_source(insn, ctx, &val);
	if (ret)
		return ret;
	hs_insn_put_reg(ctx->regs, HS_GPR_RAX, insn->size, val);
	advance(insn, ctx->regs, HS_GPR_RSI);
	return 0;
}

static int step_ins(const struct hs_insn *insn, struct hs_insn_ctx *ctx)
{
	struct hs_insn_regs *regs = ctx->regs;
	u16 port = regs->gpr[HS_GPR_RDX];
	u64 val = 0;
	int ret;

	if (!ctx->ops->io)
		return -EOPNOTSUPP;
	/* What a device gave away cannot be put back: be sure of memory first. */
	ret = hs_insn_mem_check(ctx, HS_SEG_ES, pointer(insn, regs, HS_GPR_RDI),
				insn->size);
	if (!ret)
		ret = ctx->ops->io(ctx, port, &val, insn->size, false);
	if (!ret)
		ret = write_dest(insn, ctx, val);
	if (ret)
		return ret;
	advance(insn, regs, HS_GPR_RDI);
	return 0;
}

static int step_outs(const struct hs_insn *insn, struct hs_insn_ctx *ctx)
{
	struct hs_insn_regs *regs = ctx->regs;
	u16 port = regs->gpr[HS_GPR_RDX];
	u64 val = 0;
	int ret;

	if (!ctx->ops->io)
		return -EOPNOTSUPP;
	ret = read_source(insn, ctx, &val);
	if (!ret)
		ret = ctx->ops->io(ctx, port, &val, insn->size, true);
	if (ret)
		return ret;
	advance(insn, regs, HS_GPR_RSI);
	return 0;
}

static int step(const struct hs_insn *insn, struct hs_insn_ctx *ctx)
{
	switch (insn->op) {
	case HS_OP_MOVS:
		return step_movs(insn, ctx);
	case HS_OP_CMPS:
		return step_cmps(insn, ctx);
	case HS_OP_STOS:
		return step_stos(insn, ctx);
	case HS_OP_LODS:
		return step_lods(insn, ctx);
	case HS_OP_SCAS:
		return step_scas(insn, ctx);
	case HS_OP_INS:
		return step_ins(insn, ctx);
	case HS_OP_OUTS:
		return step_outs(insn, ctx);
	}
	return -EOPNOTSUPP;
}

/* REPE and REPNE end early on ZF; for the other instructions both mean REP. */
static bool ends_early(const struct hs_insn *insn, u64 rflags)
{
	bool zf = rflags & HS_FL_ZF;

	if (insn->op != HS_OP_CMPS && insn->op != HS_OP_SCAS)
		return false;
	return zf != (insn->rep == 0xf3);
}

/**
 * hs_insn_exec_string - execute a string instruction
 * @insn: decoded instruction, HS_OP_MOVS to HS_OP_OUTS
 * @ctx: execution; RIP is left to hs_insn_exec()
 *
 * Return: HS_INSN_DONE, HS_INSN_CONT after ctx->max_iters iterations with more
 * to come, HS_INSN_FAULT, -EOPNOTSUPP, or the errno of a callback.
 */
int hs_insn_exec_string(const struct hs_insn *insn, struct hs_insn_ctx *ctx)
{
	struct hs_insn_regs *regs = ctx->regs;
	u32 left = max_t(u32, ctx->max_iters, 1);
	u64 rflags = regs->rflags;
	int ret;

	if (!insn->rep)
		return step(insn, ctx);

	while (pointer(insn, regs, HS_GPR_RCX)) {
		if (!left--)
			return HS_INSN_CONT;
		ret = step(insn, ctx);
		/* An exception shows the flags from before (SDM vol. 2, "REP"). */
		if (ret == HS_INSN_FAULT)
			regs->rflags = rflags;
		if (ret)
			return ret;
		hs_insn_put_reg(regs, HS_GPR_RCX, insn->addr_size,
				regs->gpr[HS_GPR_RCX] - 1);
		if (ends_early(insn, regs->rflags))
			break;
	}
	return HS_INSN_DONE;
}
