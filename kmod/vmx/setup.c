// SPDX-License-Identifier: GPL-2.0
/* The VMCS, written by group from top to bottom, and its guest state read back. */
#include <asm/desc.h>
#include <asm/io.h>
#include <asm/segment.h>
#include <asm/tsc.h>
#include "compat/msr.h"
#include "vmx/debug.h"
#include "vmx/priv.h"

/* Exceptions that must not be left to the guest alone. */
#define EXC_DB	1
#define EXC_AC	17
#define EXC_MC	18

/*
 * Secondary controls.  Without its control an instruction that is hidden is #UD;
 * a vCPU without others spins for nobody.
 */
static u32 proc2_for(const struct hs_vmx_vm *vm)
{
	const struct hs_cpuid *c = &vm->cpuid;

	return hs_caps.ctls.proc2 &
	       ~((c->rdtscp ? 0 : HS_PROC2_RDTSCP) |
		 (c->invpcid ? 0 : HS_PROC2_INVPCID) |
		 (c->xsaves ? 0 : HS_PROC2_XSAVES) |
		 (vm->cfg.cpus > 1 ? 0 : HS_PROC2_PAUSE_LOOP));
}

static void setup_controls(struct hs_vmx *v)
{
	const struct hs_ctls *c = &hs_caps.ctls;
	u32 proc2 = proc2_for(v->vm);

	hs_vmwrite32(PIN_BASED_VM_EXEC_CONTROL, c->pin);
	/* Not saved at exits: each entry starts it anew, at no cost. */
	if (c->pin & HS_PIN_PREEMPT_TIMER) {
		v->timer_now = v->timer_max;
		hs_vmwrite32(VMX_PREEMPTION_TIMER_VALUE, v->timer_now);
	}
	v->proc = v->proc_base = c->proc;
	hs_vmwrite32(CPU_BASED_VM_EXEC_CONTROL, v->proc);
	hs_vmwrite32(SECONDARY_VM_EXEC_CONTROL, proc2);
	hs_vmwrite32(VM_EXIT_CONTROLS, c->exit &
		     ~(hs_mutating(HS_FORGET_EFER) ? HS_EXIT_LOAD_EFER : 0) &
		     ~(hs_mutating(HS_FORGET_PAT) ? HS_EXIT_LOAD_PAT : 0));
	hs_vmwrite32(VM_EXIT_MSR_STORE_COUNT, 0);
	hs_vmwrite32(VM_EXIT_MSR_LOAD_COUNT, 0);
	hs_vmwrite32(VM_ENTRY_MSR_LOAD_COUNT, 0);
	hs_vmwrite32(VM_ENTRY_INTR_INFO_FIELD, 0);

	/*
	 * #DB and #AC: a guest can make their delivery raise them again for
	 * ever, without any exit in between.  #MC is the host's business.
	 */
	hs_vmwrite32(EXCEPTION_BITMAP, BIT(EXC_DB) | BIT(EXC_AC) | BIT(EXC_MC));
	hs_vmwrite32(PAGE_FAULT_ERROR_CODE_MASK, 0);
	hs_vmwrite32(PAGE_FAULT_ERROR_CODE_MATCH, 0);
	hs_vmwrite32(CR3_TARGET_COUNT, 0);

	hs_vmwrite64(MSR_BITMAP, virt_to_phys(v->msr_bitmap));
	hs_vmwrite64(EPT_POINTER, v->eptp);
	hs_vmwrite16(VIRTUAL_PROCESSOR_ID, v->vpid);
	hs_vmwrite64(TSC_OFFSET, v->tsc_offset);
	if (proc2 & HS_PROC2_PAUSE_LOOP) {
		hs_vmwrite32(PLE_GAP, HS_SPIN_GAP);
		hs_vmwrite32(PLE_WINDOW, v->spin_window);
	}
	if (proc2 & HS_PROC2_XSAVES)
		hs_vmwrite64(XSS_EXIT_BITMAP, 0);
	if (proc2 & HS_PROC2_ENCLS)
		hs_vmwrite64(ENCLS_EXITING_BITMAP, ~0ULL);

	hs_vmwritel(CR0_GUEST_HOST_MASK, v->fix.cr0_host);
	hs_vmwritel(CR4_GUEST_HOST_MASK, v->fix.cr4_host);
	if (c->entry & HS_ENTRY_LOAD_PERF)
		hs_vmwrite64(GUEST_IA32_PERF_GLOBAL_CTRL, 0);
}

