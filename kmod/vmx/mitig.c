// SPDX-License-Identifier: GPL-2.0
/*
 * The table (CPUID, IA32_ARCH_CAPABILITIES) -> actions.
 *
 * A guest is as little trusted as a user process, so each rule is the one that
 * the vendor gives for a hypervisor.  mitigations=off switches all off but the
 * switching of IA32_SPEC_CTRL, which is about correctness too.
 */
#include "vmx/mitig.h"

static bool want_l1d(const struct hs_spec_facts *f)
{
	/*
	 * L1TF: secrets in L1D are readable through non-present EPT leaves.  An
	 * outer hypervisor that flushes at our entries says so by SKIP_L1DFL.
	 */
	return !f->off && f->bug_l1tf && !(f->arch_cap & HS_ARCH_RDCL_NO) &&
	       !(f->arch_cap & HS_ARCH_SKIP_L1DFL) &&
	       (f->cpuid & HS_SPEC_L1D_FLUSH);
}

static bool want_verw(const struct hs_spec_facts *f)
{
	/* MDS, TAA, RFDS: stale data in fill, store and register-file buffers. */
	if (f->off || !f->kernel_verw || !(f->cpuid & HS_SPEC_MD_CLEAR))
		return false;
	if (f->bug_taa && !(f->arch_cap & HS_ARCH_TAA_NO))
		return true;
	if (f->bug_mds && !(f->arch_cap & HS_ARCH_MDS_NO))
		return true;
	return (f->arch_cap & HS_ARCH_RFDS_CLEAR) && !(f->arch_cap & HS_ARCH_RFDS_NO);
}

static bool want_rsb(const struct hs_spec_facts *f)
{
	/*
	 * Return predictions that the guest trained.  With enhanced IBRS most
	 * processors ignore them, and the kernel knows which.
	 */
	return !f->off && f->bug_v2 && f->kernel_rsb;
}

static bool want_spec_ctrl(const struct hs_spec_facts *f)
{
	return f->cpuid & (HS_SPEC_IBRS_IBPB | HS_SPEC_STIBP | HS_SPEC_SSBD);
}

static bool want_ibpb(const struct hs_spec_facts *f)
{
	/*
	 * A vCPU thread is a kernel thread without an mm, so the scheduler's
	 * own barrier never fires between a guest and what runs next.
	 */
	return !f->off && f->bug_v2 && (f->cpuid & HS_SPEC_IBRS_IBPB);
}

static bool want_nx_huge(const struct hs_spec_facts *f)
{
	/* iTLB multihit: a guest can hang the CPU with huge code pages. */
	return !f->off && f->bug_itlb && !(f->arch_cap & HS_ARCH_PSCHANGE_MC_NO);
}

const struct hs_mitig_row hs_mitig_rows[HS_MITIG_NR] = {
	[HS_MITIG_L1D] = { "L1D flush before entry", "IA32_ARCH_CAPABILITIES[0,3]",
			   "not needed here", want_l1d },
	[HS_MITIG_VERW] = { "CPU buffers cleared before entry", "CPUID.7:EDX[10]",
			    "not needed here", want_verw },
	[HS_MITIG_RSB] = { "return stack refilled after exit", "kernel",
			   "not needed here", want_rsb },
	[HS_MITIG_SPEC_CTRL] = { "SPEC_CTRL switched with the guest", "CPUID.7:EDX[26,27,31]",
				 "the processor has no IA32_SPEC_CTRL", want_spec_ctrl },
	[HS_MITIG_IBPB] = { "branch barrier between guests and others", "CPUID.7:EDX[26]",
			    "not needed here", want_ibpb },
	[HS_MITIG_NX_HUGE] = { "no executable huge pages in guests", "IA32_ARCH_CAPABILITIES[6]",
			       "not needed here", want_nx_huge },
};

/**
 * hs_mitig_decide - what to do on this processor
 * @f: facts
 *
 * Return: a bit for each action, by enum hs_mitig_id.
 */
u32 hs_mitig_decide(const struct hs_spec_facts *f)
{
	unsigned int i;
	u32 mask = 0;

	for (i = 0; i < HS_MITIG_NR; i++)
		if (hs_mitig_rows[i].wanted(f))
			mask |= 1U << i;
	return mask;
}
