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

/* What becomes of a split lock in the guest. */
enum hs_split_lock {
	HS_SPLIT_NONE,		/* the guest's own #AC */
	HS_SPLIT_ASK,		/* ask the host's kernel first */
	HS_SPLIT_RETRY,		/* it lets the access pass */
	HS_SPLIT_INJECT,	/* it forbids: #AC for the guest's kernel to handle */
	HS_SPLIT_FAIL,		/* ... whose own fault it is */
};

bool hs_event_wants_ac(u64 cr0, u64 rflags, u8 cpl);
enum hs_split_lock hs_split_lock_met(bool detects, bool wants_ac);
enum hs_split_lock hs_split_lock_answered(bool allowed, u8 cpl);

#endif /* HS_VMX_EVENT_H */
