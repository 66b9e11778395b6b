// SPDX-License-Identifier: GPL-2.0
/*
 * Debug registers and single step: values kept over exits ("n=" of them),
 * breakpoints that fire, TF over instructions which the hypervisor executes.
 * "testdev": also on the test device's memory.
 */
#include "lib.h"

#define CLOBBERS	"r11", "memory", "cc"
#define DR6_INIT	0xffff0ff0UL
#define DR6_BD		(1UL << 13)
#define DR6_BS		(1UL << 14)
#define DR7_INIT	0x400UL
#define DR7_GD		(1UL << 13)
#define CR4_DE		(1UL << 3)

#define READ_DR(n)	({ u64 v_; asm volatile("movq %%dr" #n ", %0" : "=r"(v_)); v_; })
#define WRITE_DR(n, v)	asm volatile("movq %0, %%dr" #n : : "r"((u64)(v)) : "memory")
#define TRY_READ(n)	GUARDED("movq %%dr" #n ", %%rax", : : : "rax", CLOBBERS)
#define TRY_WRITE(n, v)	GUARDED("movq %0, %%dr" #n, : : "a"((u64)(v)) : CLOBBERS)

/* What #DB has been seen: how often, where last, DR6 then. */
static volatile u64 hits, hit_rip, hit_dr6;
static volatile u64 step_rip[64];

static void on_debug(struct regs *r)
{
	if (hits < 64)
		step_rip[hits] = r->rip;
	hits++;
	hit_rip = r->rip;
	hit_dr6 = READ_DR(6);
	WRITE_DR(6, DR6_INIT);
	/* An execution breakpoint would hit again at once. */
	r->rflags |= 1UL << 16;
}

static void exits(void)
{
	u32 r[4];

	cpuid(1, 0, r);
	in8(0x3fd);
	rdmsr(0x1b);
	out8(0x80, 1);
}

static void kept(u64 n)
{
	u64 bad = 0, i;

	for (i = 0; i < n; i++) {
		u64 a = i * 0x9e3779b97f4a7c15UL, dr6 = DR6_INIT | (i & 15);

		WRITE_DR(0, a);
		WRITE_DR(1, ~a);
		WRITE_DR(2, a << 7);
		WRITE_DR(3, a >> 9);
		WRITE_DR(6, dr6);
		exits();
		bad += READ_DR(0) != a || READ_DR(1) != ~a || READ_DR(2) != a << 7 ||
		       READ_DR(3) != a >> 9 || READ_DR(6) != dr6;
	}
	check("dregs-kept", bad, 0);
	/* DR7 with local and global enables, but no breakpoint that is near. */
	WRITE_DR(0, 0x1000000000);
	WRITE_DR(7, DR7_INIT | 0x3 | 1UL << 16);
	exits();
	check("dr7-kept", READ_DR(7), DR7_INIT | 0x3 | 1UL << 16);
	WRITE_DR(7, DR7_INIT);
	WRITE_DR(6, DR6_INIT);
}

static void values(void)
{
	u64 cr4 = read_cr4();

	WRITE_DR(6, 0);
	check("dr6-fixed-ones", READ_DR(6) & 0xfffe0ff0, 0xfffe0ff0);
	WRITE_DR(6, DR6_INIT);
	WRITE_DR(7, 0);
	check("dr7-fixed-one", READ_DR(7), DR7_INIT);
	check("dr6-upper-half", TRY_WRITE(6, 1UL << 32), 13);
	check("dr7-upper-half", TRY_WRITE(7, 1UL << 40), 13);
	write_cr4(cr4 & ~CR4_DE);
	check("dr4-without-de", TRY_READ(4), ~0UL);
	check("dr5-without-de", TRY_READ(5), ~0UL);
	write_cr4(cr4 | CR4_DE);
	check("dr4-with-de", TRY_READ(4), 6);
	check("dr5-with-de", TRY_READ(5), 6);
	write_cr4(cr4);
}

