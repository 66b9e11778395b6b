// SPDX-License-Identifier: GPL-2.0
/*
 * vctl's verbs against a kernel made of tables: what they ask, what they print,
 * how they exit.  nl.c is replaced by what is here.
 */
#include <errno.h>
#include <fcntl.h>
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
	char text[4096];	/* attributes, as "type=value " */
};

#define EVENTS_MAX 8

static struct {
	bool absent;		/* no module */
	struct nl_error fail;	/* for @fail_cmd */
	int fail_cmd;
	const struct reply *reply[4];
	size_t nr_replies;
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

/* ---- list and show ------------------------------------------------------------------ */

TEST_F(vctl, list)
{
	k.reply[0] = &web;
	k.reply[1] = &old;
	k.nr_replies = 2;
	RUN("list");
	STATUS(0);
	OUT("ID  NAME  STATE    VCPUS  MEM-MAX  MEM-CUR  CPU%  UPTIME\n"
	    " 3  web   running      2     512M     100M   2.5   1m01s\n"
	    "12  old   failed       -        -        -     -       -\n");
	RUN("ls", "-n", "-o", "name,exits,mem-cur,reason", "--bytes");
	OUT("web  12345  104857600  -\n"
	    "old      -          -  triple fault \\x1b[2J\n");
	RUN("-j", "list");
	OUT("[{\"id\":3,\"name\":\"web\",\"state\":\"running\",\"cpus\":2,\"mem_max_bytes\":536870912,"
	    "\"charged_bytes\":104857600,\"uptime_ns\":61000000000,\"cpu_time_ns\":1500000000,"
	    "\"tty\":7,\"testdev\":true,\"stats\":{\"exits\":12345,\"kicks\":0}},"
	    "{\"id\":12,\"name\":\"old\",\"state\":\"failed\",\"reason\":\"triple fault \\u001b[2J\"}]\n");
	RUN("list", "-o", "id,colour");
	STATUS(1);
	ERR("vctl: list: no such column: 'colour'\nTry 'vctl help list'.\n");
}

TEST_F(vctl, interrupted_dumps_list_nothing_twice)
{
	k.reply[0] = &web;
	k.nr_replies = 1;
	k.dumps_interrupted = 3;
	RUN("list", "-n", "-o", "NAME");
	OUT("web\n");
	k.dumps_interrupted = 2;
	RUN("list", "-j", "-o", "NAME");
	EXPECT_EQ(strstr(self->out + 4, "\"web\""), strrchr(self->out, 'w') - 1);
	EXPECT_EQ(memcmp(self->out, "[{", 2), 0);
	k.nr_replies = 0;
	RUN("list", "-j");
	OUT("[]\n");
}

TEST_F(vctl, show)
{
	k.reply[0] = &web;
	k.nr_replies = 1;
	RUN("show", "web");
	STATUS(0);
	OUT("id           3\nname         web\nstate        running\ncpus         2\n"
	    "memory       512M\nheld         100M\nuptime       1m01s\ncpu time     1.5s\n"
	    "console      /dev/ttyHS7\ntest device  yes\nexits        12345\n");
	EXPECT_STREQ(k.log, "3: 3=web \n");
	RUN("show", "web", "--state");
	OUT("running\n");
	RUN("status", "3", "-j", "-p");
	EXPECT_NE(strstr(self->out, "\n    \"state\": \"running\",\n"), NULL);
	EXPECT_NE(strstr(k.log, "3: 2=3 \n"), NULL);
}

TEST_F(vctl, show_memory_and_threads)
{
	/* Not aligned, as in a message; the second is in another namespace. */
	static const struct { char pad; uint32_t tid[2]; } __attribute__((packed)) v = { 0, { 77, 0 } };
	const struct reply r = REPLY({ HS_A_VM_PAGE_BYTES, .num = HS_PAGE_2M },
				     { HS_A_VM_LARGE_BYTES, .num = 64 << 20 },
				     { HS_A_VM_TIDS, .bytes = &v.pad + 1, .len = 8 });

	k.reply[0] = &r;
	k.nr_replies = 1;
	RUN("show", "web");
	OUT("by 2M pages  64M\npage size    2M\nthreads      77 0\n");
	RUN("show", "web", "-j");
	OUT("[{\"large_bytes\":67108864,\"page_bytes\":2097152,"
	    "\"vcpus\":[{\"vcpu\":0,\"tid\":77},{\"vcpu\":1}]}]\n");
}

/* ---- errors ---------------------------------------------------------------------------- */

TEST_F(vctl, kernel_errors)
{
	k.fail_cmd = HS_CMD_VM_NEW;
	k.fail = (struct nl_error){ EINVAL, false, "mem", "not a \033multiple of 4096" };
	RUN("create", "web", "--kernel", "/dev/null");
	STATUS(2);
	ERR("vctl: create: mem: not a \\x1bmultiple of 4096 (EINVAL)\n");
	OUT("");
	RUN("-j", "create", "web", "--kernel", "/dev/null");
	STATUS(2);
	OUT("{\"error\":{\"verb\":\"create\",\"errno\":\"EINVAL\",\"attr\":\"mem\","
	    "\"message\":\"not a \\u001bmultiple of 4096\"}}\n");
	k.fail_cmd = HS_CMD_VM_PAUSE;
	k.fail = (struct nl_error){ EPERM, false, "", "" };
	RUN("pause", "web");
	STATUS(2);
	ERR("vctl: pause: Operation not permitted (EPERM)\n");
	k.fail_cmd = HS_CMD_VM_START;
	k.fail = (struct nl_error){ EOPNOTSUPP, false, "", "no EPT" };
	RUN("start", "web");
	STATUS(4);
	ERR("vctl: start: no EPT (EOPNOTSUPP)\n");
}

/* The host is to blame, not the request: only then is no attribute named. */
TEST_F(vctl, host_cannot)
{
	k.fail_cmd = HS_CMD_VM_NEW;
	k.fail = (struct nl_error){ EOPNOTSUPP, false, "", "no EPT" };
	RUN("create", "web", "--kernel", "/dev/null");
	STATUS(4);
	k.fail = (struct nl_error){ EOPNOTSUPP, false, "flags", "unknown flag" };
	RUN("create", "web", "--kernel", "/dev/null");
	STATUS(2);
}

/* The output is one document: the answer, or the error. */
TEST_F(vctl, one_document)
{
	k.fail_cmd = HS_CMD_CHECK;
	k.fail = (struct nl_error){ EPERM, false, "", "" };
	RUN("-j", "check");
	STATUS(2);
	OUT("{\"error\":{\"verb\":\"check\",\"errno\":\"EPERM\","
	    "\"message\":\"Operation not permitted\"}}\n");
	RUN("destroy", "-j");
	STATUS(1);
	EXPECT_EQ(memcmp(self->out, "{\"error\":", 9), 0);
	RUN("create", "a", "-j", "--kernel", "/dev/null", "--mem", "x");
	STATUS(1);
	EXPECT_NE(strstr(self->out, "\"attr\":\"mem\""), NULL);
	EXPECT_NE(strstr(self->err, "vctl: create: mem: not a size: 'x'"), NULL);
}

TEST_F(vctl, output_that_is_lost)
{
	k.reply[0] = &web;
	k.nr_replies = 1;
	RUN_TO("/dev/full", "-j", "show", "web");
	STATUS(2);
	RUN_TO("/dev/full", "show", "web");
	STATUS(2);
	RUN_TO("/dev/full", "-V");
	STATUS(2);
	RUN_TO("/dev/full", "help");
	STATUS(2);
}

TEST_F(vctl, monitor_that_lost_events)
{
	k.reply[0] = &web;
	k.nr_replies = 1;
	k.nr_events = 1;
	k.next_event = 1;
	k.lose_first = true;
	k.gone = true;
	RUN("monitor", "-j");
	STATUS(4);
	OUT("{\"lost\":true}\n{\"id\":3,\"name\":\"web\",\"state\":\"running\"}\n"
	    "{\"error\":{\"verb\":\"monitor\","
	    "\"message\":\"the hyperspace module was unloaded\"}}\n");
	EXPECT_NE(strstr(self->err, "the hyperspace module was unloaded"), NULL);
}

TEST_F(vctl, no_module)
{
	static char *const verbs[] = { "list", "monitor" };
	static char *const vm_verbs[] = { "start", "stop", "pause", "resume",
		"reset", "destroy", "show", "console", "diagnose" };
	size_t i;

	k.absent = true;
	for (i = 0; i < 2; i++) {
		RUN(verbs[i]);
		STATUS(4);
	}
	for (i = 0; i < 9; i++) {
		RUN(vm_verbs[i], "web");
		STATUS(4);
		EXPECT_NE(strstr(self->err, "the hyperspace module is not there"), NULL);
	}
	RUN("wait", "web", "running");
	STATUS(4);
	RUN("check");
	STATUS(4);
	EXPECT_NE(strstr(self->out, "FAIL  hyperspace module"), NULL);
}

TEST_F(vctl, usage_errors)
{
	static char *const bad_names[] = { "", "a/b", "-", ".x", "a\033b" };
	size_t i;

	RUN("nonsense");
	STATUS(1);
	ERR("vctl: no such verb: 'nonsense'\nTry 'vctl help'.\n");
	RUN("-x");
	STATUS(1);
	RUN("start");
	STATUS(1);
	RUN("start", "a", "b");
	STATUS(1);
	RUN("start", "a", "--colour");
	STATUS(1);
	RUN("wait", "a", "flying");
	STATUS(1);
	ERR("vctl: wait: no such state: 'flying'\nTry 'vctl help wait'.\n");
	RUN("wait", "a", "running", "--timeout", "soon");
	STATUS(1);
	RUN("create", "a");
	STATUS(1);
	RUN("create", "a", "--kernel", "/dev/null", "--mem", "1.5G");
	STATUS(1);
	RUN("create", "a", "--kernel", "/dev/null", "--cpus", "two");
	STATUS(1);
	RUN("create", "a", "--kernel", "/dev/null", "--on-panic", "cry");
	STATUS(1);
	RUN("create", "a", "--kernel", "/dev/null", "--page-size", "1G");
	STATUS(1);
	RUN("create", "a", "--kernel", "/dev/null", "--page-size", "large");
	STATUS(1);
	for (i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++) {
		RUN("start", "--", bad_names[i]);
		STATUS(1);
		EXPECT_EQ(strchr(self->err, '\033'), NULL);
	}
	RUN("create", "a", "--kernel", "/nonexistent/file");
	STATUS(2);
	ERR("vctl: create: kernel: cannot open '/nonexistent/file': No such file or directory (ENOENT)\n");
	EXPECT_STREQ(k.log, "");
}

/* ---- what verbs ask for ------------------------------------------------------------------ */

TEST_F(vctl, create)
{
	const struct reply r = REPLY({ HS_A_VM_ID, .num = 5 }, { HS_A_VM_TTY, .num = 2 });

	k.reply[0] = &r;
	k.nr_replies = 1;
	RUN("create", "web", "--kernel", "/dev/null");
	STATUS(0);
	OUT("5\n");
	EXPECT_STREQ(k.log, "2: 3=web 7=open 10=268435456 11=1 13=1 \n");
	k.log[0] = '\0';
	RUN("create", "--mem=1G", "--cpus", "4", "-a", "root=/dev/vda ro", "--initrd",
	    "/dev/null", "web", "-k", "/dev/null", "--testdev", "--on-panic=reset", "-j");
	OUT("[{\"id\":5,\"name\":\"web\",\"tty\":2}]\n");
	EXPECT_STREQ(k.log, "2: 3=web 7=open 8=open 10=1073741824 11=4 13=2 9=root=/dev/vda ro 12=1 \n");
	RUN("-q", "create", "web", "--kernel", "/dev/null");
	OUT("");
	k.log[0] = '\0';
	RUN("create", "web", "--kernel", "/dev/null", "--page-size", "2M");
	EXPECT_STREQ(k.log, "2: 3=web 7=open 10=268435456 11=1 13=1 26=2097152 \n");
	k.log[0] = '\0';
	RUN("create", "web", "--kernel", "/dev/null", "--page-size=4k");
	EXPECT_STREQ(k.log, "2: 3=web 7=open 10=268435456 11=1 13=1 26=4096 \n");
}

TEST_F(vctl, plain_verbs)
{
	RUN("pause", "web");
	RUN("resume", "3");
	RUN("unpause", "web");
	RUN("reset", "web");
	RUN("destroy", "web");
	RUN("stop", "web");
	RUN("stop", "-f", "web");
	STATUS(0);
	EXPECT_STREQ(k.log, "7: 3=web \n8: 2=3 \n8: 3=web \n9: 3=web \n4: 3=web \n"
			    "6: 3=web \n6: 3=web 14=set \n");
}

/* ---- waiting ------------------------------------------------------------------------------- */

TEST_F(vctl, wait_is_there_already)
{
	k.reply[0] = &web;
	k.nr_replies = 1;
	RUN("wait", "web", "running");
	STATUS(0);
	OUT("");
	EXPECT_TRUE(k.watching);
}

TEST_F(vctl, wait_for_an_event)
{
	const struct reply other = EVENT(4, HS_VM_STOPPED, NULL);
	const struct reply paused = EVENT(3, HS_VM_PAUSED, NULL);
	const struct reply stopped = EVENT(3, HS_VM_STOPPED, "power off");

	k.reply[0] = &web;
	k.nr_replies = 1;
	k.event[0] = &other;
	k.event[1] = &paused;
	k.event[2] = &stopped;
	k.nr_events = 3;
	RUN("wait", "web", "stopped");
	STATUS(0);
	EXPECT_EQ(k.next_event, 3);
	k.next_event = 0;
	RUN("wait", "web", "failed,stopped,paused");
	STATUS(0);
	OUT("paused\n");
}

TEST_F(vctl, wait_for_what_cannot_come)
{
	const struct reply failed = EVENT(3, HS_VM_FAILED, "triple fault");
	const struct reply gone = EVENT(3, HS_VM_DESTROYED, NULL);

	k.reply[0] = &web;
	k.nr_replies = 1;
	k.event[0] = &failed;
	k.event[1] = &gone;
	k.nr_events = 2;
	RUN("wait", "web", "stopped");
	STATUS(2);
	ERR("vctl: wait: VM 'web' is failed: triple fault\n");
	/* Somebody may start it again, but not once it is gone. */
	k.next_event = 0;
	RUN("wait", "web", "paused");
	STATUS(2);
	ERR("vctl: wait: VM 'web' was destroyed\n");
	k.next_event = 0;
	RUN("wait", "web", "destroyed");
	STATUS(0);
}

TEST_F(vctl, wait_for_a_vm_that_is_not_there)
{
	k.fail_cmd = HS_CMD_VM_GET;
	k.fail = (struct nl_error){ ENOENT, false, "name", "no such VM" };
	RUN("wait", "web", "destroyed");
	STATUS(0);
	RUN("wait", "web", "running");
	STATUS(2);
	ERR("vctl: wait: there is no VM 'web'\n");
}

TEST_F(vctl, wait_times_out)
{
	k.reply[0] = &web;
	k.nr_replies = 1;
	RUN("wait", "web", "stopped", "--timeout", "0.05");
	STATUS(3);
	ERR("vctl: wait: timeout: VM 'web' is running\n");
	RUN("wait", "web", "running", "--timeout", "0");
	STATUS(0);
}

TEST_F(vctl, lost_events_are_made_up_for)
{
	const struct reply any = EVENT(9, HS_VM_RUNNING, NULL);
	const struct reply *now = &old;
	const struct reply later = REPLY({ HS_A_VM_ID, .num = 12 }, { HS_A_VM_NAME, .str = "old" },
					 { HS_A_VM_STATE, .num = HS_VM_RUNNING });

	(void)now;
	k.reply[0] = &later;
	k.nr_replies = 1;
	k.event[0] = &any;
	k.nr_events = 1;
	k.lose_first = true;
	RUN("wait", "old", "stopped", "--timeout", "0.05");
	STATUS(3);
	/* It looked twice: at first by name, then by id. */
	EXPECT_STREQ(k.log, "3: 3=old \n3: 2=12 \n");
}

TEST_F(vctl, stop_watches_before_it_acts)
{
	const struct reply stopped = EVENT(3, HS_VM_STOPPED, NULL);

	k.reply[0] = &web;
	k.nr_replies = 1;
	k.event[0] = &stopped;
	k.nr_events = 1;
	RUN("stop", "web", "--timeout", "5");
	STATUS(0);
	EXPECT_TRUE(k.watching);
	EXPECT_FALSE(k.acted_before_watching);
	k.fail_cmd = HS_CMD_VM_STOP;
	k.fail = (struct nl_error){ EINVAL, false, "", "the VM is not running" };
	RUN("stop", "web", "--timeout", "5");
	STATUS(2);
}

/* ---- check and diagnose -------------------------------------------------------------------- */

TEST_F(vctl, check)
{
	const struct reply ept = REPLY({ HS_A_CHECK_NAME, .str = "EPT" },
		{ HS_A_CHECK_SOURCE, .str = "IA32_VMX_EPT_VPID_CAP" },
		{ HS_A_CHECK_LEVEL, .num = HS_CHECK_REQUIRED }, { HS_A_CHECK_OK, .num = 1 });
	const struct reply fc = REPLY({ HS_A_CHECK_NAME, .str = "VT-x enabled" },
		{ HS_A_CHECK_LEVEL, .num = HS_CHECK_REQUIRED }, { HS_A_CHECK_OK, .num = 0 },
		{ HS_A_CHECK_DETAIL, .str = "locked off" },
		{ HS_A_CHECK_REMEDY, .str = "turn it on in the firmware" });
	const struct reply a = REPLY({ HS_A_CHECK, .nest = &ept });
	const struct reply b = REPLY({ HS_A_CHECK, .nest = &fc });

	k.reply[0] = &a;
	k.reply[1] = &b;
	k.nr_replies = 1;
	RUN("check");
	STATUS(0);
	OUT("ok    EPT (IA32_VMX_EPT_VPID_CAP)\nThis host can run VMs.\n");
	k.nr_replies = 2;
	RUN("check");
	STATUS(4);
	OUT("ok    EPT (IA32_VMX_EPT_VPID_CAP)\nFAIL  VT-x enabled: locked off\n"
	    "      -> turn it on in the firmware\nThis host cannot run VMs yet.\n");
	RUN("check", "-j");
	STATUS(4);
	OUT("[{\"name\":\"EPT\",\"source\":\"IA32_VMX_EPT_VPID_CAP\",\"level\":\"required\",\"ok\":true},"
	    "{\"name\":\"VT-x enabled\",\"level\":\"required\",\"ok\":false,\"detail\":\"locked off\","
	    "\"remedy\":\"turn it on in the firmware\"}]\n");
}

TEST_F(vctl, diagnose)
{
	struct hs_uregs regs = { .rip = 0x1000, .gpr[0] = 0xabc, .efer = 0x500,
				 .seg[1].selector = 0x10 };
	const struct reply x = REPLY({ HS_A_EXIT_REASON, .num = 2 },
		{ HS_A_EXIT_NAME, .str = "TRIPLE_FAULT" }, { HS_A_EXIT_RIP, .num = 0x1000 },
		{ HS_A_EXIT_QUAL, .num = 0 });
	const struct reply v = REPLY({ HS_A_DIAG_VCPU, .num = 1 },
		{ HS_A_DIAG_REASON, .str = "triple fault" },
		{ HS_A_DIAG_INSN, .bytes = "\x0f\x0b", .len = 2 },
		{ HS_A_DIAG_REGS, .bytes = &regs, .len = sizeof(regs) },
		{ HS_A_DIAG_EXIT, .nest = &x });
	const struct reply r = REPLY({ HS_A_DIAG, .nest = &v }, { HS_A_VM_ID, .num = 3 },
		{ HS_A_VM_NAME, .str = "web" }, { HS_A_VM_STATE, .num = HS_VM_FAILED });

	k.reply[0] = &r;
	k.nr_replies = 1;
	RUN("diagnose", "web");
	STATUS(0);
	EXPECT_NE(strstr(self->out, "VM 'web' is failed\nvcpu 1\n"), NULL);
	EXPECT_NE(strstr(self->out, "  reason    triple fault\n  code      0f 0b\n"), NULL);
	EXPECT_NE(strstr(self->out, "  rax       0000000000000abc  rcx       0000000000000000\n"), NULL);
	EXPECT_NE(strstr(self->out, "  rip       0000000000001000  rflags"), NULL);
	EXPECT_NE(strstr(self->out, "  cs   0010 base"), NULL);
	EXPECT_NE(strstr(self->out, "      2 TRIPLE_FAULT             rip 0000000000001000 qualification 0\n"), NULL);
	RUN("diagnose", "web", "-j");
	EXPECT_NE(strstr(self->out, "\"vcpus\":[{\"vcpu\":1,\"reason\":\"triple fault\",\"code\":[15,11],\"regs\":{\"rax\":2748,"), NULL);
	EXPECT_NE(strstr(self->out, "\"exits\":[{\"exit_reason\":2,\"name\":\"TRIPLE_FAULT\",\"qualification\":0,\"rip\":4096}]}]}\n"), NULL);
}

/* ---- help and batches --------------------------------------------------------------------------- */

TEST_F(vctl, help)
{
	RUN("help");
	STATUS(0);
	EXPECT_NE(strstr(self->out, "\n  create NAME --kernel FILE"), NULL);
	RUN("help", "stop");
	STATUS(0);
	EXPECT_EQ(strncmp(self->out, "usage: vctl stop NAME", 21), 0);
	RUN("stop", "--help");
	EXPECT_EQ(strncmp(self->out, "usage: vctl stop NAME", 21), 0);
	RUN("help", "nonsense");
	STATUS(1);
	RUN("-V");
	OUT("vctl test\n");
	RUN("-h");
	STATUS(0);
}

static void make_batch(char *name, const char *text)
{
	int fd;

	strcpy(name, "/tmp/vctl_batch.XXXXXX");
	fd = mkstemp(name);
	if (write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

TEST_F(vctl, batch)
{
	char name[64], want[256];

	make_batch(name, "# two verbs\npause web\n\nnonsense\nresume web\n");
	RUN("-b", name);
	STATUS(1);
	snprintf(want, sizeof(want), "vctl: %s:4: no such verb: 'nonsense'\nTry 'vctl help'.\n", name);
	ERR(want);
	EXPECT_STREQ(k.log, "7: 3=web \n");
	k.log[0] = '\0';
	RUN("-b", name, "--force");
	STATUS(1);
	EXPECT_STREQ(k.log, "7: 3=web \n8: 3=web \n");
	unlink(name);
	RUN("-b", name);
	STATUS(2);
	RUN("-b", name, "list");
	STATUS(1);
}

TEST_HARNESS_MAIN
