// SPDX-License-Identifier: GPL-2.0
/*
 * The block device, by a driver that knows what it wants to see.
 *
 * "mode=": 0 all that a disk that can be written does; 1 one that cannot, with
 * what mode 0 left on it; 2 a size that changes (sectors= and then= are before and
 * after); 3 storage that fills up; 4 a bad sector (bad=); 5 writes for ever.
 * "discard": the disk has it; "block=": its block size; "queues=": how many it has;
 * "testdev": pages are taken away under the device.
 *
 * At the end of mode 0, sector n of the first 26 holds nothing but the nth letter.
 */
#include <linux/virtio_blk.h>
#include "virtio.h"

#define F(x)		BIT_ULL(VIRTIO_BLK_F_##x)
#define SECTOR		512
#define SLOTS		64	/* requests out at a time, of a queue */
#define QUEUES		4
#define ARENA_PAGES	256
#define GAP		64
#define FILL		0xee
#define LETTERS		26
#define VEC_CONFIG	0x62
#define NO_ANSWER	0xff

static struct vdev d;
static struct vqueue q[QUEUES];
static struct slot {
	struct virtio_blk_outhdr hdr;
	u8 status;
} slots[QUEUES][QUEUE_MAX];
static u8 *arena;
static bool testdev, has_discard;
static unsigned int queues, block;
static u64 sectors;
static u32 seed = 1;
static volatile u32 config_irqs;

static u32 rnd(u32 n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static void on_config(struct regs *r)
{
	config_irqs++;
	apic_write(APIC_REG_EOI, 0);
}

static u64 capacity(void)
{
	u8 gen;
	u64 v;

	do {
		gen = get8(COMMON(&d, CFGGENERATION));
		v = get32(d.config) | (u64)get32(d.config + 4) << 32;
	} while (gen != get8(COMMON(&d, CFGGENERATION)));
	return v;
}

static u32 config32(unsigned int off)
{
	return get32(d.config + off);
}

#define CFG(field)	offsetof(struct virtio_blk_config, field)

static bool begin(u64 features)
{
	unsigned int i;

	if (!virtio_begin(&d, features))
		return false;
	set_trap(VEC_CONFIG, on_config);
	virtio_msix(&d, true);
	virtio_msix_entry(&d, 0, VEC_CONFIG, false);
	put16(COMMON(&d, MSIX), 0);
	for (i = 0; i < queues; i++) {
		queue_init(&q[i], &d, i, 0);
		queue_enable(&q[i], NO_VECTOR);
	}
	virtio_go(&d);
	return true;
}

/* Content of byte @pos of the disk in round @salt; never the same for neighbours. */
static u8 pattern(u64 pos, u32 salt)
{
	return pos * 31 + (pos >> 9) * 7 + salt * 13;
}

static void fill(const struct vseg *s, unsigned int n, u64 pos, u32 salt)
{
	unsigned int i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < s[i].len; j++)
			((u8 *)s[i].addr)[j] = pattern(pos++, salt);
}

static bool is_pattern(const struct vseg *s, unsigned int n, u64 pos, u32 salt)
{
	unsigned int i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < s[i].len; j++)
			if (((u8 *)s[i].addr)[j] != pattern(pos++, salt))
				return false;
	return true;
}

static bool is_all(u64 at, u64 n, u8 c)
{
	const volatile u8 *p = (const u8 *)at;

	while (n--)
		if (*p++ != c)
			return false;
	return true;
}

/*
 * Cuts @bytes into @n segments with gaps, somewhere from @at in the arena on: of
 * whole sectors and at such, or of @unit 1, as they come.
 */
static void cut(struct vseg *s, unsigned int n, u32 bytes, u32 at, u32 unit)
{
	u32 gap = unit == 1 ? GAP : SECTOR;
	unsigned int i;

	at += unit == 1 ? rnd(4096) : gap * rnd(8);

	for (i = 0; i < n; i++) {
		u32 most = bytes / unit - (n - 1 - i);
		u32 part = i + 1 == n ? bytes : unit * (1 + rnd(most));

		s[i].addr = (u64)arena + at;
		s[i].len = part;
		at += part + gap;
		bytes -= part;
	}
}

