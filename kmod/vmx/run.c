// SPDX-License-Identifier: GPL-2.0
/*
 * Running a vCPU, slice by slice.
 *
 * A slice runs from kernel_fpu_begin to kernel_fpu_end, never across a sleep.
 * Inside it, with interrupts off but for windows of one instruction, the guest
 * is entered again and again until something needs the thread: need_resched, a
 * pending softirq (the FPU section keeps softirqs off), a request, a handler
 * that may sleep, or 1 ms.
 */
#include <linux/hardirq.h>
#include <linux/interrupt.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <asm/fpu/api.h>
#include <asm/tsc.h>
#include "compat/ipi.h"
#include "vmx/debug.h"
#include "vmx/exits.h"
#include "vmx/priv.h"

static_assert(offsetof(struct hs_entry, gpr[15]) == HS_ENTRY_GPR(15));
static_assert(offsetof(struct hs_entry, host_rsp) == HS_ENTRY_HOST_RSP);
static_assert(offsetof(struct hs_entry, spec_ctrl) == HS_ENTRY_SPEC_CTRL);
static_assert(offsetof(struct hs_entry, launched) == HS_ENTRY_LAUNCHED);
static_assert(offsetof(struct hs_entry, save_spec) == HS_ENTRY_SAVE_SPEC);
#ifdef HS_DEBUG
static_assert(offsetof(struct hs_entry, forget_spec) == HS_ENTRY_FORGET_SPEC);
#endif
static_assert(offsetof(struct hs_vmx, e) == 0);

/* The clock is read once in so many exits. */
#define CLOCK_EVERY	32

/* ---- the VMCS becomes current ----------------------------------------------- */

static void do_todo(struct hs_vmx *v)
{
	if (v->todo & HS_TODO_SETUP)
		hs_vmcs_setup(v);
	if (v->todo & HS_TODO_STATE)
		hs_vmcs_write_state(v);
	if (v->todo & HS_TODO_TSC) {
		hs_vmwrite64(TSC_OFFSET, v->tsc_offset);
		v->todo &= ~HS_TODO_TSC;
	}
	if (v->todo & HS_TODO_SPIN) {
		hs_vmwrite32(PLE_WINDOW, v->spin_window);
		v->todo &= ~HS_TODO_SPIN;
	}
}

/* Preemption off, interrupts on. */
static int make_current(struct hs_vmx *v)
{
	int cpu = smp_processor_id(), err;

	if (unlikely(v->vmcs.cpu != cpu || !this_cpu_read(hs_cpu.on) ||
		     this_cpu_read(hs_cpu.current_vmcs) != &v->vmcs)) {
		err = hs_vmcs_load(&v->vmcs);
		if (err)
			return err;
		hs_stat(v, VMX_MANAGE);
	}
	if (unlikely(v->todo & (HS_TODO_SETUP | HS_TODO_STATE | HS_TODO_TSC |
			       HS_TODO_SPIN)))
		do_todo(v);
	return 0;
}

/**
 * hs_vmx_open - make the VMCS current outside a slice
 * @v: owner thread, or nobody runs it; interrupts on
 *
 * Return: 0, preemption is off until hs_vmx_close(); -ENODEV when VMX is off
 * here; -EIO.
 */
int hs_vmx_open(struct hs_vmx *v)
{
	int err;

	preempt_disable();
	err = make_current(v);
	if (err)
		preempt_enable();
	return err;
}

/* A VMREAD that failed on this CPU was this vCPU's.  Preemption off. */
static void note_bad_reads(struct hs_vmx *v)
{
	if (unlikely(this_cpu_read(hs_vmread_bad))) {
		this_cpu_write(hs_vmread_bad, false);
		v->vmread_bad = true;
	}
}

/**
 * hs_vmx_close - the VMCS is not needed any more
 * @v: after hs_vmx_open()
 */
void hs_vmx_close(struct hs_vmx *v)
{
	note_bad_reads(v);
	preempt_enable();
}

/* ---- kicks -------------------------------------------------------------------- */

/**
 * hs_vmx_kick - make a vCPU look at what was posted
 * @v: any context
 *
 * See vmx.h.
 */
