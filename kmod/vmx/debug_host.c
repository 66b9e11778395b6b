// SPDX-License-Identifier: GPL-2.0
/*
 * Software checks of the host's state (HS_DEBUG=1).
 *
 * Without these items the host would end at the first exit or system call, or
 * nothing would show for a long time, so a test beside the guest cannot look at
 * them.  They are compared with what the processor itself holds: the host-state
 * area before each entry, the registers of a slice at its end.  What differs is
 * reported and put right.
 */
#ifdef HS_DEBUG

#include <linux/percpu.h>
#include <linux/sched.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include "compat/compat.h"
#include "compat/msr.h"
#include "vmx/debug.h"
#include "vmx/priv.h"

/* ---- the host-state area, before each entry ------------------------------------ */

static unsigned long tss_base(const struct desc_ptr *gdt)
{
	const struct ldttss_desc *d;
	unsigned long tr;

	asm volatile("str %0" : "=r" (tr));
	d = (const void *)(gdt->address + tr);
	return d->base0 | (u64)d->base1 << 16 | (u64)d->base2 << 24 | (u64)d->base3 << 32;
}

#define CHECK(width, field, is) do {						\
	u64 want_ = (is), got_ = hs_vmread##width(field);			\
										\
	if (got_ != want_) {							\
		hs_dbg_complain(#field " is %#llx, the processor has %#llx", got_, want_); \
		hs_vmwrite##width(field, want_);				\
	}									\
} while (0)

/**
 * hs_dbg_host_entry - does the host-state area hold what the processor holds
 * @v: about to be entered; interrupts off
 */
void hs_dbg_host_entry(struct hs_vmx *v)
{
	u32 exit = hs_vmread32(VM_EXIT_CONTROLS);
	struct desc_ptr gdt, idt;

	native_store_gdt(&gdt);
	store_idt(&idt);
	CHECK(l, HOST_CR0, read_cr0() & ~HS_CR0_TS);
	CHECK(l, HOST_CR3, __read_cr3());
	CHECK(l, HOST_CR4, native_read_cr4());
	CHECK(l, HOST_GDTR_BASE, gdt.address);
	CHECK(l, HOST_IDTR_BASE, idt.address);
	CHECK(l, HOST_TR_BASE, tss_base(&gdt));
	CHECK(l, HOST_FS_BASE, hs_rdmsr(MSR_FS_BASE));
	CHECK(l, HOST_GS_BASE, hs_rdmsr(MSR_GS_BASE));
	CHECK(64, HOST_IA32_EFER, hs_rdmsr(MSR_EFER));
	if (!(exit & HS_EXIT_LOAD_EFER)) {
		hs_dbg_complain("exits do not load EFER");
		hs_vmwrite32(VM_EXIT_CONTROLS, exit | HS_EXIT_LOAD_EFER);
	}
}

/* ---- a slice -------------------------------------------------------------------- */

static const struct {
	u32 msr;
	const char *name;
} kept[] = {
	{ MSR_STAR, "STAR" },
	{ MSR_LSTAR, "LSTAR" },
	{ MSR_SYSCALL_MASK, "FMASK" },
	{ MSR_KERNEL_GS_BASE, "KERNEL_GS_BASE" },
};

struct host_copy {
	u64 msr[ARRAY_SIZE(kept)];
	u64 xcr0, xss;
	unsigned long dr6;
	u32 pkru;
};

static DEFINE_PER_CPU(struct host_copy, host_copy);

static bool has_pkru(void)
{
	return cpu_feature_enabled(X86_FEATURE_OSPKE);
}

/**
 * hs_dbg_host_begin - note what the slice's end must bring back
 * @v: before any register was switched; preemption off
 */
void hs_dbg_host_begin(struct hs_vmx *v)
{
	struct host_copy *c = this_cpu_ptr(&host_copy);
	unsigned long switches = current->nvcsw + current->nivcsw;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kept); i++)
		c->msr[i] = hs_rdmsr(kept[i].msr);
	c->xcr0 = hs_xgetbv(0);
	c->xss = hs_caps.has_xss ? hs_rdmsr(MSR_IA32_XSS) : 0;
	c->pkru = has_pkru() ? hs_rdpkru() : 0;
	get_debugreg(c->dr6, 6);

	if (v->ibpb_owed && switches != v->dbg_switches)
		hs_dbg_complain("CPU %d was given away without a branch barrier", v->run_cpu);
	v->dbg_switches = switches;
	v->e.forget_spec = hs_mutating(HS_FORGET_SPEC_CTRL);
}

static bool lost(const char *name, u64 is, u64 was)
{
	if (is != was)
		hs_dbg_complain("%s of the host was %#llx, a slice left %#llx", name, was, is);
	return is != was;
}

/**
 * hs_dbg_host_end - is the processor again as hs_dbg_host_begin() found it
 *
 * After all registers were switched back; preemption off since the begin.
 */
void hs_dbg_host_end(void)
{
	const struct host_copy *c = this_cpu_ptr(&host_copy);
	unsigned long dr6;
	unsigned int i;

	get_debugreg(dr6, 6);
	if (lost("DR6", dr6, c->dr6))
		set_debugreg(c->dr6, 6);
	if (lost("XCR0", hs_xgetbv(0), c->xcr0))
		hs_xsetbv(0, c->xcr0);
	if (hs_caps.has_xss && lost("XSS", hs_rdmsr(MSR_IA32_XSS), c->xss))
		hs_wrmsr(MSR_IA32_XSS, c->xss);
	if (has_pkru() && lost("PKRU", hs_rdpkru(), c->pkru))
		hs_wrpkru(c->pkru);
	for (i = 0; i < ARRAY_SIZE(kept); i++)
		if (lost(kept[i].name, hs_rdmsr(kept[i].msr), c->msr[i]))
			hs_wrmsr(kept[i].msr, c->msr[i]);
}

#endif /* HS_DEBUG */
