// SPDX-License-Identifier: GPL-2.0
/*
 * Callers racing on one VM: whoever comes second gets a clear answer, and
 * nothing is lost or done twice.
 * lab: cpus=2
 */
#include <pthread.h>
#include "kselftest_harness.h"
#include "nl.h"
#include "tiny.h"

#define NAME	"t-race"
#define ROUNDS	12

FIXTURE(race) {
	struct nl nl;
	int fd;
};

FIXTURE_SETUP(race)
{
	ASSERT_EQ(0, nl_open(&self->nl));
	vm_wipe(&self->nl);
	self->fd = TINY(TINY_SPIN);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(race)
{
	vm_wipe(&self->nl);
	close(self->fd);
	nl_close(&self->nl);
}

/* One of two threads that do the same at the same time, on sockets of their own. */
struct racer {
	pthread_t thread;
	pthread_barrier_t *start;
	struct nl nl;
	int fd;
	int (*act)(struct racer *r);
	unsigned int seed;
	int err;
};

static void *race(void *arg)
{
	struct racer *r = arg;

	pthread_barrier_wait(r->start);
	r->err = r->act(r);
	return NULL;
}

static int race_two(struct racer r[2], int (*act)(struct racer *r), int fd)
{
	pthread_barrier_t start;
	int i;

	pthread_barrier_init(&start, NULL, 2);
	for (i = 0; i < 2; i++) {
		r[i].start = &start;
		r[i].act = act;
		r[i].fd = fd;
		r[i].err = 1;
		r[i].seed = i + 1;
		if (nl_open(&r[i].nl) ||
		    pthread_create(&r[i].thread, NULL, race, &r[i]))
			return -1;
	}
	for (i = 0; i < 2; i++) {
		pthread_join(r[i].thread, NULL);
		nl_close(&r[i].nl);
	}
	pthread_barrier_destroy(&start);
	return 0;
}

static int act_new(struct racer *r) { return vm_new(&r->nl, NAME, r->fd).err; }
static int act_del(struct racer *r) { return vm_do(&r->nl, HS_CMD_VM_DEL, NAME).err; }
static int act_start(struct racer *r) { return vm_do(&r->nl, HS_CMD_VM_START, NAME).err; }
static int act_pause(struct racer *r) { return vm_do(&r->nl, HS_CMD_VM_PAUSE, NAME).err; }
static int act_kill(struct racer *r) { return vm_kill(&r->nl, NAME).err; }

/* Exactly one of both succeeds; the other is told @second or @gone. */
static void expect_one(struct __test_metadata *_metadata, const struct racer r[2],
		       int second, int gone)
{
	int winner = r[0].err ? 1 : 0;

	EXPECT_EQ(0, r[winner].err);
	EXPECT_NE(0, r[!winner].err);
	EXPECT_TRUE(r[!winner].err == second || r[!winner].err == gone) {
		TH_LOG("loser got %d", r[!winner].err);
	}
}

TEST_F_TIMEOUT(race, same_command_twice, 300)
{
	struct racer r[2];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, race_two(r, act_new, self->fd));
		expect_one(_metadata, r, -EEXIST, -EEXIST);
		ASSERT_EQ(0, race_two(r, act_start, self->fd));
		expect_one(_metadata, r, -EALREADY, -EALREADY);
		EXPECT_EQ(HS_VM_RUNNING, vm_state(&self->nl, NAME));
		ASSERT_EQ(0, race_two(r, act_pause, self->fd));
		expect_one(_metadata, r, -EALREADY, -EALREADY);
		EXPECT_EQ(HS_VM_PAUSED, vm_state(&self->nl, NAME));
		ASSERT_EQ(0, race_two(r, act_kill, self->fd));
		expect_one(_metadata, r, -EALREADY, -EALREADY);
		EXPECT_EQ(HS_VM_STOPPED, vm_state(&self->nl, NAME));
		ASSERT_EQ(0, race_two(r, act_del, self->fd));
		/* Found it before, or not any more. */
		expect_one(_metadata, r, -ENODEV, -ENOENT);
		EXPECT_EQ(0, vm_state(&self->nl, NAME));
	}
}

static bool expected(int err)
{
	return !err || err == -EALREADY || err == -EBUSY || err == -EINVAL ||
	       err == -ENOENT || err == -ENODEV || err == -EEXIST;
}

/* Anything at any time; every error is one that the states explain. */
static int act_random(struct racer *r)
{
	static const int cmds[] = {
		HS_CMD_VM_START, HS_CMD_VM_PAUSE, HS_CMD_VM_RESUME, HS_CMD_VM_RESET,
		HS_CMD_VM_STOP, HS_CMD_VM_DEL, HS_CMD_VM_GET, HS_CMD_VM_START,
	};
	int i;

	for (i = 0; i < ROUNDS * 10; i++) {
		unsigned int what = rand_r(&r->seed) % 10;
		int err;

		if (what == 8)
			err = vm_kill(&r->nl, NAME).err;
		else if (what == 9)
			err = vm_new(&r->nl, NAME, r->fd).err;
		else
			err = vm_do(&r->nl, cmds[what], NAME).err;
		if (!expected(err))
			return err;
	}
	return 0;
}

TEST_F_TIMEOUT(race, anything_at_any_time, 300)
{
	struct racer r[2];

	ASSERT_EQ(0, race_two(r, act_random, self->fd));
	EXPECT_EQ(0, r[0].err);
	EXPECT_EQ(0, r[1].err);
}

/* The same with guests that end, reboot and fail by themselves. */
TEST_F_TIMEOUT(race, guests_that_act_too, 300)
{
	static const struct {
		const char *code;
		size_t len;
	} guests[] = {
		{ TINY_REBOOT, sizeof(TINY_REBOOT) - 1 },
		{ TINY_POWEROFF, sizeof(TINY_POWEROFF) - 1 },
		{ TINY_TRIPLE, sizeof(TINY_TRIPLE) - 1 },
	};
	struct racer r[2];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		int fd = tiny_image(guests[i].code, guests[i].len);

		ASSERT_EQ(0, race_two(r, act_random, fd));
		EXPECT_EQ(0, r[0].err);
		EXPECT_EQ(0, r[1].err);
		vm_wipe(&self->nl);
		close(fd);
	}
}

/* A reader that looks all the time, in dumps and one by one. */
static int act_look(struct racer *r)
{
	struct nl_msg m;
	int i, err = 0;

	if (r->seed == 1)
		return act_random(r);
	for (i = 0; i < ROUNDS * 5 && expected(err); i++) {
		nl_begin(&m, &r->nl, HS_CMD_VM_GET, NLM_F_DUMP);
		err = nl_call(&r->nl, &m, NULL, NULL).err;
		if (!expected(err))
			break;
		nl_begin(&m, &r->nl, HS_CMD_VM_DIAG, NLM_F_DUMP);
		nl_put_str(&m, HS_A_VM_NAME, NAME);
		err = nl_call(&r->nl, &m, NULL, NULL).err;
	}
	return expected(err) ? 0 : err;
}

TEST_F_TIMEOUT(race, readers, 300)
{
	struct racer r[2];

	ASSERT_EQ(0, race_two(r, act_look, self->fd));
	EXPECT_EQ(0, r[0].err);
	EXPECT_EQ(0, r[1].err);
}

TEST_HARNESS_MAIN
