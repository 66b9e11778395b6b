// SPDX-License-Identifier: GPL-2.0
/*
 * Rule 5 followed in software, see debug.h.
 *
 * Unmappings are numbered.  A CPU remembers the number that had been reached
 * at its last INVEPT: it holds no translation unmapped up to there.  A frame
 * remembers the number of its own unmapping, and the VM the highest of those
 * used again.  Whoever reuses a frame looks for CPUs in the guest that are
 * older; a CPU that goes in looks whether it is older than what was reused.
 * Each publishes before it looks, so one of the two sees a violation.
 */
#include "ept/core.h"

#ifdef HS_DEBUG

static int ept_mutate;
static atomic_long_t reports;

#ifdef __KERNEL__
#include <linux/moduleparam.h>
#include <linux/sysfs.h>

module_param(ept_mutate, int, 0600);
MODULE_PARM_DESC(ept_mutate, "leave out until that is noticed: 1 INVEPT, 2 acknowledgements, 3 generations");

static int reports_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%ld\n", atomic_long_read(&reports));
}

static const struct kernel_param_ops reports_ops = { .get = reports_get };
module_param_cb(ept_reports, &reports_ops, NULL, 0400);
MODULE_PARM_DESC(ept_reports, "violations of EPT invalidation rules found");
#endif

/* True after @m was asked for, until it was noticed: the caller leaves its step out. */
bool hs_ept_mutated(enum hs_ept_mutation m)
{
	return READ_ONCE(ept_mutate) == m;
}

void hs_ept_mutate(enum hs_ept_mutation m)
{
	WRITE_ONCE(ept_mutate, (int)m);
}

unsigned long hs_ept_dbg_reports(void)
{
	return atomic_long_read(&reports);
}

static void report(const char *what, int cpu, u64 clean, u64 unmap)
{
	atomic_long_inc(&reports);
	hs_ept_mutate(HS_EPT_MUT_NONE);
	pr_err_ratelimited("hyperspace: EPT check: %s: CPU %d flushed at %llu, unmapped at %llu\n",
			   what, cpu, (unsigned long long)clean, (unsigned long long)unmap);
}

/* The leaf of @page was removed or tightened just now. */
void hs_ept_dbg_unmapped(struct hs_gmem *g, struct page *page)
{
	atomic_long_set(hs_host_dbg_word(page), atomic64_inc_return(&g->dbg_unmaps));
}

/* @page is about to be freed, given to somebody else, or its content read. */
void hs_ept_dbg_reuse(struct hs_gmem *g, struct page *page)
{
	u64 n = atomic_long_read(hs_host_dbg_word(page)), clean;
	s64 old = atomic64_read(&g->dbg_reused);
	unsigned int cpu;

	if (!n)
		return;
	while (old < (s64)n && !atomic64_try_cmpxchg(&g->dbg_reused, &old, n))
		;
	smp_mb();	/* pairs with the one in hs_ept_dbg_enter() */
	for_each_set_bit(cpu, g->seen, hs_host_cpus()) {
		/* In this order: a CPU that goes in meanwhile has flushed. */
		if (!smp_load_acquire(&g->cpu[cpu].dbg_in))
			continue;
		clean = READ_ONCE(g->cpu[cpu].dbg_clean);
		if (clean < n)
			report("frame reused under a guest", cpu, clean, n);
	}
}

void hs_ept_dbg_flushed(struct hs_gmem *g, int cpu)
{
	WRITE_ONCE(g->cpu[cpu].dbg_clean, atomic64_read(&g->dbg_unmaps));
}

void hs_ept_dbg_enter(struct hs_gmem *g, int cpu)
{
	u64 reused;

	smp_store_release(&g->cpu[cpu].dbg_in, true);
	smp_mb();	/* pairs with the one in hs_ept_dbg_reuse() */
	reused = atomic64_read(&g->dbg_reused);
	if (g->cpu[cpu].dbg_clean < reused)
		report("guest entered with old translations", cpu,
		       g->cpu[cpu].dbg_clean, reused);
}

void hs_ept_dbg_leave(struct hs_gmem *g, int cpu)
{
	smp_store_release(&g->cpu[cpu].dbg_in, false);
}

/* The caller is about to run the guest on @cpu.  See gmem.h. */
void hs_gmem_check_entry(struct hs_gmem *g, int cpu)
{
	hs_ept_dbg_enter(g, cpu);
}

#endif /* HS_DEBUG */
