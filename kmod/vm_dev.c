// SPDX-License-Identifier: GPL-2.0
/*
 * The devices of a VM that come and go: which there are, and when they may.
 *
 * vm->lock keeps the VM from starting while they change, vm->dev_lock keeps those
 * who only look out of the way: a reader must not wait for a VM that stops.
 */
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include "dev/virtio_net_core.h"
#include "vm.h"
#include "vm_dev.h"

static const char *sentence(int err)
{
	switch (err) {
	case -EEXIST:
		return "the VM has a device of this id";
	case -ENOSPC:
		return "the VM has no slot left for a device";
	case -EBUSY:
		return "somebody else uses this";
	case -ENOMEM:
		return NULL;
	}
	return "no device can be made from this";
}

/* Attributes of both kinds of nests are the same where it matters here. */
static u16 blamed(int err)
{
	BUILD_BUG_ON((int)HS_A_DISK_FD != (int)HS_A_NET_FD);
	BUILD_BUG_ON((int)HS_A_DISK_ID != (int)HS_A_NET_ID);
	switch (err) {
	case -EEXIST:
		return HS_A_DISK_ID;
	case -ENOSPC:
	case -ENOMEM:
		return 0;
	}
	return HS_A_DISK_FD;
}

static int add_disk(struct hs_vm *vm, const struct hs_vm_dev *d, const char **why)
{
	struct hs_disk_cfg cfg = {
		.file = d->file,
		.ro = d->p.flags & HS_DISK_F_RO,
	};

	strscpy(cfg.id, d->p.id, sizeof(cfg.id));
	return hs_disk_add(&vm->board, &cfg, why);
}

static int add_net(struct hs_vm *vm, const struct hs_vm_dev *d, const char **why)
{
	struct hs_net_cfg cfg = { .file = d->file };

	strscpy(cfg.id, d->p.id, sizeof(cfg.id));
	if (d->p.has_mac)
		memcpy(cfg.mac, d->p.mac, sizeof(cfg.mac));
	else
		hs_net_mac_default(cfg.mac, vm->name, d->p.id);
	return hs_net_add(&vm->board, &cfg, why);
}

/* The VM's creator pays for what devices take, whoever asks for them. */
static int add(struct hs_vm *vm, const struct hs_vm_dev *d, struct hs_attr_error *e)
{
	struct mem_cgroup *old = set_active_memcg(vm->memcg);
	const char *why = NULL;
	int err;

	mutex_lock(&vm->dev_lock);
	err = d->p.kind == HS_DEV_DISK ? add_disk(vm, d, &why) : add_net(vm, d, &why);
	mutex_unlock(&vm->dev_lock);
	set_active_memcg(old);
	if (!err)
		return 0;
	return hs_attr_blame(e, err, blamed(err), why ?: sentence(err));
}

/**
 * hs_vm_devs_create - the devices of a VM that is being made
 * @vm: a VM that nobody else sees yet; its board is there
 * @parts: which; @parts->bad_dev says which failed, if one did
 * @e: what is wrong, when something is
 *
 * What was made before an error goes with the board.  Process context.
 *
 * Return: 0, or as hs_disk_add(), hs_net_add() and hs_rng_add().
 */
int hs_vm_devs_create(struct hs_vm *vm, struct hs_vm_parts *parts, struct hs_attr_error *e)
{
	unsigned int i;
	int err = 0;

	if (vm->flags & HS_VM_F_RNG) {
		err = hs_rng_add(&vm->board);
		if (err)
			return hs_attr_blame(e, err, HS_A_VM_FLAGS, sentence(err));
	}
	for (i = 0; i < parts->nr_dev; i++) {
		err = add(vm, &parts->dev[i], e);
		if (err) {
			parts->bad_dev = i;
			return err;
		}
	}
	return 0;
}

static bool has_dev(struct hs_vm *vm, const char *id)
{
	struct hs_dev_info info;
	unsigned int n;

	for (n = 0; hs_dev_info(&vm->board, n, &info); n++)
		if (!strcmp(info.id, id))
			return true;
	return false;
}

