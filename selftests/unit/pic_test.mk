# SPDX-License-Identifier: GPL-2.0
pic_test_SRCS := kmod/dev/pic_core.c
