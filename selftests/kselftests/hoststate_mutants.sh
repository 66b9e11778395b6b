#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M model=tigerlake append=mitigations=auto files=guests,kselftests/hoststate_use,selftests/kselftests/hoststate_lib.sh modules=msr alone checks full stock
# In builds with HS_DEBUG=1: each item of the host's state is forgotten once, and
# what is there to notice it has to: the item of hoststate.sh, the guest beside it,
# or, where the host would not outlive that, the software check.
. "${HERE:-/lab}/lib.sh"
. "$HERE/hoststate_lib.sh"

PARAM=/sys/module/hyperspace/parameters

# SWITCH HOW WHAT: "item" is what hoststate_use calls it and has to say; "guest"
# is the program that has to complain, and the item beside it; "check" is what the
# report has to say.  dr7 alone counts where the guest uses no debug registers.
# SPEC_CTRL is not here: its item did not notice reliably.
# PAT and SYSENTER are lost for good: later ones must not look at them, and the
# items look in the order PAT, SYSENTER.
table='cr3 check HOST_CR3
cr4 check HOST_CR4
gdt check HOST_GDTR_BASE
tr check HOST_TR_BASE
gs check HOST_GS_BASE
fs check HOST_FS_BASE
efer check exits do not load EFER
xcr0 check XCR0
xss check XSS
pkru check PKRU
star check STAR
lstar check LSTAR
fmask check FMASK
kernel_gs check KERNEL_GS_BASE
ibpb check without a branch barrier
cstar item MSRs:CSTAR
tsc_aux item TSC_AUX:TSC_AUX is
dr6 check DR6
dr7 item breakpoint of a CPU:hits after
dr item breakpoint of a CPU:hits after
ldt item LDT:LDT
gdt_limit item GDT limit:the GDT
tr_limit item TR limit:a permitted port faults
fpu item x87:
guest_xstate guest hostile:CR2
guest_cr2 guest hostile:CR2
guest_dr guest breaks:breakpoint of a CPU
sysenter item MSRs:SYSENTER_ESP
pat item MSRs:PAT'

# A guest may well end of what was forgotten.
export BESIDE_SECONDS=5

reports() { cat $PARAM/debug_reports; }

# Why SWITCH cannot be shown on this machine, if so.
hidden() { # SWITCH
	case $1 in
	pkru) grep -q ospke /proc/cpuinfo || echo "the processor has no protection keys" ;;
	xss) grep -q user_shstk /proc/cpuinfo || echo "the host has no supervisor state" ;;
	ibpb) vctl check | grep -q 'branch barrier.*active' || echo "no branch barrier here" ;;
	esac
}

beside() { # ITEM: sets out
	out=$("$use" run 0 "$tid" "$1" /tmp/base 2>&1)
}

noticed() { # HOW WHAT
	case $1 in
	check)
		beside "CR2"
		out="$(reports) reports, the last: $(cat $PARAM/debug_last)"
		[ "$(reports)" -gt "$before" ] && grep -q "$2" $PARAM/debug_last
		;;
	item)
		beside "${2%:*}"
		printf '%s\n' "$out" | grep -q "^not ok" && printf '%s\n' "$out" | grep -q "${2#*:}"
		;;
	guest)
		# It ends once it has complained, and then no item would ever end.
		"$use" run 0 "$tid" "${2#*:}" /tmp/base >/dev/null 2>&1 &
		vctl wait m stopped --timeout 20
		kill $! 2>/dev/null
		wait
		out=$(vctl console m --log)
		printf '%s\n' "$out" | grep -q FAIL
		;;
	esac
}

host_base || exit 1
load || exit 1
plan $(($(printf '%s\n' "$table" | wc -l) + 2))
printf '%s\n' "$table" >/tmp/table
if [ ! -e $PARAM/debug_mutate ]; then
	skip "the checks are silent" "not built with HS_DEBUG=1"
	while read -r switch how what; do
		skip "$switch forgotten: $how" "not built with HS_DEBUG=1"
	done </tmp/table
	skip "the last guest runs as ever" "not built with HS_DEBUG=1"
	unload
	finish
fi

guest_on_0 m hostile
beside "CR"
taskset -p 2 "$tid" >/dev/null
taskset -p 1 "$tid" >/dev/null
beside "CR"
is "the checks are silent" "$(reports)" 0
guest_gone m
while read -r switch how what <&3; do
	why=$(hidden "$switch")
	if [ -n "$why" ]; then
		skip "$switch forgotten: $how" "$why"
		continue
	fi
	before=$(reports)
	echo "$switch" >$PARAM/debug_mutate
	program=hostile
	[ "$how" != guest ] || program=${what%:*}
	[ "$switch" != dr7 ] || program=spin
	guest_on_0 m "$program"
	noticed "$how" "$what"
	rc=$?
	guest_gone m
	echo none >$PARAM/debug_mutate
	why=$(printf '%s\n' "$out" | sed -n 's/.*# SKIP //p')
	if [ $rc != 0 ] && [ -n "$why" ]; then
		skip "$switch forgotten: $how" "$why"
		continue
	fi
	is "$switch forgotten: $how" $rc 0
	[ $rc = 0 ] || note "$out"
done 3</tmp/table
before=$(reports)
guest_on_0 m hostile
beside "CR2"
guest_happy m
is "the last guest runs as ever" "$? $(reports)" "0 $before"
guest_gone m
unload
finish
