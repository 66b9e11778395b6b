// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of every command: missing, unknown, out of range, cut short.
 * lab:
 */
#include <fcntl.h>
#include "kselftest_harness.h"
#include "nl.h"
#include "tiny.h"

#define NAME	"t-attrs"

FIXTURE(nl) {
	struct nl nl;
	int fd;
};

FIXTURE_SETUP(nl)
{
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_NE(0, self->nl.family);
	vm_wipe(&self->nl);
	self->fd = TINY(TINY_SLEEP);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(nl)
{
	vm_wipe(&self->nl);
	close(self->fd);
	nl_close(&self->nl);
}

/* A request is refused with @want, a sentence, and attribute @at to blame. */
#define EXPECT_BAD(want, at, e) do {				\
	struct nl_end _e = (e);					\
	EXPECT_EQ(want, _e.err);				\
	EXPECT_NE(0, _e.why[0]) {				\
		TH_LOG("no sentence");				\
	}							\
	EXPECT_EQ(at, _e.attr) {				\
		TH_LOG("%s", _e.why);				\
	}							\
	EXPECT_EQ(0, _e.replies);				\
} while (0)

#define EXPECT_MISSING(type, e) do {				\
	struct nl_end _e = (e);					\
	EXPECT_EQ(-EINVAL, _e.err);				\
	EXPECT_NE(0, _e.why[0]);				\
	EXPECT_EQ(type, _e.miss) {				\
		TH_LOG("%s", _e.why);				\
	}							\
} while (0)

#define CALL()	nl_call(&self->nl, &m, NULL, NULL)

/* Commands that name a VM and are answered by an acknowledgement. */
static const int key_cmds[] = {
	HS_CMD_VM_GET, HS_CMD_VM_DEL, HS_CMD_VM_START, HS_CMD_VM_STOP,
	HS_CMD_VM_PAUSE, HS_CMD_VM_RESUME, HS_CMD_VM_RESET, HS_CMD_DEV_ADD,
	HS_CMD_DEV_DEL, HS_CMD_DEV_SET,
};
#define KEY_CMDS	(sizeof(key_cmds) / sizeof(key_cmds[0]))

static void begin_new(struct nl_msg *m, struct nl *nl, int fd)
{
	nl_begin(m, nl, HS_CMD_VM_NEW, 0);
	nl_put_str(m, HS_A_VM_NAME, NAME);
	nl_put_u32(m, HS_A_VM_KERNEL_FD, fd);
	nl_put_u64(m, HS_A_VM_MEM_BYTES, 4 << 20);
}

/* The last attribute of a type counts, so a wrong one may follow a right one. */
#define NEW_WITH(type, data, len) ({				\
	struct nl_msg _m;					\
	begin_new(&_m, &self->nl, self->fd);			\
	nl_put(&_m, type, data, len);				\
	nl_call(&self->nl, &_m, NULL, NULL);			\
})

TEST_F(nl, new_with_the_least)
{
	struct nl_msg m;
	struct nl_end e;
	struct vm_info v;

	begin_new(&m, &self->nl, self->fd);
	e = CALL();
	EXPECT_EQ(0, e.err) {
		TH_LOG("%s", e.why);
	}
	EXPECT_EQ(1, e.replies);
	ASSERT_EQ(0, vm_get(&self->nl, NAME, &v).err);
	EXPECT_STREQ(NAME, v.name);
	EXPECT_EQ(HS_VM_DEFINED, v.state);
	EXPECT_EQ(4 << 20, v.mem);
	EXPECT_EQ(1, v.cpus);
	EXPECT_NE(0, v.id);
	EXPECT_EQ(0, v.charged);
	EXPECT_NE(0, v.overhead);
	EXPECT_EQ(0, v.uptime);
	EXPECT_FALSE(v.has_exit_code);
	EXPECT_EQ(0, vm_do(&self->nl, HS_CMD_VM_DEL, NAME).err);
	EXPECT_EQ(-ENOENT, vm_get(&self->nl, NAME, &v).err);
}

