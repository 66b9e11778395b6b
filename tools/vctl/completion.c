// SPDX-License-Identifier: GPL-2.0
/* Verb completion: prints the script that a shell reads. */
#include <stdio.h>
#include <string.h>
#include "vctl.h"

/* completion.bash, as the Makefile turned it into a string. */
static const char bash[] =
#include "completion.inc"
;

static int run_completion(struct args *a)
{
	if (strcmp(a->word[0], "bash"))
		return usage_error("no completion for '%s', only for bash",
				   a->word[0]);
	fputs(bash, stdout);
	return VCTL_OK;
}

static const struct option completion_options[] = {
	GLOBAL_OPTIONS
};

const struct verb verb_completion = {
	"completion", run_completion, completion_options, 1, 1, "bash",
	"Prints the completion script: eval \"$(vctl completion bash)\"\n"
};
