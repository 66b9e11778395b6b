// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts across the board: from the line of a device to the vector that a
 * vCPU is given, and back by EOI; IPIs of all kinds.
 */
#include "irq_fixture.h"

static void enable_xapic(struct hs_board *b)
{
	unsigned int i;

	for (i = 0; i < b->cpus; i++)
		hs_lapic_mmio_write(b->lapic[i], SVR << 4, 4, 0x1ff);
}

static void outb(struct hs_board *b, u16 port, u8 val)
{
	hs_bus_write(&b->pio, port, 1, val, true);
}

static u64 in(struct hs_board *b, u16 port, unsigned int size)
{
	u64 val;

	hs_bus_read(&b->pio, port, size, &val, true);
	return val;
}

static void init_pic(struct hs_board *b)
{
	static const u8 seq[][2] = {
		{ 0x20, 0x11 }, { 0xa0, 0x11 }, { 0x21, 0x30 }, { 0xa1, 0x38 },
		{ 0x21, 0x04 }, { 0xa1, 0x02 }, { 0x21, 0x01 }, { 0xa1, 0x01 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(seq); i++)
		outb(b, seq[i][0], seq[i][1]);
}

static void ioapic_write(struct hs_board *b, u8 reg, u32 val)
{
	hs_bus_write(&b->mmio, 0xfec00000, 4, reg, true);
	hs_bus_write(&b->mmio, 0xfec00010, 4, val, true);
}

static u32 ioapic_read(struct hs_board *b, u8 reg)
{
	u64 val;

	hs_bus_write(&b->mmio, 0xfec00000, 4, reg, true);
	hs_bus_read(&b->mmio, 0xfec00010, 4, &val, true);
	return val;
}

static void route(struct hs_board *b, unsigned int pin, u8 dest, u32 low)
{
	ioapic_write(b, 0x11 + 2 * pin, (u32)dest << 24);
	ioapic_write(b, 0x10 + 2 * pin, low);
}

/* --- PIC to the boot processor ------------------------------------------------ */

TEST_F(irq, pic_through_lint0)
{
	init_pic(&self->b);
	enable_xapic(&self->b);
	MMIO(0, LVT0, 0x700);
	MMIO(1, LVT0, 0x700);
	KICKS(0);
	EXPECT_EQ(-1, PENDING(0));
	LINE(4, true);
	EXPECT_EQ(1, KICKS(0));
	EXPECT_EQ(0, KICKS(1));
	EXPECT_EQ(-1, PENDING(1));	/* only the BSP is wired */
	EXPECT_TRUE(hs_lapic_has_work(A(0)));
	EXPECT_EQ(0x34, PENDING(0));
	EXPECT_EQ(0x34, PENDING(0));
	EXPECT_EQ(0x34, ACK(0));
	EXPECT_EQ(-1, PENDING(0));
	EXPECT_EQ(-1, ACK(0));
	EXPECT_FALSE(hs_lapic_has_work(A(0)));
	LINE(4, false);
	LINE(14, true);
	EXPECT_EQ(0x3e, ACK(0));	/* above 4, which is in service */
	LINE(3, true);
	EXPECT_EQ(-1, PENDING(0));
	outb(&self->b, 0xa0, 0x20);
	outb(&self->b, 0x20, 0x20);
	EXPECT_EQ(0x33, ACK(0));
	outb(&self->b, 0x20, 0x20);
	outb(&self->b, 0x20, 0x20);

	/* TPR does not hold an ExtINT back, and it comes before a vector. */
	MMIO(0, TPR, 0xff);
	hs_lapic_core_post(&A(0)->core, 0xee, false);
	LINE(6, true);
	EXPECT_EQ(0x36, PENDING(0));
	EXPECT_EQ(0x36, ACK(0));
	EXPECT_EQ(-1, PENDING(0));
	MMIO(0, TPR, 0);
	EXPECT_EQ(0xee, PENDING(0));
}

TEST_F(irq, pic_when_lint0_is_masked_or_apic_off)
{
	init_pic(&self->b);
	enable_xapic(&self->b);
	LINE(4, true);
	EXPECT_EQ(-1, PENDING(0));	/* LVT0 masked */
	EXPECT_FALSE(hs_lapic_has_work(A(0)));
	EXPECT_TRUE(hs_pic_pending(&self->b));
	MMIO(0, LVT0, 0x700);
	EXPECT_EQ(0x34, PENDING(0));
	MMIO(0, LVT0, 0x10700);
	EXPECT_EQ(-1, PENDING(0));
	EXPECT_EQ(-1, ACK(0));
	EXPECT_EQ(0, WRMSR(0, MSR_BASE, 0xfee00100));
	EXPECT_EQ(0x34, PENDING(0));
	EXPECT_EQ(0, hs_lapic_mmio_base(A(0)));
	/* Masked at the PIC after it asked: nothing is left. */
	outb(&self->b, 0x21, 0x10);
	EXPECT_EQ(-1, PENDING(0));
	EXPECT_EQ(-1, ACK(0));
	outb(&self->b, 0x21, 0x00);
	EXPECT_EQ(0x34, ACK(0));
}

TEST_F(irq, pic_through_lint0_as_fixed)
{
	init_pic(&self->b);
	enable_xapic(&self->b);
	MMIO(0, LVT0, 0x51);
	LINE(0, true);
	EXPECT_EQ(0x51, ACK(0));
	MMIO(0, EOI, 0);
	EXPECT_EQ(-1, PENDING(0));
}

/* A guest that programs the PIC alone, as under firmware on a PC. */
TEST_F(irq, pic_in_virtual_wire_mode)
{
	hs_lapic_virtual_wire(A(0));
	LINE(4, true);
	EXPECT_EQ(-1, PENDING(0));	/* all masked at the PIC */
	outb(&self->b, 0x21, 0xef);
	EXPECT_EQ(0x0c, ACK(0));
	init_pic(&self->b);
	LINE(5, true);
	EXPECT_EQ(0x35, ACK(0));
	hs_lapic_set_lint(A(0), 1, true);
	EXPECT_TRUE(hs_lapic_has_event(A(0)));
	/* INIT is the SDM's state, not firmware's. */
	hs_lapic_reset(A(0), true);
	LINE(6, true);
	EXPECT_EQ(-1, PENDING(0));
}

TEST_F(irq, pic_ports)
{
	EXPECT_EQ(0xff, in(&self->b, 0x21, 1));
	outb(&self->b, 0x21, 0xa5);
	EXPECT_EQ(0xa5, in(&self->b, 0x21, 1));
	/* Two bytes wide: both ports; four: two more that nobody has. */
	EXPECT_EQ(0xa500, in(&self->b, 0x20, 2));
	EXPECT_EQ(0xffffa500, in(&self->b, 0x20, 4));
	hs_bus_write(&self->b.pio, 0x4d0, 2, 0xffff, true);
	EXPECT_EQ(0xdef8, in(&self->b, 0x4d0, 2));
	/* A poll by port acknowledges, and drops INT. */
	hs_bus_write(&self->b.pio, 0x4d0, 2, 0, true);
	init_pic(&self->b);
	LINE(3, true);
	EXPECT_TRUE(hs_pic_pending(&self->b));
	outb(&self->b, 0x20, 0x0c);
	EXPECT_EQ(0x83, in(&self->b, 0x21, 1));
	EXPECT_FALSE(hs_pic_pending(&self->b));
	EXPECT_EQ(0x00, in(&self->b, 0x21, 1));
}

TEST_F(irq, pic_through_ioapic_pin0)
{
	init_pic(&self->b);
	enable_x2apic(&self->b);
	route(&self->b, 0, 3, 0x700);	/* ExtINT to CPU 3 */
	LINE(4, true);
	LINE(5, true);
	EXPECT_EQ(-1, PENDING(0));
	EXPECT_EQ(1, KICKS(3));
	EXPECT_TRUE(hs_lapic_has_work(A(3)));
	EXPECT_EQ(0x34, PENDING(3));
	EXPECT_EQ(0x34, ACK(3));
	EXPECT_EQ(-1, PENDING(3));
	/* EOI lets the next one raise INT, which is a new edge at pin 0. */
	outb(&self->b, 0x20, 0x20);
	EXPECT_EQ(0x35, PENDING(3));
	/* The request is withdrawn: the message is forgotten. */
	outb(&self->b, 0x21, 0x20);
	EXPECT_EQ(-1, PENDING(3));
	EXPECT_FALSE(hs_lapic_has_work(A(3)));
	EXPECT_EQ(0, atomic_read(&A(3)->core.pend));
}

/* With automatic EOI the next request is there at once: INT falls and rises. */
TEST_F(irq, pic_through_ioapic_pin0_with_automatic_eoi)
{
	init_pic(&self->b);
	outb(&self->b, 0x20, 0x11);
	outb(&self->b, 0x21, 0x30);
	outb(&self->b, 0x21, 0x04);
	outb(&self->b, 0x21, 0x03);
	enable_x2apic(&self->b);
	route(&self->b, 0, 3, 0x700);
	LINE(4, true);
	LINE(5, true);
	EXPECT_EQ(0x34, ACK(3));
	EXPECT_EQ(0x35, ACK(3));
	EXPECT_EQ(-1, ACK(3));
	EXPECT_EQ(0, atomic_read(&A(3)->core.pend));
}

/* --- I/O APIC --------------------------------------------------------------------- */

TEST_F(irq, isa_line_0_arrives_at_pin_2)
{
	enable_x2apic(&self->b);
	route(&self->b, 0, 1, 0x40);
	route(&self->b, 2, 1, 0x42);
	LINE(0, true);
	EXPECT_EQ(0x42, ACK(1));
	/* GSI 2 shares the pin: no second edge while line 0 is high. */
	WRMSR(1, X(EOI), 0);
	LINE(2, true);
	EXPECT_EQ(-1, PENDING(1));
	LINE(0, false);
	LINE(0, true);
	EXPECT_EQ(-1, PENDING(1));
	LINE(0, false);
	LINE(2, false);
	LINE(2, true);
	EXPECT_EQ(0x42, ACK(1));
}

TEST_F(irq, lines_beyond_the_last_do_nothing)
{
	LINE(24, true);
	LINE(0xffffffff, true);
	EXPECT_EQ(-1, PENDING(0));
}

TEST_F(irq, level_until_the_line_falls)
{
	unsigned int i;

	enable_x2apic(&self->b);
	route(&self->b, 11, 2, LEVEL | 0x61);
	LINE(11, true);
	EXPECT_EQ(1, KICKS(2));
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0x61, ACK(2));
		EXPECT_EQ(-1, PENDING(2));
		EXPECT_EQ(0, WRMSR(2, X(EOI), 0));
		EXPECT_EQ(0x61, PENDING(2));	/* still asserted */
	}
	EXPECT_EQ(0x61, ACK(2));
	LINE(11, false);
	EXPECT_EQ(0, WRMSR(2, X(EOI), 0));
	EXPECT_EQ(-1, PENDING(2));
	EXPECT_EQ(LEVEL | 0x61, ioapic_read(&self->b, 0x10 + 22));
}

