// SPDX-License-Identifier: GPL-2.0
/*
 * Error lines: "vctl: VERB: ATTRIBUTE: sentence (ERRNO)" on standard error,
 * and with -j an object on standard output, too.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "json.h"
#include "name.h"
#include "vctl.h"

static void report(int err, const char *attr, const char *text)
{
	const char *name = err ? strerrorname_np(err) : NULL;
	char safe[1024];
	struct json j;

	safe_text(text, safe, sizeof(safe));
	fflush(stdout);
	fprintf(stderr, "vctl: %s", globals.where);
	if (globals.verb)
		fprintf(stderr, "%s: ", globals.verb);
	if (attr && *attr)
		fprintf(stderr, "%s: ", attr);
	fputs(safe, stderr);
	if (name)
		fprintf(stderr, " (%s)", name);
	fputc('\n', stderr);
	if (!globals.json)
		return;
	json_begin(&j, stdout, globals.pretty);
	json_object(&j, NULL);
	json_object(&j, "error");
	if (globals.verb)
		json_string(&j, "verb", globals.verb);
	if (name)
		json_string(&j, "errno", name);
	if (attr && *attr)
		json_string(&j, "attr", attr);
	json_string(&j, "message", text);
	json_end(&j);
}

static int usage(const char *attr, const char *fmt, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	report(0, attr, text);
	if (globals.verb)
		fprintf(stderr, "Try 'vctl help %s'.\n", globals.verb);
	else
		fprintf(stderr, "Try 'vctl help'.\n");
	return VCTL_USAGE;
}

/**
 * usage_error - the command line is wrong
 * @fmt: how
 *
 * Return: VCTL_USAGE.
 */
int usage_error(const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = usage(NULL, fmt, ap);
	va_end(ap);
	return ret;
}

/**
 * option_error - the value of an option is wrong
 * @option: its long name
 * @fmt: how
 *
 * Return: VCTL_USAGE.
 */
int option_error(const char *option, const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = usage(option, fmt, ap);
	va_end(ap);
	return ret;
}

/**
 * system_error - a system call of vctl's own failed
 * @err: positive errno
 * @attr: the option to blame, or NULL
 * @fmt: what was tried
 *
 * Return: VCTL_ERROR.
 */
int system_error(int err, const char *attr, const char *fmt, ...)
{
	char text[512];
	size_t n;
	va_list ap;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < sizeof(text))
		snprintf(text + n, sizeof(text) - n, ": %s", strerror(err));
	report(err, attr, text);
	return VCTL_ERROR;
}

/**
 * failure - what was asked for did not come about
 * @status: exit status to return
 * @fmt: a sentence
 *
 * Return: @status.
 */
int failure(int status, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report(0, NULL, text);
	return status;
}

/**
 * request_error - the kernel refused a request
 * @e: what it said
 *
 * Return: VCTL_ERROR; VCTL_NO_HOST when there is no module.
 */
int request_error(const struct nl_error *e)
{
	if (e->absent) {
		report(0, NULL, "the hyperspace module is not there: try 'modprobe hyperspace', 'vctl check'");
		return VCTL_NO_HOST;
	}
	report(e->err, e->attr, *e->text ? e->text : strerror(e->err));
	return VCTL_ERROR;
}

/**
 * no_host - whether the host is to blame, and not the request
 * @e: what the kernel said
 *
 * VT-x, or a part of it that is needed, is not there.  An attribute that this
 * module does not know has the same errno, but is named.
 *
 * Return: true when it is.
 */
bool no_host(const struct nl_error *e)
{
	return e->err == EOPNOTSUPP && !*e->attr;
}
