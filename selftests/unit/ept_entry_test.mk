# SPDX-License-Identifier: GPL-2.0
ept_entry_test_SRCS := kmod/ept/entry.c
