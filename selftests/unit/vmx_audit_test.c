// SPDX-License-Identifier: GPL-2.0
/*
 * The audit of guest state: every state that we produce ourselves passes, and
 * each mutation is named by the check that it violates.
 */
#include "boot_state.h"
#include "vmx/audit.h"
#include "vmx/ctls.h"
#include "kselftest_harness.h"

static const struct hs_audit_env env = {
	.cr0_fixed0 = 0x80000021, .cr0_fixed1 = 0xffffffff,
	.cr4_fixed0 = 0x2000, .cr4_fixed1 = 0x3727ff,
	.maxphyaddr = 40, .unrestricted = true, .vnmi = true,
};

static const struct hs_gfix fix = {
	.cr0_set = HS_CR0_NE | HS_CR0_ET, .cr4_set = HS_CR4_VMXE | HS_CR4_MCE,
	.cr0_host = ~(HS_CR0_MP | HS_CR0_EM | HS_CR0_TS | HS_CR0_WP | HS_CR0_AM),
	.cr4_host = ~(HS_CR4_PGE | HS_CR4_DE),
	.entry_ctls = HS_ENTRY_LOAD_DEBUG | HS_ENTRY_LOAD_PAT | HS_ENTRY_LOAD_EFER,
};

static struct hs_boot_state boot_state(bool long_mode)
{
	struct hs_boot_state s = {
		.rip = 0x1000200, .rsp = 0x2ff0, .rflags = 2, .rax = 1, .rbx = 2, .rsi = 3,
		.cr0 = 0x11, .gdt_base = 0x1000, .gdt_limit = 0x2f,
		.cs = { .sel = 0x10, .limit = ~0U, .ar = 0xc09b },
		.ds = { .sel = 0x18, .limit = ~0U, .ar = 0xc093 },
		.tr = { .sel = 0x20, .limit = 0x67, .ar = 0x8b },
	};

	if (long_mode) {
		s.cr0 = 0x80000011;
		s.cr4 = 0x20;
		s.cr3 = 0x10000;
		s.efer = 0x500;
		s.cs.ar = 0xa09b;
	}
	return s;
}

static struct hs_gstate made(bool long_mode)
{
	struct hs_boot_state s = boot_state(long_mode);
	struct hs_gstate g;

	hs_gstate_reset(&g, &fix, false, 0x50654);
	hs_gstate_boot(&g, &fix, &s);
	return g;
}

TEST(states_of_ours_pass)
{
	struct hs_gstate g;

	hs_gstate_reset(&g, &fix, false, 0x50654);
	EXPECT_EQ(NULL, hs_audit(&g, &env));
	EXPECT_EQ(0xfff0, g.rip);
	EXPECT_EQ(0xffff0000, g.seg[HS_GS_CS].base);
	EXPECT_EQ(0x50654, g.gpr[2]);
	EXPECT_EQ(HS_CR0_CD | HS_CR0_NW | HS_CR0_ET, hs_gs_cr0(&g, &fix));

	hs_gstate_sipi(&g, 0x9a);
	EXPECT_EQ(NULL, hs_audit(&g, &env));
	EXPECT_EQ(0x9a000, g.seg[HS_GS_CS].base);
	EXPECT_EQ(0x9a00, g.seg[HS_GS_CS].sel);
	EXPECT_EQ(0, g.rip);

	g = made(false);
	EXPECT_EQ(NULL, hs_audit(&g, &env));
	EXPECT_EQ(0x11, hs_gs_cr0(&g, &fix));
	EXPECT_EQ(3, g.gpr[6]);
	g = made(true);
	EXPECT_EQ(NULL, hs_audit(&g, &env));
	EXPECT_EQ(0x20, hs_gs_cr4(&g, &fix));
	EXPECT_TRUE(g.entry_ctls & HS_ENTRY_IA32E);
}

TEST(init_keeps_caches_and_pat)
{
	struct hs_gstate g = made(true);

	g.pat = 0x0606060606060606;
	hs_gstate_reset(&g, &fix, true, 0);
	EXPECT_EQ(0x0606060606060606, g.pat);
	EXPECT_EQ(HS_CR0_ET, hs_gs_cr0(&g, &fix));
	EXPECT_EQ(0, g.efer);
	EXPECT_FALSE(g.entry_ctls & HS_ENTRY_IA32E);
	EXPECT_EQ(NULL, hs_audit(&g, &env));
}

/* A mutation of a good 64-bit state, and a word of the sentence that names it. */
struct mutation {
	const char *say;
	void (*apply)(struct hs_gstate *g);
};

#define FN(name, code) static void name(struct hs_gstate *g) { code; }

