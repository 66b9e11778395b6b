# SPDX-License-Identifier: GPL-2.0
virtio_console_fuzz_SRCS := kmod/dev/virtio_console_core.c
virtio_console_fuzz_ARGS := -max_len=256
