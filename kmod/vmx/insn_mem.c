// SPDX-License-Identifier: GPL-2.0
/*
 * Segmentation and linear memory for the instruction executor.
 */
#include "vmx/insn.h"

static int raise_fault(struct hs_insn_fault *fault, u8 vector, bool has_error)
{
	*fault = (struct hs_insn_fault){
		.vector = vector,
		.has_error = has_error,
	};
	return HS_INSN_FAULT;
}

/* Real mode: exceptions push no error code. */
static bool is_real(const struct hs_insn_mode *mode)
{
	return !(mode->cr0 & HS_CR0_PE);
}

static bool is_canonical(const struct hs_insn_mode *mode, u64 addr)
{
	unsigned int shift = mode->cr4 & HS_CR4_LA57 ? 64 - 57 : 64 - 48;

	return (u64)((s64)(addr << shift) >> shift) == addr;
}

/* Segment type against kind of access (SDM vol. 3, 5.5); not in real or virtual-8086 mode. */
static bool type_allows(const struct hs_insn_seg *seg, bool write)
{
	if (seg->ar & HS_AR_UNUSABLE)
		return false;
	if (write)
		return (seg->ar & (HS_AR_CODE | HS_AR_WRITE)) == HS_AR_WRITE;
	/* Every data segment is readable, a code segment if its bit says so. */
	return !(seg->ar & HS_AR_CODE) || (seg->ar & HS_AR_WRITE);
}

/*
 * Limit check (SDM vol. 3, 5.3).  With a limit of 4 GiB - 1 an operand that
 * crosses the top may fault or wrap, at the processor's choice; it wraps here.
 */
static bool limit_allows(const struct hs_insn_seg *seg, bool down, u64 offset,
			 unsigned int size)
{
	u64 last = offset + size - 1;

	if (down) {
		u64 top = seg->ar & HS_AR_DB ? U32_MAX : U16_MAX;

		return offset > seg->limit && last <= top;
	}
	return last <= seg->limit || seg->limit == U32_MAX;
}

/**
 * hs_insn_linear - check a segmented access and give its linear address
 * @mode: mode of the guest
 * @seg: enum hs_insn_sreg
 * @offset: effective address, cut to the address size by the caller
 * @size: bytes, at least 1
 * @write: the access writes, or reads to write
 * @linear: out
 * @fault: out, if the check fails
 *
 * In 64-bit mode the first and the last byte must be canonical; in other modes
 * type and limit of the segment decide, and the result has 32 bits.
 * Pure; any context.
 *
 * Return: 0, or HS_INSN_FAULT with #GP or #SS in *@fault.
 */
int hs_insn_linear(const struct hs_insn_mode *mode, u8 seg, u64 offset,
		   unsigned int size, bool write, u64 *linear,
		   struct hs_insn_fault *fault)
{
	const struct hs_insn_seg *s = &mode->seg[seg];
	bool typed = !is_real(mode) && !mode->vm86;
	bool down;

	if (mode->bits == 64) {
		*linear = offset + (seg >= HS_SEG_FS ? s->base : 0);
		if (is_canonical(mode, *linear) &&
		    is_canonical(mode, *linear + size - 1))
			return 0;
		goto bad;
	}

	*linear = (u32)(offset + s->base);
	if (typed && !type_allows(s, write))
		goto bad;
	down = typed && (s->ar & (HS_AR_CODE | HS_AR_DOWN)) == HS_AR_DOWN;
	if (limit_allows(s, down, offset, size))
		return 0;
bad:
	return raise_fault(fault, seg == HS_SEG_SS ? HS_VEC_SS : HS_VEC_GP,
			   !is_real(mode));
}

/**
 * hs_insn_fetch_span - where an instruction's bytes are and how many may be read
 * @mode: mode of the guest
 * @rip: instruction pointer
 * @linear: out, linear address of the first byte
 *
 * Pure; any context.
 *
 * Return: number of bytes, 1 to 15, that CS (or the canonical range) allows
 * from @rip; 0 if none, which is #GP(0) for the guest.
 */
int hs_insn_fetch_span(const struct hs_insn_mode *mode, u64 rip, u64 *linear)
{
	const struct hs_insn_seg *cs = &mode->seg[HS_SEG_CS];
	int n = 0;

	if (mode->bits == 64) {
		*linear = rip;
		while (n < HS_INSN_MAX_LEN && is_canonical(mode, rip + n))
			n++;
		return n;
	}

	*linear = (u32)(cs->base + rip);
	while (n < HS_INSN_MAX_LEN && rip + n <= cs->limit)
		n++;
	return n;
}

/* Alignment checks exist for user accesses with CR0.AM and RFLAGS.AC set. */
static bool misaligned(const struct hs_insn_ctx *ctx, u64 linear,
		       unsigned int size)
{
	if (!(ctx->mode->cr0 & HS_CR0_AM) || ctx->mode->cpl != 3 ||
	    !(ctx->regs->rflags & HS_FL_AC))
		return false;
	return linear & (size - 1);
}

