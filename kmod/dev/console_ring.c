// SPDX-License-Identifier: GPL-2.0
/* The console's ring of bytes. */
#include "dev/console_ring.h"

/**
 * hs_ring_write - put bytes in
 * @r: the ring
 * @src: they
 * @len: how many; of more than the ring holds, the last ones stay
 */
void hs_ring_write(struct hs_ring *r, const u8 *src, size_t len)
{
	size_t at, first;

	if (len > r->size) {
		r->head += len - r->size;
		src += len - r->size;
		len = r->size;
	}
	at = r->head & (r->size - 1);
	first = min_t(size_t, len, r->size - at);
	memcpy(r->buf + at, src, first);
	memcpy(r->buf, src + first, len - first);
	r->head += len;
}

/**
 * hs_ring_copy - bytes from a place on
 * @r: the ring
 * @pos: where to begin; moved up to the oldest byte when that place was
 *	overwritten.  Not moved past what is copied.
 * @dst: where to
 * @len: room in @dst
 *
 * Return: bytes copied, 0 when there are none from *@pos on.
 */
size_t hs_ring_copy(const struct hs_ring *r, u64 *pos, u8 *dst, size_t len)
{
	u64 start = hs_ring_start(r);
	size_t at, first;

	if (*pos < start)
		*pos = start;
	if (*pos >= r->head)
		return 0;
	len = min_t(u64, len, r->head - *pos);
	at = *pos & (r->size - 1);
	first = min_t(size_t, len, r->size - at);
	memcpy(dst, r->buf + at, first);
	memcpy(dst + first, r->buf, len - first);
	return len;
}
