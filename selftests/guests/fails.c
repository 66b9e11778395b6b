// SPDX-License-Identifier: GPL-2.0
/*
 * What is not emulated: "what=NAME" does one such thing after "READY fails".
 * The VM must end as failed, with a reason that names it.
 *
 *	mul, sse, call	instructions that access device memory
 *	fetch			instructions fetched from a device
 *	hole			from where nothing is
 *	push			a stack on a device
 *	table			page tables on a device
 *	task			a task switch, in protected mode
 */
#include "lib.h"

static u64 device = TESTDEV_MMIO;

static void task_switch(void)
{
	static u32 other_tss[26] __attribute__((aligned(128)));
	static u8 code[16], other_stack[512];
	struct mode_state s = {
		.eip = (u32)(u64)code, .eflags = 2, .esp = MODE_STACK,
		.cr0 = 0x31, .cr4 = 0x600, .cs = MODE_CODE32, .ss = MODE_DATA32,
		.ds = MODE_DATA32, .es = MODE_DATA32,
	};
	u64 base = (u64)other_tss;

	/* The other task: INT3, so that one who can switch comes back. */
	other_tss[8] = (u64)(code + 12);
	other_tss[9] = 2;
	other_tss[14] = (u64)(other_stack + sizeof(other_stack));
	other_tss[18] = other_tss[20] = other_tss[21] = MODE_DATA32;
	other_tss[19] = MODE_CODE32;
	mode_gdt[MODE_FREE / 8] = 0x0000890000000067UL | (base & 0xffffff) << 16 |
				  (base >> 24) << 56;
	memset(code, 0xcc, sizeof(code));
	code[0] = 0xea;			/* ljmp $MODE_FREE, $0 */
	memset(code + 1, 0, 6);
	code[5] = MODE_FREE;
	mode_call(&s);
	printf("vector %u at 0x%x, code at 0x%lx\n", s.vector, s.eip, (u64)code);
}

static void tables_on_device(void)
{
	map_page(1UL << 40, 0, PTE_P | PTE_W);	/* the levels above */
	pml4[3] = device | PTE_P | PTE_W;
	asm volatile("movq (%0), %%rax" : : "r"(3UL << 39) : "rax", "memory");
}

int main(const char *args)
{
	device = arg_u64(args, "at=", device);
	printf("READY fails\n");
	if (arg_word(args, "what=mul"))
		asm volatile("mulq (%0)" : : "r"(device) : "rax", "rdx", "cc");
	else if (arg_word(args, "what=sse"))
		asm volatile("movups (%0), %%xmm0" : : "r"(device));
	else if (arg_word(args, "what=call"))
		asm volatile("callq *(%0)" : : "r"(device) : "memory");
	else if (arg_word(args, "what=fetch"))
		asm volatile("movb $0xc3, (%0); callq *%0" : : "r"(device) : "memory");
	else if (arg_word(args, "what=hole"))
		asm volatile("callq *%0" : : "r"(0xd0000000UL) : "memory");
	else if (arg_word(args, "what=push"))
		asm volatile("movq %%rsp, %%rbx; leaq 64(%0), %%rsp; pushq $5; movq %%rbx, %%rsp"
			     : : "r"(device) : "rbx", "memory");
	else if (arg_word(args, "what=table"))
		tables_on_device();
	else if (arg_word(args, "what=task"))
		task_switch();
	else
		fail("fails", "what is not known");
	printf("SURVIVED fails\n");
	return 1;
}
