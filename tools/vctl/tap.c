// SPDX-License-Identifier: GPL-2.0
/*
 * Tap devices.  One that exists is attached to; else one is made, which goes
 * when the VM lets go of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include "dev.h"
#include "vctl.h"

/* "." and ".." are no interface for the kernel, either. */
static const char *if_fault(const char *name)
{
	const char *p;

	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return "not the name of an interface";
	if (strlen(name) >= IFNAMSIZ)
		return "the name of an interface has 15 characters at most";
	for (p = name; *p; p++)
		if (*p <= ' ' || *p == 0x7f || strchr("/:%", *p))
			return "not the name of an interface";
	return NULL;
}

/* 0 where there is no such interface. */
static int index_of(int sock, const char *name)
{
	struct ifreq ifr = { 0 };

	memcpy(ifr.ifr_name, name, strlen(name));
	return ioctl(sock, SIOCGIFINDEX, &ifr) ? 0 : ifr.ifr_ifindex;
}

/*
 * A tap with several queues must be attached to as such, and tells only by
 * refusing: both are tried.  An interface that is no tap refuses both.
 */
static int set_interface(int fd, const char *name, int more)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | more };

	memcpy(ifr.ifr_name, name, strlen(name));
	return ioctl(fd, TUNSETIFF, &ifr) ? -errno : 0;
}

static int attach(int fd, int sock, const char *name)
{
	int header = sizeof(struct virtio_net_hdr_mrg_rxbuf);
	bool there = index_of(sock, name);
	int ret = set_interface(fd, name, 0);

	if (ret == -EINVAL && there)
		ret = set_interface(fd, name, IFF_MULTI_QUEUE);
	if (ret == -EINVAL && there)
		return option_error("net", "'%s' is an interface, but no tap device", name);
	if (ret == -EBUSY)
		return system_error(EBUSY, "net", "tap device '%s' is in use", name);
	if (ret)
		return system_error(-ret, "net", "cannot %s tap device '%s'",
				    there ? "attach to" : "make", name);
	if (ioctl(fd, TUNSETVNETHDRSZ, &header))
		return system_error(errno, "net", "cannot set up tap device '%s'", name);
	return VCTL_OK;
}

/* What the kernel says of an interface: its bridge, or 0. */
static int parse_master(const struct nlmsghdr *h, size_t len)
{
	const struct ifinfomsg *info = NLMSG_DATA(h);
	const struct rtattr *a;
	int left, master = 0;

	if (!NLMSG_OK(h, len) || h->nlmsg_type != RTM_NEWLINK)
		return 0;
	left = IFLA_PAYLOAD(h);
	for (a = IFLA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == IFLA_MASTER && RTA_PAYLOAD(a) == sizeof(master))
			memcpy(&master, RTA_DATA(a), sizeof(master));
	return master;
}

static int master_of(int index)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg info;
	} ask = {
		.h = { .nlmsg_len = sizeof(ask), .nlmsg_type = RTM_GETLINK,
		       .nlmsg_flags = NLM_F_REQUEST },
		.info = { .ifi_index = index },
	};
	union {
		struct nlmsghdr h;
		char bytes[16384];
	} answer;
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t n = -1;

	if (sock < 0)
		return 0;
	if (send(sock, &ask, sizeof(ask), 0) == sizeof(ask))
		n = recv(sock, &answer, sizeof(answer), 0);
	close(sock);
	return n < 0 ? 0 : parse_master(&answer.h, n);
}

/* Into the bridge, where it may be already, and up. */
static int join(int sock, const char *name, const char *bridge)
{
	struct ifreq tap = { 0 }, br = { 0 };
	int index = index_of(sock, name), err;

	memcpy(tap.ifr_name, name, strlen(name));
	memcpy(br.ifr_name, bridge, strlen(bridge));
	br.ifr_ifindex = index;
	err = ioctl(sock, SIOCBRADDIF, &br) ? errno : 0;
	if (err && (err != EBUSY || master_of(index) != index_of(sock, bridge)))
		return system_error(err, "net", "cannot put '%s' into bridge '%s'", name, bridge);
	if (!ioctl(sock, SIOCGIFFLAGS, &tap)) {
		tap.ifr_flags |= IFF_UP;
		if (!ioctl(sock, SIOCSIFFLAGS, &tap))
			return VCTL_OK;
	}
	return system_error(errno, "net", "cannot set '%s' up", name);
}

/**
 * tap_open - attach to a tap device, or make one
 * @name: the interface
 * @bridge: puts it into this bridge and sets it up; NULL: leaves that to others
 * @fd: receives the descriptor; -1 on an error
 *
 * Packets carry the header of virtio-net, by which guest and host leave
 * checksums and segmentation to each other.
 *
 * Return: VCTL_OK or, having said why, another exit status.
 */
int tap_open(const char *name, const char *bridge, int *fd)
{
	const char *fault = if_fault(name);
	int sock, ret;

	*fd = -1;
	if (fault)
		return option_error("net", "%s: '%s'", fault, name);
	fault = bridge ? if_fault(bridge) : NULL;
	if (fault)
		return option_error("net", "bridge: %s: '%s'", fault, bridge);
	*fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (*fd < 0)
		return system_error(errno, "net", "cannot open '/dev/net/tun'");
	/* Any family does to ask about interfaces. */
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ret = sock < 0 ? system_error(errno, "net", "cannot ask about interfaces") :
			 attach(*fd, sock, name);
	if (!ret && bridge)
		ret = join(sock, name, bridge);
	if (sock >= 0)
		close(sock);
	if (ret) {
		close(*fd);
		*fd = -1;
	}
	return ret;
}
