// SPDX-License-Identifier: GPL-2.0
/*
 * Virtio console (virtio 1.2, 5.3) with two ports: a terminal, hvc0 in a Linux
 * guest, and a channel for an agent in the guest.  Each is a tty on the host.
 *
 * A guest that floods a port costs the host one worker that takes turns with all
 * others: each run of it moves a bounded number of bytes, whatever the size of the
 * driver's buffers.  A buffer is therefore worked on over several runs, and a
 * channel's whose reader is behind waits.
 *
 * Locks: the console's attach lock > hs_vcon.lock, a spinlock with interrupts off,
 * for what the control messages say.  What else there is belongs to the one work
 * item of its queue.
 */
#include <linux/pci_ids.h>
#include <linux/slab.h>
#include <linux/virtio_byteorder.h>
#include <linux/virtio_console.h>
#include <linux/virtio_ids.h>
#include "dev/board.h"
#include "dev/console.h"
#include "dev/virtio.h"
#include "dev/virtio_console_core.h"
#include "dev/virtio_dev.h"
#include "dev/virtio_dev_priv.h"

/* 5.3.2: port 0, the control queues, all other ports; each receives first. */
#define PORT0_RX	0
#define PORT0_TX	1
#define CTL_RX		2
#define CTL_TX		3
#define PORT1_RX	4
#define PORT1_TX	5
#define QUEUES		6

#define QUEUE_SIZE	64
/* What one run of a queue's work does at most. */
#define RUN_BYTES	(64u << 10)
#define RUN_BUFFERS	64
/* While the host has no memory. */
#define RETRY_MS	10

#define CHANNEL_BYTES	(16u << 10)
#define INPUT_BYTES	512
#define OUTPUT_BYTES	1024

#define TERMINAL	0	/* index of the port with a window */

static const struct {
	const char *tty;	/* attribute port of the tty */
	const char *name;	/* for the driver */
	bool channel;
	u32 log_bytes;
} kinds[HS_VCON_PORTS] = {
	[TERMINAL] = { "hvc0", NULL, false, HS_CONSOLE_LOG_BYTES },
	{ "agent", "org.hyperspace.agent.0", true, CHANNEL_BYTES },
};

struct hs_vcon;

struct port {
	struct hs_vcon *v;
	unsigned int index;
	struct hs_console *con;		/* the host's end */

	struct hs_vchain in_chain;
	size_t in_len, in_off;		/* of @in: no longer in @con */
	u8 in[INPUT_BYTES];

	struct hs_vchain out_chain;	/* being read, if @out_held, up to @out_off */
	u64 out_off;
	bool out_held;
	u8 out[OUTPUT_BYTES];
};

struct hs_vcon {
	struct hs_vdev d;
	struct virtio_console_config config;
	raw_spinlock_t lock;
	struct hs_vcon_core core;
	struct work_struct resize_work;
	struct hs_vchain ctl_rx, ctl_tx;
	struct port port[HS_VCON_PORTS];
};

static struct hs_vcon *to_vcon(struct hs_vdev *d)
{
	return container_of(d, struct hs_vcon, d);
}

static struct hs_vq *rx_queue(struct port *p)
{
	return &p->v->d.vq[p->index ? PORT1_RX : PORT0_RX];
}

static struct hs_vq *tx_queue(struct port *p)
{
	return &p->v->d.vq[p->index ? PORT1_TX : PORT0_TX];
}

static void vq_later(struct hs_vq *vq)
{
	hs_vq_queue_later(vq, msecs_to_jiffies(RETRY_MS));
}

/* ---- the console calls: interrupts off ---------------------------------------- */

static void con_input(void *dev)
{
	hs_vq_queue(rx_queue(dev));
}

static void con_room(void *dev)
{
	hs_vq_queue(tx_queue(dev));
}

static void con_opened(void *dev, bool open)
{
	struct port *p = dev;
	struct hs_vcon *v = p->v;
	unsigned long flags;
	bool send = false;

	/* At the terminal's end there is always the log. */
	if (!kinds[p->index].channel)
		return;
	raw_spin_lock_irqsave(&v->lock, flags);
	send = hs_vcon_core_set_open(&v->core, p->index, open);
	raw_spin_unlock_irqrestore(&v->lock, flags);
	if (send)
		hs_vq_queue(&v->d.vq[CTL_RX]);
}

