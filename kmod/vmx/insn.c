// SPDX-License-Identifier: GPL-2.0
/*
 * Instruction decoder for accesses to emulated memory.
 *
 * Only instructions with a memory operand are accepted, and of those the ones
 * that drivers and firmware use on devices.  Encodings follow the opcode maps
 * of SDM vol. 2, appendix A.
 */
#include "vmx/insn.h"

/* REX prefix bits. */
#define REX_W	0x8
#define REX_R	0x4
#define REX_X	0x2
#define REX_B	0x1

/* What the opcode byte says about the rest of the instruction. */
#define F_OK		BIT(0)	/* known opcode */
#define F_MODRM		BIT(1)
#define F_BYTE		BIT(2)	/* 8-bit operand, else operand size */
#define F_TO_MEM	BIT(3)	/* memory is the destination */
#define F_IMM		BIT(4)	/* immediate of operand size, at most 32 bits */
#define F_IMM8		BIT(5)	/* immediate byte, sign-extended */
#define F_LOCK		BIT(6)	/* LOCK is allowed if memory is the destination */
#define F_NOREG		BIT(7)	/* ModRM.reg selects the operation */
#define F_STRING	BIT(8)
#define F_MOFFS		BIT(9)

struct opcode {
	u8 op;
	u16 flags;
};

/* Everything collected while the bytes are read. */
struct cursor {
	const u8 *bytes;
	size_t len;
	size_t pos;
	u8 bits;
	u8 rex;
	u8 rep;
	bool lock;
	bool opsize;
	bool addrsize;
	u8 seg;		/* override, or HS_SEG_NR */
	u8 modrm;
};

/* Reads @n bytes, little endian. */
static int take(struct cursor *c, unsigned int n, u64 *val)
{
	unsigned int i;

	*val = 0;
	for (i = 0; i < n; i++) {
		/*
		 * Past the longest instruction comes before past the buffer:
		 * no further byte would make this one legal.
		 */
		if (c->pos >= HS_INSN_MAX_LEN)
			return -E2BIG;
		if (c->pos >= c->len)
			return -EAGAIN;
		*val |= (u64)c->bytes[c->pos++] << (8 * i);
	}
	return 0;
}

static int take_signed(struct cursor *c, unsigned int n, u64 *val)
{
	int ret = take(c, n, val);

	*val = hs_insn_sign_extend(*val, n);
	return ret;
}

static void set_segment(struct cursor *c, u8 seg)
{
	/* In 64-bit mode only FS and GS overrides mean anything (SDM vol. 1, 3.4.4). */
	if (c->bits == 64 && seg < HS_SEG_FS)
		return;
	c->seg = seg;
}

/* Reads the prefixes and leaves the first opcode byte in *@opcode. */
static int take_prefixes(struct cursor *c, u8 *opcode)
{
	u64 byte;
	int ret;

	for (;;) {
		ret = take(c, 1, &byte);
		if (ret)
			return ret;

		if (c->bits == 64 && (byte & 0xf0) == 0x40) {
			c->rex = byte;
			continue;
		}
		switch (byte) {
		case 0x26:
			set_segment(c, HS_SEG_ES);
			break;
		case 0x2e:
			set_segment(c, HS_SEG_CS);
			break;
		case 0x36:
			set_segment(c, HS_SEG_SS);
			break;
		case 0x3e:
			set_segment(c, HS_SEG_DS);
			break;
		case 0x64:
			set_segment(c, HS_SEG_FS);
			break;
		case 0x65:
			set_segment(c, HS_SEG_GS);
			break;
		case 0x66:
			c->opsize = true;
			break;
		case 0x67:
			c->addrsize = true;
			break;
		case 0xf0:
			c->lock = true;
			break;
		case 0xf2:
		case 0xf3:
			c->rep = byte;
			break;
		default:
			*opcode = byte;
			return 0;
		}
		/* A REX that does not come last counts for nothing. */
		c->rex = 0;
	}
}