TEST_F(irq, eoi_of_an_edge_vector_is_not_broadcast)
{
	enable_x2apic(&self->b);
	route(&self->b, 11, 2, LEVEL | 0x61);
	LINE(11, true);
	/* Another CPU has the same vector from elsewhere. */
	WRMSR(5, X(SELF), 0x61);
	EXPECT_EQ(0x61, ACK(5));
	WRMSR(5, X(EOI), 0);
	EXPECT_EQ(0x4000 | LEVEL | 0x61, ioapic_read(&self->b, 0x10 + 22));
}

TEST_F(irq, directed_eoi)
{
	enable_x2apic(&self->b);
	WRMSR(2, X(SVR), 0x11ff);
	route(&self->b, 11, 2, LEVEL | 0x61);
	LINE(11, true);
	EXPECT_EQ(0x61, ACK(2));
	WRMSR(2, X(EOI), 0);
	EXPECT_EQ(-1, PENDING(2));		/* suppressed */
	EXPECT_EQ(0x4000 | LEVEL | 0x61, ioapic_read(&self->b, 0x10 + 22));
	hs_bus_write(&self->b.mmio, 0xfec00040, 4, 0x61, true);
	EXPECT_EQ(0x61, PENDING(2));
}

TEST_F(irq, level_waits_for_an_apic_that_takes_it)
{
	enable_x2apic(&self->b);
	WRMSR(2, X(SVR), 0xff);
	route(&self->b, 11, 2, LEVEL | 0x61);
	LINE(11, true);
	EXPECT_EQ(-1, PENDING(2));
	EXPECT_EQ(LEVEL | 0x61, ioapic_read(&self->b, 0x10 + 22));
	WRMSR(2, X(SVR), 0x1ff);
	EXPECT_EQ(0x61, PENDING(2));
}

