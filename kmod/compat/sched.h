/* SPDX-License-Identifier: GPL-2.0 */
/* What the scheduler tells, where the kernel is configured to. */
#ifndef HS_COMPAT_SCHED_H
#define HS_COMPAT_SCHED_H

#include <linux/sched.h>

/**
 * hs_run_delay_counts - does this kernel count how long threads wait
 *
 * Return: true if hs_run_delay() means something.
 */
static inline bool hs_run_delay_counts(void)
{
	return IS_ENABLED(CONFIG_SCHED_INFO);
}

/**
 * hs_run_delay - how long a thread has waited for a CPU
 * @t: the current thread
 *
 * Return: ns since it began, while it was ready to run.
 */
static inline u64 hs_run_delay(const struct task_struct *t)
{
#ifdef CONFIG_SCHED_INFO
	return t->sched_info.run_delay;
#else
	return 0;
#endif
}

#endif /* HS_COMPAT_SCHED_H */
