// SPDX-License-Identifier: GPL-2.0
/*
 * The list of a board's virtio devices: whatever kind they are, they come, are
 * reset, tell about themselves and go through here.
 *
 * No lock: the list changes while no vCPU runs, and who owns the board excludes
 * changes against each other and against questions (see virtio_dev.h).
 */
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "dev/board.h"
#include "dev/devices.h"
#include "dev/virtio.h"
#include "dev/virtio_batch.h"
#include "dev/virtio_dev.h"
#include "dev/virtio_dev_priv.h"

/**
 * struct hs_vdevs - the devices of a board
 * @list: in the order they came in
 */
struct hs_vdevs {
	struct list_head list;
};

struct entry {
	struct list_head node;
	struct hs_vdev *d;
	enum hs_dev_kind kind;
	char id[HS_DEV_ID_MAX + 1];
	void (*destroy)(struct hs_vdev *d);
	void (*info)(struct hs_vdev *d, struct hs_dev_info *i);
};

static struct entry *find_id(struct hs_board *b, const char *id)
{
	struct entry *e;

	list_for_each_entry(e, &b->vdevs->list, node)
		if (!strcmp(e->id, id))
			return e;
	return NULL;
}

/* Who made the device frees it, once nothing can call it any more. */
static void entry_remove(struct entry *e)
{
	list_del(&e->node);
	hs_vdev_del(e->d);
	e->destroy(e->d);
	kfree(e);
}

/**
 * hs_vdevs_add() - put a device on a board, under a name
 * @b: the board
 * @d: the device, filled in as virtio.h says
 * @kind: what it is
 * @id: its name, 1 to HS_DEV_ID_MAX bytes
 * @destroy: frees @d; called when the device is off the bus, process context
 * @info: fills in what only this kind knows; NULL when that is nothing
 *
 * It gets the first slot that is free.  On error @d stays the caller's, and
 * @destroy is not called.
 *
 * Context: process; no vCPU runs; see the head of the file.
 * Return: 0; -EINVAL: no name, or too long; -EEXIST: another device has it;
 * -ENOMEM; or what hs_vdev_add() said, -ENOSPC when no slot is free.
 */
int hs_vdevs_add(struct hs_board *b, struct hs_vdev *d, enum hs_dev_kind kind,
		 const char *id, void (*destroy)(struct hs_vdev *d),
		 void (*info)(struct hs_vdev *d, struct hs_dev_info *i))
{
	struct entry *e;
	int ret;

	might_sleep();
	if (!*id || strnlen(id, HS_DEV_ID_MAX + 1) > HS_DEV_ID_MAX)
		return -EINVAL;
	if (find_id(b, id))
		return -EEXIST;
	e = kzalloc(sizeof(*e), GFP_KERNEL_ACCOUNT);
	if (!e)
		return -ENOMEM;
	e->d = d;
	e->kind = kind;
	e->destroy = destroy;
	e->info = info;
	strscpy(e->id, id, sizeof(e->id));
	ret = hs_vdev_add(b, d, 0);
	if (ret) {
		kfree(e);
		return ret;
	}
	list_add_tail(&e->node, &b->vdevs->list);
	return 0;
}

/**
 * hs_vdevs_find() - the first device of a kind
 * @b: the board
 * @kind: which
 *
 * Context: process; see the head of the file.
 * Return: the device, or NULL when the board has none.
 */
struct hs_vdev *hs_vdevs_find(struct hs_board *b, enum hs_dev_kind kind)
{
	struct entry *e;

	list_for_each_entry(e, &b->vdevs->list, node)
		if (e->kind == kind)
			return e->d;
	return NULL;
}

/**
 * hs_vdevs_named() - the device of a kind that has a name
 * @b: the board
 * @kind: which
 * @id: its name
 *
 * Context: process; see the head of the file.
 * Return: the device, or NULL when the board has none.
 */
struct hs_vdev *hs_vdevs_named(struct hs_board *b, enum hs_dev_kind kind, const char *id)
{
	struct entry *e = find_id(b, id);

	return e && e->kind == kind ? e->d : NULL;
}

