// SPDX-License-Identifier: GPL-2.0
/*
 * A virtio driver that breaks the rules, one after the other: of rings and tables,
 * of the set-up, of the registers, of PCI.  What the device can tell must end in
 * DEVICE_NEEDS_RESET with a configuration interrupt, the rest is ignored; and after
 * a reset a request is served as if nothing had been.
 *
 * "id=": the virtio device id (4, entropy); "n=": rounds of what is random;
 * "seed=".
 */
#include <linux/virtio_blk.h>
#include "virtio.h"

#define VEC_QUEUE	0x61
#define VEC_CONFIG	0x62
#define PAGE		4096UL
#define DELIVERY_MODE	0x700U		/* of a message: no NMI, no INIT for this CPU */
#define ARENA_PAGES	16

static struct vdev d;
static struct vqueue q;
static u16 queue_index;
static u8 *arena;
static u64 ram_end;
static volatile u32 config_irqs;
static u32 seed;

static u32 rnd(u32 n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static u32 rnd32(void)
{
	return rnd(0x10000) << 16 | rnd(0x10000);
}

static void on_config(struct regs *r)
{
	config_irqs++;
	apic_write(APIC_REG_EOI, 0);
}

static void on_any(struct regs *r)
{
	apic_write(APIC_REG_EOI, 0);
}

/* --- a request that any device of the kind serves ------------------------------------- */

/* Segments of one; @out and @in say how many. */
static void good_request(struct vseg s[3], unsigned int *out, unsigned int *in)
{
	struct virtio_blk_outhdr *h = (void *)arena;

	memset(arena, 0, PAGE);
	*out = 0;
	*in = 1;
	s[0] = (struct vseg) { (u64)arena, 64 };
	switch (d.id) {
	case VIRTIO_ID_BLOCK:
		h->type = VIRTIO_BLK_T_IN;
		s[0].len = sizeof(*h);
		s[1] = (struct vseg) { (u64)arena + 1024, 512 };
		s[2] = (struct vseg) { (u64)arena + 2048, 1 };
		arena[2048] = 0xff;
		*out = 1;
		*in = 2;
		break;
	case VIRTIO_ID_NET:		/* a frame to nobody */
	case VIRTIO_ID_CONSOLE:
	case VIRTIO_ID_BALLOON:		/* page 0 is taken back, which it was not given */
		*out = 1;
		*in = 0;
		break;
	}
}

/* The first descriptor of it, for what goes wrong there: flags, and what follows. */
static u16 first_flags(void)
{
	struct vseg s[3];
	unsigned int out, in;

	good_request(s, &out, &in);
	return out ? 0 : VRING_DESC_F_WRITE;
}

static bool add_good(void)
{
	unsigned int out, in;
	struct vseg s[3];

	good_request(s, &out, &in);
	return queue_add(&q, s, out, in, false) >= 0;
}

static bool set_up(u64 features)
{
	if (!virtio_begin(&d, features))
		return false;
	/* Entries first: what random pokes left there is no vector of this program. */
	virtio_msix_entry(&d, 0, VEC_CONFIG, false);
	virtio_msix_entry(&d, 1, VEC_QUEUE, false);
	virtio_msix(&d, true);
	put16(COMMON(&d, MSIX), 0);
	queue_init(&q, &d, queue_index, 0);
	return true;
}

static bool start(u64 features)
{
	if (!set_up(features))
		return false;
	queue_enable(&q, 1);
	virtio_go(&d);
	return true;
}

/* Resets, and asks for something; what is wrong, or NULL. */
static const char *recovers(void)
{
	u32 len;

	if (!start(F_INDIRECT | F_EVENT_IDX))
		return "refuses features after the reset";
	if (!add_good())
		return "has a queue without entries after the reset";
	queue_kick(&q);
	if (queue_poll(&q, &len) < 0)
		return "is dead after the reset";
	if (virtio_status(&d) & VIRTIO_CONFIG_S_NEEDS_RESET)
		return "is broken by a good request";
	if (d.id == VIRTIO_ID_BLOCK && arena[2048])
		return "fails a good request";
	return NULL;
}

static void finish(const char *name, const char *why)
{
	if (!why)
		why = recovers();
	if (why)
		fail(name, "the device %s", why);
	else
		pass(name);
}

/* --- rings: the device is at work, the driver makes one thing wrong ---------------------- */

static void put_desc(unsigned int i, u64 addr, u32 len, u16 flags, u16 next)
{
	q.desc[i].addr = addr;
	q.desc[i].len = len;
	q.desc[i].flags = flags;
	q.desc[i].next = next;
}

static void put_entry(unsigned int i, u64 addr, u32 len, u16 flags, u16 next)
{
	q.tables[i].addr = addr;
	q.tables[i].len = len;
	q.tables[i].flags = flags;
	q.tables[i].next = next;
}

#define NEXT	VRING_DESC_F_NEXT
#define WRITE	VRING_DESC_F_WRITE
#define TABLE	VRING_DESC_F_INDIRECT
#define A	((u64)arena)
#define T	((u64)q.tables)

static void head_outside(void)		{ queue_offer(&q, q.size); }
static void head_far_outside(void)	{ queue_offer(&q, 0xffff); }
static void index_ahead(void)		{ q.avail->idx = q.size + 1; }
static void index_back(void)		{ q.avail->idx = 0xffff; }
static void index_half(void)		{ q.avail->idx = 0x8000; }

static void next_outside(void)
{
	put_desc(0, A, 16, NEXT, q.size);
	queue_offer(&q, 0);
}

static void loop_of_one(void)
{
	put_desc(0, A, 16, NEXT, 0);
	queue_offer(&q, 0);
}

static void loop_of_all(void)
{
	unsigned int i;

	for (i = 0; i < q.size; i++)
		put_desc(i, A, 16, NEXT | WRITE, (i + 1) % q.size);
	queue_offer(&q, 0);
}

static void no_length(void)
{
	put_desc(0, A, 0, first_flags(), 0);
	queue_offer(&q, 0);
}

static void segment_wraps(void)
{
	put_desc(0, -16ULL, 17, first_flags(), 0);
	queue_offer(&q, 0);
}

static void more_than_4_gib(void)
{
	put_desc(0, A, 0xffffffff, NEXT | WRITE, 1);
	put_desc(1, A, 2, WRITE, 0);
	queue_offer(&q, 0);
}

static void read_after_write(void)
{
	put_desc(0, A, 16, NEXT | WRITE, 1);
	put_desc(1, A, 16, 0, 0);
	queue_offer(&q, 0);
}

static void indirect_anyway(void)
{
	put_entry(0, A, 16, first_flags(), 0);
	put_desc(0, T, 16, TABLE, 0);
	queue_offer(&q, 0);
}

static void nested(void)
{
	put_entry(0, T + 16, 16, TABLE, 0);
	put_entry(1, A, 16, first_flags(), 0);
	put_desc(0, T, 16, TABLE, 0);
	queue_offer(&q, 0);
}

static void table_goes_on(void)
{
	put_entry(0, A, 16, first_flags(), 0);
	put_desc(0, T, 16, TABLE | NEXT, 1);
	put_desc(1, A, 16, WRITE, 0);
	queue_offer(&q, 0);
}

static void table_empty(void)
{
	put_desc(0, T, 0, TABLE, 0);
	queue_offer(&q, 0);
}

static void table_odd(void)
{
	put_entry(0, A, 16, first_flags(), 0);
	put_desc(0, T, 24, TABLE, 0);
	queue_offer(&q, 0);
}

static void table_too_long(void)
{
	put_desc(0, T, 0xfffffff0, TABLE, 0);
	queue_offer(&q, 0);
}

static void table_outside(void)
{
	put_desc(0, ram_end, 32, TABLE, 0);
	queue_offer(&q, 0);
}

static void table_half_outside(void)
{
	volatile struct vring_desc *e = (void *)(ram_end - 16);

	e->addr = A;
	e->len = 16;
	e->flags = NEXT | WRITE;
	e->next = 1;
	put_desc(0, ram_end - 16, 32, TABLE, 0);
	queue_offer(&q, 0);
}

static void table_wraps(void)
{
	put_desc(0, -16ULL, 32, TABLE, 0);
	queue_offer(&q, 0);
}

static void table_next_outside(void)
{
	put_entry(0, A, 16, NEXT | WRITE, 2);
	put_desc(0, T, 32, TABLE, 0);
	queue_offer(&q, 0);
}

static void table_loop(void)
{
	put_entry(0, A, 16, NEXT | WRITE, 1);
	put_entry(1, A, 16, NEXT | WRITE, 0);
	put_desc(0, T, 32, TABLE, 0);
	queue_offer(&q, 0);
}

/* A good request but for where its first segment is. */
static void segment_at(u64 addr)
{
	unsigned int out, in;
	struct vseg s[3];

	good_request(s, &out, &in);
	s[0].addr = addr;
	queue_add(&q, s, out, in, false);
}

static void buffer_outside(void)	{ segment_at(ram_end); }
static void buffer_half_outside(void)	{ segment_at(ram_end - 8); }
static void buffer_far_outside(void)	{ segment_at(1ULL << 51); }
static void buffer_is_register(void)	{ segment_at(0xfec00000); }
static void buffer_is_device(void)	{ segment_at((u64)d.common); }

static const struct {
	const char *name;
	u64 features;
	void (*make)(void);
} breaks[] = {
	{ "head outside", 0, head_outside },
	{ "head far outside", F_EVENT_IDX, head_far_outside },
	{ "index ahead", 0, index_ahead },
	{ "index back", F_EVENT_IDX, index_back },
	{ "index half way round", 0, index_half },
	{ "next outside", 0, next_outside },
	{ "loop of one", 0, loop_of_one },
	{ "loop of all", F_INDIRECT, loop_of_all },
	{ "segment of length 0", 0, no_length },
	{ "segment wraps", 0, segment_wraps },
	{ "more than 4 GiB", 0, more_than_4_gib },
	{ "readable after writable", 0, read_after_write },
	{ "indirect, not negotiated", 0, indirect_anyway },
	{ "nested tables", F_INDIRECT, nested },
	{ "chain goes on after a table", F_INDIRECT, table_goes_on },
	{ "empty table", F_INDIRECT, table_empty },
	{ "table of a half entry", F_INDIRECT, table_odd },
	{ "table of 256 Mi entries", F_INDIRECT, table_too_long },
	{ "table outside RAM", F_INDIRECT, table_outside },
	{ "table half outside RAM", F_INDIRECT, table_half_outside },
	{ "table wraps", F_INDIRECT, table_wraps },
	{ "next outside a table", F_INDIRECT, table_next_outside },
	{ "loop in a table", F_INDIRECT, table_loop },
	{ "buffer outside RAM", 0, buffer_outside },
	{ "buffer half outside RAM", 0, buffer_half_outside },
	{ "buffer far outside RAM", 0, buffer_far_outside },
	{ "buffer at an I/O APIC", 0, buffer_is_register },
	{ "buffer in its own registers", 0, buffer_is_device },
};

/* The device has to notice, and to say so. */
static const char *notices(u32 irqs_before)
{
	if (!virtio_wait_status(&d, VIRTIO_CONFIG_S_NEEDS_RESET))
		return "does not need a reset";
	if (!wait_change(&config_irqs, irqs_before))
		return "sends no configuration interrupt";
	/* Nothing but a reset takes that back (2.1.1). */
	put8(COMMON(&d, STATUS), 0x0f);
	if (!(virtio_status(&d) & VIRTIO_CONFIG_S_NEEDS_RESET))
		return "forgets that it needs a reset";
	return NULL;
}

static void break_rings(void)
{
	const char *why;
	unsigned int i;
	u32 before;

	for (i = 0; i < sizeof(breaks) / sizeof(*breaks); i++) {
		before = config_irqs;
		if (!start(breaks[i].features)) {
			fail(breaks[i].name, "features refused");
			continue;
		}
		breaks[i].make();
		queue_notify(&q);
		why = notices(before);
		/* What is good comes too late, and is not served. */
		if (!why) {
			u16 idx = q.used->idx;

			queue_init(&q, &d, queue_index, 0);
			q.used->idx = idx;
			add_good();
			queue_notify(&q);
			if (virtio_status(&d) && q.used->idx != idx)
				why = "works on though broken";
		}
		finish(breaks[i].name, why);
	}
}

/* --- set-up: a queue somewhere that it cannot be -------------------------------------------- */

static void queue_at(u64 desc, u64 avail, u64 used)
{
	const u64 at[3] = { desc, avail, used };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		put32(COMMON(&d, Q_DESCLO) + 8 * i, at[i]);
		put32(COMMON(&d, Q_DESCLO) + 8 * i + 4, at[i] >> 32);
	}
}

