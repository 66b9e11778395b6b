/* SPDX-License-Identifier: GPL-2.0 */
/* Which operation is legal in which state of a VM, and where it leads. */
#ifndef HS_VM_STATE_H
#define HS_VM_STATE_H

#include "pure.h"
#include <linux/hyperspace.h>

/* What may be asked of a VM, or may happen to it. */
enum hs_vm_op {
	HS_OP_START,
	HS_OP_STOP,	/* press the power button */
	HS_OP_KILL,	/* stop at once */
	HS_OP_PAUSE,
	HS_OP_RESUME,
	HS_OP_RESET,
	HS_OP_DEL,
	HS_OP_DEV,	/* a disk or net comes or goes */
	HS_OP_END,	/* the guest ended in good order */
	HS_OP_FAIL,	/* the guest cannot go on */

	__HS_OP_MAX
};

/**
 * struct hs_vm_verdict - what becomes of an operation
 * @next: state afterwards, when @err is 0
 * @err: 0, or the errno (negative) for the caller
 * @why: sentence that goes with @err, in static storage; NULL when legal
 */
struct hs_vm_verdict {
	enum hs_vm_state next;
	int err;
	const char *why;
};

const struct hs_vm_verdict *hs_vm_verdict(enum hs_vm_state state,
					  enum hs_vm_op op);
bool hs_vm_state_live(enum hs_vm_state state);
const char *hs_vm_state_name(enum hs_vm_state state);

#endif /* HS_VM_STATE_H */
