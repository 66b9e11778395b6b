/* SPDX-License-Identifier: GPL-2.0 */
/* The counters of a VM, and what they are called. */
#ifndef VCTL_COUNTERS_H
#define VCTL_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>

#define VM_COUNTERS	25

/* @key: in JSON; @column: in tables; @standard: shown there without -o */
struct vm_counter {
	int attr;
	const char *key, *column;
	bool standard;
};

extern const struct vm_counter vm_counters[VM_COUNTERS];

#endif /* VCTL_COUNTERS_H */
