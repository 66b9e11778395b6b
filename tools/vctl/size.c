// SPDX-License-Identifier: GPL-2.0
/* Sizes, durations and numbers.  No state, no input but the arguments. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "size.h"

/* Digits up to the first other character; false: none, or beyond 64 bits. */
static bool digits(const char **s, uint64_t *val)
{
	const char *p = *s;

	for (*val = 0; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(*val, 10, val) ||
		    __builtin_add_overflow(*val, *p - '0', val))
			return false;
	}
	if (p == *s)
		return false;
	*s = p;
	return true;
}

/**
 * size_parse - a size such as 4096, 512M, 2GiB
 * @s: digits and K, M, G, T or P, in either case, then perhaps B or iB; all
 *	count in powers of 1024
 * @bytes: the size
 *
 * Return: false when @s is no size or is beyond 64 bits.
 */
bool size_parse(const char *s, uint64_t *bytes)
{
	static const char units[] = "KMGTP";
	const char *u = NULL;
	unsigned int shift = 0;

	if (!digits(&s, bytes))
		return false;
	if (*s)
		u = strchr(units, *s >= 'a' && *s <= 'z' ? *s - 'a' + 'A' : *s);
	if (u) {
		shift = 10 * (u - units + 1);
		s++;
		if (*s == 'i' && s[1] == 'B')
			s++;
	}
	if (*s == 'B')
		s++;
	if (*s || *bytes > UINT64_MAX >> shift)
		return false;
	*bytes <<= shift;
	return true;
}

/**
 * size_format - a size for people: 512M, 1.5G, 17K
 * @bytes: the size
 * @buf: where to
 *
 * Three digits at most beside the unit; rounded down, so that what is not
 * there is never shown.
 *
 * Return: @buf.
 */
const char *size_format(uint64_t bytes, char buf[FORMAT_MAX])
{
	static const char units[] = "BKMGTPE";
	unsigned int u = 0;
	uint64_t rest = 0;

	while (bytes >= 1024) {
		rest = bytes & 1023;
		bytes >>= 10;
		u++;
	}
	if (u && bytes < 10 && rest * 10 / 1024)
		snprintf(buf, FORMAT_MAX, "%" PRIu64 ".%" PRIu64 "%c", bytes,
			 rest * 10 / 1024, units[u]);
	else
		snprintf(buf, FORMAT_MAX, "%" PRIu64 "%c", bytes, units[u]);
	return buf;
}

/**
 * u32_parse - a number in decimal
 * @s: nothing but digits
 * @val: the number
 *
 * Return: false when @s is no number or is beyond 32 bits.
 */
bool u32_parse(const char *s, uint32_t *val)
{
	uint64_t v;

	if (!digits(&s, &v) || *s || v > UINT32_MAX)
		return false;
	*val = v;
	return true;
}

/**
 * seconds_parse - a time to wait, such as 30 or 0.5
 * @s: seconds, perhaps with a fraction, of which ms count
 * @ms: in ms
 *
 * Return: false when @s is no such number or more than ten years.
 */
bool seconds_parse(const char *s, uint64_t *ms)
{
	uint64_t sec, unit = 100;

	if (!digits(&s, &sec) || sec > 10 * 366 * 86400ULL)
		return false;
	*ms = sec * 1000;
	if (*s != '.')
		return !*s;
	for (s++; *s >= '0' && *s <= '9'; s++) {
		*ms += (*s - '0') * unit;
		unit /= 10;
	}
	return !*s && s[-1] != '.';
}

/**
 * per_second - how fast a counter went up
 * @now: what it is
 * @before: what it was; when it was more, it has begun anew from 0 meanwhile
 * @ns: time between the two, not 0
 *
 * Return: rounded to the nearest, or the largest number there is.
 */
uint64_t per_second(uint64_t now, uint64_t before, uint64_t ns)
{
	unsigned __int128 more = now < before ? now : now - before;

	more = (more * 1000000000 + ns / 2) / ns;
	return more > UINT64_MAX ? UINT64_MAX : (uint64_t)more;
}

/**
 * uptime_format - how long something has been up: 12s, 3m05s, 4h07m, 9d03h
 * @ns: that time
 * @buf: where to
 *
 * Return: @buf.
 */
const char *uptime_format(uint64_t ns, char buf[FORMAT_MAX])
{
	uint64_t s = ns / 1000000000;

	if (s < 60)
		snprintf(buf, FORMAT_MAX, "%" PRIu64 "s", s);
	else if (s < 3600)
		snprintf(buf, FORMAT_MAX, "%" PRIu64 "m%02" PRIu64 "s", s / 60,
			 s % 60);
	else if (s < 86400)
		snprintf(buf, FORMAT_MAX, "%" PRIu64 "h%02" PRIu64 "m",
			 s / 3600, s / 60 % 60);
	else
		snprintf(buf, FORMAT_MAX, "%" PRIu64 "d%02" PRIu64 "h",
			 s / 86400, s / 3600 % 24);
	return buf;
}

/**
 * cpu_time_format - time spent, to a tenth of a second: 12.3s
 * @ns: that time
 * @buf: where to
 *
 * Return: @buf.
 */
const char *cpu_time_format(uint64_t ns, char buf[FORMAT_MAX])
{
	uint64_t tenths = ns / 100000000;

	snprintf(buf, FORMAT_MAX, "%" PRIu64 ".%" PRIu64 "s", tenths / 10,
		 tenths % 10);
	return buf;
}
