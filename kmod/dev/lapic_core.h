/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Local APIC: registers, priorities, messages.  Pure.
 *
 * Posting.  Whoever sends an interrupt sets the bit in IRR, then the bit of its
 * word in @pend, then (full barrier) kicks the vCPU.  The owner looks at @pend
 * first: while it is 0, nothing is pending.  Only the owner clears bits of IRR
 * and of the low half of @pend; it clears the bit of a word in @pend, full
 * barrier, reads the word again, and puts the bit back if somebody has set one
 * meanwhile.  So a set bit in IRR whose sender has finished always has its bit
 * in @pend.
 */
#ifndef HS_DEV_LAPIC_CORE_H
#define HS_DEV_LAPIC_CORE_H

#include "pure.h"
#include "dev/atomics.h"
#include "dev/irq.h"
#include "dev/lapic.h"
#include "dev/lapic_timer.h"

enum hs_lapic_mode {
	HS_LAPIC_OFF,		/* IA32_APIC_BASE.EN = 0 */
	HS_LAPIC_XAPIC,
	HS_LAPIC_X2APIC,
};

/* LVT entries in the order of their registers, 0x32 to 0x37. */
enum hs_lapic_lvt {
	HS_LVT_TIMER, HS_LVT_THERMAL, HS_LVT_PERF, HS_LVT_LINT0, HS_LVT_LINT1,
	HS_LVT_ERROR, HS_LVT_NR
};

#define HS_LVT_MASKED		0x10000U
#define HS_LVT_LEVEL		0x8000U		/* LINT0, LINT1 */
#define HS_LVT_REMOTE_IRR	0x4000U		/* LINT0, LINT1 */
#define HS_LVT_MODE(lvt)	((lvt) >> 8 & 7)

#define HS_SVR_ENABLED		0x100U
#define HS_SVR_NO_BROADCAST	0x1000U		/* EOI-broadcast suppression */

/* @pend: a bit per word of IRR, and who asks for an ExtINT. */
#define HS_PEND_IRR		0x0f
#define HS_PEND_EXTINT_PIN	0x10	/* LINT0, as long as the PIC asks */
#define HS_PEND_EXTINT_MSG	0x20	/* a message of the I/O APIC */
#define HS_PEND_EXTINT		(HS_PEND_EXTINT_PIN | HS_PEND_EXTINT_MSG)

/* ESR, SDM vol. 3, 11.5.3. */
#define HS_ESR_SEND_VECTOR	0x20
#define HS_ESR_RECV_VECTOR	0x40
#define HS_ESR_REGISTER		0x80

/* In x2APIC mode; delivery status is reserved too, but reads 0 and is ignored. */
#define HS_ICR_RESERVED	(GENMASK_ULL(31, 20) | GENMASK_ULL(17, 16) | BIT_ULL(13))
#define HS_ICR_BUSY	0x1000ULL

/* Register numbers: offset in the xAPIC page >> 4, or MSR - 0x800. */
#define HS_LAPIC_TPR		0x08
#define HS_LAPIC_EOI		0x0b
#define HS_LAPIC_ICR		0x30
#define HS_LAPIC_COUNT		0x39
#define HS_LAPIC_SELF_IPI	0x3f

/*
 * What a register write asks of the caller, besides having changed the state.
 */
#define HS_LA_EOI		0x01	/* broadcast an EOI of out->vector */
#define HS_LA_SEND		0x02	/* send the message in out->msg */
#define HS_LA_TIMER		0x04	/* look when the timer expires next */
#define HS_LA_LINT		0x08	/* an LVT entry of a pin, or a mode, changed */
#define HS_LA_RETRY		0x10	/* may take interrupts that it did not before */

struct hs_lapic_out {
	u32 act;		/* HS_LA_* */
	u8 vector;
	struct hs_irq_msg msg;
};

