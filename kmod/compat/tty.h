/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Types in tty_operations.write: count and result were int until 6.6.
 * Types in binary attributes: they became const over 6.13 to 6.17.
 */
#ifndef HS_COMPAT_TTY_H
#define HS_COMPAT_TTY_H

#include <linux/types.h>

#ifdef HS_HAVE_TTY_WRITE_SSIZE
typedef ssize_t hs_tty_written_t;
typedef size_t hs_tty_count_t;
#else
typedef int hs_tty_written_t;
typedef int hs_tty_count_t;
#endif

#ifdef HS_HAVE_BIN_ATTR_CONST
#define HS_BIN_ATTR_CONST const
#else
#define HS_BIN_ATTR_CONST
#endif

#endif /* HS_COMPAT_TTY_H */