/**
 * hs_dev_remove() - take a disk or a network interface off a board
 * @b: the board
 * @id: its name
 * @why: set to a sentence when there is one
 *
 * The console, the entropy source and the balloon belong to the VM and stay.
 *
 * Context: process; no vCPU runs; see the head of the file.
 * Return: 0; -ENOENT: no device has this name; -EPERM: it is not one that can
 * be removed.
 */
int hs_dev_remove(struct hs_board *b, const char *id, const char **why)
{
	struct entry *e = find_id(b, id);

	might_sleep();
	if (!e) {
		*why = "the VM has no device of this name";
		return -ENOENT;
	}
	if (e->kind != HS_DEV_DISK && e->kind != HS_DEV_NET) {
		*why = "only disks and network interfaces can be removed";
		return -EPERM;
	}
	entry_remove(e);
	return 0;
}

/**
 * hs_dev_info() - what a device is and has done
 * @b: the board
 * @n: which, from 0 on, in the order they came
 * @info: filled in
 *
 * A running driver changes the figures meanwhile: each is right by itself.
 *
 * Context: process; see the head of the file.
 * Return: false when there are not so many.
 */
bool hs_dev_info(struct hs_board *b, unsigned int n, struct hs_dev_info *info)
{
	struct hs_vdev *d;
	struct entry *e;

	list_for_each_entry(e, &b->vdevs->list, node)
		if (!n--)
			goto found;
	return false;
found:
	d = e->d;
	*info = (struct hs_dev_info){
		.kind = e->kind,
		.slot = hs_pci_slot(d->pci),
		.driver = READ_ONCE(d->started),
		.broken = READ_ONCE(d->broken),
		.requests = atomic64_read(&d->stats.requests),
		.read_bytes = atomic64_read(&d->stats.read_bytes),
		.write_bytes = atomic64_read(&d->stats.write_bytes),
		.errors = atomic64_read(&d->stats.errors),
		.kicks = atomic64_read(&d->stats.kicks),
		.signals = atomic64_read(&d->stats.signals),
	};
	strscpy(info->id, e->id, sizeof(info->id));
	if (e->info)
		e->info(d, info);
	return true;
}

/**
 * hs_virtio_init() - the virtio devices that every board has
 * @b: the board
 *
 * Context: process.
 * Return: 0, or as hs_vconsole_add() and hs_balloon_add().
 */
int hs_virtio_init(struct hs_board *b)
{
	int ret;

	b->vdevs = kzalloc(sizeof(*b->vdevs), GFP_KERNEL_ACCOUNT);
	if (!b->vdevs)
		return -ENOMEM;
	INIT_LIST_HEAD(&b->vdevs->list);
	/*
	 * Unbound: where the vCPU runs is the one place not to serve it.  Freezable:
	 * when the system sleeps, no device works on guest memory.  The VM's own: how
	 * many works may wait at once, for memory or for storage, is counted by
	 * workqueue, and no VM shall use up what others need.
	 */
	b->virtio_wq = alloc_workqueue("hs_virtio/%.16s", WQ_UNBOUND | WQ_FREEZABLE, 0, b->name);
	if (!b->virtio_wq) {
		hs_virtio_exit(b);
		return -ENOMEM;
	}
	ret = hs_batch_init(b);
	if (!ret)
		ret = hs_vconsole_add(b);
	if (!ret)
		ret = hs_balloon_add(b);
	if (ret)
		hs_virtio_exit(b);
	return ret;
}

/**
 * hs_virtio_reset() - all virtio devices to power-on state
 * @b: the board; no vCPU runs
 *
 * Waits until none of them works on guest memory.
 *
 * Context: process.
 */
void hs_virtio_reset(struct hs_board *b)
{
	struct entry *e;

	list_for_each_entry(e, &b->vdevs->list, node)
		hs_vdev_reset(e->d);
}

/**
 * hs_virtio_exit() - take all virtio devices off the board
 * @b: the board; no vCPU runs
 *
 * Context: process.
 */
void hs_virtio_exit(struct hs_board *b)
{
	struct entry *e, *next;

	if (!b->vdevs)
		return;
	list_for_each_entry_safe_reverse(e, next, &b->vdevs->list, node)
		entry_remove(e);
	if (b->virtio_wq)
		destroy_workqueue(b->virtio_wq);
	b->virtio_wq = NULL;
	hs_batch_exit(b);
	kfree(b->vdevs);
	b->vdevs = NULL;
}
