// SPDX-License-Identifier: GPL-2.0
/* The multiboot loader. */
#include "boot_images.h"
#include "kselftest_harness.h"

#define MIB	(1ULL << 20)
#define GIB	(1ULL << 30)

#define HDR	0x600		/* where the header is put */
#define BY_ADDR	0x10000		/* flag: addresses in the header */

static struct load l;

/* An ELF program at 1 MiB, header inside, linked where it is loaded. */
static void make_prog(void)
{
	load_init(&l);
	make_elf(&l, false, 1);
	PUT(u32, &l, 24, 0x100020);
	put_phdr(&l, false, 0, PT_LOAD, 0x500, 0x100000, 0x100000, 0x2000, 0x5000);
	put_multiboot(&l, HDR, 3);
	l.len = 0x3000;
}

/* A flat program loaded by addresses: the header at 1 MiB + 0x100. */
static void make_flat(void)
{
	static const u32 addr[] = { 0x100100, 0x100000, 0x101000, 0x103000, 0x100010 };

	load_init(&l);
	put_multiboot(&l, HDR, BY_ADDR | 3);
	memcpy(l.image + HDR + 12, addr, sizeof(addr));
	for (unsigned int i = 0x700; i < 0x3000; i++)
		l.image[i] = i * 3;
	l.len = 0x3000;
}

TEST(elf_program)
{
	make_prog();
	ASSERT_EQ(0, load_run(&l)) TH_LOG("%s", l.err.why);
	EXPECT_EQ(HS_BOOT_MULTIBOOT, l.state.kind);
	EXPECT_EQ(0x100020, l.state.rip);
	EXPECT_EQ(0x100000, l.state.kernel_start);
	EXPECT_EQ(0x105000, l.state.kernel_end);
	EXPECT_TRUE(fake_equal(&l.mem, 0x100000, l.image + 0x500, 0x2000));
	EXPECT_EQ(0, fake_get_u8(&l.mem, 0x104fff));
}

TEST(entry_is_a_virtual_address)
{
	make_prog();
	PUT(u32, &l, 24, 0xc0100020);
	put_phdr(&l, false, 0, PT_LOAD, 0x500, 0xc0100000, 0x100000, 0x2000, 0x5000);
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(0x100020, l.state.rip);
	PUT(u32, &l, 24, 0x100020);
	EXPECT_REFUSED(&l, -ENOEXEC, HS_BOOT_BLAME_KERNEL, "entry point");
}

TEST(module)
{
	make_prog();
	load_initrd(&l, 4097);
	l.in.initrd_name = "data.bin with words";
	l.in.ram_bytes = 4 * MIB;
	ASSERT_EQ(0, load_run(&l)) TH_LOG("%s", l.err.why);
	EXPECT_EQ(4 * MIB - 8192, l.state.initrd_start);
	l.in.initrd_name = NULL;
	l.in.ram_bytes = 16 * GIB;
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(3 * GIB - 8192, l.state.initrd_start);
}

TEST(command_line)
{
	static char name[300], line[4200];

	make_prog();
	l.in.cmdline = "";
	EXPECT_EQ(0, load_run(&l));
	EXPECT_TRUE(fake_is_string(&l.mem, HS_GPA_CMDLINE, "prog"));
	l.in.cmdline = "a=1  b";
	EXPECT_EQ(0, load_run(&l));
	EXPECT_TRUE(fake_is_string(&l.mem, HS_GPA_CMDLINE, "prog a=1  b"));
	l.in.name = NULL;
	EXPECT_EQ(0, load_run(&l));
	EXPECT_TRUE(fake_is_string(&l.mem, HS_GPA_CMDLINE, " a=1  b"));

	memset(name, 'n', HS_BOOT_NAME_MAX);
	memset(line, 'l', HS_BOOT_CMDLINE_MAX);
	l.in.name = name;
	l.in.cmdline = line;
	load_initrd(&l, 16);
	l.in.initrd_name = name;
	EXPECT_EQ(0, load_run(&l));
	name[HS_BOOT_NAME_MAX] = 'n';
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_CMDLINE, "name is too long");
	l.in.name = "prog";
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_INITRD, "name is too long");
	l.in.initrd_name = "";
	line[HS_BOOT_CMDLINE_MAX] = 'l';
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_CMDLINE, "too long");
}

