// SPDX-License-Identifier: GPL-2.0
/*
 * The ACPI tables: as a guest reads them, as iasl reads them, and the DSDT
 * against its source and against the machine's map.
 */
#include <unistd.h>
#include "boot_check.h"
#include "boot/acpi.h"
#include "boot/dsdt.h"
#include "dev/pci.h"
#include "kselftest_harness.h"

static struct fake_mem mem;
static u64 rsdp;

static void build(unsigned int cpus)
{
	fake_mem_free(&mem);
	fake_mem_init(&mem, 64 << 20);
	FAKE_CHECK(!hs_acpi_build(cpus, &mem.ops, &rsdp));
	check_acpi(&mem, rsdp, cpus);
}

/* Address of the table @sig by way of the XSDT, or of the DSDT. */
static u64 find(const char *sig)
{
	u64 xsdt = fake_get_u64(&mem, rsdp + 24), fadt = fake_get_u64(&mem, xsdt + 36);

	if (!strcmp(sig, "FACP"))
		return fadt;
	if (!strcmp(sig, "DSDT"))
		return fake_get_u64(&mem, fadt + 140);
	if (!strcmp(sig, "FACS"))
		return fake_get_u32(&mem, fadt + 36);
	if (!strcmp(sig, "APIC"))
		return fake_get_u64(&mem, xsdt + 44);
	if (!strcmp(sig, "MCFG"))
		return fake_get_u64(&mem, xsdt + 52);
	if (!strcmp(sig, "RSDT"))
		return fake_get_u32(&mem, rsdp + 16);
	return xsdt;
}

TEST(any_number_of_cpus)
{
	static const unsigned int cpus[] = { 1, 2, 3, 64, 254, 255, 256, 257, 512, 1024 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cpus); i++)
		build(cpus[i]);
	EXPECT_EQ(-EINVAL, hs_acpi_build(0, &mem.ops, &rsdp));
	EXPECT_EQ(-EINVAL, hs_acpi_build(HS_BOOT_CPUS_MAX + 1, &mem.ops, &rsdp));
}

TEST(every_failing_write_is_reported)
{
	unsigned int i;
	int ret;

	for (i = 1; ; i++) {
		fake_mem_free(&mem);
		fake_mem_init(&mem, 64 << 20);
		mem.fail_at = i;
		ret = hs_acpi_build(300, &mem.ops, &rsdp);
		if (!ret)
			break;
		EXPECT_EQ(-ENOMEM, ret);
		/* Nothing is tried any more after a failure. */
		EXPECT_EQ(i, mem.writes);
	}
	EXPECT_LT(300, i);
}

/* A guest that is not told looks at every 16 bytes from 0xe0000 up. */
TEST(root_pointer_is_found_by_searching)
{
	u64 at;

	build(2);
	for (at = 0xe0000; at < 0x100000; at += 16)
		if (fake_equal(&mem, at, "RSD PTR ", 8) && !check_sum(&mem, at, 20))
			break;
	EXPECT_EQ(rsdp, at);
}

