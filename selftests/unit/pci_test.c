// SPDX-License-Identifier: GPL-2.0
/* Configuration space, MSI-X and the address map of PCI functions. */
#include <linux/pci_regs.h>
#include "boot/layout.h"
#include "dev/pci_core.h"
#include "dev/pci_map.h"
#include "kselftest_harness.h"

#define SLOT	5

static const struct hs_region_ops ops;

/* Like a virtio device: memory, ports, two capabilities, four vectors. */
static const u8 cap_a[16] = { PCI_CAP_ID_VNDR, 0xee, 16, 1, 0, 7, 0, 0, 0, 1 };
static const u8 cap_window[20] = { PCI_CAP_ID_VNDR, 0xee, 20, 5 };

static const struct hs_pci_cfg device = {
	.vendor = 0x1af4, .device = 0x1042, .sub_vendor = 0x1234, .sub_device = 0x5678,
	.revision = 3, .class = 0x018002,
	.bar = {
		[0] = { .size = 0x2000, .ops = &ops },
		[2] = { .size = 64, .io = true, .ops = &ops },
	},
	.cap = { { cap_a, 16 }, { cap_window, 20, true } },
	.nr_caps = 2,
	.msix = 4,
};

#define CAP_WINDOW	0x50
#define CAP_MSIX	0x64

FIXTURE(pci) {
	struct hs_pci_core c;
};

FIXTURE_SETUP(pci)
{
	ASSERT_EQ(0, hs_pci_core_init(&self->c, &device, SLOT));
}

FIXTURE_TEARDOWN(pci)
{
}

#define GET(off, size)		hs_pci_core_read(&self->c, off, size)
#define SET(off, size, v)	hs_pci_core_write(&self->c, off, size, v)

TEST_F(pci, header)
{
	EXPECT_EQ(0x1af4, GET(PCI_VENDOR_ID, 2));
	EXPECT_EQ(0x1042, GET(PCI_DEVICE_ID, 2));
	EXPECT_EQ(0x01800203, GET(PCI_CLASS_REVISION, 4));
	EXPECT_EQ(0, GET(PCI_HEADER_TYPE, 1));
	EXPECT_EQ(0x56781234, GET(PCI_SUBSYSTEM_VENDOR_ID, 4));
	EXPECT_EQ(PCI_COMMAND_IO | PCI_COMMAND_MEMORY, GET(PCI_COMMAND, 2));
	EXPECT_EQ(PCI_STATUS_CAP_LIST, GET(PCI_STATUS, 2));
	EXPECT_EQ(1, GET(PCI_INTERRUPT_PIN, 1));
	EXPECT_EQ(HS_GSI_PCI + SLOT % 4, GET(PCI_INTERRUPT_LINE, 1));
	EXPECT_EQ(0, GET(PCI_ROM_ADDRESS, 4));
}

/* Whatever is written, only what the specification lets be written changes. */
TEST_F(pci, read_only_bits_stay)
{
	static const struct {
		u8 from, to;
		u32 writable;		/* of the four bytes at each */
	} spans[] = {
		{ 0x00, 0x04, 0 },
		{ 0x04, 0x08, 0x0547 },		/* command; status takes nothing */
		{ 0x08, 0x0c, 0 },
		{ 0x0c, 0x10, 0xffff },		/* cache line size, latency timer */
		{ 0x10, 0x14, 0xffffe000 },
		{ 0x14, 0x18, 0 },
		{ 0x18, 0x1c, 0xffffffc0 },
		{ 0x1c, 0x24, 0 },
		{ 0x24, 0x28, 0xfffff000 },
		{ 0x28, 0x3c, 0 },
		{ 0x3c, 0x40, 0xff },		/* interrupt line */
		{ 0x40, 0x54, 0 },
		{ 0x54, 0x58, 0xff },		/* bar, offset, length, data */
		{ 0x58, 0x64, 0xffffffff },
		{ 0x64, 0x68, 0xc0000000 },	/* MSI-X enable, function mask */
		{ 0x68, 0x00, 0 },
	};
	const struct hs_pci_core was = self->c;
	unsigned int i, off, size;

	for (i = 0; i < ARRAY_SIZE(spans); i++) {
		for (off = spans[i].from; off != (spans[i].to ?: 0x100); off += 4) {
			u32 old = GET(off, 4);

			SET(off, 4, U32_MAX);
			EXPECT_EQ(old | spans[i].writable, GET(off, 4)) TH_LOG("%#x", off);
			SET(off, 4, 0);
			EXPECT_EQ(old & ~spans[i].writable, GET(off, 4)) TH_LOG("%#x", off);
		}
	}
	/* The same by smaller accesses. */
	for (size = 1; size <= 2; size++) {
		self->c = was;
		for (off = 0; off < HS_PCI_CONFIG; off += size)
			SET(off, size, U32_MAX);
		for (i = 0; i < ARRAY_SIZE(spans); i++)
			for (off = spans[i].from; off != (spans[i].to ?: 0x100); off += 4)
				EXPECT_EQ(hs_pci_core_read(&was, off, 4) | spans[i].writable,
					  GET(off, 4)) TH_LOG("%#x", off);
	}
	hs_pci_core_reset(&self->c);
	EXPECT_EQ(0, memcmp(was.space, self->c.space, sizeof(was.space)));
}

