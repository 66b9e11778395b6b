// SPDX-License-Identifier: GPL-2.0
/* Verbs that look at VMs: list, show. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "counters.h"
#include "devinfo.h"
#include "json.h"
#include "name.h"
#include "out.h"
#include "size.h"
#include "vctl.h"

#define NR(a)	(sizeof(a) / sizeof((a)[0]))

/* ---- one VM ------------------------------------------------------------------- */

enum kind { STATE, NUMBER, BYTES, UPTIME, CPU_TIME, TEXT, TEXTS, ON_PANIC, FLAGS, TIDS };

/* @key: in JSON; @label: for people */
static const struct field {
	int attr;
	enum kind kind;
	bool wide;		/* u64 */
	const char *key, *label;
} fields[] = {
	{ HS_A_VM_ID, NUMBER, false, "id", "id" },
	{ HS_A_VM_NAME, TEXT, false, "name", "name" },
	{ HS_A_VM_STATE, STATE, false, "state", "state" },
	{ HS_A_VM_REASON, TEXT, false, "reason", "reason" },
	{ HS_A_VM_CPUS, NUMBER, false, "cpus", "cpus" },
	{ HS_A_VM_MEM_BYTES, BYTES, true, "mem_max_bytes", "memory" },
	{ HS_A_VM_CHARGED_BYTES, BYTES, true, "charged_bytes", "held" },
	{ HS_A_VM_LARGE_BYTES, BYTES, true, "large_bytes", "by 2M pages" },
	{ HS_A_VM_OVERHEAD_BYTES, BYTES, true, "overhead_bytes", "overhead" },
	{ HS_A_VM_UPTIME_NS, UPTIME, true, "uptime_ns", "uptime" },
	{ HS_A_VM_CPU_TIME_NS, CPU_TIME, true, "cpu_time_ns", "cpu time" },
	{ HS_A_VM_RESETS, NUMBER, false, "resets", "resets" },
	{ HS_A_VM_EXIT_CODE, NUMBER, false, "exit_code", "exit code" },
	{ HS_A_VM_TTY, NUMBER, false, "tty", "console" },
	{ HS_A_VM_CMDLINE, TEXT, false, "append", "append" },
	{ HS_A_VM_ON_PANIC, ON_PANIC, false, "on_panic", "on panic" },
	{ HS_A_VM_PAGE_BYTES, BYTES, false, "page_bytes", "page size" },
	{ HS_A_VM_FLAGS, FLAGS, false, "testdev", "test device" },
	{ HS_A_VM_CPU_HIDE, TEXTS, false, "cpu_hide", "cpu hides" },
	{ HS_A_VM_TIDS, TIDS, false, "vcpus", "threads" },
};

static bool number(const struct reply *rep, const struct field *f, uint64_t *val)
{
	uint32_t v;

	if (f->wide)
		return reply_u64(rep, f->attr, val);
	if (!reply_u32(rep, f->attr, &v))
		return false;
	*val = v;
	return true;
}

static const char *on_panic_name(uint64_t val)
{
	return val == HS_ON_PANIC_FAIL ? "fail" :
	       val == HS_ON_PANIC_RESET ? "reset" : "unknown";
}

static const char *size_text(uint64_t val, char buf[FORMAT_MAX])
{
	if (!globals.bytes)
		return size_format(val, buf);
	snprintf(buf, FORMAT_MAX, "%" PRIu64, val);
	return buf;
}

static uint32_t tid_at(const uint8_t *tids, size_t i)
{
	uint32_t tid;

	memcpy(&tid, tids + i * sizeof(tid), sizeof(tid));
	return tid;
}

static void tids_print(const struct reply *rep, const struct field *f)
{
	size_t len, i;
	const uint8_t *tids = reply_bytes(rep, f->attr, &len);

	if (!tids || len < sizeof(uint32_t))
		return;
	printf("%-12s", f->label);
	for (i = 0; i < len / sizeof(uint32_t); i++)
		printf(" %" PRIu32, tid_at(tids, i));
	putchar('\n');
}

