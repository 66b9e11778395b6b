/* SPDX-License-Identifier: GPL-2.0 */
/* PIC, I/O APIC and local APICs wired as on the board, for tests. */
#ifndef IRQ_FIXTURE_H
#define IRQ_FIXTURE_H

#include "kshim.h"
#include "dev/board.h"
#include "dev/ioapic.h"
#include "dev/lapic_state.h"
#include "dev/pic.h"
#include "kselftest_harness.h"

#define CPUS		20

#define MSR_BASE	0x1b
#define MSR_DEADLINE	0x6e0
#define X(reg)		(0x800 + (reg))
#define TPR		0x08
#define EOI		0x0b
#define LDR		0x0d
#define DFR		0x0e
#define SVR		0x0f
#define IRR		0x20
#define ICR		0x30
#define LVTT		0x32
#define LVT0		0x35
#define LVTERR		0x37
#define TMICT		0x38
#define TMCCT		0x39
#define TDCR		0x3e
#define SELF		0x3f

#define MASKED		0x10000
#define LEVEL		0x8000
#define LOGICAL		0x800

FIXTURE(irq) {
	struct hs_board b;
	unsigned int kicks[CPUS];
	unsigned int starts, calls;
};

static void count_kick(void *vm, unsigned int cpu)
{
	((unsigned int *)vm)[cpu]++;
}

static const struct hs_board_ops ops = { .kick = count_kick };

FIXTURE_SETUP(irq)
{
	unsigned int i;

	memset(self, 0, sizeof(*self));
	self->b.ops = &ops;
	self->b.vm = self->kicks;
	self->b.cpus = CPUS;
	self->b.tsc_khz = kshim_tsc_per_ns * 1000000;
	self->b.lapic = calloc(CPUS, sizeof(*self->b.lapic));
	for (i = 0; i < CPUS; i++) {
		self->b.lapic[i] = hs_lapic_create(&self->b, i);
		ASSERT_NE(NULL, self->b.lapic[i]);
	}
	ASSERT_EQ(0, hs_ioapic_init(&self->b));
	ASSERT_EQ(0, hs_pic_init(&self->b));
	self->starts = kshim_timer_starts;
	self->calls = kshim_timer_calls;
}

FIXTURE_TEARDOWN(irq)
{
	unsigned int i;

	hs_pic_exit(&self->b);
	hs_ioapic_exit(&self->b);
	for (i = 0; i < CPUS; i++)
		hs_lapic_destroy(self->b.lapic[i]);
	free(self->b.lapic);
}

#define A(cpu)		(self->b.lapic[cpu])
#define KICKS(cpu)	({ unsigned int _k = self->kicks[cpu]; self->kicks[cpu] = 0; _k; })
#define STARTS()	({ unsigned int _s = kshim_timer_starts - self->starts; \
			   self->starts = kshim_timer_starts; _s; })
#define CALLS()		({ unsigned int _s = kshim_timer_calls - self->calls; \
			   self->calls = kshim_timer_calls; _s; })
#define WRMSR(cpu, m, v) hs_lapic_msr_write(A(cpu), m, v)
#define RDMSR(cpu, m)	({ u64 _v = ~0ULL; hs_lapic_msr_read(A(cpu), m, &_v); _v; })
#define MMIO(cpu, r, v)	hs_lapic_mmio_write(A(cpu), (r) << 4, 4, v)
#define PENDING(cpu)	hs_lapic_pending(A(cpu))
#define ACK(cpu)	hs_lapic_ack(A(cpu))
#define LINE(n, l)	hs_irq_set(&self->b, n, l)
/* Takes a vector and ends it, in x2APIC and xAPIC mode. */
#define TOOK(cpu)	({ int _v = ACK(cpu); if (_v >= 0) WRMSR(cpu, X(EOI), 0); _v; })
#define XTOOK(cpu)	({ int _v = ACK(cpu); if (_v >= 0) MMIO(cpu, EOI, 0); _v; })

static void enable_x2apic(struct hs_board *b)
{
	unsigned int i;
	u64 base;

	for (i = 0; i < b->cpus; i++) {
		hs_lapic_msr_read(b->lapic[i], MSR_BASE, &base);
		hs_lapic_msr_write(b->lapic[i], MSR_BASE, base | 0x400);
		hs_lapic_msr_write(b->lapic[i], X(SVR), 0x1ff);
	}
}

#endif /* IRQ_FIXTURE_H */