TEST(flat_program)
{
	make_flat();
	ASSERT_EQ(0, load_run(&l)) TH_LOG("%s", l.err.why);
	EXPECT_EQ(0x100010, l.state.rip);
	EXPECT_EQ(0x103000, l.state.kernel_end);
	EXPECT_TRUE(fake_equal(&l.mem, 0x100000, l.image + HDR - 0x100, 0x1000));
	EXPECT_EQ(0, fake_get_u8(&l.mem, 0x101000));
	EXPECT_EQ(0, fake_get_u8(&l.mem, 0x102fff));
	EXPECT_EQ(FAKE_POISON, fake_get_u8(&l.mem, 0x103000));

	/* No load end: all of the file; no bss end: nothing more. */
	PUT(u32, &l, HDR + 20, 0);
	PUT(u32, &l, HDR + 24, 0);
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(0x100000 + 0x3000 - (HDR - 0x100), l.state.kernel_end);
	EXPECT_TRUE(fake_equal(&l.mem, 0x100000, l.image + HDR - 0x100,
			       0x3000 - (HDR - 0x100)));
}

TEST(flat_programs_that_cannot_be)
{
	struct {
		unsigned int field;
		u32 val;
		int error;
		const char *words;
	} bad[] = {
		{ 0, 0x0fffff, -ENOEXEC, "before the start of the file" },
		{ 0, 0x100000 + HDR + 1, -ENOEXEC, "before the start of the file" },
		{ 0, 0xffffffff, -ENOEXEC, "before the start of the file" },
		{ 1, 0xfffff, -ENOEXEC, "reserved" },
		{ 1, 0x100101, -ENOEXEC, "before the start of the file" },
		{ 2, 0x100000, -ENOEXEC, "load end" },
		{ 2, 0x0fffff, -ENOEXEC, "load end" },
		{ 2, 0x103000, -ENOEXEC, "truncated" },
		{ 2, 0xffffffff, -ENOEXEC, "bss end" },
		{ 3, 0x100fff, -ENOEXEC, "bss end" },
		{ 3, 0x0fffff, -ENOEXEC, "bss end" },
		{ 3, 0xffffffff, -E2BIG, "does not have" },
		{ 4, 0x0fffff, -ENOEXEC, "entry point" },
		{ 4, 0x101000, -ENOEXEC, "entry point" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		make_flat();
		PUT(u32, &l, HDR + 12 + 4 * bad[i].field, bad[i].val);
		if (bad[i].field == 1 && bad[i].val == 0xfffff)
			bad[i].error = -E2BIG;
		EXPECT_REFUSED(&l, bad[i].error, HS_BOOT_BLAME_KERNEL, bad[i].words);
	}
	/* The header is cut off by the file's end. */
	make_flat();
	for (l.len = HDR + 12; l.len < HDR + 32; l.len++)
		EXPECT_REFUSED(&l, -ENOEXEC, HS_BOOT_BLAME_KERNEL, "truncated");
	/* Nothing of the program is in the file: no room for its entry. */
	make_flat();
	l.len = HDR + 32;
	PUT(u32, &l, HDR + 12, 0x100000 + HDR);
	PUT(u32, &l, HDR + 20, 0);
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(0x103000, l.state.kernel_end);
}

TEST(header_is_found_where_it_may_be)
{
	u32 off;

	/* All aligned places, also across the pieces the search reads. */
	for (off = 0; off <= 8192 - 12; off += 4) {
		load_init(&l);
		put_multiboot(&l, off, BY_ADDR);
		PUT(u32, &l, off + 12, 0x200000 + off);
		PUT(u32, &l, off + 16, 0x200000);
		PUT(u32, &l, off + 28, 0x200004);
		l.len = 0x3000;
		EXPECT_EQ(0, load_run(&l)) TH_LOG("at %x: %s", off, l.err.why);
		EXPECT_EQ(0x200004, l.state.rip);
	}
	for (; off < 8192 + 64; off += 4) {
		load_init(&l);
		put_multiboot(&l, off, BY_ADDR);
		l.len = 0x3000;
		EXPECT_REFUSED(&l, -ENOEXEC, HS_BOOT_BLAME_KERNEL, "is not a");
	}
	/* Unaligned ones and wrong sums are none. */
	load_init(&l);
	put_multiboot(&l, 0x102, BY_ADDR);
	l.len = 0x3000;
	EXPECT_REFUSED(&l, -ENOEXEC, HS_BOOT_BLAME_KERNEL, "is not a");
	load_init(&l);
	put_multiboot(&l, 0x100, BY_ADDR);
	PUT(u8, &l, 0x108, l.image[0x108] + 1);
	l.len = 0x3000;
	EXPECT_REFUSED(&l, -ENOEXEC, HS_BOOT_BLAME_KERNEL, "is not a");
	l.len = 0;
	EXPECT_REFUSED(&l, -ENOEXEC, HS_BOOT_BLAME_KERNEL, "is not a");
}

TEST(demands)
{
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		make_prog();
		if (bit == 16)
			make_flat();
		put_multiboot(&l, HDR, 1U << bit);
		if (bit == 2)
			EXPECT_REFUSED(&l, -EOPNOTSUPP, HS_BOOT_BLAME_KERNEL, "video");
		else if (bit > 2 && bit < 16)
			EXPECT_REFUSED(&l, -EOPNOTSUPP, HS_BOOT_BLAME_KERNEL, "feature");
		else
			EXPECT_EQ(0, load_run(&l)) TH_LOG("bit %u: %s", bit, l.err.why);
	}
}

