// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer for the control messages of a virtio console.
 *
 * Input: steps, each begun by a byte: a message of the driver (its length and its
 * bytes follow), a change at the host's end, a message taken and sent or given
 * back, a new driver.  Whatever was said, few messages wait, each is well formed,
 * and the last of a kind tells what is true.
 */
#include <stdlib.h>
#include <linux/virtio_console.h>
#include "dev/virtio_console_core.h"

#define CHECK(cond)	do { if (!(cond)) __builtin_trap(); } while (0)
#define KINDS		5	/* of messages, at most one of each waits */

static const char name[] = "0123456789abcdef0123456789abcdef and more";

struct in {
	const u8 *p;
	size_t len;
};

static u8 next(struct in *in)
{
	if (!in->len)
		return 0;
	in->len--;
	return *in->p++;
}

static size_t take(struct hs_vcon_core *c, struct hs_vcon_taken *t)
{
	u8 *msg = malloc(HS_VCON_MSG_MAX);	/* not a byte more */
	size_t len;
	u32 id;

	len = hs_vcon_core_take(c, msg, t);
	if (len) {
		CHECK(len >= 8 && len <= HS_VCON_MSG_MAX && c->multiport);
		id = get_unaligned_le32(msg);
		CHECK(id < HS_VCON_PORTS && id == t->port);
		switch (get_unaligned_le16(msg + 4)) {
		case VIRTIO_CONSOLE_PORT_ADD:
			CHECK(len == 8);
			break;
		case VIRTIO_CONSOLE_PORT_NAME:
			CHECK(c->port[id].ready && !memcmp(msg + 8, name, len - 8));
			break;
		case VIRTIO_CONSOLE_CONSOLE_PORT:
			CHECK(c->port[id].ready && len == 8 && c->port[id].console);
			break;
		case VIRTIO_CONSOLE_PORT_OPEN:
			CHECK(c->port[id].ready && len == 8 &&
			      get_unaligned_le16(msg + 6) == c->port[id].host_open);
			break;
		case VIRTIO_CONSOLE_RESIZE:
			CHECK(c->port[id].ready && len == 12 && c->size &&
			      get_unaligned_le16(msg + 8) == c->port[id].cols &&
			      get_unaligned_le16(msg + 10) == c->port[id].rows);
			break;
		default:
			CHECK(0);
		}
	}
	free(msg);
	return len;
}

static void control(struct hs_vcon_core *c, struct in *in)
{
	size_t len = min_t(size_t, next(in) % 12, in->len);
	u8 *msg = malloc(len ?: 1);
	unsigned int todo;

	memcpy(msg, in->p, len);
	in->p += len;
	in->len -= len;
	todo = hs_vcon_core_control(c, msg, len);
	CHECK(!(todo & ~(HS_VCON_DO_SEND | HS_VCON_DO_INPUT)));
	CHECK(!todo || (c->multiport && len >= 8));
	free(msg);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct in in = { data, size };
	struct hs_vcon_core c = {
		.port = { { .console = true, .host_open = true }, { .name = name } },
	};
	struct hs_vcon_taken t;
	unsigned int n, port;

	hs_vcon_core_start(&c, true, true);
	while (in.len) {
		u8 op = next(&in);

		port = (op >> 3) % HS_VCON_PORTS;
		switch (op & 7) {
		case 0:
			hs_vcon_core_start(&c, op & 0x40, op & 0x80);
			break;
		case 1:
			hs_vcon_core_set_open(&c, port, op & 0x40);
			break;
		case 2:
			hs_vcon_core_set_size(&c, port, next(&in), next(&in));
			break;
		case 3:
			take(&c, &t);
			break;
		case 4:
			if (take(&c, &t)) {
				control(&c, &in);
				hs_vcon_core_untake(&c, &t);
			}
			break;
		default:
			control(&c, &in);
		}
		for (port = 0; port < HS_VCON_PORTS; port++) {
			if (!c.multiport)
				CHECK(c.port[port].guest_open == !port && !c.port[port].pending);
			else
				CHECK(!c.port[port].guest_open || c.port[port].ready);
		}
	}
	for (n = 0; take(&c, &t); n++)
		CHECK(n < KINDS * HS_VCON_PORTS);
	return 0;
}
