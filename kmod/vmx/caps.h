/* SPDX-License-Identifier: GPL-2.0 */
/* What this host's processors offer, collected once and held as a constant. */
#ifndef HS_VMX_CAPS_H
#define HS_VMX_CAPS_H

#include <linux/percpu.h>
#include "vmx/mitig.h"
#include "vmx/reqs.h"

/**
 * struct hs_caps - constants of this host, valid after hs_caps_init()
 * @facts: of the CPU that loaded the module
 * @ctls: resolved controls; valid if @usable
 * @usable: no per-CPU requirement is missing
 * @spec: what the processor and the kernel say of speculation
 * @mitig: actions, bits by enum hs_mitig_id
 * @revision: VMCS revision identifier
 * @host_xcr0: features that the kernel enabled in XCR0
 * @has_xss: the kernel may use IA32_XSS
 */
struct hs_caps {
	struct hs_host_facts facts;
	struct hs_ctls ctls;
	bool usable;
	struct hs_spec_facts spec;
	u32 mitig;
	u32 revision;
	u64 host_xcr0;
	bool has_xss;
};

extern struct hs_caps hs_caps;

void hs_caps_init(void);
/* Same check for the CPU that calls; interrupts off.  For hs_hold_ops. */
int hs_caps_check_cpu(const char **why);

static inline bool hs_mitigates(enum hs_mitig_id id)
{
	return hs_caps.mitig & (1U << id);
}

/* Times each action ran, for vctl check; per CPU, summed there. */
DECLARE_PER_CPU(u64 [HS_MITIG_NR], hs_mitig_ran);

#endif /* HS_VMX_CAPS_H */