/* Host state that is the same on all CPUs and for ever; the rest is host.c's. */
static void setup_host(struct hs_vmx *v)
{
	struct desc_ptr idt;
	u64 pat = hs_rdmsr(MSR_IA32_CR_PAT);

	hs_vmwritel(HOST_CR0, read_cr0() & ~HS_CR0_TS);
	hs_vmwrite16(HOST_CS_SELECTOR, __KERNEL_CS);
	hs_vmwrite16(HOST_SS_SELECTOR, __KERNEL_DS);
	hs_vmwrite16(HOST_DS_SELECTOR, 0);
	hs_vmwrite16(HOST_ES_SELECTOR, 0);
	hs_vmwrite16(HOST_FS_SELECTOR, 0);
	hs_vmwrite16(HOST_GS_SELECTOR, 0);
	hs_vmwrite16(HOST_TR_SELECTOR, GDT_ENTRY_TSS * 8);
	hs_vmwritel(HOST_FS_BASE, hs_mutating(HS_FORGET_FS) ? PAGE_SIZE : 0);
	store_idt(&idt);
	hs_vmwritel(HOST_IDTR_BASE, idt.address);
	hs_vmwrite32(HOST_IA32_SYSENTER_CS, (u32)hs_rdmsr(MSR_IA32_SYSENTER_CS));
	hs_vmwritel(HOST_IA32_SYSENTER_EIP, hs_rdmsr(MSR_IA32_SYSENTER_EIP));
	hs_vmwrite64(HOST_IA32_PAT, pat);
	hs_vmwrite64(HOST_IA32_EFER, hs_rdmsr(MSR_EFER));
	hs_vmwritel(HOST_RIP, (unsigned long)hs_vmx_exited);
	if (hs_caps.ctls.exit & HS_EXIT_LOAD_PERF)
		hs_vmwrite64(HOST_IA32_PERF_GLOBAL_CTRL, 0);
	v->host_perf = 0;
	v->host_cr3 = 0;
	v->host_cr4 = 0;
	v->e.host_rsp = 0;
}

/**
 * hs_vmcs_setup - everything but the guest state
 * @v: its VMCS is current and was VMCLEARed before
 */
void hs_vmcs_setup(struct hs_vmx *v)
{
	setup_controls(v);
	setup_host(v);
	v->last_cpu = -1;
	v->todo &= ~(HS_TODO_SETUP | HS_TODO_TSC | HS_TODO_SPIN);
}

