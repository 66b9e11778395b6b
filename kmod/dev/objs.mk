# SPDX-License-Identifier: GPL-2.0
hyperspace-y +=
hyperspace-y += kmod/dev/console.o kmod/dev/console_ring.o
hyperspace-y += kmod/dev/uart.o kmod/dev/uart_core.o
hyperspace-y += kmod/dev/pit.o kmod/dev/pit_core.o
hyperspace-y += kmod/dev/rtc.o kmod/dev/rtc_core.o
hyperspace-y += kmod/dev/pm.o kmod/dev/pm_core.o
hyperspace-y += kmod/dev/ports.o kmod/dev/pvpanic.o kmod/dev/testdev.o
