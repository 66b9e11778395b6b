// SPDX-License-Identifier: GPL-2.0
/*
 * Disks, nets and hidden CPU features in requests, and the devices of VMs in
 * answers.
 *
 * What may be there several times is not in the table that generic netlink
 * parses a message into, so the message is walked here.  Descriptors become
 * files in the caller's own process, within doit.
 */
#include <linux/file.h>
#include <linux/slab.h>
#include "image.h"
#include "netlink.h"
#include "netlink_policy.h"
#include "vm.h"

/* Both kinds of nests are parsed into as many. */
#define NEST_MAX	((int)HS_A_DISK_MAX)
static_assert((int)HS_A_NET_MAX == NEST_MAX);

static int fail(struct genl_info *info, int err, const struct hs_attr_error *e)
{
	return hs_netlink_error(info->extack, info->attrs, err, e);
}

/* What is wrong is in @nest, or all of it: @e->attr is of its name space, or 0. */
static int fail_nested(struct genl_info *info, struct nlattr *nest, int err,
		       const struct hs_attr_error *e)
{
	const struct hs_attr_error plain = { .why = e->why };
	struct nlattr *nla = NULL;

	hs_netlink_error(info->extack, NULL, err, &plain);
	if (!info->extack)
		return err;
	if (e->attr && e->missing) {
		NL_SET_ERR_ATTR_MISS(info->extack, nest, e->attr);
		return err;
	}
	if (e->attr)
		nla = nla_find_nested(nest, e->attr);
	NL_SET_BAD_ATTR(info->extack, nla ?: nest);
	return err;
}

/* A disk or net as the message describes it, and its file. */
static int get_dev(struct genl_info *info, struct nlattr *nest, struct hs_vm_dev *d)
{
	bool disk = nla_type(nest) == HS_A_VM_DISK;
	struct hs_attr_view tb[NEST_MAX + 1];
	struct nlattr *attrs[NEST_MAX + 1];
	struct hs_attr_error e = { };
	int err;

	err = nla_parse_nested(attrs, NEST_MAX, nest, disk ? hs_policy_disk : hs_policy_net,
			       info->extack);
	if (err)
		return err;
	hs_netlink_view(attrs, tb, NEST_MAX);
	err = disk ? hs_disk_params_get(tb, &d->p, &e) : hs_net_params_get(tb, &d->p, &e);
	if (err)
		return fail_nested(info, nest, err, &e);
	d->file = fget(d->p.fd);
	if (d->file)
		return 0;
	hs_attr_blame(&e, -EBADF, disk ? HS_A_DISK_FD : HS_A_NET_FD, "not an open file");
	return fail_nested(info, nest, -EBADF, &e);
}

static bool is_dev(const struct nlattr *nla)
{
	return nla_type(nla) == HS_A_VM_DISK || nla_type(nla) == HS_A_VM_NET;
}

/* ---- HS_CMD_VM_NEW ---- */

/* @nest: where the devices of @parts are described */
struct hs_netlink_parts {
	struct hs_vm_parts parts;
	struct nlattr *nest[HS_DEVS_MAX];
};

static int take_feature(struct genl_info *info, struct nlattr *nla, struct hs_vm_hide *h)
{
	const struct hs_attr_view view = { .data = nla_data(nla), .len = nla_len(nla) };
	struct hs_attr_error e = { };
	int err = -E2BIG;

	if (h->nr == HS_CPU_HIDE_MAX)
		e.why = "more CPU features to hide than can be named";
	else
		err = hs_feature_get(&view, h->name[h->nr], &e) ?:
		      hs_cpuid_hide(&h->set, h->name[h->nr]);
	if (!err) {
		h->nr++;
		return 0;
	}
	if (err == -ENOENT)
		e.why = "no CPU feature of this name is known";
	else if (err == -EPERM)
		e.why = "a VM cannot do without this CPU feature";
	e.attr = 0;
	fail(info, err, &e);
	NL_SET_BAD_ATTR(info->extack, nla);
	return err;
}

static int take_dev(struct genl_info *info, struct nlattr *nest, struct hs_netlink_parts *np)
{
	static const struct hs_attr_error many = { .why = "a VM has 31 disks and nets at most" };
	struct hs_vm_parts *p = &np->parts;
	int err;

	if (p->nr_dev == HS_DEVS_MAX)
		return fail_nested(info, nest, -E2BIG, &many);
	err = get_dev(info, nest, &p->dev[p->nr_dev]);
	if (!err)
		np->nest[p->nr_dev++] = nest;
	return err;
}

