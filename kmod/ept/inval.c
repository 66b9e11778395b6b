// SPDX-License-Identifier: GPL-2.0
/*
 * Who may still use an EPT leaf that was changed: generations,
 * acknowledgement, quarantine (rules 4 and 5).
 *
 *	CPU that enters a guest			thread that removes a leaf
 *	-----------------------			--------------------------
 *	in = ENTERING				xchg(leaf)
 *	[A] full barrier			gen++ (locked)       [B]
 *	read gen, in = gen			read in of each CPU
 *	gen != flushed: INVEPT			0 or >= gen: acknowledged
 *	guest runs				else kick, read again
 *	[C] in = 0 (release)			[D] (acquire) reuse the frame
 *
 * A pairs with B: either the CPU reads the new generation and flushes before
 * its guest runs, or the thread reads "inside, older" and waits.  C pairs with
 * D: all that the guest did through the old leaf is done when the thread reads
 * 0 or a newer generation.  selftests/model/handshake.pml checks both with
 * store buffers, and fails without A.
 */
#include "ept/core.h"

/**
 * hs_gmem_enter() - publish that this CPU is about to run the guest
 * @g: guest memory of the VM
 * @cpu: number of this CPU
 *
 * See gmem.h.  Interrupts off.  True: INVEPT, then hs_gmem_flushed().
 */
bool hs_gmem_enter(struct hs_gmem *g, int cpu)
{
	struct hs_gmem_cpu *pc = &g->cpu[cpu];
	u64 gen;

	if (!test_bit(cpu, g->seen))
		set_bit(cpu, g->seen);
	WRITE_ONCE(pc->in, HS_GEN_ENTERING);
	smp_mb();	/* A */
	gen = atomic64_read(&g->gen);
	WRITE_ONCE(pc->in, gen);
	if (likely(pc->flushed == gen))
		return false;
	/* Only where there is something to flush. */
	return !pc->flushed || !hs_ept_mutated(HS_EPT_MUT_SKIP_INVEPT);
}

/**
 * hs_gmem_flushed() - the INVEPT that hs_gmem_enter() asked for is done
 * @g: guest memory of the VM
 * @cpu: number of this CPU
 *
 * Same CPU, same interrupts-off section.
 */
void hs_gmem_flushed(struct hs_gmem *g, int cpu)
{
	struct hs_gmem_cpu *pc = &g->cpu[cpu];

	pc->flushed = pc->in;
	hs_ept_dbg_flushed(g, cpu);
}

/**
 * hs_gmem_leave() - this CPU has left guest mode, or has not entered after all
 * @g: guest memory of the VM
 * @cpu: number of this CPU
 */
void hs_gmem_leave(struct hs_gmem *g, int cpu)
{
	hs_ept_dbg_leave(g, cpu);
	smp_store_release(&g->cpu[cpu].in, 0);	/* C */
}

/**
 * hs_inval_bump() - start a new generation
 * @g: guest memory of the VM
 *
 * Returns it: leaves removed before this call are gone everywhere once
 * hs_inval_acked() says so for the returned value.  Any context.
 */
u64 hs_inval_bump(struct hs_gmem *g)
{
	if (hs_ept_mutated(HS_EPT_MUT_SKIP_BUMP))
		return atomic64_read(&g->gen);
	return atomic64_inc_return(&g->gen);	/* B */
}

static bool cpu_acked(struct hs_gmem *g, unsigned int cpu, u64 gen)
{
	u64 in = smp_load_acquire(&g->cpu[cpu].in);	/* D */

	return !in || in >= gen;
}

/* Whether every CPU that could use leaves older than @gen has left since. */
bool hs_inval_acked(struct hs_gmem *g, u64 gen)
{
	unsigned int cpu;

	if (smp_load_acquire(&g->acked) >= gen)
		return true;
	for_each_set_bit(cpu, g->seen, hs_host_cpus())
		if (!cpu_acked(g, cpu, gen))
			return false;
	/* Two writers may swap their order; then the hint is merely older. */
	if (READ_ONCE(g->acked) < gen)
		smp_store_release(&g->acked, gen);
	return true;
}

