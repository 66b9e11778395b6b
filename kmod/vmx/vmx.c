// SPDX-License-Identifier: GPL-2.0
/* Life of VMs and vCPUs as far as VT-x is concerned, and looking at them. */
#include <linux/cpu.h>
#include <linux/err.h>
#include <linux/idr.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/processor.h>
#include <asm/tlbflush.h>
#include <asm/tsc.h>
#include "boot_state.h"
#include "compat/sched.h"
#include "compat/vmxhold.h"
#include "vmx/debug.h"
#include "vmx/priv.h"

/* CR0 and CR4 bits that the guest changes without exit. */
#define CR0_GUEST	(HS_CR0_MP | HS_CR0_EM | HS_CR0_TS | HS_CR0_WP | HS_CR0_AM)
#define CR4_GUEST	(HS_CR4_VME | HS_CR4_PVI | HS_CR4_TSD | HS_CR4_DE | HS_CR4_PGE |	\
			 HS_CR4_PCE | HS_CR4_OSFXSR | HS_CR4_OSXMMEXCPT |		\
			 HS_CR4_UMIP | HS_CR4_FSGSBASE)

/* 256 ticks of the TSC; processors count every 32nd. */
#define TIMER_RATE_MAX	8
#define VPID_MAX	0xffff
#define MXCSR_INIT	0x1f80
#define XSAVE_MXCSR	24	/* offset in the area */
#define FCW_INIT	0x37f

/* Numbers for VMs and vCPUs that are never used twice. */
static atomic64_t serials;

/* VPIDs in use; 0 is the host's. */
static DEFINE_IDA(vpids);

/* ---- the module ---------------------------------------------------------------- */

static const struct hs_hold_ops hold_ops = {
	.check_cpu = hs_caps_check_cpu,
	.prepare = hs_cpu_vmx_prepare,
	.on = hs_cpu_vmx_on,
	.off = hs_cpu_vmx_off,
	.emergency = hs_cpu_vmx_emergency,
	.held = hs_cpu_vmx_held,
};

/**
 * hs_vmx_module_init - prepare for VMs
 *
 * Succeeds on hosts that cannot run VMs too: hs_vmx_check() tells why.
 *
 * Return: 0 or a negative errno.  Process context.
 */
int hs_vmx_module_init(void)
{
	int err;

	hs_vmcs_module_init();
	err = hs_dbg_init();
	if (err)
		return err;
	err = hs_hold_init(&hold_ops);
	if (err) {
		hs_dbg_exit();
		return err;
	}
	hs_caps_init();
	return 0;
}

/**
 * hs_vmx_module_exit - undo hs_vmx_module_init()
 *
 * VMX is not held any more.  Process context.
 */
void hs_vmx_module_exit(void)
{
	hs_hold_exit();
	hs_vmcs_module_exit();
	hs_dbg_exit();
	ida_destroy(&vpids);
}

/**
 * hs_vmx_get - take VMX for a running VM
 * @why: on error a constant sentence
 *
 * Return: 0; -EBUSY, -EOPNOTSUPP, -EIO, -ENOMEM.  Process context.
 */
int hs_vmx_get(const char **why)
{
	if (!hs_caps.usable) {
		const struct hs_req *r = hs_reqs_missing(&hs_caps.facts, true);

		*why = r ? r->remedy : "this processor lacks a required VMX control";
		return -EOPNOTSUPP;
	}
	return hs_hold_get(why);
}

/**
 * hs_vmx_put - give VMX back after a VM has ended
 *
 * Process context.
 */
void hs_vmx_put(void)
{
	hs_hold_put();
}

/**
 * hs_vmx_set_stop_all - who stops the vCPUs before the host reboots
 * @fn: process context, may sleep; NULL for nobody
 */
void hs_vmx_set_stop_all(void (*fn)(void))
{
	hs_hold_set_stop_all(fn);
}

/**
 * hs_vmx_has_ept_ad - for struct hs_gmem_cfg: accessed and dirty flags
 *
 * Any context, after hs_vmx_module_init().
 *
 * Return: true if EPT entries have them on this host.
 */
bool hs_vmx_has_ept_ad(void)
{
	return hs_caps.facts.m.ept_vpid & HS_EPT_AD;
}

/**
 * hs_vmx_has_ept_2m - for struct hs_gmem_cfg: 2 MiB pages
 *
 * Any context, after hs_vmx_module_init().
 *
 * Return: true if the EPT may have them, with code in them, on this host.
 */
