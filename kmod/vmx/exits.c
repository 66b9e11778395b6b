// SPDX-License-Identifier: GPL-2.0
/*
 * What happens at an exit: the table by reason, and the short handlers.
 *
 * FAST handlers run inside the slice with interrupts off: no sleep, no
 * allocation, no log, no lock shared between VMs.  SLOW handlers run after it.
 */
#include <linux/nospec.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include "vmx/exits.h"
#include "vmx/priv.h"

static enum hs_next exit_int_window(struct hs_vmx *v)
{
	/* The window is open: hs_vmx_prepare_events() injects now. */
	hs_stat(v, EXITS_OTHER);
	return HS_RESUME;
}

static enum hs_next exit_triple_fault(struct hs_vmx *v)
{
	return HS_SHUTDOWN;
}

static enum hs_next exit_cpuid(struct hs_vmx *v)
{
	u32 r[4];

	hs_stat(v, EXITS_CPUID);
	hs_cpuid_query(&v->vm->cpuid, &v->dyn, v->e.gpr[RAX], v->e.gpr[RCX], r);
	v->e.gpr[RAX] = r[HS_EAX];
	v->e.gpr[RBX] = r[HS_EBX];
	v->e.gpr[RCX] = r[HS_ECX];
	v->e.gpr[RDX] = r[HS_EDX];
	hs_vmx_skip(v);
	return HS_RESUME;
}

static enum hs_next exit_hlt(struct hs_vmx *v)
{
	hs_stat(v, EXITS_HLT);
	hs_vmx_skip(v);
	hs_vmx_note_halt(v);
	/* The single-step trap ends it; and something may have come since the entry. */
	return (hs_x_rflags(v) & HS_FL_TF) || hs_vmx_wakes(v) ? HS_RESUME : HS_BLOCK;
}

static enum hs_next exit_ud(struct hs_vmx *v)
{
	hs_stat(v, EXITS_OTHER);
	hs_vmx_inject_ud(v);
	return HS_RESUME;
}

static enum hs_next exit_gp(struct hs_vmx *v)
{
	hs_stat(v, EXITS_OTHER);
	hs_vmx_inject_gp(v);
	return HS_RESUME;
}

/* INVD, WBINVD: no device of the guest sees memory but through the caches. */
static enum hs_next exit_nop(struct hs_vmx *v)
{
	hs_stat(v, EXITS_OTHER);
	hs_vmx_skip(v);
	return HS_RESUME;
}

/* Pause-loop exiting: the guest has spun for a while. */
static enum hs_next exit_pause(struct hs_vmx *v)
{
	hs_stat(v, EXITS_OTHER);
	hs_vmx_skip(v);
	return HS_SPIN;
}

/*
 * A guest that found our signature may try a hypercall, though none is offered:
 * the ABI's answer to an unknown one is -ENOSYS.
 */
static enum hs_next exit_vmcall(struct hs_vmx *v)
{
	hs_stat(v, EXITS_OTHER);
	v->e.gpr[RAX] = -1000UL;	/* KVM_ENOSYS */
	hs_vmx_skip(v);
	return HS_RESUME;
}

/**
 * hs_exit_xsetbv - XSETBV always exits
 * @v: in a slice
 *
 * The processor has checked CPL and CR4.OSXSAVE before.
 *
 * Return: HS_RESUME.
 */
enum hs_next hs_exit_xsetbv(struct hs_vmx *v)
{
	u64 val = (u32)v->e.gpr[RAX] | v->e.gpr[RDX] << 32;

	hs_stat(v, EXITS_OTHER);
	if ((u32)v->e.gpr[RCX] != 0 || !hs_xcr0_valid(&v->vm->cpuid, val)) {
		hs_vmx_inject_gp(v);
		return HS_RESUME;
	}
	if (val != v->xcr0) {
		v->xcr0 = val;
		v->dyn.xcr0 = val;
		hs_host_set_xcr0(v);
	}
	hs_vmx_skip(v);
	return HS_RESUME;
}

