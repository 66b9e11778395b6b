// SPDX-License-Identifier: GPL-2.0
/* The table of requirements that vctl check prints. */
#include "vmx/reqs.h"

#define FIRMWARE	"switch on Intel VT-x (virtualization technology) in the firmware setup and power-cycle"
#define TOO_OLD		"this processor is too old; Intel Westmere (2010) and later have it"
#define OUTER		" (in a virtual machine: let the outer hypervisor offer nested VT-x with it)"

static bool ok_intel(const struct hs_host_facts *f) { return f->intel; }
static bool ok_vmx(const struct hs_host_facts *f) { return f->vmx; }

static bool ok_feat_ctl(const struct hs_host_facts *f)
{
	return !f->vmx || ((f->feat_ctl & HS_FEATCTL_LOCKED) &&
			   (f->feat_ctl & HS_FEATCTL_VMX));
}

static bool ok_true_ctls(const struct hs_host_facts *f)
{
	return f->m.basic & HS_BASIC_TRUE;
}

static bool ok_pin(const struct hs_host_facts *f)
{
	return !hs_ctl_missing(f->m.pin, hs_ctls_want.must.pin, hs_ctls_want.zero.pin);
}

static bool ok_proc(const struct hs_host_facts *f)
{
	const struct hs_ctls_want *w = &hs_ctls_want;

	return !hs_ctl_missing(f->m.proc, (w->must.proc | w->able.proc) & ~HS_PROC_MSR_BITMAPS,
			       w->zero.proc | w->able.proc);
}

static bool ok_msr_bitmaps(const struct hs_host_facts *f)
{
	return !hs_ctl_missing(f->m.proc, HS_PROC_MSR_BITMAPS, 0);
}

static bool has_proc2(const struct hs_host_facts *f, u32 bits)
{
	return !hs_ctl_missing(f->m.proc, HS_PROC_SECONDARY, 0) &&
	       !hs_ctl_missing(f->m.proc2, bits, 0);
}

static bool ok_ept(const struct hs_host_facts *f)
{
	return has_proc2(f, HS_PROC2_EPT) && (f->m.ept_vpid & HS_EPT_WALK_4) &&
	       (f->m.ept_vpid & HS_EPT_WB);
}

static bool has_ept_cap(const struct hs_host_facts *f, u64 bits)
{
	return ok_ept(f) && (f->m.ept_vpid & bits) == bits;
}

static bool ok_invept(const struct hs_host_facts *f)
{
	return has_ept_cap(f, HS_EPT_INVEPT | HS_EPT_INVEPT_SINGLE | HS_EPT_INVEPT_ALL);
}

static bool ok_ept_ad(const struct hs_host_facts *f) { return has_ept_cap(f, HS_EPT_AD); }
static bool ok_ept_2m(const struct hs_host_facts *f) { return has_ept_cap(f, HS_EPT_2M); }

static bool ok_unrestricted(const struct hs_host_facts *f)
{
	return has_proc2(f, HS_PROC2_UNRESTRICTED);
}

static bool ok_vpid(const struct hs_host_facts *f)
{
	u64 inv = HS_VPID_INVVPID | HS_VPID_SINGLE | HS_VPID_ALL;

	return has_proc2(f, HS_PROC2_VPID) && (f->m.ept_vpid & inv) == inv;
}

static bool ok_exit(const struct hs_host_facts *f)
{
	return !hs_ctl_missing(f->m.exit, hs_ctls_want.must.exit, hs_ctls_want.zero.exit);
}

static bool ok_entry(const struct hs_host_facts *f)
{
	const struct hs_ctls_want *w = &hs_ctls_want;

	return !hs_ctl_missing(f->m.entry, w->must.entry | w->able.entry,
			       w->zero.entry | w->able.entry);
}

static bool ok_rdtscp(const struct hs_host_facts *f) { return has_proc2(f, HS_PROC2_RDTSCP); }
static bool ok_invpcid(const struct hs_host_facts *f) { return has_proc2(f, HS_PROC2_INVPCID); }
static bool ok_xsaves(const struct hs_host_facts *f) { return has_proc2(f, HS_PROC2_XSAVES); }

static bool ok_pause_loop(const struct hs_host_facts *f)
{
	return has_proc2(f, HS_PROC2_PAUSE_LOOP);
}

static bool ok_perf(const struct hs_host_facts *f)
{
	return !hs_ctl_missing(f->m.exit, HS_EXIT_LOAD_PERF, 0) &&
	       !hs_ctl_missing(f->m.entry, HS_ENTRY_LOAD_PERF, 0);
}