/* The 16-bit forms of ModRM (SDM vol. 2, table 2-1). */
static int take_modrm16(struct cursor *c, struct hs_insn *insn)
{
	static const u8 base[8] = {
		HS_GPR_RBX, HS_GPR_RBX, HS_GPR_RBP, HS_GPR_RBP,
		HS_GPR_RSI, HS_GPR_RDI, HS_GPR_RBP, HS_GPR_RBX,
	};
	static const u8 index[8] = {
		HS_GPR_RSI, HS_GPR_RDI, HS_GPR_RSI, HS_GPR_RDI,
		HS_GPR_NONE, HS_GPR_NONE, HS_GPR_NONE, HS_GPR_NONE,
	};
	u8 mod = c->modrm >> 6, rm = c->modrm & 7;

	if (mod == 0 && rm == 6)
		return take_signed(c, 2, &insn->disp);

	insn->base = base[rm];
	insn->index = index[rm];
	if (mod == 0)
		return 0;
	return take_signed(c, mod, &insn->disp);	/* mod 1: byte, 2: word */
}

/* The 32 and 64-bit forms with SIB (SDM vol. 2, tables 2-2 and 2-3). */
static int take_modrm32(struct cursor *c, struct hs_insn *insn)
{
	u8 mod = c->modrm >> 6, rm = c->modrm & 7;
	u64 sib;
	int ret;

	if (rm == 4) {
		ret = take(c, 1, &sib);
		if (ret)
			return ret;
		insn->scale = sib >> 6;
		insn->index = ((sib >> 3) & 7) | (c->rex & REX_X ? 8 : 0);
		if (insn->index == HS_GPR_RSP)
			insn->index = HS_GPR_NONE;
		rm = sib & 7;
		if (rm == 5 && mod == 0)
			return take_signed(c, 4, &insn->disp);
	} else if (rm == 5 && mod == 0) {
		if (c->bits == 64)
			insn->base = HS_GPR_RIP;
		return take_signed(c, 4, &insn->disp);
	}

	insn->base = rm | (c->rex & REX_B ? 8 : 0);
	if (mod == 0)
		return 0;
	return take_signed(c, mod == 1 ? 1 : 4, &insn->disp);
}

static int take_memory(struct cursor *c, struct hs_insn *insn)
{
	int ret;

	ret = insn->addr_size == 2 ? take_modrm16(c, insn) : take_modrm32(c, insn);
	if (ret)
		return ret;

	/* Addresses built on the stack or frame pointer default to SS. */
	if (insn->base == HS_GPR_RSP || insn->base == HS_GPR_RBP)
		insn->seg = HS_SEG_SS;
	return 0;
}

/* Group 3: TEST imm, NOT, NEG; MUL and DIV are not for devices. */
static int pick_group3(u8 reg, struct opcode *opc)
{
	switch (reg) {
	case 0:
	case 1:
		opc->op = HS_OP_TEST;
		opc->flags |= opc->flags & F_BYTE ? F_IMM8 : F_IMM;
		return 0;
	case 2:
		opc->op = HS_OP_NOT;
		opc->flags |= F_LOCK;
		return 0;
	case 3:
		opc->op = HS_OP_NEG;
		opc->flags |= F_LOCK;
		return 0;
	}
	return -EOPNOTSUPP;
}

/* Groups 4 and 5: INC, DEC, PUSH; CALL and JMP through a device are refused. */
static int pick_group5(u8 reg, struct opcode *opc)
{
	switch (reg) {
	case 0:
		opc->op = HS_OP_INC;
		opc->flags |= F_LOCK;
		return 0;
	case 1:
		opc->op = HS_OP_DEC;
		opc->flags |= F_LOCK;
		return 0;
	case 6:
		if (opc->flags & F_BYTE)
			return -EINVAL;
		opc->op = HS_OP_PUSH;
		opc->flags &= ~F_TO_MEM;
		return 0;
	case 7:
		return -EINVAL;
	}
	return opc->flags & F_BYTE ? -EINVAL : -EOPNOTSUPP;
}

/*
 * Opcodes whose meaning hangs on ModRM.reg.  Returns 0 with *@opc completed,
 * -EINVAL for undefined encodings, -EOPNOTSUPP for those left out.
 */
static int pick_group(u16 code, u8 modrm, struct opcode *opc)
{
	u8 reg = (modrm >> 3) & 7;

	switch (code) {
	case 0x80 ... 0x83:
		opc->op = HS_OP_ADD + reg;
		if (opc->op != HS_OP_CMP)
			opc->flags |= F_LOCK;
		return 0;
	case 0x8c:
		return reg < HS_SEG_NR ? 0 : -EINVAL;
	case 0x8f:
	case 0xc6:
	case 0xc7:
		return reg == 0 ? 0 : -EINVAL;
	case 0xf6:
	case 0xf7:
		return pick_group3(reg, opc);
	case 0xfe:
	case 0xff:
		return pick_group5(reg, opc);
	case 0x0fba:
		if (reg < 4)
			return -EINVAL;
		opc->op = HS_OP_BT + reg - 4;
		if (opc->op != HS_OP_BT)
			opc->flags |= F_LOCK;
		return 0;
	case 0x0fc7:
		return reg == 1 ? 0 : -EOPNOTSUPP;
	}
	return 0;
}