/* Fields by the offsets of the specification, ACPI 6.4 table 5.9. */
TEST(fixed_hardware)
{
	u64 f;
	u32 flags;

	build(1);
	f = find("FACP");
	EXPECT_EQ(6, fake_get_u8(&mem, f + 8));
	EXPECT_EQ(HS_IRQ_SCI, fake_get_u16(&mem, f + 46));
	EXPECT_EQ(0, fake_get_u32(&mem, f + 48));		/* no SMI command */
	EXPECT_EQ(0, fake_get_u16(&mem, f + 52));		/* no enable, disable */
	EXPECT_EQ(HS_PORT_PM1A_EVT, fake_get_u32(&mem, f + 56));
	EXPECT_EQ(HS_PORT_PM1A_CNT, fake_get_u32(&mem, f + 64));
	EXPECT_EQ(HS_PORT_PM_TMR, fake_get_u32(&mem, f + 76));
	EXPECT_EQ(0, fake_get_u64(&mem, f + 80));		/* no GPE blocks */
	EXPECT_EQ(HS_PM1_EVT_LEN, fake_get_u8(&mem, f + 88));
	EXPECT_EQ(HS_PM1_CNT_LEN, fake_get_u8(&mem, f + 89));
	EXPECT_EQ(0, fake_get_u8(&mem, f + 90));
	EXPECT_EQ(HS_PM_TMR_LEN, fake_get_u8(&mem, f + 91));
	EXPECT_EQ(0, fake_get_u16(&mem, f + 92));
	EXPECT_LT(100, fake_get_u16(&mem, f + 96));		/* no C2 */
	EXPECT_LT(1000, fake_get_u16(&mem, f + 98));		/* no C3 */
	EXPECT_EQ(HS_RTC_CENTURY, fake_get_u8(&mem, f + 108));
	EXPECT_EQ(5, fake_get_u16(&mem, f + 109));		/* legacy, no VGA, no 8042 */
	flags = fake_get_u32(&mem, f + 112);
	EXPECT_EQ(0, flags & 1 << 20);				/* not hardware-reduced */
	EXPECT_EQ(0, flags & 1 << 4);				/* fixed power button */
	EXPECT_NE(0, flags & 1 << 5);				/* no sleep button */
	EXPECT_NE(0, flags & 1 << 8);				/* 32-bit timer */
	EXPECT_NE(0, flags & 1 << 10);				/* reset register */
	EXPECT_EQ(0x01000801, fake_get_u32(&mem, f + 116));	/* I/O, 8 bits, bytes */
	EXPECT_EQ(HS_PORT_RESET, fake_get_u64(&mem, f + 120));
	EXPECT_EQ(HS_PORT_RESET_VALUE, fake_get_u8(&mem, f + 128));
	/* X fields: system I/O, width in bits, the same address. */
	EXPECT_EQ(0x2001, fake_get_u16(&mem, f + 148));
	EXPECT_EQ(HS_PORT_PM1A_EVT, fake_get_u64(&mem, f + 152));
	EXPECT_EQ(0x1001, fake_get_u16(&mem, f + 172));
	EXPECT_EQ(HS_PORT_PM1A_CNT, fake_get_u64(&mem, f + 176));
	EXPECT_EQ(0x2001, fake_get_u16(&mem, f + 208));
	EXPECT_EQ(HS_PORT_PM_TMR, fake_get_u64(&mem, f + 212));
}

/*
 * The I/O and IRQ descriptors that follow the device @name in the AML, up to
 * the end tag.  Small resource items: ACPI 6.4 sections 6.4.2.1 and 6.4.2.5.
 */
static void resources(const char *name, u16 *ports, unsigned int *nports, int *irq)
{
	const u8 *p = hs_dsdt_aml, *end = p + sizeof(hs_dsdt_aml);

	for (; p + 4 <= end && memcmp(p, name, 4); p++)
		;
	for (; p + 4 <= end && memcmp(p, "_CRS", 4); p++)
		;
	FAKE_CHECK(p + 4 <= end);
	/* Buffer: opcode, package length of one byte, size as a byte constant. */
	FAKE_CHECK(p[4] == 0x11 && p[5] < 0x40 && p[6] == 0x0a);
	p += 8;
	*nports = 0;
	*irq = -1;
	while (*p != 0x79) {
		FAKE_CHECK(p + 8 <= end);
		if (*p == 0x47) {
			FAKE_CHECK(p[2] == p[4] && p[3] == p[5]);
			ports[(*nports)++] = p[2] | p[3] << 8;
			ports[(*nports)++] = p[7];
			p += 8;
		} else {
			FAKE_CHECK(*p == 0x22);
			*irq = __builtin_ctz(p[1] | p[2] << 8);
			p += 3;
		}
	}
}

TEST(dsdt_agrees_with_the_machines_map)
{
	struct {
		const char *name;
		u16 ports[6];
		unsigned int nports;
		int irq;
	} dev[] = {
		{ "PIC_", { HS_PORT_PIC1, 2, HS_PORT_PIC2, 2, HS_PORT_PIC_ELCR, 2 }, 6, 2 },
		{ "TIMR", { HS_PORT_PIT, 4 }, 2, HS_IRQ_PIT },
		{ "RTC_", { HS_PORT_RTC, 2 }, 2, HS_IRQ_RTC },
		{ "COM1", { HS_PORT_COM1, 8 }, 2, HS_IRQ_COM1 },
		{ "PEVT", { HS_PORT_PVPANIC, 1 }, 2, -1 },
	};
	static const u8 s5[] = { 0x08, '_', 'S', '5', '_', 0x12, 0x08, 4,
				 0x0a, HS_SLP_TYP_S5, 0x0a, HS_SLP_TYP_S5, 0, 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dev); i++) {
		u16 ports[32] = {};
		unsigned int n;
		int irq;

		resources(dev[i].name, ports, &n, &irq);
		EXPECT_EQ(dev[i].nports, n) TH_LOG("%s", dev[i].name);
		EXPECT_EQ(0, memcmp(ports, dev[i].ports, n * 2)) TH_LOG("%s", dev[i].name);
		EXPECT_EQ(dev[i].irq, irq) TH_LOG("%s", dev[i].name);
	}
	EXPECT_NE(NULL, memmem(hs_dsdt_aml, sizeof(hs_dsdt_aml), s5, sizeof(s5)));
}

