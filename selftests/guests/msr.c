// SPDX-License-Identifier: GPL-2.0
/*
 * RDMSR and WRMSR: values kept ("n=" rounds), #GP for what does not exist or is
 * not allowed, TSC_ADJUST against the TSC.
 */
#include "lib.h"

#define EFER		0xc0000080
#define TSC_ADJUST	0x3b
#define TSC		0x10

static int try_read(u32 msr, u64 *val)
{
	u32 lo = 0, hi = 0;
	int v = GUARDED("rdmsr", : "=a"(lo), "=d"(hi) : "c"(msr) : "r11", "memory");

	*val = (u64)hi << 32 | lo;
	return v;
}

static int try_write(u32 msr, u64 val)
{
	return GUARDED("wrmsr", : : "c"(msr), "a"((u32)val), "d"((u32)(val >> 32))
		       : "r11", "memory");
}

static void kept(const char *name, u32 msr, u64 a, u64 b, u64 n)
{
	u64 before = 0, val = 0, bad = 0, i;

	if (try_read(msr, &before) != -1) {
		fail(name, "cannot be read");
		return;
	}
	for (i = 0; i < n; i++) {
		u64 want = i & 1 ? a : b;

		bad += try_write(msr, want) != -1;
		bad += try_read(msr, &val) != -1 || val != want;
	}
	try_write(msr, before);
	check(name, bad, 0);
}

static void refused(const char *name, u32 msr, u64 val)
{
	u64 before = 0, after = 0;
	int readable = try_read(msr, &before), v = try_write(msr, val);

	if (v != 13 || guard_error) {
		fail(name, "vector %d error 0x%lx", v, guard_error);
		return;
	}
	if (readable == -1 && msr != TSC && (try_read(msr, &after) != -1 || after != before))
		fail(name, "changed all the same");
	else
		pass(name);
}

static void unreadable(const char *name, u32 msr)
{
	u64 val;

	check(name, try_read(msr, &val), 13);
}

static void tsc_adjust(void)
{
	u64 val, t0, t1;

	if (try_read(TSC_ADJUST, &val) != -1) {
		printf("no TSC_ADJUST here\n");
		return;
	}
	wrmsr(TSC_ADJUST, 0);
	t0 = rdtsc();
	wrmsr(TSC_ADJUST, 1UL << 40);
	t1 = rdtsc();
	check("tsc-adjust-moves-tsc", (t1 - t0) >> 40, 1);
	check("tsc-adjust-reads-back", rdmsr(TSC_ADJUST), 1UL << 40);
	t1 = rdmsr(TSC);
	check("tsc-msr-agrees", (t1 - t0) >> 40, 1);
	/* Writing the TSC shows in TSC_ADJUST as well (SDM vol. 3, 18.17.3). */
	t0 = rdtsc();
	wrmsr(TSC, t0 - (1UL << 40));
	check("tsc-write-moves-adjust", (rdmsr(TSC_ADJUST) + (1UL << 36)) >> 37, 0);
	wrmsr(TSC_ADJUST, 0);
}

int main(const char *args)
{
	u64 n = arg_u64(args, "n=", 200);

	kept("sysenter-eip", 0x176, 0xffff888012345678, 0x1000, n);
	kept("fs-base", 0xc0000100, 0x00007fff12345678, 0xffff800000000000, n);
	kept("gs-base", 0xc0000101, 0x00007fff12345678, 0xffffffffffffffff, n);
	kept("kernel-gs-base", 0xc0000102, 0x1234, 0xffff800000000000, n);
	kept("star", 0xc0000081, 0x0023001000000000, 0, n);
	kept("lstar", 0xc0000082, 0xffffffff81000000, 0, n);
	kept("fmask", 0xc0000084, 0x47700, 0xffffffff, n);
	kept("pat", 0x277, 0x0007010600070106, 0x0407050600070106, n);
	kept("efer-sce", EFER, rdmsr(EFER) ^ 1, rdmsr(EFER), n);
	kept("mtrr-def-type", 0x2ff, 0xc06, 0x806, n);
	if (!arg_word(args, "tcg"))
		tsc_adjust();

	refused("fs-base-not-canonical", 0xc0000100, 0x0001000000000000);
	refused("kernel-gs-base-not-canonical", 0xc0000102, 0x0000800000000000);
	refused("lstar-not-canonical", 0xc0000082, 0x8000000000000000);
	refused("sysenter-esp-not-canonical", 0x175, 0x0000800000000000);
	refused("pat-bad-type", 0x277, 2);
	refused("efer-reserved", EFER, rdmsr(EFER) | 0x80);
	refused("efer-lme-while-paging", EFER, rdmsr(EFER) & ~0x100UL);
	refused("apic-base-reserved", 0x1b, rdmsr(0x1b) | 1);
	refused("no-such-msr", 0x12345678, 0);
	refused("vmx-basic-is-not-there", 0x480, 0);
	unreadable("no-such-msr-read", 0x12345678);
	unreadable("vmx-msr-read", 0x480);
	unreadable("between-the-bitmaps", 0x2000);
	unreadable("beyond-the-bitmaps", 0xc0002000);
	unreadable("x2apic-in-xapic-mode", 0x802);
	return result();
}
