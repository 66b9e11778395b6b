# SPDX-License-Identifier: GPL-2.0
dev_params_test_SRCS := kmod/dev_params.c kmod/dev/virtio_net_core.c kmod/vm_params.c
