// SPDX-License-Identifier: GPL-2.0
/*
 * Split virtqueues, the device's side; see vring.h.  Sections are those of
 * virtio 1.2.
 *
 * The driver may write to the rings and tables at any moment.  So whatever is
 * judged here is a copy in the module's own memory, made once.
 */
#include <linux/virtio_ring.h>
#include "dev/vring.h"

#define DESC_LEN	16		/* 2.7.5 */
#define AVAIL_IDX	2		/* 2.7.6: flags, idx, ring[], used_event */
#define AVAIL_RING	4
#define USED_IDX	2		/* 2.7.8: flags, idx, ring[], avail_event */
#define USED_RING	4
#define USED_ELEM_LEN	8

/* 2.7.5.1: all segments of a chain together. */
#define CHAIN_BYTES_MAX	(1ULL << 32)

struct desc {
	u64 addr;
	u32 len;
	u16 flags, next;
};

/* Descriptors of an indirect table that are read at once: they lie together. */
#define AHEAD		8

/*
 * Where a walk is: the queue's own table, or an indirect one, of which @raw holds
 * @ahead entries from @first on.
 */
struct walk {
	u64 table;
	u32 entries, seen, next;
	bool indirect;
	u32 first, ahead;
	u8 raw[AHEAD * DESC_LEN];
};

static int breaks(struct hs_vring *vr, const char *why)
{
	vr->broken = why;
	return -EPROTO;
}

static int fetch(struct hs_vring *vr, u64 gpa, void *dst, size_t len, const char *why)
{
	int r = vr->ops->read(vr->mem, gpa, dst, len);

	return r == -EFAULT ? breaks(vr, why) : r;
}

static int store(struct hs_vring *vr, u64 gpa, const void *src, size_t len)
{
	int r = vr->ops->write(vr->mem, gpa, src, len);

	return r == -EFAULT ? breaks(vr, "the used ring is not in RAM") : r;
}

static int fetch_avail(struct hs_vring *vr, u32 off, u16 *v)
{
	return fetch(vr, vr->avail + off, v, sizeof(*v), "the available ring is not in RAM");
}

static u32 used_event_off(const struct hs_vring *vr)
{
	return AVAIL_RING + sizeof(u16) * vr->size;
}

static u32 avail_event_off(const struct hs_vring *vr)
{
	return USED_RING + USED_ELEM_LEN * vr->size;
}

static bool wraps(u64 gpa, u64 len)
{
	return gpa + len < gpa;
}

/**
 * hs_vring_start() - begin with an empty queue
 * @vr: @ops, @mem, @desc, @avail, @used, @size, @indirect and @event_idx are set
 *
 * The driver has enabled the queue, and all indexes are 0 (2.7.4.1).  Whether
 * the addresses are RAM shows when they are used.  Any context.
 *
 * Return: 0, or -EINVAL: the queue is broken from the beginning.
 */
int hs_vring_start(struct hs_vring *vr)
{
	vr->next_avail = 0;
	vr->seen = 0;
	vr->next_used = 0;
	vr->signalled = 0;
	vr->signalled_ok = true;
	vr->broken = NULL;

	/* 2.7: a power of two; the addresses are aligned to 16, 2 and 4. */
	if (!vr->size || vr->size > HS_VRING_MAX || (vr->size & (vr->size - 1)))
		vr->broken = "the queue's size is no power of two within bounds";
	else if (!IS_ALIGNED(vr->desc, 16))
		vr->broken = "the descriptor table is not aligned to 16 bytes";
	else if (!IS_ALIGNED(vr->avail, 2))
		vr->broken = "the available ring is not aligned to 2 bytes";
	else if (!IS_ALIGNED(vr->used, 4))
		vr->broken = "the used ring is not aligned to 4 bytes";
	else if (wraps(vr->desc, (u64)DESC_LEN * vr->size) ||
		 wraps(vr->avail, used_event_off(vr) + sizeof(u16)) ||
		 wraps(vr->used, avail_event_off(vr) + sizeof(u16)))
		vr->broken = "a part of the queue wraps around the end of memory";
	return vr->broken ? -EINVAL : 0;
}

/*
 * How many buffers wait.  A driver owns at least one descriptor for each buffer
 * that was not given back, so more than the queue's size, waiting or in the
 * device's hands, is a lie; an index that went back looks like one far ahead.
 */
static int pending(struct hs_vring *vr, u16 *n)
{
	u16 idx;
	int r;

	r = fetch_avail(vr, AVAIL_IDX, &idx);
	if (r)
		return r;
	*n = idx - vr->next_avail;
	if (*n > vr->size || (u16)(idx - vr->next_used) > vr->size)
		return breaks(vr, "the available index is too far ahead");
	vr->seen = idx;
	return 0;
}

/**
 * hs_vring_drained() - whether all buffers are taken that were seen
 * @vr: the queue
 *
 * Context: as hs_vring_pop().
 */
bool hs_vring_drained(const struct hs_vring *vr)
{
	return vr->next_avail == vr->seen;
}

