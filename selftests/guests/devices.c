// SPDX-License-Identifier: GPL-2.0
/*
 * What a driver sees of UART, PIT, RTC, ACPI registers, reset ports and test
 * device: registers, interrupts through the I/O APIC, and whether the clocks
 * agree with each other.  "reset=PORT" resets the machine by that port, and
 * passes when it comes up again.
 */
#include "lib.h"

#define COM1		0x3f8
#define IOAPIC		0xfec00000UL
#define VEC_PIT		0x60
#define VEC_UART	0x64
#define VEC_RTC		0x68
#define VEC_SCI		0x69
#define VEC_LINE	0x6b
#define PIT_HZ		1193182ULL
#define PM_HZ		3579545ULL

static volatile u64 pit_ticks, uart_irqs, rtc_irqs, line_irqs;
static volatile u8 uart_iir, rtc_c;

static void eoi(void)
{
	apic_write(APIC_REG_EOI, 0);
}

static void on_pit(struct regs *r)
{
	pit_ticks++;
	eoi();
}

static void on_uart(struct regs *r)
{
	uart_irqs++;
	uart_iir = in8(COM1 + 2);
	eoi();
}

static void on_rtc(struct regs *r)
{
	rtc_irqs++;
	out8(0x70, 0x0c);
	rtc_c = in8(0x71);
	eoi();
}

static void on_line(struct regs *r)
{
	line_irqs++;
	eoi();
}

static void route(unsigned int pin, u32 entry)
{
	volatile u32 *select = (u32 *)IOAPIC, *window = (u32 *)(IOAPIC + 16);

	*select = 0x10 + pin * 2 + 1;
	*window = apic_id() << 24;
	*select = 0x10 + pin * 2;
	*window = entry;
}

static void window(void)
{
	asm volatile("sti; nop; nop; cli" : : : "memory");
}

static u32 pm_timer(void)
{
	return in32(0x608);
}

/* Busy for @ticks of the PM timer. */
static void pm_wait(u32 ticks)
{
	u32 start = pm_timer();

	while (pm_timer() - start < ticks)
		;
}

static u8 cmos(u8 reg)
{
	out8(0x70, reg);
	return in8(0x71);
}

static void set_cmos(u8 reg, u8 val)
{
	out8(0x70, reg);
	out8(0x71, val);
}

/* ---- UART ---------------------------------------------------------------------- */

/* Results are printed through the same UART: only when it is as it was. */
static void test_uart(void)
{
	u64 once, again, more;
	unsigned int n = 0;
	u8 a, b, lines;

	out8(COM1 + 1, 0);
	a = in8(COM1 + 1);
	out8(COM1 + 1, 0xff);
	b = in8(COM1 + 1);
	out8(COM1 + 1, 0);
	check("uart-ier", a << 8 | b, 0x000f);
	out8(COM1 + 7, 0x5a);
	check("uart-scratch", in8(COM1 + 7), 0x5a);
	out8(COM1 + 2, 0x07);
	check("uart-16550a", in8(COM1 + 2) >> 6, 3);
	out8(COM1 + 4, 0x1a);
	lines = in8(COM1 + 6) & 0xf0;
	for (n = 0; n < 20; n++)
		out8(COM1, n);
	for (n = 0; n < 20 && (in8(COM1 + 5) & 1); n++)
		in8(COM1);
	out8(COM1 + 4, 0x0b);
	check("uart-loopback", lines, 0x90);
	check("uart-fifo", n, 16);

	/* A word-wide access is two registers. */
	out8(COM1 + 3, 0x83);
	out16(COM1, 0x0301);
	a = in8(COM1);
	b = in8(COM1 + 1);
	out16(COM1, 0x000c);
	out8(COM1 + 3, 0x03);
	check("uart-divisor", a << 8 | b, 0x0103);

	route(4, VEC_UART);
	out8(COM1 + 1, 0x02);
	window();
	once = uart_irqs;
	window();
	again = uart_irqs;
	out8(COM1 + 1, 0);
	out8(COM1 + 1, 0x02);
	window();
	more = uart_irqs;
	out8(COM1 + 1, 0);
	check("uart-thre-irq", once, 1);
	check("uart-thre-iir", uart_iir, 0xc2);
	check("uart-irq-once", again, 1);
	check("uart-irq-again", more, 2);
	route(4, 0x10000);
}

