// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's CPUID.
 *
 * A feature is offered only if the host has it and nothing needs to be switched
 * for it that is not switched: no VMX, SMX, MONITOR, PMU, processor trace, CET,
 * user interrupts, SGX, TSX, MPX, AMX, WAITPKG, 5-level paging.
 */
#include "vmx/cpuid.h"
#include "vmx/gstate.h"
#include "vmx/pv.h"

/* Leaf 1. */
#define C1_ECX (BIT(0) | BIT(1) | BIT(9) | BIT(12) | BIT(13) | BIT(17) | BIT(19) |	\
		BIT(20) | BIT(22) | BIT(23) | BIT(25) | BIT(26) | BIT(28) | BIT(29) |	\
		BIT(30))
#define C1_ECX_X2APIC		BIT(21)
#define C1_ECX_TSC_DEADLINE	BIT(24)
#define C1_ECX_PCID		BIT(17)
#define C1_ECX_XSAVE		BIT(26)
#define C1_ECX_OSXSAVE		BIT(27)
#define C1_ECX_HYPERVISOR	BIT(31)
#define C1_EDX (BIT(0) | BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) |	\
		BIT(8) | BIT(9) | BIT(11) | BIT(12) | BIT(13) | BIT(14) | BIT(15) |	\
		BIT(16) | BIT(17) | BIT(19) | BIT(23) | BIT(24) | BIT(25) | BIT(26) |	\
		BIT(27))
#define C1_EDX_VME		BIT(1)
#define C1_EDX_DE		BIT(2)
#define C1_EDX_MCE		BIT(7)
#define C1_EDX_MTRR		BIT(12)
#define C1_EDX_MCA		BIT(14)
#define C1_EDX_PAT		BIT(16)
#define C1_EDX_HTT		BIT(28)
/* Features whose state AVX needs in XCR0. */
#define C1_ECX_AVX_ITSELF	BIT(28)
#define C1_ECX_AVX		(BIT(12) | BIT(28) | BIT(29))

/* Leaf 7. */
#define C7_EBX (BIT(0) | BIT(3) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(9) | BIT(10) |	\
		BIT(13) | BIT(16) | BIT(17) | BIT(18) | BIT(19) | BIT(20) | BIT(21) |	\
		BIT(23) | BIT(24) | BIT(26) | BIT(27) | BIT(28) | BIT(29) | BIT(30) |	\
		BIT(31))
#define C7_EBX_FSGSBASE		BIT(0)
#define C7_EBX_TSC_ADJUST	BIT(1)
#define C7_EBX_AVX2		BIT(5)
#define C7_EBX_SMEP		BIT(7)
#define C7_EBX_INVPCID		BIT(10)
#define C7_EBX_SMAP		BIT(20)
#define C7_EBX_AVX512F		BIT(16)
#define C7_EBX_AVX512 (BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) |	\
		       BIT(30) | BIT(31))
#define C7_ECX (BIT(0) | BIT(1) | BIT(2) | BIT(3) | BIT(6) | BIT(8) | BIT(9) | BIT(10) |	\
		BIT(11) | BIT(12) | BIT(14) | BIT(22) | BIT(25) | BIT(27) | BIT(28))
#define C7_ECX_UMIP		BIT(2)
#define C7_ECX_PKU		BIT(3)
#define C7_ECX_OSPKE		BIT(4)
#define C7_ECX_AVX		(BIT(9) | BIT(10))
#define C7_ECX_AVX512		(BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14))
#define C7_ECX_RDPID		BIT(22)
#define C7_EDX (BIT(2) | BIT(3) | BIT(4) | BIT(8) | BIT(10) | BIT(14) | BIT(23) |	\
		HS_CPUID7_SPEC_CTRL | HS_CPUID7_STIBP | HS_CPUID7_ARCH_CAP |		\
		HS_CPUID7_SSBD)
#define C7_EDX_AVX512		(BIT(2) | BIT(3) | BIT(8) | BIT(23))
#define C7_1_EAX (BIT(0) | BIT(1) | BIT(2) | BIT(4) | BIT(5) | BIT(7) | BIT(10) |	\
		  BIT(11) | BIT(12) | BIT(23))
