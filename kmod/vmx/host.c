// SPDX-License-Identifier: GPL-2.0
/*
 * The host's registers around a slice.
 *
 * What VM entry and exit switch by themselves is in the VMCS; this file keeps
 * the host-state area true and switches the rest.  The list, by when:
 *
 *	each entry	HOST_CR3 (a lazy-TLB thread's CR3 changes under it),
 *			HOST_CR4, IA32_PERF_GLOBAL_CTRL and PEBS off
 *	CPU change	GDT, TR and GS bases, SYSENTER_ESP; INVVPID and INVEPT
 *	each exit	IA32_SPEC_CTRL (entry.S), DEBUGCTL, DR7 if the host has
 *			breakpoints
 *	interrupts on	LDT, which an exit unloads; DR0-DR3, DR6
 *	slice		XCR0, XSS, PKRU, XSAVE state; STAR, LSTAR, CSTAR, FMASK,
 *			KERNEL_GS_BASE, TSC_AUX; GDT limit, TR limit
 *
 * Debug builds can forget each of them (debug.h).
 */
#include <linux/hw_breakpoint.h>
#include <asm/cpu_entry_area.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/mmu_context.h>
#include <asm/msr-index.h>
#include <asm/nospec-branch.h>
#include <asm/special_insns.h>
#include <asm/tlbflush.h>
#include "compat/compat.h"
#include "compat/msr.h"
#include "vmx/debug.h"
#include "vmx/priv.h"

/* Live MSRs, in the order of enum hs_live_msr. */
static const u32 live_msr[HS_LIVE_NR] = {
	[HS_LIVE_STAR] = MSR_STAR,
	[HS_LIVE_LSTAR] = MSR_LSTAR,
	[HS_LIVE_CSTAR] = MSR_CSTAR,
	[HS_LIVE_FMASK] = MSR_SYSCALL_MASK,
	[HS_LIVE_KERNEL_GS] = MSR_KERNEL_GS_BASE,
	[HS_LIVE_TSC_AUX] = MSR_TSC_AUX,
};

/**
 * struct host_cpu - host values of one CPU
 * @live: MSRs; all but KERNEL_GS_BASE are constants of the CPU
 * @known: constants were read
 * @xcr0: XCR0 that the slice's end puts back
 * @xss: the same of IA32_XSS
 * @pkru: the same of PKRU
 * @xcr0_now: XCR0 in force
 * @debugctl: IA32_DEBUGCTL, which an exit clears
 * @pebs: IA32_PEBS_ENABLE
 * @ldt: LDT of the address space that the thread has borrowed, mostly 0
 * @trained_by: serial of the vCPU that ran here since the last branch barrier, 0
 *	for none
 */
struct host_cpu {
	u64 live[HS_LIVE_NR];
	bool known;
	u64 xcr0, xcr0_now, xss;
	u32 pkru;
	u64 debugctl;
	u64 pebs;
	u16 ldt;
	u64 trained_by;
};

static DEFINE_PER_CPU(struct host_cpu, host_cpu);

static_assert(HS_FORGET_TSC_AUX - HS_FORGET_STAR == HS_LIVE_TSC_AUX - HS_LIVE_STAR);

static inline bool uses_tsc_aux(void)
{
	return hs_caps.ctls.proc2 & HS_PROC2_RDTSCP;
}

static void read_constants(struct host_cpu *h)
{
	int i;

	for (i = 0; i < HS_LIVE_NR; i++)
		if (i != HS_LIVE_KERNEL_GS && (i != HS_LIVE_TSC_AUX || uses_tsc_aux()))
			h->live[i] = hs_rdmsr(live_msr[i]);
	h->known = true;
}

/**
 * hs_host_moved - this CPU is another one than at the last slice
 * @v: its VMCS is current here
 * @cpu: this CPU
 *
 * Preemption off.
 */