TEST_F(irq, ioapic_delivery_modes)
{
	u8 sipi;

	enable_x2apic(&self->b);
	route(&self->b, 5, 4, 0x400);
	LINE(5, true);
	EXPECT_EQ(HS_LAPIC_EV_NMI, hs_lapic_take_events(A(4), &sipi));
	route(&self->b, 6, 4, 0x500);
	LINE(6, true);
	EXPECT_TRUE(hs_lapic_has_work(A(4)));
	EXPECT_EQ(HS_LAPIC_EV_INIT, hs_lapic_take_events(A(4), &sipi));
	KICKS(4);
	route(&self->b, 7, 4, 0x200);	/* SMI */
	LINE(7, true);
	EXPECT_EQ(0, KICKS(4));
	EXPECT_FALSE(hs_lapic_has_work(A(4)));
	/* Nobody there. */
	route(&self->b, 8, CPUS, 0x50);
	LINE(8, true);
	route(&self->b, 9, 0xfe, 0x50);
	LINE(9, true);
}

TEST_F(irq, ioapic_broadcast_reaches_x2apics)
{
	unsigned int i;

	enable_x2apic(&self->b);
	route(&self->b, 5, 0xff, 0x50);
	LINE(5, true);
	for (i = 0; i < CPUS; i++) {
		EXPECT_EQ(1, KICKS(i));
		EXPECT_EQ(0x50, TOOK(i));
	}
	/* Logical in x2APIC mode: members of cluster 0. */
	route(&self->b, 6, 0x81, LOGICAL | 0x51);
	LINE(6, true);
	for (i = 0; i < CPUS; i++)
		EXPECT_EQ(i == 0 || i == 7 ? 0x51 : -1, TOOK(i));
	route(&self->b, 7, 0xff, LOGICAL | 0x52);
	LINE(7, true);
	for (i = 0; i < CPUS; i++)
		EXPECT_EQ(i < 8 ? 0x52 : -1, TOOK(i));
}

