// SPDX-License-Identifier: GPL-2.0
/*
 * Control registers and EFER: writes do what the processor does.
 *
 * The guest owns the bits that change nothing but its own execution, and reads
 * the others from the shadows, so only writes to the others exit.  CR3 never
 * does.  Emulated writes check like the CPU, load the PDPTEs of PAE paging, and
 * keep EFER.LMA and the IA-32e entry control in step (SDM vol. 3, 2.5, 4.1.2,
 * 4.4.1, 10.8.5).
 */
#include <linux/smp.h>
#include "vmx/debug.h"
#include "vmx/priv.h"

/* Exit qualification for control-register accesses, SDM vol. 3, table 28-3. */
#define CR_NUM(q)	((q) & 0xf)
#define CR_TYPE(q)	(((q) >> 4) & 3)
#define CR_REG(q)	(((q) >> 8) & 0xf)
#define CR_LMSW(q)	(((q) >> 16) & 0xffff)
enum { CR_TO, CR_FROM, CR_CLTS, CR_LMSW };

enum result { DONE, RAISE_GP, NEED_PDPTES };

static bool code_64(struct hs_vmx *v)
{
	return (hs_vmread64(GUEST_IA32_EFER) & HS_EFER_LMA) &&
	       (hs_vmread32(GUEST_CS_AR_BYTES) & HS_AR_L);
}

static u64 read_gpr(struct hs_vmx *v, unsigned int reg)
{
	u64 val = reg == RSP ? hs_vmreadl(GUEST_RSP) : v->e.gpr[reg];

	return code_64(v) ? val : (u32)val;
}

/*
 * All translations of this vCPU.  Elsewhere they go when it moves there.  A slow
 * write may happen on another CPU than the last slice, and the next slice on
 * that one again: it must not take this for staying.
 */
static void flush(struct hs_vmx *v)
{
	hs_dbg_vpid_stale(v->vpid);
	if (v->last_cpu != smp_processor_id()) {
		v->last_cpu = -1;
		return;
	}
	hs_op_invvpid(HS_INV_SINGLE, v->vpid);
	hs_dbg_vpid_flushed(v->vpid, v->serial);
	hs_stat(v, INVVPID);
}

static void set_lma(struct hs_vmx *v, bool on)
{
	u64 efer = hs_vmread64(GUEST_IA32_EFER);
	u32 ctl = hs_vmread32(VM_ENTRY_CONTROLS);

	if (on) {
		u32 tr = hs_vmread32(GUEST_TR_AR_BYTES);

		efer |= HS_EFER_LMA;
		ctl |= HS_ENTRY_IA32E;
		/* Entry wants a 64-bit TSS; a guest may load TR only later. */
		if ((tr & HS_AR_TYPE) != 11)
			hs_vmwrite32(GUEST_TR_AR_BYTES, (tr & ~HS_AR_TYPE) | 11);
	} else {
		efer &= ~HS_EFER_LMA;
		ctl &= ~HS_ENTRY_IA32E;
	}
	hs_vmwrite64(GUEST_IA32_EFER, efer);
	hs_vmwrite32(VM_ENTRY_CONTROLS, ctl);
}

static enum result put_pdptes(struct hs_vmx *v, const u64 *pdpte)
{
	u64 reserved = hs_pdpte_reserved(v->vm->cpuid.maxphyaddr);
	int i;

	if (!pdpte)
		return NEED_PDPTES;
	for (i = 0; i < 4; i++)
		if ((pdpte[i] & 1) && (pdpte[i] & reserved))
			return RAISE_GP;
	hs_vmwrite64(GUEST_PDPTR0, pdpte[0]);
	hs_vmwrite64(GUEST_PDPTR1, pdpte[1]);
	hs_vmwrite64(GUEST_PDPTR2, pdpte[2]);
	hs_vmwrite64(GUEST_PDPTR3, pdpte[3]);
	return DONE;
}

