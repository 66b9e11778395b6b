// SPDX-License-Identifier: GPL-2.0
/*
 * Two vCPUs: INIT and SIPI, IPIs to and fro ("n=" of them), HLT woken by the
 * other, atomic operations, TLB shootdown by IPI, a flag passed to and fro by
 * spinning, a second INIT.  "onecpu": both share one CPU of the host, and yet none
 * spins for long.  "testdev":
 * pages taken away while both use them, and while one uses them and the other
 * runs on.  "xapic": APIC in memory.
 */
#include "lib.h"

#define LOW		0x8000UL
#define PING		0x51
#define SHOOT		0x52
#define STOP		0x53
#define ICR_INIT	0x4500U
#define ICR_SIPI	(0x4600U | LOW >> 12)
#define WINDOW		0x50000000UL
#define FAR		0x1c00000UL	/* in a chunk of 2 MiB that nobody uses */
#define PATIENCE	2000000000UL

extern u8 ap_begin[], ap_end[];
extern u64 ap_stack;
void ap_main(void);

static volatile u64 ap_alive, ap_id, ap_pings, bsp_pings, shots, seen_by_ap, starts;
static volatile u64 counter, go, lost, spin, spins, rounds, turn;
static volatile bool stop;
static bool x2apic;
static u32 bsp;

static void wait_while(const volatile u64 *p, u64 val, const char *what)
{
	u64 i;

	for (i = 0; *p == val; i++) {
		asm volatile("pause");
		if (i > PATIENCE) {
			fail(what, "the other CPU does not answer");
			exit_vm(result());
		}
	}
}

static bool on_ap(void)
{
	return apic_id() != bsp;
}

static void on_ping(struct regs *r)
{
	if (on_ap()) {
		ap_pings++;
		apic_ipi(bsp, 0x4000 | PING);
	} else {
		bsp_pings++;
	}
	apic_write(APIC_REG_EOI, 0);
}

static void on_shoot(struct regs *r)
{
	invlpg((void *)WINDOW);
	seen_by_ap = *(volatile u64 *)WINDOW;
	shots++;
	apic_write(APIC_REG_EOI, 0);
}

static void on_stop(struct regs *r)
{
	stop = true;
	apic_write(APIC_REG_EOI, 0);
}

/* The second CPU: adds when told to, sleeps otherwise, serves IPIs always. */
void ap_main(void)
{
	apic_init(x2apic);
	ap_id = apic_id();
	starts++;
	ap_alive = 1;
	for (;;) {
		u64 n = go;

		if (spin) {
			spins = 1;
			while (spin)
				asm volatile("pause");
			spins = 0;
		}
		while (rounds) {
			while (!turn)
				asm volatile("pause");
			rounds--;
			turn = 0;
		}
		if (n) {
			u64 i;

			asm volatile("sti");
			for (i = 0; i < n; i++)
				asm volatile("lock incq %0" : "+m"(counter));
			asm volatile("cli");
			go = 0;
		}
		asm volatile("sti; hlt; cli" : : : "memory");
	}
}

static void wait_a_little(void)
{
	u64 t = rdtsc();

	while (rdtsc() - t < 1000000)
		asm volatile("pause");
}

static void start_ap(u32 id)
{
	ap_alive = 0;
	memcpy((void *)LOW, ap_begin, ap_end - ap_begin);
	ap_stack = (u64)alloc_pages(2) + 8192;
	apic_ipi(id, ICR_INIT);
	wait_a_little();
	apic_ipi(id, ICR_SIPI);
	wait_while(&ap_alive, 0, "smp-start");
	/* One that runs does not hear it. */
	apic_ipi(id, ICR_SIPI);
}

static void ping_pong(u64 n)
{
	u64 i;

	for (i = 0; i < n; i++) {
		u64 before = bsp_pings;

		apic_ipi(ap_id, 0x4000 | PING);
		asm volatile("sti");
		if (i & 1)
			wait_while(&bsp_pings, before, "smp-ping");
		asm volatile("cli");
		/* Asleep until it comes: STI and HLT are one. */
		while (bsp_pings == before)
			asm volatile("sti; hlt; cli" : : : "memory");
	}
	check("smp-pings-at-ap", ap_pings, n);
	check("smp-pings-at-bsp", bsp_pings, n);
}

