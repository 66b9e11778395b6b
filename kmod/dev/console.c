// SPDX-License-Identifier: GPL-2.0
/*
 * Consoles of VMs: each is a tty, /dev/ttyHS<n>, at the other end of a UART or of
 * a port of a virtio console.
 *
 * The guest never waits for a reader.  What it writes goes into a ring, from
 * whatever context its access is served in; a work item carries it on to the
 * tty while somebody has that open.  The first opener gets the ring's content
 * first, so a console that is opened late shows how the guest got there.
 *
 * A channel is different: what talks there wants each byte once and none twice.
 * Its ring takes no more than has been read, the rest waits in the guest, and an
 * opener gets what is written from then on.
 *
 * Input goes the other way through a second, small ring with back-pressure:
 * the device takes bytes when the guest has room for them.
 *
 * Lifetime: who made the console holds one reference on the tty's port, each
 * tty_struct one, from install to cleanup.  hs_console_destroy() makes the console
 * dead (no new opens), takes away its device, hangs the tty up, and drops the
 * first reference; a program that still has the tty open holds the rest, this
 * module included.  The minor number is free again only with the last
 * reference, since the tty layer finds a tty_struct by its number.
 *
 * Locks: port.mutex > attach_lock > the device's lock > lock.  The last three
 * are taken with interrupts off.  buf_lock is taken with port.mutex or without.
 */
#include <linux/slab.h>
#include "dev/board.h"
#include "dev/console_priv.h"

/* ---- the guest's side: any context, interrupts off or on ---------------- */

/**
 * hs_console_attach - the device at the guest's end is there
 * @c: the console
 * @ops: what it wants to know
 * @dev: handed to @ops, until hs_console_detach()
 *
 * It is told at once whether the tty is open and how large its window is, then of
 * what changes.  Whether input waits it asks.
 *
 * Context: any.
 */
void hs_console_attach(struct hs_console *c, const struct hs_console_ops *ops, void *dev)
{
	unsigned long flags;
	u16 rows, cols;

	raw_spin_lock_irqsave(&c->attach_lock, flags);
	c->ops = ops;
	c->dev = dev;
	/* With the lock: a change that is not seen here is told after this. */
	if (ops && ops->opened)
		ops->opened(dev, READ_ONCE(c->open));
	if (ops && ops->resized) {
		hs_console_winsize(c, &rows, &cols);
		ops->resized(dev, rows, cols);
	}
	raw_spin_unlock_irqrestore(&c->attach_lock, flags);
}

/**
 * hs_console_detach - the device goes away
 * @c: the console; calls nothing of the device after this returned
 *
 * Context: any.
 */
void hs_console_detach(struct hs_console *c)
{
	hs_console_attach(c, NULL, NULL);
}

/* How many of @len bytes a channel takes now; @c->lock is held. */
static size_t channel_room(struct hs_console *c, size_t len)
{
	u64 room = c->log.size - (c->log.head - c->log_pos);

	lockdep_assert_held(&c->lock);
	if (len <= room)
		return len;
	c->starved = true;
	return room;
}

/**
 * hs_console_out - the guest wrote bytes
 * @c: the console
 * @buf: what it wrote
 * @len: how many
 *
 * The work is delayed by a tick, so that it moves many bytes at once.
 *
 * Context: any; never waits.
 * Return: how many were taken: all, but by a channel whose reader is behind;
 * its device is told when there is room.
 */
size_t hs_console_out(struct hs_console *c, const u8 *buf, size_t len)
{
	unsigned long flags;
	size_t n = len;
	bool push;

	raw_spin_lock_irqsave(&c->lock, flags);
	push = c->open && !c->throttled;
	if (!c->log.buf || (c->channel && !c->open)) {
		c->dropped += len;
		push = false;
	} else {
		if (c->channel)
			n = channel_room(c, len);
		hs_ring_write(&c->log, buf, n);
	}
	raw_spin_unlock_irqrestore(&c->lock, flags);
	if (push)
		hs_console_push(c, 1);
	return n;
}

/**
 * hs_console_has_input - whether bytes wait for the guest
 * @c: the console
 *
 * No lock: a byte that arrives meanwhile announces itself by ops->input.
 *
 * Context: any.
 * Return: true when hs_console_in() has something.
 */
bool hs_console_has_input(const struct hs_console *c)
{
	return READ_ONCE(c->in.head) != READ_ONCE(c->in_tail);
}

/**
 * hs_console_in - take bytes for the guest
 * @c: the console
 * @buf: receives them
 * @len: how many at most
 *
 * Wakes a writer when the ring has become half empty.
 *
 * Context: any.
 * Return: how many there were, 0 to @len.
 */
size_t hs_console_in(struct hs_console *c, u8 *buf, size_t len)
{
	unsigned long flags;
	bool wake = false;
	size_t n;

	raw_spin_lock_irqsave(&c->lock, flags);
	n = hs_ring_copy(&c->in, &c->in_tail, buf, len);
	if (n) {
		c->in_tail += n;
		wake = c->want_room &&
		       hs_console_in_used(c) <= HS_CONSOLE_INPUT_BYTES / 2;
	}
	raw_spin_unlock_irqrestore(&c->lock, flags);
	if (wake)
		hs_console_push(c, 1);
	return n;
}

