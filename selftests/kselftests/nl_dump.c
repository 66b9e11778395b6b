// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps that go on where they stopped, events, echoes, and the policies as the
 * running kernel has them.
 * lab: files=selftests/abi/policy.txt
 */
#include "kselftest_harness.h"
#include "nl.h"
#include "tiny.h"

#define MANY	40

FIXTURE(dump) {
	struct nl nl;
	int fd;
};

FIXTURE_SETUP(dump)
{
	ASSERT_EQ(0, nl_open(&self->nl));
	vm_wipe(&self->nl);
	self->fd = TINY(TINY_SLEEP);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(dump)
{
	vm_wipe(&self->nl);
	close(self->fd);
	nl_close(&self->nl);
}

static int make_many(struct nl *nl, int fd, int n)
{
	char name[24];
	int i, err = 0;

	for (i = 0; i < n && !err; i++) {
		snprintf(name, sizeof(name), "t-dump-%d", i);
		err = vm_new(nl, name, fd).err;
	}
	return err;
}

struct ids {
	unsigned int n;
	uint32_t id[4 * MANY];
};

static void take_id(const struct nlmsghdr *h, void *arg)
{
	struct ids *ids = arg;

	if (ids->n < 4 * MANY)
		ids->id[ids->n++] = nl_u32(nl_find(h, HS_A_VM_ID));
}

TEST_F_TIMEOUT(dump, all_once_in_order, 300)
{
	static const size_t sizes[] = { 8192, 16384, 65536 };
	struct ids ids;
	struct nl_msg m;
	struct nl nl;
	struct nl_end e;
	unsigned int i, s;

	ASSERT_EQ(0, make_many(&self->nl, self->fd, MANY));
	for (s = 0; s < 3; s++) {
		ids.n = 0;
		ASSERT_EQ(0, nl_open_sized(&nl, sizes[s]));
		nl_begin(&m, &nl, HS_CMD_VM_GET, NLM_F_DUMP);
		e = nl_call(&nl, &m, take_id, &ids);
		nl_close(&nl);
		EXPECT_EQ(0, e.err);
		EXPECT_FALSE(e.intr);
		EXPECT_EQ(MANY, ids.n);
		for (i = 1; i < ids.n; i++)
			EXPECT_LT(ids.id[i - 1], ids.id[i]);
	}
}

TEST_F(dump, empty)
{
	struct nl_msg m;
	struct nl_end e;

	nl_begin(&m, &self->nl, HS_CMD_VM_GET, NLM_F_DUMP);
	e = nl_call(&self->nl, &m, NULL, NULL);
	EXPECT_EQ(0, e.err);
	EXPECT_EQ(0, e.replies);
}

/* A VM comes and goes between two reads: the reader is told. */
TEST_F_TIMEOUT(dump, changed_meanwhile, 300)
{
	static char buf[8192];
	struct nl_msg m;
	struct nl_end e = { 0 };
	struct nl nl;
	bool done = false;
	int reads = 0;

	ASSERT_EQ(0, make_many(&self->nl, self->fd, MANY));
	ASSERT_EQ(0, nl_open_sized(&nl, sizeof(buf)));
	nl_begin(&m, &nl, HS_CMD_VM_GET, NLM_F_DUMP);
	ASSERT_EQ(0, nl_send(&nl, &m));
	while (!done) {
		struct nlmsghdr *h = (struct nlmsghdr *)buf;
		ssize_t n = recv(nl.fd, buf, sizeof(buf), MSG_TRUNC);

		ASSERT_LT(0, n);
		ASSERT_GE(sizeof(buf), n);
		for (; !done && NLMSG_OK(h, n); h = NLMSG_NEXT(h, n))
			done = nl_take(&m, h, &e, NULL, NULL);
		if (++reads == 1) {
			ASSERT_FALSE(done);
			EXPECT_EQ(0, vm_do(&self->nl, HS_CMD_VM_DEL, "t-dump-39").err);
		}
	}
	EXPECT_LT(2, reads);
	EXPECT_EQ(0, e.err);
	EXPECT_TRUE(e.intr);
	EXPECT_LE(MANY - 1, e.replies);
	nl_close(&nl);
}

/* A dump that nobody finishes holds nothing once its socket is closed. */
TEST_F_TIMEOUT(dump, abandoned, 300)
{
	struct nl_msg m;
	struct nl other;

	ASSERT_EQ(0, make_many(&self->nl, self->fd, MANY));
	ASSERT_EQ(0, nl_open(&other));
	nl_begin(&m, &other, HS_CMD_VM_GET, NLM_F_DUMP);
	ASSERT_EQ(0, nl_send(&other, &m));
	nl_close(&other);
	ASSERT_EQ(0, nl_open(&other));
	nl_begin(&m, &other, HS_CMD_VM_DIAG, NLM_F_DUMP);
	nl_put_str(&m, HS_A_VM_NAME, "t-dump-0");
	ASSERT_EQ(0, nl_send(&other, &m));
	/* Its VM is not held meanwhile. */
	EXPECT_EQ(0, vm_do(&self->nl, HS_CMD_VM_DEL, "t-dump-0").err);
	nl_close(&other);
}

struct checks {
	unsigned int n, bad;
};

static void take_check(const struct nlmsghdr *h, void *arg)
{
	struct nlattr *nest = nl_find(h, HS_A_CHECK);
	struct checks *c = arg;

	c->n++;
	if (!nest || !nl_str(nl_find_nested(nest, HS_A_CHECK_NAME))[0] ||
	    !nl_find_nested(nest, HS_A_CHECK_LEVEL) ||
	    (!nl_u32(nl_find_nested(nest, HS_A_CHECK_OK)) &&
	     !nl_str(nl_find_nested(nest, HS_A_CHECK_REMEDY))[0]))
		c->bad++;
}

TEST_F(dump, requirements)
{
	struct checks c = { 0 };
	struct nl_msg m;

	nl_begin(&m, &self->nl, HS_CMD_CHECK, NLM_F_DUMP);
	EXPECT_EQ(0, nl_call(&self->nl, &m, take_check, &c).err);
	EXPECT_LT(2, c.n);
	EXPECT_EQ(0, c.bad);
}

struct vcpus {
	unsigned int n;
	uint32_t vcpu[8];
	uint64_t rip[8];
	unsigned int exits[8];
	char activity[8][32];
};

static void take_vcpu(const struct nlmsghdr *h, void *arg)
{
	struct nlattr *nest = nl_find(h, HS_A_DIAG), *a;
	struct vcpus *v = arg;
	struct hs_uregs regs = { };
	unsigned int i = v->n;
	int left;

	if (!nest || i >= 8)
		return;
	v->n++;
	v->vcpu[i] = nl_u32(nl_find_nested(nest, HS_A_DIAG_VCPU));
	a = nl_find_nested(nest, HS_A_DIAG_REGS);
	if (a && a->nla_len == NLA_HDRLEN + sizeof(regs))
		memcpy(&regs, nl_data(a), sizeof(regs));
	v->rip[i] = regs.rip;
	snprintf(v->activity[i], sizeof(v->activity[i]), "%s",
		 nl_str(nl_find_nested(nest, HS_A_DIAG_ACTIVITY)));
	left = nest->nla_len - NLA_HDRLEN;
	for (a = nl_data(nest); left >= NLA_HDRLEN && a->nla_len >= NLA_HDRLEN;) {
		v->exits[i] += (a->nla_type & NLA_TYPE_MASK) == HS_A_DIAG_EXIT;
		left -= NLA_ALIGN(a->nla_len);
		a = (struct nlattr *)((char *)a + NLA_ALIGN(a->nla_len));
	}
}

TEST_F_TIMEOUT(dump, vcpus, 120)
{
	static struct vcpus v;
	struct nl_msg m;
	struct nl small;
	unsigned int i;

	nl_begin(&m, &self->nl, HS_CMD_VM_NEW, 0);
	nl_put_str(&m, HS_A_VM_NAME, "t-diag");
	nl_put_u32(&m, HS_A_VM_KERNEL_FD, self->fd);
	nl_put_u64(&m, HS_A_VM_MEM_BYTES, 4 << 20);
	nl_put_u32(&m, HS_A_VM_CPUS, 8);
	ASSERT_EQ(0, nl_call(&self->nl, &m, NULL, NULL).err);
	ASSERT_EQ(0, vm_do(&self->nl, HS_CMD_VM_START, "t-diag").err);
	ASSERT_EQ(0, nl_open_sized(&small, 4096));
	/* The guest sleeps soon. */
	for (i = 0; i < 10000 && strcmp(v.activity[0], "halted"); i++) {
		usleep(1000);
		memset(&v, 0, sizeof(v));
		nl_begin(&m, &small, HS_CMD_VM_DIAG, NLM_F_DUMP);
		nl_put_str(&m, HS_A_VM_NAME, "t-diag");
		ASSERT_EQ(0, nl_call(&small, &m, take_vcpu, &v).err);
	}
	nl_close(&small);
	ASSERT_EQ(8, v.n);
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(i, v.vcpu[i]);
		EXPECT_NE(0, v.activity[i][0]);
		EXPECT_GE(16, v.exits[i]);
	}
	EXPECT_EQ(HS_VM_RUNNING, vm_state(&self->nl, "t-diag"));
	/* cli; hlt at the entry point behind 12 bytes of header, and it sleeps. */
	EXPECT_LE(TINY_BASE + 12, v.rip[0]);
	EXPECT_GE(TINY_BASE + 16, v.rip[0]);
	EXPECT_LT(0, v.exits[0]);
	EXPECT_STREQ("halted", v.activity[0]);
}

