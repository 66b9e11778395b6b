/* SPDX-License-Identifier: GPL-2.0 */
/* Values of options that have parts: FILE,ro,id=NAME. */
#ifndef VCTL_SPEC_H
#define VCTL_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int spec_split(char *s, char *part[], int max);
const char *spec_value(const char *part, const char *key);
bool mac_parse(const char *s, uint8_t mac[6]);

#endif /* VCTL_SPEC_H */
