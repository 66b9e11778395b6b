#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M files=guests,selftests/kselftests/lib_down.sh then=reset stock append=panic=1 announce=Kernel.panic full
# A crash while VMs run on all CPUs, without a crash kernel: the machine resets
# after a second, as panic=1 says, and comes up again.
. "${HERE:-/lab}/lib.sh"
. "$HERE/lib_down.sh"

crash() {
	echo 1 >/proc/sys/kernel/sysrq
	echo c >/proc/sysrq-trigger
}

[ "$1" != again ] || came_up 2

plan 1
ok "VMs run on all CPUs" vms_up
leave crash
