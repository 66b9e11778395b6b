// SPDX-License-Identifier: GPL-2.0
/*
 * I/O APIC.
 *
 * After the 82093AA data sheet (290566), with the EOI register that came with
 * version 0x20.  Functions that may make pins send return a bit per such pin;
 * the caller then takes the message of each and reports who took it.
 *
 * A line is "high" here when its device asks for an interrupt: the polarity bit
 * is kept and shown but changes nothing, since devices know no voltages.
 */
#include "pure.h"
#include "dev/ioapic_core.h"

/* Memory-mapped registers */
#define IOREGSEL	0x00
#define IOWIN		0x10
#define IOEOI		0x40

/* Indirect registers */
#define IOAPIC_ID	0x00
#define IOAPIC_VER	0x01
#define IOAPIC_ARB	0x02
#define IOAPIC_REDIR	0x10

#define IOAPIC_VERSION	0x20
#define IOAPIC_ID_MASK	0x0f000000U

/* Redirection entry */
#define RE_VECTOR(e)	((u8)(e))
#define RE_MODE(e)	((unsigned int)((e) >> 8) & 7)
#define RE_LOGICAL	BIT_ULL(11)
#define RE_REMOTE_IRR	BIT_ULL(14)
#define RE_LEVEL	BIT_ULL(15)
#define RE_MASKED	BIT_ULL(16)
#define RE_DEST(e)	((u8)((e) >> 56))
/* What software may write: not delivery status, remote IRR, reserved bits. */
#define RE_WRITABLE	(GENMASK_ULL(63, 56) | RE_MASKED | RE_LEVEL | \
			 BIT_ULL(13) | GENMASK_ULL(11, 0))

/**
 * hs_ioapic_core_reset() - power-on state
 * @c: the I/O APIC
 *
 * All pins masked.  The level of the pins belongs to the devices and stays.
 */
void hs_ioapic_core_reset(struct hs_ioapic_core *c)
{
	unsigned int pin;

	for (pin = 0; pin < HS_IOAPIC_NPINS; pin++)
		c->redir[pin] = RE_MASKED;
	c->id = 0;
	c->sel = 0;
}

/**
 * hs_ioapic_core_wants() - has a level-triggered pin something to send
 * @c: the I/O APIC
 * @pin: below HS_IOAPIC_NPINS
 *
 * Return: true when the pin is level triggered, not masked, asserted, and
 * nobody has its last message in service.
 */
bool hs_ioapic_core_wants(const struct hs_ioapic_core *c, unsigned int pin)
{
	u64 e = c->redir[pin];

	return (e & (RE_LEVEL | RE_MASKED | RE_REMOTE_IRR)) == RE_LEVEL &&
	       (c->lines & BIT(pin));
}

/**
 * hs_ioapic_core_set() - a device drives a pin
 * @c: the I/O APIC
 * @pin: the pin; beyond the last one nothing happens
 * @level: asserted or not
 *
 * An edge that comes while the pin is masked is lost (data sheet, 3.2.4).
 *
 * Return: true when the pin now sends its message.
 */
bool hs_ioapic_core_set(struct hs_ioapic_core *c, unsigned int pin, bool level)
{
	bool rise;

	if (pin >= HS_IOAPIC_NPINS)
		return false;
	if (!level) {
		c->lines &= ~(u32)BIT(pin);
		return false;
	}
	rise = !(c->lines & BIT(pin));
	c->lines |= BIT(pin);
	if (c->redir[pin] & RE_LEVEL)
		return hs_ioapic_core_wants(c, pin);
	return rise && !(c->redir[pin] & RE_MASKED);
}

/**
 * hs_ioapic_core_wants_edge() - would a rising edge make a pin send
 * @c: the I/O APIC
 * @pin: below HS_IOAPIC_NPINS
 *
 * Return: false when it is masked, or level triggered with a message in service.
 */
bool hs_ioapic_core_wants_edge(const struct hs_ioapic_core *c, unsigned int pin)
{
	u64 e = c->redir[pin];

	return !(e & RE_MASKED) &&
	       (e & (RE_LEVEL | RE_REMOTE_IRR)) != (RE_LEVEL | RE_REMOTE_IRR);
}

/**
 * hs_ioapic_core_msg() - the message of a pin
 * @c: the I/O APIC
 * @pin: below HS_IOAPIC_NPINS
 * @msg: where it goes
 *
 * Return: false when the entry's delivery mode sends nothing: SMI (there is no
 * SMM here) and reserved ones.
 */
bool hs_ioapic_core_msg(const struct hs_ioapic_core *c, unsigned int pin,
			struct hs_irq_msg *msg)
{
	u64 e = c->redir[pin];

