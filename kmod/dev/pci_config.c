// SPDX-License-Identifier: GPL-2.0
/*
 * The ways to the configuration space of functions: ports, mechanism 1 (PCI 3.0,
 * 3.2.2.3.2), and memory, ECAM (PCI Firmware 3.0, 4.1).
 *
 * Linux uses the ports for all that there is here; without ECAM, though, it warns
 * at each boot that it has none.
 */
#include <linux/nospec.h>
#include "boot/layout.h"
#include "dev/devices.h"
#include "dev/pci_priv.h"

/* The address register, 3.2.2.3.2. */
#define ADDR_ENABLE	BIT(31)
#define ADDR_BITS	(ADDR_ENABLE | 0x00fffffc)
#define ADDR_FUNC(a)	((a) >> 8 & 0xffff)	/* bus, slot, function */
#define ADDR_REG(a)	((a) & 0xfc)
#define ECAM_FUNC(off)	((off) >> 12)
#define ECAM_REG(off)	((off) & 0xfff)
#define PORT_DATA	4			/* offset of the data register */
#define PORT_RESET	(HS_PORT_RESET - HS_PORT_PCI)

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
		val = hs_pci_bar_read(f, w.bar, w.off, w.len);
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
	hs_pci_update(f);
	raw_spin_unlock_irqrestore(&f->lock, flags);

	if (window)
		hs_pci_bar_write(f, w.bar, w.off, w.len, val & hs_pci_ones(w.len));
}

/* By bus, slot and function, 16 bits; NULL: nobody answers. */
static struct hs_pci_func *find(struct hs_pci *pci, unsigned int bdf)
{
	if (bdf >= HS_PCI_SLOTS << 3 || bdf & 7)
		return NULL;
	return pci->func[array_index_nospec(bdf >> 3, HS_PCI_SLOTS)];
}

/* --- mechanism 1 ------------------------------------------------------------- */

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
		*val = hs_pci_ones(size);
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
	f = addr & ADDR_ENABLE ? find(pci, ADDR_FUNC(addr)) : NULL;
	return f ? config_read(f, ADDR_REG(addr) + off - PORT_DATA, size) : hs_pci_ones(size);
}

static void ports_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_pci *pci = dev;
	u32 addr = READ_ONCE(pci->addr);
	struct hs_pci_func *f;

	if (!ports_try_write(dev, off, size, val))
		return;
	f = addr & ADDR_ENABLE ? find(pci, ADDR_FUNC(addr)) : NULL;
	if (f)
		config_write(f, ADDR_REG(addr) + off - PORT_DATA, size, val);
}

static const struct hs_region_ops ports_ops = {
	.read = ports_read,
	.write = ports_write,
	.try_read = ports_try_read,
	.try_write = ports_try_write,
};

/* --- ECAM ---------------------------------------------------------------------- */

static u64 ecam_read(void *dev, u64 off, unsigned int size)
{
	struct hs_pci_func *f = find(dev, ECAM_FUNC(off));
	u64 val;

	if (!f)
		return hs_pci_ones(size);
	val = config_read(f, ECAM_REG(off), min(size, 4U));
	if (size == 8)
		val |= (u64)config_read(f, ECAM_REG(off) + 4, 4) << 32;
	return val;
}

static void ecam_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_pci_func *f = find(dev, ECAM_FUNC(off));

	if (!f)
		return;
	config_write(f, ECAM_REG(off), min(size, 4U), val);
	if (size == 8)
		config_write(f, ECAM_REG(off) + 4, 4, val >> 32);
}

static const struct hs_region_ops ecam_ops = {
	.read = ecam_read,
	.write = ecam_write,
};

/**
 * hs_pci_config_init() - put both ways on the board
 * @pci: the bus
 *
 * Context: process.
 * Return: 0, or what hs_bus_add() said.
 */
int hs_pci_config_init(struct hs_pci *pci)
{
	int ret;

	ret = hs_bus_add(&pci->b->pio, HS_PORT_PCI, 8, &ports_ops, pci);
	if (!ret)
		ret = hs_bus_add(&pci->b->mmio, HS_GPA_PCI_ECAM, HS_PCI_ECAM_SIZE,
				 &ecam_ops, pci);
	return ret;
}
