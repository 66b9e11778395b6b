#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 files=guests
# MSRs that a guest tries and that do not exist: diagnose shows the last of them.
. "${HERE:-/lab}/lib.sh"

load || exit 1
plan 6
vctl create m --kernel "$GUESTS/msr.elf" --mem 16M --testdev >/dev/null
vctl start m
ok "the program ends" vctl wait m stopped --timeout 60
out=$(vctl diagnose m)
has "an MSR that it read and wrote" "$out" "^ *12345678 read 2 written 1 times"
has "an MSR between the ranges of the bitmap" "$out" "^ *00002000 read 1 written 0 times"
is "the last one comes first" \
	"$(printf '%s\n' "$out" | sed -n '/MSRs that do not exist/{n;s/^ *\([0-9a-f]*\) .*/\1/p}')" c0002000
has "the same in JSON" "$(vctl -j diagnose m)" '"msr": *305419896, *"reads": *2, *"writes": *1'
vctl start m
vctl wait m stopped --timeout 60
has "counts begin with each start" "$(vctl diagnose m)" "^ *12345678 read 2 written 1 times"
vctl destroy m
unload
finish
