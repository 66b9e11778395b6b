# SPDX-License-Identifier: GPL-2.0
walk_fuzz_SRCS := kmod/vmx/walk.c