/* In xAPIC mode it is everybody, in either model and with more than eight. */
TEST_F(irq, logical_broadcast_reaches_xapics)
{
	unsigned int i, flat;

	for (flat = 0; flat < 2; flat++) {
		for (i = 0; i < CPUS; i++) {
			MMIO(i, SVR, 0x1ff);
			MMIO(i, DFR, flat ? 0xffffffff : 0x0fffffff);
			MMIO(i, LDR, flat ? 1U << (24 + i % 8) : (i / 4 << 4 | 1 << i % 4) << 24);
		}
		route(&self->b, 7, 0xff, LOGICAL | 0x52);
		LINE(7, false);
		LINE(7, true);
		for (i = 0; i < CPUS; i++)
			EXPECT_EQ(0x52, XTOOK(i));
		/* An IPI too. */
		MMIO(1, 0x31, 0xff000000);
		MMIO(1, ICR, LOGICAL | 0x53);
		for (i = 0; i < CPUS; i++)
			EXPECT_EQ(0x53, XTOOK(i));
	}
}

/* A level interrupt that nobody took is sent when its destination comes to be. */
TEST_F(irq, retry_when_a_logical_address_appears)
{
	MMIO(1, SVR, 0x1ff);
	route(&self->b, 9, 0x02, LOGICAL | LEVEL | 0x52);
	LINE(9, true);
	EXPECT_EQ(-1, PENDING(1));
	MMIO(1, LDR, 0x02000000);
	EXPECT_EQ(0x52, ACK(1));
	LINE(9, false);
	MMIO(1, EOI, 0);

	/* By the model: in clusters this is bit 2 of cluster 2. */
	MMIO(1, DFR, 0x0fffffff);
	MMIO(1, LDR, 0x24000000);
	route(&self->b, 11, 0x04, LOGICAL | LEVEL | 0x55);
	LINE(11, true);
	EXPECT_EQ(-1, PENDING(1));
	MMIO(1, DFR, 0xffffffff);
	EXPECT_EQ(0x55, ACK(1));
	LINE(11, false);
	MMIO(1, EOI, 0);

	/* By the mode: the address follows from the id then. */
	MMIO(1, LDR, 0x80000000);
	route(&self->b, 12, 0x02, LOGICAL | LEVEL | 0x56);
	LINE(12, true);
	EXPECT_EQ(-1, PENDING(1));
	WRMSR(1, MSR_BASE, RDMSR(1, MSR_BASE) | 0x400);
	EXPECT_EQ(0x56, TOOK(1));
}

