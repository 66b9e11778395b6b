# SPDX-License-Identifier: GPL-2.0
acpi_fuzz_SRCS := kmod/boot/layout.c kmod/boot/acpi.c
acpi_fuzz_COVER := kmod/boot/acpi.c
acpi_fuzz_ARGS := -max_len=4
