// SPDX-License-Identifier: GPL-2.0
/*
 * Local APIC of a vCPU: what the owner and the rest of the module call.
 *
 * Registers and priorities are in lapic_core.c, lapic_regs.c, lapic_lint.c, the
 * count of the timer in lapic_timer.c, all pure; the host timer that drives it
 * in lapic_hrtimer.c.  Here are locks, kicks, and the paths that must be short.
 */
#include <linux/slab.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include "dev/board.h"
#include "dev/ioapic.h"
#include "dev/lapic.h"
#include "dev/lapic_hrtimer.h"
#include "dev/lapic_state.h"

#define LAPIC_MSR_FIRST		0x800
#define LAPIC_MSR_LAST		0x8ff

/* ICR in x2APIC mode */
#define ICR_DEST	GENMASK_ULL(63, 32)
#define ICR_WHO		GENMASK_ULL(19, 18)	/* shorthand */
#define ICR_SELF	BIT_ULL(18)
#define ICR_LOGICAL	BIT_ULL(11)
#define ICR_MODE	GENMASK_ULL(10, 8)

/**
 * hs_lapic_create() - a local APIC at power-on state
 * @b: the board
 * @id: vCPU number and APIC id
 *
 * Context: process.
 * Return: it, or NULL when there is no memory.
 */
struct hs_lapic *hs_lapic_create(struct hs_board *b, unsigned int id)
{
	struct hs_lapic *a = kzalloc(sizeof(*a), GFP_KERNEL_ACCOUNT);

	if (!a)
		return NULL;
	a->board = b;
	raw_spin_lock_init(&a->lock);
	hs_lapic_core_init(&a->core, id, cpuid_eax(0x80000008) & 0xff, b->tsc_khz);
	hs_lapic_hrtimer_init(a);
	return a;
}

/**
 * hs_lapic_destroy() - stop the timer and free
 * @a: the local APIC, or NULL; nobody posts to it any more
 *
 * Context: process; waits for the timer's callback.
 */
void hs_lapic_destroy(struct hs_lapic *a)
{
	if (!a)
		return;
	hs_lapic_hrtimer_exit(a);
	kfree(a);
}

/**
 * hs_lapic_set_model() - leave out what CPUID does not offer
 * @a: the local APIC, at power-on state
 * @x2apic: it has x2APIC mode
 * @deadline: its timer has TSC-deadline mode, and IA32_TSC_DEADLINE is there
 *
 * Context: owner stopped.
 */
void hs_lapic_set_model(struct hs_lapic *a, bool x2apic, bool deadline)
{
	hs_lapic_core_set_model(&a->core, x2apic, deadline);
}

/**
 * hs_lapic_reset() - power-on or INIT state
 * @a: the local APIC
 * @init: INIT: IA32_APIC_BASE stays
 *
 * Context: owner, or owner stopped.
 */
void hs_lapic_reset(struct hs_lapic *a, bool init)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&a->lock, flags);
	hs_lapic_core_reset(&a->core, init);
	hs_lapic_core_update_lint(&a->core);
	hs_lapic_hrtimer_reset(a);
	raw_spin_unlock_irqrestore(&a->lock, flags);
}

/**
 * hs_lapic_virtual_wire() - as firmware leaves the boot processor's
 * @a: the local APIC, at power-on state
 *
 * Context: owner stopped.
 */
void hs_lapic_virtual_wire(struct hs_lapic *a)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&a->lock, flags);
	hs_lapic_core_virtual_wire(&a->core);
	hs_lapic_core_update_lint(&a->core);
	raw_spin_unlock_irqrestore(&a->lock, flags);
}

/* --- interrupts ----------------------------------------------------------- */

/*
 * A message of the I/O APIC made us ask the PIC, which has nothing any more.  It
 * raises INT before it sends, so look again after forgetting.
 */
static void lapic_forget_extint(struct hs_lapic *a)
{
	atomic_andnot(HS_PEND_EXTINT_MSG, &a->core.pend);
	smp_mb__after_atomic();
	if (hs_pic_pending(a->board))
		atomic_or(HS_PEND_EXTINT_MSG, &a->core.pend);
}

