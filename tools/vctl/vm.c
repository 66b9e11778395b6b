// SPDX-License-Identifier: GPL-2.0
/* Verbs that change a VM that is there: start, stop, pause, resume, reset, destroy. */
#include "size.h"
#include "vctl.h"

static const struct option plain_options[] = {
	GLOBAL_OPTIONS
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
