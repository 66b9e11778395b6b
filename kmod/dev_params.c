// SPDX-License-Identifier: GPL-2.0
/*
 * The meaning of a message's attributes: disks, network interfaces, CPU
 * features.
 *
 * A nest has a name space of its own: the attribute to blame is one of the nest's.
 */
#include "dev/virtio_net_core.h"
#include "dev_params.h"
#include "vm_params.h"

/**
 * hs_dev_id_ok - whether @id may name a device
 * @id: NUL-terminated
 *
 * Return: true when it may.  Any context.
 */
bool hs_dev_id_ok(const char *id)
{
	return hs_name_ok(id, HS_DEV_ID_MAX);
}

static int get_id(const struct hs_attr_view *a, u16 attr, char id[HS_DEV_ID_MAX + 1],
		  struct hs_attr_error *e)
{
	const char *s = hs_attr_string(a, HS_DEV_ID_MAX);

	if (!s)
		return hs_attr_blame(e, -EINVAL, attr,
				     "an id is a string of at most 20 bytes");
	if (!hs_dev_id_ok(s))
		return hs_attr_blame(e, -EINVAL, attr,
				     "an id begins with a letter and goes on with letters, digits, '.', '_' and '-'");
	memcpy(id, s, strlen(s) + 1);
	return 0;
}

/**
 * hs_disk_params_get - the description of a disk
 * @tb: attributes of the nest by number
 * @d: filled in
 * @e: what is wrong, when something is
 *
 * Return: 0; -EINVAL for what is missing or malformed, -EBADF for a negative
 * descriptor, -EOPNOTSUPP for flags that this version does not know.  Any context.
 */
int hs_disk_params_get(const struct hs_attr_view tb[HS_A_DISK_MAX + 1],
		       struct hs_dev_params *d, struct hs_attr_error *e)
{
	int err;

	memset(d, 0, sizeof(*d));
	d->kind = HS_DEV_DISK;
	if (!tb[HS_A_DISK_FD].data)
		return hs_attr_missing(e, HS_A_DISK_FD, "a disk needs a file");
	err = hs_attr_fd(tb, HS_A_DISK_FD, &d->fd, e) ?:
	      hs_attr_u32(tb, HS_A_DISK_FLAGS, 0, &d->flags, e);
	if (err)
		return err;
	if (d->flags & ~__HS_DISK_F_ALL)
		return hs_attr_blame(e, -EOPNOTSUPP, HS_A_DISK_FLAGS,
				     "a flag that this version does not know");
	if (tb[HS_A_DISK_ID].data)
		return get_id(&tb[HS_A_DISK_ID], HS_A_DISK_ID, d->id, e);
	return 0;
}

static int get_mac(const struct hs_attr_view *a, u8 mac[HS_MAC_LEN],
		   struct hs_attr_error *e)
{
	const char *why;

	if (a->len != HS_MAC_LEN)
		return hs_attr_blame(e, -EINVAL, HS_A_NET_MAC, "a MAC address has 6 bytes");
	memcpy(mac, a->data, HS_MAC_LEN);
	why = hs_net_mac_check(mac);
	return why ? hs_attr_blame(e, -EINVAL, HS_A_NET_MAC, why) : 0;
}

/**
 * hs_net_params_get - the description of a network interface
 * @tb: attributes of the nest by number
 * @d: filled in
 * @e: what is wrong, when something is
 *
 * Return: 0; -EINVAL for what is missing or malformed, -EBADF for a negative
 * descriptor.  Any context.
 */
int hs_net_params_get(const struct hs_attr_view tb[HS_A_NET_MAX + 1],
		      struct hs_dev_params *d, struct hs_attr_error *e)
{
	int err;

	memset(d, 0, sizeof(*d));
	d->kind = HS_DEV_NET;
	if (!tb[HS_A_NET_FD].data)
		return hs_attr_missing(e, HS_A_NET_FD, "a network interface needs a tap device");
	err = hs_attr_fd(tb, HS_A_NET_FD, &d->fd, e);
	if (err)
		return err;
	d->has_mac = tb[HS_A_NET_MAC].data;
	if (d->has_mac) {
		err = get_mac(&tb[HS_A_NET_MAC], d->mac, e);
		if (err)
			return err;
	}
	if (tb[HS_A_NET_ID].data)
		return get_id(&tb[HS_A_NET_ID], HS_A_NET_ID, d->id, e);
	return 0;
}

