#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: hz=200M files=guests
# The devices of the board as a driver sees them, and the ways to reset.
. "${HERE:-/lab}/lib.sh"

passes() { # NAME ARGS [create options]
	name=$1
	shift
	out=$(run_guest d devices "$@" 2>&1)
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
passes "registers, interrupts, clocks" "" --mem 16M
passes "the same with two CPUs" "" --mem 16M --cpus 2
passes "reset by 0xcf9" "reset=0xcf9" --mem 16M
passes "reset by the keyboard controller" "reset=0x64" --mem 16M
passes "reset by port 0x92" "reset=0x92" --mem 16M
finish
