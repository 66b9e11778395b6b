// SPDX-License-Identifier: GPL-2.0
/*
 * Many vCPUs, as many as the ACPI tables' guest has: "cpus=" of them.  All come
 * up, each with its own id; an IPI goes round, from each to the next; one message
 * reaches all, all others, every one of a logical set and only those.  "xapic":
 * APIC in memory, so 8 at a time can be named logically.
 */
#include "lib.h"

#define LOW		0x8000UL
#define RING		0x51
#define COUNT		0x52
#define ICR_INIT	0x4500U
#define ICR_SIPI	(0x4600U | LOW >> 12)
#define ICR_LOGICAL	0x800U
#define ICR_ALL		0x80000U
#define ICR_OTHERS	0xc0000U
#define REG_LDR		0x0d
#define REG_DFR		0x0e
#define MAX		255
#define PATIENCE	4000000000UL

extern u8 ap_begin[], ap_end[];
extern u64 ap_stack;
void ap_main(void);

static volatile u64 alive, hits[MAX + 1], sum;
static volatile u8 here[MAX + 1];
static u64 cpus, laps;
static bool x2apic;
static u32 bsp;

static void wait_for(const volatile u64 *p, u64 val, const char *what)
{
	u64 i;

	for (i = 0; *p != val; i++) {
		asm volatile("pause");
		if (i > PATIENCE) {
			fail(what, "%lu, not %lu", *p, val);
			exit_vm(result());
		}
	}
}

/* From each to the next, until it has gone round often enough. */
static void on_ring(struct regs *r)
{
	u32 id = apic_id();

	hits[id]++;
	if (id != bsp)
		apic_ipi((id + 1) % cpus, 0x4000 | RING);
	else if (hits[id] < laps)
		apic_ipi(1 % cpus, 0x4000 | RING);
	apic_write(APIC_REG_EOI, 0);
}

static void on_count(struct regs *r)
{
	hits[apic_id()]++;
	asm volatile("lock incq %0" : "+m"(sum));
	apic_write(APIC_REG_EOI, 0);
}

/* As Linux does it in flat mode: a bit for each of the first eight. */
static void name_logically(void)
{
	if (x2apic)
		return;
	apic_write(REG_DFR, 0xffffffff);
	apic_write(REG_LDR, apic_id() < 8 ? 1U << (24 + apic_id()) : 0);
}

void ap_main(void)
{
	u32 r[4];

	apic_init(x2apic);
	name_logically();
	cpuid(1, 0, r);
	here[apic_id()] = apic_id() == r[1] >> 24;
	asm volatile("lock incq %0" : "+m"(alive));
	for (;;)
		asm volatile("sti; hlt" : : : "memory");
}

static void start_all(void)
{
	u64 i, t;

	memcpy((void *)LOW, ap_begin, ap_end - ap_begin);
	for (i = 1; i < cpus; i++) {
		ap_stack = (u64)alloc_pages(1) + 4096;
		apic_ipi(i, ICR_INIT);
		t = rdtsc();
		while (rdtsc() - t < 100000)
			asm volatile("pause");
		apic_ipi(i, ICR_SIPI);
		wait_for(&alive, i, "many-start");
	}
}

static u64 wrong(u64 first, u64 step, u64 n, u64 want)
{
	u64 i, bad = 0;

	for (i = 0; i < cpus; i++)
		bad += hits[i] != (i >= first && (i - first) % step == 0 &&
				   (i - first) / step < n ? want : 0);
	return bad;
}

static void reset(void)
{
	u64 i;

	for (i = 0; i < cpus; i++)
		hits[i] = 0;
	sum = 0;
}

static void send(const char *name, u32 dest, u32 icr, u64 first, u64 step, u64 n)
{
	u64 t;

	reset();
	apic_ipi(dest, 0x4000 | icr | COUNT);
	asm volatile("sti; nop; nop; cli" : : : "memory");
	wait_for(&sum, n, name);
	/* And not to more. */
	t = rdtsc();
	while (rdtsc() - t < 100000)
		asm volatile("pause");
	check(name, wrong(first, step, n, 1), 0);
}

static void logical(void)
{
	u64 n, c;

	if (!x2apic) {
		n = cpus < 8 ? cpus : 8;
		/* All ones is everybody, whoever has a bit of it. */
		send("many-flat-everybody", 0xff, ICR_LOGICAL, 0, 1, cpus);
		send("many-flat-all", 0x7f, ICR_LOGICAL, 0, 1, n < 7 ? n : 7);
		send("many-flat-odd", 0xaa, ICR_LOGICAL, 1, 2, n / 2);
		return;
	}
	for (c = 0; c * 16 < cpus; c++) {
		n = cpus - c * 16 < 16 ? cpus - c * 16 : 16;
		send("many-cluster", c << 16 | 0xffff, ICR_LOGICAL, c * 16, 1, n);
		if (n > 1)
			send("many-cluster-odd", c << 16 | 0xaaaa, ICR_LOGICAL,
			     c * 16 + 1, 2, n / 2);
	}
	send("many-cluster-everybody", 0xffffffff, ICR_LOGICAL, 0, 1, cpus);
}

int main(const char *args)
{
	u64 i, bad = 0;
	u32 r[4];

	cpus = arg_u64(args, "cpus=", 1);
	laps = arg_u64(args, "laps=", 3);
	set_trap(RING, on_ring);
	set_trap(COUNT, on_count);
	x2apic = apic_init(!arg_word(args, "xapic"));
	bsp = apic_id();
	name_logically();
	cpuid(0xb, 1, r);
	check("many-cores", r[1], cpus);
	check("many-one-package", (cpus - 1) >> r[0], 0);

	start_all();
	for (i = 1; i < cpus; i++)
		bad += !here[i];
	check("many-ids", bad, 0);

	apic_ipi(1 % cpus, 0x4000 | RING);
	asm volatile("sti" : : : "memory");
	wait_for(&hits[bsp], laps, "many-ring");
	asm volatile("cli" : : : "memory");
	check("many-ring", wrong(0, 1, cpus, laps), 0);

	send("many-all", 0, ICR_ALL, 0, 1, cpus);
	send("many-others", 0, ICR_OTHERS, 1, 1, cpus - 1);
	send("many-everybody", x2apic ? 0xffffffff : 0xff, 0, 0, 1, cpus);
	send("many-last", cpus - 1, 0, cpus - 1, 1, 1);
	logical();
	return result();
}
