/* SPDX-License-Identifier: GPL-2.0 */
/* Enough of the kernel's header to read kmod/netlink_policy.c in user space. */
#ifndef HS_ABI_SHIM_NETLINK_H
#define HS_ABI_SHIM_NETLINK_H

#include <stdint.h>

enum shim_type {
	NLA_UNSPEC,
	NLA_U32,
	NLA_U64,
	NLA_S32,
	NLA_FLAG,
	NLA_NUL_STRING,
	NLA_BINARY,
	NLA_NESTED,
};

struct nla_policy {
	enum shim_type type;
	unsigned int len;
	int has_min, has_max;
	int64_t min, max;
	const struct nla_policy *nested;
};

#define NLA_POLICY_MIN(t, lo)		{ .type = t, .has_min = 1, .min = lo }
#define NLA_POLICY_RANGE(t, lo, hi)	\
	{ .type = t, .has_min = 1, .min = lo, .has_max = 1, .max = hi }
#define NLA_POLICY_EXACT_LEN(n)		{ .type = NLA_BINARY, .len = n }
#define NLA_POLICY_NESTED(p)		{ .type = NLA_NESTED, .nested = p }

#endif
