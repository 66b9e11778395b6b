// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration space of a PCI function (PCI 3.0, 6) with its MSI-X table (6.8.2).
 * Pure.
 *
 * Each byte has a mask of the bits that a guest can change, so an access may have
 * any offset and size.  What the bits mean is looked up in the bytes when it is
 * needed: there is no second copy that could differ.
 */
#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>
#include "boot/layout.h"
#include "dev/pci_core.h"

#define COMMAND_BITS	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | \
			 PCI_COMMAND_PARITY | PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE)
#define MSIX_BITS	(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL)

#define BAR_IO_MIN	4
#define BAR_IO_MAX	256
#define BAR_MEM_MIN	4096
#define BAR_MEM_MAX	HS_PCI_BAR_AREA

#define PIN_INTA	1

/* Messages, SDM vol. 3, 11.11. */
#define MSI_ADDR_BASE	0xfee
#define MSI_ADDR_RH	BIT(3)
#define MSI_ADDR_LOGICAL BIT(2)
#define MSI_DATA_ASSERT	BIT(14)
#define MSI_DATA_LEVEL	BIT(15)
#define MSI_DEST_ALL	0xff

static u16 get16(const struct hs_pci_core *c, unsigned int off)
{
	return READ_ONCE(c->space[off]) | READ_ONCE(c->space[off + 1]) << 8;
}

static u32 get32(const struct hs_pci_core *c, unsigned int off)
{
	return get_unaligned_le32(c->space + off);
}

/* --- making a function ----------------------------------------------------- */

static int check_bars(const struct hs_pci_cfg *cfg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cfg->bar); i++) {
		const struct hs_pci_bar *bar = &cfg->bar[i];

		if (!bar->size)
			continue;
		if (bar->size & (bar->size - 1) || !bar->ops ||
		    bar->size < (bar->io ? BAR_IO_MIN : BAR_MEM_MIN) ||
		    bar->size > (bar->io ? BAR_IO_MAX : BAR_MEM_MAX))
			return -EINVAL;
	}
	return 0;
}

/*
 * As firmware would: memory BARs at a place of their own for each slot and number,
 * I/O BARs one after the other in the ports of the slot.
 */
static int init_bars(struct hs_pci_core *c, const struct hs_pci_cfg *cfg,
		     unsigned int slot)
{
	u32 port = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cfg->bar); i++) {
		c->bar_size[i] = cfg->bar[i].size;
		if (cfg->bar[i].size && cfg->bar[i].io)
			c->bar_io |= BIT(i);
	}
	if (cfg->msix)
		c->bar_size[HS_PCI_MSIX_BAR] = HS_PCI_MSIX_BAR_SIZE;

	for (i = 0; i < HS_PCI_BARS; i++) {
		const unsigned int at = PCI_BASE_ADDRESS_0 + 4 * i;
		const u32 size = c->bar_size[i];

		if (!size)
			continue;
		put_unaligned_le32(~(size - 1), c->writable + at);
		if (!(c->bar_io & BIT(i))) {
			put_unaligned_le32(HS_GPA_PCI_START + slot * HS_PCI_SLOT_AREA +
					   i * HS_PCI_BAR_AREA, c->initial + at);
			continue;
		}
		port = ALIGN(port, size);
		if (port + size > HS_PCI_SLOT_PORTS)
			return -EINVAL;
		put_unaligned_le32((HS_PORT_PCI_IO + slot * HS_PCI_SLOT_PORTS + port) |
				   PCI_BASE_ADDRESS_SPACE_IO, c->initial + at);
		port += size;
	}
	return 0;
}

/* Puts capability @len bytes at @at into the list that ends in @link. */
static void put_cap(struct hs_pci_core *c, unsigned int *link, unsigned int at,
		    const u8 *data, unsigned int len)
{
	memcpy(c->initial + at, data, len);
	c->initial[at + PCI_CAP_LIST_NEXT] = 0;
	c->initial[*link] = at;
	*link = at + PCI_CAP_LIST_NEXT;
}

