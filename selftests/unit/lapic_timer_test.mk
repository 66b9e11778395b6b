# SPDX-License-Identifier: GPL-2.0
lapic_timer_test_SRCS := kmod/dev/lapic_timer.c