bool hs_vmx_has_ept_2m(void)
{
	/* On CPUs with iTLB multihit a huge page with code can hang the host. */
	return (hs_caps.facts.m.ept_vpid & HS_EPT_2M) && !hs_mitigates(HS_MITIG_NX_HUGE);
}

/* ---- a VM ------------------------------------------------------------------------ */

static void host_cpuid(void *arg, u32 leaf, u32 sub, u32 r[4])
{
	cpuid_count(leaf, sub, &r[HS_EAX], &r[HS_EBX], &r[HS_ECX], &r[HS_EDX]);
	/* Where firmware turned fast strings off, REP MOVSB is the slow way: SDM vol. 1, 7.3.9.3. */
	if (leaf == 7 && !sub && !boot_cpu_has(X86_FEATURE_ERMS)) {
		r[HS_EBX] &= ~BIT(9);
		r[HS_EDX] &= ~BIT(4);
	}
}

/**
 * hs_vmx_vm_create - what the vCPUs of a VM share
 * @cfg: copied; what it points to outlives the VM
 *
 * Return: the VM, or NULL without memory or VT-x.  Process context.
 */
struct hs_vmx_vm *hs_vmx_vm_create(const struct hs_vmx_vm_cfg *cfg)
{
	const struct hs_ctls *c = &hs_caps.ctls;
	struct hs_cpuid_in in = {
		.host = host_cpuid,
		.cpus = cfg->cpus,
		.tsc_khz = tsc_khz,
		.host_xcr0 = hs_caps.host_xcr0,
		.hide = &cfg->hide,
		.rdtscp = c->proc2 & HS_PROC2_RDTSCP,
		.invpcid = c->proc2 & HS_PROC2_INVPCID,
		.xsaves = c->proc2 & HS_PROC2_XSAVES,
		.spec_ctrl = !hs_caps.spec.spec_ctrl_off,
		.ibpb = !hs_caps.spec.ibpb_off,
		.steal = hs_run_delay_counts(),
	};
	struct hs_vmx_vm *vm;

	if (!hs_caps.usable)
		return NULL;
	vm = kvzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	if (!vm)
		return NULL;
	vm->cfg = *cfg;
	hs_pv_scale_set(&vm->scale, tsc_khz);
	vm->serial = atomic64_inc_return(&serials);
	strscpy(vm->name, cfg->name, sizeof(vm->name));
	vm->cfg.name = vm->name;
	atomic_set(&vm->dumped, 0);
	if (hs_cpuid_build(&vm->cpuid, &in)) {
		kvfree(vm);
		return NULL;
	}
	return vm;
}

/**
 * hs_vmx_vm_destroy - undo hs_vmx_vm_create()
 * @vm: without vCPUs; NULL is fine
 */
void hs_vmx_vm_destroy(struct hs_vmx_vm *vm)
{
	kvfree(vm);
}

/* ---- a vCPU ---------------------------------------------------------------------- */

static u32 msr_conditions(const struct hs_cpuid *c)
{
	return (c->spec_ctrl_valid ? HS_MSRC_SPEC_CTRL : 0) |
	       (c->pred_cmd ? HS_MSRC_PRED_CMD : 0) |
	       (c->arch_cap ? HS_MSRC_ARCH_CAP : 0) |
	       (c->rdtscp ? HS_MSRC_TSC_AUX : 0) |
	       (c->xsaves ? HS_MSRC_XSS : 0) |
	       (c->tsc_adjust ? HS_MSRC_TSC_ADJUST : 0) |
	       (c->tsc_deadline ? HS_MSRC_TSC_DEADLINE : 0) |
	       (c->x2apic ? HS_MSRC_X2APIC : 0) |
	       (c->mtrr ? HS_MSRC_MTRR : 0) |
	       (c->mca ? HS_MSRC_MCA : 0) |
	       (c->pat ? HS_MSRC_PAT : 0) |
	       (c->clock ? HS_MSRC_PV_CLOCK : 0) |
	       (c->steal ? HS_MSRC_PV_STEAL : 0) |
	       (c->pv_eoi ? HS_MSRC_PV_EOI : 0);
}

