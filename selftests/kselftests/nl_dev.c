// SPDX-License-Identifier: GPL-2.0
/*
 * Disks, nets and hidden CPU features: every way to be wrong, all or nothing,
 * when they may come and go, and how they are told.
 * lab: modules=tun
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include "kselftest_harness.h"
#include "nl.h"
#include "tiny.h"

#define NAME	"t-dev"

FIXTURE(dev) {
	struct nl nl;
	int fd, disk;
};

static int new_disk(void)
{
	int fd = memfd_create("disk", MFD_CLOEXEC);

	return fd >= 0 && !ftruncate(fd, 1 << 20) ? fd : -1;
}

/* A tap of its own, as vctl opens it. */
static int new_tap(void)
{
	int header = sizeof(struct virtio_net_hdr_mrg_rxbuf);
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd;

	/* Where no udev made the node, the module does. */
	if (system("modprobe tun"))
		return -1;
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) || ioctl(fd, TUNSETVNETHDRSZ, &header))
		return -1;
	return fd;
}

FIXTURE_SETUP(dev)
{
	ASSERT_EQ(0, nl_open(&self->nl));
	vm_wipe(&self->nl);
	self->fd = TINY(TINY_SLEEP);
	ASSERT_LE(0, self->fd);
	self->disk = new_disk();
	ASSERT_LE(0, self->disk);
}

FIXTURE_TEARDOWN(dev)
{
	vm_wipe(&self->nl);
	close(self->disk);
	close(self->fd);
	nl_close(&self->nl);
}

/* A request is refused with @want (1: any), a sentence, and attribute @at to blame. */
#define EXPECT_BAD(want, at, e) do {				\
	struct nl_end _e = (e);					\
	if ((want) == 1) {					\
		EXPECT_GT(0, _e.err);				\
	} else {						\
		EXPECT_EQ(want, _e.err);			\
	}							\
	EXPECT_NE(0, _e.why[0]) {				\
		TH_LOG("no sentence");				\
	}							\
	EXPECT_EQ(at, _e.attr) {				\
		TH_LOG("%s", _e.why);				\
	}							\
	EXPECT_EQ(0, _e.replies);				\
} while (0)

#define CALL()	nl_call(&self->nl, &m, NULL, NULL)

static void begin_new(struct nl_msg *m, struct nl *nl, int fd)
{
	nl_begin(m, nl, HS_CMD_VM_NEW, 0);
	nl_put_str(m, HS_A_VM_NAME, NAME);
	nl_put_u32(m, HS_A_VM_KERNEL_FD, fd);
	nl_put_u64(m, HS_A_VM_MEM_BYTES, 4 << 20);
}

static void begin_add(struct nl_msg *m, struct nl *nl)
{
	nl_begin(m, nl, HS_CMD_DEV_ADD, 0);
	nl_put_str(m, HS_A_VM_NAME, NAME);
}

/* A nest with a descriptor, and an id unless it is NULL. */
static void put_dev(struct nl_msg *m, int type, int fd, const char *id)
{
	struct nlattr *nest = nl_nest(m, type);

	nl_put_u32(m, HS_A_DISK_FD, fd);
	if (id)
		nl_put_str(m, HS_A_DISK_ID, id);
	nl_nest_end(m, nest);
}

static struct nl_end dev_add(struct nl *nl, int type, int fd, const char *id)
{
	struct nl_msg m;

	begin_add(&m, nl);
	put_dev(&m, type, fd, id);
	return nl_call(nl, &m, NULL, NULL);
}

static struct nl_end dev_del(struct nl *nl, const char *id)
{
	struct nl_msg m;

	nl_begin(&m, nl, HS_CMD_DEV_DEL, 0);
	nl_put_str(&m, HS_A_VM_NAME, NAME);
	nl_put_str(&m, HS_A_DEV_ID, id);
	return nl_call(nl, &m, NULL, NULL);
}

/* What a dump told of disks and nets; the devices of every VM are skipped. */
struct devs {
	unsigned int n, all;
	struct {
		char vm[HS_NAME_MAX + 1], id[HS_DEV_ID_MAX + 1];
		uint32_t kind, slot, flags;
		uint64_t bytes;
		unsigned char mac[HS_MAC_LEN];
		bool counted;
	} dev[256];
};