TEST_F(nl, new_missing)
{
	static const int needed[] = {
		HS_A_VM_NAME, HS_A_VM_KERNEL_FD, HS_A_VM_MEM_BYTES,
	};
	struct nl_msg m;
	int i;

	for (i = 0; i < 3; i++) {
		nl_begin(&m, &self->nl, HS_CMD_VM_NEW, 0);
		if (needed[i] != HS_A_VM_NAME)
			nl_put_str(&m, HS_A_VM_NAME, NAME);
		if (needed[i] != HS_A_VM_KERNEL_FD)
			nl_put_u32(&m, HS_A_VM_KERNEL_FD, self->fd);
		if (needed[i] != HS_A_VM_MEM_BYTES)
			nl_put_u64(&m, HS_A_VM_MEM_BYTES, 4 << 20);
		EXPECT_MISSING(needed[i], CALL());
	}
	EXPECT_EQ(0, vm_state(&self->nl, NAME));
}

TEST_F(nl, key_missing)
{
	struct nl_msg m;
	unsigned int i;

	for (i = 0; i < KEY_CMDS; i++) {
		nl_begin(&m, &self->nl, key_cmds[i], 0);
		EXPECT_MISSING(HS_A_VM_NAME, CALL());
	}
	/* Before 6.10 dump errors carry a sentence only. */
	nl_begin(&m, &self->nl, HS_CMD_VM_DIAG, NLM_F_DUMP);
	EXPECT_BAD(-EINVAL, 0, CALL());
}

TEST_F(nl, key_of_nobody)
{
	struct nl_msg m;
	struct nl_end e;
	unsigned int i;

	for (i = 0; i < KEY_CMDS; i++) {
		nl_begin(&m, &self->nl, key_cmds[i], 0);
		nl_put_str(&m, HS_A_VM_NAME, "nobody");
		EXPECT_BAD(-ENOENT, HS_A_VM_NAME, CALL());
		nl_begin(&m, &self->nl, key_cmds[i], 0);
		nl_put_u32(&m, HS_A_VM_ID, 0x7ffffffe);
		EXPECT_BAD(-ENOENT, HS_A_VM_ID, CALL());
		nl_begin(&m, &self->nl, key_cmds[i], 0);
		nl_put_u32(&m, HS_A_VM_ID, 0);
		EXPECT_BAD(-ENOENT, HS_A_VM_ID, CALL());
	}
	nl_begin(&m, &self->nl, HS_CMD_VM_DIAG, NLM_F_DUMP);
	nl_put_str(&m, HS_A_VM_NAME, "nobody");
	e = CALL();
	EXPECT_EQ(-ENOENT, e.err);
	EXPECT_NE(0, e.why[0]);
	/* Since 6.10 the end of a dump names the attribute, too. */
	EXPECT_TRUE(!e.attr || e.attr == HS_A_VM_NAME);
}

TEST_F(nl, name_and_id_must_agree)
{
	struct vm_info v;
	struct nl_msg m;

	ASSERT_EQ(0, vm_new(&self->nl, NAME, self->fd).err);
	ASSERT_EQ(0, vm_get(&self->nl, NAME, &v).err);
	nl_begin(&m, &self->nl, HS_CMD_VM_GET, 0);
	nl_put_str(&m, HS_A_VM_NAME, NAME);
	nl_put_u32(&m, HS_A_VM_ID, v.id);
	EXPECT_EQ(0, CALL().err);
	nl_begin(&m, &self->nl, HS_CMD_VM_GET, 0);
	nl_put_str(&m, HS_A_VM_NAME, "nobody");
	nl_put_u32(&m, HS_A_VM_ID, v.id);
	EXPECT_BAD(-EINVAL, HS_A_VM_NAME, CALL());
}

