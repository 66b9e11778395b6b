/* SPDX-License-Identifier: GPL-2.0 */
/* Bits of the architecture, each name once, for all of kmod/vmx.  Pure. */
#ifndef HS_VMX_X86_H
#define HS_VMX_X86_H

#include "pure.h"

/* CR0, CR4, EFER, RFLAGS bits, SDM vol. 3, 2.5 and 2.2.1; vol. 1, 3.4.3. */
#define HS_CR0_PE	BIT_ULL(0)
#define HS_CR0_MP	BIT_ULL(1)
#define HS_CR0_EM	BIT_ULL(2)
#define HS_CR0_TS	BIT_ULL(3)
#define HS_CR0_ET	BIT_ULL(4)
#define HS_CR0_NE	BIT_ULL(5)
#define HS_CR0_WP	BIT_ULL(16)
#define HS_CR0_AM	BIT_ULL(18)
#define HS_CR0_NW	BIT_ULL(29)
#define HS_CR0_CD	BIT_ULL(30)
#define HS_CR0_PG	BIT_ULL(31)
#define HS_CR0_DEFINED	(HS_CR0_PE | HS_CR0_MP | HS_CR0_EM | HS_CR0_TS |	\
			 HS_CR0_ET | HS_CR0_NE | HS_CR0_WP | HS_CR0_AM |	\
			 HS_CR0_NW | HS_CR0_CD | HS_CR0_PG)

#define HS_CR4_VME	BIT_ULL(0)
#define HS_CR4_PVI	BIT_ULL(1)
#define HS_CR4_TSD	BIT_ULL(2)
#define HS_CR4_DE	BIT_ULL(3)
#define HS_CR4_PSE	BIT_ULL(4)
#define HS_CR4_PAE	BIT_ULL(5)
#define HS_CR4_MCE	BIT_ULL(6)
#define HS_CR4_PGE	BIT_ULL(7)
#define HS_CR4_PCE	BIT_ULL(8)
#define HS_CR4_OSFXSR	BIT_ULL(9)
#define HS_CR4_OSXMMEXCPT BIT_ULL(10)
#define HS_CR4_UMIP	BIT_ULL(11)
#define HS_CR4_LA57	BIT_ULL(12)
#define HS_CR4_VMXE	BIT_ULL(13)
#define HS_CR4_SMXE	BIT_ULL(14)
#define HS_CR4_FSGSBASE	BIT_ULL(16)
#define HS_CR4_PCIDE	BIT_ULL(17)
#define HS_CR4_OSXSAVE	BIT_ULL(18)
#define HS_CR4_SMEP	BIT_ULL(20)
#define HS_CR4_SMAP	BIT_ULL(21)
#define HS_CR4_PKE	BIT_ULL(22)
#define HS_CR4_CET	BIT_ULL(23)

#define HS_EFER_SCE	BIT_ULL(0)
#define HS_EFER_LME	BIT_ULL(8)
#define HS_EFER_LMA	BIT_ULL(10)
#define HS_EFER_NXE	BIT_ULL(11)

#define HS_FL_CF	BIT_ULL(0)
#define HS_FL_FIXED	BIT_ULL(1)
#define HS_FL_PF	BIT_ULL(2)
#define HS_FL_AF	BIT_ULL(4)
#define HS_FL_ZF	BIT_ULL(6)
#define HS_FL_SF	BIT_ULL(7)
#define HS_FL_TF	BIT_ULL(8)
#define HS_FL_IF	BIT_ULL(9)
#define HS_FL_DF	BIT_ULL(10)
#define HS_FL_OF	BIT_ULL(11)
#define HS_FL_RF	BIT_ULL(16)
#define HS_FL_VM	BIT_ULL(17)
#define HS_FL_AC	BIT_ULL(18)

#define HS_DR6_INIT	0xffff0ff0ULL
#define HS_DR7_INIT	0x400ULL
#define HS_DR7_GD	BIT_ULL(13)
#define HS_DR7_ENABLES	0xffULL

/* Access rights, SDM vol. 3, table 25-2. */
#define HS_AR_TYPE	0xfU
#define HS_AR_WRITE	BIT(1)		/* data: writable; code: readable */
#define HS_AR_DOWN	BIT(2)		/* data: expand-down */
#define HS_AR_CODE	BIT(3)
#define HS_AR_S		BIT(4)
#define HS_AR_DPL	(3U << 5)
#define HS_AR_P		BIT(7)
#define HS_AR_L		BIT(13)
#define HS_AR_DB	BIT(14)
#define HS_AR_G		BIT(15)
#define HS_AR_UNUSABLE	BIT(16)
#define HS_AR_RESERVED	0xfffe0f00U

/* Reserved in a PDPTE: 1, 2, 5-8 and what is above the address width (4.4.1). */
static inline u64 hs_pdpte_reserved(u8 maxphyaddr)
{
	return 0x1e6ULL | ~(BIT_ULL(maxphyaddr) - 1);
}

/* Exceptions, SDM vol. 3, table 6-1. */
#define HS_VEC_DB	1
#define HS_VEC_NMI	2
#define HS_VEC_UD	6
#define HS_VEC_DF	8
#define HS_VEC_SS	12
#define HS_VEC_GP	13
#define HS_VEC_PF	14
#define HS_VEC_AC	17
#define HS_VEC_MC	18

#endif /* HS_VMX_X86_H */
