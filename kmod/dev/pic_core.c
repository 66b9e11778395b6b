// SPDX-License-Identifier: GPL-2.0
/*
 * A pair of 8259A.
 *
 * After Intel's 8259A data sheet (231468), and for the edge/level control
 * registers the 82371SB (290550, section 2.5.4).  Names of command words and
 * modes are those of the data sheet.
 *
 * Where the board differs from bare chips:
 *
 * - ICW1.LTIM is ignored, ELCR decides per input, as in every PC chipset.
 * - An edge stays latched when its input falls before INTA.  The chip would
 *   drop the request then, and a device that pulses its line while the CPU has
 *   interrupts off would lose it; chipsets latch, and guests rely on it.
 * - The slave's INT output reaches the master as a level, since it falls with
 *   each INTA cycle and so every further request is an edge anyway.
 */
#include "pure.h"
#include "dev/pic_core.h"

#define PIC_CASCADE	2	/* input of the master that the slave drives */

/* ICW1 */
#define ICW1_IC4	0x01
#define ICW1_SNGL	0x02
#define ICW1_SELECT	0x10
/* ICW4 */
#define ICW4_AEOI	0x02
#define ICW4_SFNM	0x10
/* OCW2: what bits 7:5 mean */
#define OCW2_ROTATE_AEOI_CLR	0
#define OCW2_EOI		1
#define OCW2_NOP		2
#define OCW2_EOI_SPECIFIC	3
#define OCW2_ROTATE_AEOI_SET	4
#define OCW2_EOI_ROTATE		5
#define OCW2_SET_PRIORITY	6
#define OCW2_EOI_SPECIFIC_ROTATE 7
/* OCW3 */
#define OCW3_SELECT	0x08
#define OCW3_RIS	0x01
#define OCW3_RR		0x02
#define OCW3_POLL	0x04
#define OCW3_SMM	0x20
#define OCW3_ESMM	0x40

/* Inputs that ELCR cannot make level triggered: 0, 1, 2, and 8, 13. */
static const u8 elcr_mask[2] = { 0xf8, 0xde };

static int pic_request(const struct hs_pic_core *p, unsigned int n);

/* What the interrupt request register shows. */
static u8 pic_irr(const struct hs_pic_core *p, unsigned int n)
{
	const struct hs_pic_chip *c = &p->chip[n];
	u8 irr = (c->edge & ~c->elcr) | (c->lines & c->elcr);

	if (n == 0 && pic_request(p, 1) >= 0)
		irr |= 1 << PIC_CASCADE;
	return irr;
}

/*
 * The input that chip @n would have acknowledged now, or -1: the request with
 * the highest priority, unless an input in service has the same or a higher one.
 */
static int pic_request(const struct hs_pic_core *p, unsigned int n)
{
	const struct hs_pic_chip *c = &p->chip[n];
	u8 req, block = c->isr;
	unsigned int i;

	if (c->init)
		return -1;
	req = pic_irr(p, n) & ~c->imr;
	if (!req)
		return -1;
	/* Special mask mode: a masked input in service blocks nobody. */
	if (c->smm)
		block &= ~c->imr;

	for (i = 0; i < 8; i++) {
		unsigned int in = (c->prio + i) & 7;
		u8 bit = 1 << in;

		if (block & bit) {
			/*
			 * Special fully nested mode: the slave in service may
			 * ask again, for an input of higher priority.
			 */
			if (n == 0 && c->sfnm && in == PIC_CASCADE && (req & bit))
				return in;
			return -1;
		}
		if (req & bit)
			return in;
	}
	return -1;
}

/* What an INTA cycle or a poll does to the chip that had @in requested. */
static void pic_accept(struct hs_pic_chip *c, unsigned int in)
{
	u8 bit = 1 << in;

	c->edge &= ~bit;
	if (!c->aeoi)
		c->isr |= bit;
	else if (c->rotate_aeoi)
		c->prio = (in + 1) & 7;
}

/**
 * hs_pic_core_reset() - power-on state
 * @p: the pair
 *
 * The data sheet leaves it open.  Chosen is what firmware hands over on a PC:
 * vectors 0x08 and 0x70, all inputs masked, edge triggered.  The level of the
 * inputs belongs to the devices and stays.
 */
