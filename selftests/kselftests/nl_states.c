// SPDX-License-Identifier: GPL-2.0
/*
 * Each command in each state of a VM, and what guests do to theirs.
 * lab:
 */
#include "vm_state.h"
#include "kselftest_harness.h"
#include "nl.h"
#include "tiny.h"

/* The table that the module uses; what it says is tested by a unit test. */
#include "../../kmod/vm_state.c"

#define NAME	"t-states"

FIXTURE(vm) {
	struct nl nl;
	struct vm_info v;
};

FIXTURE_SETUP(vm)
{
	ASSERT_EQ(0, nl_open(&self->nl));
	vm_wipe(&self->nl);
}

FIXTURE_TEARDOWN(vm)
{
	vm_wipe(&self->nl);
	nl_close(&self->nl);
}

#define LOOK()	({ vm_get(&self->nl, NAME, &self->v); self->v.state; })

/* A new VM whose guest has the given code; nothing of it is left open. */
static int make(struct nl *nl, const void *code, size_t len)
{
	int fd = tiny_image(code, len), err;

	vm_wipe(nl);
	err = vm_new(nl, NAME, fd).err;
	close(fd);
	return err;
}

#define MAKE(code)	make(&self->nl, code, sizeof(code) - 1)
#define START()		vm_do(&self->nl, HS_CMD_VM_START, NAME).err

static int enter(struct nl *nl, enum hs_vm_state state)
{
	static const char sleeps[] = TINY_SLEEP, faults[] = TINY_TRIPLE;
	int err;

	err = state == HS_VM_FAILED ? make(nl, faults, sizeof(faults) - 1) :
				      make(nl, sleeps, sizeof(sleeps) - 1);
	if (!err && state != HS_VM_DEFINED)
		err = vm_do(nl, HS_CMD_VM_START, NAME).err;
	if (!err && state == HS_VM_PAUSED)
		err = vm_do(nl, HS_CMD_VM_PAUSE, NAME).err;
	if (!err && state == HS_VM_STOPPED)
		err = vm_kill(nl, NAME).err;
	if (!err && vm_wait(nl, NAME, state) != state)
		err = -ETIME;
	return err;
}

static struct nl_end ask(struct nl *nl, enum hs_vm_op op)
{
	static const int cmd[] = {
		[HS_OP_START] = HS_CMD_VM_START,
		[HS_OP_STOP] = HS_CMD_VM_STOP,
		[HS_OP_PAUSE] = HS_CMD_VM_PAUSE,
		[HS_OP_RESUME] = HS_CMD_VM_RESUME,
		[HS_OP_RESET] = HS_CMD_VM_RESET,
		[HS_OP_DEL] = HS_CMD_VM_DEL,
	};

	return op == HS_OP_KILL ? vm_kill(nl, NAME) : vm_do(nl, cmd[op], NAME);
}

TEST_F_TIMEOUT(vm, each_command_in_each_state, 300)
{
	static const enum hs_vm_state states[] = {
		HS_VM_DEFINED, HS_VM_RUNNING, HS_VM_PAUSED, HS_VM_STOPPED, HS_VM_FAILED,
	};
	unsigned int i;
	int op;

	for (i = 0; i < 5; i++) {
		for (op = HS_OP_START; op <= HS_OP_DEL; op++) {
			const struct hs_vm_verdict *v = hs_vm_verdict(states[i], op);
			struct nl_end e;

			ASSERT_EQ(0, enter(&self->nl, states[i])) {
				TH_LOG("state %s", hs_vm_state_name(states[i]));
			}
			e = ask(&self->nl, op);
			EXPECT_EQ(v->err, e.err) {
				TH_LOG("operation %d in state %s: %s", op,
				       hs_vm_state_name(states[i]), e.why);
			}
			if (v->err) {
				EXPECT_STREQ(v->why, e.why);
				EXPECT_EQ(states[i], LOOK());
			} else if (v->next == HS_VM_DESTROYED) {
				EXPECT_EQ(0, LOOK());
			} else if (states[i] != HS_VM_FAILED) {
				EXPECT_EQ(v->next, LOOK());
			}
		}
	}
}

