/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The list of a board's virtio devices, for those who make one.
 *
 * It changes only while no vCPU runs, and under the lock of who owns the board:
 * it has none of its own.
 */
#ifndef HS_DEV_VIRTIO_DEV_PRIV_H
#define HS_DEV_VIRTIO_DEV_PRIV_H

#include "pure.h"
#include "dev/virtio_dev.h"

struct hs_board;
struct hs_vdev;

int hs_vdevs_add(struct hs_board *b, struct hs_vdev *d, enum hs_dev_kind kind,
		 const char *id, void (*destroy)(struct hs_vdev *d),
		 void (*info)(struct hs_vdev *d, struct hs_dev_info *i));
/* The first device of a kind, or NULL. */
struct hs_vdev *hs_vdevs_find(struct hs_board *b, enum hs_dev_kind kind);
/* The one of this name, if it is of this kind, or NULL. */
struct hs_vdev *hs_vdevs_named(struct hs_board *b, enum hs_dev_kind kind, const char *id);

#endif /* HS_DEV_VIRTIO_DEV_PRIV_H */
