// SPDX-License-Identifier: GPL-2.0
/* Requests about one VM: find it, do it, answer. */
#include "netlink.h"
#include "vcpu.h"
#include "vm.h"

static int fail(struct genl_info *info, int err, const struct hs_attr_error *e)
{
	return hs_netlink_error(info->extack, info->attrs, err, e);
}

static int fail_why(struct genl_info *info, int err, const char *why)
{
	const struct hs_attr_error e = { .why = why };

	return fail(info, err, &e);
}

/* The VM that a request is about, with a reference, or ERR_PTR and extack set. */
static struct hs_vm *find_vm(struct genl_info *info)
{
	struct hs_attr_view tb[HS_A_MAX + 1];
	struct hs_attr_error e = { };
	struct hs_vm_key key;
	struct hs_vm *vm;
	int err;

	hs_netlink_view(info->attrs, tb, HS_A_MAX);
	err = hs_vm_key_get(tb, &key, &e);
	if (err)
		return ERR_PTR(fail(info, err, &e));
	vm = hs_vm_find(&key, &e);
	if (IS_ERR(vm))
		fail(info, PTR_ERR(vm), &e);
	return vm;
}

/**
 * hs_netlink_find_vm_admin - the VM that a request is to change
 * @skb: the request
 * @info: the same; extack is set on an error
 *
 * Return: the VM with a reference, or ERR_PTR: -EPERM, and as hs_vm_key_get()
 * and hs_vm_find().
 */
struct hs_vm *hs_netlink_find_vm_admin(struct sk_buff *skb, struct genl_info *info)
{
	int err = hs_netlink_permit(skb, info->extack);

	return err ? ERR_PTR(err) : find_vm(info);
}

static int put_u64(struct sk_buff *msg, int attr, u64 value)
{
	return nla_put_u64_64bit(msg, attr, value, HS_A_PAD);
}

