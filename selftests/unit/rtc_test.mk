# SPDX-License-Identifier: GPL-2.0
rtc_test_SRCS := kmod/dev/rtc_core.c
rtc_test_CFLAGS := -finstrument-functions
