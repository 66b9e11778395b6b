/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A VM as an object: who holds it, what protects it.
 *
 * Locks, outermost first; none of them is ever taken the other way round:
 *
 *	vm->lock	mutex; one operation at a time on one VM.  Held over all
 *			that starts, ends, resets or pauses it, so over sleeps.
 *			vCPU threads never take it: whoever holds it waits for them.
 *	vm->dev_lock	mutex; which disks and nets it has.  They change with
 *			vm->lock held as well, so who holds either may look.
 *	hs_vms.lock	mutex; which VMs there are and what they are called.
 *			Held shortly, nothing waits under it.
 *	vm->state_lock	spinlock; what a reader sees: state, reason, times.
 *	vm->hold_lock	raw spinlock, interrupts off; who may run and who is
 *			parked.  Raw, as devices call in with their own held.
 */
#ifndef HS_VM_H
#define HS_VM_H

#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/hyperspace.h>
#include "boot/boot.h"
#include "dev/board.h"
#include "ept/gmem.h"
#include "vm_dev.h"
#include "vm_params.h"
#include "vm_state.h"
#include "vmx/vmx.h"

struct file;
struct genl_info;
struct mem_cgroup;
struct hs_vcpu;

/* Reasons for which no vCPU of a VM may run; each is set and cleared alone. */
#define HS_HOLD_OFF	BIT(0)	/* not started, or ended */
#define HS_HOLD_PAUSE	BIT(1)	/* paused by the user */
#define HS_HOLD_EVENT	BIT(2)	/* the guest did something final */
#define HS_HOLD_RESET	BIT(3)	/* machine is being reset */
#define HS_HOLD_LOOK	BIT(4)	/* somebody reads registers */
#define HS_HOLD_REBOOT	BIT(5)	/* the host goes down; never cleared */

/* What a guest can do to its whole VM; the first one counts. */
enum hs_vm_event {
	HS_EV_NONE,
	HS_EV_POWEROFF,
	HS_EV_RESET,
	HS_EV_PANIC,
	HS_EV_EXIT,	/* code: what it wrote to the test device */
	HS_EV_TRIPLE,	/* code: vCPU */
	HS_EV_VMX_FAIL,	/* code: vCPU; hs_vmx_fail_reason() says more */
};

/**
 * struct hs_vm - a virtual machine
 * @ref: lookups and operations in flight; the last one out signals @released.
 *	Neither vCPU threads nor @work count: destroying the VM stops them.
 * @board, @gmem, @vmx, @vcpu: the machine; constant from creation to
 *	destruction, so whoever holds a reference may use them
 * @hold: HS_HOLD_*; a vCPU runs only while it is 0.  Written under @hold_lock.
 * @parked: vCPUs that are not in, and will not enter, hs_vmx_run().  A vCPU
 *	becomes unparked only by finding @hold 0 under @hold_lock.
 * @event, @event_code: what the guest did, until @work has served it
 */
struct hs_vm {
	struct kref ref;
	struct completion released;
	struct mutex lock;
	struct mutex dev_lock;

	/* Constant after creation. */
	u32 id;
	char name[HS_NAME_MAX + 1];
	u64 mem_bytes;
	u32 cpus, flags, on_panic, page_bytes;
	char *cmdline;
	struct hs_vm_hide *hide;	/* NULL: the guest sees all features */
	struct file *kernel, *initrd;
	struct mem_cgroup *memcg;
	struct hs_board board;
	struct hs_gmem *gmem;
	struct hs_vmx_vm *vmx;
	struct hs_vcpu **vcpu;	/* [cpus] */
	unsigned int yielded_to;	/* vCPU that last got the CPU of one that spun; a hint */

	/* Protected by hs_vms.lock. */
	bool published;

	/* Protected by state_lock; written with lock held, too. */
	spinlock_t state_lock;
	enum hs_vm_state state;
	char reason[HS_REASON_MAX + 1];
	u64 start_ns;			/* CLOCK_MONOTONIC */
	u32 resets;
	u32 exit_code;
	bool has_exit_code;
	struct hs_vmx_stats base;	/* counters at start */

	/* Protected by hold_lock. */
	raw_spinlock_t hold_lock;
	unsigned long hold;
	unsigned int parked;
	enum hs_vm_event event;
	u32 event_code;
	wait_queue_head_t park_wq;

	struct work_struct work;
};

/* vm.c: which VMs there are */
int hs_vm_module_init(void);
void hs_vm_module_exit(void);
struct hs_vm *hs_vm_create(const struct hs_vm_params *p, struct hs_vm_parts *parts,
			   struct hs_attr_error *e, struct genl_info *info);
int hs_vm_destroy(struct hs_vm *vm, const char **why, struct genl_info *info);
struct hs_vm *hs_vm_find(const struct hs_vm_key *key, struct hs_attr_error *e);
struct hs_vm *hs_vm_next(u32 *id);
u32 hs_vm_generation(void);
void hs_vm_changed(void);
void hs_vm_put(struct hs_vm *vm);

/* vm_run.c: starting, ending, and what lies between */
int hs_vm_start(struct hs_vm *vm, struct hs_attr_error *e, struct genl_info *info);
int hs_vm_stop(struct hs_vm *vm, bool force, const char **why, struct genl_info *info);
int hs_vm_pause(struct hs_vm *vm, const char **why, struct genl_info *info);
int hs_vm_resume(struct hs_vm *vm, const char **why, struct genl_info *info);
int hs_vm_reset(struct hs_vm *vm, const char **why, struct genl_info *info);
void hs_vm_set_state(struct hs_vm *vm, enum hs_vm_state state, const char *reason,
		     struct genl_info *info);
void hs_vm_work(struct work_struct *work);
void hs_vm_halt_all(void);

/* vm_hold.c: stopping and releasing the vCPUs together */
void hs_vm_hold(struct hs_vm *vm, unsigned long why);
void hs_vm_release(struct hs_vm *vm, unsigned long why);
void hs_vm_wait_parked(struct hs_vm *vm);
long hs_vm_wait_parked_timeout(struct hs_vm *vm, long jiffies);
void hs_vm_post(struct hs_vm *vm, enum hs_vm_event ev, u32 code);
void hs_vm_drop_event(struct hs_vm *vm);
enum hs_vm_event hs_vm_peek_event(struct hs_vm *vm, u32 *code);

/* vm_stat.c: looking at a VM without stopping it */
void hs_vm_get_stats(struct hs_vm *vm, struct hs_vmx_stats *s);
u64 hs_vm_cpu_time(const struct hs_vm *vm);
u64 hs_vm_overhead(const struct hs_vm *vm);
void hs_vm_mark_stats(struct hs_vm *vm);

extern const struct hs_board_ops hs_vm_board_ops;
extern struct workqueue_struct *hs_vm_wq;

#endif /* HS_VM_H */
