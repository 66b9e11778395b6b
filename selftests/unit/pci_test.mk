# SPDX-License-Identifier: GPL-2.0
pci_test_SRCS := kmod/dev/pci_core.c kmod/dev/pci_map.c
