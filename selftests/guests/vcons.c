// SPDX-License-Identifier: GPL-2.0
/*
 * The virtio console's driver for tests of its host side.  It says on the serial
 * console what happens to the ports, and obeys what is typed at port 0:
 *
 *	flood N	writes N KiB to port 0, in lines that say how far it is
 *	pump N	writes N KiB of a pattern to port 1
 *	quit	ends
 *	else	answers with the line in capitals
 *
 * What comes in at port 1 goes back as it is.  "single": without MULTIPORT.
 */
#include <linux/virtio_console.h>
#include "virtio.h"

#define VEC_CONFIG	0x62
#define BUF		4096U
#define MSGS		8	/* control messages that may wait */
#define MSG_BYTES	256U
#define F(name)		BIT_ULL(VIRTIO_CONSOLE_F_##name)

enum { RX0, TX0, CTL_RX, CTL_TX, RX1, TX1, QUEUES };

static struct vdev d;
static struct vqueue q[QUEUES];
static u8 *rx_buf[2], *ctl_buf, *tx_buf;
static u8 *ctl_of[QUEUE_MAX];	/* by the name of the buffer */
static bool single;
static volatile u32 config_irqs;

static void on_config(struct regs *r)
{
	config_irqs++;
	apic_write(APIC_REG_EOI, 0);
}

/* One buffer of the driver's, waits until it is back. */
static void write_queue(struct vqueue *to, const void *p, u32 len)
{
	struct vseg s = { (u64)p, len };
	u32 used;

	queue_add(to, &s, 1, 0, false);
	queue_kick(to);
	/* For ever: a reader may take its time. */
	while (queue_get(to, &used) < 0)
		pause();
}

static void say(const char *text)
{
	write_queue(&q[TX0], text, strlen(text));
}

static void offer(struct vqueue *from, u8 *buf)
{
	struct vseg s = { (u64)buf, BUF };

	queue_add(from, &s, 0, 1, false);
	queue_kick(from);
}

static void offer_control(u8 *buf)
{
	/* Room for a NUL after the longest name. */
	struct vseg s = { (u64)buf, MSG_BYTES - 1 };
	int head = queue_add(&q[CTL_RX], &s, 0, 1, false);

	ctl_of[head] = buf;
	queue_kick(&q[CTL_RX]);
}

static void control(u32 id, u16 event, u16 value)
{
	struct virtio_console_control c = { id, event, value };

	memcpy(tx_buf, &c, sizeof(c));
	write_queue(&q[CTL_TX], tx_buf, sizeof(c));
}

static void on_control(u8 *msg, u32 len)
{
	struct virtio_console_control c;
	u16 size[2];

	if (len < sizeof(c)) {
		fail("control", "%u bytes", len);
		return;
	}
	memcpy(&c, msg, sizeof(c));
	switch (c.event) {
	case VIRTIO_CONSOLE_PORT_ADD:
		printf("port %u: added\n", c.id);
		control(c.id, VIRTIO_CONSOLE_PORT_READY, 1);
		break;
	case VIRTIO_CONSOLE_CONSOLE_PORT:
		printf("port %u: console %u\n", c.id, c.value);
		control(c.id, VIRTIO_CONSOLE_PORT_OPEN, 1);
		break;
	case VIRTIO_CONSOLE_PORT_NAME:
		msg[len] = '\0';
		printf("port %u: name %s\n", c.id, (char *)msg + sizeof(c));
		control(c.id, VIRTIO_CONSOLE_PORT_OPEN, 1);
		break;
	case VIRTIO_CONSOLE_PORT_OPEN:
		printf("port %u: host %s\n", c.id, c.value ? "open" : "closed");
		break;
	case VIRTIO_CONSOLE_RESIZE:
		memcpy(size, msg + sizeof(c), sizeof(size));
		printf("port %u: %u columns, %u rows\n", c.id, size[0], size[1]);
		break;
	default:
		fail("control", "event %u", c.event);
	}
}

static u32 number(const u8 *s, const u8 *end)
{
	u32 n = 0;

	while (s < end && *s >= '0' && *s <= '9')
		n = 10 * n + *s++ - '0';
	return n;
}

/* Lines of 64 bytes: "       n of       m ........" */
static void flood(u32 kib)
{
	u32 i, j, v;

	for (i = 0; i < 16 * kib; i++) {
		u8 *line = tx_buf + 64 * (i % 64);

		memset(line, '.', 63);
		for (j = 0, v = i; j < 8; j++, v /= 10)
			line[7 - j] = '0' + v % 10;
		line[63] = '\n';
		if (i % 64 == 63 || i + 1 == 16 * kib)
			write_queue(&q[TX0], tx_buf, 64 * (i % 64 + 1));
	}
	printf("flooded %u\n", kib);
}

