/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The paravirtual ABI that stock guests speak to KVM: clock, steal time, end of
 * interrupt.  Its description is Documentation/virt/kvm/x86/msr.rst of Linux.
 * What is computed, and which values of the MSRs are good.  Pure.
 */
#ifndef HS_VMX_PV_H
#define HS_VMX_PV_H

#include "pure.h"
#ifdef __KERNEL__
#include <uapi/asm/kvm_para.h>
#else
#include <asm/kvm_para.h>
#endif

/* Flags of struct hs_pv_clock. */
#define HS_PV_CLOCK_STABLE	0x01	/* the same line on all vCPUs */
#define HS_PV_CLOCK_STOPPED	0x02	/* the guest was stopped by its host */

/**
 * struct hs_pv_clock - clock of a vCPU in guest memory
 * @version: odd while the rest changes
 * @tsc: guest TSC at which the clock showed @ns
 * @ns: since the VM was switched on
 * @mul, @shift: ns = (ticks << @shift) * @mul >> 32; a negative @shift is to the
 *	right
 * @flags: HS_PV_CLOCK_*
 */
struct hs_pv_clock {
	u32 version;
	u32 pad0;
	u64 tsc;
	u64 ns;
	u32 mul;
	s8 shift;
	u8 flags;
	u8 pad1[2];
} __packed;

/**
 * struct hs_pv_wall - real time at which the clock was 0, in guest memory
 */
struct hs_pv_wall {
	u32 version;
	u32 sec;
	u32 nsec;
} __packed;

static_assert(sizeof(struct hs_pv_clock) == 32);
static_assert(sizeof(struct hs_pv_wall) == 12);
static_assert(sizeof(struct kvm_steal_time) == 64);

/**
 * struct hs_pv_scale - from ticks to ns
 * @mul, @shift: see struct hs_pv_clock
 */
struct hs_pv_scale {
	u32 mul;
	s8 shift;
};

void hs_pv_scale_set(struct hs_pv_scale *s, u32 tsc_khz);
u64 hs_pv_scale_ns(const struct hs_pv_scale *s, u64 ticks);
void hs_pv_wall_set(struct hs_pv_wall *w, u64 real_ns, u64 clock_ns);
bool hs_pv_msr_ok(u32 msr, u64 val);
u64 hs_pv_msr_gpa(u32 msr, u64 val);
unsigned int hs_pv_msr_len(u32 msr);
bool hs_pv_msr_on(u32 msr, u64 val);

#endif /* HS_VMX_PV_H */