TEST_F_TIMEOUT(vm, guest_powers_off, 120)
{
	ASSERT_EQ(0, MAKE(TINY_POWEROFF));
	ASSERT_EQ(0, START());
	EXPECT_EQ(HS_VM_STOPPED, vm_wait(&self->nl, NAME, HS_VM_STOPPED));
	LOOK();
	EXPECT_STREQ("guest powered off", self->v.reason);
	EXPECT_FALSE(self->v.has_exit_code);
	EXPECT_EQ(0, self->v.charged);
	EXPECT_EQ(0, self->v.uptime);
}

TEST_F_TIMEOUT(vm, guest_exits_with_code, 120)
{
	ASSERT_EQ(0, MAKE(TINY_EXIT("\x2a")));
	ASSERT_EQ(0, START());
	EXPECT_EQ(HS_VM_STOPPED, vm_wait(&self->nl, NAME, HS_VM_STOPPED));
	LOOK();
	EXPECT_STREQ("test device: exit code 42", self->v.reason);
	EXPECT_TRUE(self->v.has_exit_code);
	EXPECT_EQ(42, self->v.exit_code);
	/* The code belongs to one run. */
	ASSERT_EQ(0, START());
	EXPECT_EQ(HS_VM_STOPPED, vm_wait(&self->nl, NAME, HS_VM_STOPPED));
	LOOK();
	EXPECT_EQ(42, self->v.exit_code);
}

TEST_F_TIMEOUT(vm, guest_triple_faults, 120)
{
	ASSERT_EQ(0, MAKE(TINY_TRIPLE));
	ASSERT_EQ(0, START());
	EXPECT_EQ(HS_VM_FAILED, vm_wait(&self->nl, NAME, HS_VM_FAILED));
	LOOK();
	EXPECT_STREQ("vCPU 0: triple fault", self->v.reason);
}

TEST_F_TIMEOUT(vm, guest_panics, 120)
{
	struct nl_msg m;
	int fd = TINY(TINY_PANIC), i;

	ASSERT_EQ(0, vm_new(&self->nl, NAME, fd).err);
	ASSERT_EQ(0, START());
	EXPECT_EQ(HS_VM_FAILED, vm_wait(&self->nl, NAME, HS_VM_FAILED));
	LOOK();
	EXPECT_STREQ("guest panicked", self->v.reason);
	ASSERT_EQ(0, vm_do(&self->nl, HS_CMD_VM_DEL, NAME).err);

	/* The same guest, to be reset: it panics again and again. */
	nl_begin(&m, &self->nl, HS_CMD_VM_NEW, 0);
	nl_put_str(&m, HS_A_VM_NAME, NAME);
	nl_put_u32(&m, HS_A_VM_KERNEL_FD, fd);
	nl_put_u64(&m, HS_A_VM_MEM_BYTES, 4 << 20);
	nl_put_u32(&m, HS_A_VM_ON_PANIC, HS_ON_PANIC_RESET);
	ASSERT_EQ(0, nl_call(&self->nl, &m, NULL, NULL).err);
	ASSERT_EQ(0, START());
	for (i = 0; i < 10000 && LOOK() == HS_VM_RUNNING && self->v.resets < 3; i++)
		usleep(1000);
	EXPECT_EQ(HS_VM_RUNNING, self->v.state);
	EXPECT_LE(3, self->v.resets);
	EXPECT_EQ(0, vm_kill(&self->nl, NAME).err);
}

