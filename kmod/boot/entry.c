// SPDX-License-Identifier: GPL-2.0
/*
 * The first vCPU's state at the guest's first instruction: GDT, page tables
 * and control registers for the two ways in.
 */
#include "boot/image.h"

#define CR0_PE		BIT(0)
#define CR0_ET		BIT(4)
#define CR0_PG		BIT(31)
#define CR4_PAE		BIT(5)
#define EFER_LME	BIT(8)
#define EFER_LMA	BIT(10)

/*
 * Selectors as the Linux boot protocol wants them (__BOOT_CS, __BOOT_DS).  The
 * 32-bit protocols leave the numbers open.
 */
#define SEL_CS		0x10
#define SEL_DS		0x18
#define SEL_TR		0x20
#define GDT_ENTRIES	6	/* the TSS takes two in 64-bit mode */

/* Access rights as the VMCS holds them; a descriptor has them in bits 55:40. */
#define AR_CODE64	0xa09b	/* G, L, P, S, code: execute, read, accessed */
#define AR_CODE32	0xc09b	/* G, D */
#define AR_DATA		0xc093	/* G, D, P, S, data: read, write, accessed */
#define AR_TSS		0x008b	/* P, busy 32/64-bit TSS */
#define TSS_LIMIT	0x67
#define GPA_TSS		(HS_GPA_GDT + 0x800)

#define PTE_PRESENT	BIT_ULL(0)
#define PTE_WRITE	BIT_ULL(1)
#define PTE_LARGE	BIT_ULL(7)
#define PT_BYTES	4096
#define PT_ENTRIES	512
#define GIB_SHIFT	30

/*
 * The identity map covers the first 4 GiB and the GiBs that a kernel further up
 * lies in: at most 4 GiB of init_size and 1 GiB of alignment, so 6 of them, and
 * these can reach into two more top-level entries.
 */
#define MAP_GIBS	(4 + 6)
#define MAP_SLOTS	3
#define GPA_PML4	HS_GPA_PAGE_TABLES
#define GPA_PDPT(i)	(GPA_PML4 + (1 + (i)) * PT_BYTES)
#define GPA_PD(i)	(GPA_PDPT(MAP_SLOTS) + (i) * PT_BYTES)

static u64 descriptor(u32 base, u32 limit, u32 ar)
{
	return (limit & 0xffff) | (u64)(base & 0xffffff) << 16 |
	       (u64)(ar & 0xff) << 40 | (u64)(limit >> 16 & 0xf) << 48 |
	       (u64)(ar >> 12 & 0xf) << 52 | (u64)(base >> 24) << 56;
}

static int put_segments(struct hs_boot_ctx *c, u32 code_ar)
{
	struct hs_boot_state *out = c->out;
	u64 gdt[GDT_ENTRIES] = {
		[SEL_CS / 8] = descriptor(0, 0xfffff, code_ar),
		[SEL_DS / 8] = descriptor(0, 0xfffff, AR_DATA),
		[SEL_TR / 8] = descriptor(GPA_TSS, TSS_LIMIT, AR_TSS),
	};
	int ret;

	out->gdt_base = HS_GPA_GDT;
	out->gdt_limit = sizeof(gdt) - 1;
	out->cs = (struct hs_boot_seg){ SEL_CS, U32_MAX, code_ar };
	out->ds = (struct hs_boot_seg){ SEL_DS, U32_MAX, AR_DATA };
	out->tr = (struct hs_boot_seg){ SEL_TR, TSS_LIMIT, AR_TSS };
	out->tr_base = GPA_TSS;
	out->rsp = HS_GPA_BOOT_STACK;
	out->rflags = BIT(1);

	ret = hs_boot_zero(c, HS_GPA_GDT, PT_BYTES);
	if (ret)
		return ret;
	return hs_boot_put(c, HS_GPA_GDT, gdt, sizeof(gdt));
}

