// SPDX-License-Identifier: GPL-2.0
/*
 * The console of a VM as a tty: replay, log, input with back-pressure, hangup,
 * numbers that are free again, and vctl console on top.
 *
 * lab: hz=200M files=guests
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "kselftest_harness.h"

#define GUEST	"/lab/guests/serial.elf"
#define READY	"READY serial\r\n"
#define LOG	65536
#define INPUT	4096
/*
 * Seconds until what must come by itself counts as missing, and a test as hung:
 * nothing is judged by them, however slow the machine is.
 */
#define PATIENCE	60
#define TEST_TTY(name)	TEST_F_TIMEOUT(tty, name, 10 * PATIENCE)

/* ---- helpers -------------------------------------------------------------------- */

/* A shell command; its output in @out; its exit status. */
static int sh(char *out, size_t size, const char *fmt, ...)
{
	char cmd[512];
	size_t n = 0;
	FILE *f;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	f = popen(cmd, "r");
	if (!f)
		return -1;
	if (out) {
		n = fread(out, 1, size - 1, f);
		out[n] = '\0';
	}
	n = pclose(f);
	return WIFEXITED(n) ? WEXITSTATUS(n) : -1;
}

/* The number of its tty, or -1. */
static int make_vm(const char *name, const char *args)
{
	char json[4096], *p;

	if (sh(NULL, 0, "vctl -q create %s --kernel " GUEST " --testdev --mem 8M --append '%s'",
	       name, args))
		return -1;
	sh(json, sizeof(json), "vctl -j show %s", name);
	p = strstr(json, "\"tty\":");
	return p ? atoi(p + 6) : -1;
}

static int start(const char *name)
{
	return sh(NULL, 0, "vctl start %s", name);
}

static void end_vm(const char *name)
{
	sh(NULL, 0, "vctl stop %s --force 2>/dev/null; vctl destroy %s 2>/dev/null",
	   name, name);
}

static int open_tty(int tty, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/ttyHS%d", tty);
	return open(path, O_RDWR | O_NOCTTY | flags);
}

static ssize_t read_attr(int tty, const char *attr, char *buf, size_t size)
{
	char path[64];
	ssize_t n, sum = 0;
	int fd;

	snprintf(path, sizeof(path), "/sys/class/tty/ttyHS%d/%s", tty, attr);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	while (sum < (ssize_t)size - 1 && (n = read(fd, buf + sum, size - 1 - sum)) > 0)
		sum += n;
	close(fd);
	buf[sum] = '\0';
	return sum;
}

static long number_attr(int tty, const char *attr)
{
	char buf[32];

	return read_attr(tty, attr, buf, sizeof(buf)) > 0 ? atol(buf) : -1;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Reads until @want bytes are there or the other end hangs up. */
static size_t read_some(int fd, char *buf, size_t want)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	double end = now() + PATIENCE;
	size_t n = 0;
	ssize_t r;

	while (n < want && now() < end && poll(&p, 1, 1000) >= 0) {
		if (!p.revents)
			continue;
		r = read(fd, buf + n, want - n);
		if (r <= 0)
			break;
		n += r;
	}
	return n;
}

/* Until the guest has written that it is there. */
static bool wait_ready(int tty)
{
	char log[256];
	double end = now() + PATIENCE;

	while (now() < end) {
		read_attr(tty, "log", log, sizeof(log));
		if (strstr(log, READY))
			return true;
		usleep(10000);
	}
	return false;
}

/* Until file @path, which another program writes, holds @text; what is there in @buf. */
static bool wait_file(const char *path, const char *text, char *buf, size_t size)
{
	double end = now() + PATIENCE;
	ssize_t n;
	int fd;

	do {
		fd = open(path, O_RDONLY);
		n = fd < 0 ? 0 : read(fd, buf, size - 1);
		buf[n < 0 ? 0 : n] = '\0';
		if (fd >= 0)
			close(fd);
		if (strstr(buf, text))
			return true;
		usleep(10000);
	} while (now() < end);
	return false;
}

/* The last reference to a tty is dropped by a work, some time after close(). */
static bool unload(void)
{
	double end = now() + PATIENCE;

	do {
		if (!sh(NULL, 0, "rmmod hyperspace 2>/dev/null"))
			return true;
		usleep(10000);
	} while (now() < end);
	return false;
}

