// SPDX-License-Identifier: GPL-2.0
/*
 * The instruction decoder and executor against this machine's processor:
 * random instructions with a memory operand, the same registers and memory on
 * both sides, and equal registers, RFLAGS, memory and exception demanded.
 *
 * HS_INSN_ROUNDS sets how many instructions (default 100000), HS_INSN_SEED
 * where the random numbers begin.
 */
#include <stdio.h>
#include <stdlib.h>

#include "insn_gen.h"
#include "insn_native.h"
#undef ARRAY_SIZE
#include "kselftest_harness.h"

#define FLAGS_STATUS	(HS_FL_CF | HS_FL_PF | HS_FL_AF | \
			 HS_FL_ZF | HS_FL_SF | HS_FL_OF)
#define FLAGS_COMPARED	(FLAGS_STATUS | HS_FL_DF | HS_FL_AC)
#define CACHE_LINE	64
#define UNKNOWN		(-ENXIO)	/* nobody knows what is at that address */
#define ROUNDS_DEFAULT	100000
#define MAX_PRINTED	5

/* What the emulated side sees of the arena. */
struct world {
	u8 data[ARENA_DATA_SIZE];
	bool split_lock;
};

struct tally {
	unsigned long native, done, ud, gp_long, skipped, refused;
	unsigned long fault[32];
	unsigned long mod[3][9];	/* [mod][rm], 8 = SIB; 32 and 64-bit forms */
	unsigned long mod16[3][8];
	unsigned long asize[9], opsize[17];
	unsigned long rep, lock, cont, partial;
	unsigned long row[128][8];
	unsigned int bad;
};

static struct world world;

/* Is [linear, linear+size) data, surely nothing, or unknown? */
static int access_arena(struct hs_insn_ctx *ctx, u64 linear, unsigned int size,
			bool write)
{
	u64 addr = linear, end = linear + size, next;
	int ret = 0;

	for (; addr < end; addr = next) {
		u64 off = addr - ARENA_DATA;
		bool present, writable;

		next = (addr | 0xfff) + 1;
		if (addr < ARENA_BASE || addr >= ARENA_BASE + ARENA_SIZE)
			return UNKNOWN;
		if (addr >= ARENA_CODE && addr < ARENA_CODE + ARENA_CODE_SIZE)
			return UNKNOWN;
		present = addr >= ARENA_DATA && off < ARENA_DATA_SIZE;
		writable = present && off < ARENA_RW_SIZE;
		if (ret || (present && (writable || !write)))
			continue;
		ctx->fault = (struct hs_insn_fault){
			.vector = HS_VEC_PF,
			.has_error = true,
			.error_code = 4 | (write ? 2 : 0) | (present ? 1 : 0),
			.cr2 = addr,
		};
		ret = HS_INSN_FAULT;
	}
	return ret;
}

static void note_lock(struct hs_insn_ctx *ctx, u64 linear, unsigned int size)
{
	struct world *w = ctx->priv;

	if (linear / CACHE_LINE != (linear + size - 1) / CACHE_LINE)
		w->split_lock = true;
}

static int world_read(struct hs_insn_ctx *ctx, u64 linear, void *buf,
		      unsigned int size, u32 flags)
{
	struct world *w = ctx->priv;
	int ret;

	ret = access_arena(ctx, linear, size, flags & HS_INSN_WRITE_INTENT);
	if (ret)
		return ret;
	if (flags & HS_INSN_LOCKED)
		note_lock(ctx, linear, size);
	memcpy(buf, w->data + (linear - ARENA_DATA), size);
	return 0;
}

static int world_write(struct hs_insn_ctx *ctx, u64 linear, const void *buf,
		       unsigned int size, u32 flags)
{
	struct world *w = ctx->priv;
	int ret;

	ret = access_arena(ctx, linear, size, true);
	if (ret)
		return ret;
	memcpy(w->data + (linear - ARENA_DATA), buf, size);
	return 0;
}