/* ---- events ---- */

struct event {
	uint32_t state, old;
	uint64_t time;
	bool has_reason;
	char name[HS_NAME_MAX + 1];
};

static int subscribe(struct nl *nl)
{
	if (nl_open(nl))
		return -1;
	return setsockopt(nl->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &nl->group,
			  sizeof(nl->group));
}

static int next_event(struct nl *nl, struct event *ev)
{
	static char buf[16384];
	struct nlmsghdr *h = (struct nlmsghdr *)buf;
	ssize_t n = recv(nl->fd, buf, sizeof(buf), 0);

	memset(ev, 0, sizeof(*ev));
	if (n < 0 || !NLMSG_OK(h, n) || h->nlmsg_type != nl->family ||
	    ((struct genlmsghdr *)NLMSG_DATA(h))->cmd != HS_CMD_EVENT)
		return -1;
	ev->state = nl_u32(nl_find(h, HS_A_VM_STATE));
	ev->old = nl_u32(nl_find(h, HS_A_VM_OLD_STATE));
	ev->time = nl_u64(nl_find(h, HS_A_VM_TIME_NS));
	ev->has_reason = nl_find(h, HS_A_VM_REASON);
	snprintf(ev->name, sizeof(ev->name), "%s", nl_str(nl_find(h, HS_A_VM_NAME)));
	return 0;
}