static void page_out(const struct vseg *s, unsigned int n, const struct vqueue *vq)
{
	unsigned int i;
	u64 p;

	if (!testdev)
		return;
	for (i = 0; i < n; i++)
		for (p = s[i].addr & ~4095UL; p < s[i].addr + s[i].len; p += 4096)
			take_away((void *)p);
	take_away(vq->desc);
	take_away(vq->avail);
	take_away(vq->used);
}

/* Makes a request available; the name of its buffer. */
static int send(struct vqueue *vq, u32 type, u64 sector, const struct vseg *data,
		unsigned int n, bool indirect)
{
	struct slot *slot = &slots[vq->index][vq->free];
	bool in = type == VIRTIO_BLK_T_IN || type == VIRTIO_BLK_T_GET_ID;
	struct vseg s[TABLE_MAX];
	unsigned int k = 0, half = rnd(2);

	slot->hdr.type = type;
	slot->hdr.ioprio = 0;
	slot->hdr.sector = sector;
	slot->status = NO_ANSWER;
	/* How the header is cut is up to the driver (2.7.4). */
	if (half)
		s[k++] = (struct vseg){ (u64)&slot->hdr, 4 };
	s[k++] = (struct vseg){ (u64)&slot->hdr + half * 4, sizeof(slot->hdr) - half * 4 };
	memcpy(s + k, data, n * sizeof(*data));
	k += n;
	s[k] = (struct vseg){ (u64)&slot->status, 1 };
	return queue_add(vq, s, in ? k - n : k, in ? n + 1 : 1, indirect);
}

static u8 status_of(const struct vqueue *vq, int head)
{
	return *(volatile u8 *)&slots[vq->index][head].status;
}

/* One request; its status. */
static u8 request(u32 type, u64 sector, const struct vseg *data, unsigned int n)
{
	struct vqueue *vq = &q[rnd(queues)];
	int head = send(vq, type, sector, data, n, rnd(2) && d.features & F_INDIRECT);
	u32 len;

	if (head < 0)
		return NO_ANSWER;
	page_out(data, n, vq);
	queue_kick(vq);
	if (queue_poll(vq, &len) != head)
		return NO_ANSWER;
	return status_of(vq, head);
}

static u8 transfer(u32 type, u64 sector, u64 at, u32 bytes)
{
	struct vseg s = { at, bytes };

	return request(type, sector, &s, 1);
}

/* Everything at random: place, length, cut. */
static void patterns(const char *name, unsigned int rounds, u32 unit)
{
	struct vseg w[6], r[6];
	unsigned int i, n, m;
	u32 bytes;
	u64 at;

	for (i = 0; i < rounds; i++) {
		bytes = block * (1 + rnd(i % 8 ? 16 : 60000 / block));
		at = rnd((sectors * SECTOR - bytes) / block + 1) * (block / SECTOR);
		n = 1 + rnd(bytes / unit < 6 ? bytes / unit : 6);
		m = 1 + rnd(bytes / unit < 6 ? bytes / unit : 6);
		memset(arena, FILL, 160 << 10);
		cut(w, n, bytes, 0, unit);
		cut(r, m, bytes, 80 << 10, unit);
		fill(w, n, at * SECTOR, i);
		if (request(VIRTIO_BLK_T_OUT, at, w, n) != VIRTIO_BLK_S_OK) {
			fail(name, "round %u: not written", i);
			return;
		}
		if (!is_pattern(w, n, at * SECTOR, i)) {
			fail(name, "round %u: the device changed what it was to read", i);
			return;
		}
		if (request(VIRTIO_BLK_T_IN, at, r, m) != VIRTIO_BLK_S_OK) {
			fail(name, "round %u: not read", i);
			return;
		}
		if (!is_pattern(r, m, at * SECTOR, i)) {
			fail(name, "round %u: read something else", i);
			return;
		}
		for (n = 0; n < m; n++)
			if (!is_all(r[n].addr + r[n].len, GAP, FILL)) {
				fail(name, "round %u: wrote beside a segment", i);
				return;
			}
	}
	pass(name);
}

static void one_long(void)
{
	u32 bytes = 600 << 10;	/* more than is moved at once */
	struct vseg s = { (u64)arena, bytes };

	if (bytes > sectors * SECTOR)
		return;
	fill(&s, 1, 0, 77);
	check("long write", request(VIRTIO_BLK_T_OUT, 0, &s, 1), VIRTIO_BLK_S_OK);
	memset(arena, FILL, bytes);
	check("long read", request(VIRTIO_BLK_T_IN, 0, &s, 1), VIRTIO_BLK_S_OK);
	check("long read: content", is_pattern(&s, 1, 0, 77), 1);
}