static void init_fix(struct hs_vmx *v)
{
	const struct hs_vmx_msrs *m = &hs_caps.facts.m;

	/* Unrestricted guest: PE and PG are free (SDM vol. 3, 24.8). */
	v->fix.cr0_set = (m->cr0_fixed0 & ~(HS_CR0_PE | HS_CR0_PG)) | HS_CR0_ET;
	v->fix.cr0_host = ~CR0_GUEST;
	/* A machine check in a guest without MCE would shut the host down. */
	v->fix.cr4_set = m->cr4_fixed0 | (cr4_read_shadow() & HS_CR4_MCE);
	v->fix.cr4_host = ~(CR4_GUEST & v->vm->cpuid.cr4_valid);
	v->fix.entry_ctls = hs_caps.ctls.entry;
}

/**
 * hs_vmx_create - a vCPU
 * @vm: its VM
 * @index: number and APIC id
 * @lapic: its local APIC
 *
 * In power-on state.  Process context.
 *
 * Return: the vCPU, or ERR_PTR: -ENOMEM, -ENOSPC when no VPID is left.
 */
struct hs_vmx *hs_vmx_create(struct hs_vmx_vm *vm, unsigned int index,
			     struct hs_lapic *lapic)
{
	struct hs_vmx *v;
	int vpid, err = -ENOMEM;

	v = kzalloc(sizeof(*v), GFP_KERNEL_ACCOUNT);
	if (!v)
		return ERR_PTR(-ENOMEM);
	v->vm = vm;
	v->gmem = vm->cfg.gmem;
	v->board = vm->cfg.board;
	v->apic = lapic;
	v->index = index;
	v->dyn.apic_id = index;
	v->serial = atomic64_inc_return(&serials);
	v->eptp = hs_gmem_eptp(v->gmem);
	hs_lapic_set_model(lapic, vm->cpuid.x2apic, vm->cpuid.tsc_deadline);
	if (hs_caps.ctls.pin & HS_PIN_PREEMPT_TIMER) {
		v->timer_max = clamp_t(u64, HS_SLICE_TICKS >> HS_TIMER_RATE, 1, U32_MAX);
		/* One that is too coarse would be waited for with interrupts off. */
		if (HS_TIMER_RATE <= TIMER_RATE_MAX)
			hs_lapic_watch(lapic);
	}
	v->last_cpu = -1;
	v->spin_window = HS_SPIN_WINDOW;
	init_fix(v);

	vpid = ida_alloc_range(&vpids, 1, VPID_MAX, GFP_KERNEL);
	if (vpid < 0) {
		err = vpid;
		goto free;
	}
	v->vpid = vpid;
	err = hs_vmcs_alloc(&v->vmcs, hs_caps.revision);
	if (err)
		goto free_vpid;
	err = -ENOMEM;
	v->msr_bitmap = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!v->msr_bitmap)
		goto free_vmcs;
	/* A power of two, so that kmalloc aligns it to 64 bytes. */
	v->xsave_size = roundup_pow_of_two(hs_cpuid_xsave_size(&vm->cpuid,
							       vm->cpuid.xcr0, false));
	v->xsave = kzalloc(v->xsave_size, GFP_KERNEL_ACCOUNT);
	if (!v->xsave)
		goto free_bitmap;
	hs_vmx_reset(v, false);
	return v;

free_bitmap:
	free_page((unsigned long)v->msr_bitmap);
free_vmcs:
	hs_vmcs_free(&v->vmcs);
free_vpid:
	ida_free(&vpids, v->vpid);
free:
	kfree(v);
	return ERR_PTR(err);
}

/**
 * hs_vmx_destroy - undo hs_vmx_create()
 * @v: without thread; NULL is fine
 *
 * The VPID may be used again at once: whoever gets it does INVVPID on each CPU
 * before it runs there.  Process context.
 */
void hs_vmx_destroy(struct hs_vmx *v)
{
	if (!v)
		return;
	hs_pv_reset(v);
	kfree(v->xsave);
	free_page((unsigned long)v->msr_bitmap);
	hs_vmcs_free(&v->vmcs);
	ida_free(&vpids, v->vpid);
	kfree(v);
}

/* v->gs becomes what the VMCS holds, where that is possible and needed. */
static void snapshot(struct hs_vmx *v)
{
	if (v->todo & (HS_TODO_STATE | HS_TODO_SETUP))
		return;
	if (hs_vmx_open(v))
		return;
	if (v->todo)
		hs_vmx_catch_up(v);
	hs_vmcs_read_state(v);
	hs_vmx_close(v);
}