void hs_host_moved(struct hs_vmx *v, int cpu)
{
	u64 sysenter_esp = hs_rdmsr(MSR_IA32_SYSENTER_ESP);

	if (!hs_mutating(HS_FORGET_TR))
		hs_vmwritel(HOST_TR_BASE, (unsigned long)&get_cpu_entry_area(cpu)->tss.x86_tss);
	if (!hs_mutating(HS_FORGET_GDT))
		hs_vmwritel(HOST_GDTR_BASE, (unsigned long)get_current_gdt_ro());
	if (!hs_mutating(HS_FORGET_GS))
		hs_vmwritel(HOST_GS_BASE, hs_rdmsr(MSR_GS_BASE));
	if (!hs_mutating(HS_FORGET_SYSENTER))
		hs_vmwritel(HOST_IA32_SYSENTER_ESP, sysenter_esp);

	/*
	 * What this VPID left here may be older than an INVLPG or a move to CR3
	 * that the guest did on another CPU in between.  The VPID may also have
	 * belonged to a vCPU that is gone.
	 */
	if (!hs_mutated(HS_MUT_SKIP_INVVPID)) {
		hs_op_invvpid(HS_INV_SINGLE, v->vpid);
		hs_dbg_vpid_flushed(v->vpid, v->serial);
	}
	hs_stat(v, INVVPID);
	/*
	 * Guest-physical translations are hs_gmem_enter()'s business: it knows
	 * per CPU which generation was flushed last.
	 */
	v->last_cpu = cpu;
}

static void live_load(struct hs_vmx *v, struct host_cpu *h)
{
	int i;

	h->live[HS_LIVE_KERNEL_GS] = hs_rdmsr(MSR_KERNEL_GS_BASE);
	for (i = 0; i < HS_LIVE_NR; i++) {
		if (i == HS_LIVE_TSC_AUX && !uses_tsc_aux())
			continue;
		if (v->live[i] != h->live[i]) {
			hs_wrmsr(live_msr[i], v->live[i]);
			hs_stat(v, WRMSR);
		}
	}
}

static void live_save(struct hs_vmx *v, struct host_cpu *h)
{
	int i;

	for (i = 0; i < HS_LIVE_NR; i++) {
		if (i == HS_LIVE_TSC_AUX && !uses_tsc_aux())
			continue;
		v->live[i] = hs_rdmsr(live_msr[i]);
		if (v->live[i] != h->live[i] && !hs_mutating(HS_FORGET_STAR + i)) {
			hs_wrmsr(live_msr[i], h->live[i]);
			hs_stat(v, WRMSR);
		}
	}
}

/*
 * The guest's XSAVE area is ours, in the standard format, and holds every
 * component that the guest may have, whatever its XCR0 says just now: a
 * component keeps its content while it is switched off.  So saving and
 * restoring are done under the host's XCR0, which has at least those bits.
 */
static u64 xstate_mask(const struct hs_vmx *v)
{
	/* x87 and SSE are there for a guest without XSAVE as well. */
	return v->vm->cpuid.xcr0 | HS_XF_X87 | HS_XF_SSE;
}

static void xstate_load(struct hs_vmx *v, struct host_cpu *h)
{
	u64 mask = xstate_mask(v);

	h->xcr0 = hs_caps.host_xcr0;
	h->pkru = cpu_feature_enabled(X86_FEATURE_OSPKE) ? hs_rdpkru() : 0;
	if (!hs_mutating(HS_FORGET_GUEST_XSTATE))
		asm volatile("xrstor64 (%0)" : : "r" (v->xsave), "a" ((u32)mask),
			     "d" ((u32)(mask >> 32)) : "memory");
	hs_stat(v, XSTATE);
	if (v->xcr0 != h->xcr0)
		hs_xsetbv(0, v->xcr0);
	h->xcr0_now = v->xcr0;
	if (hs_caps.has_xss) {
		h->xss = hs_rdmsr(MSR_IA32_XSS);
		if (h->xss) {
			hs_wrmsr(MSR_IA32_XSS, 0);
			hs_stat(v, WRMSR);
		}
	}
}

static void xstate_save(struct hs_vmx *v, struct host_cpu *h)
{
	u64 mask = xstate_mask(v);

	if (h->xcr0_now != h->xcr0 && !hs_mutating(HS_FORGET_XCR0))
		hs_xsetbv(0, h->xcr0);
	if (hs_caps.has_xss && h->xss && !hs_mutating(HS_FORGET_XSS)) {
		hs_wrmsr(MSR_IA32_XSS, h->xss);
		hs_stat(v, WRMSR);
	}
	asm volatile("xsave64 (%0)" : : "r" (v->xsave), "a" ((u32)mask),
		     "d" ((u32)(mask >> 32)) : "memory");
	hs_stat(v, XSTATE);
	if (cpu_feature_enabled(X86_FEATURE_OSPKE) && !hs_mutating(HS_FORGET_PKRU))
		hs_wrpkru(h->pkru);
}

