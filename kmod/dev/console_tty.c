// SPDX-License-Identifier: GPL-2.0
/*
 * Consoles as ttys: see the head of console.c, which has the lock order, too.
 */
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/serial.h>
#include <linux/tty_flip.h>
#include "compat/tty.h"
#include "dev/console_priv.h"

/* The tty's buffers are full though nobody throttled us: try again then. */
#define RETRY_MS	10
#define MINORS		4096

static struct tty_driver *driver;
static struct workqueue_struct *push_wq;
static DEFINE_MUTEX(table_lock);	/* between install and exit */
static DEFINE_IDR(table);
static DEFINE_IDA(minors);

/**
 * hs_console_push - carry on what waits, soon
 * @c: the console
 * @delay: jiffies
 *
 * Context: any.
 */
void hs_console_push(struct hs_console *c, unsigned long delay)
{
	queue_delayed_work(push_wq, &c->push, delay);
}

/* Moves at most one ring's worth; true when more is to be done later. */
static bool push_output(struct hs_console *c)
{
	unsigned int todo = HS_CONSOLE_LOG_BYTES;
	bool more = false, some = false;
	u8 buf[256];
	u64 pos;
	size_t n, done;

	while (todo) {
		raw_spin_lock_irq(&c->lock);
		pos = c->log_pos;
		n = c->open && !c->throttled ?
		    hs_ring_copy(&c->log, &c->log_pos, buf, sizeof(buf)) : 0;
		c->dropped += c->log_pos - pos;
		raw_spin_unlock_irq(&c->lock);
		if (!n)
			break;
		done = tty_insert_flip_string(&c->port, buf, n);
		some |= done > 0;
		raw_spin_lock_irq(&c->lock);
		c->log_pos += done;
		raw_spin_unlock_irq(&c->lock);
		if (done < n) {
			more = true;
			break;
		}
		todo -= min_t(unsigned int, todo, n);
	}
	/*
	 * Only now that the tty was open: its last close cancels the work that
	 * this queues, and nothing would do that later.
	 */
	if (some)
		tty_flip_buffer_push(&c->port);
	return more || !todo;
}

static void push_work(struct work_struct *work)
{
	struct hs_console *c = container_of(work, struct hs_console, push.work);
	bool wake, feed;

	if (push_output(c))
		hs_console_push(c, msecs_to_jiffies(RETRY_MS));
	raw_spin_lock_irq(&c->lock);
	wake = c->want_room && hs_console_in_used(c) <= HS_CONSOLE_INPUT_BYTES / 2;
	if (wake)
		c->want_room = false;
	feed = c->starved && c->log.head - c->log_pos <= c->log.size / 2;
	if (feed)
		c->starved = false;
	raw_spin_unlock_irq(&c->lock);
	if (wake)
		tty_port_tty_wakeup(&c->port);
	if (feed)
		hs_console_tell(c, room);
}

/* First open; port.mutex is held. */
static int console_activate(struct tty_port *port, struct tty_struct *tty)
{
	struct hs_console *c = container_of(port, struct hs_console, port);
	int ret;

	if (c->dead)
		return -ENODEV;
	ret = hs_console_prepare(c);
	if (ret)
		return ret;
	raw_spin_lock_irq(&c->lock);
	c->log_pos = c->channel ? c->log.head : hs_ring_start(&c->log);
	c->open = true;
	c->throttled = false;
	raw_spin_unlock_irq(&c->lock);
	hs_console_push(c, 0);
	hs_console_tell(c, opened, true);
	return 0;
}

/* Last close or hangup; port.mutex is held, which the work does not take. */
static void console_shutdown(struct tty_port *port)
{
	struct hs_console *c = container_of(port, struct hs_console, port);
	bool feed;

	raw_spin_lock_irq(&c->lock);
	c->open = false;
	c->want_room = false;
	feed = c->starved;
	c->starved = false;
	raw_spin_unlock_irq(&c->lock);
	cancel_delayed_work_sync(&c->push);
	hs_console_tell(c, opened, false);
	/* What waits in the guest is let go now. */
	if (feed)
		hs_console_tell(c, room);
}

static void console_destruct(struct tty_port *port)
{
	struct hs_console *c = container_of(port, struct hs_console, port);

	/* Unthrottling a hung-up tty may have queued it once more. */
	cancel_delayed_work_sync(&c->push);
	ida_free(&minors, c->minor);
	hs_console_free(c);
}

static const struct tty_port_operations port_ops = {
	.activate = console_activate,
	.shutdown = console_shutdown,
	.destruct = console_destruct,
};