static int world_cmpxchg(struct hs_insn_ctx *ctx, u64 linear, void *old,
			 const void *new, unsigned int size)
{
	struct world *w = ctx->priv;
	u8 *p;
	int ret;

	ret = access_arena(ctx, linear, size, true);
	if (ret)
		return ret;
	p = w->data + (linear - ARENA_DATA);
	/* Now and then somebody else was faster; the value is the same again. */
	if (memcmp(p, old, size) || gen_chance(10)) {
		memcpy(old, p, size);
		return HS_INSN_MISMATCH;
	}
	memcpy(p, new, size);
	return 0;
}

static const struct hs_insn_ops world_ops = {
	.read = world_read,
	.write = world_write,
	.cmpxchg = world_cmpxchg,
};

/* Both sides get the same memory: few different bytes, so that compares hit. */
static void fill_memory(void)
{
	static const u8 common[4] = { 0, 0xff, 0x80, 0x7f };
	unsigned int i;

	for (i = 0; i < ARENA_DATA_SIZE; i++)
		world.data[i] = gen_chance(50) ? common[gen_below(4)] : gen_random();
	mprotect((void *)ARENA_DATA, ARENA_DATA_SIZE, PROT_READ | PROT_WRITE);
	memcpy((void *)ARENA_DATA, world.data, ARENA_DATA_SIZE);
	mprotect((void *)(ARENA_DATA + ARENA_RW_SIZE),
		 ARENA_DATA_SIZE - ARENA_RW_SIZE, PROT_READ);
}

/* Mostly inside the data, often across one of its borders. */
static u64 pick_target(unsigned int bits)
{
	unsigned int what = gen_below(100);

	if (what < 70)
		return ARENA_DATA + gen_below(ARENA_DATA_SIZE);
	if (what < 75)
		return ARENA_DATA + (gen_below(ARENA_RW_SIZE) & ~15);
	if (what < 88)
		return ARENA_DATA + (gen_below(6) << 12) - gen_below(20);
	if (what < 94)
		return ARENA_DATA + ARENA_DATA_SIZE + gen_below(0x4000);
	if (bits == 64)
		return gen_chance(50) ? 0x4000000000000000ULL + gen_random() / 4 :
					0x0000800000000000ULL - gen_below(20);
	return ARENA_DATA + gen_below(0x20000) - 0x8000;
}

/* Make compare-and-exchange and scans succeed half of the time. */
static void aim_accumulator(struct hs_insn_regs *regs,
			    const struct hs_insn *insn, u64 target, u64 dest)
{
	u64 at = insn->op == HS_OP_SCAS ? dest : target;
	u8 pair[16];

	if (insn->base == HS_GPR_RAX || insn->index == HS_GPR_RAX ||
	    insn->base == HS_GPR_RDX || insn->index == HS_GPR_RDX)
		return;
	if (at < ARENA_DATA || at > ARENA_DATA + ARENA_DATA_SIZE - 16 ||
	    gen_chance(50))
		return;
	memcpy(pair, world.data + (at - ARENA_DATA), 16);
	if (insn->op == HS_OP_CMPXCHG2) {
		memset(&regs->gpr[HS_GPR_RAX], 0, 8);
		memset(&regs->gpr[HS_GPR_RDX], 0, 8);
		memcpy(&regs->gpr[HS_GPR_RAX], pair, insn->size / 2);
		memcpy(&regs->gpr[HS_GPR_RDX], pair + insn->size / 2, insn->size / 2);
	} else if (insn->op == HS_OP_CMPXCHG || insn->op == HS_OP_SCAS) {
		memcpy(&regs->gpr[HS_GPR_RAX], pair, 8);
	}
}

static void pick_mode(struct hs_insn_mode *mode, unsigned int bits)
{
	u8 seg[HS_SEG_NR];
	unsigned int i;

	if (bits == 64) {
		u64 fs = gen_chance(80) ? gen_below(0x10000) : gen_random() >> 17;
		u64 gs = gen_chance(80) ? gen_below(0x10000) : gen_random() >> 17;

		native_set_64(mode, fs, gs);
		return;
	}
	for (i = 0; i < HS_SEG_NR; i++) {
		u8 plain = bits == 32 ? NSEG_FLAT : NSEG_WINDOW;

		seg[i] = gen_chance(60) ? plain : gen_below(NSEG_NR);
		if (i == HS_SEG_SS && seg[i] >= NSEG_WRITABLE)
			seg[i] = plain;
	}
	native_set_legacy(mode, bits, seg);
}

