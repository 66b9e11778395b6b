// SPDX-License-Identifier: GPL-2.0
/*
 * Executes a decoded instruction with the processor's own results: registers,
 * RFLAGS, memory, or the exception it would have raised.
 *
 * Flags that the SDM leaves undefined get what Intel processors leave: AF is
 * cleared by logic operations, BT and its kin change nothing but CF.
 */
#include "vmx/insn.h"

#define ARITH_FLAGS	(HS_FL_CF | HS_FL_PF | HS_FL_AF | \
			 HS_FL_ZF | HS_FL_SF | HS_FL_OF)

/* Times that an atomic instruction is tried against other writers. */
#define LOCK_TRIES	64

static u64 get_reg(const struct hs_insn_regs *regs, const struct hs_insn *insn)
{
	u64 val = regs->gpr[insn->reg];

	if (insn->reg_high)
		val >>= 8;
	return val & hs_insn_mask(insn->reg_size);
}

/**
 * hs_insn_put_reg - write a general register the way the processor does
 * @regs: registers
 * @reg: number, 0 to 15
 * @size: operand size; 1 and 2 leave the rest alone, 4 clears the upper half
 * @val: value
 */
void hs_insn_put_reg(struct hs_insn_regs *regs, u8 reg, unsigned int size,
		     u64 val)
{
	u64 mask = hs_insn_mask(size);

	if (size >= 4)
		regs->gpr[reg] = val & mask;
	else
		regs->gpr[reg] = (regs->gpr[reg] & ~mask) | (val & mask);
}

static void put_operand_reg(struct hs_insn_regs *regs,
			    const struct hs_insn *insn, u64 val)
{
	if (insn->reg_high)
		regs->gpr[insn->reg] = (regs->gpr[insn->reg] & ~0xff00ULL) |
				       ((val & 0xff) << 8);
	else
		hs_insn_put_reg(regs, insn->reg, insn->reg_size, val);
}

/* SF, ZF and PF, which every arithmetic result sets the same way. */
static u64 flags_of_result(u64 res, unsigned int size)
{
	u8 parity = res;
	u64 flags = 0;

	if (!(res & hs_insn_mask(size)))
		flags |= HS_FL_ZF;
	if (res >> (8 * size - 1) & 1)
		flags |= HS_FL_SF;
	parity ^= parity >> 4;
	parity ^= parity >> 2;
	parity ^= parity >> 1;
	if (!(parity & 1))
		flags |= HS_FL_PF;
	return flags;
}

/* RFLAGS after a + b + carry. */
static u64 flags_add(u64 a, u64 b, u64 carry, unsigned int size, u64 rflags)
{
	u64 res = (a + b + carry) & hs_insn_mask(size);
	u64 flags = flags_of_result(res, size);
	unsigned int top = 8 * size - 1;

	if (((a & b) | ((a | b) & ~res)) >> top & 1)
		flags |= HS_FL_CF;
	if (((a ^ res) & (b ^ res)) >> top & 1)
		flags |= HS_FL_OF;
	if ((a ^ b ^ res) & 0x10)
		flags |= HS_FL_AF;
	return (rflags & ~ARITH_FLAGS) | flags;
}

/**
 * hs_insn_flags_sub - RFLAGS after a - b - borrow
 * @a: minuend
 * @b: subtrahend
 * @borrow: 0 or 1
 * @size: operand size in bytes
 * @rflags: flags before
 *
 * Return: flags after.
 */
u64 hs_insn_flags_sub(u64 a, u64 b, u64 borrow, unsigned int size, u64 rflags)
{
	u64 res = (a - b - borrow) & hs_insn_mask(size);
	u64 flags = flags_of_result(res, size);
	unsigned int top = 8 * size - 1;

	if (((~a & b) | ((~a | b) & res)) >> top & 1)
		flags |= HS_FL_CF;
	if (((a ^ b) & (a ^ res)) >> top & 1)
		flags |= HS_FL_OF;
	if ((a ^ b ^ res) & 0x10)
		flags |= HS_FL_AF;
	return (rflags & ~ARITH_FLAGS) | flags;
}

static u64 flags_logic(u64 res, unsigned int size, u64 rflags)
{
	return (rflags & ~ARITH_FLAGS) | flags_of_result(res, size);
}

