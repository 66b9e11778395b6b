// SPDX-License-Identifier: GPL-2.0
/*
 * Timer of a local APIC.
 *
 * The count is never stepped: it follows from when it began, which may be before
 * the clock did (after a change of the divider): differences are modulo 2^64.
 * All functions take the time in ns of the host's monotonic clock, and where the
 * TSC-deadline mode needs it the guest's TSC; nothing here reads a clock.
 *
 * Before any function that changes a register the caller has the timer expire
 * (hs_lapic_timer_expire()), so that what was due under the old registers is
 * not judged by the new ones.
 */
#include "pure.h"
#include "dev/lapic_timer.h"

#define NS_PER_TICK	(1000000000ULL / HS_LAPIC_TIMER_HZ)

/* ns per count: at most 40 << 7; times a 32-bit count it fits in 45 bits. */
static u64 timer_tick(const struct hs_lapic_timer *t)
{
	return NS_PER_TICK << t->shift;
}

static u64 timer_period(const struct hs_lapic_timer *t)
{
	return t->init * timer_tick(t);
}

static bool timer_counts(const struct hs_lapic_timer *t)
{
	return t->counting && (t->mode == HS_TIMER_ONESHOT ||
			       t->mode == HS_TIMER_PERIODIC);
}

/**
 * hs_lapic_timer_reset() - state after power-up or INIT
 * @t: the timer; @t->tsc_khz stays
 */
void hs_lapic_timer_reset(struct hs_lapic_timer *t)
{
	u64 tsc_khz = t->tsc_khz;

	BUILD_BUG_ON(1000000000ULL % HS_LAPIC_TIMER_HZ);
	*t = (struct hs_lapic_timer){
		.mode = HS_TIMER_ONESHOT,
		.shift = 1,	/* divide configuration 0: by 2 */
		.tsc_khz = tsc_khz,
	};
}

/*
 * First time after @now that is a whole number of periods after start, and not
 * sooner than the shortest interval after @from.
 */
static void timer_set_next(struct hs_lapic_timer *t, u64 now, u64 from)
{
	u64 period = timer_period(t), least = from + HS_TIMER_MIN_PERIOD;

	if (least < now + 1)
		least = now + 1;
	if (least <= t->start + period)
		t->next = t->start + period;
	else
		t->next = t->start +
			  div64_u64(least - t->start + period - 1, period) * period;
}

/* Begins to count down from the initial count, @ago ns before @now. */
static void timer_begin(struct hs_lapic_timer *t, u64 now, u64 ago)
{
	t->start = now - ago;
	t->counting = t->init != 0;
	if (t->counting)
		timer_set_next(t, now, t->start);
}

/**
 * hs_lapic_timer_set_mode() - the LVT entry was written
 * @t: the timer
 * @mode: its bits 18:17
 * @now: ns
 *
 * To and from TSC-deadline mode disarms (SDM vol. 3, 11.5.4.1).  Between
 * one-shot and periodic the count goes on: a one-shot timer that was periodic
 * ends with the period that it is in.
 */
void hs_lapic_timer_set_mode(struct hs_lapic_timer *t,
			     enum hs_lapic_timer_mode mode, u64 now)
{
	if (mode == t->mode)
		return;
	if (t->counting && t->mode != HS_TIMER_ONESHOT)
		t->start += div64_u64(now - t->start, timer_period(t)) * timer_period(t);
	if (mode == HS_TIMER_DEADLINE || t->mode == HS_TIMER_DEADLINE) {
		t->init = 0;
		t->counting = false;
		t->deadline = 0;
	}
	t->mode = mode;
	if (mode == HS_TIMER_PERIODIC && t->counting)
		timer_set_next(t, now, now);
}

/**
 * hs_lapic_timer_set_init() - the initial count was written
 * @t: the timer
 * @val: count; 0 stops
 * @now: ns
 *
 * Ignored in TSC-deadline mode.
 */
void hs_lapic_timer_set_init(struct hs_lapic_timer *t, u32 val, u64 now)
{
	if (t->mode == HS_TIMER_DEADLINE)
		return;
	t->init = val;
	timer_begin(t, now, 0);
}

