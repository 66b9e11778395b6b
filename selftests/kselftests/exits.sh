#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 files=guests
# Every exit reason of the module's list (kmod/vmx/exits.h): the check of a guest
# program that takes it must pass, and the module must have counted it; or there
# is a reason why none can take it, and none did.  A new row needs a line here.
. "${HERE:-/lab}/lib.sh"

EXITS=/sys/kernel/debug/hyperspace/exits
seen=/tmp/exits.seen

# number, identifier, kind, program/check; or "-" and why it cannot be
table() {
	cat <<-'END'
	0 EXCEPTION_NMI EMUL dregs/break-execute
	1 EXT_INT HOST spin/interrupts-on
	2 TRIPLE_FAULT END triple/shutdown
	3 INIT FAIL - the host sends no INIT
	4 SIPI FAIL - no vCPU is in the wait-for-SIPI state of the processor
	5 IO_SMI FAIL - system-management mode is not watched
	6 OTHER_SMI FAIL - system-management mode is not watched
	7 INT_WINDOW EMUL events/sti-releases
	8 NMI_WINDOW EMUL events/nmi-comes-after-iret
	9 TASK_SWITCH FAIL fails/task
	10 CPUID EMUL cpuid/cpuid-no-vmx
	11 GETSEC UD - without CR4.SMXE the processor raises #UD itself
	12 HLT EMUL hlt/hlt-woken-by-timer
	13 INVD EMUL insns/invd
	14 INVLPG FAIL - the control is 0
	15 RDPMC GP insns/rdpmc
	16 RDTSC FAIL - the control is 0
	17 RSM UD - outside system-management mode the processor raises #UD itself
	18 VMCALL EMUL insns/vmcall
	19 VMCLEAR UD insns/vmclear
	20 VMLAUNCH UD insns/vmlaunch
	21 VMPTRLD UD insns/vmptrld
	22 VMPTRST UD insns/vmptrst
	23 VMREAD UD insns/vmread
	24 VMRESUME UD insns/vmresume
	25 VMWRITE UD insns/vmwrite
	26 VMXOFF UD insns/vmxoff
	27 VMXON UD insns/vmxon
	28 CR EMUL cr/cr0-cd-reads-back
	29 DR EMUL dregs/dregs-kept
	30 IO EMUL port/port-latches
	31 RDMSR EMUL msr/tsc-adjust-reads-back
	32 WRMSR EMUL msr/tsc-adjust-moves-tsc
	33 INVALID_STATE FAIL - a bug of ours: the audit names the check
	34 MSR_LOADING FAIL - no MSRs are loaded by lists
	36 MWAIT UD insns/mwait
	37 MTF FAIL - the control is 0
	39 MONITOR UD insns/monitor
	40 PAUSE EMUL smp/smp-handoff
	41 ENTRY_MCE FAIL - a machine check
	43 TPR FAIL - the control is 0
	44 APIC_ACCESS FAIL - the control is 0
	45 EOI FAIL - the control is 0
	46 GDTR_IDTR FAIL - the control is 0
	47 LDTR_TR FAIL - the control is 0
	48 EPT_VIOLATION EMUL hello/end
	49 EPT_MISCONFIG FAIL - a bug of ours: no guest makes EPT entries
	50 INVEPT UD insns/invept
	51 RDTSCP FAIL - follows RDTSC exiting, which is 0
	52 PREEMPT_TIMER HOST spin/interrupts-off
	53 INVVPID UD insns/invvpid
	54 WBINVD EMUL insns/wbinvd
	55 XSETBV EMUL insns/xsetbv-all
	56 APIC_WRITE FAIL - the control is 0
	57 RDRAND FAIL - the control is 0
	58 INVPCID FAIL - follows INVLPG exiting, which is 0
	59 VMFUNC UD - the control is 0, so the processor raises #UD itself
	60 ENCLS UD - without SGX the processor raises #UD itself
	61 RDSEED FAIL - the control is 0
	62 PML_FULL FAIL - the control is 0
	63 XSAVES FAIL - the exit bitmap is 0
	64 XRSTORS FAIL - the exit bitmap is 0
	66 SPP FAIL - the control is 0
	67 UMWAIT UD - the control is 0, so the processor raises #UD itself
	68 TPAUSE UD - the control is 0, so the processor raises #UD itself
	69 LOADIWKEY UD - without key locker the processor raises #UD itself
	74 BUS_LOCK FAIL - the control is 0
	75 NOTIFY FAIL - the control is 0
	END
}

program() { # NAME ARGS...: notes which of its checks pass
	run_guest x "$@" --mem 32M >/tmp/exits.out 2>&1 && echo "$1/end" >>$seen
	sed -n "s|^PASS \\([^ $(printf '\r')]*\\).*|$1/\\1|p" /tmp/exits.out >>$seen
}

ends() { # NAME STATE PATTERN PROGRAM ARGS: the VM ends so, by itself
	vctl create x --kernel "$GUESTS/$4.elf" --append "$5" --testdev >/dev/null
	vctl start x
	vctl wait x "$2" --timeout 20 &&
		{ vctl show x; vctl diagnose x; } | grep -q -- "$3" && echo "$1" >>$seen
	vctl stop x --force 2>/dev/null
	vctl destroy x
}

spins() { # NAME ARGS: leaves the guest by force only
	vctl create x --kernel "$GUESTS/spin.elf" --append "$2" --mem 16M --testdev >/dev/null
	vctl start x
	# Until the host's clock has taken it out of the guest again and again.
	n=$(exits)
	while [ $(($(exits) - n)) -lt 20 ]; do
		sleep 0.05
	done
	vctl stop x --force && echo "$1" >>$seen
	vctl destroy x
}

exits() { # by interrupts and by the timer
	awk '$1 == 1 || $1 == 52 { n += $4 } END { print n }' $EXITS
}

load || exit 1
: >$seen
program hello ""
program cpuid "n=1"
program port "n=10"
program msr ""
program cr ""
program hlt "n=2"
program insns ""
program dregs "n=1"
program events ""
program smp "n=20" --cpus 2
ends fails/task failed "task switch" fails "what=task"
ends triple/shutdown failed "triple fault" triple ""
spins spin/interrupts-on sti
spins spin/interrupts-off ""

plan $(($(wc -l <$EXITS) + 1))
while read -r number id kind count; do
	line=$(table | grep "^$number ")
	# shellcheck disable=SC2086
	set -- $line
	name="$number $id: ${4:-no line in the table}"
	[ "${4:-}" != - ] || name="$number $id: $(echo "$line" | cut -d' ' -f5-)"
	if [ "$number $id $kind" != "${1:-} ${2:-} ${3:-}" ]; then
		note "the module says '$number $id $kind', the table '${1:-} ${2:-} ${3:-}'"
		fail "$name"
	elif [ "$4" = - ]; then
		is "$name" "$count" 0
	elif ! grep -qx -- "$4" $seen; then
		note "the check did not pass"
		fail "$name"
	elif [ "$count" = 0 ]; then
		note "never taken"
		fail "$name"
	else
		pass "$name"
	fi
done <$EXITS
table | while read -r number rest; do
	grep -q "^$number " $EXITS || echo "$number $rest"
done >/tmp/exits.more
is "no line too many" "$(cat /tmp/exits.more)" ""
unload
finish
