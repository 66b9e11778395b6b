/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Small differences between kernels, for kmod/vmx.  Found by feature, not by
 * version.
 */
#ifndef HS_COMPAT_COMPAT_H
#define HS_COMPAT_COMPAT_H

#include <linux/module.h>
#include <linux/types.h>
#include <linux/percpu.h>
#include <asm/cpufeature.h>
#include <asm/nospec-branch.h>
#include <asm/processor-flags.h>
#include <asm/special_insns.h>

/* FRED replaces the IDT: `int $2` would not reach the NMI handler then. */
static inline bool hs_fred_active(void)
{
#ifdef X86_CR4_FRED
	return native_read_cr4() & X86_CR4_FRED;
#else
	return false;
#endif
}

static inline bool hs_module_sig_ok(const struct module *mod)
{
#ifdef CONFIG_MODULE_SIG
	return mod->sig_ok;
#else
	return true;
#endif
}

static __always_inline u64 hs_xgetbv(u32 index)
{
	u32 lo, hi;

	asm volatile("xgetbv" : "=a" (lo), "=d" (hi) : "c" (index));
	return ((u64)hi << 32) | lo;
}

static __always_inline void hs_xsetbv(u32 index, u64 val)
{
	asm volatile("xsetbv" : : "a" ((u32)val), "d" ((u32)(val >> 32)),
		     "c" (index) : "memory");
}

/* What the kernel's macros in vmx/entry.S were patched to. */
static inline bool hs_kernel_clears_cpu_buffers(void)
{
#ifdef X86_FEATURE_CLEAR_CPU_BUF
	return boot_cpu_has(X86_FEATURE_CLEAR_CPU_BUF);
#else
	return false;
#endif
}

static inline bool hs_kernel_fills_rsb(void)
{
	return boot_cpu_has(X86_FEATURE_RSB_VMEXIT) || boot_cpu_has(X86_FEATURE_RSB_VMEXIT_LITE);
}

/*
 * The branch barrier at the next return to user mode of this CPU: asked for,
 * if the kernel has one and uses it; else false.
 */
static inline bool hs_ibpb_at_user_exit(void)
{
#ifdef X86_FEATURE_IBPB_EXIT_TO_USER
	if (cpu_feature_enabled(X86_FEATURE_IBPB_EXIT_TO_USER)) {
		this_cpu_write(x86_ibpb_exit_to_user, true);
		return true;
	}
#endif
	return false;
}

/* CR4.PKE is set. */
static __always_inline u32 hs_rdpkru(void)
{
	u32 eax, edx;

	asm volatile("rdpkru" : "=a" (eax), "=d" (edx) : "c" (0));
	return eax;
}

static __always_inline void hs_wrpkru(u32 pkru)
{
	asm volatile("wrpkru" : : "a" (pkru), "c" (0), "d" (0) : "memory");
}

#endif /* HS_COMPAT_COMPAT_H */
