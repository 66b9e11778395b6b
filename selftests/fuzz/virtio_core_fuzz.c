// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer for the registers of a virtio device.
 *
 * Input: a byte for the number of queues, then accesses of six bytes: kind and
 * size, offset, value.  The device judges features and carries out resets as the
 * input says, and what is in use must never change.
 */
#include <linux/virtio_pci.h>
#include "dev/virtio_core.h"

#define CHECK(cond)	do { if (!(cond)) __builtin_trap(); } while (0)
#define OFFER		(BIT_ULL(HS_VIRTIO_F_VERSION_1) | 0x3000ffffULL)

static void check_queues(const struct hs_virtio_core *c, const struct hs_virtio_core *old)
{
	unsigned int i;

	for (i = 0; i < HS_VIRTIO_QUEUES; i++) {
		const struct hs_virtio_queue *q = &c->queue[i], *was = &old->queue[i];

		if (i >= c->nr_queues) {
			CHECK(!memcmp(q, was, sizeof(*q)));
			continue;
		}
		CHECK(q->size && q->size <= q->size_max && !(q->size & (q->size - 1)));
		CHECK(q->size_max == was->size_max);
		CHECK(q->vector < c->msix || q->vector == HS_VIRTIO_NO_VECTOR);
		if (!was->enabled)
			continue;
		CHECK(q->enabled && q->size == was->size && q->desc == was->desc &&
		      q->avail == was->avail && q->used == was->used);
	}
}

static void check(const struct hs_virtio_core *c, const struct hs_virtio_core *old)
{
	check_queues(c, old);
	CHECK(c->nr_queues == old->nr_queues && c->offer == old->offer);
	CHECK(c->config_vector < c->msix || c->config_vector == HS_VIRTIO_NO_VECTOR);
	CHECK(!(old->status & ~c->status));
	CHECK(!(c->status & HS_VIRTIO_S_NEEDS_RESET));
	if (c->status & HS_VIRTIO_S_FEATURES_OK) {
		CHECK(!(c->driver_features & ~c->offer));
		CHECK(c->driver_features & BIT_ULL(HS_VIRTIO_F_VERSION_1));
	}
	if (old->status & HS_VIRTIO_S_FEATURES_OK)
		CHECK(c->driver_features == old->driver_features);
	if (c->status & HS_VIRTIO_S_DRIVER_OK)
		CHECK(c->status & HS_VIRTIO_S_FEATURES_OK);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	const u16 size_max[HS_VIRTIO_QUEUES] = { 256, 128, 64, 32, 16, 8, 4, 2, 1, 256 };
	struct hs_virtio_core c, old;
	unsigned int todo;

	if (!len)
		return 0;
	hs_virtio_core_init(&c, OFFER, 1 + data[0] % 10, size_max, 1 + data[0] % 10);
	for (data++, len--; len >= 6; data += 6, len -= 6) {
		unsigned int size = 1U << (data[0] & 3) % 3;
		u32 off = data[1] & 0x7f, val = get_unaligned_le32(data + 2);

		old = c;
		if (data[0] & 4) {
			hs_virtio_core_read(&c, off, size);
			CHECK(!memcmp(&c, &old, sizeof(c)));
			continue;
		}
		todo = hs_virtio_core_write(&c, off, size, val);
		if (todo & HS_VIRTIO_DO_FEATURES)
			hs_virtio_core_features_done(&c, data[0] & 8);
		if (old.resetting)
			CHECK(!todo && !memcmp(&c, &old, sizeof(c)));
		check(&c, &old);
		if (todo & HS_VIRTIO_DO_START)
			CHECK(c.status & HS_VIRTIO_S_DRIVER_OK);
		if (c.resetting && (data[0] & 16)) {
			hs_virtio_core_reset(&c);
			CHECK(!c.status && !c.driver_features);
		}
	}
	return 0;
}
