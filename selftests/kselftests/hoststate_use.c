// SPDX-License-Identifier: GPL-2.0
/*
 * Host programs that use what a hostile guest has changed on the same CPU.
 *
 *	hoststate_use base CPU FILE	MSRs of the host, before any guest runs
 *	hoststate_use run CPU TID FILE	one KTAP line per item of the host's state
 *
 * TID is the thread of the vCPU, pinned to CPU like this program.  An item goes
 * on until that thread has run WANT times in between: an item beside which no
 * guest ran fails.  hoststate.sh prints the plan and starts the guest.
 */
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WANT		40
#define SECONDS		120
#define SLEEP_NS	100000

static int cpu, count, bad;
static char status_path[64];
static char why[256];

/* ---- beside the guest ------------------------------------------------------ */

static long guest_switches(void)
{
	char text[8192], *p;
	long a = 0, b = 0;
	int fd = open(status_path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	close(fd);
	if (n <= 0)
		return -1;
	text[n] = 0;
	p = strstr(text, "\nvoluntary_ctxt_switches:");
	if (p)
		a = atol(p + 25);
	p = strstr(text, "\nnonvoluntary_ctxt_switches:");
	if (p)
		b = atol(p + 28);
	return a + b;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* A system call without the library, which may use vector registers. */
static inline long raw_sleep(long ns)
{
	struct timespec t = { 0, ns };
	long ret = SYS_nanosleep;

	asm volatile("syscall" : "+a"(ret) : "D"(&t), "S"(0L)
		     : "rcx", "r11", "memory");
	return ret;
}

struct beside {
	long from;
	double until;
	unsigned int n;
	bool late;
};

static struct beside beside_begin(void)
{
	return (struct beside) { guest_switches(), now() + SECONDS, 0, false };
}

/* True until the guest has run often enough in between. */
static bool beside(struct beside *b)
{
	if (b->n++ % 8)
		return true;
	if (guest_switches() - b->from >= WANT && b->n > 24)
		return false;
	b->late = now() > b->until;
	return !b->late;
}

static bool wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static bool wrong(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return false;
}

static bool done(const struct beside *b)
{
	if (b->late)
		return wrong("the guest ran only %ld times beside it", guest_switches() - b->from);
	return true;
}

static bool skip(const char *fmt)
{
	snprintf(why, sizeof(why), "%s", fmt);
	return true;
}

static sigjmp_buf fault_jmp;
static volatile uintptr_t fault_addr;

static void on_fault(int sig, siginfo_t *info, void *ctx)
{
	fault_addr = (uintptr_t)info->si_addr;
	siglongjmp(fault_jmp, 1);
}

static void catch_faults(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
}

#define FAULTS(stmt)	(sigsetjmp(fault_jmp, 1) ? true : ({ stmt; false; }))

static void cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	asm volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
		     : "a"(leaf), "c"(sub));
}

/* ---- MSRs as the kernel sees them ---------------------------------------------- */

static const struct {
	uint32_t nr;
	const char *name;
} msrs[] = {
	{ 0xc0000080, "EFER" }, { 0xc0000081, "STAR" }, { 0xc0000082, "LSTAR" },
	{ 0xc0000083, "CSTAR" }, { 0xc0000084, "FMASK" }, { 0xc0000103, "TSC_AUX" },
	{ 0x277, "PAT" }, { 0x1d9, "DEBUGCTL" }, { 0x174, "SYSENTER_CS" },
	{ 0x175, "SYSENTER_ESP" }, { 0x176, "SYSENTER_EIP" },
	{ 0x48, "SPEC_CTRL" }, { 0xda0, "XSS" }, { 0x38f, "PERF_GLOBAL_CTRL" },
	{ 0xc0000102, "KERNEL_GS_BASE" },
};
#define MSRS	(sizeof(msrs) / sizeof(msrs[0]))
static uint64_t base[MSRS];
static bool have[MSRS];
static int msr_fd = -1;

static bool rdmsr(uint32_t nr, uint64_t *val)
{
	return pread(msr_fd, val, 8, nr) == 8;
}

