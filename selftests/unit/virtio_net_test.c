// SPDX-License-Identifier: GPL-2.0
/* The network device's pure part: features, addresses, headers, buffers. */
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include "dev/virtio_core.h"
#include "dev/virtio_net_core.h"
#include "kselftest_harness.h"

#define F(name)		BIT_ULL(VIRTIO_NET_F_##name)
#define ALL		hs_net_offer()
#define NEEDS_CSUM	VIRTIO_NET_HDR_F_NEEDS_CSUM
#define DATA_VALID	VIRTIO_NET_HDR_F_DATA_VALID

TEST(header_is_as_on_the_wire)
{
	struct hs_net_hdr h;
	u8 b[12] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

	ASSERT_EQ(sizeof(h), sizeof(struct virtio_net_hdr_v1));
	memcpy(&h, b, sizeof(h));
	EXPECT_EQ(h.flags, 1);
	EXPECT_EQ(h.gso_type, 2);
	EXPECT_EQ(h.hdr_len, 0x0403);
	EXPECT_EQ(h.gso_size, 0x0605);
	EXPECT_EQ(h.csum_start, 0x0807);
	EXPECT_EQ(h.csum_offset, 0x0a09);
	EXPECT_EQ(h.num_buffers, 0x0c0b);
	EXPECT_EQ(HS_NET_CONFIG_MAC, offsetof(struct virtio_net_config, mac));
	EXPECT_EQ(HS_NET_CONFIG_STATUS, offsetof(struct virtio_net_config, status));
	EXPECT_EQ(HS_NET_CONFIG_LEN, offsetof(struct virtio_net_config, max_virtqueue_pairs));
	EXPECT_EQ(HS_NET_PROBE_LEN, sizeof(h) + 1);
}

TEST(default_address_is_local_steady_and_of_the_names)
{
	u8 a[6], b[6];

	hs_net_mac_default(a, "web", "net0");
	EXPECT_EQ(a[0], 0x02);
	EXPECT_EQ(hs_net_mac_check(a), NULL);
	hs_net_mac_default(b, "web", "net0");
	EXPECT_EQ(memcmp(a, b, 6), 0);
	hs_net_mac_default(b, "web", "net1");
	EXPECT_NE(memcmp(a, b, 6), 0);
	hs_net_mac_default(b, "wec", "net0");
	EXPECT_NE(memcmp(a, b, 6), 0);
	/* Where one name ends and the other begins counts. */
	hs_net_mac_default(b, "webn", "et0");
	EXPECT_NE(memcmp(a, b, 6), 0);
	hs_net_mac_default(b, "", "");
	EXPECT_EQ(hs_net_mac_check(b), NULL);
}

/* Names as people give them: of 4,096 no two share an address. */
TEST(default_addresses_are_spread)
{
	static u64 seen[4096];
	char vm[16];
	u8 mac[6];
	int i, j;

	for (i = 0; i < 4096; i++) {
		snprintf(vm, sizeof(vm), "vm%d", i / 4);
		hs_net_mac_default(mac, vm, (char *[]){ "net0", "net1", "lan", "wan" }[i % 4]);
		memcpy(&seen[i], mac, 6);
		for (j = 0; j < i; j++)
			ASSERT_NE(seen[i], seen[j]);
	}
}

TEST(address_of_a_group_or_none_is_refused)
{
	EXPECT_NE(hs_net_mac_check((u8[]){ 0x01, 0, 0x5e, 0, 0, 1 }), NULL);
	EXPECT_NE(hs_net_mac_check((u8[]){ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }), NULL);
	EXPECT_NE(hs_net_mac_check((u8[]){ 0, 0, 0, 0, 0, 0 }), NULL);
	EXPECT_EQ(hs_net_mac_check((u8[]){ 0, 0, 0, 0, 0, 1 }), NULL);
	EXPECT_EQ(hs_net_mac_check((u8[]){ 0x52, 0x54, 0, 1, 2, 3 }), NULL);
}

