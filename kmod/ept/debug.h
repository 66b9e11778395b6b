/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Software check of rule 5 in builds with HS_DEBUG: a leaf that was removed or
 * tightened is invalidated and acknowledged before its frame is used again.
 *
 * An emulator that forgets translations at each entry and exit cannot show a
 * violation, so each frame carries the generation at which it was unmapped, and
 * whoever frees it is checked against the CPUs that are in the guest.  The
 * check has its own bookkeeping of who is where: it does not ask the code that
 * it checks.
 */
#ifndef HS_EPT_DEBUG_H
#define HS_EPT_DEBUG_H

#include "pure.h"

struct hs_gmem;
struct page;

/*
 * Steps to leave out, to see the check notice.  Leaving one out once may do no
 * harm: the CPU that was not waited for leaves the guest by itself before the
 * frame is used again, and then there is nothing to notice.  So the step is left
 * out until there was.
 */
enum hs_ept_mutation {
	HS_EPT_MUT_NONE,
	HS_EPT_MUT_SKIP_INVEPT,		/* enter does not ask for one */
	HS_EPT_MUT_SKIP_ACK,		/* do not wait for the acknowledgement */
	HS_EPT_MUT_SKIP_BUMP,		/* no new generation */
};

#ifdef HS_DEBUG

bool hs_ept_mutated(enum hs_ept_mutation m);
void hs_ept_mutate(enum hs_ept_mutation m);
unsigned long hs_ept_dbg_reports(void);

void hs_ept_dbg_unmapped(struct hs_gmem *g, struct page *page);
void hs_ept_dbg_reuse(struct hs_gmem *g, struct page *page);
void hs_ept_dbg_enter(struct hs_gmem *g, int cpu);
void hs_ept_dbg_flushed(struct hs_gmem *g, int cpu);
void hs_ept_dbg_leave(struct hs_gmem *g, int cpu);

#else

static inline bool hs_ept_mutated(enum hs_ept_mutation m) { return false; }
static inline void hs_ept_dbg_unmapped(struct hs_gmem *g, struct page *page) { }
static inline void hs_ept_dbg_reuse(struct hs_gmem *g, struct page *page) { }
static inline void hs_ept_dbg_enter(struct hs_gmem *g, int cpu) { }
static inline void hs_ept_dbg_flushed(struct hs_gmem *g, int cpu) { }
static inline void hs_ept_dbg_leave(struct hs_gmem *g, int cpu) { }

#endif

#endif /* HS_EPT_DEBUG_H */
