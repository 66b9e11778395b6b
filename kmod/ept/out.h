/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Taking pages out of a guest: what kmod/balloon and the state machine share.
 *
 * One page goes out in four steps: hs_out_begin() unmaps it and leaves a BUSY
 * leaf, hs_out_sync() makes sure that no CPU reaches it any more, then its
 * content is stable and may be read from hs_inflight.frame, then
 * hs_out_finish() or hs_out_abort().  Many pages share one hs_out_sync().
 * A fault in between cancels: the guest has the page back at once, and
 * hs_out_finish() says so.
 */
#ifndef HS_EPT_OUT_H
#define HS_EPT_OUT_H

#include "pure.h"
#include "ept/entry.h"
#include "ept/host.h"

struct hs_gmem;

/* A page on its way.  Owned by who started it; linked under the chunk lock. */
struct hs_inflight {
	struct hlist_node node;
	u64 gfn;
	u64 old;		/* the leaf before */
	struct page *frame;	/* referenced until finish or abort */
	bool out;		/* direction */
	bool cancelled;		/* a fault took the page back; chunk lock */
};

/*
 * Content without a frame, kept by kmod/balloon.  @fetch copies the content of
 * @slot to @page; process context, may sleep, no lock held; 0, -EIO or -EINTR.
 * @drop: nobody needs the content any more; any context but interrupts, a
 * chunk lock may be held.
 */
struct hs_store {
	int (*fetch)(void *arg, enum hs_leaf_type type, u64 slot, void *page);
	void (*drop)(void *arg, enum hs_leaf_type type, u64 slot);
	void *arg;
};

/* Before the VM first runs. */
void hs_gmem_set_store(struct hs_gmem *g, const struct hs_store *store);

/*
 * Uncharges up to @pages for frames about to be taken, see frame.c; what was
 * not taken out after all is charged again by hs_charge_add().
 */
u32 hs_charge_take(struct hs_gmem *g, u32 pages);
void hs_charge_add(struct hs_gmem *g, u32 pages);

int hs_out_begin(struct hs_gmem *g, u64 gfn, struct hs_inflight *rec);
void hs_out_sync(struct hs_gmem *g);
int hs_out_finish(struct hs_gmem *g, struct hs_inflight *rec,
		  enum hs_leaf_type type, u64 slot);
void hs_out_abort(struct hs_gmem *g, struct hs_inflight *rec);

/* Slot for hs_out_finish().  Process context, may sleep.  0, -ENOMEM, -ENOSPC. */
int hs_out_slot_alloc(struct hs_gmem *g, u64 *slot);
void hs_out_slot_free(struct hs_gmem *g, u64 slot);

/* --- chunks: see split.c --- */

int hs_chunk_split(struct hs_gmem *g, u64 gfn);
int hs_chunk_collapse(struct hs_gmem *g, u64 gfn);

/* --- accessed and dirty flags: see harvest.c --- */

#define HS_HARVEST_A		0x1
#define HS_HARVEST_D		0x2
#define HS_HARVEST_FRESH	0x4	/* faulted in since the last harvest */
#define HS_CONSUMERS_MAX	4

/*
 * Told about each present leaf: @pages is 1 or 512, @what HS_HARVEST_* found
 * set.  The chunk is locked: no sleep, and no call back into kmod/ept.
 */
struct hs_consumer {
	void (*leaf)(void *arg, u64 gfn, unsigned int pages, u32 what);
	void *arg;
};

/* Before the VM first runs.  0 or -ENOSPC. */
int hs_gmem_add_consumer(struct hs_gmem *g, const struct hs_consumer *consumer);
u64 hs_gmem_harvest(struct hs_gmem *g, u64 gfn, u64 pages, u32 clear);

#endif /* HS_EPT_OUT_H */