static void break_set_up(void)
{
	u64 desc = (u64)q.desc, avail = (u64)q.avail, used = (u64)q.used;
	const struct {
		const char *name;
		u64 desc, avail, used;
	} t[] = {
		{ "table at 8 mod 16", desc + 8, avail, used },
		{ "available ring at an odd address", desc, avail + 1, used },
		{ "used ring at 2 mod 4", desc, avail, used + 2 },
		{ "table wraps around", -32ULL, avail, used },
		{ "available ring wraps around", desc, -8ULL, used },
		{ "used ring wraps around", desc, avail, -8ULL },
		{ "table outside RAM", ram_end, avail, used },
		{ "available ring outside RAM", desc, ram_end, used },
		{ "used ring outside RAM", desc, avail, ram_end },
		{ "used ring half outside RAM", desc, avail, ram_end - 4 },
		{ "table far outside RAM", 1ULL << 50, avail, used },
		{ "used ring at an I/O APIC", desc, avail, 0xfec00000 },
		{ "all of it in its own registers", (u64)d.common, (u64)d.common,
		  (u64)d.common },
	};
	unsigned int i;
	u32 before;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		before = config_irqs;
		set_up(0);
		add_good();
		put16(COMMON(&d, Q_SELECT), queue_index);
		put16(COMMON(&d, Q_MSIX), 1);
		queue_at(t[i].desc, t[i].avail, t[i].used);
		put16(COMMON(&d, Q_ENABLE), 1);
		virtio_go(&d);
		queue_notify(&q);
		finish(t[i].name, notices(before));
	}
}