static void con_resized(void *dev, u16 rows, u16 cols)
{
	struct port *p = dev;
	struct hs_vcon *v = p->v;
	unsigned long flags;
	bool send;

	if (p->index != TERMINAL)
		return;
	raw_spin_lock_irqsave(&v->lock, flags);
	send = hs_vcon_core_set_size(&v->core, p->index, rows, cols);
	raw_spin_unlock_irqrestore(&v->lock, flags);
	if (send)
		hs_vq_queue(&v->d.vq[CTL_RX]);
	queue_work(v->d.board->virtio_wq, &v->resize_work);
}

static const struct hs_console_ops con_ops = {
	.input = con_input,
	.room = con_room,
	.opened = con_opened,
	.resized = con_resized,
};

/* For a driver without control queues, and for the next one (5.3.4). */
static void resize_work(struct work_struct *work)
{
	struct hs_vcon *v = container_of(work, struct hs_vcon, resize_work);
	__le16 size[2];
	u16 rows, cols;

	BUILD_BUG_ON(offsetof(struct virtio_console_config, rows) !=
		     offsetof(struct virtio_console_config, cols) + sizeof(size[0]));
	hs_console_winsize(v->port[TERMINAL].con, &rows, &cols);
	size[0] = cpu_to_le16(cols);
	size[1] = cpu_to_le16(rows);
	hs_vdev_config_set(&v->d, offsetof(struct virtio_console_config, cols), size,
			   sizeof(size));
}

/* ---- bytes for the guest -------------------------------------------------------- */

/* Whether there are any, and the guest wants them. */
static bool fetch_input(struct port *p)
{
	if (!READ_ONCE(p->v->core.port[p->index].guest_open))
		return false;
	if (p->in_off < p->in_len)
		return true;
	p->in_off = 0;
	p->in_len = hs_console_in(p->con, p->in, sizeof(p->in));
	return p->in_len;
}

static void receive(struct port *p)
{
	struct hs_vq *vq = rx_queue(p);
	unsigned int n;
	ssize_t done;

	for (n = 0; n < RUN_BUFFERS; n++) {
		if (!fetch_input(p) || hs_vq_pop(vq, &p->in_chain) <= 0)
			return;
		if (!p->in_chain.in_len) {
			hs_vdev_break(&p->v->d, "a receive buffer that cannot be written");
			return;
		}
		done = hs_vq_copy_to(vq, &p->in_chain, 0, p->in + p->in_off,
				     p->in_len - p->in_off);
		if (done == -ENOMEM) {
			hs_vq_unpop(vq, 1);
			vq_later(vq);
			return;
		}
		if (done < 0)
			return;
		p->in_off += done;
		atomic64_add(done, &p->v->d.stats.read_bytes);
		hs_vq_push(vq, p->in_chain.head, done);
	}
	hs_vq_queue(vq);
}

/* ---- bytes of the guest ----------------------------------------------------------- */

static void transmit(struct port *p)
{
	struct hs_vq *vq = tx_queue(p);
	unsigned int bytes = 0, buffers = 0;
	ssize_t n;
	size_t done;

	while (bytes < RUN_BYTES && buffers < RUN_BUFFERS) {
		if (!p->out_held) {
			if (hs_vq_pop(vq, &p->out_chain) <= 0)
				return;
			p->out_off = 0;
			p->out_held = true;
		}
		n = hs_vq_copy_from(vq, &p->out_chain, p->out_off, p->out, sizeof(p->out));
		if (n == -ENOMEM) {
			vq_later(vq);
			return;
		}
		if (n < 0)
			return;
		done = n ? hs_console_out(p->con, p->out, n) : 0;
		p->out_off += done;
		bytes += done;
		atomic64_add(done, &p->v->d.stats.write_bytes);
		/* con_room() comes, from now on at any time. */
		if (done < n)
			return;
		if (p->out_off < p->out_chain.out_len)
			continue;
		buffers++;
		p->out_held = false;
		hs_vq_push(vq, p->out_chain.head, 0);
	}
	hs_vq_queue(vq);
}

/* ---- control messages --------------------------------------------------------------- */

static void control_untake(struct hs_vcon *v, const struct hs_vcon_taken *t)
{
	raw_spin_lock_irq(&v->lock);
	hs_vcon_core_untake(&v->core, t);
	raw_spin_unlock_irq(&v->lock);
}

