/* SPDX-License-Identifier: GPL-2.0 */
/* Between run.c and entry.S: layout of what the assembly reads and writes. */
#ifndef HS_VMX_ENTRY_H
#define HS_VMX_ENTRY_H

/* Offsets in struct hs_entry, checked against the compiler in run.c. */
#define HS_ENTRY_GPR(n)		((n) * 8)
#define HS_ENTRY_HOST_RSP	128
#define HS_ENTRY_SPEC_CTRL	136
#define HS_ENTRY_LAUNCHED	140
#define HS_ENTRY_SAVE_SPEC	141
#define HS_ENTRY_FORGET_SPEC	142	/* debug builds */

/* What hs_vmx_enter() returns. */
#define HS_ENTERED		0	/* the guest ran, or entry failed late */
#define HS_ENTER_VMFAIL		1	/* VMfail: see the instruction error */
#define HS_ENTER_FAULT		2	/* #UD: VMX is off */

#ifndef __ASSEMBLY__

#include <linux/types.h>

/**
 * struct hs_entry - what VM entry needs at hand
 * @gpr: guest registers RAX RCX RDX RBX (RSP unused) RBP RSI RDI R8..R15
 * @host_rsp: HOST_RSP as written last, 0 after VMCS change
 * @spec_ctrl: the guest's IA32_SPEC_CTRL
 * @launched: VMRESUME instead of VMLAUNCH
 * @save_spec: the guest writes IA32_SPEC_CTRL without exit: read it back
 * @forget_spec: leave the guest's value in the processor, see debug.h
 */
struct hs_entry {
	u64 gpr[16];
	u64 host_rsp;
	u32 spec_ctrl;
	u8 launched;
	u8 save_spec;
#ifdef HS_DEBUG
	u8 forget_spec;
#endif
};

/*
 * Enters the guest and returns after the exit, with interrupts off and host
 * SPEC_CTRL in force.  In 'noinstr' text: no tracing between entry and exit.
 */
unsigned int hs_vmx_enter(struct hs_entry *e);

/* HOST_RIP. */
extern char hs_vmx_exited[];

#endif /* __ASSEMBLY__ */

#endif /* HS_VMX_ENTRY_H */