#define C7_1_EAX_AVX		(BIT(0) | BIT(1) | BIT(2) | BIT(4) | BIT(23))
#define C7_1_EAX_AVX512		BIT(5)
#define C7_1_EDX		(BIT(4) | BIT(5) | BIT(10) | BIT(14))
#define C7_1_EDX_AVX		(BIT(4) | BIT(5) | BIT(10))
#define C7_2_EDX		(BIT(0) | BIT(1) | BIT(2) | BIT(4))

/* Leaf 0xd, sub-leaf 1. */
#define CD_1_EAX		(BIT(0) | BIT(1) | BIT(2) | BIT(3))
#define CD_1_EAX_XSAVEC		BIT(1)
#define CD_1_EAX_XSAVES		BIT(3)

/* Extended leaves. */
#define CE1_ECX			(BIT(0) | BIT(5) | BIT(8))
#define CE1_EDX			(BIT(11) | BIT(20) | BIT(26) | BIT(27) | BIT(29))
#define CE1_EDX_NX		BIT(20)
#define CE1_EDX_GBPAGES		BIT(26)
#define CE1_EDX_RDTSCP		BIT(27)

/* The local APIC timer counts at 25 MHz; leaf 0x15 says so. */
#define CRYSTAL_KHZ		25000

#define EXT_MAX			0x80000008
#define HYP_BASE		0x40000000
#define HYP_MAX			0x40000001

static void add(struct hs_cpuid *c, u32 leaf, u32 sub, const u32 regs[4])
{
	struct hs_cpuid_entry *e;

	if (c->nr >= HS_CPUID_MAX)
		return;
	e = &c->entry[c->nr++];
	e->leaf = leaf;
	e->sub = sub;
	memcpy(e->regs, regs, sizeof(e->regs));
	if (leaf < HS_CPUID_BASIC) {
		if (!c->basic[leaf])
			c->basic[leaf] = c->nr;
		c->basic_nr[leaf]++;
	}
}

/* Takes out what the VM's creator does not want the guest to see. */
static void hide(const struct hs_cpuid_in *in, u32 leaf, u32 sub, u32 regs[4])
{
	if (in->hide)
		hs_cpuid_hide_regs(in->hide, leaf, sub, regs);
}

/* Is all of @bits in register @reg of a leaf left to see? */
static bool shown(const struct hs_cpuid_in *in, u32 leaf, u32 sub, int reg, u32 bits)
{
	u32 r[4] = { ~0U, ~0U, ~0U, ~0U };

	hide(in, leaf, sub, r);
	return (r[reg] & bits) == bits;
}

static unsigned int order(u32 n)
{
	unsigned int bits = 0;

	while ((1U << bits) < n)
		bits++;
	return bits;
}

/* Which XSAVE components the guest may have, and where they lie. */
static void build_xsave(struct hs_cpuid *c, const struct hs_cpuid_in *in)
{
	u64 host = in->host_xcr0;
	u32 r[4];
	int i;

	/* State of which no instruction is shown is not offered either. */
	if (!shown(in, 1, 0, HS_ECX, C1_ECX_XSAVE))
		host = 0;
	if (!shown(in, 1, 0, HS_ECX, C1_ECX_AVX_ITSELF))
		host &= ~HS_XF_AVX;
	if (!shown(in, 7, 0, HS_EBX, C7_EBX_AVX512F))
		host &= ~HS_XF_AVX512;
	if (!shown(in, 7, 0, HS_ECX, C7_ECX_PKU))
		host &= ~HS_XF_PKRU;
	c->xcr0 = host & (HS_XF_X87 | HS_XF_SSE | HS_XF_AVX | HS_XF_PKRU);
	if ((c->xcr0 & HS_XF_AVX) && (host & HS_XF_AVX512) == HS_XF_AVX512)
		c->xcr0 |= HS_XF_AVX512;
	c->xf[0].size = 160;
	c->xf[1].offset = 160;
	c->xf[1].size = 256;
	for (i = 2; i < HS_XF_NR; i++) {
		if (!(c->xcr0 & BIT_ULL(i)))
			continue;
		in->host(in->arg, 0xd, i, r);
		c->xf[i].size = r[HS_EAX];
		c->xf[i].offset = r[HS_EBX];
		c->xf[i].align = r[HS_ECX] & 2;
	}
}