/* ---- time ------------------------------------------------------------------------ */

/*
 * The PM timer is the clock here, and nobody promises this CPU its time: a guest
 * can stand still between any two instructions.  So what lies between two
 * readings took at most as long as these are apart, and at least as long as the
 * readings just inside of it are.  Only that can fail a check.  How close the
 * two come is a matter of luck, so it is tried again until they are close.
 */
#define TRIES		200U
#define ROUNDING	2U		/* each reading is cut down to a tick */

/* @n ticks of a clock of @hz in ticks of the PM timer. */
static u32 pm_ticks(u64 n, u64 hz)
{
	return n * PM_HZ / hz;
}

/* Interrupts that come with a fixed period, counted by @seen. */
struct beat {
	const char *early, *late;	/* the names of the checks */
	u64 period, hz;			/* in ticks of a clock, and that clock */
	volatile u64 *seen;
	unsigned int n;			/* interrupts in a try */
	unsigned int lead;		/* periods that go before the first, at least */
	void (*start)(void);		/* from now on; none waits from before */
};

/*
 * Interrupts of a timer that fell together are not made up for, so fewer may
 * come in a time, but never more.  When nothing came between, all do.
 */
static void test_beat(const struct beat *b)
{
	u32 least = pm_ticks((b->n - 1 + b->lead) * b->period, b->hz);
	u32 most = pm_ticks((b->n + 2) * b->period, b->hz), took = 0;
	unsigned int i, early = 0;
	bool found = false;

	for (i = 0; i < TRIES && !found; i++) {
		u32 begin = pm_timer();

		b->start();
		*b->seen = 0;
		while (*b->seen < b->n)
			asm volatile("sti; hlt; cli" : : : "memory");
		took = pm_timer() - begin;
		early += took + ROUNDING < least;
		found = took <= most;
	}
	check(b->early, early, 0);
	if (found)
		pass(b->late);
	else
		fail(b->late, "%u interrupts never came within %u ticks of the PM timer, at last in %u",
		     b->n, most, took);
}

/* ---- PIT ------------------------------------------------------------------------- */

#define ONE_MS		(PIT_HZ / 1000)
#define FIFTY_MS	(PIT_HZ / 20)

static void pit_load(u8 command, u16 port, u16 count)
{
	out8(0x43, command);
	out8(port, count & 0xff);
	out8(port, count >> 8);
}

/*
 * Counter 2 by its gate and OUT: 50 ms, as long by the PM timer.  The readings
 * around the rising gate and around the rising OUT say how long it was at least
 * and at most; what several tries say must go together.
 */
static void test_counter_2(void)
{
	u32 want = pm_ticks(FIFTY_MS, PIT_HZ), least = 0, most = ~0U;
	unsigned int i;

	for (i = 0; i < TRIES && least <= most && most - least > want / 100; i++) {
		u32 before, after, low, now, high;

		out8(0x61, in8(0x61) & ~3);
		pit_load(0xb0, 0x42, FIFTY_MS);
		if (!i)
			check("pit-gate-low", in8(0x61) & 0x20, 0);
		before = pm_timer();
		out8(0x61, 1);
		after = low = now = pm_timer();
		while (!(in8(0x61) & 0x20)) {
			low = now;
			now = pm_timer();
		}
		high = pm_timer();
		if (low - after > least)
			least = low - after;
		if (high - before < most)
			most = high - before;
	}
	if (least <= want + ROUNDING && want <= most + ROUNDING && most - least <= want / 100)
		pass("pit-agrees-with-pm-timer");
	else
		fail("pit-agrees-with-pm-timer", "%u ticks are %u to %u after %u tries",
		     want, least, most, i);
}