/* Large resource items of the host bridge, ACPI 6.4 section 6.4.3.5. */
static const u8 *item(const u8 *crs, u8 tag, u8 type)
{
	const u8 *end = hs_dsdt_aml + sizeof(hs_dsdt_aml);

	while (crs + 3 < end && *crs != 0x79) {
		if (*crs == tag && crs[3] == type)
			return crs;
		crs += *crs & 0x80 ? 3 + (crs[1] | crs[2] << 8) : 1 + (*crs & 7);
	}
	FAKE_CHECK(false);
	return NULL;
}

static const u8 *after(const u8 *p, const char *name)
{
	p = memmem(p, hs_dsdt_aml + sizeof(hs_dsdt_aml) - p, name, 4);
	FAKE_CHECK(p);
	return p + 4;
}

/* The bus's configuration space, PCI Firmware 3.0, table 4-2. */
TEST(configuration_space_in_memory)
{
	const u8 *ecam, fixed[] = { 0x86, 9, 0, 1 };
	u64 m;

	build(1);
	m = find("MCFG");
	EXPECT_EQ(60, fake_get_u32(&mem, m + 4));
	EXPECT_EQ(HS_GPA_PCI_ECAM, fake_get_u64(&mem, m + 44));
	EXPECT_EQ(0, fake_get_u16(&mem, m + 52));		/* segment */
	EXPECT_EQ(0, fake_get_u16(&mem, m + 54));		/* first and last bus */
	/* The same by the device, 32-bit fixed memory, ACPI 6.4 section 6.4.3.4. */
	ecam = after(hs_dsdt_aml, "ECAM");
	ecam = memmem(ecam, 60, fixed, sizeof(fixed));
	ASSERT_NE(NULL, ecam);
	EXPECT_EQ(HS_GPA_PCI_ECAM, get_unaligned_le32(ecam + 4));
	EXPECT_EQ(HS_PCI_ECAM_SIZE, get_unaligned_le32(ecam + 8));
}

TEST(dsdt_describes_the_pci_bus)
{
	static const u8 hid[] = { 0x08, '_', 'H', 'I', 'D', 0x0c, 0x41, 0xd0, 0x0a, 0x03 };
	static const u8 ports[] = { 0x47, 1, HS_PORT_PCI & 0xff, HS_PORT_PCI >> 8,
				    HS_PORT_PCI & 0xff, HS_PORT_PCI >> 8, 1, 8 };
	const u8 *pci = after(hs_dsdt_aml, "PCI0"), *crs, *prt;
	unsigned int slot;

	EXPECT_EQ(0, memcmp(pci, hid, sizeof(hid)));
	/* Buffer: opcode, package length of two bytes, size as a byte constant. */
	crs = after(pci, "_CRS");
	ASSERT_EQ(0x11, crs[0]);
	ASSERT_EQ(0x0a, crs[crs[1] >> 6 ? 3 : 2]);
	crs += crs[1] >> 6 ? 5 : 4;

	/* Granularity, first, last, translation, length: producers with fixed ends. */
	EXPECT_EQ(0x0c, item(crs, 0x88, 2)[4] & 0x0d);
	EXPECT_EQ(0, get_unaligned_le16(item(crs, 0x88, 2) + 8));
	EXPECT_EQ(0, get_unaligned_le16(item(crs, 0x88, 2) + 10));
	EXPECT_EQ(1, get_unaligned_le16(item(crs, 0x88, 2) + 14));
	EXPECT_EQ(0x0c, item(crs, 0x88, 1)[4] & 0x0d);
	EXPECT_EQ(HS_PORT_PCI_IO, get_unaligned_le16(item(crs, 0x88, 1) + 8));
	EXPECT_EQ(HS_PORT_PCI_IO + HS_PORT_PCI_IO_LEN - 1,
		  get_unaligned_le16(item(crs, 0x88, 1) + 10));
	EXPECT_EQ(HS_PORT_PCI_IO_LEN, get_unaligned_le16(item(crs, 0x88, 1) + 14));
	EXPECT_EQ(0x0c, item(crs, 0x87, 0)[4] & 0x0d);
	EXPECT_EQ(HS_GPA_PCI_START, get_unaligned_le32(item(crs, 0x87, 0) + 10));
	EXPECT_EQ(HS_GPA_PCI_END - 1, get_unaligned_le32(item(crs, 0x87, 0) + 14));
	EXPECT_EQ(HS_GPA_PCI_END - HS_GPA_PCI_START,
		  get_unaligned_le32(item(crs, 0x87, 0) + 22));
	/* The ports that the bridge itself has. */
	EXPECT_NE(NULL, memmem(crs, 80, ports, sizeof(ports)));

	/* One entry for pin A of each slot that can hold a device, no source. */
	prt = after(pci, "_PRT");
	prt += prt[1] >> 6 ? 3 : 2;
	EXPECT_EQ(HS_PCI_SLOTS - 1, *prt++);
	for (slot = 1; slot < HS_PCI_SLOTS; slot++, prt += 12) {
		const u8 want[12] = { 0x12, 0x0b, 4, 0x0c, 0xff, 0xff, slot, 0, 0, 0,
				      0x0a, HS_GSI_PCI + slot % HS_GSI_PCI_NR };

		EXPECT_EQ(0, memcmp(want, prt, 12)) TH_LOG("slot %u", slot);
	}
}

