// SPDX-License-Identifier: GPL-2.0
/*
 * Disks and network interfaces: their options, and the verbs that add them to a
 * VM and take them away.  Files are opened here, so that the caller's
 * permissions and network namespace count.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dev.h"
#include "json.h"
#include "name.h"
#include "spec.h"
#include "vctl.h"

#define PARTS	8

/* Part @part of option @option as an id, if it is one. */
static int take_id(const char *option, const char *part, struct dev *d, bool *taken)
{
	const char *id = spec_value(part, "id"), *fault;

	*taken = id;
	if (!id)
		return VCTL_OK;
	fault = name_fault(id);
	if (fault)
		return option_error(option, "id: %s: '%s'", fault, id);
	if (strlen(id) > HS_DEV_ID_MAX)
		return option_error(option, "id: it has %d characters at most: '%s'",
				    HS_DEV_ID_MAX, id);
	snprintf(d->id, sizeof(d->id), "%s", id);
	return VCTL_OK;
}

static int open_file(const char *file, bool direct, struct dev *d)
{
	int flags = d->flags & HS_DISK_F_RO ? O_RDONLY : O_RDWR;
	struct stat st;

	/* Opening a pipe would wait for its other end. */
	if (stat(file, &st))
		return system_error(errno, "disk", "cannot open '%s'", file);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return option_error("disk", "'%s' is neither a file nor a block device", file);
	d->fd = open(file, flags | O_CLOEXEC | (direct ? O_DIRECT : 0));
	if (d->fd < 0)
		return system_error(errno, "disk", "cannot open '%s'", file);
	return VCTL_OK;
}

static int parse_disk(char *text, const char *whole, struct dev *d)
{
	char *part[PARTS];
	int n = spec_split(text, part, PARTS), i, ret;
	bool direct = false, taken;

	if (n < 0)
		return option_error("disk", "too many parts: '%s'", whole);
	if (!*part[0])
		return option_error("disk", "a file is missing: '%s'", whole);
	for (i = 1; i < n; i++) {
		ret = take_id("disk", part[i], d, &taken);
		if (ret)
			return ret;
		if (taken)
			continue;
		if (!strcmp(part[i], "ro"))
			d->flags |= HS_DISK_F_RO;
		else if (!strcmp(part[i], "direct"))
			direct = true;
		else
			return option_error("disk", "'%s' is neither ro, direct nor id=NAME", part[i]);
	}
	return open_file(part[0], direct, d);
}

static int parse_net(char *text, const char *whole, struct dev *d)
{
	const char *bridge = NULL, *s;
	char *part[PARTS];
	int n = spec_split(text, part, PARTS), i, ret;
	bool taken;

	if (n < 0)
		return option_error("net", "too many parts: '%s'", whole);
	if (!*part[0])
		return option_error("net", "a tap device is missing: '%s'", whole);
	for (i = 1; i < n; i++) {
		ret = take_id("net", part[i], d, &taken);
		if (ret)
			return ret;
		if (taken)
			continue;
		s = spec_value(part[i], "mac");
		if (s) {
			d->has_mac = mac_parse(s, d->mac);
			if (!d->has_mac)
				return option_error("net", "mac: not an address: '%s' (52:54:00:12:34:56, ...)", s);
			continue;
		}
		s = spec_value(part[i], "bridge");
		if (!s)
			return option_error("net", "'%s' is neither mac=MAC, bridge=NAME nor id=NAME", part[i]);
		bridge = s;
	}
	return tap_open(part[0], bridge, &d->fd);
}

static int open_dev(const char *text, struct dev *d, int attr,
		    int (*parse)(char *, const char *, struct dev *))
{
	char *copy = strdup(text);
	int ret;

	*d = (struct dev){ .attr = attr, .fd = -1 };
	if (!copy)
		return failure(VCTL_ERROR, "no memory");
	ret = parse(copy, text, d);
	free(copy);
	return ret;
}

/**
 * disk_open - open a disk
 * @text: FILE[,ro][,direct][,id=NAME]
 * @d: receives what it is; @d->fd is -1 on an error
 *
 * Return: VCTL_OK or, having said why, another exit status.
 */
int disk_open(const char *text, struct dev *d)
{
	return open_dev(text, d, HS_A_VM_DISK, parse_disk);
}

/**
 * net_open - open a network interface
 * @text: TAP[,mac=MAC][,bridge=NAME][,id=NAME]
 * @d: receives what it is; @d->fd is -1 on an error
 *
 * Return: VCTL_OK or, having said why, another exit status.
 */
int net_open(const char *text, struct dev *d)
{
	return open_dev(text, d, HS_A_VM_NET, parse_net);
}

/**
 * dev_put - ask for a device
 * @r: a request
 * @d: an open device
 */
