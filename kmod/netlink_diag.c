// SPDX-License-Identifier: GPL-2.0
/*
 * HS_CMD_VM_DIAG: registers, last exits and reasons of each vCPU.
 *
 * All of it is taken at the beginning, with the vCPUs parked for a moment, so
 * that the parts fit together however slowly the reader reads.
 */
#include <linux/slab.h>
#include "netlink.h"
#include "netlink_policy.h"
#include "vcpu.h"
#include "vm.h"

struct diag_vcpu {
	struct hs_uregs regs;
	struct hs_vmx_exit_rec exit[HS_VMX_EXIT_RING];
	unsigned int exits;
	struct hs_vmx_msr_rec msr[HS_VMX_MSRS];
	unsigned int msrs;
	u8 insn[15];
	unsigned int insn_len;
	const char *activity;
	char reason[HS_REASON_MAX + 1];
	char remedy[HS_REASON_MAX + 1];
};

struct diag {
	unsigned int cpus;
	struct diag_vcpu vcpu[];
};

/* cb->args: the snapshot, then the next vCPU of it. */
#define ARG_DIAG	0
#define ARG_NEXT	1

int hs_netlink_diag_start(struct netlink_callback *cb)
{
	cb->args[ARG_DIAG] = 0;
	cb->args[ARG_NEXT] = 0;
	return 0;
}

int hs_netlink_diag_done(struct netlink_callback *cb)
{
	kvfree((void *)cb->args[ARG_DIAG]);
	return 0;
}

static void look_vcpu(struct diag_vcpu *d, struct hs_vcpu *v)
{
	const char *s;

	d->regs = v->regs;
	d->exits = hs_vmx_get_exits(v->vmx, d->exit);
	d->msrs = hs_vmx_get_msrs(v->vmx, d->msr);
	d->insn_len = hs_vmx_get_insn(v->vmx, d->insn);
	d->activity = hs_vmx_activity(v->vmx);
	s = hs_vmx_fail_reason(v->vmx);
	strscpy(d->reason, s ?: "", sizeof(d->reason));
	s = hs_vmx_fail_remedy(v->vmx);
	strscpy(d->remedy, s ?: "", sizeof(d->remedy));
}

static struct diag *look(struct hs_vm *vm, struct netlink_ext_ack *extack)
{
	struct diag *d;
	unsigned int i;

	d = kvzalloc(struct_size(d, vcpu, vm->cpus), GFP_KERNEL);
	if (!d)
		return ERR_PTR(-ENOMEM);
	if (mutex_lock_killable(&vm->lock)) {
		kvfree(d);
		return ERR_PTR(-EINTR);
	}
	hs_vm_hold(vm, HS_HOLD_LOOK);
	hs_vm_wait_parked(vm);
	d->cpus = vm->cpus;
	for (i = 0; i < vm->cpus; i++)
		look_vcpu(&d->vcpu[i], vm->vcpu[i]);
	hs_vm_release(vm, HS_HOLD_LOOK);
	mutex_unlock(&vm->lock);
	return d;
}

/* The first call of a dump.  Not in start(): that has no extack on all kernels. */
static int begin(struct netlink_callback *cb)
{
	struct nlattr *attrs[HS_A_MAX + 1];
	struct hs_attr_view tb[HS_A_MAX + 1];
	struct hs_attr_error e = { };
	struct hs_vm_key key;
	struct hs_vm *vm;
	struct diag *d;
	int err;

	err = hs_netlink_permit(cb->skb, cb->extack);
	if (err)
		return err;
	err = nlmsg_parse(cb->nlh, GENL_HDRLEN, attrs, HS_A_MAX, hs_policy_key,
			  cb->extack);
	if (err)
		return err;
	hs_netlink_view(attrs, tb, HS_A_MAX);
	err = hs_vm_key_get(tb, &key, &e);
	if (err)
		return hs_netlink_error(cb->extack, attrs, err, &e);
	vm = hs_vm_find(&key, &e);
	if (IS_ERR(vm))
		return hs_netlink_error(cb->extack, attrs, PTR_ERR(vm), &e);
	d = look(vm, cb->extack);
	hs_vm_put(vm);
	if (IS_ERR(d))
		return hs_netlink_error(cb->extack, attrs, PTR_ERR(d), &e);
	cb->args[ARG_DIAG] = (long)d;
	return 0;
}

static int put_exit(struct sk_buff *skb, const struct hs_vmx_exit_rec *x)
{
	struct nlattr *nest = nla_nest_start(skb, HS_A_DIAG_EXIT);

	if (!nest ||
	    nla_put_u32(skb, HS_A_EXIT_REASON, x->reason & 0xffff) ||
	    nla_put_string(skb, HS_A_EXIT_NAME, hs_vmx_exit_name(x->reason & 0xffff)) ||
	    nla_put_u64_64bit(skb, HS_A_EXIT_QUAL, x->qual, HS_A_EXIT_PAD) ||
	    nla_put_u64_64bit(skb, HS_A_EXIT_RIP, x->rip, HS_A_EXIT_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_msr(struct sk_buff *skb, const struct hs_vmx_msr_rec *m)
{
	struct nlattr *nest = nla_nest_start(skb, HS_A_DIAG_MSR);

	if (!nest ||
	    nla_put_u32(skb, HS_A_MSR_NUMBER, m->msr) ||
	    nla_put_u64_64bit(skb, HS_A_MSR_READS, m->reads, HS_A_MSR_PAD) ||
	    nla_put_u64_64bit(skb, HS_A_MSR_WRITES, m->writes, HS_A_MSR_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_vcpu(struct sk_buff *skb, const struct diag_vcpu *d, unsigned int index)
{
	struct nlattr *nest = nla_nest_start(skb, HS_A_DIAG);
	unsigned int i;

	if (!nest ||
	    nla_put_u32(skb, HS_A_DIAG_VCPU, index) ||
	    nla_put(skb, HS_A_DIAG_REGS, sizeof(d->regs), &d->regs) ||
	    (d->activity && nla_put_string(skb, HS_A_DIAG_ACTIVITY, d->activity)) ||
	    (d->reason[0] && nla_put_string(skb, HS_A_DIAG_REASON, d->reason)) ||
	    (d->remedy[0] && nla_put_string(skb, HS_A_DIAG_REMEDY, d->remedy)) ||
	    (d->insn_len && nla_put(skb, HS_A_DIAG_INSN, d->insn_len, d->insn)))
		return -EMSGSIZE;
	for (i = 0; i < d->exits; i++)
		if (put_exit(skb, &d->exit[i]))
			return -EMSGSIZE;
	for (i = 0; i < d->msrs; i++)
		if (put_msr(skb, &d->msr[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* HS_CMD_VM_DIAG, dump: one message per vCPU. */
int hs_netlink_diag_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct diag *d;
	void *hdr;
	int err;

	if (!cb->args[ARG_DIAG]) {
		err = begin(cb);
		if (err)
			return err;
	}
	d = (const struct diag *)cb->args[ARG_DIAG];
	while (cb->args[ARG_NEXT] < d->cpus) {
		unsigned int i = cb->args[ARG_NEXT];

		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				  &hs_genl_family, NLM_F_MULTI, HS_CMD_VM_DIAG);
		if (!hdr || put_vcpu(skb, &d->vcpu[i], i)) {
			genlmsg_cancel(skb, hdr);
			return skb->len ? skb->len : -EMSGSIZE;
		}
		genlmsg_end(skb, hdr);
		cb->args[ARG_NEXT]++;
	}
	return skb->len;
}
