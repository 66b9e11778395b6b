# SPDX-License-Identifier: GPL-2.0
insn_test_SRCS := kmod/vmx/insn.c kmod/vmx/insn_mem.c kmod/vmx/insn_exec.c kmod/vmx/insn_string.c \
	selftests/unit/insn_native.c selftests/unit/insn_gen.c
