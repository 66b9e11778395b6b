// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into Bochs, so that the same inputs give the same run, instruction
 * by instruction.  Two things of the real world reach the machine otherwise:
 *
 * - RDRAND and RDSEED come from rand(), seeded from the time of day.
 * - A timer of Bochs that follows real time runs even when nothing uses it.
 *   With several CPUs, when it fires decides whose turn comes when.  For it
 *   time stands still.
 */
#include <stdlib.h>
#include <sys/time.h>

void srand(unsigned int seed)
{
	const char *own = getenv("LAB_SEED");

	srandom(own ? (unsigned int)atoi(own) + 1 : seed);
}

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	(void)tz;
	tv->tv_sec = 1767225600;
	tv->tv_usec = 0;
	return 0;
}
