// SPDX-License-Identifier: GPL-2.0
/*
 * Stopping and releasing the vCPUs of a VM together.
 *
 * Reasons to stand still are bits that come and go independently, so that, say,
 * a pause and a guest that resets its machine meanwhile need not know of each
 * other.  Setting one is possible in any context; waiting until all stand still
 * is for process context.
 */
#include "balloon/stage.h"
#include "vcpu.h"
#include "vm.h"

/*
 * The request word of each vCPU says whether hold is non-zero.  It is written
 * under the lock that protects hold, or two callers could leave them different.
 */
static void set_hold(struct hs_vm *vm, unsigned long hold)
{
	unsigned long old = vm->hold;
	unsigned int i;

	lockdep_assert_held(&vm->hold_lock);
	WRITE_ONCE(vm->hold, hold);
	if (!old == !hold)
		return;
	for (i = 0; i < vm->cpus; i++) {
		hs_vmx_set_request(vm->vcpu[i]->vmx, hold);
		hs_vcpu_kick(vm->vcpu[i]);
	}
}

/**
 * hs_vm_hold - forbid the vCPUs to run
 * @vm: the VM
 * @why: HS_HOLD_*
 *
 * Does not wait: a vCPU may be in the guest when this returns.  Any context.
 */
void hs_vm_hold(struct hs_vm *vm, unsigned long why)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&vm->hold_lock, flags);
	set_hold(vm, vm->hold | why);
	raw_spin_unlock_irqrestore(&vm->hold_lock, flags);
}

/**
 * hs_vm_release - take reasons back
 * @vm: the VM
 * @why: HS_HOLD_*; the vCPUs run when no other is left.  Any context.
 */
void hs_vm_release(struct hs_vm *vm, unsigned long why)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&vm->hold_lock, flags);
	set_hold(vm, vm->hold & ~why);
	raw_spin_unlock_irqrestore(&vm->hold_lock, flags);
}

static bool all_parked(struct hs_vm *vm)
{
	bool all;

	raw_spin_lock_irq(&vm->hold_lock);
	all = vm->parked == vm->cpus;
	raw_spin_unlock_irq(&vm->hold_lock);
	return all;
}

/**
 * hs_vm_wait_parked - wait until no vCPU runs
 * @vm: the VM, held for a reason that stays
 *
 * A vCPU parks at the end of its slice, or of the exit that it serves; waits in
 * there end by themselves or with hs_gmem_kill().  Process context, sleeps.
 */
void hs_vm_wait_parked(struct hs_vm *vm)
{
	might_sleep();
	wait_event(vm->park_wq, all_parked(vm));
}

/**
 * hs_vm_wait_parked_timeout - the same, but not for ever
 * @vm: the VM, held for a reason that stays
 * @jiffies: how long at most
 *
 * Return: 0 when the time was over and some vCPU still runs.
 */
long hs_vm_wait_parked_timeout(struct hs_vm *vm, long jiffies)
{
	might_sleep();
	return wait_event_timeout(vm->park_wq, all_parked(vm), jiffies);
}

/**
 * hs_vm_post - the guest did something that concerns the whole VM
 * @vm: the VM
 * @ev: what
 * @code: goes with it
 *
 * Holds the vCPUs at once, so that the guest does nothing after it that a
 * machine switched off could not do, and leaves the rest to hs_vm_work().  Only
 * the first event counts until it is served.  Any context.
 */
void hs_vm_post(struct hs_vm *vm, enum hs_vm_event ev, u32 code)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&vm->hold_lock, flags);
	if (vm->event == HS_EV_NONE && !(vm->hold & HS_HOLD_OFF)) {
		vm->event = ev;
		vm->event_code = code;
		set_hold(vm, vm->hold | HS_HOLD_EVENT);
		queue_work(hs_vm_wq, &vm->work);
	}
	raw_spin_unlock_irqrestore(&vm->hold_lock, flags);
}

/**
 * hs_vm_peek_event - what the guest did, if it has not been served yet
 * @vm: the VM
 * @code: filled in
 */
enum hs_vm_event hs_vm_peek_event(struct hs_vm *vm, u32 *code)
{
	enum hs_vm_event ev;

	raw_spin_lock_irq(&vm->hold_lock);
	ev = vm->event;
	*code = vm->event_code;
	raw_spin_unlock_irq(&vm->hold_lock);
	return ev;
}

/**
 * hs_vm_drop_event - the event has been served, or no longer matters
 * @vm: the VM
 *
 * Lets the vCPUs go on if no other reason holds them.  Context: vm->lock.
 */
void hs_vm_drop_event(struct hs_vm *vm)
{
	lockdep_assert_held(&vm->lock);
	raw_spin_lock_irq(&vm->hold_lock);
	vm->event = HS_EV_NONE;
	set_hold(vm, vm->hold & ~HS_HOLD_EVENT);
	raw_spin_unlock_irq(&vm->hold_lock);
}

static void board_kick(void *arg, unsigned int cpu)
{
	struct hs_vm *vm = arg;

	/* While the machine is being put together there is nobody to kick. */
	if (cpu < vm->cpus && vm->vcpu[cpu])
		hs_vcpu_kick(vm->vcpu[cpu]);
}

static void board_event(void *arg, enum hs_board_event ev, u32 code)
{
	struct hs_vm *vm = arg;

	switch (ev) {
	case HS_BOARD_POWEROFF:
		hs_vm_post(vm, HS_EV_POWEROFF, 0);
		break;
	case HS_BOARD_RESET:
		hs_vm_post(vm, HS_EV_RESET, 0);
		break;
	case HS_BOARD_PANIC:
		hs_vm_post(vm, HS_EV_PANIC, 0);
		break;
	case HS_BOARD_EXIT:
		hs_vm_post(vm, HS_EV_EXIT, code);
		break;
	}
}

/* A page that is not there, or not now, is no matter: the guest only asked. */
static void board_unmap(void *arg, u64 gpa)
{
	struct hs_vm *vm = arg;

	hs_stage_out(vm->gmem, gpa);
}

const struct hs_board_ops hs_vm_board_ops = {
	.kick = board_kick,
	.event = board_event,
	.unmap = board_unmap,
};
