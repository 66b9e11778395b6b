/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A kernel made of tables, against which vctl's verbs run in one process: it is in
 * place of nl.c.  One test program includes it once.
 */
#ifndef HS_VCTL_FAKE_H
#define HS_VCTL_FAKE_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "vctl.h"
#include "kselftest_harness.h"
#undef main

int vctl_main(int argc, char **argv);

/* ---- the fake kernel --------------------------------------------------------- */

/* One attribute of a reply: a number, a string, bytes, or a nest. */
struct attr {
	int type;
	uint64_t num;
	const char *str;
	const void *bytes;
	size_t len;
	const struct reply *nest;
};

struct reply {
	const struct attr *a;
	size_t nr;
};

#define REPLY(...) ((const struct reply){ (const struct attr[]){ __VA_ARGS__ }, \
	sizeof((const struct attr[]){ __VA_ARGS__ }) / sizeof(struct attr) })

struct request {
	int cmd;
	char text[4096];	/* attributes, as "type=value "; nests in braces */
};

#define EVENTS_MAX 8

static struct {
	bool absent;		/* no module */
	struct nl_error fail;	/* for @fail_cmd */
	int fail_cmd;
	const struct reply *reply[4];
	size_t nr_replies;
	/* To HS_CMD_DEV_GET; the second time to the second. */
	const struct reply *dev[2][8];
	size_t nr_devs[2], dev_dumps;
	size_t raise_at_dump;	/* this one of them brings SIGINT, 0: none */
	unsigned int dumps_interrupted;
	/* Events come one at a time, when somebody reads. */
	const struct reply *event[EVENTS_MAX];
	size_t nr_events, next_event;
	bool lose_first, gone;
	bool watching, acted_before_watching;
	char log[8192];		/* requests, as "cmd: attributes\n" */
} k;

static void remember(const struct request *r)
{
	size_t n = strlen(k.log);

	snprintf(k.log + n, sizeof(k.log) - n, "%d: %s\n", r->cmd, r->text);
	if (r->cmd == HS_CMD_VM_STOP && !k.watching)
		k.acted_before_watching = true;
}

struct request *request_new(int cmd, struct nl_error *e)
{
	struct request *r;

	memset(e, 0, sizeof(*e));
	if (k.absent) {
		e->absent = true;
		e->err = ENOENT;
		return NULL;
	}
	r = calloc(1, sizeof(*r));
	r->cmd = cmd;
	return r;
}

static void add(struct request *r, int attr, const char *val)
{
	size_t n = strlen(r->text);

	snprintf(r->text + n, sizeof(r->text) - n, "%d=%s ", attr, val);
}

static void add_number(struct request *r, int attr, long long val)
{
	char b[32];

	snprintf(b, sizeof(b), "%lld", val);
	add(r, attr, b);
}

void request_string(struct request *r, int attr, const char *val)
{
	add(r, attr, val);
}

void request_u32(struct request *r, int attr, uint32_t val)
{
	add_number(r, attr, val);
}

/* Descriptors are numbered anew in each run: only say that it is open. */
void request_s32(struct request *r, int attr, int32_t val)
{
	add(r, attr, fcntl(val, F_GETFD) >= 0 ? "open" : "closed");
}

void request_u64(struct request *r, int attr, uint64_t val)
{
	add_number(r, attr, val);
}

void request_flag(struct request *r, int attr)
{
	add(r, attr, "set");
}

void request_bytes(struct request *r, int attr, const void *data, size_t len)
{
	const unsigned char *p = data;
	char b[64] = "";
	size_t i;

	for (i = 0; i < len && i < 16; i++)
		snprintf(b + 2 * i, sizeof(b) - 2 * i, "%02x", p[i]);
	add(r, attr, b);
}

void request_nest(struct request *r, int attr)
{
	size_t n = strlen(r->text);

	snprintf(r->text + n, sizeof(r->text) - n, "%d={ ", attr);
}

void request_nest_end(struct request *r)
{
	size_t n = strlen(r->text);

	snprintf(r->text + n, sizeof(r->text) - n, "} ");
}

void request_drop(struct request *r)
{
	free(r);
}