static void start_pit(void)
{
	/* A one-shot without its count: no further edge, and what waits is taken. */
	out8(0x43, 0x30);
	window();
	pit_load(0x34, 0x40, ONE_MS);
}

static void test_pit(void)
{
	static const struct beat beat = {
		.early = "pit-no-early-tick", .late = "pit-10-ms",
		.period = ONE_MS, .hz = PIT_HZ, .seen = &pit_ticks, .n = 10,
		.lead = 1, .start = start_pit,
	};
	u32 begin, took;
	u8 lo, hi;

	test_counter_2();
	route(2, VEC_PIT);
	test_beat(&beat);
	out8(0x43, 0x00);
	lo = in8(0x40);
	hi = in8(0x40);
	check("pit-latch", (u64)(hi << 8 | lo) <= ONE_MS, 1);
	out8(0x43, 0xe2);
	check("pit-status", in8(0x40) & 0x3f, 0x34);

	/* One shot, and then silence. */
	out8(0x43, 0x30);
	window();
	pit_ticks = 0;
	begin = pm_timer();
	out8(0x40, 0xff);
	out8(0x40, 0x00);
	while (!pit_ticks)
		asm volatile("sti; hlt; cli" : : : "memory");
	took = pm_timer() - begin;
	check("pit-one-shot-early", took + ROUNDING < pm_ticks(0xff, PIT_HZ), 0);
	pm_wait(PM_HZ / 200);
	window();
	window();
	check("pit-one-shot", pit_ticks, 1);
	route(2, 0x10000);
}

/* ---- RTC ------------------------------------------------------------------------- */

static u8 rtc_b;

static void start_rtc(void)
{
	set_cmos(0x0b, rtc_b);
	window();
	cmos(0x0c);
	set_cmos(0x0b, rtc_b | 0x40);
}

static u32 bcd(u8 v)
{
	return (v >> 4) * 10 + (v & 15);
}

/* Seconds of the day, read while they stay the same. */
static u32 rtc_time(void)
{
	u8 h, m, s;

	do {
		s = cmos(0);
		m = cmos(2);
		h = cmos(4);
	} while (cmos(0) != s || cmos(2) != m);
	return (bcd(h) * 60 + bcd(m)) * 60 + bcd(s);
}

static void test_rtc(void)
{
	/* It ticks all the time: the first may come at once. */
	static const struct beat beat = {
		.early = "rtc-no-early-tick", .late = "rtc-1024-hz",
		.period = 1, .hz = 1024, .seen = &rtc_irqs, .n = 16,
		.lead = 0, .start = start_rtc,
	};
	const u32 day = 24 * 60 * 60;
	u32 before, shown, took;

	rtc_b = cmos(0x0b);
	check("rtc-valid", cmos(0x0d), 0x80);
	check("rtc-24h-bcd", rtc_b & 6, 2);
	check("rtc-century", cmos(0x32) >= 0x20, 1);
	set_cmos(0x40, 0x77);
	check("rtc-ram", cmos(0xc0), 0x77);	/* bit 7: no NMI */

	/* 1024 Hz, until reg C is read no other. */
	route(8, VEC_RTC);
	test_beat(&beat);
	check("rtc-periodic-flags", rtc_c & 0xc0, 0xc0);
	set_cmos(0x0b, rtc_b);
	cmos(0x0c);

	/*
	 * Stopped, set, started: shows what was set, and the time since.  The
	 * part of the second that it had goes on.
	 */
	set_cmos(0x0b, rtc_b | 0x80);
	set_cmos(0x00, 0x58);
	set_cmos(0x02, 0x59);
	set_cmos(0x04, 0x23);
	before = pm_timer();
	set_cmos(0x0b, rtc_b);
	shown = (rtc_time() + 2) % day;		/* seconds since 23:59:58 */
	took = pm_timer() - before + ROUNDING;
	check("rtc-set", shown <= took / PM_HZ + 1, 1);
	route(8, 0x10000);
}

