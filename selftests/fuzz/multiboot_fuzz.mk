# SPDX-License-Identifier: GPL-2.0
multiboot_fuzz_SRCS  := kmod/boot/layout.c kmod/boot/load.c kmod/boot/entry.c kmod/boot/elf.c \
	kmod/boot/bzimage.c kmod/boot/pvh.c kmod/boot/multiboot.c kmod/boot/acpi.c kmod/boot/smbios.c
# This one takes files of all formats, so it has what they share.
multiboot_fuzz_COVER := kmod/boot/multiboot.c kmod/boot/load.c kmod/boot/entry.c
multiboot_fuzz_ARGS := -max_len=4096
