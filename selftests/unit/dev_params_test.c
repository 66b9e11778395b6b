// SPDX-License-Identifier: GPL-2.0
/* Disks, network interfaces and CPU features in messages: every way to be wrong. */
#include "dev_params.h"
#include "kselftest_harness.h"

/* Room for the largest of the name spaces. */
#define ATTRS	(HS_A_MAX + 1)

struct message {
	struct hs_attr_view tb[ATTRS];
	struct hs_dev_params d;
	struct hs_attr_error e;
	s32 fd;
	u32 flags;
	u8 mac[8];
};

static void set(struct message *m, u16 attr, const void *data, size_t len)
{
	m->tb[attr].data = data;
	m->tb[attr].len = len;
}

static void set_string(struct message *m, u16 attr, const char *s)
{
	set(m, attr, s, strlen(s) + 1);
}

/* @err, about @attribute, with a sentence. */
#define EXPECT_BAD(want, attribute, parse) do {			\
	memset(&m->e, 0, sizeof(m->e));				\
	EXPECT_EQ(want, parse);					\
	EXPECT_EQ(attribute, m->e.attr);			\
	ASSERT_NE(NULL, m->e.why);				\
	EXPECT_NE(0, m->e.why[0]);				\
	EXPECT_EQ(!m->tb[attribute].data, m->e.missing);	\
} while (0)

/* Wrong ids in attribute @attr, whatever the message is for. */
#define EXPECT_IDS(attr, parse) do {					\
	static const char * const bad[] = {				\
		"", "0", "-a", ".a", "_a", "a b", "a/b", "a,b", "a=b",	\
		"a\n", "a%s", "\xc3\xa4", "a\xff", "123",		\
		"a23456789012345678901",				\
	};								\
	static const char * const good[] = {				\
		"a", "disk0", "Z.9_-", "a2345678901234567890",		\
	};								\
	unsigned int _i;						\
	for (_i = 0; _i < ARRAY_SIZE(bad); _i++) {			\
		set_string(m, attr, bad[_i]);				\
		EXPECT_BAD(-EINVAL, attr, parse);			\
	}								\
	set(m, attr, "abc", 3);						\
	EXPECT_BAD(-EINVAL, attr, parse);				\
	set(m, attr, "abc\0d", 6);					\
	EXPECT_BAD(-EINVAL, attr, parse);				\
	set(m, attr, "", 0);						\
	EXPECT_BAD(-EINVAL, attr, parse);				\
	for (_i = 0; _i < ARRAY_SIZE(good); _i++) {			\
		set_string(m, attr, good[_i]);				\
		EXPECT_EQ(0, parse);					\
	}								\
} while (0)

FIXTURE(dev) {
	struct message m;
};

FIXTURE_SETUP(dev)
{
	memset(&self->m, 0, sizeof(self->m));
	memset(&self->m.d, 0xff, sizeof(self->m.d));
	self->m.fd = 5;
	memcpy(self->m.mac, "\x52\x54\x00\x12\x34\x56\x78\x9a", 8);
}

FIXTURE_TEARDOWN(dev)
{
}

#define DISK()	hs_disk_params_get(m->tb, &m->d, &m->e)
#define NET()	hs_net_params_get(m->tb, &m->d, &m->e)

TEST_F(dev, disk)
{
	struct message *m = &self->m;

	EXPECT_BAD(-EINVAL, HS_A_DISK_FD, DISK());
	set(m, HS_A_DISK_FD, &m->fd, 4);
	ASSERT_EQ(0, DISK());
	EXPECT_EQ(HS_DEV_DISK, m->d.kind);
	EXPECT_EQ(5, m->d.fd);
	EXPECT_EQ(0, m->d.flags);
	EXPECT_STREQ("", m->d.id);

	m->flags = HS_DISK_F_RO;
	set(m, HS_A_DISK_FLAGS, &m->flags, 4);
	set_string(m, HS_A_DISK_ID, "root");
	ASSERT_EQ(0, DISK());
	EXPECT_EQ(HS_DISK_F_RO, m->d.flags);
	EXPECT_STREQ("root", m->d.id);
	EXPECT_IDS(HS_A_DISK_ID, DISK());
}

