# SPDX-License-Identifier: GPL-2.0
pci_fuzz_SRCS := kmod/dev/pci_core.c kmod/dev/pci_map.c
pci_fuzz_ARGS := -max_len=515
