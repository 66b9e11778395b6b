// SPDX-License-Identifier: GPL-2.0
/*
 * Software checks of VMCS ownership and VPID reuse, and the switches that leave
 * steps out (HS_DEBUG=1).
 *
 * Each complaint begins with "hyperspace: check:" and is counted in the module
 * parameter debug_reports.  It is also a kernel warning, unless a step was ever
 * left out on purpose: then a complaint is what the test wants.
 */
#ifdef HS_DEBUG

#include <linux/bug.h>
#include <linux/cpu.h>
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/mm.h>
#include <linux/sysfs.h>
#include <linux/vmalloc.h>
#include <asm/tsc.h>
#include "vmx/debug.h"
#include "vmx/vmcs.h"
#include "vmx/vmxop.h"

#define VPIDS	65536

static unsigned int debug_reports;
module_param(debug_reports, uint, 0400);
MODULE_PARM_DESC(debug_reports, "violations of VMCS, VPID, kick and host-state rules seen so far");

static char debug_last[120];
module_param_string(debug_last, debug_last, sizeof(debug_last), 0400);
MODULE_PARM_DESC(debug_last, "what the last violation was");

static bool mutated_ever;

void hs_dbg_complain(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(debug_last, sizeof(debug_last), fmt, args);
	va_end(args);
	debug_reports++;
	pr_err_ratelimited("hyperspace: check: %s\n", debug_last);
	WARN_ON_ONCE(!mutated_ever);
}

static const char * const mutation_name[] = {
	[HS_MUT_NONE] = "none",
	[HS_MUT_SKIP_VMCLEAR] = "vmclear",
	[HS_MUT_SKIP_INVVPID] = "invvpid",
	[HS_MUT_SKIP_KICK] = "kick",
	[HS_MUT_SKIP_VMXOFF] = "vmxoff",
	[HS_MUT_SKIP_EMERGENCY] = "emergency",
	[HS_MUT_MOVE] = "move",
#define HS_FORGET_NAME(id, name)	[HS_FORGET_##id] = name,
	HS_FORGET_LIST(HS_FORGET_NAME)
#undef HS_FORGET_NAME
};

static atomic_t mutation = ATOMIC_INIT(HS_MUT_NONE);

static int mutate_set(const char *val, const struct kernel_param *kp)
{
	int i = sysfs_match_string(mutation_name, val);

	if (i < 0)
		return i;
	mutated_ever = true;
	atomic_set(&mutation, i);
	return 0;
}

static int mutate_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", mutation_name[atomic_read(&mutation)]);
}

static const struct kernel_param_ops mutate_ops = {
	.set = mutate_set,
	.get = mutate_get,
};
module_param_cb(debug_mutate, &mutate_ops, NULL, 0600);
MODULE_PARM_DESC(debug_mutate, "what to leave out, to prove that checks fire: the next vmclear, invvpid or kick, each vmxoff or emergency vmxoff, or an item of the host state (debug.h)");

/* Once: the next time the step comes, it is left out. */
bool hs_mutated(enum hs_mutation m)
{
	return unlikely(atomic_read(&mutation) == m) &&
	       atomic_cmpxchg(&mutation, m, HS_MUT_NONE) == m;
}

bool hs_mutating(enum hs_mutation m)
{
	return unlikely(atomic_read(&mutation) == m);
}

/*
 * Where each VMCS is active, by what the instructions did rather than by what
 * hs_vmcs.cpu says: VMPTRLD adds a region to this CPU's set, VMCLEAR takes it
 * out.  The set is a short list, as few VMCSs are active at a time.
 */
#define ACTIVE_MAX	512

struct dbg_cpu {
	u64 active[ACTIVE_MAX];		/* physical addresses, 0 = free */
	u64 *vpid_owner;		/* who flushed a VPID here last */
};

static DEFINE_PER_CPU(struct dbg_cpu, dbg_cpu);

/* CPU + 1 on which each VPID ran last, 0 = nowhere yet. */
static u16 *vpid_cpu;

static int find(const struct dbg_cpu *d, u64 pa)
{
	int i;

	for (i = 0; i < ACTIVE_MAX; i++)
		if (READ_ONCE(d->active[i]) == pa)
			return i;
	return -1;
}

/* This CPU is about to VMPTRLD; interrupts off. */
void hs_dbg_vmcs_load(struct hs_vmcs *vmcs)
{
	struct dbg_cpu *d = this_cpu_ptr(&dbg_cpu);
	int cpu, slot;

	for_each_possible_cpu(cpu)
		if (cpu != smp_processor_id() &&
		    find(per_cpu_ptr(&dbg_cpu, cpu), vmcs->pa) >= 0)
			hs_dbg_complain("VMCS %#llx loaded on CPU %d while active on CPU %d",
				 vmcs->pa, smp_processor_id(), cpu);
	if (find(d, vmcs->pa) >= 0)
		return;
	slot = find(d, 0);
	if (slot >= 0)
		WRITE_ONCE(d->active[slot], vmcs->pa);
}

