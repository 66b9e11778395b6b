// SPDX-License-Identifier: GPL-2.0
/* Registers of a process: XSAVE state, PKRU, what system calls and TLS need. */
#include <asm/prctl.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "use.h"

/* ---- XSAVE state ------------------------------------------------------------------------------ */

#define AREA	4096
static unsigned char want[AREA] __attribute__((aligned(64)));
static unsigned char got[AREA] __attribute__((aligned(64)));

static __attribute__((noinline)) void load_wait_store(uint32_t mask, long spin)
{
	asm volatile("xrstor64 (%0)" : : "r"(want), "a"(mask), "d"(0) : "memory");
	if (spin)
		asm volatile("1: dec %0; jnz 1b" : "+r"(spin));
	else
		raw_sleep(SLEEP_NS);
	asm volatile("xsave64 (%0)" : : "r"(got), "a"(mask), "d"(0) : "memory");
}

static uint64_t xgetbv(void)
{
	uint32_t lo, hi;

	asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return (uint64_t)hi << 32 | lo;
}

bool item_xstate(void)
{
	struct beside b = beside_begin();
	uint32_t offset[32] = { 0 }, size[32] = { 0 }, r[4], mask;
	unsigned int i, n, round = 0;

	cpuid(1, 0, r);
	if (!(r[2] >> 27 & 1))
		return skip("no XSAVE");
	/* Not PKRU, and not AMX, which needs permission. */
	mask = xgetbv() & 0xff;
	for (i = 2; i < 8; i++) {
		cpuid(0xd, i, r);
		size[i] = mask >> i & 1 ? r[0] : 0;
		offset[i] = r[1];
		if (offset[i] + size[i] > AREA)
			return wrong("component %u does not fit", i);
	}
	while (beside(&b)) {
		for (i = 0; i < AREA; i++)
			want[i] = i * 7 + round * 13 + (i >> 8);
		memset(want + 512, 0, 64);
		*(uint32_t *)(want + 512) = mask;
		*(uint16_t *)want = 0x037f ^ (round & 3) << 10;
		*(uint16_t *)(want + 2) = 0;
		want[4] = 0xff;
		*(uint32_t *)(want + 24) = 0x1f80 ^ (round & 7) << 13;
		for (i = 0; i < 8; i++) {	/* valid x87 numbers */
			*(uint16_t *)(want + 40 + i * 16) = 0x3fff;
			want[39 + i * 16] |= 0x80;
		}
		memset(got, 0, AREA);
		/* Mostly a sleep, sometimes until the tick takes the CPU away. */
		load_wait_store(mask, round++ % 8 ? 0 : 3000000);
		if (memcmp(want, got, 2) || memcmp(want + 24, got + 24, 4))
			return wrong("control words changed: FCW %#x, MXCSR %#x",
				     *(uint16_t *)got, *(uint32_t *)(got + 24));
		for (i = 0; i < 8; i++)
			if (memcmp(want + 32 + i * 16, got + 32 + i * 16, 10))
				return wrong("x87 register %u changed", i);
		if (memcmp(want + 160, got + 160, 256))
			return wrong("an XMM register changed");
		for (i = 2; i < 8; i++)
			for (n = 0; n < size[i]; n++)
				if (want[offset[i] + n] != got[offset[i] + n])
					return wrong("component %u changed at %u", i, n);
	}
	return done(&b);
}

bool item_xcr0(void)
{
	struct beside b = beside_begin();
	uint64_t first = xgetbv();

	if (!(first & 2))
		return wrong("XCR0 is %#lx from the start", first);
	while (beside(&b)) {
		raw_sleep(SLEEP_NS);
		if (xgetbv() != first)
			return wrong("XCR0 is %#lx, not %#lx", xgetbv(), first);
	}
	return done(&b);
}

bool item_pkru(void)
{
	struct beside b = beside_begin();
	uint32_t pkru, want_pkru;
	volatile char *page;
	int key;

	key = syscall(SYS_pkey_alloc, 0, 0);
	if (key < 0)
		return skip("the processor has no protection keys");
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || syscall(SYS_pkey_mprotect, page, 4096, 3, key))
		return wrong("pkey_mprotect: %s", strerror(errno));
	want_pkru = 0x55555554 & ~(3U << key * 2);
	want_pkru |= 2U << key * 2;	/* read only */
	catch_faults();
	while (beside(&b)) {
		asm volatile("wrpkru" : : "a"(want_pkru), "c"(0), "d"(0) : "memory");
		raw_sleep(SLEEP_NS);
		asm volatile("rdpkru" : "=a"(pkru) : "c"(0) : "edx");
		if (pkru != want_pkru)
			return wrong("PKRU is %#x, not %#x", pkru, want_pkru);
		if (FAULTS((void)*page) || !FAULTS(*page = 1))
			return wrong("the key is not obeyed");
	}
	return done(&b);
}

/* ---- system calls, TSC_AUX, segment bases ------------------------------------------------------------ */

static long call_32(void)
{
	long ret = 64;		/* getppid of the 32-bit table */

	asm volatile("int $0x80" : "+a"(ret) : : "r8", "r9", "r10", "r11", "memory");
	return ret;
}

bool item_syscall(void)
{
	struct beside b = beside_begin();
	long parent = getppid(), ret;
	bool compat;

	catch_faults();
	compat = !FAULTS(call_32());	/* without IA32_EMULATION it is #GP */
	while (beside(&b)) {
		raw_sleep(SLEEP_NS);
		ret = SYS_getppid;
		asm volatile("syscall" : "+a"(ret) : : "rcx", "r11", "memory");
		if (ret != parent)
			return wrong("SYSCALL gave %ld, not %ld", ret, parent);
		if (compat && (ret = call_32()) != parent)
			return wrong("INT 80h gave %ld, not %ld", ret, parent);
	}
	return done(&b);
}

bool item_tsc_aux(void)
{
	struct beside b = beside_begin();
	uint32_t aux, r[4];
	uint64_t pid = cpu;
	bool rdpid;

	cpuid(7, 0, r);
	rdpid = r[2] >> 22 & 1;
	while (beside(&b)) {
		raw_sleep(SLEEP_NS);
		asm volatile("rdtscp" : "=c"(aux) : : "eax", "edx");
		if (rdpid)
			asm volatile(".byte 0xf3, 0x0f, 0xc7, 0xf8" : "=a"(pid));
		if ((aux & 0xfff) != cpu || (pid & 0xfff) != cpu)
			return wrong("TSC_AUX is %#x on CPU %d", aux, cpu);
	}
	return done(&b);
}

static __thread uint64_t tls_word;

bool item_fs_gs(void)
{
	struct beside b = beside_begin();
	uint64_t words[512] = { 0 }, i = 0, gs = 0, v;

	tls_word = 0x1234;
	while (beside(&b)) {
		v = (uint64_t)&words[++i % 512];
		*(uint64_t *)v = i;
		if (syscall(SYS_arch_prctl, ARCH_SET_GS, v))
			return wrong("ARCH_SET_GS: %s", strerror(errno));
		raw_sleep(SLEEP_NS);
		asm volatile("movq %%gs:0, %0" : "=r"(gs));
		if (gs != i)
			return wrong("GS points elsewhere");
		if (syscall(SYS_arch_prctl, ARCH_GET_GS, &gs) || gs != v)
			return wrong("GS base is %#lx, not %#lx", gs, v);
		if (tls_word != 0x1234)
			return wrong("FS points elsewhere");
	}
	syscall(SYS_arch_prctl, ARCH_SET_GS, 0);
	return done(&b);
}
