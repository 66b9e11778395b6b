/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Control messages of a virtio console with several ports (virtio 1.2, 5.3.6).
 * Pure; the caller locks.
 *
 * What the device has to say is kept as one bit per message and port, with the
 * value taken when it is sent: however often something changes while the driver
 * does not listen, nothing piles up.
 */
#ifndef HS_DEV_VIRTIO_CONSOLE_CORE_H
#define HS_DEV_VIRTIO_CONSOLE_CORE_H

#include "pure.h"

#define HS_VCON_PORTS		2
#define HS_VCON_NAME_MAX	32
#define HS_VCON_MSG_MAX		(8 + HS_VCON_NAME_MAX)

/**
 * struct hs_vcon_port - a port
 * @name: for the driver, or NULL; at most HS_VCON_NAME_MAX bytes
 * @console: the driver should put a terminal on it
 * @host_open: somebody is at the host's end
 * @guest_open: and at the guest's
 * @rows, @cols: the window's size; 0: unknown
 * @ready: the driver has taken the port
 * @pending: messages to send, the core's own bits
 */
struct hs_vcon_port {
	const char *name;
	bool console;
	bool host_open, guest_open;
	u16 rows, cols;
	bool ready;
	u8 pending;
};

/**
 * struct hs_vcon_core - what was said between driver and device
 * @multiport, @size: negotiated (VIRTIO_CONSOLE_F_MULTIPORT, _SIZE)
 * @port: @name and @console are filled in by the caller
 */
struct hs_vcon_core {
	bool multiport, size;
	struct hs_vcon_port port[HS_VCON_PORTS];
};

/* A message that was taken, for hs_vcon_core_untake(). */
struct hs_vcon_taken {
	u8 port, bit;
};

/* What a message of the driver makes necessary; bits. */
#define HS_VCON_DO_SEND		BIT(0)	/* there are messages for the driver */
#define HS_VCON_DO_INPUT	BIT(1)	/* a port was opened: it takes input now */

void hs_vcon_core_start(struct hs_vcon_core *c, bool multiport, bool size);
unsigned int hs_vcon_core_control(struct hs_vcon_core *c, const u8 *msg, size_t len);
bool hs_vcon_core_set_open(struct hs_vcon_core *c, unsigned int port, bool open);
bool hs_vcon_core_set_size(struct hs_vcon_core *c, unsigned int port, u16 rows, u16 cols);
size_t hs_vcon_core_take(struct hs_vcon_core *c, u8 msg[HS_VCON_MSG_MAX],
			 struct hs_vcon_taken *t);
void hs_vcon_core_untake(struct hs_vcon_core *c, const struct hs_vcon_taken *t);

#endif /* HS_DEV_VIRTIO_CONSOLE_CORE_H */
