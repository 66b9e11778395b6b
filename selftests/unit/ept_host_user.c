// SPDX-License-Identifier: GPL-2.0
#include "pure.h"
#include "ept/entry.h"
#include "ept/host.h"
#include <sys/mman.h>
#undef memcpy

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define poison(p)	ASAN_POISON_MEMORY_REGION(p, HS_PAGE_SIZE)
#define unpoison(p)	ASAN_UNPOISON_MEMORY_REGION(p, HS_PAGE_SIZE)
#else
#define poison(p)	((void)0)
#define unpoison(p)	((void)0)
#endif

long hs_user_fence;
void (*hs_user_resched)(void);
__thread int hs_user_locks_held;
__thread unsigned int hs_user_copies;
__thread int hs_user_cpu;
struct page *hs_user_pages;
u8 *hs_user_mem;

static size_t npages, used, next;
static size_t heap;
static unsigned int fail_one_in;
static pthread_mutex_t mem_lock = PTHREAD_MUTEX_INITIALIZER;

static bool is_memory(const void *p)
{
	return (uintptr_t)p - (uintptr_t)hs_user_mem < npages * HS_PAGE_SIZE;
}

__attribute__((no_sanitize("thread")))
void hs_user_copy(void *dst, const void *src, size_t len)
{
	volatile u8 *d = dst;
	const volatile u8 *s = src;

	if (is_memory(dst) || is_memory(src))
		hs_user_copies++;
	for (; len && (((uintptr_t)d | (uintptr_t)s) & 7); len--)
		*d++ = *s++;
	for (; len >= 8; len -= 8, d += 8, s += 8)
		*(volatile u64 *)d = *(const volatile u64 *)s;
	while (len--)
		*d++ = *s++;
}

__attribute__((no_sanitize("thread")))
void hs_user_fill(void *dst, u64 pattern, size_t words)
{
	volatile u64 *d = dst;

	while (words--)
		*d++ = pattern;
}

void hs_user_lock_init(spinlock_t *l)
{
	pthread_mutex_init(&l->m, NULL);
	l->held = false;
}

static void took(spinlock_t *l)
{
	l->owner = pthread_self();
	l->held = true;
	hs_user_locks_held++;
}

void hs_user_lock(spinlock_t *l)
{
	pthread_mutex_lock(&l->m);
	took(l);
}

bool hs_user_trylock(spinlock_t *l)
{
	if (pthread_mutex_trylock(&l->m))
		return false;
	took(l);
	return true;
}

void hs_user_unlock(spinlock_t *l)
{
	lockdep_assert_held(l);
	l->held = false;
	hs_user_locks_held--;
	pthread_mutex_unlock(&l->m);
}

void init_waitqueue_head(wait_queue_head_t *q)
{
	pthread_mutex_init(&q->m, NULL);
	pthread_cond_init(&q->c, NULL);
	q->wakes = 0;
}

u64 hs_user_wakes(wait_queue_head_t *q)
{
	u64 w;

	pthread_mutex_lock(&q->m);
	w = q->wakes;
	pthread_mutex_unlock(&q->m);
	return w;
}

void hs_user_sleep(wait_queue_head_t *q, u64 wakes)
{
	might_sleep();
	pthread_mutex_lock(&q->m);
	while (q->wakes == wakes)
		pthread_cond_wait(&q->c, &q->m);
	pthread_mutex_unlock(&q->m);
}

void wake_up_all(wait_queue_head_t *q)
{
	pthread_mutex_lock(&q->m);
	q->wakes++;
	pthread_cond_broadcast(&q->c);
	pthread_mutex_unlock(&q->m);
}

void hs_user_host_init(size_t pages)
{
	size_t i;

	npages = pages;
	used = next = 0;
	/* Aligned, so that 2 MiB frames are what they claim. */
	hs_user_mem = aligned_alloc(1UL << HS_CHUNK_SHIFT, pages * HS_PAGE_SIZE);
	hs_user_pages = calloc(pages, sizeof(*hs_user_pages));
	assert(hs_user_mem && hs_user_pages);
	for (i = 0; i < pages; i++)
		poison(hs_user_mem + i * HS_PAGE_SIZE);
}

void hs_user_host_exit(void)
{
	size_t i;

	for (i = 0; i < npages; i++)
		unpoison(hs_user_mem + i * HS_PAGE_SIZE);
	free(hs_user_mem);
	free(hs_user_pages);
}

