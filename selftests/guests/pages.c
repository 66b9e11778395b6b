// SPDX-License-Identifier: GPL-2.0
/*
 * Page toucher: writes a pattern of its own into each page of a range and
 * checks it, round after round.  "from=", "mib=" the range, "rounds=" how
 * often, "forever", "away" has each page taken away between write and check,
 * "step=" bytes between touched places.
 */
#include "lib.h"

static u64 pattern(u64 addr, u64 round)
{
	u64 x = (addr >> 3) * 0x9e3779b97f4a7c15UL + round;

	return x ^ x >> 29;
}

int main(const char *args)
{
	u64 from = arg_u64(args, "from=", 0x800000), step = arg_u64(args, "step=", 4096);
	u64 bytes = arg_u64(args, "mib=", (mem_upper_kib >> 10) > 24 ? 16 : 0) << 20;
	u64 rounds = arg_u64(args, "rounds=", 4), bad = 0, round;
	bool forever = arg_word(args, "forever"), away = arg_word(args, "away");

	if (!bytes || step < 8 || from < 0x400000) {
		fail("pages", "arguments");
		return result();
	}
	for (u64 a = from; a < from + bytes; a += step) {
		if (*(volatile u64 *)a)
			bad++;
	}
	check("fresh pages read as zero", bad, 0);
	for (round = 1; forever || round <= rounds; round++) {
		for (u64 a = from; a < from + bytes; a += step)
			*(volatile u64 *)a = pattern(a, round);
		for (u64 a = from; a < from + bytes; a += step) {
			if (away)
				take_away((void *)a);
			if (*(volatile u64 *)a != pattern(a, round) && bad++ < 4)
				printf("at 0x%lx: 0x%lx, not 0x%lx\n", a, *(volatile u64 *)a,
				       pattern(a, round));
		}
		if (forever && !(round & 63))
			printf("round %lu, %lu MiB, %lu bad\n", round, bytes >> 20, bad);
	}
	check("content kept", bad, 0);
	return result();
}