TEST_F_TIMEOUT(dump, events, 120)
{
	static const struct {
		uint32_t old, state;
		bool reason;
	} want[] = {
		{ HS_VM_DEFINED, HS_VM_DEFINED, false },
		{ HS_VM_DEFINED, HS_VM_RUNNING, false },
		{ HS_VM_RUNNING, HS_VM_PAUSED, false },
		{ HS_VM_PAUSED, HS_VM_RUNNING, false },
		{ HS_VM_RUNNING, HS_VM_RUNNING, true },		/* reset */
		{ HS_VM_RUNNING, HS_VM_STOPPED, true },
		{ HS_VM_STOPPED, HS_VM_DESTROYED, false },
	};
	uint64_t last = 0;
	struct event ev;
	struct nl mon;
	unsigned int i;

	ASSERT_EQ(0, subscribe(&mon));
	ASSERT_EQ(0, vm_new(&self->nl, "t-ev", self->fd).err);
	ASSERT_EQ(0, vm_do(&self->nl, HS_CMD_VM_START, "t-ev").err);
	ASSERT_EQ(0, vm_do(&self->nl, HS_CMD_VM_PAUSE, "t-ev").err);
	ASSERT_EQ(0, vm_do(&self->nl, HS_CMD_VM_RESUME, "t-ev").err);
	ASSERT_EQ(0, vm_do(&self->nl, HS_CMD_VM_RESET, "t-ev").err);
	ASSERT_EQ(0, vm_kill(&self->nl, "t-ev").err);
	ASSERT_EQ(0, vm_do(&self->nl, HS_CMD_VM_DEL, "t-ev").err);
	/* Refused requests are no events. */
	EXPECT_NE(0, vm_do(&self->nl, HS_CMD_VM_DEL, "t-ev").err);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		ASSERT_EQ(0, next_event(&mon, &ev));
		EXPECT_STREQ("t-ev", ev.name);
		EXPECT_EQ(want[i].old, ev.old);
		EXPECT_EQ(want[i].state, ev.state);
		EXPECT_EQ(want[i].reason, ev.has_reason);
		EXPECT_LE(last, ev.time);
		last = ev.time;
	}
	nl_close(&mon);
}

