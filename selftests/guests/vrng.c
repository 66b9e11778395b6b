// SPDX-License-Identifier: GPL-2.0
/*
 * The entropy device by a driver that keeps to the rules: every set of features,
 * buffers of many sizes in one piece and in several, signalled by MSI-X, by INTA#
 * or not at all, paged out under the device ("testdev"), reset under load, set up
 * anew with other queues.  "n=": requests of each kind.
 */
#include "virtio.h"

#define VEC_QUEUE	0x61
#define VEC_CONFIG	0x62
/* Its own: a level interrupt that waits would lose its EOI to an edge of the same. */
#define VEC_INTX	0x63
#define FILL		0x5a
#define ARENA_PAGES	16
#define GAP		16	/* between segments: nobody may write there */

enum how { POLL, MSIX, INTX };

static struct vdev d;
static struct vqueue q;
static u8 *arena;
static bool testdev;
static volatile u32 irqs, config_irqs;
static u32 seed = 1;

static u32 rnd(u32 n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static void on_queue(struct regs *r)
{
	irqs++;
	apic_write(APIC_REG_EOI, 0);
}

static void on_config(struct regs *r)
{
	config_irqs++;
	apic_write(APIC_REG_EOI, 0);
}

/* A level interrupt stays until the cause is read (4.1.4.5). */
static void on_intx(struct regs *r)
{
	if (get8(d.isr) & ISR_QUEUE)
		irqs++;
	apic_write(APIC_REG_EOI, 0);
}

static bool begin(u64 features, u16 size, enum how how)
{
	if (!virtio_begin(&d, features))
		return false;
	virtio_msix(&d, how == MSIX);
	queue_init(&q, &d, 0, size);
	if (how == MSIX) {
		virtio_msix_entry(&d, 0, VEC_CONFIG, false);
		virtio_msix_entry(&d, 1, VEC_QUEUE, false);
		put16(COMMON(&d, MSIX), 0);
	}
	if (how == INTX) {
		set_trap(VEC_INTX, on_intx);
		virtio_intx(&d, VEC_INTX);
	} else {
		set_trap(VEC_QUEUE, on_queue);
	}
	queue_enable(&q, how == MSIX ? 1 : NO_VECTOR);
	virtio_go(&d);
	return true;
}

/* Cuts @bytes into @n segments with gaps, in an arena filled with FILL. */
static void cut(struct vseg *s, unsigned int n, u32 bytes, u32 at)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		u32 part = i + 1 == n ? bytes : 1 + rnd(bytes - (n - 1 - i));

		s[i].addr = (u64)arena + at;
		s[i].len = part;
		at += part + GAP;
		bytes -= part;
	}
}

static bool all_fill(u64 at, u64 n)
{
	const volatile u8 *p = (const u8 *)at;

	while (n--)
		if (*p++ != FILL)
			return false;
	return true;
}

/* What the device says it wrote is new, all else is as it was. */
static const char *judge(const struct vseg *s, unsigned int n, u32 bytes, u32 written)
{
	u32 left = written, same = 0, i, j;

	if (!written || written > bytes)
		return "wrote a wrong number of bytes";
	for (i = 0; i < n; i++) {
		u32 here = left < s[i].len ? left : s[i].len;

		if (!all_fill(s[i].addr - GAP, GAP) || !all_fill(s[i].addr + s[i].len, GAP))
			return "wrote beside a segment";
		if (!all_fill(s[i].addr + here, s[i].len - here))
			return "wrote more than it says";
		for (j = 0; j < here; j++)
			same += ((u8 *)s[i].addr)[j] == FILL;
		left -= here;
	}
	/* One in 256 by chance: half of 32 or more is not chance. */
	if (written >= 32 && same > written / 2)
		return "did not write what it says";
	return NULL;
}

static void page_out(const struct vseg *s, unsigned int n)
{
	unsigned int i;
	u64 p;

	if (!testdev)
		return;
	for (i = 0; i < n; i++)
		for (p = s[i].addr & ~4095UL; p < s[i].addr + s[i].len; p += 4096)
			take_away((void *)p);
	take_away(q.desc);
	take_away(q.avail);
	take_away(q.used);
	take_away(q.tables);
}

