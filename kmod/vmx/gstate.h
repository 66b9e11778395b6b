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
#include "vmx/x86.h"

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

/* What the guest reads: its own bits as they are, the others from the shadow. */
static inline u64 hs_cr_seen(u64 real, u64 shadow, u64 host_mask)
{
	return (real & ~host_mask) | (shadow & host_mask);
}

static inline u64 hs_gs_cr0(const struct hs_gstate *g, const struct hs_gfix *x)
{
	return hs_cr_seen(g->cr0, g->cr0_shadow, x->cr0_host);
}

static inline u64 hs_gs_cr4(const struct hs_gstate *g, const struct hs_gfix *x)
{
	return hs_cr_seen(g->cr4, g->cr4_shadow, x->cr4_host);
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