/**
 * hs_lapic_timer_set_dcr() - the divide configuration was written
 * @t: the timer
 * @val: bits 3, 1, 0 are log2 of the divider less one; 111b divides by 1
 * @now: ns
 *
 * A running count goes on from where it is, at the new rate.
 */
void hs_lapic_timer_set_dcr(struct hs_lapic_timer *t, u32 val, u64 now)
{
	u32 left = hs_lapic_timer_count(t, now);

	t->dcr = val & 0xb;
	t->shift = (((val & 3) | (val & 8) >> 1) + 1) & 7;
	if (timer_counts(t))
		timer_begin(t, now, (t->init - left) * timer_tick(t));
}

/**
 * hs_lapic_timer_set_deadline() - IA32_TSC_DEADLINE was written
 * @t: the timer
 * @tsc: guest TSC at which to interrupt; 0 disarms
 *
 * Ignored in other modes (SDM vol. 3, 11.5.4.1).
 */
void hs_lapic_timer_set_deadline(struct hs_lapic_timer *t, u64 tsc)
{
	if (t->mode == HS_TIMER_DEADLINE)
		t->deadline = tsc;
}

/**
 * hs_lapic_timer_count() - current count register
 * @t: the timer
 * @now: ns, not before the last change of a register
 *
 * Return: the count; 0 when stopped and in TSC-deadline mode.
 */
u32 hs_lapic_timer_count(const struct hs_lapic_timer *t, u64 now)
{
	u64 period = timer_period(t), ago = now - t->start;

	if (!timer_counts(t))
		return 0;
	if (ago >= period) {
		if (t->mode == HS_TIMER_ONESHOT)
			return 0;
		ago -= div64_u64(ago, period) * period;
	}
	return t->init - (u32)div64_u64(ago, timer_tick(t));
}

/**
 * hs_lapic_timer_expire() - has the timer run out
 * @t: the timer
 * @now: ns
 * @tsc: guest TSC
 *
 * Takes the expiry: a one-shot timer stops, a deadline is disarmed, a periodic
 * timer goes on to its next period after @now.
 *
 * Return: true when there is an interrupt to raise (if LVT is not masked).
 */
bool hs_lapic_timer_expire(struct hs_lapic_timer *t, u64 now, u64 tsc)
{
	switch (t->mode) {
	case HS_TIMER_DEADLINE:
		if (!t->deadline || tsc < t->deadline)
			return false;
		t->deadline = 0;
		return true;
	case HS_TIMER_ONESHOT:
		if (!t->counting || now < t->start + timer_period(t))
			return false;
		t->counting = false;
		return true;
	case HS_TIMER_PERIODIC:
		if (!t->counting || now < t->next)
			return false;
		timer_set_next(t, now, t->next);
		return true;
	case HS_TIMER_RESERVED:
		break;
	}
	return false;
}

/**
 * hs_lapic_timer_wake() - when to look again
 * @t: the timer; it has just been made to expire at @now and @tsc
 * @now: ns
 * @tsc: guest TSC
 *
 * Return: ns, later than @now, or HS_TIMER_NEVER.  A deadline far away is
 * approached in steps.
 */
u64 hs_lapic_timer_wake(const struct hs_lapic_timer *t, u64 now, u64 tsc)
{
	u64 left;

	switch (t->mode) {
	case HS_TIMER_DEADLINE:
		if (!t->deadline)
			break;
		left = t->deadline > tsc ? t->deadline - tsc : 0;
		/* ticks in MAX_SLEEP: khz * 3.6e6, no overflow below 2^41 kHz */
		if (left >= t->tsc_khz * (HS_TIMER_MAX_SLEEP / 1000000))
			return now + HS_TIMER_MAX_SLEEP;
		/* Rounded up, or the look would come a tick too early. */
		return now + mul_u64_u32_div(left, 1000000, (u32)t->tsc_khz) + 1;
	case HS_TIMER_ONESHOT:
		if (t->counting)
			return t->start + timer_period(t);
		break;
	case HS_TIMER_PERIODIC:
		if (t->counting)
			return t->next;
		break;
	case HS_TIMER_RESERVED:
		break;
	}
	return HS_TIMER_NEVER;
}
