// SPDX-License-Identifier: GPL-2.0
/* The I/O APIC against the rules of the 82093AA data sheet. */
#include "pure.h"
#include "dev/ioapic_core.h"
#include <stdlib.h>
#include "kselftest_harness.h"

#define MASKED		0x10000
#define LEVEL		0x8000
#define REMOTE_IRR	0x4000
#define ACTIVE_LOW	0x2000
#define LOGICAL		0x800

FIXTURE(ioapic) {
	struct hs_ioapic_core c;
};

#define SEL(r)		hs_ioapic_core_write(&self->c, 0x00, r)
#define WR(r, v)	(SEL(r), hs_ioapic_core_write(&self->c, 0x10, v))
#define RD(r)		(SEL(r), hs_ioapic_core_read(&self->c, 0x10))
#define PIN_LOW(n)	(0x10 + 2 * (n))
#define PIN_HIGH(n)	(0x11 + 2 * (n))
#define SET(n, l)	hs_ioapic_core_set(&self->c, n, l)
#define WANTS(n)	hs_ioapic_core_wants(&self->c, n)
#define SENT(n, t)	hs_ioapic_core_sent(&self->c, n, t)
#define EOI(v)		hs_ioapic_core_eoi(&self->c, v)
#define EOI_REG(v)	hs_ioapic_core_write(&self->c, 0x40, v)

FIXTURE_SETUP(ioapic)
{
	memset(self, 0, sizeof(*self));
	hs_ioapic_core_reset(&self->c);
}

FIXTURE_TEARDOWN(ioapic)
{
}

TEST_F(ioapic, power_on)
{
	unsigned int pin;

	EXPECT_EQ(0x00170020, RD(1));
	EXPECT_EQ(0, RD(0));
	EXPECT_EQ(0, RD(2));
	for (pin = 0; pin < 24; pin++) {
		EXPECT_EQ(MASKED, RD(PIN_LOW(pin)));
		EXPECT_EQ(0, RD(PIN_HIGH(pin)));
		EXPECT_FALSE(SET(pin, true));
	}
	hs_ioapic_core_reset(&self->c);
	/* The pins are still high: an unmasked level pin asks at once. */
	EXPECT_EQ(1U << 5, WR(PIN_LOW(5), LEVEL | 0x40));
}

TEST_F(ioapic, registers)
{
	WR(0, 0xffffffff);
	EXPECT_EQ(0x0f000000, RD(0));
	EXPECT_EQ(0x0f000000, RD(2));
	WR(1, 0);
	EXPECT_EQ(0x00170020, RD(1));
	SEL(0x1ff);
	EXPECT_EQ(0xff, hs_ioapic_core_read(&self->c, 0));

	/* Reserved, delivery status and remote IRR cannot be written. */
	WR(PIN_LOW(3), 0xffffffff);
	EXPECT_EQ(0x1afff, RD(PIN_LOW(3)));
	WR(PIN_HIGH(3), 0xffffffff);
	EXPECT_EQ(0xff000000, RD(PIN_HIGH(3)));
	EXPECT_EQ(0x1afff, RD(PIN_LOW(3)));
	/* Halves do not disturb each other, nor neighbours. */
	WR(PIN_LOW(3), 0x10031);
	EXPECT_EQ(0xff000000, RD(PIN_HIGH(3)));
	EXPECT_EQ(MASKED, RD(PIN_LOW(2)));
	EXPECT_EQ(MASKED, RD(PIN_LOW(4)));
}

TEST_F(ioapic, registers_that_do_not_exist)
{
	struct hs_ioapic_core was;
	unsigned int r;
	u64 off;

	for (r = 3; r < 256; r++) {
		if (r >= 0x10 && r < 0x40)
			continue;
		SEL(r);
		was = self->c;
		EXPECT_EQ(0xffffffff, hs_ioapic_core_read(&self->c, 0x10));
		EXPECT_EQ(0, hs_ioapic_core_write(&self->c, 0x10, 0x12345678));
		EXPECT_EQ(0, memcmp(&was, &self->c, sizeof(was)));
	}
	was = self->c;
	for (off = 0; off < 0x1000; off++) {
		if (off == 0 || off == 0x10 || off == 0x40)
			continue;
		EXPECT_EQ(0, hs_ioapic_core_read(&self->c, off));
		EXPECT_EQ(0, hs_ioapic_core_write(&self->c, off, 0xffffffff));
	}
	EXPECT_EQ(0, memcmp(&was, &self->c, sizeof(was)));
	EXPECT_FALSE(SET(24, true));
	EXPECT_FALSE(SET(U32_MAX, true));
	EXPECT_EQ(0, self->c.lines);
}

