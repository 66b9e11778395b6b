// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors for a network interface: taps set up in every wrong way, what is no
 * tap at all, and one that somebody has.
 * lab: modules=tun
 */
#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <linux/if_tun.h>
#include "kselftest_harness.h"
#include "nl.h"
#include "tiny.h"

#define NAME	"t-taps"
#define TAP	"hstap"

FIXTURE(nl) {
	struct nl nl;
	int kernel, fd;
};

FIXTURE_SETUP(nl)
{
	ASSERT_EQ(0, system("modprobe tun"));
	ASSERT_EQ(0, nl_open(&self->nl));
	vm_wipe(&self->nl);
	self->kernel = TINY(TINY_SLEEP);
	ASSERT_LE(0, self->kernel);
	self->fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(nl)
{
	vm_wipe(&self->nl);
	close(self->fd);
	close(self->kernel);
	nl_close(&self->nl);
}

/* @header 0: as the kernel has it. */
static int attach(int fd, int flags, int header)
{
	struct ifreq ifr = { .ifr_flags = flags, .ifr_name = TAP };

	if (ioctl(fd, TUNSETIFF, &ifr))
		return -errno;
	if (header && ioctl(fd, TUNSETVNETHDRSZ, &header))
		return -errno;
	return 0;
}

static struct nl_end new_vm(struct nl *nl, int kernel, const char *name, int fd)
{
	struct nlattr *nest;
	struct nl_msg m;

	nl_begin(&m, nl, HS_CMD_VM_NEW, 0);
	nl_put_str(&m, HS_A_VM_NAME, name);
	nl_put_u32(&m, HS_A_VM_KERNEL_FD, kernel);
	nl_put_u64(&m, HS_A_VM_MEM_BYTES, 4 << 20);
	nest = nl_nest(&m, HS_A_VM_NET);
	nl_put_u32(&m, HS_A_NET_FD, fd);
	nl_nest_end(&m, nest);
	return nl_call(nl, &m, NULL, NULL);
}

#define NEW(name, fd)	new_vm(&self->nl, self->kernel, name, fd)

/* Refused, and the sentence says what to do about it. */
#define EXPECT_REFUSED(want, part, e) do {				\
	struct nl_end _e = (e);						\
	EXPECT_EQ(want, _e.err);					\
	EXPECT_NE(NULL, strstr(_e.why, part)) {				\
		TH_LOG("'%s'", _e.why);					\
	}								\
	EXPECT_EQ(0, _e.replies);					\
} while (0)

TEST_F(nl, tap_as_it_should_be)
{
	struct nl_end e;

	ASSERT_EQ(0, attach(self->fd, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, 12));
	e = NEW(NAME, self->fd);
	EXPECT_EQ(0, e.err) {
		TH_LOG("%s", e.why);
	}
	/* It is the VM's now: it stays without this descriptor, and goes with it. */
	close(self->fd);
	self->fd = -1;
	EXPECT_NE(0, if_nametoindex(TAP));
	EXPECT_EQ(0, vm_do(&self->nl, HS_CMD_VM_DEL, NAME).err);
	EXPECT_EQ(0, if_nametoindex(TAP));
}

TEST_F(nl, queue_of_several)
{
	ASSERT_EQ(0, attach(self->fd, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE, 12));
	EXPECT_EQ(0, NEW(NAME, self->fd).err);
}

TEST_F(nl, used_twice)
{
	ASSERT_EQ(0, attach(self->fd, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, 12));
	ASSERT_EQ(0, NEW(NAME, self->fd).err);
	EXPECT_REFUSED(-EBUSY, "in use", NEW(NAME "2", self->fd));
	/* Free again with the VM that had it. */
	EXPECT_EQ(0, vm_do(&self->nl, HS_CMD_VM_DEL, NAME).err);
	EXPECT_EQ(0, NEW(NAME "2", self->fd).err);
	EXPECT_EQ(0, vm_do(&self->nl, HS_CMD_VM_DEL, NAME "2").err);
}

TEST_F(nl, without_header)
{
	ASSERT_EQ(0, attach(self->fd, IFF_TAP | IFF_NO_PI, 0));
	EXPECT_REFUSED(-EINVAL, "IFF_VNET_HDR", NEW(NAME, self->fd));
}

TEST_F(nl, header_of_ten_bytes)
{
	ASSERT_EQ(0, attach(self->fd, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, 0));
	EXPECT_REFUSED(-EINVAL, "10 bytes", NEW(NAME, self->fd));
}

TEST_F(nl, header_of_other_sizes)
{
	ASSERT_EQ(0, attach(self->fd, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, 11));
	EXPECT_REFUSED(-EINVAL, "TUNSETVNETHDRSZ", NEW(NAME, self->fd));
	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHDRSZ, &(int){ 13 }));
	EXPECT_EQ(-EINVAL, NEW(NAME, self->fd).err);
	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHDRSZ, &(int){ 4000 }));
	EXPECT_REFUSED(-EINVAL, "TUNSETVNETHDRSZ", NEW(NAME, self->fd));
}

TEST_F(nl, packet_information)
{
	ASSERT_EQ(0, attach(self->fd, IFF_TAP | IFF_VNET_HDR, 12));
	EXPECT_REFUSED(-EINVAL, "IFF_NO_PI", NEW(NAME, self->fd));
}

TEST_F(nl, tun_without_ethernet)
{
	ASSERT_EQ(0, attach(self->fd, IFF_TUN | IFF_NO_PI | IFF_VNET_HDR, 12));
	EXPECT_REFUSED(-EINVAL, "must be a tap", NEW(NAME, self->fd));
}

TEST_F(nl, attached_to_nothing)
{
	EXPECT_REFUSED(-EINVAL, "no interface", NEW(NAME, self->fd));
}

TEST_F(nl, no_tap)
{
	int fd = open("/dev/null", O_RDWR);

	ASSERT_LE(0, fd);
	EXPECT_REFUSED(-EINVAL, "not of a tap", NEW(NAME, fd));
	close(fd);
}

TEST_HARNESS_MAIN
