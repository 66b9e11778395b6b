/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest's memory and an image file for tests and fuzzers of the loaders.
 *
 * The memory is sparse, so that a VM of 512 GiB costs what is written to it.
 * It begins full of 0xcc: what a loader does not write or clear is not zero.
 * It aborts on what no loader may do: write outside RAM, write a byte of an
 * image twice, clear what was written, read beyond the end of a file.
 */
#ifndef BOOT_FAKE_H
#define BOOT_FAKE_H

#include <stdio.h>
#include <stdlib.h>
#include "boot/boot.h"

#define FAKE_POISON	0xcc
#define FAKE_PAGE	4096
#define FAKE_BUCKETS	1024

#define FAKE_CHECK(cond) do {						\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
		abort();						\
	}								\
} while (0)

struct fake_page {
	struct fake_page *next;
	u64 gpa;
	u8 data[FAKE_PAGE];
	u8 written[FAKE_PAGE / 8];
};

struct fake_range {
	struct fake_range *next;
	u64 gpa, len;
};

struct fake_mem {
	struct hs_boot_mem ops;
	u64 ram_bytes;
	struct fake_page *bucket[FAKE_BUCKETS];
	struct fake_range *zeroed;
	u64 writes;		/* calls so far */
	u64 fail_at;		/* the call that fails, counted from 1; 0: none */
	u64 scratch[HS_BOOT_SCRATCH / 8];
};

struct fake_src {
	struct hs_boot_src ops;
	const u8 *data;
	size_t len;		/* bytes of @data; zeros follow up to ops.size */
	u64 reads;
	u64 fail_at;
	void (*tamper)(struct fake_src *src);	/* before each read */
};

static inline struct fake_page *fake_page(struct fake_mem *m, u64 gpa, bool make)
{
	u64 base = gpa & ~(u64)(FAKE_PAGE - 1);
	struct fake_page **b = &m->bucket[(base >> 12) % FAKE_BUCKETS], *p;
	struct fake_range *r;
	unsigned int i;

	for (p = *b; p; p = p->next)
		if (p->gpa == base)
			return p;
	if (!make)
		return NULL;
	p = calloc(1, sizeof(*p));
	p->gpa = base;
	memset(p->data, FAKE_POISON, sizeof(p->data));
	for (r = m->zeroed; r; r = r->next)
		for (i = 0; i < FAKE_PAGE; i++)
			if (base + i >= r->gpa && base + i - r->gpa < r->len)
				p->data[i] = 0;
	p->next = *b;
	*b = p;
	return p;
}

/* Only the loader's own structures in low memory may be written piecemeal. */
static inline bool fake_is_image(u64 gpa)
{
	return gpa >= HS_GPA_IMAGE_LOW &&
	       !(gpa >= HS_GPA_ACPI && gpa < HS_GPA_ACPI_END);
}

static inline int fake_write(void *arg, u64 gpa, const void *src, size_t len)
{
	struct fake_mem *m = arg;
	const u8 *b = src;
	size_t i, n;

	FAKE_CHECK(hs_layout_is_ram(m->ram_bytes, gpa, len));
	if (++m->writes == m->fail_at)
		return -ENOMEM;
	for (; len; gpa += n, b += n, len -= n) {
		struct fake_page *p = fake_page(m, gpa, true);
		unsigned int off = gpa & (FAKE_PAGE - 1);

		n = min_t(size_t, len, FAKE_PAGE - off);
		for (i = off; fake_is_image(gpa) && i < off + n; i++)
			FAKE_CHECK(!(p->written[i / 8] & 1 << i % 8));
		for (i = off; i < off + n; i++)
			p->written[i / 8] |= 1 << i % 8;
		memcpy(p->data + off, b, n);
	}
	return 0;
}

