// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer for what a network device takes from a guest: features, headers of
 * packets, buffers to receive into.
 *
 * Input: features, length of a packet, a header for each direction, a tap's answer,
 * names, a command, the length of a packet to receive; then buffers: how many segments, which of them are to be
 * read, the length of each.
 */
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include "dev/virtio_net_core.h"

#define CHECK(cond)	do { if (!(cond)) __builtin_trap(); } while (0)
#define HAS(f, bit)	(!!((f) & BIT_ULL(VIRTIO_NET_F_##bit)))

struct input {
	const u8 *data;
	size_t left;
};

static u64 take(struct input *in, size_t bytes)
{
	u64 val = 0;
	size_t n = min(in->left, bytes);

	memcpy(&val, in->data, n);
	in->data += n;
	in->left -= n;
	return val;
}

static void take_hdr(struct input *in, struct hs_net_hdr *h)
{
	u64 a = take(in, 8), b = take(in, 4);

	memcpy(h, &a, 8);
	memcpy((u8 *)h + 8, &b, 4);
}

static void check_features(u64 f)
{
	u32 tap = hs_net_tap_offloads(f);

	/* What goes to the tap can never exceed what the driver said. */
	CHECK(!tap || HAS(f, GUEST_CSUM));
	CHECK(!(tap & TUN_F_TSO4) || HAS(f, GUEST_TSO4));
	CHECK(!(tap & TUN_F_TSO6) || HAS(f, GUEST_TSO6));
	CHECK(!(tap & TUN_F_TSO_ECN) || HAS(f, GUEST_ECN));
	CHECK(!(tap & ~(TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN)));
	if (hs_net_features_ok(f)) {
		CHECK(HAS(f, CSUM) || !(HAS(f, HOST_TSO4) || HAS(f, HOST_TSO6)));
		CHECK(HAS(f, GUEST_CSUM) || !(HAS(f, GUEST_TSO4) || HAS(f, GUEST_TSO6)));
	}
}

static void check_type(u8 type, bool tso4, bool tso6, bool ecn)
{
	CHECK(!(type & VIRTIO_NET_HDR_GSO_ECN) || ecn);
	type &= ~VIRTIO_NET_HDR_GSO_ECN;
	CHECK(type == VIRTIO_NET_HDR_GSO_TCPV4 ? tso4 :
	      type == VIRTIO_NET_HDR_GSO_TCPV6 && tso6);
}

/* What reaches the host's stack holds together, whatever the guest wrote. */
static void check_tx(struct hs_net_hdr h, u64 f, u32 len)
{
	if (hs_net_tx_check(&h, f, len))
		return;
	CHECK(len >= 14 && len <= 65553);
	CHECK(!(h.flags & ~VIRTIO_NET_HDR_F_NEEDS_CSUM));
	CHECK(!h.num_buffers);
	CHECK(h.hdr_len <= len && (!h.hdr_len || h.hdr_len >= 14));
	if (h.flags) {
		CHECK(HAS(f, CSUM));
		CHECK(h.csum_start >= 14);
		CHECK((u64)h.csum_start + h.csum_offset + 2 <= len);
		CHECK(h.hdr_len >= h.csum_start + h.csum_offset + 2 || h.hdr_len == 65535);
	} else {
		CHECK(!h.csum_start && !h.csum_offset && !h.hdr_len);
	}
	if (h.gso_type == VIRTIO_NET_HDR_GSO_NONE) {
		CHECK(!h.gso_size);
		return;
	}
	CHECK(h.flags);
	check_type(h.gso_type, HAS(f, HOST_TSO4), HAS(f, HOST_TSO6), HAS(f, HOST_ECN));
	CHECK(h.gso_size >= 28);
	CHECK(h.csum_offset == 16 && h.csum_start + 20u <= len);
}

static void check_rx(struct hs_net_hdr h, u64 f, u16 buffers)
{
	if (hs_net_rx_check(&h, f, buffers))
		return;
	CHECK(h.num_buffers == buffers);
	CHECK(!h.flags || HAS(f, GUEST_CSUM));
	CHECK(!(h.flags & ~(VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID)));
	if (h.gso_type != VIRTIO_NET_HDR_GSO_NONE)
		check_type(h.gso_type, HAS(f, GUEST_TSO4), HAS(f, GUEST_TSO6), HAS(f, GUEST_ECN));
}

