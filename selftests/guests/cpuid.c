// SPDX-License-Identifier: GPL-2.0
/*
 * CPUID over and over: "n=" rounds.  The answers must stay, and be a guest's.
 * "hides": of the features named in hidden(), which the VM was made without,
 * nothing is left.
 */
#include "lib.h"

#define LEAVES	24

static const u32 leaf[LEAVES][2] = {
	{ 0 }, { 1 }, { 2 }, { 4, 0 }, { 4, 1 }, { 4, 3 }, { 5 }, { 6 }, { 7, 0 }, { 7, 1 },
	{ 0xa }, { 0xb, 0 }, { 0xb, 1 }, { 0xd, 0 }, { 0xd, 1 }, { 0xd, 2 },
	{ 0x40000000 }, { 0x40000001 }, { 0x80000000 }, { 0x80000001 },
	{ 0x80000002 }, { 0x80000007 }, { 0x80000008 }, { 0xffffffff },
};

static int try_write(u32 msr, u64 val)
{
	return GUARDED("wrmsr", : : "c"(msr), "a"((u32)val), "d"((u32)(val >> 32))
		       : "r11", "memory");
}

static int try_cr4(u64 bit)
{
	return GUARDED("movq %0, %%cr4", : : "r"(read_cr4() | bit) : "r11", "memory");
}

/* --cpu-hide avx,pcid,x2apic,tsc_deadline_timer,rdtscp,rdpid,fsgsbase,umip */
static void hidden(void)
{
	u32 r[4], lo = 7, hi = 0;

	cpuid(1, 0, r);
	check("hidden-leaf-1", r[2] & (1U << 28 | 1U << 12 | 1U << 29 | 1U << 17 | 1U << 21 | 1U << 24), 0);
	cpuid(7, 0, r);
	check("hidden-leaf-7-ebx", r[1] & (1U << 0 | 1U << 5 | 1U << 10 | 1U << 16 | 1U << 31), 0);
	check("hidden-leaf-7-ecx", r[2] & (1U << 2 | 1U << 9 | 1U << 22), 0);
	cpuid(0x80000001, 0, r);
	check("hidden-extended", r[3] & 1U << 27, 0);
	cpuid(0xd, 0, r);
	check("hidden-xcr0", r[0] & 0xe4, 0);
	check("hidden-osxsave-works", try_cr4(1UL << 18), (u64)-1);
	check("hidden-avx-state", GUARDED("xsetbv", : : "c"(0), "a"(lo), "d"(hi) : "r11"), 13);
	check("hidden-sse-state", GUARDED("xsetbv", : : "c"(0), "a"(3), "d"(hi) : "r11"), (u64)-1);
	check("hidden-pcide", try_cr4(1UL << 17), 13);
	check("hidden-fsgsbase", try_cr4(1UL << 16), 13);
	check("hidden-umip", try_cr4(1UL << 11), 13);
	check("hidden-x2apic", try_write(0x1b, rdmsr(0x1b) | 0x400), 13);
	check("hidden-deadline", try_write(0x6e0, 1), 13);
	check("hidden-tsc-aux", try_write(0xc0000103, 1), 13);
	check("hidden-rdtscp", GUARDED("rdtscp", : : : "rax", "rcx", "rdx", "r11"), 6);
	check("hidden-invpcid", GUARDED("invpcid (%0), %1", : : "r"(r), "r"(0UL) : "r11", "memory"), 6);
}

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

	if (arg_word(args, "hides"))
		hidden();
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
