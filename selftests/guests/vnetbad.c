// SPDX-License-Identifier: GPL-2.0
/*
 * Network devices, by a driver that behaves badly.  What it does is the first word:
 *
 * hostile	sends packets that no driver may send, between good ones
 * flood	sends to the host as fast as it can, for ever
 * resets	resets the device with packets under way, "n=" times
 *
 * Words about features: see net_find().
 */
#include "net.h"

/* --- packets that no driver may send -------------------------------------------------------- */

static bool broken(void)
{
	return virtio_wait_status(&net.d, VIRTIO_CONFIG_S_NEEDS_RESET);
}

static void hostile(u64 features)
{
	static const struct bad {
		const char *name;
		struct virtio_net_hdr_v1 h;
		u32 len;
	} bad[] = {
		{ "nothing behind the header", { 0 }, 0 },
		{ "a byte", { 0 }, 1 },
		{ "13 bytes", { 0 }, 13 },
		{ "checksum behind the end",
		  { .flags = 1, .csum_start = 50, .csum_offset = 9 }, 60 },
		{ "checksum that wraps",
		  { .flags = 1, .csum_start = 0xffff, .csum_offset = 0xffff }, 60 },
		{ "checksum in the Ethernet header", { .flags = 1, .csum_offset = 4 }, 60 },
		{ "segments of no bytes", { .flags = 1, .gso_type = 1, .csum_start = 34,
		  .csum_offset = 16 }, 60 },
		{ "segments of one byte", { .flags = 1, .gso_type = 1, .csum_start = 34,
		  .csum_offset = 16, .gso_size = 1 }, 9000 },
		{ "segments without checksum", { .gso_type = 1, .gso_size = 1000 }, 9000 },
		{ "segments of UDP", { .flags = 1, .gso_type = 3, .csum_start = 34,
		  .csum_offset = 6, .gso_size = 1000 }, 9000 },
		{ "segments of nothing known", { .flags = 1, .gso_type = 0x7f, .csum_start = 34,
		  .csum_offset = 16, .gso_size = 1000 }, 9000 },
		{ "more than any packet", { 0 }, 66000 },
	};
	struct vseg s[2] = { { (u64)net.out, 100 }, { (u64)net.out + 100, 100 } };
	static const struct virtio_net_hdr_v1 none;
	u32 i;

	memset(net.out, 0xee, 70000);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct virtio_net_hdr_v1 h = bad[i].h;

		printf("# %s\n", bad[i].name);
		net_send_hdr(&h, bad[i].len);
	}
	printf("BAD %u\n", i);
	check("packets out of order harm nothing", net_arp(), 1);
	check("nor is the device broken", virtio_status(&net.d) & VIRTIO_CONFIG_S_NEEDS_RESET, 0);

	queue_add(&net.tx, s, 1, 1, false);
	queue_kick(&net.tx);
	check("a buffer to send that is to be written to", broken(), 1);
	check("works after a reset", net_start(features) && net_arp(), 1);
	s[0].len = HDR - 1;
	queue_add(&net.tx, s, 1, 0, false);
	queue_kick(&net.tx);
	check("a buffer to send without a header", broken(), 1);
	check("works after a reset", net_start(features) && net_arp(), 1);
	s[0].addr = 0xf0000000;
	s[0].len = 5000;
	queue_add(&net.tx, s, 1, 0, false);
	queue_kick(&net.tx);
	check("a buffer to send outside RAM", broken(), 1);

	/* One to receive into: the host's answer meets it. */
	virtio_begin(&net.d, features);
	queue_init(&net.rx, &net.d, 0, 1);
	queue_init(&net.tx, &net.d, 1, 0);
	queue_enable(&net.rx, NO_VECTOR);
	queue_enable(&net.tx, NO_VECTOR);
	virtio_go(&net.d);
	s[0] = (struct vseg){ (u64)net.rx_mem, 2000 };
	queue_add(&net.rx, s, 1, 0, false);
	queue_kick(&net.rx);
	net_ether(net.host_mac, 0x0800);
	net_ip(net.out + ETH, MY_IP | net.mac[5], HOST_IP, 1, 8);
	memset(net.out + ETH + IP, 0, 8);
	net.out[ETH + IP] = 8;
	put_be16(net.out + ETH + IP + 2, ~net_sum(net.out + ETH + IP, 8, 0));
	/* The answer may break the device before this one is given back. */
	net_post(&none, ETH + IP + 8);
	check("a buffer to receive that is not to be written to", broken(), 1);
	check("works after a reset", net_start(features) && net_arp(), 1);
}

/* --- many packets at once ----------------------------------------------------------------- */

/* As many packets to the host as there is room for; how many. */
static u32 fill_tx(void)
{
	static u8 packet[HDR + 1000];
	struct vseg s = { (u64)packet, sizeof(packet) };
	u32 n = 0;

	memcpy(packet + HDR, net.host_mac, 6);
	memcpy(packet + HDR + 6, net.mac, 6);
	put_be16(packet + HDR + 12, NOTE);
	while (queue_add(&net.tx, &s, 1, 0, false) >= 0)
		n++;
	return n;
}

static void flood(void)
{
	u32 len;

	check("the host answers", net_arp(), 1);
	printf("READY\n");
	for (;;) {
		fill_tx();
		queue_kick(&net.tx);
		if (queue_poll(&net.tx, &len) < 0) {
			fail("flood", "no packet was taken");
			return;
		}
		while (queue_get(&net.tx, &len) >= 0)
			;
	}
}

/* After a reset, nothing is written, whatever was under way. */
static void resets(u64 features, u32 n)
{
	u32 i, j, sent = 0;

	for (i = 0; i < n; i++) {
		if (!net_arp()) {
			fail("resets", "round %u: the host does not answer", i);
			return;
		}
		/* Answers to these are on their way into the buffers. */
		for (j = 0; j < 8; j++)
			net_send(60);
		sent += fill_tx();
		queue_kick(&net.tx);
		for (j = (i * 397) % 3000; j; j--)
			pause();
		virtio_reset(&net.d);
		memset(net.rx_mem, 0x5a, net.rx_bufs * net.rx_size);
		for (j = 20000; j; j--)
			pause();
		for (j = 0; j < net.rx_bufs * net.rx_size && net.rx_mem[j] == 0x5a; j++)
			;
		if (j < net.rx_bufs * net.rx_size) {
			fail("resets", "round %u: written after the reset", i);
			return;
		}
		if (!net_start(features)) {
			fail("resets", "round %u: features refused", i);
			return;
		}
	}
	check("many packets were under way", sent > 8 * n, 1);
	check("works after all that", net_arp(), 1);
}

int main(const char *args)
{
	u64 features;

	if (!net_find(args, &features) || !net_start(features)) {
		fail("device", "is not there, or refused its features");
		return result();
	}
	if (arg_word(args, "hostile"))
		hostile(features);
	if (arg_word(args, "flood"))
		flood();
	if (arg_word(args, "resets"))
		resets(features, arg_u64(args, "n=", 20));
	check("device is whole", virtio_status(&net.d) & VIRTIO_CONFIG_S_NEEDS_RESET, 0);
	virtio_reset(&net.d);
	return result();
}
