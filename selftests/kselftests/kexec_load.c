// SPDX-License-Identifier: GPL-2.0
/*
 * kexec_load [-p] KERNEL INITRD COMMAND-LINE	load the next kernel, or (-p) the
 *						one for after a crash
 * kexec_load -e				start it, without asking anybody
 *
 * For tests; the kernel's own loader does the work (kexec_file_load).
 */
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

int main(int argc, char **argv)
{
	unsigned long flags = 0;
	int kernel, initrd;

	if (argc == 2 && !strcmp(argv[1], "-e")) {
		syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			LINUX_REBOOT_CMD_KEXEC, NULL);
		return fail("kexec");
	}
	if (argc == 5 && !strcmp(argv[1], "-p")) {
		flags = KEXEC_FILE_ON_CRASH;
		argv++;
		argc--;
	}
	if (argc != 4) {
		fprintf(stderr, "usage: kexec_load [-p] KERNEL INITRD COMMAND-LINE | -e\n");
		return 2;
	}
	kernel = open(argv[1], O_RDONLY);
	if (kernel < 0)
		return fail(argv[1]);
	initrd = open(argv[2], O_RDONLY);
	if (initrd < 0)
		return fail(argv[2]);
	if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(argv[3]) + 1, argv[3], flags))
		return fail("kexec_file_load");
	return 0;
}
