// SPDX-License-Identifier: GPL-2.0
/*
 * The states of a VM in one table.
 *
 * The errno says which kind of mistake it was, so that a script need not read
 * the sentence: -EALREADY, there is nothing to do; -EBUSY, it is possible after
 * something else was done first, which the sentence names; -EINVAL, it makes no
 * sense in this state; -ENODEV, the VM is gone.
 */
#include "vm_state.h"

#define GO(to)		{ .next = HS_VM_##to }
#define NO(errno, text)	{ .err = -(errno), .why = text }

/* A destroyed VM may still be held by somebody who looked it up before. */
#define GONE		NO(ENODEV, "the VM was destroyed meanwhile")

static const struct hs_vm_verdict table[HS_VM_DESTROYED + 1][__HS_OP_MAX] = {
	[HS_VM_DEFINED] = {
		[HS_OP_START]	= GO(RUNNING),
		[HS_OP_STOP]	= NO(EINVAL, "the VM was never started"),
		[HS_OP_KILL]	= NO(EINVAL, "the VM was never started"),
		[HS_OP_PAUSE]	= NO(EINVAL, "the VM was never started"),
		[HS_OP_RESUME]	= NO(EINVAL, "the VM was never started: start it"),
		[HS_OP_RESET]	= NO(EINVAL, "the VM was never started"),
		[HS_OP_DEL]	= GO(DESTROYED),
		[HS_OP_DEV]	= GO(DEFINED),
		[HS_OP_END]	= NO(EINVAL, "the VM was never started"),
		[HS_OP_FAIL]	= NO(EINVAL, "the VM was never started"),
	},
	[HS_VM_RUNNING] = {
		[HS_OP_START]	= NO(EALREADY, "the VM is running"),
		[HS_OP_STOP]	= GO(RUNNING),
		[HS_OP_KILL]	= GO(STOPPED),
		[HS_OP_PAUSE]	= GO(PAUSED),
		[HS_OP_RESUME]	= NO(EALREADY, "the VM is running"),
		[HS_OP_RESET]	= GO(RUNNING),
		[HS_OP_DEL]	= NO(EBUSY, "the VM is running: stop it first"),
		[HS_OP_DEV]	= NO(EBUSY, "the VM is running: disks and nets come and go only while it is defined, stopped or failed"),
		[HS_OP_END]	= GO(STOPPED),
		[HS_OP_FAIL]	= GO(FAILED),
	},
	[HS_VM_PAUSED] = {
		[HS_OP_START]	= NO(EBUSY, "the VM is paused: resume it, or stop it first"),
		/* Nobody would hear the button; to press it and forget would lie. */
		[HS_OP_STOP]	= NO(EBUSY, "the VM is paused: resume it first, or stop it with force"),
		[HS_OP_KILL]	= GO(STOPPED),
		[HS_OP_PAUSE]	= NO(EALREADY, "the VM is paused"),
		[HS_OP_RESUME]	= GO(RUNNING),
		[HS_OP_RESET]	= GO(PAUSED),
		[HS_OP_DEL]	= NO(EBUSY, "the VM is paused: stop it first"),
		[HS_OP_DEV]	= NO(EBUSY, "the VM is paused: disks and nets come and go only while it is defined, stopped or failed"),
		/* What a guest did in its last slice counts, paused or not. */
		[HS_OP_END]	= GO(STOPPED),
		[HS_OP_FAIL]	= GO(FAILED),
	},
	[HS_VM_STOPPED] = {
		[HS_OP_START]	= GO(RUNNING),
		[HS_OP_STOP]	= NO(EALREADY, "the VM is stopped"),
		[HS_OP_KILL]	= NO(EALREADY, "the VM is stopped"),
		[HS_OP_PAUSE]	= NO(EINVAL, "the VM is stopped"),
		[HS_OP_RESUME]	= NO(EINVAL, "the VM is stopped: start it"),
		[HS_OP_RESET]	= NO(EINVAL, "the VM is stopped: start it"),
		[HS_OP_DEL]	= GO(DESTROYED),
		[HS_OP_DEV]	= GO(STOPPED),
		[HS_OP_END]	= NO(EALREADY, "the VM is stopped"),
		[HS_OP_FAIL]	= NO(EALREADY, "the VM is stopped"),
	},
	[HS_VM_FAILED] = {
		[HS_OP_START]	= GO(RUNNING),
		[HS_OP_STOP]	= NO(EALREADY, "the VM has failed and does not run"),
		[HS_OP_KILL]	= NO(EALREADY, "the VM has failed and does not run"),
		[HS_OP_PAUSE]	= NO(EINVAL, "the VM has failed and does not run"),
		[HS_OP_RESUME]	= NO(EINVAL, "the VM has failed: start it anew"),
		[HS_OP_RESET]	= NO(EINVAL, "the VM has failed: start it anew"),
		[HS_OP_DEL]	= GO(DESTROYED),
		[HS_OP_DEV]	= GO(FAILED),
		[HS_OP_END]	= NO(EALREADY, "the VM has failed and does not run"),
		[HS_OP_FAIL]	= NO(EALREADY, "the VM has failed and does not run"),
	},
	[HS_VM_DESTROYED] = {
		[HS_OP_START]	= GONE,
		[HS_OP_STOP]	= GONE,
		[HS_OP_KILL]	= GONE,
		[HS_OP_PAUSE]	= GONE,
		[HS_OP_RESUME]	= GONE,
		[HS_OP_RESET]	= GONE,
		[HS_OP_DEL]	= GONE,
		[HS_OP_DEV]	= GONE,
		[HS_OP_END]	= GONE,
		[HS_OP_FAIL]	= GONE,
	},
};

static const struct hs_vm_verdict nonsense = NO(EINVAL, "no such state or operation");

/**
 * hs_vm_verdict - what becomes of an operation
 * @state: state that the VM is in
 * @op: what is to be done, or has happened
 *
 * Return: never NULL; the table is constant.  Any context.
 */
const struct hs_vm_verdict *hs_vm_verdict(enum hs_vm_state state,
					  enum hs_vm_op op)
{
	const struct hs_vm_verdict *v;

	if ((unsigned int)state >= ARRAY_SIZE(table) ||
	    (unsigned int)op >= __HS_OP_MAX)
		return &nonsense;
	v = &table[state][op];
	return v->next || v->err ? v : &nonsense;
}

/**
 * hs_vm_state_live - whether a VM in @state has a machine switched on
 * @state: any value
 *
 * Return: true for running and paused.  Any context.
 */
bool hs_vm_state_live(enum hs_vm_state state)
{
	return state == HS_VM_RUNNING || state == HS_VM_PAUSED;
}

/**
 * hs_vm_state_name - one word for a state
 * @state: any value
 *
 * Return: a constant string, "unknown" for what is none.  Any context.
 */
const char *hs_vm_state_name(enum hs_vm_state state)
{
	switch (state) {
	case HS_VM_DEFINED:
		return "defined";
	case HS_VM_RUNNING:
		return "running";
	case HS_VM_PAUSED:
		return "paused";
	case HS_VM_STOPPED:
		return "stopped";
	case HS_VM_FAILED:
		return "failed";
	case HS_VM_DESTROYED:
		return "destroyed";
	}
	return "unknown";
}
