#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: hz=200M cpus=2 files=guests alone
# Control groups, version 2: guest memory is charged to the group that made the
# VM, whose limit ends that VM and nothing else; vCPU threads can be moved into
# a group and get the CPU time that it allows.
. "${HERE:-/lab}/lib.sh"

CG=/tmp/cgroup2
MIB=1048576
HELD=$(amount 64 16)	# MiB that guests touch; the limit is half of it

current() {
	cat $CG/vm/memory.current
}

event() { # KEY
	sed -n "s/^$1 //p" $CG/vm/memory.events
}

make() { # NAME PROGRAM ARGS [create options]: from within the group
	make_name=$1 make_prog=$2 make_args=$3
	shift 3
	sh -c "echo \$\$ >$CG/vm/cgroup.procs && exec \"\$@\"" sh vctl -q create "$make_name" \
		--kernel "$GUESTS/$make_prog.elf" --append "$make_args" --testdev "$@"
}

holds() { # NAME BYTES
	[ "$(now "$1" charged_bytes)" -ge "$2" ]
}

all_large() { # NAME
	[ "$(now "$1" charged_bytes)" = "$(now "$1" large_bytes)" ]
}

settled() { # the group holds at most BYTES
	[ "$(current)" -le "$1" ]
}

between() { # NAME VALUE LOW HIGH
	if [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then
		pass "$1"
	else
		note "$2 is not in $3 to $4"
		fail "$1"
	fi
}

mkdir -p $CG
mount -t cgroup2 none $CG 2>/dev/null || skip_all "no cgroup2"
for c in memory cpu; do
	grep -qw $c $CG/cgroup.controllers || { umount $CG; skip_all "no $c controller"; }
done
echo "+memory +cpu" >$CG/cgroup.subtree_control
mkdir $CG/vm
plan $((2 * 6 + 14 + 5 + 4))
load || exit 1
oom_before=$(sed -n 's/^oom_kill //p' /proc/vmstat)

# --- who pays ---
for size in 4K 2M; do
	make g pages "mib=$HELD forever" --mem 128M --page-size $size
	before=$(current)
	vctl start g
	ok "$size: the guest gets its memory" until_true holds g $((HELD * MIB))
	if [ $size = 2M ]; then
		ok "$size: by large pages" until_true all_large g
	else
		is "$size: by small pages" "$(now g large_bytes)" 0
	fi
	charged=$(now g charged_bytes)
	# Beyond the frames there are EPT tables; and up to 64 pages per CPU are
	# charged ahead, now or before.
	between "$size: its creator's group pays" $(($(current) - before)) \
		$((charged - MIB)) $((charged + 3 * MIB))
	ok "$size: it ends" vctl stop g --force
	ok "$size: the group has it back" until_true settled $((before + MIB))
	vctl destroy g
	# 64 pages per CPU may stay charged ahead, and the kernel's own caches fill.
	ok "$size: and the rest" until_true settled $((before + 2 * 64 * 4096 + MIB / 8))
done

# --- the limit ---
sleep 1000 &
bystander=$!
echo $bystander >$CG/vm/cgroup.procs
vctl -q create other --kernel "$GUESTS/spin.elf" --mem 16M
vctl start other
echo $((HELD / 2 * MIB)) >$CG/vm/memory.max
make g pages "mib=$HELD forever" --mem 128M
vctl start g
ok "more than the limit: the VM fails" vctl wait g failed --timeout 60
has "its reason" "$(vctl show g)" "no memory for guest-physical address"
has "its remedy" "$(vctl diagnose g)" "memory.max"
make h pages "mib=$HELD forever" --mem 128M --page-size 2M
vctl start h
ok "the same with large pages" vctl wait h failed --timeout 60
has "its reason too" "$(vctl show h)" "no memory for guest-physical address"
ok "the limit was met" test "$(event max)" -gt 0
is "nobody of the group was killed" "$(event oom_kill)" 0
ok "the bystander lives" kill -0 $bystander
is "its neighbour runs" "$(state other)" running
kill $bystander
wait $bystander 2>/dev/null
vctl destroy h
echo max >$CG/vm/memory.max
vctl start g
ok "with more to hold it goes on" until_true holds g $((HELD * MIB))
vctl stop g --force
vctl destroy g
# One page in each of 16 chunks, and room for six of them: the rest has 4 KiB.
make g pages "mib=32 step=2097152 forever" --mem 64M --page-size 2M
echo $(($(current) + 13 * MIB)) >$CG/vm/memory.max
vctl start g
touched() {
	[ "$(now "$1" faults)" -ge "$2" ]
}
ok "no room for 2 MiB: 4 KiB do" until_true touched g 16
charged=$(now g charged_bytes)
between "some are large" "$(now g large_bytes)" $((2 * MIB)) $((charged - 4096))
vctl stop g --force
vctl destroy g
echo max >$CG/vm/memory.max
dd if=/dev/zero of=/tmp/module bs=$MIB count=4 2>/dev/null
make g pages "mib=1" --mem 64M --initrd /tmp/module
echo $(($(current) + MIB)) >$CG/vm/memory.max
out=$(vctl start g 2>&1)
status "a start that does not fit is refused" 2 vctl start g
has "its error" "$out" "ENOMEM"
vctl destroy g
rm /tmp/module

# --- CPU time ---
echo max >$CG/vm/memory.max
tid=$(now other tid)
is "the thread of the vCPU" "$(cat "/proc/$tid/comm")" hs/other/0
[ ! -e $CG/vm/cpu.max ] || echo "20000 100000" >$CG/vm/cpu.max
ok "it moves" sh -c "echo $tid >$CG/vm/cgroup.procs"
throttled() {
	[ "$(sed -n 's/^nr_throttled //p' $CG/vm/cpu.stat)" -ge "$1" ]
}
if [ -e $CG/vm/cpu.max ]; then
	ok "it is held to its share" until_true throttled 3
	cpu=$(now other cpu_time_ns) up=$(now other uptime_ns)
	until_true throttled 13
	cpu=$(($(now other cpu_time_ns) - cpu)) up=$(($(now other uptime_ns) - up))
	between "per cent of CPU time that it gets" $((100 * cpu / up)) 5 40
else
	skip "it is held to its share" "this kernel limits no CPU time"
	skip "per cent of CPU time that it gets" "this kernel limits no CPU time"
fi
vctl stop other --force
ok "it moves back" sh -c "echo $tid >$CG/cgroup.procs"
vctl destroy other

is "no process was killed for memory" "$(sed -n 's/^oom_kill //p' /proc/vmstat)" "$oom_before"
is "frames held when no VM exists" "$(frames)" 0
unload
ok "the group is empty" rmdir $CG/vm
umount $CG
is "nothing warned" "$(dmesg | grep -c 'WARNING\|Out of memory\|oom-kill')" 0
finish