static void read_base(void)
{
	unsigned int i;

	for (i = 0; i < MSRS; i++)
		have[i] = rdmsr(msrs[i].nr, &base[i]);
}

static bool item_msrs(void)
{
	struct beside b = beside_begin();
	uint64_t val;
	unsigned int i;

	if (msr_fd < 0)
		return skip("no /dev/cpu/N/msr");
	while (beside(&b)) {
		raw_sleep(SLEEP_NS);
		for (i = 0; i < MSRS; i++)
			if (have[i] && (!rdmsr(msrs[i].nr, &val) || val != base[i]))
				return wrong("%s is %#lx, not %#lx", msrs[i].name, val, base[i]);
	}
	return done(&b);
}

/* ---- TR limit: the I/O bitmap --------------------------------------------------------- */

static bool item_ioperm(void)
{
	struct beside b = beside_begin();

	if (ioperm(0x80, 1, 1))
		return wrong("ioperm: %s", strerror(errno));
	catch_faults();
	while (beside(&b)) {
		raw_sleep(SLEEP_NS);
		if (FAULTS(outb(0, 0x80)))
			return wrong("a permitted port faults");
		if (!FAULTS(outb(0, 0x81)))
			return wrong("a forbidden port does not fault");
	}
	ioperm(0x80, 1, 0);
	return done(&b);
}

/* ---- debug registers --------------------------------------------------------------------- */

static volatile uint64_t watched;

static __attribute__((noinline)) void marker(void)
{
	asm volatile("");
}

static void tracee(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	for (;;) {
		raw_sleep(SLEEP_NS);
		marker();
		raw_sleep(SLEEP_NS);
		watched++;
	}
}

static long poke_dr(pid_t pid, int n, unsigned long val)
{
	return ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[n]), val);
}

static unsigned long peek_dr(pid_t pid, int n)
{
	return ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user, u_debugreg[n]), NULL);
}

static bool trace(pid_t pid)
{
	struct beside b = beside_begin();
	unsigned long dr6, turn = 0;
	int st;

	if (waitpid(pid, &st, 0) != pid || !WIFSTOPPED(st))
		return wrong("the traced process does not stop");
	/* DR0: execution of marker(); DR1: 8-byte writes to watched. */
	if (poke_dr(pid, 0, (unsigned long)marker) ||
	    poke_dr(pid, 1, (unsigned long)&watched) ||
	    poke_dr(pid, 7, 1 | 4 | 9UL << 20))
		return wrong("POKEUSER: %s", strerror(errno));
	while (beside(&b)) {
		ptrace(PTRACE_CONT, pid, NULL, NULL);
		if (waitpid(pid, &st, 0) != pid || !WIFSTOPPED(st) || WSTOPSIG(st) != SIGTRAP)
			return wrong("status %#x at turn %lu", st, turn);
		dr6 = peek_dr(pid, 6) & 15;
		if (dr6 != (turn & 1 ? 2 : 1))
			return wrong("DR6 is %#lx at turn %lu", dr6, turn);
		if (peek_dr(pid, 0) != (unsigned long)marker ||
		    peek_dr(pid, 1) != (unsigned long)&watched)
			return wrong("addresses changed at turn %lu", turn);
		poke_dr(pid, 6, 0);
		turn++;
	}
	return done(&b);
}