static void pump(u32 kib)
{
	u32 i, j;

	for (i = 0; i < kib; i++) {
		for (j = 0; j < 128; j++) {
			u32 n = i * 128 + j, k, v;
			u8 *line = tx_buf + 8 * j;

			for (k = 0, v = n; k < 7; k++, v /= 10)
				line[6 - k] = '0' + v % 10;
			line[7] = '\n';
		}
		write_queue(&q[TX1], tx_buf, 1024);
	}
	printf("pumped %u\n", kib);
}

static bool starts(const u8 *p, u32 len, const char *word)
{
	return len >= strlen(word) && !memcmp(p, word, strlen(word));
}

/* A line typed at port 0; false: the end. */
static bool command(u8 *p, u32 len)
{
	u32 i;

	if (starts(p, len, "quit"))
		return false;
	if (starts(p, len, "flood ")) {
		flood(number(p + 6, p + len));
		return true;
	}
	if (starts(p, len, "pump ")) {
		pump(number(p + 5, p + len));
		return true;
	}
	for (i = 0; i < len; i++)
		tx_buf[i] = p[i] >= 'a' && p[i] <= 'z' ? p[i] - 32 : p[i];
	write_queue(&q[TX0], tx_buf, len);
	return true;
}

static bool typed(u32 len)
{
	static u8 line[256];
	static u32 at;
	u32 i;

	for (i = 0; i < len; i++) {
		if (at < sizeof(line))
			line[at++] = rx_buf[0][i];
		if (rx_buf[0][i] != '\n')
			continue;
		if (!command(line, at))
			return false;
		at = 0;
	}
	return true;
}

static void show_size(void)
{
	printf("port 0: %u columns, %u rows\n",
	       get16(d.config + offsetof(struct virtio_console_config, cols)),
	       get16(d.config + offsetof(struct virtio_console_config, rows)));
}

static void serve(void)
{
	u32 len, seen = config_irqs;
	int head;

	for (;;) {
		/* With interrupts on now and then, for the configuration. */
		asm volatile("sti; nop; nop; cli" : : : "memory");
		if (single && seen != config_irqs) {
			seen = config_irqs;
			show_size();
		}
		if (queue_get(&q[RX0], &len) >= 0) {
			if (!typed(len))
				return;
			offer(&q[RX0], rx_buf[0]);
		}
		if (single)
			continue;
		head = queue_get(&q[CTL_RX], &len);
		if (head >= 0) {
			u8 *msg = ctl_of[head];

			on_control(msg, len);
			offer_control(msg);
		}
		if (queue_get(&q[RX1], &len) >= 0) {
			write_queue(&q[TX1], rx_buf[1], len);
			offer(&q[RX1], rx_buf[1]);
		}
	}
}

static bool start(void)
{
	unsigned int i;

	if (!virtio_begin(&d, F(SIZE) | (single ? 0 : F(MULTIPORT)) | F_EVENT_IDX))
		return false;
	virtio_msix(&d, true);
	virtio_msix_entry(&d, 0, VEC_CONFIG, false);
	put16(COMMON(&d, MSIX), 0);
	for (i = 0; i < (single ? CTL_RX : QUEUES); i++) {
		queue_init(&q[i], &d, i, 0);
		queue_enable(&q[i], NO_VECTOR);
	}
	virtio_go(&d);
	offer(&q[RX0], rx_buf[0]);
	if (single)
		return true;
	offer(&q[RX1], rx_buf[1]);
	for (i = 0; i < MSGS; i++)
		offer_control(ctl_buf + i * MSG_BYTES);
	control(0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	return true;
}

int main(const char *args)
{
	u64 want = F(SIZE) | F(MULTIPORT);

	single = arg_word(args, "single");
	apic_init(true);
	set_trap(VEC_CONFIG, on_config);
	if (!virtio_find(&d, VIRTIO_ID_CONSOLE, 0)) {
		fail("device", "no console");
		return result();
	}
	rx_buf[0] = alloc_pages(1);
	rx_buf[1] = alloc_pages(1);
	ctl_buf = alloc_pages(1);
	tx_buf = alloc_pages(1);
	check("offers size and ports", virtio_offered(&d) & want, want);
	check("ports", get32(d.config + offsetof(struct virtio_console_config, max_nr_ports)), 2);
	check("begins", start(), 1);
	say("READY vcons\n");
	serve();
	virtio_reset(&d);
	return result();
}
