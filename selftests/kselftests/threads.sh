#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: hz=200M cpus=2 files=kselftests/vms,guests
# vCPUs are threads like others: named, nice, pinned, idle, frozen.
. "${HERE:-/lab}/lib.sh"

VMS=$HERE/vms
CG=/tmp/freezer
NAME=t-threads

plan 21

# Numbers of the vCPU threads of VM $1.
tids() {
	for p in /proc/[0-9]*; do
		case $(cat "$p/comm" 2>/dev/null) in
		hs/"$1"/*) echo "${p#/proc/}" ;;
		esac
	done
}

# Fields of /proc/PID/stat behind the name: state is 1, nice is 17.
field() { # PID FIELD
	sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f"$2"
}

cpu_ns() {
	vctl -j show "$NAME" | sed -n 's/.*"cpu_time_ns": *\([0-9]*\).*/\1/p'
}

ran() {
	[ "$(cpu_ns)" -gt "$runs_before" ]
}

# Does the VM get CPU time now?
runs() {
	runs_before=$(cpu_ns)
	await ran
}

rested() {
	rested_before=$(cpu_ns)
	sleep 0.3
	[ "$(cpu_ns)" = "$rested_before" ]
}

# A guest that spins gets some in each third of a second, unless it comes to rest.
rests() {
	await rested
}

is_idle() { # PID
	[ "$(field "$1" 1)" = I ]
}

is_frozen() {
	[ "$(cat $CG/vm/freezer.state)" = FROZEN ]
}

no_thread() {
	[ -z "$(tids $NAME)" ]
}

load
vctl create $NAME --kernel "$GUESTS/spin.elf" --testdev --cpus 2 >/dev/null
is "a thread for each vCPU from the beginning" "$(tids $NAME | wc -l)" 2
for pid in $(tids $NAME); do
	[ "$(cat "/proc/$pid/comm")" = "hs/$NAME/0" ] && boot=$pid
	[ "$(cat "/proc/$pid/comm")" = "hs/$NAME/1" ] && other=$pid
done
ok "named for VM and number" test -n "$boot" -a -n "$other"
ok "idle before the start" await is_idle "$boot"
taskset -p 2 "$boot" >/dev/null
renice -n 5 -p "$boot" >/dev/null
vctl start $NAME
ok "runs" runs
ok "idle while it waits for its SIPI" await is_idle "$other"
is "runs where it was pinned" "$(field "$boot" 37)" 1
vctl stop $NAME --force
ok "idle after the end" await is_idle "$boot"
vctl start $NAME
ok "affinity stays" sh -c "taskset -p $boot | grep -q 'mask: 2$'"
is "nice stays" "$(field "$boot" 17)" 5
ok "runs again" runs

mkdir -p $CG
if mount -t cgroup -o freezer none $CG 2>/dev/null && mkdir $CG/vm; then
	echo "$boot" >$CG/vm/tasks
	echo FROZEN >$CG/vm/freezer.state
	ok "a frozen vCPU rests" rests
	ok "it is frozen" await is_frozen
	# All of these wait for the vCPU to park: one that is frozen has.
	ok "pause while frozen" vctl pause $NAME
	ok "resume while frozen" vctl resume $NAME
	ok "reset while frozen" vctl reset $NAME
	ok "stop while frozen" vctl stop $NAME --force
	ok "start while frozen" vctl start $NAME
	ok "it rests still" rests
	echo THAWED >$CG/vm/freezer.state
	ok "runs when thawed" runs
	echo "$boot" >$CG/tasks
	rmdir $CG/vm
	umount $CG
else
	for what in "a frozen vCPU rests" "it is frozen" "pause while frozen" "resume while frozen" \
		"reset while frozen" "stop while frozen" "start while frozen" "it rests still" \
		"runs when thawed"; do
		skip "$what" "no freezer cgroup"
	done
fi
vctl stop $NAME --force
ok "destroy" vctl destroy $NAME
ok "no thread is left" await no_thread
unload
finish
