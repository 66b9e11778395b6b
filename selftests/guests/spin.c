// SPDX-License-Identifier: GPL-2.0
/*
 * Never ends by itself.  "sti": with interrupts on; "pause": PAUSE in the loop;
 * "exits": CPUID in the loop; else a bare jump with interrupts off.
 */
#include "lib.h"

int main(const char *args)
{
	bool pause = arg_word(args, "pause"), exits = arg_word(args, "exits");
	u32 r[4];

	printf("READY spin\n");
	if (arg_word(args, "sti"))
		asm volatile("sti");
	while (pause)
		asm volatile("pause");
	while (exits)
		cpuid(0, 0, r);
	for (;;)
		asm volatile("");
}
