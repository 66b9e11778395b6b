// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer for PCI configuration space, MSI-X and the address map: a guest that
 * accesses the registers of three functions as it likes.
 *
 * Input: a byte for the shape of each function, then accesses of 8 bytes.  Checked
 * beyond what the sanitizers see: read-only bits stay, an access is the same by
 * bytes, BARs keep their alignment, who answers at an address is who a search of
 * all BARs finds, a window lies within its BAR, the table holds what was
 * written, and a vector is sent if and only if it may be.
 */
#include <linux/pci_regs.h>
#include "boot/layout.h"
#include "dev/pci_core.h"
#include "dev/pci_map.h"

#define CHECK(cond)	do { if (!(cond)) __builtin_trap(); } while (0)

#define FUNCS		3
#define STEP		8

struct func {
	struct hs_pci_core c;
	unsigned int slot;
	u32 table[HS_PCI_MSIX_MAX * 4];		/* what a guest has written */
	u64 pending;
};

static struct func funcs[FUNCS];
static struct hs_pci_map map;

static const struct hs_region_ops ops;
static const u8 caps[20] = { PCI_CAP_ID_VNDR, 0, 20, 5 };

static void make(struct func *f, unsigned int n, u8 shape)
{
	static const u8 slots[FUNCS] = { 1, 5, 31 };
	struct hs_pci_cfg cfg = {
		.vendor = 0x1af4, .device = 0x1040 + n, .class = 0x010000,
		.cap = { { caps, 16, false }, { caps, 20, true } },
		.nr_caps = 1 + (shape & 1),
		.msix = shape & 2 ? 1 + shape % HS_PCI_MSIX_MAX : 0,
	};
	unsigned int i;

	cfg.bar[0] = (struct hs_pci_bar){ 4U << (shape >> 2 & 3), true, &ops };
	cfg.bar[2] = (struct hs_pci_bar){ 4096U << (shape >> 4 & 3), false, &ops };
	if (shape & 0x40)
		cfg.bar[3] = (struct hs_pci_bar){ 256, true, &ops };
	if (shape & 0x80)
		cfg.bar[4] = (struct hs_pci_bar){ 0x10000, false, &ops };
	memset(f, 0, sizeof(*f));
	f->slot = slots[n];
	CHECK(!hs_pci_core_init(&f->c, &cfg, f->slot));
	for (i = 0; i < f->c.msix; i++)
		f->table[i * 4 + 3] = 1;
}

static void update_map(const struct func *f)
{
	unsigned int i;

	for (i = 0; i < HS_PCI_BARS; i++)
		hs_pci_map_set(&map, f->slot, i, f->c.bar_io & BIT(i),
			       hs_pci_core_bar(&f->c, i), f->c.bar_size[i]);
}

/* The same as the map, by looking at all that the guest can read. */
static bool search(u32 addr, bool io, struct hs_pci_hit *hit)
{
	unsigned int i, bar;

	if (io ? addr < HS_PORT_PCI_IO || addr > 0xffff :
	    addr < HS_GPA_PCI_START || addr >= HS_GPA_PCI_END)
		return false;
	for (i = 0; i < FUNCS; i++) {
		const struct hs_pci_core *c = &funcs[i].c;
		u32 on = hs_pci_core_read(c, PCI_COMMAND, 2) &
			 (io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY);

		for (bar = 0; bar < HS_PCI_BARS; bar++) {
			u32 size = c->bar_size[bar];
			u32 v = hs_pci_core_read(c, PCI_BASE_ADDRESS_0 + 4 * bar, 4);

			if (!on || !size || (v & 1) != io || addr < (v & ~3U) ||
			    addr - (v & ~3U) >= size)
				continue;
			*hit = (struct hs_pci_hit){ funcs[i].slot, bar, addr - (v & ~3U),
						    size - (addr - (v & ~3U)) };
			return true;
		}
	}
	return false;
}

static void check_hit(u32 addr, bool io)
{
	struct hs_pci_hit want = {}, got = {};
	bool found = search(addr, io, &want);

	CHECK(found == (io ? hs_pci_map_find_io(&map, addr, &got) :
			     hs_pci_map_find_mem(&map, addr, &got)));
	if (found)
		CHECK(want.slot == got.slot && want.bar == got.bar &&
		      want.off == got.off && want.left == got.left);
}

static void check_map(u32 addr)
{
	unsigned int i, bar;

	check_hit(addr, false);
	check_hit(addr & 0xffff, true);
	for (i = 0; i < FUNCS; i++) {
		for (bar = 0; bar < HS_PCI_BARS; bar++) {
			const u32 size = funcs[i].c.bar_size[bar];
			const u32 at = hs_pci_core_bar(&funcs[i].c, bar);
			const bool io = funcs[i].c.bar_io & BIT(bar);

			check_hit(at, io);
			check_hit(at + size - 1, io);
			check_hit(at + size, io);
			check_hit(at - 1, io);
		}
	}
}