static enum hs_next exit_ept_misconfig(struct hs_vmx *v)
{
	return hs_vmx_fail(v, "please report this with the kernel log",
			   "EPT misconfiguration at guest-physical address %#llx",
			   hs_x_gpa(v));
}

static enum hs_next exit_task_switch(struct hs_vmx *v)
{
	return hs_vmx_fail(v, "hardware task switches are not emulated; 64-bit kernels use none",
			   "task switch to selector %#llx", hs_x_qual(v) & 0xffff);
}

static enum hs_next exit_entry_mce(struct hs_vmx *v)
{
	/* It made the entry fail instead of being delivered (SDM vol. 3, 27.9). */
	asm volatile("int $18");
	return hs_vmx_fail(v, "see the kernel log of the host for the machine check",
			   "machine check during VM entry");
}

static enum hs_next exit_bad_state(struct hs_vmx *v)
{
	return hs_vmx_entry_failed(v, HS_ENTERED);
}

/**
 * struct exit_row - handling of one exit reason
 * @fast: in the slice; NULL: SLOW at once
 * @slow: after the slice
 * @need: HS_X_* that the slow handler wants to find
 * @vectoring: the exit can interrupt the delivery of an event
 */
struct exit_row {
	enum hs_next (*fast)(struct hs_vmx *v);
	enum hs_next (*slow)(struct hs_vmx *v);
	u32 need;
	bool vectoring;
};

#define FAST(id, fn)	[HS_EXIT_##id] = { .fast = (fn) }
#define UD(id)		[HS_EXIT_##id] = { .fast = exit_ud }

static const struct exit_row rows[HS_EXIT_NR] = {
	[HS_EXIT_EXCEPTION_NMI] = { .fast = hs_exit_exception, .slow = hs_exit_exception_slow,
				    .need = HS_X_RIP, .vectoring = true },
	FAST(TRIPLE_FAULT, exit_triple_fault),
	FAST(INT_WINDOW, exit_int_window),
	FAST(NMI_WINDOW, exit_int_window),
	[HS_EXIT_TASK_SWITCH] = { .fast = exit_task_switch, .vectoring = true },
	FAST(CPUID, exit_cpuid),
	UD(GETSEC),
	FAST(HLT, exit_hlt),
	FAST(INVD, exit_nop),
	FAST(RDPMC, exit_gp),
	UD(RSM),
	FAST(VMCALL, exit_vmcall),
	UD(VMCLEAR), UD(VMLAUNCH), UD(VMPTRLD), UD(VMPTRST), UD(VMREAD),
	UD(VMRESUME), UD(VMWRITE), UD(VMXOFF), UD(VMXON),
	[HS_EXIT_CR] = { .fast = hs_exit_cr, .slow = hs_exit_cr_slow,
			 .need = HS_X_QUAL | HS_X_RIP | HS_X_LEN },
	FAST(DR, hs_exit_dr),
	[HS_EXIT_IO] = { .fast = hs_exit_io, .slow = hs_exit_io_slow,
			 .need = HS_X_QUAL | HS_X_RIP | HS_X_LEN },
	FAST(RDMSR, hs_exit_rdmsr),
	[HS_EXIT_WRMSR] = { .fast = hs_exit_wrmsr, .slow = hs_exit_wrmsr_slow },
	FAST(INVALID_STATE, exit_bad_state),
	FAST(MSR_LOADING, exit_bad_state),
	UD(MWAIT), UD(MONITOR),
	FAST(PAUSE, exit_pause),
	FAST(ENTRY_MCE, exit_entry_mce),
	[HS_EXIT_EPT_VIOLATION] = { .fast = hs_exit_ept, .slow = hs_exit_ept_slow,
				    .need = HS_X_QUAL | HS_X_GPA, .vectoring = true },
	[HS_EXIT_EPT_MISCONFIG] = { .fast = exit_ept_misconfig, .vectoring = true },
	UD(INVEPT), UD(INVVPID),
	FAST(WBINVD, exit_nop),
	FAST(XSETBV, hs_exit_xsetbv),
	UD(VMFUNC), UD(ENCLS), UD(UMWAIT), UD(TPAUSE), UD(LOADIWKEY),
};

