// SPDX-License-Identifier: GPL-2.0
/*
 * The paravirtual ABI of stock guests: clock, wall clock, steal time, end of
 * interrupt.  "spin=" ms are looked at for steal time; "starved": a neighbour
 * takes about half of them.  "wait": until the VM was paused.  "xapic": APIC
 * in memory.
 */
#include "lib.h"

#define WALL		0x4b564d00
#define CLOCK		0x4b564d01
#define STEAL		0x4b564d03
#define PV_EOI		0x4b564d04
#define TSC_ADJUST	0x3b
#define PM_TIMER	0x608
#define PM_HZ		3579545UL
#define STABLE		1
#define STOPPED		2

#define LOW		0x40
#define HIGH		0x70
#define LEVEL		0x50
#define PIN		11
#define IOAPIC		0xfec00000UL
#define REG_ISR		0x10

struct clock {
	volatile u32 version;
	u32 pad0;
	volatile u64 tsc, ns;
	volatile u32 mul;
	volatile signed char shift;
	volatile u8 flags;
	u8 pad1[2];
};

struct steal {
	volatile u64 ns;
	volatile u32 version, flags;
	volatile u8 preempted;
	u8 pad[43];
};

static struct clock *clock;
static volatile u32 *eoi;
static u64 khz;

static int try_write(u32 msr, u64 val)
{
	return GUARDED("wrmsr", : : "c"(msr), "a"((u32)val), "d"((u32)(val >> 32))
		       : "r11", "memory");
}

static u64 clock_ns(void)
{
	u64 ticks, ns;
	u32 version;

	do {
		version = clock->version;
		asm volatile("" : : : "memory");
		ticks = rdtsc() - clock->tsc;
		if (clock->shift < 0)
			ticks >>= -clock->shift;
		else
			ticks <<= clock->shift;
		ns = clock->ns + (u64)((unsigned __int128)ticks * clock->mul >> 32);
		asm volatile("" : : : "memory");
	} while ((version & 1) || version != clock->version);
	return ns;
}

static void wait_ms(u64 ms)
{
	u64 start = rdtsc();

	while (rdtsc() - start < ms * khz)
		asm volatile("pause");
}

/* |a - b| is at most 1 in @part of b. */
static void near(const char *name, u64 a, u64 b, u64 part)
{
	u64 diff = a > b ? a - b : b - a;

	if (diff <= b / part)
		pass(name);
	else
		fail(name, "%lu, not %lu", a, b);
}

static void clocks(void)
{
	u64 n0, n1, t0, t1, last, now, back = 0;
	u32 p0, i, version;
	u8 *two = alloc_pages(2);

	clock = alloc_pages(1);
	wrmsr(CLOCK, (u64)clock | 1);
	check("clock-msr-reads-back", rdmsr(CLOCK), (u64)clock | 1);
	check("clock-version-is-even", clock->version & 1, 0);
	check("clock-is-stable", clock->flags, STABLE);

	n0 = clock_ns();
	t0 = rdtsc();
	p0 = in32(PM_TIMER);
	wait_ms(300);
	n1 = clock_ns();
	t1 = rdtsc();
	near("clock-goes-with-the-tsc", n1 - n0, (t1 - t0) * 1000000 / khz, 1000);
	near("clock-goes-with-the-host",
	     n1 - n0, (u64)((in32(PM_TIMER) - p0) & 0xffffffff) * 1000000000 / PM_HZ, 1000);
	last = clock_ns();
	for (i = 0; i < 10000; i++) {
		now = clock_ns();
		back += now < last;
		last = now;
	}
	check("clock-never-goes-back", back, 0);

	/* Not written for nothing: the same line as before. */
	version = clock->version;
	wait_ms(20);
	check("clock-is-left-alone", clock->version, version);

	/* The TSC moves: the clock does not. */
	n0 = clock_ns();
	wrmsr(TSC_ADJUST, 1UL << 36);
	n1 = clock_ns();
	if (n1 < n0 || n1 - n0 > 50000000)
		fail("clock-stays-when-the-tsc-moves", "%lu, then %lu", n0, n1);
	else
		pass("clock-stays-when-the-tsc-moves");
	check("clock-not-stable-then", clock->flags & STABLE, 0);
	wrmsr(TSC_ADJUST, 0);
	check("clock-stable-again", clock->flags & STABLE, STABLE);

	/* Four bytes in one page, the rest in the next. */
	n0 = clock_ns();
	clock = (struct clock *)(two + 4096 - 4);
	wrmsr(CLOCK, (u64)clock | 1);
	n1 = clock_ns();
	if (n1 < n0 || n1 - n0 > 50000000)
		fail("clock-across-pages", "%lu, then %lu", n0, n1);
	else
		pass("clock-across-pages");

	/* Pages that are on their way out come back for it. */
	take_away(two);
	take_away(two + 4096);
	wrmsr(TSC_ADJUST, 1UL << 36);
	wrmsr(TSC_ADJUST, 0);
	now = clock_ns();
	if (now < n1 || now - n1 > 50000000)
		fail("clock-in-stolen-pages", "%lu, then %lu", n1, now);
	else
		pass("clock-in-stolen-pages");

	version = clock->version;
	wrmsr(CLOCK, 0);
	wrmsr(TSC_ADJUST, 1UL << 36);
	wrmsr(TSC_ADJUST, 0);
	check("clock-off", clock->version, version);
	wrmsr(CLOCK, (u64)clock | 1);
}

