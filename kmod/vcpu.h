/* SPDX-License-Identifier: GPL-2.0 */
/* A virtual CPU: the kernel thread that runs it. */
#ifndef HS_VCPU_H
#define HS_VCPU_H

#include <linux/rcuwait.h>
#include <linux/types.h>
#include <linux/hyperspace.h>

struct hs_vm;
struct hs_vmx;
struct task_struct;

/**
 * struct hs_vcpu - a virtual CPU
 * @task: its thread, from creation to destruction: what was set on it, such as
 *	affinity, stays over stop and start
 * @wait: where the thread sleeps; anybody may wake it, in any context
 * @parked: counted in vm->parked; under vm->hold_lock
 * @cpu_ns: CPU time since start; written by the thread, or while it is parked
 * @cpu_start_ns: the thread's CPU time at start; written while it is parked
 * @regs: as they were when the thread parked last; valid while it is parked
 */
struct hs_vcpu {
	struct hs_vm *vm;
	struct hs_vmx *vmx;
	unsigned int index;
	struct task_struct *task;
	struct rcuwait wait;
	bool parked;
	u64 cpu_ns, cpu_start_ns;
	struct hs_uregs regs;
};

struct hs_vcpu *hs_vcpu_create(struct hs_vm *vm, unsigned int index);
void hs_vcpu_destroy(struct hs_vcpu *v);
void hs_vcpu_start(struct hs_vcpu *v);
void hs_vcpu_kick(struct hs_vcpu *v);
u32 hs_vcpu_tid(const struct hs_vcpu *v);

#endif /* HS_VCPU_H */