static int take_ids(struct genl_info *info, struct hs_netlink_parts *np)
{
	static const struct hs_attr_error twice = {
		.why = "two devices of this id", .attr = HS_A_DISK_ID,
	};
	struct hs_vm_parts *p = &np->parts;
	struct hs_dev_params *d;
	unsigned int i;
	int bad;

	if (!p->nr_dev)
		return 0;
	d = kmalloc_array(p->nr_dev, sizeof(*d), GFP_KERNEL_ACCOUNT);
	if (!d)
		return -ENOMEM;
	for (i = 0; i < p->nr_dev; i++)
		d[i] = p->dev[i].p;
	bad = hs_dev_ids_fill(d, p->nr_dev);
	for (i = 0; bad < 0 && i < p->nr_dev; i++)
		p->dev[i].p = d[i];
	kfree(d);
	return bad < 0 ? 0 : fail_nested(info, np->nest[bad], -EEXIST, &twice);
}

static int take_images(struct genl_info *info, const struct hs_vm_params *p,
		       struct hs_vm_parts *parts)
{
	struct hs_attr_error e = { };
	struct file *f;

	f = hs_image_get(p->kernel_fd, HS_A_VM_KERNEL_FD, &e);
	if (IS_ERR(f))
		return fail(info, PTR_ERR(f), &e);
	parts->kernel = f;
	if (p->initrd_fd < 0)
		return 0;
	f = hs_image_get(p->initrd_fd, HS_A_VM_INITRD_FD, &e);
	if (IS_ERR(f))
		return fail(info, PTR_ERR(f), &e);
	parts->initrd = f;
	return 0;
}

/**
 * hs_netlink_parts_put - give the files of a request back
 * @np: from hs_netlink_parts_get()
 */
void hs_netlink_parts_put(struct hs_netlink_parts *np)
{
	struct hs_vm_parts *p = &np->parts;
	unsigned int i;

	for (i = 0; i < p->nr_dev; i++)
		fput(p->dev[i].file);
	if (p->initrd)
		fput(p->initrd);
	if (p->kernel)
		fput(p->kernel);
	kvfree(np);
}

/**
 * hs_netlink_parts_get - files and lists of a request for a VM
 * @info: the request; extack is set on an error
 * @p: the rest of it, checked
 *
 * Context: the caller's own process (doit).
 *
 * Return: for hs_netlink_parts_put(), or ERR_PTR: -E2BIG for too many devices or
 * features, -EEXIST for an id twice, -ENOENT and -EPERM for features, -ENOMEM,
 * and what the parsers of dev_params.c and hs_image_get() return.
 */
struct hs_netlink_parts *hs_netlink_parts_get(struct genl_info *info,
					      const struct hs_vm_params *p)
{
	static const struct hs_attr_error no_memory;
	struct hs_netlink_parts *np = kvzalloc(sizeof(*np), GFP_KERNEL_ACCOUNT);
	struct nlattr *nla;
	int err, rem;

	if (!np)
		return ERR_PTR(fail(info, -ENOMEM, &no_memory));
	np->parts.bad_dev = -1;
	err = take_images(info, p, &np->parts);
	nlmsg_for_each_attr(nla, info->nlhdr, GENL_HDRLEN, rem) {
		if (err)
			break;
		if (nla_type(nla) == HS_A_VM_CPU_HIDE)
			err = take_feature(info, nla, &np->parts.hide);
		else if (is_dev(nla))
			err = take_dev(info, nla, np);
	}
	if (!err) {
		err = take_ids(info, np);
		if (err == -ENOMEM)
			fail(info, err, &no_memory);
	}
	if (!err)
		return np;
	hs_netlink_parts_put(np);
	return ERR_PTR(err);
}

/**
 * hs_netlink_parts - what hs_vm_create() takes
 * @np: from hs_netlink_parts_get()
 *
 * Return: its parts.
 */
struct hs_vm_parts *hs_netlink_parts(struct hs_netlink_parts *np)
{
	return &np->parts;
}

/**
 * hs_netlink_parts_error - tell the caller why hs_vm_create() failed
 * @info: the request
 * @np: what it was made from
 * @err: what hs_vm_create() returned
 * @e: and said
 *
 * Return: @err.
 */
int hs_netlink_parts_error(struct genl_info *info, struct hs_netlink_parts *np, int err,
			   const struct hs_attr_error *e)
{
	if (np->parts.bad_dev < 0)
		return fail(info, err, e);
	return fail_nested(info, np->nest[np->parts.bad_dev], err, e);
}

/* ---- HS_CMD_DEV_ADD, HS_CMD_DEV_DEL, HS_CMD_DEV_SET ---- */

