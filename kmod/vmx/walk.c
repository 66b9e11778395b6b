// SPDX-License-Identifier: GPL-2.0
/*
 * Walks the guest's page tables.
 *
 * All entries are read first, then the permissions are checked, then accessed
 * and dirty flags are set from the top down.  An entry that changed meanwhile
 * starts the walk again.
 */
#include "vmx/walk.h"

/* Bits of a paging-structure entry, the same in all formats. */
#define PTE_P		BIT_ULL(0)
#define PTE_W		BIT_ULL(1)
#define PTE_U		BIT_ULL(2)
#define PTE_A		BIT_ULL(5)
#define PTE_D		BIT_ULL(6)
#define PTE_PS		BIT_ULL(7)
#define PTE_NX		BIT_ULL(63)
#define PTE_KEY_SHIFT	59

#define MAX_LEVELS	5
/* Other vCPUs change entries under us now and then, not for ever. */
#define MAX_RESTARTS	16

struct level {
	u64 gpa;	/* of the entry */
	u64 entry;
};

/* A walk under way. */
struct walk {
	const struct hs_walk_ctx *ctx;
	u64 linear;
	u32 access;
	bool legacy;		/* 32-bit paging: 4-byte entries, 10 bits per level */
	bool long_mode;
	struct level level[MAX_LEVELS];
	unsigned int n;		/* levels read, the leaf is the last */
	u64 page_size;
	u32 error;		/* for a page fault */
};

static bool nx_enabled(const struct walk *w)
{
	return !w->legacy && (w->ctx->efer & HS_EFER_NXE);
}

/* Physical address bits of an entry in 8-byte format. */
static u64 addr_mask(const struct walk *w)
{
	return GENMASK_ULL(w->ctx->maxphyaddr - 1, 12);
}

/* Reserved bits of an 8-byte entry at @height (0 = page table). */
static u64 reserved64(const struct walk *w, unsigned int height, u64 entry)
{
	u64 rsvd = w->ctx->maxphyaddr < 52 ?
		   GENMASK_ULL(51, w->ctx->maxphyaddr) : 0;

	if (!nx_enabled(w))
		rsvd |= PTE_NX;
	/* 62:52 are ignored in long mode, reserved in PAE paging. */
	if (!w->long_mode)
		rsvd |= GENMASK_ULL(62, 52);

	switch (height) {
	case 1:
		if (entry & PTE_PS)
			rsvd |= GENMASK_ULL(20, 13);
		break;
	case 2:
		if (!w->ctx->gbpages)
			rsvd |= PTE_PS;
		else if (entry & PTE_PS)
			rsvd |= GENMASK_ULL(29, 13);
		break;
	case 3:
	case 4:
		rsvd |= PTE_PS;
		break;
	}
	return rsvd;
}

/* 32-bit paging: only 4 MiB pages have any; address bits 39:32 sit in 20:13. */
static u64 reserved32(const struct walk *w, unsigned int height, u64 entry)
{
	unsigned int bits = min_t(unsigned int, w->ctx->maxphyaddr, 40);

	if (height != 1 || !(entry & PTE_PS) || !(w->ctx->cr4 & HS_CR4_PSE))
		return 0;
	return GENMASK_ULL(21, bits - 19);
}

static bool is_leaf(const struct walk *w, unsigned int height, u64 entry)
{
	if (height == 0)
		return true;
	if (!(entry & PTE_PS))
		return false;
	if (w->legacy)
		return w->ctx->cr4 & HS_CR4_PSE;
	return true;	/* elsewhere a wrong PS bit is a reserved bit */
}

static u64 leaf_base(const struct walk *w, unsigned int height, u64 entry)
{
	if (!w->legacy)
		return entry & addr_mask(w) & ~(w->page_size - 1);
	if (height == 1)
		return (entry & GENMASK_ULL(31, 22)) |
		       (entry & GENMASK_ULL(20, 13)) << (32 - 13);
	return entry & GENMASK_ULL(31, 12);
}

