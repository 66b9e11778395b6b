// SPDX-License-Identifier: GPL-2.0
/*
 * The one accessor: the module's own reads and writes of guest memory, see
 * gmem.h.
 *
 * A few bytes are copied under the chunk lock, which holds off eviction and
 * keeps "written" and "marked dirty" together (rule 7).  The CPU marks nothing
 * for accesses that do not go through the EPT, so this does.
 */
#include "ept/core.h"

#define PINS_MAX	65536	/* per VM: 256 MiB under I/O at once */

static __always_inline u8 *bytes_at(struct hs_cur *c, u64 gpa)
{
	return (u8 *)hs_frame_va(hs_cur_frame(c)) + (gpa & (HS_PAGE_SIZE - 1));
}

/* The leaf is on its way out: not any more. */
static void keep(struct hs_cur *c)
{
	struct hs_inflight *rec;

	if (c->pte && hs_epte_is(c->val, HS_LEAF_BUSY)) {
		rec = hs_leaf_inflight(c);
		if (rec->out)
			hs_fault_cancel(c);
	}
}

static __always_inline bool usable(struct hs_cur *c, u32 access)
{
	const u64 marks = access & HS_ACC_WRITE ? HS_EPTE_A | HS_EPTE_D : HS_EPTE_A;

	if (unlikely(!hs_epte_present(c->val)))
		keep(c);
	if (!hs_epte_present(c->val) || !hs_epte_allows(c->val, access))
		return false;
	if ((c->val & marks) != marks)
		hs_leaf_mark(c, marks);
	return true;
}

/* Locks @gpa's leaf, mapped and marked for @access; faults it in. */
static __always_inline int lock_usable(struct hs_gmem *g, u64 gpa, u32 access, struct hs_cur *c)
{
	u64 gfn = gpa >> HS_PAGE_SHIFT;
	int r;

	if (!hs_gmem_is_ram(g, gpa))
		return -EFAULT;
	for (;;) {
		if (!hs_ept_lock(g, gfn, c)) {
			if (usable(c, access))
				return 0;
			hs_ept_unlock(c);
		}
		r = hs_fault_in(g, gfn, access, NULL);
		if (r)
			return r;
	}
}

static size_t in_page(u64 gpa, size_t len)
{
	return min_t(size_t, len, HS_PAGE_SIZE - (gpa & (HS_PAGE_SIZE - 1)));
}

/*
 * Bytes from and to guest memory.  The guest may write to it meanwhile: what is
 * one value by its size and place is moved as one, as between two CPUs.
 */
static __always_inline void load(void *dst, const void *src, size_t len)
{
	if (IS_ALIGNED((uintptr_t)src, len) && len == 2)
		put_unaligned_le16(READ_ONCE(*(const u16 *)src), dst);
	else if (IS_ALIGNED((uintptr_t)src, len) && len == 4)
		put_unaligned_le32(READ_ONCE(*(const u32 *)src), dst);
	else if (IS_ALIGNED((uintptr_t)src, len) && len == 8)
		put_unaligned_le64(READ_ONCE(*(const u64 *)src), dst);
	else
		memcpy(dst, src, len);
}

static __always_inline void store(void *dst, const void *src, size_t len)
{
	if (IS_ALIGNED((uintptr_t)dst, len) && len == 2)
		WRITE_ONCE(*(u16 *)dst, get_unaligned_le16(src));
	else if (IS_ALIGNED((uintptr_t)dst, len) && len == 4)
		WRITE_ONCE(*(u32 *)dst, get_unaligned_le32(src));
	else if (IS_ALIGNED((uintptr_t)dst, len) && len == 8)
		WRITE_ONCE(*(u64 *)dst, get_unaligned_le64(src));
	else
		memcpy(dst, src, len);
}

int hs_gmem_read(struct hs_gmem *g, u64 gpa, void *dst, size_t len)
{
	struct hs_cur c;
	size_t n;
	int r;

	for (; len; len -= n, gpa += n, dst = (u8 *)dst + n) {
		n = in_page(gpa, len);
		r = lock_usable(g, gpa, HS_ACC_READ, &c);
		if (r)
			return r;
		load(dst, bytes_at(&c, gpa), n);
		hs_ept_unlock(&c);
	}
	return 0;
}