static void tids_json(struct json *j, const struct reply *rep, const struct field *f)
{
	size_t len, i;
	const uint8_t *tids = reply_bytes(rep, f->attr, &len);

	if (!tids)
		return;
	json_array(j, f->key);
	for (i = 0; i < len / sizeof(uint32_t); i++) {
		json_object(j, NULL);
		json_u64(j, "vcpu", i);
		/* 0: not in this PID namespace, so not known here. */
		if (tid_at(tids, i))
			json_u64(j, "tid", tid_at(tids, i));
		json_close(j);
	}
	json_close(j);
}

static void text_print(const char *s, void *arg)
{
	char safe[256];

	(void)arg;
	safe_text(s, safe, sizeof(safe));
	printf(" %s", safe);
}

static void texts_print(const struct reply *rep, const struct field *f)
{
	if (!reply_has(rep, f->attr))
		return;
	printf("%-12s", f->label);
	reply_each_string(rep, f->attr, text_print, NULL);
	putchar('\n');
}

static void text_json(const char *s, void *arg)
{
	json_string(arg, NULL, s);
}

static void texts_json(struct json *j, const struct reply *rep, const struct field *f)
{
	if (!reply_has(rep, f->attr))
		return;
	json_array(j, f->key);
	reply_each_string(rep, f->attr, text_json, j);
	json_close(j);
}

/* For people; NULL when it is not known. */
static const char *field_text(const struct reply *rep, const struct field *f,
			      char buf[FORMAT_MAX])
{
	uint64_t val;

	if (f->kind == TEXT)
		return reply_string(rep, f->attr);
	if (f->kind == TIDS || f->kind == TEXTS)
		return NULL;
	if (!number(rep, f, &val))
		return NULL;
	switch (f->kind) {
	case STATE:
		return state_name(val);
	case BYTES:
		return size_text(val, buf);
	case UPTIME:
		return uptime_format(val, buf);
	case CPU_TIME:
		return cpu_time_format(val, buf);
	case ON_PANIC:
		return on_panic_name(val);
	case FLAGS:
		return val & HS_VM_F_TESTDEV ? "yes" : "no";
	default:
		snprintf(buf, FORMAT_MAX, "%" PRIu64, val);
		return buf;
	}
}

static void field_json(struct json *j, const struct reply *rep,
		       const struct field *f)
{
	const char *s;
	uint64_t val;

	if (f->kind == TEXT) {
		s = reply_string(rep, f->attr);
		if (s)
			json_string(j, f->key, s);
		return;
	}
	if (f->kind == TIDS) {
		tids_json(j, rep, f);
		return;
	}
	if (f->kind == TEXTS) {
		texts_json(j, rep, f);
		return;
	}
	if (!number(rep, f, &val))
		return;
	if (f->kind == STATE)
		json_string(j, f->key, state_name(val));
	else if (f->kind == ON_PANIC)
		json_string(j, f->key, on_panic_name(val));
	else if (f->kind == FLAGS)
		json_bool(j, f->key, val & HS_VM_F_TESTDEV);
	else
		json_u64(j, f->key, val);
}

static void stats_json(const struct reply *rep, void *arg)
{
	struct json *j = arg;
	uint64_t val;
	size_t i;

	json_object(j, "stats");
	for (i = 0; i < VM_COUNTERS; i++)
		if (reply_u64(rep, vm_counters[i].attr, &val))
			json_u64(j, vm_counters[i].key, val);
	json_close(j);
}

/* @devices: NULL when they were not asked for */
static void vm_json(struct json *j, const struct reply *rep, const struct devices *devices)
{
	size_t i;

	json_object(j, NULL);
	for (i = 0; i < NR(fields); i++)
		field_json(j, rep, &fields[i]);
	reply_each(rep, HS_A_VM_STATS, stats_json, j);
	if (devices) {
		json_array(j, "devices");
		for (i = 0; i < devices->nr; i++)
			dev_json(j, &devices->dev[i]);
		json_close(j);
	}
	json_close(j);
}

/* ---- list --------------------------------------------------------------------------- */

/* No attribute of its own. */
#define COLUMN_CPU_SHARE	(-1)