static void take_dev(const struct nlmsghdr *h, void *arg)
{
	struct nlattr *nest = nl_find(h, HS_A_DEV), *mac;
	struct devs *d = arg;
	uint32_t kind;
	int i;

	if (!nest)
		return;
	d->all++;
	kind = nl_u32(nl_find_nested(nest, HS_A_DEV_KIND));
	if ((kind != HS_DEV_DISK && kind != HS_DEV_NET) || d->n == 256)
		return;
	i = d->n++;
	memset(&d->dev[i], 0, sizeof(d->dev[i]));
	d->dev[i].kind = kind;
	d->dev[i].slot = nl_u32(nl_find_nested(nest, HS_A_DEV_SLOT));
	d->dev[i].flags = nl_u32(nl_find_nested(nest, HS_A_DEV_FLAGS));
	d->dev[i].bytes = nl_u64(nl_find_nested(nest, HS_A_DEV_BYTES));
	mac = nl_find_nested(nest, HS_A_DEV_MAC);
	if (mac && mac->nla_len == NLA_HDRLEN + HS_MAC_LEN)
		memcpy(d->dev[i].mac, nl_data(mac), HS_MAC_LEN);
	d->dev[i].counted = nl_find_nested(nest, HS_A_DEV_REQUESTS) &&
			    nl_find_nested(nest, HS_A_DEV_SIGNALS) &&
			    nl_find_nested(nest, HS_A_DEV_DRIVER);
	snprintf(d->dev[i].vm, sizeof(d->dev[i].vm), "%s", nl_str(nl_find(h, HS_A_VM_NAME)));
	snprintf(d->dev[i].id, sizeof(d->dev[i].id), "%s",
		 nl_str(nl_find_nested(nest, HS_A_DEV_NAME)));
}

static struct devs devs;

/* The devices of a VM, or of all, read @size bytes at a time. */
static struct nl_end look_sized(size_t size, const char *name)
{
	struct nl_end e;
	struct nl_msg m;
	struct nl nl;

	memset(&devs, 0, sizeof(devs));
	memset(&e, 0, sizeof(e));
	e.err = nl_open_sized(&nl, size);
	if (e.err)
		return e;
	nl_begin(&m, &nl, HS_CMD_DEV_GET, NLM_F_DUMP);
	if (name)
		nl_put_str(&m, HS_A_VM_NAME, name);
	e = nl_call(&nl, &m, take_dev, &devs);
	nl_close(&nl);
	return e;
}

#define LOOK(name)	look_sized(32768, name).err


/* ---- what is wrong with one ------------------------------------------------------- */

/* A nest of type @type with @len bytes at @data as attribute @attr, and more. */
static struct nl_end new_with(struct nl *nl, int kernel, int type, int fd, int attr,
			      const void *data, int len)
{
	struct nlattr *nest;
	struct nl_msg m;

	begin_new(&m, nl, kernel);
	nest = nl_nest(&m, type);
	if (fd >= 0)
		nl_put_u32(&m, HS_A_DISK_FD, fd);
	if (attr)
		nl_put(&m, attr, data, len);
	nl_nest_end(&m, nest);
	return nl_call(nl, &m, NULL, NULL);
}

#define DISK_WITH(attr, data, len) \
	new_with(&self->nl, self->fd, HS_A_VM_DISK, self->disk, attr, data, len)
#define NET_WITH(attr, data, len) \
	new_with(&self->nl, self->fd, HS_A_VM_NET, self->disk, attr, data, len)

TEST_F(dev, missing_descriptor)
{
	static const int types[] = { HS_A_VM_DISK, HS_A_VM_NET };
	struct nl_end e;
	int i;

	for (i = 0; i < 2; i++) {
		e = new_with(&self->nl, self->fd, types[i], -1, HS_A_DISK_ID, "a", 2);
		EXPECT_EQ(-EINVAL, e.err);
		EXPECT_NE(0, e.why[0]);
		EXPECT_EQ(HS_A_DISK_FD, e.miss);
		EXPECT_EQ(types[i], e.nest);
	}
	EXPECT_EQ(0, vm_state(&self->nl, NAME));
}

