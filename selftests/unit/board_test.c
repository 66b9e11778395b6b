// SPDX-License-Identifier: GPL-2.0
/*
 * The whole board: devices, their lines and the interrupt controllers, reached
 * by ports and memory as a guest reaches them.  The console is not there: what
 * it holds for the guest is a string.  Nor is any virtio device.
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

void hs_console_attach(struct hs_console *c, const struct hs_console_ops *ops, void *dev)
{
}

void hs_console_detach(struct hs_console *c)
{
}

size_t hs_console_out(struct hs_console *c, const u8 *buf, size_t len)
{
	return len;
}

bool hs_console_has_input(const struct hs_console *c)
{
	return *typed;
}

size_t hs_console_in(struct hs_console *c, u8 *buf, size_t len)
{
	size_t n = strnlen(typed, len);

	memcpy(buf, typed, n);
	typed += n;
	return n;
}

int hs_virtio_init(struct hs_board *b)
{
	return 0;
}

void hs_virtio_reset(struct hs_board *b)
{
}

void hs_virtio_exit(struct hs_board *b)
{
}

int hs_virtio_module_init(void)
{
	return 0;
}

void hs_virtio_module_exit(void)
{
}

static void nothing(void *vm, unsigned int cpu)
{
}

static unsigned int resets;

static void count_resets(void *vm, enum hs_board_event ev, u32 code)
{
	resets += ev == HS_BOARD_RESET;
}

static const struct hs_board_ops ops = { .kick = nothing, .event = count_resets };

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

/* --- PCI ------------------------------------------------------------------ */

static u32 pci_get(struct hs_board *b, unsigned int slot, unsigned int reg)
{
	u64 val;

	outp(b, 0xcf8, 4, BIT(31) | slot << 11 | reg);
	hs_bus_read(&b->pio, 0xcfc, 4, &val, false);
	return val;
}

static void pci_set(struct hs_board *b, unsigned int slot, unsigned int reg, u32 val)
{
	outp(b, 0xcf8, 4, BIT(31) | slot << 11 | reg);
	outp(b, 0xcfc, 4, val);
}

TEST_F(board, pci_bridge_is_found)
{
	u64 val;

	/* As Linux looks for the mechanism. */
	outp(&self->b, 0xcf8, 4, 0x80000000);
	EXPECT_EQ(0, hs_bus_read(&self->b.pio, 0xcf8, 4, &val, true));
	EXPECT_EQ(0x80000000, val);
	EXPECT_EQ(0x00081b36, pci_get(&self->b, 0, 0));
	EXPECT_EQ(0x06000000, pci_get(&self->b, 0, 8));
	EXPECT_EQ(0, pci_get(&self->b, 0, 0x3c));
	EXPECT_EQ(U32_MAX, pci_get(&self->b, 1, 0));
	pci_set(&self->b, 0, 0, 0);
	EXPECT_EQ(0x00081b36, pci_get(&self->b, 0, 0));
}

/* A device that remembers what it was told; I/O bar 0, memory bar 1. */
struct dev {
	struct hs_board *b;
	struct hs_pci_func *f;
	u64 off, val;
	unsigned int size, calls;
};

static u64 dev_read(void *dev, u64 off, unsigned int size)
{
	struct dev *d = dev;

	d->calls++;
	d->off = off;
	d->size = size;
	return 0xa1a2a3a4a5a6a7a8 + off;
}

static void dev_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct dev *d = dev;

	d->calls++;
	d->off = off;
	d->size = size;
	d->val = val;
}

static const struct hs_region_ops dev_fast = {
	.read = dev_read, .write = dev_write, .fast = true,
};

static const struct hs_region_ops dev_slow = { .read = dev_read, .write = dev_write };

static const u8 dev_window[20] = { 9, 0, 20, 5 };

