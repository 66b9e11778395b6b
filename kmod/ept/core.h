/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of kmod/ept share.  Nobody else includes this.
 *
 * Lock order: chunk -> quarantine, slots, frame cache.  Under a chunk lock
 * nothing is allocated from the host and nothing waits.
 */
#ifndef HS_EPT_CORE_H
#define HS_EPT_CORE_H

#include "pure.h"
#include "ept/entry.h"
#include "ept/gmem.h"
#include "ept/debug.h"
#include "ept/host.h"
#include "ept/out.h"

#define HS_GEN_ENTERING		1ULL	/* on its way in, generation not read yet */
#define HS_GEN_FIRST		2ULL
#define HS_WAIT_QUEUES		16

/* Guest memory as one physical CPU sees it; written by that CPU only. */
struct hs_gmem_cpu {
	u64 in;		/* 0 outside, HS_GEN_ENTERING, or generation entered with */
	u64 flushed;	/* generation of the last INVEPT here, 0 never (rule 4) */
	atomic64_t faults, refaults;
#ifdef HS_DEBUG
	u64 dbg_clean;
	bool dbg_in;
#endif
} ____cacheline_aligned_in_smp;

/*
 * 2 MiB of guest-physical memory: the unit of locking.  512 of them lie beside
 * each page directory, so that a VM pays for what it touches only.
 */
struct hs_chunk {
	spinlock_t lock;
	u16 used;	/* 4 KiB leaves that are not NONE */
	u16 present;	/* those of them that are present */
	u8 moving;	/* being split or collapsed: directory entry is BUSY */
	u8 waiters;	/* somebody waits for a BUSY entry in here */
	u8 ballooned;	/* may have leaves that say BALLOON */
	struct hlist_head busy;	/* struct hs_inflight */
	/*
	 * Its leaf size may change: no leaf is installed before this generation
	 * is acknowledged (rule 3).  0: none to wait for.
	 */
	u64 size_gen;
};

struct hs_dir {
	struct hs_chunk chunk[HS_EPT_ENTRIES];
};

/* Store slots in use: slot -> value, see slot.c. */
struct hs_slots {
	spinlock_t lock;
	u64 **leaf;
	unsigned int leaves, leaves_max;
	u64 free;	/* first free slot + 1, chained through the values */
	u64 max;
};

/* Frames and tables that a CPU may still reach (rule 5). */
struct hs_quarantine {
	spinlock_t lock;
	struct list_head pages;	/* by page->lru, oldest generation first */
	u64 count;
};

struct hs_gmem {
	u64 ram_bytes;
	bool ad, huge_2m, touch_2m;
	bool dead;
	void (*kick)(void *arg, int cpu);
	void *kick_arg;
	void *owner;		/* who pays */

	struct page *root;
	atomic64_t gen;		/* EPT generation, only grows */
	u64 acked;		/* a generation known to be acknowledged; a hint */
	unsigned long *seen;	/* CPUs that ever entered */
	struct hs_gmem_cpu *cpu;

	/* Rule 12: low half frames charged, high half reservation, in pages. */
	atomic64_t charge;
	atomic64_t overhead;	/* bytes */
	atomic64_t pins;
	atomic64_t splits, collapses, acks;
	atomic64_t large;	/* 2 MiB leaves present */
	atomic64_t ballooned, reported;	/* pages marked so */
	u32 poison;		/* fills what was reported */
	atomic64_t evict_clock;	/* pages evicted so far */
	unsigned int stamp_shift;
	struct hs_store store;
	struct hs_consumer consumer[HS_CONSUMERS_MAX];
#ifdef HS_DEBUG
	atomic64_t dbg_unmaps, dbg_reused;
#endif

	struct hs_quarantine quar;
	struct hs_slots slots;
	wait_queue_head_t wait[HS_WAIT_QUEUES];
};

/* --- table.c --- */

/* One leaf, found and locked. */
struct hs_cur {
	struct hs_gmem *g;
	struct hs_chunk *chunk;	/* its lock is held */
	u64 gfn;
	u64 *pde;
	u64 *pte;		/* NULL: no 4 KiB leaves in this chunk */
	u64 val;		/* the leaf as read: *pte, or *pde without table */
};

static inline bool hs_cur_large(const struct hs_cur *c)
{
	return !c->pte && hs_epte_present(c->val);
}

/* Frame of the page under the cursor; the leaf is present. */
static inline struct page *hs_cur_frame(const struct hs_cur *c)
{
	if (c->pte)
		return hs_host_page(hs_epte_pa(c->val));
	return hs_host_page((c->val & HS_EPTE_ADDR_2M) +
			    ((c->gfn & (HS_CHUNK_PAGES - 1)) << HS_PAGE_SHIFT));
}

static inline void *hs_frame_va(struct page *page)
{
	return hs_host_va(hs_host_pa(page));
}

