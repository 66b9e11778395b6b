// SPDX-License-Identifier: GPL-2.0
/*
 * Which BAR of a PCI bus answers at an address.  Pure.
 *
 * Only what lies in the windows of the host bridge is reached.  A BAR is aligned to
 * its size and the windows to more than the largest, so one lies within a window or
 * outside, never half.
 *
 * Ports are looked up without a lock while another vCPU moves a BAR: in one byte,
 * which names the owner.  Only cells whose owner changes are written.  The offset
 * comes from port and size alone, so it is within the BAR whatever happens.
 */
#include "dev/pci_map.h"

#define BARS	(HS_PCI_SLOTS * HS_PCI_BARS)

static bool in_ports(u32 base)
{
	return base >= HS_PORT_PCI_IO && base - HS_PORT_PCI_IO < HS_PORT_PCI_IO_LEN;
}

static bool in_memory(u32 base)
{
	return base >= HS_GPA_PCI_START && base < HS_GPA_PCI_END;
}

/* The owners of cells [@first, @first + @n) anew. */
static void update_cells(struct hs_pci_map *m, u32 first, u32 n)
{
	u8 owner[256 / HS_PCI_IO_CELL] = {};
	unsigned int i = BARS;
	u32 from, to;

	/* Backwards: the lowest number is written last. */
	while (i--) {
		if (!m->base[i] || !(m->is_io[i / HS_PCI_BARS] & BIT(i % HS_PCI_BARS)))
			continue;
		from = (m->base[i] - HS_PORT_PCI_IO) / HS_PCI_IO_CELL;
		to = min(from + m->size[i] / HS_PCI_IO_CELL, first + n);
		for (from = max(from, first); from < to; from++)
			owner[from - first] = i + 1;
	}
	for (i = 0; i < n; i++)
		WRITE_ONCE(m->io[first + i], owner[i]);
}

static void update_ports(struct hs_pci_map *m, u32 base, u32 size)
{
	if (base)
		update_cells(m, (base - HS_PORT_PCI_IO) / HS_PCI_IO_CELL,
			     size / HS_PCI_IO_CELL);
}

static void update_memory(struct hs_pci_map *m, unsigned int slot)
{
	unsigned int i;

	m->mem &= ~(1U << slot);
	for (i = 0; i < HS_PCI_BARS; i++)
		if (m->base[slot * HS_PCI_BARS + i] && !(m->is_io[slot] & BIT(i)))
			m->mem |= 1U << slot;
}

/**
 * hs_pci_map_set() - a BAR is somewhere else, or nowhere
 * @m: the map
 * @slot: 0-31
 * @bar: 0-5
 * @io: one of I/O ports
 * @base: a multiple of @size; 0: not decoded
 * @size: bytes, a power of two, 4 to 256 ports or more of memory; 0: the function
 *	goes; otherwise the same each time
 */
void hs_pci_map_set(struct hs_pci_map *m, unsigned int slot, unsigned int bar, bool io,
		    u32 base, u32 size)
{
	const unsigned int n = slot * HS_PCI_BARS + bar;
	const u32 old = m->base[n], old_size = m->size[n];

	if (!size || !(io ? in_ports(base) : in_memory(base)))
		base = 0;
	if (old == base && old_size == size)
		return;
	m->base[n] = base;
	if (io) {
		m->is_io[slot] |= BIT(bar);
		/* A cell that names the BAR implies that its size can be read. */
		if (size)
			WRITE_ONCE(m->size[n], size);
		update_ports(m, old, old_size);
		update_ports(m, base, size);
	}
	m->size[n] = size;
	if (!io) {
		m->is_io[slot] &= ~BIT(bar);
		update_memory(m, slot);
	}
}

/**
 * hs_pci_map_find_mem() - who answers at an address
 * @m: the map
 * @gpa: guest-physical address
 * @hit: who
 *
 * Return: false: nobody.
 */
bool hs_pci_map_find_mem(const struct hs_pci_map *m, u64 gpa, struct hs_pci_hit *hit)
{
	u32 slots = m->mem;

	for (; slots; slots &= slots - 1) {
		unsigned int slot = __builtin_ctz(slots), bar;

		for (bar = 0; bar < HS_PCI_BARS; bar++) {
			unsigned int n = slot * HS_PCI_BARS + bar;

			if (!m->base[n] || m->is_io[slot] & BIT(bar) ||
			    gpa < m->base[n] || gpa - m->base[n] >= m->size[n])
				continue;
			hit->slot = slot;
			hit->bar = bar;
			hit->off = gpa - m->base[n];
			hit->left = m->size[n] - hit->off;
			return true;
		}
	}
	return false;
}

/**
 * hs_pci_map_find_io() - who answers at a port
 * @m: the map
 * @port: any
 * @hit: who
 *
 * Context: without the caller's lock, too; no function comes or goes.
 * Return: false: nobody.
 */
bool hs_pci_map_find_io(const struct hs_pci_map *m, u32 port, struct hs_pci_hit *hit)
{
	u32 cell = (port - HS_PORT_PCI_IO) / HS_PCI_IO_CELL, size;
	unsigned int n;

	if (port < HS_PORT_PCI_IO || cell >= HS_PCI_IO_CELLS)
		return false;
	n = READ_ONCE(m->io[array_index_nospec(cell, HS_PCI_IO_CELLS)]);
	if (!n--)
		return false;
	size = READ_ONCE(m->size[n]);
	hit->slot = n / HS_PCI_BARS;
	hit->bar = n % HS_PCI_BARS;
	hit->off = port & (size - 1);
	hit->left = size - hit->off;
	return true;
}
