// SPDX-License-Identifier: GPL-2.0
/*
 * What a user process cannot run natively: real and virtual-8086 mode, kernel
 * addresses, wrap-around, ports, callbacks that fail, instructions in pieces.
 */
#include <stdio.h>

#include "vmx/insn.h"
#undef ARRAY_SIZE
#include "kselftest_harness.h"

#define AR_DATA		(HS_AR_P | HS_AR_S | 0x3)
#define AR_CODE		(HS_AR_P | HS_AR_S | 0xb)
#define CR0_PE		BIT_ULL(0)
#define CR4_LA57	BIT_ULL(12)
#define MAX_CALLS	64

enum call_kind { CALL_READ, CALL_WRITE, CALL_CMPXCHG, CALL_CHECK, CALL_IN, CALL_OUT };

struct call {
	enum call_kind kind;
	u64 addr;		/* or port */
	unsigned int size;
	u32 flags;
	u64 val;
};

/* Callbacks log what they are asked; memory is one window of bytes. */
struct machine {
	struct hs_insn_mode mode;
	struct hs_insn_regs regs;
	struct hs_insn_ops ops;
	struct hs_insn_ctx ctx;
	struct hs_insn insn;
	u8 mem[256];
	u64 mem_at;
	struct call call[MAX_CALLS];
	unsigned int calls;
	int read_ret, write_ret, cmpxchg_ret, check_ret, io_ret;
	unsigned int ret_after;		/* that many calls succeed first */
	u32 in_val;
};

static int log_call(struct machine *m, enum call_kind kind, u64 addr,
		    unsigned int size, u32 flags, const void *val, int ret)
{
	struct call *c = &m->call[m->calls % MAX_CALLS];

	*c = (struct call){ kind, addr, size, flags, 0 };
	if (val)
		memcpy(&c->val, val, min_t(unsigned int, size, 8));
	if (m->calls++ < m->ret_after)
		return 0;
	if (ret == HS_INSN_FAULT)
		m->ctx.fault = (struct hs_insn_fault){ HS_VEC_PF, true, 6, addr };
	return ret;
}

static u8 *at(struct machine *m, u64 addr)
{
	return &m->mem[(u8)(addr - m->mem_at)];
}

static int m_read(struct hs_insn_ctx *ctx, u64 linear, void *buf,
		  unsigned int size, u32 flags)
{
	struct machine *m = ctx->priv;
	unsigned int i;

	for (i = 0; i < size; i++)
		((u8 *)buf)[i] = *at(m, linear + i);
	return log_call(m, CALL_READ, linear, size, flags, NULL, m->read_ret);
}

static int m_write(struct hs_insn_ctx *ctx, u64 linear, const void *buf,
		   unsigned int size, u32 flags)
{
	struct machine *m = ctx->priv;
	unsigned int i;
	int ret = log_call(m, CALL_WRITE, linear, size, flags, buf, m->write_ret);

	for (i = 0; !ret && i < size; i++)
		*at(m, linear + i) = ((const u8 *)buf)[i];
	return ret;
}

static int m_cmpxchg(struct hs_insn_ctx *ctx, u64 linear, void *old,
		     const void *new, unsigned int size)
{
	struct machine *m = ctx->priv;
	int ret = log_call(m, CALL_CMPXCHG, linear, size, 0, new, m->cmpxchg_ret);

	if (!ret)
		memcpy(at(m, linear), new, size);
	return ret;
}

static int m_check(struct hs_insn_ctx *ctx, u64 linear, unsigned int size)
{
	struct machine *m = ctx->priv;

	return log_call(m, CALL_CHECK, linear, size, 0, NULL, m->check_ret);
}

static int m_io(struct hs_insn_ctx *ctx, u16 port, void *buf, unsigned int size,
		bool out)
{
	struct machine *m = ctx->priv;

	if (!out)
		memcpy(buf, &m->in_val, size);
	return log_call(m, out ? CALL_OUT : CALL_IN, port, size, 0, buf, m->io_ret);
}