FIXTURE(tty) {
	int tty;
	char buf[LOG * 2];
};

FIXTURE_SETUP(tty)
{
	if (access(GUEST, R_OK))
		SKIP(return, "no guest programs");
	self->tty = -1;
}

FIXTURE_TEARDOWN(tty)
{
	end_vm("t");
	end_vm("u");
}

#define MAKE(args) do {							\
	self->tty = make_vm("t", args);					\
	ASSERT_GE(self->tty, 0);					\
} while (0)
#define RUN(args) do {							\
	MAKE(args);							\
	ASSERT_EQ(start("t"), 0);					\
	ASSERT_TRUE(wait_ready(self->tty));				\
} while (0)

/* ---- output ---------------------------------------------------------------------- */

TEST_TTY(attributes)
{
	char path[64];
	struct stat st;

	MAKE("deaf");
	EXPECT_EQ(read_attr(self->tty, "vm_name", self->buf, 64), 2);
	EXPECT_STREQ(self->buf, "t\n");
	EXPECT_EQ(read_attr(self->tty, "log", self->buf, 64), 0);
	EXPECT_EQ(number_attr(self->tty, "log_start"), 0);
	EXPECT_EQ(number_attr(self->tty, "dropped"), 0);
	/* What a guest has written is for root. */
	snprintf(path, sizeof(path), "/sys/class/tty/ttyHS%d/log", self->tty);
	ASSERT_EQ(stat(path, &st), 0);
	EXPECT_EQ(st.st_mode & 0777, 0400);
	snprintf(path, sizeof(path), "/dev/ttyHS%d", self->tty);
	ASSERT_EQ(stat(path, &st), 0);
	EXPECT_EQ(st.st_mode & 0007, 0);
	end_vm("t");
	EXPECT_NE(stat(path, &st), 0);
}

TEST_TTY(each_first_open_replays)
{
	int i, fd;

	RUN("deaf");
	for (i = 0; i < 3; i++) {
		fd = open_tty(self->tty, 0);
		ASSERT_GE(fd, 0);
		ASSERT_EQ(read_some(fd, self->buf, strlen(READY)), strlen(READY));
		EXPECT_EQ(memcmp(self->buf, READY, strlen(READY)), 0);
		close(fd);
	}
}

TEST_TTY(open_before_the_start)
{
	int fd;

	MAKE("deaf");
	fd = open_tty(self->tty, 0);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(start("t"), 0);
	EXPECT_EQ(read_some(fd, self->buf, strlen(READY)), strlen(READY));
	EXPECT_EQ(memcmp(self->buf, READY, strlen(READY)), 0);
	close(fd);
}

/* The log is the last 64 KiB, and says what came before. */
TEST_TTY(log_keeps_the_last)
{
	const long total = strlen(READY) + 80000;
	long i, bad = 0;
	char line[20];

	RUN("flood=80000");
	ASSERT_EQ(sh(NULL, 0, "vctl wait t stopped --timeout %d", PATIENCE), 0);
	EXPECT_EQ(number_attr(self->tty, "log_start"), total - LOG);
	ASSERT_EQ(read_attr(self->tty, "log", self->buf, sizeof(self->buf)), LOG);
	EXPECT_EQ(memcmp(self->buf + LOG - 16, "000000000013870\n", 16), 0);
	for (i = 80000 - 16; i >= 80000 - LOG + 16; i -= 16) {
		snprintf(line, sizeof(line), "%015lx\n", i);
		bad += memcmp(self->buf + LOG - (80000 - i), line, 16) != 0;
	}
	EXPECT_EQ(bad, 0);
	EXPECT_EQ(number_attr(self->tty, "dropped"), 0);
	/* A destroyed VM's log is gone, a reset one's is not. */
	ASSERT_EQ(sh(self->buf, sizeof(self->buf), "vctl console t --log | wc -c"), 0);
	EXPECT_EQ(atol(self->buf), LOG);
}

