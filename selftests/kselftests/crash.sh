#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M disk=96 files=kernel:6.1,guests/initrd-6.1,selftests/kselftests/linux_lib.sh,/sbin/mke2fs,/sbin/e2fsck then=plug stock full
# What a guest was told is on the disk is there after the plug was pulled.
#
# A guest appends numbered records to a file and prints each number once fsync has
# returned.  Its disk is a buffered file on a disk of the host's, which writes
# nothing back by itself here.  In the middle of that the emulator is killed; on
# the next machine every printed record is in the file.
. "${HERE:-/lab}/lib.sh"
. "$HERE/linux_lib.sh"

[ -e /lab/plan ] || skip_all "has the plug pulled: for the lab only"

IMAGE=/disk/records.img
ENOUGH=60

# In the guest: allocates first, so that records are plain overwrites which no
# journal of the host's carries to the disk by the way.
WRITER='mount /dev/vda /tmp; n=1000; while :; do echo record $n >>/tmp/records; sync /tmp/records || exit; echo "@@"$n; n=$((n + 1)); done'

printed() { log w | grep -c '^@@[0-9]*$'; }

if [ "$1" != again ]; then
	plan 3
	load || exit 1
	"$HERE/mke2fs" -q -t ext4 $IMAGE 32M && dd if=$IMAGE of=$IMAGE bs=64k conv=notrunc 2>/dev/null
	sync
	for f in dirty_writeback_centisecs dirty_expire_centisecs; do
		echo 360000 >/proc/sys/vm/$f
	done
	[ -z "$MUTATE" ] || echo "$MUTATE" >/sys/module/hyperspace/parameters/dev_mutate || exit 1
	# Line by line, or results could end up within a line of the guest's.
	ok "the guest starts" boot_initrd w 6.1 1 128M "" --disk $IMAGE,id=records
	tr -d '\r' <"/dev/ttyHS$(tty_of w)" | while read -r line; do echo "# $line"; done &
	send w "$WRITER"
	enough() { [ "$(printed)" -ge $ENOUGH ]; }
	ok "it has written $ENOUGH records" await enough
	pass "now the plug is pulled"
	labio send P 0
	sleep 1000
	exit 1
fi

# The next machine.
last=$(sed -n 's/^# @@\([0-9]*\)$/\1/p' /lab/before | tail -n 1)
plan 4
load || exit 1
note "the last record that was printed is $last"
ok "records were printed" [ "${last:-0}" -ge $((1000 + ENOUGH - 1)) ]
boot_initrd r 6.1 1 128M "" --disk $IMAGE,id=records || {
	show_end r
	exit 1
}
# The guest's mount replays its journal.
at r 'mount /dev/vda /tmp' >/dev/null
found=$(at r 'wc -l </tmp/records')
lost=$(at r "seq 1000 $last | sed 's/^/record /' >/run/want; head -n $((last - 999)) /tmp/records | cmp - /run/want && echo none")
if [ -n "$MUTATE" ]; then
	note "found $found records"
	ok "without flushes records are lost" [ "$lost" != none ]
else
	is "every printed record is there, of ${found:-no} found" "$lost" none
fi
at r 'umount /tmp' >/dev/null
vctl stop r
ok "the guest ends" vctl wait r stopped --timeout 120
drop r
if [ -n "$MUTATE" ]; then
	# A file system whose disk lied is not to be judged.
	pass "no flush, no judgement of the file system"
else
	ok "its file system is clean" "$HERE/e2fsck" -f -n $IMAGE
fi
unload
finish
