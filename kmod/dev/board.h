/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The board: all devices of one VM and how they are wired.
 *
 * What is above (the VM) hands down struct hs_board_ops; devices know nothing
 * else of it.
 */
#ifndef HS_DEV_BOARD_H
#define HS_DEV_BOARD_H

#include "pure.h"
#include "dev/bus.h"
#include "dev/irq.h"
#include "dev/lapic.h"

struct hs_gmem;
struct mem_cgroup;
struct hs_pic;
struct hs_ioapic;
struct hs_pit;
struct hs_rtc;
struct hs_pm;
struct hs_uart;
struct hs_testdev;
struct hs_console;
struct hs_ports;
struct hs_pci;
struct hs_vdevs;
struct hs_batch;
struct workqueue_struct;

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
	const char *name;	/* of the VM, for the console; outlives the board */
	unsigned int cpus;
	bool testdev;
	u64 tsc_khz;		/* of host and guest */
	struct hs_gmem *gmem;	/* what devices read and write; outlives the board */
	struct mem_cgroup *memcg; /* who pays for what devices take; outlives it, too */
};

struct hs_board {
	struct hs_bus pio, mmio;
	const struct hs_board_ops *ops;
	void *vm;
	const char *name;
	unsigned int cpus;
	bool has_testdev;
	u64 tsc_khz;
	struct hs_gmem *gmem;
	struct mem_cgroup *memcg;
	struct hs_lapic **lapic;	/* [cpus], index = APIC id = vCPU number */
	struct hs_pic *pic;
	struct hs_ioapic *ioapic;
	struct hs_pit *pit;
	struct hs_rtc *rtc;
	struct hs_pm *pm;
	struct hs_uart *uart;
	struct hs_console *console;
	struct hs_testdev *testdev;
	struct hs_ports *ports;
	struct hs_pci *pci;
	struct hs_vdevs *vdevs;
	struct workqueue_struct *virtio_wq;
	struct hs_batch *batch;
	bool pit_asleep;	/* the PIT waits for hs_pit_wake(); under its lock */
	unsigned int lowest;	/* where lowest-priority arbitration begins */
};

/* Once per module, process context: what devices of all VMs share. */
int hs_board_module_init(void);
void hs_board_module_exit(void);

/* Process context.  0, -ENOMEM, or what registering the console said. */
int hs_board_init(struct hs_board *b, const struct hs_board_cfg *cfg,
		  const struct hs_board_ops *ops, void *vm);
/* All devices to power-on state; no vCPU runs.  The console's log stays. */
void hs_board_reset(struct hs_board *b);
/* The vCPUs stand still for a while, or go on: timers are quiet meanwhile. */
void hs_board_pause(struct hs_board *b, bool pause);
/* A vCPU has nothing to do: what waits for more goes on.  Process context. */
void hs_board_idle(struct hs_board *b);
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
 * cycle, or -1 when there is none.  Any context.  hs_pic_peek() is the same
 * without the cycle.
 */
int hs_pic_ack(struct hs_board *b);
int hs_pic_peek(struct hs_board *b);
bool hs_pic_pending(struct hs_board *b);

/* Local APIC of vCPU @cpu broadcasts an EOI of a level interrupt @vector. */
void hs_ioapic_eoi(struct hs_board *b, u8 vector);

/*
 * Sends @msg to the local APICs it names.  @src: vCPU that sends, or -1 for the
 * I/O APIC and MSI.  Returns the number of local APICs that took it.  Any
 * context.  Kicks every vCPU that got something, but for @src itself, which is
 * outside guest mode and looks before it enters.
 */
unsigned int hs_irq_deliver(struct hs_board *b, int src, const struct hs_irq_msg *msg);

#endif /* HS_DEV_BOARD_H */