TEST(features_need_each_other)
{
	EXPECT_TRUE(hs_net_features_ok(ALL));
	EXPECT_TRUE(hs_net_features_ok(BIT_ULL(HS_VIRTIO_F_VERSION_1)));
	EXPECT_TRUE(hs_net_features_ok(F(CSUM) | F(HOST_TSO4)));
	EXPECT_FALSE(hs_net_features_ok(F(HOST_TSO4)));
	EXPECT_FALSE(hs_net_features_ok(F(HOST_TSO6) | F(GUEST_CSUM)));
	EXPECT_FALSE(hs_net_features_ok(F(CSUM) | F(HOST_ECN)));
	EXPECT_TRUE(hs_net_features_ok(F(CSUM) | F(HOST_TSO6) | F(HOST_ECN)));
	EXPECT_FALSE(hs_net_features_ok(F(GUEST_TSO4)));
	EXPECT_FALSE(hs_net_features_ok(F(GUEST_TSO6) | F(CSUM)));
	EXPECT_TRUE(hs_net_features_ok(F(GUEST_CSUM) | F(GUEST_TSO6) | F(GUEST_ECN)));
	EXPECT_FALSE(hs_net_features_ok(F(GUEST_CSUM) | F(GUEST_ECN)));
	EXPECT_FALSE(hs_net_features_ok(F(CTRL_GUEST_OFFLOADS)));
	EXPECT_TRUE(hs_net_features_ok(F(CTRL_GUEST_OFFLOADS) | F(CTRL_VQ)));
	/* What the tap cannot do is not offered. */
	EXPECT_EQ(ALL & (F(HOST_UFO) | F(GUEST_UFO) | F(CTRL_RX) | F(MQ)), 0);
}

TEST(tap_is_told_what_the_driver_takes)
{
	EXPECT_EQ(hs_net_tap_offloads(0), 0);
	EXPECT_EQ(hs_net_tap_offloads(F(CSUM) | F(HOST_TSO4)), 0);
	EXPECT_EQ(hs_net_tap_offloads(F(GUEST_TSO4)), 0);
	EXPECT_EQ(hs_net_tap_offloads(F(GUEST_CSUM)), TUN_F_CSUM);
	EXPECT_EQ(hs_net_tap_offloads(F(GUEST_CSUM) | F(GUEST_ECN)), TUN_F_CSUM);
	EXPECT_EQ(hs_net_tap_offloads(F(GUEST_CSUM) | F(GUEST_TSO4)), TUN_F_CSUM | TUN_F_TSO4);
	EXPECT_EQ(hs_net_tap_offloads(ALL),
		  TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN);
}

/*
 * How Linux's taps answer a header and one byte: they read what comes before the
 * packet, then refuse it.
 */
TEST(tap_is_judged_by_what_it_reads)
{
	EXPECT_EQ(hs_net_tap_judge(-EINVAL, 1), NULL);
	EXPECT_NE(strstr(hs_net_tap_judge(-EINVAL, 3), "10 bytes"), NULL);
	EXPECT_NE(strstr(hs_net_tap_judge(-EINVAL, 13), "IFF_VNET_HDR"), NULL);
	EXPECT_NE(strstr(hs_net_tap_judge(-EINVAL, 9), "IFF_NO_PI"), NULL);
	EXPECT_NE(strstr(hs_net_tap_judge(-EINVAL, 0), "must be a tap"), NULL);
	EXPECT_NE(strstr(hs_net_tap_judge(-EINVAL, 2), "another size"), NULL);
	EXPECT_NE(strstr(hs_net_tap_judge(-EBADFD, 13), "no interface"), NULL);
	EXPECT_NE(strstr(hs_net_tap_judge(13, 0), "no Ethernet"), NULL);
	EXPECT_NE(hs_net_tap_judge(-EIO, 1), NULL);
	EXPECT_NE(hs_net_tap_judge(-EAGAIN, 1), NULL);
}

/* A TCP segment over IPv4: 14 + 20 bytes before it. */
static struct hs_net_hdr tso(void)
{
	return (struct hs_net_hdr){
		.flags = NEEDS_CSUM,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
		.hdr_len = 54,
		.gso_size = 1460,
		.csum_start = 34,
		.csum_offset = 16,
	};
}

