// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts, NMIs and exceptions: when they come, in which order, and what
 * they find.  "xapic": APIC in memory.
 */
#include "lib.h"

#define CLOBBERS	"r11", "memory", "cc"
#define LOW_VECTOR	0x31
#define HIGH_VECTOR	0x81
#define FIXED		0x4000U
#define NMI		0x4400U

static volatile unsigned int low, high, nmis, order_bad, nmi_nested;
static volatile u64 last_rip;
static volatile bool nmi_again;
static u64 faulting;

static void on_low(struct regs *r)
{
	low++;
	last_rip = r->rip;
	apic_write(APIC_REG_EOI, 0);
}

static void on_high(struct regs *r)
{
	high++;
	/* Both were pending: the higher one comes first. */
	order_bad += low != 0;
	apic_write(APIC_REG_EOI, 0);
}

static void self(u32 icr)
{
	apic_ipi(apic_id(), icr);
}

static void on_nmi(struct regs *r)
{
	unsigned int depth = ++nmis;

	if (nmi_again) {
		nmi_again = false;
		self(NMI);
		/* Exits in here do not open the window. */
		{
			u32 x[4];

			cpuid(0, 0, x);
			in8(0x3fd);
		}
		nmi_nested += nmis != depth;
		if (faulting) {
			/* An exception's IRET does: the CPU cannot tell them apart. */
			GUARDED("movb (%0), %%al", : : "r"(faulting) : "rax", CLOBBERS);
			nmi_nested += nmis != depth + 1;
		}
	}
}

static void priorities(void)
{
	low = high = order_bad = 0;
	self(FIXED | LOW_VECTOR);
	self(FIXED | HIGH_VECTOR);
	check("cli-holds", low + high, 0);
	asm volatile("sti; nop; nop; cli" : : : "memory");
	check("sti-releases", low * 16 + high, 0x11);
	check("higher-first", order_bad, 0);

	/* The same vector twice while it waits is one interrupt. */
	low = 0;
	self(FIXED | LOW_VECTOR);
	self(FIXED | LOW_VECTOR);
	asm volatile("sti; nop; nop; cli" : : : "memory");
	check("pending-is-one-bit", low, 1);
}

static void task_priority(void)
{
	low = high = 0;
	write_cr8(LOW_VECTOR >> 4);
	self(FIXED | LOW_VECTOR);
	self(FIXED | HIGH_VECTOR);
	asm volatile("sti; nop; nop; cli" : : : "memory");
	check("tpr-holds-low", low, 0);
	check("tpr-lets-high", high, 1);
	asm volatile("sti; nop; nop" : : : "memory");
	check("tpr-still-holds", low, 0);
	write_cr8(0);
	asm volatile("nop; nop; cli" : : : "memory");
	check("tpr-lowered", low, 1);
}

static void shadows(void)
{
	u64 at;

	low = 0;
	self(FIXED | LOW_VECTOR);
	asm volatile("sti\n\t"
		     "movl $0, %%eax\n\t"	/* in the shadow of STI */
		     "1: nop\n\t"
		     "leaq 1b(%%rip), %0; cli"
		     : "=r"(at) : : "rax", "memory");
	check("sti-shadow-length", last_rip, at);

	low = 0;
	self(FIXED | LOW_VECTOR);
	asm volatile("movw %%ss, %%bx\n\t"
		     "sti\n\t"
		     "movw %%bx, %%ss\n\t"	/* extends it */
		     "cpuid\n\t"
		     "1: nop\n\t"
		     "leaq 1b(%%rip), %0; cli"
		     : "=S"(at) : "a"(0), "c"(0) : "rbx", "rdx", "memory");
	/* SDM vol. 2, "STI": the second of two such instructions may not hold. */
	check("sti-mov-ss", low, 1);

	/* POPF and IRET have no shadow. */
	low = 0;
	self(FIXED | LOW_VECTOR);
	asm volatile("pushfq; orl $0x200, (%%rsp); popfq\n\t"
		     "1: nop\n\t"
		     "leaq 1b(%%rip), %0; cli"
		     : "=r"(at) : : "memory", "cc");
	check("popf-no-shadow", last_rip, at);

	/* An instruction that exits in the shadow ends it all the same. */
	low = 0;
	self(FIXED | LOW_VECTOR);
	asm volatile("sti\n\t"
		     "inb $0x80, %%al\n\t"
		     "1: nop\n\t"
		     "leaq 1b(%%rip), %0; cli"
		     : "=r"(at) : : "rax", "memory");
	check("exit-in-sti-shadow", last_rip, at);
}

#define TIMER_VECTOR	0x61
#define MASKED		0x10000U

static volatile unsigned int ticks, ticks_at_wake;
static volatile u64 rep_count;

static void on_timer(struct regs *r)
{
	ticks++;
	apic_write(APIC_REG_EOI, 0);
}

/* In the handler of an NMI: another one is pending, and blocked. */
static void on_nmi_halt(struct regs *r)
{
	if (nmis++)
		return;
	self(NMI);
	apic_write(APIC_REG_DIVIDE, 0xb);
	apic_write(APIC_REG_TIMER, TIMER_VECTOR);
	apic_write(APIC_REG_COUNT, 100000);
	asm volatile("sti; hlt; cli" : : : "memory");
	ticks_at_wake = ticks;
}

