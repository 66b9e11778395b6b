// SPDX-License-Identifier: GPL-2.0
/*
 * The loaders of kmod/boot are pure; here they get their files and their
 * memory.  Files come as descriptors that the caller opened, so what may be
 * read was decided by whoever opened them; they stay open as long as the VM
 * exists, because a guest that reboots loads them again.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include "boot/boot.h"
#include "image.h"
#include "vm.h"

/**
 * hs_image_get - the file behind a descriptor
 * @fd: descriptor of the current process
 * @attr: attribute that it came in
 * @e: what is wrong, when something is
 *
 * Only regular files: their size is known, and reading them waits for storage
 * alone.  (A file system that is served by a process or over a network can make
 * them wait for ever; then so does whoever starts or resets the VM.)  Context: the caller's own process (doit).
 *
 * Return: a file with a reference, or ERR_PTR(-EBADF, -EINVAL, -EACCES).
 */
struct file *hs_image_get(int fd, u16 attr, struct hs_attr_error *e)
{
	struct file *f = fget(fd);
	int err;

	e->attr = attr;
	if (!f) {
		e->why = "not an open file";
		return ERR_PTR(-EBADF);
	}
	if (!S_ISREG(file_inode(f)->i_mode)) {
		e->why = "not a regular file";
		err = -EINVAL;
	} else if (!(f->f_mode & FMODE_READ) || !(f->f_mode & FMODE_CAN_READ)) {
		e->why = "not open for reading";
		err = -EACCES;
	} else if (!i_size_read(file_inode(f))) {
		e->why = "the file is empty";
		err = -EINVAL;
	} else {
		return f;
	}
	fput(f);
	return ERR_PTR(err);
}

/* A file may be large, and mostly a hole: who waits for it must be able to go. */
static int read_file(void *arg, u64 off, void *dst, size_t len)
{
	loff_t pos = off;

	if (fatal_signal_pending(current))
		return -EINTR;
	while (len) {
		ssize_t n = kernel_read(arg, dst, len, &pos);

		if (n < 0)
			return n;
		/* The file has become shorter since its size was taken. */
		if (!n)
			return -EIO;
		dst += n;
		len -= n;
		cond_resched();
	}
	return 0;
}

static int write_gmem(void *arg, u64 gpa, const void *src, size_t len)
{
	if (IS_ALIGNED(gpa, PAGE_SIZE) && len == PAGE_SIZE)
		return hs_gmem_overwrite(arg, gpa, src);
	return hs_gmem_write(arg, gpa, src, len);
}

/* Memory was cleared before the load: what is not there reads as zero. */
static int zero_gmem(void *arg, u64 gpa, u64 len)
{
	return 0;
}

static int write_nowhere(void *arg, u64 gpa, const void *src, size_t len)
{
	return 0;
}

static u16 blamed_attr(enum hs_boot_blame blame)
{
	switch (blame) {
	case HS_BOOT_BLAME_KERNEL:
		return HS_A_VM_KERNEL_FD;
	case HS_BOOT_BLAME_INITRD:
		return HS_A_VM_INITRD_FD;
	case HS_BOOT_BLAME_CMDLINE:
		return HS_A_VM_CMDLINE;
	case HS_BOOT_BLAME_RAM:
		return HS_A_VM_MEM_BYTES;
	case HS_BOOT_BLAME_CPUS:
		return HS_A_VM_CPUS;
	case HS_BOOT_BLAME_NONE:
		break;
	}
	return 0;
}

static int load(struct hs_vm *vm, struct hs_boot_mem *mem,
		struct hs_boot_state *state, struct hs_attr_error *e)
{
	struct hs_boot_src kernel = { .read = read_file, .arg = vm->kernel };
	struct hs_boot_src initrd = { .read = read_file, .arg = vm->initrd };
	struct hs_boot_in in = {
		.kernel = &kernel,
		.initrd = vm->initrd ? &initrd : NULL,
		.cmdline = vm->cmdline,
		.name = vm->name,
		.initrd_name = "initrd",
		.ram_bytes = vm->mem_bytes,
		.cpus = vm->cpus,
	};
	struct hs_boot_error boot_err = { };
	int err;

	mem->scratch = kmalloc(HS_BOOT_SCRATCH, GFP_KERNEL);
	if (!mem->scratch)
		return -ENOMEM;
	kernel.size = i_size_read(file_inode(vm->kernel));
	if (vm->initrd)
		initrd.size = i_size_read(file_inode(vm->initrd));
	err = hs_boot_load(&in, mem, state, &boot_err);
	kfree(mem->scratch);
	if (err) {
		e->attr = blamed_attr(boot_err.blame);
		e->why = boot_err.why ?: "the kernel image cannot be loaded";
		if (err == -EINTR)
			e->why = "interrupted while the images were read";
	}
	return err;
}

/**
 * hs_image_check - whether the images of a VM could be loaded now
 * @vm: a VM that nobody else sees yet, or under vm->lock
 * @e: what is wrong, when something is
 *
 * Goes the whole way but for the writing.  Process context, sleeps.
 *
 * Return: 0 or what hs_boot_load() returns, -ENOMEM, -EIO for a file that
 * cannot be read, -EINTR when the caller is being killed.
 */
int hs_image_check(struct hs_vm *vm, struct hs_attr_error *e)
{
	struct hs_boot_mem mem = { .write = write_nowhere, .zero = zero_gmem };
	struct hs_boot_state state;

	return load(vm, &mem, &state, e);
}

/**
 * hs_image_load - put the images of a VM into its memory
 * @vm: under vm->lock, all vCPUs parked, guest memory cleared
 * @state: filled in: the first vCPU's registers
 * @e: what is wrong, when something is
 *
 * Process context, sleeps.
 *
 * Return: as hs_image_check(), or what hs_gmem_write() returns.
 */
int hs_image_load(struct hs_vm *vm, struct hs_boot_state *state,
		  struct hs_attr_error *e)
{
	struct hs_boot_mem mem = {
		.write = write_gmem,
		.zero = zero_gmem,
		.arg = vm->gmem,
	};

	lockdep_assert_held(&vm->lock);
	return load(vm, &mem, state, e);
}
