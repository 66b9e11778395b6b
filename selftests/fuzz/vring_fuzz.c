// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer for the device's side of a split virtqueue.
 *
 * Input: a header, then what both sides do, a byte each.  The guest's memory holds
 * what the operations put there, but whenever the device reads, the next byte may
 * say that it changes first, or that the access fails: so nothing that was read
 * once holds when it is read again.
 */
#include <linux/virtio_ring.h>
#include "dev/vring.h"

#define BASE		0x100000ULL
#define RAM		0x4000
#define DESC_AT		0x0000
#define AVAIL_AT	0x1000
#define USED_AT		0x2000
#define TABLE_AT	0x3000

#define CHECK(cond)	do { if (!(cond)) __builtin_trap(); } while (0)

/* Values of the byte taken at each access; below, the memory is as it is. */
enum { CHANGE = 0xe0, NO_MEMORY = 0xfd, DYING = 0xfe, LOST = 0xff };

struct state {
	const u8 *data;
	size_t left;
	struct hs_vring vr;
	u8 *ram;
	unsigned int accesses;
	int failed;			/* what the last failing access said */
	u16 out[HS_VRING_MAX];
	unsigned int nr_out;
	u16 *avail;
};

static u64 take(struct state *s, size_t n)
{
	u64 val = 0;

	n = min(n, s->left);
	memcpy(&val, s->data, n);
	s->data += n;
	s->left -= n;
	return val;
}

/* Nothing outside what the driver named is touched, whatever it named. */
static void check_write(const struct state *s, u64 gpa, size_t len)
{
	u64 used_len = 6 + 8 * s->vr.size;

	CHECK(gpa >= s->vr.used && gpa - s->vr.used <= used_len - len);
}

static int access(struct state *s, u64 gpa, size_t len)
{
	u8 what = take(s, 1);

	CHECK(gpa + len >= gpa);
	s->accesses++;
	s->failed = 0;
	if (what == NO_MEMORY)
		s->failed = -ENOMEM;
	else if (what == DYING)
		s->failed = -EINTR;
	else if (what == LOST)
		s->failed = -EIO;
	if (s->failed)
		return s->failed;
	if (gpa < BASE || gpa - BASE > RAM || len > RAM - (gpa - BASE))
		return -EFAULT;
	if (what >= CHANGE) {
		size_t n = min(len, s->left);

		memcpy(s->ram + (gpa - BASE), s->data, n);
		s->data += n;
		s->left -= n;
	}
	return 0;
}

static int fuzz_read(void *mem, u64 gpa, void *dst, size_t len)
{
	struct state *s = mem;
	int r = access(s, gpa, len);

	if (!r)
		memcpy(dst, s->ram + (gpa - BASE), len);
	return r;
}

static int fuzz_write(void *mem, u64 gpa, const void *src, size_t len)
{
	struct state *s = mem;
	int r;

	check_write(s, gpa, len);
	r = access(s, gpa, len);
	if (!r)
		memcpy(s->ram + (gpa - BASE), src, len);
	return r;
}

static const struct hs_vring_ops fuzz_ops = {
	.read = fuzz_read,
	.write = fuzz_write,
};

static void check_chain(const struct state *s, const struct hs_vchain *c)
{
	u64 sum[2] = { 0, 0 };
	unsigned int i;

	CHECK(c->head < s->vr.size);
	CHECK(c->nr_out + c->nr_in >= 1 && c->nr_out + c->nr_in <= HS_VRING_MAX);
	for (i = 0; i < c->nr_out + c->nr_in; i++) {
		const struct hs_vseg *seg = &c->seg[i];

		CHECK(seg->len && seg->gpa + seg->len >= seg->gpa);
		sum[i >= c->nr_out] += seg->len;
	}
	CHECK(c->out_len == sum[0] && c->in_len == sum[1]);
	CHECK(sum[0] + sum[1] <= 1ULL << 32);
}

/* An errno is broken, or what an access said; and a broken queue is left alone. */
static void check_result(struct state *s, int r, bool was_broken)
{
	CHECK(r >= 0 || r == -EPROTO || r == s->failed);
	CHECK((r == -EPROTO) == !!s->vr.broken);
	CHECK(!was_broken || !s->accesses);
	CHECK(s->accesses <= 2 + s->vr.size + (s->vr.indirect ? HS_VRING_MAX : 0));
}

