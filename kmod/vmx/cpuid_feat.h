/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CPU features by name: which bits of CPUID they are, what stands and falls with
 * them, and a set of those that a VM is not to have.  Pure.
 */
#ifndef HS_VMX_CPUID_FEAT_H
#define HS_VMX_CPUID_FEAT_H

#include "pure.h"

/* Words of CPUID that hold features. */
enum hs_cpuid_word {
	HS_W_1_ECX,
	HS_W_1_EDX,
	HS_W_6_EAX,
	HS_W_7_EBX,
	HS_W_7_ECX,
	HS_W_7_EDX,
	HS_W_7_1_EAX,
	HS_W_7_1_EDX,
	HS_W_7_2_EDX,
	HS_W_D_1_EAX,
	HS_W_KVM_EAX,
	HS_W_E1_ECX,
	HS_W_E1_EDX,
	HS_W_E7_EDX,
	HS_W_NR
};

/**
 * struct hs_cpuid_hide - features that a guest is not to see
 * @off: bits that read 0, by enum hs_cpuid_word; all 0 hides nothing
 */
struct hs_cpuid_hide {
	u32 off[HS_W_NR];
};

/**
 * struct hs_cpuid_feat - one feature
 * @name: as /proc/cpuinfo has it
 * @word: enum hs_cpuid_word
 * @bit: in that word
 * @fixed: a VM cannot do without
 * @needs: names of features without which it is not there; NULL at the end
 */
struct hs_cpuid_feat {
	const char *name;
	u8 word, bit;
	bool fixed;
	const char *needs[3];
};

extern const struct hs_cpuid_feat hs_cpuid_feats[];
extern const unsigned int hs_cpuid_feats_nr;

int hs_cpuid_hide(struct hs_cpuid_hide *h, const char *name);
void hs_cpuid_hide_regs(const struct hs_cpuid_hide *h, u32 leaf, u32 sub, u32 regs[4]);

#endif /* HS_VMX_CPUID_FEAT_H */