static void wall(void)
{
	u32 *w = alloc_pages(1);

	wrmsr(WALL, (u64)w);
	check("wall-version-is-even", w[0] & 1, 0);
	check("wall-nanoseconds", w[2] < 1000000000, 1);
	printf("WALL %lu\n", w[1] + clock_ns() / 1000000000);
}

static void refusals(void)
{
	u64 end = 0x100000 + mem_upper_kib * 1024;

	check("steal-reserved", try_write(STEAL, 0x200003), 13);
	check("eoi-reserved", try_write(PV_EOI, 0x200003), 13);
	check("clock-unaligned", try_write(CLOCK, 0x200003), 13);
	check("wall-unaligned", try_write(WALL, 0x200002), 13);
	check("clock-no-ram", try_write(CLOCK, 0xfee00001), 13);
	check("clock-half-in-ram", try_write(CLOCK, (end - 16) | 1), 13);
	check("steal-no-ram", try_write(STEAL, (1UL << 51) | 1), 13);
	check("eoi-no-ram", try_write(PV_EOI, ~7UL | 1), 13);
	check("eoi-at-the-end", try_write(PV_EOI, (end - 4) | 1), -1);
	check("off-without-ram", try_write(PV_EOI, 0), -1);
}

static void steal(u64 ms, bool starved)
{
	struct steal *s = alloc_pages(1);
	u64 before, t0, took, got;

	wrmsr(STEAL, (u64)s | 1);
	check("steal-version-is-even", s->version & 1, 0);
	check("steal-flags", s->flags, 0);
	before = s->ns;
	t0 = rdtsc();
	wait_ms(ms);
	took = (rdtsc() - t0) * 1000000 / khz;
	got = s->ns - before;
	printf("STEAL %lu of %lu ns\n", got, took);
	if (!starved)
		check("steal-is-less-than-time", got < took, 1);
	else if (got < took / 4 || got > took)
		fail("steal-of-a-starved-vcpu", "%lu of %lu ns", got, took);
	else
		pass("steal-of-a-starved-vcpu");
	check("steal-runs-now", s->preempted, 0);
	check("steal-version-stays-even", s->version & 1, 0);

	/* A page that is taken away is pinned: what is written arrives. */
	take_away(s);
	check("steal-page-kept", s->ns >= before + got, 1);

	/* Off and on: never goes back. */
	before = s->ns;
	wrmsr(STEAL, 0);
	s->ns = 0;
	wrmsr(STEAL, (u64)s | 1);
	check("steal-goes-on", s->ns >= before, 1);
	wrmsr(STEAL, 0);
}

static volatile u64 taken, silent, nested, levels, level_silent, order_bad;
static volatile bool nest;

/* What a stock kernel does at the end of an interrupt. */
static bool end_interrupt(void)
{
	bool was;

	asm volatile("btrl $0, %0; setc %1" : "+m"(*eoi), "=r"(was) : : "memory");
	if (!was)
		apic_write(APIC_REG_EOI, 0);
	return was;
}

static void on_high(struct regs *r)
{
	nested++;
	end_interrupt();
}

static void on_low(struct regs *r)
{
	u64 before = nested;

	taken++;
	if (nest) {
		/* Comes at once: its class is above. */
		apic_ipi(apic_id(), 0x4000 | HIGH);
		asm volatile("sti; nop; nop; cli" : : : "memory");
		order_bad += nested != before + 1;
		/* Waits for the end of this one. */
		apic_ipi(apic_id(), 0x4000 | LOW);
		nest = false;
	}
	silent += end_interrupt();
}

static void ioapic_write(u32 reg, u32 val)
{
	*(volatile u32 *)IOAPIC = reg;
	*(volatile u32 *)(IOAPIC + 16) = val;
}

