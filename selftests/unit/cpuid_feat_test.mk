# SPDX-License-Identifier: GPL-2.0
cpuid_feat_test_SRCS := kmod/vmx/cpuid.c kmod/vmx/cpuid_feat.c kmod/vmx/msr.c