static void machine_init(struct machine *m, unsigned int bits)
{
	unsigned int i;

	memset(m, 0, sizeof(*m));
	m->mode.bits = bits;
	m->mode.cr0 = CR0_PE;
	for (i = 0; i < HS_SEG_NR; i++)
		m->mode.seg[i] = (struct hs_insn_seg){
			.limit = U32_MAX,
			.ar = (i == HS_SEG_CS ? AR_CODE : AR_DATA) | HS_AR_DB,
		};
	m->ops = (struct hs_insn_ops){
		.read = m_read, .write = m_write, .cmpxchg = m_cmpxchg,
		.check = m_check, .io = m_io,
	};
	m->ctx = (struct hs_insn_ctx){
		.regs = &m->regs, .mode = &m->mode, .ops = &m->ops,
		.priv = m, .max_iters = 1000,
	};
	m->regs.rflags = 2;
}

/* 16-bit real mode: segments of 64 KiB at selector * 16. */
static void machine_init_real(struct machine *m)
{
	unsigned int i;

	machine_init(m, 16);
	m->mode.cr0 = 0;
	for (i = 0; i < HS_SEG_NR; i++)
		m->mode.seg[i] = (struct hs_insn_seg){
			.base = 0x1000 * i, .sel = 0x100 * i, .limit = 0xffff,
			.ar = i == HS_SEG_CS ? AR_CODE : AR_DATA,
		};
}

static int decode_bytes(struct machine *m, const u8 *bytes, size_t len)
{
	return hs_insn_decode(&m->insn, bytes, len, &m->mode);
}

static int exec_bytes(struct machine *m, const u8 *bytes, size_t len)
{
	int ret = decode_bytes(m, bytes, len);

	if (ret != (int)len)
		return ret < 0 ? ret : -ENOTRECOVERABLE;
	return hs_insn_exec(&m->insn, &m->ctx);
}

#define BYTES(...)		((const u8[]){ __VA_ARGS__ }), sizeof((const u8[]){ __VA_ARGS__ })
#define DECODE(m, ...)		decode_bytes(m, BYTES(__VA_ARGS__))
#define EXEC(m, ...)		exec_bytes(m, BYTES(__VA_ARGS__))

TEST(not_emulated)
{
	static const struct {
		u8 bits;
		int ret;
		u8 bytes[8];
	} refused[] = {
		{ 64, -EOPNOTSUPP, { 0xf7, 0x20 } },			/* mul [rax] */
		{ 64, -EOPNOTSUPP, { 0xf6, 0x38 } },			/* idiv byte [rax] */
		{ 64, -EOPNOTSUPP, { 0xff, 0x10 } },			/* call [rax] */
		{ 64, -EOPNOTSUPP, { 0xff, 0x28 } },			/* jmp far [rax] */
		{ 64, -EOPNOTSUPP, { 0x0f, 0x6f, 0x00 } },		/* movq mm0, [rax] */
		{ 64, -EOPNOTSUPP, { 0xc5, 0xf8, 0x10, 0x00 } },	/* vmovups */
		{ 64, -EOPNOTSUPP, { 0x62, 0xf1, 0x7c, 0x48 } },	/* EVEX */
		{ 64, -EOPNOTSUPP, { 0x8e, 0x00 } },			/* mov es, [rax] */
		{ 64, -EOPNOTSUPP, { 0xd1, 0x00 } },			/* rol [rax], 1 */
		{ 64, -EOPNOTSUPP, { 0x89, 0xc0 } },			/* mov eax, eax */
		{ 64, -EOPNOTSUPP, { 0x90 } },
		{ 64, -EOPNOTSUPP, { 0x0f, 0xc7, 0x20 } },		/* xsavec [rax] */
		{ 64, -EOPNOTSUPP, { 0x0f, 0x38, 0x00, 0x00 } },	/* pshufb */
		{ 64, -EOPNOTSUPP, { 0xf2, 0x0f, 0x38, 0xf1, 0x00 } },	/* crc32 */
		{ 32, -EOPNOTSUPP, { 0x63, 0x00 } },			/* arpl */
		{ 32, -EOPNOTSUPP, { 0xc4, 0x00 } },			/* les */
		{ 32, -EOPNOTSUPP, { 0x62, 0x00 } },			/* bound */
		{ 64, -EINVAL, { 0x82, 0x00, 0x00 } },
		{ 64, -EINVAL, { 0x8f, 0x08 } },			/* group 1A /1 */
		{ 64, -EINVAL, { 0xc6, 0x08, 0x00 } },
		{ 64, -EINVAL, { 0xfe, 0x10 } },
		{ 64, -EINVAL, { 0xfe, 0x30 } },
		{ 64, -EINVAL, { 0xff, 0x38 } },
		{ 64, -EINVAL, { 0x0f, 0xba, 0x00, 0x00 } },
		{ 64, -EINVAL, { 0x8c, 0x30 } },			/* mov [rax], segment 6 */
		{ 64, -EINVAL, { 0xf0, 0x01, 0xc0 } },			/* lock add eax, eax */
		{ 64, -EINVAL, { 0xf0, 0xa5 } },			/* lock movs */
		{ 64, -EINVAL, { 0x66, 0x0f, 0xc3, 0x00 } },
	};
	struct machine m;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		machine_init(&m, refused[i].bits);
		EXPECT_EQ(refused[i].ret, decode_bytes(&m, refused[i].bytes, 8))
			TH_LOG("row %u", i);
	}
}

