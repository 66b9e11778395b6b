// SPDX-License-Identifier: GPL-2.0
/* Verbs that change a VM: create, start, stop, pause, resume, reset, destroy. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "json.h"
#include "name.h"
#include "size.h"
#include "vctl.h"

/* What a VM gets without --mem. */
#define DEFAULT_MEM	(256ULL << 20)

static const struct option plain_options[] = {
	GLOBAL_OPTIONS
};

/*
 * VT-x, or a part of it that is needed, is not there.  An attribute that this
 * module does not know has the same errno, but is named.
 */
static bool no_host(const struct nl_error *e)
{
	return e->err == EOPNOTSUPP && !*e->attr;
}

static int host_error(const struct nl_error *e)
{
	int ret = request_error(e);

	return no_host(e) ? VCTL_NO_HOST : ret;
}

/* ---- create ------------------------------------------------------------------- */

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

/* What the kernel is not asked about, because it is no question of the VM. */
static int create_numbers(struct args *a, uint64_t *mem, uint32_t *cpus,
			  uint32_t *on_panic, uint32_t *page)
{
	const char *s = args_option(a, "mem");
	uint64_t bytes;

	*mem = DEFAULT_MEM;
	if (s && !size_parse(s, mem))
		return option_error("mem", "not a size: '%s' (512M, 2G, ...)", s);
	s = args_option(a, "cpus");
	*cpus = 1;
	if (s && !u32_parse(s, cpus))
		return option_error("cpus", "not a number: '%s'", s);
	s = args_option(a, "on-panic");
	*on_panic = HS_ON_PANIC_FAIL;
	if (s && !strcmp(s, "reset"))
		*on_panic = HS_ON_PANIC_RESET;
	else if (s && strcmp(s, "fail"))
		return option_error("on-panic", "'%s' is neither fail nor reset", s);
	s = args_option(a, "page-size");
	*page = HS_PAGE_4K;
	if (s && (!size_parse(s, &bytes) || (bytes != HS_PAGE_4K && bytes != HS_PAGE_2M)))
		return option_error("page-size", "'%s' is neither 4K nor 2M", s);
	if (s)
		*page = bytes;
	return VCTL_OK;
}

static int create_request(struct args *a, int kernel, int initrd)
{
	const char *append = args_option(a, "append");
	uint32_t cpus = 1, on_panic = HS_ON_PANIC_FAIL, page = HS_PAGE_4K;
	struct created c = { 0 };
	struct nl_error e;
	struct request *r;
	uint64_t mem;
	int ret = create_numbers(a, &mem, &cpus, &on_panic, &page);

	if (ret)
		return ret;
	r = request_new(HS_CMD_VM_NEW, &e);
	if (!r)
		return request_error(&e);
	request_string(r, HS_A_VM_NAME, a->word[0]);
	request_s32(r, HS_A_VM_KERNEL_FD, kernel);
	if (initrd >= 0)
		request_s32(r, HS_A_VM_INITRD_FD, initrd);
	request_u64(r, HS_A_VM_MEM_BYTES, mem);
	request_u32(r, HS_A_VM_CPUS, cpus);
	request_u32(r, HS_A_VM_ON_PANIC, on_panic);
	if (args_option(a, "page-size"))
		request_u32(r, HS_A_VM_PAGE_BYTES, page);
	if (append)
		request_string(r, HS_A_VM_CMDLINE, append);
	if (args_option(a, "testdev"))
		request_u32(r, HS_A_VM_FLAGS, HS_VM_F_TESTDEV);
	if (request_do(r, take_created, &c, &e))
		return host_error(&e);
	print_created(a->word[0], &c);
	return VCTL_OK;
}

/* Files are opened here, so that the caller's permissions count. */
static int run_create(struct args *a)
{
	const char *kernel = args_option(a, "kernel");
	const char *initrd = args_option(a, "initrd");
	const char *fault = name_fault(a->word[0]);
	int kfd, ifd = -1, ret;

	if (fault)
		return option_error("name", "%s: '%s'", fault, a->word[0]);
	if (!kernel)
		return usage_error("--kernel is missing");
	kfd = open(kernel, O_RDONLY | O_CLOEXEC);
	if (kfd < 0)
		return system_error(errno, "kernel", "cannot open '%s'", kernel);
	if (initrd) {
		ifd = open(initrd, O_RDONLY | O_CLOEXEC);
		if (ifd < 0) {
			ret = system_error(errno, "initrd", "cannot open '%s'",
					   initrd);
			close(kfd);
			return ret;
		}
	}
	ret = create_request(a, kfd, ifd);
	if (ifd >= 0)
		close(ifd);
	close(kfd);
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
	{ "testdev", 0, NULL },
	GLOBAL_OPTIONS
};

