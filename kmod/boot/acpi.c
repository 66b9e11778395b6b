// SPDX-License-Identifier: GPL-2.0
/*
 * The ACPI tables of a VM (ACPI 6.4): RSDP, RSDT, XSDT, FADT, FACS, MADT, MCFG
 * and the DSDT, which is compiled from dsdt.asl.
 *
 * The machine is a full ACPI platform, not a hardware-reduced one: with the
 * latter Linux drops PIC and PIT.  There is no SMI command port: the machine is
 * in ACPI mode from the start, and PM1 control has SCI_EN always set.
 *
 * CPUs are listed in the MADT alone.  Linux takes them from there, and without
 * processor objects it tries neither C-states nor frequencies, of which there
 * are none; so the DSDT is the same for all VMs.
 */
#include "boot/acpi.h"
#include "boot/dsdt.h"

#define OEM_ID		"HYPSPC"
#define OEM_TABLE_ID	"HYPERSPC"
#define CREATOR_ID	"HYPS"

#define CHECKSUM_OFFSET	9	/* in a table's header */
#define TABLE_ALIGN	16
#define FACS_ALIGN	64	/* ACPI 5.2.10 */

struct rsdp {
	char sig[8];
	u8 checksum;		/* of the first 20 bytes */
	char oem_id[6];
	u8 revision;
	u32 rsdt;
	u32 length;
	u64 xsdt;
	u8 checksum_all;
	u8 reserved[3];
} __packed;

struct header {
	char sig[4];
	u32 length;
	u8 revision;
	u8 checksum;
	char oem_id[6];
	char oem_table_id[8];
	u32 oem_revision;
	char creator_id[4];
	u32 creator_revision;
} __packed;

/* Generic address structure, ACPI 5.2.3.2. */
struct gas {
	u8 space, bits, offset, access;
	u64 addr;
} __packed;

#define GAS_IO		1
#define GAS_BYTE	1
#define GAS_WORD	2
#define GAS_DWORD	3

#define IO(port, bytes, size) \
	((struct gas){ GAS_IO, (bytes) * 8, 0, (size), (port) })

/* ACPI 5.2.9, after the table header. */
struct fadt {
	u32 facs, dsdt;
	u8 reserved1, profile;
	u16 sci_int;
	u32 smi_cmd;
	u8 acpi_enable, acpi_disable, s4bios, pstate_cnt;
	u32 pm1a_evt, pm1b_evt, pm1a_cnt, pm1b_cnt, pm2_cnt, pm_tmr, gpe0, gpe1;
	u8 pm1_evt_len, pm1_cnt_len, pm2_cnt_len, pm_tmr_len;
	u8 gpe0_len, gpe1_len, gpe1_base, cst_cnt;
	u16 c2_latency, c3_latency, flush_size, flush_stride;
	u8 duty_offset, duty_width, day_alarm, month_alarm, century;
	u16 boot_arch;
	u8 reserved2;
	u32 flags;
	struct gas reset_reg;
	u8 reset_value;
	u16 arm_boot_arch;
	u8 minor;
	u64 x_facs, x_dsdt;
	struct gas x_pm1a_evt, x_pm1b_evt, x_pm1a_cnt, x_pm1b_cnt, x_pm2_cnt;
	struct gas x_pm_tmr, x_gpe0, x_gpe1, sleep_control, sleep_status;
	u64 hypervisor;
} __packed;

#define FADT_REVISION	6
#define FADT_MINOR	3

#define FADT_WBINVD		BIT(0)
#define FADT_PROC_C1		BIT(2)	/* C1 (HLT) works on all CPUs */
#define FADT_SLP_BUTTON		BIT(5)	/* set: no fixed sleep button */
#define FADT_FIX_RTC		BIT(6)	/* set: no RTC wake in fixed registers */
#define FADT_TMR_VAL_EXT	BIT(8)	/* the PM timer has 32 bits */
#define FADT_RESET_REG_SUP	BIT(10)
/* PWR_BUTTON (bit 4) is clear: the power button is fixed hardware in PM1. */

#define BOOT_LEGACY_DEVICES	BIT(0)	/* UART, PIT, PIC are there */
#define BOOT_NO_VGA		BIT(2)
/* 8042 (bit 1) is clear: none; CMOS_RTC_NOT_PRESENT (bit 5) is clear: one. */

/* A latency above 100 us (C2) or 1000 us (C3) says that there is no such state. */
#define NO_C2			101
#define NO_C3			1001

struct facs {
	char sig[4];
	u32 length, hardware_signature, waking_vector, global_lock, flags;
	u64 x_waking_vector;
	u8 version, reserved1[3];
	u32 ospm_flags;
	u8 reserved2[24];
} __packed;