TEST_F(dev, unknown_and_cut_short)
{
	static const char bytes[16] = { 2 };
	unsigned int attr, len;

	for (attr = HS_A_DISK_MAX + 1; attr < HS_A_DISK_MAX + 3; attr++) {
		EXPECT_BAD(-EINVAL, attr, DISK_WITH(attr, "", 0));
		EXPECT_BAD(-EINVAL, attr, NET_WITH(attr, bytes, 4));
	}
	EXPECT_BAD(-EINVAL, 0x3fff, DISK_WITH(0x3fff, bytes, 4));
	for (len = 0; len <= 8; len++) {
		if (len != 4) {
			EXPECT_BAD(-EINVAL, HS_A_DISK_FD, DISK_WITH(HS_A_DISK_FD, bytes, len));
			EXPECT_BAD(-EINVAL, HS_A_DISK_FLAGS, DISK_WITH(HS_A_DISK_FLAGS, bytes, len));
			EXPECT_BAD(-EINVAL, HS_A_NET_FD, NET_WITH(HS_A_NET_FD, bytes, len));
		}
		/* Too short is -EINVAL or -ERANGE, as the kernel's version has it. */
		if (len != HS_MAC_LEN) {
			struct nl_end e = NET_WITH(HS_A_NET_MAC, bytes, len);

			EXPECT_TRUE(e.err == -EINVAL || e.err == -ERANGE);
			EXPECT_NE(0, e.why[0]);
			EXPECT_EQ(HS_A_NET_MAC, e.attr);
		}
	}
	EXPECT_EQ(0, vm_state(&self->nl, NAME));
}

/* A nest that is none, is empty, or does not end where it should. */
TEST_F(dev, broken_nests)
{
	struct nlattr *nest, *in;
	struct nl_msg m;

	begin_new(&m, &self->nl, self->fd);
	nest = nl_nest(&m, HS_A_VM_DISK);
	nl_put_u32(&m, HS_A_DISK_FD, self->disk);
	nl_nest_end(&m, nest);
	nest->nla_type &= NLA_TYPE_MASK;
	EXPECT_BAD(-EINVAL, HS_A_VM_DISK, CALL());

	begin_new(&m, &self->nl, self->fd);
	nl_nest_end(&m, nl_nest(&m, HS_A_VM_NET));
	EXPECT_EQ(-EINVAL, CALL().err);

	begin_new(&m, &self->nl, self->fd);
	nest = nl_nest(&m, HS_A_VM_DISK);
	in = nl_put_u32(&m, HS_A_DISK_FD, self->disk);
	nl_nest_end(&m, nest);
	in->nla_len = 200;
	EXPECT_EQ(-EINVAL, CALL().err);

	begin_new(&m, &self->nl, self->fd);
	nest = nl_nest(&m, HS_A_VM_DISK);
	in = nl_put_u32(&m, HS_A_DISK_FD, self->disk);
	nl_nest_end(&m, nest);
	in->nla_len = 2;
	EXPECT_EQ(-EINVAL, CALL().err);

	begin_new(&m, &self->nl, self->fd);
	nl_put(&m, HS_A_VM_DISK | NLA_F_NESTED, "abc", 3);
	EXPECT_EQ(-ERANGE, CALL().err);
	EXPECT_EQ(0, vm_state(&self->nl, NAME));
}

TEST_F(dev, ids)
{
	static const char * const bad[] = {
		"", "1", "-x", "_x", "a b", "a/b", "a,b", "a\n", "a\x80", "a23456789012345678901",
	};
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_BAD(-EINVAL, HS_A_DISK_ID, DISK_WITH(HS_A_DISK_ID, bad[i], strlen(bad[i]) + 1));
		EXPECT_BAD(-EINVAL, HS_A_NET_ID, NET_WITH(HS_A_NET_ID, bad[i], strlen(bad[i]) + 1));
	}
	EXPECT_BAD(-EINVAL, HS_A_DISK_ID, DISK_WITH(HS_A_DISK_ID, "abc", 3));
	EXPECT_BAD(-EINVAL, HS_A_DISK_ID, DISK_WITH(HS_A_DISK_ID, "a\0b", 4));
	EXPECT_BAD(-EINVAL, HS_A_DISK_ID, DISK_WITH(HS_A_DISK_ID, "", 0));
	EXPECT_EQ(0, vm_state(&self->nl, NAME));
	/* The longest works. */
	EXPECT_EQ(0, DISK_WITH(HS_A_DISK_ID, "a2345678901234567890", 21).err);
	ASSERT_EQ(0, LOOK(NAME));
	ASSERT_EQ(1, devs.n);
	EXPECT_STREQ("a2345678901234567890", devs.dev[0].id);
}

