/* SPDX-License-Identifier: GPL-2.0 */
/* The interrupt message that I/O APIC, MSI and local APICs exchange. */
#ifndef HS_DEV_IRQ_H
#define HS_DEV_IRQ_H

#include "pure.h"

/* Delivery modes, SDM vol. 3, 11.5.1 and 11.6.1. */
#define HS_DM_FIXED	0
#define HS_DM_LOWEST	1
#define HS_DM_SMI	2
#define HS_DM_NMI	4
#define HS_DM_INIT	5
#define HS_DM_SIPI	6	/* ICR only */
#define HS_DM_EXTINT	7	/* LVT and I/O APIC only */

/* Destination shorthands, SDM vol. 3, 11.6.1. */
#define HS_SH_NONE	0
#define HS_SH_SELF	1
#define HS_SH_ALL	2
#define HS_SH_OTHERS	3

/* Physical destination that means every local APIC, whatever its mode. */
#define HS_DEST_ALL	0xffffffffU

/* An interrupt message, as an MSI or an IOAPIC entry forms it. */
struct hs_irq_msg {
	u32 dest;		/* 8-bit xAPIC or 32-bit x2APIC destination */
	bool logical;
	u8 vector;
	u8 mode;		/* delivery mode HS_DM_* */
	bool level;		/* trigger mode: level */
	u8 shorthand;		/* HS_SH_* */
};

#endif /* HS_DEV_IRQ_H */
