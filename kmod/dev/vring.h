/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device's side of a split virtqueue (virtio 1.2, 2.7).
 *
 * All that lies in guest memory is hostile: each value is read once and checked
 * before it is used.  What breaks the rules makes the queue broken, with a
 * sentence that says what; nothing is done with it from then on.
 */
#ifndef HS_DEV_VRING_H
#define HS_DEV_VRING_H

#include "pure.h"

/* Entries of a queue, and so descriptors of a chain, at most. */
#define HS_VRING_MAX	256

/**
 * struct hs_vring_ops - how guest memory is reached
 * @read: @len bytes at @gpa; 2, 4 or 8 aligned bytes by one access
 * @write: likewise
 *
 * Both return 0 or a negative errno: -EFAULT where there is no RAM, which breaks
 * the queue, anything else (-EINTR, -ENOMEM, -EIO) is handed to the caller, who
 * may try again.
 */
struct hs_vring_ops {
	int (*read)(void *mem, u64 gpa, void *dst, size_t len);
	int (*write)(void *mem, u64 gpa, const void *src, size_t len);
};

/**
 * struct hs_vring - one virtqueue
 * @size: entries, a power of two, 1..HS_VRING_MAX
 * @desc, @avail, @used: guest-physical addresses of its three parts
 * @indirect, @event_idx: what was negotiated (VIRTIO_F_INDIRECT_DESC,
 *	VIRTIO_F_EVENT_IDX)
 * @broken: what the driver did wrong; NULL while all is well
 * @next_avail: the next entry of the available ring to look at
 * @seen: the driver's index when it was last read; buffers before it are there
 * @next_used: the next entry of the used ring to fill
 * @signalled: @next_used when the driver was last signalled
 * @signalled_ok: it was
 */
struct hs_vring {
	const struct hs_vring_ops *ops;
	void *mem;
	u64 desc, avail, used;
	u16 size;
	bool indirect, event_idx;
	bool signalled_ok;
	u16 next_avail, seen, next_used, signalled;
	const char *broken;
};

struct hs_vseg {
	u64 gpa;
	u32 len;		/* bytes, never 0 */
};

/**
 * struct hs_vchain - one buffer of the driver
 * @head: what names it when it is given back
 * @nr_out: leading segments, which the device reads
 * @nr_in: those after them, which it writes
 * @out_len, @in_len: their bytes
 */
struct hs_vchain {
	u16 head;
	u16 nr_out, nr_in;
	u64 out_len, in_len;
	struct hs_vseg seg[HS_VRING_MAX];
};

/*
 * Begins with an empty queue.  0, or -EINVAL: size, alignment or addresses break
 * the rules (2.7: 16, 2 and 4 bytes), and @vr->broken says how.
 */
int hs_vring_start(struct hs_vring *vr);

/* All buffers are taken that were seen; the driver may have added more since. */
bool hs_vring_drained(const struct hs_vring *vr);

/*
 * The next buffer.  1: *@c is filled.  0: there is none.  -EPROTO: broken.
 * Else an error of @ops->read, and nothing was taken.
 */
int hs_vring_pop(struct hs_vring *vr, struct hs_vchain *c);

/* The last @n buffers popped, none of them used yet, are as not popped. */
void hs_vring_unpop(struct hs_vring *vr, u16 n);

/*
 * Gives @n buffers back, visible to the driver all at once: @head[i] with
 * @len[i] bytes written.  0 or a negative errno as for pop.
 */
int hs_vring_push(struct hs_vring *vr, const u16 *head, const u32 *len, u16 n);

/* After push: whether the driver wants an interrupt.  1, 0 or negative. */
int hs_vring_wants_signal(struct hs_vring *vr);

/*
 * Asks for notifications, or says that none are needed.  hs_vring_listen()
 * returns 1 when there is a buffer already, so that the caller looks again: what
 * was made available before it is seen, what comes after it is notified.
 */
int hs_vring_listen(struct hs_vring *vr);
int hs_vring_deaf(struct hs_vring *vr);

#endif /* HS_DEV_VRING_H */
