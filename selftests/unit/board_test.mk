# SPDX-License-Identifier: GPL-2.0
board_test_SRCS := $(addprefix kmod/dev/,board.c bus.c irq.c ioapic.c ioapic_core.c pic.c pic_core.c \
	lapic.c lapic_core.c lapic_hrtimer.c lapic_lint.c lapic_regs.c lapic_timer.c \
	pci.c pci_config.c pci_core.c pci_map.c pci_window.c pit.c pit_core.c pm.c pm_core.c \
	ports.c pvpanic.c rtc.c rtc_core.c testdev.c uart.c uart_core.c) \
	selftests/unit/kshim/kshim.c
board_test_CFLAGS := -I$(TOP)/selftests/unit/kshim
