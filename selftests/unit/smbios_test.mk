# SPDX-License-Identifier: GPL-2.0
smbios_test_SRCS := kmod/boot/layout.c kmod/boot/smbios.c
