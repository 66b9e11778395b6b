// SPDX-License-Identifier: GPL-2.0
/*
 * The bzImage loader.  With HS_BZIMAGE=FILE in the environment also a stock
 * kernel is loaded.
 */
#include "boot_images.h"
#include "kselftest_harness.h"

#define MIB	(1ULL << 20)
#define GIB	(1ULL << 30)

#define ALIGNMENT	0x230
#define RELOCATABLE	0x234
#define XLOADFLAGS	0x236
#define PREF		0x258
#define INIT_SIZE	0x260

static struct load l;

FIXTURE(bz) {
	int unused;
};
FIXTURE_SETUP(bz)
{
	load_init(&l);
	make_bzimage(&l, 40000);
}
FIXTURE_TEARDOWN(bz)
{
	fake_mem_free(&l.mem);
}

TEST_F(bz, loads_at_the_preferred_address)
{
	load_initrd(&l, 9999);
	ASSERT_EQ(0, load_run(&l)) TH_LOG("%s", l.err.why);
	EXPECT_EQ(HS_BOOT_BZIMAGE, l.state.kind);
	EXPECT_EQ(16 * MIB, l.state.kernel_start);
	EXPECT_EQ(16 * MIB + 0x2000000, l.state.kernel_end);
	EXPECT_EQ(16 * MIB + 0x200, l.state.rip);
	EXPECT_TRUE(fake_equal(&l.mem, 16 * MIB, l.image + BZ_CODE, 40000));
	/* The code alone is copied, not what follows it. */
	EXPECT_EQ(FAKE_POISON, fake_get_u8(&l.mem, 16 * MIB + 40000));
	/* The initrd lies at the very top. */
	EXPECT_EQ(128 * MIB - 3 * 4096, l.state.initrd_start);
	/* The whole setup header came along, but not what follows it. */
	EXPECT_EQ(0xabcd, fake_get_u32(&l.mem, l.state.rsi + 0x268));
	EXPECT_EQ(0, fake_get_u32(&l.mem, l.state.rsi + 0x26c));
	EXPECT_EQ(0xffff, fake_get_u16(&l.mem, l.state.rsi + 0x1fa));
}

TEST_F(bz, loads_without_initrd_and_cmdline)
{
	l.in.cmdline = NULL;
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(0, l.state.initrd_start);
}

TEST_F(bz, setup_sects_zero_means_four)
{
	PUT(u8, &l, 0x1f1, 0);
	ASSERT_EQ(0, load_run(&l));
	EXPECT_TRUE(fake_equal(&l.mem, 16 * MIB, l.image + BZ_CODE, 40000));
}

TEST_F(bz, the_longest_header_is_taken_whole_a_longer_one_cut)
{
	PUT(u8, &l, 0x201, 0x290 - 0x202);
	PUT(u8, &l, 0x28f, 0x77);
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(0x77, fake_get_u8(&l.mem, l.state.rsi + 0x28f));

	PUT(u8, &l, 0x201, 0xff);
	PUT(u8, &l, 0x290, 0x55);
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(0, fake_get_u8(&l.mem, l.state.rsi + 0x290));
}

TEST_F(bz, the_smallest_ram_that_fits)
{
	l.in.ram_bytes = 48 * MIB;
	EXPECT_EQ(0, load_run(&l));
	l.in.ram_bytes = 48 * MIB - 4096;
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_RAM, "too little RAM");
	/* Moving it lower would not help: it would move itself up again. */
	PUT(u64, &l, PREF, 32 * MIB);
	l.in.ram_bytes = 63 * MIB;
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_RAM, "too little RAM");
}

TEST_F(bz, moves_up_when_its_place_is_not_ram)
{
	/* Into the hole: the next place is above 4 GiB. */
	PUT(u64, &l, PREF, 3 * GIB - 16 * MIB);
	l.in.ram_bytes = 4 * GIB;
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(4 * GIB, l.state.kernel_start);
	EXPECT_EQ(4 * GIB + 0x200, l.state.rip);

	/* Not there without the flag, nor if it cannot move. */
	PUT(u16, &l, XLOADFLAGS, 1);
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_RAM, "too little RAM");
	PUT(u16, &l, XLOADFLAGS, 3);
	PUT(u8, &l, RELOCATABLE, 0);
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_RAM, "too little RAM");

	/* Below 1 MiB: up to the next aligned address. */
	PUT(u8, &l, RELOCATABLE, 1);
	PUT(u64, &l, PREF, 0x50000);
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(2 * MIB, l.state.kernel_start);
	PUT(u64, &l, PREF, 0);
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(1 * MIB, l.state.kernel_start);
}

