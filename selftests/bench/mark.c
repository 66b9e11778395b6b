// SPDX-License-Identifier: GPL-2.0
/*
 * mark N COMMAND...: passes mark N and becomes COMMAND, so that nothing lies
 * between the mark and its start but the exec.
 *
 * mark switch ADDRESS: tells the counting emulator where the kernel of this
 * machine switches between tasks.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC	0x48530000UL
#define TELL	0xffff

int main(int argc, char **argv)
{
	if (argc < 3)
		errx(2, "usage: mark N COMMAND... | mark switch ADDRESS");
	if (!strcmp(argv[1], "switch")) {
		asm volatile("prefetchnta (%0)\n\tprefetchnta (%1)"
			     : : "r"(MAGIC + TELL), "r"(strtoul(argv[2], NULL, 16)));
		return 0;
	}
	asm volatile("prefetchnta (%0)" : : "r"(MAGIC + strtoul(argv[1], NULL, 0)));
	execvp(argv[2], argv + 2);
	err(127, "%s", argv[2]);
}
