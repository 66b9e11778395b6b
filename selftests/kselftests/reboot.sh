#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M files=guests,selftests/kselftests/lib_down.sh then=reset stock
# A reboot while VMs run on all CPUs: the machine comes up again.
. "${HERE:-/lab}/lib.sh"
. "$HERE/lib_down.sh"

[ "$1" != again ] || came_up 2

plan 1
ok "VMs run on all CPUs" vms_up
leave reboot -f
