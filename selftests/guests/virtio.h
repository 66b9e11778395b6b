/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small virtio driver over PCI (virtio 1.2, 4.1) for guest programs: enough for
 * a well-behaved driver, and nothing hidden from one that is not.
 *
 * Addresses are physical ones: the first 4 GiB are mapped one to one.
 */
#ifndef GUEST_VIRTIO_H
#define GUEST_VIRTIO_H

#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include "lib.h"

#define BIT_ULL(n)		(1ULL << (n))
#define F_VERSION_1		BIT_ULL(VIRTIO_F_VERSION_1)
#define F_INDIRECT		BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC)
#define F_EVENT_IDX		BIT_ULL(VIRTIO_RING_F_EVENT_IDX)

#define QUEUE_MAX		256	/* entries */
#define TABLE_MAX		32	/* entries of an indirect table */
#define NO_VECTOR		0xffff
#define ISR_QUEUE		1		/* 4.1.4.5; the other bit is VIRTIO_PCI_ISR_CONFIG */

static inline void mb(void)
{
	asm volatile("mfence" : : : "memory");
}

static inline void pause(void)
{
	asm volatile("pause" : : : "memory");
}

/* Configuration mechanism 1. */
u32 pci_read(unsigned int slot, unsigned int reg, unsigned int size);
void pci_write(unsigned int slot, unsigned int reg, unsigned int size, u32 val);

/* Of a memory address that may be a device's register: one access of that size. */
static inline u8 get8(const volatile void *p) { return *(const volatile u8 *)p; }
static inline u16 get16(const volatile void *p) { return *(const volatile u16 *)p; }
static inline u32 get32(const volatile void *p) { return *(const volatile u32 *)p; }
static inline void put8(volatile void *p, u8 v) { *(volatile u8 *)p = v; }
static inline void put16(volatile void *p, u16 v) { *(volatile u16 *)p = v; }
static inline void put32(volatile void *p, u32 v) { *(volatile u32 *)p = v; }

/**
 * struct vdev - a device
 * @slot: on bus 0
 * @id: virtio device id
 * @common, @isr, @config: its structures; @config NULL when there is none
 * @config_len: bytes
 * @notify: I/O port to which queue 0 is notified
 * @notify_mult: ports from one queue to the next, times its notify offset
 * @window: where the VIRTIO_PCI_CAP_PCI_CFG capability is
 * @msix_cap: where the MSI-X capability is; 0: none
 * @msix: its table
 * @vectors: entries of it
 * @features: negotiated
 */
struct vdev {
	unsigned int slot;
	u16 id;
	volatile u8 *common, *isr, *config;
	u32 config_len;
	u16 notify;
	u32 notify_mult;
	unsigned int window, msix_cap, vectors;
	volatile u32 *msix;
	u64 features;
};

/* The @nth device with virtio id @id, 0: with any.  Finds its structures and turns
 * on memory, I/O and bus mastering; interrupts are as they were. */
bool virtio_find(struct vdev *d, u16 id, unsigned int nth);

/* Registers of the common configuration by their VIRTIO_PCI_COMMON_ offset. */
#define COMMON(d, reg)		((d)->common + VIRTIO_PCI_COMMON_##reg)

u8 virtio_status(const struct vdev *d);
void virtio_set_status(const struct vdev *d, u8 bits);	/* adds them */
u64 virtio_offered(const struct vdev *d);
void virtio_write_features(const struct vdev *d, u64 f);
/* Status 0, and waits until it reads so. */
void virtio_reset(struct vdev *d);
/* Reset, ACKNOWLEDGE, DRIVER, features (VERSION_1 among them), FEATURES_OK; whether
 * the device agreed. */
bool virtio_begin(struct vdev *d, u64 features);
/* DRIVER_OK. */
void virtio_go(const struct vdev *d);
/* Waits for a status bit; false: it did not come within a minute. */
bool virtio_wait_status(const struct vdev *d, u8 bit);

/* MSI-X on or off; entry @n of the table sends @vector to this CPU. */
void virtio_msix(struct vdev *d, bool on);
void virtio_msix_entry(struct vdev *d, unsigned int n, u8 vector, bool masked);
bool virtio_msix_pending(struct vdev *d, unsigned int n);
/* INTA# of the device arrives as @vector. */
void virtio_intx(struct vdev *d, u8 vector);
void ioapic_route(unsigned int pin, u32 low);
#define IOAPIC_LEVEL_LOW	0xa000
#define IOAPIC_MASKED		0x10000

struct vseg {
	u64 addr;
	u32 len;
};

/**
 * struct vqueue - a queue
 * @desc, @avail, @used: its parts
 * @tables: an indirect table of TABLE_MAX entries for each descriptor
 * @nr_free, @free: descriptors that are free, a list through their next
 * @last_used: the next entry of the used ring to look at
 * @last_kick: the available index when the device was last notified
 */
struct vqueue {
	struct vdev *d;
	u16 index, size;
	volatile struct vring_desc *desc;
	volatile struct vring_avail *avail;
	volatile struct vring_used *used;
	volatile struct vring_desc *tables;
	u16 nr_free, free, last_used, last_kick;
	u16 taken[QUEUE_MAX];
};

static inline volatile u16 *used_event(struct vqueue *q)
{
	return &q->avail->ring[q->size];
}

static inline volatile u16 *avail_event(struct vqueue *q)
{
	return (volatile u16 *)&q->used->ring[q->size];
}

/* Memory for the queue, on first use, and an empty ring in it; @size 0: as many
 * entries as the device allows. */
void queue_init(struct vqueue *q, struct vdev *d, u16 index, u16 size);
/* Tells the device: size, addresses, MSI-X entry; and enables it. */
void queue_enable(struct vqueue *q, u16 vector);
/* Makes a buffer available: its name, or -1: no room.  @indirect: in a table. */
int queue_add(struct vqueue *q, const struct vseg *s, unsigned int out, unsigned int in,
	      bool indirect);
/* As it is, without any care. */
void queue_offer(struct vqueue *q, u16 head);
/* Notifies, always. */
void queue_notify(const struct vqueue *q);
/* Notifies if the device asks for it since the last time. */
void queue_kick(struct vqueue *q);
/* A buffer that came back: its name, or -1. */
int queue_get(struct vqueue *q, u32 *len);
/* The same, waits by looking; -1: it did not come within a minute. */
int queue_poll(struct vqueue *q, u32 *len);

/* Whether a minute has passed since the first call, by the ACPI timer. */
struct minute {
	bool begun;
	u32 last;
	u64 ticks;
};
bool minute_over(struct minute *m);

/* Waits with HLT for *@what to differ from @old; false: a minute passed. */
bool wait_change(const volatile u32 *what, u32 old);

#endif /* GUEST_VIRTIO_H */
