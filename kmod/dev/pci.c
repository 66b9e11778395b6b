// SPDX-License-Identifier: GPL-2.0
/*
 * PCI bus 0 on the board: its functions, and their interrupts by lines and by
 * messages.  Locks: see pci_priv.h.
 */
#include <linux/bitops.h>
#include <linux/slab.h>
#include "boot/layout.h"
#include "dev/board.h"
#include "dev/pci_priv.h"

/*
 * QEMU's generic host bridge: known to guests, and no driver or quirk of Linux
 * looks for it, so nobody takes ours for a chipset with registers of its own.
 */
#define BRIDGE_VENDOR	0x1b36
#define BRIDGE_DEVICE	0x0008
#define BRIDGE_SUB_VENDOR 0x1af4
#define BRIDGE_SUB_DEVICE 0x1100
#define BRIDGE_CLASS	0x060000

/* --- what follows from a function's state ------------------------------------ */

static void update_map(struct hs_pci_func *f)
{
	unsigned int i;

	lockdep_assert_held(&f->pci->lock);
	for (i = 0; i < HS_PCI_BARS; i++)
		hs_pci_map_set(&f->pci->map, f->slot, i, f->core.bar_io & BIT(i),
			       hs_pci_core_bar(&f->core, i), f->core.bar_size[i]);
}

static void set_line(struct hs_pci_func *f, bool level)
{
	struct hs_pci *pci = f->pci;
	unsigned int gsi = hs_pci_core_gsi(f->slot);
	u32 *asserted = &pci->asserted[gsi - HS_GSI_PCI], old = *asserted;

	lockdep_assert_held(&pci->lock);
	if (level)
		*asserted |= 1U << f->slot;
	else
		*asserted &= ~(1U << f->slot);
	if (!old != !*asserted)
		hs_irq_set(pci->b, gsi, *asserted);
}

static void update_line(struct hs_pci_func *f)
{
	lockdep_assert_held(&f->lock);
	raw_spin_lock(&f->pci->lock);
	set_line(f, hs_pci_core_line(&f->core));
	raw_spin_unlock(&f->pci->lock);
}

/**
 * hs_pci_send_messages() - send what may be sent
 * @f: the function
 *
 * Context: any; f->lock is held.
 */
void hs_pci_send_messages(struct hs_pci_func *f)
{
	u64 send = hs_pci_core_msix_take(&f->core);
	struct hs_irq_msg msg;

	lockdep_assert_held(&f->lock);
	for (; send; send &= send - 1)
		if (hs_pci_core_msix_msg(&f->core, __ffs64(send), &msg))
			hs_irq_deliver(f->pci->b, -1, &msg);
}

/**
 * hs_pci_update() - let the world follow configuration space
 * @f: the function
 *
 * Context: any; f->lock is held.
 */
void hs_pci_update(struct hs_pci_func *f)
{
	lockdep_assert_held(&f->lock);
	raw_spin_lock(&f->pci->lock);
	update_map(f);
	set_line(f, hs_pci_core_line(&f->core));
	raw_spin_unlock(&f->pci->lock);
	hs_pci_send_messages(f);
}

/* --- for devices --------------------------------------------------------------------- */

static int free_slot(const struct hs_pci *pci, unsigned int *slot)
{
	if (*slot)
		return pci->func[*slot] ? -EBUSY : 0;
	for (*slot = 1; *slot < HS_PCI_SLOTS; (*slot)++)
		if (!pci->func[*slot])
			return 0;
	return -ENOSPC;
}

static int add(struct hs_pci *pci, unsigned int slot, const struct hs_pci_cfg *cfg,
	       struct hs_pci_func **func)
{
	struct hs_pci_func *f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	unsigned long flags;
	int ret;

	if (!f)
		return -ENOMEM;
	ret = hs_pci_core_init(&f->core, cfg, slot);
	if (ret) {
		kfree(f);
		return ret;
	}
	f->pci = pci;
	f->slot = slot;
	raw_spin_lock_init(&f->lock);
	memcpy(f->bar, cfg->bar, sizeof(f->bar));
	f->dev = cfg->dev;

	raw_spin_lock_irqsave(&pci->lock, flags);
	pci->func[slot] = f;
	update_map(f);
	raw_spin_unlock_irqrestore(&pci->lock, flags);
	if (func)
		*func = f;
	return 0;
}

/**
 * hs_pci_add() - put a device on the bus
 * @b: the board; no vCPU runs
 * @slot: 1-31, or 0: the first that is free
 * @cfg: the device; needed no longer than this call, but for the @ops in it
 * @func: what names it from now on
 *
 * Context: process; one at a time.
 * Return: 0; -EBUSY: the slot is taken; -ENOSPC: all are; -ENOMEM; -EINVAL: @cfg,
 * or @slot is none.
 */
int hs_pci_add(struct hs_board *b, unsigned int slot, const struct hs_pci_cfg *cfg,
	       struct hs_pci_func **func)
{
	int ret;

