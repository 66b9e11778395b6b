// SPDX-License-Identifier: GPL-2.0
/*
 * The virtio network device (virtio 1.2, 5.1) on a tap: one pair of queues,
 * checksum and segmentation offload both ways, buffers that one packet can share,
 * and a control queue by which a driver changes its mind about offloads.
 *
 * Packets are copied once, by the socket, from and to guest pages that are pinned
 * meanwhile; small ones, and those whose pages cannot be pinned, through a buffer.
 * A run of either queue ends after so many packets or bytes and asks for the next:
 * no VM holds a worker for long, however fast its packets come.
 *
 * Packets that cannot be passed on are dropped and counted, as on any network.
 * What the ring or the layout of a buffer cannot be is the driver's fault and
 * breaks the device.
 *
 * Each queue's state belongs to its kick.  Locks: link_lock > vdev->lock.
 */
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/pci_ids.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_net.h>
#include "dev/board.h"
#include "dev/tap.h"
#include "dev/virtio.h"
#include "dev/virtio_dev.h"
#include "dev/virtio_dev_priv.h"
#include "dev/virtio_net_core.h"

/* Header and packet up to this many bytes are cheaper copied than pinned. */
#define SMALL		2048
/* Pieces of pages of a packet: 64 KiB in buffers of 1,500 bytes that straddle. */
#define PINS		96
/* Of one run of a queue. */
#define RUN_PACKETS	128
#define RUN_BYTES	(512 * 1024)
/* Buffers given back at once. */
#define BATCH		64
/* Commands under way. */
#define CTRL_SIZE	64
/* Packets that a tap can hold from before the driver came, and some. */
#define STALE_MAX	2048

/**
 * struct net_path - one direction
 * @small: header and packet, when they are copied; or the header alone
 * @bv: the header and, when pinned, the guest's pages
 * @chain: the buffer just popped
 * @head: of buffers to be given back
 * @len: bytes written to them
 * @n: how many
 * @packets: of this run
 * @bytes: in them
 */
struct net_path {
	union {
		struct hs_net_hdr hdr;
		u8 bytes[SMALL];
	} small __aligned(16);		/* so that the header is in one page */
	struct bio_vec bv[1 + PINS];
	struct hs_vchain chain;
	u16 head[BATCH];
	u32 len[BATCH];
	unsigned int n;
	unsigned int packets, bytes;
};

/**
 * struct hs_net - a network device
 * @d: what all virtio devices have
 * @tap: the host's end
 * @config: the configuration space
 * @enabled: whoever runs the VM has not taken the link down
 * @link_lock: so that the state told last is the newest
 * @link_work: tells the driver of the link's state
 * @now: features without the offloads that the driver has taken back
 * @rx_starved: there are too few buffers; packets are not looked at until a
 *	notification says that there are more
 * @rx_path: from the host
 * @tx_path: from the guest
 * @rx: buffers for the packet at hand
 * @ctrl_chain: a command
 */
struct hs_net {
	struct hs_vdev d;
	struct hs_tap *tap;
	u8 config[HS_NET_CONFIG_LEN];
	bool enabled;
	struct mutex link_lock;
	struct work_struct link_work;
	u64 now;
	bool rx_starved;
	struct net_path *rx_path, *tx_path;
	struct hs_net_rx rx;
	struct hs_vchain ctrl_chain;
};

static struct hs_net *net_of(struct hs_vdev *d)
{
	return container_of(d, struct hs_net, d);
}

static bool link_up(const struct hs_net *n)
{
	return READ_ONCE(n->enabled) && hs_tap_link(n->tap);
}

static void link_tell(struct hs_net *n)
{
	__le16 status;

	mutex_lock(&n->link_lock);
	status = cpu_to_le16(link_up(n) ? VIRTIO_NET_S_LINK_UP : 0);
	hs_vdev_config_set(&n->d, HS_NET_CONFIG_STATUS, &status, sizeof(status));
	mutex_unlock(&n->link_lock);
}

static void link_work(struct work_struct *work)
{
	link_tell(container_of(work, struct hs_net, link_work));
}

static void run_begin(struct net_path *p)
{
	p->packets = 0;
	p->bytes = 0;
	p->n = 0;
}

static bool run_over(const struct net_path *p)
{
	return p->packets >= RUN_PACKETS || p->bytes >= RUN_BYTES;
}

static void give_back(struct hs_vq *vq, struct net_path *p)
{
	if (p->n)
		hs_vq_push_many(vq, p->head, p->len, p->n);
	p->n = 0;
}

