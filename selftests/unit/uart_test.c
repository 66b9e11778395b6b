// SPDX-License-Identifier: GPL-2.0
/* The 16550A core, probed and driven as drivers do it. */
#include "dev/uart_core.h"
#include "kselftest_harness.h"

FIXTURE(uart) {
	struct hs_uart_core c;
	u8 tx;
};

FIXTURE_SETUP(uart)
{
	hs_uart_core_reset(&self->c);
}

FIXTURE_TEARDOWN(uart)
{
}

#define IN_NOW(reg)	hs_uart_core_read(&self->c, HS_UART_##reg)
#define OUT_NOW(reg, v)	hs_uart_core_write(&self->c, HS_UART_##reg, v, &self->tx)
#define ELAPSE()	hs_uart_core_elapse(&self->c)
#define IRQ()		hs_uart_core_irq(&self->c)
#define IN(reg)		({ u8 _v = IN_NOW(reg); ELAPSE(); _v; })
#define OUT(reg, v)	({ bool _t = OUT_NOW(reg, v); ELAPSE(); _t; })

TEST_F(uart, power_on)
{
	EXPECT_EQ(IN(LSR), 0x60);
	EXPECT_EQ(IN(IIR), 0x01);
	EXPECT_EQ(IN(IER), 0);
	EXPECT_EQ(IN(MSR), 0xb0);
	EXPECT_FALSE(hs_uart_core_irq(&self->c));
}

/* The order of a driver that finds out what chip this is. */
TEST_F(uart, autoconfig)
{
	/* Only four bits of IER exist. */
	OUT(IER, 0);
	EXPECT_EQ(IN(IER), 0);
	OUT(IER, 0xff);
	EXPECT_EQ(IN(IER), 0x0f);
	OUT(IER, 0);

	/* Loopback: RTS and OUT2 come back as CTS and DCD. */
	OUT(MCR, HS_UART_MCR_LOOP | HS_UART_MCR_OUT2 | HS_UART_MCR_RTS);
	EXPECT_EQ(IN(MSR) & 0xf0, HS_UART_MSR_DCD | HS_UART_MSR_CTS);
	OUT(MCR, 0);

	/* No EFR behind LCR 0xbf, FIFOs of a 16550A, no 64-byte mode. */
	OUT(LCR, 0xbf);
	EXPECT_NE(hs_uart_core_read(&self->c, 2), 0);
	OUT(LCR, 0);
	OUT(IIR, HS_UART_FCR_ENABLE);
	EXPECT_EQ(IN(IIR) >> 6, 3);
	OUT(LCR, HS_UART_LCR_DLAB);
	OUT(IIR, HS_UART_FCR_ENABLE | 0x20);
	EXPECT_EQ(IN(IIR) & 0xe0, 0xc0);
	OUT(LCR, 0);

	OUT(SCR, 0x5a);
	EXPECT_EQ(IN(SCR), 0x5a);
	OUT(SCR, 0xa5);
	EXPECT_EQ(IN(SCR), 0xa5);
}

TEST_F(uart, divisor)
{
	OUT(IER, 5);
	OUT(LCR, 0x83);
	OUT(RBR, 0x34);
	OUT(IER, 0x12);
	EXPECT_EQ(IN(RBR), 0x34);
	EXPECT_EQ(IN(IER), 0x12);
	OUT(LCR, 0x03);
	EXPECT_EQ(IN(IER), 5);
}

/* Enabling the interrupt of an empty THR raises it, each time. */
TEST_F(uart, thre_reasserts)
{
	OUT(MCR, HS_UART_MCR_OUT2);
	OUT(IER, HS_UART_IER_THRI);
	EXPECT_TRUE(hs_uart_core_irq(&self->c));
	EXPECT_EQ(IN(IIR), HS_UART_IIR_THRI);
	EXPECT_FALSE(hs_uart_core_irq(&self->c));
	EXPECT_EQ(IN(IIR), HS_UART_IIR_NONE);
	OUT(IER, 0);
	OUT(IER, HS_UART_IER_THRI);
	EXPECT_EQ(IN(IIR), HS_UART_IIR_THRI);
	/* Writing what is set already is no edge. */
	OUT(IER, HS_UART_IER_THRI);
	EXPECT_EQ(IN(IIR), HS_UART_IIR_NONE);
	/* Writing THR empties it again. */
	EXPECT_TRUE(OUT(RBR, 'x'));
	EXPECT_EQ(self->tx, 'x');
	EXPECT_EQ(IN(LSR), 0x60);
	EXPECT_TRUE(hs_uart_core_irq(&self->c));
	EXPECT_EQ(IN(IIR), HS_UART_IIR_THRI);
}