/* VMCLEAR was executed here (or should have been); interrupts off. */
void hs_dbg_vmcs_cleared(struct hs_vmcs *vmcs)
{
	struct dbg_cpu *d = this_cpu_ptr(&dbg_cpu);
	int slot = find(d, vmcs->pa);

	if (slot >= 0)
		WRITE_ONCE(d->active[slot], 0);
}

/* This CPU is about to VMXOFF; interrupts off. */
void hs_dbg_vmxoff(void)
{
	struct dbg_cpu *d = this_cpu_ptr(&dbg_cpu);
	int i;

	for (i = 0; i < ACTIVE_MAX; i++) {
		if (d->active[i])
			hs_dbg_complain("VMXOFF on CPU %d with VMCS %#llx active",
				 smp_processor_id(), d->active[i]);
		d->active[i] = 0;
	}
}

/* All VPIDs were flushed here: nobody owns any. */
void hs_dbg_cpu_flushed(void)
{
	u64 *owner = this_cpu_read(dbg_cpu.vpid_owner);

	if (owner)
		memset(owner, 0xff, VPIDS * sizeof(*owner));
}

void hs_dbg_vpid_flushed(u16 vpid, u64 owner)
{
	u64 *table = this_cpu_read(dbg_cpu.vpid_owner);

	if (table)
		table[vpid] = owner;
}

/* Whatever CPU holds translations of @vpid must do INVVPID before it runs again. */
void hs_dbg_vpid_stale(u16 vpid)
{
	u64 *table;
	int cpu;

	for_each_possible_cpu(cpu) {
		table = per_cpu(dbg_cpu, cpu).vpid_owner;
		if (READ_ONCE(table[vpid]) != ~0ULL)
			WRITE_ONCE(table[vpid], 0);
	}
}

/* A vCPU is about to run here with @vpid; interrupts off. */
void hs_dbg_vpid_enter(u16 vpid, u64 owner)
{
	u64 *table = this_cpu_read(dbg_cpu.vpid_owner);
	int cpu = smp_processor_id(), last = vpid_cpu[vpid] - 1;

	if (last != cpu) {
		/*
		 * What it left on the other CPU is stale from now on: the guest
		 * flushes its TLB here without that CPU being told.
		 */
		if (last >= 0 && per_cpu(dbg_cpu, last).vpid_owner[vpid] != ~0ULL)
			per_cpu(dbg_cpu, last).vpid_owner[vpid] = 0;
		vpid_cpu[vpid] = cpu + 1;
	}
	if (table[vpid] == owner)
		return;
	/* Right after VMXON everything was flushed, for whoever comes first. */
	if (table[vpid] != ~0ULL)
		hs_dbg_complain("VPID %u used on CPU %d without INVVPID", vpid, cpu);
	table[vpid] = owner;
}

void hs_dbg_kick(u64 *since)
{
	cmpxchg64(since, 0, rdtsc());
}

/* A kick that came before this entry is obeyed: its cause is looked at now. */
void hs_dbg_entering(u64 *since)
{
	WRITE_ONCE(*since, 0);
}

/*
 * Who was kicked leaves the guest by an interrupt, and at once.  Leaving by the
 * timer long after it means that the kick got lost.  (With IF = 0 some emulators
 * keep interrupts back; that is not our loss.)  Interrupts off.
 */
void hs_dbg_left(u64 *since, u32 reason)
{
	u64 t = READ_ONCE(*since);

	if (!t)
		return;
	if (reason == EXIT_REASON_PREEMPTION_TIMER &&
	    (hs_vmreadl(GUEST_RFLAGS) & X86_EFLAGS_IF) && rdtsc() - t > tsc_khz / 10)
		hs_dbg_complain("a kick did not make CPU %d leave its guest", smp_processor_id());
	WRITE_ONCE(*since, 0);
}

int hs_dbg_move_away(void)
{
	int cpu = raw_smp_processor_id(), other;

	if (!hs_mutated(HS_MUT_MOVE))
		return -1;
	cpus_read_lock();
	other = cpumask_any_but(cpu_online_mask, cpu);
	if (other >= nr_cpu_ids || set_cpus_allowed_ptr(current, cpumask_of(other)))
		cpu = -1;
	cpus_read_unlock();
	return cpu;
}

void hs_dbg_move_back(int cpu)
{
	if (cpu >= 0)
		set_cpus_allowed_ptr(current, cpumask_of(cpu));
}

void hs_dbg_exit(void)
{
	int cpu;

	kvfree(vpid_cpu);
	vpid_cpu = NULL;

	for_each_possible_cpu(cpu) {
		vfree(per_cpu(dbg_cpu, cpu).vpid_owner);
		per_cpu(dbg_cpu, cpu).vpid_owner = NULL;
	}
}

int hs_dbg_init(void)
{
	int cpu;

	vpid_cpu = kvcalloc(VPIDS, sizeof(*vpid_cpu), GFP_KERNEL);
	if (!vpid_cpu)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		per_cpu(dbg_cpu, cpu).vpid_owner = vzalloc(VPIDS * sizeof(u64));
		if (!per_cpu(dbg_cpu, cpu).vpid_owner) {
			hs_dbg_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

#endif /* HS_DEBUG */
