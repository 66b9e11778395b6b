/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The VMX instructions, one function each.
 *
 * Every one has an exception-table entry: an NMI on the emergency path may have
 * done VMXOFF on this CPU at any moment, and then the instruction faults with
 * #UD.  All failures, VMfail and fault, end in one funnel in vmcs.c.
 *
 * Context of all: this CPU stays the same (preemption or interrupts off).
 */
#ifndef HS_VMX_VMXOP_H
#define HS_VMX_VMXOP_H

#include <linux/bug.h>
#include <linux/build_bug.h>
#include <linux/percpu.h>
#include <linux/types.h>
#include <asm/asm.h>
#include <asm/vmx.h>

/* What failed, for the funnel. */
enum hs_vmx_insn {
	HS_VMXI_VMXON,
	HS_VMXI_VMXOFF,
	HS_VMXI_VMCLEAR,
	HS_VMXI_VMPTRLD,
	HS_VMXI_VMREAD,
	HS_VMXI_VMWRITE,
	HS_VMXI_INVEPT,
	HS_VMXI_INVVPID,
};

/*
 * Set when a VMREAD failed or faulted on this CPU (it then returned 0); looked
 * at before preemption goes on, so that reading a field stays two instructions.
 */
DECLARE_PER_CPU(bool, hs_vmread_bad);

/* VMREAD and VMWRITE executed by this CPU, for the statistics. */
DECLARE_PER_CPU(u64, hs_vmx_accesses);

/* The funnel: prints one rate-limited line. */
void hs_vmx_insn_failed(enum hs_vmx_insn insn, unsigned long arg);

/* 0, or -EIO; @pa: physical address of the VMXON region. */
static inline int hs_op_vmxon(u64 pa)
{
	asm goto("1: vmxon %0\n\t"
		 "jbe %l[fail]\n\t"
		 _ASM_EXTABLE(1b, %l[fail])
		 : : "m" (pa) : "memory", "cc" : fail);
	return 0;
fail:
	return -EIO;
}

/* 0, or -EIO when the CPU was not in VMX operation. */
static inline int hs_op_vmxoff(void)
{
	asm goto("1: vmxoff\n\t"
		 _ASM_EXTABLE(1b, %l[fail])
		 : : : "memory", "cc" : fail);
	return 0;
fail:
	return -EIO;
}

static inline int hs_op_vmclear(u64 pa)
{
	asm goto("1: vmclear %0\n\t"
		 "jbe %l[fail]\n\t"
		 _ASM_EXTABLE(1b, %l[fail])
		 : : "m" (pa) : "memory", "cc" : fail);
	return 0;
fail:
	hs_vmx_insn_failed(HS_VMXI_VMCLEAR, pa);
	return -EIO;
}

static inline int hs_op_vmptrld(u64 pa)
{
	asm goto("1: vmptrld %0\n\t"
		 "jbe %l[fail]\n\t"
		 _ASM_EXTABLE(1b, %l[fail])
		 : : "m" (pa) : "memory", "cc" : fail);
	return 0;
fail:
	hs_vmx_insn_failed(HS_VMXI_VMPTRLD, pa);
	return -EIO;
}

#define HS_INV_SINGLE		1	/* one VPID, one EPT pointer */
#define HS_INV_ALL		2	/* all contexts */

static inline int hs_op_invept(unsigned long type, u64 eptp)
{
	struct {
		u64 eptp, zero;
	} desc = { eptp, 0 };

	asm goto("1: invept %0, %1\n\t"
		 "jbe %l[fail]\n\t"
		 _ASM_EXTABLE(1b, %l[fail])
		 : : "m" (desc), "r" (type) : "memory", "cc" : fail);
	return 0;
fail:
	hs_vmx_insn_failed(HS_VMXI_INVEPT, eptp);
	return -EIO;
}

static inline int hs_op_invvpid(unsigned long type, u16 vpid)
{
	struct {
		u64 vpid, addr;
	} desc = { vpid, 0 };

	asm goto("1: invvpid %0, %1\n\t"
		 "jbe %l[fail]\n\t"
		 _ASM_EXTABLE(1b, %l[fail])
		 : : "m" (desc), "r" (type) : "memory", "cc" : fail);
	return 0;
fail:
	hs_vmx_insn_failed(HS_VMXI_INVVPID, vpid);
	return -EIO;
}

/*
 * Field encodings carry their width in bits 14:13: 0 = 16, 1 = 64, 2 = 32 bits,
 * 3 = natural; bit 0 = the high half of a 64-bit field (SDM vol. 3, 25.11.2).
 */
#define HS_FIELD_WIDTH(f)	(((f) >> 13) & 3)

static __always_inline unsigned long __hs_vmread(unsigned long field)
{
	unsigned long val;

	this_cpu_inc(hs_vmx_accesses);
	asm volatile("1: vmread %[field], %[val]\n\t"
		     "ja 2f\n"
		     "3: movb $1, %%gs:%c[bad]\n\t"
		     "xorl %k[val], %k[val]\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 3b)
		     : [val] "=&r" (val)
		     : [field] "r" (field), [bad] "i" (&hs_vmread_bad)
		     : "cc");
	return val;
}

static __always_inline void __hs_vmwrite(unsigned long field, unsigned long val)
{
	this_cpu_inc(hs_vmx_accesses);
	asm goto("1: vmwrite %1, %0\n\t"
		 "jbe %l[fail]\n\t"
		 _ASM_EXTABLE(1b, %l[fail])
		 : : "r" (field), "rm" (val) : "cc" : fail);
	return;
fail:
	hs_vmx_insn_failed(HS_VMXI_VMWRITE, field);
}

#define HS_VMCS_CHECK(field, width)						\
	BUILD_BUG_ON_MSG(!__builtin_constant_p(field) ||			\
			 HS_FIELD_WIDTH(field) != (width) || ((field) & 1),	\
			 "VMCS field is not of this accessor's width")

static __always_inline u16 hs_vmread16(unsigned long field)
{
	HS_VMCS_CHECK(field, 0);
	return __hs_vmread(field);
}

static __always_inline u64 hs_vmread64(unsigned long field)
{
	HS_VMCS_CHECK(field, 1);
	return __hs_vmread(field);
}

static __always_inline u32 hs_vmread32(unsigned long field)
{
	HS_VMCS_CHECK(field, 2);
	return __hs_vmread(field);
}

static __always_inline unsigned long hs_vmreadl(unsigned long field)
{
	HS_VMCS_CHECK(field, 3);
	return __hs_vmread(field);
}

static __always_inline void hs_vmwrite16(unsigned long field, u16 val)
{
	HS_VMCS_CHECK(field, 0);
	__hs_vmwrite(field, val);
}

static __always_inline void hs_vmwrite64(unsigned long field, u64 val)
{
	HS_VMCS_CHECK(field, 1);
	__hs_vmwrite(field, val);
}

static __always_inline void hs_vmwrite32(unsigned long field, u32 val)
{
	HS_VMCS_CHECK(field, 2);
	__hs_vmwrite(field, val);
}

static __always_inline void hs_vmwritel(unsigned long field, unsigned long val)
{
	HS_VMCS_CHECK(field, 3);
	__hs_vmwrite(field, val);
}

#endif /* HS_VMX_VMXOP_H */