/* What waits is little, see virtio_console_core.h. */
static void control_send(struct hs_vcon *v)
{
	struct hs_vq *vq = &v->d.vq[CTL_RX];
	struct hs_vcon_taken t;
	u8 msg[HS_VCON_MSG_MAX];
	unsigned int n;
	ssize_t done;
	size_t len;

	for (n = 0; n < RUN_BUFFERS; n++) {
		raw_spin_lock_irq(&v->lock);
		len = hs_vcon_core_take(&v->core, msg, &t);
		raw_spin_unlock_irq(&v->lock);
		if (!len)
			return;
		if (hs_vq_pop(vq, &v->ctl_rx) <= 0) {
			control_untake(v, &t);
			return;
		}
		if (v->ctl_rx.in_len < len) {
			hs_vdev_break(&v->d, "a buffer too small for a control message");
			return;
		}
		done = hs_vq_copy_to(vq, &v->ctl_rx, 0, msg, len);
		if (done == -ENOMEM) {
			control_untake(v, &t);
			hs_vq_unpop(vq, 1);
			vq_later(vq);
			return;
		}
		if (done < 0)
			return;
		hs_vq_push(vq, v->ctl_rx.head, done);
	}
	hs_vq_queue(vq);
}

static void control_message(struct hs_vcon *v, const u8 *msg, size_t len)
{
	unsigned int todo, i;

	raw_spin_lock_irq(&v->lock);
	todo = hs_vcon_core_control(&v->core, msg, len);
	raw_spin_unlock_irq(&v->lock);
	if (todo & HS_VCON_DO_SEND)
		hs_vq_queue(&v->d.vq[CTL_RX]);
	if (todo & HS_VCON_DO_INPUT)
		for (i = 0; i < HS_VCON_PORTS; i++)
			hs_vq_queue(rx_queue(&v->port[i]));
}

static void control_receive(struct hs_vcon *v)
{
	struct hs_vq *vq = &v->d.vq[CTL_TX];
	u8 msg[sizeof(struct virtio_console_control)];
	unsigned int n;
	ssize_t len;

	for (n = 0; n < RUN_BUFFERS; n++) {
		if (hs_vq_pop(vq, &v->ctl_tx) <= 0)
			return;
		len = hs_vq_copy_from(vq, &v->ctl_tx, 0, msg, sizeof(msg));
		if (len == -ENOMEM) {
			hs_vq_unpop(vq, 1);
			vq_later(vq);
			return;
		}
		if (len < 0)
			return;
		control_message(v, msg, len);
		hs_vq_push(vq, v->ctl_tx.head, 0);
	}
	hs_vq_queue(vq);
}

/* ---- the device -------------------------------------------------------------------- */

static void vcon_kick(struct hs_vdev *d, unsigned int q)
{
	struct hs_vcon *v = to_vcon(d);

	/* Without MULTIPORT there are no other queues than port 0's. */
	if (q > PORT0_TX && !v->core.multiport)
		return;
	switch (q) {
	case PORT0_RX:
		receive(&v->port[0]);
		break;
	case PORT0_TX:
		transmit(&v->port[0]);
		break;
	case CTL_RX:
		control_send(v);
		break;
	case CTL_TX:
		control_receive(v);
		break;
	case PORT1_RX:
		receive(&v->port[1]);
		break;
	case PORT1_TX:
		transmit(&v->port[1]);
		break;
	}
}

static void vcon_start(struct hs_vdev *d)
{
	struct hs_vcon *v = to_vcon(d);
	unsigned int i;

	raw_spin_lock_irq(&v->lock);
	hs_vcon_core_start(&v->core, hs_vdev_has(d, VIRTIO_CONSOLE_F_MULTIPORT),
			   hs_vdev_has(d, VIRTIO_CONSOLE_F_SIZE));
	raw_spin_unlock_irq(&v->lock);
	for (i = 0; i < HS_VCON_PORTS; i++) {
		struct port *p = &v->port[i];

		/* Without memory for the log, what the guest writes is dropped. */
		hs_console_prepare(p->con);
		hs_console_attach(p->con, &con_ops, p);
	}
}

/* No work of a queue runs any more. */
static void vcon_stop(struct hs_vdev *d)
{
	struct hs_vcon *v = to_vcon(d);
	unsigned int i;

	for (i = 0; i < HS_VCON_PORTS; i++) {
		struct port *p = &v->port[i];

		hs_console_detach(p->con);
		p->out_held = false;
		/* Half a message is of no use to the next one who listens. */
		if (kinds[i].channel) {
			p->in_len = 0;
			p->in_off = 0;
			hs_console_drop_input(p->con);
		}
	}
	cancel_work_sync(&v->resize_work);
}

static const struct hs_vdev_ops vcon_ops = {
	.start = vcon_start,
	.kick = vcon_kick,
	.stop = vcon_stop,
};

