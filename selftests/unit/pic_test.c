// SPDX-License-Identifier: GPL-2.0
/* The 8259A pair against the rules of its data sheet. */
#include "pure.h"
#include "dev/pic_core.h"
#include <stdlib.h>
#include "kselftest_harness.h"

FIXTURE(pic) {
	struct hs_pic_core p;
};

#define OUT(chip, a0, v)	hs_pic_core_write(&self->p, chip, a0, v)
#define IN(chip, a0)		hs_pic_core_read(&self->p, chip, a0)
#define LINE(n, level)		hs_pic_core_set(&self->p, n, level)
#define PULSE(n)		do { LINE(n, true); LINE(n, false); } while (0)
#define PEEK()			hs_pic_core_peek(&self->p)
#define INTA()			hs_pic_core_inta(&self->p)
#define IRR(chip)		(OUT(chip, 0, 0x0a), IN(chip, 0))
#define ISR(chip)		(OUT(chip, 0, 0x0b), IN(chip, 0))

#define EOI		0x20
#define EOI_AT(n)	(0x60 | (n))
#define ROT_EOI		0xa0
#define ROT_EOI_AT(n)	(0xe0 | (n))
#define SET_PRIO(n)	(0xc0 | (n))
#define SMM_ON		0x68
#define SMM_OFF		0x48
#define POLL		0x0c

static void setup(struct hs_pic_core *p, u8 icw4_master, u8 icw4_slave)
{
	hs_pic_core_write(p, 0, 0, 0x11);
	hs_pic_core_write(p, 1, 0, 0x11);
	hs_pic_core_write(p, 0, 1, 0x30);
	hs_pic_core_write(p, 1, 1, 0x38);
	hs_pic_core_write(p, 0, 1, 0x04);
	hs_pic_core_write(p, 1, 1, 0x02);
	hs_pic_core_write(p, 0, 1, icw4_master);
	hs_pic_core_write(p, 1, 1, icw4_slave);
}

FIXTURE_SETUP(pic)
{
	memset(self, 0, sizeof(*self));
	hs_pic_core_reset(&self->p);
	setup(&self->p, 0x01, 0x01);
}

FIXTURE_TEARDOWN(pic)
{
}

TEST_F(pic, power_on_is_masked)
{
	hs_pic_core_reset(&self->p);
	EXPECT_EQ(0xff, IN(0, 1));
	EXPECT_EQ(0xff, IN(1, 1));
	LINE(0, true);
	EXPECT_EQ(-1, PEEK());
	OUT(0, 1, 0xfe);
	EXPECT_EQ(0x08, PEEK());
}

TEST_F(pic, reset_keeps_lines)
{
	LINE(4, true);
	hs_pic_core_reset(&self->p);
	OUT(0, 1, 0);
	EXPECT_EQ(-1, PEEK());	/* no new edge */
	LINE(4, true);
	EXPECT_EQ(-1, PEEK());
	LINE(4, false);
	LINE(4, true);
	EXPECT_EQ(0x0c, PEEK());
}

TEST_F(pic, vectors_and_eoi)
{
	unsigned int n;

	for (n = 0; n < 16; n++) {
		if (n == 2)
			continue;
		EXPECT_EQ(-1, PEEK());
		PULSE(n);
		EXPECT_EQ(0x30 + (int)n, PEEK());
		EXPECT_EQ(0x30 + n, INTA());
		EXPECT_EQ(-1, PEEK());
		if (n < 8) {
			EXPECT_EQ(1 << n, ISR(0));
			EXPECT_EQ(0, ISR(1));
		} else {
			EXPECT_EQ(1 << 2, ISR(0));
			EXPECT_EQ(1 << (n - 8), ISR(1));
			OUT(1, 0, EOI);
			EXPECT_EQ(0, ISR(1));
		}
		OUT(0, 0, EOI);
		EXPECT_EQ(0, ISR(0));
	}
}

