# SPDX-License-Identifier: GPL-2.0
virtio_net_test_SRCS := kmod/dev/virtio_net_core.c
