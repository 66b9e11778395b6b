#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=200M files=guests
# vCPUs that share CPUs: one that spins makes way, and many work together.
. "${HERE:-/lab}/lib.sh"

tids() { # NAME: numbers of its threads
	for p in /proc/[0-9]*; do
		case $(cat "$p/comm" 2>/dev/null) in
		hs/"$1"/*) echo "${p#/proc/}" ;;
		esac
	done
}

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
plan 7
# Each pass of the flag takes far less than a time slice of the host's scheduler.
vctl create y --kernel "$GUESTS/smp.elf" --append "n=50 onecpu" --mem 32M --cpus 2 --testdev >/dev/null
for t in $(tids y); do
	taskset -p 1 "$t" >/dev/null
done
vctl start y
ok "two vCPUs on one CPU" vctl wait y stopped --timeout 120
out=$(vctl console y --log)
note "$(printf '%s\n' "$out" | grep handoff)"
has "who spins makes way" "$out" "^PASS smp-handoff-is-quick"
vctl stop y --force 2>/dev/null
vctl destroy y

run "16 vCPUs" many "cpus=16" --mem 32M --cpus 16
run "16 vCPUs, xAPIC" many "cpus=16 xapic" --mem 32M --cpus 16
run "5 vCPUs" many "cpus=5" --mem 32M --cpus 5
run "255 vCPUs" many "cpus=255 laps=1" --mem 64M --cpus 255
run "1 vCPU" many "cpus=1 xapic" --mem 32M
unload
finish