static bool ok_preempt_timer(const struct hs_host_facts *f)
{
	return !hs_ctl_missing(f->m.pin, HS_PIN_PREEMPT_TIMER, 0);
}

static bool ok_xsave(const struct hs_host_facts *f) { return f->xsave; }
static bool ok_tsc(const struct hs_host_facts *f)
{
	return !f->tsc_unstable && f->tsc_khz;
}
static bool ok_tsc_invariant(const struct hs_host_facts *f) { return f->tsc_invariant; }
static bool ok_fred(const struct hs_host_facts *f) { return !f->fred; }
static bool ok_foreign(const struct hs_host_facts *f) { return f->foreign_cpu < 0; }
static bool ok_kvm(const struct hs_host_facts *f) { return !f->kvm; }
static bool ok_signed(const struct hs_host_facts *f) { return f->sig_ok || !f->locked_down; }
static bool ok_bare(const struct hs_host_facts *f) { return !f->hypervisor; }

const struct hs_req hs_reqs[] = {
	{ "Intel processor", "CPUID.0", HS_REQ_REQUIRED, ok_intel,
	  "Hyperspace runs on Intel processors with VT-x only", true },
	{ "VT-x", "CPUID.1:ECX[5]", HS_REQ_REQUIRED, ok_vmx,
	  FIRMWARE "; in a virtual machine: let the outer hypervisor offer nested VT-x", true },
	{ "VT-x enabled by firmware", "IA32_FEATURE_CONTROL", HS_REQ_REQUIRED, ok_feat_ctl,
	  FIRMWARE "; if it is on there, the kernel locked it: boot a kernel with CONFIG_KVM_INTEL", true },
	{ "flexible controls", "IA32_VMX_BASIC[55]", HS_REQ_REQUIRED, ok_true_ctls,
	  TOO_OLD OUTER, true },
	{ "interrupt and NMI exits, virtual NMIs", "IA32_VMX_TRUE_PINBASED_CTLS",
	  HS_REQ_REQUIRED, ok_pin, TOO_OLD OUTER, true },
	{ "execution controls", "IA32_VMX_TRUE_PROCBASED_CTLS", HS_REQ_REQUIRED, ok_proc,
	  TOO_OLD OUTER, true },
	{ "MSR bitmaps", "IA32_VMX_TRUE_PROCBASED_CTLS", HS_REQ_REQUIRED, ok_msr_bitmaps,
	  TOO_OLD OUTER, true },
	{ "EPT, 4 levels, write-back", "IA32_VMX_EPT_VPID_CAP", HS_REQ_REQUIRED, ok_ept,
	  TOO_OLD OUTER, true },
	{ "INVEPT", "IA32_VMX_EPT_VPID_CAP", HS_REQ_REQUIRED, ok_invept, TOO_OLD OUTER, true },
	{ "EPT accessed and dirty flags", "IA32_VMX_EPT_VPID_CAP", HS_REQ_OPTIONAL, ok_ept_ad,
	  "without them working sets are estimated by faults; Intel Haswell (2013) and later have it" OUTER, true },
	{ "EPT 2 MiB pages", "IA32_VMX_EPT_VPID_CAP", HS_REQ_OPTIONAL, ok_ept_2m,
	  "without them guest memory is mapped in 4 KiB pages" OUTER, true },
	{ "unrestricted guest", "IA32_VMX_PROCBASED_CTLS2", HS_REQ_REQUIRED, ok_unrestricted,
	  TOO_OLD OUTER, true },
	{ "VPID and INVVPID", "IA32_VMX_EPT_VPID_CAP", HS_REQ_REQUIRED, ok_vpid,
	  TOO_OLD OUTER, true },
	{ "PAT and EFER at exit", "IA32_VMX_TRUE_EXIT_CTLS", HS_REQ_REQUIRED, ok_exit,
	  TOO_OLD OUTER, true },
	{ "PAT and EFER at entry", "IA32_VMX_TRUE_ENTRY_CTLS", HS_REQ_REQUIRED, ok_entry,
	  TOO_OLD OUTER, true },
	{ "RDTSCP in guests", "IA32_VMX_PROCBASED_CTLS2", HS_REQ_OPTIONAL, ok_rdtscp,
	  "guests run without RDTSCP", true },
	{ "INVPCID in guests", "IA32_VMX_PROCBASED_CTLS2", HS_REQ_OPTIONAL, ok_invpcid,
	  "guests run without INVPCID", true },
	{ "XSAVES in guests", "IA32_VMX_PROCBASED_CTLS2", HS_REQ_OPTIONAL, ok_xsaves,
	  "guests run without XSAVES", true },
	{ "pause-loop exiting", "IA32_VMX_PROCBASED_CTLS2", HS_REQ_OPTIONAL, ok_pause_loop,
	  "vCPUs that spin for a lock keep their CPU till the end of their time slice", true },
	{ "performance counters off in guests", "IA32_VMX_TRUE_EXIT_CTLS", HS_REQ_OPTIONAL, ok_perf,
	  "host performance counters also count while guests run", true },
	{ "preemption timer", "IA32_VMX_TRUE_PINBASED_CTLS", HS_REQ_OPTIONAL, ok_preempt_timer,
	  "without it the host's timer interrupt ends slices", true },
	{ "XSAVE", "CPUID.1:ECX[27]", HS_REQ_REQUIRED, ok_xsave,
	  "boot the host without noxsave" OUTER, true },
	{ "stable TSC", "kernel", HS_REQ_REQUIRED, ok_tsc,
	  "the kernel found the time stamp counter unreliable (see the kernel log); update the firmware", false },
	{ "invariant TSC", "CPUID.80000007H:EDX[8]", HS_REQ_OPTIONAL, ok_tsc_invariant,
	  "guests may see time drift when the processor changes its frequency", true },
	{ "FRED not active", "CR4[32]", HS_REQ_REQUIRED, ok_fred,
	  "boot the host with fred=off", true },
	{ "VMX free", "CR4.VMXE", HS_REQ_REQUIRED, ok_foreign,
	  "kvm_intel has VMX: stop its VMs, or unload kvm_intel, or load kvm with enable_virt_at_load=0", false },
	{ "kvm_intel not loaded", "/sys/module", HS_REQ_OPTIONAL, ok_kvm,
	  "KVM and Hyperspace take turns: while one runs VMs the other is refused; on Linux 6.12 a crash of the host beside an idle kvm_intel starts no crash kernel; unload kvm_intel to be sure", false },
	{ "module signature", "lockdown", HS_REQ_REQUIRED, ok_signed,
	  "Secure Boot lockdown is active: sign hyperspace.ko with an enrolled key (mokutil --import), see README", false },
	{ "bare metal", "CPUID.1:ECX[31]", HS_REQ_INFO, ok_bare,
	  "this host is itself a virtual machine; VMs run nested, and slower", false },
};
const unsigned int hs_reqs_nr = ARRAY_SIZE(hs_reqs);

