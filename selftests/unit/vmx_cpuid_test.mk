# SPDX-License-Identifier: GPL-2.0
vmx_cpuid_test_SRCS := kmod/vmx/cpuid.c kmod/vmx/cpuid_feat.c kmod/vmx/msr.c
