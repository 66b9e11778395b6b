// SPDX-License-Identifier: GPL-2.0
/*
 * The PVH loader.  With HS_VMLINUX=FILE in the environment also a stock kernel
 * is loaded.
 */
#include "boot_images.h"
#include "kselftest_harness.h"

#define MIB	(1ULL << 20)
#define GIB	(1ULL << 30)

static struct load l;

/* Like vmlinux: text, data with a tail to be cleared, and the entry note. */
static void make_pvh(bool is64, u64 entry)
{
	load_init(&l);
	make_elf(&l, is64, 3);
	put_phdr(&l, is64, 0, PT_LOAD, 0x1000, is64 ? 0xffffffff81000000 : 0xc1000000,
		 16 * MIB, 0x3000, 0x3000);
	put_phdr(&l, is64, 1, PT_LOAD, 0x4000, is64 ? 0xffffffff81200000 : 0xc1200000,
		 18 * MIB, 0x1000, 0x200000);
	put_phdr(&l, is64, 2, PT_NOTE, 0x800, 0, 0, 0x40, 0);
	put_note(&l, put_note(&l, 0x800, "Linux", 0x101, "\0\0\0\0", 4), "Xen", 18,
		 &entry, is64 ? 8 : 4);
	for (unsigned int i = 0x1000; i < 0x8000; i++)
		l.image[i] = i * 5 + 3;
}

FIXTURE(pvh) {
	int unused;
};
FIXTURE_VARIANT(pvh) {
	bool is64;
};
FIXTURE_VARIANT_ADD(pvh, class32) { .is64 = false };
FIXTURE_VARIANT_ADD(pvh, class64) { .is64 = true };
FIXTURE_SETUP(pvh)
{
	make_pvh(variant->is64, 16 * MIB + 0x500);
}
FIXTURE_TEARDOWN(pvh)
{
	fake_mem_free(&l.mem);
}

TEST_F(pvh, loads)
{
	load_initrd(&l, 5000);
	ASSERT_EQ(0, load_run(&l)) TH_LOG("%s", l.err.why);
	EXPECT_EQ(HS_BOOT_PVH, l.state.kind);
	EXPECT_EQ(16 * MIB + 0x500, l.state.rip);
	EXPECT_EQ(16 * MIB, l.state.kernel_start);
	EXPECT_EQ(20 * MIB, l.state.kernel_end);
	EXPECT_EQ(128 * MIB - 8192, l.state.initrd_start);
	EXPECT_TRUE(fake_equal(&l.mem, 16 * MIB, l.image + 0x1000, 0x3000));
	EXPECT_TRUE(fake_equal(&l.mem, 18 * MIB, l.image + 0x4000, 0x1000));
	EXPECT_EQ(0, fake_get_u8(&l.mem, 20 * MIB - 1));
	EXPECT_EQ(FAKE_POISON, fake_get_u8(&l.mem, 20 * MIB));
}

TEST_F(pvh, loads_without_initrd_and_cmdline)
{
	l.in.cmdline = NULL;
	ASSERT_EQ(0, load_run(&l));
	l.in.ram_bytes = 20 * MIB;
	EXPECT_EQ(0, load_run(&l));
	l.in.ram_bytes = 20 * MIB - 4096;
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_KERNEL, "does not have");
}

TEST_F(pvh, memory_beyond_4_gib_is_in_the_map_but_not_used)
{
	load_initrd(&l, sizeof(l.initrd));
	l.in.ram_bytes = 700 * GIB;
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(3 * GIB - 20480, l.state.initrd_start);
}

TEST_F(pvh, initrd_goes_around_the_segments)
{
	load_initrd(&l, 8192);
	/* Another segment at the very top, but for one page. */
	l.in.ram_bytes = 64 * MIB;
	put_phdr(&l, variant->is64, 1, PT_LOAD, 0x4000, 0, 63 * MIB, 16, MIB - 4096);
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(63 * MIB - 8192, l.state.initrd_start);
	/* All but too little taken. */
	l.in.ram_bytes = 17 * MIB;
	put_phdr(&l, variant->is64, 0, PT_LOAD, 0x1000, 0, 16 * MIB, 0x3000, MIB);
	put_phdr(&l, variant->is64, 1, PT_LOAD, 0x4000, 0, MIB + 4096, 16,
		 15 * MIB - 8192);
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_INITRD, "does not fit");
	load_initrd(&l, 4096);
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(16 * MIB - 4096, l.state.initrd_start);
}

