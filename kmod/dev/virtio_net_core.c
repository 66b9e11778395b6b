// SPDX-License-Identifier: GPL-2.0
/*
 * The pure part of a network device: features, addresses, headers, buffers.
 *
 * Offloads go both ways.  What a driver may leave to the host depends on
 * VIRTIO_NET_F_CSUM and HOST_*; what it can take, on GUEST_*.  A header that
 * asks for more than was negotiated is never passed on, in either direction.
 */
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include "dev/virtio_core.h"
#include "dev/virtio_net_core.h"

#define HAS(features, f)	(!!((features) & BIT_ULL(f)))

/* What a driver may take back and take again while it works, 5.1.6.5.6. */
#define GUEST_OFFLOADS	(BIT_ULL(VIRTIO_NET_F_GUEST_CSUM) | BIT_ULL(VIRTIO_NET_F_GUEST_TSO4) | \
			 BIT_ULL(VIRTIO_NET_F_GUEST_TSO6) | BIT_ULL(VIRTIO_NET_F_GUEST_ECN))

/* TCP without options, and where its checksum lies. */
#define TCP_LEN		20
#define TCP_CSUM	16
/* IPv4 must carry 68 bytes (RFC 791), 40 of them headers: a smaller segment only
 * serves to make many of one packet. */
#define MSS_MIN		28

/**
 * hs_net_mac_default() - an address for a device that was given none
 * @mac: where it goes
 * @vm: name of the VM
 * @id: name of the device, unique in the VM
 *
 * The same names give the same address, so that a guest finds its interface
 * again after each start.  Locally administered, unicast; the last 40 bits are
 * from FNV-1a of both names with the NUL between them.
 */
void hs_net_mac_default(u8 mac[6], const char *vm, const char *id)
{
	u64 h = 0xcbf29ce484222325ULL;
	unsigned int i;

	do
		h = (h ^ (u8)*vm) * 0x100000001b3ULL;
	while (*vm++);
	for (; *id; id++)
		h = (h ^ (u8)*id) * 0x100000001b3ULL;
	/* The upper bits of a short name's hash are mixed best. */
	h ^= h >> 40;
	mac[0] = 0x02;
	for (i = 1; i < 6; i++)
		mac[i] = h >> (8 * (5 - i));
}

/**
 * hs_net_mac_check() - whether an interface can have an address
 * @mac: the address
 *
 * Return: NULL, or a sentence that says why not.
 */
const char *hs_net_mac_check(const u8 mac[6])
{
	static const u8 zero[6];

	if (mac[0] & 1)
		return "the MAC address is a multicast address";
	if (!memcmp(mac, zero, sizeof(zero)))
		return "the MAC address is all zeros";
	return NULL;
}

/**
 * hs_net_offer() - the features of a network device
 *
 * UDP fragmentation offload is left out, for the tap does not have it.
 *
 * Return: the bits, those of any virtio device among them.
 */
u64 hs_net_offer(void)
{
	return BIT_ULL(VIRTIO_NET_F_CSUM) | BIT_ULL(VIRTIO_NET_F_GUEST_CSUM) |
	       BIT_ULL(VIRTIO_NET_F_MAC) | BIT_ULL(VIRTIO_NET_F_STATUS) |
	       BIT_ULL(VIRTIO_NET_F_GUEST_TSO4) | BIT_ULL(VIRTIO_NET_F_GUEST_TSO6) |
	       BIT_ULL(VIRTIO_NET_F_GUEST_ECN) | BIT_ULL(VIRTIO_NET_F_HOST_TSO4) |
	       BIT_ULL(VIRTIO_NET_F_HOST_TSO6) | BIT_ULL(VIRTIO_NET_F_HOST_ECN) |
	       BIT_ULL(VIRTIO_NET_F_MRG_RXBUF) | BIT_ULL(VIRTIO_NET_F_CTRL_VQ) |
	       BIT_ULL(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) |
	       BIT_ULL(HS_VIRTIO_F_INDIRECT_DESC) | BIT_ULL(HS_VIRTIO_F_EVENT_IDX) |
	       BIT_ULL(HS_VIRTIO_F_VERSION_1);
}

/**
 * hs_net_features_ok() - whether features can go together
 * @features: what the driver chose
 *
 * Return: false where one lacks what it needs (5.1.3.1).
 */
