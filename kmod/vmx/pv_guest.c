// SPDX-License-Identifier: GPL-2.0
/*
 * The paravirtual ABI: what a vCPU writes into its guest's memory.
 *
 * The clock is a straight line over the guest's TSC, one for the whole VM, which
 * begins when the VM is switched on.  It is written when the guest asks for it,
 * when the guest moves its TSC and when the VM was paused, never otherwise: the
 * host refuses to run VMs when its own TSC is not good.  That happens between
 * slices, by the accessor.
 *
 * Steal time and end of interrupt are written while the guest runs, so their
 * pages are pinned from the write of the MSR until it is cleared, or the vCPU or
 * the VM is reset.  A guest may discard such a page; then it no longer sees what
 * is written, and that harms nobody else.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <asm/barrier.h>
#include <asm/msr.h>
#include "compat/sched.h"
#include "vmx/priv.h"

/* Host TSC less this is what the VM's clock counts. */
static u64 vm_ticks(struct hs_vmx *v)
{
	return rdtsc() - v->vm->tsc_base;
}

/* The guest's copy of @len bytes at @gpa is odd while it changes. */
static int write_versioned(struct hs_vmx *v, u64 gpa, void *data, size_t len)
{
	u32 *version = data;
	int err;

	/* Kept even, also when this fails: a later write is right all the same. */
	*version = v->pv.clock_version + 1;
	err = hs_gmem_write(v->gmem, gpa, version, sizeof(*version));
	if (err)
		return err;
	smp_wmb();
	*version += 1;
	err = hs_gmem_write(v->gmem, gpa + sizeof(*version), version + 1,
			    len - sizeof(*version));
	if (err)
		return err;
	smp_wmb();
	err = hs_gmem_write(v->gmem, gpa, version, sizeof(*version));
	if (!err)
		v->pv.clock_version = *version;
	return err;
}

static int write_clock(struct hs_vmx *v)
{
	struct hs_pv_clock c = {
		/* The line begins where the VM's clock was 0, for all vCPUs. */
		.tsc = v->vm->tsc_base + v->tsc_offset,
		.mul = v->vm->scale.mul,
		.shift = v->vm->scale.shift,
	};
	int err;

	/* Read before what follows: a later change makes it differ again. */
	v->pv.clock_gen = atomic_read(&v->vm->clock_gen);
	smp_rmb();
	/*
	 * Whoever reads another vCPU's clock, as the vDSO does, may do so only
	 * while all TSCs are the same.
	 */
	if (!atomic_read(&v->vm->tsc_moved) && v->vm->cpuid.clock_stable)
		c.flags |= HS_PV_CLOCK_STABLE;
	if (v->pv.was_stopped)
		c.flags |= HS_PV_CLOCK_STOPPED;
	err = write_versioned(v, hs_pv_msr_gpa(MSR_KVM_SYSTEM_TIME_NEW, v->pv.clock),
			      &c, sizeof(c));
	if (!err)
		v->pv.was_stopped = false;
	return err;
}

static int write_wall(struct hs_vmx *v, u64 gpa)
{
	struct hs_pv_wall w;

	hs_pv_wall_set(&w, ktime_get_real_ns(),
		       hs_pv_scale_ns(&v->vm->scale, vm_ticks(v)));
	return write_versioned(v, gpa, &w, sizeof(w));
}

/* The guest's page may be out, and no memory may be left to bring it back. */
static enum hs_next after_write(struct hs_vmx *v, int err)
{
	switch (err) {
	case 0:
	case -EINTR:
	case -EFAULT:		/* was RAM, and is for ever: cannot be */
		return HS_RESUME;
	case -ENOMEM:
	case -ENOBUFS:
		return hs_vmx_fail(v, "free memory on the host, start fewer VMs, or raise memory.max of the control group that made this one",
				   "no memory for the paravirtual clock");
	default:
		return hs_vmx_fail(v, "see the kernel log of the host",
				   "content of the page with the paravirtual clock is lost (error %d)",
				   err);
	}
}

/* ---- pins ------------------------------------------------------------------------ */

static void let_go(struct hs_vmx *v, struct hs_pv_pin *p)
{
	if (p->page)
		hs_gmem_unpin(v->gmem, p->page, true);
	p->page = NULL;
	p->at = NULL;
}

static int hold(struct hs_vmx *v, struct hs_pv_pin *p, u64 gpa)
{
	int err;

	let_go(v, p);
	err = hs_gmem_pin(v->gmem, gpa, true, &p->page);
	if (err) {
		p->page = NULL;
		return err;
	}
	p->at = page_address(p->page) + offset_in_page(gpa);
	return 0;
}

