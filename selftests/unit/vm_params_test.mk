# SPDX-License-Identifier: GPL-2.0
vm_params_test_SRCS := kmod/vm_params.c