bool hs_net_features_ok(u64 features)
{
	bool gtso = HAS(features, VIRTIO_NET_F_GUEST_TSO4) ||
		    HAS(features, VIRTIO_NET_F_GUEST_TSO6);
	bool htso = HAS(features, VIRTIO_NET_F_HOST_TSO4) ||
		    HAS(features, VIRTIO_NET_F_HOST_TSO6);

	if (gtso && !HAS(features, VIRTIO_NET_F_GUEST_CSUM))
		return false;
	if (HAS(features, VIRTIO_NET_F_GUEST_ECN) && !gtso)
		return false;
	if (htso && !HAS(features, VIRTIO_NET_F_CSUM))
		return false;
	if (HAS(features, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) &&
	    !HAS(features, VIRTIO_NET_F_CTRL_VQ))
		return false;
	return !HAS(features, VIRTIO_NET_F_HOST_ECN) || htso;
}

/**
 * hs_net_tap_offloads() - what the host may leave to the guest
 * @features: what was negotiated
 *
 * Return: argument of TUNSETOFFLOAD.
 */
u32 hs_net_tap_offloads(u64 features)
{
	u32 f = 0;

	if (!HAS(features, VIRTIO_NET_F_GUEST_CSUM))
		return 0;
	f |= TUN_F_CSUM;
	if (HAS(features, VIRTIO_NET_F_GUEST_TSO4))
		f |= TUN_F_TSO4;
	if (HAS(features, VIRTIO_NET_F_GUEST_TSO6))
		f |= TUN_F_TSO6;
	if (f != TUN_F_CSUM && HAS(features, VIRTIO_NET_F_GUEST_ECN))
		f |= TUN_F_TSO_ECN;
	return f;
}

/**
 * hs_net_tap_judge() - how a tap was set up
 * @ret: what it said to HS_NET_PROBE_LEN bytes of zeros sent to it
 * @left: how many of them it did not read
 *
 * A tap reads what comes before the packet, and refuses a packet shorter than an
 * Ethernet header unread.  So one byte after a header of the right size tells all
 * there is to know, and sends nothing.
 *
 * Return: NULL when it takes Ethernet packets behind a header of 12 bytes and
 * nothing else, or a sentence.
 */
const char *hs_net_tap_judge(long ret, size_t left)
{
	if (ret == -EBADFD)
		return "the descriptor of the tap is attached to no interface";
	if (ret != -EINVAL)
		return ret < 0 ? "the tap cannot be sent to" :
				 "the interface takes no Ethernet packets";
	switch (left) {
	case 1:
		return NULL;
	case 0:
		return "the interface takes IP packets, not Ethernet: it must be a tap";
	case 3:
		return "the tap has a header of 10 bytes: set 12 by TUNSETVNETHDRSZ";
	case HS_NET_PROBE_LEN:
		return "the tap has no header of 12 bytes: open it with IFF_VNET_HDR and set 12 by TUNSETVNETHDRSZ";
	case HS_NET_PROBE_LEN - 4:
		return "the tap puts packet information first: open it with IFF_NO_PI";
	default:
		return "the tap has a header of another size: set 12 by TUNSETVNETHDRSZ";
	}
}

static bool gso_ok(u8 type, u64 features, int tso4, int tso6, int ecn)
{
	if (type & VIRTIO_NET_HDR_GSO_ECN && !HAS(features, ecn))
		return false;
	switch (type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return HAS(features, tso4);
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return HAS(features, tso6);
	default:
		return false;
	}
}

/**
 * hs_net_tx_check() - the header of a packet from the guest
 * @h: the header, a copy; on success fit for the tap
 * @features: what was negotiated
 * @len: bytes of the packet that follows it
 *
 * 5.1.6.2.  Flags that mean nothing here are ignored, as are fields that no flag
 * makes valid.  @h->hdr_len is but a hint, which is put right.
 *
 * Return: NULL, or what is wrong; the packet is dropped then.
 */
const char *hs_net_tx_check(struct hs_net_hdr *h, u64 features, u64 len)
{
	bool gso = h->gso_type != VIRTIO_NET_HDR_GSO_NONE;
	u32 csum = (u32)h->csum_start + h->csum_offset + sizeof(u16);

	if (len < HS_NET_PACKET_MIN)
		return "shorter than an Ethernet header";
	if (len > HS_NET_PACKET_MAX)
		return "longer than any packet";
	h->num_buffers = 0;
	h->flags &= VIRTIO_NET_HDR_F_NEEDS_CSUM;
	if (!h->flags) {
		if (gso)
			return "to be segmented without its checksum to be made";
		h->csum_start = 0;
		h->csum_offset = 0;
		h->gso_size = 0;
		h->hdr_len = 0;
		return NULL;
	}
	if (!HAS(features, VIRTIO_NET_F_CSUM))
		return "checksum offload was not negotiated";
	if (h->csum_start < HS_NET_PACKET_MIN || csum > len)
		return "checksum outside the packet";
	if (!gso) {
		h->gso_size = 0;
		h->hdr_len = min(csum, (u32)U16_MAX);
		return NULL;
	}
	if (!gso_ok(h->gso_type, features, VIRTIO_NET_F_HOST_TSO4,
		    VIRTIO_NET_F_HOST_TSO6, VIRTIO_NET_F_HOST_ECN))
		return "segmentation that was not negotiated";
	if (h->gso_size < MSS_MIN)
		return "segments too small";
	if (h->csum_offset != TCP_CSUM || (u64)h->csum_start + TCP_LEN > len)
		return "to be segmented, but not TCP";
	h->hdr_len = clamp((u32)h->hdr_len, (u32)h->csum_start + TCP_LEN,
			   min((u32)len, (u32)U16_MAX));
	return NULL;
}

