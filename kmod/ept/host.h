/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything that kmod/ept wants from its host, in one place.
 *
 * The files above this layer use kernel names only, and only those that
 * selftests/unit/ept_host_user.h gives them too: so the very same sources run
 * in user space under pthreads and sanitizers.
 */
#ifndef HS_EPT_HOST_H
#define HS_EPT_HOST_H

/* How hard to try for a frame, in this order. */
enum hs_alloc {
	HS_ALLOC_EASY,		/* without waking anybody */
	HS_ALLOC_NOWAIT,	/* wakes reclaim, does not wait */
	HS_ALLOC_TRY,		/* waits for one round of reclaim; no lock held */
};

#ifdef __KERNEL__

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/cache.h>
#include <linux/delay.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/wait.h>

/* The word of a frame that is ours while we own it. */
static inline atomic_long_t *hs_host_word(struct page *page)
{
	return (atomic_long_t *)&page->private;
}

#ifdef HS_DEBUG
/* Another one, for checks. */
static inline atomic_long_t *hs_host_dbg_word(struct page *page)
{
	return (atomic_long_t *)&page->index;
}
#endif

static inline void *hs_host_va(u64 pa)
{
	return __va(pa);
}

static inline struct page *hs_host_page(u64 pa)
{
	return pfn_to_page(pa >> PAGE_SHIFT);
}

static inline u64 hs_host_pa(struct page *page)
{
	return PFN_PHYS(page_to_pfn(page));
}

static inline int hs_host_this_cpu(void)
{
	return raw_smp_processor_id();
}

static inline unsigned int hs_host_cpus(void)
{
	return nr_cpu_ids;
}

/* Between two looks of somebody who waits for other CPUs to leave a guest. */
static inline void hs_host_relax(unsigned int round)
{
	if (round < 256)
		cpu_relax();
	else
		usleep_range(10, 50);
}

#else
#include "ept_host_user.h"
#endif

/* Address bits of the CPU; those its caches use (L1TF). */
unsigned int hs_host_phys_bits(void);
unsigned int hs_host_cache_bits(void);

/*
 * Who pays for memory (the memory control group of the calling process).
 * hs_host_owner_get() takes a reference; NULL is a valid owner.
 */
void *hs_host_owner_get(void);
void hs_host_owner_put(void *owner);

/* 2^@order single pages in a row, or NULL.  *@zeroed: they are cleared. */
struct page *hs_host_alloc(void *owner, unsigned int order, enum hs_alloc how,
			   bool *zeroed);
void hs_host_free(struct page *page);
/* A page for an EPT table, not cleared; process context, may sleep. */
struct page *hs_host_alloc_table(void *owner);
void hs_host_free_table(struct page *page);
/* Zeroed memory for bookkeeping, charged to @owner; may sleep. */
void *hs_host_zalloc(void *owner, size_t size);
void hs_host_zfree(void *p);

#endif /* HS_EPT_HOST_H */