/* Segment fields lie at a distance of 2 for each register (appendix B). */
#define SEG_WRITE(n) do {							\
	const struct hs_gseg *s = &g->seg[HS_GS_##n];				\
										\
	hs_vmwrite16(GUEST_##n##_SELECTOR, s->sel);				\
	hs_vmwrite32(GUEST_##n##_LIMIT, s->limit);				\
	hs_vmwrite32(GUEST_##n##_AR_BYTES, s->ar);				\
	hs_vmwritel(GUEST_##n##_BASE, s->base);					\
} while (0)

#define SEG_READ(n) do {							\
	struct hs_gseg *s = &g->seg[HS_GS_##n];					\
										\
	s->sel = hs_vmread16(GUEST_##n##_SELECTOR);				\
	s->limit = hs_vmread32(GUEST_##n##_LIMIT);				\
	s->ar = hs_vmread32(GUEST_##n##_AR_BYTES);				\
	s->base = hs_vmreadl(GUEST_##n##_BASE);					\
} while (0)

#define ALL_SEGS(op) do {							\
	op(ES); op(CS); op(SS); op(DS); op(FS); op(GS); op(LDTR); op(TR);	\
} while (0)

/**
 * hs_vmcs_write_state - the guest state of v->gs into the VMCS
 * @v: its VMCS is current
 */
void hs_vmcs_write_state(struct hs_vmx *v)
{
	const struct hs_gstate *g = &v->gs;

	memcpy(v->e.gpr, g->gpr, sizeof(v->e.gpr));
	v->cr2 = g->cr2;
	hs_vmwritel(GUEST_RSP, g->gpr[RSP]);
	hs_vmwritel(GUEST_RIP, g->rip);
	hs_vmwritel(GUEST_RFLAGS, g->rflags);

	hs_vmwritel(GUEST_CR0, g->cr0);
	hs_vmwritel(GUEST_CR3, g->cr3);
	hs_vmwritel(GUEST_CR4, g->cr4);
	hs_vmwritel(CR0_READ_SHADOW, g->cr0_shadow);
	hs_vmwritel(CR4_READ_SHADOW, g->cr4_shadow);
	hs_vmwritel(GUEST_DR7, g->dr7);
	hs_vmwrite64(GUEST_PDPTR0, g->pdpte[0]);
	hs_vmwrite64(GUEST_PDPTR1, g->pdpte[1]);
	hs_vmwrite64(GUEST_PDPTR2, g->pdpte[2]);
	hs_vmwrite64(GUEST_PDPTR3, g->pdpte[3]);

	hs_vmwrite64(GUEST_IA32_EFER, g->efer);
	hs_vmwrite64(GUEST_IA32_PAT, g->pat);
	hs_vmwrite64(GUEST_IA32_DEBUGCTL, g->debugctl);
	hs_vmwrite32(GUEST_SYSENTER_CS, g->sysenter_cs);
	hs_vmwritel(GUEST_SYSENTER_ESP, g->sysenter_esp);
	hs_vmwritel(GUEST_SYSENTER_EIP, g->sysenter_eip);

	ALL_SEGS(SEG_WRITE);
	hs_vmwritel(GUEST_GDTR_BASE, g->gdt_base);
	hs_vmwrite32(GUEST_GDTR_LIMIT, g->gdt_limit);
	hs_vmwritel(GUEST_IDTR_BASE, g->idt_base);
	hs_vmwrite32(GUEST_IDTR_LIMIT, g->idt_limit);

	hs_vmwrite32(GUEST_ACTIVITY_STATE, g->activity);
	hs_vmwrite32(GUEST_INTERRUPTIBILITY_INFO, g->intr);
	hs_vmwritel(GUEST_PENDING_DBG_EXCEPTIONS, g->pending_dbg);
	hs_vmwrite64(VMCS_LINK_POINTER, g->link);
	hs_vmwrite32(VM_ENTRY_CONTROLS, g->entry_ctls);
	hs_vmwrite32(VM_ENTRY_INTR_INFO_FIELD, 0);
	v->cr0 = g->cr0_shadow;
	v->cr4 = g->cr4_shadow;
	v->dyn.cr4 = v->cr4;
	v->todo &= ~HS_TODO_STATE;
}

/**
 * hs_vmcs_read_state - the guest state of the VMCS into v->gs
 * @v: its VMCS is current, and nothing of v->gs waits to be written
 */
void hs_vmcs_read_state(struct hs_vmx *v)
{
	struct hs_gstate *g = &v->gs;

	memcpy(g->gpr, v->e.gpr, sizeof(g->gpr));
	g->cr2 = v->cr2;
	g->gpr[RSP] = hs_vmreadl(GUEST_RSP);
	g->rip = hs_vmreadl(GUEST_RIP);
	g->rflags = hs_vmreadl(GUEST_RFLAGS);

	g->cr0 = hs_vmreadl(GUEST_CR0);
	g->cr3 = hs_vmreadl(GUEST_CR3);
	g->cr4 = hs_vmreadl(GUEST_CR4);
	g->cr0_shadow = hs_vmreadl(CR0_READ_SHADOW);
	g->cr4_shadow = hs_vmreadl(CR4_READ_SHADOW);
	g->dr7 = hs_vmreadl(GUEST_DR7);
	g->pdpte[0] = hs_vmread64(GUEST_PDPTR0);
	g->pdpte[1] = hs_vmread64(GUEST_PDPTR1);
	g->pdpte[2] = hs_vmread64(GUEST_PDPTR2);
	g->pdpte[3] = hs_vmread64(GUEST_PDPTR3);

	g->efer = hs_vmread64(GUEST_IA32_EFER);
	g->pat = hs_vmread64(GUEST_IA32_PAT);
	g->debugctl = hs_vmread64(GUEST_IA32_DEBUGCTL);
	g->sysenter_cs = hs_vmread32(GUEST_SYSENTER_CS);
	g->sysenter_esp = hs_vmreadl(GUEST_SYSENTER_ESP);
	g->sysenter_eip = hs_vmreadl(GUEST_SYSENTER_EIP);

	ALL_SEGS(SEG_READ);
	g->gdt_base = hs_vmreadl(GUEST_GDTR_BASE);
	g->gdt_limit = hs_vmread32(GUEST_GDTR_LIMIT);
	g->idt_base = hs_vmreadl(GUEST_IDTR_BASE);
	g->idt_limit = hs_vmread32(GUEST_IDTR_LIMIT);

	g->activity = hs_vmread32(GUEST_ACTIVITY_STATE);
	g->intr = hs_vmread32(GUEST_INTERRUPTIBILITY_INFO);
	g->pending_dbg = hs_vmreadl(GUEST_PENDING_DBG_EXCEPTIONS);
	g->link = hs_vmread64(VMCS_LINK_POINTER);
	g->entry_ctls = hs_vmread32(VM_ENTRY_CONTROLS);
	g->ev_info = hs_vmread32(VM_ENTRY_INTR_INFO_FIELD);
	g->ev_err = hs_vmread32(VM_ENTRY_EXCEPTION_ERROR_CODE);
	g->ev_len = hs_vmread32(VM_ENTRY_INSTRUCTION_LEN);
}
