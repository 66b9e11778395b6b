#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M mem=1200 files=guests,guests/poke,kernel:6.1,guests/initrd-6.1,selftests/kselftests/linux_lib.sh stock full
# Guests that misbehave, each beside one that does not: the host and the neighbour
# notice nothing.  The neighbour's work is checksummed, and 99 of 100 of its exits
# cost at most three times what they cost when it is alone.
. "${HERE:-/lab}/lib.sh"
. "$HERE/linux_lib.sh"

ROUNDS=${ROUNDS:-160}
BAD_INITRD=/tmp/initrd-bad

neighbour_starts() {
	vctl create good --kernel "$GUESTS/neighbour.elf" --append "n=$ROUNDS" --mem 16M --testdev >/dev/null &&
		vctl start good && shows good READY
}

# Its P99, when all its sums were right.
neighbour_ends() {
	vctl wait good stopped --timeout 600 >/dev/null || note "$(vctl show good)"
	good_log=$(log good)
	vctl destroy good
	if printf '%s\n' "$good_log" | grep -q '^PASS'; then
		printf '%s\n' "$good_log" | sed -n 's/^P99 //p'
	fi
}

alone() {
	neighbour_starts && neighbour_ends
}

# The neighbour's verdict on what went on meanwhile.
judged() { # NAME P99
	note "$1: P99 of an exit is ${2:-unknown}, $ALONE alone"
	if [ -n "$2" ] && [ "$2" -le $((3 * ALONE)) ]; then
		pass "$1: the neighbour does not notice"
	else
		note "$good_log"
		fail "$1: the neighbour does not notice"
	fi
}

host_answers() {
	# The other CPU, timers, work items and new VMs: all of them still work.
	timeout 60 sh -c 'sleep 0.1; sync; vctl list >/dev/null' &&
		run_guest probe hello "" --mem 16M >/dev/null
}

bad_linux() { # COMMAND [APPEND]
	vctl create bad --kernel /lab/vmlinuz-6.1 --initrd $BAD_INITRD --mem 160M --cpus 2 \
		--append "$STOCK_APPEND iomem=relaxed hs.cmd=$(echo "$1" | base64 | tr -d '\n') $2" \
		--on-panic reset >/dev/null && vctl start bad
}

# Runs CMD... with the neighbour beside it, which starts when there is trouble to see.
beside() { # NAME PATTERN
	if shows bad "$2"; then
		pass "$1: goes on"
	else
		show_end bad
		fail "$1: goes on"
	fi
	neighbour_starts
	judged "$1" "$(neighbour_ends)"
	ok "$1: the host answers" host_answers
}

load || exit 1
plan 18
# The guests' initrd with one program more, as an archive of its own behind it.
mkdir -p /tmp/more/bin && cp "$HERE/poke" /tmp/more/bin/ &&
	(cd /tmp/more && find . | cpio -o -H newc 2>/dev/null | cat "$HERE/initrd-6.1" - >$BAD_INITRD) || exit 1

ALONE=$(alone)
ok "the neighbour alone" [ "${ALONE:-0}" -gt 0 ]

# A guest that dies of what it does begins again with other values.
bad_linux 'modprobe msr; n=$(cut -d" " -f1 /proc/uptime | tr -d .); while :; do n=$((n + 1)); poke $n 3000; echo "poked $n"; done'
beside "random ports, MSRs and device memory" 'poked'
note "$(log bad | grep -e '^ports' -e '^msrs' -e '^memory' | sort | uniq -c | sort -rn | head -n 6)"
for what in ports msrs memory; do
	ok "some $what were reached" sh -c "vctl console bad --log | grep '^$what' | grep -qv ' 0'"
done
drop bad

vctl create bad --kernel "$GUESTS/spin.elf" --mem 16M --cpus 2 --testdev >/dev/null && vctl start bad
beside "a CPU that spins with interrupts off" READY
drop bad

bad_linux 'echo flood; for i in 1 2 3; do yes "all work and no play" & done; wait'
beside "a console flood" 'no play'
# Somebody who reads it is not held up for ever, and others get in between.
ok "a console flood: its log can be read" sh -c 'vctl console bad --log | grep -q play'
drop bad

# Linux that reboots as soon as it is up, and a program that resets without rest.
bad_linux 'echo "storm"; reboot -f'
beside "Linux reboots without end" storm
resets=$(now bad resets)
note "$resets resets of that VM so far"
drop bad

is "no frame is left" "$(frames)" 0
unload
finish
