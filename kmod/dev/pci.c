// SPDX-License-Identifier: GPL-2.0
/*
 * PCI bus 0 on the board: configuration mechanism 1 (PCI 3.0, 3.2.2.3.2), the
 * windows of the host bridge, interrupt lines and messages.
 *
 * Locks, both raw: f->lock (configuration space and MSI-X table of a function) >
 * pci->lock (who answers where, lines) > those of the interrupt controllers.
 * Messages are sent under f->lock: once a guest's write that masks a vector is
 * done, none of it comes any more.
 *
 * BARs of devices are accessed without a lock: no function comes or goes while a
 * vCPU runs.  A guest that moves a BAR while another of its vCPUs accesses it
 * gets the one or the other.
 */
#include <linux/bitops.h>
#include <linux/nospec.h>
#include <linux/pci_regs.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "boot/layout.h"
#include "dev/board.h"
#include "dev/devices.h"
#include "dev/pci.h"
#include "dev/pci_core.h"
#include "dev/pci_map.h"

/* The address register, 3.2.2.3.2. */
#define ADDR_ENABLE	BIT(31)
#define ADDR_BITS	(ADDR_ENABLE | 0x00fffffc)
#define ADDR_FUNC(a)	((a) >> 8 & 0xffff)	/* bus, slot, function */
#define ADDR_REG(a)	((a) & 0xfc)
#define FUNC_SLOT(f)	((f) >> 3)
#define PORT_DATA	4			/* offset of the data register */
#define PORT_RESET	(HS_PORT_RESET - HS_PORT_PCI)

/*
 * QEMU's generic host bridge: known to guests, and no driver or quirk of Linux
 * looks for it, so nobody takes ours for a chipset with registers of its own.
 */
#define BRIDGE_VENDOR	0x1b36
#define BRIDGE_DEVICE	0x0008
#define BRIDGE_SUB_VENDOR 0x1af4
#define BRIDGE_SUB_DEVICE 0x1100
#define BRIDGE_CLASS	0x060000

/**
 * struct hs_pci_func - a function on the bus
 * @bar, @dev: as given to hs_pci_add()
 */
struct hs_pci_func {
	struct hs_pci *pci;
	unsigned int slot;
	raw_spinlock_t lock;
	struct hs_pci_core core;
	struct hs_pci_bar bar[HS_PCI_BARS - 1];
	void *dev;
};

/**
 * struct hs_pci - the bus
 * @addr: the address register
 * @func: by slot
 * @map: who answers where
 * @asserted: slots that drive each of the four lines, a bit each
 */
struct hs_pci {
	struct hs_board *b;
	raw_spinlock_t lock;
	u32 addr;
	struct hs_pci_func *func[HS_PCI_SLOTS];
	struct hs_pci_map map;
	u32 asserted[HS_GSI_PCI_NR];
};

static u64 ones(unsigned int size)
{
	return ~0ULL >> (64 - 8 * size);
}

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

static void send_messages(struct hs_pci_func *f)
{
	u64 send = hs_pci_core_msix_take(&f->core);
	struct hs_irq_msg msg;

	lockdep_assert_held(&f->lock);
	for (; send; send &= send - 1)
		if (hs_pci_core_msix_msg(&f->core, __ffs64(send), &msg))
			hs_irq_deliver(f->pci->b, -1, &msg);
}

/* After any change of configuration space. */
static void update(struct hs_pci_func *f)
{
	lockdep_assert_held(&f->lock);
	raw_spin_lock(&f->pci->lock);
	update_map(f);
	set_line(f, hs_pci_core_line(&f->core));
	raw_spin_unlock(&f->pci->lock);
	send_messages(f);
}

/* --- BARs ---------------------------------------------------------------------- */

static u64 msix_read(struct hs_pci_func *f, u32 off, unsigned int size)
{
	unsigned long flags;
	u64 val;

	raw_spin_lock_irqsave(&f->lock, flags);
	val = hs_pci_core_msix_read(&f->core, off, size);
	raw_spin_unlock_irqrestore(&f->lock, flags);
	return val;
}

static void msix_write(struct hs_pci_func *f, u32 off, unsigned int size, u64 val)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&f->lock, flags);
	hs_pci_core_msix_write(&f->core, off, size, val);
	send_messages(f);
	raw_spin_unlock_irqrestore(&f->lock, flags);
}

/* @off + @size lie within the BAR. */
static u64 bar_read(struct hs_pci_func *f, unsigned int bar, u32 off, unsigned int size)
{
	if (bar == HS_PCI_MSIX_BAR)
		return msix_read(f, off, size);
	return f->bar[bar].ops->read(f->dev, off, size);
}

