/* SPDX-License-Identifier: GPL-2.0 */
/* Command lines: options, words, and lines of a batch file split into words. */
#ifndef VCTL_ARGS_H
#define VCTL_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#define ARGS_OPTIONS	24
#define ARGS_WORDS	8
#define ARGS_MANY	128
#define ARGS_FAULT	160
#define LINE_WORDS	64

/*
 * @letter: 0 = none; @value: takes one, and this is what help calls it; with "..."
 * at its end the option may be given several times
 */
struct option {
	const char *name;
	char letter;
	const char *value;
};

/*
 * @value: by option's index: NULL = not given, "" = a flag that was; the last
 * value of an option given several times
 * @many: all values of such options, in order; @many_option: whose
 */
struct args {
	const struct option *options;
	const char *value[ARGS_OPTIONS];
	const char *many[ARGS_MANY];
	int many_option[ARGS_MANY];
	size_t nr_many;
	const char *word[ARGS_WORDS];
	size_t words;
	char fault[ARGS_FAULT];
};

int args_parse(struct args *a, const struct option *options, int argc,
	       char **argv, bool stop_at_word);
const char *args_option(const struct args *a, const char *name);
const char *args_next(const struct args *a, const char *name, size_t *i);
int line_split(char *line, char *word[LINE_WORDS]);

#endif /* VCTL_ARGS_H */
