/* SPDX-License-Identifier: GPL-2.0 */
/* Between virtio.c (life), virtio_pci.c (bus) and virtio_queue.c (buffers). */
#ifndef HS_DEV_VIRTIO_PRIV_H
#define HS_DEV_VIRTIO_PRIV_H

#include "dev/virtio.h"

/* virtio.c */
void hs_vdev_do(struct hs_vdev *d, unsigned int todo);

/* virtio_batch.c */
void hs_vq_notified(struct hs_vq *vq);
void hs_batch_flush(struct hs_board *b);

/* virtio_pci.c */
int hs_vdev_pci_add(struct hs_vdev *d, unsigned int slot);
void hs_vdev_signal_config(struct hs_vdev *d);
void hs_vdev_signal_queue(struct hs_vq *vq);
void hs_vdev_isr_clear(struct hs_vdev *d);

/* virtio_queue.c */
void hs_vq_deaf(struct hs_vq *vq);

#endif /* HS_DEV_VIRTIO_PRIV_H */
