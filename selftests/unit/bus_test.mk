# SPDX-License-Identifier: GPL-2.0
bus_test_SRCS := kmod/dev/bus.c
