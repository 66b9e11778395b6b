# SPDX-License-Identifier: GPL-2.0
virtio_net_fuzz_SRCS := kmod/dev/virtio_net_core.c
virtio_net_fuzz_ARGS := -max_len=1024
