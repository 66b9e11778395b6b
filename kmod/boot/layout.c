// SPDX-License-Identifier: GPL-2.0
/*
 * RAM arithmetic: where a VM's RAM lies, and the memory map that says so.
 */
#include "boot/layout.h"

/**
 * hs_layout_ram_ok() - may a VM have this much RAM?
 * @ram_bytes: RAM in bytes
 *
 * The CPU's physical address width may set a lower bound; that is for the
 * caller to check against hs_layout_high_end().  Any context.
 *
 * Return: true when @ram_bytes is a multiple of HS_RAM_ALIGN between
 * HS_RAM_MIN and HS_RAM_MAX.
 */
bool hs_layout_ram_ok(u64 ram_bytes)
{
	return ram_bytes >= HS_RAM_MIN && ram_bytes <= HS_RAM_MAX &&
	       IS_ALIGNED(ram_bytes, HS_RAM_ALIGN);
}

/**
 * hs_layout_low_end() - end of the RAM that starts at 0
 * @ram_bytes: RAM of the VM, in bytes
 *
 * Return: the first guest-physical address after low RAM.
 */
u64 hs_layout_low_end(u64 ram_bytes)
{
	return min_t(u64, ram_bytes, HS_GPA_HOLE_START);
}

/**
 * hs_layout_high_end() - end of all RAM
 * @ram_bytes: RAM of the VM, in bytes
 *
 * Return: the first guest-physical address after RAM beyond 4 GiB, or
 * HS_GPA_HIGH_RAM when there is none.
 */
u64 hs_layout_high_end(u64 ram_bytes)
{
	return HS_GPA_HIGH_RAM + ram_bytes - hs_layout_low_end(ram_bytes);
}

/* Are the @len bytes at @gpa, at least one, all in [@start, @end)? */
static bool within(u64 gpa, u64 len, u64 start, u64 end)
{
	return len && gpa >= start && gpa < end && len <= end - gpa;
}

/**
 * hs_layout_is_ram() - is a range RAM, all of it?
 * @ram_bytes: RAM of the VM, in bytes
 * @gpa: start of the range
 * @len: bytes; an empty range is not RAM
 *
 * Return: true when every byte of the range is RAM, whatever the memory map
 * tells the guest about it.
 */
bool hs_layout_is_ram(u64 ram_bytes, u64 gpa, u64 len)
{
	return within(gpa, len, 0, hs_layout_low_end(ram_bytes)) ||
	       within(gpa, len, HS_GPA_HIGH_RAM, hs_layout_high_end(ram_bytes));
}

/**
 * hs_layout_is_loadable() - may a part of an image lie here?
 * @ram_bytes: RAM of the VM, in bytes
 * @gpa: start of the range
 * @len: bytes; an empty range is not loadable
 *
 * Return: true when the range is RAM that the memory map calls usable, and
 * keeps clear of what the loader itself leaves in low memory.
 */
bool hs_layout_is_loadable(u64 ram_bytes, u64 gpa, u64 len)
{
	return within(gpa, len, HS_GPA_IMAGE_LOW, HS_GPA_EBDA) ||
	       within(gpa, len, HS_GPA_HIGH_MEMORY,
		      hs_layout_low_end(ram_bytes)) ||
	       within(gpa, len, HS_GPA_HIGH_RAM, hs_layout_high_end(ram_bytes));
}

/**
 * hs_layout_e820() - the memory map that guests are given
 * @ram_bytes: RAM of the VM, in bytes
 * @map: gets the entries, by address, none overlapping
 *
 * 0xa0000-0xdffff is in no entry: it is where a PC has video memory and
 * option ROMs, and an operating system leaves it alone.  The page before is
 * reserved as on a PC, where firmware keeps its data there; some guests take
 * the end of usable low memory from it.
 *
 * Return: number of entries, at most HS_E820_MAX.
 */
unsigned int hs_layout_e820(u64 ram_bytes, struct hs_e820 map[HS_E820_MAX])
{
	const u64 low = hs_layout_low_end(ram_bytes);
	const u64 high = hs_layout_high_end(ram_bytes);
	unsigned int n = 0;

	map[n++] = (struct hs_e820){ 0, HS_GPA_EBDA, HS_E820_RAM };
	map[n++] = (struct hs_e820){ HS_GPA_EBDA, HS_GPA_VGA - HS_GPA_EBDA,
				     HS_E820_RESERVED };
	map[n++] = (struct hs_e820){ HS_GPA_ACPI, HS_GPA_ACPI_END - HS_GPA_ACPI,
				     HS_E820_RESERVED };
	map[n++] = (struct hs_e820){ HS_GPA_HIGH_MEMORY,
				     low - HS_GPA_HIGH_MEMORY, HS_E820_RAM };
	if (high > HS_GPA_HIGH_RAM)
		map[n++] = (struct hs_e820){ HS_GPA_HIGH_RAM,
					     high - HS_GPA_HIGH_RAM,
					     HS_E820_RAM };
	return n;
}
