/* SPDX-License-Identifier: GPL-2.0 */
/* What the UART asks of the console, and the module of its tty driver. */
#ifndef HS_DEV_CONSOLE_H
#define HS_DEV_CONSOLE_H

#include <linux/types.h>
#include "dev/devices.h"

struct hs_console;
struct hs_uart;

void hs_console_attach(struct hs_console *c, struct hs_uart *u);
void hs_console_detach(struct hs_console *c);
void hs_console_out(struct hs_console *c, u8 byte);
bool hs_console_has_input(const struct hs_console *c);
bool hs_console_in(struct hs_console *c, u8 *byte);

#endif /* HS_DEV_CONSOLE_H */