/**
 * hs_dev_id_get - which device a message is about
 * @tb: attributes of the message by number
 * @id: filled in
 * @e: what is wrong, when something is
 *
 * Return: 0, or -EINVAL when it is missing or malformed.  Any context.
 */
int hs_dev_id_get(const struct hs_attr_view tb[HS_A_MAX + 1],
		  char id[HS_DEV_ID_MAX + 1], struct hs_attr_error *e)
{
	id[0] = 0;
	if (!tb[HS_A_DEV_ID].data)
		return hs_attr_missing(e, HS_A_DEV_ID, "the id of a device is needed");
	return get_id(&tb[HS_A_DEV_ID], HS_A_DEV_ID, id, e);
}

/**
 * hs_dev_up_get - whether a link is to be up
 * @tb: attributes of the message by number
 * @up: filled in
 * @e: what is wrong, when something is
 *
 * Return: 0, -EINVAL when it is missing or malformed, -ERANGE.  Any context.
 */
int hs_dev_up_get(const struct hs_attr_view tb[HS_A_MAX + 1], bool *up,
		  struct hs_attr_error *e)
{
	u32 v;
	int err;

	if (!tb[HS_A_DEV_UP].data)
		return hs_attr_missing(e, HS_A_DEV_UP, "whether the link is to be up is needed");
	err = hs_attr_u32(tb, HS_A_DEV_UP, 0, &v, e);
	if (err)
		return err;
	if (v > 1)
		return hs_attr_blame(e, -ERANGE, HS_A_DEV_UP, "a link is up (1) or down (0)");
	*up = v;
	return 0;
}

/**
 * hs_feature_get - the name of a CPU feature
 * @a: one HS_A_VM_CPU_HIDE
 * @name: filled in
 * @e: what is wrong, when something is
 *
 * Whether there is such a feature is not looked at here.
 *
 * Return: 0 or -EINVAL.  Any context.
 */
int hs_feature_get(const struct hs_attr_view *a, char name[HS_FEATURE_MAX + 1],
		   struct hs_attr_error *e)
{
	const char *s = hs_attr_string(a, HS_FEATURE_MAX);

	if (!s || !*s)
		return hs_attr_blame(e, -EINVAL, HS_A_VM_CPU_HIDE,
				     "a CPU feature is a string of 1 to 31 bytes");
	memcpy(name, s, strlen(s) + 1);
	return 0;
}

/**
 * hs_dev_id_default - the id of a device that was given none
 * @kind: HS_DEV_DISK or HS_DEV_NET
 * @n: 0, 1, ... up to 99
 * @id: receives "disk0", "net12" and the like
 *
 * Any context.
 */
void hs_dev_id_default(enum hs_dev_kind kind, unsigned int n, char id[HS_DEV_ID_MAX + 1])
{
	const char *word = kind == HS_DEV_DISK ? "disk" : "net";
	size_t len = strlen(word);

	memcpy(id, word, len);
	if (n >= 10)
		id[len++] = '0' + n / 10 % 10;
	id[len++] = '0' + n % 10;
	id[len] = 0;
}

static bool is_taken(const struct hs_dev_params *d, unsigned int nr, const char *id)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!strcmp(d[i].id, id))
			return true;
	return false;
}

/**
 * hs_dev_ids_fill - give an id to each device of a list that has none
 * @d: the devices, @nr of them
 * @nr: at most HS_DEVS_MAX
 *
 * Ids that were given count first, wherever in the list they are.
 *
 * Return: -1, or the index of the first device whose id an earlier one has.  Any
 * context.
 */
int hs_dev_ids_fill(struct hs_dev_params *d, unsigned int nr)
{
	unsigned int i, n;

	for (i = 0; i < nr; i++)
		if (d[i].id[0] && is_taken(d, i, d[i].id))
			return i;
	for (i = 0; i < nr; i++) {
		char id[HS_DEV_ID_MAX + 1];

		if (d[i].id[0])
			continue;
		/* Of nr + 1 names one is free. */
		for (n = 0; n <= nr; n++) {
			hs_dev_id_default(d[i].kind, n, id);
			if (!is_taken(d, nr, id))
				break;
		}
		memcpy(d[i].id, id, sizeof(id));
	}
	return -1;
}