const struct verb verb_create = {
	"create", run_create, create_options, 1, 1,
	"NAME --kernel FILE [--initrd FILE] [--append STRING] [--mem SIZE] [--cpus N] [--on-panic fail|reset] [--page-size 4K|2M] [--testdev]",
	"Makes a VM and prints its id.  It does not run until 'vctl start'.\n\n"
	"  --kernel FILE    bzImage, ELF with a PVH entry, or multiboot 1\n"
	"  --initrd FILE    initial RAM disk, or multiboot module\n"
	"  --append STRING  kernel command line\n"
	"  --mem SIZE       memory the guest sees (256M); K, M, G, T are binary\n"
	"  --cpus N         virtual CPUs (1)\n"
	"  --on-panic WHAT  when the guest panics: fail (the default) or reset\n"
	"  --page-size SIZE what the host gives at a touch: 4K (the default) or 2M\n"
	"  --testdev        with the device that tests of a machine need\n"
};

/* ---- one command, one VM ---------------------------------------------------------- */

static int simple(int cmd, const char *word, bool force, struct nl_error *e)
{
	struct request *r = request_new(cmd, e);
	int ret;

	if (!r)
		return request_error(e);
	ret = vm_argument(word, r);
	if (ret) {
		request_drop(r);
		return ret;
	}
	if (force)
		request_flag(r, HS_A_VM_FORCE);
	if (request_do(r, NULL, NULL, e))
		return request_error(e);
	return VCTL_OK;
}

static int run_pause(struct args *a)
{
	struct nl_error e;

	return simple(HS_CMD_VM_PAUSE, a->word[0], false, &e);
}

static int run_resume(struct args *a)
{
	struct nl_error e;

	return simple(HS_CMD_VM_RESUME, a->word[0], false, &e);
}

static int run_reset(struct args *a)
{
	struct nl_error e;

	return simple(HS_CMD_VM_RESET, a->word[0], false, &e);
}

static int run_destroy(struct args *a)
{
	struct nl_error e;

	return simple(HS_CMD_VM_DEL, a->word[0], false, &e);
}

const struct verb verb_pause = {
	"pause", run_pause, plain_options, 1, 1, "NAME",
	"Stops the VM's CPUs until 'vctl resume'.\n"
};

const struct verb verb_resume = {
	"resume", run_resume, plain_options, 1, 1, "NAME",
	"Lets a paused VM go on.\n"
};

const struct verb verb_reset = {
	"reset", run_reset, plain_options, 1, 1, "NAME",
	"Resets the VM, as the button on the box does.\n"
};

const struct verb verb_destroy = {
	"destroy", run_destroy, plain_options, 1, 1, "NAME",
	"Takes away a VM that is defined, stopped or failed.\n"
};

/* ---- start ----------------------------------------------------------------------- */

static const struct option start_options[] = {
	{ "console", 'c', NULL },
	GLOBAL_OPTIONS
};

static int run_start(struct args *a)
{
	struct nl_error e = { 0 };
	struct vm_brief vm;
	int ret;

	ret = simple(HS_CMD_VM_START, a->word[0], false, &e);
	if (ret == VCTL_ERROR && no_host(&e))
		return VCTL_NO_HOST;
	if (ret || !args_option(a, "console"))
		return ret;
	ret = vm_get(a->word[0], &vm, NULL);
	return ret ? ret : console_run(&vm);
}

const struct verb verb_start = {
	"start", run_start, start_options, 1, 1, "NAME [--console]",
	"Runs a VM that is defined, stopped or failed.\n\n"
	"  --console   then opens its console, as 'vctl console' does\n"
};

/* ---- stop ------------------------------------------------------------------------ */

static const struct option stop_options[] = {
	{ "force", 'f', NULL },
	{ "timeout", 't', "SECONDS" },
	GLOBAL_OPTIONS
};

struct stop {
	const char *word;
	bool force;
};

static int send_stop(void *arg)
{
	struct stop *s = arg;
	struct nl_error e;

	return simple(HS_CMD_VM_STOP, s->word, s->force, &e);
}

static int run_stop(struct args *a)
{
	struct stop s = { a->word[0], args_option(a, "force") != NULL };
	const char *timeout = args_option(a, "timeout");
	uint64_t ms;

	if (!timeout)
		return send_stop(&s);
	if (!seconds_parse(timeout, &ms))
		return option_error("timeout", "not a number of seconds: '%s'",
				    timeout);
	return wait_for_state(s.word, 1ULL << HS_VM_STOPPED, ms, send_stop, &s,
			      NULL);
}

const struct verb verb_stop = {
	"stop", run_stop, stop_options, 1, 1,
	"NAME [--force] [--timeout SECONDS]",
	"Presses the VM's power button; the guest does the rest in its time.\n\n"
	"  --force             ends it at once, as pulling the plug does\n"
	"  --timeout SECONDS   waits until it is stopped; exit status 3 when it\n"
	"                      is not by then\n"
};
