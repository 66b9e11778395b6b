# SPDX-License-Identifier: GPL-2.0
ioapic_test_SRCS := kmod/dev/ioapic_core.c
