// SPDX-License-Identifier: GPL-2.0
/*
 * CPU features by name.
 *
 * The names are Linux's.  What needs what follows the SDM, and where that is
 * silent what processors and kernels take for granted: no processor has AVX-512
 * without AVX2, and code that found the one does not look for the other.
 */
#include "vmx/cpuid_feat.h"

#define F(n, w, b)		{ .name = (n), .word = HS_W_##w, .bit = (b) }
#define FIX(n, w, b)		{ .name = (n), .word = HS_W_##w, .bit = (b), .fixed = true }
#define DEP(n, w, b, ...)	{ .name = (n), .word = HS_W_##w, .bit = (b),		\
				  .needs = { __VA_ARGS__ } }

const struct hs_cpuid_feat hs_cpuid_feats[] = {
	/* What a 64-bit kernel does not boot without is fixed. */
	FIX("fpu", 1_EDX, 0),
	F("vme", 1_EDX, 1),
	F("de", 1_EDX, 2),
	FIX("pse", 1_EDX, 3),
	FIX("tsc", 1_EDX, 4),
	FIX("msr", 1_EDX, 5),
	FIX("pae", 1_EDX, 6),
	F("mce", 1_EDX, 7),
	FIX("cx8", 1_EDX, 8),
	FIX("apic", 1_EDX, 9),
	F("sep", 1_EDX, 11),
	F("mtrr", 1_EDX, 12),
	FIX("pge", 1_EDX, 13),
	DEP("mca", 1_EDX, 14, "mce"),
	FIX("cmov", 1_EDX, 15),
	F("pat", 1_EDX, 16),
	F("pse36", 1_EDX, 17),
	F("clflush", 1_EDX, 19),
	F("mmx", 1_EDX, 23),
	FIX("fxsr", 1_EDX, 24),
	FIX("sse", 1_EDX, 25),
	FIX("sse2", 1_EDX, 26),
	F("ss", 1_EDX, 27),
	F("ht", 1_EDX, 28),

	F("pni", 1_ECX, 0),
	F("pclmulqdq", 1_ECX, 1),
	DEP("ssse3", 1_ECX, 9, "pni"),
	DEP("fma", 1_ECX, 12, "avx"),
	F("cx16", 1_ECX, 13),
	F("pcid", 1_ECX, 17),
	DEP("sse4_1", 1_ECX, 19, "ssse3"),
	DEP("sse4_2", 1_ECX, 20, "sse4_1"),
	F("x2apic", 1_ECX, 21),
	F("movbe", 1_ECX, 22),
	F("popcnt", 1_ECX, 23),
	F("tsc_deadline_timer", 1_ECX, 24),
	F("aes", 1_ECX, 25),
	F("xsave", 1_ECX, 26),
	DEP("avx", 1_ECX, 28, "xsave", "sse4_2"),
	DEP("f16c", 1_ECX, 29, "avx"),
	F("rdrand", 1_ECX, 30),
	F("hypervisor", 1_ECX, 31),

	F("arat", 6_EAX, 2),

	F("fsgsbase", 7_EBX, 0),
	F("tsc_adjust", 7_EBX, 1),
	F("bmi1", 7_EBX, 3),
	DEP("avx2", 7_EBX, 5, "avx"),
	F("smep", 7_EBX, 7),
	F("bmi2", 7_EBX, 8),
	F("erms", 7_EBX, 9),
	DEP("invpcid", 7_EBX, 10, "pcid"),
	DEP("avx512f", 7_EBX, 16, "avx2", "fma"),
	DEP("avx512dq", 7_EBX, 17, "avx512f"),
	F("rdseed", 7_EBX, 18),
	F("adx", 7_EBX, 19),
	F("smap", 7_EBX, 20),
	DEP("avx512ifma", 7_EBX, 21, "avx512f"),
	DEP("clflushopt", 7_EBX, 23, "clflush"),
	DEP("clwb", 7_EBX, 24, "clflush"),
	DEP("avx512pf", 7_EBX, 26, "avx512f"),
	DEP("avx512er", 7_EBX, 27, "avx512f"),
	DEP("avx512cd", 7_EBX, 28, "avx512f"),
	DEP("sha_ni", 7_EBX, 29, "ssse3"),
	DEP("avx512bw", 7_EBX, 30, "avx512f"),
	DEP("avx512vl", 7_EBX, 31, "avx512f"),

	DEP("avx512vbmi", 7_ECX, 1, "avx512bw"),
	F("umip", 7_ECX, 2),
	DEP("pku", 7_ECX, 3, "xsave"),
	DEP("avx512_vbmi2", 7_ECX, 6, "avx512bw"),
	F("gfni", 7_ECX, 8),
	DEP("vaes", 7_ECX, 9, "avx", "aes"),
	DEP("vpclmulqdq", 7_ECX, 10, "avx", "pclmulqdq"),
	DEP("avx512_vnni", 7_ECX, 11, "avx512f"),
	DEP("avx512_bitalg", 7_ECX, 12, "avx512bw"),
	DEP("avx512_vpopcntdq", 7_ECX, 14, "avx512f"),
	F("rdpid", 7_ECX, 22),
	F("cldemote", 7_ECX, 25),
	F("movdiri", 7_ECX, 27),
	F("movdir64b", 7_ECX, 28),

	DEP("avx512_4vnniw", 7_EDX, 2, "avx512f"),
	DEP("avx512_4fmaps", 7_EDX, 3, "avx512f"),
	F("fsrm", 7_EDX, 4),
	DEP("avx512_vp2intersect", 7_EDX, 8, "avx512f"),
	F("md_clear", 7_EDX, 10),
	F("serialize", 7_EDX, 14),
	DEP("avx512_fp16", 7_EDX, 23, "avx512bw"),
	/* Two names of one bit. */
	F("ibrs", 7_EDX, 26),
	F("ibpb", 7_EDX, 26),
	F("stibp", 7_EDX, 27),
	F("arch_capabilities", 7_EDX, 29),
	F("ssbd", 7_EDX, 31),

	DEP("sha512", 7_1_EAX, 0, "avx2"),
	DEP("sm3", 7_1_EAX, 1, "avx"),
	DEP("sm4", 7_1_EAX, 2, "avx2"),
	DEP("avx_vnni", 7_1_EAX, 4, "avx2"),
	DEP("avx512_bf16", 7_1_EAX, 5, "avx512vl"),
	F("cmpccxadd", 7_1_EAX, 7),
	F("fzrm", 7_1_EAX, 10),
	F("fsrs", 7_1_EAX, 11),
	F("fsrc", 7_1_EAX, 12),
	DEP("avx_ifma", 7_1_EAX, 23, "avx2"),
	DEP("avx_vnni_int8", 7_1_EDX, 4, "avx2"),
	DEP("avx_ne_convert", 7_1_EDX, 5, "avx2"),
	DEP("avx_vnni_int16", 7_1_EDX, 10, "avx2"),
	F("prefetchiti", 7_1_EDX, 14),

	F("intel_psfd", 7_2_EDX, 0),
	F("ipred_ctrl", 7_2_EDX, 1),
	F("rrsba_ctrl", 7_2_EDX, 2),
	F("bhi_ctrl", 7_2_EDX, 4),

	DEP("xsaveopt", D_1_EAX, 0, "xsave"),
	DEP("xsavec", D_1_EAX, 1, "xsave"),
	DEP("xgetbv1", D_1_EAX, 2, "xsave"),
	DEP("xsaves", D_1_EAX, 3, "xsavec"),

	/* The paravirtual ABI has no names in /proc/cpuinfo; these are QEMU's. */
	DEP("kvmclock", KVM_EAX, 3, "hypervisor"),
	DEP("kvmclock-stable-bit", KVM_EAX, 24, "kvmclock"),
	DEP("kvm-steal-time", KVM_EAX, 5, "hypervisor"),
	DEP("kvm-pv-eoi", KVM_EAX, 6, "hypervisor"),

	F("lahf_lm", E1_ECX, 0),
	F("abm", E1_ECX, 5),
	F("3dnowprefetch", E1_ECX, 8),
	FIX("syscall", E1_EDX, 11),
	F("nx", E1_EDX, 20),
	F("pdpe1gb", E1_EDX, 26),
	F("rdtscp", E1_EDX, 27),
	FIX("lm", E1_EDX, 29),

	F("nonstop_tsc", E7_EDX, 8),
};
const unsigned int hs_cpuid_feats_nr = ARRAY_SIZE(hs_cpuid_feats);

