// SPDX-License-Identifier: GPL-2.0
/*
 * Local APIC: registers, as xAPIC page and as x2APIC MSRs.
 *
 * Section numbers are those of SDM vol. 3.  The two views differ in what they do
 * with an access that is not allowed: xAPIC notes "illegal register address" in
 * ESR for a register that does not exist and ignores the rest; x2APIC raises #GP
 * (11.12.1.3), for reserved bits too.
 */
#include "pure.h"
#include "dev/lapic_core.h"

/* Register numbers: offset in the xAPIC page >> 4, or MSR - 0x800. */
#define REG_ID		0x02
#define REG_VERSION	0x03
#define REG_APR		0x09	/* xAPIC only; not supported since Pentium 4 */
#define REG_PPR		0x0a
#define REG_RRD		0x0c	/* xAPIC only; ditto */
#define REG_LDR		0x0d
#define REG_DFR		0x0e	/* xAPIC only */
#define REG_SVR		0x0f
#define REG_ISR		0x10
#define REG_TMR		0x18
#define REG_IRR		0x20
#define REG_ESR		0x28
#define REG_ICR_HIGH	0x31	/* xAPIC only */
#define REG_LVT		0x32
#define REG_TIMER_INIT	0x38
#define REG_TIMER_DIV	0x3e

/*
 * Integrated APIC, six LVT entries (no CMCI, as MCG_CAP says), and EOI-broadcast
 * suppression, for the I/O APIC has an EOI register.
 */
#define VERSION		(0x14 | (HS_LVT_NR - 1) << 16 | 1 << 24)

#define SVR_WRITABLE	(0xffU | HS_SVR_ENABLED | HS_SVR_NO_BROADCAST)
#define SVR_FOCUS	0x200U	/* defined, but not supported since Pentium 4 */

#define LVT_STATUS	0x1000U
#define LVT_TIMER_MODE(v) ((v) >> 17 & 3)
#define LVT_TIMER_DEADLINE 0x40000U	/* the bit that the mode takes */

#define ICR_ASSERT	0x4000U
#define ICR_LEVEL	0x8000U

/* Writable bits of each LVT entry, figure 11-8. */
static const u32 lvt_writable[HS_LVT_NR] = {
	[HS_LVT_TIMER]	 = HS_LVT_MASKED | 0x600ff,
	[HS_LVT_THERMAL] = HS_LVT_MASKED | 0x7ff,
	[HS_LVT_PERF]	 = HS_LVT_MASKED | 0x7ff,
	[HS_LVT_LINT0]	 = HS_LVT_MASKED | HS_LVT_LEVEL | 0x27ff,
	[HS_LVT_LINT1]	 = HS_LVT_MASKED | HS_LVT_LEVEL | 0x27ff,
	[HS_LVT_ERROR]	 = HS_LVT_MASKED | 0xff,
};

static bool is_x2apic(const struct hs_lapic_core *c)
{
	return c->mode == HS_LAPIC_X2APIC;
}

/* What becomes of an access to a register that does not exist. */
static int illegal_register(struct hs_lapic_core *c)
{
	if (is_x2apic(c))
		return -EINVAL;
	hs_lapic_core_error(c, HS_ESR_REGISTER);
	return 0;
}

static u32 vector_bits(const unsigned long *map, unsigned int n)
{
	n &= 7;		/* also when the CPU has guessed another case */
	return READ_ONCE(map[n / 2]) >> (n & 1 ? 32 : 0);
}

/**
 * hs_lapic_core_read() - read a register
 * @c: the local APIC, not disabled
 * @reg: offset in the xAPIC page >> 4, or MSR - 0x800
 * @now: ns, for the current count
 * @val: where the value goes; 0 when the register cannot be read
 *
 * Context: owner, under the caller's lock for timer and pin registers.
 * Return: 0, or -EINVAL (#GP, x2APIC only).
 */
int hs_lapic_core_read(struct hs_lapic_core *c, unsigned int reg, u64 now,
		       u64 *val)
{
	bool x2 = is_x2apic(c);

	*val = 0;
	switch (reg) {
	case REG_ID:
		*val = x2 ? c->id : (u64)(c->id & 0xff) << 24;
		return 0;
	case REG_VERSION:
		*val = VERSION;
		return 0;
	case HS_LAPIC_TPR:
		*val = c->tpr;
		return 0;
	case REG_PPR:
		*val = c->ppr;
		return 0;
	case HS_LAPIC_EOI:
	case REG_APR:
	case REG_RRD:
		return x2 ? -EINVAL : 0;
	case REG_LDR:
		*val = c->ldr;
		return 0;
	case REG_DFR:
		if (x2)
			return -EINVAL;
		*val = c->dfr;
		return 0;
	case REG_SVR:
		*val = c->svr;
		return 0;
	case REG_ISR ... REG_ISR + 7:
		*val = vector_bits(c->isr, reg - REG_ISR);
		return 0;
	case REG_TMR ... REG_TMR + 7:
		*val = vector_bits(c->tmr, reg - REG_TMR);
		return 0;
	case REG_IRR ... REG_IRR + 7:
		*val = vector_bits(c->irr, reg - REG_IRR);
		return 0;
	case REG_ESR:
		*val = c->esr;
		return 0;
	case HS_LAPIC_ICR:
		*val = x2 ? c->icr : (u32)c->icr;
		return 0;
	case REG_ICR_HIGH:
		if (x2)
			return -EINVAL;
		*val = c->icr >> 32;
		return 0;
	case REG_LVT ... REG_LVT + HS_LVT_NR - 1:
		*val = c->lvt[array_index_nospec(reg - REG_LVT, HS_LVT_NR)];
		return 0;
	case REG_TIMER_INIT:
		*val = c->timer.init;
		return 0;
	case HS_LAPIC_COUNT:
		*val = hs_lapic_timer_count(&c->timer, now);
		return 0;
	case REG_TIMER_DIV:
		*val = c->timer.dcr;
		return 0;
	}
	return illegal_register(c);
}