TEST_F(irq, lowest_priority)
{
	struct hs_irq_msg m = {
		.mode = HS_DM_LOWEST, .vector = 0x70, .dest = 0x0f,
		.logical = true,
	};
	unsigned int i, got[CPUS] = { 0 };

	enable_x2apic(&self->b);
	/* Equals take turns. */
	for (i = 0; i < 40; i++)
		EXPECT_EQ(1, hs_irq_deliver(&self->b, -1, &m));
	for (i = 0; i < CPUS; i++) {
		got[i] = KICKS(i);
		EXPECT_EQ(i < 4 ? 10 : 0, got[i]);
	}
	/* The lowest TPR wins. */
	for (i = 0; i < CPUS; i++)
		WRMSR(i, X(TPR), i == 2 ? 0x20 : 0x30);
	for (i = 0; i < 5; i++)
		hs_irq_deliver(&self->b, -1, &m);
	EXPECT_EQ(5, KICKS(2));
	/* One that is software disabled is no candidate. */
	WRMSR(2, X(SVR), 0xff);
	EXPECT_EQ(1, hs_irq_deliver(&self->b, -1, &m));
	EXPECT_EQ(0, KICKS(2));
	for (i = 0; i < 4; i++)
		WRMSR(i, X(SVR), 0xff);
	EXPECT_EQ(0, hs_irq_deliver(&self->b, -1, &m));
}

/* --- IPIs ------------------------------------------------------------------------------ */