static int serve(struct request *r, void (*fn)(const struct reply *, void *),
		 void *arg, struct nl_error *e)
{
	int cmd = r->cmd;
	size_t i;

	remember(r);
	free(r);
	memset(e, 0, sizeof(*e));
	if (cmd == k.fail_cmd) {
		*e = k.fail;
		return -1;
	}
	if (cmd == HS_CMD_DEV_GET) {
		size_t which = k.dev_dumps++ ? 1 : 0;

		if (k.dev_dumps == k.raise_at_dump)
			raise(SIGINT);
		for (i = 0; i < k.nr_devs[which]; i++)
			fn(k.dev[which][i], arg);
		return 0;
	}
	for (i = 0; fn && i < k.nr_replies; i++)
		fn(k.reply[i], arg);
	return 0;
}

int request_do(struct request *r, void (*fn)(const struct reply *, void *),
	       void *arg, struct nl_error *e)
{
	return serve(r, fn, arg, e);
}

int request_dump(struct request *r, void (*fn)(const struct reply *, void *),
		 void (*again)(void *), void *arg, struct nl_error *e)
{
	size_t i;

	while (k.dumps_interrupted) {
		k.dumps_interrupted--;
		for (i = 0; i < k.nr_replies; i++)
			fn(k.reply[i], arg);
		again(arg);
	}
	return serve(r, fn, arg, e);
}

static const struct attr *find(const struct reply *r, int type)
{
	size_t i;

	for (i = 0; i < r->nr; i++)
		if (r->a[i].type == type)
			return &r->a[i];
	return NULL;
}

bool reply_has(const struct reply *r, int attr)
{
	return find(r, attr);
}

bool reply_u32(const struct reply *r, int attr, uint32_t *val)
{
	const struct attr *a = find(r, attr);

	if (a)
		*val = a->num;
	return a;
}

bool reply_u64(const struct reply *r, int attr, uint64_t *val)
{
	const struct attr *a = find(r, attr);

	if (a)
		*val = a->num;
	return a;
}

const char *reply_string(const struct reply *r, int attr)
{
	const struct attr *a = find(r, attr);

	return a ? a->str : NULL;
}

const void *reply_bytes(const struct reply *r, int attr, size_t *len)
{
	const struct attr *a = find(r, attr);

	if (!a)
		return NULL;
	*len = a->len;
	return a->bytes;
}

void reply_each_string(const struct reply *r, int attr,
		       void (*fn)(const char *, void *), void *arg)
{
	size_t i;

	for (i = 0; i < r->nr; i++)
		if (r->a[i].type == attr)
			fn(r->a[i].str, arg);
}

void reply_each(const struct reply *r, int attr,
		void (*fn)(const struct reply *, void *), void *arg)
{
	size_t i;

	for (i = 0; i < r->nr; i++)
		if (r->a[i].type == attr)
			fn(r->a[i].nest, arg);
}

struct events {
	int fd;
};

struct events *events_open(struct nl_error *e)
{
	struct events *ev;

	memset(e, 0, sizeof(*e));
	if (k.absent) {
		e->absent = true;
		return NULL;
	}
	ev = malloc(sizeof(*ev));
	ev->fd = eventfd(k.nr_events, EFD_NONBLOCK);
	k.watching = true;
	return ev;
}

int events_fd(const struct events *ev)
{
	return ev->fd;
}

enum events_result events_read(struct events *ev,
			       void (*fn)(const struct reply *, void *), void *arg)
{
	uint64_t n;

	if (k.lose_first) {
		k.lose_first = false;
		return EVENTS_LOST;
	}
	if (k.gone)
		return EVENTS_GONE;
	if (k.next_event < k.nr_events)
		fn(k.event[k.next_event++], arg);
	if (k.next_event == k.nr_events && read(ev->fd, &n, sizeof(n)) < 0)
		return EVENTS_OK;
	return EVENTS_OK;
}

void events_close(struct events *ev)
{
	close(ev->fd);
	free(ev);
}

const struct verb verb_completion = { "completion", NULL, NULL, 1, 1, "bash", "" };

