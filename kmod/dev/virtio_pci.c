// SPDX-License-Identifier: GPL-2.0
/*
 * Virtio over PCI (virtio 1.2, 4.1), modern devices only: every Linux since 4.0
 * has the driver.
 *
 * All queues are notified at one I/O port, with the queue's number as the value:
 * that exit needs no instruction decoded and no page walked, and is served with
 * interrupts off.  The rest is memory, and rare.
 */
#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>
#include "dev/board.h"
#include "dev/virtio_priv.h"

#define VENDOR_VIRTIO		0x1af4	/* 4.1.2 */
#define DEVICE_MODERN		0x1040	/* plus the virtio device id */
#define REVISION		1

/* BAR 0, I/O: notifications. */
#define NOTIFY_BAR		0
#define NOTIFY_LEN		4
/* BAR 1, memory: all other structures. */
#define CFG_BAR			1
#define CFG_BAR_LEN		4096
#define COMMON_OFF		0
#define ISR_OFF			0x80
#define ISR_LEN			1
#define DEVICE_OFF		0x100

#define ISR_QUEUE		BIT(0)
#define ISR_CONFIG		BIT(1)

static u64 notify_read(void *dev, u64 off, unsigned int size)
{
	return 0;
}

/* FAST: interrupts are off. */
static void notify_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_vdev *d = dev;

	if (off || size != 2 || val >= d->nr_queues)
		return;
	atomic64_inc(&d->stats.kicks);
	hs_vq_notified(&d->vq[array_index_nospec(val, d->nr_queues)]);
}

static const struct hs_region_ops notify_ops = {
	.read = notify_read,
	.write = notify_write,
	.fast = true,
};

static void isr_set(struct hs_vdev *d, u8 bits)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&d->isr_lock, flags);
	d->isr |= bits;
	hs_pci_intx_set(d->pci, true);
	raw_spin_unlock_irqrestore(&d->isr_lock, flags);
}

static u8 isr_take(struct hs_vdev *d)
{
	unsigned long flags;
	u8 isr;

	raw_spin_lock_irqsave(&d->isr_lock, flags);
	isr = d->isr;
	d->isr = 0;
	hs_pci_intx_set(d->pci, false);
	raw_spin_unlock_irqrestore(&d->isr_lock, flags);
	return isr;
}

static void signal(struct hs_vdev *d, u16 vector, u8 isr)
{
	atomic64_inc(&d->stats.signals);
	if (!hs_pci_msix_on(d->pci))
		isr_set(d, isr);
	else if (vector != HS_VIRTIO_NO_VECTOR)
		hs_pci_msix_send(d->pci, vector);
}

/**
 * hs_vdev_signal_queue() - tell the driver of used buffers
 * @vq: the queue
 *
 * Context: process.
 */
void hs_vdev_signal_queue(struct hs_vq *vq)
{
	signal(vq->d, READ_ONCE(vq->d->core.queue[vq->index].vector), ISR_QUEUE);
}

/**
 * hs_vdev_signal_config() - tell the driver of a changed configuration or status
 * @d: the device
 *
 * Context: process.
 */
void hs_vdev_signal_config(struct hs_vdev *d)
{
	signal(d, READ_ONCE(d->core.config_vector), ISR_CONFIG);
}

/**
 * hs_vdev_isr_clear() - no interrupt is asked for any more
 * @d: the device
 *
 * Context: any.
 */
void hs_vdev_isr_clear(struct hs_vdev *d)
{
	isr_take(d);
}

static u32 config_read(struct hs_vdev *d, u32 off, unsigned int size)
{
	u32 v = 0;

	if (off < d->config_len)
		memcpy(&v, d->config + off, min(size, d->config_len - off));
	return v;
}

static void config_write(struct hs_vdev *d, u32 off, unsigned int size, u32 val)
{
	if (off < d->config_len && size <= d->config_len - off && d->ops->config_write)
		d->ops->config_write(d, off, size, val);
}

static u64 cfg_read4(struct hs_vdev *d, u32 off, unsigned int size)
{
	if (off >= DEVICE_OFF)
		return config_read(d, off - DEVICE_OFF, size);
	if (off == ISR_OFF)
		return isr_take(d);
	if (off < HS_VIRTIO_COMMON_LEN)
		return hs_virtio_core_read(&d->core, off, size);
	return 0;
}

