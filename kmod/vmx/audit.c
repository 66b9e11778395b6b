// SPDX-License-Identifier: GPL-2.0
/* The guest-state checks of VM entry, in the order of the manual. */
#include "vmx/audit.h"
#include "vmx/ctls.h"
#include "vmx/msr.h"

#define TYPE(s)		((s)->ar & HS_AR_TYPE)
#define DPL(s)		(((s)->ar >> 5) & 3)
#define RPL(s)		((s)->sel & 3)
#define USABLE(s)	(!((s)->ar & HS_AR_UNUSABLE))
#define SEL_TI		4U

#define ACTIVITY_HLT		1
#define ACTIVITY_SHUTDOWN	2
#define ACTIVITY_SIPI		3

#define RFLAGS_RESERVED	(~0x3fffffULL | BIT_ULL(3) | BIT_ULL(5) | BIT_ULL(15))
#define DEBUGCTL_RESERVED	(~0xffc3ULL)
#define PENDING_RESERVED	(~(0xfULL | BIT_ULL(12) | BIT_ULL(14) | BIT_ULL(16)))
#define PENDING_BS	BIT_ULL(14)

static bool bad_pat(u64 pat)
{
	int i;

	for (i = 0; i < 64; i += 8) {
		u8 t = pat >> i;

		if (t > 7 || t == 2 || t == 3)
			return true;
	}
	return false;
}

/* 27.3.1.1: control registers, debug registers, MSRs. */
static const char *check_registers(const struct hs_gstate *g, const struct hs_audit_env *env)
{
	u64 need = env->cr0_fixed0;
	bool ia32e = g->entry_ctls & HS_ENTRY_IA32E;

	if (env->unrestricted)
		need &= ~(HS_CR0_PE | HS_CR0_PG);
	if ((g->cr0 & need) != need)
		return "27.3.1.1: CR0 lacks a bit that VMX operation fixes to 1";
	if (g->cr0 & ~env->cr0_fixed1)
		return "27.3.1.1: CR0 has a bit that VMX operation fixes to 0";
	if ((g->cr0 & HS_CR0_PG) && !(g->cr0 & HS_CR0_PE))
		return "27.3.1.1: CR0.PG is 1 and CR0.PE is 0";
	if ((g->cr4 & env->cr4_fixed0) != env->cr4_fixed0)
		return "27.3.1.1: CR4 lacks a bit that VMX operation fixes to 1";
	if (g->cr4 & ~env->cr4_fixed1)
		return "27.3.1.1: CR4 has a bit that VMX operation fixes to 0";
	if ((g->cr4 & HS_CR4_CET) && !(g->cr0 & HS_CR0_WP))
		return "27.3.1.1: CR4.CET is 1 and CR0.WP is 0";
	if ((g->entry_ctls & HS_ENTRY_LOAD_DEBUG) && (g->debugctl & DEBUGCTL_RESERVED))
		return "27.3.1.1: IA32_DEBUGCTL has reserved bits";
	if (ia32e && !(g->cr0 & HS_CR0_PG))
		return "27.3.1.1: IA-32e mode guest without CR0.PG";
	if (ia32e && !(g->cr4 & HS_CR4_PAE))
		return "27.3.1.1: IA-32e mode guest without CR4.PAE";
	if (!ia32e && (g->cr4 & HS_CR4_PCIDE))
		return "27.3.1.1: CR4.PCIDE is 1 outside IA-32e mode";
	if (g->cr3 >> env->maxphyaddr)
		return "27.3.1.1: CR3 is beyond the physical-address width";
	if ((g->entry_ctls & HS_ENTRY_LOAD_DEBUG) && (g->dr7 >> 32))
		return "27.3.1.1: DR7 has bits above 31";
	if (!hs_canonical(g->sysenter_esp) || !hs_canonical(g->sysenter_eip))
		return "27.3.1.1: IA32_SYSENTER_ESP or _EIP is not canonical";
	if ((g->entry_ctls & HS_ENTRY_LOAD_PAT) && bad_pat(g->pat))
		return "27.3.1.1: IA32_PAT has an undefined memory type";
	if (g->entry_ctls & HS_ENTRY_LOAD_EFER) {
		if (g->efer & ~(HS_EFER_SCE | HS_EFER_LME | HS_EFER_LMA | HS_EFER_NXE))
			return "27.3.1.1: IA32_EFER has reserved bits";
		if (!(g->efer & HS_EFER_LMA) != !ia32e)
			return "27.3.1.1: IA32_EFER.LMA differs from the IA-32e mode control";
		if ((g->cr0 & HS_CR0_PG) && !(g->efer & HS_EFER_LMA) != !(g->efer & HS_EFER_LME))
			return "27.3.1.1: IA32_EFER.LMA differs from LME with paging on";
	}
	return NULL;
}

