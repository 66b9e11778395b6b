#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: hz=400M disk=128:qemu-pci files=kernel:6.1,kernel:6.12,guests/initrd-6.1,guests/initrd-6.12,selftests/kselftests/dmesg.awk,selftests/kselftests/dmesg-allowed,selftests/kselftests/drivers.awk,selftests/kselftests/drivers-allowed,selftests/kselftests/dmesg.sh modules=kvm_intel,tun full
# The pairs of kernel and vCPUs that dmesg.sh leaves out for time.
PAIRS="6.1:2 6.12:1"
. "${HERE:-/lab}/dmesg.sh"
