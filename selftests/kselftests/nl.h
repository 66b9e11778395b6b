/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Netlink for tests: messages built by hand, so that they can be wrong, and
 * errors taken apart to the last field.
 */
#ifndef HS_TEST_NL_H
#define HS_TEST_NL_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/hyperspace.h>

struct nl {
	int fd;
	uint32_t seq;
	uint16_t family;
	uint32_t group;		/* of the events */
	size_t size;		/* of what is read at once */
};

/* A request. */
struct nl_msg {
	union {
		struct nlmsghdr h;
		char buf[8192];
	};
};

/* How a request ended. */
struct nl_end {
	int err;		/* 0 or negative errno */
	char why[256];		/* sentence, "" without */
	int attr;		/* type of the attribute to blame, 0 without */
	int miss;		/* type of the attribute that is missing, 0 without */
	int nest;		/* type of the nest that it is missing in, 0: none */
	bool intr;		/* dump was inconsistent */
	unsigned int replies;
};

typedef void (*nl_reply_fn)(const struct nlmsghdr *h, void *arg);

static inline struct nlattr *nl_first(const struct nlmsghdr *h)
{
	return (struct nlattr *)((char *)h + NLMSG_HDRLEN + GENL_HDRLEN);
}

static inline void *nl_data(const struct nlattr *a)
{
	return (char *)a + NLA_HDRLEN;
}

/* The first attribute of @type in @len bytes at @a, or NULL. */
static inline struct nlattr *nl_find_in(struct nlattr *a, int len, int type)
{
	while (len >= NLA_HDRLEN && a->nla_len >= NLA_HDRLEN && a->nla_len <= len) {
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a;
		len -= NLA_ALIGN(a->nla_len);
		a = (struct nlattr *)((char *)a + NLA_ALIGN(a->nla_len));
	}
	return NULL;
}

static inline struct nlattr *nl_find(const struct nlmsghdr *h, int type)
{
	return nl_find_in(nl_first(h), h->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN, type);
}

static inline struct nlattr *nl_find_nested(struct nlattr *nest, int type)
{
	return nl_find_in(nl_data(nest), nest->nla_len - NLA_HDRLEN, type);
}

static inline uint32_t nl_u32(const struct nlattr *a)
{
	uint32_t v = 0;

	if (a && a->nla_len >= NLA_HDRLEN + 4)
		memcpy(&v, nl_data(a), 4);
	return v;
}

static inline uint64_t nl_u64(const struct nlattr *a)
{
	uint64_t v = 0;

	if (a && a->nla_len >= NLA_HDRLEN + 8)
		memcpy(&v, nl_data(a), 8);
	return v;
}

static inline const char *nl_str(const struct nlattr *a)
{
	return a ? nl_data(a) : "";
}

static inline void nl_begin_to(struct nl_msg *m, uint16_t family, int cmd, int flags)
{
	struct genlmsghdr *g;

	memset(m, 0, sizeof(*m));
	m->h.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN;
	m->h.nlmsg_type = family;
	m->h.nlmsg_flags = NLM_F_REQUEST | flags;
	g = NLMSG_DATA(&m->h);
	g->cmd = cmd;
	g->version = HS_GENL_VERSION;
}

static inline void nl_begin(struct nl_msg *m, const struct nl *nl, int cmd, int flags)
{
	nl_begin_to(m, nl->family, cmd, flags);
}

static inline struct nlattr *nl_put(struct nl_msg *m, int type, const void *data, int len)
{
	struct nlattr *a = (struct nlattr *)(m->buf + NLMSG_ALIGN(m->h.nlmsg_len));

	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy(nl_data(a), data, len);
	m->h.nlmsg_len = NLMSG_ALIGN(m->h.nlmsg_len) + NLA_ALIGN(a->nla_len);
	return a;
}

static inline struct nlattr *nl_put_u32(struct nl_msg *m, int type, uint32_t v)
{
	return nl_put(m, type, &v, sizeof(v));
}

static inline struct nlattr *nl_put_u64(struct nl_msg *m, int type, uint64_t v)
{
	return nl_put(m, type, &v, sizeof(v));
}

static inline struct nlattr *nl_put_str(struct nl_msg *m, int type, const char *s)
{
	return nl_put(m, type, s, strlen(s) + 1);
}

/* What is put until nl_nest_end() lies in a nest. */
static inline struct nlattr *nl_nest(struct nl_msg *m, int type)
{
	return nl_put(m, type | NLA_F_NESTED, NULL, 0);
}

static inline void nl_nest_end(struct nl_msg *m, struct nlattr *nest)
{
	nest->nla_len = m->buf + m->h.nlmsg_len - (char *)nest;
}

static inline void nl_read_tlvs(const struct nl_msg *m, struct nlattr *a, int len,
				struct nl_end *e)
{
	struct nlattr *t;
	uint32_t offs;