static enum result set_cr0(struct hs_vmx *v, u64 val, const u64 *pdpte)
{
	u64 old = hs_guest_cr0(v), cr4 = hs_guest_cr4(v), efer = hs_vmread64(GUEST_IA32_EFER);
	u64 changed;
	enum result r;

	if (val >> 32)
		return RAISE_GP;
	val = (val & HS_CR0_DEFINED) | HS_CR0_ET;
	if ((val & HS_CR0_PG) && !(val & HS_CR0_PE))
		return RAISE_GP;
	if ((val & HS_CR0_NW) && !(val & HS_CR0_CD))
		return RAISE_GP;
	changed = old ^ val;
	if (changed & HS_CR0_PG) {
		bool cs_l = hs_vmread32(GUEST_CS_AR_BYTES) & HS_AR_L;

		if (val & HS_CR0_PG) {
			if ((efer & HS_EFER_LME) && (!(cr4 & HS_CR4_PAE) || cs_l))
				return RAISE_GP;
		} else if ((cr4 & HS_CR4_PCIDE) || ((efer & HS_EFER_LMA) && cs_l)) {
			return RAISE_GP;
		}
	}
	if ((val & HS_CR0_PG) && (cr4 & HS_CR4_PAE) && !(efer & HS_EFER_LME) &&
	    (changed & (HS_CR0_PG | HS_CR0_CD | HS_CR0_NW))) {
		r = put_pdptes(v, pdpte);
		if (r != DONE)
			return r;
	}
	if ((changed & HS_CR0_PG) && (efer & HS_EFER_LME))
		set_lma(v, val & HS_CR0_PG);
	hs_vmwritel(GUEST_CR0, hs_cr0_effective(val, &v->fix));
	hs_vmwritel(CR0_READ_SHADOW, val);
	v->cr0 = val;
	if (changed & (HS_CR0_PG | HS_CR0_PE | HS_CR0_WP))
		flush(v);
	return DONE;
}

static enum result set_cr4(struct hs_vmx *v, u64 val, const u64 *pdpte)
{
	u64 old = hs_guest_cr4(v), cr0 = hs_guest_cr0(v), efer = hs_vmread64(GUEST_IA32_EFER);
	u64 changed = old ^ val;
	enum result r;

	if (val & ~v->vm->cpuid.cr4_valid)
		return RAISE_GP;
	if ((efer & HS_EFER_LMA) && !(val & HS_CR4_PAE))
		return RAISE_GP;
	if ((changed & val & HS_CR4_PCIDE) &&
	    (!(efer & HS_EFER_LMA) || (hs_vmreadl(GUEST_CR3) & 0xfff)))
		return RAISE_GP;
	if ((cr0 & HS_CR0_PG) && (val & HS_CR4_PAE) && !(efer & HS_EFER_LMA) &&
	    (changed & (HS_CR4_PAE | HS_CR4_PGE | HS_CR4_PSE | HS_CR4_SMEP))) {
		r = put_pdptes(v, pdpte);
		if (r != DONE)
			return r;
	}
	hs_vmwritel(GUEST_CR4, hs_cr4_effective(val, &v->fix));
	hs_vmwritel(CR4_READ_SHADOW, val);
	v->cr4 = val;
	v->dyn.cr4 = val;
	if (changed & (HS_CR4_PAE | HS_CR4_PGE | HS_CR4_PSE | HS_CR4_PCIDE |
		       HS_CR4_SMEP | HS_CR4_SMAP | HS_CR4_PKE))
		flush(v);
	return DONE;
}

/* LMSW sets PE, MP, EM, TS; it cannot clear PE. */
static enum result lmsw(struct hs_vmx *v, u64 src, const u64 *pdpte)
{
	u64 old = hs_guest_cr0(v);

	return set_cr0(v, (old & ~0xeULL) | (src & 0xf), pdpte);
}

static enum result set_cr8(struct hs_vmx *v, u64 val)
{
	if (val & ~0xfULL)
		return RAISE_GP;
	hs_lapic_cr8_write(v->apic, val);
	return DONE;
}

