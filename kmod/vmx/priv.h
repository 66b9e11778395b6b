/* SPDX-License-Identifier: GPL-2.0 */
/* One vCPU, as the files of kmod/vmx share it. */
#ifndef HS_VMX_PRIV_H
#define HS_VMX_PRIV_H

#include <linux/atomic.h>
#include <linux/preempt.h>
#include <linux/types.h>
#include "dev/board.h"
#include "ept/gmem.h"
#include "vmx/caps.h"
#include "vmx/cpuid.h"
#include "vmx/entry.h"
#include "vmx/event.h"
#include "vmx/exits.h"
#include "vmx/gstate.h"
#include "vmx/msr.h"
#include "vmx/pv.h"
#include "vmx/vmcs.h"
#include "vmx/vmx.h"
#include "vmx/vmxop.h"

/* General registers, in the order of their encoding. */
enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

/* What a handler makes of an exit. */
enum hs_next {
	HS_RESUME,	/* FAST: enter again at once; SLOW: next slice */
	HS_SLOW,	/* leave the slice and call the slow handler */
	HS_SPIN,	/* spins: another vCPU should run */
	HS_BLOCK,	/* halted: nothing to run for */
	HS_SHUTDOWN,	/* triple fault */
	HS_FAIL,	/* v->fail says why */
};

/* Exit information read so far (struct hs_exit.have). */
#define HS_X_QUAL	0x01
#define HS_X_RIP	0x02
#define HS_X_LEN	0x04
#define HS_X_GPA	0x08
#define HS_X_INTR	0x10
#define HS_X_RFLAGS	0x20

/**
 * struct hs_exit - the exit being handled
 *
 * Fields are read from the VMCS when they are asked for (hs_x_*()); a SLOW
 * handler finds those that its table row names.
 */
struct hs_exit {
	u32 reason;
	u32 have;
	u32 len;
	u32 intr;
	u8 cpl;				/* with a split lock */
	u64 qual, rip, gpa, rflags;
};

/* Guest MSRs that live in the processor during a slice. */
enum hs_live_msr {
	HS_LIVE_STAR, HS_LIVE_LSTAR, HS_LIVE_CSTAR, HS_LIVE_FMASK,
	HS_LIVE_KERNEL_GS, HS_LIVE_TSC_AUX, HS_LIVE_NR
};

/* A page of the guest that is pinned, and where in it a structure lies. */
struct hs_pv_pin {
	struct page *page;
	void *at;			/* NULL: not pinned */
};

/**
 * struct hs_pv - the paravirtual ABI, as one vCPU uses it
 * @clock, @wall, @steal_msr, @eoi_msr: the MSRs as written
 * @on: something to do before the guest runs: the clock or steal time is on
 * @clock_gen: vm->clock_gen that the guest's clock tells of
 * @clock_version: of the clock in guest memory; goes on for ever, like
 *	@steal_version and @steal_ns, so that nothing goes backwards when a guest
 *	switches them off and on
 * @tsc_moved: this vCPU is counted in vm->tsc_moved
 * @was_stopped: the VM was paused, and the guest has not been told
 * @delay: what the thread had waited for a CPU, all in all, when @steal_ns was
 *	brought up to date; @delay_known: it was once
 * @steal_due: the guest's copy is behind, or says that somebody else has the CPU
 * @eoi_armed: the guest may end its interrupt in memory
 */
struct hs_pv {
	u64 clock, wall, steal_msr, eoi_msr;
	bool on;
	int clock_gen;
	u32 clock_version, steal_version;
	bool tsc_moved, was_stopped;
	bool delay_known, steal_due;
	bool eoi_armed;
	u64 delay, steal_ns;
	struct hs_pv_pin steal, eoi;
};

/* Why a vCPU does not run guest code. */
enum hs_mp {
	HS_MP_RUN,
	HS_MP_HALTED,
	HS_MP_WAIT_SIPI,
};

/* Deferred work for the next time that the VMCS is current. */
#define HS_TODO_STATE	0x01	/* write all of v->gs */
#define HS_TODO_SKIP	0x02	/* skip the instruction */
#define HS_TODO_SETUP	0x04	/* write controls and host constants */
#define HS_TODO_TSC	0x08	/* write TSC_OFFSET */
#define HS_TODO_REGS	0x10	/* write RIP, RSP, RFLAGS of v->gs (mmio.c) */
#define HS_TODO_SPIN	0x40	/* write PLE_WINDOW */
#define HS_TODO_RETIRE	0x20	/* ... an instruction has ended there */

