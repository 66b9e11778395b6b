// SPDX-License-Identifier: GPL-2.0
/*
 * Which VMs there are: making one, finding it, taking it apart.
 *
 * A VM is found by id or name and then held by a reference for as long as one
 * request takes.  Destroying it goes in three steps: make it dead (state and
 * table), wait for the users (references), free it.  After the first step who
 * had found it before gets -ENODEV.
 */
#include <linux/file.h>
#include <linux/memcontrol.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <asm/tsc.h>
#include <linux/xarray.h>
#include "event.h"
#include "image.h"
#include "vcpu.h"
#include "vm.h"

/*
 * All VMs by id.  Ids go up and are not used again soon, so that a dump goes
 * on after the last id it showed, and a script does not hit a newer VM.
 */
static struct {
	struct mutex lock;
	struct xarray by_id;
	u32 next_id;
	u32 generation;		/* of the VMs and their devices, never 0 */
} hs_vms = {
	.lock = __MUTEX_INITIALIZER(hs_vms.lock),
	.by_id = XARRAY_INIT(hs_vms.by_id, XA_FLAGS_ALLOC1),
	.generation = 1,
};

struct workqueue_struct *hs_vm_wq;

static void vm_changed(void)
{
	lockdep_assert_held(&hs_vms.lock);
	if (!++hs_vms.generation)
		hs_vms.generation = 1;
}

static void vm_release(struct kref *ref)
{
	struct hs_vm *vm = container_of(ref, struct hs_vm, ref);

	complete(&vm->released);
}

/**
 * hs_vm_put - give a reference back
 * @vm: from hs_vm_find() or hs_vm_next()
 */
void hs_vm_put(struct hs_vm *vm)
{
	kref_put(&vm->ref, vm_release);
}

static struct hs_vm *find_name(const char *name)
{
	struct hs_vm *vm;
	unsigned long id;

	lockdep_assert_held(&hs_vms.lock);
	xa_for_each(&hs_vms.by_id, id, vm)
		if (!strcmp(vm->name, name))
			return vm;
	return NULL;
}

/**
 * hs_vm_find - the VM that a message is about
 * @key: name, id or both, which then must agree
 * @e: what is wrong, when something is
 *
 * Process context.
 *
 * Return: the VM with a reference, or ERR_PTR(-ENOENT), ERR_PTR(-EINVAL) when
 * name and id are of different VMs.
 */
struct hs_vm *hs_vm_find(const struct hs_vm_key *key, struct hs_attr_error *e)
{
	struct hs_vm *vm = NULL;
	int err = -ENOENT;

	mutex_lock(&hs_vms.lock);
	if (key->has_id) {
		vm = xa_load(&hs_vms.by_id, key->id);
		e->attr = HS_A_VM_ID;
		e->why = "no VM has this id";
	}
	if (key->has_name && (vm || !key->has_id)) {
		struct hs_vm *named = find_name(key->name);

		e->attr = HS_A_VM_NAME;
		e->why = "no VM has this name";
		if (key->has_id && named != vm) {
			e->why = "name and id are not of the same VM";
			err = -EINVAL;
			named = NULL;
		}
		vm = named;
	}
	if (vm && !vm->published)
		vm = NULL;
	if (vm)
		kref_get(&vm->ref);
	mutex_unlock(&hs_vms.lock);
	return vm ?: ERR_PTR(err);
}

/**
 * hs_vm_next - go over all VMs
 * @id: where to begin, 0 at first; set to the id of the VM found plus one
 *
 * Process context.
 *
 * Return: the VM with a reference, or NULL after the last.
 */
struct hs_vm *hs_vm_next(u32 *id)
{
	unsigned long index = *id;
	struct hs_vm *vm;

	mutex_lock(&hs_vms.lock);
	vm = xa_find(&hs_vms.by_id, &index, U32_MAX, XA_PRESENT);
	while (vm && !vm->published)
		vm = xa_find_after(&hs_vms.by_id, &index, U32_MAX, XA_PRESENT);
	if (vm) {
		kref_get(&vm->ref);
		*id = vm->id + 1;
	}
	mutex_unlock(&hs_vms.lock);
	return vm;
}

/**
 * hs_vm_changed - a VM got a device, or lost one
 *
 * Process context.
 */
