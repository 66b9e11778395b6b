// SPDX-License-Identifier: GPL-2.0
/*
 * labio - the guest side of the lab's out-of-band channel.
 *
 * Everything the lab learns from the machine (command output, exit codes,
 * kernel log, files, heartbeats) leaves it as checksummed frames through I/O
 * port 0xe9, which costs one instruction a byte in the emulator whatever the
 * clock is set to.  A serial line would cost 87 us of emulated time a byte.
 *
 * Frame, little endian:
 *	u8  magic[4]	f5 'H' 'S' 'L'
 *	u8  type	see lab frames.py
 *	u8  zero
 *	u16 stream	command number, or 0
 *	u32 seq		one more than the last frame of this boot
 *	u32 len		bytes of payload, at most FRAME_MAX
 *	u8  payload[len]
 *	u32 crc		CRC-32 (IEEE) of type .. payload
 *
 * Several processes send at once.  A lock file makes frames whole; it also
 * holds the sequence number.
 *
 * usage: labio daemon MILLISECONDS	kernel log and heartbeats, in background
 *	  labio exec N SECONDS CMD	run CMD in a shell, send output and status
 *	  labio pipe TYPE N		send standard input as frames of TYPE
 *	  labio send TYPE N [TEXT]	send one frame
 *	  labio boots			count this boot of the machine, print how many
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PORT		0xe9
#define FRAME_MAX	16384
#define LOCK_FILE	"/run/labio.lock"

static uint32_t crc_table[256];
static int lock_fd = -1;
static sigjmp_buf no_access;

static void crc_init(void)
{
	uint32_t c;
	int i, k;

	for (i = 0; i < 256; i++) {
		c = i;
		for (k = 0; k < 8; k++)
			c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
		crc_table[i] = c;
	}
}

static uint32_t crc_add(uint32_t c, const uint8_t *p, size_t n)
{
	c = ~c;
	while (n--)
		c = crc_table[(c ^ *p++) & 0xff] ^ (c >> 8);
	return ~c;
}

static void on_fault(int sig)
{
	(void)sig;
	siglongjmp(no_access, 1);
}

static void port_write(const uint8_t *p, size_t n)
{
	asm volatile("rep outsb" : "+S"(p), "+c"(n) : "d"(PORT) : "memory");
}

/*
 * Bochs lets every ring use this port, so that the channel does not lean on
 * the I/O permission bitmap of the TSS, which is something a hypervisor under
 * test may well break.  QEMU wants ioperm().
 */
static int port_open(void)
{
	static const uint8_t nothing;
	struct sigaction sa = { .sa_handler = on_fault }, old;
	int ok = 0;

	sigaction(SIGSEGV, &sa, &old);
	if (!sigsetjmp(no_access, 1)) {
		port_write(&nothing, 1);
		ok = 1;
	}
	sigaction(SIGSEGV, &old, NULL);
	if (!ok && ioperm(PORT, 1, 1)) {
		perror("labio: ioperm");
		return -1;
	}
	return 0;
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v;
	p[1] = v >> 8;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v);
	put16(p + 2, v >> 16);
}

static void send_frame(char type, unsigned int stream, const void *data, size_t len)
{
	static uint8_t buf[16 + FRAME_MAX + 4];
	uint32_t seq = 0;

	if (flock(lock_fd, LOCK_EX))
		perror("labio: flock");
	if (pread(lock_fd, &seq, sizeof(seq), 0) != sizeof(seq))
		seq = 0;
	memcpy(buf, "\xf5HSL", 4);
	buf[4] = type;
	buf[5] = 0;
	put16(buf + 6, stream);
	put32(buf + 8, seq);
	put32(buf + 12, len);
	if (len)
		memcpy(buf + 16, data, len);
	put32(buf + 16 + len, crc_add(0, buf + 4, 12 + len));
	port_write(buf, 16 + len + 4);
	seq++;
	if (pwrite(lock_fd, &seq, sizeof(seq), 0) != sizeof(seq))
		perror("labio: " LOCK_FILE);
	flock(lock_fd, LOCK_UN);
}

