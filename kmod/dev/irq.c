// SPDX-License-Identifier: GPL-2.0
/*
 * Where interrupts go: lines to the interrupt controllers, messages to local
 * APICs.  Section numbers are those of SDM vol. 3.
 */
#include <linux/nospec.h>
#include "boot/layout.h"
#include "dev/board.h"
#include "dev/ioapic.h"
#include "dev/lapic_state.h"
#include "dev/pic.h"

#define ISA_LINES	16

/**
 * hs_irq_set() - level of an interrupt line
 * @b: the board
 * @gsi: 0-23; beyond that nothing happens
 * @level: asserted or not
 *
 * Lines 0-15 reach the PIC too, but for 2, where its cascade is.  Callers order
 * their own changes of a line, by the lock of the device that drives it.
 *
 * Context: any; may be called under the device's lock.
 */
void hs_irq_set(struct hs_board *b, unsigned int gsi, bool level)
{
	if (gsi >= HS_IOAPIC_PINS)
		return;
	if (gsi < ISA_LINES && gsi != HS_GSI_PIT)
		hs_pic_set(b, gsi, level);
	hs_ioapic_set(b, gsi, level);
}

/* Hands @msg to one local APIC.  True when it took it. */
static bool irq_deliver_one(struct hs_board *b, int src, unsigned int cpu,
			    const struct hs_irq_msg *msg)
{
	struct hs_lapic_core *c = &b->lapic[cpu]->core;

	switch (msg->mode) {
	case HS_DM_FIXED:
	case HS_DM_LOWEST:
		if (!hs_lapic_core_enabled(c))
			return false;
		hs_lapic_core_post(c, msg->vector, msg->level);
		break;
	case HS_DM_EXTINT:
		if (!hs_lapic_core_enabled(c))
			return false;
		atomic_or(HS_PEND_EXTINT_MSG, &c->pend);
		break;
	/* These come through software-disabled APICs too, 11.4.7.2. */
	case HS_DM_NMI:
		hs_lapic_core_post_event(c, HS_LAPIC_EV_NMI, 0);
		break;
	case HS_DM_INIT:
		hs_lapic_core_post_event(c, HS_LAPIC_EV_INIT, 0);
		break;
	case HS_DM_SIPI:
		hs_lapic_core_post_event(c, HS_LAPIC_EV_SIPI, msg->vector);
		break;
	default:
		return false;
	}
	/* Atomics above, so the kick is ordered behind them. */
	smp_mb__after_atomic();
	if ((int)cpu != src)
		b->ops->kick(b->vm, cpu);
	return true;
}

static bool irq_is_off(const struct hs_board *b, unsigned int cpu)
{
	return READ_ONCE(b->lapic[cpu]->core.mode) == HS_LAPIC_OFF;
}

/* Is @cpu meant by @msg, which is not simply addressed to one APIC id? */
static bool irq_matches(const struct hs_board *b, int src, unsigned int cpu,
			const struct hs_irq_msg *msg)
{
	switch (msg->shorthand) {
	case HS_SH_SELF:
		return (int)cpu == src && !irq_is_off(b, cpu);
	case HS_SH_OTHERS:
		return (int)cpu != src && !irq_is_off(b, cpu);
	case HS_SH_ALL:
		return !irq_is_off(b, cpu);
	}
	return hs_lapic_core_matches(&b->lapic[cpu]->core, msg);
}

/*
 * Lowest priority, 11.6.2.4: the one with the lowest task priority; among equals
 * they take turns, beginning after the one that got the last.
 */
static unsigned int irq_deliver_lowest(struct hs_board *b, int src,
				       const struct hs_irq_msg *msg)
{
	unsigned int i, cpu = READ_ONCE(b->lowest), best = 0;
	int best_tpr = INT_MAX;

	for (i = 0; i < b->cpus; i++) {
		const struct hs_lapic_core *c;

		if (++cpu >= b->cpus)
			cpu = 0;
		c = &b->lapic[cpu]->core;
		if (!irq_matches(b, src, cpu, msg) || !hs_lapic_core_enabled(c))
			continue;
		if (READ_ONCE(c->tpr) < best_tpr) {
			best_tpr = READ_ONCE(c->tpr);
			best = cpu;
		}
	}
	if (best_tpr == INT_MAX)
		return 0;
	WRITE_ONCE(b->lowest, best);
	return irq_deliver_one(b, src, best, msg);
}

/**
 * hs_irq_deliver() - send an interrupt message
 * @b: the board
 * @src: vCPU that sends, or -1 for the I/O APIC and MSI
 * @msg: the message
 *
 * Physical destination 0xff of an I/O APIC or MSI message is every local APIC,
 * also in x2APIC mode: it has no more than eight bits to say so.  A logical one
 * is a set: all in xAPIC mode, ids 0-7 in x2APIC mode.
 *
 * Context: any.
 * Return: how many local APICs took it.
 */
unsigned int hs_irq_deliver(struct hs_board *b, int src,
			    const struct hs_irq_msg *msg)
{
	unsigned int cpu, first = 0, end = b->cpus, taken = 0;
	struct hs_irq_msg all;

	if (msg->shorthand == HS_SH_NONE) {
		if (src < 0 && !msg->logical && msg->dest == 0xff) {
			all = *msg;
			all.dest = HS_DEST_ALL;
			msg = &all;
		}
		if (msg->dest == HS_DEST_ALL) {
			/* everybody is looked at */
		} else if (!msg->logical) {
			if (msg->dest >= b->cpus)
				return 0;
			cpu = array_index_nospec(msg->dest, b->cpus);
			if (irq_is_off(b, cpu))
				return 0;
			return irq_deliver_one(b, src, cpu, msg);
		} else if (msg->dest > 0xff) {
			/* Only x2APIC has such: 16 ids of one cluster. */
			first = (msg->dest >> 16) * 16;
			end = min(end, first + 16);
		}
	}
	if (msg->mode == HS_DM_LOWEST)
		return irq_deliver_lowest(b, src, msg);

	for (cpu = first; cpu < end; cpu++)
		if (irq_matches(b, src, cpu, msg))
			taken += irq_deliver_one(b, src, cpu, msg);
	return taken;
}
