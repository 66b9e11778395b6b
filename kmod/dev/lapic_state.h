/* SPDX-License-Identifier: GPL-2.0 */
/* A local APIC with what the kernel adds to it.  For kmod/dev only. */
#ifndef HS_DEV_LAPIC_STATE_H
#define HS_DEV_LAPIC_STATE_H

#include <linux/hrtimer.h>
#include <linux/spinlock.h>
#include "dev/lapic_core.h"

struct hs_board;

/**
 * struct hs_lapic - local APIC of a vCPU
 * @core: registers
 * @board: where it is
 * @tsc_offset: guest TSC less host TSC
 * @lock: for timer and pins; innermost, but for what ops->kick takes
 * @timer: host timer; never later than the guest's timer expires, maybe earlier
 * @armed: when @timer goes off, ns, or HS_TIMER_NEVER; under @lock
 * @watched: the owner looks at @due before it enters the guest, and makes the
 *	processor come back in time; a host timer is needed for its sleep only
 * @due: with @watched, host TSC at the TSC deadline, 0 for none: a hint, for the
 *	host timer may have seen to it.  Belongs to the owner
 * @asleep: the owner sleeps and needs the host timer to wake it for a deadline;
 *	set under @lock
 * @dormant: the periodic timer found its vector still in IRR: @timer stays off
 *	until the owner takes the vector.  Set under @lock
 */
struct hs_lapic {
	struct hs_lapic_core core;
	struct hs_board *board;
	u64 tsc_offset;
	raw_spinlock_t lock;
	struct hrtimer timer;
	u64 armed;
	u64 due;
	bool watched, asleep;
	bool dormant;
};

#endif /* HS_DEV_LAPIC_STATE_H */
