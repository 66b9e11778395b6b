// SPDX-License-Identifier: GPL-2.0
/* Tables: columns as wide as what is in them, two spaces between. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "name.h"
#include "out.h"

static bool find(const struct table *t, const char *name, size_t len, size_t *i)
{
	for (*i = 0; *i < t->nr_columns; ++*i)
		if (strlen(t->columns[*i].name) == len &&
		    !strncasecmp(t->columns[*i].name, name, len))
			return true;
	return false;
}

/**
 * table_init - an empty table
 * @t: the table
 * @columns: all columns that there are, TABLE_COLUMNS at most
 * @nr: how many
 * @selection: names with commas between, in any case, in the order to show;
 *	NULL for the standard ones
 * @bad: receives the name that is no column
 * @bad_size: room in @bad
 *
 * Return: false when @selection names no column, or too many.
 */
bool table_init(struct table *t, const struct column *columns, size_t nr,
		const char *selection, char *bad, size_t bad_size)
{
	size_t i, len;

	*t = (struct table){ .columns = columns, .nr_columns = nr };
	if (!selection) {
		for (i = 0; i < nr; i++)
			if (columns[i].standard)
				t->shown[t->nr_shown++] = i;
		return true;
	}
	for (;;) {
		len = strcspn(selection, ",");
		if (!find(t, selection, len, &i) || t->nr_shown == TABLE_COLUMNS) {
			snprintf(bad, bad_size, "%.*s", (int)len, selection);
			return false;
		}
		t->shown[t->nr_shown++] = i;
		if (!selection[len])
			return true;
		selection += len + 1;
	}
}

/**
 * table_add - add a row
 * @t: the table
 * @values: text for each of all columns; NULL for what is unknown
 *
 * Return: false when there is no memory.
 */
bool table_add(struct table *t, const char *const *values)
{
	size_t i, need = (t->rows + 1) * t->nr_shown;
	char **cell, buf[1024];

	if (need > t->room) {
		cell = realloc(t->cell, 2 * need * sizeof(*cell));
		if (!cell)
			return false;
		t->cell = cell;
		t->room = 2 * need;
	}
	cell = t->cell + t->rows * t->nr_shown;
	for (i = 0; i < t->nr_shown; i++) {
		const char *v = values[t->shown[i]];

		safe_text(v && *v ? v : "-", buf, sizeof(buf));
		cell[i] = strdup(buf);
		if (!cell[i]) {
			while (i--)
				free(cell[i]);
			return false;
		}
	}
	t->rows++;
	return true;
}

/* Characters, not bytes. */
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static void print_cell(const char *s, size_t w, bool right, bool last, FILE *out)
{
	size_t pad = w > width(s) ? w - width(s) : 0;

	if (right)
		fprintf(out, "%*s", (int)pad, "");
	fputs(s, out);
	/* No spaces at the end of a line. */
	if (last)
		fputc('\n', out);
	else
		fprintf(out, "%*s", (int)(right ? 2 : pad + 2), "");
}

/**
 * table_print - print a table
 * @t: the table
 * @out: where to
 * @heading: with a line of names first
 */
void table_print(const struct table *t, FILE *out, bool heading)
{
	size_t w[TABLE_COLUMNS], i, row;
	const struct column *c;

	for (i = 0; i < t->nr_shown; i++) {
		w[i] = heading ? strlen(t->columns[t->shown[i]].name) : 0;
		for (row = 0; row < t->rows; row++) {
			size_t n = width(t->cell[row * t->nr_shown + i]);

			w[i] = n > w[i] ? n : w[i];
		}
	}
	for (i = 0; heading && i < t->nr_shown; i++) {
		c = &t->columns[t->shown[i]];
		print_cell(c->name, w[i], c->right, i + 1 == t->nr_shown, out);
	}
	for (row = 0; row < t->rows; row++) {
		for (i = 0; i < t->nr_shown; i++) {
			c = &t->columns[t->shown[i]];
			print_cell(t->cell[row * t->nr_shown + i], w[i],
				   c->right, i + 1 == t->nr_shown, out);
		}
	}
}

/**
 * table_free - give its memory back
 * @t: the table
 */
void table_free(struct table *t)
{
	size_t i;

	for (i = 0; i < t->rows * t->nr_shown; i++)
		free(t->cell[i]);
	free(t->cell);
	t->cell = NULL;
	t->rows = 0;
	t->room = 0;
}