static void print_regs(const char *what, const struct hs_insn_regs *r)
{
	unsigned int i;

	fprintf(stderr, "# %s rip %llx rflags %llx", what,
		(unsigned long long)r->rip, (unsigned long long)r->rflags);
	for (i = 0; i < HS_GPR_NR; i++)
		fprintf(stderr, "%s%016llx", i % 8 ? " " : "\n#   ",
			(unsigned long long)r->gpr[i]);
	fprintf(stderr, "\n");
}

static void print_fault(const char *what, bool fault, const struct hs_insn_fault *f)
{
	if (fault)
		fprintf(stderr, "# %s vector %u error %x cr2 %llx\n", what, f->vector,
			f->error_code, (unsigned long long)f->cr2);
	else
		fprintf(stderr, "# %s no exception\n", what);
}

/* One instruction's way through both sides. */
struct round {
	struct hs_insn_mode mode;
	const u8 *bytes;
	unsigned int len;
	struct hs_insn insn;
	struct hs_insn_regs before;
	struct native_result emulated, native;
};

/* Status flags that the SDM leaves undefined, or processors leave differently. */
static u64 undefined_flags(const struct round *r)
{
	switch (r->insn.op) {
	case HS_OP_CMPS:
	case HS_OP_SCAS:
		/* After a fault midway Intel's show the flags from the beginning. */
		return r->emulated.fault && r->insn.rep ? FLAGS_STATUS : 0;
	case HS_OP_AND:
	case HS_OP_OR:
	case HS_OP_XOR:
	case HS_OP_TEST:
		return HS_FL_AF;
	case HS_OP_BT:
	case HS_OP_BTS:
	case HS_OP_BTR:
	case HS_OP_BTC:
		return HS_FL_OF | HS_FL_SF | HS_FL_AF | HS_FL_PF;
	}
	return 0;
}

static void print_round(const struct round *r, const char *why)
{
	unsigned int i;

	fprintf(stderr, "# %u-bit, %s:", r->mode.bits, why);
	for (i = 0; i < r->len; i++)
		fprintf(stderr, " %02x", r->bytes[i]);
	fprintf(stderr, "\n# op %u size %u asize %u seg %u (base %llx limit %x ar %x) ss ar %x\n",
		r->insn.op, r->insn.size, r->insn.addr_size, r->insn.seg,
		(unsigned long long)r->mode.seg[r->insn.seg].base,
		r->mode.seg[r->insn.seg].limit, r->mode.seg[r->insn.seg].ar,
		r->mode.seg[HS_SEG_SS].ar);
	print_regs("before  ", &r->before);
	print_regs("native  ", &r->native.regs);
	print_regs("emulated", &r->emulated.regs);
	print_fault("native  ", r->native.fault, &r->native.exception);
	print_fault("emulated", r->emulated.fault, &r->emulated.exception);
}

/* Returns NULL if both sides agree, else what differs. */
static const char *compare(const struct round *r)
{
	const struct hs_insn_fault *n = &r->native.exception, *e = &r->emulated.exception;
	u64 mask = r->mode.bits == 64 ? ~0ULL : U32_MAX;
	unsigned int i, gprs = r->mode.bits == 64 ? 16 : 8;
	u64 flags = FLAGS_COMPARED;

	if (r->native.fault != r->emulated.fault)
		return "exception on one side";
	if (n->vector != e->vector || n->error_code != e->error_code ||
	    n->has_error != e->has_error)
		return "other exception";
	if (n->cr2 != e->cr2)
		return "CR2";
	for (i = 0; i < gprs; i++)
		if ((r->native.regs.gpr[i] ^ r->emulated.regs.gpr[i]) & mask)
			return "general registers";
	if (r->native.regs.rip != r->emulated.regs.rip)
		return "RIP";
	flags &= ~undefined_flags(r);
	if ((r->native.regs.rflags ^ r->emulated.regs.rflags) & flags)
		return "RFLAGS";
	if (memcmp((void *)ARENA_DATA, world.data, ARENA_DATA_SIZE))
		return "memory";
	return NULL;
}

