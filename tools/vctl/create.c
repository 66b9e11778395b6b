// SPDX-License-Identifier: GPL-2.0
/*
 * The verb create.  Files are opened here, so that the caller's permissions
 * count.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dev.h"
#include "json.h"
#include "name.h"
#include "size.h"
#include "vctl.h"

/* What a VM gets without --mem. */
#define DEFAULT_MEM	(256ULL << 20)

struct created {
	uint32_t id, tty;
	bool has_id, has_tty;
};

static void take_created(const struct reply *rep, void *arg)
{
	struct created *c = arg;

	c->has_id |= reply_u32(rep, HS_A_VM_ID, &c->id);
	c->has_tty |= reply_u32(rep, HS_A_VM_TTY, &c->tty);
}

static void print_created(const char *name, const struct created *c)
{
	struct json j;

	if (!globals.json) {
		if (!globals.quiet && c->has_id)
			printf("%" PRIu32 "\n", c->id);
		return;
	}
	json_begin(&j, stdout, globals.pretty);
	json_array(&j, NULL);
	json_object(&j, NULL);
	if (c->has_id)
		json_u64(&j, "id", c->id);
	json_string(&j, "name", name);
	if (c->has_tty)
		json_u64(&j, "tty", c->tty);
	json_end(&j);
}

/* All of a command line, ready to be asked for. */
struct create {
	const char *name, *append;
	uint64_t mem;
	uint32_t cpus, on_panic, page, flags;
	bool has_page;
	int kernel, initrd;
	struct dev dev[ARGS_MANY];
	size_t devs;
};

/* What the kernel is not asked about, because it is no question of the VM. */
static int take_numbers(struct args *a, struct create *c)
{
	const char *s = args_option(a, "mem");
	uint64_t bytes;

	c->mem = DEFAULT_MEM;
	if (s && !size_parse(s, &c->mem))
		return option_error("mem", "not a size: '%s' (512M, 2G, ...)", s);
	s = args_option(a, "cpus");
	c->cpus = 1;
	if (s && !u32_parse(s, &c->cpus))
		return option_error("cpus", "not a number: '%s'", s);
	s = args_option(a, "on-panic");
	c->on_panic = HS_ON_PANIC_FAIL;
	if (s && !strcmp(s, "reset"))
		c->on_panic = HS_ON_PANIC_RESET;
	else if (s && strcmp(s, "fail"))
		return option_error("on-panic", "'%s' is neither fail nor reset", s);
	s = args_option(a, "page-size");
	if (s && (!size_parse(s, &bytes) || (bytes != HS_PAGE_4K && bytes != HS_PAGE_2M)))
		return option_error("page-size", "'%s' is neither 4K nor 2M", s);
	c->has_page = s;
	if (s)
		c->page = bytes;
	c->flags = (args_option(a, "testdev") ? HS_VM_F_TESTDEV : 0) |
		   (args_option(a, "rng") ? HS_VM_F_RNG : 0);
	return VCTL_OK;
}

