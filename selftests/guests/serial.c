// SPDX-License-Identifier: GPL-2.0
/*
 * The serial port from the other side: "echo" sends back what it gets, until
 * 'q' ("irq": by interrupts); "flood=N" writes N bytes in lines of 16;
 * "deaf" says READY and never reads.
 */
#include "lib.h"

#define COM1	0x3f8
#define RBR	(COM1 + 0)
#define IER	(COM1 + 1)
#define FCR	(COM1 + 2)
#define MCR	(COM1 + 4)
#define LSR	(COM1 + 5)
#define VECTOR	0x54
#define IOAPIC	0xfec00000UL

static volatile bool quit;

static void send(u8 c)
{
	while (!(in8(LSR) & 0x20))
		;
	out8(RBR, c);
}

static void echo(void)
{
	u8 c;

	while (!quit) {
		if (!(in8(LSR) & 1))
			continue;
		c = in8(RBR);
		quit = c == 'q';
		send(c);
	}
}

static void on_serial(struct regs *r)
{
	u8 c;

	while (in8(LSR) & 1) {
		c = in8(RBR);
		quit |= c == 'q';
		send(c);
	}
	apic_write(APIC_REG_EOI, 0);
}

static void echo_by_interrupt(void)
{
	volatile u32 *select = (u32 *)IOAPIC, *window = (u32 *)(IOAPIC + 16);

	apic_init(true);
	set_trap(VECTOR, on_serial);
	*select = 0x10 + 4 * 2 + 1;
	*window = apic_id() << 24;
	*select = 0x10 + 4 * 2;
	*window = VECTOR;
	out8(FCR, 0x81);
	out8(MCR, 0x0b);
	out8(IER, 0x01);
	while (!quit)
		asm volatile("sti; hlt; cli" : : : "memory");
}

static void flood(u64 n)
{
	u64 i, v;
	int shift;

	for (i = 0; i < n; i += 16) {
		v = i;
		for (shift = 56; shift >= 0; shift -= 4)
			out8(RBR, "0123456789abcdef"[v >> shift & 15]);
		out8(RBR, '\n');
	}
}

int main(const char *args)
{
	u64 n = arg_u64(args, "flood=", 0);

	out8(FCR, 0x01);
	printf("READY serial\n");
	if (arg_word(args, "deaf"))
		for (;;)
			asm volatile("cli; hlt");
	if (n)
		flood(n);
	if (arg_word(args, "irq"))
		echo_by_interrupt();
	else if (arg_word(args, "echo"))
		echo();
	return 0;
}