static void check_func(const struct func *f)
{
	const struct hs_pci_core *c = &f->c;
	const bool on = hs_pci_core_msix_on(c);
	const u16 command = hs_pci_core_read(c, PCI_COMMAND, 2);
	unsigned int i;

	for (i = 0; i < HS_PCI_CONFIG; i++)
		CHECK(!((c->space[i] ^ c->initial[i]) & ~c->writable[i]));
	for (i = 0; i < HS_PCI_BARS; i++) {
		u32 v = hs_pci_core_read(c, PCI_BASE_ADDRESS_0 + 4 * i, 4);

		if (!c->bar_size[i])
			CHECK(!v);
		else
			CHECK((v & (c->bar_size[i] - 1)) == !!(c->bar_io & BIT(i)));
	}
	CHECK(!on || c->msix);
	CHECK(on || !c->pending);
	CHECK(hs_pci_core_line(c) == (c->intx && !on && !(command & PCI_COMMAND_INTX_DISABLE)));
	CHECK(!!(hs_pci_core_read(c, PCI_STATUS, 1) & PCI_STATUS_INTERRUPT) == (c->intx && !on));
	CHECK(f->pending == hs_pci_core_msix_read(c, HS_PCI_MSIX_PBA, 8));
}

static void config_read(const struct func *f, u8 off, unsigned int size)
{
	u32 val = hs_pci_core_read(&f->c, off, size), bytes = 0;
	struct hs_pci_window w;
	unsigned int i;

	for (i = 0; i < size; i++)
		bytes |= hs_pci_core_read(&f->c, off + i, 1) << 8 * i;
	CHECK(val == bytes);
	if (hs_pci_core_window(&f->c, off, size, &w)) {
		CHECK(w.bar < HS_PCI_BARS && w.len >= 1 && w.len <= 4 && !(w.off % w.len));
		CHECK(w.off < f->c.bar_size[w.bar]);
		CHECK((u64)w.off + w.len <= f->c.bar_size[w.bar]);
	}
}

static void config_write(struct func *f, u8 off, unsigned int size, u32 val)
{
	u8 was[HS_PCI_CONFIG];
	struct hs_pci_window w;
	unsigned int i;

	memcpy(was, f->c.space, sizeof(was));
	hs_pci_core_write(&f->c, off, size, val);
	for (i = 0; i < HS_PCI_CONFIG; i++) {
		if (i < off || i >= off + size)
			CHECK(f->c.space[i] == was[i]);
		else
			CHECK(!((f->c.space[i] ^ val >> 8 * (i - off)) & f->c.writable[i]));
	}
	if (hs_pci_core_window(&f->c, off, size, &w))
		hs_pci_core_window_put(&f->c, hs_pci_core_window_get(&f->c) + 1, w.len);
	if (!hs_pci_core_msix_on(&f->c))
		f->pending = 0;
}

static void table_write(struct func *f, u32 off, unsigned int size, u64 val)
{
	static const u32 bits[4] = { ~3U, U32_MAX, U32_MAX, 1 };
	unsigned int i;

	hs_pci_core_msix_write(&f->c, off, size, val);
	if ((size != 4 && size != 8) || off % size)
		return;
	for (i = off / 4; i < (off + size) / 4; i++, val >>= 32)
		if (i < f->c.msix * 4)
			f->table[i] = val & bits[i % 4];
}

/*
 * Registers by number, with values that matter: BARs near one another, command,
 * MSI-X, the window, a vector's mask.
 */
static void aimed_write(struct func *f, unsigned int what, u32 val)
{
	const unsigned int bar = what % 16, window = f->c.window_cap;

	switch (bar) {
	case 0 ... HS_PCI_BARS - 1:
		if (f->c.bar_io & BIT(bar))
			val = HS_PORT_PCI_IO - 64 + (val & 0x1ff);
		else
			val = HS_GPA_PCI_START - 0x1000 + ((val & 0x1f) << 12);
		config_write(f, PCI_BASE_ADDRESS_0 + 4 * bar, 4, val);
		break;
	case 6:
		config_write(f, PCI_COMMAND, 2, val & 7);
		break;
	case 7:
		if (f->c.msix_cap)
			config_write(f, f->c.msix_cap + PCI_MSIX_FLAGS, 2, val << 14);
		break;
	case 8:
		if (!window)
			break;
		config_write(f, window + 4, 1, val % 7);
		config_write(f, window + 8, 4, val & 8 ? val : val & 0x1ff0);
		config_write(f, window + 12, 4, val % 5);
		config_read(f, window + 16, 4);
		break;
	default:
		table_write(f, 16 * (val >> 1) + 12, 4, val & 1);
	}
}

