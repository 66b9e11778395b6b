# SPDX-License-Identifier: GPL-2.0
virtio_balloon_fuzz_SRCS := kmod/dev/virtio_balloon_core.c
virtio_balloon_fuzz_ARGS := -max_len=512
