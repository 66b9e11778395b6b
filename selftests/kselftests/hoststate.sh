#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M files=guests,kselftests/hoststate_use modules=msr alone
# Host programs beside a guest that changes all registers which they share, on
# the same CPU.  The results are hoststate_use's, then the guest's own.
. "${HERE:-/lab}/lib.sh"

use=$HERE/hoststate_use
modprobe msr
"$use" base 0 /tmp/base || exit 1
load || exit 1
vctl create h --kernel "$GUESTS/hostile.elf" --append forever --mem 16M --testdev >/dev/null &&
	vctl start h || exit 1
tid=
for t in /proc/[0-9]*; do
	[ "$(cat "$t/comm" 2>/dev/null)" = hs/h/0 ] && tid=${t#/proc/}
done
taskset -p 1 "$tid" >/dev/null || exit 1
echo "KTAP version 1"
out=$("$use" run 0 "$tid" ${ITEM:+"$ITEM"} /tmp/base)
rc=$?
ktap_n=$(printf '%s\n' "$out" | sed -n 's/^1\.\.//p')
echo "1..$((ktap_n + 2))"
printf '%s\n' "$out" | sed '/^1\.\./d'
ktap_bad=$rc
is "the guest still runs" "$(state h)" running
log=$(vctl console h --log)
if printf '%s\n' "$log" | grep -q READY && ! printf '%s\n' "$log" | grep -q FAIL; then
	pass "the guest keeps its own registers"
else
	note "$log"
	fail "the guest keeps its own registers"
fi
vctl stop h --force
vctl destroy h
unload
exit $ktap_bad