static void send_text(char type, unsigned int stream, const char *text)
{
	size_t len = strlen(text);

	send_frame(type, stream, text, len < FRAME_MAX ? len : FRAME_MAX);
}

static double uptime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Send what the kernel log has; each record as "level,seq,usec;text". */
static void send_kmsg(int fd)
{
	static char buf[FRAME_MAX];
	size_t fill = 0;
	ssize_t n;

	for (;;) {
		if (sizeof(buf) - fill < 8192) {
			send_frame('K', 0, buf, fill);
			fill = 0;
		}
		n = read(fd, buf + fill, sizeof(buf) - fill);
		if (n > 0) {
			fill += n;
		} else if (n < 0 && errno == EPIPE) {
			/* Records were overwritten before we came: say so. */
			send_text('K', 0, "4,0,0,-;labio: kernel log records were lost\n");
		} else {
			break;
		}
	}
	if (fill)
		send_frame('K', 0, buf, fill);
}

static volatile sig_atomic_t stop_daemon;

static void on_term(int sig)
{
	(void)sig;
	stop_daemon = 1;
}

static int do_daemon(int period_ms)
{
	struct sched_param sp = { .sched_priority = 50 };
	struct sigaction sa = { .sa_handler = on_term };
	double next = uptime();
	char text[64];
	struct pollfd p;
	FILE *f;
	int fd, left;
	pid_t pid;

	fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		perror("labio: /dev/kmsg");
		return 1;
	}
	send_kmsg(fd);
	pid = fork();
	if (pid < 0) {
		perror("labio: fork");
		return 1;
	}
	if (pid) {
		f = fopen("/run/labio.pid", "w");
		if (f) {
			fprintf(f, "%d\n", pid);
			fclose(f);
		}
		return 0;
	}
	setsid();
	mlockall(MCL_CURRENT | MCL_FUTURE);
	/* Busy tests must not look like a dead kernel. */
	sched_setscheduler(0, SCHED_FIFO, &sp);
	sigaction(SIGTERM, &sa, NULL);
	p.fd = fd;
	p.events = POLLIN;
	while (!stop_daemon) {
		left = (next - uptime()) * 1000 + 1;
		if (left <= 0) {
			snprintf(text, sizeof(text), "%.3f", uptime());
			send_text('B', 0, text);
			next = uptime() + period_ms / 1000.0;
			left = period_ms;
		}
		if (poll(&p, 1, left) > 0)
			send_kmsg(fd);
	}
	/* Asked to end: the rest of the log first. */
	send_kmsg(fd);
	send_text('B', 0, "end");
	return 0;
}

static void send_status(unsigned int stream, int status, int timed_out)
{
	char text[64];

	if (timed_out)
		snprintf(text, sizeof(text), "timeout");
	else if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "signal %d", WTERMSIG(status));
	else
		snprintf(text, sizeof(text), "exit %d", WEXITSTATUS(status));
	send_text('X', stream, text);
}

/*
 * The end of the command is the end of its shell, not of its output: a command
 * may leave children behind that hold the pipe open.
 */
