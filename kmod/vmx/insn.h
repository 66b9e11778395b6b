/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Instructions that touch emulated memory: decoder and executor.
 *
 * An EPT violation on a device page says which address was touched, not what
 * the instruction wanted to do with it.  So the bytes at the guest's RIP are
 * decoded here and executed against callbacks for linear memory.  All of it
 * is pure: no lock, no allocation, no kernel service.
 *
 * Division of work with the caller (kmod/vmx):
 *  - it fetches up to 15 bytes (hs_insn_fetch_span() says from where and how
 *    many CS allows), walking the guest's page tables with HS_WALK_EXEC;
 *  - its callbacks translate linear addresses (kmod/vmx/walk.h) and reach
 *    guest memory or the device;
 *  - it injects the exception that comes back, and does what belongs to the
 *    end of any instruction: interruptibility, single step (RFLAGS.TF),
 *    and pending interrupts between two calls for one REP instruction.
 *
 * Not modelled: data breakpoints (DR7).  The processor clears or reports
 * them itself for the accesses that it makes; those made here match none.
 */
#ifndef HS_VMX_INSN_H
#define HS_VMX_INSN_H

#include "pure.h"
#include "vmx/x86.h"

/* The longest instruction; one byte more is #GP(0) (SDM vol. 2, 2.3.11). */
#define HS_INSN_MAX_LEN		15

/* Segment registers, in the order of their encoding. */
enum hs_insn_sreg {
	HS_SEG_ES,
	HS_SEG_CS,
	HS_SEG_SS,
	HS_SEG_DS,
	HS_SEG_FS,
	HS_SEG_GS,
	HS_SEG_NR
};

/* General registers with a role of their own. */
enum hs_insn_gpr {
	HS_GPR_RAX, HS_GPR_RCX, HS_GPR_RDX, HS_GPR_RBX,
	HS_GPR_RSP, HS_GPR_RBP, HS_GPR_RSI, HS_GPR_RDI,
	HS_GPR_NR = 16,
	HS_GPR_NONE = 0xff,
	HS_GPR_RIP = 0xfe	/* base of RIP-relative addressing */
};

/**
 * struct hs_insn_regs - the registers that an instruction may change
 * @gpr: general registers in the order of their encoding (RAX, RCX, RDX, ...)
 * @rip: instruction pointer, relative to CS
 * @rflags: flags
 */
struct hs_insn_regs {
	u64 gpr[HS_GPR_NR];
	u64 rip;
	u64 rflags;
};

/**
 * struct hs_insn_seg - a segment register with its hidden part
 * @base: linear base
 * @limit: in bytes, granularity already applied
 * @ar: access rights, VMCS format (HS_AR_*)
 * @sel: selector
 */
struct hs_insn_seg {
	u64 base;
	u32 limit;
	u32 ar;
	u16 sel;
};

/**
 * struct hs_insn_mode - what decides how bytes are read and addresses checked
 * @bits: 64 in 64-bit mode, else 32 or 16 by CS.D
 * @cpl: current privilege level; 3 in virtual-8086 mode
 * @vm86: RFLAGS.VM is set
 * @cr0: guest CR0 (PE, AM)
 * @cr4: guest CR4 (LA57)
 * @seg: segment registers, indexed by enum hs_insn_sreg
 */
struct hs_insn_mode {
	u8 bits;
	u8 cpl;
	bool vm86;
	u64 cr0;
	u64 cr4;
	struct hs_insn_seg seg[HS_SEG_NR];
};

/**
 * struct hs_insn_fault - an exception to be injected
 * @vector: HS_VEC_*
 * @has_error: an error code goes with it
 * @error_code: that code
 * @cr2: faulting linear address, for HS_VEC_PF only
 */
struct hs_insn_fault {
	u8 vector;
	bool has_error;
	u32 error_code;
	u64 cr2;
};

/* What an instruction does.  ALU operations keep the order of their encoding. */
enum hs_insn_op {
	HS_OP_ADD, HS_OP_OR, HS_OP_ADC, HS_OP_SBB,
	HS_OP_AND, HS_OP_SUB, HS_OP_XOR, HS_OP_CMP,
	HS_OP_TEST,
	HS_OP_MOV,
	HS_OP_MOVSEG,
	HS_OP_MOVZX,
	HS_OP_MOVSX,
	HS_OP_MOVBE,
	HS_OP_XCHG,
	HS_OP_XADD,
	HS_OP_CMPXCHG,
	HS_OP_CMPXCHG2,		/* CMPXCHG8B, CMPXCHG16B */
	HS_OP_INC,
	HS_OP_DEC,
	HS_OP_NOT,
	HS_OP_NEG,
	HS_OP_BT, HS_OP_BTS, HS_OP_BTR, HS_OP_BTC,
	HS_OP_SETCC,
	HS_OP_CMOVCC,
	HS_OP_PUSH,
	HS_OP_POP,
	HS_OP_MOVS,
	HS_OP_CMPS,
	HS_OP_STOS,
	HS_OP_LODS,
	HS_OP_SCAS,
	HS_OP_INS,
	HS_OP_OUTS,
	HS_OP_NR
};