void hs_vmx_kick(struct hs_vmx *v)
{
	int cpu;

	/*
	 * Preemption off: no CPU that is online here goes offline before the
	 * IPI is out.  One that went before has left the guest on the way.
	 */
	preempt_disable();
	/*
	 * Pairs with the barrier of hs_gmem_enter() in enter(): either we see
	 * in_guest, or the vCPU sees what the caller posted.
	 */
	smp_mb();
	/* Acquire: pairs with the release in enter(), for run_cpu. */
	if (smp_load_acquire(&v->in_guest)) {
		hs_dbg_kick(hs_dbg_kicked(v));
		cpu = READ_ONCE(v->run_cpu);
		if (!hs_mutated(HS_MUT_SKIP_KICK) && cpu_online(cpu)) {
			smp_send_reschedule(cpu);
			atomic64_inc(&v->kicks);
		}
	}
	preempt_enable();
}

/**
 * hs_vmx_set_request - make hs_vmx_run() return, or let it run again
 * @v: any context; the caller kicks
 * @pending: new value of the request word
 */
void hs_vmx_set_request(struct hs_vmx *v, bool pending)
{
	WRITE_ONCE(v->request, pending);
}

/**
 * hs_vmx_kick_cpu - make a physical CPU leave guest mode soon
 * @arg: unused
 * @cpu: online or not
 *
 * Any context.
 */
void hs_vmx_kick_cpu(void *arg, int cpu)
{
	/* It stays online until the IPI is out. */
	preempt_disable();
	if (cpu_online(cpu))
		smp_send_reschedule(cpu);
	preempt_enable();
}

/* ---- giving the CPU away -------------------------------------------------------------- */

#ifdef CONFIG_PREEMPT_NOTIFIERS

static void sched_in(struct preempt_notifier *n, int cpu)
{
}

static void sched_out(struct preempt_notifier *n, struct task_struct *next)
{
	hs_host_sched_out(container_of(n, struct hs_vmx, notifier));
}

static struct preempt_ops watch_ops = {
	.sched_in = sched_in,
	.sched_out = sched_out,
};

/* The thread may be preempted wherever it can sleep, so the scheduler tells. */
static void watch(struct hs_vmx *v)
{
	if (likely(v->watched == current) || !hs_mitigates(HS_MITIG_IBPB))
		return;
	preempt_notifier_inc();
	preempt_notifier_init(&v->notifier, &watch_ops);
	preempt_notifier_register(&v->notifier);
	v->watched = current;
}

/**
 * hs_vmx_unwatch - the thread does not run the guest for a while
 * @v: owner thread
 */
void hs_vmx_unwatch(struct hs_vmx *v)
{
	if (v->watched != current)
		return;
	preempt_notifier_unregister(&v->notifier);
	preempt_notifier_dec();
	v->watched = NULL;
	preempt_disable();
	hs_host_sched_out(v);
	preempt_enable();
}

#define sched_out_after_slice(v)	do { } while (0)

#else

static void watch(struct hs_vmx *v)
{
}

void hs_vmx_unwatch(struct hs_vmx *v)
{
}

/* Nobody tells when the thread gives way: be ready after each slice. */
#define sched_out_after_slice(v)	hs_host_sched_out(v)

#endif

/* ---- a slice --------------------------------------------------------------------- */

/* Is there a reason to leave the slice that is not the guest's? */
static __always_inline bool slice_over(struct hs_vmx *v)
{
	return READ_ONCE(v->request) || need_resched() || local_softirq_pending() ||
	       !this_cpu_read(hs_cpu.on);
}

static void record(struct hs_vmx *v)
{
	struct hs_vmx_exit_rec *r = &v->ring[v->ring_pos++ % HS_VMX_EXIT_RING];

	r->reason = v->x.reason;
	r->qual = v->x.have & HS_X_QUAL ? v->x.qual : 0;
	r->rip = v->x.have & HS_X_RIP ? v->x.rip : 0;
}

/*
 * An NMI exit has blocked further NMIs until an IRET; the handler must run
 * before interrupts go on.  `int $2` takes the same way as an NMI does, and its
 * IRET ends the blocking.
 */
static void host_event(struct hs_vmx *v)
{
	u32 info;

	if (likely(v->x.reason != EXIT_REASON_EXCEPTION_NMI))
		return;
	info = hs_x_intr(v);
	if ((info & (HS_EV_TYPE | HS_EV_VALID)) == (HS_EVT_NMI | HS_EV_VALID))
		asm volatile("int $2");
	else if ((info & (HS_EV_TYPE | HS_EV_VECTOR)) == (HS_EVT_HWEXC | 18))
		asm volatile("int $18");
}