/**
 * hs_lapic_core_self_ipi() - SELF IPI register, 11.12.11
 * @c: the local APIC
 * @vector: 16-255; a lower one is an error that ESR keeps
 *
 * Context: owner.
 */
void hs_lapic_core_self_ipi(struct hs_lapic_core *c, u8 vector)
{
	if (vector < 16)
		hs_lapic_core_error(c, HS_ESR_SEND_VECTOR);
	else if (hs_lapic_core_enabled(c))
		hs_lapic_core_post(c, vector, false);
}

/* Table 11-3: what may go with a shorthand that includes the sender. */
static bool icr_valid_shorthand(unsigned int mode, unsigned int shorthand)
{
	switch (shorthand) {
	case HS_SH_SELF:
		return mode == HS_DM_FIXED || mode == HS_DM_NMI;
	case HS_SH_ALL:
		return mode != HS_DM_INIT && mode != HS_DM_SIPI;
	}
	return true;
}

/**
 * hs_lapic_core_icr() - the low half of ICR was written, 11.6.1
 * @c: the local APIC
 * @icr: both halves
 * @out: HS_LA_SEND and the message, unless it is one that is not sent
 *
 * IPIs are edge triggered, but for INIT level de-assert, which does nothing
 * since Pentium 4.  SMI goes nowhere, there is no SMM.
 *
 * Context: owner.
 */
void hs_lapic_core_icr(struct hs_lapic_core *c, u64 icr, struct hs_lapic_out *out)
{
	struct hs_irq_msg *m = &out->msg;
	u8 vector = icr;

	icr &= ~HS_ICR_BUSY;
	c->icr = icr;
	*m = (struct hs_irq_msg){
		.logical = icr & BIT_ULL(11),
		.vector = vector,
		.mode = icr >> 8 & 7,
		.level = false,
		.shorthand = icr >> 18 & 3,
	};
	if (is_x2apic(c)) {
		m->dest = icr >> 32;
	} else {
		m->dest = icr >> 56;
		if (m->dest == 0xff && !m->logical)
			m->dest = HS_DEST_ALL;
	}

	switch (m->mode) {
	case HS_DM_FIXED:
	case HS_DM_LOWEST:
		if (vector < 16) {
			hs_lapic_core_error(c, HS_ESR_SEND_VECTOR);
			return;
		}
		break;
	case HS_DM_INIT:
		if ((icr & (ICR_LEVEL | ICR_ASSERT)) == ICR_LEVEL)
			return;
		break;
	case HS_DM_NMI:
	case HS_DM_SIPI:
		break;
	default:
		return;
	}
	if (icr_valid_shorthand(m->mode, m->shorthand))
		out->act |= HS_LA_SEND;
}

static void write_svr(struct hs_lapic_core *c, u32 val, struct hs_lapic_out *out)
{
	bool was = c->svr & HS_SVR_ENABLED, is = val & HS_SVR_ENABLED;
	unsigned int i;

	WRITE_ONCE(c->svr, val & SVR_WRITABLE);
	if (was == is)
		return;
	if (is) {
		out->act |= HS_LA_RETRY;
		return;
	}
	/* Software disabled: LVT entries are masked and stay so, 11.4.7.2. */
	for (i = 0; i < HS_LVT_NR; i++)
		WRITE_ONCE(c->lvt[i], c->lvt[i] | HS_LVT_MASKED);
	out->act |= HS_LA_LINT | HS_LA_TIMER;
}

static int write_lvt(struct hs_lapic_core *c, unsigned int n, u32 val, u64 now,
		     struct hs_lapic_out *out)
{
	u32 ro = LVT_STATUS, keep = 0, writable = lvt_writable[n];