static void build_leaf1(struct hs_cpuid *c, const struct hs_cpuid_in *in)
{
	u32 r[4];

	in->host(in->arg, 1, 0, r);
	c->eax1 = r[HS_EAX];
	/* CLFLUSH size, number of logical processors; APIC id when asked. */
	r[HS_EBX] = (r[HS_EBX] & 0xff00) | min_t(u32, in->cpus, 255) << 16;
	r[HS_ECX] = (r[HS_ECX] & C1_ECX) | C1_ECX_X2APIC | C1_ECX_TSC_DEADLINE |
		    C1_ECX_HYPERVISOR;
	if (!c->xcr0)
		r[HS_ECX] &= ~C1_ECX_XSAVE;
	if (!(c->xcr0 & HS_XF_AVX))
		r[HS_ECX] &= ~C1_ECX_AVX;
	r[HS_EDX] &= C1_EDX;
	if (in->cpus > 1)
		r[HS_EDX] |= C1_EDX_HTT;
	hide(in, 1, 0, r);
	add(c, 1, 0, r);

	c->x2apic = r[HS_ECX] & C1_ECX_X2APIC;
	c->tsc_deadline = r[HS_ECX] & C1_ECX_TSC_DEADLINE;
	c->mtrr = r[HS_EDX] & C1_EDX_MTRR;
	c->mca = r[HS_EDX] & C1_EDX_MCA;
	c->pat = r[HS_EDX] & C1_EDX_PAT;
	/* What has no name that could be hidden is in every processor with VMX. */
	c->cr4_valid |= HS_CR4_TSD | HS_CR4_PSE | HS_CR4_PAE | HS_CR4_PGE | HS_CR4_PCE |
			HS_CR4_OSFXSR | HS_CR4_OSXMMEXCPT;
	if (shown(in, 1, 0, HS_EDX, C1_EDX_VME))
		c->cr4_valid |= HS_CR4_VME | HS_CR4_PVI;
	if (shown(in, 1, 0, HS_EDX, C1_EDX_DE))
		c->cr4_valid |= HS_CR4_DE;
	if (shown(in, 1, 0, HS_EDX, C1_EDX_MCE))
		c->cr4_valid |= HS_CR4_MCE;
	if (r[HS_ECX] & C1_ECX_PCID)
		c->cr4_valid |= HS_CR4_PCIDE;
	if (r[HS_ECX] & C1_ECX_XSAVE)
		c->cr4_valid |= HS_CR4_OSXSAVE;
}

/* Deterministic cache parameters: what is shared, and by how many. */
static void build_leaf4(struct hs_cpuid *c, const struct hs_cpuid_in *in)
{
	u32 ids = (1U << order(in->cpus)) - 1, r[4], sub;

	for (sub = 0; sub < 8; sub++) {
		u32 level;

		in->host(in->arg, 4, sub, r);
		if (!(r[HS_EAX] & 0x1f))
			break;
		level = (r[HS_EAX] >> 5) & 7;
		r[HS_EAX] &= 0x3fff;
		r[HS_EAX] |= (level >= 3 ? min_t(u32, ids, 0xfff) : 0) << 14;
		r[HS_EAX] |= min_t(u32, ids, 0x3f) << 26;
		add(c, 4, sub, r);
	}
	memset(r, 0, sizeof(r));
	add(c, 4, sub, r);
}

