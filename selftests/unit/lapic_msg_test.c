// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC against SDM vol. 3, chapter 11: what it sends, what reaches it,
 * its pins, and interrupts that other threads post.
 */
#include <pthread.h>
#include "lapic_fixture.h"

/* Called before each atomic operation; counts down to an act of somebody else. */
static void (*hook)(struct hs_lapic_core *c);
static struct hs_lapic_core *hook_core;
static int hook_countdown;

void hs_atomics_hook(void)
{
	if (hook && hook_countdown-- == 0) {
		void (*act)(struct hs_lapic_core *c) = hook;

		hook = NULL;
		act(hook_core);
	}
}

/* --- ICR --------------------------------------------------------------------- */

TEST_F(lapic, icr_xapic_message)
{
	WR(R_ICR2, 0x05ffffff);
	EXPECT_EQ(0x05000000, RD(R_ICR2));
	WR(R_ICR, 0x4841);
	EXPECT_EQ(HS_LA_SEND, ACT);
	EXPECT_EQ(5, self->out.msg.dest);
	EXPECT_TRUE(self->out.msg.logical);
	EXPECT_EQ(0x41, self->out.msg.vector);
	EXPECT_EQ(HS_DM_FIXED, self->out.msg.mode);
	EXPECT_FALSE(self->out.msg.level);
	EXPECT_EQ(0x4841, RD(R_ICR));
	EXPECT_EQ(0x05000000, RD(R_ICR2));
	WR(R_ICR2, 0xff000000);
	WR(R_ICR, 0x4041);
	EXPECT_EQ(HS_DEST_ALL, self->out.msg.dest);
}

TEST_F(lapic, icr_x2apic_message)
{
	X2APIC();
	EXPECT_EQ(0, WR(R_ICR, 0x00000123000c4041));
	EXPECT_EQ(HS_LA_SEND, ACT);
	EXPECT_EQ(0x123, self->out.msg.dest);
	EXPECT_EQ(HS_SH_OTHERS, self->out.msg.shorthand);
	EXPECT_EQ(0x00000123000c4041, RD(R_ICR));
	EXPECT_EQ(0, WR(R_ICR, 0x000000ff00004041));
	EXPECT_EQ(0xff, self->out.msg.dest);	/* an id like any other */
	EXPECT_EQ(0, WR(R_ICR, 0xffffffff00004041));
	EXPECT_EQ(HS_DEST_ALL, self->out.msg.dest);
	EXPECT_EQ(0, WR(R_ICR, 0x5041));	/* delivery status ignored */
	EXPECT_EQ(0x4041, RD(R_ICR));
}

/* Table 11-3, with NMI allowed where "invalid" would lose it. */
TEST_F(lapic, icr_modes_and_shorthands)
{
	static const bool sends[8][4] = {
		[HS_DM_FIXED]	= { 1, 1, 1, 1 },
		[HS_DM_LOWEST]	= { 1, 0, 1, 1 },
		[HS_DM_SMI]	= { 0, 0, 0, 0 },
		[3]		= { 0, 0, 0, 0 },
		[HS_DM_NMI]	= { 1, 1, 1, 1 },
		[HS_DM_INIT]	= { 1, 0, 0, 1 },
		[HS_DM_SIPI]	= { 1, 0, 0, 1 },
		[HS_DM_EXTINT]	= { 0, 0, 0, 0 },
	};
	unsigned int mode, sh;

	for (mode = 0; mode < 8; mode++) {
		for (sh = 0; sh < 4; sh++) {
			WR(R_ICR, 0x4099 | mode << 8 | sh << 18);
			EXPECT_EQ(sends[mode][sh], ACT == HS_LA_SEND) {
				TH_LOG("mode %u shorthand %u", mode, sh);
			}
		}
	}
	/* INIT level de-assert does nothing; INIT and edge do. */
	WR(R_ICR, 0x8500);
	EXPECT_EQ(0, ACT);
	WR(R_ICR, 0xc500);
	EXPECT_EQ(HS_LA_SEND, ACT);
	WR(R_ICR, 0x0500);
	EXPECT_EQ(HS_LA_SEND, ACT);
	/* Fixed is edge, whatever the bits say. */
	WR(R_ICR, 0x8041);
	EXPECT_EQ(HS_LA_SEND, ACT);
	EXPECT_FALSE(self->out.msg.level);
}

