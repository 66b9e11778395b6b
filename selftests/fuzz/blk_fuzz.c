// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer for requests of the block device.
 *
 * Input: 3 bytes that choose size, features and lengths, the header, then the
 * ranges of a discard.  What passes must lie on the disk, by arithmetic too wide
 * to overflow, and must not write to a disk that is read-only.
 */
#include <linux/virtio_blk.h>
#include "dev/virtio_blk_core.h"

#define CHECK(cond)	do { if (!(cond)) __builtin_trap(); } while (0)

typedef unsigned __int128 wide;

static const u64 sizes[] = { 0, 1, 7, 1000, 1ULL << 32, (1ULL << 54) - 1 };
static const u64 lengths[] = {
	0, 1, 5, 16, 20, 256, 272, 512, 513, 4096, 1ULL << 20, 1ULL << 32, (1ULL << 32) + 16,
	(1ULL << 40), U64_MAX - 511, U64_MAX - HS_BLK_HDR_LEN,
};

static void check_on_disk(const struct hs_blk_view *v, u64 off, u64 len)
{
	CHECK(off % HS_BLK_SECTOR == 0 && len % HS_BLK_SECTOR == 0);
	CHECK((wide)off + len <= (wide)v->sectors * HS_BLK_SECTOR);
}

static void check_ranges(const struct hs_blk_view *v, const struct hs_blk_io *io,
			 const u8 *data, size_t size)
{
	struct hs_blk_range r[HS_BLK_RANGES + 1];
	u8 raw[HS_BLK_RANGES * HS_BLK_RANGE_LEN] = { 0 };
	unsigned int i, n = io->len / HS_BLK_RANGE_LEN;
	u8 status;

	CHECK(n && n <= HS_BLK_RANGES && io->len % HS_BLK_RANGE_LEN == 0);
	CHECK(n == 1 || io->op == HS_BLK_DISCARD);
	memcpy(raw, data, min(size, sizeof(raw)));
	memset(r, 0xa5, sizeof(r));
	status = hs_blk_ranges(v, io->op, raw, io->len, r);
	CHECK(status <= VIRTIO_BLK_S_UNSUPP);
	CHECK(r[n].off == 0xa5a5a5a5a5a5a5a5ULL);
	if (status)
		return;
	for (i = 0; i < n; i++) {
		check_on_disk(v, r[i].off, r[i].len);
		CHECK(r[i].len <= 512ULL * (io->op == HS_BLK_DISCARD ? HS_BLK_DISCARD_MAX :
								     HS_BLK_ZEROES_MAX));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_blk_view v;
	struct hs_blk_io io;
	u8 hdr[HS_BLK_HDR_LEN], cfg[HS_BLK_CONFIG_LEN + 1];
	struct hs_blk_params p;
	u64 out, in, f;
	u8 status;

	if (size < 3 + HS_BLK_HDR_LEN)
		return 0;
	p = (struct hs_blk_params){
		.sectors = sizes[data[0] % ARRAY_SIZE(sizes)],
		.block = 512U << (data[0] >> 6), .physical = 4096, .discard_block = 4096,
		.ro = data[1] & 1, .discard = data[1] & 2, .queues = 1 + (data[1] & 4),
	};
	f = hs_blk_features(&p);
	cfg[HS_BLK_CONFIG_LEN] = 0x77;
	hs_blk_config(&p, cfg);
	CHECK(cfg[HS_BLK_CONFIG_LEN] == 0x77);
	CHECK(get_unaligned_le64(cfg) == p.sectors);

	if (data[1] & 8)
		f &= ~(BIT_ULL(VIRTIO_BLK_F_DISCARD) | BIT_ULL(VIRTIO_BLK_F_FLUSH));
	if (data[1] & 16)
		f &= ~BIT_ULL(VIRTIO_BLK_F_WRITE_ZEROES);
	CHECK(hs_blk_writethrough(f, data[1] & 32) || f & BIT_ULL(VIRTIO_BLK_F_FLUSH));
	v = (struct hs_blk_view){ .sectors = p.sectors, .features = f, .ro = p.ro };

	out = lengths[data[2] % ARRAY_SIZE(lengths)] + HS_BLK_HDR_LEN;
	in = lengths[data[2] / ARRAY_SIZE(lengths) % ARRAY_SIZE(lengths)] + 1;
	memcpy(hdr, data + 3, sizeof(hdr));
	data += 3 + HS_BLK_HDR_LEN;
	size -= 3 + HS_BLK_HDR_LEN;

	CHECK(!hs_blk_chain(out, in));
	CHECK(hs_blk_chain(out % HS_BLK_HDR_LEN, in) && hs_blk_chain(out, 0));
	status = hs_blk_parse(&v, hdr, out, in, &io);
	CHECK(status <= VIRTIO_BLK_S_UNSUPP);
	if (status)
		return 0;
	switch (io.op) {
	case HS_BLK_READ:
		CHECK(io.len == in - 1);
		check_on_disk(&v, io.off, io.len);
		break;
	case HS_BLK_WRITE:
		CHECK(!p.ro && io.len == out - HS_BLK_HDR_LEN);
		check_on_disk(&v, io.off, io.len);
		break;
	case HS_BLK_GET_ID:
		CHECK(io.len <= VIRTIO_BLK_ID_BYTES && io.len < in);
		break;
	case HS_BLK_FLUSH:
		break;
	case HS_BLK_DISCARD:
		CHECK(f & BIT_ULL(VIRTIO_BLK_F_DISCARD));
		CHECK(!p.ro);
		check_ranges(&v, &io, data, size);
		break;
	case HS_BLK_ZEROES:
		CHECK(f & BIT_ULL(VIRTIO_BLK_F_WRITE_ZEROES));
		CHECK(!p.ro);
		check_ranges(&v, &io, data, size);
		break;
	default:
		CHECK(0);
	}
	return 0;
}
