// SPDX-License-Identifier: GPL-2.0
/*
 * The console of a VM: tty /dev/ttyHS<n> at the other end of its UART.
 *
 * The guest never waits for a reader.  What it writes goes into a ring, from
 * whatever context its access is served in; a work item carries it on to the
 * tty while somebody has that open.  The first opener gets the ring's content
 * first, so a console that is opened late shows how the guest got there.
 * sysfs attributes of the tty device: vm_name; log, the ring's content;
 * log_start, its first byte's place in all that the guest ever wrote; dropped,
 * bytes that an open tty did not get because nobody read it.
 *
 * Input goes the other way through a second, small ring with back-pressure:
 * the UART takes bytes when the guest has room for them.
 *
 * Lifetime: the board holds one reference on the port, each tty_struct one,
 * from install to cleanup.  hs_console_exit() makes the console dead (no new
 * opens), takes away its device, hangs the tty up, and drops the board's
 * reference; a program that still has the tty open holds the rest, this
 * module included.  The minor number is free again only with the last
 * reference, since the tty layer finds a tty_struct by its number.
 *
 * Locks: port.mutex > attach_lock > the UART's lock > lock.  The last three
 * are taken with interrupts off.
 */
#include <linux/hyperspace.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/serial.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>
#include <linux/tty_flip.h>
#include <linux/workqueue.h>
#include "compat/tty.h"
#include "dev/board.h"
#include "dev/console.h"
#include "dev/console_ring.h"
#include "dev/uart.h"

#define LOG_BYTES	(64u << 10)
#define INPUT_BYTES	(4u << 10)
/* The tty's buffers are full though nobody throttled us: try again then. */
#define RETRY_MS	10
#define MINORS		4096

struct hs_console {
	struct tty_port port;
	unsigned int minor;
	char name[HS_NAME_MAX + 1];
	bool dead;			/* port.mutex */

	raw_spinlock_t attach_lock;
	struct hs_uart *uart;

	raw_spinlock_t lock;		/* all that follows */
	struct hs_ring log, in;
	u64 log_pos;			/* next byte for the tty */
	u64 in_tail;			/* next byte for the guest */
	u64 dropped;
	bool open, throttled;
	bool want_room;			/* a writer was cut short */

	struct delayed_work push;
};

static struct tty_driver *driver;
static struct workqueue_struct *push_wq;
static DEFINE_MUTEX(table_lock);	/* between install and exit */
static DEFINE_IDR(table);
static DEFINE_IDA(minors);

static unsigned int in_used(const struct hs_console *c)
{
	return c->in.head - c->in_tail;
}

/* ---- the guest's side: any context, interrupts off or on ---------------- */

/**
 * hs_console_attach - the UART is there
 * @c: the console
 * @u: its UART, until hs_console_detach()
 */
void hs_console_attach(struct hs_console *c, struct hs_uart *u)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&c->attach_lock, flags);
	c->uart = u;
	raw_spin_unlock_irqrestore(&c->attach_lock, flags);
}

/**
 * hs_console_detach - the UART goes away
 * @c: the console; calls nothing of the UART after this returned
 */
void hs_console_detach(struct hs_console *c)
{
	hs_console_attach(c, NULL);
}

/**
 * hs_console_out - the guest wrote a byte
 * @c: the console
 * @byte: what it wrote
 *
 * Any context; never waits.  The work is delayed by a tick, so that it moves
 * many bytes at once.
 */
void hs_console_out(struct hs_console *c, u8 byte)
{
	unsigned long flags;
	bool push;

	raw_spin_lock_irqsave(&c->lock, flags);
	hs_ring_put(&c->log, byte);
	push = c->open && !c->throttled;
	raw_spin_unlock_irqrestore(&c->lock, flags);
	if (push)
		queue_delayed_work(push_wq, &c->push, 1);
}

/**
 * hs_console_has_input - whether bytes wait for the guest
 * @c: the console
 *
 * Any context, no lock: a byte that arrives meanwhile announces itself by
 * hs_uart_input_ready().
 *
 * Return: true when hs_console_in() has something.
 */
bool hs_console_has_input(const struct hs_console *c)
{
	return READ_ONCE(c->in.head) != READ_ONCE(c->in_tail);
}

/**
 * hs_console_in - take a byte for the guest
 * @c: the console
 * @byte: receives it
 *
 * Any context.  Wakes a writer when the ring has become half empty.
 *
 * Return: false when there is none.
 */
bool hs_console_in(struct hs_console *c, u8 *byte)
{
	unsigned long flags;
	bool got, wake = false;

	raw_spin_lock_irqsave(&c->lock, flags);
	got = hs_ring_copy(&c->in, &c->in_tail, byte, 1);
	if (got) {
		c->in_tail++;
		wake = c->want_room && in_used(c) <= INPUT_BYTES / 2;
	}
	raw_spin_unlock_irqrestore(&c->lock, flags);
	if (wake)
		queue_delayed_work(push_wq, &c->push, 1);
	return got;
}

