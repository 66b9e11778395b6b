// SPDX-License-Identifier: GPL-2.0
/* Exits by I/O instructions and by EPT violations. */
#include "vmx/priv.h"

/* Exit qualification for I/O instructions, SDM vol. 3, table 28-5. */
#define IO_SIZE(q)	(((q) & 7) + 1)
#define IO_IN		BIT(3)
#define IO_STRING	BIT(4)
#define IO_PORT(q)	(((q) >> 16) & 0xffff)

/* ... for EPT violations, table 28-7. */
#define EPTV_READ	BIT(0)
#define EPTV_WRITE	BIT(1)
#define EPTV_EXEC	BIT(2)
#define EPTV_GLA	BIT(7)		/* there is a linear address */
#define EPTV_FINAL	BIT(8)		/* its translation, not the page walk */

/* 8 and 16-bit reads keep the rest of RAX, 32-bit ones clear it. */
static void set_rax(struct hs_vmx *v, unsigned int size, u64 val)
{
	if (size == 4)
		v->e.gpr[RAX] = (u32)val;
	else
		v->e.gpr[RAX] = (v->e.gpr[RAX] & ~(BIT_ULL(8 * size) - 1)) |
				(val & (BIT_ULL(8 * size) - 1));
}

static int port_access(struct hs_vmx *v, u64 qual, bool fast_only)
{
	unsigned int size = IO_SIZE(qual);
	u64 val;
	int err;

	if (!(qual & IO_IN))
		return hs_bus_write(&v->board->pio, IO_PORT(qual), size,
				    v->e.gpr[RAX] & (BIT_ULL(8 * size) - 1), fast_only);
	err = hs_bus_read(&v->board->pio, IO_PORT(qual), size, &val, fast_only);
	if (!err)
		set_rax(v, size, val);
	return err;
}

/**
 * hs_exit_io - IN, OUT, INS, OUTS
 * @v: in a slice
 *
 * Return: HS_RESUME, or HS_SLOW for strings and devices that may sleep.
 */
enum hs_next hs_exit_io(struct hs_vmx *v)
{
	u64 qual = hs_x_qual(v);

	hs_stat(v, EXITS_IO);
	if (unlikely(qual & IO_STRING) || port_access(v, qual, true))
		return HS_SLOW;
	hs_vmx_skip(v);
	return HS_RESUME;
}

/**
 * hs_exit_io_slow - what hs_exit_io() could not do
 * @v: not in a slice
 *
 * Return: HS_RESUME or HS_FAIL.
 */
enum hs_next hs_exit_io_slow(struct hs_vmx *v)
{
	u64 qual = hs_x_qual(v);

	if (qual & IO_STRING)
		return hs_mmio_emulate(v, true);
	port_access(v, qual, false);
	hs_vmx_skip(v);
	return HS_RESUME;
}

/**
 * hs_exit_ept - EPT violation: always something that may sleep
 * @v: in a slice
 *
 * Return: HS_SLOW.
 */
enum hs_next hs_exit_ept(struct hs_vmx *v)
{
	hs_stat(v, EXITS_EPT);
	return HS_SLOW;
}

static enum hs_next no_ram(struct hs_vmx *v, u64 qual, u64 gpa)
{
	if (qual & EPTV_EXEC)
		return hs_vmx_fail(v, "the guest jumped out of its memory",
				   "instruction fetch at guest-physical address %#llx, where there is no memory",
				   gpa);
	if ((qual & EPTV_GLA) && !(qual & EPTV_FINAL))
		return hs_vmx_fail(v, "the guest keeps its page tables outside its memory",
				   "page walk at guest-physical address %#llx, where there is no memory",
				   gpa);
	/* An access by the processor itself is no instruction to emulate. */
	if (v->ev.info)
		return hs_vmx_fail(v, "the guest keeps its stack or descriptor tables outside its memory",
				   "event delivery touched guest-physical address %#llx, where there is no memory",
				   gpa);
	hs_stat(v, EXITS_MMIO);
	return hs_mmio_emulate(v, false);
}

/**
 * hs_exit_ept_slow - give the guest its page, or emulate a device access
 * @v: not in a slice
 *
 * Return: HS_RESUME or HS_FAIL.
 */
enum hs_next hs_exit_ept_slow(struct hs_vmx *v)
{
	u64 qual = hs_x_qual(v), gpa = hs_x_gpa(v);
	u32 access = 0;
	int err;

	if (qual & EPTV_READ)
		access |= HS_ACC_READ;
	if (qual & EPTV_WRITE)
		access |= HS_ACC_WRITE;
	if (qual & EPTV_EXEC)
		access |= HS_ACC_EXEC;
	if ((qual & EPTV_GLA) && !(qual & EPTV_FINAL))
		access |= HS_ACC_WALK;
	err = hs_gmem_fault(v->gmem, gpa, access);
	switch (err) {
	case 0:
	case -EINTR:
		return HS_RESUME;
	case -ENXIO:
		return no_ram(v, qual, gpa);
	case -ENOMEM:
		return hs_vmx_fail(v, "free memory on the host, start fewer VMs, or raise memory.max of the control group that made this one",
				   "no memory for guest-physical address %#llx", gpa);
	default:
		return hs_vmx_fail(v, "see the kernel log of the host",
				   "content of guest-physical address %#llx is lost (error %d)",
				   gpa, err);
	}
}
