# SPDX-License-Identifier: GPL-2.0
virtio_balloon_test_SRCS := kmod/dev/virtio_balloon_core.c
