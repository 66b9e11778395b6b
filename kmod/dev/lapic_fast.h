/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Local APIC: the path that every interrupt takes, from post to EOI.  Pure, and
 * inline, because it runs at each entry to the guest.  Included by lapic_core.h.
 */
#ifndef HS_DEV_LAPIC_FAST_H
#define HS_DEV_LAPIC_FAST_H

/* Class of a pending vector is above that of PPR. */
static inline bool hs_lapic_core_above(int vector, u8 ppr)
{
	return vector >= 0 && vector >> 4 > ppr >> 4;
}

/**
 * hs_lapic_core_post() - put a fixed interrupt into IRR
 * @c: the local APIC
 * @vector: 16-255; a lower one is an error that ESR keeps
 * @level: level triggered: its EOI is to be broadcast
 *
 * Context: any.  The caller issues a full barrier and kicks the vCPU.
 * Return: false when the vector was in IRR already.
 */
static inline bool hs_lapic_core_post(struct hs_lapic_core *c, u8 vector,
				      bool level)
{
	bool fresh;

	if (unlikely(vector < 16)) {
		hs_lapic_core_error(c, HS_ESR_RECV_VECTOR);
		return true;
	}
	/* Before IRR: the owner that takes the vector must see how it came. */
	if (unlikely(test_bit(vector, c->tmr) != level)) {
		if (level)
			set_bit(vector, c->tmr);
		else
			clear_bit(vector, c->tmr);
		smp_mb__after_atomic();
	}
	/* Fully ordered: pairs with the barrier in hs_lapic_core_irrv(). */
	fresh = !test_and_set_bit(vector, c->irr);
	if (!(atomic_read(&c->pend) & (1 << (vector >> 6))))
		atomic_or(1 << (vector >> 6), &c->pend);
	return fresh;
}

/**
 * hs_lapic_core_irrv() - highest vector in IRR
 * @c: the local APIC
 *
 * Context: owner; tidies @c->pend on the way.
 * Return: 16-255, or -1.
 */
static inline int hs_lapic_core_irrv(struct hs_lapic_core *c)
{
	unsigned int pend;

	while ((pend = atomic_read(&c->pend) & HS_PEND_IRR)) {
		unsigned int w = __fls(pend);
		unsigned long word = READ_ONCE(c->irr[w]);

		if (likely(word))
			return w * 64 + __fls(word);
		atomic_andnot(1 << w, &c->pend);
		/* Pairs with the full barrier in hs_lapic_core_post(). */
		smp_mb__after_atomic();
		if (READ_ONCE(c->irr[w]))
			atomic_or(1 << w, &c->pend);
	}
	return -1;
}

static inline void hs_lapic_core_update_ppr(struct hs_lapic_core *c)
{
	int isrv = c->isrv;

	/* SDM vol. 3, 11.8.3.1; with equal classes TPR's subclass shows. */
	if (isrv < 0 || c->tpr >> 4 >= isrv >> 4)
		WRITE_ONCE(c->ppr, c->tpr);
	else
		WRITE_ONCE(c->ppr, isrv & 0xf0);
}

/**
 * hs_lapic_core_ack() - the CPU takes the highest vector: IRR to ISR
 * @c: the local APIC
 *
 * Context: owner.
 * Return: the vector, or -1 when none is above PPR.
 */
static inline int hs_lapic_core_ack(struct hs_lapic_core *c)
{
	int v = hs_lapic_core_irrv(c);

	if (!hs_lapic_core_above(v, c->ppr))
		return -1;
	clear_bit(v, c->irr);
	c->isr[v >> 6] |= 1UL << (v & 63);
	c->isr_words |= 1 << (v >> 6);
	/* It is above all in service, and its class above that of TPR. */
	WRITE_ONCE(c->isrv, v);
	WRITE_ONCE(c->ppr, v & 0xf0);
	return v;
}

/**
 * hs_lapic_core_eoi() - end of interrupt, SDM vol. 3, 11.8.5
 * @c: the local APIC
 * @vector: the vector whose service ended
 *
 * Context: owner.
 * Return: true when that interrupt came as level triggered; the caller then
 * looks at SVR and at its pins.  False also when nothing was in service.
 */
static inline bool hs_lapic_core_eoi(struct hs_lapic_core *c, u8 *vector)
{
	int v = c->isrv, next = -1;
	unsigned int w;

	if (unlikely(v < 0))
		return false;
	w = v >> 6;
	c->isr[w] &= ~(1UL << (v & 63));
	if (!c->isr[w])
		c->isr_words &= ~(1 << w);
	if (c->isr_words) {
		w = __fls(c->isr_words);
		next = w * 64 + __fls(c->isr[w]);
	}
	WRITE_ONCE(c->isrv, next);
	hs_lapic_core_update_ppr(c);
	*vector = v;
	return test_bit(v, c->tmr);
}

/**
 * hs_lapic_core_eoi_is_silent() - would an EOI do no more than end the service
 * @c: the local APIC
 *
 * Context: owner.
 * Return: true when something is in service, nothing is pending that would come
 * after it, and nobody else is to hear of it: no level triggered interrupt.
 */
static inline bool hs_lapic_core_eoi_is_silent(const struct hs_lapic_core *c)
{
	return c->isrv >= 0 && !atomic_read(&c->pend) && !test_bit(c->isrv, c->tmr);
}

/**
 * hs_lapic_core_set_tpr() - write TPR
 * @c: the local APIC
 * @tpr: all eight bits
 *
 * Context: owner.
 */
static inline void hs_lapic_core_set_tpr(struct hs_lapic_core *c, u8 tpr)
{
	WRITE_ONCE(c->tpr, tpr);
	hs_lapic_core_update_ppr(c);
}

#endif /* HS_DEV_LAPIC_FAST_H */
