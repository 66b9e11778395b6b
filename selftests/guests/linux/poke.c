// SPDX-License-Identifier: GPL-2.0
/*
 * poke SEED COUNT: what root inside a Linux guest can do to the machine by
 * accident or malice: reads and writes of random ports, MSRs and device memory.
 * Prints how many went through; survives what the kernel kills.
 *
 * Ports that only stop or reset the machine, which proves nothing, are left
 * alone, and so are MSRs that this very kernel runs on: the point is what comes
 * out of the guest, not how it dies.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE	4096

static uint64_t state;
static sigjmp_buf fault;

static uint64_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void on_fault(int sig)
{
	siglongjmp(fault, sig);
}

/* 0xcf9, PM1 control, keyboard controller, port 0x92, pvpanic. */
static int ends_it(unsigned int port)
{
	return (port >= 0xcf9 && port <= 0xcfc) || (port >= 0x600 && port < 0x610) ||
	       port == 0x64 || port == 0x92 || (port >= 0x502 && port <= 0x508);
}

/* Each access by itself, for a fault to end it alone. */
static int port_access(unsigned int kind, unsigned int port, uint32_t val)
{
	if (sigsetjmp(fault, 1))
		return 0;
	switch (kind) {
	case 0: inb(port); break;
	case 1: inw(port); break;
	case 2: inl(port); break;
	case 3: outb(val, port); break;
	case 4: outw(val, port); break;
	default: outl(val, port); break;
	}
	return 1;
}

static int memory_access(unsigned int kind, volatile char *p, uint32_t val)
{
	if (sigsetjmp(fault, 1))
		return 0;
	switch (kind) {
	case 0: (void)*(volatile uint8_t *)p; break;
	case 1: (void)*(volatile uint16_t *)p; break;
	case 2: (void)*(volatile uint32_t *)p; break;
	case 3: *(volatile uint8_t *)p = val; break;
	case 4: *(volatile uint16_t *)p = val; break;
	default: *(volatile uint32_t *)p = val; break;
	}
	return 1;
}

static unsigned long ports(unsigned long n)
{
	unsigned long done = 0;

	if (iopl(3))
		return 0;
	while (n--) {
		uint64_t r = rnd();
		/* Half of them where devices are. */
		unsigned int port = r & 1 ? (r >> 8) & 0xffff : (r >> 8) & 0x4ff;

		if (!ends_it(port) && !ends_it(port + 3))
			done += port_access((r >> 1) % 6, port, r >> 32);
	}
	return done;
}

/* What a kernel in 64-bit mode cannot lose: system calls, segments, EFER, APIC, PAT. */
static int in_use(uint32_t msr)
{
	return (msr >= 0xc0000080 && msr <= 0xc0000103) || msr == 0x1b || msr == 0x277 ||
	       (msr >= 0x174 && msr <= 0x176) || (msr >= 0x800 && msr <= 0x8ff) ||
	       (msr >= 0x4b564d00 && msr <= 0x4b564dff) || (msr >= 0x200 && msr <= 0x2ff) ||
	       msr == 0x10 || msr == 0x3b || msr == 0x6e0 || msr == 0xda0 || msr == 0x1d9;
}

static unsigned long msrs(unsigned long n)
{
	static const uint32_t base[] = { 0, 0x100, 0x300, 0x400, 0x480, 0x600, 0xc00,
					 0xc0010000, 0x40000000, 0x4b564000 };
	unsigned long done = 0;
	int fd = open("/dev/cpu/0/msr", O_RDWR);

	if (fd < 0)
		return 0;
	while (n--) {
		uint64_t r = rnd(), val = rnd();
		uint32_t msr = base[(r >> 3) % (sizeof(base) / sizeof(*base))] + ((r >> 8) & 0xff);

		if (r & 4)
			msr = r >> 32;
		if (in_use(msr))
			continue;
		if (r & 1)
			done += pread(fd, &val, 8, msr) == 8;
		else
			done += pwrite(fd, &val, 8, msr) == 8;
	}
	close(fd);
	return done;
}

/* BARs of PCI devices, and where no device is. */
static unsigned long memory(unsigned long n)
{
	static const uint64_t region[] = { 0xe0000000, 0xf0000000, 0xfe000000, 0xfed00000,
					   0xff000000, 0xfffff000 };
	unsigned long done = 0;
	int fd = open("/dev/mem", O_RDWR | O_SYNC);

	if (fd < 0)
		return 0;
	while (n) {
		uint64_t r = rnd();
		uint64_t at = region[r % 6] + ((r >> 8) & 0xff) * PAGE;
		volatile char *p;

		if ((at & ~0xfffffULL) == 0xfee00000)
			at += 0x100000;
		at &= 0xfffff000;
		p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, at);
		if (p == MAP_FAILED) {
			n--;
			continue;
		}
		for (int i = 0; i < 16 && n; i++, n--) {
			unsigned int off = rnd() & 0xff8;

			done += memory_access(rnd() % 6, p + off, rnd());
		}
		munmap((void *)p, PAGE);
	}
	close(fd);
	return done;
}

int main(int argc, char **argv)
{
	unsigned long n;

	if (argc < 3)
		return 2;
	state = strtoull(argv[1], NULL, 0) * 0x9e3779b97f4a7c15ULL | 1;
	n = strtoul(argv[2], NULL, 0);
	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	printf("ports %lu\n", ports(n));
	printf("msrs %lu\n", msrs(n));
	printf("memory %lu\n", memory(n));
	return 0;
}
