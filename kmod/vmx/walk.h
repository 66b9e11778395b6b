/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's own paging: linear to guest-physical address.
 *
 * Used when an instruction is executed in software, so that it sees the
 * permissions, page faults and accessed and dirty flags that the processor
 * would give it (SDM vol. 3, chapter 4).  32-bit, PAE, 4-level and 5-level
 * paging; 4 KiB, 2 MiB, 4 MiB and 1 GiB pages.  Pure; the entries are read and
 * updated through callbacks.
 *
 * Not modelled, because the guest's CPUID does not offer them: shadow stacks,
 * linear-address masking, protection keys for supervisor pages.
 */
#ifndef HS_VMX_WALK_H
#define HS_VMX_WALK_H

#include "pure.h"
#include "vmx/insn.h"

/* Kind of access. */
#define HS_WALK_READ		0
#define HS_WALK_WRITE		BIT(0)
#define HS_WALK_EXEC		BIT(1)
#define HS_WALK_USER		BIT(2)	/* made at CPL 3 */
#define HS_WALK_IMPLICIT	BIT(3)	/* by the CPU itself: descriptor tables, TSS; never USER */
#define HS_WALK_PEEK		BIT(4)	/* leave accessed and dirty flags alone */

/* Bits of a page-fault error code. */
#define HS_PF_PRESENT		BIT(0)
#define HS_PF_WRITE		BIT(1)
#define HS_PF_USER		BIT(2)
#define HS_PF_RSVD		BIT(3)
#define HS_PF_FETCH		BIT(4)
#define HS_PF_KEY		BIT(5)

/* What hs_walk() returns when it is no errno; the callback's MISMATCH too. */
#define HS_WALK_DONE		0
#define HS_WALK_FAULT		HS_INSN_FAULT
#define HS_WALK_MISMATCH	HS_INSN_MISMATCH

/**
 * struct hs_walk_ops - access to the guest's page tables
 * @read: read the entry of @size 4 or 8 bytes at @gpa, which is aligned
 * @cmpxchg: replace it with @new if it is @old, atomically against vCPUs;
 *	0, or HS_WALK_MISMATCH if it was something else
 *
 * Both return 0 or a negative errno, which hs_walk() hands on: -EAGAIN when
 * the caller shall sleep and walk again, -EFAULT when nothing is at @gpa.
 */
struct hs_walk_ops {
	int (*read)(void *priv, u64 gpa, unsigned int size, u64 *entry);
	int (*cmpxchg)(void *priv, u64 gpa, unsigned int size, u64 old, u64 new);
};

/**
 * struct hs_walk_ctx - everything that decides a translation
 * @cr0: guest CR0 (PG, WP)
 * @cr3: guest CR3
 * @cr4: guest CR4 (PSE, PAE, LA57, SMEP, SMAP, PKE)
 * @efer: guest EFER (LMA, NXE)
 * @rflags: guest RFLAGS (AC)
 * @pkru: guest PKRU
 * @pdpte: the four entries that PAE paging keeps in the processor
 * @maxphyaddr: physical address bits of the guest, 32 to 52
 * @gbpages: CPUID offers 1 GiB pages
 * @ops: callbacks
 * @priv: for the callbacks
 */
struct hs_walk_ctx {
	u64 cr0;
	u64 cr3;
	u64 cr4;
	u64 efer;
	u64 rflags;
	u32 pkru;
	u64 pdpte[4];
	u8 maxphyaddr;
	bool gbpages;
	const struct hs_walk_ops *ops;
	void *priv;
};

int hs_walk(const struct hs_walk_ctx *ctx, u64 linear, u32 access, u64 *gpa,
	    struct hs_insn_fault *fault);

#endif /* HS_VMX_WALK_H */
