/* SPDX-License-Identifier: GPL-2.0 */
/* What the rest of the module sees of VT-x. */
#ifndef HS_VMX_VMX_H
#define HS_VMX_VMX_H

#include <linux/types.h>
#include <linux/hyperspace.h>
#include "vmx/cpuid_feat.h"

struct hs_board;
struct hs_lapic;
struct hs_gmem;
struct hs_vmx;		/* one vCPU */
struct hs_vmx_vm;	/* what the vCPUs of a VM share */
struct hs_boot_state;
struct seq_file;
struct task_struct;

/* --- the host --- */

/* One requirement, as vctl check shows it. */
struct hs_check {
	const char *name;	/* "EPT" */
	const char *source;	/* "IA32_VMX_PROCBASED_CTLS2" */
	enum hs_check_level level;
	bool ok;
	char detail[96];
	const char *remedy;
};

/* Fills *c with requirement @i; false when there are no more.  Process context. */
bool hs_vmx_check(unsigned int i, struct hs_check *c);
/* 0, or -EOPNOTSUPP and the first missing requirement in *why. */
int hs_vmx_supported(struct hs_check *why);

/* Optional features of the EPT here, for struct hs_gmem_cfg.  After
 * hs_vmx_supported() said 0; any context. */
bool hs_vmx_has_ept_ad(void);
bool hs_vmx_has_ept_2m(void);

int hs_vmx_module_init(void);
void hs_vmx_module_exit(void);

/*
 * Take and give back VMX for a running VM (held mode: the first takes it on all
 * CPUs, the last gives it back).  Process context, may sleep.  0, -EBUSY with
 * *why = a sentence that names who has it and the remedy, -EOPNOTSUPP, -EIO.
 */
int hs_vmx_get(const char **why);
void hs_vmx_put(void);

/*
 * Who stops the vCPUs before a reboot takes VMX away: called in process
 * context, may sleep, returns when none runs any more.  NULL: nobody.
 */
void hs_vmx_set_stop_all(void (*fn)(void));

/* --- one VM --- */

struct hs_vmx_vm_cfg {
	unsigned int cpus;
	struct hs_board *board;
	struct hs_gmem *gmem;
	const char *name;
	struct hs_cpuid_hide hide;	/* features that the guest does not see */
};

struct hs_vmx_vm *hs_vmx_vm_create(const struct hs_vmx_vm_cfg *cfg);
void hs_vmx_vm_destroy(struct hs_vmx_vm *vm);

/* --- one vCPU --- */

struct hs_vmx *hs_vmx_create(struct hs_vmx_vm *vm, unsigned int index,
			     struct hs_lapic *lapic);
void hs_vmx_destroy(struct hs_vmx *v);

/*
 * Power-on or INIT state (SDM vol. 3, table 9-1).  Owner, or vCPU not running.
 * The BSP then gets its boot state; an AP waits for a SIPI.
 */
void hs_vmx_reset(struct hs_vmx *v, bool init);
void hs_vmx_set_boot(struct hs_vmx *v, const struct hs_boot_state *s);

enum hs_run {
	HS_RUN_AGAIN,	/* slice over, or kicked: look at requests, call again */
	HS_RUN_SPIN,	/* waits for another vCPU, as it seems: hs_vmx_spun() */
	HS_RUN_HALT,	/* HLT or wait-for-SIPI: sleep until hs_vmx_has_work() */
	HS_RUN_SHUTDOWN,/* triple fault */
	HS_RUN_FAIL,	/* hs_vmx_fail_reason() says why */
};

/*
 * Runs the guest for one slice, then serves what ended it.  vCPU thread,
 * interrupts and preemption on, no lock held, VMX held by hs_vmx_get(); may
 * sleep.  INIT and SIPI are taken here.
 */
enum hs_run hs_vmx_run(struct hs_vmx *v);

/*
 * After HS_RUN_SPIN: another vCPU of the VM got the CPU, or there was none that
 * could use it; the next loop is noticed sooner or later accordingly.  Owner
 * thread.
 */
void hs_vmx_spun(struct hs_vmx *v, bool yielded);
/* vCPU would run if it had a CPU: neither in the guest nor halted.  Any context;
 * a hint. */
bool hs_vmx_waits(struct hs_vmx *v);

/* vCPU is halted but has something to run for.  Any context. */
bool hs_vmx_has_work(struct hs_vmx *v);

/*
 * Makes the vCPU leave guest mode soon, and makes a hs_vmx_run() that has not
 * entered yet return HS_RUN_AGAIN or take the new events.  Full barrier before
 * it looks at IN_GUEST.  Any context.  Does not wake a sleeping thread.
 */
void hs_vmx_kick(struct hs_vmx *v);
/* Request word: while non-zero hs_vmx_run() returns HS_RUN_AGAIN at once. */
void hs_vmx_set_request(struct hs_vmx *v, bool pending);
/* For struct hs_gmem_cfg: makes physical CPU @cpu leave guest mode. */
void hs_vmx_kick_cpu(void *arg, int cpu);

/*
 * The vCPU thread will not run the guest for a while (paused, halted for long,
 * ending): VMCLEAR where its VMCS is current, so that nothing of it stays on a
 * CPU.  Owner thread.
 */
void hs_vmx_park(struct hs_vmx *v);

/* Parked: before guest memory is cleared; no page of it is held any more. */
void hs_vmx_let_go(struct hs_vmx *v);
/* Parked: the VM was paused, which the guest is to learn when it runs again. */
void hs_vmx_was_stopped(struct hs_vmx *v);

/* Sentence and remedy after HS_RUN_FAIL; owner stopped or any context (stable
 * strings inside v). */
const char *hs_vmx_fail_reason(struct hs_vmx *v);
const char *hs_vmx_fail_remedy(struct hs_vmx *v);

/* --- looking --- */

struct hs_vmx_exit_rec {
	u32 reason;
	u64 qual, rip;
};
#define HS_VMX_EXIT_RING	16

/* An MSR that the guest tried and that does not exist. */
struct hs_vmx_msr_rec {
	u32 msr;
	u64 reads, writes;
};
#define HS_VMX_MSRS	8

struct hs_vmx_stats {
	u64 v[__HS_A_STAT_MAX];		/* by enum hs_stat_attr */
};

/* vCPU thread, or vCPU not running (else the caller asks the thread to). */
void hs_vmx_get_regs(struct hs_vmx *v, struct hs_uregs *r);
/* Copies the last exits, oldest first; returns how many. */
unsigned int hs_vmx_get_exits(struct hs_vmx *v,
			      struct hs_vmx_exit_rec rec[HS_VMX_EXIT_RING]);
/* The last MSRs that do not exist, the last one first; returns how many.  vCPU
 * parked. */
unsigned int hs_vmx_get_msrs(struct hs_vmx *v, struct hs_vmx_msr_rec rec[HS_VMX_MSRS]);
unsigned int hs_vmx_get_insn(struct hs_vmx *v, u8 bytes[15]);
const char *hs_vmx_activity(struct hs_vmx *v);
/* Adds this vCPU's counters; any context, sums are not atomic. */
void hs_vmx_add_stats(struct hs_vmx *v, struct hs_vmx_stats *s);
const char *hs_vmx_exit_name(u32 basic_reason);
/* For debugfs: a line for every exit reason of exits.h. */
void hs_vmx_show_exits(struct seq_file *m);
u64 hs_vmx_overhead(const struct hs_vmx *v);

#endif /* HS_VMX_VMX_H */
