# SPDX-License-Identifier: GPL-2.0
vmx_tables_test_SRCS := kmod/vmx/ctls.c kmod/vmx/reqs.c kmod/vmx/mitig.c kmod/vmx/event.c
