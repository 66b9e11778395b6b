# SPDX-License-Identifier: GPL-2.0
walk_test_SRCS := kmod/vmx/walk.c
