/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VM-execution, exit and entry controls: what we set, what we must be able to
 * set, and what a given CPU allows (SDM vol. 3, appendix A).  Pure.
 */
#ifndef HS_VMX_CTLS_H
#define HS_VMX_CTLS_H

#include "pure.h"

/* Pin-based controls, SDM vol. 3, 25.6.1. */
#define HS_PIN_EXT_INT		BIT(0)
#define HS_PIN_NMI		BIT(3)
#define HS_PIN_VNMI		BIT(5)
#define HS_PIN_PREEMPT_TIMER	BIT(6)

/* Primary processor-based controls, 25.6.2. */
#define HS_PROC_INT_WINDOW	BIT(2)
#define HS_PROC_TSC_OFFSET	BIT(3)
#define HS_PROC_HLT		BIT(7)
#define HS_PROC_INVLPG		BIT(9)
#define HS_PROC_MWAIT		BIT(10)
#define HS_PROC_RDPMC		BIT(11)
#define HS_PROC_RDTSC		BIT(12)
#define HS_PROC_CR3_LOAD	BIT(15)
#define HS_PROC_CR3_STORE	BIT(16)
#define HS_PROC_CR8_LOAD	BIT(19)
#define HS_PROC_CR8_STORE	BIT(20)
#define HS_PROC_TPR_SHADOW	BIT(21)
#define HS_PROC_NMI_WINDOW	BIT(22)
#define HS_PROC_MOV_DR		BIT(23)
#define HS_PROC_UNCOND_IO	BIT(24)
#define HS_PROC_IO_BITMAPS	BIT(25)
#define HS_PROC_MTF		BIT(27)
#define HS_PROC_MSR_BITMAPS	BIT(28)
#define HS_PROC_MONITOR		BIT(29)
#define HS_PROC_PAUSE		BIT(30)
#define HS_PROC_SECONDARY	BIT(31)

/* Secondary processor-based controls, 25.6.2. */
#define HS_PROC2_APIC_ACCESS	BIT(0)
#define HS_PROC2_EPT		BIT(1)
#define HS_PROC2_RDTSCP		BIT(3)
#define HS_PROC2_VPID		BIT(5)
#define HS_PROC2_WBINVD		BIT(6)
#define HS_PROC2_UNRESTRICTED	BIT(7)
#define HS_PROC2_PAUSE_LOOP	BIT(10)
#define HS_PROC2_INVPCID	BIT(12)
#define HS_PROC2_ENCLS		BIT(15)
#define HS_PROC2_XSAVES		BIT(20)

/* VM-exit controls, 25.7.1. */
#define HS_EXIT_SAVE_DEBUG	BIT(2)
#define HS_EXIT_HOST_64		BIT(9)
#define HS_EXIT_LOAD_PERF	BIT(12)
#define HS_EXIT_ACK_INT		BIT(15)
#define HS_EXIT_SAVE_PAT	BIT(18)
#define HS_EXIT_LOAD_PAT	BIT(19)
#define HS_EXIT_SAVE_EFER	BIT(20)
#define HS_EXIT_LOAD_EFER	BIT(21)

/* VM-entry controls, 25.8.1. */
#define HS_ENTRY_LOAD_DEBUG	BIT(2)
#define HS_ENTRY_IA32E		BIT(9)
#define HS_ENTRY_SMM		BIT(10)
#define HS_ENTRY_DUAL_MONITOR	BIT(11)
#define HS_ENTRY_LOAD_PERF	BIT(13)
#define HS_ENTRY_LOAD_PAT	BIT(14)
#define HS_ENTRY_LOAD_EFER	BIT(15)

/* IA32_VMX_EPT_VPID_CAP, appendix A.10. */
#define HS_EPT_WALK_4		BIT_ULL(6)
#define HS_EPT_WB		BIT_ULL(14)
#define HS_EPT_2M		BIT_ULL(16)
#define HS_EPT_1G		BIT_ULL(17)
#define HS_EPT_INVEPT		BIT_ULL(20)
#define HS_EPT_AD		BIT_ULL(21)
#define HS_EPT_INVEPT_SINGLE	BIT_ULL(25)
#define HS_EPT_INVEPT_ALL	BIT_ULL(26)
#define HS_VPID_INVVPID		BIT_ULL(32)
#define HS_VPID_SINGLE		BIT_ULL(41)
#define HS_VPID_ALL		BIT_ULL(42)

/* IA32_VMX_BASIC, appendix A.1. */
#define HS_BASIC_TRUE		BIT_ULL(55)

/**
 * struct hs_vmx_msrs - the capability MSRs of one CPU
 *
 * @pin, @proc, @exit, @entry hold the TRUE variants where IA32_VMX_BASIC says
 * that they exist.  Each has the bits that must be 1 in its low half and those
 * that may be 1 in its high half.
 */
struct hs_vmx_msrs {
	u64 basic;
	u64 pin, proc, proc2, exit, entry;
	u64 misc;
	u64 ept_vpid;
	u64 cr0_fixed0, cr0_fixed1;
	u64 cr4_fixed0, cr4_fixed1;
};

/**
 * struct hs_ctls - resolved controls
 *
 * Also used to name them: hs_ctls_want() says which are required and which are
 * taken when they are there.
 */
struct hs_ctls {
	u32 pin, proc, proc2, exit, entry;
};

struct hs_ctls_want {
	struct hs_ctls must;	/* required to be 1 */
	struct hs_ctls may;	/* set to 1 where possible */
	struct hs_ctls zero;	/* required to be 0 */
	struct hs_ctls able;	/* must be settable later, 0 at first */
};

extern const struct hs_ctls_want hs_ctls_want;

/* Missing bits of one word; 0 when @must can be had and @zero be avoided. */
u32 hs_ctl_missing(u64 cap, u32 must, u32 zero);
int hs_ctls_resolve(const struct hs_vmx_msrs *m, struct hs_ctls *out);

#endif /* HS_VMX_CTLS_H */
