// SPDX-License-Identifier: GPL-2.0
/* Looking at a VM without stopping it: counters, times, what it costs. */
#include "vcpu.h"
#include "vm.h"

/* Counters as they are since the VM was made. */
static void raw_stats(struct hs_vm *vm, struct hs_vmx_stats *s,
		      struct hs_gmem_stats *g)
{
	unsigned int i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < vm->cpus; i++)
		hs_vmx_add_stats(vm->vcpu[i]->vmx, s);
	hs_gmem_stats(vm->gmem, g);
	s->v[HS_A_STAT_FAULTS] = g->faults;
	s->v[HS_A_STAT_REFAULTS] = g->refaults;
	s->v[HS_A_STAT_SPLITS] = g->splits;
	s->v[HS_A_STAT_COLLAPSES] = g->collapses;
	s->v[HS_A_STAT_ACKS] = g->acks;
}

/**
 * hs_vm_mark_stats - count from here: the VM starts
 * @vm: under vm->lock
 */
void hs_vm_mark_stats(struct hs_vm *vm)
{
	struct hs_gmem_stats g;
	struct hs_vmx_stats s;

	lockdep_assert_held(&vm->lock);
	raw_stats(vm, &s, &g);
	spin_lock(&vm->state_lock);
	vm->base = s;
	spin_unlock(&vm->state_lock);
}

/**
 * hs_vm_get_stats - counters since start, summed over vCPUs
 * @vm: a VM with a reference
 * @s: filled in
 *
 * The vCPUs run on meanwhile, so counters may be from different moments.
 * Process context.
 */
void hs_vm_get_stats(struct hs_vm *vm, struct hs_vmx_stats *s)
{
	struct hs_gmem_stats g;
	unsigned int i;

	raw_stats(vm, s, &g);
	spin_lock(&vm->state_lock);
	for (i = 0; i < ARRAY_SIZE(s->v); i++)
		s->v[i] -= vm->base.v[i];
	spin_unlock(&vm->state_lock);
}

/**
 * hs_vm_cpu_time - CPU time of all vCPU threads since start
 * @vm: a VM with a reference
 *
 * Return: nanoseconds, behind by a scheduler tick or so.
 */
u64 hs_vm_cpu_time(const struct hs_vm *vm)
{
	unsigned int i;
	u64 ns = 0;

	for (i = 0; i < vm->cpus; i++)
		ns += READ_ONCE(vm->vcpu[i]->cpu_ns);
	return ns;
}

/**
 * hs_vm_overhead - what a VM costs beyond its frames
 * @vm: a VM with a reference
 *
 * Return: bytes of EPT tables, VMCSs, bitmaps and bookkeeping.
 */
u64 hs_vm_overhead(const struct hs_vm *vm)
{
	u64 bytes = sizeof(*vm) + (vm->hide ? sizeof(*vm->hide) : 0) +
		    hs_gmem_overhead(vm->gmem);
	unsigned int i;

	for (i = 0; i < vm->cpus; i++)
		bytes += sizeof(*vm->vcpu[i]) + hs_vmx_overhead(vm->vcpu[i]->vmx);
	return bytes;
}
