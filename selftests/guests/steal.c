// SPDX-License-Identifier: GPL-2.0
/*
 * Pages are taken away from under the program, where the CPU itself needs them:
 * stack, IDT, GDT, TSS, page tables, handlers, operands of REP.  The host brings
 * them back and the program must not notice.  Needs the test device.
 *
 * "n=" rounds of each.
 */
#include "lib.h"

#define CLOBBERS	"r11", "memory", "cc"
#define VECTOR		0x61
#define SOFT		0x62

extern const u8 trap_stubs[];
extern u8 gdt[];
void trap(struct regs *r);

static bool x2apic;
static volatile u64 interrupts, softs, nmis, last_rip;

static void on_interrupt(struct regs *r)
{
	interrupts++;
	last_rip = r->rip;
	apic_write(APIC_REG_EOI, 0);
}

static void on_soft(struct regs *r)
{
	softs++;
	last_rip = r->rip;
}

static void on_nmi(struct regs *r)
{
	nmis++;
}

/* The pages of one test; each is taken away, then the trigger runs. */
static u32 list[24];
static unsigned int listed;

static void add(const void *p, u64 bytes)
{
	u64 at;

	for (at = (u64)p & ~4095UL; at < (u64)p + bytes; at += 4096)
		list[listed++] = at;
}

#define STACK		1
#define IDT		2
#define GDT		4
#define TABLES		8
#define HANDLERS	16
#define VARIABLES	32
#define ALL		63

static void choose(unsigned int what)
{
	u64 sp;

	listed = 0;
	if (what & TABLES) {
		add(pml4, 4096);
		add(pdpt, 4096);
		add(pds, 4096);
	}
	if (what & HANDLERS) {
		add(trap_stubs, 256 * 16 + 128);
		add(trap, 512);
		add(on_interrupt, 256);
	}
	if (what & VARIABLES)
		add((void *)&interrupts, 8);
	if (what & GDT)
		add(gdt, 0x60);
	if (what & IDT)
		add(idt, sizeof(idt));
	if (what & STACK) {
		asm volatile("movq %%rsp, %0" : "=r"(sp));
		add((void *)(sp - 512), 640);
	}
}

/* Between the taking and the trigger nothing may touch the stack: so in assembly. */
#define STOLEN(trigger)							\
	GUARDED("1: lodsl; outl %%eax, %%dx; loop 1b; leaq 8f(%%rip), %%rbx\n\t" trigger "\n8:", \
		: "=S"(s_), "=c"(c_), "=b"(next), "=d"(d_)		\
		: "0"(list), "1"((u64)listed), "3"(TESTDEV_UNMAP), "D"(1UL << 46) \
		: "rax", CLOBBERS)

static const struct {
	const char *name;
	unsigned int what;
} sets[] = {
	{ "steal-stack", STACK }, { "steal-idt", IDT }, { "steal-gdt", GDT },
	{ "steal-tables", TABLES }, { "steal-handlers", HANDLERS },
	{ "steal-variables", VARIABLES }, { "steal-all", ALL },
};

/* One more round of @what that went wrong; the first one says how. */
static u64 wrong(bool bad, const char *what, int vector, u64 rip)
{
	static unsigned int told;

	if (bad && told++ < 8)
		printf("%s: vector %d error 0x%lx cr2 0x%lx at 0x%lx, next 0x%lx, last 0x%lx\n", what,
		       vector, guard_error, guard_cr2, guard_fault_rip, rip, last_rip);
	return bad;
}