static int dev_add(struct hs_board *b, struct dev *d, unsigned int slot,
		   const struct hs_region_ops *io_ops)
{
	const struct hs_pci_cfg cfg = {
		.vendor = 0x1af4, .device = 0x1040, .class = 0xff0000,
		.bar = { { 4, true, io_ops }, { 4096, false, &dev_slow } },
		.cap = { { dev_window, 20, true } },
		.nr_caps = 1,
		.msix = 2,
		.dev = d,
	};

	*d = (struct dev){ .b = b };
	return hs_pci_add(b, slot, &cfg, &d->f);
}

#define CFG_COMMAND	0x04
#define CFG_BAR0	0x10
#define CFG_BAR1	0x14
#define CFG_BAR5	0x24
#define CFG_WINDOW	0x40
#define CFG_MSIX	0x54
#define COMMAND_ALL	7		/* I/O, memory, bus master */
#define INTX_OFF	0x400
#define MSIX_ENABLE	0x80000000
#define MSIX_MASKALL	0x40000000

#define PCI_GET(slot, reg)	pci_get(&self->b, slot, reg)
#define PCI_SET(slot, reg, v)	pci_set(&self->b, slot, reg, v)
#define PORT_BASE(slot)		(PCI_GET(slot, CFG_BAR0) & ~3)

TEST_F(board, pci_slots)
{
	static struct dev d[HS_PCI_SLOTS];
	unsigned int i;

	EXPECT_EQ(0, dev_add(&self->b, &d[2], 2, &dev_fast));
	EXPECT_EQ(-EBUSY, dev_add(&self->b, &d[0], 2, &dev_fast));
	EXPECT_EQ(-EINVAL, dev_add(&self->b, &d[0], 32, &dev_fast));
	EXPECT_EQ(-EINVAL, dev_add(&self->b, &d[0], 0, NULL));
	for (i = 1; i < HS_PCI_SLOTS; i++) {
		if (i == 2)
			continue;
		ASSERT_EQ(0, dev_add(&self->b, &d[i], 0, &dev_fast));
		EXPECT_EQ(i, hs_pci_slot(d[i].f));
	}
	EXPECT_EQ(-ENOSPC, dev_add(&self->b, &d[0], 0, &dev_fast));
	for (i = 1; i < HS_PCI_SLOTS; i++) {
		u32 port = PORT_BASE(i);

		EXPECT_EQ(0x10401af4, PCI_GET(i, 0));
		OUT(port + 1, 0x55);
		EXPECT_EQ(1, d[i].calls);
		EXPECT_EQ(1, d[i].off);
		hs_bus_write(&self->b.mmio, PCI_GET(i, CFG_BAR1) + 0xff8, 8, U64_MAX, false);
		EXPECT_EQ(2, d[i].calls);
		EXPECT_EQ(8, d[i].size);
		EXPECT_EQ(0xff8, d[i].off);
		hs_pci_remove(d[i].f);
		EXPECT_EQ(U32_MAX, PCI_GET(i, 0));
		EXPECT_EQ(0xff, IN(port));
	}
}

/* Other functions, buses and the whole without its enable bit. */
TEST_F(board, pci_nobody_there)
{
	static const u32 addr[] = { 0x80000100, 0x80010000, 0x80fff800, 0x00000000, 0x8000f900 };
	unsigned int i;
	u64 val;

	for (i = 0; i < ARRAY_SIZE(addr); i++) {
		outp(&self->b, 0xcf8, 4, addr[i]);
		EXPECT_EQ(0, hs_bus_read(&self->b.pio, 0xcfc, 4, &val, false));
		EXPECT_EQ(U32_MAX, val) TH_LOG("%#x", addr[i]);
		outp(&self->b, 0xcfc, 4, 0);
	}
	/* Bits that the register has not; parts of it are nobody's. */
	outp(&self->b, 0xcf8, 4, U32_MAX);
	EXPECT_EQ(0, hs_bus_read(&self->b.pio, 0xcf8, 4, &val, true));
	EXPECT_EQ(0x80fffffc, val);
	outp(&self->b, 0xcf8, 2, 0);
	outp(&self->b, 0xcfa, 2, 0);
	OUT(0xcf8, 0);
	EXPECT_EQ(0, hs_bus_read(&self->b.pio, 0xcf8, 4, &val, true));
	EXPECT_EQ(0x80fffffc, val);
	EXPECT_EQ(0xff, IN(0xcf8));
	EXPECT_EQ(0xff, IN(0xcfb));
}