static void breakpoints(void)
{
	static volatile u64 word;
	u64 at;

	hits = 0;
	asm volatile("leaq 1f(%%rip), %0\n\t"
		     "movq %0, %%dr0\n\t"
		     "movq %1, %%dr7\n\t"
		     "nop\n"
		     "1: nop\n\t"
		     : "=&r"(at) : "r"(DR7_INIT | 2) : "memory");
	WRITE_DR(7, DR7_INIT);
	check("break-execute", hits, 1);
	check("break-execute-rip", hit_rip, at);
	check("break-execute-dr6", hit_dr6 & 0xe00f, 1);

	/* On an instruction that exits: before it, once. */
	hits = 0;
	asm volatile("leaq 1f(%%rip), %0\n\t"
		     "movq %0, %%dr1\n\t"
		     "movq %1, %%dr7\n\t"
		     "xorl %%eax, %%eax\n"
		     "1: cpuid\n\t"
		     : "=&S"(at) : "D"(DR7_INIT | 8) : "rax", "rbx", "rcx", "rdx", "memory");
	WRITE_DR(7, DR7_INIT);
	check("break-execute-cpuid", hits, 1);
	check("break-execute-cpuid-rip", hit_rip, at);

	/* RF, which lets the handler go back to it, ends with it: the next one hits. */
	hits = 0;
	asm volatile("leaq 1f(%%rip), %0\n\t"
		     "movq %0, %%dr1\n\t"
		     "addq $2, %0\n\t"
		     "movq %0, %%dr0\n\t"
		     "movq %1, %%dr7\n\t"
		     "xorl %%eax, %%eax\n"
		     "1: cpuid\n\t"
		     "nop\n\t"
		     : "=&S"(at) : "D"(DR7_INIT | 0xa) : "rax", "rbx", "rcx", "rdx", "memory");
	WRITE_DR(7, DR7_INIT);
	check("break-execute-after-cpuid", hits, 2);
	check("break-execute-after-cpuid-rip", hit_rip, at);

	/* Data writes, 8 bytes; a trap, after the instruction. */
	hits = 0;
	WRITE_DR(2, &word);
	WRITE_DR(7, DR7_INIT | 2UL << 4 | 9UL << 24);
	asm volatile("movq $5, %0\n\tleaq (%%rip), %1" : "=m"(word), "=r"(at));
	WRITE_DR(7, DR7_INIT);
	check("break-write", hits, 1);
	check("break-write-dr6", hit_dr6 & 0xe00f, 4);
	check("break-write-done", word, 5);

	/* Held off by MOV SS for one instruction, here one that exits. */
	hits = 0;
	{
		static u16 ss = 0x10;

		WRITE_DR(3, &ss);
		WRITE_DR(7, DR7_INIT | 2UL << 6 | 7UL << 28);
		asm volatile("xorl %%eax, %%eax\n\t"
			     "movw %1, %%ss\n\t"
			     "cpuid\n\t"
			     "leaq (%%rip), %0"
			     : "=S"(at) : "m"(ss) : "rax", "rbx", "rcx", "rdx", "memory");
		WRITE_DR(7, DR7_INIT);
	}
	check("break-after-mov-ss", hits, 1);
	check("break-after-mov-ss-rip", hit_rip, at - 7);
}

static void general_detect(void)
{
	u64 at = 0;

	hits = 0;
	asm volatile("leaq 1f(%%rip), %0\n\t"
		     "movq %1, %%dr7\n"
		     "1: movq %%dr0, %%rax\n\t"
		     : "=&r"(at) : "r"(DR7_INIT | DR7_GD) : "rax", "memory");
	WRITE_DR(7, DR7_INIT);
	check("general-detect", hits, 1);
	check("general-detect-rip", hit_rip, at);
	check("general-detect-dr6", hit_dr6 & DR6_BD, DR6_BD);
}

/* Runs @code with TF set for it; returns the number of single steps. */
#define STEPPED(code, ...) ({						\
	hits = 0;							\
	asm volatile("pushfq; orl $0x100, (%%rsp); popfq\n\t"		\
		     code "\n\t"					\
		     "pushfq; andl $~0x100, (%%rsp); popfq"		\
		     __VA_ARGS__);					\
	hits;								\
})

/* Steps of the code that clears TF again: PUSHFQ, ANDL and POPFQ. */
#define TAIL	3

static void single_step(bool testdev)
{
	check("step-nop", STEPPED("nop; nop", : : : "memory", "cc"), 2 + TAIL);
	check("step-dr6", hit_dr6 & (DR6_BS | 15), DR6_BS);
	check("step-cpuid", STEPPED("cpuid; nop", : : "a"(0), "c"(0)
				    : "rbx", "rdx", "memory", "cc"), 2 + TAIL);
	check("step-rdmsr", STEPPED("rdmsr", : : "c"(0x1b) : "rax", "rdx", "memory", "cc"), 1 + TAIL);
	check("step-in", STEPPED("inb %%dx, %%al", : : "d"(0x3fd) : "rax", "memory", "cc"), 1 + TAIL);
	check("step-out", STEPPED("outb %%al, $0x80", : : "a"(0) : "memory", "cc"), 1 + TAIL);
	check("step-rdtsc", STEPPED("rdtsc", : : : "rax", "rdx", "memory", "cc"), 1 + TAIL);
	check("step-wbinvd", STEPPED("wbinvd", : : : "memory", "cc"), 1 + TAIL);
	check("step-cr", STEPPED("movq %%cr0, %%rax; movq %%rax, %%cr0", : : : "rax", "memory", "cc"),
	      2 + TAIL);
	check("step-clts", STEPPED("clts", : : : "memory", "cc"), 1 + TAIL);
	check("step-hlt", STEPPED("hlt", : : : "memory", "cc"), 1 + TAIL);
	/* STI and MOV SS hold the step off for no longer than the CPU does. */
	check("step-mov-ss", STEPPED("movw %%ss, %%ax; movw %%ax, %%ss; cpuid; nop", : : :
				     "rax", "rbx", "rcx", "rdx", "memory", "cc"), 3 + TAIL);
	if (testdev) {
		u64 n = 4, *device = (u64 *)TESTDEV_MMIO;
		void *p = device;

		check("step-mmio", STEPPED("movq %%rax, (%%rdi)", : : "a"(1), "D"(device)
					   : "memory", "cc"), 1 + TAIL);
		check("step-rep-mmio", STEPPED("rep stosb", : "+D"(p), "+c"(n) : "a"(0)
					       : "memory", "cc"), 4 + TAIL);
		p = device;
		n = 4;
		check("step-rep-out", STEPPED("rep outsb", : "+S"(p), "+c"(n) : "d"(TESTDEV_LATCH8)
					      : "memory", "cc"), 4 + TAIL);
	}
}

int main(const char *args)
{
	set_trap(1, on_debug);
	kept(arg_u64(args, "n=", 200));
	values();
	breakpoints();
	general_detect();
	single_step(arg_word(args, "testdev"));
	return result();
}
