# SPDX-License-Identifier: GPL-2.0
bzimage_test_SRCS := kmod/boot/layout.c kmod/boot/load.c kmod/boot/entry.c kmod/boot/elf.c \
	kmod/boot/bzimage.c kmod/boot/pvh.c kmod/boot/multiboot.c kmod/boot/acpi.c kmod/boot/smbios.c
# A stock kernel, when the lab has fetched one.
HS_CACHE_DIR := $(or $(HS_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/hyperspace)
export HS_BZIMAGE ?= $(firstword $(wildcard $(HS_CACHE_DIR)/kernels/6.1*/vmlinuz))
