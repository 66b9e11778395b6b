// SPDX-License-Identifier: GPL-2.0
/* The ELF reader by itself: headers, segments, notes, in both classes. */
#include "boot_images.h"
#include "boot/image.h"
#include "kselftest_harness.h"

#define MIB	(1ULL << 20)

static struct load l;
static struct hs_boot_ctx c;

/* A context as hs_boot_load() makes one, for the image in l. */
static void begin(void)
{
	fake_mem_free(&l.mem);
	fake_mem_init(&l.mem, l.in.ram_bytes);
	fake_src_init(&l.kernel_src, l.image, l.len);
	c = (struct hs_boot_ctx){
		.in = &l.in, .mem = &l.mem.ops, .out = &l.state, .err = &l.err,
	};
	l.state = (struct hs_boot_state){};
	l.err = (struct hs_boot_error){};
}

FIXTURE(elf) {
	int unused;
};
FIXTURE_VARIANT(elf) {
	bool is64;
};
FIXTURE_VARIANT_ADD(elf, class32) { .is64 = false };
FIXTURE_VARIANT_ADD(elf, class64) { .is64 = true };
FIXTURE_SETUP(elf)
{
	load_init(&l);
	make_elf(&l, variant->is64, 3);
	put_phdr(&l, variant->is64, 0, PT_LOAD, 0x1000, variant->is64 ? 0xffffffff81000000 :
		 0xc0100000, 16 * MIB, 0x2345, 0x4567);
	put_phdr(&l, variant->is64, 1, PT_NOTE, 0x200, 0, 0, 0x100, 0x100);
	put_phdr(&l, variant->is64, 2, PT_LOAD, 0x5001, 0x1000, 0x40007, 0x1fff, 0x1fff);
	memset(l.image + 0x200, 0, 0x100);
	for (unsigned int i = 0x1000; i < IMG_BYTES; i++)
		l.image[i] = i * 7 + (i >> 8);
}
FIXTURE_TEARDOWN(elf)
{
	fake_mem_free(&l.mem);
}

/* A segment with nothing in the file may name any place of it. */
TEST_F(elf, bss_beyond_the_file)
{
	struct hs_elf elf;
	u64 phys;

	put_phdr(&l, variant->is64, 2, PT_LOAD, 0xfffff000, 0x1000, 0x40000, 0, 0x1fff);
	begin();
	ASSERT_EQ(0, hs_elf_open(&c, &elf));
	ASSERT_EQ(0, hs_elf_load(&c, &elf, &phys)) TH_LOG("%s", l.err.why);
	EXPECT_EQ(0, fake_get_u8(&l.mem, 0x40000));
	EXPECT_EQ(0, fake_get_u8(&l.mem, 0x41ffe));
	EXPECT_EQ(FAKE_POISON, fake_get_u8(&l.mem, 0x41fff));
	put_phdr(&l, variant->is64, 2, PT_LOAD, 0xfffff000, 0x1000, 0x40000, 1, 0x1fff);
	begin();
	ASSERT_EQ(0, hs_elf_open(&c, &elf));
	EXPECT_EQ(-ENOEXEC, hs_elf_load(&c, &elf, &phys));
}

TEST_F(elf, loads_segments_at_physical_addresses)
{
	struct hs_elf elf;
	u64 phys;
	unsigned int i;

	begin();
	ASSERT_EQ(0, hs_elf_open(&c, &elf));
	EXPECT_EQ(variant->is64, elf.is64);
	EXPECT_EQ(3, elf.phnum);
	ASSERT_EQ(0, hs_elf_load(&c, &elf, &phys)) TH_LOG("%s", l.err.why);
	EXPECT_EQ(16 * MIB + 0x10, phys);
	EXPECT_TRUE(fake_equal(&l.mem, 16 * MIB, l.image + 0x1000, 0x2345));
	for (i = 0x2345; i < 0x4567; i++)
		EXPECT_EQ(0, fake_get_u8(&l.mem, 16 * MIB + i));
	EXPECT_EQ(FAKE_POISON, fake_get_u8(&l.mem, 16 * MIB + 0x4567));
	/* Unaligned on both sides, without a cleared tail. */
	EXPECT_TRUE(fake_equal(&l.mem, 0x40007, l.image + 0x5001, 0x1fff));
	EXPECT_EQ(FAKE_POISON, fake_get_u8(&l.mem, 0x40006));
	EXPECT_EQ(FAKE_POISON, fake_get_u8(&l.mem, 0x42006));
	EXPECT_EQ(0x40007, l.state.kernel_start);
	EXPECT_EQ(16 * MIB + 0x4567, l.state.kernel_end);
}

