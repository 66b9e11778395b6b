// SPDX-License-Identifier: GPL-2.0
/*
 * Small ports: the ways to reset a PC.
 *
 * 0xcf9	reset control: bit 2 going from 0 to 1 resets; it lies among the ports
 *		of PCI, which has the region and hands single bytes on
 * 0x64		keyboard controller: command 0xfe pulses the reset line; there
 *		is no controller otherwise, so it reads as all ones
 * 0x92		system control port A: bit 0 going from 0 to 1 resets
 *
 * The delay port 0x80 needs no device: what nobody claims is dropped by the
 * bus at once.
 */
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "boot/layout.h"
#include "dev/board.h"
#include "dev/devices.h"

#define PORT_KBC_COMMAND	0x64
#define KBC_RESET		0xfe
#define PORT_CONTROL_A		0x92
#define CONTROL_A_RESET		0x01
#define CONTROL_A_A20		0x02
#define RESET_RST_CPU		0x04

struct hs_ports {
	raw_spinlock_t lock;
	u8 cf9, control_a;
	struct hs_board *b;
};

static u64 ones(unsigned int size)
{
	return ~0ULL >> (64 - 8 * size);
}

static void reset(struct hs_ports *p)
{
	p->b->ops->event(p->b->vm, HS_BOARD_RESET, 0);
}

/* Writes a latch; true when @bit of it rose. */
static bool latch(struct hs_ports *p, u8 *reg, u8 val, u8 bit)
{
	unsigned long flags;
	bool rose;

	raw_spin_lock_irqsave(&p->lock, flags);
	rose = val & ~*reg & bit;
	*reg = val;
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return rose;
}

/**
 * hs_ports_reset_read() - read the reset control register
 * @b: the board
 *
 * Context: any.
 */
u8 hs_ports_reset_read(struct hs_board *b)
{
	return READ_ONCE(b->ports->cf9);
}

/**
 * hs_ports_reset_write() - write the reset control register
 * @b: the board
 * @val: its value
 *
 * Context: any.
 */
void hs_ports_reset_write(struct hs_board *b, u8 val)
{
	if (latch(b->ports, &b->ports->cf9, val, RESET_RST_CPU))
		reset(b->ports);
}

static u64 kbc_read(void *dev, u64 off, unsigned int size)
{
	return ones(size);
}

static void kbc_write(void *dev, u64 off, unsigned int size, u64 val)
{
	if (val == KBC_RESET)
		reset(dev);
}

static u64 control_a_read(void *dev, u64 off, unsigned int size)
{
	struct hs_ports *p = dev;

	return READ_ONCE(p->control_a) | CONTROL_A_A20;
}

static void control_a_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_ports *p = dev;

	if (latch(p, &p->control_a, val, CONTROL_A_RESET))
		reset(p);
}

static const struct hs_region_ops kbc_ops = {
	.read = kbc_read,
	.write = kbc_write,
	.fast = true,
};

static const struct hs_region_ops control_a_ops = {
	.read = control_a_read,
	.write = control_a_write,
	.fast = true,
};

/**
 * hs_ports_init - put the reset ports on the board
 * @b: the board
 *
 * Return: 0, -ENOMEM, or what hs_bus_add() said.
 */
int hs_ports_init(struct hs_board *b)
{
	struct hs_ports *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!p)
		return -ENOMEM;
	raw_spin_lock_init(&p->lock);
	p->b = b;
	ret = hs_bus_add(&b->pio, PORT_KBC_COMMAND, 1, &kbc_ops, p);
	if (!ret)
		ret = hs_bus_add(&b->pio, PORT_CONTROL_A, 1, &control_a_ops, p);
	if (ret) {
		kfree(p);
		return ret;
	}
	b->ports = p;
	return 0;
}

/**
 * hs_ports_reset - power-on state
 * @b: the board; no vCPU runs
 */
void hs_ports_reset(struct hs_board *b)
{
	latch(b->ports, &b->ports->cf9, 0, 0);
	latch(b->ports, &b->ports->control_a, 0, 0);
}

/**
 * hs_ports_exit - take the ports off the board
 * @b: the board
 */
void hs_ports_exit(struct hs_board *b)
{
	kfree(b->ports);
	b->ports = NULL;
}
