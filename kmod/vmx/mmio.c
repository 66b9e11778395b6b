// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions executed in software: accesses to device memory, and string I/O.
 *
 * The instruction at RIP is fetched and decoded anew, its operands translated by
 * the guest's page tables with the guest's rights, and the result is what the
 * processor would have done.  A REP instruction runs for a bounded number of
 * iterations; then the guest is entered with RIP still on it, so interrupts and
 * requests are served in between.
 *
 * Process context, not in a slice.  The guest state comes from the VMCS at the
 * begin and goes back at the begin of the next slice.
 */
#include "vmx/insn.h"
#include "vmx/priv.h"
#include "vmx/walk.h"

/* Iterations of a REP instruction in one go. */
#define MAX_ITERS	256
#define PAGE_BYTES	4096U

/**
 * struct emu - one emulation
 * @v: the vCPU
 * @mode: what decides decoding and segment checks
 * @regs: general registers, RIP, RFLAGS
 * @walk: its paging
 * @insn: the instruction
 * @bytes: its bytes
 * @len: how many of them were read
 */
struct emu {
	struct hs_vmx *v;
	struct hs_insn_mode mode;
	struct hs_insn_regs regs;
	struct hs_walk_ctx walk;
	struct hs_insn insn;
	u8 bytes[HS_INSN_MAX_LEN];
	unsigned int len;
};

/* ---- guest state -------------------------------------------------------------- */

