// SPDX-License-Identifier: GPL-2.0
/* RAM arithmetic and the memory map. */
#include "boot/layout.h"
#include "kselftest_harness.h"

#define MIB	(1ULL << 20)
#define GIB	(1ULL << 30)

static const u64 sizes[] = {
	4 * MIB, 4 * MIB + 4096, 128 * MIB, GIB, 3 * GIB - 4096, 3 * GIB,
	3 * GIB + 4096, 4 * GIB, 5 * GIB + 8192, 512 * GIB, 700 * GIB, HS_RAM_MAX,
};

TEST(size_limits)
{
	EXPECT_FALSE(hs_layout_ram_ok(0));
	EXPECT_FALSE(hs_layout_ram_ok(4 * MIB - 4096));
	EXPECT_TRUE(hs_layout_ram_ok(4 * MIB));
	EXPECT_FALSE(hs_layout_ram_ok(4 * MIB + 1));
	EXPECT_FALSE(hs_layout_ram_ok(8 * MIB + 2048));
	EXPECT_TRUE(hs_layout_ram_ok(HS_RAM_MAX));
	EXPECT_FALSE(hs_layout_ram_ok(HS_RAM_MAX + 4096));
	EXPECT_FALSE(hs_layout_ram_ok(~0ULL & ~4095ULL));
}

TEST(ends_of_ram)
{
	EXPECT_EQ(4 * MIB, hs_layout_low_end(4 * MIB));
	EXPECT_EQ(3 * GIB, hs_layout_low_end(3 * GIB));
	EXPECT_EQ(3 * GIB, hs_layout_low_end(64 * GIB));
	EXPECT_EQ(4 * GIB, hs_layout_high_end(3 * GIB));
	EXPECT_EQ(4 * GIB + 4096, hs_layout_high_end(3 * GIB + 4096));
	EXPECT_EQ(65 * GIB, hs_layout_high_end(64 * GIB));
}

TEST(ram_ranges)
{
	EXPECT_TRUE(hs_layout_is_ram(4 * MIB, 0, 1));
	EXPECT_FALSE(hs_layout_is_ram(4 * MIB, 0, 0));
	EXPECT_TRUE(hs_layout_is_ram(4 * MIB, 0, 4 * MIB));
	EXPECT_FALSE(hs_layout_is_ram(4 * MIB, 0, 4 * MIB + 1));
	EXPECT_FALSE(hs_layout_is_ram(4 * MIB, 4 * MIB, 1));
	EXPECT_FALSE(hs_layout_is_ram(4 * MIB, 4 * GIB, 1));
	EXPECT_FALSE(hs_layout_is_ram(8 * GIB, 3 * GIB, 1));
	EXPECT_FALSE(hs_layout_is_ram(8 * GIB, 3 * GIB - 1, 2));
	EXPECT_FALSE(hs_layout_is_ram(8 * GIB, 4 * GIB - 1, 1));
	EXPECT_FALSE(hs_layout_is_ram(8 * GIB, 4 * GIB - 1, 2));
	EXPECT_TRUE(hs_layout_is_ram(8 * GIB, 4 * GIB, 5 * GIB));
	EXPECT_FALSE(hs_layout_is_ram(8 * GIB, 4 * GIB, 5 * GIB + 1));
	/* Sums that would wrap. */
	EXPECT_FALSE(hs_layout_is_ram(8 * GIB, 4 * GIB, ~0ULL));
	EXPECT_FALSE(hs_layout_is_ram(8 * GIB, ~0ULL, 2));
	EXPECT_FALSE(hs_layout_is_ram(8 * GIB, 1, ~0ULL));
}

