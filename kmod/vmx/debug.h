/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Software checks for what an emulator hides, in builds with HS_DEBUG=1.
 *
 * An emulator keeps VMCS data in memory and flushes its TLB at every entry, so
 * a missing VMCLEAR, INVVPID or kick goes unseen there (INVEPT: ept/debug.h).
 * These checks follow the rules in software, and each has a switch (module parameter
 * debug_mutate) that leaves one of those steps out, to prove that it fires
 * (module parameter debug_reports counts).
 *
 * Leaving VMX operation needs no such check: the machine itself does not come up
 * again, or its log complains.  The last two switches prove that, too.
 * The second kind of switch makes the module forget one item of the host's
 * state for as long as it is set.  What a host survives is left lost, for a
 * kselftest to find; what would end it at once is checked against the processor
 * here (debug_host.c), reported, and put right.
 */
#ifndef HS_VMX_DEBUG_H
#define HS_VMX_DEBUG_H

#include <linux/compiler_attributes.h>
#include <linux/types.h>

struct hs_vmcs;
struct hs_vmx;

/* What can be forgotten: identifier, name in debug_mutate. */
#define HS_FORGET_LIST(X)						\
	/* host-state area */						\
	X(CR3, "cr3") X(CR4, "cr4")					\
	X(GDT, "gdt") X(TR, "tr") X(GS, "gs") X(FS, "fs")		\
	X(SYSENTER, "sysenter") X(EFER, "efer") X(PAT, "pat")		\
	/* after each exit */						\
	X(SPEC_CTRL, "spec_ctrl") X(DR7, "dr7") X(LDT, "ldt")		\
	/* at the slice's end; MSRs in the order of enum hs_live_msr */	\
	X(FPU, "fpu") X(XCR0, "xcr0") X(XSS, "xss") X(PKRU, "pkru")	\
	X(STAR, "star") X(LSTAR, "lstar") X(CSTAR, "cstar")		\
	X(FMASK, "fmask") X(KERNEL_GS, "kernel_gs")			\
	X(TSC_AUX, "tsc_aux")						\
	X(DR, "dr") X(DR6, "dr6") X(GDT_LIMIT, "gdt_limit")		\
	X(TR_LIMIT, "tr_limit")						\
	X(IBPB, "ibpb")							\
	/* the guest's own */						\
	X(GUEST_XSTATE, "guest_xstate") X(GUEST_CR2, "guest_cr2")	\
	X(GUEST_DR, "guest_dr")

enum hs_mutation {
	HS_MUT_NONE,
	/* once */
	HS_MUT_SKIP_VMCLEAR,
	HS_MUT_SKIP_INVVPID,
	HS_MUT_SKIP_KICK,
	HS_MUT_SKIP_VMXOFF,
	HS_MUT_SKIP_EMERGENCY,
	HS_MUT_MOVE,		/* nothing is left out: see hs_dbg_move_away() */
	/* until another one is set */
#define HS_FORGET_ID(id, name)	HS_FORGET_##id,
	HS_FORGET_LIST(HS_FORGET_ID)
#undef HS_FORGET_ID
};

#ifdef HS_DEBUG

/* True once after @m was asked for: the caller leaves its step out. */
bool hs_mutated(enum hs_mutation m);
/* The same, true until another one is asked for.  NMI context, too. */
bool hs_mutating(enum hs_mutation m);

/* Counts and prints a violation; a warning too, unless a mutation was ever set. */
__printf(1, 2) void hs_dbg_complain(const char *fmt, ...);

/* debug_host.c: at a slice's begin, before each entry, at the slice's end. */
void hs_dbg_host_begin(struct hs_vmx *v);
void hs_dbg_host_entry(struct hs_vmx *v);
void hs_dbg_host_end(void);

void hs_dbg_vmcs_load(struct hs_vmcs *vmcs);
void hs_dbg_vmcs_cleared(struct hs_vmcs *vmcs);
void hs_dbg_vmxoff(void);
void hs_dbg_cpu_flushed(void);
void hs_dbg_vpid_flushed(u16 vpid, u64 owner);
void hs_dbg_vpid_stale(u16 vpid);
void hs_dbg_vpid_enter(u16 vpid, u64 owner);
/* Somebody kicks a vCPU that is in the guest; it has left the guest. */
void hs_dbg_kick(u64 *since);
void hs_dbg_left(u64 *since, u32 reason);
void hs_dbg_entering(u64 *since);
#define hs_dbg_kicked(v)	(&(v)->dbg_kicked)
/*
 * Once after HS_MUT_MOVE was asked for: the caller, a vCPU thread between slices,
 * goes on on another CPU, and comes back to @cpu, which is -1 if it did not move.
 */
int hs_dbg_move_away(void);
void hs_dbg_move_back(int cpu);
int hs_dbg_init(void);
void hs_dbg_exit(void);

#else

static inline bool hs_mutated(enum hs_mutation m) { return false; }
static inline bool hs_mutating(enum hs_mutation m) { return false; }
static inline void hs_dbg_host_begin(struct hs_vmx *v) { }
static inline void hs_dbg_host_entry(struct hs_vmx *v) { }
static inline void hs_dbg_host_end(void) { }
static inline void hs_dbg_vmcs_load(struct hs_vmcs *vmcs) { }
static inline void hs_dbg_vmcs_cleared(struct hs_vmcs *vmcs) { }
static inline void hs_dbg_vmxoff(void) { }
static inline void hs_dbg_cpu_flushed(void) { }
static inline void hs_dbg_vpid_flushed(u16 vpid, u64 owner) { }
static inline void hs_dbg_vpid_stale(u16 vpid) { }
static inline void hs_dbg_vpid_enter(u16 vpid, u64 owner) { }
static inline void hs_dbg_kick(u64 *since) { }
static inline void hs_dbg_left(u64 *since, u32 reason) { }
static inline void hs_dbg_entering(u64 *since) { }
#define hs_dbg_kicked(v)	NULL
static inline int hs_dbg_move_away(void) { return -1; }
static inline void hs_dbg_move_back(int cpu) { }
static inline int hs_dbg_init(void) { return 0; }
static inline void hs_dbg_exit(void) { }

#endif

#endif /* HS_VMX_DEBUG_H */
