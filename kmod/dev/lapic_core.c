// SPDX-License-Identifier: GPL-2.0
/*
 * Local APIC: states, events, errors, destinations.  Section numbers are those of
 * SDM vol. 3.  Posting and priorities are in lapic_fast.h, registers in
 * lapic_regs.c, pins in lapic_lint.c.
 */
#include "pure.h"
#include "dev/lapic_core.h"

#define BASE_BSP	0x100
#define BASE_EXTD	0x400
#define BASE_EN		0x800
/* Bits 7:0 and 9 of IA32_APIC_BASE. */
#define BASE_RSVD	0x2ffULL

static void core_clear_vectors(struct hs_lapic_core *c)
{
	unsigned int i;

	/* First the summary: a post in between sets it again. */
	atomic_andnot(HS_PEND_IRR | HS_PEND_EXTINT_MSG, &c->pend);
	smp_mb__after_atomic();
	for (i = 0; i < 4; i++) {
		WRITE_ONCE(c->irr[i], 0);
		WRITE_ONCE(c->tmr[i], 0);
		c->isr[i] = 0;
	}
	c->isr_words = 0;
	WRITE_ONCE(c->isrv, -1);
	WRITE_ONCE(c->tpr, 0);
	WRITE_ONCE(c->ppr, 0);
}

/**
 * hs_lapic_core_init() - a new local APIC, at power-on state
 * @c: the local APIC
 * @id: its APIC id; 0 is the boot processor
 * @phys_bits: physical address bits of the guest's CPU
 * @tsc_khz: of the guest's TSC, not 0
 */
void hs_lapic_core_init(struct hs_lapic_core *c, u32 id, unsigned int phys_bits,
			u64 tsc_khz)
{
	memset(c, 0, sizeof(*c));
	c->id = id;
	c->base_rsvd = BASE_RSVD;
	if (phys_bits < 64)
		c->base_rsvd |= ~0ULL << phys_bits;
	c->timer.tsc_khz = tsc_khz;
	hs_lapic_core_reset(c, false);
}

/**
 * hs_lapic_core_set_model() - leave out what CPUID does not offer
 * @c: the local APIC, at power-on state
 * @x2apic: it has x2APIC mode; without, its bit in IA32_APIC_BASE is reserved
 * @deadline: its timer has TSC-deadline mode
 *
 * Context: the vCPU does not run.  Stays over resets.
 */
void hs_lapic_core_set_model(struct hs_lapic_core *c, bool x2apic, bool deadline)
{
	c->base_rsvd &= ~(u64)BASE_EXTD;
	if (!x2apic)
		c->base_rsvd |= BASE_EXTD;
	c->no_deadline = !deadline;
}

/* LDR in x2APIC mode follows from the id, 11.12.10.2. */
static u32 x2apic_ldr(u32 id)
{
	return (id >> 4) << 16 | 1U << (id & 15);
}

/**
 * hs_lapic_core_reset() - power-on or INIT state, 11.4.7
 * @c: the local APIC
 * @init: INIT: IA32_APIC_BASE stays, and with it the mode
 *
 * Context: owner, or the vCPU does not run.  What others post at the same time
 * may survive, as on hardware when it comes just after.
 */
void hs_lapic_core_reset(struct hs_lapic_core *c, bool init)
{
	unsigned int i;

	if (!init) {
		c->base = HS_APIC_DEFAULT_BASE | BASE_EN;
		if (c->id == 0)
			c->base |= BASE_BSP;
		WRITE_ONCE(c->mode, HS_LAPIC_XAPIC);
		atomic_set(&c->event, 0);
	}
	WRITE_ONCE(c->svr, 0xff);
	WRITE_ONCE(c->dfr, 0xffffffff);
	WRITE_ONCE(c->ldr, c->mode == HS_LAPIC_X2APIC ? x2apic_ldr(c->id) : 0);
	for (i = 0; i < HS_LVT_NR; i++)
		WRITE_ONCE(c->lvt[i], HS_LVT_MASKED);
	c->esr = 0;
	atomic_set(&c->esr_new, 0);
	c->icr = 0;
	hs_lapic_timer_reset(&c->timer);
	core_clear_vectors(c);
}