/* --- registers: what must be ignored ----------------------------------------------------------- */

static void features(void)
{
	u64 offered = virtio_offered(&d);

	/* virtio_begin() adds VERSION_1; a bit that is not offered, 2.2. */
	check("feature that is not offered", virtio_begin(&d, ~offered & -(~offered)), 0);
	virtio_reset(&d);
	virtio_set_status(&d, 3);
	virtio_write_features(&d, offered & ~F_VERSION_1);
	virtio_set_status(&d, VIRTIO_CONFIG_S_FEATURES_OK);
	check("driver without version 1",
	      virtio_status(&d) & VIRTIO_CONFIG_S_FEATURES_OK, 0);
	virtio_set_status(&d, VIRTIO_CONFIG_S_DRIVER_OK);
	check("DRIVER_OK without FEATURES_OK",
	      virtio_status(&d) & VIRTIO_CONFIG_S_DRIVER_OK, 0);
	put16(COMMON(&d, Q_SELECT), queue_index);
	put16(COMMON(&d, Q_ENABLE), 1);
	check("queue enabled before FEATURES_OK", get16(COMMON(&d, Q_ENABLE)), 0);

	virtio_begin(&d, 0);
	virtio_write_features(&d, offered);
	put32(COMMON(&d, GFSELECT), 0);
	check("features after FEATURES_OK", get32(COMMON(&d, GF)), 0);
	put32(COMMON(&d, DFSELECT), 2);
	check("features beyond 64", get32(COMMON(&d, DF)), 0);
	finish("features", NULL);
}

