// SPDX-License-Identifier: GPL-2.0
/*
 * Events: what happens to a VM, told to the multicast group.
 *
 * They are sent under vm->lock, so that the events of one VM arrive in the
 * order in which things happened.  One that cannot be sent for lack of memory
 * is lost; a listener that fell behind is told so by its socket (ENOBUFS).
 */
#include <linux/ktime.h>
#include "event.h"
#include "netlink.h"
#include "vm.h"

static int put_event(struct sk_buff *msg, const struct hs_vm *vm,
		     enum hs_vm_state old, enum hs_vm_state state,
		     const char *reason, const struct genl_info *info)
{
	void *hdr;

	/* Whoever asked knows the event as its own by port and number. */
	hdr = genlmsg_put(msg, info ? info->snd_portid : 0, info ? info->snd_seq : 0,
			  &hs_genl_family, 0, HS_CMD_EVENT);
	if (!hdr ||
	    nla_put_u32(msg, HS_A_VM_ID, vm->id) ||
	    nla_put_string(msg, HS_A_VM_NAME, vm->name) ||
	    nla_put_u32(msg, HS_A_VM_STATE, state) ||
	    nla_put_u32(msg, HS_A_VM_OLD_STATE, old) ||
	    (reason && nla_put_string(msg, HS_A_VM_REASON, reason)) ||
	    nla_put_u64_64bit(msg, HS_A_VM_TIME_NS, ktime_get_ns(), HS_A_PAD))
		return -EMSGSIZE;
	genlmsg_end(msg, hdr);
	return 0;
}

/**
 * hs_event_state - tell that a VM changed its state, or was reset in it
 * @vm: under vm->lock
 * @old: state before; the same as @state for a new VM and for a reset
 * @state: state now
 * @reason: sentence, or NULL
 * @info: the request that brought it about, which may want an echo; or NULL
 */
void hs_event_state(struct hs_vm *vm, enum hs_vm_state old, enum hs_vm_state state,
		    const char *reason, struct genl_info *info)
{
	bool echo = info && nlmsg_report(info->nlhdr);
	struct sk_buff *msg;

	lockdep_assert_held(&vm->lock);
	if (!echo && !hs_netlink_listening())
		return;
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return;
	if (put_event(msg, vm, old, state, reason, info)) {
		nlmsg_free(msg);
		return;
	}
	if (echo)
		genl_notify(&hs_genl_family, msg, info, 0, GFP_KERNEL);
	else
		genlmsg_multicast(&hs_genl_family, msg, 0, 0, GFP_KERNEL);
}
