// SPDX-License-Identifier: GPL-2.0
/* 16550A UART, as the data sheet of the PC16550D tells it. */
#include "dev/uart_core.h"

/* What the other end of the cable asserts. */
#define PEER_LINES	(HS_UART_MSR_DCD | HS_UART_MSR_DSR | HS_UART_MSR_CTS)

static bool fifo_on(const struct hs_uart_core *c)
{
	return c->fcr & HS_UART_FCR_ENABLE;
}

static unsigned int rx_size(const struct hs_uart_core *c)
{
	return fifo_on(c) ? HS_UART_FIFO : 1;
}

static unsigned int rx_trigger(const struct hs_uart_core *c)
{
	static const u8 level[4] = { 1, 4, 8, 14 };

	return fifo_on(c) ? level[c->fcr >> 6] : 1;
}

static u8 rx_head_err(const struct hs_uart_core *c)
{
	return c->rx_len ? c->rx[c->rx_head].err : 0;
}

static void rx_clear(struct hs_uart_core *c)
{
	c->rx_head = 0;
	c->rx_len = 0;
}

/*
 * Modem lines as MSR shows them: from the cable, or in loopback from MCR.
 * Changes since MSR was last read stay in the delta bits; of RI only the
 * falling edge counts.
 */
static void update_lines(struct hs_uart_core *c)
{
	u8 old = c->msr & 0xf0, now = PEER_LINES, delta;

	if (c->mcr & HS_UART_MCR_LOOP) {
		now = 0;
		if (c->mcr & HS_UART_MCR_RTS)
			now |= HS_UART_MSR_CTS;
		if (c->mcr & HS_UART_MCR_DTR)
			now |= HS_UART_MSR_DSR;
		if (c->mcr & HS_UART_MCR_OUT1)
			now |= HS_UART_MSR_RI;
		if (c->mcr & HS_UART_MCR_OUT2)
			now |= HS_UART_MSR_DCD;
	}
	delta = (old ^ now) >> 4;
	if (!(old & HS_UART_MSR_RI))
		delta &= ~HS_UART_MSR_TERI;
	c->msr = now | (c->msr & 0x0f) | delta;
}

/**
 * hs_uart_core_reset - power-on state: nothing enabled, no FIFO, 9600 baud
 * @c: the UART
 */
void hs_uart_core_reset(struct hs_uart_core *c)
{
	memset(c, 0, sizeof(*c));
	c->dll = 12;
	c->msr = PEER_LINES;
}

/* The interrupt that IIR names: the first in the chip's order of priority. */
static u8 irq_id(const struct hs_uart_core *c)
{
	if ((c->ier & HS_UART_IER_RLSI) && (c->overrun || rx_head_err(c)))
		return HS_UART_IIR_RLSI;
	if ((c->ier & HS_UART_IER_RDI) && c->rx_len >= rx_trigger(c))
		return HS_UART_IIR_RDI;
	if ((c->ier & HS_UART_IER_RDI) && c->rx_len && !c->rx_fresh)
		return HS_UART_IIR_TIMEOUT;
	if ((c->ier & HS_UART_IER_THRI) && c->thri)
		return HS_UART_IIR_THRI;
	if ((c->ier & HS_UART_IER_MSI) && (c->msr & 0x0f))
		return HS_UART_IIR_MSI;
	return HS_UART_IIR_NONE;
}

/**
 * hs_uart_core_irq - level of the interrupt line
 * @c: the UART
 *
 * On a PC the line reaches the interrupt controller through a gate that OUT2
 * opens.
 *
 * Return: true when the line is high.
 */
bool hs_uart_core_irq(const struct hs_uart_core *c)
{
	return (c->mcr & HS_UART_MCR_OUT2) && irq_id(c) != HS_UART_IIR_NONE;
}

static u8 read_rbr(struct hs_uart_core *c)
{
	u8 byte;

	if (!c->rx_len)
		return 0;
	byte = c->rx[c->rx_head].byte;
	c->rx_head = (c->rx_head + 1) % HS_UART_FIFO;
	c->rx_len--;
	/* What is left has four character times more to be read in. */
	c->rx_fresh = true;
	return byte;
}

static u8 read_iir(struct hs_uart_core *c)
{
	u8 id = irq_id(c);

	if (id == HS_UART_IIR_THRI)
		c->thri = false;
	return id | (fifo_on(c) ? HS_UART_IIR_FIFO : 0);
}