/**
 * hs_console_drop_input - who was to get it is gone
 * @c: the console
 *
 * Context: any.
 */
void hs_console_drop_input(struct hs_console *c)
{
	unsigned long flags;
	bool wake;

	raw_spin_lock_irqsave(&c->lock, flags);
	c->in_tail = c->in.head;
	wake = c->want_room;
	raw_spin_unlock_irqrestore(&c->lock, flags);
	if (wake)
		hs_console_push(c, 1);
}

/**
 * hs_console_winsize - size of the window
 * @c: the console
 * @rows: its rows, 0 when nobody has set it
 * @cols: its columns, likewise
 *
 * Context: any.
 */
void hs_console_winsize(struct hs_console *c, u16 *rows, u16 *cols)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&c->lock, flags);
	*rows = c->rows;
	*cols = c->cols;
	raw_spin_unlock_irqrestore(&c->lock, flags);
}

/* ---- life cycle ----------------------------------------------------------- */

/**
 * hs_console_prepare - make its buffers
 * @c: the console
 *
 * A port that neither the guest nor anybody here uses needs none.  Whoever comes
 * first makes them; they stay.
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int hs_console_prepare(struct hs_console *c)
{
	u8 *log = NULL, *in = NULL;
	int ret = 0;

	might_sleep();
	mutex_lock(&c->buf_lock);
	if (c->log.buf)
		goto unlock;
	log = kvzalloc(c->log.size, GFP_KERNEL_ACCOUNT);
	in = kvzalloc(c->in.size, GFP_KERNEL_ACCOUNT);
	if (!log || !in) {
		ret = -ENOMEM;
		goto unlock;
	}
	raw_spin_lock_irq(&c->lock);
	swap(c->log.buf, log);
	swap(c->in.buf, in);
	raw_spin_unlock_irq(&c->lock);
unlock:
	mutex_unlock(&c->buf_lock);
	kvfree(log);
	kvfree(in);
	return ret;
}

/* The last reference is gone. */
void hs_console_free(struct hs_console *c)
{
	kvfree(c->log.buf);
	kvfree(c->in.buf);
	mutex_destroy(&c->buf_lock);
	kfree(c);
}

/**
 * hs_console_create - make a console
 * @cfg: what it is
 *
 * From now on the tty can be opened.
 *
 * Context: process.
 * Return: the console, or ERR_PTR: -ENOMEM, -ENOSPC when all minor numbers are
 * taken, or what registering the tty's device said.
 */
struct hs_console *hs_console_create(const struct hs_console_cfg *cfg)
{
	struct hs_console *c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!c)
		return ERR_PTR(-ENOMEM);
	strscpy(c->vm, cfg->vm, sizeof(c->vm));
	strscpy(c->name, cfg->port, sizeof(c->name));
	c->channel = cfg->channel;
	c->log.size = cfg->log_bytes;
	c->in.size = HS_CONSOLE_INPUT_BYTES;
	mutex_init(&c->buf_lock);
	raw_spin_lock_init(&c->attach_lock);
	raw_spin_lock_init(&c->lock);
	ret = hs_console_tty_init(c);
	if (ret) {
		hs_console_free(c);
		return ERR_PTR(ret);
	}
	ret = hs_console_tty_add(c);
	if (ret) {
		hs_console_tty_put(c);
		return ERR_PTR(ret);
	}
	return c;
}

/**
 * hs_console_destroy - take a console away
 * @c: the console; no device is attached
 *
 * Hangs up who has the tty open.
 *
 * Context: process.
 */
void hs_console_destroy(struct hs_console *c)
{
	hs_console_tty_remove(c);
	hs_console_tty_put(c);
}

/**
 * hs_console_number - minor number of the tty
 * @c: the console
 *
 * Context: any.
 * Return: n of /dev/ttyHS<n>.
 */
unsigned int hs_console_number(const struct hs_console *c)
{
	return c->minor;
}

/**
 * hs_console_init - give a board the console of its UART
 * @b: the board; its name becomes the tty's vm_name
 *
 * Context: process.
 * Return: 0, or as hs_console_create().
 */
int hs_console_init(struct hs_board *b)
{
	const struct hs_console_cfg cfg = {
		.vm = b->name,
		.port = "com1",
		.log_bytes = HS_CONSOLE_LOG_BYTES,
	};
	struct hs_console *c = hs_console_create(&cfg);
	int ret;

	if (IS_ERR(c))
		return PTR_ERR(c);
	/* The UART writes from where nothing can be made any more. */
	ret = hs_console_prepare(c);
	if (ret) {
		hs_console_destroy(c);
		return ret;
	}
	b->console = c;
	return 0;
}

/**
 * hs_console_reset - the VM is reset
 * @b: the board
 *
 * The cable's other end does not notice: log and input stay.
 */
void hs_console_reset(struct hs_board *b)
{
}

/**
 * hs_console_exit - take the UART's console away
 * @b: the board; its UART is gone
 *
 * Context: process.
 */
void hs_console_exit(struct hs_board *b)
{
	if (!b->console)
		return;
	hs_console_destroy(b->console);
	b->console = NULL;
}

/**
 * hs_console_minor - minor number of the tty of the UART
 * @b: the board
 *
 * Return: n of /dev/ttyHS<n>.
 */
unsigned int hs_console_minor(const struct hs_board *b)
{
	return hs_console_number(b->console);
}