TEST_F(pic, cascade_line_and_lines_beyond_do_nothing)
{
	LINE(2, true);
	LINE(16, true);
	LINE(23, true);
	EXPECT_EQ(-1, PEEK());
	EXPECT_EQ(0, IRR(0));
	EXPECT_EQ(0, IRR(1));
}

TEST_F(pic, icw2_keeps_five_bits)
{
	OUT(0, 0, 0x11);
	OUT(0, 1, 0x57);
	OUT(0, 1, 0x04);
	OUT(0, 1, 0x01);
	PULSE(3);
	EXPECT_EQ(0x53, INTA());
}

TEST_F(pic, edge_asks_once)
{
	LINE(1, true);
	EXPECT_EQ(0x31, INTA());
	OUT(0, 0, EOI);
	EXPECT_EQ(-1, PEEK());		/* still high */
	LINE(1, true);
	EXPECT_EQ(-1, PEEK());
	LINE(1, false);
	LINE(1, true);
	EXPECT_EQ(0x31, PEEK());
}

TEST_F(pic, edge_waits_behind_the_mask)
{
	OUT(0, 1, 0x08);
	PULSE(3);
	EXPECT_EQ(-1, PEEK());
	EXPECT_EQ(0x08, IRR(0));
	OUT(0, 1, 0);
	EXPECT_EQ(0x33, PEEK());
}

TEST_F(pic, level_asks_as_long_as_it_is_high)
{
	hs_pic_core_elcr_write(&self->p, 0, 0x20);
	LINE(5, true);
	EXPECT_EQ(0x35, INTA());
	EXPECT_EQ(0x20, IRR(0));
	EXPECT_EQ(-1, PEEK());		/* in service */
	OUT(0, 0, EOI);
	EXPECT_EQ(0x35, PEEK());	/* again */
	LINE(5, false);
	EXPECT_EQ(-1, PEEK());
	EXPECT_EQ(0, IRR(0));
}

TEST_F(pic, elcr_has_reserved_bits)
{
	hs_pic_core_elcr_write(&self->p, 0, 0xff);
	hs_pic_core_elcr_write(&self->p, 1, 0xff);
	EXPECT_EQ(0xf8, hs_pic_core_elcr_read(&self->p, 0));
	EXPECT_EQ(0xde, hs_pic_core_elcr_read(&self->p, 1));
}

TEST_F(pic, elcr_change_drops_a_latched_edge)
{
	LINE(5, true);
	hs_pic_core_elcr_write(&self->p, 0, 0x20);
	EXPECT_EQ(0x35, PEEK());	/* by level */
	hs_pic_core_elcr_write(&self->p, 0, 0);
	EXPECT_EQ(-1, PEEK());		/* wants an edge */
}

TEST_F(pic, higher_priority_nests_lower_waits)
{
	PULSE(4);
	EXPECT_EQ(0x34, INTA());
	PULSE(5);
	EXPECT_EQ(-1, PEEK());
	PULSE(4);
	EXPECT_EQ(-1, PEEK());		/* same level waits too */
	PULSE(3);
	EXPECT_EQ(0x33, PEEK());
	EXPECT_EQ(0x33, INTA());
	EXPECT_EQ(0x18, ISR(0));
	OUT(0, 0, EOI);			/* the highest: 3 */
	EXPECT_EQ(0x10, ISR(0));
	OUT(0, 0, EOI);
	EXPECT_EQ(0x34, INTA());
	OUT(0, 0, EOI);
	EXPECT_EQ(0x35, INTA());
}

TEST_F(pic, specific_eoi_ends_just_that)
{
	PULSE(6);
	INTA();
	PULSE(1);
	INTA();
	EXPECT_EQ(0x42, ISR(0));
	OUT(0, 0, EOI_AT(6));
	EXPECT_EQ(0x02, ISR(0));
	OUT(0, 0, EOI_AT(5));		/* not in service: nothing */
	EXPECT_EQ(0x02, ISR(0));
}

