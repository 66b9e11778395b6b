// SPDX-License-Identifier: GPL-2.0
/* Page tables and pages of the guest programs. */
#include "lib.h"

#define TABLE_FLAGS	(PTE_P | PTE_W | PTE_U)
#define ADDR(e)		((e) & 0xffffffffff000UL)

static u64 heap;

/* First address after the image and, if it lies there, the module. */
static u64 heap_start(void)
{
	u64 at = ((u64)_end + 4095) & ~4095UL;
	u64 module_end = (u64)module_start + module_bytes;

	if (module_start && (u64)module_start < at + (4UL << 20) && module_end > at)
		at = (module_end + 4095) & ~4095UL;
	return at;
}

void *alloc_pages(unsigned int n)
{
	u64 at;

	if (!heap)
		heap = heap_start();
	at = heap;
	heap += n * 4096UL;
	if (heap > 0x100000 + (mem_upper_kib << 10)) {
		printf("FAIL memory: no room for %u pages\n", n);
		exit_vm(253);
	}
	memset((void *)at, 0, n * 4096UL);
	return (void *)at;
}

static u64 *next_table(u64 *entry, u64 page_bytes)
{
	u64 *table, i;

	if (*entry & PTE_P && !(*entry & PTE_PS))
		return (u64 *)ADDR(*entry);

	/* Absent, or a large page that is cut into 512 smaller ones. */
	table = alloc_pages(1);
	if (*entry & PTE_P) {
		u64 small = page_bytes / 512;
		u64 flags = *entry & ~0xffffffffff000UL;

		if (small == 4096)
			flags &= ~PTE_PS;
		for (i = 0; i < 512; i++)
			table[i] = (ADDR(*entry) + i * small) | flags;
	}
	*entry = (u64)table | TABLE_FLAGS;
	return table;
}

u64 *pte_of(u64 va)
{
	u64 *t;

	t = next_table(&pml4[(va >> 39) & 511], 0);
	t = next_table(&t[(va >> 30) & 511], 1UL << 30);
	t = next_table(&t[(va >> 21) & 511], 1UL << 21);
	write_cr3(read_cr3());
	return &t[(va >> 12) & 511];
}

void map_page(u64 va, u64 pa, u64 flags)
{
	*pte_of(va) = pa | flags;
	invlpg((void *)va);
}

void map_large(u64 va, u64 pa, u64 flags)
{
	u64 *t;

	t = next_table(&pml4[(va >> 39) & 511], 0);
	t = next_table(&t[(va >> 30) & 511], 1UL << 30);
	t[(va >> 21) & 511] = pa | flags | PTE_PS;
	invlpg((void *)va);
}