	switch (RE_MODE(e)) {
	case HS_DM_FIXED:
	case HS_DM_LOWEST:
	case HS_DM_NMI:
	case HS_DM_INIT:
	case HS_DM_EXTINT:
		break;
	default:
		return false;
	}
	*msg = (struct hs_irq_msg){
		.dest = RE_DEST(e),
		.logical = e & RE_LOGICAL,
		.vector = RE_VECTOR(e),
		.mode = RE_MODE(e),
		.level = e & RE_LEVEL,
		.shorthand = HS_SH_NONE,
	};
	return true;
}

/**
 * hs_ioapic_core_sent() - what became of a pin's message
 * @c: the I/O APIC
 * @pin: below HS_IOAPIC_NPINS
 * @taken: how many local APICs took it
 *
 * A level interrupt that somebody took waits for its EOI.  One that nobody took
 * is still wanted: the caller asks again when a local APIC comes to life.  Modes
 * that end with no EOI never wait for one.
 */
void hs_ioapic_core_sent(struct hs_ioapic_core *c, unsigned int pin,
			 unsigned int taken)
{
	u64 e = c->redir[pin];

	if (taken && (e & RE_LEVEL) &&
	    (RE_MODE(e) == HS_DM_FIXED || RE_MODE(e) == HS_DM_LOWEST))
		c->redir[pin] |= RE_REMOTE_IRR;
}

/**
 * hs_ioapic_core_eoi() - a level interrupt was handled
 * @c: the I/O APIC
 * @vector: which
 *
 * All entries with that vector are meant (data sheet of the EOI register).
 *
 * Return: a bit per pin that sends its message again, its line being asserted.
 */
u32 hs_ioapic_core_eoi(struct hs_ioapic_core *c, u8 vector)
{
	unsigned int pin;
	u32 again = 0;

	for (pin = 0; pin < HS_IOAPIC_NPINS; pin++) {
		u64 e = c->redir[pin];

		if (!(e & RE_REMOTE_IRR) || RE_VECTOR(e) != vector)
			continue;
		c->redir[pin] = e & ~RE_REMOTE_IRR;
		if (hs_ioapic_core_wants(c, pin))
			again |= BIT(pin);
	}
	return again;
}

static u32 ioapic_read_indirect(const struct hs_ioapic_core *c)
{
	unsigned int n;

	switch (c->sel) {
	case IOAPIC_ID:
	case IOAPIC_ARB:	/* loaded with the ID; no APIC bus to arbitrate */
		return c->id;
	case IOAPIC_VER:
		return IOAPIC_VERSION | (HS_IOAPIC_NPINS - 1) << 16;
	}
	n = c->sel - IOAPIC_REDIR;
	if (c->sel < IOAPIC_REDIR || n / 2 >= HS_IOAPIC_NPINS)
		return 0xffffffff;
	n = array_index_nospec(n, 2 * HS_IOAPIC_NPINS);
	return c->redir[n / 2] >> (n & 1 ? 32 : 0);
}

static u32 ioapic_write_indirect(struct hs_ioapic_core *c, u32 val)
{
	unsigned int n, pin;
	u64 e;

	if (c->sel == IOAPIC_ID) {
		c->id = val & IOAPIC_ID_MASK;
		return 0;
	}
	n = c->sel - IOAPIC_REDIR;
	if (c->sel < IOAPIC_REDIR || n / 2 >= HS_IOAPIC_NPINS)
		return 0;
	n = array_index_nospec(n, 2 * HS_IOAPIC_NPINS);
	pin = n / 2;

	e = c->redir[pin];
	if (n & 1)
		e = (u32)e | (u64)val << 32;
	else
		e = (e & ~0xffffffffULL) | val;
	e = (e & RE_WRITABLE) | (c->redir[pin] & RE_REMOTE_IRR);
	/* Software that knows no EOI register clears remote IRR this way. */
	if (!(e & RE_LEVEL))
		e &= ~RE_REMOTE_IRR;
	c->redir[pin] = e;
	return hs_ioapic_core_wants(c, pin) ? BIT(pin) : 0;
}

/**
 * hs_ioapic_core_read() - read a memory-mapped register
 * @c: the I/O APIC
 * @off: offset in its page
 *
 * Return: the register; 0 where there is none; all ones from IOWIN when IOREGSEL
 * names none.
 */
u32 hs_ioapic_core_read(const struct hs_ioapic_core *c, u64 off)
{
	switch (off) {
	case IOREGSEL:
		return c->sel;
	case IOWIN:
		return ioapic_read_indirect(c);
	}
	return 0;
}

/**
 * hs_ioapic_core_write() - write a memory-mapped register
 * @c: the I/O APIC
 * @off: offset in its page
 * @val: the value
 *
 * Return: a bit per pin that sends its message now.
 */
u32 hs_ioapic_core_write(struct hs_ioapic_core *c, u64 off, u32 val)
{
	switch (off) {
	case IOREGSEL:
		c->sel = val;
		return 0;
	case IOWIN:
		return ioapic_write_indirect(c, val);
	case IOEOI:
		return hs_ioapic_core_eoi(c, val);
	}
	return 0;
}
