// SPDX-License-Identifier: GPL-2.0
/*
 * The thread of a virtual CPU.
 *
 * It runs the guest slice by slice (hs_vmx_run()) and, between slices, looks
 * whether somebody wants it to stop: vm->hold.  It is an ordinary thread to the
 * scheduler: affinity, nice and cgroups work on it, it freezes with the system,
 * and waits in TASK_IDLE so that a halted guest is no load.
 */
#include <linux/err.h>
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include "vcpu.h"
#include "vm.h"

/* A vCPU that halts longer than this leaves nothing of it on a CPU. */
#define PARK_AFTER	HZ

/**
 * hs_vcpu_kick - make a vCPU look at what has changed
 * @v: the vCPU
 *
 * Whatever the caller wrote before is seen by the vCPU before it enters the
 * guest or goes to sleep again: hs_vmx_kick() has the full barrier that pairs
 * with the one after IN_GUEST is set, and rcuwait_wake_up() the one that pairs
 * with set_current_state() in the sleeps below.  Any context.
 */
void hs_vcpu_kick(struct hs_vcpu *v)
{
	hs_vmx_kick(v->vmx);
	rcuwait_wake_up(&v->wait);
}

static void account(struct hs_vcpu *v)
{
	WRITE_ONCE(v->cpu_ns, current->se.sum_exec_runtime - v->cpu_start_ns);
}

/* From here on the thread touches neither guest nor VMCS until it is let go. */
static void park(struct hs_vcpu *v)
{
	struct hs_vm *vm = v->vm;

	/* Only the owner can read them, and only while VMX is on. */
	hs_vmx_get_regs(v->vmx, &v->regs);
	hs_vmx_park(v->vmx);
	account(v);

	raw_spin_lock_irq(&vm->hold_lock);
	v->parked = true;
	vm->parked++;
	raw_spin_unlock_irq(&vm->hold_lock);
	wake_up_all(&vm->park_wq);
}

static bool try_unpark(struct hs_vcpu *v)
{
	struct hs_vm *vm = v->vm;
	bool free;

	raw_spin_lock_irq(&vm->hold_lock);
	free = !vm->hold;
	if (free) {
		v->parked = false;
		vm->parked--;
	}
	raw_spin_unlock_irq(&vm->hold_lock);
	return free;
}

/*
 * Waits until the vCPU may run; false when the thread is to end instead.
 *
 * A frozen thread counts as parked.  Were it not so, an operation that waits
 * for all vCPUs to park, in a work item that the freezer waits for, would stop
 * the system from going to sleep.
 */
static bool may_run(struct hs_vcpu *v)
{
	bool run = false;

	if (likely(!READ_ONCE(v->vm->hold) && !freezing(current) && !v->parked))
		return true;
	if (!v->parked)
		park(v);

	prepare_to_rcuwait(&v->wait);
	for (;;) {
		/* Pairs with rcuwait_wake_up(): hold is read after this. */
		set_current_state(TASK_IDLE);
		if (kthread_should_stop())
			break;
		if (freezing(current)) {
			__set_current_state(TASK_RUNNING);
			try_to_freeze();
			continue;
		}
		run = try_unpark(v);
		if (run)
			break;
		schedule();
	}
	finish_rcuwait(&v->wait);
	return run;
}

/* Sleeps until the halted vCPU has something to do, or is wanted. */
static void sleep_halted(struct hs_vcpu *v)
{
	long left = PARK_AFTER;

	account(v);
	hs_board_idle(&v->vm->board);
	prepare_to_rcuwait(&v->wait);
	for (;;) {
		/*
		 * The state is written, then has_work is read; who posts an
		 * interrupt writes it, then rcuwait_wake_up() reads the state.
		 * Both have a full barrier between: one of them sees the other.
		 */
		set_current_state(TASK_IDLE);
		if (READ_ONCE(v->vm->hold) || freezing(current) ||
		    kthread_should_stop() || hs_vmx_has_work(v->vmx))
			break;
		if (left != MAX_SCHEDULE_TIMEOUT && !left) {
			__set_current_state(TASK_RUNNING);
			hs_vmx_park(v->vmx);
			left = MAX_SCHEDULE_TIMEOUT;
			continue;
		}
		left = schedule_timeout(left);
	}
	finish_rcuwait(&v->wait);
}

/* Others that a spinning vCPU offers its CPU to before it goes on. */
#define YIELD_TRIES	3

