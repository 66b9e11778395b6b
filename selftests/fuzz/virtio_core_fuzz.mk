# SPDX-License-Identifier: GPL-2.0
virtio_core_fuzz_SRCS := kmod/dev/virtio_core.c
virtio_core_fuzz_ARGS := -max_len=512