static bool have_iasl(void)
{
	return !system("${IASL:-iasl} -v >/dev/null 2>&1");
}

TEST(dsdt_is_what_iasl_makes_of_its_source)
{
	if (!have_iasl())
		SKIP(return, "iasl is not installed (package acpica-tools)");
	EXPECT_EQ(0, system(HS_TOP "/kmod/boot/gen-dsdt.sh | cmp - " HS_TOP
			    "/kmod/boot/dsdt.h"));
}

/* Each table through the disassembler, and back through the compiler. */
TEST(iasl_reads_the_tables)
{
	static const char *const sigs[] = { "FACP", "DSDT", "FACS", "APIC", "MCFG",
					    "RSDT", "XSDT" };
	static const unsigned int cpus[] = { 1, 3, 300 };
	char dir[] = "/tmp/hs-acpi.XXXXXX", cmd[1024];
	unsigned int i, j;

	if (!have_iasl())
		SKIP(return, "iasl is not installed (package acpica-tools)");
	ASSERT_NE(NULL, mkdtemp(dir));
	for (j = 0; j < ARRAY_SIZE(cpus); j++) {
		build(cpus[j]);
		for (i = 0; i < ARRAY_SIZE(sigs); i++) {
			u64 at = find(sigs[i]);
			u32 len = fake_get_u32(&mem, at + 4);
			u8 *buf = malloc(len);
			char path[100];
			FILE *f;

			fake_get(&mem, at, buf, len);
			snprintf(path, sizeof(path), "%s/%s.aml", dir, sigs[i]);
			f = fopen(path, "wb");
			ASSERT_NE(NULL, f);
			ASSERT_EQ(len, fwrite(buf, 1, len, f));
			fclose(f);
			free(buf);
			/*
			 * No complaint of the disassembler; what it prints compiles
			 * without error, warning or remark to the same bytes, but for the
			 * compiler's own name and version in the header.
			 */
			snprintf(cmd, sizeof(cmd),
				 "cd %s && iasl=${IASL:-iasl} && $iasl -d %s.aml >log 2>&1 && "
				 "! grep -iE 'error|warning|invalid|incorrect|should be|exceeds' log && "
				 "! grep -iE 'error|warning|invalid|incorrect|should be|unknown' %s.dsl && "
				 "$iasl -we -p again %s.dsl >log2 2>&1 && "
				 "grep -q '0 Errors, 0 Warnings, 0 Remarks' log2 || { cat log log2; exit 1; }",
				 dir, sigs[i], sigs[i], sigs[i]);
			EXPECT_EQ(0, system(cmd)) TH_LOG("%s, %u CPUs", sigs[i], cpus[j]);
			snprintf(cmd, sizeof(cmd),
				 "cd %s && [ $(stat -c %%s %s.aml) = $(stat -c %%s again.aml) ] && "
				 "cmp -l %s.aml again.aml | "
				 "awk '!($1 == 10 || $1 > 28 && $1 <= 36) { bad = 1 } END { exit bad }'",
				 dir, sigs[i], sigs[i]);
			EXPECT_EQ(0, system(cmd)) TH_LOG("%s, %u CPUs", sigs[i], cpus[j]);
		}
	}
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	EXPECT_EQ(0, system(cmd));
}

TEST_HARNESS_MAIN
