/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host of kmod/ept in user space: kernel names over pthreads, and a piece
 * of "physical memory" with a struct page for each of its pages.
 */
#ifndef EPT_HOST_USER_H
#define EPT_HOST_USER_H

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

/* Own copies, out of ThreadSanitizer's sight: a guest and a device may touch
 * the same bytes at the same time, as on a real machine. */
void hs_user_copy(void *dst, const void *src, size_t len);
/* Copies to or from "physical memory", of this thread. */
extern __thread unsigned int hs_user_copies;
void hs_user_fill(void *dst, u64 pattern, size_t words);
/* What others do where the code lets them run; no lock is held there. */
extern void (*hs_user_resched)(void);
#define memcpy(d, s, n)		hs_user_copy(d, s, n)
#define memset64(d, v, n)	hs_user_fill(d, v, n)
#define clear_page(p)		hs_user_fill(p, 0, HS_PAGE_SIZE / 8)
#define copy_page(d, s)		hs_user_copy(d, s, HS_PAGE_SIZE)

#define BITS_PER_LONG		64
#define BITS_TO_LONGS(n)	(((n) + 63) / 64)
#define ____cacheline_aligned_in_smp	__attribute__((__aligned__(64)))
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define likely(x)		__builtin_expect(!!(x), 1)
#define ERR_PTR(e)		((void *)(long)(e))
#define IS_ERR(p)		((unsigned long)(p) >= (unsigned long)-4095)
#define PTR_ERR(p)		((long)(p))
#define __acquire(x)		((void)0)
#define __release(x)		((void)0)
#define pr_err(...)		fprintf(stderr, __VA_ARGS__)
#define pr_err_ratelimited(...)	fprintf(stderr, __VA_ARGS__)
#define cond_resched()		(hs_user_resched ? hs_user_resched() : (void)0)
#define might_sleep()		assert(hs_user_locks_held == 0)

/* --- memory order: what the kernel's names promise, by C's --- */

#undef READ_ONCE
#undef WRITE_ONCE
/* Acquire, because the kernel's readers rely on address dependencies. */
#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_ACQUIRE)
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define xchg(p, v)		__atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define cmpxchg(p, old, new) ({						\
	__typeof__(*(p)) _old = (old);					\
	__atomic_compare_exchange_n(p, &_old, new, false,		\
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);\
	_old; })

extern long hs_user_fence;
#undef smp_mb
/* A locked instruction is a full barrier on x86, and TSan understands it. */
#define smp_mb()		((void)__atomic_fetch_add(&hs_user_fence, 0, __ATOMIC_SEQ_CST))

typedef struct { long v; } atomic_long_t;
typedef struct { s64 v; } atomic64_t;
#define HS_USER_ATOMIC(pre, type, val)					\
static inline val pre##_read(const type *a)				\
{ return __atomic_load_n(&a->v, __ATOMIC_ACQUIRE); }			\
static inline void pre##_set(type *a, val v)				\
{ __atomic_store_n(&a->v, v, __ATOMIC_RELEASE); }			\
static inline void pre##_add(val n, type *a)				\
{ __atomic_add_fetch(&a->v, n, __ATOMIC_SEQ_CST); }			\
static inline void pre##_sub(val n, type *a)				\
{ __atomic_sub_fetch(&a->v, n, __ATOMIC_SEQ_CST); }			\
static inline void pre##_inc(type *a) { pre##_add(1, a); }		\
static inline void pre##_dec(type *a) { pre##_sub(1, a); }		\
static inline val pre##_inc_return(type *a)				\
{ return __atomic_add_fetch(&a->v, 1, __ATOMIC_SEQ_CST); }		\
static inline val pre##_dec_return(type *a)				\
{ return __atomic_sub_fetch(&a->v, 1, __ATOMIC_SEQ_CST); }		\
static inline val pre##_add_return(val n, type *a)			\
{ return __atomic_add_fetch(&a->v, n, __ATOMIC_SEQ_CST); }		\
static inline bool pre##_try_cmpxchg(type *a, val *old, val new)	\
{ return __atomic_compare_exchange_n(&a->v, old, new, false,		\
				     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); }
HS_USER_ATOMIC(atomic_long, atomic_long_t, long)
HS_USER_ATOMIC(atomic64, atomic64_t, s64)

static inline void set_bit(unsigned int n, unsigned long *map)
{
	__atomic_fetch_or(&map[n / 64], 1UL << n % 64, __ATOMIC_SEQ_CST);
}

static inline bool test_bit(unsigned int n, const unsigned long *map)
{
	return __atomic_load_n(&map[n / 64], __ATOMIC_ACQUIRE) >> n % 64 & 1;
}

#define for_each_set_bit(b, map, n)					\
	for ((b) = 0; (b) < (n); (b)++)					\
		if (!test_bit(b, map)) { } else

/* --- lists --- */

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD(name)		struct list_head name = { &name, &name }

static inline void INIT_LIST_HEAD(struct list_head *h)
{
	h->next = h->prev = h;
}

static inline bool list_empty(const struct list_head *h)
{
	return h->next == h;
}

static inline void list_add_tail(struct list_head *n, struct list_head *h)
{
	n->prev = h->prev;
	n->next = h;
	h->prev->next = n;
	h->prev = n;
}

