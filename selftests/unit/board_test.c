// SPDX-License-Identifier: GPL-2.0
/* Devices of the board with their lines, over resets and pauses. */
#include "board_fixture.h"

#define COM1	HS_PORT_COM1
#define MS	1000000ULL

#define CMOS(reg, v)	(OUT(0x70, reg), OUT(0x71, v))
#define CALLS(from, until) ({ unsigned int _c = kshim_timer_calls; \
			   kshim_run_until((from) + (until)); kshim_timer_calls - _c; })

/* --- reset ---------------------------------------------------------------- */

/* Asserted by each device that has a line, and by the test device on all. */
static void raise_lines(struct hs_board *b, bool all)
{
	unsigned int n;

	outp(b, COM1 + 4, 1, 0x08);
	outp(b, COM1 + 1, 1, 0x02);		/* THR is empty */
	outp(b, 0x70, 1, 0x0b);
	outp(b, 0x71, 1, 0x42);			/* periodic */
	outp(b, HS_PORT_PM1A_EVT + 2, 2, 0x100);
	hs_board_power_button(b);
	outp(b, 0x43, 1, 0x34);
	outp(b, 0x40, 1, 0xa9);
	outp(b, 0x40, 1, 0x04);			/* 1 ms */
	kshim_run_until(kshim_ns + 5 * MS);
	for (n = 0; all && n < HS_IOAPIC_PINS; n++)
		outp(b, 0x2000 + n, 1, 1);
}

/* After a reset no line is high: level triggered, nobody asks. */
TEST_F(board, reset_lowers_all_lines)
{
	unsigned int pin, all;

	for (all = 0; all < 2; all++) {
		raise_lines(&self->b, all);
		for (pin = 1; pin < HS_IOAPIC_PINS; pin++)
			ROUTE(pin, 0x8000);
		EXPECT_LE(0, TOOK());
		hs_board_reset(&self->b);
		set_up_cpu(&self->b);
		for (pin = 1; pin < HS_IOAPIC_PINS; pin++)
			ROUTE(pin, 0x8000);
		EXPECT_EQ(-1, TOOK()) TH_LOG("all = %u", all);
	}
}

/* And the first edge of each device arrives. */
TEST_F(board, reset_loses_no_edge)
{
	static const u8 pins[] = { 2, HS_IRQ_COM1, HS_IRQ_RTC, HS_IRQ_SCI };
	unsigned int seen = 0, i;
	int v;

	raise_lines(&self->b, true);
	hs_board_reset(&self->b);
	set_up_cpu(&self->b);
	for (i = 0; i < ARRAY_SIZE(pins); i++)
		ROUTE(pins[i], 0);
	raise_lines(&self->b, false);
	while ((v = TOOK()) >= 0)
		seen |= 1 << (v - 0x40);
	EXPECT_EQ(1 << 2 | 1 << 4 | 1 << 8 | 1 << 9, seen);
	ROUTE(11, 0);
	OUT(0x2000 + 11, 1);
	EXPECT_EQ(0x4b, TOOK());
}

/* --- UART ----------------------------------------------------------------- */

/* A driver that takes one byte per interrupt is called again for the next. */
TEST_F(board, uart_each_cause_is_an_edge)
{
	/* With the FIFO less than its trigger: then each byte times out. */
	static const char *const texts[] = { "Many of them, one by one.", "Just a few." };
	unsigned int fifo, i;
	const char *text;

	ROUTE(HS_IRQ_COM1, 0);
	for (fifo = 0; fifo < 2; fifo++) {
		OUT(COM1 + 2, fifo ? 0xc1 : 0);
		text = texts[fifo];
		OUT(COM1 + 4, 0x08);
		OUT(COM1 + 1, 0x02);
		for (i = 0; i < 40; i++) {
			ASSERT_EQ(0x44, TOOK());
			OUT(COM1, 'x');		/* without a look at IIR */
		}
		EXPECT_EQ(0x44, TOOK());
		OUT(COM1 + 1, 0);
		typed = text;
		OUT(COM1 + 1, 0x01);
		for (i = 0; text[i]; i++) {
			ASSERT_EQ(0x44, TOOK());
			EXPECT_EQ(text[i], IN(COM1));
		}
		EXPECT_EQ(-1, TOOK());
		OUT(COM1 + 1, 0);
	}
}

