// SPDX-License-Identifier: GPL-2.0
/* Reads what the host can do, and answers vctl check. */
#include <linux/cpu.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/security.h>
#include <linux/smp.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>
#include <asm/special_insns.h>
#include <asm/tsc.h>
#include "compat/compat.h"
#include "compat/msr.h"
#include "compat/vmxhold.h"
#include "vmx/caps.h"
#include "vmx/vmcs.h"
#include "vmx/vmx.h"

struct hs_caps hs_caps;
DEFINE_PER_CPU(u64 [HS_MITIG_NR], hs_mitig_ran);

static void read_vmx_msrs(struct hs_vmx_msrs *m)
{
	bool true_ctls;

	m->basic = hs_rdmsr(MSR_IA32_VMX_BASIC);
	true_ctls = m->basic & HS_BASIC_TRUE;
	m->pin = hs_rdmsr(true_ctls ? MSR_IA32_VMX_TRUE_PINBASED_CTLS :
				      MSR_IA32_VMX_PINBASED_CTLS);
	m->proc = hs_rdmsr(true_ctls ? MSR_IA32_VMX_TRUE_PROCBASED_CTLS :
				       MSR_IA32_VMX_PROCBASED_CTLS);
	m->exit = hs_rdmsr(true_ctls ? MSR_IA32_VMX_TRUE_EXIT_CTLS :
				       MSR_IA32_VMX_EXIT_CTLS);
	m->entry = hs_rdmsr(true_ctls ? MSR_IA32_VMX_TRUE_ENTRY_CTLS :
					MSR_IA32_VMX_ENTRY_CTLS);
	/* Present only if a control says so (SDM vol. 3, A.3.3 and A.10). */
	if ((m->proc >> 32) & HS_PROC_SECONDARY) {
		m->proc2 = hs_rdmsr(MSR_IA32_VMX_PROCBASED_CTLS2);
		if ((m->proc2 >> 32) & (HS_PROC2_EPT | HS_PROC2_VPID))
			m->ept_vpid = hs_rdmsr(MSR_IA32_VMX_EPT_VPID_CAP);
	}
	m->misc = hs_rdmsr(MSR_IA32_VMX_MISC);
	m->cr0_fixed0 = hs_rdmsr(MSR_IA32_VMX_CR0_FIXED0);
	m->cr0_fixed1 = hs_rdmsr(MSR_IA32_VMX_CR0_FIXED1);
	m->cr4_fixed0 = hs_rdmsr(MSR_IA32_VMX_CR4_FIXED0);
	m->cr4_fixed1 = hs_rdmsr(MSR_IA32_VMX_CR4_FIXED1);
}

/* What is a property of the CPU that runs this; interrupts off. */
static void read_cpu_facts(struct hs_host_facts *f)
{
	f->intel = boot_cpu_data.x86_vendor == X86_VENDOR_INTEL;
	f->vmx = f->intel && (cpuid_ecx(1) & BIT(5));
	if (f->vmx) {
		hs_rdmsr_safe(MSR_IA32_FEAT_CTL, &f->feat_ctl);
		read_vmx_msrs(&f->m);
	}
	f->maxphyaddr = cpuid_eax(0x80000000) >= 0x80000008 ?
			cpuid_eax(0x80000008) & 0xff : 36;
	f->tsc_invariant = cpuid_eax(0x80000000) >= 0x80000007 &&
			   (cpuid_edx(0x80000007) & BIT(8));
	f->fred = hs_fred_active();
	f->xsave = boot_cpu_has(X86_FEATURE_OSXSAVE);
}

/* What concerns the host as a whole; process context. */
/* How old the answer may be that cost an interrupt on every CPU. */
#define FOREIGN_AGE	(HZ / 10)

/*
 * Anybody may ask for the host's facts, as often as he likes, and to look takes
 * an interrupt on all CPUs, those that were promised none included.
 */
