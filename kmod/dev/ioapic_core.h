/* SPDX-License-Identifier: GPL-2.0 */
/* I/O APIC with 24 pins: registers, and when a pin sends a message.  Pure. */
#ifndef HS_DEV_IOAPIC_CORE_H
#define HS_DEV_IOAPIC_CORE_H

#include "pure.h"
#include "dev/irq.h"

#define HS_IOAPIC_NPINS		24

/**
 * struct hs_ioapic_core - the I/O APIC
 * @redir: redirection table; bit 12 (delivery status) is never set
 * @lines: level of each pin now, a bit per pin
 * @sel: register that IOREGSEL chose
 * @id: bits 27:24 of the ID register
 */
struct hs_ioapic_core {
	u64 redir[HS_IOAPIC_NPINS];
	u32 lines;
	u32 id;
	u8 sel;
};

void hs_ioapic_core_reset(struct hs_ioapic_core *c);
bool hs_ioapic_core_set(struct hs_ioapic_core *c, unsigned int pin, bool level);
bool hs_ioapic_core_wants(const struct hs_ioapic_core *c, unsigned int pin);
bool hs_ioapic_core_wants_edge(const struct hs_ioapic_core *c, unsigned int pin);
bool hs_ioapic_core_msg(const struct hs_ioapic_core *c, unsigned int pin,
			struct hs_irq_msg *msg);
void hs_ioapic_core_sent(struct hs_ioapic_core *c, unsigned int pin,
			 unsigned int taken);
u32 hs_ioapic_core_eoi(struct hs_ioapic_core *c, u8 vector);
u32 hs_ioapic_core_read(const struct hs_ioapic_core *c, u64 off);
u32 hs_ioapic_core_write(struct hs_ioapic_core *c, u64 off, u32 val);

#endif /* HS_DEV_IOAPIC_CORE_H */
