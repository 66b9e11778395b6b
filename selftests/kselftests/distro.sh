#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M mem=1400 disk=420:debian modules=tun files=kernel:6.1,guests/initrd-6.1,selftests/kselftests/linux_lib.sh,/sbin/e2fsck stock long
# A Debian system on a disk, from power-on to power-off and again: systemd up to the
# login prompt, a session, files that stay, the network, reboot, both ways of
# powering off, and a file system that is clean after each.
. "${HERE:-/lab}/lib.sh"
. "$HERE/linux_lib.sh"

CPUS=${CPUS:-1}
KERNEL=${KERNEL:-6.1}
IMAGE=/disk/debian.img
label="$CPUS vCPU"

clean() {
	"$HERE/e2fsck" -f -n $IMAGE
}

# What the journal and systemd have to complain of.  The emulated processor has no
# answer to RETBleed, and every kernel says so.
FAILED='systemctl --failed --no-legend --plain; journalctl -b -p err -q --no-pager -o cat | grep -v RETBleed'

create() {
	boot_debian d "$KERNEL" "$CPUS" 256M "ip=10.9.0.2::10.9.0.1:255.255.255.0::eth0:none" \
		--disk $IMAGE,id=root --net hs0 --rng || return
	ip addr add 10.9.0.1/24 dev hs0 && ip link set hs0 up
}

load || exit 1
modprobe tun || exit 1
plan 20
ok "the image is clean" clean
if create; then
	pass "$label: systemd to the login prompt"
else
	show_end d 60
	fail "$label: systemd to the login prompt"
	drop d
	exit 1
fi
note "$(now d exits) exits to there"
ok "$label: log in" log_in d
is "$label: all units came up" "$(at d 'systemctl is-system-running --wait')" running
is "$label: nothing complains" "$(at d "$FAILED")" ""
is "$label: sees its CPUs" "$(at d nproc)" "$CPUS"
is "$label: knows what it runs on" "$(at d 'cat /sys/class/dmi/id/sys_vendor')" Hyperspace
is "$label: a getty on each console" \
	"$(at d 'systemctl list-units --plain --no-legend "serial-getty@*" | tr -s " " | cut -d " " -f 1,3')" \
	"serial-getty@hvc0.service active
serial-getty@ttyS0.service active"
ok "$label: the network answers" ping -c 3 -W 10 10.9.0.2

at d 'mkdir /root/kept; for i in $(seq 40); do head -c $((i * 997)) /usr/bin/bash | gzip >/root/kept/$i; done; sync' >/dev/null
sums=$(at d 'cat /root/kept/* | md5sum')
send d reboot
ok "$label: reboots to the login prompt" shows d 'debian login: ' 2
ok "$label: log in again" log_in d 2
is "$label: the files are there" "$(at d 'cat /root/kept/* | md5sum')" "$sums"
send d poweroff
if vctl wait d stopped --timeout 240; then
	pass "$label: powers off"
else
	show_end d
	fail "$label: powers off"
fi
ok "$label: the file system is clean" clean

# The same VM a second time; the power button, answered by logind, ends it.
ok "$label: starts again" vctl start d
ok "$label: log in a third time" log_in d 3
is "$label: the files are still there" "$(at d 'cat /root/kept/* | md5sum')" "$sums"
at d 'rm -r /root/kept' >/dev/null
vctl stop d
if vctl wait d stopped --timeout 240; then
	pass "$label: the power button ends it"
else
	show_end d
	fail "$label: the power button ends it"
fi
ok "$label: the file system is clean again" clean
drop d
is "no frame is left" "$(frames)" 0
unload
finish
