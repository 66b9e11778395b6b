# SPDX-License-Identifier: GPL-2.0
blk_test_SRCS := kmod/dev/virtio_blk_core.c
