#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: hz=200M files=kselftests/vms
# Loading, unloading, making and unmaking: everything comes back.
. "${HERE:-/lab}/lib.sh"

VMS=$HERE/vms
LOADS=50
COUNT=200
ROUNDS=3
SLACK=512	# KiB
GROWTH=128	# KiB, from the first round to the last

plan $((8 + 3 * ROUNDS))

# within NAME NOW BASE: both within SLACK of each other
within() {
	within_diff=$(($2 - $3))
	note "$1: $3 KiB, then $2 KiB"
	if [ $within_diff -le $SLACK ] && [ $within_diff -ge -$SLACK ]; then
		pass "$1"
	else
		fail "$1"
	fi
}

load_often() {
	unload || return
	for i in $(seq $LOADS); do
		modprobe hyperspace || return
		rmmod hyperspace || return
	done
}

loaded() {
	[ -d /sys/module/hyperspace ]
}

refs() {
	cat /sys/module/hyperspace/refcnt
}

# The first time kernel and tools fill caches that stay.
load
"$VMS" cycle 20
unload
# shellcheck disable=SC2046
set -- $(mem_now)
avail=$1
ok "load and unload $LOADS times" load_often
# shellcheck disable=SC2046
set -- $(mem_now)
within "memory after $LOADS loads" "$1" "$avail"

ok "a request loads the module" "$VMS" cycle 1
load
"$VMS" cycle 20
# shellcheck disable=SC2046
set -- $(mem_now)
avail=$1 slab=$2
for round in $(seq $ROUNDS); do
	ok "$COUNT VMs, round $round" "$VMS" cycle $COUNT
	# shellcheck disable=SC2046
	set -- $(mem_now)
	within "available memory, round $round" "$1" "$avail"
	within "slab, round $round" "$2" "$slab"
	[ "$round" = 1 ] && first=$2
done
ok "slab does not grow from round to round" [ $(($2 - first)) -le $GROWTH ]
is "frames" "$(frames)" 0

"$VMS" make 2
"$VMS" start 1
is "each VM holds the module" "$(refs)" 2
status "unload with VMs present is refused" 1 rmmod hyperspace
"$VMS" kill 1
"$VMS" del 2
ok "unload when they are gone" rmmod hyperspace
finish