static void build_leaf7(struct hs_cpuid *c, const struct hs_cpuid_in *in)
{
	bool avx = c->xcr0 & HS_XF_AVX, avx512 = c->xcr0 & HS_XF_AVX512;
	u32 r[4], subs;

	in->host(in->arg, 7, 0, r);
	subs = min_t(u32, r[HS_EAX], 2);
	r[HS_EAX] = subs;
	r[HS_EBX] = (r[HS_EBX] & C7_EBX) | C7_EBX_TSC_ADJUST;
	r[HS_ECX] &= C7_ECX;
	r[HS_EDX] &= C7_EDX;
	if (!avx) {
		r[HS_EBX] &= ~C7_EBX_AVX2;
		r[HS_ECX] &= ~C7_ECX_AVX;
	}
	if (!avx512) {
		r[HS_EBX] &= ~C7_EBX_AVX512;
		r[HS_ECX] &= ~C7_ECX_AVX512;
		r[HS_EDX] &= ~C7_EDX_AVX512;
	}
	if (!in->invpcid)
		r[HS_EBX] &= ~C7_EBX_INVPCID;
	if (!in->rdtscp)
		r[HS_ECX] &= ~C7_ECX_RDPID;
	if (!(c->xcr0 & HS_XF_PKRU))
		r[HS_ECX] &= ~C7_ECX_PKU;
	if (!in->spec_ctrl)
		r[HS_EDX] &= ~(HS_CPUID7_SPEC_CTRL | HS_CPUID7_STIBP | HS_CPUID7_SSBD);
	if (!in->ibpb)
		r[HS_EDX] &= ~HS_CPUID7_SPEC_CTRL;
	hide(in, 7, 0, r);
	add(c, 7, 0, r);

	c->tsc_adjust = r[HS_EBX] & C7_EBX_TSC_ADJUST;
	c->invpcid = r[HS_EBX] & C7_EBX_INVPCID;
	/* One control for both instructions, one MSR that they read. */
	if (r[HS_ECX] & C7_ECX_RDPID)
		c->rdtscp = true;

	if (r[HS_EBX] & C7_EBX_FSGSBASE)
		c->cr4_valid |= HS_CR4_FSGSBASE;
	if (r[HS_EBX] & C7_EBX_SMEP)
		c->cr4_valid |= HS_CR4_SMEP;
	if (r[HS_EBX] & C7_EBX_SMAP)
		c->cr4_valid |= HS_CR4_SMAP;
	if (r[HS_ECX] & C7_ECX_UMIP)
		c->cr4_valid |= HS_CR4_UMIP;
	if (r[HS_ECX] & C7_ECX_PKU)
		c->cr4_valid |= HS_CR4_PKE;
	if (r[HS_EDX] & HS_CPUID7_SPEC_CTRL) {
		c->spec_ctrl_valid |= BIT(0);
		c->pred_cmd = true;
	}
	if (r[HS_EDX] & HS_CPUID7_STIBP)
		c->spec_ctrl_valid |= BIT(1);
	if (r[HS_EDX] & HS_CPUID7_SSBD)
		c->spec_ctrl_valid |= BIT(2);
	c->arch_cap = r[HS_EDX] & HS_CPUID7_ARCH_CAP;

	if (subs >= 1) {
		in->host(in->arg, 7, 1, r);
		r[HS_EAX] &= C7_1_EAX;
		if (!avx)
			r[HS_EAX] &= ~C7_1_EAX_AVX;
		if (!avx512)
			r[HS_EAX] &= ~C7_1_EAX_AVX512;
		r[HS_EDX] &= C7_1_EDX;
		if (!avx)
			r[HS_EDX] &= ~C7_1_EDX_AVX;
		r[HS_EBX] = r[HS_ECX] = 0;
		hide(in, 7, 1, r);
		add(c, 7, 1, r);
	}
	if (subs >= 2) {
		in->host(in->arg, 7, 2, r);
		r[HS_EAX] = r[HS_EBX] = r[HS_ECX] = 0;
		r[HS_EDX] &= c->spec_ctrl_valid ? C7_2_EDX : 0;
		hide(in, 7, 2, r);
		if (r[HS_EDX] & BIT(0))		/* PSFD */
			c->spec_ctrl_valid |= BIT(7);
		if (r[HS_EDX] & BIT(1))		/* IPRED_CTRL */
			c->spec_ctrl_valid |= BIT(3) | BIT(4);
		if (r[HS_EDX] & BIT(2))		/* RRSBA_CTRL */
			c->spec_ctrl_valid |= BIT(5) | BIT(6);
		if (r[HS_EDX] & BIT(4))		/* BHI_CTRL */
			c->spec_ctrl_valid |= BIT(10);
		add(c, 7, 2, r);
	}
}

/* Extended topology: one package, a core for each vCPU, no SMT. */
static void build_topology(struct hs_cpuid *c, const struct hs_cpuid_in *in, u32 leaf)
{
	u32 r[4] = { 0, 1, 0 | 1 << 8, 0 };

	add(c, leaf, 0, r);
	r[HS_EAX] = order(in->cpus);
	r[HS_EBX] = in->cpus;
	r[HS_ECX] = 1 | 2 << 8;
	add(c, leaf, 1, r);
	r[HS_EAX] = r[HS_EBX] = 0;
	r[HS_ECX] = 2;
	add(c, leaf, 2, r);
}

