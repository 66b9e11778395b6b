// SPDX-License-Identifier: GPL-2.0
/*
 * The verb stat: counters of VMs and their devices, since the start, or per
 * second again and again.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "counters.h"
#include "devinfo.h"
#include "json.h"
#include "name.h"
#include "out.h"
#include "size.h"
#include "vctl.h"

#define NS_PER_SEC	1000000000

struct vm_sample {
	uint32_t id, state;
	char name[HS_NAME_MAX + 1];
	uint64_t cpu_ns, uptime_ns;
	uint64_t counter[VM_COUNTERS];
};

/* @at_ns: CLOCK_MONOTONIC */
struct sample {
	struct vm_sample *vm;
	size_t nr, room;
	struct devices devices;
	uint64_t at_ns;
	bool no_memory;
};

/* ---- taking a sample ---------------------------------------------------------------- */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

static void take_counters(const struct reply *nest, void *arg)
{
	struct vm_sample *v = arg;
	size_t i;

	for (i = 0; i < VM_COUNTERS; i++)
		reply_u64(nest, vm_counters[i].attr, &v->counter[i]);
}

static void take_vm(const struct reply *rep, void *arg)
{
	const char *name = reply_string(rep, HS_A_VM_NAME);
	struct sample *s = arg;
	struct vm_sample *v;

	if (s->nr == s->room) {
		size_t room = s->room ? 2 * s->room : 16;

		v = realloc(s->vm, room * sizeof(*v));
		if (!v) {
			s->no_memory = true;
			return;
		}
		s->vm = v;
		s->room = room;
	}
	v = &s->vm[s->nr++];
	memset(v, 0, sizeof(*v));
	snprintf(v->name, sizeof(v->name), "%s", name ? name : "");
	reply_u32(rep, HS_A_VM_ID, &v->id);
	reply_u32(rep, HS_A_VM_STATE, &v->state);
	reply_u64(rep, HS_A_VM_CPU_TIME_NS, &v->cpu_ns);
	reply_u64(rep, HS_A_VM_UPTIME_NS, &v->uptime_ns);
	reply_each(rep, HS_A_VM_STATS, take_counters, v);
}

static void again(void *arg)
{
	struct sample *s = arg;

	s->nr = 0;
}

static void sample_free(struct sample *s)
{
	free(s->vm);
	devices_free(&s->devices);
	*s = (struct sample){ .vm = NULL };
}

static int vms_get(const char *word, struct sample *s)
{
	struct nl_error e;
	struct request *r = request_new(HS_CMD_VM_GET, &e);
	int ret;

	if (!r)
		return request_error(&e);
	ret = word ? vm_argument(word, r) : VCTL_OK;
	if (ret) {
		request_drop(r);
		return ret;
	}
	if (word ? request_do(r, take_vm, s, &e) : request_dump(r, take_vm, again, s, &e))
		return request_error(&e);
	return s->no_memory ? failure(VCTL_ERROR, "no memory") : VCTL_OK;
}

/* To be freed, whatever is returned. */
static int sample_take(const char *word, struct sample *s)
{
	int ret;

	*s = (struct sample){ .at_ns = now_ns() };
	ret = vms_get(word, s);
	return ret ? ret : devices_get(word, &s->devices);
}

/* ---- comparing two ------------------------------------------------------------------ */

static const struct vm_sample *find_vm(const struct sample *s, uint32_t id)
{
	size_t i;

	for (i = 0; s && i < s->nr; i++)
		if (s->vm[i].id == id)
			return &s->vm[i];
	return NULL;
}

static const struct devinfo *find_dev(const struct sample *s, const struct devinfo *d)
{
	size_t i;

	for (i = 0; s && i < s->devices.nr; i++)
		if (s->devices.dev[i].vm == d->vm && !strcmp(s->devices.dev[i].id, d->id))
			return &s->devices.dev[i];
	return NULL;
}

