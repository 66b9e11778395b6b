/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What must hold after any successful load, whatever the image: looked at as
 * the guest would, from memory contents and registers alone.  Aborts where it
 * does not hold.
 */
#ifndef BOOT_CHECK_H
#define BOOT_CHECK_H

#include "boot_fake.h"

static inline u8 check_sum(struct fake_mem *m, u64 gpa, u32 len)
{
	u8 sum = 0, buf[256];
	u32 i, n;

	for (; len; gpa += n, len -= n) {
		n = min_t(u32, len, sizeof(buf));
		fake_get(m, gpa, buf, n);
		for (i = 0; i < n; i++)
			sum += buf[i];
	}
	return sum;
}

/* A table with the standard header: in the area, named @sig, sum 0. */
static inline u32 check_table(struct fake_mem *m, u64 gpa, const char *sig)
{
	u32 len = fake_get_u32(m, gpa + 4);

	FAKE_CHECK(gpa >= HS_GPA_ACPI && gpa < HS_GPA_ACPI_END);
	FAKE_CHECK(len >= 36 && len <= HS_GPA_ACPI_END - gpa);
	FAKE_CHECK(fake_equal(m, gpa, sig, 4));
	FAKE_CHECK(!check_sum(m, gpa, len));
	return len;
}

/* Entries of the MADT: each CPU once, in order; one I/O APIC; NMIs; lines. */
static inline void check_madt(struct fake_mem *m, u64 gpa, unsigned int cpus)
{
	u32 len = check_table(m, gpa, "APIC"), off, cpu = 0;
	unsigned int ioapics = 0, overrides = 0, nmis = 0, x2nmis = 0;

	FAKE_CHECK(fake_get_u32(m, gpa + 36) == HS_GPA_LAPIC);
	FAKE_CHECK(fake_get_u32(m, gpa + 40) == 1);
	for (off = 44; off < len; ) {
		u64 e = gpa + off;
		u8 type = fake_get_u8(m, e), n = fake_get_u8(m, e + 1);

		FAKE_CHECK(n >= 2 && n <= len - off);
		switch (type) {
		case 0:
			FAKE_CHECK(n == 8 && cpu < 255);
			FAKE_CHECK(fake_get_u8(m, e + 2) == cpu);
			FAKE_CHECK(fake_get_u8(m, e + 3) == cpu);
			FAKE_CHECK(fake_get_u32(m, e + 4) == 1);
			cpu++;
			break;
		case 9:
			FAKE_CHECK(n == 16 && cpu >= 255);
			FAKE_CHECK(fake_get_u32(m, e + 4) == cpu);
			FAKE_CHECK(fake_get_u32(m, e + 8) == 1);
			FAKE_CHECK(fake_get_u32(m, e + 12) == cpu);
			cpu++;
			break;
		case 1:
			FAKE_CHECK(n == 12);
			FAKE_CHECK(fake_get_u8(m, e + 2) == HS_IOAPIC_ID);
			FAKE_CHECK(fake_get_u32(m, e + 4) == HS_GPA_IOAPIC);
			FAKE_CHECK(fake_get_u32(m, e + 8) == 0);
			ioapics++;
			break;
		case 2:
			FAKE_CHECK(n == 10 && fake_get_u8(m, e + 2) == 0);
			if (fake_get_u8(m, e + 3) == HS_IRQ_PIT) {
				FAKE_CHECK(fake_get_u32(m, e + 4) == HS_GSI_PIT);
				FAKE_CHECK(fake_get_u16(m, e + 8) == 0);
			} else {
				FAKE_CHECK(fake_get_u8(m, e + 3) == HS_IRQ_SCI);
				FAKE_CHECK(fake_get_u32(m, e + 4) == HS_IRQ_SCI);
				FAKE_CHECK(fake_get_u16(m, e + 8) == 0xd);
			}
			overrides++;
			break;
		case 4:
			FAKE_CHECK(n == 6 && fake_get_u8(m, e + 2) == 0xff);
			FAKE_CHECK(fake_get_u8(m, e + 5) == 1);
			nmis++;
			break;
		case 10:
			FAKE_CHECK(n == 12 && fake_get_u32(m, e + 4) == 0xffffffff);
			FAKE_CHECK(fake_get_u8(m, e + 8) == 1);
			x2nmis++;
			break;
		default:
			FAKE_CHECK(!"unknown MADT entry");
		}
		off += n;
	}
	FAKE_CHECK(cpu == cpus && ioapics == 1 && overrides == 2 && nmis == 1);
	FAKE_CHECK(x2nmis == (cpus > 255));
}