static inline int fake_zero(void *arg, u64 gpa, u64 len)
{
	struct fake_mem *m = arg;
	struct fake_range *r;
	struct fake_page *p;
	unsigned int b, i;

	FAKE_CHECK(hs_layout_is_ram(m->ram_bytes, gpa, len));
	if (++m->writes == m->fail_at)
		return -ENOMEM;
	r = calloc(1, sizeof(*r));
	*r = (struct fake_range){ m->zeroed, gpa, len };
	m->zeroed = r;
	for (b = 0; b < FAKE_BUCKETS; b++)
		for (p = m->bucket[b]; p; p = p->next)
			for (i = 0; i < FAKE_PAGE; i++)
				if (p->gpa + i >= gpa && p->gpa + i - gpa < len) {
					FAKE_CHECK(!(p->written[i / 8] & 1 << i % 8));
					p->data[i] = 0;
				}
	return 0;
}

/* What the guest would read. */
static inline void fake_get(struct fake_mem *m, u64 gpa, void *dst, size_t len)
{
	struct fake_page *p;
	struct fake_range *r;
	u8 *b = dst;
	size_t i, n;

	for (; len; gpa += n, b += n, len -= n) {
		n = min_t(size_t, len, FAKE_PAGE - (gpa & (FAKE_PAGE - 1)));
		p = fake_page(m, gpa, false);
		if (p) {
			memcpy(b, p->data + (gpa & (FAKE_PAGE - 1)), n);
			continue;
		}
		for (i = 0; i < n; i++) {
			b[i] = FAKE_POISON;
			for (r = m->zeroed; r; r = r->next)
				if (gpa + i >= r->gpa && gpa + i - r->gpa < r->len)
					b[i] = 0;
		}
	}
}

#define FAKE_GET(type)							\
static inline type fake_get_##type(struct fake_mem *m, u64 gpa)	\
{									\
	type v;								\
									\
	fake_get(m, gpa, &v, sizeof(v));				\
	return v;							\
}
FAKE_GET(u8)
FAKE_GET(u16)
FAKE_GET(u32)
FAKE_GET(u64)

static inline bool fake_equal(struct fake_mem *m, u64 gpa, const void *data, size_t len)
{
	u8 buf[FAKE_PAGE];
	const u8 *b = data;
	size_t n;

	for (; len; gpa += n, b += n, len -= n) {
		n = min_t(size_t, len, sizeof(buf));
		fake_get(m, gpa, buf, n);
		if (memcmp(buf, b, n))
			return false;
	}
	return true;
}

static inline bool fake_is_string(struct fake_mem *m, u64 gpa, const char *s)
{
	return fake_equal(m, gpa, s, strlen(s) + 1);
}

static inline void fake_mem_init(struct fake_mem *m, u64 ram_bytes)
{
	memset(m, 0, sizeof(*m));
	m->ram_bytes = ram_bytes;
	m->ops = (struct hs_boot_mem){
		.write = fake_write, .zero = fake_zero, .arg = m,
		.scratch = m->scratch,
	};
}

static inline void fake_mem_free(struct fake_mem *m)
{
	struct fake_range *r;
	struct fake_page *p;
	unsigned int b;

	for (b = 0; b < FAKE_BUCKETS; b++)
		while ((p = m->bucket[b])) {
			m->bucket[b] = p->next;
			free(p);
		}
	while ((r = m->zeroed)) {
		m->zeroed = r->next;
		free(r);
	}
}

static inline int fake_read(void *arg, u64 off, void *dst, size_t len)
{
	struct fake_src *s = arg;
	size_t n = 0;

	FAKE_CHECK(off <= s->ops.size && len <= s->ops.size - off);
	if (++s->reads == s->fail_at)
		return -EIO;
	if (s->tamper)
		s->tamper(s);
	if (off < s->len) {
		n = min_t(u64, len, s->len - off);
		memcpy(dst, s->data + off, n);
	}
	memset((u8 *)dst + n, 0, len - n);
	return 0;
}

static inline void fake_src_init(struct fake_src *s, const void *data, size_t len)
{
	*s = (struct fake_src){
		.ops = { .read = fake_read, .arg = s, .size = len },
		.data = data, .len = len,
	};
}

#endif /* BOOT_FAKE_H */
