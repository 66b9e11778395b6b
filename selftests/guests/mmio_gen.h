/* SPDX-License-Identifier: GPL-2.0 */
/* Random instructions with a memory operand at a given place; for mmio.c. */
#ifndef MMIO_GEN_H
#define MMIO_GEN_H

#include "lib.h"

/* Registers in the order of their encoding. */
enum { AX, CX, DX, BX, SP, BP, SI, DI };

struct insn {
	u8 bytes[16];
	unsigned int len;
	u64 reg[16];
	u64 flags;
	u64 flags_mask;		/* status flags that are defined afterwards */
	bool rep_compare;	/* CMPS or SCAS with REPE or REPNE */
};

#define I_BYTE		0x001
#define I_IMM8		0x002
#define I_IMMV		0x004
#define I_LOCK		0x008
#define I_STRING	0x010
#define I_MOFFS		0x020
#define I_ONLY64	0x040
#define I_NO_AF		0x080		/* AF undefined */
#define I_BIT		0x100		/* bit operations: only CF defined */
#define I_BITREG	0x200		/* bit offset in a register */
#define I_COMPARE	0x400		/* let the accumulator match at times */
#define I_WIDE		0x800		/* CMPXCHG8B */

struct form {
	u8 map, op, regs;
	u16 flags;
};

#define ALU(op, lock, af)						\
	{ 1, op, 0, I_BYTE | (lock) | (af) }, { 1, (op) + 1, 0, (lock) | (af) },	\
	{ 1, (op) + 2, 0, I_BYTE | (af) }, { 1, (op) + 3, 0, (af) }

static const struct form forms[] = {
	ALU(0x00, I_LOCK, 0), ALU(0x08, I_LOCK, I_NO_AF), ALU(0x10, I_LOCK, 0),
	ALU(0x18, I_LOCK, 0), ALU(0x20, I_LOCK, I_NO_AF), ALU(0x28, I_LOCK, 0),
	ALU(0x30, I_LOCK, I_NO_AF), ALU(0x38, 0, 0),
	{ 1, 0x63, 0, I_ONLY64 },
	{ 1, 0x80, 0x2d, I_BYTE | I_IMM8 | I_LOCK }, { 1, 0x80, 0x52, I_BYTE | I_IMM8 | I_NO_AF },
	{ 1, 0x81, 0x2d, I_IMMV | I_LOCK }, { 1, 0x81, 0x52, I_IMMV | I_NO_AF },
	{ 1, 0x83, 0x2d, I_IMM8 | I_LOCK }, { 1, 0x83, 0x52, I_IMM8 | I_NO_AF },
	{ 1, 0x83, 0x80, I_IMM8 },
	{ 1, 0x84, 0, I_BYTE | I_NO_AF }, { 1, 0x85, 0, I_NO_AF },
	{ 1, 0x86, 0, I_BYTE | I_LOCK }, { 1, 0x87, 0, I_LOCK },
	{ 1, 0x88, 0, I_BYTE }, { 1, 0x89, 0, 0 }, { 1, 0x8a, 0, I_BYTE }, { 1, 0x8b, 0, 0 },
	{ 1, 0x8c, 0x3f, 0 },		/* a selector; 6 and 7 are no segment */
	{ 1, 0xa0, 0, I_MOFFS | I_BYTE }, { 1, 0xa1, 0, I_MOFFS },
	{ 1, 0xa2, 0, I_MOFFS | I_BYTE }, { 1, 0xa3, 0, I_MOFFS },
	{ 1, 0xa4, 0, I_STRING | I_BYTE }, { 1, 0xa5, 0, I_STRING },
	{ 1, 0xa6, 0, I_STRING | I_BYTE }, { 1, 0xa7, 0, I_STRING },
	{ 1, 0xaa, 0, I_STRING | I_BYTE }, { 1, 0xab, 0, I_STRING },
	{ 1, 0xac, 0, I_STRING | I_BYTE }, { 1, 0xad, 0, I_STRING },
	{ 1, 0xae, 0, I_STRING | I_BYTE | I_COMPARE }, { 1, 0xaf, 0, I_STRING | I_COMPARE },
	{ 1, 0xc6, 0x01, I_BYTE | I_IMM8 }, { 1, 0xc7, 0x01, I_IMMV },
	{ 1, 0xf6, 0x03, I_BYTE | I_IMM8 | I_NO_AF }, { 1, 0xf7, 0x03, I_IMMV | I_NO_AF },
	{ 1, 0xf6, 0x0c, I_BYTE | I_LOCK }, { 1, 0xf7, 0x0c, I_LOCK },
	{ 1, 0xfe, 0x03, I_BYTE | I_LOCK }, { 1, 0xff, 0x03, I_LOCK },
	{ 2, 0xa3, 0, I_BIT | I_BITREG }, { 2, 0xab, 0, I_BIT | I_BITREG | I_LOCK },
	{ 2, 0xb3, 0, I_BIT | I_BITREG | I_LOCK }, { 2, 0xbb, 0, I_BIT | I_BITREG | I_LOCK },
	{ 2, 0xba, 0x10, I_BIT | I_IMM8 }, { 2, 0xba, 0xe0, I_BIT | I_IMM8 | I_LOCK },
	{ 2, 0xb0, 0, I_BYTE | I_LOCK | I_COMPARE }, { 2, 0xb1, 0, I_LOCK | I_COMPARE },
	{ 2, 0xb6, 0, 0 }, { 2, 0xb7, 0, 0 }, { 2, 0xbe, 0, 0 }, { 2, 0xbf, 0, 0 },
	{ 2, 0xc0, 0, I_BYTE | I_LOCK }, { 2, 0xc1, 0, I_LOCK },
	{ 2, 0xc7, 0x02, I_LOCK | I_WIDE },
	{ 2, 0x44, 0, 0 }, { 2, 0x4c, 0, 0 }, { 2, 0x47, 0, 0 }, { 2, 0x94, 0, I_BYTE },
	{ 2, 0x9f, 0, I_BYTE }, { 2, 0x92, 0, I_BYTE },
};
#define FORMS (sizeof(forms) / sizeof(forms[0]))