/**
 * hs_lapic_core_virtual_wire() - as firmware leaves the boot processor's
 * @c: the local APIC, just reset
 *
 * Virtual wire mode, MP specification 1.4, 3.6.2.2: enabled, the PIC through
 * LINT0, NMI at LINT1.  There is no firmware here that could set it up, and
 * guests that know nothing of local APICs need it.
 *
 * Context: the vCPU does not run.  The caller updates the pins.
 */
void hs_lapic_core_virtual_wire(struct hs_lapic_core *c)
{
	WRITE_ONCE(c->svr, 0xff | HS_SVR_ENABLED);
	WRITE_ONCE(c->lvt[HS_LVT_LINT0], HS_DM_EXTINT << 8);
	WRITE_ONCE(c->lvt[HS_LVT_LINT1], HS_DM_NMI << 8);
}

/**
 * hs_lapic_core_set_base() - write IA32_APIC_BASE, 11.4.4 and 11.12.1
 * @c: the local APIC
 * @val: new value
 * @out: what else is to be done
 *
 * The boot processor flag may be written; the wiring of the board does not
 * depend on it.
 *
 * Context: owner.
 * Return: 0, or -EINVAL (#GP) for reserved bits and transitions that the SDM
 * forbids: x2APIC to xAPIC, disabled to x2APIC, extended but not enabled.
 */
int hs_lapic_core_set_base(struct hs_lapic_core *c, u64 val,
			   struct hs_lapic_out *out)
{
	enum hs_lapic_mode old = c->mode, new;

	if (val & c->base_rsvd)
		return -EINVAL;
	switch (val & (BASE_EN | BASE_EXTD)) {
	case 0:
		new = HS_LAPIC_OFF;
		break;
	case BASE_EN:
		new = HS_LAPIC_XAPIC;
		if (old == HS_LAPIC_X2APIC)
			return -EINVAL;
		break;
	case BASE_EN | BASE_EXTD:
		new = HS_LAPIC_X2APIC;
		if (old == HS_LAPIC_OFF)
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}

	c->base = val;
	if (new == old)
		return 0;
	WRITE_ONCE(c->mode, new);
	out->act |= HS_LA_LINT | HS_LA_TIMER;
	if (new == HS_LAPIC_OFF) {
		/* Comes back as after power-up, 11.4.3. */
		hs_lapic_core_reset(c, true);
	} else if (new == HS_LAPIC_X2APIC) {
		WRITE_ONCE(c->ldr, x2apic_ldr(c->id));
		out->act |= HS_LA_RETRY;
		/* ICR's destination is wider now; the old one means nothing. */
		c->icr &= 0xffffffff;
	} else {
		/* A message that crossed the switching off is gone by now. */
		core_clear_vectors(c);
	}
	return 0;
}

/* --- posting: any context ------------------------------------------------- */

/**
 * hs_lapic_core_post_event() - NMI, INIT or SIPI
 * @c: the local APIC
 * @event: one of HS_LAPIC_EV_*
 * @sipi: start-up vector, with HS_LAPIC_EV_SIPI
 *
 * An INIT drops a SIPI that came before it, because the owner takes INIT first
 * and would start what the INIT was meant to stop.
 *
 * Context: any.  The caller kicks.
 */
void hs_lapic_core_post_event(struct hs_lapic_core *c, u32 event, u8 sipi)
{
	int old = atomic_read(&c->event), new;

	do {
		new = old | (event & 0xff);
		if (event & HS_LAPIC_EV_INIT)
			new &= ~(HS_LAPIC_EV_SIPI | 0xff00);
		else if (event & HS_LAPIC_EV_SIPI)
			new = (new & ~0xff00) | sipi << 8;
	} while (!atomic_try_cmpxchg(&c->event, &old, new));
}

