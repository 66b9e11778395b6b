/* SPDX-License-Identifier: GPL-2.0 */
/* Taking single pages out on demand: what the test device's port 0xe4 does. */
#ifndef HS_BALLOON_STAGE_H
#define HS_BALLOON_STAGE_H

#include "pure.h"

struct hs_gmem;

/*
 * Takes the page at @gpa out of the guest (begin-out, acknowledgement,
 * finish-out to STAGED); its content stays, the next touch faults.  Process
 * context, may sleep.  0; -ENXIO not RAM; -ENOENT nothing mapped there;
 * -EBUSY pinned or already moving; -EINTR killed; -ENOMEM, -ENOSPC.
 */
int hs_stage_out(struct hs_gmem *g, u64 gpa);

#endif /* HS_BALLOON_STAGE_H */
