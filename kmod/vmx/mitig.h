/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Speculation: from what a processor says about itself to what is done around
 * VM entry and exit.  Pure.
 */
#ifndef HS_VMX_MITIG_H
#define HS_VMX_MITIG_H

#include "pure.h"

/* CPUID bits that matter here, gathered into one word. */
#define HS_SPEC_IBRS_IBPB	BIT(0)	/* 7.0:EDX[26] */
#define HS_SPEC_STIBP		BIT(1)	/* 7.0:EDX[27] */
#define HS_SPEC_L1D_FLUSH	BIT(2)	/* 7.0:EDX[28] */
#define HS_SPEC_ARCH_CAP	BIT(3)	/* 7.0:EDX[29] */
#define HS_SPEC_SSBD		BIT(4)	/* 7.0:EDX[31] */
#define HS_SPEC_MD_CLEAR	BIT(5)	/* 7.0:EDX[10] */

/* IA32_ARCH_CAPABILITIES, SDM vol. 4, table 2-2. */
#define HS_ARCH_RDCL_NO		BIT_ULL(0)
#define HS_ARCH_IBRS_ALL	BIT_ULL(1)
#define HS_ARCH_RSBA		BIT_ULL(2)
#define HS_ARCH_SKIP_L1DFL	BIT_ULL(3)
#define HS_ARCH_MDS_NO		BIT_ULL(5)
#define HS_ARCH_PSCHANGE_MC_NO	BIT_ULL(6)
#define HS_ARCH_TAA_NO		BIT_ULL(8)
#define HS_ARCH_FBSDP_NO	BIT_ULL(14)
#define HS_ARCH_RRSBA		BIT_ULL(19)
#define HS_ARCH_PBRSB_NO	BIT_ULL(24)
#define HS_ARCH_RFDS_NO		BIT_ULL(27)
#define HS_ARCH_RFDS_CLEAR	BIT_ULL(28)

/**
 * struct hs_spec_facts - input
 * @cpuid: HS_SPEC_* bits
 * @arch_cap: IA32_ARCH_CAPABILITIES, 0 without
 * @off: the host was booted with mitigations=off
 * @bug_l1tf, @bug_mds, @bug_taa, @bug_itlb, @bug_v2: what the kernel knows about
 *	the model
 * @kernel_verw, @kernel_rsb: the kernel does it too; VM entry and exit (entry.S)
 *	use its code, which is not there when the host was booted without
 * @spec_ctrl_off, @ibpb_off: the kernel does not use the MSR though CPUID has it,
 *	as with bad microcode; entry.S does not switch IA32_SPEC_CTRL then
 */
struct hs_spec_facts {
	u32 cpuid;
	u64 arch_cap;
	bool off;
	bool bug_l1tf, bug_mds, bug_taa, bug_itlb, bug_v2;
	bool kernel_verw, kernel_rsb;
	bool spec_ctrl_off, ibpb_off;
};

enum hs_mitig_id {
	HS_MITIG_L1D,		/* flush the L1 data cache before entry */
	HS_MITIG_VERW,		/* clear CPU buffers before entry */
	HS_MITIG_RSB,		/* refill the return stack after exit */
	HS_MITIG_SPEC_CTRL,	/* switch IA32_SPEC_CTRL with the guest */
	HS_MITIG_IBPB,		/* branch barrier between a guest and others */
	HS_MITIG_NX_HUGE,	/* no executable huge page in the EPT */
	HS_MITIG_NR
};

/**
 * struct hs_mitig_row - one action
 * @name: what is done
 * @source: what decides it
 * @why_not: shown when it is not needed
 * @cannot: shown when it is needed and cannot be had; NULL if it always can
 * @needed: this processor needs it, whatever mitigations= says
 * @possible: it can be done here; NULL: always
 */
struct hs_mitig_row {
	const char *name;
	const char *source;
	const char *why_not;
	const char *cannot;
	bool (*needed)(const struct hs_spec_facts *f);
	bool (*possible)(const struct hs_spec_facts *f);
};

extern const struct hs_mitig_row hs_mitig_rows[HS_MITIG_NR];

/* Bit mask by enum hs_mitig_id. */
u32 hs_mitig_decide(const struct hs_spec_facts *f);
/* Why action @id is left out: a constant clause. */
const char *hs_mitig_why_not(const struct hs_spec_facts *f, enum hs_mitig_id id);

#endif /* HS_VMX_MITIG_H */