/*
 * Pause-loop exiting (SDM vol. 3, 26.1.3), in ticks of the TSC: PAUSEs that are
 * nearer than the gap to each other are one loop, which exits after the window.
 * A short window yields early to who holds the lock; but where nobody is there
 * to yield to, it costs exits for nothing, so it grows; to a part of a slice at
 * most, because each entry begins it anew.
 */
#define HS_SPIN_GAP		128
#define HS_SPIN_WINDOW		4096
#define HS_SPIN_WINDOW_MAX	clamp_t(u32, HS_SLICE_TICKS / 8, HS_SPIN_WINDOW,	\
					64 * HS_SPIN_WINDOW)

/* IA32_VMX_MISC: the preemption timer counts when this bit of the TSC changes. */
#define HS_TIMER_RATE	(hs_caps.facts.m.misc & 0x1f)

/* The longest slice: 1 ms. */
#define HS_SLICE_TICKS	((u64)tsc_khz)
/*
 * Ticks before a deadline of the guest at which it is left: about what lies between
 * an exit and the next entry, so that the interrupt comes on time.  Waited for with
 * interrupts off, so it is short.
 */
#define HS_TIMER_EARLY	512

/**
 * struct hs_vmx - one vCPU
 *
 * All but the fields marked otherwise belong to the vCPU thread.
 */
struct hs_vmx {
	struct hs_entry e;		/* first: entry.S */

	struct hs_vmx_vm *vm;
	struct hs_gmem *gmem;
	struct hs_board *board;
	struct hs_lapic *apic;
	unsigned int index;
	u16 vpid;
	u64 serial;			/* never used twice, unlike addresses */
	u64 eptp;

	/*
	 * Kicks, any context: in_guest is set by the thread with a full barrier
	 * before it looks at request and the local APIC; who posts does so with a
	 * full barrier before it looks at in_guest.
	 */
	bool in_guest;
	bool request;
	int run_cpu;			/* CPU that in_guest is about */
	atomic64_t kicks;		/* sent, by whomever */

	struct hs_vmcs vmcs;
	int last_cpu;			/* whose host state the VMCS holds */
	bool in_slice;
	bool vmread_bad;		/* a VMREAD failed: what was read is not to be used */
	u32 todo;

	struct hs_exit x;
	enum hs_mp mp;			/* written by the thread, read by anybody */
	bool halt_if;			/* HLT ends with an interrupt: RFLAGS.IF was set */
	bool halt_nmi;			/* HLT ends with an NMI: none was being handled */

#ifdef HS_DEBUG
	u64 dbg_kicked;			/* host TSC of a kick not yet obeyed */
	unsigned long dbg_switches;	/* context switches of the thread until the slice */
#endif

	/* events, see event.c */
	struct hs_event ev;		/* to be injected at the next entry */
	struct hs_event later;		/* interrupt whose delivery ev has interrupted */
	bool nmi_pending;
	bool triple;			/* an injected exception ended in shutdown */
	u32 proc;			/* primary controls as in the VMCS */
	u32 proc_base;			/* ... without the windows */

	/* host values as in the VMCS */
	u64 host_cr3, host_cr4, host_perf;

	/* guest registers that are not in the VMCS */
	u64 cr2;
	u64 live[HS_LIVE_NR];
	u64 xcr0;
	u64 dr[4], dr6;
	bool dr_live;			/* the processor holds dr[] and dr6; interrupts off */
	bool ibpb_owed;			/* the guest ran, others are not protected yet */
#ifdef CONFIG_PREEMPT_NOTIFIERS
	struct preempt_notifier notifier;
	struct task_struct *watched;	/* whose notifier it is */
#endif
	bool dr_keep;			/* DR7 enables something: load them for each entry */
	void *xsave;
	u32 xsave_size;
	u64 cr0, cr4;			/* as the guest sees the bits it does not own */
	struct hs_cpuid_dyn dyn;	/* what CPUID shows of this vCPU */
	u64 tsc_offset;
	u32 spin_window;		/* PLE_WINDOW */
	u32 timer_max;			/* preemption timer: the longest slice; 0 without */
	u32 timer_now;			/* ... as in the VMCS: less, for a deadline */
	struct hs_msrs msr;
	struct hs_pv pv;
	struct hs_gstate gs;		/* in force while HS_TODO_STATE, else a snapshot */
	struct hs_gfix fix;
	void *msr_bitmap;

	/* end of the VM */
	char fail[HS_REASON_MAX + 1];
	const char *fail_remedy;
	u8 insn[15];
	u8 insn_len;

	/* looking */
	struct hs_vmx_stats stats;
	struct hs_vmx_exit_rec ring[HS_VMX_EXIT_RING];
	unsigned int ring_pos;
};