/*
 * Leaf 0x15 gives the TSC as crystal * EBX / EAX.  Linux multiplies kHz in 32
 * bits, so EBX must stay below 2^32 / crystal; of the fractions that fit the one
 * nearest to the truth is taken (an error of 3 ppm at most, mostly none).
 */
static void tsc_ratio(u32 tsc_khz, u32 *num, u32 *den)
{
	u32 max_num = U32_MAX / CRYSTAL_KHZ, d;
	u64 best = ~0ULL;

	*num = *den = 1;
	for (d = 1; d <= 4096; d++) {
		u64 want = (u64)tsc_khz * d;
		u64 n = div_u64(want + CRYSTAL_KHZ / 2, CRYSTAL_KHZ);
		u64 got = n * CRYSTAL_KHZ, err;

		if (!n || n > max_num)
			break;
		/* Parts in 2^32 of the frequency, so that fractions compare. */
		err = div64_u64((got > want ? got - want : want - got) << 32, want);
		if (err < best) {
			best = err;
			*num = n;
			*den = d;
		}
	}
}

static void build_leafd(struct hs_cpuid *c, const struct hs_cpuid_in *in)
{
	u32 r[4], feat;
	int i;

	r[HS_EAX] = c->xcr0;
	r[HS_EBX] = 0;	/* follows XCR0 */
	r[HS_ECX] = hs_cpuid_xsave_size(c, c->xcr0, false);
	r[HS_EDX] = c->xcr0 >> 32;
	add(c, 0xd, 0, r);
	in->host(in->arg, 0xd, 1, r);
	feat = r[HS_EAX] & CD_1_EAX;
	if (!in->xsaves)
		feat &= ~CD_1_EAX_XSAVES;
	r[HS_EAX] = feat;
	r[HS_EBX] = r[HS_ECX] = r[HS_EDX] = 0;
	hide(in, 0xd, 1, r);
	c->xsaves = r[HS_EAX] & CD_1_EAX_XSAVES;
	add(c, 0xd, 1, r);
	for (i = 2; i < HS_XF_NR; i++) {
		memset(r, 0, sizeof(r));
		if (c->xcr0 & BIT_ULL(i)) {
			r[HS_EAX] = c->xf[i].size;
			r[HS_EBX] = c->xf[i].offset;
			r[HS_ECX] = c->xf[i].align ? 2 : 0;
		}
		add(c, 0xd, i, r);
	}
}

/*
 * The signature that stock kernels know, and what of its ABI is done: see
 * vmx/pv.h.  The signature alone lets them use x2APIC mode without interrupt
 * remapping.
 */
static void build_hypervisor(struct hs_cpuid *c, const struct hs_cpuid_in *in)
{
	u32 r[4];

	r[HS_EAX] = HYP_MAX;
	r[HS_EBX] = 0x4b4d564b;		/* "KVMK" */
	r[HS_ECX] = 0x564b4d56;		/* "VMKV" */
	r[HS_EDX] = 0x0000004d;		/* "M" */
	add(c, HYP_BASE, 0, r);

	memset(r, 0, sizeof(r));
	r[HS_EAX] = BIT(KVM_FEATURE_NOP_IO_DELAY) | BIT(KVM_FEATURE_CLOCKSOURCE2) |
		    BIT(KVM_FEATURE_CLOCKSOURCE_STABLE_BIT) | BIT(KVM_FEATURE_PV_EOI);
	if (in->steal)
		r[HS_EAX] |= BIT(KVM_FEATURE_STEAL_TIME);
	hide(in, HYP_MAX, 0, r);
	c->clock = r[HS_EAX] & BIT(KVM_FEATURE_CLOCKSOURCE2);
	c->clock_stable = r[HS_EAX] & BIT(KVM_FEATURE_CLOCKSOURCE_STABLE_BIT);
	c->steal = r[HS_EAX] & BIT(KVM_FEATURE_STEAL_TIME);
	c->pv_eoi = r[HS_EAX] & BIT(KVM_FEATURE_PV_EOI);
	add(c, HYP_MAX, 0, r);
}

