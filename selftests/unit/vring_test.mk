# SPDX-License-Identifier: GPL-2.0
vring_test_SRCS := kmod/dev/vring.c
vring_test_CFLAGS := -Wno-missing-field-initializers -include vring_barrier.h
vring_test_LDLIBS := -pthread
