// SPDX-License-Identifier: GPL-2.0
/* Triple fault: the VM must end as failed.  "stack": by a stack that is not there. */
#include "lib.h"

int main(const char *args)
{
	struct __attribute__((packed)) {
		u16 limit;
		u64 base;
	} none = { 0, 0 };

	printf("READY triple\n");
	if (arg_word(args, "stack"))
		asm volatile("movq $0x4000000000, %%rsp; pushq $0" : : : "memory");
	asm volatile("lidt %0; int3" : : "m"(none));
	fail("triple", "still running");
	return result();
}