/* MADT, ACPI 5.2.12, after the table header, and its entries. */
struct madt {
	u32 lapic, flags;
} __packed;

#define MADT_PCAT_COMPAT	BIT(0)	/* there are 8259s too */
#define MADT_REVISION		4

struct madt_lapic {
	u8 type, length, uid, apic_id;
	u32 flags;
} __packed;

struct madt_x2apic {
	u8 type, length;
	u16 reserved;
	u32 apic_id, flags, uid;
} __packed;

struct madt_ioapic {
	u8 type, length, id, reserved;
	u32 addr, gsi_base;
} __packed;

struct madt_override {
	u8 type, length, bus, irq;
	u32 gsi;
	u16 flags;
} __packed;

struct madt_lapic_nmi {
	u8 type, length, uid;
	u16 flags;
	u8 lint;
} __packed;

struct madt_x2apic_nmi {
	u8 type, length;
	u16 flags;
	u32 uid;
	u8 lint, reserved[3];
} __packed;

#define MADT_LAPIC		0
#define MADT_IOAPIC		1
#define MADT_OVERRIDE		2
#define MADT_LAPIC_NMI		4
#define MADT_X2APIC		9
#define MADT_X2APIC_NMI		10

#define MADT_CPU_ENABLED	BIT(0)
#define MADT_ALL_CPUS8		0xff
#define MADT_ALL_CPUS32		0xffffffff
#define MADT_BUS_CONFORMS	0
#define MADT_LEVEL_HIGH		0x000d	/* trigger level, polarity high */
#define NMI_LINT		1

/* 255 is the broadcast id of an xAPIC: such CPUs are x2APIC only. */
#define XAPIC_CPUS		255U

/* MCFG, PCI Firmware 3.0, 4.1.2, after the table header: one bus. */
struct mcfg {
	u8 reserved1[8];
	u64 base;
	u16 segment;
	u8 first_bus, last_bus;
	u8 reserved2[4];
} __packed;

#define MCFG_REVISION		1

/* Tables are written one after the other; a failed write sticks. */
struct writer {
	const struct hs_boot_mem *mem;
	u64 table;		/* start of the table being written */
	u64 pos;		/* where the next byte goes */
	u8 sum;			/* of the bytes of this table */
	int ret;
};

static void emit(struct writer *w, const void *data, size_t len)
{
	const u8 *b = data;
	size_t i;

	if (w->ret)
		return;
	w->ret = w->mem->write(w->mem->arg, w->pos, data, len);
	w->pos += len;
	for (i = 0; i < len; i++)
		w->sum += b[i];
}

/* Starts a table of @len bytes, header included.  Returns its address. */
static u64 begin(struct writer *w, const char *sig, u8 revision, u32 len)
{
	struct header h = {
		.length = len,
		.revision = revision,
		.oem_revision = 1,
		.creator_revision = 1,
	};

	memcpy(h.sig, sig, sizeof(h.sig));
	memcpy(h.oem_id, OEM_ID, sizeof(h.oem_id));
	memcpy(h.oem_table_id, OEM_TABLE_ID, sizeof(h.oem_table_id));
	memcpy(h.creator_id, CREATOR_ID, sizeof(h.creator_id));

	w->pos = ALIGN(w->pos, TABLE_ALIGN);
	w->table = w->pos;
	w->sum = 0;
	emit(w, &h, sizeof(h));
	return w->table;
}

/* Ends a table: all its bytes, this one included, add up to 0. */
static void end(struct writer *w)
{
	u8 checksum = -w->sum;

	if (!w->ret)
		w->ret = w->mem->write(w->mem->arg, w->table + CHECKSUM_OFFSET,
				       &checksum, 1);
}

static u64 put_dsdt(struct writer *w)
{
	w->pos = ALIGN(w->pos, TABLE_ALIGN);
	w->table = w->pos;
	emit(w, hs_dsdt_aml, sizeof(hs_dsdt_aml));
	return w->table;
}

/* The one table without the usual header, and without a checksum. */
static u64 put_facs(struct writer *w)
{
	struct facs f = {
		.sig = "FACS",
		.length = sizeof(f),
		.version = 2,
	};

	BUILD_BUG_ON(sizeof(f) != 64);
	w->pos = ALIGN(w->pos, FACS_ALIGN);
	w->table = w->pos;
	emit(w, &f, sizeof(f));
	return w->table;
}

