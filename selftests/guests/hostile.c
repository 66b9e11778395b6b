// SPDX-License-Identifier: GPL-2.0
/*
 * Loads every register that host and guest share with values that would hurt
 * the host if they stayed behind, and looks whether they are still there after
 * all kinds of exits.  "n=" rounds, or "forever"; "spin=" length of the loop in
 * which the host's interrupts end the stay.
 */
#include "lib.h"

#define AREA		4096
#define CR4_DE		(1UL << 3)
#define CR4_FSGSBASE	(1UL << 16)
#define CR4_OSXSAVE	(1UL << 18)
#define CR4_PKE		(1UL << 22)

#define READ_DR(n)	({ u64 v_; asm volatile("movq %%dr" #n ", %0" : "=r"(v_)); v_; })
#define WRITE_DR(n, v)	asm volatile("movq %0, %%dr" #n : : "r"((u64)(v)) : "memory")

static const struct {
	u32 msr;
	u64 val;
	const char *name;
} msrs[] = {
	/* Selectors that no host has; a return through them faults. */
	{ 0xc0000081, 0xfff0fff000000000, "STAR" },
	{ 0xc0000082, 0x0000666666666000, "LSTAR" },
	{ 0xc0000083, 0x0000777777777000, "CSTAR" },
	{ 0xc0000084, 0x0000000000000000, "FMASK" },	/* interrupts stay on */
	{ 0xc0000102, 0x0000555555555000, "KERNEL_GS_BASE" },
	{ 0xc0000103, 0x00000000deadbeef, "TSC_AUX" },
	{ 0x174, 0xfff0, "SYSENTER_CS" },
	{ 0x175, 0x0000444444444000, "SYSENTER_ESP" },
	{ 0x176, 0x0000333333333000, "SYSENTER_EIP" },
	{ 0x277, 0, "PAT" },				/* everything uncached */
	{ 0xc0000100, 0x0000222222222000, "FS_BASE" },
	{ 0xc0000101, 0x0000111111111000, "GS_BASE" },
	{ 0x1d9, 2, "DEBUGCTL" },			/* single-step on branches */
};
#define MSRS	(sizeof(msrs) / sizeof(msrs[0]))

static u8 want[AREA] __attribute__((aligned(64)));
static u8 got[AREA] __attribute__((aligned(64)));
static u64 features, rng = 0x9e3779b97f4a7c15;
static u32 offset[64], size[64];
static u32 spec;
static bool have_pke;
static u32 pkru;

