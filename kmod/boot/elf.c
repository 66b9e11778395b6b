// SPDX-License-Identifier: GPL-2.0
/*
 * ELF executables, 32 and 64 bits: loading the segments and finding notes.
 * System V ABI, "Program Loading"; only what a loader of kernels needs.
 */
#include "boot/image.h"

#define ET_EXEC		2
#define ET_DYN		3
#define EM_386		3
#define EM_X86_64	62
#define PT_LOAD		1
#define PT_NOTE		4

#define CLASS_32	1
#define CLASS_64	2
#define DATA_LSB	1

/*
 * Linux and multiboot programs have fewer than ten program headers.  The
 * limits keep the number of reads from a hostile file small.
 */
#define PHNUM_MAX	64
#define NOTES_MAX	256

struct ehdr32 {
	u8 ident[16];
	u16 type, machine;
	u32 version, entry, phoff, shoff, flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
} __packed;

struct ehdr64 {
	u8 ident[16];
	u16 type, machine;
	u32 version;
	u64 entry, phoff, shoff;
	u32 flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
} __packed;

struct phdr32 {
	u32 type, offset, vaddr, paddr, filesz, memsz, flags, align;
} __packed;

struct phdr64 {
	u32 type, flags;
	u64 offset, vaddr, paddr, filesz, memsz, align;
} __packed;

struct nhdr {
	u32 namesz, descsz, type;
} __packed;

/* Does a file that begins with @head look like ELF? */
bool hs_elf_probe(const void *head, size_t len)
{
	return len >= 4 && !memcmp(head, "\177ELF", 4);
}

/*
 * Reads and checks the file header.  0; -ENOEXEC for a file that is no
 * executable for this machine; or the reader's error.
 */
int hs_elf_open(struct hs_boot_ctx *c, struct hs_elf *elf)
{
	union {
		u8 ident[16];
		struct ehdr32 h32;
		struct ehdr64 h64;
	} h;
	u16 type, machine, phentsize;
	int ret;

	/* The 32-bit header is the shorter one, and what both must have. */
	ret = hs_boot_read(c, 0, &h, sizeof(h.h32));
	if (ret)
		return ret;
	if (!hs_elf_probe(h.ident, sizeof(h.ident)) || h.ident[5] != DATA_LSB)
		return hs_boot_bad(c, "the kernel is not a little-endian ELF file");

	if (h.ident[4] == CLASS_64) {
		ret = hs_boot_read(c, sizeof(h.h32), (u8 *)&h + sizeof(h.h32),
				   sizeof(h.h64) - sizeof(h.h32));
		if (ret)
			return ret;
		elf->is64 = true;
		elf->entry = h.h64.entry;
		elf->phoff = h.h64.phoff;
		elf->phnum = h.h64.phnum;
		type = h.h64.type;
		machine = h.h64.machine;
		phentsize = h.h64.phentsize;
	} else if (h.ident[4] == CLASS_32) {
		elf->is64 = false;
		elf->entry = h.h32.entry;
		elf->phoff = h.h32.phoff;
		elf->phnum = h.h32.phnum;
		type = h.h32.type;
		machine = h.h32.machine;
		phentsize = h.h32.phentsize;
	} else {
		return hs_boot_bad(c, "the kernel is an ELF file of an unknown class");
	}

	if (machine != (elf->is64 ? EM_X86_64 : EM_386))
		return hs_boot_bad(c, "the kernel is an ELF file for another processor");
	if (type != ET_EXEC && type != ET_DYN)
		return hs_boot_bad(c, "the kernel is an ELF file but not an executable");
	if (!elf->phnum || elf->phnum > PHNUM_MAX)
		return hs_boot_bad(c, "the kernel is an ELF file with no or too many program headers");
	if (phentsize != (elf->is64 ? sizeof(struct phdr64) : sizeof(struct phdr32)))
		return hs_boot_bad(c, "the kernel is an ELF file with program headers of an unknown size");
	return 0;
}

/* Reads program header @i in the 64-bit form.  0 or an error. */
static int read_phdr(struct hs_boot_ctx *c, const struct hs_elf *elf,
		     unsigned int i, struct phdr64 *ph)
{
	const size_t size = elf->is64 ? sizeof(struct phdr64) : sizeof(struct phdr32);
	struct phdr32 p;
	int ret;

	/* phoff comes from the file: the sum must not wrap. */
	if (elf->phoff > c->in->kernel->size)
		return hs_boot_bad(c, "the kernel is an ELF file whose program headers lie beyond its end");
	if (elf->is64)
		return hs_boot_read(c, elf->phoff + i * size, ph, size);

	ret = hs_boot_read(c, elf->phoff + i * size, &p, size);
	if (ret)
		return ret;
	*ph = (struct phdr64){
		.type = p.type, .flags = p.flags, .offset = p.offset,
		.vaddr = p.vaddr, .paddr = p.paddr, .filesz = p.filesz,
		.memsz = p.memsz, .align = p.align,
	};
	return 0;
}

