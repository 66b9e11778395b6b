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

int hs_out_begin(struct hs_gmem *g, u64 gfn, struct hs_inflight *rec);
void hs_out_sync(struct hs_gmem *g);
int hs_out_finish(struct hs_gmem *g, struct hs_inflight *rec,
		  enum hs_leaf_type type, u64 slot);
void hs_out_abort(struct hs_gmem *g, struct hs_inflight *rec);

/* Slot for hs_out_finish().  Process context, may sleep.  0, -ENOMEM, -ENOSPC. */
int hs_out_slot_alloc(struct hs_gmem *g, u64 *slot);
void hs_out_slot_free(struct hs_gmem *g, u64 slot);

#endif /* HS_EPT_OUT_H */