void hs_pic_core_reset(struct hs_pic_core *p)
{
	unsigned int n;

	for (n = 0; n < 2; n++) {
		u8 lines = p->chip[n].lines;

		p->chip[n] = (struct hs_pic_chip){
			.lines = lines,
			.imr = 0xff,
			.base = n ? 0x70 : 0x08,
		};
	}
}

/**
 * hs_pic_core_set() - a device drives its line
 * @p: the pair
 * @line: 0-15; 2 is the cascade and does nothing
 * @level: high or low
 */
void hs_pic_core_set(struct hs_pic_core *p, unsigned int line, bool level)
{
	struct hs_pic_chip *c;
	u8 bit = 1 << (line & 7);

	if (line > 15 || line == PIC_CASCADE)
		return;
	c = &p->chip[line >> 3];
	if (level) {
		if (!(c->lines & bit) && !(c->elcr & bit))
			c->edge |= bit;
		c->lines |= bit;
	} else {
		c->lines &= ~bit;
	}
}

/**
 * hs_pic_core_wants_edge() - would a rising edge change anything
 * @p: the pair
 * @line: 0-15, edge triggered; not 2
 *
 * Return: false when one is latched already, masked or not.
 */
bool hs_pic_core_wants_edge(const struct hs_pic_core *p, unsigned int line)
{
	return !(p->chip[line >> 3 & 1].edge & 1 << (line & 7));
}

static u8 pic_vector(const struct hs_pic_core *p, int in)
{
	int in2;

	/* The request was withdrawn: input 7, without setting ISR. */
	if (in < 0)
		return p->chip[0].base | 7;
	if (in != PIC_CASCADE || p->chip[0].single)
		return p->chip[0].base | in;
	in2 = pic_request(p, 1);
	return p->chip[1].base | (in2 < 0 ? 7 : in2);
}

/**
 * hs_pic_core_peek() - what the pair asks of the CPU
 * @p: the pair
 *
 * Return: the vector that an INTA cycle would give now, or -1 when INT is low.
 */
int hs_pic_core_peek(const struct hs_pic_core *p)
{
	int in = pic_request(p, 0);

	return in < 0 ? -1 : pic_vector(p, in);
}

/**
 * hs_pic_core_inta() - an INTA cycle
 * @p: the pair
 *
 * Return: the vector; that of input 7, with nothing put in service, when the
 * request has gone (data sheet, "spurious interrupt").
 */
u8 hs_pic_core_inta(struct hs_pic_core *p)
{
	int in = pic_request(p, 0), in2;
	u8 vector = pic_vector(p, in);

	if (in < 0)
		return vector;
	in2 = pic_request(p, 1);
	pic_accept(&p->chip[0], in);
	if (in == PIC_CASCADE && !p->chip[0].single && in2 >= 0)
		pic_accept(&p->chip[1], in2);
	return vector;
}

/* Poll command: the read is the INTA cycle of this chip alone. */
static u8 pic_poll(struct hs_pic_core *p, unsigned int n)
{
	int in = pic_request(p, n);

	if (in < 0)
		return 0;
	pic_accept(&p->chip[n], in);
	return 0x80 | in;
}

/**
 * hs_pic_core_read() - read a chip's port
 * @p: the pair
 * @chip: 0 or 1
 * @a0: 0: IRR or ISR, as OCW3 chose; 1: IMR
 *
 * A pending poll command takes the read, whichever port it is.
 *
 * Return: the byte.
 */
u8 hs_pic_core_read(struct hs_pic_core *p, unsigned int chip, unsigned int a0)
{
	struct hs_pic_chip *c = &p->chip[chip & 1];

	if (c->poll) {
		c->poll = false;
		return pic_poll(p, chip & 1);
	}
	if (a0 & 1)
		return c->imr;
	return c->read_isr ? c->isr : pic_irr(p, chip & 1);
}

/* ICW1: starts over; inputs need a new edge. */
static void pic_icw1(struct hs_pic_chip *c, u8 val)
{
	c->edge = 0;
	c->imr = 0;
	c->isr = 0;
	c->prio = 0;
	c->smm = false;
	c->read_isr = false;
	c->poll = false;
	c->rotate_aeoi = false;
	c->aeoi = false;
	c->sfnm = false;
	c->single = val & ICW1_SNGL;
	c->icw4 = val & ICW1_IC4;
	c->init = 2;
}

