/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CPUID as a guest sees it: a table made from the host's CPUID when the VM is
 * created, and the few bits that follow a vCPU's state.  Pure.
 */
#ifndef HS_VMX_CPUID_H
#define HS_VMX_CPUID_H

#include "pure.h"
#include "vmx/cpuid_feat.h"

enum { HS_EAX, HS_EBX, HS_ECX, HS_EDX };

/* XSAVE components that a guest may be given, SDM vol. 1, 13.1. */
#define HS_XF_X87	BIT_ULL(0)
#define HS_XF_SSE	BIT_ULL(1)
#define HS_XF_AVX	BIT_ULL(2)
#define HS_XF_AVX512	(7ULL << 5)
#define HS_XF_PKRU	BIT_ULL(9)

/* CPUID.7.0:EDX bits that come with IA32_SPEC_CTRL. */
#define HS_CPUID7_SPEC_CTRL	BIT(26)
#define HS_CPUID7_STIBP		BIT(27)
#define HS_CPUID7_ARCH_CAP	BIT(29)
#define HS_CPUID7_SSBD		BIT(31)

/**
 * struct hs_cpuid_in - what the table is made from
 * @host: the processor's CPUID; @arg goes with it
 * @cpus: vCPUs of the VM; APIC id = vCPU number
 * @tsc_khz: frequency of the guest's TSC
 * @host_xcr0: features that the host enabled
 * @rdtscp, @invpcid, @xsaves: the VMX controls for them are set
 * @steal: the host counts how long a thread waits for a CPU
 * @hide: what the guest is not to see, hs_cpuid_hide(); NULL: nothing
 * @spec_ctrl, @ibpb: the host's kernel uses the MSR; IA32_SPEC_CTRL is switched
 *	only where it does
 */
struct hs_cpuid_in {
	void (*host)(void *arg, u32 leaf, u32 sub, u32 regs[4]);
	void *arg;
	unsigned int cpus;
	u32 tsc_khz;
	u64 host_xcr0;
	const struct hs_cpuid_hide *hide;
	bool rdtscp, invpcid, xsaves;
	bool spec_ctrl, ibpb;
	bool steal;
};

struct hs_cpuid_entry {
	u32 leaf, sub;
	u32 regs[4];
};

#define HS_CPUID_BASIC		0x20	/* leaves 0..0x1f are indexed */
#define HS_CPUID_MAX		96
#define HS_XF_NR		10	/* components 0..9 */

/**
 * struct hs_cpuid - the table
 * @entry: sorted by leaf and sub-leaf; @nr of them
 * @basic: index of the first entry of a basic leaf + 1, 0 for none
 * @basic_nr: number of sub-leaves of it, 0 when it has none
 * @max_basic: highest basic leaf
 * @xcr0: features that the guest may enable
 * @xf: offset and size of each component in a standard XSAVE area; align: 64-byte
 *	aligned in the compacted form
 * @maxphyaddr: physical address bits
 * @gbpages: 1 GiB pages
 * @cr4_valid: CR4 bits that the guest may set
 * @efer_valid: EFER bits
 * @spec_ctrl_valid: IA32_SPEC_CTRL bits, 0 without the MSR
 * @pred_cmd: IA32_PRED_CMD is there
 * @arch_cap: IA32_ARCH_CAPABILITIES is there
 * @rdtscp: RDTSCP or RDPID is, and with either IA32_TSC_AUX
 * @invpcid, @xsaves: the instructions are
 * @x2apic: the local APIC has x2APIC mode; @tsc_deadline: its timer that mode
 * @clock, @clock_stable, @steal, @pv_eoi: of the paravirtual ABI (vmx/pv.h)
 * @tsc_adjust, @mtrr, @mca, @pat: the MSRs are there
 * @eax1: leaf 1 EAX, the model, which EDX holds after a reset
 */
struct hs_cpuid {
	struct hs_cpuid_entry entry[HS_CPUID_MAX];
	unsigned int nr;
	u8 basic[HS_CPUID_BASIC];
	u8 basic_nr[HS_CPUID_BASIC];
	u32 max_basic;
	u64 xcr0;
	struct {
		u32 offset, size;
		bool align;
	} xf[HS_XF_NR];
	u8 maxphyaddr;
	bool gbpages;
	u64 cr4_valid;
	u64 efer_valid;
	u64 spec_ctrl_valid;
	bool pred_cmd;
	bool arch_cap;
	bool rdtscp, invpcid, xsaves;
	bool x2apic, tsc_deadline, tsc_adjust;
	bool mtrr, mca, pat;
	bool clock, clock_stable, steal, pv_eoi;
	u32 eax1;
};

/**
 * struct hs_cpuid_dyn - state of a vCPU that CPUID shows
 * @apic_id: its number
 * @cr4: as the guest sees it
 * @xcr0: XCR0
 */
struct hs_cpuid_dyn {
	u32 apic_id;
	u64 cr4;
	u64 xcr0;
};

int hs_cpuid_build(struct hs_cpuid *c, const struct hs_cpuid_in *in);
void hs_cpuid_query(const struct hs_cpuid *c, const struct hs_cpuid_dyn *d,
		    u32 leaf, u32 sub, u32 regs[4]);
u32 hs_cpuid_xsave_size(const struct hs_cpuid *c, u64 features, bool compacted);
/* May the guest write @val to XCR0? SDM vol. 1, 13.3. */
bool hs_xcr0_valid(const struct hs_cpuid *c, u64 val);

#endif /* HS_VMX_CPUID_H */