/* What is printed: with an earlier sample per second, else as it is. */
static uint64_t value(uint64_t now, const uint64_t *before, uint64_t ns)
{
	return ns ? per_second(now, before ? *before : 0, ns) : now;
}

static uint64_t interval(const struct sample *now, const struct sample *before)
{
	return before && now->at_ns > before->at_ns ? now->at_ns - before->at_ns : 0;
}

/* CPU time in percent of one CPU. */
static const char *cpu_share(const struct vm_sample *v, const struct vm_sample *old,
			     uint64_t ns, char buf[FORMAT_MAX])
{
	uint64_t cpu = v->cpu_ns, over = ns ? ns : v->uptime_ns;

	if (old && ns && old->cpu_ns <= cpu)
		cpu -= old->cpu_ns;
	if (!over)
		return NULL;
	snprintf(buf, FORMAT_MAX, "%.1f", 100.0 * cpu / over);
	return buf;
}

/* ---- tables ------------------------------------------------------------------------- */

/* Columns before the counters. */
enum { COL_ID, COL_NAME, COL_CPU, COL_COUNTERS };
#define VM_COLUMNS	(COL_COUNTERS + VM_COUNTERS)

static void vm_columns(struct column c[VM_COLUMNS])
{
	size_t i;

	c[COL_ID] = (struct column){ "ID", true, false };
	c[COL_NAME] = (struct column){ "NAME", false, true };
	c[COL_CPU] = (struct column){ "CPU%", true, true };
	for (i = 0; i < VM_COUNTERS; i++)
		c[COL_COUNTERS + i] = (struct column){ vm_counters[i].column, true,
						       vm_counters[i].standard };
}

static bool vm_row(struct table *t, const struct vm_sample *v, const struct vm_sample *old,
		   uint64_t ns)
{
	char buf[VM_COLUMNS][FORMAT_MAX];
	const char *cell[VM_COLUMNS];
	size_t i;

	snprintf(buf[COL_ID], FORMAT_MAX, "%" PRIu32, v->id);
	cell[COL_ID] = buf[COL_ID];
	cell[COL_NAME] = v->name;
	cell[COL_CPU] = cpu_share(v, old, ns, buf[COL_CPU]);
	for (i = 0; i < VM_COUNTERS; i++) {
		char *b = buf[COL_COUNTERS + i];

		snprintf(b, FORMAT_MAX, "%" PRIu64,
			 value(v->counter[i], old ? &old->counter[i] : NULL, ns));
		cell[COL_COUNTERS + i] = b;
	}
	return table_add(t, cell);
}

static const struct column dev_columns[] = {
	{ "NAME", false, true }, { "DEVICE", false, true },
	{ "REQUESTS", true, true }, { "READ", true, true }, { "WRITTEN", true, true },
	{ "ERRORS", true, true }, { "KICKS", true, true }, { "SIGNALS", true, true },
};
#define DEV_COLUMNS	(sizeof(dev_columns) / sizeof(dev_columns[0]))

static bool dev_row(struct table *t, const char *vm, const struct devinfo *d,
		    const struct devinfo *old, uint64_t ns)
{
	char buf[DEV_COUNTERS][FORMAT_MAX];
	const char *cell[DEV_COLUMNS] = { vm, d->id };
	int c;

	for (c = 0; c < DEV_COUNTERS; c++) {
		uint64_t v = value(d->counter[c], old ? &old->counter[c] : NULL, ns);

		if ((c == DEV_READ_BYTES || c == DEV_WRITE_BYTES) && !globals.bytes)
			size_format(v, buf[c]);
		else
			snprintf(buf[c], FORMAT_MAX, "%" PRIu64, v);
		cell[2 + c] = buf[c];
	}
	return table_add(t, cell);
}

