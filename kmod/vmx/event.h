/* SPDX-License-Identifier: GPL-2.0 */
/* Events on their way into a guest, and what happens when two meet.  Pure. */
#ifndef HS_VMX_EVENT_H
#define HS_VMX_EVENT_H

#include "pure.h"
#include "vmx/gstate.h"

/**
 * struct hs_event - in the format of the VM-entry fields
 * @info: interruption information, 0 for none
 * @err: error code, if HS_EV_ERRCODE
 * @len: length of the instruction, for software interrupts and exceptions
 * @rf: RFLAGS.RF is to be set in the saved image, which VM entry does not do
 */
struct hs_event {
	u32 info;
	u32 err;
	u32 len;
	bool rf;
};

enum hs_merge {
	HS_MERGE_TAKE,		/* deliver the new one; the old one is dropped */
	HS_MERGE_SERIAL,	/* deliver the new one, then the old one */
	HS_MERGE_DOUBLE,	/* deliver #DF instead of both */
	HS_MERGE_TRIPLE,	/* the CPU shuts down */
};

enum hs_merge hs_event_merge(const struct hs_event *old, u8 vector);
bool hs_event_defer(const struct hs_event *old, struct hs_event *later);
bool hs_event_sets_rf(u8 vector);

#endif /* HS_VMX_EVENT_H */
