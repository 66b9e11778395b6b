// SPDX-License-Identifier: GPL-2.0
/*
 * The UART on the board: 16550A at 0x3f8, line 4, with the console at its
 * other end.
 *
 * Lock order: console's attach lock > hs_uart.lock > interrupt controllers,
 * and hs_uart.lock > the console's ring lock.  All are taken with interrupts
 * off, because the guest's accesses are served from FAST exit handlers.
 */
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "boot/layout.h"
#include "dev/board.h"
#include "dev/bytes.h"
#include "dev/console.h"
#include "dev/devices.h"
#include "dev/uart_core.h"

struct hs_uart {
	raw_spinlock_t lock;
	struct hs_uart_core core;
	bool line;		/* level last given to the controllers */
	struct hs_board *b;
};

/* The line follows the state. */
static void drive(struct hs_uart *u)
{
	bool level = hs_uart_core_irq(&u->core);

	lockdep_assert_held(&u->lock);
	if (level == u->line)
		return;
	u->line = level;
	hs_irq_set(u->b, HS_IRQ_COM1, level);
}

/* Takes at most @max bytes of what was typed. */
static void refill(struct hs_uart *u, unsigned int max)
{
	u8 byte;

	/* No lock for a guest that looks at LSR before each byte it writes. */
	if (!hs_console_has_input(u->b->console))
		return;
	max = min(max, hs_uart_core_room(&u->core));
	while (max-- && hs_console_in(u->b->console, &byte, 1))
		hs_uart_core_receive(&u->core, byte, 0);
}

/*
 * The end of each access, and what happens by itself.  The line first shows what
 * the access has cleared: its input is edge triggered, and what comes next would
 * go unnoticed on a line that never fell.  For the same reason the FIFO is not
 * topped up while the guest empties it.
 */
static void update(struct hs_uart *u)
{
	drive(u);
	hs_uart_core_elapse(&u->core);
	if ((u->core.ier & HS_UART_IER_RDI) && !u->core.rx_len)
		refill(u, HS_UART_FIFO);
	drive(u);
}

static u8 read_reg(void *dev, unsigned int reg)
{
	struct hs_uart *u = dev;
	unsigned long flags;
	u8 val;

	raw_spin_lock_irqsave(&u->lock, flags);
	/*
	 * A driver that sets the port up clears the FIFO, so what was typed
	 * before waits in the console until the guest asks for it: it enabled
	 * the receive interrupt, or it looks for a byte here, and gets one.
	 */
	if (reg == HS_UART_LSR && !u->core.rx_len)
		refill(u, 1);
	val = hs_uart_core_read(&u->core, reg);
	update(u);
	raw_spin_unlock_irqrestore(&u->lock, flags);
	return val;
}

static void write_reg(void *dev, unsigned int reg, u8 val)
{
	struct hs_uart *u = dev;
	unsigned long flags;
	u8 tx;

	raw_spin_lock_irqsave(&u->lock, flags);
	if (hs_uart_core_write(&u->core, reg, val, &tx))
		hs_console_out(u->b->console, &tx, 1);
	update(u);
	raw_spin_unlock_irqrestore(&u->lock, flags);
}

static u64 uart_read(void *dev, u64 off, unsigned int size)
{
	return hs_read_bytes(read_reg, dev, off, size);
}

static void uart_write(void *dev, u64 off, unsigned int size, u64 val)
{
	hs_write_bytes(write_reg, dev, off, size, val);
}

static const struct hs_region_ops uart_ops = {
	.read = uart_read,
	.write = uart_write,
	.fast = true,
};

/* The console has bytes for the guest. */
static void input_ready(void *dev)
{
	struct hs_uart *u = dev;
	unsigned long flags;

	raw_spin_lock_irqsave(&u->lock, flags);
	if (u->core.ier & HS_UART_IER_RDI)
		refill(u, HS_UART_FIFO);
	drive(u);
	raw_spin_unlock_irqrestore(&u->lock, flags);
}

/*
 * The line is held low for longer than a character.  Linux takes that as the
 * start of a SysRq.
 */
static void line_break(void *dev)
{
	struct hs_uart *u = dev;
	unsigned long flags;

	raw_spin_lock_irqsave(&u->lock, flags);
	if (hs_uart_core_room(&u->core))
		hs_uart_core_receive(&u->core, 0, HS_UART_LSR_BI);
	drive(u);
	raw_spin_unlock_irqrestore(&u->lock, flags);
}

static const struct hs_console_ops console_ops = {
	.input = input_ready,
	.line_break = line_break,
};

/**
 * hs_uart_init - put a 16550A on the board
 * @b: the board; its console exists
 *
 * Process context.
 *
 * Return: 0, -ENOMEM, or what hs_bus_add() said.
 */
int hs_uart_init(struct hs_board *b)
{
	struct hs_uart *u = kzalloc(sizeof(*u), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!u)
		return -ENOMEM;
	raw_spin_lock_init(&u->lock);
	u->b = b;
	hs_uart_core_reset(&u->core);
	ret = hs_bus_add(&b->pio, HS_PORT_COM1, 8, &uart_ops, u);
	if (ret) {
		kfree(u);
		return ret;
	}
	b->uart = u;
	hs_console_attach(b->console, &console_ops, u);
	return 0;
}

/**
 * hs_uart_reset - power-on state
 * @b: the board; no vCPU runs
 */
void hs_uart_reset(struct hs_board *b)
{
	struct hs_uart *u = b->uart;
	unsigned long flags;

	raw_spin_lock_irqsave(&u->lock, flags);
	hs_uart_core_reset(&u->core);
	drive(u);
	raw_spin_unlock_irqrestore(&u->lock, flags);
}

/**
 * hs_uart_exit - take the UART off the board
 * @b: the board; the console still exists, nothing of it calls in afterwards
 */
void hs_uart_exit(struct hs_board *b)
{
	if (!b->uart)
		return;
	hs_console_detach(b->console);
	kfree(b->uart);
	b->uart = NULL;
}
