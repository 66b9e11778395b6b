/* SPDX-License-Identifier: GPL-2.0 */
/* From the files that a VM is made from to the contents of its memory. */
#ifndef HS_IMAGE_H
#define HS_IMAGE_H

#include "vm_params.h"

struct file;
struct hs_boot_state;
struct hs_vm;

struct file *hs_image_get(int fd, u16 attr, struct hs_attr_error *e);
int hs_image_check(struct hs_vm *vm, struct hs_attr_error *e);
int hs_image_load(struct hs_vm *vm, struct hs_boot_state *state,
		  struct hs_attr_error *e);

#endif /* HS_IMAGE_H */