static void registers(void)
{
	u16 size, none = get16(COMMON(&d, NUMQ));

	set_up(0);
	put16(COMMON(&d, Q_SELECT), queue_index);
	size = get16(COMMON(&d, Q_SIZE));
	put16(COMMON(&d, Q_SIZE), size * 2);
	put16(COMMON(&d, Q_SIZE), 0);
	put16(COMMON(&d, Q_SIZE), 3);
	check("queue of 0, 3 or too many entries", get16(COMMON(&d, Q_SIZE)), size);
	queue_enable(&q, 1);
	queue_at(16, 32, 64);
	put16(COMMON(&d, Q_SIZE), 1);
	put16(COMMON(&d, Q_ENABLE), 0);
	put16(COMMON(&d, Q_ENABLE), 1);
	check("enabled queue stays enabled", get16(COMMON(&d, Q_ENABLE)), 1);
	check("enabled queue stays where it is", get32(COMMON(&d, Q_DESCLO)), (u32)(u64)q.desc);
	check("enabled queue keeps its size", get16(COMMON(&d, Q_SIZE)), size);

	put16(COMMON(&d, Q_SELECT), none);
	check("queue that there is none: size", get16(COMMON(&d, Q_SIZE)), 0);
	queue_at(16, 32, 64);
	put16(COMMON(&d, Q_ENABLE), 1);
	check("queue that there is none: enabled", get16(COMMON(&d, Q_ENABLE)), 0);
	put16(COMMON(&d, Q_SELECT), 0xffff);
	check("queue 65535: size", get16(COMMON(&d, Q_SIZE)), 0);
	finish("registers", NULL);
}