TEST_F(pic, rotation_on_eoi)
{
	PULSE(4);
	EXPECT_EQ(0x34, INTA());
	OUT(0, 0, ROT_EOI);		/* 4 is the lowest now, 5 the highest */
	PULSE(4);
	PULSE(5);
	PULSE(3);
	EXPECT_EQ(0x35, INTA());
	OUT(0, 0, ROT_EOI_AT(5));
	EXPECT_EQ(0x33, INTA());	/* 6 7 0 1 2 3 4 5 */
	OUT(0, 0, EOI);
	EXPECT_EQ(0x34, INTA());
}

TEST_F(pic, set_priority)
{
	PULSE(0);
	PULSE(7);
	OUT(0, 0, SET_PRIO(6));		/* 7 is the highest */
	EXPECT_EQ(0x37, INTA());
	EXPECT_EQ(-1, PEEK());
	OUT(0, 0, EOI);
	EXPECT_EQ(0x30, INTA());
}

TEST_F(pic, non_specific_eoi_follows_rotated_priority)
{
	OUT(0, 0, SET_PRIO(3));		/* 4 5 6 7 0 1 2 3 */
	PULSE(1);
	EXPECT_EQ(0x31, INTA());
	PULSE(6);
	EXPECT_EQ(0x36, INTA());
	OUT(0, 0, EOI);
	EXPECT_EQ(0x02, ISR(0));
}

TEST_F(pic, automatic_eoi)
{
	setup(&self->p, 0x03, 0x03);
	PULSE(3);
	EXPECT_EQ(0x33, INTA());
	EXPECT_EQ(0, ISR(0));
	PULSE(10);
	EXPECT_EQ(0x3a, INTA());
	EXPECT_EQ(0, ISR(0));
	EXPECT_EQ(0, ISR(1));
}

TEST_F(pic, automatic_eoi_rotates_when_told)
{
	setup(&self->p, 0x03, 0x01);
	OUT(0, 0, 0x80);		/* rotate in AEOI mode: set */
	PULSE(3);
	PULSE(4);
	EXPECT_EQ(0x33, INTA());
	PULSE(3);
	EXPECT_EQ(0x34, INTA());	/* 3 became the lowest */
	EXPECT_EQ(0x33, INTA());
	OUT(0, 0, 0x00);		/* clear */
	PULSE(4);
	PULSE(5);
	EXPECT_EQ(0x34, INTA());	/* 3 was last: 4 is the highest */
	PULSE(4);
	EXPECT_EQ(0x34, INTA());
}

TEST_F(pic, special_mask_mode)
{
	PULSE(3);
	EXPECT_EQ(0x33, INTA());
	PULSE(6);
	EXPECT_EQ(-1, PEEK());
	OUT(0, 1, 0x08);
	EXPECT_EQ(-1, PEEK());
	OUT(0, 0, SMM_ON);		/* masked 3 in service blocks nobody */
	EXPECT_EQ(0x36, INTA());
	EXPECT_EQ(0x48, ISR(0));
	OUT(0, 0, EOI);			/* passes over 3, which is masked */
	EXPECT_EQ(0x08, ISR(0));
	OUT(0, 0, EOI);
	EXPECT_EQ(0x08, ISR(0));
	OUT(0, 0, EOI_AT(3));
	EXPECT_EQ(0, ISR(0));

	OUT(0, 0, SMM_OFF);
	OUT(0, 1, 0);
	PULSE(3);
	INTA();
	OUT(0, 1, 0x08);
	PULSE(6);
	EXPECT_EQ(-1, PEEK());
	/* SMM bit without ESMM: no change. */
	OUT(0, 0, 0x28);
	EXPECT_EQ(-1, PEEK());
}

