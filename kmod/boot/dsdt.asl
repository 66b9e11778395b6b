// SPDX-License-Identifier: GPL-2.0
/*
 * The DSDT: what a guest cannot find out by itself and no other table says.
 *
 * Source of dsdt.h: run gen-dsdt.sh after a change.  Ports and lines are those
 * of layout.h; acpi_test compares.
 *
 * No processor objects: the MADT lists the CPUs.  No power button: it is fixed
 * hardware, see the FADT.
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

		/* The MCFG says what is there; PCI Firmware 3.0, 4.1.2, wants it here too. */
		Device (ECAM)
		{
			Name (_HID, EisaId ("PNP0C02"))
			Name (_CRS, ResourceTemplate () {
				Memory32Fixed (ReadWrite, 0xfeb00000, 0x00100000)
			})
		}

		/*
		 * Bus 0 alone, reached by the ports that it consumes.  The windows
		 * are what it decodes, no more: a BAR that a guest moves within
		 * them is found there.
		 */
		Device (PCI0)
		{
			Name (_HID, EisaId ("PNP0A03"))
			Name (_UID, 0)
			Name (_CRS, ResourceTemplate () {
				WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,
					0, 0, 0, 0, 1)
				IO (Decode16, 0x0cf8, 0x0cf8, 1, 8)
				WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
					0, 0xc000, 0xffff, 0, 0x4000)
				DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
					NonCacheable, ReadWrite,
					0, 0xc0000000, 0xfeafffff, 0, 0x3eb00000)
			})

			/* INTA# of slot n to line 16 + n mod 4; no function has another. */
			Name (_PRT, Package () {
				Package () { 0x0001ffff, 0, 0, 17 },
				Package () { 0x0002ffff, 0, 0, 18 },
				Package () { 0x0003ffff, 0, 0, 19 },
				Package () { 0x0004ffff, 0, 0, 16 },
				Package () { 0x0005ffff, 0, 0, 17 },
				Package () { 0x0006ffff, 0, 0, 18 },
				Package () { 0x0007ffff, 0, 0, 19 },
				Package () { 0x0008ffff, 0, 0, 16 },
				Package () { 0x0009ffff, 0, 0, 17 },
				Package () { 0x000affff, 0, 0, 18 },
				Package () { 0x000bffff, 0, 0, 19 },
				Package () { 0x000cffff, 0, 0, 16 },
				Package () { 0x000dffff, 0, 0, 17 },
				Package () { 0x000effff, 0, 0, 18 },
				Package () { 0x000fffff, 0, 0, 19 },
				Package () { 0x0010ffff, 0, 0, 16 },
				Package () { 0x0011ffff, 0, 0, 17 },
				Package () { 0x0012ffff, 0, 0, 18 },
				Package () { 0x0013ffff, 0, 0, 19 },
				Package () { 0x0014ffff, 0, 0, 16 },
				Package () { 0x0015ffff, 0, 0, 17 },
				Package () { 0x0016ffff, 0, 0, 18 },
				Package () { 0x0017ffff, 0, 0, 19 },
				Package () { 0x0018ffff, 0, 0, 16 },
				Package () { 0x0019ffff, 0, 0, 17 },
				Package () { 0x001affff, 0, 0, 18 },
				Package () { 0x001bffff, 0, 0, 19 },
				Package () { 0x001cffff, 0, 0, 16 },
				Package () { 0x001dffff, 0, 0, 17 },
				Package () { 0x001effff, 0, 0, 18 },
				Package () { 0x001fffff, 0, 0, 19 }
			})
		}
	}
}
