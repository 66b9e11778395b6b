// SPDX-License-Identifier: GPL-2.0
/*
 * The SMBIOS tables of a VM (DMTF DSP0134, version 2.8): what machine this is,
 * and what it has.  Firmware leaves them in memory; there is no firmware here,
 * so the loader does.
 *
 * They say that this is a virtual machine, how many processors there are and
 * where RAM lies, as the memory map has it.  Nothing in them tells one VM from
 * another: serial numbers are not specified, the UUID says "not present".
 */
#include "boot/smbios.h"

#define ENTRY_BYTES	31	/* of the entry point, 5.2.1 */
#define TABLE_ROOM	(HS_BOOT_SCRATCH - 32)
#define HANDLE_NONE	0xffff
#define HANDLE_NO_ERRORS 0xfffe	/* error information is not provided */

#define BIOS		0
#define SYSTEM		1
#define CHASSIS		3
#define PROCESSOR	4
#define MEMORY_ARRAY	16
#define MEMORY_DEVICE	17
#define MEMORY_MAPPED	19
#define SYSTEM_BOOT	32
#define END		127

/* A structure's handle: its type in the high byte, its number in the low one. */
#define HANDLE(type, n)	((type) << 8 | (n))

#define MAKER		"Hyperspace"
#define PRODUCT		"Virtual Machine"

struct head {
	u8 type;
	u8 length;		/* without the strings */
	u16 handle;
} __packed;

/* 7.1, as of version 2.4 */
struct bios {
	struct head h;
	u8 vendor, version;	/* numbers of strings, like all below */
	u16 segment;
	u8 date, rom_size;
	u64 characteristics;
	u8 extension[2];
	u8 major, minor, ec_major, ec_minor;
} __packed;

#define BIOS_NO_CHARACTERISTICS	BIT_ULL(3)
#define BIOS_EXT2_VIRTUAL	BIT(4)	/* this describes a virtual machine */

/* 7.2 */
struct system {
	struct head h;
	u8 maker, product, version, serial;
	u8 uuid[16];
	u8 wake_up, sku, family;
} __packed;

#define WAKE_UP_POWER_SWITCH	6

/* 7.4 */
struct chassis {
	struct head h;
	u8 maker, type, version, serial, asset;
	u8 boot_state, power_state, thermal_state, security;
	u32 oem;
	u8 height, cords, elements, element_length, sku;
} __packed;

#define CHASSIS_OTHER	1
#define STATE_SAFE	3
#define SECURITY_NONE	3

/* 7.5, as of version 2.6 */
struct processor {
	struct head h;
	u8 socket, type, family, maker;
	u64 id;
	u8 version, voltage;
	u16 clock, max_speed, speed;
	u8 status, upgrade;
	u16 l1, l2, l3;
	u8 serial, asset, part, cores, cores_on, threads;
	u16 characteristics, family2;
} __packed;

#define PROCESSOR_CENTRAL	3
#define FAMILY_OTHER		1
#define STATUS_ENABLED		0x41	/* socket populated, CPU enabled */
#define UPGRADE_OTHER		1
#define PROCESSOR_64BIT		BIT(2)

/* 7.17, as of version 2.7 */
struct memory_array {
	struct head h;
	u8 location, use, correction;
	u32 max_kib;
	u16 errors, devices;
	u64 max_bytes;
} __packed;

#define LOCATION_OTHER		1
#define USE_SYSTEM_MEMORY	3
#define CORRECTION_UNKNOWN	2
#define MAX_IN_BYTES		0x80000000	/* see max_bytes */

/* 7.18, as of version 2.8 */
struct memory_device {
	struct head h;
	u16 array, errors, total_width, data_width, size;
	u8 form, set, locator, bank, type;
	u16 detail, speed;
	u8 maker, serial, asset, part, rank;
	u32 size_mib;
	u16 clock, min_voltage, max_voltage, voltage;
} __packed;

#define WIDTH_UNKNOWN		0xffff
#define SIZE_IN_KIB		0x8000
#define SIZE_EXTENDED		0x7fff		/* see size_mib */
#define FORM_OTHER		1
#define MEMORY_RAM		7
#define DETAIL_OTHER		BIT(1)

/* 7.20, as of version 2.7 */
struct memory_mapped {
	struct head h;
	u32 start_kib, end_kib;	/* end inclusive */
	u16 array;
	u8 width;
	u64 start, end;
} __packed;

#define MAPPED_IN_BYTES		U32_MAX		/* see start and end */

/* 7.33 */
struct system_boot {
	struct head h;
	u8 reserved[6];
	u8 status;		/* 0: no error */
} __packed;