/* The interrupt that caused the exit is still pending: let it in. */
static void take_interrupt(struct hs_vmx *v)
{
	hs_stat(v, EXITS_IRQ);
	hs_host_irqs_on(v);
	local_irq_enable();
	asm volatile("nop");	/* STI lets them in after the next instruction */
	local_irq_disable();
	hs_host_recheck(v);
}

/*
 * The preemption timer makes the processor leave the guest when the slice is
 * over, or at a TSC deadline that the guest set.  Interrupts off.
 */
static noinline void set_timer(struct hs_vmx *v, u64 due)
{
	unsigned int rate = HS_TIMER_RATE;
	u32 ticks = v->timer_max;

	if (due) {
		u64 now = rdtsc(), left;

		/* The timer rounds down, and what is left then is not worth an entry. */
		while (unlikely(now < due && due - now < HS_TIMER_EARLY + (1ULL << rate))) {
			cpu_relax();
			now = rdtsc();
		}
		if (now >= due) {
			hs_lapic_timer_due(v->apic);
		} else {
			left = (due - now - HS_TIMER_EARLY) >> rate;
			ticks = min_t(u64, ticks, left);
		}
	}
	if (ticks != v->timer_now) {
		v->timer_now = ticks;
		hs_vmwrite32(VMX_PREEMPTION_TIMER_VALUE, ticks);
	}
}

/* Nothing but a deadline of the guest: no interrupt of the host waits. */
static bool timer_was_for_guest(const struct hs_vmx *v)
{
	return v->x.reason == EXIT_REASON_PREEMPTION_TIMER && v->timer_now < v->timer_max;
}

/* One entry.  Interrupts off.  False when the slice is over. */
static __always_inline bool enter(struct hs_vmx *v, int cpu, enum hs_next *next)
{
	unsigned int how;
	u64 due;

	/*
	 * IN_GUEST (after run_cpu: release, pairs with hs_vmx_kick()), then the
	 * full barrier in hs_gmem_enter(), then what others
	 * post: the request word, the local APIC, the EPT generation.
	 */
	smp_store_release(&v->in_guest, true);
	hs_dbg_entering(hs_dbg_kicked(v));
	if (unlikely(hs_gmem_enter(v->gmem, cpu))) {
		hs_op_invept(HS_INV_SINGLE, v->eptp);
		hs_gmem_flushed(v->gmem, cpu);
		hs_stat(v, INVEPT);
	}
	if (unlikely(slice_over(v) || hs_lapic_has_event(v->apic)))
		goto out;
	due = hs_lapic_due(v->apic);
	if (unlikely(due || v->timer_now != v->timer_max))
		set_timer(v, due);
	hs_vmx_prepare_events(v);
	if (unlikely(v->triple)) {
		*next = HS_SHUTDOWN;
		goto out;
	}
	if (unlikely(v->pv.eoi.at))
		hs_pv_arm_eoi(v);
	hs_host_before_entry(v);
	hs_gmem_check_entry(v->gmem, cpu);
	hs_dbg_vpid_enter(v->vpid, v->serial);
	if (native_read_cr2() != v->cr2 && !hs_mutating(HS_FORGET_GUEST_CR2))
		native_write_cr2(v->cr2);

	how = hs_vmx_enter(&v->e);

	v->cr2 = native_read_cr2();
	hs_gmem_leave(v->gmem, cpu);
	WRITE_ONCE(v->in_guest, false);
	hs_host_after_exit(v);
	if (unlikely(v->pv.eoi_armed))
		hs_pv_take_eoi(v);
	v->x.have = 0;
	if (unlikely(how != HS_ENTERED)) {
		v->x.reason = HS_EXIT_ENTRY_FAILED;
		*next = hs_vmx_entry_failed(v, how);
		return false;
	}
	v->e.launched = true;
	return true;
out:
	hs_gmem_leave(v->gmem, cpu);
	WRITE_ONCE(v->in_guest, false);
	return false;
}