	might_sleep();
	if (slot >= HS_PCI_SLOTS)
		return -EINVAL;
	ret = free_slot(b->pci, &slot);
	return ret ?: add(b->pci, slot, cfg, func);
}

/**
 * hs_pci_remove() - take a device off the bus
 * @f: the function; no vCPU runs, and the device calls nothing with it any more
 *
 * Context: process.
 */
void hs_pci_remove(struct hs_pci_func *f)
{
	struct hs_pci *pci = f->pci;
	unsigned long flags;
	unsigned int i;

	might_sleep();
	raw_spin_lock_irqsave(&pci->lock, flags);
	set_line(f, false);
	for (i = 0; i < HS_PCI_BARS; i++)
		hs_pci_map_set(&pci->map, f->slot, i, f->core.bar_io & BIT(i), 0, 0);
	pci->func[f->slot] = NULL;
	raw_spin_unlock_irqrestore(&pci->lock, flags);
	kfree(f);
}

/**
 * hs_pci_slot() - where a device is
 * @f: the function
 *
 * Context: any.
 * Return: 1-31.
 */
unsigned int hs_pci_slot(const struct hs_pci_func *f)
{
	return f->slot;
}

/**
 * hs_pci_msix_on() - does the guest take messages?
 * @f: the function
 *
 * Context: any.
 * Return: true: INTx is out of use.
 */
bool hs_pci_msix_on(struct hs_pci_func *f)
{
	return hs_pci_core_msix_on(&f->core);
}

/**
 * hs_pci_msix_send() - send a message, or keep it while it is masked
 * @f: the function
 * @vec: which; any number
 *
 * Nothing happens without MSI-X, for a vector beyond the table, or while the
 * function is no bus master.
 *
 * Context: any.
 */
void hs_pci_msix_send(struct hs_pci_func *f, unsigned int vec)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&f->lock, flags);
	hs_pci_core_msix_raise(&f->core, vec);
	hs_pci_send_messages(f);
	raw_spin_unlock_irqrestore(&f->lock, flags);
}

/**
 * hs_pci_intx_set() - level of a function's INTA#
 * @f: the function
 * @level: asserted or not
 *
 * It reaches the line while neither MSI-X nor the command register's disable bit is
 * on, and later when they are not.  A machine reset lowers it.
 *
 * Context: any.
 */
void hs_pci_intx_set(struct hs_pci_func *f, bool level)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&f->lock, flags);
	f->core.intx = level;
	update_line(f);
	raw_spin_unlock_irqrestore(&f->lock, flags);
}

/**
 * hs_pci_is_master() - may a function read and write guest memory?
 * @f: the function
 *
 * Context: any.
 */
bool hs_pci_is_master(struct hs_pci_func *f)
{
	return hs_pci_core_is_master(&f->core);
}

/* --- of the board ---------------------------------------------------------------------- */

/**
 * hs_pci_init() - put the bus with its host bridge on the board
 * @b: the board
 *
 * Context: process.
 * Return: 0, -ENOMEM, or what hs_bus_add() said.
 */
int hs_pci_init(struct hs_board *b)
{
	static const struct hs_pci_cfg bridge = {
		.vendor = BRIDGE_VENDOR,
		.device = BRIDGE_DEVICE,
		.sub_vendor = BRIDGE_SUB_VENDOR,
		.sub_device = BRIDGE_SUB_DEVICE,
		.class = BRIDGE_CLASS,
	};
	struct hs_pci *pci = kzalloc(sizeof(*pci), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!pci)
		return -ENOMEM;
	pci->b = b;
	raw_spin_lock_init(&pci->lock);
	ret = hs_pci_config_init(pci);
	if (!ret)
		ret = hs_pci_window_init(pci);
	if (!ret)
		ret = add(pci, 0, &bridge, NULL);
	if (ret) {
		kfree(pci);
		return ret;
	}
	b->pci = pci;
	return 0;
}

/**
 * hs_pci_reset() - power-on state of the bus and all functions
 * @b: the board; no vCPU runs
 *
 * BARs are where they were at first, MSI-X is off, lines are low.
 *
 * Context: process.
 */
void hs_pci_reset(struct hs_board *b)
{
	struct hs_pci *pci = b->pci;
	unsigned long flags;
	unsigned int slot;

	WRITE_ONCE(pci->addr, 0);
	for (slot = 0; slot < HS_PCI_SLOTS; slot++) {
		struct hs_pci_func *f = pci->func[slot];

		if (!f)
			continue;
		raw_spin_lock_irqsave(&f->lock, flags);
		hs_pci_core_reset(&f->core);
		hs_pci_update(f);
		raw_spin_unlock_irqrestore(&f->lock, flags);
	}
}

/**
 * hs_pci_exit() - take the bus off the board
 * @b: the board; its devices have removed their functions
 *
 * Context: process.
 */
void hs_pci_exit(struct hs_board *b)
{
	if (!b->pci)
		return;
	kfree(b->pci->func[0]);
	kfree(b->pci);
	b->pci = NULL;
}
