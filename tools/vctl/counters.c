// SPDX-License-Identifier: GPL-2.0
/* The counters of a VM, in the order in which they are shown. */
#include <linux/hyperspace.h>
#include "counters.h"

const struct vm_counter vm_counters[VM_COUNTERS] = {
	{ HS_A_STAT_EXITS, "exits", "EXITS", true },
	{ HS_A_STAT_EXITS_FAST, "exits_fast", "FAST", true },
	{ HS_A_STAT_EXITS_IRQ, "exits_irq", "IRQ", true },
	{ HS_A_STAT_EXITS_IO, "exits_io", "IO", true },
	{ HS_A_STAT_EXITS_MMIO, "exits_mmio", "MMIO", true },
	{ HS_A_STAT_EXITS_MSR, "exits_msr", "MSR", true },
	{ HS_A_STAT_EXITS_CPUID, "exits_cpuid", "CPUID", true },
	{ HS_A_STAT_EXITS_CR, "exits_cr", "CR", true },
	{ HS_A_STAT_EXITS_HLT, "exits_hlt", "HLT", true },
	{ HS_A_STAT_EXITS_EPT, "exits_ept", "EPT", true },
	{ HS_A_STAT_EXITS_OTHER, "exits_other", "OTHER", true },
	{ HS_A_STAT_SLICES, "slices", "SLICES", false },
	{ HS_A_STAT_INJECTED, "injected", "INJECTED", true },
	{ HS_A_STAT_KICKS, "kicks", "KICKS", true },
	{ HS_A_STAT_FAULTS, "faults", "FAULTS", true },
	{ HS_A_STAT_REFAULTS, "refaults", "REFAULTS", false },
	{ HS_A_STAT_INVEPT, "invept", "INVEPT", false },
	{ HS_A_STAT_INVVPID, "invvpid", "INVVPID", false },
	{ HS_A_STAT_VMX_ACCESS, "vmx_access", "VMX-ACCESS", false },
	{ HS_A_STAT_VMX_MANAGE, "vmx_manage", "VMX-MANAGE", false },
	{ HS_A_STAT_WRMSR, "wrmsr", "WRMSR", false },
	{ HS_A_STAT_XSTATE, "xstate", "XSTATE", false },
	{ HS_A_STAT_SPLITS, "splits", "SPLITS", false },
	{ HS_A_STAT_COLLAPSES, "collapses", "COLLAPSES", false },
	{ HS_A_STAT_ACKS, "acks", "ACKS", false },
};
