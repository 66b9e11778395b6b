// SPDX-License-Identifier: GPL-2.0
/*
 * The test device, for VMs created with --testdev: what a test of a machine
 * needs and no real machine has.
 *
 * 0xf4		write of any size ends the VM with the written code
 * 0xe0-0xe3	32-bit latch, accessible by bytes, words and as a whole
 * 0xe4		32-bit write of a guest-physical address: that page's EPT
 *		mapping goes, its content stays; the next touch faults
 * 0xe8		8-bit latch
 * 0xec		32-bit write: pages that the balloon shall hold; 32-bit read: what
 *		was chosen at 0xf0, as the host sees it
 * 0xf0		32-bit write chooses: 0 pages held, 1 ballooned and not touched
 *		since, 2 reported and not touched since, 3 the balloon by what its
 *		driver says, 4 its target, 5 which statistics there are (bits),
 *		16+n statistic n; as in struct hs_balloon_info
 * 0x2000+n	write sets the level of interrupt line n (0-23): 0 is low
 * 0xff000000	64 KiB of RAM that is reached by MMIO
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/virtio_balloon.h>
#include "boot/layout.h"
#include "dev/balloon.h"
#include "dev/board.h"
#include "dev/devices.h"

#define PORT_EXIT	0xf4
#define PORT_LATCH32	0xe0
#define PORT_UNMAP	0xe4
#define PORT_LATCH8	0xe8
#define PORT_BALLOON	0xec	/* and 0xf0 */
#define BALLOON_CHOICE	4
#define BALLOON_STAT	16
#define PORT_LINES	0x2000

struct hs_testdev {
	struct hs_board *b;
	u8 latch[4];
	u8 latch8;
	u32 choice;
	u8 *ram;		/* HS_GPA_TESTDEV_SIZE bytes */
};

/*
 * Latches and RAM are memory of the guest's own: vCPUs that race for them get
 * what racing gets them, so they need no lock.
 */
static u64 mem_read(const u8 *mem, u64 off, unsigned int size)
{
	u64 val = 0;

	memcpy(&val, mem + off, size);
	return val;
}

static void mem_write(u8 *mem, u64 off, unsigned int size, u64 val)
{
	memcpy(mem + off, &val, size);
}

static u64 latch_read(void *dev, u64 off, unsigned int size)
{
	struct hs_testdev *t = dev;

	return mem_read(t->latch, off, size);
}

static void latch_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_testdev *t = dev;

	mem_write(t->latch, off, size, val);
}

static u64 latch8_read(void *dev, u64 off, unsigned int size)
{
	struct hs_testdev *t = dev;

	return READ_ONCE(t->latch8);
}

static void latch8_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_testdev *t = dev;

	WRITE_ONCE(t->latch8, val);
}

static u64 ram_read(void *dev, u64 off, unsigned int size)
{
	struct hs_testdev *t = dev;

	return mem_read(t->ram, off, size);
}

static void ram_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_testdev *t = dev;

	mem_write(t->ram, off, size, val);
}

static u64 ones_read(void *dev, u64 off, unsigned int size)
{
	return ~0ULL >> (64 - 8 * size);
}

static void exit_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_testdev *t = dev;

	if (off == 0)
		t->b->ops->event(t->b->vm, HS_BOARD_EXIT, val);
}

static void unmap_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_testdev *t = dev;

	if (off == 0 && size == 4)
		t->b->ops->unmap(t->b->vm, val);
}

static void lines_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_testdev *t = dev;

	hs_irq_set(t->b, off, val);
}

static u32 memory_info(struct hs_board *b, u32 choice)
{
	struct hs_balloon_info i;

	if (choice == 0)
		return hs_gmem_charged(b->gmem) >> VIRTIO_BALLOON_PFN_SHIFT;
	if (!hs_balloon_info(b, &i))
		return 0;
	switch (choice) {
	case 1:
		return i.ballooned >> VIRTIO_BALLOON_PFN_SHIFT;
	case 2:
		return i.reported >> VIRTIO_BALLOON_PFN_SHIFT;
	case 3:
		return i.actual >> VIRTIO_BALLOON_PFN_SHIFT;
	case 4:
		return i.target >> VIRTIO_BALLOON_PFN_SHIFT;
	case 5:
		return i.stats.has;
	}
	choice -= BALLOON_STAT;
	if (choice >= HS_BALLOON_STATS)
		return 0;
	return i.stats.val[array_index_nospec(choice, HS_BALLOON_STATS)];
}

