// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps of the list of VMs and of the host's requirements.
 *
 * A dump is called once per buffer that the reader offers and goes on where it
 * stopped: cb->args[0] is where.  If VMs came or went meanwhile the reader is
 * told by NLM_F_DUMP_INTR and may begin anew.
 */
#include "netlink.h"
#include "vm.h"

/* HS_CMD_VM_GET, dump: the buffer has to hold the largest VM. */
int hs_netlink_vm_start_dump(struct netlink_callback *cb)
{
	cb->min_dump_alloc = HS_NETLINK_VM_SIZE;
	return 0;
}

static int put_one(struct sk_buff *skb, struct netlink_callback *cb, struct hs_vm *vm)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				&hs_genl_family, NLM_F_MULTI, HS_CMD_VM_GET);
	int err;

	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	err = hs_netlink_put_vm(skb, vm);
	if (err) {
		genlmsg_cancel(skb, hdr);
		return err == -ENODEV ? 0 : err;	/* it is gone, go on */
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* HS_CMD_VM_GET, dump: all VMs by id. */
int hs_netlink_vm_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	u32 id = cb->args[0];
	struct hs_vm *vm;
	int err = 0;

	if (nlmsg_attrlen(cb->nlh, GENL_HDRLEN)) {
		NL_SET_ERR_MSG(cb->extack, "a dump of all VMs takes no attributes");
		return -EINVAL;
	}
	cb->seq = hs_vm_generation();
	while (!err && (vm = hs_vm_next(&id))) {
		err = put_one(skb, cb, vm);
		if (!err)
			cb->args[0] = id;
		hs_vm_put(vm);
	}
	/* An empty buffer that it does not fit in would go on for ever. */
	return skb->len ? skb->len : err;
}

static int put_check(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct hs_check *c)
{
	struct nlattr *nest;
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &hs_genl_family, NLM_F_MULTI, HS_CMD_CHECK);
	if (!hdr)
		return -EMSGSIZE;
	nest = nla_nest_start(skb, HS_A_CHECK);
	if (!nest ||
	    nla_put_string(skb, HS_A_CHECK_NAME, c->name) ||
	    nla_put_string(skb, HS_A_CHECK_SOURCE, c->source ?: "") ||
	    nla_put_u32(skb, HS_A_CHECK_LEVEL, c->level) ||
	    nla_put_u32(skb, HS_A_CHECK_OK, c->ok) ||
	    (c->detail[0] && nla_put_string(skb, HS_A_CHECK_DETAIL, c->detail)) ||
	    (!c->ok && c->remedy &&
	     nla_put_string(skb, HS_A_CHECK_REMEDY, c->remedy))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	genlmsg_end(skb, hdr);
	return 0;
}

/* HS_CMD_CHECK, dump: what this host must have, and has. */
int hs_netlink_check_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct hs_check c;
	int err = 0;

	for (;;) {
		memset(&c, 0, sizeof(c));
		if (!hs_vmx_check(cb->args[0], &c))
			break;
		err = put_check(skb, cb, &c);
		if (err)
			break;
		cb->args[0]++;
	}
	return skb->len ? skb->len : err;
}
