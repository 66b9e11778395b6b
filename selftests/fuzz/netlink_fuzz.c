// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer for the meaning of netlink attributes.
 *
 * Input: attributes as they come in a message.  They are cut apart as netlink
 * does it, but no policy is applied: the code has to stand without one.  Each
 * payload gets a buffer of exactly its own size, so that a byte read too far
 * is seen.
 */
#include <stdlib.h>
#include "vm_params.h"
#include "boot/layout.h"

#define CHECK(cond)	do { if (!(cond)) __builtin_trap(); } while (0)

struct attr_header {
	u16 len;	/* with this header */
	u16 type;
};

static void *payload[HS_A_MAX + 1];

static void drop(struct hs_attr_view tb[HS_A_MAX + 1], unsigned int type)
{
	free(payload[type]);
	payload[type] = NULL;
	memset(&tb[type], 0, sizeof(tb[type]));
}

/* The last attribute of a type counts; unknown types are skipped. */
static void cut(const u8 *data, size_t size, struct hs_attr_view tb[HS_A_MAX + 1])
{
	while (size >= sizeof(struct attr_header)) {
		struct attr_header h;
		size_t len, step;

		memcpy(&h, data, sizeof(h));
		if (h.len < sizeof(h) || h.len > size)
			return;
		len = h.len - sizeof(h);
		if (h.type && h.type <= HS_A_MAX) {
			drop(tb, h.type);
			/* malloc(0) may be NULL, which would mean "not there" */
			payload[h.type] = malloc(len ? len : 1);
			CHECK(payload[h.type]);
			memcpy(payload[h.type], data + sizeof(h), len);
			tb[h.type].data = payload[h.type];
			tb[h.type].len = len;
		}
		step = ALIGN((size_t)h.len, 4);
		if (step > size)
			return;
		data += step;
		size -= step;
	}
}

/* An error has a sentence, and blames what is there or misses what is not. */
static void check_error(const struct hs_attr_view tb[HS_A_MAX + 1], int err,
			const struct hs_attr_error *e)
{
	CHECK(err == -EINVAL || err == -ERANGE || err == -EBADF ||
	      err == -EOPNOTSUPP);
	CHECK(e->why && e->why[0]);
	CHECK(e->attr > 0 && e->attr <= HS_A_MAX);
	CHECK(e->missing == !tb[e->attr].data);
}

static void check_name(const char *name)
{
	CHECK(strnlen(name, HS_NAME_MAX + 1) <= HS_NAME_MAX);
	CHECK(hs_vm_name_ok(name));
	CHECK(!strpbrk(name, " /\n\t'\"\\*?$`"));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct hs_attr_view tb[HS_A_MAX + 1] = { };
	struct hs_attr_error e = { };
	struct hs_vm_params p;
	struct hs_vm_key key;
	unsigned int i;
	int err;

	cut(data, size, tb);

	err = hs_vm_params_get(tb, &p, &e);
	if (err) {
		check_error(tb, err, &e);
	} else {
		check_name(p.name);
		CHECK(p.cmdline && strlen(p.cmdline) <= HS_CMDLINE_MAX);
		CHECK(p.mem_bytes >= HS_MEM_MIN && p.mem_bytes <= HS_RAM_MAX);
		CHECK(p.mem_bytes % 4096 == 0);
		CHECK(p.cpus >= 1 && p.cpus <= HS_CPUS_MAX);
		CHECK(!(p.flags & ~__HS_VM_F_ALL));
		CHECK(p.page_bytes == HS_PAGE_4K || p.page_bytes == HS_PAGE_2M);
		CHECK(p.on_panic == HS_ON_PANIC_FAIL || p.on_panic == HS_ON_PANIC_RESET);
		CHECK(p.kernel_fd >= 0 && p.initrd_fd >= -1);
		CHECK((p.initrd_fd == -1) == !tb[HS_A_VM_INITRD_FD].data);
	}

	memset(&e, 0, sizeof(e));
	err = hs_vm_key_get(tb, &key, &e);
	if (err) {
		check_error(tb, err, &e);
	} else {
		CHECK(key.has_name || key.has_id);
		CHECK(key.has_name == !!tb[HS_A_VM_NAME].data);
		CHECK(key.has_id == !!tb[HS_A_VM_ID].data);
		if (key.has_name)
			check_name(key.name);
	}

	for (i = 1; i <= HS_A_MAX; i++)
		drop(tb, i);
	return 0;
}