/* As Linux does: many bytes in one go, but not for ever. */
TEST_F(board, uart_driver_that_gives_up)
{
	static char text[1000];
	unsigned int n = 0, i;

	memset(text, 'x', sizeof(text) - 1);
	ROUTE(HS_IRQ_COM1, 0);
	OUT(COM1 + 2, 0x81);
	OUT(COM1 + 4, 0x08);
	OUT(COM1 + 1, 0x01);
	typed = text;
	OUT(COM1 + 1, 0x01);
	while (TOOK() == 0x44)
		for (i = 0; i < 256 && (IN(COM1 + 5) & 1); i++, n++)
			IN(COM1);
	EXPECT_EQ(999, n);
}

/* --- PIT ------------------------------------------------------------------ */

/* Counter 0, mode 2, @us. */
static void start_pit(struct hs_board *b, unsigned int us)
{
	unsigned int n = us * 1193182ULL / 1000000;

	outp(b, 0x43, 1, 0x34);
	outp(b, 0x40, 1, n & 0xff);
	outp(b, 0x40, 1, n >> 8);
}

static unsigned int pit_count(struct hs_board *b)
{
	unsigned int lo;

	outp(b, 0x43, 1, 0x00);
	lo = inp(b, 0x40);
	return lo | inp(b, 0x40) << 8;
}

static void init_pic(struct hs_board *b)
{
	static const u8 icw[4] = { 0x11, 0x30, 0x04, 0x01 };
	unsigned int i;

	outp(b, 0x20, 1, icw[0]);
	for (i = 1; i < 4; i++)
		outp(b, 0x21, 1, icw[i]);
	outp(b, 0x21, 1, 0xfe);
}

/* Nobody can see its edges: the host is not bothered, and the count goes on. */
TEST_F(board, pit_sleeps_while_its_line_is_masked)
{
	const u64 t0 = kshim_ns;

	start_pit(&self->b, 1000);
	/* One the PIC latches; the next finds it there. */
	EXPECT_GE(2, CALLS(t0, 100 * MS));
	EXPECT_EQ(0, CALLS(t0, 1000 * MS + MS / 4));
	EXPECT_EQ(1193 - 1193182 * 1000250ULL / 1000000 % 1193, pit_count(&self->b));
	/* Unmasked: what has passed is lost, the next comes in phase. */
	ROUTE(2, 0);
	EXPECT_EQ(-1, TOOK());
	EXPECT_EQ(0, CALLS(t0, 1000 * MS + MS / 2));
	EXPECT_EQ(-1, TOOK());
	EXPECT_EQ(1, CALLS(t0, 1001 * MS));
	EXPECT_EQ(0x42, TOOK());
	EXPECT_EQ(10, CALLS(t0, 1011 * MS));
	EXPECT_EQ(0x42, TOOK());
	EXPECT_EQ(-1, TOOK());
	/* Masked while it runs. */
	ROUTE(2, 0x10000);
	EXPECT_EQ(1, CALLS(t0, 2000 * MS));
	/* Programmed again: one shot, which is over before it is unmasked. */
	OUT(0x43, 0x30);
	OUT(0x40, 0xff);
	OUT(0x40, 0x00);
	EXPECT_GE(1, CALLS(t0, 2001 * MS));
	ROUTE(2, 0);
	EXPECT_EQ(0, CALLS(t0, 2100 * MS));
	EXPECT_EQ(-1, TOOK());
}

