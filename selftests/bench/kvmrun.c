// SPDX-License-Identifier: GPL-2.0
/*
 * A minimal user of KVM: runs a guest program of ours under KVM, so that both
 * hypervisors are measured with the same program in the same run.
 *
 * Image, memory map and first registers come from the module's own loader,
 * compiled for user space.  The devices are what the programs need: the
 * kernel's interrupt controllers, the transmit side of a UART and the test
 * device's exit port; other ports read all ones.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot/boot.h"

#define CPUID_MAX	128

static unsigned char *ram;
static u64 ram_bytes;

static int read_file(void *arg, u64 off, void *dst, size_t len)
{
	ssize_t n = pread(*(int *)arg, dst, len, off);

	return n == (ssize_t)len ? 0 : n < 0 ? -errno : -EIO;
}

static int write_ram(void *arg, u64 gpa, const void *src, size_t len)
{
	if (gpa > ram_bytes || len > ram_bytes - gpa)
		return -EFAULT;
	memcpy(ram + gpa, src, len);
	return 0;
}

static int zero_ram(void *arg, u64 gpa, u64 len)
{
	return gpa > ram_bytes || len > ram_bytes - gpa ? -EFAULT : 0;
}

static int must(int ret, const char *what)
{
	if (ret < 0)
		err(1, "%s", what);
	return ret;
}

static struct kvm_segment segment(const struct hs_boot_seg *s, u64 base)
{
	return (struct kvm_segment) {
		.base = base, .limit = s->limit, .selector = s->sel,
		.type = s->ar & 15, .s = s->ar >> 4 & 1, .dpl = s->ar >> 5 & 3,
		.present = s->ar >> 7 & 1, .avl = s->ar >> 12 & 1, .l = s->ar >> 13 & 1,
		.db = s->ar >> 14 & 1, .g = s->ar >> 15 & 1,
	};
}

static void set_registers(int vcpu, const struct hs_boot_state *b)
{
	struct kvm_regs regs = {
		.rip = b->rip, .rsp = b->rsp, .rflags = b->rflags,
		.rax = b->rax, .rbx = b->rbx, .rsi = b->rsi,
	};
	struct kvm_sregs s;

	must(ioctl(vcpu, KVM_GET_SREGS, &s), "KVM_GET_SREGS");
	s.cr0 = b->cr0;
	s.cr3 = b->cr3;
	s.cr4 = b->cr4;
	s.efer = b->efer;
	s.cs = segment(&b->cs, 0);
	s.ds = s.es = s.ss = s.fs = s.gs = segment(&b->ds, 0);
	s.tr = segment(&b->tr, b->tr_base);
	s.gdt.base = b->gdt_base;
	s.gdt.limit = b->gdt_limit;
	s.idt.limit = 0;
	must(ioctl(vcpu, KVM_SET_SREGS, &s), "KVM_SET_SREGS");
	must(ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
}

static void set_cpuid(int kvm, int vcpu)
{
	struct kvm_cpuid2 *c = calloc(1, sizeof(*c) + CPUID_MAX * sizeof(c->entries[0]));

	c->nent = CPUID_MAX;
	must(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, c), "KVM_GET_SUPPORTED_CPUID");
	for (unsigned int i = 0; i < c->nent; i++) {
		if (c->entries[i].function == 1)	/* x2APIC, TSC deadline, hypervisor */
			c->entries[i].ecx |= 1U << 21 | 1U << 24 | 1U << 31;
	}
	must(ioctl(vcpu, KVM_SET_CPUID2, c), "KVM_SET_CPUID2");
	free(c);
}

static volatile int exit_code = -1;
static size_t run_bytes;

static void port_io(struct kvm_run *run)
{
	unsigned char *data = (unsigned char *)run + run->io.data_offset;
	size_t len = (size_t)run->io.size * run->io.count;

	if (run->io.direction == KVM_EXIT_IO_OUT) {
		if (run->io.port == 0x3f8)
			fwrite(data, 1, len, stdout);
		else if (run->io.port == 0xf4)
			exit_code = data[0];
	} else {
		memset(data, run->io.port == 0x3fd ? 0x60 : 0xff, len);
	}
}

static void run_vcpu(int vcpu)
{
	struct kvm_run *run = mmap(NULL, run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);

	if (run == MAP_FAILED)
		err(1, "kvm_run");
	while (exit_code < 0) {
		if (ioctl(vcpu, KVM_RUN, 0) < 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			err(1, "KVM_RUN");
		}
		switch (run->exit_reason) {
		case KVM_EXIT_IO:
			port_io(run);
			break;
		case KVM_EXIT_HLT:
			errx(1, "halted");
		default:
			errx(1, "exit reason %u", run->exit_reason);
		}
	}
}

/* A further vCPU: waits in the kernel for its SIPI, and ends with the process. */
static void *other_vcpu(void *arg)
{
	run_vcpu((int)(long)arg);
	return NULL;
}

int main(int argc, char **argv)
{
	struct kvm_userspace_memory_region region = { 0 };
	struct hs_boot_error error = { 0 };
	struct hs_boot_state boot;
	static unsigned char scratch[HS_BOOT_SCRATCH];
	int kvm, vm, vcpu, image, cpus = 1;
	struct stat st;
	u64 identity = 0xfffbc000;

	if (argc > 2 && !strcmp(argv[1], "-c")) {
		cpus = atoi(argv[2]);
		argc -= 2;
		argv += 2;
	}
	if (argc < 3 || cpus < 1)
		errx(1, "usage: kvmrun [-c CPUS] MIB PROGRAM [COMMAND LINE]");
	ram_bytes = strtoull(argv[1], NULL, 0) << 20;
	image = must(open(argv[2], O_RDONLY), argv[2]);
	must(fstat(image, &st), argv[2]);

	kvm = must(open("/dev/kvm", O_RDWR), "/dev/kvm");
	vm = must(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	must(ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000), "KVM_SET_TSS_ADDR");
	must(ioctl(vm, KVM_SET_IDENTITY_MAP_ADDR, &identity), "KVM_SET_IDENTITY_MAP_ADDR");
	must(ioctl(vm, KVM_CREATE_IRQCHIP, 0), "KVM_CREATE_IRQCHIP");

	ram = mmap(NULL, ram_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ram == MAP_FAILED)
		err(1, "memory");
	/* 4 KiB pages, as ours at first touch: huge pages would compare two things. */
	madvise(ram, ram_bytes, MADV_NOHUGEPAGE);
	region.memory_size = ram_bytes;
	region.userspace_addr = (unsigned long)ram;
	must(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");

	vcpu = must(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	run_bytes = must(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
	set_cpuid(kvm, vcpu);
	for (int i = 1; i < cpus; i++) {
		pthread_t thread;
		int fd = must(ioctl(vm, KVM_CREATE_VCPU, i), "KVM_CREATE_VCPU");

		set_cpuid(kvm, fd);
		if (pthread_create(&thread, NULL, other_vcpu, (void *)(long)fd))
			errx(1, "no thread");
	}

	struct hs_boot_src src = { read_file, &image, st.st_size };
	struct hs_boot_mem mem = { write_ram, zero_ram, NULL, scratch };
	struct hs_boot_in in = {
		.kernel = &src, .cmdline = argc > 3 ? argv[3] : "", .name = "bench",
		.ram_bytes = ram_bytes, .cpus = cpus,
	};

	if (hs_boot_load(&in, &mem, &boot, &error) < 0)
		errx(1, "%s: %s", argv[2], error.why);
	set_registers(vcpu, &boot);
	run_vcpu(vcpu);
	fflush(stdout);
	return exit_code;
}