static int print_vms(const struct sample *now, const struct sample *before, uint64_t ns)
{
	struct column columns[VM_COLUMNS];
	struct table t;
	char bad[64];
	bool ok;
	size_t i;

	vm_columns(columns);
	ok = table_init(&t, columns, VM_COLUMNS, globals.columns, bad, sizeof(bad));
	for (i = 0; ok && i < now->nr; i++)
		ok = vm_row(&t, &now->vm[i], find_vm(before, now->vm[i].id), ns);
	if (ok)
		table_print(&t, stdout, !globals.noheading);
	table_free(&t);
	return ok ? VCTL_OK : failure(VCTL_ERROR, "no memory");
}

static int print_devices(const struct sample *now, const struct sample *before, uint64_t ns)
{
	struct table t;
	char bad[64];
	bool ok = table_init(&t, dev_columns, DEV_COLUMNS, NULL, bad, sizeof(bad));
	size_t i;

	for (i = 0; ok && i < now->devices.nr; i++) {
		const struct devinfo *d = &now->devices.dev[i];
		const struct vm_sample *v = find_vm(now, d->vm);

		if (v)
			ok = dev_row(&t, v->name, d, find_dev(before, d), ns);
	}
	if (ok && t.rows) {
		if (!globals.noheading)
			putchar('\n');
		table_print(&t, stdout, !globals.noheading);
	}
	table_free(&t);
	return ok ? VCTL_OK : failure(VCTL_ERROR, "no memory");
}

/* ---- JSON --------------------------------------------------------------------------- */

static void vm_counters_json(struct json *j, const char *key, const struct vm_sample *v,
			     const struct vm_sample *old, uint64_t ns)
{
	size_t i;

	json_object(j, key);
	for (i = 0; i < VM_COUNTERS; i++)
		json_u64(j, vm_counters[i].key,
			 value(v->counter[i], old ? &old->counter[i] : NULL, ns));
	json_close(j);
}

static void devices_json(struct json *j, const struct vm_sample *v, const struct sample *now,
			 const struct sample *before, uint64_t ns)
{
	size_t i;
	int c;

	json_array(j, "devices");
	for (i = 0; i < now->devices.nr; i++) {
		const struct devinfo *d = &now->devices.dev[i], *old = find_dev(before, d);

		if (d->vm != v->id)
			continue;
		json_object(j, NULL);
		json_string(j, "id", d->id);
		for (c = 0; c < DEV_COUNTERS; c++)
			json_u64(j, dev_counter_key(c), d->counter[c]);
		if (ns) {
			json_object(j, "per_second");
			for (c = 0; c < DEV_COUNTERS; c++)
				json_u64(j, dev_counter_key(c),
					 value(d->counter[c], old ? &old->counter[c] : NULL, ns));
			json_close(j);
		}
		json_close(j);
	}
	json_close(j);
}

static void sample_json(const struct sample *now, const struct sample *before, uint64_t ns)
{
	struct json j;
	size_t i;

	json_begin(&j, stdout, globals.pretty);
	json_array(&j, NULL);
	for (i = 0; i < now->nr; i++) {
		const struct vm_sample *v = &now->vm[i];

		json_object(&j, NULL);
		json_u64(&j, "id", v->id);
		json_string(&j, "name", v->name);
		json_string(&j, "state", state_name(v->state));
		json_u64(&j, "time_ns", now->at_ns);
		json_u64(&j, "cpu_time_ns", v->cpu_ns);
		vm_counters_json(&j, "stats", v, NULL, 0);
		if (ns) {
			json_u64(&j, "interval_ns", ns);
			vm_counters_json(&j, "per_second", v, find_vm(before, v->id), ns);
		}
		devices_json(&j, v, now, before, ns);
		json_close(&j);
	}
	json_end(&j);
}

/* ---- the verb ----------------------------------------------------------------------- */

static int print(const struct sample *now, const struct sample *before)
{
	uint64_t ns = interval(now, before);
	int ret;

	if (globals.json) {
		sample_json(now, before, ns);
		return VCTL_OK;
	}
	ret = print_vms(now, before, ns);
	/* Who chooses columns of VMs wants to see these. */
	return ret || globals.columns ? ret : print_devices(now, before, ns);
}

