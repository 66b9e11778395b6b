// SPDX-License-Identifier: GPL-2.0
/* Which VMX controls we use, and how a CPU's capabilities decide them. */
#include "vmx/ctls.h"

const struct hs_ctls_want hs_ctls_want = {
	.must = {
		.pin = HS_PIN_EXT_INT | HS_PIN_NMI | HS_PIN_VNMI,
		.proc = HS_PROC_TSC_OFFSET | HS_PROC_HLT | HS_PROC_MWAIT |
			HS_PROC_RDPMC | HS_PROC_CR8_LOAD | HS_PROC_CR8_STORE |
			HS_PROC_MOV_DR | HS_PROC_UNCOND_IO |
			HS_PROC_MSR_BITMAPS | HS_PROC_MONITOR |
			HS_PROC_SECONDARY,
		.proc2 = HS_PROC2_EPT | HS_PROC2_VPID | HS_PROC2_UNRESTRICTED,
		.exit = HS_EXIT_SAVE_DEBUG | HS_EXIT_HOST_64 |
			HS_EXIT_SAVE_PAT | HS_EXIT_LOAD_PAT |
			HS_EXIT_SAVE_EFER | HS_EXIT_LOAD_EFER,
		.entry = HS_ENTRY_LOAD_DEBUG | HS_ENTRY_LOAD_PAT |
			 HS_ENTRY_LOAD_EFER,
	},
	.may = {
		/*
		 * The timer bounds a stay in the guest where no host tick
		 * does: on a nohz_full CPU, and in emulators that keep host
		 * interrupts back while a guest has IF clear from its entry on.
		 */
		.pin = HS_PIN_PREEMPT_TIMER,
		/*
		 * WBINVD: the guest has no device that needs it, and it would
		 * flush the host's caches.  ENCLS: SGX is hidden, but CPUID
		 * alone does not stop the guest's kernel from using it.
		 */
		.proc2 = HS_PROC2_RDTSCP | HS_PROC2_INVPCID | HS_PROC2_XSAVES |
			 HS_PROC2_WBINVD | HS_PROC2_ENCLS | HS_PROC2_PAUSE_LOOP,
		.exit = HS_EXIT_LOAD_PERF,
		.entry = HS_ENTRY_LOAD_PERF,
	},
	.zero = {
		/* Without EPT these would have to exit; they must be avoidable. */
		.proc = HS_PROC_INVLPG | HS_PROC_CR3_LOAD | HS_PROC_CR3_STORE |
			HS_PROC_RDTSC,
		/* Interrupts are delivered by switching them on, see run.c. */
		.exit = HS_EXIT_ACK_INT,
		.entry = HS_ENTRY_SMM | HS_ENTRY_DUAL_MONITOR,
	},
	.able = {
		.proc = HS_PROC_INT_WINDOW | HS_PROC_NMI_WINDOW,
		.entry = HS_ENTRY_IA32E,
	},
};

/**
 * hs_ctl_missing - compare one control word with what a CPU allows
 * @cap: capability MSR: must-be-1 bits low, may-be-1 bits high
 * @must: bits that we need to set
 * @zero: bits that we need to leave 0
 *
 * Return: the bits of either kind that cannot be had, 0 for none.
 */
u32 hs_ctl_missing(u64 cap, u32 must, u32 zero)
{
	u32 fixed1 = cap, may1 = cap >> 32;

	return (must & ~may1) | (zero & fixed1);
}

static u32 resolve(u64 cap, u32 must, u32 may)
{
	u32 fixed1 = cap, may1 = cap >> 32;

	return (must | may | fixed1) & may1;
}

/**
 * hs_ctls_resolve - decide all control words
 * @m: capability MSRs of a CPU
 * @out: words to write to the VMCS
 *
 * Return: 0; -EOPNOTSUPP when a required control is missing (the requirement
 * table names it); *out is not to be used then.
 */
int hs_ctls_resolve(const struct hs_vmx_msrs *m, struct hs_ctls *out)
{
	const struct hs_ctls_want *w = &hs_ctls_want;

#define RESOLVE(f) do {								\
	if (hs_ctl_missing(m->f, w->must.f | w->able.f, w->zero.f | w->able.f))	\
		return -EOPNOTSUPP;						\
	out->f = resolve(m->f, w->must.f, w->may.f);				\
} while (0)

	RESOLVE(pin);
	RESOLVE(proc);
	RESOLVE(proc2);
	RESOLVE(exit);
	RESOLVE(entry);
#undef RESOLVE

	/* Both or neither: else the guest would run with the host's counters. */
	if (!(out->exit & HS_EXIT_LOAD_PERF) || !(out->entry & HS_ENTRY_LOAD_PERF)) {
		out->exit &= ~HS_EXIT_LOAD_PERF;
		out->entry &= ~HS_ENTRY_LOAD_PERF;
	}
	return 0;
}