TEST_F(dev, flags_and_addresses)
{
	static const char * const macs[] = {
		"\1\0\0\0\0\0", "\xff\xff\xff\xff\xff\xff", "\x33\x33\0\0\0\1", "\0\0\0\0\0\0",
	};
	uint32_t v;
	int i;

	for (i = 0; i < 32; i++) {
		v = 1U << i;
		if (!(v & __HS_DISK_F_ALL))
			EXPECT_BAD(-EOPNOTSUPP, HS_A_DISK_FLAGS, DISK_WITH(HS_A_DISK_FLAGS, &v, 4));
	}
	for (i = 0; i < 4; i++)
		EXPECT_BAD(-EINVAL, HS_A_NET_MAC, NET_WITH(HS_A_NET_MAC, macs[i], 6));
	EXPECT_EQ(0, vm_state(&self->nl, NAME));
}

TEST_F(dev, descriptors)
{
	static const int types[] = { HS_A_VM_DISK, HS_A_VM_NET };
	int null = open("/dev/null", O_RDWR), dir = open("/", O_RDONLY | O_DIRECTORY);
	int path = open("/", O_PATH), closed = dup(null), pipes[2], i, j;

	ASSERT_EQ(0, pipe(pipes));
	close(closed);
	ASSERT_EQ(0, vm_new(&self->nl, NAME, self->fd).err);
	for (i = 0; i < 2; i++) {
		const int bad[] = { null, dir, pipes[0], pipes[1], self->nl.fd };

		EXPECT_BAD(-EBADF, HS_A_DISK_FD, dev_add(&self->nl, types[i], closed, NULL));
		EXPECT_BAD(-EBADF, HS_A_DISK_FD, dev_add(&self->nl, types[i], path, NULL));
		EXPECT_BAD(-ERANGE, HS_A_DISK_FD, dev_add(&self->nl, types[i], -1, NULL));
		for (j = 0; j < 5; j++)
			EXPECT_BAD(1, HS_A_DISK_FD, dev_add(&self->nl, types[i], bad[j], NULL));
	}
	/* A disk is no tap. */
	EXPECT_BAD(1, HS_A_NET_FD, dev_add(&self->nl, HS_A_VM_NET, self->disk, NULL));
	ASSERT_EQ(0, LOOK(NAME));
	EXPECT_EQ(0, devs.n);
	close(pipes[0]);
	close(pipes[1]);
	close(path);
	close(dir);
	close(null);
}

TEST_F(dev, cpu_features)
{
	static const char * const known[] = { "avx512f", "pcid", "pcid" };
	char line[HS_FEATURE_MAX + 2];
	struct nl_msg m;
	struct nl_end e;
	unsigned int i;

#define HIDE_WITH(data, len) ({						\
	begin_new(&m, &self->nl, self->fd);				\
	nl_put_str(&m, HS_A_VM_CPU_HIDE, "pcid");			\
	nl_put(&m, HS_A_VM_CPU_HIDE, data, len);			\
	CALL();								\
})
	EXPECT_BAD(-ENOENT, HS_A_VM_CPU_HIDE, HIDE_WITH("colour", 7));
	EXPECT_BAD(-ENOENT, HS_A_VM_CPU_HIDE, HIDE_WITH("PCID", 5));
	EXPECT_BAD(-EPERM, HS_A_VM_CPU_HIDE, HIDE_WITH("lm", 3));
	EXPECT_BAD(-EINVAL, HS_A_VM_CPU_HIDE, HIDE_WITH("", 1));
	EXPECT_BAD(-EINVAL, HS_A_VM_CPU_HIDE, HIDE_WITH("", 0));
	EXPECT_BAD(-EINVAL, HS_A_VM_CPU_HIDE, HIDE_WITH("pcid", 4));
	EXPECT_BAD(-EINVAL, HS_A_VM_CPU_HIDE, HIDE_WITH("pcid\0x", 7));
	memset(line, 'x', sizeof(line));
	line[HS_FEATURE_MAX + 1] = 0;
	EXPECT_BAD(-EINVAL, HS_A_VM_CPU_HIDE, HIDE_WITH(line, sizeof(line)));
	begin_new(&m, &self->nl, self->fd);
	for (i = 0; i <= HS_CPU_HIDE_MAX; i++)
		nl_put_str(&m, HS_A_VM_CPU_HIDE, "pcid");
	EXPECT_BAD(-E2BIG, HS_A_VM_CPU_HIDE, CALL());
	EXPECT_EQ(0, vm_state(&self->nl, NAME));

	/* As many as there may be; they are told as they were given. */
	begin_new(&m, &self->nl, self->fd);
	for (i = 0; i < HS_CPU_HIDE_MAX; i++)
		nl_put_str(&m, HS_A_VM_CPU_HIDE, known[i % 3]);
	e = CALL();
	EXPECT_EQ(0, e.err) {
		TH_LOG("%s", e.why);
	}
	EXPECT_EQ(HS_VM_DEFINED, vm_state(&self->nl, NAME));
	EXPECT_EQ(0, vm_do(&self->nl, HS_CMD_VM_START, NAME).err);
}

