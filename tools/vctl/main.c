// SPDX-License-Identifier: GPL-2.0
/* vctl: the table of verbs, help, batches. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "vctl.h"

#ifndef VERSION
#define VERSION "unknown"
#endif

struct globals globals = { .where = "" };

static const struct verb *const verbs[] = {
	&verb_check, &verb_create, &verb_start, &verb_stop, &verb_pause,
	&verb_resume, &verb_reset, &verb_destroy, &verb_wait, &verb_list,
	&verb_show, &verb_stat, &verb_disk, &verb_net, &verb_console,
	&verb_monitor, &verb_diagnose, &verb_completion,
};
#define VERBS	(sizeof(verbs) / sizeof(verbs[0]))

static const struct {
	const char *alias, *name;
} aliases[] = {
	{ "ls", "list" },
	{ "status", "show" },
	{ "unpause", "resume" },
	{ "rm", "destroy" },
};

/* Those that only stand before the verb, then those that stand anywhere. */
static const struct option top_options[] = {
	{ "version", 'V', NULL },
	{ "batch", 'b', "FILE" },
	{ "force", 0, NULL },
	GLOBAL_OPTIONS
};

static const struct verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (!strcmp(name, aliases[i].alias))
			name = aliases[i].name;
	for (i = 0; i < VERBS; i++)
		if (!strcmp(name, verbs[i]->name))
			return verbs[i];
	return NULL;
}

static void help_verb(const struct verb *v)
{
	const char *const s = *v->usage ? " " : "";

	printf("usage: vctl %s%s%s\n\n%s", v->name, s, v->usage, v->help);
}

static void help_top(void)
{
	size_t i;

	puts("usage: vctl [OPTIONS] VERB ...\n"
	     "       vctl [OPTIONS] --batch FILE [--force]\n"
	     "       vctl help VERB\n");
	for (i = 0; i < VERBS; i++)
		printf("  %s %s\n", verbs[i]->name, verbs[i]->usage);
	puts("\noptions, before or after the verb:\n"
	     "  -j, --json          print JSON; -p, --pretty indents it\n"
	     "  -o, --output COLS   columns of tables, with commas between\n"
	     "  -n, --noheading     tables without a heading\n"
	     "      --bytes         sizes in bytes\n"
	     "  -q, --quiet         print nothing but errors and what was asked for\n"
	     "  -h, --help          this, or a verb's help\n"
	     "before it only:\n"
	     "  -V, --version\n"
	     "  -b, --batch FILE    run the verbs in FILE, one in a line; - is standard input;\n"
	     "      --force         go on after a line that fails\n\n"
	     "exit status: 0 done, 1 usage, 2 refused by the kernel, 3 timeout,\n"
	     "4 no module, or this host cannot run VMs.  More in vctl(8).");
}

/* Options given to a verb hold for that verb; others come from before it. */
static void take_globals(struct args *a)
{
	const char *cols = args_option(a, "output");

	globals.json |= args_option(a, "json") != NULL;
	globals.pretty |= args_option(a, "pretty") != NULL;
	globals.noheading |= args_option(a, "noheading") != NULL;
	globals.quiet |= args_option(a, "quiet") != NULL;
	globals.bytes |= args_option(a, "bytes") != NULL;
	if (cols)
		globals.columns = cols;
}

/*
 * What was printed must have arrived: a failure is kept in the stream's error
 * flag even where somebody flushed it in between.
 */
static int check_output(int ret)
{
	int err = fflush(stdout) ? errno : 0;

	if (!err && !ferror(stdout))
		return ret;
	clearerr(stdout);
	return system_error(err ? err : EIO, NULL, "cannot write");
}

static int run_help(int argc, char **argv)
{
	const struct verb *v;

	if (!argc) {
		help_top();
		return VCTL_OK;
	}
	v = find_verb(argv[0]);
	if (!v)
		return usage_error("no such verb: '%s'", argv[0]);
	help_verb(v);
	return VCTL_OK;
}

static int run_parsed(const struct verb *v, struct args *a)
{
	if (args_option(a, "help")) {
		help_verb(v);
		return VCTL_OK;
	}
	if (a->words < v->min_words)
		return usage_error("something is missing: vctl %s %s", v->name,
				   v->usage);
	if (a->words > v->max_words)
		return usage_error("one word too many: '%s'",
				   a->word[v->max_words]);
	return v->run(a);
}

static int run_verb(int argc, char **argv)
{
	struct globals saved = globals;
	const struct verb *v;
	struct args a;
	int ret;

	if (!strcmp(argv[0], "help"))
		return check_output(run_help(argc - 1, argv + 1));
	v = find_verb(argv[0]);
	if (!v)
		return usage_error("no such verb: '%s'", argv[0]);
	globals.verb = v->name;
	ret = args_parse(&a, v->options, argc - 1, argv + 1, false);
	/* First of all, for they say how an error is told. */
	take_globals(&a);
	if (ret < 0)
		ret = usage_error("%s", a.fault);
	else
		ret = run_parsed(v, &a);
	ret = check_output(ret);
	globals = saved;
	return ret;
}

/* Stops at the first line that fails, or with @force returns its status. */
static int run_lines(FILE *f, const char *name, bool force)
{
	char *line = NULL, *word[LINE_WORDS], where[256];
	unsigned int number = 0;
	int ret = VCTL_OK, n, r;
	size_t room = 0;

	globals.where = where;
	errno = 0;
	while ((force || ret == VCTL_OK) && getline(&line, &room, f) >= 0) {
		number++;
		snprintf(where, sizeof(where), "%s:%u: ", name, number);
		n = line_split(line, word);
		if (!n)
			continue;
		r = n < 0 ? usage_error("a quote is open at the end, or too many words") :
			    run_verb(n, word);
		if (ret == VCTL_OK)
			ret = r;
		errno = 0;
	}
	globals.where = "";
	/* A file that cannot be read has not come to its end. */
	if (ferror(f) && ret == VCTL_OK)
		ret = system_error(errno ? errno : EIO, "batch", "cannot read '%s'", name);
	free(line);
	return ret;
}

static int run_batch(const char *name, bool force)
{
	bool std = !strcmp(name, "-");
	FILE *f = std ? stdin : fopen(name, "re");
	int ret;

	if (!f)
		return system_error(errno, "batch", "cannot open '%s'", name);
	ret = run_lines(f, name, force);
	if (!std)
		fclose(f);
	return ret;
}

/* No file that is opened later may become standard input, output or error. */
static void fill_standard_fds(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct args a;
	int used;

	fill_standard_fds();
	used = args_parse(&a, top_options, argc - 1, argv + 1, true);
	take_globals(&a);
	if (used < 0)
		return usage_error("%s", a.fault);
	argc -= used + 1;
	argv += used + 1;
	if (args_option(&a, "help"))
		return check_output(run_help(argc, argv));
	if (args_option(&a, "version")) {
		puts("vctl " VERSION);
		return check_output(VCTL_OK);
	}
	/* A verb's own --force stands behind it. */
	if (args_option(&a, "force") && !args_option(&a, "batch"))
		return usage_error("--force before a verb goes with --batch only");
	if (args_option(&a, "batch")) {
		if (argc)
			return usage_error("a verb does not go with --batch");
		return run_batch(args_option(&a, "batch"),
				 args_option(&a, "force") != NULL);
	}
	if (!argc)
		return usage_error("a verb is missing");
	return run_verb(argc, argv);
}