void dev_put(struct request *r, const struct dev *d)
{
	bool disk = d->attr == HS_A_VM_DISK;

	request_nest(r, d->attr);
	request_s32(r, disk ? HS_A_DISK_FD : HS_A_NET_FD, d->fd);
	if (d->flags)
		request_u32(r, HS_A_DISK_FLAGS, d->flags);
	if (d->has_mac)
		request_bytes(r, HS_A_NET_MAC, d->mac, sizeof(d->mac));
	if (*d->id)
		request_string(r, disk ? HS_A_DISK_ID : HS_A_NET_ID, d->id);
	request_nest_end(r);
}

/**
 * dev_close - vctl needs a device no more
 * @d: open or not
 */
void dev_close(struct dev *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

/* ---- the verbs disk and net --------------------------------------------------------- */

static void take_added(const struct reply *rep, void *arg)
{
	const char *id = reply_string(rep, HS_A_DEV_ID);

	if (id)
		snprintf(arg, HS_DEV_ID_MAX + 1, "%s", id);
}

static void print_added(const char *id)
{
	struct json j;

	if (!globals.json) {
		if (!globals.quiet && *id)
			puts(id);
		return;
	}
	json_begin(&j, stdout, globals.pretty);
	json_array(&j, NULL);
	json_object(&j, NULL);
	json_string(&j, "id", id);
	json_end(&j);
}

static int add(const char *vm, const char *text, int (*open_it)(const char *, struct dev *))
{
	char id[HS_DEV_ID_MAX + 1] = "";
	struct nl_error e;
	struct request *r;
	struct dev d;
	int ret;

	r = request_new(HS_CMD_DEV_ADD, &e);
	if (!r)
		return request_error(&e);
	ret = vm_argument(vm, r);
	if (!ret)
		ret = open_it(text, &d);
	if (ret) {
		request_drop(r);
		return ret;
	}
	dev_put(r, &d);
	ret = request_do(r, take_added, id, &e) ? request_error(&e) : VCTL_OK;
	dev_close(&d);
	if (!ret)
		print_added(id);
	return ret;
}

/* @up: what its link is to be, for HS_CMD_DEV_SET */
static int change(int cmd, const char *vm, const char *id, const bool *up)
{
	const char *fault = name_fault(id);
	struct nl_error e;
	struct request *r;
	int ret;

	if (fault)
		return option_error("id", "%s: '%s'", fault, id);
	r = request_new(cmd, &e);
	if (!r)
		return request_error(&e);
	ret = vm_argument(vm, r);
	if (ret) {
		request_drop(r);
		return ret;
	}
	request_string(r, HS_A_DEV_ID, id);
	if (up)
		request_u32(r, HS_A_DEV_UP, *up);
	return request_do(r, NULL, NULL, &e) ? request_error(&e) : VCTL_OK;
}

static int run_dev(struct args *a, int (*open_it)(const char *, struct dev *))
{
	if (!strcmp(a->word[0], "add"))
		return add(a->word[1], a->word[2], open_it);
	if (!strcmp(a->word[0], "remove"))
		return change(HS_CMD_DEV_DEL, a->word[1], a->word[2], NULL);
	return usage_error("no such thing to do: '%s'", a->word[0]);
}

static int run_disk(struct args *a)
{
	return run_dev(a, disk_open);
}

static int run_net(struct args *a)
{
	bool up = !strcmp(a->word[0], "up");

	if (up || !strcmp(a->word[0], "down"))
		return change(HS_CMD_DEV_SET, a->word[1], a->word[2], &up);
	return run_dev(a, net_open);
}

static const struct option dev_options[] = {
	GLOBAL_OPTIONS
};

const struct verb verb_disk = {
	"disk", run_disk, dev_options, 3, 3,
	"add NAME FILE[,ro][,direct][,id=ID] | remove NAME ID",
	"Gives a VM a disk and prints its id, or takes one away.  The VM must not run.\n\n"
	"  FILE       an image or a block device; a comma in its name is written twice\n"
	"  ,ro        the guest may only read it\n"
	"  ,direct    past the host's page cache\n"
	"  ,id=ID     what it is called here, and its serial number for the guest;\n"
	"             disk0, disk1, ... without it\n"
};

const struct verb verb_net = {
	"net", run_net, dev_options, 3, 3,
	"add NAME TAP[,mac=MAC][,bridge=NAME][,id=ID] | remove NAME ID | up NAME ID | down NAME ID",
	"Gives a VM a network interface and prints its id, or takes one away: the VM must\n"
	"not run.  Or brings its link up or down, as plugging a cable in or out does.\n\n"
	"  TAP            a tap device; made when there is none of that name, for as\n"
	"                 long as the VM has it\n"
	"  ,mac=MAC       its address; without it one made from the names\n"
	"  ,bridge=NAME   puts the tap into that bridge and sets it up\n"
	"  ,id=ID         what it is called here; net0, net1, ... without it\n"
};
