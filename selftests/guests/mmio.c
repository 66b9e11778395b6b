// SPDX-License-Identifier: GPL-2.0
/*
 * Random instructions on device memory, which the hypervisor executes in
 * software, against the same ones on RAM: registers, flags, memory and
 * exceptions must be equal.
 *
 * "mode=64|compat|pae|legacy|flat|16|vm86|real" ("all" by default), "n="
 * instructions per mode, "seed=".  "ram": RAM on both sides, to test the test.
 */
#include "mmio_gen.h"

#define VEC_BREAK	3		/* the INT3 behind the instruction: no fault */
#define STATUS_FLAGS	0x8d5UL
#define WINDOW		0x40000000UL	/* linear address of the two pages */
#define VM86_WINDOW	0x50000UL
#define VM86_SEG	0x4800UL
#define SPAN		64		/* bytes to either side of the page border */
#define LOW_CODE	0x6000UL
#define CR0_PE		1U
#define CR0_NE_ET	0x30U
#define CR0_WP		0x10000U
#define CR0_PG		0x80000000U
#define CR4_PSE		0x10U
#define CR4_PAE		0x20U
#define CR4_SSE		0x600U

struct mode {
	const char *name;
	u8 bits;
	bool paged, user, vm86, real;
	u32 cr4;
};

static const struct mode modes[] = {
	{ "mmio-64", 64, .paged = true, .user = true },
	{ "mmio-compat", 32, .paged = true, .user = true },
	{ "mmio-pae", 32, .paged = true, .cr4 = CR4_PAE },
	{ "mmio-legacy", 32, .paged = true, .cr4 = CR4_PSE },
	{ "mmio-flat", 32, .paged = false },
	{ "mmio-16", 16, .paged = false },
	{ "mmio-vm86", 16, .paged = true, .vm86 = true, .cr4 = CR4_PSE },
	{ "mmio-real", 16, .real = true },
};

/* What the second page is; the first is the device, or RAM to compare with. */
enum second { SECOND_SAME, SECOND_RAM, SECOND_READONLY, SECOND_ABSENT, SECOND_NR };

struct outcome {
	u64 reg[16], rip, flags, vector, error, cr2;
	u8 mem[2 * SPAN];
};

static u64 *pae_pdpt, *pae_pd[4], *pae_pt;
static u32 *legacy_pd, *legacy_pt, *legacy_low_pt;
static u8 *ram;			/* two pages */
static bool ram_only;

static void make_tables(void)
{
	unsigned int i, j;

	pae_pdpt = alloc_pages(1);
	pae_pt = alloc_pages(1);
	for (i = 0; i < 4; i++) {
		pae_pd[i] = alloc_pages(1);
		pae_pdpt[i] = (u64)pae_pd[i] | PTE_P;
		for (j = 0; j < 512; j++)
			pae_pd[i][j] = ((u64)i << 30 | j << 21) | 0x87;
	}
	pae_pd[WINDOW >> 30][WINDOW >> 21 & 511] = (u64)pae_pt | 7;

	legacy_pd = alloc_pages(1);
	legacy_pt = alloc_pages(1);
	legacy_low_pt = alloc_pages(1);
	for (i = 0; i < 1024; i++) {
		legacy_pd[i] = i << 22 | 0x87;
		legacy_low_pt[i] = i << 12 | 7;
	}
	legacy_pd[WINDOW >> 22] = (u32)(u64)legacy_pt | 7;
	legacy_pd[0] = (u32)(u64)legacy_low_pt | 7;
}

static u64 flags_of(enum second second)
{
	return second == SECOND_ABSENT ? 0 : second == SECOND_READONLY ? 5 : 7;
}

/* Both pages of the window, in whatever paging @m uses. */
static void map_window(const struct mode *m, u64 first, u64 page2, u64 flags2)
{
	unsigned int slot = WINDOW >> 12 & 511;

	if (m->user) {
		map_page(WINDOW, first, 7);
		map_page(WINDOW + 4096, page2, flags2);
	} else if (m->vm86) {
		legacy_low_pt[VM86_WINDOW >> 12] = first | 7;
		legacy_low_pt[(VM86_WINDOW >> 12) + 1] = page2 | flags2;
	} else if (m->cr4 & CR4_PAE) {
		pae_pt[slot] = first | 7;
		pae_pt[slot + 1] = page2 | flags2;
	} else {
		legacy_pt[WINDOW >> 12 & 1023] = first | 7;
		legacy_pt[(WINDOW >> 12 & 1023) + 1] = page2 | flags2;
	}
}