static int init_caps(struct hs_pci_core *c, const struct hs_pci_cfg *cfg)
{
	unsigned int at = PCI_STD_HEADER_SIZEOF, link = PCI_CAPABILITY_LIST, i;
	u8 msix[PCI_CAP_MSIX_SIZEOF] = { PCI_CAP_ID_MSIX };

	for (i = 0; i < cfg->nr_caps; i++) {
		const struct hs_pci_cap *cap = &cfg->cap[i];

		if (!cap->len || cap->len % 4 || cap->len > HS_PCI_CONFIG - at)
			return -EINVAL;
		put_cap(c, &link, at, cap->data, cap->len);
		if (cap->window) {
			if (c->window_cap || cap->len < sizeof(struct virtio_pci_cfg_cap))
				return -EINVAL;
			c->window_cap = at;
			c->writable[at + VIRTIO_PCI_CAP_BAR] = 0xff;
			memset(c->writable + at + VIRTIO_PCI_CAP_OFFSET, 0xff, 12);
		}
		at += cap->len;
	}
	if (cfg->msix) {
		if (sizeof(msix) > HS_PCI_CONFIG - at)
			return -EINVAL;
		put_unaligned_le16(cfg->msix - 1, msix + PCI_MSIX_FLAGS);
		put_unaligned_le32(HS_PCI_MSIX_BAR, msix + PCI_MSIX_TABLE);
		put_unaligned_le32(HS_PCI_MSIX_PBA | HS_PCI_MSIX_BAR, msix + PCI_MSIX_PBA);
		put_cap(c, &link, at, msix, sizeof(msix));
		put_unaligned_le16(MSIX_BITS, c->writable + at + PCI_MSIX_FLAGS);
		c->msix_cap = at;
	}
	if (c->initial[PCI_CAPABILITY_LIST])
		c->initial[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	return 0;
}

/**
 * hs_pci_core_init() - make a function, as firmware hands it over
 * @c: where
 * @cfg: what it is; needed no longer than this call
 * @slot: 0-31; 0: the host bridge, which has no interrupt pin
 *
 * BARs are assigned and decoded; the function is no bus master.
 *
 * Return: 0, or -EINVAL: sizes of BARs or capabilities, or too many of something.
 */
int hs_pci_core_init(struct hs_pci_core *c, const struct hs_pci_cfg *cfg,
		     unsigned int slot)
{
	u8 *p = c->initial;
	int ret;

	memset(c, 0, sizeof(*c));
	if (slot >= HS_PCI_SLOTS || cfg->msix > HS_PCI_MSIX_MAX ||
	    cfg->nr_caps > HS_PCI_CAPS)
		return -EINVAL;
	ret = check_bars(cfg);
	if (ret)
		return ret;

	put_unaligned_le16(cfg->vendor, p + PCI_VENDOR_ID);
	put_unaligned_le16(cfg->device, p + PCI_DEVICE_ID);
	put_unaligned_le16(PCI_COMMAND_IO | PCI_COMMAND_MEMORY, p + PCI_COMMAND);
	put_unaligned_le32(cfg->class << 8 | cfg->revision, p + PCI_CLASS_REVISION);
	put_unaligned_le16(cfg->sub_vendor, p + PCI_SUBSYSTEM_VENDOR_ID);
	put_unaligned_le16(cfg->sub_device, p + PCI_SUBSYSTEM_ID);
	if (slot) {
		p[PCI_INTERRUPT_LINE] = hs_pci_core_gsi(slot);
		p[PCI_INTERRUPT_PIN] = PIN_INTA;
	}
	put_unaligned_le16(COMMAND_BITS, c->writable + PCI_COMMAND);
	c->writable[PCI_CACHE_LINE_SIZE] = 0xff;
	c->writable[PCI_LATENCY_TIMER] = 0xff;
	c->writable[PCI_INTERRUPT_LINE] = 0xff;

	c->msix = cfg->msix;
	ret = init_bars(c, cfg, slot);
	if (!ret)
		ret = init_caps(c, cfg);
	if (!ret)
		hs_pci_core_reset(c);
	return ret;
}

/**
 * hs_pci_core_reset() - as hs_pci_core_init() left it
 * @c: the function
 *
 * Vectors are masked and none is pending; INTA# is low.
 */
void hs_pci_core_reset(struct hs_pci_core *c)
{
	unsigned int i;

	memcpy(c->space, c->initial, sizeof(c->space));
	memset(c->vec, 0, sizeof(c->vec));
	for (i = 0; i < ARRAY_SIZE(c->vec); i++)
		c->vec[i].control = PCI_MSIX_ENTRY_CTRL_MASKBIT;
	c->pending = 0;
	c->intx = false;
}

/* --- configuration space ---------------------------------------------------- */

/**
 * hs_pci_core_read() - read configuration space
 * @c: the function
 * @off: any; what lies beyond the end reads as ones
 * @size: bytes, 1-4
 *
 * Return: the value, zero-extended.
 */
u32 hs_pci_core_read(const struct hs_pci_core *c, u32 off, unsigned int size)
{
	unsigned int i;
	u32 val = 0;

	for (i = 0; i < size; i++) {
		u8 byte = 0xff;

		if (off < HS_PCI_CONFIG && off + i < HS_PCI_CONFIG) {
			u32 at = array_index_nospec(off + i, HS_PCI_CONFIG);

			byte = c->space[at];
			/* Whether or not the disable bit is set, 6.2.3. */
			if (at == PCI_STATUS && c->intx && !hs_pci_core_msix_on(c))
				byte |= PCI_STATUS_INTERRUPT;
		}
		val |= (u32)byte << (8 * i);
	}
	return val;
}

/**
 * hs_pci_core_write() - write configuration space
 * @c: the function
 * @off: any; what lies beyond the end is dropped
 * @size: bytes, 1-4
 * @val: the value
 *
 * Where BARs are, the line and what may be sent may be another afterwards.
 */
void hs_pci_core_write(struct hs_pci_core *c, u32 off, unsigned int size, u32 val)
{
	unsigned int i;

	for (i = 0; i < size && off + i < HS_PCI_CONFIG; i++) {
		u32 at = array_index_nospec(off + i, HS_PCI_CONFIG);
		u8 mask = c->writable[at], byte = val >> (8 * i);

		WRITE_ONCE(c->space[at], (c->space[at] & ~mask) | (byte & mask));
	}
	/* What was pending is not sent when it is turned on again. */
	if (!hs_pci_core_msix_on(c))
		c->pending = 0;
}

/**
 * hs_pci_core_window() - is an access to configuration space one to a BAR?
 * @c: the function
 * @off: of the access
 * @size: its bytes
 * @w: where it goes, if so
 *
 * The last four bytes of VIRTIO_PCI_CAP_PCI_CFG are a window to the BAR that its
 * other fields name (virtio 1.2, 4.1.4.9).  Where these are not valid the bytes
 * are but memory.
 *
 * Return: whether it touches these bytes, and @w is filled.
 */
bool hs_pci_core_window(const struct hs_pci_core *c, u32 off, unsigned int size,
			struct hs_pci_window *w)
{
	const unsigned int cap = c->window_cap;
	const u32 data = cap + sizeof(struct virtio_pci_cap);
	u32 bar_size;

	if (!cap || off >= data + 4 || off + size <= data)
		return false;
	w->bar = c->space[cap + VIRTIO_PCI_CAP_BAR];
	w->off = get32(c, cap + VIRTIO_PCI_CAP_OFFSET);
	w->len = get32(c, cap + VIRTIO_PCI_CAP_LENGTH);
	if (w->bar >= HS_PCI_BARS || (w->len != 1 && w->len != 2 && w->len != 4) ||
	    w->off % w->len)
		return false;
	w->bar = array_index_nospec(w->bar, HS_PCI_BARS);
	bar_size = c->bar_size[w->bar];
	return w->off < bar_size && w->len <= bar_size - w->off;
}

/**
 * hs_pci_core_window_get() - what a guest has written to the window
 * @c: the function, which has one
 *
 * Return: its four bytes.
 */
u32 hs_pci_core_window_get(const struct hs_pci_core *c)
{
	return get32(c, c->window_cap + sizeof(struct virtio_pci_cap));
}

/**
 * hs_pci_core_window_put() - what a guest reads from the window
 * @c: the function, which has one
 * @val: what was read from the BAR
 * @len: its bytes, up to 4; those after them stay
 */
void hs_pci_core_window_put(struct hs_pci_core *c, u32 val, unsigned int len)
{
	hs_pci_core_write(c, c->window_cap + sizeof(struct virtio_pci_cap), len, val);
}

/**
 * hs_pci_core_bar() - where a BAR is decoded
 * @c: the function
 * @bar: 0-5
 *
 * Return: its address, a multiple of its size, which may be anywhere; 0: the BAR
 * does not exist, or its space is not decoded.
 */
u32 hs_pci_core_bar(const struct hs_pci_core *c, unsigned int bar)
{
	const bool io = c->bar_io & BIT(bar);

	if (!c->bar_size[bar] ||
	    !(get16(c, PCI_COMMAND) & (io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY)))
		return 0;
	return get32(c, PCI_BASE_ADDRESS_0 + 4 * bar) & ~(c->bar_size[bar] - 1);
}

/**
 * hs_pci_core_is_master() - may the function read and write memory?
 * @c: the function
 *
 * Context: without the caller's lock, too.
 */
bool hs_pci_core_is_master(const struct hs_pci_core *c)
{
	return READ_ONCE(c->space[PCI_COMMAND]) & PCI_COMMAND_MASTER;
}

/**
 * hs_pci_core_line() - level of the function's interrupt line
 * @c: the function
 *
 * Return: that of INTA#, unless MSI-X or the command register's bit is on.
 */
bool hs_pci_core_line(const struct hs_pci_core *c)
{
	return c->intx && !hs_pci_core_msix_on(c) &&
	       !(get16(c, PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE);
}

/**
 * hs_pci_core_gsi() - the line that INTA# of a slot drives
 * @slot: 0-31
 *
 * The _PRT in the DSDT says the same.
 */
unsigned int hs_pci_core_gsi(unsigned int slot)
{
	return HS_GSI_PCI + slot % HS_GSI_PCI_NR;
}

/* --- MSI-X ------------------------------------------------------------------- */

/**
 * hs_pci_core_msix_on() - has a guest turned MSI-X on?
 * @c: the function
 *
 * Context: without the caller's lock, too.
 */
bool hs_pci_core_msix_on(const struct hs_pci_core *c)
{
	return c->msix_cap && get16(c, c->msix_cap + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_ENABLE;
}

/* The aligned 32 bits at @off of the BAR. */
static u32 msix_read32(const struct hs_pci_core *c, u32 off)
{
	const u32 n = off / PCI_MSIX_ENTRY_SIZE;
	const struct hs_pci_vector *v;

	if (off >= HS_PCI_MSIX_PBA && off < HS_PCI_MSIX_PBA + 8)
		return c->pending >> (off - HS_PCI_MSIX_PBA) * 8;
	if (n >= c->msix)
		return 0;
	v = &c->vec[array_index_nospec(n, HS_PCI_MSIX_MAX)];
	switch (off % PCI_MSIX_ENTRY_SIZE) {
	case PCI_MSIX_ENTRY_LOWER_ADDR:
		return v->addr_lo;
	case PCI_MSIX_ENTRY_UPPER_ADDR:
		return v->addr_hi;
	case PCI_MSIX_ENTRY_DATA:
		return v->data;
	default:
		return v->control;
	}
}

static void msix_write32(struct hs_pci_core *c, u32 off, u32 val)
{
	const u32 n = off / PCI_MSIX_ENTRY_SIZE;
	struct hs_pci_vector *v;

	if (n >= c->msix)
		return;
	v = &c->vec[array_index_nospec(n, HS_PCI_MSIX_MAX)];
	switch (off % PCI_MSIX_ENTRY_SIZE) {
	case PCI_MSIX_ENTRY_LOWER_ADDR:
		v->addr_lo = val & ~3U;
		break;
	case PCI_MSIX_ENTRY_UPPER_ADDR:
		v->addr_hi = val;
		break;
	case PCI_MSIX_ENTRY_DATA:
		v->data = val;
		break;
	default:
		v->control = val & PCI_MSIX_ENTRY_CTRL_MASKBIT;
	}
}

/**
 * hs_pci_core_msix_read() - read the last BAR: table and pending bits
 * @c: the function
 * @off: any; what is neither reads as 0
 * @size: bytes, 1-8
 *
 * Return: the value, zero-extended.
 */
u64 hs_pci_core_msix_read(const struct hs_pci_core *c, u32 off, unsigned int size)
{
	unsigned int i;
	u64 val = 0;

	for (i = 0; i < size; i++) {
		u32 at = off + i;
		u8 byte = msix_read32(c, at & ~3U) >> at % 4 * 8;

		val |= (u64)byte << (8 * i);
	}
	return val;
}

/**
 * hs_pci_core_msix_write() - write the last BAR
 * @c: the function
 * @off: any
 * @size: bytes, 1-8
 * @val: the value
 *
 * The table takes aligned 32 and 64-bit accesses; what others do is undefined
 * (6.8.2), and here nothing.  Pending bits cannot be written.
 */
void hs_pci_core_msix_write(struct hs_pci_core *c, u32 off, unsigned int size, u64 val)
{
	if ((size != 4 && size != 8) || off % size)
		return;
	msix_write32(c, off, val);
	if (size == 8)
		msix_write32(c, off + 4, val >> 32);
}

/**
 * hs_pci_core_msix_raise() - the device wants a vector sent
 * @c: the function
 * @vec: which; one that the table has not is dropped
 *
 * Dropped too while MSI-X is off or the function no bus master: it could not
 * write the message.  Otherwise hs_pci_core_msix_take() says when to send it.
 */
void hs_pci_core_msix_raise(struct hs_pci_core *c, unsigned int vec)
{
	if (vec < c->msix && hs_pci_core_msix_on(c) && hs_pci_core_is_master(c))
		c->pending |= BIT_ULL(vec);
}

/**
 * hs_pci_core_msix_take() - vectors to be sent now
 * @c: the function
 *
 * To be asked after each raise, and each write to configuration space or table.
 *
 * Return: bit n: vector n, which is not pending any more.
 */
u64 hs_pci_core_msix_take(struct hs_pci_core *c)
{
	u64 send = c->pending, left;

	if (!send || !hs_pci_core_is_master(c) ||
	    get16(c, c->msix_cap + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_MASKALL)
		return 0;
	for (left = send; left; left &= left - 1) {
		unsigned int n = __builtin_ctzll(left);

		if (c->vec[n].control & PCI_MSIX_ENTRY_CTRL_MASKBIT)
			send &= ~BIT_ULL(n);
	}
	c->pending &= ~send;
	return send;
}

/**
 * hs_pci_core_msix_msg() - what the table says of a vector
 * @c: the function
 * @vec: one that it has
 * @msg: the message
 *
 * Return: false: it names no interrupt.
 */
bool hs_pci_core_msix_msg(const struct hs_pci_core *c, unsigned int vec,
			  struct hs_irq_msg *msg)
{
	const struct hs_pci_vector *v = &c->vec[array_index_nospec(vec, HS_PCI_MSIX_MAX)];

	return hs_pci_msi_decode((u64)v->addr_hi << 32 | v->addr_lo, v->data, msg);
}

/**
 * hs_pci_msi_decode() - what a write of a message means, SDM vol. 3, 11.11
 * @addr: where to
 * @data: what
 * @msg: the interrupt
 *
 * Without the redirection hint the mode bit holds all the same: Linux sends
 * logical ones so, and hardware takes them.  With it and a logical destination
 * one of the set is chosen.  A vector below 16 is left to the local APIC, which
 * makes it an error.
 *
 * Return: false: no interrupt; a write elsewhere, a reserved mode, the end of a
 * level, or SMI, which no vCPU has.
 */
bool hs_pci_msi_decode(u64 addr, u32 data, struct hs_irq_msg *msg)
{
	const bool level = data & MSI_DATA_LEVEL;

	if (addr >> 20 != MSI_ADDR_BASE)
		return false;
	*msg = (struct hs_irq_msg){
		.dest = addr >> 12 & 0xff,
		.logical = addr & MSI_ADDR_LOGICAL,
		.vector = data & 0xff,
		.mode = data >> 8 & 7,
		.shorthand = HS_SH_NONE,
	};
	if (level && !(data & MSI_DATA_ASSERT))
		return false;
	if (addr & MSI_ADDR_RH && !msg->logical && msg->dest == MSI_DEST_ALL)
		return false;

	switch (msg->mode) {
	case HS_DM_FIXED:
		if (addr & MSI_ADDR_RH && msg->logical)
			msg->mode = HS_DM_LOWEST;
		fallthrough;
	case HS_DM_LOWEST:
		msg->level = level;
		return true;
	case HS_DM_NMI:
	case HS_DM_INIT:
	case HS_DM_EXTINT:
		return true;
	default:
		return false;
	}
}
