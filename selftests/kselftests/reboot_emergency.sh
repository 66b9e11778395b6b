#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M files=guests,selftests/kselftests/lib_down.sh then=reset stock full
# The reboot that asks nobody (sysrq-b) while VMs run on all CPUs.
. "${HERE:-/lab}/lib.sh"
. "$HERE/lib_down.sh"

emergency() {
	echo 1 >/proc/sys/kernel/sysrq
	echo b >/proc/sysrq-trigger
}

[ "$1" != again ] || came_up 2

plan 1
ok "VMs run on all CPUs" vms_up
leave emergency
