/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest memory of one VM, as everybody but kmod/ept sees it.
 *
 * Rules: Documentation/architecture.rst, "Memory", 1 to 12 and 16.
 */
#ifndef HS_EPT_GMEM_H
#define HS_EPT_GMEM_H

#include "pure.h"
#include "ept/access.h"

struct hs_gmem;
struct page;

/**
 * struct hs_gmem_cfg - what guest memory is made from
 * @ram_bytes: RAM; below 3 GiB it starts at 0, the rest lies from 4 GiB up
 * @ad: the CPU has EPT accessed and dirty flags
 * @huge_2m: the CPU has 2 MiB EPT leaves, and the module wants them
 * @touch_2m: with @huge_2m, the first touch in an empty chunk of 2 MiB brings
 *	all of it, if the host has such a frame at hand, and a fault that brings
 *	the last page of a chunk of 4 KiB pages makes one 2 MiB leaf of them:
 *	faster, but a guest that touches one page in each holds 512 times what it
 *	uses
 * @kick: makes physical CPU @cpu leave guest mode soon; any context, does not
 *	wait (rule 5)
 * @arg: handed to @kick
 */
struct hs_gmem_cfg {
	u64 ram_bytes;
	bool ad, huge_2m, touch_2m;
	void (*kick)(void *arg, int cpu);
	void *arg;
};

/* Process context.  ERR_PTR: -ENOMEM, -EINVAL (size), -E2BIG (MAXPHYADDR). */
struct hs_gmem *hs_gmem_create(const struct hs_gmem_cfg *cfg);
/* No vCPU runs, no accessor is used any more.  Gives all frames back. */
void hs_gmem_destroy(struct hs_gmem *g);
/* From now on every wait for a page ends with -EINTR.  Any context. */
void hs_gmem_kill(struct hs_gmem *g);
/* Undoes hs_gmem_kill() before the VM starts again. */
void hs_gmem_revive(struct hs_gmem *g);
/* Drops all content, as a power cycle does; no vCPU runs.  Process context. */
void hs_gmem_clear(struct hs_gmem *g);

/* EPT pointer for the VMCS, SDM vol. 3, 25.6.11. */
u64 hs_gmem_eptp(const struct hs_gmem *g);
bool hs_gmem_is_ram(const struct hs_gmem *g, u64 gpa);
u64 hs_gmem_ram_bytes(const struct hs_gmem *g);

/*
 * Entry side of the handshake (rules 4 and 5).  Interrupts off, CPU @cpu.
 * hs_gmem_enter() publishes that this CPU is in guest mode for the VM, then a
 * full barrier, then compares generations: true = do INVEPT (single context)
 * before entering.  The barrier also orders the caller's own IN_GUEST store
 * before its later reads of requests.  Each enter is paired with a leave,
 * also when the entry is given up.
 *
 * After the INVEPT, and only then, the caller says hs_gmem_flushed(): until it
 * does, every enter on this CPU asks again, so an entry given up in between
 * loses nothing.
 */
bool hs_gmem_enter(struct hs_gmem *g, int cpu);
void hs_gmem_flushed(struct hs_gmem *g, int cpu);
void hs_gmem_leave(struct hs_gmem *g, int cpu);

/*
 * In builds with HS_DEBUG: last thing before the guest runs, checks that this
 * CPU holds no translation to a frame that is in use elsewhere.
 */
#ifdef HS_DEBUG
void hs_gmem_check_entry(struct hs_gmem *g, int cpu);
#else
static inline void hs_gmem_check_entry(struct hs_gmem *g, int cpu) { }
#endif

/*
 * Fault of the guest at @gpa with HS_ACC_*.  Process context, may sleep, no
 * lock held.  0: touch again.  -ENXIO: no RAM there (MMIO or hole).  -EINTR:
 * killed.  -ENOMEM: no frame to be had.  -EIO: content lost, see reason.
 */
int hs_gmem_fault(struct hs_gmem *g, u64 gpa, u32 access);

