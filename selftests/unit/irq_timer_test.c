// SPDX-License-Identifier: GPL-2.0
/* The local APIC timer on a host clock that the test moves. */
#include "irq_fixture.h"

/* --- timer -------------------------------------------------------------------------------- */

#define MS		1000000ULL
#define COUNTS(ns)	((ns) / 40)

TEST_F(irq, timer_one_shot)
{
	u64 t0 = kshim_ns;

	enable_x2apic(&self->b);
	WRMSR(1, X(TDCR), 0xb);
	WRMSR(1, X(LVTT), 0x30);
	WRMSR(1, X(TMICT), COUNTS(5 * MS));
	EXPECT_EQ(1, STARTS());
	kshim_run_until(t0 + 2 * MS);
	EXPECT_EQ(COUNTS(3 * MS), RDMSR(1, X(TMCCT)));
	kshim_run_until(t0 + 5 * MS - 1);
	EXPECT_EQ(-1, PENDING(1));
	EXPECT_EQ(0, KICKS(1));
	kshim_run_until(t0 + 5 * MS);
	EXPECT_EQ(1, KICKS(1));
	EXPECT_EQ(0x30, TOOK(1));
	EXPECT_EQ(0, RDMSR(1, X(TMCCT)));
	kshim_run_until(t0 + 50 * MS);
	EXPECT_EQ(-1, PENDING(1));
	EXPECT_EQ(1, CALLS());
	EXPECT_EQ(0, STARTS());
}

TEST_F(irq, timer_is_seen_by_the_owner_before_the_host_timer_runs)
{
	enable_x2apic(&self->b);
	WRMSR(1, X(TDCR), 0xb);
	WRMSR(1, X(LVTT), 0x30);
	WRMSR(1, X(TMICT), COUNTS(MS));
	kshim_ns += 2 * MS;		/* the callback is late */
	WRMSR(1, X(LVTT), 0x31);	/* was due under the old vector */
	EXPECT_EQ(0x30, TOOK(1));
	kshim_run_until(kshim_ns + 10 * MS);
	EXPECT_EQ(-1, PENDING(1));
}

TEST_F(irq, timer_masked_needs_no_host_timer)
{
	u64 t0 = kshim_ns;

	enable_x2apic(&self->b);
	WRMSR(1, X(TDCR), 0xb);
	WRMSR(1, X(LVTT), MASKED | 0x20030);
	WRMSR(1, X(TMICT), COUNTS(MS));
	EXPECT_EQ(0, STARTS());
	kshim_run_until(t0 + 10 * MS + MS / 4);
	EXPECT_EQ(COUNTS(MS * 3 / 4), RDMSR(1, X(TMCCT)));
	/* Unmasked: what passed is lost, the next comes in phase. */
	WRMSR(1, X(LVTT), 0x20030);
	EXPECT_EQ(-1, PENDING(1));
	kshim_run_until(t0 + 11 * MS - 1);
	EXPECT_EQ(-1, PENDING(1));
	kshim_run_until(t0 + 11 * MS);
	EXPECT_EQ(0x30, TOOK(1));
	/* Masked one-shot that ends: never interrupts. */
	WRMSR(1, X(LVTT), MASKED | 0x30);
	WRMSR(1, X(TMICT), COUNTS(MS));
	kshim_run_until(kshim_ns + 2 * MS);
	WRMSR(1, X(LVTT), 0x30);
	kshim_run_until(kshim_ns + 10 * MS);
	EXPECT_EQ(-1, PENDING(1));
}