/* 27.3.1.2, virtual-8086 mode. */
static const char *check_vm86(const struct hs_gstate *g)
{
	int i;

	for (i = HS_GS_ES; i <= HS_GS_GS; i++) {
		const struct hs_gseg *s = &g->seg[i];

		if (s->base != (u64)s->sel << 4)
			return "27.3.1.2: virtual-8086 segment base is not selector * 16";
		if (s->limit != 0xffff)
			return "27.3.1.2: virtual-8086 segment limit is not 0xffff";
		if (s->ar != 0xf3)
			return "27.3.1.2: virtual-8086 access rights are not 0xf3";
	}
	return NULL;
}

static const char *check_bases(const struct hs_gstate *g)
{
	const struct hs_gseg *s = g->seg;

	if (!hs_canonical(s[HS_GS_TR].base) || !hs_canonical(s[HS_GS_FS].base) ||
	    !hs_canonical(s[HS_GS_GS].base))
		return "27.3.1.2: base of TR, FS or GS is not canonical";
	if (USABLE(&s[HS_GS_LDTR]) && !hs_canonical(s[HS_GS_LDTR].base))
		return "27.3.1.2: base of LDTR is not canonical";
	if (s[HS_GS_CS].base >> 32)
		return "27.3.1.2: base of CS is above 4 GiB";
	if ((USABLE(&s[HS_GS_SS]) && s[HS_GS_SS].base >> 32) ||
	    (USABLE(&s[HS_GS_DS]) && s[HS_GS_DS].base >> 32) ||
	    (USABLE(&s[HS_GS_ES]) && s[HS_GS_ES].base >> 32))
		return "27.3.1.2: base of SS, DS or ES is above 4 GiB";
	return NULL;
}

/* G must fit the limit: low 12 bits all ones with G, high 12 bits 0 without. */
static bool bad_granularity(const struct hs_gseg *s)
{
	if ((s->limit & 0xfff) != 0xfff && (s->ar & HS_AR_G))
		return true;
	return (s->limit & 0xfff00000) && !(s->ar & HS_AR_G);
}

static const char *check_cs(const struct hs_gstate *g, const struct hs_audit_env *env)
{
	const struct hs_gseg *cs = &g->seg[HS_GS_CS], *ss = &g->seg[HS_GS_SS];

	switch (TYPE(cs)) {
	case 3:
		if (!env->unrestricted)
			return "27.3.1.2: CS is a data segment without unrestricted guest";
		if (DPL(cs))
			return "27.3.1.2: CS is a data segment with a DPL other than 0";
		break;
	case 9: case 11:
		if (DPL(cs) != DPL(ss))
			return "27.3.1.2: DPL of CS is not that of SS";
		break;
	case 13: case 15:
		if (DPL(cs) > DPL(ss))
			return "27.3.1.2: DPL of conforming CS is above that of SS";
		break;
	default:
		return "27.3.1.2: type of CS is not an accessed code segment";
	}
	if (!(cs->ar & HS_AR_S))
		return "27.3.1.2: CS is a system segment";
	if (!(cs->ar & HS_AR_P))
		return "27.3.1.2: CS is not present";
	if (cs->ar & HS_AR_RESERVED)
		return "27.3.1.2: access rights of CS have reserved bits";
	if ((g->entry_ctls & HS_ENTRY_IA32E) && (cs->ar & HS_AR_L) && (cs->ar & HS_AR_DB))
		return "27.3.1.2: CS.L and CS.D are both 1 in IA-32e mode";
	if (bad_granularity(cs))
		return "27.3.1.2: limit of CS does not fit its granularity";
	return NULL;
}