/**
 * hs_host_set_xcr0 - the guest has written XCR0
 * @v: in a slice
 */
void hs_host_set_xcr0(struct hs_vmx *v)
{
	struct host_cpu *h = this_cpu_ptr(&host_cpu);

	hs_xsetbv(0, v->xcr0);
	h->xcr0_now = v->xcr0;
}

static void branch_barrier(struct host_cpu *h)
{
	hs_wrmsr(MSR_IA32_PRED_CMD, PRED_CMD_IBPB);
	this_cpu_inc(hs_mitig_ran[HS_MITIG_IBPB]);
	h->trained_by = 0;
}

static void flush_l1d(struct hs_vmx *v)
{
	hs_wrmsr(MSR_IA32_FLUSH_CMD, L1D_FLUSH);
	hs_stat(v, WRMSR);
	this_cpu_inc(hs_mitig_ran[HS_MITIG_L1D]);
}

static void mitigate_begin(struct hs_vmx *v, struct host_cpu *h)
{
	if (!hs_mitigates(HS_MITIG_IBPB))
		return;
	/*
	 * From one vCPU to another on the same CPU.  Also within a VM: its kernel
	 * cannot know that two of its processors are one.
	 */
	if (h->trained_by && h->trained_by != v->serial)
		branch_barrier(h);
	h->trained_by = v->serial;
	/* From this VM to whoever runs here next. */
	v->ibpb_owed = !hs_ibpb_at_user_exit();
	if (!v->ibpb_owed)
		this_cpu_inc(hs_mitig_ran[HS_MITIG_IBPB]);
}

/* What entry.S does at each entry and exit, if it does it. */
static void mitigate_count(u64 entries)
{
	static const enum hs_mitig_id at_entry[] = {
		HS_MITIG_VERW, HS_MITIG_RSB, HS_MITIG_SPEC_CTRL,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(at_entry); i++)
		if (hs_mitigates(at_entry[i]))
			this_cpu_add(hs_mitig_ran[at_entry[i]], entries);
}

/**
 * hs_host_sched_out - something else is about to run on this CPU
 * @v: vCPU whose thread gives way; not in a slice
 *
 * A vCPU thread has no mm, so the scheduler's own branch barrier never fires
 * between a guest and the process after it.  Where the kernel has a barrier at
 * the return to user mode, that one was asked for and nothing is owed here.
 */
void hs_host_sched_out(struct hs_vmx *v)
{
	if (!v->ibpb_owed || hs_mutating(HS_FORGET_IBPB))
		return;
	v->ibpb_owed = false;
	branch_barrier(this_cpu_ptr(&host_cpu));
}

/**
 * hs_host_slice_begin - from the host's registers to the guest's
 * @v: its VMCS is current
 *
 * After kernel_fpu_begin(); interrupts on or off.
 */
void hs_host_slice_begin(struct hs_vmx *v)
{
	struct host_cpu *h = this_cpu_ptr(&host_cpu);

	hs_dbg_host_begin(v);
	if (unlikely(!h->known))
		read_constants(h);
	mitigate_begin(v, h);
	live_load(v, h);
	xstate_load(v, h);
}

/**
 * hs_host_slice_end - back to the host's registers
 * @v: its VMCS is current
 * @entries: how often the guest was entered since hs_host_slice_begin()
 *
 * Before kernel_fpu_end(); same CPU as hs_host_slice_begin().
 */
void hs_host_slice_end(struct hs_vmx *v, u64 entries)
{
	struct host_cpu *h = this_cpu_ptr(&host_cpu);

	xstate_save(v, h);
	live_save(v, h);
	/* An exit leaves a GDT limit of 64 KiB and a TR limit without I/O map. */
	if (!hs_mutating(HS_FORGET_GDT_LIMIT))
		load_fixmap_gdt(smp_processor_id());
	if (!hs_mutating(HS_FORGET_TR_LIMIT))
		invalidate_tss_limit();
	mitigate_count(entries);
	hs_dbg_host_end();
}

