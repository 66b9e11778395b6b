// SPDX-License-Identifier: GPL-2.0
/* RDMSR and WRMSR exits: what the table (msr.c) leaves to the vCPU. */
#include <asm/msr-index.h>
#include <asm/tsc.h>
#include "compat/msr.h"
#include "vmx/priv.h"

/* IA32_DEBUGCTL: BTF is all that a guest without LBR and BTS can use. */
#define DEBUGCTL_VALID	BIT(1)

/* Bits of IA32_ARCH_CAPABILITIES that are true in a guest if they are here. */
#define ARCH_CAP_GUEST	(HS_ARCH_RDCL_NO | HS_ARCH_IBRS_ALL | HS_ARCH_RSBA |	\
			 HS_ARCH_MDS_NO | HS_ARCH_PSCHANGE_MC_NO |		\
			 HS_ARCH_TAA_NO | BIT_ULL(13) | HS_ARCH_FBSDP_NO |	\
			 BIT_ULL(15) | BIT_ULL(17) | HS_ARCH_RRSBA |		\
			 BIT_ULL(20) | HS_ARCH_PBRSB_NO | BIT_ULL(26) |		\
			 HS_ARCH_RFDS_NO | HS_ARCH_RFDS_CLEAR)

static u64 guest_tsc(struct hs_vmx *v)
{
	return rdtsc() + v->tsc_offset;
}

/**
 * hs_tsc_offset_set - another difference between guest and host TSC
 * @v: in a slice, or not running
 * @offset: guest TSC - host TSC
 */
void hs_tsc_offset_set(struct hs_vmx *v, u64 offset)
{
	v->tsc_offset = offset;
	hs_lapic_set_tsc_offset(v->apic, offset);
	hs_pv_tsc_moved(v);
	if (v->in_slice)
		hs_vmwrite64(TSC_OFFSET, offset);
	else
		v->todo |= HS_TODO_TSC;
}

/* A write to the TSC shows in TSC_ADJUST and the other way round (18.17.3). */
static void adjust_tsc(struct hs_vmx *v, u64 by)
{
	v->msr.tsc_adjust += by;
	hs_tsc_offset_set(v, v->tsc_offset + by);
}

static int call_read(struct hs_vmx *v, u32 msr, u64 *val)
{
	switch (msr) {
	case MSR_IA32_TSC:
		*val = guest_tsc(v);
		return 0;
	case MSR_IA32_APICBASE:
	case MSR_IA32_TSC_DEADLINE:
		return hs_lapic_msr_read(v->apic, msr, val);
	case MSR_IA32_SPEC_CTRL:
		*val = v->e.spec_ctrl;
		return 0;
	case MSR_IA32_ARCH_CAPABILITIES:
		/* The L1D is flushed by us: the guest has nothing to do for L1TF. */
		*val = (hs_caps.spec.arch_cap & ARCH_CAP_GUEST) | HS_ARCH_SKIP_L1DFL;
		return 0;
	case MSR_IA32_DEBUGCTLMSR:
		*val = hs_vmread64(GUEST_IA32_DEBUGCTL);
		return 0;
	case MSR_IA32_XSS:
		*val = 0;
		return 0;
	case MSR_EFER:
		*val = hs_vmread64(GUEST_IA32_EFER);
		return 0;
	case MSR_KVM_WALL_CLOCK_NEW:
	case MSR_KVM_SYSTEM_TIME_NEW:
	case MSR_KVM_STEAL_TIME:
	case MSR_KVM_PV_EOI_EN:
		*val = hs_pv_rdmsr(v, msr);
		return 0;
	}
	return -EINVAL;
}

static int write_spec_ctrl(struct hs_vmx *v, u64 val)
{
	if (val & ~v->vm->cpuid.spec_ctrl_valid)
		return -EINVAL;
	v->e.spec_ctrl = val;
	/*
	 * A guest that uses it may write it at every system call; let it, and
	 * read it back at each exit instead (entry.S).
	 */
	if (val) {
		v->e.save_spec = true;
		hs_msr_bitmap_set(v->msr_bitmap, MSR_IA32_SPEC_CTRL, false, false);
	}
	return 0;
}

static int write_pred_cmd(struct hs_vmx *v, u64 val)
{
	if (val & ~(u64)PRED_CMD_IBPB)
		return -EINVAL;
	if (val)
		hs_wrmsr(MSR_IA32_PRED_CMD, PRED_CMD_IBPB);
	hs_msr_bitmap_set(v->msr_bitmap, MSR_IA32_PRED_CMD, true, false);
	return 0;
}

/*
 * RDMSR and WRMSR end with 0, a negative errno for #GP, or this: the rest has to
 * be done where one may sleep.
 */
#define MSR_SLOW	1

