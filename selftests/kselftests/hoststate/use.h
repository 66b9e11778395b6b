/* SPDX-License-Identifier: GPL-2.0 */
/* What the items of hoststate_use share.  See main.c. */
#ifndef HOSTSTATE_USE_H
#define HOSTSTATE_USE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

#define SLEEP_NS	100000

/* ---- beside.c ---------------------------------------------------------------- */

/* The CPU of the guest's thread. */
extern int cpu;

struct beside {
	long from;
	double until;
	unsigned int n;
	bool late;
};

/* The thread whose runs count. */
void beside_thread(const char *tid);
struct beside beside_begin(void);
/* True until the guest has run often enough in between. */
bool beside(struct beside *b);
/* What an item returns in the end: true, or false when the guest hardly ran. */
bool done(const struct beside *b);

/* Why an item failed or was skipped; read by main.c. */
extern char why[256];
bool wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
bool skip(const char *reason);

/* The address of the last fault that FAULTS() caught. */
extern sigjmp_buf fault_jmp;
extern volatile uintptr_t fault_addr;
void catch_faults(void);
#define FAULTS(stmt)	(sigsetjmp(fault_jmp, 1) ? true : ({ stmt; false; }))

/* This process runs on CPU @n only; 0 or -1. */
int run_on(int n);

/* A system call without the library, which may use vector registers. */
static inline long raw_sleep(long ns)
{
	struct timespec t = { 0, ns };
	long ret = SYS_nanosleep;

	asm volatile("syscall" : "+a"(ret) : "D"(&t), "S"(0L)
		     : "rcx", "r11", "memory");
	return ret;
}

static inline void cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	asm volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
		     : "a"(leaf), "c"(sub));
}

/* ---- items: true when the host's state was kept ----------------------------------- */

/* msrs.c; msrs_open() comes first, then one of the other two: 0 or -1. */
void msrs_open(void);
int msrs_write_base(const char *path);
int msrs_read_base(const char *path);
bool item_msrs(void);

/* dregs.c */
bool item_ptrace(void);
bool item_breakpoint_task(void);
bool item_breakpoint_cpu(void);
bool item_perf(void);

/* regs.c */
bool item_xstate(void);
bool item_xcr0(void);
bool item_pkru(void);
bool item_syscall(void);
bool item_tsc_aux(void);
bool item_fs_gs(void);

/* system.c */
bool item_ioperm(void);
bool item_ldt(void);
bool item_gdt_limit(void);
bool item_cr2(void);
bool item_nx(void);
bool item_cr4(void);
bool item_cr3(void);

#endif /* HOSTSTATE_USE_H */