/* What an INIT leaves alone. */
static void power_on(struct hs_vmx *v)
{
	u32 have = msr_conditions(&v->vm->cpuid);

	hs_msr_reset(&v->msr, have, v->vm->cpuid.maxphyaddr);
	hs_msr_bitmap(v->msr_bitmap, have);
	memset(v->live, 0, sizeof(v->live));
	memset(v->xsave, 0, v->xsave_size);
	/*
	 * An empty header is the initial state, but MXCSR comes from the area
	 * all the same (SDM vol. 1, 13.8.1).
	 */
	*(u16 *)v->xsave = FCW_INIT;
	*(u32 *)(v->xsave + XSAVE_MXCSR) = MXCSR_INIT;
	v->xcr0 = HS_XF_X87;
	v->e.spec_ctrl = 0;
	v->e.save_spec = false;

	/* The boot processor is reset first and starts the VM's clock. */
	if (!v->index)
		v->vm->tsc_base = rdtsc();
	hs_tsc_offset_set(v, -v->vm->tsc_base);

	v->pv.steal_ns = 0;
	v->pv.delay_known = false;

	v->fail[0] = 0;
	v->fail_remedy = NULL;
	v->insn_len = 0;
	v->ring_pos = 0;
	memset(v->ring, 0, sizeof(v->ring));
	atomic_set(&v->vm->dumped, 0);
}

/**
 * hs_vmx_reset - power-on or INIT state
 * @v: owner, or the vCPU does not run
 * @init: INIT
 */
void hs_vmx_reset(struct hs_vmx *v, bool init)
{
	if (init)
		snapshot(v);
	else
		power_on(v);
	hs_pv_reset(v);
	hs_gstate_reset(&v->gs, &v->fix, init, v->vm->cpuid.eax1);
	v->dr[0] = v->dr[1] = v->dr[2] = v->dr[3] = 0;
	v->dr6 = HS_DR6_INIT;
	v->dr_keep = false;
	v->ev.info = 0;
	v->later.info = 0;
	WRITE_ONCE(v->nmi_pending, false);
	v->triple = false;
	v->cr0 = v->gs.cr0_shadow;
	v->cr4 = v->gs.cr4_shadow;
	v->dyn.cr4 = v->cr4;
	v->dyn.xcr0 = v->xcr0;
	/* Paging went off: what was translated with it on must not come back. */
	hs_dbg_vpid_stale(v->vpid);
	v->last_cpu = -1;
	v->todo &= HS_TODO_TSC | HS_TODO_SETUP | HS_TODO_SPIN;
	v->todo |= HS_TODO_STATE | (init ? 0 : HS_TODO_SETUP);
	WRITE_ONCE(v->mp, v->index ? HS_MP_WAIT_SIPI : HS_MP_RUN);
}

/**
 * hs_vmx_set_boot - the state that a loader asks for
 * @v: the boot processor after hs_vmx_reset()
 * @s: from the loader
 */
void hs_vmx_set_boot(struct hs_vmx *v, const struct hs_boot_state *s)
{
	hs_gstate_boot(&v->gs, &v->fix, s);
	v->cr0 = v->gs.cr0_shadow;
	v->cr4 = v->gs.cr4_shadow;
	v->dyn.cr4 = v->cr4;
	WRITE_ONCE(v->mp, HS_MP_RUN);
}

/**
 * hs_vmx_park - leave nothing of the vCPU on a CPU
 * @v: owner thread, not in a slice
 */
void hs_vmx_park(struct hs_vmx *v)
{
	snapshot(v);
	hs_vmcs_clear(&v->vmcs);
	hs_vmx_unwatch(v);
}

/* ---- looking ------------------------------------------------------------------------ */

/**
 * hs_vmx_get_regs - registers of a vCPU
 * @v: owner thread, or the vCPU does not run
 * @r: filled in; as of the last park when VMX is off
 */
