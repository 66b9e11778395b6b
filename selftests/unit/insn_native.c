// SPDX-License-Identifier: GPL-2.0
/* Single instructions on this machine's processor; see insn_native.h. */
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "insn_native.h"

#define HWCAP2_FSGSBASE_BIT	BIT(1)
#define USER_CS64		0x33
#define USER_CS32		0x23
#define USER_DS			0x2b
#define LDT_SEL(n)		((n) << 3 | 7)
/* LDT slots: data segments at their enum native_seg, code after them. */
#define LDT_CODE16		NSEG_NR
#define LDT_EXECONLY16		(NSEG_NR + 1)
#define CODE16_PAGES		0x3ff

#define AR_DATA			(HS_AR_P | HS_AR_S | 3U << 5 | 0x3)
#define AR_CODE			(HS_AR_P | HS_AR_S | 3U << 5 | 0xb)

/* For the handler, and for the assembly below. */
u64 native_host_fs;
volatile u64 native_guest_fs, native_guest_gs;
volatile u32 native_entering;	/* 1: load what the guest wants */
volatile u32 native_legacy;	/* selectors instead of bases */
volatile u16 native_sel[HS_SEG_NR];

static volatile sig_atomic_t in_guest;
static gregset_t host_regs;
/* Volatile: no compiler sees that the handlers run in the middle of trap(). */
static const struct hs_insn_regs *volatile guest_in;
static const struct hs_insn_mode *volatile guest_mode;
static struct native_result *volatile guest_out;
static struct hs_insn_seg legacy_seg[NSEG_NR];

/*
 * Signal entry.  The guest may have left RFLAGS.AC set and changed FS, which C
 * needs; and C must not run any more once the guest's FS is loaded.
 */
asm(
"	.text\n"
"	.type native_entry, @function\n"
"native_entry:\n"
"	pushfq\n"
"	andl	$~0x40000, (%rsp)\n"
"	popfq\n"
"	xorl	%eax, %eax\n"
"	movl	%eax, %fs\n"
"	movl	%eax, %gs\n"
"	movl	%eax, %ds\n"
"	movl	%eax, %es\n"
"	movq	native_host_fs(%rip), %rax\n"
"	wrfsbase %rax\n"
"	subq	$8, %rsp\n"
"	call	native_signal\n"
"	addq	$8, %rsp\n"
"	cmpl	$0, native_entering(%rip)\n"
"	je	2f\n"
"	cmpl	$0, native_legacy(%rip)\n"
"	jne	1f\n"
"	movq	native_guest_fs(%rip), %rax\n"
"	wrfsbase %rax\n"
"	movq	native_guest_gs(%rip), %rax\n"
"	wrgsbase %rax\n"
"	ret\n"
"1:	movw	native_sel+0(%rip), %es\n"
"	movw	native_sel+8(%rip), %fs\n"
"	movw	native_sel+10(%rip), %gs\n"
"	movw	native_sel+6(%rip), %ds\n"
"2:	ret\n"
"	.size native_entry, .-native_entry\n"
);
void native_entry(int sig, siginfo_t *info, void *uc);

