// SPDX-License-Identifier: GPL-2.0
/*
 * The host timer behind a local APIC's timer.
 *
 * Programming a host timer costs far more than an exit, so it is done as rarely
 * as possible: the host timer may go off too early, and then looks what is due
 * and when to come back; it is never cancelled but at the end.  It stays off
 * while LVT is masked (nobody would notice) and while the vector of a periodic
 * timer waits in IRR (nothing could be added): so neither a paused VM nor one
 * that does not run costs the host a timer interrupt more.
 *
 * A TSC deadline needs no host timer at all while its vCPU runs, where the
 * processor can be made to leave the guest at a given time (a->watched): the
 * owner looks before each entry.  A vCPU that has no CPU would not notice an
 * interrupt, and looks when it gets one.  So only HLT arms the host timer.
 *
 * Everything is under a->lock.  The callback runs in hard interrupt context on
 * any CPU.
 */
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <asm/msr.h>
#include <asm/tsc.h>
#include "compat/hrtimer.h"
#include "dev/board.h"
#include "dev/lapic_hrtimer.h"
#include "dev/lapic_state.h"

/**
 * hs_lapic_hrtimer_now() - the clock that timers count by
 *
 * Return: ns.
 */
u64 hs_lapic_hrtimer_now(void)
{
	return ktime_get_ns();
}

static u64 lapic_tsc(const struct hs_lapic *a)
{
	return rdtsc_ordered() + a->tsc_offset;
}

static bool lapic_timer_masked(const struct hs_lapic *a)
{
	return a->core.lvt[HS_LVT_TIMER] & HS_LVT_MASKED;
}

/* Raises the interrupt if the timer has run out.  True when it has. */
static bool lapic_timer_fire(struct hs_lapic *a, u64 now, u64 tsc)
{
	struct hs_lapic_core *c = &a->core;

	if (!hs_lapic_timer_expire(&c->timer, now, tsc))
		return false;
	if (c->timer.mode != HS_TIMER_PERIODIC) {
		hs_lapic_core_raise_lvt(c, HS_LVT_TIMER);
		return true;
	}
	/*
	 * Pairs with hs_lapic_ack(): if we find the vector in IRR, the owner that
	 * takes it finds us dormant.
	 */
	WRITE_ONCE(a->dormant, true);
	smp_mb();
	if (hs_lapic_core_raise_lvt(c, HS_LVT_TIMER))
		WRITE_ONCE(a->dormant, false);
	return true;
}

/* When the host timer has to go off, ns, or HS_TIMER_NEVER. */
static u64 lapic_timer_wake(struct hs_lapic *a, u64 now, u64 tsc)
{
	if (lapic_timer_masked(a) || a->dormant)
		return HS_TIMER_NEVER;
	return hs_lapic_timer_wake(&a->core.timer, now, tsc);
}

/* The owner sees to it itself, unless it sleeps. */
static bool lapic_timer_watched(const struct hs_lapic *a)
{
	return a->watched && !READ_ONCE(a->asleep) &&
	       a->core.timer.mode == HS_TIMER_DEADLINE;
}

/* Context: owner. */
static void lapic_timer_arm(struct hs_lapic *a, u64 now, u64 tsc)
{
	u64 wake = lapic_timer_wake(a, now, tsc);

	lockdep_assert_held(&a->lock);
	a->due = 0;
	if (lapic_timer_watched(a)) {
		/* 0 means none; a tick late is as good. */
		if (wake != HS_TIMER_NEVER)
			a->due = (a->core.timer.deadline - a->tsc_offset) ?: 1;
		return;
	}
	if (wake >= a->armed)	/* never, or early enough */
		return;
	a->armed = wake;
	hrtimer_start(&a->timer, ns_to_ktime(wake), HRTIMER_MODE_ABS_HARD);
}

static enum hrtimer_restart lapic_timer_fn(struct hrtimer *t)
{
	struct hs_lapic *a = container_of(t, struct hs_lapic, timer);
	bool fired = false;
	unsigned long flags;
	u64 now, tsc;

