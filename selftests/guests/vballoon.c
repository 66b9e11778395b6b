// SPDX-License-Identifier: GPL-2.0
/*
 * The balloon, by a driver that keeps to the rules and then by one that does not.
 * What the host holds and believes comes from the test device.  "n=": rounds of
 * random work.
 */
#include <linux/virtio_balloon.h>
#include "virtio.h"

#define VEC_CONFIG	0x62
#define CHUNK		(2UL << 20)
#define ARENA_PAGES	512U
#define PFNS		256U
#define POISON		0xaaaaaaaaU
#define F(name)		BIT_ULL(VIRTIO_BALLOON_F_##name)

enum choice { HELD, BALLOONED, REPORTED, ACTUAL, TARGET, STATS, STAT = 16 };

static struct vdev d;
static struct vqueue inflate, deflate, stats, report;
static volatile u32 config_irqs;
static u8 *arena;		/* one chunk of 2 MiB */
static u32 *pfns;		/* a page's worth, and more */
static u32 seed = 1;

static u32 rnd(u32 n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static u32 host(u32 what)
{
	out32(TESTDEV_CHOICE, what);
	return in32(TESTDEV_BALLOON);
}

static u64 *page(u32 i)
{
	return (u64 *)(arena + (u64)i * 4096);
}

static u32 pfn(u32 i)
{
	return (u64)page(i) >> 12;
}

static void on_config(struct regs *r)
{
	config_irqs++;
	apic_write(APIC_REG_EOI, 0);
}

static u32 config(unsigned int field)
{
	return get32(d.config + field);
}
#define CONFIG(name)	offsetof(struct virtio_balloon_config, name)

static void queue(struct vqueue *q, u16 index)
{
	queue_init(q, &d, index, 0);
	queue_enable(q, NO_VECTOR);
}

/* @at: queue of reports, 0: there is none. */
static bool begin_at(u64 features, u32 poison, u16 at)
{
	if (!virtio_begin(&d, features))
		return false;
	if (features & F(PAGE_POISON))
		put32(d.config + CONFIG(poison_val), poison);
	virtio_msix(&d, true);
	virtio_msix_entry(&d, 0, VEC_CONFIG, false);
	put16(COMMON(&d, MSIX), 0);
	queue(&inflate, 0);
	queue(&deflate, 1);
	if (features & F(STATS_VQ))
		queue(&stats, 2);
	if (at)
		queue(&report, at);
	virtio_go(&d);
	return true;
}

static bool begin(u64 features, u32 poison)
{
	u16 at = features & F(STATS_VQ) ? 3 : 2;

	return begin_at(features, poison, features & F(REPORTING) ? at : 0);
}

/* One buffer of page numbers, in @segs pieces; waits until it is back. */
static bool send(struct vqueue *q, const u32 *list, u32 n, unsigned int segs)
{
	struct vseg s[8];
	unsigned int i;
	u32 len;

	for (i = 0; i < segs; i++) {
		u32 from = (u64)n * i / segs, to = (u64)n * (i + 1) / segs;

		s[i].addr = (u64)(list + from);
		s[i].len = (to - from) * 4;
	}
	if (queue_add(q, s, segs, 0, false) < 0)
		return false;
	queue_kick(q);
	return queue_poll(q, &len) >= 0;
}

static void fill(void)
{
	u32 i;

	for (i = 0; i < ARENA_PAGES; i++)
		page(i)[1] = i + 1;
}

/* Pages [@from, @to) hold their number, or @want. */
static bool hold(u32 from, u32 to, bool number, u64 want)
{
	for (; from < to; from++)
		if (page(from)[1] != (number ? from + 1 : want))
			return false;
	return true;
}

static void configuration(void)
{
	u32 before, ram = host(TARGET);

	begin(F(MUST_TELL_HOST) | F(PAGE_POISON) | F(DEFLATE_ON_OOM), 7);
	check("asks for nothing at first", config(CONFIG(num_pages)) | ram, 0);
	put32(d.config + CONFIG(num_pages), 99);
	check("the target is not the driver's", config(CONFIG(num_pages)), 0);
	put32(d.config + CONFIG(actual), 5);
	check("its size is", config(CONFIG(actual)), 5);
	check("and the host sees it", host(ACTUAL), 5);
	check("poison is kept", config(CONFIG(poison_val)), 7);
	before = config_irqs;
	out32(TESTDEV_BALLOON, 100);
	check("a new target interrupts", wait_change(&config_irqs, before), 1);
	check("and is there", config(CONFIG(num_pages)), 100);
	out32(TESTDEV_BALLOON, 0xffffffff);
	ram = host(TARGET);
	check("not more than the VM has", ram && ram < 1 << 20, 1);
	check("the same for both", config(CONFIG(num_pages)), ram);
	out32(TESTDEV_BALLOON, 0);
	virtio_reset(&d);
	check("a reset forgets its size", config(CONFIG(actual)), 0);
}

static void inflate_and_deflate(void)
{
	u32 held, i, n = 100;

	begin(F(MUST_TELL_HOST), 0);
	fill();
	for (i = 0; i < n; i++)
		pfns[i] = pfn(3 + 2 * i);
	held = host(HELD);
	check("inflate", send(&inflate, pfns, n, 3), 1);
	check("the host has them back", held - host(HELD), n);
	check("and knows", host(BALLOONED), n);
	for (i = 0; i < ARENA_PAGES; i++) {
		bool gone = i >= 3 && i < 3 + 2 * n && i % 2;

		/* Only a look at what stayed: at the others it would be a touch. */
		if (!gone && page(i)[1] != i + 1)
			fail("neighbours", "page %u", i);
	}
	check("a look at the others changes nothing", host(BALLOONED), n);
	check("what was given is gone", page(3)[1] | page(5)[1], 0);
	page(7)[1] = 77;
	check("a touch takes back", host(BALLOONED), n - 3);
	check("deflate", send(&deflate, pfns, n, 1), 1);
	check("leaves no mark", host(BALLOONED), 0);
	check("nor harms what was touched", page(7)[1], 77);
	for (i = 0; i < 10; i++)
		pfns[i] = pfn(300 + i);
	check("deflate of what was not given", send(&deflate, pfns, 10, 1), 1);
	check("does nothing", hold(300, 310, true, 0), 1);
	check("inflate again and again", send(&inflate, pfns, 10, 1) &&
	      send(&inflate, pfns, 10, 2) && send(&inflate, pfns, 10, 1), 1);
	check("counts once", host(BALLOONED), 10);
	virtio_reset(&d);
	check("a reset takes all marks away", host(BALLOONED), 0);
}

/* A page that is away, and a buffer of more page numbers than anybody sends. */
static void odd_buffers(void)
{
	u32 i, held, n = ARENA_PAGES;
	struct vseg s = { (u64)pfns, 3 };
	u32 len;

	begin(0, 0);
	fill();
	for (i = 0; i < 8; i++) {
		pfns[i] = pfn(8 + i);
		take_away(page(8 + i));
	}
	held = host(HELD);
	check("pages that are away", send(&inflate, pfns, 8, 1), 1);
	check("go as well", held - host(HELD), 8);
	for (i = 0; i < 8 * n; i++)
		pfns[i] = pfn(i % n);
	check("a long buffer", send(&inflate, pfns, 8 * n, 8), 1);
	check("of a whole chunk, eight times", host(BALLOONED), n);
	check("holds nothing", held - host(HELD), n);
	check("and back", send(&deflate, pfns, n, 8), 1);
	check("no mark is left", host(BALLOONED), 0);
	queue_add(&inflate, &s, 1, 0, false);
	queue_kick(&inflate);
	check("less than one page number", queue_poll(&inflate, &len) >= 0, 1);
	s.len = 4096;
	queue_add(&inflate, &s, 0, 1, false);
	queue_kick(&inflate);
	check("nothing to read", queue_poll(&inflate, &len) >= 0, 1);
	check("nothing happened", host(BALLOONED), 0);
}

static bool send_report(u64 addr, u32 bytes, u32 tail)
{
	struct vseg s[2] = { { addr, bytes }, { addr + bytes, tail } };
	u32 len;

	if (queue_add(&report, s, 0, tail ? 2 : 1, false) < 0)
		return false;
	queue_kick(&report);
	return queue_poll(&report, &len) >= 0;
}

static void reporting(const char *name, u64 features, u16 at, u32 poison)
{
	u64 want = features & F(PAGE_POISON) ? (u64)poison << 32 | poison : 0;
	u32 held;

	printf("# %s\n", name);
	begin_at(features | F(REPORTING), poison, at);
	fill();
	held = host(HELD);
	check("report of a chunk", send_report((u64)arena, CHUNK, 0), 1);
	check("the host has it back", held - host(HELD), ARENA_PAGES);
	check("and knows", host(REPORTED), ARENA_PAGES);
	check("comes back as it should", hold(0, ARENA_PAGES, false, want), 1);
	check("on touch", host(HELD), held);
	check("with no mark", host(REPORTED), 0);
	fill();
	check("report of parts", send_report((u64)page(10) + 100, 3 * 4096, 4096), 1);
	check("counts whole pages", host(REPORTED), 2);
	check("beside them", hold(0, 11, true, 0) & hold(14, ARENA_PAGES, true, 0), 1);
	check("they are poison, or zero", hold(11, 13, false, want), 1);
}

/* The buffer comes back when the host wants to know, not before. */
static void statistics(void)
{
	struct __attribute__((packed)) { u16 tag; u64 val; } *msg = (void *)pfns;
	struct vseg s = { (u64)msg, 2 * sizeof(*msg) };
	struct minute m = { 0 };
	u32 len, bit = 1 << VIRTIO_BALLOON_S_MEMFREE | 1 << VIRTIO_BALLOON_S_MEMTOT;

	begin(F(STATS_VQ), 0);
	msg[0].tag = VIRTIO_BALLOON_S_MEMFREE;
	msg[0].val = 1234;
	msg[1].tag = VIRTIO_BALLOON_S_MEMTOT;
	msg[1].val = 5678;
	queue_add(&stats, &s, 1, 0, false);
	queue_kick(&stats);
	while (host(STATS) != bit && !minute_over(&m))
		pause();
	check("statistics arrive", host(STATS), bit);
	check("free memory", host(STAT + VIRTIO_BALLOON_S_MEMFREE), 1234);
	check("all memory", host(STAT + VIRTIO_BALLOON_S_MEMTOT), 5678);
	/* It is asked for when what is known is old. */
	m = (struct minute){ 0 };
	while (queue_get(&stats, &len) < 0 && !minute_over(&m))
		host(STATS);
	msg[0].val = 4321;
	check("the buffer comes back", queue_add(&stats, &s, 1, 0, false) >= 0, 1);
	queue_kick(&stats);
	m = (struct minute){ 0 };
	while (host(STAT + VIRTIO_BALLOON_S_MEMFREE) != 4321 && !minute_over(&m))
		pause();
	check("and brings newer ones", host(STAT + VIRTIO_BALLOON_S_MEMFREE), 4321);
	virtio_reset(&d);
	check("a reset forgets them", host(STATS), 0);
}

/*
 * What each page must hold, through any number of steps.  Poison comes to pages that
 * were reported and held something: what was given and taken back untouched is zero,
 * and stays so.
 */
static void random_work(unsigned int rounds)
{
	static u64 want[ARENA_PAGES];
	static enum { FULL, GIVEN, SAID_FREE, EMPTY } state[ARENA_PAGES];
	unsigned int i, k, n;

	begin(F(REPORTING) | F(PAGE_POISON) | F(STATS_VQ), POISON);
	fill();
	for (i = 0; i < ARENA_PAGES; i++) {
		want[i] = i + 1;
		state[i] = FULL;
	}
	for (i = 0; i < rounds; i++) {
		u32 from = rnd(ARENA_PAGES), step = rnd(8) ? 1 : 1 + rnd(5);

		n = 1 + rnd(rnd(4) ? 8 : PFNS);
		for (k = 0; k < n; k++)
			pfns[k] = pfn((from + k * step) % ARENA_PAGES);
		switch (rnd(4)) {
		case 0:
			if (!send(&inflate, pfns, n, 1 + rnd(n < 4 ? n : 4)))
				fail("random", "inflate in round %u", i);
			for (k = 0; k < n; k++) {
				u32 at = (from + k * step) % ARENA_PAGES;

				want[at] = 0;
				if (state[at] != EMPTY)
					state[at] = GIVEN;
			}
			break;
		case 1:
			if (!send(&deflate, pfns, n, 1))
				fail("random", "deflate in round %u", i);
			for (k = 0; k < n; k++) {
				u32 at = (from + k * step) % ARENA_PAGES;

				if (state[at] == GIVEN)
					state[at] = EMPTY;
			}
			break;
		case 2:
			if (from + n > ARENA_PAGES)
				n = ARENA_PAGES - from;
			if (!send_report((u64)page(from), n * 4096, 0))
				fail("random", "report in round %u", i);
			for (k = from; k < from + n; k++) {
				if (state[k] == EMPTY)
					continue;
				state[k] = SAID_FREE;
				want[k] = (u64)POISON << 32 | POISON;
			}
			break;
		case 3:
			for (k = 0; k < n; k++) {
				u32 at = (from + k * step) % ARENA_PAGES;

				if (page(at)[1] != want[at]) {
					fail("random", "page %u in round %u: 0x%lx, not 0x%lx", at,
					     i, page(at)[1], want[at]);
					return;
				}
				want[at] = (u64)i << 32 | k | 1;
				page(at)[1] = want[at];
				state[at] = FULL;
			}
			break;
		}
	}
	pass("random work");
}

static void hostile(const char *name, struct vqueue *q, bool pages, u64 addr, u32 bytes)
{
	struct vseg s = { addr, bytes };

	begin(F(REPORTING), 0);
	fill();
	if (pages) {
		pfns[0] = pfn(1);
		pfns[1] = addr >> 12;
		s = (struct vseg){ (u64)pfns, 8 };
	}
	queue_add(q, &s, pages, !pages, false);
	queue_kick(q);
	check(name, virtio_wait_status(&d, VIRTIO_CONFIG_S_NEEDS_RESET), 1);
	check("took nothing", host(BALLOONED) + host(REPORTED), 0);
	check("and harmed nothing", hold(0, ARENA_PAGES, true, 0), 1);
	begin(F(REPORTING), 0);
	pfns[0] = pfn(1);
	check("works again after a reset", send(&inflate, pfns, 1, 1), 1);
	virtio_reset(&d);
}

int main(const char *args)
{
	unsigned int n = arg_u64(args, "n=", 200);
	u64 offered;

	apic_init(true);
	set_trap(VEC_CONFIG, on_config);
	if (!virtio_find(&d, VIRTIO_ID_BALLOON, 0)) {
		fail("device", "no balloon");
		return result();
	}
	arena = alloc_pages(2 * ARENA_PAGES);
	arena = (u8 *)(((u64)arena + CHUNK - 1) & -CHUNK);
	pfns = alloc_pages(8 * ARENA_PAGES * 4 / 4096);
	offered = virtio_offered(&d);
	check("offers what it can", offered & 0x3f, F(MUST_TELL_HOST) | F(STATS_VQ) |
	      F(DEFLATE_ON_OOM) | F(PAGE_POISON) | F(REPORTING));
	configuration();
	inflate_and_deflate();
	odd_buffers();
	reporting("reports", 0, 2, 0);
	reporting("reports, all queues in a row", F(STATS_VQ), 3, 0);
	reporting("reports in queue 4", F(STATS_VQ), 4, 0);
	reporting("poison not accepted", 0, 2, POISON);
	reporting("poison", F(PAGE_POISON), 2, POISON);
	reporting("poison 0", F(PAGE_POISON) | F(STATS_VQ), 3, 0);
	statistics();
	random_work(n);
	hostile("a page beyond RAM", &inflate, true, 1UL << 40, 0);
	hostile("a page of a device", &inflate, true, 0xfee00000, 0);
	hostile("a page to take back that is none", &deflate, true, 1UL << 40, 0);
	hostile("a report beyond RAM", &report, false, 1UL << 40, 4096);
	hostile("a report across its end", &report, false, (u64)arena, 0xfffff000);
	random_work(n / 4);
	virtio_reset(&d);
	check("nothing is left in the balloon", host(BALLOONED), 0);
	return result();
}