#define TX(h, features, len)	hs_net_tx_check(&(h), features, len)

TEST(plain_packet_passes_with_nothing_left_in_its_header)
{
	struct hs_net_hdr h = { .hdr_len = 9, .gso_size = 8, .csum_start = 7,
				.csum_offset = 6, .num_buffers = 5 };

	EXPECT_EQ(TX(h, 0, 14), NULL);
	EXPECT_EQ(h.hdr_len | h.gso_size | h.csum_start | h.csum_offset | h.num_buffers, 0);
}

TEST(lengths_of_packets)
{
	struct hs_net_hdr h = { };

	EXPECT_NE(TX(h, ALL, 0), NULL);
	EXPECT_NE(TX(h, ALL, 13), NULL);
	EXPECT_EQ(TX(h, ALL, 14), NULL);
	EXPECT_EQ(TX(h, ALL, HS_NET_PACKET_MAX), NULL);
	EXPECT_NE(TX(h, ALL, HS_NET_PACKET_MAX + 1), NULL);
	EXPECT_NE(TX(h, ALL, U64_MAX), NULL);
}

TEST(unknown_flags_are_ignored)
{
	struct hs_net_hdr h = { .flags = (u8)~NEEDS_CSUM };

	EXPECT_EQ(TX(h, ALL, 60), NULL);
	EXPECT_EQ(h.flags, 0);
}

TEST(checksum_lies_in_the_packet)
{
	struct hs_net_hdr h = { .flags = NEEDS_CSUM, .csum_start = 34, .csum_offset = 16 };
	struct hs_net_hdr bad = h;

	EXPECT_EQ(TX(h, F(CSUM), 60), NULL);
	EXPECT_EQ(h.flags, NEEDS_CSUM);
	EXPECT_EQ(h.csum_start, 34);
	EXPECT_EQ(h.csum_offset, 16);
	EXPECT_EQ(TX(h, F(CSUM), 52), NULL);
	EXPECT_NE(TX(h, F(CSUM), 51), NULL);
	EXPECT_NE(TX(h, ALL & ~F(CSUM), 60), NULL);
	bad.csum_start = 13;
	EXPECT_NE(TX(bad, ALL, 60), NULL);
	/* Sums of 16-bit fields do not wrap. */
	bad.csum_start = 0xffff;
	bad.csum_offset = 0xffff;
	EXPECT_NE(TX(bad, ALL, HS_NET_PACKET_MAX), NULL);
	bad.csum_start = 0x8000;
	bad.csum_offset = 0x7fff;
	EXPECT_EQ(TX(bad, ALL, 0x10001), NULL);
	EXPECT_EQ(bad.hdr_len, 0xffff);
	EXPECT_NE(TX(bad, ALL, 0x10000), NULL);
}

TEST(segmentation_as_negotiated)
{
	struct hs_net_hdr h = tso();

	EXPECT_EQ(TX(h, ALL, 65000), NULL);
	EXPECT_EQ(h.gso_size, 1460);
	EXPECT_EQ(h.hdr_len, 54);
	EXPECT_EQ(TX(h, F(CSUM) | F(HOST_TSO4), 65000), NULL);
	EXPECT_NE(TX(h, F(CSUM) | F(HOST_TSO6), 65000), NULL);
	h.gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
	EXPECT_EQ(TX(h, F(CSUM) | F(HOST_TSO6), 65000), NULL);
	EXPECT_NE(TX(h, F(CSUM) | F(HOST_TSO4), 65000), NULL);
	h.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	EXPECT_EQ(TX(h, ALL, 65000), NULL);
	EXPECT_NE(TX(h, ALL & ~F(HOST_ECN), 65000), NULL);
	h.gso_type = VIRTIO_NET_HDR_GSO_UDP;
	EXPECT_NE(TX(h, ALL | F(HOST_UFO), 65000), NULL);
	h.gso_type = VIRTIO_NET_HDR_GSO_ECN;
	EXPECT_NE(TX(h, ALL, 65000), NULL);
	h.gso_type = 0x7f;
	EXPECT_NE(TX(h, ALL, 65000), NULL);
}

