// SPDX-License-Identifier: GPL-2.0
/*
 * The windows of the host bridge, and what lies behind: BARs.
 *
 * BARs of devices are accessed without a lock: no function comes or goes while a
 * vCPU runs.  A guest that moves a BAR while another of its vCPUs accesses it
 * gets the one or the other.
 */
#include "boot/layout.h"
#include "dev/pci_priv.h"

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
	hs_pci_send_messages(f);
	raw_spin_unlock_irqrestore(&f->lock, flags);
}

/**
 * hs_pci_bar_read() - read a BAR
 * @f: the function
 * @bar: one that it has
 * @off: with @size within the BAR
 * @size: 1, 2, 4, of memory also 8
 *
 * Context: process.
 * Return: the value; bits beyond @size may be anything.
 */
u64 hs_pci_bar_read(struct hs_pci_func *f, unsigned int bar, u32 off, unsigned int size)
{
	if (bar == HS_PCI_MSIX_BAR)
		return msix_read(f, off, size);
	return f->bar[bar].ops->read(f->dev, off, size);
}

/**
 * hs_pci_bar_write() - write a BAR
 * @f: the function
 * @bar: one that it has
 * @off: with @size within the BAR
 * @size: 1, 2, 4, of memory also 8
 * @val: the value, no longer than @size
 *
 * Context: process.
 */
void hs_pci_bar_write(struct hs_pci_func *f, unsigned int bar, u32 off,
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
		return hs_pci_bar_read(pci->func[hit.slot], hit.bar, hit.off, size);
	for (i = 0; i < size; i++) {
		u64 byte = 0xff;

		if (find_io(pci, off + i, &hit))
			byte = hs_pci_bar_read(pci->func[hit.slot], hit.bar, hit.off, 1) & 0xff;
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
		hs_pci_bar_write(pci->func[hit.slot], hit.bar, hit.off, size, val);
		return;
	}
	for (i = 0; i < size; i++)
		if (find_io(pci, off + i, &hit))
			hs_pci_bar_write(pci->func[hit.slot], hit.bar, hit.off, 1,
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
		return hs_pci_bar_read(pci->func[hit.slot], hit.bar, hit.off, size);
	for (i = 0; i < size; i++) {
		u64 byte = 0xff;

		if (find_mem(pci, off + i, &hit))
			byte = hs_pci_bar_read(pci->func[hit.slot], hit.bar, hit.off, 1) & 0xff;
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
		hs_pci_bar_write(pci->func[hit.slot], hit.bar, hit.off, size, val);
		return;
	}
	for (i = 0; i < size; i++)
		if (find_mem(pci, off + i, &hit))
			hs_pci_bar_write(pci->func[hit.slot], hit.bar, hit.off, 1,
				  val >> (8 * i) & 0xff);
}

static const struct hs_region_ops mem_ops = {
	.read = mem_read,
	.write = mem_write,
};

/**
 * hs_pci_window_init() - put the windows on the board
 * @pci: the bus
 *
 * Context: process.
 * Return: 0, or what hs_bus_add() said.
 */
int hs_pci_window_init(struct hs_pci *pci)
{
	int ret;

	ret = hs_bus_add(&pci->b->pio, HS_PORT_PCI_IO, HS_PORT_PCI_IO_LEN, &io_ops, pci);
	if (!ret)
		ret = hs_bus_add(&pci->b->mmio, HS_GPA_PCI_START,
				 HS_GPA_PCI_END - HS_GPA_PCI_START, &mem_ops, pci);
	return ret;
}