TEST_F(irq, timer_periodic_sleeps_while_its_vector_waits)
{
	u64 t0 = kshim_ns;
	unsigned int i;

	enable_x2apic(&self->b);
	WRMSR(1, X(TDCR), 0xb);
	WRMSR(1, X(LVTT), 0x20030);
	WRMSR(1, X(TMICT), COUNTS(MS));
	for (i = 1; i <= 20; i++) {
		kshim_run_until(t0 + i * MS);
		EXPECT_EQ(0x30, TOOK(1));
		EXPECT_EQ(-1, PENDING(1));
	}
	EXPECT_EQ(20, CALLS());
	EXPECT_EQ(20, KICKS(1));
	EXPECT_EQ(1, STARTS());

	/* Nobody takes it: the second finds it in IRR, and then there is rest. */
	kshim_run_until(t0 + 1000 * MS + MS / 2);
	EXPECT_EQ(2, CALLS());
	/* Taken: the host timer is started again. */
	EXPECT_EQ(0x30, TOOK(1));
	EXPECT_EQ(-1, PENDING(1));
	EXPECT_EQ(1, STARTS());
	kshim_run_until(t0 + 1001 * MS - 1);
	EXPECT_EQ(-1, PENDING(1));	/* what was missed is not made up for */
	kshim_run_until(t0 + 1001 * MS);
	EXPECT_EQ(0x30, TOOK(1));

	/* Asleep, and the register changes: it wakes. */
	kshim_run_until(t0 + 2000 * MS);
	CALLS();
	WRMSR(1, X(LVTT), 0x20044);
	kshim_run_until(t0 + 2001 * MS);
	EXPECT_EQ(1, CALLS());
	EXPECT_EQ(0x44, TOOK(1));
	EXPECT_EQ(0x30, TOOK(1));
}

TEST_F(irq, timer_flood_is_limited)
{
	u64 t0 = kshim_ns;
	unsigned int n = 0;

	enable_x2apic(&self->b);
	WRMSR(1, X(TDCR), 0xb);
	WRMSR(1, X(LVTT), 0x20030);
	WRMSR(1, X(TMICT), 1);		/* 25 MHz */
	while (kshim_ns < t0 + 100 * MS) {
		kshim_run_until(kshim_ns + 10000);
		if (TOOK(1) == 0x30)
			n++;
	}
	EXPECT_GE(1001, n);
	EXPECT_LE(900, n);
	EXPECT_GE(1001, CALLS());
}

TEST_F(irq, tsc_deadline)
{
	u64 t0 = kshim_ns, tsc = rdtsc_ordered();
	const u64 khz = kshim_tsc_per_ns * 1000000;

	enable_x2apic(&self->b);
	EXPECT_EQ(0, WRMSR(1, MSR_DEADLINE, tsc + khz));	/* not its mode */
	EXPECT_EQ(0, RDMSR(1, MSR_DEADLINE));
	WRMSR(1, X(LVTT), 0x40030);
	EXPECT_EQ(0, WRMSR(1, MSR_DEADLINE, tsc + 3 * khz));
	EXPECT_EQ(1, STARTS());
	EXPECT_EQ(tsc + 3 * khz, RDMSR(1, MSR_DEADLINE));
	kshim_run_until(t0 + 3 * MS - 1);
	EXPECT_EQ(-1, PENDING(1));
	kshim_run_until(t0 + 3 * MS + 1);
	EXPECT_EQ(1, KICKS(1));
	EXPECT_EQ(0x30, TOOK(1));
	EXPECT_EQ(0, RDMSR(1, MSR_DEADLINE));

	/* In the past: at once, and with no host timer. */
	STARTS();
	WRMSR(1, MSR_DEADLINE, 1);
	EXPECT_EQ(0x30, TOOK(1));
	EXPECT_EQ(0, STARTS());
	EXPECT_EQ(0, RDMSR(1, MSR_DEADLINE));

	/* Passed, unseen as yet, when the next one is written: both interrupt. */
	tsc = rdtsc_ordered();
	WRMSR(1, MSR_DEADLINE, tsc + khz);
	kshim_ns += 2 * MS;
	WRMSR(1, MSR_DEADLINE, tsc + 4 * khz);
	EXPECT_EQ(0x30, TOOK(1));
	kshim_run_until(kshim_ns + 2 * MS + 1);
	EXPECT_EQ(0x30, TOOK(1));
	STARTS();

	/* Disarmed; and put off: the host timer looks and goes on. */
	tsc = rdtsc_ordered();
	t0 = kshim_ns;
	WRMSR(1, MSR_DEADLINE, tsc + khz);
	WRMSR(1, MSR_DEADLINE, 0);
	WRMSR(1, MSR_DEADLINE, tsc + 5 * khz);
	EXPECT_EQ(1, STARTS());
	kshim_run_until(t0 + 2 * MS);
	EXPECT_EQ(-1, PENDING(1));
	kshim_run_until(t0 + 5 * MS + 1);
	EXPECT_EQ(0x30, TOOK(1));
	/* Brought forward. */
	t0 = kshim_ns;
	tsc = rdtsc_ordered();
	WRMSR(1, MSR_DEADLINE, tsc + 50 * khz);
	WRMSR(1, MSR_DEADLINE, tsc + khz);
	kshim_run_until(t0 + MS + 1);
	EXPECT_EQ(0x30, TOOK(1));
	kshim_run_until(t0 + 100 * MS);
	EXPECT_EQ(-1, PENDING(1));
}

