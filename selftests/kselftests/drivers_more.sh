#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M disk=64 modules=tun files=kernel:6.1,kernel:6.12,kernel:6.1-amd64,guests/initrd-6.1,guests/initrd-6.12,guests/initrd-6.1-amd64,selftests/kselftests/linux_lib.sh,selftests/kselftests/drivers.sh stock long
# The pairs of kernel and vCPUs that drivers.sh leaves out for time; with them, the
# kernel that is not the cloud flavour.
PAIRS="6.1:4 6.12:1 6.12:4 6.1-amd64:1 6.1-amd64:4"
. "${HERE:-/lab}/drivers.sh"