TEST(loadable_ranges)
{
	EXPECT_FALSE(hs_layout_is_loadable(GIB, 0, 1));
	EXPECT_FALSE(hs_layout_is_loadable(GIB, HS_GPA_BOOT_INFO, 4096));
	EXPECT_FALSE(hs_layout_is_loadable(GIB, HS_GPA_IMAGE_LOW - 1, 2));
	EXPECT_TRUE(hs_layout_is_loadable(GIB, HS_GPA_IMAGE_LOW, 4096));
	EXPECT_TRUE(hs_layout_is_loadable(GIB, 0x9fbff, 1));
	EXPECT_FALSE(hs_layout_is_loadable(GIB, 0x9fbff, 2));
	EXPECT_FALSE(hs_layout_is_loadable(GIB, 0x50000, 0x100000));
	EXPECT_FALSE(hs_layout_is_loadable(GIB, 0xa0000, 1));
	EXPECT_FALSE(hs_layout_is_loadable(GIB, 0xfffff, 2));
	EXPECT_TRUE(hs_layout_is_loadable(GIB, MIB, GIB - MIB));
	EXPECT_FALSE(hs_layout_is_loadable(GIB, MIB, GIB - MIB + 1));
	EXPECT_FALSE(hs_layout_is_loadable(GIB, MIB, 0));
	EXPECT_FALSE(hs_layout_is_loadable(GIB, MIB, ~0ULL));
	EXPECT_TRUE(hs_layout_is_loadable(4 * GIB, 4 * GIB, GIB));
	EXPECT_FALSE(hs_layout_is_loadable(4 * GIB, 4 * GIB, GIB + 1));
}

/* For each size: sorted, disjoint, all usable RAM listed, nothing else. */
TEST(map_matches_ram)
{
	unsigned int i, j, n;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct hs_e820 map[HS_E820_MAX + 1];
		u64 usable = 0, at = 0;

		memset(map, 0xee, sizeof(map));
		n = hs_layout_e820(sizes[i], map);
		ASSERT_GE(HS_E820_MAX, n);
		/* No entry beyond those counted was touched. */
		EXPECT_EQ(0xeeeeeeee, map[n].type);
		for (j = 0; j < n; j++) {
			EXPECT_LE(at, map[j].addr);
			EXPECT_NE(0, map[j].size);
			at = map[j].addr + map[j].size;
			EXPECT_TRUE(hs_layout_is_ram(sizes[i], map[j].addr, map[j].size));
			if (map[j].type == HS_E820_RAM)
				usable += map[j].size;
			else
				EXPECT_EQ(HS_E820_RESERVED, map[j].type);
			if (map[j].type == HS_E820_RAM && map[j].addr)
				EXPECT_TRUE(hs_layout_is_loadable(sizes[i], map[j].addr,
								  map[j].size));
		}
		/* What is missing: 0x9fc00 to 1 MiB. */
		EXPECT_EQ(sizes[i] - (MIB - HS_GPA_EBDA), usable);
		EXPECT_EQ(sizes[i] > 3 * GIB ? 5 : 4, n);
	}
}

TEST(nothing_overlaps_in_the_map_of_the_machine)
{
	EXPECT_LE(HS_GPA_HOLE_START, HS_GPA_PCI_START);
	EXPECT_LE(HS_GPA_PCI_END, HS_GPA_IOAPIC);
	EXPECT_LE(HS_GPA_IOAPIC + 4096, HS_GPA_LAPIC);
	EXPECT_LE(HS_GPA_LAPIC + 4096, HS_GPA_TESTDEV);
	EXPECT_LE(HS_GPA_TESTDEV + HS_GPA_TESTDEV_SIZE, HS_GPA_HIGH_RAM);
	EXPECT_LE(HS_GPA_BOOT_LISTS + 4096, HS_GPA_PAGE_TABLES);
	EXPECT_LE(HS_GPA_PAGE_TABLES_END, HS_GPA_CMDLINE);
	EXPECT_LE(HS_GPA_CMDLINE + 4096, HS_GPA_MODULE_STRING);
	EXPECT_LE(HS_GPA_MODULE_STRING + 4096, HS_GPA_BOOT_STACK);
	EXPECT_LE(HS_GPA_BOOT_STACK, HS_GPA_IMAGE_LOW);
}

TEST_HARNESS_MAIN