static void bar_write(struct hs_pci_func *f, unsigned int bar, u32 off,
		      unsigned int size, u64 val)
{
	if (bar == HS_PCI_MSIX_BAR)
		msix_write(f, off, size, val);
	else
		f->bar[bar].ops->write(f->dev, off, size, val);
}

/* --- the I/O window -------------------------------------------------------------- */

static bool find_io(struct hs_pci *pci, u64 off, struct hs_pci_hit *hit)
{
	return hs_pci_map_find_io(&pci->map, HS_PORT_PCI_IO + off, hit);
}

static u64 io_read(void *dev, u64 off, unsigned int size)
{
	struct hs_pci *pci = dev;
	struct hs_pci_hit hit;
	unsigned int i;
	u64 val = 0;

	if (find_io(pci, off, &hit) && hit.left >= size)
		return bar_read(pci->func[hit.slot], hit.bar, hit.off, size);
	for (i = 0; i < size; i++) {
		u64 byte = 0xff;

		if (find_io(pci, off + i, &hit))
			byte = bar_read(pci->func[hit.slot], hit.bar, hit.off, 1) & 0xff;
		val |= byte << (8 * i);
	}
	return val;
}

static void io_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_pci *pci = dev;
	struct hs_pci_hit hit;
	unsigned int i;

	if (find_io(pci, off, &hit) && hit.left >= size) {
		bar_write(pci->func[hit.slot], hit.bar, hit.off, size, val);
		return;
	}
	for (i = 0; i < size; i++)
		if (find_io(pci, off + i, &hit))
			bar_write(pci->func[hit.slot], hit.bar, hit.off, 1,
				  val >> (8 * i) & 0xff);
}

/*
 * The BAR that serves all of a fast access; NULL: the slow way.  Looked up once:
 * it may be another when it is looked up again.
 */
static const struct hs_pci_bar *io_fast(struct hs_pci *pci, u64 off, unsigned int size,
					struct hs_pci_hit *hit)
{
	const struct hs_pci_bar *bar;

	if (!find_io(pci, off, hit) || hit->left < size)
		return NULL;
	bar = &pci->func[hit->slot]->bar[hit->bar];
	return bar->ops->fast ? bar : NULL;
}

static int io_try_read(void *dev, u64 off, unsigned int size, u64 *val)
{
	struct hs_pci *pci = dev;
	const struct hs_pci_bar *bar;
	struct hs_pci_hit hit;

	bar = io_fast(pci, off, size, &hit);
	if (!bar)
		return -EAGAIN;
	*val = bar->ops->read(pci->func[hit.slot]->dev, hit.off, size);
	return 0;
}

static int io_try_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_pci *pci = dev;
	const struct hs_pci_bar *bar;
	struct hs_pci_hit hit;

	bar = io_fast(pci, off, size, &hit);
	if (!bar)
		return -EAGAIN;
	bar->ops->write(pci->func[hit.slot]->dev, hit.off, size, val);
	return 0;
}

static const struct hs_region_ops io_ops = {
	.read = io_read,
	.write = io_write,
	.try_read = io_try_read,
	.try_write = io_try_write,
};

/* --- the memory window ------------------------------------------------------------ */

static bool find_mem(struct hs_pci *pci, u64 off, struct hs_pci_hit *hit)
{
	unsigned long flags;
	bool found;

	raw_spin_lock_irqsave(&pci->lock, flags);
	found = hs_pci_map_find_mem(&pci->map, HS_GPA_PCI_START + off, hit);
	raw_spin_unlock_irqrestore(&pci->lock, flags);
	return found;
}

static u64 mem_read(void *dev, u64 off, unsigned int size)
{
	struct hs_pci *pci = dev;
	struct hs_pci_hit hit;
	unsigned int i;
	u64 val = 0;

	if (find_mem(pci, off, &hit) && hit.left >= size)
		return bar_read(pci->func[hit.slot], hit.bar, hit.off, size);
	for (i = 0; i < size; i++) {
		u64 byte = 0xff;

		if (find_mem(pci, off + i, &hit))
			byte = bar_read(pci->func[hit.slot], hit.bar, hit.off, 1) & 0xff;
		val |= byte << (8 * i);
	}
	return val;
}

static void mem_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_pci *pci = dev;
	struct hs_pci_hit hit;
	unsigned int i;

	if (find_mem(pci, off, &hit) && hit.left >= size) {
		bar_write(pci->func[hit.slot], hit.bar, hit.off, size, val);
		return;
	}
	for (i = 0; i < size; i++)
		if (find_mem(pci, off + i, &hit))
			bar_write(pci->func[hit.slot], hit.bar, hit.off, 1,
				  val >> (8 * i) & 0xff);
}