/* Until @end; false when the user has seen enough. */
static bool wait_until(uint64_t end, const sigset_t *enough)
{
	uint64_t now;

	while ((now = now_ns()) < end) {
		struct timespec left = { (end - now) / NS_PER_SEC, (end - now) % NS_PER_SEC };

		if (sigtimedwait(enough, NULL, &left) > 0)
			return false;
	}
	return true;
}

static int follow(const char *word, uint64_t ms, uint64_t count, const sigset_t *enough)
{
	struct sample before, now;
	bool first = true;
	int ret = sample_take(word, &before);
	uint64_t end = before.at_ns;

	while (!ret && count--) {
		end += ms * 1000000;
		/* Behind by a whole interval or more: no sense in catching up. */
		if (end < now_ns())
			end = now_ns();
		if (!wait_until(end, enough))
			break;
		ret = sample_take(word, &now);
		if (!ret) {
			if (!first && !globals.json && !globals.noheading)
				putchar('\n');
			first = false;
			ret = print(&now, &before);
		}
		sample_free(&before);
		before = now;
		/* What was printed is to be read now; who cannot write, ends. */
		if (fflush(stdout) || ferror(stdout))
			break;
	}
	sample_free(&before);
	return ret;
}

/* Who started vctl may have it ignore a signal, as shells do in the background. */
static void add_signal(sigset_t *set, int sig)
{
	struct sigaction sa;

	if (!sigaction(sig, NULL, &sa) && sa.sa_handler != SIG_IGN)
		sigaddset(set, sig);
}

/* While it lasts, SIGINT and SIGTERM end it between two samples. */
static int run_interval(const char *word, uint64_t ms, uint64_t count)
{
	sigset_t enough, old;
	int ret;

	sigemptyset(&enough);
	add_signal(&enough, SIGINT);
	add_signal(&enough, SIGTERM);
	sigprocmask(SIG_BLOCK, &enough, &old);
	ret = follow(word, ms, count, &enough);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return ret;
}

static int run_stat(struct args *a)
{
	const char *word = a->words ? a->word[0] : NULL;
	const char *every = args_option(a, "interval"), *times = args_option(a, "count");
	struct column columns[VM_COLUMNS];
	uint64_t ms = 1000;
	uint32_t count = 0;
	struct sample s;
	struct table t;
	char bad[64];
	int ret;

	if (every && (!seconds_parse(every, &ms) || !ms))
		return option_error("interval", "not a number of seconds: '%s'", every);
	if (times && (!u32_parse(times, &count) || !count))
		return option_error("count", "not a number from 1 on: '%s'", times);
	vm_columns(columns);
	if (!table_init(&t, columns, VM_COLUMNS, globals.columns, bad, sizeof(bad)))
		return usage_error("no such column: '%s'", bad);
	if (every || times)
		return run_interval(word, ms, times ? count : UINT64_MAX);
	ret = sample_take(word, &s);
	if (!ret)
		ret = print(&s, NULL);
	sample_free(&s);
	return ret;
}

static const struct option stat_options[] = {
	{ "interval", 'i', "SECONDS" },
	{ "count", 'c', "COUNT" },
	GLOBAL_OPTIONS
};

const struct verb verb_stat = {
	"stat", run_stat, stat_options, 0, 1, "[NAME] [--interval SECONDS] [--count COUNT]",
	"Counts what VMs and their devices have done since they started.\n\n"
	"  --interval SECONDS   again and again, what they did per second meanwhile\n"
	"  --count COUNT        so often; without it until interrupted\n\n"
	"Columns for -o: NAME CPU% EXITS FAST IRQ IO MMIO MSR CPUID CR HLT EPT OTHER\n"
	"INJECTED KICKS FAULTS (these are shown without it, and a table of devices) ID\n"
	"SLICES REFAULTS INVEPT INVVPID VMX-ACCESS VMX-MANAGE WRMSR XSTATE SPLITS\n"
	"COLLAPSES ACKS\n"
};
