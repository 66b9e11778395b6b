// SPDX-License-Identifier: GPL-2.0
/*
 * Starting a VM, ending it, and what lies between.
 *
 * All of it happens under vm->lock, by a request or by hs_vm_work() when the
 * guest itself brought it about.  Each request first serves what the guest did
 * before it, so the order of things is the same whoever gets the lock first.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ktime.h>
#include <linux/sched/mm.h>
#include "event.h"
#include "image.h"
#include "vcpu.h"
#include "vm.h"

/* How long a host that goes down waits for the vCPUs of each VM. */
#define HALT_TIMEOUT	(2 * HZ)

/**
 * hs_vm_set_state - enter a state and tell about it
 * @vm: under vm->lock
 * @state: the new state
 * @reason: sentence, copied; NULL for none
 * @info: the request that brought it about, or NULL
 */
void hs_vm_set_state(struct hs_vm *vm, enum hs_vm_state state, const char *reason,
		     struct genl_info *info)
{
	enum hs_vm_state old;

	lockdep_assert_held(&vm->lock);
	spin_lock(&vm->state_lock);
	old = vm->state;
	vm->state = state;
	if (!hs_vm_state_live(old) && hs_vm_state_live(state))
		vm->start_ns = ktime_get_ns();
	strscpy(vm->reason, reason ?: "", sizeof(vm->reason));
	spin_unlock(&vm->state_lock);
	hs_event_state(vm, old, state, reason, info);
}

/* No vCPU holds a page of guest memory any more.  All are parked. */
static void let_go(struct hs_vm *vm)
{
	unsigned int i;

	for (i = 0; i < vm->cpus; i++)
		hs_vmx_let_go(vm->vcpu[i]->vmx);
}

/*
 * Power-on: devices, memory and vCPUs as a machine has them that was switched
 * on, and the images in place.  All vCPUs are parked.
 */
static int machine_power_on(struct hs_vm *vm, struct hs_attr_error *e)
{
	struct hs_boot_state state;
	struct mem_cgroup *old;
	unsigned int i;
	int err;

	hs_board_reset(&vm->board);
	let_go(vm);
	hs_gmem_clear(vm->gmem);
	old = set_active_memcg(vm->memcg);
	err = hs_image_load(vm, &state, e);
	set_active_memcg(old);
	if (err)
		return err;
	for (i = 0; i < vm->cpus; i++)
		hs_vmx_reset(vm->vcpu[i]->vmx, false);
	hs_vmx_set_boot(vm->vcpu[0]->vmx, &state);
	return 0;
}

/*
 * The end of a run, however it came about.  Registers were kept when the vCPUs
 * parked; memory goes back to the host at once.
 */
static void vm_end(struct hs_vm *vm, enum hs_vm_op op, const char *reason,
		   struct genl_info *info)
{
	const struct hs_vm_verdict *v = hs_vm_verdict(vm->state, op);

	hs_vm_hold(vm, HS_HOLD_OFF);
	hs_gmem_kill(vm->gmem);
	hs_vm_wait_parked(vm);
	hs_vmx_put();
	/* Timers stop, so nothing of the machine moves any more. */
	hs_board_reset(&vm->board);
	let_go(vm);
	hs_gmem_clear(vm->gmem);
	hs_vm_drop_event(vm);
	hs_board_pause(&vm->board, false);
	hs_vm_release(vm, HS_HOLD_PAUSE);
	hs_vm_set_state(vm, v->next, reason, info);
}

/* Starts the guest anew in its running VM; ends the VM when that fails. */
static void vm_restart(struct hs_vm *vm, const char *reason, struct genl_info *info)
{
	struct hs_attr_error e = { };
	char text[HS_REASON_MAX + 1];
	int err;

	hs_vm_hold(vm, HS_HOLD_RESET);
	hs_vm_wait_parked(vm);
	err = machine_power_on(vm, &e);
	if (err) {
		snprintf(text, sizeof(text), "%s, and cannot be loaded again: %s (error %d)",
			 reason, e.why ?: "its memory cannot be filled", -err);
		vm_end(vm, HS_OP_FAIL, text, info);
	} else {
		spin_lock(&vm->state_lock);
		vm->resets++;
		spin_unlock(&vm->state_lock);
		hs_event_state(vm, vm->state, vm->state, reason, info);
		hs_vm_drop_event(vm);
	}
	hs_vm_release(vm, HS_HOLD_RESET);
}

