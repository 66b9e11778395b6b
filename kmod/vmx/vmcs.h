/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VMCS ownership: which VMCS is where.
 *
 * A VMCS is active on at most one CPU (SDM vol. 3, 25.11.1): it is VMCLEARed
 * there before another CPU loads it, and before VMXOFF.  Each CPU keeps a list
 * of the VMCSs active on it; only that CPU changes the list, with interrupts
 * off, so the list needs no lock.  Nothing but an NMI can then interrupt a
 * change, and the emergency callback only walks forward.
 */
#ifndef HS_VMX_VMCS_H
#define HS_VMX_VMCS_H

#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/types.h>

/**
 * struct hs_vmcs - one VMCS region
 * @page: the region; @pa: its physical address
 * @node: in the list of CPU @cpu, which alone touches it
 * @cpu: CPU on which it is active, -1 for none; written by that CPU
 * @launched: VMRESUME instead of VMLAUNCH; cleared by VMCLEAR
 */
struct hs_vmcs {
	void *page;
	u64 pa;
	struct list_head node;
	int cpu;
	bool launched;
};

/**
 * struct hs_cpu - VMX on one CPU
 * @on: this CPU is in VMX operation, by us; changed on that CPU with interrupts
 *	off, read there (and elsewhere as a hint)
 * @current_vmcs: what VMPTRLD loaded last, NULL for none
 * @active: VMCSs active here
 * @vmxon: VMXON region
 */
struct hs_cpu {
	bool on;
	struct hs_vmcs *current_vmcs;
	struct list_head active;
	void *vmxon;
};

DECLARE_PER_CPU(struct hs_cpu, hs_cpu);

int hs_vmcs_alloc(struct hs_vmcs *vmcs, u32 revision);
void hs_vmcs_free(struct hs_vmcs *vmcs);

int hs_vmcs_load(struct hs_vmcs *vmcs);
void hs_vmcs_clear(struct hs_vmcs *vmcs);
void hs_vmcs_clear_local(struct hs_vmcs *vmcs);

void hs_vmcs_module_init(void);
void hs_vmcs_module_exit(void);

/* For struct hs_hold_ops: what they promise is said there. */
int hs_cpu_vmx_prepare(unsigned int cpu);
int hs_cpu_vmx_on(void);
bool hs_cpu_vmx_held(void);
void hs_cpu_vmx_off(void);
/* NMI context: leaves VMX operation, allocates and locks nothing. */
void hs_cpu_vmx_emergency(void);

#endif /* HS_VMX_VMCS_H */
