// SPDX-License-Identifier: GPL-2.0
/*
 * Taps: from a descriptor to a socket that packets go through.
 *
 * The modules tun and tap need not be loaded for this one to be: who has such a
 * descriptor has loaded the one that made it.  The reference on the file keeps
 * it there.
 *
 * What the owner of the descriptor set up is found out from how the socket
 * behaves, since the ioctls that would tell write to user memory alone.  The
 * owner can change it later; then packets are lost, and no more: every length is
 * checked against what was asked for.
 *
 * Locks: taps_lock > RTNL > t->lock > what the owner's operations take.
 */
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/if_tap.h>
#include <linux/if_tun.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/poll.h>
#include <linux/rtnetlink.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <net/rtnetlink.h>
#include <net/sock.h>
#include "dev/tap.h"
#include "dev/virtio_net_core.h"

/*
 * Between two changes of a tap's offloads: a guest decides about them, and each
 * takes RTNL, which the whole host shares.
 */
#define OFFLOAD_MS	10

/**
 * struct hs_tap - a tap in use
 * @node: in @taps
 * @file: the descriptor; there is a reference
 * @sock: what is in it
 * @wait: how the socket tells of packets and room
 * @wqh: where @wait is hooked; NULL: nowhere
 * @pt: hooks it
 * @lock: @listening
 * @listening: the owner wants to be told
 * @nb: events of network devices
 * @dev: the interface, to be compared only; NULL: unknown or gone; under RTNL
 * @known: the interface was found, so its state can be followed
 * @up: it is up and has a carrier
 * @offloads: as told to the tap; negative: nothing yet
 * @offloads_at: when that was, in jiffies
 * @ops: what the owner is told by
 * @owner: handed to them
 */
struct hs_tap {
	struct list_head node;
	struct file *file;
	struct socket *sock;
	wait_queue_entry_t wait;
	wait_queue_head_t *wqh;
	poll_table pt;
	spinlock_t lock;
	bool listening;
	struct notifier_block nb;
	struct net_device *dev;
	bool known;
	bool up;
	s64 offloads;
	unsigned long offloads_at;
	const struct hs_tap_ops *ops;
	void *owner;
};

/* A tap has one user: two would take packets from each other. */
static DEFINE_MUTEX(taps_lock);
static LIST_HEAD(taps);

static struct socket *find_socket(struct file *file)
{
	typeof(&tun_get_socket) tun = symbol_get(tun_get_socket);
	typeof(&tap_get_socket) tap;
	struct socket *sock = ERR_PTR(-EINVAL);

	if (tun) {
		sock = tun(file);
		symbol_put(tun_get_socket);
	}
	if (!IS_ERR(sock))
		return sock;
	tap = symbol_get(tap_get_socket);
	if (tap) {
		sock = tap(file);
		symbol_put(tap_get_socket);
	}
	return sock;
}

static const char *probe(struct socket *sock)
{
	u8 zeros[HS_NET_PROBE_LEN] = { };
	struct kvec kv = { zeros, sizeof(zeros) };
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT };
	int ret;

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &kv, 1, sizeof(zeros));
	ret = sock->ops->sendmsg(sock, &msg, sizeof(zeros));
	return hs_net_tap_judge(ret, iov_iter_count(&msg.msg_iter));
}

static int wakeup(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct hs_tap *t = container_of(wait, struct hs_tap, wait);
	__poll_t events = key_to_poll(key);

	if (!events)
		events = EPOLLIN | EPOLLOUT;
	if (events & EPOLLIN)
		t->ops->readable(t->owner);
	if (events & EPOLLOUT)
		t->ops->writable(t->owner);
	return 0;
}

static void hook(struct file *file, wait_queue_head_t *wqh, poll_table *pt)
{
	struct hs_tap *t = container_of(pt, struct hs_tap, pt);

	if (t->wqh)
		return;
	t->wqh = wqh;
	add_wait_queue(wqh, &t->wait);
}

static int netdev_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct hs_tap *t = container_of(nb, struct hs_tap, nb);
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	unsigned long flags;

	if (dev != t->dev)
		return NOTIFY_DONE;
	/* An interface that moves to another namespace is unregistered as well. */
	if (event == NETDEV_UNREGISTER && dev->reg_state != NETREG_REGISTERED)
		t->dev = NULL;
	WRITE_ONCE(t->up, t->dev && netif_running(dev) && netif_carrier_ok(dev));
	spin_lock_irqsave(&t->lock, flags);
	if (t->listening)
		t->ops->link(t->owner);
	spin_unlock_irqrestore(&t->lock, flags);
	return NOTIFY_DONE;
}