static int open_image(const char *option, const char *file, int *fd)
{
	*fd = open(file, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return system_error(errno, option, "cannot open '%s'", file);
	return VCTL_OK;
}

static int open_devs(struct args *a, struct create *c, const char *option,
		     int (*open_it)(const char *, struct dev *))
{
	const char *text;
	size_t i = 0;
	int ret;

	while ((text = args_next(a, option, &i))) {
		ret = open_it(text, &c->dev[c->devs]);
		if (ret)
			return ret;
		c->devs++;
	}
	return VCTL_OK;
}

static int open_all(struct args *a, struct create *c)
{
	const char *initrd = args_option(a, "initrd");
	int ret = open_image("kernel", args_option(a, "kernel"), &c->kernel);

	if (!ret && initrd)
		ret = open_image("initrd", initrd, &c->initrd);
	if (!ret)
		ret = open_devs(a, c, "disk", disk_open);
	/* Last, as it may make a tap. */
	return ret ? ret : open_devs(a, c, "net", net_open);
}

static void close_all(struct create *c)
{
	while (c->devs)
		dev_close(&c->dev[--c->devs]);
	if (c->initrd >= 0)
		close(c->initrd);
	if (c->kernel >= 0)
		close(c->kernel);
}

/* avx512f,pcid: one attribute each. */
static int put_hidden(struct args *a, struct request *r)
{
	char word[HS_FEATURE_MAX + 1];
	const char *s;
	size_t i = 0, len;

	while ((s = args_next(a, "cpu-hide", &i))) {
		for (;; s += len + 1) {
			len = strcspn(s, ",");
			if (!len || len > HS_FEATURE_MAX)
				return option_error("cpu-hide", "not the name of a CPU feature: '%.*s'",
						    (int)(len > 64 ? 64 : len), s);
			snprintf(word, sizeof(word), "%.*s", (int)len, s);
			request_string(r, HS_A_VM_CPU_HIDE, word);
			if (!s[len])
				break;
		}
	}
	return VCTL_OK;
}

static int ask(struct args *a, const struct create *c)
{
	struct created done = { 0 };
	struct nl_error e;
	struct request *r = request_new(HS_CMD_VM_NEW, &e);
	size_t i;
	int ret;

	if (!r)
		return request_error(&e);
	request_string(r, HS_A_VM_NAME, c->name);
	request_s32(r, HS_A_VM_KERNEL_FD, c->kernel);
	if (c->initrd >= 0)
		request_s32(r, HS_A_VM_INITRD_FD, c->initrd);
	request_u64(r, HS_A_VM_MEM_BYTES, c->mem);
	request_u32(r, HS_A_VM_CPUS, c->cpus);
	request_u32(r, HS_A_VM_ON_PANIC, c->on_panic);
	if (c->has_page)
		request_u32(r, HS_A_VM_PAGE_BYTES, c->page);
	if (c->append)
		request_string(r, HS_A_VM_CMDLINE, c->append);
	if (c->flags)
		request_u32(r, HS_A_VM_FLAGS, c->flags);
	for (i = 0; i < c->devs; i++)
		dev_put(r, &c->dev[i]);
	ret = put_hidden(a, r);
	if (ret) {
		request_drop(r);
		return ret;
	}
	if (request_do(r, take_created, &done, &e)) {
		ret = request_error(&e);
		return no_host(&e) ? VCTL_NO_HOST : ret;
	}
	print_created(c->name, &done);
	return VCTL_OK;
}

static int run_create(struct args *a)
{
	struct create c = { .name = a->word[0], .kernel = -1, .initrd = -1 };
	const char *fault = name_fault(c.name);
	int ret;

	if (fault)
		return option_error("name", "%s: '%s'", fault, c.name);
	if (!args_option(a, "kernel"))
		return usage_error("--kernel is missing");
	c.append = args_option(a, "append");
	ret = take_numbers(a, &c);
	if (!ret)
		ret = open_all(a, &c);
	if (!ret)
		ret = ask(a, &c);
	close_all(&c);
	return ret;
}

static const struct option create_options[] = {
	{ "kernel", 'k', "FILE" },
	{ "initrd", 'i', "FILE" },
	{ "append", 'a', "STRING" },
	{ "mem", 'm', "SIZE" },
	{ "cpus", 'c', "N" },
	{ "on-panic", 0, "fail|reset" },
	{ "page-size", 0, "4K|2M" },
	{ "disk", 'd', "SPEC..." },
	{ "net", 0, "SPEC..." },
	{ "rng", 0, NULL },
	{ "cpu-hide", 0, "FEATURES..." },
	{ "testdev", 0, NULL },
	GLOBAL_OPTIONS
};

const struct verb verb_create = {
	"create", run_create, create_options, 1, 1,
	"NAME --kernel FILE [--initrd FILE] [--append STRING] [--mem SIZE] [--cpus N] [--disk FILE[,ro][,direct][,id=ID]]... [--net TAP[,mac=MAC][,bridge=NAME][,id=ID]]... [--rng] [--cpu-hide FEATURE[,FEATURE]...] [--on-panic fail|reset] [--page-size 4K|2M] [--testdev]",
	"Makes a VM and prints its id.  It does not run until 'vctl start'.\n\n"
	"  --kernel FILE    bzImage, ELF with a PVH entry, or multiboot 1\n"
	"  --initrd FILE    initial RAM disk, or multiboot module\n"
	"  --append STRING  kernel command line\n"
	"  --mem SIZE       memory the guest sees (256M); K, M, G, T are binary\n"
	"  --cpus N         virtual CPUs (1)\n"
	"  --disk FILE...   a disk: an image or a block device; see 'vctl help disk'\n"
	"  --net TAP...     a network interface: a tap device; see 'vctl help net'\n"
	"  --rng            with a source of entropy\n"
	"  --cpu-hide FEATURE,...  what the guest's CPUs shall not have, of what\n"
	"                   /proc/cpuinfo calls flags\n"
	"  --on-panic WHAT  when the guest panics: fail (the default) or reset\n"
	"  --page-size SIZE what the host gives at a touch: 4K (the default) or 2M\n"
	"  --testdev        with the device that tests of a machine need\n"
};
