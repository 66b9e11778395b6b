// SPDX-License-Identifier: GPL-2.0
/* A driver of a virtio network device, see net.h. */
#include "net.h"

#define VEC_CONFIG	0x61
#define VEC_RX		0x62
#define BUF		2048		/* of the driver, when they merge */
#define BIG		(17 * 4096)
#define BUFS		64
#define BIG_BUFS	8

struct net net;

/* Which part of net.rx_mem a buffer is. */
static u32 rx_at[QUEUE_MAX];

u16 net_sum(const u8 *p, u32 n, u32 s)
{
	for (; n > 1; n -= 2, p += 2)
		s += be16(p);
	if (n)
		s += *p << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

static void on_rx(struct regs *r)
{
	net.rx_irqs++;
	apic_write(APIC_REG_EOI, 0);
}

static void on_config(struct regs *r)
{
	net.config_irqs++;
	apic_write(APIC_REG_EOI, 0);
}

bool net_find(const char *args, u64 *features)
{
	u64 tso = F(GUEST_TSO4) | F(HOST_TSO4);
	u32 i;

	*features = tso | F(CSUM) | F(GUEST_CSUM) | F(MAC) | F(STATUS) | F(MRG_RXBUF) |
		    F(CTRL_VQ) | F(CTRL_GUEST_OFFLOADS);
	apic_init(true);
	set_trap(VEC_RX, on_rx);
	set_trap(VEC_CONFIG, on_config);
	if (!virtio_find(&net.d, VIRTIO_ID_NET, 0)) {
		fail("device", "no network device");
		return false;
	}
	check("features offered", virtio_offered(&net.d) & *features, *features);
	check("configuration", net.d.config_len >= 8, 1);
	for (i = 0; i < 6; i++)
		net.mac[i] = get8(net.d.config + i);
	check("address is of one interface", net.mac[0] & 1, 0);
	net.rx_mem = alloc_pages(BIG_BUFS * BIG / 4096);
	net.out = alloc_pages(PACKET_PAGES);
	net.in = alloc_pages(PACKET_PAGES);
	net.testdev = arg_word(args, "testdev");
	if (arg_word(args, "nocsum"))
		*features &= ~(tso | F(CSUM) | F(GUEST_CSUM) | F(CTRL_VQ) |
			       F(CTRL_GUEST_OFFLOADS));
	if (arg_word(args, "notso"))
		*features &= ~tso;
	if (arg_word(args, "nomrg"))
		*features &= ~F(MRG_RXBUF);
	if (arg_word(args, "event"))
		*features |= F_EVENT_IDX;
	if (arg_word(args, "indirect"))
		*features |= F_INDIRECT;
	return true;
}

static void give(u32 n)
{
	struct vseg s[2] = {
		{ (u64)net.rx_mem + n * net.rx_size, 500 },
		{ (u64)net.rx_mem + n * net.rx_size + 500, net.rx_size - 500 },
	};
	bool two = n & 1, indirect = net.d.features & F_INDIRECT;
	int head;

	if (net.testdev)
		take_away(net.rx_mem + n * net.rx_size);
	/* Some in two segments. */
	if (!two)
		s[0].len = net.rx_size;
	head = queue_add(&net.rx, s, 0, two ? 2 : 1, two && indirect);
	if (head >= 0)
		rx_at[head] = n;
	if (net.d.features & F_EVENT_IDX)
		*used_event(&net.rx) = net.rx.last_used;
}

bool net_start(u64 features)
{
	u32 i;

	if (!virtio_begin(&net.d, features))
		return false;
	virtio_msix(&net.d, true);
	virtio_msix_entry(&net.d, 0, VEC_CONFIG, false);
	virtio_msix_entry(&net.d, 1, VEC_RX, false);
	put16(COMMON(&net.d, MSIX), 0);
	queue_init(&net.rx, &net.d, 0, 0);
	queue_init(&net.tx, &net.d, 1, 0);
	queue_enable(&net.rx, 1);
	queue_enable(&net.tx, NO_VECTOR);
	if (features & F(CTRL_VQ)) {
		queue_init(&net.ctrl, &net.d, 2, 0);
		queue_enable(&net.ctrl, NO_VECTOR);
	}
	net.rx_size = features & F(MRG_RXBUF) ? BUF : BIG;
	net.rx_bufs = features & F(MRG_RXBUF) ? BUFS : BIG_BUFS;
	virtio_go(&net.d);
	for (i = 0; i < net.rx_bufs; i++)
		give(i);
	queue_kick(&net.rx);
	return true;
}

void net_post(const struct virtio_net_hdr_v1 *h, u32 len)
{
	static struct virtio_net_hdr_v1 hdr;
	bool indirect = net.d.features & F_INDIRECT;
	struct vseg s[20] = { { (u64)&hdr, HDR } };
	u32 n, at;

	hdr = *h;
	for (n = 1, at = 0; at < len; n++) {
		s[n].addr = (u64)net.out + at;
		s[n].len = len - at < 4000 ? len - at : 4000;
		at += s[n].len;
		if (net.testdev)
			take_away((void *)s[n].addr);
	}
	queue_add(&net.tx, s, n, 0, indirect);
	queue_kick(&net.tx);
}

void net_send_hdr(const struct virtio_net_hdr_v1 *h, u32 len)
{
	u32 written;

	net_post(h, len);
	if (queue_poll(&net.tx, &written) < 0)
		fail("send", "a packet of %u bytes was not taken", len);
}

void net_send(u32 len)
{
	struct virtio_net_hdr_v1 h = { 0 };

	net_send_hdr(&h, len);
}

static int next(u32 *len, bool wait)
{
	for (;;) {
		u32 before = net.rx_irqs;
		int head = queue_get(&net.rx, len);

		if (head >= 0 || !wait)
			return head;
		if (net.d.features & F_EVENT_IDX) {
			*used_event(&net.rx) = net.rx.last_used;
			mb();
			if (net.rx.used->idx != net.rx.last_used)
				continue;
		}
		if (!wait_change(&net.rx_irqs, before))
			return -1;
	}
}

bool net_receive(void)
{
	u32 len, n, part;
	int head;

	net.len = 0;
	for (n = 0; !n || n < net.got.num_buffers; n++) {
		/* The other buffers of a packet come with the first. */
		head = next(&len, !n);
		if (head < 0) {
			if (n)
				fail("receive", "buffer %u of %u is missing", n, net.got.num_buffers);
			return false;
		}
		part = rx_at[head];
		if (len > net.rx_size || (!n && len < HDR)) {
			fail("receive", "%u bytes in a buffer", len);
			return false;
		}
		if (!n)
			memcpy(&net.got, net.rx_mem + part * net.rx_size, HDR);
		if (n && n + 1 < net.got.num_buffers && len != net.rx_size)
			fail("receive", "buffer %u of %u is not full", n, net.got.num_buffers);
		len -= n ? 0 : HDR;
		memcpy(net.in + net.len, net.rx_mem + part * net.rx_size + (n ? 0 : HDR), len);
		net.len += len;
		give(part);
	}
	queue_kick(&net.rx);
	return true;
}

bool net_receive_type(u16 type)
{
	do {
		if (!net_receive())
			return false;
	} while (be16(net.in + 12) != type || memcmp(net.in, net.mac, 6));
	return true;
}

void net_ether(const u8 *to, u16 type)
{
	memcpy(net.out, to, 6);
	memcpy(net.out + 6, net.mac, 6);
	put_be16(net.out + 12, type);
}

bool net_arp(void)
{
	static const u8 all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const u8 ask[8] = { 0, 1, 8, 0, 6, 4, 0, 1 };

	memset(net.out, 0, 60);
	net_ether(all, 0x0806);
	memcpy(net.out + ETH, ask, 8);
	memcpy(net.out + ETH + 8, net.mac, 6);
	put_be32(net.out + ETH + 14, MY_IP | net.mac[5]);
	put_be32(net.out + ETH + 24, HOST_IP);
	net_send(60);
	do {
		if (!net_receive_type(0x0806))
			return false;
	} while (be16(net.in + ETH + 6) != 2 || be32(net.in + ETH + 14) != HOST_IP);
	memcpy(net.host_mac, net.in + ETH + 8, 6);
	return true;
}

void net_ip(u8 *p, u32 from, u32 to, u8 proto, u32 len)
{
	static u16 ident;

	memset(p, 0, IP);
	p[0] = 0x45;
	put_be16(p + 2, IP + len);
	put_be16(p + 4, ident++);
	p[8] = 64;
	p[9] = proto;
	put_be32(p + 12, from);
	put_be32(p + 16, to);
	put_be16(p + 10, ~net_sum(p, IP, 0));
}