/* The whole tree of tables from the root pointer. */
static inline void check_acpi(struct fake_mem *m, u64 rsdp, unsigned int cpus)
{
	u64 rsdt, xsdt, fadt, madt, mcfg, facs;

	FAKE_CHECK(rsdp >= HS_GPA_ACPI && rsdp < HS_GPA_ACPI_END && !(rsdp & 15));
	FAKE_CHECK(fake_equal(m, rsdp, "RSD PTR ", 8));
	FAKE_CHECK(!check_sum(m, rsdp, 20) && !check_sum(m, rsdp, 36));
	FAKE_CHECK(fake_get_u8(m, rsdp + 15) == 2 && fake_get_u32(m, rsdp + 20) == 36);
	rsdt = fake_get_u32(m, rsdp + 16);
	xsdt = fake_get_u64(m, rsdp + 24);
	FAKE_CHECK(check_table(m, rsdt, "RSDT") == 36 + 3 * 4);
	FAKE_CHECK(check_table(m, xsdt, "XSDT") == 36 + 3 * 8);
	fadt = fake_get_u64(m, xsdt + 36);
	madt = fake_get_u64(m, xsdt + 44);
	mcfg = fake_get_u64(m, xsdt + 52);
	FAKE_CHECK(fake_get_u32(m, rsdt + 36) == fadt && fake_get_u32(m, rsdt + 40) == madt);
	FAKE_CHECK(fake_get_u32(m, rsdt + 44) == mcfg);
	check_table(m, mcfg, "MCFG");

	FAKE_CHECK(check_table(m, fadt, "FACP") == 276);
	FAKE_CHECK(fake_get_u32(m, fadt + 40) == fake_get_u64(m, fadt + 140));
	check_table(m, fake_get_u64(m, fadt + 140), "DSDT");
	facs = fake_get_u32(m, fadt + 36);
	FAKE_CHECK(!(facs & 63) && fake_equal(m, facs, "FACS", 4));
	FAKE_CHECK(fake_get_u32(m, facs + 4) == 64 && fake_get_u64(m, fadt + 132) == 0);
	check_madt(m, madt, cpus);
}

/* The @number'th SMBIOS structure of @type, or 0; aborts on a damaged chain. */
static inline u64 check_smbios_find(struct fake_mem *m, u8 type, unsigned int number)
{
	u64 at = fake_get_u32(m, HS_GPA_SMBIOS + 0x18), s;
	u64 end = at + fake_get_u16(m, HS_GPA_SMBIOS + 0x16);
	unsigned int n = fake_get_u16(m, HS_GPA_SMBIOS + 0x1c);
	u64 found = 0;

	while (n--) {
		s = at;
		FAKE_CHECK(at + 4 <= end && fake_get_u8(m, at + 1) >= 4);
		at += fake_get_u8(m, at + 1);
		/* The strings, up to two NULs. */
		for (; fake_get_u16(m, at); at++)
			FAKE_CHECK(at + 2 <= end);
		at += 2;
		FAKE_CHECK(at <= end);
		FAKE_CHECK(at - s <= fake_get_u16(m, HS_GPA_SMBIOS + 8));
		FAKE_CHECK((fake_get_u8(m, s) == 127) == !n);
		if (fake_get_u8(m, s) == type && !number--)
			found = s;
	}
	FAKE_CHECK(at == end);
	return found;
}

