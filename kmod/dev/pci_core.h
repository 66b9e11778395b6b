/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Configuration space of a PCI function with its MSI-X table.  Pure: the caller
 * locks.
 */
#ifndef HS_DEV_PCI_CORE_H
#define HS_DEV_PCI_CORE_H

#include "pure.h"
#include "dev/irq.h"
#include "dev/pci.h"

#define HS_PCI_CONFIG		256	/* bytes of a function's configuration */
#define HS_PCI_MSIX_BAR		(HS_PCI_BARS - 1)
#define HS_PCI_MSIX_BAR_SIZE	4096
#define HS_PCI_MSIX_PBA		2048	/* offset in it; the table is at 0 */

/* An MSI-X table entry, PCI 3.0, 6.8.2. */
struct hs_pci_vector {
	u32 addr_lo, addr_hi, data, control;
};

/**
 * struct hs_pci_core - a function
 * @space: what a guest reads, but for the interrupt status bit
 * @writable: bits of it that a guest can change
 * @initial: it, as after reset
 * @bar_size: bytes of each BAR, 0: none
 * @bar_io: bit n: BAR n is one of I/O ports
 * @msix_cap: offset of the MSI-X capability, 0: none
 * @window_cap: offset of VIRTIO_PCI_CAP_PCI_CFG, 0: none
 * @msix: vectors
 * @vec: their table
 * @pending: vectors to be sent once they may
 * @intx: level that the device gives INTA#
 */
struct hs_pci_core {
	u8 space[HS_PCI_CONFIG], writable[HS_PCI_CONFIG], initial[HS_PCI_CONFIG];
	u32 bar_size[HS_PCI_BARS];
	u8 bar_io;
	u8 msix_cap, window_cap;
	unsigned int msix;
	struct hs_pci_vector vec[HS_PCI_MSIX_MAX];
	u64 pending;
	bool intx;
};

/* An access to a BAR by way of configuration space. */
struct hs_pci_window {
	unsigned int bar;
	u32 off;		/* with @len it lies within the BAR */
	unsigned int len;	/* 1, 2 or 4 */
};

int hs_pci_core_init(struct hs_pci_core *c, const struct hs_pci_cfg *cfg,
		     unsigned int slot);
void hs_pci_core_reset(struct hs_pci_core *c);

u32 hs_pci_core_read(const struct hs_pci_core *c, u32 off, unsigned int size);
void hs_pci_core_write(struct hs_pci_core *c, u32 off, unsigned int size, u32 val);

bool hs_pci_core_window(const struct hs_pci_core *c, u32 off, unsigned int size,
			struct hs_pci_window *w);
u32 hs_pci_core_window_get(const struct hs_pci_core *c);
void hs_pci_core_window_put(struct hs_pci_core *c, u32 val, unsigned int len);

u32 hs_pci_core_bar(const struct hs_pci_core *c, unsigned int bar);
bool hs_pci_core_is_master(const struct hs_pci_core *c);
bool hs_pci_core_line(const struct hs_pci_core *c);
unsigned int hs_pci_core_gsi(unsigned int slot);

bool hs_pci_core_msix_on(const struct hs_pci_core *c);
u64 hs_pci_core_msix_read(const struct hs_pci_core *c, u32 off, unsigned int size);
void hs_pci_core_msix_write(struct hs_pci_core *c, u32 off, unsigned int size, u64 val);
void hs_pci_core_msix_raise(struct hs_pci_core *c, unsigned int vec);
u64 hs_pci_core_msix_take(struct hs_pci_core *c);
bool hs_pci_core_msix_msg(const struct hs_pci_core *c, unsigned int vec,
			  struct hs_irq_msg *msg);

bool hs_pci_msi_decode(u64 addr, u32 data, struct hs_irq_msg *msg);

#endif /* HS_DEV_PCI_CORE_H */