struct entry {
	char anchor[4];
	u8 checksum, length, major, minor;
	u16 max_structure;
	u8 revision, formatted[5];
	char dmi_anchor[5];
	u8 dmi_checksum;
	u16 table_length;
	u32 table;
	u16 structures;
	u8 bcd_revision;
} __packed;

/* The tables grow in a buffer; what does not fit is counted, not written. */
struct table {
	u8 *buf;
	size_t len;
	u16 max;		/* bytes of the largest structure */
	u16 count;
};

static void append(struct table *t, const void *data, size_t len)
{
	if (t->len <= TABLE_ROOM && len <= TABLE_ROOM - t->len)
		memcpy(t->buf + t->len, data, len);
	t->len += len;
}

/*
 * Appends the structure at @s and its strings: each ends with a NUL, one more
 * ends the set; a structure without strings has two NULs.
 */
static void add(struct table *t, void *s, u8 type, u8 number, size_t size,
		const char *const *strings)
{
	struct head *h = s;
	size_t from = t->len;
	unsigned int n;

	*h = (struct head){ type, size, HANDLE(type, number) };
	append(t, s, size);
	for (n = 0; strings && strings[n]; n++)
		append(t, strings[n], strlen(strings[n]) + 1);
	append(t, n ? "" : "\0", n ? 1 : 2);
	t->max = max_t(u16, t->max, t->len - from);
	t->count++;
}

static void add_machine(struct table *t)
{
	static const char *const bios_strings[] = { MAKER, "1", "01/01/2026", NULL };
	static const char *const system_strings[] = { MAKER, PRODUCT, "1", NULL };
	static const char *const chassis_strings[] = { MAKER, "1", NULL };
	struct bios bios = {
		.vendor = 1, .version = 2, .date = 3,
		.characteristics = BIOS_NO_CHARACTERISTICS,
		.extension = { 0, BIOS_EXT2_VIRTUAL },
		.major = 1, .ec_major = 0xff, .ec_minor = 0xff,
	};
	struct system sys = {
		.maker = 1, .product = 2, .version = 3, .wake_up = WAKE_UP_POWER_SWITCH,
	};
	struct chassis chassis = {
		.maker = 1, .version = 2, .type = CHASSIS_OTHER,
		.boot_state = STATE_SAFE, .power_state = STATE_SAFE,
		.thermal_state = STATE_SAFE, .security = SECURITY_NONE,
	};

	BUILD_BUG_ON(sizeof(bios) != 0x18);
	BUILD_BUG_ON(sizeof(sys) != 0x1b);
	BUILD_BUG_ON(sizeof(chassis) != 0x16);
	add(t, &bios, BIOS, 0, sizeof(bios), bios_strings);
	add(t, &sys, SYSTEM, 0, sizeof(sys), system_strings);
	add(t, &chassis, CHASSIS, 0, sizeof(chassis), chassis_strings);
}

static void add_processor(struct table *t, unsigned int cpus)
{
	static const char *const strings[] = { "CPU 0", MAKER, "1", NULL };
	/* One package, as CPUID says.  0 stands for a number beyond a byte. */
	const u8 count = cpus < 0xff ? cpus : 0;
	struct processor p = {
		.socket = 1, .maker = 2, .version = 3,
		.type = PROCESSOR_CENTRAL, .family = FAMILY_OTHER,
		.status = STATUS_ENABLED, .upgrade = UPGRADE_OTHER,
		.l1 = HANDLE_NONE, .l2 = HANDLE_NONE, .l3 = HANDLE_NONE,
		.cores = count, .cores_on = count, .threads = count,
		.characteristics = PROCESSOR_64BIT, .family2 = FAMILY_OTHER,
	};

	BUILD_BUG_ON(sizeof(p) != 0x2a);
	add(t, &p, PROCESSOR, 0, sizeof(p), strings);
}

/* One stretch of RAM, [@start, @end). */
static void add_mapped(struct table *t, u8 number, u64 start, u64 end)
{
	struct memory_mapped m = {
		.array = HANDLE(MEMORY_ARRAY, 0), .width = 1,
	};

	BUILD_BUG_ON(sizeof(m) != 0x1f);
	if (start == end)
		return;
	if ((end - 1) >> 10 < MAPPED_IN_BYTES) {
		m.start_kib = start >> 10;
		m.end_kib = (end - 1) >> 10;
	} else {
		m.start_kib = m.end_kib = MAPPED_IN_BYTES;
		m.start = start;
		m.end = end - 1;
	}
	add(t, &m, MEMORY_MAPPED, number, sizeof(m), NULL);
}