/* The owner looks itself: no host timer, but for its sleep. */
TEST_F(irq, tsc_deadline_watched)
{
	const u64 khz = kshim_tsc_per_ns * 1000000;
	u64 t0 = kshim_ns, tsc = rdtsc_ordered();

	enable_x2apic(&self->b);
	hs_lapic_watch(A(1));
	EXPECT_EQ(0, hs_lapic_due(A(1)));
	WRMSR(1, X(LVTT), 0x40030);
	WRMSR(1, MSR_DEADLINE, tsc + 3 * khz);
	EXPECT_EQ(0, STARTS());
	EXPECT_EQ(tsc + 3 * khz, hs_lapic_due(A(1)));
	/* Too early: nothing. */
	kshim_run_until(t0 + 2 * MS);
	hs_lapic_timer_due(A(1));
	EXPECT_EQ(-1, PENDING(1));
	EXPECT_EQ(tsc + 3 * khz, hs_lapic_due(A(1)));
	kshim_run_until(t0 + 4 * MS);
	EXPECT_EQ(-1, PENDING(1));
	hs_lapic_timer_due(A(1));
	EXPECT_EQ(0, hs_lapic_due(A(1)));
	EXPECT_EQ(0x30, TOOK(1));
	EXPECT_EQ(0, RDMSR(1, MSR_DEADLINE));
	EXPECT_EQ(0, CALLS());

	/* Masked: nothing is due; unmasked: it is again.  Disarmed. */
	tsc = rdtsc_ordered();
	WRMSR(1, MSR_DEADLINE, tsc + khz);
	WRMSR(1, X(LVTT), MASKED | 0x40030);
	EXPECT_EQ(0, hs_lapic_due(A(1)));
	WRMSR(1, X(LVTT), 0x40030);
	EXPECT_EQ(tsc + khz, hs_lapic_due(A(1)));
	WRMSR(1, MSR_DEADLINE, 0);
	EXPECT_EQ(0, hs_lapic_due(A(1)));
	/* The offset moves it. */
	WRMSR(1, MSR_DEADLINE, tsc + 10 * khz);
	hs_lapic_set_tsc_offset(A(1), khz);
	EXPECT_EQ(tsc + 9 * khz, hs_lapic_due(A(1)));
	hs_lapic_set_tsc_offset(A(1), 0);

	/* Asleep: the host timer wakes, and is let be when the owner woke before. */
	t0 = kshim_ns;
	tsc = rdtsc_ordered();
	WRMSR(1, MSR_DEADLINE, tsc + 2 * khz);
	STARTS();
	hs_lapic_timer_sleep(A(1));
	EXPECT_EQ(1, STARTS());
	EXPECT_EQ(0, hs_lapic_due(A(1)));
	kshim_run_until(t0 + 2 * MS + 1);
	EXPECT_EQ(1, KICKS(1));
	EXPECT_TRUE(hs_lapic_has_work(A(1)));
	hs_lapic_timer_awake(A(1));
	EXPECT_EQ(0x30, TOOK(1));
	EXPECT_EQ(0, hs_lapic_due(A(1)));

	t0 = kshim_ns;
	tsc = rdtsc_ordered();
	WRMSR(1, MSR_DEADLINE, tsc + 2 * khz);
	hs_lapic_timer_sleep(A(1));
	hs_lapic_timer_awake(A(1));
	EXPECT_EQ(tsc + 2 * khz, hs_lapic_due(A(1)));
	WRMSR(1, MSR_DEADLINE, tsc + 5 * khz);
	CALLS();
	STARTS();
	kshim_run_until(t0 + 4 * MS);
	EXPECT_EQ(1, CALLS());		/* early, and not again */
	EXPECT_EQ(0, KICKS(1));
	EXPECT_EQ(0, STARTS());
	/* Passed on the way to sleep: it interrupts, and is not slept over. */
	kshim_run_until(t0 + 6 * MS);
	hs_lapic_timer_sleep(A(1));
	EXPECT_TRUE(hs_lapic_has_work(A(1)));
	hs_lapic_timer_awake(A(1));
	EXPECT_EQ(0x30, TOOK(1));

	/* Other modes have the host timer as ever. */
	WRMSR(1, X(LVTT), 0x30);
	WRMSR(1, X(TDCR), 0xb);
	STARTS();
	WRMSR(1, X(TMICT), COUNTS(MS));
	EXPECT_EQ(1, STARTS());
	EXPECT_EQ(0, hs_lapic_due(A(1)));
	kshim_run_until(kshim_ns + MS);
	EXPECT_EQ(0x30, TOOK(1));
}