/* Level triggered: until the EOI. */
TEST_F(board, pit_sleeps_while_its_interrupt_is_in_service)
{
	const u64 t0 = kshim_ns;
	unsigned int i;

	ROUTE(2, 0x8000);
	start_pit(&self->b, 1000);
	CALLS(t0, MS + MS / 2);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0x42, hs_lapic_ack(self->b.lapic[0]));
		EXPECT_GE(2, CALLS(t0, (i + 1) * 100 * MS));
		hs_lapic_msr_write(self->b.lapic[0], X(EOI), 0);
	}
}

TEST_F(board, pit_sleeps_until_the_pic_is_acknowledged)
{
	const u64 t0 = kshim_ns;
	unsigned int i;

	init_pic(&self->b);
	start_pit(&self->b, 1000);
	for (i = 1; i <= 10; i++) {
		EXPECT_EQ(1, CALLS(t0, i * MS + MS / 2));
		EXPECT_EQ(0x30, hs_lapic_ack(self->b.lapic[0]));
		OUT(0x20, 0x20);
	}
	/* Not taken. */
	EXPECT_GE(2, CALLS(t0, 1000 * MS + MS / 2));
	EXPECT_EQ(0x30, hs_lapic_ack(self->b.lapic[0]));
	OUT(0x20, 0x20);
	EXPECT_EQ(-1, hs_lapic_ack(self->b.lapic[0]));
	EXPECT_EQ(1, CALLS(t0, 1001 * MS + MS / 2));
	EXPECT_EQ(0x30, hs_lapic_ack(self->b.lapic[0]));
	OUT(0x20, 0x20);
	/* The same for who polls. */
	EXPECT_GE(2, CALLS(t0, 2000 * MS + MS / 2));
	OUT(0x20, 0x0c);
	EXPECT_EQ(0x80, IN(0x20));
	OUT(0x20, 0x20);
	EXPECT_EQ(1, CALLS(t0, 2001 * MS + MS / 2));
	/* And for who begins anew, which drops what was latched. */
	EXPECT_GE(1, CALLS(t0, 3000 * MS + MS / 2));
	init_pic(&self->b);
	EXPECT_EQ(1, CALLS(t0, 3001 * MS + MS / 2));
	EXPECT_EQ(0x30, hs_lapic_ack(self->b.lapic[0]));
}

/* A paused VM costs the host no timer interrupts, whatever its timers do. */
TEST_F(board, paused_board_is_quiet)
{
	const u64 t0 = kshim_ns;

	ROUTE(2, 0);
	ROUTE(HS_IRQ_RTC, 0);
	start_pit(&self->b, 1000);
	CMOS(0x0b, 0x72);
	hs_lapic_msr_write(self->b.lapic[0], X(0x3e), 0xb);
	hs_lapic_msr_write(self->b.lapic[0], X(0x32), 0x20030);
	hs_lapic_msr_write(self->b.lapic[0], X(0x38), MS / 40);
	CALLS(t0, 10 * MS);
	hs_board_pause(&self->b, true);
	/* Those of the others that were under way. */
	EXPECT_GE(5, CALLS(t0, 10000 * MS));
	EXPECT_EQ(0, CALLS(t0, 100000 * MS + MS / 2));
	while (TOOK() >= 0)
		;
	/* One edge for all that passed, then the rest in phase. */
	hs_board_pause(&self->b, false);
	CALLS(t0, 100000 * MS + MS / 2 + 1);
	EXPECT_EQ(0x42, TOOK());
	EXPECT_EQ(-1, TOOK());
	CALLS(t0, 100001 * MS);
	EXPECT_EQ(0x42, TOOK());
	EXPECT_EQ(0x30, TOOK());

	/* A reset meanwhile, and nothing runs after. */
	hs_board_pause(&self->b, true);
	hs_board_reset(&self->b);
	hs_board_pause(&self->b, false);
	CALLS(t0, 100002 * MS);
	EXPECT_EQ(0, CALLS(t0, 200000 * MS));
}

TEST_HARNESS_MAIN