TEST_F(ioapic, edge)
{
	EXPECT_EQ(0, WR(PIN_LOW(4), 0x34));
	EXPECT_TRUE(SET(4, true));
	SENT(4, 1);
	EXPECT_EQ(0x34, RD(PIN_LOW(4)));	/* no remote IRR */
	EXPECT_FALSE(SET(4, true));		/* no edge */
	EXPECT_FALSE(SET(4, false));
	EXPECT_TRUE(SET(4, true));
	EXPECT_EQ(0, EOI(0x34));
}

TEST_F(ioapic, edge_while_masked_is_lost)
{
	WR(PIN_LOW(4), MASKED | 0x34);
	EXPECT_FALSE(SET(4, true));
	EXPECT_EQ(0, WR(PIN_LOW(4), 0x34));
	EXPECT_FALSE(SET(4, false));
	EXPECT_TRUE(SET(4, true));
}

TEST_F(ioapic, level)
{
	EXPECT_EQ(0, WR(PIN_LOW(9), LEVEL | 0x41));
	EXPECT_TRUE(SET(9, true));
	SENT(9, 1);
	EXPECT_EQ(LEVEL | REMOTE_IRR | 0x41, RD(PIN_LOW(9)));
	EXPECT_FALSE(SET(9, true));		/* in service */
	EXPECT_EQ(0, EOI(0x42));		/* another vector */
	EXPECT_EQ(1U << 9, EOI(0x41));		/* still asserted */
	EXPECT_EQ(LEVEL | 0x41, RD(PIN_LOW(9)));
	SENT(9, 1);
	EXPECT_FALSE(SET(9, false));
	/* The line fell, but the interrupt is still in service. */
	EXPECT_EQ(LEVEL | REMOTE_IRR | 0x41, RD(PIN_LOW(9)));
	EXPECT_FALSE(SET(9, true));
	EXPECT_FALSE(SET(9, false));
	EXPECT_EQ(0, EOI(0x41));
	EXPECT_EQ(LEVEL | 0x41, RD(PIN_LOW(9)));
	EXPECT_EQ(0, EOI(0x41));
	EXPECT_TRUE(SET(9, true));
}

TEST_F(ioapic, level_nobody_took_is_still_wanted)
{
	WR(PIN_LOW(9), LEVEL | 0x41);
	EXPECT_TRUE(SET(9, true));
	SENT(9, 0);
	EXPECT_EQ(LEVEL | 0x41, RD(PIN_LOW(9)));
	EXPECT_TRUE(WANTS(9));
	SET(9, false);
	EXPECT_FALSE(WANTS(9));
}

TEST_F(ioapic, level_waits_behind_the_mask)
{
	WR(PIN_LOW(9), MASKED | LEVEL | 0x41);
	EXPECT_FALSE(SET(9, true));
	EXPECT_EQ(1U << 9, WR(PIN_LOW(9), LEVEL | 0x41));
	SENT(9, 1);
	/* Masked while in service: EOI sends nothing, unmasking does. */
	EXPECT_EQ(0, WR(PIN_LOW(9), MASKED | LEVEL | 0x41));
	EXPECT_EQ(MASKED | LEVEL | REMOTE_IRR | 0x41, RD(PIN_LOW(9)));
	EXPECT_EQ(0, EOI(0x41));
	EXPECT_EQ(1U << 9, WR(PIN_LOW(9), LEVEL | 0x41));
	SENT(9, 1);
	/* Unmasking while in service sends nothing. */
	EXPECT_EQ(0, WR(PIN_LOW(9), MASKED | LEVEL | 0x41));
	EXPECT_EQ(0, WR(PIN_LOW(9), LEVEL | 0x41));
}

/* How software ends a level interrupt on an I/O APIC without EOI register. */
TEST_F(ioapic, switching_to_edge_clears_remote_irr)
{
	WR(PIN_LOW(9), LEVEL | 0x41);
	SET(9, true);
	SENT(9, 1);
	EXPECT_EQ(0, WR(PIN_LOW(9), MASKED | 0x41));
	EXPECT_EQ(MASKED | 0x41, RD(PIN_LOW(9)));
	EXPECT_EQ(1U << 9, WR(PIN_LOW(9), LEVEL | 0x41));
}