/* SMBIOS: sums, the chain of structures, and RAM as the memory map has it. */
static inline void check_smbios(struct fake_mem *m, u64 ram_bytes, unsigned int cpus)
{
	static const u8 once[] = { 0, 1, 3, 4, 16, 17, 32, 127 };
	u64 at = HS_GPA_SMBIOS, s, start, end, size;
	unsigned int i;

	FAKE_CHECK(fake_equal(m, at, "_SM_", 4) && fake_equal(m, at + 16, "_DMI_", 5));
	FAKE_CHECK(fake_get_u8(m, at + 5) == 31);
	FAKE_CHECK(!check_sum(m, at, 31) && !check_sum(m, at + 16, 15));
	FAKE_CHECK(fake_get_u32(m, at + 0x18) == at + 32);
	FAKE_CHECK(32 + fake_get_u16(m, at + 0x16) <= FAKE_PAGE);
	for (i = 0; i < ARRAY_SIZE(once); i++) {
		FAKE_CHECK(check_smbios_find(m, once[i], 0));
		FAKE_CHECK(!check_smbios_find(m, once[i], 1));
	}
	s = check_smbios_find(m, 4, 0);
	FAKE_CHECK(fake_get_u8(m, s + 0x23) == (cpus < 255 ? cpus : 0));
	s = check_smbios_find(m, 17, 0);
	size = fake_get_u16(m, s + 0xc);
	if (size == 0x7fff)
		size = (u64)fake_get_u32(m, s + 0x1c) << 20;
	else
		size = size & 0x8000 ? (size & 0x7fff) << 10 : size << 20;
	FAKE_CHECK(size >> 20 == ram_bytes >> 20);
	s = check_smbios_find(m, 16, 0);
	size = fake_get_u32(m, s + 7);
	FAKE_CHECK((size == 0x80000000 ? fake_get_u64(m, s + 0xf) : size << 10) == ram_bytes);
	/* The stretches: RAM at both ends, nothing between them. */
	for (i = 0, size = 0; (s = check_smbios_find(m, 19, i)); i++) {
		start = (u64)fake_get_u32(m, s + 4) << 10;
		end = ((u64)fake_get_u32(m, s + 8) << 10) + 1023;
		if (fake_get_u32(m, s + 4) == U32_MAX) {
			start = fake_get_u64(m, s + 0xf);
			end = fake_get_u64(m, s + 0x17);
		}
		FAKE_CHECK(hs_layout_is_ram(ram_bytes, start, end - start + 1));
		size += end - start + 1;
	}
	FAKE_CHECK(size == ram_bytes);
}

/* Walks the page tables as the CPU does; ~0 when not mapped. */
static inline u64 check_walk(struct fake_mem *m, u64 cr3, u64 va)
{
	u64 table = cr3, e;
	int shift;

	for (shift = 39; shift >= 21; shift -= 9) {
		FAKE_CHECK(table >= HS_GPA_PAGE_TABLES && table < HS_GPA_PAGE_TABLES_END);
		FAKE_CHECK(!(table & 4095));
		e = fake_get_u64(m, table + (va >> shift & 511) * 8);
		if ((e & 3) != 3)
			return ~0ULL;
		if (shift == 21) {
			FAKE_CHECK(e & 0x80);
			return (e & ~0x1fffffULL & ~(1ULL << 63)) | (va & 0x1fffff);
		}
		FAKE_CHECK(!(e & 0x80));
		table = e & ~4095ULL;
	}
	return ~0ULL;
}

static inline void check_seg(struct fake_mem *m, const struct hs_boot_state *s,
			     const struct hs_boot_seg *seg, u64 base)
{
	u64 d;

	FAKE_CHECK(seg->sel + 7u <= s->gdt_limit);
	d = fake_get_u64(m, s->gdt_base + seg->sel);
	FAKE_CHECK((d >> 40 & 0xf0ff) == seg->ar);
	FAKE_CHECK(((d >> 16 & 0xffffff) | (d >> 56) << 24) == base);
	if (d >> 55 & 1)	/* granularity: pages */
		FAKE_CHECK((((d & 0xffff) | (d >> 48 & 0xf) << 16) << 12 | 0xfff) == seg->limit);
	else
		FAKE_CHECK(((d & 0xffff) | (d >> 48 & 0xf) << 16) == seg->limit);
}

static inline void check_cpu(struct fake_mem *m, const struct hs_boot_state *s)
{
	u64 va;

	FAKE_CHECK(s->rflags == 2);
	FAKE_CHECK(s->rsp == HS_GPA_BOOT_STACK);
	check_seg(m, s, &s->cs, 0);
	check_seg(m, s, &s->ds, 0);
	check_seg(m, s, &s->tr, s->tr_base);
	FAKE_CHECK(s->ds.ar == 0xc093 && s->tr.ar == 0x8b);

	if (s->mode == HS_BOOT_PROT32) {
		FAKE_CHECK(s->cs.ar == 0xc09b);
		FAKE_CHECK(s->cr0 == 0x11 && !s->cr3 && !s->cr4 && !s->efer);
		FAKE_CHECK(s->rip <= U32_MAX);
		return;
	}
	FAKE_CHECK(s->mode == HS_BOOT_LONG64);
	FAKE_CHECK(s->cs.ar == 0xa09b && s->cs.sel == 0x10 && s->ds.sel == 0x18);
	FAKE_CHECK(s->cr0 == 0x80000011 && s->cr4 == 0x20 && s->efer == 0x500);
	for (va = 0; va < 1ULL << 32; va += 1 << 21)
		FAKE_CHECK(check_walk(m, s->cr3, va) == va);
	for (va = s->kernel_start; va < s->kernel_end; va += 1 << 21)
		FAKE_CHECK(check_walk(m, s->cr3, va) == va);
	FAKE_CHECK(check_walk(m, s->cr3, s->kernel_end - 1) == s->kernel_end - 1);
	FAKE_CHECK(check_walk(m, s->cr3, s->rip) == s->rip);
}