static int console_install(struct tty_driver *drv, struct tty_struct *tty)
{
	struct hs_console *c;
	int ret;

	mutex_lock(&table_lock);
	c = idr_find(&table, tty->index);
	if (c)
		tty_port_get(&c->port);
	mutex_unlock(&table_lock);
	if (!c)
		return -ENODEV;
	tty->driver_data = c;
	ret = tty_port_install(&c->port, drv, tty);
	if (ret) {
		tty_port_put(&c->port);
		return ret;
	}
	/* What the guest was told last holds for the next one who opens it. */
	hs_console_winsize(c, &tty->winsize.ws_row, &tty->winsize.ws_col);
	return 0;
}

static void console_cleanup(struct tty_struct *tty)
{
	struct hs_console *c = tty->driver_data;

	tty_port_put(&c->port);
}

static int console_open(struct tty_struct *tty, struct file *file)
{
	struct hs_console *c = tty->driver_data;

	return tty_port_open(&c->port, tty, file);
}

static void console_close(struct tty_struct *tty, struct file *file)
{
	struct hs_console *c = tty->driver_data;

	tty_port_close(&c->port, tty, file);
}

static void console_hangup(struct tty_struct *tty)
{
	struct hs_console *c = tty->driver_data;

	tty_port_hangup(&c->port);
}

static hs_tty_written_t console_write(struct tty_struct *tty, const u8 *buf,
				      hs_tty_count_t count)
{
	struct hs_console *c = tty->driver_data;
	unsigned long flags;
	hs_tty_count_t n;

	raw_spin_lock_irqsave(&c->lock, flags);
	n = min_t(hs_tty_count_t, count, HS_CONSOLE_INPUT_BYTES - hs_console_in_used(c));
	hs_ring_write(&c->in, buf, n);
	if (n < count)
		c->want_room = true;
	raw_spin_unlock_irqrestore(&c->lock, flags);
	hs_console_tell(c, input);
	return n;
}

/* Bytes that the guest has not read; a wake-up follows when more than @enough. */
static unsigned int look_used(struct hs_console *c, unsigned int enough)
{
	unsigned long flags;
	unsigned int used;

	raw_spin_lock_irqsave(&c->lock, flags);
	used = hs_console_in_used(c);
	if (used > enough)
		c->want_room = true;
	raw_spin_unlock_irqrestore(&c->lock, flags);
	return used;
}

static unsigned int console_write_room(struct tty_struct *tty)
{
	return HS_CONSOLE_INPUT_BYTES - look_used(tty->driver_data, HS_CONSOLE_INPUT_BYTES - 1);
}

static unsigned int console_chars_in_buffer(struct tty_struct *tty)
{
	return look_used(tty->driver_data, 0);
}

static void console_flush_buffer(struct tty_struct *tty)
{
	struct hs_console *c = tty->driver_data;
	unsigned long flags;

	raw_spin_lock_irqsave(&c->lock, flags);
	c->in_tail = c->in.head;
	raw_spin_unlock_irqrestore(&c->lock, flags);
	tty_wakeup(tty);
}

static void set_throttled(struct hs_console *c, bool throttled)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&c->lock, flags);
	c->throttled = throttled;
	raw_spin_unlock_irqrestore(&c->lock, flags);
}

static void console_throttle(struct tty_struct *tty)
{
	set_throttled(tty->driver_data, true);
}

static void console_unthrottle(struct tty_struct *tty)
{
	struct hs_console *c = tty->driver_data;

	set_throttled(c, false);
	hs_console_push(c, 0);
}

static int console_break(struct tty_struct *tty, int state)
{
	struct hs_console *c = tty->driver_data;

	if (state)
		hs_console_tell(c, line_break);
	return 0;
}

static int console_resize(struct tty_struct *tty, struct winsize *ws)
{
	struct hs_console *c = tty->driver_data;
	int ret = tty_do_resize(tty, ws);

	if (ret)
		return ret;
	raw_spin_lock_irq(&c->lock);
	c->rows = ws->ws_row;
	c->cols = ws->ws_col;
	raw_spin_unlock_irq(&c->lock);
	hs_console_tell(c, resized, ws->ws_row, ws->ws_col);
	return 0;
}

static const struct tty_operations tty_ops = {
	.install = console_install,
	.cleanup = console_cleanup,
	.open = console_open,
	.close = console_close,
	.hangup = console_hangup,
	.write = console_write,
	.write_room = console_write_room,
	.chars_in_buffer = console_chars_in_buffer,
	.flush_buffer = console_flush_buffer,
	.throttle = console_throttle,
	.unthrottle = console_unthrottle,
	.break_ctl = console_break,
	.resize = console_resize,
};

/* ---- life cycle ----------------------------------------------------------- */

