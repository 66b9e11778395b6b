#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: hz=400M files=kernel:6.1,kernel:6.12,guests/initrd-6.1,guests/initrd-6.12,selftests/kselftests/linux_lib.sh full
# What a stock kernel does by itself with the devices that every VM has: it reports
# its free pages, and has a terminal and a channel.
. "${HERE:-/lab}/lib.sh"
. "$HERE/linux_lib.sh"

held_at_most() { # MIB
	[ "$(now l charged_bytes)" -le $(($1 << 20)) ]
}

run() { # KERNEL
	label=$1
	if boot_initrd l "$1" 1 192M ""; then
		pass "$label: boots"
	else
		show_end l
		fail "$label: boots"
		drop l
		for left in 2 3 4 5 6 7; do skip "$label: test $left" "no prompt"; done
		return
	fi
	# Pages that are used for a while and then free.
	at l 'mkdir /mnt; mount -t tmpfs none /mnt; head -c 50331648 /dev/zero >/mnt/file' >/dev/null
	is "$label: a file in memory" "$(at l 'wc -c </mnt/file')" 50331648
	full=$(now l charged_bytes)
	at l 'rm /mnt/file' >/dev/null
	note "held $((full >> 20)) MiB"
	ok "$label: what is free goes back to the host" await held_at_most $(((full >> 20) - 24))
	note "held $(($(now l charged_bytes) >> 20)) MiB"
	is "$label: and can be used again" \
		"$(at l 'head -c 33554432 /dev/zero >/mnt/file; tr -d "\0" </mnt/file | wc -c')" 0

	agent=/dev/ttyHS$(tty_of l agent)
	is "$label: the channel has its name" "$(at l 'cat /sys/class/virtio-ports/*/name')" \
		org.hyperspace.agent.0
	exec 5<>"$agent"
	at l '(read line </dev/vport0p1; echo "got $line" >/dev/vport0p1) & true' >/dev/null
	echo hello >&5
	read -r answer <&5
	is "$label: the channel, both ways" "$answer" "got hello"
	exec 5>&-

	at l 'exec 9<>/dev/hvc0' >/dev/null
	stty -F "/dev/ttyHS$(tty_of l hvc0)" rows 41 cols 121
	is "$label: the terminal's size" \
		"$(at l 'until [ "$(stty size <&9)" = "41 121" ]; do sleep 0.1; done; stty size <&9')" "41 121"
	drop l
}

load || exit 1
plan 15
run 6.1
run 6.12
unload
is "no frame is left" "$([ -d /sys/module/hyperspace ] && frames || echo 0)" 0
finish