/* A guest that reboots for ever can still be paused, reset and stopped. */
TEST_F_TIMEOUT(vm, guest_reboots_in_place, 120)
{
	uint32_t resets;
	int i;

	ASSERT_EQ(0, MAKE(TINY_REBOOT));
	ASSERT_EQ(0, START());
	for (i = 0; i < 10000 && LOOK() == HS_VM_RUNNING && self->v.resets < 5; i++)
		usleep(1000);
	EXPECT_EQ(HS_VM_RUNNING, self->v.state);
	EXPECT_LE(5, self->v.resets);

	/* What the guest did before the pause counts: at most one reset more. */
	EXPECT_EQ(0, vm_do(&self->nl, HS_CMD_VM_PAUSE, NAME).err);
	usleep(20000);
	EXPECT_EQ(HS_VM_PAUSED, LOOK());
	resets = self->v.resets;
	usleep(20000);
	EXPECT_EQ(HS_VM_PAUSED, LOOK());
	EXPECT_EQ(resets, self->v.resets);
	EXPECT_EQ(0, vm_do(&self->nl, HS_CMD_VM_RESET, NAME).err);
	EXPECT_EQ(HS_VM_PAUSED, LOOK());
	EXPECT_EQ(resets + 1, self->v.resets);
	EXPECT_EQ(0, vm_do(&self->nl, HS_CMD_VM_RESUME, NAME).err);
	EXPECT_EQ(0, vm_kill(&self->nl, NAME).err);
	EXPECT_EQ(HS_VM_STOPPED, LOOK());
	EXPECT_STREQ("stopped by force", self->v.reason);
}

/* Images are read anew at each start; one that has become unusable says so. */
TEST_F_TIMEOUT(vm, image_goes_bad, 120)
{
	int fd = TINY(TINY_SLEEP);
	struct nl_end e;

	ASSERT_EQ(0, vm_new(&self->nl, NAME, fd).err);
	ASSERT_EQ(0, START());
	ASSERT_EQ(0, ftruncate(fd, 10));
	EXPECT_EQ(0, vm_do(&self->nl, HS_CMD_VM_RESET, NAME).err);
	EXPECT_EQ(HS_VM_FAILED, LOOK());
	EXPECT_NE(NULL, strstr(self->v.reason, "cannot be loaded again"));
	EXPECT_EQ(0, self->v.charged);
	e = vm_do(&self->nl, HS_CMD_VM_START, NAME);
	EXPECT_GT(0, e.err);
	EXPECT_NE(0, e.why[0]);
	EXPECT_EQ(HS_VM_FAILED, LOOK());
	EXPECT_EQ(0, vm_do(&self->nl, HS_CMD_VM_DEL, NAME).err);
}

/* Times go on while the VM is live, and CPU time only while it runs. */
TEST_F_TIMEOUT(vm, times, 120)
{
	uint64_t uptime, cpu;
	int i;

	ASSERT_EQ(0, MAKE(TINY_SPIN));
	ASSERT_EQ(0, START());
	for (i = 0; i < 10000 && (LOOK(), !self->v.cpu_time); i++)
		usleep(1000);
	EXPECT_NE(0, self->v.uptime);
	EXPECT_NE(0, self->v.cpu_time);
	EXPECT_NE(0, self->v.charged);
	EXPECT_EQ(0, vm_do(&self->nl, HS_CMD_VM_PAUSE, NAME).err);
	LOOK();
	uptime = self->v.uptime;
	cpu = self->v.cpu_time;
	usleep(20000);
	LOOK();
	EXPECT_LT(uptime, self->v.uptime);
	EXPECT_EQ(cpu, self->v.cpu_time);
	EXPECT_EQ(0, vm_do(&self->nl, HS_CMD_VM_RESUME, NAME).err);
	for (i = 0; i < 10000 && (LOOK(), self->v.cpu_time <= cpu); i++)
		usleep(1000);
	EXPECT_LT(cpu, self->v.cpu_time);
	EXPECT_GE(self->v.uptime, self->v.cpu_time);
	EXPECT_EQ(0, vm_kill(&self->nl, NAME).err);
	LOOK();
	EXPECT_EQ(0, self->v.charged);
	EXPECT_NE(0, self->v.stat[HS_A_STAT_EXITS]);
}

TEST_HARNESS_MAIN