FN(m_ne, g->cr0 &= ~HS_CR0_NE)
FN(m_cr0_high, g->cr0 |= BIT_ULL(40))
FN(m_pg_no_pe, g->cr0 &= ~HS_CR0_PE)
FN(m_vmxe, g->cr4 &= ~HS_CR4_VMXE)
FN(m_cr4_reserved, g->cr4 |= BIT_ULL(30))
FN(m_debugctl, g->debugctl = 4)
FN(m_no_pae, g->cr4 &= ~HS_CR4_PAE)
FN(m_pcide, (g->entry_ctls &= ~HS_ENTRY_IA32E, g->cr4 |= HS_CR4_PCIDE))
FN(m_cr3, g->cr3 = BIT_ULL(41))
FN(m_dr7, g->dr7 |= BIT_ULL(33))
FN(m_sysenter, g->sysenter_eip = BIT_ULL(50))
FN(m_pat, g->pat = 2)
FN(m_efer, g->efer |= BIT_ULL(3))
FN(m_lma, g->efer &= ~HS_EFER_LMA)
FN(m_lme, g->efer &= ~HS_EFER_LME)
FN(m_tr_base, g->seg[HS_GS_TR].base = BIT_ULL(50))
FN(m_cs_base, g->seg[HS_GS_CS].base = BIT_ULL(33))
FN(m_ss_base, g->seg[HS_GS_SS].base = BIT_ULL(33))
FN(m_cs_type, g->seg[HS_GS_CS].ar &= ~1U)
FN(m_cs_data, g->seg[HS_GS_CS].ar = 0xa0f3)
FN(m_cs_dpl, g->seg[HS_GS_CS].ar |= 3U << 5)
FN(m_cs_absent, g->seg[HS_GS_CS].ar &= ~HS_AR_P)
FN(m_cs_reserved, g->seg[HS_GS_CS].ar |= BIT(9))
FN(m_cs_l_d, g->seg[HS_GS_CS].ar |= HS_AR_DB)
FN(m_cs_limit, g->seg[HS_GS_CS].limit = 0x1000)
FN(m_ss_type, g->seg[HS_GS_SS].ar = 0xc09b)
FN(m_ds_access, g->seg[HS_GS_DS].ar &= ~1U)
FN(m_es_exec, g->seg[HS_GS_ES].ar = 0xc099)
FN(m_fs_absent, g->seg[HS_GS_FS].ar &= ~HS_AR_P)
FN(m_gs_limit, g->seg[HS_GS_GS].ar &= ~HS_AR_G)
FN(m_tr_unusable, g->seg[HS_GS_TR].ar |= HS_AR_UNUSABLE)
FN(m_tr_ti, g->seg[HS_GS_TR].sel |= 4)
FN(m_tr_16, g->seg[HS_GS_TR].ar = 0x83)
FN(m_tr_limit, g->seg[HS_GS_TR].limit = 0x200000)
FN(m_ldt, (g->seg[HS_GS_LDTR].ar = 0x83, g->seg[HS_GS_LDTR].limit = 0xffff))
FN(m_gdt, g->gdt_base = BIT_ULL(50))
FN(m_idt_limit, g->idt_limit = 0x10000)
FN(m_rip, g->rip = BIT_ULL(50))
FN(m_rflags, g->rflags = 0)
FN(m_rflags_vm, g->rflags |= HS_FL_VM)
FN(m_if, g->ev_info = HS_EV_VALID | 0x20)
FN(m_activity, g->activity = 4)
FN(m_hlt_sti, (g->activity = 1, g->rflags |= HS_FL_IF, g->intr = HS_INTR_STI))
FN(m_hlt_event, (g->activity = 1, g->ev_info = HS_EV_VALID | HS_EVT_HWEXC | 13))
FN(m_shutdown, (g->activity = 2, g->ev_info = HS_EV_VALID | HS_EVT_HWEXC | 13))
FN(m_sipi_event, (g->activity = 3, g->ev_info = HS_EV_VALID | HS_EVT_NMI | 2))
FN(m_intr_reserved, g->intr = BIT(7))
FN(m_both, (g->rflags |= HS_FL_IF, g->intr = 3))
FN(m_sti_if, g->intr = HS_INTR_STI)
FN(m_int_sti, (g->rflags |= HS_FL_IF, g->intr = HS_INTR_STI, g->ev_info = HS_EV_VALID | 0x20))
FN(m_nmi_movss, (g->intr = HS_INTR_MOVSS, g->ev_info = HS_EV_VALID | HS_EVT_NMI | 2))
FN(m_nmi_blocked, (g->intr = HS_INTR_NMI, g->ev_info = HS_EV_VALID | HS_EVT_NMI | 2))
FN(m_smi, g->intr = HS_INTR_SMI)
FN(m_pending, g->pending_dbg = BIT_ULL(20))
FN(m_step, (g->rflags |= HS_FL_IF | HS_FL_TF, g->intr = HS_INTR_STI))
FN(m_no_step, (g->rflags |= HS_FL_IF, g->intr = HS_INTR_STI, g->pending_dbg = BIT_ULL(14)))
FN(m_link, g->link = 0)