static const char *check_ss(const struct hs_gstate *g, const struct hs_audit_env *env)
{
	const struct hs_gseg *cs = &g->seg[HS_GS_CS], *ss = &g->seg[HS_GS_SS];

	if (USABLE(ss)) {
		if (TYPE(ss) != 3 && TYPE(ss) != 7)
			return "27.3.1.2: type of SS is not a writable data segment";
		if (!(ss->ar & HS_AR_S) || !(ss->ar & HS_AR_P))
			return "27.3.1.2: SS is a system segment or not present";
		if (ss->ar & HS_AR_RESERVED)
			return "27.3.1.2: access rights of SS have reserved bits";
		if (bad_granularity(ss))
			return "27.3.1.2: limit of SS does not fit its granularity";
	}
	if (!env->unrestricted && (RPL(ss) != RPL(cs)))
		return "27.3.1.2: RPL of SS is not that of CS";
	if (!env->unrestricted && DPL(ss) != RPL(ss))
		return "27.3.1.2: DPL of SS is not its RPL";
	if ((TYPE(cs) == 3 || !(g->cr0 & HS_CR0_PE)) && DPL(ss))
		return "27.3.1.2: DPL of SS is not 0 in real mode";
	return NULL;
}

static const char *check_data(const struct hs_gstate *g, const struct hs_audit_env *env)
{
	static const u8 which[] = { HS_GS_DS, HS_GS_ES, HS_GS_FS, HS_GS_GS };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(which); i++) {
		const struct hs_gseg *s = &g->seg[which[i]];

		if (!USABLE(s))
			continue;
		if (!(TYPE(s) & 1))
			return "27.3.1.2: a data segment is not accessed";
		if ((TYPE(s) & 8) && !(TYPE(s) & 2))
			return "27.3.1.2: DS, ES, FS or GS is a code segment that cannot be read";
		if (!(s->ar & HS_AR_S) || !(s->ar & HS_AR_P))
			return "27.3.1.2: DS, ES, FS or GS is a system segment or not present";
		if (!env->unrestricted && TYPE(s) <= 11 && DPL(s) < RPL(s))
			return "27.3.1.2: DPL of a data segment is below its RPL";
		if (s->ar & HS_AR_RESERVED)
			return "27.3.1.2: access rights of DS, ES, FS or GS have reserved bits";
		if (bad_granularity(s))
			return "27.3.1.2: limit of DS, ES, FS or GS does not fit its granularity";
	}
	return NULL;
}

static const char *check_system(const struct hs_gstate *g)
{
	const struct hs_gseg *tr = &g->seg[HS_GS_TR], *ldt = &g->seg[HS_GS_LDTR];
	bool ia32e = g->entry_ctls & HS_ENTRY_IA32E;

	if (!USABLE(tr))
		return "27.3.1.2: TR is unusable";
	if (tr->sel & SEL_TI)
		return "27.3.1.2: TR's selector points into the LDT";
	if (TYPE(tr) != 11 && (ia32e || TYPE(tr) != 3))
		return "27.3.1.2: TR is not a busy TSS";
	if ((tr->ar & HS_AR_S) || !(tr->ar & HS_AR_P))
		return "27.3.1.2: TR is not a present system segment";
	if (tr->ar & HS_AR_RESERVED)
		return "27.3.1.2: access rights of TR have reserved bits";
	if (bad_granularity(tr))
		return "27.3.1.2: limit of TR does not fit its granularity";
	if (!USABLE(ldt))
		return NULL;
	if (ldt->sel & SEL_TI)
		return "27.3.1.2: LDTR's selector points into the LDT";
	if (TYPE(ldt) != 2 || (ldt->ar & HS_AR_S) || !(ldt->ar & HS_AR_P))
		return "27.3.1.2: LDTR is not a present LDT";
	if (ldt->ar & HS_AR_RESERVED)
		return "27.3.1.2: access rights of LDTR have reserved bits";
	if (bad_granularity(ldt))
		return "27.3.1.2: limit of LDTR does not fit its granularity";
	return NULL;
}

