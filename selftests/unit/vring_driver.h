/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The driver's side of a split virtqueue, for tests of the device's side, with
 * the guest memory that both look at.  Made from virtio 1.2, 2.7, and simple: one
 * pass over a list where a real driver would be clever.
 */
#ifndef VRING_DRIVER_H
#define VRING_DRIVER_H

#include <linux/virtio_ring.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include "dev/vring.h"

#define MEM_BASE	0x40000000ULL
#define MEM_LEN		0x10000
#define DESC_AT		0x0000		/* offsets in the memory */
#define AVAIL_AT	0x1000
#define USED_AT		0x2000
#define TABLES_AT	0x4000		/* an indirect table for each descriptor */
#define TABLE_ENTRIES	8
#define GPA(off)	(MEM_BASE + (off))

struct ram {
	u8 bytes[MEM_LEN] __attribute__((__aligned__(4096)));
	unsigned int accesses;
	unsigned int fail_at;		/* which access fails; 0: none */
	int fail_with;
	void (*hook)(void *arg, char kind);	/* before each access: 'R' or 'W' */
	void *hook_arg;
};

struct drv {
	struct ram *ram;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	struct hs_vring dev;
	u16 size;
	bool is_free[HS_VRING_MAX];
	unsigned int nr_free;
	u16 last_used, last_kick;
	struct hs_vchain sent[HS_VRING_MAX];	/* by head */
	u16 taken[HS_VRING_MAX];		/* direct descriptors by head */
};

static inline int ram_access(struct ram *m, u64 gpa, size_t len, char kind)
{
	if (m->hook)
		m->hook(m->hook_arg, kind);
	if (++m->accesses == m->fail_at)
		return m->fail_with;
	if (gpa < MEM_BASE || gpa - MEM_BASE > MEM_LEN || len > MEM_LEN - (gpa - MEM_BASE))
		return -EFAULT;
	return 0;
}

static inline int ram_read(void *mem, u64 gpa, void *dst, size_t len)
{
	struct ram *m = mem;
	int r = ram_access(m, gpa, len, 'R');

	if (r)
		return r;
	if (len == 2)
		*(u16 *)dst = READ_ONCE(*(u16 *)(m->bytes + (gpa - MEM_BASE)));
	else
		memcpy(dst, m->bytes + (gpa - MEM_BASE), len);
	return 0;
}

static inline int ram_write(void *mem, u64 gpa, const void *src, size_t len)
{
	struct ram *m = mem;
	int r = ram_access(m, gpa, len, 'W');

	if (r)
		return r;
	if (len == 2)
		WRITE_ONCE(*(u16 *)(m->bytes + (gpa - MEM_BASE)), *(const u16 *)src);
	else
		memcpy(m->bytes + (gpa - MEM_BASE), src, len);
	return 0;
}

static const struct hs_vring_ops ram_ops = {
	.read = ram_read,
	.write = ram_write,
};

static inline void *ram_at(struct ram *m, u32 off)
{
	return m->bytes + off;
}

static inline u16 *used_event(struct drv *d)
{
	return &d->avail->ring[d->size];
}

static inline u16 *avail_event(struct drv *d)
{
	return (u16 *)&d->used->ring[d->size];
}

/* A driver and a device that have just said DRIVER_OK. */
static inline void drv_init(struct drv *d, struct ram *m, u16 size, bool indirect, bool event)
{
	unsigned int i;

	memset(m, 0, sizeof(*m));
	memset(d, 0, sizeof(*d));
	d->ram = m;
	d->desc = ram_at(m, DESC_AT);
	d->avail = ram_at(m, AVAIL_AT);
	d->used = ram_at(m, USED_AT);
	d->size = size;
	d->nr_free = size;
	for (i = 0; i < size; i++)
		d->is_free[i] = true;
	d->dev = (struct hs_vring) {
		.ops = &ram_ops,
		.mem = m,
		.desc = GPA(DESC_AT),
		.avail = GPA(AVAIL_AT),
		.used = GPA(USED_AT),
		.size = size,
		.indirect = indirect,
		.event_idx = event,
	};
	assert(!hs_vring_start(&d->dev));
}

/* All four indexes far on, as if that many buffers had come and gone. */
static inline void drv_jump(struct drv *d, u16 idx)
{
	d->avail->idx = idx;
	d->used->idx = idx;
	d->last_used = idx;
	d->last_kick = idx;
	*used_event(d) = idx;
	*avail_event(d) = idx;
	d->dev.next_avail = idx;
	d->dev.next_used = idx;
	d->dev.seen = idx;
	d->dev.signalled = idx;
}

