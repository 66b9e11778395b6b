// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink.  libnl knows neither extended acknowledgements nor the error in
 * the message that ends a dump, so both are read here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netlink/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <linux/hyperspace.h>
#include "nl.h"

#define EVENTS_BUFFER	(1 << 20)	/* bytes; the kernel may allow less */

/* Attributes of a message or nest, in the order in which they came. */
struct reply {
	struct nlattr *head;
	int len;
};

/* @family: what it had when @sock was made; resolved once per request */
struct request {
	struct nl_sock *sock;
	struct nl_msg *msg;
	struct nlattr *nest;	/* that is open */
	int cmd;
	bool failed;		/* an attribute did not fit */

	void (*fn)(const struct reply *, void *);
	void *arg;
	struct nl_error *e;
	bool done, interrupted;
};

struct events {
	struct nl_sock *sock;
	void (*fn)(const struct reply *, void *);
	void *arg;
	bool gone;
};

/* ---- errors ------------------------------------------------------------------ */

/* As the options of vctl call them. */
static const char *const attr_names[] = {
	[HS_A_VM_ID] = "id",
	[HS_A_VM_NAME] = "name",
	[HS_A_VM_KERNEL_FD] = "kernel",
	[HS_A_VM_INITRD_FD] = "initrd",
	[HS_A_VM_CMDLINE] = "append",
	[HS_A_VM_MEM_BYTES] = "mem",
	[HS_A_VM_CPUS] = "cpus",
	[HS_A_VM_FLAGS] = "flags",
	[HS_A_VM_ON_PANIC] = "on-panic",
	[HS_A_VM_FORCE] = "force",
	[HS_A_VM_PAGE_BYTES] = "page-size",
	[HS_A_VM_DISK] = "disk",
	[HS_A_VM_NET] = "net",
	[HS_A_VM_CPU_HIDE] = "cpu-hide",
	[HS_A_DEV_ID] = "id",
	[HS_A_DEV_UP] = "up",
};

/* What an option is mostly about has no name of its own in it. */
static const char *const disk_names[] = {
	[HS_A_DISK_FD] = "",
	[HS_A_DISK_FLAGS] = "flags",
	[HS_A_DISK_ID] = "id",
};

static const char *const net_names[] = {
	[HS_A_NET_FD] = "",
	[HS_A_NET_MAC] = "mac",
	[HS_A_NET_ID] = "id",
};

#define NAME_OF(names, type) \
	((type) < sizeof(names) / sizeof((names)[0]) ? (names)[type] : NULL)

static void name_attr(struct nl_error *e, uint32_t type)
{
	const char *name = NAME_OF(attr_names, type);

	if (name)
		snprintf(e->attr, sizeof(e->attr), "%s", name);
	else
		snprintf(e->attr, sizeof(e->attr), "attribute %u", type);
}

/* Adds what of a nest is to blame: "disk" becomes "disk id". */
static void name_nested(struct nl_error *e, uint32_t outer, uint32_t type)
{
	const char *name = outer == HS_A_VM_DISK ? NAME_OF(disk_names, type) :
			   outer == HS_A_VM_NET ? NAME_OF(net_names, type) : NULL;
	size_t n = strlen(e->attr);

	if (!name)
		snprintf(e->attr + n, sizeof(e->attr) - n, " attribute %u", type);
	else if (*name)
		snprintf(e->attr + n, sizeof(e->attr) - n, " %s", name);
}

static bool holds(struct nlmsghdr *h, struct nlattr *a, uint32_t offs)
{
	uint32_t start = (char *)a - (char *)h;

	return offs >= start && offs < start + nla_total_size(nla_len(a));
}

/*
 * The attribute of our request that begins at or holds @offs; where there are
 * several of its type, which.  @missing: of the nest at @offs, this is not there.
 */
static void name_attr_at(struct nl_error *e, struct nl_msg *msg, uint32_t offs,
			 uint32_t missing)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct nlattr *a, *at = NULL, *in;
	unsigned int same = 0, which = 0;
	int rem;
	size_t n;

	nlmsg_for_each_attr(a, h, GENL_HDRLEN, rem)
		if (holds(h, a, offs))
			at = a;
	if (!at)
		return;
	nlmsg_for_each_attr(a, h, GENL_HDRLEN, rem) {
		same += nla_type(a) == nla_type(at);
		if (a == at)
			which = same;
	}
	name_attr(e, nla_type(at));
	n = strlen(e->attr);
	if (same > 1)
		snprintf(e->attr + n, sizeof(e->attr) - n, " %u", which);
	if (missing)
		name_nested(e, nla_type(at), missing);
	else if (nla_is_nested(at))
		nla_for_each_nested(in, at, rem)
			if (offs > (uint32_t)((char *)at - (char *)h) && holds(h, in, offs))
				name_nested(e, nla_type(at), nla_type(in));
}

