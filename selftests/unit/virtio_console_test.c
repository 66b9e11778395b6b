// SPDX-License-Identifier: GPL-2.0
/* Control messages of a virtio console: who says what, in which order, how often. */
#include <linux/virtio_console.h>
#include "dev/virtio_console_core.h"
#include "kselftest_harness.h"

FIXTURE(vcon) {
	struct hs_vcon_core c;
};

FIXTURE_SETUP(vcon)
{
	self->c = (struct hs_vcon_core){
		.port = { { .console = true, .host_open = true },
			  { .name = "org.example.0" } },
	};
	hs_vcon_core_start(&self->c, true, true);
}

FIXTURE_TEARDOWN(vcon)
{
}

static unsigned int say(struct hs_vcon_core *c, u32 id, u16 event, u16 value)
{
	u8 msg[8];

	put_unaligned_le32(id, msg);
	put_unaligned_le16(event, msg + 4);
	put_unaligned_le16(value, msg + 6);
	return hs_vcon_core_control(c, msg, sizeof(msg));
}

/* The next message as text: "port event value rest", or "" for none. */
static const char *heard(struct hs_vcon_core *c)
{
	static char text[100];
	struct hs_vcon_taken t;
	u8 msg[HS_VCON_MSG_MAX];
	size_t len = hs_vcon_core_take(c, msg, &t), n;

	if (!len)
		return "";
	n = sprintf(text, "%u %u %u", get_unaligned_le32(msg), get_unaligned_le16(msg + 4),
		    get_unaligned_le16(msg + 6));
	if (get_unaligned_le16(msg + 4) == VIRTIO_CONSOLE_RESIZE)
		sprintf(text + n, " %ux%u", get_unaligned_le16(msg + 8),
			get_unaligned_le16(msg + 10));
	else if (len > 8)
		sprintf(text + n, " %.*s", (int)len - 8, msg + 8);
	return text;
}