static const char *check_segments(const struct hs_gstate *g, const struct hs_audit_env *env)
{
	const char *why;

	why = check_bases(g);
	if (why)
		return why;
	if (g->rflags & HS_FL_VM) {
		why = check_vm86(g);
	} else {
		why = check_cs(g, env);
		if (!why)
			why = check_ss(g, env);
		if (!why)
			why = check_data(g, env);
	}
	return why ? why : check_system(g);
}

/* 27.3.1.3 and 27.3.1.4. */
static const char *check_tables_rip(const struct hs_gstate *g)
{
	bool ia32e = g->entry_ctls & HS_ENTRY_IA32E;

	if (!hs_canonical(g->gdt_base) || !hs_canonical(g->idt_base))
		return "27.3.1.3: base of GDTR or IDTR is not canonical";
	if (g->gdt_limit >> 16 || g->idt_limit >> 16)
		return "27.3.1.3: limit of GDTR or IDTR is above 0xffff";
	if (!ia32e || !(g->seg[HS_GS_CS].ar & HS_AR_L)) {
		if (g->rip >> 32)
			return "27.3.1.4: RIP is above 4 GiB outside 64-bit mode";
	} else if (!hs_canonical(g->rip)) {
		return "27.3.1.4: RIP is not canonical";
	}
	if ((g->rflags & RFLAGS_RESERVED) || !(g->rflags & HS_FL_FIXED))
		return "27.3.1.4: reserved bits of RFLAGS are wrong";
	if ((g->rflags & HS_FL_VM) && (ia32e || !(g->cr0 & HS_CR0_PE)))
		return "27.3.1.4: RFLAGS.VM in IA-32e or real mode";
	if ((g->ev_info & (HS_EV_VALID | HS_EV_TYPE)) == (HS_EV_VALID | HS_EVT_INTR) &&
	    !(g->rflags & HS_FL_IF))
		return "27.3.1.4: an external interrupt is injected and RFLAGS.IF is 0";
	return NULL;
}

static const char *check_activity(const struct hs_gstate *g)
{
	u32 type = g->ev_info & HS_EV_TYPE, vec = g->ev_info & HS_EV_VECTOR;

	if (g->activity > ACTIVITY_SIPI)
		return "27.3.1.5: activity state is undefined";
	if (g->activity == ACTIVITY_HLT && ((g->seg[HS_GS_SS].ar >> 5) & 3))
		return "27.3.1.5: HLT with an SS.DPL other than 0";
	if (g->activity && (g->intr & (HS_INTR_STI | HS_INTR_MOVSS)))
		return "27.3.1.5: not active, but blocking by STI or MOV SS";
	if (!(g->ev_info & HS_EV_VALID))
		return NULL;
	if (g->activity == ACTIVITY_HLT && type != HS_EVT_INTR && type != HS_EVT_NMI &&
	    !(type == HS_EVT_HWEXC && (vec == 1 || vec == 18)))
		return "27.3.1.5: the injected event is not possible in HLT";
	if (g->activity == ACTIVITY_SHUTDOWN && type != HS_EVT_NMI &&
	    !(type == HS_EVT_HWEXC && vec == 18))
		return "27.3.1.5: the injected event is not possible in shutdown";
	if (g->activity == ACTIVITY_SIPI)
		return "27.3.1.5: an event is injected while waiting for a SIPI";
	return NULL;
}

