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
#include "dev_params.h"
#include "vm_params.h"
#include "boot/layout.h"

#define CHECK(cond)	do { if (!(cond)) __builtin_trap(); } while (0)

struct attr_header {
	u16 len;	/* with this header */
	u16 type;
};

/* Room for the largest name space; nests are looked at one after the other. */
#define ATTRS	(HS_A_MAX + 1)
_Static_assert(HS_A_DISK_MAX <= HS_A_MAX && HS_A_NET_MAX <= HS_A_MAX, "room for nests");

static void drop(struct hs_attr_view *a)
{
	free((void *)a->data);
	memset(a, 0, sizeof(*a));
}

static void drop_all(struct hs_attr_view tb[ATTRS])
{
	unsigned int i;

	for (i = 0; i < ATTRS; i++)
		drop(&tb[i]);
}

static void take(struct hs_attr_view *a, const u8 *data, size_t len)
{
	/* malloc(0) may be NULL, which would mean "not there" */
	void *copy = malloc(len ? len : 1);

	CHECK(copy);
	memcpy(copy, data, len);
	drop(a);
	a->data = copy;
	a->len = len;
}

/* One attribute after the other; false at the end, or when the rest is none. */
static bool next(const u8 **data, size_t *size, u16 *type, const u8 **in, size_t *len)
{
	struct attr_header h;
	size_t step;

	if (*size < sizeof(h))
		return false;
	memcpy(&h, *data, sizeof(h));
	if (h.len < sizeof(h) || h.len > *size)
		return false;
	*type = h.type;
	*in = *data + sizeof(h);
	*len = h.len - sizeof(h);
	step = ALIGN((size_t)h.len, 4);
	step = step < *size ? step : *size;
	*data += step;
	*size -= step;
	return true;
}

/* The last attribute of a type counts; unknown types are skipped. */
static void cut(const u8 *data, size_t size, struct hs_attr_view tb[ATTRS], u16 max)
{
	const u8 *in;
	size_t len;
	u16 type;

	while (next(&data, &size, &type, &in, &len))
		if (type && type <= max)
			take(&tb[type], in, len);
}

/* An error has a sentence, and blames what is there or misses what is not. */
static void check_error(const struct hs_attr_view tb[ATTRS], int err,
			const struct hs_attr_error *e)
{
	CHECK(err == -EINVAL || err == -ERANGE || err == -EBADF ||
	      err == -EOPNOTSUPP);
	CHECK(e->why && e->why[0]);
	CHECK(e->attr > 0 && e->attr < ATTRS);
	CHECK(e->missing == !tb[e->attr].data);
}

static void check_name(const char *name)
{
	CHECK(strnlen(name, HS_NAME_MAX + 1) <= HS_NAME_MAX);
	CHECK(hs_vm_name_ok(name));
	CHECK(!strpbrk(name, " /\n\t'\"\\*?$`"));
}

static void check_id(const char *id)
{
	CHECK(strnlen(id, HS_DEV_ID_MAX + 1) <= HS_DEV_ID_MAX);
	CHECK(hs_dev_id_ok(id));
	CHECK(!strpbrk(id, " /\n\t'\"\\*?$`,="));
}

/* A disk or a net; false when it is refused. */
static bool look_dev(u16 type, const u8 *data, size_t size, struct hs_dev_params *d)
{
	struct hs_attr_view tb[ATTRS] = { };
	struct hs_attr_error e = { };
	int err;

	cut(data, size, tb, type == HS_A_VM_DISK ? HS_A_DISK_MAX : HS_A_NET_MAX);
	err = type == HS_A_VM_DISK ? hs_disk_params_get(tb, d, &e) :
				     hs_net_params_get(tb, d, &e);
	if (err) {
		check_error(tb, err, &e);
	} else {
		CHECK(d->kind == (type == HS_A_VM_DISK ? HS_DEV_DISK : HS_DEV_NET));
		CHECK(d->fd >= 0);
		CHECK(!(d->flags & ~__HS_DISK_F_ALL));
		CHECK(!(d->mac[0] & 1));
		CHECK(d->has_mac == !!memcmp(d->mac, "\0\0\0\0\0", HS_MAC_LEN));
		if (d->id[0])
			check_id(d->id);
	}
	drop_all(tb);
	return !err;
}

static void look_feature(const u8 *data, size_t size)
{
	struct hs_attr_view tb[ATTRS] = { };
	char name[HS_FEATURE_MAX + 1];
	struct hs_attr_error e = { };
	int err;

	take(&tb[HS_A_VM_CPU_HIDE], data, size);
	err = hs_feature_get(&tb[HS_A_VM_CPU_HIDE], name, &e);
	if (err)
		check_error(tb, err, &e);
	else
		CHECK(strlen(name) == size - 1 && size > 1);
	drop_all(tb);
}

static void check_ids(struct hs_dev_params *d, unsigned int nr)
{
	int twice = hs_dev_ids_fill(d, nr), same = -1;
	unsigned int i, j;

	for (i = 0; i < nr; i++) {
		if (twice >= 0 && !d[i].id[0])
			continue;
		check_id(d[i].id);
		for (j = 0; j < i; j++)
			if (same < 0 && !strcmp(d[i].id, d[j].id))
				same = i;
	}
	CHECK(same == twice);
}

/* What may be there several times, in the order of the message. */
static void look_repeated(const u8 *data, size_t size)
{
	struct hs_dev_params dev[HS_DEVS_MAX];
	unsigned int nr = 0;
	const u8 *in;
	size_t len;
	u16 type;

	while (next(&data, &size, &type, &in, &len)) {
		if (type == HS_A_VM_CPU_HIDE)
			look_feature(in, len);
		else if ((type == HS_A_VM_DISK || type == HS_A_VM_NET) && nr < HS_DEVS_MAX)
			nr += look_dev(type, in, len, &dev[nr]);
	}
	check_ids(dev, nr);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct hs_attr_view tb[ATTRS] = { };
	struct hs_attr_error e = { };
	char id[HS_DEV_ID_MAX + 1];
	struct hs_vm_params p;
	struct hs_vm_key key;
	bool up;
	int err;

	cut(data, size, tb, HS_A_MAX);

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

	memset(&e, 0, sizeof(e));
	err = hs_dev_id_get(tb, id, &e);
	if (err)
		check_error(tb, err, &e);
	else
		check_id(id);

	memset(&e, 0, sizeof(e));
	err = hs_dev_up_get(tb, &up, &e);
	if (err)
		check_error(tb, err, &e);

	look_repeated(data, size);
	drop_all(tb);
	return 0;
}
