// SPDX-License-Identifier: GPL-2.0
/*
 * The file behind a disk: whether it will do, who else uses it, what it is like.
 *
 * A file that one disk writes belongs to that disk alone: a guest expects that
 * nothing changes under it, and two file systems on one image destroy it.  That
 * holds among all VMs of the host; disks that only read may share.  Who uses an
 * image by other means is not seen, but for block devices: these are claimed from
 * the kernel, so that neither a mounted one can become a disk, nor a disk be
 * mounted.
 */
#include <linux/file.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/stat.h>
#include "compat/blkio.h"
#include "dev/virtio_blk.h"

/**
 * struct hs_backing - what disks are used for, of all VMs
 * @node: in claims
 * @inode: by which it is known: there is one per file or block device, whatever
 *	path or node it was opened by; the disks' files keep it
 * @users: disks, 1 if one of them writes
 * @writer: it does
 * @hold: the kernel's claim of a block device; NULL
 */
struct hs_backing {
	struct list_head node;
	const struct inode *inode;
	unsigned int users;
	bool writer;
	hs_bdev_hold_t *hold;
};

static LIST_HEAD(claims);
/* Guards the list and its entries; held while a block device is opened. */
static DEFINE_MUTEX(claims_lock);

static struct hs_backing *find(const struct inode *inode)
{
	struct hs_backing *c;

	list_for_each_entry(c, &claims, node)
		if (c->inode == inode)
			return c;
	return NULL;
}

static struct hs_backing *claim_new(const struct hs_blk_file *f, const char **why)
{
	struct hs_backing *c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	long err;

	if (!c)
		return ERR_PTR(-ENOMEM);
	c->inode = f->inode;
	if (f->bdev) {
		c->hold = hs_bdev_hold(f->bdev->bd_dev, c);
		if (IS_ERR(c->hold)) {
			err = PTR_ERR(c->hold);
			if (err == -EBUSY)
				*why = "the block device is mounted or in use otherwise";
			kfree(c);
			return ERR_PTR(err);
		}
	}
	list_add(&c->node, &claims);
	return c;
}

static struct hs_backing *claim(const struct hs_blk_file *f, bool ro, const char **why)
{
	struct hs_backing *c;

	mutex_lock(&claims_lock);
	c = find(f->inode);
	if (!c) {
		c = claim_new(f, why);
	} else if (c->writer || !ro) {
		*why = c->writer ? "another disk writes to this file" :
				   "another disk reads this file";
		c = ERR_PTR(-EBUSY);
	}
	if (!IS_ERR(c)) {
		c->users++;
		c->writer = !ro;
	}
	mutex_unlock(&claims_lock);
	return c;
}

static void unclaim(struct hs_backing *c)
{
	mutex_lock(&claims_lock);
	if (!--c->users) {
		list_del(&c->node);
		if (c->hold)
			hs_bdev_release(c->hold);
		kfree(c);
	}
	mutex_unlock(&claims_lock);
}

static int check_file(struct file *file, bool ro, const char **why)
{
	const struct inode *inode = file_inode(file);

	if (S_ISDIR(inode->i_mode)) {
		*why = "a directory is no disk";
		return -EISDIR;
	}
	if (!S_ISREG(inode->i_mode) && !S_ISBLK(inode->i_mode)) {
		*why = "neither a regular file nor a block device";
		return -ENOTBLK;
	}
	/* FMODE_CAN_*: it is read and written by vectors of pages. */
	if (!(file->f_mode & FMODE_READ) || (!ro && !(file->f_mode & FMODE_WRITE))) {
		*why = ro ? "the file is not open for reading" :
			    "the file is not open for reading and writing";
		return -EBADF;
	}
	if (!file->f_op->read_iter || (!ro && !file->f_op->write_iter)) {
		*why = "files of this kind cannot be a disk";
		return -EINVAL;
	}
	if (!ro && (file->f_flags & O_APPEND || IS_APPEND(inode))) {
		*why = "the file can only be appended to";
		return -EPERM;
	}
	if (IS_SWAPFILE(file->f_mapping->host)) {
		*why = "the host swaps to this file";
		return -ETXTBSY;
	}
	return 0;
}