TEST_F(ioapic, eoi_register)
{
	WR(PIN_LOW(9), LEVEL | 0x41);
	WR(PIN_LOW(10), LEVEL | 0x41);
	WR(PIN_LOW(11), LEVEL | 0x51);
	SET(9, true);
	SENT(9, 1);
	SET(10, true);
	SENT(10, 1);
	SET(11, true);
	SENT(11, 1);
	SET(10, false);
	/* All entries with the vector; 10 is not asserted any more. */
	EXPECT_EQ(1U << 9, EOI_REG(0x41));
	EXPECT_EQ(LEVEL | 0x41, RD(PIN_LOW(9)));
	EXPECT_EQ(LEVEL | 0x41, RD(PIN_LOW(10)));
	EXPECT_EQ(LEVEL | REMOTE_IRR | 0x51, RD(PIN_LOW(11)));
}

TEST_F(ioapic, messages)
{
	static const bool sends[8] = { 1, 1, 0, 0, 1, 1, 0, 1 };
	struct hs_irq_msg m;
	unsigned int mode;

	for (mode = 0; mode < 8; mode++) {
		WR(PIN_LOW(7), mode << 8 | LOGICAL | LEVEL | ACTIVE_LOW | 0x63);
		WR(PIN_HIGH(7), 0xa5000000);
		EXPECT_EQ(sends[mode], hs_ioapic_core_msg(&self->c, 7, &m));
		if (!sends[mode])
			continue;
		EXPECT_EQ(mode, m.mode);
		EXPECT_EQ(0x63, m.vector);
		EXPECT_EQ(0xa5, m.dest);
		EXPECT_TRUE(m.logical);
		EXPECT_TRUE(m.level);
		EXPECT_EQ(HS_SH_NONE, m.shorthand);
	}
	WR(PIN_LOW(7), 0x20);
	EXPECT_TRUE(hs_ioapic_core_msg(&self->c, 7, &m));
	EXPECT_FALSE(m.logical);
	EXPECT_FALSE(m.level);
}

/* NMI, INIT and ExtINT have no EOI that could end their service. */
TEST_F(ioapic, only_fixed_and_lowest_set_remote_irr)
{
	unsigned int mode;

	for (mode = 0; mode < 8; mode++) {
		hs_ioapic_core_reset(&self->c);
		SET(7, false);
		WR(PIN_LOW(7), mode << 8 | LEVEL | 0x63);
		SET(7, true);
		SENT(7, 1);
		EXPECT_EQ(mode < 2, !!(RD(PIN_LOW(7)) & REMOTE_IRR));
	}
}

/* Polarity says how a device wires its request, not whether it has one. */
TEST_F(ioapic, polarity_does_not_invert)
{
	WR(PIN_LOW(9), LEVEL | ACTIVE_LOW | 0x41);
	EXPECT_FALSE(WANTS(9));
	EXPECT_TRUE(SET(9, true));
}

/* Remote IRR is set only on level entries; what is sent was wanted. */
TEST_F(ioapic, random_access_keeps_invariants)
{
	unsigned int i, pin;

	srand(3);
	for (i = 0; i < 300000; i++) {
		unsigned int r = rand();
		u32 sent = 0;

		pin = r % HS_IOAPIC_NPINS;
		switch (r >> 8 & 3) {
		case 0:
			if (SET(pin, r >> 16 & 1) &&
			    (self->c.redir[pin] & LEVEL))
				sent = 1U << pin;
			break;
		case 1:
			sent = WR(r >> 10 & 0x7f, rand() & 0x1ffff);
			break;
		case 2:
			sent = EOI(rand());
			break;
		case 3:
			sent = hs_ioapic_core_write(&self->c, r >> 16 & 0x50, rand());
			break;
		}
		for (; sent; sent &= sent - 1) {
			pin = __builtin_ctz(sent);
			ASSERT_LT(pin, HS_IOAPIC_NPINS);
			ASSERT_TRUE(WANTS(pin));
			SENT(pin, rand() & 1);
		}
		for (pin = 0; pin < HS_IOAPIC_NPINS; pin++) {
			u64 e = self->c.redir[pin];

			ASSERT_FALSE((e & REMOTE_IRR) && !(e & LEVEL));
			ASSERT_EQ(0, e & 0x00fffffffffe1000);
		}
	}
}

TEST_HARNESS_MAIN