static const int greg_of[HS_GPR_NR] = {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
	REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

static void enter_guest(ucontext_t *uc)
{
	greg_t *g = uc->uc_mcontext.gregs;
	unsigned int i;
	u64 cs = USER_CS64, ss = USER_DS;

	memcpy(host_regs, g, sizeof(host_regs));
	for (i = 0; i < HS_GPR_NR; i++)
		g[greg_of[i]] = guest_in->gpr[i];
	g[REG_RIP] = guest_in->rip;
	g[REG_EFL] = guest_in->rflags | 0x202;
	if (guest_mode->bits != 64) {
		cs = guest_mode->seg[HS_SEG_CS].sel;
		ss = guest_mode->seg[HS_SEG_SS].sel;
	}
	/* CS, GS, FS, SS: 16 bits each */
	g[REG_CSGSFS] = cs | ss << 48;
	in_guest = 1;
	native_entering = 1;
}

static void leave_guest(ucontext_t *uc)
{
	greg_t *g = uc->uc_mcontext.gregs;
	struct native_result *res = guest_out;
	unsigned int i;

	for (i = 0; i < HS_GPR_NR; i++)
		res->regs.gpr[i] = g[greg_of[i]];
	res->regs.rip = g[REG_RIP];
	res->regs.rflags = g[REG_EFL];
	res->fault = g[REG_TRAPNO] != 3;
	if (res->fault) {
		u8 vector = g[REG_TRAPNO];

		res->exception = (struct hs_insn_fault){
			.vector = vector,
			.has_error = vector != HS_VEC_UD,
			.error_code = vector != HS_VEC_UD ? g[REG_ERR] : 0,
			.cr2 = vector == HS_VEC_PF ? g[REG_CR2] : 0,
		};
	} else {
		res->regs.rip--;	/* the breakpoint */
	}
	memcpy(g, host_regs, sizeof(host_regs));
	in_guest = 0;
	native_entering = 0;
}

/* Called from native_entry(). */
__attribute__((used)) void native_signal(int sig, siginfo_t *info, void *arg);
void native_signal(int sig, siginfo_t *info, void *arg)
{
	if (in_guest) {
		leave_guest(arg);
	} else if (sig == SIGTRAP && guest_in) {
		enter_guest(arg);
	} else {
		/* The test itself crashed: let it. */
		native_entering = 0;
		signal(sig, SIG_DFL);
	}
}

static int map_arena(void)
{
	u8 *p;

	p = mmap((void *)ARENA_BASE, ARENA_SIZE, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE,
		 -1, 0);
	if (p != (void *)ARENA_BASE)
		return -1;
	if (mprotect((void *)ARENA_CODE, ARENA_CODE_SIZE,
		     PROT_READ | PROT_WRITE | PROT_EXEC))
		return -1;
	memset((void *)ARENA_CODE, 0xcc, ARENA_CODE_SIZE);
	if (mprotect((void *)ARENA_DATA, ARENA_DATA_SIZE, PROT_READ | PROT_WRITE))
		return -1;
	/* Present from now on: the error code of #PF tells. */
	memset((void *)ARENA_DATA, 0, ARENA_DATA_SIZE);
	mlock((void *)ARENA_DATA, ARENA_DATA_SIZE);
	return mprotect((void *)(ARENA_DATA + ARENA_RW_SIZE),
			ARENA_DATA_SIZE - ARENA_RW_SIZE, PROT_READ);
}

const char *native_init(void)
{
	static const int signals[] = {
		SIGTRAP, SIGSEGV, SIGILL, SIGBUS, SIGFPE
	};
	struct sigaction sa = {
		.sa_sigaction = native_entry,
		.sa_flags = SA_SIGINFO | SA_ONSTACK,
	};
	stack_t stack = { .ss_size = 1 << 18 };
	unsigned int i;

	if (!(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE_BIT))
		return "no FSGSBASE";
	if (map_arena())
		return "cannot map the arena below 4 GiB";
	syscall(SYS_arch_prctl, ARCH_GET_FS, &native_host_fs);

	stack.ss_sp = mmap(NULL, stack.ss_size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL))
		return "no signal stack";
	sigfillset(&sa.sa_mask);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], &sa, NULL))
			return "cannot catch signals";
	return NULL;
}

static int set_ldt(unsigned int slot, struct user_desc d)
{
	d.entry_number = slot;
	d.useable = 1;
	return syscall(SYS_modify_ldt, 0x11, &d, sizeof(d)) ? -1 : 0;
}

/* One data segment into the LDT, and what the emulator shall know of it. */
static int set_data(enum native_seg n, struct user_desc d, u32 ar)
{
	u32 limit = d.limit_in_pages ? d.limit << 12 | 0xfff : d.limit;

	legacy_seg[n] = (struct hs_insn_seg){
		.base = d.base_addr,
		.limit = limit,
		.ar = ar | (d.seg_32bit ? HS_AR_DB : 0),
		.sel = LDT_SEL(n),
	};
	return set_ldt(n, d);
}

