# SPDX-License-Identifier: GPL-2.0
board_pci_test_SRCS    = $(board_test_SRCS)
board_pci_test_CFLAGS  = $(board_test_CFLAGS)