/* Every kind of event, delivered while the pages are gone. */
static void events(const char *name, unsigned int what, u64 n)
{
	u64 bad = 0, i, next, s_, c_, d_;
	int v;

	for (i = 0; i < n; i++) {
		choose(what);
		v = STOLEN("movb (%%rdi), %%al");
		bad += wrong(v != 14 || guard_cr2 != 1UL << 46 || guard_error != 0, "#PF", v, next);

		choose(what);
		v = STOLEN("ud2");
		bad += wrong(v != 6 || guard_fault_rip != next - 2, "#UD", v, next);

		choose(what);
		v = STOLEN("int3");
		bad += wrong(v != 3 || guard_fault_rip != next, "INT3", v, next);

		choose(what);
		v = STOLEN(".byte 0xf1");
		bad += wrong(v != 1 || guard_fault_rip != next, "INT1", v, next);

		choose(what);
		softs = 0;
		v = STOLEN("int $0x62");
		bad += wrong(v != -1 || softs != 1 || last_rip != next, "INT n", v, next);

		choose(what);
		interrupts = 0;
		apic_ipi(apic_id(), 0x4000 | VECTOR);
		v = STOLEN("sti; nop; cli");
		bad += wrong(v != -1 || interrupts != 1 || last_rip != next - 1, "interrupt", v, next);

		choose(what);
		nmis = 0;
		if (x2apic)
			v = STOLEN("movl $0x830, %%ecx; xorl %%edx, %%edx; movl $0x4400, %%eax; "
				   "wrmsr; nop; nop");
		else
			v = STOLEN("movl $0xfee00300, %%edx; movl $0x4400, (%%rdx); nop; nop");
		bad += wrong(v != -1 || nmis != 1, "NMI", v, next);

		choose(what);
		v = STOLEN("callq 7f; 7: addq $8, %%rsp; pushq %%rax; popq %%rax");
		bad += wrong(v != -1, "CALL", v, next);

		choose(what);
		v = STOLEN("movw %%ds, %%ax; movw %%ax, %%ds; movw %%ax, %%ss; "
			   "pushq $8; leaq 7f(%%rip), %%rax; pushq %%rax; lretq; 7:");
		bad += wrong(v != -1, "LRET", v, next);
	}
	check(name, bad, 0);
}

/* Invalidate, then use pages whose tables are gone; A and D must be set in them. */
static void tables(u64 n)
{
	volatile u8 *page = alloc_pages(1);
	volatile u64 *pte = pte_of((u64)page);
	u64 bad = 0, i, next, s_, c_, d_;

	for (i = 0; i < n; i++) {
		*pte = (u64)page | PTE_P | PTE_W;
		page[0] = i;
		*pte = (u64)page | PTE_P | PTE_W;
		invlpg((void *)page);
		choose(TABLES);
		add((void *)pte, 8);
		STOLEN("movq %%cr3, %%rax; movq %%rax, %%cr3");
		bad += page[0] != (u8)i;
		bad += (*pte & (PTE_A | PTE_D)) != PTE_A;
		take_away(pte);
		invlpg((void *)page);
		page[0] = ~i;
		bad += (*pte & (PTE_A | PTE_D)) != (PTE_A | PTE_D);
		take_away(page);
		bad += page[0] != (u8)~i;
	}
	check("steal-accessed-dirty", bad, 0);
}

static u8 source[5 * 4096] __attribute__((aligned(4096)));
static u8 target[5 * 4096] __attribute__((aligned(4096)));