static void check_round(const struct round *r, struct tally *t)
{
	const char *why = compare(r);

	t->native++;
	if (!why)
		return;
	if (t->bad++ < MAX_PRINTED)
		print_round(r, why);
	memcpy(world.data, (void *)ARENA_DATA, ARENA_DATA_SIZE);
}

/* Encodings that the decoder calls illegal must be that to the processor. */
static void run_illegal(struct round *r, struct tally *t, u8 vector)
{
	unsigned int offset = gen_below(ARENA_CODE_SIZE - 64);

	memset(&r->before, 0, sizeof(r->before));
	r->before.rflags = 0x202;
	r->before.rip = native_rip(&r->mode, offset);
	r->emulated = (struct native_result){
		.regs = r->before,
		.fault = true,
		.exception = { .vector = vector, .has_error = vector != HS_VEC_UD },
	};
	native_run(&r->mode, r->bytes, r->len, offset, &r->before, &r->native);
	check_round(r, t);
}

/*
 * Where processors differ.  MOVSXD to a 16-bit register reads 16 bits on Intel's
 * and 32 on AMD's.  If both operands of CMPS fault, or a 16-byte operand has two
 * faults, which one is reported is their choice.
 */
static bool is_ambiguous(const struct round *r, struct hs_insn_ctx *ctx)
{
	const struct hs_insn *insn = &r->insn;
	u64 mask = hs_insn_mask(insn->addr_size), val;

	switch (insn->op) {
	case HS_OP_MOVSX:
		return insn->size == 2 && insn->reg_size == 2;
	case HS_OP_CMPXCHG2:
		return insn->size == 16 && insn->seg == HS_SEG_SS &&
		       ctx->fault.vector == HS_VEC_SS;
	case HS_OP_CMPS:
		return r->emulated.fault &&
		       hs_insn_mem_read(ctx, insn->seg,
					ctx->regs->gpr[HS_GPR_RSI] & mask,
					&val, insn->size, 0) &&
		       hs_insn_mem_read(ctx, HS_SEG_ES,
					ctx->regs->gpr[HS_GPR_RDI] & mask,
					&val, insn->size, 0);
	}
	return false;
}

/* Executes in software.  False if it touched what nobody knows. */
static bool emulate(struct round *r, struct tally *t)
{
	struct hs_insn_ctx ctx = {
		.regs = &r->emulated.regs,
		.mode = &r->mode,
		.ops = &world_ops,
		.priv = &world,
		.max_iters = gen_chance(50) ? 1 + gen_below(4) : 1000,
	};
	unsigned int calls = 0;
	int ret;

	r->emulated = (struct native_result){ .regs = r->before };
	world.split_lock = false;
	do {
		ret = hs_insn_exec(&r->insn, &ctx);
		calls++;
	} while (ret == HS_INSN_CONT);
	t->cont += calls > 1;
	if (ret == HS_INSN_FAULT) {
		r->emulated.fault = true;
		r->emulated.exception = ctx.fault;
		t->partial += r->insn.rep && r->before.gpr[HS_GPR_RDI] !=
						r->emulated.regs.gpr[HS_GPR_RDI];
	}
	if (is_ambiguous(r, &ctx))
		return false;
	return ret >= 0 && !world.split_lock;
}

