/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The common configuration of a virtio device over PCI (virtio 1.2, 4.1.4.3): its
 * registers, and which accesses a driver may make when.  Pure.
 */
#ifndef HS_DEV_VIRTIO_CORE_H
#define HS_DEV_VIRTIO_CORE_H

#include "pure.h"

#define HS_VIRTIO_QUEUES	16	/* of a device, at most */
#define HS_VIRTIO_NO_VECTOR	0xffff

/* Device status, 2.1. */
#define HS_VIRTIO_S_ACKNOWLEDGE	1
#define HS_VIRTIO_S_DRIVER	2
#define HS_VIRTIO_S_DRIVER_OK	4
#define HS_VIRTIO_S_FEATURES_OK	8
#define HS_VIRTIO_S_NEEDS_RESET	64
#define HS_VIRTIO_S_FAILED	128

/* Reserved feature bits, 6. */
#define HS_VIRTIO_F_INDIRECT_DESC	28
#define HS_VIRTIO_F_EVENT_IDX		29
#define HS_VIRTIO_F_VERSION_1		32

/* What a driver has set up of a queue. */
struct hs_virtio_queue {
	u16 size_max, size;
	u16 vector;
	bool enabled;
	u64 desc, avail, used;
};

/**
 * struct hs_virtio_core - registers of a device
 * @nr_queues, @offer, @msix: constant
 * @resetting: status 0 was written and is being carried out; until
 *	hs_virtio_core_reset() status reads as before, and nothing can be written
 */
struct hs_virtio_core {
	unsigned int nr_queues;
	unsigned int msix;		/* vectors */
	u64 offer;
	u64 driver_features;
	u32 offer_sel, driver_sel;
	u16 queue_sel;
	u16 config_vector;
	u8 status;
	u8 generation;
	bool resetting;
	struct hs_virtio_queue queue[HS_VIRTIO_QUEUES];
};

/* What a write makes necessary; bits. */
#define HS_VIRTIO_DO_RESET	BIT(0)	/* begin a reset */
#define HS_VIRTIO_DO_FEATURES	BIT(1)	/* judge the features, see features_done() */
#define HS_VIRTIO_DO_START	BIT(2)	/* DRIVER_OK */

#define HS_VIRTIO_COMMON_LEN	64	/* bytes of the registers, rounded up */

void hs_virtio_core_init(struct hs_virtio_core *c, u64 offer, unsigned int nr_queues,
			 const u16 *queue_size, unsigned int msix);
void hs_virtio_core_reset(struct hs_virtio_core *c);
u32 hs_virtio_core_read(const struct hs_virtio_core *c, u32 off, unsigned int size);
unsigned int hs_virtio_core_write(struct hs_virtio_core *c, u32 off, unsigned int size,
				  u32 val);
void hs_virtio_core_features_done(struct hs_virtio_core *c, bool ok);

#endif /* HS_DEV_VIRTIO_CORE_H */
