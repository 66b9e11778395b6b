# SPDX-License-Identifier: GPL-2.0
netlink_fuzz_SRCS := kmod/vm_params.c kmod/dev_params.c kmod/dev/virtio_net_core.c
netlink_fuzz_COVER := kmod/vm_params.c kmod/dev_params.c
