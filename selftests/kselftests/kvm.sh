#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M files=guests,bench/kvmrun modules=kvm_intel alone
# KVM and Hyperspace take turns, whoever is loaded first: the second one to use
# VMX is refused with a reason, and works once the first one is done.
. "${HERE:-/lab}/lib.sh"

at_load=/sys/module/kvm/parameters/enable_virt_at_load

kvm_load() { # 0 or 1: VMX from the load on (6.12 and later)
	modprobe kvm enable_virt_at_load="$1" 2>/dev/null || modprobe kvm || return
	modprobe kvm_intel
}

kvm_unload() {
	rmmod kvm_intel 2>/dev/null
	rmmod kvm
}

kvm_has_vmx() {
	vctl check | grep -q '^FAIL.*VMX free'
}

kvm_has_not() {
	! kvm_has_vmx
}

kvm_start() { # a VM of KVM's that runs until kvm_stop
	"$HERE/kvmrun" 16 "$GUESTS/spin.elf" "spin sti" >/tmp/kvmrun.log 2>&1 &
	echo $! >/tmp/kvmrun.pid
	await kvm_has_vmx
	kill -0 "$(cat /tmp/kvmrun.pid)"
}

kvm_stop() {
	kill "$(cat /tmp/kvmrun.pid)"
	await kvm_has_not
}

kvm_works() {
	"$HERE/kvmrun" 16 "$GUESTS/hello.elf" "hello code=0"
}

kvm_refused() { # fails by itself, with an error number's text
	out=$("$HERE/kvmrun" 16 "$GUESTS/hello.elf" "hello code=0" 2>&1) && return 1
	# 6.1 hands on EBUSY of its own look at CR4.VMXE; 6.12 makes EIO of it.
	echo "$out" | grep -q -e 'busy' -e 'Input/output error'
}

ours_works() {
	run_guest g hello "code=0" --mem 8M
}

ours_refused() { # NAME: exit 2 and a sentence with the remedy
	out=$(vctl start v 2>&1)
	rc=$?
	if [ $rc = 2 ] && echo "$out" | grep -q 'kvm_intel.*unload.*enable_virt_at_load=0.*(EBUSY)' &&
		[ "$(state v)" != running ]; then
		pass "$1"
	else
		note "status $rc: $out"
		fail "$1"
	fi
}

# --- KVM first ---
kvm_load 0 || exit 1
# A KVM without the parameter takes VMX with its first VM, always.
[ -e $at_load ] && plan 19 || plan 15
load || exit 1
vctl create v --kernel "$GUESTS/spin.elf" --append sti --mem 16M --testdev >/dev/null
ok "KVM loaded before, idle: a VM of ours runs" ours_works
has "check names kvm_intel" "$(vctl check)" '^no *kvm_intel not loaded'
ok "a VM of KVM's starts" kvm_start
ours_refused "start is refused while it runs"
text=$(vctl check)
is "check: this host cannot run VMs now" $? 4
has "check says who has VMX" "$text" '^FAIL.*VMX free'
kvm_stop
ok "ours runs when it has ended" ours_works

# --- ours first ---
ok "a VM of ours starts" vctl start v
ok "KVM is refused while it runs" kvm_refused
is "ours goes on" "$(state v)" running
kvm_unload
is "kvm_intel can be unloaded under it" "$(state v)" running
ok "and loaded again" kvm_load 0
ok "KVM is still refused" kvm_refused
vctl stop v --force
ok "KVM works when ours has ended" kvm_works
ok "and ours after that" ours_works
kvm_unload

# --- VMX for KVM from its load on ---
kvm_load 1
if [ -e $at_load ]; then
	ours_refused "KVM holds VMX from its load on: start is refused"
	kvm_unload
	ok "a VM of ours starts without KVM" vctl start v
	kvm_load 1 2>/dev/null
	is "KVM cannot be loaded that way under it" "$(ls -d /sys/module/kvm_intel 2>/dev/null)" ""
	is "ours goes on all the same" "$(state v)" running
	vctl stop v --force
fi
vctl destroy v
unload
kvm_unload 2>/dev/null
finish