/* Interrupts off.  Why the slice ended. */
static enum hs_next run_guest(struct hs_vmx *v, int cpu, u64 until)
{
	enum hs_next next = HS_RESUME;
	unsigned int n = 0;

	while (enter(v, cpu, &next)) {
		v->x.reason = hs_vmread32(VM_EXIT_REASON);
		hs_stat(v, EXITS);
		hs_exit_count(v->x.reason);
		hs_dbg_left(hs_dbg_kicked(v), v->x.reason);
		if (v->x.reason == EXIT_REASON_EXTERNAL_INTERRUPT ||
		    v->x.reason == EXIT_REASON_PREEMPTION_TIMER) {
			if (timer_was_for_guest(v))
				hs_stat(v, EXITS_OTHER);
			else
				take_interrupt(v);
			if (rdtsc() > until)
				break;
			continue;
		}
		host_event(v);
		next = hs_exit_fast(v);
		record(v);
		if (unlikely(next != HS_RESUME))
			break;
		if (unlikely(!(++n % CLOCK_EVERY)) && rdtsc() > until)
			break;
	}
	return next;
}

/*
 * The registers of kernel_fpu_begin() belong to the slice.  Not set to the
 * FPU's default state: the guest's is loaded at once.  Returns whether it was
 * done, for fpu_end().
 */
static bool fpu_begin(void)
{
	if (hs_mutating(HS_FORGET_FPU)) {
		preempt_disable();
		return false;
	}
	kernel_fpu_begin_mask(0);
	return true;
}

static void fpu_end(bool begun)
{
	if (begun)
		kernel_fpu_end();
	else
		preempt_enable();
}

static enum hs_next slice(struct hs_vmx *v, u64 until)
{
	bool fpu = fpu_begin();
	int cpu = smp_processor_id(), err;
	u64 accesses, exits;
	enum hs_next next;

	err = make_current(v);
	if (unlikely(err)) {
		fpu_end(fpu);
		if (err == -EIO)
			return hs_vmx_fail(v, "see the kernel log of the host",
					   "the VMCS could not be loaded");
		/* VMX is off here: this CPU is going down, or the host. */
		schedule_timeout_idle(1);
		return HS_RESUME;
	}
	accesses = this_cpu_read(hs_vmx_accesses);
	exits = v->stats.v[HS_A_STAT_EXITS];
	v->e.launched = v->vmcs.launched;
	if (unlikely(v->last_cpu != cpu))
		hs_host_moved(v, cpu);
	WRITE_ONCE(v->run_cpu, cpu);
	v->in_slice = true;
	hs_stat(v, SLICES);
	if (unlikely(v->todo))
		hs_vmx_catch_up(v);
	hs_host_slice_begin(v);

	local_irq_disable();
	hs_host_recheck(v);
	next = run_guest(v, cpu, until);
	hs_host_irqs_on(v);
	local_irq_enable();

	hs_host_slice_end(v, v->stats.v[HS_A_STAT_EXITS] - exits);
	v->vmcs.launched = v->e.launched;
	v->in_slice = false;
	hs_stat_add(v, VMX_ACCESS, this_cpu_read(hs_vmx_accesses) - accesses);
	sched_out_after_slice(v);
	note_bad_reads(v);
	fpu_end(fpu);
	if (unlikely(v->vmread_bad)) {
		v->vmread_bad = false;
		return hs_vmx_fail(v, "see the kernel log of the host", "VMREAD failed");
	}
	return next;
}

/* ---- between slices ------------------------------------------------------------------ */

/* NMI, INIT and SIPI. */
static void take_events(struct hs_vmx *v)
{
	u8 sipi = 0;
	u32 ev = hs_lapic_take_events(v->apic, &sipi);

	if (ev & HS_LAPIC_EV_INIT) {
		hs_vmx_reset(v, true);
		hs_lapic_reset(v->apic, true);
	}
	if ((ev & HS_LAPIC_EV_SIPI) && v->mp == HS_MP_WAIT_SIPI) {
		hs_gstate_sipi(&v->gs, sipi);
		v->todo |= HS_TODO_STATE;
		WRITE_ONCE(v->mp, HS_MP_RUN);
	}
	/* NMIs that come before the first SIPI are lost, as on a CPU. */
	if ((ev & HS_LAPIC_EV_NMI) && v->mp != HS_MP_WAIT_SIPI)
		WRITE_ONCE(v->nmi_pending, true);
}

