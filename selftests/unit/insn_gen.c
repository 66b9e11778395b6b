// SPDX-License-Identifier: GPL-2.0
/*
 * Random instructions that access memory, and registers to go with them.
 *
 * The table is written from the opcode maps, not from the decoder: a decoder
 * that has forgotten a row fails the test.
 */
#include "insn_gen.h"
#include "insn_native.h"

#define G_MODRM		BIT(0)
#define G_IMM8		BIT(1)
#define G_IMMV		BIT(2)
#define G_MOFFS		BIT(3)
#define G_STRING	BIT(4)
#define G_ONLY64	BIT(5)
#define G_NOT64		BIT(6)
#define G_SREG		BIT(7)		/* ModRM.reg names a segment register */
#define G_IMM_IF_TEST	BIT(8)		/* group 3 */
#define G_NP		BIT(9)		/* no 66, F2, F3 */
#define G_NOREP		BIT(10)		/* F2 and F3 make another instruction of it */

#define ROW(n, m, o, r, l, f)	{ n, m, o, r, l, f }
#define ALU(n, base)							\
	ROW(n " rm8,r8", 1, base, 0, (base) == 0x38 ? 0 : 0xff, G_MODRM),	\
	ROW(n " rm,r", 1, base + 1, 0, (base) == 0x38 ? 0 : 0xff, G_MODRM),	\
	ROW(n " r8,rm8", 1, base + 2, 0, 0, G_MODRM),			\
	ROW(n " r,rm", 1, base + 3, 0, 0, G_MODRM)