/* ---- ACPI, test device, ports ------------------------------------------------------ */

static void test_rest(void)
{
	check("pm1-sci-en", in16(0x604) & 1, 1);
	check("pm1-status", in16(0x600), 0);
	out16(0x602, 0xffff);
	check("pm1-enable", in16(0x602), 0x0521);
	out16(0x602, 0);
	check("pm1-dword", in32(0x600), 0);
	out16(0x604, 0x2000);		/* S0: goes on */
	check("pm1-s0", in16(0x604), 1);

	out32(0xe0, 0x12345678);
	check("latch-dword", in32(0xe0), 0x12345678);
	out8(0xe1, 0xab);
	out16(0xe2, 0xcdef);
	check("latch-parts", in32(0xe0), 0xcdefab78);
	check("latch-word", in16(0xe1), 0xefab);
	out8(0xe8, 0x5a);
	check("latch-byte", in8(0xe8), 0x5a);

	set_trap(VEC_LINE, on_line);
	route(11, VEC_LINE);
	out8(0x2000 + 11, 1);
	window();
	out8(0x2000 + 11, 1);
	window();
	check("line-edge", line_irqs, 1);
	out8(0x2000 + 11, 0);
	out8(0x2000 + 11, 1);
	window();
	check("line-edge-again", line_irqs, 2);
	out8(0x2000 + 11, 0);
	route(11, 0x10000);

	check("pvpanic", in8(0x505), 3);
	check("no-keyboard", in8(0x64) << 8 | in8(0x60), 0xffff);
	check("a20", in8(0x92), 2);
	out32(0xcf8, 0x80000000);
	check("pci-mechanism-1", in32(0xcf8), 0x80000000);
	check("pci-host-bridge", in32(0xcfc), 0x00081b36);
	/* Its second byte is no write to the reset register. */
	out32(0xcf8, 0x80000600);
	out32(0xcf8, 0x80000000);
	check("pci-is-no-reset", in8(0xcf9), 0);
	check("unclaimed", in32(0x3000), 0xffffffff);
	out8(0x80, 0);
}

/* CMOS RAM has a battery: it remembers how often this has run. */
static void test_reset(u16 port)
{
	u8 boots = cmos(0x50) + 1;

	set_cmos(0x50, boots);
	printf("boot %d\n", boots);
	if (boots == 2) {
		check("reset-clears-latch", in32(0xe0), 0);
		check("reset-control", in8(0xcf9) << 8 | in8(0x92), 0x0002);
		check("reset-pm", in32(0x600), 0);
		check("reset-interrupts", cmos(0x0b) & 0x70, 0);
		return;
	}
	out32(0xe0, 0x12345678);
	out16(0x602, 0x0100);
	set_cmos(0x0b, cmos(0x0b) | 0x40);
	/* Half of it is not enough. */
	out8(0xcf9, 0x02);
	out8(0x92, 0x02);
	out8(0x64, 0xfd);
	out8(port, port == 0xcf9 ? 0x06 : port == 0x64 ? 0xfe : 0x03);
	pm_wait(PM_HZ / 10);
	fail("reset", "still there");
}

int main(const char *args)
{
	u64 port = arg_u64(args, "reset=", 0);

	if (port) {
		test_reset(port);
		return result();
	}
	apic_init(true);
	set_trap(VEC_PIT, on_pit);
	set_trap(VEC_UART, on_uart);
	set_trap(VEC_RTC, on_rtc);
	test_uart();
	test_pit();
	test_rtc();
	test_rest();
	return result();
}
