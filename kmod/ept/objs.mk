# SPDX-License-Identifier: GPL-2.0
hyperspace-y += kmod/ept/entry.o kmod/ept/host.o kmod/ept/table.o kmod/ept/inval.o \
		kmod/ept/frame.o kmod/ept/slot.o kmod/ept/fault.o kmod/ept/out.o \
		kmod/ept/split.o kmod/ept/harvest.o kmod/ept/access.o \
		kmod/ept/gmem.o kmod/ept/discard.o kmod/ept/debug.o
