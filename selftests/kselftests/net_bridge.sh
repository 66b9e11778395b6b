#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: hz=200M files=guests,selftests/kselftests/net_lib.sh modules=tun,bridge alone stock
# From VM to VM over a bridge of the host, with every set of offloads on either
# side: what one leaves out and the other does not take, the host has to make.
. "${HERE:-/lab}/lib.sh"
. "${HERE:-/lab}/net_lib.sh"

pair() { # NAME SINK-ARGS SOURCE-ARGS
	if ! begin a vnet "sink $2" ta,bridge=br0 0b; then
		note "$(vctl console a --log)"
		vctl stop a --force
		vctl destroy a
		fail "$1: sent"
		fail "$1: received"
		return
	fi
	out=$(run_guest b vnet "source peer=11 $3" --mem 16M \
		--net tb,mac=02:00:00:00:00:0c,bridge=br0 2>&1)
	judge "$1: sent" $? "$out"
	ends "$1: received" a
}

load || exit 1
modprobe tun && modprobe bridge || exit 1
plan 19
brctl addbr br0
ip addr add 10.9.0.1/24 dev br0
ip link set br0 up

pair "62 KiB, merged buffers" "" ""
pair "62 KiB, one buffer" "nomrg" ""
pair "segments made by the host" "notso" ""
pair "segments and checksums made by the host" "nocsum" ""
pair "the same, one buffer" "nocsum nomrg" ""
pair "segments and checksums made by the guest" "plain" "nocsum"
pair "offloads taken back" "takeback" ""
pair "event index, indirect, pages taken away" "event indirect testdev" "event indirect testdev"

out=$(run_guest h vnet "host n=10" --mem 16M --net th,mac=02:00:00:00:00:0a,bridge=br0 2>&1)
judge "with the host" $? "$out"

ip link set br0 down
brctl delbr br0
unload
is "no frame is left" "$([ -d /sys/module/hyperspace ] && frames || echo 0)" 0
ok "no descriptor of a tap is left" rmmod tun
finish
