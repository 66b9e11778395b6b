// SPDX-License-Identifier: GPL-2.0
/* Guest memory as an object: create, clear, destroy, what it is and holds. */
#include "ept/core.h"

#define LOW_END		(3ULL << 30)	/* RAM below, devices up to 4 GiB */
#define HIGH_START	(4ULL << 30)

bool hs_gmem_is_ram(const struct hs_gmem *g, u64 gpa)
{
	if (gpa < LOW_END)
		return gpa < g->ram_bytes;
	return gpa >= HIGH_START && g->ram_bytes > LOW_END &&
	       gpa - HIGH_START < g->ram_bytes - LOW_END;
}

/* All of @pages pages at @gpa, at least one, page-aligned, are RAM. */
bool hs_gmem_is_ram_range(const struct hs_gmem *g, u64 gpa, u64 pages)
{
	u64 last;

	if (!pages || pages > g->ram_bytes >> HS_PAGE_SHIFT || (gpa & (HS_PAGE_SIZE - 1)))
		return false;
	if (!hs_gmem_is_ram(g, gpa))
		return false;
	last = gpa + ((pages - 1) << HS_PAGE_SHIFT);
	/* The hole for devices is larger than nothing: both ends on one side. */
	return hs_gmem_is_ram(g, last) && (gpa < LOW_END) == (last < LOW_END);
}

u64 hs_gmem_ram_bytes(const struct hs_gmem *g)
{
	return g->ram_bytes;
}

u64 hs_gmem_eptp(const struct hs_gmem *g)
{
	return hs_epte_eptp(hs_host_pa(g->root), g->ad);
}

static void free_gmem(struct hs_gmem *g)
{
	hs_ept_destroy(g);
	hs_slots_exit(g);
	hs_host_zfree(g->seen);
	hs_host_zfree(g->cpu);
	hs_host_owner_put(g->owner);
	hs_host_zfree(g);
}

/**
 * hs_gmem_create() - guest memory without a single page
 * @cfg: what to make it from
 *
 * The caller's memory control group pays for it, now and later.
 */
struct hs_gmem *hs_gmem_create(const struct hs_gmem_cfg *cfg)
{
	unsigned int cpus = hs_host_cpus(), i;
	size_t seen = BITS_TO_LONGS(cpus) * sizeof(long);
	struct hs_gmem *g;
	u64 end;

	might_sleep();
	if (!cfg->ram_bytes || (cfg->ram_bytes & (HS_PAGE_SIZE - 1)))
		return ERR_PTR(-EINVAL);
	end = cfg->ram_bytes <= LOW_END ? cfg->ram_bytes :
					  cfg->ram_bytes - LOW_END + HIGH_START;
	/* Charges count pages in 32 bits. */
	if (end < cfg->ram_bytes || cfg->ram_bytes >> HS_PAGE_SHIFT > U32_MAX ||
	    end > 1ULL << min(hs_host_phys_bits(), (unsigned int)HS_GPA_BITS))
		return ERR_PTR(-E2BIG);

	g = hs_host_zalloc(NULL, sizeof(*g));
	if (!g)
		return ERR_PTR(-ENOMEM);
	g->ram_bytes = cfg->ram_bytes;
	g->ad = cfg->ad;
	g->huge_2m = cfg->huge_2m;
	g->touch_2m = cfg->huge_2m && cfg->touch_2m;
	g->kick = cfg->kick;
	g->kick_arg = cfg->arg;
	g->owner = hs_host_owner_get();
	atomic64_set(&g->gen, HS_GEN_FIRST);
	for (i = 0; i < HS_WAIT_QUEUES; i++)
		init_waitqueue_head(&g->wait[i]);
	while (g->ram_bytes >> HS_PAGE_SHIFT >> 16 >> g->stamp_shift)
		g->stamp_shift++;
	hs_quar_init(g);
	hs_slots_init(g);
	g->cpu = hs_host_zalloc(g->owner, cpus * sizeof(*g->cpu));
	g->seen = hs_host_zalloc(g->owner, seen);
	if (!g->cpu || !g->seen || hs_ept_create(g)) {
		free_gmem(g);
		return ERR_PTR(-ENOMEM);
	}
	atomic64_add(sizeof(*g) + cpus * sizeof(*g->cpu) + seen, &g->overhead);
	return g;
}

