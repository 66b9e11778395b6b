// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC against SDM vol. 3, chapter 11: states, priorities, errors,
 * and registers in both views.
 */
#include "lapic_fixture.h"

/* --- state after power-up and INIT ---------------------------------------- */

TEST_F(lapic, power_on)
{
	unsigned int i;

	hs_lapic_core_init(C, 3, 46, 1000000);
	EXPECT_EQ(BASE_ADDR | BASE_EN, C->base);
	EXPECT_EQ(HS_LAPIC_XAPIC, C->mode);
	EXPECT_EQ(3 << 24, RD(R_ID));
	EXPECT_EQ(0x01050014, RD(R_VERSION));
	EXPECT_EQ(0xff, RD(R_SVR));
	EXPECT_EQ(0xffffffff, RD(R_DFR));
	EXPECT_EQ(0, RD(R_LDR));
	for (i = R_LVTT; i <= R_LVTERR; i++)
		EXPECT_EQ(0x10000, RD(i));
	for (i = R_ISR; i < R_ESR; i++)
		EXPECT_EQ(0, RD(i));
	EXPECT_EQ(0, RD(R_TPR) | RD(R_PPR) | RD(R_ESR) | RD(R_ICR) | RD(R_ICR2) |
		     RD(R_TMICT) | RD(R_TMCCT) | RD(R_TDCR));
	EXPECT_FALSE(hs_lapic_core_enabled(C));

	hs_lapic_core_init(C, 0, 46, 1000000);
	EXPECT_EQ(BASE_ADDR | BASE_EN | BASE_BSP, C->base);
}

TEST_F(lapic, init_keeps_base_and_mode)
{
	X2APIC();
	WR(R_TPR, 0x50);
	WR(R_LVT0, 0x700);
	POST_LEVEL(0x80);
	hs_lapic_core_post_event(C, HS_LAPIC_EV_NMI, 0);
	hs_lapic_core_reset(C, true);
	EXPECT_EQ(HS_LAPIC_X2APIC, C->mode);
	EXPECT_EQ(BASE_ADDR | BASE_EN | BASE_BSP | BASE_EXTD, C->base);
	EXPECT_EQ(1, RD(R_LDR));
	EXPECT_EQ(0, RD(R_TPR));
	EXPECT_EQ(0x10000, RD(R_LVT0));
	EXPECT_EQ(0xff, RD(R_SVR));
	EXPECT_EQ(0, RD(R_TMR + 4));
	EXPECT_EQ(-1, IRRV());
	EXPECT_EQ(0, atomic_read(&C->pend));

	hs_lapic_core_reset(C, false);
	EXPECT_EQ(HS_LAPIC_XAPIC, C->mode);
	EXPECT_EQ(0, atomic_read(&C->event));
}

/* --- IA32_APIC_BASE -------------------------------------------------------- */

TEST_F(lapic, base_transitions)
{
	const u64 off = BASE_ADDR | BASE_BSP, x = off | BASE_EN,
		  x2 = x | BASE_EXTD, bad = off | BASE_EXTD;

	EXPECT_EQ(0, SET_BASE(x));
	EXPECT_EQ(0, ACT);
	EXPECT_EQ(-EINVAL, SET_BASE(bad));
	EXPECT_EQ(0, SET_BASE(x2));
	EXPECT_EQ(HS_LA_LINT | HS_LA_TIMER | HS_LA_RETRY, ACT);
	EXPECT_EQ(0, SET_BASE(x2));
	EXPECT_EQ(-EINVAL, SET_BASE(x));	/* x2APIC to xAPIC */
	EXPECT_EQ(-EINVAL, SET_BASE(bad));
	EXPECT_EQ(x2, C->base);
	EXPECT_EQ(0, SET_BASE(off));
	EXPECT_EQ(HS_LAPIC_OFF, C->mode);
	EXPECT_EQ(-EINVAL, SET_BASE(x2));	/* disabled to x2APIC */
	EXPECT_EQ(-EINVAL, SET_BASE(bad));
	EXPECT_EQ(0, SET_BASE(off));
	EXPECT_EQ(0, SET_BASE(x));
	EXPECT_EQ(HS_LAPIC_XAPIC, C->mode);
	EXPECT_EQ(0, SET_BASE(off));
}

