// SPDX-License-Identifier: GPL-2.0
/*
 * Frames: host pages that hold guest memory, where they come from and who is
 * charged for them (rules 10 and 12).
 *
 * A frame's own word (struct page's private field) counts its references: one
 * by the leaf or the store that holds it, one per pin.
 */
#include "ept/core.h"

#define CACHE_MAX	16	/* frames kept per CPU */
#define CACHE_ORDER	3	/* refill: 8 frames, the largest order that is cheap */

/*
 * Frames that the host handed out cleared (Linux does so by itself with
 * init_on_alloc) are kept apart: a fault that gets one of those is over after
 * one look at the leaf.  Any CPU may empty any cache, so there is a lock, which
 * its own CPU finds free and at hand.
 */
struct frame_cache {
	spinlock_t lock;
	unsigned int zeroed, used;	/* page[0..zeroed), page[MAX - used..MAX) */
	void *owner;			/* whom the frames are charged to */
	struct page *page[CACHE_MAX];
} ____cacheline_aligned_in_smp;

static struct frame_cache *caches;
static atomic_long_t frames;	/* pages that the module holds, tables included */

void hs_frame_count(long pages)
{
	atomic_long_add(pages, &frames);
}

/**
 * hs_gmem_frames() - host pages that the module owns now, over all VMs
 */
u64 hs_gmem_frames(void)
{
	return atomic_long_read(&frames);
}

int hs_frame_module_init(void)
{
	unsigned int cpu;

	caches = hs_host_zalloc(NULL, hs_host_cpus() * sizeof(*caches));
	if (!caches)
		return -ENOMEM;
	for (cpu = 0; cpu < hs_host_cpus(); cpu++)
		spin_lock_init(&caches[cpu].lock);
	return 0;
}

void hs_frame_module_exit(void)
{
	hs_frame_drain();
	hs_host_zfree(caches);
	caches = NULL;
}

static void free_frames(struct page **page, unsigned int n)
{
	unsigned int i;

	if (!n)
		return;
	for (i = 0; i < n; i++)
		hs_host_free(page[i]);
	hs_frame_count(-(long)n);
}

/* Takes all out of a locked cache; returns how many. */
static unsigned int empty(struct frame_cache *fc, struct page **page)
{
	unsigned int n = fc->zeroed + fc->used;

	memcpy(page, fc->page, fc->zeroed * sizeof(page[0]));
	memcpy(page + fc->zeroed, fc->page + CACHE_MAX - fc->used, fc->used * sizeof(page[0]));
	fc->zeroed = 0;
	fc->used = 0;
	return n;
}

/**
 * hs_frame_drain() - give the frames in all per-CPU caches back to the host
 *
 * Does not wait for memory or CPUs.
 */
void hs_frame_drain(void)
{
	struct page *page[CACHE_MAX];
	struct frame_cache *fc;
	unsigned int cpu, n;

	for (cpu = 0; cpu < hs_host_cpus(); cpu++) {
		fc = &caches[cpu];
		spin_lock(&fc->lock);
		n = empty(fc, page);
		spin_unlock(&fc->lock);
		free_frames(page, n);
	}
}

static struct page *cache_pop(struct hs_gmem *g, bool *zeroed)
{
	struct frame_cache *fc = &caches[hs_host_this_cpu()];
	struct page *page = NULL;

	spin_lock(&fc->lock);
	if (fc->owner == g->owner) {
		*zeroed = fc->zeroed;
		if (fc->zeroed)
			page = fc->page[--fc->zeroed];
		else if (fc->used)
			page = fc->page[CACHE_MAX - fc->used--];
	}
	spin_unlock(&fc->lock);
	return page;
}

/* Keeps frames for the next faults on this CPU; what does not fit goes back. */
static void cache_push(struct hs_gmem *g, struct page **page, unsigned int n, bool zeroed)
{
	struct frame_cache *fc = &caches[hs_host_this_cpu()];
	struct page *other[CACHE_MAX];
	unsigned int others = 0;

	spin_lock(&fc->lock);
	if (fc->owner != g->owner) {
		others = empty(fc, other);
		fc->owner = g->owner;
	}
	while (n && fc->zeroed + fc->used < CACHE_MAX) {
		if (zeroed)
			fc->page[fc->zeroed++] = page[--n];
		else
			fc->page[CACHE_MAX - ++fc->used] = page[--n];
	}
	spin_unlock(&fc->lock);
	free_frames(other, others);
	free_frames(page, n);
}

static struct page *refill(struct hs_gmem *g, bool *zeroed)
{
	struct page *page, *rest[(1 << CACHE_ORDER) - 1];
	unsigned int i;

	page = hs_host_alloc(g->owner, CACHE_ORDER, HS_ALLOC_EASY, zeroed);
	if (page) {
		hs_frame_count(1 << CACHE_ORDER);
		for (i = 1; i < 1 << CACHE_ORDER; i++)
			rest[i - 1] = page + i;
		cache_push(g, rest, ARRAY_SIZE(rest), *zeroed);
		return page;
	}
	page = hs_host_alloc(g->owner, 0, HS_ALLOC_NOWAIT, zeroed);
	if (!page)
		page = hs_host_alloc(g->owner, 0, HS_ALLOC_TRY, zeroed);
	if (page)
		hs_frame_count(1);
	return page;
}

static void own(struct page *page)
{
	atomic_long_set(hs_host_word(page), 1);
#ifdef HS_DEBUG
	atomic_long_set(hs_host_dbg_word(page), 0);
#endif
}