static void run_legal(struct round *r, struct tally *t)
{
	unsigned int offset = gen_below(ARENA_CODE_SIZE - 64);
	u64 target = pick_target(r->mode.bits), dest = pick_target(r->mode.bits);
	unsigned int i;

	/* REP with count zero does not touch memory: never emulated for a device. */
	do {
		gen_registers(&r->before, &r->insn, &r->mode, target, dest);
	} while (r->insn.rep && !(r->before.gpr[HS_GPR_RCX] &
				  hs_insn_mask(r->insn.addr_size)));
	aim_accumulator(&r->before, &r->insn, target, dest);
	if (r->mode.bits != 64)
		for (i = 0; i < HS_GPR_NR; i++)
			r->before.gpr[i] = (u32)r->before.gpr[i];
	r->before.rip = native_rip(&r->mode, offset);

	if (!emulate(r, t)) {
		/* Not run natively, so undo what it did. */
		memcpy(world.data, (void *)ARENA_DATA, ARENA_DATA_SIZE);
		t->skipped++;
		return;
	}
	native_run(&r->mode, r->bytes, r->len, offset, &r->before, &r->native);
	check_round(r, t);

	if (r->native.fault)
		t->fault[r->native.exception.vector & 31]++;
	else
		t->done++;
	t->asize[r->insn.addr_size]++;
	t->opsize[r->insn.size]++;
	t->rep += r->insn.rep != 0;
	t->lock += r->insn.lock;
}

/* Every shorter piece must ask for more, and never be taken for a whole. */
static bool prefixes_ask_for_more(const struct round *r, int len)
{
	struct hs_insn insn;
	int i;

	for (i = 0; i < len; i++)
		if (hs_insn_decode(&insn, r->bytes, i, &r->mode) != -EAGAIN)
			return false;
	return true;
}

static void run_encoded(unsigned int bits, struct tally *t)
{
	struct round r = { 0 };
	struct gen_insn g;
	int ret;

	pick_mode(&r.mode, bits);
	gen_encode(&g, bits);
	r.bytes = g.bytes;
	r.len = g.len;
	ret = hs_insn_decode(&r.insn, g.bytes, g.len, &r.mode);

	if (g.too_long ? ret != -E2BIG : g.ud ? ret != -EINVAL :
	    g.refused ? ret != -EOPNOTSUPP : ret != (int)g.len) {
		if (t->bad++ < MAX_PRINTED) {
			fprintf(stderr, "# %s decodes to %d, length %u\n",
				gen_table[g.row].name, ret, g.len);
			print_round(&r, "decoding");
		}
		return;
	}
	if (ret == -E2BIG) {
		t->gp_long++;
		run_illegal(&r, t, HS_VEC_GP);
	} else if (ret == -EINVAL) {
		t->ud++;
		run_illegal(&r, t, HS_VEC_UD);
	} else if (ret == -EOPNOTSUPP) {
		t->refused++;
	} else {
		if (!prefixes_ask_for_more(&r, ret) && t->bad++ < MAX_PRINTED)
			print_round(&r, "truncated");
		run_legal(&r, t);
		t->row[g.row][gen_table[g.row].regs ? g.reg : 0]++;
		if (r.insn.addr_size == 2)
			t->mod16[g.mod][g.rm]++;
		else
			t->mod[g.mod][g.sib ? 8 : g.rm]++;
	}
}

static void run_noise(unsigned int bits, struct tally *t)
{
	struct round r = { 0 };
	u8 bytes[HS_INSN_MAX_LEN];
	unsigned int i;
	int ret;

	pick_mode(&r.mode, bits);
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = gen_random();
	if (gen_chance(30))
		bytes[0] = 0x0f;
	r.bytes = bytes;
	r.len = sizeof(bytes);
	ret = hs_insn_decode(&r.insn, bytes, sizeof(bytes), &r.mode);

	if (ret > 0) {
		r.len = ret;
		run_legal(&r, t);
	} else if (ret == -EINVAL) {
		t->ud++;
		run_illegal(&r, t, HS_VEC_UD);
	} else if (ret == -EOPNOTSUPP) {
		t->refused++;
	} else if (ret != -E2BIG) {
		if (t->bad++ < MAX_PRINTED)
			print_round(&r, "decoding");
	}
}

static unsigned long env_number(const char *name, unsigned long or_else)
{
	const char *s = getenv(name);

	return s && *s ? strtoul(s, NULL, 0) : or_else;
}

FIXTURE(native)
{
	struct tally tally;
	unsigned long rounds;
	u64 seed;
	const char *why_not;
};

FIXTURE_VARIANT(native)
{
	unsigned int bits;
	unsigned int percent;
};

FIXTURE_VARIANT_ADD(native, bits64) { .bits = 64, .percent = 60 };
FIXTURE_VARIANT_ADD(native, bits32) { .bits = 32, .percent = 25 };
FIXTURE_VARIANT_ADD(native, bits16) { .bits = 16, .percent = 15 };

