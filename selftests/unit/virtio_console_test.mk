# SPDX-License-Identifier: GPL-2.0
virtio_console_test_SRCS := kmod/dev/virtio_console_core.c