void hs_vm_changed(void)
{
	mutex_lock(&hs_vms.lock);
	vm_changed();
	mutex_unlock(&hs_vms.lock);
}

/**
 * hs_vm_generation - changes whenever a VM or a device of one comes or goes
 *
 * Return: never 0.  Process context.
 */
u32 hs_vm_generation(void)
{
	u32 generation;

	mutex_lock(&hs_vms.lock);
	generation = hs_vms.generation;
	mutex_unlock(&hs_vms.lock);
	return generation;
}

/* Takes the name and an id, so that nobody else can; invisible as yet. */
static int vm_reserve(struct hs_vm *vm, struct hs_attr_error *e)
{
	int err;

	mutex_lock(&hs_vms.lock);
	if (find_name(vm->name)) {
		e->attr = HS_A_VM_NAME;
		e->why = "a VM of this name exists";
		err = -EEXIST;
	} else {
		err = xa_alloc_cyclic(&hs_vms.by_id, &vm->id, vm, xa_limit_31b,
				      &hs_vms.next_id, GFP_KERNEL);
	}
	mutex_unlock(&hs_vms.lock);
	return err < 0 ? err : 0;
}

static void vm_publish(struct hs_vm *vm)
{
	mutex_lock(&hs_vms.lock);
	vm->published = true;
	vm_changed();
	mutex_unlock(&hs_vms.lock);
}

static void vm_unpublish(struct hs_vm *vm)
{
	mutex_lock(&hs_vms.lock);
	xa_erase(&hs_vms.by_id, vm->id);
	if (vm->published)
		vm_changed();
	mutex_unlock(&hs_vms.lock);
}

static void vcpus_destroy(struct hs_vm *vm)
{
	unsigned int i;

	for (i = 0; i < vm->cpus; i++) {
		if (vm->vcpu[i])
			hs_vcpu_destroy(vm->vcpu[i]);
		vm->vcpu[i] = NULL;
	}
}

/* What was made before an error is left to machine_destroy(). */
static int vcpus_create(struct hs_vm *vm)
{
	unsigned int i;

	for (i = 0; i < vm->cpus; i++) {
		struct hs_vcpu *v = hs_vcpu_create(vm, i);

		if (IS_ERR(v))
			return PTR_ERR(v);
		vm->vcpu[i] = v;
	}
	vm->parked = vm->cpus;
	return 0;
}

/*
 * All vCPUs are parked.  Until hs_board_exit() returns, timers and the
 * console may still kick vCPUs and post events, which queue the work; after it
 * the work is the last that could look at the machine.
 */
static void machine_destroy(struct hs_vm *vm)
{
	hs_board_exit(&vm->board);
	cancel_work_sync(&vm->work);
	vcpus_destroy(vm);
	hs_vmx_vm_destroy(vm->vmx);
	hs_gmem_destroy(vm->gmem);
}

/* Puts the machine together; undone by machine_destroy(). */
static int machine_create(struct hs_vm *vm, struct hs_vm_parts *parts,
			  struct hs_attr_error *e)
{
	const struct hs_gmem_cfg gmem_cfg = {
		.ram_bytes = vm->mem_bytes,
		.ad = hs_vmx_has_ept_ad(),
		.huge_2m = hs_vmx_has_ept_2m(),
		.touch_2m = vm->page_bytes == HS_PAGE_2M,
		.kick = hs_vmx_kick_cpu,
	};
	struct hs_board_cfg board_cfg = {
		.name = vm->name,
		.cpus = vm->cpus,
		.testdev = vm->flags & HS_VM_F_TESTDEV,
		.tsc_khz = tsc_khz,
		.memcg = vm->memcg,
	};
	struct hs_vmx_vm_cfg vmx_cfg = {
		.cpus = vm->cpus,
		.board = &vm->board,
		.name = vm->name,
	};
	int err;