static int put_stats(struct sk_buff *msg, struct hs_vm *vm)
{
	struct hs_vmx_stats s;
	struct nlattr *nest;
	unsigned int i;

	nest = nla_nest_start(msg, HS_A_VM_STATS);
	if (!nest)
		return -EMSGSIZE;
	hs_vm_get_stats(vm, &s);
	for (i = HS_A_STAT_PAD + 1; i <= HS_A_STAT_MAX; i++)
		if (nla_put_u64_64bit(msg, i, s.v[i], HS_A_STAT_PAD))
			return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

/* Thread ids by vCPU, in the PID namespace of whoever asks. */
static int put_tids(struct sk_buff *msg, struct hs_vm *vm)
{
	struct nlattr *nla = nla_reserve(msg, HS_A_VM_TIDS, vm->cpus * sizeof(u32));
	unsigned int i;
	u32 *tid;

	if (!nla)
		return -EMSGSIZE;
	tid = nla_data(nla);
	for (i = 0; i < vm->cpus; i++)
		tid[i] = hs_vcpu_tid(vm->vcpu[i]);
	return 0;
}

/* Features that the guest does not see, as its creator named them. */
static int put_hidden(struct sk_buff *msg, struct hs_vm *vm)
{
	unsigned int i;

	for (i = 0; vm->hide && i < vm->hide->nr; i++)
		if (nla_put_string(msg, HS_A_VM_CPU_HIDE, vm->hide->name[i]))
			return -EMSGSIZE;
	return 0;
}

/* What changes while one looks: taken together, so that it fits together. */
struct vm_view {
	enum hs_vm_state state;
	char reason[HS_REASON_MAX + 1];
	u64 uptime_ns;
	u32 resets, exit_code;
	bool has_exit_code;
};

static void take_view(struct hs_vm *vm, struct vm_view *w)
{
	spin_lock(&vm->state_lock);
	w->state = vm->state;
	memcpy(w->reason, vm->reason, sizeof(w->reason));
	w->uptime_ns = hs_vm_state_live(vm->state) ? ktime_get_ns() - vm->start_ns : 0;
	w->resets = vm->resets;
	w->exit_code = vm->exit_code;
	w->has_exit_code = vm->has_exit_code;
	spin_unlock(&vm->state_lock);
}

/**
 * hs_netlink_put_vm - all that there is to say about a VM
 * @msg: message to add it to
 * @vm: a VM with a reference
 *
 * Return: 0; -ENODEV when it is being destroyed; -EMSGSIZE when it did not fit.
 * On an error the caller cancels the message.
 */
int hs_netlink_put_vm(struct sk_buff *msg, struct hs_vm *vm)
{
	struct vm_view w;

	take_view(vm, &w);
	if (w.state == HS_VM_DESTROYED)
		return -ENODEV;
	if (nla_put_u32(msg, HS_A_VM_ID, vm->id) ||
	    nla_put_string(msg, HS_A_VM_NAME, vm->name) ||
	    nla_put_u32(msg, HS_A_VM_STATE, w.state) ||
	    (w.reason[0] && nla_put_string(msg, HS_A_VM_REASON, w.reason)) ||
	    nla_put_string(msg, HS_A_VM_CMDLINE, vm->cmdline) ||
	    put_u64(msg, HS_A_VM_MEM_BYTES, vm->mem_bytes) ||
	    nla_put_u32(msg, HS_A_VM_CPUS, vm->cpus) ||
	    nla_put_u32(msg, HS_A_VM_FLAGS, vm->flags) ||
	    nla_put_u32(msg, HS_A_VM_ON_PANIC, vm->on_panic) ||
	    nla_put_u32(msg, HS_A_VM_TTY, hs_board_tty(&vm->board)) ||
	    put_u64(msg, HS_A_VM_CHARGED_BYTES, hs_gmem_charged(vm->gmem)) ||
	    put_u64(msg, HS_A_VM_OVERHEAD_BYTES, hs_vm_overhead(vm)) ||
	    put_u64(msg, HS_A_VM_UPTIME_NS, w.uptime_ns) ||
	    put_u64(msg, HS_A_VM_CPU_TIME_NS, hs_vm_cpu_time(vm)) ||
	    nla_put_u32(msg, HS_A_VM_RESETS, w.resets) ||
	    nla_put_u32(msg, HS_A_VM_PAGE_BYTES, vm->page_bytes) ||
	    put_u64(msg, HS_A_VM_LARGE_BYTES, hs_gmem_large(vm->gmem)) ||
	    put_tids(msg, vm) ||
	    put_hidden(msg, vm) ||
	    (w.has_exit_code && nla_put_u32(msg, HS_A_VM_EXIT_CODE, w.exit_code)))
		return -EMSGSIZE;
	return put_stats(msg, vm);
}

/**
 * hs_netlink_reply_new - an answer to be filled in
 * @info: the request
 * @cmd: HS_CMD_*
 * @size: bytes of attributes
 * @hdr: for genlmsg_end()
 *
 * Return: the message, or NULL when there is no memory.
 */
struct sk_buff *hs_netlink_reply_new(struct genl_info *info, u8 cmd, size_t size, void **hdr)
{
	struct sk_buff *msg = genlmsg_new(size, GFP_KERNEL);

	if (!msg)
		return NULL;
	*hdr = genlmsg_put_reply(msg, info, &hs_genl_family, 0, cmd);
	if (*hdr)
		return msg;
	nlmsg_free(msg);
	return NULL;
}

/* HS_CMD_VM_GET, for one VM: open to everybody, like ps. */
int hs_netlink_vm_get(struct sk_buff *skb, struct genl_info *info)
{
	struct hs_vm *vm = find_vm(info);
	struct sk_buff *msg;
	void *hdr;
	int err;

	if (IS_ERR(vm))
		return PTR_ERR(vm);
	msg = hs_netlink_reply_new(info, HS_CMD_VM_GET, HS_NETLINK_VM_SIZE, &hdr);
	if (!msg) {
		hs_vm_put(vm);
		return fail_why(info, -ENOMEM, NULL);
	}
	err = hs_netlink_put_vm(msg, vm);
	hs_vm_put(vm);
	if (err) {
		nlmsg_free(msg);
		return fail_why(info, err, err == -ENODEV ? "the VM is being destroyed" :
				"the answer does not fit");
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

/* Makes the VM of a checked description; extack is set on an error. */
static struct hs_vm *new_vm(struct genl_info *info, const struct hs_vm_params *p)
{
	struct hs_netlink_parts *np = hs_netlink_parts_get(info, p);
	struct hs_attr_error e = { };
	struct hs_vm *vm;

	if (IS_ERR(np))
		return ERR_CAST(np);
	vm = hs_vm_create(p, hs_netlink_parts(np), &e, info);
	if (IS_ERR(vm))
		hs_netlink_parts_error(info, np, PTR_ERR(vm), &e);
	hs_netlink_parts_put(np);
	return vm;
}

/* HS_CMD_VM_NEW */
int hs_netlink_vm_new(struct sk_buff *skb, struct genl_info *info)
{
	struct hs_attr_view tb[HS_A_MAX + 1];
	struct hs_attr_error e = { };
	struct hs_vm_params p;
	struct sk_buff *msg;
	struct hs_vm *vm;
	void *hdr;
	int err;

	err = hs_netlink_permit(skb, info->extack);
	if (err)
		return err;
	hs_netlink_view(info->attrs, tb, HS_A_MAX);
	err = hs_vm_params_get(tb, &p, &e);
	if (err)
		return fail(info, err, &e);
	/* Before the VM, so that nothing can fail once it exists. */
	msg = hs_netlink_reply_new(info, HS_CMD_VM_NEW, GENLMSG_DEFAULT_SIZE, &hdr);
	if (!msg)
		return fail_why(info, -ENOMEM, NULL);
	vm = new_vm(info, &p);
	if (IS_ERR(vm)) {
		nlmsg_free(msg);
		return PTR_ERR(vm);
	}
	/* These are small and cannot run out of room. */
	nla_put_u32(msg, HS_A_VM_ID, vm->id);
	nla_put_string(msg, HS_A_VM_NAME, vm->name);
	nla_put_u32(msg, HS_A_VM_TTY, hs_board_tty(&vm->board));
	hs_vm_put(vm);
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

/* HS_CMD_VM_DEL */
int hs_netlink_vm_del(struct sk_buff *skb, struct genl_info *info)
{
	struct hs_vm *vm = hs_netlink_find_vm_admin(skb, info);
	const char *why = NULL;
	int err;

	if (IS_ERR(vm))
		return PTR_ERR(vm);
	err = hs_vm_destroy(vm, &why, info);
	if (err)
		hs_vm_put(vm);
	return fail_why(info, err, why);
}

/* HS_CMD_VM_START */
int hs_netlink_vm_start(struct sk_buff *skb, struct genl_info *info)
{
	struct hs_vm *vm = hs_netlink_find_vm_admin(skb, info);
	struct hs_attr_error e = { };
	int err;

	if (IS_ERR(vm))
		return PTR_ERR(vm);
	err = hs_vm_start(vm, &e, info);
	hs_vm_put(vm);
	return fail(info, err, &e);
}

/* HS_CMD_VM_STOP */
int hs_netlink_vm_stop(struct sk_buff *skb, struct genl_info *info)
{
	struct hs_vm *vm = hs_netlink_find_vm_admin(skb, info);
	const char *why = NULL;
	int err;

	if (IS_ERR(vm))
		return PTR_ERR(vm);
	err = hs_vm_stop(vm, nla_get_flag(info->attrs[HS_A_VM_FORCE]), &why, info);
	hs_vm_put(vm);
	return fail_why(info, err, why);
}

typedef int (*vm_op)(struct hs_vm *vm, const char **why, struct genl_info *info);

static int simple_op(struct sk_buff *skb, struct genl_info *info, vm_op op)
{
	struct hs_vm *vm = hs_netlink_find_vm_admin(skb, info);
	const char *why = NULL;
	int err;

	if (IS_ERR(vm))
		return PTR_ERR(vm);
	err = op(vm, &why, info);
	hs_vm_put(vm);
	return fail_why(info, err, why);
}

/* HS_CMD_VM_PAUSE */
int hs_netlink_vm_pause(struct sk_buff *skb, struct genl_info *info)
{
	return simple_op(skb, info, hs_vm_pause);
}

/* HS_CMD_VM_RESUME */
int hs_netlink_vm_resume(struct sk_buff *skb, struct genl_info *info)
{
	return simple_op(skb, info, hs_vm_resume);
}

/* HS_CMD_VM_RESET */
int hs_netlink_vm_reset(struct sk_buff *skb, struct genl_info *info)
{
	return simple_op(skb, info, hs_vm_reset);
}