TEST(length_limits)
{
	struct machine m;
	u8 bytes[20];

	machine_init(&m, 64);
	memset(bytes, 0x66, sizeof(bytes));
	EXPECT_EQ(-EAGAIN, decode_bytes(&m, bytes, 0));
	EXPECT_EQ(-EAGAIN, decode_bytes(&m, bytes, 14));
	EXPECT_EQ(-E2BIG, decode_bytes(&m, bytes, 15));
	EXPECT_EQ(-E2BIG, decode_bytes(&m, bytes, 20));
	bytes[13] = 0x8b;
	bytes[14] = 0x00;
	EXPECT_EQ(15, decode_bytes(&m, bytes, 20));
	bytes[13] = 0x66;
	bytes[14] = 0x8b;
	bytes[15] = 0x00;
	EXPECT_EQ(-E2BIG, decode_bytes(&m, bytes, 20));
}

TEST(real_mode)
{
	struct machine m;

	machine_init_real(&m);
	/* mov ax, [bx+si]: DS, offsets wrap at 64 KiB */
	m.regs.gpr[HS_GPR_RBX] = 0xfff0;
	m.regs.gpr[HS_GPR_RSI] = 0x12340030;
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0x8b, 0x00));
	EXPECT_EQ(0x3020, m.call[0].addr);
	EXPECT_EQ(2, m.call[0].size);
	EXPECT_EQ(2, m.regs.rip);

	/* [bp] is in SS */
	m.regs.gpr[HS_GPR_RBP] = 0x40;
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0x8a, 0x46, 0x00));
	EXPECT_EQ(0x2040, m.call[1].addr);

	/* Writing through CS is allowed in real mode. */
	m.regs.gpr[HS_GPR_RBX] = 0x10;
	m.regs.gpr[HS_GPR_RSI] = 0;
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0x2e, 0x88, 0x00));
	EXPECT_EQ(0x1010, m.call[2].addr);

	/* A word at 0xffff: #GP, #SS for the stack; no error code. */
	m.regs.gpr[HS_GPR_RBX] = 0xffff;
	EXPECT_EQ(HS_INSN_FAULT, EXEC(&m, 0x8b, 0x00));
	EXPECT_EQ(HS_VEC_GP, m.ctx.fault.vector);
	EXPECT_FALSE(m.ctx.fault.has_error);
	m.regs.gpr[HS_GPR_RBP] = 0xffff;
	EXPECT_EQ(HS_INSN_FAULT, EXEC(&m, 0x8b, 0x46, 0x00));
	EXPECT_EQ(HS_VEC_SS, m.ctx.fault.vector);
	EXPECT_FALSE(m.ctx.fault.has_error);

	/* Unreal mode: a limit of 4 GiB left from protected mode. */
	m.mode.seg[HS_SEG_DS].limit = U32_MAX;
	m.regs.gpr[HS_GPR_RBX] = 0xfee00020;
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0x66, 0x67, 0x8b, 0x03));
	EXPECT_EQ(0xfee03020, m.call[3].addr);
	EXPECT_EQ(4, m.calls);
}

TEST(virtual_8086)
{
	struct machine m;

	machine_init_real(&m);
	m.mode.cr0 = CR0_PE;
	m.mode.vm86 = true;
	m.mode.cpl = 3;
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0x2e, 0x88, 0x07));
	m.regs.gpr[HS_GPR_RBX] = 0xffff;
	EXPECT_EQ(HS_INSN_FAULT, EXEC(&m, 0x8b, 0x07));
	EXPECT_EQ(HS_VEC_GP, m.ctx.fault.vector);
	EXPECT_TRUE(m.ctx.fault.has_error);
	EXPECT_EQ(0, m.ctx.fault.error_code);
}