static void build_extended(struct hs_cpuid *c, const struct hs_cpuid_in *in)
{
	u32 r[4], leaf;

	in->host(in->arg, 0x80000000, 0, r);
	r[HS_EAX] = EXT_MAX;
	r[HS_EBX] = r[HS_ECX] = r[HS_EDX] = 0;
	add(c, 0x80000000, 0, r);
	for (leaf = 0x80000001; leaf <= EXT_MAX; leaf++) {
		in->host(in->arg, leaf, 0, r);
		switch (leaf) {
		case 0x80000001:
			r[HS_EAX] = r[HS_EBX] = 0;
			r[HS_ECX] &= CE1_ECX;
			r[HS_EDX] &= CE1_EDX;
			if (!in->rdtscp)
				r[HS_EDX] &= ~CE1_EDX_RDTSCP;
			hide(in, leaf, 0, r);
			c->gbpages = r[HS_EDX] & CE1_EDX_GBPAGES;
			if (r[HS_EDX] & CE1_EDX_RDTSCP)
				c->rdtscp = true;
			c->efer_valid = HS_EFER_SCE | HS_EFER_LME | HS_EFER_LMA;
			if (shown(in, leaf, 0, HS_EDX, CE1_EDX_NX))
				c->efer_valid |= HS_EFER_NXE;
			break;
		case 0x80000005:
			memset(r, 0, sizeof(r));
			break;
		case 0x80000007:
			r[HS_EAX] = r[HS_EBX] = r[HS_ECX] = 0;
			/* The guest's TSC is the host's, which we require to be good. */
			r[HS_EDX] = BIT(8);
			hide(in, leaf, 0, r);
			break;
		case 0x80000008:
			c->maxphyaddr = r[HS_EAX] & 0xff;
			r[HS_EAX] = c->maxphyaddr | 48 << 8;
			r[HS_EBX] = r[HS_ECX] = r[HS_EDX] = 0;
			break;
		}
		add(c, leaf, 0, r);
	}
}

/**
 * hs_cpuid_build - make a VM's CPUID table
 * @c: the table
 * @in: host and VM
 *
 * Return: 0; -EINVAL when the input makes no sense; -ENOSPC when the table is
 * too small (a bug).
 */
int hs_cpuid_build(struct hs_cpuid *c, const struct hs_cpuid_in *in)
{
	u32 r[4], leaf;

	if (!in->cpus || !in->tsc_khz)
		return -EINVAL;
	memset(c, 0, sizeof(*c));
	build_xsave(c, in);

	in->host(in->arg, 0, 0, r);
	/* 0x15, the TSC's frequency, is always there. */
	c->max_basic = clamp(r[HS_EAX], 0x16U, HS_CPUID_BASIC - 1U);
	r[HS_EAX] = c->max_basic;
	add(c, 0, 0, r);
	for (leaf = 1; leaf <= c->max_basic; leaf++) {
		memset(r, 0, sizeof(r));
		switch (leaf) {
		case 1:
			build_leaf1(c, in);
			continue;
		case 2:
			in->host(in->arg, 2, 0, r);
			break;
		case 4:
			build_leaf4(c, in);
			continue;
		case 6:
			r[HS_EAX] = BIT(2);	/* the APIC timer always runs */
			hide(in, 6, 0, r);
			break;
		case 7:
			build_leaf7(c, in);
			continue;
		case 0xb:
		case 0x1f:
			build_topology(c, in, leaf);
			continue;
		case 0xd:
			if (c->xcr0) {
				build_leafd(c, in);
				continue;
			}
			break;
		case 0x15:
			tsc_ratio(in->tsc_khz, &r[HS_EBX], &r[HS_EAX]);
			r[HS_ECX] = CRYSTAL_KHZ * 1000;
			break;
		case 0x16:
			r[HS_EAX] = r[HS_EBX] = DIV_ROUND_UP(in->tsc_khz, 1000) & 0xffff;
			r[HS_ECX] = 100;
			break;
		}
		add(c, leaf, 0, r);
	}

	build_hypervisor(c, in);
	build_extended(c, in);
	return c->nr < HS_CPUID_MAX ? 0 : -ENOSPC;
}

/**
 * hs_cpuid_xsave_size - bytes of an XSAVE area
 * @c: table
 * @features: components in it
 * @compacted: in the compacted form (SDM vol. 1, 13.4.3)
 *
 * Return: legacy region and header included.
 */
