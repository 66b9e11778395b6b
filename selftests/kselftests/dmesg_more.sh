#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: hz=400M files=qemu,kernel:6.1,kernel:6.12,guests/initrd-6.1,guests/initrd-6.12,selftests/kselftests/dmesg.awk,selftests/kselftests/dmesg-allowed,selftests/kselftests/dmesg.sh modules=kvm_intel full
# The pairs of kernel and vCPUs that dmesg.sh leaves out for time.
PAIRS="6.1:2 6.12:1"
. "${HERE:-/lab}/dmesg.sh"
