# SPDX-License-Identifier: GPL-2.0
blk_fuzz_SRCS := kmod/dev/virtio_blk_core.c
blk_fuzz_ARGS := -max_len=320