/**
 * struct hs_lapic_core - one local APIC
 * @pend: summary of what may be pending, HS_PEND_*; see above
 * @event: HS_LAPIC_EV_* not taken yet; SIPI vector in bits 15:8
 * @irr: interrupt request register; anybody sets, the owner clears
 * @tmr: trigger mode register; changed by who posts
 * @esr_new: errors since the last write of ESR; anybody
 * @tpr: task priority.  It, @ppr, @isrv, @mode, @svr, @ldr, @dfr and @lvt are
 *	written by the owner and read by anybody
 * @ppr: processor priority
 * @isrv: highest vector in service, or -1
 * @mode: what IA32_APIC_BASE says
 * @base: IA32_APIC_BASE
 * @base_rsvd: its reserved bits
 * @id: APIC id, never changes
 * @no_deadline: the timer has no TSC-deadline mode
 * @svr: spurious interrupt vector register
 * @ldr: logical destination register, of xAPIC or x2APIC as @mode says
 * @dfr: destination format register
 * @lvt: local vector table
 * @isr: in-service register; it and what follows belong to the owner
 * @isr_words: a bit per word of @isr that is not 0
 * @esr: error status register
 * @icr: interrupt command register
 * @timer: the timer; it, @lint and the LVT entries of timer and pins change under
 *	the caller's lock only
 * @lint: level of the pins LINT0 and LINT1
 */
struct hs_lapic_core {
	atomic_t pend;
	atomic_t event;
	unsigned long irr[4];
	unsigned long tmr[4];
	atomic_t esr_new;
	u8 tpr, ppr;
	s16 isrv;
	enum hs_lapic_mode mode;
	u64 base, base_rsvd;
	u32 id;
	bool no_deadline;
	u32 svr, ldr, dfr;
	u32 lvt[HS_LVT_NR];
	unsigned long isr[4];
	unsigned int isr_words;
	u32 esr;
	u64 icr;
	struct hs_lapic_timer timer;
	bool lint[2];
};

void hs_lapic_core_init(struct hs_lapic_core *c, u32 id, unsigned int phys_bits,
			u64 tsc_khz);
void hs_lapic_core_set_model(struct hs_lapic_core *c, bool x2apic, bool deadline);
void hs_lapic_core_reset(struct hs_lapic_core *c, bool init);
void hs_lapic_core_virtual_wire(struct hs_lapic_core *c);

void hs_lapic_core_post_event(struct hs_lapic_core *c, u32 event, u8 sipi);
u32 hs_lapic_core_take_events(struct hs_lapic_core *c, u8 *sipi);
int hs_lapic_core_irrv_peek(const struct hs_lapic_core *c);

int hs_lapic_core_read(struct hs_lapic_core *c, unsigned int reg, u64 now,
		       u64 *val);
int hs_lapic_core_write(struct hs_lapic_core *c, unsigned int reg, u64 val,
			u64 now, struct hs_lapic_out *out);
int hs_lapic_core_set_base(struct hs_lapic_core *c, u64 val,
			   struct hs_lapic_out *out);

void hs_lapic_core_icr(struct hs_lapic_core *c, u64 icr,
		       struct hs_lapic_out *out);
void hs_lapic_core_self_ipi(struct hs_lapic_core *c, u8 vector);

void hs_lapic_core_set_lint(struct hs_lapic_core *c, unsigned int pin, bool level);
void hs_lapic_core_update_lint(struct hs_lapic_core *c);
void hs_lapic_core_eoi_lint(struct hs_lapic_core *c, u8 vector);

bool hs_lapic_core_matches(const struct hs_lapic_core *c,
			   const struct hs_irq_msg *msg);
bool hs_lapic_core_raise_lvt(struct hs_lapic_core *c, enum hs_lapic_lvt n);
void hs_lapic_core_error(struct hs_lapic_core *c, u32 bits);

/* Takes fixed interrupts (hardware and software enabled). */
static inline bool hs_lapic_core_enabled(const struct hs_lapic_core *c)
{
	return READ_ONCE(c->mode) != HS_LAPIC_OFF && (READ_ONCE(c->svr) & HS_SVR_ENABLED);
}

#include "dev/lapic_fast.h"

#endif /* HS_DEV_LAPIC_CORE_H */
