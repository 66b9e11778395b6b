#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M files=guests modules=loop,scsi_debug,sd_mod stock full
# Disks on block devices: loop, and SCSI that has bad sectors, large blocks, or
# discards; and that a device that is in use is not given away.
. "${HERE:-/lab}/lib.sh"

D=/tmp/disks

guest() { # NAME ARGS SPEC [create options]
	name=$1 args=$2 spec=$3
	shift 3
	out=$(run_guest d vblk "$args" --mem 32M --disk "$spec" "$@" 2>&1)
	rc=$?
	if [ $rc = 0 ] && ! printf '%s\n' "$out" | grep -q '^FAIL'; then
		pass "$name"
	else
		note "$out"
		fail "$name"
	fi
}

create() { # NAME SPEC
	vctl create "$1" --kernel "$GUESTS/hello.elf" --mem 16M --testdev --disk "$2"
}

# The disk of scsi_debug, or nothing.
scsi_disk() {
	for sd in /sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*/block/*; do
		[ -e "$sd" ] && echo "/dev/${sd##*/}" && return
	done
	return 1
}

scsi() { # PARAMETERS...: sets SD
	modprobe scsi_debug "$@" || return 1
	until_true scsi_disk >/dev/null || return 1
	SD=$(scsi_disk)
	until_true [ -b "$SD" ]
}

# Flushes that the disk has done, Documentation/block/stat.rst of the kernel.
flushes() {
	awk '{ print $16 }' "/sys/block/${SD#/dev/}/stat"
}

load || exit 1
mkdir -p $D
plan 18
N=$(amount 30 8)

truncate -s 8M $D/l.img
modprobe loop
losetup /dev/loop0 $D/l.img || fail "losetup"
guest "loop" "n=$N discard" /dev/loop0
guest "loop, past the page cache" "n=$N discard queues=2" /dev/loop0,direct --cpus 2
guest "loop, read only" "mode=1" /dev/loop0,ro
ok "a device is held" create v1 /dev/loop0
status "for one that writes" 2 create v2 /dev/loop0
mknod $D/same b 7 0
status "by whatever node" 2 create v2 $D/same,ro
has "and told why" "$ktap_out" "another disk writes"
mkswap /dev/loop0 >/dev/null
status "the host cannot use it then" 1 swapon /dev/loop0
vctl destroy v1
ok "but when it is free" swapon /dev/loop0
status "and then no VM" 2 create v1 /dev/loop0
has "which is told why" "$ktap_out" "in use\|swaps"
swapoff /dev/loop0
ok "free again" create v1 /dev/loop0
vctl destroy v1
losetup -d /dev/loop0

# 16384 sectors of which 0x1234 to 0x123d cannot be read.
if scsi dev_size_mb=8 opts=2 delay=0; then
	guest "bad sectors" "mode=4 bad=4660" "$SD"
	guest "bad sectors, past the page cache" "mode=4 bad=4660" "$SD,direct"
	until_true rmmod scsi_debug
else
	skip "bad sectors" "no scsi_debug"
	skip "bad sectors, past the page cache" "no scsi_debug"
fi
if scsi dev_size_mb=8 sector_size=4096 lbpu=1 delay=0; then
	before=$(flushes)
	guest "blocks of 4096 bytes" "n=$N block=4096 discard" "$SD"
	is "flushes reached it" $(($(flushes) > before)) 1
	guest "the same, past the page cache" "n=$N block=4096 discard" "$SD,direct"
	until_true rmmod scsi_debug
else
	skip "blocks of 4096 bytes" "no scsi_debug"
	skip "flushes reached it" "no scsi_debug"
	skip "the same, past the page cache" "no scsi_debug"
fi
rm -rf $D
unload
ok "the module unloads" [ ! -d /sys/module/hyperspace ]
finish