/* One-byte opcodes 0x00 to 0x3b: op r/m, r and op r, r/m for the eight ALU operations. */
static struct opcode lookup_alu(u8 byte)
{
	struct opcode opc = {
		.op = HS_OP_ADD + (byte >> 3),
		.flags = F_OK | F_MODRM,
	};

	if (!(byte & 1))
		opc.flags |= F_BYTE;
	if (!(byte & 2)) {
		opc.flags |= F_TO_MEM;
		if (opc.op != HS_OP_CMP)
			opc.flags |= F_LOCK;
	}
	return opc;
}

#define OPC(o, f)	((struct opcode){ .op = HS_OP_##o, .flags = F_OK | (f) })
#define NO_OPC		((struct opcode){ .flags = 0 })

static struct opcode lookup1(u8 byte, u8 bits)
{
	u16 w = byte & 1 ? 0 : F_BYTE;
	u16 mem = F_MODRM | F_TO_MEM | w;

	switch (byte) {
	case 0x00 ... 0x3f:
		return (byte & 7) < 4 ? lookup_alu(byte) : NO_OPC;
	case 0x63:
		/* ARPL outside 64-bit mode */
		return bits == 64 ? OPC(MOVSX, F_MODRM) : NO_OPC;
	case 0x6c:
	case 0x6d:
		return OPC(INS, F_STRING | w);
	case 0x6e:
	case 0x6f:
		return OPC(OUTS, F_STRING | w);
	case 0x80:
	case 0x83:
		return OPC(ADD, mem | F_NOREG | F_IMM8);
	case 0x81:
		return OPC(ADD, mem | F_NOREG | F_IMM);
	case 0x82:
		return OPC(ADD, mem | F_NOREG | F_IMM8);
	case 0x84:
	case 0x85:
		return OPC(TEST, mem);
	case 0x86:
	case 0x87:
		return OPC(XCHG, mem | F_LOCK);
	case 0x88:
	case 0x89:
		return OPC(MOV, mem);
	case 0x8a:
	case 0x8b:
		return OPC(MOV, F_MODRM | w);
	case 0x8c:
		return OPC(MOVSEG, F_MODRM | F_TO_MEM);
	case 0x8f:
		return OPC(POP, mem | F_NOREG);
	case 0xa0:
	case 0xa1:
		return OPC(MOV, F_MOFFS | w);
	case 0xa2:
	case 0xa3:
		return OPC(MOV, F_MOFFS | F_TO_MEM | w);
	case 0xa4:
	case 0xa5:
		return OPC(MOVS, F_STRING | w);
	case 0xa6:
	case 0xa7:
		return OPC(CMPS, F_STRING | w);
	case 0xaa:
	case 0xab:
		return OPC(STOS, F_STRING | w);
	case 0xac:
	case 0xad:
		return OPC(LODS, F_STRING | w);
	case 0xae:
	case 0xaf:
		return OPC(SCAS, F_STRING | w);
	case 0xc6:
		return OPC(MOV, mem | F_NOREG | F_IMM8);
	case 0xc7:
		return OPC(MOV, mem | F_NOREG | F_IMM);
	case 0xf6:
	case 0xf7:
		return OPC(TEST, mem | F_NOREG);
	case 0xfe:
	case 0xff:
		return OPC(INC, mem | F_NOREG);
	}
	return NO_OPC;
}

static struct opcode lookup2(u8 byte)
{
	u16 w = byte & 1 ? 0 : F_BYTE;
	u16 mem = F_MODRM | F_TO_MEM;

