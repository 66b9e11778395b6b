# SPDX-License-Identifier: GPL-2.0
insn_fuzz_SRCS := kmod/vmx/insn.c kmod/vmx/insn_mem.c kmod/vmx/insn_exec.c kmod/vmx/insn_string.c
