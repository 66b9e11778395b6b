// SPDX-License-Identifier: GPL-2.0
/* A writer of JSON (RFC 8259). */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include "json.h"
#include "name.h"

static void quoted(struct json *j, const char *s)
{
	size_t len;

	fputc('"', j->out);
	while (*s) {
		len = utf8_length(s);
		if (!len) {
			/* A byte that is no UTF-8 becomes U+FFFD. */
			fputs("\\ufffd", j->out);
			s++;
		} else if (len == 1 && (*s == '"' || *s == '\\')) {
			fprintf(j->out, "\\%c", *s++);
		} else if (len == 1 && ((unsigned char)*s < 0x20 || *s == 0x7f)) {
			fprintf(j->out, "\\u%04x", *s++);
		} else if (len == 2 && s[0] == '\xc2' && (s[1] & 0x7f) < 0x20) {
			/* Legal here, but a terminal may act upon them. */
			fprintf(j->out, "\\u00%02x", (unsigned char)s[1]);
			s += len;
		} else {
			fwrite(s, 1, len, j->out);
			s += len;
		}
	}
	fputc('"', j->out);
}

static void new_line(struct json *j)
{
	unsigned int i;

	if (!j->pretty)
		return;
	fputc('\n', j->out);
	for (i = 0; i < j->depth; i++)
		fputs("  ", j->out);
}

/* What comes before each element: comma, line, key. */
static void element(struct json *j, const char *key)
{
	if (j->some[j->depth])
		fputc(',', j->out);
	j->some[j->depth] = true;
	if (j->depth)
		new_line(j);
	if (key) {
		quoted(j, key);
		fputs(j->pretty ? ": " : ":", j->out);
	}
}

static void open_level(struct json *j, const char *key, char open, char close)
{
	assert(j->depth < JSON_DEPTH);
	element(j, key);
	fputc(open, j->out);
	j->depth++;
	j->some[j->depth] = false;
	j->close[j->depth] = close;
}

/**
 * json_begin - start a document
 * @j: the writer
 * @out: where to
 * @pretty: with line breaks and indentation
 */
void json_begin(struct json *j, FILE *out, bool pretty)
{
	*j = (struct json){ .out = out, .pretty = pretty };
}

void json_object(struct json *j, const char *key)
{
	open_level(j, key, '{', '}');
}

void json_array(struct json *j, const char *key)
{
	open_level(j, key, '[', ']');
}

/**
 * json_close - end the innermost object or array
 * @j: the writer
 */
void json_close(struct json *j)
{
	bool some = j->some[j->depth];
	char close = j->close[j->depth];

	assert(j->depth);
	j->depth--;
	if (some)
		new_line(j);
	fputc(close, j->out);
}

void json_string(struct json *j, const char *key, const char *val)
{
	element(j, key);
	quoted(j, val);
}

void json_u64(struct json *j, const char *key, uint64_t val)
{
	element(j, key);
	fprintf(j->out, "%" PRIu64, val);
}

void json_bool(struct json *j, const char *key, bool val)
{
	element(j, key);
	fputs(val ? "true" : "false", j->out);
}

/**
 * json_end - end the document: close what is open, end the line
 * @j: the writer
 */
void json_end(struct json *j)
{
	while (j->depth)
		json_close(j);
	fputc('\n', j->out);
	fflush(j->out);
}

/**
 * json_hold - start a document that may have to be thrown away
 * @j: the writer; stays where it is until json_release()
 * @pretty: with line breaks and indentation
 *
 * An answer that arrives in parts is printed when all of it is there, so that
 * output is one document: the answer, or the error.
 *
 * Return: false when there is no memory.
 */
bool json_hold(struct json *j, bool pretty)
{
	FILE *f;

	*j = (struct json){ .pretty = pretty };
	f = open_memstream(&j->text, &j->len);
	j->out = f;
	return f;
}

/**
 * json_restart - throw away what was written since json_hold()
 * @j: the writer
 */
void json_restart(struct json *j)
{
	rewind(j->out);
	j->depth = 0;
	j->some[0] = false;
}

/**
 * json_release - end a document that was held
 * @j: the writer
 * @out: where it goes; NULL: nowhere
 */
void json_release(struct json *j, FILE *out)
{
	json_end(j);
	fclose(j->out);
	if (out)
		fwrite(j->text, 1, j->len, out);
	free(j->text);
}