static void halt_in_nmi(void)
{
	nmis = ticks = ticks_at_wake = 0;
	set_trap(2, on_nmi_halt);
	set_trap(TIMER_VECTOR, on_timer);
	self(NMI);
	asm volatile("nop; nop" : : : "memory");
	check("blocked-nmi-does-not-end-hlt", ticks_at_wake, 1);
	check("blocked-nmi-comes-later", nmis, 2);
	apic_write(APIC_REG_TIMER, MASKED | TIMER_VECTOR);
	set_trap(2, on_nmi);
}

static void on_rep(struct regs *r)
{
	rep_count = r->rcx;
	apic_write(APIC_REG_EOI, 0);
}

/* The shadow of STI ends with the first iteration. */
static void rep_in_shadow(void)
{
	static u8 bytes[1000];
	u64 n = sizeof(bytes);
	void *p = bytes;

	rep_count = ~0UL;
	set_trap(LOW_VECTOR, on_rep);
	self(FIXED | LOW_VECTOR);
	asm volatile("sti\n\t"
		     "rep outsb\n\t"
		     "cli"
		     : "+S"(p), "+c"(n) : "d"(TESTDEV_LATCH8) : "memory", "cc");
	check("interrupt-in-rep-in-sti-shadow", rep_count > 0 && rep_count < sizeof(bytes), 1);
	check("rep-goes-on", n, 0);
	set_trap(LOW_VECTOR, on_low);
}

/* RFLAGS.RF of the saved image: the same, whoever raises the exception. */
static void resume_flag(void)
{
	GUARDED("movw %w0, %%ds", : : "r"(0x1238) : CLOBBERS);
	check("fault-of-the-cpu-saves-rf", guard_rflags >> 16 & 1, 1);
	GUARDED("rdmsr", : : "c"(0x12345) : "rax", "rdx", CLOBBERS);
	check("fault-of-the-hypervisor-saves-rf", guard_rflags >> 16 & 1, 1);
	GUARDED(".byte 0x0f, 0x01, 0xc3", : : : CLOBBERS);	/* vmresume */
	check("undefined-opcode-saves-rf", guard_rflags >> 16 & 1, 1);
	GUARDED("int3", : : : CLOBBERS);
	check("trap-saves-no-rf", guard_rflags >> 16 & 1, 0);
}

/* A locked instruction on a register that counts by itself must come to its end. */
static void locked_on_timer(void)
{
	volatile u32 *now = (u32 *)(0xfee00000UL + APIC_REG_NOW * 16);
	u32 old;

	apic_write(APIC_REG_TIMER, MASKED | TIMER_VECTOR);
	apic_write(APIC_REG_DIVIDE, 0xb);
	apic_write(APIC_REG_COUNT, ~0U);
	asm volatile("lock incl %0" : "+m"(*now) : : "cc");
	pass("lock-inc-on-a-counter");
	old = 5;
	asm volatile("lock xaddl %0, %1" : "+r"(old), "+m"(*now) : : "cc");
	check("lock-xadd-on-a-counter", old > 5, 1);
	apic_write(APIC_REG_COUNT, 0);
}

static void nmi(void)
{
	nmis = nmi_nested = 0;
	nmi_again = false;
	self(NMI);
	asm volatile("nop; nop" : : : "memory");
	check("nmi-with-interrupts-off", nmis, 1);

	nmis = 0;
	nmi_again = true;
	self(NMI);
	asm volatile("nop; nop" : : : "memory");
	check("nmi-blocked-in-nmi", nmi_nested, 0);
	check("nmi-comes-after-iret", nmis, 2);

	nmis = 0;
	nmi_again = true;
	faulting = 1UL << 46;
	self(NMI);
	asm volatile("nop; nop" : : : "memory");
	check("nmi-unblocked-by-inner-iret", nmi_nested, 0);
	check("nmi-all-seen", nmis, 2);
	faulting = 0;
}

static void nested_faults(void)
{
	struct idt_entry gp = idt[13], pf = idt[14];

	/* A fault while #PF is delivered is a double fault: here by a gate not present. */
	idt[14].type = 0x0e;
	check("double-fault", GUARDED("movb (%0), %%al", : : "r"(1UL << 46)
				      : "rax", CLOBBERS), 8);
	check("double-fault-error", guard_error, 0);
	idt[14] = pf;

	/* #NP for a software interrupt through such a gate. */
	idt[0x45].type = 0x0e;
	check("gate-not-present", GUARDED("int $0x45", : : : CLOBBERS), 11);
	check("gate-not-present-error", guard_error, 0x45 << 3 | 2);
	idt[0x45].type = 0x8e;
	idt[0x46].sel = 0x10;
	check("gate-to-data", GUARDED("int $0x46", : : : CLOBBERS), 13);
	check("gate-to-data-error", guard_error, 0x10);
	idt[13] = gp;
}

int main(const char *args)
{
	set_trap(LOW_VECTOR, on_low);
	set_trap(HIGH_VECTOR, on_high);
	set_trap(2, on_nmi);
	apic_init(!arg_word(args, "xapic"));
	priorities();
	task_priority();
	shadows();
	nmi();
	halt_in_nmi();
	rep_in_shadow();
	resume_flag();
	if (arg_word(args, "xapic"))
		locked_on_timer();
	nested_faults();
	return result();
}
