# SPDX-License-Identifier: GPL-2.0
bzimage_fuzz_SRCS  := kmod/boot/layout.c kmod/boot/load.c kmod/boot/entry.c kmod/boot/elf.c \
	kmod/boot/bzimage.c kmod/boot/pvh.c kmod/boot/multiboot.c kmod/boot/acpi.c kmod/boot/smbios.c
bzimage_fuzz_COVER := kmod/boot/bzimage.c kmod/boot/layout.c
bzimage_fuzz_ARGS := -max_len=4096
