// SPDX-License-Identifier: GPL-2.0
#include "ept/entry.h"
#include "ept/access.h"

/**
 * hs_epte_leaf() - present leaf that maps guest RAM
 * @pa: host-physical address, aligned to the leaf's size
 * @write: whether the guest may write
 * @large: a 2 MiB leaf in a page directory instead of a 4 KiB one
 *
 * RAM is write-back with the guest's PAT ignored (SDM vol. 3, 29.3.7.2): the
 * module reaches the same frames through its own write-back mapping, and two
 * types for one page are undefined (12.12.4).  No device of a guest does DMA
 * past the module, so nothing needs another type.
 *
 * A and D start set: the access that faulted is about to happen, and a page
 * without a copy in the store is dirty by definition.
 */
u64 hs_epte_leaf(u64 pa, bool write, bool large)
{
	u64 e = HS_EPTE_R | HS_EPTE_X | HS_EPTE_MT_WB | HS_EPTE_IPAT | HS_EPTE_A | HS_EPTE_D;

	if (write)
		e |= HS_EPTE_W;
	if (large)
		return e | HS_EPTE_PS | (pa & HS_EPTE_ADDR_2M);
	return e | (pa & HS_EPTE_ADDR);
}

/**
 * hs_epte_sub() - the 4 KiB leaf for page @i of a 2 MiB leaf
 * @large: present 2 MiB leaf
 * @i: 0 to 511
 *
 * Permissions, A, D and our marks carry over: what was true of the whole may
 * be true of each part.
 */
u64 hs_epte_sub(u64 large, unsigned int i)
{
	return ((large & ~HS_EPTE_PS & ~HS_EPTE_ADDR) | (large & HS_EPTE_ADDR_2M)) +
	       ((u64)i << HS_PAGE_SHIFT);
}

/**
 * hs_epte_slot_max() - largest slot that may be put into a leaf
 * @phys_bits: address bits that the CPU's caches look at (36 to 52)
 *
 * With a slot up to this one, bit @phys_bits - 1 of the inverted slot is set.
 * A CPU with L1TF has no RAM there: the kernel itself declares the bug beyond
 * help when RAM reaches that far.
 */
u64 hs_epte_slot_max(unsigned int phys_bits)
{
	return (1ULL << (phys_bits - 1 - HS_EPTE_SLOT_SHIFT)) - 1;
}

/* Address that a CPU with L1TF would look up for non-present entry @e. */
u64 hs_epte_l1tf_addr(u64 e, unsigned int phys_bits)
{
	return e & HS_EPTE_ADDR & ((1ULL << phys_bits) - 1);
}

/**
 * hs_epte_allows() - whether a leaf lets an access through
 * @e: present leaf
 * @access: HS_ACC_*
 *
 * With accessed and dirty flags on, the guest's page walks count as writes
 * (SDM vol. 3, 29.3.5); without them, only the CPU's update of a guest A or D
 * flag does.  HS_ACC_WRITE is set by the caller in both cases.
 */
bool hs_epte_allows(u64 e, u32 access)
{
	if ((access & HS_ACC_WRITE) && !(e & HS_EPTE_W))
		return false;
	if ((access & HS_ACC_EXEC) && !(e & HS_EPTE_X))
		return false;
	return e & HS_EPTE_R;
}

/**
 * hs_epte_eptp() - EPT pointer
 * @root: host-physical address of the top table
 * @ad: accessed and dirty flags on
 *
 * SDM vol. 3, 25.6.11: bits 2:0 memory type of the tables (6 = WB), bits 5:3
 * walk length less one, bit 6 accessed and dirty flags.
 */
u64 hs_epte_eptp(u64 root, bool ad)
{
	return root | 6 | (HS_EPT_LEVELS - 1) << 3 | (ad ? BIT_ULL(6) : 0);
}