TEST_F(nl, unknown_attributes)
{
	static const int unknown[] = { HS_A_MAX + 1, 1000, 0x3fff };
	struct nl_msg m;
	unsigned int i, j;

	for (i = 0; i < KEY_CMDS; i++) {
		for (j = 0; j < 3; j++) {
			nl_begin(&m, &self->nl, key_cmds[i], 0);
			nl_put_str(&m, HS_A_VM_NAME, NAME);
			nl_put_u32(&m, unknown[j], 1);
			EXPECT_BAD(-EINVAL, unknown[j], CALL());
		}
	}
	for (j = 0; j < 3; j++)
		EXPECT_BAD(-EINVAL, unknown[j], NEW_WITH(unknown[j], "", 0));
	nl_begin(&m, &self->nl, HS_CMD_VM_DIAG, NLM_F_DUMP);
	nl_put_str(&m, HS_A_VM_NAME, NAME);
	nl_put_u32(&m, HS_A_MAX + 1, 1);
	EXPECT_BAD(-EINVAL, HS_A_MAX + 1, CALL());
	nl_begin(&m, &self->nl, HS_CMD_CHECK, NLM_F_DUMP);
	nl_put_u32(&m, HS_A_MAX + 1, 1);
	EXPECT_BAD(-EINVAL, HS_A_MAX + 1, CALL());
}

/* Attributes that exist, but not for this command: each one for each command. */
TEST_F(nl, misplaced_attributes)
{
	static const unsigned long key = 1UL << HS_A_VM_ID | 1UL << HS_A_VM_NAME;
	unsigned int i, type;
	struct nl_msg m;

	for (i = 0; i < KEY_CMDS; i++) {
		unsigned long takes = key;

		if (key_cmds[i] == HS_CMD_VM_STOP)
			takes |= 1UL << HS_A_VM_FORCE;
		if (key_cmds[i] == HS_CMD_DEV_ADD)
			takes |= 1UL << HS_A_VM_DISK | 1UL << HS_A_VM_NET;
		if (key_cmds[i] == HS_CMD_DEV_DEL)
			takes |= 1UL << HS_A_DEV_ID;
		if (key_cmds[i] == HS_CMD_DEV_SET)
			takes |= 1UL << HS_A_DEV_ID | 1UL << HS_A_DEV_UP;
		for (type = 0; type <= HS_A_MAX; type++) {
			if (takes & 1UL << type)
				continue;
			nl_begin(&m, &self->nl, key_cmds[i], 0);
			nl_put_str(&m, HS_A_VM_NAME, "nobody");
			nl_put_u32(&m, type, 1);
			EXPECT_BAD(-EINVAL, type, CALL());
		}
	}
	for (type = HS_A_VM_FORCE; type <= HS_A_MAX; type++)
		EXPECT_BAD(-EINVAL, type, NEW_WITH(type, "", 0));
	EXPECT_BAD(-EINVAL, HS_A_VM_ID, NEW_WITH(HS_A_VM_ID, "\1\0\0", 4));
	EXPECT_BAD(-EINVAL, HS_A_VM_STATE, NEW_WITH(HS_A_VM_STATE, "\1\0\0", 4));
	for (type = 1; type <= HS_A_MAX; type++) {
		nl_begin(&m, &self->nl, HS_CMD_CHECK, NLM_F_DUMP);
		nl_put_u32(&m, type, 1);
		EXPECT_BAD(-EINVAL, type, CALL());
	}
	nl_begin(&m, &self->nl, HS_CMD_VM_GET, NLM_F_DUMP);
	nl_put_str(&m, HS_A_VM_NAME, NAME);
	EXPECT_BAD(-EINVAL, 0, CALL());
}