static void count_error(struct hs_net *n)
{
	atomic64_inc(&n->d.stats.errors);
}

/*
 * What an error of guest memory or of an allocation means for the packet: true if
 * the queue can go on without it.  Otherwise the device has been broken or the VM
 * ends.
 */
static bool can_go_on(int err)
{
	return err == -ENOMEM || err == -EIO;
}

static void count_sent(struct hs_net *n, u64 len)
{
	atomic64_add(len, &n->d.stats.write_bytes);
}

/*
 * Sends the buffer in @p->chain, of @total bytes with its header.  0 when it is
 * done with, sent or not; -EAGAIN: not now; another errno: never again.
 */
static int tx_send(struct hs_net *n, struct hs_vq *vq, struct net_path *p, u64 total)
{
	size_t len = total - sizeof(struct hs_net_hdr);
	struct hs_net_hdr *hdr = &p->small.hdr;
	void *bounce = NULL;
	struct iov_iter it;
	struct kvec kv;
	int pins = 0;
	ssize_t r;

	r = hs_vq_copy_from(vq, &p->chain, 0, &p->small,
			    total <= SMALL ? total : sizeof(*hdr));
	if (r < 0)
		return r;
	if (hs_net_tx_check(hdr, n->d.features, len)) {
		count_error(n);
		return 0;
	}
	if (!link_up(n))
		return 0;
	kv = (struct kvec){ &p->small, total };
	if (total > SMALL) {
		pins = hs_vq_pin(vq, &p->chain, false, sizeof(*hdr), len, p->bv + 1, PINS);
		if (pins == -ENOBUFS) {
			bounce = kvmalloc(total, GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN);
			if (!bounce)
				return -ENOMEM;
			r = hs_vq_copy_from(vq, &p->chain, 0, bounce, total);
			if (r < 0)
				goto free;
			/* Not the one that the guest could change after the check. */
			memcpy(bounce, hdr, sizeof(*hdr));
			kv.iov_base = bounce;
			pins = 0;
		} else if (pins < 0) {
			return pins;
		}
	}
	if (pins)
		iov_iter_bvec(&it, ITER_SOURCE, p->bv, pins + 1, total);
	else
		iov_iter_kvec(&it, ITER_SOURCE, &kv, 1, total);
	r = hs_tap_send(n->tap, &it);
	hs_vq_unpin(vq, false, p->bv + 1, pins);
	if (r >= 0) {
		count_sent(n, len);
		r = 0;
	} else if (r != -EAGAIN) {
		count_error(n);
		r = 0;
	}
free:
	kvfree(bounce);
	return r;
}

static void tx_kick(struct hs_net *n, struct hs_vq *vq)
{
	struct net_path *p = n->tx_path;
	struct hs_vchain *c = &p->chain;
	int r = 0;

	run_begin(p);
	while (!run_over(p)) {
		r = hs_vq_pop(vq, c);
		if (r <= 0)
			break;
		if (c->nr_in || c->out_len < sizeof(struct hs_net_hdr)) {
			hs_vdev_break(&n->d, c->nr_in ?
				      "a buffer to be sent is one to write to" :
				      "a buffer to be sent has no room for a header");
			return;
		}
		if (c->out_len > sizeof(struct hs_net_hdr) + HS_NET_PACKET_MAX) {
			count_error(n);
		} else {
			r = tx_send(n, vq, p, c->out_len);
			if (r < 0 && !can_go_on(r)) {
				hs_vq_unpop(vq, 1);
				break;
			}
			if (r < 0)
				count_error(n);
			p->bytes += c->out_len;
		}
		p->packets++;
		p->head[p->n] = c->head;
		p->len[p->n++] = 0;
		if (p->n == BATCH)
			give_back(vq, p);
	}
	give_back(vq, p);
	if (run_over(p) || (r == -EAGAIN && hs_tap_writable(n->tap)))
		hs_vq_queue(vq);
}

/*
 * Collects buffers for @need bytes in n->rx.  1: they are there.  0: there are
 * too few, but more may come.  -ENOSPC: the driver's buffers will never do.
 * Another errno: the queue is of no use.  Unless 1 none is taken.
 */
