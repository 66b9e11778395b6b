// SPDX-License-Identifier: GPL-2.0
#include "balloon/stage.h"
#include "ept/out.h"

/**
 * hs_stage_out() - take the page at @gpa out, content kept in its frame
 * @g: guest memory of the VM
 * @gpa: guest-physical address
 *
 * See stage.h.  When the guest touches the page before this is done, it has it
 * back and the answer is 0 all the same: the touch did fault.
 */
int hs_stage_out(struct hs_gmem *g, u64 gpa)
{
	struct hs_inflight rec;
	u64 slot;
	int r;

	r = hs_out_slot_alloc(g, &slot);
	if (r)
		return r;
	r = hs_out_begin(g, gpa >> HS_PAGE_SHIFT, &rec);
	if (r) {
		hs_out_slot_free(g, slot);
		return r;
	}
	hs_out_sync(g);
	if (hs_out_finish(g, &rec, HS_LEAF_STAGED, slot))
		hs_out_slot_free(g, slot);
	return 0;
}