TEST_F(irq, x2apic_ipi_destinations)
{
	unsigned int i, k;

	enable_x2apic(&self->b);
	memset(self->kicks, 0, sizeof(self->kicks));
	/* Physical, to another and to itself. */
	EXPECT_EQ(0, WRMSR(3, X(ICR), 17ULL << 32 | 0x80));
	EXPECT_EQ(0, WRMSR(3, X(ICR), 3ULL << 32 | 0x81));
	for (i = 0; i < CPUS; i++) {
		EXPECT_EQ(i == 17, KICKS(i));
		EXPECT_EQ(i == 17 ? 0x80 : i == 3 ? 0x81 : -1, TOOK(i));
	}
	/* Nobody. */
	EXPECT_EQ(0, WRMSR(3, X(ICR), 20ULL << 32 | 0x80));
	EXPECT_EQ(0, WRMSR(3, X(ICR), 0xffULL << 32 | 0x80));
	EXPECT_EQ(0, WRMSR(3, X(ICR), 0xfffffffeULL << 32 | 0x80));
	EXPECT_EQ(0, WRMSR(3, X(ICR), 0xffff0001ULL << 32 | LOGICAL | 0x80));
	for (i = 0; i < CPUS; i++)
		EXPECT_EQ(-1, TOOK(i));
	/* Broadcast: all but no kick to the sender. */
	for (k = 0; k < 2; k++) {
		WRMSR(3, X(ICR), 0xffffffffULL << 32 | (k ? LOGICAL : 0) | 0x82);
		for (i = 0; i < CPUS; i++) {
			EXPECT_EQ(i != 3, KICKS(i));
			EXPECT_EQ(0x82, TOOK(i));
		}
	}
	/* Clusters. */
	WRMSR(3, X(ICR), 0x0001000aULL << 32 | LOGICAL | 0x83);
	WRMSR(3, X(ICR), 0x00008001ULL << 32 | LOGICAL | 0x84);
	for (i = 0; i < CPUS; i++)
		EXPECT_EQ(i == 17 || i == 19 ? 0x83 :
			  i == 0 || i == 15 ? 0x84 : -1, TOOK(i));
	/* Shorthands. */
	WRMSR(3, X(ICR), 0x40085);
	WRMSR(4, X(ICR), 0x80086);
	WRMSR(5, X(ICR), 0xc0087);
	for (i = 0; i < CPUS; i++) {
		if (i != 5)
			EXPECT_EQ(0x87, TOOK(i));
		EXPECT_EQ(0x86, TOOK(i));
		EXPECT_EQ(i == 3 ? 0x85 : -1, TOOK(i));
	}
}

/* What is done in a hurry for IPIs to oneself is what the registers would do. */
TEST_F(irq, icr_shortcut_agrees_with_the_register)
{
	static struct hs_lapic_core ref;
	struct hs_lapic_out out;
	unsigned int i, mine = 0;

	enable_x2apic(&self->b);
	srand(9);
	for (i = 0; i < 200000; i++) {
		u64 val = rand() & 0xffdff;
		int ret;

		/* Often to CPU 3, often with nothing strange. */
		if (rand() & 7)
			val &= ~0x33f00ULL | (rand() & 0x800);
		val |= (rand() & 1 ? 3ULL : rand() & 0x1f) << 32;
		if (!(rand() & 63))
			val ^= BIT_ULL(rand() & 63);
		WRMSR(3, X(SVR), rand() & 15 ? 0x1ff : 0xff);
		ref = A(3)->core;
		memset(&out, 0, sizeof(out));
		ret = hs_lapic_core_write(&ref, ICR, val, 0, &out);
		if (out.act & HS_LA_SEND) {
			bool self_too = out.msg.shorthand == HS_SH_SELF ||
				out.msg.shorthand == HS_SH_ALL ||
				(out.msg.shorthand == HS_SH_NONE &&
				 hs_lapic_core_matches(&ref, &out.msg));

			if (self_too && out.msg.mode == HS_DM_FIXED &&
			    hs_lapic_core_enabled(&ref)) {
				hs_lapic_core_post(&ref, out.msg.vector, false);
				mine++;
			}
			/* Who of many gets it is not this test's question. */
			if (out.msg.mode != HS_DM_FIXED)
				continue;
		}
		ASSERT_EQ(ret, WRMSR(3, X(ICR), val));
		ASSERT_EQ(ref.icr, A(3)->core.icr);
		ASSERT_EQ(0, memcmp(ref.irr, A(3)->core.irr, sizeof(ref.irr)));
		ASSERT_EQ(atomic_read(&ref.pend), atomic_read(&A(3)->core.pend));
		ASSERT_EQ(atomic_read(&ref.esr_new), atomic_read(&A(3)->core.esr_new));
		while (TOOK(3) >= 0)
			;
		WRMSR(3, X(0x28), 0);
	}
	EXPECT_GT(mine, 10000);
	EXPECT_EQ(-EINVAL, WRMSR(3, X(EOI), 1));
	EXPECT_EQ(-EINVAL, WRMSR(3, X(EOI), 1ULL << 32));
}