static int do_exec(unsigned int stream, int seconds, const char *cmd)
{
	double end = seconds ? uptime() + seconds : 0;
	static char buf[FRAME_MAX];
	int fds[2], status = 0, gone = 0, timed_out = 0, left;
	struct signalfd_siginfo si;
	struct pollfd p[2];
	sigset_t chld;
	ssize_t n;
	pid_t pid;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	p[1].fd = signalfd(-1, &chld, SFD_NONBLOCK | SFD_CLOEXEC);
	p[1].events = POLLIN;
	if (p[1].fd < 0 || pipe(fds)) {
		perror("labio: pipe");
		return 1;
	}
	send_text('S', stream, cmd);
	pid = fork();
	if (pid < 0) {
		perror("labio: fork");
		return 1;
	}
	if (!pid) {
		int null = open("/dev/null", O_RDONLY);

		setsid();
		sigprocmask(SIG_UNBLOCK, &chld, NULL);
		dup2(null, 0);
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		close(fds[0]);
		close(fds[1]);
		close(null);
		close(lock_fd);
		execl("/bin/sh", "sh", "-c", cmd, (char *)NULL);
		perror("labio: /bin/sh");
		_exit(127);
	}
	close(fds[1]);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	p[0].fd = fds[0];
	p[0].events = POLLIN;
	while (!gone) {
		left = end ? (end - uptime()) * 1000 + 1 : -1;
		if (end && left < 0)
			left = 0;
		poll(p, 2, left);
		while ((n = read(fds[0], buf, sizeof(buf))) > 0)
			send_frame('O', stream, buf, n);
		if (n == 0)		/* closed by all: only the status is missing */
			p[0].fd = -1;
		while (read(p[1].fd, &si, sizeof(si)) > 0)
			;
		if (waitpid(pid, &status, WNOHANG) == pid)
			gone = 1;
		if (!gone && end && uptime() > end) {
			timed_out = 1;
			kill(-pid, SIGKILL);
			end = uptime() + 5;
		}
	}
	while ((n = read(fds[0], buf, sizeof(buf))) > 0)
		send_frame('O', stream, buf, n);
	send_status(stream, status, timed_out);
	return !timed_out && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int do_pipe(char type, unsigned int stream)
{
	static char buf[FRAME_MAX];
	size_t fill = 0;
	ssize_t n;

	while ((n = read(0, buf + fill, sizeof(buf) - fill)) != 0) {
		if (n < 0) {
			if (errno == EINTR)
				continue;
			perror("labio: read");
			return 1;
		}
		fill += n;
		if (fill == sizeof(buf)) {
			send_frame(type, stream, buf, fill);
			fill = 0;
		}
	}
	if (fill)
		send_frame(type, stream, buf, fill);
	return 0;
}

/* Of the clock chip's memory, which lives as long as the machine has power. */
static uint8_t cmos(uint8_t reg, int value)
{
	outb(reg, 0x70);
	if (value >= 0)
		outb(value, 0x71);
	return inb(0x71);
}

/*
 * How often /init was reached since power-on, by reset or by kexec.  The BIOS
 * and the kernel leave these two bytes alone.
 */
static int do_boots(void)
{
	enum { COUNT = 0x6a, COMPLEMENT = 0x6b };
	uint8_t n;

	if (ioperm(0x70, 2, 1)) {
		perror("labio: ioperm");
		return 1;
	}
	n = cmos(COUNT, -1);
	if (cmos(COMPLEMENT, -1) != (uint8_t)~n)
		n = 0;
	n++;
	cmos(COUNT, n);
	cmos(COMPLEMENT, (uint8_t)~n);
	printf("%d\n", n);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "boots"))
		return do_boots();
	crc_init();
	lock_fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock_fd < 0) {
		perror("labio: " LOCK_FILE);
		return 1;
	}
	if (port_open())
		return 1;
	if (argc == 3 && !strcmp(argv[1], "daemon"))
		return do_daemon(atoi(argv[2]));
	if (argc == 5 && !strcmp(argv[1], "exec"))
		return do_exec(atoi(argv[2]), atoi(argv[3]), argv[4]);
	if (argc == 4 && !strcmp(argv[1], "pipe"))
		return do_pipe(argv[2][0], atoi(argv[3]));
	if ((argc == 4 || argc == 5) && !strcmp(argv[1], "send")) {
		send_text(argv[2][0], atoi(argv[3]), argc == 5 ? argv[4] : "");
		return 0;
	}
	fprintf(stderr, "usage: labio daemon MS | exec N SECONDS CMD | "
		"pipe TYPE N | send TYPE N [TEXT] | boots\n");
	return 2;
}
