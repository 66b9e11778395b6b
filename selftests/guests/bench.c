// SPDX-License-Identifier: GPL-2.0
/*
 * Cost of the operations that leave the guest, in ticks per operation.  Run
 * under KVM and under Hyperspace by make bench.  Prints "ROW name ticks count
 * mark"; a row whose result is wrong is "BAD name reason" instead, because a
 * fast wrong answer is worth nothing.
 */
#include "lib.h"

#define PAGES_AT	0x2000000UL
#define VECTOR		0x41
#define SETTLE		60000000UL	/* ticks, some time slices of the host */
#define AVX512		0xe4	/* in XCR0: AVX and the three parts of AVX-512 */

#define TIMER		0x42
#define APIC_LVT_TIMER	0x832
#define LVT_DEADLINE	0x40000
#define TSC_DEADLINE	0x6e0
#define AHEAD		50000	/* ticks from setting a deadline to it */

static volatile u64 ipis, eoi_ticks, fired_at;
static unsigned int mark;

static void report(const char *name, u64 ticks, u64 n, bool good, const char *why)
{
	if (good)
		printf("ROW %s %lu %lu %u\n", name, ticks / n, n, mark - 2);
	else
		printf("BAD %s %s\n", name, why);
}

#define MEASURE(n, body)					\
({								\
	u64 start_, end_;					\
								\
	{ body; }	/* once unmeasured: caches of all sorts */ \
	count_mark(mark++);					\
	start_ = rdtsc();					\
	for (u64 i_ = 0; i_ < (n); i_++) {			\
		body;						\
	}							\
	end_ = rdtsc();						\
	count_mark(mark++);					\
	end_ - start_;						\
})

static void on_ipi(struct regs *r)
{
	u64 t = rdtsc();

	ipis++;
	wrmsr(APIC_EOI, 0);
	eoi_ticks += rdtsc() - t;
}

#define DEADLINES	255
static u64 deadline[DEADLINES];

/*
 * What is usual: a deadline lies so far ahead that threads of the host come in
 * between now and then, and one of them makes a mean of few.  Sorts @v.
 */
static u64 median(u64 *v, unsigned int n)
{
	unsigned int i, j;
	u64 x;

	for (i = 1; i < n; i++) {
		x = v[i];
		for (j = i; j && v[j - 1] > x; j--)
			v[j] = v[j - 1];
		v[j] = x;
	}
	return v[n / 2];
}

static void on_timer(struct regs *r)
{
	fired_at = rdtsc();
	wrmsr(APIC_EOI, 0);
}

/*
 * What a deadline costs: the register's write, and how late after the deadline
 * the handler begins, with the guest running all the while.
 */
static u64 one_deadline(void)
{
	u64 t0 = rdtsc(), at = t0 + AHEAD, t1;

	fired_at = 0;
	wrmsr(TSC_DEADLINE, at);
	t1 = rdtsc();
	asm volatile("sti" : : : "memory");
	while (!fired_at)
		;
	asm volatile("cli" : : : "memory");
	return t1 - t0 + (fired_at > at ? fired_at - at : 1UL << 40);
}

/*
 * The state a real guest would have in its vector registers, and an XCR0 that
 * is its own: without it a hypervisor could leave out what costs it most.
 */
static u64 dirty_vectors(void)
{
	u32 r[4];
	u64 xcr0;

	cpuid(1, 0, r);
	if (!(r[2] & 1U << 26))
		return 0;
	write_cr4(read_cr4() | 1UL << 18);
	cpuid(0xd, 0, r);
	xcr0 = (r[0] & 0xe7) | 3;
	asm volatile("xsetbv" : : "c"(0), "a"((u32)xcr0), "d"(0));
	asm volatile("pcmpeqd %%xmm0, %%xmm0\n\tpcmpeqd %%xmm15, %%xmm15" : : : "memory");
	if ((xcr0 & AVX512) == AVX512)
		asm volatile("vpternlogd $0xff, %%zmm1, %%zmm1, %%zmm1\n\t"
			     "vpternlogd $0xff, %%zmm31, %%zmm31, %%zmm31\n\t"
			     "kxnorw %%k1, %%k1, %%k1" : : : "memory");
	printf("XCR0 0x%lx\n", xcr0);
	return xcr0;
}