static int rx_collect(struct hs_net *n, struct hs_vq *vq, u64 need)
{
	bool mergeable = hs_vdev_has(&n->d, VIRTIO_NET_F_MRG_RXBUF);
	enum hs_net_rx_result got = HS_NET_RX_MORE;
	struct hs_vchain *c = &n->rx_path->chain;
	u16 popped = 0;
	int r;

	hs_net_rx_begin(&n->rx, need);
	while (got == HS_NET_RX_MORE) {
		r = hs_vq_pop(vq, c);
		if (r <= 0) {
			/* Not if these are all that the queue can hold. */
			if (!r && popped == vq->ring.size)
				r = -ENOSPC;
			goto unpop;
		}
		popped++;
		got = hs_net_rx_add(&n->rx, c);
		if (got == HS_NET_RX_MORE && !mergeable)
			got = HS_NET_RX_SCATTERED;
	}
	if (got == HS_NET_RX_DONE)
		return 1;
	if (got == HS_NET_RX_BAD) {
		hs_vdev_break(&n->d, "a buffer to receive into is not one to write to");
		return -EPROTO;
	}
	r = -ENOSPC;
unpop:
	hs_vq_unpop(vq, popped);
	return r;
}

/*
 * The packet at the tap's head, of @len bytes, into the buffers in n->rx.  0: done.
 * -EAGAIN: somebody took it; -ENODATA: it was not one to pass on; another errno:
 * of guest memory or allocation.  Whatever it is, the packet is gone.
 */
static int rx_fill(struct hs_net *n, struct hs_vq *vq, size_t len)
{
	struct net_path *p = n->rx_path;
	struct hs_net_hdr *hdr = &p->small.hdr;
	size_t total = sizeof(*hdr) + len;
	void *bounce = NULL, *buf = NULL;
	struct iov_iter it;
	struct kvec kv;
	int pins = 0;
	ssize_t r;

	if (total <= SMALL) {
		buf = &p->small;
	} else {
		pins = hs_vq_pin(vq, &n->rx.all, true, sizeof(*hdr), len, p->bv + 1, PINS);
		if (pins == -ENOBUFS) {
			bounce = kvmalloc(total, GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN);
			buf = bounce;
			hdr = bounce;
			pins = bounce ? 0 : -ENOMEM;
		}
		if (pins < 0) {
			hs_tap_discard(n->tap);
			return pins;
		}
	}
	/* The tap leaves the rest of the header as it is. */
	memset(hdr, 0, sizeof(*hdr));
	if (buf) {
		kv = (struct kvec){ buf, total };
		iov_iter_kvec(&it, ITER_DEST, &kv, 1, total);
	} else {
		iov_iter_bvec(&it, ITER_DEST, p->bv, pins + 1, total);
	}
	r = hs_tap_recv(n->tap, &it);
	hs_vq_unpin(vq, true, p->bv + 1, pins);
	if (r == -EAGAIN)
		goto free;
	if (r != (ssize_t)total ||
	    hs_net_rx_check(hdr, READ_ONCE(n->now),
			    hs_vdev_has(&n->d, VIRTIO_NET_F_MRG_RXBUF) ? n->rx.n : 1)) {
		r = -ENODATA;
		goto free;
	}
	r = hs_vq_copy_to(vq, &n->rx.all, 0, hdr, buf ? total : sizeof(*hdr));
free:
	kvfree(bounce);
	return min_t(ssize_t, r, 0);
}

/* One packet of @len bytes; false: no more for now. */
static bool rx_packet(struct hs_net *n, struct hs_vq *vq, size_t len)
{
	struct net_path *p = n->rx_path;
	u16 i;
	int r;

	r = rx_collect(n, vq, sizeof(struct hs_net_hdr) + len);
	if (r == -ENOSPC) {
		count_error(n);
		return hs_tap_discard(n->tap);
	}
	if (r <= 0) {
		WRITE_ONCE(n->rx_starved, true);
		return false;
	}
	r = rx_fill(n, vq, len);
	if (r) {
		hs_vq_unpop(vq, n->rx.n);
		if (r != -EAGAIN)
			count_error(n);
		return r == -ENODATA || r == -EAGAIN || can_go_on(r);
	}
	atomic64_add(len, &n->d.stats.read_bytes);
	/* All buffers of a packet at once: the driver counts on finding them. */
	if (p->n + n->rx.n > BATCH)
		give_back(vq, p);
	if (n->rx.n > BATCH) {
		hs_vq_push_many(vq, n->rx.head, n->rx.len, n->rx.n);
		return true;
	}
	for (i = 0; i < n->rx.n; i++, p->n++) {
		p->head[p->n] = n->rx.head[i];
		p->len[p->n] = n->rx.len[i];
	}
	return true;
}

