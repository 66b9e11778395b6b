/* SPDX-License-Identifier: GPL-2.0 */
/* Names of VMs and their states; text from elsewhere made safe to print. */
#ifndef VCTL_NAME_H
#define VCTL_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

const char *name_fault(const char *s);
const char *state_name(uint32_t state);
bool state_parse(const char *s, size_t len, uint32_t *state);
size_t safe_text(const char *s, char *buf, size_t size);
size_t utf8_length(const char *s);

#endif /* VCTL_NAME_H */
