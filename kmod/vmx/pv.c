// SPDX-License-Identifier: GPL-2.0
/* The paravirtual ABI: what is computed, and which MSR values are good. */
#include "vmx/pv.h"

#define NS_PER_SEC	1000000000ULL

/* Steal time: bit 0 enables, bits 5:1 are reserved, the rest is the address. */
#define STEAL_RESERVED	GENMASK_ULL(5, 1)
/* End of interrupt: bit 0 enables, bit 1 is reserved. */
#define EOI_RESERVED	BIT_ULL(1)

/**
 * hs_pv_scale_set - how a guest turns ticks of its TSC into ns
 * @s: filled in
 * @tsc_khz: frequency of the guest's TSC, not 0
 *
 * The factor keeps 32 significant bits: its error is below one in 2^31, 0.02 s
 * in a year.
 */
void hs_pv_scale_set(struct hs_pv_scale *s, u32 tsc_khz)
{
	u64 hz = (u64)tsc_khz * 1000, ns = NS_PER_SEC;
	int shift = 0;

	/* ns / hz, times 2^-shift, comes to lie in [1/2, 1). */
	while (ns >= hz) {
		hz <<= 1;
		shift++;
	}
	while (ns < hz >> 1) {
		ns <<= 1;
		shift--;
	}
	/* ns is less than hz, which fits 43 bits; so the quotient fits 32. */
	while (ns >> 32) {
		ns >>= 1;
		hz >>= 1;
	}
	s->mul = div64_u64(ns << 32, hz);
	s->shift = shift;
}

/**
 * hs_pv_scale_ns - what a guest makes of ticks
 * @s: the scale
 * @ticks: since the clock's reference
 *
 * Return: ns, rounded down as guests do.
 */
u64 hs_pv_scale_ns(const struct hs_pv_scale *s, u64 ticks)
{
	if (s->shift < 0)
		ticks >>= -s->shift;
	else
		ticks <<= s->shift;
	return mul_u64_u32_shr(ticks, s->mul, 32);
}

/**
 * hs_pv_wall_set - real time at which the clock was 0
 * @w: filled in; the version is the caller's
 * @real_ns: real time now, ns since 1970
 * @clock_ns: the VM's clock now
 *
 * Seconds wrap in 2106, as the ABI has it.
 */
void hs_pv_wall_set(struct hs_pv_wall *w, u64 real_ns, u64 clock_ns)
{
	u64 zero = real_ns > clock_ns ? real_ns - clock_ns : 0;
	u64 sec = div64_u64(zero, NS_PER_SEC);

	w->sec = sec;
	w->nsec = zero - sec * NS_PER_SEC;
}

/**
 * hs_pv_msr_on - does a value switch the feature on
 * @msr: one of the MSRs that hold an address
 * @val: the value
 *
 * Return: true if so; the wall clock is written whatever the value.
 */
bool hs_pv_msr_on(u32 msr, u64 val)
{
	return msr == MSR_KVM_WALL_CLOCK_NEW || (val & KVM_MSR_ENABLED);
}

/**
 * hs_pv_msr_gpa - the address in a value
 * @msr: one of the MSRs that hold an address
 * @val: the value
 *
 * Return: guest-physical address.
 */
u64 hs_pv_msr_gpa(u32 msr, u64 val)
{
	return msr == MSR_KVM_WALL_CLOCK_NEW ? val : val & ~(u64)KVM_MSR_ENABLED;
}

/**
 * hs_pv_msr_len - how many bytes lie there
 * @msr: one of the MSRs that hold an address
 *
 * Return: bytes; 0 for another MSR.
 */
unsigned int hs_pv_msr_len(u32 msr)
{
	switch (msr) {
	case MSR_KVM_WALL_CLOCK_NEW:
		return sizeof(struct hs_pv_wall);
	case MSR_KVM_SYSTEM_TIME_NEW:
		return sizeof(struct hs_pv_clock);
	case MSR_KVM_STEAL_TIME:
		return sizeof(struct kvm_steal_time);
	case MSR_KVM_PV_EOI_EN:
		return sizeof(u32);
	}
	return 0;
}

/**
 * hs_pv_msr_ok - may a guest write this
 * @msr: one of the MSRs that hold an address
 * @val: the value
 *
 * That there is RAM at the address is the caller's to see.  Clocks need an
 * address aligned to 4, and may reach into the next page; steal time and end of
 * interrupt are aligned so that they do not.
 *
 * Return: false for #GP.
 */
bool hs_pv_msr_ok(u32 msr, u64 val)
{
	switch (msr) {
	case MSR_KVM_WALL_CLOCK_NEW:
		return !(val & 3);
	case MSR_KVM_SYSTEM_TIME_NEW:
		return !(val & 2);
	case MSR_KVM_STEAL_TIME:
		return !(val & STEAL_RESERVED);
	case MSR_KVM_PV_EOI_EN:
		return !(val & EOI_RESERVED);
	}
	return false;
}