/*
 * The interface behind the descriptor, with a reference, or NULL.  Its name is
 * told to readers of fdinfo, which is the one way to learn it that is not an
 * ioctl.  NULL also for one that was moved to another namespace than that in
 * which the descriptor was opened, and for a macvtap, which tells nothing.
 */
static struct net_device *find_netdev(struct file *file, struct socket *sock)
{
#ifdef CONFIG_PROC_FS
	char buf[64] = "", name[IFNAMSIZ];
	struct seq_file m = { .buf = buf, .size = sizeof(buf) };
	struct net_device *dev;

	if (!file->f_op->show_fdinfo)
		return NULL;
	file->f_op->show_fdinfo(&m, file);
	if (m.count >= sizeof(buf))
		return NULL;
	buf[m.count] = 0;
	if (sscanf(buf, "iff: %15s", name) != 1)
		return NULL;
	dev = dev_get_by_name(sock_net(sock->sk), name);
	if (dev && dev->rtnl_link_ops && !strcmp(dev->rtnl_link_ops->kind, "tun"))
		return dev;
	dev_put(dev);
#endif
	return NULL;
}

static int follow(struct hs_tap *t)
{
	struct net_device *dev = find_netdev(t->file, t->sock);
	int err;

	if (!dev)
		return 0;
	t->dev = dev;
	t->known = true;
	t->nb.notifier_call = netdev_event;
	/* Tells of all interfaces that there are at once. */
	err = register_netdevice_notifier(&t->nb);
	dev_put(dev);
	return err;
}

static bool in_use(const struct socket *sock)
{
	struct hs_tap *t;

	lockdep_assert_held(&taps_lock);
	list_for_each_entry(t, &taps, node)
		if (t->sock == sock)
			return true;
	return false;
}

/**
 * hs_tap_open() - take a tap into use
 * @file: the descriptor; a reference of its own is taken
 * @ops: what the owner is told once it listens
 * @owner: handed to them
 * @why: set to a sentence on error, except for -ENOMEM
 *
 * Context: process.
 * Return: the tap; ERR_PTR: -EINVAL (no tap, or not set up for this), -EBUSY
 * (somebody uses it), -ENOMEM.
 */
struct hs_tap *hs_tap_open(struct file *file, const struct hs_tap_ops *ops, void *owner,
			   const char **why)
{
	struct socket *sock;
	struct hs_tap *t;
	int err = -EINVAL;

	might_sleep();
	sock = find_socket(file);
	if (IS_ERR(sock) || !sock->ops->peek_len) {
		*why = "the descriptor is not of a tap (/dev/net/tun)";
		return ERR_PTR(-EINVAL);
	}
	t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	if (!t)
		return ERR_PTR(-ENOMEM);
	t->file = file;
	t->sock = sock;
	t->ops = ops;
	t->owner = owner;
	t->offloads = -1;
	t->offloads_at = jiffies - msecs_to_jiffies(OFFLOAD_MS);
	spin_lock_init(&t->lock);
	init_waitqueue_func_entry(&t->wait, wakeup);
	init_poll_funcptr(&t->pt, hook);

	mutex_lock(&taps_lock);
	if (in_use(sock)) {
		*why = "the tap is in use by a network device already";
		err = -EBUSY;
		goto unlock;
	}
	*why = probe(sock);
	if (*why)
		goto unlock;
	err = follow(t);
	if (err)
		goto unlock;
	get_file(file);
	list_add(&t->node, &taps);
	mutex_unlock(&taps_lock);
	return t;

unlock:
	mutex_unlock(&taps_lock);
	kfree(t);
	return ERR_PTR(err);
}

/**
 * hs_tap_close() - give a tap back
 * @t: the tap; nobody listens
 *
 * Context: process.
 */
void hs_tap_close(struct hs_tap *t)
{
	might_sleep();
	mutex_lock(&taps_lock);
	list_del(&t->node);
	if (t->known)
		unregister_netdevice_notifier(&t->nb);
	mutex_unlock(&taps_lock);
	fput(t->file);
	kfree(t);
}

