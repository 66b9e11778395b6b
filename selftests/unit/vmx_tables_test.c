// SPDX-License-Identifier: GPL-2.0
/* Requirements, control words, mitigations, meeting events: tables against input. */
#include "vmx/event.h"
#include "vmx/mitig.h"
#include "vmx/reqs.h"
#include "kselftest_harness.h"

/* Everything may be 1, what the manual fixes is 1. */
static struct hs_host_facts good(void)
{
	return (struct hs_host_facts){
		.intel = true, .vmx = true, .feat_ctl = 5,
		.m = {
			.basic = HS_BASIC_TRUE | 0x12,
			.pin = ~0ULL << 32 | 0x16,
			.proc = ~0ULL << 32 | 0x04006172,
			.proc2 = ~0ULL << 32,
			.exit = ~0ULL << 32 | 0x36dfb,
			.entry = ~0ULL << 32 | 0x11fb,
			.ept_vpid = ~0ULL,
		},
		.maxphyaddr = 46, .tsc_invariant = true, .tsc_khz = 3000000,
		.xsave = true, .foreign_cpu = -1, .sig_ok = true,
	};
}

TEST(good_host)
{
	struct hs_host_facts f = good();
	struct hs_ctls c;

	EXPECT_EQ(NULL, hs_reqs_missing(&f, false));
	ASSERT_EQ(0, hs_ctls_resolve(&f.m, &c));
	/* What must be 1 is, what must be 0 is not, what is switched later is 0. */
	EXPECT_EQ(hs_ctls_want.must.proc, c.proc & hs_ctls_want.must.proc);
	EXPECT_EQ(0, c.proc & (hs_ctls_want.zero.proc | hs_ctls_want.able.proc));
	EXPECT_EQ(0x04006172, c.proc & 0x04006172);
	EXPECT_EQ(hs_ctls_want.must.proc2 | hs_ctls_want.may.proc2, c.proc2);
	EXPECT_EQ(0, c.entry & HS_ENTRY_IA32E);
	EXPECT_TRUE(c.exit & HS_EXIT_LOAD_PERF);
}

TEST(each_control_that_is_missing_is_found)
{
	static const struct {
		size_t off;
		u32 bit;
	} must[] = {
		{ offsetof(struct hs_vmx_msrs, pin), HS_PIN_EXT_INT },
		{ offsetof(struct hs_vmx_msrs, pin), HS_PIN_VNMI },
		{ offsetof(struct hs_vmx_msrs, proc), HS_PROC_HLT },
		{ offsetof(struct hs_vmx_msrs, proc), HS_PROC_MSR_BITMAPS },
		{ offsetof(struct hs_vmx_msrs, proc), HS_PROC_INT_WINDOW },
		{ offsetof(struct hs_vmx_msrs, proc), HS_PROC_SECONDARY },
		{ offsetof(struct hs_vmx_msrs, proc2), HS_PROC2_EPT },
		{ offsetof(struct hs_vmx_msrs, proc2), HS_PROC2_VPID },
		{ offsetof(struct hs_vmx_msrs, proc2), HS_PROC2_UNRESTRICTED },
		{ offsetof(struct hs_vmx_msrs, exit), HS_EXIT_SAVE_EFER },
		{ offsetof(struct hs_vmx_msrs, entry), HS_ENTRY_LOAD_PAT },
		{ offsetof(struct hs_vmx_msrs, entry), HS_ENTRY_IA32E },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(must); i++) {
		struct hs_host_facts f = good();
		u64 *cap = (u64 *)((char *)&f.m + must[i].off);
		struct hs_ctls c;

		*cap &= ~((u64)must[i].bit << 32);
		EXPECT_NE(0, hs_ctls_resolve(&f.m, &c)) TH_LOG("row %u", i);
		EXPECT_NE(NULL, hs_reqs_missing(&f, true)) TH_LOG("row %u", i);
	}
}

TEST(a_control_that_cannot_be_0)
{
	struct hs_host_facts f = good();
	struct hs_ctls c;

	f.m.proc |= HS_PROC_CR3_LOAD;
	EXPECT_EQ(-EOPNOTSUPP, hs_ctls_resolve(&f.m, &c));
	f = good();
	f.m.proc |= HS_PROC_NMI_WINDOW;
	EXPECT_EQ(-EOPNOTSUPP, hs_ctls_resolve(&f.m, &c));
}

