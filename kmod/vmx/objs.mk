# SPDX-License-Identifier: GPL-2.0
# Pure: also compiled into user-space tests.
hyperspace-y += kmod/vmx/audit.o kmod/vmx/cpuid.o kmod/vmx/cpuid_feat.o kmod/vmx/ctls.o
hyperspace-y += kmod/vmx/event.o kmod/vmx/gstate.o kmod/vmx/mitig.o
hyperspace-y += kmod/vmx/msr.o kmod/vmx/pv.o kmod/vmx/reqs.o
hyperspace-y += kmod/vmx/insn.o kmod/vmx/insn_exec.o kmod/vmx/insn_mem.o
hyperspace-y += kmod/vmx/insn_string.o kmod/vmx/walk.o
# The processor's.
asflags-y += -I$(hs-src)/kmod
asflags-$(HS_DEBUG) += -DHS_DEBUG
hyperspace-y += kmod/vmx/vmx.o kmod/vmx/caps.o kmod/vmx/vmcs.o
hyperspace-y += kmod/vmx/setup.o kmod/vmx/entry.o kmod/vmx/run.o kmod/vmx/host.o
hyperspace-y += kmod/vmx/inject.o kmod/vmx/exits.o kmod/vmx/cr.o kmod/vmx/dr.o
hyperspace-y += kmod/vmx/msr_exit.o kmod/vmx/pv_guest.o kmod/vmx/io.o kmod/vmx/mmio.o
hyperspace-y += kmod/vmx/dump.o kmod/vmx/debug.o kmod/vmx/debug_host.o