/*
 * Loads the segments at their physical addresses.  *@entry_phys gets the
 * physical address of the file's entry point, 0 when no segment holds it: an
 * entry point is a virtual address, and kernels are linked elsewhere than where
 * they are loaded.
 *
 * 0; -ENOEXEC; -E2BIG when a segment's memory is not there; or a reader's or
 * writer's error.
 */
int hs_elf_load(struct hs_boot_ctx *c, const struct hs_elf *elf,
		u64 *entry_phys)
{
	struct phdr64 ph;
	unsigned int i;
	int ret;

	*entry_phys = 0;
	for (i = 0; i < elf->phnum; i++) {
		ret = read_phdr(c, elf, i, &ph);
		if (ret)
			return ret;
		if (ph.type != PT_LOAD || !ph.memsz)
			continue;
		if (ph.filesz > ph.memsz)
			return hs_boot_bad(c, "the kernel has a segment that is larger in the file than in memory");
		ret = hs_boot_take(c, ph.paddr, ph.memsz);
		if (ret)
			return ret;
		/* Nothing in the file: its offset means nothing either. */
		ret = ph.filesz ? hs_boot_copy_kernel(c, ph.paddr, ph.offset,
						      ph.filesz) : 0;
		if (ret)
			return ret;
		ret = hs_boot_zero(c, ph.paddr + ph.filesz, ph.memsz - ph.filesz);
		if (ret)
			return ret;
		if (elf->entry >= ph.vaddr && elf->entry - ph.vaddr < ph.memsz)
			*entry_phys = ph.paddr + (elf->entry - ph.vaddr);
	}
	if (!c->nr_taken)
		return hs_boot_bad(c, "the kernel is an ELF file without anything to load");
	return 0;
}

/*
 * Looks through one note segment for a note called @name of type @type with a
 * value of 4 or 8 bytes.  *@budget bounds the notes looked at.  0; -ENOENT;
 * -ENOEXEC; or the reader's error.
 */
static int search_notes(struct hs_boot_ctx *c, const struct phdr64 *seg,
			const char *name, u32 type, unsigned int *budget,
			u64 *value)
{
	/* gABI says 4; segments aligned to 8 hold notes padded to 8. */
	const u64 align = seg->align == 8 ? 8 : 4;
	const size_t name_size = strlen(name) + 1;
	u64 off = seg->offset, left = seg->filesz;
	char found[16];
	struct nhdr n;
	int ret;

	while (left >= sizeof(n)) {
		u64 desc, next;

		if (!(*budget)--)
			return hs_boot_bad(c, "the kernel is an ELF file with too many notes");
		ret = hs_boot_read(c, off, &n, sizeof(n));
		if (ret)
			return ret;
		/* 32-bit sizes: these sums cannot wrap. */
		desc = ALIGN(sizeof(n) + (u64)n.namesz, align);
		if (desc + n.descsz > left)
			return hs_boot_bad(c, "the kernel has a note that is larger than its segment");

		if (n.type == type && n.namesz == name_size &&
		    name_size <= sizeof(found)) {
			ret = hs_boot_read(c, off + sizeof(n), found, name_size);
			if (ret)
				return ret;
			if (!memcmp(found, name, name_size)) {
				if (n.descsz != 4 && n.descsz != 8)
					return hs_boot_bad(c, "the kernel has an entry note of an unknown size");
				*value = 0;
				return hs_boot_read(c, off + desc, value, n.descsz);
			}
		}

		next = ALIGN(desc + n.descsz, align);
		if (next >= left)
			break;
		off += next;
		left -= next;
	}
	return -ENOENT;
}

/*
 * Finds a note by @name and @type whose value is a 32-bit or 64-bit number.  0;
 * -ENOENT when there is none (no error is recorded then); -ENOEXEC; or the
 * reader's error.
 */
int hs_elf_find_note(struct hs_boot_ctx *c, const struct hs_elf *elf,
		     const char *name, u32 type, u64 *value)
{
	unsigned int budget = NOTES_MAX;
	struct phdr64 ph;
	unsigned int i;
	int ret;

	for (i = 0; i < elf->phnum; i++) {
		ret = read_phdr(c, elf, i, &ph);
		if (ret)
			return ret;
		if (ph.type != PT_NOTE)
			continue;
		if (ph.offset > c->in->kernel->size ||
		    ph.filesz > c->in->kernel->size - ph.offset)
			return hs_boot_bad(c, "the kernel has notes beyond the end of the file");
		ret = search_notes(c, &ph, name, type, &budget, value);
		if (ret != -ENOENT)
			return ret;
	}
	return -ENOENT;
}
