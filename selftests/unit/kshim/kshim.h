/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Just enough of the kernel for tests to compile device glue in user space, on
 * one thread: locks check that they nest as in the kernel (not taken twice, all
 * given back), the clock stands still until the test moves it, and host timers
 * go off when it does.
 */
#ifndef KSHIM_H
#define KSHIM_H

#include "pure.h"
#include "dev/atomics.h"
#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <time.h>


/* --- slab ---------------------------------------------------------------- */

#define GFP_KERNEL_ACCOUNT	0
#define kzalloc(size, gfp)	calloc(1, size)
#define kvzalloc(size, gfp)	calloc(1, size)
#define kcalloc(n, size, gfp)	calloc(n, size)
#define kfree(p)		free(p)
#define kvfree(p)		free(p)
#define might_sleep()		do { } while (0)

/* --- locks --------------------------------------------------------------- */

typedef struct {
	bool held;
} raw_spinlock_t;

#define raw_spin_lock_init(l)	((l)->held = false)
#define raw_spin_lock_irqsave(l, f) \
	do { (f) = 1; assert(!(l)->held); (l)->held = true; } while (0)
#define raw_spin_unlock_irqrestore(l, f) \
	do { assert((f) == 1 && (l)->held); (l)->held = false; } while (0)
/* Within another that has turned interrupts off. */
#define raw_spin_lock(l)	do { assert(!(l)->held); (l)->held = true; } while (0)
#define raw_spin_unlock(l)	do { assert((l)->held); (l)->held = false; } while (0)
#define lockdep_assert_held(l)	assert((l)->held)

/* --- time ---------------------------------------------------------------- */

typedef s64 ktime_t;

#define NSEC_PER_USEC		1000UL
#define ns_to_ktime(ns)		((ktime_t)(ns))
#define ktime_add_ns(t, ns)	((t) + (ktime_t)(ns))

extern u64 kshim_ns;		/* the monotonic clock */
extern u64 kshim_tsc_per_ns;

static inline u64 ktime_get_ns(void)
{
	return kshim_ns;
}

static inline ktime_t ktime_get(void)
{
	return kshim_ns;
}

/* The host booted at the time that Unix counts from. */
static inline u64 ktime_get_real_ns(void)
{
	return kshim_ns;
}

static inline u64 rdtsc_ordered(void)
{
	return kshim_ns * kshim_tsc_per_ns;
}

/* --- host timers --------------------------------------------------------- */

enum hrtimer_restart { HRTIMER_NORESTART, HRTIMER_RESTART };
enum hrtimer_mode { HRTIMER_MODE_ABS_HARD };

struct hrtimer {
	enum hrtimer_restart (*function)(struct hrtimer *);
	ktime_t expires;
	bool queued;
	struct hrtimer *next;	/* of all that were ever set up */
};

extern struct hrtimer *kshim_timers;
extern unsigned int kshim_timer_starts, kshim_timer_calls;

void hrtimer_init(struct hrtimer *t, clockid_t clock, enum hrtimer_mode mode);
void hrtimer_start(struct hrtimer *t, ktime_t when, enum hrtimer_mode mode);
int hrtimer_cancel(struct hrtimer *t);

static inline bool hrtimer_is_queued(struct hrtimer *t)
{
	return t->queued;
}

static inline void hrtimer_set_expires(struct hrtimer *t, ktime_t when)
{
	assert(!t->queued);
	t->expires = when;
}

/* No callback runs meanwhile: there is one thread. */
static inline int hrtimer_try_to_cancel(struct hrtimer *t)
{
	int was = t->queued;

	t->queued = false;
	return was;
}

/* Moves the clock to @ns, letting timers go off on the way, in order. */
void kshim_run_until(u64 ns);

/* --- the rest ------------------------------------------------------------ */

#define MSR_IA32_APICBASE	0x1b
#define MSR_IA32_TSC_DEADLINE	0x6e0
#define __ffs(v)		((unsigned int)__builtin_ctzl(v))
#define __ffs64(v)		((unsigned int)__builtin_ctzll(v))

static inline u32 cpuid_eax(u32 leaf)
{
	return leaf == 0x80000008 ? 46 : 0;
}

#endif /* KSHIM_H */