/**
 * struct hs_vmx_vm - what the vCPUs of a VM share
 * @cpuid: table that CPUID exits are answered from
 * @tsc_base: host TSC when the guest's was 0
 * @scale: from ticks of the TSC to ns
 * @tsc_moved: vCPUs whose TSC the guest has set to something else
 * @clock_gen: changes with it
 * @serial: number that no other VM gets
 * @dumped: the one dump was printed
 */
struct hs_vmx_vm {
	struct hs_vmx_vm_cfg cfg;
	struct hs_cpuid cpuid;
	u64 tsc_base;
	struct hs_pv_scale scale;
	atomic_t tsc_moved;
	atomic_t clock_gen;
	u64 serial;
	char name[HS_NAME_MAX + 1];
	atomic_t dumped;
};

#define hs_stat(v, s)	((v)->stats.v[HS_A_STAT_##s]++)
#define hs_stat_add(v, s, n)	((v)->stats.v[HS_A_STAT_##s] += (n))

/* ---- exit information; VMCS current or value prefetched --------------------- */

static inline u64 hs_x_qual(struct hs_vmx *v)
{
	if (!(v->x.have & HS_X_QUAL)) {
		v->x.qual = hs_vmreadl(EXIT_QUALIFICATION);
		v->x.have |= HS_X_QUAL;
	}
	return v->x.qual;
}

static inline u64 hs_x_rip(struct hs_vmx *v)
{
	if (!(v->x.have & HS_X_RIP)) {
		v->x.rip = hs_vmreadl(GUEST_RIP);
		v->x.have |= HS_X_RIP;
	}
	return v->x.rip;
}

static inline u32 hs_x_len(struct hs_vmx *v)
{
	if (!(v->x.have & HS_X_LEN)) {
		v->x.len = hs_vmread32(VM_EXIT_INSTRUCTION_LEN);
		v->x.have |= HS_X_LEN;
	}
	return v->x.len;
}

static inline u64 hs_x_rflags(struct hs_vmx *v)
{
	if (!(v->x.have & HS_X_RFLAGS)) {
		v->x.rflags = hs_vmreadl(GUEST_RFLAGS);
		v->x.have |= HS_X_RFLAGS;
	}
	return v->x.rflags;
}

static inline u64 hs_x_gpa(struct hs_vmx *v)
{
	if (!(v->x.have & HS_X_GPA)) {
		v->x.gpa = hs_vmread64(GUEST_PHYSICAL_ADDRESS);
		v->x.have |= HS_X_GPA;
	}
	return v->x.gpa;
}

static inline u32 hs_x_intr(struct hs_vmx *v)
{
	if (!(v->x.have & HS_X_INTR)) {
		v->x.intr = hs_vmread32(VM_EXIT_INTR_INFO);
		v->x.have |= HS_X_INTR;
	}
	return v->x.intr;
}

/* ---- CR0 and CR4 as the guest sees them; VMCS current ------------------------ */

static inline u64 hs_guest_cr0(struct hs_vmx *v)
{
	return hs_cr_seen(hs_vmreadl(GUEST_CR0), v->cr0, v->fix.cr0_host);
}

static inline u64 hs_guest_cr4(struct hs_vmx *v)
{
	return hs_cr_seen(hs_vmreadl(GUEST_CR4), v->cr4, v->fix.cr4_host);
}

/* ---- run.c -------------------------------------------------------------------- */

/*
 * Makes the VMCS current for a while outside a slice; preemption is off until
 * hs_vmx_close().  Thread, interrupts on.  0, or -ENODEV/-EIO (then it is not
 * open).
 */
int hs_vmx_open(struct hs_vmx *v);
void hs_vmx_close(struct hs_vmx *v);
/* Owner thread: the scheduler need not tell us any more. */
void hs_vmx_unwatch(struct hs_vmx *v);

/* ---- host.c ------------------------------------------------------------------- */

void hs_host_moved(struct hs_vmx *v, int cpu);
void hs_host_slice_begin(struct hs_vmx *v);
void hs_host_slice_end(struct hs_vmx *v, u64 entries);
/* v->xcr0 has changed, in a slice. */
void hs_host_set_xcr0(struct hs_vmx *v);
/* Interrupts off: before each entry, after each exit. */
void hs_host_before_entry(struct hs_vmx *v);
void hs_host_after_exit(struct hs_vmx *v);
/* Interrupts were on: what they may have changed is looked at again. */
void hs_host_recheck(struct hs_vmx *v);
void hs_host_irqs_on(struct hs_vmx *v);
/* The thread gives the CPU away; any context of it, preemption off. */
void hs_host_sched_out(struct hs_vmx *v);

/* ---- setup.c ------------------------------------------------------------------ */

void hs_vmcs_setup(struct hs_vmx *v);
void hs_vmcs_write_state(struct hs_vmx *v);
void hs_vmcs_read_state(struct hs_vmx *v);