static bool is_off(const struct hs_cpuid_hide *h, const struct hs_cpuid_feat *f)
{
	return h->off[f->word] & BIT(f->bit);
}

static const struct hs_cpuid_feat *find(const char *name)
{
	const struct hs_cpuid_feat *f;

	for (f = hs_cpuid_feats; f < hs_cpuid_feats + ARRAY_SIZE(hs_cpuid_feats); f++)
		if (!strcmp(f->name, name))
			return f;
	return NULL;
}

/* Does @f need something that is hidden? */
static bool lacks(const struct hs_cpuid_hide *h, const struct hs_cpuid_feat *f)
{
	const struct hs_cpuid_feat *on;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(f->needs) && f->needs[i]; i++) {
		on = find(f->needs[i]);
		if (on && is_off(h, on))
			return true;
	}
	return false;
}

/**
 * hs_cpuid_hide - hide a feature, and all that need it
 * @h: the set; all zero at first
 * @name: as /proc/cpuinfo has it, NUL-terminated
 *
 * To hide what the host does not have is no error.  Any context.
 *
 * Return: 0; -ENOENT for a name that is not known; -EPERM for what a VM cannot do
 * without, and then @h is unchanged.
 */
int hs_cpuid_hide(struct hs_cpuid_hide *h, const char *name)
{
	const struct hs_cpuid_feat *f = find(name);
	bool again;

	if (!f)
		return -ENOENT;
	if (f->fixed)
		return -EPERM;
	h->off[f->word] |= BIT(f->bit);
	/* Each round hides at least one more, so there is an end. */
	do {
		again = false;
		for (f = hs_cpuid_feats; f < hs_cpuid_feats + ARRAY_SIZE(hs_cpuid_feats); f++) {
			if (is_off(h, f) || !lacks(h, f))
				continue;
			h->off[f->word] |= BIT(f->bit);
			again = true;
		}
	} while (again);
	return 0;
}

