// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family: which commands there are and who may use them.
 *
 * Operations run in parallel; what must not is serialized per VM, so that one
 * VM that is slow to stop keeps nobody else waiting.  The family is known in
 * the initial network namespace only: VMs belong to the host.
 */
#include <linux/capability.h>
#include <linux/module.h>
#include "netlink.h"
#include "netlink_policy.h"

#define OP(command, pol, ...)					\
	{ .cmd = HS_CMD_##command, .policy = hs_policy_##pol,	\
	  .maxattr = HS_A_MAX, __VA_ARGS__ }

static const struct genl_ops ops[] = {
	OP(CHECK, none, .dumpit = hs_netlink_check_dump),
	OP(VM_NEW, new, .doit = hs_netlink_vm_new),
	OP(VM_GET, key, .doit = hs_netlink_vm_get,
	   .start = hs_netlink_vm_start_dump, .dumpit = hs_netlink_vm_dump),
	OP(VM_DEL, key, .doit = hs_netlink_vm_del),
	OP(VM_START, key, .doit = hs_netlink_vm_start),
	OP(VM_STOP, stop, .doit = hs_netlink_vm_stop),
	OP(VM_PAUSE, key, .doit = hs_netlink_vm_pause),
	OP(VM_RESUME, key, .doit = hs_netlink_vm_resume),
	OP(VM_RESET, key, .doit = hs_netlink_vm_reset),
	OP(VM_DIAG, key, .start = hs_netlink_diag_start,
	   .dumpit = hs_netlink_diag_dump, .done = hs_netlink_diag_done),
	OP(DEV_ADD, dev_add, .doit = hs_netlink_dev_add),
	OP(DEV_DEL, dev_del, .doit = hs_netlink_dev_del),
	OP(DEV_GET, key, .dumpit = hs_netlink_dev_dump),
	OP(DEV_SET, dev_set, .doit = hs_netlink_dev_set),
};

static const struct genl_multicast_group groups[] = {
	{ .name = HS_GENL_GROUP_EVENTS },
};

struct genl_family hs_genl_family __ro_after_init = {
	.name		= HS_GENL_NAME,
	.version	= HS_GENL_VERSION,
	.maxattr	= HS_A_MAX,
	.module		= THIS_MODULE,
	.parallel_ops	= true,
	.netnsok	= false,
	/* Strict header checks from the first command on. */
	.resv_start_op	= HS_CMD_CHECK,
	.ops		= ops,
	.n_ops		= ARRAY_SIZE(ops),
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
};

/**
 * hs_netlink_listening - whether anybody wants events
 *
 * Return: true when an event is worth building.  Any context.
 */
bool hs_netlink_listening(void)
{
	return genl_has_listeners(&hs_genl_family, &init_net, 0);
}

/**
 * hs_netlink_view - attributes as the pure part of the parser takes them
 * @attrs: as netlink parsed them, up to number @max
 * @tb: filled in, from 0 to @max; points into the message
 * @max: the largest number
 */
void hs_netlink_view(struct nlattr *const *attrs, struct hs_attr_view *tb, unsigned int max)
{
	unsigned int i;

	memset(tb, 0, sizeof(*tb) * (max + 1));
	for (i = 1; i <= max; i++) {
		if (!attrs[i])
			continue;
		tb[i].data = nla_data(attrs[i]);
		tb[i].len = nla_len(attrs[i]);
	}
}

static const char *plain_sentence(int err)
{
	switch (err) {
	case -ENOMEM:
		return "out of memory";
	case -EINTR:
		return "interrupted";
	case -EIO:
		return "a file cannot be read";
	}
	return "the request failed";
}

/**
 * hs_netlink_error - tell the caller what was wrong
 * @extack: where to tell it; may be NULL
 * @attrs: attributes of the request, to point at one; may be NULL
 * @err: what to return
 * @e: sentence and attribute
 *
 * Return: @err.  Any context.
 */
int hs_netlink_error(struct netlink_ext_ack *extack, struct nlattr *const *attrs,
		     int err, const struct hs_attr_error *e)
{
	if (!extack || !err)
		return err;
	/* Sentences are static: they outlive the acknowledgement. */
	extack->_msg = e->why ?: plain_sentence(err);
	if (e->attr && e->missing)
		NL_SET_ERR_ATTR_MISS(extack, NULL, e->attr);
	else if (e->attr && attrs && attrs[e->attr])
		NL_SET_BAD_ATTR(extack, attrs[e->attr]);
	return err;
}

/**
 * hs_netlink_permit - whether a request may change or reveal something
 * @skb: the request
 * @extack: told what is missing
 *
 * Both who opened the socket and who sends must have the right, so that a
 * privileged program cannot be made to send on somebody else's socket.
 *
 * Return: 0 or -EPERM.
 */
int hs_netlink_permit(struct sk_buff *skb, struct netlink_ext_ack *extack)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(extack, "this needs CAP_SYS_ADMIN");
	return -EPERM;
}

/**
 * hs_netlink_module_init - open the control plane
 *
 * Return: 0 or what genl_register_family() returns.
 */
int hs_netlink_module_init(void)
{
	return genl_register_family(&hs_genl_family);
}

/**
 * hs_netlink_module_exit - close the control plane
 *
 * Waits for requests that are being served.
 */
void hs_netlink_module_exit(void)
{
	genl_unregister_family(&hs_genl_family);
}
