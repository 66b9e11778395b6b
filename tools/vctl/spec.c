// SPDX-License-Identifier: GPL-2.0
/* Values of options that have parts.  No state. */
#include <string.h>
#include "spec.h"

/**
 * spec_split - take the value of an option apart at its commas
 * @s: the value, changed in place; the parts point into it
 * @part: receives them
 * @max: room in @part, at least 1
 *
 * Two commas in a row are one in the part, so that any file can be named.
 *
 * Return: how many parts, 1 at least; -1 when there are more than @max.
 */
int spec_split(char *s, char *part[], int max)
{
	char *in = s, *out = s;
	int n = 1;

	part[0] = s;
	for (; *in; in++) {
		if (*in != ',' || in[1] == ',') {
			in += *in == ',';
			*out++ = *in;
			continue;
		}
		*out++ = '\0';
		if (n == max)
			return -1;
		part[n++] = out;
	}
	*out = '\0';
	return n;
}

/**
 * spec_value - what a part says of a key
 * @part: "key=value"
 * @key: a key
 *
 * Return: the value, or NULL when the part is about something else.
 */
const char *spec_value(const char *part, const char *key)
{
	size_t len = strlen(key);

	return !strncmp(part, key, len) && part[len] == '=' ? part + len + 1 : NULL;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/**
 * mac_parse - the address of a network interface
 * @s: six times two hexadecimal digits, with colons between
 * @mac: the address
 *
 * Return: false when @s is no address.
 */
bool mac_parse(const char *s, uint8_t mac[6])
{
	int i;

	for (i = 0; i < 6; i++, s += 3) {
		if (hex(s[0]) < 0 || hex(s[1]) < 0 || s[2] != (i < 5 ? ':' : '\0'))
			return false;
		mac[i] = hex(s[0]) << 4 | hex(s[1]);
	}
	return true;
}