TEST_F(irq, tsc_offset_moves_the_deadline)
{
	const u64 khz = kshim_tsc_per_ns * 1000000;
	u64 t0 = kshim_ns, host = rdtsc_ordered();

	enable_x2apic(&self->b);
	hs_lapic_set_tsc_offset(A(1), -host);	/* guest TSC is 0 now */
	WRMSR(1, X(LVTT), 0x40030);
	WRMSR(1, MSR_DEADLINE, 10 * khz);
	kshim_run_until(t0 + 2 * MS);
	EXPECT_EQ(-1, PENDING(1));
	hs_lapic_set_tsc_offset(A(1), -host + 5 * khz);
	kshim_run_until(t0 + 5 * MS - 1);
	EXPECT_EQ(-1, PENDING(1));
	kshim_run_until(t0 + 5 * MS + 1);
	EXPECT_EQ(0x30, TOOK(1));
	/* A jump over the deadline interrupts at once. */
	WRMSR(1, MSR_DEADLINE, 100 * khz);
	hs_lapic_set_tsc_offset(A(1), -host + 200 * khz);
	EXPECT_EQ(0x30, TOOK(1));
}

TEST_F(irq, init_and_disabling_stop_the_timer)
{
	u64 t0 = kshim_ns;

	enable_x2apic(&self->b);
	WRMSR(1, X(TDCR), 0xb);
	WRMSR(1, X(LVTT), 0x20030);
	WRMSR(1, X(TMICT), COUNTS(MS));
	hs_lapic_reset(A(1), true);
	WRMSR(1, X(SVR), 0x1ff);
	WRMSR(1, X(LVTT), 0x20030);
	kshim_run_until(t0 + 10 * MS);
	EXPECT_EQ(-1, PENDING(1));
	EXPECT_EQ(0, RDMSR(1, X(TMCCT)));

	WRMSR(1, X(TMICT), COUNTS(MS));
	EXPECT_EQ(0, WRMSR(1, MSR_BASE, 0xfee00000));
	kshim_run_until(t0 + 20 * MS);
	EXPECT_EQ(-1, PENDING(1));
	EXPECT_EQ(0, KICKS(1));
	EXPECT_LE(CALLS(), 2);
}

TEST_F(irq, timer_vector_that_is_illegal)
{
	u64 t0 = kshim_ns;

	enable_x2apic(&self->b);
	WRMSR(1, X(TDCR), 0xb);
	WRMSR(1, X(LVTERR), 0xfe);
	WRMSR(1, X(LVTT), 0x20005);
	WRMSR(1, X(TMICT), COUNTS(MS));
	kshim_run_until(t0 + 10 * MS);
	EXPECT_EQ(0xfe, TOOK(1));	/* one error, whatever many */
	EXPECT_EQ(-1, PENDING(1));
	WRMSR(1, X(0x28), 0);
	EXPECT_EQ(0x40, RDMSR(1, X(0x28)));
}

/* A periodic timer that sleeps, its vector in IRR, goes on in x2APIC mode. */
TEST_F(irq, timer_survives_the_change_to_x2apic)
{
	u64 t0 = kshim_ns;

	MMIO(1, SVR, 0x1ff);
	MMIO(1, TDCR, 0xb);
	MMIO(1, LVTT, 0x20030);
	MMIO(1, TMICT, COUNTS(MS));
	kshim_run_until(t0 + 10 * MS);
	EXPECT_EQ(0, WRMSR(1, MSR_BASE, RDMSR(1, MSR_BASE) | 0x400));
	EXPECT_EQ(0x30, TOOK(1));
	kshim_run_until(t0 + 11 * MS);
	EXPECT_EQ(0x30, TOOK(1));
	kshim_run_until(t0 + 12 * MS);
	EXPECT_EQ(0x30, TOOK(1));
}

TEST_HARNESS_MAIN
