/* SPDX-License-Identifier: GPL-2.0 */
/* Command lines: options, words, and lines of a batch file split into words. */
#ifndef VCTL_ARGS_H
#define VCTL_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#define ARGS_OPTIONS	16
#define ARGS_WORDS	8
#define ARGS_FAULT	160
#define LINE_WORDS	64

/* @letter: 0 = none; @value: takes one, and this is what help calls it */
struct option {
	const char *name;
	char letter;
	const char *value;
};

/* @value: by option's index: NULL = not given, "" = a flag that was */
struct args {
	const struct option *options;
	const char *value[ARGS_OPTIONS];
	const char *word[ARGS_WORDS];
	size_t words;
	char fault[ARGS_FAULT];
};

int args_parse(struct args *a, const struct option *options, int argc,
	       char **argv, bool stop_at_word);
const char *args_option(const struct args *a, const char *name);
int line_split(char *line, char *word[LINE_WORDS]);

#endif /* VCTL_ARGS_H */