static void check_ctrl(struct input *in, u64 f)
{
	u8 cmd[HS_NET_CTRL_LEN];
	u64 now = f;
	size_t i, len = take(in, 1);

	for (i = 0; i < sizeof(cmd); i++)
		cmd[i] = take(in, 1);
	if (hs_net_ctrl(cmd, len, f, &now) != VIRTIO_NET_OK) {
		CHECK(now == f);
		return;
	}
	/* Less of what the guest takes, and all else as negotiated. */
	CHECK(!(now & ~f) && hs_net_features_ok(now));
	CHECK(!((now ^ f) & ~(BIT_ULL(VIRTIO_NET_F_GUEST_CSUM) |
			      BIT_ULL(VIRTIO_NET_F_GUEST_TSO4) |
			      BIT_ULL(VIRTIO_NET_F_GUEST_TSO6) |
			      BIT_ULL(VIRTIO_NET_F_GUEST_ECN))));
}

/* The last buffer as it was given; bytes of it that the collection has. */
static u64 check_taken(const struct hs_net_rx *r, const struct hs_vchain *c, u16 from)
{
	u64 sum = 0;
	u16 i;

	for (i = from; i < r->all.nr_in; i++) {
		CHECK(i - from < c->nr_in);
		CHECK(r->all.seg[i].gpa == c->seg[i - from].gpa);
		CHECK(r->all.seg[i].len && r->all.seg[i].len <= c->seg[i - from].len);
		sum += r->all.seg[i].len;
	}
	return sum;
}

static void check_buffers(struct input *in, u32 need)
{
	static struct hs_vchain c;
	static struct hs_net_rx r;
	enum hs_net_rx_result got = HS_NET_RX_MORE;
	u64 sum = 0;

	hs_net_rx_begin(&r, need);
	while (in->left && got == HS_NET_RX_MORE) {
		u8 shape = take(in, 1), out = take(in, 1);
		u16 i, n = min_t(u16, shape + 1, HS_VRING_MAX), from = r.all.nr_in, was = r.n;

		c.head = take(in, 1);
		c.nr_out = out > 250 ? min_t(u16, out - 250, n) : 0;
		c.nr_in = n - c.nr_out;
		/* Long lists need no long input: one length for all but the first. */
		for (i = 0; i < n; i++) {
			c.seg[i].gpa = take(in, i < 2 ? 2 : 0) << 12 | i;
			c.seg[i].len = i < 2 ? max(take(in, 2), 1ULL) : c.seg[1].len;
		}
		got = hs_net_rx_add(&r, &c);
		if (got == HS_NET_RX_BAD) {
			CHECK(c.nr_out);
			break;
		}
		CHECK(!c.nr_out);
		if (got == HS_NET_RX_SCATTERED) {
			CHECK(r.all.nr_in == HS_VRING_MAX || was == HS_VRING_MAX);
			break;
		}
		CHECK(r.n == was + 1 && r.head[was] == c.head);
		CHECK(r.len[was] == check_taken(&r, &c, from));
		sum += r.len[was];
		CHECK(r.all.in_len == sum && sum <= need);
		CHECK((got == HS_NET_RX_DONE) == (sum == need));
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };
	struct hs_net_hdr tx, rx;
	u32 len, need;
	u64 f;
	u8 mac[6];
	char names[2][8] = { };

	/* All features that matter are below bit 32. */
	f = take(&in, 4) | BIT_ULL(32);
	len = take(&in, 3);
	take_hdr(&in, &tx);
	take_hdr(&in, &rx);
	check_features(f);
	check_tx(tx, f, len);
	check_rx(rx, f, len);
	hs_net_tap_judge((s8)take(&in, 1), take(&in, 1));

	memcpy(names[0], &(u64){ take(&in, 2) }, 2);
	memcpy(names[1], &(u64){ take(&in, 2) }, 2);
	hs_net_mac_default(mac, names[0], names[1]);
	CHECK(!hs_net_mac_check(mac));

	check_ctrl(&in, f);
	need = 12 + 14 + take(&in, 2);
	check_buffers(&in, need);
	return 0;
}
