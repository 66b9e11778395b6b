/* SPDX-License-Identifier: GPL-2.0 */
/* What disks and network interfaces are made from, checked. */
#ifndef HS_DEV_PARAMS_H
#define HS_DEV_PARAMS_H

#include "pure.h"
#include <linux/hyperspace.h>
#include "attr.h"

/**
 * struct hs_dev_params - a disk or network interface as somebody described it
 * @kind: HS_DEV_DISK or HS_DEV_NET
 * @fd: not negative
 * @flags: HS_DISK_F_*
 * @has_mac: @mac was given
 * @mac: its address, once hs_net_mac_default() or the message gave one
 * @id: NUL-terminated, hs_dev_id_ok(); "" when the message gave none
 */
struct hs_dev_params {
	enum hs_dev_kind kind;
	s32 fd;
	u32 flags;
	bool has_mac;
	u8 mac[HS_MAC_LEN];
	char id[HS_DEV_ID_MAX + 1];
};

bool hs_dev_id_ok(const char *id);
int hs_disk_params_get(const struct hs_attr_view tb[HS_A_DISK_MAX + 1],
		       struct hs_dev_params *d, struct hs_attr_error *e);
int hs_net_params_get(const struct hs_attr_view tb[HS_A_NET_MAX + 1],
		      struct hs_dev_params *d, struct hs_attr_error *e);
int hs_dev_id_get(const struct hs_attr_view tb[HS_A_MAX + 1],
		  char id[HS_DEV_ID_MAX + 1], struct hs_attr_error *e);
int hs_dev_up_get(const struct hs_attr_view tb[HS_A_MAX + 1], bool *up,
		  struct hs_attr_error *e);
int hs_feature_get(const struct hs_attr_view *a, char name[HS_FEATURE_MAX + 1],
		   struct hs_attr_error *e);

void hs_dev_id_default(enum hs_dev_kind kind, unsigned int n, char id[HS_DEV_ID_MAX + 1]);
int hs_dev_ids_fill(struct hs_dev_params *d, unsigned int nr);

#endif /* HS_DEV_PARAMS_H */
