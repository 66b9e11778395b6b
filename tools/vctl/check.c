// SPDX-License-Identifier: GPL-2.0
/*
 * Verb check: can this host run VMs?  The module knows about VT-x; why there
 * is no module is found out here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "json.h"
#include "name.h"
#include "vctl.h"

struct check {
	struct json json;
	bool failed;		/* a requirement */
	unsigned int shown;
};

static const char *level_name(uint32_t level)
{
	return level == HS_CHECK_REQUIRED ? "required" :
	       level == HS_CHECK_OPTIONAL ? "optional" :
	       level == HS_CHECK_INFO ? "info" : "unknown";
}

static const char *verdict(uint32_t level, bool ok)
{
	if (level == HS_CHECK_INFO)
		return "info";
	if (ok)
		return "ok";
	return level == HS_CHECK_REQUIRED ? "FAIL" : "no";
}

static void print_text(const char *name, const char *source, uint32_t level,
		       bool ok, const char *detail, const char *remedy)
{
	char safe[1024];

	safe_text(name, safe, sizeof(safe));
	printf("%-4s  %s", verdict(level, ok), safe);
	if (source && *source) {
		safe_text(source, safe, sizeof(safe));
		printf(" (%s)", safe);
	}
	if (detail && *detail) {
		safe_text(detail, safe, sizeof(safe));
		printf(": %s", safe);
	}
	putchar('\n');
	if (!ok && remedy && *remedy) {
		safe_text(remedy, safe, sizeof(safe));
		printf("      -> %s\n", safe);
	}
}

static void print_json(struct json *j, const char *name, const char *source,
		       uint32_t level, bool ok, const char *detail,
		       const char *remedy)
{
	json_object(j, NULL);
	json_string(j, "name", name);
	if (source && *source)
		json_string(j, "source", source);
	json_string(j, "level", level_name(level));
	json_bool(j, "ok", ok);
	if (detail && *detail)
		json_string(j, "detail", detail);
	if (!ok && remedy && *remedy)
		json_string(j, "remedy", remedy);
	json_close(j);
}

static void show(struct check *c, const char *name, const char *source,
		 uint32_t level, bool ok, const char *detail, const char *remedy)
{
	if (level == HS_CHECK_REQUIRED && !ok)
		c->failed = true;
	c->shown++;
	if (globals.json)
		print_json(&c->json, name, source, level, ok, detail, remedy);
	else if (!globals.quiet || !ok)
		print_text(name, source, level, ok, detail, remedy);
}

static void show_nest(const struct reply *rep, void *arg)
{
	const char *name = reply_string(rep, HS_A_CHECK_NAME);
	uint32_t level = 0, ok = 0;

	reply_u32(rep, HS_A_CHECK_LEVEL, &level);
	reply_u32(rep, HS_A_CHECK_OK, &ok);
	show(arg, name ? name : "?", reply_string(rep, HS_A_CHECK_SOURCE), level,
	     ok, reply_string(rep, HS_A_CHECK_DETAIL),
	     reply_string(rep, HS_A_CHECK_REMEDY));
}

static void show_reply(const struct reply *rep, void *arg)
{
	reply_each(rep, HS_A_CHECK, show_nest, arg);
}

/* What is asked about does not change, so a dump cannot be inconsistent. */
static void show_again(void *arg)
{
	(void)arg;
}

/* ---- without the module ------------------------------------------------------------ */

static bool file_has(const char *path, const char *word)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	if (!f)
		return false;
	while (!found && getline(&line, &room, f) >= 0)
		found = strstr(line, word);
	free(line);
	fclose(f);
	return found;
}

static void show_lockdown(struct check *c)
{
	static const char path[] = "/sys/kernel/security/lockdown";
	bool locked = file_has(path, "[integrity]") ||
		      file_has(path, "[confidentiality]");

	show(c, "unsigned modules allowed", path, HS_CHECK_REQUIRED, !locked,
	     locked ? "the kernel is locked down (Secure Boot)" : NULL,
	     "sign the module with a key that is enrolled (mokutil --import /var/lib/dkms/mok.pub, then restart), or turn Secure Boot off");
}

static void show_host(struct check *c)
{
	show(c, "hyperspace module", "net-pf-16-proto-16-family-hyperspace",
	     HS_CHECK_REQUIRED, false, "not loaded",
	     geteuid() ? "as root: modprobe hyperspace" :
	     "modprobe hyperspace; if that fails, dmesg says why; if it is not installed: make install or make dkms-install");
	show(c, "VT-x", "/proc/cpuinfo", HS_CHECK_REQUIRED,
	     file_has("/proc/cpuinfo", " vmx"), NULL,
	     "turn on VT-x (Intel Virtualization Technology) in the firmware; in a VM, nested virtualization in its host");
	show_lockdown(c);
}

/* ---- the verb ------------------------------------------------------------------------ */

static int finish(struct check *c)
{
	if (globals.json)
		json_release(&c->json, stdout);
	else if (c->failed)
		puts("This host cannot run VMs yet.");
	else if (!globals.quiet)
		puts("This host can run VMs.");
	return c->failed ? VCTL_NO_HOST : VCTL_OK;
}

static int run_check(struct args *a)
{
	struct check c = { .failed = false };
	struct nl_error e;
	struct request *r = request_new(HS_CMD_CHECK, &e);

	(void)a;
	if (!r && !e.absent)
		return request_error(&e);
	if (globals.json) {
		if (!json_hold(&c.json, globals.pretty)) {
			request_drop(r);
			return failure(VCTL_ERROR, "no memory");
		}
		json_array(&c.json, NULL);
	}
	if (!r) {
		show_host(&c);
		return finish(&c);
	}
	if (request_dump(r, show_reply, show_again, &c, &e)) {
		if (globals.json)
			json_release(&c.json, NULL);
		return request_error(&e);
	}
	return finish(&c);
}

static const struct option check_options[] = {
	GLOBAL_OPTIONS
};

const struct verb verb_check = {
	"check", run_check, check_options, 0, 0, "",
	"Says whether this host can run VMs: a line for each requirement, with the\n"
	"remedy where one fails.  Exit status 4 when it cannot.  With -q, only what\n"
	"is not there.\n"
};