/* Where the tables begin and how many levels there are. */
static unsigned int start(struct walk *w, u64 *table)
{
	const struct hs_walk_ctx *ctx = w->ctx;
	u64 pdpte;

	w->n = 0;
	w->error = 0;
	w->long_mode = ctx->efer & HS_EFER_LMA;
	w->legacy = !(ctx->cr4 & HS_CR4_PAE);
	if (w->legacy) {
		*table = ctx->cr3 & GENMASK_ULL(31, 12);
		return 2;
	}
	if (w->long_mode) {
		*table = ctx->cr3 & addr_mask(w);
		return ctx->cr4 & HS_CR4_LA57 ? 5 : 4;
	}

	/* PAE: the top level was loaded with CR3 and is not read again. */
	pdpte = ctx->pdpte[(w->linear >> 30) & 3];
	if (!(pdpte & PTE_P))
		return 0;
	*table = pdpte & addr_mask(w);
	return 2;
}

/*
 * Reads the entries down to the leaf.  Returns 0, HS_WALK_FAULT with w->error
 * set, or the errno of the callback.
 */
static int descend(struct walk *w, u64 *gpa)
{
	unsigned int levels, height, width, size, shift;
	struct level *l;
	u64 table = 0, rsvd;
	int ret;

	levels = start(w, &table);
	if (!levels)
		return HS_WALK_FAULT;

	width = w->legacy ? 10 : 9;
	size = w->legacy ? 4 : 8;
	for (height = levels - 1; ; height--) {
		shift = 12 + width * height;
		l = &w->level[w->n];
		l->gpa = table + ((w->linear >> shift) & (BIT_ULL(width) - 1)) * size;
		ret = w->ctx->ops->read(w->ctx->priv, l->gpa, size, &l->entry);
		if (ret)
			return ret;
		w->n++;

		if (!(l->entry & PTE_P))
			return HS_WALK_FAULT;
		rsvd = w->legacy ? reserved32(w, height, l->entry) :
				   reserved64(w, height, l->entry);
		if (l->entry & rsvd) {
			w->error |= HS_PF_PRESENT | HS_PF_RSVD;
			return HS_WALK_FAULT;
		}
		if (is_leaf(w, height, l->entry))
			break;
		table = l->entry & (w->legacy ? GENMASK_ULL(31, 12) : addr_mask(w));
	}

	w->page_size = BIT_ULL(shift);
	*gpa = leaf_base(w, height, l->entry) | (w->linear & (w->page_size - 1));
	return 0;
}

/* Protection keys guard data accesses to user pages (SDM vol. 3, 4.6.2). */
static bool key_denies(const struct walk *w, bool user_page)
{
	unsigned int key;
	u32 rights;

	if (!user_page || !w->long_mode || !(w->ctx->cr4 & HS_CR4_PKE) ||
	    (w->access & HS_WALK_EXEC))
		return false;

	key = (w->level[w->n - 1].entry >> PTE_KEY_SHIFT) & 0xf;
	rights = w->ctx->pkru >> (2 * key);
	if (rights & 1)
		return true;
	return (rights & 2) && (w->access & HS_WALK_WRITE) &&
	       ((w->access & HS_WALK_USER) || (w->ctx->cr0 & HS_CR0_WP));
}

static bool user_may(const struct walk *w, u64 all, u64 any)
{
	if (!(all & PTE_U))
		return false;
	if (w->access & HS_WALK_EXEC)
		return !(any & PTE_NX) || !nx_enabled(w);
	return !(w->access & HS_WALK_WRITE) || (all & PTE_W);
}

static bool supervisor_may(const struct walk *w, u64 all, u64 any)
{
	const struct hs_walk_ctx *ctx = w->ctx;
	bool user_page = all & PTE_U;

	if (w->access & HS_WALK_EXEC) {
		if (user_page && (ctx->cr4 & HS_CR4_SMEP))
			return false;
		return !(any & PTE_NX) || !nx_enabled(w);
	}
	/* RFLAGS.AC opens user pages, but not to the CPU's own accesses. */
	if (user_page && (ctx->cr4 & HS_CR4_SMAP) &&
	    ((w->access & HS_WALK_IMPLICIT) || !(ctx->rflags & HS_FL_AC)))
		return false;
	return !(w->access & HS_WALK_WRITE) || (all & PTE_W) ||
	       !(ctx->cr0 & HS_CR0_WP);
}