TEST(canonical)
{
	struct hs_insn_fault f;
	struct machine m;
	u64 linear;

	machine_init(&m, 64);
	EXPECT_EQ(0, hs_insn_linear(&m.mode, HS_SEG_DS, 0x7ffffffffff8, 8, true, &linear, &f));
	EXPECT_EQ(HS_INSN_FAULT, hs_insn_linear(&m.mode, HS_SEG_DS, 0x7ffffffffff9, 8, true, &linear, &f));
	EXPECT_EQ(HS_VEC_GP, f.vector);
	EXPECT_EQ(HS_INSN_FAULT, hs_insn_linear(&m.mode, HS_SEG_SS, 0xffff7fffffffffff, 1, true, &linear, &f));
	EXPECT_EQ(HS_VEC_SS, f.vector);
	EXPECT_EQ(0, hs_insn_linear(&m.mode, HS_SEG_SS, 0xffff800000000000, 1, true, &linear, &f));
	m.mode.cr4 = CR4_LA57;
	EXPECT_EQ(0, hs_insn_linear(&m.mode, HS_SEG_DS, 0x00fffffffffffff8, 8, true, &linear, &f));
	EXPECT_EQ(HS_INSN_FAULT, hs_insn_linear(&m.mode, HS_SEG_DS, 0x00fffffffffffff9, 8, true, &linear, &f));
	/* Bases count for FS and GS only. */
	m.mode.seg[HS_SEG_DS].base = 0x1000;
	m.mode.seg[HS_SEG_GS].base = 0xffff888000000000;
	EXPECT_EQ(0, hs_insn_linear(&m.mode, HS_SEG_DS, 0x10, 8, true, &linear, &f));
	EXPECT_EQ(0x10, linear);
	EXPECT_EQ(0, hs_insn_linear(&m.mode, HS_SEG_GS, 0x10, 8, true, &linear, &f));
	EXPECT_EQ(0xffff888000000010, linear);
}

TEST(fetch_span)
{
	struct machine m;
	u64 linear;

	machine_init_real(&m);
	EXPECT_EQ(15, hs_insn_fetch_span(&m.mode, 0xff00, &linear));
	EXPECT_EQ(0x10f00, linear);
	EXPECT_EQ(2, hs_insn_fetch_span(&m.mode, 0xfffe, &linear));
	EXPECT_EQ(0, hs_insn_fetch_span(&m.mode, 0x10000, &linear));
	machine_init(&m, 32);
	m.mode.seg[HS_SEG_CS].base = 0x80000000;
	EXPECT_EQ(15, hs_insn_fetch_span(&m.mode, 0x90000000, &linear));
	EXPECT_EQ(0x10000000, linear);
	EXPECT_EQ(1, hs_insn_fetch_span(&m.mode, U32_MAX, &linear));
	machine_init(&m, 64);
	EXPECT_EQ(15, hs_insn_fetch_span(&m.mode, 0xffffffff81000000, &linear));
	EXPECT_EQ(0xffffffff81000000, linear);
	EXPECT_EQ(3, hs_insn_fetch_span(&m.mode, 0x00007ffffffffffd, &linear));
	EXPECT_EQ(0, hs_insn_fetch_span(&m.mode, 0x0000800000000000, &linear));
}

