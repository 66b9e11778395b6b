# SPDX-License-Identifier: GPL-2.0
# For the tests of the host's state: a guest on CPU 0 and host programs beside it.
# The scripts themselves stay on CPU 1: a mutation may cost CPU 0 its registers.
taskset -p 2 $$ >/dev/null
use=$HERE/hoststate_use

host_base() { # the host's MSRs before any guest has run
	modprobe msr
	"$use" base 0 /tmp/base
}

guest_on_0() { # NAME PROGRAM: runs for ever on CPU 0; sets tid
	vctl create "$1" --kernel "$GUESTS/$2.elf" --append forever --mem 16M --testdev >/dev/null &&
		vctl start "$1" || return 1
	tid=
	for t in /proc/[0-9]*; do
		[ "$(cat "$t/comm" 2>/dev/null)" = "hs/$1/0" ] && tid=${t#/proc/}
	done
	taskset -p 1 "$tid" >/dev/null
}

guest_happy() { # NAME: it runs, and has nothing to complain about
	log=$(vctl console "$1" --log)
	[ "$(state "$1")" = running ] && printf '%s\n' "$log" | grep -q READY &&
		! printf '%s\n' "$log" | grep -q FAIL
}

guest_gone() { # NAME
	vctl stop "$1" --force 2>/dev/null
	vctl destroy "$1"
}