/* A data descriptor with base @base, 4 GiB long. */
static u64 descriptor(u32 base)
{
	return 0x008f93000000ffffUL | (u64)(base & 0xffffff) << 16 |
	       (u64)(base >> 24) << 56;
}

static void run_user(const struct mode *m, const struct insn *i, u64 rip,
		     struct outcome *o)
{
	static const u8 at[16] = { 14, 13, 12, 11, 0xff, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0 };
	struct regs r = { .rip = rip, .rflags = i->flags, .rsp = MODE_STACK };
	u64 *slot = (u64 *)&r;
	unsigned int n;

	r.cs = m->bits == 64 ? 0 : 0x3b;
	for (n = 0; n < 16; n++)
		if (n != SP)
			slot[at[n]] = i->reg[n];
	asm volatile("movw %w0, %%ds; movw %w0, %%es" : : "r"(0x43));
	user_run(&r);
	for (n = 0; n < 16; n++)
		o->reg[n] = n == SP ? r.rsp : slot[at[n]];
	if (m->bits != 64)
		memset(&o->reg[8], 0, 64);
	o->rip = r.rip;
	o->flags = r.rflags;
	o->vector = r.vector;
	o->error = r.error;
	o->cr2 = r.vector == 14 ? read_cr2() : 0;
}

static void run_legacy(const struct mode *m, const struct insn *i, u64 rip,
		       u64 base, struct outcome *o)
{
	struct mode_state s = {
		.eip = rip, .eflags = i->flags, .esp = MODE_STACK,
		.cr0 = CR0_PE | CR0_NE_ET | (m->paged ? CR0_PG | CR0_WP : 0),
		.cr4 = m->cr4 | CR4_SSE,
		.cr3 = m->cr4 & CR4_PAE ? (u64)pae_pdpt : (u64)legacy_pd,
		.cs = m->bits == 32 ? MODE_CODE32 : MODE_CODE16,
		.ss = m->bits == 32 ? MODE_DATA32 : MODE_DATA16,
	};
	u32 *reg = &s.eax, data = MODE_DATA32;
	unsigned int n;

	if (!m->paged) {
		mode_gdt[MODE_FREE / 8] = descriptor(base);
		data = MODE_FREE;
	}
	if (m->vm86) {
		data = VM86_SEG;
		s.cs = 0;
		s.ss = 0;
		s.eflags |= MODE_EFLAGS_VM;
	}
	if (m->real) {
		s.cr0 &= ~CR0_PE;
		s.cs = 0;
		s.ss = 0;
	}
	s.ds = s.es = s.fs = s.gs = data;
	for (n = 0; n < 8; n++)
		if (n != SP)
			reg[n] = i->reg[n];
	mode_call(&s);
	memset(o->reg, 0, sizeof(o->reg));
	for (n = 0; n < 8; n++)
		o->reg[n] = reg[n];
	o->rip = s.eip;
	o->flags = s.eflags;
	o->vector = s.vector;
	o->error = s.error;
	o->cr2 = s.vector == 14 ? s.cr2 : 0;
}

/* Runs with the first page at @first; memory around the border is @mem before. */
static void run(const struct mode *m, const struct insn *i, u8 *code, u64 first,
		u64 page2, u64 flags2, const u8 *mem, struct outcome *o)
{
	u64 *p1 = (u64 *)(first + 4096 - SPAN), *p2 = (u64 *)page2;
	unsigned int n;

	for (n = 0; n < SPAN / 8; n++) {
		memcpy(&p1[n], mem + n * 8, 8);
		memcpy(&p2[n], mem + SPAN + n * 8, 8);
	}
	if (m->paged)
		map_window(m, first, page2, flags2);
	memset(code, 0xcc, 32);
	memcpy(code, i->bytes, i->len);
	if (m->user)
		run_user(m, i, (u64)code, o);
	else
		run_legacy(m, i, (u64)code, first, o);
	for (n = 0; n < SPAN / 8; n++) {
		u64 v1 = *(volatile u64 *)&p1[n], v2 = *(volatile u64 *)&p2[n];

		memcpy(o->mem + n * 8, &v1, 8);
		memcpy(o->mem + SPAN + n * 8, &v2, 8);
	}
}

