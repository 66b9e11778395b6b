// SPDX-License-Identifier: GPL-2.0
/* When an exception is met while another event is being delivered. */
#include "vmx/event.h"

enum class { BENIGN, CONTRIBUTORY, PAGE_FAULT, DOUBLE_FAULT };

static enum class classify(u8 vector)
{
	switch (vector) {
	case 8:
		return DOUBLE_FAULT;
	case 14:
		return PAGE_FAULT;
	case 0: case 10: case 11: case 12: case 13:
	case 21:		/* #CP */
		return CONTRIBUTORY;
	default:
		return BENIGN;
	}
}

/**
 * hs_event_merge - combine two events (SDM vol. 3, tables 6-4 and 6-5)
 * @old: event whose delivery was interrupted; info 0 for none
 * @vector: exception that was met
 *
 * Return: what to deliver.
 */
enum hs_merge hs_event_merge(const struct hs_event *old, u8 vector)
{
	u32 type = old->info & HS_EV_TYPE;
	enum class first, second = classify(vector);

	if (!(old->info & HS_EV_VALID))
		return HS_MERGE_TAKE;
	/*
	 * Interrupts, NMIs and INT n are of the benign class.  An interrupt or
	 * NMI has been acknowledged and must not be lost; an INT n is executed
	 * again, because its RIP was not advanced.
	 */
	if (type == HS_EVT_INTR || type == HS_EVT_NMI)
		return HS_MERGE_SERIAL;
	if (type != HS_EVT_HWEXC)
		return HS_MERGE_TAKE;
	first = classify(old->info & HS_EV_VECTOR);
	if (first == DOUBLE_FAULT)
		return second == BENIGN ? HS_MERGE_TAKE : HS_MERGE_TRIPLE;
	if (first == CONTRIBUTORY && second == CONTRIBUTORY)
		return HS_MERGE_DOUBLE;
	if (first == PAGE_FAULT && (second == CONTRIBUTORY || second == PAGE_FAULT))
		return HS_MERGE_DOUBLE;
	/* Serially: the fault is handled, then the first one happens again. */
	return HS_MERGE_TAKE;
}
