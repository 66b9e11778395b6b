// SPDX-License-Identifier: GPL-2.0
/*
 * What a request to a virtio device costs, from inside a Linux guest: the same
 * program on the same kernel under QEMU/KVM and under Hyperspace.
 *
 *	iobench blk DEPTH COUNT		reads of 4 KiB at random places of /dev/vda,
 *					past the cache, DEPTH of them in flight
 *	iobench net BYTES COUNT		frames of BYTES from eth0 to an address that
 *					nobody has; above an MTU they are TCP segments
 *					that the host gets whole
 *
 * Prints "ROW name ticks count": ticks of the TSC for each.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <sched.h>
#include <stddef.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define BLOCK		4096
#define DEPTH_MAX	64
#define MSS		1448
#define PROTOCOL	0x88b5		/* for local experiments, IEEE 802 */

static uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

/*
 * For an emulator that counts (count/instrument.h): even at the start of what is
 * measured, odd at its end.
 */
#define MAGIC		0x48530000UL

static void mark(unsigned long n)
{
	__asm__ volatile("prefetchnta (%0)" : : "r"(MAGIC + n));
}

static void die(const char *what)
{
	printf("BAD %s: %s\n", what, strerror(errno));
	exit(1);
}

/* The same places for everybody. */
static uint64_t place(uint64_t blocks)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x % blocks * BLOCK;
}

static void submit(aio_context_t ctx, struct iocb *cb, uint64_t at)
{
	cb->aio_offset = at;
	if (syscall(SYS_io_submit, ctx, 1, &cb) != 1)
		die("io_submit");
}

static uint64_t read_blocks(aio_context_t ctx, struct iocb *cb, unsigned int depth,
			    unsigned long count, uint64_t blocks)
{
	struct io_event ev[DEPTH_MAX];
	unsigned long sent = 0, done = 0;
	uint64_t begin = rdtsc();

	while (sent < depth)
		submit(ctx, &cb[sent++], place(blocks));
	while (done < count) {
		long n = syscall(SYS_io_getevents, ctx, 1, DEPTH_MAX, ev, NULL);

		if (n < 1)
			die("io_getevents");
		for (long i = 0; i < n; i++) {
			if (ev[i].res != BLOCK)
				die("a read was short");
			done++;
			if (sent < count) {
				submit(ctx, (struct iocb *)(uintptr_t)ev[i].obj, place(blocks));
				sent++;
			}
		}
	}
	return (rdtsc() - begin) / count;
}

static void blk(unsigned int depth, unsigned long count)
{
	static char buf[DEPTH_MAX][BLOCK] __attribute__((aligned(BLOCK)));
	struct iocb cb[DEPTH_MAX] = { 0 };
	aio_context_t ctx = 0;
	uint64_t ticks;
	int fd = open("/dev/vda", O_RDONLY | O_DIRECT);
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);

	if (size < BLOCK || !depth || depth > DEPTH_MAX || count < depth)
		die("/dev/vda");
	if (syscall(SYS_io_setup, DEPTH_MAX, &ctx))
		die("io_setup");
	for (unsigned int i = 0; i < depth; i++) {
		cb[i].aio_fildes = fd;
		cb[i].aio_lio_opcode = IOCB_CMD_PREAD;
		cb[i].aio_buf = (uintptr_t)buf[i];
		cb[i].aio_nbytes = BLOCK;
	}
	/* Once unmeasured: memory of all sorts is touched. */
	read_blocks(ctx, cb, depth, depth * 8 + count / 8, size / BLOCK);
	mark(depth > 1 ? 2 : 0);
	ticks = read_blocks(ctx, cb, depth, count, size / BLOCK);
	mark(depth > 1 ? 3 : 1);
	printf("ROW blk-4k-qd%u %llu %lu\n", depth, (unsigned long long)ticks, count);
}

/* A frame of @len bytes for an address that no host has; behind it, for the kernel, how to cut it. */
static size_t build(uint8_t *frame, size_t len, struct virtio_net_hdr *h)
{
	struct ethhdr *eth = (void *)frame;
	struct iphdr *ip = (void *)(eth + 1);
	struct tcphdr *tcp = (void *)(ip + 1);

	memset(frame, 0x5a, len);
	memcpy(eth->h_dest, "\x02\x00\x00\x00\xbe\xef", ETH_ALEN);
	memcpy(eth->h_source, "\x02\x00\x00\x00\xde\xad", ETH_ALEN);
	memset(h, 0, sizeof(*h));
	if (len <= 1514) {
		eth->h_proto = htons(PROTOCOL);
		return len;
	}
	eth->h_proto = htons(ETH_P_IP);
	memset(ip, 0, sizeof(*ip) + sizeof(*tcp));
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = htons(len - sizeof(*eth));
	ip->ttl = 64;
	ip->protocol = IPPROTO_TCP;
	ip->saddr = htonl(0x0a090002);
	ip->daddr = htonl(0x0a0900fe);
	tcp->doff = 5;
	tcp->ack = 1;
	h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	h->gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	h->hdr_len = sizeof(*eth) + sizeof(*ip) + sizeof(*tcp);
	h->gso_size = MSS;
	h->csum_start = sizeof(*eth) + sizeof(*ip);
	h->csum_offset = offsetof(struct tcphdr, check);
	return len;
}

static uint64_t send_frames(int s, uint8_t *frame, size_t len, struct virtio_net_hdr *h,
			    unsigned long count)
{
	struct iovec iov[2] = { { h, sizeof(*h) }, { frame, len } };
	uint64_t begin = rdtsc();
	int left;

	for (unsigned long i = 0; i < count; i++)
		if (writev(s, iov, 2) < 0)
			die("send");
	/* Until the device has given back the last one. */
	do {
		if (ioctl(s, SIOCOUTQ, &left))
			die("SIOCOUTQ");
		if (left)
			sched_yield();
	} while (left);
	return (rdtsc() - begin) / count;
}

static void net(size_t bytes, unsigned long count)
{
	static uint8_t frame[65536];
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	int s = socket(AF_PACKET, SOCK_RAW, 0), on = 1;
	struct virtio_net_hdr h;
	uint64_t ticks;
	size_t len;

	to.sll_ifindex = if_nametoindex("eth0");
	if (s < 0 || setsockopt(s, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) ||
	    bind(s, (void *)&to, sizeof(to)))
		die("eth0");
	if (bytes < 64 || bytes > 65000)
		die("bytes");
	len = build(frame, bytes, &h);
	send_frames(s, frame, len, &h, 16 + count / 8);
	mark(bytes > 1514 ? 6 : 4);
	ticks = send_frames(s, frame, len, &h, count);
	mark(bytes > 1514 ? 7 : 5);
	printf("ROW net-tx-%zu %llu %lu\n", bytes, (unsigned long long)ticks, count);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	if (!strcmp(argv[1], "blk"))
		blk(strtoul(argv[2], NULL, 0), strtoul(argv[3], NULL, 0));
	else
		net(strtoul(argv[2], NULL, 0), strtoul(argv[3], NULL, 0));
	return 0;
}
