// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink policies, one per command: what is not named here is refused.
 *
 * Types, lengths and plain ranges are checked by these; what needs a sentence
 * of its own (flags, memory size, names) by vm_params.c.  The same facts are in
 * Documentation/netlink/hyperspace.yaml, and a test compares the two.
 */
#include "netlink_policy.h"

#define NAME	{ .type = NLA_NUL_STRING, .len = HS_NAME_MAX }
#define FD	NLA_POLICY_MIN(NLA_S32, 0)
#define DEV_ID	{ .type = NLA_NUL_STRING, .len = HS_DEV_ID_MAX }

/* HS_A_VM_DISK */
const struct nla_policy hs_policy_disk[HS_A_DISK_MAX + 1] = {
	[HS_A_DISK_FD]		= FD,
	/* No mask here either. */
	[HS_A_DISK_FLAGS]	= { .type = NLA_U32 },
	[HS_A_DISK_ID]		= DEV_ID,
};

/* HS_A_VM_NET */
const struct nla_policy hs_policy_net[HS_A_NET_MAX + 1] = {
	[HS_A_NET_FD]		= FD,
	[HS_A_NET_MAC]		= NLA_POLICY_EXACT_LEN(HS_MAC_LEN),
	[HS_A_NET_ID]		= DEV_ID,
};

/* HS_CMD_VM_NEW */
const struct nla_policy hs_policy_new[HS_A_MAX + 1] = {
	[HS_A_VM_NAME]		= NAME,
	[HS_A_VM_KERNEL_FD]	= FD,
	[HS_A_VM_INITRD_FD]	= FD,
	[HS_A_VM_CMDLINE]	= { .type = NLA_NUL_STRING, .len = HS_CMDLINE_MAX },
	[HS_A_VM_MEM_BYTES]	= { .type = NLA_U64 },
	[HS_A_VM_CPUS]		= NLA_POLICY_RANGE(NLA_U32, 1, HS_CPUS_MAX),
	/* No mask: an unknown flag is to be -EOPNOTSUPP, not -EINVAL. */
	[HS_A_VM_FLAGS]		= { .type = NLA_U32 },
	[HS_A_VM_ON_PANIC]	= { .type = NLA_U32 },
	[HS_A_VM_PAGE_BYTES]	= { .type = NLA_U32 },
	[HS_A_VM_DISK]		= NLA_POLICY_NESTED(hs_policy_disk),
	[HS_A_VM_NET]		= NLA_POLICY_NESTED(hs_policy_net),
	[HS_A_VM_CPU_HIDE]	= { .type = NLA_NUL_STRING, .len = HS_FEATURE_MAX },
};

/* Commands that are about one VM and say no more */
const struct nla_policy hs_policy_key[HS_A_MAX + 1] = {
	[HS_A_VM_ID]		= { .type = NLA_U32 },
	[HS_A_VM_NAME]		= NAME,
};

/* HS_CMD_VM_STOP */
const struct nla_policy hs_policy_stop[HS_A_MAX + 1] = {
	[HS_A_VM_ID]		= { .type = NLA_U32 },
	[HS_A_VM_NAME]		= NAME,
	[HS_A_VM_FORCE]		= { .type = NLA_FLAG },
};

/* HS_CMD_DEV_ADD */
const struct nla_policy hs_policy_dev_add[HS_A_MAX + 1] = {
	[HS_A_VM_ID]		= { .type = NLA_U32 },
	[HS_A_VM_NAME]		= NAME,
	[HS_A_VM_DISK]		= NLA_POLICY_NESTED(hs_policy_disk),
	[HS_A_VM_NET]		= NLA_POLICY_NESTED(hs_policy_net),
};

/* HS_CMD_DEV_DEL */
const struct nla_policy hs_policy_dev_del[HS_A_MAX + 1] = {
	[HS_A_VM_ID]		= { .type = NLA_U32 },
	[HS_A_VM_NAME]		= NAME,
	[HS_A_DEV_ID]		= DEV_ID,
};

/* HS_CMD_DEV_SET */
const struct nla_policy hs_policy_dev_set[HS_A_MAX + 1] = {
	[HS_A_VM_ID]		= { .type = NLA_U32 },
	[HS_A_VM_NAME]		= NAME,
	[HS_A_DEV_ID]		= DEV_ID,
	[HS_A_DEV_UP]		= NLA_POLICY_RANGE(NLA_U32, 0, 1),
};

/* HS_CMD_CHECK */
const struct nla_policy hs_policy_none[HS_A_MAX + 1] = { };