/* ---- several: all or nothing ------------------------------------------------------ */

TEST_F(dev, defaults)
{
	static const struct {
		const char *id;
		uint32_t kind;
	} want[] = {
		{ "disk1", HS_DEV_DISK }, { "disk0", HS_DEV_DISK }, { "net0", HS_DEV_NET },
		{ "disk2", HS_DEV_DISK }, { "net1", HS_DEV_NET },
	};
	int second = new_disk(), third = new_disk(), tap = new_tap(), other = new_tap();
	static const unsigned char mac[6] = "\x52\x54\0\1\2\3";
	struct nlattr *nest;
	struct nl_msg m;
	struct nl_end e;
	unsigned int i;

	ASSERT_LE(0, tap);
	ASSERT_LE(0, other);
	begin_new(&m, &self->nl, self->fd);
	put_dev(&m, HS_A_VM_DISK, self->disk, NULL);
	nest = nl_nest(&m, HS_A_VM_DISK);
	nl_put_u32(&m, HS_A_DISK_FD, second);
	nl_put_u32(&m, HS_A_DISK_FLAGS, HS_DISK_F_RO);
	nl_put_str(&m, HS_A_DISK_ID, "disk0");
	nl_nest_end(&m, nest);
	put_dev(&m, HS_A_VM_NET, tap, NULL);
	put_dev(&m, HS_A_VM_DISK, third, NULL);
	nest = nl_nest(&m, HS_A_VM_NET);
	nl_put_u32(&m, HS_A_NET_FD, other);
	nl_put(&m, HS_A_NET_MAC, mac, 6);
	nl_nest_end(&m, nest);
	e = CALL();
	ASSERT_EQ(0, e.err) {
		TH_LOG("%s", e.why);
	}
	ASSERT_EQ(0, LOOK(NAME));
	ASSERT_EQ(5, devs.n);
	for (i = 0; i < 5; i++) {
		EXPECT_STREQ(NAME, devs.dev[i].vm);
		EXPECT_STREQ(want[i].id, devs.dev[i].id);
		EXPECT_EQ(want[i].kind, devs.dev[i].kind);
		EXPECT_LT(0, devs.dev[i].slot);
		EXPECT_GT(32, devs.dev[i].slot);
		EXPECT_TRUE(devs.dev[i].counted);
		EXPECT_EQ(want[i].kind == HS_DEV_DISK ? 1 << 20 : 0, devs.dev[i].bytes);
		EXPECT_EQ(i == 1 ? HS_DISK_F_RO : 0, devs.dev[i].flags);
	}
	/* A local address of its own for who was given none. */
	EXPECT_EQ(2, devs.dev[2].mac[0] & 3);
	EXPECT_EQ(0, memcmp(devs.dev[4].mac, mac, 6));
	close(second);
	close(third);
	close(tap);
	close(other);
}

TEST_F(dev, ids_are_unique)
{
	int second = new_disk();
	struct nl_msg m;

	begin_new(&m, &self->nl, self->fd);
	put_dev(&m, HS_A_VM_DISK, self->disk, "a");
	put_dev(&m, HS_A_VM_DISK, second, "a");
	EXPECT_BAD(-EEXIST, HS_A_DISK_ID, CALL());
	EXPECT_EQ(0, vm_state(&self->nl, NAME));

	ASSERT_EQ(0, vm_new(&self->nl, NAME, self->fd).err);
	EXPECT_EQ(0, dev_add(&self->nl, HS_A_VM_DISK, self->disk, "a").err);
	EXPECT_BAD(-EEXIST, HS_A_DISK_ID, dev_add(&self->nl, HS_A_VM_DISK, second, "a"));
	/* One VM's ids are nothing to another. */
	EXPECT_EQ(0, vm_new(&self->nl, "t-dev2", self->fd).err);
	nl_begin(&m, &self->nl, HS_CMD_DEV_ADD, 0);
	nl_put_str(&m, HS_A_VM_NAME, "t-dev2");
	put_dev(&m, HS_A_VM_DISK, second, "a");
	EXPECT_EQ(0, CALL().err);
	close(second);
}

