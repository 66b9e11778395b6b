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

/*
 * Flags of the tap as it is (0 when there is none).  They are to be given again,
 * or the kernel takes attaching for an attempt to change them.
 */
static int existing_flags(const char *name, unsigned int *flags)
{
	char path[64 + IFNAMSIZ], line[32];
	FILE *f;

	*flags = 0;
	snprintf(path, sizeof(path), "/sys/class/net/%s", name);
	if (access(path, F_OK))
		return VCTL_OK;
	snprintf(path, sizeof(path), "/sys/class/net/%s/tun_flags", name);
	f = fopen(path, "re");
	if (f && fgets(line, sizeof(line), f))
		*flags = strtoul(line, NULL, 16);
	if (f)
		fclose(f);
	if (*flags & IFF_TAP)
		return VCTL_OK;
	return option_error("net", "'%s' is an interface, but no tap device", name);
}

static int attach(int fd, const char *name)
{
	int header = sizeof(struct virtio_net_hdr_mrg_rxbuf);
	struct ifreq ifr = { 0 };
	unsigned int flags;
	int ret = existing_flags(name, &flags);

	if (ret)
		return ret;
	ifr.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (flags & IFF_MULTI_QUEUE);
	memcpy(ifr.ifr_name, name, strlen(name));
	if (ioctl(fd, TUNSETIFF, &ifr)) {
		if (errno == EBUSY)
			return system_error(EBUSY, "net", "tap device '%s' is in use", name);
		return system_error(errno, "net", "cannot %s tap device '%s'",
				    flags ? "attach to" : "make", name);
	}
	if (ioctl(fd, TUNSETVNETHDRSZ, &header))
		return system_error(errno, "net", "cannot set up tap device '%s'", name);
	return VCTL_OK;
}

static bool is_in(const char *name, const char *bridge)
{
	char path[64 + IFNAMSIZ], to[256];
	const char *last;
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/class/net/%s/master", name);
	n = readlink(path, to, sizeof(to) - 1);
	if (n < 0)
		return false;
	to[n] = '\0';
	last = strrchr(to, '/');
	return last && !strcmp(last + 1, bridge);
}

/* Into the bridge, and up. */
static int join(int sock, const char *name, const char *bridge)
{
	struct ifreq tap = { 0 }, br = { 0 };

	memcpy(tap.ifr_name, name, strlen(name));
	memcpy(br.ifr_name, bridge, strlen(bridge));
	if (!is_in(name, bridge)) {
		if (ioctl(sock, SIOCGIFINDEX, &tap))
			return system_error(errno, "net", "cannot find tap device '%s'", name);
		br.ifr_ifindex = tap.ifr_ifindex;
		if (ioctl(sock, SIOCBRADDIF, &br))
			return system_error(errno, "net", "cannot put '%s' into bridge '%s'",
					    name, bridge);
	}
	if (!ioctl(sock, SIOCGIFFLAGS, &tap)) {
		tap.ifr_flags |= IFF_UP;
		if (!ioctl(sock, SIOCSIFFLAGS, &tap))
			return VCTL_OK;
	}
	return system_error(errno, "net", "cannot set '%s' up", name);
}

static int use_bridge(const char *name, const char *bridge)
{
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;

	if (sock < 0)
		sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return system_error(errno, "net", "cannot reach the network");
	ret = join(sock, name, bridge);
	close(sock);
	return ret;
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
	int ret;

	*fd = -1;
	if (fault)
		return option_error("net", "%s: '%s'", fault, name);
	fault = bridge ? if_fault(bridge) : NULL;
	if (fault)
		return option_error("net", "bridge: %s: '%s'", fault, bridge);
	*fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (*fd < 0)
		return system_error(errno, "net", "cannot open '/dev/net/tun'");
	ret = attach(*fd, name);
	if (!ret && bridge)
		ret = use_bridge(name, bridge);
	if (ret) {
		close(*fd);
		*fd = -1;
	}
	return ret;
}
