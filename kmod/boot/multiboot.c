// SPDX-License-Identifier: GPL-2.0
/*
 * Multiboot 1 (specification 0.6.96): small programs, such as this project's
 * tests.  A 32-bit ELF file, or any file whose header says where to load it.
 */
#include "boot/image.h"

#define HEADER_MAGIC	0x1badb002
#define BOOT_MAGIC	0x2badb002	/* in EAX: "a multiboot loader was here" */
#define SEARCH_BYTES	8192		/* the header is in the first 8 KiB */

/* What a program may demand (bits 0-15); the rest of the low half is unknown. */
#define WANT_PAGE_ALIGN	BIT(0)		/* always done */
#define WANT_MEMORY	BIT(1)		/* always given */
#define WANT_VIDEO	BIT(2)
#define WANT_MASK	0xffff

/* Which fields of the information structure are valid. */
#define INFO_MEMORY	BIT(0)
#define INFO_CMDLINE	BIT(2)
#define INFO_MODULES	BIT(3)
#define INFO_MMAP	BIT(6)
#define INFO_LOADER	BIT(9)

struct header {
	u32 magic, flags, checksum;
};

struct addresses {
	u32 header, load, load_end, bss_end, entry;
};

struct info {
	u32 flags, mem_lower, mem_upper, boot_device, cmdline;
	u32 mods_count, mods_addr, syms[4];
	u32 mmap_length, mmap_addr, drives_length, drives_addr;
	u32 config_table, loader_name, apm_table;
};

struct module {
	u32 start, end, string, reserved;
};

struct mmap_entry {
	u32 size;		/* of what follows */
	u64 addr, len;
	u32 type;
} __packed;

#define GPA_MMAP	HS_GPA_BOOT_LISTS
#define GPA_MODULES	(HS_GPA_BOOT_LISTS + 0x800)
#define GPA_LOADER_NAME	(HS_GPA_BOOT_INFO + 0x800)
#define LOADER_NAME	"Hyperspace"

/*
 * Looks for the header.  0 and *@mb filled; -ENOENT when there is none (no
 * error is recorded then); or the reader's error.
 */
int hs_multiboot_find(struct hs_boot_ctx *c, struct hs_multiboot *mb)
{
	const u64 end = min_t(u64, c->in->kernel->size, SEARCH_BYTES);
	const u8 *buf = c->mem->scratch;
	struct header h;
	u64 base, off;
	int ret;

	/* Pieces overlap by a header, so that none is cut in two. */
	for (base = 0; base + sizeof(h) <= end;
	     base += HS_BOOT_SCRATCH - sizeof(h)) {
		size_t n = min_t(u64, HS_BOOT_SCRATCH, end - base);

		ret = hs_boot_read(c, base, c->mem->scratch, n);
		if (ret)
			return ret;
		for (off = 0; off + sizeof(h) <= n; off += 4) {
			memcpy(&h, buf + off, sizeof(h));
			if (h.magic != HEADER_MAGIC ||
			    (u32)(h.magic + h.flags + h.checksum))
				continue;
			mb->off = base + off;
			mb->flags = h.flags;
			return 0;
		}
	}
	return -ENOENT;
}

/* Loads a program whose header gives addresses.  *@entry: where it starts. */
static int load_by_addresses(struct hs_boot_ctx *c,
			     const struct hs_multiboot *mb, u32 *entry)
{
	const u64 size = c->in->kernel->size;
	u64 off, len, memory;
	struct addresses a;
	int ret;

	ret = hs_boot_read(c, mb->off + sizeof(struct header), &a, sizeof(a));
	if (ret)
		return ret;
	if (a.header < a.load || a.header - a.load > mb->off)
		return hs_boot_bad(c, "the multiboot header's load address lies before the start of the file");
	off = mb->off - (a.header - a.load);

	if (!a.load_end)
		len = size - off;
	else if (a.load_end > a.load)
		len = a.load_end - a.load;
	else
		return hs_boot_bad(c, "the multiboot header's load end lies before its load address");

	memory = len;
	if (a.bss_end) {
		if (a.bss_end < a.load || a.bss_end - a.load < len)
			return hs_boot_bad(c, "the multiboot header's bss end lies before its load end");
		memory = a.bss_end - a.load;
	}
	if (a.entry < a.load || a.entry - a.load >= len)
		return hs_boot_bad(c, "the multiboot header's entry point lies outside the program");

	ret = hs_boot_take(c, a.load, memory);
	if (ret)
		return ret;
	ret = hs_boot_copy_kernel(c, a.load, off, len);
	if (ret)
		return ret;
	*entry = a.entry;
	return hs_boot_zero(c, a.load + len, memory - len);
}

static int load_by_elf(struct hs_boot_ctx *c, u32 *entry)
{
	struct hs_elf elf;
	u64 phys;
	int ret;

	ret = hs_elf_open(c, &elf);
	if (ret)
		return ret;
	if (elf.is64)
		return hs_boot_bad(c, "a multiboot program must be a 32-bit ELF file or give its load addresses");
	ret = hs_elf_load(c, &elf, &phys);
	if (ret)
		return ret;
	/* 32-bit segments can end a little above 4 GiB, an entry cannot. */
	if (!phys || phys > U32_MAX)
		return hs_boot_bad(c, "the program's entry point is in no part of it");
	*entry = phys;
	return 0;
}

