/* SPDX-License-Identifier: GPL-2.0 */
/*
 * In builds with HS_DEBUG=1: what devices can be told to leave out (module
 * parameter dev_mutate), to prove that a test notices.
 */
#ifndef HS_DEV_DEBUG_H
#define HS_DEV_DEBUG_H

#include "pure.h"

enum hs_dev_mutation {
	HS_DEV_MUT_NONE,
	HS_DEV_MUT_SKIP_FLUSH,	/* a disk says that data is on stable storage, and looks after nothing */
};

#ifdef HS_DEBUG
bool hs_dev_mutated(enum hs_dev_mutation m);
#else
static inline bool hs_dev_mutated(enum hs_dev_mutation m) { return false; }
#endif

#endif /* HS_DEV_DEBUG_H */
