// SPDX-License-Identifier: GPL-2.0
/* Host timers on a clock that the test moves. */
#include "kshim.h"

u64 kshim_ns = 1000000000;
u64 kshim_tsc_per_ns = 2;
struct hrtimer *kshim_timers;
unsigned int kshim_timer_starts, kshim_timer_calls;

void hrtimer_init(struct hrtimer *t, clockid_t clock, enum hrtimer_mode mode)
{
	assert(clock == CLOCK_MONOTONIC && mode == HRTIMER_MODE_ABS_HARD);
	t->queued = false;
	t->next = kshim_timers;
	kshim_timers = t;
}

void hrtimer_start(struct hrtimer *t, ktime_t when, enum hrtimer_mode mode)
{
	assert(t->function && mode == HRTIMER_MODE_ABS_HARD);
	t->expires = when;
	t->queued = true;
	kshim_timer_starts++;
}

/* The test is over for this timer: nobody may find it in the list any more. */
int hrtimer_cancel(struct hrtimer *t)
{
	struct hrtimer **pp = &kshim_timers;
	int was = t->queued;

	t->queued = false;
	while (*pp && *pp != t)
		pp = &(*pp)->next;
	if (*pp)
		*pp = t->next;
	return was;
}

void kshim_run_until(u64 ns)
{
	for (;;) {
		struct hrtimer *t, *first = NULL;

		for (t = kshim_timers; t; t = t->next)
			if (t->queued && (!first || t->expires < first->expires))
				first = t;
		if (!first || first->expires > (ktime_t)ns)
			break;
		if (kshim_ns < (u64)first->expires)
			kshim_ns = first->expires;
		first->queued = false;
		kshim_timer_calls++;
		if (first->function(first) == HRTIMER_RESTART)
			first->queued = true;
	}
	kshim_ns = ns;
}