static void rep(u64 n)
{
	u64 bad = 0, i, k;

	for (i = 0; i < n; i++) {
		u64 count = 3 * 4096 + 77, from = 13 + i % 50, to = 4095 - i % 40;
		void *s = source + from, *d = target + to;
		bool down = i & 1;

		for (k = 0; k < sizeof(source); k += 8)
			*(u64 *)(source + k) = k * 0x9e3779b97f4a7c15UL + i;
		memset(target, 0, sizeof(target));
		listed = 0;
		add(source, sizeof(source));
		add(target, sizeof(target));
		for (k = 0; k < listed; k++)
			out32(TESTDEV_UNMAP, list[k]);
		if (down) {
			s = (u8 *)s + count - 1;
			d = (u8 *)d + count - 1;
			asm volatile("std");
		}
		asm volatile("rep movsb; cld" : "+S"(s), "+D"(d), "+c"(count) : : "memory");
		bad += count != 0 || s != (down ? source + from - 1 : source + from + 3 * 4096 + 77);
		for (k = 0; k < 3 * 4096 + 77; k++)
			bad += target[to + k] != source[from + k];
		bad += target[to - 1] != 0 || target[to + 3 * 4096 + 77] != 0;

		for (k = 0; k < listed; k++)
			out32(TESTDEV_UNMAP, list[k]);
		s = source + from;
		d = target + to;
		count = 3 * 4096;
		asm volatile("repe cmpsb" : "+S"(s), "+D"(d), "+c"(count) : : "memory", "cc");
		bad += count != 0;
	}
	check("steal-rep", bad, 0);
}

/* Operands of single instructions that lie across two pages, both gone. */
static void operands(u64 n)
{
	u64 bad = 0, i;

	for (i = 0; i < n; i++) {
		volatile u64 *p = (u64 *)(target + 4096 - 1 - i % 7);
		u64 old;

		*p = i;
		take_away(target);
		take_away(target + 4096);
		asm volatile("lock addq $5, %0" : "+m"(*p));
		take_away(target + 4096);
		bad += *p != i + 5;
		take_away(target);
		take_away(target + 4096);
		old = i * 3;
		asm volatile("xchgq %0, %1" : "+r"(old), "+m"(*p));
		bad += old != i + 5;
		take_away(target);
		asm volatile("pushq %0; popq %0" : "+m"(*p));
		bad += *p != i * 3;
	}
	check("steal-operands", bad, 0);
}

/* From ring 3 the stack comes from the TSS. */
static void ring3(u64 n)
{
	u8 *code = alloc_pages(2);
	u64 bad = 0, i;

	idt[3].type = 0xee;
	memset(code, 0xcc, 16);
	code[0] = 0x48;		/* incq %rax */
	code[1] = 0xff;
	code[2] = 0xc0;
	for (i = 0; i < n; i++) {
		struct regs r = { .rip = (u64)code, .rflags = 2, .rax = i,
				  .rsp = (u64)code + 8192 };

		choose(IDT | GDT | HANDLERS);
		add(tss, 0x68);
		add(code, 16);
		while (listed)
			out32(TESTDEV_UNMAP, list[--listed]);
		user_run(&r);
		bad += r.vector != 3 || r.rax != i + 1 || r.rip != (u64)code + 4;
	}
	check("steal-ring3", bad, 0);
	idt[3].type = 0x8e;
}

/* The list of pages itself goes through OUTS, from a page that is gone. */
static void by_outs(u64 n)
{
	u64 bad = 0, i;

	for (i = 0; i < n; i++) {
		u64 count = 2;
		u32 *l = (u32 *)(source + 4096 - 4);
		void *p = l;

		l[0] = (u32)(u64)target;
		l[1] = (u32)(u64)source;
		*(volatile u8 *)&target[5] = i;
		take_away(source);
		take_away(source + 4096);
		asm volatile("rep outsl" : "+S"(p), "+c"(count) : "d"(TESTDEV_UNMAP) : "memory");
		bad += count || p != l + 2 || *(volatile u8 *)&target[5] != (u8)i || l[0] != (u32)(u64)target;
	}
	check("steal-outs", bad, 0);
}

int main(const char *args)
{
	u64 n = arg_u64(args, "n=", 20);
	unsigned int i;

	set_trap(VECTOR, on_interrupt);
	set_trap(SOFT, on_soft);
	set_trap(2, on_nmi);
	x2apic = apic_init(!arg_word(args, "xapic"));
	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		events(sets[i].name, sets[i].what, n);
	tables(n);
	rep(n / 4 + 1);
	operands(n);
	ring3(n);
	by_outs(n);
	return result();
}