static u8 range(u32 type, u64 sector, u32 n, u32 flags)
{
	static struct virtio_blk_discard_write_zeroes r;

	r.sector = sector;
	r.num_sectors = n;
	r.flags = flags;
	return request(type, 0, &(struct vseg){ (u64)&r, sizeof(r) }, 1);
}

/* A driver may ask for less than a block: slower, but right (5.2.4). */
static void parts_of_a_block(void)
{
	struct vseg s = { (u64)arena, block }, before = { s.addr, SECTOR },
		    behind = { s.addr + 2 * SECTOR, block - 2 * SECTOR };
	u64 a = s.addr + 2 * block;

	if (block < 3 * SECTOR)
		return;
	fill(&s, 1, 0, 31);
	check("block", request(VIRTIO_BLK_T_OUT, 0, &s, 1), VIRTIO_BLK_S_OK);
	memset((void *)a, 'x', SECTOR);
	check("a sector of it", transfer(VIRTIO_BLK_T_OUT, 1, a, SECTOR), VIRTIO_BLK_S_OK);
	memset((void *)a, FILL, SECTOR);
	check("read alone", transfer(VIRTIO_BLK_T_IN, 1, a, SECTOR), VIRTIO_BLK_S_OK);
	check("content", is_all(a, SECTOR, 'x'), 1);
	memset(arena, FILL, block);
	check("read with the block", request(VIRTIO_BLK_T_IN, 0, &s, 1), VIRTIO_BLK_S_OK);
	check("content, block", is_all(s.addr + SECTOR, SECTOR, 'x'), 1);
	check("content before", is_pattern(&before, 1, 0, 31), 1);
	check("content behind", is_pattern(&behind, 1, 2 * SECTOR, 31), 1);
	check("zeroes for a sector", range(VIRTIO_BLK_T_WRITE_ZEROES, 2, 1, 0), VIRTIO_BLK_S_OK);
	check("read with the zeroes", request(VIRTIO_BLK_T_IN, 0, &s, 1), VIRTIO_BLK_S_OK);
	check("content, zeroes", is_all(s.addr + 2 * SECTOR, SECTOR, 0), 1);
	check("content, beside the zeroes", is_all(s.addr + SECTOR, SECTOR, 'x'), 1);
}

static void refused(void)
{
	u64 a = (u64)arena;
	struct vseg s = { a, block };

	fill(&s, 1, 0, 5);
	check("write of the last block", transfer(VIRTIO_BLK_T_OUT, sectors - block / SECTOR, a, block),
	      VIRTIO_BLK_S_OK);
	memset(arena, FILL, 2 * block);
	check("read beyond the end", transfer(VIRTIO_BLK_T_IN, sectors, a, block),
	      VIRTIO_BLK_S_IOERR);
	check("read across the end", transfer(VIRTIO_BLK_T_IN, sectors - block / SECTOR, a, 2 * block),
	      VIRTIO_BLK_S_IOERR);
	check("write beyond the end", transfer(VIRTIO_BLK_T_OUT, sectors, a, block),
	      VIRTIO_BLK_S_IOERR);
	check("write across the end", transfer(VIRTIO_BLK_T_OUT, sectors - block / SECTOR, a, 2 * block),
	      VIRTIO_BLK_S_IOERR);
	check("sector that wraps", transfer(VIRTIO_BLK_T_IN, 1ULL << 55, a, block),
	      VIRTIO_BLK_S_IOERR);
	check("half a sector", transfer(VIRTIO_BLK_T_IN, 0, a, 256), VIRTIO_BLK_S_IOERR);
	check("unknown type", transfer(99, 0, a, block), VIRTIO_BLK_S_UNSUPP);
	check("refused reads wrote nothing", is_all(a, 2 * block, FILL), 1);
	check("read of the last block", transfer(VIRTIO_BLK_T_IN, sectors - block / SECTOR, a, block),
	      VIRTIO_BLK_S_OK);
	check("refused writes wrote nothing", is_pattern(&s, 1, 0, 5), 1);
}