TEST(low_memory)
{
	make_prog();
	PUT(u32, &l, 24, 0x30020);
	put_phdr(&l, false, 0, PT_LOAD, 0x500, 0x30000, 0x30000, 0x2000, 0x5000);
	EXPECT_EQ(0, load_run(&l));
	put_phdr(&l, false, 0, PT_LOAD, 0x500, 0x30000, 0x2f000, 0x2000, 0x5000);
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_KERNEL, "reserved");
}

TEST(sixty_four_bit_files)
{
	const u64 entry = 0x100030;

	load_init(&l);
	make_elf(&l, true, 2);
	put_phdr(&l, true, 0, PT_LOAD, 0x500, 0x100000, 0x100000, 0x2000, 0x5000);
	put_multiboot(&l, HDR, 3);
	EXPECT_REFUSED(&l, -ENOEXEC, HS_BOOT_BLAME_KERNEL, "must be a 32-bit ELF");
	/* The header may say where to load any file. */
	put_multiboot(&l, HDR, BY_ADDR);
	PUT(u32, &l, HDR + 12, 0x200000 + HDR);
	PUT(u32, &l, HDR + 16, 0x200000);
	PUT(u32, &l, HDR + 28, 0x200500);
	ASSERT_EQ(0, load_run(&l)) TH_LOG("%s", l.err.why);
	EXPECT_EQ(0x200500, l.state.rip);
	/* With a PVH note it is a PVH kernel that can also do multiboot. */
	put_phdr(&l, true, 1, PT_NOTE, 0x400, 0, 0, 0x18, 0);
	put_note(&l, 0x400, "Xen", 18, &entry, 8);
	ASSERT_EQ(0, load_run(&l)) TH_LOG("%s", l.err.why);
	EXPECT_EQ(HS_BOOT_PVH, l.state.kind);
	EXPECT_EQ(entry, l.state.rip);
	/* A 32-bit file with both is a multiboot program. */
	make_prog();
	make_elf(&l, false, 2);
	PUT(u32, &l, 24, 0x100020);
	put_phdr(&l, false, 1, PT_NOTE, 0x400, 0, 0, 0x14, 0);
	put_note(&l, 0x400, "Xen", 18, &entry, 4);
	ASSERT_EQ(0, load_run(&l)) TH_LOG("%s", l.err.why);
	EXPECT_EQ(HS_BOOT_MULTIBOOT, l.state.kind);
}

TEST(truncated_anywhere)
{
	size_t full = 0x2500;

	make_prog();
	for (l.len = 0; l.len < full; l.len++)
		EXPECT_EQ(-ENOEXEC, load_run(&l)) TH_LOG("length %zu", l.len);
	EXPECT_EQ(0, load_run(&l));
}

TEST(every_failing_read_and_write_is_reported)
{
	unsigned int i, flat;
	int ret;

	for (flat = 0; flat < 2; flat++) {
		if (flat)
			make_flat();
		else
			make_prog();
		load_initrd(&l, sizeof(l.initrd));
		for (i = 1; ; i++) {
			l.kernel_src.fail_at = i;
			ret = load_run(&l);
			if (!ret)
				break;
			EXPECT_EQ(-EIO, ret);
			EXPECT_EQ(HS_BOOT_BLAME_KERNEL, l.err.blame);
		}
		EXPECT_LT(4, i);
		l.kernel_src.fail_at = 0;
		for (i = 1; ; i++) {
			l.mem.fail_at = i;
			ret = load_run(&l);
			if (!ret)
				break;
			EXPECT_EQ(-ENOMEM, ret);
		}
		EXPECT_LT(20, i);
		l.mem.fail_at = 0;
	}
}

/* Neither this nor that. */
TEST(other_files)
{
	load_init(&l);
	memcpy(l.image, "#!/bin/sh\n", 10);
	l.len = 10;
	EXPECT_REFUSED(&l, -ENOEXEC, HS_BOOT_BLAME_KERNEL,
		       "is not a bzImage, a PVH ELF file or a multiboot image");
	make_elf(&l, true, 1);
	put_phdr(&l, true, 0, PT_LOAD, 0, 0x400000, 0x400000, 64, 64);
	EXPECT_REFUSED(&l, -ENOEXEC, HS_BOOT_BLAME_KERNEL, "neither");
}

TEST_HARNESS_MAIN