static void table_read(const struct func *f, u32 off, unsigned int size)
{
	u64 val = hs_pci_core_msix_read(&f->c, off, size), bytes = 0;
	struct hs_irq_msg m;
	unsigned int i;

	for (i = 0; i < size; i++)
		bytes |= hs_pci_core_msix_read(&f->c, off + i, 1) << 8 * i;
	CHECK(val == bytes);
	for (i = 0; i < f->c.msix * 4; i++)
		CHECK(f->table[i] == hs_pci_core_msix_read(&f->c, i * 4, 4));
	for (i = 0; i < f->c.msix; i++) {
		if (!hs_pci_core_msix_msg(&f->c, i, &m))
			continue;
		CHECK(f->table[i * 4] >> 20 == 0xfee && !f->table[i * 4 + 1]);
		CHECK(m.dest <= 0xff && m.shorthand == HS_SH_NONE);
		CHECK(m.mode == HS_DM_FIXED || m.mode == HS_DM_LOWEST || m.mode == HS_DM_NMI ||
		      m.mode == HS_DM_INIT || m.mode == HS_DM_EXTINT);
		CHECK(!m.level || m.mode <= HS_DM_LOWEST);
	}
}

static void raise(struct func *f, unsigned int vec)
{
	if (vec < f->c.msix && hs_pci_core_msix_on(&f->c) && hs_pci_core_is_master(&f->c))
		f->pending |= BIT_ULL(vec);
	hs_pci_core_msix_raise(&f->c, vec);
}

static void take(struct func *f)
{
	const struct hs_pci_core *c = &f->c;
	u64 want = 0, got;
	unsigned int i;

	if (c->msix && !(hs_pci_core_read(c, c->msix_cap + PCI_MSIX_FLAGS, 2) &
			 PCI_MSIX_FLAGS_MASKALL) &&
	    hs_pci_core_read(c, PCI_COMMAND, 2) & PCI_COMMAND_MASTER)
		for (i = 0; i < c->msix; i++)
			if (f->pending & BIT_ULL(i) && !f->table[i * 4 + 3])
				want |= BIT_ULL(i);
	got = hs_pci_core_msix_take(&f->c);
	CHECK(got == want);
	f->pending &= ~got;
}

static void reset(struct func *f)
{
	unsigned int i;

	hs_pci_core_reset(&f->c);
	CHECK(!memcmp(f->c.space, f->c.initial, sizeof(f->c.space)));
	memset(f->table, 0, sizeof(f->table));
	for (i = 0; i < f->c.msix; i++)
		f->table[i * 4 + 3] = 1;
	f->pending = 0;
}

/* op and function, size, offset of 16 bits, value of 32 */
static void step(const u8 *p)
{
	static const u8 sizes[4] = { 1, 2, 4, 8 };
	struct func *f = &funcs[(p[0] >> 4) % FUNCS];
	unsigned int size = sizes[p[1] & 3];
	u16 off = get_unaligned_le16(p + 2);
	u32 val = get_unaligned_le32(p + 4);

	switch (p[0] & 7) {
	case 0:
		config_read(f, off, min(size, 4U));
		break;
	case 1:
		config_write(f, off, min(size, 4U), val);
		break;
	case 2:
		aimed_write(f, off, val);
		break;
	case 3:
		table_write(f, off % HS_PCI_MSIX_BAR_SIZE, size, val | (u64)~val << 32);
		break;
	case 4:
		table_read(f, off % HS_PCI_MSIX_BAR_SIZE, size);
		break;
	case 5:
		raise(f, off % (HS_PCI_MSIX_MAX + 1));
		break;
	case 6:
		f->c.intx = val & 1;
		break;
	case 7:
		if (!off)
			reset(f);
	}
	take(f);
	update_map(f);
	check_func(f);
	check_map(val);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct hs_irq_msg m;
	unsigned int i;

	if (size < FUNCS)
		return 0;
	memset(&map, 0, sizeof(map));
	for (i = 0; i < FUNCS; i++) {
		make(&funcs[i], i, data[i]);
		update_map(&funcs[i]);
	}
	for (data += FUNCS, size -= FUNCS; size >= STEP; data += STEP, size -= STEP) {
		step(data);
		/* All of the address, which the table's entries hardly have. */
		hs_pci_msi_decode(0xfee00000 | get_unaligned_le32(data), get_unaligned_le32(data + 4), &m);
	}
	for (i = 0; i < FUNCS; i++)
		table_read(&funcs[i], 0, 8);
	return 0;
}