static noinline int lapic_pending(struct hs_lapic *a, unsigned int pend)
{
	int v;

	if (pend & HS_PEND_EXTINT) {
		v = hs_pic_peek(a->board);
		if (v >= 0)
			return v;
		if (pend & HS_PEND_EXTINT_MSG)
			lapic_forget_extint(a);
	}
	if (a->core.mode == HS_LAPIC_OFF)
		return -1;
	v = hs_lapic_core_irrv(&a->core);
	return hs_lapic_core_above(v, a->core.ppr) ? v : -1;
}

/**
 * hs_lapic_pending() - what the CPU should be interrupted for
 * @a: the local APIC
 *
 * An ExtINT comes first: it knows no priority (SDM vol. 3, 11.8.1).
 *
 * Context: owner, at every entry.
 * Return: the vector that hs_lapic_ack() would give now, or -1.
 */
int hs_lapic_pending(struct hs_lapic *a)
{
	unsigned int pend = atomic_read(&a->core.pend);

	if (likely(!pend))
		return -1;
	return lapic_pending(a, pend);
}

/**
 * hs_lapic_ack() - the CPU takes the interrupt
 * @a: the local APIC
 *
 * Context: owner.
 * Return: the vector to inject, or -1 when it has vanished.
 */
int hs_lapic_ack(struct hs_lapic *a)
{
	int v;

	if (unlikely(atomic_read(&a->core.pend) & HS_PEND_EXTINT)) {
		/* Before the cycle: it may bring the next message. */
		atomic_andnot(HS_PEND_EXTINT_MSG, &a->core.pend);
		v = hs_pic_ack(a->board);
		if (v >= 0)
			return v;
	}
	if (a->core.mode == HS_LAPIC_OFF)
		return -1;
	v = hs_lapic_core_ack(&a->core);
	/*
	 * Pairs with lapic_timer_fire(): it sets dormant before it looks at IRR,
	 * we have cleared IRR before we look at dormant.
	 */
	smp_mb__after_atomic();
	if (unlikely(READ_ONCE(a->dormant)))
		hs_lapic_hrtimer_wake(a);
	return v;
}

/**
 * hs_lapic_has_work() - is there something to wake a halted vCPU for
 * @a: the local APIC
 *
 * Does not know the CPU's IF: with IF = 0 only an event wakes, that is the
 * caller's to see.
 *
 * Context: any.
 * Return: true for an event, an ExtINT, or a vector above PPR.
 */
bool hs_lapic_has_work(struct hs_lapic *a)
{
	struct hs_lapic_core *c = &a->core;
	int pend = atomic_read(&c->pend);

	if (atomic_read(&c->event))
		return true;
	if (!pend)
		return false;
	if ((pend & HS_PEND_EXTINT) && hs_pic_pending(a->board))
		return true;
	return READ_ONCE(c->mode) != HS_LAPIC_OFF &&
	       hs_lapic_core_above(hs_lapic_core_irrv_peek(c), READ_ONCE(c->ppr));
}

/**
 * hs_lapic_has_event() - is there an NMI, INIT or SIPI
 * @a: the local APIC
 *
 * Context: any.
 * Return: true until hs_lapic_take_events() took it.
 */
bool hs_lapic_has_event(struct hs_lapic *a)
{
	return atomic_read(&a->core.event);
}

/**
 * hs_lapic_take_events() - NMI, INIT, SIPI
 * @a: the local APIC
 * @sipi: start-up vector, when HS_LAPIC_EV_SIPI is returned
 *
 * Context: owner.
 * Return: HS_LAPIC_EV_*, cleared; INIT goes before SIPI.
 */
u32 hs_lapic_take_events(struct hs_lapic *a, u8 *sipi)
{
	return hs_lapic_core_take_events(&a->core, sipi);
}