TEST_F(pci, any_offset_and_size)
{
	unsigned int off, size;

	for (size = 1; size <= 4; size++) {
		for (off = 0; off < HS_PCI_CONFIG + 8; off++) {
			u32 want = 0, i;

			for (i = 0; i < size; i++)
				want |= (off + i < HS_PCI_CONFIG ? self->c.space[off + i] : 0xffU)
					<< (8 * i);
			EXPECT_EQ(want, GET(off, size));
		}
	}
	SET(PCI_INTERRUPT_LINE, 1, 0x5a);
	SET(PCI_CACHE_LINE_SIZE + 1, 2, 0x1234);
	EXPECT_EQ(0x5a, GET(PCI_INTERRUPT_LINE, 1));
	EXPECT_EQ(0x34, GET(PCI_LATENCY_TIMER, 1));
	EXPECT_EQ(0, GET(PCI_HEADER_TYPE, 1));
	/* Over the end, and far beyond it. */
	SET(0xfd, 4, U32_MAX);
	SET(0x12345678, 4, U32_MAX);
	SET(U32_MAX - 1, 4, U32_MAX);
	EXPECT_EQ(U32_MAX, GET(U32_MAX - 1, 4));
	EXPECT_EQ(0x1af4, GET(PCI_VENDOR_ID, 2));
}

