// SPDX-License-Identifier: GPL-2.0
/*
 * Guest-physical addresses where nothing is: reads give all ones, writes
 * vanish.  "ramend": RAM ends where mem_upper says, so that accesses can cross
 * into the hole.  "testdev": the same at the end of the device's memory.
 */
#include "lib.h"

#define HOLE	0xd0000000UL

static void plain(u64 at)
{
	volatile u8 *p = (volatile u8 *)at;
	u64 a = 0, n = 3;
	void *d = (void *)at;

	check("hole-read-8", *p, 0xff);
	check("hole-read-16", *(volatile u16 *)(p + 1), 0xffff);
	check("hole-read-32", *(volatile u32 *)(p + 4), 0xffffffff);
	check("hole-read-64", *(volatile u64 *)(p + 8), ~0UL);
	*(volatile u64 *)p = 0x1122334455667788;
	check("hole-written", *(volatile u64 *)p, ~0UL);
	asm volatile("lock addq $1, %0" : "+m"(*(u64 *)p));
	asm volatile("xchgq %0, %1" : "+r"(a), "+m"(*(u64 *)p));
	check("hole-xchg", a, ~0UL);
	asm volatile("rep stosq" : "+D"(d), "+c"(n) : "a"(0) : "memory");
	check("hole-stos", n | (u64)d, at + 24);
	asm volatile("movsbq %1, %0" : "=r"(a) : "m"(*p));
	check("hole-movsx", a, ~0UL);
	check("hole-second-page", *(volatile u64 *)(p + 4096 - 3), ~0UL);
}

/* @end: first address that is not there, memory before it. */
static void crossing(const char *name, u64 end)
{
	volatile u32 *p = (volatile u32 *)(end - 2);
	u32 v;

	*(volatile u16 *)(end - 2) = 0x1234;
	v = *p;
	if (v != 0xffff1234)
		fail(name, "read 0x%x", v);
	*p = 0xabcd5678;
	asm volatile("lock incl %0" : "+m"(*p));
	check(name, *p, 0xffff5679);
}

int main(const char *args)
{
	plain(arg_u64(args, "at=", HOLE));
	if (arg_word(args, "ramend"))
		crossing("hole-after-ram", 0x100000 + (mem_upper_kib << 10));
	if (arg_word(args, "testdev"))
		crossing("hole-after-device", TESTDEV_MMIO + 0x10000);
	return result();
}
