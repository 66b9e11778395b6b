/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why VM entry refuses a guest state: the checks of SDM vol. 3, 27.3.1, run in
 * software after a failed entry, to name the one that failed.  Pure.
 */
#ifndef HS_VMX_AUDIT_H
#define HS_VMX_AUDIT_H

#include "vmx/gstate.h"

/**
 * struct hs_audit_env - what the checks depend on besides the state
 * @cr0_fixed0, @cr0_fixed1, @cr4_fixed0, @cr4_fixed1: the capability MSRs
 * @maxphyaddr: of the host
 * @unrestricted: the control is set
 * @vnmi: the pin-based control "virtual NMIs" is set
 */
struct hs_audit_env {
	u64 cr0_fixed0, cr0_fixed1;
	u64 cr4_fixed0, cr4_fixed1;
	u8 maxphyaddr;
	bool unrestricted;
	bool vnmi;
};

/* The first check that fails, as a sentence with its SDM section; NULL: none. */
const char *hs_audit(const struct hs_gstate *g, const struct hs_audit_env *env);

/* What a VM-instruction error number means (SDM vol. 3, 31.4). */
const char *hs_insn_error_name(u32 err);

#endif /* HS_VMX_AUDIT_H */
