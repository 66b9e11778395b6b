/* SPDX-License-Identifier: GPL-2.0 */
/* The I/O APIC of a board. */
#ifndef HS_DEV_IOAPIC_H
#define HS_DEV_IOAPIC_H

#include <linux/types.h>

struct hs_board;

int hs_ioapic_init(struct hs_board *b);
void hs_ioapic_reset(struct hs_board *b);
void hs_ioapic_exit(struct hs_board *b);
bool hs_ioapic_wants_edge(struct hs_board *b, unsigned int pin);
void hs_ioapic_set(struct hs_board *b, unsigned int gsi, bool level);
void hs_ioapic_set_pin0(struct hs_board *b, bool level);
void hs_ioapic_retry(struct hs_board *b);

#endif /* HS_DEV_IOAPIC_H */
