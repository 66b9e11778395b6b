/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices with 8-bit registers see wider accesses as bytes, lowest first, as
 * on an ISA bus.
 */
#ifndef HS_DEV_BYTES_H
#define HS_DEV_BYTES_H

#include <linux/types.h>

typedef u8 (*hs_read8_fn)(void *dev, unsigned int reg);
typedef void (*hs_write8_fn)(void *dev, unsigned int reg, u8 val);

static inline u64 hs_read_bytes(hs_read8_fn rd, void *dev, u64 off,
				unsigned int size)
{
	u64 val = 0;
	unsigned int i;

	for (i = 0; i < size; i++)
		val |= (u64)rd(dev, off + i) << (8 * i);
	return val;
}

static inline void hs_write_bytes(hs_write8_fn wr, void *dev, u64 off,
				  unsigned int size, u64 val)
{
	unsigned int i;

	for (i = 0; i < size; i++)
		wr(dev, off + i, val >> (8 * i));
}

#endif /* HS_DEV_BYTES_H */
