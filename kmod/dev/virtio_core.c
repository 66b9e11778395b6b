// SPDX-License-Identifier: GPL-2.0
/*
 * Registers of the common configuration of a virtio device over PCI (virtio 1.2,
 * 4.1.4.3).  Pure.
 *
 * A driver may write anything at any time.  What the specification lets it write
 * only in some state is taken only in that state, so that nothing which is in
 * use can change: features until FEATURES_OK, a queue until it is enabled,
 * vectors always.
 */
#include <linux/virtio_pci.h>
#include "dev/virtio_core.h"

/* Status bits that a driver sets, 2.1; it cannot clear one but by a reset. */
#define S_DRIVER_BITS							\
	(HS_VIRTIO_S_ACKNOWLEDGE | HS_VIRTIO_S_DRIVER | HS_VIRTIO_S_DRIVER_OK |	\
	 HS_VIRTIO_S_FEATURES_OK | HS_VIRTIO_S_FAILED)

/**
 * hs_virtio_core_init() - registers of a new device
 * @c: the registers
 * @offer: features that it offers
 * @nr_queues: queues, 1..HS_VIRTIO_QUEUES
 * @queue_size: the most entries that each can have, powers of two
 * @msix: MSI-X vectors
 */
void hs_virtio_core_init(struct hs_virtio_core *c, u64 offer, unsigned int nr_queues,
			 const u16 *queue_size, unsigned int msix)
{
	unsigned int i;

	memset(c, 0, sizeof(*c));
	c->offer = offer;
	c->nr_queues = min_t(unsigned int, nr_queues, HS_VIRTIO_QUEUES);
	c->msix = msix;
	for (i = 0; i < c->nr_queues; i++)
		c->queue[i].size_max = queue_size[i];
	hs_virtio_core_reset(c);
}

/**
 * hs_virtio_core_reset() - as at power-on
 * @c: the registers
 *
 * Ends a reset that a driver began; the device is at rest.
 */
void hs_virtio_core_reset(struct hs_virtio_core *c)
{
	unsigned int i;

	c->driver_features = 0;
	c->offer_sel = 0;
	c->driver_sel = 0;
	c->queue_sel = 0;
	c->config_vector = HS_VIRTIO_NO_VECTOR;
	c->status = 0;
	c->resetting = false;
	for (i = 0; i < c->nr_queues; i++)
		c->queue[i] = (struct hs_virtio_queue){
			.size_max = c->queue[i].size_max,
			.size = c->queue[i].size_max,
			.vector = HS_VIRTIO_NO_VECTOR,
		};
}

/* The queue that the driver selected, or NULL: it does not exist. */
static struct hs_virtio_queue *selected(const struct hs_virtio_core *c)
{
	unsigned int q = c->queue_sel;

	if (q >= c->nr_queues)
		return NULL;
	q = array_index_nospec(q, HS_VIRTIO_QUEUES);
	return (struct hs_virtio_queue *)&c->queue[q];
}

static u32 half(u64 val, u32 sel)
{
	return sel > 1 ? 0 : val >> (32 * sel);
}

static u32 queue_read(const struct hs_virtio_core *c, u32 reg)
{
	const struct hs_virtio_queue *q = selected(c);

	/* 4.1.4.3.1: size 0 says that there is no such queue. */
	if (!q)
		return reg == VIRTIO_PCI_COMMON_Q_MSIX ? HS_VIRTIO_NO_VECTOR : 0;
	switch (reg) {
	case VIRTIO_PCI_COMMON_Q_SIZE:
		return q->size;
	case VIRTIO_PCI_COMMON_Q_MSIX:
		return q->vector;
	case VIRTIO_PCI_COMMON_Q_ENABLE:
		return q->enabled;
	case VIRTIO_PCI_COMMON_Q_DESCLO:
		return q->desc;
	case VIRTIO_PCI_COMMON_Q_DESCHI:
		return q->desc >> 32;
	case VIRTIO_PCI_COMMON_Q_AVAILLO:
		return q->avail;
	case VIRTIO_PCI_COMMON_Q_AVAILHI:
		return q->avail >> 32;
	case VIRTIO_PCI_COMMON_Q_USEDLO:
		return q->used;
	case VIRTIO_PCI_COMMON_Q_USEDHI:
		return q->used >> 32;
	default:	/* Q_NOFF: all queues are notified at the same port. */
		return 0;
	}
}

