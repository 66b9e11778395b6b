#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 files=guests
# Pages that leave under guests with one and two CPUs, with 4 KiB and 2 MiB
# leaves.
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

# went NAME SPLITS COLLAPSES: the guest before did at least that many
went() {
	splits=$(ended_with splits) collapses=$(ended_with collapses)
	note "$1: $splits splits, $collapses collapses, $(ended_with refaults) refaults, $(ended_with acks) waits"
	[ "$splits" -ge "$2" ] && [ "$collapses" -ge "$3" ]
	is "$1: leaves split and collapse" $? 0
}

large() { # VM: all that it holds, and that is 16 MiB at least, is in 2 MiB leaves
	large_now=$(now "$1" large_bytes)
	[ "$large_now" -ge 16777216 ] && [ "$large_now" = "$(now "$1" charged_bytes)" ]
}

none_large() { # VM
	[ "$(now "$1" charged_bytes)" -ge 16777216 ] && [ "$(now "$1" large_bytes)" = 0 ]
}

load || exit 1
plan $((3 + 21 + 4 + 1))
run "pages leave and come back" g pages "rounds=2 mib=1 away" --mem 64M
run "pages leave under two CPUs" g smp "n=50 testdev" --mem 64M --cpus 2
is "4 KiB leaves neither split nor collapse" "$(ended_with splits) $(ended_with collapses)" "0 0"

# Every program that touches memory, with frames of 2 MiB.
HUGE="--page-size 2M"
run "2 MiB: memory map, 64 MiB" g memory "kib=65151" --mem 64M $HUGE
run "2 MiB: memory map, across the hole below 4 GiB" g memory "kib=6291071" --mem 6G $HUGE
run "2 MiB: memory that ends within a chunk" g memory "kib=4735" --mem 5M $HUGE
run "2 MiB: pages" g pages "rounds=2" --mem 64M $HUGE
run "2 MiB: pages leave and come back" g pages "rounds=2 mib=1 away" --mem 64M $HUGE
# On one CPU all of it is known: a page leaves, so its chunk is split; it comes
# back, so the chunk is whole.
went "2 MiB: pages" 512 512
is "2 MiB: as many pages came back" "$(ended_with refaults)" 512
run "2 MiB: pages leave, one in each chunk" g pages "mib=64 step=2097152 away" --mem 128M $HUGE
went "2 MiB: one in each chunk" 128 128
run "2 MiB: under stack, IDT, GDT, tables, REP" g steal "" --mem 32M $HUGE
went "2 MiB: steal" 1 1
# Left to the scheduler, they may share a CPU, and nobody has to wait for anybody.
RG_CREATED=apart
run "2 MiB: under two CPUs" g smp "n=50 testdev" --mem 64M --cpus 2 $HUGE
went "2 MiB: two CPUs" 50 50
is "2 MiB: and waited for them" "$([ "$(ended_with acks)" -ge 1 ] && echo yes)" yes
RG_CREATED=
run "2 MiB: code written while it runs" g smc "testdev" --mem 16M $HUGE
run "2 MiB: device memory against RAM" g mmio "n=$(amount 100 30) seed=7" --mem 64M $HUGE
run "2 MiB: holes" g hole "testdev ramend=0x1000000" --mem 16M $HUGE
run "2 MiB: x87 to AVX-512 state" g fpu "testdev" --mem 16M $HUGE
run "2 MiB: debug registers" g dregs "testdev" --mem 16M $HUGE
run "2 MiB: events" g events "" --mem 16M $HUGE
run "2 MiB: random code in ring 3" g randinsn "n=$(amount 500 100)" --mem 16M $HUGE

# What a VM holds while it runs, after a reset, and after its end.
vctl -q create l --kernel "$GUESTS/pages.elf" --append forever --testdev --mem 64M $HUGE
vctl start l
ok "2 MiB: all that it holds is in large leaves" until_true large l
vctl reset l
ok "2 MiB: and after a reset" until_true large l
vctl stop l --force
is "2 MiB: nothing after its end" "$(now l charged_bytes) $(now l large_bytes)" "0 0"
vctl destroy l
vctl -q create l --kernel "$GUESTS/pages.elf" --append forever --testdev --mem 64M
vctl start l
ok "4 KiB: nothing is in large leaves" until_true none_large l
vctl stop l --force
vctl destroy l

is "frames held when no VM exists" "$(frames)" 0
unload
finish
