/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The virtio devices of a board, as the VM sees them: what they are made from,
 * adding and removing them while the VM is stopped, and their counters.
 */
#ifndef HS_DEV_VIRTIO_DEV_H
#define HS_DEV_VIRTIO_DEV_H

#include <linux/hyperspace.h>
#include "pure.h"

struct file;
struct hs_board;

/**
 * struct hs_disk_cfg - a disk
 * @file: regular file or block device, open for what is needed; the device takes a
 *	reference of its own
 * @ro: the guest may only read it
 * @id: its name, unique among the devices of a VM; the serial number for the guest
 */
struct hs_disk_cfg {
	struct file *file;
	bool ro;
	char id[HS_DEV_ID_MAX + 1];
};

/**
 * struct hs_net_cfg - a network interface
 * @file: an open queue of a tap device (/dev/net/tun after TUNSETIFF)
 * @mac: its address
 * @id: its name
 */
struct hs_net_cfg {
	struct file *file;
	u8 mac[6];
	char id[HS_DEV_ID_MAX + 1];
};

#define HS_DEV_TTYS	2	/* of a device, at most */

/* What a device is and has done since the VM's start. */
struct hs_dev_info {
	enum hs_dev_kind kind;
	char id[HS_DEV_ID_MAX + 1];
	unsigned int slot;
	bool ro;			/* disk */
	u64 bytes;			/* disk: its size */
	u8 mac[6];			/* net */
	unsigned int ttys;		/* console: how many, and minors of /dev/ttyHS<n> */
	u32 tty[HS_DEV_TTYS];
	bool driver;			/* a driver is at work */
	const char *broken;		/* what it did wrong; NULL */
	u64 requests, read_bytes, write_bytes, errors, kicks, signals;
};

/*
 * A disk or net comes or goes; no vCPU runs.  Process context.  0; -EEXIST or
 * -ENOENT (id); -ENOSPC (slots); -ENOMEM; -EBUSY: somebody else has the disk open
 * for writing, or the tap; -EINVAL, -ENOTBLK, ...: the file.  *@why is a sentence
 * when there is one.
 */
int hs_disk_add(struct hs_board *b, const struct hs_disk_cfg *cfg, const char **why);
int hs_net_add(struct hs_board *b, const struct hs_net_cfg *cfg, const char **why);
/* The link of a net goes down or up; a driver is told.  The VM may run.  0 or
 * -ENOENT. */
int hs_net_link(struct hs_board *b, const char *id, bool up, const char **why);
int hs_dev_remove(struct hs_board *b, const char *id, const char **why);

/* On boards that shall have them; see hs_board_cfg.  As other devices. */
int hs_vconsole_add(struct hs_board *b);
int hs_rng_add(struct hs_board *b);
int hs_balloon_add(struct hs_board *b);

/* Of port 0 (hvc0) or 1 (agent) of the console: minor of its tty or -ENOENT, and
 * its name or NULL. */
int hs_board_vconsole_tty(struct hs_board *b, unsigned int port);
const char *hs_vconsole_port_name(unsigned int port);

/* The @n-th device of the board, or false.  Process context; excludes add and
 * remove by the caller's lock. */
bool hs_dev_info(struct hs_board *b, unsigned int n, struct hs_dev_info *info);

#endif /* HS_DEV_VIRTIO_DEV_H */