TEST(segmentation_needs_checksum_size_and_tcp)
{
	struct hs_net_hdr h = tso();

	h.flags = 0;
	EXPECT_NE(TX(h, ALL, 65000), NULL);
	h = tso();
	h.gso_size = 0;
	EXPECT_NE(TX(h, ALL, 65000), NULL);
	h.gso_size = 27;
	EXPECT_NE(TX(h, ALL, 65000), NULL);
	h.gso_size = 28;
	EXPECT_EQ(TX(h, ALL, 65000), NULL);
	h.csum_offset = 6;
	EXPECT_NE(TX(h, ALL, 65000), NULL);
	h = tso();
	EXPECT_EQ(TX(h, ALL, 54), NULL);
	EXPECT_NE(TX(h, ALL, 53), NULL);
}

TEST(header_length_is_put_right)
{
	struct hs_net_hdr h = tso();

	h.hdr_len = 0;
	EXPECT_EQ(TX(h, ALL, 1000), NULL);
	EXPECT_EQ(h.hdr_len, 54);
	h.hdr_len = 66;
	EXPECT_EQ(TX(h, ALL, 1000), NULL);
	EXPECT_EQ(h.hdr_len, 66);
	h.hdr_len = 0xffff;
	EXPECT_EQ(TX(h, ALL, 1000), NULL);
	EXPECT_EQ(h.hdr_len, 1000);
	h.hdr_len = 0xffff;
	EXPECT_EQ(TX(h, ALL, HS_NET_PACKET_MAX), NULL);
	EXPECT_EQ(h.hdr_len, 0xffff);
}

#define RX(h, features, n)	hs_net_rx_check(&(h), features, n)

TEST(driver_gets_what_it_agreed_to)
{
	struct hs_net_hdr h = tso();

	h.num_buffers = 0xdead;
	EXPECT_EQ(RX(h, ALL, 17), NULL);
	EXPECT_EQ(h.num_buffers, 17);
	EXPECT_EQ(h.flags, NEEDS_CSUM);
	EXPECT_EQ(h.gso_size, 1460);
	EXPECT_NE(RX(h, ALL & ~F(GUEST_TSO4), 1), NULL);
	EXPECT_EQ(RX(h, ALL & ~F(GUEST_TSO6), 1), NULL);
	h.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	EXPECT_EQ(RX(h, ALL, 1), NULL);
	EXPECT_NE(RX(h, ALL & ~F(GUEST_ECN), 1), NULL);
	h.gso_type = VIRTIO_NET_HDR_GSO_NONE;
	EXPECT_EQ(RX(h, F(GUEST_CSUM), 1), NULL);
	EXPECT_NE(RX(h, 0, 1), NULL);
	h.flags = DATA_VALID;
	EXPECT_EQ(RX(h, F(GUEST_CSUM), 1), NULL);
	EXPECT_EQ(h.flags, DATA_VALID);
	EXPECT_EQ(RX(h, 0, 1), NULL);
	EXPECT_EQ(h.flags, 0);
}

#define SET	VIRTIO_NET_CTRL_GUEST_OFFLOADS, VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET
#define CSUM_BIT	(1 << VIRTIO_NET_F_GUEST_CSUM)
#define TSO4_BIT	(1 << VIRTIO_NET_F_GUEST_TSO4)

TEST(driver_changes_its_mind_about_offloads)
{
	u64 now = ALL;

	EXPECT_EQ(hs_net_ctrl((u8[10]){ SET, CSUM_BIT | TSO4_BIT }, 10, ALL, &now),
		  VIRTIO_NET_OK);
	EXPECT_EQ(now, ALL & ~(F(GUEST_TSO6) | F(GUEST_ECN)));
	EXPECT_EQ(hs_net_tap_offloads(now), TUN_F_CSUM | TUN_F_TSO4);
	EXPECT_EQ(hs_net_ctrl((u8[10]){ SET }, 10, ALL, &now), VIRTIO_NET_OK);
	EXPECT_EQ(hs_net_tap_offloads(now), 0);
	EXPECT_EQ(now & F(MRG_RXBUF), F(MRG_RXBUF));
	EXPECT_EQ(hs_net_ctrl((u8[10]){ SET, CSUM_BIT }, 10, ALL, &now), VIRTIO_NET_OK);
	EXPECT_EQ(hs_net_tap_offloads(now), TUN_F_CSUM);
}

