// SPDX-License-Identifier: GPL-2.0
/* vctl and devices: create with them, disk, net, show, stat. */
#include <sys/stat.h>
#include "vctl_fake.h"

/* A file that is there. */
static char *image(void)
{
	static char name[64];
	int fd;

	strcpy(name, "/tmp/vctl_disk.XXXXXX");
	fd = mkstemp(name);
	if (fd < 0 || ftruncate(fd, 4096))
		abort();
	close(fd);
	return name;
}

#define SPEC(fmt, ...) ({						\
	static char _s[256];						\
	snprintf(_s, sizeof(_s), fmt, ##__VA_ARGS__);			\
	_s;								\
})

/* Refused before the kernel was asked, by a line on standard error. */
#define REFUSED(status, text) do {					\
	STATUS(status);							\
	EXPECT_NE(strstr(self->err, text), NULL) {			\
		TH_LOG("%s", self->err);				\
	}								\
	EXPECT_STREQ(k.log, "");					\
} while (0)

/* ---- what is asked for ----------------------------------------------------------------- */

TEST_F(vctl, create_with_disks)
{
	const struct reply r = REPLY({ HS_A_VM_ID, .num = 5 });
	char *file = image();

	k.reply[0] = &r;
	k.nr_replies = 1;
	RUN("create", "web", "--kernel", "/dev/null", "--disk", file,
	    "--disk", SPEC("%s,ro,id=data", file), "-d", SPEC("%s,id=x,direct", file));
	unlink(file);
	STATUS(0);
	OUT("5\n");
	EXPECT_STREQ(k.log, "2: 3=web 7=open 10=268435456 11=1 13=1 29={ 1=open } "
			    "29={ 1=open 2=1 3=data } 29={ 1=open 3=x } \n");
}

TEST_F(vctl, create_with_rng_and_hidden_features)
{
	RUN("create", "web", "--kernel", "/dev/null", "--rng", "--testdev",
	    "--cpu-hide", "avx512f,pcid", "--cpu-hide=pku");
	STATUS(0);
	EXPECT_STREQ(k.log, "2: 3=web 7=open 10=268435456 11=1 13=1 12=3 31=avx512f 31=pcid 31=pku \n");
	k.log[0] = '\0';
	RUN("create", "web", "--kernel", "/dev/null", "--cpu-hide", "avx,,sse");
	REFUSED(1, "vctl: create: cpu-hide: not the name of a CPU feature: ''");
	RUN("create", "web", "--kernel", "/dev/null", "--cpu-hide", "");
	REFUSED(1, "cpu-hide");
	RUN("create", "web", "--kernel", "/dev/null", "--cpu-hide", "a2345678901234567890123456789012");
	REFUSED(1, "cpu-hide");
}

TEST_F(vctl, files_with_commas)
{
	char dir[] = "/tmp/vctl_dir.XXXXXX", file[64];
	int fd;

	ASSERT_NE(mkdtemp(dir), NULL);
	snprintf(file, sizeof(file), "%s/a,ro", dir);
	fd = open(file, O_CREAT | O_RDWR, 0600);
	ASSERT_LE(0, fd);
	close(fd);
	RUN("disk", "add", "web", SPEC("%s/a,,ro", dir));
	STATUS(0);
	EXPECT_STREQ(k.log, "12: 3=web 29={ 1=open } \n");
	unlink(file);
	rmdir(dir);
}

TEST_F(vctl, disks_that_are_wrong)
{
	char *file = image();

	RUN("disk", "add", "web", SPEC("%s,rw", file));
	REFUSED(1, "vctl: disk: disk: 'rw' is neither ro, direct nor id=NAME");
	RUN("disk", "add", "web", SPEC("%s,id=", file));
	REFUSED(1, "vctl: disk: disk: id: ");
	RUN("disk", "add", "web", SPEC("%s,id=1", file));
	REFUSED(1, "vctl: disk: disk: id: ");
	RUN("disk", "add", "web", SPEC("%s,id=a23456789012345678901", file));
	REFUSED(1, "20 characters");
	RUN("disk", "add", "web", SPEC("%s,ro,ro,ro,ro,ro,ro,ro,ro", file));
	REFUSED(1, "too many parts");
	RUN("disk", "add", "web", ",ro");
	REFUSED(1, "a file is missing");
	RUN("disk", "add", "web", "/nonexistent/file");
	REFUSED(2, "vctl: disk: disk: cannot open '/nonexistent/file': No such file or directory (ENOENT)");
	RUN("disk", "add", "web", "/tmp");
	REFUSED(1, "neither a file nor a block device");
	RUN("disk", "add", "web", "/dev/null");
	REFUSED(1, "neither a file nor a block device");
	RUN("disk", "mend", "web", file);
	REFUSED(1, "no such thing to do: 'mend'");
	RUN("disk", "up", "web", "disk0");
	REFUSED(1, "no such thing to do: 'up'");
	RUN("disk", "add", "web");
	REFUSED(1, "something is missing");
	RUN("disk", "add", "1x", file);
	REFUSED(1, "name");
	RUN("create", "web", "--kernel", "/dev/null", "--disk", file, "--disk", "/nonexistent");
	REFUSED(2, "cannot open '/nonexistent'");
	unlink(file);
}