/* Condition codes as Jcc, SETcc and CMOVcc encode them. */
static bool condition_holds(u8 cond, u64 rflags)
{
	bool cf = rflags & HS_FL_CF, zf = rflags & HS_FL_ZF;
	bool sf = rflags & HS_FL_SF, of = rflags & HS_FL_OF;
	bool res = false;

	switch (cond >> 1) {
	case 0:
		res = of;
		break;
	case 1:
		res = cf;
		break;
	case 2:
		res = zf;
		break;
	case 3:
		res = cf || zf;
		break;
	case 4:
		res = sf;
		break;
	case 5:
		res = rflags & HS_FL_PF;
		break;
	case 6:
		res = sf != of;
		break;
	case 7:
		res = zf || sf != of;
		break;
	}
	return res != (cond & 1);
}

/* Effective address of the memory operand, cut to the address size. */
static u64 effective_address(const struct hs_insn *insn,
			     const struct hs_insn_regs *regs)
{
	u64 addr = insn->disp;

	if (insn->base == HS_GPR_RIP)
		addr += regs->rip + insn->len;
	else if (insn->base != HS_GPR_NONE)
		addr += regs->gpr[insn->base];
	if (insn->index != HS_GPR_NONE)
		addr += regs->gpr[insn->index] << insn->scale;
	return addr & hs_insn_mask(insn->addr_size);
}

static bool is_bit_op(u8 op)
{
	return op >= HS_OP_BT && op <= HS_OP_BTC;
}

/*
 * A bit offset in a register is signed and reaches beyond the operand (SDM
 * vol. 1, 3.1.1.9): the operand that holds the bit is the one accessed.
 */
static u64 operand_address(const struct hs_insn *insn,
			   const struct hs_insn_regs *regs)
{
	u64 addr = effective_address(insn, regs);
	s64 bit;

	if (!is_bit_op(insn->op) || insn->has_imm)
		return addr;
	bit = hs_insn_sign_extend(get_reg(regs, insn), insn->size);
	addr += (u64)(bit >> 3) & ~(u64)(insn->size - 1);
	return addr & hs_insn_mask(insn->addr_size);
}

/* The result of a two-operand ALU operation, and its flags. */
static u64 alu(u8 op, u64 a, u64 b, unsigned int size, u64 *rflags)
{
	u64 carry = *rflags & HS_FL_CF ? 1 : 0;
	u64 res = a;

	switch (op) {
	case HS_OP_ADD:
		carry = 0;
		fallthrough;
	case HS_OP_ADC:
		res = a + b + carry;
		*rflags = flags_add(a, b, carry, size, *rflags);
		break;
	case HS_OP_SUB:
	case HS_OP_CMP:
		carry = 0;
		fallthrough;
	case HS_OP_SBB:
		res = a - b - carry;
		*rflags = hs_insn_flags_sub(a, b, carry, size, *rflags);
		break;
	case HS_OP_OR:
		res = a | b;
		*rflags = flags_logic(res, size, *rflags);
		break;
	case HS_OP_AND:
	case HS_OP_TEST:
		res = a & b;
		*rflags = flags_logic(res, size, *rflags);
		break;
	case HS_OP_XOR:
		res = a ^ b;
		*rflags = flags_logic(res, size, *rflags);
		break;
	}
	return res & hs_insn_mask(size);
}

static u64 bit_op(u8 op, u64 val, u64 src, unsigned int size, u64 *rflags)
{
	u64 bit = BIT_ULL(src & (8 * size - 1));

	if (val & bit)
		*rflags |= HS_FL_CF;
	else
		*rflags &= ~HS_FL_CF;

	switch (op) {
	case HS_OP_BTS:
		return val | bit;
	case HS_OP_BTR:
		return val & ~bit;
	case HS_OP_BTC:
		return val ^ bit;
	}
	return val;
}

static u64 byte_swap(u64 val, unsigned int size)
{
	u64 res = 0;

	while (size--) {
		res = res << 8 | (val & 0xff);
		val >>= 8;
	}
	return res;
}

