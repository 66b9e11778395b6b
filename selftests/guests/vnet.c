// SPDX-License-Identifier: GPL-2.0
/*
 * Network devices, by a driver of its own.  What it does is the first word:
 *
 * host	talks to the host at 10.9.0.1: ARP, ICMP echoes of many sizes
 * sink	receives a TCP stream that "source" in another VM sends, and judges each
 *	packet: headers, checksums, content, and that it is of a kind which was
 *	negotiated; "takeback": takes its offloads back by a command first;
 *	"plain": the other side does not use any
 * source	sends it, to the address that ends in "peer="; "n=" times 62 KiB
 * link	says when the link goes down and comes up, until it has "n=" times
 *
 * Words about features: see net_find().
 */
#include "net.h"

#define TCP		20
#define MSS		1448
#define CHUNK		(44 * MSS)	/* what one packet to be segmented carries */

/*
 * An echo with @n bytes; what is wrong, or NULL.  @seq is not 0: of all zeros the
 * checksum can be either zero.
 */
static const char *ping(u32 n, u16 seq)
{
	u8 *icmp = net.out + ETH + IP;
	u32 i;

	net_ether(net.host_mac, 0x0800);
	net_ip(net.out + ETH, MY_IP | net.mac[5], HOST_IP, 1, 8 + n);
	memset(icmp, 0, 8);
	icmp[0] = 8;
	put_be16(icmp + 6, seq);
	for (i = 0; i < n; i++)
		icmp[8 + i] = seq * 31 + i * 7;
	put_be16(icmp + 2, ~net_sum(icmp, 8 + n, 0));
	net_send(ETH + IP + 8 + n);
	do {
		if (!net_receive_type(0x0800))
			return "got no answer";
	} while (net.in[ETH + 9] != 1);
	if (be16(net.in + ETH + 2) != IP + 8 + n || net.len < ETH + IP + 8 + n)
		return "got an answer of another length";
	if (net_sum(net.in + ETH, IP, 0) != 0xffff || net_sum(net.in + ETH + IP, 8 + n, 0) != 0xffff)
		return "got a wrong checksum";
	if (net.in[ETH + IP] || be16(net.in + ETH + IP + 6) != seq)
		return "got the answer to something else";
	if (memcmp(net.in + ETH + IP + 8, icmp + 8, n))
		return "got other bytes back";
	return NULL;
}

static void host(u32 n)
{
	const char *why = NULL;
	u32 i, len = 0;

	check("ARP: the host answers", net_arp(), 1);
	for (i = 0; i < n && !why; i++) {
		len = (i * 389) % 1473;
		why = ping(len, i + 1);
	}
	if (why)
		fail("echoes of 0 to 1472 bytes", "%u: %s", len, why);
	else
		pass("echoes of 0 to 1472 bytes");
}

/* --- from VM to VM -------------------------------------------------------------------- */

static u8 peer_mac[6];

/* The sum of the pseudo-header before @len bytes of TCP. */
static u16 pseudo(const u8 *ip, u32 len)
{
	return net_sum(ip + 12, 8, 6 + len);
}

static u8 stream(u32 at)
{
	return at * 13 + (at >> 8) * 7 + (at >> 16);
}

/* "note": a number to the other side, in a packet that no host looks into. */
static void send_note(u32 v)
{
	memset(net.out, 0, 60);
	net_ether(peer_mac, NOTE);
	put_be32(net.out + ETH, v);
	net_send(60);
}

/*
 * One TCP packet with @len bytes of the stream from @at on; by this device's
 * features it is checksummed here or by the host, and cut there.
 */
static void send_stream(u32 at, u32 len)
{
	struct virtio_net_hdr_v1 h = { 0 };
	u8 *p = net.out + ETH, *tcp = p + IP;
	u32 i;

	net_ether(peer_mac, 0x0800);
	net_ip(p, MY_IP | net.mac[5], MY_IP | peer_mac[5], 6, TCP + len);
	memset(tcp, 0, TCP);
	put_be16(tcp, 1000);
	put_be16(tcp + 2, 2000);
	put_be32(tcp + 4, at);
	tcp[12] = TCP / 4 << 4;
	tcp[13] = 0x10;
	put_be16(tcp + 14, 0xffff);
	for (i = 0; i < len; i++)
		tcp[TCP + i] = stream(at + i);
	if (net.d.features & F(CSUM)) {
		h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		h.csum_start = ETH + IP;
		h.csum_offset = 16;
		put_be16(tcp + 16, pseudo(p, TCP + len));
	} else {
		put_be16(tcp + 16, ~net_sum(tcp, TCP + len, pseudo(p, TCP + len)));
	}
	if (len > MSS) {
		h.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		h.gso_size = MSS;
		h.hdr_len = ETH + IP + TCP;
	}
	net_send_hdr(&h, ETH + IP + TCP + len);
}

static void source(u32 bytes)
{
	u32 step = net.d.features & F(HOST_TSO4) ? CHUNK : MSS, at, end, len;

	send_note(bytes);
	if (!net_receive_type(NOTE)) {
		fail("source", "nobody is there");
		return;
	}
	for (at = 0; at < bytes; ) {
		/* What the tap of the other side can hold, before the next. */
		end = at + CHUNK < bytes ? at + CHUNK : bytes;
		for (; at < end; at += len) {
			len = end - at < step ? end - at : step;
			send_stream(at, len);
		}
		if (!net_receive_type(NOTE) || be32(net.in + ETH) != end) {
			fail("source", "at %u, not told that all has arrived", at);
			return;
		}
	}
	pass("all was sent and received");
}

/* What sink() has seen. */
static u32 large, partial, merged, packets;

