/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a driver asks of a block device (virtio 1.2, 5.2): which requests are
 * well formed and lie within the disk, what the device offers, and its
 * configuration space.  Pure.
 *
 * Nothing here touches storage.  A request that passes can be carried out at
 * byte offsets without a further check against overflow or the disk's end.
 */
#ifndef HS_DEV_VIRTIO_BLK_CORE_H
#define HS_DEV_VIRTIO_BLK_CORE_H

#include "pure.h"

#define HS_BLK_SECTOR_SHIFT	9	/* of the protocol, whatever the block size */
#define HS_BLK_SECTOR		(1U << HS_BLK_SECTOR_SHIFT)

#define HS_BLK_HDR_LEN		16	/* struct virtio_blk_outhdr */
#define HS_BLK_RANGE_LEN	16	/* struct virtio_blk_discard_write_zeroes */
#define HS_BLK_RANGES		16	/* of a request, at most */
#define HS_BLK_CONFIG_LEN	60	/* up to the fields of secure erase */

#define HS_BLK_QUEUE_SIZE	128
#define HS_BLK_SEG_MAX		(HS_BLK_QUEUE_SIZE - 2)	/* header and status */
#define HS_BLK_SIZE_MAX		(512U << 10)
/*
 * Sectors of one range.  Zeroes may have to be written out where the storage
 * cannot make them, so there is less of them in one request.
 */
#define HS_BLK_DISCARD_MAX	(2U << 21)	/* 2 GiB */
#define HS_BLK_ZEROES_MAX	(1U << 18)	/* 128 MiB */

enum hs_blk_op {
	HS_BLK_READ = 1,
	HS_BLK_WRITE,
	HS_BLK_FLUSH,
	HS_BLK_GET_ID,
	HS_BLK_DISCARD,
	HS_BLK_ZEROES,
};

/**
 * struct hs_blk_params - what a disk is
 * @sectors: its size
 * @block: bytes of a logical block, a power of two, 512 or more
 * @physical: bytes that the storage writes at once, a multiple of @block
 * @opt_io: bytes of a good long transfer, 0: unknown
 * @discard_block: bytes that a discard is aligned to
 * @queues: 1..HS_VIRTIO_QUEUES
 * @ro: cannot be written
 * @discard: the storage can discard
 */
struct hs_blk_params {
	u64 sectors;
	u32 block, physical, opt_io, discard_block;
	u16 queues;
	bool ro, discard;
};

/**
 * struct hs_blk_view - what a request is judged by
 * @sectors: size of the disk now
 * @features: negotiated
 * @ro: whatever was negotiated
 */
struct hs_blk_view {
	u64 sectors;
	u64 features;
	bool ro;
};

/**
 * struct hs_blk_io - a request that makes sense
 * @off: of READ and WRITE, in bytes
 * @len: bytes of data, after the header (WRITE, and the ranges of DISCARD and
 *	ZEROES) or before the status (READ, GET_ID)
 */
struct hs_blk_io {
	enum hs_blk_op op;
	u64 off, len;
};

/* A range of a DISCARD or ZEROES, in bytes; may be empty. */
struct hs_blk_range {
	u64 off, len;
	bool unmap;
};

u64 hs_blk_features(const struct hs_blk_params *p);
void hs_blk_config(const struct hs_blk_params *p, u8 cfg[HS_BLK_CONFIG_LEN]);
bool hs_blk_writethrough(u64 features, u8 wce);

const char *hs_blk_chain(u64 out_len, u64 in_len);
u8 hs_blk_parse(const struct hs_blk_view *v, const u8 hdr[HS_BLK_HDR_LEN],
		u64 out_len, u64 in_len, struct hs_blk_io *io);
u8 hs_blk_ranges(const struct hs_blk_view *v, enum hs_blk_op op, const u8 *raw,
		 size_t len, struct hs_blk_range *r);
u8 hs_blk_status(int err);

#endif /* HS_DEV_VIRTIO_BLK_CORE_H */
