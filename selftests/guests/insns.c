// SPDX-License-Identifier: GPL-2.0
/*
 * One instruction after the other that a hypervisor may see as an exit: what
 * the CPU does not have raises #UD, what it has works.
 */
#include "lib.h"

#define CLOBBERS	"r11", "memory", "cc"

static u8 area[4096] __attribute__((aligned(4096)));

/* #UD, with RIP at the instruction. */
#define UD(name, code)	do {						\
	int v_ = GUARDED("8: " code, : : "a"(0), "b"(area), "c"(0), "d"(0) : CLOBBERS);	\
	if (v_ == 6 && (*(u8 *)guard_fault_rip == 0x0f ||		\
			*(u8 *)guard_fault_rip == 0xf3 ||		\
			*(u8 *)guard_fault_rip == 0xf2 ||		\
			*(u8 *)guard_fault_rip == 0x66 ||		\
			*(u8 *)guard_fault_rip == 0xc5 ||		\
			*(u8 *)guard_fault_rip == 0xc7))		\
		pass(name);						\
	else								\
		fail(name, "vector %d at 0x%lx", v_, guard_fault_rip);	\
} while (0)

#define NO_FAULT(name, code)						\
	check(name, GUARDED(code, : : "a"(0), "b"(area), "c"(0), "d"(0) : CLOBBERS), ~0UL)

static bool has(u32 leaf, unsigned int reg, unsigned int bit)
{
	u32 r[4];

	cpuid(leaf, 0, r);
	return r[reg] >> bit & 1;
}

/* Without hypercalls it is unknown; with the KVM signature -ENOSYS is an answer. */
static void vmcall(void)
{
	u64 rax = 100;
	int v = GUARDED(".byte 0x0f, 0x01, 0xc1", : "+a"(rax) : "b"(0), "c"(0), "d"(0) : CLOBBERS);

	check("vmcall", v == 6 || (v == -1 && rax == -1000UL), 1);
}

static void vmx_and_smx(void)
{
	vmcall();
	UD("vmlaunch", ".byte 0x0f, 0x01, 0xc2");
	UD("vmresume", ".byte 0x0f, 0x01, 0xc3");
	UD("vmxoff", ".byte 0x0f, 0x01, 0xc4");
	UD("vmfunc", ".byte 0x0f, 0x01, 0xd4");
	UD("vmxon", ".byte 0xf3, 0x0f, 0xc7, 0x33");		/* [rbx] */
	UD("vmptrld", ".byte 0x0f, 0xc7, 0x33");
	UD("vmptrst", ".byte 0x0f, 0xc7, 0x3b");
	UD("vmclear", ".byte 0x66, 0x0f, 0xc7, 0x33");
	UD("vmread", ".byte 0x0f, 0x78, 0xc1");
	UD("vmwrite", ".byte 0x0f, 0x79, 0xc1");
	UD("invept", ".byte 0x66, 0x0f, 0x38, 0x80, 0x03");
	UD("invvpid", ".byte 0x66, 0x0f, 0x38, 0x81, 0x03");
	UD("getsec", ".byte 0x0f, 0x37");
	UD("rsm", ".byte 0x0f, 0xaa");
	UD("encls", ".byte 0x0f, 0x01, 0xcf");
	UD("enclu", ".byte 0x0f, 0x01, 0xd7");
	UD("vmmcall", ".byte 0x0f, 0x01, 0xd9");
	UD("pconfig", ".byte 0x0f, 0x01, 0xc5");
	UD("xbegin", ".byte 0xc7, 0xf8, 0, 0, 0, 0");
	UD("loadiwkey", ".byte 0xf3, 0x0f, 0x38, 0xdc, 0xc1");	/* xmm0, xmm1 */
	UD("ud2", "ud2");
}

static void waiting(void)
{
	if (!has(1, 2, 3)) {
		UD("monitor", ".byte 0x0f, 0x01, 0xc8");
		UD("mwait", ".byte 0x0f, 0x01, 0xc9");
	}
	if (!has(7, 2, 5)) {
		UD("umonitor", ".byte 0xf3, 0x0f, 0xae, 0xf3");
		UD("umwait", ".byte 0xf2, 0x0f, 0xae, 0xf3");
		UD("tpause", ".byte 0x66, 0x0f, 0xae, 0xf3");
	}
	NO_FAULT("pause", "pause");
}

