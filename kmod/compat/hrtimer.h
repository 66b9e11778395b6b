/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hs_hrtimer_setup(): a timer on CLOCK_MONOTONIC whose function runs in hard
 * interrupt context and is started with absolute times.
 */
#ifndef HS_COMPAT_HRTIMER_H
#define HS_COMPAT_HRTIMER_H

#include <linux/hrtimer.h>

static inline void hs_hrtimer_setup(struct hrtimer *t,
				    enum hrtimer_restart (*fn)(struct hrtimer *))
{
#ifdef HS_HAVE_HRTIMER_SETUP
	hrtimer_setup(t, fn, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
#else
	hrtimer_init(t, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	t->function = fn;
#endif
}

#endif /* HS_COMPAT_HRTIMER_H */