/**
 * hs_lapic_set_lint() - drive a local interrupt pin
 * @a: the local APIC
 * @pin: 0 (INT of the PIC) or 1 (NMI)
 * @level: high or low
 *
 * Context: any.  Kicks the vCPU when the pin rises.
 */
void hs_lapic_set_lint(struct hs_lapic *a, unsigned int pin, bool level)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&a->lock, flags);
	hs_lapic_core_set_lint(&a->core, pin, level);
	raw_spin_unlock_irqrestore(&a->lock, flags);
	if (level)
		a->board->ops->kick(a->board->vm, a->core.id);
}

/**
 * hs_lapic_due() - when the TSC deadline expires
 * @a: the local APIC, watched
 *
 * Context: owner, at every entry.
 * Return: host TSC; 0 for none.
 */
u64 hs_lapic_due(const struct hs_lapic *a)
{
	return a->due;
}

/* --- registers: owner ----------------------------------------------------- */

/* EOI of an interrupt that came level triggered. */
static void lapic_eoi_level(struct hs_lapic *a, u8 vector)
{
	struct hs_lapic_core *c = &a->core;
	unsigned long flags;

	if (!(c->svr & HS_SVR_NO_BROADCAST))
		hs_ioapic_eoi(a->board, vector);
	/* Remote IRR was set before the vector was, so it is not missed here. */
	if (!((READ_ONCE(c->lvt[HS_LVT_LINT0]) | READ_ONCE(c->lvt[HS_LVT_LINT1])) &
	      HS_LVT_REMOTE_IRR))
		return;
	raw_spin_lock_irqsave(&a->lock, flags);
	hs_lapic_core_eoi_lint(c, vector);
	raw_spin_unlock_irqrestore(&a->lock, flags);
}

/**
 * hs_lapic_eoi_is_silent() - would an EOI do no more than end the service
 * @a: the local APIC
 *
 * Context: owner, at every entry of guests that end interrupts in memory.
 * Return: true when the guest's EOI may be learnt of later.
 */
bool hs_lapic_eoi_is_silent(struct hs_lapic *a)
{
	return hs_lapic_core_eoi_is_silent(&a->core);
}

/**
 * hs_lapic_eoi() - end of interrupt
 * @a: the local APIC
 *
 * Context: owner; interrupts on or off.
 */
void hs_lapic_eoi(struct hs_lapic *a)
{
	u8 vector;

	if (unlikely(hs_lapic_core_eoi(&a->core, &vector)))
		lapic_eoi_level(a, vector);
}

/* What a register write asked for.  No lock held. */
static void lapic_finish(struct hs_lapic *a, const struct hs_lapic_out *out)
{
	if (out->act & HS_LA_EOI)
		lapic_eoi_level(a, out->vector);
	if (out->act & HS_LA_SEND)
		hs_irq_deliver(a->board, a->core.id, &out->msg);
	if (out->act & HS_LA_RETRY)
		hs_ioapic_retry(a->board);
}

/* Any register, at leisure. */
static int lapic_write_slow(struct hs_lapic *a, unsigned int reg, u64 val)
{
	struct hs_lapic_out out = { .act = 0 };
	unsigned long flags;
	u64 now;
	int ret;

	raw_spin_lock_irqsave(&a->lock, flags);
	now = hs_lapic_hrtimer_sync(a);
	ret = hs_lapic_core_write(&a->core, reg, val, now, &out);
	if (!ret) {
		if (out.act & HS_LA_TIMER)
			hs_lapic_hrtimer_update(a, now);
		if (out.act & HS_LA_LINT)
			hs_lapic_core_update_lint(&a->core);
	}
	raw_spin_unlock_irqrestore(&a->lock, flags);
	if (!ret)
		lapic_finish(a, &out);
	return ret;
}