/**
 * hs_reqs_missing - the first required item that a host lacks
 * @f: facts
 * @cpu_only: only what is a property of each CPU
 *
 * Return: the requirement, or NULL when VMs can run.
 */
const struct hs_req *hs_reqs_missing(const struct hs_host_facts *f, bool cpu_only)
{
	unsigned int i;

	for (i = 0; i < hs_reqs_nr; i++) {
		const struct hs_req *r = &hs_reqs[i];

		if (r->level == HS_REQ_REQUIRED && (!cpu_only || r->per_cpu) &&
		    !r->ok(f))
			return r;
	}
	return NULL;
}

/**
 * hs_facts_differ - can a VM move between two CPUs
 * @a: facts of the CPU that the controls were resolved for
 * @b: facts of another one
 *
 * Return: NULL if so, else a sentence that says what differs.
 */
const char *hs_facts_differ(const struct hs_host_facts *a,
			    const struct hs_host_facts *b)
{
	struct hs_ctls ca, cb;

	if (hs_ctls_resolve(&a->m, &ca) || hs_ctls_resolve(&b->m, &cb))
		return "it lacks a required VMX control";
	if (ca.pin != cb.pin || ca.proc != cb.proc || ca.proc2 != cb.proc2 ||
	    ca.exit != cb.exit || ca.entry != cb.entry)
		return "its VMX controls differ from the first CPU's";
	if (a->m.basic != b->m.basic)
		return "its VMCS revision or size differs from the first CPU's";
	if ((a->m.ept_vpid ^ b->m.ept_vpid) & (HS_EPT_AD | HS_EPT_2M | HS_EPT_WALK_4))
		return "its EPT features differ from the first CPU's";
	if (a->m.cr0_fixed0 != b->m.cr0_fixed0 || a->m.cr0_fixed1 != b->m.cr0_fixed1 ||
	    a->m.cr4_fixed0 != b->m.cr4_fixed0 || a->m.cr4_fixed1 != b->m.cr4_fixed1)
		return "its fixed CR0 or CR4 bits differ from the first CPU's";
	if (a->maxphyaddr != b->maxphyaddr)
		return "its physical address width differs from the first CPU's";
	return NULL;
}
