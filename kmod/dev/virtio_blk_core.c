// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of a block device, judged, and its configuration.
 */
#include <linux/virtio_blk.h>
#include "dev/virtio_core.h"
#include "dev/virtio_blk_core.h"

#define CFG(field)	offsetof(struct virtio_blk_config, field)

static bool has(u64 features, unsigned int bit)
{
	return features & BIT_ULL(bit);
}

/* log2 of a ratio of powers of two. */
static u8 exponent(u32 whole, u32 part)
{
	u8 n = 0;

	while (part && whole > part && n < 31) {
		whole >>= 1;
		n++;
	}
	return n;
}

/* Ranges of a request. */
static unsigned int ranges_max(enum hs_blk_op op)
{
	return op == HS_BLK_DISCARD ? HS_BLK_RANGES : 1;
}

/**
 * hs_blk_features() - what a disk offers
 * @p: the disk
 *
 * Zeroes can always be written out if need be; a disk that cannot be written
 * has nothing to flush.
 *
 * Return: feature bits (5.2.3, and those of all devices).
 */
u64 hs_blk_features(const struct hs_blk_params *p)
{
	u64 f = BIT_ULL(HS_VIRTIO_F_VERSION_1) | BIT_ULL(HS_VIRTIO_F_INDIRECT_DESC) |
		BIT_ULL(HS_VIRTIO_F_EVENT_IDX) | BIT_ULL(VIRTIO_BLK_F_SIZE_MAX) |
		BIT_ULL(VIRTIO_BLK_F_SEG_MAX) | BIT_ULL(VIRTIO_BLK_F_BLK_SIZE) |
		BIT_ULL(VIRTIO_BLK_F_TOPOLOGY);

	if (p->queues > 1)
		f |= BIT_ULL(VIRTIO_BLK_F_MQ);
	if (p->ro)
		return f | BIT_ULL(VIRTIO_BLK_F_RO);
	f |= BIT_ULL(VIRTIO_BLK_F_FLUSH) | BIT_ULL(VIRTIO_BLK_F_CONFIG_WCE) |
	     BIT_ULL(VIRTIO_BLK_F_WRITE_ZEROES);
	if (p->discard)
		f |= BIT_ULL(VIRTIO_BLK_F_DISCARD);
	return f;
}

/**
 * hs_blk_config() - the configuration space (5.2.4)
 * @p: the disk
 * @cfg: filled in
 *
 * Fields of features that are not offered are 0.
 */
void hs_blk_config(const struct hs_blk_params *p, u8 cfg[HS_BLK_CONFIG_LEN])
{
	memset(cfg, 0, HS_BLK_CONFIG_LEN);
	put_unaligned_le64(p->sectors, cfg + CFG(capacity));
	put_unaligned_le32(HS_BLK_SIZE_MAX, cfg + CFG(size_max));
	put_unaligned_le32(HS_BLK_SEG_MAX, cfg + CFG(seg_max));
	put_unaligned_le32(p->block, cfg + CFG(blk_size));
	cfg[CFG(physical_block_exp)] = exponent(p->physical, p->block);
	put_unaligned_le16(min_t(u32, p->physical / p->block, U16_MAX), cfg + CFG(min_io_size));
	put_unaligned_le32(p->opt_io / p->block, cfg + CFG(opt_io_size));
	put_unaligned_le16(p->queues, cfg + CFG(num_queues));
	if (p->ro)
		return;
	cfg[CFG(wce)] = 1;
	put_unaligned_le32(HS_BLK_ZEROES_MAX, cfg + CFG(max_write_zeroes_sectors));
	put_unaligned_le32(ranges_max(HS_BLK_ZEROES), cfg + CFG(max_write_zeroes_seg));
	cfg[CFG(write_zeroes_may_unmap)] = 1;
	if (!p->discard)
		return;
	put_unaligned_le32(HS_BLK_DISCARD_MAX, cfg + CFG(max_discard_sectors));
	put_unaligned_le32(ranges_max(HS_BLK_DISCARD), cfg + CFG(max_discard_seg));
	put_unaligned_le32(p->discard_block >> HS_BLK_SECTOR_SHIFT,
			   cfg + CFG(discard_sector_alignment));
}

/**
 * hs_blk_writethrough() - whether a write is on the storage when it is done
 * @features: negotiated
 * @wce: the field writeback
 *
 * A driver that cannot flush gets no volatile cache (5.2.6.2).
 */
bool hs_blk_writethrough(u64 features, u8 wce)
{
	return !has(features, VIRTIO_BLK_F_FLUSH) ||
	       (has(features, VIRTIO_BLK_F_CONFIG_WCE) && !wce);
}

/**
 * hs_blk_chain() - whether a buffer can be a request at all
 * @out_len: bytes the device reads
 * @in_len: bytes it writes
 *
 * Return: NULL, or what is wrong: there is no header, or no place for a status,
 * so that it cannot even be refused.
 */
const char *hs_blk_chain(u64 out_len, u64 in_len)
{
	if (out_len < HS_BLK_HDR_LEN)
		return "a disk request without a header";
	if (!in_len)
		return "a disk request without room for a status";
	return NULL;
}

/* All of @len bytes from @sector on are on the disk. */
static bool on_disk(const struct hs_blk_view *v, u64 sector, u64 len)
{
	return sector <= v->sectors && len >> HS_BLK_SECTOR_SHIFT <= v->sectors - sector;
}

