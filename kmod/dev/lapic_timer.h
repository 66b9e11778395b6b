/* SPDX-License-Identifier: GPL-2.0 */
/* Timer of a local APIC, SDM vol. 3, 11.5.4: counts and when it expires. Pure. */
#ifndef HS_DEV_LAPIC_TIMER_H
#define HS_DEV_LAPIC_TIMER_H

#include "pure.h"
#include "dev/lapic.h"

enum hs_lapic_timer_mode {
	HS_TIMER_ONESHOT,
	HS_TIMER_PERIODIC,
	HS_TIMER_DEADLINE,
	HS_TIMER_RESERVED,	/* LVT bits 18:17 = 11b: nothing counts */
};

/* No expiry. */
#define HS_TIMER_NEVER		U64_MAX

/*
 * Shortest interval between two interrupts of a periodic timer, in ns.  A guest
 * may count faster than that; it gets an interrupt every few periods then, as
 * if the ones between had met one still in IRR.
 */
#define HS_TIMER_MIN_PERIOD	100000ULL

/*
 * The longest sleep towards a TSC deadline before looking again, in ns: keeps
 * the conversion from overflowing, and host clock and TSC from drifting apart.
 */
#define HS_TIMER_MAX_SLEEP	(3600ULL * 1000000000)

/**
 * struct hs_lapic_timer - the timer
 * @mode: bits 18:17 of its LVT entry
 * @shift: log2 of the divider
 * @dcr: divide configuration register as written
 * @init: initial count register
 * @counting: the count has not stopped at 0
 * @start: when the count was @init, ns
 * @next: when a periodic timer interrupts next, ns
 * @deadline: guest TSC, 0 = disarmed
 * @tsc_khz: of the guest's TSC
 */
struct hs_lapic_timer {
	enum hs_lapic_timer_mode mode;
	u8 shift;
	u32 dcr, init;
	bool counting;
	u64 start, next;
	u64 deadline;
	u64 tsc_khz;
};

void hs_lapic_timer_reset(struct hs_lapic_timer *t);
void hs_lapic_timer_set_mode(struct hs_lapic_timer *t,
			     enum hs_lapic_timer_mode mode, u64 now);
void hs_lapic_timer_set_init(struct hs_lapic_timer *t, u32 val, u64 now);
void hs_lapic_timer_set_dcr(struct hs_lapic_timer *t, u32 val, u64 now);
void hs_lapic_timer_set_deadline(struct hs_lapic_timer *t, u64 tsc);
u32 hs_lapic_timer_count(const struct hs_lapic_timer *t, u64 now);
bool hs_lapic_timer_expire(struct hs_lapic_timer *t, u64 now, u64 tsc);
u64 hs_lapic_timer_wake(const struct hs_lapic_timer *t, u64 now, u64 tsc);

#endif /* HS_DEV_LAPIC_TIMER_H */
