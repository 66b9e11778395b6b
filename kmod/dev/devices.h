/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The devices on the board other than the interrupt controllers.
 *
 * Each has three functions, all called by board.c in process context:
 *
 * hs_<dev>_init()	allocates the state, stores it in its field of struct
 *			hs_board, brings it to power-on state and adds its
 *			regions to b->pio or b->mmio.  0 or a negative errno; on
 *			error nothing stays allocated.  Interrupt controllers and
 *			local APICs exist already, so hs_irq_set() may be used.
 * hs_<dev>_reset()	back to power-on state; no vCPU runs, but timers and
 *			host-side callbacks may: the device takes its own lock.
 *			It lowers its line: the interrupt controllers, reset after
 *			all devices, keep the levels of their inputs.
 * hs_<dev>_exit()	stops timers and waits for their callbacks, then frees
 *			and clears the field.  Also called when init never ran or
 *			failed (field is NULL): then it does nothing.
 *
 * A device that touches nothing but its own state has no exit work to wait
 * for.  Where a device has no state of its own (pvpanic), the functions exist
 * all the same, so that board.c can treat all alike.
 */
#ifndef HS_DEV_DEVICES_H
#define HS_DEV_DEVICES_H

#include "pure.h"
#include "dev/board.h"
#include "dev/pci.h"	/* hs_pci_init(), hs_pci_reset(), hs_pci_exit() */

/* The console's tty; before the UART, which writes to it.  Uses b->name. */
int hs_console_init(struct hs_board *b);
void hs_console_reset(struct hs_board *b);
void hs_console_exit(struct hs_board *b);
/* Minor number of the tty, for hs_board_tty(). */
unsigned int hs_console_minor(const struct hs_board *b);
/* tty driver, once per module. */
int hs_console_module_init(void);
void hs_console_module_exit(void);

/* 16550A at 0x3f8, line 4. */
int hs_uart_init(struct hs_board *b);
void hs_uart_reset(struct hs_board *b);
void hs_uart_exit(struct hs_board *b);

/* 8254 at 0x40-0x43, line 0, and its half of port 0x61. */
int hs_pit_init(struct hs_board *b);
void hs_pit_reset(struct hs_board *b);
void hs_pit_exit(struct hs_board *b);
/* No vCPU runs for a while: no host timer meanwhile. */
void hs_pit_pause(struct hs_board *b, bool pause);
/* An interrupt controller may want an edge that it did not want before. */
void hs_pit_wake(struct hs_board *b);

/*
 * The same, for who has just changed that and holds no lock.  The lock under
 * which it was changed orders it against the PIT: either that sees the
 * change, or this that it sleeps.
 */
static inline void hs_pit_look(struct hs_board *b)
{
	if (READ_ONCE(b->pit_asleep))
		hs_pit_wake(b);
}

/* MC146818 at 0x70-0x71, line 8. */
int hs_rtc_init(struct hs_board *b);
void hs_rtc_reset(struct hs_board *b);
void hs_rtc_exit(struct hs_board *b);

/* ACPI PM1a, PM timer, SCI on line 9. */
int hs_pm_init(struct hs_board *b);
void hs_pm_reset(struct hs_board *b);
void hs_pm_exit(struct hs_board *b);
/* Sets PWRBTN_STS; any context. */
void hs_pm_power_button(struct hs_board *b);

/* Reset ports 0xcf9, 0x64, 0x92; delay port 0x80, and what else is small. */
int hs_ports_init(struct hs_board *b);
void hs_ports_reset(struct hs_board *b);
void hs_ports_exit(struct hs_board *b);
/* The register at 0xcf9, for PCI, which has the ports around it.  Any context. */
u8 hs_ports_reset_read(struct hs_board *b);
void hs_ports_reset_write(struct hs_board *b, u8 val);

/* pvpanic at 0x505. */
int hs_pvpanic_init(struct hs_board *b);
void hs_pvpanic_reset(struct hs_board *b);
void hs_pvpanic_exit(struct hs_board *b);

/* Virtio devices: those that every board has; after PCI, which they sit on. */
int hs_virtio_init(struct hs_board *b);
void hs_virtio_reset(struct hs_board *b);
void hs_virtio_exit(struct hs_board *b);

/* Test device; only called for a VM with cfg->testdev. */
int hs_testdev_init(struct hs_board *b);
void hs_testdev_reset(struct hs_board *b);
void hs_testdev_exit(struct hs_board *b);

#endif /* HS_DEV_DEVICES_H */
