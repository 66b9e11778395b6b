// SPDX-License-Identifier: GPL-2.0
/* CPUID over and over: "n=" rounds.  The answers must stay, and be a guest's. */
#include "lib.h"

#define LEAVES	24

static const u32 leaf[LEAVES][2] = {
	{ 0 }, { 1 }, { 2 }, { 4, 0 }, { 4, 1 }, { 4, 3 }, { 5 }, { 6 }, { 7, 0 }, { 7, 1 },
	{ 0xa }, { 0xb, 0 }, { 0xb, 1 }, { 0xd, 0 }, { 0xd, 1 }, { 0xd, 2 },
	{ 0x40000000 }, { 0x40000001 }, { 0x80000000 }, { 0x80000001 },
	{ 0x80000002 }, { 0x80000007 }, { 0x80000008 }, { 0xffffffff },
};

int main(const char *args)
{
	u64 n = arg_u64(args, "n=", 1000), changed = 0, i;
	u32 first[LEAVES][4], r[4];
	unsigned int l;

	for (l = 0; l < LEAVES; l++)
		cpuid(leaf[l][0], leaf[l][1], first[l]);
	for (i = 0; i < n; i++)
		for (l = 0; l < LEAVES; l++) {
			cpuid(leaf[l][0], leaf[l][1], r);
			changed += memcmp(r, first[l], sizeof(r)) != 0;
		}
	check("cpuid-stable", changed, 0);
	check("cpuid-hypervisor-bit", first[1][2] >> 31, 1);
	check("cpuid-no-vmx", first[1][2] >> 5 & 1, 0);
	check("cpuid-no-smx", first[1][2] >> 6 & 1, 0);
	check("cpuid-no-monitor", first[1][2] >> 3 & 1, arg_word(args, "monitor"));
	check("cpuid-hypervisor-leaf", first[16][0] >= 0x40000000 && first[16][0] < 0x40010000, 1);

	/* OSXSAVE in the answer follows CR4. */
	if (first[1][2] & 1U << 26) {
		check("cpuid-osxsave-off", first[1][2] >> 27 & 1, 0);
		write_cr4(read_cr4() | 1UL << 18);
		cpuid(1, 0, r);
		check("cpuid-osxsave-on", r[2] >> 27 & 1, 1);
		write_cr4(read_cr4() & ~(1UL << 18));
	}
	/* CPUID writes 32 bits and clears the upper halves. */
	{
		u64 a = ~0UL << 32, b = ~0UL, c = ~0UL << 32, d = ~0UL;

		asm volatile("cpuid" : "+a"(a), "+b"(b), "+c"(c), "+d"(d));
		check("cpuid-upper-halves", (a | b | c | d) >> 32, 0);
	}
	return result();
}
