// SPDX-License-Identifier: GPL-2.0
/* Block requests as a driver may write them; what the device says of itself. */
#include <linux/virtio_blk.h>
#include "dev/virtio_core.h"
#include "dev/virtio_blk_core.h"
#include "kselftest_harness.h"

#define SECTORS		1000ULL
#define F(x)		BIT_ULL(VIRTIO_BLK_F_##x)
#define RW_FEATURES	(F(FLUSH) | F(CONFIG_WCE) | F(WRITE_ZEROES) | F(DISCARD))

FIXTURE(blk) {
	struct hs_blk_view v;
	struct hs_blk_io io;
	struct hs_blk_range r[HS_BLK_RANGES];
	u8 raw[HS_BLK_RANGES * HS_BLK_RANGE_LEN];
};

FIXTURE_SETUP(blk)
{
	self->v = (struct hs_blk_view){ .sectors = SECTORS, .features = RW_FEATURES };
	memset(self->raw, 0, sizeof(self->raw));
	memset(self->r, 0xff, sizeof(self->r));
}

FIXTURE_TEARDOWN(blk)
{
}

static u8 ask(struct hs_blk_view *v, struct hs_blk_io *io, u32 type, u64 sector,
	      u64 out, u64 in)
{
	u8 hdr[HS_BLK_HDR_LEN] = { 0 };

	put_unaligned_le32(type, hdr);
	put_unaligned_le32(0xffffffff, hdr + 4);	/* I/O priority: of no account */
	put_unaligned_le64(sector, hdr + 8);
	return hs_blk_parse(v, hdr, HS_BLK_HDR_LEN + out, in + 1, io);
}