static const u32 sizes[] = { 1, 2, 7, 31, 64, 255, 4095, 4096, 4097, 20000 };
#define SIZES	(sizeof(sizes) / sizeof(*sizes))

/* One request at a time; what is wrong with it, or NULL. */
static const char *request(enum how how, unsigned int i)
{
	u32 bytes = sizes[i % SIZES], max = bytes < 8 ? bytes : 8, before = irqs, len;
	bool indirect = d.features & F_INDIRECT && i & 1;
	unsigned int n = 1 + rnd(max);
	struct vseg s[8];
	int head, got;

	if (!indirect && n > q.size)
		n = q.size;
	memset(arena, FILL, ARENA_PAGES * 4096);
	cut(s, n, bytes, GAP + rnd(5000));
	head = queue_add(&q, s, 0, n, indirect);
	if (head < 0)
		return "found no room";
	/* What the driver wants to hear of stands before it notifies. */
	q.avail->flags = how == POLL ? VRING_AVAIL_F_NO_INTERRUPT : 0;
	if (d.features & F_EVENT_IDX)
		*used_event(&q) = q.last_used;
	page_out(s, n);
	queue_kick(&q);
	if (how != POLL && !wait_change(&irqs, before))
		return "got no interrupt";
	got = queue_poll(&q, &len);
	if (got < 0)
		return "got nothing";
	if (got != head)
		return "got another buffer";
	return judge(s, n, bytes, len);
}

static void requests(const char *name, u64 features, enum how how, unsigned int n)
{
	const char *why = NULL;
	u32 before = irqs;
	unsigned int i;

	if (!begin(features, 0, how)) {
		fail(name, "features refused");
		return;
	}
	for (i = 0; i < n && !why; i++)
		why = request(how, i);
	if (!why && how == POLL && !(features & F_EVENT_IDX) && irqs != before)
		why = "got interrupts that it did not want";
	if (!why && virtio_status(&d) & VIRTIO_CONFIG_S_NEEDS_RESET)
		why = "broke the device";
	if (why)
		fail(name, "request %u %s", i - 1, why);
	else
		pass(name);
}

/* The whole queue at once, one notification, any order. */
static void many(const char *name, u64 features, u16 size)
{
	u32 len, bytes = 200;
	const char *why = NULL;
	unsigned int i, n;
	struct vseg s[QUEUE_MAX];
	int head;

	if (!begin(features, size, POLL)) {
		fail(name, "features refused");
		return;
	}
	memset(arena, FILL, ARENA_PAGES * 4096);
	for (n = 0; q.nr_free; n++) {
		s[n].addr = (u64)arena + GAP + n * (bytes + GAP);
		s[n].len = bytes;
		/* Heads come in order, so they name the segments. */
		if (queue_add(&q, &s[n], 0, 1, features & F_INDIRECT) != (int)n)
			why = "used a wrong descriptor";
	}
	queue_kick(&q);
	for (i = 0; i < n && !why; i++) {
		head = queue_poll(&q, &len);
		why = head < 0 ? "got too few back" : judge(&s[head], 1, bytes, len);
	}
	if (!why && queue_get(&q, &len) >= 0)
		why = "got too many back";
	if (why)
		fail(name, "buffer %u of %u %s", i - 1, n, why);
	else
		pass(name);
}

/* With the event index one signal is enough for the last of several buffers. */
static void event_index(void)
{
	struct vseg s = { (u64)arena, 16 };
	u32 before, len, i, n = q.size < 8 ? q.size : 8;

	if (!(virtio_offered(&d) & F_EVENT_IDX))
		return;
	begin(F_EVENT_IDX, 0, MSIX);
	before = irqs;
	*used_event(&q) = n - 1;
	for (i = 0; i < n; i++)
		queue_add(&q, &s, 0, 1, false);
	queue_kick(&q);
	if (!wait_change(&irqs, before)) {
		fail("event-index", "no interrupt");
		return;
	}
	for (i = 0; queue_get(&q, &len) >= 0; i++)
		;
	check("event-index: all are back at the first interrupt", i, n);
	check("event-index: interrupts", irqs - before, 1);
}