/* Host and device get some time: a hundred exits. */
static void linger(void)
{
	unsigned int i;

	for (i = 0; i < 100; i++)
		virtio_status(&d);
}

static void too_early(void)
{
	const char *why = NULL;
	u32 len;

	set_up(0);
	queue_enable(&q, 1);
	add_good();
	queue_notify(&q);
	linger();
	if (q.used->idx)
		why = "works before DRIVER_OK";
	virtio_go(&d);
	if (!why && queue_poll(&q, &len) < 0)
		why = "forgets what came before DRIVER_OK";
	finish("notified before DRIVER_OK", why);

	/* A device that was never started, or is at rest, has nobody to notify. */
	virtio_reset(&d);
	queue_notify(&q);
	virtio_begin(&d, 0);
	queue_notify(&q);
	virtio_go(&d);
	queue_notify(&q);
	linger();
	finish("notified without a queue",
	       virtio_status(&d) & VIRTIO_CONFIG_S_NEEDS_RESET ? "is broken" : NULL);
}

static void wrong_notifications(void)
{
	u32 len, i;

	start(0);
	for (i = 0; i < 4; i++) {
		out16(d.notify, 0xffff);
		out16(d.notify, get16(COMMON(&d, NUMQ)));
		out8(d.notify, queue_index);
		out8(d.notify + i, 0xff);
		out32(d.notify, 0xffffffff);
		out16(d.notify + 1, 0xffff);
		out16(d.notify + 2, queue_index);
		in8(d.notify + i);
		in32(d.notify);
	}
	add_good();
	queue_notify(&q);
	finish("notifications of nothing",
	       queue_poll(&q, &len) < 0 ? "is confused" : NULL);
}