static int foreign_cpu(void)
{
	static DEFINE_MUTEX(lock);
	static unsigned long until;
	static bool known;
	static int last;
	int cpu;

	mutex_lock(&lock);
	if (!known || time_after(jiffies, until)) {
		last = hs_hold_foreign_cpu();
		until = jiffies + FOREIGN_AGE;
		known = true;
	}
	cpu = last;
	mutex_unlock(&lock);
	return cpu;
}

static void read_host_facts(struct hs_host_facts *f)
{
	f->tsc_unstable = check_tsc_unstable();
	f->tsc_khz = tsc_khz;
	f->foreign_cpu = foreign_cpu();
	f->kvm = hs_hold_kvm_present();
	f->held = this_cpu_read(hs_cpu.on);
	f->hypervisor = boot_cpu_has(X86_FEATURE_HYPERVISOR);
	f->sig_ok = hs_module_sig_ok(THIS_MODULE);
	f->locked_down = is_module_sig_enforced();
}

static void read_spec_facts(struct hs_spec_facts *s)
{
	u32 edx = cpuid_eax(0) >= 7 ? cpuid_edx(7) : 0;

	memset(s, 0, sizeof(*s));
	s->cpuid = (edx & BIT(26) ? HS_SPEC_IBRS_IBPB : 0) |
		   (edx & BIT(27) ? HS_SPEC_STIBP : 0) |
		   (edx & BIT(28) ? HS_SPEC_L1D_FLUSH : 0) |
		   (edx & BIT(29) ? HS_SPEC_ARCH_CAP : 0) |
		   (edx & BIT(31) ? HS_SPEC_SSBD : 0) |
		   (edx & BIT(10) ? HS_SPEC_MD_CLEAR : 0);
	if (s->cpuid & HS_SPEC_ARCH_CAP)
		hs_rdmsr_safe(MSR_IA32_ARCH_CAPABILITIES, &s->arch_cap);
	s->off = cpu_mitigations_off();
	s->bug_l1tf = boot_cpu_has_bug(X86_BUG_L1TF);
	s->bug_mds = boot_cpu_has_bug(X86_BUG_MDS);
	s->bug_taa = boot_cpu_has_bug(X86_BUG_TAA);
	s->bug_itlb = boot_cpu_has_bug(X86_BUG_ITLB_MULTIHIT);
	s->bug_v2 = boot_cpu_has_bug(X86_BUG_SPECTRE_V2);
	s->kernel_verw = hs_kernel_clears_cpu_buffers();
	s->kernel_rsb = hs_kernel_fills_rsb();
	s->spec_ctrl_off = !boot_cpu_has(X86_FEATURE_MSR_SPEC_CTRL);
	s->ibpb_off = !boot_cpu_has(X86_FEATURE_IBPB);
}

/**
 * hs_caps_init - collect what this host offers
 *
 * Once, at module load; process context.
 */
void hs_caps_init(void)
{
	struct hs_caps *c = &hs_caps;

	local_irq_disable();
	read_cpu_facts(&c->facts);
	local_irq_enable();
	read_host_facts(&c->facts);
	read_spec_facts(&c->spec);
	c->mitig = hs_mitig_decide(&c->spec);
	c->revision = c->facts.m.basic & GENMASK(30, 0);
	c->host_xcr0 = c->facts.xsave ? hs_xgetbv(0) : 0;
	c->has_xss = boot_cpu_has(X86_FEATURE_XSAVES);
	c->usable = !hs_reqs_missing(&c->facts, true) &&
		    !hs_ctls_resolve(&c->facts.m, &c->ctls);
}

/**
 * hs_caps_check_cpu - does this CPU offer what the first one did
 * @why: on error a sentence
 *
 * Return: 0 or -EOPNOTSUPP.  On the CPU in question, interrupts off.
 */