#define ASK(type, sector, out, in)	\
	ask(&self->v, &self->io, VIRTIO_BLK_T_##type, sector, out, in)

static void set_range(u8 *raw, u64 sector, u32 n, u32 flags)
{
	put_unaligned_le64(sector, raw);
	put_unaligned_le32(n, raw + 8);
	put_unaligned_le32(flags, raw + 12);
}

#define RANGES(op, n)	\
	hs_blk_ranges(&self->v, op, self->raw, (n) * HS_BLK_RANGE_LEN, self->r)

TEST(chain_needs_header_and_status)
{
	EXPECT_EQ(hs_blk_chain(16, 1), NULL);
	EXPECT_EQ(hs_blk_chain(U64_MAX, U64_MAX), NULL);
	EXPECT_NE(hs_blk_chain(15, 1), NULL);
	EXPECT_NE(hs_blk_chain(0, 1), NULL);
	EXPECT_NE(hs_blk_chain(16, 0), NULL);
}

TEST_F(blk, read)
{
	EXPECT_EQ(ASK(IN, 8, 0, 4096), VIRTIO_BLK_S_OK);
	EXPECT_EQ(self->io.op, HS_BLK_READ);
	EXPECT_EQ(self->io.off, 8 * 512);
	EXPECT_EQ(self->io.len, 4096);

	/* The whole disk, and nothing at its end. */
	EXPECT_EQ(ASK(IN, 0, 0, SECTORS * 512), VIRTIO_BLK_S_OK);
	EXPECT_EQ(ASK(IN, SECTORS, 0, 0), VIRTIO_BLK_S_OK);
	EXPECT_EQ(self->io.len, 0);
	EXPECT_EQ(ASK(IN, SECTORS - 1, 0, 512), VIRTIO_BLK_S_OK);
}

TEST_F(blk, beyond_the_end)
{
	EXPECT_EQ(ASK(IN, SECTORS - 1, 0, 1024), VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(ASK(IN, SECTORS, 0, 512), VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(ASK(IN, SECTORS + 1, 0, 0), VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(ASK(OUT, SECTORS - 1, 1024, 0), VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(ASK(OUT, U64_MAX, 512, 0), VIRTIO_BLK_S_IOERR);
	/* sector * 512 wraps to 0, sector + n wraps to 0 */
	EXPECT_EQ(ASK(IN, 1ULL << 55, 0, 512), VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(ASK(IN, U64_MAX - 7, 0, 4096), VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(ASK(IN, 0, 0, (U64_MAX - 1) & ~511ULL), VIRTIO_BLK_S_IOERR);
}

TEST_F(blk, whole_sectors_only)
{
	EXPECT_EQ(ASK(IN, 0, 0, 511), VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(ASK(OUT, 0, 513, 0), VIRTIO_BLK_S_IOERR);
}

TEST_F(blk, write)
{
	EXPECT_EQ(ASK(OUT, 3, 1024, 0), VIRTIO_BLK_S_OK);
	EXPECT_EQ(self->io.op, HS_BLK_WRITE);
	EXPECT_EQ(self->io.off, 3 * 512);
	EXPECT_EQ(self->io.len, 1024);
}

TEST_F(blk, read_only)
{
	self->v.ro = true;
	EXPECT_EQ(ASK(IN, 0, 0, 512), VIRTIO_BLK_S_OK);
	EXPECT_EQ(ASK(OUT, 0, 512, 0), VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(ASK(DISCARD, 0, 16, 0), VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(ASK(WRITE_ZEROES, 0, 16, 0), VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(ASK(FLUSH, 0, 0, 0), VIRTIO_BLK_S_OK);
}

TEST_F(blk, get_id)
{
	EXPECT_EQ(ASK(GET_ID, 0, 0, 20), VIRTIO_BLK_S_OK);
	EXPECT_EQ(self->io.op, HS_BLK_GET_ID);
	EXPECT_EQ(self->io.len, 20);
	/* The driver's room counts, and no more than there is to say. */
	EXPECT_EQ(ASK(GET_ID, 0, 0, 5), VIRTIO_BLK_S_OK);
	EXPECT_EQ(self->io.len, 5);
	EXPECT_EQ(ASK(GET_ID, 0, 0, 1 << 20), VIRTIO_BLK_S_OK);
	EXPECT_EQ(self->io.len, 20);
}

TEST_F(blk, unknown_types)
{
	static const u32 types[] = { 2, 3, 5, 7, 9, 10, 12, 14, 15, 24, 0x80000000, 0x80000001,
				     U32_MAX };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		EXPECT_EQ(ask(&self->v, &self->io, types[i], 0, 512, 512), VIRTIO_BLK_S_UNSUPP);
}

TEST_F(blk, features_not_negotiated)
{
	self->v.features = 0;
	EXPECT_EQ(ASK(DISCARD, 0, 16, 0), VIRTIO_BLK_S_UNSUPP);
	EXPECT_EQ(ASK(WRITE_ZEROES, 0, 16, 0), VIRTIO_BLK_S_UNSUPP);
	/* Harmless, and more careful than to refuse. */
	EXPECT_EQ(ASK(FLUSH, 0, 0, 0), VIRTIO_BLK_S_OK);
}

TEST_F(blk, how_many_ranges)
{
	EXPECT_EQ(ASK(DISCARD, 0, 16, 0), VIRTIO_BLK_S_OK);
	EXPECT_EQ(self->io.op, HS_BLK_DISCARD);
	EXPECT_EQ(self->io.len, 16);
	EXPECT_EQ(ASK(DISCARD, 0, 16 * HS_BLK_RANGES, 0), VIRTIO_BLK_S_OK);
	EXPECT_EQ(ASK(DISCARD, 0, 16 * (HS_BLK_RANGES + 1), 0), VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(ASK(DISCARD, 0, 0, 0), VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(ASK(DISCARD, 0, 15, 0), VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(ASK(DISCARD, 0, 17, 0), VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(ASK(WRITE_ZEROES, 0, 16, 0), VIRTIO_BLK_S_OK);
	EXPECT_EQ(self->io.op, HS_BLK_ZEROES);
	EXPECT_EQ(ASK(WRITE_ZEROES, 0, 32, 0), VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(ASK(WRITE_ZEROES, 0, (1ULL << 32) + 16, 0), VIRTIO_BLK_S_IOERR);
}

TEST_F(blk, ranges)
{
	set_range(self->raw, 10, 20, 0);
	set_range(self->raw + 16, SECTORS, 0, 0);
	EXPECT_EQ(RANGES(HS_BLK_DISCARD, 2), VIRTIO_BLK_S_OK);
	EXPECT_EQ(self->r[0].off, 5120);
	EXPECT_EQ(self->r[0].len, 10240);
	EXPECT_TRUE(self->r[0].unmap);
	EXPECT_EQ(self->r[1].len, 0);

	set_range(self->raw, 0, SECTORS, 0);
	EXPECT_EQ(RANGES(HS_BLK_ZEROES, 1), VIRTIO_BLK_S_OK);
	EXPECT_FALSE(self->r[0].unmap);
	set_range(self->raw, 0, SECTORS, VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP);
	EXPECT_EQ(RANGES(HS_BLK_ZEROES, 1), VIRTIO_BLK_S_OK);
	EXPECT_TRUE(self->r[0].unmap);
}

TEST_F(blk, ranges_with_flags)
{
	set_range(self->raw, 0, 1, 1);
	EXPECT_EQ(RANGES(HS_BLK_DISCARD, 1), VIRTIO_BLK_S_UNSUPP);
	set_range(self->raw, 0, 1, 2);
	EXPECT_EQ(RANGES(HS_BLK_ZEROES, 1), VIRTIO_BLK_S_UNSUPP);
	set_range(self->raw, 0, 1, 0x80000001);
	EXPECT_EQ(RANGES(HS_BLK_ZEROES, 1), VIRTIO_BLK_S_UNSUPP);
}

TEST_F(blk, ranges_beyond_the_end)
{
	static const struct { u64 sector; u32 n; } bad[] = {
		{ SECTORS, 1 }, { SECTORS - 1, 2 }, { 0, SECTORS + 1 }, { U64_MAX, 1 },
		{ U64_MAX, U32_MAX }, { 1ULL << 55, 1 }, { SECTORS + 1, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		set_range(self->raw, bad[i].sector, bad[i].n, 0);
		EXPECT_EQ(RANGES(HS_BLK_DISCARD, 1), VIRTIO_BLK_S_IOERR);
		EXPECT_EQ(RANGES(HS_BLK_ZEROES, 1), VIRTIO_BLK_S_IOERR);
	}
	/* A bad one after a good one. */
	set_range(self->raw, 0, 1, 0);
	set_range(self->raw + 16, SECTORS, 1, 0);
	EXPECT_EQ(RANGES(HS_BLK_DISCARD, 2), VIRTIO_BLK_S_IOERR);
}

TEST_F(blk, ranges_too_long)
{
	self->v.sectors = 1ULL << 40;
	set_range(self->raw, 0, HS_BLK_DISCARD_MAX, 0);
	EXPECT_EQ(RANGES(HS_BLK_DISCARD, 1), VIRTIO_BLK_S_OK);
	EXPECT_EQ(self->r[0].len, 512ULL * HS_BLK_DISCARD_MAX);
	EXPECT_EQ(RANGES(HS_BLK_ZEROES, 1), VIRTIO_BLK_S_IOERR);
	set_range(self->raw, 0, HS_BLK_DISCARD_MAX + 1, 0);
	EXPECT_EQ(RANGES(HS_BLK_DISCARD, 1), VIRTIO_BLK_S_IOERR);
	set_range(self->raw, 0, HS_BLK_ZEROES_MAX, 0);
	EXPECT_EQ(RANGES(HS_BLK_ZEROES, 1), VIRTIO_BLK_S_OK);
}

TEST(features)
{
	struct hs_blk_params p = { .sectors = 1, .block = 512, .physical = 512, .queues = 1 };
	u64 f = hs_blk_features(&p);

	EXPECT_TRUE(f & BIT_ULL(HS_VIRTIO_F_VERSION_1));
	EXPECT_TRUE(f & F(FLUSH));
	EXPECT_TRUE(f & F(CONFIG_WCE));
	EXPECT_TRUE(f & F(WRITE_ZEROES));
	EXPECT_FALSE(f & (F(RO) | F(MQ) | F(DISCARD) | F(GEOMETRY) | F(SECURE_ERASE)));

	p.discard = true;
	p.queues = 4;
	EXPECT_EQ(hs_blk_features(&p), f | F(DISCARD) | F(MQ));

	p.ro = true;
	f = hs_blk_features(&p);
	EXPECT_TRUE(f & F(RO));
	EXPECT_FALSE(f & (F(FLUSH) | F(CONFIG_WCE) | F(WRITE_ZEROES) | F(DISCARD)));
}

TEST(config)
{
	struct hs_blk_params p = {
		.sectors = 0x123456789aULL, .block = 512, .physical = 4096, .opt_io = 1 << 20,
		.discard_block = 4096, .queues = 4, .discard = true,
	};
	union {
		struct virtio_blk_config c;
		u8 raw[HS_BLK_CONFIG_LEN + 1];
	} u;

	u.raw[HS_BLK_CONFIG_LEN] = 0x5a;
	hs_blk_config(&p, u.raw);
	EXPECT_EQ(u.raw[HS_BLK_CONFIG_LEN], 0x5a);
	EXPECT_EQ(u.c.capacity, 0x123456789aULL);
	EXPECT_EQ(u.c.size_max, HS_BLK_SIZE_MAX);
	EXPECT_EQ(u.c.seg_max, HS_BLK_SEG_MAX);
	EXPECT_EQ(u.c.blk_size, 512);
	EXPECT_EQ(u.c.physical_block_exp, 3);
	EXPECT_EQ(u.c.alignment_offset, 0);
	EXPECT_EQ(u.c.min_io_size, 8);
	EXPECT_EQ(u.c.opt_io_size, 2048);
	EXPECT_EQ(u.c.wce, 1);
	EXPECT_EQ(u.c.num_queues, 4);
	EXPECT_EQ(u.c.max_discard_sectors, HS_BLK_DISCARD_MAX);
	EXPECT_EQ(u.c.max_discard_seg, HS_BLK_RANGES);
	EXPECT_EQ(u.c.discard_sector_alignment, 8);
	EXPECT_EQ(u.c.max_write_zeroes_sectors, HS_BLK_ZEROES_MAX);
	EXPECT_EQ(u.c.max_write_zeroes_seg, 1);
	EXPECT_EQ(u.c.write_zeroes_may_unmap, 1);

	p.block = 4096;
	p.physical = 4096;
	p.ro = true;
	hs_blk_config(&p, u.raw);
	EXPECT_EQ(u.c.blk_size, 4096);
	EXPECT_EQ(u.c.physical_block_exp, 0);
	EXPECT_EQ(u.c.min_io_size, 1);
	EXPECT_EQ(u.c.wce, 0);
	EXPECT_EQ(u.c.max_discard_sectors, 0);
	EXPECT_EQ(u.c.max_write_zeroes_sectors, 0);
}

TEST(writethrough)
{
	EXPECT_FALSE(hs_blk_writethrough(F(FLUSH), 1));
	EXPECT_FALSE(hs_blk_writethrough(F(FLUSH), 0));	/* the field was not agreed on */
	EXPECT_FALSE(hs_blk_writethrough(F(FLUSH) | F(CONFIG_WCE), 1));
	EXPECT_TRUE(hs_blk_writethrough(F(FLUSH) | F(CONFIG_WCE), 0));
	EXPECT_TRUE(hs_blk_writethrough(F(CONFIG_WCE), 1));
	EXPECT_TRUE(hs_blk_writethrough(0, 1));
}

TEST(status)
{
	EXPECT_EQ(hs_blk_status(0), VIRTIO_BLK_S_OK);
	EXPECT_EQ(hs_blk_status(-EOPNOTSUPP), VIRTIO_BLK_S_UNSUPP);
	EXPECT_EQ(hs_blk_status(-EIO), VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(hs_blk_status(-ENOSPC), VIRTIO_BLK_S_IOERR);
}

TEST_HARNESS_MAIN
