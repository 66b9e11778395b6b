#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: hz=200M files=guests
# The paravirtual ABI: clock, steal time, end of interrupt.  One CPU: vCPUs of two
# VMs take turns.
. "${HERE:-/lab}/lib.sh"

run() { # NAME ARGS: the program passes all its checks
	name=$1
	shift
	out=$(run_guest g pv "$@" --mem 16M 2>&1)
	rc=$?
	if [ $rc = 0 ] && ! printf '%s\n' "$out" | grep -q '^FAIL'; then
		pass "$name"
	else
		note "$out"
		fail "$name"
	fi
}

console_has() { # NAME TEXT
	vctl console "$1" --log | grep -q "$2"
}

load || exit 1
plan 9
date=$(date +%s)
run "x2APIC" ""
wall=$(printf '%s\n' "$out" | sed -n 's/^WALL \([0-9]*\).*/\1/p')
after=$(date +%s)
note "guest: $wall, host: $date to $after"
ok "the wall clock is the host's" test "${wall:-0}" -ge "$date" -a "${wall:-0}" -le "$after"
run "xAPIC" "xapic"

# Beside one that spins, about half of the time is somebody else's.
vctl create s --kernel "$GUESTS/spin.elf" --append sti --mem 16M --testdev >/dev/null
vctl start s
run "steal time beside a VM that spins" "starved spin=400"
vctl stop s --force
vctl destroy s

# A guest that was paused learns it by its clock.
vctl create p --kernel "$GUESTS/pv.elf" --append wait --mem 16M --testdev >/dev/null
vctl start p
ok "ready" await console_has p READY
vctl pause p
vctl resume p
ok "pause and resume" vctl wait p stopped --timeout 60
has "the guest learnt of it" "$(vctl console p --log)" "PASS clock-tells-of-a-pause"

# Started again it holds nothing of the run before.
vctl start p
ok "ready again" await console_has p READY
vctl reset p
vctl stop p --force
ok "destroy" vctl destroy p
unload
finish