static void identity(void)
{
	char id[VIRTIO_BLK_ID_BYTES + 1] = { 0 };
	struct vseg s = { (u64)id, VIRTIO_BLK_ID_BYTES };

	check("get id", request(VIRTIO_BLK_T_GET_ID, 0, &s, 1), VIRTIO_BLK_S_OK);
	printf("# id '%s'\n", id);
}

/* Blocks 1 to 4 of 6 become zeroes; those beside them do not. */
static void zeroes(const char *name, u32 flags)
{
	u32 per = block / SECTOR;
	struct vseg s = { (u64)arena, 6 * block };
	struct vseg first = { s.addr, block }, last = { s.addr + 5 * block, block };

	printf("# %s\n", name);
	fill(&s, 1, 0, 9);
	check("write", request(VIRTIO_BLK_T_OUT, 0, &s, 1), VIRTIO_BLK_S_OK);
	check("zeroes", range(VIRTIO_BLK_T_WRITE_ZEROES, per, 4 * per, flags), VIRTIO_BLK_S_OK);
	check("read", request(VIRTIO_BLK_T_IN, 0, &s, 1), VIRTIO_BLK_S_OK);
	check("they are zero", is_all(s.addr + block, 4 * block, 0), 1);
	check("the block before is not", is_pattern(&first, 1, 0, 9), 1);
	check("nor that behind", is_pattern(&last, 1, 5 * block, 9), 1);
}

static void ranges(void)
{
	u32 per = block / SECTOR;
	struct vseg s = { (u64)arena, 6 * block };
	struct vseg first = { s.addr, block }, last = { s.addr + 5 * block, block };

	zeroes("write zeroes", 0);
	zeroes("write zeroes, may unmap", VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP);
	check("zeroes beyond the end", range(VIRTIO_BLK_T_WRITE_ZEROES, sectors, 1, 0),
	      VIRTIO_BLK_S_IOERR);
	check("zeroes, unknown flag", range(VIRTIO_BLK_T_WRITE_ZEROES, 0, 1, 2),
	      VIRTIO_BLK_S_UNSUPP);
	check("none", range(VIRTIO_BLK_T_WRITE_ZEROES, 0, 0, 0), VIRTIO_BLK_S_OK);
	if (!has_discard) {
		check("no discard", range(VIRTIO_BLK_T_DISCARD, 0, 1, 0), VIRTIO_BLK_S_UNSUPP);
		return;
	}
	fill(&s, 1, 0, 11);
	check("write", request(VIRTIO_BLK_T_OUT, 0, &s, 1), VIRTIO_BLK_S_OK);
	check("discard", range(VIRTIO_BLK_T_DISCARD, per, 4 * per, 0), VIRTIO_BLK_S_OK);
	check("read", request(VIRTIO_BLK_T_IN, 0, &s, 1), VIRTIO_BLK_S_OK);
	check("the block before is kept", is_pattern(&first, 1, 0, 11), 1);
	check("and that behind", is_pattern(&last, 1, 5 * block, 11), 1);
	check("discard beyond the end", range(VIRTIO_BLK_T_DISCARD, sectors - 1, 2, 0),
	      VIRTIO_BLK_S_IOERR);
	check("discard of half the disk",
	      range(VIRTIO_BLK_T_DISCARD, sectors / 2, sectors / 2, 0), VIRTIO_BLK_S_OK);
	check("discard with a flag", range(VIRTIO_BLK_T_DISCARD, 0, 1, 1), VIRTIO_BLK_S_UNSUPP);
}

/* Every queue full of requests, each with a place of its own. */
static const char *fill_queues(u32 type, unsigned int per_queue, u32 salt)
{
	unsigned int i, j, k;
	u32 len;
	int head;

	for (i = 0; i < queues; i++) {
		for (j = 0; j < per_queue; j++) {
			k = i * per_queue + j;
			struct vseg s = { (u64)arena + k * block, block };

			if (type == VIRTIO_BLK_T_OUT)
				fill(&s, 1, k * block, salt);
			if (send(&q[i], type, (u64)k * block / SECTOR, &s, 1, true) < 0)
				return "found no room";
		}
		queue_kick(&q[i]);
	}
	for (i = 0; i < queues; i++)
		for (j = 0; j < per_queue; j++) {
			head = queue_poll(&q[i], &len);
			if (head < 0)
				return "got too few back";
			if (status_of(&q[i], head) != VIRTIO_BLK_S_OK)
				return "got an error";
			if (len != (type == VIRTIO_BLK_T_IN ? block + 1 : 1))
				return "got a wrong length";
		}
	return NULL;
}