TEST_F(nl, cut_short)
{
	static const struct {
		int type, len;
	} attr[] = {
		{ HS_A_VM_KERNEL_FD, 4 }, { HS_A_VM_INITRD_FD, 4 },
		{ HS_A_VM_MEM_BYTES, 8 }, { HS_A_VM_CPUS, 4 },
		{ HS_A_VM_FLAGS, 4 }, { HS_A_VM_ON_PANIC, 4 },
		{ HS_A_VM_PAGE_BYTES, 4 },
	};
	static const char bytes[16] = { 1 };
	struct nl_msg m;
	unsigned int i;
	int len;

	for (i = 0; i < sizeof(attr) / sizeof(attr[0]); i++)
		for (len = 0; len <= attr[i].len + 4; len++)
			if (len != attr[i].len)
				EXPECT_BAD(-EINVAL, attr[i].type,
					   NEW_WITH(attr[i].type, bytes, len));
	for (i = 0; i < KEY_CMDS; i++) {
		for (len = 0; len <= 8; len++) {
			if (len == 4)
				continue;
			nl_begin(&m, &self->nl, key_cmds[i], 0);
			nl_put(&m, HS_A_VM_ID, bytes, len);
			EXPECT_BAD(-EINVAL, HS_A_VM_ID, CALL());
		}
	}
	nl_begin(&m, &self->nl, HS_CMD_VM_STOP, 0);
	nl_put_str(&m, HS_A_VM_NAME, "nobody");
	nl_put_u32(&m, HS_A_VM_FORCE, 1);	/* a flag has no payload */
	EXPECT_BAD(-ERANGE, HS_A_VM_FORCE, CALL());
}

/* Lengths that do not fit the message. */
TEST_F(nl, broken_framing)
{
	struct nlattr *a;
	struct nl_msg m;

	begin_new(&m, &self->nl, self->fd);
	a = nl_put_u32(&m, HS_A_VM_CPUS, 1);
	a->nla_len = 400;		/* beyond the end */
	EXPECT_EQ(-EINVAL, CALL().err);

	begin_new(&m, &self->nl, self->fd);
	a = nl_put_u32(&m, HS_A_VM_CPUS, 1);
	a->nla_len = 3;			/* less than its own header */
	EXPECT_EQ(-EINVAL, CALL().err);

	begin_new(&m, &self->nl, self->fd);
	m.h.nlmsg_len += 3;		/* bytes that are no attribute */
	EXPECT_EQ(-EINVAL, CALL().err);

	nl_begin(&m, &self->nl, HS_CMD_VM_NEW, 0);
	m.h.nlmsg_len = NLMSG_HDRLEN + 2;	/* no room for the genl header */
	EXPECT_EQ(-EINVAL, CALL().err);

	begin_new(&m, &self->nl, self->fd);
	((struct genlmsghdr *)NLMSG_DATA(&m.h))->reserved = 1;
	EXPECT_BAD(-EINVAL, 0, CALL());

	begin_new(&m, &self->nl, self->fd);
	m.h.nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
	EXPECT_BAD(-EINVAL, 0, CALL());

	nl_begin(&m, &self->nl, HS_CMD_MAX + 1, 0);
	EXPECT_EQ(-EOPNOTSUPP, CALL().err);
	nl_begin(&m, &self->nl, 0, 0);
	EXPECT_EQ(-EOPNOTSUPP, CALL().err);
	nl_begin(&m, &self->nl, HS_CMD_EVENT, 0);
	EXPECT_EQ(-EOPNOTSUPP, CALL().err);
	/* do where there is only dump, and the other way round */
	nl_begin(&m, &self->nl, HS_CMD_CHECK, 0);
	EXPECT_EQ(-EOPNOTSUPP, CALL().err);
	nl_begin(&m, &self->nl, HS_CMD_VM_DIAG, 0);
	EXPECT_EQ(-EOPNOTSUPP, CALL().err);
	nl_begin(&m, &self->nl, HS_CMD_DEV_GET, 0);
	EXPECT_EQ(-EOPNOTSUPP, CALL().err);
	nl_begin(&m, &self->nl, HS_CMD_VM_START, NLM_F_DUMP);
	EXPECT_EQ(-EOPNOTSUPP, CALL().err);
	nl_begin(&m, &self->nl, HS_CMD_DEV_ADD, NLM_F_DUMP);
	EXPECT_EQ(-EOPNOTSUPP, CALL().err);
	EXPECT_EQ(0, vm_state(&self->nl, NAME));
}

