/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PCI bus 0 of a VM (PCI 3.0): a host bridge in slot 0, devices with one
 * function in slots 1 to 31; configuration by mechanism 1 and by ECAM.
 *
 * Base addresses are assigned as firmware would, at power-on and after each
 * reset; the guest may move them.
 */
#ifndef HS_DEV_PCI_H
#define HS_DEV_PCI_H

#include "pure.h"
#include "dev/bus.h"

struct hs_board;
struct hs_pci_func;

#define HS_PCI_SLOTS		32
#define HS_PCI_BARS		6	/* the last one is MSI-X's */
#define HS_PCI_MSIX_MAX		64	/* vectors of a function */
#define HS_PCI_CAPS		8	/* capabilities besides MSI-X */

/**
 * struct hs_pci_bar - what a base address register of a device maps
 * @size: bytes, a power of two; I/O 4..256, all of a function in 512; memory
 *	4096..64 KiB; 0: none
 * @io: I/O ports; else 32-bit memory, not prefetchable
 * @ops: as for any region; @fast of I/O holds, memory is never accessed fast
 */
struct hs_pci_bar {
	u32 size;
	bool io;
	const struct hs_region_ops *ops;
};

/**
 * struct hs_pci_cap - a capability, as it lies in configuration space
 * @data: its bytes, copied; the second, the link, is filled in by the bus
 * @len: how many, a multiple of 4
 * @window: it is VIRTIO_PCI_CAP_PCI_CFG (virtio 1.2, 4.1.4.9): bar, offset and
 *	length can be written, and its last four bytes are a window to that BAR
 */
struct hs_pci_cap {
	const u8 *data;
	u8 len;
	bool window;
};

/**
 * struct hs_pci_cfg - a device
 * @class: base class, subclass, interface: 24 bits
 * @bar: all but the last
 * @cap: @nr_caps of them, first to last as a guest finds them; MSI-X follows
 * @msix: vectors, 0: no MSI-X; table and pending bits are in the last BAR
 * @dev: handed to the @ops of the BARs
 */
struct hs_pci_cfg {
	u16 vendor, device, sub_vendor, sub_device;
	u8 revision;
	u32 class;
	struct hs_pci_bar bar[HS_PCI_BARS - 1];
	struct hs_pci_cap cap[HS_PCI_CAPS];
	unsigned int nr_caps;
	unsigned int msix;
	void *dev;
};

/* Of the board, see devices.h. */
int hs_pci_init(struct hs_board *b);
void hs_pci_reset(struct hs_board *b);
void hs_pci_exit(struct hs_board *b);

/*
 * A device comes to @slot (1-31), or to the first free one (0), or goes.  No vCPU
 * runs; the VM's other devices may be at work.  Process context.  -EBUSY: the
 * slot is taken; -ENOSPC: all are; -ENOMEM; -EINVAL: @cfg.
 */
int hs_pci_add(struct hs_board *b, unsigned int slot, const struct hs_pci_cfg *cfg,
	       struct hs_pci_func **func);
void hs_pci_remove(struct hs_pci_func *f);
unsigned int hs_pci_slot(const struct hs_pci_func *f);

/* The guest has turned MSI-X on; INTx is out of use then.  Any context. */
bool hs_pci_msix_on(struct hs_pci_func *f);
/*
 * Sends vector @vec, or leaves it pending while it or the function is masked.
 * Nothing happens without MSI-X, for a vector beyond the table, or while the
 * function is no bus master.  Any context.
 */
void hs_pci_msix_send(struct hs_pci_func *f, unsigned int vec);
/* Level of the function's INTA#; kept from the line while MSI-X or the command
 * register's disable bit is on.  Any context. */
void hs_pci_intx_set(struct hs_pci_func *f, bool level);
/* The guest lets the function read and write its memory.  Any context. */
bool hs_pci_is_master(struct hs_pci_func *f);

#endif /* HS_DEV_PCI_H */
