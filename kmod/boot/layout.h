/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The machine's map: what is where in guest-physical memory, at which I/O
 * port, on which interrupt line.
 *
 * Loaders, ACPI tables, devices and the control plane all take these numbers
 * from here, because a table that disagrees with a device is a fault that only
 * a guest would notice.  dsdt.asl repeats some of them (the ASL compiler knows
 * no C header); acpi_test compares the two.
 *
 * Guest-physical memory, for a VM with R bytes of RAM:
 *
 *	0 .. min(R, 3 GiB)		RAM, 0xa0000-0xfffff included
 *	0xc0000000 .. 0xfeafffff	hole: memory BARs of PCI devices
 *	0xfeb00000 .. 0xfebfffff	configuration space of PCI bus 0
 *	0xfec00000			I/O APIC
 *	0xfee00000			local APIC (xAPIC mode)
 *	0xff000000 .. 0xff00ffff	MMIO RAM of the test device
 *	4 GiB .. 4 GiB + (R - 3 GiB)	RAM beyond the first 3 GiB
 *
 * Low memory, as the loaders leave it.  All below HS_GPA_IMAGE_LOW holds what
 * the loader tells the guest; no part of an image may land there.
 */
#ifndef HS_BOOT_LAYOUT_H
#define HS_BOOT_LAYOUT_H

#include "pure.h"

/* ---- RAM and the hole ------------------------------------------------- */

#define HS_RAM_MIN		(4ULL << 20)	/* bytes */
#define HS_RAM_MAX		(1ULL << 45)	/* bytes; the CPU may allow less */
#define HS_RAM_ALIGN		4096ULL

#define HS_GPA_HOLE_START	0xc0000000ULL	/* low RAM ends here at the latest */
#define HS_GPA_HIGH_RAM		0x100000000ULL	/* high RAM begins here */

#define HS_GPA_PCI_START	0xc0000000ULL
#define HS_GPA_PCI_END		0xfeb00000ULL	/* exclusive */
#define HS_GPA_PCI_ECAM		0xfeb00000ULL	/* bus 0: 4 KiB for each function */
#define HS_PCI_ECAM_SIZE	0x100000ULL
#define HS_GPA_IOAPIC		0xfec00000ULL
#define HS_GPA_LAPIC		0xfee00000ULL
#define HS_GPA_TESTDEV		0xff000000ULL
#define HS_GPA_TESTDEV_SIZE	0x10000ULL

/* Where firmware puts memory BARs, from HS_GPA_PCI_START on: each slot's own area. */
#define HS_PCI_BAR_AREA		0x10000		/* for each BAR */
#define HS_PCI_SLOT_AREA	0x80000

/* ---- low memory as the loaders leave it -------------------------------- */

#define HS_GPA_GDT		0x01000ULL
#define HS_GPA_BOOT_INFO	0x02000ULL	/* zero page, start_info or mbi */
#define HS_GPA_BOOT_LISTS	0x03000ULL	/* memory map and module list */
#define HS_GPA_PAGE_TABLES	0x10000ULL
#define HS_GPA_PAGE_TABLES_END	0x20000ULL	/* exclusive */
#define HS_GPA_CMDLINE		0x20000ULL
#define HS_GPA_MODULE_STRING	0x22000ULL
#define HS_GPA_BOOT_STACK	0x30000ULL	/* top: it grows down */
#define HS_GPA_IMAGE_LOW	0x30000ULL	/* images may be loaded from here */
#define HS_GPA_EBDA		0x9fc00ULL	/* reserved from here to 0xa0000 */
#define HS_GPA_VGA		0xa0000ULL
#define HS_GPA_ACPI		0xe0000ULL	/* the RSDP, the tables after it */
#define HS_GPA_SMBIOS		0xf0000ULL	/* entry point and tables: one page */
#define HS_GPA_ACPI_END		0x100000ULL	/* exclusive; of the reserved area */
#define HS_GPA_HIGH_MEMORY	0x100000ULL	/* 1 MiB */

/* ---- I/O ports --------------------------------------------------------- */

#define HS_PORT_PIC1		0x20
#define HS_PORT_PIT		0x40
#define HS_PORT_RTC		0x70
#define HS_PORT_PIC2		0xa0
#define HS_PORT_COM1		0x3f8
#define HS_PORT_PIC_ELCR	0x4d0
#define HS_PORT_PVPANIC		0x505
#define HS_PORT_PM1A_EVT	0x600	/* 4 bytes: status, enable */
#define HS_PORT_PM1A_CNT	0x604	/* 2 bytes */
#define HS_PORT_PM_TMR		0x608	/* 4 bytes, counts 32 bits */
#define HS_PORT_PCI		0xcf8	/* 8 bytes: address, data */
#define HS_PORT_RESET		0xcf9	/* within them, for single bytes */
#define HS_PORT_RESET_VALUE	0x06
#define HS_PORT_PCI_IO		0xc000	/* I/O BARs of PCI devices */
#define HS_PORT_PCI_IO_LEN	0x4000
#define HS_PCI_SLOT_PORTS	0x200	/* of them, where firmware puts a slot's */

#define HS_PM1_EVT_LEN		4
#define HS_PM1_CNT_LEN		2
#define HS_PM_TMR_LEN		4
#define HS_RTC_CENTURY		0x32	/* CMOS index of the century byte */
#define HS_SLP_TYP_S5		5	/* SLP_TYPa for soft off, as \_S5 says */

/* ---- interrupt lines ---------------------------------------------------- */

#define HS_IRQ_PIT		0	/* arrives at I/O APIC pin 2 */
#define HS_GSI_PIT		2
#define HS_IRQ_COM1		4
#define HS_IRQ_RTC		8
#define HS_IRQ_SCI		9	/* level, active high */
#define HS_GSI_PCI		16	/* INTA# of slot n: n % 4 further; level, low */
#define HS_GSI_PCI_NR		4
#define HS_IOAPIC_ID		0
#define HS_IOAPIC_PINS		24

/* ---- RAM arithmetic and the memory map ----------------------------------- */

/* Types of a memory map entry: the same numbers in e820, PVH and multiboot. */
#define HS_E820_RAM		1
#define HS_E820_RESERVED	2

/* Entries that hs_layout_e820() writes at most. */
#define HS_E820_MAX		8

struct hs_e820 {
	u64 addr;
	u64 size;	/* bytes */
	u32 type;
} __packed;

bool hs_layout_ram_ok(u64 ram_bytes);
u64 hs_layout_low_end(u64 ram_bytes);
u64 hs_layout_high_end(u64 ram_bytes);
bool hs_layout_is_ram(u64 ram_bytes, u64 gpa, u64 len);
bool hs_layout_is_loadable(u64 ram_bytes, u64 gpa, u64 len);
unsigned int hs_layout_e820(u64 ram_bytes, struct hs_e820 map[HS_E820_MAX]);

#endif /* HS_BOOT_LAYOUT_H */