static u64 put_fadt(struct writer *w, u64 dsdt, u64 facs)
{
	/*
	 * FACS by its 32-bit field alone: with both set Linux takes it for two
	 * tables.  The registers by both, which must agree.
	 */
	struct fadt f = {
		.facs = facs,
		.dsdt = dsdt,
		.x_dsdt = dsdt,
		.sci_int = HS_IRQ_SCI,
		.pm1a_evt = HS_PORT_PM1A_EVT,
		.pm1a_cnt = HS_PORT_PM1A_CNT,
		.pm_tmr = HS_PORT_PM_TMR,
		.pm1_evt_len = HS_PM1_EVT_LEN,
		.pm1_cnt_len = HS_PM1_CNT_LEN,
		.pm_tmr_len = HS_PM_TMR_LEN,
		.x_pm1a_evt = IO(HS_PORT_PM1A_EVT, HS_PM1_EVT_LEN, GAS_WORD),
		.x_pm1a_cnt = IO(HS_PORT_PM1A_CNT, HS_PM1_CNT_LEN, GAS_WORD),
		.x_pm_tmr = IO(HS_PORT_PM_TMR, HS_PM_TMR_LEN, GAS_DWORD),
		.reset_reg = IO(HS_PORT_RESET, 1, GAS_BYTE),
		.reset_value = HS_PORT_RESET_VALUE,
		.c2_latency = NO_C2,
		.c3_latency = NO_C3,
		.century = HS_RTC_CENTURY,
		.boot_arch = BOOT_LEGACY_DEVICES | BOOT_NO_VGA,
		.flags = FADT_WBINVD | FADT_PROC_C1 | FADT_SLP_BUTTON |
			 FADT_FIX_RTC | FADT_TMR_VAL_EXT | FADT_RESET_REG_SUP,
		.minor = FADT_MINOR,
	};
	u64 at;

	BUILD_BUG_ON(sizeof(struct header) + sizeof(f) != 276);
	at = begin(w, "FACP", FADT_REVISION, sizeof(struct header) + sizeof(f));
	emit(w, &f, sizeof(f));
	end(w);
	return at;
}

static void put_cpus(struct writer *w, unsigned int cpus)
{
	unsigned int i;

	for (i = 0; i < min(cpus, XAPIC_CPUS); i++) {
		struct madt_lapic e = {
			.type = MADT_LAPIC, .length = sizeof(e),
			.uid = i, .apic_id = i, .flags = MADT_CPU_ENABLED,
		};

		emit(w, &e, sizeof(e));
	}
	for (; i < cpus; i++) {
		struct madt_x2apic e = {
			.type = MADT_X2APIC, .length = sizeof(e),
			.uid = i, .apic_id = i, .flags = MADT_CPU_ENABLED,
		};

		emit(w, &e, sizeof(e));
	}
}

/* An ISA interrupt that arrives elsewhere or otherwise than the bus has it. */
static void put_override(struct writer *w, u8 irq, u32 gsi, u16 flags)
{
	struct madt_override e = {
		.type = MADT_OVERRIDE, .length = sizeof(e),
		.irq = irq, .gsi = gsi, .flags = flags,
	};

	emit(w, &e, sizeof(e));
}

static u64 put_madt(struct writer *w, unsigned int cpus)
{
	const unsigned int xapics = min(cpus, XAPIC_CPUS);
	const struct madt m = {
		.lapic = HS_GPA_LAPIC,
		.flags = MADT_PCAT_COMPAT,
	};
	const struct madt_ioapic ioapic = {
		.type = MADT_IOAPIC, .length = sizeof(ioapic),
		.id = HS_IOAPIC_ID, .addr = HS_GPA_IOAPIC,
	};
	const struct madt_lapic_nmi nmi = {
		.type = MADT_LAPIC_NMI, .length = sizeof(nmi),
		.uid = MADT_ALL_CPUS8, .lint = NMI_LINT,
	};
	const struct madt_x2apic_nmi x2nmi = {
		.type = MADT_X2APIC_NMI, .length = sizeof(x2nmi),
		.uid = MADT_ALL_CPUS32, .lint = NMI_LINT,
	};
	u32 len = sizeof(struct header) + sizeof(m) +
		  xapics * sizeof(struct madt_lapic) +
		  (cpus - xapics) * sizeof(struct madt_x2apic) +
		  sizeof(ioapic) + 2 * sizeof(struct madt_override) +
		  sizeof(nmi);
	u64 at;

	BUILD_BUG_ON(sizeof(struct madt_lapic) != 8);
	BUILD_BUG_ON(sizeof(struct madt_x2apic) != 16);
	BUILD_BUG_ON(sizeof(ioapic) != 12);
	BUILD_BUG_ON(sizeof(struct madt_override) != 10);
	BUILD_BUG_ON(sizeof(nmi) != 6);
	BUILD_BUG_ON(sizeof(x2nmi) != 12);

	if (cpus > xapics)
		len += sizeof(x2nmi);

	at = begin(w, "APIC", MADT_REVISION, len);
	emit(w, &m, sizeof(m));
	put_cpus(w, cpus);
	emit(w, &ioapic, sizeof(ioapic));
	put_override(w, HS_IRQ_PIT, HS_GSI_PIT, MADT_BUS_CONFORMS);
	put_override(w, HS_IRQ_SCI, HS_IRQ_SCI, MADT_LEVEL_HIGH);
	emit(w, &nmi, sizeof(nmi));
	if (cpus > xapics)
		emit(w, &x2nmi, sizeof(x2nmi));
	end(w);
	return at;
}