static inline u16 take_free(struct drv *d)
{
	u16 i = rand() % d->size;

	assert(d->nr_free);
	while (!d->is_free[i])
		i = (i + 1) % d->size;
	d->is_free[i] = false;
	d->nr_free--;
	return i;
}

static inline void fill_desc(struct vring_desc *t, const struct hs_vchain *c, unsigned int i,
			     unsigned int n, u16 next)
{
	t->addr = c->seg[i].gpa;
	t->len = c->seg[i].len;
	t->flags = (i >= c->nr_out ? VRING_DESC_F_WRITE : 0) |
		   (i + 1 < n ? VRING_DESC_F_NEXT : 0);
	t->next = next;
}

static inline void avail_set(struct drv *d, u16 slot, u16 head)
{
	WRITE_ONCE(d->avail->ring[slot % d->size], head);
}

/*
 * Makes @c available: the first segments in the queue's own table, the last
 * @in_table in a table of their own.  Its head is filled in.
 */
static inline void drv_add(struct drv *d, struct hs_vchain *c, unsigned int in_table)
{
	unsigned int n = c->nr_out + c->nr_in, direct = n - in_table, i;
	unsigned int nr = direct + (in_table ? 1 : 0);
	struct vring_desc *t;
	u16 at[HS_VRING_MAX + 1];

	for (i = 0; i < nr; i++)
		at[i] = take_free(d);
	for (i = 0; i < direct; i++)
		fill_desc(&d->desc[at[i]], c, i, n, i + 1 < nr ? at[i + 1] : rand());
	if (in_table) {
		u32 off = TABLES_AT + at[direct] * TABLE_ENTRIES * sizeof(*t);

		t = ram_at(d->ram, off % (MEM_LEN - TABLES_AT) + TABLES_AT);
		for (i = 0; i < in_table; i++)
			fill_desc(&t[i], c, direct + i, n, i + 1);
		d->desc[at[direct]] = (struct vring_desc) {
			.addr = GPA((u8 *)t - d->ram->bytes),
			.len = in_table * sizeof(*t),
			/* 2.7.5.3.2: the device ignores WRITE here. */
			.flags = VRING_DESC_F_INDIRECT | (rand() & VRING_DESC_F_WRITE),
			.next = rand(),
		};
	}
	c->head = at[0];
	d->sent[c->head] = *c;
	d->taken[c->head] = nr;
	for (i = 0; i < nr; i++)
		d->taken[at[i]] = i ? 0 : nr;
	avail_set(d, d->avail->idx, c->head);
	smp_wmb();
	WRITE_ONCE(d->avail->idx, d->avail->idx + 1);
}

/* 2.7.10 and 2.7.7, by counting: whether a step from @old to @new asks. */
static inline bool steps_over(u16 event, u16 old, u16 new)
{
	for (; old != new; old++)
		if (old == event)
			return true;
	return false;
}

/* Whether the driver has to notify of what it added since last asked. */
static inline bool drv_must_kick(struct drv *d)
{
	u16 old = d->last_kick, idx = d->avail->idx;

	smp_mb();
	d->last_kick = idx;
	if (d->dev.event_idx)
		return steps_over(READ_ONCE(*avail_event(d)), old, idx);
	return idx != old && !(READ_ONCE(d->used->flags) & VRING_USED_F_NO_NOTIFY);
}

static inline void give_free(struct drv *d, u16 head)
{
	u16 n = d->taken[head], i = head;

	for (;;) {
		assert(!d->is_free[i]);
		d->is_free[i] = true;
		d->nr_free++;
		if (!--n)
			return;
		i = d->desc[i].next;
	}
}

/* The next buffer that came back, or false.  @c: what was sent; @len: as told. */
static inline bool drv_get(struct drv *d, struct hs_vchain *c, u32 *len)
{
	struct vring_used_elem e;

	if (READ_ONCE(d->used->idx) == d->last_used)
		return false;
	smp_rmb();
	e = d->used->ring[d->last_used % d->size];
	assert(e.id < d->size && d->taken[e.id]);
	*c = d->sent[e.id];
	*len = e.len;
	give_free(d, e.id);
	d->taken[e.id] = 0;
	d->last_used++;
	return true;
}

#endif /* VRING_DRIVER_H */
