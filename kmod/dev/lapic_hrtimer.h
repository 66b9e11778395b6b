/* SPDX-License-Identifier: GPL-2.0 */
/* The host timer behind a local APIC's timer.  For kmod/dev only. */
#ifndef HS_DEV_LAPIC_HRTIMER_H
#define HS_DEV_LAPIC_HRTIMER_H

#include <linux/types.h>

struct hs_lapic;

void hs_lapic_hrtimer_init(struct hs_lapic *a);
void hs_lapic_hrtimer_exit(struct hs_lapic *a);
u64 hs_lapic_hrtimer_now(void);

/* Under a->lock. */
void hs_lapic_hrtimer_reset(struct hs_lapic *a);
u64 hs_lapic_hrtimer_sync(struct hs_lapic *a);
void hs_lapic_hrtimer_update(struct hs_lapic *a, u64 now);

/* Owner, a->lock not held. */
void hs_lapic_hrtimer_wake(struct hs_lapic *a);
u64 hs_lapic_hrtimer_deadline(struct hs_lapic *a);
void hs_lapic_hrtimer_set_deadline(struct hs_lapic *a, u64 tsc);

#endif /* HS_DEV_LAPIC_HRTIMER_H */
