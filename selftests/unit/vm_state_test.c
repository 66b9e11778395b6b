// SPDX-License-Identifier: GPL-2.0
/* The table of legal transitions: complete, consistent, and as documented. */
#include "vm_state.h"
#include "kselftest_harness.h"

static const enum hs_vm_state states[] = {
	HS_VM_DEFINED, HS_VM_RUNNING, HS_VM_PAUSED, HS_VM_STOPPED, HS_VM_FAILED,
	HS_VM_DESTROYED,
};

/* The legal ones, written down a second time; all others are errors. */
static const struct {
	enum hs_vm_state from;
	enum hs_vm_op op;
	enum hs_vm_state to;
} legal[] = {
	{ HS_VM_DEFINED, HS_OP_START, HS_VM_RUNNING },
	{ HS_VM_DEFINED, HS_OP_DEL, HS_VM_DESTROYED },
	{ HS_VM_DEFINED, HS_OP_DEV, HS_VM_DEFINED },
	{ HS_VM_RUNNING, HS_OP_STOP, HS_VM_RUNNING },
	{ HS_VM_RUNNING, HS_OP_KILL, HS_VM_STOPPED },
	{ HS_VM_RUNNING, HS_OP_PAUSE, HS_VM_PAUSED },
	{ HS_VM_RUNNING, HS_OP_RESET, HS_VM_RUNNING },
	{ HS_VM_RUNNING, HS_OP_END, HS_VM_STOPPED },
	{ HS_VM_RUNNING, HS_OP_FAIL, HS_VM_FAILED },
	{ HS_VM_PAUSED, HS_OP_KILL, HS_VM_STOPPED },
	{ HS_VM_PAUSED, HS_OP_RESUME, HS_VM_RUNNING },
	{ HS_VM_PAUSED, HS_OP_RESET, HS_VM_PAUSED },
	{ HS_VM_PAUSED, HS_OP_END, HS_VM_STOPPED },
	{ HS_VM_PAUSED, HS_OP_FAIL, HS_VM_FAILED },
	{ HS_VM_STOPPED, HS_OP_START, HS_VM_RUNNING },
	{ HS_VM_STOPPED, HS_OP_DEL, HS_VM_DESTROYED },
	{ HS_VM_STOPPED, HS_OP_DEV, HS_VM_STOPPED },
	{ HS_VM_FAILED, HS_OP_START, HS_VM_RUNNING },
	{ HS_VM_FAILED, HS_OP_DEL, HS_VM_DESTROYED },
	{ HS_VM_FAILED, HS_OP_DEV, HS_VM_FAILED },
};

static const struct hs_vm_verdict *want(enum hs_vm_state from, enum hs_vm_op op,
					struct hs_vm_verdict *v)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(legal); i++) {
		if (legal[i].from == from && legal[i].op == op) {
			v->next = legal[i].to;
			return v;
		}
	}
	return NULL;
}

TEST(each_pair_is_legal_or_explained)
{
	unsigned int i, op;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		for (op = 0; op < __HS_OP_MAX; op++) {
			const struct hs_vm_verdict *v = hs_vm_verdict(states[i], op);
			struct hs_vm_verdict w;

			ASSERT_NE(NULL, v);
			if (want(states[i], op, &w)) {
				EXPECT_EQ(0, v->err);
				EXPECT_EQ(w.next, v->next);
				EXPECT_EQ(NULL, v->why);
				continue;
			}
			EXPECT_LT(v->err, 0) {
				TH_LOG("state %s, operation %u",
				       hs_vm_state_name(states[i]), op);
			}
			ASSERT_NE(NULL, v->why);
			/* A sentence about the VM, as extack has them. */
			EXPECT_EQ(0, strncmp(v->why, "the VM ", 7));
			EXPECT_EQ(NULL, strchr(v->why, '\n'));
			EXPECT_NE('.', v->why[strlen(v->why) - 1]);
			EXPECT_EQ(0, v->next);
		}
	}
}

