/* SPDX-License-Identifier: GPL-2.0 */
/* What the console asks of the UART. */
#ifndef HS_DEV_UART_H
#define HS_DEV_UART_H

struct hs_uart;

void hs_uart_input_ready(struct hs_uart *u);
void hs_uart_break(struct hs_uart *u);

#endif /* HS_DEV_UART_H */