TEST_F(elf, empty_segments_do_not_count)
{
	struct hs_elf elf;
	u64 phys;

	put_phdr(&l, variant->is64, 2, PT_LOAD, 1ULL << 30, 0, 0xffff0000, 0, 0);
	begin();
	ASSERT_EQ(0, hs_elf_open(&c, &elf));
	EXPECT_EQ(0, hs_elf_load(&c, &elf, &phys));
	EXPECT_EQ(1, c.nr_taken);
}

/* Expects the segment given to be refused with @error and @words. */
#define EXPECT_SEGMENT(error, words, off, paddr, filesz, memsz) do {	\
	struct hs_elf e_;						\
	u64 p_;								\
	put_phdr(&l, variant->is64, 2, PT_LOAD, off, 0, paddr, filesz, memsz); \
	begin();							\
	ASSERT_EQ(0, hs_elf_open(&c, &e_));				\
	EXPECT_EQ(error, hs_elf_load(&c, &e_, &p_));			\
	EXPECT_NE(NULL, strstr(l.err.why ?: "", words)) TH_LOG("said: %s", l.err.why); \
} while (0)

TEST_F(elf, segments_that_cannot_be)
{
	u64 top = variant->is64 ? ~0ULL : 0xffffffff;

	EXPECT_SEGMENT(-ENOEXEC, "larger in the file", 0x1000, MIB, 0x2001, 0x2000);
	EXPECT_SEGMENT(-ENOEXEC, "beyond the end", 0x1000, MIB, IMG_BYTES, IMG_BYTES);
	EXPECT_SEGMENT(-ENOEXEC, "beyond the end", IMG_BYTES, MIB, 1, 1);
	EXPECT_SEGMENT(-ENOEXEC, "beyond the end", top, MIB, 1, 1);
	EXPECT_SEGMENT(-ENOEXEC, "beyond the end", top - 1, MIB, 0x1000, 0x1000);
	/* Not RAM, or taken by boot information, video, ACPI. */
	EXPECT_SEGMENT(-E2BIG, "does not have", 0x1000, 128 * MIB, 1, 1);
	EXPECT_SEGMENT(-E2BIG, "does not have", 0x1000, 128 * MIB - 1, 1, 2);
	EXPECT_SEGMENT(-E2BIG, "does not have", 0x1000, MIB, 1, top);
	EXPECT_SEGMENT(-E2BIG, "does not have", 0x1000, top, 1, 1);
	EXPECT_SEGMENT(-E2BIG, "does not have", 0x1000, top, 1, 2);
	EXPECT_SEGMENT(-E2BIG, "reserved", 0x1000, 0, 1, 1);
	EXPECT_SEGMENT(-E2BIG, "reserved", 0x1000, HS_GPA_BOOT_INFO, 1, 1);
	EXPECT_SEGMENT(-E2BIG, "reserved", 0x1000, HS_GPA_IMAGE_LOW - 1, 1, 2);
	EXPECT_SEGMENT(-E2BIG, "reserved", 0x1000, 0x90000, 0x1000, 0x10000);
	EXPECT_SEGMENT(-E2BIG, "reserved", 0x1000, HS_GPA_ACPI, 16, 16);
	/* Into the first segment: its end, its start, around it. */
	EXPECT_SEGMENT(-ENOEXEC, "same memory", 0x1000, 16 * MIB + 0x4566, 1, 1);
	EXPECT_SEGMENT(-ENOEXEC, "same memory", 0x1000, 16 * MIB - 1, 1, 2);
	EXPECT_SEGMENT(-ENOEXEC, "same memory", 0x1000, 15 * MIB, 1, 2 * MIB);
	/* And next to it. */
	EXPECT_SEGMENT(0, "", 0x1000, 16 * MIB + 0x4567, 1, 1);
	EXPECT_SEGMENT(0, "", 0x1000, 16 * MIB - 1, 1, 1);
}

TEST_F(elf, number_of_segments)
{
	struct hs_elf elf;
	unsigned int n, i;
	u64 phys;

	for (n = HS_BOOT_SEGMENTS_MAX; n <= HS_BOOT_SEGMENTS_MAX + 1; n++) {
		make_elf(&l, variant->is64, n);
		for (i = 0; i < n; i++)
			put_phdr(&l, variant->is64, i, PT_LOAD, 0x1000, i * 4096,
				 MIB + i * 4096, 4096, 4096);
		begin();
		ASSERT_EQ(0, hs_elf_open(&c, &elf));
		EXPECT_EQ(n > HS_BOOT_SEGMENTS_MAX ? -ENOEXEC : 0,
			  hs_elf_load(&c, &elf, &phys));
	}
	EXPECT_NE(NULL, strstr(l.err.why, "too many loadable"));

	make_elf(&l, variant->is64, 1);
	put_phdr(&l, variant->is64, 0, PT_NOTE, 0, 0, 0, 0, 0);
	begin();
	ASSERT_EQ(0, hs_elf_open(&c, &elf));
	EXPECT_EQ(-ENOEXEC, hs_elf_load(&c, &elf, &phys));
	EXPECT_NE(NULL, strstr(l.err.why, "without anything to load"));
}