FIXTURE_SETUP(native)
{
	memset(&self->tally, 0, sizeof(self->tally));
	self->rounds = env_number("HS_INSN_ROUNDS", ROUNDS_DEFAULT) *
		       variant->percent / 100;
	self->seed = env_number("HS_INSN_SEED", 20240229) + variant->bits;
	self->why_not = native_init();
	if (!self->why_not && variant->bits != 64)
		self->why_not = native_init_legacy(variant->bits);
	gen_seed(self->seed);
}

FIXTURE_TEARDOWN(native)
{
}

TEST_F_TIMEOUT(native, encodings, 1200)
{
	struct tally *t = &self->tally;
	unsigned int row, reg, mod, rm;
	unsigned long i;

	if (self->why_not)
		SKIP(return, "instructions cannot be run natively: %s", self->why_not);
	TH_LOG("%u-bit: %lu rounds, seed %llu", variant->bits, self->rounds,
	       (unsigned long long)self->seed);

	for (i = 0; i < self->rounds; i++) {
		if (i % 512 == 0)
			fill_memory();
		if (i % 5 == 4)
			run_noise(variant->bits, t);
		else
			run_encoded(variant->bits, t);
		ASSERT_GT(50, t->bad) TH_LOG("too many differences");
	}
	TH_LOG("run natively %lu: %lu done, %lu #PF %lu #GP %lu #SS %lu #AC %lu #UD %lu too long; %lu skipped, %lu refused; %lu REP, %lu REP in pieces, %lu REP with fault midway, %lu atomic",
	       t->native, t->done, t->fault[14], t->fault[13], t->fault[12],
	       t->fault[17], t->ud, t->gp_long, t->skipped, t->refused, t->rep,
	       t->cont, t->partial, t->lock);
	EXPECT_EQ(0, t->bad);

	/* Nothing of the above means much unless every form was there. */
	EXPECT_GT(t->native, self->rounds / 2);
	EXPECT_GT(t->done, self->rounds / 4);
	EXPECT_GT(self->rounds / 3, t->skipped);
	EXPECT_GT(t->fault[HS_VEC_PF], self->rounds / 100);
	EXPECT_GT(t->fault[HS_VEC_GP], 0);
	EXPECT_GT(t->fault[HS_VEC_SS], 0);
	EXPECT_GT(t->fault[HS_VEC_AC], 0);
	EXPECT_GT(t->ud, 0);
	EXPECT_GT(t->gp_long, 0);
	EXPECT_GT(t->rep, 0);
	EXPECT_GT(t->cont, 0);
	EXPECT_GT(t->partial, 0);
	EXPECT_GT(t->lock, 0);
	for (row = 0; row < gen_rows; row++) {
		if (!gen_in_mode(&gen_table[row], variant->bits))
			continue;
		for (reg = 0; reg < 8; reg++) {
			if (gen_table[row].regs && !(gen_table[row].regs >> reg & 1))
				continue;
			if (!gen_table[row].regs && reg)
				continue;
			EXPECT_GT(t->row[row][reg], 0)
				TH_LOG("%s /%u was never run", gen_table[row].name, reg);
		}
	}
	for (mod = 0; mod < 3; mod++) {
		for (rm = 0; rm < 9; rm++)
			if (rm != 4)	/* that is SIB */
				EXPECT_GT(t->mod[mod][rm], 0);
		for (rm = 0; rm < 8 && variant->bits != 64; rm++)
			EXPECT_GT(t->mod16[mod][rm], 0);
	}
	EXPECT_GT(t->asize[4], 0);
	EXPECT_GT(t->asize[variant->bits == 64 ? 8 : 2], 0);
	EXPECT_GT(t->opsize[1], 0);
	EXPECT_GT(t->opsize[2], 0);
	EXPECT_GT(t->opsize[4], 0);
	EXPECT_GT(t->opsize[8], 0);
	if (variant->bits == 64)
		EXPECT_GT(t->opsize[16], 0);
}

TEST_HARNESS_MAIN
