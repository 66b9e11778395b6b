// SPDX-License-Identifier: GPL-2.0
/*
 * Debug registers, and the exceptions that we take from the guest.
 *
 * DR7 is in the VMCS.  DR0-DR3 and DR6 are loaded at the guest's first access
 * (MOV DR exits until then), or before entry while DR7 enables a breakpoint; they
 * stay until interrupts go on, or until the next exit when the host has
 * breakpoints of its own.  So nobody but the guest ever runs with its addresses
 * enabled, and nobody else writes to them.
 */
#include <linux/hw_breakpoint.h>
#include <linux/percpu.h>
#include <linux/sched/signal.h>
#include <asm/cpu.h>
#include <asm/processor.h>
#include <asm/debugreg.h>
#include "vmx/debug.h"
#include "vmx/priv.h"

#define VEC_DB	1
#define VEC_AC	17
#define VEC_MC	18

/* DR6 bits that a #DB reports; RTM (bit 16) is inverted and stays 1. */
#define DR6_REPORT	(0xfULL | BIT(13) | BIT(14) | BIT(15))

/**
 * hs_dr_load - the guest's DR0-DR3 and DR6 into the processor
 * @v: in a slice; interrupts off until hs_dr_save()
 */
void hs_dr_load(struct hs_vmx *v)
{
	/* The host's DR7 must not meet the guest's addresses. */
	if (unlikely(hw_breakpoint_active()))
		set_debugreg(0, 7);
	set_debugreg(v->dr[0], 0);
	set_debugreg(v->dr[1], 1);
	set_debugreg(v->dr[2], 2);
	set_debugreg(v->dr[3], 3);
	set_debugreg(v->dr6, 6);
	v->dr_live = true;
	v->proc_base &= ~HS_PROC_MOV_DR;
}

/**
 * hs_dr_save - back out of the processor
 * @v: in a slice, interrupts off; hs_dr_load() was done
 *
 * DR0-DR3 of the guest stay in the processor; without DR7 they do nothing.
 * Breakpoints of the host are in force again.
 */
void hs_dr_save(struct hs_vmx *v)
{
	unsigned long val;

	get_debugreg(val, 0);
	v->dr[0] = val;
	get_debugreg(val, 1);
	v->dr[1] = val;
	get_debugreg(val, 2);
	v->dr[2] = val;
	get_debugreg(val, 3);
	v->dr[3] = val;
	get_debugreg(val, 6);
	v->dr6 = val;
	if (unlikely(hw_breakpoint_active()) && !hs_mutating(HS_FORGET_DR))
		hw_breakpoint_restore();
	if (!hs_mutating(HS_FORGET_DR6))
		set_debugreg(DR6_RESERVED, 6);
	v->dr_keep = hs_vmreadl(GUEST_DR7) & HS_DR7_ENABLES;
	v->dr_live = false;
	v->proc_base |= HS_PROC_MOV_DR;
}

/**
 * hs_exit_dr - MOV to or from a debug register
 * @v: in a slice
 *
 * The first one since interrupts were on: registers are loaded, and the instruction is
 * executed again, this time by the processor.
 *
 * Return: HS_RESUME.
 */
enum hs_next hs_exit_dr(struct hs_vmx *v)
{
	hs_stat(v, EXITS_OTHER);
	/*
	 * With DR7.GD the exit comes before the #DB for it (SDM vol. 3, 26.1.3),
	 * which the processor raises when the instruction is executed again.
	 */
	hs_dr_load(v);
	return HS_RESUME;
}

