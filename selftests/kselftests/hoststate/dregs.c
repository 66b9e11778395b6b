// SPDX-License-Identifier: GPL-2.0
/* Debug registers and performance counters: ptrace and perf. */
#include <errno.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include "use.h"

static volatile uint64_t watched;

static __attribute__((noinline)) void marker(void)
{
	asm volatile("");
}

static void tracee(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
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

bool item_ptrace(void)
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

bool item_breakpoint_task(void)
{
	return count_writes(0, -1);
}

/* Active on the CPU also while the guest's thread runs there. */
bool item_breakpoint_cpu(void)
{
	return count_writes(-1, cpu);
}

bool item_perf(void)
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