/* Linear addresses wrap at 4 GiB; a write is checked whole before it begins. */
TEST(wrap_32)
{
	struct machine m;

	machine_init(&m, 32);
	m.mode.seg[HS_SEG_DS].base = 0xfffff000;
	m.mem_at = 0xfffffffe;
	memcpy(m.mem, "\x11\x22\x33\x44", 4);
	m.regs.gpr[HS_GPR_RBX] = 0xffe;
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0x8b, 0x03));
	EXPECT_EQ(0x44332211, m.regs.gpr[HS_GPR_RAX]);
	ASSERT_EQ(2, m.calls);
	EXPECT_EQ(0xfffffffe, m.call[0].addr);
	EXPECT_EQ(2, m.call[0].size);
	EXPECT_EQ(0, m.call[1].addr);

	m.calls = 0;
	m.check_ret = HS_INSN_FAULT;
	m.regs.gpr[HS_GPR_RAX] = 0;
	EXPECT_EQ(HS_INSN_FAULT, EXEC(&m, 0x89, 0x03));
	EXPECT_EQ(1, m.calls);
	EXPECT_EQ(0, memcmp(m.mem, "\x11\x22\x33\x44", 4));
	m.check_ret = 0;
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0x89, 0x03));
	EXPECT_EQ(0, memcmp(m.mem, "\0\0\0\0", 4));

	/* An atomic operation there is a read and a write. */
	m.calls = 0;
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0xf0, 0xff, 0x03));
	EXPECT_EQ(5, m.calls);
	EXPECT_EQ(CALL_WRITE, m.call[4].kind);
	EXPECT_EQ(1, m.mem[0]);

	/* INS finds both parts good before it reads the port. */
	m.calls = 0;
	m.regs.gpr[HS_GPR_RDI] = 0xffe;
	m.mode.seg[HS_SEG_ES].base = 0xfffff000;
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0x6d));
	EXPECT_EQ(CALL_CHECK, m.call[0].kind);
	EXPECT_EQ(CALL_CHECK, m.call[1].kind);
	EXPECT_EQ(CALL_IN, m.call[2].kind);
}

TEST(wrap_64)
{
	struct machine m;

	machine_init(&m, 64);
	m.mem_at = 0xfffffffffffffffe;
	memcpy(m.mem, "\x11\x22\x33\x44", 4);
	m.regs.gpr[HS_GPR_RBX] = 0xfffffffffffffffe;
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0x8b, 0x03));
	EXPECT_EQ(0x44332211, m.regs.gpr[HS_GPR_RAX]);
	ASSERT_EQ(2, m.calls);
	EXPECT_EQ(0, m.call[1].addr);
}

/* Which accesses ask for write permission, and which are atomic. */
TEST(access_flags)
{
	struct machine m;

	machine_init(&m, 64);
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0x39, 0x03));		/* cmp */
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0x85, 0x03));		/* test */
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0x0f, 0xa3, 0x03));	/* bt */
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0x03, 0x03));		/* add eax, [rbx] */
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0x0f, 0x40, 0x03));	/* cmovo */
	ASSERT_EQ(5, m.calls);
	EXPECT_EQ(0, m.call[0].flags | m.call[1].flags | m.call[2].flags |
		     m.call[3].flags | m.call[4].flags);

	m.calls = 0;
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0x01, 0x03));		/* add [rbx], eax */
	ASSERT_EQ(2, m.calls);
	EXPECT_EQ(HS_INSN_WRITE_INTENT, m.call[0].flags);
	EXPECT_EQ(CALL_WRITE, m.call[1].kind);

	m.calls = 0;
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0x87, 0x03));		/* xchg */
	ASSERT_EQ(2, m.calls);
	EXPECT_EQ(HS_INSN_WRITE_INTENT | HS_INSN_LOCKED, m.call[0].flags);
	EXPECT_EQ(CALL_CMPXCHG, m.call[1].kind);

	m.calls = 0;
	m.ops.cmpxchg = NULL;
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0xf0, 0x0f, 0xc7, 0x0b));	/* lock cmpxchg8b */
	ASSERT_EQ(2, m.calls);
	EXPECT_EQ(CALL_WRITE, m.call[1].kind);
	EXPECT_EQ(HS_INSN_LOCKED, m.call[1].flags);

	m.calls = 0;
	m.regs.gpr[HS_GPR_RSP] = 0x100;
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0xff, 0x33));		/* push [rbx] */
	ASSERT_EQ(2, m.calls);
	EXPECT_EQ(0, m.call[0].flags);
	EXPECT_EQ(HS_INSN_STACK, m.call[1].flags);
	EXPECT_EQ(0xf8, m.call[1].addr);
	m.calls = 0;
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0x8f, 0x04, 0x24));	/* pop [rsp] */
	ASSERT_EQ(2, m.calls);
	EXPECT_EQ(HS_INSN_STACK, m.call[0].flags);
	EXPECT_EQ(0x100, m.call[1].addr);
	EXPECT_EQ(0x100, m.regs.gpr[HS_GPR_RSP]);
}

