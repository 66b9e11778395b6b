// SPDX-License-Identifier: GPL-2.0
/* The meaning of a message's attributes: what a VM is made from, what it is called. */
#include "vm_params.h"
#include "boot/layout.h"

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
 * hs_name_ok - whether @name may name a VM, or a device of one
 * @name: NUL-terminated
 * @max: bytes that it may have
 *
 * A letter first, so that a name is never mistaken for an id, an option or a
 * hidden file; only what needs no quoting in a shell, a path or a unit name.
 *
 * Return: true when it may.  Any context.
 */
bool hs_name_ok(const char *name, size_t max)
{
	size_t n;

	if (!is_letter(name[0]))
		return false;
	for (n = 1; name[n]; n++)
		if (n >= max || !is_name_char(name[n]))
			return false;
	return true;
}

/**
 * hs_vm_name_ok - whether @name may name a VM
 * @name: NUL-terminated
 *
 * Return: true when it may.  Any context.
 */
bool hs_vm_name_ok(const char *name)
{
	return hs_name_ok(name, HS_NAME_MAX);
}

static int get_name(const struct hs_attr_view *a, char name[HS_NAME_MAX + 1],
		    struct hs_attr_error *e)
{
	const char *s = hs_attr_string(a, HS_NAME_MAX);

	if (!s)
		return hs_attr_blame(e, -EINVAL, HS_A_VM_NAME,
				     "a name is a string of at most 63 bytes");
	if (!hs_vm_name_ok(s))
		return hs_attr_blame(e, -EINVAL, HS_A_VM_NAME,
				     "a name begins with a letter and goes on with letters, digits, '.', '_' and '-'");
	memcpy(name, s, strlen(s) + 1);
	return 0;
}

static int get_memory(const struct hs_attr_view *a, u64 *bytes,
		      struct hs_attr_error *e)
{
	if (!a->data)
		return hs_attr_missing(e, HS_A_VM_MEM_BYTES, "a VM needs memory");
	if (!hs_attr_number(a, sizeof(*bytes), bytes))
		return hs_attr_blame(e, -EINVAL, HS_A_VM_MEM_BYTES, "not a 64-bit number");
	if (!IS_ALIGNED(*bytes, HS_RAM_ALIGN))
		return hs_attr_blame(e, -EINVAL, HS_A_VM_MEM_BYTES,
				     "memory is a multiple of 4096 bytes");
	if (*bytes < HS_MEM_MIN)
		return hs_attr_blame(e, -ERANGE, HS_A_VM_MEM_BYTES,
				     "a VM has at least 4 MiB of memory");
	if (*bytes > HS_RAM_MAX)
		return hs_attr_blame(e, -ERANGE, HS_A_VM_MEM_BYTES,
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
		return hs_attr_missing(e, HS_A_VM_NAME, "a VM needs a name");
	err = get_name(&tb[HS_A_VM_NAME], p->name, e);
	if (err)
		return err;
	if (!tb[HS_A_VM_KERNEL_FD].data)
		return hs_attr_missing(e, HS_A_VM_KERNEL_FD, "a VM needs a kernel image");
	err = hs_attr_fd(tb, HS_A_VM_KERNEL_FD, &p->kernel_fd, e) ?:
	      hs_attr_fd(tb, HS_A_VM_INITRD_FD, &p->initrd_fd, e) ?:
	      get_memory(&tb[HS_A_VM_MEM_BYTES], &p->mem_bytes, e) ?:
	      hs_attr_u32(tb, HS_A_VM_CPUS, 1, &p->cpus, e) ?:
	      hs_attr_u32(tb, HS_A_VM_FLAGS, 0, &p->flags, e) ?:
	      hs_attr_u32(tb, HS_A_VM_ON_PANIC, HS_ON_PANIC_FAIL, &p->on_panic, e) ?:
	      hs_attr_u32(tb, HS_A_VM_PAGE_BYTES, HS_PAGE_4K, &p->page_bytes, e);
	if (err)
		return err;
	if (!p->cpus || p->cpus > HS_CPUS_MAX)
		return hs_attr_blame(e, -ERANGE, HS_A_VM_CPUS, "a VM has 1 to 255 CPUs");
	if (p->flags & ~__HS_VM_F_ALL)
		return hs_attr_blame(e, -EOPNOTSUPP, HS_A_VM_FLAGS,
				     "a flag that this version does not know");
	if (p->on_panic != HS_ON_PANIC_FAIL && p->on_panic != HS_ON_PANIC_RESET)
		return hs_attr_blame(e, -EOPNOTSUPP, HS_A_VM_ON_PANIC,
				     "a panic action that this version does not know");
	if (p->page_bytes != HS_PAGE_4K && p->page_bytes != HS_PAGE_2M)
		return hs_attr_blame(e, -EOPNOTSUPP, HS_A_VM_PAGE_BYTES,
				     "guest memory is given by 4 KiB or by 2 MiB");
	p->cmdline = "";
	if (tb[HS_A_VM_CMDLINE].data) {
		p->cmdline = hs_attr_string(&tb[HS_A_VM_CMDLINE], HS_CMDLINE_MAX);
		if (!p->cmdline)
			return hs_attr_blame(e, -EINVAL, HS_A_VM_CMDLINE,
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
		return hs_attr_missing(e, HS_A_VM_NAME, "name or id of a VM is needed");
	if (key->has_name) {
		err = get_name(&tb[HS_A_VM_NAME], key->name, e);
		if (err)
			return err;
	}
	return hs_attr_u32(tb, HS_A_VM_ID, 0, &key->id, e);
}
