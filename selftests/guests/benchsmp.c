// SPDX-License-Identifier: GPL-2.0
/*
 * Cost of waking a vCPU from HLT by an IPI of another one, in ticks; see bench.c.
 * The two share one CPU of the host, so each wake-up has a context switch.
 * "mark=": number of its first mark.
 */
#include "lib.h"

#define LOW		0x8000UL
#define PING		0x51
#define ICR_INIT	0x4500U
#define ICR_SIPI	(0x4600U | LOW >> 12)

extern u8 ap_begin[], ap_end[];
extern u64 ap_stack;
void ap_main(void);

static volatile u64 alive, pings, pongs;
static u32 bsp;

static void on_ping(struct regs *r)
{
	if (rdmsr(0x802) != bsp) {
		pings++;
		wrmsr(APIC_EOI, 0);
		wrmsr(APIC_ICR, (u64)bsp << 32 | 0x4000 | PING);
	} else {
		pongs++;
		wrmsr(APIC_EOI, 0);
	}
}

void ap_main(void)
{
	apic_init(true);
	alive = 1;
	for (;;)
		asm volatile("sti; hlt" : : : "memory");
}

static void wait_a_little(void)
{
	u64 t = rdtsc();

	while (rdtsc() - t < 1000000)
		asm volatile("pause");
}

static u64 rounds(u64 n)
{
	u64 t = rdtsc(), i;

	for (i = 0; i < n; i++) {
		u64 before = pongs;

		wrmsr(APIC_ICR, 1UL << 32 | 0x4000 | PING);
		while (pongs == before)
			asm volatile("sti; hlt; cli" : : : "memory");
	}
	return rdtsc() - t;
}

int main(const char *args)
{
	u64 n = arg_u64(args, "n=", 1000), mark = arg_u64(args, "mark=", 0), t;

	set_trap(PING, on_ping);
	apic_init(true);
	bsp = rdmsr(0x802);
	memcpy((void *)LOW, ap_begin, ap_end - ap_begin);
	ap_stack = (u64)alloc_pages(2) + 8192;
	apic_ipi(1, ICR_INIT);
	wait_a_little();
	apic_ipi(1, ICR_SIPI);
	while (!alive)
		asm volatile("pause");
	wait_a_little();	/* until it halts */

	rounds(10);
	pings = pongs = 0;
	count_mark(mark);
	t = rounds(n);
	count_mark(mark + 1);
	if (pings == n && pongs == n)
		printf("ROW hlt-wake %lu %lu %lu\n", t / (2 * n), 2 * n, mark);
	else
		printf("BAD hlt-wake lost or extra interrupts\n");
	printf("END\n");
	return 0;
}
