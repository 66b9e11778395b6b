# SPDX-License-Identifier: GPL-2.0
lapic_test_SRCS := kmod/dev/lapic_core.c kmod/dev/lapic_regs.c kmod/dev/lapic_lint.c kmod/dev/lapic_timer.c