/* What direct I/O on a regular file must be aligned to. */
static void regular_alignment(struct hs_blk_file *f)
{
	const struct super_block *sb = file_inode(f->file)->i_sb;
	struct kstat st = { 0 };

	f->block = HS_BLK_SECTOR;
	if (!f->direct)
		return;
	if (sb->s_bdev)
		f->block = bdev_logical_block_size(sb->s_bdev);
	f->mem_mask = f->block - 1;
	if (vfs_getattr(&f->file->f_path, &st, STATX_DIOALIGN, AT_STATX_SYNC_AS_STAT) ||
	    !(st.result_mask & STATX_DIOALIGN))
		return;
	if (is_power_of_2(st.dio_offset_align))
		f->block = max_t(u32, st.dio_offset_align, HS_BLK_SECTOR);
	if (is_power_of_2(st.dio_mem_align))
		f->mem_mask = st.dio_mem_align - 1;
}

static void describe(struct hs_blk_file *f, struct hs_blk_params *p)
{
	if (f->bdev) {
		f->block = bdev_logical_block_size(f->bdev);
		f->mem_mask = bdev_dma_alignment(f->bdev);
		p->physical = bdev_physical_block_size(f->bdev);
		p->opt_io = bdev_io_opt(f->bdev);
		p->discard = bdev_max_discard_sectors(f->bdev);
		p->discard_block = max(bdev_discard_granularity(f->bdev), f->block);
	} else {
		regular_alignment(f);
		p->physical = max_t(u32, i_blocksize(f->inode), f->block);
		p->opt_io = 0;
		p->discard = f->file->f_op->fallocate;
		p->discard_block = p->physical;
	}
	p->block = f->block;
	p->sectors = hs_blk_file_sectors(f);
}

/**
 * hs_blk_file_sectors() - size of the disk that a file makes
 * @f: the file
 *
 * What does not fill a block at its end is not part of the disk.
 *
 * Context: any.
 * Return: sectors of 512 bytes.
 */
u64 hs_blk_file_sectors(const struct hs_blk_file *f)
{
	return ALIGN_DOWN((u64)i_size_read(f->inode), f->block) >> HS_BLK_SECTOR_SHIFT;
}

/**
 * hs_blk_file_open() - make a file the storage of a disk
 * @f: filled in
 * @file: as the caller of the module opened it; a reference is taken
 * @ro: the disk will only be read
 * @p: filled in but for queues and ro
 * @why: set to a sentence when there is one
 *
 * Context: process, may wait for a device.
 * Return: 0; -EISDIR, -ENOTBLK, -EBADF, -EPERM, -ETXTBSY: no file for a disk;
 * -EINVAL: too small, or its blocks are too large; -EBUSY: somebody else has it;
 * -ENOMEM; or what opening the block device said.
 */
int hs_blk_file_open(struct hs_blk_file *f, struct file *file, bool ro,
		     struct hs_blk_params *p, const char **why)
{
	int err = check_file(file, ro, why);

	might_sleep();
	if (err)
		return err;
	*f = (struct hs_blk_file){
		.file = file,
		.inode = file->f_mapping->host,
		.bdev = S_ISBLK(file_inode(file)->i_mode) ? I_BDEV(file->f_mapping->host) : NULL,
		.direct = file->f_flags & O_DIRECT,
		.nowait = file->f_mode & FMODE_NOWAIT,
	};
	describe(f, p);
	/* Linux as a guest takes no disk of larger ones. */
	if (f->block > PAGE_SIZE) {
		*why = "blocks of more than 4096 bytes";
		return -EINVAL;
	}
	if (!p->sectors) {
		*why = "smaller than one block";
		return -EINVAL;
	}
	f->claim = claim(f, ro, why);
	if (IS_ERR(f->claim))
		return PTR_ERR(f->claim);
	get_file(file);
	return 0;
}

/**
 * hs_blk_file_close() - the disk is gone
 * @f: the file
 *
 * Context: process; no request is out.
 */
void hs_blk_file_close(struct hs_blk_file *f)
{
	/* In this order: the file keeps the inode. */
	unclaim(f->claim);
	fput(f->file);
}