static void atomics(u64 n)
{
	u64 i;

	counter = 0;
	go = n;
	apic_ipi(ap_id, 0x4000 | STOP);	/* wakes it */
	for (i = 0; i < n; i++)
		asm volatile("lock incq %0" : "+m"(counter));
	wait_while(&go, n, "smp-atomics");
	check("smp-atomics", counter, 2 * n);
}

static void shootdown(u64 n)
{
	u64 *a = alloc_pages(1), *b = alloc_pages(1), bad = 0, i;

	for (i = 0; i < n; i++) {
		u64 before = shots;

		*a = 2 * i;
		*b = 2 * i + 1;
		map_page(WINDOW, (u64)(i & 1 ? a : b), PTE_P | PTE_W);
		apic_ipi(ap_id, 0x4000 | SHOOT);
		wait_while(&shots, before, "smp-shootdown");
		bad += seen_by_ap != (i & 1 ? 2 * i : 2 * i + 1);
	}
	check("smp-shootdown", bad, 0);
}

/* Both CPUs add to words of pages that go away all the time. */
static void stolen(u64 n)
{
	u64 i, before = counter, other = 0;

	go = n * 50;
	apic_ipi(ap_id, 0x4000 | STOP);
	for (i = 0; i < n; i++) {
		take_away(&counter);
		asm volatile("lock incq %0" : "+m"(counter));
		take_away((void *)ap_main);
		take_away((void *)(ap_stack - 8));
		other++;
	}
	wait_while(&go, n * 50, "smp-stolen");
	check("smp-stolen", counter - before, n * 50 + other);
}

/* The other CPU stays in the guest while pages that it does not use go away. */
static void beside(u64 n)
{
	volatile u64 *page = (volatile u64 *)FAR;
	u64 bad = 0, i;

	spin = 1;
	apic_ipi(ap_id, 0x4000 | STOP);
	wait_while(&spins, 0, "smp-beside");
	for (i = 0; i < n; i++) {
		*page = i + 1;
		take_away((void *)page);
		bad += *page != i + 1;
	}
	spin = 0;
	wait_while(&spins, 1, "smp-beside");
	check("smp-beside", bad, 0);
}

/*
 * To and fro without an interrupt: who waits spins, so on one CPU of the host
 * each pass needs the hypervisor to run the other one.
 */
static void handoff(u64 n, bool onecpu)
{
	u32 r[4];
	u64 t, i;

	turn = 0;
	rounds = n;
	apic_ipi(ap_id, 0x4000 | STOP);
	t = rdtsc();
	for (i = 0; i < n; i++) {
		turn = 1;
		wait_while(&turn, 1, "smp-handoff");
	}
	t = rdtsc() - t;
	wait_while(&rounds, 1, "smp-handoff");
	check("smp-handoff", rounds, 0);
	if (!onecpu)
		return;
	cpuid(0x15, 0, r);
	t = t * r[0] / r[1] * 1000000 / r[2] / n;
	printf("handoff takes %lu us\n", t);
	check("smp-handoff-is-quick", t < 1000, 1);
}

int main(const char *args)
{
	u64 n = arg_u64(args, "n=", 200);
	u32 id = arg_u64(args, "ap=", 1);

	set_trap(PING, on_ping);
	set_trap(SHOOT, on_shoot);
	set_trap(STOP, on_stop);
	x2apic = apic_init(!arg_word(args, "xapic"));
	bsp = apic_id();
	map_page(WINDOW, 0, PTE_P);

	start_ap(id);
	check("smp-ap-id", ap_id, id);
	ping_pong(n);
	atomics(n * 500);
	shootdown(n);
	handoff(n, arg_word(args, "onecpu"));
	if (arg_word(args, "testdev")) {
		stolen(n);
		beside(n);
	}
	check("smp-second-sipi-ignored", starts, 1);

	/* INIT while it runs; then it starts anew, in x2APIC mode or not as before. */
	start_ap(id);
	check("smp-start-again", starts, 2);
	bsp_pings = ap_pings = 0;
	ping_pong(10);
	return result();
}