/* What is wrong with the TCP packet just received, or NULL. */
static const char *judge(u64 allowed, u32 at)
{
	const u8 *p = net.in + ETH, *tcp = p + IP;
	u32 len = be16(p + 2) - IP, i;

	if (net.len < ETH + IP + len || len < TCP || net_sum(p, IP, 0) != 0xffff)
		return "has a wrong IP header";
	if (net.got.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		partial++;
		if (!(allowed & F(GUEST_CSUM)))
			return "lacks its checksum";
		if (net.got.csum_start != ETH + IP || net.got.csum_offset != 16)
			return "has its checksum elsewhere";
		if (be16(tcp + 16) != pseudo(p, len))
			return "has a wrong sum of the pseudo-header";
	} else if (net_sum(tcp, len, pseudo(p, len)) != 0xffff) {
		return "has a wrong checksum";
	}
	if (net.got.gso_type) {
		large++;
		if (!(allowed & F(GUEST_TSO4)))
			return "is not segmented";
		if (net.got.gso_type != VIRTIO_NET_HDR_GSO_TCPV4 || net.got.gso_size != MSS)
			return "says wrongly how it is to be segmented";
	} else if (len - TCP > MSS) {
		return "is larger than a segment";
	}
	if (net.got.num_buffers > 1)
		merged++;
	if (be32(tcp + 4) != at)
		return "is not the next one";
	for (i = 0; i < len - TCP; i++)
		if (tcp[TCP + i] != stream(at + i))
			return "has other bytes";
	packets++;
	return NULL;
}

static bool set_offloads(u64 offloads)
{
	static struct {
		u8 class, cmd;
		u64 offloads;
	} __attribute__((packed)) c;
	static volatile u8 ack;
	struct vseg s[3] = { { (u64)&c, 2 }, { (u64)&c.offloads, 8 }, { (u64)&ack, 1 } };
	u32 len;

	c.class = VIRTIO_NET_CTRL_GUEST_OFFLOADS;
	c.cmd = VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET;
	c.offloads = offloads;
	ack = 0xff;
	queue_add(&net.ctrl, s, 2, 1, false);
	queue_kick(&net.ctrl);
	return queue_poll(&net.ctrl, &len) >= 0 && len == 1 && ack == VIRTIO_NET_OK;
}

static void sink(bool takeback, bool plain)
{
	const char *why = NULL;
	u64 allowed = net.d.features;
	u32 bytes, at = 0, large_want;

	if (takeback) {
		check("offloads it never had are refused", set_offloads(F(GUEST_UFO)), 0);
		check("offloads taken back", set_offloads(0), 1);
		allowed &= ~(F(GUEST_CSUM) | F(GUEST_TSO4) | F(GUEST_TSO6) | F(GUEST_ECN));
	}
	printf("READY\n");
	if (!net_receive_type(NOTE)) {
		fail("sink", "nobody came");
		return;
	}
	bytes = be32(net.in + ETH);
	memcpy(peer_mac, net.in + 6, 6);
	send_note(0);
	while (at < bytes && !why) {
		if (!net_receive_type(0x0800) || net.in[ETH + 9] != 6) {
			fail("sink", "at %u of %u, nothing comes", at, bytes);
			return;
		}
		why = judge(allowed, at);
		at += be16(net.in + ETH + 2) - IP - TCP;
		if (at % CHUNK == 0 || at == bytes)
			send_note(at);
	}
	printf("# %u packets, %u large, %u in several buffers, %u without checksum\n",
	       packets, large, merged, partial);
	if (why) {
		fail("stream", "packet %u, up to %u, %s", packets, at, why);
		return;
	}
	pass("stream");
	/* What was negotiated is made use of, if the other side gives cause to. */
	large_want = allowed & F(GUEST_TSO4) && !plain ? bytes / CHUNK : 0;
	check("packets that came unsegmented", large, large_want);
	check("packets in several buffers", merged, net.d.features & F(MRG_RXBUF) ? large_want : 0);
	check("packets without checksum", partial,
	      allowed & F(GUEST_CSUM) && !plain ? packets : 0);
}

/* --- link -------------------------------------------------------------------------------- */

static bool link_up(void)
{
	return get16(net.d.config + 6) & VIRTIO_NET_S_LINK_UP;
}

static void watch_link(u32 n)
{
	bool up = true, now;

	check("link is up at first", link_up(), 1);
	printf("READY\n");
	while (n) {
		u32 before = net.config_irqs;

		now = link_up();
		if (now == up) {
			if (!wait_change(&net.config_irqs, before)) {
				fail("link", "no interrupt, and it is still %s", up ? "up" : "down");
				return;
			}
			continue;
		}
		up = now;
		n--;
		printf("LINK %s\n", up ? "up" : "down");
	}
	check("the host answers afterwards", net_arp(), 1);
}

int main(const char *args)
{
	u64 features;

	if (!net_find(args, &features) || !net_start(features)) {
		fail("device", "is not there, or refused its features");
		return result();
	}
	memcpy(peer_mac, net.mac, 6);
	peer_mac[5] = arg_u64(args, "peer=", 0);
	if (arg_word(args, "host"))
		host(arg_u64(args, "n=", 40));
	if (arg_word(args, "sink"))
		sink(arg_word(args, "takeback"), arg_word(args, "plain"));
	if (arg_word(args, "source"))
		source(arg_u64(args, "n=", 8) * CHUNK);
	if (arg_word(args, "link"))
		watch_link(arg_u64(args, "n=", 2));
	check("device is whole", virtio_status(&net.d) & VIRTIO_CONFIG_S_NEEDS_RESET, 0);
	virtio_reset(&net.d);
	return result();
}
