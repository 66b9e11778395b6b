/* SPDX-License-Identifier: GPL-2.0 */
/* Tables of columns. */
#ifndef VCTL_OUT_H
#define VCTL_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS	40

/* @right: numbers; @standard: shown without -o */
struct column {
	const char *name;
	bool right, standard;
};

/* @shown: indexes of columns; @cell: rows times shown, "-" for unknown */
struct table {
	const struct column *columns;
	size_t nr_columns;
	size_t shown[TABLE_COLUMNS];
	size_t nr_shown;
	char **cell;
	size_t rows, room;
};

bool table_init(struct table *t, const struct column *columns, size_t nr,
		const char *selection, char *bad, size_t bad_size);
bool table_add(struct table *t, const char *const *values);
void table_print(const struct table *t, FILE *out, bool heading);
void table_free(struct table *t);

#endif /* VCTL_OUT_H */