TEST_F(board, pci_config_by_bytes_and_words)
{
	u64 val;

	outp(&self->b, 0xcf8, 4, 0x80000000);
	EXPECT_EQ(0x36, IN(0xcfc));
	EXPECT_EQ(0x1b, IN(0xcfd));
	EXPECT_EQ(0, hs_bus_read(&self->b.pio, 0xcfd, 2, &val, false));
	EXPECT_EQ(0x081b, val);
	EXPECT_EQ(0, hs_bus_read(&self->b.pio, 0xcfe, 2, &val, false));
	EXPECT_EQ(0x0008, val);
	/* Over the end of the ports. */
	EXPECT_EQ(0, hs_bus_read(&self->b.pio, 0xcfe, 4, &val, false));
	EXPECT_EQ(0xffff0008, val);
	EXPECT_EQ(-EAGAIN, hs_bus_read(&self->b.pio, 0xcfc, 4, &val, true));
	EXPECT_EQ(-EAGAIN, hs_bus_write(&self->b.pio, 0xcfc, 1, 0, true));
}

TEST_F(board, pci_config_in_memory)
{
	const u64 bridge = HS_GPA_PCI_ECAM, at = HS_GPA_PCI_ECAM + (3 << 15);
	struct hs_bus *mmio = &self->b.mmio;
	struct dev d;
	u64 val;

	ASSERT_EQ(0, dev_add(&self->b, &d, 3, &dev_fast));
	EXPECT_EQ(0, hs_bus_read(mmio, bridge, 4, &val, false));
	EXPECT_EQ(0x00081b36, val);
	EXPECT_EQ(0, hs_bus_read(mmio, at + 2, 2, &val, false));
	EXPECT_EQ(0x1040, val);
	EXPECT_EQ(0, hs_bus_read(mmio, at + 8, 8, &val, false));
	EXPECT_EQ(0x00000000ff000000, val);
	/* The same registers as by ports. */
	hs_bus_write(mmio, at + CFG_BAR0, 8, 0xd0001000c0000000 | 0xd101, false);
	EXPECT_EQ(0xc000d101, PCI_GET(3, CFG_BAR0));
	EXPECT_EQ(0xd0001000, PCI_GET(3, CFG_BAR1));
	hs_bus_write(mmio, at + 0x3c, 1, 0x55, false);
	EXPECT_EQ(0x155, PCI_GET(3, 0x3c));
	/* No extended space, other functions or slots. */
	EXPECT_EQ(0, hs_bus_read(mmio, at + 0x100, 4, &val, false));
	EXPECT_EQ(U32_MAX, val);
	EXPECT_EQ(0, hs_bus_read(mmio, at + 0xffc, 8, &val, false));
	EXPECT_EQ(U64_MAX, val);
	EXPECT_EQ(0, hs_bus_read(mmio, at + 0x1000, 4, &val, false));
	EXPECT_EQ(U32_MAX, val);
	EXPECT_EQ(0, hs_bus_read(mmio, HS_GPA_PCI_ECAM + HS_PCI_ECAM_SIZE - 4, 4, &val, false));
	EXPECT_EQ(U32_MAX, val);
	hs_bus_write(mmio, at + 0x1000, 4, 0, false);
	hs_bus_write(mmio, at + 0x100, 8, 0, false);
	hs_pci_remove(d.f);
}

/* One byte among the ports of PCI, and only as a byte. */
TEST_F(board, reset_port_among_those_of_pci)
{
	unsigned int was = resets;
	u64 val;

	outp(&self->b, 0xcf8, 4, 0x80000600);
	outp(&self->b, 0xcf9, 2, 0x0606);
	EXPECT_EQ(was, resets);
	EXPECT_EQ(0, IN(0xcf9));
	OUT(0xcf9, 0x02);
	EXPECT_EQ(was, resets);
	EXPECT_EQ(0, hs_bus_write(&self->b.pio, 0xcf9, 1, 0x06, true));
	EXPECT_EQ(was + 1, resets);
	EXPECT_EQ(0, hs_bus_read(&self->b.pio, 0xcf9, 1, &val, true));
	EXPECT_EQ(0x06, val);
	EXPECT_EQ(0, hs_bus_read(&self->b.pio, 0xcf8, 4, &val, true));
	EXPECT_EQ(0x80000600 & ~3, val);
	hs_board_reset(&self->b);
	EXPECT_EQ(0, IN(0xcf9));
}

