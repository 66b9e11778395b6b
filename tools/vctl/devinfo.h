/* SPDX-License-Identifier: GPL-2.0 */
/* The devices of VMs, as the kernel tells of them. */
#ifndef VCTL_DEVINFO_H
#define VCTL_DEVINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/hyperspace.h>

struct json;

#define DEV_TTYS	32
#define DEV_BROKEN	128

enum dev_counter {
	DEV_REQUESTS,
	DEV_READ_BYTES,
	DEV_WRITE_BYTES,
	DEV_ERRORS,
	DEV_KICKS,
	DEV_SIGNALS,
	DEV_COUNTERS
};

/* What the kernel does not say is 0 or empty, and has_... false. */
struct devinfo {
	uint32_t vm, kind, slot, flags, driver;
	uint64_t bytes;
	bool has_mac;
	uint8_t mac[HS_MAC_LEN];
	uint32_t tty[DEV_TTYS];
	size_t ttys;
	char id[HS_DEV_ID_MAX + 1];
	char broken[DEV_BROKEN];
	uint64_t counter[DEV_COUNTERS];
};

struct devices {
	struct devinfo *dev;
	size_t nr, room;
	bool no_memory;
};

int devices_get(const char *word, struct devices *d);
void devices_free(struct devices *d);
const char *dev_counter_key(enum dev_counter c);
void dev_print(const struct devinfo *d);
void dev_json(struct json *j, const struct devinfo *d);

#endif /* VCTL_DEVINFO_H */
