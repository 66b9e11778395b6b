// SPDX-License-Identifier: GPL-2.0
/*
 * Verb console: the tty of a VM, /dev/ttyHS<n>, which the kernel names.
 *
 * What the guest writes goes to the terminal as it is: the guest speaks to a
 * terminal, and this is one.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <termios.h>
#include <unistd.h>
#include "devinfo.h"
#include "size.h"
#include "vctl.h"

#define ESCAPE		0x1d	/* ^] */
/* The kernel keeps 64 KiB; room for more, should it keep more one day. */
#define LOG_MAX		(1u << 20)

/* ---- sysfs of the tty ------------------------------------------------------------ */

static void attr_path(char buf[64], const struct vm_brief *vm, const char *attr)
{
	snprintf(buf, 64, "/sys/class/tty/ttyHS%" PRIu32 "/%s", vm->tty, attr);
}

/* All of a file, at most @size bytes; -errno. */
static ssize_t read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t r = 1;

	if (fd < 0)
		return -errno;
	while (r && n < size) {
		r = read(fd, buf + n, size - n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0) {
			r = -errno;
			close(fd);
			return r;
		}
		n += r;
	}
	close(fd);
	return n;
}

static ssize_t read_line(const struct vm_brief *vm, const char *attr, char *buf,
			 size_t size)
{
	char path[64];
	ssize_t n;

	attr_path(path, vm, attr);
	n = read_file(path, buf, size - 1);
	if (n < 0)
		return n;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return n;
}

/* Whether the tty is still this VM's: numbers are used again. */
static int check_owner(const struct vm_brief *vm)
{
	char name[HS_NAME_MAX + 2];
	ssize_t n = read_line(vm, "vm_name", name, sizeof(name));

	if (n < 0)
		return system_error(-n, NULL, "cannot find the console of VM '%s'",
				    vm->name);
	if (strcmp(name, vm->name))
		return failure(VCTL_ERROR, "VM '%s' was destroyed", vm->name);
	return VCTL_OK;
}

static int write_all(int fd, const char *buf, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, buf, len);
		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = fd, .events = POLLOUT };

			poll(&p, 1, -1);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		buf += n;
		len -= n;
	}
	return 0;
}

/*
 * The log moves while a guest writes more than the kernel keeps.  Then some
 * of it is missing between two parts that were read: read it again, and in
 * the end take it as it comes.
 */
static int print_log(const struct vm_brief *vm)
{
	char path[64], start[FORMAT_MAX], after[FORMAT_MAX];
	unsigned int tries = 5;
	char *buf = malloc(LOG_MAX);
	ssize_t n;
	int ret;

	if (!buf)
		return failure(VCTL_ERROR, "no memory");
	attr_path(path, vm, "log");
	do {
		n = read_line(vm, "log_start", start, sizeof(start));
		if (n >= 0)
			n = read_file(path, buf, LOG_MAX);
		if (n >= 0 && read_line(vm, "log_start", after, sizeof(after)) < 0)
			break;
	} while (n >= 0 && strcmp(start, after) && --tries);
	if (n < 0) {
		ret = system_error(-n, NULL, "cannot read the log of VM '%s'",
				   vm->name);
	} else {
		n = write_all(STDOUT_FILENO, buf, n);
		ret = n ? system_error(-n, NULL, "cannot write") : VCTL_OK;
	}
	free(buf);
	return ret;
}

/* ---- the session ---------------------------------------------------------------- */

static struct termios saved;
static volatile sig_atomic_t is_raw;

static void restore(void)
{
	if (is_raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
	is_raw = 0;
}

static void on_signal(int sig)
{
	restore();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void make_raw(void)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT,
				       SIGPIPE };
	struct termios t;
	size_t i;

	if (tcgetattr(STDIN_FILENO, &saved))
		return;
	t = saved;
	cfmakeraw(&t);
	is_raw = 1;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], on_signal);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &t);
}

static int open_tty(const struct vm_brief *vm, int *fd)
{
	struct termios t;
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/dev/ttyHS%" PRIu32, vm->tty);
	*fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0)
		return system_error(errno, NULL, "cannot open %s", path);
	/* Two readers would each get a part of what the guest writes. */
	if (flock(*fd, LOCK_EX | LOCK_NB)) {
		err = errno == EWOULDBLOCK ? EBUSY : errno;
		close(*fd);
		return system_error(err, NULL,
				    "the console of VM '%s' is open in another vctl",
				    vm->name);
	}
	/* Somebody else who has it open may have set it otherwise. */
	if (!tcgetattr(*fd, &t)) {
		cfmakeraw(&t);
		t.c_cflag |= CLOCAL;
		tcsetattr(*fd, TCSANOW, &t);
	}
	return VCTL_OK;
}

/* @in: what was typed and not sent yet; @eof: nothing more will be */
struct session {
	int tty;
	bool terminal;
	bool eof, quit, closed;
	char in[4096];
	size_t in_len;
};

static void from_stdin(struct session *s)
{
	ssize_t n = read(STDIN_FILENO, s->in + s->in_len,
			 sizeof(s->in) - s->in_len);
	char *esc;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		s->eof = true;
		/* A terminal that is gone cannot be read from again. */
		s->quit = s->terminal;
		return;
	}
	esc = s->terminal ? memchr(s->in + s->in_len, ESCAPE, n) : NULL;
	if (esc) {
		n = esc - (s->in + s->in_len);
		s->quit = true;
	}
	s->in_len += n;
}