/* Ports of a device that may be called with interrupts off are, others are not. */
TEST_F(board, pci_ports_fast_and_slow)
{
	struct dev fast, slow;
	u32 port, other;
	u64 val = 0x77;

	ASSERT_EQ(0, dev_add(&self->b, &fast, 1, &dev_fast));
	ASSERT_EQ(0, dev_add(&self->b, &slow, 2, &dev_slow));
	port = PORT_BASE(1);
	other = PORT_BASE(2);
	EXPECT_EQ(0, hs_bus_write(&self->b.pio, port, 2, 0x1234, true));
	EXPECT_EQ(0x1234, fast.val);
	EXPECT_EQ(0, hs_bus_read(&self->b.pio, port + 2, 2, &val, true));
	EXPECT_EQ(0xa7aa, val);
	EXPECT_EQ(2, fast.calls);
	EXPECT_EQ(-EAGAIN, hs_bus_write(&self->b.pio, other, 2, 0x1234, true));
	EXPECT_EQ(-EAGAIN, hs_bus_read(&self->b.pio, other, 2, &val, true));
	EXPECT_EQ(0, slow.calls);
	EXPECT_EQ(0, hs_bus_write(&self->b.pio, other, 2, 0x1234, false));
	EXPECT_EQ(1, slow.calls);
	/* Over the end of one into the next, and into nothing. */
	PCI_SET(2, CFG_BAR0, port + 4);
	EXPECT_EQ(-EAGAIN, hs_bus_write(&self->b.pio, port + 2, 4, 0x44332211, true));
	EXPECT_EQ(0, hs_bus_write(&self->b.pio, port + 2, 4, 0x44332211, false));
	EXPECT_EQ(0x22, fast.val);
	EXPECT_EQ(0x44, slow.val);
	EXPECT_EQ(1, slow.off);
	EXPECT_EQ(1, slow.size);
	EXPECT_EQ(0, hs_bus_read(&self->b.pio, port + 6, 4, &val, false));
	EXPECT_EQ(0xffffabaa, val);
	/* Decoding off. */
	PCI_SET(1, CFG_COMMAND, 0);
	EXPECT_EQ(0xff, IN(port));
	EXPECT_EQ(0, hs_bus_read(&self->b.mmio, PCI_GET(1, CFG_BAR1), 4, &val, false));
	EXPECT_EQ(U32_MAX, val);
	hs_pci_remove(fast.f);
	hs_pci_remove(slow.f);
}