static void take_event_state(const struct nlmsghdr *h, void *arg)
{
	if (((struct genlmsghdr *)NLMSG_DATA(h))->cmd == HS_CMD_EVENT)
		*(uint32_t *)arg = nl_u32(nl_find(h, HS_A_VM_STATE));
}

/* Who asks for an echo gets the event that the request brought about. */
TEST_F_TIMEOUT(dump, echo, 120)
{
	uint32_t state = 0;
	struct nl_msg m;

	ASSERT_EQ(0, vm_new(&self->nl, "t-echo", self->fd).err);
	nl_begin(&m, &self->nl, HS_CMD_VM_START, NLM_F_ECHO);
	nl_put_str(&m, HS_A_VM_NAME, "t-echo");
	EXPECT_EQ(0, nl_call(&self->nl, &m, take_event_state, &state).err);
	EXPECT_EQ(HS_VM_RUNNING, state);
	state = 0;
	nl_begin(&m, &self->nl, HS_CMD_VM_PAUSE, 0);
	nl_put_str(&m, HS_A_VM_NAME, "t-echo");
	EXPECT_EQ(0, nl_call(&self->nl, &m, take_event_state, &state).err);
	EXPECT_EQ(0, state);
}

/* ---- policies ---- */

struct policies {
	int wire[HS_CMD_MAX + 1][2];	/* command, do or dump: policy */
	struct {
		int type, nest;		/* @nest: policy of what is in it */
		uint64_t min, max;
		uint32_t len;
	} attr[16][HS_A_MAX + 1];	/* by policy */
};

static void take_wire(struct nlattr *ops, struct policies *p)
{
	struct nlattr *a = nl_data(ops);
	int left = ops->nla_len - NLA_HDRLEN;

	for (; left >= NLA_HDRLEN; left -= NLA_ALIGN(a->nla_len),
	     a = (struct nlattr *)((char *)a + NLA_ALIGN(a->nla_len))) {
		unsigned int cmd = a->nla_type & NLA_TYPE_MASK;
		struct nlattr *d = nl_find_nested(a, CTRL_ATTR_POLICY_DO);
		struct nlattr *u = nl_find_nested(a, CTRL_ATTR_POLICY_DUMP);

		if (cmd > HS_CMD_MAX)
			continue;
		if (d)
			p->wire[cmd][0] = nl_u32(d);
		if (u)
			p->wire[cmd][1] = nl_u32(u);
	}
}

static void take_policy(const struct nlmsghdr *h, void *arg)
{
	struct nlattr *ops = nl_find(h, CTRL_ATTR_OP_POLICY);
	struct nlattr *pol = nl_find(h, CTRL_ATTR_POLICY);
	struct policies *p = arg;
	struct nlattr *one, *attr, *a;
	unsigned int i, t;

	if (ops)
		take_wire(ops, p);
	if (!pol)
		return;
	one = nl_data(pol);
	i = one->nla_type & NLA_TYPE_MASK;
	attr = nl_data(one);
	t = attr->nla_type & NLA_TYPE_MASK;
	if (i >= 16 || t > HS_A_MAX)
		return;
	p->attr[i][t].type = nl_u32(nl_find_nested(attr, NL_POLICY_TYPE_ATTR_TYPE));
	a = nl_find_nested(attr, NL_POLICY_TYPE_ATTR_MIN_VALUE_S) ?:
	    nl_find_nested(attr, NL_POLICY_TYPE_ATTR_MIN_VALUE_U);
	p->attr[i][t].min = nl_u64(a);
	a = nl_find_nested(attr, NL_POLICY_TYPE_ATTR_MAX_VALUE_S) ?:
	    nl_find_nested(attr, NL_POLICY_TYPE_ATTR_MAX_VALUE_U);
	p->attr[i][t].max = nl_u64(a);
	p->attr[i][t].len = nl_u32(nl_find_nested(attr, NL_POLICY_TYPE_ATTR_MAX_LENGTH));
	p->attr[i][t].nest = nl_u32(nl_find_nested(attr, NL_POLICY_TYPE_ATTR_POLICY_IDX));
}