static u8 read_lsr(struct hs_uart_core *c)
{
	u8 lsr = HS_UART_LSR_THRE | HS_UART_LSR_TEMT;
	unsigned int i;

	if (c->rx_len)
		lsr |= HS_UART_LSR_DR | rx_head_err(c);
	if (c->overrun)
		lsr |= HS_UART_LSR_OE;
	for (i = 0; fifo_on(c) && i < c->rx_len; i++)
		if (c->rx[(c->rx_head + i) % HS_UART_FIFO].err)
			lsr |= HS_UART_LSR_FIFOE;
	c->overrun = false;
	if (c->rx_len)
		c->rx[c->rx_head].err = 0;
	return lsr;
}

/**
 * hs_uart_core_read - the guest reads a register
 * @c: the UART
 * @reg: offset, 0-7
 *
 * Return: the register; reading RBR, IIR, LSR and MSR changes state.
 */
u8 hs_uart_core_read(struct hs_uart_core *c, unsigned int reg)
{
	bool dlab = c->lcr & HS_UART_LCR_DLAB;
	u8 val;

	switch (reg) {
	case HS_UART_RBR:
		return dlab ? c->dll : read_rbr(c);
	case HS_UART_IER:
		return dlab ? c->dlm : c->ier;
	case HS_UART_IIR:
		return read_iir(c);
	case HS_UART_LCR:
		return c->lcr;
	case HS_UART_MCR:
		return c->mcr;
	case HS_UART_LSR:
		return read_lsr(c);
	case HS_UART_MSR:
		val = c->msr;
		c->msr &= 0xf0;
		return val;
	case HS_UART_SCR:
		return c->scr;
	}
	return 0xff;
}

static void write_fcr(struct hs_uart_core *c, u8 val)
{
	if ((val ^ c->fcr) & HS_UART_FCR_ENABLE)
		rx_clear(c);
	if (!(val & HS_UART_FCR_ENABLE)) {
		c->fcr = 0;
		return;
	}
	if (val & HS_UART_FCR_CLEAR_RX)
		rx_clear(c);
	c->fcr = val & 0xc9;
}

/**
 * hs_uart_core_write - the guest writes a register
 * @c: the UART
 * @reg: offset, 0-7
 * @val: the byte
 * @tx: receives the byte that leaves on the line
 *
 * Return: true when a byte leaves, and *@tx is set.
 */
bool hs_uart_core_write(struct hs_uart_core *c, unsigned int reg, u8 val, u8 *tx)
{
	bool dlab = c->lcr & HS_UART_LCR_DLAB;

	switch (reg) {
	case HS_UART_RBR:
		if (dlab) {
			c->dll = val;
			break;
		}
		c->thri = false;
		c->thr_full = true;
		if (c->mcr & HS_UART_MCR_LOOP) {
			hs_uart_core_receive(c, val, 0);
			break;
		}
		*tx = val;
		return true;
	case HS_UART_IER:
		if (dlab) {
			c->dlm = val;
			break;
		}
		/* Enabling the interrupt of an empty THR raises it. */
		if (val & ~c->ier & HS_UART_IER_THRI)
			c->thri = true;
		c->ier = val & 0x0f;
		break;
	case HS_UART_IIR:
		write_fcr(c, val);
		break;
	case HS_UART_LCR:
		c->lcr = val;
		break;
	case HS_UART_MCR:
		c->mcr = val & 0x1f;
		update_lines(c);
		break;
	case HS_UART_SCR:
		c->scr = val;
		break;
	}
	return false;
}

/**
 * hs_uart_core_elapse - time passes, as much as it takes
 * @c: the UART
 *
 * What was written has left, and what waits in the receive FIFO has timed out.
 * The caller looks at the interrupt line before this and after it: where both
 * follow each other on a real line, an edge-triggered input sees an edge.
 */
void hs_uart_core_elapse(struct hs_uart_core *c)
{
	if (c->thr_full)
		c->thri = true;
	c->thr_full = false;
	c->rx_fresh = false;
}

/**
 * hs_uart_core_room - bytes that the outside may send now
 * @c: the UART
 *
 * Return: free places of the receive FIFO, 0 in loopback.
 */
unsigned int hs_uart_core_room(const struct hs_uart_core *c)
{
	if (c->mcr & HS_UART_MCR_LOOP)
		return 0;
	return c->rx_len < rx_size(c) ? rx_size(c) - c->rx_len : 0;
}

/**
 * hs_uart_core_receive - a byte arrives
 * @c: the UART
 * @byte: what arrived; lost with an overrun error when there is no room
 * @err: LSR error bits that belong to it
 */
void hs_uart_core_receive(struct hs_uart_core *c, u8 byte, u8 err)
{
	unsigned int tail = (c->rx_head + c->rx_len) % HS_UART_FIFO;

	if (c->rx_len >= rx_size(c)) {
		c->overrun = true;
		return;
	}
	c->rx[tail].byte = byte;
	c->rx[tail].err = err;
	c->rx_len++;
}
