/* SPDX-License-Identifier: GPL-2.0 */
/* What the loaders share among themselves; nobody else includes this. */
#ifndef HS_BOOT_IMAGE_H
#define HS_BOOT_IMAGE_H

#include "boot/boot.h"

/* Loadable segments that an ELF image may have. */
#define HS_BOOT_SEGMENTS_MAX	16

struct hs_boot_range {
	u64 start, end;		/* end exclusive */
};

/**
 * struct hs_boot_ctx - one load under way
 * @in: what the caller gave, checked
 * @mem: guest memory
 * @out: the result, filled step by step
 * @err: why it failed, when it did
 * @nr_taken: entries of @taken in use
 * @taken: memory given to the kernel and the initrd so far; none overlap
 */
struct hs_boot_ctx {
	const struct hs_boot_in *in;
	const struct hs_boot_mem *mem;
	struct hs_boot_state *out;
	struct hs_boot_error *err;
	unsigned int nr_taken;
	struct hs_boot_range taken[HS_BOOT_SEGMENTS_MAX + 1];
};

/* load.c: reading, writing, placing */
int hs_boot_fail(struct hs_boot_ctx *c, int error, enum hs_boot_blame blame,
		 const char *why);
int hs_boot_bad(struct hs_boot_ctx *c, const char *why);
int hs_boot_read(struct hs_boot_ctx *c, u64 off, void *dst, size_t len);
int hs_boot_put(struct hs_boot_ctx *c, u64 gpa, const void *src, size_t len);
int hs_boot_put_string(struct hs_boot_ctx *c, u64 gpa, const char *s);
int hs_boot_zero(struct hs_boot_ctx *c, u64 gpa, u64 len);
int hs_boot_copy_kernel(struct hs_boot_ctx *c, u64 gpa, u64 off, u64 len);
int hs_boot_take(struct hs_boot_ctx *c, u64 start, u64 len);
int hs_boot_load_initrd(struct hs_boot_ctx *c, u64 low_max, bool high_ok);

/* entry.c: the state of the first vCPU */
int hs_boot_enter32(struct hs_boot_ctx *c, u32 rip);
int hs_boot_enter64(struct hs_boot_ctx *c, u64 rip);

/* elf.c */

/**
 * struct hs_elf - an ELF file header, checked
 * @is64: 64-bit class
 * @entry: as in the file: a virtual address
 * @phoff: file offset of the program headers
 * @phnum: how many
 */
struct hs_elf {
	bool is64;
	u64 entry;
	u64 phoff;
	unsigned int phnum;
};

bool hs_elf_probe(const void *head, size_t len);
int hs_elf_open(struct hs_boot_ctx *c, struct hs_elf *elf);
int hs_elf_load(struct hs_boot_ctx *c, const struct hs_elf *elf,
		u64 *entry_phys);
int hs_elf_find_note(struct hs_boot_ctx *c, const struct hs_elf *elf,
		     const char *name, u32 type, u64 *value);

/* The loaders */

/**
 * struct hs_multiboot - a multiboot header as found in a file
 * @off: its file offset
 * @flags: what it asks for
 */
struct hs_multiboot {
	u32 off;
	u32 flags;
};

#define HS_MULTIBOOT_ADDRESSES	BIT(16)	/* the header says where to load */

bool hs_bzimage_probe(const void *head, size_t len);
int hs_bzimage_load(struct hs_boot_ctx *c);
int hs_pvh_find(struct hs_boot_ctx *c, const struct hs_elf *elf, u64 *entry);
int hs_pvh_load(struct hs_boot_ctx *c, const struct hs_elf *elf, u64 entry);
int hs_multiboot_find(struct hs_boot_ctx *c, struct hs_multiboot *mb);
int hs_multiboot_load(struct hs_boot_ctx *c, const struct hs_multiboot *mb);

#endif /* HS_BOOT_IMAGE_H */
