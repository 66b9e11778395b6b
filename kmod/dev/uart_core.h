/* SPDX-License-Identifier: GPL-2.0 */
/*
 * 16550A UART: registers, FIFO, interrupt logic.  Pure; the caller locks.
 *
 * The line is infinitely fast: a byte written to THR is out at once, so THRE
 * and TEMT are always set, and what waits in the receive FIFO below its trigger
 * level has timed out at once.  But for the interrupt line it makes two steps:
 * an access clears a cause, as in the chip (a write of THR that of the empty THR,
 * a read of RBR that of the timeout), and hs_uart_core_elapse() makes the next.
 */
#ifndef HS_DEV_UART_CORE_H
#define HS_DEV_UART_CORE_H

#include "pure.h"

#define HS_UART_FIFO	16

/* Registers by offset. */
#define HS_UART_RBR	0	/* read; THR on write; DLL with DLAB */
#define HS_UART_IER	1	/* DLM with DLAB */
#define HS_UART_IIR	2	/* read; FCR on write */
#define HS_UART_LCR	3
#define HS_UART_MCR	4
#define HS_UART_LSR	5
#define HS_UART_MSR	6
#define HS_UART_SCR	7

#define HS_UART_IER_RDI		0x01
#define HS_UART_IER_THRI	0x02
#define HS_UART_IER_RLSI	0x04
#define HS_UART_IER_MSI		0x08

#define HS_UART_FCR_ENABLE	0x01
#define HS_UART_FCR_CLEAR_RX	0x02
#define HS_UART_FCR_CLEAR_TX	0x04

#define HS_UART_IIR_NONE	0x01
#define HS_UART_IIR_MSI		0x00
#define HS_UART_IIR_THRI	0x02
#define HS_UART_IIR_RDI		0x04
#define HS_UART_IIR_RLSI	0x06
#define HS_UART_IIR_TIMEOUT	0x0c
#define HS_UART_IIR_FIFO	0xc0

#define HS_UART_LCR_DLAB	0x80

#define HS_UART_MCR_DTR		0x01
#define HS_UART_MCR_RTS		0x02
#define HS_UART_MCR_OUT1	0x04
#define HS_UART_MCR_OUT2	0x08
#define HS_UART_MCR_LOOP	0x10

#define HS_UART_LSR_DR		0x01
#define HS_UART_LSR_OE		0x02
#define HS_UART_LSR_BI		0x10
#define HS_UART_LSR_THRE	0x20
#define HS_UART_LSR_TEMT	0x40
#define HS_UART_LSR_FIFOE	0x80

#define HS_UART_MSR_DCTS	0x01
#define HS_UART_MSR_DDSR	0x02
#define HS_UART_MSR_TERI	0x04
#define HS_UART_MSR_DDCD	0x08
#define HS_UART_MSR_CTS		0x10
#define HS_UART_MSR_DSR		0x20
#define HS_UART_MSR_RI		0x40
#define HS_UART_MSR_DCD		0x80

/* @rx: bytes with the LSR error bits that belong to them. */
struct hs_uart_core {
	u8 ier, fcr, lcr, mcr, scr, dll, dlm;
	u8 msr;			/* lines and deltas */
	bool overrun;
	bool thri;		/* THR became empty since IIR said so */
	bool thr_full;		/* written since hs_uart_core_elapse() */
	bool rx_fresh;		/* RBR was read since then */
	u8 rx_head, rx_len;
	struct {
		u8 byte, err;
	} rx[HS_UART_FIFO];
};

void hs_uart_core_reset(struct hs_uart_core *c);
u8 hs_uart_core_read(struct hs_uart_core *c, unsigned int reg);
bool hs_uart_core_write(struct hs_uart_core *c, unsigned int reg, u8 val, u8 *tx);
unsigned int hs_uart_core_room(const struct hs_uart_core *c);
void hs_uart_core_receive(struct hs_uart_core *c, u8 byte, u8 err);
void hs_uart_core_elapse(struct hs_uart_core *c);
bool hs_uart_core_irq(const struct hs_uart_core *c);

#endif /* HS_DEV_UART_CORE_H */
