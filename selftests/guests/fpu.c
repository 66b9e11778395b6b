// SPDX-License-Identifier: GPL-2.0
/*
 * x87, SSE, AVX, AVX-512 and PKRU state, all of it different in each round, must
 * survive exits of all kinds.  "n=" rounds, "spin=" loop length between two
 * looks (time in which the host may run others), "testdev".
 */
#include "lib.h"

#define CR4_OSXSAVE	(1UL << 18)
#define AREA		4096
#define XSTATE_BV	64		/* offset of the header's quadwords */

static u8 want[AREA] __attribute__((aligned(64)));
static u8 got[AREA] __attribute__((aligned(64)));
static u64 features, rng = 0x2545f4914f6cdd1d;
static u32 offset[64], size[64];
static bool have_xsave, testdev;
static u8 *stolen;

static u64 rnd(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

static void load(const void *p)
{
	if (have_xsave)
		asm volatile("xrstor64 (%0)" : : "r"(p), "a"((u32)features),
			     "d"((u32)(features >> 32)) : "memory");
	else
		asm volatile("fxrstor64 (%0)" : : "r"(p) : "memory");
}

static void store(void *p)
{
	if (have_xsave)
		asm volatile("xsave64 (%0)" : : "r"(p), "a"((u32)features),
			     "d"((u32)(features >> 32)) : "memory");
	else
		asm volatile("fxsave64 (%0)" : : "r"(p) : "memory");
}

static void find_features(void)
{
	u32 r[4];
	unsigned int i;

	offset[0] = 0;
	size[0] = 512;
	cpuid(1, 0, r);
	have_xsave = r[2] >> 26 & 1;
	features = 3;
	if (!have_xsave)
		return;
	write_cr4(read_cr4() | CR4_OSXSAVE);
	cpuid(0xd, 0, r);
	features = (u64)r[3] << 32 | r[0];
	asm volatile("xsetbv" : : "c"(0), "a"(r[0]), "d"(r[3]));
	for (i = 2; i < 63; i++) {
		if (!(features >> i & 1))
			continue;
		cpuid(0xd, i, r);
		size[i] = r[0];
		offset[i] = r[1];
		if (offset[i] + size[i] > AREA) {
			printf("component %u does not fit\n", i);
			features &= ~(1UL << i);
		}
	}
}

/* An image with random registers and a control word that raises nothing. */
static void make_image(u8 *p)
{
	unsigned int i, n;
	u32 pkru;

	memset(p, 0, AREA);
	*(u16 *)p = 0x037f ^ (rnd() & 0xc00);			/* FCW: rounding */
	*(u16 *)(p + 2) = rnd() & 0x3800;			/* FSW: top of stack */
	p[4] = 0xff;						/* all registers in use */
	*(u32 *)(p + 24) = 0x1f80 ^ (rnd() & 0xe000);		/* MXCSR */
	for (i = 0; i < 8; i++) {
		*(u64 *)(p + 32 + i * 16) = rnd() | 1UL << 63;
		*(u16 *)(p + 40 + i * 16) = 0x3fff + (rnd() & 0xff);
	}
	for (i = 0; i < 32; i++)
		*(u64 *)(p + 160 + i * 8) = rnd();
	if (!have_xsave)
		return;
	*(u64 *)(p + 512) = features;
	for (i = 2; i < 63; i++)
		for (n = 0; n < size[i] && (features >> i & 1); n += 8)
			*(u64 *)(p + offset[i] + n) = rnd();
	if (features >> 9 & 1) {
		pkru = rnd();
		memset(p + offset[9], 0, size[9]);
		memcpy(p + offset[9], &pkru, 4);
	}
}

static void do_exits(unsigned int kind, u64 spin)
{
	u32 r[4];
	u64 i;

	switch (kind) {
	case 0:
		cpuid(0, 0, r);
		break;
	case 1:
		in8(0x3fd);
		break;
	case 2:
		rdmsr(0x1b);
		break;
	case 3:
		if (testdev) {
			*(volatile u64 *)TESTDEV_MMIO = 1;
			(void)*(volatile u8 *)(TESTDEV_MMIO + 9);
		}
		break;
	case 4:
		if (testdev) {
			take_away(stolen);
			(*(volatile u8 *)stolen)++;
		}
		break;
	case 5:
		for (i = 0; i < spin; i++)
			asm volatile("pause");
		break;
	case 6:
		write_cr3(read_cr3());
		write_cr4(read_cr4() ^ 1UL << 7);
		write_cr4(read_cr4() ^ 1UL << 7);
		break;
	case 7:
		/* XCR0 down to x87 and back: the rest keeps its values. */
		if (have_xsave) {
			asm volatile("xsetbv" : : "c"(0), "a"(1), "d"(0));
			in8(0x3fd);
			asm volatile("xsetbv" : : "c"(0), "a"((u32)features),
				     "d"((u32)(features >> 32)));
		}
		break;
	}
}
#define KINDS	8

/* Component @i of both images, without the fields that XSAVE may leave alone. */
static bool differs(unsigned int i)
{
	if (i == 0)	/* control words, registers, MXCSR, XMM */
		return memcmp(want, got, 5) || memcmp(want + 24, got + 24, 4) ||
		       memcmp(want + 32, got + 32, 128) || memcmp(want + 160, got + 160, 256);
	return memcmp(want + offset[i], got + offset[i], size[i]);
}

int main(const char *args)
{
	static const char *const name[KINDS] = {
		"fpu-cpuid", "fpu-port", "fpu-msr", "fpu-mmio", "fpu-page", "fpu-spin",
		"fpu-cr", "fpu-xsetbv",
	};
	u64 n = arg_u64(args, "n=", 40), spin = arg_u64(args, "spin=", 2000), i;
	u64 bad[KINDS] = { 0 };
	unsigned int k, c;

	testdev = arg_word(args, "testdev");
	find_features();
	stolen = alloc_pages(1);
	printf("features 0x%lx\n", features);
	for (i = 0; i < n; i++)
		for (k = 0; k < KINDS; k++) {
			make_image(want);
			memset(got, 0, sizeof(got));
			load(want);
			do_exits(k, spin);
			store(got);
			for (c = 0; c < 63; c++)
				if (c != 1 && (features >> c & 1) && differs(c)) {
					if (!bad[k])
						printf("%s: component %u\n", name[k], c);
					bad[k]++;
				}
		}
	for (k = 0; k < KINDS; k++)
		check(name[k], bad[k], 0);
	return result();
}
