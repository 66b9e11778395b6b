// SPDX-License-Identifier: GPL-2.0
/* Power-on, INIT, SIPI and boot-loader states of a guest CPU. */
#include "boot_state.h"
#include "vmx/gstate.h"

#define AR_DATA16	0x93U	/* present, read/write, accessed */
#define AR_CODE16	0x9bU	/* present, execute/read, accessed */
#define AR_LDT		0x82U
#define AR_TSS_BUSY	0x8bU
#define PAT_RESET	0x0007040600070406ULL

static void set_seg(struct hs_gseg *s, u16 sel, u64 base, u32 limit, u32 ar)
{
	s->sel = sel;
	s->base = base;
	s->limit = limit;
	s->ar = ar;
}

static void set_cr0(struct hs_gstate *g, const struct hs_gfix *x, u64 cr0)
{
	g->cr0_shadow = cr0;
	g->cr0 = hs_cr0_effective(cr0, x);
}

static void set_cr4(struct hs_gstate *g, const struct hs_gfix *x, u64 cr4)
{
	g->cr4_shadow = cr4;
	g->cr4 = hs_cr4_effective(cr4, x);
}

/**
 * hs_gstate_reset - power-on or INIT state (SDM vol. 3, table 9-1)
 * @g: state; only read where INIT keeps something
 * @x: fixed bits
 * @init: INIT, which keeps CR0.CD and NW and the PAT
 * @cpuid_1_eax: what EDX holds after reset
 */
void hs_gstate_reset(struct hs_gstate *g, const struct hs_gfix *x, bool init,
		     u32 cpuid_1_eax)
{
	u64 cache = init ? g->cr0_shadow & (HS_CR0_CD | HS_CR0_NW) :
			   HS_CR0_CD | HS_CR0_NW;
	u64 pat = init ? g->pat : PAT_RESET;
	int i;

	memset(g, 0, sizeof(*g));
	g->gpr[2] = cpuid_1_eax;
	g->rip = 0xfff0;
	g->rflags = HS_FL_FIXED;
	set_cr0(g, x, HS_CR0_ET | cache);
	set_cr4(g, x, 0);
	g->pat = pat;
	g->dr7 = HS_DR7_INIT;
	for (i = 0; i <= HS_GS_GS; i++)
		set_seg(&g->seg[i], 0, 0, 0xffff, AR_DATA16);
	set_seg(&g->seg[HS_GS_CS], 0xf000, 0xffff0000, 0xffff, AR_CODE16);
	set_seg(&g->seg[HS_GS_LDTR], 0, 0, 0xffff, AR_LDT);
	set_seg(&g->seg[HS_GS_TR], 0, 0, 0xffff, AR_TSS_BUSY);
	g->gdt_limit = 0xffff;
	g->idt_limit = 0xffff;
	g->link = ~0ULL;
	g->entry_ctls = x->entry_ctls;
}

/**
 * hs_gstate_sipi - what a start-up IPI does to a CPU that waits for it
 * @g: state after INIT
 * @vector: page number of the first instruction
 */
void hs_gstate_sipi(struct hs_gstate *g, u8 vector)
{
	set_seg(&g->seg[HS_GS_CS], vector << 8, (u64)vector << 12, 0xffff, AR_CODE16);
	g->rip = 0;
}

/**
 * hs_gstate_boot - the state a loader asks for
 * @g: after hs_gstate_reset()
 * @x: fixed bits
 * @s: from the loader
 */
void hs_gstate_boot(struct hs_gstate *g, const struct hs_gfix *x,
		    const struct hs_boot_state *s)
{
	int i;

	memset(g->gpr, 0, sizeof(g->gpr));
	g->gpr[0] = s->rax;
	g->gpr[3] = s->rbx;
	g->gpr[4] = s->rsp;
	g->gpr[6] = s->rsi;
	g->rip = s->rip;
	g->rflags = s->rflags;
	set_cr0(g, x, s->cr0);
	set_cr4(g, x, s->cr4);
	g->cr3 = s->cr3;
	g->efer = s->efer;
	if (g->efer & HS_EFER_LMA)
		g->entry_ctls |= 1U << 9;
	else
		g->entry_ctls &= ~(1U << 9);
	for (i = 0; i <= HS_GS_GS; i++)
		set_seg(&g->seg[i], s->ds.sel, 0, s->ds.limit, s->ds.ar);
	set_seg(&g->seg[HS_GS_CS], s->cs.sel, 0, s->cs.limit, s->cs.ar);
	set_seg(&g->seg[HS_GS_LDTR], 0, 0, 0, HS_AR_UNUSABLE);
	set_seg(&g->seg[HS_GS_TR], s->tr.sel, s->tr_base, s->tr.limit, s->tr.ar);
	g->gdt_base = s->gdt_base;
	g->gdt_limit = s->gdt_limit;
	g->idt_base = 0;
	g->idt_limit = 0;
}
