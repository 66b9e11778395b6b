/* SPDX-License-Identifier: GPL-2.0 */
/* Port and MMIO space of a VM: which device answers at an address. */
#ifndef HS_DEV_BUS_H
#define HS_DEV_BUS_H

#include "pure.h"

#define HS_BUS_REGIONS	32

/**
 * struct hs_region_ops - how a device is accessed
 * @read: returns the value at offset @off of the region, @size bytes wide
 *	(1, 2, 4; 8 for MMIO only), zero-extended
 * @write: takes @val, already truncated to @size
 * @fast: both may be called with interrupts off, from a FAST exit handler:
 *	no sleep, no allocation, no guest memory, only locks of this VM that are
 *	raw or irqsave
 * @try_read: optional, without @fast: the same as @read under the rules of @fast,
 *	or -EAGAIN, and nothing was done: some accesses to the region may sleep
 * @try_write: likewise
 *
 * An access never straddles the end of a region; one that would is split
 * into bytes by the bus, as on an ISA bus.
 */
struct hs_region_ops {
	u64 (*read)(void *dev, u64 off, unsigned int size);
	void (*write)(void *dev, u64 off, unsigned int size, u64 val);
	bool fast;
	int (*try_read)(void *dev, u64 off, unsigned int size, u64 *val);
	int (*try_write)(void *dev, u64 off, unsigned int size, u64 val);
};

struct hs_region {
	u64 base, len;
	const struct hs_region_ops *ops;
	void *dev;
};

/* Addresses below this are looked up by their group of eight. */
#define HS_BUS_LOW		0x1000
#define HS_BUS_GROUP_SHIFT	3
#define HS_BUS_GROUPS		(HS_BUS_LOW >> HS_BUS_GROUP_SHIFT)

/**
 * struct hs_bus - sorted by base; filled before the VM runs, constant while it does
 * @nr: how many regions
 * @region: they
 * @group: for each group of low addresses the first region that ends in it or
 *	after it; @nr when there is none
 * @high: the same for all other addresses: the first that ends beyond the low ones
 */
struct hs_bus {
	unsigned int nr;
	struct hs_region region[HS_BUS_REGIONS];
	u8 group[HS_BUS_GROUPS];
	u8 high;
};

/* 0, -EINVAL (empty or wraps), -EBUSY (overlaps another), -ENOSPC. */
int hs_bus_add(struct hs_bus *bus, u64 base, u64 len,
	       const struct hs_region_ops *ops, void *dev);

/* The region that holds @addr, or NULL.  Any context. */
const struct hs_region *hs_bus_find(const struct hs_bus *bus, u64 addr);

/*
 * Access to @addr.  Bytes that nobody claims read as all ones, and writes to
 * them vanish.  With @fast_only an access that a region with !fast would have
 * to serve, and does not by try_read or try_write, is not done and -EAGAIN
 * returned; else 0.
 */
int hs_bus_read(const struct hs_bus *bus, u64 addr, unsigned int size, u64 *val,
		bool fast_only);
int hs_bus_write(const struct hs_bus *bus, u64 addr, unsigned int size, u64 val,
		 bool fast_only);

#endif /* HS_DEV_BUS_H */
