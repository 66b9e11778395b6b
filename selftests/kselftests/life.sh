#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: hz=200M files=kselftests/vms
# Loading, unloading, making and unmaking: everything comes back.
. "${HERE:-/lab}/lib.sh"

VMS=$HERE/vms
LOADS=$(amount 50 10)
COUNT=$(amount 200 20)
ROUNDS=$(amount 3 1)
SLACK=512	# KiB
# KiB, from the first round to the last.  Each VM leaves the kernel about two
# descriptors (64 bytes) of addresses that it frees later, many at a time.
GROWTH=128

plan $((8 + 3 * ROUNDS))

near() { # A B: within SLACK of each other
	[ $(($1 - $2)) -le $SLACK ] && [ $(($2 - $1)) -le $SLACK ]
}

# Available memory and slab, in $avail_now and $slab_now: as they were, $1 and $2,
# or as they stay.  What is freed comes back by works and RCU, when these run.
measure() {
	for try in $(seq 10); do
		# shellcheck disable=SC2046
		set -- "$1" "$2" $(mem_now)
		avail_now=$3 slab_now=$4
		near "$3" "$1" && near "$4" "$2" && break
		sleep 0.3
	done
}

# Freed memory waits in KASAN's quarantine, up to a part of all memory; on such a
# kernel kmemleak looks for what is lost.
QUARANTINE=
case $(uname -r) in *-debug) QUARANTINE="KASAN keeps freed memory; kmemleak looks" ;; esac

# within NAME NOW BASE: both within SLACK of each other
within() {
	if [ -n "$QUARANTINE" ]; then
		skip "$1" "$QUARANTINE"
		return
	fi
	note "$1: $3 KiB, then $2 KiB"
	if near "$2" "$3"; then
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
"$VMS" cycle "$(amount 20 5)"
unload
# shellcheck disable=SC2046
set -- $(mem_now)
avail=$1 slab=$2
ok "load and unload $LOADS times" load_often
measure "$avail" "$slab"
within "memory after $LOADS loads" "$avail_now" "$avail"

ok "a request loads the module" "$VMS" cycle 1
load
"$VMS" cycle "$(amount 20 5)"
# shellcheck disable=SC2046
set -- $(mem_now)
avail=$1 slab=$2
for round in $(seq $ROUNDS); do
	ok "$COUNT VMs, round $round" "$VMS" cycle $COUNT
	measure "$avail" "$slab"
	within "available memory, round $round" "$avail_now" "$avail"
	within "slab, round $round" "$slab_now" "$slab"
	[ "$round" = 1 ] && first=$slab_now
done
if [ -n "$QUARANTINE" ]; then
	skip "slab does not grow from round to round" "$QUARANTINE"
else
	ok "slab does not grow from round to round" [ $((slab_now - first)) -le $GROWTH ]
fi
is "frames" "$(frames)" 0

"$VMS" make 2
"$VMS" start 1
is "each VM holds the module" "$(refs)" 2
status "unload with VMs present is refused" 1 rmmod hyperspace
"$VMS" kill 1
"$VMS" del 2
ok "unload when they are gone" rmmod hyperspace
finish