TEST_F(pvh, entry_must_be_loaded_and_reachable)
{
	static const u64 bad[] = { 0, 16 * MIB - 1, 16 * MIB + 0x3000, 20 * MIB, 0xffffffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		make_pvh(variant->is64, bad[i]);
		EXPECT_REFUSED(&l, -ENOEXEC, HS_BOOT_BLAME_KERNEL, "entry point");
	}
	make_pvh(variant->is64, 20 * MIB - 1);
	EXPECT_EQ(0, load_run(&l));
}

TEST_F(pvh, no_note)
{
	PUT(u32, &l, 0x800 + 32, 17);
	EXPECT_REFUSED(&l, -ENOEXEC, HS_BOOT_BLAME_KERNEL, "neither a PVH entry note");
}

TEST_F(pvh, every_failing_read_and_write_is_reported)
{
	unsigned int i;
	int ret;

	load_initrd(&l, sizeof(l.initrd));
	for (i = 1; ; i++) {
		l.kernel_src.fail_at = i;
		ret = load_run(&l);
		if (!ret)
			break;
		EXPECT_EQ(-EIO, ret);
		EXPECT_EQ(HS_BOOT_BLAME_KERNEL, l.err.blame);
	}
	EXPECT_LT(10, i);
	l.kernel_src.fail_at = 0;
	for (i = 1; ; i++) {
		l.mem.fail_at = i;
		ret = load_run(&l);
		if (!ret)
			break;
		EXPECT_EQ(-ENOMEM, ret);
		EXPECT_EQ(HS_BOOT_BLAME_NONE, l.err.blame);
	}
	EXPECT_LT(30, i);
}

TEST(segments_beyond_4_gib)
{
	make_pvh(true, 16 * MIB + 0x500);
	put_phdr(&l, true, 1, PT_LOAD, 0x4000, 0, 5 * GIB, 0x1000, 0x200000);
	l.in.ram_bytes = 5 * GIB;
	ASSERT_EQ(0, load_run(&l)) TH_LOG("%s", l.err.why);
	EXPECT_TRUE(fake_equal(&l.mem, 5 * GIB, l.image + 0x4000, 0x1000));
	/* But the first instruction cannot be there. */
	make_pvh(true, 5 * GIB);
	put_phdr(&l, true, 1, PT_LOAD, 0x4000, 0, 5 * GIB, 0x1000, 0x200000);
	l.in.ram_bytes = 5 * GIB;
	EXPECT_REFUSED(&l, -ENOEXEC, HS_BOOT_BLAME_KERNEL, "entry point");
	fake_mem_free(&l.mem);
}

/* A stock kernel, uncompressed. */
TEST(stock_kernel)
{
	const char *path = getenv("HS_VMLINUX");
	struct fake_src kernel;
	u8 *image;
	long len;
	FILE *f;

	if (!path || !*path)
		SKIP(return, "no HS_VMLINUX=FILE in the environment");
	f = fopen(path, "rb");
	ASSERT_NE(NULL, f) TH_LOG("%s: %m", path);
	fseek(f, 0, SEEK_END);
	len = ftell(f);
	rewind(f);
	image = malloc(len);
	ASSERT_EQ(len, fread(image, 1, len, f));
	fclose(f);

	load_init(&l);
	load_initrd(&l, sizeof(l.initrd));
	l.in.ram_bytes = 256 * MIB;
	fake_src_init(&kernel, image, len);
	l.in.kernel = &kernel.ops;
	fake_mem_init(&l.mem, l.in.ram_bytes);
	ASSERT_EQ(0, hs_boot_load(&l.in, &l.mem.ops, &l.state, &l.err))
		TH_LOG("%s", l.err.why);
	check_load(&l.mem, &l.in, &l.state, l.initrd, sizeof(l.initrd));
	EXPECT_EQ(HS_BOOT_PVH, l.state.kind);
	/* Linux links itself to 16 MiB unless configured otherwise. */
	EXPECT_EQ(16 * MIB, l.state.kernel_start);
	fake_mem_free(&l.mem);
	free(image);
}

TEST_HARNESS_MAIN