/**
 * struct hs_insn - a decoded instruction
 * @op: enum hs_insn_op
 * @len: length in bytes
 * @size: size in bytes of the memory operand
 * @reg_size: size in bytes of the register operand (differs for MOVZX, MOVSX)
 * @addr_size: address size in bytes: 2, 4 or 8
 * @seg: segment of the memory operand (source operand of string instructions)
 * @reg: register operand, or segment register for HS_OP_MOVSEG
 * @reg_high: the register operand is AH, CH, DH or BH (@reg is 0 to 3)
 * @to_mem: memory is the destination, else the register is
 * @has_imm: @imm is the source operand instead of the register
 * @lock: atomic: LOCK prefix, or XCHG
 * @rep: 0, 0xf2 or 0xf3, string instructions only
 * @cond: condition code of SETcc and CMOVcc
 * @base: base register, HS_GPR_RIP or HS_GPR_NONE
 * @index: index register or HS_GPR_NONE
 * @scale: shift of the index, 0 to 3
 * @disp: displacement, sign-extended; absolute address of moffs forms
 * @imm: immediate operand, sign-extended where the instruction does
 */
struct hs_insn {
	u8 op;
	u8 len;
	u8 size;
	u8 reg_size;
	u8 addr_size;
	u8 seg;
	u8 reg;
	bool reg_high;
	bool to_mem;
	bool has_imm;
	bool lock;
	u8 rep;
	u8 cond;
	u8 base;
	u8 index;
	u8 scale;
	u64 disp;
	u64 imm;
};

struct hs_insn_ctx;

/* Flags of the memory callbacks. */
#define HS_INSN_WRITE_INTENT	BIT(0)	/* read: part of read-modify-write; check as a write */
#define HS_INSN_LOCKED		BIT(1)	/* read or write of an atomic instruction */
#define HS_INSN_STACK		BIT(2)	/* the stack operand of PUSH or POP */

/* What hs_insn_exec() and the callbacks return when it is no errno. */
#define HS_INSN_DONE		0
#define HS_INSN_CONT		1
#define HS_INSN_FAULT		2
#define HS_INSN_MISMATCH	3

/**
 * struct hs_insn_ops - linear memory and ports as the instruction sees them
 * @read: read @size (1 to 16) bytes at @linear, which may cross pages
 * @write: write them.  Both halves of a page-crossing write must be
 *	translated before either is written, so that a fault leaves no trace
 * @cmpxchg: optional; if memory holds *@old, replace it with *@new and return
 *	0, else copy what it holds to *@old and return HS_INSN_MISMATCH.  Used
 *	by atomic instructions.  Without it they are a read and a write, and
 *	the caller must keep others off that memory
 * @check: optional unless @io is there; translate for writing, touch nothing
 * @io: optional; one port access of @size 1, 2 or 4.  Without it INS and OUTS
 *	are -EOPNOTSUPP.  Port permission was checked by the processor
 *
 * Each returns 0; HS_INSN_FAULT with ctx->fault filled in; or a negative errno
 * that hs_insn_exec() hands on to its caller.
 */
struct hs_insn_ops {
	int (*read)(struct hs_insn_ctx *ctx, u64 linear, void *buf,
		    unsigned int size, u32 flags);
	int (*write)(struct hs_insn_ctx *ctx, u64 linear, const void *buf,
		     unsigned int size, u32 flags);
	int (*cmpxchg)(struct hs_insn_ctx *ctx, u64 linear, void *old,
		       const void *new, unsigned int size);
	int (*check)(struct hs_insn_ctx *ctx, u64 linear, unsigned int size);
	int (*io)(struct hs_insn_ctx *ctx, u16 port, void *buf,
		  unsigned int size, bool out);
};

/**
 * struct hs_insn_ctx - one execution
 * @regs: registers, in and out
 * @mode: mode that the instruction was decoded for
 * @ops: callbacks
 * @priv: for the callbacks
 * @max_iters: iterations of a REP instruction per call, at least 1
 * @fault: out, valid after HS_INSN_FAULT
 */
struct hs_insn_ctx {
	struct hs_insn_regs *regs;
	const struct hs_insn_mode *mode;
	const struct hs_insn_ops *ops;
	void *priv;
	u32 max_iters;
	struct hs_insn_fault fault;
};

int hs_insn_decode(struct hs_insn *insn, const u8 *bytes, size_t len,
		   const struct hs_insn_mode *mode);
int hs_insn_exec(const struct hs_insn *insn, struct hs_insn_ctx *ctx);

int hs_insn_fetch_span(const struct hs_insn_mode *mode, u64 rip, u64 *linear);
int hs_insn_linear(const struct hs_insn_mode *mode, u8 seg, u64 offset,
		   unsigned int size, bool write, u64 *linear,
		   struct hs_insn_fault *fault);

/* Between the files of the executor; nobody else calls these. */
int hs_insn_mem_read(struct hs_insn_ctx *ctx, u8 seg, u64 offset, void *buf,
		     unsigned int size, u32 flags);
int hs_insn_mem_write(struct hs_insn_ctx *ctx, u8 seg, u64 offset,
		      const void *buf, unsigned int size, u32 flags);
int hs_insn_mem_cmpxchg(struct hs_insn_ctx *ctx, u8 seg, u64 offset, void *old,
			const void *new, unsigned int size);
int hs_insn_mem_check(struct hs_insn_ctx *ctx, u8 seg, u64 offset,
		      unsigned int size);
u64 hs_insn_flags_sub(u64 a, u64 b, u64 borrow, unsigned int size, u64 rflags);
void hs_insn_put_reg(struct hs_insn_regs *regs, u8 reg, unsigned int size,
		     u64 val);
int hs_insn_exec_string(const struct hs_insn *insn, struct hs_insn_ctx *ctx);

static inline u64 hs_insn_mask(unsigned int size)
{
	return size >= 8 ? ~0ULL : BIT_ULL(8 * size) - 1;
}

static inline u64 hs_insn_sign_extend(u64 val, unsigned int size)
{
	unsigned int shift = 64 - 8 * size;

	return (u64)((s64)(val << shift) >> shift);
}

#endif /* HS_VMX_INSN_H */