TEST_F(nl, strings)
{
	static const char * const bad[] = {
		"1", "-x", ".x", "_x", "a b", "a/b", "a\nb", "a\x80", "",
	};
	char line[HS_CMDLINE_MAX + 2];
	struct nl_msg m;
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_BAD(-EINVAL, HS_A_VM_NAME,
			   NEW_WITH(HS_A_VM_NAME, bad[i], strlen(bad[i]) + 1));
	EXPECT_BAD(-EINVAL, HS_A_VM_NAME, NEW_WITH(HS_A_VM_NAME, "abcd", 4));
	EXPECT_BAD(-EINVAL, HS_A_VM_NAME, NEW_WITH(HS_A_VM_NAME, "ab\0cd", 6));
	EXPECT_BAD(-EINVAL, HS_A_VM_NAME, NEW_WITH(HS_A_VM_NAME, "", 0));

	memset(line, 'x', sizeof(line));
	line[HS_NAME_MAX + 1] = 0;
	EXPECT_BAD(-EINVAL, HS_A_VM_NAME, NEW_WITH(HS_A_VM_NAME, line, HS_NAME_MAX + 2));
	line[HS_NAME_MAX + 1] = 'x';
	line[HS_CMDLINE_MAX + 1] = 0;
	EXPECT_BAD(-EINVAL, HS_A_VM_CMDLINE,
		   NEW_WITH(HS_A_VM_CMDLINE, line, HS_CMDLINE_MAX + 2));
	EXPECT_EQ(0, vm_state(&self->nl, NAME));

	/* The longest of both work. */
	line[HS_CMDLINE_MAX] = 0;
	begin_new(&m, &self->nl, self->fd);
	nl_put(&m, HS_A_VM_CMDLINE, line, HS_CMDLINE_MAX + 1);
	line[HS_NAME_MAX] = 0;
	nl_put(&m, HS_A_VM_NAME, line, HS_NAME_MAX + 1);
	EXPECT_EQ(0, CALL().err);
	EXPECT_EQ(HS_VM_DEFINED, vm_state(&self->nl, line));
	EXPECT_EQ(0, vm_do(&self->nl, HS_CMD_VM_DEL, line).err);
}

TEST_F(nl, out_of_range)
{
	static const struct {
		uint64_t bytes;
		int err;
	} mem[] = {
		{ 0, -ERANGE }, { 4096, -ERANGE }, { (4 << 20) - 4096, -ERANGE },
		{ (4 << 20) + 1, -EINVAL }, { (4 << 20) + 512, -EINVAL },
		{ ~0ULL, -EINVAL }, { ~0ULL << 12, -ERANGE }, { 1ULL << 46, -ERANGE },
	};
	static const uint32_t cpus[] = { 0, 256, 0xffffffff };
	uint32_t v;
	unsigned int i;

	for (i = 0; i < sizeof(mem) / sizeof(mem[0]); i++)
		EXPECT_BAD(mem[i].err, HS_A_VM_MEM_BYTES,
			   NEW_WITH(HS_A_VM_MEM_BYTES, &mem[i].bytes, 8));
	for (i = 0; i < 3; i++)
		EXPECT_BAD(-ERANGE, HS_A_VM_CPUS, NEW_WITH(HS_A_VM_CPUS, &cpus[i], 4));
	for (i = 0; i < 32; i++) {
		v = 1U << i;
		if (!(v & __HS_VM_F_ALL))
			EXPECT_BAD(-EOPNOTSUPP, HS_A_VM_FLAGS,
				   NEW_WITH(HS_A_VM_FLAGS, &v, 4));
	}
	for (v = 0; v < 8; v++)
		if (v != HS_ON_PANIC_FAIL && v != HS_ON_PANIC_RESET)
			EXPECT_BAD(-EOPNOTSUPP, HS_A_VM_ON_PANIC,
				   NEW_WITH(HS_A_VM_ON_PANIC, &v, 4));
	for (i = 0; i < 32; i++) {
		v = 1U << i;
		if (v != HS_PAGE_4K && v != HS_PAGE_2M)
			EXPECT_BAD(-EOPNOTSUPP, HS_A_VM_PAGE_BYTES,
				   NEW_WITH(HS_A_VM_PAGE_BYTES, &v, 4));
	}
	v = -1;
	EXPECT_BAD(-ERANGE, HS_A_VM_KERNEL_FD, NEW_WITH(HS_A_VM_KERNEL_FD, &v, 4));
	EXPECT_BAD(-ERANGE, HS_A_VM_INITRD_FD, NEW_WITH(HS_A_VM_INITRD_FD, &v, 4));
	EXPECT_EQ(0, vm_state(&self->nl, NAME));
}

