#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 files=guests
# Every guest program, with what its end must look like.  (Of the first MiB the
# memory map leaves 385 KiB out.)
. "${HERE:-/lab}/lib.sh"

run() { # NAME PROGRAM ARGS [create options]: ends with code 0, no FAIL line
	name=$1
	shift
	out=$(run_guest "$@" 2>&1)
	rc=$?
	if [ $rc = 0 ] && ! printf '%s\n' "$out" | grep -q '^FAIL'; then
		pass "$name"
	else
		note "$out"
		fail "$name"
	fi
}

fails() { # NAME PATTERN PROGRAM ARGS: the VM ends as failed, saying PATTERN
	name=$1 pattern=$2 prog=$3 args=$4
	vctl create f --kernel "$GUESTS/$prog.elf" --append "$args" --testdev >/dev/null
	vctl start f
	vctl wait f failed --timeout 60
	rc=$?
	out=$(vctl show f; vctl diagnose f)
	if [ $rc = 0 ] && printf '%s\n' "$out" | grep -q -- "$pattern"; then
		pass "$name"
	else
		note "$out"
		note "$(vctl console f --log)"
		fail "$name"
	fi
	[ $rc = 0 ] || vctl stop f --force
	vctl destroy f
}

load || exit 1
plan $((21 + 15 + 8 + 4))
run "hello" g hello ""
run "exit code" g hello "code=0"
run "cpuid" g cpuid "n=$(amount 200 50)" --mem 16M
run "cpuid, features hidden" g cpuid "n=1 hides" --mem 16M \
	--cpu-hide avx,pcid,x2apic,tsc_deadline_timer,rdtscp,rdpid,fsgsbase,umip
run "msr" g msr "" --mem 16M
run "port" g port "" --mem 16M
run "mmio, random instructions in every mode" g mmio "n=$(amount 300 60) seed=7" --mem 64M
run "memory map, 4 MiB" g memory "kib=3711" --mem 4M
run "memory map, 64 MiB" g memory "kib=65151" --mem 64M
run "memory map, across the hole below 4 GiB" g memory "kib=6291071" --mem 6G
# 256 times the host's memory, to be had page by page; tables of every level end in it.
run "memory map, 512 GiB" g memory "kib=536870527" --mem 512G
run "pages" g pages "rounds=2" --mem 64M
run "pages taken away under the guest" g pages "rounds=2 mib=4 away" --mem 64M
run "pages taken away, 2 MiB apart" g pages "mib=64 step=2097152 away" --mem 128M
run "hlt" g hlt "n=$(amount 50 10)" --mem 16M
run "hlt, xAPIC" g hlt "n=$(amount 20 5) xapic" --mem 16M
run "hole" g hole "testdev ramend=0x1000000" --mem 16M
run "code written while it runs" g smc "testdev" --mem 16M
run "instructions that exit or are unknown" g insns "" --mem 16M
run "control registers" g cr "" --mem 32M
run "control registers, xAPIC" g cr "xapic" --mem 32M
run "debug registers" g dregs "testdev" --mem 16M
run "events" g events "" --mem 16M
run "events, xAPIC" g events "xapic" --mem 16M
run "x87 to AVX-512 state" g fpu "testdev" --mem 16M
run "pages taken away under stack, IDT, GDT, tables, REP" g steal "" --mem 32M
run "the same, xAPIC" g steal "xapic" --mem 32M
run "random code in ring 3" g randinsn "n=$(amount 2000 300)" --mem 16M
run "two vCPUs: INIT, SIPI, IPIs, shootdown" g smp "testdev" --mem 32M --cpus 2
run "two vCPUs, xAPIC" g smp "testdev xapic" --mem 32M --cpus 2
run "UART, PIT, RTC, ACPI" g devices "" --mem 16M
for what in mul sse call push fetch hole table task; do
	fails "not emulated: $what" "vCPU 0" fails "what=$what"
done

# Random code in ring 0: the VM may end in any way, the host goes on.
for seed in 1 2 3 4; do
	vctl create z --kernel "$GUESTS/randinsn.elf" --append "ring0 seed=$seed" --testdev >/dev/null
	vctl start z
	sleep 0.05
	case $(state z) in running | paused) vctl stop z --force ;; esac
	case $(state z) in
	stopped | failed) pass "random code in ring 0, seed $seed" ;;
	*) fail "random code in ring 0, seed $seed" ;;
	esac
	vctl destroy z
done
fails "triple fault" "triple fault" triple ""
fails "triple fault by the stack" "triple fault" triple "stack"

# A guest that never ends is stopped by force, and the neighbour still works.
vctl create s --kernel "$GUESTS/spin.elf" --mem 16M --testdev >/dev/null
vctl start s
run "a program beside one that spins with interrupts off" g hello ""
status "stop by force" 0 vctl stop s --force
is "its state" "$(state s)" stopped
vctl destroy s
unload
finish