TEST_F(irq, xapic_ipi_destinations)
{
	unsigned int i;

	enable_xapic(&self->b);
	for (i = 0; i < CPUS; i++)
		MMIO(i, LDR, 1u << (24 + (i & 7)));
	MMIO(3, 0x31, 17u << 24);
	MMIO(3, ICR, 0x80);
	for (i = 0; i < CPUS; i++)
		EXPECT_EQ(i == 17 ? 0x80 : -1, XTOOK(i));
	MMIO(3, 0x31, 0xffu << 24);
	MMIO(3, ICR, 0x81);
	for (i = 0; i < CPUS; i++)
		EXPECT_EQ(0x81, XTOOK(i));
	/* Flat. */
	MMIO(3, 0x31, 0x05u << 24);
	MMIO(3, ICR, LOGICAL | 0x82);
	for (i = 0; i < CPUS; i++)
		EXPECT_EQ((i & 7) == 0 || (i & 7) == 2 ? 0x82 : -1, XTOOK(i));
	/* Clusters of four. */
	for (i = 0; i < CPUS; i++) {
		MMIO(i, DFR, 0);
		MMIO(i, LDR, (i / 4) << 28 | 1u << (24 + (i & 3)));
	}
	MMIO(3, 0x31, 0x26u << 24);
	MMIO(3, ICR, LOGICAL | 0x83);
	for (i = 0; i < CPUS; i++)
		EXPECT_EQ(i == 9 || i == 10 ? 0x83 : -1, XTOOK(i));
	/* A disabled APIC is no destination. */
	EXPECT_EQ(0, WRMSR(6, MSR_BASE, 0xfee00000));
	MMIO(3, ICR, 0x80084);
	for (i = 0; i < CPUS; i++)
		EXPECT_EQ(i == 6 ? -1 : 0x84, XTOOK(i));
	MMIO(3, ICR, 0xc4400);		/* NMI to all others */
	MMIO(3, 0x31, 6u << 24);
	MMIO(3, ICR, 0x4500);
	EXPECT_FALSE(hs_lapic_has_work(A(6)));
	EXPECT_TRUE(hs_lapic_has_work(A(7)));
	EXPECT_FALSE(hs_lapic_has_work(A(3)));
}

TEST_F(irq, init_and_sipi)
{
	u8 sipi = 0;

	enable_x2apic(&self->b);
	memset(self->kicks, 0, sizeof(self->kicks));
	/* Software disabled APICs take these, as APs are before they start. */
	WRMSR(7, X(SVR), 0xff);
	WRMSR(0, X(ICR), 7ULL << 32 | 0xc500);
	WRMSR(0, X(ICR), 7ULL << 32 | 0x8500);	/* de-assert */
	EXPECT_EQ(1, KICKS(7));
	EXPECT_TRUE(hs_lapic_has_work(A(7)));
	EXPECT_EQ(HS_LAPIC_EV_INIT, hs_lapic_take_events(A(7), &sipi));
	hs_lapic_reset(A(7), true);
	EXPECT_EQ(0x400, RDMSR(7, MSR_BASE) & 0x400);
	WRMSR(0, X(ICR), 7ULL << 32 | 0x4600 | 0x9a);
	EXPECT_EQ(HS_LAPIC_EV_SIPI, hs_lapic_take_events(A(7), &sipi));
	EXPECT_EQ(0x9a, sipi);
	WRMSR(0, X(ICR), 7ULL << 32 | 0x4400);
	EXPECT_EQ(HS_LAPIC_EV_NMI, hs_lapic_take_events(A(7), &sipi));
	EXPECT_FALSE(hs_lapic_has_work(A(7)));
	/* All but self. */
	WRMSR(0, X(ICR), 0xc4500);
	EXPECT_FALSE(hs_lapic_has_work(A(0)));
	EXPECT_TRUE(hs_lapic_has_work(A(19)));
}