TEST_F(nl, descriptors)
{
	static const int attrs[] = { HS_A_VM_KERNEL_FD, HS_A_VM_INITRD_FD };
	int pipes[2], null, dir, wronly, empty, closed, i;

	ASSERT_EQ(0, pipe(pipes));
	null = open("/dev/null", O_RDONLY);
	dir = open("/", O_RDONLY | O_DIRECTORY);
	empty = memfd_create("empty", 0);
	wronly = open("/tmp/hs-wronly", O_WRONLY | O_CREAT, 0600);
	ASSERT_LE(0, wronly);
	ASSERT_EQ(1, write(wronly, "x", 1));
	closed = dup(null);
	close(closed);
	for (i = 0; i < 2; i++) {
		EXPECT_BAD(-EINVAL, attrs[i], NEW_WITH(attrs[i], &pipes[0], 4));
		EXPECT_BAD(-EINVAL, attrs[i], NEW_WITH(attrs[i], &null, 4));
		EXPECT_BAD(-EINVAL, attrs[i], NEW_WITH(attrs[i], &dir, 4));
		EXPECT_BAD(-EINVAL, attrs[i], NEW_WITH(attrs[i], &empty, 4));
		EXPECT_BAD(-EACCES, attrs[i], NEW_WITH(attrs[i], &wronly, 4));
		EXPECT_BAD(-EBADF, attrs[i], NEW_WITH(attrs[i], &closed, 4));
	}
	unlink("/tmp/hs-wronly");
	EXPECT_EQ(0, vm_state(&self->nl, NAME));
}

/* Files that are no kernel, or do not fit, are refused when the VM is made. */
TEST_F(nl, images)
{
	int noise = memfd_create("noise", 0), large = memfd_create("large", 0);
	char page[4096];
	struct nl_end e;
	unsigned int i;

	for (i = 0; i < sizeof(page); i++)
		page[i] = i * 37 + i / 256;
	ASSERT_EQ(sizeof(page), write(noise, page, sizeof(page)));
	ASSERT_EQ(0, ftruncate(large, 64 << 20));
	e = NEW_WITH(HS_A_VM_KERNEL_FD, &noise, 4);
	EXPECT_GT(0, e.err);
	EXPECT_NE(0, e.why[0]);
	EXPECT_EQ(HS_A_VM_KERNEL_FD, e.attr);
	e = NEW_WITH(HS_A_VM_INITRD_FD, &large, 4);	/* into 4 MiB */
	EXPECT_GT(0, e.err);
	EXPECT_NE(0, e.why[0]);
	EXPECT_EQ(HS_A_VM_INITRD_FD, e.attr);
	EXPECT_EQ(0, vm_state(&self->nl, NAME));
}

TEST_F(nl, names_are_unique)
{
	ASSERT_EQ(0, vm_new(&self->nl, NAME, self->fd).err);
	EXPECT_BAD(-EEXIST, HS_A_VM_NAME, vm_new(&self->nl, NAME, self->fd));
	EXPECT_EQ(0, vm_do(&self->nl, HS_CMD_VM_DEL, NAME).err);
	EXPECT_EQ(0, vm_new(&self->nl, NAME, self->fd).err);
}

TEST_HARNESS_MAIN