size_t hs_user_pages_used(void)
{
	return __atomic_load_n(&used, __ATOMIC_RELAXED);
}

size_t hs_user_heap_used(void)
{
	return __atomic_load_n(&heap, __ATOMIC_RELAXED);
}

void hs_user_fail(unsigned int n)
{
	__atomic_store_n(&fail_one_in, n, __ATOMIC_RELAXED);
}

static bool fails(void)
{
	static __thread unsigned int seed;
	unsigned int n = __atomic_load_n(&fail_one_in, __ATOMIC_RELAXED);

	if (!n)
		return false;
	if (!seed)
		seed = 1 + (unsigned int)(uintptr_t)&seed;
	return rand_r(&seed) % n == 0;
}

bool hs_user_live(u64 pa)
{
	size_t i = (pa - HS_USER_PA) >> HS_PAGE_SHIFT;

	return pa >= HS_USER_PA && i < npages &&
	       __atomic_load_n(&hs_user_pages[i].used, __ATOMIC_ACQUIRE);
}

static bool zeroes, no_large;

void hs_user_no_large(bool yes)
{
	__atomic_store_n(&no_large, yes, __ATOMIC_RELAXED);
}

void hs_user_zeroes(bool yes)
{
	__atomic_store_n(&zeroes, yes, __ATOMIC_RELAXED);
}

static struct page *take(unsigned int order, bool zeroed)
{
	size_t n = 1UL << order, tries, i, at;

	pthread_mutex_lock(&mem_lock);
	for (tries = 0; tries < 2 * npages; tries += n) {
		next = ALIGN(next, n);
		if (next + n > npages)
			next = 0;
		at = next;
		next += n;
		for (i = 0; i < n && !hs_user_pages[at + i].used; i++)
			;
		if (i < n)
			continue;
		for (i = 0; i < n; i++) {
			unpoison(hs_user_mem + (at + i) * HS_PAGE_SIZE);
			/* Else neither zero nor anything a test writes. */
			hs_user_fill(hs_user_mem + (at + i) * HS_PAGE_SIZE,
				     zeroed ? 0 : 0xa5a5a5a5a5a5a5a5ULL, HS_PAGE_SIZE / 8);
			hs_user_pages[at + i].private.v = 0;
			__atomic_store_n(&hs_user_pages[at + i].used, true, __ATOMIC_RELEASE);
		}
		used += n;
		pthread_mutex_unlock(&mem_lock);
		return &hs_user_pages[at];
	}
	pthread_mutex_unlock(&mem_lock);
	return NULL;
}

struct page *hs_host_alloc(void *owner, unsigned int order, enum hs_alloc how,
			   bool *zeroed)
{
	if (how == HS_ALLOC_TRY)
		might_sleep();
	*zeroed = __atomic_load_n(&zeroes, __ATOMIC_RELAXED);
	if (order >= HS_CHUNK_SHIFT - HS_PAGE_SHIFT && __atomic_load_n(&no_large, __ATOMIC_RELAXED))
		return NULL;
	return fails() ? NULL : take(order, *zeroed);
}

void hs_host_free(struct page *page)
{
	pthread_mutex_lock(&mem_lock);
	assert(page->used);
	page->used = false;
	used--;
	poison(hs_host_va(hs_host_pa(page)));
	pthread_mutex_unlock(&mem_lock);
}

struct page *hs_host_alloc_table(void *owner)
{
	might_sleep();
	return fails() ? NULL : take(0, false);
}

void hs_host_free_table(struct page *page)
{
	hs_host_free(page);
}

void *hs_host_zalloc(void *owner, size_t size)
{
	void *p;

	might_sleep();
	if (fails())
		return NULL;
	p = aligned_alloc(64, ALIGN(size, 64));
	memset(p, 0, ALIGN(size, 64));
	__atomic_add_fetch(&heap, 1, __ATOMIC_RELAXED);
	return p;
}

void hs_host_zfree(void *p)
{
	if (p)
		__atomic_sub_fetch(&heap, 1, __ATOMIC_RELAXED);
	free(p);
}

void *hs_host_owner_get(void)
{
	return NULL;
}

void hs_host_owner_put(void *owner)
{
}

unsigned int hs_host_phys_bits(void)
{
	return 40;
}

unsigned int hs_host_cache_bits(void)
{
	return 40;
}