u32 hs_cpuid_xsave_size(const struct hs_cpuid *c, u64 features, bool compacted)
{
	u32 size = 512 + 64;
	int i;

	for (i = 2; i < HS_XF_NR; i++) {
		if (!(features & BIT_ULL(i)))
			continue;
		if (compacted)
			size = (c->xf[i].align ? ALIGN(size, 64) : size) + c->xf[i].size;
		else
			size = max(size, c->xf[i].offset + c->xf[i].size);
	}
	return size;
}

/**
 * hs_xcr0_valid - the checks of XSETBV
 * @c: table
 * @val: value for XCR0
 *
 * Return: false when XSETBV raises #GP.
 */
bool hs_xcr0_valid(const struct hs_cpuid *c, u64 val)
{
	if ((val & ~c->xcr0) || !(val & HS_XF_X87))
		return false;
	if ((val & HS_XF_AVX) && !(val & HS_XF_SSE))
		return false;
	if (val & HS_XF_AVX512)
		return (val & HS_XF_AVX512) == HS_XF_AVX512 && (val & HS_XF_AVX);
	return true;
}

static const struct hs_cpuid_entry *find(const struct hs_cpuid *c, u32 leaf, u32 sub)
{
	unsigned int i;

	if (leaf < HS_CPUID_BASIC) {
		u32 first;

		leaf = array_index_nospec(leaf, HS_CPUID_BASIC);
		first = c->basic[leaf];
		if (!first)
			return NULL;
		/* Most leaves do not look at the sub-leaf. */
		if (c->basic_nr[leaf] == 1 && leaf != 7)
			return &c->entry[first - 1];
		if (sub >= c->basic_nr[leaf])
			return NULL;
		return &c->entry[first - 1 + array_index_nospec(sub, c->basic_nr[leaf])];
	}
	for (i = 0; i < c->nr; i++)
		if (c->entry[i].leaf == leaf)
			return &c->entry[i];
	return NULL;
}

/**
 * hs_cpuid_query - answer one CPUID instruction
 * @c: the VM's table
 * @d: state of the vCPU
 * @leaf: EAX
 * @sub: ECX
 * @regs: EAX, EBX, ECX, EDX
 */
void hs_cpuid_query(const struct hs_cpuid *c, const struct hs_cpuid_dyn *d,
		    u32 leaf, u32 sub, u32 regs[4])
{
	const struct hs_cpuid_entry *e;

	/* Beyond the last leaf Intel processors answer with the last basic one. */
	if (leaf > c->max_basic && (leaf < HYP_BASE || leaf > HYP_MAX) &&
	    (leaf < 0x80000000 || leaf > EXT_MAX))
		leaf = c->max_basic;

	e = find(c, leaf, sub);
	if (!e) {
		regs[HS_EAX] = regs[HS_EBX] = regs[HS_ECX] = regs[HS_EDX] = 0;
		/* Topology leaves give the sub-leaf and APIC id all the same. */
		if (leaf == 0xb || leaf == 0x1f) {
			regs[HS_ECX] = sub & 0xff;
			regs[HS_EDX] = d->apic_id;
		}
		return;
	}
	regs[HS_EAX] = e->regs[HS_EAX];
	regs[HS_EBX] = e->regs[HS_EBX];
	regs[HS_ECX] = e->regs[HS_ECX];
	regs[HS_EDX] = e->regs[HS_EDX];
	switch (leaf) {
	case 1:
		regs[HS_EBX] |= d->apic_id << 24;
		if (d->cr4 & HS_CR4_OSXSAVE)
			regs[HS_ECX] |= C1_ECX_OSXSAVE;
		break;
	case 7:
		if (!sub && (d->cr4 & HS_CR4_PKE))
			regs[HS_ECX] |= C7_ECX_OSPKE;
		break;
	case 0xb:
	case 0x1f:
		regs[HS_EDX] = d->apic_id;
		break;
	case 0xd:
		if (sub == 0)
			regs[HS_EBX] = hs_cpuid_xsave_size(c, d->xcr0, false);
		else if (sub == 1 && (regs[HS_EAX] & (CD_1_EAX_XSAVEC | CD_1_EAX_XSAVES)))
			regs[HS_EBX] = hs_cpuid_xsave_size(c, d->xcr0, true);
		break;
	}
}