const struct gen_row gen_table[] = {
	ALU("add", 0x00), ALU("or", 0x08), ALU("adc", 0x10), ALU("sbb", 0x18),
	ALU("and", 0x20), ALU("sub", 0x28), ALU("xor", 0x30), ALU("cmp", 0x38),
	ROW("movsxd", 1, 0x63, 0, 0, G_MODRM | G_ONLY64),
	ROW("alu rm8,i8", 1, 0x80, 0xff, 0x7f, G_MODRM | G_IMM8),
	ROW("alu rm,iv", 1, 0x81, 0xff, 0x7f, G_MODRM | G_IMMV),
	ROW("alu rm8,i8 alias", 1, 0x82, 0xff, 0x7f, G_MODRM | G_IMM8 | G_NOT64),
	ROW("alu rm,i8", 1, 0x83, 0xff, 0x7f, G_MODRM | G_IMM8),
	ROW("test rm8,r8", 1, 0x84, 0, 0, G_MODRM),
	ROW("test rm,r", 1, 0x85, 0, 0, G_MODRM),
	ROW("xchg rm8,r8", 1, 0x86, 0, 0xff, G_MODRM),
	ROW("xchg rm,r", 1, 0x87, 0, 0xff, G_MODRM),
	ROW("mov rm8,r8", 1, 0x88, 0, 0, G_MODRM),
	ROW("mov rm,r", 1, 0x89, 0, 0, G_MODRM),
	ROW("mov r8,rm8", 1, 0x8a, 0, 0, G_MODRM),
	ROW("mov r,rm", 1, 0x8b, 0, 0, G_MODRM),
	ROW("mov rm,sreg", 1, 0x8c, 0, 0, G_MODRM | G_SREG),
	ROW("pop rm", 1, 0x8f, 0x01, 0, G_MODRM),
	ROW("mov al,moffs", 1, 0xa0, 0, 0, G_MOFFS),
	ROW("mov ax,moffs", 1, 0xa1, 0, 0, G_MOFFS),
	ROW("mov moffs,al", 1, 0xa2, 0, 0, G_MOFFS),
	ROW("mov moffs,ax", 1, 0xa3, 0, 0, G_MOFFS),
	ROW("movsb", 1, 0xa4, 0, 0, G_STRING),
	ROW("movs", 1, 0xa5, 0, 0, G_STRING),
	ROW("cmpsb", 1, 0xa6, 0, 0, G_STRING),
	ROW("cmps", 1, 0xa7, 0, 0, G_STRING),
	ROW("stosb", 1, 0xaa, 0, 0, G_STRING),
	ROW("stos", 1, 0xab, 0, 0, G_STRING),
	ROW("lodsb", 1, 0xac, 0, 0, G_STRING),
	ROW("lods", 1, 0xad, 0, 0, G_STRING),
	ROW("scasb", 1, 0xae, 0, 0, G_STRING),
	ROW("scas", 1, 0xaf, 0, 0, G_STRING),
	ROW("mov rm8,i8", 1, 0xc6, 0x01, 0, G_MODRM | G_IMM8),
	ROW("mov rm,iv", 1, 0xc7, 0x01, 0, G_MODRM | G_IMMV),
	ROW("group3 rm8", 1, 0xf6, 0x0f, 0x0c, G_MODRM | G_IMM_IF_TEST | G_IMM8),
	ROW("group3 rm", 1, 0xf7, 0x0f, 0x0c, G_MODRM | G_IMM_IF_TEST | G_IMMV),
	ROW("incdec rm8", 1, 0xfe, 0x03, 0x03, G_MODRM),
	ROW("incdec/push rm", 1, 0xff, 0x43, 0x03, G_MODRM),
	ROW("bt rm,r", 2, 0xa3, 0, 0, G_MODRM),
	ROW("bts rm,r", 2, 0xab, 0, 0xff, G_MODRM),
	ROW("btr rm,r", 2, 0xb3, 0, 0xff, G_MODRM),
	ROW("btc rm,r", 2, 0xbb, 0, 0xff, G_MODRM),
	ROW("btx rm,i8", 2, 0xba, 0xf0, 0xe0, G_MODRM | G_IMM8),
	ROW("cmpxchg rm8,r8", 2, 0xb0, 0, 0xff, G_MODRM),
	ROW("cmpxchg rm,r", 2, 0xb1, 0, 0xff, G_MODRM),
	ROW("movzx r,rm8", 2, 0xb6, 0, 0, G_MODRM),
	ROW("movzx r,rm16", 2, 0xb7, 0, 0, G_MODRM),
	ROW("movsx r,rm8", 2, 0xbe, 0, 0, G_MODRM),
	ROW("movsx r,rm16", 2, 0xbf, 0, 0, G_MODRM),
	ROW("xadd rm8,r8", 2, 0xc0, 0, 0xff, G_MODRM),
	ROW("xadd rm,r", 2, 0xc1, 0, 0xff, G_MODRM),
	ROW("movnti", 2, 0xc3, 0, 0, G_MODRM | G_NP),
	ROW("cmpxchg8b/16b", 2, 0xc7, 0x02, 0x02, G_MODRM),
#define CC(n)	ROW("cmov" #n, 2, 0x40 + n, 0, 0, G_MODRM),		\
		ROW("set" #n, 2, 0x90 + n, 0, 0, G_MODRM)
	CC(0), CC(1), CC(2), CC(3), CC(4), CC(5), CC(6), CC(7),
	CC(8), CC(9), CC(10), CC(11), CC(12), CC(13), CC(14), CC(15),
	ROW("movbe r,m", 3, 0xf0, 0, 0, G_MODRM | G_NOREP),
	ROW("movbe m,r", 3, 0xf1, 0, 0, G_MODRM | G_NOREP),
};
const unsigned int gen_rows = ARRAY_SIZE(gen_table);

static u64 state = 1;

void gen_seed(u64 seed)
{
	state = seed ? seed : 1;
}

u64 gen_random(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL;
}

unsigned int gen_below(unsigned int n)
{
	return (gen_random() >> 32) % n;
}

bool gen_chance(unsigned int percent)
{
	return gen_below(100) < percent;
}

bool gen_in_mode(const struct gen_row *row, unsigned int bits)
{
	return !(row->flags & (bits == 64 ? G_NOT64 : G_ONLY64));
}

static void put(struct gen_insn *g, u64 val, unsigned int n)
{
	while (n--) {
		g->bytes[g->len++] = val;
		val >>= 8;
	}
}

/* Which prefixes the encoder put in front. */
struct prefixes {
	bool opsize, addrsize, lock;
	u8 rep;
	u8 rex;
};

static void put_prefixes(struct gen_insn *g, const struct gen_row *row,
			 unsigned int bits, struct prefixes *p)
{
	static const u8 seg[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };
	u8 list[16];
	unsigned int n = 0, i, lock_chance;

	/* LOCK often where it is allowed, seldom where it is #UD. */
	lock_chance = row->lockable >> g->reg & 1 ? 40 : 2;
	if (!row->regs)
		lock_chance = row->lockable ? 40 : 2;
	p->lock = gen_chance(lock_chance);
	p->opsize = gen_chance(25) && (!(row->flags & G_NP) || gen_chance(10));
	p->addrsize = gen_chance(25);
	if (gen_chance(row->flags & G_STRING ? 60 : 3) &&
	    (!(row->flags & (G_NP | G_NOREP)) || gen_chance(10)))
		p->rep = 0xf2 + gen_below(2);

	if (p->lock)
		list[n++] = 0xf0;
	if (p->opsize)
		list[n++] = 0x66;
	if (p->addrsize)
		list[n++] = 0x67;
	if (p->rep)
		list[n++] = p->rep;
	if (gen_chance(25))
		list[n++] = seg[gen_below(6)];
	/* Repeats are legal; the last of a kind counts, here all are equal. */
	while (n && n < 13 && gen_chance(6)) {
		list[n] = list[gen_below(n)];
		n++;
	}
	if (n && gen_chance(1))
		while (n < 14) {
			list[n] = list[gen_below(n)];
			n++;
		}
	for (i = n; i > 1; i--) {
		unsigned int j = gen_below(i);

		swap(list[i - 1], list[j]);
	}
	for (i = 0; i < n; i++) {
		if (bits == 64 && gen_chance(2))
			put(g, 0x40 + gen_below(16), 1);	/* REX in vain */
		put(g, list[i], 1);
	}
	if (bits == 64 && gen_chance(50)) {
		p->rex = 0x40 + gen_below(16);
		put(g, p->rex, 1);
	}
	if (g->len > 15)
		g->len = 15;
}

/* A 32-bit absolute address or displacement, often where data is. */
static u64 some_address(void)
{
	if (gen_chance(10))
		return gen_random();
	return ARENA_DATA + gen_below(ARENA_DATA_SIZE + 64) - 32;
}

static void put_modrm16(struct gen_insn *g)
{
	if (g->mod == 0 && g->rm == 6)
		put(g, NSEG_WINDOW_PAD + gen_below(ARENA_DATA_SIZE), 2);
	else if (g->mod)
		put(g, gen_random(), g->mod);
}

static void put_modrm32(struct gen_insn *g, unsigned int bits)
{
	u8 base = g->rm;

	if (g->rm == 4) {
		u8 sib = gen_random();

		g->sib = true;
		put(g, sib, 1);
		base = sib & 7;
		if (base == 5 && g->mod == 0) {
			put(g, some_address(), 4);
			return;
		}
	} else if (g->rm == 5 && g->mod == 0) {
		u64 addr = some_address();

		put(g, bits == 64 ? addr - ARENA_CODE : addr, 4);
		return;
	}
	if (g->mod)
		put(g, gen_random(), g->mod == 1 ? 1 : 4);
}

static void put_immediate(struct gen_insn *g, const struct gen_row *row,
			  unsigned int bits, const struct prefixes *p)
{
	unsigned int size;

	if ((row->flags & G_IMM_IF_TEST) && g->reg > 1)
		return;
	if (row->flags & G_IMM8)
		put(g, gen_random(), 1);
	if (row->flags & G_IMMV) {
		size = (bits == 16) != p->opsize ? 2 : 4;
		if (p->rex & 8)
			size = 4;
		put(g, gen_chance(30) ? gen_below(3) - 1 : gen_random(), size);
	}
}

static u8 pick_reg(const struct gen_row *row)
{
	u8 reg;

	do {
		reg = gen_below(8);
	} while (row->regs && !(row->regs >> reg & 1));
	if ((row->flags & G_SREG) && gen_chance(95))
		reg = gen_below(HS_SEG_NR);
	return reg;
}

void gen_encode(struct gen_insn *g, unsigned int bits)
{
	const struct gen_row *row;
	struct prefixes p = { 0 };
	unsigned int asize;

	memset(g, 0, sizeof(*g));
	do {
		g->row = gen_below(gen_rows);
		row = &gen_table[g->row];
	} while (!gen_in_mode(row, bits));

	g->reg = pick_reg(row);
	put_prefixes(g, row, bits, &p);
	if (row->map > 1)
		put(g, 0x0f, 1);
	if (row->map > 2)
		put(g, 0x38, 1);
	put(g, row->opcode, 1);

	asize = bits == 64 ? 8 : bits == 32 ? 4 : 2;
	if (p.addrsize)
		asize = bits == 32 ? 2 : 4;
	if (row->flags & G_MODRM) {
		g->mod = gen_below(3);
		g->rm = gen_below(8);
		put(g, g->mod << 6 | g->reg << 3 | g->rm, 1);
		if (asize == 2)
			put_modrm16(g);
		else
			put_modrm32(g, bits);
	} else if (row->flags & G_MOFFS) {
		put(g, asize == 2 ? NSEG_WINDOW_PAD + gen_below(ARENA_DATA_SIZE) :
		    some_address(), asize);
	}
	put_immediate(g, row, bits, &p);

	g->too_long = g->len > HS_INSN_MAX_LEN;
	g->ud = p.lock && !(row->regs ? row->lockable >> g->reg & 1 : row->lockable);
	if ((row->flags & G_SREG) && g->reg >= HS_SEG_NR)
		g->ud = true;
	if ((row->flags & G_NP) && (p.opsize || p.rep))
		g->ud = true;
	g->refused = (row->flags & G_NOREP) && p.rep && !g->ud;
}

/* A value in the low @size bytes, noise above, where only they count. */
static u64 with_noise(u64 val, unsigned int size)
{
	u64 mask = hs_insn_mask(size);

	return (val & mask) | (gen_random() & ~mask);
}

static u64 segment_offset(const struct hs_insn_mode *mode, u8 seg, u64 linear)
{
	if (mode->bits == 64 && seg < HS_SEG_FS)
		return linear;
	return linear - mode->seg[seg].base;
}

/* Multiplicative inverse of an odd number modulo 2^64. */
static u64 inverse(u64 a)
{
	u64 x = a;
	int i;

	for (i = 0; i < 6; i++)
		x *= 2 - a * x;
	return x;
}

static void aim_operand(struct hs_insn_regs *regs, const struct hs_insn *insn,
			u64 offset)
{
	u8 base = insn->base, index = insn->index;
	u64 want = offset - insn->disp;

	if (base == HS_GPR_RIP)
		return;
	if (base == HS_GPR_NONE && index == HS_GPR_NONE)
		return;
	if (base == HS_GPR_NONE)
		regs->gpr[index] = want >> insn->scale;
	else if (index == HS_GPR_NONE)
		regs->gpr[base] = want;
	else if (index == base && insn->scale)
		regs->gpr[base] = want * inverse(1 + (1ULL << insn->scale));
	else if (index == base)
		regs->gpr[base] = want >> 1;
	else
		regs->gpr[base] = want - (regs->gpr[index] << insn->scale);
	if (base != HS_GPR_NONE)
		regs->gpr[base] = with_noise(regs->gpr[base], insn->addr_size);
}

void gen_registers(struct hs_insn_regs *regs, const struct hs_insn *insn,
		   const struct hs_insn_mode *mode, u64 target, u64 dest)
{
	unsigned int i, size = insn->addr_size;
	u64 offset;

	for (i = 0; i < HS_GPR_NR; i++) {
		regs->gpr[i] = gen_chance(70) ? gen_random() :
			       (u64)gen_below(5) - 2;
		if (gen_chance(20))
			regs->gpr[i] = 1ULL << gen_below(64);
	}
	regs->rflags = (gen_random() & 0x8d5) | 0x202;
	if (gen_chance(30))
		regs->rflags |= HS_FL_DF;
	if (gen_chance(6))
		regs->rflags |= HS_FL_AC;

	/* The stack for PUSH and POP; it may be the operand's base as well. */
	regs->gpr[HS_GPR_RSP] = segment_offset(mode, HS_SEG_SS, dest);

	if (insn->op >= HS_OP_MOVS) {
		regs->gpr[HS_GPR_RSI] = with_noise(segment_offset(mode, insn->seg, target), size);
		regs->gpr[HS_GPR_RDI] = with_noise(segment_offset(mode, HS_SEG_ES, dest), size);
		regs->gpr[HS_GPR_RCX] = with_noise(gen_below(gen_chance(25) ? 300 : 12), size);
		return;
	}

	offset = segment_offset(mode, insn->seg, target);
	if (insn->op >= HS_OP_BT && insn->op <= HS_OP_BTC && !insn->has_imm) {
		/* Bit offsets within some pages to either side. */
		s64 bit = (s64)gen_below(1 << 17) - (1 << 16);

		if (gen_chance(20))
			bit = gen_random();
		if (insn->size == 2)
			bit = (s16)bit;
		else if (insn->size == 4)
			bit = (s32)bit;
		regs->gpr[insn->reg] = with_noise(bit, insn->size);
		offset -= (bit >> 3) & ~(u64)(insn->size - 1);
	}
	aim_operand(regs, insn, offset);
}
