/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the 64 bits of an EPT entry mean: pure, and the only place that knows.
 *
 * A present entry is the CPU's (SDM vol. 3, 29.3.2, tables 29-1 to 29-7 in the
 * order of levels).  In an entry with bits 2:0 clear the CPU ignores all other
 * bits, so there the module keeps the state of the page.  No second map exists.
 *
 *   63   62:52       51:13            12:11      10   9:7        6:3   2:0
 *   0    stamp 15:5  inverted slot    stamp 1:0  0    stamp 4:2  type  0
 *
 * Bit 10 stays clear because it is a permission under mode-based execute
 * control, bit 63 because it governs #VE.  The slot is inverted so that what a
 * CPU with L1TF takes for an address (51:12) has its top implemented bit set:
 * that lies above any RAM such a CPU can have cached, see hs_epte_slot_max().
 */
#ifndef HS_EPT_ENTRY_H
#define HS_EPT_ENTRY_H

#include "pure.h"

#define HS_EPTE_R		BIT_ULL(0)
#define HS_EPTE_W		BIT_ULL(1)
#define HS_EPTE_X		BIT_ULL(2)
#define HS_EPTE_RWX		(HS_EPTE_R | HS_EPTE_W | HS_EPTE_X)
#define HS_EPTE_MT_SHIFT	3
#define HS_EPTE_MT_WB		(6ULL << HS_EPTE_MT_SHIFT)
#define HS_EPTE_IPAT		BIT_ULL(6)
#define HS_EPTE_PS		BIT_ULL(7)	/* this directory entry is a leaf */
#define HS_EPTE_A		BIT_ULL(8)
#define HS_EPTE_D		BIT_ULL(9)
#define HS_EPTE_ADDR		GENMASK_ULL(51, 12)
#define HS_EPTE_ADDR_2M		GENMASK_ULL(51, 21)
/* Ours in a present leaf: the CPU ignores 56:52 there. */
#define HS_EPTE_WALK		BIT_ULL(52)	/* the guest keeps a page table here */
#define HS_EPTE_FRESH		BIT_ULL(53)	/* faulted in since the last harvest */

#define HS_PAGE_SHIFT		12
#define HS_PAGE_SIZE		(1UL << HS_PAGE_SHIFT)
#define HS_CHUNK_SHIFT		21
#define HS_CHUNK_PAGES		512U
#define HS_EPT_ENTRIES		512U
#define HS_EPT_LEVELS		4
#define HS_GPA_BITS		48	/* what four levels reach */

/* State of a page that has no frame mapped; zero page state first. */
enum hs_leaf_type {
	HS_LEAF_NONE,		/* never touched, reads as zero */
	HS_LEAF_ZERO,		/* was all zero when it was taken */
	HS_LEAF_BALLOON,	/* given by the guest's balloon */
	HS_LEAF_REPORTED,	/* reported free by the guest */
	HS_LEAF_BUSY,		/* on its way, see struct hs_inflight */
	HS_LEAF_STAGED,		/* content in the store and a frame in hand */
	HS_LEAF_COMPRESSED,	/* content in the store */
	HS_LEAF_SWAPPED,	/* content on the swap device */
	HS_LEAF_POISON,		/* content lost */
	HS_LEAF_TYPES
};

#define HS_EPTE_TYPE_SHIFT	3
#define HS_EPTE_TYPE_MASK	GENMASK_ULL(6, 3)
#define HS_EPTE_SLOT_SHIFT	13
#define HS_EPTE_SLOT_BITS	39
#define HS_EPTE_SLOT_MASK	GENMASK_ULL(51, 13)

static inline bool hs_epte_present(u64 e)
{
	return e & HS_EPTE_RWX;
}

/**
 * hs_epte_state() - non-present leaf of @type
 * @type: what the page is
 * @slot: where its content is; at most hs_epte_slot_max()
 * @stamp: eviction stamp, 16 bits
 */
static inline u64 hs_epte_state(enum hs_leaf_type type, u64 slot, u16 stamp)
{
	u64 s = stamp;

	return (u64)type << HS_EPTE_TYPE_SHIFT |
	       (~slot << HS_EPTE_SLOT_SHIFT & HS_EPTE_SLOT_MASK) |
	       (s >> 5) << 52 | (s >> 2 & 7) << 7 | (s & 3) << 11;
}

/* What every entry of a new table holds. */
#define HS_EPTE_NONE	hs_epte_state(HS_LEAF_NONE, 0, 0)

static inline enum hs_leaf_type hs_epte_type(u64 e)
{
	return (e & HS_EPTE_TYPE_MASK) >> HS_EPTE_TYPE_SHIFT;
}

static inline bool hs_epte_is(u64 e, enum hs_leaf_type type)
{
	return !hs_epte_present(e) && hs_epte_type(e) == type;
}

static inline u64 hs_epte_slot(u64 e)
{
	return (~e & HS_EPTE_SLOT_MASK) >> HS_EPTE_SLOT_SHIFT;
}

static inline u16 hs_epte_stamp(u64 e)
{
	return (e >> 52 & 0x7ff) << 5 | (e >> 7 & 7) << 2 | (e >> 11 & 3);
}

static inline u64 hs_epte_pa(u64 e)
{
	return e & HS_EPTE_ADDR;
}

/* Entry that points to the next table. */
static inline u64 hs_epte_table(u64 pa)
{
	return pa | HS_EPTE_RWX;
}

static inline bool hs_epte_is_table(u64 e)
{
	return hs_epte_present(e) && !(e & HS_EPTE_PS);
}

u64 hs_epte_leaf(u64 pa, bool write, bool large);
u64 hs_epte_slot_max(unsigned int phys_bits);
u64 hs_epte_l1tf_addr(u64 e, unsigned int phys_bits);
bool hs_epte_allows(u64 e, u32 access);
u64 hs_epte_eptp(u64 root, bool ad);
u64 hs_epte_sub(u64 large, unsigned int i);

#endif /* HS_EPT_ENTRY_H */