TEST_F(elf, headers_that_cannot_be)
{
	/* Offsets of phnum, phentsize, machine and type in either class. */
	const unsigned int phnum = variant->is64 ? 56 : 44;
	struct {
		unsigned int off;
		u16 val;
		const char *words;
	} bad[] = {
		{ phnum, 0, "program headers" },
		{ phnum, 65, "program headers" },
		{ phnum, 0xffff, "program headers" },
		{ phnum - 2, 0, "unknown size" },
		{ phnum - 2, variant->is64 ? 32 : 56, "unknown size" },
		{ 18, 40, "another processor" },
		{ 18, variant->is64 ? EM_386 : EM_X86_64, "another processor" },
		{ 16, ET_REL, "not an executable" },
		{ 16, ET_CORE, "not an executable" },
		{ 4, 3 | ELFDATA2LSB << 8, "unknown class" },
		{ 4, 0 | ELFDATA2LSB << 8, "unknown class" },
		{ 5, ELFDATA2MSB, "little-endian" },
		{ 0, 0x1234, "little-endian" },
	};
	struct hs_elf elf;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		u16 old = GET(u16, &l, bad[i].off);

		PUT(u16, &l, bad[i].off, bad[i].val);
		begin();
		EXPECT_EQ(-ENOEXEC, hs_elf_open(&c, &elf));
		EXPECT_NE(NULL, strstr(l.err.why ?: "", bad[i].words))
			TH_LOG("said: %s", l.err.why);
		PUT(u16, &l, bad[i].off, old);
	}
	PUT(u16, &l, 16, ET_DYN);
	begin();
	EXPECT_EQ(0, hs_elf_open(&c, &elf));
}

TEST_F(elf, program_headers_outside_the_file)
{
	static const u64 offs[] = { IMG_BYTES - 1, IMG_BYTES, 0x7fffffff, 0xfffffff0,
				    0xfffffffffffffff0 };
	struct hs_elf elf;
	unsigned int i;
	u64 v;

	for (i = 0; i < ARRAY_SIZE(offs); i++) {
		if (variant->is64)
			PUT(u64, &l, 32, offs[i]);
		else
			PUT(u32, &l, 28, offs[i]);
		begin();
		ASSERT_EQ(0, hs_elf_open(&c, &elf));
		EXPECT_EQ(-ENOEXEC, hs_elf_load(&c, &elf, &v));
		begin();
		EXPECT_EQ(-ENOEXEC, hs_elf_find_note(&c, &elf, "Xen", 18, &v));
	}
}

TEST_F(elf, finds_notes)
{
	const u64 want = 0x1122334455667788;
	struct hs_elf elf;
	u64 v;
	u32 off;

	off = put_note(&l, 0x200, "Xen", 17, "\1\2\3\4", 4);
	off = put_note(&l, off, "Xem", 18, &want, 8);
	off = put_note(&l, off, "Xe", 18, &want, 8);
	off = put_note(&l, off, "Xen", 18, &want, variant->is64 ? 8 : 4);
	begin();
	ASSERT_EQ(0, hs_elf_open(&c, &elf));
	ASSERT_EQ(0, hs_elf_find_note(&c, &elf, "Xen", 18, &v)) TH_LOG("%s", l.err.why);
	EXPECT_EQ(variant->is64 ? want : (u32)want, v);
	EXPECT_EQ(-ENOENT, hs_elf_find_note(&c, &elf, "Xen", 19, &v));
	EXPECT_EQ(NULL, l.err.why);
}

