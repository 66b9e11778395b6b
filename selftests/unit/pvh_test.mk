# SPDX-License-Identifier: GPL-2.0
pvh_test_SRCS := kmod/boot/layout.c kmod/boot/load.c kmod/boot/entry.c kmod/boot/elf.c \
	kmod/boot/bzimage.c kmod/boot/pvh.c kmod/boot/multiboot.c kmod/boot/acpi.c kmod/boot/smbios.c