/* A pipe without another end must not keep vctl waiting. */
TEST_F(vctl, pipes_are_no_disks)
{
	char dir[] = "/tmp/vctl_dir.XXXXXX", file[64];

	ASSERT_NE(mkdtemp(dir), NULL);
	snprintf(file, sizeof(file), "%s/pipe", dir);
	ASSERT_EQ(0, mkfifo(file, 0600));
	RUN("disk", "add", "web", SPEC("%s,ro", file));
	REFUSED(1, "neither a file nor a block device");
	unlink(file);
	rmdir(dir);
}

TEST_F(vctl, nets_that_are_wrong)
{
	static char *const bad[] = { "", ",mac=52:54:00:00:00:01", "..", "a/b", "tap%d", "a b",
				     "an-interface-of-16" };
	static char *const macs[] = { "", "52:54:00:12:34", "52:54:00:12:34:567", "52-54-00-12-34-56",
				      "52:54:00:12:34:5g", "525400123456", "52:54:00:12:34:56:" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		RUN("net", "add", "web", bad[i]);
		REFUSED(1, "vctl: net: net: ");
	}
	for (i = 0; i < sizeof(macs) / sizeof(macs[0]); i++) {
		RUN("net", "add", "web", SPEC("tap0,mac=%s", macs[i]));
		REFUSED(1, "vctl: net: net: mac: not an address");
	}
	RUN("net", "add", "web", "tap0,ro");
	REFUSED(1, "'ro' is neither mac=MAC, bridge=NAME nor id=NAME");
	RUN("net", "add", "web", "tap0,bridge=");
	REFUSED(1, "bridge: not the name of an interface");
	/* There, and no tap; where tap devices are out of reach, that is said. */
	RUN("net", "add", "web", "lo");
	EXPECT_NE(0, self->status);
	EXPECT_STREQ(k.log, "");
}

TEST_F(vctl, devices_come_and_go)
{
	const struct reply r = REPLY({ HS_A_DEV_ID, .str = "disk3" });
	char *file = image();

	k.reply[0] = &r;
	k.nr_replies = 1;
	RUN("disk", "add", "3", SPEC("%s,ro", file));
	STATUS(0);
	OUT("disk3\n");
	RUN("-q", "disk", "add", "web", file);
	OUT("");
	RUN("disk", "add", "web", file, "-j");
	OUT("[{\"id\":\"disk3\"}]\n");
	EXPECT_STREQ(k.log, "12: 2=3 29={ 1=open 2=1 } \n12: 3=web 29={ 1=open } \n"
			    "12: 3=web 29={ 1=open } \n");
	k.log[0] = '\0';
	RUN("disk", "remove", "web", "disk3");
	STATUS(0);
	OUT("");
	RUN("net", "remove", "7", "lan");
	EXPECT_STREQ(k.log, "13: 3=web 32=disk3 \n13: 2=7 32=lan \n");
	k.log[0] = '\0';
	RUN("net", "down", "web", "net0");
	STATUS(0);
	OUT("");
	RUN("net", "up", "7", "net0");
	EXPECT_STREQ(k.log, "15: 3=web 32=net0 34=0 \n15: 2=7 32=net0 34=1 \n");
	k.log[0] = '\0';
	RUN("net", "remove", "web", "a b");
	REFUSED(1, "vctl: net: id: ");
	k.fail_cmd = HS_CMD_DEV_DEL;
	k.fail = (struct nl_error){ EBUSY, false, "", "the VM is running" };
	RUN("disk", "remove", "web", "disk3");
	STATUS(2);
	ERR("vctl: disk: the VM is running (EBUSY)\n");
	k.fail_cmd = HS_CMD_DEV_ADD;
	k.fail = (struct nl_error){ EEXIST, false, "disk id", "a device of this VM has this id" };
	RUN("disk", "add", "web", SPEC("%s,id=a", file));
	STATUS(2);
	ERR("vctl: disk: disk id: a device of this VM has this id (EEXIST)\n");
	k.absent = true;
	RUN("disk", "add", "web", file);
	STATUS(4);
	RUN("net", "remove", "web", "net0");
	STATUS(4);
	unlink(file);
}