#define SEG(n) do {								\
	e->mode.seg[HS_SEG_##n].base = hs_vmreadl(GUEST_##n##_BASE);		\
	e->mode.seg[HS_SEG_##n].limit = hs_vmread32(GUEST_##n##_LIMIT);		\
	e->mode.seg[HS_SEG_##n].ar = hs_vmread32(GUEST_##n##_AR_BYTES);		\
	e->mode.seg[HS_SEG_##n].sel = hs_vmread16(GUEST_##n##_SELECTOR);	\
} while (0)

static void read_segments(struct emu *e)
{
	struct hs_insn_mode *m = &e->mode;
	u64 efer = e->walk.efer;

	m->seg[HS_SEG_CS].ar = hs_vmread32(GUEST_CS_AR_BYTES);
	m->seg[HS_SEG_SS].ar = hs_vmread32(GUEST_SS_AR_BYTES);
	m->cpl = (m->seg[HS_SEG_SS].ar >> 5) & 3;
	m->vm86 = e->regs.rflags & HS_FL_VM;
	if ((efer & HS_EFER_LMA) && (m->seg[HS_SEG_CS].ar & HS_AR_L)) {
		/* 64-bit mode looks at no limit and two bases. */
		m->bits = 64;
		m->seg[HS_SEG_FS].base = hs_vmreadl(GUEST_FS_BASE);
		m->seg[HS_SEG_GS].base = hs_vmreadl(GUEST_GS_BASE);
		return;
	}
	m->bits = m->seg[HS_SEG_CS].ar & HS_AR_DB ? 32 : 16;
	SEG(ES);
	SEG(CS);
	SEG(SS);
	SEG(DS);
	SEG(FS);
	SEG(GS);
}

/* What 64-bit mode has no other use for: MOV stores them. */
static int read_selectors(struct emu *e)
{
	struct hs_insn_seg *seg = e->mode.seg;
	int err = hs_vmx_open(e->v);

	if (err)
		return err;
	seg[HS_SEG_ES].sel = hs_vmread16(GUEST_ES_SELECTOR);
	seg[HS_SEG_CS].sel = hs_vmread16(GUEST_CS_SELECTOR);
	seg[HS_SEG_SS].sel = hs_vmread16(GUEST_SS_SELECTOR);
	seg[HS_SEG_DS].sel = hs_vmread16(GUEST_DS_SELECTOR);
	seg[HS_SEG_FS].sel = hs_vmread16(GUEST_FS_SELECTOR);
	seg[HS_SEG_GS].sel = hs_vmread16(GUEST_GS_SELECTOR);
	hs_vmx_close(e->v);
	return 0;
}

/* PKRU while it is not in the processor: component 9 of the XSAVE area. */
static u32 saved_pkru(struct hs_vmx *v)
{
	const u8 *area = v->xsave;
	u64 present = *(const u64 *)(area + 512);

	if (!(present & HS_XF_PKRU))
		return 0;
	return *(const u32 *)(area + v->vm->cpuid.xf[9].offset);
}

static int walk_read(void *priv, u64 gpa, unsigned int size, u64 *entry)
{
	struct hs_vmx *v = priv;

	*entry = 0;
	return hs_gmem_read(v->gmem, gpa, entry, size);
}

static int walk_cmpxchg(void *priv, u64 gpa, unsigned int size, u64 old, u64 new)
{
	struct hs_vmx *v = priv;
	int ret = hs_gmem_cmpxchg(v->gmem, gpa, size, &old, new);

	if (ret < 0)
		return ret;
	return ret ? 0 : HS_WALK_MISMATCH;
}

static const struct hs_walk_ops walk_ops = {
	.read = walk_read,
	.cmpxchg = walk_cmpxchg,
};

static int read_state(struct emu *e)
{
	struct hs_vmx *v = e->v;
	struct hs_walk_ctx *w = &e->walk;
	int err = hs_vmx_open(v);

	if (err)
		return err;
	memcpy(e->regs.gpr, v->e.gpr, sizeof(e->regs.gpr));
	e->regs.gpr[RSP] = hs_vmreadl(GUEST_RSP);
	e->regs.rip = hs_vmreadl(GUEST_RIP);
	e->regs.rflags = hs_vmreadl(GUEST_RFLAGS);
	w->cr0 = hs_guest_cr0(v);
	w->cr3 = hs_vmreadl(GUEST_CR3);
	w->cr4 = hs_guest_cr4(v);
	w->efer = hs_vmread64(GUEST_IA32_EFER);
	w->rflags = e->regs.rflags;
	if ((w->cr0 & HS_CR0_PG) && (w->cr4 & HS_CR4_PAE) && !(w->efer & HS_EFER_LMA)) {
		w->pdpte[0] = hs_vmread64(GUEST_PDPTR0);
		w->pdpte[1] = hs_vmread64(GUEST_PDPTR1);
		w->pdpte[2] = hs_vmread64(GUEST_PDPTR2);
		w->pdpte[3] = hs_vmread64(GUEST_PDPTR3);
	}
	read_segments(e);
	hs_vmx_close(v);

	w->pkru = w->cr4 & HS_CR4_PKE ? saved_pkru(v) : 0;
	w->maxphyaddr = v->vm->cpuid.maxphyaddr;
	w->gbpages = v->vm->cpuid.gbpages;
	w->ops = &walk_ops;
	w->priv = v;
	e->mode.cr0 = w->cr0;
	e->mode.cr4 = w->cr4;
	return 0;
}

static void write_state(struct emu *e, bool retired)
{
	struct hs_vmx *v = e->v;

	memcpy(v->e.gpr, e->regs.gpr, sizeof(v->e.gpr));
	v->gs.gpr[RSP] = e->regs.gpr[RSP];
	v->gs.rip = e->regs.rip;
	v->gs.rflags = e->regs.rflags;
	v->todo |= HS_TODO_REGS | (retired ? HS_TODO_RETIRE : 0);
}

/* ---- memory ------------------------------------------------------------------------ */

static bool is_lapic(struct hs_vmx *v, u64 gpa)
{
	u64 base = hs_lapic_mmio_base(v->apic);

	return base && gpa - base < PAGE_BYTES;
}

static int phys_read(struct hs_vmx *v, u64 gpa, void *buf, unsigned int size)
{
	u8 *p = buf;
	u64 val = 0;

	if (hs_gmem_is_ram(v->gmem, gpa))
		return hs_gmem_read(v->gmem, gpa, buf, size);
	while (size) {
		/* Devices take 1, 2, 4 or 8 bytes at a time. */
		unsigned int n = size >= 8 ? 8 : size >= 4 ? 4 : size >= 2 ? 2 : 1;

		if (is_lapic(v, gpa))
			val = hs_lapic_mmio_read(v->apic, gpa & (PAGE_BYTES - 1), n);
		else
			hs_bus_read(&v->board->mmio, gpa, n, &val, false);
		memcpy(p, &val, n);
		p += n;
		gpa += n;
		size -= n;
	}
	return 0;
}

static int phys_write(struct hs_vmx *v, u64 gpa, const void *buf, unsigned int size)
{
	const u8 *p = buf;

	if (hs_gmem_is_ram(v->gmem, gpa))
		return hs_gmem_write(v->gmem, gpa, buf, size);
	while (size) {
		unsigned int n = size >= 8 ? 8 : size >= 4 ? 4 : size >= 2 ? 2 : 1;
		u64 val = 0;

		memcpy(&val, p, n);
		if (is_lapic(v, gpa))
			hs_lapic_mmio_write(v->apic, gpa & (PAGE_BYTES - 1), n, val);
		else
			hs_bus_write(&v->board->mmio, gpa, n, val, false);
		p += n;
		gpa += n;
		size -= n;
	}
	return 0;
}

/* Up to two pieces of physical memory. */
struct span {
	u64 gpa[2];
	unsigned int len[2];
};

static int translate(struct hs_insn_ctx *ctx, u64 linear, unsigned int size, u32 access,
		     struct span *s)
{
	struct emu *e = ctx->priv;
	unsigned int in_page = PAGE_BYTES - (linear & (PAGE_BYTES - 1));
	int ret;

	if (e->mode.cpl == 3)
		access |= HS_WALK_USER;
	s->len[0] = min(size, in_page);
	s->len[1] = size - s->len[0];
	ret = hs_walk(&e->walk, linear, access, &s->gpa[0], &ctx->fault);
	if (ret || !s->len[1])
		return ret;
	linear += in_page;
	if (e->mode.bits != 64)
		linear = (u32)linear;
	return hs_walk(&e->walk, linear, access, &s->gpa[1], &ctx->fault);
}

static int op_read(struct hs_insn_ctx *ctx, u64 linear, void *buf, unsigned int size,
		   u32 flags)
{
	struct emu *e = ctx->priv;
	struct span s;
	int ret;

	ret = translate(ctx, linear, size,
			flags & HS_INSN_WRITE_INTENT ? HS_WALK_WRITE : HS_WALK_READ, &s);
	if (ret)
		return ret;
	ret = phys_read(e->v, s.gpa[0], buf, s.len[0]);
	if (!ret && s.len[1])
		ret = phys_read(e->v, s.gpa[1], buf + s.len[0], s.len[1]);
	return ret;
}

static int write_span(struct hs_vmx *v, const struct span *s, const void *buf)
{
	int ret = phys_write(v, s->gpa[0], buf, s->len[0]);

	if (!ret && s->len[1])
		ret = phys_write(v, s->gpa[1], buf + s->len[0], s->len[1]);
	return ret;
}

static int op_write(struct hs_insn_ctx *ctx, u64 linear, const void *buf,
		    unsigned int size, u32 flags)
{
	struct emu *e = ctx->priv;
	struct span s;
	int ret;

	ret = translate(ctx, linear, size, HS_WALK_WRITE, &s);
	return ret ?: write_span(e->v, &s, buf);
}

static int op_check(struct hs_insn_ctx *ctx, u64 linear, unsigned int size)
{
	struct span s;

	return translate(ctx, linear, size, HS_WALK_WRITE, &s);
}

/*
 * Atomic where another vCPU could see the difference: naturally aligned RAM.
 * A locked access that crosses a boundary is atomic against nobody.  Devices
 * serialize by themselves; they have been read once, and are not read again: a
 * register may count, or lose its content by being read.
 */
static int op_cmpxchg(struct hs_insn_ctx *ctx, u64 linear, void *old, const void *new,
		      unsigned int size)
{
	struct emu *e = ctx->priv;
	struct hs_vmx *v = e->v;
	struct span s;
	u8 cur[16];
	int ret;

	if (size > sizeof(cur))
		return -EOPNOTSUPP;
	ret = translate(ctx, linear, size, HS_WALK_WRITE, &s);
	if (ret)
		return ret;
	if (!hs_gmem_is_ram(v->gmem, s.gpa[0]) ||
	    (s.len[1] && !hs_gmem_is_ram(v->gmem, s.gpa[1])))
		return write_span(v, &s, new);
	if (size <= 8 && IS_ALIGNED(linear, size)) {
		u64 o = 0, n = 0;

		memcpy(&o, old, size);
		memcpy(&n, new, size);
		ret = hs_gmem_cmpxchg(v->gmem, s.gpa[0], size, &o, n);
		if (ret < 0)
			return ret;
		if (ret)
			return 0;
		memcpy(old, &o, size);
		return HS_INSN_MISMATCH;
	}
	ret = op_read(ctx, linear, cur, size, HS_INSN_WRITE_INTENT);
	if (ret)
		return ret;
	if (memcmp(cur, old, size)) {
		memcpy(old, cur, size);
		return HS_INSN_MISMATCH;
	}
	return op_write(ctx, linear, new, size, 0);
}

static int op_io(struct hs_insn_ctx *ctx, u16 port, void *buf, unsigned int size,
		 bool out)
{
	struct emu *e = ctx->priv;
	u64 val = 0;
	int ret;

	if (out) {
		memcpy(&val, buf, size);
		return hs_bus_write(&e->v->board->pio, port, size, val, false);
	}
	ret = hs_bus_read(&e->v->board->pio, port, size, &val, false);
	memcpy(buf, &val, size);
	return ret;
}

static const struct hs_insn_ops insn_ops = {
	.read = op_read,
	.write = op_write,
	.cmpxchg = op_cmpxchg,
	.check = op_check,
	.io = op_io,
};

/* ---- the instruction ----------------------------------------------------------------- */

/*
 * Bytes are fetched page by page, the next one only when the instruction goes
 * on there: touching it may raise a fault that the CPU would not see.
 */
static int fetch_and_decode(struct emu *e, struct hs_insn_fault *fault)
{
	u64 linear, gpa;
	int span, ret;

	span = hs_insn_fetch_span(&e->mode, e->regs.rip, &linear);
	for (;;) {
		unsigned int in_page = PAGE_BYTES - (linear & (PAGE_BYTES - 1));
		unsigned int n = min_t(unsigned int, span - e->len, in_page);

		if (span <= (int)e->len) {
			*fault = (struct hs_insn_fault){ .vector = HS_VEC_GP, .has_error = true };
			return HS_INSN_FAULT;
		}
		ret = hs_walk(&e->walk, linear,
			      HS_WALK_EXEC | (e->mode.cpl == 3 ? HS_WALK_USER : 0),
			      &gpa, fault);
		if (ret)
			return ret;
		if (!hs_gmem_is_ram(e->v->gmem, gpa))
			return -EFAULT;
		ret = hs_gmem_read(e->v->gmem, gpa, e->bytes + e->len, n);
		if (ret)
			return ret;
		e->len += n;
		linear += n;
		ret = hs_insn_decode(&e->insn, e->bytes, e->len, &e->mode);
		if (ret != -EAGAIN)
			return ret > 0 ? 0 : ret;
	}
}

static enum hs_next fail(struct emu *e, const char *what, int err)
{
	struct hs_vmx *v = e->v;

	memcpy(v->insn, e->bytes, e->len);
	v->insn_len = e->len;
	return hs_vmx_fail(v, "the instruction is not one that drivers use on devices",
			   "%s at %#llx (%d-bit, error %d): %*ph", what, e->regs.rip,
			   e->mode.bits, err, (int)e->len, e->bytes);
}

static void inject(struct hs_vmx *v, const struct hs_insn_fault *f)
{
	if (f->vector == HS_VEC_PF)
		hs_vmx_inject_pf(v, f->cr2, f->error_code);
	else
		hs_vmx_inject(v, f->vector, f->has_error, f->error_code);
}

/**
 * hs_mmio_emulate - execute the instruction at RIP in software
 * @v: not in a slice
 * @io: it is INS or OUTS, else it touches device memory
 *
 * Return: HS_RESUME or HS_FAIL.
 */
enum hs_next hs_mmio_emulate(struct hs_vmx *v, bool io)
{
	struct emu e = { .v = v };
	struct hs_insn_ctx ctx = {
		.regs = &e.regs,
		.mode = &e.mode,
		.ops = &insn_ops,
		.priv = &e,
	};
	u64 count;
	int ret;

	if (read_state(&e))
		return HS_RESUME;
	count = e.regs.gpr[RCX];
	ret = fetch_and_decode(&e, &ctx.fault);
	if (!ret) {
		if ((e.insn.op == HS_OP_INS || e.insn.op == HS_OP_OUTS) != io)
			return HS_RESUME;	/* the code was changed meanwhile */
		if (e.insn.op == HS_OP_MOVSEG && read_selectors(&e))
			return HS_RESUME;
		/* Single step: #DB after each iteration. */
		ctx.max_iters = e.regs.rflags & HS_FL_TF ? 1 : MAX_ITERS;
		ret = hs_insn_exec(&e.insn, &ctx);
	}

	switch (ret) {
	case HS_INSN_DONE:
		write_state(&e, true);
		return HS_RESUME;
	case HS_INSN_CONT:
		/* Each iteration ends what an instruction ends, but RF. */
		write_state(&e, true);
		return HS_RESUME;
	case HS_INSN_FAULT:
		/* Registers as after the last complete iteration. */
		write_state(&e, false);
		inject(v, &ctx.fault);
		return HS_RESUME;
	case -EAGAIN:
	case -EINTR:
		write_state(&e, e.regs.gpr[RCX] != count);
		return HS_RESUME;
	case -EINVAL:
		hs_vmx_inject_ud(v);
		return HS_RESUME;
	case -E2BIG:
		hs_vmx_inject_gp(v);
		return HS_RESUME;
	case -EOPNOTSUPP:
		return fail(&e, "instruction not emulated", ret);
	case -EFAULT:
		return fail(&e, "page table or code outside memory", ret);
	default:
		return fail(&e, "guest memory cannot be read or written", ret);
	}
}

/**
 * hs_mmio_peek_insn - keep the bytes at RIP for diagnosis
 * @v: not in a slice; v->insn is filled as far as memory can be read
 *
 * Changes nothing in the guest, not even accessed flags.
 */
void hs_mmio_peek_insn(struct hs_vmx *v)
{
	struct emu e = { .v = v };
	struct hs_insn_fault fault;
	u64 linear, gpa;
	unsigned int n;
	int span;

	v->insn_len = 0;
	if ((v->todo & (HS_TODO_STATE | HS_TODO_SETUP)) || read_state(&e))
		return;
	span = hs_insn_fetch_span(&e.mode, e.regs.rip, &linear);
	if (span <= 0 ||
	    hs_walk(&e.walk, linear, HS_WALK_EXEC | HS_WALK_PEEK, &gpa, &fault))
		return;
	n = min_t(unsigned int, span, PAGE_BYTES - (linear & (PAGE_BYTES - 1)));
	if (hs_gmem_is_ram(v->gmem, gpa) && !hs_gmem_read(v->gmem, gpa, v->insn, n))
		v->insn_len = n;
}
