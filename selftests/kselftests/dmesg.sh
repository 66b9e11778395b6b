#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: hz=400M files=qemu,kernel:6.1,kernel:6.12,guests/initrd-6.1,guests/initrd-6.12,selftests/kselftests/dmesg.awk,selftests/kselftests/dmesg-allowed modules=kvm_intel
# A stock guest's kernel log has nothing that the same boot under QEMU/KVM does
# not give, but for what dmesg-allowed lists with a reason.
#
# The peer is QEMU's q35 without any default device.  It is the machine type
# nearest to ours: a full ACPI platform with PIC, PIT, RTC, PM timer and a 16550
# (microvm's ACPI is hardware-reduced, with which Linux drops half of those).
# What it has beyond ours (PCI, PS/2) only adds messages on its side.
#
# The machine has one CPU: on two, in the emulator, a guest of KVM's with two
# vCPUs stalls a 6.12 host for seconds (soft lockup in KVM_RUN), which is not
# what this is about.
. "${HERE:-/lab}/lib.sh"

# "KERNEL:VCPUS"; dmesg_more.sh has the others.
PAIRS=${PAIRS:-6.1:1 6.12:2}
MEM=192M
# The log comes out on the console, marked, so that nothing else is taken for it.
CMD=$(echo 'dmesg -r | sed "s/^/@/"; echo "@end"; poweroff -f' | base64 | tr -d '\n')
APPEND="console=ttyS0 quiet cryptomgr.notests hs.cmd=$CMD"

boot_peer() { # KERNEL VCPUS OUT
	$QEMU -M q35,accel=kvm -cpu host -nodefaults -no-user-config -display none -no-reboot \
		-m $MEM -smp "$2" -kernel "/lab/vmlinuz-$1" -initrd "/lab/initrd-$1" \
		-append "$APPEND" -serial "file:$3" && grep -q '^@end' "$3"
}

boot_ours() { # KERNEL VCPUS OUT
	vctl create g --kernel "/lab/vmlinuz-$1" --initrd "/lab/initrd-$1" --mem $MEM --cpus "$2" \
		--append "$APPEND" >/dev/null && vctl start g && vctl wait g stopped --timeout 120
	bo_rc=$?
	vctl console g --log >"$3"
	[ $bo_rc = 0 ] || vctl stop g --force
	vctl destroy g
	[ $bo_rc = 0 ] && grep -q '^@end' "$3"
}

compare() { # PEER OURS
	awk -f "$HERE/dmesg.awk" "$HERE/dmesg-allowed" "$1" "$2"
}

set -- $PAIRS
plan $(($# * 3 + 3))
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
unload
finish