/* All RAM is one device: where it is cut in two is the map's affair. */
static void add_memory(struct table *t, u64 ram_bytes)
{
	static const char *const strings[] = { "RAM 0", MAKER, NULL };
	const u64 kib = ram_bytes >> 10, mib = ram_bytes >> 20;
	struct memory_array a = {
		.location = LOCATION_OTHER, .use = USE_SYSTEM_MEMORY,
		.correction = CORRECTION_UNKNOWN, .errors = HANDLE_NO_ERRORS,
		.devices = 1,
	};
	struct memory_device d = {
		.array = HANDLE(MEMORY_ARRAY, 0), .errors = HANDLE_NO_ERRORS,
		.total_width = WIDTH_UNKNOWN, .data_width = WIDTH_UNKNOWN,
		.form = FORM_OTHER, .locator = 1, .maker = 2,
		.type = MEMORY_RAM, .detail = DETAIL_OTHER,
	};

	BUILD_BUG_ON(sizeof(a) != 0x17);
	BUILD_BUG_ON(sizeof(d) != 0x28);
	BUILD_BUG_ON(HS_RAM_MAX >> 20 > 0x7fffffff);
	if (kib < MAX_IN_BYTES) {
		a.max_kib = kib;
	} else {
		a.max_kib = MAX_IN_BYTES;
		a.max_bytes = ram_bytes;
	}
	add(t, &a, MEMORY_ARRAY, 0, sizeof(a), NULL);

	/* Exact where the field allows it, else rounded down to MiB. */
	if (kib < SIZE_EXTENDED && kib & 1023) {
		d.size = SIZE_IN_KIB | kib;
	} else if (mib < SIZE_EXTENDED) {
		d.size = mib;
	} else {
		d.size = SIZE_EXTENDED;
		d.size_mib = mib;
	}
	add(t, &d, MEMORY_DEVICE, 0, sizeof(d), strings);

	add_mapped(t, 0, 0, hs_layout_low_end(ram_bytes));
	add_mapped(t, 1, HS_GPA_HIGH_RAM, hs_layout_high_end(ram_bytes));
}

static void add_end(struct table *t)
{
	struct system_boot boot = { 0 };
	struct head end;

	BUILD_BUG_ON(sizeof(boot) != 0x0b);
	add(t, &boot, SYSTEM_BOOT, 0, sizeof(boot), NULL);
	add(t, &end, END, 0, sizeof(end), NULL);
}

static u8 checksum(const void *data, size_t len)
{
	const u8 *b = data;
	u8 sum = 0;

	while (len--)
		sum += *b++;
	return -sum;
}

/**
 * hs_smbios_build() - write the SMBIOS tables of a VM to its memory
 * @ram_bytes: RAM of the VM, see hs_layout_ram_ok()
 * @cpus: vCPUs, 1..HS_BOOT_CPUS_MAX
 * @mem: guest memory; its @write and its scratch page are used
 *
 * The entry point is at HS_GPA_SMBIOS, in the range that guests search for it
 * (DSP0134 5.2.1); the structures follow it, all within one page.
 *
 * Context: that of the callback.
 * Return: 0; -EINVAL when a parameter is out of range; -ENOSPC when the tables
 * do not fit (a bug); or the error of @mem's write.
 */
int hs_smbios_build(u64 ram_bytes, unsigned int cpus, const struct hs_boot_mem *mem)
{
	struct table t = { .buf = (u8 *)mem->scratch + 32 };
	struct entry e = {
		.anchor = "_SM_", .length = ENTRY_BYTES, .major = 2, .minor = 8,
		.dmi_anchor = "_DMI_", .table = HS_GPA_SMBIOS + 32,
		.bcd_revision = 0x28,
	};

	BUILD_BUG_ON(sizeof(e) != ENTRY_BYTES);
	BUILD_BUG_ON(HS_GPA_SMBIOS < 0xf0000 ||
		     HS_GPA_SMBIOS + HS_BOOT_SCRATCH > HS_GPA_ACPI_END);
	if (!hs_layout_ram_ok(ram_bytes) || !cpus || cpus > HS_BOOT_CPUS_MAX)
		return -EINVAL;

	memset(mem->scratch, 0, 32);
	add_machine(&t);
	add_processor(&t, cpus);
	add_memory(&t, ram_bytes);
	add_end(&t);
	if (t.len > TABLE_ROOM)
		return -ENOSPC;

	e.max_structure = t.max;
	e.table_length = t.len;
	e.structures = t.count;
	/* The part that the older anchor covers first: it is summed up twice. */
	e.dmi_checksum = checksum(e.dmi_anchor, ENTRY_BYTES - offsetof(struct entry, dmi_anchor));
	e.checksum = checksum(&e, ENTRY_BYTES);
	memcpy(mem->scratch, &e, ENTRY_BYTES);
	return mem->write(mem->arg, HS_GPA_SMBIOS, mem->scratch, 32 + t.len);
}