/* 2.7.5.3: the rest of the chain is in a table of its own. */
static int enter_table(struct hs_vring *vr, struct walk *w, const struct desc *d)
{
	if (!vr->indirect)
		return breaks(vr, "an indirect descriptor, which was not negotiated");
	if (w->indirect)
		return breaks(vr, "an indirect descriptor in an indirect table");
	if (d->flags & VRING_DESC_F_NEXT)
		return breaks(vr, "an indirect descriptor goes on");
	if (!d->len || d->len % DESC_LEN || d->len / DESC_LEN > HS_VRING_MAX)
		return breaks(vr, "an indirect table's length is impossible");
	if (wraps(d->addr, d->len))
		return breaks(vr, "an indirect table wraps around the end of memory");
	w->table = d->addr;
	w->entries = d->len / DESC_LEN;
	w->seen = 0;
	w->next = 0;
	w->ahead = 0;
	w->indirect = true;
	return 0;
}

static int add_segment(struct hs_vring *vr, struct hs_vchain *c, const struct desc *d)
{
	unsigned int n = c->nr_out + c->nr_in;

	if (n >= HS_VRING_MAX)
		return breaks(vr, "a chain has too many descriptors");
	if (!d->len)
		return breaks(vr, "a descriptor of length 0");
	if (wraps(d->addr, d->len))
		return breaks(vr, "a segment wraps around the end of memory");
	if (c->out_len + c->in_len + d->len > CHAIN_BYTES_MAX)
		return breaks(vr, "a chain is longer than 4 GiB");
	if (d->flags & VRING_DESC_F_WRITE) {
		c->nr_in++;
		c->in_len += d->len;
	} else if (c->nr_in) {
		/* 2.7.4.2 */
		return breaks(vr, "a readable segment after a writable one");
	} else {
		c->nr_out++;
		c->out_len += d->len;
	}
	c->seg[n].gpa = d->addr;
	c->seg[n].len = d->len;
	return 0;
}

/* The next descriptor, as it was at one moment. */
static int fetch_desc(struct hs_vring *vr, struct walk *w, const u8 **raw)
{
	u32 n = 1;
	int r;

	if (!w->indirect || w->next < w->first || w->next - w->first >= w->ahead) {
		if (w->indirect)
			n = min_t(u32, AHEAD, w->entries - w->next);
		w->ahead = 0;
		r = fetch(vr, w->table + (u64)DESC_LEN * w->next, w->raw, n * DESC_LEN,
			  w->indirect ? "an indirect table is not in RAM" :
					"the descriptor table is not in RAM");
		if (r)
			return r;
		w->first = w->next;
		w->ahead = n;
	}
	*raw = w->raw + DESC_LEN * (w->next - w->first);
	return 0;
}

/* One descriptor.  1: the chain goes on. */
static int step(struct hs_vring *vr, struct walk *w, struct hs_vchain *c)
{
	const u8 *raw;
	struct desc d;
	int r;

	if (w->next >= w->entries)
		return breaks(vr, "a descriptor's number is outside its table");
	/* As many steps as there are entries: then it goes round (2.7.5.1). */
	if (w->seen++ == w->entries)
		return breaks(vr, "a chain of descriptors is a loop");
	r = fetch_desc(vr, w, &raw);
	if (r)
		return r;
	d.addr = get_unaligned_le64(raw);
	d.len = get_unaligned_le32(raw + 8);
	d.flags = get_unaligned_le16(raw + 12);
	d.next = get_unaligned_le16(raw + 14);

	if (d.flags & VRING_DESC_F_INDIRECT) {
		r = enter_table(vr, w, &d);
		return r ? r : 1;
	}
	r = add_segment(vr, c, &d);
	if (r)
		return r;
	w->next = d.next;
	return d.flags & VRING_DESC_F_NEXT ? 1 : 0;
}

/**
 * hs_vring_pop() - take the next buffer
 * @vr: the queue
 * @c: filled on 1, in an undefined state else
 *
 * Every segment is a range of addresses that does not wrap and is not empty; that
 * it is RAM is for the accessor to say.  No more than @vr->size buffers are ever
 * out of the queue.  Context: that of @ops, callers exclude each other.
 *
 * Return: 1; 0 when there is none; -EPROTO when the queue is broken, see
 * @vr->broken; else an error of @ops->read, and nothing was taken.
 */
int hs_vring_pop(struct hs_vring *vr, struct hs_vchain *c)
{
	struct walk w;
	u16 n, head;
	int r;

	if (vr->broken)
		return -EPROTO;
	if (hs_vring_drained(vr)) {
		r = pending(vr, &n);
		if (r || !n)
			return r;
	}
	/* The entry, and what it points to, was written before the index (2.7.13.3). */
	smp_rmb();
	r = fetch_avail(vr, AVAIL_RING + sizeof(u16) * (vr->next_avail & (vr->size - 1)), &head);
	if (r)
		return r;

	c->head = head;
	c->nr_out = 0;
	c->nr_in = 0;
	c->out_len = 0;
	c->in_len = 0;
	w.table = vr->desc;
	w.entries = vr->size;
	w.seen = 0;
	w.next = head;
	w.indirect = false;
	w.ahead = 0;
	w.first = 0;
	do {
		r = step(vr, &w, c);
	} while (r > 0);
	if (r)
		return r;
	vr->next_avail++;
	return 1;
}

