# SPDX-License-Identifier: GPL-2.0
netlink_fuzz_SRCS := kmod/vm_params.c kmod/dev_params.c
