// SPDX-License-Identifier: GPL-2.0
/*
 * Local APIC: the pins LINT0 (INT output of the PIC) and LINT1 (NMI), SDM vol. 3,
 * 11.5.1.  With the local APIC disabled the pins are the CPU's INTR and NMI.
 *
 * All functions that change something run under the caller's lock, since pins
 * are driven from any context.
 */
#include "pure.h"
#include "dev/lapic_core.h"

static bool lint_extint(const struct hs_lapic_core *c, unsigned int pin)
{
	u32 lvt = READ_ONCE(c->lvt[HS_LVT_LINT0 + pin]);

	if (READ_ONCE(c->mode) == HS_LAPIC_OFF)
		return pin == 0;
	return !(lvt & HS_LVT_MASKED) && HS_LVT_MODE(lvt) == HS_DM_EXTINT;
}

static void lint_update_extint(struct hs_lapic_core *c)
{
	bool on = (c->lint[0] && lint_extint(c, 0)) ||
		  (c->lint[1] && lint_extint(c, 1));

	if (on)
		atomic_or(HS_PEND_EXTINT_PIN, &c->pend);
	else
		atomic_andnot(HS_PEND_EXTINT_PIN, &c->pend);
}

/* A level-triggered fixed interrupt that is asserted and not in service. */
static void lint_post_level(struct hs_lapic_core *c, unsigned int pin)
{
	u32 *lvt = &c->lvt[HS_LVT_LINT0 + pin];

	if (!c->lint[pin] || c->mode == HS_LAPIC_OFF ||
	    HS_LVT_MODE(*lvt) != HS_DM_FIXED ||
	    (*lvt & (HS_LVT_MASKED | HS_LVT_LEVEL | HS_LVT_REMOTE_IRR)) !=
	    HS_LVT_LEVEL)
		return;
	WRITE_ONCE(*lvt, *lvt | HS_LVT_REMOTE_IRR);
	hs_lapic_core_post(c, *lvt, true);
}

/* What a rising edge does, but for ExtINT, which is a level to us. */
static void lint_rise(struct hs_lapic_core *c, unsigned int pin)
{
	u32 lvt = c->lvt[HS_LVT_LINT0 + pin];

	if (c->mode == HS_LAPIC_OFF) {
		if (pin == 1)
			hs_lapic_core_post_event(c, HS_LAPIC_EV_NMI, 0);
		return;
	}
	if (lvt & HS_LVT_MASKED)
		return;
	switch (HS_LVT_MODE(lvt)) {
	case HS_DM_FIXED:
		if (lvt & HS_LVT_LEVEL)
			lint_post_level(c, pin);
		else
			hs_lapic_core_post(c, lvt, false);
		break;
	case HS_DM_NMI:
		hs_lapic_core_post_event(c, HS_LAPIC_EV_NMI, 0);
		break;
	case HS_DM_INIT:
		hs_lapic_core_post_event(c, HS_LAPIC_EV_INIT, 0);
		break;
	}
}

/**
 * hs_lapic_core_set_lint() - level of a pin
 * @c: the local APIC
 * @pin: 0 or 1
 * @level: high or low
 *
 * Context: any, under the caller's lock.  The caller kicks.
 */
void hs_lapic_core_set_lint(struct hs_lapic_core *c, unsigned int pin, bool level)
{
	if (pin > 1 || c->lint[pin] == level)
		return;
	c->lint[pin] = level;
	lint_update_extint(c);
	if (level)
		lint_rise(c, pin);
}

/**
 * hs_lapic_core_update_lint() - an LVT entry of a pin, or the mode, has changed
 * @c: the local APIC
 *
 * Context: owner, under the caller's lock.
 */
void hs_lapic_core_update_lint(struct hs_lapic_core *c)
{
	lint_update_extint(c);
	lint_post_level(c, 0);
	lint_post_level(c, 1);
}

/**
 * hs_lapic_core_eoi_lint() - a level interrupt was handled: maybe one of a pin
 * @c: the local APIC
 * @vector: which
 *
 * Context: owner, under the caller's lock.
 */
void hs_lapic_core_eoi_lint(struct hs_lapic_core *c, u8 vector)
{
	unsigned int pin;

	for (pin = 0; pin < 2; pin++) {
		u32 *lvt = &c->lvt[HS_LVT_LINT0 + pin];

		if (!(*lvt & HS_LVT_REMOTE_IRR) || (u8)*lvt != vector)
			continue;
		WRITE_ONCE(*lvt, *lvt & ~HS_LVT_REMOTE_IRR);
		lint_post_level(c, pin);
	}
}