/* ---- what is shown --------------------------------------------------------------------- */

#define COUNTERS(n) { HS_A_DEV_REQUESTS, .num = 100 * (n) }, { HS_A_DEV_READ_BYTES, .num = 4096 * (n) }, \
	{ HS_A_DEV_WRITE_BYTES, .num = 0 }, { HS_A_DEV_ERRORS, .num = 0 },			\
	{ HS_A_DEV_KICKS, .num = 7 * (n) }, { HS_A_DEV_SIGNALS, .num = 5 * (n) }

static const struct reply disk_nest = REPLY({ HS_A_DEV_KIND, .num = HS_DEV_DISK },
	{ HS_A_DEV_NAME, .str = "disk0" }, { HS_A_DEV_SLOT, .num = 3 },
	{ HS_A_DEV_FLAGS, .num = 0 }, { HS_A_DEV_BYTES, .num = 10ULL << 30 },
	{ HS_A_DEV_DRIVER, .num = 1 }, COUNTERS(1));
static const struct reply ro_nest = REPLY({ HS_A_DEV_KIND, .num = HS_DEV_DISK },
	{ HS_A_DEV_NAME, .str = "cd" }, { HS_A_DEV_SLOT, .num = 4 },
	{ HS_A_DEV_FLAGS, .num = HS_DISK_F_RO }, { HS_A_DEV_BYTES, .num = 512 },
	{ HS_A_DEV_DRIVER, .num = 1 }, { HS_A_DEV_BROKEN, .str = "a loop of \033 descriptors" });
static const struct reply net_nest = REPLY({ HS_A_DEV_KIND, .num = HS_DEV_NET },
	{ HS_A_DEV_NAME, .str = "net0" }, { HS_A_DEV_SLOT, .num = 5 },
	{ HS_A_DEV_MAC, .bytes = "\x52\x54\x00\xab\xcd\xef", .len = 6 }, { HS_A_DEV_DRIVER, .num = 0 });
/* Not aligned, as in a message. */
static const struct {
	char pad;
	uint32_t tty[2];
} __attribute__((packed)) ttys = { 0, { 8, 9 } };
static const struct reply console_nest = REPLY({ HS_A_DEV_KIND, .num = HS_DEV_CONSOLE },
	{ HS_A_DEV_NAME, .str = "console0" }, { HS_A_DEV_SLOT, .num = 1 },
	{ HS_A_DEV_TTYS, .bytes = &ttys.pad + 1, .len = 8 }, { HS_A_DEV_DRIVER, .num = 1 });
static const struct reply odd_nest = REPLY({ HS_A_DEV_KIND, .num = 77 }, { HS_A_DEV_NAME, .str = "new0" });

#define DEV(n) REPLY({ HS_A_VM_ID, .num = 3 }, { HS_A_VM_NAME, .str = "web" }, { HS_A_DEV, .nest = &n })