/* The guest does not wait for who does not read. */
TEST_TTY(guest_never_blocks)
{
	const size_t total = 300000 + strlen(READY);
	struct pollfd p = { .events = POLLIN };
	double end;
	ssize_t r;
	size_t n;

	MAKE("flood=300000");
	p.fd = open_tty(self->tty, O_NONBLOCK);
	ASSERT_GE(p.fd, 0);
	ASSERT_EQ(start("t"), 0);
	EXPECT_EQ(sh(NULL, 0, "vctl wait t stopped --timeout %d", PATIENCE), 0);
	/* What has not been dropped comes; how much that is shows as it comes. */
	n = 0;
	end = now() + PATIENCE;
	while (n + number_attr(self->tty, "dropped") < total && now() < end) {
		poll(&p, 1, 100);
		r = read(p.fd, self->buf, LOG);
		if (r > 0)
			n += r;
		else if (!r || errno != EAGAIN)
			break;
	}
	EXPECT_GE(n, LOG);
	EXPECT_LT(n, 300000);
	EXPECT_EQ(n + number_attr(self->tty, "dropped"), total);
	EXPECT_EQ(read(p.fd, self->buf, 1), -1);
	EXPECT_EQ(errno, EAGAIN);
	close(p.fd);
}

/* ---- input ------------------------------------------------------------------------ */

static void echo(struct __test_metadata *_metadata, int fd, char *buf, size_t total)
{
	size_t sent = 0, got = 0, i, bad = 0;
	double end = now() + PATIENCE;
	char *in = malloc(total);
	ssize_t r;

	for (i = 0; i < total; i++)
		in[i] = 'A' + i % 26;
	while (got < total && now() < end) {
		struct pollfd p = { .fd = fd, .events = POLLIN |
				    (sent < total ? POLLOUT : 0) };

		poll(&p, 1, 1000);
		if (p.revents & POLLOUT) {
			r = write(fd, in + sent, total - sent);
			if (r > 0)
				sent += r;
		}
		if (p.revents & POLLIN) {
			r = read(fd, buf + got, total - got);
			if (r > 0)
				got += r;
		}
	}
	ASSERT_EQ(sent, total);
	ASSERT_EQ(got, total);
	for (i = 0; i < total; i++)
		bad += buf[i] != in[i];
	EXPECT_EQ(bad, 0);
	free(in);
}

TEST_TTY(echo_polled)
{
	int fd;

	RUN("echo");
	fd = open_tty(self->tty, O_NONBLOCK);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(read_some(fd, self->buf, strlen(READY)), strlen(READY));
	echo(_metadata, fd, self->buf, 20000);
	close(fd);
}

TEST_TTY(echo_by_interrupt)
{
	int fd;

	RUN("irq");
	fd = open_tty(self->tty, O_NONBLOCK);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(read_some(fd, self->buf, strlen(READY)), strlen(READY));
	echo(_metadata, fd, self->buf, 20000);
	ASSERT_EQ(write(fd, "q", 1), 1);
	EXPECT_EQ(sh(NULL, 0, "vctl wait t stopped --timeout %d", PATIENCE), 0);
	close(fd);
}

/* All bytes get through in both directions, those that ttys like to eat, too. */
TEST_TTY(eight_bit_clean)
{
	unsigned int i, n = 0;
	char all[256];
	int fd;

	for (i = 0; i < 256; i++)
		if (i != 'q')
			all[n++] = i;
	RUN("echo");
	fd = open_tty(self->tty, 0);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(read_some(fd, self->buf, strlen(READY)), strlen(READY));
	ASSERT_EQ(write(fd, all, n), n);
	ASSERT_EQ(read_some(fd, self->buf, n), n);
	EXPECT_EQ(memcmp(self->buf, all, n), 0);
	close(fd);
}

TEST_TTY(input_has_back_pressure)
{
	struct pollfd p = { .events = POLLOUT };
	double before;
	ssize_t r, n = 0;
	int i;

	RUN("deaf");
	p.fd = open_tty(self->tty, O_NONBLOCK);
	ASSERT_GE(p.fd, 0);
	for (i = 0; i < 100; i++) {
		r = write(p.fd, self->buf, 500);
		if (r < 0)
			break;
		n += r;
	}
	EXPECT_EQ(r, -1);
	EXPECT_EQ(errno, EAGAIN);
	EXPECT_EQ(n, INPUT);
	EXPECT_EQ(poll(&p, 1, 0), 0);
	/* Closing does not wait for a guest that does not read: that is 30 s. */
	before = now();
	close(p.fd);
	EXPECT_LT(now() - before, 25);
	/* It is still there; flushing throws it away. */
	p.fd = open_tty(self->tty, O_NONBLOCK);
	ASSERT_GE(p.fd, 0);
	EXPECT_EQ(write(p.fd, "x", 1), -1);
	EXPECT_EQ(tcflush(p.fd, TCOFLUSH), 0);
	EXPECT_EQ(write(p.fd, "x", 1), 1);
	close(p.fd);
}