static void print_attr(const struct policies *p, int policy, int t, FILE *out)
{
	static const char * const names[] = {
		[NL_ATTR_TYPE_U32] = "u32", [NL_ATTR_TYPE_U64] = "u64", [NL_ATTR_TYPE_S32] = "s32",
	};
	unsigned int type = p->attr[policy][t].type;

	switch (type) {
	case NL_ATTR_TYPE_FLAG:
		fprintf(out, "flag\n");
		break;
	case NL_ATTR_TYPE_NESTED:
		fprintf(out, "nest\n");
		break;
	case NL_ATTR_TYPE_NUL_STRING:
	case NL_ATTR_TYPE_BINARY:
		fprintf(out, "%s %u\n", type == NL_ATTR_TYPE_BINARY ? "binary" : "nul-string",
			p->attr[policy][t].len);
		break;
	case NL_ATTR_TYPE_U32:
	case NL_ATTR_TYPE_U64:
		fprintf(out, "%s %llu %llu\n", names[type],
			(unsigned long long)p->attr[policy][t].min,
			(unsigned long long)p->attr[policy][t].max);
		break;
	case NL_ATTR_TYPE_S32:
		fprintf(out, "%s %lld %lld\n", names[type], (long long)p->attr[policy][t].min,
			(long long)p->attr[policy][t].max);
		break;
	default:
		fprintf(out, "?\n");
	}
}

/* As selftests/abi/policy.txt has it. */
static void print_policies(const struct policies *p, FILE *out)
{
	static const char * const mode[] = { "do", "dump" };
	int cmd, m, t, in, nest;

	for (cmd = 1; cmd <= HS_CMD_MAX; cmd++) {
		for (m = 0; m < 2; m++) {
			int i = p->wire[cmd][m];

			for (t = 1; i >= 0 && t <= HS_A_MAX; t++) {
				if (!p->attr[i][t].type)
					continue;
				fprintf(out, "%2d %-4s %2d ", cmd, mode[m], t);
				print_attr(p, i, t, out);
				nest = p->attr[i][t].nest;
				for (in = 1; nest && nest < 16 && in <= HS_A_MAX; in++) {
					if (!p->attr[nest][in].type)
						continue;
					fprintf(out, "%2d %-4s %2d/%d ", cmd, mode[m], t, in);
					print_attr(p, nest, in, out);
				}
			}
		}
	}
}

TEST_F(dump, policies_are_those_of_the_specification)
{
	static struct policies p;
	char *got = NULL, want[8192];
	FILE *out, *file;
	struct nl_msg m;
	size_t size, n;
	int i;

	for (i = 0; i <= HS_CMD_MAX; i++)
		p.wire[i][0] = p.wire[i][1] = -1;
	nl_begin_to(&m, GENL_ID_CTRL, CTRL_CMD_GETPOLICY, NLM_F_DUMP);
	nl_put(&m, CTRL_ATTR_FAMILY_ID, &self->nl.family, 2);
	ASSERT_EQ(0, nl_call(&self->nl, &m, take_policy, &p).err);
	out = open_memstream(&got, &size);
	print_policies(&p, out);
	fclose(out);

	file = fopen("/lab/policy.txt", "r");
	if (!file)
		file = fopen("../abi/policy.txt", "r");
	ASSERT_NE(NULL, file);
	n = fread(want, 1, sizeof(want) - 1, file);
	want[n] = 0;
	fclose(file);
	EXPECT_STREQ(want, got);
	free(got);
}

TEST_HARNESS_MAIN