/* 27.3.1.5: activity, interruptibility, pending debug exceptions, link. */
static const char *check_nonregister(const struct hs_gstate *g, const struct hs_audit_env *env)
{
	const char *why = check_activity(g);
	u32 type = g->ev_info & HS_EV_TYPE;
	bool valid = g->ev_info & HS_EV_VALID, step;

	if (why)
		return why;
	if (g->intr & ~0x1fU)
		return "27.3.1.5: interruptibility has reserved bits";
	if ((g->intr & HS_INTR_STI) && (g->intr & HS_INTR_MOVSS))
		return "27.3.1.5: blocking by both STI and MOV SS";
	if ((g->intr & HS_INTR_STI) && !(g->rflags & HS_FL_IF))
		return "27.3.1.5: blocking by STI and RFLAGS.IF is 0";
	if (valid && type == HS_EVT_INTR && (g->intr & (HS_INTR_STI | HS_INTR_MOVSS)))
		return "27.3.1.5: an interrupt is injected under STI or MOV-SS blocking";
	if (valid && type == HS_EVT_NMI && (g->intr & HS_INTR_MOVSS))
		return "27.3.1.5: an NMI is injected under MOV-SS blocking";
	if (valid && type == HS_EVT_NMI && env->vnmi && (g->intr & HS_INTR_NMI))
		return "27.3.1.5: an NMI is injected while NMIs are blocked";
	if (g->intr & HS_INTR_SMI)
		return "27.3.1.5: blocking by SMI outside SMM";
	if (g->pending_dbg & PENDING_RESERVED)
		return "27.3.1.5: pending debug exceptions have reserved bits";
	if ((g->intr & (HS_INTR_STI | HS_INTR_MOVSS)) || g->activity == ACTIVITY_HLT) {
		step = (g->rflags & HS_FL_TF) && !(g->debugctl & BIT_ULL(1));
		if (step != !!(g->pending_dbg & PENDING_BS))
			return "27.3.1.5: pending single step does not fit RFLAGS.TF";
	}
	if (g->link != ~0ULL)
		return "27.3.1.5: VMCS link pointer is not all ones";
	return NULL;
}

/* 27.3.1.6: PAE paging. */
static const char *check_pdptes(const struct hs_gstate *g, const struct hs_audit_env *env)
{
	u64 reserved = hs_pdpte_reserved(env->maxphyaddr);
	int i;

	if (!(g->cr0 & HS_CR0_PG) || !(g->cr4 & HS_CR4_PAE) ||
	    (g->entry_ctls & HS_ENTRY_IA32E))
		return NULL;
	for (i = 0; i < 4; i++)
		if ((g->pdpte[i] & 1) && (g->pdpte[i] & reserved))
			return "27.3.1.6: a PDPTE has reserved bits";
	return NULL;
}

/**
 * hs_audit - find the check that failed
 * @g: guest state and entry controls
 * @env: the processor
 *
 * Return: a sentence that begins with the SDM section, or NULL when all checks
 * pass.
 */
const char *hs_audit(const struct hs_gstate *g, const struct hs_audit_env *env)
{
	const char *why = check_registers(g, env);

	if (!why)
		why = check_segments(g, env);
	if (!why)
		why = check_tables_rip(g);
	if (!why)
		why = check_nonregister(g, env);
	if (!why)
		why = check_pdptes(g, env);
	return why;
}

/**
 * hs_insn_error_name - text of a VM-instruction error
 * @err: number from the VMCS
 *
 * Return: a constant string.
 */
const char *hs_insn_error_name(u32 err)
{
	switch (err) {
	case 0: return "no error recorded";
	case 4: return "VMLAUNCH with a launched VMCS";
	case 5: return "VMRESUME with a VMCS that was not launched";
	case 6: return "VMRESUME after VMXOFF";
	case 7: return "invalid control field";
	case 8: return "invalid host-state field";
	case 11: return "VMPTRLD with a wrong revision identifier";
	case 12: return "VMREAD or VMWRITE of an unsupported field";
	case 13: return "VMWRITE of a read-only field";
	case 26: return "entry under MOV-SS blocking";
	case 28: return "invalid operand of INVEPT or INVVPID";
	default: return "other error";
	}
}