TEST_F(lapic, self_ipi)
{
	X2APIC();
	EXPECT_EQ(0, WR(R_SELF, 0x44));
	EXPECT_EQ(0x44, ACK());
	EXPECT_FALSE(EOI());
	WR(R_SVR, 0xff);
	EXPECT_EQ(0, WR(R_SELF, 0x44));
	EXPECT_EQ(-1, IRRV());		/* software disabled takes none */
}

/* --- events ------------------------------------------------------------------ */

TEST_F(lapic, events)
{
	u8 sipi = 0;

	EXPECT_EQ(0, hs_lapic_core_take_events(C, &sipi));
	hs_lapic_core_post_event(C, HS_LAPIC_EV_NMI, 0);
	hs_lapic_core_post_event(C, HS_LAPIC_EV_NMI, 0);
	EXPECT_EQ(HS_LAPIC_EV_NMI, hs_lapic_core_take_events(C, &sipi));
	EXPECT_EQ(0, hs_lapic_core_take_events(C, &sipi));

	hs_lapic_core_post_event(C, HS_LAPIC_EV_INIT, 0);
	hs_lapic_core_post_event(C, HS_LAPIC_EV_SIPI, 0x9a);
	hs_lapic_core_post_event(C, HS_LAPIC_EV_NMI, 0);
	EXPECT_EQ(HS_LAPIC_EV_NMI | HS_LAPIC_EV_INIT | HS_LAPIC_EV_SIPI,
		  hs_lapic_core_take_events(C, &sipi));
	EXPECT_EQ(0x9a, sipi);

	/* A SIPI before the INIT is lost by it. */
	hs_lapic_core_post_event(C, HS_LAPIC_EV_SIPI, 0x10);
	hs_lapic_core_post_event(C, HS_LAPIC_EV_INIT, 0);
	EXPECT_EQ(HS_LAPIC_EV_INIT, hs_lapic_core_take_events(C, &sipi));
	hs_lapic_core_post_event(C, HS_LAPIC_EV_SIPI, 0x10);
	hs_lapic_core_post_event(C, HS_LAPIC_EV_SIPI, 0x22);
	EXPECT_EQ(HS_LAPIC_EV_SIPI, hs_lapic_core_take_events(C, &sipi));
	EXPECT_EQ(0x22, sipi);
}

/* --- pins --------------------------------------------------------------------- */

TEST_F(lapic, lint0_extint)
{
	LINT(0, true);
	EXPECT_EQ(0, atomic_read(&C->pend));	/* masked */
	WR(R_LVT0, 0x700);
	EXPECT_EQ(HS_LA_LINT, ACT);
	hs_lapic_core_update_lint(C);
	EXPECT_EQ(HS_PEND_EXTINT_PIN, atomic_read(&C->pend));
	EXPECT_EQ(-1, IRRV());
	LINT(0, false);
	EXPECT_EQ(0, atomic_read(&C->pend));
	LINT(0, true);
	WR(R_LVT0, 0x10700);
	hs_lapic_core_update_lint(C);
	EXPECT_EQ(0, atomic_read(&C->pend));

	/* Disabled: the pin is INTR of the CPU. */
	SET_BASE(BASE_ADDR);
	hs_lapic_core_update_lint(C);
	EXPECT_EQ(HS_PEND_EXTINT_PIN, atomic_read(&C->pend));
	SET_BASE(BASE_ADDR | BASE_EN);
	hs_lapic_core_update_lint(C);
	EXPECT_EQ(0, atomic_read(&C->pend));
}

TEST_F(lapic, lint_edge_and_nmi)
{
	u8 sipi;

	WR(R_LVT0, 0x55);
	LINT(0, true);
	LINT(0, true);
	EXPECT_EQ(0x55, ACK());
	EXPECT_FALSE(EOI());
	hs_lapic_core_update_lint(C);
	EXPECT_EQ(-1, IRRV());		/* high, but no edge */
	WR(R_LVT1, 0x400);
	LINT(1, true);
	EXPECT_EQ(HS_LAPIC_EV_NMI, hs_lapic_core_take_events(C, &sipi));
	LINT(1, false);
	EXPECT_EQ(0, hs_lapic_core_take_events(C, &sipi));
	WR(R_LVT1, 0x10400);
	LINT(1, true);
	EXPECT_EQ(0, hs_lapic_core_take_events(C, &sipi));
	LINT(1, false);
	/* Disabled: NMI of the CPU. */
	SET_BASE(BASE_ADDR);
	LINT(1, true);
	EXPECT_EQ(HS_LAPIC_EV_NMI, hs_lapic_core_take_events(C, &sipi));
	LINT(2, true);			/* no such pin */
	EXPECT_EQ(0, hs_lapic_core_take_events(C, &sipi));
}