static bool item_ptrace(void)
{
	pid_t pid = fork();
	bool good;

	if (!pid)
		tracee();
	good = pid > 0 && trace(pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return good;
}

static int perf_open(struct perf_event_attr *a, pid_t pid, int on)
{
	a->size = sizeof(*a);
	return syscall(SYS_perf_event_open, a, pid, on, -1, 0);
}

static bool count_writes(pid_t pid, int on)
{
	struct perf_event_attr a = {
		.type = PERF_TYPE_BREAKPOINT, .bp_type = HW_BREAKPOINT_W,
		.bp_addr = (unsigned long)&watched, .bp_len = HW_BREAKPOINT_LEN_8,
	};
	struct beside b = beside_begin();
	uint64_t writes = 0, seen = 0;
	int fd = perf_open(&a, pid, on);

	if (fd < 0)
		return wrong("perf_event_open: %s", strerror(errno));
	while (beside(&b)) {
		raw_sleep(SLEEP_NS);
		watched = ++writes;
		if (read(fd, &seen, 8) != 8 || seen != writes)
			break;
	}
	close(fd);
	if (seen != writes)
		return wrong("%lu hits after %lu writes", seen, writes);
	return done(&b);
}

static bool item_breakpoint_task(void)
{
	return count_writes(0, -1);
}

/* Active on the CPU also while the guest's thread runs there. */
static bool item_breakpoint_cpu(void)
{
	return count_writes(-1, cpu);
}

static bool item_perf(void)
{
	struct perf_event_attr a = {
		.type = PERF_TYPE_HARDWARE, .config = PERF_COUNT_HW_INSTRUCTIONS,
		.exclude_kernel = 1, .exclude_hv = 1,
	};
	struct beside b;
	uint64_t before, after, least = -1UL, most = 0;
	int fd = perf_open(&a, 0, -1);
	long i;

	if (fd < 0)
		return skip("the kernel sees no hardware counters here");
	b = beside_begin();
	while (beside(&b)) {
		if (read(fd, &before, 8) != 8)
			break;
		for (i = 0; i < 100000; i++)
			asm volatile("");
		raw_sleep(SLEEP_NS);
		if (read(fd, &after, 8) != 8)
			break;
		least = after - before < least ? after - before : least;
		most = after - before > most ? after - before : most;
	}
	close(fd);
	/* The guest's instructions would come by the hundred thousand. */
	if (most - least > 20000 || most < 100000)
		return wrong("the same loop took %lu to %lu instructions", least, most);
	return done(&b);
}

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

static bool item_xstate(void)
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

static bool item_xcr0(void)
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

static bool item_pkru(void)
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

static bool item_syscall(void)
{
	struct beside b = beside_begin();
	long parent = getppid(), ret;

	while (beside(&b)) {
		raw_sleep(SLEEP_NS);
		ret = SYS_getppid;
		asm volatile("syscall" : "+a"(ret) : : "rcx", "r11", "memory");
		if (ret != parent)
			return wrong("SYSCALL gave %ld, not %ld", ret, parent);
		ret = 64;	/* getppid of the 32-bit table */
		asm volatile("int $0x80" : "+a"(ret) : : "r8", "r9", "r10", "r11", "memory");
		if (ret != parent)
			return wrong("INT 80h gave %ld, not %ld", ret, parent);
	}
	return done(&b);
}

static bool item_tsc_aux(void)
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

static bool item_fs_gs(void)
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

/* ---- descriptor tables -------------------------------------------------------------------------------------- */

#define LDT_SLOT	3
#define LDT_SEL		(LDT_SLOT << 3 | 7)

static bool item_ldt(void)
{
	struct user_desc d = { .entry_number = LDT_SLOT, .limit = 0xfff, .seg_32bit = 1, .useable = 1 };
	struct beside b = beside_begin();
	uint32_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	uint32_t word, limit, turn = 0;
	uint16_t es;
	bool good = true;

	if (page == MAP_FAILED)
		return wrong("mmap: %s", strerror(errno));
	d.base_addr = (uintptr_t)page;
	if (syscall(SYS_modify_ldt, 1, &d, sizeof(d)))
		return errno == ENOSYS ? skip("no modify_ldt") :
		       wrong("modify_ldt: %s", strerror(errno));
	catch_faults();
	while (good && beside(&b)) {
		*page = ++turn;
		if (FAULTS(asm volatile("movw %w0, %%es; movw %w0, %%gs" : : "r"(LDT_SEL))))
			return wrong("loading a selector of the LDT faults at turn %u", turn);
		raw_sleep(SLEEP_NS);
		limit = 0;
		asm volatile("movw %%es, %0" : "=r"(es));
		asm volatile("lsll %1, %0" : "+r"(limit) : "r"(LDT_SEL) : "cc");
		if (limit != 0xfff)
			good = wrong("LSL of an LDT selector gives %#x at turn %u", limit, turn);
		else if (es != LDT_SEL)
			good = wrong("ES became %#x at turn %u", es, turn);
		else if (FAULTS(asm volatile("movl %%gs:0, %0" : "=r"(word)); *(volatile uint32_t *)&word = word) ||
			 word != turn)
			good = wrong("GS points elsewhere at turn %u", turn);
	}
	asm volatile("movw %w0, %%es; movw %w0, %%gs" : : "r"(0));
	memset(&d, 0, sizeof(d));
	d.entry_number = LDT_SLOT;
	d.read_exec_only = d.seg_not_present = 1;
	syscall(SYS_modify_ldt, 1, &d, sizeof(d));
	return good && done(&b);
}

/* Beyond the kernel's GDT there is no descriptor, whatever lies in memory there. */
static bool item_gdt_limit(void)
{
	struct beside b = beside_begin();
	volatile uint32_t sel;
	uint32_t ar;
	bool found;

	catch_faults();
	while (beside(&b)) {
		raw_sleep(SLEEP_NS);
		for (sel = 0x80; sel < 0x10000; sel += 8) {
			if (FAULTS(asm volatile("lar %2, %1" : "=@ccz"(found), "=r"(ar) : "r"(sel))))
				return wrong("LAR of %#x reads memory beyond the GDT", sel);
			asm volatile("lar %2, %1" : "=@ccz"(found), "=r"(ar) : "r"(sel));
			if (found)
				return wrong("selector %#x is within the GDT limit", sel);
		}
	}
	return done(&b);
}

/* ---- faults, CR4 --------------------------------------------------------------------------------------------------- */

static bool item_cr2(void)
{
	struct beside b = beside_begin();
	volatile char *none = mmap(NULL, 64 << 12, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int i = 0;

	catch_faults();
	while (beside(&b)) {
		volatile char *p = none + (i % 64 << 12) + i * 7 % 4096;

		i++;
		raw_sleep(SLEEP_NS);
		if (!FAULTS(*p) || fault_addr != (uintptr_t)p)
			return wrong("fault address %#lx, not %p", fault_addr, p);
	}
	return done(&b);
}

static bool item_nx(void)
{
	struct beside b = beside_begin();
	unsigned char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	page[0] = 0xc3;
	catch_faults();
	while (beside(&b)) {
		raw_sleep(SLEEP_NS);
		if (!FAULTS(((void (*)(void))page)()) || fault_addr != (uintptr_t)page)
			return wrong("data can be executed");
	}
	return done(&b);
}

static bool item_cr4(void)
{
	struct beside b = beside_begin();
	uint32_t lo, hi;

	catch_faults();
	while (beside(&b)) {
		prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);
		raw_sleep(SLEEP_NS);
		if (!FAULTS(asm volatile("rdtsc" : "=a"(lo), "=d"(hi)))) {
			prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0);
			return wrong("RDTSC does not fault");
		}
		prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0);
		if (FAULTS(asm volatile("rdtsc" : "=a"(lo), "=d"(hi))))
			return wrong("RDTSC faults");
	}
	return done(&b);
}

