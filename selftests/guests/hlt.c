// SPDX-License-Identifier: GPL-2.0
/*
 * HLT: woken by the local APIC's timer ("n=" times), by an interrupt that
 * arrives between STI and HLT, by an NMI.  "forever": with interrupts off,
 * never woken.  "xapic": APIC in memory.
 */
#include "lib.h"

#define VECTOR	0x50

static volatile u64 ticks, nmis;

static void on_tick(struct regs *r)
{
	ticks++;
	apic_write(APIC_REG_EOI, 0);
}

static void on_nmi(struct regs *r)
{
	nmis++;
}

int main(const char *args)
{
	u64 n = arg_u64(args, "n=", 20), i, bad = 0;

	if (arg_word(args, "forever")) {
		printf("READY hlt\n");
		asm volatile("cli; hlt");
		fail("hlt-forever", "woken with interrupts off");
		return result();
	}

	set_trap(VECTOR, on_tick);
	set_trap(2, on_nmi);
	printf("x2APIC %d\n", apic_init(!arg_word(args, "xapic")));
	apic_write(APIC_REG_DIVIDE, 0xb);
	apic_write(APIC_REG_TIMER, VECTOR);
	for (i = 0; i < n; i++) {
		apic_write(APIC_REG_COUNT, 20000);
		asm volatile("sti; hlt; cli" : : : "memory");
		bad += ticks != i + 1;
	}
	check("hlt-woken-by-timer", bad, 0);

	/* Pending before STI: taken after HLT has begun, which then ends. */
	ticks = 0;
	for (i = 0; i < n; i++) {
		apic_ipi(apic_id(), 0x4000 | VECTOR);
		asm volatile("sti; hlt; cli" : : : "memory");
	}
	check("sti-hlt-pending", ticks, n);

	/* STI holds interrupts off for one instruction. */
	ticks = 0;
	apic_ipi(apic_id(), 0x4000 | VECTOR);
	asm volatile("sti; cli" : : : "memory");
	check("sti-shadow", ticks, 0);
	asm volatile("sti; nop; cli" : : : "memory");
	check("sti-then-nop", ticks, 1);

	/* An NMI wakes even with interrupts off. */
	apic_ipi(apic_id(), 0x4400);
	if (!nmis)
		asm volatile("cli; hlt" : : : "memory");
	check("nmi", nmis, 1);
	return result();
}
