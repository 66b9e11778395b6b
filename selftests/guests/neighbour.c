// SPDX-License-Identifier: GPL-2.0
/*
 * A well-behaved neighbour: "n=" rounds of work whose result is known, and of
 * exits whose cost is measured.  Prints "ROUND" now and then, the half and 99%
 * quantiles of an exit's ticks, and PASS when every round gave the same sum.
 */
#include "lib.h"

#define WORDS		(64u << 10)
#define EXITS		400		/* in a round */
#define SHIFT		4		/* ticks in a bucket: 1 << SHIFT */
#define BUCKETS		8192		/* the last one is for all above */

static u64 area[WORDS];
static u32 bucket[BUCKETS];

/* Fills the area and folds it; the same for the same seed. */
static u64 work(u64 seed)
{
	u64 x = seed, sum = 0;

	for (u32 i = 0; i < WORDS; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		area[i] = x;
	}
	for (u32 i = 0; i < WORDS; i++)
		sum = (sum << 5 | sum >> 59) ^ area[(i * 40503u) % WORDS];
	return sum;
}

static void exits(void)
{
	u32 r[4];
	u64 t;

	for (u32 i = 0; i < EXITS; i++) {
		t = rdtsc();
		cpuid(0, 0, r);
		t = (rdtsc() - t) >> SHIFT;
		bucket[t < BUCKETS ? t : BUCKETS - 1]++;
	}
}

/* Upper end of the bucket below which @permille of @total lie. */
static u64 quantile(u64 total, u32 permille)
{
	u64 seen = 0;

	for (u32 i = 0; i < BUCKETS; i++) {
		seen += bucket[i];
		if (seen * 1000 >= total * permille)
			return (u64)(i + 1) << SHIFT;
	}
	return (u64)BUCKETS << SHIFT;
}

int main(const char *args)
{
	u64 n = arg_u64(args, "n=", 100), want = work(88172645463325252), bad = 0;

	printf("READY neighbour\n");
	for (u64 i = 0; i < n; i++) {
		bad += work(88172645463325252) != want;
		exits();
		if (i % 16 == 15)
			printf("ROUND %lu\n", i + 1);
	}
	printf("P50 %lu\nP99 %lu\n", quantile(n * EXITS, 500), quantile(n * EXITS, 990));
	check("rounds with another sum", n ? bad : ~0ULL, 0);
	return result();
}