TEST_F(vctl, show_devices)
{
	const struct reply vm = REPLY({ HS_A_VM_ID, .num = 3 }, { HS_A_VM_CPU_HIDE, .str = "avx" },
				      { HS_A_VM_CPU_HIDE, .str = "pcid" });
	const struct reply d[] = { DEV(disk_nest), DEV(ro_nest), DEV(net_nest), DEV(console_nest),
				   DEV(odd_nest) };
	size_t i;

	k.reply[0] = &vm;
	k.nr_replies = 1;
	for (i = 0; i < 5; i++)
		k.dev[0][i] = k.dev[1][i] = &d[i];
	k.nr_devs[0] = k.nr_devs[1] = 5;
	RUN("show", "web");
	STATUS(0);
	OUT("id           3\ncpu hides    avx pcid\n"
	    "disk0        virtio-blk  slot 3  rw  10G  requests 100  read 4K  kicks 7  signals 5\n"
	    "cd           virtio-blk  slot 4  ro  512B  broken: a loop of \\x1b descriptors\n"
	    "net0         virtio-net  slot 5  52:54:00:ab:cd:ef  no driver\n"
	    "console0     virtio-console  slot 1  /dev/ttyHS8  /dev/ttyHS9\n"
	    "new0         unknown  slot 0  no driver\n");
	EXPECT_STREQ(k.log, "3: 3=web \n14: 2=3 \n");
	RUN("show", "web", "-j");
	OUT("[{\"id\":3,\"cpu_hide\":[\"avx\",\"pcid\"],\"devices\":["
	    "{\"id\":\"disk0\",\"kind\":\"disk\",\"slot\":3,\"ro\":false,\"bytes\":10737418240,\"driver\":true,"
	    "\"requests\":100,\"read_bytes\":4096,\"write_bytes\":0,\"errors\":0,\"kicks\":7,\"signals\":5},"
	    "{\"id\":\"cd\",\"kind\":\"disk\",\"slot\":4,\"ro\":true,\"bytes\":512,\"driver\":true,"
	    "\"broken\":\"a loop of \\u001b descriptors\","
	    "\"requests\":0,\"read_bytes\":0,\"write_bytes\":0,\"errors\":0,\"kicks\":0,\"signals\":0},"
	    "{\"id\":\"net0\",\"kind\":\"net\",\"slot\":5,\"mac\":\"52:54:00:ab:cd:ef\",\"driver\":false,"
	    "\"requests\":0,\"read_bytes\":0,\"write_bytes\":0,\"errors\":0,\"kicks\":0,\"signals\":0},"
	    "{\"id\":\"console0\",\"kind\":\"console\",\"slot\":1,\"ttys\":[8,9],\"driver\":true,"
	    "\"requests\":0,\"read_bytes\":0,\"write_bytes\":0,\"errors\":0,\"kicks\":0,\"signals\":0},"
	    "{\"id\":\"new0\",\"kind\":\"unknown\",\"slot\":0,\"driver\":false,"
	    "\"requests\":0,\"read_bytes\":0,\"write_bytes\":0,\"errors\":0,\"kicks\":0,\"signals\":0}]}]\n");
	RUN("show", "web", "--bytes");
	EXPECT_NE(strstr(self->out, "  rw  10737418240  requests 100  read 4096  "), NULL);
}

/* Nothing is printed when the second of two requests fails. */
TEST_F(vctl, show_is_one_document)
{
	const struct reply d = DEV(disk_nest);

	k.reply[0] = &web;
	k.nr_replies = 1;
	k.dev[0][0] = &d;
	k.nr_devs[0] = 1;
	k.fail_cmd = HS_CMD_VM_GET;
	k.fail = (struct nl_error){ ENOENT, false, "name", "no VM has this name" };
	RUN("-j", "show", "web");
	STATUS(2);
	OUT("{\"error\":{\"verb\":\"show\",\"errno\":\"ENOENT\",\"attr\":\"name\","
	    "\"message\":\"no VM has this name\"}}\n");
	k.fail_cmd = HS_CMD_DEV_GET;
	RUN("show", "web");
	STATUS(2);
	OUT("");
	RUN("stat", "-j");
	STATUS(2);
	EXPECT_EQ(memcmp(self->out, "{\"error\":", 9), 0);
}

/* No such tty here: what there is, is said. */
TEST_F(vctl, console_port_that_is_not_there)
{
	const struct reply d = DEV(console_nest);
	const struct reply vm = REPLY({ HS_A_VM_ID, .num = 3 }, { HS_A_VM_NAME, .str = "web" },
				      { HS_A_VM_TTY, .num = 999999 });

	k.reply[0] = &vm;
	k.nr_replies = 1;
	k.dev[0][0] = &d;
	k.nr_devs[0] = 1;
	RUN("console", "web", "--port", "hvc7");
	STATUS(1);
	EXPECT_EQ(strncmp(self->err, "vctl: console: port: VM 'web' has no port 'hvc7', but these: ", 60), 0);
	EXPECT_STREQ(k.log, "3: 3=web \n14: 3=web \n");
}

/* ---- stat ------------------------------------------------------------------------------ */

TEST_F(vctl, stat)
{
	const struct reply d = DEV(disk_nest), n = DEV(net_nest);

	k.reply[0] = &web;
	k.reply[1] = &old;
	k.nr_replies = 2;
	k.dev[0][0] = k.dev[1][0] = &d;
	k.dev[0][1] = k.dev[1][1] = &n;
	k.nr_devs[0] = k.nr_devs[1] = 2;
	RUN("stat");
	STATUS(0);
	OUT("NAME  CPU%  EXITS  FAST  IRQ  IO  MMIO  MSR  CPUID  CR  HLT  EPT  OTHER  INJECTED  KICKS  FAULTS\n"
	    "web    2.5  12345     0    0   0     0    0      0   0    0    0      0         0      0       0\n"
	    "old      -      0     0    0   0     0    0      0   0    0    0      0         0      0       0\n"
	    "\n"
	    "NAME  DEVICE  REQUESTS  READ  WRITTEN  ERRORS  KICKS  SIGNALS\n"
	    "web   disk0        100    4K       0B       0      7        5\n"
	    "web   net0           0    0B       0B       0      0        0\n");
	EXPECT_STREQ(k.log, "3: \n14: \n");
	RUN("stat", "web", "-n", "-o", "id,exits");
	OUT(" 3  12345\n12      0\n");
	EXPECT_NE(strstr(k.log, "3: 3=web \n14: 3=web \n"), NULL);
	RUN("stat", "-o", "exits,colour");
	STATUS(1);
	ERR("vctl: stat: no such column: 'colour'\nTry 'vctl help stat'.\n");
	k.nr_replies = 0;
	RUN("stat", "-n");
	OUT("");
	RUN("stat", "-j");
	OUT("[]\n");
}

