#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 files=guests checks announce=VMFAIL:.VMLAUNCH.with.non-clear
# What builds with HS_DEBUG=1 have: the software checks of VMCS ownership, VPID use and
# kicks are silent while a vCPU moves between CPUs, and each speaks up when one
# VMCLEAR, INVVPID or kick is left out.
. "${HERE:-/lab}/lib.sh"

PARAM=/sys/module/hyperspace/parameters
AWAIT_TENTHS=150	# seconds are long on this machine

load || exit 1
plan 7
[ -e $PARAM/debug_reports ] || { echo "# not built with HS_DEBUG=1"; exit 1; }

reports() { cat $PARAM/debug_reports; }

vcpu() { # pid of the vCPU thread of VM c
	for d in /proc/[0-9]*; do
		[ "$(cat $d/comm 2>/dev/null)" = "hs/c/0" ] && echo "${d#/proc/}"
	done
}

on_cpu() { # CPU: where it runs or has run last
	[ "$(sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f37)" = "$1" ]
}

move() { # CPU
	taskset -p $((1 << $1)) "$pid" >/dev/null
	await on_cpu "$1"
	# The longer it runs there, the more can be wrong.
	sleep 0.3
}

noticed() {
	[ "$(cat $PARAM/debug_mutate)" = none ] && [ "$(reports)" -gt "$before" ]
}

mutant() { # NAME SWITCH CMD...: a report comes
	name=$1 switch=$2 before=$(reports)
	shift 2
	for try in $(seq "${TRIES:-1}"); do
		echo "$switch" >$PARAM/debug_mutate
		"$@"
		await noticed && break
	done
	left=$(cat $PARAM/debug_mutate)
	echo none >$PARAM/debug_mutate
	note "$name: $before reports before, $(reports) after, switch $left"
	[ "$left" = none ] && [ "$(reports)" -gt "$before" ]
	is "$name is noticed" $? 0
}

# An INIT and a write to CR0 leave no translation behind, wherever they happen.
run_guest i smp "testdev" --mem 32M --cpus 2 >/dev/null
is "INIT and control registers" "$? $(reports)" "0 0"
echo move >$PARAM/debug_mutate
run_guest w mmio "n=8 seed=7" --mem 64M >/dev/null
is "a slow CR write on another CPU" "$? $(cat $PARAM/debug_mutate) $(reports)" "0 none 0"

vctl create c --kernel "$GUESTS/spin.elf" --mem 16M --append "sti" --testdev >/dev/null
vctl start c
up() { vctl console c --log | grep -q READY; }
await up
pid=$(vcpu)
move 0; move 1; move 0; move 1; move 0
is "moving between CPUs" "$(reports)" 0
move 1
mutant "an INVVPID left out" invvpid move 0
pause() { vctl pause c; vctl resume c; }
# A guest that leaves for a reason of its own just then has not missed the kick.
TRIES=10 AWAIT_TENTHS=10
mutant "a kick left out" kick pause
TRIES=1 AWAIT_TENTHS=150
# Last: the processor notices, too, and the VM ends.
mutant "a VMCLEAR left out" vmclear move 1
vctl stop c --force 2>/dev/null
vctl destroy c
is "frames held when no VM exists" "$(frames)" 0
unload
finish