int hs_ept_create(struct hs_gmem *g);
void hs_ept_destroy(struct hs_gmem *g);
int hs_ept_lock(struct hs_gmem *g, u64 gfn, struct hs_cur *c);
int hs_ept_trylock(struct hs_gmem *g, u64 gfn, struct hs_cur *c);
void hs_ept_unlock(struct hs_cur *c);
int hs_ept_prepare(struct hs_gmem *g, u64 gfn);
struct page *hs_ept_alloc_table(struct hs_gmem *g);
void hs_ept_free_table(struct hs_gmem *g, struct page *page);
void hs_ept_add_leaves(struct hs_cur *c, struct page *table, unsigned int used,
		       unsigned int present);
void hs_ept_cut(struct hs_cur *c, struct page *table);
struct page *hs_ept_remove_leaves(struct hs_cur *c, u64 state);
void hs_cur_move(struct hs_cur *c, unsigned int i);
u64 hs_ept_next_dir(struct hs_gmem *g, u64 gfn);

void hs_leaf_install(struct hs_cur *c, u64 leaf);
u64 hs_leaf_begin_out(struct hs_cur *c, struct hs_inflight *rec, u64 state);
void hs_leaf_finish_out(struct hs_cur *c, struct hs_inflight *rec, u64 state);
void hs_leaf_restore(struct hs_cur *c, struct hs_inflight *rec);
void hs_leaf_mark(struct hs_cur *c, u64 bits);
u64 hs_leaf_unmark(struct hs_cur *c, u64 bits);
struct hs_inflight *hs_leaf_inflight(struct hs_cur *c);

/* --- inval.c --- */

u64 hs_inval_bump(struct hs_gmem *g);
bool hs_inval_acked(struct hs_gmem *g, u64 gen);
void hs_inval_wait(struct hs_gmem *g, u64 gen);
void hs_quar_init(struct hs_gmem *g);
void hs_quar_add(struct hs_gmem *g, struct list_head *pages, u64 gen);
void hs_quar_drain(struct hs_gmem *g);

/* --- frame.c --- */

#define HS_WORD_REFS		0xffffUL	/* references: the leaf's and pins */
#define HS_WORD_TABLE		0x10000UL	/* in quarantine: an EPT table */
#define HS_WORD_GEN_SHIFT	17		/* generation of its unmapping */

enum hs_put {
	HS_PUT_GIVE,	/* the guest gave it, or its VM ends */
	HS_PUT_TAKEN,	/* hs_charge_take() has uncharged it already */
};

struct page *hs_frame_get(struct hs_gmem *g, bool *zeroed);
struct page *hs_frame_get_zeroed(struct hs_gmem *g);
struct page *hs_frame_get_2m(struct hs_gmem *g, bool *zeroed);
void hs_frame_put(struct hs_gmem *g, struct page *page, enum hs_put how);
unsigned int hs_frame_refs(struct page *page);
void hs_frame_ref(struct page *page);
void hs_frame_count(long pages);
void hs_frame_drain(void);
int hs_frame_module_init(void);
void hs_frame_module_exit(void);

void hs_charge_add(struct hs_gmem *g, u32 pages);
u32 hs_charge_take(struct hs_gmem *g, u32 pages);
void hs_charge_give(struct hs_gmem *g, u32 pages);

/* --- slot.c --- */

int hs_slots_init(struct hs_gmem *g);
void hs_slots_exit(struct hs_gmem *g);
int hs_slot_alloc(struct hs_gmem *g, u64 *slot);
void hs_slot_free(struct hs_gmem *g, u64 slot);
void hs_slot_set(struct hs_gmem *g, u64 slot, u64 value);
u64 hs_slot_get(struct hs_gmem *g, u64 slot);

/* --- fault.c --- */

void hs_fault_wait(struct hs_gmem *g, u64 gfn);
void hs_fault_wake(struct hs_cur *c);
void hs_fault_cancel(struct hs_cur *c);
int hs_fault_in(struct hs_gmem *g, u64 gfn, u32 access, const void *whole);
int hs_fault_fetch(struct hs_cur *c, struct hs_inflight *rec, void *page);

/* --- out.c --- */

struct page *hs_staged_frame(struct hs_gmem *g, u64 leaf);
struct page *hs_staged_take(struct hs_gmem *g, u64 leaf);

/* --- discard.c --- */

unsigned int hs_leaf_drop(struct hs_cur *c, u64 state, struct list_head *pages);
void hs_pages_drop(struct hs_gmem *g, struct list_head *pages);
u32 hs_leaf_pattern(const struct hs_gmem *g, u64 val);
void hs_page_fill(void *page, u32 pattern);

/* --- gmem.c --- */

bool hs_gmem_is_ram_range(const struct hs_gmem *g, u64 gpa, u64 pages);

static inline bool hs_gfn_is_ram(const struct hs_gmem *g, u64 gfn)
{
	return hs_gmem_is_ram(g, gfn << HS_PAGE_SHIFT);
}

/* RAM starts at chunk borders, so its end is all that can cut a chunk. */
static inline bool hs_chunk_is_ram(const struct hs_gmem *g, u64 gfn)
{
	return hs_gfn_is_ram(g, gfn | (HS_CHUNK_PAGES - 1));
}

#endif /* HS_EPT_CORE_H */
