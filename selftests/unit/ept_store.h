/* SPDX-License-Identifier: GPL-2.0 */
/* A store for pages without frames: copies on the heap. */
#ifndef EPT_STORE_H
#define EPT_STORE_H

#include "pure.h"
#include "ept/out.h"

struct ept_store {
	struct hs_gmem *g;
	u64 held;	/* pages in the store now */
	u64 fetches;
	int error;	/* what a fetch answers */
	bool gate;	/* fetches wait until this is false */
	bool waiting;	/* one does */
};

void ept_store_init(struct ept_store *s, struct hs_gmem *g);
/* All of eviction: begin, sync, copy, finish.  Errors as hs_out_begin(), and
 * -ECANCELED, -EPERM (at the reservation). */
int ept_store_out(struct ept_store *s, u64 gpa);

#endif /* EPT_STORE_H */