/* The attributes of an extended acknowledgement. */
static void read_extack(struct request *r, struct nlattr *head, int len)
{
	uint32_t offs = 0, missing = 0, nest = 0;
	struct nlattr *a;
	int rem;

	nla_for_each_attr(a, head, len, rem) {
		uint32_t val = nla_len(a) >= 4 ? nla_get_u32(a) : 0;

		switch (nla_type(a)) {
		case NLMSGERR_ATTR_MSG:
			snprintf(r->e->text, sizeof(r->e->text), "%.*s",
				 nla_len(a), (char *)nla_data(a));
			break;
		case NLMSGERR_ATTR_OFFS:
			offs = val;
			break;
		case NLMSGERR_ATTR_MISS_TYPE:
			missing = val;
			break;
		case NLMSGERR_ATTR_MISS_NEST:
			nest = val;
			break;
		}
	}
	if (nest && missing)
		name_attr_at(r->e, r->msg, nest, missing);
	else if (missing)
		name_attr(r->e, missing);
	else if (offs)
		name_attr_at(r->e, r->msg, offs, 0);
}

/* ---- requests ----------------------------------------------------------------- */

static struct nl_sock *connect_socket(int *family, struct nl_error *e)
{
	struct nl_sock *sock = nl_socket_alloc();
	int on = 1, ret;

	memset(e, 0, sizeof(*e));
	if (!sock) {
		e->err = ENOMEM;
		return NULL;
	}
	if (genl_connect(sock) < 0) {
		e->err = errno ? errno : EPROTONOSUPPORT;
		nl_socket_free(sock);
		return NULL;
	}
	/* Asking for a family by name makes the kernel load its module. */
	ret = genl_ctrl_resolve(sock, HS_GENL_NAME);
	if (ret < 0) {
		e->err = ENOENT;
		e->absent = true;
		nl_socket_free(sock);
		return NULL;
	}
	*family = ret;
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_EXT_ACK, &on,
		   sizeof(on));
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_CAP_ACK, &on,
		   sizeof(on));
	return sock;
}

void request_drop(struct request *r)
{
	if (!r)
		return;
	if (r->msg)
		nlmsg_free(r->msg);
	if (r->sock)
		nl_socket_free(r->sock);
	free(r);
}

struct request *request_new(int cmd, struct nl_error *e)
{
	struct request *r = calloc(1, sizeof(*r));
	int family;

	if (!r) {
		memset(e, 0, sizeof(*e));
		e->err = ENOMEM;
		return NULL;
	}
	r->cmd = cmd;
	r->sock = connect_socket(&family, e);
	if (!r->sock)
		goto err;
	r->msg = nlmsg_alloc_size(16384);
	if (!r->msg || !genlmsg_put(r->msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0,
				    0, cmd, HS_GENL_VERSION)) {
		e->err = ENOMEM;
		goto err;
	}
	return r;
err:
	request_drop(r);
	return NULL;
}

void request_string(struct request *r, int attr, const char *val)
{
	r->failed |= nla_put_string(r->msg, attr, val) < 0;
}

void request_u32(struct request *r, int attr, uint32_t val)
{
	r->failed |= nla_put_u32(r->msg, attr, val) < 0;
}

void request_s32(struct request *r, int attr, int32_t val)
{
	r->failed |= nla_put_s32(r->msg, attr, val) < 0;
}

void request_u64(struct request *r, int attr, uint64_t val)
{
	r->failed |= nla_put_u64(r->msg, attr, val) < 0;
}

void request_flag(struct request *r, int attr)
{
	r->failed |= nla_put_flag(r->msg, attr) < 0;
}

void request_bytes(struct request *r, int attr, const void *data, size_t len)
{
	r->failed |= nla_put(r->msg, attr, len, data) < 0;
}

void request_nest(struct request *r, int attr)
{
	r->nest = nla_nest_start(r->msg, attr);
	r->failed |= !r->nest;
}

void request_nest_end(struct request *r)
{
	if (r->nest)
		nla_nest_end(r->msg, r->nest);
	r->nest = NULL;
}

