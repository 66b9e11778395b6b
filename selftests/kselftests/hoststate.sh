#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M files=guests,kselftests/hoststate_use,selftests/kselftests/hoststate_lib.sh modules=msr alone
# Host programs beside a guest that changes all registers which they share, on
# the same CPU.  The results are hoststate_use's, then the guests' own.
. "${HERE:-/lab}/lib.sh"
. "$HERE/hoststate_lib.sh"

host_base || exit 1
load || exit 1
guest_on_0 h hostile || exit 1
echo "KTAP version 1"
out=$("$use" run 0 "$tid" ${ITEM:+"$ITEM"} /tmp/base)
rc=$?
ktap_n=$(printf '%s\n' "$out" | sed -n 's/^1\.\.//p')
plan=$((ktap_n + 3))
echo "1..$plan"
printf '%s\n' "$out" | sed '/^1\.\./d'
ktap_bad=$rc
guest_happy h
is "the guest keeps its own registers" $? 0 || note "$log"
guest_gone h

# Both have breakpoints: those of the host come and go beside the guest's.
guest_on_0 b breaks
out=$("$use" run 0 "$tid" "debug registers" /tmp/base)
is "the host's breakpoints beside the guest's" $? 0
guest_happy b
is "the guest's breakpoints beside the host's" $? 0
[ $ktap_bad = 0 ] || note "$out" "$log"
guest_gone b
unload
[ $ktap_n = $plan ] || ktap_bad=1
exit $ktap_bad