/**
 * hs_frame_get() - a frame for @g, charged, with one reference
 * @g: guest memory of the VM
 * @zeroed: whether it is zero already; otherwise the caller clears or
 *	overwrites all of it
 *
 * Process context, may sleep, no lock held.  NULL: the host has none to give.
 */
struct page *hs_frame_get(struct hs_gmem *g, bool *zeroed)
{
	struct page *page;

	might_sleep();
	page = cache_pop(g, zeroed);
	if (!page)
		page = refill(g, zeroed);
	if (!page)
		return NULL;
	hs_charge_add(g, 1);
	own(page);
	return page;
}

/**
 * hs_frame_get_zeroed() - the same, if this CPU has a zeroed one at hand
 * @g: guest memory of the VM
 *
 * Any context but interrupts; a chunk lock may be held.  NULL: see
 * hs_frame_get().
 */
struct page *hs_frame_get_zeroed(struct hs_gmem *g)
{
	struct frame_cache *fc = &caches[hs_host_this_cpu()];
	struct page *page = NULL;

	spin_lock(&fc->lock);
	if (fc->zeroed && fc->owner == g->owner)
		page = fc->page[--fc->zeroed];
	spin_unlock(&fc->lock);
	if (!page)
		return NULL;
	hs_charge_add(g, 1);
	own(page);
	return page;
}

/**
 * hs_frame_get_2m() - 512 frames in a row, charged, with one reference each
 * @g: guest memory of the VM
 * @zeroed: as hs_frame_get()
 *
 * Frames like any others: only a large leaf makes them one.  Tries only what
 * the host has at hand.  Returns the first one, or NULL.
 */
struct page *hs_frame_get_2m(struct hs_gmem *g, bool *zeroed)
{
	struct page *page = hs_host_alloc(g->owner, HS_CHUNK_SHIFT - HS_PAGE_SHIFT,
					  HS_ALLOC_EASY, zeroed);
	unsigned int i;

	if (!page)
		return NULL;
	hs_frame_count(HS_CHUNK_PAGES);
	hs_charge_add(g, HS_CHUNK_PAGES);
	for (i = 0; i < HS_CHUNK_PAGES; i++)
		own(page + i);
	return page;
}

/* Another reference, for a pin; the caller's chunk lock keeps the first one. */
void hs_frame_ref(struct page *page)
{
	atomic_long_inc(hs_host_word(page));
}

unsigned int hs_frame_refs(struct page *page)
{
	return atomic_long_read(hs_host_word(page)) & HS_WORD_REFS;
}

/**
 * hs_frame_put() - drop a reference; the last one frees the frame
 * @g: guest memory of the VM
 * @page: the frame
 * @how: who uncharges it
 *
 * No CPU reaches the frame through a leaf any more (acknowledged), or another
 * reference remains.  Does not wait.
 */
void hs_frame_put(struct hs_gmem *g, struct page *page, enum hs_put how)
{
	long left = atomic_long_dec_return(hs_host_word(page));

	if (left & HS_WORD_REFS)
		return;
	hs_ept_dbg_reuse(g, page);
	if (how == HS_PUT_GIVE)
		hs_charge_give(g, 1);
	cache_push(g, &page, 1, false);
}

/* --- charges --- */

#define CHARGED(v)	((u32)(v))
#define RESERVED(v)	((u32)((u64)(v) >> 32))

void hs_charge_add(struct hs_gmem *g, u32 pages)
{
	atomic64_add(pages, &g->charge);
}

/**
 * hs_charge_take() - uncharge frames that the VM did not offer
 * @g: guest memory of the VM
 * @pages: how many the caller would like
 *
 * Called before the frames are taken out, in batches; what could not be taken
 * out after all is charged again.  Never goes below the reservation, which
 * shares the word so that no other change can come in between.  Returns how
 * many may be taken.  Any context.
 */
u32 hs_charge_take(struct hs_gmem *g, u32 pages)
{
	s64 old = atomic64_read(&g->charge);
	u32 n;

	do {
		if (CHARGED(old) <= RESERVED(old))
			return 0;
		n = min(pages, CHARGED(old) - RESERVED(old));
	} while (!atomic64_try_cmpxchg(&g->charge, &old, old - n));
	return n;
}

/**
 * hs_charge_give() - uncharge frames that the VM gave up itself
 * @g: guest memory of the VM
 * @pages: how many
 *
 * By its balloon, page reporting, discards, or by ending.  Any context.
 */
void hs_charge_give(struct hs_gmem *g, u32 pages)
{
	atomic64_sub(pages, &g->charge);
}

/**
 * hs_gmem_set_reservation() - pages that the VM can always hold
 * @g: guest memory of the VM
 * @bytes: size; rounded down to pages
 */
void hs_gmem_set_reservation(struct hs_gmem *g, u64 bytes)
{
	u64 pages = min_t(u64, bytes >> HS_PAGE_SHIFT, U32_MAX);
	s64 old = atomic64_read(&g->charge);

	while (!atomic64_try_cmpxchg(&g->charge, &old, (s64)(pages << 32 | CHARGED(old))))
		;
}

u64 hs_gmem_reservation(const struct hs_gmem *g)
{
	return (u64)RESERVED(atomic64_read(&g->charge)) << HS_PAGE_SHIFT;
}

u64 hs_gmem_charged(const struct hs_gmem *g)
{
	return (u64)CHARGED(atomic64_read(&g->charge)) << HS_PAGE_SHIFT;
}