TEST_F(lapic, lint_level_has_remote_irr)
{
	WR(R_LVT0, 0x8066);
	LINT(0, true);
	EXPECT_EQ(0xc066, RD(R_LVT0));
	EXPECT_EQ(0x66, ACK());
	EXPECT_TRUE(EOI());
	hs_lapic_core_eoi_lint(C, 0x67);	/* another one's */
	EXPECT_EQ(-1, IRRV());
	hs_lapic_core_eoi_lint(C, 0x66);
	EXPECT_EQ(0x66, ACK());			/* still asserted */
	LINT(0, false);
	EXPECT_TRUE(EOI());
	hs_lapic_core_eoi_lint(C, 0x66);
	EXPECT_EQ(0x8066, RD(R_LVT0));
	EXPECT_EQ(-1, IRRV());

	/* Writing the entry leaves remote IRR, unless it becomes edge. */
	LINT(0, true);
	WR(R_LVT0, 0x8066);
	EXPECT_EQ(0xc066, RD(R_LVT0));
	WR(R_LVT0, 0x0066);
	EXPECT_EQ(0x0066, RD(R_LVT0));
	ACK();
	EOI();
	/* Unmasking an asserted level pin interrupts. */
	WR(R_LVT0, 0x18066);
	hs_lapic_core_update_lint(C);
	EXPECT_EQ(-1, IRRV());
	WR(R_LVT0, 0x8066);
	hs_lapic_core_update_lint(C);
	EXPECT_EQ(0x66, IRRV());
}

/* --- destinations ---------------------------------------------------------------- */

static bool matches(struct hs_lapic_core *c, bool logical, u32 dest)
{
	struct hs_irq_msg m = { .logical = logical, .dest = dest };

	return hs_lapic_core_matches(c, &m);
}

TEST_F(lapic, physical_destination)
{
	unsigned int d;

	hs_lapic_core_init(C, 5, 46, 1000000);
	for (d = 0; d < 512; d++)
		EXPECT_EQ(d == 5, matches(C, false, d));
	EXPECT_TRUE(matches(C, false, HS_DEST_ALL));
	X2APIC();
	for (d = 0; d < 512; d++)
		EXPECT_EQ(d == 5, matches(C, false, d));
	EXPECT_FALSE(matches(C, false, 0x10005));
	EXPECT_TRUE(matches(C, false, HS_DEST_ALL));
	SET_BASE(BASE_ADDR);
	EXPECT_FALSE(matches(C, false, 5));
	EXPECT_FALSE(matches(C, false, HS_DEST_ALL));
	EXPECT_FALSE(matches(C, true, HS_DEST_ALL));
}

TEST_F(lapic, flat_logical_destination)
{
	unsigned int d, ldr;

	for (ldr = 0; ldr < 256; ldr++) {
		WR(R_LDR, ldr << 24);
		for (d = 0; d < 255; d++)
			ASSERT_EQ((d & ldr) != 0, matches(C, true, d));
		ASSERT_TRUE(matches(C, true, 0xff));
		ASSERT_FALSE(matches(C, true, 0x100 | ldr));
	}
}

TEST_F(lapic, cluster_logical_destination)
{
	unsigned int d;

	WR(R_DFR, 0);
	WR(R_LDR, 0x24000000);		/* cluster 2, member 2 */
	for (d = 0; d < 255; d++) {
		bool want = (d >> 4 == 2 || d >> 4 == 0xf) && (d & 4);

		EXPECT_EQ(want, matches(C, true, d));
	}
	EXPECT_TRUE(matches(C, true, 0xff));
	/* A model that does not exist matches broadcasts only. */
	WR(R_DFR, 0x50000000);
	for (d = 0; d < 255; d++)
		EXPECT_FALSE(matches(C, true, d));
	EXPECT_TRUE(matches(C, true, 0xff));
}

TEST_F(lapic, x2apic_logical_destination)
{
	unsigned int bit, cluster;

	hs_lapic_core_init(C, 0x23, 46, 1000000);
	X2APIC();
	for (cluster = 0; cluster < 64; cluster++)
		for (bit = 0; bit < 16; bit++)
			EXPECT_EQ(cluster == 2 && bit == 3,
				  matches(C, true, cluster << 16 | 1U << bit));
	EXPECT_TRUE(matches(C, true, 0x0002ffff));
	EXPECT_FALSE(matches(C, true, 0x0002fff7));
	EXPECT_FALSE(matches(C, true, 0xff));
	EXPECT_TRUE(matches(C, true, HS_DEST_ALL));
}