static void mov_from(struct hs_vmx *v, unsigned int reg, u64 val)
{
	if (reg == RSP)
		hs_vmwritel(GUEST_RSP, val);
	else
		v->e.gpr[reg] = val;
}

static enum hs_next access(struct hs_vmx *v, const u64 *pdpte)
{
	u64 qual = hs_x_qual(v);
	unsigned int reg = CR_REG(qual);
	enum result r = RAISE_GP;

	switch (CR_TYPE(qual)) {
	case CR_TO:
		switch (CR_NUM(qual)) {
		case 0:
			r = set_cr0(v, read_gpr(v, reg), pdpte);
			break;
		case 4:
			r = set_cr4(v, read_gpr(v, reg), pdpte);
			break;
		case 8:
			r = set_cr8(v, read_gpr(v, reg));
			break;
		default:
			goto strange;
		}
		break;
	case CR_FROM:
		if (CR_NUM(qual) != 8)
			goto strange;
		mov_from(v, reg, hs_lapic_cr8_read(v->apic));
		r = DONE;
		break;
	case CR_CLTS:
		r = set_cr0(v, hs_guest_cr0(v) & ~HS_CR0_TS, pdpte);
		break;
	case CR_LMSW:
		r = lmsw(v, CR_LMSW(qual), pdpte);
		break;
	}
	if (r == NEED_PDPTES)
		return HS_SLOW;
	if (r == RAISE_GP)
		hs_vmx_inject_gp(v);
	else
		hs_vmx_skip(v);
	return HS_RESUME;
strange:
	return hs_vmx_fail(v, "please report this",
			   "unexpected control-register access, qualification %#llx", qual);
}

/**
 * hs_exit_cr - MOV to and from CR, CLTS, LMSW
 * @v: in a slice
 *
 * Return: HS_RESUME; HS_SLOW when PDPTEs have to be read first; HS_FAIL.
 */
enum hs_next hs_exit_cr(struct hs_vmx *v)
{
	hs_stat(v, EXITS_CR);
	return access(v, NULL);
}

/**
 * hs_exit_cr_slow - a write that loads the PDPTEs
 * @v: not in a slice
 *
 * Return: HS_RESUME or HS_FAIL.
 */
enum hs_next hs_exit_cr_slow(struct hs_vmx *v)
{
	enum hs_next next;
	int err, moved;
	u64 pdpte[4], cr3;

	if (hs_vmx_open(v))
		return HS_RESUME;	/* VMX is off: the exit happens again */
	cr3 = hs_vmreadl(GUEST_CR3);
	hs_vmx_close(v);

	err = hs_gmem_read(v->gmem, cr3 & 0xffffffe0, pdpte, sizeof(pdpte));
	if (err == -EINTR)
		return HS_RESUME;
	if (err)
		return hs_vmx_fail(v, "the guest keeps its page tables outside its memory",
				   "page-directory pointers at %#llx cannot be read (%d)",
				   cr3 & 0xffffffe0, err);
	moved = hs_dbg_move_away();
	next = HS_RESUME;
	if (!hs_vmx_open(v)) {
		next = access(v, pdpte);
		hs_vmx_close(v);
	}
	hs_dbg_move_back(moved);
	return next;
}

/**
 * hs_efer_write - WRMSR to IA32_EFER
 * @v: in a slice
 * @val: new value
 *
 * Return: 0, or -EINVAL for #GP.
 */
int hs_efer_write(struct hs_vmx *v, u64 val)
{
	u64 old = hs_vmread64(GUEST_IA32_EFER);

	if (val & ~v->vm->cpuid.efer_valid)
		return -EINVAL;
	if (((old ^ val) & HS_EFER_LME) && (v->cr0 & HS_CR0_PG))
		return -EINVAL;
	/* LMA is the processor's. */
	val = (val & ~HS_EFER_LMA) | (old & HS_EFER_LMA);
	hs_vmwrite64(GUEST_IA32_EFER, val);
	if ((old ^ val) & HS_EFER_NXE)
		flush(v);
	return 0;
}
