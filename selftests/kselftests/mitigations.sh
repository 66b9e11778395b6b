#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=1 hz=400M model=tigerlake append=mitigations=auto files=guests
# What "vctl check" says about speculation, on a processor with IA32_SPEC_CTRL and
# mitigations on: each line is off with a reason or counts what was done.
. "${HERE:-/lab}/lib.sh"

ran() { # ROW: its counter, nothing when it is off
	vctl check | sed -n "s/.*$1.*active, ran \([0-9]*\) times/\1/p"
}

stat() { # NAME STATISTIC
	vctl -j show "$1" | sed -n "s/.*\"$2\": *\([0-9]*\).*/\1/p" | head -n 1
}

# per_entry ROW: the action is in force, and was done once for each entry of VM g.
per_entry() {
	after=$(ran "$1")
	eval "before=\$before_$2"
	if [ -z "$after" ]; then
		note "$(vctl check | grep "$1")"
		skip "$1: at each entry" "not needed here"
		return
	fi
	is "$1: at each entry" $((after - before)) "$exits"
}

load || exit 1
plan 7
rows=$(vctl check | grep '^info' | grep -c -e ': active, ran [0-9]* times$' -e ': off: ..')
is "each action says what it did or why not" "$rows" 6
before_verw=$(ran "CPU buffers") before_rsb=$(ran "return stack") before_spec=$(ran "SPEC_CTRL switched")
vctl create g --kernel "$GUESTS/cpuid.elf" --append "n=200" --mem 16M --testdev >/dev/null
vctl start g
vctl wait g stopped --timeout 60
exits=$(stat g exits)
[ "${exits:-0}" -gt 200 ]
is "the guest exits" $? 0
per_entry "CPU buffers" verw
per_entry "return stack" rsb
per_entry "SPEC_CTRL switched" spec
vctl destroy g

# Two guests that take turns: neither may inherit the other's predictions.
before=$(ran "branch barrier")
if [ -z "$before" ]; then
	note "$(vctl check | grep "branch barrier")"
	skip "branch barriers between two guests" "not needed here"
else
	for vm in a b; do
		vctl create $vm --kernel "$GUESTS/spin.elf" --mem 16M --append sti --testdev >/dev/null
		vctl start $vm
	done
	for i in 1 2 3 4 5 6 7 8 9 10; do
		[ $(($(ran "branch barrier") - before)) -lt 20 ] || break
		sleep 0.2
	done
	[ $(($(ran "branch barrier") - before)) -ge 20 ]
	is "branch barriers between two guests" $? 0
	for vm in a b; do
		vctl stop $vm --force
		vctl destroy $vm
	done
fi
is "frames held when no VM exists" "$(frames)" 0
note "$(vctl check | grep '^info')"
unload
finish