/* ---- CR3: an address space that ends while the guest's thread has borrowed it ----------------------------------------- */

static int run_on(int n)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(n, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

/* Touches memory in many page tables on the guest's CPU, then ends on the other. */
static void short_life(int other, unsigned int seed)
{
	size_t bytes = 32UL << 21, i;
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED || run_on(cpu))
		_exit(1);
	for (i = 0; i < bytes; i += 1 << 21)
		p[i] = seed;
	/* The guest's thread takes over with our page tables. */
	raw_sleep(SLEEP_NS);
	if (run_on(other) || (seed & 1 && munmap(p, bytes / 2)))
		_exit(1);
	for (i = bytes / 2; i < bytes; i += 1 << 21)
		if (p[i] != (char)seed)
			_exit(2);
	_exit(0);
}

static bool item_cr3(void)
{
	int other = cpu ? 0 : 1, st, round = 0;
	struct beside b;
	pid_t pid;

	if (run_on(other))
		return skip("one CPU only");
	b = beside_begin();
	while (beside(&b) || round < 60) {
		pid = fork();
		if (!pid)
			short_life(other, round);
		if (pid < 0 || waitpid(pid, &st, 0) != pid || st) {
			run_on(cpu);
			return wrong("process %d ended with %#x", round, st);
		}
		round++;
	}
	run_on(cpu);
	return done(&b);
}

