/* SPDX-License-Identifier: GPL-2.0 */
/* get_unaligned_*() moved from asm/ to linux/ in 6.12: take what is there. */
#ifndef HS_COMPAT_UNALIGNED_H
#define HS_COMPAT_UNALIGNED_H

#if __has_include(<linux/unaligned.h>)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#endif