static void caches(void)
{
	NO_FAULT("invd", "wbinvd; invd");	/* first write back what is dirty */
	NO_FAULT("wbinvd", "wbinvd");
	NO_FAULT("wbnoinvd", ".byte 0xf3, 0x0f, 0x09");
	NO_FAULT("clflush", "clflush (%%rbx)");
	NO_FAULT("invlpg", "invlpg (%%rbx)");
	/* Not canonical: INVLPG does nothing. */
	NO_FAULT("invlpg-not-canonical",
		 "movabsq $0x4000000000000000, %%rcx; invlpg (%%rcx)");
}

static int invpcid(u64 type, u64 pcid, u64 address)
{
	u64 descriptor[2] = { pcid, address };

	return GUARDED("invpcid (%1), %0", : : "r"(type), "r"(descriptor) : CLOBBERS);
}

static void pcids(void)
{
	if (!has(7, 1, 10)) {
		UD("invpcid", ".byte 0x66, 0x0f, 0x38, 0x82, 0x03");
		return;
	}
	check("invpcid-address", invpcid(0, 0, 0x1000), ~0UL);
	check("invpcid-context", invpcid(1, 0, 0), ~0UL);
	check("invpcid-all", invpcid(2, 0, 0), ~0UL);
	check("invpcid-all-but-global", invpcid(3, 0, 0), ~0UL);
	check("invpcid-bad-type", invpcid(4, 0, 0), 13);
	check("invpcid-reserved", invpcid(0, 1UL << 12, 0), 13);
	check("invpcid-pcid-without-pcide", invpcid(0, 5, 0), 13);
	check("invpcid-not-canonical", invpcid(0, 0, 1UL << 62), 13);
}

static void time_stamps(void)
{
	u64 a = rdtsc(), b, i, back = 0;
	u32 lo, hi, aux = 0, r[4];

	for (i = 0; i < 1000; i++) {
		b = rdtsc();
		back += b < a;
		a = b;
	}
	check("rdtsc-monotonic", back, 0);
	if (has(0x80000001, 3, 27)) {
		wrmsr(0xc0000103, 0x1234);
		asm volatile("rdtscp" : "=a"(lo), "=d"(hi), "=c"(aux));
		check("rdtscp-aux", aux, 0x1234);
		b = (u64)hi << 32 | lo;
		check("rdtscp-after-rdtsc", b >= a, 1);
		if (has(7, 2, 22)) {
			u64 id = ~0UL;

			asm volatile(".byte 0xf3, 0x0f, 0xc7, 0xf8" : "+a"(id));	/* rdpid */
			check("rdpid", id, 0x1234);
		}
	} else {
		UD("rdtscp", "rdtscp");
	}
	cpuid(0xa, 0, r);
	if (!(r[0] & 0xff))		/* no performance monitoring */
		check("rdpmc", GUARDED("rdpmc", : : "c"(0) : "rax", "rdx", CLOBBERS), 13);
}

static void random_numbers(void)
{
	u64 v, i, good = 0;
	u8 ok;

	if (has(1, 2, 30)) {
		for (i = 0; i < 100; i++) {
			asm volatile("rdrand %0; setc %1" : "=r"(v), "=q"(ok) : : "cc");
			good += ok;
		}
		check("rdrand", good > 50, 1);
	} else {
		UD("rdrand", ".byte 0x0f, 0xc7, 0xf0");
	}
	if (has(7, 1, 18))
		NO_FAULT("rdseed", "rdseed %%rax");
	else
		UD("rdseed", ".byte 0x0f, 0xc7, 0xf8");
}

static int xsetbv(u32 reg, u64 val)
{
	return GUARDED("xsetbv", : : "c"(reg), "a"((u32)val), "d"((u32)(val >> 32)) : CLOBBERS);
}

static u64 xgetbv(void)
{
	u32 lo, hi;

	asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return (u64)hi << 32 | lo;
}

