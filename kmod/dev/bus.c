// SPDX-License-Identifier: GPL-2.0
/* Port and MMIO space: finding a region, and accesses that match none. Pure. */
#include "pure.h"
#include "dev/bus.h"

/* The first region that ends after @addr, or nr. */
static unsigned int bus_first(const struct hs_bus *bus, u64 addr)
{
	unsigned int i;

	for (i = 0; i < bus->nr; i++)
		if (bus->region[i].base + (bus->region[i].len - 1) >= addr)
			break;
	return i;
}

/**
 * hs_bus_add() - claim a range of addresses for a device
 * @bus: the bus; no vCPU runs yet
 * @base: first address
 * @len: how many addresses
 * @ops: how to access it; constant for as long as the bus lives
 * @dev: handed to @ops
 *
 * Return: 0, -EINVAL for an empty or wrapping range, -EBUSY when it overlaps a
 * region that is there, -ENOSPC when the table is full.
 */
int hs_bus_add(struct hs_bus *bus, u64 base, u64 len,
	       const struct hs_region_ops *ops, void *dev)
{
	unsigned int i, at;

	if (!len || base + len - 1 < base)
		return -EINVAL;
	if (bus->nr >= HS_BUS_REGIONS)
		return -ENOSPC;

	at = bus_first(bus, base);
	if (at < bus->nr && bus->region[at].base <= base + (len - 1))
		return -EBUSY;

	for (i = bus->nr; i > at; i--)
		bus->region[i] = bus->region[i - 1];
	bus->region[at] = (struct hs_region){
		.base = base, .len = len, .ops = ops, .dev = dev,
	};
	bus->nr++;
	for (i = 0; i < HS_BUS_GROUPS; i++)
		bus->group[i] = bus_first(bus, i << HS_BUS_GROUP_SHIFT);
	bus->high = bus_first(bus, HS_BUS_LOW);
	return 0;
}

/*
 * Few instructions for the ports of a PC, which lie low; elsewhere there are only
 * a few regions.
 */
static __always_inline const struct hs_region *bus_find(const struct hs_bus *bus,
							u64 addr)
{
	const struct hs_region *r = bus->region, *end = r + bus->nr;

	if (addr < HS_BUS_LOW) {
		addr = array_index_nospec(addr, HS_BUS_LOW);
		r += bus->group[addr >> HS_BUS_GROUP_SHIFT];
	} else {
		r += bus->high;
	}
	for (; r < end && addr >= r->base; r++)
		if (addr - r->base < r->len)
			return r;
	return NULL;
}

/**
 * hs_bus_find() - which device answers at an address
 * @bus: the bus
 * @addr: port number or guest-physical address
 *
 * Context: any; the table is constant while the VM runs.
 * Return: the region, or NULL when nobody claims @addr.
 */
const struct hs_region *hs_bus_find(const struct hs_bus *bus, u64 addr)
{
	return bus_find(bus, addr);
}

static __always_inline u64 bus_ones(unsigned int size)
{
	return U64_MAX >> (64 - size * 8);
}

static __always_inline bool bus_inside(const struct hs_region *r, u64 addr,
				       unsigned int size)
{
	return r->len - (addr - r->base) >= size;
}

/*
 * An access that is split must be done whole or not at all, because the caller
 * repeats all of it where it may sleep.
 */
static bool bus_all_fast(const struct hs_bus *bus, u64 addr, unsigned int size)
{
	unsigned int i;

	for (i = 0; i < size; i++) {
		const struct hs_region *r = hs_bus_find(bus, addr + i);

		if (r && !r->ops->fast)
			return false;
	}
	return true;
}

static noinline int bus_read_bytes(const struct hs_bus *bus, u64 addr,
				   unsigned int size, u64 *val, bool fast_only)
{
	unsigned int i;
	u64 v = 0;

	if (fast_only && !bus_all_fast(bus, addr, size))
		return -EAGAIN;
	for (i = 0; i < size; i++) {
		const struct hs_region *r = hs_bus_find(bus, addr + i);
		u64 byte = 0xff;

		if (r)
			byte = r->ops->read(r->dev, addr + i - r->base, 1) & 0xff;
		v |= byte << (i * 8);
	}
	*val = v;
	return 0;
}

static noinline int bus_write_bytes(const struct hs_bus *bus, u64 addr,
				    unsigned int size, u64 val, bool fast_only)
{
	unsigned int i;

	if (fast_only && !bus_all_fast(bus, addr, size))
		return -EAGAIN;
	for (i = 0; i < size; i++) {
		const struct hs_region *r = hs_bus_find(bus, addr + i);

		if (r)
			r->ops->write(r->dev, addr + i - r->base, 1,
				      (val >> (i * 8)) & 0xff);
	}
	return 0;
}

/* Out of the way of those that are fast. */
static noinline int bus_try_read(const struct hs_region *r, u64 addr, unsigned int size,
				 u64 *val)
{
	u64 v;
	int ret;

	if (!r->ops->try_read)
		return -EAGAIN;
	ret = r->ops->try_read(r->dev, addr - r->base, size, &v);
	if (!ret)
		*val = v & bus_ones(size);
	return ret;
}

static noinline int bus_try_write(const struct hs_region *r, u64 addr, unsigned int size,
				  u64 val)
{
	if (!r->ops->try_write)
		return -EAGAIN;
	return r->ops->try_write(r->dev, addr - r->base, size, val & bus_ones(size));
}

/**
 * hs_bus_read() - read from whoever answers
 * @bus: the bus
 * @addr: port number or guest-physical address
 * @size: 1, 2, 4 or 8 bytes
 * @val: where the value goes, zero-extended; all ones where nobody answers
 * @fast_only: do not call a device that may sleep
 *
 * Context: any with @fast_only, else process context.
 * Return: 0, or -EAGAIN: nothing was done, because a device would have to be
 * called that may not be called here.
 */
int hs_bus_read(const struct hs_bus *bus, u64 addr, unsigned int size, u64 *val,
		bool fast_only)
{
	const struct hs_region *r = bus_find(bus, addr);

	if (r && bus_inside(r, addr, size)) {
		if (fast_only && !r->ops->fast)
			return bus_try_read(r, addr, size, val);
		*val = r->ops->read(r->dev, addr - r->base, size) & bus_ones(size);
		return 0;
	}
	if (!r && size == 1) {
		*val = 0xff;
		return 0;
	}
	return bus_read_bytes(bus, addr, size, val, fast_only);
}

/**
 * hs_bus_write() - write to whoever answers
 * @bus: the bus
 * @addr: port number or guest-physical address
 * @size: 1, 2, 4 or 8 bytes
 * @val: value; bits beyond @size are ignored
 * @fast_only: do not call a device that may sleep
 *
 * Context and return: as for hs_bus_read().
 */
int hs_bus_write(const struct hs_bus *bus, u64 addr, unsigned int size, u64 val,
		 bool fast_only)
{
	const struct hs_region *r = bus_find(bus, addr);

	if (r && bus_inside(r, addr, size)) {
		if (fast_only && !r->ops->fast)
			return bus_try_write(r, addr, size, val);
		r->ops->write(r->dev, addr - r->base, size, val & bus_ones(size));
		return 0;
	}
	if (!r && size == 1)
		return 0;
	return bus_write_bytes(bus, addr, size, val, fast_only);
}