/**
 * hs_pv_reset - the guest has asked for nothing yet
 * @v: owner, or the vCPU does not run; not in a slice
 *
 * Called before guest memory is cleared, too: no pin is left.  Process context.
 */
void hs_pv_reset(struct hs_vmx *v)
{
	struct hs_pv *pv = &v->pv;

	let_go(v, &pv->steal);
	let_go(v, &pv->eoi);
	pv->clock = pv->wall = pv->steal_msr = pv->eoi_msr = 0;
	pv->eoi_armed = false;
	pv->was_stopped = false;
	pv->on = false;
}

/**
 * hs_vmx_let_go - hold no page of the guest any more
 * @v: parked
 *
 * Before guest memory is cleared.  Process context.
 */
void hs_vmx_let_go(struct hs_vmx *v)
{
	hs_pv_reset(v);
}

/**
 * hs_vmx_was_stopped - the VM was paused: tell the guest
 * @v: parked
 *
 * A guest that looks at its clock learns that it was stopped, and does not take
 * the gap for a lockup of its own.
 */
void hs_vmx_was_stopped(struct hs_vmx *v)
{
	v->pv.was_stopped = true;
}

/* ---- MSRs ------------------------------------------------------------------------ */

static u64 *msr_value(struct hs_vmx *v, u32 msr)
{
	switch (msr) {
	case MSR_KVM_WALL_CLOCK_NEW:
		return &v->pv.wall;
	case MSR_KVM_SYSTEM_TIME_NEW:
		return &v->pv.clock;
	case MSR_KVM_STEAL_TIME:
		return &v->pv.steal_msr;
	default:
		return &v->pv.eoi_msr;
	}
}

/**
 * hs_pv_rdmsr - what was written last
 * @v: the vCPU
 * @msr: one of the ABI's, which CPUID offers
 *
 * Return: 0 after a reset.
 */
u64 hs_pv_rdmsr(struct hs_vmx *v, u32 msr)
{
	return *msr_value(v, msr);
}

/**
 * hs_pv_wrmsr_ok - may the guest write this
 * @v: the vCPU
 * @msr: one of the ABI's, which CPUID offers
 * @val: the value
 *
 * Interrupts may be off.
 *
 * Return: false for #GP: reserved bits, or no RAM there.
 */
bool hs_pv_wrmsr_ok(struct hs_vmx *v, u32 msr, u64 val)
{
	u64 gpa = hs_pv_msr_gpa(msr, val);

	if (!hs_pv_msr_ok(msr, val))
		return false;
	return !hs_pv_msr_on(msr, val) ||
	       (hs_gmem_is_ram(v->gmem, gpa) &&
		hs_gmem_is_ram(v->gmem, gpa + hs_pv_msr_len(msr) - 1));
}

/**
 * hs_pv_wrmsr - the guest wrote one of the ABI's MSRs
 * @v: not in a slice; hs_pv_wrmsr_ok() said so
 * @msr: which
 * @val: the value
 *
 * Process context, sleeps.
 *
 * Return: HS_RESUME or HS_FAIL.
 */
enum hs_next hs_pv_wrmsr(struct hs_vmx *v, u32 msr, u64 val)
{
	struct hs_pv *pv = &v->pv;
	u64 gpa = hs_pv_msr_gpa(msr, val);
	bool on = hs_pv_msr_on(msr, val);
	int err = 0;

	*msr_value(v, msr) = val;
	switch (msr) {
	case MSR_KVM_WALL_CLOCK_NEW:
		/* The ABI has no bit that turns it off; 0 does. */
		if (gpa)
			err = write_wall(v, gpa);
		break;
	case MSR_KVM_SYSTEM_TIME_NEW:
		if (on)
			err = write_clock(v);
		break;
	case MSR_KVM_STEAL_TIME:
		let_go(v, &pv->steal);
		if (on)
			err = hold(v, &pv->steal, gpa);
		pv->steal_due = on;
		break;
	case MSR_KVM_PV_EOI_EN:
		let_go(v, &pv->eoi);
		if (on)
			err = hold(v, &pv->eoi, gpa);
		break;
	}
	pv->on = (pv->clock & KVM_MSR_ENABLED) || pv->steal.at;
	if (pv->steal.at)
		hs_pv_before_run(v);
	return after_write(v, err);
}

/* ---- clock and steal time ---------------------------------------------------------- */