TEST(errno_says_which_kind)
{
	/* Nothing to do. */
	EXPECT_EQ(-EALREADY, hs_vm_verdict(HS_VM_RUNNING, HS_OP_START)->err);
	EXPECT_EQ(-EALREADY, hs_vm_verdict(HS_VM_RUNNING, HS_OP_RESUME)->err);
	EXPECT_EQ(-EALREADY, hs_vm_verdict(HS_VM_PAUSED, HS_OP_PAUSE)->err);
	EXPECT_EQ(-EALREADY, hs_vm_verdict(HS_VM_STOPPED, HS_OP_STOP)->err);
	EXPECT_EQ(-EALREADY, hs_vm_verdict(HS_VM_STOPPED, HS_OP_KILL)->err);
	EXPECT_EQ(-EALREADY, hs_vm_verdict(HS_VM_FAILED, HS_OP_KILL)->err);
	/* Something else first. */
	EXPECT_EQ(-EBUSY, hs_vm_verdict(HS_VM_RUNNING, HS_OP_DEL)->err);
	EXPECT_EQ(-EBUSY, hs_vm_verdict(HS_VM_PAUSED, HS_OP_DEL)->err);
	EXPECT_EQ(-EBUSY, hs_vm_verdict(HS_VM_RUNNING, HS_OP_DEV)->err);
	EXPECT_EQ(-EBUSY, hs_vm_verdict(HS_VM_PAUSED, HS_OP_DEV)->err);
	EXPECT_EQ(-EBUSY, hs_vm_verdict(HS_VM_PAUSED, HS_OP_STOP)->err);
	EXPECT_EQ(-EBUSY, hs_vm_verdict(HS_VM_PAUSED, HS_OP_START)->err);
	/* Gone. */
	EXPECT_EQ(-ENODEV, hs_vm_verdict(HS_VM_DESTROYED, HS_OP_START)->err);
	EXPECT_EQ(-ENODEV, hs_vm_verdict(HS_VM_DESTROYED, HS_OP_DEL)->err);
	EXPECT_EQ(-ENODEV, hs_vm_verdict(HS_VM_DESTROYED, HS_OP_DEV)->err);
}

TEST(what_is_no_state_or_operation_is_refused)
{
	EXPECT_EQ(-EINVAL, hs_vm_verdict(0, HS_OP_START)->err);
	EXPECT_EQ(-EINVAL, hs_vm_verdict(HS_VM_DESTROYED + 1, HS_OP_START)->err);
	EXPECT_EQ(-EINVAL, hs_vm_verdict(-1, HS_OP_START)->err);
	EXPECT_EQ(-EINVAL, hs_vm_verdict(HS_VM_RUNNING, __HS_OP_MAX)->err);
	EXPECT_EQ(-EINVAL, hs_vm_verdict(HS_VM_RUNNING, -1)->err);
}

TEST(live_states_hold_threads)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++)
		EXPECT_EQ(states[i] == HS_VM_RUNNING || states[i] == HS_VM_PAUSED,
			  hs_vm_state_live(states[i]));
	EXPECT_FALSE(hs_vm_state_live(0));
}

/* A live VM is never destroyed, and only a start leads out of the dead ones. */
TEST(live_and_dead_are_apart)
{
	unsigned int i, op;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		for (op = 0; op < __HS_OP_MAX; op++) {
			const struct hs_vm_verdict *v = hs_vm_verdict(states[i], op);

			if (v->err)
				continue;
			if (v->next == HS_VM_DESTROYED)
				EXPECT_FALSE(hs_vm_state_live(states[i]));
			if (!hs_vm_state_live(states[i]) && hs_vm_state_live(v->next))
				EXPECT_EQ(HS_OP_START, op);
		}
	}
}

TEST(names_are_words)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		EXPECT_NE(0, strcmp("unknown", hs_vm_state_name(states[i])));
		for (j = 0; j < i; j++)
			EXPECT_NE(0, strcmp(hs_vm_state_name(states[i]),
					    hs_vm_state_name(states[j])));
	}
	EXPECT_EQ(0, strcmp("unknown", hs_vm_state_name(0)));
	EXPECT_EQ(0, strcmp("unknown", hs_vm_state_name(77)));
}

TEST_HARNESS_MAIN