static const struct hs_region_ops mem_ops = {
	.read = mem_read,
	.write = mem_write,
};

/* --- configuration ----------------------------------------------------------------- */

static u32 config_read(struct hs_pci_func *f, u32 off, unsigned int size)
{
	struct hs_pci_window w;
	unsigned long flags;
	bool window;
	u32 val;

	raw_spin_lock_irqsave(&f->lock, flags);
	window = hs_pci_core_window(&f->core, off, size, &w);
	raw_spin_unlock_irqrestore(&f->lock, flags);

	if (window)
		val = bar_read(f, w.bar, w.off, w.len);
	raw_spin_lock_irqsave(&f->lock, flags);
	if (window)
		hs_pci_core_window_put(&f->core, val, w.len);
	val = hs_pci_core_read(&f->core, off, size);
	raw_spin_unlock_irqrestore(&f->lock, flags);
	return val;
}

static void config_write(struct hs_pci_func *f, u32 off, unsigned int size, u32 val)
{
	struct hs_pci_window w;
	unsigned long flags;
	bool window;

	raw_spin_lock_irqsave(&f->lock, flags);
	hs_pci_core_write(&f->core, off, size, val);
	window = hs_pci_core_window(&f->core, off, size, &w);
	if (window)
		val = hs_pci_core_window_get(&f->core);
	update(f);
	raw_spin_unlock_irqrestore(&f->lock, flags);

	if (window)
		bar_write(f, w.bar, w.off, w.len, val & ones(w.len));
}

/* The function that the address register names; NULL: nobody answers. */
static struct hs_pci_func *addressed(struct hs_pci *pci, u32 addr)
{
	unsigned int bdf = ADDR_FUNC(addr);

	if (!(addr & ADDR_ENABLE) || bdf >= HS_PCI_SLOTS << 3 || bdf & 7)
		return NULL;
	return pci->func[array_index_nospec(FUNC_SLOT(bdf), HS_PCI_SLOTS)];
}

/*
 * The address register takes 32 bits at once; the single byte at 0xcf9 is the
 * reset register; what else is there belongs to nobody.
 */
static int ports_try_read(void *dev, u64 off, unsigned int size, u64 *val)
{
	struct hs_pci *pci = dev;

	if (off >= PORT_DATA)
		return -EAGAIN;
	if (!off && size == 4)
		*val = READ_ONCE(pci->addr);
	else if (off == PORT_RESET && size == 1)
		*val = hs_ports_reset_read(pci->b);
	else
		*val = ones(size);
	return 0;
}

static int ports_try_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_pci *pci = dev;

	if (off >= PORT_DATA)
		return -EAGAIN;
	if (!off && size == 4)
		WRITE_ONCE(pci->addr, val & ADDR_BITS);
	else if (off == PORT_RESET && size == 1)
		hs_ports_reset_write(pci->b, val);
	return 0;
}

static u64 ports_read(void *dev, u64 off, unsigned int size)
{
	struct hs_pci *pci = dev;
	u32 addr = READ_ONCE(pci->addr);
	struct hs_pci_func *f;
	u64 val;

	if (!ports_try_read(dev, off, size, &val))
		return val;
	f = addressed(pci, addr);
	return f ? config_read(f, ADDR_REG(addr) + off - PORT_DATA, size) : ones(size);
}

static void ports_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_pci *pci = dev;
	u32 addr = READ_ONCE(pci->addr);
	struct hs_pci_func *f;

	if (!ports_try_write(dev, off, size, val))
		return;
	f = addressed(pci, addr);
	if (f)
		config_write(f, ADDR_REG(addr) + off - PORT_DATA, size, val);
}

static const struct hs_region_ops ports_ops = {
	.read = ports_read,
	.write = ports_write,
	.try_read = ports_try_read,
	.try_write = ports_try_write,
};

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
	send_messages(f);
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

static int add_regions(struct hs_board *b, struct hs_pci *pci)
{
	int ret;

	ret = hs_bus_add(&b->pio, HS_PORT_PCI, 8, &ports_ops, pci);
	if (!ret)
		ret = hs_bus_add(&b->pio, HS_PORT_PCI_IO, HS_PORT_PCI_IO_LEN, &io_ops, pci);
	if (!ret)
		ret = hs_bus_add(&b->mmio, HS_GPA_PCI_START,
				 HS_GPA_PCI_END - HS_GPA_PCI_START, &mem_ops, pci);
	return ret;
}

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
	ret = add_regions(b, pci);
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
		update(f);
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
