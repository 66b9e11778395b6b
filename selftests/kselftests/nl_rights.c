// SPDX-License-Identifier: GPL-2.0
/*
 * Who may do what: a caller without rights, and sockets that change hands.
 * lab:
 */
#include <sched.h>
#include <sys/types.h>
#include <sys/wait.h>
#include "kselftest_harness.h"
#include "nl.h"
#include "tiny.h"

#define NAME	"t-rights"
#define NOBODY	65534

FIXTURE(rights) {
	struct nl nl;
};

FIXTURE_SETUP(rights)
{
	int fd = TINY(TINY_SLEEP);

	ASSERT_EQ(0, nl_open(&self->nl));
	vm_wipe(&self->nl);
	ASSERT_EQ(0, vm_new(&self->nl, NAME, fd).err);
	close(fd);
}

FIXTURE_TEARDOWN(rights)
{
	ASSERT_EQ(0, setresuid(0, 0, 0));
	nl_close(&self->nl);
	ASSERT_EQ(0, nl_open(&self->nl));
	vm_wipe(&self->nl);
	nl_close(&self->nl);
}

static const int changing[] = {
	HS_CMD_VM_DEL, HS_CMD_VM_START, HS_CMD_VM_STOP, HS_CMD_VM_PAUSE,
	HS_CMD_VM_RESUME, HS_CMD_VM_RESET, HS_CMD_DEV_ADD, HS_CMD_DEV_DEL,
	HS_CMD_DEV_SET,
};

/* All that changes or reveals something is refused on @nl, the rest is not. */
static void expect_refused(struct __test_metadata *_metadata, struct nl *nl)
{
	struct vm_info v;
	struct nl_msg m;
	struct nl_end e;
	unsigned int i;
	int fd = TINY(TINY_SLEEP);

	for (i = 0; i < sizeof(changing) / sizeof(changing[0]); i++) {
		e = vm_do(nl, changing[i], NAME);
		EXPECT_EQ(-EPERM, e.err) {
			TH_LOG("command %d", changing[i]);
		}
		EXPECT_NE(0, e.why[0]);
		/* Not even whether a VM exists is told by way of the error. */
		EXPECT_EQ(-EPERM, vm_do(nl, changing[i], "nobody").err);
	}
	EXPECT_EQ(-EPERM, vm_kill(nl, NAME).err);
	EXPECT_EQ(-EPERM, vm_new(nl, "t-other", fd).err);
	nl_begin(&m, nl, HS_CMD_VM_DIAG, NLM_F_DUMP);
	nl_put_str(&m, HS_A_VM_NAME, NAME);
	e = nl_call(nl, &m, NULL, NULL);
	EXPECT_EQ(-EPERM, e.err);
	EXPECT_NE(0, e.why[0]);
	EXPECT_EQ(0, e.replies);

	EXPECT_EQ(0, vm_get(nl, NAME, &v).err);
	EXPECT_EQ(HS_VM_DEFINED, v.state);
	nl_begin(&m, nl, HS_CMD_VM_GET, NLM_F_DUMP);
	e = nl_call(nl, &m, NULL, NULL);
	EXPECT_EQ(0, e.err);
	EXPECT_EQ(1, e.replies);
	nl_begin(&m, nl, HS_CMD_CHECK, NLM_F_DUMP);
	e = nl_call(nl, &m, NULL, NULL);
	EXPECT_EQ(0, e.err);
	EXPECT_LT(0, e.replies);
	nl_begin(&m, nl, HS_CMD_DEV_GET, NLM_F_DUMP);
	EXPECT_EQ(0, nl_call(nl, &m, NULL, NULL).err);
	close(fd);
}

TEST_F(rights, caller_without_rights)
{
	struct nl nl;

	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, 0));
	ASSERT_EQ(0, nl_open(&nl));
	expect_refused(_metadata, &nl);
	nl_close(&nl);
}

/* A socket that root opened does not lend its rights. */
TEST_F(rights, opened_by_root_used_by_nobody)
{
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, 0));
	expect_refused(_metadata, &self->nl);
}

/* Nor does root's using it help one that nobody opened. */
TEST_F(rights, opened_by_nobody_used_by_root)
{
	struct nl nl;

	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, 0));
	ASSERT_EQ(0, nl_open(&nl));
	ASSERT_EQ(0, setresuid(0, 0, 0));
	expect_refused(_metadata, &nl);
	nl_close(&nl);
}

/*
 * Namespaces are left by ending the process, so these run in one of their own,
 * and the fixture is taken down outside.
 */
#define IN_CHILD(body) do {					\
	pid_t _pid = fork();					\
	int _status = -1;					\
								\
	ASSERT_LE(0, _pid);					\
	if (!_pid) {						\
		body;						\
		_exit(_metadata->passed ? 0 : 1);		\
	}							\
	ASSERT_EQ(_pid, waitpid(_pid, &_status, 0));		\
	if (WIFEXITED(_status) && WEXITSTATUS(_status) == KSFT_SKIP) \
		SKIP(return, "no such namespaces");		\
	EXPECT_EQ(0, _status);					\
} while (0)

/* Root of another user namespace is not root of the host. */
TEST_F(rights, root_of_a_user_namespace)
{
	IN_CHILD({
		struct nl nl;

		if (unshare(CLONE_NEWUSER))
			_exit(KSFT_SKIP);
		ASSERT_EQ(0, nl_open(&nl));
		expect_refused(_metadata, &nl);
	});
}

/* In another network namespace there is no such family, by name or number. */
TEST_F(rights, other_network_namespace)
{
	IN_CHILD({
		struct nl nl;

		if (unshare(CLONE_NEWNET))
			_exit(KSFT_SKIP);
		EXPECT_EQ(-ENOENT, nl_open(&nl));
		nl.family = self->nl.family;
		EXPECT_EQ(-ENOENT, vm_do(&nl, HS_CMD_VM_START, NAME).err);
		EXPECT_EQ(-ENOENT, vm_do(&nl, HS_CMD_VM_GET, NAME).err);
	});
}

TEST_HARNESS_MAIN
