// SPDX-License-Identifier: GPL-2.0
/*
 * Ranges of a disk that lose their content: discarded, or made to read as zeroes
 * without a byte moving.
 */
#include <linux/blkdev.h>
#include <linux/falloc.h>
#include <linux/pagemap.h>
#include "dev/virtio_blk.h"

static int punch(struct hs_blk *b, const struct hs_blk_range *r, int mode)
{
	if (!b->f.file->f_op->fallocate)
		return -EOPNOTSUPP;
	return vfs_fallocate(b->f.file, mode | FALLOC_FL_KEEP_SIZE, r->off, r->len);
}

/*
 * Takes @len bytes at @off out of the page cache, dirty or not, and calls @issue
 * while no page can come back.  We hold the device for ourselves, as whoever
 * does so must; fallocate() of its file would not know that.
 */
static int with_cache_out(struct hs_blk *b, u64 off, u64 len, unsigned int flags,
			  int (*issue)(struct block_device *bdev, sector_t sector,
				       sector_t nr, unsigned int flags))
{
	struct address_space *mapping = b->f.inode->i_mapping;
	int err;

	inode_lock(b->f.inode);
	filemap_invalidate_lock(mapping);
	truncate_inode_pages_range(mapping, off, off + len - 1);
	err = issue(b->f.bdev, off >> HS_BLK_SECTOR_SHIFT, len >> HS_BLK_SECTOR_SHIFT, flags);
	filemap_invalidate_unlock(mapping);
	inode_unlock(b->f.inode);
	return err;
}

static int issue_discard(struct block_device *bdev, sector_t sector, sector_t nr,
			 unsigned int flags)
{
	return blkdev_issue_discard(bdev, sector, nr, GFP_KERNEL);
}

static int issue_zeroout(struct block_device *bdev, sector_t sector, sector_t nr,
			 unsigned int flags)
{
	return blkdev_issue_zeroout(bdev, sector, nr, GFP_KERNEL, flags);
}

/**
 * hs_blk_discard() - the driver does not need what lies there
 * @b: the disk
 * @r: the range, not empty, within the disk
 *
 * Context: process.
 * Return: 0, -EOPNOTSUPP, or an error of the storage.
 */
int hs_blk_discard(struct hs_blk *b, const struct hs_blk_range *r)
{
	u64 start = ALIGN(r->off, (u64)b->f.block);
	u64 end = ALIGN_DOWN(r->off + r->len, (u64)b->f.block);

	if (!b->f.bdev)
		return punch(b, r, FALLOC_FL_PUNCH_HOLE);
	/* Only whole blocks can go; it is a hint. */
	if (start >= end)
		return 0;
	return with_cache_out(b, start, end - start, 0, issue_discard);
}

/**
 * hs_blk_zero() - let a range read as zeroes
 * @b: the disk
 * @r: the range, not empty, within the disk; whether it may lose its place there
 *
 * Context: process.
 * Return: 0; -EOPNOTSUPP: zeroes must be written; or an error of the storage.
 */
int hs_blk_zero(struct hs_blk *b, const struct hs_blk_range *r)
{
	int err = -EOPNOTSUPP;

	if (b->f.bdev) {
		if (IS_ALIGNED(r->off | r->len, b->f.block))
			err = with_cache_out(b, r->off, r->len,
					     r->unmap ? 0 : BLKDEV_ZERO_NOUNMAP, issue_zeroout);
		return err;
	}
	if (r->unmap)
		err = punch(b, r, FALLOC_FL_PUNCH_HOLE);
	if (err == -EOPNOTSUPP)
		err = punch(b, r, FALLOC_FL_ZERO_RANGE);
	return err;
}
