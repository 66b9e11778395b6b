// SPDX-License-Identifier: GPL-2.0
/*
 * Random instruction bytes.  In ring 3 ("n=" of them, "seed="), where only one
 * page of code and one of data are open, all of them must come back by an
 * exception or the timer.  "ring0": in ring 0, where anything may happen; what
 * is tested then is the host.
 */
#include "lib.h"

#define TIMER		0x71
#define EFER		0xc0000080
#define TICKS		100000

static u64 rng = 0x9e3779b97f4a7c15;
static u8 *code, *data;
static u64 seen[256];

static u64 rnd(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

/* Ring 3 gets two pages and nothing else. */
static void close_memory(void)
{
	unsigned int i;
	u64 *pte = pte_of((u64)code) - ((u64)code >> 12 & 511);

	for (i = 0; i < 512; i++)
		pte[i] &= ~PTE_U;
	for (i = 0; i < 2048; i++)
		if (pds[i] & PTE_PS)
			pds[i] &= ~PTE_U;
	*pte_of((u64)code) |= PTE_U;
	*pte_of((u64)data) |= PTE_U;
	write_cr3(read_cr3());
	write_cr0(read_cr0() | 1UL << 18);	/* alignment checks in ring 3 */
	/* SYSCALL would be a way into ring 0. */
	wrmsr(EFER, rdmsr(EFER) & ~1UL);
}

static void fill(void)
{
	static const u8 likely[] = {
		0x0f, 0x0f, 0x0f, 0x66, 0xf2, 0xf3, 0x48, 0x4c, 0x8b, 0x89, 0xc7, 0xff,
		0xf0, 0x80, 0xa5, 0xab, 0x01, 0xae, 0xba, 0xc4, 0xc5, 0x62,
	};
	unsigned int i;

	for (i = 0; i < 64; i++)
		code[i] = rnd() & 1 ? rnd() : likely[rnd() % sizeof(likely)];
	memset(code + 64, 0xcc, 64);
}

static void run_one(bool ring0)
{
	struct regs r = {
		.rip = (u64)code, .rsp = (u64)data + 2048, .cs = ring0 ? 0x08 : 0,
		.rflags = (rnd() & 0x40cd5) | 0x202,
	};
	u64 *reg = (u64 *)&r;
	unsigned int i;

	fill();
	asm volatile("fninit");
	for (i = 0; i < 15; i++)
		reg[i] = rnd() & 1 ? (u64)data + (rnd() & 0xfff) : rnd();
	apic_write(APIC_REG_COUNT, TICKS);
	user_run(&r);
	seen[r.vector & 255]++;
	if (r.vector == TIMER)
		apic_write(APIC_REG_EOI, 0);
	/* A tick that came after the exception must not end the next run. */
	apic_write(APIC_REG_COUNT, 0);
	asm volatile("sti; nop; nop; cli" : : : "memory");
}

static void on_late_tick(struct regs *r)
{
	apic_write(APIC_REG_EOI, 0);
}

int main(const char *args)
{
	u64 n = arg_u64(args, "n=", 5000), i;
	bool ring0 = arg_word(args, "ring0");

	rng ^= arg_u64(args, "seed=", 1) * 0x2545f4914f6cdd1d;
	code = alloc_pages(3);
	data = code + 4096;
	idt[3].type = 0xee;
	close_memory();
	set_trap(TIMER, on_late_tick);
	apic_init(!arg_word(args, "xapic"));
	apic_write(APIC_REG_DIVIDE, 0xb);
	apic_write(APIC_REG_TIMER, TIMER);
	printf("READY randinsn\n");
	for (i = 0; i < n; i++)
		run_one(ring0);
	printf("#DB %lu #BP %lu #UD %lu #NM %lu #GP %lu #PF %lu #MF %lu #AC %lu timer %lu\n",
	       seen[1], seen[3], seen[6], seen[7], seen[13], seen[14], seen[16], seen[17],
	       seen[TIMER]);
	check("randinsn-ends", seen[6] > n / 100 && seen[13] > 0 && seen[14] > n / 100, 1);
	return result();
}