static void read_ahead(struct hs_vmx *v, u32 need)
{
	if (need & HS_X_QUAL)
		hs_x_qual(v);
	if (need & HS_X_GPA)
		hs_x_gpa(v);
	if (need & HS_X_RIP)
		hs_x_rip(v);
	if (need & HS_X_LEN)
		hs_x_len(v);
}

static enum hs_next not_handled(struct hs_vmx *v, u32 reason)
{
	const char *name = hs_vmx_exit_name(HS_EXIT_BASIC(reason));

	return hs_vmx_fail(v, "the guest did something that Hyperspace does not emulate",
			   "exit reason %u (%s) is not handled", HS_EXIT_BASIC(reason), name);
}

/**
 * hs_exit_fast - handle an exit inside the slice
 * @v: v->x.reason is set; interrupts off
 *
 * Return: what to do next.
 */
enum hs_next hs_exit_fast(struct hs_vmx *v)
{
	u32 reason = v->x.reason;
	const struct exit_row *row;
	enum hs_next next;

	/* A set failure bit leaves no row but those of failed entries. */
	if (unlikely(HS_EXIT_BASIC(reason) >= HS_EXIT_NR))
		return not_handled(v, reason);
	row = &rows[array_index_nospec(HS_EXIT_BASIC(reason), HS_EXIT_NR)];
	if (row->vectoring)
		hs_vmx_requeue(v);
	if (likely(row->fast)) {
		next = row->fast(v);
		if (likely(next == HS_RESUME)) {
			hs_stat(v, EXITS_FAST);
			return next;
		}
	} else {
		next = row->slow ? HS_SLOW : not_handled(v, reason);
	}
	if (next == HS_SLOW)
		read_ahead(v, row->need);
	return next;
}

/**
 * hs_exit_slow - handle an exit after the slice
 * @v: hs_exit_fast() said HS_SLOW; process context
 *
 * Return: what to do next, not HS_SLOW.
 */
enum hs_next hs_exit_slow(struct hs_vmx *v)
{
	u32 basic = array_index_nospec(HS_EXIT_BASIC(v->x.reason), HS_EXIT_NR);

	return rows[basic].slow(v);
}

static const char * const exit_names[HS_EXIT_NR] = {
#define HS_EXIT_NAME(n, id, name, kind) [n] = name,
	HS_EXIT_LIST(HS_EXIT_NAME)
#undef HS_EXIT_NAME
};

/**
 * hs_vmx_exit_name - name of a basic exit reason
 * @basic: number, SDM vol. 3, appendix C
 *
 * Return: a constant string, "unknown" for numbers that we do not know.
 */
const char *hs_vmx_exit_name(u32 basic)
{
	if (basic >= HS_EXIT_NR || !exit_names[basic])
		return "unknown";
	return exit_names[basic];
}

/* ---- how often each was taken, for tests and for the curious -------------------- */

DEFINE_PER_CPU(u64 [HS_EXIT_NR], hs_exits_taken);

static void show(struct seq_file *m, u32 basic, const char *id, const char *kind)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(hs_exits_taken, cpu)[basic];
	seq_printf(m, "%u %s %s %llu\n", basic, id, kind, sum);
}

/**
 * hs_vmx_show_exits - every exit reason: number, identifier, kind, count
 * @m: what is written to
 *
 * Process context; counts of CPUs that run guests are a little old.
 */
void hs_vmx_show_exits(struct seq_file *m)
{
#define HS_EXIT_SHOW(n, id, name, kind)	show(m, n, #id, #kind);
	HS_EXIT_LIST(HS_EXIT_SHOW)
#undef HS_EXIT_SHOW
}