/* The one disk or net of a request. */
static int find_nest(struct genl_info *info, struct nlattr **nest)
{
	static const struct hs_attr_error more = { .why = "one device at a time" };
	struct hs_attr_error e = { };
	struct nlattr *nla;
	int rem;

	*nest = NULL;
	nlmsg_for_each_attr(nla, info->nlhdr, GENL_HDRLEN, rem) {
		if (!is_dev(nla))
			continue;
		if (*nest)
			return fail_nested(info, nla, -EINVAL, &more);
		*nest = nla;
	}
	if (*nest)
		return 0;
	hs_attr_missing(&e, HS_A_VM_DISK, "a disk or a net is needed");
	return fail(info, -EINVAL, &e);
}

static int add(struct genl_info *info, struct hs_vm *vm, struct sk_buff *msg)
{
	struct hs_attr_error e = { };
	struct hs_vm_dev d = { };
	struct nlattr *nest;
	int err;

	err = find_nest(info, &nest);
	if (err)
		return err;
	err = get_dev(info, nest, &d);
	if (err)
		return err;
	err = hs_vm_dev_add(vm, &d, &e);
	fput(d.file);
	/* What is not about the device is about the VM. */
	if (err)
		return e.attr ? fail_nested(info, nest, err, &e) : fail(info, err, &e);
	/* Small, so there is room. */
	nla_put_string(msg, HS_A_DEV_ID, d.p.id);
	return 0;
}

/* HS_CMD_DEV_ADD */
int hs_netlink_dev_add(struct sk_buff *skb, struct genl_info *info)
{
	static const struct hs_attr_error no_memory;
	struct hs_vm *vm = hs_netlink_find_vm_admin(skb, info);
	struct sk_buff *msg;
	void *hdr;
	int err;

	if (IS_ERR(vm))
		return PTR_ERR(vm);
	/* Before the device, so that nothing can fail once it exists. */
	msg = hs_netlink_reply_new(info, HS_CMD_DEV_ADD, GENLMSG_DEFAULT_SIZE, &hdr);
	err = msg ? add(info, vm, msg) : fail(info, -ENOMEM, &no_memory);
	hs_vm_put(vm);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

/* HS_CMD_DEV_DEL */
int hs_netlink_dev_del(struct sk_buff *skb, struct genl_info *info)
{
	struct hs_vm *vm = hs_netlink_find_vm_admin(skb, info);
	struct hs_attr_view tb[HS_A_MAX + 1];
	char id[HS_DEV_ID_MAX + 1];
	struct hs_attr_error e = { };
	int err;

	if (IS_ERR(vm))
		return PTR_ERR(vm);
	hs_netlink_view(info->attrs, tb, HS_A_MAX);
	err = hs_dev_id_get(tb, id, &e) ?: hs_vm_dev_del(vm, id, &e);
	hs_vm_put(vm);
	return fail(info, err, &e);
}

/* HS_CMD_DEV_SET */
int hs_netlink_dev_set(struct sk_buff *skb, struct genl_info *info)
{
	struct hs_vm *vm = hs_netlink_find_vm_admin(skb, info);
	struct hs_attr_view tb[HS_A_MAX + 1];
	char id[HS_DEV_ID_MAX + 1];
	struct hs_attr_error e = { };
	bool up;
	int err;

	if (IS_ERR(vm))
		return PTR_ERR(vm);
	hs_netlink_view(info->attrs, tb, HS_A_MAX);
	err = hs_dev_id_get(tb, id, &e) ?: hs_dev_up_get(tb, &up, &e) ?:
	      hs_vm_net_link(vm, id, up, &e);
	hs_vm_put(vm);
	return fail(info, err, &e);
}

/* ---- HS_CMD_DEV_GET ---- */

/*
 * cb->args: whether the dump has begun, for one VM or for all; the VM and the
 * device of it with which to go on.
 */
#define ARG_STATE	0
#define ARG_VM		1
#define ARG_DEV		2

enum { GET_NEW, GET_ALL, GET_ONE, GET_DONE };

static int begin(struct netlink_callback *cb)
{
	struct nlattr *attrs[HS_A_MAX + 1];
	struct hs_attr_view tb[HS_A_MAX + 1];
	struct hs_attr_error e = { };
	struct hs_vm_key key;
	struct hs_vm *vm;
	int err;

	err = nlmsg_parse(cb->nlh, GENL_HDRLEN, attrs, HS_A_MAX, hs_policy_key,
			  cb->extack);
	if (err)
		return err;
	if (!attrs[HS_A_VM_ID] && !attrs[HS_A_VM_NAME]) {
		cb->args[ARG_STATE] = GET_ALL;
		return 0;
	}
	hs_netlink_view(attrs, tb, HS_A_MAX);
	err = hs_vm_key_get(tb, &key, &e);
	if (err)
		return hs_netlink_error(cb->extack, attrs, err, &e);
	vm = hs_vm_find(&key, &e);
	if (IS_ERR(vm))
		return hs_netlink_error(cb->extack, attrs, PTR_ERR(vm), &e);
	cb->args[ARG_STATE] = GET_ONE;
	cb->args[ARG_VM] = vm->id;
	hs_vm_put(vm);
	return 0;
}

static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, HS_A_DEV_PAD);
}

