/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host's end of a serial line or port of a VM: a tty, and what a device on
 * the board asks of it.
 */
#ifndef HS_DEV_CONSOLE_H
#define HS_DEV_CONSOLE_H

#include <linux/types.h>
#include "dev/devices.h"

struct hs_console;

#define HS_CONSOLE_LOG_BYTES	(64u << 10)
#define HS_CONSOLE_PORT_MAX	31	/* bytes of a port's name */

/**
 * struct hs_console_cfg - what a console is
 * @vm: name of the VM
 * @port: name of the port, unique within the VM; letters, digits, '.', '-'
 * @log_bytes: what is kept of what the guest wrote; a power of two
 * @channel: programs talk over it: nothing is shown again to a later opener, what
 *	is written while nobody has it open is lost, and what is written faster than
 *	it is read waits in the guest
 */
struct hs_console_cfg {
	const char *vm, *port;
	u32 log_bytes;
	bool channel;
};

/**
 * struct hs_console_ops - what a device wants to know
 * @input: bytes wait that did not before
 * @room: hs_console_out() takes bytes again, after it had taken fewer than it got
 * @line_break: the line is held low; optional
 * @opened: the tty was opened for the first time, or closed for the last; optional
 * @resized: the window has another size, 0: nobody has said; optional
 *
 * Called with interrupts off and the console's attach lock held, so that none
 * runs after hs_console_detach(); they may call hs_console_in() and
 * hs_console_out(), and do not sleep.
 */
struct hs_console_ops {
	void (*input)(void *dev);
	void (*room)(void *dev);
	void (*line_break)(void *dev);
	void (*opened)(void *dev, bool open);
	void (*resized)(void *dev, u16 rows, u16 cols);
};

struct hs_console *hs_console_create(const struct hs_console_cfg *cfg);
void hs_console_destroy(struct hs_console *c);
int hs_console_prepare(struct hs_console *c);
unsigned int hs_console_number(const struct hs_console *c);

void hs_console_attach(struct hs_console *c, const struct hs_console_ops *ops, void *dev);
void hs_console_detach(struct hs_console *c);
size_t hs_console_out(struct hs_console *c, const u8 *buf, size_t len);
bool hs_console_has_input(const struct hs_console *c);
size_t hs_console_in(struct hs_console *c, u8 *buf, size_t len);
void hs_console_drop_input(struct hs_console *c);
void hs_console_winsize(struct hs_console *c, u16 *rows, u16 *cols);

#endif /* HS_DEV_CONSOLE_H */
