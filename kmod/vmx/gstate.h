/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of one guest CPU as the VMCS keeps it, in ordinary memory.
 *
 * It is what a reset or a boot loader produces, what is written to a fresh
 * VMCS, what is read back when a vCPU is looked at while VMX is not held, and
 * what the audit judges after a failed entry.  Pure.
 */
#ifndef HS_VMX_GSTATE_H
#define HS_VMX_GSTATE_H

#include "pure.h"

/* CR0, CR4, EFER, RFLAGS bits, SDM vol. 3, 2.5 and 2.2.1; vol. 1, 3.4.3. */
#define HS_CR0_PE	BIT_ULL(0)
#define HS_CR0_MP	BIT_ULL(1)
#define HS_CR0_EM	BIT_ULL(2)
#define HS_CR0_TS	BIT_ULL(3)
#define HS_CR0_ET	BIT_ULL(4)
#define HS_CR0_NE	BIT_ULL(5)
#define HS_CR0_WP	BIT_ULL(16)
#define HS_CR0_AM	BIT_ULL(18)
#define HS_CR0_NW	BIT_ULL(29)
#define HS_CR0_CD	BIT_ULL(30)
#define HS_CR0_PG	BIT_ULL(31)
#define HS_CR0_DEFINED	(HS_CR0_PE | HS_CR0_MP | HS_CR0_EM | HS_CR0_TS |	\
			 HS_CR0_ET | HS_CR0_NE | HS_CR0_WP | HS_CR0_AM |	\
			 HS_CR0_NW | HS_CR0_CD | HS_CR0_PG)

#define HS_CR4_VME	BIT_ULL(0)
#define HS_CR4_PVI	BIT_ULL(1)
#define HS_CR4_TSD	BIT_ULL(2)
#define HS_CR4_DE	BIT_ULL(3)
#define HS_CR4_PSE	BIT_ULL(4)
#define HS_CR4_PAE	BIT_ULL(5)
#define HS_CR4_MCE	BIT_ULL(6)
#define HS_CR4_PGE	BIT_ULL(7)
#define HS_CR4_PCE	BIT_ULL(8)
#define HS_CR4_OSFXSR	BIT_ULL(9)
#define HS_CR4_OSXMMEXCPT BIT_ULL(10)
#define HS_CR4_UMIP	BIT_ULL(11)
#define HS_CR4_LA57	BIT_ULL(12)
#define HS_CR4_VMXE	BIT_ULL(13)
#define HS_CR4_SMXE	BIT_ULL(14)
#define HS_CR4_FSGSBASE	BIT_ULL(16)
#define HS_CR4_PCIDE	BIT_ULL(17)
#define HS_CR4_OSXSAVE	BIT_ULL(18)
#define HS_CR4_SMEP	BIT_ULL(20)
#define HS_CR4_SMAP	BIT_ULL(21)
#define HS_CR4_PKE	BIT_ULL(22)
#define HS_CR4_CET	BIT_ULL(23)

#define HS_EFER_SCE	BIT_ULL(0)
#define HS_EFER_LME	BIT_ULL(8)
#define HS_EFER_LMA	BIT_ULL(10)
#define HS_EFER_NXE	BIT_ULL(11)

#define HS_FL_FIXED	BIT_ULL(1)
#define HS_FL_TF	BIT_ULL(8)
#define HS_FL_IF	BIT_ULL(9)
#define HS_FL_RF	BIT_ULL(16)
#define HS_FL_VM	BIT_ULL(17)
#define HS_FL_AC	BIT_ULL(18)

#define HS_DR6_INIT	0xffff0ff0ULL
#define HS_DR7_INIT	0x400ULL
#define HS_DR7_GD	BIT_ULL(13)
#define HS_DR7_ENABLES	0xffULL

/* Interruptibility, SDM vol. 3, 25.4.2. */
#define HS_INTR_STI	BIT(0)
#define HS_INTR_MOVSS	BIT(1)
#define HS_INTR_SMI	BIT(2)
#define HS_INTR_NMI	BIT(3)