/* ---- running vctl ----------------------------------------------------------------- */

FIXTURE(vctl) {
	char out[16384], err[4096];
	int status;
};

FIXTURE_SETUP(vctl)
{
	memset(&k, 0, sizeof(k));
}

FIXTURE_TEARDOWN(vctl)
{
}

static int redirect(int fd, int *saved)
{
	char name[] = "/tmp/vctl_test.XXXXXX";
	int file = mkstemp(name);

	unlink(name);
	*saved = dup(fd);
	dup2(file, fd);
	return file;
}

static void take_back(int fd, int saved, int file, char *buf, size_t size)
{
	ssize_t n;

	dup2(saved, fd);
	close(saved);
	n = pread(file, buf, size - 1, 0);
	buf[n < 0 ? 0 : n] = '\0';
	close(file);
}

#define RUN(...) do {							\
	char *_v[] = { "vctl", __VA_ARGS__, NULL };			\
	int _so, _se, _o, _e;						\
	fflush(stdout);							\
	_o = redirect(1, &_so);						\
	_e = redirect(2, &_se);						\
	globals = (struct globals){ .where = "" };			\
	self->status = vctl_main(sizeof(_v) / sizeof(_v[0]) - 1, _v);	\
	fflush(stdout);							\
	take_back(1, _so, _o, self->out, sizeof(self->out));		\
	take_back(2, _se, _e, self->err, sizeof(self->err));		\
} while (0)

/* The same with standard output to a file that stays. */
#define RUN_TO(path, ...) do {						\
	char *_v[] = { "vctl", __VA_ARGS__, NULL };			\
	int _so, _se, _e, _full = open(path, O_WRONLY);			\
	fflush(stdout);							\
	_e = redirect(2, &_se);						\
	_so = dup(1);							\
	dup2(_full, 1);							\
	close(_full);							\
	globals = (struct globals){ .where = "" };			\
	self->status = vctl_main(sizeof(_v) / sizeof(_v[0]) - 1, _v);	\
	fflush(stdout);							\
	clearerr(stdout);						\
	dup2(_so, 1);							\
	close(_so);							\
	take_back(2, _se, _e, self->err, sizeof(self->err));		\
} while (0)

#define STATUS(s) EXPECT_EQ(self->status, s)
#define OUT(s) EXPECT_STREQ(self->out, s)
#define ERR(s) EXPECT_STREQ(self->err, s)

static const struct reply web_stats = REPLY({ HS_A_STAT_EXITS, .num = 12345 },
					    { HS_A_STAT_KICKS, .num = 0 });
static const struct reply web = REPLY(
	{ HS_A_VM_ID, .num = 3 }, { HS_A_VM_NAME, .str = "web" },
	{ HS_A_VM_STATE, .num = HS_VM_RUNNING }, { HS_A_VM_CPUS, .num = 2 },
	{ HS_A_VM_MEM_BYTES, .num = 512 << 20 },
	{ HS_A_VM_CHARGED_BYTES, .num = 100 << 20 },
	{ HS_A_VM_CPU_TIME_NS, .num = 1500000000 },
	{ HS_A_VM_UPTIME_NS, .num = 61000000000 },
	{ HS_A_VM_TTY, .num = 7 }, { HS_A_VM_FLAGS, .num = HS_VM_F_TESTDEV },
	{ HS_A_VM_STATS, .nest = &web_stats });
static const struct reply old = REPLY(
	{ HS_A_VM_ID, .num = 12 }, { HS_A_VM_NAME, .str = "old" },
	{ HS_A_VM_STATE, .num = HS_VM_FAILED },
	{ HS_A_VM_REASON, .str = "triple fault \033[2J" });

#define EVENT(vm, st, why) REPLY({ HS_A_VM_ID, .num = vm },		\
	{ HS_A_VM_STATE, .num = st }, { HS_A_VM_NAME, .str = "web" },	\
	{ HS_A_VM_OLD_STATE, .num = HS_VM_RUNNING },			\
	{ HS_A_VM_TIME_NS, .num = 1234567890 }, { HS_A_VM_REASON, .str = why })

#endif /* HS_VCTL_FAKE_H */