TEST(commands_that_are_refused_change_nothing)
{
	u64 now = ALL, some = ALL & ~F(GUEST_TSO4);

	/* Not negotiated, not an offload, not without what it needs. */
	EXPECT_EQ(hs_net_ctrl((u8[10]){ SET, CSUM_BIT | TSO4_BIT }, 10, some, &now),
		  VIRTIO_NET_ERR);
	EXPECT_EQ(hs_net_ctrl((u8[10]){ SET, CSUM_BIT, 1 << (15 - 8) }, 10, ALL, &now),
		  VIRTIO_NET_ERR);
	EXPECT_EQ(hs_net_ctrl((u8[10]){ SET, TSO4_BIT & 0xff }, 10, ALL, &now), VIRTIO_NET_ERR);
	EXPECT_EQ(hs_net_ctrl((u8[10]){ SET, [9] = 0x80 }, 10, ALL, &now), VIRTIO_NET_ERR);
	/* Length, class, command, feature. */
	EXPECT_EQ(hs_net_ctrl((u8[10]){ SET }, 9, ALL, &now), VIRTIO_NET_ERR);
	EXPECT_EQ(hs_net_ctrl((u8[10]){ SET }, 11, ALL, &now), VIRTIO_NET_ERR);
	EXPECT_EQ(hs_net_ctrl((u8[10]){ SET }, 0, ALL, &now), VIRTIO_NET_ERR);
	EXPECT_EQ(hs_net_ctrl((u8[10]){ VIRTIO_NET_CTRL_RX, 0 }, 10, ALL, &now), VIRTIO_NET_ERR);
	EXPECT_EQ(hs_net_ctrl((u8[10]){ VIRTIO_NET_CTRL_GUEST_OFFLOADS, 1 }, 10, ALL, &now),
		  VIRTIO_NET_ERR);
	EXPECT_EQ(hs_net_ctrl((u8[10]){ SET }, 10, ALL & ~F(CTRL_GUEST_OFFLOADS), &now),
		  VIRTIO_NET_ERR);
	EXPECT_EQ(now, ALL);
}

/* A buffer of the driver with one segment for each length. */
static struct hs_vchain *buffer(u16 head, int n, const u32 *len)
{
	static struct hs_vchain c;
	int i;

	memset(&c, 0xaa, sizeof(c));
	c.head = head;
	c.nr_out = 0;
	c.nr_in = n;
	c.in_len = 0;
	for (i = 0; i < n; i++) {
		c.seg[i] = (struct hs_vseg){ .gpa = 0x1000000ull * head + 0x10000 * i, .len = len[i] };
		c.in_len += len[i];
	}
	return &c;
}
#define BUFFER(head, ...)						\
	buffer(head, sizeof((u32[]){ __VA_ARGS__ }) / 4, (u32[]){ __VA_ARGS__ })

TEST(packet_in_one_buffer)
{
	static struct hs_net_rx r;

	hs_net_rx_begin(&r, 100);
	EXPECT_EQ(hs_net_rx_add(&r, BUFFER(3, 1526)), HS_NET_RX_DONE);
	EXPECT_EQ(r.n, 1);
	EXPECT_EQ(r.head[0], 3);
	EXPECT_EQ(r.len[0], 100);
	EXPECT_EQ(r.all.nr_in, 1);
	EXPECT_EQ(r.all.in_len, 100);
	EXPECT_EQ(r.all.seg[0].gpa, 0x3000000);
	EXPECT_EQ(r.all.seg[0].len, 100);
	/* Exactly full. */
	hs_net_rx_begin(&r, 100);
	EXPECT_EQ(hs_net_rx_add(&r, BUFFER(3, 12, 88)), HS_NET_RX_DONE);
	EXPECT_EQ(r.all.nr_in, 2);
}

