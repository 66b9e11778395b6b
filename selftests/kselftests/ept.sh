#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 files=guests
# Pages that leave under guests with one and two CPUs, with 4 KiB and 2 MiB
# leaves.
. "${HERE:-/lab}/lib.sh"

run() { # NAME VM PROGRAM ARGS [create options]: ends with code 0, no FAIL line
	name=$1
	shift
	out=$(run_guest "$@" 2>&1)
	rc=$?
	if [ $rc = 0 ] && ! printf '%s\n' "$out" | grep -q '^FAIL'; then
		pass "$name"
	else
		note "$out"
		fail "$name"
	fi
}

load || exit 1
plan 3
run "pages leave and come back" g pages "rounds=2 mib=1 away" --mem 64M
run "pages leave under two CPUs" g smp "n=50 testdev" --mem 64M --cpus 2
is "frames held when no VM exists" "$(frames)" 0
unload
finish
