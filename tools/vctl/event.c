// SPDX-License-Identifier: GPL-2.0
/*
 * Verbs that follow events: wait, monitor.
 *
 * Who waits subscribes first and looks at the VM then, so that no change can
 * fall between the two.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "json.h"
#include "name.h"
#include "size.h"
#include "vctl.h"

#define BIT(state)	(1ULL << (state))
/* States that a VM leaves only when somebody starts it again. */
#define ENDED		(BIT(HS_VM_STOPPED) | BIT(HS_VM_FAILED))

/* @missed: it ended, but in a way that was not waited for */
struct wait {
	uint64_t states;
	struct vm_brief vm;
	bool reached, missed;
};

static void see(struct wait *w, uint32_t state, const char *reason)
{
	if (w->reached || w->missed || state > 63)
		return;
	w->vm.state = state;
	snprintf(w->vm.reason, sizeof(w->vm.reason), "%s", reason ? reason : "");
	if (w->states & BIT(state))
		w->reached = true;
	else if (state == HS_VM_DESTROYED)
		w->missed = true;
	else if ((BIT(state) & ENDED) && !(w->states & ~(ENDED | BIT(HS_VM_DESTROYED))))
		w->missed = w->states & ENDED;
}

static void on_event(const struct reply *rep, void *arg)
{
	struct wait *w = arg;
	uint32_t id, state;

	if (reply_u32(rep, HS_A_VM_ID, &id) && id == w->vm.id &&
	    reply_u32(rep, HS_A_VM_STATE, &state))
		see(w, state, reply_string(rep, HS_A_VM_REASON));
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The VM as it is now; one that is gone counts as destroyed. */
static int look(struct wait *w, const char *word)
{
	struct vm_brief vm;
	bool absent;
	int ret = vm_get(word, &vm, &absent);

	if (ret)
		return ret;
	if (absent) {
		see(w, HS_VM_DESTROYED, NULL);
		return VCTL_OK;
	}
	w->vm = vm;
	see(w, vm.state, vm.reason);
	return VCTL_OK;
}

static int not_reached(const struct wait *w, const char *word)
{
	if (w->vm.state == HS_VM_DESTROYED)
		return failure(VCTL_ERROR, w->vm.id ? "VM '%s' was destroyed" :
			       "there is no VM '%s'", word);
	return failure(VCTL_ERROR, "VM '%s' is %s%s%s", word,
		       state_name(w->vm.state), *w->vm.reason ? ": " : "",
		       w->vm.reason);
}

static int module_gone(void)
{
	return failure(VCTL_NO_HOST, "the hyperspace module was unloaded");
}

/* Until reached, missed, or @end (ms; -1 = never). */
static int follow(struct wait *w, struct events *ev, int64_t end)
{
	struct pollfd p = { .fd = events_fd(ev), .events = POLLIN };
	char id[FORMAT_MAX];
	int64_t left = -1;
	int ret;

	/* From now on it is this VM, whatever else gets its name. */
	snprintf(id, sizeof(id), "%" PRIu32, w->vm.id);
	while (!w->reached && !w->missed) {
		if (end >= 0) {
			left = end - now_ms();
			if (left <= 0)
				return failure(VCTL_TIMEOUT, "timeout: VM '%s' is %s",
					       w->vm.name, state_name(w->vm.state));
		}
		ret = poll(&p, 1, left < 0 ? -1 : left > 60000 ? 60000 : (int)left);
		if (ret < 0 && errno != EINTR)
			return system_error(errno, NULL, "cannot wait");
		if (ret <= 0)
			continue;
		switch (events_read(ev, on_event, w)) {
		case EVENTS_OK:
			break;
		case EVENTS_LOST:
			ret = look(w, id);
			if (ret)
				return ret;
			break;
		case EVENTS_GONE:
			return module_gone();
		case EVENTS_ERROR:
			return failure(VCTL_ERROR, "cannot read events");
		}
	}
	return VCTL_OK;
}

/**
 * wait_for_state - wait until a VM is in one of some states
 * @word: its name or id
 * @states: bits by enum hs_vm_state
 * @timeout_ms: how long, or -1
 * @act: if not NULL, called once changes are watched
 * @arg: for @act
 * @reached: if not NULL, receives the state
 *
 * A state that the VM is in only for a moment counts.  When only the two
 * states in which a VM has ended are asked for and it ends in the other, there
 * is nothing to wait for.
 *
 * Return: VCTL_OK; VCTL_TIMEOUT; or, having said why, another exit status.
 */
int wait_for_state(const char *word, uint64_t states, int64_t timeout_ms,
		   int (*act)(void *arg), void *arg, uint32_t *reached)
{
	int64_t end = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	struct wait w = { .states = states };
	struct nl_error e;
	struct events *ev = events_open(&e);
	int ret;

	if (!ev)
		return request_error(&e);
	ret = act ? act(arg) : VCTL_OK;
	if (!ret)
		ret = look(&w, word);
	if (!ret)
		ret = follow(&w, ev, end);
	events_close(ev);
	if (!ret && w.missed)
		return not_reached(&w, word);
	if (!ret && reached)
		*reached = w.vm.state;
	return ret;
}

/* ---- wait ---------------------------------------------------------------------- */

static const struct option wait_options[] = {
	{ "timeout", 't', "SECONDS" },
	GLOBAL_OPTIONS
};

static int parse_states(const char *s, uint64_t *states, bool *several)
{
	uint32_t state;
	size_t len;

	*states = 0;
	*several = strchr(s, ',');
	for (;; s += len + 1) {
		len = strcspn(s, ",");
		if (!state_parse(s, len, &state))
			return usage_error("no such state: '%.*s'", (int)len, s);
		*states |= BIT(state);
		if (!s[len])
			return VCTL_OK;
	}
}

static void print_reached(const char *word, uint32_t state)
{
	struct json j;

	json_begin(&j, stdout, globals.pretty);
	json_array(&j, NULL);
	json_object(&j, NULL);
	json_string(&j, "name", word);
	json_string(&j, "state", state_name(state));
	json_end(&j);
}

static int run_wait(struct args *a)
{
	const char *timeout = args_option(a, "timeout");
	uint64_t states, ms = 0;
	uint32_t reached;
	bool several;
	int ret = parse_states(a->word[1], &states, &several);

	if (ret)
		return ret;
	if (timeout && !seconds_parse(timeout, &ms))
		return option_error("timeout", "not a number of seconds: '%s'",
				    timeout);
	ret = wait_for_state(a->word[0], states, timeout ? (int64_t)ms : -1,
			     NULL, NULL, &reached);
	if (!ret && globals.json)
		print_reached(a->word[0], reached);
	else if (!ret && several && !globals.quiet)
		puts(state_name(reached));
	return ret;
}

const struct verb verb_wait = {
	"wait", run_wait, wait_options, 2, 2,
	"NAME STATE[,STATE...] [--timeout SECONDS]",
	"Waits until the VM is in that state: defined, running, paused, stopped,\n"
	"failed or destroyed.  With several states, prints the one that came.  A VM\n"
	"that fails will not be stopped any more, nor the other way round: that ends\n"
	"the wait with exit status 2.\n\n"
	"  --timeout SECONDS   then gives up, with exit status 3\n"
};

/* ---- monitor --------------------------------------------------------------------- */

static void print_event_json(const struct reply *rep)
{
	const char *name = reply_string(rep, HS_A_VM_NAME);
	const char *reason = reply_string(rep, HS_A_VM_REASON);
	uint64_t time;
	uint32_t v;
	struct json j;

	json_begin(&j, stdout, false);
	json_object(&j, NULL);
	if (reply_u64(rep, HS_A_VM_TIME_NS, &time))
		json_u64(&j, "time_ns", time);
	if (reply_u32(rep, HS_A_VM_ID, &v))
		json_u64(&j, "id", v);
	if (name)
		json_string(&j, "name", name);
	if (reply_u32(rep, HS_A_VM_OLD_STATE, &v))
		json_string(&j, "old_state", state_name(v));
	if (reply_u32(rep, HS_A_VM_STATE, &v))
		json_string(&j, "state", state_name(v));
	if (reason)
		json_string(&j, "reason", reason);
	json_end(&j);
}

static void print_event(const struct reply *rep, void *arg)
{
	const char *name = reply_string(rep, HS_A_VM_NAME);
	const char *reason = reply_string(rep, HS_A_VM_REASON);
	uint32_t state = 0, old = 0;
	char safe[1024];
	uint64_t time = 0;

	(void)arg;
	if (globals.json) {
		print_event_json(rep);
		return;
	}
	reply_u64(rep, HS_A_VM_TIME_NS, &time);
	reply_u32(rep, HS_A_VM_STATE, &state);
	safe_text(name ? name : "-", safe, sizeof(safe));
	printf("[%5" PRIu64 ".%06" PRIu64 "] %s: ", time / 1000000000,
	       time / 1000 % 1000000, safe);
	/* A VM that was just made has no state before. */
	if (reply_u32(rep, HS_A_VM_OLD_STATE, &old) && old != state)
		printf("%s -> ", state_name(old));
	fputs(state_name(state), stdout);
	if (reason && *reason) {
		safe_text(reason, safe, sizeof(safe));
		printf(": %s", safe);
	}
	putchar('\n');
	fflush(stdout);
}

/* One line of the list that stands for events that were lost. */
static void print_current(const struct reply *rep, void *arg)
{
	const char *name = reply_string(rep, HS_A_VM_NAME);
	uint32_t id = 0, state = 0;
	char safe[1024];
	struct json j;

	(void)arg;
	reply_u32(rep, HS_A_VM_ID, &id);
	reply_u32(rep, HS_A_VM_STATE, &state);
	if (!globals.json) {
		safe_text(name ? name : "-", safe, sizeof(safe));
		printf("[now] %s: %s\n", safe, state_name(state));
		return;
	}
	json_begin(&j, stdout, false);
	json_object(&j, NULL);
	json_u64(&j, "id", id);
	if (name)
		json_string(&j, "name", name);
	json_string(&j, "state", state_name(state));
	json_end(&j);
}

/* The list may be longer for it, and is right at its end. */
static void print_again(void *arg)
{
	(void)arg;
}

/* Events were lost: says so, and how things are now. */
static int show_current(void)
{
	struct request *r;
	struct nl_error e;
	struct json j;

	fputs("vctl: monitor: events were lost; all VMs as they are now:\n", stderr);
	if (globals.json) {
		json_begin(&j, stdout, false);
		json_object(&j, NULL);
		json_bool(&j, "lost", true);
		json_end(&j);
	}
	r = request_new(HS_CMD_VM_GET, &e);
	if (!r || request_dump(r, print_current, print_again, NULL, &e))
		return request_error(&e);
	fflush(stdout);
	return VCTL_OK;
}

static int run_monitor(struct args *a)
{
	struct nl_error e;
	struct events *ev = events_open(&e);
	struct pollfd p = { .events = POLLIN };
	int ret = VCTL_OK;

	(void)a;
	if (!ev)
		return request_error(&e);
	p.fd = events_fd(ev);
	while (!ret && !ferror(stdout)) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			ret = system_error(errno, NULL, "cannot wait");
		switch (events_read(ev, print_event, NULL)) {
		case EVENTS_OK:
			break;
		case EVENTS_LOST:
			ret = show_current();
			break;
		case EVENTS_GONE:
			ret = module_gone();
			break;
		case EVENTS_ERROR:
			ret = failure(VCTL_ERROR, "cannot read events");
		}
	}
	events_close(ev);
	return ret;
}

static const struct option monitor_options[] = {
	GLOBAL_OPTIONS
};

const struct verb verb_monitor = {
	"monitor", run_monitor, monitor_options, 0, 0, "",
	"Prints a line for each change of a VM's state, until interrupted.  With -j,\n"
	"one JSON object a line.  When events were lost, says so and goes on with the\n"
	"state of all VMs.\n"
};
