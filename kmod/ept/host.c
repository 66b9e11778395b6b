// SPDX-License-Identifier: GPL-2.0
/* Memory and CPU facts from the kernel, for kmod/ept. */
#include <linux/gfp.h>
#include <linux/memcontrol.h>
#include <linux/mmzone.h>
#include <linux/sched/mm.h>
#include <linux/vmstat.h>
#include <asm/processor.h>

#include "ept/host.h"

unsigned int hs_host_phys_bits(void)
{
	return boot_cpu_data.x86_phys_bits;
}

unsigned int hs_host_cache_bits(void)
{
	return boot_cpu_data.x86_cache_bits;
}

/*
 * A kernel thread charges nothing by itself, so the creator's group is kept
 * and made active around each allocation.
 */
void *hs_host_owner_get(void)
{
	return get_mem_cgroup_from_mm(current->mm);
}

void hs_host_owner_put(void *owner)
{
	mem_cgroup_put(owner);
}

/*
 * A guest that touches more than its creator's group may hold is the guest's
 * problem: it gets nothing, and its VM ends or waits.  So nothing here may invoke
 * the OOM killer, which would take a process of that group or of the host
 * instead: __GFP_NORETRY, and where that is not allowed __GFP_RETRY_MAYFAIL.
 */
static gfp_t gfp_of(enum hs_alloc how)
{
	switch (how) {
	case HS_ALLOC_EASY:
		return __GFP_NOWARN | __GFP_NORETRY | __GFP_NOMEMALLOC;
	case HS_ALLOC_NOWAIT:
		return GFP_NOWAIT | __GFP_NOWARN | __GFP_NOMEMALLOC;
	default:
		return GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN | __GFP_NOMEMALLOC;
	}
}

struct page *hs_host_alloc(void *owner, unsigned int order, enum hs_alloc how,
			   bool *zeroed)
{
	struct mem_cgroup *old = set_active_memcg(owner);
	struct page *page;

	page = alloc_pages(gfp_of(how) | __GFP_ACCOUNT, order);
	set_active_memcg(old);
	if (page && order)
		split_page(page, order);
	/* Debian's kernels clear pages before they hand them out: once is enough. */
	*zeroed = want_init_on_alloc(0) || want_init_on_free();
	return page;
}

void hs_host_free(struct page *page)
{
	set_page_private(page, 0);
	__free_page(page);
}

struct page *hs_host_alloc_table(void *owner)
{
	struct mem_cgroup *old = set_active_memcg(owner);
	struct page *page;

	page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_NORETRY);
	set_active_memcg(old);
	if (page)
		mod_node_page_state(page_pgdat(page), NR_SECONDARY_PAGETABLE, 1);
	return page;
}

void hs_host_free_table(struct page *page)
{
	mod_node_page_state(page_pgdat(page), NR_SECONDARY_PAGETABLE, -1);
	set_page_private(page, 0);
	__free_page(page);
}

void *hs_host_zalloc(void *owner, size_t size)
{
	struct mem_cgroup *old = set_active_memcg(owner);
	void *p;

	/* kvzalloc() knows no __GFP_NORETRY. */
	p = kvzalloc(size, GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_RETRY_MAYFAIL);
	set_active_memcg(old);
	return p;
}

void hs_host_zfree(void *p)
{
	kvfree(p);
}
