#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: hz=400M disk=128:qemu-pci files=kernel:6.1,kernel:6.12,guests/initrd-6.1,guests/initrd-6.12,selftests/kselftests/dmesg.awk,selftests/kselftests/dmesg-allowed,selftests/kselftests/drivers.awk,selftests/kselftests/drivers-allowed modules=kvm_intel,tun
# A stock guest's kernel log has nothing that the same boot under QEMU/KVM does
# not give, but for what dmesg-allowed lists with a reason; and the same drivers are
# bound to devices on both, but for what drivers-allowed lists.
#
# The peer is QEMU's q35 with the virtio devices that ours has, and no default
# device.  It is the machine type nearest to ours: a full ACPI platform with PIC,
# PIT, RTC, PM timer and a 16550 (microvm's ACPI is hardware-reduced, with which
# Linux drops half of those).  What it has beyond ours (PS/2, AHCI) only adds
# messages on its side.
#
# The machine has one CPU: on two, in the emulator, a guest of KVM's with two
# vCPUs stalls a 6.12 host for seconds (soft lockup in KVM_RUN), which is not
# what this is about.
. "${HERE:-/lab}/lib.sh"

# "KERNEL:VCPUS"; dmesg_more.sh has the others.
PAIRS=${PAIRS:-6.1:1 6.12:2}
MEM=192M
MAC=52:54:00:12:34:56
QEMU="/disk/qemu-pci/lib/ld-linux-x86-64.so.2 --library-path /disk/qemu-pci/lib /disk/qemu-pci/qemu-system-x86_64 -L /disk/qemu-pci/share"
# The log comes out on the console, marked, so that nothing else is taken for it.
# A driver is "BUS DRIVER" with as many devices; on the PCI bus it is told of which.
CMD=$(echo 'for d in /sys/bus/*/devices/*/driver; do b=${d#/sys/bus/}; v=${d%/driver}; echo "%${b%%/*} $(basename $(readlink $d)) $(cat $v/vendor $v/device 2>/dev/null | tr "\n" " ")"; done; dmesg -r | sed "s/^/@/"; echo "@end"; poweroff -f' | base64 | tr -d '\n')
APPEND="console=ttyS0 quiet cryptomgr.notests hs.cmd=$CMD"

boot_peer() { # KERNEL VCPUS OUT
	tunctl -t peer >/dev/null && ip link set peer up || return
	$QEMU -M q35,accel=kvm -cpu host -nodefaults -no-user-config -display none -no-reboot \
		-m $MEM -smp "$2" -kernel "/lab/vmlinuz-$1" -initrd "/lab/initrd-$1" \
		-drive "if=none,id=d,format=raw,file=/disk/d.img" \
		-device virtio-blk-pci,drive=d,disable-legacy=on \
		-netdev tap,id=n,ifname=peer,script=no,downscript=no \
		-device virtio-net-pci,netdev=n,disable-legacy=on,romfile=,mac=$MAC \
		-chardev null,id=c -device virtio-serial-pci,disable-legacy=on -device virtconsole,chardev=c \
		-chardev null,id=c2 -device virtserialport,chardev=c2,name=agent \
		-device virtio-rng-pci,disable-legacy=on \
		-device virtio-balloon-pci,disable-legacy=on,free-page-reporting=on \
		-append "$APPEND" -serial "file:$3" && tunctl -d peer >/dev/null && grep -q '^@end' "$3"
}

boot_ours() { # KERNEL VCPUS OUT
	vctl create g --kernel "/lab/vmlinuz-$1" --initrd "/lab/initrd-$1" --mem $MEM --cpus "$2" \
		--append "$APPEND" --disk /disk/d.img --net ours,mac=$MAC --rng >/dev/null &&
		ip link set ours up && vctl start g && vctl wait g stopped --timeout 120
	bo_rc=$?
	vctl console g --log >"$3"
	[ $bo_rc = 0 ] || vctl stop g --force
	vctl destroy g
	[ $bo_rc = 0 ] && grep -q '^@end' "$3"
}

compare() { # PEER OURS
	awk -f "$HERE/dmesg.awk" "$HERE/dmesg-allowed" "$1" "$2"
}

drivers() { # PEER OURS
	awk -f "$HERE/drivers.awk" "$HERE/drivers-allowed" "$1" "$2"
}

set -- $PAIRS
plan $(($# * 4 + 4))
seq 300000 | head -c 1048576 >/disk/d.img
modprobe tun || exit 1
# KVM and ours take turns: all of the peer's boots come first.
modprobe kvm_intel enable_apicv=0 || exit 1
for pair; do
	PEER=/tmp/peer-$pair
	ok "${pair%:*}, ${pair#*:} vCPU: boots under QEMU/KVM" boot_peer "${pair%:*}" "${pair#*:}" "$PEER"
done
rmmod kvm_intel kvm
load || exit 1
for pair; do
	PEER=/tmp/peer-$pair OURS=/tmp/ours-$pair
	label="${pair%:*}, ${pair#*:} vCPU"
	ok "$label: boots" boot_ours "${pair%:*}" "${pair#*:}" "$OURS"
	if result=$(compare "$PEER" "$OURS"); then
		pass "$label: no message that it does not give under QEMU/KVM"
	else
		note "$(printf '%s\n' "$result" | grep -v -e '^peer only:' -e '^unused:')"
		fail "$label: no message that it does not give under QEMU/KVM"
	fi
	ok "$label: the drivers that it binds under QEMU/KVM" drivers "$PEER" "$OURS"
	# For whoever wants to know what that machine has and ours has not.
	printf '%s\n' "$result" | grep -e '^peer only:' -e '^unused:'
done

# The comparison itself must find what is planted.
differs() { # LINE: the comparison fails when our log has it, and shows it
	{
		cat "$OURS"
		echo "@$1"
	} >/tmp/planted
	! compare "$PEER" /tmp/planted >/tmp/planted.out && grep -q '^new: .*planted' /tmp/planted.out
}

ok "a planted warning is found" differs '<4>[    1.000000] planted: [Firmware Bug]'
ok "a planted information is found" differs '<6>[    1.000000] planted'
# An entry for one level must not excuse another.
ok "a warning with the text of an allowed information is found" \
	differs '<4>[    1.000000] Memory: 1K/2K available (planted)'
lacks() { # DRIVER: the comparison fails when ours does not bind it
	grep -v "^%virtio $1" "$OURS" >/tmp/planted
	! drivers "$PEER" /tmp/planted >/tmp/planted.out && grep -q "peer only: virtio $1" /tmp/planted.out
}
ok "a driver that is not bound is found" lacks virtio_blk
unload
finish
