/* SPDX-License-Identifier: GPL-2.0 */
/* A pair of 8259A as a PC has them: registers and priorities.  Pure. */
#ifndef HS_DEV_PIC_CORE_H
#define HS_DEV_PIC_CORE_H

#include "pure.h"

/**
 * struct hs_pic_chip - one 8259A
 * @lines: level of its inputs now
 * @edge: rising edges latched, for inputs in edge mode
 * @imr: interrupt mask register (OCW1)
 * @isr: in-service register
 * @elcr: inputs that are level triggered
 * @base: vector of input 0 (ICW2)
 * @prio: the input with the highest priority; the others follow in a circle
 * @init: initialization word expected next, 2 to 4; 0 when ready
 * @icw4: ICW1 announced an ICW4
 * @single: ICW1 said that there is no cascade
 * @aeoi: automatic end of interrupt
 * @rotate_aeoi: and rotation with it
 * @sfnm: special fully nested mode
 * @smm: special mask mode
 * @read_isr: a read of port 0 gives ISR, else IRR (OCW3)
 * @poll: the next read is a poll
 */
struct hs_pic_chip {
	u8 lines, edge, imr, isr, elcr, base, prio, init;
	bool icw4, single, aeoi, rotate_aeoi, sfnm, smm, read_isr, poll;
};

/* [0] asks the CPU; [1] asks through input 2 of [0]. */
struct hs_pic_core {
	struct hs_pic_chip chip[2];
};

void hs_pic_core_reset(struct hs_pic_core *p);
void hs_pic_core_set(struct hs_pic_core *p, unsigned int line, bool level);
bool hs_pic_core_wants_edge(const struct hs_pic_core *p, unsigned int line);
int hs_pic_core_peek(const struct hs_pic_core *p);
u8 hs_pic_core_inta(struct hs_pic_core *p);
u8 hs_pic_core_read(struct hs_pic_core *p, unsigned int chip, unsigned int a0);
void hs_pic_core_write(struct hs_pic_core *p, unsigned int chip, unsigned int a0,
		       u8 val);
u8 hs_pic_core_elcr_read(const struct hs_pic_core *p, unsigned int chip);
void hs_pic_core_elcr_write(struct hs_pic_core *p, unsigned int chip, u8 val);

#endif /* HS_DEV_PIC_CORE_H */
