// SPDX-License-Identifier: GPL-2.0
/*
 * The PIC pair on the board: ports, lock, and where its INT output goes.
 *
 * INT reaches LINT0 of the boot processor, and I/O APIC pin 0, as on a PC with
 * an MP or ACPI table.
 *
 * Lock order: device lock > pic->lock > ioapic->lock > lapic->lock.
 */
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "boot/layout.h"
#include "dev/board.h"
#include "dev/devices.h"
#include "dev/ioapic.h"
#include "dev/pic.h"
#include "dev/pic_core.h"

struct hs_pic {
	raw_spinlock_t lock;
	struct hs_pic_core core;
	bool intr;		/* INT output; written under lock, read without */
	struct hs_board *board;
};

static void pic_drive(struct hs_pic *p, bool intr)
{
	lockdep_assert_held(&p->lock);
	if (intr == p->intr)
		return;
	WRITE_ONCE(p->intr, intr);
	hs_lapic_set_lint(p->board->lapic[0], 0, intr);
	hs_ioapic_set_pin0(p->board, intr);
}

static void pic_update(struct hs_pic *p)
{
	pic_drive(p, hs_pic_core_peek(&p->core) >= 0);
}

/**
 * hs_pic_set() - level of an ISA interrupt line
 * @b: the board
 * @line: 0-15
 * @level: high or low
 *
 * Context: any.
 */
void hs_pic_set(struct hs_board *b, unsigned int line, bool level)
{
	struct hs_pic *p = b->pic;
	unsigned long flags;

	raw_spin_lock_irqsave(&p->lock, flags);
	hs_pic_core_set(&p->core, line, level);
	pic_update(p);
	raw_spin_unlock_irqrestore(&p->lock, flags);
}

/**
 * hs_pic_wants_edge() - would a rising edge of a line change anything
 * @b: the board
 * @line: 0-15, edge triggered; not 2
 *
 * Context: any.
 * Return: false when one waits already; hs_pit_wake() is called when that
 * changes, as only the PIT asks.
 */
bool hs_pic_wants_edge(struct hs_board *b, unsigned int line)
{
	struct hs_pic *p = b->pic;
	unsigned long flags;
	bool wants;

	raw_spin_lock_irqsave(&p->lock, flags);
	wants = hs_pic_core_wants_edge(&p->core, line);
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return wants;
}

/**
 * hs_pic_pending() - INT output
 * @b: the board
 *
 * Context: any.  A hint when the caller does not own the lines.
 * Return: true when the pair asks for an INTA cycle.
 */
bool hs_pic_pending(struct hs_board *b)
{
	return READ_ONCE(b->pic->intr);
}

/**
 * hs_pic_peek() - the vector that hs_pic_ack() would return now
 * @b: the board
 *
 * Context: any.
 * Return: 0-255, or -1 when INT is low.
 */
int hs_pic_peek(struct hs_board *b)
{
	struct hs_pic *p = b->pic;
	unsigned long flags;
	int vector;

	if (!READ_ONCE(p->intr))
		return -1;
	raw_spin_lock_irqsave(&p->lock, flags);
	vector = hs_pic_core_peek(&p->core);
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return vector;
}

/**
 * hs_pic_ack() - an INTA cycle, if the pair still asks for one
 * @b: the board
 *
 * Context: any.
 * Return: the vector, or -1 when INT is low.
 */
int hs_pic_ack(struct hs_board *b)
{
	struct hs_pic *p = b->pic;
	unsigned long flags;
	int vector = -1;

	raw_spin_lock_irqsave(&p->lock, flags);
	if (hs_pic_core_peek(&p->core) >= 0) {
		vector = hs_pic_core_inta(&p->core);
		/* INT falls with INTA, and rises again if more is waiting. */
		pic_drive(p, false);
		pic_update(p);
	}
	raw_spin_unlock_irqrestore(&p->lock, flags);
	hs_pit_look(b);
	return vector;
}

/* Accesses wider than a byte are bytes on consecutive ports. */
static noinline u64 pic_read_locked(struct hs_pic *p, unsigned int chip, u64 off,
				    unsigned int size)
{
	unsigned long flags;
	unsigned int i;
	u64 val = 0;
	bool polled;

	raw_spin_lock_irqsave(&p->lock, flags);
	polled = p->core.chip[chip].poll;
	for (i = 0; i < size; i++)
		val |= (u64)hs_pic_core_read(&p->core, chip, off + i) << (i * 8);
	if (polled)
		pic_update(p);
	raw_spin_unlock_irqrestore(&p->lock, flags);
	hs_pit_look(p->board);
	return val;
}