int hs_gmem_write(struct hs_gmem *g, u64 gpa, const void *src, size_t len)
{
	struct hs_cur c;
	size_t n;
	int r;

	for (; len; len -= n, gpa += n, src = (const u8 *)src + n) {
		n = in_page(gpa, len);
		r = lock_usable(g, gpa, HS_ACC_READ | HS_ACC_WRITE, &c);
		if (r)
			return r;
		store(bytes_at(&c, gpa), src, n);
		hs_ept_unlock(&c);
	}
	return 0;
}

/**
 * hs_gmem_overwrite() - write a whole page
 * @g: guest memory of the VM
 * @gpa: page-aligned, else -EFAULT
 * @page: new content, 4096 bytes
 *
 * A page without a frame gets one filled with the new content: the old one is
 * neither read back nor cleared.
 */
int hs_gmem_overwrite(struct hs_gmem *g, u64 gpa, const void *page)
{
	u64 gfn = gpa >> HS_PAGE_SHIFT;
	struct hs_cur c;
	int r;

	if (!hs_gmem_is_ram(g, gpa) || (gpa & (HS_PAGE_SIZE - 1)))
		return -EFAULT;
	for (;;) {
		if (!hs_ept_lock(g, gfn, &c)) {
			if (usable(&c, HS_ACC_WRITE)) {
				memcpy(bytes_at(&c, gpa), page, HS_PAGE_SIZE);
				hs_ept_unlock(&c);
				return 0;
			}
			hs_ept_unlock(&c);
		}
		r = hs_fault_in(g, gfn, HS_ACC_WRITE, page);
		if (r)
			return r < 0 ? r : 0;
	}
}

static u64 exchange_if(void *p, unsigned int size, u64 old, u64 new)
{
	switch (size) {
	case 1:
		return cmpxchg((u8 *)p, (u8)old, (u8)new);
	case 2:
		return cmpxchg((u16 *)p, (u16)old, (u16)new);
	case 4:
		return cmpxchg((u32 *)p, (u32)old, (u32)new);
	default:
		return cmpxchg((u64 *)p, old, new);
	}
}

/**
 * hs_gmem_cmpxchg() - compare and exchange, atomic against the guest's CPUs
 * @g: guest memory of the VM
 * @gpa: guest-physical address
 * @size: 1, 2, 4 or 8; @gpa aligned to it, else -EFAULT
 * @old: what is expected; on 0 what was found instead
 * @new: what to store
 */
int hs_gmem_cmpxchg(struct hs_gmem *g, u64 gpa, unsigned int size, u64 *old, u64 new)
{
	u64 want = size < 8 ? *old & ((1ULL << 8 * size) - 1) : *old, found;
	struct hs_cur c;
	int r;

	if (size > 8 || !size || (size & (size - 1)) || (gpa & (size - 1)))
		return -EFAULT;
	r = lock_usable(g, gpa, HS_ACC_READ | HS_ACC_WRITE, &c);
	if (r)
		return r;
	found = exchange_if(bytes_at(&c, gpa), size, want, new);
	hs_ept_unlock(&c);
	if (found == want)
		return 1;
	*old = found;
	return 0;
}

static int access_atomic(struct hs_gmem *g, u64 gpa, void *buf, size_t len, u32 access)
{
	struct hs_cur c;
	int r = 0;

	if (!hs_gmem_is_ram(g, gpa) || in_page(gpa, len) != len)
		return -EFAULT;
	if (hs_ept_trylock(g, gpa >> HS_PAGE_SHIFT, &c))
		return -EAGAIN;
	if (!hs_epte_present(c.val) || !hs_epte_allows(c.val, access)) {
		r = -EAGAIN;
	} else if (access & HS_ACC_WRITE) {
		hs_leaf_mark(&c, HS_EPTE_A | HS_EPTE_D);
		store(bytes_at(&c, gpa), buf, len);
	} else {
		hs_leaf_mark(&c, HS_EPTE_A);
		load(buf, bytes_at(&c, gpa), len);
	}
	hs_ept_unlock(&c);
	return r;
}

int hs_gmem_read_atomic(struct hs_gmem *g, u64 gpa, void *dst, size_t len)
{
	return access_atomic(g, gpa, dst, len, HS_ACC_READ);
}

int hs_gmem_write_atomic(struct hs_gmem *g, u64 gpa, const void *src, size_t len)
{
	return access_atomic(g, gpa, (void *)src, len, HS_ACC_WRITE);
}

