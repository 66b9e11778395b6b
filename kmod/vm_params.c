// SPDX-License-Identifier: GPL-2.0
/*
 * The meaning of a message's attributes.
 *
 * The netlink policies have looked at types and lengths before; here each
 * payload is looked at again, because this code does not know whether the
 * policy that should have protected it did, and it costs nothing.
 */
#include "vm_params.h"
#include "boot/layout.h"

static int blame(struct hs_attr_error *e, int err, u16 attr, const char *why)
{
	e->attr = attr;
	e->why = why;
	e->missing = false;
	return err;
}

static int missing(struct hs_attr_error *e, u16 attr, const char *why)
{
	blame(e, 0, attr, why);
	e->missing = true;
	return -EINVAL;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name_char(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
	       c == '-';
}

/**
 * hs_vm_name_ok - whether @name may name a VM
 * @name: NUL-terminated
 *
 * A letter first, so that a name is never mistaken for an id, an option or a
 * hidden file; only what needs no quoting in a shell, a path or a unit name.
 *
 * Return: true when it may.  Any context.
 */
bool hs_vm_name_ok(const char *name)
{
	size_t n;

	if (!is_letter(name[0]))
		return false;
	for (n = 1; name[n]; n++)
		if (n >= HS_NAME_MAX || !is_name_char(name[n]))
			return false;
	return true;
}

/* Payload as a string of at most @max bytes without its NUL; NULL: it is none. */
static const char *get_string(const struct hs_attr_view *a, size_t max)
{
	const char *nul = memchr(a->data, 0, a->len);

	/* Bytes after the NUL would be something that nobody looked at. */
	if (!nul || nul != (const char *)a->data + a->len - 1 || a->len - 1 > max)
		return NULL;
	return a->data;
}

/* Payload as a number of exactly @size bytes; netlink aligns only to 4. */
static bool get_number(const struct hs_attr_view *a, size_t size, void *value)
{
	if (a->len != size)
		return false;
	memcpy(value, a->data, size);
	return true;
}

static int get_u32(const struct hs_attr_view tb[HS_A_MAX + 1], u16 attr, u32 dflt,
		   u32 *value, struct hs_attr_error *e)
{
	*value = dflt;
	if (tb[attr].data && !get_number(&tb[attr], sizeof(*value), value))
		return blame(e, -EINVAL, attr, "not a 32-bit number");
	return 0;
}

static int get_fd(const struct hs_attr_view tb[HS_A_MAX + 1], u16 attr, s32 *fd,
		  struct hs_attr_error *e)
{
	*fd = -1;
	if (!tb[attr].data)
		return 0;
	if (!get_number(&tb[attr], sizeof(*fd), fd))
		return blame(e, -EINVAL, attr, "not a 32-bit number");
	if (*fd < 0)
		return blame(e, -EBADF, attr, "a file descriptor is not negative");
	return 0;
}

static int get_name(const struct hs_attr_view *a, char name[HS_NAME_MAX + 1],
		    struct hs_attr_error *e)
{
	const char *s = get_string(a, HS_NAME_MAX);

	if (!s)
		return blame(e, -EINVAL, HS_A_VM_NAME,
			     "a name is a string of at most 63 bytes");
	if (!hs_vm_name_ok(s))
		return blame(e, -EINVAL, HS_A_VM_NAME,
			     "a name begins with a letter and goes on with letters, digits, '.', '_' and '-'");
	memcpy(name, s, strlen(s) + 1);
	return 0;
}

static int get_memory(const struct hs_attr_view *a, u64 *bytes,
		      struct hs_attr_error *e)
{
	if (!a->data)
		return missing(e, HS_A_VM_MEM_BYTES, "a VM needs memory");
	if (!get_number(a, sizeof(*bytes), bytes))
		return blame(e, -EINVAL, HS_A_VM_MEM_BYTES, "not a 64-bit number");
	if (!IS_ALIGNED(*bytes, HS_RAM_ALIGN))
		return blame(e, -EINVAL, HS_A_VM_MEM_BYTES,
			     "memory is a multiple of 4096 bytes");
	if (*bytes < HS_MEM_MIN)
		return blame(e, -ERANGE, HS_A_VM_MEM_BYTES,
			     "a VM has at least 4 MiB of memory");
	if (*bytes > HS_RAM_MAX)
		return blame(e, -ERANGE, HS_A_VM_MEM_BYTES,
			     "more memory than a VM can address");
	return 0;
}

/**
 * hs_vm_params_get - the description of a VM from a message
 * @tb: attributes by number
 * @p: filled in; its @cmdline points into the message
 * @e: what is wrong, when something is
 *
 * All of it is right, or none of it is used.  Any context.
 *
 * Return: 0; -EINVAL for what is missing or malformed, -ERANGE for numbers out
 * of range, -EBADF for a negative descriptor, -EOPNOTSUPP for flags and choices
 * that this version does not know.
 */
int hs_vm_params_get(const struct hs_attr_view tb[HS_A_MAX + 1],
		     struct hs_vm_params *p, struct hs_attr_error *e)
{
	int err;

	memset(p, 0, sizeof(*p));
	if (!tb[HS_A_VM_NAME].data)
		return missing(e, HS_A_VM_NAME, "a VM needs a name");
	err = get_name(&tb[HS_A_VM_NAME], p->name, e);
	if (err)
		return err;
	if (!tb[HS_A_VM_KERNEL_FD].data)
		return missing(e, HS_A_VM_KERNEL_FD, "a VM needs a kernel image");
	err = get_fd(tb, HS_A_VM_KERNEL_FD, &p->kernel_fd, e) ?:
	      get_fd(tb, HS_A_VM_INITRD_FD, &p->initrd_fd, e) ?:
	      get_memory(&tb[HS_A_VM_MEM_BYTES], &p->mem_bytes, e) ?:
	      get_u32(tb, HS_A_VM_CPUS, 1, &p->cpus, e) ?:
	      get_u32(tb, HS_A_VM_FLAGS, 0, &p->flags, e) ?:
	      get_u32(tb, HS_A_VM_ON_PANIC, HS_ON_PANIC_FAIL, &p->on_panic, e) ?:
	      get_u32(tb, HS_A_VM_PAGE_BYTES, HS_PAGE_4K, &p->page_bytes, e);
	if (err)
		return err;
	if (!p->cpus || p->cpus > HS_CPUS_MAX)
		return blame(e, -ERANGE, HS_A_VM_CPUS, "a VM has 1 to 255 CPUs");
	if (p->flags & ~__HS_VM_F_ALL)
		return blame(e, -EOPNOTSUPP, HS_A_VM_FLAGS,
			     "a flag that this version does not know");
	if (p->on_panic != HS_ON_PANIC_FAIL && p->on_panic != HS_ON_PANIC_RESET)
		return blame(e, -EOPNOTSUPP, HS_A_VM_ON_PANIC,
			     "a panic action that this version does not know");
	if (p->page_bytes != HS_PAGE_4K && p->page_bytes != HS_PAGE_2M)
		return blame(e, -EOPNOTSUPP, HS_A_VM_PAGE_BYTES,
			     "guest memory is given by 4 KiB or by 2 MiB");
	p->cmdline = "";
	if (tb[HS_A_VM_CMDLINE].data) {
		p->cmdline = get_string(&tb[HS_A_VM_CMDLINE], HS_CMDLINE_MAX);
		if (!p->cmdline)
			return blame(e, -EINVAL, HS_A_VM_CMDLINE,
				     "a command line is a string of at most 2047 bytes");
	}
	return 0;
}

/**
 * hs_vm_key_get - which VM a message is about
 * @tb: attributes by number
 * @key: filled in
 * @e: what is wrong, when something is
 *
 * Return: 0, or -EINVAL when neither name nor id is there, or one is malformed.
 * Any context.
 */
int hs_vm_key_get(const struct hs_attr_view tb[HS_A_MAX + 1],
		  struct hs_vm_key *key, struct hs_attr_error *e)
{
	int err;

	memset(key, 0, sizeof(*key));
	key->has_name = tb[HS_A_VM_NAME].data;
	key->has_id = tb[HS_A_VM_ID].data;
	if (!key->has_name && !key->has_id)
		return missing(e, HS_A_VM_NAME, "name or id of a VM is needed");
	if (key->has_name) {
		err = get_name(&tb[HS_A_VM_NAME], key->name, e);
		if (err)
			return err;
	}
	return get_u32(tb, HS_A_VM_ID, 0, &key->id, e);
}