/* An error from a callback comes through, and registers stay. */
TEST(callback_errors)
{
	static const u8 insn[][4] = {
		{ 0x8b, 0x03 }, { 0x01, 0x03 }, { 0x87, 0x03 }, { 0x8f, 0x03 },
		{ 0xff, 0x33 }, { 0xa4 }, { 0xa6 }, { 0xac }, { 0xae }, { 0xaa },
		{ 0x6e }, { 0x6c }, { 0x0f, 0xc7, 0x0b }, { 0x0f, 0xb1, 0x0b },
	};
	static const u8 len[] = { 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 3, 3 };
	struct hs_insn_regs before;
	struct machine m;
	unsigned int i, good;

	for (i = 0; i < ARRAY_SIZE(insn); i++) {
		for (good = 0; ; good++) {
			int ret;

			machine_init(&m, 64);
			m.regs.gpr[HS_GPR_RAX] = 0x1234;
			m.regs.gpr[HS_GPR_RSP] = 0x80;
			before = m.regs;
			m.ret_after = good;
			m.read_ret = m.write_ret = m.cmpxchg_ret = -EAGAIN;
			m.check_ret = m.io_ret = -EAGAIN;
			ret = exec_bytes(&m, insn[i], len[i]);
			if (m.calls <= good) {
				EXPECT_EQ(HS_INSN_DONE, ret);
				break;
			}
			EXPECT_EQ(-EAGAIN, ret) TH_LOG("row %u after %u", i, good);
			EXPECT_EQ(0, memcmp(&before, &m.regs, sizeof(before)))
				TH_LOG("row %u after %u", i, good);
		}
		EXPECT_GT(good, 0);
	}
}

TEST(atomic_gives_up)
{
	struct machine m;

	machine_init(&m, 64);
	m.cmpxchg_ret = HS_INSN_MISMATCH;
	EXPECT_EQ(-EAGAIN, EXEC(&m, 0xf0, 0x01, 0x03));
	EXPECT_EQ(0, m.regs.rip);
	EXPECT_EQ(-EAGAIN, EXEC(&m, 0xf0, 0x0f, 0xc7, 0x0b));
	EXPECT_EQ(0, m.regs.rip);
}

TEST(rep_in_pieces)
{
	struct machine m;

	machine_init(&m, 64);
	m.regs.gpr[HS_GPR_RAX] = 0x5a;
	m.regs.gpr[HS_GPR_RCX] = 10;
	m.regs.gpr[HS_GPR_RDI] = 0x20;
	m.regs.rflags |= HS_FL_RF;
	m.ctx.max_iters = 4;
	EXPECT_EQ(HS_INSN_CONT, EXEC(&m, 0xf3, 0xaa));
	EXPECT_EQ(6, m.regs.gpr[HS_GPR_RCX]);
	EXPECT_EQ(0x24, m.regs.gpr[HS_GPR_RDI]);
	EXPECT_EQ(0, m.regs.rip);
	EXPECT_TRUE(m.regs.rflags & HS_FL_RF);
	EXPECT_EQ(HS_INSN_CONT, hs_insn_exec(&m.insn, &m.ctx));
	EXPECT_EQ(HS_INSN_DONE, hs_insn_exec(&m.insn, &m.ctx));
	EXPECT_EQ(0, m.regs.gpr[HS_GPR_RCX]);
	EXPECT_EQ(0x2a, m.regs.gpr[HS_GPR_RDI]);
	EXPECT_EQ(2, m.regs.rip);
	EXPECT_FALSE(m.regs.rflags & HS_FL_RF);
	EXPECT_EQ(10, m.calls);
	EXPECT_EQ(0x5a, m.mem[0x20]);
	EXPECT_EQ(0x5a, m.mem[0x29]);
	EXPECT_EQ(0, m.mem[0x2a]);

	/* A count of 0 touches nothing; one of max_iters is done at once. */
	m.calls = 0;
	m.ctx.max_iters = 0;
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0xf3, 0xaa));
	EXPECT_EQ(0, m.calls);
	m.regs.gpr[HS_GPR_RCX] = 1;
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0xf3, 0xaa));
	EXPECT_EQ(1, m.calls);
}