TEST_F(bz, unaligned_preference_counts_the_move)
{
	/* Runs from 18 MiB; 1 byte of RAM less than that needs is too little. */
	PUT(u64, &l, PREF, 16 * MIB + 4096);
	l.in.ram_bytes = 50 * MIB;
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(16 * MIB + 4096, l.state.kernel_start);
	EXPECT_EQ(50 * MIB, l.state.kernel_end);
	l.in.ram_bytes = 50 * MIB - 4096;
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_RAM, "too little RAM");
}

TEST_F(bz, prefers_an_address_beyond_4_gib)
{
	l.in.ram_bytes = 600 * GIB;
	/* Across a top-level page table entry. */
	PUT(u64, &l, PREF, 512 * GIB - 16 * MIB);
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(512 * GIB - 16 * MIB, l.state.kernel_start);
	/* The most that can be asked for, as unaligned as can be. */
	PUT(u64, &l, PREF, 510 * GIB + 1);
	PUT(u32, &l, INIT_SIZE, 0xffffffff);
	PUT(u32, &l, ALIGNMENT, 1 << 30);
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(511 * GIB + 0xffffffff, l.state.kernel_end);
	/* Addresses that no RAM has, and sums that wrap. */
	PUT(u64, &l, PREF, ~0ULL);
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_RAM, "too little RAM");
	PUT(u64, &l, PREF, ~0ULL - 0xfffffffe);
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_RAM, "too little RAM");
	PUT(u64, &l, PREF, HS_RAM_MAX);
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_RAM, "too little RAM");
}

TEST_F(bz, initrd_obeys_the_kernels_limit)
{
	load_initrd(&l, 8192);
	PUT(u16, &l, XLOADFLAGS, 1);
	PUT(u32, &l, 0x22c, 64 * MIB - 1);
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(64 * MIB - 8192, l.state.initrd_start);
	/* Below the kernel, when there is no room above it. */
	PUT(u32, &l, 0x22c, 48 * MIB + 4094);
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(16 * MIB - 8192, l.state.initrd_start);
	/* The first byte beyond the limit may not be used. */
	PUT(u32, &l, 0x22c, 0x100000 + 8190);
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_INITRD, "does not fit");
	/* That of a kernel which can go above 4 GiB is void. */
	PUT(u16, &l, XLOADFLAGS, 3);
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(128 * MIB - 8192, l.state.initrd_start);
}

TEST_F(bz, initrd_goes_beyond_4_gib_when_it_must)
{
	load_initrd(&l, sizeof(l.initrd));
	l.in.ram_bytes = 8 * GIB;
	PUT(u32, &l, INIT_SIZE, 3 * GIB - 16 * MIB);
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(16 * MIB - 20480, l.state.initrd_start);
	PUT(u64, &l, PREF, MIB);
	PUT(u8, &l, RELOCATABLE, 0);
	PUT(u32, &l, INIT_SIZE, 3 * GIB - MIB);
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(9 * GIB - 20480, l.state.initrd_start);
	PUT(u16, &l, XLOADFLAGS, 1);
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_INITRD, "does not fit");
}

TEST_F(bz, initrd_that_cannot_be)
{
	load_initrd(&l, 0);
	EXPECT_REFUSED(&l, -EINVAL, HS_BOOT_BLAME_INITRD, "empty");
	load_initrd(&l, 4096);
	l.initrd_src.ops.size = l.in.ram_bytes;
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_INITRD, "does not fit");
	/* One that cannot fit is refused before a byte of anything is read. */
	l.initrd_src.ops.size = l.in.ram_bytes + 1;
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_INITRD, "larger than the VM");
	EXPECT_EQ(0, l.kernel_src.reads);
	l.initrd_src.ops.size = ~0ULL;
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_INITRD, "larger than the VM");
	EXPECT_EQ(0, l.kernel_src.reads + l.initrd_src.reads);
	load_initrd(&l, 4096);
	l.initrd_src.fail_at = 1;
	EXPECT_REFUSED(&l, -EIO, HS_BOOT_BLAME_INITRD, "could not be read");
}

