// SPDX-License-Identifier: GPL-2.0
/*
 * Code that is written while it runs: by itself, through another mapping of its
 * page, and with its page taken away in between ("testdev").  "n=" rounds.
 */
#include "lib.h"

#define ALIAS	0x50000000UL

static u8 *code;

/* mov eax, imm32; ret */
static void write_code(volatile u8 *at, u32 imm)
{
	at[0] = 0xb8;
	at[1] = imm;
	at[2] = imm >> 8;
	at[3] = imm >> 16;
	at[4] = imm >> 24;
	at[5] = 0xc3;
}

static u32 call_code(const void *at)
{
	u32 val;

	asm volatile("callq *%1" : "=a"(val) : "r"(at) : "memory");
	return val;
}

/* An instruction that changes the immediate of the one behind it. */
static u32 change_next(u32 imm)
{
	u32 val;

	asm volatile("movl %1, 1f+1(%%rip)\n"
		     "1: movl $0, %0"
		     : "=a"(val) : "r"(imm) : "memory");
	return val;
}

int main(const char *args)
{
	u64 n = arg_u64(args, "n=", 500), i, bad = 0, pos;

	code = alloc_pages(3);
	for (i = 0; i < n; i++) {
		write_code(code, i);
		bad += call_code(code) != (u32)i;
	}
	check("smc-rewritten", bad, 0);

	map_page(ALIAS, (u64)code, PTE_P | PTE_W);
	for (i = 0; i < n; i++) {
		write_code((u8 *)ALIAS, ~i);
		bad += call_code(code) != (u32)~i;
	}
	check("smc-through-alias", bad, 0);

	for (i = 0; i < n; i++)
		bad += change_next(i * 3) != (u32)i * 3;
	check("smc-next-instruction", bad, 0);

	for (pos = 4096 - 5; pos < 4096; pos++) {
		write_code(code + pos, pos);
		bad += call_code(code + pos) != pos;
	}
	check("smc-across-pages", bad, 0);

	if (!arg_word(args, "testdev"))
		return result();
	for (i = 0; i < n; i++) {
		write_code(code + 4096 - 3, i);
		take_away(code);
		take_away(code + 4096);
		bad += call_code(code + 4096 - 3) != (u32)i;
	}
	check("smc-pages-taken", bad, 0);
	for (i = 0; i < n; i++) {
		take_away((void *)((u64)change_next & ~4095UL));
		bad += change_next(i) != (u32)i;
	}
	check("smc-own-page-taken", bad, 0);
	return result();
}