static void many(void)
{
	unsigned int n = ARENA_PAGES * 4096 / block / queues;
	const char *why;

	if (n > SLOTS)
		n = SLOTS;
	if ((u64)n * queues * block > sectors * SECTOR)
		n = sectors * SECTOR / block / queues;
	why = fill_queues(VIRTIO_BLK_T_OUT, n, 21);
	if (!why) {
		memset(arena, FILL, n * queues * block);
		why = fill_queues(VIRTIO_BLK_T_IN, n, 21);
	}
	if (!why && !is_pattern(&(struct vseg){ (u64)arena, n * queues * block }, 1, 0, 21))
		why = "read something else";
	if (why)
		fail("many", "%u on each of %u queues: %s", n, queues, why);
	else
		pass("many");
}

/* The cache off and on again, by a driver that can flush and one that cannot. */
static void cache(u64 features)
{
	u64 a = (u64)arena;

	check("cache: on", get8(d.config + CFG(wce)), 1);
	put8(d.config + CFG(wce), 0);
	check("cache: off", get8(d.config + CFG(wce)), 0);
	check("cache off: write", transfer(VIRTIO_BLK_T_OUT, 0, a, block), VIRTIO_BLK_S_OK);
	check("cache off: flush", request(VIRTIO_BLK_T_FLUSH, 0, NULL, 0), VIRTIO_BLK_S_OK);
	put8(d.config + CFG(wce), 1);
	check("cache: on again", get8(d.config + CFG(wce)), 1);
	check("cache on: write", transfer(VIRTIO_BLK_T_OUT, 0, a, block), VIRTIO_BLK_S_OK);
	check("cache on: flush", request(VIRTIO_BLK_T_FLUSH, 0, NULL, 0), VIRTIO_BLK_S_OK);
	put8(d.config, 0);
	check("other fields cannot be written", capacity(), sectors);

	check("without flush", begin(features & ~F(FLUSH)), 1);
	check("without flush: no cache", get8(d.config + CFG(wce)), 0);
	check("without flush: write", transfer(VIRTIO_BLK_T_OUT, 0, a, block), VIRTIO_BLK_S_OK);
	check("all features again", begin(features), 1);
}

/* A buffer that cannot be answered breaks the device, until a reset. */
static void broken(u64 features)
{
	struct vseg s = { (u64)arena, 512 };
	u32 before = config_irqs;

	queue_add(&q[0], &s, 1, 0, false);
	queue_kick(&q[0]);
	check("no place for a status: interrupt", wait_change(&config_irqs, before), 1);
	check("no place for a status: needs reset",
	      !!(virtio_status(&d) & VIRTIO_CONFIG_S_NEEDS_RESET), 1);
	begin(features);
	before = config_irqs;
	queue_add(&q[0], &s, 0, 1, false);
	queue_kick(&q[0]);
	check("no header: interrupt", wait_change(&config_irqs, before), 1);
	begin(features);
	before = config_irqs;
	send(&q[0], VIRTIO_BLK_T_IN, 0, &(struct vseg){ 1ULL << 45, 512 }, 1, false);
	queue_kick(&q[0]);
	check("data outside RAM: interrupt", wait_change(&config_irqs, before), 1);
	begin(features);
	check("works again", transfer(VIRTIO_BLK_T_IN, 0, (u64)arena, block), VIRTIO_BLK_S_OK);
}

