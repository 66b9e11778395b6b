// SPDX-License-Identifier: GPL-2.0
/* Hiding CPU features by name, and what follows from it. */
#include "vmx/cpuid.h"
#include "vmx/cpuid_feat.h"
#include "vmx/gstate.h"
#include "kselftest_harness.h"

/* A host with every bit set, which is more than any processor has. */
static void all_ones(void *arg, u32 leaf, u32 sub, u32 r[4])
{
	r[0] = r[1] = r[2] = r[3] = ~0U;
	if (leaf == 0)
		r[0] = 0x20;
	if (leaf == 4)
		r[0] = sub < 4 ? 0xfc000000 | (sub + 1) << 5 | 1 : 0;
	if (leaf == 0xd && sub >= 2) {
		r[0] = 64 * sub;
		r[1] = 576 + 1024 * sub;
		r[2] = 0;
	}
	if (leaf == 0x80000008)
		r[0] = 46;
}

static struct hs_cpuid_in rich = {
	.host = all_ones, .cpus = 4, .tsc_khz = 2100000, .host_xcr0 = ~0ULL,
	.rdtscp = true, .invpcid = true, .xsaves = true, .spec_ctrl = true, .ibpb = true,
	.steal = true,
};

static const struct {
	u32 leaf, sub;
	int reg;
} words[HS_W_NR] = {
	[HS_W_1_ECX] = { 1, 0, HS_ECX }, [HS_W_1_EDX] = { 1, 0, HS_EDX },
	[HS_W_6_EAX] = { 6, 0, HS_EAX }, [HS_W_7_EBX] = { 7, 0, HS_EBX },
	[HS_W_7_ECX] = { 7, 0, HS_ECX }, [HS_W_7_EDX] = { 7, 0, HS_EDX },
	[HS_W_7_1_EAX] = { 7, 1, HS_EAX }, [HS_W_7_1_EDX] = { 7, 1, HS_EDX },
	[HS_W_7_2_EDX] = { 7, 2, HS_EDX }, [HS_W_D_1_EAX] = { 0xd, 1, HS_EAX },
	[HS_W_KVM_EAX] = { 0x40000001, 0, HS_EAX },
	[HS_W_E1_ECX] = { 0x80000001, 0, HS_ECX }, [HS_W_E1_EDX] = { 0x80000001, 0, HS_EDX },
	[HS_W_E7_EDX] = { 0x80000007, 0, HS_EDX },
};

static u32 word_of(const struct hs_cpuid *c, int word)
{
	struct hs_cpuid_dyn d = { .xcr0 = 1 };
	u32 r[4];

	hs_cpuid_query(c, &d, words[word].leaf, words[word].sub, r);
	return r[words[word].reg];
}

static const struct hs_cpuid_feat *feat(const char *name)
{
	unsigned int i;

	for (i = 0; i < hs_cpuid_feats_nr; i++)
		if (!strcmp(hs_cpuid_feats[i].name, name))
			return &hs_cpuid_feats[i];
	return NULL;
}

static bool has(const struct hs_cpuid *c, const char *name)
{
	const struct hs_cpuid_feat *f = feat(name);

	return word_of(c, f->word) & BIT(f->bit);
}

static int build(struct hs_cpuid *c, const char *name)
{
	struct hs_cpuid_hide h = { };
	struct hs_cpuid_in in = rich;
	int err = hs_cpuid_hide(&h, name);

	in.hide = &h;
	return err ?: hs_cpuid_build(c, &in);
}

TEST(names_are_unique_and_what_they_need_exists)
{
	unsigned int i, n;

	for (i = 0; i < hs_cpuid_feats_nr; i++) {
		const struct hs_cpuid_feat *f = &hs_cpuid_feats[i];

		EXPECT_EQ(f, feat(f->name)) TH_LOG("%s twice", f->name);
		EXPECT_LT(f->word, HS_W_NR);
		EXPECT_LT(f->bit, 32);
		EXPECT_EQ(NULL, f->needs[ARRAY_SIZE(f->needs) - 1]);
		for (n = 0; f->needs[n]; n++)
			EXPECT_NE(NULL, feat(f->needs[n]));
	}
}

/*
 * Every bit that a guest on the richest host sees has a name, and every name is
 * of a bit that it can see.
 */