static u64 rng = 0x123456789abcdef;

static u64 rnd(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

static unsigned int below(unsigned int n)
{
	return (rnd() >> 32) % n;
}

static void emit(struct insn *i, u64 val, unsigned int n)
{
	while (n--) {
		i->bytes[i->len++] = val;
		val >>= 8;
	}
}

static bool is_string(const struct form *f)
{
	return f->flags & I_STRING;
}

/* How the operand is addressed. */
struct address {
	u8 mod, rm, base, index, scale;	/* base, index: NONE if absent */
	bool sib, rip;
	u64 disp;
	unsigned int disp_size;
};
#define NONE	0xff

static void pick_address16(struct address *a)
{
	static const u8 base[8] = { BX, BX, BP, BP, SI, DI, BP, BX };
	static const u8 index[4] = { SI, DI, SI, DI };

	a->rm = below(8);
	a->disp_size = a->mod;
	if (a->mod == 0 && a->rm == 6) {
		a->disp_size = 2;
		return;
	}
	a->base = base[a->rm];
	if (a->rm < 4)
		a->index = index[a->rm];
}

static void pick_address32(struct address *a, bool b64, u8 rex)
{
	a->disp_size = a->mod == 2 ? 4 : a->mod;
	a->rm = below(8);
	if (a->rm == SP) {
		u8 sib = rnd();

		a->sib = true;
		a->scale = sib >> 6;
		a->index = (sib >> 3 & 7) | (rex & 2) << 2;
		a->base = (sib & 7) | (rex & 1) << 3;
		if (a->index == SP)
			a->index = NONE;
		if ((a->base & 7) == BP && a->mod == 0) {
			a->base = NONE;
			a->disp_size = 4;
		}
		return;
	}
	a->base = a->rm | (rex & 1) << 3;
	if (a->rm == BP && a->mod == 0) {
		a->base = NONE;
		a->rip = b64;
		a->disp_size = 4;
	}
}

/* Registers and displacement that give @off; false if this form cannot. */
static bool solve_address(struct insn *i, struct address *a, unsigned int asize,
			  u64 off)
{
	u64 sum = 0;

	if (a->base == SP || (a->index != NONE && a->index == a->base))
		return false;
	a->disp = a->disp_size == 1 ? (u64)(int8_t)rnd() :
		  a->disp_size ? (u64)(int32_t)rnd() : 0;
	if (a->index != NONE) {
		if (a->base == NONE)
			i->reg[a->index] &= 0xff;
		sum = i->reg[a->index] << a->scale;
	}
	if (a->rip)
		return true;
	if (a->base == NONE)
		a->disp = off - sum;
	else
		i->reg[a->base] = off - sum - a->disp;
	if (asize < 8 && a->base != NONE)
		i->reg[a->base] = (u32)i->reg[a->base];
	return true;
}

static void emit_address(struct insn *i, const struct address *a, u8 reg)
{
	emit(i, a->mod << 6 | reg << 3 | a->rm, 1);
	if (a->sib)
		emit(i, a->scale << 6 | (a->index == NONE ? SP : a->index & 7) << 3 |
			(a->base == NONE ? BP : a->base & 7), 1);
	emit(i, a->disp, a->disp_size);
}

static bool in_address(const struct address *a, unsigned int reg)
{
	return a->base == reg || a->index == reg;
}

/* Operand registers for what is compared or counted; false if they are taken. */
static bool set_operands(struct insn *i, const struct form *f,
			 const struct address *a, unsigned int reg, unsigned int osize,
			 u64 off, u64 around)
{
	if (is_string(f)) {
		/* CMPS compares with a place near by. */
		i->reg[SI] = (f->op & ~1) == 0xa6 ? off ^ 8 : off;
		i->reg[DI] = off;
		i->reg[CX] = below(5);
	}
	if (f->flags & I_BITREG) {
		if (in_address(a, reg) || reg == SP)
			return false;
		i->reg[reg] = osize == 2 ? (i->reg[reg] & ~0xffffUL) | below(16) : below(16);
	}
	if ((f->flags & I_COMPARE) && below(2)) {
		if (in_address(a, AX))
			return false;
		i->reg[AX] = around;
	}
	if ((f->flags & I_WIDE) && below(2) && !in_address(a, AX) && !in_address(a, DX)) {
		i->reg[AX] = (u32)around;
		i->reg[DX] = around >> 32;
	}
	return true;
}

static bool try_generate(struct insn *i, unsigned int bits, bool need_seg, u64 rip,
			 u64 off, u64 around)
{
	static const u8 segs[4] = { 0x3e, 0x26, 0x64, 0x65 };
	struct address a = { .mod = below(3), .base = NONE, .index = NONE };
	const struct form *f = &forms[below(FORMS)];
	bool opsize = below(4) == 0, addrsize = bits != 64 && below(4) == 0;
	unsigned int osize, asize, r, disp_at = 0;
	u8 rex = bits == 64 && below(2) ? 0x40 | below(16) : 0, reg;

	if ((f->flags & I_ONLY64) && bits != 64)
		return false;
	memset(i, 0, sizeof(*i));
	for (r = 0; r < 16; r++) {
		i->reg[r] = below(3) ? rnd() : below(3) - 1UL;
		if (bits != 64)
			i->reg[r] = (u32)i->reg[r];
	}
	i->flags = (rnd() & 0x8d5) | 2 | (below(4) ? 0 : 0x400);
	i->flags_mask = f->flags & I_BIT ? 0x441 : f->flags & I_NO_AF ? 0xcc5 : 0xcd5;
	if (off > 0xffff)
		addrsize = bits == 16;
	asize = bits == 64 ? 8 : (bits == 32) == addrsize ? 2 : 4;
	osize = f->flags & I_BYTE ? 1 : rex & 8 ? 8 : (bits == 16) == opsize ? 4 : 2;

	do {
		reg = below(8);
	} while (f->regs && !(f->regs >> reg & 1));
	/* Nothing may change the stack pointer; 4 is AH if there is no REX. */
	if (!f->regs && reg == SP && (osize > 1 || rex))
		return false;

	if (f->map == 1 && (f->flags & (I_STRING | I_MOFFS))) {
		a.disp = off;
		a.disp_size = f->flags & I_MOFFS ? asize : 0;
	} else {
		if (asize == 2)
			pick_address16(&a);
		else
			pick_address32(&a, bits == 64, rex);
		if (!solve_address(i, &a, asize, off))
			return false;
	}
	if (!set_operands(i, f, &a, reg | (rex & 4) << 1, osize, off, around))
		return false;

	if ((f->flags & I_LOCK) && below(3) == 0)
		emit(i, 0xf0, 1);
	if (opsize)
		emit(i, 0x66, 1);
	if (addrsize)
		emit(i, 0x67, 1);
	if (below(4) == 0 || (need_seg && a.base == BP))
		emit(i, segs[below(4)], 1);
	if (is_string(f) && below(2)) {
		emit(i, 0xf2 + below(2), 1);
		i->rep_compare = (f->op & 0xf6) == 0xa6;
	}
	if (rex)
		emit(i, rex, 1);
	if (f->map == 2)
		emit(i, 0x0f, 1);
	emit(i, f->op, 1);
	if (f->flags & I_MOFFS) {
		emit(i, a.disp, a.disp_size);
	} else if (!is_string(f)) {
		emit_address(i, &a, reg);
		disp_at = i->len - 4;
		if (f->flags & I_IMM8)
			emit(i, rnd(), 1);
		if (f->flags & I_IMMV)
			emit(i, rnd(), osize == 2 ? 2 : 4);
	}
	if (a.rip) {
		u32 disp = off - (rip + i->len);

		memcpy(&i->bytes[disp_at], &disp, 4);
	}
	return true;
}

/*
 * An instruction for @bits at @rip whose operand is at offset @off.  @need_seg:
 * the stack segment is elsewhere.  @around: the 8 bytes that memory holds there.
 */
static void generate(struct insn *i, unsigned int bits, bool need_seg, u64 rip,
		     u64 off, u64 around)
{
	while (!try_generate(i, bits, need_seg, rip, off, around))
		;
}

#endif