static void reset_under_load(u64 features, unsigned int n)
{
	u32 half = ARENA_PAGES * 2048;
	unsigned int i, j, k;

	for (i = 0; i < n; i++) {
		for (k = 0; k < queues; k++) {
			for (j = 0; j < 8; j++)
				send(&q[k], j & 1 && i & 1 ? VIRTIO_BLK_T_FLUSH : VIRTIO_BLK_T_IN, 0,
				     &(struct vseg){ (u64)arena + j * (half / 8), half / 8 / block * block },
				     j & 1 && i & 1 ? 0 : 1, false);
			queue_kick(&q[k]);
		}
		for (j = rnd(3000); j; j--)
			pause();
		virtio_reset(&d);
		memset(arena, FILL, half);
		begin(features);
		if (transfer(VIRTIO_BLK_T_IN, 0, (u64)arena + half, block) != VIRTIO_BLK_S_OK) {
			fail("reset-under-load", "round %u: dead afterwards", i);
			return;
		}
		if (!is_all((u64)arena, half, FILL)) {
			fail("reset-under-load", "round %u: written after the reset", i);
			return;
		}
	}
	pass("reset-under-load");
}

static void letters(void)
{
	unsigned int i;

	for (i = 0; i < LETTERS; i++)
		memset(arena + i * SECTOR, 'A' + i, SECTOR);
	/* 13 KiB, and to the end of the last block. */
	memset(arena + LETTERS * SECTOR, 0, 4096);
	check("letters", transfer(VIRTIO_BLK_T_OUT, 0, (u64)arena, 4096 * 4), VIRTIO_BLK_S_OK);
	check("letters: flush", request(VIRTIO_BLK_T_FLUSH, 0, NULL, 0), VIRTIO_BLK_S_OK);
}

static void writable(unsigned int n)
{
	u64 want = F(FLUSH) | F(CONFIG_WCE) | F(WRITE_ZEROES) | F(BLK_SIZE) | F(SEG_MAX) |
		   F(SIZE_MAX) | F(TOPOLOGY) | (queues > 1 ? F(MQ) : 0);
	u64 all = virtio_offered(&d);

	check("features", all & (want | F(RO) | F(MQ)), want);
	check("discard", !!(all & F(DISCARD)), has_discard);
	if (!begin(all)) {
		fail("begin", "features refused");
		return;
	}
	check("capacity", capacity(), sectors);
	check("block size", config32(CFG(blk_size)), block);
	check("segments", config32(CFG(seg_max)) >= 64, 1);
	if (queues > 1)
		check("queues", config32(CFG(num_queues) & ~3U) >> 16, queues);
	identity();
	patterns("whole blocks", n, block);
	patterns("odd pieces", n, 1);
	one_long();
	refused();
	check("flush", request(VIRTIO_BLK_T_FLUSH, 0, NULL, 0), VIRTIO_BLK_S_OK);
	ranges();
	parts_of_a_block();
	many();
	cache(all);
	broken(all);
	reset_under_load(all, n / 8 + 1);
	check("plain features", begin(0), 1);
	patterns("plain", n / 4, 1);
	check("zeroes were not negotiated", range(VIRTIO_BLK_T_WRITE_ZEROES, 0, 1, 0),
	      VIRTIO_BLK_S_UNSUPP);
	begin(all);
	letters();
}

static void read_only(void)
{
	u64 all = virtio_offered(&d), a = (u64)arena;
	unsigned int i;

	check("features", all & (F(RO) | F(FLUSH) | F(WRITE_ZEROES) | F(DISCARD)), F(RO));
	check("begin", begin(all), 1);
	check("capacity", capacity(), sectors);
	check("read", transfer(VIRTIO_BLK_T_IN, 0, a, 16384), VIRTIO_BLK_S_OK);
	for (i = 0; i < LETTERS && is_all(a + i * SECTOR, SECTOR, 'A' + i); i++)
		;
	check("letters", i, LETTERS);
	check("write", transfer(VIRTIO_BLK_T_OUT, 0, a, block), VIRTIO_BLK_S_IOERR);
	check("zeroes", range(VIRTIO_BLK_T_WRITE_ZEROES, 0, 1, 0), VIRTIO_BLK_S_UNSUPP);
	check("discard", range(VIRTIO_BLK_T_DISCARD, 0, 1, 0), VIRTIO_BLK_S_UNSUPP);
	check("flush", request(VIRTIO_BLK_T_FLUSH, 0, NULL, 0), VIRTIO_BLK_S_OK);
	identity();
	/* Without the feature, too. */
	begin(0);
	check("write, RO not negotiated", transfer(VIRTIO_BLK_T_OUT, 0, a, block),
	      VIRTIO_BLK_S_IOERR);
}