TEST(optional_controls)
{
	struct hs_host_facts f = good();
	struct hs_ctls c;

	f.m.proc2 &= ~((u64)HS_PROC2_XSAVES << 32);
	f.m.entry &= ~((u64)HS_ENTRY_LOAD_PERF << 32);
	ASSERT_EQ(0, hs_ctls_resolve(&f.m, &c));
	EXPECT_EQ(0, c.proc2 & HS_PROC2_XSAVES);
	/* Loading the counters at one side only would be worse than not at all. */
	EXPECT_EQ(0, c.entry & HS_ENTRY_LOAD_PERF);
	EXPECT_EQ(0, c.exit & HS_EXIT_LOAD_PERF);
	EXPECT_EQ(NULL, hs_reqs_missing(&f, false));
}

static const struct hs_req *row(const char *name)
{
	unsigned int i;

	for (i = 0; i < hs_reqs_nr; i++)
		if (!strcmp(hs_reqs[i].name, name))
			return &hs_reqs[i];
	return NULL;
}

TEST(requirements_by_name)
{
	struct hs_host_facts f;

#define EXPECT_MISSING(n, code) do {						\
	f = good();								\
	code;									\
	ASSERT_NE(NULL, row(n));						\
	EXPECT_FALSE(row(n)->ok(&f)) TH_LOG("%s", n);				\
	if (row(n)->level == HS_REQ_REQUIRED) {					\
		EXPECT_EQ(row(n), hs_reqs_missing(&f, false)) TH_LOG("%s", n);	\
	} else {								\
		EXPECT_EQ(NULL, hs_reqs_missing(&f, false)) TH_LOG("%s", n);	\
	}									\
} while (0)
	EXPECT_MISSING("Intel processor", f.intel = false);
	EXPECT_MISSING("VT-x", f.vmx = false);
	EXPECT_MISSING("VT-x enabled by firmware", f.feat_ctl = 1);
	EXPECT_MISSING("VT-x enabled by firmware", f.feat_ctl = 4);
	EXPECT_MISSING("flexible controls", f.m.basic = 0x12);
	EXPECT_MISSING("EPT, 4 levels, write-back", f.m.ept_vpid &= ~HS_EPT_WB);
	EXPECT_MISSING("INVEPT", f.m.ept_vpid &= ~HS_EPT_INVEPT_ALL);
	EXPECT_MISSING("EPT accessed and dirty flags", f.m.ept_vpid &= ~HS_EPT_AD);
	EXPECT_MISSING("EPT 2 MiB pages", f.m.ept_vpid &= ~HS_EPT_2M);
	EXPECT_MISSING("VPID and INVVPID", f.m.ept_vpid &= ~HS_VPID_SINGLE);
	EXPECT_MISSING("XSAVE", f.xsave = false);
	EXPECT_MISSING("stable TSC", f.tsc_unstable = true);
	EXPECT_MISSING("stable TSC", f.tsc_khz = 0);
	EXPECT_MISSING("invariant TSC", f.tsc_invariant = false);
	EXPECT_MISSING("FRED not active", f.fred = true);
	EXPECT_MISSING("VMX free", f.foreign_cpu = 0);
	EXPECT_MISSING("kvm_intel not loaded", f.kvm = true);
	EXPECT_MISSING("module signature", (f.locked_down = true, f.sig_ok = false));
}

TEST(every_requirement_has_text)
{
	unsigned int i;

	for (i = 0; i < hs_reqs_nr; i++) {
		EXPECT_NE(NULL, hs_reqs[i].name);
		EXPECT_NE(NULL, hs_reqs[i].source);
		EXPECT_NE(NULL, hs_reqs[i].remedy);
	}
}

TEST(another_cpu)
{
	struct hs_host_facts a = good(), b = good();

	EXPECT_EQ(NULL, hs_facts_differ(&a, &b));
	b.m.proc2 &= ~((u64)HS_PROC2_INVPCID << 32);
	EXPECT_NE(NULL, strstr(hs_facts_differ(&a, &b), "controls"));
	b = good();
	b.m.basic++;
	EXPECT_NE(NULL, strstr(hs_facts_differ(&a, &b), "revision"));
	b = good();
	b.m.ept_vpid &= ~HS_EPT_2M;
	EXPECT_NE(NULL, strstr(hs_facts_differ(&a, &b), "EPT"));
	b = good();
	b.maxphyaddr--;
	EXPECT_NE(NULL, strstr(hs_facts_differ(&a, &b), "width"));
}