TEST_F(pic, slave_nests_only_in_special_fully_nested_mode)
{
	PULSE(12);
	EXPECT_EQ(0x3c, INTA());
	PULSE(9);
	EXPECT_EQ(-1, PEEK());		/* master holds its input 2 in service */
	PULSE(1);
	EXPECT_EQ(0x31, INTA());
	OUT(0, 0, EOI);

	setup(&self->p, 0x11, 0x01);
	PULSE(12);
	EXPECT_EQ(0x3c, INTA());
	PULSE(13);
	EXPECT_EQ(-1, PEEK());
	PULSE(9);
	EXPECT_EQ(0x39, INTA());
	OUT(1, 0, EOI);
	EXPECT_EQ(0x10, ISR(1));
}

TEST_F(pic, slave_is_seen_as_input_2)
{
	PULSE(14);
	EXPECT_EQ(0x04, IRR(0));
	EXPECT_EQ(0x40, IRR(1));
	OUT(0, 1, 0x04);
	EXPECT_EQ(-1, PEEK());
	OUT(0, 1, 0);
	OUT(1, 1, 0x40);
	EXPECT_EQ(-1, PEEK());
	EXPECT_EQ(0, IRR(0));
	OUT(1, 1, 0);
	EXPECT_EQ(0x3e, PEEK());
	PULSE(3);			/* 8-15 come before 3 */
	EXPECT_EQ(0x3e, PEEK());
	PULSE(1);
	EXPECT_EQ(0x31, PEEK());
}

TEST_F(pic, request_that_vanished_is_spurious)
{
	hs_pic_core_elcr_write(&self->p, 0, 0x20);
	LINE(5, true);
	EXPECT_EQ(0x35, PEEK());
	LINE(5, false);
	EXPECT_EQ(-1, PEEK());
	EXPECT_EQ(0x37, INTA());	/* input 7, nothing in service */
	EXPECT_EQ(0, ISR(0));
	EXPECT_EQ(0, ISR(1));
}

TEST_F(pic, poll)
{
	OUT(0, 0, POLL);
	EXPECT_EQ(0x00, IN(0, 0));	/* nothing */
	PULSE(5);
	OUT(0, 0, POLL);
	EXPECT_EQ(0x85, IN(0, 0));
	EXPECT_EQ(0x20, ISR(0));
	EXPECT_EQ(-1, PEEK());
	EXPECT_EQ(0x00, IN(0, 1));	/* one read only: this is the mask */
	OUT(0, 0, EOI);

	PULSE(11);
	OUT(0, 0, POLL);
	EXPECT_EQ(0x82, IN(0, 1));	/* whichever port */
	OUT(1, 0, POLL);
	EXPECT_EQ(0x83, IN(1, 0));
	EXPECT_EQ(0x08, ISR(1));
	EXPECT_EQ(0x04, ISR(0));
}

TEST_F(pic, read_register_choice_is_kept)
{
	PULSE(3);
	INTA();
	PULSE(4);
	OUT(0, 0, 0x0b);
	EXPECT_EQ(0x08, IN(0, 0));
	EXPECT_EQ(0x08, IN(0, 0));
	OUT(0, 0, 0x08);		/* OCW3 without RR changes nothing */
	EXPECT_EQ(0x08, IN(0, 0));
	OUT(0, 0, 0x0a);
	EXPECT_EQ(0x10, IN(0, 0));
	/* Poll overrides a register choice in the same word. */
	OUT(0, 0, 0x0f);
	IN(0, 0);
	EXPECT_EQ(0x10, IN(0, 0));
}

