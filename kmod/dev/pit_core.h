/* SPDX-License-Identifier: GPL-2.0 */
/*
 * 8254 programmable interval timer: three counters in all six modes, as far
 * as software can see them.  Pure: time is an argument, in ns of a clock that
 * does not go back; the caller locks.
 */
#ifndef HS_DEV_PIT_CORE_H
#define HS_DEV_PIT_CORE_H

#include "pure.h"

#define HS_PIT_HZ	1193182
#define HS_PIT_NEVER	U64_MAX

/**
 * struct hs_pit_counter - one of the three
 * @mode: 0-5
 * @access: 1 low byte, 2 high byte, 3 low then high
 * @bcd: counts in four decimal digits
 * @gate: level of the GATE input
 * @loaded: a count was written since the last control word
 * @running: counts now
 * @n: the count, 1..65536 (10000 in BCD)
 * @next_n: written and not loaded yet, 0 = none: waits for the end of the
 *	period (modes 2, 3) or a trigger (1, 5)
 * @switch_at: tick at which @next_n is loaded, in modes 2 and 3
 * @start: when counting began, in ns
 * @held: ticks counted before @start, or in all while not @running
 * @fired: rising edges of OUT already reported
 * @edge: one that was not taken yet
 */
struct hs_pit_counter {
	u8 mode, access;
	bool bcd, gate, loaded, running;
	u32 n, next_n;
	u64 switch_at, start, held, fired;
	bool edge;

	bool write_high, read_high;	/* flip-flops of access 3 */
	u8 write_low;
	u8 latch_bytes;			/* of @latch left to read */
	u16 latch;
	bool status_latched;
	u8 status;
};

struct hs_pit_core {
	struct hs_pit_counter c[3];
	u8 control_b;			/* port 0x61, bits 0-3 as written */
};

void hs_pit_core_reset(struct hs_pit_core *p);
u8 hs_pit_core_read(struct hs_pit_core *p, unsigned int reg, u64 now);
bool hs_pit_core_write(struct hs_pit_core *p, unsigned int reg, u8 val, u64 now);
u8 hs_pit_core_read61(struct hs_pit_core *p, u64 now);
void hs_pit_core_write61(struct hs_pit_core *p, u8 val, u64 now);
bool hs_pit_core_take_edge(struct hs_pit_core *p, u64 now);
u64 hs_pit_core_next_edge(const struct hs_pit_core *p);

#endif /* HS_DEV_PIT_CORE_H */