TEST_TTY(raw_at_each_first_open)
{
	struct termios t;
	int fd;

	MAKE("deaf");
	fd = open_tty(self->tty, 0);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(tcgetattr(fd, &t), 0);
	EXPECT_EQ(t.c_lflag & (ECHO | ICANON | ISIG), 0);
	EXPECT_EQ(t.c_iflag, 0);
	EXPECT_EQ(t.c_oflag & OPOST, 0);
	t.c_lflag |= ECHO | ICANON;
	ASSERT_EQ(tcsetattr(fd, TCSANOW, &t), 0);
	close(fd);
	fd = open_tty(self->tty, 0);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(tcgetattr(fd, &t), 0);
	EXPECT_EQ(t.c_lflag & (ECHO | ICANON), 0);
	close(fd);
}

/* ---- life and death ---------------------------------------------------------------- */

TEST_TTY(destroy_hangs_up)
{
	struct pollfd p = { .events = POLLIN };
	int other, fd;

	RUN("deaf");
	p.fd = open_tty(self->tty, 0);
	ASSERT_GE(p.fd, 0);
	ASSERT_EQ(read_some(p.fd, self->buf, strlen(READY)), strlen(READY));
	end_vm("t");
	EXPECT_EQ(poll(&p, 1, PATIENCE * 1000), 1);
	EXPECT_EQ(p.revents & POLLHUP, POLLHUP);
	EXPECT_LE(read(p.fd, self->buf, 1), 0);
	EXPECT_EQ(write(p.fd, "x", 1), -1);
	EXPECT_EQ(errno, EIO);
	EXPECT_LT(open_tty(self->tty, 0), 0);

	/* Its number is taken as long as somebody holds it. */
	other = make_vm("u", "deaf");
	ASSERT_GE(other, 0);
	EXPECT_NE(other, self->tty);
	ASSERT_EQ(start("u"), 0);
	ASSERT_TRUE(wait_ready(other));
	fd = open_tty(other, 0);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(read_some(fd, self->buf, strlen(READY)), strlen(READY));
	close(fd);
	end_vm("u");

	/* The module cannot go while it is open, and can afterwards. */
	EXPECT_NE(sh(NULL, 0, "rmmod hyperspace 2>/dev/null"), 0);
	close(p.fd);
	EXPECT_TRUE(unload());
	EXPECT_EQ(sh(NULL, 0, "modprobe hyperspace"), 0);
}

static void *blocked_reader(void *arg)
{
	char c;

	return (void *)read(*(int *)arg, &c, 1);
}

TEST_TTY(destroy_wakes_a_reader)
{
	pthread_t thread;
	void *got;
	int fd;

	MAKE("deaf");
	fd = open_tty(self->tty, 0);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(pthread_create(&thread, NULL, blocked_reader, &fd), 0);
	usleep(100000);
	end_vm("t");
	ASSERT_EQ(pthread_join(thread, &got), 0);
	EXPECT_LE((ssize_t)got, 0);
	close(fd);
}

static volatile bool stop;

/* Opens whatever consoles there are, reads and writes a bit, closes. */
static void *opener(void *arg)
{
	unsigned int i = 0, *opened = arg;
	char buf[64];
	int fd;

	while (!stop) {
		fd = open_tty(i++ % 2, O_NONBLOCK);
		if (fd < 0) {
			usleep(500);
			continue;
		}
		++*opened;
		if (write(fd, "hello", 5) > 0)
			usleep(1000);
		while (read(fd, buf, sizeof(buf)) > 0 && !stop)
			;
		close(fd);
	}
	return NULL;
}

