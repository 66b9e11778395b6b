// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into Bochs: its RDRAND and RDSEED come from rand(), which it seeds
 * from the time of day.  With the run's own seed instead, the same inputs give
 * the same run, instruction by instruction.
 */
#include <stdlib.h>

void srand(unsigned int seed)
{
	const char *own = getenv("LAB_SEED");

	srandom(own ? (unsigned int)atoi(own) + 1 : seed);
}
