#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=2G files=guests,vmlinuz,kselftests/kexec_load,selftests/kselftests/lib_down.sh then=kexec append=crashkernel=256M announce=Kernel.panic stock full
# A crash while VMs run on all CPUs, with a crash kernel: it starts, brings up all
# CPUs (a crash kernel normally keeps to one; this one shows that the others left
# VMX operation), and sees the memory of the one that crashed.
. "${HERE:-/lab}/lib.sh"
. "$HERE/lib_down.sh"

crash() { # On the boot CPU: sending INIT to that one would restart the machine.
	echo 1 >/proc/sys/kernel/sysrq
	taskset 1 sh -c 'echo c >/proc/sysrq-trigger'
}

if [ "$1" = again ]; then
	# Not a result, but nothing may be read into this kernel otherwise.
	[ -s /proc/vmcore ] || { echo "not ok 0 this is the crash kernel"; exit 1; }
	came_up 2
fi

plan 2
ok "the crash kernel is loaded" next_kernel "$(cmdline)" -p
ok "VMs run on all CPUs" vms_up
leave crash