TEST(the_names_are_the_bits_that_guests_see)
{
	u32 named[HS_W_NR] = { 0 };
	struct hs_cpuid c;
	unsigned int i;

	ASSERT_EQ(0, hs_cpuid_build(&c, &rich));
	for (i = 0; i < hs_cpuid_feats_nr; i++)
		named[hs_cpuid_feats[i].word] |= BIT(hs_cpuid_feats[i].bit);
	/* FDP_EXCPTN_ONLY and ZERO_FCS_FDS tell of x87, PREFETCHWT1 hints: no names. */
	named[HS_W_7_EBX] |= BIT(6) | BIT(13);
	named[HS_W_7_ECX] |= BIT(0);
	/* NOP_IO_DELAY takes nothing. */
	named[HS_W_KVM_EAX] |= BIT(1);
	for (i = 0; i < HS_W_NR; i++) {
		EXPECT_EQ(0, word_of(&c, i) & ~named[i]) TH_LOG("word %u", i);
	}
	for (i = 0; i < hs_cpuid_feats_nr; i++) {
		EXPECT_TRUE(has(&c, hs_cpuid_feats[i].name)) TH_LOG("%s", hs_cpuid_feats[i].name);
	}
}

/* For every name: it is gone, all that need it are, and nothing else is. */
TEST(hiding_takes_what_needs_it_and_no_more)
{
	struct hs_cpuid full, c;
	unsigned int i, j, n;

	ASSERT_EQ(0, hs_cpuid_build(&full, &rich));
	for (i = 0; i < hs_cpuid_feats_nr; i++) {
		const struct hs_cpuid_feat *f = &hs_cpuid_feats[i];
		u32 off[HS_W_NR] = { 0 };
		bool more = true;

		if (f->fixed) {
			EXPECT_EQ(-EPERM, build(&c, f->name));
			continue;
		}
		ASSERT_EQ(0, build(&c, f->name)) TH_LOG("%s", f->name);
		off[f->word] = BIT(f->bit);
		while (more) {
			more = false;
			for (j = 0; j < hs_cpuid_feats_nr; j++) {
				const struct hs_cpuid_feat *g = &hs_cpuid_feats[j];

				for (n = 0; g->needs[n]; n++) {
					const struct hs_cpuid_feat *on = feat(g->needs[n]);

					if (!(off[on->word] & BIT(on->bit)) ||
					    (off[g->word] & BIT(g->bit)))
						continue;
					off[g->word] |= BIT(g->bit);
					more = true;
				}
			}
		}
		for (j = 0; j < HS_W_NR; j++) {
			EXPECT_EQ(word_of(&full, j) & ~off[j], word_of(&c, j))
				TH_LOG("%s, word %u", f->name, j);
		}
	}
}

TEST(refusals)
{
	struct hs_cpuid_hide h = { }, none = { };

	EXPECT_EQ(-ENOENT, hs_cpuid_hide(&h, ""));
	EXPECT_EQ(-ENOENT, hs_cpuid_hide(&h, "avx3"));
	EXPECT_EQ(-ENOENT, hs_cpuid_hide(&h, "AVX"));
	EXPECT_EQ(-ENOENT, hs_cpuid_hide(&h, "avx "));
	EXPECT_EQ(-EPERM, hs_cpuid_hide(&h, "lm"));
	EXPECT_EQ(-EPERM, hs_cpuid_hide(&h, "apic"));
	EXPECT_EQ(-EPERM, hs_cpuid_hide(&h, "fxsr"));
	EXPECT_EQ(0, memcmp(&h, &none, sizeof(h)));
	EXPECT_EQ(0, hs_cpuid_hide(&h, "avx"));
	EXPECT_EQ(0, hs_cpuid_hide(&h, "avx"));
	EXPECT_NE(0, memcmp(&h, &none, sizeof(h)));
}