/* Interruption information, SDM vol. 3, 25.8.3. */
#define HS_EV_VECTOR	0xffU
#define HS_EV_TYPE	0x700U
#define HS_EV_ERRCODE	BIT(11)
#define HS_EV_UNBLOCK_NMI BIT(12)	/* exit information only */
#define HS_EV_VALID	BIT(31)
#define HS_EVT_INTR	(0U << 8)
#define HS_EVT_NMI	(2U << 8)
#define HS_EVT_HWEXC	(3U << 8)
#define HS_EVT_SWINT	(4U << 8)
#define HS_EVT_PRIVSW	(5U << 8)
#define HS_EVT_SWEXC	(6U << 8)

/* Segments, in the order of the VMCS fields. */
enum hs_gseg_id {
	HS_GS_ES, HS_GS_CS, HS_GS_SS, HS_GS_DS, HS_GS_FS, HS_GS_GS,
	HS_GS_LDTR, HS_GS_TR, HS_GS_NR
};

/* Access rights, SDM vol. 3, table 25-2. */
#define HS_AR_TYPE	0xfU
#define HS_AR_S		BIT(4)
#define HS_AR_DPL	(3U << 5)
#define HS_AR_P		BIT(7)
#define HS_AR_L		BIT(13)
#define HS_AR_DB	BIT(14)
#define HS_AR_G		BIT(15)
#define HS_AR_UNUSABLE	BIT(16)
#define HS_AR_RESERVED	0xfffe0f00U

struct hs_gseg {
	u64 base;
	u32 limit;
	u32 ar;
	u16 sel;
};

/**
 * struct hs_gstate - guest-state area and entry controls
 *
 * @cr0 and @cr4 are the values in force; what the guest sees of the bits that
 * it does not own is in the shadows.
 */
struct hs_gstate {
	u64 gpr[16];		/* RSP in gpr[4] */
	u64 rip, rflags;
	u64 cr0, cr3, cr4, cr0_shadow, cr4_shadow;
	u64 cr2;
	u64 efer, pat, debugctl, dr7;
	u64 sysenter_cs, sysenter_esp, sysenter_eip;
	struct hs_gseg seg[HS_GS_NR];
	u64 gdt_base, idt_base;
	u32 gdt_limit, idt_limit;
	u32 activity, intr;
	u64 pending_dbg;
	u64 link;
	u64 pdpte[4];
	u32 entry_ctls;
	u32 ev_info, ev_err, ev_len;
};

/**
 * struct hs_gfix - what VMX operation demands of CR0 and CR4
 * @cr0_set, @cr4_set: bits that are 1 whatever the guest says
 * @cr0_host, @cr4_host: bits that the guest does not own (guest/host masks)
 * @entry_ctls: entry controls, without IA-32e mode
 */
struct hs_gfix {
	u64 cr0_set, cr4_set;
	u64 cr0_host, cr4_host;
	u32 entry_ctls;
};

static inline u64 hs_gs_cr0(const struct hs_gstate *g, const struct hs_gfix *x)
{
	return (g->cr0 & ~x->cr0_host) | (g->cr0_shadow & x->cr0_host);
}

static inline u64 hs_gs_cr4(const struct hs_gstate *g, const struct hs_gfix *x)
{
	return (g->cr4 & ~x->cr4_host) | (g->cr4_shadow & x->cr4_host);
}

/* What is in force when the guest writes @val. */
static inline u64 hs_cr0_effective(u64 val, const struct hs_gfix *x)
{
	return (val & ~(HS_CR0_CD | HS_CR0_NW)) | x->cr0_set;
}

static inline u64 hs_cr4_effective(u64 val, const struct hs_gfix *x)
{
	return val | x->cr4_set;
}

struct hs_boot_state;

void hs_gstate_reset(struct hs_gstate *g, const struct hs_gfix *x, bool init,
		     u32 cpuid_1_eax);
void hs_gstate_sipi(struct hs_gstate *g, u8 vector);
void hs_gstate_boot(struct hs_gstate *g, const struct hs_gfix *x,
		    const struct hs_boot_state *s);

#endif /* HS_VMX_GSTATE_H */