static void vm_exit_code(struct hs_vm *vm, u32 code)
{
	char text[HS_REASON_MAX + 1];

	spin_lock(&vm->state_lock);
	vm->exit_code = code;
	vm->has_exit_code = true;
	spin_unlock(&vm->state_lock);
	snprintf(text, sizeof(text), "test device: exit code %u", code);
	vm_end(vm, HS_OP_END, text, NULL);
}

static void vm_vcpu_failed(struct hs_vm *vm, unsigned int cpu)
{
	const char *why = hs_vmx_fail_reason(vm->vcpu[cpu]->vmx);
	char text[HS_REASON_MAX + 1];

	snprintf(text, sizeof(text), "vCPU %u: %s", cpu, why ?: "cannot go on");
	vm_end(vm, HS_OP_FAIL, text, NULL);
}

/* Does what the guest asked for, if it did and nobody has done it yet. */
static void serve_event(struct hs_vm *vm)
{
	char text[HS_REASON_MAX + 1];
	u32 code;

	lockdep_assert_held(&vm->lock);
	switch (hs_vm_peek_event(vm, &code)) {
	case HS_EV_NONE:
		break;
	case HS_EV_POWEROFF:
		vm_end(vm, HS_OP_END, "guest powered off", NULL);
		break;
	case HS_EV_RESET:
		vm_restart(vm, "guest rebooted", NULL);
		break;
	case HS_EV_PANIC:
		if (vm->on_panic == HS_ON_PANIC_RESET)
			vm_restart(vm, "guest panicked", NULL);
		else
			vm_end(vm, HS_OP_FAIL, "guest panicked", NULL);
		break;
	case HS_EV_EXIT:
		vm_exit_code(vm, code);
		break;
	case HS_EV_TRIPLE:
		snprintf(text, sizeof(text), "vCPU %u: triple fault", code);
		vm_end(vm, HS_OP_FAIL, text, NULL);
		break;
	case HS_EV_VMX_FAIL:
		vm_vcpu_failed(vm, code);
		break;
	}
}

/**
 * hs_vm_work - serve what a guest did to its VM
 * @work: vm->work
 */
void hs_vm_work(struct work_struct *work)
{
	struct hs_vm *vm = container_of(work, struct hs_vm, work);

	mutex_lock(&vm->lock);
	serve_event(vm);
	mutex_unlock(&vm->lock);
}

/*
 * Takes the VM for one operation and looks whether that is legal now.
 * Returns with vm->lock held unless it returns an error.
 */
static int op_begin(struct hs_vm *vm, enum hs_vm_op op,
		    const struct hs_vm_verdict **verdict, const char **why)
{
	const struct hs_vm_verdict *v;

	might_sleep();
	if (mutex_lock_killable(&vm->lock)) {
		*why = "interrupted while another operation on the VM was going on";
		return -EINTR;
	}
	serve_event(vm);
	v = hs_vm_verdict(vm->state, op);
	if (v->err) {
		*why = v->why;
		mutex_unlock(&vm->lock);
		return v->err;
	}
	*verdict = v;
	return 0;
}

/**
 * hs_vm_start - switch a VM on
 * @vm: a VM with a reference
 * @e: what is wrong, when something is
 * @info: the request, for its echo
 *
 * When it fails the VM is as it was before.  Process context, sleeps.
 *
 * Return: 0; -EALREADY, -EBUSY, -ENODEV by its state; -EBUSY when somebody else
 * has VMX; -ENOMEM; what the loaders say of the images.
 */
int hs_vm_start(struct hs_vm *vm, struct hs_attr_error *e, struct genl_info *info)
{
	const struct hs_vm_verdict *v;
	unsigned int i;
	int err;

	err = op_begin(vm, HS_OP_START, &v, &e->why);
	if (err)
		return err;
	err = hs_vmx_get(&e->why);
	if (err)
		goto unlock;
	hs_gmem_revive(vm->gmem);
	err = machine_power_on(vm, e);
	if (err)
		goto clear;
	for (i = 0; i < vm->cpus; i++)
		hs_vcpu_start(vm->vcpu[i]);
	hs_vm_mark_stats(vm);
	spin_lock(&vm->state_lock);
	vm->resets = 0;
	vm->has_exit_code = false;
	spin_unlock(&vm->state_lock);
	hs_vm_set_state(vm, v->next, NULL, info);
	hs_vm_release(vm, HS_HOLD_OFF);
	mutex_unlock(&vm->lock);
	return 0;

clear:
	hs_gmem_kill(vm->gmem);
	hs_gmem_clear(vm->gmem);
	hs_vmx_put();
unlock:
	mutex_unlock(&vm->lock);
	return err;
}

