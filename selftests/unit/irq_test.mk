# SPDX-License-Identifier: GPL-2.0
irq_test_SRCS := $(addprefix kmod/dev/,bus.c irq.c ioapic.c ioapic_core.c pic.c pic_core.c \
	lapic.c lapic_core.c lapic_hrtimer.c lapic_lint.c lapic_regs.c lapic_timer.c \
	pit.c pit_core.c) \
	selftests/unit/kshim/kshim.c
irq_test_CFLAGS := -I$(TOP)/selftests/unit/kshim