/* The memory map at @map, entries of @stride bytes, is that of the machine. */
static inline void check_map(struct fake_mem *m, u64 map, unsigned int n,
			     unsigned int stride)
{
	struct hs_e820 e[HS_E820_MAX];
	unsigned int i;

	FAKE_CHECK(n == hs_layout_e820(m->ram_bytes, e));
	for (i = 0; i < n; i++) {
		FAKE_CHECK(fake_get_u64(m, map + i * stride) == e[i].addr);
		FAKE_CHECK(fake_get_u64(m, map + i * stride + 8) == e[i].size);
		FAKE_CHECK(fake_get_u32(m, map + i * stride + 16) == e[i].type);
	}
}

static inline void check_bzimage(struct fake_mem *m, const struct hs_boot_in *in,
				 const struct hs_boot_state *s)
{
	u64 zp = s->rsi;

	FAKE_CHECK(s->mode == HS_BOOT_LONG64 && !s->rax && !s->rbx);
	FAKE_CHECK(zp == HS_GPA_BOOT_INFO && s->rip == s->kernel_start + 0x200);
	FAKE_CHECK(fake_get_u16(m, zp + 0x1fe) == 0xaa55);
	FAKE_CHECK(fake_get_u32(m, zp + 0x202) == 0x53726448);
	FAKE_CHECK(fake_get_u8(m, zp + 0x1ef) == 0);
	FAKE_CHECK(fake_get_u8(m, zp + 0x210) == 0xff);
	FAKE_CHECK(fake_get_u32(m, zp + 0x214) == (u32)s->kernel_start);
	FAKE_CHECK(fake_get_u64(m, zp + 0x250) == 0);
	FAKE_CHECK(fake_get_u64(m, zp + 0x070) == s->rsdp);
	FAKE_CHECK((fake_get_u32(m, zp + 0x218) | (u64)fake_get_u32(m, zp + 0xc0) << 32) ==
		   s->initrd_start);
	FAKE_CHECK((fake_get_u32(m, zp + 0x21c) | (u64)fake_get_u32(m, zp + 0xc4) << 32) ==
		   s->initrd_bytes);
	FAKE_CHECK(fake_get_u32(m, zp + 0xc8) == 0);
	FAKE_CHECK(fake_is_string(m, fake_get_u32(m, zp + 0x228), in->cmdline ?: ""));
	check_map(m, zp + 0x2d0, fake_get_u8(m, zp + 0x1e8), 20);
	/* init_size bytes from the load address are there and the kernel's. */
	FAKE_CHECK(s->kernel_end - s->kernel_start >= fake_get_u32(m, zp + 0x260));
	FAKE_CHECK(hs_layout_is_loadable(in->ram_bytes, s->kernel_start,
					 s->kernel_end - s->kernel_start));
	if (s->initrd_bytes)
		FAKE_CHECK(s->initrd_start >= s->kernel_end ||
			   s->initrd_start + s->initrd_bytes <= s->kernel_start);
	FAKE_CHECK(s->kernel_start >= fake_get_u64(m, zp + 0x258));
}

static inline void check_pvh(struct fake_mem *m, const struct hs_boot_in *in,
			     const struct hs_boot_state *s)
{
	u64 si = s->rbx;

	FAKE_CHECK(s->mode == HS_BOOT_PROT32 && !s->rax && !s->rsi && si);
	FAKE_CHECK(fake_get_u32(m, si) == 0x336ec578);
	FAKE_CHECK(fake_get_u32(m, si + 4) == 1 && fake_get_u32(m, si + 8) == 0);
	FAKE_CHECK(fake_get_u32(m, si + 12) == !!in->initrd);
	if (in->initrd) {
		u64 mod = fake_get_u64(m, si + 16);

		FAKE_CHECK(fake_get_u64(m, mod) == s->initrd_start);
		FAKE_CHECK(s->initrd_start + s->initrd_bytes <= 1ULL << 32);
		FAKE_CHECK(fake_get_u64(m, mod + 8) == s->initrd_bytes);
		FAKE_CHECK(fake_get_u64(m, mod + 16) == 0 && fake_get_u64(m, mod + 24) == 0);
	} else {
		FAKE_CHECK(fake_get_u64(m, si + 16) == 0);
	}
	FAKE_CHECK(fake_is_string(m, fake_get_u64(m, si + 24), in->cmdline ?: ""));
	FAKE_CHECK(fake_get_u64(m, si + 32) == s->rsdp);
	check_map(m, fake_get_u64(m, si + 40), fake_get_u32(m, si + 48), 24);
	FAKE_CHECK(fake_get_u32(m, si + 52) == 0);
}