TEST_F(dev, disk_numbers)
{
	struct message *m = &self->m;
	unsigned int bit, len;

	set(m, HS_A_DISK_FD, &m->fd, 4);
	for (bit = 0; bit < 32; bit++) {
		m->flags = 1U << bit;
		set(m, HS_A_DISK_FLAGS, &m->flags, 4);
		if (m->flags & __HS_DISK_F_ALL) {
			EXPECT_EQ(0, DISK());
		} else {
			EXPECT_BAD(-EOPNOTSUPP, HS_A_DISK_FLAGS, DISK());
		}
	}
	for (len = 0; len <= 8; len++) {
		if (len == 4)
			continue;
		set(m, HS_A_DISK_FLAGS, m->mac, len);
		EXPECT_BAD(-EINVAL, HS_A_DISK_FLAGS, DISK());
		m->tb[HS_A_DISK_FLAGS].data = NULL;
		set(m, HS_A_DISK_FD, m->mac, len);
		EXPECT_BAD(-EINVAL, HS_A_DISK_FD, DISK());
		set(m, HS_A_DISK_FD, &m->fd, 4);
	}
	m->fd = -1;
	EXPECT_BAD(-EBADF, HS_A_DISK_FD, DISK());
	m->fd = INT32_MIN;
	EXPECT_BAD(-EBADF, HS_A_DISK_FD, DISK());
	m->fd = INT32_MAX;
	EXPECT_EQ(0, DISK());
}

TEST_F(dev, net)
{
	struct message *m = &self->m;

	EXPECT_BAD(-EINVAL, HS_A_NET_FD, NET());
	set(m, HS_A_NET_FD, &m->fd, 4);
	ASSERT_EQ(0, NET());
	EXPECT_EQ(HS_DEV_NET, m->d.kind);
	EXPECT_EQ(5, m->d.fd);
	EXPECT_FALSE(m->d.has_mac);
	EXPECT_STREQ("", m->d.id);

	set(m, HS_A_NET_MAC, m->mac, 6);
	set_string(m, HS_A_NET_ID, "lan");
	ASSERT_EQ(0, NET());
	EXPECT_TRUE(m->d.has_mac);
	EXPECT_EQ(0, memcmp(m->d.mac, "\x52\x54\x00\x12\x34\x56", 6));
	EXPECT_STREQ("lan", m->d.id);
	EXPECT_IDS(HS_A_NET_ID, NET());
	m->fd = -7;
	EXPECT_BAD(-EBADF, HS_A_NET_FD, NET());
	set(m, HS_A_NET_FD, m->mac, 3);
	EXPECT_BAD(-EINVAL, HS_A_NET_FD, NET());
}

TEST_F(dev, addresses)
{
	struct message *m = &self->m;
	unsigned int len, first;

	set(m, HS_A_NET_FD, &m->fd, 4);
	for (len = 0; len <= 8; len++) {
		set(m, HS_A_NET_MAC, m->mac, len);
		if (len == HS_MAC_LEN) {
			EXPECT_EQ(0, NET());
		} else {
			EXPECT_BAD(-EINVAL, HS_A_NET_MAC, NET());
		}
	}
	set(m, HS_A_NET_MAC, m->mac, HS_MAC_LEN);
	for (first = 0; first < 256; first++) {
		m->mac[0] = first;
		if (first & 1) {
			EXPECT_BAD(-EINVAL, HS_A_NET_MAC, NET());
		} else {
			EXPECT_EQ(0, NET());
		}
	}
	memset(m->mac, 0, sizeof(m->mac));
	EXPECT_BAD(-EINVAL, HS_A_NET_MAC, NET());
	m->mac[5] = 1;
	EXPECT_EQ(0, NET());
}

TEST_F(dev, id_of_a_message)
{
	struct message *m = &self->m;
	char id[HS_DEV_ID_MAX + 1];

	EXPECT_BAD(-EINVAL, HS_A_DEV_ID, hs_dev_id_get(m->tb, id, &m->e));
	set_string(m, HS_A_DEV_ID, "disk0");
	EXPECT_EQ(0, hs_dev_id_get(m->tb, id, &m->e));
	EXPECT_STREQ("disk0", id);
	EXPECT_IDS(HS_A_DEV_ID, hs_dev_id_get(m->tb, id, &m->e));
}

TEST_F(dev, links)
{
	struct message *m = &self->m;
	bool up = false;
	u32 v = 1;

	EXPECT_BAD(-EINVAL, HS_A_DEV_UP, hs_dev_up_get(m->tb, &up, &m->e));
	set(m, HS_A_DEV_UP, &v, 4);
	EXPECT_EQ(0, hs_dev_up_get(m->tb, &up, &m->e));
	EXPECT_TRUE(up);
	v = 0;
	EXPECT_EQ(0, hs_dev_up_get(m->tb, &up, &m->e));
	EXPECT_FALSE(up);
	v = 2;
	EXPECT_BAD(-ERANGE, HS_A_DEV_UP, hs_dev_up_get(m->tb, &up, &m->e));
	set(m, HS_A_DEV_UP, &v, 3);
	EXPECT_BAD(-EINVAL, HS_A_DEV_UP, hs_dev_up_get(m->tb, &up, &m->e));
}

