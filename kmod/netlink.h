/* SPDX-License-Identifier: GPL-2.0 */
/* The control plane's own parts, as they see each other. */
#ifndef HS_NETLINK_H
#define HS_NETLINK_H

#include <net/genetlink.h>
#include "vm_params.h"

struct hs_netlink_parts;
struct hs_vm;
struct hs_vm_parts;

/* netlink.c: the family */
extern struct genl_family hs_genl_family;
int hs_netlink_module_init(void);
void hs_netlink_module_exit(void);
bool hs_netlink_listening(void);
void hs_netlink_view(struct nlattr *const *attrs, struct hs_attr_view *tb, unsigned int max);
int hs_netlink_error(struct netlink_ext_ack *extack, struct nlattr *const *attrs,
		     int err, const struct hs_attr_error *e);
int hs_netlink_permit(struct sk_buff *skb, struct netlink_ext_ack *extack);

/* netlink_vm.c: commands about one VM */
int hs_netlink_vm_new(struct sk_buff *skb, struct genl_info *info);
int hs_netlink_vm_get(struct sk_buff *skb, struct genl_info *info);
int hs_netlink_vm_del(struct sk_buff *skb, struct genl_info *info);
int hs_netlink_vm_start(struct sk_buff *skb, struct genl_info *info);
int hs_netlink_vm_stop(struct sk_buff *skb, struct genl_info *info);
int hs_netlink_vm_pause(struct sk_buff *skb, struct genl_info *info);
int hs_netlink_vm_resume(struct sk_buff *skb, struct genl_info *info);
int hs_netlink_vm_reset(struct sk_buff *skb, struct genl_info *info);
int hs_netlink_put_vm(struct sk_buff *msg, struct hs_vm *vm);
struct hs_vm *hs_netlink_find_vm_admin(struct sk_buff *skb, struct genl_info *info);
struct sk_buff *hs_netlink_reply_new(struct genl_info *info, u8 cmd, size_t size, void **hdr);

/* netlink_dev.c: disks, nets, hidden CPU features */
struct hs_netlink_parts *hs_netlink_parts_get(struct genl_info *info,
					      const struct hs_vm_params *p);
void hs_netlink_parts_put(struct hs_netlink_parts *np);
struct hs_vm_parts *hs_netlink_parts(struct hs_netlink_parts *np);
int hs_netlink_parts_error(struct genl_info *info, struct hs_netlink_parts *np, int err,
			   const struct hs_attr_error *e);
int hs_netlink_dev_add(struct sk_buff *skb, struct genl_info *info);
int hs_netlink_dev_del(struct sk_buff *skb, struct genl_info *info);
int hs_netlink_dev_set(struct sk_buff *skb, struct genl_info *info);
int hs_netlink_dev_dump(struct sk_buff *skb, struct netlink_callback *cb);

/* netlink_dump.c, netlink_diag.c: dumps */
int hs_netlink_vm_start_dump(struct netlink_callback *cb);
int hs_netlink_vm_dump(struct sk_buff *skb, struct netlink_callback *cb);
int hs_netlink_check_dump(struct sk_buff *skb, struct netlink_callback *cb);
int hs_netlink_diag_start(struct netlink_callback *cb);
int hs_netlink_diag_dump(struct sk_buff *skb, struct netlink_callback *cb);
int hs_netlink_diag_done(struct netlink_callback *cb);

/* An HS_CMD_VM_GET message: strings at their longest, numbers, counters. */
#define HS_NETLINK_VM_SIZE	8192

#endif /* HS_NETLINK_H */
