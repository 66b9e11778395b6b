#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M disk=64 modules=tun files=kernel:6.1,kernel:6.12,guests/initrd-6.1,guests/initrd-6.12,selftests/kselftests/linux_lib.sh stock
# A stock kernel's own drivers on every virtio device: which are bound, and that
# what goes through each arrives unchanged.
. "${HERE:-/lab}/lib.sh"
. "$HERE/linux_lib.sh"

# "KERNEL:VCPUS"; drivers_more.sh has the others.
PAIRS=${PAIRS:-6.1:1 6.12:2}
TESTS=13
HOST=10.9.0.1 GUEST=10.9.0.2 MAC=52:54:00:12:34:56

# What the drivers of stock kernels are called, by virtio device id (virtio 1.2, 5).
BOUND="0x0001 virtio_net
0x0002 virtio_blk
0x0003 virtio_console
0x0004 virtio_rng
0x0005 virtio_balloon"

# 2 MiB that differ from place to place; another 2 MiB.
seq 1000000 1400000 | head -c 2097152 >/disk/pattern
seq 5000000 5400000 | head -c 2097152 >/disk/other
sum_of() { md5sum | cut -d ' ' -f 1; }
PATTERN=$(sum_of </disk/pattern)
OTHER=$(sum_of </disk/other)

boot() { # KERNEL CPUS MEM
	cp /disk/pattern /disk/d.img
	boot_initrd d "$1" "$2" "$3" "" --disk /disk/d.img,id=pattern --net hs0,mac=$MAC --rng &&
		ip addr add $HOST/24 dev hs0 && ip link set hs0 up
}

# Runs its arguments in the guest and compares what it prints.
says() { # NAME COMMAND WANT
	is "$label: $1" "$(at d "$2")" "$3"
}

run() { # KERNEL CPUS MEM
	label="$1, $2 vCPU"
	if boot "$1" "$2" "$3"; then
		pass "$label: boots"
	else
		show_end d
		fail "$label: boots"
		drop d
		for left in $(seq 2 $TESTS); do skip "$label: test $left" "no prompt"; done
		return
	fi
	says "drivers are bound" \
		'for d in /sys/bus/virtio/devices/*; do echo $(cat $d/device) $(basename $(readlink $d/driver)); done | sort' \
		"$BOUND"
	says "each of them by MSI-X" \
		'grep -c -e virtio.*-config -e virtio.*-input.0 -e virtio.*-req /proc/interrupts >/tmp/n; [ $(cat /tmp/n) -ge 3 ] && ! grep -q IO-APIC.*virtio /proc/interrupts && echo yes' yes

	says "disk: its name" 'cat /sys/block/vda/serial; echo' pattern
	says "disk: what the host wrote" 'md5sum </dev/vda | cut -d " " -f 1' "$PATTERN"
	says "disk: the same without the guest's cache" \
		'dd if=/dev/vda bs=64k iflag=direct 2>/dev/null | md5sum | cut -d " " -f 1' "$PATTERN"
	at d 'seq 5000000 5400000 | head -c 2097152 | dd of=/dev/vda bs=8k conv=fsync 2>/dev/null' >/dev/null
	is "$label: disk: what the guest wrote" "$(sum_of </disk/d.img)" "$OTHER"

	at d "ip addr add $GUEST/24 dev eth0; ip link set eth0 up" >/dev/null
	says "net: its address" 'cat /sys/class/net/eth0/address' $MAC
	# Whoever connects asks again until the other side listens.
	nc -l -p 5000 -e cat /disk/pattern &
	says "net: from the host" \
		"until nc $HOST 5000 -e sh -c 'cat >/tmp/got'; do sleep 0.2; done 2>/dev/null; md5sum </tmp/got | cut -d ' ' -f 1" \
		"$PATTERN"
	nc -l -p 5001 -e sh -c 'cat >/tmp/got' &
	listener=$!
	at d "until nc $HOST 5001 -e cat /dev/vda; do sleep 0.2; done 2>/dev/null" >/dev/null
	wait $listener
	is "$label: net: to the host" "$(sum_of </tmp/got)" "$OTHER"

	says "rng: is the kernel's, and never the same" \
		'cat /sys/class/misc/hw_random/rng_current; for i in 1 2; do dd if=/dev/hwrng bs=64 count=4 2>/dev/null | md5sum; done | sort -u | wc -l' \
		"virtio_rng.0
2"

	tty=$(tty_of d hvc0)
	at d 'echo to-the-host >/dev/hvc0; (read line </dev/hvc0; echo "got $line" >/tmp/line) & true' >/dev/null
	await grep -q to-the-host "/sys/class/tty/ttyHS$tty/log"
	echo to-the-guest >"/dev/ttyHS$tty"
	says "hvc0: both ways" 'while [ ! -s /tmp/line ]; do sleep 0.1; done; cat /tmp/line' "got to-the-guest"

	vctl stop d
	if vctl wait d stopped --timeout 120; then
		pass "$label: the power button ends it"
	else
		show_end d
		fail "$label: the power button ends it"
	fi
	drop d
}

load || exit 1
modprobe tun || exit 1
set -- $PAIRS
plan $(($# * TESTS + 1))
for pair; do
	run "${pair%:*}" "${pair#*:}" 192M
done
is "no frame is left" "$(frames)" 0
unload
finish
