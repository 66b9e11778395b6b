// SPDX-License-Identifier: GPL-2.0
/*
 * The PCI bus on the board: configuration, windows, lines and messages, as a guest
 * and as a device see them.
 */
#include "board_fixture.h"

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
