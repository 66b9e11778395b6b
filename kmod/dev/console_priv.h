/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A console as its own files see it: console.c (the guest's side, and its life),
 * console_tty.c (the tty), console_sysfs.c (attributes of the tty's device).
 */
#ifndef HS_DEV_CONSOLE_PRIV_H
#define HS_DEV_CONSOLE_PRIV_H

#include <linux/hyperspace.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>
#include <linux/workqueue.h>
#include "dev/console.h"
#include "dev/console_ring.h"

#define HS_CONSOLE_INPUT_BYTES	(4u << 10)

struct attribute_group;

/**
 * struct hs_console - a console
 * @port: the tty's
 * @minor: n of /dev/ttyHS<n>
 * @vm, @name, @channel: see struct hs_console_cfg
 * @dead: no new opens; under port.mutex
 * @buf_lock: who makes the buffers
 * @attach_lock: @ops and @dev, the device at the guest's end
 * @lock: all that follows it
 * @log: what the guest wrote; without a buffer until hs_console_prepare()
 * @in: what waits for the guest, likewise
 * @log_pos: next byte of @log for the tty
 * @in_tail: next byte of @in for the guest
 * @dropped: bytes that nobody got
 * @open, @throttled: the tty
 * @want_room: a writer of the tty was cut short
 * @starved: the device was; channels only
 * @rows, @cols: the window's size, 0 while nobody has set it
 * @push: carries what the guest wrote to the tty, and wakes writers
 */
struct hs_console {
	struct tty_port port;
	unsigned int minor;
	char vm[HS_NAME_MAX + 1];
	char name[HS_CONSOLE_PORT_MAX + 1];
	bool channel;
	bool dead;

	struct mutex buf_lock;

	raw_spinlock_t attach_lock;
	const struct hs_console_ops *ops;
	void *dev;

	raw_spinlock_t lock;
	struct hs_ring log, in;
	u64 log_pos, in_tail, dropped;
	bool open, throttled, want_room, starved;
	u16 rows, cols;

	struct delayed_work push;
};

/* With c->lock, or where a stale value does no harm. */
static inline unsigned int hs_console_in_used(const struct hs_console *c)
{
	return c->in.head - c->in_tail;
}

/* Calls an operation of the device, if it is still there.  Any context. */
#define hs_console_tell(c, op, ...)						\
do {										\
	struct hs_console *c_ = (c);						\
	unsigned long flags_;							\
										\
	raw_spin_lock_irqsave(&c_->attach_lock, flags_);			\
	if (c_->ops && c_->ops->op)						\
		c_->ops->op(c_->dev, ##__VA_ARGS__);				\
	raw_spin_unlock_irqrestore(&c_->attach_lock, flags_);			\
} while (0)

/* console_tty.c */
int hs_console_tty_init(struct hs_console *c);
int hs_console_tty_add(struct hs_console *c);
void hs_console_tty_remove(struct hs_console *c);
void hs_console_tty_put(struct hs_console *c);
void hs_console_push(struct hs_console *c, unsigned long delay);

/* console.c */
void hs_console_free(struct hs_console *c);

/* console_sysfs.c */
extern const struct attribute_group *hs_console_groups[];

#endif /* HS_DEV_CONSOLE_PRIV_H */
