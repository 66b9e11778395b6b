// SPDX-License-Identifier: GPL-2.0
/*
 * The DSDT: what a guest cannot find out by itself and no other table says.
 *
 * Source of dsdt.h: run gen-dsdt.sh after a change.  Ports and lines are those
 * of layout.h; acpi_test compares.
 *
 * No processor objects: the MADT lists the CPUs.  No power button: it is fixed
 * hardware, see the FADT.  PCI comes with its host bridge.
 */
DefinitionBlock ("", "DSDT", 2, "HYPSPC", "HYPERSPC", 1)
{
	/* Soft off: SLP_TYPa, SLP_TYPb. */
	Name (_S5, Package () { 5, 5, 0, 0 })

	Scope (_SB)
	{
		Device (PIC)
		{
			Name (_HID, EisaId ("PNP0000"))
			Name (_CRS, ResourceTemplate () {
				IO (Decode16, 0x0020, 0x0020, 1, 2)
				IO (Decode16, 0x00a0, 0x00a0, 1, 2)
				IO (Decode16, 0x04d0, 0x04d0, 1, 2)
				IRQNoFlags () { 2 }
			})
		}

		Device (TIMR)
		{
			Name (_HID, EisaId ("PNP0100"))
			Name (_CRS, ResourceTemplate () {
				IO (Decode16, 0x0040, 0x0040, 1, 4)
				IRQNoFlags () { 0 }
			})
		}

		Device (RTC)
		{
			Name (_HID, EisaId ("PNP0B00"))
			Name (_CRS, ResourceTemplate () {
				IO (Decode16, 0x0070, 0x0070, 1, 2)
				IRQNoFlags () { 8 }
			})
		}

		Device (COM1)
		{
			Name (_HID, EisaId ("PNP0501"))
			Name (_UID, 1)
			Name (_CRS, ResourceTemplate () {
				IO (Decode16, 0x03f8, 0x03f8, 1, 8)
				IRQNoFlags () { 4 }
			})
		}

		/* How a guest says that its kernel panicked. */
		Device (PEVT)
		{
			Name (_HID, "QEMU0001")
			Name (_CRS, ResourceTemplate () {
				IO (Decode16, 0x0505, 0x0505, 1, 1)
			})
		}
	}
}
