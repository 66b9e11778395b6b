// SPDX-License-Identifier: GPL-2.0
/*
 * The table (CPUID, IA32_ARCH_CAPABILITIES) -> actions.
 *
 * A guest is as little trusted as a user process, so each rule is the one that
 * the vendor gives for a hypervisor.  mitigations=off switches all off but the
 * switching of IA32_SPEC_CTRL, which is about correctness too.
 */
#include "vmx/mitig.h"

/* L1TF: secrets in L1D are readable through non-present EPT leaves. */
static bool need_l1d(const struct hs_spec_facts *f)
{
	/* An outer hypervisor that flushes at our entries says so by SKIP_L1DFL. */
	return f->bug_l1tf && !(f->arch_cap & (HS_ARCH_RDCL_NO | HS_ARCH_SKIP_L1DFL));
}

static bool can_l1d(const struct hs_spec_facts *f)
{
	return f->cpuid & HS_SPEC_L1D_FLUSH;
}

/* MDS, TAA, RFDS: stale data in fill, store and register-file buffers. */
static bool need_verw(const struct hs_spec_facts *f)
{
	if (f->bug_taa && !(f->arch_cap & HS_ARCH_TAA_NO))
		return true;
	if (f->bug_mds && !(f->arch_cap & HS_ARCH_MDS_NO))
		return true;
	return (f->arch_cap & HS_ARCH_RFDS_CLEAR) && !(f->arch_cap & HS_ARCH_RFDS_NO);
}

static bool can_verw(const struct hs_spec_facts *f)
{
	return f->kernel_verw && (f->cpuid & HS_SPEC_MD_CLEAR);
}

/*
 * Return predictions that the guest trained.  With enhanced IBRS most processors
 * ignore them, and the kernel knows which.
 */
static bool need_rsb(const struct hs_spec_facts *f)
{
	return f->bug_v2 && f->kernel_rsb;
}

static bool need_spec_ctrl(const struct hs_spec_facts *f)
{
	return f->cpuid & (HS_SPEC_IBRS_IBPB | HS_SPEC_STIBP | HS_SPEC_SSBD);
}

static bool can_spec_ctrl(const struct hs_spec_facts *f)
{
	return !f->spec_ctrl_off;
}

/*
 * A vCPU thread is a kernel thread without an mm, so the scheduler's own barrier
 * never fires between a guest and what runs next.
 */
static bool need_ibpb(const struct hs_spec_facts *f)
{
	return f->bug_v2;
}

static bool can_ibpb(const struct hs_spec_facts *f)
{
	return !f->ibpb_off && (f->cpuid & HS_SPEC_IBRS_IBPB);
}

/* iTLB multihit: a guest can hang the CPU with huge code pages. */
static bool need_nx_huge(const struct hs_spec_facts *f)
{
	return f->bug_itlb && !(f->arch_cap & HS_ARCH_PSCHANGE_MC_NO);
}

#define MICROCODE	"needed, but there is nothing to do it with: update the microcode"

const struct hs_mitig_row hs_mitig_rows[HS_MITIG_NR] = {
	[HS_MITIG_L1D] = { "L1D flush before entry", "IA32_ARCH_CAPABILITIES[0,3]",
			   "not needed here", MICROCODE, need_l1d, can_l1d },
	[HS_MITIG_VERW] = { "CPU buffers cleared before entry", "CPUID.7:EDX[10]",
			    "not needed here",
			    "needed, but the kernel does not do it: see /sys/devices/system/cpu/vulnerabilities",
			    need_verw, can_verw },
	[HS_MITIG_RSB] = { "return stack refilled after exit", "kernel",
			   "not needed here", NULL, need_rsb, NULL },
	[HS_MITIG_SPEC_CTRL] = { "SPEC_CTRL switched with the guest", "CPUID.7:EDX[26,27,31]",
				 "the processor has no IA32_SPEC_CTRL",
				 "the kernel does not use IA32_SPEC_CTRL, so guests have none",
				 need_spec_ctrl, can_spec_ctrl },
	[HS_MITIG_IBPB] = { "branch barrier between guests and others", "CPUID.7:EDX[26]",
			    "not needed here", MICROCODE, need_ibpb, can_ibpb },
	[HS_MITIG_NX_HUGE] = { "no executable huge pages in guests", "IA32_ARCH_CAPABILITIES[6]",
			       "not needed here", NULL, need_nx_huge, NULL },
};

static bool wanted(const struct hs_spec_facts *f, enum hs_mitig_id id)
{
	return hs_mitig_rows[id].needed(f) && (!f->off || id == HS_MITIG_SPEC_CTRL);
}

static bool possible(const struct hs_spec_facts *f, enum hs_mitig_id id)
{
	const struct hs_mitig_row *r = &hs_mitig_rows[id];

	return !r->possible || r->possible(f);
}

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
		if (wanted(f, i) && possible(f, i))
			mask |= 1U << i;
	return mask;
}

/**
 * hs_mitig_why_not - why an action is left out
 * @f: facts
 * @id: an action that hs_mitig_decide() left out
 *
 * Return: a constant clause.
 */
const char *hs_mitig_why_not(const struct hs_spec_facts *f, enum hs_mitig_id id)
{
	const struct hs_mitig_row *r = &hs_mitig_rows[id];

	if (!r->needed(f))
		return r->why_not;
	if (!wanted(f, id))
		return "the host runs with mitigations=off";
	return r->cannot;
}
