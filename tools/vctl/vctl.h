/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of vctl share. */
#ifndef VCTL_VCTL_H
#define VCTL_VCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/hyperspace.h>
#include "args.h"
#include "nl.h"

/* Exit status of the program and result of every verb. */
enum {
	VCTL_OK = 0,
	VCTL_USAGE = 1,
	VCTL_ERROR = 2,		/* the kernel refused */
	VCTL_TIMEOUT = 3,
	VCTL_NO_HOST = 4,	/* module absent, or this host cannot run VMs */
};

/* Options before the verb, or among its own. */
struct globals {
	bool json, pretty, noheading, quiet, bytes;
	const char *columns;
	const char *verb;	/* that runs now, for messages */
	const char *where;	/* "FILE:LINE: " in a batch, else "" */
};
extern struct globals globals;

/**
 * struct verb - one command
 * @words: how many it takes at least, and at most
 * @usage: what follows its name
 * @help: lines for "vctl help VERB"
 */
struct verb {
	const char *name;
	int (*run)(struct args *a);
	const struct option *options;
	size_t min_words, max_words;
	const char *usage;
	const char *help;
};

/* The option table of a verb ends with these: they work there, too. */
#define GLOBAL_OPTIONS				\
	{ "json", 'j', NULL },			\
	{ "pretty", 'p', NULL },		\
	{ "output", 'o', "COLS" },		\
	{ "noheading", 'n', NULL },		\
	{ "quiet", 'q', NULL },			\
	{ "bytes", 0, NULL },			\
	{ "help", 'h', NULL },			\
	{ NULL, 0, NULL }

extern const struct verb verb_check, verb_create, verb_start, verb_stop,
	verb_pause, verb_resume, verb_reset, verb_destroy, verb_wait, verb_list,
	verb_show, verb_stat, verb_disk, verb_net, verb_console, verb_monitor,
	verb_diagnose, verb_completion;

/* err.c: each prints and returns the exit status that goes with it */
int usage_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int option_error(const char *option, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int system_error(int err, const char *attr, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int failure(int status, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int request_error(const struct nl_error *e);
bool no_host(const struct nl_error *e);

/* get.c */
struct vm_brief {
	uint32_t id, state, tty;
	char name[HS_NAME_MAX + 1];
	char reason[HS_REASON_MAX + 1];
};
int vm_argument(const char *word, struct request *r);
int vm_get(const char *word, struct vm_brief *vm, bool *absent);

/* console.c */
int console_run(const struct vm_brief *vm);

/* event.c */
int wait_for_state(const char *word, uint64_t states, int64_t timeout_ms,
		   int (*act)(void *arg), void *arg, uint32_t *reached);

#endif /* VCTL_VCTL_H */