TEST_F(elf, notes_padded_to_eight)
{
	const u64 want = 0x1000;
	Elf64_Nhdr odd = { 4, 5, 1 }, n = { 4, 8, 18 };
	struct hs_elf elf;
	u64 v;

	/* 12 + 4 bytes, then 5 that take 8; with padding to 4 it would be off. */
	memcpy(l.image + 0x200, &odd, 12);
	memcpy(l.image + 0x20c, "GNU", 4);
	memcpy(l.image + 0x218, &n, 12);
	memcpy(l.image + 0x224, "Xen", 4);
	memcpy(l.image + 0x228, &want, 8);
	put_phdr(&l, variant->is64, 1, PT_NOTE, 0x200, 0, 0, 0x30, 0x30);
	if (variant->is64)
		PUT(u64, &l, sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) + 48, 8);
	else
		PUT(u32, &l, sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr) + 28, 8);
	begin();
	ASSERT_EQ(0, hs_elf_open(&c, &elf));
	ASSERT_EQ(0, hs_elf_find_note(&c, &elf, "Xen", 18, &v)) TH_LOG("%s", l.err.why);
	EXPECT_EQ(want, v);
}

TEST_F(elf, notes_that_cannot_be)
{
	struct hs_elf elf;
	u64 v = 5;
	u32 i;

	begin();
	ASSERT_EQ(0, hs_elf_open(&c, &elf));

	/* Sizes that reach out of the segment, or wrap in 32 bits. */
	PUT(u32, &l, 0x200, 0xf5);
	EXPECT_EQ(-ENOEXEC, hs_elf_find_note(&c, &elf, "Xen", 18, &v));
	EXPECT_NE(NULL, strstr(l.err.why, "larger than its segment"));
	PUT(u32, &l, 0x200, 0xffffffff);
	EXPECT_EQ(-ENOEXEC, hs_elf_find_note(&c, &elf, "Xen", 18, &v));
	PUT(u32, &l, 0x200, 4);
	PUT(u32, &l, 0x204, 0xffffffff);
	EXPECT_EQ(-ENOEXEC, hs_elf_find_note(&c, &elf, "Xen", 18, &v));
	PUT(u32, &l, 0x204, 0xf1);
	EXPECT_EQ(-ENOEXEC, hs_elf_find_note(&c, &elf, "Xen", 18, &v));
	/* Exactly to its end. */
	PUT(u32, &l, 0x204, 0xf0);
	EXPECT_EQ(-ENOENT, hs_elf_find_note(&c, &elf, "Xen", 18, &v));

	put_note(&l, 0x200, "Xen", 18, "12345", 5);
	EXPECT_EQ(-ENOEXEC, hs_elf_find_note(&c, &elf, "Xen", 18, &v));
	EXPECT_NE(NULL, strstr(l.err.why, "unknown size"));
	EXPECT_EQ(5, v);

	/* A segment outside the file. */
	put_phdr(&l, variant->is64, 1, PT_NOTE, IMG_BYTES - 0x80, 0, 0, 0x100, 0x100);
	EXPECT_EQ(-ENOEXEC, hs_elf_find_note(&c, &elf, "Xen", 18, &v));
	EXPECT_NE(NULL, strstr(l.err.why, "beyond the end"));
	put_phdr(&l, variant->is64, 1, PT_NOTE, IMG_BYTES + 1, 0, 0, 0, 0);
	EXPECT_EQ(-ENOEXEC, hs_elf_find_note(&c, &elf, "Xen", 18, &v));

	/* Thousands of empty notes: given up after a while. */
	memset(l.image + 0x1000, 0, 0x8000);
	put_phdr(&l, variant->is64, 1, PT_NOTE, 0x1000, 0, 0, 0x8000, 0);
	begin();
	EXPECT_EQ(-ENOEXEC, hs_elf_find_note(&c, &elf, "Xen", 18, &v));
	EXPECT_NE(NULL, strstr(l.err.why, "too many notes"));
	EXPECT_GT(1000, l.kernel_src.reads);

	/* Also when they are spread over many segments. */
	make_elf(&l, variant->is64, 64);
	for (i = 0; i < 64; i++)
		put_phdr(&l, variant->is64, i, PT_NOTE, 0x1000, 0, 0, 120, 0);
	begin();
	ASSERT_EQ(0, hs_elf_open(&c, &elf));
	EXPECT_EQ(-ENOEXEC, hs_elf_find_note(&c, &elf, "Xen", 18, &v));
	EXPECT_NE(NULL, strstr(l.err.why, "too many notes"));
}

TEST_F(elf, truncated_headers)
{
	const size_t full = variant->is64 ? sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr) :
			    sizeof(Elf32_Ehdr) + 3 * sizeof(Elf32_Phdr);
	struct hs_elf elf;
	u64 v;
	int ret;

	for (l.len = 0; l.len < full; l.len++) {
		begin();
		ret = hs_elf_open(&c, &elf);
		if (!ret)
			ret = hs_elf_load(&c, &elf, &v);
		EXPECT_EQ(-ENOEXEC, ret);
		EXPECT_NE(NULL, l.err.why);
	}
}

TEST_HARNESS_MAIN