static int device_pop(struct state *s)
{
	static struct hs_vchain c;
	int r;

	memset(&c, 0xa5, sizeof(c));
	r = hs_vring_pop(&s->vr, &c);
	CHECK(r <= 1);
	if (r == 1) {
		check_chain(s, &c);
		CHECK(s->nr_out < s->vr.size);
		s->out[s->nr_out++] = c.head;
	}
	return r;
}

static int device_push(struct state *s, u16 n)
{
	u32 len[HS_VRING_MAX];
	u16 before, i;
	int r;

	n = min_t(u16, n, s->nr_out);
	for (i = 0; i < n; i++)
		len[i] = i;
	before = s->vr.next_used;
	r = hs_vring_push(&s->vr, s->out, len, n);
	CHECK(s->vr.next_used == (u16)(before + (r ? 0 : n)));
	if (!r) {
		s->nr_out -= n;
		memmove(s->out, s->out + n, sizeof(s->out[0]) * s->nr_out);
	}
	return r;
}

static void device(struct state *s, u8 op)
{
	bool was_broken = s->vr.broken;
	int r = 0;

	s->accesses = 0;
	s->failed = 0;
	switch (op % 8) {
	case 0:
	case 1:
	case 2:
		r = device_pop(s);
		break;
	case 3:
		r = device_push(s, op >> 3);
		break;
	case 4:
		/* Those popped last and not pushed; pushes here are oldest first. */
		if (!was_broken && s->nr_out) {
			hs_vring_unpop(&s->vr, 1);
			s->nr_out--;
		}
		return;
	case 5:
		r = hs_vring_wants_signal(&s->vr);
		CHECK(r <= 1);
		break;
	case 6:
		r = hs_vring_listen(&s->vr);
		CHECK(r <= 1);
		break;
	case 7:
		r = hs_vring_deaf(&s->vr);
		CHECK(r <= 0);
		break;
	}
	check_result(s, r, was_broken);
	CHECK((u16)(s->vr.next_avail - s->vr.next_used) == s->nr_out);
}

static void set_desc(struct state *s, u32 off, u8 how)
{
	struct vring_desc d;
	u8 where = take(s, 1);

	d.addr = BASE + TABLE_AT + (where & 15) * 16;
	d.len = 16 * (1 + (where >> 4));
	d.flags = how & 7;
	d.next = take(s, 1);
	switch (how >> 3 & 7) {
	case 0:
		d.addr = take(s, 8);
		break;
	case 1:
		d.len = take(s, 4);
		break;
	}
	memcpy(s->ram + off, &d, sizeof(d));
}

/* A driver that knows how it is done, and one that pokes. */
static void driver(struct state *s, u8 op)
{
	u32 i = take(s, 1);

	switch (op % 4) {
	case 0:
		s->avail[2 + s->avail[1] % s->vr.size] = i;
		s->avail[1]++;
		break;
	case 1:
		set_desc(s, DESC_AT + 16 * (i % HS_VRING_MAX), op >> 2);
		break;
	case 2:
		set_desc(s, TABLE_AT + 16 * (i % 32), op >> 2);
		break;
	case 3:
		s->avail[op & 4 ? 0 : 2 + s->vr.size] = i;
		break;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static u8 ram[RAM] __attribute__((__aligned__(4096)));
	struct state s = { .data = data, .left = size, .ram = ram };
	u8 setup = take(&s, 1), op;
	u16 start = take(&s, 2);

	memset(ram, 0, sizeof(ram));
	s.avail = (u16 *)(ram + AVAIL_AT);
	s.vr = (struct hs_vring) {
		.ops = &fuzz_ops,
		.mem = &s,
		.desc = BASE + DESC_AT,
		.avail = BASE + AVAIL_AT,
		.used = BASE + USED_AT,
		.size = 1 << setup % 9,
		.indirect = setup & 0x40,
		.event_idx = setup & 0x80,
	};
	if (setup & 0x20) {	/* anywhere, as the registers let a driver say */
		s.vr.desc = take(&s, 8);
		s.vr.avail = take(&s, 8);
		s.vr.used = take(&s, 8);
		s.vr.size = take(&s, 2);
	}
	if (hs_vring_start(&s.vr)) {
		CHECK(s.vr.broken);
		return 0;
	}
	CHECK(s.vr.size && s.vr.size <= HS_VRING_MAX && !(s.vr.size & (s.vr.size - 1)));
	s.vr.next_avail = start;
	s.vr.seen = start;
	s.vr.next_used = start;
	s.vr.signalled = start;
	s.avail[1] = start;
	while (s.left) {
		op = take(&s, 1);
		if (op & 0x80)
			driver(&s, op & 0x7f);
		else
			device(&s, op);
	}
	return 0;
}