/* The last of several is refused: no VM, no name taken, no file held. */
TEST_F(dev, nothing_is_left)
{
	int null = open("/dev/null", O_RDWR);
	struct nl_msg m;

	begin_new(&m, &self->nl, self->fd);
	put_dev(&m, HS_A_VM_DISK, self->disk, "first");
	put_dev(&m, HS_A_VM_DISK, null, "second");
	EXPECT_BAD(1, HS_A_DISK_FD, CALL());
	EXPECT_EQ(0, vm_state(&self->nl, NAME));
	ASSERT_EQ(0, LOOK(NULL));
	EXPECT_EQ(0, devs.all);
	/* Had the first kept its disk, this would be a second writer. */
	begin_new(&m, &self->nl, self->fd);
	put_dev(&m, HS_A_VM_DISK, self->disk, "first");
	EXPECT_EQ(0, CALL().err);
	/* Now that somebody has it, it would be. */
	EXPECT_BAD(-EBUSY, HS_A_DISK_FD, dev_add(&self->nl, HS_A_VM_DISK, self->disk, "second"));
	close(null);
}

TEST_F(dev, too_many)
{
	int disk[HS_DEVS_MAX + 1], i, n, added = 0;
	struct nl_end e = { 0 };
	struct nl_msg m;

	for (i = 0; i <= HS_DEVS_MAX; i++) {
		disk[i] = new_disk();
		ASSERT_LE(0, disk[i]);
	}
	begin_new(&m, &self->nl, self->fd);
	for (i = 0; i <= HS_DEVS_MAX; i++)
		put_dev(&m, HS_A_VM_DISK, disk[i], NULL);
	EXPECT_BAD(-E2BIG, HS_A_VM_DISK, CALL());
	EXPECT_EQ(0, vm_state(&self->nl, NAME));

	/* The bus has 31 slots for disks and what every VM has. */
	ASSERT_EQ(0, vm_new(&self->nl, NAME, self->fd).err);
	for (n = 0; n <= HS_DEVS_MAX && !e.err; n++) {
		e = dev_add(&self->nl, HS_A_VM_DISK, disk[n], NULL);
		added += !e.err;
	}
	EXPECT_EQ(-ENOSPC, e.err);
	EXPECT_NE(0, e.why[0]);
	EXPECT_LT(20, added);

	/* All of them are told, however small the reader's buffer is. */
	EXPECT_EQ(0, look_sized(4096, NAME).err);
	EXPECT_EQ(added, devs.n);
	EXPECT_EQ(31, devs.all);
	for (i = 1; i < (int)devs.n; i++)
		EXPECT_LT(devs.dev[i - 1].slot, devs.dev[i].slot);
	EXPECT_EQ(0, look_sized(65536, NULL).err);
	EXPECT_EQ(added, devs.n);
	EXPECT_EQ(0, vm_do(&self->nl, HS_CMD_VM_START, NAME).err);
	EXPECT_EQ(0, vm_kill(&self->nl, NAME).err);

	/* One goes, one may come. */
	EXPECT_EQ(0, dev_del(&self->nl, "disk7").err);
	EXPECT_EQ(0, dev_add(&self->nl, HS_A_VM_DISK, disk[HS_DEVS_MAX], NULL).err);
	ASSERT_EQ(0, LOOK(NAME));
	EXPECT_EQ(added, devs.n);
	EXPECT_STREQ("disk7", devs.dev[devs.n - 1].id);
	for (i = 0; i <= HS_DEVS_MAX; i++)
		close(disk[i]);
}

/* ---- coming and going ------------------------------------------------------------- */

static void take_id(const struct nlmsghdr *h, void *arg)
{
	snprintf(arg, HS_DEV_ID_MAX + 1, "%s", nl_str(nl_find(h, HS_A_DEV_ID)));
}