/* False when there is nothing to run for. */
static bool runnable(struct hs_vmx *v)
{
	if (likely(v->mp == HS_MP_RUN))
		return true;
	if (v->mp == HS_MP_HALTED && hs_vmx_wakes(v)) {
		WRITE_ONCE(v->mp, HS_MP_RUN);
		return true;
	}
	return false;
}

/* Keeps what diagnosis wants to see, and prints the VM's one dump. */
static void failed(struct hs_vmx *v)
{
	if (!(v->x.reason & HS_EXIT_ENTRY_FAILED)) {
		if (!v->insn_len)
			hs_mmio_peek_insn(v);
		if (!(v->todo & (HS_TODO_STATE | HS_TODO_SETUP)) && !hs_vmx_open(v)) {
			hs_vmcs_read_state(v);
			hs_vmx_close(v);
		}
	}
	hs_vmx_dump(v);
}

/**
 * hs_vmx_run - run the guest for about a slice
 * @v: the vCPU
 *
 * See vmx.h.
 *
 * Return: what the vCPU thread does next.
 */
enum hs_run hs_vmx_run(struct hs_vmx *v)
{
	u64 until = rdtsc() + HS_SLICE_TICKS;
	enum hs_next next;

	might_sleep();
	watch(v);
	if (unlikely(v->pv.on)) {
		hs_pv_before_run(v);
		if (unlikely(hs_pv_update_clock(v) == HS_FAIL)) {
			failed(v);
			return HS_RUN_FAIL;
		}
	}
	do {
		if (unlikely(hs_lapic_has_event(v->apic)))
			take_events(v);
		if (unlikely(READ_ONCE(v->request)))
			return HS_RUN_AGAIN;
		if (unlikely(!runnable(v))) {
			hs_lapic_timer_sleep(v->apic);
			return HS_RUN_HALT;
		}
		hs_lapic_timer_awake(v->apic);
		next = slice(v, until);
		if (next == HS_RESUME)
			break;
		if (next == HS_SLOW)
			next = hs_exit_slow(v);
	} while (likely(next == HS_RESUME) && !need_resched() && rdtsc() < until);

	if (unlikely(v->pv.on) && need_resched())
		hs_pv_gives_way(v);
	switch (next) {
	case HS_BLOCK:
		WRITE_ONCE(v->mp, HS_MP_HALTED);
		hs_lapic_timer_sleep(v->apic);
		return HS_RUN_HALT;
	case HS_SPIN:
		return HS_RUN_SPIN;
	case HS_SHUTDOWN:
		hs_mmio_peek_insn(v);
		return HS_RUN_SHUTDOWN;
	case HS_FAIL:
		failed(v);
		return HS_RUN_FAIL;
	default:
		return HS_RUN_AGAIN;
	}
}

/**
 * hs_vmx_spun - what came of yielding
 * @v: after HS_RUN_SPIN
 * @yielded: another vCPU got the CPU
 */
void hs_vmx_spun(struct hs_vmx *v, bool yielded)
{
	u32 window = yielded ? HS_SPIN_WINDOW :
		     min_t(u32, v->spin_window * 2, HS_SPIN_WINDOW_MAX);

	if (window == v->spin_window)
		return;
	v->spin_window = window;
	v->todo |= HS_TODO_SPIN;
}

/**
 * hs_vmx_waits - would the vCPU run if it had a CPU
 * @v: any context; the answer may be old when it comes
 *
 * Return: false when it runs guest code or has nothing to run for.
 */
bool hs_vmx_waits(struct hs_vmx *v)
{
	return !READ_ONCE(v->in_guest) && hs_vmx_has_work(v);
}

/**
 * hs_vmx_has_work - does a halted vCPU have something to run for
 * @v: any context
 *
 * Return: true if hs_vmx_run() would not say HS_RUN_HALT again.
 */
bool hs_vmx_has_work(struct hs_vmx *v)
{
	if (READ_ONCE(v->request))
		return true;
	switch (READ_ONCE(v->mp)) {
	case HS_MP_WAIT_SIPI:
		return hs_lapic_has_event(v->apic);
	case HS_MP_HALTED:
		return hs_vmx_can_wake(v);
	default:
		return true;
	}
}
