/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host's end of a network device: the socket in a descriptor of a tap
 * (/dev/net/tun) or macvtap (/dev/tapN), which passes Ethernet packets behind a
 * struct virtio_net_hdr_v1.
 */
#ifndef HS_DEV_TAP_H
#define HS_DEV_TAP_H

#include <linux/types.h>

struct file;
struct iov_iter;
struct hs_tap;

/**
 * struct hs_tap_ops - what who owns a tap is told while it listens
 * @readable: there may be a packet
 * @writable: there may be room again, see hs_tap_writable()
 * @link: hs_tap_link() may say something else
 *
 * All of them: any context, locks of the network stack held.
 */
struct hs_tap_ops {
	void (*readable)(void *owner);
	void (*writable)(void *owner);
	void (*link)(void *owner);
};

struct hs_tap *hs_tap_open(struct file *file, const struct hs_tap_ops *ops, void *owner,
			   const char **why);
void hs_tap_close(struct hs_tap *t);

void hs_tap_listen(struct hs_tap *t);
void hs_tap_deaf(struct hs_tap *t);

int hs_tap_offload(struct hs_tap *t, u32 offloads);
bool hs_tap_link(const struct hs_tap *t);

unsigned int hs_tap_peek(struct hs_tap *t);
int hs_tap_recv(struct hs_tap *t, struct iov_iter *to);
bool hs_tap_discard(struct hs_tap *t);
int hs_tap_send(struct hs_tap *t, struct iov_iter *from);
bool hs_tap_writable(struct hs_tap *t);

#endif /* HS_DEV_TAP_H */
