# SPDX-License-Identifier: GPL-2.0
ept_discard_test_SRCS = $(EPT_SRCS) selftests/unit/ept_store.c
ept_discard_test_CFLAGS = $(EPT_CFLAGS)