/* Writes the page table in the scratch page to @gpa. */
static int put_table(struct hs_boot_ctx *c, u64 gpa)
{
	return hs_boot_put(c, gpa, c->mem->scratch, PT_BYTES);
}

/* A table whose entries map the GiB @gib by 2 MiB pages. */
static int put_pd(struct hs_boot_ctx *c, u64 gpa, u64 gib)
{
	u64 *pt = c->mem->scratch;
	unsigned int i;

	for (i = 0; i < PT_ENTRIES; i++)
		pt[i] = gib << GIB_SHIFT | (u64)i << 21 | PTE_LARGE |
			PTE_WRITE | PTE_PRESENT;
	return put_table(c, gpa);
}

static int put_page_tables(struct hs_boot_ctx *c)
{
	u64 *pt = c->mem->scratch;
	u64 gib[MAP_GIBS] = { 0, 1, 2, 3 };
	u64 slot[MAP_SLOTS];
	unsigned int gibs = 4, slots = 0, i, j;
	u64 g;
	int ret;

	for (g = max_t(u64, 4, c->out->kernel_start >> GIB_SHIFT);
	     g <= (c->out->kernel_end - 1) >> GIB_SHIFT; g++) {
		if (gibs == MAP_GIBS)
			return hs_boot_fail(c, -E2BIG, HS_BOOT_BLAME_KERNEL,
					    "the kernel asks for too much memory to start with");
		gib[gibs++] = g;
	}

	/* By GiB: page directories.  Their top-level slots, each once. */
	for (i = 0; i < gibs; i++) {
		ret = put_pd(c, GPA_PD(i), gib[i]);
		if (ret)
			return ret;
		if (!slots || slot[slots - 1] != gib[i] / PT_ENTRIES)
			slot[slots++] = gib[i] / PT_ENTRIES;
	}

	for (j = 0; j < slots; j++) {
		memset(pt, 0, PT_BYTES);
		for (i = 0; i < gibs; i++)
			if (gib[i] / PT_ENTRIES == slot[j])
				pt[gib[i] % PT_ENTRIES] = GPA_PD(i) | PTE_WRITE |
							  PTE_PRESENT;
		ret = put_table(c, GPA_PDPT(j));
		if (ret)
			return ret;
	}

	memset(pt, 0, PT_BYTES);
	for (j = 0; j < slots; j++)
		pt[slot[j]] = GPA_PDPT(j) | PTE_WRITE | PTE_PRESENT;
	return put_table(c, GPA_PML4);
}

/*
 * Protected mode without paging, flat segments: multiboot 1 section 3.2, and
 * the PVH entry.  0 or a writer's error.
 */
int hs_boot_enter32(struct hs_boot_ctx *c, u32 rip)
{
	struct hs_boot_state *out = c->out;

	out->mode = HS_BOOT_PROT32;
	out->rip = rip;
	out->cr0 = CR0_PE | CR0_ET;
	return put_segments(c, AR_CODE32);
}

/*
 * 64-bit mode with the kernel and all below 4 GiB mapped to itself, as the
 * Linux 64-bit boot protocol wants it.  The kernel's memory has been taken.
 * 0; -E2BIG; or a writer's error.
 */
int hs_boot_enter64(struct hs_boot_ctx *c, u64 rip)
{
	struct hs_boot_state *out = c->out;
	int ret;

	BUILD_BUG_ON(GPA_PD(MAP_GIBS) > HS_GPA_PAGE_TABLES_END);

	out->mode = HS_BOOT_LONG64;
	out->rip = rip;
	out->cr0 = CR0_PG | CR0_ET | CR0_PE;
	out->cr3 = GPA_PML4;
	out->cr4 = CR4_PAE;
	out->efer = EFER_LMA | EFER_LME;
	ret = put_segments(c, AR_CODE64);
	if (ret)
		return ret;
	return put_page_tables(c);
}