/* Is all of it still there, after all those exits? */
static bool vectors_kept(u64 xcr0)
{
	static u8 zmm[64] __attribute__((aligned(64)));
	u32 lo, hi, k;

	if (!xcr0)
		return true;
	asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	if (lo != (u32)xcr0 || hi)
		return false;
	if ((xcr0 & AVX512) != AVX512)
		return true;
	asm volatile("kmovw %%k1, %0" : "=r"(k));
	asm volatile("vpandd %%zmm1, %%zmm31, %%zmm0\n\t"
		     "vmovdqu32 %%zmm0, %0" : "=m"(zmm));
	for (unsigned int i = 0; i < sizeof(zmm); i++)
		if (zmm[i] != 0xff)
			return false;
	return (k & 0xffff) == 0xffff;
}

int main(const char *args)
{
	u64 n = arg_u64(args, "n=", 2000), pages = arg_u64(args, "pages=", 2048);
	u64 t, bad = 0, v = 0, xcr0, icr = 0;
	u32 r[4];
	volatile u8 *p;

	/*
	 * Whoever started us and waits for us now has had his turn on the CPU by
	 * then; his start is no part of a row.
	 */
	t = rdtsc();
	while (rdtsc() - t < SETTLE)
		;
	xcr0 = dirty_vectors();
	apic_on();
	set_trap(VECTOR, on_ipi);

	t = MEASURE(n, cpuid(0, 0, r));
	report("cpuid", t, n, r[1] == 0x756e6547, "vendor");

	wrmsr(0x3b, 0);
	t = MEASURE(n, v |= rdmsr(0x3b));
	report("rdmsr-tsc-adjust", t, n, v == 0, "not zero");

	out8(0x21, 0xa5);
	t = MEASURE(n, bad |= in8(0x21) ^ 0xa5);
	out8(0x21, 0xff);
	report("pic-mask-read", t, n, !bad, "mask differs");

	t = MEASURE(n, bad |= ~in8(0x3fd) & 0x60);
	report("uart-status-read", t, n, !bad, "transmitter not empty");

	t = MEASURE(n, bad |= in8(0x300) ^ 0xff);
	report("unclaimed-port-read", t, n, !bad, "not all ones");

	p = (volatile u8 *)PAGES_AT;
	count_mark(mark++);
	t = rdtsc();
	for (u64 i = 0; i < pages; i++)
		p[i << 12] += 1;
	t = rdtsc() - t;
	count_mark(mark++);
	for (u64 i = 0; i < pages; i++)
		bad |= p[i << 12] ^ 1;
	report("first-touch", t, pages, !bad, "content");

	count_mark(mark++);
	t = rdtsc();
	for (u64 i = 0; i < pages; i++)
		p[i << 12] += 1;
	t = rdtsc() - t;
	count_mark(mark++);
	for (u64 i = 0; i < pages; i++)
		bad |= p[i << 12] ^ 2;
	report("second-touch", t, pages, !bad, "content");

	ipis = 0;
	t = MEASURE(n, wrmsr(APIC_ICR, 0x40000 | VECTOR);
		    asm volatile("sti; nop; cli" : : : "memory"));
	report("self-ipi", t, n, ipis == n + 1, "lost or extra interrupts");

	/* Each part alone; interrupts are off at the one, on a stack at the other. */
	ipis = eoi_ticks = 0;
	count_mark(mark++);
	for (u64 i = 0; i < n; i++) {
		t = rdtsc();
		wrmsr(APIC_ICR, 0x40000 | VECTOR);
		icr += rdtsc() - t;
		asm volatile("sti; nop; cli" : : : "memory");
	}
	count_mark(mark++);
	report("icr-write", icr, n, ipis == n, "lost or extra interrupts");
	report("eoi", eoi_ticks, n, ipis == n, "lost or extra interrupts");

	set_trap(TIMER, on_timer);
	wrmsr(APIC_LVT_TIMER, LVT_DEADLINE | TIMER);
	one_deadline();
	count_mark(mark++);
	for (v = 0; v < DEADLINES; v++)
		deadline[v] = one_deadline();
	count_mark(mark++);
	t = median(deadline, DEADLINES);
	report("tsc-deadline", t * DEADLINES, DEADLINES, deadline[DEADLINES - 1] < 1UL << 40,
	       "came too early");

	if (!vectors_kept(xcr0))
		printf("BAD vectors XCR0 or AVX-512 state was not kept\n");
	printf("END\n");
	return 0;
}
