/* SPDX-License-Identifier: GPL-2.0 */
/* What attributes each command takes: one policy per command, and per nest. */
#ifndef HS_NETLINK_POLICY_H
#define HS_NETLINK_POLICY_H

#include <net/netlink.h>
#include <linux/hyperspace.h>

/* Those of commands have HS_A_MAX + 1 entries, so any attribute number indexes any of them. */
extern const struct nla_policy hs_policy_new[HS_A_MAX + 1];
extern const struct nla_policy hs_policy_key[HS_A_MAX + 1];
extern const struct nla_policy hs_policy_stop[HS_A_MAX + 1];
extern const struct nla_policy hs_policy_dev_add[HS_A_MAX + 1];
extern const struct nla_policy hs_policy_dev_del[HS_A_MAX + 1];
extern const struct nla_policy hs_policy_dev_set[HS_A_MAX + 1];
extern const struct nla_policy hs_policy_none[HS_A_MAX + 1];

extern const struct nla_policy hs_policy_disk[HS_A_DISK_MAX + 1];
extern const struct nla_policy hs_policy_net[HS_A_NET_MAX + 1];

#endif /* HS_NETLINK_POLICY_H */
