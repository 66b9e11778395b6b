#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=2G files=guests,vmlinuz,kselftests/kexec_load,selftests/kselftests/lib_down.sh then=kexec stock full
# Another kernel is started by kexec while VMs run on all CPUs.
. "${HERE:-/lab}/lib.sh"
. "$HERE/lib_down.sh"

[ "$1" != again ] || came_up 2

plan 2
ok "the next kernel is loaded" next_kernel "$(cmdline)"
ok "VMs run on all CPUs" vms_up
leave "$HERE/kexec_load" -e