/*
 * The accessor: the module's own reads and writes of guest memory.  Faults
 * pages in as the guest would, marks A and D (rule 7), may straddle pages.  2, 4
 * or 8 naturally aligned bytes are one access, which the guest never sees half
 * done, nor half of whose own it sees; anything else may be torn.  Neither orders
 * anything: barriers are the caller's.
 * Process context, may sleep.  0, -EFAULT (not RAM), -EINTR, -ENOMEM, -EIO.
 */
int hs_gmem_read(struct hs_gmem *g, u64 gpa, void *dst, size_t len);
int hs_gmem_write(struct hs_gmem *g, u64 gpa, const void *src, size_t len);
/* Whole pages whose old content is not needed: never read back. */
int hs_gmem_overwrite(struct hs_gmem *g, u64 gpa, const void *page);
/* Atomic on 1, 2, 4 or 8 naturally aligned bytes. 1 = stored, 0 = *old differed
 * and was updated, or an error as above. */
int hs_gmem_cmpxchg(struct hs_gmem *g, u64 gpa, unsigned int size, u64 *old,
		    u64 new);
/* As read/write of bytes within one page, in one access for the same ones, from
 * atomic context: -EAGAIN when the page is not mapped. */
int hs_gmem_read_atomic(struct hs_gmem *g, u64 gpa, void *dst, size_t len);
int hs_gmem_write_atomic(struct hs_gmem *g, u64 gpa, const void *src, size_t len);
/* Content without installing or charging: snapshot, dump. Whole page. */
int hs_gmem_peek(struct hs_gmem *g, u64 gpa, void *page);

/*
 * A reference on the frame, not a promise that @gpa stays mapped.  While it
 * lasts the page counts as accessed and, with @write, as dirty.  Errors as the
 * accessor's, and -ENOBUFS when the VM has too many pins: bounce instead.
 */
int hs_gmem_pin(struct hs_gmem *g, u64 gpa, bool write, struct page **page);
void hs_gmem_unpin(struct hs_gmem *g, struct page *page, bool dirty);

/*
 * The guest gives pages up (rule 17): ballooned, or reported free.  Complete when
 * it returns.  A touch brings a new page: zeroes, or one filled with the poison
 * value where it was reported.  Process context, may sleep.  0; -EFAULT: not all
 * of it is RAM, nothing was done; -ENOMEM, -EINTR: done in part.
 */
struct hs_gmem_range {
	u64 gpa, pages;
};
enum hs_discard {
	HS_DISCARD_BALLOON,
	HS_DISCARD_REPORTED,
};
int hs_gmem_discard(struct hs_gmem *g, const struct hs_gmem_range *r, unsigned int n,
		    enum hs_discard how);
/* Takes the marks of ballooned pages away, from some or from all. */
int hs_gmem_undiscard(struct hs_gmem *g, const struct hs_gmem_range *r, unsigned int n);
void hs_gmem_undiscard_all(struct hs_gmem *g);
void hs_gmem_set_poison(struct hs_gmem *g, u32 value);

/*
 * Memory that the VM can always hold (rule 12), rounded down to pages; no
 * involuntary take goes below it.  Any context.
 */
void hs_gmem_set_reservation(struct hs_gmem *g, u64 bytes);
u64 hs_gmem_reservation(const struct hs_gmem *g);

/* Bytes of frames charged; of EPT table pages and bookkeeping. */
u64 hs_gmem_charged(const struct hs_gmem *g);
u64 hs_gmem_overhead(const struct hs_gmem *g);
/* Bytes of them that are mapped by 2 MiB leaves. */
u64 hs_gmem_large(const struct hs_gmem *g);
struct hs_gmem_stats {
	u64 faults, refaults, splits, collapses, acks;
	/* Bytes that the guest gave up and has not touched since; of those only
	 * that it had touched before. */
	u64 ballooned, reported;
};
void hs_gmem_stats(const struct hs_gmem *g, struct hs_gmem_stats *s);

int hs_gmem_module_init(void);
void hs_gmem_module_exit(void);
/* Frames owned by the module now, over all VMs: 0 at unload. */
u64 hs_gmem_frames(void);

#endif /* HS_EPT_GMEM_H */
