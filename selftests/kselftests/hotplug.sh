#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M files=guests alone full
# CPUs that go and come under running guests, and a whole system that goes to
# sleep and wakes up.
. "${HERE:-/lab}/lib.sh"

TIMES=$(amount 6 2)
cpu1=/sys/devices/system/cpu/cpu1/online

tid() { # NAME: thread of the first vCPU
	for t in /proc/[0-9]*; do
		[ "$(cat "$t/comm" 2>/dev/null)" = "hs/$1/0" ] && echo "${t#/proc/}"
	done
}

pin() { # NAME MASK
	taskset -p "$2" "$(tid "$1")" >/dev/null
}

rounds() { # the page toucher's last full line says; older ones leave the log
	vctl console p --log | sed -n 's/^round \([0-9]*\),.*/\1/p' | tail -n 1
}

further() {
	now=$(rounds)
	[ "${now:-0}" -gt "${from:-0}" ]
}

goes_on() { # both guests run, and the page toucher prints further rounds
	from=$(rounds)
	if ! await further; then
		echo "p is $(state p), s is $(state s), round $now"
		return 1
	fi
	[ "$(state p)$(state s)" = runningrunning ]
}

guest() { # NAME PROGRAM ARGS
	vctl create "$1" --kernel "$GUESTS/$2.elf" --append "$3" --mem 16M --testdev >/dev/null &&
		vctl start "$1"
}

cycles() { # off and on, with the vCPUs on the CPU that goes
	c=0
	while [ $c -lt "$TIMES" ]; do
		pin p 2 && pin s 2 || return 1
		sleep 0.02
		echo 0 >$cpu1 || return 1
		[ $((c % 3)) != 0 ] || goes_on || return 1
		echo 1 >$cpu1 || return 1
		c=$((c + 1))
	done
}

load || exit 1
plan 11
guest p pages "forever from=8388608 mib=1" && guest s spin "sti" || exit 1
ok "guests run" goes_on
ok "CPU 1 goes and comes under them, $TIMES times" cycles
ok "they go on" goes_on
pin p 2
ok "and on CPU 1 as well" goes_on

echo 0 >$cpu1
ok "a VM starts while CPU 1 is off" run_guest g hello "code=0" --mem 8M
vctl stop p --force
vctl stop s --force
ok "CPU 1 comes back when no VM runs" sh -c "echo 1 >$cpu1"
echo 0 >$cpu1
vctl start p && vctl start s
echo 1 >$cpu1
pin s 2
ok "a CPU that comes after the start is used" goes_on

# Without a place to write the image, hibernation does all but that: freezes the
# threads, takes the other CPUs off, suspends the last one, and comes back.
echo disk >/sys/power/state 2>/dev/null
has "the system went to sleep and woke up" "$(dmesg)" 'PM: hibernation: hibernation exit'
is "both VMs are still running" "$(state p)$(state s)" runningrunning
ok "and their guests go on" goes_on
# A line that is being written does not count.
if vctl console p --log | grep '^round.* bad' | grep -qv ' 0 bad'; then
	fail "memory was kept"
else
	pass "memory was kept"
fi
vctl stop p --force
vctl stop s --force
vctl destroy p
vctl destroy s
unload
finish
