/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the PCI bus share: pci.c (functions, lines, messages),
 * pci_config.c (configuration), pci_window.c (BARs).
 *
 * Locks, both raw: f->lock (configuration space and MSI-X table of a function) >
 * pci->lock (who answers where, lines) > those of the interrupt controllers.
 * Messages are sent under f->lock: once a guest's write that masks a vector is
 * done, none of it comes any more.
 */
#ifndef HS_DEV_PCI_PRIV_H
#define HS_DEV_PCI_PRIV_H

#include <linux/spinlock.h>
#include "dev/board.h"
#include "dev/pci.h"
#include "dev/pci_core.h"
#include "dev/pci_map.h"

/**
 * struct hs_pci_func - a function on the bus
 * @pci: the bus
 * @slot: where it is
 * @lock: for @core
 * @core: configuration space and MSI-X table
 * @bar: as given to hs_pci_add()
 * @dev: likewise
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
 * @b: whose it is
 * @lock: for @map and @asserted
 * @addr: the address register of configuration mechanism 1
 * @func: by slot; constant while a vCPU runs
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

/* Map, line and messages after a change of configuration space; f->lock is held. */
void hs_pci_update(struct hs_pci_func *f);
/* Messages that may be sent after a change of the table; f->lock is held. */
void hs_pci_send_messages(struct hs_pci_func *f);

/* Put their regions on the board.  0 or what hs_bus_add() said. */
int hs_pci_config_init(struct hs_pci *pci);
int hs_pci_window_init(struct hs_pci *pci);

/*
 * Access to a BAR that the function has, within it.  Process context, no lock;
 * @size: 1, 2, 4, of memory also 8.
 */
u64 hs_pci_bar_read(struct hs_pci_func *f, unsigned int bar, u32 off, unsigned int size);
void hs_pci_bar_write(struct hs_pci_func *f, unsigned int bar, u32 off,
		      unsigned int size, u64 val);

static inline u64 hs_pci_ones(unsigned int size)
{
	return ~0ULL >> (64 - 8 * size);
}

#endif /* HS_DEV_PCI_PRIV_H */
