// SPDX-License-Identifier: GPL-2.0
/* Code in ring 3, or fenced off in ring 0, that comes back at its first trap. */
#include "lib.h"

extern const u8 user_leave[];
extern u64 user_kernel_sp;
void user_enter(const struct regs *r);

static struct regs *user_out;
static bool in_ring0;

static void on_trap(struct regs *r)
{
	if (!(r->cs & 3) && !in_ring0) {
		printf("FAIL user: vector %lu at 0x%lx in ring 0, error 0x%lx cr2 0x%lx\n",
		       r->vector, r->rip, r->error, read_cr2());
		exit_vm(252);
	}
	*user_out = *r;
	r->rip = (u64)user_leave;
	r->cs = 0x08;
	r->ss = 0x10;
	r->rsp = user_kernel_sp;
	r->rflags = 2;
}

void user_run(struct regs *r)
{
	static u8 trap_stack[8192] __attribute__((aligned(16)));
	trap_fn old[256];
	unsigned int i;

	if (!r->cs)
		r->cs = 0x4b;
	in_ring0 = !(r->cs & 3);
	r->ss = in_ring0 ? 0x10 : 0x43;
	for (i = 0; i < 256; i++) {
		old[i] = set_trap(i, on_trap);
		/* Its stack may be anything: have the CPU take another. */
		idt[i].ist = in_ring0;
	}
	*(u64 *)(tss + 0x24) = (u64)trap_stack + sizeof(trap_stack);	/* IST 1 */
	*(u16 *)(tss + 0x66) = 0x68;	/* no I/O permission map */
	*(u64 *)(tss + 4) = (u64)trap_stack + sizeof(trap_stack);
	user_out = r;
	user_enter(r);
	for (i = 0; i < 256; i++) {
		set_trap(i, old[i]);
		idt[i].ist = 0;
	}
}