static u64 put_mcfg(struct writer *w)
{
	const struct mcfg m = { .base = HS_GPA_PCI_ECAM };
	u64 at;

	BUILD_BUG_ON(sizeof(struct header) + sizeof(m) != 60);
	at = begin(w, "MCFG", MCFG_REVISION, sizeof(struct header) + sizeof(m));
	emit(w, &m, sizeof(m));
	end(w);
	return at;
}

/* RSDT or XSDT: @bytes of addresses of tables, in the width that @sig has. */
static u64 put_index(struct writer *w, const char *sig, const void *tables,
		     size_t bytes)
{
	u64 at = begin(w, sig, 1, sizeof(struct header) + bytes);

	emit(w, tables, bytes);
	end(w);
	return at;
}

static u8 checksum(const void *data, size_t len)
{
	const u8 *b = data;
	u8 sum = 0;

	while (len--)
		sum += *b++;
	return -sum;
}

static void put_rsdp(struct writer *w, u64 rsdt, u64 xsdt)
{
	struct rsdp r = {
		.revision = 2,
		.rsdt = rsdt,
		.length = sizeof(r),
		.xsdt = xsdt,
	};

	BUILD_BUG_ON(sizeof(r) != 36);
	memcpy(r.sig, "RSD PTR ", sizeof(r.sig));
	memcpy(r.oem_id, OEM_ID, sizeof(r.oem_id));
	r.checksum = checksum(&r, offsetof(struct rsdp, length));
	r.checksum_all = checksum(&r, sizeof(r));
	emit(w, &r, sizeof(r));
}

/**
 * hs_acpi_build() - write the ACPI tables of a VM to its memory
 * @cpus: vCPUs, 1..HS_BOOT_CPUS_MAX; CPU n has APIC id n and processor UID n
 * @mem: guest memory; only its @write is used, without the scratch page
 * @rsdp: gets the address of the root pointer
 *
 * The tables lie between HS_GPA_ACPI and HS_GPA_SMBIOS, where guests that are
 * not told the root pointer's address search for it.
 *
 * Context: that of the callback.
 * Return: 0; -EINVAL when @cpus is out of range; or the error of @mem's write.
 */
int hs_acpi_build(unsigned int cpus, const struct hs_boot_mem *mem, u64 *rsdp)
{
	struct writer w = { .mem = mem };
	u64 dsdt, facs, rsdt, xsdt;
	u64 tables[3];		/* what FADT, MADT and MCFG are found by */
	u32 tables32[3];	/* for readers of ACPI 1.0 */
	unsigned int i;

	/* The largest table, and room for all others, fits the area. */
	BUILD_BUG_ON(XAPIC_CPUS * sizeof(struct madt_lapic) +
		     (HS_BOOT_CPUS_MAX - XAPIC_CPUS) * sizeof(struct madt_x2apic) +
		     sizeof(hs_dsdt_aml) + 4096 > HS_GPA_SMBIOS - HS_GPA_ACPI);

	if (!cpus || cpus > HS_BOOT_CPUS_MAX)
		return -EINVAL;

	w.pos = HS_GPA_ACPI + sizeof(struct rsdp);
	dsdt = put_dsdt(&w);
	facs = put_facs(&w);
	tables[0] = put_fadt(&w, dsdt, facs);
	tables[1] = put_madt(&w, cpus);
	tables[2] = put_mcfg(&w);
	for (i = 0; i < ARRAY_SIZE(tables); i++)
		tables32[i] = tables[i];
	rsdt = put_index(&w, "RSDT", tables32, sizeof(tables32));
	xsdt = put_index(&w, "XSDT", tables, sizeof(tables));

	w.pos = HS_GPA_ACPI;
	put_rsdp(&w, rsdt, xsdt);
	*rsdp = HS_GPA_ACPI;
	return w.ret;
}
