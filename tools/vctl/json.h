/* SPDX-License-Identifier: GPL-2.0 */
/*
 * JSON as it is written: keys in snake_case, base units in the key's name,
 * numbers never as strings, what is unknown left out.
 */
#ifndef VCTL_JSON_H
#define VCTL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH	8

struct json {
	FILE *out;
	bool pretty;
	unsigned int depth;
	bool some[JSON_DEPTH + 1];	/* the level has an element already */
	char close[JSON_DEPTH + 1];
	char *text;			/* json_hold(): what was written so far */
	size_t len;
};

/* @key is NULL for elements of an array and at the top. */
void json_begin(struct json *j, FILE *out, bool pretty);
void json_object(struct json *j, const char *key);
void json_array(struct json *j, const char *key);
void json_close(struct json *j);
void json_string(struct json *j, const char *key, const char *val);
void json_u64(struct json *j, const char *key, uint64_t val);
void json_bool(struct json *j, const char *key, bool val);
void json_end(struct json *j);
bool json_hold(struct json *j, bool pretty);
void json_restart(struct json *j);
void json_release(struct json *j, FILE *out);

#endif /* VCTL_JSON_H */
