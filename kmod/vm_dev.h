/* SPDX-License-Identifier: GPL-2.0 */
/* What a VM is made from besides numbers and names, and its disks and nets. */
#ifndef HS_VM_DEV_H
#define HS_VM_DEV_H

#include "dev/virtio_dev.h"
#include "dev_params.h"
#include "vmx/cpuid_feat.h"

struct file;
struct hs_vm;

/* A disk or net that is wanted: @p with the file behind its descriptor. */
struct hs_vm_dev {
	struct hs_dev_params p;
	struct file *file;
};

/**
 * struct hs_vm_hide - CPU features that a guest does not see
 * @set: their bits, and those of what needs them
 * @name: as the creator named them, @nr of them
 */
struct hs_vm_hide {
	struct hs_cpuid_hide set;
	unsigned int nr;
	char name[HS_CPU_HIDE_MAX][HS_FEATURE_MAX + 1];
};

/**
 * struct hs_vm_parts - files and lists that a VM is made from
 * @kernel: its image
 * @initrd: its initial RAM disk, or NULL
 * @dev: disks and nets, @nr_dev of them, with ids
 * @bad_dev: which of them could not be made; -1: it was something else.  The
 *	attribute to blame is then one of its nest, or 0 for all of it.
 */
struct hs_vm_parts {
	struct file *kernel, *initrd;
	struct hs_vm_hide hide;
	int bad_dev;
	unsigned int nr_dev;
	struct hs_vm_dev dev[HS_DEVS_MAX];
};

int hs_vm_devs_create(struct hs_vm *vm, struct hs_vm_parts *parts, struct hs_attr_error *e);
int hs_vm_dev_add(struct hs_vm *vm, struct hs_vm_dev *d, struct hs_attr_error *e);
int hs_vm_dev_del(struct hs_vm *vm, const char *id, struct hs_attr_error *e);
int hs_vm_net_link(struct hs_vm *vm, const char *id, bool up, struct hs_attr_error *e);
int hs_vm_dev_info(struct hs_vm *vm, unsigned int n, struct hs_dev_info *info);

#endif /* HS_VM_DEV_H */
