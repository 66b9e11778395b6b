#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M files=guests,selftests/kselftests/lib_down.sh alone full
# Suspend to RAM while VMs run on all CPUs: the CPUs lose all they have, and the
# VMs go on when they are back.
. "${HERE:-/lab}/lib.sh"
. "$HERE/lib_down.sh"

grep -q deep /sys/power/mem_sleep 2>/dev/null || skip_all "no suspend to RAM on this kernel and machine"

rounds() { # NAME
	vctl console "$1" --log | sed -n 's/^round \([0-9]*\),.*/\1/p' | tail -n 1
}

go_on() {
	for g in g0 g1; do
		from=$(rounds $g)
		while now=$(rounds $g); [ "${now:-0}" -le "${from:-0}" ]; do
			[ "$(state $g)" = running ] || { vctl diagnose $g; return 1; }
			sleep 0.05
		done
	done
}

sleep_now() {
	echo deep >/sys/power/mem_sleep || return
	# Where the machine does not wake up by itself.
	[ ! -w /sys/class/rtc/rtc0/wakealarm ] || echo +2 >/sys/class/rtc/rtc0/wakealarm
	echo mem >/sys/power/state
}

plan 6
ok "VMs run on all CPUs" vms_up
[ -z "$MUTATE" ] || echo "$MUTATE" >/sys/module/hyperspace/parameters/debug_mutate
ok "the system sleeps and wakes up" sleep_now
has "by suspend to RAM" "$(dmesg)" 'PM: suspend exit'
is "all CPUs came back" "$(nproc)" 2
ok "the VMs go on" go_on
# A line that is being written does not count.
if { vctl console g0 --log; vctl console g1 --log; } | grep '^round.* bad' | grep -qv ' 0 bad'; then
	fail "memory was kept"
else
	pass "memory was kept"
fi
for g in g0 g1; do
	vctl stop $g --force
	vctl destroy $g
done
unload
finish