static int put_mmap(struct hs_boot_ctx *c, u32 *length)
{
	struct mmap_entry map[HS_E820_MAX];
	struct hs_e820 e820[HS_E820_MAX];
	unsigned int i, n;

	BUILD_BUG_ON(GPA_MMAP + sizeof(map) > GPA_MODULES);

	n = hs_layout_e820(c->in->ram_bytes, e820);
	for (i = 0; i < n; i++)
		map[i] = (struct mmap_entry){
			.size = sizeof(map[i]) - sizeof(map[i].size),
			.addr = e820[i].addr,
			.len = e820[i].size,
			.type = e820[i].type,
		};
	*length = n * sizeof(map[0]);
	return hs_boot_put(c, GPA_MMAP, map, *length);
}

/* The command line: the program's name, a blank, the arguments. */
static int put_cmdline(struct hs_boot_ctx *c)
{
	const char *name = c->in->name ?: "";
	const char *args = c->in->cmdline ?: "";
	const size_t n = strlen(name);
	u64 gpa = HS_GPA_CMDLINE;
	int ret;

	BUILD_BUG_ON(HS_GPA_CMDLINE + HS_BOOT_NAME_MAX + 1 +
		     HS_BOOT_CMDLINE_MAX + 1 > HS_GPA_MODULE_STRING);

	ret = hs_boot_put(c, gpa, name, n + 1);
	if (ret || !*args)
		return ret;
	gpa += n;
	ret = hs_boot_put(c, gpa, " ", 1);
	if (ret)
		return ret;
	return hs_boot_put_string(c, gpa + 1, args);
}

static int put_module(struct hs_boot_ctx *c)
{
	const struct module mod = {
		.start = c->out->initrd_start,
		.end = c->out->initrd_start + c->out->initrd_bytes,
		.string = HS_GPA_MODULE_STRING,
	};
	int ret;

	ret = hs_boot_put_string(c, HS_GPA_MODULE_STRING, c->in->initrd_name);
	if (ret)
		return ret;
	return hs_boot_put(c, GPA_MODULES, &mod, sizeof(mod));
}

static int put_info(struct hs_boot_ctx *c)
{
	const u64 low_end = hs_layout_low_end(c->in->ram_bytes);
	struct info info = {
		.flags = INFO_MEMORY | INFO_CMDLINE | INFO_MMAP | INFO_LOADER,
		/* In KiB.  Where RAM ends, whatever the map reserves of it. */
		.mem_lower = HS_GPA_VGA >> 10,
		.mem_upper = (low_end - HS_GPA_HIGH_MEMORY) >> 10,
		.cmdline = HS_GPA_CMDLINE,
		.mmap_addr = GPA_MMAP,
		.loader_name = GPA_LOADER_NAME,
	};
	int ret;

	ret = put_mmap(c, &info.mmap_length);
	if (ret)
		return ret;
	ret = put_cmdline(c);
	if (ret)
		return ret;
	ret = hs_boot_put_string(c, GPA_LOADER_NAME, LOADER_NAME);
	if (ret)
		return ret;
	if (c->out->initrd_bytes) {
		ret = put_module(c);
		if (ret)
			return ret;
		info.flags |= INFO_MODULES;
		info.mods_count = 1;
		info.mods_addr = GPA_MODULES;
	}
	/* Fields after the ones used are covered by the flags, but be clean. */
	ret = hs_boot_zero(c, HS_GPA_BOOT_INFO + sizeof(info), 256);
	if (ret)
		return ret;
	return hs_boot_put(c, HS_GPA_BOOT_INFO, &info, sizeof(info));
}

/*
 * Loads the program whose header hs_multiboot_find() found.  0; -ENOEXEC;
 * -EOPNOTSUPP when it demands what this loader does not do; -E2BIG; or a
 * reader's or writer's error.
 */
int hs_multiboot_load(struct hs_boot_ctx *c, const struct hs_multiboot *mb)
{
	u32 entry = 0;
	int ret;

	c->out->kind = HS_BOOT_MULTIBOOT;
	if (mb->flags & WANT_VIDEO)
		return hs_boot_fail(c, -EOPNOTSUPP, HS_BOOT_BLAME_KERNEL,
				    "the multiboot program asks for a video mode, and this machine has no video");
	if (mb->flags & WANT_MASK & ~(WANT_PAGE_ALIGN | WANT_MEMORY))
		return hs_boot_fail(c, -EOPNOTSUPP, HS_BOOT_BLAME_KERNEL,
				    "the multiboot program demands a feature that is not known");

	if (mb->flags & HS_MULTIBOOT_ADDRESSES)
		ret = load_by_addresses(c, mb, &entry);
	else
		ret = load_by_elf(c, &entry);
	if (ret)
		return ret;

	/* The structure has 32-bit addresses, and the hole ends below 4 GiB. */
	ret = hs_boot_load_initrd(c, HS_GPA_HOLE_START, false);
	if (ret)
		return ret;
	ret = put_info(c);
	if (ret)
		return ret;
	c->out->rax = BOOT_MAGIC;
	c->out->rbx = HS_GPA_BOOT_INFO;
	return hs_boot_enter32(c, entry);
}
