/* SPDX-License-Identifier: GPL-2.0 */
/* Small images of each format, whole and then damaged, for the loaders' tests. */
#ifndef BOOT_IMAGES_H
#define BOOT_IMAGES_H

#include <elf.h>
#include "boot_check.h"

#define IMG_BYTES	65536

/* An image and a load of it.  Static: it is large. */
struct load {
	u8 image[IMG_BYTES];
	size_t len;
	u8 initrd[20000];
	struct fake_src kernel_src, initrd_src;
	struct fake_mem mem;
	struct hs_boot_in in;
	struct hs_boot_state state;
	struct hs_boot_error err;
};

static inline void load_init(struct load *l)
{
	size_t i;

	memset(l, 0, sizeof(*l));
	for (i = 0; i < sizeof(l->initrd); i++)
		l->initrd[i] = i * 31 + 7;
	l->in = (struct hs_boot_in){
		.kernel = &l->kernel_src.ops,
		.cmdline = "console=ttyS0 quiet",
		.name = "prog",
		.ram_bytes = 128ULL << 20,
		.cpus = 2,
	};
}

/* Uses the first @len bytes of the initrd. */
static inline void load_initrd(struct load *l, size_t len)
{
	fake_src_init(&l->initrd_src, l->initrd, len);
	l->in.initrd = &l->initrd_src.ops;
}

/* Loads; a success is checked from the guest's side.  Memory is kept. */
static inline int load_run(struct load *l)
{
	u64 fail_at = l->kernel_src.fail_at, size = l->kernel_src.ops.size;
	void (*tamper)(struct fake_src *) = l->kernel_src.tamper;
	u64 mem_fail_at = l->mem.fail_at;
	int ret;

	fake_mem_free(&l->mem);
	fake_mem_init(&l->mem, l->in.ram_bytes);
	l->mem.fail_at = mem_fail_at;
	fake_src_init(&l->kernel_src, l->image, l->len);
	l->kernel_src.fail_at = fail_at;
	l->kernel_src.tamper = tamper;
	if (size > l->len)
		l->kernel_src.ops.size = size;

	ret = hs_boot_load(&l->in, &l->mem.ops, &l->state, &l->err);
	if (ret) {
		FAKE_CHECK(ret < 0 && l->err.why && *l->err.why);
	} else {
		FAKE_CHECK(!l->err.why);
		check_load(&l->mem, &l->in, &l->state, l->initrd,
			   min_t(size_t, l->initrd_src.len, sizeof(l->initrd)));
	}
	return ret;
}

/* The load fails with @error, for a reason that says @words about @blame. */
#define EXPECT_REFUSED(l, error, what, words) do {			\
	EXPECT_EQ(error, load_run(l));					\
	EXPECT_EQ(what, (l)->err.blame);				\
	EXPECT_NE(NULL, strstr((l)->err.why ?: "", words))		\
		TH_LOG("said: %s", (l)->err.why);			\
} while (0)

#define PUT(type, l, off, val) \
	do { type v_ = (val); memcpy((l)->image + (off), &v_, sizeof(v_)); } while (0)
#define GET(type, l, off) \
	({ type v_; memcpy(&v_, (l)->image + (off), sizeof(v_)); v_; })

/* A bzImage of protocol 2.15 as Linux makes it: 4 setup sectors, @bytes of code. */
#define BZ_SECTS	4
#define BZ_CODE		((BZ_SECTS + 1) * 512)

static inline void make_bzimage(struct load *l, unsigned int bytes)
{
	unsigned int i;

	PUT(u8, l, 0x1f1, BZ_SECTS);
	PUT(u32, l, 0x1f4, bytes / 16);
	PUT(u16, l, 0x1fe, 0xaa55);
	PUT(u16, l, 0x200, 0x6aeb);		/* header ends at 0x26c */
	PUT(u32, l, 0x202, 0x53726448);
	PUT(u16, l, 0x206, 0x020f);
	PUT(u8, l, 0x211, 1);
	PUT(u32, l, 0x214, 0x100000);
	PUT(u32, l, 0x22c, 0x7fffffff);
	PUT(u32, l, 0x230, 0x200000);
	PUT(u8, l, 0x234, 1);
	PUT(u8, l, 0x235, 21);
	PUT(u16, l, 0x236, 0x3f);
	PUT(u32, l, 0x238, 2047);
	PUT(u64, l, 0x250, 0x1122334455667788);	/* garbage: must not get through */
	PUT(u64, l, 0x258, 0x1000000);
	PUT(u32, l, 0x260, 0x2000000);
	PUT(u32, l, 0x268, 0xabcd);
	for (i = 0; i < bytes; i++)
		l->image[BZ_CODE + i] = i * 13 + 1;
	l->len = BZ_CODE + bytes;
}

/* ELF files: program headers right after the file header. */
static inline void make_elf(struct load *l, bool is64, unsigned int phnum)
{
	if (is64) {
		Elf64_Ehdr h = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1 },
			.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = 1,
			.e_entry = 0xffffffff81000010, .e_phoff = sizeof(h),
			.e_ehsize = sizeof(h), .e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = phnum,
		};
		memcpy(l->image, &h, sizeof(h));
	} else {
		Elf32_Ehdr h = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, 1 },
			.e_type = ET_EXEC, .e_machine = EM_386, .e_version = 1,
			.e_entry = 0xc0100010, .e_phoff = sizeof(h),
			.e_ehsize = sizeof(h), .e_phentsize = sizeof(Elf32_Phdr),
			.e_phnum = phnum,
		};
		memcpy(l->image, &h, sizeof(h));
	}
	l->len = IMG_BYTES;
}

static inline void put_phdr(struct load *l, bool is64, unsigned int i, u32 type,
			    u64 off, u64 vaddr, u64 paddr, u64 filesz, u64 memsz)
{
	if (is64) {
		Elf64_Phdr p = {
			.p_type = type, .p_flags = 7, .p_offset = off, .p_vaddr = vaddr,
			.p_paddr = paddr, .p_filesz = filesz, .p_memsz = memsz, .p_align = 4,
		};
		memcpy(l->image + sizeof(Elf64_Ehdr) + i * sizeof(p), &p, sizeof(p));
	} else {
		Elf32_Phdr p = {
			.p_type = type, .p_flags = 7, .p_offset = off, .p_vaddr = vaddr,
			.p_paddr = paddr, .p_filesz = filesz, .p_memsz = memsz, .p_align = 4,
		};
		memcpy(l->image + sizeof(Elf32_Ehdr) + i * sizeof(p), &p, sizeof(p));
	}
}

static inline u32 put_note(struct load *l, u32 off, const char *name, u32 type,
			   const void *desc, u32 descsz)
{
	Elf64_Nhdr n = { strlen(name) + 1, descsz, type };

	memcpy(l->image + off, &n, sizeof(n));
	off += sizeof(n);
	memcpy(l->image + off, name, n.n_namesz);
	off += (n.n_namesz + 3) & ~3;
	memcpy(l->image + off, desc, descsz);
	return off + ((descsz + 3) & ~3);
}

static inline void put_multiboot(struct load *l, u32 off, u32 flags)
{
	PUT(u32, l, off, 0x1badb002);
	PUT(u32, l, off + 4, flags);
	PUT(u32, l, off + 8, -(0x1badb002 + flags));
}

#endif /* BOOT_IMAGES_H */