/**
 * hs_pv_tsc_moved - the guest's TSC was set
 * @v: in a slice or not running; v->tsc_offset is new
 *
 * Its clock has to be written anew, and as long as its TSC differs from what the
 * others count no vCPU says that the clock is stable.
 */
void hs_pv_tsc_moved(struct hs_vmx *v)
{
	struct hs_vmx_vm *vm = v->vm;
	bool moved = v->tsc_offset != -vm->tsc_base;

	if (moved != v->pv.tsc_moved) {
		v->pv.tsc_moved = moved;
		if (moved)
			atomic_inc(&vm->tsc_moved);
		else
			atomic_dec(&vm->tsc_moved);
		/* Pairs with the barrier in write_clock(). */
		smp_wmb();
	} else if (!moved) {
		return;
	}
	atomic_inc(&vm->clock_gen);
}

static bool clock_due(const struct hs_vmx *v)
{
	return (v->pv.clock & KVM_MSR_ENABLED) &&
	       (v->pv.was_stopped || v->pv.clock_gen != atomic_read(&v->vm->clock_gen));
}

/**
 * hs_pv_update_clock - write the guest's clock, if it has changed
 * @v: not in a slice
 *
 * Process context, sleeps.
 *
 * Return: HS_RESUME or HS_FAIL.
 */
enum hs_next hs_pv_update_clock(struct hs_vmx *v)
{
	return likely(!clock_due(v)) ? HS_RESUME : after_write(v, write_clock(v));
}

static void write_steal(struct hs_vmx *v, u64 ns)
{
	struct kvm_steal_time *st = v->pv.steal.at;

	WRITE_ONCE(st->version, ++v->pv.steal_version);
	smp_wmb();
	WRITE_ONCE(st->steal, ns);
	smp_wmb();
	WRITE_ONCE(st->version, ++v->pv.steal_version);
}

/**
 * hs_pv_before_run - tell the guest of the time that it did not get
 * @v: thread of the vCPU, not in a slice; v->pv.on
 *
 * Steal time is what the thread has waited for a CPU.
 */
void hs_pv_before_run(struct hs_vmx *v)
{
	struct hs_pv *pv = &v->pv;
	u64 delay = hs_run_delay(current);

	if (!pv->steal.at)
		return;
	/* What the thread waited before the guest's first look is not its own. */
	if (!pv->delay_known)
		pv->delay = delay;
	if (unlikely(pv->delay != delay || !pv->delay_known || pv->steal_due)) {
		pv->steal_ns += delay - pv->delay;
		pv->delay = delay;
		pv->delay_known = true;
		pv->steal_due = false;
		write_steal(v, pv->steal_ns);
		WRITE_ONCE(((struct kvm_steal_time *)pv->steal.at)->preempted, 0);
	}
}

/**
 * hs_pv_gives_way - somebody else gets the CPU
 * @v: thread of the vCPU, not in a slice; v->pv.on
 *
 * Other vCPUs of the guest need not spin for this one.
 */
void hs_pv_gives_way(struct hs_vmx *v)
{
	if (!v->pv.steal.at)
		return;
	v->pv.steal_due = true;
	WRITE_ONCE(((struct kvm_steal_time *)v->pv.steal.at)->preempted,
		   KVM_VCPU_PREEMPTED);
}

/* ---- end of interrupt -------------------------------------------------------------- */

/**
 * hs_pv_arm_eoi - the guest may end its interrupt without an exit
 * @v: about to enter, interrupts off; v->pv.eoi.at
 *
 * Only where an EOI has nothing else to do: nothing waits that it would let
 * through, and no I/O APIC wants to hear of it.
 */
void hs_pv_arm_eoi(struct hs_vmx *v)
{
	if (!hs_lapic_eoi_is_silent(v->apic))
		return;
	WRITE_ONCE(*(u8 *)v->pv.eoi.at, 1);
	v->pv.eoi_armed = true;
}

/**
 * hs_pv_take_eoi - has the guest ended its interrupt
 * @v: has just left the guest, interrupts off; v->pv.eoi_armed
 *
 * Whatever looks at the local APIC from here on finds it as it would be had the
 * guest written EOI.
 */
void hs_pv_take_eoi(struct hs_vmx *v)
{
	u8 *at = v->pv.eoi.at;

	v->pv.eoi_armed = false;
	if (READ_ONCE(*at) & 1)
		WRITE_ONCE(*at, 0);
	else
		hs_lapic_eoi(v->apic);
}