TEST_F(pci, bars_are_sized_and_moved)
{
	struct hs_pci_core *c = &self->c;
	const u32 mem = HS_GPA_PCI_START + SLOT * HS_PCI_SLOT_AREA;
	const u32 port = HS_PORT_PCI_IO + SLOT * HS_PCI_SLOT_PORTS;

	EXPECT_EQ(mem, GET(PCI_BASE_ADDRESS_0, 4));
	EXPECT_EQ(port | 1, GET(PCI_BASE_ADDRESS_2, 4));
	EXPECT_EQ(mem + 5 * HS_PCI_BAR_AREA, GET(PCI_BASE_ADDRESS_5, 4));
	EXPECT_EQ(mem, hs_pci_core_bar(c, 0));
	EXPECT_EQ(0, hs_pci_core_bar(c, 1));
	EXPECT_EQ(port, hs_pci_core_bar(c, 2));

	SET(PCI_BASE_ADDRESS_0, 4, U32_MAX);
	EXPECT_EQ(0xffffe000, GET(PCI_BASE_ADDRESS_0, 4));
	SET(PCI_BASE_ADDRESS_1, 4, U32_MAX);
	EXPECT_EQ(0, GET(PCI_BASE_ADDRESS_1, 4));
	SET(PCI_BASE_ADDRESS_2, 4, U32_MAX);
	EXPECT_EQ(0xffffffc1, GET(PCI_BASE_ADDRESS_2, 4));
	SET(PCI_BASE_ADDRESS_0, 4, 0xd0003fff);
	EXPECT_EQ(0xd0002000, hs_pci_core_bar(c, 0));
	SET(PCI_BASE_ADDRESS_2 + 1, 1, 0xd1);
	SET(PCI_BASE_ADDRESS_2 + 2, 2, 0);
	EXPECT_EQ(0xd1c0, hs_pci_core_bar(c, 2));

	SET(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	EXPECT_EQ(0xd0002000, hs_pci_core_bar(c, 0));
	EXPECT_EQ(0, hs_pci_core_bar(c, 2));
	SET(PCI_COMMAND, 2, PCI_COMMAND_IO);
	EXPECT_EQ(0, hs_pci_core_bar(c, 0));
	EXPECT_EQ(0, hs_pci_core_bar(c, 5));
	EXPECT_EQ(0xd1c0, hs_pci_core_bar(c, 2));

	hs_pci_core_reset(c);
	EXPECT_EQ(mem, hs_pci_core_bar(c, 0));
	EXPECT_EQ(port, hs_pci_core_bar(c, 2));
}

TEST_F(pci, capabilities_are_a_list)
{
	u8 at = GET(PCI_CAPABILITY_LIST, 1);

	ASSERT_EQ(0x40, at);
	EXPECT_EQ(PCI_CAP_ID_VNDR, GET(at, 1));
	EXPECT_EQ(16, GET(at + 2, 1));
	EXPECT_EQ(7, GET(at + 5, 1));
	at = GET(at + 1, 1);
	ASSERT_EQ(CAP_WINDOW, at);
	EXPECT_EQ(5, GET(at + 3, 1));
	at = GET(at + 1, 1);
	ASSERT_EQ(CAP_MSIX, at);
	EXPECT_EQ(PCI_CAP_ID_MSIX, GET(at, 1));
	EXPECT_EQ(0, GET(at + 1, 1));
	EXPECT_EQ(3, GET(at + PCI_MSIX_FLAGS, 2));
	EXPECT_EQ(5, GET(at + PCI_MSIX_TABLE, 4));
	EXPECT_EQ(HS_PCI_MSIX_PBA | 5, GET(at + PCI_MSIX_PBA, 4));
}

TEST(capabilities_are_optional)
{
	struct hs_pci_cfg cfg = { .vendor = 1, .device = 2, .class = 0x060000 };
	struct hs_pci_core c;

	ASSERT_EQ(0, hs_pci_core_init(&c, &cfg, 0));
	EXPECT_EQ(0, hs_pci_core_read(&c, PCI_STATUS, 2));
	EXPECT_EQ(0, hs_pci_core_read(&c, PCI_CAPABILITY_LIST, 1));
	/* The host bridge has no pin. */
	EXPECT_EQ(0, hs_pci_core_read(&c, PCI_INTERRUPT_LINE, 2));
	cfg.msix = 1;
	ASSERT_EQ(0, hs_pci_core_init(&c, &cfg, 1));
	EXPECT_EQ(0x40, hs_pci_core_read(&c, PCI_CAPABILITY_LIST, 1));
	EXPECT_EQ(PCI_CAP_ID_MSIX, hs_pci_core_read(&c, 0x40, 1));
}

static int try_cfg(const struct hs_pci_cfg *cfg)
{
	struct hs_pci_core c;

	return hs_pci_core_init(&c, cfg, SLOT);
}

TEST(impossible_devices_are_refused)
{
	static const u8 data[256] = { 9 };
	struct hs_pci_cfg cfg = device;
	struct hs_pci_core c;
	unsigned int i;

	EXPECT_EQ(-EINVAL, hs_pci_core_init(&c, &cfg, 32));
	cfg.msix = 65;
	EXPECT_EQ(-EINVAL, try_cfg(&cfg));
	cfg.msix = 64;
	EXPECT_EQ(0, try_cfg(&cfg));
	cfg.nr_caps = HS_PCI_CAPS + 1;
	EXPECT_EQ(-EINVAL, try_cfg(&cfg));

	/* Sizes: powers of two, 4-256 ports or 4 KiB-64 KiB. */
	for (i = 0; i < 2; i++) {
		static const u32 bad[2][4] = { { 2048, 0x20000, 0x1800, 1 }, { 2, 512, 6, 4096 } };
		static const u32 good[2][2] = { { 4096, 0x10000 }, { 4, 256 } };
		unsigned int j;

		cfg = device;
		cfg.bar[0].io = i;
		for (j = 0; j < 4; j++) {
			cfg.bar[0].size = bad[i][j];
			EXPECT_EQ(-EINVAL, try_cfg(&cfg)) TH_LOG("%#x", bad[i][j]);
		}
		for (j = 0; j < 2; j++) {
			cfg.bar[0].size = good[i][j];
			EXPECT_EQ(0, try_cfg(&cfg)) TH_LOG("%#x", good[i][j]);
		}
	}
	cfg = device;
	cfg.bar[4] = (struct hs_pci_bar){ .size = 4096 };	/* nobody to serve it */
	EXPECT_EQ(-EINVAL, try_cfg(&cfg));
	/* More ports than a slot has: 256 + 64 (aligned) + 256. */
	cfg = device;
	cfg.bar[0] = (struct hs_pci_bar){ 256, true, &ops };
	EXPECT_EQ(0, try_cfg(&cfg));
	cfg.bar[3] = (struct hs_pci_bar){ 256, true, &ops };
	EXPECT_EQ(-EINVAL, try_cfg(&cfg));

	/* Capabilities: whole words, within 192 bytes, one window. */
	cfg = device;
	cfg.cap[0] = (struct hs_pci_cap){ .data = data };
	EXPECT_EQ(-EINVAL, try_cfg(&cfg));
	cfg.cap[0].len = 6;
	EXPECT_EQ(-EINVAL, try_cfg(&cfg));
	cfg.cap[0].len = 192 - 20 - 12;
	EXPECT_EQ(0, try_cfg(&cfg));
	cfg.cap[0].len += 4;
	EXPECT_EQ(-EINVAL, try_cfg(&cfg));
	cfg.msix = 0;
	cfg.cap[0].len += 8;
	EXPECT_EQ(0, try_cfg(&cfg));
	cfg.cap[0].len += 4;
	EXPECT_EQ(-EINVAL, try_cfg(&cfg));
	cfg = device;
	cfg.cap[1].len = 16;
	EXPECT_EQ(-EINVAL, try_cfg(&cfg));
	cfg = device;
	cfg.cap[0] = cfg.cap[1];
	EXPECT_EQ(-EINVAL, try_cfg(&cfg));
}

/* --- the window in configuration space ------------------------------------- */

#define WINDOW(off, size, w)	hs_pci_core_window(&self->c, off, size, w)

TEST_F(pci, window_to_a_bar)
{
	static const struct {
		u32 bar, off, len;
		bool ok;
	} cases[] = {
		{ 0, 0, 4, true }, { 0, 0x1ffc, 4, true }, { 0, 0x1ffe, 2, true },
		{ 0, 0x1fff, 1, true }, { 5, HS_PCI_MSIX_PBA, 4, true }, { 2, 60, 4, true },
		{ 0, 0x2000, 4, false }, { 0, 0x1ffe, 4, false }, { 0, U32_MAX, 1, false },
		{ 0, U32_MAX - 3, 4, false }, { 0, 2, 4, false }, { 0, 1, 2, false },
		{ 0, 0, 0, false }, { 0, 0, 3, false }, { 0, 0, 8, false },
		{ 1, 0, 4, false }, { 2, 64, 4, false }, { 6, 0, 4, false },
		{ 0xff, 0, 4, false },
	};
	const u32 data = CAP_WINDOW + 16;
	struct hs_pci_window w;
	unsigned int i;

	EXPECT_FALSE(WINDOW(data, 4, &w));		/* at first: no bytes of BAR 0 */
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		SET(CAP_WINDOW + 4, 1, cases[i].bar);
		SET(CAP_WINDOW + 8, 4, cases[i].off);
		SET(CAP_WINDOW + 12, 4, cases[i].len);
		EXPECT_EQ(cases[i].ok, WINDOW(data, 4, &w)) TH_LOG("case %u", i);
		EXPECT_EQ(cases[i].ok, WINDOW(data + 3, 1, &w));
		if (cases[i].ok) {
			EXPECT_EQ(cases[i].bar, w.bar);
			EXPECT_EQ(cases[i].off, w.off);
			EXPECT_EQ(cases[i].len, w.len);
		}
	}
	SET(CAP_WINDOW + 4, 1, 0);
	SET(CAP_WINDOW + 8, 4, 8);
	SET(CAP_WINDOW + 12, 4, 2);
	EXPECT_FALSE(WINDOW(data - 4, 4, &w));
	EXPECT_FALSE(WINDOW(data - 1, 1, &w));
	EXPECT_TRUE(WINDOW(data - 1, 2, &w));
	EXPECT_FALSE(WINDOW(data + 4, 4, &w));
	SET(data, 4, 0xaabbccdd);
	EXPECT_EQ(0xaabbccdd, hs_pci_core_window_get(&self->c));
	hs_pci_core_window_put(&self->c, 0x11223344, 2);
	EXPECT_EQ(0xaabb3344, GET(data, 4));
}