	raw_spin_lock_irqsave(&a->lock, flags);
	/* Started anew while we waited for the lock: that one will look. */
	if (!hrtimer_is_queued(t)) {
		now = hs_lapic_hrtimer_now();
		tsc = lapic_tsc(a);
		fired = lapic_timer_fire(a, now, tsc);
		a->armed = lapic_timer_watched(a) ? HS_TIMER_NEVER :
			   lapic_timer_wake(a, now, tsc);
		if (a->armed != HS_TIMER_NEVER) {
			hrtimer_set_expires(t, ns_to_ktime(a->armed));
			raw_spin_unlock_irqrestore(&a->lock, flags);
			if (fired)
				a->board->ops->kick(a->board->vm, a->core.id);
			return HRTIMER_RESTART;
		}
	}
	raw_spin_unlock_irqrestore(&a->lock, flags);
	if (fired)
		a->board->ops->kick(a->board->vm, a->core.id);
	return HRTIMER_NORESTART;
}

/**
 * hs_lapic_hrtimer_init() - set up the host timer
 * @a: the local APIC
 */
void hs_lapic_hrtimer_init(struct hs_lapic *a)
{
	hs_hrtimer_setup(&a->timer, lapic_timer_fn);
	a->armed = HS_TIMER_NEVER;
}

/**
 * hs_lapic_hrtimer_exit() - stop it, and wait for its callback
 * @a: the local APIC; its owner does not run any more
 *
 * Context: process.
 */
void hs_lapic_hrtimer_exit(struct hs_lapic *a)
{
	hrtimer_cancel(&a->timer);
}

/**
 * hs_lapic_hrtimer_reset() - the timer's registers were reset
 * @a: the local APIC, locked
 */
void hs_lapic_hrtimer_reset(struct hs_lapic *a)
{
	lockdep_assert_held(&a->lock);
	WRITE_ONCE(a->dormant, false);
	a->due = 0;
	WRITE_ONCE(a->asleep, false);
}

/**
 * hs_lapic_hrtimer_sync() - let expire what is due, before registers change
 * @a: the local APIC, locked
 *
 * Context: owner.
 * Return: the time, ns.
 */
u64 hs_lapic_hrtimer_sync(struct hs_lapic *a)
{
	u64 now = hs_lapic_hrtimer_now();

	lockdep_assert_held(&a->lock);
	lapic_timer_fire(a, now, lapic_tsc(a));
	return now;
}

/**
 * hs_lapic_hrtimer_update() - the timer's registers were changed
 * @a: the local APIC, locked
 * @now: what hs_lapic_hrtimer_sync() gave
 *
 * Context: owner.
 */
void hs_lapic_hrtimer_update(struct hs_lapic *a, u64 now)
{
	WRITE_ONCE(a->dormant, false);
	lapic_timer_arm(a, now, lapic_tsc(a));
}

/**
 * hs_lapic_hrtimer_wake() - the owner took a vector while the timer was dormant
 * @a: the local APIC
 *
 * Periods that passed meanwhile met the vector in IRR: they are forgotten.
 *
 * Context: owner.
 */
void hs_lapic_hrtimer_wake(struct hs_lapic *a)
{
	unsigned long flags;
	u64 now, tsc;

	raw_spin_lock_irqsave(&a->lock, flags);
	if (a->dormant &&
	    !test_bit((u8)a->core.lvt[HS_LVT_TIMER], a->core.irr)) {
		now = hs_lapic_hrtimer_now();
		tsc = lapic_tsc(a);
		WRITE_ONCE(a->dormant, false);
		hs_lapic_timer_expire(&a->core.timer, now, tsc);
		lapic_timer_arm(a, now, tsc);
	}
	raw_spin_unlock_irqrestore(&a->lock, flags);
}