TEST_F(board, pci_memory)
{
	struct dev d, e;
	u32 at;
	u64 val;

	ASSERT_EQ(0, dev_add(&self->b, &d, 1, &dev_fast));
	ASSERT_EQ(0, dev_add(&self->b, &e, 2, &dev_fast));
	at = PCI_GET(1, CFG_BAR1);
	EXPECT_EQ(-EAGAIN, hs_bus_read(&self->b.mmio, at, 4, &val, true));
	EXPECT_EQ(0, hs_bus_read(&self->b.mmio, at + 8, 4, &val, false));
	EXPECT_EQ(0xa5a6a7b0, val);
	/* Moved; then two in a row, and over their border. */
	PCI_SET(1, CFG_BAR1, 0xd0000000);
	PCI_SET(2, CFG_BAR1, 0xd0001000);
	EXPECT_EQ(0, hs_bus_read(&self->b.mmio, at, 4, &val, false));
	EXPECT_EQ(U32_MAX, val);
	EXPECT_EQ(0, hs_bus_write(&self->b.mmio, 0xd0000ffc, 8, 0x8877665544332211, false));
	EXPECT_EQ(0x44, d.val);
	EXPECT_EQ(0xfff, d.off);
	EXPECT_EQ(0x88, e.val);
	EXPECT_EQ(3, e.off);
	EXPECT_EQ(0, hs_bus_read(&self->b.mmio, 0xd0001ffe, 4, &val, false));
	EXPECT_EQ(0xffffa7a6, val);
	/* On the I/O APIC: it is out of the window, and that one stays. */
	PCI_SET(1, CFG_BAR1, HS_GPA_IOAPIC);
	hs_bus_write(&self->b.mmio, HS_GPA_IOAPIC, 4, 1, false);
	hs_bus_read(&self->b.mmio, HS_GPA_IOAPIC + 0x10, 4, &val, false);
	EXPECT_EQ(0x20, val & 0xff);
	hs_board_reset(&self->b);
	EXPECT_EQ(at, PCI_GET(1, CFG_BAR1));
	d.calls = 0;
	hs_bus_read(&self->b.mmio, at, 4, &val, false);
	EXPECT_EQ(1, d.calls);
	hs_pci_remove(d.f);
	hs_pci_remove(e.f);
}

TEST_F(board, pci_window_in_config_space)
{
	struct dev d;

	ASSERT_EQ(0, dev_add(&self->b, &d, 1, &dev_fast));
	PCI_SET(1, CFG_COMMAND, 0);		/* works all the same */
	PCI_SET(1, CFG_WINDOW + 4, 1);
	PCI_SET(1, CFG_WINDOW + 8, 0x10);
	EXPECT_EQ(0, d.calls);
	PCI_SET(1, CFG_WINDOW + 16, 0xdeadbeef);
	EXPECT_EQ(0, d.calls);			/* no length yet */
	PCI_SET(1, CFG_WINDOW + 12, 2);
	PCI_SET(1, CFG_WINDOW + 16, 0xdeadbeef);
	EXPECT_EQ(1, d.calls);
	EXPECT_EQ(0x10, d.off);
	EXPECT_EQ(2, d.size);
	EXPECT_EQ(0xbeef, d.val);
	EXPECT_EQ(0xdeada7b8, PCI_GET(1, CFG_WINDOW + 16));
	EXPECT_EQ(2, d.calls);
	/* To the table of MSI-X. */
	PCI_SET(1, CFG_WINDOW + 4, 5);
	PCI_SET(1, CFG_WINDOW + 8, 8);
	PCI_SET(1, CFG_WINDOW + 12, 4);
	PCI_SET(1, CFG_WINDOW + 16, 0x1234);
	EXPECT_EQ(0x1234, PCI_GET(1, CFG_WINDOW + 16));
	EXPECT_EQ(2, d.calls);
	PCI_SET(1, CFG_WINDOW + 8, 0x10000);
	PCI_SET(1, CFG_WINDOW + 16, 0x5678);
	EXPECT_EQ(2, d.calls);
	hs_pci_remove(d.f);
}