static void drop_chunk(struct hs_gmem *g, u64 gfn, struct list_head *pages)
{
	struct hs_cur c;
	unsigned int i;

	for (i = 0;; i++) {
		hs_ept_lock(g, gfn, &c);
		if (!c.chunk->moving)
			break;
		hs_ept_unlock(&c);
		hs_host_relax(i);
	}
	if (!c.pte) {
		hs_leaf_drop(&c, HS_EPTE_NONE, pages);
	} else {
		for (i = 0; i < HS_CHUNK_PAGES; i++) {
			hs_cur_move(&c, i);
			hs_leaf_drop(&c, HS_EPTE_NONE, pages);
		}
		list_add_tail(&hs_ept_remove_leaves(&c, HS_EPTE_NONE)->lru, pages);
	}
	hs_ept_unlock(&c);
}

/* Chunks dropped at a time: 16 MiB, a few thousand frames to give back. */
#define CLEAR_CHUNKS	8

static void clear_chunks(struct hs_gmem *g, u64 gfn)
{
	LIST_HEAD(pages);
	unsigned int i;

	for (i = 0; i < CLEAR_CHUNKS; i++)
		drop_chunk(g, gfn + i * HS_CHUNK_PAGES, &pages);
	hs_pages_drop(g, &pages);
}

/**
 * hs_gmem_clear() - drop all content, see gmem.h
 * @g: guest memory of the VM
 */
void hs_gmem_clear(struct hs_gmem *g)
{
	unsigned int i;
	u64 gfn = 0;

	BUILD_BUG_ON(HS_EPT_ENTRIES % CLEAR_CHUNKS);
	might_sleep();
	while ((gfn = hs_ept_next_dir(g, gfn)) != U64_MAX) {
		for (i = 0; i < HS_EPT_ENTRIES; i += CLEAR_CHUNKS) {
			clear_chunks(g, gfn);
			gfn += CLEAR_CHUNKS * HS_CHUNK_PAGES;
			cond_resched();
		}
	}
	hs_frame_drain();
}

/**
 * hs_gmem_destroy() - give everything back
 * @g: guest memory of the VM
 *
 * See gmem.h.  Nobody enters, accesses, pins or evicts any more.
 */
void hs_gmem_destroy(struct hs_gmem *g)
{
	if (!g)
		return;
	hs_gmem_clear(g);
	if (atomic64_read(&g->pins) || hs_gmem_charged(g))
		pr_err("memory of a VM that ends is still held: %lld pins, %llu bytes\n",
		       (long long)atomic64_read(&g->pins),
		       (unsigned long long)hs_gmem_charged(g));
	free_gmem(g);
}

void hs_gmem_set_store(struct hs_gmem *g, const struct hs_store *store)
{
	g->store = *store;
}

u64 hs_gmem_large(const struct hs_gmem *g)
{
	return (u64)atomic64_read(&g->large) << HS_CHUNK_SHIFT;
}

u64 hs_gmem_overhead(const struct hs_gmem *g)
{
	return atomic64_read(&g->overhead);
}

void hs_gmem_stats(const struct hs_gmem *g, struct hs_gmem_stats *s)
{
	unsigned int cpu;

	memset(s, 0, sizeof(*s));
	for (cpu = 0; cpu < hs_host_cpus(); cpu++) {
		s->faults += atomic64_read(&g->cpu[cpu].faults);
		s->refaults += atomic64_read(&g->cpu[cpu].refaults);
	}
	s->splits = atomic64_read(&g->splits);
	s->collapses = atomic64_read(&g->collapses);
	s->acks = atomic64_read(&g->acks);
	s->ballooned = (u64)atomic64_read(&g->ballooned) << HS_PAGE_SHIFT;
	s->reported = (u64)atomic64_read(&g->reported) << HS_PAGE_SHIFT;
}

int hs_gmem_module_init(void)
{
	return hs_frame_module_init();
}

void hs_gmem_module_exit(void)
{
	hs_frame_module_exit();
}
