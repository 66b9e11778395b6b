// SPDX-License-Identifier: GPL-2.0
/*
 * Virtio entropy device (virtio 1.2, 5.4).
 *
 * Random bytes of the host's generator, in the size of the driver's buffers but
 * never more than RUN_BYTES at a time: a buffer may be used short (5.4.6), and a
 * driver that wants more comes again.  Who asks without end gets a bounded rate.
 */
#include <linux/jiffies.h>
#include <linux/pci_ids.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/virtio_ids.h>
#include "dev/board.h"
#include "dev/virtio.h"
#include "dev/virtio_dev.h"
#include "dev/virtio_dev_priv.h"

#define QUEUE_SIZE	8
/* Of one buffer at most; and what even the smallest counts. */
#define BUFFER_BYTES	256
#define BUFFER_COST	64
/* 16 KiB in 10 ms: a kernel that boots wants a few hundred bytes. */
#define RUN_BYTES	(16u << 10)
#define RUN_MS		10
/* The host's own generator is not ready yet. */
#define SEED_MS		100

struct hs_vrng {
	struct hs_vdev d;
	struct hs_vchain chain;
	u32 left;			/* bytes that may be given until @until, jiffies */
	unsigned long until;
	u8 buf[BUFFER_BYTES];
};

static struct hs_vrng *to_vrng(struct hs_vdev *d)
{
	return container_of(d, struct hs_vrng, d);
}

/* How long to wait until something may be given; 0: now. */
static unsigned long budget_wait(struct hs_vrng *r)
{
	unsigned long now = jiffies;

	if (time_after_eq(now, r->until)) {
		r->until = now + msecs_to_jiffies(RUN_MS);
		r->left = RUN_BYTES;
	}
	return r->left ? 0 : r->until - now;
}

static void rng_later(struct hs_vq *vq, unsigned long delay)
{
	hs_vq_queue_later(vq, delay);
}

static void rng_kick(struct hs_vdev *d, unsigned int q)
{
	struct hs_vrng *r = to_vrng(d);
	struct hs_vq *vq = &d->vq[q];
	unsigned long wait;
	ssize_t done;
	u32 len;

	/* No wait here: this worker would hold up the VM's end. */
	if (!rng_is_initialized()) {
		rng_later(vq, msecs_to_jiffies(SEED_MS));
		return;
	}
	for (;;) {
		wait = budget_wait(r);
		if (wait) {
			rng_later(vq, wait);
			return;
		}
		if (hs_vq_pop(vq, &r->chain) <= 0)
			return;
		if (!r->chain.in_len) {
			hs_vdev_break(d, "a buffer for random bytes that cannot be written");
			return;
		}
		len = min_t(u64, r->chain.in_len, min(r->left, (u32)sizeof(r->buf)));
		get_random_bytes(r->buf, len);
		done = hs_vq_copy_to(vq, &r->chain, 0, r->buf, len);
		memzero_explicit(r->buf, len);
		if (done == -ENOMEM) {
			hs_vq_unpop(vq, 1);
			rng_later(vq, msecs_to_jiffies(RUN_MS));
			return;
		}
		if (done < 0)
			return;
		r->left -= min_t(u32, r->left, max_t(u32, done, BUFFER_COST));
		atomic64_add(done, &d->stats.read_bytes);
		hs_vq_push(vq, r->chain.head, done);
	}
}

static const struct hs_vdev_ops rng_ops = {
	.kick = rng_kick,
};

static void rng_destroy(struct hs_vdev *d)
{
	kfree(to_vrng(d));
}

/**
 * hs_rng_add() - an entropy device comes
 * @b: the board; no vCPU runs
 *
 * Context: process; see hs_vdevs_add().
 * Return: 0, -ENOMEM, -ENOSPC or -EEXIST.
 */
int hs_rng_add(struct hs_board *b)
{
	struct hs_vrng *r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
	int ret;

	might_sleep();
	if (!r)
		return -ENOMEM;
	r->until = jiffies;
	r->d.ops = &rng_ops;
	r->d.id = VIRTIO_ID_RNG;
	r->d.class = PCI_CLASS_OTHERS << 16 | 0xff00;
	r->d.offer = BIT_ULL(HS_VIRTIO_F_VERSION_1) | BIT_ULL(HS_VIRTIO_F_INDIRECT_DESC) |
		     BIT_ULL(HS_VIRTIO_F_EVENT_IDX);
	r->d.nr_queues = 1;
	r->d.queue_size[0] = QUEUE_SIZE;
	ret = hs_vdevs_add(b, &r->d, HS_DEV_RNG, "rng", rng_destroy, NULL);
	if (ret)
		kfree(r);
	return ret;
}
