/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Atomics that the pure part of the local APIC uses, by their kernel names, for
 * user-space tests too.
 */
#ifndef HS_DEV_ATOMICS_H
#define HS_DEV_ATOMICS_H

#ifdef __KERNEL__

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/compiler.h>

#else

#include "pure.h"

/*
 * A test that wants to know what happens when others act between any two atomic
 * operations defines HS_ATOMICS_HOOK and this function; it is called before each.
 */
#ifdef HS_ATOMICS_HOOK
void hs_atomics_hook(void);
#else
static inline void hs_atomics_hook(void)
{
}
#endif

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define smp_mb__after_atomic()	__atomic_thread_fence(__ATOMIC_SEQ_CST)

typedef struct {
	int counter;
} atomic_t;

static inline int atomic_read(const atomic_t *v)
{
	hs_atomics_hook();
	return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);
}

static inline void atomic_set(atomic_t *v, int i)
{
	__atomic_store_n(&v->counter, i, __ATOMIC_RELAXED);
}

static inline void atomic_or(int i, atomic_t *v)
{
	hs_atomics_hook();
	__atomic_fetch_or(&v->counter, i, __ATOMIC_SEQ_CST);
}

static inline void atomic_andnot(int i, atomic_t *v)
{
	hs_atomics_hook();
	__atomic_fetch_and(&v->counter, ~i, __ATOMIC_SEQ_CST);
}

static inline int atomic_fetch_or(int i, atomic_t *v)
{
	hs_atomics_hook();
	return __atomic_fetch_or(&v->counter, i, __ATOMIC_SEQ_CST);
}

static inline int atomic_xchg(atomic_t *v, int i)
{
	hs_atomics_hook();
	return __atomic_exchange_n(&v->counter, i, __ATOMIC_SEQ_CST);
}

static inline bool atomic_try_cmpxchg(atomic_t *v, int *old, int i)
{
	hs_atomics_hook();
	return __atomic_compare_exchange_n(&v->counter, old, i, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static inline void set_bit(long nr, unsigned long *p)
{
	hs_atomics_hook();
	__atomic_fetch_or(p + nr / 64, 1UL << (nr % 64), __ATOMIC_SEQ_CST);
}

static inline void clear_bit(long nr, unsigned long *p)
{
	hs_atomics_hook();
	__atomic_fetch_and(p + nr / 64, ~(1UL << (nr % 64)), __ATOMIC_SEQ_CST);
}

static inline bool test_and_set_bit(long nr, unsigned long *p)
{
	unsigned long bit = 1UL << (nr % 64);

	hs_atomics_hook();
	return __atomic_fetch_or(p + nr / 64, bit, __ATOMIC_SEQ_CST) & bit;
}

static inline bool test_bit(long nr, const unsigned long *p)
{
	return __atomic_load_n(p + nr / 64, __ATOMIC_RELAXED) >> (nr % 64) & 1;
}

static inline unsigned long __fls(unsigned long v)
{
	return 63 - __builtin_clzl(v);
}

#endif /* __KERNEL__ */

#endif /* HS_DEV_ATOMICS_H */
