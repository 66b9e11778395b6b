# SPDX-License-Identifier: GPL-2.0
acpi_test_SRCS   := kmod/boot/layout.c kmod/boot/acpi.c
acpi_test_CFLAGS := -DHS_TOP='"$(TOP)"'