	switch (byte) {
	case 0x40 ... 0x4f:
		return OPC(CMOVCC, F_MODRM);
	case 0x90 ... 0x9f:
		return OPC(SETCC, mem | F_NOREG | F_BYTE);
	case 0xa3:
		return OPC(BT, mem);
	case 0xab:
		return OPC(BTS, mem | F_LOCK);
	case 0xb3:
		return OPC(BTR, mem | F_LOCK);
	case 0xbb:
		return OPC(BTC, mem | F_LOCK);
	case 0xba:
		return OPC(BT, mem | F_NOREG | F_IMM8);
	case 0xb0:
	case 0xb1:
		return OPC(CMPXCHG, mem | F_LOCK | w);
	case 0xb6:
	case 0xb7:
		return OPC(MOVZX, F_MODRM);
	case 0xbe:
	case 0xbf:
		return OPC(MOVSX, F_MODRM);
	case 0xc0:
	case 0xc1:
		return OPC(XADD, mem | F_LOCK | w);
	case 0xc3:
		return OPC(MOV, mem);		/* MOVNTI */
	case 0xc7:
		return OPC(CMPXCHG2, mem | F_NOREG | F_LOCK);
	}
	return NO_OPC;
}

/* Three-byte map 0F 38: only MOVBE. */
static struct opcode lookup3(u8 byte)
{
	switch (byte) {
	case 0xf0:
		return OPC(MOVBE, F_MODRM);
	case 0xf1:
		return OPC(MOVBE, F_MODRM | F_TO_MEM);
	}
	return NO_OPC;
}

/* Finds the opcode; *@code is 0xNN, 0x0fNN or 0x38NN. */
static int take_opcode(struct cursor *c, u16 *code, struct opcode *opc)
{
	u64 byte;
	u8 first;
	int ret;

	ret = take_prefixes(c, &first);
	if (ret)
		return ret;
	*code = first;
	if (first != 0x0f) {
		*opc = lookup1(first, c->bits);
		return 0;
	}

	ret = take(c, 1, &byte);
	if (ret)
		return ret;
	*code = 0x0f00 | byte;
	if (byte != 0x38) {
		*opc = lookup2(byte);
		return 0;
	}

	ret = take(c, 1, &byte);
	if (ret)
		return ret;
	*code = 0x3800 | byte;
	*opc = lookup3(byte);
	return 0;
}

/* Operand size in bytes of an instruction that is not a byte operation. */
static u8 operand_size(const struct cursor *c)
{
	if (c->rex & REX_W)
		return 8;
	if (c->bits == 16)
		return c->opsize ? 4 : 2;
	return c->opsize ? 2 : 4;
}

static u8 address_size(const struct cursor *c)
{
	switch (c->bits) {
	case 64:
		return c->addrsize ? 4 : 8;
	case 32:
		return c->addrsize ? 2 : 4;
	}
	return c->addrsize ? 4 : 2;
}

/* Instructions whose operand sizes do not follow the common rule. */
static void fix_sizes(const struct cursor *c, u16 code, struct hs_insn *insn)
{
	switch (code) {
	case 0x63:
		insn->size = min_t(u8, insn->reg_size, 4);
		break;
	case 0x8c:
		insn->size = 2;
		insn->reg_size = 2;
		break;
	case 0x8f:
	case 0xff:
		if (insn->op != HS_OP_PUSH && insn->op != HS_OP_POP)
			break;
		/* 64-bit mode has no 32-bit PUSH and POP. */
		if (c->bits == 64 && insn->size == 4)
			insn->size = 8;
		break;
	case 0x6d:
	case 0x6f:
		/* Ports are at most 32 bits wide. */
		insn->size = min_t(u8, insn->size, 4);
		break;
	case 0x0fb6:
	case 0x0fbe:
		insn->size = 1;
		break;
	case 0x0fb7:
	case 0x0fbf:
		insn->size = 2;
		break;
	case 0x0fc3:
		insn->size = c->rex & REX_W ? 8 : 4;
		insn->reg_size = insn->size;
		break;
	case 0x0fc7:
		insn->size = c->rex & REX_W ? 16 : 8;
		break;
	}
}

/* The register operand: number, and whether it is a high byte. */
static void set_register(const struct cursor *c, struct hs_insn *insn)
{
	u8 reg = (c->modrm >> 3) & 7;

	if (insn->op == HS_OP_MOVSEG) {
		insn->reg = reg;	/* REX.R is ignored here */
		return;
	}
	if (insn->reg_size == 1 && !c->rex && reg >= 4) {
		insn->reg = reg - 4;
		insn->reg_high = true;
		return;
	}
	insn->reg = reg | (c->rex & REX_R ? 8 : 0);
}