static void resized(u64 then)
{
	u64 a = (u64)arena, low = then < sectors ? then : sectors;
	u32 before;

	begin(virtio_offered(&d));
	check("capacity", capacity(), sectors);
	check("last sector", transfer(VIRTIO_BLK_T_IN, sectors - 1, a, 512), VIRTIO_BLK_S_OK);
	before = config_irqs;
	printf("READY\n");
	check("configuration interrupt", wait_change(&config_irqs, before), 1);
	check("capacity, then", capacity(), then);
	check("last sector, then", transfer(VIRTIO_BLK_T_IN, then - 1, a, 512), VIRTIO_BLK_S_OK);
	check("beyond it", transfer(VIRTIO_BLK_T_IN, then, a, 512), VIRTIO_BLK_S_IOERR);
	check("before both ends", transfer(VIRTIO_BLK_T_OUT, low - 1, a, 512), VIRTIO_BLK_S_OK);
}

static void fills_up(void)
{
	u32 bytes = 64 << 10, per = bytes / SECTOR, ok = 0, bad = 0;
	u64 s;
	u8 st;

	begin(virtio_offered(&d));
	memset(arena, 0x33, bytes);
	for (s = 0; s + per <= sectors; s += per) {
		st = transfer(VIRTIO_BLK_T_OUT, s, (u64)arena, bytes);
		if (st == VIRTIO_BLK_S_OK)
			ok++;
		else if (st == VIRTIO_BLK_S_IOERR)
			bad++;
	}
	printf("# %u written, %u refused\n", ok, bad);
	check("some were written", ok > 0, 1);
	check("others not", bad > 0, 1);
	check("all were answered", ok + bad, sectors / per);
	check("reads go on", transfer(VIRTIO_BLK_T_IN, 0, (u64)arena, bytes), VIRTIO_BLK_S_OK);
}

/* Around it in pages, as the host's cache reads them. */
static void bad_sector(u64 bad)
{
	u64 a = (u64)arena, page = bad & ~7UL;

	begin(virtio_offered(&d));
	check("before it", transfer(VIRTIO_BLK_T_IN, page - 8, a, 4096), VIRTIO_BLK_S_OK);
	check("it", transfer(VIRTIO_BLK_T_IN, bad, a, 512), VIRTIO_BLK_S_IOERR);
	check("across it", transfer(VIRTIO_BLK_T_IN, page - 8, a, 8192), VIRTIO_BLK_S_IOERR);
	check("far from it", transfer(VIRTIO_BLK_T_IN, 0, a, 4096), VIRTIO_BLK_S_OK);
}

/* The host ends the VM, or removes what it stands on, at any moment. */
static void for_ever(void)
{
	unsigned int i, round = 0;
	bool flush, full;
	u32 len;

	begin(virtio_offered(&d));
	printf("READY\n");
	for (;;) {
		for (i = 0; i < queues; i++) {
			do {
				struct vseg s = { (u64)arena + rnd(64) * 512, 32768 };

				flush = round++ % 9 == 8;
				full = send(&q[i], flush ? VIRTIO_BLK_T_FLUSH : VIRTIO_BLK_T_OUT,
					    rnd(sectors / 256) * 128, &s, !flush, true) < 0;
			} while (!full);
			queue_kick(&q[i]);
		}
		for (i = 0; i < queues; i++)
			while (queue_get(&q[i], &len) >= 0)
				;
	}
}

int main(const char *args)
{
	testdev = arg_word(args, "testdev");
	has_discard = arg_word(args, "discard");
	queues = arg_u64(args, "queues=", 1);
	block = arg_u64(args, "block=", 512);
	apic_init(true);
	if (queues > QUEUES || !virtio_find(&d, VIRTIO_ID_BLOCK, 0)) {
		fail("device", "no block device");
		return result();
	}
	sectors = arg_u64(args, "sectors=", 16384);
	arena = alloc_pages(ARENA_PAGES);
	switch (arg_u64(args, "mode=", 0)) {
	case 0:
		writable(arg_u64(args, "n=", 40));
		break;
	case 1:
		read_only();
		break;
	case 2:
		resized(arg_u64(args, "then=", 0));
		break;
	case 3:
		fills_up();
		break;
	case 4:
		bad_sector(arg_u64(args, "bad=", 0));
		break;
	default:
		for_ever();
	}
	virtio_reset(&d);
	return result();
}