TEST(packet_over_several_buffers)
{
	static struct hs_net_rx r;

	hs_net_rx_begin(&r, 3600);
	EXPECT_EQ(hs_net_rx_add(&r, BUFFER(7, 1500)), HS_NET_RX_MORE);
	EXPECT_EQ(hs_net_rx_add(&r, BUFFER(2, 12, 1488)), HS_NET_RX_MORE);
	EXPECT_EQ(hs_net_rx_add(&r, BUFFER(9, 500, 1000)), HS_NET_RX_DONE);
	EXPECT_EQ(r.n, 3);
	EXPECT_EQ(r.head[0], 7);
	EXPECT_EQ(r.head[1], 2);
	EXPECT_EQ(r.head[2], 9);
	EXPECT_EQ(r.len[0], 1500);
	EXPECT_EQ(r.len[1], 1500);
	EXPECT_EQ(r.len[2], 600);
	EXPECT_EQ(r.all.nr_out, 0);
	EXPECT_EQ(r.all.nr_in, 5);
	EXPECT_EQ(r.all.in_len, 3600);
	EXPECT_EQ(r.all.seg[4].gpa, 0x9010000);
	EXPECT_EQ(r.all.seg[4].len, 100);
	/* What is left over from before is not seen again. */
	hs_net_rx_begin(&r, 10);
	EXPECT_EQ(hs_net_rx_add(&r, BUFFER(1, 10)), HS_NET_RX_DONE);
	EXPECT_EQ(r.n, 1);
	EXPECT_EQ(r.all.nr_in, 1);
}

TEST(segments_that_are_not_needed_are_not_taken)
{
	static struct hs_net_rx r;

	hs_net_rx_begin(&r, 20);
	EXPECT_EQ(hs_net_rx_add(&r, BUFFER(1, 12, 8, 4096)), HS_NET_RX_DONE);
	EXPECT_EQ(r.all.nr_in, 2);
	EXPECT_EQ(r.len[0], 20);
}

TEST(too_many_segments)
{
	static struct hs_net_rx r;
	u32 ones[HS_VRING_MAX];
	int i;

	for (i = 0; i < HS_VRING_MAX; i++)
		ones[i] = 1;
	hs_net_rx_begin(&r, HS_VRING_MAX);
	EXPECT_EQ(hs_net_rx_add(&r, buffer(1, HS_VRING_MAX, ones)), HS_NET_RX_DONE);
	hs_net_rx_begin(&r, HS_VRING_MAX + 1);
	EXPECT_EQ(hs_net_rx_add(&r, buffer(1, HS_VRING_MAX, ones)), HS_NET_RX_MORE);
	EXPECT_EQ(hs_net_rx_add(&r, BUFFER(1, 1)), HS_NET_RX_SCATTERED);
	hs_net_rx_begin(&r, 1000);
	for (i = 0; i < HS_VRING_MAX; i++)
		ASSERT_EQ(hs_net_rx_add(&r, BUFFER(i, 1)), HS_NET_RX_MORE);
	EXPECT_EQ(hs_net_rx_add(&r, BUFFER(0, 1)), HS_NET_RX_SCATTERED);
}

TEST(buffers_that_break_the_rules)
{
	static struct hs_net_rx r;
	struct hs_vchain *c = BUFFER(1, 100, 100);

	hs_net_rx_begin(&r, 50);
	c->nr_out = 1;
	c->nr_in = 1;
	EXPECT_EQ(hs_net_rx_add(&r, c), HS_NET_RX_BAD);
	c->nr_out = 2;
	c->nr_in = 0;
	EXPECT_EQ(hs_net_rx_add(&r, c), HS_NET_RX_BAD);
	c->nr_out = 0;
	EXPECT_EQ(hs_net_rx_add(&r, c), HS_NET_RX_BAD);
	EXPECT_EQ(r.n, 0);
}

TEST_HARNESS_MAIN