TEST_F(lapic, base_reserved_bits)
{
	unsigned int bit;

	for (bit = 0; bit < 64; bit++) {
		bool reserved = bit < 8 || bit == 9 || bit >= 46;

		if (bit == 8 || bit == 10 || bit == 11)
			continue;
		EXPECT_EQ(reserved ? -EINVAL : 0,
			  SET_BASE((BASE_ADDR | BASE_EN) ^ BIT_ULL(bit)));
	}
	EXPECT_EQ(0, SET_BASE(BASE_ADDR | BASE_EN));	/* BSP flag may go */
}

TEST_F(lapic, disabling_and_enabling_is_a_reset)
{
	WR(R_TPR, 0x30);
	WR(R_LDR, 0x01000000);
	WR(R_LVT1, 0x400);
	POST(0x80);
	EXPECT_EQ(0x80, ACK());
	POST(0x90);
	EXPECT_EQ(0, SET_BASE(BASE_ADDR));
	EXPECT_EQ(0, SET_BASE(BASE_ADDR | BASE_EN));
	EXPECT_EQ(0xff, RD(R_SVR));
	EXPECT_EQ(0, RD(R_TPR));
	EXPECT_EQ(0, RD(R_LDR));
	EXPECT_EQ(0x10000, RD(R_LVT1));
	EXPECT_EQ(-1, IRRV());
	EXPECT_FALSE(EOI());
}

TEST_F(lapic, x2apic_keeps_what_xapic_had)
{
	WR(R_TPR, 0x30);
	WR(R_LVT0, 0x8735);
	WR(R_SVR, 0x1e7);
	POST(0x80);
	X2APIC();
	EXPECT_EQ(0x30, RD(R_TPR));
	EXPECT_EQ(0x8735, RD(R_LVT0));
	EXPECT_EQ(0x1e7, RD(R_SVR));
	EXPECT_EQ(0x80, IRRV());
	EXPECT_EQ(0, RD(R_ID));
}