TEST(no_window_where_there_is_no_capability)
{
	const struct hs_pci_cfg cfg = { .bar[0] = { 4096, false, &ops } };
	struct hs_pci_core c;
	struct hs_pci_window w;
	unsigned int off;

	ASSERT_EQ(0, hs_pci_core_init(&c, &cfg, 1));
	for (off = 0; off < 256; off += 4)
		EXPECT_FALSE(hs_pci_core_window(&c, off, 4, &w));
}

/* --- INTx -------------------------------------------------------------------- */

#define STATUS()	(GET(PCI_STATUS, 2) & PCI_STATUS_INTERRUPT)

TEST_F(pci, line_follows_the_device_unless_it_is_off)
{
	struct hs_pci_core *c = &self->c;

	EXPECT_FALSE(hs_pci_core_line(c));
	c->intx = true;
	EXPECT_TRUE(hs_pci_core_line(c));
	EXPECT_TRUE(STATUS());
	EXPECT_EQ(PCI_STATUS_INTERRUPT | PCI_STATUS_CAP_LIST, GET(PCI_COMMAND, 4) >> 16);
	/* Disabled: the status shows it all the same. */
	SET(PCI_COMMAND, 2, PCI_COMMAND_INTX_DISABLE);
	EXPECT_FALSE(hs_pci_core_line(c));
	EXPECT_TRUE(STATUS());
	SET(PCI_COMMAND, 2, 0);
	EXPECT_TRUE(hs_pci_core_line(c));
	SET(CAP_MSIX + PCI_MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE);
	EXPECT_FALSE(hs_pci_core_line(c));
	EXPECT_FALSE(STATUS());
	SET(CAP_MSIX + PCI_MSIX_FLAGS, 2, 0);
	EXPECT_TRUE(hs_pci_core_line(c));
	hs_pci_core_reset(c);
	EXPECT_FALSE(hs_pci_core_line(c));
}

