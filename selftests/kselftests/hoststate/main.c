// SPDX-License-Identifier: GPL-2.0
/*
 * Host programs that use what a hostile guest has changed on the same CPU.
 *
 *	hoststate_use base CPU FILE	MSRs of the host, before any guest runs
 *	hoststate_use run CPU TID [ITEM] FILE	one KTAP line per item of the
 *					host's state, or for those named like ITEM
 *
 * TID is the thread of the vCPU, pinned to CPU like the items, each of which is a
 * process of its own.  An item goes on until that thread has run often enough in
 * between: an item beside which no guest ran fails.  hoststate.sh prints the plan
 * and starts the guest.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "use.h"

static int count, bad;

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
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		why[0] = 0;
		good = run_on(cpu) ? wrong("affinity: %s", strerror(errno)) : items[i].fn();
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

	if (argc < 4)
		return 2;
	cpu = atoi(argv[2]);
	file = argv[argc - 1];
	msrs_open();
	if (!strcmp(argv[1], "base")) {
		if (run_on(cpu) || msrs_write_base(file)) {
			perror(file);
			return 2;
		}
		return 0;
	}
	if (msrs_read_base(file)) {
		perror(file);
		return 2;
	}
	beside_thread(argv[3]);
	printf("1..%zu\n", ITEMS);
	for (i = 0; i < ITEMS; i++)
		if (argc == 5 || strstr(items[i].name, argv[4]))
			run_item(i);
	return bad;
}
