// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt lines over a reset.  The first time it raises every line that it
 * can and waits for somebody to reset the machine, or with "reboot" does it
 * itself.  When it comes up again no line may be high, and the first edge of
 * each device must arrive.
 */
#include "lib.h"

#define COM1		0x3f8
#define IOAPIC		0xfec00000UL
#define VEC		0x60		/* of pin 0 */
#define PINS		24
#define PIN_PIT		2
#define PIN_UART	4
#define PIN_RTC		8
#define PIN_TEST	11
#define LEVEL		0x8000
#define MASKED		0x10000
#define APIC_REG_IRR	0x20
#define PM_HZ		3579545U

static void on_line(struct regs *r)
{
	apic_write(APIC_REG_EOI, 0);
}

static void route(unsigned int pin, u32 flags)
{
	volatile u32 *select = (u32 *)IOAPIC, *window = (u32 *)(IOAPIC + 16);

	*select = 0x10 + pin * 2 + 1;
	*window = apic_id() << 24;
	*select = 0x10 + pin * 2;
	*window = (VEC + pin) | flags;
}

static bool requested(unsigned int pin)
{
	unsigned int v = VEC + pin;

	return apic_read(APIC_REG_IRR + v / 32) >> v % 32 & 1;
}

/* What waits is taken: IRR is empty after it. */
static void window(void)
{
	asm volatile("sti; nop; nop; cli" : : : "memory");
}

static void wait_ms(u32 ms)
{
	u32 start = in32(0x608);

	while (in32(0x608) - start < PM_HZ / 1000 * ms)
		;
}

static u8 cmos(u8 reg)
{
	out8(0x70, reg);
	return in8(0x71);
}

static void set_cmos(u8 reg, u8 val)
{
	out8(0x70, reg);
	out8(0x71, val);
}

/* Each device asks for an interrupt, now or within a few ms. */
static void raise_devices(void)
{
	out8(COM1 + 1, 0);
	out8(COM1 + 4, 0x0b);
	out8(COM1 + 1, 0x02);
	set_cmos(0x0b, cmos(0x0b) | 0x40);
	out16(0x602, 0x100);
	out8(0x43, 0x34);
	out8(0x40, 0xa9);
	out8(0x40, 0x04);
	wait_ms(5);
}

static void first(bool reboot)
{
	unsigned int pin;

	raise_devices();
	for (pin = 0; pin < PINS; pin++)
		out8(TESTDEV_IRQ + pin, 1);
	printf("lines are high\n");
	if (reboot)
		out8(0xcf9, 0x06);
	for (;;)
		asm volatile("cli; hlt");
}

static void second(void)
{
	static const u8 pins[] = { PIN_PIT, PIN_UART, PIN_RTC, PIN_TEST };
	unsigned int pin, i;
	u32 high = 0, seen = 0, want = 0;

	/* Pin 0 is the PIC's, not a line. */
	for (pin = 1; pin < PINS; pin++) {
		set_trap(VEC + pin, on_line);
		route(pin, LEVEL);
		if (requested(pin))
			high |= 1U << pin;
		route(pin, MASKED);
		window();
	}
	check("lines-are-low", high, 0);

	for (i = 0; i < sizeof(pins); i++) {
		want |= 1U << pins[i];
		route(pins[i], 0);
	}
	raise_devices();
	out8(TESTDEV_IRQ + PIN_TEST, 1);
	for (pin = 1; pin < PINS; pin++)
		if (requested(pin))
			seen |= 1U << pin;
	/* Printing is by the same UART. */
	out8(COM1 + 1, 0);
	for (i = 0; i < sizeof(pins); i++)
		route(pins[i], MASKED);
	window();
	check("first-edges", seen, want);
}

int main(const char *args)
{
	u8 boots = cmos(0x50) + 1;

	set_cmos(0x50, boots);
	apic_init(true);
	if (boots == 1)
		first(arg_word(args, "reboot"));
	second();
	return result();
}
