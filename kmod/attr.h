/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Attributes of a message, as the pure parsers see them.
 *
 * The netlink policies have looked at types and lengths before; each payload is
 * looked at again here, because this code does not know whether the policy that
 * should have protected it did, and it costs nothing.
 */
#ifndef HS_ATTR_H
#define HS_ATTR_H

#include "pure.h"

/* One attribute: where its payload is; @data NULL = not there. */
struct hs_attr_view {
	const void *data;
	u16 len;
};

/**
 * struct hs_attr_error - what is wrong with a message
 * @why: sentence in static storage, without capital, full stop or newline
 * @attr: attribute to blame, or 0; of the name space that the parser was for
 * @missing: @attr is not there, but has to be
 */
struct hs_attr_error {
	const char *why;
	u16 attr;
	bool missing;
};

/* Says that @attr is to blame; @err. */
static inline int hs_attr_blame(struct hs_attr_error *e, int err, u16 attr,
				const char *why)
{
	e->attr = attr;
	e->why = why;
	e->missing = false;
	return err;
}

/* Says that @attr is missing; -EINVAL. */
static inline int hs_attr_missing(struct hs_attr_error *e, u16 attr, const char *why)
{
	hs_attr_blame(e, 0, attr, why);
	e->missing = true;
	return -EINVAL;
}

/* Payload as a string of at most @max bytes without its NUL; NULL: it is none. */
static inline const char *hs_attr_string(const struct hs_attr_view *a, size_t max)
{
	const char *nul = memchr(a->data, 0, a->len);

	/* Bytes after the NUL would be something that nobody looked at. */
	if (!nul || nul != (const char *)a->data + a->len - 1 || a->len - 1 > max)
		return NULL;
	return a->data;
}

/* Payload as a number of exactly @size bytes; netlink aligns only to 4. */
static inline bool hs_attr_number(const struct hs_attr_view *a, size_t size, void *value)
{
	if (a->len != size)
		return false;
	memcpy(value, a->data, size);
	return true;
}

/* A 32-bit number, @dflt where it is not there.  0 or -EINVAL. */
static inline int hs_attr_u32(const struct hs_attr_view *tb, u16 attr, u32 dflt,
			      u32 *value, struct hs_attr_error *e)
{
	*value = dflt;
	if (tb[attr].data && !hs_attr_number(&tb[attr], sizeof(*value), value))
		return hs_attr_blame(e, -EINVAL, attr, "not a 32-bit number");
	return 0;
}

/* A descriptor, -1 where it is not there.  0, -EINVAL or -EBADF. */
static inline int hs_attr_fd(const struct hs_attr_view *tb, u16 attr, s32 *fd,
			     struct hs_attr_error *e)
{
	*fd = -1;
	if (!tb[attr].data)
		return 0;
	if (!hs_attr_number(&tb[attr], sizeof(*fd), fd))
		return hs_attr_blame(e, -EINVAL, attr, "not a 32-bit number");
	if (*fd < 0)
		return hs_attr_blame(e, -EBADF, attr, "a file descriptor is not negative");
	return 0;
}

#endif /* HS_ATTR_H */
