// SPDX-License-Identifier: GPL-2.0
/*
 * Loads a guest into a file's worth of memory and writes it out in pieces, so
 * that another machine can be started from there (run.sh).
 *
 *	load KERNEL INITRD|- CMDLINE MIB CPUS DIR
 *
 * DIR gets low.bin (from 0), acpi.bin (from 0xe0000), kernel.bin and initrd.bin
 * with their addresses in kernel.addr and initrd.addr, and state.inc: the first
 * vCPU's registers for firmware.S.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "boot/boot.h"

static u8 *memory;
static u64 memory_bytes;

static int write_memory(void *arg, u64 gpa, const void *src, size_t len)
{
	if (gpa > memory_bytes || len > memory_bytes - gpa)
		return -EFAULT;
	memcpy(memory + gpa, src, len);
	return 0;
}

static int zero_memory(void *arg, u64 gpa, u64 len)
{
	if (gpa > memory_bytes || len > memory_bytes - gpa)
		return -EFAULT;
	memset(memory + gpa, 0, len);
	return 0;
}

static int read_file(void *arg, u64 off, void *dst, size_t len)
{
	return pread(*(int *)arg, dst, len, off) == (ssize_t)len ? 0 : -EIO;
}

static void open_file(struct hs_boot_src *src, int *fd, const char *path)
{
	*fd = open(path, O_RDONLY);
	if (*fd < 0)
		err(1, "%s", path);
	*src = (struct hs_boot_src){
		.read = read_file, .arg = fd, .size = lseek(*fd, 0, SEEK_END),
	};
}

static FILE *create(const char *dir, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f)
		err(1, "%s", path);
	return f;
}

static void dump(const char *dir, const char *name, u64 gpa, u64 len)
{
	FILE *f = create(dir, name);

	if (fwrite(memory + gpa, 1, len, f) != len || fclose(f))
		err(1, "%s/%s", dir, name);
}

static void number(const char *dir, const char *name, u64 value)
{
	FILE *f = create(dir, name);

	fprintf(f, "0x%llx\n", (unsigned long long)value);
	fclose(f);
}

int main(int argc, char **argv)
{
	static u64 scratch[HS_BOOT_SCRATCH / 8];
	struct hs_boot_mem mem = {
		.write = write_memory, .zero = zero_memory, .scratch = scratch,
	};
	struct hs_boot_src kernel, initrd;
	struct hs_boot_in in = { .kernel = &kernel, .name = "program" };
	struct hs_boot_state s;
	struct hs_boot_error error;
	int kernel_fd, initrd_fd;
	const char *dir;
	FILE *f;

	if (argc != 7)
		errx(1, "usage: load KERNEL INITRD|- CMDLINE MIB CPUS DIR");
	open_file(&kernel, &kernel_fd, argv[1]);
	if (strcmp(argv[2], "-")) {
		open_file(&initrd, &initrd_fd, argv[2]);
		in.initrd = &initrd;
	}
	in.cmdline = argv[3];
	in.ram_bytes = strtoull(argv[4], NULL, 0) << 20;
	in.cpus = atoi(argv[5]);
	dir = argv[6];

	memory_bytes = hs_layout_high_end(in.ram_bytes);
	memory = mmap(NULL, memory_bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		err(1, "memory");
	if (hs_boot_load(&in, &mem, &s, &error))
		errx(1, "%s", error.why);

	dump(dir, "low.bin", 0, HS_GPA_VGA);
	dump(dir, "acpi.bin", HS_GPA_ACPI, HS_GPA_ACPI_END - HS_GPA_ACPI);
	dump(dir, "kernel.bin", s.kernel_start, s.kernel_end - s.kernel_start);
	number(dir, "kernel.addr", s.kernel_start);
	dump(dir, "initrd.bin", s.initrd_start, s.initrd_bytes);
	number(dir, "initrd.addr", s.initrd_start);

	f = create(dir, "state.inc");
#define SET(name, value) fprintf(f, ".set %s, 0x%llx\n", name, (unsigned long long)(value))
	SET("LONG", s.mode == HS_BOOT_LONG64);
	SET("RIP", s.rip);
	SET("RSP", s.rsp);
	SET("RAX", s.rax);
	SET("RBX", s.rbx);
	SET("RSI", s.rsi);
	SET("CR0", s.cr0);
	SET("CR3", s.cr3);
	SET("CR4", s.cr4);
	SET("EFER", s.efer & ~(1 << 10));	/* LMA is the CPU's to set */
	SET("GDT_BASE", s.gdt_base);
	SET("GDT_LIMIT", s.gdt_limit);
	SET("SEL_CS", s.cs.sel);
	SET("SEL_DS", s.ds.sel);
	SET("PM_BASE", HS_PORT_PM1A_EVT);
	SET("PM1A_CNT", HS_PORT_PM1A_CNT);
	fclose(f);
	return 0;
}