/**
 * hs_lapic_watch() - the owner looks after TSC deadlines itself
 * @a: the local APIC, at power-on state
 *
 * Context: owner stopped.
 */
void hs_lapic_watch(struct hs_lapic *a)
{
	a->watched = true;
}

/**
 * hs_lapic_timer_due() - the time of hs_lapic_due() has come
 * @a: the local APIC
 *
 * Context: owner; interrupts on or off.
 */
void hs_lapic_timer_due(struct hs_lapic *a)
{
	unsigned long flags;
	u64 tsc;

	raw_spin_lock_irqsave(&a->lock, flags);
	tsc = lapic_tsc(a);
	lapic_timer_fire(a, 0, tsc);
	/* Not so early that it has to be looked at again, but for a moved TSC. */
	lapic_timer_arm(a, hs_lapic_hrtimer_now(), tsc);
	raw_spin_unlock_irqrestore(&a->lock, flags);
}

/**
 * hs_lapic_timer_sleep() - the owner is about to sleep till an interrupt comes
 * @a: the local APIC
 *
 * A deadline that has passed interrupts now: the owner asks hs_lapic_has_work()
 * after this.
 *
 * Context: owner.
 */
void hs_lapic_timer_sleep(struct hs_lapic *a)
{
	unsigned long flags;
	u64 now, tsc;

	if (!a->due)
		return;
	raw_spin_lock_irqsave(&a->lock, flags);
	now = hs_lapic_hrtimer_now();
	tsc = lapic_tsc(a);
	WRITE_ONCE(a->asleep, true);
	lapic_timer_fire(a, 0, tsc);
	lapic_timer_arm(a, now, tsc);
	raw_spin_unlock_irqrestore(&a->lock, flags);
}

/**
 * hs_lapic_timer_awake() - the owner runs again
 * @a: the local APIC
 *
 * Context: owner.
 */
void hs_lapic_timer_awake(struct hs_lapic *a)
{
	unsigned long flags;

	if (!a->asleep)
		return;
	raw_spin_lock_irqsave(&a->lock, flags);
	WRITE_ONCE(a->asleep, false);
	lapic_timer_arm(a, hs_lapic_hrtimer_now(), lapic_tsc(a));
	raw_spin_unlock_irqrestore(&a->lock, flags);
}

/**
 * hs_lapic_hrtimer_deadline() - read IA32_TSC_DEADLINE
 * @a: the local APIC
 *
 * Context: owner.
 * Return: guest TSC; 0 when disarmed, expired, or in another timer mode.
 */
u64 hs_lapic_hrtimer_deadline(struct hs_lapic *a)
{
	unsigned long flags;
	u64 tsc;

	raw_spin_lock_irqsave(&a->lock, flags);
	hs_lapic_hrtimer_sync(a);
	tsc = a->core.timer.deadline;
	raw_spin_unlock_irqrestore(&a->lock, flags);
	return tsc;
}

/**
 * hs_lapic_hrtimer_set_deadline() - write IA32_TSC_DEADLINE
 * @a: the local APIC
 * @deadline: guest TSC; 0 disarms
 *
 * One that has passed interrupts at once, without a host timer.
 *
 * Context: owner.
 */
void hs_lapic_hrtimer_set_deadline(struct hs_lapic *a, u64 deadline)
{
	struct hs_lapic_timer *t = &a->core.timer;
	unsigned long flags;
	u64 tsc;

	raw_spin_lock_irqsave(&a->lock, flags);
	if (t->mode == HS_TIMER_DEADLINE) {
		a->due = 0;
		tsc = lapic_tsc(a);
		/* The old one first: it may have passed, unseen as yet. */
		lapic_timer_fire(a, 0, tsc);
		hs_lapic_timer_set_deadline(t, deadline);
		if (deadline && !lapic_timer_fire(a, 0, tsc))
			lapic_timer_arm(a, a->watched ? 0 : hs_lapic_hrtimer_now(), tsc);
	}
	raw_spin_unlock_irqrestore(&a->lock, flags);
}