	vm->gmem = hs_gmem_create(&gmem_cfg);
	if (IS_ERR(vm->gmem)) {
		err = PTR_ERR(vm->gmem);
		if (err != -ENOMEM) {
			e->attr = HS_A_VM_MEM_BYTES;
			e->why = "more memory than this CPU can give a guest";
		}
		return err;
	}
	board_cfg.gmem = vm->gmem;
	/* One instruction's pages always fit (architecture.rst, "Memory", 12). */
	hs_gmem_set_reservation(vm->gmem, min_t(u64, vm->mem_bytes,
						SZ_1M + (u64)vm->cpus * SZ_256K));
	err = hs_board_init(&vm->board, &board_cfg, &hs_vm_board_ops, vm);
	if (err) {
		e->why = "the devices of the VM cannot be made";
		goto free_gmem;
	}
	vmx_cfg.gmem = vm->gmem;
	if (vm->hide)
		vmx_cfg.hide = vm->hide->set;
	err = -ENOMEM;
	vm->vmx = hs_vmx_vm_create(&vmx_cfg);
	if (!vm->vmx)
		goto exit_board;
	err = vcpus_create(vm);
	if (err == -ENOSPC)
		e->why = "this host has as many vCPUs as it can tell apart";
	if (!err)
		err = hs_vm_devs_create(vm, parts, e);
	if (err)
		machine_destroy(vm);
	return err;

exit_board:
	hs_board_exit(&vm->board);
free_gmem:
	hs_gmem_destroy(vm->gmem);
	return err;
}

static void vm_free(struct hs_vm *vm)
{
	if (vm->initrd)
		fput(vm->initrd);
	if (vm->kernel)
		fput(vm->kernel);
	mem_cgroup_put(vm->memcg);
	mutex_destroy(&vm->dev_lock);
	mutex_destroy(&vm->lock);
	kfree(vm->hide);
	kfree(vm->cmdline);
	kvfree(vm->vcpu);
	kfree(vm);
}

static struct hs_vm *vm_alloc(const struct hs_vm_params *p, const struct hs_vm_parts *parts)
{
	struct hs_vm *vm = kzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	bool hides = parts->hide.nr;

	if (!vm)
		return NULL;
	kref_init(&vm->ref);
	init_completion(&vm->released);
	mutex_init(&vm->lock);
	mutex_init(&vm->dev_lock);
	spin_lock_init(&vm->state_lock);
	raw_spin_lock_init(&vm->hold_lock);
	init_waitqueue_head(&vm->park_wq);
	INIT_WORK(&vm->work, hs_vm_work);
	vm->state = HS_VM_DEFINED;
	vm->hold = HS_HOLD_OFF;

	strscpy(vm->name, p->name, sizeof(vm->name));
	vm->mem_bytes = p->mem_bytes;
	vm->cpus = p->cpus;
	vm->flags = p->flags;
	vm->on_panic = p->on_panic;
	vm->page_bytes = p->page_bytes;
	vm->cmdline = kstrdup(p->cmdline, GFP_KERNEL_ACCOUNT);
	vm->vcpu = kvcalloc(p->cpus, sizeof(*vm->vcpu), GFP_KERNEL_ACCOUNT);
	if (hides)
		vm->hide = kmemdup(&parts->hide, sizeof(parts->hide), GFP_KERNEL_ACCOUNT);
	vm->kernel = get_file(parts->kernel);
	if (parts->initrd)
		vm->initrd = get_file(parts->initrd);
	vm->memcg = get_mem_cgroup_from_mm(current->mm);
	if (vm->cmdline && vm->vcpu && (vm->hide || !hides))
		return vm;
	vm_free(vm);
	return NULL;
}

/**
 * hs_vm_create - make a VM that can be started
 * @p: what it is made from
 * @parts: files and devices, likewise; the VM takes references of its own
 * @e: what is wrong, when something is
 * @info: the request, for its echo
 *
 * Everything is in place or nothing is left.  A VM holds the module from here
 * to its destruction.  Context: the creator's process, sleeps.
 *
 * Return: the VM with a reference, or ERR_PTR: -EEXIST, -ENOMEM, -EOPNOTSUPP
 * when this host cannot run VMs or has no 2 MiB pages for one, what the loaders
 * say of the images, and the devices of their files: then @parts->bad_dev is not
 * negative, and @e->attr is of that device's nest.
 */
struct hs_vm *hs_vm_create(const struct hs_vm_params *p, struct hs_vm_parts *parts,
			   struct hs_attr_error *e, struct genl_info *info)
{
	struct hs_check missing;
	struct hs_vm *vm;
	int err;

