/* SPDX-License-Identifier: GPL-2.0 */
/* Telling who listens what happens to VMs. */
#ifndef HS_EVENT_H
#define HS_EVENT_H

#include <linux/hyperspace.h>

struct genl_info;
struct hs_vm;

void hs_event_state(struct hs_vm *vm, enum hs_vm_state old, enum hs_vm_state state,
		    const char *reason, struct genl_info *info);

#endif /* HS_EVENT_H */
