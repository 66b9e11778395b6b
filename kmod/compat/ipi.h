/* SPDX-License-Identifier: GPL-2.0 */
/*
 * smp_send_reschedule().  Since 6.4 it is a macro with a tracepoint, whose
 * header its users have to bring themselves.
 */
#ifndef HS_COMPAT_IPI_H
#define HS_COMPAT_IPI_H

#include <linux/smp.h>
#include <trace/events/ipi.h>

#endif /* HS_COMPAT_IPI_H */