/* A register by its offset and the width that 4.1.3.1 has it accessed with. */
static unsigned int width_of(u32 off)
{
	switch (off) {
	case VIRTIO_PCI_COMMON_DFSELECT:
	case VIRTIO_PCI_COMMON_DF:
	case VIRTIO_PCI_COMMON_GFSELECT:
	case VIRTIO_PCI_COMMON_GF:
	case VIRTIO_PCI_COMMON_Q_DESCLO:
	case VIRTIO_PCI_COMMON_Q_DESCHI:
	case VIRTIO_PCI_COMMON_Q_AVAILLO:
	case VIRTIO_PCI_COMMON_Q_AVAILHI:
	case VIRTIO_PCI_COMMON_Q_USEDLO:
	case VIRTIO_PCI_COMMON_Q_USEDHI:
		return 4;
	case VIRTIO_PCI_COMMON_MSIX:
	case VIRTIO_PCI_COMMON_NUMQ:
	case VIRTIO_PCI_COMMON_Q_SELECT:
	case VIRTIO_PCI_COMMON_Q_SIZE:
	case VIRTIO_PCI_COMMON_Q_MSIX:
	case VIRTIO_PCI_COMMON_Q_ENABLE:
	case VIRTIO_PCI_COMMON_Q_NOFF:
		return 2;
	case VIRTIO_PCI_COMMON_STATUS:
	case VIRTIO_PCI_COMMON_CFGGENERATION:
		return 1;
	default:
		return 0;
	}
}

static u32 reg_read(const struct hs_virtio_core *c, u32 reg)
{
	switch (reg) {
	case VIRTIO_PCI_COMMON_DFSELECT:
		return c->offer_sel;
	case VIRTIO_PCI_COMMON_DF:
		return half(c->offer, c->offer_sel);
	case VIRTIO_PCI_COMMON_GFSELECT:
		return c->driver_sel;
	case VIRTIO_PCI_COMMON_GF:
		return half(c->driver_features, c->driver_sel);
	case VIRTIO_PCI_COMMON_MSIX:
		return c->config_vector;
	case VIRTIO_PCI_COMMON_NUMQ:
		return c->nr_queues;
	case VIRTIO_PCI_COMMON_STATUS:
		return c->status;
	case VIRTIO_PCI_COMMON_CFGGENERATION:
		return c->generation;
	case VIRTIO_PCI_COMMON_Q_SELECT:
		return c->queue_sel;
	default:
		return queue_read(c, reg);
	}
}

/**
 * hs_virtio_core_read() - the driver reads registers
 * @c: the registers
 * @off: offset in the common configuration
 * @size: 1, 2 or 4
 *
 * Return: what lies there, byte by byte where the access does not match a
 * register; 0 beyond the last.
 */
u32 hs_virtio_core_read(const struct hs_virtio_core *c, u32 off, unsigned int size)
{
	u32 reg, v = 0;
	unsigned int i;

	if (width_of(off) == size)
		return reg_read(c, off);
	for (i = 0; i < size && off + i < HS_VIRTIO_COMMON_LEN; i++) {
		for (reg = off + i; reg && !width_of(reg); reg--)
			;
		if (off + i - reg < width_of(reg))
			v |= (reg_read(c, reg) >> 8 * (off + i - reg) & 0xff) << 8 * i;
	}
	return v;
}

static u16 vector(const struct hs_virtio_core *c, u32 val)
{
	/* 4.1.5.1.2.1: what cannot be mapped reads back as NO_VECTOR. */
	return val < c->msix ? val : HS_VIRTIO_NO_VECTOR;
}

static void set_half(u64 *to, bool high, u32 val)
{
	if (high)
		*to = (*to & U32_MAX) | (u64)val << 32;
	else
		*to = (*to & ~(u64)U32_MAX) | val;
}

