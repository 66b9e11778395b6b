/* SPDX-License-Identifier: GPL-2.0 */
/*
 * MSR access without the kernel's wrappers, whose names changed in 6.16
 * (rdmsrl became rdmsrq) and which carry a tracepoint that the path around VM
 * entry has no use for.  A fault is caught: the plain forms warn once and go
 * on, as the kernel's do; the _safe form reports it.
 */
#ifndef HS_COMPAT_MSR_H
#define HS_COMPAT_MSR_H

#include <linux/errno.h>
#include <linux/types.h>
#include <asm/asm.h>
#include <asm/msr-index.h>

static __always_inline u64 hs_rdmsr(u32 msr)
{
	u32 lo, hi;

	asm volatile("1: rdmsr\n"
		     "2:\n"
		     _ASM_EXTABLE_TYPE(1b, 2b, EX_TYPE_RDMSR)
		     : "=a" (lo), "=d" (hi) : "c" (msr));
	return ((u64)hi << 32) | lo;
}

static __always_inline void hs_wrmsr(u32 msr, u64 val)
{
	asm volatile("1: wrmsr\n"
		     "2:\n"
		     _ASM_EXTABLE_TYPE(1b, 2b, EX_TYPE_WRMSR)
		     : : "c" (msr), "a" ((u32)val), "d" ((u32)(val >> 32))
		     : "memory");
}

/* 0, or -EIO when the processor does not know @msr; *@val is 0 then. */
static __always_inline int hs_rdmsr_safe(u32 msr, u64 *val)
{
	u32 lo, hi;
	int err;

	asm volatile("1: rdmsr; xor %[err],%[err]\n"
		     "2:\n"
		     _ASM_EXTABLE_TYPE_REG(1b, 2b, EX_TYPE_RDMSR_SAFE, %[err])
		     : [err] "=r" (err), "=a" (lo), "=d" (hi) : "c" (msr));
	*val = err ? 0 : ((u64)hi << 32) | lo;
	return err ? -EIO : 0;
}

#endif /* HS_COMPAT_MSR_H */
