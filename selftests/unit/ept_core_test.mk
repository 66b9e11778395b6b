# SPDX-License-Identifier: GPL-2.0
EPT_SRCS = $(addprefix kmod/ept/,entry.c table.c inval.c frame.c slot.c fault.c out.c split.c \
	harvest.c access.c gmem.c discard.c debug.c) kmod/balloon/stage.c \
	selftests/unit/ept_host_user.c selftests/unit/ept_vcpu.c
EPT_CFLAGS = -I. -DHS_DEBUG -pthread
ept_core_test_SRCS = $(EPT_SRCS)
ept_core_test_CFLAGS = $(EPT_CFLAGS)
