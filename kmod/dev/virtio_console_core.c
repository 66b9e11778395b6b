// SPDX-License-Identifier: GPL-2.0
/* Control messages of a virtio console: see virtio_console_core.h. */
#include <linux/virtio_console.h>
#include "dev/virtio_console_core.h"

/* struct virtio_console_control: le32 id, le16 event, le16 value. */
#define MSG_LEN		8

/* In the order they are sent. */
enum {
	SEND_ADD	= BIT(0),
	SEND_CONSOLE	= BIT(1),
	SEND_NAME	= BIT(2),
	SEND_OPEN	= BIT(3),
	SEND_SIZE	= BIT(4),
};

/**
 * hs_vcon_core_start() - a driver begins
 * @c: the ports; who is at the host's end stays as it is
 * @multiport: VIRTIO_CONSOLE_F_MULTIPORT was negotiated; if not there is port 0
 *	alone, open from the beginning
 * @size: VIRTIO_CONSOLE_F_SIZE was
 */
void hs_vcon_core_start(struct hs_vcon_core *c, bool multiport, bool size)
{
	unsigned int i;

	c->multiport = multiport;
	c->size = size;
	for (i = 0; i < HS_VCON_PORTS; i++) {
		c->port[i].ready = false;
		c->port[i].pending = 0;
		c->port[i].guest_open = !multiport && !i;
	}
}

/* Everything there is to say of a port, once the driver has taken it. */
static void port_ready(struct hs_vcon_core *c, struct hs_vcon_port *p, bool ok)
{
	p->ready = ok;
	p->pending &= SEND_ADD;
	if (!ok) {
		p->guest_open = false;
		return;
	}
	if (p->console)
		p->pending |= SEND_CONSOLE;
	if (p->name)
		p->pending |= SEND_NAME;
	if (p->host_open)
		p->pending |= SEND_OPEN;
	if (p->console && c->size && p->rows && p->cols)
		p->pending |= SEND_SIZE;
}

/**
 * hs_vcon_core_control() - the driver sent a message
 * @c: the ports
 * @msg: its bytes
 * @len: how many; what follows the fixed part is of no use to a device
 *
 * What is too short, of no such port, or not for a device is passed over, as
 * 5.3.6.2 knows no answer that would say so.
 *
 * Return: HS_VCON_DO_*, 0 for nothing.
 */
unsigned int hs_vcon_core_control(struct hs_vcon_core *c, const u8 *msg, size_t len)
{
	struct hs_vcon_port *p;
	unsigned int i;
	u16 event, value;
	u32 id;

	if (!c->multiport || len < MSG_LEN)
		return 0;
	id = get_unaligned_le32(msg);
	event = get_unaligned_le16(msg + 4);
	value = get_unaligned_le16(msg + 6);

	/* Of the device, not of a port: the id says nothing. */
	if (event == VIRTIO_CONSOLE_DEVICE_READY) {
		if (!value)
			return 0;
		for (i = 0; i < HS_VCON_PORTS; i++)
			c->port[i].pending |= SEND_ADD;
		return HS_VCON_DO_SEND;
	}
	if (id >= HS_VCON_PORTS)
		return 0;
	p = &c->port[array_index_nospec(id, HS_VCON_PORTS)];
	switch (event) {
	case VIRTIO_CONSOLE_PORT_READY:
		port_ready(c, p, value);
		return p->pending ? HS_VCON_DO_SEND : 0;
	case VIRTIO_CONSOLE_PORT_OPEN:
		p->guest_open = p->ready && value;
		return p->guest_open ? HS_VCON_DO_INPUT : 0;
	}
	return 0;
}

/**
 * hs_vcon_core_set_open() - somebody came to the host's end, or left
 * @c: the ports
 * @port: which
 * @open: whether somebody is there
 *
 * Return: true when there is a message to send.
 */
bool hs_vcon_core_set_open(struct hs_vcon_core *c, unsigned int port, bool open)
{
	struct hs_vcon_port *p = &c->port[port];

	if (p->host_open == open)
		return false;
	p->host_open = open;
	if (!p->ready)
		return false;
	p->pending |= SEND_OPEN;
	return true;
}

/**
 * hs_vcon_core_set_size() - the window has another size
 * @c: the ports
 * @port: which
 * @rows: its rows
 * @cols: its columns
 *
 * Return: true when there is a message to send.
 */
bool hs_vcon_core_set_size(struct hs_vcon_core *c, unsigned int port, u16 rows, u16 cols)
{
	struct hs_vcon_port *p = &c->port[port];

	if (p->rows == rows && p->cols == cols)
		return false;
	p->rows = rows;
	p->cols = cols;
	if (!p->ready || !p->console || !c->size || !rows || !cols)
		return false;
	p->pending |= SEND_SIZE;
	return true;
}

static size_t build(const struct hs_vcon_port *p, unsigned int id, u8 bit, u8 *msg)
{
	size_t len = MSG_LEN;
	u16 event = 0, value = 1;

	switch (bit) {
	case SEND_ADD:
		event = VIRTIO_CONSOLE_PORT_ADD;
		break;
	case SEND_CONSOLE:
		event = VIRTIO_CONSOLE_CONSOLE_PORT;
		break;
	case SEND_NAME:
		event = VIRTIO_CONSOLE_PORT_NAME;
		len += strnlen(p->name, HS_VCON_NAME_MAX);
		memcpy(msg + MSG_LEN, p->name, len - MSG_LEN);
		break;
	case SEND_OPEN:
		event = VIRTIO_CONSOLE_PORT_OPEN;
		value = p->host_open;
		break;
	case SEND_SIZE:
		/* 5.3.6.2: columns first. */
		event = VIRTIO_CONSOLE_RESIZE;
		put_unaligned_le16(p->cols, msg + MSG_LEN);
		put_unaligned_le16(p->rows, msg + MSG_LEN + 2);
		len += 4;
		break;
	}
	put_unaligned_le32(id, msg);
	put_unaligned_le16(event, msg + 4);
	put_unaligned_le16(value, msg + 6);
	return len;
}

/**
 * hs_vcon_core_take() - the next message for the driver
 * @c: the ports
 * @msg: filled in
 * @t: what it was
 *
 * Return: its bytes; 0: there is none.
 */
size_t hs_vcon_core_take(struct hs_vcon_core *c, u8 msg[HS_VCON_MSG_MAX],
			 struct hs_vcon_taken *t)
{
	unsigned int i;

	for (i = 0; i < HS_VCON_PORTS; i++) {
		struct hs_vcon_port *p = &c->port[i];

		if (!p->pending)
			continue;
		t->port = i;
		t->bit = p->pending & -p->pending;
		p->pending &= ~t->bit;
		return build(p, i, t->bit, msg);
	}
	return 0;
}

/**
 * hs_vcon_core_untake() - the message could not be sent
 * @c: the ports
 * @t: from hs_vcon_core_take()
 *
 * It is sent again with what is true then; what the driver has meanwhile given up
 * is not.
 */
void hs_vcon_core_untake(struct hs_vcon_core *c, const struct hs_vcon_taken *t)
{
	struct hs_vcon_port *p = &c->port[t->port];

	if (c->multiport && (p->ready || t->bit == SEND_ADD))
		p->pending |= t->bit;
}