static int put_kind(struct sk_buff *skb, const struct hs_dev_info *d)
{
	switch (d->kind) {
	case HS_DEV_DISK:
		return nla_put_u32(skb, HS_A_DEV_FLAGS, d->ro ? HS_DISK_F_RO : 0) ?:
		       put_u64(skb, HS_A_DEV_BYTES, d->bytes);
	case HS_DEV_NET:
		return nla_put(skb, HS_A_DEV_MAC, sizeof(d->mac), d->mac);
	case HS_DEV_CONSOLE:
		return nla_put(skb, HS_A_DEV_TTYS, d->ttys * sizeof(d->tty[0]), d->tty);
	case HS_DEV_RNG:
	case HS_DEV_BALLOON:
		break;
	}
	return 0;
}

static int put_info(struct sk_buff *skb, const struct hs_dev_info *d)
{
	struct nlattr *nest = nla_nest_start(skb, HS_A_DEV);

	if (!nest ||
	    nla_put_u32(skb, HS_A_DEV_KIND, d->kind) ||
	    nla_put_string(skb, HS_A_DEV_NAME, d->id) ||
	    nla_put_u32(skb, HS_A_DEV_SLOT, d->slot) ||
	    put_kind(skb, d) ||
	    nla_put_u32(skb, HS_A_DEV_DRIVER, d->driver) ||
	    (d->broken && nla_put_string(skb, HS_A_DEV_BROKEN, d->broken)) ||
	    put_u64(skb, HS_A_DEV_REQUESTS, d->requests) ||
	    put_u64(skb, HS_A_DEV_READ_BYTES, d->read_bytes) ||
	    put_u64(skb, HS_A_DEV_WRITE_BYTES, d->write_bytes) ||
	    put_u64(skb, HS_A_DEV_ERRORS, d->errors) ||
	    put_u64(skb, HS_A_DEV_KICKS, d->kicks) ||
	    put_u64(skb, HS_A_DEV_SIGNALS, d->signals))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_dev(struct sk_buff *skb, struct netlink_callback *cb, struct hs_vm *vm,
		   const struct hs_dev_info *d)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				&hs_genl_family, NLM_F_MULTI, HS_CMD_DEV_GET);

	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (nla_put_u32(skb, HS_A_VM_ID, vm->id) ||
	    nla_put_string(skb, HS_A_VM_NAME, vm->name) ||
	    put_info(skb, d)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* From where the last buffer ended to the end of this one, or of the VM's devices. */
static int put_devs(struct sk_buff *skb, struct netlink_callback *cb, struct hs_vm *vm)
{
	struct hs_dev_info d;
	int err;

	if (vm->id != cb->args[ARG_VM]) {
		cb->args[ARG_VM] = vm->id;
		cb->args[ARG_DEV] = 0;
	}
	for (;;) {
		err = hs_vm_dev_info(vm, cb->args[ARG_DEV], &d);
		if (err <= 0)
			return err;
		err = put_dev(skb, cb, vm, &d);
		if (err)
			return err;
		cb->args[ARG_DEV]++;
	}
}

/* The VM to go on with, with a reference; NULL: none.  @next: what comes after it. */
static struct hs_vm *next_vm(struct netlink_callback *cb, u32 *next)
{
	struct hs_vm *vm;

	*next = cb->args[ARG_VM];
	if (cb->args[ARG_STATE] == GET_DONE)
		return NULL;
	vm = hs_vm_next(next);
	if (!vm || cb->args[ARG_STATE] == GET_ALL || vm->id == cb->args[ARG_VM])
		return vm;
	/* The one that was asked for is gone. */
	hs_vm_put(vm);
	return NULL;
}

/* HS_CMD_DEV_GET, dump: one device per message.  Open to everybody, like ps. */
int hs_netlink_dev_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct hs_vm *vm;
	int err = 0;
	u32 next;

	if (cb->args[ARG_STATE] == GET_NEW) {
		err = begin(cb);
		if (err)
			return err;
	}
	cb->seq = hs_vm_generation();
	while (!err && (vm = next_vm(cb, &next))) {
		err = put_devs(skb, cb, vm);
		hs_vm_put(vm);
		if (err)
			break;
		cb->args[ARG_VM] = next;
		cb->args[ARG_DEV] = 0;
		if (cb->args[ARG_STATE] == GET_ONE)
			cb->args[ARG_STATE] = GET_DONE;
	}
	/* An empty buffer that it does not fit in would go on for ever. */
	return skb->len ? skb->len : err;
}