/**
 * hs_lapic_core_take_events() - fetch and clear events
 * @c: the local APIC
 * @sipi: the start-up vector goes here when HS_LAPIC_EV_SIPI is returned
 *
 * Context: owner.
 * Return: HS_LAPIC_EV_*.  INIT comes before SIPI, whichever order they are
 * looked at.
 */
u32 hs_lapic_core_take_events(struct hs_lapic_core *c, u8 *sipi)
{
	int ev;

	if (likely(!atomic_read(&c->event)))
		return 0;
	ev = atomic_xchg(&c->event, 0);
	*sipi = ev >> 8 & 0xff;
	return ev & 0xff;
}

/**
 * hs_lapic_core_error() - an error was detected, 11.5.3
 * @c: the local APIC
 * @bits: HS_ESR_*
 *
 * Raises the error interrupt with the first error after a write of ESR; so an
 * error vector that is itself illegal does not go round in circles.
 *
 * Context: any.
 */
void hs_lapic_core_error(struct hs_lapic_core *c, u32 bits)
{
	if (!atomic_fetch_or(bits, &c->esr_new))
		hs_lapic_core_raise_lvt(c, HS_LVT_ERROR);
}

/**
 * hs_lapic_core_raise_lvt() - a local source interrupts: timer, error
 * @c: the local APIC
 * @n: which entry of the local vector table; not a pin
 *
 * Context: any.  The caller kicks unless it is the owner.
 * Return: false when the vector was in IRR already.
 */
bool hs_lapic_core_raise_lvt(struct hs_lapic_core *c, enum hs_lapic_lvt n)
{
	u32 lvt = READ_ONCE(c->lvt[n]);

	if ((lvt & HS_LVT_MASKED) || READ_ONCE(c->mode) == HS_LAPIC_OFF)
		return true;
	return hs_lapic_core_post(c, lvt, false);
}

/* --- priorities -------------------------------------------------------- */

/**
 * hs_lapic_core_irrv_peek() - highest vector in IRR, for others than the owner
 * @c: the local APIC
 *
 * Context: any; changes nothing.
 * Return: 16-255, or -1.
 */
int hs_lapic_core_irrv_peek(const struct hs_lapic_core *c)
{
	unsigned int pend = atomic_read(&c->pend) & HS_PEND_IRR;

	while (pend) {
		unsigned int w = __fls(pend);
		unsigned long word = READ_ONCE(c->irr[w]);

		if (word)
			return w * 64 + __fls(word);
		pend &= ~(1U << w);
	}
	return -1;
}

/* --- destinations: any context -------------------------------------------- */

static bool core_matches_logical(const struct hs_lapic_core *c, u32 dest)
{
	u32 ldr = READ_ONCE(c->ldr), dfr;

	if (READ_ONCE(c->mode) == HS_LAPIC_X2APIC)
		return dest == HS_DEST_ALL ||
		       (dest >> 16 == ldr >> 16 && (dest & ldr & 0xffff));

	/* xAPIC, 11.6.2.2: eight bits, flat or in clusters of four. */
	dfr = READ_ONCE(c->dfr);
	ldr >>= 24;
	if (dest == HS_DEST_ALL || dest == 0xff)
		return true;
	if (dest > 0xff)
		return false;
	if (dfr >> 28 == 0xf)
		return dest & ldr;
	if (dfr >> 28 == 0x0)
		return (dest >> 4 == 0xf || dest >> 4 == ldr >> 4) &&
		       (dest & ldr & 0xf);
	return false;	/* not a model that exists */
}

/**
 * hs_lapic_core_matches() - does a message without shorthand name this APIC
 * @c: the local APIC
 * @msg: the message; HS_DEST_ALL is every one
 *
 * Context: any.
 * Return: true when it does.  A disabled APIC is named by nothing.
 */
bool hs_lapic_core_matches(const struct hs_lapic_core *c,
			   const struct hs_irq_msg *msg)
{
	if (READ_ONCE(c->mode) == HS_LAPIC_OFF)
		return false;
	if (msg->logical)
		return core_matches_logical(c, msg->dest);
	return msg->dest == HS_DEST_ALL || msg->dest == c->id;
}