static const char *compare(const struct insn *i, const struct outcome *a,
			   const struct outcome *b)
{
	u64 mask = i->flags_mask;

	if (a->vector != b->vector || a->error != b->error)
		return "exception";
	if (a->cr2 != b->cr2)
		return "CR2";
	if (a->rip != b->rip)
		return "RIP";
	if (memcmp(a->reg, b->reg, sizeof(a->reg)))
		return "registers";
	/*
	 * A fault in the middle of these restores the flags from before (SDM vol.
	 * 2, "REP"), which the module does and Bochs does not.
	 */
	if (i->rep_compare && a->vector != VEC_BREAK)
		mask &= ~STATUS_FLAGS;
	if ((a->flags ^ b->flags) & mask)
		return "flags";
	if (memcmp(a->mem, b->mem, sizeof(a->mem)))
		return "memory";
	return NULL;
}

static void show(const char *who, const struct outcome *o)
{
	unsigned int n;

	printf("%s: vector %lu error 0x%lx cr2 0x%lx rip 0x%lx flags 0x%lx\n", who,
	       o->vector, o->error, o->cr2, o->rip, o->flags);
	for (n = 0; n < 16; n++)
		printf("%016lx%c", o->reg[n], n % 8 == 7 ? '\n' : ' ');
	for (n = 0; n < sizeof(o->mem); n++)
		printf("%02x%s", o->mem[n], n % 32 == 31 ? "\n" : "");
}

static void run_mode(const struct mode *m, u64 rounds)
{
	static u8 code64[64] __attribute__((aligned(64)));
	u8 *code = m->bits == 16 ? (u8 *)LOW_CODE : code64;
	u64 device = ram_only ? (u64)ram + 2 * 4096 : TESTDEV_MMIO + 0x3000;
	u64 done = 0, faults = 0, bad = 0, n;
	struct outcome native, emulated;
	struct insn insn;
	u8 mem[2 * SPAN];

	for (n = 0; n < rounds && bad < 4; n++) {
		enum second second = m->paged ? below(SECOND_NR) : SECOND_SAME;
		unsigned int at = below(4) ? SPAN - 48 + below(60) : SPAN - below(16), k;
		u64 page2_ram = (u64)ram + 4096, page2_dev = device + 4096, off, around;
		const char *why;

		for (k = 0; k < sizeof(mem); k++)
			mem[k] = below(2) ? rnd() : -below(2);
		memcpy(&around, mem + at, 8);
		off = 4096 - SPAN + at;
		if (m->vm86)
			off += VM86_WINDOW - (VM86_SEG << 4);
		else if (m->paged)
			off += WINDOW;
		generate(&insn, m->bits, !m->paged || m->vm86, (u64)code, off, around);
		if (second != SECOND_SAME)
			page2_dev = page2_ram;

		run(m, &insn, code, (u64)ram, page2_ram, flags_of(second), mem, &native);
		run(m, &insn, code, device, page2_dev, flags_of(second), mem, &emulated);
		why = compare(&insn, &native, &emulated);
		if (native.vector == VEC_BREAK)
			done++;
		else
			faults++;
		if (!why)
			continue;
		bad++;
		printf("%s, second page %d, %s differ:", m->name, second, why);
		for (k = 0; k < insn.len; k++)
			printf(" %02x", insn.bytes[k]);
		printf("\n");
		show("on RAM   ", &native);
		show("on device", &emulated);
	}
	printf("mode %s: %lu executed, %lu faulted\n", m->name, done, faults);
	if (bad || done < rounds / 2)
		fail(m->name, "%lu bad of %lu", bad, n);
	else
		pass(m->name);
}

int main(const char *args)
{
	u64 rounds = arg_u64(args, "n=", 300);
	bool all = true;
	unsigned int i;
	char word[16];

	rng += arg_u64(args, "seed=", 1);
	ram_only = arg_word(args, "ram");
	make_tables();
	ram = alloc_pages(4);
	idt[3].type = 0xee;		/* INT3 from ring 3 */

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		memcpy(word, "mode=", 5);
		memcpy(word + 5, modes[i].name + 5, strlen(modes[i].name) - 4);
		if (arg_word(args, word)) {
			all = false;
			run_mode(&modes[i], rounds);
		}
	}
	for (i = 0; all && i < sizeof(modes) / sizeof(modes[0]); i++)
		run_mode(&modes[i], rounds);
	return result();
}
