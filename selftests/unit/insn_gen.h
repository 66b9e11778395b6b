/* SPDX-License-Identifier: GPL-2.0 */
/* Random instructions that access memory; see insn_gen.c. */
#ifndef INSN_GEN_H
#define INSN_GEN_H

#include "vmx/insn.h"

/* What the encoder chose, for counting and for what must come of it. */
struct gen_insn {
	u8 bytes[32];
	unsigned int len;
	int row;		/* of the opcode table */
	u8 reg;			/* ModRM.reg */
	u8 mod, rm;
	bool sib;
	bool ud;		/* must be #UD: LOCK where it is not allowed */
	bool refused;		/* must be -EOPNOTSUPP */
	bool too_long;
};

struct gen_row {
	const char *name;
	u8 map;			/* 1: one byte, 2: 0F, 3: 0F 38 */
	u8 opcode;
	u8 regs;		/* group: bit mask of ModRM.reg, 0 = a register */
	u8 lockable;		/* group: bit mask; else 0 or 0xff */
	u16 flags;
};

extern const struct gen_row gen_table[];
extern const unsigned int gen_rows;

/* Deterministic random numbers (xorshift64*). */
void gen_seed(u64 seed);
u64 gen_random(void);
unsigned int gen_below(unsigned int n);
bool gen_chance(unsigned int percent);

/* A supported opcode with random prefixes, operands and addressing form. */
void gen_encode(struct gen_insn *g, unsigned int bits);
/* Does the row exist in this mode? */
bool gen_in_mode(const struct gen_row *row, unsigned int bits);
/*
 * Registers with which the decoded instruction finds @target in its memory
 * operand (and @dest in ES:rDI), as far as its form allows.
 */
void gen_registers(struct hs_insn_regs *regs, const struct hs_insn *insn,
		   const struct hs_insn_mode *mode, u64 target, u64 dest);

#endif
