/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The board: all devices of one VM and how they are wired.
 *
 * What is above (the VM) hands down struct hs_board_ops; devices know nothing
 * else of it.
 */
#ifndef HS_DEV_BOARD_H
#define HS_DEV_BOARD_H

#include <linux/types.h>
#include "dev/bus.h"
#include "dev/lapic.h"

struct hs_gmem;
struct hs_pic;
struct hs_ioapic;
struct hs_pit;
struct hs_rtc;
struct hs_pm;
struct hs_uart;
struct hs_testdev;
struct hs_console;

enum hs_board_event {
	HS_BOARD_POWEROFF = 1,	/* ACPI S5 */
	HS_BOARD_RESET,		/* reset port, 0xcf9, keyboard controller */
	HS_BOARD_PANIC,		/* pvpanic */
	HS_BOARD_EXIT,		/* test device: ends with a code */
};

/**
 * struct hs_board_ops - what the devices need from the VM
 * @kick: vCPU @cpu has something to look at in its local APIC; any context,
 *	hard interrupts included
 * @event: something that concerns the whole VM; any context; must not free
 *	the board before the caller returned
 * @unmap: test device only: take the page at @gpa out (begin-out to STAGED);
 *	process context, may sleep
 */
struct hs_board_ops {
	void (*kick)(void *vm, unsigned int cpu);
	void (*event)(void *vm, enum hs_board_event ev, u32 code);
	void (*unmap)(void *vm, u64 gpa);
};

struct hs_board_cfg {
	const char *name;	/* of the VM, for the console */
	unsigned int cpus;
	bool testdev;
	u64 tsc_khz;		/* of host and guest */
};

struct hs_board {
	struct hs_bus pio, mmio;
	const struct hs_board_ops *ops;
	void *vm;
	unsigned int cpus;
	u64 tsc_khz;
	struct hs_lapic **lapic;	/* [cpus], index = APIC id = vCPU number */
	struct hs_pic *pic;
	struct hs_ioapic *ioapic;
	struct hs_pit *pit;
	struct hs_rtc *rtc;
	struct hs_pm *pm;
	struct hs_uart *uart;
	struct hs_console *console;
	struct hs_testdev *testdev;
};

/* Process context.  0, -ENOMEM, or what registering the console said. */
int hs_board_init(struct hs_board *b, const struct hs_board_cfg *cfg,
		  const struct hs_board_ops *ops, void *vm);
/* All devices to power-on state; no vCPU runs.  The console's log stays. */
void hs_board_reset(struct hs_board *b);
/* Stops timers and waits for callbacks; after it, no op is called. */
void hs_board_exit(struct hs_board *b);
/* Power button: sets PWRBTN_STS and raises the SCI.  Any context. */
void hs_board_power_button(struct hs_board *b);
/* Minor number of the console's tty. */
unsigned int hs_board_tty(const struct hs_board *b);

/*
 * Level of interrupt line @gsi (0-23), as seen by PIC and IOAPIC.  ISA line 0
 * reaches IOAPIC pin 2 (MADT override).  Any context.
 */
void hs_irq_set(struct hs_board *b, unsigned int gsi, bool level);

/*
 * What the PIC asks of the CPU, for LINT0 in ExtINT mode: vector by an INTA
 * cycle, or -1 when there is none.  Any context, interrupts off.
 */
int hs_pic_ack(struct hs_board *b);
bool hs_pic_pending(struct hs_board *b);

/* Local APIC of vCPU @cpu broadcasts an EOI of a level interrupt @vector. */
void hs_ioapic_eoi(struct hs_board *b, u8 vector);

/* An interrupt message, as an MSI or an IOAPIC entry forms it.  Any context. */
struct hs_irq_msg {
	u32 dest;		/* 8-bit xAPIC or 32-bit x2APIC destination */
	bool logical;
	u8 vector;
	u8 mode;		/* delivery mode, SDM vol. 3, 11.6.1 */
	bool level;		/* trigger mode: level */
	bool assert;
	u8 shorthand;		/* 0 none, 1 self, 2 all, 3 all but self */
};
/* Returns the number of local APICs that took it. @src: sender, or -1. */
int hs_irq_deliver(struct hs_board *b, int src, const struct hs_irq_msg *msg);

#endif /* HS_DEV_BOARD_H */
