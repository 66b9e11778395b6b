/* SPDX-License-Identifier: GPL-2.0 */
/* debugfs/hyperspace, for parts that have something to show there. */
#ifndef HS_DEBUG_H
#define HS_DEBUG_H

struct dentry;

/* Set before any other part is initialised, removed with all in it after. */
extern struct dentry *hs_debug_dir;

#endif /* HS_DEBUG_H */