TEST_F(uart, out2_gates_the_line)
{
	OUT(IER, HS_UART_IER_THRI);
	EXPECT_FALSE(hs_uart_core_irq(&self->c));
	OUT(MCR, HS_UART_MCR_OUT2);
	EXPECT_TRUE(hs_uart_core_irq(&self->c));
	OUT(MCR, 0);
	EXPECT_FALSE(hs_uart_core_irq(&self->c));
}

TEST_F(uart, fifo_size_in_loopback)
{
	unsigned int i, n = 0;

	OUT(IIR, HS_UART_FCR_ENABLE | HS_UART_FCR_CLEAR_RX | HS_UART_FCR_CLEAR_TX);
	OUT(MCR, HS_UART_MCR_LOOP);
	EXPECT_EQ(hs_uart_core_room(&self->c), 0);
	for (i = 0; i < 256; i++)
		EXPECT_FALSE(OUT(RBR, i));
	EXPECT_EQ(IN(LSR), 0x63);	/* overrun, once */
	EXPECT_EQ(IN(LSR), 0x61);
	while ((IN(LSR) & HS_UART_LSR_DR) && n < 256)
		EXPECT_EQ(IN(RBR), n++);
	EXPECT_EQ(n, 16);
	OUT(MCR, 0);
	EXPECT_EQ(hs_uart_core_room(&self->c), 16);
}

TEST_F(uart, receive_trigger_and_timeout)
{
	unsigned int i;

	OUT(MCR, HS_UART_MCR_OUT2);
	OUT(IIR, HS_UART_FCR_ENABLE | 0x80);	/* trigger at 8 */
	OUT(IER, HS_UART_IER_RDI);
	EXPECT_FALSE(hs_uart_core_irq(&self->c));
	for (i = 0; i < 7; i++)
		hs_uart_core_receive(&self->c, 'a' + i, 0);
	EXPECT_TRUE(hs_uart_core_irq(&self->c));
	EXPECT_EQ(IN(IIR), 0xc0 | HS_UART_IIR_TIMEOUT);
	hs_uart_core_receive(&self->c, 'h', 0);
	EXPECT_EQ(IN(IIR), 0xc0 | HS_UART_IIR_RDI);
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(IN(LSR) & HS_UART_LSR_DR, HS_UART_LSR_DR);
		EXPECT_EQ(IN(RBR), 'a' + i);
	}
	EXPECT_EQ(IN(LSR), 0x60);
	EXPECT_FALSE(hs_uart_core_irq(&self->c));
	EXPECT_EQ(IN(RBR), 0);
}

TEST_F(uart, one_byte_without_fifo)
{
	EXPECT_EQ(hs_uart_core_room(&self->c), 1);
	hs_uart_core_receive(&self->c, 'a', 0);
	EXPECT_EQ(hs_uart_core_room(&self->c), 0);
	EXPECT_EQ(IN(RBR), 'a');
	/* Switching the FIFO on or off empties it. */
	hs_uart_core_receive(&self->c, 'b', 0);
	OUT(IIR, HS_UART_FCR_ENABLE);
	EXPECT_EQ(IN(LSR), 0x60);
	hs_uart_core_receive(&self->c, 'c', 0);
	hs_uart_core_receive(&self->c, 'd', 0);
	OUT(IIR, 0);
	EXPECT_EQ(IN(LSR), 0x60);
	EXPECT_EQ(IN(IIR), HS_UART_IIR_NONE);
	/* Without the enable bit the others do nothing. */
	OUT(IIR, 0xc6);
	EXPECT_EQ(IN(IIR), HS_UART_IIR_NONE);
}

TEST_F(uart, clear_receive_fifo)
{
	OUT(IIR, HS_UART_FCR_ENABLE);
	hs_uart_core_receive(&self->c, 'a', 0);
	OUT(IIR, HS_UART_FCR_ENABLE | HS_UART_FCR_CLEAR_TX);
	EXPECT_EQ(IN(LSR), 0x61);
	OUT(IIR, HS_UART_FCR_ENABLE | HS_UART_FCR_CLEAR_RX);
	EXPECT_EQ(IN(LSR), 0x60);
}

