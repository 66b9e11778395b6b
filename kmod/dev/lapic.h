/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Local APIC, SDM vol. 3, chapter 11 (xAPIC and x2APIC).
 *
 * Who runs where: the owner is the vCPU thread (with interrupts on or off);
 * everybody else only posts: sets bits in IRR/TMR and the event word by
 * atomics, then calls board->ops->kick.  ISR, PPR and the registers belong to
 * the owner.  Timer and pins have a lock, because host timer and PIC change
 * them from any context.
 *
 * Barriers: a sender sets IRR or the event word, then a full barrier, then kicks
 * (the kick looks at IN_GUEST).  The owner sets IN_GUEST, then a full barrier,
 * then looks at hs_lapic_pending() and hs_lapic_take_events(), at each entry.
 * A halted owner sets its state, full barrier, then asks hs_lapic_has_work().
 * What the owner sends to itself is not kicked: it looks before it enters.
 */
#ifndef HS_DEV_LAPIC_H
#define HS_DEV_LAPIC_H

#include "pure.h"

struct hs_board;
struct hs_lapic;

#define HS_APIC_DEFAULT_BASE	0xfee00000ULL

/*
 * What the timer counts before its divider: the crystal of CPUID leaf 0x15 ECX.
 * Divides 10^9, so that a tick is a whole number of ns.
 */
#define HS_LAPIC_TIMER_HZ	25000000

/* Events other than fixed interrupts, taken by hs_lapic_take_events(). */
#define HS_LAPIC_EV_NMI		0x1
#define HS_LAPIC_EV_INIT	0x2
#define HS_LAPIC_EV_SIPI	0x4

struct hs_lapic *hs_lapic_create(struct hs_board *b, unsigned int id);
void hs_lapic_destroy(struct hs_lapic *a);
/*
 * Owner.  TSC deadlines without a host timer: once hs_lapic_watch() was called,
 * the owner asks hs_lapic_due() before each entry to the guest for the host TSC
 * at which one expires (0: none), makes the processor leave the guest then, and
 * calls hs_lapic_timer_due(); hs_lapic_timer_sleep() before it sleeps till an
 * interrupt comes, and hs_lapic_timer_awake() after it.
 */
void hs_lapic_watch(struct hs_lapic *a);
u64 hs_lapic_due(const struct hs_lapic *a);
void hs_lapic_timer_due(struct hs_lapic *a);
void hs_lapic_timer_sleep(struct hs_lapic *a);
void hs_lapic_timer_awake(struct hs_lapic *a);
/* What CPUID offers of it.  Once, at power-on state; owner stopped. */
void hs_lapic_set_model(struct hs_lapic *a, bool x2apic, bool deadline);
/*
 * @init: INIT, which keeps IA32_APIC_BASE (and so x2APIC mode); called when
 * HS_LAPIC_EV_INIT is taken.  Else power-on.  Owner, or owner stopped.
 */
void hs_lapic_reset(struct hs_lapic *a, bool init);
/*
 * After power-on, for the boot processor: virtual wire mode, as firmware leaves
 * it (enabled, PIC through LINT0, NMI at LINT1).  Owner stopped.
 */
void hs_lapic_virtual_wire(struct hs_lapic *a);

/*
 * Owner.  The vector to inject now (IRR above PPR, or ExtINT by LINT0), or -1.
 * Does not acknowledge.
 */
int hs_lapic_pending(struct hs_lapic *a);
/*
 * Owner.  Acknowledges what hs_lapic_pending() would return: IRR -> ISR, or the
 * PIC's INTA.  Returns the vector, or -1 when it has vanished.
 */
int hs_lapic_ack(struct hs_lapic *a);

/* Any context.  A halted vCPU has to wake: vector, NMI, INIT, SIPI. */
bool hs_lapic_has_work(struct hs_lapic *a);
/* Any context.  Of that, NMI, INIT and SIPI alone: what wakes from HLT with
 * RFLAGS.IF = 0. */
bool hs_lapic_has_event(struct hs_lapic *a);

/* Owner.  Fetches and clears events; *sipi is the SIPI vector. */
u32 hs_lapic_take_events(struct hs_lapic *a, u8 *sipi);

/* Owner.  x2APIC MSRs 0x800-0x8ff, IA32_APIC_BASE, IA32_TSC_DEADLINE. 0, or
 * -EINVAL for #GP.  Safe with interrupts off (FAST). */
int hs_lapic_msr_read(struct hs_lapic *a, u32 msr, u64 *val);
int hs_lapic_msr_write(struct hs_lapic *a, u32 msr, u64 val);

/* Owner.  xAPIC page; @off 0-0xfff.  Base (or 0 when x2APIC or disabled). */
u64 hs_lapic_mmio_base(struct hs_lapic *a);
u64 hs_lapic_mmio_read(struct hs_lapic *a, u32 off, unsigned int size);
void hs_lapic_mmio_write(struct hs_lapic *a, u32 off, unsigned int size, u64 val);

/*
 * Owner.  End of interrupt without a register: hs_lapic_eoi() does what a write
 * of EOI does; hs_lapic_eoi_is_silent() says that nobody would notice when.
 */
bool hs_lapic_eoi_is_silent(struct hs_lapic *a);
void hs_lapic_eoi(struct hs_lapic *a);

/* Owner.  CR8 is TPR bits 7:4. */
u8 hs_lapic_cr8_read(struct hs_lapic *a);
void hs_lapic_cr8_write(struct hs_lapic *a, u8 cr8);

/*
 * Owner.  Guest TSC = host TSC + @offset, for the TSC-deadline timer; at once
 * compared with a deadline that is set.
 */
void hs_lapic_set_tsc_offset(struct hs_lapic *a, u64 offset);

/* Any context.  Local interrupt pins LINT0 (PIC) and LINT1 (NMI).  Kicks. */
void hs_lapic_set_lint(struct hs_lapic *a, unsigned int pin, bool level);

#endif /* HS_DEV_LAPIC_H */
