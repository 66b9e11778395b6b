// SPDX-License-Identifier: GPL-2.0
/* VMCS regions, where they are active, and the end of every VMX failure. */
#include <linux/gfp.h>
#include <linux/printk.h>
#include <linux/rculist.h>
#include <linux/smp.h>
#include <asm/io.h>
#include <asm/perf_event.h>
#include <asm/tlbflush.h>
#include "vmx/caps.h"
#include "vmx/debug.h"
#include "vmx/vmcs.h"
#include "vmx/vmxop.h"

DEFINE_PER_CPU(struct hs_cpu, hs_cpu);
DEFINE_PER_CPU(u64, hs_vmx_accesses);
DEFINE_PER_CPU(bool, hs_vmread_bad);

static const char * const insn_name[] = {
	[HS_VMXI_VMXON] = "VMXON",
	[HS_VMXI_VMXOFF] = "VMXOFF",
	[HS_VMXI_VMCLEAR] = "VMCLEAR",
	[HS_VMXI_VMPTRLD] = "VMPTRLD",
	[HS_VMXI_VMREAD] = "VMREAD",
	[HS_VMXI_VMWRITE] = "VMWRITE",
	[HS_VMXI_INVEPT] = "INVEPT",
	[HS_VMXI_INVVPID] = "INVVPID",
};

/**
 * hs_vmx_insn_failed - where VMfail and faults of VMX instructions end
 * @insn: which one
 * @arg: its operand: physical address, field or context
 *
 * The caller goes on: the vCPU's next entry then fails, and that is what ends
 * its VM with a reason.  On the emergency path VMX is gone for good and nobody
 * cares.  Any context.
 */
void hs_vmx_insn_failed(enum hs_vmx_insn insn, unsigned long arg)
{
	bool bad = this_cpu_read(hs_vmread_bad);
	u64 err = 0;

	if (!this_cpu_read(hs_cpu.on))
		return;
	if (this_cpu_read(hs_cpu.current_vmcs))
		err = hs_vmread32(VM_INSTRUCTION_ERROR);
	/* Asking for the reason is no failure of its own. */
	this_cpu_write(hs_vmread_bad, bad);
	pr_err_ratelimited("hyperspace: %s(%#lx) failed on CPU %d, instruction error %llu\n",
			   insn_name[insn], arg, smp_processor_id(), err);
}

/**
 * hs_vmcs_alloc - get a VMCS region
 * @vmcs: filled in; not active anywhere
 * @revision: revision identifier of IA32_VMX_BASIC
 *
 * Return: 0 or -ENOMEM.  Process context.
 */
int hs_vmcs_alloc(struct hs_vmcs *vmcs, u32 revision)
{
	vmcs->page = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!vmcs->page)
		return -ENOMEM;
	*(u32 *)vmcs->page = revision;
	vmcs->pa = virt_to_phys(vmcs->page);
	INIT_LIST_HEAD(&vmcs->node);
	vmcs->cpu = -1;
	vmcs->launched = false;
	return 0;
}

/**
 * hs_vmcs_free - give a VMCS region back
 * @vmcs: VMCLEARed here if it is still active somewhere
 *
 * Process context, interrupts on.
 */
void hs_vmcs_free(struct hs_vmcs *vmcs)
{
	if (!vmcs->page)
		return;
	hs_vmcs_clear(vmcs);
	free_page((unsigned long)vmcs->page);
	vmcs->page = NULL;
}

/**
 * hs_vmcs_clear_local - VMCLEAR on this CPU
 * @vmcs: active here, or nothing happens
 *
 * Interrupts off.
 */
void hs_vmcs_clear_local(struct hs_vmcs *vmcs)
{
	if (READ_ONCE(vmcs->cpu) != smp_processor_id())
		return;
	if (!hs_mutated(HS_MUT_SKIP_VMCLEAR)) {
		hs_op_vmclear(vmcs->pa);
		hs_dbg_vmcs_cleared(vmcs);
	}
	if (this_cpu_read(hs_cpu.current_vmcs) == vmcs)
		this_cpu_write(hs_cpu.current_vmcs, NULL);
	/* rcu variant: an NMI may walk the list at any moment */
	list_del_rcu(&vmcs->node);
	vmcs->launched = false;
	/*
	 * Pairs with the acquire in hs_vmcs_load(): who sees the VMCS as
	 * inactive also sees the region as VMCLEAR left it.
	 */
	smp_store_release(&vmcs->cpu, -1);
}

static void clear_ipi(void *arg)
{
	hs_vmcs_clear_local(arg);
}

/**
 * hs_vmcs_clear - make a VMCS inactive, wherever it is active
 * @vmcs: nobody loads it meanwhile
 *
 * Any context with interrupts on, preemption may be off.
 */
void hs_vmcs_clear(struct hs_vmcs *vmcs)
{
	int cpu = READ_ONCE(vmcs->cpu);

	/* -ENXIO: the CPU went offline, and its callback has done it. */
	if (cpu >= 0)
		smp_call_function_single(cpu, clear_ipi, vmcs, 1);
}

/**
 * hs_vmcs_load - make a VMCS current on this CPU
 * @vmcs: not in use by anybody else
 *
 * Sends an IPI to the CPU on which it is active, if that is another one.
 * Preemption off, interrupts on.
 *
 * Return: 0; -ENODEV when this CPU is not in VMX operation; -EIO.
 */
