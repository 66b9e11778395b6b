// SPDX-License-Identifier: GPL-2.0
/*
 * The I/O APIC on the board: its page, lock, wiring, and messages.
 *
 * Wiring: ISA line 0 and GSI 2 share pin 2 (interrupt source override of the
 * MADT); pin 0 is the PIC's INT output; all else is pin = GSI.
 *
 * Lock order: device lock > pic->lock > ioapic->lock > lapic->lock.  A message
 * is sent under the lock, so that remote IRR is set before the EOI of a vCPU that
 * is faster than we are can look for it.
 */
#include <linux/bitops.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "boot/layout.h"
#include "dev/board.h"
#include "dev/devices.h"
#include "dev/ioapic.h"
#include "dev/ioapic_core.h"

#define IOAPIC_PAGE	0x1000

struct hs_ioapic {
	raw_spinlock_t lock;
	struct hs_ioapic_core core;
	u8 pin2;		/* who drives pin 2: bit 0 ISA line 0, bit 2 GSI 2 */
	bool untaken;		/* a level interrupt that nobody took waits */
	struct hs_board *board;
};

static void ioapic_send(struct hs_ioapic *io, u32 pins)
{
	struct hs_irq_msg msg;
	unsigned int pin, taken;

	lockdep_assert_held(&io->lock);
	for (; pins; pins &= pins - 1) {
		pin = __ffs(pins);
		if (!hs_ioapic_core_msg(&io->core, pin, &msg))
			continue;
		taken = hs_irq_deliver(io->board, -1, &msg);
		hs_ioapic_core_sent(&io->core, pin, taken);
		if (!taken && msg.level)
			io->untaken = true;
	}
}

static void ioapic_set_pin(struct hs_ioapic *io, unsigned int pin, bool level)
{
	if (hs_ioapic_core_set(&io->core, pin, level))
		ioapic_send(io, BIT(pin));
}

/**
 * hs_ioapic_set() - level of an interrupt line
 * @b: the board
 * @gsi: 0-23
 * @level: asserted or not
 *
 * Context: any.
 */
void hs_ioapic_set(struct hs_board *b, unsigned int gsi, bool level)
{
	struct hs_ioapic *io = b->ioapic;
	unsigned long flags;

	raw_spin_lock_irqsave(&io->lock, flags);
	if (gsi == HS_IRQ_PIT || gsi == HS_GSI_PIT) {
		if (level)
			io->pin2 |= BIT(gsi);
		else
			io->pin2 &= ~BIT(gsi);
		level = io->pin2;
		gsi = HS_GSI_PIT;
	}
	ioapic_set_pin(io, gsi, level);
	raw_spin_unlock_irqrestore(&io->lock, flags);
}

/**
 * hs_ioapic_wants_edge() - would a rising edge of a pin make it send
 * @b: the board
 * @pin: 0-23
 *
 * Context: any.
 * Return: false when it would not; hs_pit_wake() is called when that changes,
 * as only the PIT asks.
 */
bool hs_ioapic_wants_edge(struct hs_board *b, unsigned int pin)
{
	struct hs_ioapic *io = b->ioapic;
	unsigned long flags;
	bool wants;

	raw_spin_lock_irqsave(&io->lock, flags);
	wants = hs_ioapic_core_wants_edge(&io->core, pin);
	raw_spin_unlock_irqrestore(&io->lock, flags);
	return wants;
}

/**
 * hs_ioapic_set_pin0() - the PIC's INT output
 * @b: the board
 * @level: high or low
 *
 * Context: any; the PIC's lock is held.
 */
void hs_ioapic_set_pin0(struct hs_board *b, bool level)
{
	struct hs_ioapic *io = b->ioapic;
	unsigned long flags;

	raw_spin_lock_irqsave(&io->lock, flags);
	ioapic_set_pin(io, 0, level);
	raw_spin_unlock_irqrestore(&io->lock, flags);
}