static inline void list_del(struct list_head *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
}

static inline void list_move_tail(struct list_head *n, struct list_head *h)
{
	list_del(n);
	list_add_tail(n, h);
}

static inline void list_splice_tail_init(struct list_head *from, struct list_head *h)
{
	if (list_empty(from))
		return;
	from->next->prev = h->prev;
	h->prev->next = from->next;
	from->prev->next = h;
	h->prev = from->prev;
	INIT_LIST_HEAD(from);
}

#define list_entry(p, type, member)	container_of(p, type, member)
#define list_for_each_entry(pos, h, member)				\
	for (pos = list_entry((h)->next, __typeof__(*pos), member);	\
	     &pos->member != (h);					\
	     pos = list_entry(pos->member.next, __typeof__(*pos), member))
#define list_for_each_entry_safe(pos, n, h, member)			\
	for (pos = list_entry((h)->next, __typeof__(*pos), member),	\
	     n = list_entry(pos->member.next, __typeof__(*pos), member);\
	     &pos->member != (h);					\
	     pos = n, n = list_entry(n->member.next, __typeof__(*n), member))

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

#define INIT_HLIST_HEAD(h)	((h)->first = NULL)

static inline bool hlist_empty(const struct hlist_head *h)
{
	return !h->first;
}

static inline void hlist_add_head(struct hlist_node *n, struct hlist_head *h)
{
	n->next = h->first;
	if (n->next)
		n->next->pprev = &n->next;
	h->first = n;
	n->pprev = &h->first;
}

static inline void hlist_del_init(struct hlist_node *n)
{
	*n->pprev = n->next;
	if (n->next)
		n->next->pprev = n->pprev;
	n->next = NULL;
	n->pprev = NULL;
}

#define hlist_for_each_entry(pos, h, member)				\
	for (struct hlist_node *_n = (h)->first;			\
	     _n && ((pos = container_of(_n, __typeof__(*pos), member)), 1); _n = _n->next)

/* --- locks and waiting --- */

typedef struct {
	pthread_mutex_t m;
	pthread_t owner;
	bool held;
} spinlock_t;

extern __thread int hs_user_locks_held;

void hs_user_lock_init(spinlock_t *l);
void hs_user_lock(spinlock_t *l);
bool hs_user_trylock(spinlock_t *l);
void hs_user_unlock(spinlock_t *l);
#define spin_lock_init(l)	hs_user_lock_init(l)
#define spin_lock(l)		hs_user_lock(l)
#define spin_trylock(l)		hs_user_trylock(l)
#define spin_unlock(l)		hs_user_unlock(l)
#define lockdep_assert_held(l)	assert((l)->held && pthread_equal((l)->owner, pthread_self()))

typedef struct {
	pthread_mutex_t m;
	pthread_cond_t c;
	u64 wakes;
} wait_queue_head_t;

void init_waitqueue_head(wait_queue_head_t *q);
u64 hs_user_wakes(wait_queue_head_t *q);
void hs_user_sleep(wait_queue_head_t *q, u64 wakes);
void wake_up_all(wait_queue_head_t *q);
#define wait_event_idle(q, cond) do {					\
	for (;;) {							\
		u64 _w = hs_user_wakes(&(q));				\
		if (cond)						\
			break;						\
		hs_user_sleep(&(q), _w);				\
	}								\
} while (0)

/* --- physical memory --- */

struct page {
	struct list_head lru;
	atomic_long_t private, index;
	bool used;
};

#define HS_USER_PA	0x100000000ULL	/* where it starts */
#define HS_USER_CPUS	8

extern struct page *hs_user_pages;
extern u8 *hs_user_mem;
extern __thread int hs_user_cpu;

/* @pages: how much there is.  Before anything else. */
void hs_user_host_init(size_t pages);
void hs_user_host_exit(void);
size_t hs_user_pages_used(void);
size_t hs_user_heap_used(void);
/* Let one in @n allocations fail, 0 none. */
void hs_user_fail(unsigned int n);
/* Let there be no 2 MiB in a row. */
void hs_user_no_large(bool yes);
/* Whether pages come cleared; tests want to see both. */
void hs_user_zeroes(bool yes);
/* Whether @pa is a page in use: a stale translation may point elsewhere. */
bool hs_user_live(u64 pa);

static inline atomic_long_t *hs_host_word(struct page *page)
{
	return &page->private;
}

static inline atomic_long_t *hs_host_dbg_word(struct page *page)
{
	return &page->index;
}

static inline u64 hs_host_pa(struct page *page)
{
	return HS_USER_PA + ((u64)(page - hs_user_pages) << 12);
}

static inline struct page *hs_host_page(u64 pa)
{
	return &hs_user_pages[(pa - HS_USER_PA) >> 12];
}

static inline void *hs_host_va(u64 pa)
{
	return hs_user_mem + (pa - HS_USER_PA);
}

static inline int hs_host_this_cpu(void)
{
	return hs_user_cpu;
}

static inline unsigned int hs_host_cpus(void)
{
	return HS_USER_CPUS;
}

static inline void hs_host_relax(unsigned int round)
{
	sched_yield();
}

#endif /* EPT_HOST_USER_H */
