// SPDX-License-Identifier: GPL-2.0
/* Names, states, and text from elsewhere.  No state. */
#include <stdio.h>
#include <string.h>
#include <linux/hyperspace.h>
#include "name.h"

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/**
 * name_fault - what is wrong with the name of a VM
 * @s: the name
 *
 * Return: NULL when it is a good name, else a sentence.
 */
const char *name_fault(const char *s)
{
	size_t i;

	if (!*s)
		return "a name must not be empty";
	if (!letter(*s))
		return "a name must begin with a letter";
	for (i = 0; s[i]; i++) {
		if (!letter(s[i]) && !digit(s[i]) && !strchr("._-", s[i]))
			return "a name is made of letters, digits, '.', '_' and '-'";
		if (i >= HS_NAME_MAX)
			return "a name has 63 characters at most";
	}
	return NULL;
}

static const char *const states[] = {
	[HS_VM_DEFINED] = "defined",
	[HS_VM_RUNNING] = "running",
	[HS_VM_PAUSED] = "paused",
	[HS_VM_STOPPED] = "stopped",
	[HS_VM_FAILED] = "failed",
	[HS_VM_DESTROYED] = "destroyed",
};
#define STATES	(sizeof(states) / sizeof(states[0]))

/**
 * state_name - the word for a state
 * @state: enum hs_vm_state
 *
 * Return: the word; "unknown" for a state of a newer kernel.
 */
const char *state_name(uint32_t state)
{
	if (state >= STATES || !states[state])
		return "unknown";
	return states[state];
}

/**
 * state_parse - the state for a word
 * @s: the word, @len bytes of it
 * @len: how many
 * @state: receives enum hs_vm_state
 *
 * Return: false when it names no state.
 */
bool state_parse(const char *s, size_t len, uint32_t *state)
{
	uint32_t i;

	for (i = 0; i < STATES; i++) {
		if (states[i] && strlen(states[i]) == len &&
		    !memcmp(states[i], s, len)) {
			*state = i;
			return true;
		}
	}
	return false;
}

/**
 * utf8_length - bytes of the character at the start of a string
 * @s: the string
 *
 * Return: 1-4, or 0 when no well-formed UTF-8 character starts there (RFC
 * 3629: shortest form, no surrogates, up to U+10FFFF) or the string is empty.
 */
size_t utf8_length(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned char lo = 0x80, hi = 0xbf;
	size_t len, i;

	if (!p[0])
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		lo = 0xa0;
	else if (p[0] == 0xed)
		hi = 0x9f;
	else if (p[0] == 0xf0)
		lo = 0x90;
	else if (p[0] == 0xf4)
		hi = 0x8f;
	for (i = 1; i < len; i++) {
		if (p[i] < lo || p[i] > hi)
			return 0;
		lo = 0x80;
		hi = 0xbf;
	}
	return len;
}

/* Control characters of both kinds: below U+0020, U+007F-U+009F. */
static bool control(const char *s, size_t len)
{
	unsigned char c = s[0];

	return c < 0x20 || c == 0x7f ||
	       (len == 2 && c == 0xc2 && (unsigned char)s[1] < 0xa0);
}

/**
 * safe_text - text for a terminal
 * @s: text that a guest, a file or the kernel had a hand in
 * @buf: receives it, with \xNN for each byte that a terminal might act upon
 *	and for what is no UTF-8
 * @size: room in @buf, at least 1; what does not fit is cut off
 *
 * Return: length of what is in @buf.
 */
size_t safe_text(const char *s, char *buf, size_t size)
{
	size_t n = 0, len, i;

	while (*s) {
		len = utf8_length(s);
		if (len && !control(s, len)) {
			if (n + len >= size)
				break;
			memcpy(buf + n, s, len);
			n += len;
			s += len;
			continue;
		}
		for (i = 0; i < (len ? len : 1); i++) {
			if (n + 4 >= size)
				goto out;
			n += snprintf(buf + n, size - n, "\\x%02x",
				      (unsigned char)*s++);
		}
	}
out:
	buf[n] = '\0';
	return n;
}