TEST_F(pic, icw1_starts_over)
{
	PULSE(3);
	INTA();
	PULSE(4);
	OUT(0, 1, 0xf0);
	OUT(0, 0, SMM_ON);
	OUT(0, 0, SET_PRIO(4));
	OUT(0, 0, 0x0b);

	OUT(0, 0, 0x11);
	EXPECT_EQ(-1, PEEK());		/* not while words are missing */
	PULSE(0);
	EXPECT_EQ(-1, PEEK());
	OUT(0, 1, 0x40);
	OUT(0, 1, 0x04);
	EXPECT_EQ(-1, PEEK());
	OUT(0, 1, 0x01);
	EXPECT_EQ(0x40, PEEK());
	EXPECT_EQ(0x00, IN(0, 1));	/* mask cleared */
	EXPECT_EQ(0x01, IN(0, 0));	/* IRR is read, 4 forgotten */
	EXPECT_EQ(0x00, ISR(0));
	PULSE(5);
	EXPECT_EQ(0x40, INTA());
	EXPECT_EQ(-1, PEEK());		/* no special mask mode: 0 blocks 5 */
}

TEST_F(pic, icw_sequences)
{
	/* No ICW4: AEOI is off. */
	setup(&self->p, 0x03, 0x01);
	OUT(0, 0, 0x10);
	OUT(0, 1, 0x30);
	OUT(0, 1, 0x04);
	OUT(0, 1, 0x80);		/* OCW1 already */
	EXPECT_EQ(0x80, IN(0, 1));
	PULSE(3);
	EXPECT_EQ(0x33, INTA());
	EXPECT_EQ(0x08, ISR(0));

	/* Single: no ICW3, and the slave is not asked for a vector. */
	OUT(0, 0, 0x13);
	OUT(0, 1, 0x48);
	OUT(0, 1, 0x01);
	OUT(0, 1, 0x00);
	PULSE(14);
	EXPECT_EQ(0x4a, INTA());
	EXPECT_EQ(0x40, IRR(1));

	/* Single without ICW4. */
	OUT(0, 0, 0x12);
	OUT(0, 1, 0x50);
	OUT(0, 1, 0x7f);
	EXPECT_EQ(0x7f, IN(0, 1));
}

/* LTIM is not obeyed: ELCR decides. */
TEST_F(pic, ltim_is_ignored)
{
	OUT(0, 0, 0x19);
	OUT(0, 1, 0x30);
	OUT(0, 1, 0x04);
	OUT(0, 1, 0x01);
	LINE(1, true);
	EXPECT_EQ(0x31, INTA());
	OUT(0, 0, EOI);
	EXPECT_EQ(-1, PEEK());
}

/*
 * Whatever is written, what peek promises is what INTA gives, an acknowledged
 * input is not offered again before its EOI, and a masked one never.
 */
TEST_F(pic, random_access_keeps_invariants)
{
	unsigned int i;

	srand(7);
	for (i = 0; i < 300000; i++) {
		unsigned int chip = rand() & 1, r = rand();
		int peek;

		switch (r % 8) {
		case 0:
			LINE(r >> 8 & 31, r >> 16 & 1);
			break;
		case 1:
			OUT(chip, 0, r >> 8);
			break;
		case 2:
		case 3:
			OUT(chip, 1, r >> 8);
			break;
		case 4:
			hs_pic_core_elcr_write(&self->p, chip, r >> 8);
			break;
		case 5:
			IN(chip, r >> 8 & 1);
			break;
		default:
			peek = PEEK();
			if (peek < 0) {
				u8 isr = self->p.chip[0].isr;

				ASSERT_EQ(7, INTA() & 7);
				ASSERT_EQ(isr, self->p.chip[0].isr);
			} else {
				struct hs_pic_chip was = self->p.chip[0];
				unsigned int in;

				ASSERT_EQ(peek, INTA());
				ASSERT_EQ(0, was.init);
				for (in = 0; in < 8; in++)
					if ((was.isr ^ self->p.chip[0].isr) >> in & 1)
						ASSERT_EQ(0, was.imr >> in & 1);
				if (!was.aeoi && !was.sfnm && !was.smm)
					ASSERT_NE(peek, PEEK());
			}
		}
		ASSERT_EQ(0, self->p.chip[0].elcr & 7);
		ASSERT_LT(self->p.chip[0].prio, 8);
		ASSERT_LT(self->p.chip[1].init, 5);
	}
}

TEST_HARNESS_MAIN
