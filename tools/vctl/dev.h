/* SPDX-License-Identifier: GPL-2.0 */
/* Disks and network interfaces as a user describes them: opened, then asked for. */
#ifndef VCTL_DEV_H
#define VCTL_DEV_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/hyperspace.h>

struct request;

/**
 * struct dev - a disk or a net of a request
 * @attr: HS_A_VM_DISK or HS_A_VM_NET
 * @fd: of the file or tap, open
 * @flags: HS_DISK_F_*
 */
struct dev {
	int attr, fd;
	uint32_t flags;
	bool has_mac;
	uint8_t mac[HS_MAC_LEN];
	char id[HS_DEV_ID_MAX + 1];
};

int disk_open(const char *text, struct dev *d);
int net_open(const char *text, struct dev *d);
void dev_put(struct request *r, const struct dev *d);
void dev_close(struct dev *d);

/* tap.c */
int tap_open(const char *name, const char *bridge, int *fd);

#endif /* VCTL_DEV_H */