	might_sleep();
	err = hs_vmx_supported(&missing);
	if (err) {
		e->why = missing.remedy ?: "this host cannot run VMs: see vctl check";
		return ERR_PTR(err);
	}
	/* Asked for, it must not turn out later to have meant nothing. */
	if (p->page_bytes == HS_PAGE_2M && !hs_vmx_has_ept_2m()) {
		e->attr = HS_A_VM_PAGE_BYTES;
		e->why = "no 2 MiB pages here: EPT lacks them, or a bug of the CPU forbids them (see vctl check)";
		return ERR_PTR(-EOPNOTSUPP);
	}
	if (!try_module_get(THIS_MODULE)) {
		e->why = "the module is being unloaded";
		return ERR_PTR(-ENODEV);
	}
	err = -ENOMEM;
	vm = vm_alloc(p, parts);
	if (!vm)
		goto put_module;
	err = hs_image_check(vm, e);
	if (err)
		goto free;
	err = vm_reserve(vm, e);
	if (err)
		goto free;
	err = machine_create(vm, parts, e);
	if (err)
		goto unreserve;

	kref_get(&vm->ref);
	mutex_lock(&vm->lock);
	/* Who finds it waits for the lock: this event is the VM's first. */
	vm_publish(vm);
	hs_vm_set_state(vm, HS_VM_DEFINED, NULL, info);
	mutex_unlock(&vm->lock);
	return vm;

unreserve:
	vm_unpublish(vm);
free:
	vm_free(vm);
put_module:
	module_put(THIS_MODULE);
	return ERR_PTR(err);
}

/**
 * hs_vm_destroy - take a VM apart
 * @vm: the VM; the caller's reference is used up when 0 is returned
 * @why: sentence, when it may not be destroyed now
 * @info: the request, for its echo
 *
 * When it returns, nothing of the VM is left.  The event is sent when name,
 * console and reference on the module are free again: who waited for it may
 * use the name, or unload the module.
 *
 * Context: a request of the control plane, whose lock keeps the module's code
 * here until it returned; sleeps.
 *
 * Return: 0, -EBUSY when it is live, -ENODEV when somebody else was quicker,
 * -EINTR when the caller is being killed while another operation goes on.
 */
int hs_vm_destroy(struct hs_vm *vm, const char **why, struct genl_info *info)
{
	const struct hs_vm_verdict *v;
	enum hs_vm_state old;

	if (mutex_lock_killable(&vm->lock)) {
		*why = "interrupted while another operation on the VM was going on";
		return -EINTR;
	}
	old = vm->state;
	v = hs_vm_verdict(old, HS_OP_DEL);
	if (v->err) {
		*why = v->why;
		mutex_unlock(&vm->lock);
		return v->err;
	}
	/* Dead: no operation finds a legal transition any more. */
	spin_lock(&vm->state_lock);
	vm->state = v->next;
	spin_unlock(&vm->state_lock);
	vm_unpublish(vm);
	mutex_unlock(&vm->lock);

	/* Requests that found it before; each ends at vm->lock, or at once. */
	hs_vm_put(vm);		/* the caller's */
	hs_vm_put(vm);		/* the table's */
	wait_for_completion(&vm->released);

	machine_destroy(vm);
	module_put(THIS_MODULE);
	mutex_lock(&vm->lock);
	hs_event_state(vm, old, v->next, NULL, info);
	mutex_unlock(&vm->lock);
	vm_free(vm);
	return 0;
}

/**
 * hs_vm_module_init - get ready for VMs
 *
 * Return: 0 or -ENOMEM.
 */
int hs_vm_module_init(void)
{
	/* Unbound: an ending VM waits for its vCPUs, on whatever CPU. */
	hs_vm_wq = alloc_workqueue("hs_vm", WQ_UNBOUND | WQ_FREEZABLE, 0);
	return hs_vm_wq ? 0 : -ENOMEM;
}

/**
 * hs_vm_module_exit - undo hs_vm_module_init(); there is no VM
 */
void hs_vm_module_exit(void)
{
	destroy_workqueue(hs_vm_wq);
	xa_destroy(&hs_vms.by_id);
}
