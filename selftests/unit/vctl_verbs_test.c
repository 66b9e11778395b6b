// SPDX-License-Identifier: GPL-2.0
/* vctl's verbs: what they ask, what they print, how they exit. */
#include "vctl_fake.h"

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
	EXPECT_STREQ(k.log, "3: 3=web \n14: 2=3 \n");
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
	    "\"vcpus\":[{\"vcpu\":0,\"tid\":77},{\"vcpu\":1}],\"devices\":[]}]\n");
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

TEST_F(vctl, no_module)
{
	static char *const verbs[] = { "list", "monitor", "stat" };
	static char *const vm_verbs[] = { "start", "stop", "pause", "resume",
		"reset", "destroy", "show", "console", "diagnose" };
	size_t i;

	k.absent = true;
	for (i = 0; i < 3; i++) {
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
	const struct reply m = REPLY({ HS_A_MSR_NUMBER, .num = 0x345 },
		{ HS_A_MSR_READS, .num = 7 }, { HS_A_MSR_WRITES, .num = 2 });
	const struct reply v = REPLY({ HS_A_DIAG_VCPU, .num = 1 },
		{ HS_A_DIAG_REASON, .str = "triple fault" },
		{ HS_A_DIAG_INSN, .bytes = "\x0f\x0b", .len = 2 },
		{ HS_A_DIAG_REGS, .bytes = &regs, .len = sizeof(regs) },
		{ HS_A_DIAG_EXIT, .nest = &x }, { HS_A_DIAG_MSR, .nest = &m });
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
	EXPECT_NE(strstr(self->out, "\n    00000345 read 7 written 2 times\n"), NULL);
	RUN("diagnose", "web", "-j");
	EXPECT_NE(strstr(self->out, "\"vcpus\":[{\"vcpu\":1,\"reason\":\"triple fault\",\"code\":[15,11],\"regs\":{\"rax\":2748,"), NULL);
	EXPECT_NE(strstr(self->out, "\"exits\":[{\"exit_reason\":2,\"name\":\"TRIPLE_FAULT\",\"qualification\":0,\"rip\":4096}],\"msrs\":[{\"msr\":837,\"reads\":7,\"writes\":2}]}]}\n"), NULL);
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
