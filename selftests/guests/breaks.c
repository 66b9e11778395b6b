// SPDX-License-Identifier: GPL-2.0
/*
 * Breakpoints of the guest that fire while the host has some of its own: a write
 * and an executed instruction are watched, and each round has to hit both, once,
 * whatever exits lie in between.  Nothing reads a debug register outside the
 * handler, as that alone would bring all of them back.  "n=" rounds, or "forever";
 * "spin=" length of the loop in which the host's interrupts end the stay.
 */
#include "lib.h"

#define DR6_INIT	0xffff0ff0UL
#define DR7_INIT	0x400UL

#define READ_DR(n)	({ u64 v_; asm volatile("movq %%dr" #n ", %0" : "=r"(v_)); v_; })
#define WRITE_DR(n, v)	asm volatile("movq %0, %%dr" #n : : "r"((u64)(v)) : "memory")

static volatile u64 word, hits[2], other;

static void on_debug(struct regs *r)
{
	u64 dr6 = READ_DR(6);

	if (dr6 & 1)
		hits[0]++;
	if (dr6 & 2)
		hits[1]++;
	if ((dr6 ^ DR6_INIT) & ~3UL)
		other++;
	WRITE_DR(6, DR6_INIT);
	/* An execution breakpoint would hit again at once. */
	r->rflags |= 1UL << 16;
}

static __attribute__((noinline)) void marked(void)
{
	asm volatile("nop");
}

static void stay(u64 kind, u64 spin)
{
	u32 r[4];
	u64 i;

	switch (kind) {
	case 0:
		cpuid(0, 0, r);
		break;
	case 1:
		in8(0x3fd);
		break;
	default:
		asm volatile("sti");
		for (i = 0; i < spin; i++)
			asm volatile("");
		asm volatile("cli");
	}
}

int main(const char *args)
{
	u64 n = arg_u64(args, "n=", 100), spin = arg_u64(args, "spin=", 20000), round, bad = 0;
	bool forever = arg_word(args, "forever");

	set_trap(1, on_debug);
	WRITE_DR(0, &word);
	WRITE_DR(1, (u64)marked);
	WRITE_DR(6, DR6_INIT);
	/* DR0: 8-byte writes, DR1: execution. */
	WRITE_DR(7, DR7_INIT | 2 | 8 | 9UL << 16);
	printf("READY breakpoints\n");
	for (round = 1; forever || round <= n; round++) {
		stay(round % 3, spin);
		word = round;
		stay(round / 3 % 3, spin);
		marked();
		if (hits[0] != round || hits[1] != round || other) {
			printf("FAIL round %lu: %lu writes, %lu calls, %lu others seen\n",
			       round, hits[0], hits[1], other);
			bad++;
			break;
		}
	}
	WRITE_DR(7, DR7_INIT);
	check("own breakpoints", bad, 0);
	return result();
}