/* REPE CMPS stopped by a fault shows the flags from before it began. */
TEST(rep_fault_flags)
{
	struct machine m;

	machine_init(&m, 64);
	m.regs.gpr[HS_GPR_RCX] = 10;
	m.regs.gpr[HS_GPR_RDI] = 0x20;
	m.regs.rflags = 2 | HS_FL_CF | HS_FL_SF;
	m.read_ret = HS_INSN_FAULT;
	m.ret_after = 4;
	EXPECT_EQ(HS_INSN_FAULT, EXEC(&m, 0xf3, 0xa6));
	EXPECT_EQ(8, m.regs.gpr[HS_GPR_RCX]);
	EXPECT_EQ(2, m.regs.gpr[HS_GPR_RSI]);
	EXPECT_EQ(2 | HS_FL_CF | HS_FL_SF, m.regs.rflags);
	EXPECT_EQ(HS_VEC_PF, m.ctx.fault.vector);
	EXPECT_EQ(2, m.ctx.fault.cr2);
}

TEST(ports)
{
	struct machine m;

	machine_init(&m, 64);
	m.regs.gpr[HS_GPR_RDX] = 0x123401f0;
	m.regs.gpr[HS_GPR_RCX] = 3;
	m.regs.gpr[HS_GPR_RDI] = 0x10;
	m.in_val = 0xcafebabe;
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0xf3, 0x66, 0x6d));	/* rep insw */
	EXPECT_EQ(9, m.calls);
	EXPECT_EQ(CALL_CHECK, m.call[0].kind);
	EXPECT_EQ(CALL_IN, m.call[1].kind);
	EXPECT_EQ(0x01f0, m.call[1].addr);
	EXPECT_EQ(2, m.call[1].size);
	EXPECT_EQ(0, memcmp(m.mem + 0x10, "\xbe\xba\xbe\xba\xbe\xba\0", 7));
	EXPECT_EQ(0x16, m.regs.gpr[HS_GPR_RDI]);

	/* Memory that faults: the port is not read. */
	m.calls = 0;
	m.check_ret = HS_INSN_FAULT;
	EXPECT_EQ(HS_INSN_FAULT, EXEC(&m, 0x6c));
	EXPECT_EQ(1, m.calls);
	m.check_ret = 0;

	m.calls = 0;
	m.regs.gpr[HS_GPR_RSI] = 0x10;
	m.mode.seg[HS_SEG_GS].base = 2;
	EXPECT_EQ(HS_INSN_DONE, EXEC(&m, 0x65, 0x48, 0x6f));	/* outsd gs:, REX.W ignored */
	ASSERT_EQ(2, m.calls);
	EXPECT_EQ(0x12, m.call[0].addr);
	EXPECT_EQ(4, m.call[1].size);
	EXPECT_EQ(CALL_OUT, m.call[1].kind);
	EXPECT_EQ(0xbabebabe, m.call[1].val);

	m.ops.io = NULL;
	EXPECT_EQ(-EOPNOTSUPP, EXEC(&m, 0x6c));
	EXPECT_EQ(-EOPNOTSUPP, EXEC(&m, 0x6e));
	m.ops.io = m_io;
	m.ops.check = NULL;
	EXPECT_EQ(-EOPNOTSUPP, EXEC(&m, 0x6c));
}

/* CMPXCHG16B faults on a misaligned operand before anything is touched. */
TEST(cmpxchg16b_alignment)
{
	struct machine m;

	machine_init(&m, 64);
	m.regs.gpr[HS_GPR_RBX] = 8;
	EXPECT_EQ(HS_INSN_FAULT, EXEC(&m, 0x48, 0x0f, 0xc7, 0x0b));
	EXPECT_EQ(HS_VEC_GP, m.ctx.fault.vector);
	EXPECT_EQ(0, m.calls);
	m.regs.gpr[HS_GPR_RBX] = 0x4000000000000000;
	EXPECT_EQ(HS_INSN_FAULT, EXEC(&m, 0x48, 0x0f, 0xc7, 0x0b));
	EXPECT_EQ(0, m.calls);
}

/* An operation that the decoder never makes must not run wild. */
TEST(unknown_operation)
{
	struct machine m;

	machine_init(&m, 64);
	m.insn.op = HS_OP_NR;
	m.insn.size = 1;
	m.insn.addr_size = 8;
	EXPECT_EQ(-EOPNOTSUPP, hs_insn_exec(&m.insn, &m.ctx));
	EXPECT_EQ(0, m.calls);
}

TEST_HARNESS_MAIN
