/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a host needs to run VMs: a table over facts that somebody collected.
 * Pure.
 */
#ifndef HS_VMX_REQS_H
#define HS_VMX_REQS_H

#include "pure.h"
#include "vmx/ctls.h"

/* IA32_FEATURE_CONTROL, SDM vol. 3, 24.7. */
#define HS_FEATCTL_LOCKED	BIT_ULL(0)
#define HS_FEATCTL_VMX		BIT_ULL(2)	/* outside SMX */

/**
 * struct hs_host_facts - what the requirements are judged by
 * @intel: CPUID vendor is GenuineIntel
 * @vmx: CPUID.1:ECX.VMX
 * @feat_ctl: IA32_FEATURE_CONTROL
 * @m: VMX capability MSRs, valid if @vmx
 * @maxphyaddr: physical address bits
 * @fred: the kernel takes events by FRED
 * @tsc_unstable: the kernel gave up on the TSC
 * @tsc_invariant: CPUID 0x80000007:EDX[8]
 * @tsc_khz: of the host, 0 unknown
 * @xsave: the kernel uses XSAVE
 * @foreign_cpu: CPU on which somebody else has VMX, -1 for none
 * @kvm: kvm_intel is loaded
 * @held: VMX is held by us
 * @hypervisor: CPUID says that this host is a guest itself
 * @locked_down: lockdown forbids unsigned modules
 * @sig_ok: this module's signature was accepted
 */
struct hs_host_facts {
	bool intel;
	bool vmx;
	u64 feat_ctl;
	struct hs_vmx_msrs m;
	u8 maxphyaddr;
	bool fred;
	bool tsc_unstable;
	bool tsc_invariant;
	u32 tsc_khz;
	bool xsave;
	int foreign_cpu;
	bool kvm;
	bool held;
	bool hypervisor;
	bool locked_down;
	bool sig_ok;
};

enum hs_req_level {
	HS_REQ_REQUIRED,
	HS_REQ_OPTIONAL,
	HS_REQ_INFO,
};

/**
 * struct hs_req - one requirement
 * @name: what is needed; @source: where it is read
 * @level: whether VMs can run without it
 * @ok: is it there
 * @remedy: what to do when it is not there
 * @per_cpu: a property of each CPU, checked again on those that come online
 */
struct hs_req {
	const char *name;
	const char *source;
	enum hs_req_level level;
	bool (*ok)(const struct hs_host_facts *f);
	const char *remedy;
	bool per_cpu;
};

extern const struct hs_req hs_reqs[];
extern const unsigned int hs_reqs_nr;

/* The first required one that fails; NULL when all hold.  @cpu_only: look at
 * what concerns a single CPU only. */
const struct hs_req *hs_reqs_missing(const struct hs_host_facts *f, bool cpu_only);

/* Do two CPUs offer the same to a VM?  NULL, or what differs. */
const char *hs_facts_differ(const struct hs_host_facts *a,
			    const struct hs_host_facts *b);

#endif /* HS_VMX_REQS_H */