TEST_TTY(opening_races_destroying)
{
	unsigned int opened[2] = { 0, 0 };
	pthread_t thread[2];
	int i;

	stop = false;
	for (i = 0; i < 2; i++)
		ASSERT_EQ(pthread_create(&thread[i], NULL, opener, &opened[i]), 0);
	for (i = 0; i < 12; i++) {
		EXPECT_GE(make_vm("t", i % 2 ? "echo" : "flood=4000"), 0);
		EXPECT_EQ(start("t"), 0);
		end_vm("t");
	}
	stop = true;
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	EXPECT_GT(opened[0] + opened[1], 0);
	EXPECT_TRUE(unload());
	EXPECT_EQ(sh(NULL, 0, "modprobe hyperspace"), 0);
}

/* ---- vctl console -------------------------------------------------------------------- */

TEST_TTY(vctl_console_with_pipes)
{
	RUN("echo");
	ASSERT_EQ(sh(NULL, 0, "rm -f /tmp/piped.rc; (printf hello | vctl console t >/tmp/piped 2>&1; "
		     "echo $? >/tmp/piped.rc) &"), 0);
	EXPECT_TRUE(wait_file("/tmp/piped", READY "hello", self->buf, 256));
	EXPECT_STREQ(self->buf, READY "hello");
	/* All was sent and answered; it goes on until the VM is destroyed. */
	EXPECT_NE(access("/tmp/piped.rc", F_OK), 0);
	end_vm("t");
	EXPECT_TRUE(wait_file("/tmp/piped.rc", "\n", self->buf, 256));
	EXPECT_STREQ(self->buf, "0\n");
}

/* At a terminal: raw while it lasts, ^] ends it, and all is as before. */
TEST_TTY(vctl_console_at_a_terminal)
{
	struct termios before, during, after;
	int master, slave, status;
	pid_t pid;

	RUN("echo");
	master = posix_openpt(O_RDWR | O_NOCTTY);
	ASSERT_GE(master, 0);
	ASSERT_EQ(grantpt(master) | unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	ASSERT_GE(slave, 0);
	ASSERT_EQ(tcgetattr(slave, &before), 0);
	pid = fork();
	if (!pid) {
		dup2(slave, 0);
		dup2(slave, 1);
		dup2(slave, 2);
		execlp("vctl", "vctl", "-q", "console", "t", NULL);
		_exit(99);
	}
	ASSERT_EQ(read_some(master, self->buf, strlen(READY)), strlen(READY));
	EXPECT_EQ(memcmp(self->buf, READY, strlen(READY)), 0);
	ASSERT_EQ(tcgetattr(slave, &during), 0);
	EXPECT_EQ(during.c_lflag & (ECHO | ICANON | ISIG), 0);
	/* ^C and newlines are the guest's, not ours; it sends them back. */
	ASSERT_EQ(write(master, "a\003\rb", 4), 4);
	ASSERT_EQ(read_some(master, self->buf, 4), 4);
	EXPECT_EQ(memcmp(self->buf, "a\003\rb", 4), 0);
	ASSERT_EQ(write(master, "\035", 1), 1);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
	ASSERT_EQ(tcgetattr(slave, &after), 0);
	EXPECT_EQ(memcmp(&before, &after, sizeof(before)), 0);
	/* The VM does not care. */
	EXPECT_EQ(sh(NULL, 0, "vctl wait t running --timeout 1"), 0);
	close(slave);
	close(master);
}

TEST_TTY(vctl_console_is_alone)
{
	char err[256];

	RUN("deaf");
	/* The first ends with the VM. */
	ASSERT_EQ(sh(NULL, 0, "vctl console t </dev/null >/tmp/first 2>&1 &"), 0);
	ASSERT_TRUE(wait_file("/tmp/first", READY, err, sizeof(err)));
	EXPECT_EQ(sh(err, sizeof(err), "vctl console t 2>&1 </dev/null"), 2);
	EXPECT_STREQ(err, "vctl: console: the console of VM 't' is open in another vctl: Device or resource busy (EBUSY)\n");
	end_vm("t");
	EXPECT_EQ(sh(err, sizeof(err), "cat /tmp/first"), 0);
	EXPECT_STREQ(err, READY);
}

TEST_HARNESS_MAIN