/* ---- inject.c ----------------------------------------------------------------- */

void hs_vmx_skip(struct hs_vmx *v);
/* VMCS current: v->todo but for what make_current() does. */
void hs_vmx_catch_up(struct hs_vmx *v);
void hs_vmx_inject(struct hs_vmx *v, u8 vector, bool has_err, u32 err);
void hs_vmx_inject_pf(struct hs_vmx *v, u64 cr2, u32 err);
#define hs_vmx_inject_gp(v)	hs_vmx_inject(v, HS_VEC_GP, true, 0)
#define hs_vmx_inject_ud(v)	hs_vmx_inject(v, HS_VEC_UD, false, 0)
/* Interrupts off, before entry. */
void hs_vmx_prepare_events(struct hs_vmx *v);
/* After an exit that may have interrupted the delivery of an event. */
void hs_vmx_requeue(struct hs_vmx *v);
void hs_vmx_note_halt(struct hs_vmx *v);
bool hs_vmx_wakes(struct hs_vmx *v);
bool hs_vmx_can_wake(struct hs_vmx *v);

/* ---- exits.c and handlers ----------------------------------------------------- */

/* How often each was taken; preemption off.  Inline: it is paid at every exit. */
DECLARE_PER_CPU(u64 [HS_EXIT_NR], hs_exits_taken);

static __always_inline void hs_exit_count(u32 reason)
{
	u32 basic = HS_EXIT_BASIC(reason);

	if (likely(basic < HS_EXIT_NR))
		this_cpu_inc(hs_exits_taken[array_index_nospec(basic, HS_EXIT_NR)]);
}

enum hs_next hs_exit_fast(struct hs_vmx *v);
enum hs_next hs_exit_slow(struct hs_vmx *v);

enum hs_next hs_exit_exception(struct hs_vmx *v);
enum hs_next hs_exit_exception_slow(struct hs_vmx *v);
enum hs_next hs_exit_cr(struct hs_vmx *v);
enum hs_next hs_exit_cr_slow(struct hs_vmx *v);
enum hs_next hs_exit_dr(struct hs_vmx *v);
enum hs_next hs_exit_io(struct hs_vmx *v);
enum hs_next hs_exit_io_slow(struct hs_vmx *v);
enum hs_next hs_exit_rdmsr(struct hs_vmx *v);
enum hs_next hs_exit_wrmsr(struct hs_vmx *v);
enum hs_next hs_exit_wrmsr_slow(struct hs_vmx *v);
enum hs_next hs_exit_ept(struct hs_vmx *v);
enum hs_next hs_exit_ept_slow(struct hs_vmx *v);
enum hs_next hs_exit_xsetbv(struct hs_vmx *v);

void hs_dr_load(struct hs_vmx *v);
void hs_dr_save(struct hs_vmx *v);

/* WRMSR EFER; 0 or -EINVAL for #GP.  In a slice. */
int hs_efer_write(struct hs_vmx *v, u64 efer);
/* The guest's TSC was set: offset changed.  In a slice or parked. */
void hs_tsc_offset_set(struct hs_vmx *v, u64 offset);

/* ---- pv_guest.c --------------------------------------------------------------- */

void hs_pv_reset(struct hs_vmx *v);
u64 hs_pv_rdmsr(struct hs_vmx *v, u32 msr);
bool hs_pv_wrmsr_ok(struct hs_vmx *v, u32 msr, u64 val);
enum hs_next hs_pv_wrmsr(struct hs_vmx *v, u32 msr, u64 val);
void hs_pv_tsc_moved(struct hs_vmx *v);
enum hs_next hs_pv_update_clock(struct hs_vmx *v);
void hs_pv_before_run(struct hs_vmx *v);
void hs_pv_gives_way(struct hs_vmx *v);
void hs_pv_arm_eoi(struct hs_vmx *v);
void hs_pv_take_eoi(struct hs_vmx *v);

/* mmio.c: emulates the instruction at RIP; process context. */
enum hs_next hs_mmio_emulate(struct hs_vmx *v, bool io);
/* Keeps the bytes at RIP in v->insn, for diagnosis. */
void hs_mmio_peek_insn(struct hs_vmx *v);

/* ---- dump.c ------------------------------------------------------------------- */

/* Notes why the VM fails (first reason wins); printf-like. */
__printf(3, 4)
enum hs_next hs_vmx_fail(struct hs_vmx *v, const char *remedy, const char *fmt, ...);
enum hs_next hs_vmx_entry_failed(struct hs_vmx *v, unsigned int how);
void hs_vmx_dump(struct hs_vmx *v);

#endif /* HS_VMX_PRIV_H */