TEST_F(dev, add_and_del)
{
	char id[HS_DEV_ID_MAX + 1] = "";
	struct nl_msg m;
	struct nl_end e;

	ASSERT_EQ(0, vm_new(&self->nl, NAME, self->fd).err);
	begin_add(&m, &self->nl);
	put_dev(&m, HS_A_VM_DISK, self->disk, NULL);
	e = nl_call(&self->nl, &m, take_id, id);
	EXPECT_EQ(0, e.err);
	EXPECT_EQ(1, e.replies);
	EXPECT_STREQ("disk0", id);
	EXPECT_BAD(-ENOENT, HS_A_DEV_ID, dev_del(&self->nl, "disk1"));
	EXPECT_EQ(0, dev_del(&self->nl, "disk0").err);
	EXPECT_BAD(-ENOENT, HS_A_DEV_ID, dev_del(&self->nl, "disk0"));
	EXPECT_EQ(0, dev_add(&self->nl, HS_A_VM_DISK, self->disk, "x").err);

	/* Both at once, none, and two. */
	begin_add(&m, &self->nl);
	e = CALL();
	EXPECT_EQ(-EINVAL, e.err);
	EXPECT_NE(0, e.why[0]);
	EXPECT_EQ(HS_A_VM_DISK, e.miss);
	begin_add(&m, &self->nl);
	put_dev(&m, HS_A_VM_DISK, self->disk, "a");
	put_dev(&m, HS_A_VM_NET, self->disk, "b");
	EXPECT_BAD(-EINVAL, HS_A_VM_NET, CALL());
	begin_add(&m, &self->nl);
	put_dev(&m, HS_A_VM_DISK, self->disk, "a");
	put_dev(&m, HS_A_VM_DISK, self->disk, "b");
	EXPECT_BAD(-EINVAL, HS_A_VM_DISK, CALL());

	nl_begin(&m, &self->nl, HS_CMD_DEV_DEL, 0);
	nl_put_str(&m, HS_A_VM_NAME, NAME);
	e = CALL();
	EXPECT_EQ(-EINVAL, e.err);
	EXPECT_EQ(HS_A_DEV_ID, e.miss);
	EXPECT_BAD(-EINVAL, HS_A_DEV_ID, dev_del(&self->nl, "0"));
}

static struct nl_end dev_set(struct nl *nl, const char *id, const uint32_t *up)
{
	struct nl_msg m;

	nl_begin(&m, nl, HS_CMD_DEV_SET, 0);
	nl_put_str(&m, HS_A_VM_NAME, NAME);
	if (id)
		nl_put_str(&m, HS_A_DEV_ID, id);
	if (up)
		nl_put_u32(&m, HS_A_DEV_UP, *up);
	return nl_call(nl, &m, NULL, NULL);
}

TEST_F(dev, links)
{
	uint32_t up = 1, down = 0, odd = 2;
	int tap = new_tap();

	ASSERT_LE(0, tap);
	ASSERT_EQ(0, vm_new(&self->nl, NAME, self->fd).err);
	ASSERT_EQ(0, dev_add(&self->nl, HS_A_VM_NET, tap, "lan").err);
	ASSERT_EQ(0, dev_add(&self->nl, HS_A_VM_DISK, self->disk, "root").err);
	EXPECT_EQ(0, dev_set(&self->nl, "lan", &down).err);
	EXPECT_EQ(0, dev_set(&self->nl, "lan", &up).err);
	EXPECT_BAD(-ENOENT, HS_A_DEV_ID, dev_set(&self->nl, "wan", &up));
	EXPECT_BAD(-ENOENT, HS_A_DEV_ID, dev_set(&self->nl, "root", &up));
	EXPECT_BAD(-ERANGE, HS_A_DEV_UP, dev_set(&self->nl, "lan", &odd));
	EXPECT_EQ(HS_A_DEV_UP, dev_set(&self->nl, "lan", NULL).miss);
	EXPECT_EQ(HS_A_DEV_ID, dev_set(&self->nl, NULL, &up).miss);
	/* In any state. */
	ASSERT_EQ(0, vm_do(&self->nl, HS_CMD_VM_START, NAME).err);
	EXPECT_EQ(0, dev_set(&self->nl, "lan", &down).err);
	ASSERT_EQ(0, vm_do(&self->nl, HS_CMD_VM_PAUSE, NAME).err);
	EXPECT_EQ(0, dev_set(&self->nl, "lan", &up).err);
	close(tap);
}

