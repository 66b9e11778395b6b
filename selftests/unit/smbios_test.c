// SPDX-License-Identifier: GPL-2.0
/* The SMBIOS tables, as a guest reads them. */
#include <unistd.h>
#include "boot_check.h"
#include "boot/smbios.h"
#include "kselftest_harness.h"

#define MIB	(1ULL << 20)
#define GIB	(1ULL << 30)

static struct fake_mem mem;

static void build(u64 ram, unsigned int cpus)
{
	fake_mem_free(&mem);
	fake_mem_init(&mem, ram);
	FAKE_CHECK(!hs_smbios_build(ram, cpus, &mem.ops));
	check_smbios(&mem, ram, cpus);
}

TEST(any_machine)
{
	static const u64 rams[] = {
		HS_RAM_MIN, HS_RAM_MIN + 4096, 31 * MIB + 4096, 33 * MIB + 4096, 192 * MIB,
		3 * GIB - 4096, 3 * GIB, 3 * GIB + 4096, 31 * GIB, 32 * GIB - MIB, 32 * GIB,
		2048 * GIB, 4095 * GIB, 4096 * GIB, HS_RAM_MAX,
	};
	static const unsigned int cpus[] = { 1, 2, 254, 255, HS_BOOT_CPUS_MAX };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(rams); i++)
		for (j = 0; j < ARRAY_SIZE(cpus); j++)
			build(rams[i], cpus[j]);
}

TEST(bad_parameters)
{
	fake_mem_free(&mem);
	fake_mem_init(&mem, 64 * MIB);
	EXPECT_EQ(-EINVAL, hs_smbios_build(64 * MIB, 0, &mem.ops));
	EXPECT_EQ(-EINVAL, hs_smbios_build(64 * MIB, HS_BOOT_CPUS_MAX + 1, &mem.ops));
	EXPECT_EQ(-EINVAL, hs_smbios_build(64 * MIB + 1, 1, &mem.ops));
	EXPECT_EQ(-EINVAL, hs_smbios_build(0, 1, &mem.ops));
	EXPECT_EQ(0, mem.writes);
	mem.fail_at = 1;
	EXPECT_EQ(-ENOMEM, hs_smbios_build(64 * MIB, 1, &mem.ops));
}

/* As a guest finds it: at a multiple of 16 from 0xf0000 up. */
TEST(entry_point_is_found_by_searching)
{
	u64 at;

	build(64 * MIB, 1);
	for (at = 0xf0000; at < 0x100000; at += 16)
		if (fake_equal(&mem, at, "_SM_", 4) && !check_sum(&mem, at, 31))
			break;
	EXPECT_EQ(HS_GPA_SMBIOS, at);
}

/* The @n'th string of the structure at @s, compared. */
static bool string_is(u64 s, u8 n, const char *want)
{
	u64 p = s + fake_get_u8(&mem, s + 1);

	if (!n)
		return false;
	for (; n > 1; n--) {
		while (fake_get_u8(&mem, p))
			p++;
		p++;
	}
	return fake_is_string(&mem, p, want);
}

TEST(what_the_guest_is_told)
{
	u64 s;

	build(5 * GIB, 2);
	s = check_smbios_find(&mem, 0, 0);
	ASSERT_NE(0, s);
	EXPECT_TRUE(string_is(s, fake_get_u8(&mem, s + 4), "Hyperspace"));
	EXPECT_TRUE(string_is(s, fake_get_u8(&mem, s + 8), "01/01/2026"));
	EXPECT_EQ(1 << 4, fake_get_u8(&mem, s + 0x13));		/* a virtual machine */
	s = check_smbios_find(&mem, 1, 0);
	ASSERT_NE(0, s);
	EXPECT_TRUE(string_is(s, fake_get_u8(&mem, s + 4), "Hyperspace"));
	EXPECT_TRUE(string_is(s, fake_get_u8(&mem, s + 5), "Virtual Machine"));
	EXPECT_EQ(0, fake_get_u8(&mem, s + 7));			/* no serial number */
	EXPECT_EQ(0, fake_get_u64(&mem, s + 8));		/* no UUID */
	EXPECT_EQ(0, fake_get_u64(&mem, s + 16));
	s = check_smbios_find(&mem, 4, 0);
	ASSERT_NE(0, s);
	EXPECT_EQ(3, fake_get_u8(&mem, s + 5));			/* central processor */
	EXPECT_EQ(0x41, fake_get_u8(&mem, s + 0x18));
	EXPECT_EQ(2, fake_get_u8(&mem, s + 0x23));
	EXPECT_EQ(2, fake_get_u8(&mem, s + 0x25));
	s = check_smbios_find(&mem, 17, 0);
	ASSERT_NE(0, s);
	EXPECT_EQ(5 * 1024, fake_get_u16(&mem, s + 0xc));
	s = check_smbios_find(&mem, 19, 0);
	ASSERT_NE(0, s);
	EXPECT_EQ(0, fake_get_u32(&mem, s + 4));
	EXPECT_EQ(3 * 1024 * 1024 - 1, fake_get_u32(&mem, s + 8));
	s = check_smbios_find(&mem, 19, 1);
	ASSERT_NE(0, s);
	EXPECT_EQ(4 * 1024 * 1024, fake_get_u32(&mem, s + 4));
	EXPECT_EQ(6 * 1024 * 1024 - 1, fake_get_u32(&mem, s + 8));
	/* A guest without memory beyond 4 GiB is told of none. */
	build(3 * GIB, 1);
	EXPECT_EQ(0, check_smbios_find(&mem, 19, 1));
}

/* dmidecode reads them without complaint, and says the same. */
TEST(dmidecode_reads_the_tables)
{
	char path[] = "/tmp/hs-smbios.XXXXXX", cmd[400];
	u8 image[FAKE_PAGE];
	unsigned int i;
	int fd;

	if (system("command -v dmidecode >/dev/null 2>&1"))
		SKIP(return, "dmidecode is not installed");
	build(5 * GIB, 2);
	fake_get(&mem, HS_GPA_SMBIOS, image, sizeof(image));
	/* In a dump as dmidecode makes it, addresses count from the file's start. */
	put_unaligned_le32(0x20, image + 0x18);
	image[0x15] = image[4] = 0;
	for (i = 0x10; i < 0x1f; i++)
		image[0x15] -= i == 0x15 ? 0 : image[i];
	for (i = 0; i < 0x1f; i++)
		image[4] -= i == 4 ? 0 : image[i];
	fd = mkstemp(path);
	ASSERT_LE(0, fd);
	ASSERT_EQ(sizeof(image), write(fd, image, sizeof(image)));
	close(fd);
	snprintf(cmd, sizeof(cmd),
		 "dmidecode --from-dump %s >%s.txt 2>&1 && "
		 "! grep -iE 'invalid|broken|truncated|outdated|bad index|out of spec' %s.txt && "
		 "grep -q 'System is a virtual machine' %s.txt && "
		 "grep -q 'Size: 5 GB' %s.txt && grep -q 'Core Count: 2' %s.txt || "
		 "{ cat %s.txt; false; }", path, path, path, path, path, path, path);
	EXPECT_EQ(0, system(cmd));
	snprintf(cmd, sizeof(cmd), "rm -f %s %s.txt", path, path);
	EXPECT_EQ(0, system(cmd));
}

TEST_HARNESS_MAIN
