// SPDX-License-Identifier: GPL-2.0
/* The devices of VMs: read, printed as a line, written as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "devinfo.h"
#include "json.h"
#include "name.h"
#include "size.h"
#include "vctl.h"

/* @word: as drivers are called; @key: in JSON */
static const struct {
	const char *word, *key;
} kinds[] = {
	[HS_DEV_DISK] = { "virtio-blk", "disk" },
	[HS_DEV_NET] = { "virtio-net", "net" },
	[HS_DEV_CONSOLE] = { "virtio-console", "console" },
	[HS_DEV_RNG] = { "virtio-rng", "rng" },
	[HS_DEV_BALLOON] = { "virtio-balloon", "balloon" },
};
#define KINDS	(sizeof(kinds) / sizeof(kinds[0]))

static const struct {
	int attr;
	const char *key, *label;
	bool bytes;
} counters[DEV_COUNTERS] = {
	[DEV_REQUESTS] = { HS_A_DEV_REQUESTS, "requests", "requests", false },
	[DEV_READ_BYTES] = { HS_A_DEV_READ_BYTES, "read_bytes", "read", true },
	[DEV_WRITE_BYTES] = { HS_A_DEV_WRITE_BYTES, "write_bytes", "written", true },
	[DEV_ERRORS] = { HS_A_DEV_ERRORS, "errors", "errors", false },
	[DEV_KICKS] = { HS_A_DEV_KICKS, "kicks", "kicks", false },
	[DEV_SIGNALS] = { HS_A_DEV_SIGNALS, "signals", "signals", false },
};

/**
 * dev_counter_key - what a counter is called in JSON
 * @c: which
 *
 * Return: a constant string.
 */
const char *dev_counter_key(enum dev_counter c)
{
	return counters[c].key;
}

/* ---- reading ----------------------------------------------------------------------- */

static struct devinfo *grow(struct devices *all)
{
	if (all->nr == all->room) {
		size_t room = all->room ? 2 * all->room : 16;
		struct devinfo *dev = realloc(all->dev, room * sizeof(*dev));

		if (!dev) {
			all->no_memory = true;
			return NULL;
		}
		all->dev = dev;
		all->room = room;
	}
	memset(&all->dev[all->nr], 0, sizeof(*all->dev));
	return &all->dev[all->nr++];
}

static void take_ttys(const struct reply *nest, struct devinfo *d)
{
	size_t len = 0;
	const void *ttys = reply_bytes(nest, HS_A_DEV_TTYS, &len);

	if (!ttys)
		return;
	d->ttys = len / sizeof(d->tty[0]);
	if (d->ttys > DEV_TTYS)
		d->ttys = DEV_TTYS;
	memcpy(d->tty, ttys, d->ttys * sizeof(d->tty[0]));
}

static void take_nest(const struct reply *nest, void *arg)
{
	const char *id = reply_string(nest, HS_A_DEV_NAME);
	const char *broken = reply_string(nest, HS_A_DEV_BROKEN);
	struct devinfo *d = arg;
	const void *mac;
	size_t len, i;

	reply_u32(nest, HS_A_DEV_KIND, &d->kind);
	reply_u32(nest, HS_A_DEV_SLOT, &d->slot);
	reply_u32(nest, HS_A_DEV_FLAGS, &d->flags);
	reply_u32(nest, HS_A_DEV_DRIVER, &d->driver);
	reply_u64(nest, HS_A_DEV_BYTES, &d->bytes);
	mac = reply_bytes(nest, HS_A_DEV_MAC, &len);
	d->has_mac = mac && len == sizeof(d->mac);
	if (d->has_mac)
		memcpy(d->mac, mac, sizeof(d->mac));
	take_ttys(nest, d);
	for (i = 0; i < DEV_COUNTERS; i++)
		reply_u64(nest, counters[i].attr, &d->counter[i]);
	snprintf(d->id, sizeof(d->id), "%s", id ? id : "");
	snprintf(d->broken, sizeof(d->broken), "%s", broken ? broken : "");
}

static void take(const struct reply *rep, void *arg)
{
	struct devinfo *d = grow(arg);

	if (!d)
		return;
	reply_u32(rep, HS_A_VM_ID, &d->vm);
	reply_each(rep, HS_A_DEV, take_nest, d);
}

