// SPDX-License-Identifier: GPL-2.0
/*
 * The board: makes, resets and ends all devices of a VM in the right order.
 *
 * Lock order in this folder: device lock > pic->lock > ioapic->lock >
 * lapic->lock > what ops->kick takes.  All are of this VM alone; those from
 * the PIC on are raw, for they are taken with interrupts off in FAST exit
 * handlers and in hard interrupt context.
 */
#include <linux/slab.h>
#include "dev/board.h"
#include "dev/devices.h"
#include "dev/ioapic.h"
#include "dev/pic.h"
#include "dev/virtio_batch.h"

/* Highest number of vCPUs: ids 0-254 can be named by an 8-bit destination. */
#define BOARD_CPUS_MAX	255

struct board_device {
	int (*init)(struct hs_board *b);
	void (*reset)(struct hs_board *b);
	void (*exit)(struct hs_board *b);
	bool testdev;		/* only on boards with a test device */
};

#define DEVICE(name)							\
	{ .init = hs_##name##_init, .reset = hs_##name##_reset,		\
	  .exit = hs_##name##_exit }

/*
 * In this order they come to be; they are reset and end the other way round.
 * The I/O APIC before the PIC that drives a pin of it, both before all that
 * drives a line, the reset port before PCI that hands accesses on to it, the
 * console before the UART that writes to it.
 */
static const struct board_device devices[] = {
	DEVICE(ioapic),
	DEVICE(pic),
	DEVICE(pit),
	DEVICE(rtc),
	DEVICE(pm),
	DEVICE(ports),
	DEVICE(pci),
	DEVICE(pvpanic),
	DEVICE(console),
	DEVICE(uart),
	DEVICE(virtio),
	{ .init = hs_testdev_init, .reset = hs_testdev_reset,
	  .exit = hs_testdev_exit, .testdev = true },
};

static bool board_has(const struct hs_board *b, const struct board_device *d)
{
	return b->has_testdev || !d->testdev;
}

static void board_exit_devices(struct hs_board *b, unsigned int n)
{
	while (n--)
		if (board_has(b, &devices[n]))
			devices[n].exit(b);
}

static void board_exit_lapics(struct hs_board *b)
{
	unsigned int i;

	for (i = 0; i < b->cpus; i++)
		hs_lapic_destroy(b->lapic[i]);
	kfree(b->lapic);
	b->lapic = NULL;
}

static int board_init_lapics(struct hs_board *b)
{
	unsigned int i;

	b->lapic = kcalloc(b->cpus, sizeof(*b->lapic), GFP_KERNEL_ACCOUNT);
	if (!b->lapic)
		return -ENOMEM;
	for (i = 0; i < b->cpus; i++) {
		b->lapic[i] = hs_lapic_create(b, i);
		if (!b->lapic[i]) {
			board_exit_lapics(b);
			return -ENOMEM;
		}
	}
	return 0;
}

/**
 * hs_board_init() - all devices of a VM, as firmware hands them over
 * @b: the board, zeroed or not
 * @cfg: what to put on it
 * @ops: what it needs from the VM
 * @vm: handed to @ops
 *
 * Context: process.
 * Return: 0; -EINVAL for no or too many vCPUs or an unknown TSC rate; -ENOMEM;
 * or what a device said, as registering the console.
 */
int hs_board_init(struct hs_board *b, const struct hs_board_cfg *cfg,
		  const struct hs_board_ops *ops, void *vm)
{
	unsigned int n;
	int ret;

	might_sleep();
	if (!cfg->cpus || cfg->cpus > BOARD_CPUS_MAX ||
	    !cfg->tsc_khz || cfg->tsc_khz > U32_MAX)
		return -EINVAL;

	*b = (struct hs_board){
		.ops = ops,
		.vm = vm,
		.name = cfg->name,
		.cpus = cfg->cpus,
		.has_testdev = cfg->testdev,
		.tsc_khz = cfg->tsc_khz,
		.gmem = cfg->gmem,
		.memcg = cfg->memcg,
	};
	ret = board_init_lapics(b);
	if (ret)
		return ret;
	for (n = 0; n < ARRAY_SIZE(devices); n++) {
		if (!board_has(b, &devices[n]))
			continue;
		ret = devices[n].init(b);
		if (ret) {
			board_exit_devices(b, n);
			board_exit_lapics(b);
			return ret;
		}
	}
	hs_lapic_virtual_wire(b->lapic[0]);
	return 0;
}

/**
 * hs_board_reset() - all devices to power-on state
 * @b: the board; no vCPU runs
 *
 * Interrupt controllers are as firmware hands them over: PIC with its usual
 * vectors and all masked, boot processor in virtual wire mode.
 *
 * Devices first: they take their lines back.  What a host-side callback raises
 * while this goes on finds the interrupt controllers masked in the end.
 *
 * Context: process.
 */
void hs_board_reset(struct hs_board *b)
{
	unsigned int n = ARRAY_SIZE(devices), i;

	might_sleep();
	while (n--)
		if (board_has(b, &devices[n]))
			devices[n].reset(b);
	for (i = 0; i < b->cpus; i++)
		hs_lapic_reset(b->lapic[i], false);
	hs_lapic_virtual_wire(b->lapic[0]);
	b->lowest = 0;
}

/**
 * hs_board_pause() - the vCPUs stand still for a while, or go on
 * @b: the board
 * @pause: which; the board of a VM that starts must not be paused
 *
 * Timers whose interrupt nobody takes go quiet by themselves, but for the PIT,
 * which cannot see that its vector waits in a local APIC.  Clocks go on.
 *
 * Context: any.
 */
void hs_board_pause(struct hs_board *b, bool pause)
{
	hs_pit_pause(b, pause);
}

/**
 * hs_board_idle() - a vCPU has nothing to do
 * @b: the board
 *
 * What waited for the guest to ask for more is carried out.
 *
 * Context: process.
 */
void hs_board_idle(struct hs_board *b)
{
	hs_batch_serve(b);
}

/**
 * hs_board_exit() - end all devices
 * @b: the board; no vCPU runs
 *
 * Waits for timers and their callbacks: after it no operation of @b->ops is
 * called any more.
 *
 * Context: process.
 */
void hs_board_exit(struct hs_board *b)
{
	might_sleep();
	if (!b->lapic)
		return;
	board_exit_devices(b, ARRAY_SIZE(devices));
	board_exit_lapics(b);
}

/**
 * hs_board_power_button() - press the power button
 * @b: the board
 *
 * Context: any.
 */
void hs_board_power_button(struct hs_board *b)
{
	hs_pm_power_button(b);
}

/**
 * hs_board_tty() - minor number of the console's tty
 * @b: the board
 *
 * Context: any.
 * Return: n of /dev/ttyHSn.
 */
unsigned int hs_board_tty(const struct hs_board *b)
{
	return hs_console_minor(b);
}

/**
 * hs_board_module_init() - what devices of all VMs share
 *
 * Context: process, once.
 * Return: 0, or what registering the tty driver said.
 */
int hs_board_module_init(void)
{
	return hs_console_module_init();
}

/**
 * hs_board_module_exit() - undo hs_board_module_init()
 *
 * Context: process; no board exists.
 */
void hs_board_module_exit(void)
{
	hs_console_module_exit();
}