/* What memory will hold after a read-modify-write instruction found @val in it. */
static u64 modify(const struct hs_insn *insn, const struct hs_insn_regs *regs,
		  u64 val, u64 src, u64 *rflags)
{
	unsigned int size = insn->size;
	u64 cf = *rflags & HS_FL_CF, acc, mask = hs_insn_mask(size);

	switch (insn->op) {
	case HS_OP_XCHG:
		return src;
	case HS_OP_XADD:
		return alu(HS_OP_ADD, val, src, size, rflags);
	case HS_OP_CMPXCHG:
		acc = regs->gpr[HS_GPR_RAX] & mask;
		*rflags = hs_insn_flags_sub(acc, val, 0, size, *rflags);
		return acc == val ? src : val;
	case HS_OP_INC:
		val = alu(HS_OP_ADD, val, 1, size, rflags);
		*rflags = (*rflags & ~HS_FL_CF) | cf;
		return val;
	case HS_OP_DEC:
		val = alu(HS_OP_SUB, val, 1, size, rflags);
		*rflags = (*rflags & ~HS_FL_CF) | cf;
		return val;
	case HS_OP_NOT:
		return ~val & mask;
	case HS_OP_NEG:
		return alu(HS_OP_SUB, 0, val, size, rflags);
	case HS_OP_BTS:
	case HS_OP_BTR:
	case HS_OP_BTC:
		return bit_op(insn->op, val, src, size, rflags);
	}
	return alu(insn->op, val, src, size, rflags);
}

/* Registers that a read-modify-write instruction loads with the old value. */
static void load_old(const struct hs_insn *insn, struct hs_insn_regs *regs,
		     u64 old)
{
	switch (insn->op) {
	case HS_OP_XCHG:
	case HS_OP_XADD:
		put_operand_reg(regs, insn, old);
		break;
	case HS_OP_CMPXCHG:
		if ((regs->gpr[HS_GPR_RAX] & hs_insn_mask(insn->size)) != old)
			hs_insn_put_reg(regs, HS_GPR_RAX, insn->size, old);
		break;
	}
}

static int exec_rmw(const struct hs_insn *insn, struct hs_insn_ctx *ctx,
		    u64 addr, u64 src)
{
	u32 flags = insn->lock ? HS_INSN_LOCKED : 0;
	struct hs_insn_regs *regs = ctx->regs;
	unsigned int tries = LOCK_TRIES;
	u64 old = 0, new, rflags;
	int ret;

	ret = hs_insn_mem_read(ctx, insn->seg, addr, &old, insn->size,
			       flags | HS_INSN_WRITE_INTENT);
	if (ret)
		return ret;
	do {
		rflags = regs->rflags;
		new = modify(insn, regs, old, src, &rflags);
		if (!insn->lock)
			ret = hs_insn_mem_write(ctx, insn->seg, addr, &new,
						insn->size, 0);
		else
			ret = hs_insn_mem_cmpxchg(ctx, insn->seg, addr, &old,
						  &new, insn->size);
	} while (ret == HS_INSN_MISMATCH && --tries);
	if (ret)
		return ret == HS_INSN_MISMATCH ? -EAGAIN : ret;

	load_old(insn, regs, old);
	regs->rflags = rflags;
	return 0;
}