static void rx_kick(struct hs_net *n, struct hs_vq *vq)
{
	struct net_path *p = n->rx_path;
	unsigned int len;

	run_begin(p);
	WRITE_ONCE(n->rx_starved, false);
	while (!run_over(p)) {
		len = hs_tap_peek(n->tap);
		if (!len)
			break;
		p->packets++;
		p->bytes += len;
		if (!link_up(n) || len > HS_NET_PACKET_MAX) {
			hs_tap_discard(n->tap);
			continue;
		}
		if (!rx_packet(n, vq, len))
			break;
	}
	give_back(vq, p);
	if (run_over(p) && !n->rx_starved)
		hs_vq_queue(vq);
}

/*
 * Commands are rare.  One at a time: who sends many waits for as long as the host
 * takes.
 */
static void ctrl_kick(struct hs_net *n, struct hs_vq *vq)
{
	struct hs_vchain *c = &n->ctrl_chain;
	u8 cmd[HS_NET_CTRL_LEN], ack;
	u64 now = n->now;
	ssize_t r;

	if (hs_vq_pop(vq, c) <= 0)
		return;
	if (c->out_len < 2 || !c->in_len) {
		hs_vdev_break(&n->d, "a command without data or room for an answer");
		return;
	}
	r = hs_vq_copy_from(vq, c, 0, cmd, sizeof(cmd));
	if (r >= 0) {
		ack = hs_net_ctrl(cmd, c->out_len, n->d.features, &now);
		if (ack == VIRTIO_NET_OK && hs_tap_offload(n->tap, hs_net_tap_offloads(now)))
			ack = VIRTIO_NET_ERR;
		if (ack == VIRTIO_NET_OK)
			WRITE_ONCE(n->now, now);
		r = hs_vq_copy_to(vq, c, 0, &ack, sizeof(ack));
	}
	if (r < 0 && !can_go_on(r))
		return;
	if (r < 0 || ack != VIRTIO_NET_OK)
		count_error(n);
	hs_vq_push(vq, c->head, r < 0 ? 0 : sizeof(ack));
	hs_vq_queue(vq);
}

static void net_kick(struct hs_vdev *d, unsigned int q)
{
	struct hs_net *n = net_of(d);

	if (q == HS_NET_RX)
		rx_kick(n, &d->vq[q]);
	else if (q == HS_NET_TX)
		tx_kick(n, &d->vq[q]);
	else
		ctrl_kick(n, &d->vq[q]);
}

static bool net_features_ok(struct hs_vdev *d, u64 features)
{
	return hs_net_features_ok(features);
}

/*
 * The host is told what the driver takes, and packets made for another one, or
 * while there was none, are dropped.
 */
static void net_start(struct hs_vdev *d)
{
	struct hs_net *n = net_of(d);
	unsigned int i;

	n->now = d->features;
	/* One that knows fewer offloads must do without; see hs_net_rx_check(). */
	if (hs_tap_offload(n->tap, hs_net_tap_offloads(d->features)))
		hs_tap_offload(n->tap, 0);
	for (i = 0; i < STALE_MAX && hs_tap_peek(n->tap); i++)
		hs_tap_discard(n->tap);
	n->rx_starved = false;
	hs_tap_listen(n->tap);
	link_tell(n);
}

static void net_stop(struct hs_vdev *d)
{
	struct hs_net *n = net_of(d);

	hs_tap_deaf(n->tap);
	cancel_work_sync(&n->link_work);
}

static const struct hs_vdev_ops net_ops = {
	.features_ok = net_features_ok,
	.start = net_start,
	.kick = net_kick,
	.stop = net_stop,
};

static void tap_readable(void *owner)
{
	struct hs_net *n = owner;

	/* The kick that brings buffers looks for packets, too. */
	if (!READ_ONCE(n->rx_starved))
		hs_vq_queue(&n->d.vq[HS_NET_RX]);
}

static void tap_writable(void *owner)
{
	struct hs_net *n = owner;

	hs_vq_queue(&n->d.vq[HS_NET_TX]);
}

static void tap_link(void *owner)
{
	struct hs_net *n = owner;

	queue_work(n->d.board->virtio_wq, &n->link_work);
}

static const struct hs_tap_ops tap_ops = {
	.readable = tap_readable,
	.writable = tap_writable,
	.link = tap_link,
};