/* --- others act between any two atomic operations ------------------------------ */

static void post_62(struct hs_lapic_core *c)
{
	hs_lapic_core_post(c, 0x62, false);
}

static void take_all(struct hs_lapic_core *c)
{
	u8 v;

	while (hs_lapic_core_ack(c) >= 0)
		hs_lapic_core_eoi(c, &v);
}

/*
 * The owner looks and acknowledges, with vectors of the same word, of another or
 * none pending, while somebody posts 0x62 at the n-th step: it is never lost.
 */
TEST_F(lapic, post_at_any_step_of_the_owner)
{
	static const u8 before[] = { 0x70, 0x50, 0x62, 0x90, 0x30, 0x20 };
	unsigned int set, i, n, taken;

	for (set = 0; set < 1 << ARRAY_SIZE(before); set++) {
		for (n = 0; n < 40; n++) {
			hs_lapic_core_reset(C, true);
			for (i = 0; i < ARRAY_SIZE(before); i++)
				if (set & 1 << i)
					POST(before[i]);
			hook_core = C;
			hook_countdown = n;
			hook = post_62;
			taken = 0;
			for (i = 0; i < 8; i++) {
				int v = atomic_read(&C->pend) ? ACK() : -1;

				if (v == 0x62 && !hook)
					taken++;
				EOI();
			}
			if (hook) {	/* later than all of that */
				hook = NULL;
				continue;
			}
			if (IRRV() == 0x62)
				taken++;
			/* With one before: they may have become one. */
			ASSERT_GE(taken, 1) {
				TH_LOG("set %#x step %u", set, n);
			}
		}
	}
}

/* The other way round: the owner takes all there is amid somebody's post. */
TEST_F(lapic, owner_at_any_step_of_a_post)
{
	static const u8 before[] = { 0, 0x62, 0x70 };
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(before); i++) {
		for (n = 0; n < 8; n++) {
			bool seen;

			hs_lapic_core_reset(C, true);
			if (before[i])
				POST(before[i]);
			hook_core = C;
			hook_countdown = n;
			hook = take_all;
			POST(0x62);
			hook = NULL;
			/* Either taken, or there with its bit in the summary. */
			seen = atomic_read(&C->pend) != 0;
			ASSERT_EQ(C->irr[1] ? true : seen, seen);
			ASSERT_EQ(!!C->irr[1], IRRV() >= 0x62);
		}
	}
}

/* --- other threads post --------------------------------------------------------- */

#define POSTERS		3
#define ROUNDS		100000

struct poster {
	struct hs_lapic_core *c;
	atomic_t *taken;	/* by vector: how often the owner has taken it */
	unsigned int nr;
};

/*
 * Each poster has vectors of its own, posts one, and waits until the owner has
 * taken it: if any post were lost, this would not end.
 */
static void *poster_thread(void *arg)
{
	struct poster *p = arg;
	unsigned int i, seed = p->nr;

	for (i = 0; i < ROUNDS; i++) {
		u8 v = 16 + p->nr + POSTERS * (rand_r(&seed) % 80);
		int before = atomic_read(&p->taken[v]);

		hs_lapic_core_post(p->c, v, rand_r(&seed) & 1);
		while (atomic_read(&p->taken[v]) == before)
			sched_yield();
	}
	return NULL;
}

TEST_F(lapic, posts_from_threads_are_not_lost)
{
	static atomic_t taken[256];
	struct poster p[POSTERS];
	pthread_t t[POSTERS];
	unsigned int i, done = 0, idle = 0;

	for (i = 0; i < POSTERS; i++) {
		p[i] = (struct poster){ .c = C, .taken = taken, .nr = i };
		ASSERT_EQ(0, pthread_create(&t[i], NULL, poster_thread, &p[i]));
	}
	while (done < POSTERS * ROUNDS) {
		int v = -1;

		/* As at an entry: the summary first. */
		if (atomic_read(&C->pend))
			v = ACK();
		if (v < 0) {
			/* Ten seconds of nothing: one was lost. */
			ASSERT_LT(++idle, 10000000);
			sched_yield();
			continue;
		}
		idle = 0;
		EOI();
		ASSERT_EQ(v, self->vector);
		atomic_set(&taken[v], atomic_read(&taken[v]) + 1);
		done++;
	}
	for (i = 0; i < POSTERS; i++)
		pthread_join(t[i], NULL);
	EXPECT_EQ(-1, IRRV());
	EXPECT_EQ(0, atomic_read(&C->pend));
}

TEST_HARNESS_MAIN