/**
 * hs_cpuid_hide_regs - take the hidden bits out of one answer of CPUID
 * @h: the set
 * @leaf: EAX
 * @sub: ECX
 * @regs: EAX, EBX, ECX, EDX of the answer
 */
void hs_cpuid_hide_regs(const struct hs_cpuid_hide *h, u32 leaf, u32 sub, u32 regs[4])
{
	static const struct {
		u32 leaf, sub;
		u8 reg, word;
	} words[] = {
		{ 1, 0, 2, HS_W_1_ECX },
		{ 1, 0, 3, HS_W_1_EDX },
		{ 6, 0, 0, HS_W_6_EAX },
		{ 7, 0, 1, HS_W_7_EBX },
		{ 7, 0, 2, HS_W_7_ECX },
		{ 7, 0, 3, HS_W_7_EDX },
		{ 7, 1, 0, HS_W_7_1_EAX },
		{ 7, 1, 3, HS_W_7_1_EDX },
		{ 7, 2, 3, HS_W_7_2_EDX },
		{ 0xd, 1, 0, HS_W_D_1_EAX },
		{ 0x40000001, 0, 0, HS_W_KVM_EAX },
		{ 0x80000001, 0, 2, HS_W_E1_ECX },
		{ 0x80000001, 0, 3, HS_W_E1_EDX },
		{ 0x80000007, 0, 3, HS_W_E7_EDX },
	};
	unsigned int i;

	BUILD_BUG_ON(ARRAY_SIZE(words) != HS_W_NR);
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].leaf == leaf && words[i].sub == sub)
			regs[words[i].reg] &= ~h->off[words[i].word];
}
