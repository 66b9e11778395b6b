# SPDX-License-Identifier: GPL-2.0
lapic_msg_test_SRCS := kmod/dev/lapic_core.c kmod/dev/lapic_regs.c kmod/dev/lapic_lint.c kmod/dev/lapic_timer.c
lapic_msg_test_LDLIBS := -lpthread
lapic_msg_test_CFLAGS := -DHS_ATOMICS_HOOK
