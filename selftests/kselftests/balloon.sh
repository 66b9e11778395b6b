#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 files=guests
# The balloon and free page reporting under a guest program that is their driver.
. "${HERE:-/lab}/lib.sh"

run() { # NAME PROGRAM ARGS [create options]: ends with code 0, no FAIL line
	name=$1
	shift
	out=$(run_guest g "$@" 2>&1)
	rc=$?
	if [ $rc = 0 ] && ! printf '%s\n' "$out" | grep -q '^FAIL'; then
		pass "$name"
	else
		note "$out"
		fail "$name"
	fi
}

load || exit 1
plan 5
n=$(amount 300 60)
run "balloon" vballoon "n=$n" --mem 32M
run "balloon, pages of 2 MiB" vballoon "n=$n" --mem 32M --page-size 2M
run "hostile driver, balloon" vhostile "id=5 n=$(amount 40 10)" --mem 16M
run "hostile driver, balloon, another seed" vhostile "id=5 seed=2 n=$(amount 40 10)" --mem 16M
unload
is "no frame is left" "$([ -d /sys/module/hyperspace ] && frames || echo 0)" 0
finish
