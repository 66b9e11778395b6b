// SPDX-License-Identifier: GPL-2.0
/*
 * A tool for shell tests: many VMs at once.
 *
 *	vms make N	N VMs, called vm-0 and so on
 *	vms start N	start them
 *	vms kill N	end them
 *	vms del N	destroy them
 *	vms cycle N	all of it, at most 20 VMs alive at a time
 */
#include "nl.h"
#include "tiny.h"

static struct nl nl;
static int image;

static int each(const char *what, int first, int n)
{
	int i;

	for (i = first; i < first + n; i++) {
		struct nl_end e;
		char name[24];

		snprintf(name, sizeof(name), "vm-%d", i);
		if (!strcmp(what, "make"))
			e = vm_new(&nl, name, image);
		else if (!strcmp(what, "start"))
			e = vm_do(&nl, HS_CMD_VM_START, name);
		else if (!strcmp(what, "kill"))
			e = vm_kill(&nl, name);
		else
			e = vm_do(&nl, HS_CMD_VM_DEL, name);
		if (e.err) {
			fprintf(stderr, "vms: %s %s: %s (%s)\n", what, name, e.why,
				strerror(-e.err));
			return 1;
		}
	}
	return 0;
}

static int cycle(int n)
{
	static const char * const steps[] = { "make", "start", "kill", "del" };
	int first, i;

	for (first = 0; first < n; first += 20)
		for (i = 0; i < 4; i++)
			if (each(steps[i], first, n - first < 20 ? n - first : 20))
				return 1;
	return 0;
}

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 0;

	if (argc != 3 || n <= 0) {
		fprintf(stderr, "usage: vms make|start|kill|del|cycle N\n");
		return 2;
	}
	image = TINY(TINY_SLEEP);
	if (nl_open(&nl)) {
		fprintf(stderr, "vms: no family " HS_GENL_NAME "\n");
		return 1;
	}
	return strcmp(argv[1], "cycle") ? each(argv[1], 0, n) : cycle(n);
}
