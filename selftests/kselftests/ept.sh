#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 files=guests
# Pages that leave under guests with one and two CPUs, with 4 KiB and 2 MiB
# leaves; and in builds with HS_DEBUG=1, the software check of invalidation:
# silent when all is well, and not when one step is left out.
. "${HERE:-/lab}/lib.sh"

PARAM=/sys/module/hyperspace/parameters

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

mutant() { # NAME NUMBER PROGRAM ARGS [create options]: must be reported
	name=$1 number=$2
	shift 2
	if [ ! -e $PARAM/ept_mutate ]; then
		skip "$name is noticed" "not built with HS_DEBUG=1"
		return
	fi
	before=$(cat $PARAM/ept_reports)
	echo "$number" >$PARAM/ept_mutate
	run_guest m "$@" >/dev/null 2>&1
	left=$(cat $PARAM/ept_mutate)
	echo 0 >$PARAM/ept_mutate
	note "$name: $before reports before, $(cat $PARAM/ept_reports) after, switch $left"
	[ "$left" = 0 ] && [ "$(cat $PARAM/ept_reports)" -gt "$before" ]
	is "$name is noticed" $? 0
}

load || exit 1
plan 7
run "pages leave and come back" g pages "rounds=2 mib=1 away" --mem 64M
run "pages leave under two CPUs" g smp "n=50 testdev" --mem 64M --cpus 2
if [ -e $PARAM/ept_reports ]; then
	is "no violation seen" "$(cat $PARAM/ept_reports)" 0
else
	skip "no violation seen" "not built with HS_DEBUG=1"
fi
mutant "an INVEPT left out" 1 pages "rounds=1 mib=1 away" --mem 64M
mutant "an acknowledgement left out" 2 smp "n=50 testdev" --mem 64M --cpus 2
mutant "a generation left out" 3 pages "rounds=1 mib=1 away" --mem 64M
is "frames held when no VM exists" "$(frames)" 0
unload
finish
