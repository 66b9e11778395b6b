# SPDX-License-Identifier: GPL-2.0
e820_test_SRCS := kmod/boot/layout.c