/* --- MSI-X --------------------------------------------------------------------- */

#define TABLE(n, field)		((n) * 16 + (field))
#define MSIX_GET(off, size)	hs_pci_core_msix_read(&self->c, off, size)
#define MSIX_SET(off, size, v)	hs_pci_core_msix_write(&self->c, off, size, v)
#define MASK(n, on)		MSIX_SET(TABLE(n, 12), 4, on)
#define RAISE(n)		hs_pci_core_msix_raise(&self->c, n)
#define TAKE()			hs_pci_core_msix_take(&self->c)
#define FLAGS(v)		SET(CAP_MSIX + PCI_MSIX_FLAGS, 2, v)

TEST_F(pci, msix_table)
{
	unsigned int off;

	for (off = 0; off < 4096; off += 4)
		EXPECT_EQ(off < 64 && off % 16 == 12, MSIX_GET(off, 4)) TH_LOG("%#x", off);
	MSIX_SET(TABLE(1, 0), 8, 0x1122334455667788);
	MSIX_SET(TABLE(1, 8), 4, 0x99aabbcc);
	MSIX_SET(TABLE(1, 12), 4, 0xfffffffe);
	EXPECT_EQ(0x1122334455667788, MSIX_GET(16, 8));
	EXPECT_EQ(0x0000000099aabbcc, MSIX_GET(24, 8));
	EXPECT_EQ(0x55667788, MSIX_GET(16, 4));
	EXPECT_EQ(0x3344556677, MSIX_GET(17, 5));
	EXPECT_EQ(0x99aabb, MSIX_GET(25, 3));
	EXPECT_EQ(0x22, MSIX_GET(22, 1));
	MSIX_SET(TABLE(1, 0), 4, U32_MAX);
	EXPECT_EQ(0xfffffffc, MSIX_GET(16, 4));
	MSIX_SET(TABLE(1, 12), 4, U32_MAX);
	EXPECT_EQ(1, MSIX_GET(28, 4));

	/* Undefined ones change nothing, nor do those beyond the table. */
	hs_pci_core_reset(&self->c);
	MSIX_SET(0, 1, 0xff);
	MSIX_SET(0, 2, 0xffff);
	MSIX_SET(2, 4, U32_MAX);
	MSIX_SET(4, 8, U64_MAX);
	for (off = 64; off < 4096; off += 8)
		MSIX_SET(off, 8, U64_MAX);
	for (off = 0; off < 4096; off += 4)
		EXPECT_EQ(off < 64 && off % 16 == 12, MSIX_GET(off, 4)) TH_LOG("%#x", off);
}