#define ON(id) (1U << HS_MITIG_##id)

TEST(mitigations)
{
	static const struct {
		const char *what;
		struct hs_spec_facts f;
		u32 want;
	} t[] = {
		{ "nothing known", { 0 }, 0 },
		{ "nothing known, but the kernel does what it can",
		  { .kernel_verw = true, .kernel_rsb = true }, 0 },
		{ "Skylake server with microcode",
		  { .cpuid = HS_SPEC_IBRS_IBPB | HS_SPEC_STIBP | HS_SPEC_L1D_FLUSH |
			     HS_SPEC_SSBD | HS_SPEC_MD_CLEAR,
		    .bug_l1tf = true, .bug_mds = true, .bug_itlb = true, .bug_v2 = true,
		    .kernel_verw = true, .kernel_rsb = true },
		  ON(L1D) | ON(VERW) | ON(RSB) | ON(SPEC_CTRL) | ON(IBPB) | ON(NX_HUGE) },
		{ "the same, booted with mds=off and without return stack filling",
		  { .cpuid = HS_SPEC_IBRS_IBPB | HS_SPEC_STIBP | HS_SPEC_L1D_FLUSH |
			     HS_SPEC_SSBD | HS_SPEC_MD_CLEAR,
		    .bug_l1tf = true, .bug_mds = true, .bug_itlb = true, .bug_v2 = true },
		  ON(L1D) | ON(SPEC_CTRL) | ON(IBPB) | ON(NX_HUGE) },
		{ "as a guest: the outer hypervisor flushes",
		  { .cpuid = HS_SPEC_L1D_FLUSH | HS_SPEC_ARCH_CAP,
		    .arch_cap = HS_ARCH_SKIP_L1DFL, .bug_l1tf = true }, 0 },
		{ "as a guest: the outer hypervisor does not say that it flushes",
		  { .cpuid = HS_SPEC_L1D_FLUSH | HS_SPEC_ARCH_CAP, .bug_l1tf = true }, ON(L1D) },
		{ "not vulnerable to L1TF by its own word",
		  { .cpuid = HS_SPEC_L1D_FLUSH | HS_SPEC_ARCH_CAP,
		    .arch_cap = HS_ARCH_RDCL_NO, .bug_l1tf = true }, 0 },
		{ "mitigations=off",
		  { .cpuid = HS_SPEC_IBRS_IBPB | HS_SPEC_L1D_FLUSH | HS_SPEC_MD_CLEAR,
		    .bug_l1tf = true, .bug_mds = true, .bug_taa = true, .bug_itlb = true,
		    .bug_v2 = true, .kernel_verw = true, .kernel_rsb = true,
		    .off = true }, ON(SPEC_CTRL) },
		{ "no microcode: nothing to flush with",
		  { .bug_l1tf = true, .bug_mds = true, .bug_taa = true, .bug_v2 = true,
		    .kernel_verw = true, .kernel_rsb = true }, ON(RSB) },
		{ "Cascade Lake: MDS is fixed, TSX is not",
		  { .cpuid = HS_SPEC_IBRS_IBPB | HS_SPEC_MD_CLEAR | HS_SPEC_ARCH_CAP,
		    .arch_cap = HS_ARCH_RDCL_NO | HS_ARCH_MDS_NO | HS_ARCH_PSCHANGE_MC_NO,
		    .bug_taa = true, .bug_v2 = true, .kernel_verw = true },
		  ON(VERW) | ON(SPEC_CTRL) | ON(IBPB) },
		{ "the same with TAA_NO",
		  { .cpuid = HS_SPEC_MD_CLEAR | HS_SPEC_ARCH_CAP,
		    .arch_cap = HS_ARCH_MDS_NO | HS_ARCH_TAA_NO,
		    .bug_taa = true, .kernel_verw = true }, 0 },
		{ "Ice Lake: fixed in hardware",
		  { .cpuid = HS_SPEC_IBRS_IBPB | HS_SPEC_L1D_FLUSH | HS_SPEC_MD_CLEAR |
			     HS_SPEC_ARCH_CAP,
		    .arch_cap = HS_ARCH_RDCL_NO | HS_ARCH_MDS_NO | HS_ARCH_PSCHANGE_MC_NO,
		    .bug_l1tf = true, .bug_mds = true, .bug_itlb = true, .bug_v2 = true,
		    .kernel_verw = true },
		  ON(SPEC_CTRL) | ON(IBPB) },
		{ "the same with post-barrier return predictions: the kernel fills",
		  { .cpuid = HS_SPEC_IBRS_IBPB, .bug_v2 = true, .kernel_rsb = true },
		  ON(RSB) | ON(SPEC_CTRL) | ON(IBPB) },
		{ "bad microcode: the kernel uses neither MSR",
		  { .cpuid = HS_SPEC_IBRS_IBPB | HS_SPEC_STIBP | HS_SPEC_SSBD, .bug_v2 = true,
		    .spec_ctrl_off = true, .ibpb_off = true }, 0 },
		{ "Gracemont: register file data sampling",
		  { .cpuid = HS_SPEC_MD_CLEAR | HS_SPEC_ARCH_CAP,
		    .arch_cap = HS_ARCH_RFDS_CLEAR, .kernel_verw = true }, ON(VERW) },
		{ "the same by name, but not vulnerable",
		  { .cpuid = HS_SPEC_MD_CLEAR | HS_SPEC_ARCH_CAP, .kernel_verw = true,
		    .arch_cap = HS_ARCH_RFDS_CLEAR | HS_ARCH_RFDS_NO }, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		EXPECT_EQ(t[i].want, hs_mitig_decide(&t[i].f)) TH_LOG("%s", t[i].what ? t[i].what : "");
}

/* "Not needed" is said of nothing that is needed. */
TEST(why_mitigations_are_off)
{
	static const struct {
		const char *what;
		struct hs_spec_facts f;
		enum hs_mitig_id id;
		const char *want;
	} t[] = {
		{ "nothing known", { 0 }, HS_MITIG_L1D, "not needed" },
		{ "L1TF without the command", { .bug_l1tf = true }, HS_MITIG_L1D, "microcode" },
		{ "L1TF, mitigations=off", { .bug_l1tf = true, .off = true }, HS_MITIG_L1D,
		  "mitigations=off" },
		{ "MDS, the kernel was told not to", { .bug_mds = true, .cpuid = HS_SPEC_MD_CLEAR },
		  HS_MITIG_VERW, "kernel does not" },
		{ "no MSR at all", { .spec_ctrl_off = true }, HS_MITIG_SPEC_CTRL,
		  "has no IA32_SPEC_CTRL" },
		{ "an MSR that the kernel forgot",
		  { .cpuid = HS_SPEC_IBRS_IBPB, .spec_ctrl_off = true },
		  HS_MITIG_SPEC_CTRL, "kernel does not use" },
		{ "no barrier", { .bug_v2 = true }, HS_MITIG_IBPB, "microcode" },
		{ "return stack", { .bug_v2 = true }, HS_MITIG_RSB, "not needed" },
	};
	unsigned int i, id;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		const char *why = hs_mitig_why_not(&t[i].f, t[i].id);

		EXPECT_FALSE(hs_mitig_decide(&t[i].f) >> t[i].id & 1) TH_LOG("%s", t[i].what);
		EXPECT_NE(NULL, why ? strstr(why, t[i].want) : NULL)
			TH_LOG("%s: %s", t[i].what, why ? why : "");
	}
	for (id = 0; id < HS_MITIG_NR; id++)
		EXPECT_EQ(!hs_mitig_rows[id].possible, !hs_mitig_rows[id].cannot);
}

static struct hs_event ev(u32 type, u8 vector)
{
	return (struct hs_event){ .info = HS_EV_VALID | type | vector };
}

TEST(two_events_meet)
{
	static const struct {
		u32 type;
		u8 first, second;
		enum hs_merge want;
	} t[] = {
		/* SDM vol. 3, table 6-5 */
		{ HS_EVT_HWEXC, 1, 13, HS_MERGE_TAKE },		/* benign, contributory */
		{ HS_EVT_HWEXC, 13, 1, HS_MERGE_TAKE },
		{ HS_EVT_HWEXC, 13, 11, HS_MERGE_DOUBLE },
		{ HS_EVT_HWEXC, 13, 14, HS_MERGE_TAKE },	/* contributory, page fault */
		{ HS_EVT_HWEXC, 14, 13, HS_MERGE_DOUBLE },
		{ HS_EVT_HWEXC, 14, 14, HS_MERGE_DOUBLE },
		{ HS_EVT_HWEXC, 14, 6, HS_MERGE_TAKE },
		{ HS_EVT_HWEXC, 8, 14, HS_MERGE_TRIPLE },
		{ HS_EVT_HWEXC, 8, 13, HS_MERGE_TRIPLE },
		{ HS_EVT_HWEXC, 8, 1, HS_MERGE_TAKE },
		{ HS_EVT_HWEXC, 0, 12, HS_MERGE_DOUBLE },
		{ HS_EVT_INTR, 0x30, 14, HS_MERGE_SERIAL },
		{ HS_EVT_NMI, 2, 14, HS_MERGE_SERIAL },
		{ HS_EVT_SWINT, 0x80, 14, HS_MERGE_TAKE },
		{ HS_EVT_SWEXC, 3, 13, HS_MERGE_TAKE },
	};
	struct hs_event none = { 0 };
	unsigned int i;

	EXPECT_EQ(HS_MERGE_TAKE, hs_event_merge(&none, 14));
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct hs_event e = ev(t[i].type, t[i].first);

		EXPECT_EQ(t[i].want, hs_event_merge(&e, t[i].second))
			TH_LOG("%u then %u", t[i].first, t[i].second);
	}
}