/* Content from the store, which keeps it.  Locked; unlocks. */
static int peek_stored(struct hs_cur *c, struct hs_inflight *in, void *page)
{
	struct hs_store *store = &c->g->store;
	int r;

	in->out = false;
	hs_leaf_begin_out(c, in, 0);
	hs_ept_unlock(c);
	r = hs_fault_fetch(c, in, page);
	if (r != -ECANCELED)
		hs_leaf_restore(c, in);
	hs_ept_unlock(c);
	if (r == -ECANCELED)
		store->drop(store->arg, hs_epte_type(in->old), hs_epte_slot(in->old));
	return r;
}

/**
 * hs_gmem_peek() - a page's content, without mapping or charging anything
 * @g: guest memory of the VM
 * @gpa: anywhere in the page
 * @page: where the content goes, 4096 bytes
 */
int hs_gmem_peek(struct hs_gmem *g, u64 gpa, void *page)
{
	u64 gfn = gpa >> HS_PAGE_SHIFT;
	struct hs_inflight *rec, in;
	struct page *frame;
	struct hs_cur c;
	int r;

	might_sleep();
	if (!hs_gmem_is_ram(g, gpa))
		return -EFAULT;
	for (;;) {
		if (READ_ONCE(g->dead))
			return -EINTR;
		if (hs_ept_lock(g, gfn, &c)) {
			memset(page, 0, HS_PAGE_SIZE);
			return 0;
		}
		r = 0;
		frame = NULL;
		if (hs_epte_present(c.val)) {
			frame = hs_cur_frame(&c);
		} else {
			switch (hs_epte_type(c.val)) {
			case HS_LEAF_BUSY:
				rec = c.pte ? hs_leaf_inflight(&c) : NULL;
				if (rec && rec->out)
					frame = rec->frame;
				else
					r = -EAGAIN;
				break;
			case HS_LEAF_STAGED:
				frame = hs_staged_frame(g, c.val);
				break;
			case HS_LEAF_COMPRESSED:
			case HS_LEAF_SWAPPED:
				r = peek_stored(&c, &in, page);
				if (r == -ECANCELED)
					continue;
				return r;
			case HS_LEAF_POISON:
				r = -EIO;
				break;
			default:
				break;
			}
		}
		if (frame)
			memcpy(page, hs_frame_va(frame), HS_PAGE_SIZE);
		else if (!r)
			hs_page_fill(page, hs_leaf_pattern(g, c.val));
		hs_ept_unlock(&c);
		if (r != -EAGAIN)
			return r;
		hs_fault_wait(g, gfn);
	}
}

/**
 * hs_gmem_pin() - hold the frame of @gpa for a device
 * @g: guest memory of the VM
 * @gpa: guest-physical address
 * @write: the device will write
 * @page: the frame, on success
 *
 * See gmem.h.  The page counts as accessed, and with @write as dirty, from now
 * until the last pin is gone: whoever harvests the flags leaves them set on
 * frames with pins.
 */
int hs_gmem_pin(struct hs_gmem *g, u64 gpa, bool write, struct page **page)
{
	struct hs_cur c;
	int r;

	if (atomic64_inc_return(&g->pins) > PINS_MAX) {
		atomic64_dec(&g->pins);
		return -ENOBUFS;
	}
	r = lock_usable(g, gpa, write ? HS_ACC_READ | HS_ACC_WRITE : HS_ACC_READ, &c);
	if (!r && hs_frame_refs(hs_cur_frame(&c)) == HS_WORD_REFS) {
		hs_ept_unlock(&c);
		r = -ENOBUFS;
	}
	if (r) {
		atomic64_dec(&g->pins);
		return r;
	}
	*page = hs_cur_frame(&c);
	hs_frame_ref(*page);
	hs_ept_unlock(&c);
	return 0;
}

/**
 * hs_gmem_unpin() - end of hs_gmem_pin()
 * @g: guest memory of the VM
 * @page: the frame
 * @dirty: the device wrote; only with a pin for writing
 *
 * The leaf has been dirty since the pin, so there is nothing to mark; the
 * parameter says what the caller did, for checks.  Any context but interrupts.
 */
void hs_gmem_unpin(struct hs_gmem *g, struct page *page, bool dirty)
{
	hs_frame_put(g, page, HS_PUT_GIVE);
	atomic64_dec(&g->pins);
}
