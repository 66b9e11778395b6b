#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M files=kernel:6.1,kernel:6.12,guests/initrd-6.1,guests/initrd-6.12,selftests/kselftests/linux_lib.sh
# Stock Debian kernels: to the prompt, typed at, counted, stopped by the power
# button, rebooted, and panicked.
. "${HERE:-/lab}/lib.sh"

. "$HERE/linux_lib.sh"

# Types a line, and waits until the console shows PATTERN.
type_in() { # VM TEXT PATTERN
	send "$1" "$2"
	shows "$1" "$3"
}

prompt() { # KERNEL CPUS MEM-MIB
	label="$1, $2 vCPU"
	if boot_initrd l "$1" "$2" "$3M" "" && [ "$(state l)" = running ]; then
		pass "$label: prompt"
	else
		show_end l
		fail "$label: prompt"
		drop l
		skip "$label: sees its CPUs and memory" "no prompt"
		skip "$label: answers what is typed" "no prompt"
		skip "$label: its clock agrees with the host" "no prompt"
		skip "$label: the power button ends it" "no prompt"
		return
	fi
	# The kernel keeps some memory for itself; it must not see less than 70%.
	line=$(log l | grep 'guest is up' | tail -n 1)
	kib=$(echo "$line" | sed -n 's/.*CPU, \([0-9]*\) KiB.*/\1/p')
	if echo "$line" | grep -q ", $2 CPU," && [ "${kib:-0}" -gt $(($3 * 1024 * 70 / 100)) ] &&
		[ "$kib" -le $(($3 * 1024)) ]; then
		pass "$label: sees its CPUs and memory"
	else
		note "$line"
		fail "$label: sees its CPUs and memory"
	fi
	ok "$label: answers what is typed" type_in l 'echo answer-$((6 * 7))' 'answer-42'

	# Both clocks are read by the host's side of a typed command, 5 s apart.
	t0=$(awk '{ print $1 }' /proc/uptime)
	type_in l 'echo up0=$(cut -d" " -f1 /proc/uptime)=' '^up0=[0-9.]*='
	t1=$(awk '{ print $1 }' /proc/uptime)
	sleep 5
	t2=$(awk '{ print $1 }' /proc/uptime)
	type_in l 'echo up1=$(cut -d" " -f1 /proc/uptime)=' '^up1=[0-9.]*='
	t3=$(awk '{ print $1 }' /proc/uptime)
	g0=$(log l | sed -n 's/^up0=\([0-9.]*\)=.*/\1/p')
	g1=$(log l | sed -n 's/^up1=\([0-9.]*\)=.*/\1/p')
	# The guest's interval lies between the inner and the outer one of the host.
	if echo "$t0 $t1 $t2 $t3 ${g0:-0} ${g1:-0}" | awk '{
		g = $6 - $5; inner = $3 - $2; outer = $4 - $1;
		exit !(g > inner * 0.999 - 0.02 && g < outer * 1.001 + 0.02) }'; then
		pass "$label: its clock agrees with the host"
	else
		note "host $t0 $t1 $t2 $t3, guest $g0 $g1"
		fail "$label: its clock agrees with the host"
	fi

	vctl stop l
	if vctl wait l stopped --timeout 120; then
		pass "$label: the power button ends it"
	else
		show_end l
		fail "$label: the power button ends it"
	fi
	drop l
}

load || exit 1
plan 22
prompt 6.1 1 128
prompt 6.1 2 160
prompt 6.12 1 160
prompt 6.12 2 192

# Reboot starts it again in place.
if boot_initrd r 6.1 1 128M "hs.cmd=ZWNobyBmaXJzdA=="; then
	send r 'reboot -f'
	if shows r 'guest is up' 2 && [ "$(state r)" = running ]; then
		pass "reboot restarts it in place"
	else
		show_end r
		fail "reboot restarts it in place"
	fi
else
	show_end r
	fail "reboot restarts it in place"
fi

# A panic is seen, by the pvpanic device that the stock driver finds.
shows r 'guest# ' 2
send r 'echo c >/proc/sysrq-trigger'
if vctl wait r failed --timeout 120; then
	has "a panic ends it as failed" "$(vctl show r)" "panic"
else
	show_end r
	fail "a panic ends it as failed"
fi
drop r
unload
finish