static u8 transfer(const struct hs_blk_view *v, struct hs_blk_io *io, u64 sector)
{
	if (io->len % HS_BLK_SECTOR || !on_disk(v, sector, io->len))
		return VIRTIO_BLK_S_IOERR;
	io->off = sector << HS_BLK_SECTOR_SHIFT;
	return VIRTIO_BLK_S_OK;
}

/**
 * hs_blk_parse() - judge a request
 * @v: the disk
 * @hdr: what the driver wrote, copied from guest memory once
 * @out_len: bytes the device reads, header included
 * @in_len: bytes it writes, status included; hs_blk_chain() is content with both
 * @io: filled in if the request is good
 *
 * Return: VIRTIO_BLK_S_OK; VIRTIO_BLK_S_IOERR: beyond the disk, no whole sectors,
 * or a write to a disk that cannot be written; VIRTIO_BLK_S_UNSUPP: of a type that
 * is unknown or was not negotiated.
 */
u8 hs_blk_parse(const struct hs_blk_view *v, const u8 hdr[HS_BLK_HDR_LEN],
		u64 out_len, u64 in_len, struct hs_blk_io *io)
{
	u32 type = get_unaligned_le32(hdr + offsetof(struct virtio_blk_outhdr, type));
	u64 sector = get_unaligned_le64(hdr + offsetof(struct virtio_blk_outhdr, sector));
	u64 out = out_len - HS_BLK_HDR_LEN, in = in_len - 1;

	*io = (struct hs_blk_io){ 0 };
	switch (type) {
	case VIRTIO_BLK_T_IN:
		io->op = HS_BLK_READ;
		io->len = in;
		return transfer(v, io, sector);
	case VIRTIO_BLK_T_OUT:
		if (v->ro)
			return VIRTIO_BLK_S_IOERR;
		io->op = HS_BLK_WRITE;
		io->len = out;
		return transfer(v, io, sector);
	case VIRTIO_BLK_T_FLUSH:
		io->op = HS_BLK_FLUSH;
		return VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_GET_ID:
		io->op = HS_BLK_GET_ID;
		io->len = min_t(u64, in, VIRTIO_BLK_ID_BYTES);
		return VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_DISCARD:
		if (!has(v->features, VIRTIO_BLK_F_DISCARD))
			return VIRTIO_BLK_S_UNSUPP;
		io->op = HS_BLK_DISCARD;
		break;
	case VIRTIO_BLK_T_WRITE_ZEROES:
		if (!has(v->features, VIRTIO_BLK_F_WRITE_ZEROES))
			return VIRTIO_BLK_S_UNSUPP;
		io->op = HS_BLK_ZEROES;
		break;
	default:
		return VIRTIO_BLK_S_UNSUPP;
	}

	io->len = out;
	if (v->ro || !out || out % HS_BLK_RANGE_LEN || out > ranges_max(io->op) * HS_BLK_RANGE_LEN)
		return VIRTIO_BLK_S_IOERR;
	return VIRTIO_BLK_S_OK;
}

/**
 * hs_blk_ranges() - judge the ranges of a DISCARD or ZEROES
 * @v: the disk
 * @op: which
 * @raw: what the driver wrote, copied from guest memory once
 * @len: bytes of it, as hs_blk_parse() said
 * @r: filled in, one for each HS_BLK_RANGE_LEN bytes
 *
 * All are judged before any is carried out.
 *
 * Return: VIRTIO_BLK_S_OK; VIRTIO_BLK_S_IOERR: one is too long or beyond the disk;
 * VIRTIO_BLK_S_UNSUPP: flags that it cannot have (5.2.6.2).
 */
u8 hs_blk_ranges(const struct hs_blk_view *v, enum hs_blk_op op, const u8 *raw,
		 size_t len, struct hs_blk_range *r)
{
	u32 most = op == HS_BLK_DISCARD ? HS_BLK_DISCARD_MAX : HS_BLK_ZEROES_MAX;
	u32 known = op == HS_BLK_DISCARD ? 0 : VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP;

	for (; len >= HS_BLK_RANGE_LEN; len -= HS_BLK_RANGE_LEN, raw += HS_BLK_RANGE_LEN, r++) {
		u64 sector = get_unaligned_le64(raw);
		u32 n = get_unaligned_le32(raw + 8);
		u32 flags = get_unaligned_le32(raw + 12);

		if (flags & ~known)
			return VIRTIO_BLK_S_UNSUPP;
		if (n > most || !on_disk(v, sector, (u64)n << HS_BLK_SECTOR_SHIFT))
			return VIRTIO_BLK_S_IOERR;
		*r = (struct hs_blk_range){
			.off = sector << HS_BLK_SECTOR_SHIFT,
			.len = (u64)n << HS_BLK_SECTOR_SHIFT,
			.unmap = op == HS_BLK_DISCARD || flags,
		};
	}
	return VIRTIO_BLK_S_OK;
}

/**
 * hs_blk_status() - what the driver is told of an error
 * @err: 0 or a negative errno
 */
u8 hs_blk_status(int err)
{
	if (!err)
		return VIRTIO_BLK_S_OK;
	return err == -EOPNOTSUPP ? VIRTIO_BLK_S_UNSUPP : VIRTIO_BLK_S_IOERR;
}