/**
 * hs_net_rx_check() - the header of a packet from the tap
 * @h: the header; on success fit for the driver
 * @features: what was negotiated
 * @buffers: that the packet takes
 *
 * The tap was told what the guest can take, but may still hold packets from
 * before it was.
 *
 * Return: NULL, or what the driver did not agree to; the packet is dropped then.
 */
const char *hs_net_rx_check(struct hs_net_hdr *h, u64 features, u16 buffers)
{
	bool csum = HAS(features, VIRTIO_NET_F_GUEST_CSUM);

	if (h->gso_type != VIRTIO_NET_HDR_GSO_NONE &&
	    !gso_ok(h->gso_type, features, VIRTIO_NET_F_GUEST_TSO4,
		    VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_F_GUEST_ECN))
		return "segmentation that was not negotiated";
	if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && !csum)
		return "checksum offload was not negotiated";
	/* 5.1.6.4.1: no flag at all without that feature. */
	h->flags &= csum ? VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID : 0;
	h->num_buffers = buffers;
	return NULL;
}

/**
 * hs_net_ctrl() - a command of the driver
 * @cmd: its class, the command and the data
 * @len: how many bytes; if more than HS_NET_CTRL_LEN, only so many are there
 * @features: what was negotiated
 * @now: the same without the offloads that the driver has taken back; a command
 *	changes it
 *
 * The one command there is: VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET.
 *
 * Return: VIRTIO_NET_OK or VIRTIO_NET_ERR, the answer.
 */
u8 hs_net_ctrl(const u8 *cmd, u64 len, u64 features, u64 *now)
{
	u64 set;

	if (len != HS_NET_CTRL_LEN || !HAS(features, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) ||
	    cmd[0] != VIRTIO_NET_CTRL_GUEST_OFFLOADS ||
	    cmd[1] != VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET)
		return VIRTIO_NET_ERR;
	set = get_unaligned_le64(cmd + 2);
	if (set & ~(features & GUEST_OFFLOADS))
		return VIRTIO_NET_ERR;
	set |= features & ~GUEST_OFFLOADS;
	if (!hs_net_features_ok(set))
		return VIRTIO_NET_ERR;
	*now = set;
	return VIRTIO_NET_OK;
}

/**
 * hs_net_rx_begin() - start collecting buffers for a packet
 * @r: the collection
 * @need: bytes of header and packet, at most what fits 32 bits
 */
void hs_net_rx_begin(struct hs_net_rx *r, u64 need)
{
	r->need = need;
	r->n = 0;
	r->all.head = 0;
	r->all.nr_out = 0;
	r->all.nr_in = 0;
	r->all.out_len = 0;
	r->all.in_len = 0;
}

/**
 * hs_net_rx_add() - take one more buffer
 * @r: the collection, not complete
 * @c: the buffer
 *
 * All but the last buffer are filled (5.1.6.4).
 *
 * Return: HS_NET_RX_MORE or HS_NET_RX_DONE: it was taken;
 * HS_NET_RX_SCATTERED: it was not, and the packet cannot be received;
 * HS_NET_RX_BAD: nor can the driver's word be taken any more.
 */
enum hs_net_rx_result hs_net_rx_add(struct hs_net_rx *r, const struct hs_vchain *c)
{
	struct hs_vchain *all = &r->all;
	u64 before = all->in_len;
	unsigned int i;

	if (c->nr_out || !c->nr_in)
		return HS_NET_RX_BAD;
	if (r->n == HS_VRING_MAX)
		return HS_NET_RX_SCATTERED;
	for (i = 0; i < c->nr_in && all->in_len < r->need; i++) {
		if (all->nr_in == HS_VRING_MAX)
			return HS_NET_RX_SCATTERED;
		all->seg[all->nr_in].gpa = c->seg[i].gpa;
		all->seg[all->nr_in].len = min((u64)c->seg[i].len, r->need - all->in_len);
		all->in_len += all->seg[all->nr_in++].len;
	}
	r->head[r->n] = c->head;
	r->len[r->n++] = all->in_len - before;
	return all->in_len < r->need ? HS_NET_RX_MORE : HS_NET_RX_DONE;
}
