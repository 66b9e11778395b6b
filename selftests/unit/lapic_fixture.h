/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of the local APIC share: one local APIC, and how to use it. */
#ifndef LAPIC_FIXTURE_H
#define LAPIC_FIXTURE_H

#include "pure.h"
#include "dev/lapic_core.h"
#include <stdlib.h>
#include "kselftest_harness.h"

#define BASE_BSP	0x100ULL
#define BASE_EXTD	0x400ULL
#define BASE_EN		0x800ULL
#define BASE_ADDR	0xfee00000ULL

#define R_ID		0x02
#define R_VERSION	0x03
#define R_TPR		0x08
#define R_PPR		0x0a
#define R_EOI		0x0b
#define R_LDR		0x0d
#define R_DFR		0x0e
#define R_SVR		0x0f
#define R_ISR		0x10
#define R_TMR		0x18
#define R_IRR		0x20
#define R_ESR		0x28
#define R_CMCI		0x2f
#define R_ICR		0x30
#define R_ICR2		0x31
#define R_LVTT		0x32
#define R_LVTTHMR	0x33
#define R_LVTPC		0x34
#define R_LVT0		0x35
#define R_LVT1		0x36
#define R_LVTERR	0x37
#define R_TMICT		0x38
#define R_TMCCT		0x39
#define R_TDCR		0x3e
#define R_SELF		0x3f

FIXTURE(lapic) {
	struct hs_lapic_core c;
	struct hs_lapic_out out;
	u8 vector;
};

static u64 reg_read(struct hs_lapic_core *c, unsigned int reg)
{
	u64 v = 0xdead;

	return hs_lapic_core_read(c, reg, 0, &v) ? U64_MAX : v;
}

static int reg_write(struct hs_lapic_core *c, struct hs_lapic_out *out,
		     unsigned int reg, u64 val)
{
	memset(out, 0, sizeof(*out));
	return hs_lapic_core_write(c, reg, val, 0, out);
}

#define C		(&self->c)
#define RD(reg)		reg_read(C, reg)
#define WR(reg, v)	reg_write(C, &self->out, reg, v)
#define ACT		(self->out.act)
#define POST(v)		hs_lapic_core_post(C, v, false)
#define POST_LEVEL(v)	hs_lapic_core_post(C, v, true)
#define IRRV()		hs_lapic_core_irrv(C)
#define ACK()		hs_lapic_core_ack(C)
#define EOI()		hs_lapic_core_eoi(C, &self->vector)
#define ENABLE()	WR(R_SVR, 0x1ff)
#define SET_BASE(v)	(memset(&self->out, 0, sizeof(self->out)), \
			 hs_lapic_core_set_base(C, v, &self->out))
#define X2APIC()	ASSERT_EQ(0, SET_BASE(C->base | BASE_EXTD))
#define LINT(n, l)	hs_lapic_core_set_lint(C, n, l)

FIXTURE_SETUP(lapic)
{
	memset(self, 0, sizeof(*self));
	hs_lapic_core_init(C, 0, 46, 1000000);
	ENABLE();
}

FIXTURE_TEARDOWN(lapic)
{
}

#endif /* LAPIC_FIXTURE_H */