TEST_F(irq, ipi_to_software_disabled_is_dropped)
{
	enable_x2apic(&self->b);
	WRMSR(7, X(SVR), 0xff);
	WRMSR(0, X(ICR), 7ULL << 32 | 0x80);
	WRMSR(7, X(ICR), 0x40080);
	WRMSR(7, X(SELF), 0x80);
	WRMSR(7, X(SVR), 0x1ff);
	EXPECT_EQ(-1, PENDING(7));
}

TEST_F(irq, msr_access_needs_x2apic_mode)
{
	u64 val;

	EXPECT_EQ(-EINVAL, WRMSR(0, X(TPR), 0));
	EXPECT_EQ(-EINVAL, hs_lapic_msr_read(A(0), X(TPR), &val));
	EXPECT_EQ(-EINVAL, WRMSR(0, 0x900, 0));
	EXPECT_EQ(-EINVAL, hs_lapic_msr_read(A(0), 0x7ff, &val));
	EXPECT_EQ(0xfee00000, hs_lapic_mmio_base(A(0)));
	enable_x2apic(&self->b);
	EXPECT_EQ(0, hs_lapic_mmio_base(A(0)));
	EXPECT_EQ(0, WRMSR(0, X(TPR), 0x55));
	EXPECT_EQ(5, hs_lapic_cr8_read(A(0)));
	hs_lapic_cr8_write(A(0), 9);
	EXPECT_EQ(0x90, RDMSR(0, X(TPR)));
	/* The page is not there in this mode. */
	hs_lapic_mmio_write(A(0), TPR << 4, 4, 0);
	EXPECT_EQ(0, hs_lapic_mmio_read(A(0), TPR << 4, 4));
	EXPECT_EQ(0x90, RDMSR(0, X(TPR)));
}

TEST_F(irq, mmio_widths)
{
	enable_xapic(&self->b);
	EXPECT_EQ(0x01050014, hs_lapic_mmio_read(A(0), 0x30, 4));
	EXPECT_EQ(0x01050014, hs_lapic_mmio_read(A(0), 0x30, 8));
	EXPECT_EQ(0x14, hs_lapic_mmio_read(A(0), 0x30, 1));
	EXPECT_EQ(0x0105, hs_lapic_mmio_read(A(0), 0x32, 2));
	EXPECT_EQ(0x01, hs_lapic_mmio_read(A(0), 0x33, 1));
	EXPECT_EQ(0, hs_lapic_mmio_read(A(0), 0x34, 4));
	EXPECT_EQ(0, hs_lapic_mmio_read(A(0), 0x1000, 4));
	hs_lapic_mmio_write(A(0), TPR << 4, 1, 0x55);
	hs_lapic_mmio_write(A(0), (TPR << 4) + 4, 4, 0x55);
	hs_lapic_mmio_write(A(0), 0x1000 + (TPR << 4), 4, 0x55);
	EXPECT_EQ(0, hs_lapic_cr8_read(A(0)));
	hs_lapic_mmio_write(A(0), TPR << 4, 8, 0x5500000044);
	EXPECT_EQ(4, hs_lapic_cr8_read(A(0)));
}

/* --- reset ---------------------------------------------------------------------------------- */

TEST_F(irq, reset_keeps_lines_and_forgets_the_rest)
{
	unsigned int i;

	init_pic(&self->b);
	enable_x2apic(&self->b);
	route(&self->b, 11, 2, LEVEL | 0x61);
	LINE(11, true);
	LINE(4, true);
	hs_ioapic_reset(&self->b);
	hs_pic_reset(&self->b);
	for (i = 0; i < CPUS; i++)
		hs_lapic_reset(A(i), false);
	for (i = 0; i < CPUS; i++) {
		EXPECT_EQ(-1, PENDING(i));
		EXPECT_EQ(0, RDMSR(i, MSR_BASE) & 0x400);
		EXPECT_FALSE(hs_lapic_has_work(A(i)));
	}
	enable_x2apic(&self->b);
	route(&self->b, 11, 2, LEVEL | 0x62);
	EXPECT_EQ(0x62, PENDING(2));
}

TEST_HARNESS_MAIN
