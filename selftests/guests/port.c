// SPDX-License-Identifier: GPL-2.0
/*
 * IN, OUT, INS, OUTS in all sizes against the test device's latches ("n="
 * rounds), and ports that nobody claims.
 */
#include "lib.h"

#define NOBODY	0x5a0

static void latches(u64 n)
{
	u64 bad = 0, i;

	for (i = 0; i < n; i++) {
		u32 v = i * 0x9e3779b9;

		out32(TESTDEV_LATCH32, v);
		bad += in32(TESTDEV_LATCH32) != v;
		bad += in16(TESTDEV_LATCH32) != (u16)v;
		bad += in16(TESTDEV_LATCH32 + 1) != (u16)(v >> 8);
		bad += in8(TESTDEV_LATCH32 + 3) != (u8)(v >> 24);
		out8(TESTDEV_LATCH32 + 2, ~v);
		bad += in32(TESTDEV_LATCH32) != ((v & 0xff00ffff) | (~v & 0xff) << 16);
		out8(TESTDEV_LATCH8, i);
		bad += in8(TESTDEV_LATCH8) != (u8)i;
	}
	check("port-latches", bad, 0);
	/* The byte after this latch is nobody's. */
	out8(TESTDEV_LATCH8, 0x42);
	check("port-half-claimed", in16(TESTDEV_LATCH8), 0xff42);
}

static void nobody(void)
{
	check("port-nobody-8", in8(NOBODY), 0xff);
	check("port-nobody-16", in16(NOBODY + 1), 0xffff);
	check("port-nobody-32", in32(NOBODY + 2), 0xffffffff);
	out32(NOBODY, 0x12345678);
	check("port-nobody-write", in32(NOBODY), 0xffffffff);
}

/* IN writes AL, AX or EAX and leaves the rest of RAX as for any result. */
static void widths(void)
{
	u64 a = 0x1122334455667788;

	out32(TESTDEV_LATCH32, 0xdeadbeef);
	asm volatile("inb %w1, %b0" : "+a"(a) : "d"(TESTDEV_LATCH32));
	check("port-in-al", a, 0x11223344556677ef);
	asm volatile("inw %w1, %w0" : "+a"(a) : "d"(TESTDEV_LATCH32));
	check("port-in-ax", a, 0x112233445566beef);
	asm volatile("inl %w1, %k0" : "+a"(a) : "d"(TESTDEV_LATCH32));
	check("port-in-eax", a, 0xdeadbeef);
	a = 0x99;
	asm volatile("outb %%al, $0xe8\n\tinb $0xe8, %%al" : "+a"(a));
	check("port-immediate", a, 0x99);
}

static u8 buf[8192] __attribute__((aligned(4096)));

static void strings(void)
{
	void *p = buf;
	u64 n = 4, i, bad = 0;

	out32(TESTDEV_LATCH32, 0x04030201);
	asm volatile("rep insl" : "+D"(p), "+c"(n) : "d"(TESTDEV_LATCH32) : "memory");
	for (i = 0; i < 16; i++)
		bad += buf[i] != (i & 3) + 1;
	check("ins-rep-data", bad, 0);
	check("ins-rep-pointer", (u64)p - (u64)buf, 16);
	check("ins-rep-count", n, 0);

	/* Across a page, bytes, backwards; the last one written stays. */
	for (i = 0; i < 32; i++)
		buf[4080 + i] = i;
	p = buf + 4111;
	n = 32;
	asm volatile("std; rep outsb; cld" : "+S"(p), "+c"(n) : "d"(TESTDEV_LATCH8) : "memory");
	check("outs-backwards", in8(TESTDEV_LATCH8), 0);
	check("outs-backwards-pointer", (u64)p - (u64)buf, 4079);

	/* 32-bit addresses clear the upper halves. */
	p = (void *)((u64)buf | 0xabcdUL << 48);
	n = 3 | 1UL << 40;
	asm volatile("rep addr32 outsw" : "+S"(p), "+c"(n) : "d"(TESTDEV_LATCH32) : "memory");
	check("outs-addr32-pointer", (u64)p, (u64)buf + 6);
	check("outs-addr32-count", n, 0);

	/* No iteration: nothing moves. */
	p = buf;
	n = 0;
	asm volatile("rep insb" : "+D"(p), "+c"(n) : "d"(TESTDEV_LATCH8) : "memory");
	check("ins-count-zero", (u64)p, (u64)buf);
}

/* A fault in the middle: the iterations before it have happened, RIP has not moved. */
static void string_faults(void)
{
	u8 *page = alloc_pages(3);
	void *p = page + 4096 - 6;
	u64 n = 8;
	int v;

	map_page((u64)page + 4096, (u64)page + 4096, 0);
	out32(TESTDEV_LATCH32, 0x77777777);
	v = GUARDED("rep insw", : "+D"(p), "+c"(n) : "d"(TESTDEV_LATCH32) : "r11", "memory");
	check("ins-fault-vector", v, 14);
	check("ins-fault-address", guard_cr2, (u64)page + 4096);
	check("ins-fault-error", guard_error, 2);
	check("ins-fault-count", n, 5);
	check("ins-fault-pointer", (u64)p, (u64)page + 4096);
	check("ins-fault-data", *(u16 *)(page + 4094), 0x7777);

	map_page((u64)page + 4096, (u64)page + 4096, PTE_P);
	p = page + 4095;
	v = GUARDED("insl", : "+D"(p) : "d"(TESTDEV_LATCH32) : "r11", "memory");
	check("ins-split-fault-vector", v, read_cr0() & 1UL << 16 ? 14 : -1);
	p = page + 4096 + 4094;
	map_page((u64)page + 8192, (u64)page + 8192, 0);
	v = GUARDED("outsl", : "+S"(p) : "d"(TESTDEV_LATCH32) : "r11", "memory");
	check("outs-split-fault-vector", v, 14);
	check("outs-split-fault-address", guard_cr2, (u64)page + 8192);
	check("outs-split-fault-error", guard_error, 0);

	p = (void *)0x0000800000000000;
	v = GUARDED("insb", : "+D"(p) : "d"(TESTDEV_LATCH8) : "r11", "memory");
	check("ins-not-canonical", v, 13);
}

int main(const char *args)
{
	nobody();
	if (arg_word(args, "tcg"))	/* no test device */
		return result();
	latches(arg_u64(args, "n=", 500));
	widths();
	strings();
	string_faults();
	return result();
}