static __always_inline u64 pic_read(struct hs_pic *p, unsigned int chip, u64 off,
				    unsigned int size)
{
	const struct hs_pic_chip *c = &p->core.chip[chip];

	/* The mask is what guests read most, and has no side effect. */
	if (off == 1 && size == 1 && !READ_ONCE(c->poll))
		return READ_ONCE(c->imr);
	return pic_read_locked(p, chip, off, size);
}

static void pic_write(struct hs_pic *p, unsigned int chip, u64 off,
		      unsigned int size, u64 val)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&p->lock, flags);
	for (i = 0; i < size; i++)
		hs_pic_core_write(&p->core, chip, off + i, val >> (i * 8));
	pic_update(p);
	raw_spin_unlock_irqrestore(&p->lock, flags);
	hs_pit_look(p->board);
}

static u64 pic_master_read(void *dev, u64 off, unsigned int size)
{
	return pic_read(dev, 0, off, size);
}

static void pic_master_write(void *dev, u64 off, unsigned int size, u64 val)
{
	pic_write(dev, 0, off, size, val);
}

static u64 pic_slave_read(void *dev, u64 off, unsigned int size)
{
	return pic_read(dev, 1, off, size);
}

static void pic_slave_write(void *dev, u64 off, unsigned int size, u64 val)
{
	pic_write(dev, 1, off, size, val);
}

static u64 pic_elcr_read(void *dev, u64 off, unsigned int size)
{
	struct hs_pic *p = dev;
	unsigned int i;
	u64 val = 0;

	for (i = 0; i < size; i++)
		val |= (u64)hs_pic_core_elcr_read(&p->core, off + i) << (i * 8);
	return val;
}

static void pic_elcr_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_pic *p = dev;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&p->lock, flags);
	for (i = 0; i < size; i++)
		hs_pic_core_elcr_write(&p->core, off + i, val >> (i * 8));
	pic_update(p);
	raw_spin_unlock_irqrestore(&p->lock, flags);
}

static const struct hs_region_ops pic_master_ops = {
	.read = pic_master_read, .write = pic_master_write, .fast = true,
};

static const struct hs_region_ops pic_slave_ops = {
	.read = pic_slave_read, .write = pic_slave_write, .fast = true,
};

static const struct hs_region_ops pic_elcr_ops = {
	.read = pic_elcr_read, .write = pic_elcr_write, .fast = true,
};

/**
 * hs_pic_init() - put the pair on the board
 * @b: the board; its local APICs exist
 *
 * Context: process.
 * Return: 0, -ENOMEM, or what hs_bus_add() said.
 */
int hs_pic_init(struct hs_board *b)
{
	struct hs_pic *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!p)
		return -ENOMEM;
	raw_spin_lock_init(&p->lock);
	hs_pic_core_reset(&p->core);
	p->board = b;

	ret = hs_bus_add(&b->pio, HS_PORT_PIC1, 2, &pic_master_ops, p);
	if (!ret)
		ret = hs_bus_add(&b->pio, HS_PORT_PIC2, 2, &pic_slave_ops, p);
	if (!ret)
		ret = hs_bus_add(&b->pio, HS_PORT_PIC_ELCR, 2, &pic_elcr_ops, p);
	if (ret) {
		kfree(p);
		return ret;
	}
	b->pic = p;
	return 0;
}

/**
 * hs_pic_reset() - power-on state
 * @b: the board; no vCPU runs
 */
void hs_pic_reset(struct hs_board *b)
{
	struct hs_pic *p = b->pic;
	unsigned long flags;

	raw_spin_lock_irqsave(&p->lock, flags);
	hs_pic_core_reset(&p->core);
	pic_update(p);
	raw_spin_unlock_irqrestore(&p->lock, flags);
}

/**
 * hs_pic_exit() - take the pair from the board
 * @b: the board; no device drives a line any more
 */
void hs_pic_exit(struct hs_board *b)
{
	kfree(b->pic);
	b->pic = NULL;
}