static void extended_state(void)
{
	u32 r[4];
	u64 all;

	if (!has(1, 2, 26))
		return;
	UD("xsetbv-without-osxsave", "xsetbv");
	write_cr4(read_cr4() | 1UL << 18);
	cpuid(0xd, 0, r);
	all = (u64)r[3] << 32 | r[0];
	check("xcr0-after-reset", xgetbv(), 1);
	check("xsetbv-all", xsetbv(0, all), ~0UL);
	check("xgetbv-all", xgetbv(), all);
	cpuid(0xd, 0, r);
	check("xsave-size", r[1], r[2]);
	check("xsetbv-no-x87", xsetbv(0, all & ~1UL), 13);
	check("xsetbv-unknown", xsetbv(0, all | 1UL << 60), 13);
	check("xsetbv-xcr1", xsetbv(1, 1), 13);
	if (all & 4) {
		check("xsetbv-avx-without-sse", xsetbv(0, 5), 13);
		check("xsetbv-sse-only", xsetbv(0, 3), ~0UL);
		UD("avx-when-off", ".byte 0xc5, 0xf4, 0x57, 0xc9");	/* vxorps ymm1 */
	}
	check("xcr0-unchanged-by-faults", xgetbv(), all & 4 ? 3 : all);
	xsetbv(0, 1);
	write_cr4(read_cr4() & ~(1UL << 18));
}

static void tables(void)
{
	struct __attribute__((packed)) {
		u16 limit;
		u64 base;
	} p = { 0, 0 };
	u16 sel = 0xffff;
	u64 v = ~0UL;

	asm volatile("sgdt %0" : "=m"(p));
	check("sgdt-limit", p.limit & 7, 7);
	asm volatile("lgdt %0" : : "m"(p));
	asm volatile("sidt %0" : "=m"(p));
	check("sidt", p.base, (u64)idt);
	asm volatile("str %w0" : "+r"(v));
	check("str", (u16)v, 0x28);
	asm volatile("sldt %0" : "=m"(sel));
	check("sldt", sel, 0);
	asm volatile("lldt %w0" : : "r"(0));
	asm volatile("smsw %0" : "=r"(v));
	check("smsw", (u32)v, (u32)read_cr0());
	check("lldt-code-segment", GUARDED("lldt %w0", : : "r"(8) : CLOBBERS), 13);
	check("ltr-busy", GUARDED("ltr %w0", : : "r"(0x28) : CLOBBERS), 13);
	check("ltr-busy-error", guard_error, 0x28);
	asm volatile("swapgs; swapgs");
	pass("swapgs");
}

static void exceptions(void)
{
	check("divide", GUARDED("divl %%ecx", : : "a"(1), "d"(0), "c"(0) : CLOBBERS), 0);
	check("int3", GUARDED("int3", : : : CLOBBERS), 3);
	check("int3-is-a-trap", *(u8 *)(guard_fault_rip - 1), 0xcc);
	check("int1", GUARDED(".byte 0xf1", : : : CLOBBERS), 1);
	check("int1-is-a-trap", *(u8 *)(guard_fault_rip - 1), 0xf1);
	check("general-protection", GUARDED("movw %w0, %%ds", : : "r"(0x1238) : CLOBBERS), 13);
	check("general-protection-error", guard_error, 0x1238);
	check("not-canonical", GUARDED("movb (%0), %%al", : : "S"(1UL << 62) : "rax", CLOBBERS), 13);
	check("stack-not-canonical", GUARDED("movb (%%rsp, %0), %%cl",
		: : "a"(1UL << 62) : "rcx", CLOBBERS), 12);
	check("page-fault", GUARDED("movb (%0), %%al", : : "r"(1UL << 46) : "rax", CLOBBERS), 14);
	check("page-fault-address", guard_cr2, 1UL << 46);
	check("page-fault-error", guard_error, 0);
	check("int", GUARDED("int $0x20", : : : CLOBBERS), ~0UL);
}

static volatile unsigned int soft;

static void on_soft(struct regs *r)
{
	soft += r->vector == 0x20;
}

int main(const char *args)
{
	set_trap(0x20, on_soft);
	vmx_and_smx();
	waiting();
	caches();
	pcids();
	time_stamps();
	random_numbers();
	extended_state();
	tables();
	exceptions();
	check("int-n", soft, 1);
	return result();
}