TEST_F(lapic, x2apic_id_and_ldr)
{
	static const struct { u32 id, ldr; } t[] = {
		{ 0, 0x00000001 }, { 1, 0x00000002 }, { 15, 0x00008000 },
		{ 16, 0x00010001 }, { 0x23, 0x00020008 }, { 254, 0x000f4000 },
		{ 0x12345, 0x12340020 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		hs_lapic_core_init(C, t[i].id, 46, 1000000);
		X2APIC();
		EXPECT_EQ(t[i].id, RD(R_ID));
		EXPECT_EQ(t[i].ldr, RD(R_LDR));
		hs_lapic_core_reset(C, true);
		EXPECT_EQ(t[i].ldr, RD(R_LDR));
	}
}

/* --- priorities ------------------------------------------------------------ */

TEST_F(lapic, highest_vector_first)
{
	static const u8 v[] = { 0x10, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xff };
	int i;

	for (i = 0; i < ARRAY_SIZE(v); i++)
		EXPECT_TRUE(POST(v[i]));
	EXPECT_FALSE(POST(0x40));
	for (i = ARRAY_SIZE(v) - 1; i >= 0; i--) {
		EXPECT_EQ(v[i], IRRV());
		EXPECT_EQ(v[i], hs_lapic_core_irrv_peek(C));
		EXPECT_EQ(v[i], ACK());
		EXPECT_EQ(v[i] & 0xf0, C->ppr);
		EXPECT_FALSE(EOI());
		EXPECT_EQ(v[i], self->vector);
		EXPECT_EQ(0, C->ppr);
	}
	EXPECT_EQ(-1, IRRV());
	EXPECT_EQ(-1, ACK());
	EXPECT_EQ(0, atomic_read(&C->pend));
}

TEST_F(lapic, registers_show_vectors)
{
	unsigned int v;

	for (v = 16; v < 256; v++) {
		u32 bit = 1U << (v & 31);
		unsigned int r = v >> 5;

		POST_LEVEL(v);
		EXPECT_EQ(bit, RD(R_IRR + r));
		EXPECT_EQ(bit, RD(R_TMR + r));
		EXPECT_EQ((int)v, ACK());
		EXPECT_EQ(0, RD(R_IRR + r));
		EXPECT_EQ(bit, RD(R_ISR + r));
		EXPECT_TRUE(EOI());
		EXPECT_EQ(v, self->vector);
		EXPECT_EQ(0, RD(R_ISR + r));
		POST(v);
		EXPECT_EQ(0, RD(R_TMR + r));
		ACK();
		EXPECT_FALSE(EOI());
	}
}

TEST_F(lapic, nesting_by_class)
{
	POST(0x45);
	EXPECT_EQ(0x45, ACK());
	POST(0x4f);
	EXPECT_EQ(-1, ACK());		/* same class */
	POST(0x50);
	EXPECT_EQ(0x50, ACK());
	EXPECT_EQ(0x50, C->ppr);
	POST(0x51);
	EXPECT_EQ(-1, ACK());
	EOI();
	EXPECT_EQ(0x50, self->vector);
	EXPECT_EQ(0x40, C->ppr);
	EXPECT_EQ(0x51, ACK());
	EOI();
	EOI();
	EXPECT_EQ(0x45, self->vector);
	EXPECT_EQ(0x4f, ACK());
}

TEST_F(lapic, tpr_and_ppr)
{
	WR(R_TPR, 0x47);
	EXPECT_EQ(0x47, RD(R_PPR));
	POST(0x4f);
	EXPECT_EQ(-1, ACK());
	WR(R_TPR, 0x3f);
	EXPECT_EQ(0x4f, ACK());
	EXPECT_EQ(0x40, RD(R_PPR));
	WR(R_TPR, 0x44);		/* same class: TPR shows */
	EXPECT_EQ(0x44, RD(R_PPR));
	WR(R_TPR, 0x60);
	EXPECT_EQ(0x60, RD(R_PPR));
	WR(R_TPR, 0x10);
	EXPECT_EQ(0x40, RD(R_PPR));
	EOI();
	EXPECT_EQ(0x10, RD(R_PPR));
	WR(R_TPR, 0xffffffff);
	EXPECT_EQ(0xff, RD(R_TPR));
	POST(0xff);
	EXPECT_EQ(-1, ACK());
}

TEST_F(lapic, eoi_with_nothing_in_service)
{
	EXPECT_FALSE(EOI());
	EXPECT_EQ(0, WR(R_EOI, 0));
	EXPECT_EQ(0, ACT);
}

TEST_F(lapic, eoi_register_asks_for_broadcast_of_level_only)
{
	POST_LEVEL(0x61);
	ACK();
	EXPECT_EQ(0, WR(R_EOI, 0));
	EXPECT_EQ(HS_LA_EOI, ACT);
	EXPECT_EQ(0x61, self->out.vector);
	POST(0x61);
	ACK();
	EXPECT_EQ(0, WR(R_EOI, 0));
	EXPECT_EQ(0, ACT);
}

/* --- errors ----------------------------------------------------------------- */

TEST_F(lapic, illegal_vectors)
{
	unsigned int v;

	for (v = 0; v < 16; v++) {
		POST(v);
		EXPECT_EQ(-1, IRRV());
		EXPECT_EQ(0, RD(R_ESR));	/* until it is written */
		EXPECT_EQ(0, WR(R_ESR, 0));
		EXPECT_EQ(HS_ESR_RECV_VECTOR, RD(R_ESR));
		EXPECT_EQ(0, WR(R_ICR, 0x4000 | v));
		EXPECT_EQ(0, ACT);
		EXPECT_EQ(0, WR(R_ICR, 0x4100 | v));
		EXPECT_EQ(0, ACT);
		EXPECT_EQ(0, WR(R_ESR, 0));
		EXPECT_EQ(HS_ESR_SEND_VECTOR, RD(R_ESR));
		EXPECT_EQ(0, WR(R_ESR, 0));
		EXPECT_EQ(0, RD(R_ESR));
	}
	X2APIC();
	EXPECT_EQ(0, WR(R_SELF, 15));
	EXPECT_EQ(0, WR(R_ESR, 0));
	EXPECT_EQ(HS_ESR_SEND_VECTOR, RD(R_ESR));
}

TEST_F(lapic, error_interrupt)
{
	WR(R_LVTERR, 0xe5);
	POST(3);
	EXPECT_EQ(0xe5, ACK());
	EOI();
	POST(4);			/* not armed again yet */
	EXPECT_EQ(-1, IRRV());
	WR(R_ESR, 0);
	WR(R_ICR, 0x4001);
	EXPECT_EQ(0xe5, ACK());
	EOI();
	WR(R_ESR, 0);
	EXPECT_EQ(HS_ESR_SEND_VECTOR, RD(R_ESR));

	WR(R_ESR, 0);
	WR(R_LVTERR, 0x100e5);
	POST(3);
	EXPECT_EQ(-1, IRRV());

	/* An error interrupt with an illegal vector ends there. */
	WR(R_ESR, 0);
	WR(R_LVTERR, 0x05);
	POST(3);
	WR(R_ESR, 0);
	EXPECT_EQ(HS_ESR_RECV_VECTOR, RD(R_ESR));
}

TEST_F(lapic, xapic_illegal_registers)
{
	bool there[64] = { false };
	unsigned int r;

	for (r = 0; r < 64; r++)
		there[r] = r == 2 || r == 3 || (r >= 8 && r <= 0x28) ||
			   (r >= 0x30 && r <= 0x39) || r == 0x3e;
	for (r = 0; r < 256; r++) {
		bool ok = r < 64 && there[r];

		WR(R_ESR, 0);
		EXPECT_NE(U64_MAX, RD(r));
		WR(R_ESR, 0);
		EXPECT_EQ(ok ? 0 : HS_ESR_REGISTER, RD(R_ESR));
	}
	for (r = 0; r < 256; r++) {
		bool ok = r < 64 && there[r];

		if (r == R_ESR)
			continue;
		WR(R_ESR, 0);
		EXPECT_EQ(0, WR(r, 0x10000));
		WR(R_ESR, 0);
		EXPECT_EQ(ok ? 0 : HS_ESR_REGISTER, RD(R_ESR) & HS_ESR_REGISTER);
	}
}

/* --- registers --------------------------------------------------------------- */

TEST_F(lapic, xapic_writable_bits)
{
	static const struct { u8 reg; u32 want; } t[] = {
		{ R_ID, 0 }, { R_VERSION, 0x01050014 }, { R_TPR, 0xff },
		{ R_LDR, 0xff000000 }, { R_DFR, 0xffffffff }, { R_SVR, 0x11ff },
		{ R_ICR2, 0xff000000 }, { R_LVTT, 0x700ff }, { R_LVTTHMR, 0x107ff },
		{ R_LVTPC, 0x107ff }, { R_LVT0, 0x1a7ff }, { R_LVT1, 0x1a7ff },
		{ R_LVTERR, 0x100ff }, { R_TMICT, 0xffffffff }, { R_TDCR, 0xb },
		{ R_TMCCT, 0 }, { R_ISR, 0 }, { R_TMR + 3, 0 }, { R_IRR + 7, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		/* The upper half of a 64-bit write does not exist. */
		EXPECT_EQ(0, WR(t[i].reg, 0xffffffffffffffff));
		if (t[i].reg == R_TMICT)
			EXPECT_EQ(0xffffffff, C->timer.init);
		EXPECT_EQ(t[i].want, RD(t[i].reg)) {
			TH_LOG("register %#x", t[i].reg);
		}
	}
	WR(R_DFR, 0);
	EXPECT_EQ(0x0fffffff, RD(R_DFR));
	WR(R_ICR, 0xffffffff);
	EXPECT_EQ(0xffffefff, RD(R_ICR));	/* delivery status reads idle */
}

TEST_F(lapic, x2apic_registers_that_fault)
{
	unsigned int r;

	X2APIC();
	for (r = 0; r < 256; r++) {
		bool can_read = r == 2 || r == 3 || r == 8 || r == 0xa || r == 0xd ||
				(r >= 0xf && r <= 0x28) || r == 0x30 ||
				(r >= 0x32 && r <= 0x39) || r == 0x3e;
		bool can_write = r == 8 || r == 0xb || r == 0xf || r == 0x28 ||
				 r == 0x30 || (r >= 0x32 && r <= 0x38) ||
				 r == 0x3e || r == 0x3f;

		EXPECT_EQ(can_read, RD(r) != U64_MAX) {
			TH_LOG("read of %#x", r);
		}
		EXPECT_EQ(can_write ? 0 : -EINVAL, WR(r, 0)) {
			TH_LOG("write of %#x", r);
		}
	}
	/* Nothing of that is an error in ESR, but for the illegal vectors. */
	WR(R_ESR, 0);
	EXPECT_EQ(0, RD(R_ESR) & HS_ESR_REGISTER);
}

TEST_F(lapic, x2apic_reserved_bits_fault)
{
	static const struct { u8 reg; u64 ok; } t[] = {
		{ R_TPR, 0xff }, { R_EOI, 0 }, { R_SVR, 0x13ff }, { R_ESR, 0 },
		{ R_ICR, 0xffffffff000cdfff }, { R_LVTT, 0x710ff },
		{ R_LVTTHMR, 0x117ff }, { R_LVTPC, 0x117ff }, { R_LVT0, 0x1f7ff },
		{ R_LVT1, 0x1f7ff }, { R_LVTERR, 0x110ff }, { R_TMICT, 0xffffffff },
		{ R_TDCR, 0xb }, { R_SELF, 0xff },
	};
	unsigned int i, bit;

	X2APIC();
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		for (bit = 0; bit < 64; bit++) {
			u64 val = BIT_ULL(bit);

			EXPECT_EQ(t[i].ok & val ? 0 : -EINVAL, WR(t[i].reg, val)) {
				TH_LOG("register %#x bit %u", t[i].reg, bit);
			}
		}
	}
	EXPECT_EQ(-EINVAL, WR(R_LVTT, 0x60020));	/* reserved timer mode */
}

TEST_F(lapic, x2apic_write_that_faults_changes_nothing)
{
	struct hs_lapic_core was;

	X2APIC();
	WR(R_LVTT, 0x20030);
	WR(R_SVR, 0x1ff);
	was = *C;
	EXPECT_EQ(-EINVAL, WR(R_LVTT, 0x60030));
	EXPECT_EQ(-EINVAL, WR(R_LVT0, 0x100000730));
	EXPECT_EQ(-EINVAL, WR(R_SVR, 0x10000));
	EXPECT_EQ(-EINVAL, WR(R_TPR, 0x100));
	EXPECT_EQ(-EINVAL, WR(R_ICR, 0x2040));
	EXPECT_EQ(-EINVAL, WR(R_TDCR, 4));
	EXPECT_EQ(0, memcmp(&was, C, sizeof(was)));
}

TEST_F(lapic, software_disable_masks_lvt)
{
	unsigned int r;

	for (r = R_LVTT; r <= R_LVTERR; r++)
		WR(r, 0x30);
	POST(0x70);
	WR(R_SVR, 0xff);
	EXPECT_EQ(HS_LA_LINT | HS_LA_TIMER, ACT);
	for (r = R_LVTT; r <= R_LVTERR; r++)
		EXPECT_EQ(0x10030, RD(r));
	WR(R_LVT0, 0x700);		/* cannot be unmasked */
	EXPECT_EQ(0x10700, RD(R_LVT0));
	EXPECT_FALSE(hs_lapic_core_enabled(C));
	/* What was pending stays. */
	EXPECT_EQ(0x70, ACK());
	WR(R_SVR, 0x1ff);
	EXPECT_EQ(HS_LA_RETRY, ACT);
	EXPECT_EQ(0x10030, RD(R_LVT1));	/* stays masked until written */
	WR(R_SVR, 0x1fe);
	EXPECT_EQ(0, ACT);
}

TEST_F(lapic, lvt_timer_mode_reaches_the_timer)
{
	WR(R_TDCR, 0xb);
	WR(R_TMICT, 1000);
	EXPECT_EQ(HS_LA_TIMER, ACT);
	WR(R_LVTT, 0x20030);
	EXPECT_EQ(HS_TIMER_PERIODIC, C->timer.mode);
	EXPECT_EQ(1000, RD(R_TMICT));
	WR(R_LVTT, 0x40030);
	EXPECT_EQ(HS_LA_TIMER, ACT);
	EXPECT_EQ(HS_TIMER_DEADLINE, C->timer.mode);
	EXPECT_EQ(0, RD(R_TMICT));
	WR(R_LVTT, 0x60030);
	EXPECT_EQ(HS_TIMER_RESERVED, C->timer.mode);
	hs_lapic_core_raise_lvt(C, HS_LVT_TIMER);
	EXPECT_EQ(0x30, ACK());
	EOI();
	WR(R_LVTT, 0x10030);
	hs_lapic_core_raise_lvt(C, HS_LVT_TIMER);
	EXPECT_EQ(-1, IRRV());
}

/* --- anything goes --------------------------------------------------------------- */

/* An EOI that nobody would notice: nothing waits behind it, and no level. */
TEST_F(lapic, silent_eoi)
{
	EXPECT_FALSE(hs_lapic_core_eoi_is_silent(C));	/* nothing in service */
	POST(0x40);
	EXPECT_EQ(0x40, ACK());
	EXPECT_EQ(-1, IRRV());
	EXPECT_TRUE(hs_lapic_core_eoi_is_silent(C));
	/* One that waits, of lower or the same class, or higher. */
	POST(0x30);
	EXPECT_FALSE(hs_lapic_core_eoi_is_silent(C));
	EXPECT_FALSE(EOI());
	EXPECT_EQ(0x30, ACK());
	EXPECT_EQ(-1, IRRV());
	EXPECT_TRUE(hs_lapic_core_eoi_is_silent(C));
	/* Nested: the inner one may end silently, and then the outer one. */
	POST(0x50);
	EXPECT_EQ(0x50, ACK());
	EXPECT_EQ(-1, IRRV());
	EXPECT_TRUE(hs_lapic_core_eoi_is_silent(C));
	EXPECT_FALSE(EOI());
	EXPECT_EQ(0x30, C->isrv);
	EXPECT_TRUE(hs_lapic_core_eoi_is_silent(C));
	EXPECT_FALSE(EOI());
	EXPECT_FALSE(hs_lapic_core_eoi_is_silent(C));
	/* An I/O APIC wants to hear of this one; and the PIC asks at LINT0. */
	POST_LEVEL(0x60);
	EXPECT_EQ(0x60, ACK());
	EXPECT_EQ(-1, IRRV());
	EXPECT_FALSE(hs_lapic_core_eoi_is_silent(C));
	EXPECT_TRUE(EOI());
	POST(0x60);
	EXPECT_EQ(0x60, ACK());
	EXPECT_EQ(-1, IRRV());
	EXPECT_TRUE(hs_lapic_core_eoi_is_silent(C));
	atomic_or(HS_PEND_EXTINT_PIN, &C->pend);
	EXPECT_FALSE(hs_lapic_core_eoi_is_silent(C));
}

/* What CPUID hides is not there: the bits that lead to it are reserved. */
TEST_F(lapic, without_x2apic_and_deadline)
{
	hs_lapic_core_set_model(C, false, false);
	EXPECT_EQ(-EINVAL, SET_BASE(C->base | BASE_EXTD));
	EXPECT_EQ(HS_LAPIC_XAPIC, C->mode);
	EXPECT_EQ(0, SET_BASE(BASE_ADDR | BASE_EN));
	WR(R_LVTT, HS_TIMER_DEADLINE << 17 | 0x30);
	EXPECT_EQ(0x30, RD(R_LVTT));
	EXPECT_EQ(HS_TIMER_ONESHOT, C->timer.mode);
	WR(R_LVTT, HS_TIMER_RESERVED << 17 | 0x30);
	EXPECT_EQ(HS_TIMER_PERIODIC << 17 | 0x30, RD(R_LVTT));
	/* A reset changes nothing of it. */
	hs_lapic_core_reset(C, false);
	EXPECT_EQ(-EINVAL, SET_BASE(C->base | BASE_EXTD));

	hs_lapic_core_set_model(C, true, false);
	ENABLE();
	X2APIC();
	EXPECT_EQ(-EINVAL, WR(R_LVTT, HS_TIMER_DEADLINE << 17 | 0x30));
	EXPECT_EQ(0, WR(R_LVTT, HS_TIMER_PERIODIC << 17 | 0x30));
	hs_lapic_core_set_model(C, true, true);
	EXPECT_EQ(0, WR(R_LVTT, HS_TIMER_DEADLINE << 17 | 0x30));
}

TEST_F(lapic, random_access_keeps_invariants)
{
	unsigned int i, w;

	srand(5);
	for (i = 0; i < 500000; i++) {
		unsigned int r = rand();
		u64 val = (u64)rand() << (r >> 26) | rand();
		int top = -1, v;

		switch (r % 8) {
		case 0:
		case 1:
			WR(r >> 8 & 0x3f, val);
			break;
		case 2:
			RD(r >> 8 & 0xff);
			break;
		case 3:
			SET_BASE((val & 0xc00) | BASE_ADDR);
			hs_lapic_core_update_lint(C);
			break;
		case 4:
			LINT(r >> 8 & 1, r >> 9 & 1);
			break;
		case 5:
			hs_lapic_core_post(C, r >> 8, r >> 16 & 1);
			break;
		case 6:
			v = IRRV();
			if (!hs_lapic_core_above(v, C->ppr))
				v = -1;
			ASSERT_EQ(v, ACK());
			break;
		case 7:
			if (EOI())
				hs_lapic_core_eoi_lint(C, self->vector);
			break;
		}
		/* Caches agree with what they summarize. */
		for (w = 0; w < 4; w++) {
			if (C->isr[w])
				top = w * 64 + 63 - __builtin_clzl(C->isr[w]);
			if (C->irr[w])
				ASSERT_TRUE(atomic_read(&C->pend) & 1 << w);
		}
		ASSERT_EQ(top, C->isrv);
		ASSERT_EQ(top >= 0 && (top >> 4) > (C->tpr >> 4) ? top & 0xf0 : C->tpr,
			  C->ppr);
		ASSERT_EQ(0, C->irr[0] & 0xffff);
		ASSERT_EQ(0, C->isr[0] & 0xffff);
		if (!(C->svr & 0x100))
			for (w = 0; w < HS_LVT_NR; w++)
				ASSERT_TRUE(C->lvt[w] & 0x10000);
		ASSERT_EQ(C->mode == HS_LAPIC_X2APIC, !!(C->base & BASE_EXTD));
		ASSERT_EQ(C->mode == HS_LAPIC_OFF, !(C->base & BASE_EN));
	}
}

TEST_HARNESS_MAIN