/**
 * hs_ioapic_eoi() - a local APIC broadcasts an EOI
 * @b: the board
 * @vector: of the level interrupt
 *
 * Context: any.
 */
void hs_ioapic_eoi(struct hs_board *b, u8 vector)
{
	struct hs_ioapic *io = b->ioapic;
	unsigned long flags;

	raw_spin_lock_irqsave(&io->lock, flags);
	ioapic_send(io, hs_ioapic_core_eoi(&io->core, vector));
	raw_spin_unlock_irqrestore(&io->lock, flags);
	hs_pit_look(b);
}

/**
 * hs_ioapic_retry() - a local APIC may take now what nobody took
 * @b: the board
 *
 * It was enabled, or got another logical address.  On hardware the I/O APIC
 * repeats its message until somebody accepts it.
 *
 * Context: any.
 */
void hs_ioapic_retry(struct hs_board *b)
{
	struct hs_ioapic *io = b->ioapic;
	unsigned long flags;
	unsigned int pin;

	/*
	 * The lock orders the caller's change against a sender that saw the old
	 * state: either the sender has set untaken, or it sees the new state.
	 */
	raw_spin_lock_irqsave(&io->lock, flags);
	if (io->untaken) {
		io->untaken = false;
		for (pin = 0; pin < HS_IOAPIC_NPINS; pin++)
			if (hs_ioapic_core_wants(&io->core, pin))
				ioapic_send(io, BIT(pin));
	}
	raw_spin_unlock_irqrestore(&io->lock, flags);
}

/* Registers are 32 bits wide; narrower accesses get or set the low part. */
static u64 ioapic_read(void *dev, u64 off, unsigned int size)
{
	struct hs_ioapic *io = dev;
	unsigned long flags;
	u32 val;

	raw_spin_lock_irqsave(&io->lock, flags);
	val = hs_ioapic_core_read(&io->core, off);
	raw_spin_unlock_irqrestore(&io->lock, flags);
	return val;
}

static void ioapic_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_ioapic *io = dev;
	unsigned long flags;

	raw_spin_lock_irqsave(&io->lock, flags);
	ioapic_send(io, hs_ioapic_core_write(&io->core, off, val));
	raw_spin_unlock_irqrestore(&io->lock, flags);
	hs_pit_look(io->board);
}

static const struct hs_region_ops ioapic_ops = {
	.read = ioapic_read, .write = ioapic_write, .fast = true,
};

/**
 * hs_ioapic_init() - put the I/O APIC on the board
 * @b: the board; its local APICs exist
 *
 * Context: process.
 * Return: 0, -ENOMEM, or what hs_bus_add() said.
 */
int hs_ioapic_init(struct hs_board *b)
{
	struct hs_ioapic *io = kzalloc(sizeof(*io), GFP_KERNEL_ACCOUNT);
	int ret;

	BUILD_BUG_ON(HS_IOAPIC_NPINS != HS_IOAPIC_PINS);
	if (!io)
		return -ENOMEM;
	raw_spin_lock_init(&io->lock);
	hs_ioapic_core_reset(&io->core);
	io->board = b;

	ret = hs_bus_add(&b->mmio, HS_GPA_IOAPIC, IOAPIC_PAGE, &ioapic_ops, io);
	if (ret) {
		kfree(io);
		return ret;
	}
	b->ioapic = io;
	return 0;
}

/**
 * hs_ioapic_reset() - power-on state
 * @b: the board; no vCPU runs
 */
void hs_ioapic_reset(struct hs_board *b)
{
	struct hs_ioapic *io = b->ioapic;
	unsigned long flags;

	raw_spin_lock_irqsave(&io->lock, flags);
	hs_ioapic_core_reset(&io->core);
	io->untaken = false;
	raw_spin_unlock_irqrestore(&io->lock, flags);
}

/**
 * hs_ioapic_exit() - take the I/O APIC from the board
 * @b: the board; no device drives a line any more
 */
void hs_ioapic_exit(struct hs_board *b)
{
	kfree(b->ioapic);
	b->ioapic = NULL;
}
