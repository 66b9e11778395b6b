/* SPDX-License-Identifier: GPL-2.0 */
/* get_unaligned_*() moved from asm/ to linux/ in 6.12: take what is there. */
#ifndef HS_COMPAT_UNALIGNED_H
#define HS_COMPAT_UNALIGNED_H

/* A probe, because sparse does not understand __has_include. */
#ifdef HS_HAVE_LINUX_UNALIGNED
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#endif
