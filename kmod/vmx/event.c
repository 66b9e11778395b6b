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
 * hs_event_sets_rf - is RFLAGS.RF set in the image that an exception saves
 * @vector: exception raised by an instruction
 *
 * Faults set it, so that a breakpoint on the instruction does not hit again when
 * it is executed anew.  Traps, aborts and #DB do not (SDM vol. 3, 17.3.1.1; vol.
 * 3, table 6-1).
 *
 * Return: true for a fault other than #DB.
 */
bool hs_event_sets_rf(u8 vector)
{
	switch (vector) {
	case 1: case 2: case 3: case 4: case 8: case 9: case 18:
		return false;
	default:
		return vector < 32;
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

/**
 * hs_event_defer - an exception goes before an event that was being delivered
 * @old: that event, after HS_MERGE_SERIAL
 * @later: where an interrupt waits for its turn
 *
 * The interrupt was acknowledged at the local APIC and exists nowhere else, so
 * the one that waits already keeps its place.  An NMI can be made pending again.
 *
 * Return: true if @old is an NMI, which the caller makes pending.
 */
bool hs_event_defer(const struct hs_event *old, struct hs_event *later)
{
	if ((old->info & HS_EV_TYPE) == HS_EVT_NMI)
		return true;
	if (!later->info)
		*later = *old;
	return false;
}

/**
 * hs_event_wants_ac - does the guest itself ask for alignment checks
 * @cr0: as the guest sees it
 * @rflags: its RFLAGS
 * @cpl: its privilege level
 *
 * Return: true if an unaligned access raises #AC (SDM vol. 3, 6.15, "#AC").
 */
bool hs_event_wants_ac(u64 cr0, u64 rflags, u8 cpl)
{
	return (cr0 & HS_CR0_AM) && (rflags & HS_FL_AC) && cpl == 3;
}

/**
 * hs_split_lock_met - whose is an #AC that was taken from the guest
 * @detects: the host's processors raise #AC for split locks, in guests too
 * @wants_ac: hs_event_wants_ac()
 *
 * Return: HS_SPLIT_NONE or HS_SPLIT_ASK.
 */
enum hs_split_lock hs_split_lock_met(bool detects, bool wants_ac)
{
	return detects && !wants_ac ? HS_SPLIT_ASK : HS_SPLIT_NONE;
}

/**
 * hs_split_lock_answered - the host's kernel has said what it thinks of it
 * @allowed: it has slowed the thread down, and lets the access pass
 * @cpl: the guest's privilege level
 *
 * A process in a guest must not be able to end the VM, so where split locks are
 * forbidden the guest's kernel gets the exception.  From its own code it could
 * not go on.
 *
 * Return: HS_SPLIT_RETRY, HS_SPLIT_INJECT or HS_SPLIT_FAIL.
 */
enum hs_split_lock hs_split_lock_answered(bool allowed, u8 cpl)
{
	if (allowed)
		return HS_SPLIT_RETRY;
	return cpl == 3 ? HS_SPLIT_INJECT : HS_SPLIT_FAIL;
}