/*
 * Prefixes that the opcode does not take.  0F 38 F0/F1 with F2 is CRC32;
 * MOVNTI takes none (SDM: "NP").
 */
static int check_prefixes(const struct cursor *c, u16 code,
			  const struct opcode *opc)
{
	if (c->lock && !(opc->flags & F_LOCK))
		return -EINVAL;
	if ((code & 0xff00) == 0x3800 && c->rep)
		return -EOPNOTSUPP;
	if (code == 0x0fc3 && (c->opsize || c->rep))
		return -EINVAL;
	return 0;
}

static int take_immediate(struct cursor *c, const struct opcode *opc,
			  struct hs_insn *insn)
{
	if (!(opc->flags & (F_IMM | F_IMM8)))
		return 0;
	insn->has_imm = true;
	if (opc->flags & F_IMM8)
		return take_signed(c, 1, &insn->imm);
	return take_signed(c, min_t(u8, insn->size, 4), &insn->imm);
}

/* ModRM, what follows it, and what it selects. */
static int take_operands(struct cursor *c, u16 code, struct opcode *opc,
			 struct hs_insn *insn)
{
	u64 byte;
	int ret;

	if (opc->flags & F_MOFFS)
		return take(c, insn->addr_size, &insn->disp);
	if (opc->flags & F_STRING) {
		insn->rep = c->rep;
		return 0;
	}

	ret = take(c, 1, &byte);
	if (ret)
		return ret;
	c->modrm = byte;

	/* No memory operand: nothing here that could touch a device. */
	if (c->modrm >> 6 == 3)
		return c->lock ? -EINVAL : -EOPNOTSUPP;

	ret = pick_group(code, c->modrm, opc);
	if (ret)
		return ret;

	insn->op = opc->op;
	insn->to_mem = opc->flags & F_TO_MEM;
	fix_sizes(c, code, insn);
	if (!(opc->flags & F_NOREG))
		set_register(c, insn);
	return take_memory(c, insn);
}

/**
 * hs_insn_decode - decode one instruction that accesses memory
 * @insn: out, valid if the result is positive
 * @bytes: instruction bytes, the first one at the guest's CS:RIP
 * @len: how many of them are there; 15 are always enough
 * @mode: mode that the instruction runs in
 *
 * Pure; any context.
 *
 * Return: the length in bytes, 1 to 15;
 * -EAGAIN if the instruction goes on beyond @len;
 * -E2BIG if it is longer than 15 bytes: the processor raises #GP(0);
 * -EINVAL if the encoding is undefined, or LOCK is not allowed: #UD;
 * -EOPNOTSUPP if it is not emulated: all without a memory operand, and all
 * that do not appear in enum hs_insn_op.
 */
int hs_insn_decode(struct hs_insn *insn, const u8 *bytes, size_t len,
		   const struct hs_insn_mode *mode)
{
	struct cursor c = {
		.bytes = bytes,
		.len = len,
		.bits = mode->bits,
		.seg = HS_SEG_NR,
	};
	struct opcode opc;
	u16 code;
	int ret;

	memset(insn, 0, sizeof(*insn));
	ret = take_opcode(&c, &code, &opc);
	if (ret)
		return ret;
	if (!(opc.flags & F_OK))
		return -EOPNOTSUPP;
	/* The alias of 0x80 is gone in 64-bit mode. */
	if (code == 0x82 && c.bits == 64)
		return -EINVAL;

	insn->op = opc.op;
	insn->to_mem = opc.flags & F_TO_MEM;
	insn->seg = HS_SEG_DS;
	insn->base = HS_GPR_NONE;
	insn->index = HS_GPR_NONE;
	insn->reg_size = opc.flags & F_BYTE ? 1 : operand_size(&c);
	insn->size = insn->reg_size;
	insn->addr_size = address_size(&c);
	insn->cond = code & 0xf;
	if (opc.flags & F_STRING)
		fix_sizes(&c, code, insn);

	ret = take_operands(&c, code, &opc, insn);
	if (ret)
		return ret;
	ret = take_immediate(&c, &opc, insn);
	if (ret)
		return ret;
	ret = check_prefixes(&c, code, &opc);
	if (ret)
		return ret;

	if (c.seg != HS_SEG_NR)
		insn->seg = c.seg;
	/* XCHG with memory is atomic with or without the prefix. */
	insn->lock = c.lock || insn->op == HS_OP_XCHG;
	insn->len = c.pos;
	return insn->len;
}
