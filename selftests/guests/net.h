/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A driver of a virtio network device for guest programs, and the little of ARP and
 * IP that they need.
 */
#ifndef GUEST_NET_H
#define GUEST_NET_H

#include <linux/virtio_net.h>
#include "virtio.h"

#define F(name)		BIT_ULL(VIRTIO_NET_F_##name)
#define ETH		14
#define IP		20
#define HOST_IP		0x0a090001
#define MY_IP		0x0a090000	/* and the last byte of the address */
#define NOTE		0x88b5		/* EtherType for experiments */
#define HDR		sizeof(struct virtio_net_hdr_v1)
#define PACKET_PAGES	18		/* of @out and @in */

/**
 * struct net - the device, its queues and what is in them
 * @d, @rx, @tx, @ctrl: the device
 * @mac: its address
 * @testdev: pages are taken away before the device gets them
 * @rx_irqs, @config_irqs: interrupts so far
 * @rx_mem, @rx_size, @rx_bufs: buffers to receive into
 * @out: the packet to be sent
 * @in, @got, @len: the packet that net_receive() took, its header, its bytes
 * @host_mac: of who answered to net_arp()
 */
struct net {
	struct vdev d;
	struct vqueue rx, tx, ctrl;
	u8 mac[6], host_mac[6];
	bool testdev;
	volatile u32 rx_irqs, config_irqs;
	u8 *rx_mem, *out, *in;
	u32 rx_size, rx_bufs;
	struct virtio_net_hdr_v1 got;
	u32 len;
};

extern struct net net;

static inline u16 be16(const u8 *p) { return p[0] << 8 | p[1]; }
static inline u32 be32(const u8 *p) { return (u32)be16(p) << 16 | be16(p + 2); }
static inline void put_be16(u8 *p, u16 v) { p[0] = v >> 8; p[1] = v; }
static inline void put_be32(u8 *p, u32 v) { put_be16(p, v >> 16); put_be16(p + 2, v); }

/*
 * Finds the device and takes its address.  Features by the words in @args that are
 * not wanted: "nocsum" (checksums, and so segmentation, both ways), "notso",
 * "nomrg"; "event" and "indirect" are wanted; "testdev".  False: there is no device.
 */
bool net_find(const char *args, u64 *features);
/* Resets the device and sets it up. */
bool net_start(u64 features);
/* A packet of @len bytes in net.out, behind @h, which nobody waits for. */
void net_post(const struct virtio_net_hdr_v1 *h, u32 len);
/* The same, waited for; net_send() with an empty header. */
void net_send_hdr(const struct virtio_net_hdr_v1 *h, u32 len);
void net_send(u32 len);
/* The next packet; false: none in a minute, or it made no sense. */
bool net_receive(void);
/* The next for this address with EtherType @type; others are passed over. */
bool net_receive_type(u16 type);

/* Sum of 16-bit words in ones' complement (RFC 1071), folded, not inverted. */
u16 net_sum(const u8 *p, u32 n, u32 s);
/* Headers in net.out, and at @p. */
void net_ether(const u8 *to, u16 type);
void net_ip(u8 *p, u32 from, u32 to, u8 proto, u32 len);
/* Asks for the host's address; false: no answer. */
bool net_arp(void);

#endif /* GUEST_NET_H */
