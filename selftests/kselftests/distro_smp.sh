#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M mem=1400 disk=420:debian modules=tun files=kernel:6.12,guests/initrd-6.12,selftests/kselftests/linux_lib.sh,selftests/kselftests/distro.sh,/sbin/e2fsck stock long
# The same with four vCPUs and the newer kernel.
CPUS=4
KERNEL=6.12
. "${HERE:-/lab}/distro.sh"