static inline void check_multiboot(struct fake_mem *m, const struct hs_boot_in *in,
				   const struct hs_boot_state *s)
{
	u64 mbi = s->rbx, low = hs_layout_low_end(in->ram_bytes), map;
	char line[HS_BOOT_NAME_MAX + HS_BOOT_CMDLINE_MAX + 2];
	u32 flags, len, off;

	FAKE_CHECK(s->mode == HS_BOOT_PROT32 && s->rax == 0x2badb002 && !s->rsi && mbi);
	flags = fake_get_u32(m, mbi);
	FAKE_CHECK((flags & ~8u) == (1 | 4 | 0x40 | 0x200));
	FAKE_CHECK(fake_get_u32(m, mbi + 4) == 640);
	FAKE_CHECK(fake_get_u32(m, mbi + 8) == (low >> 10) - 1024);
	snprintf(line, sizeof(line), "%s%s%s", in->name ?: "",
		 in->cmdline && *in->cmdline ? " " : "", in->cmdline ?: "");
	FAKE_CHECK(fake_is_string(m, fake_get_u32(m, mbi + 16), line));
	FAKE_CHECK(!!(flags & 8) == !!in->initrd);
	FAKE_CHECK(fake_get_u32(m, mbi + 20) == !!in->initrd);
	if (in->initrd) {
		u64 mod = fake_get_u32(m, mbi + 24);

		FAKE_CHECK(fake_get_u32(m, mod) == s->initrd_start);
		FAKE_CHECK(!(s->initrd_start & 4095));
		FAKE_CHECK(fake_get_u32(m, mod + 4) == s->initrd_start + s->initrd_bytes);
		FAKE_CHECK(fake_is_string(m, fake_get_u32(m, mod + 8), in->initrd_name ?: ""));
		FAKE_CHECK(fake_get_u32(m, mod + 12) == 0);
	}
	len = fake_get_u32(m, mbi + 44);
	map = fake_get_u32(m, mbi + 48);
	FAKE_CHECK(len && len % 24 == 0);
	for (off = 0; off < len; off += 24)
		FAKE_CHECK(fake_get_u32(m, map + off) == 20);
	check_map(m, map + 4, len / 24, 24);
	FAKE_CHECK(fake_is_string(m, fake_get_u32(m, mbi + 64), "Hyperspace"));
}

/* @initrd, when there is one, has @initrd_len bytes at hand. */
static inline void check_load(struct fake_mem *m, const struct hs_boot_in *in,
			      const struct hs_boot_state *s, const void *initrd,
			      size_t initrd_len)
{
	check_acpi(m, s->rsdp, in->cpus);
	check_smbios(m, in->ram_bytes, in->cpus);
	check_cpu(m, s);
	FAKE_CHECK(s->kernel_start >= HS_GPA_IMAGE_LOW && s->kernel_end > s->kernel_start);
	FAKE_CHECK(s->rip >= s->kernel_start && s->rip < s->kernel_end);
	FAKE_CHECK(!!in->initrd == !!s->initrd_bytes);
	if (in->initrd) {
		FAKE_CHECK(s->initrd_bytes == in->initrd->size);
		FAKE_CHECK(hs_layout_is_loadable(in->ram_bytes, s->initrd_start,
						 s->initrd_bytes));
		FAKE_CHECK(fake_equal(m, s->initrd_start, initrd, initrd_len));
	}
	switch (s->kind) {
	case HS_BOOT_BZIMAGE:
		check_bzimage(m, in, s);
		break;
	case HS_BOOT_PVH:
		check_pvh(m, in, s);
		break;
	case HS_BOOT_MULTIBOOT:
		check_multiboot(m, in, s);
		break;
	default:
		FAKE_CHECK(!"unknown kind of image");
	}
}

#endif /* BOOT_CHECK_H */