static int to_linear(struct hs_insn_ctx *ctx, u8 seg, u64 offset,
		     unsigned int size, bool write, u64 *linear)
{
	int ret;

	ret = hs_insn_linear(ctx->mode, seg, offset, size, write, linear,
			     &ctx->fault);
	if (ret)
		return ret;
	if (misaligned(ctx, *linear, size))
		return raise_fault(&ctx->fault, HS_VEC_AC, true);
	return 0;
}

/*
 * Bytes of an access before linear addresses wrap to 0, which they do at
 * 4 GiB outside 64-bit mode.  Equals @size for all accesses that do not wrap.
 */
static unsigned int before_wrap(const struct hs_insn_ctx *ctx, u64 linear,
				unsigned int size)
{
	u64 left = ctx->mode->bits == 64 ? -linear : BIT_ULL(32) - linear;

	return left && left < size ? left : size;
}

/**
 * hs_insn_mem_read - read a memory operand
 * @ctx: execution
 * @seg: enum hs_insn_sreg
 * @offset: effective address
 * @buf: out
 * @size: bytes, 1 to 16
 * @flags: HS_INSN_WRITE_INTENT, HS_INSN_LOCKED, HS_INSN_STACK
 *
 * Return: 0, HS_INSN_FAULT, or the errno of the callback.
 */
int hs_insn_mem_read(struct hs_insn_ctx *ctx, u8 seg, u64 offset, void *buf,
		     unsigned int size, u32 flags)
{
	unsigned int first;
	u64 linear;
	int ret;

	ret = to_linear(ctx, seg, offset, size, flags & HS_INSN_WRITE_INTENT,
			&linear);
	if (ret)
		return ret;

	first = before_wrap(ctx, linear, size);
	ret = ctx->ops->read(ctx, linear, buf, first, flags);
	if (!ret && first < size)
		ret = ctx->ops->read(ctx, 0, (u8 *)buf + first, size - first,
				     flags);
	return ret;
}

/**
 * hs_insn_mem_write - write a memory operand
 * @ctx: execution
 * @seg: enum hs_insn_sreg
 * @offset: effective address
 * @buf: what to write
 * @size: bytes, 1 to 16
 * @flags: HS_INSN_LOCKED, HS_INSN_STACK
 *
 * Return: 0, HS_INSN_FAULT, or the errno of the callback.
 */
int hs_insn_mem_write(struct hs_insn_ctx *ctx, u8 seg, u64 offset,
		      const void *buf, unsigned int size, u32 flags)
{
	unsigned int first;
	u64 linear;
	int ret;

	ret = to_linear(ctx, seg, offset, size, true, &linear);
	if (ret)
		return ret;

	first = before_wrap(ctx, linear, size);
	/* Nothing may be written if the part after the wrap faults. */
	if (first < size && ctx->ops->check) {
		ret = ctx->ops->check(ctx, 0, size - first);
		if (ret)
			return ret;
	}
	ret = ctx->ops->write(ctx, linear, buf, first, flags);
	if (!ret && first < size)
		ret = ctx->ops->write(ctx, 0, (const u8 *)buf + first,
				      size - first, flags);
	return ret;
}

/**
 * hs_insn_mem_cmpxchg - write the result of an atomic instruction
 * @ctx: execution
 * @seg: enum hs_insn_sreg
 * @offset: effective address; the same access was read before
 * @old: what was read; what memory holds now, after HS_INSN_MISMATCH
 * @new: what to write
 * @size: bytes, 1 to 16
 *
 * An access that wraps at 4 GiB, or without a callback, is a plain write.
 *
 * Return: 0, HS_INSN_MISMATCH, HS_INSN_FAULT, or the errno of the callback.
 */
int hs_insn_mem_cmpxchg(struct hs_insn_ctx *ctx, u8 seg, u64 offset, void *old,
			const void *new, unsigned int size)
{
	u64 linear;
	int ret;

	ret = to_linear(ctx, seg, offset, size, true, &linear);
	if (ret)
		return ret;
	if (!ctx->ops->cmpxchg || before_wrap(ctx, linear, size) < size)
		return hs_insn_mem_write(ctx, seg, offset, new, size,
					 HS_INSN_LOCKED);
	/* In brackets: instrumented kernels have a macro of that name. */
	return (ctx->ops->cmpxchg)(ctx, linear, old, new, size);
}

/**
 * hs_insn_mem_check - find out whether a write would fault, without writing
 * @ctx: execution
 * @seg: enum hs_insn_sreg
 * @offset: effective address
 * @size: bytes
 *
 * For INS, which must not take a datum from a device and then lose it.
 *
 * Return: 0, HS_INSN_FAULT, -EOPNOTSUPP without the callback, or its errno.
 */
int hs_insn_mem_check(struct hs_insn_ctx *ctx, u8 seg, u64 offset,
		      unsigned int size)
{
	unsigned int first;
	u64 linear;
	int ret;

	if (!ctx->ops->check)
		return -EOPNOTSUPP;
	ret = to_linear(ctx, seg, offset, size, true, &linear);
	if (ret)
		return ret;

	first = before_wrap(ctx, linear, size);
	ret = ctx->ops->check(ctx, linear, first);
	if (!ret && first < size)
		ret = ctx->ops->check(ctx, 0, size - first);
	return ret;
}