/* ---- the tty's side: process context ------------------------------------ */

/* Moves at most one ring's worth; true when more is to be done later. */
static bool push_output(struct hs_console *c)
{
	unsigned int todo = LOG_BYTES;
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
	bool wake;

	if (push_output(c))
		queue_delayed_work(push_wq, &c->push, msecs_to_jiffies(RETRY_MS));
	raw_spin_lock_irq(&c->lock);
	wake = c->want_room && in_used(c) <= INPUT_BYTES / 2;
	if (wake)
		c->want_room = false;
	raw_spin_unlock_irq(&c->lock);
	if (wake)
		tty_port_tty_wakeup(&c->port);
}

/* First open; port.mutex is held. */
static int console_activate(struct tty_port *port, struct tty_struct *tty)
{
	struct hs_console *c = container_of(port, struct hs_console, port);

	if (c->dead)
		return -ENODEV;
	raw_spin_lock_irq(&c->lock);
	c->log_pos = hs_ring_start(&c->log);
	c->open = true;
	c->throttled = false;
	raw_spin_unlock_irq(&c->lock);
	queue_delayed_work(push_wq, &c->push, 0);
	return 0;
}

/* Last close or hangup; port.mutex is held, which the work does not take. */
static void console_shutdown(struct tty_port *port)
{
	struct hs_console *c = container_of(port, struct hs_console, port);

	raw_spin_lock_irq(&c->lock);
	c->open = false;
	c->want_room = false;
	raw_spin_unlock_irq(&c->lock);
	cancel_delayed_work_sync(&c->push);
}

static void console_free(struct hs_console *c)
{
	/* Unthrottling a hung-up tty may have queued it once more. */
	cancel_delayed_work_sync(&c->push);
	ida_free(&minors, c->minor);
	kvfree(c->log.buf);
	kvfree(c->in.buf);
	kfree(c);
}

static void console_destruct(struct tty_port *port)
{
	console_free(container_of(port, struct hs_console, port));
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
	if (ret)
		tty_port_put(&c->port);
	return ret;
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

/* Tells the guest, if it is still there. */
static void call_uart(struct hs_console *c, void (*fn)(struct hs_uart *u))
{
	unsigned long flags;

	raw_spin_lock_irqsave(&c->attach_lock, flags);
	if (c->uart)
		fn(c->uart);
	raw_spin_unlock_irqrestore(&c->attach_lock, flags);
}

static hs_tty_written_t console_write(struct tty_struct *tty, const u8 *buf,
				      hs_tty_count_t count)
{
	struct hs_console *c = tty->driver_data;
	unsigned long flags;
	hs_tty_count_t n;

	raw_spin_lock_irqsave(&c->lock, flags);
	for (n = 0; n < count && in_used(c) < INPUT_BYTES; n++)
		hs_ring_put(&c->in, buf[n]);
	if (n < count)
		c->want_room = true;
	raw_spin_unlock_irqrestore(&c->lock, flags);
	call_uart(c, hs_uart_input_ready);
	return n;
}

/* Bytes that the guest has not read; a wake-up follows when more than @enough. */
static unsigned int look_used(struct hs_console *c, unsigned int enough)
{
	unsigned long flags;
	unsigned int used;

	raw_spin_lock_irqsave(&c->lock, flags);
	used = in_used(c);
	if (used > enough)
		c->want_room = true;
	raw_spin_unlock_irqrestore(&c->lock, flags);
	return used;
}

static unsigned int console_write_room(struct tty_struct *tty)
{
	return INPUT_BYTES - look_used(tty->driver_data, INPUT_BYTES - 1);
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
	queue_delayed_work(push_wq, &c->push, 0);
}

static int console_break(struct tty_struct *tty, int state)
{
	if (state)
		call_uart(tty->driver_data, hs_uart_break);
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
};

/* ---- sysfs --------------------------------------------------------------- */

static ssize_t vm_name_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct hs_console *c = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n", c->name);
}
static DEVICE_ATTR_RO(vm_name);

static ssize_t log_start_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	struct hs_console *c = dev_get_drvdata(dev);
	u64 start;

	raw_spin_lock_irq(&c->lock);
	start = hs_ring_start(&c->log);
	raw_spin_unlock_irq(&c->lock);
	return sysfs_emit(buf, "%llu\n", start);
}
static DEVICE_ATTR_ADMIN_RO(log_start);

static ssize_t dropped_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct hs_console *c = dev_get_drvdata(dev);
	u64 dropped;

	raw_spin_lock_irq(&c->lock);
	dropped = c->dropped;
	raw_spin_unlock_irq(&c->lock);
	return sysfs_emit(buf, "%llu\n", dropped);
}
static DEVICE_ATTR_ADMIN_RO(dropped);