static void table_remove(struct hs_console *c)
{
	mutex_lock(&table_lock);
	idr_remove(&table, c->minor);
	mutex_unlock(&table_lock);
}

/**
 * hs_console_tty_init - number and tty port of a new console
 * @c: the console; from now on hs_console_tty_put() frees it
 *
 * Context: process.
 * Return: 0, -ENOMEM, or -ENOSPC when all minor numbers are taken.
 */
int hs_console_tty_init(struct hs_console *c)
{
	int minor = ida_alloc_max(&minors, MINORS - 1, GFP_KERNEL);

	if (minor < 0)
		return minor;
	c->minor = minor;
	INIT_DELAYED_WORK(&c->push, push_work);
	tty_port_init(&c->port);
	c->port.ops = &port_ops;
	/* A guest that does not read must not delay who closes. */
	c->port.close_delay = 0;
	c->port.closing_wait = ASYNC_CLOSING_WAIT_NONE;
	return 0;
}

/**
 * hs_console_tty_put - drop the reference of who made a console
 * @c: the console
 *
 * Context: process.
 */
void hs_console_tty_put(struct hs_console *c)
{
	tty_port_put(&c->port);
}

/**
 * hs_console_tty_add - let it be opened
 * @c: the console
 *
 * Context: process.
 * Return: 0, -ENOMEM, or what registering the device said.
 */
int hs_console_tty_add(struct hs_console *c)
{
	struct device *dev;
	int ret;

	mutex_lock(&table_lock);
	ret = idr_alloc(&table, c, c->minor, c->minor + 1, GFP_KERNEL);
	mutex_unlock(&table_lock);
	if (ret < 0)
		return ret;
	dev = tty_register_device_attr(driver, c->minor, NULL, c, hs_console_groups);
	if (IS_ERR(dev)) {
		table_remove(c);
		return PTR_ERR(dev);
	}
	return 0;
}

/**
 * hs_console_tty_remove - let nobody open it, and hang up who has
 * @c: the console; its device is detached
 *
 * Context: process.
 */
void hs_console_tty_remove(struct hs_console *c)
{
	struct tty_struct *tty;

	table_remove(c);
	/* An open that is under way is seen below, or sees this. */
	mutex_lock(&c->port.mutex);
	c->dead = true;
	mutex_unlock(&c->port.mutex);
	tty_unregister_device(driver, c->minor);
	tty = tty_port_tty_get(&c->port);
	if (tty) {
		tty_vhangup(tty);
		tty_kref_put(tty);
	}
	cancel_delayed_work_sync(&c->push);
}
/**
 * hs_console_module_init - register the tty driver
 *
 * Process context, once per module.
 *
 * Return: 0, -ENOMEM, or what registering said.
 */
int hs_console_module_init(void)
{
	int ret;

	push_wq = alloc_workqueue("hs_console", WQ_UNBOUND, 0);
	if (!push_wq)
		return -ENOMEM;
	/* With RESET_TERMIOS each first open begins with what is set here. */
	driver = tty_alloc_driver(MINORS, TTY_DRIVER_REAL_RAW |
				  TTY_DRIVER_DYNAMIC_DEV |
				  TTY_DRIVER_RESET_TERMIOS |
				  TTY_DRIVER_HARDWARE_BREAK);
	if (IS_ERR(driver)) {
		ret = PTR_ERR(driver);
		goto err_wq;
	}
	driver->driver_name = "hyperspace";
	driver->name = "ttyHS";
	driver->type = TTY_DRIVER_TYPE_SERIAL;
	driver->subtype = SERIAL_TYPE_NORMAL;
	/* Raw without echo, or what the guest prints would come back as input. */
	driver->init_termios = tty_std_termios;
	driver->init_termios.c_iflag = 0;
	driver->init_termios.c_oflag = 0;
	driver->init_termios.c_lflag = 0;
	driver->init_termios.c_cflag = B115200 | CS8 | CREAD | CLOCAL;
	driver->init_termios.c_ispeed = 115200;
	driver->init_termios.c_ospeed = 115200;
	tty_set_operations(driver, &tty_ops);
	ret = tty_register_driver(driver);
	if (ret)
		goto err_driver;
	return 0;

err_driver:
	tty_driver_kref_put(driver);
err_wq:
	destroy_workqueue(push_wq);
	return ret;
}

/**
 * hs_console_module_exit - unregister the tty driver
 *
 * Process context.  No console is left, nor an open tty: each holds a
 * reference on the module.
 */
void hs_console_module_exit(void)
{
	tty_unregister_driver(driver);
	tty_driver_kref_put(driver);
	destroy_workqueue(push_wq);
	idr_destroy(&table);
	ida_destroy(&minors);
}