/* What a VM was made with stays with it. */
TEST_F(dev, rng_stays)
{
	uint32_t flags = HS_VM_F_RNG;
	struct nl_msg m;

	begin_new(&m, &self->nl, self->fd);
	nl_put_u32(&m, HS_A_VM_FLAGS, flags);
	ASSERT_EQ(0, CALL().err);
	ASSERT_EQ(0, LOOK(NAME));
	EXPECT_EQ(0, devs.n);
	EXPECT_LE(1, devs.all);
	EXPECT_BAD(-EPERM, HS_A_DEV_ID, dev_del(&self->nl, "rng"));
}

TEST_F_TIMEOUT(dev, only_while_it_does_not_run, 120)
{
	int second = new_disk();
	struct nl_end e;

	ASSERT_EQ(0, vm_new(&self->nl, NAME, self->fd).err);
	EXPECT_EQ(0, dev_add(&self->nl, HS_A_VM_DISK, self->disk, "a").err);
	ASSERT_EQ(0, vm_do(&self->nl, HS_CMD_VM_START, NAME).err);
	e = dev_add(&self->nl, HS_A_VM_DISK, second, "b");
	EXPECT_EQ(-EBUSY, e.err);
	EXPECT_EQ(0, strncmp(e.why, "the VM is running", 17));
	EXPECT_EQ(-EBUSY, dev_del(&self->nl, "a").err);
	ASSERT_EQ(0, vm_do(&self->nl, HS_CMD_VM_PAUSE, NAME).err);
	e = dev_del(&self->nl, "a");
	EXPECT_EQ(-EBUSY, e.err);
	EXPECT_EQ(0, strncmp(e.why, "the VM is paused", 16));
	ASSERT_EQ(0, vm_kill(&self->nl, NAME).err);
	EXPECT_EQ(0, dev_del(&self->nl, "a").err);
	EXPECT_EQ(0, dev_add(&self->nl, HS_A_VM_DISK, second, "b").err);
	ASSERT_EQ(0, LOOK(NAME));
	ASSERT_EQ(1, devs.n);
	EXPECT_STREQ("b", devs.dev[0].id);
	EXPECT_EQ(0, vm_do(&self->nl, HS_CMD_VM_START, NAME).err);
	close(second);
}

TEST_F(dev, dump_of_nobody)
{
	struct nl_msg m;
	struct nl_end e;

	e = look_sized(32768, "nobody");
	EXPECT_EQ(-ENOENT, e.err);
	EXPECT_NE(0, e.why[0]);
	EXPECT_EQ(0, look_sized(32768, NULL).err);
	EXPECT_EQ(0, devs.all);
	nl_begin(&m, &self->nl, HS_CMD_DEV_GET, NLM_F_DUMP);
	nl_put_u32(&m, HS_A_VM_CPUS, 1);
	EXPECT_EQ(-EINVAL, CALL().err);
}

/* A device comes between two reads: the reader is told. */
TEST_F_TIMEOUT(dev, changed_meanwhile, 120)
{
	static char buf[4096];
	struct nl_msg m, add;
	struct nl_end e = { 0 };
	bool done = false;
	int reads = 0, i;
	char name[24];
	struct nl nl;

	for (i = 0; i < 16; i++) {
		int disk = new_disk();

		snprintf(name, sizeof(name), "t-dev-%d", i);
		ASSERT_EQ(0, vm_new(&self->nl, name, self->fd).err);
		nl_begin(&add, &self->nl, HS_CMD_DEV_ADD, 0);
		nl_put_str(&add, HS_A_VM_NAME, name);
		put_dev(&add, HS_A_VM_DISK, disk, NULL);
		ASSERT_EQ(0, nl_call(&self->nl, &add, NULL, NULL).err);
		close(disk);
	}
	ASSERT_EQ(0, vm_new(&self->nl, NAME, self->fd).err);
	ASSERT_EQ(0, nl_open_sized(&nl, sizeof(buf)));
	nl_begin(&m, &nl, HS_CMD_DEV_GET, NLM_F_DUMP);
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
			EXPECT_EQ(0, dev_add(&self->nl, HS_A_VM_DISK, self->disk, NULL).err);
		}
	}
	EXPECT_EQ(0, e.err);
	EXPECT_TRUE(e.intr);
	EXPECT_LE(16, e.replies);
	nl_close(&nl);
}

TEST_HARNESS_MAIN