/**
 * hs_tap_listen() - from now on the owner is told
 * @t: the tap, not listened to
 *
 * What was there before is not told of: the owner looks for itself afterwards.
 *
 * Context: process.
 */
void hs_tap_listen(struct hs_tap *t)
{
	spin_lock_irq(&t->lock);
	t->listening = true;
	spin_unlock_irq(&t->lock);
	vfs_poll(t->file, &t->pt);
}

/**
 * hs_tap_deaf() - undo hs_tap_listen()
 * @t: the tap
 *
 * When it returns no operation of the owner runs or will.
 *
 * Context: process.
 */
void hs_tap_deaf(struct hs_tap *t)
{
	spin_lock_irq(&t->lock);
	t->listening = false;
	spin_unlock_irq(&t->lock);
	if (t->wqh)
		remove_wait_queue(t->wqh, &t->wait);
	t->wqh = NULL;
}

/**
 * hs_tap_offload() - say what the host may leave to who receives
 * @t: the tap
 * @offloads: TUN_F_*
 *
 * Context: process, one caller at a time; takes RTNL, and its time when called
 * often.
 * Return: 0, or what the tap said; then packets with offloads may come that were
 * not asked for.
 */
int hs_tap_offload(struct hs_tap *t, u32 offloads)
{
	unsigned long next = t->offloads_at + msecs_to_jiffies(OFFLOAD_MS);
	int err;

	might_sleep();
	if (offloads == t->offloads)
		return 0;
	if (time_before(jiffies, next))
		msleep(OFFLOAD_MS);
	err = t->file->f_op->unlocked_ioctl(t->file, TUNSETOFFLOAD, offloads);
	t->offloads = err ? -1 : offloads;
	t->offloads_at = jiffies;
	return err;
}

/**
 * hs_tap_link() - whether packets can pass
 * @t: the tap
 *
 * Context: any.
 * Return: true when the interface is up and has a carrier, or is not known.
 */
bool hs_tap_link(const struct hs_tap *t)
{
	return !t->known || READ_ONCE(t->up);
}

/**
 * hs_tap_peek() - bytes of the next packet
 * @t: the tap
 *
 * Context: process.
 * Return: bytes without header; 0: there is none.
 */
unsigned int hs_tap_peek(struct hs_tap *t)
{
	return max(t->sock->ops->peek_len(t->sock), 0);
}

/**
 * hs_tap_recv() - take the next packet
 * @t: the tap
 * @to: where header and packet go
 *
 * Context: process.
 * Return: bytes of header and packet, also where @to is shorter; -EAGAIN: there
 * is none; another negative errno: it is lost.
 */
int hs_tap_recv(struct hs_tap *t, struct iov_iter *to)
{
	struct msghdr msg = { .msg_iter = *to };

	return t->sock->ops->recvmsg(t->sock, &msg, iov_iter_count(to),
				     MSG_DONTWAIT | MSG_TRUNC);
}

/**
 * hs_tap_discard() - throw the next packet away
 * @t: the tap
 *
 * Context: process.
 * Return: false: there was none.
 */
bool hs_tap_discard(struct hs_tap *t)
{
	struct hs_net_hdr hdr;
	struct kvec kv = { &hdr, sizeof(hdr) };
	struct iov_iter to;

	iov_iter_kvec(&to, ITER_DEST, &kv, 1, sizeof(hdr));
	return hs_tap_recv(t, &to) != -EAGAIN;
}

/**
 * hs_tap_send() - send a packet
 * @t: the tap
 * @from: header and packet, which are copied
 *
 * Context: process.
 * Return: bytes sent; -EAGAIN: no room now, see hs_tap_writable(); another
 * negative errno: the packet cannot be sent.
 */
int hs_tap_send(struct hs_tap *t, struct iov_iter *from)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT, .msg_iter = *from };

	return t->sock->ops->sendmsg(t->sock, &msg, iov_iter_count(from));
}

/**
 * hs_tap_writable() - whether there is room for a packet
 * @t: the tap
 *
 * Context: process.
 * Return: false: no, and the owner will be told when there is.
 */
bool hs_tap_writable(struct hs_tap *t)
{
	/* Polling asks the socket to tell, if there is no room as it is asked. */
	return !!(vfs_poll(t->file, NULL) & (EPOLLOUT | EPOLLERR));
}