static const struct list_column {
	struct column c;
	int attr;
} list_columns[] = {
	{ { "ID", true, true }, HS_A_VM_ID },
	{ { "NAME", false, true }, HS_A_VM_NAME },
	{ { "STATE", false, true }, HS_A_VM_STATE },
	{ { "VCPUS", true, true }, HS_A_VM_CPUS },
	{ { "MEM-MAX", true, true }, HS_A_VM_MEM_BYTES },
	{ { "MEM-CUR", true, true }, HS_A_VM_CHARGED_BYTES },
	{ { "CPU%", true, true }, COLUMN_CPU_SHARE },
	{ { "UPTIME", true, true }, HS_A_VM_UPTIME_NS },
	{ { "CPU-TIME", true, false }, HS_A_VM_CPU_TIME_NS },
	{ { "TTY", true, false }, HS_A_VM_TTY },
	{ { "OVERHEAD", true, false }, HS_A_VM_OVERHEAD_BYTES },
	{ { "RESETS", true, false }, HS_A_VM_RESETS },
	{ { "EXITS", true, false }, HS_A_VM_STATS },
	{ { "EXIT-CODE", true, false }, HS_A_VM_EXIT_CODE },
	{ { "REASON", false, false }, HS_A_VM_REASON },
};

struct list {
	struct table table;
	struct json json;
	bool no_memory;
};

static const struct field *field_of(int attr)
{
	size_t i;

	for (i = 0; i < NR(fields); i++)
		if (fields[i].attr == attr)
			return &fields[i];
	return NULL;
}

static void take_exits(const struct reply *rep, void *arg)
{
	uint64_t val;

	if (reply_u64(rep, HS_A_STAT_EXITS, &val))
		snprintf(arg, FORMAT_MAX, "%" PRIu64, val);
}

/*
 * CPU time by uptime, in percent of one CPU, as ps has it: since the start, not
 * of the last moment.
 */
static const char *cpu_share(const struct reply *rep, char buf[FORMAT_MAX])
{
	uint64_t cpu, up;

	if (!reply_u64(rep, HS_A_VM_CPU_TIME_NS, &cpu) ||
	    !reply_u64(rep, HS_A_VM_UPTIME_NS, &up) || !up)
		return NULL;
	snprintf(buf, FORMAT_MAX, "%.1f", 100.0 * cpu / up);
	return buf;
}

static void list_row(const struct reply *rep, void *arg)
{
	char buf[NR(list_columns)][FORMAT_MAX];
	const char *values[NR(list_columns)];
	struct list *l = arg;
	size_t i;

	if (globals.json) {
		vm_json(&l->json, rep, NULL);
		return;
	}
	for (i = 0; i < NR(list_columns); i++) {
		int attr = list_columns[i].attr;

		buf[i][0] = '\0';
		if (attr == HS_A_VM_STATS) {
			reply_each(rep, attr, take_exits, buf[i]);
			values[i] = buf[i];
			continue;
		}
		if (attr == COLUMN_CPU_SHARE) {
			values[i] = cpu_share(rep, buf[i]);
			continue;
		}
		values[i] = field_text(rep, field_of(attr), buf[i]);
	}
	if (!table_add(&l->table, values))
		l->no_memory = true;
}

/* The list changed while it was read: begin anew. */
static void list_again(void *arg)
{
	struct list *l = arg;

	table_free(&l->table);
	if (globals.json) {
		json_restart(&l->json);
		json_array(&l->json, NULL);
	}
}

static int list_dump(struct list *l)
{
	struct nl_error e;
	struct request *r = request_new(HS_CMD_VM_GET, &e);

	if (!r || request_dump(r, list_row, list_again, l, &e))
		return request_error(&e);
	if (l->no_memory)
		return failure(VCTL_ERROR, "no memory");
	return VCTL_OK;
}

static int list_json(struct list *l)
{
	int ret;

	if (!json_hold(&l->json, globals.pretty))
		return failure(VCTL_ERROR, "no memory");
	json_array(&l->json, NULL);
	ret = list_dump(l);
	json_release(&l->json, ret ? NULL : stdout);
	return ret;
}

static int run_list(struct args *a)
{
	struct column columns[NR(list_columns)];
	struct list l = { .no_memory = false };
	char bad[64];
	size_t i;
	int ret;

	(void)a;
	for (i = 0; i < NR(list_columns); i++)
		columns[i] = list_columns[i].c;
	if (!table_init(&l.table, columns, NR(columns), globals.columns, bad,
			sizeof(bad)))
		return usage_error("no such column: '%s'", bad);
	if (globals.json)
		return list_json(&l);
	ret = list_dump(&l);
	if (!ret)
		table_print(&l.table, stdout, !globals.noheading);
	table_free(&l.table);
	return ret;
}