static void no_master(void)
{
	const char *why = NULL;
	u32 len;

	start(0);
	pci_write(d.slot, PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
	add_good();
	queue_notify(&q);
	linger();
	if (q.used->idx)
		why = "uses memory without being bus master";
	pci_write(d.slot, PCI_COMMAND, 2,
		  PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	queue_notify(&q);
	if (!why && queue_poll(&q, &len) < 0)
		why = "does not go on as bus master";
	finish("bus master off and on", why);
}

/* --- what is random ------------------------------------------------------------------------------- */

static void reset_loop(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		start(i & 1 ? F_INDIRECT : F_EVENT_IDX);
		while (add_good() && rnd(8))
			;
		queue_notify(&q);
		/* What is written during a reset is lost, or comes after it. */
		if (rnd(2)) {
			put8(COMMON(&d, STATUS), 0);
			put8(COMMON(&d, STATUS), 0xff & rnd32());
			queue_enable(&q, 1);
			queue_notify(&q);
		}
	}
	finish("resets", NULL);
}

static void poke_registers(unsigned int n)
{
	unsigned int i, round;

	for (round = 0; round < n / 16 + 1; round++) {
		if (rnd(2))
			start(0);
		for (i = 0; i < 16; i++) {
			u32 off = rnd(4) ? rnd(0x40) : rnd(PAGE - 4), val = rnd(3) ? rnd(32) : rnd32();

			/* A queue that lands in this program would be its own end. */
			if (off + 4 > VIRTIO_PCI_COMMON_Q_DESCLO && off < 0x40)
				val |= 0xf0f0f0f0;
			switch (rnd(6)) {
			case 0:
				put8(d.common + off, val);
				break;
			case 1:
				put16(d.common + off, val);
				break;
			case 2:
				put32(d.common + off, val);
				break;
			case 3:
				get32(d.common + off);
				break;
			case 4:
				out16(d.notify, val);
				break;
			case 5:
				put32(d.msix + off / 4, val & ~DELIVERY_MODE);
				break;
			}
		}
	}
	finish("random registers", NULL);
}

static void poke_pci(unsigned int n)
{
	u32 bars[6];
	unsigned int i;

	for (i = 0; i < 6; i++)
		bars[i] = pci_read(d.slot, PCI_BASE_ADDRESS_0 + 4 * i, 4);
	/* At rest: through the window it may be given anything but a queue. */
	virtio_reset(&d);
	for (i = 0; i < n; i++) {
		unsigned int size = 1 << rnd(3), reg = rnd(256) & ~(size - 1);
		u32 val = rnd(2) ? rnd32() : rnd(256);

		if (reg >= d.window + sizeof(struct virtio_pci_cap) && reg < d.window + 20u)
			val = (val | 0xf0f0f0f0) & ~0x07070707;
		pci_write(d.slot, reg, size, val);
		pci_read(d.slot, rnd(256) & ~(size - 1), size);
	}
	for (i = 0; i < 6; i++)
		pci_write(d.slot, PCI_BASE_ADDRESS_0 + 4 * i, 4, bars[i]);
	pci_write(d.slot, PCI_COMMAND, 2,
		  PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	finish("random PCI configuration", NULL);
}

static u64 some_address(void)
{
	switch (rnd(8)) {
	case 0:
		return ram_end - rnd(32);
	case 1:
		return (u64)rnd32() << 32 | rnd32();
	case 2:
		return T + 16 * rnd(64);
	default:
		return A + rnd(PAGE);
	}
}

/* Lengths keep what is written within the arena. */
static void scribble(volatile struct vring_desc *e, unsigned int entries)
{
	switch (rnd(4)) {
	case 0:
		e->addr = some_address();
		break;
	case 1:
		e->len = rnd(4) ? 16 * rnd(16) : rnd(PAGE);
		break;
	case 2:
		e->flags = rnd(8);
		break;
	case 3:
		e->next = rnd(8) ? rnd(entries) : rnd(0x10000);
		break;
	}
}

/* Nothing holds still while the device looks at it. */
static void changing_rings(unsigned int n)
{
	unsigned int round, i, broken = 0;
	const char *why = NULL;

	for (round = 0; round < n && !why; round++) {
		start(rnd(4) * F_INDIRECT);
		for (i = 0; i < 64; i++) {
			scribble(&q.desc[rnd(q.size)], q.size);
			scribble(&q.tables[rnd(64)], 64);
		}
		for (i = 0; i < 1000; i++) {
			unsigned int what = rnd(64);

			if (what < 16)
				scribble(&q.desc[rnd(q.size)], q.size);
			else if (what < 32)
				scribble(&q.tables[rnd(64)], 64);
			else if (what < 40)
				queue_offer(&q, rnd(q.size));
			else if (what < 44)
				queue_notify(&q);
			else if (what == 44)
				q.avail->idx = rnd(8) ? q.used->idx + rnd(q.size) : rnd(0x10000);
			else if (what == 45)
				*used_event(&q) = rnd(0x10000);
			else if (what == 46)
				q.used->idx = rnd(0x10000);
		}
		if (virtio_status(&d) & VIRTIO_CONFIG_S_NEEDS_RESET)
			broken++;
		if (!(round % 8))
			why = recovers();
	}
	printf("# %u of %u rounds ended with a reset needed\n", broken, n);
	finish("rings that change", why);
}

int main(const char *args)
{
	unsigned int n = arg_u64(args, "n=", 64), v;

	seed = arg_u64(args, "seed=", 1);
	apic_init(true);
	/* A poked table may send any vector; exceptions of its own it has none. */
	for (v = 16; v < 256; v++)
		set_trap(v, v == VEC_CONFIG ? on_config : on_any);
	if (!virtio_find(&d, arg_u64(args, "id=", VIRTIO_ID_RNG), 0)) {
		fail("device", "there is none");
		return result();
	}
	/* Of the balloon the queue that takes pages back: whatever is said there does
	 * no harm to this program. */
	queue_index = d.id == VIRTIO_ID_NET || d.id == VIRTIO_ID_CONSOLE ||
		      d.id == VIRTIO_ID_BALLOON;
	ram_end = 0x100000 + (mem_upper_kib << 10);
	arena = alloc_pages(ARENA_PAGES);
	finish("good driver", NULL);
	break_rings();
	break_set_up();
	features();
	registers();
	too_early();
	wrong_notifications();
	no_master();
	reset_loop(n);
	poke_registers(n * 16);
	poke_pci(n * 16);
	changing_rings(n);
	virtio_reset(&d);
	return result();
}