TEST_F(bz, cmdline_limits)
{
	static char line[5000];

	l.in.cmdline = line;
	memset(line, 'x', 2047);
	EXPECT_EQ(0, load_run(&l));
	line[2047] = 'x';
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_CMDLINE, "than this kernel accepts");
	PUT(u32, &l, 0x238, 0xffffffff);
	memset(line, 'x', HS_BOOT_CMDLINE_MAX);
	EXPECT_EQ(0, load_run(&l));
	line[HS_BOOT_CMDLINE_MAX] = 'x';
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_CMDLINE, "too long");
	PUT(u32, &l, 0x238, 0);
	line[256] = 0;
	EXPECT_REFUSED(&l, -E2BIG, HS_BOOT_BLAME_CMDLINE, "than this kernel accepts");
	line[255] = 0;
	EXPECT_EQ(0, load_run(&l));
}

TEST_F(bz, refuses_what_is_not_a_64_bit_bzimage)
{
	struct {
		unsigned int off, size;
		u64 val;
		const char *words;
	} bad[] = {
		{ 0x206, 2, 0x020b, "too old" },
		{ 0x200, 2, 0x00eb, "too short" },
		{ 0x200, 2, 0x65eb, "too short" },
		{ XLOADFLAGS, 2, 0x3e, "32-bit kernel" },
		{ 0x211, 1, 0, "zImage" },
		{ INIT_SIZE, 4, 0, "how much memory" },
		{ ALIGNMENT, 4, 0, "alignment" },
		{ ALIGNMENT, 4, 0x300000, "alignment" },
		{ ALIGNMENT, 4, 0x80000000, "alignment" },
		{ 0x1f4, 4, 0, "no protected-mode part" },
		{ 0x1f4, 4, 0x20, "no protected-mode part" },
		{ INIT_SIZE, 4, 39999, "larger than the memory" },
		{ 0x1f4, 4, 40016 / 16, "truncated" },
		{ 0x1f1, 1, 255, "truncated" },
		{ 0x202, 4, 0x12345678, "not a bzImage" },
		{ 0x1fe, 2, 0, "not a bzImage" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		u8 old[8];

		memcpy(old, l.image + bad[i].off, bad[i].size);
		memcpy(l.image + bad[i].off, &bad[i].val, bad[i].size);
		EXPECT_REFUSED(&l, -ENOEXEC, HS_BOOT_BLAME_KERNEL, bad[i].words);
		memcpy(l.image + bad[i].off, old, bad[i].size);
	}
	EXPECT_EQ(0, load_run(&l));
	/* A kernel that cannot move has no use for an alignment. */
	PUT(u8, &l, RELOCATABLE, 0);
	PUT(u32, &l, ALIGNMENT, 0);
	EXPECT_EQ(0, load_run(&l));
}

/* Every length that cuts the file short fails; the last paragraph may be cut. */
TEST_F(bz, truncated_anywhere)
{
	size_t full = l.len;

	for (l.len = 0; l.len < full - 15; l.len += l.len < BZ_CODE + 600 ? 1 : 997) {
		EXPECT_EQ(-ENOEXEC, load_run(&l)) TH_LOG("length %zu", l.len);
		EXPECT_EQ(HS_BOOT_BLAME_KERNEL, l.err.blame);
	}
	for (l.len = full - 15; l.len < full; l.len++)
		EXPECT_EQ(0, load_run(&l));
}

TEST_F(bz, every_failing_read_and_write_is_reported)
{
	unsigned int i;
	int ret = -1;

	load_initrd(&l, sizeof(l.initrd));
	for (i = 1; ret; i++) {
		l.kernel_src.fail_at = i;
		ret = load_run(&l);
		if (!ret)
			break;
		EXPECT_EQ(-EIO, ret);
		EXPECT_EQ(HS_BOOT_BLAME_KERNEL, l.err.blame);
	}
	EXPECT_LT(10, i);
	l.kernel_src.fail_at = 0;
	for (i = 1, ret = -1; ret; i++) {
		l.mem.fail_at = i;
		ret = load_run(&l);
		if (!ret)
			break;
		EXPECT_EQ(-ENOMEM, ret);
		EXPECT_EQ(HS_BOOT_BLAME_NONE, l.err.blame);
	}
	EXPECT_LT(40, i);
}

static void grow(struct fake_src *src)
{
	/* After the second read (head, header) the file asks for more. */
	u32 paragraphs = 0x0fffffff, init_size = 0xffffffff;

	if (src->reads >= 3) {
		memcpy((u8 *)src->data + 0x1f4, &paragraphs, 4);
		memcpy((u8 *)src->data + INIT_SIZE, &init_size, 4);
		memset((u8 *)src->data + 0x202, 0, 4);
	}
}

static void vanish(struct fake_src *src)
{
	if (src->reads >= 2)
		memset((u8 *)src->data + 0x202, 0, 4);
}

TEST_F(bz, a_file_that_changes_meanwhile)
{
	l.kernel_src.tamper = grow;
	ASSERT_EQ(0, load_run(&l));
	EXPECT_EQ(16 * MIB + 0x2000000, l.state.kernel_end);

	load_init(&l);
	make_bzimage(&l, 40000);
	l.kernel_src.tamper = vanish;
	EXPECT_REFUSED(&l, -ENOEXEC, HS_BOOT_BLAME_KERNEL, "changed");
}

TEST_F(bz, parameters_out_of_range)
{
	l.in.ram_bytes = 4 * MIB - 4096;
	EXPECT_REFUSED(&l, -EINVAL, HS_BOOT_BLAME_RAM, "RAM");
	l.in.ram_bytes = 128 * MIB + 1;
	EXPECT_REFUSED(&l, -EINVAL, HS_BOOT_BLAME_RAM, "RAM");
	l.in.ram_bytes = 128 * MIB;
	l.in.cpus = 0;
	EXPECT_REFUSED(&l, -EINVAL, HS_BOOT_BLAME_CPUS, "CPUs");
	l.in.cpus = HS_BOOT_CPUS_MAX + 1;
	EXPECT_REFUSED(&l, -EINVAL, HS_BOOT_BLAME_CPUS, "CPUs");
	l.in.cpus = HS_BOOT_CPUS_MAX;
	EXPECT_EQ(0, load_run(&l));
}

TEST(kinds_have_names)
{
	EXPECT_STREQ("bzimage", hs_boot_kind_name(HS_BOOT_BZIMAGE));
	EXPECT_STREQ("pvh", hs_boot_kind_name(HS_BOOT_PVH));
	EXPECT_STREQ("multiboot", hs_boot_kind_name(HS_BOOT_MULTIBOOT));
	EXPECT_STREQ("unknown", hs_boot_kind_name(0));
}

/* A stock kernel: loaded into 256 MiB, and what the guest would find there. */
TEST(stock_kernel)
{
	const char *path = getenv("HS_BZIMAGE");
	struct fake_src kernel;
	static u8 *image;
	u32 init_size;
	long len;
	FILE *f;

	if (!path || !*path)
		SKIP(return, "no HS_BZIMAGE=FILE in the environment");
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

	EXPECT_EQ(HS_BOOT_BZIMAGE, l.state.kind);
	EXPECT_EQ(get_unaligned_le64(image + PREF), l.state.kernel_start);
	init_size = get_unaligned_le32(image + INIT_SIZE);
	EXPECT_EQ(l.state.kernel_start + init_size, l.state.kernel_end);
	EXPECT_TRUE(fake_equal(&l.mem, l.state.kernel_start,
			       image + (image[0x1f1] + 1) * 512,
			       get_unaligned_le32(image + 0x1f4) * 16ULL));
	fake_mem_free(&l.mem);
	free(image);
}

TEST_HARNESS_MAIN