static void to_tty(struct session *s)
{
	ssize_t n = write(s->tty, s->in, s->in_len);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		s->closed = true;
	if (n > 0) {
		s->in_len -= n;
		memmove(s->in, s->in + n, s->in_len);
	}
}

/* 0, or -errno when standard output is gone. */
static int from_tty(struct session *s)
{
	char buf[4096];
	ssize_t n = read(s->tty, buf, sizeof(buf));

	if (n > 0)
		return write_all(STDOUT_FILENO, buf, n);
	/* EOF or EIO: hung up, because the VM was destroyed. */
	if (!n || (errno != EAGAIN && errno != EINTR))
		s->closed = true;
	return 0;
}

static int run_session(struct session *s)
{
	struct pollfd p[2];
	int ret = 0;

	while (!ret && !s->quit && !s->closed) {
		p[0] = (struct pollfd){ .fd = s->tty, .events = POLLIN };
		p[1] = (struct pollfd){ .fd = -1 };
		if (s->in_len)
			p[0].events |= POLLOUT;
		if (!s->eof && s->in_len < sizeof(s->in))
			p[1] = (struct pollfd){ .fd = STDIN_FILENO,
						.events = POLLIN };
		if (poll(p, 2, -1) < 0) {
			if (errno != EINTR)
				ret = -errno;
			continue;
		}
		if (p[1].revents)
			from_stdin(s);
		if (p[0].revents & POLLOUT)
			to_tty(s);
		if (p[0].revents & ~POLLOUT)
			ret = from_tty(s);
	}
	if (s->quit && s->in_len)
		to_tty(s);
	return ret;
}

/**
 * console_run - connect terminal and console until one of them ends it
 * @vm: whose console
 *
 * Return: VCTL_OK or, having said why, another exit status.
 */
int console_run(const struct vm_brief *vm)
{
	struct session s = { .terminal = isatty(STDIN_FILENO) };
	int ret = open_tty(vm, &s.tty);

	if (ret)
		return ret;
	ret = check_owner(vm);
	if (ret) {
		close(s.tty);
		return ret;
	}
	fflush(stdout);
	if (s.terminal) {
		if (!globals.quiet)
			fprintf(stderr, "console of VM '%s'; leave it with ^]\n",
				vm->name);
		make_raw();
	}
	ret = run_session(&s);
	restore();
	close(s.tty);
	if (s.terminal && !globals.quiet)
		fprintf(stderr, "\n%s\n", s.closed ? "the VM was destroyed" :
			"left the console");
	return ret ? system_error(-ret, NULL, "cannot go on") : VCTL_OK;
}

/* ---- the verb ----------------------------------------------------------------------- */

/* Sets @vm->tty to @tty if that is called @port; else adds its name to @names. */
static bool try_port(struct vm_brief *vm, uint32_t tty, const char *port, char *names,
		     size_t size)
{
	struct vm_brief other = *vm;
	char name[64];
	size_t n = strlen(names);

	other.tty = tty;
	if (read_line(&other, "port", name, sizeof(name)) < 0)
		return false;
	if (!strcmp(name, port)) {
		vm->tty = tty;
		return true;
	}
	snprintf(names + n, size - n, "%s%s", n ? ", " : "", name);
	return false;
}

/* Another console of the VM than the first, by the name that its tty has. */
static int choose_port(const char *word, const char *port, struct vm_brief *vm)
{
	char names[256] = "";
	struct devices d;
	bool found;
	size_t i, j;
	int ret = devices_get(word, &d);

	if (!ret) {
		found = try_port(vm, vm->tty, port, names, sizeof(names));
		for (i = 0; !found && i < d.nr; i++)
			for (j = 0; !found && j < d.dev[i].ttys; j++)
				found = try_port(vm, d.dev[i].tty[j], port, names, sizeof(names));
		if (!found)
			ret = option_error("port", "VM '%s' has no port '%s', but these: %s",
					   vm->name, port, names);
	}
	devices_free(&d);
	return ret;
}

static int run_console(struct args *a)
{
	const char *port = args_option(a, "port");
	struct vm_brief vm;
	int ret = vm_get(a->word[0], &vm, NULL);

	if (!ret && port)
		ret = choose_port(a->word[0], port, &vm);
	if (ret)
		return ret;
	if (!args_option(a, "log"))
		return console_run(&vm);
	ret = check_owner(&vm);
	return ret ? ret : print_log(&vm);
}

static const struct option console_options[] = {
	{ "log", 'l', NULL },
	{ "port", 0, "PORT" },
	GLOBAL_OPTIONS
};

const struct verb verb_console = {
	"console", run_console, console_options, 1, 1, "NAME [--port PORT] [--log]",
	"Connects the terminal with the VM's console, after what the guest has written\n"
	"last.  ^] leaves it.  Input that is no terminal is sent, and output goes on\n"
	"until the VM is destroyed.\n\n"
	"  --port PORT  com1 (the default), hvc0, or agent\n"
	"  --log        prints what the guest has written last, and returns\n"
};