/**
 * hs_vring_unpop() - put back the buffers popped last
 * @vr: the queue
 * @n: how many; none of them was pushed, nor any popped before them
 *
 * Context: as hs_vring_pop().
 */
void hs_vring_unpop(struct hs_vring *vr, u16 n)
{
	vr->next_avail -= n;
}

/**
 * hs_vring_push() - give buffers back
 * @vr: the queue
 * @head: their names, from hs_vring_pop(), in any order
 * @len: bytes written to each
 * @n: how many; 0 does nothing
 *
 * The driver sees all of them or none (2.7.8).  Context: as hs_vring_pop().
 *
 * Return: 0; -EPROTO: broken; -EINVAL: more than were popped; else an error of
 * @ops->write, after which the same may be pushed again.
 */
int hs_vring_push(struct hs_vring *vr, const u16 *head, const u32 *len, u16 n)
{
	u8 elem[USED_ELEM_LEN];
	u16 i, slot, idx = vr->next_used + n;
	int r;

	if (vr->broken)
		return -EPROTO;
	if (n > (u16)(vr->next_avail - vr->next_used))
		return -EINVAL;
	if (!n)
		return 0;
	for (i = 0; i < n; i++) {
		slot = (vr->next_used + i) & (vr->size - 1);
		put_unaligned_le32(head[i], elem);
		put_unaligned_le32(len[i], elem + 4);
		r = store(vr, vr->used + USED_RING + USED_ELEM_LEN * slot, elem, sizeof(elem));
		if (r)
			return r;
	}
	/* Pairs with the driver's barrier after it has read the index. */
	smp_wmb();
	r = store(vr, vr->used + USED_IDX, &idx, sizeof(idx));
	if (r)
		return r;
	/* 65536 buffers later "since the last signal" means nothing any more. */
	if ((u16)(idx - vr->signalled) < n)
		vr->signalled_ok = false;
	vr->next_used = idx;
	return 0;
}

/**
 * hs_vring_wants_signal() - whether the driver wants to hear of what was pushed
 * @vr: the queue
 *
 * With VIRTIO_F_EVENT_IDX the driver names the entry of the used ring after which
 * it wants an interrupt (2.7.10), else it says yes or no (2.7.7).  The answer is
 * for all that was pushed since the last one.  Context: as hs_vring_pop().
 *
 * Return: 1 or 0; -EPROTO: broken; else an error of @ops->read, ask again.
 */
int hs_vring_wants_signal(struct hs_vring *vr)
{
	u16 v, old = vr->signalled;
	bool known = vr->signalled_ok;
	int r;

	if (vr->broken)
		return -EPROTO;
	if (known && vr->next_used == old)
		return 0;
	/*
	 * The index before the driver's wish: the driver writes its wish, then looks
	 * at the index, so one of the two sees what the other did.
	 */
	smp_mb();
	r = fetch_avail(vr, vr->event_idx ? used_event_off(vr) : 0, &v);
	if (r)
		return r;
	vr->signalled = vr->next_used;
	vr->signalled_ok = true;
	if (!vr->event_idx)
		return !(v & VRING_AVAIL_F_NO_INTERRUPT);
	return !known || vring_need_event(v, vr->next_used, old);
}

/**
 * hs_vring_listen() - ask the driver for notifications
 * @vr: the queue
 *
 * Context: as hs_vring_pop().
 *
 * Return: 1: a buffer waits already, look again; 0: none, and the driver will
 * notify of the next; -EPROTO: broken; else an error of @ops, ask again.
 */
int hs_vring_listen(struct hs_vring *vr)
{
	u16 n, v = vr->event_idx ? vr->next_avail : 0;
	int r;

	if (vr->broken)
		return -EPROTO;
	r = store(vr, vr->used + (vr->event_idx ? avail_event_off(vr) : 0), &v, sizeof(v));
	if (r)
		return r;
	/* The wish before the index; the driver does it the other way round. */
	smp_mb();
	r = pending(vr, &n);
	return r ? r : n > 0;
}

/**
 * hs_vring_deaf() - tell the driver that it need not notify
 * @vr: the queue
 *
 * A hint: it may do so all the same.  With VIRTIO_F_EVENT_IDX it is enough that
 * the index asked for last lies behind.  Context: as hs_vring_pop().
 *
 * Return: 0; -EPROTO: broken; else an error of @ops->write.
 */
int hs_vring_deaf(struct hs_vring *vr)
{
	u16 v = VRING_USED_F_NO_NOTIFY;

	if (vr->broken)
		return -EPROTO;
	return vr->event_idx ? 0 : store(vr, vr->used, &v, sizeof(v));
}