static struct net_path *path_alloc(void)
{
	struct net_path *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);

	if (!p)
		return NULL;
	p->bv[0].bv_page = virt_to_page(&p->small);
	p->bv[0].bv_offset = offset_in_page(&p->small);
	p->bv[0].bv_len = sizeof(struct hs_net_hdr);
	return p;
}

static void net_free(struct hs_net *n)
{
	if (!IS_ERR_OR_NULL(n->tap))
		hs_tap_close(n->tap);
	kfree(n->rx_path);
	kfree(n->tx_path);
	mutex_destroy(&n->link_lock);
	kfree(n);
}

static void net_destroy(struct hs_vdev *d)
{
	net_free(net_of(d));
}

static void net_info(struct hs_vdev *d, struct hs_dev_info *i)
{
	memcpy(i->mac, net_of(d)->config + HS_NET_CONFIG_MAC, sizeof(i->mac));
}

/**
 * hs_net_add() - a network device comes
 * @b: the board; no vCPU runs
 * @cfg: what it is made from; a MAC address of zeros: one made from the names of
 *	the VM and the device
 * @why: set to a sentence when there is one
 *
 * Context: process; see hs_vdevs_add().
 * Return: 0; -EINVAL: the descriptor or the address will not do; -EBUSY: the tap
 * is in use; -EEXIST; -ENOSPC; -ENOMEM.
 */
int hs_net_add(struct hs_board *b, const struct hs_net_cfg *cfg, const char **why)
{
	static const u8 none[ETH_ALEN];
	struct hs_net *n;
	int err = -ENOMEM;
	u8 *mac;

	might_sleep();
	n = kzalloc(sizeof(*n), GFP_KERNEL_ACCOUNT);
	if (!n)
		return -ENOMEM;
	mac = n->config + HS_NET_CONFIG_MAC;
	if (memcmp(cfg->mac, none, sizeof(none)))
		memcpy(mac, cfg->mac, ETH_ALEN);
	else
		hs_net_mac_default(mac, b->name, cfg->id);
	n->enabled = true;
	mutex_init(&n->link_lock);
	INIT_WORK(&n->link_work, link_work);
	n->rx_path = path_alloc();
	n->tx_path = path_alloc();
	if (!n->rx_path || !n->tx_path)
		goto free;
	err = -EINVAL;
	*why = hs_net_mac_check(mac);
	if (*why)
		goto free;
	n->tap = hs_tap_open(cfg->file, &tap_ops, n, why);
	if (IS_ERR(n->tap)) {
		err = PTR_ERR(n->tap);
		goto free;
	}
	if (link_up(n))
		n->config[HS_NET_CONFIG_STATUS] = VIRTIO_NET_S_LINK_UP;

	n->d.ops = &net_ops;
	n->d.id = VIRTIO_ID_NET;
	n->d.class = PCI_CLASS_NETWORK_ETHERNET << 8;
	n->d.offer = hs_net_offer();
	n->d.nr_queues = HS_NET_QUEUES;
	n->d.batch = BIT(HS_NET_TX);
	n->d.queue_size[HS_NET_RX] = HS_VRING_MAX;
	n->d.queue_size[HS_NET_TX] = HS_VRING_MAX;
	n->d.queue_size[HS_NET_CTRL] = CTRL_SIZE;
	n->d.config = n->config;
	n->d.config_len = sizeof(n->config);
	err = hs_vdevs_add(b, &n->d, HS_DEV_NET, cfg->id, net_destroy, net_info);
	if (!err)
		return 0;
free:
	net_free(n);
	return err;
}

/**
 * hs_net_link() - take the link of a network device down, or bring it up
 * @b: the board
 * @id: name of the device
 * @up: which; up is how it begins
 * @why: set to a sentence on error
 *
 * Without a link all packets are dropped, both ways.  The driver is told, also
 * when the interface of the host goes down or comes up; the link is up if both
 * say so.
 *
 * Context: process; the VM may run; see hs_vdevs_named().
 * Return: 0; -ENOENT: no network device has this name.
 */
int hs_net_link(struct hs_board *b, const char *id, bool up, const char **why)
{
	struct hs_vdev *d = hs_vdevs_named(b, HS_DEV_NET, id);

	might_sleep();
	if (!d) {
		*why = "the VM has no network interface of this name";
		return -ENOENT;
	}
	WRITE_ONCE(net_of(d)->enabled, up);
	link_tell(net_of(d));
	return 0;
}
