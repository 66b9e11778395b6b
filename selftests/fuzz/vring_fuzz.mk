# SPDX-License-Identifier: GPL-2.0
vring_fuzz_SRCS := kmod/dev/vring.c
vring_fuzz_ARGS := -max_len=2048
