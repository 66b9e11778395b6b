#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M disk=96 files=kernel:6.1,guests/initrd-6.1,selftests/kselftests/linux_lib.sh,selftests/kselftests/crash.sh,/sbin/mke2fs,/sbin/e2fsck then=plug checks stock full
# In builds with HS_DEBUG=1: crash.sh notices when flushes are dropped.
MUTATE=1
. "${HERE:-/lab}/crash.sh"