/* #DB was taken from the guest: do what delivering it would have done. */
static void forward_db(struct hs_vmx *v)
{
	u64 dr6 = hs_x_qual(v) & DR6_REPORT;

	if (!v->dr_live)
		hs_dr_load(v);
	get_debugreg(v->dr6, 6);
	v->dr6 = (v->dr6 & ~0xfULL) | dr6 | HS_DR6_INIT;
	set_debugreg(v->dr6, 6);
	hs_vmwritel(GUEST_DR7, hs_vmreadl(GUEST_DR7) & ~HS_DR7_GD);
	/*
	 * With STI or MOV-SS blocking and TF set, entry wants the pending
	 * single-step to be there (SDM vol. 3, 27.3.1.5).
	 */
	if ((hs_x_rflags(v) & HS_FL_TF) &&
	    (hs_vmread32(GUEST_INTERRUPTIBILITY_INFO) & (HS_INTR_STI | HS_INTR_MOVSS)))
		hs_vmwritel(GUEST_PENDING_DBG_EXCEPTIONS,
			    hs_vmreadl(GUEST_PENDING_DBG_EXCEPTIONS) | BIT(14));
	hs_vmx_inject(v, VEC_DB, false, 0);
	/*
	 * INT1 is a trap: delivered as what it is, RIP is saved behind it
	 * (SDM vol. 3, 27.6.1).
	 */
	if ((hs_x_intr(v) & HS_EV_TYPE) == HS_EVT_PRIVSW && !v->triple &&
	    (v->ev.info & HS_EV_VECTOR) == VEC_DB) {
		v->ev.info = HS_EV_VALID | HS_EVT_PRIVSW | VEC_DB;
		v->ev.len = hs_vmread32(VM_EXIT_INSTRUCTION_LEN);
	}
}

static u8 guest_cpl(void)
{
	return (hs_vmread32(GUEST_SS_AR_BYTES) & HS_AR_DPL) >> 5;
}

static enum hs_next forward_ac(struct hs_vmx *v)
{
	bool detects = boot_cpu_has(X86_FEATURE_SPLIT_LOCK_DETECT);
	bool wants = hs_event_wants_ac(hs_vmreadl(GUEST_CR0), hs_x_rflags(v), guest_cpl());

	/* The host's split-lock detection goes off in guests too. */
	if (hs_split_lock_met(detects, wants) == HS_SPLIT_ASK) {
		v->x.cpl = guest_cpl();
		return HS_SLOW;
	}
	hs_vmx_inject(v, VEC_AC, true, 0);
	return HS_RESUME;
}

/**
 * hs_exit_exception_slow - a split lock that the host wants to know of
 * @v: not in a slice
 *
 * The host's kernel does with the thread what it does with a process: it warns
 * once, makes it wait, and switches the detection off for a moment, so that the
 * access gets through; or, booted with split_lock_detect=fatal, it refuses.
 *
 * Return: HS_RESUME or HS_FAIL.
 */
enum hs_next hs_exit_exception_slow(struct hs_vmx *v)
{
	bool allowed = handle_guest_split_lock(hs_x_rip(v));

	/* The signal of a refusal is for a process; this thread takes none. */
	if (!allowed)
		flush_signals(current);
	switch (hs_split_lock_answered(allowed, v->x.cpl)) {
	case HS_SPLIT_INJECT:
		hs_vmx_inject(v, VEC_AC, true, 0);
		return HS_RESUME;
	case HS_SPLIT_FAIL:
		return hs_vmx_fail(v, "boot the host with split_lock_detect=warn or off",
				   "the guest's kernel made a split-locked access, which the host forbids");
	default:
		return HS_RESUME;
	}
}

/**
 * hs_exit_exception - NMIs, and the exceptions of the exception bitmap
 * @v: in a slice; run.c has given NMI and #MC to the host
 *
 * Return: HS_RESUME, HS_SLOW for a split lock, or HS_FAIL.
 */
enum hs_next hs_exit_exception(struct hs_vmx *v)
{
	u32 info = hs_x_intr(v);

	hs_stat(v, EXITS_OTHER);
	if ((info & HS_EV_TYPE) == HS_EVT_NMI)
		return HS_RESUME;
	switch (info & HS_EV_VECTOR) {
	case VEC_DB:
		forward_db(v);
		return HS_RESUME;
	case VEC_AC:
		return forward_ac(v);
	case VEC_MC:
		return HS_RESUME;
	}
	return hs_vmx_fail(v, "please report this", "unexpected exception exit, information %#x",
			   info);
}