/* The input in service that a non-specific EOI ends, or -1. */
static int pic_highest_isr(const struct hs_pic_chip *c)
{
	u8 isr = c->isr;
	unsigned int i;

	/* Data sheet: in special mask mode masked inputs stay in service. */
	if (c->smm)
		isr &= ~c->imr;
	for (i = 0; i < 8; i++) {
		unsigned int in = (c->prio + i) & 7;

		if (isr & (1 << in))
			return in;
	}
	return -1;
}

static void pic_ocw2(struct hs_pic_chip *c, u8 val)
{
	unsigned int level = val & 7;
	int in;

	switch (val >> 5) {
	case OCW2_ROTATE_AEOI_CLR:
		c->rotate_aeoi = false;
		break;
	case OCW2_ROTATE_AEOI_SET:
		c->rotate_aeoi = true;
		break;
	case OCW2_EOI:
	case OCW2_EOI_ROTATE:
		in = pic_highest_isr(c);
		if (in < 0)
			break;
		c->isr &= ~(1 << in);
		if (val >> 5 == OCW2_EOI_ROTATE)
			c->prio = (in + 1) & 7;
		break;
	case OCW2_EOI_SPECIFIC_ROTATE:
		c->prio = (level + 1) & 7;
		fallthrough;
	case OCW2_EOI_SPECIFIC:
		c->isr &= ~(1 << level);
		break;
	case OCW2_SET_PRIORITY:
		c->prio = (level + 1) & 7;
		break;
	case OCW2_NOP:
		break;
	}
}

static void pic_ocw3(struct hs_pic_chip *c, u8 val)
{
	if (val & OCW3_ESMM)
		c->smm = val & OCW3_SMM;
	if (val & OCW3_POLL)
		c->poll = true;
	else if (val & OCW3_RR)
		c->read_isr = val & OCW3_RIS;
}

/* Port 1: the next initialization word, or OCW1. */
static void pic_write_data(struct hs_pic_chip *c, u8 val)
{
	switch (c->init) {
	case 2:
		c->base = val & 0xf8;
		c->init = !c->single ? 3 : c->icw4 ? 4 : 0;
		break;
	case 3:
		/* Which input the slave drives is wired. */
		c->init = c->icw4 ? 4 : 0;
		break;
	case 4:
		c->aeoi = val & ICW4_AEOI;
		c->sfnm = val & ICW4_SFNM;
		c->init = 0;
		break;
	default:
		c->imr = val;
	}
}

/**
 * hs_pic_core_write() - write a chip's port
 * @p: the pair
 * @chip: 0 or 1
 * @a0: 0: ICW1, OCW2, OCW3; 1: ICW2-4, OCW1
 * @val: the byte
 */
void hs_pic_core_write(struct hs_pic_core *p, unsigned int chip, unsigned int a0,
		       u8 val)
{
	struct hs_pic_chip *c = &p->chip[chip & 1];

	if (a0 & 1)
		pic_write_data(c, val);
	else if (val & ICW1_SELECT)
		pic_icw1(c, val);
	else if (val & OCW3_SELECT)
		pic_ocw3(c, val);
	else
		pic_ocw2(c, val);
}

/**
 * hs_pic_core_elcr_read() - edge/level control register
 * @p: the pair
 * @chip: 0 or 1
 *
 * Return: a bit per input, 1 = level triggered.
 */
u8 hs_pic_core_elcr_read(const struct hs_pic_core *p, unsigned int chip)
{
	return p->chip[chip & 1].elcr;
}

/**
 * hs_pic_core_elcr_write() - set which inputs are level triggered
 * @p: the pair
 * @chip: 0 or 1
 * @val: a bit per input; those that are always edge triggered are ignored
 */
void hs_pic_core_elcr_write(struct hs_pic_core *p, unsigned int chip, u8 val)
{
	struct hs_pic_chip *c = &p->chip[chip & 1];

	val &= elcr_mask[chip & 1];
	/* An input that becomes edge triggered waits for an edge. */
	c->edge &= ~(val | c->elcr);
	c->elcr = val;
}
