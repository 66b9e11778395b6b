// SPDX-License-Identifier: GPL-2.0
/*
 * What the loader told: memory map, mem_upper, modules; and that the memory of
 * the map is there, also beyond 4 GiB.  "kib=N": RAM that the map must add up
 * to; "modules=N"; "sum=N": sum of the first module's bytes.
 */
#include "lib.h"

struct mmap_entry {
	u32 size;
	u64 addr, len;
	u32 type;
} __attribute__((packed));

#define MMAP_RAM	1
#define HIGH		(4UL << 30)

/* Beyond 4 GiB through a window of its own. */
static volatile u64 *word(u64 pa)
{
	u64 va = 1UL << 45 | (pa & ~0x1fffffUL);

	if (pa < HIGH)
		return (volatile u64 *)pa;
	map_large(va, pa & ~0x1fffffUL, PTE_P | PTE_W);
	return (volatile u64 *)(va + (pa & 0x1fffff));
}

static u64 word_at(u64 pa)
{
	return *word(pa);
}

/* Writes and reads back one word at @pa. */
static bool word_works(u64 pa, u64 val)
{
	volatile u64 *p = word(pa);

	*p = val;
	return *p == val;
}

static void check_region(u64 addr, u64 len, u64 *bad)
{
	unsigned int bit;
	u64 pa = addr, step = len / 8 > 4096 ? len / 8 & ~4095UL : 4096;

	/* Low memory and the image are in use. */
	if (addr < (16UL << 20)) {
		u64 skip = (16UL << 20) - addr;

		if (len <= skip)
			return;
		pa += skip;
	}
	for (; pa < addr + len; pa += step)
		*bad += !word_works(pa, pa ^ 0x5555);
	/* Both sides of each power of two: where tables of each level end. */
	for (bit = 32; bit < 52; bit++) {
		u64 edge = 1UL << bit;

		if (edge - 8 >= addr && edge + 8 <= addr + len)
			*bad += !word_works(edge - 8, edge) + !word_works(edge, ~edge);
	}
	/* What was written there is still there, and in one place only. */
	for (bit = 32; bit < 52; bit++) {
		u64 edge = 1UL << bit;

		if (edge - 8 >= addr && edge + 8 <= addr + len)
			*bad += word_at(edge - 8) != edge || word_at(edge) != ~edge;
	}
	*bad += !word_works(addr + len - 8, addr ^ 0xaaaa);
}

int main(const char *args)
{
	u64 ram = 0, bad = 0, overlap = 0, last = 0, sum = 0, i;
	const u8 *p, *end;

	check("memory-information", mb_info->flags & 0x41, 0x41);
	p = (const u8 *)(u64)mb_info->mmap_addr;
	end = p + mb_info->mmap_length;
	while (p < end) {
		const struct mmap_entry *e = (const void *)p;

		printf("0x%lx + 0x%lx type %u\n", e->addr, e->len, e->type);
		overlap += e->addr < last;
		last = e->addr + e->len;
		if (e->type == MMAP_RAM) {
			ram += e->len;
			check_region(e->addr, e->len, &bad);
		}
		p += e->size + 4;
	}
	check("memory-sorted", overlap, 0);
	check("memory-works", bad, 0);
	if (arg_u64(args, "kib=", 0))
		check("memory-size", ram >> 10, arg_u64(args, "kib=", 0));
	if (arg_u64(args, "modules=", ~0UL) != ~0UL)
		check("modules", mb_info->mods_count, arg_u64(args, "modules=", 0));
	if (arg_u64(args, "sum=", 0)) {
		for (i = 0; i < module_bytes; i++)
			sum += module_start[i];
		check("module-content", sum, arg_u64(args, "sum=", 0));
	}
	return result();
}
