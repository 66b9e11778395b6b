/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A ring of bytes that never blocks its writer: the oldest bytes go.  Places
 * in it are counted from the first byte ever written.  Pure; the caller locks.
 */
#ifndef HS_DEV_CONSOLE_RING_H
#define HS_DEV_CONSOLE_RING_H

#include "pure.h"

/* @buf: @size bytes, a power of two; @head: bytes ever written. */
struct hs_ring {
	u8 *buf;
	u32 size;
	u64 head;
};

/* Place of the oldest byte still there. */
static inline u64 hs_ring_start(const struct hs_ring *r)
{
	return r->head > r->size ? r->head - r->size : 0;
}

void hs_ring_write(struct hs_ring *r, const u8 *src, size_t len);
size_t hs_ring_copy(const struct hs_ring *r, u64 *pos, u8 *dst, size_t len);

#endif /* HS_DEV_CONSOLE_RING_H */