/* CMPXCHG8B and CMPXCHG16B: EDX:EAX or RDX:RAX against a pair in memory. */
static int exec_cmpxchg2(const struct hs_insn *insn, struct hs_insn_ctx *ctx,
			 u64 addr)
{
	u32 flags = insn->lock ? HS_INSN_LOCKED : 0;
	struct hs_insn_regs *regs = ctx->regs;
	unsigned int half = insn->size / 2, tries = LOCK_TRIES;
	u8 old[16], want[16], new[16];
	u64 low = 0, high = 0, linear;
	bool equal;
	int ret;

	memcpy(want, &regs->gpr[HS_GPR_RAX], half);
	memcpy(want + half, &regs->gpr[HS_GPR_RDX], half);

	/* The 16-byte form wants its operand aligned, whatever RFLAGS.AC says. */
	ret = hs_insn_linear(ctx->mode, insn->seg, addr, insn->size, true,
			     &linear, &ctx->fault);
	if (ret)
		return ret;
	if (insn->size == 16 && (linear & 15)) {
		ctx->fault = (struct hs_insn_fault){
			.vector = HS_VEC_GP,
			.has_error = true,
		};
		return HS_INSN_FAULT;
	}

	ret = hs_insn_mem_read(ctx, insn->seg, addr, old, insn->size,
			       flags | HS_INSN_WRITE_INTENT);
	if (ret)
		return ret;
	do {
		equal = !memcmp(old, want, insn->size);
		if (equal) {
			memcpy(new, &regs->gpr[HS_GPR_RBX], half);
			memcpy(new + half, &regs->gpr[HS_GPR_RCX], half);
		} else {
			memcpy(new, old, insn->size);
		}
		if (!insn->lock)
			ret = hs_insn_mem_write(ctx, insn->seg, addr, new,
						insn->size, 0);
		else
			ret = hs_insn_mem_cmpxchg(ctx, insn->seg, addr, old,
						  new, insn->size);
	} while (ret == HS_INSN_MISMATCH && --tries);
	if (ret)
		return ret == HS_INSN_MISMATCH ? -EAGAIN : ret;

	if (equal) {
		regs->rflags |= HS_FL_ZF;
		return 0;
	}
	memcpy(&low, old, half);
	memcpy(&high, old + half, half);
	hs_insn_put_reg(regs, HS_GPR_RAX, half, low);
	hs_insn_put_reg(regs, HS_GPR_RDX, half, high);
	regs->rflags &= ~HS_FL_ZF;
	return 0;
}

static unsigned int stack_addr_size(const struct hs_insn_mode *mode)
{
	if (mode->bits == 64)
		return 8;
	return mode->seg[HS_SEG_SS].ar & HS_AR_DB ? 4 : 2;
}

static int exec_push(const struct hs_insn *insn, struct hs_insn_ctx *ctx,
		     u64 addr)
{
	unsigned int asize = stack_addr_size(ctx->mode);
	struct hs_insn_regs *regs = ctx->regs;
	u64 val = 0, sp;
	int ret;

	ret = hs_insn_mem_read(ctx, insn->seg, addr, &val, insn->size, 0);
	if (ret)
		return ret;
	sp = (regs->gpr[HS_GPR_RSP] - insn->size) & hs_insn_mask(asize);
	ret = hs_insn_mem_write(ctx, HS_SEG_SS, sp, &val, insn->size,
				HS_INSN_STACK);
	if (ret)
		return ret;
	hs_insn_put_reg(regs, HS_GPR_RSP, asize, sp);
	return 0;
}

static int exec_pop(const struct hs_insn *insn, struct hs_insn_ctx *ctx)
{
	unsigned int asize = stack_addr_size(ctx->mode);
	struct hs_insn_regs *regs = ctx->regs;
	u64 val = 0, sp = regs->gpr[HS_GPR_RSP], addr;
	int ret;

	ret = hs_insn_mem_read(ctx, HS_SEG_SS, sp & hs_insn_mask(asize), &val,
			       insn->size, HS_INSN_STACK);
	if (ret)
		return ret;

	/* An address built on RSP uses its value after the pop. */
	hs_insn_put_reg(regs, HS_GPR_RSP, asize, sp + insn->size);
	addr = effective_address(insn, regs);
	ret = hs_insn_mem_write(ctx, insn->seg, addr, &val, insn->size, 0);
	if (ret)
		regs->gpr[HS_GPR_RSP] = sp;
	return ret;
}

static int exec_store(const struct hs_insn *insn, struct hs_insn_ctx *ctx,
		      u64 addr, u64 src)
{
	switch (insn->op) {
	case HS_OP_MOVSEG:
		src = ctx->mode->seg[insn->reg].sel;
		break;
	case HS_OP_MOVBE:
		src = byte_swap(src, insn->size);
		break;
	case HS_OP_SETCC:
		src = condition_holds(insn->cond, ctx->regs->rflags);
		break;
	}
	return hs_insn_mem_write(ctx, insn->seg, addr, &src, insn->size, 0);
}