static int on_error(struct sockaddr_nl *who, struct nlmsgerr *err, void *arg)
{
	struct nlmsghdr *h = (struct nlmsghdr *)err - 1;
	struct request *r = arg;
	size_t skip = sizeof(*err), len = h->nlmsg_len - NLMSG_HDRLEN;

	(void)who;
	r->e->err = -err->error;
	r->done = true;
	if (h->nlmsg_flags & NLM_F_ACK_TLVS) {
		/* Unless capped, our own request comes before them. */
		if (!(h->nlmsg_flags & NLM_F_CAPPED) &&
		    err->msg.nlmsg_len >= NLMSG_HDRLEN)
			skip += err->msg.nlmsg_len - NLMSG_HDRLEN;
		skip = NLMSG_ALIGN(skip);
		if (skip < len)
			read_extack(r, (struct nlattr *)((char *)err + skip),
				    len - skip);
	}
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct request *r = arg;

	(void)msg;
	r->done = true;
	return NL_STOP;
}

/* A dump ends with an errno, and what an acknowledgement would have said. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct request *r = arg;
	int len = h->nlmsg_len - NLMSG_HDRLEN, err;

	r->done = true;
	if (len >= (int)sizeof(err)) {
		memcpy(&err, NLMSG_DATA(h), sizeof(err));
		r->e->err = err < 0 ? -err : 0;
		len -= NLMSG_ALIGN(sizeof(err));
		if (len > 0)
			read_extack(r, (struct nlattr *)((char *)NLMSG_DATA(h) +
				    NLMSG_ALIGN(sizeof(err))), len);
	}
	return NL_STOP;
}

static int on_interrupted(struct nl_msg *msg, void *arg)
{
	struct request *r = arg;

	(void)msg;
	r->interrupted = true;
	return NL_OK;
}

static void hand_over(struct nlmsghdr *h, void (*fn)(const struct reply *, void *),
		      void *arg)
{
	struct genlmsghdr *g = nlmsg_data(h);
	struct reply rep;

	if (!genlmsg_valid_hdr(h, 0) || !fn)
		return;
	rep.head = genlmsg_attrdata(g, 0);
	rep.len = genlmsg_attrlen(g, 0);
	fn(&rep, arg);
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct request *r = arg;

	hand_over(nlmsg_hdr(msg), r->fn, r->arg);
	return NL_OK;
}

/* Sends, and takes in everything up to the end or an error. */
static void transact(struct request *r, int flags)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int ret;

	if (!cb) {
		r->e->err = ENOMEM;
		return;
	}
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, r);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, r);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, r);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, r);
	nl_cb_set(cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, r);

	nlmsg_hdr(r->msg)->nlmsg_flags = NLM_F_REQUEST | flags;
	nlmsg_hdr(r->msg)->nlmsg_seq = NL_AUTO_SEQ;
	ret = nl_send_auto(r->sock, r->msg);
	if (ret < 0)
		r->e->err = errno ? errno : EIO;
	while (ret >= 0 && !r->done) {
		ret = nl_recvmsgs(r->sock, cb);
		if (ret < 0 && !r->done)
			r->e->err = ret == -NLE_NOMEM ? ENOBUFS : EIO;
	}
	nl_cb_put(cb);
}

int request_do(struct request *r, void (*fn)(const struct reply *, void *),
	       void *arg, struct nl_error *e)
{
	memset(e, 0, sizeof(*e));
	r->fn = fn;
	r->arg = arg;
	r->e = e;
	if (r->failed)
		e->err = EMSGSIZE;
	else
		transact(r, NLM_F_ACK);
	request_drop(r);
	return e->err ? -1 : 0;
}

int request_dump(struct request *r, void (*fn)(const struct reply *, void *),
		 void (*again)(void *), void *arg, struct nl_error *e)
{
	unsigned int tries = 0;

	memset(e, 0, sizeof(*e));
	r->fn = fn;
	r->arg = arg;
	r->e = e;
	do {
		if (r->interrupted)
			again(arg);
		r->done = false;
		r->interrupted = false;
		transact(r, NLM_F_DUMP);
		/* VMs come and go: after some tries, what there is will do. */
	} while (!e->err && r->interrupted && ++tries < 10);
	request_drop(r);
	return e->err ? -1 : 0;
}

/* ---- replies ------------------------------------------------------------------- */

static struct nlattr *find(const struct reply *r, int attr)
{
	return nla_find(r->head, r->len, attr);
}

bool reply_has(const struct reply *r, int attr)
{
	return find(r, attr);
}

bool reply_u32(const struct reply *r, int attr, uint32_t *val)
{
	struct nlattr *a = find(r, attr);

	if (!a || nla_len(a) != sizeof(*val))
		return false;
	*val = nla_get_u32(a);
	return true;
}

