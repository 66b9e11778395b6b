# SPDX-License-Identifier: GPL-2.0
hyperspace-y += kmod/compat/vmxhold.o