const char *native_init_legacy(unsigned int bits)
{
	u32 window = ARENA_DATA - NSEG_WINDOW_PAD;
	int bad = 0;

	legacy_seg[NSEG_FLAT] = (struct hs_insn_seg){
		.limit = U32_MAX, .ar = AR_DATA | HS_AR_DB, .sel = USER_DS,
	};
	legacy_seg[NSEG_NULL] = (struct hs_insn_seg){ .ar = HS_AR_UNUSABLE };

	bad |= set_data(NSEG_WINDOW, (struct user_desc){
		.base_addr = window, .limit = 0xffff }, AR_DATA);
	bad |= set_data(NSEG_SHORT, (struct user_desc){
		.base_addr = window, .limit = NSEG_WINDOW_PAD + 0x2122,
		.seg_32bit = 1 }, AR_DATA);
	bad |= set_data(NSEG_DOWN16, (struct user_desc){
		.base_addr = window, .limit = NSEG_WINDOW_PAD + 0x1233,
		.contents = 1 }, AR_DATA | HS_AR_DOWN);
	bad |= set_data(NSEG_DOWN32, (struct user_desc){
		.base_addr = window, .limit = 5, .limit_in_pages = 1,
		.seg_32bit = 1, .contents = 1 }, AR_DATA | HS_AR_DOWN);
	bad |= set_data(NSEG_WRAP, (struct user_desc){
		.base_addr = 0xffff0000, .limit = 0xfffff, .limit_in_pages = 1,
		.seg_32bit = 1 }, AR_DATA);
	bad |= set_data(NSEG_READONLY, (struct user_desc){
		.base_addr = window, .limit = 0xffff, .read_exec_only = 1 },
		AR_DATA & ~HS_AR_WRITE);
	bad |= set_data(NSEG_CODE, (struct user_desc){
		.base_addr = window, .limit = 0xffff, .contents = 2 }, AR_CODE);
	if (bad)
		return "modify_ldt refused a data segment";
	if (bits == 32)
		return NULL;
	bad |= set_ldt(LDT_CODE16, (struct user_desc){
		.base_addr = ARENA_CODE, .limit = CODE16_PAGES,
		.limit_in_pages = 1, .contents = 2 });
	bad |= set_ldt(LDT_EXECONLY16, (struct user_desc){
		.base_addr = ARENA_CODE, .limit = CODE16_PAGES,
		.limit_in_pages = 1, .contents = 2, .read_exec_only = 1 });
	if (bad)
		return "modify_ldt refused a 16-bit code segment";
	return NULL;
}

static void set_common(struct hs_insn_mode *mode, unsigned int bits)
{
	*mode = (struct hs_insn_mode){
		.bits = bits,
		.cpl = 3,
		.cr0 = BIT_ULL(0) | BIT_ULL(18) | BIT_ULL(31),
	};
}

void native_set_legacy(struct hs_insn_mode *mode, unsigned int bits,
		       const u8 seg[HS_SEG_NR])
{
	bool exec_only = seg[HS_SEG_CS] == NSEG_NULL;
	unsigned int i;

	set_common(mode, bits);
	for (i = 0; i < HS_SEG_NR; i++)
		mode->seg[i] = legacy_seg[seg[i]];
	if (bits == 32)
		mode->seg[HS_SEG_CS] = (struct hs_insn_seg){
			.limit = U32_MAX, .ar = AR_CODE | HS_AR_DB,
			.sel = USER_CS32,
		};
	else
		mode->seg[HS_SEG_CS] = (struct hs_insn_seg){
			.base = ARENA_CODE,
			.limit = CODE16_PAGES << 12 | 0xfff,
			.ar = exec_only ? AR_CODE & ~HS_AR_WRITE : AR_CODE,
			.sel = LDT_SEL(exec_only ? LDT_EXECONLY16 : LDT_CODE16),
		};
}

void native_set_64(struct hs_insn_mode *mode, u64 fs, u64 gs)
{
	unsigned int i;

	set_common(mode, 64);
	for (i = 0; i < HS_SEG_NR; i++)
		mode->seg[i].ar = HS_AR_UNUSABLE;
	mode->seg[HS_SEG_CS].ar = AR_CODE | HS_AR_L;
	mode->seg[HS_SEG_CS].sel = USER_CS64;
	mode->seg[HS_SEG_SS].ar = AR_DATA | HS_AR_DB;
	mode->seg[HS_SEG_SS].sel = USER_DS;
	mode->seg[HS_SEG_FS].base = fs;
	mode->seg[HS_SEG_GS].base = gs;
}

u64 native_rip(const struct hs_insn_mode *mode, unsigned int offset)
{
	return ARENA_CODE + offset - mode->seg[HS_SEG_CS].base;
}

/* Compiled once: the handlers come back to the instruction behind int3. */
static __attribute__((__noinline__)) void trap(void)
{
	asm volatile("int3" ::: "memory");
}

void native_run(const struct hs_insn_mode *mode, const u8 *bytes, size_t len,
		unsigned int offset, const struct hs_insn_regs *regs,
		struct native_result *res)
{
	u8 *code = (u8 *)ARENA_CODE + offset;
	unsigned int i;

	memcpy(code, bytes, len);
	native_legacy = mode->bits != 64;
	native_guest_fs = mode->seg[HS_SEG_FS].base;
	native_guest_gs = mode->seg[HS_SEG_GS].base;
	for (i = 0; i < HS_SEG_NR; i++)
		native_sel[i] = mode->seg[i].sel;
	memset(res, 0, sizeof(*res));
	guest_mode = mode;
	guest_in = regs;
	guest_out = res;

	trap();

	guest_in = NULL;
	memset(code, 0xcc, len);
}