/* Slots 2 and 6 share line 18: it is high while either asks. */
TEST_F(board, pci_lines_are_shared)
{
	struct dev d, e;

	ASSERT_EQ(0, dev_add(&self->b, &d, 2, &dev_fast));
	ASSERT_EQ(0, dev_add(&self->b, &e, 6, &dev_fast));
	EXPECT_EQ(18, PCI_GET(2, 0x3c) & 0xff);
	ROUTE(18, 0x8000);
	hs_pci_intx_set(d.f, true);
	EXPECT_EQ(0x52, TOOK());
	EXPECT_EQ(0x52, TOOK());		/* still high */
	EXPECT_NE(0, PCI_GET(2, CFG_COMMAND) & 1 << 19);
	EXPECT_EQ(0, PCI_GET(6, CFG_COMMAND) & 1 << 19);
	hs_pci_intx_set(e.f, true);
	hs_pci_intx_set(d.f, false);
	EXPECT_EQ(0x52, TOOK());
	PCI_SET(6, CFG_COMMAND, COMMAND_ALL | INTX_OFF);
	TOOK();					/* was on its way */
	EXPECT_EQ(-1, TOOK());
	PCI_SET(6, CFG_COMMAND, COMMAND_ALL);
	EXPECT_EQ(0x52, TOOK());
	PCI_SET(6, CFG_MSIX, MSIX_ENABLE);
	EXPECT_TRUE(hs_pci_msix_on(e.f));
	TOOK();
	EXPECT_EQ(-1, TOOK());
	/* A function that goes takes its level along. */
	hs_pci_intx_set(d.f, true);
	EXPECT_EQ(0x52, TOOK());
	hs_pci_remove(d.f);
	TOOK();
	EXPECT_EQ(-1, TOOK());
	/* As does a reset. */
	PCI_SET(6, CFG_MSIX, 0);
	EXPECT_EQ(0x52, TOOK());
	hs_board_reset(&self->b);
	set_up_cpu(&self->b);
	ROUTE(18, 0x8000);
	EXPECT_EQ(-1, TOOK());
	hs_pci_intx_set(e.f, true);
	EXPECT_EQ(0x52, TOOK());
	hs_pci_remove(e.f);
}

static void set_vector(struct hs_board *b, unsigned int slot, unsigned int n, u8 vector,
		       u32 control)
{
	u32 at = pci_get(b, slot, CFG_BAR5) + n * 16;

	hs_bus_write(&b->mmio, at, 8, 0xfee00000, false);
	hs_bus_write(&b->mmio, at + 8, 4, vector, false);
	hs_bus_write(&b->mmio, at + 12, 4, control, false);
}

TEST_F(board, pci_messages)
{
	struct dev d;

	ASSERT_EQ(0, dev_add(&self->b, &d, 3, &dev_fast));
	set_vector(&self->b, 3, 0, 0x60, 0);
	set_vector(&self->b, 3, 1, 0x61, 0);
	hs_pci_msix_send(d.f, 0);
	EXPECT_EQ(-1, TOOK());			/* off */
	PCI_SET(3, CFG_MSIX, MSIX_ENABLE);
	EXPECT_FALSE(hs_pci_is_master(d.f));
	hs_pci_msix_send(d.f, 0);
	EXPECT_EQ(-1, TOOK());			/* no bus master */
	PCI_SET(3, CFG_COMMAND, COMMAND_ALL);
	EXPECT_TRUE(hs_pci_is_master(d.f));
	EXPECT_EQ(-1, TOOK());
	hs_pci_msix_send(d.f, 1);
	hs_pci_msix_send(d.f, 2);
	EXPECT_EQ(0x61, TOOK());
	EXPECT_EQ(-1, TOOK());

	/* What is masked comes with the write that ends that. */
	PCI_SET(3, CFG_MSIX, MSIX_ENABLE | MSIX_MASKALL);
	hs_pci_msix_send(d.f, 0);
	hs_pci_msix_send(d.f, 1);
	EXPECT_EQ(-1, TOOK());
	PCI_SET(3, CFG_MSIX, MSIX_ENABLE);
	EXPECT_EQ(0x61, TOOK());
	EXPECT_EQ(0x60, TOOK());
	set_vector(&self->b, 3, 0, 0x62, 1);
	hs_pci_msix_send(d.f, 0);
	EXPECT_EQ(-1, TOOK());
	set_vector(&self->b, 3, 0, 0x63, 0);
	EXPECT_EQ(0x63, TOOK());
	EXPECT_EQ(-1, TOOK());

	set_vector(&self->b, 3, 0, 0x64, 1);
	hs_pci_msix_send(d.f, 0);
	hs_board_reset(&self->b);
	set_up_cpu(&self->b);
	EXPECT_FALSE(hs_pci_msix_on(d.f));
	set_vector(&self->b, 3, 0, 0x64, 0);
	PCI_SET(3, CFG_MSIX, MSIX_ENABLE);
	PCI_SET(3, CFG_COMMAND, COMMAND_ALL);
	EXPECT_EQ(-1, TOOK());
	hs_pci_remove(d.f);
}

TEST_HARNESS_MAIN
