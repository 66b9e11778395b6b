// SPDX-License-Identifier: GPL-2.0
/*
 * pvpanic: a port that a panicking guest writes to (Linux: pvpanic driver,
 * ACPI device QEMU0001).  It holds no state.
 */
#include "boot/layout.h"
#include "dev/board.h"
#include "dev/devices.h"

#define PVPANIC_PANICKED	0x01
#define PVPANIC_CRASH_LOADED	0x02	/* a kdump kernel takes over */

static u64 pvpanic_read(void *dev, u64 off, unsigned int size)
{
	return PVPANIC_PANICKED | PVPANIC_CRASH_LOADED;
}

/*
 * A guest with a kdump kernel says CRASH_LOADED and goes on to write its
 * dump: that is its own business, and it ends or reboots by itself.
 */
static void pvpanic_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_board *b = dev;

	if (val & PVPANIC_PANICKED)
		b->ops->event(b->vm, HS_BOARD_PANIC, val);
}

static const struct hs_region_ops pvpanic_ops = {
	.read = pvpanic_read,
	.write = pvpanic_write,
	.fast = true,
};

/**
 * hs_pvpanic_init - put pvpanic on the board
 * @b: the board
 *
 * Return: 0 or what hs_bus_add() said.
 */
int hs_pvpanic_init(struct hs_board *b)
{
	return hs_bus_add(&b->pio, HS_PORT_PVPANIC, 1, &pvpanic_ops, b);
}

/**
 * hs_pvpanic_reset - nothing to reset
 * @b: the board
 */
void hs_pvpanic_reset(struct hs_board *b)
{
}

/**
 * hs_pvpanic_exit - nothing to free
 * @b: the board
 */
void hs_pvpanic_exit(struct hs_board *b)
{
}