TEST(state_and_controls_follow)
{
	struct hs_cpuid c;

	ASSERT_EQ(0, build(&c, "xsave"));
	EXPECT_EQ(0, c.xcr0);
	EXPECT_EQ(0, c.cr4_valid & (HS_CR4_OSXSAVE | HS_CR4_PKE));
	EXPECT_FALSE(hs_xcr0_valid(&c, 1));
	EXPECT_FALSE(c.xsaves);
	EXPECT_FALSE(has(&c, "avx") || has(&c, "avx512f") || has(&c, "pku") || has(&c, "fma"));
	EXPECT_TRUE(has(&c, "sse4_2") && has(&c, "aes"));

	ASSERT_EQ(0, build(&c, "avx"));
	EXPECT_EQ(HS_XF_X87 | HS_XF_SSE | HS_XF_PKRU, c.xcr0);
	EXPECT_FALSE(has(&c, "vaes") || has(&c, "f16c") || has(&c, "avx_vnni"));
	EXPECT_TRUE(has(&c, "aes") && has(&c, "pclmulqdq"));
	EXPECT_FALSE(hs_xcr0_valid(&c, 7));
	EXPECT_TRUE(hs_xcr0_valid(&c, 3));

	ASSERT_EQ(0, build(&c, "avx512f"));
	EXPECT_EQ(HS_XF_X87 | HS_XF_SSE | HS_XF_AVX | HS_XF_PKRU, c.xcr0);
	EXPECT_FALSE(has(&c, "avx512vl") || has(&c, "avx512_bf16") || has(&c, "avx512_fp16"));
	EXPECT_TRUE(has(&c, "avx2") && has(&c, "vaes"));

	ASSERT_EQ(0, build(&c, "pku"));
	EXPECT_EQ(0, c.xcr0 & HS_XF_PKRU);
	EXPECT_EQ(0, c.cr4_valid & HS_CR4_PKE);
	EXPECT_TRUE(c.cr4_valid & HS_CR4_OSXSAVE);

	ASSERT_EQ(0, build(&c, "pcid"));
	EXPECT_EQ(0, c.cr4_valid & HS_CR4_PCIDE);
	EXPECT_FALSE(c.invpcid);
	ASSERT_EQ(0, build(&c, "fsgsbase"));
	EXPECT_EQ(0, c.cr4_valid & HS_CR4_FSGSBASE);
	ASSERT_EQ(0, build(&c, "umip"));
	EXPECT_EQ(0, c.cr4_valid & HS_CR4_UMIP);
	ASSERT_EQ(0, build(&c, "smep"));
	EXPECT_EQ(0, c.cr4_valid & HS_CR4_SMEP);
	ASSERT_EQ(0, build(&c, "smap"));
	EXPECT_EQ(0, c.cr4_valid & HS_CR4_SMAP);
	ASSERT_EQ(0, build(&c, "nx"));
	EXPECT_EQ(0, c.efer_valid & HS_EFER_NXE);
	ASSERT_EQ(0, build(&c, "pdpe1gb"));
	EXPECT_FALSE(c.gbpages);
	ASSERT_EQ(0, build(&c, "vme"));
	EXPECT_EQ(0, c.cr4_valid & (HS_CR4_VME | HS_CR4_PVI));
	ASSERT_EQ(0, build(&c, "de"));
	EXPECT_EQ(0, c.cr4_valid & HS_CR4_DE);
	ASSERT_EQ(0, build(&c, "mce"));
	EXPECT_EQ(0, c.cr4_valid & HS_CR4_MCE);
	EXPECT_FALSE(c.mca);
}

TEST(msrs_follow)
{
	struct hs_cpuid_hide h = { };
	struct hs_cpuid_in in = rich;
	struct hs_cpuid c;

	ASSERT_EQ(0, hs_cpuid_build(&c, &rich));
	EXPECT_TRUE(c.x2apic && c.tsc_deadline && c.tsc_adjust && c.mtrr && c.mca && c.pat &&
		    c.rdtscp && c.invpcid && c.xsaves && c.arch_cap && c.pred_cmd);
	ASSERT_EQ(0, build(&c, "x2apic"));
	EXPECT_FALSE(c.x2apic);
	EXPECT_TRUE(c.tsc_deadline);
	ASSERT_EQ(0, build(&c, "tsc_deadline_timer"));
	EXPECT_FALSE(c.tsc_deadline);
	ASSERT_EQ(0, build(&c, "tsc_adjust"));
	EXPECT_FALSE(c.tsc_adjust);
	ASSERT_EQ(0, build(&c, "mtrr"));
	EXPECT_FALSE(c.mtrr);
	ASSERT_EQ(0, build(&c, "pat"));
	EXPECT_FALSE(c.pat);
	ASSERT_EQ(0, build(&c, "arch_capabilities"));
	EXPECT_FALSE(c.arch_cap);
	ASSERT_EQ(0, build(&c, "ibpb"));
	EXPECT_FALSE(c.pred_cmd || (c.spec_ctrl_valid & 1) || has(&c, "ibrs"));
	EXPECT_TRUE(c.spec_ctrl_valid & BIT(2));
	ASSERT_EQ(0, build(&c, "ssbd"));
	EXPECT_EQ(3, c.spec_ctrl_valid & 7);
	ASSERT_EQ(0, build(&c, "hypervisor"));
	EXPECT_FALSE(c.clock || c.steal || c.pv_eoi);
	ASSERT_EQ(0, build(&c, "kvmclock"));
	EXPECT_FALSE(c.clock || c.clock_stable);
	EXPECT_TRUE(c.steal && c.pv_eoi);

	/* IA32_TSC_AUX is there as long as one of the two reads it. */
	in.hide = &h;
	ASSERT_EQ(0, hs_cpuid_hide(&h, "rdtscp"));
	ASSERT_EQ(0, hs_cpuid_build(&c, &in));
	EXPECT_TRUE(c.rdtscp);
	ASSERT_EQ(0, hs_cpuid_hide(&h, "rdpid"));
	ASSERT_EQ(0, hs_cpuid_build(&c, &in));
	EXPECT_FALSE(c.rdtscp);
}

TEST_HARNESS_MAIN