int hs_vmcs_load(struct hs_vmcs *vmcs)
{
	int cpu = smp_processor_id(), err = 0;
	unsigned long flags;

	/* Acquire: pairs with the release in hs_vmcs_clear_local(). */
	if (smp_load_acquire(&vmcs->cpu) != cpu)
		hs_vmcs_clear(vmcs);

	local_irq_save(flags);
	if (!this_cpu_read(hs_cpu.on)) {
		err = -ENODEV;
	} else if (this_cpu_read(hs_cpu.current_vmcs) != vmcs) {
		hs_dbg_vmcs_load(vmcs);
		err = hs_op_vmptrld(vmcs->pa);
		if (!err) {
			if (vmcs->cpu != cpu) {
				list_add_rcu(&vmcs->node, this_cpu_ptr(&hs_cpu.active));
				WRITE_ONCE(vmcs->cpu, cpu);
			}
			this_cpu_write(hs_cpu.current_vmcs, vmcs);
		}
	}
	local_irq_restore(flags);
	return err;
}

static void clear_all_local(void)
{
	struct hs_vmcs *vmcs, *next;

	list_for_each_entry_safe(vmcs, next, this_cpu_ptr(&hs_cpu.active), node)
		hs_vmcs_clear_local(vmcs);
}

/**
 * hs_cpu_vmx_prepare - get the VMXON region of a CPU
 * @cpu: possible CPU
 *
 * Kept until hs_vmcs_module_exit().  Process context; callers are serialized.
 *
 * Return: 0 or -ENOMEM.
 */
int hs_cpu_vmx_prepare(unsigned int cpu)
{
	struct hs_cpu *c = per_cpu_ptr(&hs_cpu, cpu);

	if (!c->vmxon)
		c->vmxon = (void *)get_zeroed_page(GFP_KERNEL);
	return c->vmxon ? 0 : -ENOMEM;
}

/**
 * hs_cpu_vmx_held - is this CPU in VMX operation by hs_cpu_vmx_on()
 *
 * Return: true if so.  Preemption off.
 */
bool hs_cpu_vmx_held(void)
{
	return this_cpu_read(hs_cpu.on);
}

/**
 * hs_cpu_vmx_on - enter VMX operation on this CPU
 *
 * hs_cpu_vmx_prepare() was done.  Another hypervisor may have run
 * since we last did and used the same VPIDs and EPT pages, so all cached
 * translations go.  Interrupts off.
 *
 * Return: 0; -EBUSY when CR4.VMXE is set, so somebody else has VMX; -EIO when
 * VMXON failed.
 */
int hs_cpu_vmx_on(void)
{
	struct hs_cpu *c = this_cpu_ptr(&hs_cpu);

	if (c->on)
		return 0;
	/*
	 * Never ask VMXON or VMPTRST whether somebody is there: CR4.VMXE is
	 * what every hypervisor on Linux sets first and clears last.
	 */
	if (__read_cr4() & X86_CR4_VMXE)
		return -EBUSY;
	*(u32 *)c->vmxon = hs_caps.revision;
	/* VMXON ends processor trace where it cannot go on: its driver must know. */
	intel_pt_handle_vmx(1);
	cr4_set_bits_irqsoff(X86_CR4_VMXE);
	if (hs_op_vmxon(virt_to_phys(c->vmxon))) {
		cr4_clear_bits_irqsoff(X86_CR4_VMXE);
		intel_pt_handle_vmx(0);
		return -EIO;
	}
	c->current_vmcs = NULL;
	c->on = true;
	hs_op_invept(HS_INV_ALL, 0);
	hs_op_invvpid(HS_INV_ALL, 0);
	hs_dbg_cpu_flushed();
	return 0;
}

/**
 * hs_cpu_vmx_off - leave VMX operation on this CPU
 *
 * VMCLEARs what is active here first.  Does nothing if VMX is not ours here.
 * Interrupts off.
 */
void hs_cpu_vmx_off(void)
{
	struct hs_cpu *c = this_cpu_ptr(&hs_cpu);

	if (!c->on || hs_mutating(HS_MUT_SKIP_VMXOFF))
		return;
	clear_all_local();
	hs_dbg_vmxoff();
	c->on = false;
	if (hs_op_vmxoff())
		hs_vmx_insn_failed(HS_VMXI_VMXOFF, 0);
	cr4_clear_bits_irqsoff(X86_CR4_VMXE);
	intel_pt_handle_vmx(0);
}

/**
 * hs_cpu_vmx_emergency - leave VMX operation, whatever was going on
 *
 * From the kernel's crash and emergency-restart paths; NMI context.  VMCLEAR
 * writes cached VMCS data back before a crash kernel looks at or reuses that
 * memory.  What is interrupted here never goes on.
 */
void hs_cpu_vmx_emergency(void)
{
	struct hs_cpu *c = this_cpu_ptr(&hs_cpu);
	struct hs_vmcs *vmcs;

	if (!c->on || hs_mutating(HS_MUT_SKIP_EMERGENCY))
		return;
	c->on = false;
	/* Forward only: an add or delete may be half done underneath. */
	list_for_each_entry_rcu(vmcs, &c->active, node, true)
		hs_op_vmclear(vmcs->pa);
	hs_op_vmxoff();
	cr4_clear_bits(X86_CR4_VMXE);
}

/**
 * hs_vmcs_module_init - prepare the per-CPU lists
 *
 * Before anything else of this file is used.
 */
void hs_vmcs_module_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		INIT_LIST_HEAD(&per_cpu(hs_cpu, cpu).active);
}

/**
 * hs_vmcs_module_exit - free the VMXON regions
 *
 * No CPU is in VMX operation.
 */
void hs_vmcs_module_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		free_page((unsigned long)per_cpu(hs_cpu, cpu).vmxon);
		per_cpu(hs_cpu, cpu).vmxon = NULL;
	}
}