static void queue_write(struct hs_virtio_core *c, u32 reg, u32 val)
{
	struct hs_virtio_queue *q = selected(c);

	if (!q)
		return;
	if (reg == VIRTIO_PCI_COMMON_Q_MSIX) {
		q->vector = vector(c, val);
		return;
	}
	/* 4.1.4.3.2: a queue is set up before it is enabled, and never disabled. */
	if (q->enabled)
		return;
	switch (reg) {
	case VIRTIO_PCI_COMMON_Q_SIZE:
		if (val && val <= q->size_max && !(val & (val - 1)))
			q->size = val;
		break;
	case VIRTIO_PCI_COMMON_Q_ENABLE:
		if (val == 1 && (c->status & HS_VIRTIO_S_FEATURES_OK))
			q->enabled = true;
		break;
	case VIRTIO_PCI_COMMON_Q_DESCLO:
	case VIRTIO_PCI_COMMON_Q_DESCHI:
		set_half(&q->desc, reg == VIRTIO_PCI_COMMON_Q_DESCHI, val);
		break;
	case VIRTIO_PCI_COMMON_Q_AVAILLO:
	case VIRTIO_PCI_COMMON_Q_AVAILHI:
		set_half(&q->avail, reg == VIRTIO_PCI_COMMON_Q_AVAILHI, val);
		break;
	case VIRTIO_PCI_COMMON_Q_USEDLO:
	case VIRTIO_PCI_COMMON_Q_USEDHI:
		set_half(&q->used, reg == VIRTIO_PCI_COMMON_Q_USEDHI, val);
		break;
	}
}

static unsigned int status_write(struct hs_virtio_core *c, u8 val)
{
	unsigned int todo = 0;
	u8 set;

	if (!val) {
		/*
		 * Where nothing was begun nothing is to be stopped, and status, which
		 * reads 0 already, could not say that a reset goes on: what the driver
		 * writes next must count.
		 */
		if (!c->status) {
			hs_virtio_core_reset(c);
			return 0;
		}
		c->resetting = true;
		return HS_VIRTIO_DO_RESET;
	}
	set = val & ~c->status & S_DRIVER_BITS;
	/* FEATURES_OK stays clear until the device agrees, 3.1.1. */
	if (set & HS_VIRTIO_S_FEATURES_OK) {
		set &= ~HS_VIRTIO_S_FEATURES_OK;
		todo |= HS_VIRTIO_DO_FEATURES;
	}
	if (set & HS_VIRTIO_S_DRIVER_OK) {
		if (c->status & HS_VIRTIO_S_FEATURES_OK)
			todo |= HS_VIRTIO_DO_START;
		else
			set &= ~HS_VIRTIO_S_DRIVER_OK;
	}
	c->status |= set;
	return todo;
}

/**
 * hs_virtio_core_write() - the driver writes a register
 * @c: the registers
 * @off: offset in the common configuration
 * @size: 1, 2 or 4; a write in another width than the register's is dropped
 * @val: what it writes
 *
 * Return: HS_VIRTIO_DO_*, what the caller has to do.
 */
unsigned int hs_virtio_core_write(struct hs_virtio_core *c, u32 off, unsigned int size,
				  u32 val)
{
	if (width_of(off) != size || c->resetting)
		return 0;
	switch (off) {
	case VIRTIO_PCI_COMMON_DFSELECT:
		c->offer_sel = val;
		break;
	case VIRTIO_PCI_COMMON_GFSELECT:
		c->driver_sel = val;
		break;
	case VIRTIO_PCI_COMMON_GF:
		if (!(c->status & HS_VIRTIO_S_FEATURES_OK) && c->driver_sel <= 1)
			set_half(&c->driver_features, c->driver_sel, val);
		break;
	case VIRTIO_PCI_COMMON_MSIX:
		c->config_vector = vector(c, val);
		break;
	case VIRTIO_PCI_COMMON_STATUS:
		return status_write(c, val);
	case VIRTIO_PCI_COMMON_Q_SELECT:
		c->queue_sel = val;
		break;
	case VIRTIO_PCI_COMMON_DF:
	case VIRTIO_PCI_COMMON_NUMQ:
	case VIRTIO_PCI_COMMON_CFGGENERATION:
	case VIRTIO_PCI_COMMON_Q_NOFF:
		break;
	default:
		queue_write(c, off, val);
	}
	return 0;
}

/**
 * hs_virtio_core_features_done() - answers HS_VIRTIO_DO_FEATURES
 * @c: the registers
 * @ok: the device can work with what the driver chose
 *
 * What was not offered, or a driver from before version 1, is refused in any
 * case (2.2, 6.1).
 */
void hs_virtio_core_features_done(struct hs_virtio_core *c, bool ok)
{
	if (ok && !(c->driver_features & ~c->offer) &&
	    (c->driver_features & BIT_ULL(HS_VIRTIO_F_VERSION_1)))
		c->status |= HS_VIRTIO_S_FEATURES_OK;
}