static noinline int lapic_write(struct hs_lapic *a, unsigned int reg, u64 val)
{
	struct hs_lapic_out out = { .act = 0 };
	int ret;

	switch (reg) {
	case HS_LAPIC_TPR:
	case HS_LAPIC_EOI:
	case HS_LAPIC_ICR:
	case HS_LAPIC_SELF_IPI:
		/* Neither timer nor pins: no lock, no clock. */
		ret = hs_lapic_core_write(&a->core, reg, val, 0, &out);
		if (!ret && out.act)
			lapic_finish(a, &out);
		return ret;
	}
	return lapic_write_slow(a, reg, val);
}

/*
 * x2APIC: the registers that guests write all the time, checked here as in
 * lapic_regs.c.  A fixed IPI to itself needs no search, and no kick, because the
 * owner looks before it enters.
 */
static int lapic_write_x2apic(struct hs_lapic *a, unsigned int reg, u64 val)
{
	struct hs_lapic_core *c = &a->core;
	u8 vector;

	if (reg == HS_LAPIC_EOI) {
		if (val)
			return -EINVAL;
		hs_lapic_eoi(a);
		return 0;
	}
	if (reg == HS_LAPIC_ICR) {
		bool self = (val & ICR_WHO) == ICR_SELF ||
			    (val & (ICR_WHO | ICR_LOGICAL | ICR_DEST)) ==
			    (u64)c->id << 32;

		vector = val;
		if (self && !(val & (HS_ICR_RESERVED | ICR_MODE)) && vector >= 16) {
			c->icr = val & ~HS_ICR_BUSY;
			if (likely(c->svr & HS_SVR_ENABLED))
				hs_lapic_core_post(c, vector, false);
			return 0;
		}
	}
	return lapic_write(a, reg, val);
}

static int lapic_read(struct hs_lapic *a, unsigned int reg, u64 *val)
{
	unsigned long flags;
	u64 now;
	int ret;

	raw_spin_lock_irqsave(&a->lock, flags);
	now = reg == HS_LAPIC_COUNT ? hs_lapic_hrtimer_now() : 0;
	ret = hs_lapic_core_read(&a->core, reg, now, val);
	raw_spin_unlock_irqrestore(&a->lock, flags);
	return ret;
}

static int lapic_write_base(struct hs_lapic *a, u64 val)
{
	struct hs_lapic_out out = { .act = 0 };
	unsigned long flags;
	u64 now;
	int ret;

	raw_spin_lock_irqsave(&a->lock, flags);
	now = hs_lapic_hrtimer_sync(a);
	ret = hs_lapic_core_set_base(&a->core, val, &out);
	if (!ret && (out.act & HS_LA_TIMER))
		hs_lapic_hrtimer_update(a, now);
	if (!ret && (out.act & HS_LA_LINT))
		hs_lapic_core_update_lint(&a->core);
	raw_spin_unlock_irqrestore(&a->lock, flags);
	if (!ret)
		lapic_finish(a, &out);
	return ret;
}

/**
 * hs_lapic_msr_read() - read an MSR of the local APIC
 * @a: the local APIC
 * @msr: IA32_APIC_BASE, IA32_TSC_DEADLINE or 0x800-0x8ff
 * @val: where the value goes
 *
 * Context: owner; interrupts on or off.
 * Return: 0, or -EINVAL for #GP.
 */
int hs_lapic_msr_read(struct hs_lapic *a, u32 msr, u64 *val)
{
	switch (msr) {
	case MSR_IA32_APICBASE:
		*val = a->core.base;
		return 0;
	case MSR_IA32_TSC_DEADLINE:
		if (a->core.no_deadline)
			return -EINVAL;
		*val = hs_lapic_hrtimer_deadline(a);
		return 0;
	case LAPIC_MSR_FIRST ... LAPIC_MSR_LAST:
		if (a->core.mode != HS_LAPIC_X2APIC)
			return -EINVAL;
		return lapic_read(a, msr - LAPIC_MSR_FIRST, val);
	}
	return -EINVAL;
}

/**
 * hs_lapic_msr_write() - write an MSR of the local APIC
 * @a: the local APIC
 * @msr: IA32_APIC_BASE, IA32_TSC_DEADLINE or 0x800-0x8ff
 * @val: the value
 *
 * Context: owner; interrupts on or off.
 * Return: 0, or -EINVAL for #GP.
 */
