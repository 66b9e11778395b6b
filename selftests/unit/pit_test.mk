# SPDX-License-Identifier: GPL-2.0
pit_test_SRCS := kmod/dev/pit_core.c