static void again(void *arg)
{
	struct devices *all = arg;

	all->nr = 0;
}

/**
 * devices_get - the devices of a VM, or of all
 * @word: a name, or an id in digits; NULL: of all VMs
 * @d: receives them; to be freed by devices_free(), whatever is returned
 *
 * Return: VCTL_OK or, having said why, another exit status.
 */
int devices_get(const char *word, struct devices *d)
{
	struct nl_error e;
	struct request *r;
	int ret;

	*d = (struct devices){ .dev = NULL };
	r = request_new(HS_CMD_DEV_GET, &e);
	if (!r)
		return request_error(&e);
	ret = word ? vm_argument(word, r) : VCTL_OK;
	if (ret) {
		request_drop(r);
		return ret;
	}
	if (request_dump(r, take, again, d, &e))
		return request_error(&e);
	return d->no_memory ? failure(VCTL_ERROR, "no memory") : VCTL_OK;
}

/**
 * devices_free - give their memory back
 * @d: from devices_get()
 */
void devices_free(struct devices *d)
{
	free(d->dev);
	*d = (struct devices){ .dev = NULL };
}

/* ---- printing ---------------------------------------------------------------------- */

static void mac_format(const uint8_t mac[HS_MAC_LEN], char buf[FORMAT_MAX])
{
	snprintf(buf, FORMAT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
		 mac[2], mac[3], mac[4], mac[5]);
}

static const char *size_text(uint64_t val, char buf[FORMAT_MAX])
{
	if (!globals.bytes)
		return size_format(val, buf);
	snprintf(buf, FORMAT_MAX, "%" PRIu64, val);
	return buf;
}

/**
 * dev_print - a line about a device
 * @d: the device
 */
void dev_print(const struct devinfo *d)
{
	char buf[FORMAT_MAX], safe[4 * DEV_BROKEN + 1];
	size_t i;

	safe_text(d->id, safe, sizeof(safe));
	printf("%-12s %s  slot %" PRIu32, safe,
	       d->kind < KINDS && kinds[d->kind].word ? kinds[d->kind].word : "unknown", d->slot);
	if (d->kind == HS_DEV_DISK)
		printf("  %s  %s", d->flags & HS_DISK_F_RO ? "ro" : "rw", size_text(d->bytes, buf));
	if (d->has_mac) {
		mac_format(d->mac, buf);
		printf("  %s", buf);
	}
	for (i = 0; i < d->ttys; i++)
		printf("  /dev/ttyHS%" PRIu32, d->tty[i]);
	if (!d->driver)
		printf("  no driver");
	for (i = 0; i < DEV_COUNTERS; i++) {
		if (!d->counter[i])
			continue;
		snprintf(buf, sizeof(buf), "%" PRIu64, d->counter[i]);
		printf("  %s %s", counters[i].label,
		       counters[i].bytes ? size_text(d->counter[i], buf) : buf);
	}
	if (*d->broken) {
		safe_text(d->broken, safe, sizeof(safe));
		printf("  broken: %s", safe);
	}
	putchar('\n');
}

/**
 * dev_json - a device as an object in an array
 * @j: where to
 * @d: the device
 */
void dev_json(struct json *j, const struct devinfo *d)
{
	char buf[FORMAT_MAX];
	size_t i;

	json_object(j, NULL);
	json_string(j, "id", d->id);
	json_string(j, "kind", d->kind < KINDS && kinds[d->kind].key ? kinds[d->kind].key : "unknown");
	json_u64(j, "slot", d->slot);
	if (d->kind == HS_DEV_DISK) {
		json_bool(j, "ro", d->flags & HS_DISK_F_RO);
		json_u64(j, "bytes", d->bytes);
	}
	if (d->has_mac) {
		mac_format(d->mac, buf);
		json_string(j, "mac", buf);
	}
	if (d->ttys) {
		json_array(j, "ttys");
		for (i = 0; i < d->ttys; i++)
			json_u64(j, NULL, d->tty[i]);
		json_close(j);
	}
	json_bool(j, "driver", d->driver);
	if (*d->broken)
		json_string(j, "broken", d->broken);
	for (i = 0; i < DEV_COUNTERS; i++)
		json_u64(j, counters[i].key, d->counter[i]);
	json_close(j);
}
