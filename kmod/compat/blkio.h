/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files and block devices as storage: to hold a block device for oneself, and
 * to keep a file system from being frozen under a write that ends elsewhere.
 */
#ifndef HS_COMPAT_BLKIO_H
#define HS_COMPAT_BLKIO_H

#include <linux/blkdev.h>
#include <linux/fs.h>
#include <linux/uio.h>

#ifndef ITER_SOURCE
#define ITER_SOURCE	WRITE
#define ITER_DEST	READ
#endif

#ifdef HS_HAVE_BDEV_FILE_OPEN
typedef struct file hs_bdev_hold_t;

static inline hs_bdev_hold_t *hs_bdev_hold(dev_t dev, void *holder)
{
	return bdev_file_open_by_dev(dev, BLK_OPEN_READ, holder, NULL);
}

static inline void hs_bdev_release(hs_bdev_hold_t *hold)
{
	bdev_fput(hold);
}
#else
typedef struct block_device hs_bdev_hold_t;

/* Exclusive: ERR_PTR(-EBUSY) while it is mounted or another holder has it. */
static inline hs_bdev_hold_t *hs_bdev_hold(dev_t dev, void *holder)
{
	return blkdev_get_by_dev(dev, FMODE_READ | FMODE_EXCL, holder);
}

static inline void hs_bdev_release(hs_bdev_hold_t *hold)
{
	blkdev_put(hold, FMODE_READ | FMODE_EXCL);
}
#endif

/*
 * Around a write to a regular file: lockdep is told that whoever ends it takes
 * over the protection of who began it.
 */
static inline void hs_kiocb_start_write(struct kiocb *iocb)
{
#ifdef HS_HAVE_KIOCB_START_WRITE
	kiocb_start_write(iocb);
#else
	struct super_block *sb = file_inode(iocb->ki_filp)->i_sb;

	sb_start_write(sb);
	__sb_writers_release(sb, SB_FREEZE_WRITE);
#endif
}

/* The same without waiting; false while the file system is frozen. */
static inline bool hs_kiocb_try_start_write(struct kiocb *iocb)
{
	struct super_block *sb = file_inode(iocb->ki_filp)->i_sb;

	if (!sb_start_write_trylock(sb))
		return false;
	__sb_writers_release(sb, SB_FREEZE_WRITE);
	return true;
}

static inline void hs_kiocb_end_write(struct kiocb *iocb)
{
#ifdef HS_HAVE_KIOCB_START_WRITE
	kiocb_end_write(iocb);
#else
	struct super_block *sb = file_inode(iocb->ki_filp)->i_sb;

	__sb_writers_acquired(sb, SB_FREEZE_WRITE);
	sb_end_write(sb);
#endif
}

#endif /* HS_COMPAT_BLKIO_H */