/*
 * @off counts from log_start, so bytes that are overwritten between two reads
 * shift it; who must know compares log_start before and after.
 */
static ssize_t log_read(struct file *file, struct kobject *kobj,
			HS_BIN_ATTR_CONST struct bin_attribute *attr, char *buf,
			loff_t off, size_t count)
{
	struct hs_console *c = dev_get_drvdata(kobj_to_dev(kobj));
	u64 pos;
	size_t n;

	raw_spin_lock_irq(&c->lock);
	pos = hs_ring_start(&c->log) + off;
	n = hs_ring_copy(&c->log, &pos, buf, count);
	raw_spin_unlock_irq(&c->lock);
	return n;
}

static HS_BIN_ATTR_CONST struct bin_attribute log_attr = {
	.attr = { .name = "log", .mode = 0400 },
	.read = log_read,
};

static struct attribute *console_attrs[] = {
	&dev_attr_vm_name.attr,
	&dev_attr_log_start.attr,
	&dev_attr_dropped.attr,
	NULL
};

static HS_BIN_ATTR_CONST struct bin_attribute *HS_BIN_ATTR_CONST console_bin_attrs[] = {
	&log_attr,
	NULL
};

static const struct attribute_group console_group = {
	.attrs = console_attrs,
	.bin_attrs = console_bin_attrs,
};

static const struct attribute_group *console_groups[] = {
	&console_group,
	NULL
};

/* ---- life cycle ----------------------------------------------------------- */

static struct hs_console *console_alloc(const char *name)
{
	struct hs_console *c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	int minor;

	if (!c)
		return ERR_PTR(-ENOMEM);
	minor = ida_alloc_max(&minors, MINORS - 1, GFP_KERNEL);
	if (minor < 0) {
		kfree(c);
		return ERR_PTR(minor);
	}
	c->minor = minor;
	strscpy(c->name, name, sizeof(c->name));
	raw_spin_lock_init(&c->attach_lock);
	raw_spin_lock_init(&c->lock);
	INIT_DELAYED_WORK(&c->push, push_work);
	c->log.size = LOG_BYTES;
	c->log.buf = kvzalloc(LOG_BYTES, GFP_KERNEL_ACCOUNT);
	c->in.size = INPUT_BYTES;
	c->in.buf = kvzalloc(INPUT_BYTES, GFP_KERNEL_ACCOUNT);
	if (!c->log.buf || !c->in.buf) {
		console_free(c);
		return ERR_PTR(-ENOMEM);
	}
	tty_port_init(&c->port);
	c->port.ops = &port_ops;
	/* A guest that does not read must not delay who closes. */
	c->port.close_delay = 0;
	c->port.closing_wait = ASYNC_CLOSING_WAIT_NONE;
	return c;
}

static int table_add(struct hs_console *c)
{
	int ret;

	mutex_lock(&table_lock);
	ret = idr_alloc(&table, c, c->minor, c->minor + 1, GFP_KERNEL);
	mutex_unlock(&table_lock);
	return ret < 0 ? ret : 0;
}

static void table_remove(struct hs_console *c)
{
	mutex_lock(&table_lock);
	idr_remove(&table, c->minor);
	mutex_unlock(&table_lock);
}

/**
 * hs_console_init - give a board its console
 * @b: the board; its name becomes the tty's vm_name
 *
 * Process context.  From now on the tty can be opened.
 *
 * Return: 0, -ENOMEM, -ENOSPC when all minor numbers are taken, or what
 * registering the tty's device said.
 */
int hs_console_init(struct hs_board *b)
{
	struct hs_console *c = console_alloc(b->name);
	struct device *dev;
	int ret;

	if (IS_ERR(c))
		return PTR_ERR(c);
	ret = table_add(c);
	if (ret)
		goto err_put;
	dev = tty_register_device_attr(driver, c->minor, NULL, c, console_groups);
	if (IS_ERR(dev)) {
		ret = PTR_ERR(dev);
		goto err_table;
	}
	b->console = c;
	return 0;

err_table:
	table_remove(c);
err_put:
	tty_port_put(&c->port);
	return ret;
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
 * hs_console_exit - take the console away
 * @b: the board; its UART is gone
 *
 * Process context, may sleep.  Hangs up who has the tty open.
 */
void hs_console_exit(struct hs_board *b)
{
	struct hs_console *c = b->console;
	struct tty_struct *tty;

	if (!c)
		return;
	b->console = NULL;
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
	tty_port_put(&c->port);
}

/**
 * hs_console_minor - minor number of the tty
 * @b: the board
 *
 * Return: n of /dev/ttyHS<n>.
 */
unsigned int hs_console_minor(const struct hs_board *b)
{
	return b->console->minor;
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
