#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: hz=200M files=guests,selftests/kselftests/net_lib.sh modules=tun alone
# A network device on a tap under guest programs that are its driver: talking to
# the host with every set of features, links, bad packets, resets, floods.
. "${HERE:-/lab}/lib.sh"
. "${HERE:-/lab}/net_lib.sh"

host() { # NAME PROGRAM ARGS
	out=$(run_guest h "$2" "$3" --mem 16M --net th,mac=02:00:00:00:00:0a 2>&1)
	judge "$1" $? "$out"
}

load || exit 1
modprobe tun || exit 1
plan 27
# Taps that are there before a VM is, and stay.
tunctl -t th >/dev/null
tunctl -t tf >/dev/null
ip addr add 10.9.0.1/24 dev th
ip link set th up
ip link set tf up

n=$(amount 40 10)
host "with the host" vnet "host n=$n"
is "no error is counted" "$(device errors)" 0
is "every packet is counted" "$([ "$(device requests)" -gt $((2 * n)) ] && echo yes)" yes
is "and its bytes, both ways" \
	"$([ "$(device read_bytes)" -gt 2000 ] && [ "$(device write_bytes)" -gt 2000 ] && echo yes)" yes
host "without offloads" vnet "host n=$n nocsum"
host "one buffer for a packet" vnet "host n=$n nomrg"
host "event index, indirect descriptors" vnet "host n=$n event indirect"
host "pages taken away under the device" vnet "host n=$n testdev indirect"

ok "link: begins" begin l vnet "link n=4" th 0d
ok "goes down by command" vctl net down l net0
ok "its driver is told" await says l "LINK down" 1
ok "comes up by command" vctl net up l net0
ok "its driver is told of that" await says l "LINK up" 1
ip link set th down
ok "goes down with the host's interface" await says l "LINK down" 2
ip link set th up
ends "comes up with it, and works" l

host "packets that no driver may send" vnetbad "hostile"
bad=$(printf '%s\n' "$out" | sed -n 's/^BAD \([0-9]*\).*/\1/p')
is "all of them are counted as errors" "$([ "${bad:-0}" -gt 5 ] && [ "$(device errors)" -ge "$bad" ] && echo yes)" yes
host "resets with packets under way" vnetbad "resets n=$(amount 20 5)"
host "the same, pages taken away" vnetbad "resets n=$(amount 20 5) testdev indirect"

# One that never stops sending, and one beside it: that one is served, and the
# other can be stopped.
ok "a flood of packets: begins" begin f vnetbad "flood" tf 0e
host "with the host, beside the flood" vnet "host n=$n"
is "it goes on" "$(state f)" running
ok "it is stopped" vctl stop f --force
vctl destroy f

# One that is made for a VM goes with it, and has no other user.
vctl create a --kernel "$GUESTS/vnet.elf" --mem 16M --net ta >/dev/null
out=$(vctl create b --kernel "$GUESTS/vnet.elf" --mem 16M --net ta 2>&1)
has "a second VM cannot have a tap" "$out" "in use"
vctl destroy a
is "a tap goes with the VM it was made for" "$(ip link show ta 2>/dev/null)" ""

tunctl -d th >/dev/null
tunctl -d tf >/dev/null
unload
is "no frame is left" "$([ -d /sys/module/hyperspace ] && frames || echo 0)" 0
ok "no descriptor of a tap is left" rmmod tun
finish
