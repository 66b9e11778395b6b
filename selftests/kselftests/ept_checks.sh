#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 files=guests checks
# What builds with HS_DEBUG=1 have: the software check of invalidation is silent
# while pages leave under guests, and not when one step is left out.
. "${HERE:-/lab}/lib.sh"

PARAM=/sys/module/hyperspace/parameters

# The step is left out until the check has noticed: a CPU that leaves the guest
# by itself in the right moment makes one time harmless.  Two runs are plenty.
mutant() { # NAME NUMBER PROGRAM ARGS [create options]: must be reported
	name=$1 number=$2
	shift 2
	before=$(cat $PARAM/ept_reports)
	echo "$number" >$PARAM/ept_mutate
	for turn in 1 2; do
		run_guest m "$@" >/dev/null 2>&1
		[ "$(cat $PARAM/ept_mutate)" = 0 ] && break
	done
	left=$(cat $PARAM/ept_mutate)
	echo 0 >$PARAM/ept_mutate
	note "$name: $before reports before, $(cat $PARAM/ept_reports) after $turn runs, switch $left"
	[ "$left" = 0 ] && [ "$(cat $PARAM/ept_reports)" -gt "$before" ]
	is "$name is noticed" $? 0
}

load || exit 1
[ -e $PARAM/ept_reports ] || { echo "# not built with HS_DEBUG=1"; exit 1; }
plan 9
ok "pages leave and come back" run_guest g pages "rounds=2 mib=1 away" --mem 64M
ok "pages leave under two CPUs" run_guest g smp "n=50 testdev" --mem 64M --cpus 2
ok "2 MiB leaves split and collapse" run_guest g pages "rounds=2 mib=1 away" --mem 64M --page-size 2M
ok "and under two CPUs" run_guest g smp "n=50 testdev" --mem 64M --cpus 2 --page-size 2M
is "no violation seen" "$(cat $PARAM/ept_reports)" 0
mutant "an INVEPT left out" 1 pages "rounds=1 mib=1 away" --mem 64M
mutant "an acknowledgement left out" 2 smp "n=50 testdev" --mem 64M --cpus 2
mutant "a generation left out" 3 pages "rounds=1 mib=1 away" --mem 64M
is "frames held when no VM exists" "$(frames)" 0
unload
finish