void hs_vmx_get_regs(struct hs_vmx *v, struct hs_uregs *r)
{
	const struct hs_gstate *g = &v->gs;
	int i;

	snapshot(v);
	memset(r, 0, sizeof(*r));
	memcpy(r->gpr, g->gpr, sizeof(r->gpr));
	r->rip = g->rip;
	r->rflags = g->rflags;
	r->cr0 = hs_gs_cr0(g, &v->fix);
	r->cr2 = g->cr2;
	r->cr3 = g->cr3;
	r->cr4 = hs_gs_cr4(g, &v->fix);
	r->cr8 = hs_lapic_cr8_read(v->apic);
	r->efer = g->efer;
	for (i = 0; i < HS_GS_NR; i++) {
		r->seg[i].base = g->seg[i].base;
		r->seg[i].limit = g->seg[i].limit;
		r->seg[i].access = g->seg[i].ar;
		r->seg[i].selector = g->seg[i].sel;
	}
	r->gdt_base = g->gdt_base;
	r->gdt_limit = g->gdt_limit;
	r->idt_base = g->idt_base;
	r->idt_limit = g->idt_limit;
}

/**
 * hs_vmx_get_exits - the last exits
 * @v: the vCPU; while it runs, entries may be torn
 * @rec: filled in, oldest first
 *
 * RIP and qualification are 0 where handling the exit did not need them.
 *
 * Return: how many.
 */
unsigned int hs_vmx_get_exits(struct hs_vmx *v,
			      struct hs_vmx_exit_rec rec[HS_VMX_EXIT_RING])
{
	unsigned int end = READ_ONCE(v->ring_pos), i, n = min(end, HS_VMX_EXIT_RING + 0U);

	for (i = 0; i < n; i++)
		rec[i] = v->ring[(end - n + i) % HS_VMX_EXIT_RING];
	return n;
}

/**
 * hs_vmx_get_msrs - the last MSRs that the guest tried and that do not exist
 * @v: parked
 * @rec: filled in, the last one first
 *
 * Return: how many.
 */
unsigned int hs_vmx_get_msrs(struct hs_vmx *v, struct hs_vmx_msr_rec rec[HS_VMX_MSRS])
{
	struct hs_msr_odd o;
	unsigned int n;

	static_assert(HS_VMX_MSRS == HS_MSR_ODD);
	for (n = 0; n < HS_VMX_MSRS && hs_msr_odd_get(&v->msr, n, &o); n++)
		rec[n] = (struct hs_vmx_msr_rec){ o.msr, o.reads, o.writes };
	return n;
}

/**
 * hs_vmx_get_insn - bytes of the instruction at which the vCPU failed
 * @v: stopped
 * @bytes: filled in
 *
 * Return: how many, 0 to 15.
 */
unsigned int hs_vmx_get_insn(struct hs_vmx *v, u8 bytes[15])
{
	memcpy(bytes, v->insn, v->insn_len);
	return v->insn_len;
}

/**
 * hs_vmx_activity - what the vCPU does
 * @v: any context
 *
 * Return: a constant word.
 */
const char *hs_vmx_activity(struct hs_vmx *v)
{
	switch (READ_ONCE(v->mp)) {
	case HS_MP_HALTED:
		return "halted";
	case HS_MP_WAIT_SIPI:
		return "wait-for-sipi";
	default:
		return "running";
	}
}

/**
 * hs_vmx_fail_reason - why the vCPU failed
 * @v: after HS_RUN_FAIL
 *
 * Return: a sentence that lives until the next reset, or NULL.
 */
const char *hs_vmx_fail_reason(struct hs_vmx *v)
{
	return v->fail[0] ? v->fail : NULL;
}

/**
 * hs_vmx_fail_remedy - what to do about it
 * @v: after HS_RUN_FAIL
 *
 * Return: a constant sentence, or NULL.
 */
const char *hs_vmx_fail_remedy(struct hs_vmx *v)
{
	return v->fail[0] ? v->fail_remedy : NULL;
}

/**
 * hs_vmx_add_stats - add a vCPU's counters
 * @v: any context; the vCPU may run
 * @s: sum
 */
void hs_vmx_add_stats(struct hs_vmx *v, struct hs_vmx_stats *s)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(s->v); i++)
		s->v[i] += READ_ONCE(v->stats.v[i]);
	s->v[HS_A_STAT_KICKS] += atomic64_read(&v->kicks);
}

/**
 * hs_vmx_overhead - bytes of host memory that a vCPU takes
 * @v: the vCPU
 *
 * Return: VMCS, bitmap, XSAVE area and bookkeeping.
 */
u64 hs_vmx_overhead(const struct hs_vmx *v)
{
	return sizeof(*v) + 2 * PAGE_SIZE + v->xsave_size;
}
