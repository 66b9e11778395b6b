#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: hz=200M files=guests
# What is left of a machine that begins again, and of a start that is broken off.
. "${HERE:-/lab}/lib.sh"

PROG=$GUESTS/lines.elf

# Until the guest's console holds a line; false when it ended before that.
says() { # NAME TEXT
	until vctl console "$1" --log | grep -q "$2"; do
		[ "$(state "$1")" = running ] || return 1
		sleep 0.1
	done
}

# Raises all lines of a guest, has the machine reset in some way, and looks what
# the guest says of the lines when it has come up again.
lines() { # NAME COMMANDS
	vctl create l --kernel "$PROG" --testdev --mem 16M >/dev/null
	vctl start l
	# The button is the one thing that raises the SCI.
	says l "lines are high" && vctl stop l && eval "$2"
	vctl wait l stopped --timeout 60
	out=$(vctl console l --log)
	if printf '%s\n' "$out" | grep -q '^PASS first-edges' &&
	   ! printf '%s\n' "$out" | grep -q '^FAIL'; then
		pass "$1"
	else
		note "$out"
		fail "$1"
	fi
	[ "$(state l)" = stopped ] || vctl stop l --force
	vctl destroy l
}

# An initrd of holes, as large as low memory can hold: reading it takes long.
hole=/tmp/hole
truncate -s 2G $hole

load || exit 1
plan 6
lines "lines after a reset" "vctl reset l"
lines "lines after a forced stop" "vctl stop l --force && vctl start l"
ok "lines after a reboot" run_guest l lines "reboot" --mem 16M
if printf '%s\n' "$ktap_out" | grep -q '^FAIL'; then
	fail "what the guest says of it"
else
	has "what the guest says of it" "$ktap_out" "^PASS first-edges"
fi

status "an initrd larger than RAM" 2 vctl create h --kernel "$PROG" --initrd $hole --mem 1G

# Wait until the kernel works for it (clock ticks in the kernel), then kill it.
vctl create h --kernel "$PROG" --initrd $hole --mem 3G >/tmp/create.out 2>&1 &
pid=$!
while [ -e /proc/$pid ] && [ "$(awk '{ print $15 }' /proc/$pid/stat)" -lt 20 ]; do
	sleep 0.1
done
kill -9 $pid
wait $pid
rc=$?
if [ $rc = 137 ] && ! vctl show h >/dev/null 2>&1; then
	pass "who is killed while a large file is read"
else
	note "status $rc: $(cat /tmp/create.out)"
	fail "who is killed while a large file is read"
fi
rm -f $hole
finish