/* 8 bytes: a driver may read a 64-bit field at once (4.1.3.1 lets it not). */
static u64 cfg_read(void *dev, u64 off, unsigned int size)
{
	struct hs_vdev *d = dev;
	u64 v;

	mutex_lock(&d->lock);
	v = cfg_read4(d, off, min(size, 4U));
	if (size == 8)
		v |= cfg_read4(d, off + 4, 4) << 32;
	mutex_unlock(&d->lock);
	return v;
}

static void cfg_write4(struct hs_vdev *d, u32 off, unsigned int size, u32 val)
{
	if (off >= DEVICE_OFF)
		config_write(d, off - DEVICE_OFF, size, val);
	else if (off < HS_VIRTIO_COMMON_LEN)
		hs_vdev_do(d, hs_virtio_core_write(&d->core, off, size, val));
}

static void cfg_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_vdev *d = dev;

	mutex_lock(&d->lock);
	cfg_write4(d, off, min(size, 4U), val);
	if (size == 8)
		cfg_write4(d, off + 4, 4, val >> 32);
	mutex_unlock(&d->lock);
}

static const struct hs_region_ops cfg_ops = {
	.read = cfg_read,
	.write = cfg_write,
};

/* A capability of 4.1.4; @extra: what follows the common part, if anything. */
struct cap {
	struct virtio_pci_cap cap;
	__le32 extra;
};

static void cap_fill(struct hs_pci_cfg *cfg, struct cap *c, u8 type, u8 bar, u32 off,
		     u32 len)
{
	const bool longer = type == VIRTIO_PCI_CAP_NOTIFY_CFG || type == VIRTIO_PCI_CAP_PCI_CFG;

	*c = (struct cap){
		.cap = {
			.cap_vndr = PCI_CAP_ID_VNDR,
			.cap_len = longer ? sizeof(*c) : sizeof(c->cap),
			.cfg_type = type,
			.bar = bar,
			.offset = cpu_to_le32(off),
			.length = cpu_to_le32(len),
		},
		/* NOTIFY_CFG: multiplier 0, one address for all queues. */
	};
	cfg->cap[cfg->nr_caps++] = (struct hs_pci_cap){
		.data = (const u8 *)c,
		.len = c->cap.cap_len,
		.window = type == VIRTIO_PCI_CAP_PCI_CFG,
	};
}

/**
 * hs_vdev_pci_add() - put a device on the bus
 * @d: the device; its registers are ready
 * @slot: as for hs_pci_add()
 *
 * Return: as hs_pci_add(), -EINVAL when the configuration is too long as well.
 */
int hs_vdev_pci_add(struct hs_vdev *d, unsigned int slot)
{
	struct hs_pci_cfg cfg = {
		.vendor = VENDOR_VIRTIO,
		.device = DEVICE_MODERN + d->id,
		.sub_vendor = VENDOR_VIRTIO,
		/* 4.1.2.1: from 0x40 up, so that no legacy driver takes it. */
		.sub_device = DEVICE_MODERN + d->id,
		.revision = REVISION,
		.class = d->class,
		.bar = {
			[NOTIFY_BAR] = { NOTIFY_LEN, true, &notify_ops },
			[CFG_BAR] = { CFG_BAR_LEN, false, &cfg_ops },
		},
		.msix = d->nr_queues + 1,
		.dev = d,
	};
	struct cap caps[5];

	BUILD_BUG_ON(sizeof(struct cap) != 20);
	if (d->config_len > CFG_BAR_LEN - DEVICE_OFF)
		return -EINVAL;
	cap_fill(&cfg, &caps[0], VIRTIO_PCI_CAP_COMMON_CFG, CFG_BAR, COMMON_OFF,
		 HS_VIRTIO_COMMON_LEN);
	cap_fill(&cfg, &caps[1], VIRTIO_PCI_CAP_ISR_CFG, CFG_BAR, ISR_OFF, ISR_LEN);
	if (d->config_len)
		cap_fill(&cfg, &caps[2], VIRTIO_PCI_CAP_DEVICE_CFG, CFG_BAR, DEVICE_OFF,
			 d->config_len);
	cap_fill(&cfg, &caps[3], VIRTIO_PCI_CAP_NOTIFY_CFG, NOTIFY_BAR, 0, NOTIFY_LEN);
	cap_fill(&cfg, &caps[4], VIRTIO_PCI_CAP_PCI_CFG, CFG_BAR, 0, 0);
	return hs_pci_add(d->board, slot, &cfg, &d->pci);
}