static void vcon_free(struct hs_vcon *v)
{
	unsigned int i;

	for (i = 0; i < HS_VCON_PORTS; i++)
		if (v->port[i].con)
			hs_console_destroy(v->port[i].con);
	kvfree(v);
}

static void vcon_destroy(struct hs_vdev *d)
{
	vcon_free(to_vcon(d));
}

static void vcon_info(struct hs_vdev *d, struct hs_dev_info *i)
{
	struct hs_vcon *v = to_vcon(d);

	BUILD_BUG_ON(HS_VCON_PORTS > HS_DEV_TTYS);
	for (i->ttys = 0; i->ttys < HS_VCON_PORTS; i->ttys++)
		i->tty[i->ttys] = hs_console_number(v->port[i->ttys].con);
}

static int vcon_consoles(struct hs_vcon *v, const char *vm)
{
	unsigned int i;

	for (i = 0; i < HS_VCON_PORTS; i++) {
		const struct hs_console_cfg cfg = {
			.vm = vm,
			.port = kinds[i].tty,
			.log_bytes = kinds[i].log_bytes,
			.channel = kinds[i].channel,
		};
		struct hs_console *con = hs_console_create(&cfg);

		if (IS_ERR(con))
			return PTR_ERR(con);
		v->port[i].v = v;
		v->port[i].index = i;
		v->port[i].con = con;
		v->core.port[i].name = kinds[i].name;
		v->core.port[i].console = !kinds[i].channel;
		v->core.port[i].host_open = !kinds[i].channel;
	}
	return 0;
}

/**
 * hs_vconsole_add() - a virtio console comes
 * @b: the board; no vCPU runs
 *
 * Context: process; see hs_vdevs_add().
 * Return: 0; -ENOMEM; -ENOSPC: no slot, or no number for a tty; -EEXIST; or what
 * registering a tty said.
 */
int hs_vconsole_add(struct hs_board *b)
{
	struct hs_vcon *v = kvzalloc(sizeof(*v), GFP_KERNEL_ACCOUNT);
	unsigned int i;
	int ret;

	might_sleep();
	if (!v)
		return -ENOMEM;
	raw_spin_lock_init(&v->lock);
	INIT_WORK(&v->resize_work, resize_work);
	ret = vcon_consoles(v, b->name);
	if (ret)
		goto free;
	v->config.max_nr_ports = __cpu_to_virtio32(true, HS_VCON_PORTS);
	v->d.ops = &vcon_ops;
	v->d.id = VIRTIO_ID_CONSOLE;
	v->d.class = PCI_CLASS_COMMUNICATION_OTHER << 8;
	v->d.offer = BIT_ULL(HS_VIRTIO_F_VERSION_1) | BIT_ULL(HS_VIRTIO_F_INDIRECT_DESC) |
		     BIT_ULL(HS_VIRTIO_F_EVENT_IDX) | BIT_ULL(VIRTIO_CONSOLE_F_SIZE) |
		     BIT_ULL(VIRTIO_CONSOLE_F_MULTIPORT);
	v->d.nr_queues = QUEUES;
	for (i = 0; i < QUEUES; i++)
		v->d.queue_size[i] = QUEUE_SIZE;
	v->d.config = (u8 *)&v->config;
	/* Without emerg_wr, which is not offered. */
	v->d.config_len = offsetof(struct virtio_console_config, emerg_wr);
	ret = hs_vdevs_add(b, &v->d, HS_DEV_CONSOLE, "console", vcon_destroy, vcon_info);
	if (!ret)
		return 0;
free:
	vcon_free(v);
	return ret;
}

/**
 * hs_board_vconsole_tty() - tty of a port of a board's virtio console
 * @b: the board
 * @port: 0: the terminal, 1: the agent's channel
 *
 * Context: process; see virtio_dev.h.
 * Return: n of /dev/ttyHSn, or -ENOENT: there is no such console or port.
 */
int hs_board_vconsole_tty(struct hs_board *b, unsigned int port)
{
	struct hs_vdev *d = hs_vdevs_find(b, HS_DEV_CONSOLE);

	if (!d || port >= HS_VCON_PORTS)
		return -ENOENT;
	return hs_console_number(to_vcon(d)->port[port].con);
}

/**
 * hs_vconsole_port_name() - what a port is called
 * @port: as above
 *
 * Return: the attribute port of its tty, or NULL.
 */
const char *hs_vconsole_port_name(unsigned int port)
{
	return port < HS_VCON_PORTS ? kinds[port].tty : NULL;
}