static u32 ioapic_read(u32 reg)
{
	*(volatile u32 *)IOAPIC = reg;
	return *(volatile u32 *)(IOAPIC + 16);
}

static void on_level(struct regs *r)
{
	levels++;
	if (levels == 2)
		out8(TESTDEV_IRQ + PIN, 0);
	level_silent += end_interrupt();
}

static u32 in_service(void)
{
	u32 i, any = 0;

	for (i = 0; i < 8; i++)
		any |= apic_read(REG_ISR + i);
	return any;
}

static void end_of_interrupt(void)
{
	u64 i;

	eoi = alloc_pages(1);
	set_trap(LOW, on_low);
	set_trap(HIGH, on_high);
	set_trap(LEVEL, on_level);
	wrmsr(PV_EOI, (u64)eoi | 1);
	check("eoi-msr-reads-back", rdmsr(PV_EOI), (u64)eoi | 1);
	check("eoi-nothing-yet", *eoi, 0);

	for (i = 0; i < 100; i++) {
		apic_ipi(apic_id(), 0x4000 | LOW);
		asm volatile("sti; nop; nop; cli" : : : "memory");
	}
	check("eoi-all-taken", taken, 100);
	check("eoi-all-in-memory", silent, 100);
	check("eoi-nothing-in-service", in_service(), 0);

	taken = 0;
	for (i = 0; i < 50; i++) {
		nest = true;
		apic_ipi(apic_id(), 0x4000 | LOW);
		asm volatile("sti; nop; nop; nop; nop; cli" : : : "memory");
	}
	check("eoi-nested", nested, 50);
	check("eoi-nested-in-order", order_bad, 0);
	check("eoi-of-one-that-another-waits-for", taken, 100);
	check("eoi-nothing-in-service-then", in_service(), 0);

	/* The page goes away under it. */
	taken = 0;
	for (i = 0; i < 10; i++) {
		take_away(eoi);
		apic_ipi(apic_id(), 0x4000 | LOW);
		asm volatile("sti; nop; nop; cli" : : : "memory");
	}
	check("eoi-in-a-stolen-page", taken, 10);
	check("eoi-nothing-in-service-after-that", in_service(), 0);

	/* Level triggered: the I/O APIC has to hear, and sends again until it is low. */
	ioapic_write(0x10 + 2 * PIN + 1, apic_id() << 24);
	ioapic_write(0x10 + 2 * PIN, LEVEL | 0x8000);
	out8(TESTDEV_IRQ + PIN, 1);
	for (i = 0; i < 100; i++)
		asm volatile("sti; nop; nop; cli" : : : "memory");
	check("eoi-level-comes-again", levels, 2);
	check("eoi-level-never-in-memory", level_silent, 0);
	check("eoi-remote-irr-clear", ioapic_read(0x10 + 2 * PIN) >> 14 & 1, 0);
	ioapic_write(0x10 + 2 * PIN, 0x10000);

	/* Off: the word stays 0, and EOI goes to the register. */
	wrmsr(PV_EOI, 0);
	taken = silent = 0;
	apic_ipi(apic_id(), 0x4000 | LOW);
	asm volatile("sti; nop; nop; cli" : : : "memory");
	check("eoi-off", taken * 16 + silent, 16);
	check("eoi-off-nothing-in-service", in_service(), 0);
}

int main(const char *args)
{
	u32 r[4];

	apic_init(!arg_word(args, "xapic"));
	cpuid(0x40000000, 0, r);
	check("signature", !memcmp(&r[1], "KVMKVMKVM\0\0\0", 12), 1);
	cpuid(0x40000001, 0, r);
	check("features", r[0] & 0x01000068, 0x01000068);
	check("no-features-that-are-not-done", r[0] & ~0x0100006aU, 0);
	cpuid(0x15, 0, r);
	khz = (u64)r[2] / 1000 * r[1] / r[0];

	if (arg_word(args, "wait")) {
		u64 n0;

		clock = alloc_pages(1);
		wrmsr(CLOCK, (u64)clock | 1);
		printf("READY\n");
		n0 = clock_ns();
		while (!(clock->flags & STOPPED) && clock_ns() - n0 < 60000000000)
			asm volatile("pause");
		check("clock-tells-of-a-pause", clock->flags, STABLE | STOPPED);
		check("clock-went-on", clock_ns() > n0, 1);
		return result();
	}
	if (!arg_word(args, "starved")) {
		clocks();
		wall();
		refusals();
		end_of_interrupt();
	}
	steal(arg_u64(args, "spin=", 100), arg_word(args, "starved"));
	return result();
}