static u64 balloon_read(void *dev, u64 off, unsigned int size)
{
	struct hs_testdev *t = dev;

	if (off != 0 || size != 4)
		return ones_read(dev, off, size);
	return memory_info(t->b, READ_ONCE(t->choice));
}

static void balloon_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_testdev *t = dev;

	if (size != 4)
		return;
	if (off == 0)
		hs_balloon_set_target(t->b, val << VIRTIO_BALLOON_PFN_SHIFT);
	else if (off == BALLOON_CHOICE)
		WRITE_ONCE(t->choice, val);
}

static const struct hs_region_ops exit_ops = {
	.read = ones_read,
	.write = exit_write,
	.fast = true,
};

static const struct hs_region_ops latch_ops = {
	.read = latch_read,
	.write = latch_write,
	.fast = true,
};

/* Taking a page out sleeps. */
static const struct hs_region_ops unmap_ops = {
	.read = ones_read,
	.write = unmap_write,
};

/* So does what waits for the balloon's locks. */
static const struct hs_region_ops balloon_ops = {
	.read = balloon_read,
	.write = balloon_write,
};

static const struct hs_region_ops latch8_ops = {
	.read = latch8_read,
	.write = latch8_write,
	.fast = true,
};

static const struct hs_region_ops lines_ops = {
	.read = ones_read,
	.write = lines_write,
	.fast = true,
};

static const struct hs_region_ops ram_ops = {
	.read = ram_read,
	.write = ram_write,
	.fast = true,
};

static int add_regions(struct hs_board *b, struct hs_testdev *t)
{
	static const struct {
		u16 port, len;
		const struct hs_region_ops *ops;
	} ports[] = {
		{ PORT_EXIT, 4, &exit_ops },
		{ PORT_LATCH32, 4, &latch_ops },
		{ PORT_UNMAP, 4, &unmap_ops },
		{ PORT_LATCH8, 1, &latch8_ops },
		{ PORT_BALLOON, 8, &balloon_ops },
		{ PORT_LINES, HS_IOAPIC_PINS, &lines_ops },
	};
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(ports); i++) {
		ret = hs_bus_add(&b->pio, ports[i].port, ports[i].len,
				 ports[i].ops, t);
		if (ret)
			return ret;
	}
	return hs_bus_add(&b->mmio, HS_GPA_TESTDEV, HS_GPA_TESTDEV_SIZE,
			  &ram_ops, t);
}

/**
 * hs_testdev_init - put the test device on the board
 * @b: the board
 *
 * Process context.
 *
 * Return: 0, -ENOMEM, or what hs_bus_add() said.
 */
int hs_testdev_init(struct hs_board *b)
{
	struct hs_testdev *t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	int ret = -ENOMEM;

	if (!t)
		return -ENOMEM;
	t->b = b;
	t->ram = kvzalloc(HS_GPA_TESTDEV_SIZE, GFP_KERNEL_ACCOUNT);
	if (t->ram)
		ret = add_regions(b, t);
	if (ret) {
		kvfree(t->ram);
		kfree(t);
		return ret;
	}
	b->testdev = t;
	return 0;
}

/**
 * hs_testdev_reset - power-on state: latches and RAM are zero, all lines low
 * @b: the board; no vCPU runs; may have no test device
 *
 * Devices that drive a line of their own are reset after this one, and lower
 * theirs where they know it to be high.
 */
void hs_testdev_reset(struct hs_board *b)
{
	struct hs_testdev *t = b->testdev;
	unsigned int n;

	if (!t)
		return;
	for (n = 0; n < HS_IOAPIC_PINS; n++)
		hs_irq_set(b, n, false);
	memset(t->latch, 0, sizeof(t->latch));
	t->latch8 = 0;
	t->choice = 0;
	memset(t->ram, 0, HS_GPA_TESTDEV_SIZE);
}

/**
 * hs_testdev_exit - take the test device off the board
 * @b: the board; may have no test device
 */
void hs_testdev_exit(struct hs_board *b)
{
	if (!b->testdev)
		return;
	kvfree(b->testdev->ram);
	kfree(b->testdev);
	b->testdev = NULL;
}
