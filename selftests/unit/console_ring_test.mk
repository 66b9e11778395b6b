# SPDX-License-Identifier: GPL-2.0
console_ring_test_SRCS := kmod/dev/console_ring.c