/**
 * hs_inval_wait() - wait until @gen is acknowledged
 * @g: guest memory of the VM
 * @gen: generation from hs_inval_bump()
 *
 * Kicks the CPUs that are in the guest with an older generation.  They leave
 * within an interrupt's time, or were leaving anyway; nothing here depends on
 * a vCPU thread being scheduled.  Process context, no lock held.
 */
void hs_inval_wait(struct hs_gmem *g, u64 gen)
{
	unsigned int cpu, round = 0;

	might_sleep();
	if (hs_inval_acked(g, gen) || hs_ept_mutated(HS_EPT_MUT_SKIP_ACK))
		return;
	atomic64_inc(&g->acks);
	for_each_set_bit(cpu, g->seen, hs_host_cpus())
		if (!cpu_acked(g, cpu, gen))
			g->kick(g->kick_arg, cpu);
	while (!hs_inval_acked(g, gen))
		hs_host_relax(round++);
}

void hs_quar_init(struct hs_gmem *g)
{
	spin_lock_init(&g->quar.lock);
	INIT_LIST_HEAD(&g->quar.pages);
	g->quar.count = 0;
}

/**
 * hs_quar_add() - hand over pages that a CPU may still reach
 * @g: guest memory of the VM
 * @pages: linked by lru: frames (with the leaf's reference), and tables with
 *	HS_WORD_TABLE set; empty afterwards
 * @gen: from a hs_inval_bump() after the last of them was unmapped
 */
void hs_quar_add(struct hs_gmem *g, struct list_head *pages, u64 gen)
{
	struct hs_quarantine *q = &g->quar;
	struct page *page;
	u64 n = 0;

	list_for_each_entry(page, pages, lru) {
		atomic_long_add(gen << HS_WORD_GEN_SHIFT, hs_host_word(page));
		n++;
	}
	/*
	 * Adders may come in another order than their bumps: the list is then
	 * not sorted, and a younger page at its head only delays the others.
	 */
	spin_lock(&q->lock);
	list_splice_tail_init(pages, &q->pages);
	q->count += n;
	spin_unlock(&q->lock);
}

/* Pages that leave the quarantine under one hold of its lock. */
#define DRAIN_BATCH	256

/* Frees a batch of what is acknowledged; false when that was the last. */
static bool drain_some(struct hs_gmem *g)
{
	struct hs_quarantine *q = &g->quar;
	struct page *page, *next;
	unsigned int n = 0;
	LIST_HEAD(ready);
	u64 word;

	spin_lock(&q->lock);
	list_for_each_entry_safe(page, next, &q->pages, lru) {
		word = atomic_long_read(hs_host_word(page));
		if (n == DRAIN_BATCH || !hs_inval_acked(g, word >> HS_WORD_GEN_SHIFT))
			break;
		list_move_tail(&page->lru, &ready);
		n++;
	}
	q->count -= n;
	spin_unlock(&q->lock);
	list_for_each_entry_safe(page, next, &ready, lru) {
		list_del(&page->lru);
		word = atomic_long_read(hs_host_word(page));
		if (word & HS_WORD_TABLE) {
			hs_ept_free_table(g, page);
			continue;
		}
		atomic_long_sub(word & ~(HS_WORD_REFS | HS_WORD_TABLE), hs_host_word(page));
		hs_frame_put(g, page, HS_PUT_GIVE);
	}
	return n == DRAIN_BATCH;
}

/**
 * hs_quar_drain() - free what is acknowledged by now
 * @g: guest memory of the VM
 *
 * Does not wait, but lets others run between batches.  Process context.
 */
void hs_quar_drain(struct hs_gmem *g)
{
	while (drain_some(g))
		cond_resched();
}
