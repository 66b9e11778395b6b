# SPDX-License-Identifier: GPL-2.0
vmx_audit_test_SRCS := kmod/vmx/audit.c kmod/vmx/gstate.c kmod/vmx/msr.c
