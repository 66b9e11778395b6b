# SPDX-License-Identifier: GPL-2.0
vm_state_test_SRCS := kmod/vm_state.c
