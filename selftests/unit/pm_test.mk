# SPDX-License-Identifier: GPL-2.0
pm_test_SRCS := kmod/dev/pm_core.c
