# SPDX-License-Identifier: GPL-2.0
msr_fuzz_SRCS := kmod/vmx/msr.c kmod/vmx/pv.c
msr_fuzz_ARGS := -max_len=512