int hs_lapic_msr_write(struct hs_lapic *a, u32 msr, u64 val)
{
	if (likely(msr - LAPIC_MSR_FIRST <= LAPIC_MSR_LAST - LAPIC_MSR_FIRST)) {
		if (unlikely(a->core.mode != HS_LAPIC_X2APIC))
			return -EINVAL;
		return lapic_write_x2apic(a, msr - LAPIC_MSR_FIRST, val);
	}
	switch (msr) {
	case MSR_IA32_APICBASE:
		return lapic_write_base(a, val);
	case MSR_IA32_TSC_DEADLINE:
		if (unlikely(a->core.no_deadline))
			return -EINVAL;
		hs_lapic_hrtimer_set_deadline(a, val);
		return 0;
	}
	return -EINVAL;
}

/**
 * hs_lapic_mmio_base() - where the xAPIC page is
 * @a: the local APIC
 *
 * Context: owner.
 * Return: guest-physical address, or 0 in x2APIC mode and when disabled.
 */
u64 hs_lapic_mmio_base(struct hs_lapic *a)
{
	return a->core.mode == HS_LAPIC_XAPIC ? a->core.base & ~0xfffULL : 0;
}

/**
 * hs_lapic_mmio_read() - read from the xAPIC page
 * @a: the local APIC, in xAPIC mode
 * @off: 0-0xfff
 * @size: 1, 2, 4 or 8
 *
 * Registers are 32 bits at multiples of 16.  What lies between reads as 0, as
 * does all else that the SDM leaves undefined (vol. 3, 11.4.1).
 *
 * Context: owner.
 * Return: the value, zero-extended.
 */
u64 hs_lapic_mmio_read(struct hs_lapic *a, u32 off, unsigned int size)
{
	u64 val;

	if (a->core.mode != HS_LAPIC_XAPIC || off > 0xfff || (off & 0xf) > 3)
		return 0;
	if (lapic_read(a, off >> 4, &val))
		return 0;
	val >>= (off & 0xf) * 8;
	return size < 4 ? val & ((1U << size * 8) - 1) : val;
}

/**
 * hs_lapic_mmio_write() - write to the xAPIC page
 * @a: the local APIC, in xAPIC mode
 * @off: 0-0xfff
 * @size: 1, 2, 4 or 8
 * @val: the value
 *
 * Only whole registers can be written; anything else is ignored.
 *
 * Context: owner.
 */
void hs_lapic_mmio_write(struct hs_lapic *a, u32 off, unsigned int size, u64 val)
{
	if (a->core.mode != HS_LAPIC_XAPIC || off > 0xfff || (off & 0xf) || size < 4)
		return;
	lapic_write(a, off >> 4, (u32)val);
}

/**
 * hs_lapic_cr8_read() - CR8
 * @a: the local APIC
 *
 * Context: owner.
 * Return: TPR bits 7:4.
 */
u8 hs_lapic_cr8_read(struct hs_lapic *a)
{
	return a->core.tpr >> 4;
}

/**
 * hs_lapic_cr8_write() - write CR8
 * @a: the local APIC
 * @cr8: 0-15; the caller raised #GP for more
 *
 * Context: owner.
 */
void hs_lapic_cr8_write(struct hs_lapic *a, u8 cr8)
{
	hs_lapic_core_set_tpr(&a->core, cr8 << 4);
}

/**
 * hs_lapic_set_tsc_offset() - guest TSC = host TSC + offset
 * @a: the local APIC
 * @offset: modulo 2^64
 *
 * Context: owner, or owner stopped.
 */
void hs_lapic_set_tsc_offset(struct hs_lapic *a, u64 offset)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&a->lock, flags);
	a->tsc_offset = offset;
	hs_lapic_hrtimer_update(a, hs_lapic_hrtimer_sync(a));
	raw_spin_unlock_irqrestore(&a->lock, flags);
}