/* Returns 0 or HS_WALK_FAULT with w->error set. */
static int check_rights(struct walk *w)
{
	u64 all = ~0ULL, any = 0;
	unsigned int i;
	bool ok;

	for (i = 0; i < w->n; i++) {
		all &= w->level[i].entry;
		any |= w->level[i].entry;
	}

	ok = w->access & HS_WALK_USER ? user_may(w, all, any) :
					supervisor_may(w, all, any);
	if (key_denies(w, all & PTE_U)) {
		w->error |= HS_PF_KEY;
		ok = false;
	}
	if (ok)
		return 0;
	w->error |= HS_PF_PRESENT;
	return HS_WALK_FAULT;
}

/*
 * Accessed in every entry, dirty in the leaf for a write.  Returns 0,
 * HS_WALK_MISMATCH if an entry has changed, or the errno of the callback.
 */
static int mark(const struct walk *w)
{
	const struct hs_walk_ctx *ctx = w->ctx;
	const struct level *l;
	unsigned int i;
	u64 new;
	int ret;

	for (i = 0; i < w->n; i++) {
		l = &w->level[i];
		new = l->entry | PTE_A;
		if (i == w->n - 1 && (w->access & HS_WALK_WRITE))
			new |= PTE_D;
		if (new == l->entry)
			continue;
		/* In brackets: instrumented kernels have a macro of that name. */
		ret = (ctx->ops->cmpxchg)(ctx->priv, l->gpa, w->legacy ? 4 : 8,
					  l->entry, new);
		if (ret)
			return ret;
	}
	return 0;
}

static int page_fault(const struct walk *w, struct hs_insn_fault *fault)
{
	u32 error = w->error;

	if (w->access & HS_WALK_WRITE)
		error |= HS_PF_WRITE;
	if (w->access & HS_WALK_USER)
		error |= HS_PF_USER;
	/* The fetch bit is reported only where something could forbid fetching. */
	if ((w->access & HS_WALK_EXEC) &&
	    (nx_enabled(w) || (w->ctx->cr4 & HS_CR4_SMEP)))
		error |= HS_PF_FETCH;

	*fault = (struct hs_insn_fault){
		.vector = HS_VEC_PF,
		.has_error = true,
		.error_code = error,
		.cr2 = w->linear,
	};
	return HS_WALK_FAULT;
}

/**
 * hs_walk - translate one linear address of the guest
 * @ctx: paging mode, registers and callbacks
 * @linear: linear address; canonical in 64-bit mode, below 4 GiB otherwise
 * @access: HS_WALK_* flags; WRITE and EXEC exclude each other
 * @gpa: out, guest-physical address, valid up to the end of its 4 KiB page
 * @fault: out, the #PF with error code and CR2, valid after HS_WALK_FAULT
 *
 * Sets accessed and dirty flags like the processor does, unless HS_WALK_PEEK
 * is given.  With paging off the linear address is the result.  Holds nothing;
 * the context rules are those of the callbacks.
 *
 * Return: HS_WALK_DONE; HS_WALK_FAULT; -EAGAIN if entries kept changing; else
 * the errno of a callback.
 */
int hs_walk(const struct hs_walk_ctx *ctx, u64 linear, u32 access, u64 *gpa,
	    struct hs_insn_fault *fault)
{
	struct walk w = { .ctx = ctx, .linear = linear, .access = access };
	unsigned int tries;
	int ret;

	if (!(ctx->cr0 & HS_CR0_PG)) {
		*gpa = (u32)linear;
		return HS_WALK_DONE;
	}

	for (tries = 0; tries < MAX_RESTARTS; tries++) {
		ret = descend(&w, gpa);
		if (!ret)
			ret = check_rights(&w);
		if (ret == HS_WALK_FAULT)
			return page_fault(&w, fault);
		if (!ret && !(access & HS_WALK_PEEK))
			ret = mark(&w);
		if (ret != HS_WALK_MISMATCH)
			return ret;
	}
	return -EAGAIN;
}
