// SPDX-License-Identifier: GPL-2.0
/* The smallest program: says where it is and ends. "code=N" is the exit code. */
#include "lib.h"

int main(const char *args)
{
	u32 r[4];
	char name[13] = { 0 };

	cpuid(0x40000000, 0, r);
	memcpy(name, &r[1], 12);
	printf("hello from a guest; hypervisor '%s', %lu KiB above 1 MiB, args '%s'\n",
	       name, mem_upper_kib, args);
	return arg_u64(args, "code=", 0);
}
