# SPDX-License-Identifier: GPL-2.0
pv_test_SRCS := kmod/vmx/pv.c
pv_test_LDLIBS := -lm
