# SPDX-License-Identifier: GPL-2.0
virtio_core_test_SRCS := kmod/dev/virtio_core.c
