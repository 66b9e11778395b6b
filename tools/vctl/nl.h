/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Netlink, as the rest of vctl sees it: requests, replies, events, errors.
 * Only nl.c knows libnl.
 */
#ifndef VCTL_NL_H
#define VCTL_NL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct nl_error - what came of a request
 * @err: positive errno, 0 = done
 * @absent: the family is not there: the module is not loaded
 * @attr: the attribute to blame, as users know it, or ""
 * @text: the kernel's sentence, or ""
 */
struct nl_error {
	int err;
	bool absent;
	char attr[32];
	char text[256];
};

struct request;
struct reply;
struct events;

/* NULL with *e when there is no memory or no such family. */
struct request *request_new(int cmd, struct nl_error *e);
void request_string(struct request *r, int attr, const char *val);
void request_u32(struct request *r, int attr, uint32_t val);
void request_s32(struct request *r, int attr, int32_t val);
void request_u64(struct request *r, int attr, uint64_t val);
void request_flag(struct request *r, int attr);
void request_bytes(struct request *r, int attr, const void *data, size_t len);
/* What is put between the two lies in a nest of type @attr.  One level. */
void request_nest(struct request *r, int attr);
void request_nest_end(struct request *r);

/* Throws a request away that was not made after all. */
void request_drop(struct request *r);
/* Each reply is handed to @fn, if there is one.  Frees @r.  0 or -1 with *e. */
int request_do(struct request *r, void (*fn)(const struct reply *, void *),
	       void *arg, struct nl_error *e);
/*
 * The same for a dump.  When the kernel says that the dump is inconsistent,
 * it is done again after @again(arg) threw away what @fn had taken.
 */
int request_dump(struct request *r, void (*fn)(const struct reply *, void *),
		 void (*again)(void *), void *arg, struct nl_error *e);

/* What a reply, or a nest in it, holds.  Malformed counts as absent. */
bool reply_has(const struct reply *r, int attr);
bool reply_u32(const struct reply *r, int attr, uint32_t *val);
bool reply_u64(const struct reply *r, int attr, uint64_t *val);
const char *reply_string(const struct reply *r, int attr);
const void *reply_bytes(const struct reply *r, int attr, size_t *len);
/* Calls @fn with each string of type @attr, in order. */
void reply_each_string(const struct reply *r, int attr,
		       void (*fn)(const char *, void *), void *arg);
/* Calls @fn with each nest of type @attr, in order. */
void reply_each(const struct reply *r, int attr,
		void (*fn)(const struct reply *, void *), void *arg);

/* Events.  NULL with *e as request_new(). */
struct events *events_open(struct nl_error *e);
int events_fd(const struct events *ev);
enum events_result {
	EVENTS_OK,		/* all that waited was handed to @fn */
	EVENTS_LOST,		/* some did not fit the socket's buffer */
	EVENTS_GONE,		/* the module was unloaded: no more will come */
	EVENTS_ERROR,
};
enum events_result events_read(struct events *ev,
			       void (*fn)(const struct reply *, void *), void *arg);
void events_close(struct events *ev);

#endif /* VCTL_NL_H */