TEST_F(dev, features)
{
	struct message *m = &self->m;
	char name[HS_FEATURE_MAX + 1], line[HS_FEATURE_MAX + 2];

#define FEATURE()	hs_feature_get(&m->tb[HS_A_VM_CPU_HIDE], name, &m->e)
	set_string(m, HS_A_VM_CPU_HIDE, "avx512f");
	EXPECT_EQ(0, FEATURE());
	EXPECT_STREQ("avx512f", name);
	set_string(m, HS_A_VM_CPU_HIDE, "3dnow");
	EXPECT_EQ(0, FEATURE());
	set_string(m, HS_A_VM_CPU_HIDE, "");
	EXPECT_BAD(-EINVAL, HS_A_VM_CPU_HIDE, FEATURE());
	set(m, HS_A_VM_CPU_HIDE, "", 0);
	EXPECT_BAD(-EINVAL, HS_A_VM_CPU_HIDE, FEATURE());
	set(m, HS_A_VM_CPU_HIDE, "avx", 3);
	EXPECT_BAD(-EINVAL, HS_A_VM_CPU_HIDE, FEATURE());
	set(m, HS_A_VM_CPU_HIDE, "avx\0b", 6);
	EXPECT_BAD(-EINVAL, HS_A_VM_CPU_HIDE, FEATURE());
	memset(line, 'x', sizeof(line));
	line[HS_FEATURE_MAX] = 0;
	set_string(m, HS_A_VM_CPU_HIDE, line);
	EXPECT_EQ(0, FEATURE());
	line[HS_FEATURE_MAX] = 'x';
	line[HS_FEATURE_MAX + 1] = 0;
	set_string(m, HS_A_VM_CPU_HIDE, line);
	EXPECT_BAD(-EINVAL, HS_A_VM_CPU_HIDE, FEATURE());
}

static void add(struct hs_dev_params *d, enum hs_dev_kind kind, const char *id)
{
	memset(d, 0, sizeof(*d));
	d->kind = kind;
	strcpy(d->id, id);
}

TEST(default_ids)
{
	char id[HS_DEV_ID_MAX + 1];
	struct hs_dev_params d[5];

	hs_dev_id_default(HS_DEV_DISK, 0, id);
	EXPECT_STREQ("disk0", id);
	hs_dev_id_default(HS_DEV_NET, 10, id);
	EXPECT_STREQ("net10", id);
	hs_dev_id_default(HS_DEV_NET, 99, id);
	EXPECT_STREQ("net99", id);

	/* A later device asks for what the first would have got. */
	add(&d[0], HS_DEV_DISK, "");
	add(&d[1], HS_DEV_NET, "");
	add(&d[2], HS_DEV_DISK, "disk0");
	add(&d[3], HS_DEV_DISK, "");
	add(&d[4], HS_DEV_DISK, "net0");
	EXPECT_EQ(-1, hs_dev_ids_fill(d, 5));
	EXPECT_STREQ("disk1", d[0].id);
	EXPECT_STREQ("net1", d[1].id);
	EXPECT_STREQ("disk0", d[2].id);
	EXPECT_STREQ("disk2", d[3].id);
	EXPECT_STREQ("net0", d[4].id);
	EXPECT_EQ(-1, hs_dev_ids_fill(d, 0));
}

TEST(ids_are_unique)
{
	struct hs_dev_params d[HS_DEVS_MAX];
	unsigned int i, j;

	add(&d[0], HS_DEV_DISK, "a");
	add(&d[1], HS_DEV_DISK, "b");
	add(&d[2], HS_DEV_NET, "a");
	add(&d[3], HS_DEV_NET, "b");
	EXPECT_EQ(2, hs_dev_ids_fill(d, 4));
	add(&d[2], HS_DEV_NET, "A");
	EXPECT_EQ(3, hs_dev_ids_fill(d, 4));

	/* As many as there can be, and the same names asked for in the middle. */
	for (i = 0; i < HS_DEVS_MAX; i++)
		add(&d[i], HS_DEV_DISK, "");
	strcpy(d[7].id, "disk30");
	strcpy(d[8].id, "disk31");
	EXPECT_EQ(-1, hs_dev_ids_fill(d, HS_DEVS_MAX));
	for (i = 0; i < HS_DEVS_MAX; i++) {
		EXPECT_TRUE(hs_dev_id_ok(d[i].id));
		for (j = 0; j < i; j++)
			EXPECT_NE(0, strcmp(d[i].id, d[j].id));
	}
}

TEST_HARNESS_MAIN