/* A TSC was set, and with it the clock that goes by it. */
static int clock_follows(struct hs_vmx *v)
{
	return v->pv.clock & KVM_MSR_ENABLED ? MSR_SLOW : 0;
}

static int call_write(struct hs_vmx *v, u32 msr, u64 val)
{
	switch (msr) {
	case MSR_IA32_TSC:
		adjust_tsc(v, val - guest_tsc(v));
		return clock_follows(v);
	case MSR_IA32_APICBASE:
	case MSR_IA32_TSC_DEADLINE:
		return hs_lapic_msr_write(v->apic, msr, val);
	case MSR_IA32_SPEC_CTRL:
		return write_spec_ctrl(v, val);
	case MSR_IA32_PRED_CMD:
		return write_pred_cmd(v, val);
	case MSR_IA32_DEBUGCTLMSR:
		if (val & ~DEBUGCTL_VALID)
			return -EINVAL;
		hs_vmwrite64(GUEST_IA32_DEBUGCTL, val);
		return 0;
	case MSR_IA32_XSS:
		return val ? -EINVAL : 0;
	case MSR_EFER:
		return hs_efer_write(v, val);
	case MSR_KVM_WALL_CLOCK_NEW:
	case MSR_KVM_SYSTEM_TIME_NEW:
	case MSR_KVM_STEAL_TIME:
	case MSR_KVM_PV_EOI_EN:
		return hs_pv_wrmsr_ok(v, msr, val) ? MSR_SLOW : -EINVAL;
	}
	return -EINVAL;
}

static bool is_x2apic(u32 msr)
{
	return msr - 0x800 <= 0xff;
}

static int read_msr(struct hs_vmx *v, u32 msr, u64 *val)
{
	int err;

	/* The two that guests read and write all the time come first. */
	if (is_x2apic(msr))
		return hs_lapic_msr_read(v->apic, msr, val);
	if (msr == MSR_IA32_TSC_ADJUST && likely(v->vm->cpuid.tsc_adjust)) {
		*val = v->msr.tsc_adjust;
		return 0;
	}
	err = hs_msr_read(&v->msr, msr, val);
	return err == HS_MSR_IS_CALL ? call_read(v, msr, val) : err;
}

static int write_msr(struct hs_vmx *v, u32 msr, u64 val)
{
	int err;

	if (is_x2apic(msr))
		return hs_lapic_msr_write(v->apic, msr, val);
	if (msr == MSR_IA32_TSC_DEADLINE)
		return hs_lapic_msr_write(v->apic, msr, val);
	if (msr == MSR_IA32_TSC_ADJUST && likely(v->vm->cpuid.tsc_adjust)) {
		adjust_tsc(v, val - v->msr.tsc_adjust);
		return clock_follows(v);
	}
	err = hs_msr_write(&v->msr, msr, val);
	return err == HS_MSR_IS_CALL ? call_write(v, msr, val) : err;
}

/**
 * hs_exit_rdmsr - RDMSR of an MSR that the bitmap does not pass through
 * @v: in a slice
 *
 * Return: HS_RESUME.
 */
enum hs_next hs_exit_rdmsr(struct hs_vmx *v)
{
	u64 val = 0;

	hs_stat(v, EXITS_MSR);
	if (read_msr(v, v->e.gpr[RCX], &val)) {
		hs_vmx_inject_gp(v);
		return HS_RESUME;
	}
	v->e.gpr[RAX] = (u32)val;
	v->e.gpr[RDX] = val >> 32;
	hs_vmx_skip(v);
	return HS_RESUME;
}

/**
 * hs_exit_wrmsr - WRMSR of an MSR that the bitmap does not pass through
 * @v: in a slice
 *
 * Return: HS_RESUME; HS_SLOW, the instruction has been skipped, for what writes
 * to guest memory.
 */
enum hs_next hs_exit_wrmsr(struct hs_vmx *v)
{
	u64 val = (u32)v->e.gpr[RAX] | v->e.gpr[RDX] << 32;
	int ret;

	hs_stat(v, EXITS_MSR);
	ret = write_msr(v, v->e.gpr[RCX], val);
	if (unlikely(ret < 0))
		hs_vmx_inject_gp(v);
	else
		hs_vmx_skip(v);
	return likely(ret <= 0) ? HS_RESUME : HS_SLOW;
}

/**
 * hs_exit_wrmsr_slow - what hs_exit_wrmsr() could not do
 * @v: not in a slice
 *
 * Return: HS_RESUME or HS_FAIL.
 */
enum hs_next hs_exit_wrmsr_slow(struct hs_vmx *v)
{
	u64 val = (u32)v->e.gpr[RAX] | v->e.gpr[RDX] << 32;
	u32 msr = v->e.gpr[RCX];

	return hs_pv_msr_len(msr) ? hs_pv_wrmsr(v, msr, val) : hs_pv_update_clock(v);
}