static const struct option list_options[] = {
	GLOBAL_OPTIONS
};

const struct verb verb_list = {
	"list", run_list, list_options, 0, 0, "",
	"Lists all VMs.\n\n"
	"Columns for -o: ID NAME STATE VCPUS MEM-MAX MEM-CUR CPU% UPTIME (these are\n"
	"shown without it) CPU-TIME TTY OVERHEAD RESETS EXITS EXIT-CODE REASON\n"
};

/* ---- show --------------------------------------------------------------------------- */

static void print_stats(const struct reply *rep, void *arg)
{
	uint64_t val;
	size_t i;

	(void)arg;
	for (i = 0; i < VM_COUNTERS; i++)
		if (reply_u64(rep, vm_counters[i].attr, &val) && val)
			printf("%-12s %" PRIu64 "\n", vm_counters[i].key, val);
}

static void show_text(const struct reply *rep, const struct devices *devices)
{
	char buf[FORMAT_MAX], safe[4 * HS_CMDLINE_MAX + 1];
	const char *s;
	size_t i;

	for (i = 0; i < NR(fields); i++) {
		if (fields[i].kind == TIDS)
			tids_print(rep, &fields[i]);
		if (fields[i].kind == TEXTS)
			texts_print(rep, &fields[i]);
		s = field_text(rep, &fields[i], buf);
		if (!s || !*s)
			continue;
		safe_text(s, safe, sizeof(safe));
		printf("%-12s %s%s\n", fields[i].label,
		       fields[i].attr == HS_A_VM_TTY ? "/dev/ttyHS" : "", safe);
	}
	reply_each(rep, HS_A_VM_STATS, print_stats, NULL);
	for (i = 0; i < devices->nr; i++)
		dev_print(&devices->dev[i]);
}

static void show_json(const struct reply *rep, const struct devices *devices)
{
	struct json j;

	json_begin(&j, stdout, globals.pretty);
	json_array(&j, NULL);
	vm_json(&j, rep, devices);
	json_end(&j);
}

static void show_state(const struct reply *rep)
{
	uint32_t state = 0;

	reply_u32(rep, HS_A_VM_STATE, &state);
	puts(state_name(state));
}

/* @ret: what became of it */
struct show {
	bool only_state;
	int ret;
};

/* All is there before anything is printed: the output is one document. */
static void show_all(const struct reply *rep, struct show *s)
{
	char id[FORMAT_MAX];
	struct devices d;
	uint32_t number = 0;

	/* Not by name: it may be another VM's by now. */
	reply_u32(rep, HS_A_VM_ID, &number);
	snprintf(id, sizeof(id), "%" PRIu32, number);
	s->ret = devices_get(id, &d);
	if (!s->ret && globals.json)
		show_json(rep, &d);
	else if (!s->ret)
		show_text(rep, &d);
	devices_free(&d);
}

static void show_reply(const struct reply *rep, void *arg)
{
	struct show *s = arg;

	if (!s->only_state)
		show_all(rep, s);
	else if (globals.json)
		show_json(rep, NULL);
	else
		show_state(rep);
}

static int run_show(struct args *a)
{
	struct show s = { .only_state = args_option(a, "state"), .ret = VCTL_OK };
	struct nl_error e;
	struct request *r = request_new(HS_CMD_VM_GET, &e);
	int ret;

	if (!r)
		return request_error(&e);
	ret = vm_argument(a->word[0], r);
	if (ret) {
		request_drop(r);
		return ret;
	}
	return request_do(r, show_reply, &s, &e) ? request_error(&e) : s.ret;
}

static const struct option show_options[] = {
	{ "state", 's', NULL },
	GLOBAL_OPTIONS
};

const struct verb verb_show = {
	"show", run_show, show_options, 1, 1, "NAME [--state]",
	"Shows what there is to know about a VM; counters that are 0 are left out.\n\n"
	"  --state   only the state, in one word\n"
};