/* Device counters per second; those of an exact second are known. */
TEST_F(vctl, stat_per_second)
{
	const struct reply later_nest = REPLY({ HS_A_DEV_KIND, .num = HS_DEV_DISK },
		{ HS_A_DEV_NAME, .str = "disk0" }, COUNTERS(1000000000ULL));
	const struct reply d = DEV(disk_nest), later = DEV(later_nest);
	unsigned long long ns, rate;
	char *p;

	k.reply[0] = &web;
	k.nr_replies = 1;
	k.dev[0][0] = &d;
	k.dev[1][0] = &later;
	k.nr_devs[0] = k.nr_devs[1] = 1;
	RUN("stat", "-j", "-i", "0.01", "-c", "2");
	STATUS(0);
	/* Two lines, each a document; only in the first something happened. */
	p = strchr(self->out, '\n');
	ASSERT_NE(p, NULL);
	EXPECT_EQ(strchr(p + 1, '\n'), p + strlen(p) - 1);
	EXPECT_NE(strstr(p, "\"per_second\":{\"requests\":0,"), NULL);
	*p = '\0';
	p = strstr(self->out, "\"interval_ns\":");
	ASSERT_NE(p, NULL);
	ns = strtoull(p + 14, NULL, 10);
	EXPECT_LE(10000000, ns);
	p = strstr(self->out, "\"per_second\":{\"requests\":");
	ASSERT_NE(p, NULL);
	rate = strtoull(p + 25, NULL, 10);
	EXPECT_EQ(rate, (unsigned long long)
		  (((unsigned __int128)99999999900ULL * 1000000000 + ns / 2) / ns));
	/* All counters as they are stand beside it. */
	EXPECT_NE(strstr(self->out, "\"stats\":{\"exits\":12345,"), NULL);
	EXPECT_NE(strstr(self->out, "{\"id\":\"disk0\",\"requests\":100000000000,"), NULL);
	EXPECT_NE(strstr(self->out, "\"per_second\":{\"exits\":0,"), NULL);
	EXPECT_EQ(3, k.dev_dumps);
}

TEST_F(vctl, stat_tables_one_after_the_other)
{
	k.reply[0] = &web;
	k.nr_replies = 1;
	RUN("stat", "-i", "0.01", "-c", "2", "-o", "name,exits");
	STATUS(0);
	OUT("NAME  EXITS\nweb       0\n\nNAME  EXITS\nweb       0\n");
	RUN("stat", "-c", "1", "-i", "0.01", "-n", "-o", "name,exits");
	OUT("web  0\n");
	RUN("stat", "-i", "0");
	STATUS(1);
	RUN("stat", "-i", "often");
	STATUS(1);
	RUN("stat", "-c", "0");
	STATUS(1);
	RUN("stat", "a", "b");
	STATUS(1);
	k.absent = true;
	RUN("stat");
	STATUS(4);
}

/* SIGINT ends it in good order, with what was printed complete. */
TEST_F(vctl, stat_until_interrupted)
{
	sigset_t pending;

	k.reply[0] = &web;
	k.nr_replies = 1;
	k.raise_at_dump = 3;
	/* Whoever runs this in the background may have it ignored, and so does vctl. */
	signal(SIGINT, SIG_DFL);
	RUN("stat", "-i", "0.01", "-n", "-o", "name");
	STATUS(0);
	OUT("web\nweb\n");
	sigpending(&pending);
	EXPECT_FALSE(sigismember(&pending, SIGINT));
	sigprocmask(SIG_BLOCK, NULL, &pending);
	EXPECT_FALSE(sigismember(&pending, SIGINT));
}

/* Who reads no more ends it. */
TEST_F(vctl, stat_that_cannot_write)
{
	k.reply[0] = &web;
	k.nr_replies = 1;
	RUN_TO("/dev/full", "stat", "-i", "0.01");
	STATUS(2);
	EXPECT_EQ(2, k.dev_dumps);
}

TEST_HARNESS_MAIN