	t = nl_find_in(a, len, NLMSGERR_ATTR_MSG);
	if (t)
		snprintf(e->why, sizeof(e->why), "%s", nl_str(t));
	t = nl_find_in(a, len, NLMSGERR_ATTR_OFFS);
	offs = nl_u32(t);
	if (t && offs + NLA_HDRLEN <= m->h.nlmsg_len)
		e->attr = ((struct nlattr *)(m->buf + offs))->nla_type & NLA_TYPE_MASK;
	t = nl_find_in(a, len, NLMSGERR_ATTR_MISS_TYPE);
	if (t)
		e->miss = nl_u32(t);
	t = nl_find_in(a, len, NLMSGERR_ATTR_MISS_NEST);
	offs = nl_u32(t);
	if (t && offs + NLA_HDRLEN <= m->h.nlmsg_len)
		e->nest = ((struct nlattr *)(m->buf + offs))->nla_type & NLA_TYPE_MASK;
}

/* One message of an answer; true when it was the last. */
static inline bool nl_take(const struct nl_msg *m, const struct nlmsghdr *h,
			   struct nl_end *e, nl_reply_fn fn, void *arg)
{
	char *data = NLMSG_DATA(h);
	int skip;

	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		e->intr = true;
	switch (h->nlmsg_type) {
	case NLMSG_ERROR:
		e->err = ((struct nlmsgerr *)data)->error;
		skip = sizeof(struct nlmsgerr);
		if (!(h->nlmsg_flags & NLM_F_CAPPED))
			skip += ((struct nlmsgerr *)data)->msg.nlmsg_len - NLMSG_HDRLEN;
		break;
	case NLMSG_DONE:
		memcpy(&e->err, data, sizeof(int));
		skip = sizeof(int);
		break;
	default:
		e->replies++;
		if (fn)
			fn(h, arg);
		return false;
	}
	if (h->nlmsg_flags & NLM_F_ACK_TLVS)
		nl_read_tlvs(m, (struct nlattr *)(data + NLMSG_ALIGN(skip)),
			     h->nlmsg_len - NLMSG_HDRLEN - NLMSG_ALIGN(skip), e);
	return true;
}

/* Sends what is in @m as it is; -errno of sending, or 0. */
static inline int nl_send(struct nl *nl, struct nl_msg *m)
{
	m->h.nlmsg_seq = ++nl->seq;
	return send(nl->fd, m, m->h.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* Sends a request and reads the whole answer. */
static inline struct nl_end nl_call(struct nl *nl, struct nl_msg *m, nl_reply_fn fn,
				    void *arg)
{
	struct nl_end e = { 0 };
	char *buf = malloc(nl->size);
	bool done = false;

	if (!(m->h.nlmsg_flags & NLM_F_DUMP))
		m->h.nlmsg_flags |= NLM_F_ACK;
	e.err = nl_send(nl, m);
	while (!e.err && !done) {
		struct nlmsghdr *h = (struct nlmsghdr *)buf;
		ssize_t n = recv(nl->fd, buf, nl->size, MSG_TRUNC);

		if (n < 0) {
			e.err = -errno;
			break;
		}
		if ((size_t)n > nl->size) {
			e.err = -EMSGSIZE;
			break;
		}
		for (; !done && NLMSG_OK(h, n); h = NLMSG_NEXT(h, n))
			if (h->nlmsg_seq == nl->seq)
				done = nl_take(m, h, &e, fn, arg);
	}
	free(buf);
	return e;
}

static inline void nl_take_family(const struct nlmsghdr *h, void *arg)
{
	struct nl *nl = arg;
	struct nlattr *groups = nl_find(h, CTRL_ATTR_MCAST_GROUPS);
	struct nlattr *group;

	memcpy(&nl->family, nl_data(nl_find(h, CTRL_ATTR_FAMILY_ID)), 2);
	group = groups ? nl_data(groups) : NULL;
	if (group)
		nl->group = nl_u32(nl_find_nested(group, CTRL_ATTR_MCAST_GRP_ID));
}

/*
 * Opens a socket that reads @size bytes at once, by which the kernel sizes what
 * it sends, and finds the family, which loads the module; 0 or -errno.
 */
static inline int nl_open_sized(struct nl *nl, size_t size)
{
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
	struct timeval tv = { .tv_sec = 60 };
	struct nl_msg m;
	int on = 1;

	memset(nl, 0, sizeof(*nl));
	nl->size = size;
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (nl->fd < 0)
		return -errno;
	if (bind(nl->fd, (struct sockaddr *)&sa, sizeof(sa)))
		return -errno;
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(nl->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	nl_begin_to(&m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	nl_put_str(&m, CTRL_ATTR_FAMILY_NAME, HS_GENL_NAME);
	return nl_call(nl, &m, nl_take_family, nl).err;
}

static inline int nl_open(struct nl *nl)
{
	return nl_open_sized(nl, 32768);
}

static inline void nl_close(struct nl *nl)
{
	if (nl->fd >= 0)
		close(nl->fd);
	nl->fd = -1;
}

#endif /* HS_TEST_NL_H */