TEST_F(uart, priorities)
{
	OUT(MCR, HS_UART_MCR_OUT2);
	OUT(IIR, HS_UART_FCR_ENABLE);
	OUT(IER, 0x0f);
	/* Everything at once: break, data, THR empty, modem lines. */
	hs_uart_core_receive(&self->c, 0, HS_UART_LSR_BI);
	hs_uart_core_receive(&self->c, 'x', 0);
	OUT(MCR, HS_UART_MCR_LOOP | HS_UART_MCR_OUT2);
	OUT(MCR, HS_UART_MCR_OUT2);
	EXPECT_EQ(IN(IIR), 0xc0 | HS_UART_IIR_RLSI);
	EXPECT_EQ(IN(LSR), 0x61 | HS_UART_LSR_BI | HS_UART_LSR_FIFOE);
	EXPECT_EQ(IN(LSR), 0x61);
	EXPECT_EQ(IN(IIR), 0xc0 | HS_UART_IIR_RDI);
	EXPECT_EQ(IN(RBR), 0);
	EXPECT_EQ(IN(RBR), 'x');
	EXPECT_EQ(IN(IIR), 0xc0 | HS_UART_IIR_THRI);
	EXPECT_EQ(IN(IIR), 0xc0 | HS_UART_IIR_MSI);
	EXPECT_NE(IN(MSR) & 0x0f, 0);
	EXPECT_EQ(IN(IIR), 0xc0 | HS_UART_IIR_NONE);
	EXPECT_FALSE(hs_uart_core_irq(&self->c));
}

/* An error behind other bytes shows only in the FIFO's summary bit. */
TEST_F(uart, error_waits_for_its_byte)
{
	OUT(IIR, HS_UART_FCR_ENABLE);
	OUT(IER, HS_UART_IER_RLSI);
	hs_uart_core_receive(&self->c, 'a', 0);
	hs_uart_core_receive(&self->c, 0, HS_UART_LSR_BI);
	EXPECT_EQ(IN(IIR), 0xc0 | HS_UART_IIR_NONE);
	EXPECT_EQ(IN(LSR), 0x61 | HS_UART_LSR_FIFOE);
	EXPECT_EQ(IN(RBR), 'a');
	EXPECT_EQ(IN(IIR), 0xc0 | HS_UART_IIR_RLSI);
}

TEST_F(uart, modem_deltas)
{
	OUT(MCR, HS_UART_MCR_LOOP);
	IN(MSR);
	OUT(MCR, HS_UART_MCR_LOOP | HS_UART_MCR_OUT1);
	/* RI rising is no event, falling is. */
	EXPECT_EQ(IN(MSR), HS_UART_MSR_RI);
	OUT(MCR, HS_UART_MCR_LOOP | HS_UART_MCR_DTR);
	EXPECT_EQ(IN(MSR), HS_UART_MSR_DSR | HS_UART_MSR_DDSR | HS_UART_MSR_TERI);
	EXPECT_EQ(IN(MSR), HS_UART_MSR_DSR);
}

/* Each cause is an edge: what clears the one before lowers the line. */
TEST_F(uart, line_falls_between_causes)
{
	unsigned int i;

	OUT(MCR, HS_UART_MCR_OUT2);
	OUT(IER, HS_UART_IER_THRI);
	for (i = 0; i < 3; i++) {
		EXPECT_TRUE(IRQ());
		OUT_NOW(RBR, 'x');
		EXPECT_FALSE(IRQ());
		ELAPSE();
		EXPECT_TRUE(IRQ());
	}
	EXPECT_EQ(IN_NOW(IIR), HS_UART_IIR_THRI);
	EXPECT_FALSE(IRQ());
	ELAPSE();
	EXPECT_FALSE(IRQ());

	OUT(IIR, HS_UART_FCR_ENABLE | 0x80);	/* trigger at 8 */
	OUT(IER, HS_UART_IER_RDI);
	for (i = 0; i < 10; i++)
		hs_uart_core_receive(&self->c, i, 0);
	/* At the trigger level and above it stays; below, it times out anew. */
	for (i = 0; i < 10; i++) {
		EXPECT_TRUE(IRQ());
		EXPECT_EQ(i < 3 ? 0xc0 | HS_UART_IIR_RDI :
				  0xc0 | HS_UART_IIR_TIMEOUT, IN(IIR));
		EXPECT_EQ(i, IN_NOW(RBR));
		EXPECT_EQ(i < 2, IRQ());
		ELAPSE();
	}
	EXPECT_FALSE(IRQ());
}

/* Whatever a guest writes, the state stays sane. */
TEST_F(uart, random_accesses)
{
	u32 seed = 1, i;

	for (i = 0; i < 2000000; i++) {
		seed = seed * 1664525 + 1013904223;
		switch (seed >> 29) {
		case 0 ... 2:
			hs_uart_core_write(&self->c, seed >> 8 & 7, seed >> 16,
					   &self->tx);
			break;
		case 3:
			hs_uart_core_receive(&self->c, seed >> 8,
					     seed >> 16 & HS_UART_LSR_BI);
			break;
		default:
			hs_uart_core_read(&self->c, seed >> 8 & 7);
		}
		ASSERT_LE(self->c.rx_len, HS_UART_FIFO);
		ASSERT_LE(hs_uart_core_room(&self->c), HS_UART_FIFO);
		ASSERT_LT(self->c.rx_head, HS_UART_FIFO);
	}
}

TEST_HARNESS_MAIN
