# SPDX-License-Identifier: GPL-2.0
uart_test_SRCS := kmod/dev/uart_core.c
