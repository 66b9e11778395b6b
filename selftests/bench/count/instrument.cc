// SPDX-License-Identifier: GPL-2.0
// Instruction counts for make bench: see instrument.h.
//
// A mark is a prefetch of HS_COUNT_MAGIC + n.  Each writes one line: the mark,
// the tick, and all counters since power-on; the reader subtracts.  Counters
// are over all CPUs of the machine.
//
// Context switches are passes of the host over an address that the first
// prefetch after mark HS_COUNT_TELL gives: that of its kernel's switch.

#include "bochs.h"
#include "cpu/cpu.h"
#include "cpu/decoder/ia_opcodes.h"
#include "pc_system.h"

#include <stdio.h>
#include <stdlib.h>

#define HS_COUNT_MAGIC	0x48530000ULL
#define HS_COUNT_MARKS	0x10000ULL
#define HS_COUNT_TELL	0xffffULL

Bit64u hs_count_opcode[BX_IA_LAST + 1];
Bit64u hs_count_exit[HS_COUNT_EXITS];
Bit64u hs_count_icr;
Bit64u hs_count_switch;
Bit64u hs_count_switch_at = ~0ULL;

static FILE *out;

void hs_count_open(void)
{
	const char *path = getenv("HS_COUNTS");

	if (path && !out)
		out = fopen(path, "w");
}

void hs_count_close(void)
{
	if (out)
		fclose(out);
	out = NULL;
}

#define N(op)	((unsigned long long)hs_count_opcode[BX_IA_##op])

void hs_count_mark(bx_address addr)
{
	unsigned long long exits = 0;
	static bool told;

	if (told) {
		hs_count_switch_at = addr;
		told = false;
		return;
	}
	told = addr == HS_COUNT_MAGIC + HS_COUNT_TELL;
	if (told || addr - HS_COUNT_MAGIC >= HS_COUNT_MARKS || !out)
		return;
	for (unsigned i = 0; i < HS_COUNT_EXITS; i++)
		exits += hs_count_exit[i];

	fprintf(out, "mark=%llu tick=%llu exits=%llu vmcs_access=%llu vmx_manage=%llu inv=%llu "
		"wrmsr=%llu xstate=%llu ipi=%llu exit_irq=%llu switches=%llu\n",
		(unsigned long long)(addr - HS_COUNT_MAGIC),
		(unsigned long long)bx_pc_system.time_ticks(), exits,
		N(VMREAD_EdGd) + N(VMREAD_EqGq) + N(VMWRITE_GdEd) + N(VMWRITE_GqEq),
		N(VMXON_Mq) + N(VMXOFF) + N(VMPTRLD_Mq) + N(VMCLEAR_Mq),
		N(INVEPT) + N(INVVPID), N(WRMSR),
		N(XSAVE) + N(XSAVEC) + N(XSAVEOPT) + N(XSAVES) + N(XRSTOR) + N(XRSTORS) + N(XSETBV),
		(unsigned long long)hs_count_icr, (unsigned long long)hs_count_exit[1],
		(unsigned long long)hs_count_switch);
	fflush(out);
}
