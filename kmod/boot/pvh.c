// SPDX-License-Identifier: GPL-2.0
/*
 * PVH: an uncompressed ELF kernel that names a 32-bit entry point in a note.
 * The protocol is Xen's (docs/misc/pvh, public/arch-x86/hvm/start_info.h);
 * Linux takes it without Xen since 5.0.
 */
#include "boot/image.h"

#define NOTE_NAME	"Xen"
#define NOTE_ENTRY	18		/* XEN_ELFNOTE_PHYS32_ENTRY */
#define START_MAGIC	0x336ec578

/* Version 1 of the structure: the first that holds a memory map. */
struct start_info {
	u32 magic, version, flags, nr_modules;
	u64 modlist, cmdline, rsdp, memmap;
	u32 memmap_entries, reserved;
};

struct modlist_entry {
	u64 addr, size, cmdline, reserved;
};

struct memmap_entry {
	u64 addr, size;
	u32 type, reserved;
};

#define GPA_MEMMAP	HS_GPA_BOOT_LISTS
#define GPA_MODLIST	(HS_GPA_BOOT_LISTS + 0x800)

/*
 * Has the image a PVH entry point?  0 and the address in *@entry; -ENOENT;
 * -ENOEXEC; or the reader's error.
 */
int hs_pvh_find(struct hs_boot_ctx *c, const struct hs_elf *elf, u64 *entry)
{
	return hs_elf_find_note(c, elf, NOTE_NAME, NOTE_ENTRY, entry);
}

static int put_memmap(struct hs_boot_ctx *c, u32 *entries)
{
	struct memmap_entry map[HS_E820_MAX];
	struct hs_e820 e820[HS_E820_MAX];
	unsigned int i, n;

	BUILD_BUG_ON(GPA_MEMMAP + sizeof(map) > GPA_MODLIST);

	n = hs_layout_e820(c->in->ram_bytes, e820);
	for (i = 0; i < n; i++)
		map[i] = (struct memmap_entry){
			.addr = e820[i].addr,
			.size = e820[i].size,
			.type = e820[i].type,
		};
	*entries = n;
	return hs_boot_put(c, GPA_MEMMAP, map, n * sizeof(map[0]));
}

static int put_start_info(struct hs_boot_ctx *c)
{
	struct start_info info = {
		.magic = START_MAGIC,
		.version = 1,
		.cmdline = HS_GPA_CMDLINE,
		.rsdp = c->out->rsdp,
		.memmap = GPA_MEMMAP,
	};
	int ret;

	BUILD_BUG_ON(sizeof(info) != 56);
	BUILD_BUG_ON(sizeof(struct modlist_entry) != 32);
	BUILD_BUG_ON(sizeof(struct memmap_entry) != 24);

	ret = put_memmap(c, &info.memmap_entries);
	if (ret)
		return ret;

	if (c->out->initrd_bytes) {
		struct modlist_entry mod = {
			.addr = c->out->initrd_start,
			.size = c->out->initrd_bytes,
		};

		ret = hs_boot_put(c, GPA_MODLIST, &mod, sizeof(mod));
		if (ret)
			return ret;
		info.nr_modules = 1;
		info.modlist = GPA_MODLIST;
	}

	ret = hs_boot_put_string(c, HS_GPA_CMDLINE, c->in->cmdline);
	if (ret)
		return ret;
	return hs_boot_put(c, HS_GPA_BOOT_INFO, &info, sizeof(info));
}

/*
 * Loads a PVH kernel whose entry point, from the note, is @entry.  0; -ENOEXEC;
 * -E2BIG; or a reader's or writer's error.
 */
int hs_pvh_load(struct hs_boot_ctx *c, const struct hs_elf *elf, u64 entry)
{
	u64 unused;
	unsigned int i;
	int ret;

	c->out->kind = HS_BOOT_PVH;
	ret = hs_elf_load(c, elf, &unused);
	if (ret)
		return ret;

	/* The CPU starts in 32-bit mode: it cannot jump further. */
	for (i = 0; i < c->nr_taken; i++)
		if (entry >= c->taken[i].start && entry < c->taken[i].end)
			break;
	if (i == c->nr_taken || entry > U32_MAX)
		return hs_boot_fail(c, -ENOEXEC, HS_BOOT_BLAME_KERNEL,
				    "the kernel's PVH entry point is in no part of it that can be reached");

	/* Linux keeps the initrd's address in 32 bits on this path. */
	ret = hs_boot_load_initrd(c, HS_GPA_HOLE_START, false);
	if (ret)
		return ret;
	ret = put_start_info(c);
	if (ret)
		return ret;
	c->out->rbx = HS_GPA_BOOT_INFO;
	return hs_boot_enter32(c, entry);
}
