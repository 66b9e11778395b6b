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

TEST_HARNESS_MAIN