/*
 * The guest spins: whoever holds what it waits for may be without a CPU.  A few
 * others are tried in turn, beginning behind the one that was tried last, so that
 * none is forgotten.  Their threads live as long as any vCPU may run.
 */
static void spun(struct hs_vcpu *v)
{
	struct hs_vm *vm = v->vm;
	unsigned int last = READ_ONCE(vm->yielded_to), tries = 0, i, n;
	bool yielded = false;

	for (n = 1; n <= vm->cpus && !yielded && tries < YIELD_TRIES; n++) {
		i = (last + n) % vm->cpus;
		if (i == v->index || !hs_vmx_waits(vm->vcpu[i]->vmx))
			continue;
		yielded = yield_to(vm->vcpu[i]->task, true) > 0;
		WRITE_ONCE(vm->yielded_to, i);
		tries++;
	}
	hs_vmx_spun(v->vmx, yielded);
}

static int vcpu_thread(void *arg)
{
	struct hs_vcpu *v = arg;
	struct mem_cgroup *old;

	set_freezable();
	/* Guest memory is charged to whoever made the VM. */
	old = set_active_memcg(v->vm->memcg);
	while (may_run(v)) {
		switch (hs_vmx_run(v->vmx)) {
		case HS_RUN_AGAIN:
			account(v);
			break;
		case HS_RUN_SPIN:
			account(v);
			spun(v);
			break;
		case HS_RUN_HALT:
			sleep_halted(v);
			break;
		case HS_RUN_SHUTDOWN:
			hs_vm_post(v->vm, HS_EV_TRIPLE, v->index);
			break;
		case HS_RUN_FAIL:
			hs_vm_post(v->vm, HS_EV_VMX_FAIL, v->index);
			break;
		}
		cond_resched();
	}
	set_active_memcg(old);
	return 0;
}

/**
 * hs_vcpu_create - a vCPU and its thread
 * @vm: its VM, held; board and vmx in place
 * @index: number of the vCPU and its APIC id
 *
 * The thread is there from the beginning, so that a VM can be given CPUs before
 * it starts, and to end a VM never waits for a thread: one that is frozen, by
 * the system or by a cgroup, cannot be stopped.  Process context.
 *
 * Return: the vCPU, parked, or ERR_PTR: -ENOMEM, -ENOSPC (VPIDs), -EINTR when
 * the caller is being killed.
 */
struct hs_vcpu *hs_vcpu_create(struct hs_vm *vm, unsigned int index)
{
	struct hs_vcpu *v = kzalloc(sizeof(*v), GFP_KERNEL_ACCOUNT);
	int err;

	if (!v)
		return ERR_PTR(-ENOMEM);
	v->vm = vm;
	v->index = index;
	v->parked = true;
	rcuwait_init(&v->wait);
	v->vmx = hs_vmx_create(vm->vmx, index, vm->board.lapic[index]);
	if (IS_ERR(v->vmx)) {
		err = PTR_ERR(v->vmx);
		goto free;
	}
	v->task = kthread_create(vcpu_thread, v, "hs/%s/%u", vm->name, index);
	if (IS_ERR(v->task)) {
		err = PTR_ERR(v->task);
		goto destroy;
	}
	wake_up_process(v->task);
	return v;

destroy:
	hs_vmx_destroy(v->vmx);
free:
	kfree(v);
	return ERR_PTR(err);
}

/**
 * hs_vcpu_destroy - undo hs_vcpu_create()
 * @v: a parked vCPU of a held VM, which nobody can kick any more
 *
 * Waits for the thread; if that is frozen, until it is thawed.
 */
void hs_vcpu_destroy(struct hs_vcpu *v)
{
	kthread_stop(v->task);
	hs_vmx_destroy(v->vmx);
	kfree(v);
}

/**
 * hs_vcpu_start - get ready for a new run
 * @v: a parked vCPU
 *
 * CPU time counts from here.  Context: vm->lock.
 */
void hs_vcpu_start(struct hs_vcpu *v)
{
	lockdep_assert_held(&v->vm->lock);
	v->cpu_start_ns = v->task->se.sum_exec_runtime;
	WRITE_ONCE(v->cpu_ns, 0);
}

/**
 * hs_vcpu_tid - number of a vCPU's thread
 * @v: a vCPU of a VM with a reference
 *
 * For affinity, priority and control groups.  Process context.
 *
 * Return: as the caller's PID namespace has it; 0 when it is not in there.
 */
u32 hs_vcpu_tid(const struct hs_vcpu *v)
{
	return task_pid_vnr(v->task);
}
