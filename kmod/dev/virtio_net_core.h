/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a network device does with bytes that a guest or its driver controls
 * (virtio 1.2, 5.1): features, addresses, the header before each packet, and
 * how many buffers a packet takes.  Pure.
 */
#ifndef HS_DEV_VIRTIO_NET_CORE_H
#define HS_DEV_VIRTIO_NET_CORE_H

#include "pure.h"
#include "dev/vring.h"

/* Queues, 5.1.2; one pair. */
#define HS_NET_RX	0
#define HS_NET_TX	1
#define HS_NET_CTRL	2
#define HS_NET_QUEUES	3

/* The longest command there is: class, command, 64 bits. */
#define HS_NET_CTRL_LEN	10

/* Ethernet header with a VLAN tag, and the most that IP packets have. */
#define HS_NET_PACKET_MIN	14
#define HS_NET_PACKET_MAX	(14 + 4 + 65535)

/* Configuration, 5.1.4: the address and, after it, the link's status. */
#define HS_NET_CONFIG_MAC	0
#define HS_NET_CONFIG_STATUS	6
#define HS_NET_CONFIG_LEN	8

/* What hs_net_tap_judge() wants to be sent: a header and one byte of packet. */
#define HS_NET_PROBE_LEN	13

/**
 * struct hs_net_hdr - struct virtio_net_hdr_v1 (5.1.6) on a little-endian host
 * @flags: VIRTIO_NET_HDR_F_*
 * @gso_type: VIRTIO_NET_HDR_GSO_*
 * @hdr_len: bytes of all headers, a hint
 * @gso_size: bytes of payload in a segment
 * @csum_start: where in the packet checksumming begins
 * @csum_offset: from there to where the checksum goes
 * @num_buffers: that hold the packet, to the driver
 *
 * The tap has the first ten bytes from Linux's struct virtio_net_hdr, and takes
 * no notice of the rest.
 */
struct hs_net_hdr {
	u8 flags;
	u8 gso_type;
	u16 hdr_len;
	u16 gso_size;
	u16 csum_start;
	u16 csum_offset;
	u16 num_buffers;
};

/**
 * struct hs_net_rx - buffers collected for one packet
 * @need: bytes of header and packet
 * @n: buffers so far
 * @head: what names each
 * @len: bytes that it gets
 * @all: the parts of them that are written to, one after the other
 */
struct hs_net_rx {
	u64 need;
	u16 n;
	u16 head[HS_VRING_MAX];
	u32 len[HS_VRING_MAX];
	struct hs_vchain all;
};

enum hs_net_rx_result {
	HS_NET_RX_MORE,		/* one more buffer */
	HS_NET_RX_DONE,		/* the packet has its place */
	HS_NET_RX_SCATTERED,	/* it would take too many segments */
	HS_NET_RX_BAD,		/* the driver broke a rule */
};

void hs_net_mac_default(u8 mac[6], const char *vm, const char *id);
const char *hs_net_mac_check(const u8 mac[6]);

u64 hs_net_offer(void);
bool hs_net_features_ok(u64 features);
u32 hs_net_tap_offloads(u64 features);
const char *hs_net_tap_judge(long ret, size_t left);

const char *hs_net_tx_check(struct hs_net_hdr *h, u64 features, u64 len);
const char *hs_net_rx_check(struct hs_net_hdr *h, u64 features, u16 buffers);

u8 hs_net_ctrl(const u8 *cmd, u64 len, u64 features, u64 *now);

void hs_net_rx_begin(struct hs_net_rx *r, u64 need);
enum hs_net_rx_result hs_net_rx_add(struct hs_net_rx *r, const struct hs_vchain *c);

#endif /* HS_DEV_VIRTIO_NET_CORE_H */
