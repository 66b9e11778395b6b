#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=200M files=guests modules=tun
# Virtio devices under guest programs that are their drivers: a good one, and one
# that breaks every rule, alone and beside a neighbour.
. "${HERE:-/lab}/lib.sh"

run() { # NAME VM PROGRAM ARGS [create options]: ends with code 0, no FAIL line
	name=$1
	shift
	out=$(run_guest "$@" 2>&1)
	rc=$?
	if [ $rc = 0 ] && ! printf '%s\n' "$out" | grep -q '^FAIL'; then
		pass "$name"
	else
		note "$out"
		fail "$name"
	fi
}

# What the VM that run_guest ran last says about a device, at its end.
device() { # KEY
	tr -d ' \n' </tmp/run_guest.json | sed -n "s/.*\"id\":\"rng\"[^}]*\"$1\":\([0-9]*\).*/\1/p"
}

load || exit 1
modprobe tun || exit 1
plan 13
n=$(amount 40 10)
run "entropy" g vrng "n=$n" --mem 16M --rng
is "every request is counted" "$([ "$(device requests)" -gt "$n" ] && echo yes)" yes
run "entropy, pages taken away under the device" g vrng "n=$n testdev" --mem 16M --rng

img=/tmp/virtio.img
dd if=/dev/zero of=$img bs=1M count=4 2>/dev/null
for seed in 1 2; do
	run "hostile driver, entropy, seed $seed" g vhostile "seed=$seed n=$n" --mem 16M --rng
done
run "hostile driver, disk" g vhostile "id=2 n=$n" --mem 16M --disk $img
run "hostile driver, console" g vhostile "id=3 n=$n" --mem 16M
run "hostile driver, network" g vhostile "id=1 n=$n" --mem 16M --net hs-tap7

# Two at once, of which one is good: it does not notice.
vctl create bad --kernel "$GUESTS/vhostile.elf" --append "seed=3 n=$((n * 4))" --testdev --mem 16M --rng >/dev/null
vctl start bad
run "a good driver beside a hostile one" g vrng "n=$n" --mem 16M --rng
ok "the hostile one ends as well" vctl wait bad stopped --timeout 120
is "and got all its devices back" "$(vctl -j show bad | sed -n 's/.*"exit_code": *\([0-9]*\).*/\1/p')" 0
vctl destroy bad
rm -f $img
is "no frame is left" "$(frames)" 0
ok "the module goes" unload
finish
