// SPDX-License-Identifier: GPL-2.0
/*
 * The whole board: devices, their lines and the interrupt controllers, reached
 * by ports and memory as a guest reaches them.  Only the console is not there:
 * what it holds for the guest is a string.
 */
#include "kshim.h"
#include "boot/layout.h"
#include "dev/board.h"
#include "dev/console.h"
#include "dev/devices.h"
#include "kselftest_harness.h"

#define CPUS	2
#define COM1	HS_PORT_COM1
#define MS	1000000ULL
#define X(reg)	(0x800 + (reg))
#define SVR	0x0f
#define EOI	0x0b

FIXTURE(board) {
	struct hs_board b;
};

static const char *typed;

int hs_console_init(struct hs_board *b)
{
	return 0;
}

void hs_console_reset(struct hs_board *b)
{
}

void hs_console_exit(struct hs_board *b)
{
}

unsigned int hs_console_minor(const struct hs_board *b)
{
	return 0;
}

int hs_console_module_init(void)
{
	return 0;
}

void hs_console_module_exit(void)
{
}

void hs_console_attach(struct hs_console *c, struct hs_uart *u)
{
}

void hs_console_detach(struct hs_console *c)
{
}

void hs_console_out(struct hs_console *c, u8 byte)
{
}

bool hs_console_has_input(const struct hs_console *c)
{
	return *typed;
}

bool hs_console_in(struct hs_console *c, u8 *byte)
{
	if (!*typed)
		return false;
	*byte = *typed++;
	return true;
}

static void nothing(void *vm, unsigned int cpu)
{
}

static const struct hs_board_ops ops = { .kick = nothing };

static void outp(struct hs_board *b, u16 port, unsigned int size, u32 val)
{
	hs_bus_write(&b->pio, port, size, val, false);
}

static u8 inp(struct hs_board *b, u16 port)
{
	u64 val;

	hs_bus_read(&b->pio, port, 1, &val, false);
	return val;
}

/* All pins to CPU 0, edge triggered, vector 0x40 and up; 0x10000: masked. */
static void route(struct hs_board *b, unsigned int pin, u32 flags)
{
	hs_bus_write(&b->mmio, HS_GPA_IOAPIC, 4, 0x10 + 2 * pin, false);
	hs_bus_write(&b->mmio, HS_GPA_IOAPIC + 0x10, 4, (0x40 + pin) | flags, false);
}

static void set_up_cpu(struct hs_board *b)
{
	u64 base;

	hs_lapic_msr_read(b->lapic[0], MSR_IA32_APICBASE, &base);
	hs_lapic_msr_write(b->lapic[0], MSR_IA32_APICBASE, base | 0x400);
	hs_lapic_msr_write(b->lapic[0], X(SVR), 0x1ff);
}

/* The vector that CPU 0 takes now and ends; -1: none. */
static int took(struct hs_board *b)
{
	int v = hs_lapic_ack(b->lapic[0]);

	if (v >= 0)
		hs_lapic_msr_write(b->lapic[0], X(EOI), 0);
	return v;
}

FIXTURE_SETUP(board)
{
	const struct hs_board_cfg cfg = {
		.name = "test", .cpus = CPUS, .testdev = true,
		.tsc_khz = kshim_tsc_per_ns * 1000000,
	};

	typed = "";
	ASSERT_EQ(0, hs_board_init(&self->b, &cfg, &ops, NULL));
	set_up_cpu(&self->b);
}

FIXTURE_TEARDOWN(board)
{
	hs_board_exit(&self->b);
}

#define OUT(port, v)	outp(&self->b, port, 1, v)
#define IN(port)	inp(&self->b, port)
#define CMOS(reg, v)	(OUT(0x70, reg), OUT(0x71, v))
#define ROUTE(pin, f)	route(&self->b, pin, f)
#define TOOK()		took(&self->b)
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

TEST_HARNESS_MAIN