/* ---- all ------------------------------------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	bool (*fn)(void);
} items[] = {
	{ "MSRs as the kernel reads them", item_msrs },
	{ "TR limit: ioperm", item_ioperm },
	{ "debug registers: ptrace", item_ptrace },
	{ "debug registers: breakpoint of a task", item_breakpoint_task },
	{ "debug registers, DR7: breakpoint of a CPU", item_breakpoint_cpu },
	{ "performance counters", item_perf },
	{ "x87, SSE, AVX, AVX-512 registers", item_xstate },
	{ "XCR0", item_xcr0 },
	{ "PKRU", item_pkru },
	{ "STAR, LSTAR, FMASK: system calls", item_syscall },
	{ "TSC_AUX: RDTSCP", item_tsc_aux },
	{ "FS base, GS base, KERNEL_GS_BASE", item_fs_gs },
	{ "LDT", item_ldt },
	{ "GDT limit", item_gdt_limit },
	{ "CR2: fault addresses", item_cr2 },
	{ "EFER, PAT: no-execute pages", item_nx },
	{ "CR4: RDTSC switched off", item_cr4 },
	{ "CR3: borrowed address spaces end", item_cr3 },
};
#define ITEMS	(sizeof(items) / sizeof(items[0]))

/* In a process of its own, so that no item leaves anything to the next. */
static void run_item(unsigned int i)
{
	int p[2], st;
	pid_t pid;
	bool good;
	ssize_t n;

	if (pipe(p))
		exit(1);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		why[0] = 0;
		good = items[i].fn();
		if (write(p[1], why, strlen(why)) < 0)
			_exit(3);
		_exit(!good);
	}
	close(p[1]);
	n = read(p[0], why, sizeof(why) - 1);
	why[n > 0 ? n : 0] = 0;
	close(p[0]);
	waitpid(pid, &st, 0);
	count++;
	if (st) {
		bad = 1;
		printf("not ok %d %s\n# %s (status %#x)\n", count, items[i].name, why, st);
	} else if (why[0]) {
		printf("ok %d %s # SKIP %s\n", count, items[i].name, why);
	} else {
		printf("ok %d %s\n", count, items[i].name);
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *file;
	unsigned int i;
	char path[64];
	FILE *f;

	if (argc < 4)
		return 2;
	cpu = atoi(argv[2]);
	file = argv[argc - 1];
	if (run_on(cpu)) {
		perror("affinity");
		return 2;
	}
	snprintf(path, sizeof(path), "/dev/cpu/%d/msr", cpu);
	msr_fd = open(path, O_RDONLY);
	f = fopen(file, argv[1][0] == 'b' ? "w" : "r");
	if (!f) {
		perror(file);
		return 2;
	}
	if (!strcmp(argv[1], "base")) {
		read_base();
		fwrite(base, sizeof(base), 1, f);
		fwrite(have, sizeof(have), 1, f);
		return fclose(f) ? 2 : 0;
	}
	if (fread(base, sizeof(base), 1, f) != 1 || fread(have, sizeof(have), 1, f) != 1)
		return 2;
	fclose(f);
	snprintf(status_path, sizeof(status_path), "/proc/%s/status", argv[3]);
	printf("1..%zu\n", ITEMS);
	for (i = 0; i < ITEMS; i++)
		if (argc == 5 || strstr(items[i].name, argv[4]))
			run_item(i);
	return bad;
}