bool reply_u64(const struct reply *r, int attr, uint64_t *val)
{
	struct nlattr *a = find(r, attr);

	if (!a || nla_len(a) != sizeof(*val))
		return false;
	*val = nla_get_u64(a);
	return true;
}

const char *reply_string(const struct reply *r, int attr)
{
	struct nlattr *a = find(r, attr);

	if (!a || !memchr(nla_data(a), '\0', nla_len(a)))
		return NULL;
	return nla_data(a);
}

const void *reply_bytes(const struct reply *r, int attr, size_t *len)
{
	struct nlattr *a = find(r, attr);

	if (!a)
		return NULL;
	*len = nla_len(a);
	return nla_data(a);
}

void reply_each_string(const struct reply *r, int attr,
		       void (*fn)(const char *, void *), void *arg)
{
	struct nlattr *a;
	int rem;

	nla_for_each_attr(a, r->head, r->len, rem)
		if (nla_type(a) == attr && memchr(nla_data(a), '\0', nla_len(a)))
			fn(nla_data(a), arg);
}

void reply_each(const struct reply *r, int attr,
		void (*fn)(const struct reply *, void *), void *arg)
{
	struct nlattr *a;
	struct reply nest;
	int rem;

	nla_for_each_attr(a, r->head, r->len, rem) {
		if (nla_type(a) != attr)
			continue;
		nest.head = nla_data(a);
		nest.len = nla_len(a);
		fn(&nest, arg);
	}
}

/* ---- events --------------------------------------------------------------------- */

/* What the controller says of families: is it about this one? */
static bool is_ours(struct nlmsghdr *h)
{
	struct nlattr *a = nlmsg_find_attr(h, GENL_HDRLEN, CTRL_ATTR_FAMILY_NAME);

	return a && !nla_strcmp(a, HS_GENL_NAME);
}

static int on_event(struct nl_msg *msg, void *arg)
{
	struct events *ev = arg;
	struct nlmsghdr *h = nlmsg_hdr(msg);
	uint8_t cmd;

	if (!genlmsg_valid_hdr(h, 0))
		return NL_OK;
	cmd = ((struct genlmsghdr *)nlmsg_data(h))->cmd;
	if (h->nlmsg_type == GENL_ID_CTRL)
		ev->gone |= cmd == CTRL_CMD_DELFAMILY && is_ours(h);
	else if (cmd == HS_CMD_EVENT)
		hand_over(h, ev->fn, ev->arg);
	return NL_OK;
}

struct events *events_open(struct nl_error *e)
{
	struct events *ev = calloc(1, sizeof(*ev));
	int family, group;

	if (!ev) {
		memset(e, 0, sizeof(*e));
		e->err = ENOMEM;
		return NULL;
	}
	ev->sock = connect_socket(&family, e);
	if (!ev->sock)
		goto err_free;
	group = genl_ctrl_resolve_grp(ev->sock, HS_GENL_NAME,
				      HS_GENL_GROUP_EVENTS);
	if (group < 0 || nl_socket_add_membership(ev->sock, group) < 0) {
		e->err = group < 0 ? ENOENT : errno ? errno : EPERM;
		goto err_sock;
	}
	/* A group dies with its family, silently but for the controller's word. */
	group = genl_ctrl_resolve_grp(ev->sock, "nlctrl", "notify");
	if (group >= 0)
		nl_socket_add_membership(ev->sock, group);
	nl_socket_set_buffer_size(ev->sock, EVENTS_BUFFER, 0);
	nl_socket_disable_seq_check(ev->sock);
	nl_socket_set_nonblocking(ev->sock);
	nl_socket_modify_cb(ev->sock, NL_CB_VALID, NL_CB_CUSTOM, on_event, ev);
	return ev;

err_sock:
	nl_socket_free(ev->sock);
err_free:
	free(ev);
	return NULL;
}

int events_fd(const struct events *ev)
{
	return nl_socket_get_fd(ev->sock);
}

enum events_result events_read(struct events *ev,
			       void (*fn)(const struct reply *, void *), void *arg)
{
	int ret;

	ev->fn = fn;
	ev->arg = arg;
	do {
		ret = nl_recvmsgs_default(ev->sock);
	} while (ret >= 0 || ret == -NLE_INTR);
	if (ret == -NLE_AGAIN)
		return ev->gone ? EVENTS_GONE : EVENTS_OK;
	/* libnl's word for ENOBUFS. */
	return ret == -NLE_NOMEM ? EVENTS_LOST : EVENTS_ERROR;
}

void events_close(struct events *ev)
{
	nl_socket_free(ev->sock);
	free(ev);
}