/**
 * hs_vm_stop - press the power button, or pull the plug
 * @vm: a VM with a reference
 * @force: the plug: the VM has ended when this returns
 * @why: sentence, when it may not be stopped now
 * @info: the request, for its echo
 *
 * Return: 0; -EALREADY, -EBUSY, -EINVAL, -ENODEV by its state; -EINTR.
 */
int hs_vm_stop(struct hs_vm *vm, bool force, const char **why, struct genl_info *info)
{
	const struct hs_vm_verdict *v;
	int err;

	err = op_begin(vm, force ? HS_OP_KILL : HS_OP_STOP, &v, why);
	if (err)
		return err;
	if (force)
		vm_end(vm, HS_OP_KILL, "stopped by force", info);
	else
		hs_board_power_button(&vm->board);
	mutex_unlock(&vm->lock);
	return 0;
}

/**
 * hs_vm_pause - let no vCPU run until hs_vm_resume()
 * @vm: a VM with a reference
 * @why: sentence, when it may not be paused now
 * @info: the request, for its echo
 *
 * Return: 0 with all vCPUs parked; -EALREADY, -EINVAL, -ENODEV by its state;
 * -EINTR.
 */
int hs_vm_pause(struct hs_vm *vm, const char **why, struct genl_info *info)
{
	const struct hs_vm_verdict *v;
	int err;

	err = op_begin(vm, HS_OP_PAUSE, &v, why);
	if (err)
		return err;
	hs_vm_hold(vm, HS_HOLD_PAUSE);
	hs_vm_wait_parked(vm);
	hs_board_pause(&vm->board, true);
	hs_vm_set_state(vm, v->next, NULL, info);
	mutex_unlock(&vm->lock);
	return 0;
}

/**
 * hs_vm_resume - undo hs_vm_pause()
 * @vm: a VM with a reference
 * @why: sentence, when it is not paused
 * @info: the request, for its echo
 *
 * Return: 0; -EALREADY, -EINVAL, -ENODEV by its state; -EINTR.
 */
int hs_vm_resume(struct hs_vm *vm, const char **why, struct genl_info *info)
{
	const struct hs_vm_verdict *v;
	unsigned int i;
	int err;

	err = op_begin(vm, HS_OP_RESUME, &v, why);
	if (err)
		return err;
	for (i = 0; i < vm->cpus; i++)
		hs_vmx_was_stopped(vm->vcpu[i]->vmx);
	/* The event goes out first: what the guest does comes after it. */
	hs_vm_set_state(vm, v->next, NULL, info);
	hs_board_pause(&vm->board, false);
	hs_vm_release(vm, HS_HOLD_PAUSE);
	mutex_unlock(&vm->lock);
	return 0;
}

/**
 * hs_vm_reset - press the reset button
 * @vm: a VM with a reference
 * @why: sentence, when it may not be reset now
 * @info: the request, for its echo
 *
 * The images are loaded again; if they cannot be, the VM ends as failed, and
 * that is no error of this call.  A paused VM stays paused.
 *
 * Return: 0; -EINVAL, -ENODEV by its state; -EINTR.
 */
int hs_vm_reset(struct hs_vm *vm, const char **why, struct genl_info *info)
{
	const struct hs_vm_verdict *v;
	int err;

	err = op_begin(vm, HS_OP_RESET, &v, why);
	if (err)
		return err;
	vm_restart(vm, "reset", info);
	mutex_unlock(&vm->lock);
	return 0;
}

/**
 * hs_vm_halt_all - the host goes down: no vCPU of any VM runs again
 *
 * Who starts one after this is refused by hs_vmx_get(); who was granted VMX
 * just before has a VM in the table already.  Process context, sleeps; bounded.
 */
void hs_vm_halt_all(void)
{
	struct hs_vm *vm;
	u32 id = 0;

	while ((vm = hs_vm_next(&id))) {
		hs_vm_hold(vm, HS_HOLD_REBOOT);
		hs_gmem_kill(vm->gmem);
		if (!hs_vm_wait_parked_timeout(vm, HALT_TIMEOUT))
			pr_warn("VM %s still runs while the host goes down\n", vm->name);
		hs_vm_put(vm);
	}
}
