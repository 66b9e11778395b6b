#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M files=guests
# Disks on files: what a guest can do with them, and who else may have them.
# (disk_block.sh has block devices and errors of the storage.)
. "${HERE:-/lab}/lib.sh"

D=/tmp/disks
KIB=8192
SECTORS=16384

image() { # NAME: one of KIB that holds nothing
	rm -f "$D/$1"
	truncate -s ${KIB}K "$D/$1"
}

guest() { # NAME ARGS [create options]
	name=$1 args=$2
	shift 2
	out=$(run_guest d vblk "$args" --mem 32M "$@" 2>&1)
	rc=$?
	if [ $rc = 0 ] && ! printf '%s\n' "$out" | grep -q '^FAIL'; then
		pass "$name"
	else
		note "$out"
		fail "$name"
	fi
}

letter() { # FILE N: what sector N holds, without repetitions
	dd if="$1" bs=512 skip="$2" count=1 2>/dev/null | sed 's/\(.\)\1*/\1/g'
}

create() { # NAME SPEC...
	c_name=$1
	shift
	for c_spec; do
		set -- "$@" --disk "$c_spec"
		shift
	done
	vctl create "$c_name" --kernel "$GUESTS/hello.elf" --mem 16M --testdev "$@"
}

says() { # VM TEXT
	vctl console "$1" --log | grep -q "$2"
}

running() { # VM ARGS SPEC [create options]: starts the guest, and waits until it is at work
	r_name=$1 r_args=$2 r_spec=$3
	shift 3
	vctl create "$r_name" --kernel "$GUESTS/vblk.elf" --append "$r_args" --mem 32M --testdev \
		--disk "$r_spec" "$@" >/dev/null && vctl start "$r_name" &&
		until_true says "$r_name" READY
}

# A guest that waits for its disk to have another size, and how it ended.
resize() { # NAME SECTORS-THEN
	image r.img
	running d "mode=2 sectors=$SECTORS then=$2" "$D/r.img" || fail "$1: starts"
	truncate -s $(($2 / 2))K "$D/r.img"
	# Nobody tells the module; whoever asks makes it look.
	shown=$(vctl -j show d)
	vctl wait d stopped --timeout 60
	rc=$?
	log=$(vctl console d --log)
	[ $rc = 0 ] || vctl stop d --force
	if [ $rc = 0 ] && ! printf '%s\n' "$log" | grep -q '^FAIL'; then
		pass "$1"
	else
		note "$log"
		fail "$1"
	fi
	has "$1: shown" "$shown" "\"bytes\": *$(($2 * 512))"
	vctl destroy d
}

load || exit 1
mkdir -p "$D"
plan 37
N=$(amount 40 8)

image a.img
guest "read and write" "n=$N discard" --disk "$D/a.img,id=twenty-characters-ab"
has "serial number" "$out" "id 'twenty-characters-ab'"
is "what it wrote is in the file" "$(letter $D/a.img 0)$(letter $D/a.img 3)$(letter $D/a.img 25)" ADZ
is "the file has its size" "$(stat -c %s $D/a.img)" $((KIB * 1024))
guest "read only" "mode=1" --disk "$D/a.img,ro,id=boot"
has "serial number, short" "$out" "id 'boot'"
image b.img
guest "on four queues" "n=$N discard queues=4" --disk "$D/b.img" --cpus 4
image b.img
guest "pages taken away under it" "n=$N discard testdev" --disk "$D/b.img"
has "counters" "$(cat /tmp/run_guest.json)" '"bytes": *8388608'

# Holes: what was made zero or discarded takes no room.
dd if=/dev/urandom of=$D/b.img bs=1M count=8 2>/dev/null
before=$(du -k $D/b.img | cut -f1)
guest "zeroes and discard on a full file" "n=$N discard" --disk "$D/b.img"
now=$(du -k $D/b.img | cut -f1)
is "half of the file is a hole now, but for what was written since" $((now < before * 3 / 4)) 1

resize "the file grows" 32768
resize "the file shrinks" 8192

# Storage that is full: an error for the guest, and for nobody else.
mkdir -p $D/small
mount -t tmpfs -o size=1M tmpfs $D/small
truncate -s ${KIB}K $D/small/c.img
guest "full storage" "mode=3" --disk "$D/small/c.img"
umount $D/small

# Who may have a file.
ok "a disk that is read" create v1 "$D/a.img,ro"
ok "is read by another" create v2 "$D/a.img,ro"
status "not written by a third" 2 create v3 "$D/a.img"
has "and told why" "$ktap_out" "another disk reads this file"
vctl destroy v1
vctl destroy v2
ok "written when they are gone" create v3 "$D/a.img"
status "not read then" 2 create v1 "$D/a.img,ro"
has "and told why" "$ktap_out" "another disk writes to this file"
ln $D/a.img $D/a2.img
status "not by another name" 2 create v1 "$D/a2.img"
status "nor twice by one VM" 2 vctl disk add v3 "$D/a2.img,id=two"
ok "another file is fine" vctl disk add v3 "$D/b.img,id=two"
ok "taken off again" vctl disk remove v3 two
ok "free for others then" create v1 "$D/b.img"
vctl destroy v1
vctl destroy v3

: >$D/empty.img
status "an empty file" 2 create v1 $D/empty.img
has "is too small" "$ktap_out" "smaller than one block"
status "a device that is no disk" 1 create v1 /dev/null

# The end of a VM with requests out, and of the module.
image a.img
ok "writes for ever" running d "mode=5 queues=2" "$D/a.img" --cpus 2
ok "paused" vctl pause d
ok "goes on" vctl resume d
ok "stopped in the middle" vctl stop d --force
ok "destroyed" vctl destroy d
status "its file is free" 0 create v1 "$D/a.img"
vctl destroy v1
rm -rf $D
unload
finish
