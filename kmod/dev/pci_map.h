/* SPDX-License-Identifier: GPL-2.0 */
/* Which BAR of a PCI bus answers at an address.  Pure: the caller locks. */
#ifndef HS_DEV_PCI_MAP_H
#define HS_DEV_PCI_MAP_H

#include "pure.h"
#include "boot/layout.h"
#include "dev/pci.h"

/* No I/O BAR is smaller, so these many ports have one owner. */
#define HS_PCI_IO_CELL		4
#define HS_PCI_IO_CELLS		(HS_PORT_PCI_IO_LEN / HS_PCI_IO_CELL)

/**
 * struct hs_pci_map - the BARs that are decoded
 * @base: of each, 0: not decoded
 * @size: of each, for as long as the function is there
 * @is_io: bit n of a slot: BAR n is one of I/O ports
 * @mem: bit n: slot n has memory BARs that are decoded
 * @io: number of the BAR that owns a group of ports, plus 1; 0: nobody
 *
 * The number of a BAR is slot * HS_PCI_BARS + BAR.  Where several overlap, that
 * with the lowest answers.
 */
struct hs_pci_map {
	u32 base[HS_PCI_SLOTS * HS_PCI_BARS];
	u32 size[HS_PCI_SLOTS * HS_PCI_BARS];
	u8 is_io[HS_PCI_SLOTS];
	u32 mem;
	u8 io[HS_PCI_IO_CELLS];
};

/* Who answers, and at which offset. */
struct hs_pci_hit {
	unsigned int slot, bar;
	u32 off;		/* less than the BAR's size */
	u32 left;		/* bytes from there to its end */
};

void hs_pci_map_set(struct hs_pci_map *m, unsigned int slot, unsigned int bar, bool io,
		    u32 base, u32 size);
bool hs_pci_map_find_mem(const struct hs_pci_map *m, u64 gpa, struct hs_pci_hit *hit);
bool hs_pci_map_find_io(const struct hs_pci_map *m, u32 port, struct hs_pci_hit *hit);

#endif /* HS_DEV_PCI_MAP_H */