/**
 * hs_host_recheck - look again at what interrupts may have changed
 * @v: the vCPU
 *
 * At the slice's begin and after each window with interrupts on.  Interrupts
 * off.
 */
void hs_host_recheck(struct hs_vmx *v)
{
	struct host_cpu *h = this_cpu_ptr(&host_cpu);
	unsigned long cr3 = __get_current_cr3_fast();
	unsigned long cr4 = cr4_read_shadow();

	/* Of this thread and CPU, and changed by interrupts at most. */
	if (unlikely(cr3 != v->host_cr3) && !hs_mutating(HS_FORGET_CR3)) {
		hs_vmwritel(HOST_CR3, cr3);
		v->host_cr3 = cr3;
	}
	if (unlikely(cr4 != v->host_cr4) && !hs_mutating(HS_FORGET_CR4)) {
		hs_vmwritel(HOST_CR4, cr4);
		v->host_cr4 = cr4;
	}
	store_ldt(h->ldt);
	/* What the host has just done is in the cache. */
	if (hs_mitigates(HS_MITIG_L1D))
		flush_l1d(v);
	h->debugctl = hs_rdmsr(MSR_IA32_DEBUGCTLMSR);
	if (hs_caps.ctls.exit & HS_EXIT_LOAD_PERF && boot_cpu_has(X86_FEATURE_ARCH_PERFMON)) {
		u64 perf = hs_rdmsr(MSR_CORE_PERF_GLOBAL_CTRL);

		if (perf != v->host_perf) {
			hs_vmwrite64(HOST_IA32_PERF_GLOBAL_CTRL, perf);
			v->host_perf = perf;
		}
		h->pebs = perf && boot_cpu_has(X86_FEATURE_PEBS) ?
			  hs_rdmsr(MSR_IA32_PEBS_ENABLE) : 0;
	}
}

/**
 * hs_host_irqs_on - what must be back before interrupts go on
 * @v: the vCPU
 *
 * An interrupt may set a breakpoint of the host; what it writes to DR0-DR3 must
 * not be taken for the guest's afterwards, nor the guest's for the host's.
 *
 * The LDT belongs to the address space that this kernel thread has borrowed.
 * The scheduler does not load it again when it returns to that address space,
 * so it must not be lost; nor may it come back once an interrupt (a TLB flush
 * that ends the borrowing) has unloaded it, hence not at the slice's end but
 * here, and hs_host_recheck() looks again.  Interrupts off.
 */
void hs_host_irqs_on(struct hs_vmx *v)
{
	u16 ldt = this_cpu_read(host_cpu.ldt);

	if (unlikely(v->dr_live))
		hs_dr_save(v);
	if (unlikely(ldt) && !hs_mutating(HS_FORGET_LDT))
		asm volatile("lldt %0" : : "r" (ldt));
}

/**
 * hs_host_before_entry - counters and breakpoints, just before an entry
 * @v: its VMCS is current
 *
 * Interrupts off.
 */
void hs_host_before_entry(struct hs_vmx *v)
{
	if (unlikely(this_cpu_read(host_cpu.pebs)))
		hs_wrmsr(MSR_IA32_PEBS_ENABLE, 0);
	/* Interrupts were on, or breakpoints of the host took the registers. */
	if (unlikely(v->dr_keep && !v->dr_live) && !hs_mutating(HS_FORGET_GUEST_DR))
		hs_dr_load(v);
	hs_dbg_host_entry(v);
}

/**
 * hs_host_after_exit - what must be back before interrupts go on
 * @v: the vCPU
 *
 * Interrupts off.
 */
void hs_host_after_exit(struct hs_vmx *v)
{
	u64 debugctl = this_cpu_read(host_cpu.debugctl);
	u64 pebs = this_cpu_read(host_cpu.pebs);

	if (unlikely(debugctl)) {
		hs_wrmsr(MSR_IA32_DEBUGCTLMSR, debugctl);
		hs_stat(v, WRMSR);
	}
	if (unlikely(pebs))
		hs_wrmsr(MSR_IA32_PEBS_ENABLE, pebs);
	if (unlikely(hw_breakpoint_active()) && !hs_mutating(HS_FORGET_DR7)) {
		/* The exit has cleared DR7. */
		if (v->dr_live)
			hs_dr_save(v);
		else
			hw_breakpoint_restore();
	}
}
