// SPDX-License-Identifier: GPL-2.0
/* How long an item runs beside the guest, what it says, and faults it expects. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "use.h"

#define WANT		40
/* For ever, nearly: a guest that goes on passes the item long before. */
#define SECONDS		120

int cpu;
char why[256];
static char status_path[64];

void beside_thread(const char *tid)
{
	snprintf(status_path, sizeof(status_path), "/proc/%s/status", tid);
}

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

struct beside beside_begin(void)
{
	/* Who expects the guest to end cannot wait that long. */
	const char *shorter = getenv("BESIDE_SECONDS");

	return (struct beside) { guest_switches(), now() + (shorter ? atoi(shorter) : SECONDS),
				 0, false };
}

bool beside(struct beside *b)
{
	if (b->n++ % 8)
		return true;
	if (guest_switches() - b->from >= WANT && b->n > 24)
		return false;
	b->late = now() > b->until;
	return !b->late;
}

bool wrong(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return false;
}

bool done(const struct beside *b)
{
	if (b->late)
		return wrong("the guest ran only %ld times beside it", guest_switches() - b->from);
	return true;
}

bool skip(const char *reason)
{
	snprintf(why, sizeof(why), "%s", reason);
	return true;
}

sigjmp_buf fault_jmp;
volatile uintptr_t fault_addr;

static void on_fault(int sig, siginfo_t *info, void *ctx)
{
	fault_addr = (uintptr_t)info->si_addr;
	siglongjmp(fault_jmp, 1);
}

void catch_faults(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
}

int run_on(int n)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(n, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}
