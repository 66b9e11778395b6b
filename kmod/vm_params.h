/* SPDX-License-Identifier: GPL-2.0 */
/* What a VM is made from, checked: from attributes to struct hs_vm_params. */
#ifndef HS_VM_PARAMS_H
#define HS_VM_PARAMS_H

#include "pure.h"
#include <linux/hyperspace.h>
#include "attr.h"

/**
 * struct hs_vm_params - a VM as its creator described it
 * @name: NUL-terminated, hs_vm_name_ok()
 * @cmdline: NUL-terminated, "" by default; points into the message
 * @mem_bytes: RAM, hs_layout_ram_ok()
 * @cpus: 1..HS_CPUS_MAX
 * @flags: HS_VM_F_*
 * @on_panic: enum hs_on_panic
 * @page_bytes: HS_PAGE_4K or HS_PAGE_2M
 * @kernel_fd: not negative; @initrd_fd: likewise, or -1 for none
 */
struct hs_vm_params {
	char name[HS_NAME_MAX + 1];
	const char *cmdline;
	u64 mem_bytes;
	u32 cpus, flags, on_panic, page_bytes;
	s32 kernel_fd, initrd_fd;
};

/**
 * struct hs_vm_key - how a message names a VM
 * @has_name, @has_id: which of the two it gave: one or both
 */
struct hs_vm_key {
	char name[HS_NAME_MAX + 1];
	u32 id;
	bool has_name, has_id;
};

bool hs_name_ok(const char *name, size_t max);
bool hs_vm_name_ok(const char *name);
int hs_vm_params_get(const struct hs_attr_view tb[HS_A_MAX + 1],
		     struct hs_vm_params *p, struct hs_attr_error *e);
int hs_vm_key_get(const struct hs_attr_view tb[HS_A_MAX + 1],
		  struct hs_vm_key *key, struct hs_attr_error *e);

#endif /* HS_VM_PARAMS_H */