static const struct mutation mutations[] = {
	{ "CR0 lacks", m_ne }, { "CR0 has", m_cr0_high }, { "CR0.PE is 0", m_pg_no_pe },
	{ "CR4 lacks", m_vmxe }, { "CR4 has", m_cr4_reserved }, { "DEBUGCTL", m_debugctl },
	{ "without CR4.PAE", m_no_pae }, { "PCIDE", m_pcide }, { "CR3", m_cr3 },
	{ "DR7", m_dr7 }, { "SYSENTER", m_sysenter }, { "PAT", m_pat },
	{ "EFER has reserved", m_efer }, { "LMA differs from the IA-32e", m_lma },
	{ "LMA differs from LME", m_lme }, { "base of TR", m_tr_base },
	{ "base of CS", m_cs_base }, { "base of SS", m_ss_base },
	{ "type of CS", m_cs_type }, { "DPL other than 0", m_cs_data },
	{ "DPL of CS", m_cs_dpl }, { "CS is not present", m_cs_absent },
	{ "rights of CS", m_cs_reserved }, { "CS.L and CS.D", m_cs_l_d },
	{ "limit of CS", m_cs_limit }, { "type of SS", m_ss_type },
	{ "not accessed", m_ds_access }, { "cannot be read", m_es_exec },
	{ "not present", m_fs_absent }, { "limit of DS", m_gs_limit },
	{ "TR is unusable", m_tr_unusable }, { "TR's selector", m_tr_ti },
	{ "not a busy TSS", m_tr_16 }, { "limit of TR", m_tr_limit },
	{ "not a present LDT", m_ldt }, { "GDTR or IDTR is not canonical", m_gdt },
	{ "limit of GDTR or IDTR", m_idt_limit }, { "RIP is not canonical", m_rip },
	{ "RFLAGS are wrong", m_rflags }, { "16", m_rflags_vm },
	{ "RFLAGS.IF is 0", m_if }, { "activity state", m_activity },
	{ "not active, but", m_hlt_sti }, { "not possible in HLT", m_hlt_event },
	{ "not possible in shutdown", m_shutdown }, { "waiting for a SIPI", m_sipi_event },
	{ "interruptibility has reserved", m_intr_reserved }, { "both STI", m_both },
	{ "STI and RFLAGS.IF", m_sti_if }, { "under STI or MOV-SS", m_int_sti },
	{ "NMI is injected under", m_nmi_movss }, { "NMIs are blocked", m_nmi_blocked },
	{ "SMI outside", m_smi }, { "pending debug", m_pending },
	{ "single step", m_step }, { "single step", m_no_step }, { "link pointer", m_link },
};

TEST(each_mutation_is_named)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mutations); i++) {
		struct hs_gstate g = made(true);
		const char *why;

		mutations[i].apply(&g);
		why = hs_audit(&g, &env);
		ASSERT_NE(NULL, why) TH_LOG("mutation \"%s\" passed", mutations[i].say);
		EXPECT_NE(NULL, strstr(why, mutations[i].say))
			TH_LOG("mutation \"%s\": \"%s\"", mutations[i].say, why);
		EXPECT_EQ(0, strncmp(why, "27.3.1.", 7));
	}
}

TEST(without_unrestricted_guest)
{
	struct hs_audit_env e = env;
	struct hs_gstate g;

	e.unrestricted = false;
	g = made(true);
	EXPECT_EQ(NULL, hs_audit(&g, &e));
	hs_gstate_reset(&g, &fix, false, 0);
	EXPECT_NE(NULL, hs_audit(&g, &e));
	g = made(true);
	g.seg[HS_GS_SS].sel |= 3;
	EXPECT_NE(NULL, strstr(hs_audit(&g, &e), "RPL of SS"));
}

TEST(pae_paging)
{
	struct hs_gstate g = made(false);

	g.cr0 |= HS_CR0_PG;
	g.cr4 |= HS_CR4_PAE;
	EXPECT_EQ(NULL, hs_audit(&g, &env));
	g.pdpte[2] = 0x1000 | 2;	/* not present: anything goes */
	EXPECT_EQ(NULL, hs_audit(&g, &env));
	g.pdpte[2] |= 1;
	EXPECT_NE(NULL, strstr(hs_audit(&g, &env), "PDPTE"));
}

TEST(vm86)
{
	struct hs_gstate g = made(false);
	int i;

	g.cr0 |= HS_CR0_PG;
	g.rflags |= HS_FL_VM;
	for (i = HS_GS_ES; i <= HS_GS_GS; i++)
		g.seg[i] = (struct hs_gseg){ .sel = 0x1000, .base = 0x10000,
					     .limit = 0xffff, .ar = 0xf3 };
	EXPECT_EQ(NULL, hs_audit(&g, &env));
	g.seg[HS_GS_FS].ar = 0x93;
	EXPECT_NE(NULL, strstr(hs_audit(&g, &env), "0xf3"));
}

TEST(instruction_errors_have_names)
{
	EXPECT_EQ(0, strcmp(hs_insn_error_name(7), "invalid control field"));
	EXPECT_EQ(0, strcmp(hs_insn_error_name(99), "other error"));
}

TEST_HARNESS_MAIN