static u64 rnd(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

static void set_xcr0(u64 v)
{
	asm volatile("xsetbv" : : "c"(0), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

static void find_features(void)
{
	u32 r[4];
	unsigned int i;

	cpuid(1, 0, r);
	if (!(r[2] >> 26 & 1))
		return;
	write_cr4(read_cr4() | CR4_OSXSAVE);
	cpuid(7, 0, r);
	/* Not IBRS, which a host may well have set itself. */
	spec = r[3] >> 26 & 1 ? (r[3] >> 31 & 1) << 2 | (r[3] >> 27 & 1) << 1 : 0;
	have_pke = r[2] >> 3 & 1;
	cpuid(0xd, 0, r);
	features = (u64)r[3] << 32 | r[0];
	for (i = 2; i < 63; i++) {
		if (!(features >> i & 1))
			continue;
		cpuid(0xd, i, r);
		size[i] = r[0];
		offset[i] = r[1];
		if (i == 9 || offset[i] + size[i] > AREA)
			features &= ~(1UL << i);
	}
	set_xcr0(features);
}

/* Control words that mask nothing: the first inexact result would trap. */
static void make_image(void)
{
	unsigned int i, n;

	memset(want, 0, AREA);
	*(u16 *)want = 0x0f40;				/* FCW */
	want[4] = 0xff;
	*(u32 *)(want + 24) = 0x0000e000;		/* MXCSR: round to zero, flush */
	for (i = 0; i < 8; i++) {
		*(u64 *)(want + 32 + i * 16) = rnd() | 1UL << 63;
		*(u16 *)(want + 40 + i * 16) = 0x3fff;
	}
	for (i = 0; i < 32; i++)
		*(u64 *)(want + 160 + i * 8) = rnd();
	*(u64 *)(want + 512) = features;
	for (i = 2; i < 63; i++)
		for (n = 0; n < size[i] && (features >> i & 1); n += 8)
			*(u64 *)(want + offset[i] + n) = rnd();
}

static void arm(void)
{
	unsigned int i;

	for (i = 0; i < MSRS; i++)
		wrmsr(msrs[i].msr, msrs[i].val);
	if (spec)
		wrmsr(0x48, spec);
	/* No SYSCALL, no NX. */
	wrmsr(0xc0000080, 0x500);
	write_cr4(read_cr4() | CR4_DE | CR4_FSGSBASE | (have_pke ? CR4_PKE : 0));
	if (have_pke) {
		pkru = 0xfffffffc;
		asm volatile("wrpkru" : : "a"(pkru), "c"(0), "d"(0));
	}
	/* Addresses at which a host has much to do, all four on. */
	WRITE_DR(0, 0xffffffff81000000);
	WRITE_DR(1, 0x400000);
	WRITE_DR(2, 0x7ffffffff000);
	WRITE_DR(3, 0xffff888000000000);
	WRITE_DR(6, 0xffff0ff0 | 5);
	WRITE_DR(7, 0x400 | 0xaa | 0xfff00000);
	make_image();
	if (features)
		asm volatile("xrstor64 (%0)" : : "r"(want), "a"((u32)features),
			     "d"((u32)(features >> 32)) : "memory");
	write_cr2(0xbadbadbad000);
}

static bool holds(const char *what, u64 is, u64 should)
{
	if (is != should)
		printf("FAIL %s is 0x%lx, not 0x%lx\n", what, is, should);
	return is == should;
}

static bool look(void)
{
	bool good = true;
	unsigned int i;

	for (i = 0; i < MSRS; i++)
		good &= holds(msrs[i].name, rdmsr(msrs[i].msr), msrs[i].val);
	good &= holds("EFER", rdmsr(0xc0000080), 0x500);
	if (spec)
		good &= holds("SPEC_CTRL", rdmsr(0x48), spec);
	good &= holds("DR0", READ_DR(0), 0xffffffff81000000);
	good &= holds("DR1", READ_DR(1), 0x400000);
	good &= holds("DR2", READ_DR(2), 0x7ffffffff000);
	good &= holds("DR3", READ_DR(3), 0xffff888000000000);
	good &= holds("DR6", READ_DR(6), 0xffff0ff0 | 5);
	good &= holds("DR7", READ_DR(7), 0x400 | 0xaa | 0xfff00000);
	good &= holds("CR2", read_cr2(), 0xbadbadbad000);
	if (have_pke) {
		u32 eax, edx;

		asm volatile("rdpkru" : "=a"(eax), "=d"(edx) : "c"(0));
		good &= holds("PKRU", eax, pkru);
	}
	if (!features)
		return good;
	set_xcr0(features);
	memset(got, 0, AREA);
	asm volatile("xsave64 (%0)" : : "r"(got), "a"((u32)features),
		     "d"((u32)(features >> 32)) : "memory");
	good &= holds("FCW", *(u16 *)got, *(u16 *)want);
	good &= holds("MXCSR", *(u32 *)(got + 24), *(u32 *)(want + 24));
	good &= holds("XMM", memcmp(want + 160, got + 160, 256), 0);
	for (i = 2; i < 63; i++)
		if (features >> i & 1)
			good &= holds("XSAVE component", memcmp(want + offset[i], got + offset[i],
								size[i]) ? i : 0, 0);
	return good;
}

/* All but XCR0, which goes down to what a host cannot live with. */
static void stay(u64 kind, u64 spin)
{
	u64 i;
	u32 r[4];

	if (features && kind & 1)
		set_xcr0(1);
	switch (kind >> 1) {
	case 0:
		cpuid(0, 0, r);
		break;
	case 1:
		in8(0x3fd);
		break;
	default:
		asm volatile("sti");
		for (i = 0; i < spin; i++)
			asm volatile("");
		asm volatile("cli");
	}
}

int main(const char *args)
{
	u64 n = arg_u64(args, "n=", 100), spin = arg_u64(args, "spin=", 20000), round, bad = 0;
	bool forever = arg_word(args, "forever");

	find_features();
	for (round = 0; forever || round < n; round++) {
		arm();
		if (!round)
			printf("READY hostile, XSAVE features 0x%lx\n", features);
		stay(round % 8, spin);
		if (!look() && ++bad > 3)
			break;
	}
	check("own registers kept", bad, 0);
	return result();
}