	if (n == HS_LVT_LINT0 || n == HS_LVT_LINT1) {
		ro |= HS_LVT_REMOTE_IRR;
		/* In service for as long as it stays level triggered. */
		if ((val & HS_LVT_LEVEL) && HS_LVT_MODE(val) == HS_DM_FIXED)
			keep = c->lvt[n] & HS_LVT_REMOTE_IRR;
		out->act |= HS_LA_LINT;
	}
	if (n == HS_LVT_TIMER && c->no_deadline)
		writable &= ~LVT_TIMER_DEADLINE;
	if (is_x2apic(c) && (val & ~(writable | ro)))
		return -EINVAL;
	val &= writable;
	if (!(c->svr & HS_SVR_ENABLED))
		val |= HS_LVT_MASKED;
	if (n == HS_LVT_TIMER) {
		if (is_x2apic(c) && LVT_TIMER_MODE(val) == HS_TIMER_RESERVED)
			return -EINVAL;
		hs_lapic_timer_set_mode(&c->timer, LVT_TIMER_MODE(val), now);
		out->act |= HS_LA_TIMER;
	}
	WRITE_ONCE(c->lvt[n], val | keep);
	return 0;
}

/* Registers that only one of the two views has, or that #GP tells apart. */
static int write_x2apic_check(unsigned int reg, u64 val)
{
	u64 allowed;

	switch (reg) {
	case HS_LAPIC_TPR:
	case HS_LAPIC_SELF_IPI:
		allowed = 0xff;
		break;
	case HS_LAPIC_EOI:
	case REG_ESR:
		allowed = 0;
		break;
	case REG_SVR:
		allowed = SVR_WRITABLE | SVR_FOCUS;
		break;
	case HS_LAPIC_ICR:
		allowed = ~HS_ICR_RESERVED;
		break;
	case REG_TIMER_DIV:
		allowed = 0xb;
		break;
	case REG_TIMER_INIT:
	case REG_LVT ... REG_LVT + HS_LVT_NR - 1:
		allowed = 0xffffffff;
		break;
	default:	/* read-only, or not there */
		return -EINVAL;
	}
	return val & ~allowed ? -EINVAL : 0;
}

/**
 * hs_lapic_core_write() - write a register
 * @c: the local APIC, not disabled
 * @reg: offset in the xAPIC page >> 4, or MSR - 0x800
 * @val: the value
 * @now: ns, for the timer
 * @out: what else is to be done; the caller has cleared @out->act
 *
 * Context: owner, under the caller's lock for timer and pin registers; the
 * timer has been made to expire for @now.
 * Return: 0, or -EINVAL (#GP, x2APIC only).
 */
int hs_lapic_core_write(struct hs_lapic_core *c, unsigned int reg, u64 val,
			u64 now, struct hs_lapic_out *out)
{
	if (is_x2apic(c)) {
		if (write_x2apic_check(reg, val))
			return -EINVAL;
	} else {
		val = (u32)val;
	}

	switch (reg) {
	case HS_LAPIC_TPR:
		hs_lapic_core_set_tpr(c, val);
		return 0;
	case HS_LAPIC_EOI:
		if (hs_lapic_core_eoi(c, &out->vector))
			out->act |= HS_LA_EOI;
		return 0;
	case REG_LDR:
		WRITE_ONCE(c->ldr, val & 0xff000000);
		out->act |= HS_LA_RETRY;
		return 0;
	case REG_DFR:
		WRITE_ONCE(c->dfr, val | 0x0fffffff);
		out->act |= HS_LA_RETRY;
		return 0;
	case REG_SVR:
		write_svr(c, val, out);
		return 0;
	case REG_ESR:
		c->esr = atomic_xchg(&c->esr_new, 0);
		return 0;
	case HS_LAPIC_ICR:
		if (!is_x2apic(c))
			val |= c->icr & ~0xffffffffULL;
		hs_lapic_core_icr(c, val, out);
		return 0;
	case REG_ICR_HIGH:
		c->icr = (u32)c->icr | (val & 0xff000000) << 32;
		return 0;
	case REG_LVT ... REG_LVT + HS_LVT_NR - 1:
		return write_lvt(c, array_index_nospec(reg - REG_LVT, HS_LVT_NR),
				 val, now, out);
	case REG_TIMER_INIT:
		hs_lapic_timer_set_init(&c->timer, val, now);
		out->act |= HS_LA_TIMER;
		return 0;
	case REG_TIMER_DIV:
		hs_lapic_timer_set_dcr(&c->timer, val, now);
		out->act |= HS_LA_TIMER;
		return 0;
	case HS_LAPIC_SELF_IPI:
		if (!is_x2apic(c))
			break;
		hs_lapic_core_self_ipi(c, val);
		return 0;
	case REG_ID:		/* read-only, as on all CPUs with x2APIC */
	case REG_VERSION:
	case REG_APR:
	case REG_PPR:
	case REG_RRD:
	case REG_ISR ... REG_ISR + 7:
	case REG_TMR ... REG_TMR + 7:
	case REG_IRR ... REG_IRR + 7:
	case HS_LAPIC_COUNT:
		return 0;
	}
	return illegal_register(c);
}