TEST(what_waits_is_not_lost)
{
	struct hs_event first = ev(HS_EVT_INTR, 0x30), nmi = ev(HS_EVT_NMI, 2);
	struct hs_event second = ev(HS_EVT_INTR, 0x40), later = { 0 };

	EXPECT_FALSE(hs_event_defer(&first, &later));
	EXPECT_EQ(first.info, later.info);
	/* An NMI comes in the handler of the exception, and meets one itself. */
	EXPECT_TRUE(hs_event_defer(&nmi, &later));
	EXPECT_EQ(first.info, later.info);
	EXPECT_FALSE(hs_event_defer(&second, &later));
	EXPECT_EQ(first.info, later.info);
}

TEST(resume_flag)
{
	static const u8 faults[] = { 0, 5, 6, 7, 10, 11, 12, 13, 14, 16, 17, 19, 20, 21 };
	static const u8 others[] = { 1, 2, 3, 4, 8, 18, 0x80 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(faults); i++)
		EXPECT_TRUE(hs_event_sets_rf(faults[i])) TH_LOG("%u", faults[i]);
	for (i = 0; i < ARRAY_SIZE(others); i++)
		EXPECT_FALSE(hs_event_sets_rf(others[i])) TH_LOG("%u", others[i]);
}

TEST(split_locks)
{
	/* Alignment checks of the guest: all three, or none. */
	EXPECT_TRUE(hs_event_wants_ac(HS_CR0_AM, HS_FL_AC, 3));
	EXPECT_FALSE(hs_event_wants_ac(HS_CR0_AM, HS_FL_AC, 0));
	EXPECT_FALSE(hs_event_wants_ac(HS_CR0_AM, 0, 3));
	EXPECT_FALSE(hs_event_wants_ac(0, HS_FL_AC, 3));
	EXPECT_EQ(HS_SPLIT_NONE, hs_split_lock_met(true, true));
	EXPECT_EQ(HS_SPLIT_NONE, hs_split_lock_met(false, false));
	EXPECT_EQ(HS_SPLIT_ASK, hs_split_lock_met(true, false));
	/* A process of the guest never ends the VM. */
	EXPECT_EQ(HS_SPLIT_RETRY, hs_split_lock_answered(true, 3));
	EXPECT_EQ(HS_SPLIT_INJECT, hs_split_lock_answered(false, 3));
	EXPECT_EQ(HS_SPLIT_RETRY, hs_split_lock_answered(true, 0));
	EXPECT_EQ(HS_SPLIT_FAIL, hs_split_lock_answered(false, 0));
}

TEST_HARNESS_MAIN