/* A masked entry holds its interrupt back, and gives it when it is unmasked. */
static void masked(void)
{
	struct vseg s = { (u64)arena, 16 };
	u32 before, len;

	begin(0, 0, MSIX);
	before = irqs;
	virtio_msix_entry(&d, 1, VEC_QUEUE, true);
	queue_add(&q, &s, 0, 1, false);
	queue_kick(&q);
	if (queue_poll(&q, &len) < 0)
		fail("masked", "nothing came back");
	/* The buffer is seen before the signal is sent. */
	while (!virtio_msix_pending(&d, 1))
		pause();
	asm volatile("sti; nop; nop; cli" : : : "memory");
	check("masked: no interrupt", irqs - before, 0);
	virtio_msix_entry(&d, 1, VEC_QUEUE, false);
	check("unmasked: interrupt", wait_change(&irqs, before), 1);
	check("unmasked: no longer pending", virtio_msix_pending(&d, 1), 0);
	put16(COMMON(&d, Q_MSIX), 1000);
	check("vector that there is none", get16(COMMON(&d, Q_MSIX)), NO_VECTOR);
}

/* After a reset nothing is written any more, whatever was under way. */
static void reset_under_load(unsigned int n)
{
	unsigned int i, j, half = ARENA_PAGES * 2048;
	struct vseg s[8];

	for (i = 0; i < n; i++) {
		begin(i & 1 ? F_INDIRECT | F_EVENT_IDX : 0, 0, i & 2 ? MSIX : POLL);
		for (j = 0; j < 8; j++) {
			s[j].addr = (u64)arena + j * (half / 8);
			s[j].len = half / 8;
		}
		while (queue_add(&q, s, 0, 8, i & 1) >= 0)
			;
		page_out(s, 8);
		queue_kick(&q);
		for (j = rnd(2000); j; j--)
			pause();
		virtio_reset(&d);
		memset(arena, FILL, half);
		/* Long enough for the next life to serve a request. */
		begin(0, 0, POLL);
		s[0].addr = (u64)arena + half;
		s[0].len = 100;
		queue_add(&q, s, 0, 1, false);
		queue_kick(&q);
		if (queue_poll(&q, &s[0].len) < 0) {
			fail("reset-under-load", "round %u: dead afterwards", i);
			return;
		}
		if (!all_fill((u64)arena, half)) {
			fail("reset-under-load", "round %u: written after the reset", i);
			return;
		}
	}
	pass("reset-under-load");
}

int main(const char *args)
{
	static const struct {
		const char *name;
		u64 features;
	} set[] = {
		{ "plain", 0 },
		{ "indirect", F_INDIRECT },
		{ "event-index", F_EVENT_IDX },
		{ "both", F_INDIRECT | F_EVENT_IDX },
	};
	unsigned int n = arg_u64(args, "n=", 40), i;
	u64 offered;

	testdev = arg_word(args, "testdev");
	apic_init(true);
	set_trap(VEC_CONFIG, on_config);
	if (!virtio_find(&d, VIRTIO_ID_RNG, 0)) {
		fail("device", "no entropy device");
		return result();
	}
	arena = alloc_pages(ARENA_PAGES);
	offered = virtio_offered(&d);
	check("offers version 1, indirect, event index",
	      offered & (F_VERSION_1 | F_INDIRECT | F_EVENT_IDX),
	      F_VERSION_1 | F_INDIRECT | F_EVENT_IDX);
	check("vectors for queue and configuration", d.vectors >= 2, 1);
	for (i = 0; i < 4; i++) {
		printf("# %s\n", set[i].name);
		requests("polled", set[i].features, POLL, n);
		requests("by MSI-X", set[i].features, MSIX, n);
		requests("by INTA#", set[i].features, INTX, n);
		many("whole queue", set[i].features, 0);
		many("queue of 4", set[i].features, 4);
		many("queue of 1", set[i].features, 1);
	}
	event_index();
	masked();
	reset_under_load(n / 4 + 1);
	requests("as before", F_INDIRECT | F_EVENT_IDX, MSIX, n);
	check("configuration interrupts", config_irqs, 0);
	virtio_reset(&d);
	return result();
}
