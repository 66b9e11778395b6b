// SPDX-License-Identifier: GPL-2.0
/* Command lines.  No state. */
#include <stdio.h>
#include <string.h>
#include "args.h"

static int fault(struct args *a, const char *what, const char *name, size_t len)
{
	snprintf(a->fault, sizeof(a->fault), "%s '%.*s'", what,
		 (int)(len > 64 ? 64 : len), name);
	return -1;
}

static int by_name(const struct option *o, const char *name, size_t len)
{
	int i;

	for (i = 0; o[i].name; i++)
		if (strlen(o[i].name) == len && !memcmp(o[i].name, name, len))
			return i;
	return -1;
}

static int by_letter(const struct option *o, char letter)
{
	int i;

	for (i = 0; o[i].name; i++)
		if (o[i].letter == letter)
			return i;
	return -1;
}

static bool may_repeat(const struct option *o)
{
	size_t len = o->value ? strlen(o->value) : 0;

	return len > 3 && !strcmp(o->value + len - 3, "...");
}

static int take(struct args *a, int opt, const char *value, const char *name,
		size_t len)
{
	if (may_repeat(&a->options[opt])) {
		if (a->nr_many == ARGS_MANY)
			return fault(a, "option given too often:", name, len);
		a->many[a->nr_many] = value;
		a->many_option[a->nr_many++] = opt;
	} else if (a->value[opt]) {
		return fault(a, "option given twice:", name, len);
	}
	a->value[opt] = value;
	return 0;
}

/* --name, --name=value, --name value; returns words used or -1. */
static int long_option(struct args *a, int argc, char **argv)
{
	const char *name = argv[0] + 2;
	size_t len = strcspn(name, "=");
	int opt = by_name(a->options, name, len);

	if (opt < 0)
		return fault(a, "unknown option", argv[0], len + 2);
	if (!a->options[opt].value) {
		if (name[len])
			return fault(a, "no value goes with", argv[0], len + 2);
		return take(a, opt, "", argv[0], len + 2) ? -1 : 1;
	}
	if (name[len])
		return take(a, opt, name + len + 1, argv[0], len + 2) ? -1 : 1;
	if (argc < 2)
		return fault(a, "a value is missing after", argv[0], len + 2);
	return take(a, opt, argv[1], argv[0], len + 2) ? -1 : 2;
}

/* -a, -ab, -ovalue, -o value; returns words used or -1. */
static int short_options(struct args *a, int argc, char **argv)
{
	const char *p;
	char name[3] = "-?";
	int opt;

	for (p = argv[0] + 1; *p; p++) {
		name[1] = *p;
		opt = by_letter(a->options, *p);
		if (opt < 0)
			return fault(a, "unknown option", name, 2);
		if (!a->options[opt].value) {
			if (take(a, opt, "", name, 2))
				return -1;
			continue;
		}
		if (p[1])
			return take(a, opt, p + 1, name, 2) ? -1 : 1;
		if (argc < 2)
			return fault(a, "a value is missing after", name, 2);
		return take(a, opt, argv[1], name, 2) ? -1 : 2;
	}
	return 1;
}

/**
 * args_parse - take a command line apart
 * @a: receives options and words; on a fault, a sentence in @a->fault
 * @options: what there is; the last one has no name
 * @argc: words in @argv
 * @argv: the command line, without the program's or verb's name
 * @stop_at_word: end at the first word that is no option
 *
 * Options may stand before, between and after the words; "--" ends them.
 *
 * Return: words of @argv used, or -1.
 */
int args_parse(struct args *a, const struct option *options, int argc,
	       char **argv, bool stop_at_word)
{
	bool only_words = false;
	int i = 0, used;

	*a = (struct args){ .options = options };
	while (i < argc) {
		if (only_words || argv[i][0] != '-' || !argv[i][1]) {
			if (stop_at_word)
				return i;
			if (a->words == ARGS_WORDS)
				return fault(a, "one word too many:", argv[i],
					     strlen(argv[i]));
			a->word[a->words++] = argv[i++];
			continue;
		}
		if (!strcmp(argv[i], "--")) {
			only_words = true;
			i++;
			continue;
		}
		used = argv[i][1] == '-' ? long_option(a, argc - i, argv + i) :
					   short_options(a, argc - i, argv + i);
		if (used < 0)
			return -1;
		i += used;
	}
	return i;
}

/**
 * args_option - the value of an option
 * @a: a parsed command line
 * @name: its long name
 *
 * Return: its value, "" for a flag; NULL when it was not given.
 */
const char *args_option(const struct args *a, const char *name)
{
	int i = by_name(a->options, name, strlen(name));

	return i < 0 ? NULL : a->value[i];
}

/**
 * args_next - the values of an option that may be given several times
 * @a: a parsed command line
 * @name: its long name
 * @i: where to go on; 0 at first
 *
 * Return: the next value, in the order of the command line; NULL after the last.
 */
const char *args_next(const struct args *a, const char *name, size_t *i)
{
	int opt = by_name(a->options, name, strlen(name));

	while (*i < a->nr_many)
		if (a->many_option[(*i)++] == opt)
			return a->many[*i - 1];
	return NULL;
}

/**
 * line_split - split a line of a batch file into words
 * @line: the line, changed in place; the words point into it
 * @word: receives them, and a NULL at the end
 *
 * Blanks separate; '...' keeps all, "..." all but backslashes, a backslash
 * keeps the next character; # at the start of a word begins a comment.
 *
 * Return: how many, or -1 when a quote is open at the end or there are too
 * many.
 */
int line_split(char *line, char *word[LINE_WORDS])
{
	char *in = line, *out, quote;
	int n = 0;

	for (;;) {
		in += strspn(in, " \t\r\n");
		if (!*in || *in == '#') {
			word[n] = NULL;
			return n;
		}
		if (n == LINE_WORDS - 1)
			return -1;
		word[n++] = out = in;
		for (quote = 0; *in; in++) {
			if (!quote && strchr(" \t\r\n", *in))
				break;
			if (*in == quote) {
				quote = 0;
			} else if (!quote && (*in == '"' || *in == '\'')) {
				quote = *in;
			} else if (*in == '\\' && quote != '\'' && in[1]) {
				*out++ = *++in;
			} else {
				*out++ = *in;
			}
		}
		if (quote)
			return -1;
		if (*in)
			in++;
		*out = '\0';
	}
}
