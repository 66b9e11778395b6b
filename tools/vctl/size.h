/* SPDX-License-Identifier: GPL-2.0 */
/* Sizes, durations and numbers, as people write and read them. */
#ifndef VCTL_SIZE_H
#define VCTL_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room that every format function here needs. */
#define FORMAT_MAX	32

bool size_parse(const char *s, uint64_t *bytes);
const char *size_format(uint64_t bytes, char buf[FORMAT_MAX]);
bool u32_parse(const char *s, uint32_t *val);
bool seconds_parse(const char *s, uint64_t *ms);
uint64_t per_second(uint64_t now, uint64_t before, uint64_t ns);
const char *uptime_format(uint64_t ns, char buf[FORMAT_MAX]);
const char *cpu_time_format(uint64_t ns, char buf[FORMAT_MAX]);

#endif /* VCTL_SIZE_H */