/* Instructions that only read memory. */
static int exec_load(const struct hs_insn *insn, struct hs_insn_ctx *ctx,
		     u64 addr, u64 src)
{
	struct hs_insn_regs *regs = ctx->regs;
	u64 val = 0, res;
	int ret;

	ret = hs_insn_mem_read(ctx, insn->seg, addr, &val, insn->size, 0);
	if (ret)
		return ret;

	switch (insn->op) {
	case HS_OP_MOV:
	case HS_OP_MOVZX:
		put_operand_reg(regs, insn, val);
		break;
	case HS_OP_MOVSX:
		put_operand_reg(regs, insn, hs_insn_sign_extend(val, insn->size));
		break;
	case HS_OP_MOVBE:
		put_operand_reg(regs, insn, byte_swap(val, insn->size));
		break;
	case HS_OP_CMOVCC:
		/* Not taken, it still clears the upper half for 32 bits. */
		if (!condition_holds(insn->cond, regs->rflags))
			val = get_reg(regs, insn);
		put_operand_reg(regs, insn, val);
		break;
	case HS_OP_BT:
		bit_op(HS_OP_BT, val, src, insn->size, &regs->rflags);
		break;
	case HS_OP_CMP:
	case HS_OP_TEST:
		if (insn->to_mem)
			alu(insn->op, val, src, insn->size, &regs->rflags);
		else
			alu(insn->op, src, val, insn->size, &regs->rflags);
		break;
	default:
		res = alu(insn->op, src, val, insn->size, &regs->rflags);
		put_operand_reg(regs, insn, res);
		break;
	}
	return 0;
}

static int exec_single(const struct hs_insn *insn, struct hs_insn_ctx *ctx)
{
	u64 addr = operand_address(insn, ctx->regs);
	u64 src;

	if (insn->has_imm)
		src = insn->imm & hs_insn_mask(insn->size);
	else
		src = get_reg(ctx->regs, insn);

	switch (insn->op) {
	case HS_OP_CMPXCHG2:
		return exec_cmpxchg2(insn, ctx, addr);
	case HS_OP_PUSH:
		return exec_push(insn, ctx, addr);
	case HS_OP_POP:
		return exec_pop(insn, ctx);
	case HS_OP_CMP:
	case HS_OP_TEST:
	case HS_OP_BT:
		return exec_load(insn, ctx, addr, src);
	case HS_OP_MOV:
	case HS_OP_MOVSEG:
	case HS_OP_MOVBE:
	case HS_OP_SETCC:
		if (insn->to_mem)
			return exec_store(insn, ctx, addr, src);
		break;
	}
	if (insn->to_mem)
		return exec_rmw(insn, ctx, addr, src);
	return exec_load(insn, ctx, addr, src);
}

/**
 * hs_insn_exec - execute a decoded instruction
 * @insn: from hs_insn_decode() for ctx->mode
 * @ctx: registers, callbacks, and the exception that comes out
 *
 * On HS_INSN_DONE RIP is past the instruction and RFLAGS.RF is clear.  On
 * HS_INSN_CONT a REP instruction has done @max_iters iterations and is not at
 * its end: count and pointers have moved, RIP has not, as after an interrupt;
 * the caller looks for interrupts and calls again or resumes the guest.
 * On an exception or error registers are as before the instruction, or as
 * after the last complete iteration; memory too, unless a device was read.
 *
 * RFLAGS.TF is the caller's: with it set, use a @max_iters of 1 and raise #DB
 * after HS_INSN_DONE and after HS_INSN_CONT.
 *
 * Calls back into ctx->ops, whose context rules apply; itself any context.
 *
 * Return: HS_INSN_DONE; HS_INSN_CONT; HS_INSN_FAULT with ctx->fault set;
 * -EAGAIN if an atomic instruction lost against other writers too often;
 * -EOPNOTSUPP for INS and OUTS without ops->io; else the errno of a callback.
 */
int hs_insn_exec(const struct hs_insn *insn, struct hs_insn_ctx *ctx)
{
	struct hs_insn_regs *regs = ctx->regs;
	int ret;

	if (insn->op >= HS_OP_MOVS)
		ret = hs_insn_exec_string(insn, ctx);
	else
		ret = exec_single(insn, ctx);
	if (ret)
		return ret;

	regs->rip += insn->len;
	if (ctx->mode->bits != 64)
		regs->rip = (u32)regs->rip;
	regs->rflags &= ~HS_FL_RF;
	return HS_INSN_DONE;
}