int hs_caps_check_cpu(const char **why)
{
	struct hs_host_facts f = {};
	const struct hs_req *missing;

	read_cpu_facts(&f);
	missing = hs_reqs_missing(&f, true);
	if (missing) {
		*why = missing->remedy;
		return -EOPNOTSUPP;
	}
	*why = hs_facts_differ(&hs_caps.facts, &f);
	return *why ? -EOPNOTSUPP : 0;
}

static u64 mitig_count(unsigned int id)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(hs_mitig_ran, cpu)[id];
	return sum;
}

static void check_mitig(unsigned int id, struct hs_check *c)
{
	const struct hs_mitig_row *r = &hs_mitig_rows[id];
	bool on = hs_mitigates(id);

	c->name = r->name;
	c->source = r->source;
	c->level = HS_CHECK_INFO;
	c->ok = true;
	if (on)
		snprintf(c->detail, sizeof(c->detail), "active, ran %llu times", mitig_count(id));
	else
		snprintf(c->detail, sizeof(c->detail), "off: %s",
			 hs_mitig_why_not(&hs_caps.spec, id));
}

static void req_detail(const struct hs_req *r, const struct hs_host_facts *f,
		       struct hs_check *c)
{
	size_t size = sizeof(c->detail);

	if (!strcmp(r->source, "CR4.VMXE") && f->foreign_cpu >= 0)
		snprintf(c->detail, size, "CPU %d is in VMX operation, not by Hyperspace",
			 f->foreign_cpu);
	else if (!strcmp(r->source, "CR4.VMXE") && f->held)
		snprintf(c->detail, size, "held by Hyperspace");
	else if (!strcmp(r->source, "IA32_FEATURE_CONTROL"))
		snprintf(c->detail, size, "%#llx%s", f->feat_ctl,
			 f->feat_ctl & HS_FEATCTL_LOCKED ? ", locked" : ", not locked");
	else if (!strcmp(r->source, "IA32_VMX_EPT_VPID_CAP"))
		snprintf(c->detail, size, "%#llx", f->m.ept_vpid);
	else if (!strcmp(r->name, "stable TSC"))
		snprintf(c->detail, size, "%u kHz", f->tsc_khz);
}

/**
 * hs_vmx_check - one requirement of the host
 * @i: from 0 up
 * @c: filled in
 *
 * What can change while the module is loaded is looked up anew, other CPUs ten
 * times a second at most.  Process context, may sleep.
 *
 * Return: false when there are no more.
 */
bool hs_vmx_check(unsigned int i, struct hs_check *c)
{
	struct hs_host_facts f = hs_caps.facts;
	const struct hs_req *r;

	memset(c, 0, sizeof(*c));
	if (i >= hs_reqs_nr) {
		i -= hs_reqs_nr;
		if (i >= HS_MITIG_NR)
			return false;
		check_mitig(i, c);
		return true;
	}
	r = &hs_reqs[i];
	if (!r->per_cpu)
		read_host_facts(&f);
	c->name = r->name;
	c->source = r->source;
	c->level = r->level == HS_REQ_REQUIRED ? HS_CHECK_REQUIRED :
		   r->level == HS_REQ_OPTIONAL ? HS_CHECK_OPTIONAL : HS_CHECK_INFO;
	c->ok = r->ok(&f);
	req_detail(r, &f, c);
	if (!c->ok)
		c->remedy = r->remedy;
	return true;
}

/**
 * hs_vmx_supported - can this host run VMs, apart from who has VMX now
 * @why: on error the first requirement that is missing; its name is NULL if the
 *	controls cannot be had in combination
 *
 * Return: 0 or -EOPNOTSUPP.  Process context.
 */
int hs_vmx_supported(struct hs_check *why)
{
	unsigned int i;

	for (i = 0; hs_vmx_check(i, why); i++)
		if (why->level == HS_CHECK_REQUIRED && !why->ok &&
		    strcmp(why->source, "CR4.VMXE"))
			return -EOPNOTSUPP;
	return hs_caps.usable ? 0 : -EOPNOTSUPP;
}