TEST_F(pci, msix_sends_when_it_may)
{
	SET(PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	/* Off. */
	MASK(0, 0);
	RAISE(0);
	EXPECT_EQ(0, TAKE());
	EXPECT_FALSE(hs_pci_core_msix_on(&self->c));

	FLAGS(PCI_MSIX_FLAGS_ENABLE);
	EXPECT_TRUE(hs_pci_core_msix_on(&self->c));
	EXPECT_EQ(0, TAKE());
	RAISE(0);
	EXPECT_EQ(BIT(0), TAKE());
	EXPECT_EQ(0, TAKE());
	/* Beyond the table. */
	RAISE(4);
	RAISE(64);
	RAISE(0xffff);
	EXPECT_EQ(0, TAKE());

	/* A masked one waits, and shows; twice is once. */
	RAISE(1);
	RAISE(1);
	RAISE(3);
	EXPECT_EQ(0, TAKE());
	EXPECT_EQ(BIT(1) | BIT(3), MSIX_GET(HS_PCI_MSIX_PBA, 8));
	MSIX_SET(HS_PCI_MSIX_PBA, 8, 0);
	EXPECT_EQ(BIT(1) | BIT(3), MSIX_GET(HS_PCI_MSIX_PBA, 4));
	EXPECT_EQ(0, MSIX_GET(HS_PCI_MSIX_PBA + 4, 4));
	MASK(1, 0);
	EXPECT_EQ(BIT(1), TAKE());
	EXPECT_EQ(BIT(3), MSIX_GET(HS_PCI_MSIX_PBA, 8));

	/* So does one of a masked function. */
	FLAGS(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	RAISE(0);
	MASK(3, 0);
	EXPECT_EQ(0, TAKE());
	EXPECT_EQ(BIT(0) | BIT(3), MSIX_GET(HS_PCI_MSIX_PBA, 1));
	FLAGS(PCI_MSIX_FLAGS_ENABLE);
	EXPECT_EQ(BIT(0) | BIT(3), TAKE());

	/* No bus master: what is pending waits, what comes is dropped. */
	MASK(0, 1);
	RAISE(0);
	SET(PCI_COMMAND, 2, 0);
	MASK(0, 0);
	RAISE(1);
	EXPECT_EQ(0, TAKE());
	SET(PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	EXPECT_EQ(BIT(0), TAKE());

	/* Turned off: what was pending is gone. */
	MASK(0, 1);
	RAISE(0);
	FLAGS(0);
	FLAGS(PCI_MSIX_FLAGS_ENABLE);
	MASK(0, 0);
	EXPECT_EQ(0, TAKE());

	MASK(0, 1);
	RAISE(0);
	hs_pci_core_reset(&self->c);
	EXPECT_EQ(0, MSIX_GET(HS_PCI_MSIX_PBA, 8));
	EXPECT_FALSE(hs_pci_core_msix_on(&self->c));
}

TEST(msix_of_all_vectors)
{
	struct hs_pci_cfg cfg = { .msix = 64 };
	struct hs_pci_core c;
	unsigned int i;

	ASSERT_EQ(0, hs_pci_core_init(&c, &cfg, 1));
	hs_pci_core_write(&c, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	hs_pci_core_write(&c, c.msix_cap + PCI_MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE);
	for (i = 0; i < 64; i++)
		hs_pci_core_msix_raise(&c, i);
	EXPECT_EQ(U64_MAX, hs_pci_core_msix_read(&c, HS_PCI_MSIX_PBA, 8));
	EXPECT_EQ(0xff, hs_pci_core_msix_read(&c, HS_PCI_MSIX_PBA + 7, 1));
	EXPECT_EQ(0, hs_pci_core_msix_read(&c, HS_PCI_MSIX_PBA + 8, 8));
	hs_pci_core_msix_write(&c, TABLE(63, 12), 4, 0);
	EXPECT_EQ(BIT_ULL(63), hs_pci_core_msix_take(&c));
}

TEST_F(pci, message_comes_from_the_table)
{
	struct hs_irq_msg m;

	MSIX_SET(TABLE(2, 0), 4, 0xfee12000);
	MSIX_SET(TABLE(2, 8), 4, 0x0057);
	ASSERT_TRUE(hs_pci_core_msix_msg(&self->c, 2, &m));
	EXPECT_EQ(0x12, m.dest);
	EXPECT_EQ(0x57, m.vector);
	MSIX_SET(TABLE(2, 4), 4, 1);
	EXPECT_FALSE(hs_pci_core_msix_msg(&self->c, 2, &m));
	EXPECT_FALSE(hs_pci_core_msix_msg(&self->c, 1, &m));
}

/* SDM vol. 3, 11.11.1 and 11.11.2. */
TEST(messages)
{
	enum { ASSERT_ = 1 << 14, LEVEL = 1 << 15 };
	static const struct {
		u64 addr;
		u32 data;
		int dest, logical, vector, mode, level;	/* dest -1: none */
	} cases[] = {
		{ 0xfee03000, 0x0041, 3, 0, 0x41, HS_DM_FIXED, 0 },
		{ 0xfee00004, 0x0041, 0, 1, 0x41, HS_DM_FIXED, 0 },
		{ 0xfeeff004, 0x01fe, 0xff, 1, 0xfe, HS_DM_LOWEST, 0 },
		{ 0xfee0300c, 0x0041, 3, 1, 0x41, HS_DM_LOWEST, 0 },	/* hint */
		{ 0xfee03008, 0x0041, 3, 0, 0x41, HS_DM_FIXED, 0 },
		{ 0xfee03008, 0x0141, 3, 0, 0x41, HS_DM_LOWEST, 0 },
		{ 0xfeeff008, 0x0041, .dest = -1 },
		{ 0xfeeff000, 0x0041, 0xff, 0, 0x41, HS_DM_FIXED, 0 },
		{ 0xfee01000, ASSERT_ | LEVEL | 0x41, 1, 0, 0x41, HS_DM_FIXED, 1 },
		{ 0xfee01000, ASSERT_ | 0x41, 1, 0, 0x41, HS_DM_FIXED, 0 },
		{ 0xfee01000, LEVEL | 0x41, .dest = -1 },			/* the end of it */
		{ 0xfee01000, 0x0000, 1, 0, 0, HS_DM_FIXED, 0 },	/* the APIC's error */
		{ 0xfee01000, 0x0241, .dest = -1 },				/* SMI */
		{ 0xfee01000, 0x0341, .dest = -1 },
		{ 0xfee01000, 0x0400, 1, 0, 0, HS_DM_NMI, 0 },
		{ 0xfee01000, ASSERT_ | LEVEL | 0x0400, 1, 0, 0, HS_DM_NMI, 0 },
		{ 0xfee01000, 0x0500, 1, 0, 0, HS_DM_INIT, 0 },
		{ 0xfee01000, 0x0641, .dest = -1 },				/* no SIPI by message */
		{ 0xfee01000, 0x0700, 1, 0, 0, HS_DM_EXTINT, 0 },
		/* Bits that are reserved or ignored. */
		{ 0xfee01ff3, 0xffff3841, 1, 0, 0x41, HS_DM_FIXED, 0 },
		{ 0xfed01000, 0x0041, .dest = -1 },
		{ 0xfef01000, 0x0041, .dest = -1 },
		{ 0x1fee01000, 0x0041, .dest = -1 },
		{ 0, 0x0041, .dest = -1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hs_irq_msg m;
		bool ok = hs_pci_msi_decode(cases[i].addr, cases[i].data, &m);

		EXPECT_EQ(cases[i].dest >= 0, ok) TH_LOG("case %u", i);
		if (!ok || cases[i].dest < 0)
			continue;
		EXPECT_EQ(cases[i].dest, m.dest) TH_LOG("case %u", i);
		EXPECT_EQ(cases[i].logical, m.logical) TH_LOG("case %u", i);
		EXPECT_EQ(cases[i].vector, m.vector) TH_LOG("case %u", i);
		EXPECT_EQ(cases[i].mode, m.mode) TH_LOG("case %u", i);
		EXPECT_EQ(cases[i].level, m.level) TH_LOG("case %u", i);
		EXPECT_EQ(HS_SH_NONE, m.shorthand);
	}
}

/* --- who answers where ------------------------------------------------------------ */

FIXTURE(map) {
	struct hs_pci_map m;
	struct hs_pci_hit hit;
};

FIXTURE_SETUP(map)
{
}

FIXTURE_TEARDOWN(map)
{
}

#define PUT(slot, bar, io, base, size)	hs_pci_map_set(&self->m, slot, bar, io, base, size)
#define IO(port)	(hs_pci_map_find_io(&self->m, port, &self->hit) ? \
			 (int)(self->hit.slot * 10 + self->hit.bar) : -1)
#define MEM(gpa)	(hs_pci_map_find_mem(&self->m, gpa, &self->hit) ? \
			 (int)(self->hit.slot * 10 + self->hit.bar) : -1)

TEST_F(map, ports)
{
	EXPECT_EQ(-1, IO(0xc000));
	PUT(2, 1, true, 0xc100, 8);
	EXPECT_EQ(-1, IO(0xc0ff));
	EXPECT_EQ(21, IO(0xc100));
	EXPECT_EQ(0, self->hit.off);
	EXPECT_EQ(8, self->hit.left);
	EXPECT_EQ(21, IO(0xc107));
	EXPECT_EQ(7, self->hit.off);
	EXPECT_EQ(1, self->hit.left);
	EXPECT_EQ(-1, IO(0xc108));
	/* At the ends of the window, and beyond. */
	PUT(31, 5, true, 0xff00, 256);
	EXPECT_EQ(315, IO(0xffff));
	EXPECT_EQ(-1, IO(0x10000));
	EXPECT_EQ(-1, IO(0));
	EXPECT_EQ(-1, IO(U32_MAX));
	PUT(31, 5, true, 0xbf00, 256);
	EXPECT_EQ(-1, IO(0xbf00));
	EXPECT_EQ(-1, IO(0xffff));
	PUT(31, 5, true, 0x10000, 256);
	EXPECT_EQ(-1, IO(0x10000));
	PUT(31, 5, true, 0xffffff00, 256);
	PUT(31, 5, true, 0xc000, 256);
	EXPECT_EQ(315, IO(0xc0ff));
	/* A port is no address. */
	EXPECT_EQ(-1, MEM(0xc000));
	PUT(2, 1, true, 0, 8);
	EXPECT_EQ(-1, IO(0xc100));
	/* The same once more. */
	PUT(2, 1, true, 0xc100, 8);
	PUT(2, 1, true, 0xc100, 8);
	EXPECT_EQ(21, IO(0xc100));
	PUT(2, 1, true, 0, 0);
	EXPECT_EQ(-1, IO(0xc100));
}

/* The lowest number answers; what it covered is there again when it goes. */
TEST_F(map, overlaps)
{
	PUT(9, 0, true, 0xc100, 256);
	PUT(3, 2, true, 0xc140, 64);
	PUT(3, 1, true, 0xc150, 4);
	EXPECT_EQ(90, IO(0xc13f));
	EXPECT_EQ(32, IO(0xc140));
	EXPECT_EQ(31, IO(0xc152));
	EXPECT_EQ(2, self->hit.off);
	EXPECT_EQ(32, IO(0xc154));
	EXPECT_EQ(0x14, self->hit.off);
	EXPECT_EQ(90, IO(0xc180));
	PUT(1, 0, true, 0xc000, 256);
	PUT(3, 2, true, 0xc000, 64);
	EXPECT_EQ(10, IO(0xc000));
	EXPECT_EQ(90, IO(0xc140));
	EXPECT_EQ(31, IO(0xc150));
	PUT(3, 1, true, 0, 4);
	EXPECT_EQ(90, IO(0xc150));
	PUT(1, 0, true, 0, 256);
	EXPECT_EQ(32, IO(0xc000));
	EXPECT_EQ(-1, IO(0xc040));

	PUT(4, 0, false, 0xd0000000, 0x10000);
	PUT(2, 3, false, 0xd0008000, 0x1000);
	EXPECT_EQ(40, MEM(0xd0007fff));
	EXPECT_EQ(23, MEM(0xd0008000));
	EXPECT_EQ(0, self->hit.off);
	EXPECT_EQ(40, MEM(0xd0009000));
	EXPECT_EQ(0x9000, self->hit.off);
	EXPECT_EQ(0x7000, self->hit.left);
	PUT(2, 3, false, 0xe0000000, 0x1000);
	EXPECT_EQ(40, MEM(0xd0008000));
}

TEST_F(map, memory)
{
	PUT(1, 0, false, 0xc0000000, 0x1000);
	PUT(31, 5, false, HS_GPA_PCI_END - 0x10000, 0x10000);
	EXPECT_EQ(10, MEM(0xc0000000));
	EXPECT_EQ(10, MEM(0xc0000fff));
	EXPECT_EQ(1, self->hit.left);
	EXPECT_EQ(-1, MEM(0xc0001000));
	EXPECT_EQ(-1, MEM(0x1c0000000));
	EXPECT_EQ(315, MEM(HS_GPA_PCI_END - 1));
	EXPECT_EQ(-1, MEM(HS_GPA_PCI_END));
	/* In RAM, on the I/O APIC, on top: out of the window. */
	PUT(1, 0, false, 0x1000, 0x1000);
	EXPECT_EQ(-1, MEM(0x1000));
	PUT(1, 0, false, 0xfec00000, 0x1000);
	EXPECT_EQ(-1, MEM(0xfec00000));
	PUT(1, 0, false, 0xfffff000, 0x1000);
	EXPECT_EQ(-1, MEM(0xfffff000));
	PUT(31, 5, false, 0, 0x10000);
	EXPECT_EQ(0, self->m.mem);
	PUT(31, 5, false, 0xc0010000, 0x10000);
	PUT(31, 5, false, 0, 0);
	EXPECT_EQ(0, self->m.mem);
	EXPECT_EQ(-1, MEM(0xc0010000));
}

TEST_HARNESS_MAIN