/* The first of the default ids that is free; more than there can be are tried. */
static void choose_id(struct hs_vm *vm, struct hs_dev_params *p)
{
	unsigned int n;

	mutex_lock(&vm->dev_lock);
	for (n = 0; n <= HS_DEVS_MAX; n++) {
		hs_dev_id_default(p->kind, n, p->id);
		if (!has_dev(vm, p->id))
			break;
	}
	mutex_unlock(&vm->dev_lock);
}

/* Takes vm->lock if devices may change now. */
static int lock_stopped(struct hs_vm *vm, struct hs_attr_error *e)
{
	const struct hs_vm_verdict *v;

	if (mutex_lock_killable(&vm->lock))
		return hs_attr_blame(e, -EINTR, 0,
				     "interrupted while another operation on the VM was going on");
	v = hs_vm_verdict(vm->state, HS_OP_DEV);
	if (!v->err)
		return 0;
	mutex_unlock(&vm->lock);
	return hs_attr_blame(e, v->err, 0, v->why);
}

/**
 * hs_vm_dev_add - give a VM a disk or net
 * @vm: a VM with a reference
 * @d: what; without an id it gets one, to be read there afterwards
 * @e: what is wrong, when something is: 0 or an attribute of the nest
 *
 * Process context, sleeps.
 *
 * Return: 0; -EBUSY while the VM runs, -ENODEV when it is being destroyed,
 * -EINTR when the caller is being killed; or as hs_disk_add() and hs_net_add().
 */
int hs_vm_dev_add(struct hs_vm *vm, struct hs_vm_dev *d, struct hs_attr_error *e)
{
	int err = lock_stopped(vm, e);

	if (err)
		return err;
	if (!d->p.id[0])
		choose_id(vm, &d->p);
	err = add(vm, d, e);
	mutex_unlock(&vm->lock);
	if (!err)
		hs_vm_changed();
	return err;
}

/**
 * hs_vm_dev_del - take a disk or net from a VM
 * @vm: a VM with a reference
 * @id: which
 * @e: what is wrong, when something is: 0 or HS_A_DEV_ID
 *
 * Process context, sleeps.
 *
 * Return: 0; -EBUSY while the VM runs, -ENODEV when it is being destroyed,
 * -EINTR when the caller is being killed; or as hs_dev_remove().
 */
int hs_vm_dev_del(struct hs_vm *vm, const char *id, struct hs_attr_error *e)
{
	const char *why = NULL;
	int err = lock_stopped(vm, e);

	if (err)
		return err;
	mutex_lock(&vm->dev_lock);
	err = hs_dev_remove(&vm->board, id, &why);
	mutex_unlock(&vm->dev_lock);
	mutex_unlock(&vm->lock);
	if (err)
		return hs_attr_blame(e, err, HS_A_DEV_ID, why);
	hs_vm_changed();
	return 0;
}

/**
 * hs_vm_net_link - take the link of a net down, or bring it up
 * @vm: a VM with a reference, in any state
 * @id: which net
 * @up: whether it is to be up
 * @e: what is wrong, when something is: HS_A_DEV_ID
 *
 * Process context.
 *
 * Return: 0, or as hs_net_link().
 */
int hs_vm_net_link(struct hs_vm *vm, const char *id, bool up, struct hs_attr_error *e)
{
	const char *why = NULL;
	int err;

	mutex_lock(&vm->dev_lock);
	err = hs_net_link(&vm->board, id, up, &why);
	mutex_unlock(&vm->dev_lock);
	return err ? hs_attr_blame(e, err, HS_A_DEV_ID, why) : 0;
}

/**
 * hs_vm_dev_info - what a device of a VM is and has done
 * @vm: a VM with a reference
 * @n: which, from 0 on
 * @info: filled in
 *
 * Process context.
 *
 * Return: 1; 0 when there are not so many; -EINTR when the caller is being killed
 * while somebody opens a file that does not answer.
 */
int hs_vm_dev_info(struct hs_vm *vm, unsigned int n, struct hs_dev_info *info)
{
	bool there;

	if (mutex_lock_killable(&vm->dev_lock))
		return -EINTR;
	there = hs_dev_info(&vm->board, n, info);
	mutex_unlock(&vm->dev_lock);
	return there;
}