static void ready(struct hs_vcon_core *c)
{
	unsigned int i;

	say(c, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	for (i = 0; i < HS_VCON_PORTS; i++) {
		heard(c);
		say(c, i, VIRTIO_CONSOLE_PORT_READY, 1);
	}
	while (*heard(c))
		;
}

TEST_F(vcon, introduces_its_ports)
{
	struct hs_vcon_core *c = &self->c;

	EXPECT_STREQ(heard(c), "");
	EXPECT_EQ(say(c, VIRTIO_CONSOLE_BAD_ID, VIRTIO_CONSOLE_DEVICE_READY, 1),
		  HS_VCON_DO_SEND);
	EXPECT_STREQ(heard(c), "0 1 1");
	EXPECT_STREQ(heard(c), "1 1 1");
	EXPECT_STREQ(heard(c), "");
	EXPECT_EQ(say(c, 0, VIRTIO_CONSOLE_PORT_READY, 1), HS_VCON_DO_SEND);
	EXPECT_STREQ(heard(c), "0 4 1");	/* a console */
	EXPECT_STREQ(heard(c), "0 6 1");	/* open */
	EXPECT_STREQ(heard(c), "");
	EXPECT_EQ(say(c, 1, VIRTIO_CONSOLE_PORT_READY, 1), HS_VCON_DO_SEND);
	EXPECT_STREQ(heard(c), "1 7 1 org.example.0");
	EXPECT_STREQ(heard(c), "");		/* nobody is at this end */
	EXPECT_EQ(say(c, 0, VIRTIO_CONSOLE_PORT_OPEN, 1), HS_VCON_DO_INPUT);
	EXPECT_TRUE(c->port[0].guest_open);
	EXPECT_FALSE(c->port[1].guest_open);
	EXPECT_EQ(say(c, 0, VIRTIO_CONSOLE_PORT_OPEN, 0), 0);
	EXPECT_FALSE(c->port[0].guest_open);
}

TEST_F(vcon, failed_driver_hears_nothing)
{
	struct hs_vcon_core *c = &self->c;

	EXPECT_EQ(say(c, 0, VIRTIO_CONSOLE_DEVICE_READY, 0), 0);
	EXPECT_STREQ(heard(c), "");
	ready(c);
	say(c, 1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	EXPECT_TRUE(c->port[1].guest_open);
	EXPECT_TRUE(hs_vcon_core_set_open(c, 1, true));
	EXPECT_EQ(say(c, 1, VIRTIO_CONSOLE_PORT_READY, 0), 0);
	EXPECT_FALSE(c->port[1].guest_open);
	EXPECT_STREQ(heard(c), "");
	EXPECT_FALSE(hs_vcon_core_set_open(c, 1, false));
	/* A port that it has not taken, it cannot open. */
	EXPECT_EQ(say(c, 1, VIRTIO_CONSOLE_PORT_OPEN, 1), 0);
	EXPECT_FALSE(c->port[1].guest_open);
}

TEST_F(vcon, tells_who_comes_and_goes)
{
	struct hs_vcon_core *c = &self->c;

	EXPECT_FALSE(hs_vcon_core_set_open(c, 1, true));	/* nobody listens yet */
	ready(c);
	EXPECT_FALSE(hs_vcon_core_set_open(c, 1, true));	/* told with the rest */
	EXPECT_TRUE(hs_vcon_core_set_open(c, 1, false));
	EXPECT_STREQ(heard(c), "1 6 0");
	/* Only what is true in the end counts. */
	EXPECT_TRUE(hs_vcon_core_set_open(c, 1, true));
	EXPECT_TRUE(hs_vcon_core_set_open(c, 1, false));
	EXPECT_TRUE(hs_vcon_core_set_open(c, 1, true));
	EXPECT_STREQ(heard(c), "1 6 1");
	EXPECT_STREQ(heard(c), "");
}

TEST_F(vcon, tells_its_size)
{
	struct hs_vcon_core *c = &self->c;

	EXPECT_FALSE(hs_vcon_core_set_size(c, 0, 24, 80));
	say(c, 0, VIRTIO_CONSOLE_PORT_READY, 1);
	EXPECT_STREQ(heard(c), "0 4 1");
	EXPECT_STREQ(heard(c), "0 6 1");
	EXPECT_STREQ(heard(c), "0 5 1 80x24");
	EXPECT_FALSE(hs_vcon_core_set_size(c, 0, 24, 80));
	EXPECT_TRUE(hs_vcon_core_set_size(c, 0, 50, 132));
	EXPECT_TRUE(hs_vcon_core_set_size(c, 0, 51, 133));
	EXPECT_STREQ(heard(c), "0 5 1 133x51");
	EXPECT_STREQ(heard(c), "");
	EXPECT_FALSE(hs_vcon_core_set_size(c, 0, 0, 0));
	say(c, 1, VIRTIO_CONSOLE_PORT_READY, 1);
	EXPECT_FALSE(hs_vcon_core_set_size(c, 1, 24, 80));	/* no terminal */

	hs_vcon_core_start(c, true, false);
	say(c, 0, VIRTIO_CONSOLE_PORT_READY, 1);
	EXPECT_FALSE(hs_vcon_core_set_size(c, 0, 24, 80));	/* not negotiated */
	EXPECT_STREQ(heard(c), "0 4 1");
	EXPECT_STREQ(heard(c), "0 6 1");
	EXPECT_STREQ(heard(c), "");
}

TEST_F(vcon, sends_again_what_was_not_sent)
{
	struct hs_vcon_core *c = &self->c;
	struct hs_vcon_taken t;
	u8 msg[HS_VCON_MSG_MAX];

	ready(c);
	hs_vcon_core_set_open(c, 1, true);
	ASSERT_EQ(hs_vcon_core_take(c, msg, &t), 8);
	/* It changes while the message is on its way, and comes back. */
	hs_vcon_core_set_open(c, 1, false);
	hs_vcon_core_untake(c, &t);
	EXPECT_STREQ(heard(c), "1 6 0");
	EXPECT_STREQ(heard(c), "");
	hs_vcon_core_set_open(c, 1, true);
	ASSERT_EQ(hs_vcon_core_take(c, msg, &t), 8);
	say(c, 1, VIRTIO_CONSOLE_PORT_READY, 0);
	hs_vcon_core_untake(c, &t);
	EXPECT_STREQ(heard(c), "");
}

TEST_F(vcon, one_port_without_multiport)
{
	struct hs_vcon_core *c = &self->c;

	hs_vcon_core_start(c, false, true);
	EXPECT_TRUE(c->port[0].guest_open);
	EXPECT_FALSE(c->port[1].guest_open);
	EXPECT_EQ(say(c, 0, VIRTIO_CONSOLE_DEVICE_READY, 1), 0);
	EXPECT_EQ(say(c, 1, VIRTIO_CONSOLE_PORT_READY, 1), 0);
	EXPECT_FALSE(hs_vcon_core_set_size(c, 0, 24, 80));
	EXPECT_STREQ(heard(c), "");
}

TEST_F(vcon, nonsense_is_passed_over)
{
	struct hs_vcon_core *c = &self->c, old;
	u8 msg[8] = { 0 };
	unsigned int event;

	ready(c);
	old = *c;
	EXPECT_EQ(hs_vcon_core_control(c, msg, 7), 0);
	EXPECT_EQ(hs_vcon_core_control(c, msg, 0), 0);
	for (event = 1; event < 20; event++) {
		EXPECT_EQ(say(c, HS_VCON_PORTS, event, 1), 0);
		EXPECT_EQ(say(c, ~0U, event, 1), 0);
	}
	EXPECT_EQ(say(c, 0, VIRTIO_CONSOLE_PORT_ADD, 1), 0);
	EXPECT_EQ(say(c, 0, VIRTIO_CONSOLE_PORT_REMOVE, 1), 0);
	EXPECT_EQ(say(c, 0, VIRTIO_CONSOLE_PORT_NAME, 1), 0);
	EXPECT_EQ(say(c, 0, 0xffff, 0xffff), 0);
	EXPECT_EQ(memcmp(c, &old, sizeof(old)), 0);
}

TEST_HARNESS_MAIN
